"""A bare Home Assistant that is measured from the inside, and a simulator of its own."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
import json
from pathlib import Path
import sys
from typing import Any, override

from e2e import Json
from e2e.process import StartError
from e2e.stack import ROOT
from simulator import Home, Method

from .environment import Environment, fresh_folder
from .integrations import CoreIntegration, IntegrationUnderTest, Row, ThisIntegration
from .worker import LONGEST_LINE


class WorkerEnvironment(Environment):
    """An environment whose Home Assistant is a `worker` that runs commands."""

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
        """Initialize the environment.

        ``speed`` is the number of seconds per second; ``unlimited`` switches the
        integration's own rate limiter off as well as Telldus'.
        """
        super().__init__(folder, integration, home, say, delay=delay)
        self._options = ["--unlimited"] if unlimited else []
        self._options += ["--speed", str(speed)]
        self.telldus.change_settings({"limit": False})
        self._connected: asyncio.Future[
            tuple[asyncio.StreamReader, asyncio.StreamWriter]
        ] = asyncio.get_running_loop().create_future()

    @override
    async def start_home_assistant(self) -> None:
        """Start the worker, and wait until it connects."""

        async def connected(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            """Keep the connection."""
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
            """Return whether the worker has connected."""
            return self._connected.done()

        await self._wait_until(self.hass, is_connected, 180)
        server.close()

    async def request(self, command: str, **options: Any) -> Any:
        """Run one of the worker's commands, and return its result."""
        reader, writer = await self._connected
        writer.write(json.dumps({"command": command, **options}).encode() + b"\n")
        line = await reader.readline()
        if not line:
            raise StartError(f"{self.hass.name} ended:\n{self.hass.tail(30)}")
        return json.loads(line)

    async def set_up(self) -> dict[Row, list[str]]:
        """Set the integration up, and return the entity ids of each row."""
        entities: Mapping[str, Json] = (await self.request("set_up"))["entities"]
        found: dict[Row, list[str]] = {}
        for entity_id, entity in entities.items():
            if row := self.integration.row_of(entity["unique_id"]):
                found.setdefault(row, []).append(entity_id)
        return found

    def dimmers(self, entity_ids: Mapping[Row, list[str]]) -> list[str]:
        """Return the lights that both integrations have as dimmable lights."""
        return [
            entity_id
            for device in self.telldus.home.devices.values()
            if device.methods & Method.DIM and not device.methods & Method.UP
            for entity_id in entity_ids.get(Row("device", device.id), ())
            if entity_id.startswith("light.")
        ]


@asynccontextmanager
async def workers(
    name: str,
    home: Callable[[], Home],
    say: Callable[[str], None],
    integrations: Iterable[IntegrationUnderTest] = (
        ThisIntegration(),
        CoreIntegration(),
    ),
    **options: Any,
) -> AsyncGenerator[list[WorkerEnvironment]]:
    """Run a worker for each integration side by side, each with a home of its own."""
    folder = await fresh_folder(name)
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
