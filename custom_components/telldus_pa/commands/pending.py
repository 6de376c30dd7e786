"""A command, from the moment it is given until it is known what became of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, override

from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..pa_api import Command, Method, ThermostatSetpoint

# Seconds after which a command that could not be sent is given up: of most, and of those
# that do harm when they come late.
_EXPIRES_AFTER: Final = 900.0
_URGENT_EXPIRES_AFTER: Final = 20.0
# When to ask the history what became of a command; the next time twice as late, in seconds.
ASK_AGAIN_AFTER: Final = 300.0


class CommandOutcome(StrEnum):
    """What became of a command. Each has one outcome in the end."""

    # A list or a push says that it is so.
    CONFIRMED = "confirmed"
    # The list says something else, and is believed.
    OVERRULED = "overruled"
    # Telldus or its history told why not; whoever gave it was told ...
    REFUSED = "refused"
    # ... or had stopped waiting, and a line was logged.
    REFUSED_LATE = "refused_late"
    # A newer one, or one that does the same, has taken its place.
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, eq=False)
class CommandCaller:
    """Somebody who gave a command, and what they call what they gave it to."""

    result: asyncio.Future[None]
    name: str
    entity_id: str | None

    @override
    def __str__(self) -> str:
        """Return what a log calls it."""
        return f"{self.name} ({self.entity_id})" if self.entity_id else self.name

    def error(self, key: str, **placeholders: str) -> HomeAssistantError:
        """Return the error to show, by its translation key."""
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=f"command_{key}",
            translation_placeholders={"device": self.name, **placeholders},
        )


@dataclass(slots=True, eq=False)
class PendingCommand:
    """A command and how far it has come. Times are monotonic, by the rate limiter's clock."""

    command: Command
    # What it makes of each device that it reaches: with a group, of its members.
    effects: Mapping[str, Command]
    given_at: float
    callers: list[CommandCaller] = field(default_factory=list)
    # Nobody knows what else it does: a scene, or a group with unknown members.
    is_opaque: bool = False
    # Late is worse than never, and twice is worse than once.
    is_urgent: bool = False
    # Where it stands in the queue.
    place: int = 0
    # Devices of which no newer command decides what they do, and for which, once it is
    # accepted, it is not known what became of it.
    wanted: set[str] = field(init=False)
    accepted_at: float | None = None
    # From when on a list can tell what became of it; None if no list is needed soon.
    look_at: float | None = None
    # When the history is to be asked again, and how much later the time after that.
    ask_at: float | None = None
    ask_after: float = ASK_AGAIN_AFTER
    # Devices for which it is known to wait at the gateway.
    queued: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Want all that it does."""
        self.wanted = set(self.effects)

    @property
    def is_group(self) -> bool:
        """Return whether others than the commanded device do something."""
        return self.command.device_id not in self.effects

    @property
    def expires_at(self) -> float:
        """Return from when on it is not to be sent any more."""
        return self.given_at + (
            _URGENT_EXPIRES_AFTER if self.is_urgent else _EXPIRES_AFTER
        )

    @property
    def names(self) -> str:
        """Return what a log calls those to whom it was given."""
        return ", ".join(dict.fromkeys(str(caller) for caller in self.callers))

    def implies(self, other: PendingCommand) -> bool:
        """Return whether this does all that another would do, and to the same effect."""
        return self.is_urgent is other.is_urgent and all(
            self.effects.get(device_id) == effect
            for device_id, effect in other.effects.items()
        )

    def set_result(self) -> None:
        """Tell those who still wait that Telldus has accepted it."""
        for caller in self.callers:
            if not caller.result.done():
                caller.result.set_result(None)

    def set_error(
        self, key: str, cause: Exception | None = None, **placeholders: str
    ) -> bool:
        """Raise an error in those who still wait; return whether anybody did."""
        waiting = [caller for caller in self.callers if not caller.result.done()]
        for caller in waiting:
            error = caller.error(key, **placeholders)
            error.__cause__ = cause
            caller.result.set_exception(error)
        return bool(waiting)


def conflicts(one: Command, other: Command) -> bool:
    """Return whether it matters which of two commands a device executes first."""
    mine, others = one.value, other.value
    if isinstance(mine, ThermostatSetpoint) and isinstance(others, ThermostatSetpoint):
        # Each mode has a temperature of its own.
        return mine.mode == others.mode or (mine.change_mode and others.change_mode)
    facets = {one.attribute_group, other.attribute_group}
    # On and off change the mode of a thermostat, and its mode whether it is on.
    return len(facets) == 1 or facets == {Method.TURNON, Method.THERMOSTAT}


def covers(newer: Command, older: Command) -> bool:
    """Return whether nothing is left of what a device was told once it does the newer."""
    return newer.merge_with(older) == newer
