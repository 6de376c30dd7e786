"""The events of a device: each is reported once, whichever sources have it.

A press comes as a push, shows as a difference between two lists, and has a row in the
history. None of these refers to the others, and Telldus' clock differs from this one. So
each row of the history is matched, one to one, with an event that was reported before; a row
without a match is a new event.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import floor
from typing import Any, Final, Self

from ..pa_api import HistoryEntry, Method, SuccessStatus

# A row of the history may be this many seconds before or after the event by this clock: five
# for clocks that differ, one since its times are whole seconds, and one for a push on its way.
_MATCH_TOLERANCE: Final = 7.0
# A push may come this many seconds after a list that shows the event already.
_PUSH_LAGS: Final = 2.0
# The history is complete up to this many seconds ago: what is younger may not be written yet,
# or not be pushed yet.
HISTORY_SETTLE_TIME: Final = 10.0
# Lists further apart than this, in seconds, do not show when something happened.
MAX_EVENT_AGE: Final = 60.0
# How many events of a device that never pauses wait for their row in the history.
_MAX_UNMATCHED: Final = 500
# A command from here explains an event from so many seconds before it was sent, since clocks
# differ, to so many after it; and so many of the last commands are kept.
_EXPLAINS_BEFORE: Final = 15.0
_EXPLAINS_AFTER: Final = 60.0
_MAX_COMMANDS: Final = 20


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """Something that a device did. ``when`` is in unix seconds.

    ``level`` is that of DIM; ``origin`` is what caused it, as Telldus names it, if it does.
    """

    device_id: str
    method: Method
    level: int | None
    when: float
    origin: str | None = None


@dataclass(slots=True)
class _ReportedEvent:
    """An event that was reported, and the window in which its row of the history lies.

    ``push_until`` is set if only a list has reported it: a push until then is the same event.
    """

    method: Method
    earliest: float
    latest: float
    push_until: float = 0.0


@dataclass(slots=True)
class DeviceTimeline:
    """Which events of one device were reported. All times are unix seconds.

    ``read_from`` is where the history is to be read from, by its own times: all its earlier
    rows were reported, and a later one either matches an event of ``_unmatched`` or is new.
    ``is_complete`` means that pushes have reported everything since then, and go on to.
    """

    device_id: str
    read_from: float
    is_complete: bool = False
    _unmatched: list[_ReportedEvent] = field(default_factory=list)
    # Recent events from pushes and the history, which the next list may show once more.
    # Those that a list has reported are not among them: it is the next one's "before".
    _reported: list[tuple[Method, float]] = field(default_factory=list)
    # When commands from here were sent that have explained nothing yet, oldest first.
    _commands: list[float] = field(default_factory=list)

    @classmethod
    def from_dict(cls, device_id: str, stored: Mapping[str, Any]) -> Self:
        """Restore the timeline of an earlier run."""
        unmatched = [
            _ReportedEvent(Method(method), earliest, latest)
            for method, earliest, latest in stored["unmatched"]
        ]
        commands = list(stored.get("commands", ()))
        return cls(
            device_id, stored["read_from"], _unmatched=unmatched, _commands=commands
        )

    def as_dict(self) -> dict[str, Any]:
        """Build what must outlive a restart."""
        return {
            "read_from": self.read_from,
            "unmatched": [
                [int(one.method), one.earliest, one.latest] for one in self._unmatched
            ],
            "commands": self._commands,
        }

    def add_command(self, now: float) -> None:
        """Add a command from here that is sent to the device."""
        self._commands = [*self._commands, now][-_MAX_COMMANDS:]

    def remove_command(self) -> None:
        """Remove the last command: it failed."""
        self._commands = self._commands[:-1]

    def is_own(self, when: float) -> bool:
        """Return whether a command from here explains an event."""
        return self._command_for(when) is not None

    def match_command(self, when: float) -> bool:
        """Like ``is_own``, but a command explains one event only."""
        if (sent := self._command_for(when)) is None:
            return False
        self._commands.remove(sent)
        return True

    def _command_for(self, when: float) -> float | None:
        """Return when the command was sent that explains an event best: the nearest one.

        A push of the second of two may come before the history tells of the first.
        """
        return min(
            (
                sent
                for sent in self._commands
                if -_EXPLAINS_BEFORE <= when - sent <= _EXPLAINS_AFTER
            ),
            key=lambda sent: abs(when - sent),
            default=None,
        )

    def add_push(
        self, method: Method, level: int | None, origin: str | None, now: float
    ) -> DeviceEvent | None:
        """Add a pushed event; return it, None if a list has reported it already."""
        for one in self._unmatched:
            if one.method is method and one.push_until >= now:
                one.push_until = 0.0
                return None
        self._add_unmatched(
            _ReportedEvent(method, now - _MATCH_TOLERANCE, now + _MATCH_TOLERANCE)
        )
        self._add_reported(method, now)
        return DeviceEvent(self.device_id, method, level, now, origin)

    def was_reported(self, method: Method, since: float) -> bool:
        """Return whether a push or the history has reported an event since a time."""
        return any(
            reported is method and when >= since - _MATCH_TOLERANCE
            for reported, when in self._reported
        )

    def add_poll_change(
        self, method: Method, level: int | None, since: float, now: float
    ) -> DeviceEvent | None:
        """Add a difference between the lists of two times; return it as an event.

        None if it was reported already, if a push will report it, and if the lists are so far
        apart that the history has to tell when it happened.
        """
        if self.is_complete or now - since > MAX_EVENT_AGE:
            return None
        if self.was_reported(method, since):
            return None
        self._add_unmatched(
            _ReportedEvent(
                method,
                since - _MATCH_TOLERANCE,
                now + _MATCH_TOLERANCE,
                now + _PUSH_LAGS,
            )
        )
        return DeviceEvent(self.device_id, method, level, now)

    def add_history(
        self, entries: Iterable[HistoryEntry], now: float, live_since: float | None
    ) -> list[DeviceEvent]:
        """Add the history since ``read_from``, requested just now; return the new events.

        ``live_since`` is since when the gateway's events are pushed, None if they are not.
        """
        until = float(floor(now - HISTORY_SETTLE_TIME))
        if until <= self.read_from:
            return []
        events = []
        for entry in sorted(entries, key=lambda entry: entry.when):
            method, when = entry.method, entry.when.timestamp()
            if (
                method is None
                or entry.outcome is not SuccessStatus.DONE
                or not self.read_from <= when < until
            ):
                continue
            if reported := self._match(method, when):
                self._unmatched.remove(reported)
                continue
            self._add_reported(method, when)
            level = entry.value if method is Method.DIM else None
            events.append(
                DeviceEvent(self.device_id, method, level, when, entry.origin)
            )
        self.read_from = until
        self._unmatched = [one for one in self._unmatched if one.latest >= until]
        self.is_complete = (
            live_since is not None and live_since <= until - _MATCH_TOLERANCE
        )
        return events

    def advance(self, received_at: float) -> None:
        """Move ``read_from`` up to the last message, if pushes are complete.

        It is moved to a gap between events: next to one, the row of that event could be
        mistaken for another's.
        """
        if not self.is_complete:
            return
        gap = received_at - _MATCH_TOLERANCE - 1.0
        for one in sorted(self._unmatched, key=lambda one: one.latest, reverse=True):
            if one.latest < gap:
                break
            gap = min(gap, one.earliest)
        self._drop_before(float(floor(gap)))

    def stop_push(self, received_at: float) -> None:
        """End the pushes, with the time of the last message."""
        self.advance(received_at)
        self.is_complete = False

    def _match(self, method: Method, when: float) -> _ReportedEvent | None:
        """Return the reported event of a row: of several, the one whose window ends first."""
        return min(
            (
                one
                for one in self._unmatched
                if one.method is method and one.earliest <= when <= one.latest
            ),
            key=lambda one: one.latest,
            default=None,
        )

    def _add_unmatched(self, event: _ReportedEvent) -> None:
        """Keep an event until its row in the history is found."""
        self._unmatched.append(event)
        if len(self._unmatched) > _MAX_UNMATCHED:
            self._drop_before(self._unmatched[len(self._unmatched) // 2].earliest)

    def _add_reported(self, method: Method, when: float) -> None:
        """Keep an event for as long as a list may show it."""
        oldest = when - 2 * MAX_EVENT_AGE
        self._reported = [one for one in self._reported if one[1] >= oldest]
        self._reported.append((method, when))

    def _drop_before(self, when: float) -> None:
        """Read the history from a later time on."""
        if when > self.read_from:
            self.read_from = when
            self._unmatched = [one for one in self._unmatched if one.latest >= when]
