"""A stack whose simulator runs in this process."""

from typing import Any, override

from aiohttp import web

from simulator import Simulator

from .stack import Stack


class InProcessStack(Stack):
    """A Home Assistant of its own process, with the simulator's objects at hand here."""

    def __init__(self, telldus: Simulator, *args: Any, **options: Any) -> None:
        """Initialize the stack; nothing is written or started yet."""
        super().__init__(*args, **options)
        self.telldus = telldus
        self._server: web.AppRunner | None = None

    @override
    async def start_simulator(self) -> None:
        """Serve the simulator at its port."""
        self._server = web.AppRunner(self.app(), access_log=None, shutdown_timeout=1)
        await self._server.setup()
        await web.TCPSite(self._server, "127.0.0.1", self.simulator_port).start()

    def app(self) -> web.Application:
        """Return the application to serve."""
        return self.telldus.app

    @override
    async def stop(self) -> None:
        """Stop Home Assistant first, while the simulator still responds to it."""
        await super().stop()
        if self._server:
            await self._server.cleanup()
