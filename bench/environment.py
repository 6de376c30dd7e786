"""One Home Assistant that is signed in, and a Telldus Live! that only it uses."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
import shutil
from typing import override

from aiohttp import web

from e2e.process import Process, free_port
from e2e.stack import ROOT, Stack
from simulator import Home, Simulator

from .integrations import IntegrationUnderTest, ThisIntegration

FOLDER = ROOT / ".bench"

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Environment(Stack):
    """A new Home Assistant with one integration signed in; Telldus is in this process.

    Here, so that its log, its clock and its settings are at hand.
    """

    def __init__(
        self,
        folder: Path,
        integration: IntegrationUnderTest,
        home: Home,
        say: Callable[[str], None],
        *,
        delay: float = 0.0,
    ) -> None:
        """Describe it; nothing is written or started yet.

        ``delay`` is how many seconds the network takes, each way.
        """
        super().__init__(folder, free_port(), free_port(), say=say)
        self._delay = delay
        self.integration = integration
        public_key, private_key = integration.keys()
        self.telldus = Simulator(home, public_key=public_key, private_key=private_key)
        # What moves by itself would look as if it were shown late.
        self.telldus.change_settings({"life": False, "drift": False})
        self._server: web.AppRunner | None = None

    @override
    def write_configuration(self) -> None:
        """Write what Home Assistant starts from, the signed-in entry among it."""
        super().write_configuration()
        if not isinstance(self.integration, ThisIntegration):
            # Nothing of ours in the other's house: not even the loader's look at it.
            shutil.rmtree(self.config / "custom_components")
        token, secret = self.telldus.issue_token()
        self.write_entry(
            {
                "domain": self.integration.domain,
                "entry_id": "bench",
                "title": "Telldus Live!",
                **self.integration.entry(self.simulator_url, token, secret),
            }
        )

    @override
    async def start_simulator(self) -> None:
        """Serve Telldus."""

        @web.middleware
        async def far_away(
            request: web.Request, handler: Handler
        ) -> web.StreamResponse:
            """Let a request and its answer be under way for a while."""
            await asyncio.sleep(self._delay)
            response = await handler(request)
            await asyncio.sleep(self._delay)
            return response

        app = self.telldus.app
        app.middlewares.append(far_away)
        self._server = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._server.setup()
        await web.TCPSite(self._server, "127.0.0.1", self.simulator_port).start()

    @override
    def _program(self) -> Sequence[str | Path]:
        """Return Python's arguments that run Home Assistant with the contestant."""
        return self.integration.program(self.simulator_url)

    @override
    async def stop(self) -> None:
        """End both: Home Assistant first, while Telldus still answers it."""
        await super().stop()
        if self._server:
            await self._server.cleanup()


async def stop_orphans(folder: Path) -> None:
    """End every Home Assistant that a run which was killed has left below a folder."""
    for pid_file in folder.glob("**/hass.pid"):
        config = pid_file.parent / "config"
        left = Process("Home Assistant", pid_file.with_suffix(".log"), f"-c {config}")
        await left.stop_orphans()
