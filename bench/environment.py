"""A Home Assistant with one integration signed in, and a simulator that only it uses."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
import shutil
from typing import override

from aiohttp import web

from e2e.in_process_stack import InProcessStack
from e2e.process import Process, free_port
from e2e.stack import ROOT
from simulator import Home, Simulator

from .integrations import IntegrationUnderTest, ThisIntegration

FOLDER = ROOT / ".bench"

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Environment(InProcessStack):
    """A new Home Assistant with one integration signed in.

    The simulator is in this process, so that its log, clock and settings are at hand.
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
        """Initialize the environment; nothing is written or started yet.

        ``delay`` is the network's delay each way, in seconds.
        """
        public_key, private_key = integration.keys()
        telldus = Simulator(home, public_key=public_key, private_key=private_key)
        # A change that the simulator makes by itself would look like a late update.
        telldus.change_settings({"life": False, "drift": False})
        super().__init__(telldus, folder, free_port(), free_port(), say=say)
        self._delay = delay
        self.integration = integration

    @override
    def write_configuration(self) -> None:
        """Write Home Assistant's configuration, the signed-in entry included."""
        super().write_configuration()
        if not isinstance(self.integration, ThisIntegration):
            # The loader would read this integration's manifest: not in the other's start.
            shutil.rmtree(self.config / "custom_components")
        token, secret = self.telldus.issue_token()
        self.write_entry(self.integration.entry(self.simulator_url, token, secret))

    @override
    def app(self) -> web.Application:
        """Return the simulator's application, behind a network with a delay."""

        @web.middleware
        async def delay(request: web.Request, handler: Handler) -> web.StreamResponse:
            """Delay the request and its response."""
            await asyncio.sleep(self._delay)
            response = await handler(request)
            await asyncio.sleep(self._delay)
            return response

        app = super().app()
        app.middlewares.append(delay)
        return app

    @override
    def _program(self) -> Sequence[str | Path]:
        """Return Python's arguments that run Home Assistant with the integration."""
        return self.integration.program(self.simulator_url)


async def fresh_folder(name: str) -> Path:
    """Return an empty folder; stop what a killed run has left running in it."""
    folder = FOLDER / name
    for pid_file in folder.glob("**/hass.pid"):
        config = pid_file.parent / "config"
        left = Process("Home Assistant", pid_file.with_suffix(".log"), f"-c {config}")
        await left.stop_orphan()
    shutil.rmtree(folder, ignore_errors=True)
    return folder
