"""One bare Home Assistant that is measured from the inside, and a Telldus of its own."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
import json
from pathlib import Path
import shutil
import sys
from typing import Any, override

from e2e.home_assistant import Json
from e2e.process import StartError
from e2e.stack import ROOT
from simulator import Home

from .environment import FOLDER, Environment, stop_orphans
from .integrations import CoreIntegration, IntegrationUnderTest, Row, ThisIntegration
from .worker import LONGEST_LINE


class WorkerEnvironment(Environment):
    """A stage whose Home Assistant does what it is asked to. See `inside`."""

    def __init__(
        self,
        folder: Path,
        integration: IntegrationUnderTest,
        home: Home,
        say: Callable[[str], None],
        *,
        speed: float = 1.0,
        unlimited: bool = True,
        delay: float = 0.0,
    ) -> None:
        """Describe it; ``unlimited`` is a Telldus without a limit, and who knows it."""
        super().__init__(folder, integration, home, say, delay=delay)
        self._options = ["--unlimited"] if unlimited else []
        self._options += ["--speed", str(speed)]
        self.telldus.change_settings({"limit": False})
        self._connected: asyncio.Future[
            tuple[asyncio.StreamReader, asyncio.StreamWriter]
        ] = asyncio.get_running_loop().create_future()

    @override
    async def start_home_assistant(self) -> None:
        """Start it, and wait until it connects."""

        async def connected(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            """Take the connection."""
            self._connected.set_result((reader, writer))

        server = await asyncio.start_server(
            connected, "127.0.0.1", 0, limit=LONGEST_LINE
        )
        await self.hass.start(
            *(sys.executable, "-m", "bench.worker"),
            *("-c", self.config),
            *("--domain", self.integration.domain),
            *("--url", self.simulator_url),
            *("--port", str(server.sockets[0].getsockname()[1])),
            *self._options,
            cwd=ROOT,
        )

        async def is_connected() -> bool:
            """Tell whether it has connected."""
            return self._connected.done()

        await self._wait_until(self.hass, is_connected, 180)
        server.close()

    async def ask(self, what: str, **options: Any) -> Any:
        """Have something done inside, and return what was found."""
        reader, writer = await self._connected
        writer.write(json.dumps({"what": what, **options}).encode() + b"\n")
        line = await reader.readline()
        if not line:
            raise StartError(f"{self.hass.name} ended:\n{self.hass.tail(30)}")
        return json.loads(line)

    def rows(self, entities: Mapping[str, Json]) -> dict[Row, list[str]]:
        """Return the entities that show each row."""
        found: dict[Row, list[str]] = {}
        for entity_id, entity in entities.items():
            if row := self.integration.row_of(entity["unique_id"]):
                found.setdefault(row, []).append(entity_id)
        return found


@asynccontextmanager
async def subjects(
    name: str,
    home: Callable[[], Home],
    say: Callable[[str], None],
    integrations: Iterable[IntegrationUnderTest] = (
        ThisIntegration(),
        CoreIntegration(),
    ),
    **options: Any,
) -> AsyncGenerator[list[WorkerEnvironment]]:
    """Start contestants side by side, each with the same home; end them at the end."""
    folder = FOLDER / name
    await stop_orphans(folder)
    shutil.rmtree(folder, ignore_errors=True)
    async with AsyncExitStack() as stack:
        started = []
        for integration in integrations:
            worker = WorkerEnvironment(
                folder / integration.domain, integration, home(), say, **options
            )
            await worker.make_ready()
            stack.push_async_callback(worker.stop)
            await worker.start()
            started.append(worker)
        yield started
