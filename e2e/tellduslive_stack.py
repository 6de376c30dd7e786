"""A stack that has Home Assistant's own integration `tellduslive`, already signed in."""

from pathlib import Path
from typing import Any, override

from homeassistant.components.tellduslive.const import NOT_SO_PRIVATE_KEY, PUBLIC_KEY
from simulator import Simulator

from .in_process_stack import InProcessStack
from .stack import WITH_TELLDUSLIVE, tellduslive_entry


class TelldusliveStack(InProcessStack):
    """Home Assistant with `tellduslive`, and a simulator that knows its key pair too.

    The simulator is in this process: its program takes only one key pair.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        """Initialize the stack; nothing is written or started yet."""
        # tellduslive's reads for each device would use up the rate limit again and again.
        super().__init__(Simulator(limit=False), *args, **options)
        self.telldus.tokens.consumers[PUBLIC_KEY] = NOT_SO_PRIVATE_KEY

    @override
    def write_configuration(self) -> None:
        """Write Home Assistant's configuration, with tellduslive's entry."""
        super().write_configuration()
        token = self.telldus.tokens.new_access_token(PUBLIC_KEY, "demo")
        self.write_entry(tellduslive_entry(token.token, token.secret))

    @override
    def _program(self) -> tuple[str | Path, ...]:
        """Return Python's arguments that run Home Assistant, tellduslive pointed here."""
        return (*WITH_TELLDUSLIVE, self.simulator_url)
