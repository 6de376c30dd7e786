"""A house that has Home Assistant's own integration for Telldus, signed in long ago."""

from pathlib import Path
from typing import Any, override

from aiohttp import web

from homeassistant.components.tellduslive.const import NOT_SO_PRIVATE_KEY, PUBLIC_KEY
from simulator import Simulator

from .stack import WITH_CORE, Stack

CORE = "tellduslive"


class TelldusliveStack(Stack):
    """Home Assistant with its own integration, and a Telldus Live! that knows it.

    Telldus is in this process: its program takes only one key pair.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        """Describe it."""
        super().__init__(*args, **options)
        # Core's reads for each device would use up the minute again and again.
        self.telldus = Simulator(limit=False)
        self.telldus.tokens.consumers[PUBLIC_KEY] = NOT_SO_PRIVATE_KEY
        self._server: web.AppRunner | None = None

    @override
    def write_configuration(self) -> None:
        """Write what Home Assistant starts from, core's entry among it."""
        super().write_configuration()
        with (self.config / "configuration.yaml").open("a") as configuration:
            configuration.write("automation: !include automations.yaml\n")
        (self.config / "automations.yaml").write_text("[]\n")
        token = self.telldus.tokens.new_access_token(PUBLIC_KEY, "demo")
        session = {"token": token.token, "token_secret": token.secret}
        self.write_entry(
            {
                "domain": CORE,
                "entry_id": "before",
                "title": "Cloud API",
                "unique_id": None,
                "data": {"host": "Cloud API", "scan_interval": 60, "session": session},
            }
        )

    @override
    async def start_simulator(self) -> None:
        """Serve Telldus."""
        self._server = web.AppRunner(
            self.telldus.app, access_log=None, shutdown_timeout=1
        )
        await self._server.setup()
        await web.TCPSite(self._server, "127.0.0.1", self.simulator_port).start()

    @override
    def _program(self) -> tuple[str | Path, ...]:
        """Return Python's arguments that run Home Assistant with core pointed here."""
        return (*WITH_CORE, self.simulator_url)

    @override
    async def stop(self) -> None:
        """End both."""
        await super().stop()
        if self._server:
            await self._server.cleanup()
