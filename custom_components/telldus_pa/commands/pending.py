"""A command, from the moment it is given until it is known what became of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Final, override

from ..const import LOGGER
from ..pa_api import Command, Method, TelldusError, ThermostatSetpoint

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


class CommandInterruptedError(TelldusError):
    """The account was stopped before the command was sent."""


@dataclass(frozen=True, slots=True, eq=False)
class CommandCaller:
    """Somebody who gave a command, and what they call what they gave it to.

    The result is None once Telldus has accepted it; who stops waiting cancels it.
    """

    result: asyncio.Future[TelldusError | None]
    name: str
    entity_id: str | None

    @override
    def __str__(self) -> str:
        """Return what a log calls it."""
        return f"{self.name} ({self.entity_id})" if self.entity_id else self.name


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
    accepted_at: float = inf
    # From when on a list can tell what became of it; None if no list is needed soon.
    look_at: float | None = None
    # From when on the history may be asked, and how much later the time after that.
    ask_at: float = -inf
    ask_after: float = ASK_AGAIN_AFTER
    # Devices for which it is known to wait at the gateway.
    queued: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Want all that it does."""
        self.wanted = set(self.effects)

    @property
    def expires_at(self) -> float:
        """Return from when on it is not to be sent any more."""
        after = _URGENT_EXPIRES_AFTER if self.is_urgent else _EXPIRES_AFTER
        return self.given_at + after

    @property
    def names(self) -> str:
        """Return what a log calls those to whom it was given."""
        return ", ".join(dict.fromkeys(map(str, self.callers)))

    def log_failure(self, reason: str) -> None:
        """Log why it failed: who gave it has gone."""
        LOGGER.warning("A command to %s was not carried out: %s", self.names, reason)

    def implies(self, other: PendingCommand) -> bool:
        """Return whether this does all that another would do, and to the same effect."""
        return (
            self.is_urgent is other.is_urgent
            and other.effects.items() <= self.effects.items()
        )

    def tell(self, err: TelldusError | None) -> bool:
        """Tell those who still wait what became of it; return whether anybody did."""
        waiting = [one.result for one in self.callers if not one.result.done()]
        for result in waiting:
            result.set_result(err)
        return bool(waiting)


def conflicts(one: Command, other: Command) -> bool:
    """Return whether it matters which of two commands a device executes first."""
    mine, others = one.value, other.value
    if isinstance(mine, ThermostatSetpoint) and isinstance(others, ThermostatSetpoint):
        # Each mode has a temperature of its own.
        return mine.mode == others.mode or (mine.change_mode and others.change_mode)
    groups = {one.attribute_group, other.attribute_group}
    # On and off change the mode of a thermostat, and its mode whether it is on.
    return len(groups) == 1 or groups == {Method.TURNON, Method.THERMOSTAT}


def covers(newer: Command, older: Command) -> bool:
    """Return whether nothing is left of what a device was told once it does the newer."""
    return newer.merge_with(older) == newer
