"""What happened at a device, told by several sources and counted once.

A press comes as a push, shows as a difference between two lists, and stands in the history.
None of them knows of the others, and the clock of the history is not quite ours. So each row
of the history is matched, one to one, with what was told before: what remains is news.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import floor
from typing import Any, Final, Self

from ..pa_api import HistoryEntry, Method, SuccessStatus

# What stands in the history may have happened this many seconds earlier or later by our
# clock: five that the clocks may differ, one since its times are whole seconds, and one for
# which a push was under way.
_MATCH_TOLERANCE: Final = 7.0
# A push may come this much later than a list that knew of it already.
_PUSH_LAGS: Final = 2.0
# The history is believed up to this long ago: what is younger may not be written down, or
# not be pushed yet.
HISTORY_SETTLE_TIME: Final = 10.0
# A list that was asked for longer after the one before cannot tell when something happened.
MAX_EVENT_AGE: Final = 60.0
# Who chatters without ever a pause is not remembered further back than this.
_MOST_KNOWN: Final = 500
# A command from here explains an event so many seconds before it was sent, by clocks that
# differ, or after; and so many of the last ones are remembered.
_EXPLAINS_BEFORE: Final = 15.0
_EXPLAINS_AFTER: Final = 60.0
_MOST_COMMANDS: Final = 20


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """Something that a device was heard to do. ``when`` is in unix seconds.

    ``level`` is that of DIM; ``origin`` is Telldus' word for who did it, where it says so.
    """

    device_id: str
    method: Method
    level: int | None
    when: float
    origin: str | None = None


@dataclass(slots=True)
class _ReportedEvent:
    """Something that was told, and between when and when it may stand in the history.

    If only a list has told it, ``push_until`` is until when a push may still do so.
    """

    method: Method
    earliest: float
    latest: float
    push_until: float = 0.0


@dataclass(slots=True)
class DeviceTimeline:
    """What is known of one device's past. All times are unix seconds.

    ``read_from`` is where the history has to be read from, by its own times: what it has
    before that was told, and what it has after that is in ``_known`` or is news.
    ``complete`` means that pushes have told everything since, and go on to.
    """

    device_id: str
    read_from: float
    is_complete: bool = False
    _unmatched: list[_ReportedEvent] = field(default_factory=list)
    # What was told lately by others than lists, and might be what a list shows. What a
    # list told is in that list, and so is not what the next one has that is new.
    _told: list[tuple[Method, float]] = field(default_factory=list)
    # When commands from here were sent that have explained nothing yet, oldest first.
    _commands: list[float] = field(default_factory=list)

    @classmethod
    def from_dict(cls, device_id: str, stored: Mapping[str, Any]) -> Self:
        """Go on where an earlier run ended."""
        known = [
            _ReportedEvent(Method(method), earliest, latest)
            for method, earliest, latest in stored["known"]
        ]
        commands = list(stored.get("commands", ()))
        return cls(device_id, stored["from"], _unmatched=known, _commands=commands)

    def to_store(self) -> dict[str, Any]:
        """Return what must outlive a restart."""
        known = [[int(one.method), one.earliest, one.latest] for one in self._unmatched]
        return {"from": self.read_from, "known": known, "commands": self._commands}

    def add_command(self, now: float) -> None:
        """Remember that a command from here was sent to the device."""
        self._commands = [*self._commands, now][-_MOST_COMMANDS:]

    def remove_command(self) -> None:
        """Forget the last command: it came to nothing."""
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
        """Return when the oldest command was sent that explains an event."""
        return next(
            (
                sent
                for sent in self._commands
                if -_EXPLAINS_BEFORE <= when - sent <= _EXPLAINS_AFTER
            ),
            None,
        )

    def add_push(
        self, method: Method, level: int | None, origin: str | None, now: float
    ) -> DeviceEvent | None:
        """Take a push; return what happened, None if a list told it already."""
        for known in self._unmatched:
            if known.method is method and known.push_until >= now:
                known.push_until = 0.0
                return None
        self._know(
            _ReportedEvent(method, now - _MATCH_TOLERANCE, now + _MATCH_TOLERANCE)
        )
        self._tell(method, now)
        return DeviceEvent(self.device_id, method, level, now, origin)

    def was_reported(self, method: Method, since: float) -> bool:
        """Return whether a push or the history has reported it, not before a moment."""
        return any(
            reported is method and when >= since - _MATCH_TOLERANCE
            for reported, when in self._told
        )

    def add_poll_change(
        self, method: Method, level: int | None, since: float, now: float
    ) -> DeviceEvent | None:
        """Take a difference between the lists of two moments.

        Returns None if it was told already, if pushes will tell it, and if it may be long
        ago: the history knows better then.
        """
        if self.is_complete or now - since > MAX_EVENT_AGE:
            return None
        if self.was_reported(method, since):
            return None
        self._know(
            _ReportedEvent(
                method,
                since - _MATCH_TOLERANCE,
                now + _MATCH_TOLERANCE,
                now + _PUSH_LAGS,
            )
        )
        return DeviceEvent(self.device_id, method, level, now)

    def add_history(
        self, deeds: Iterable[HistoryEntry], now: float, live_since: float | None
    ) -> list[DeviceEvent]:
        """Take the history since ``read_from`` as it was just now; return what is new.

        ``live_since`` is since when the device is live, None if it is not.
        """
        until = float(floor(now - HISTORY_SETTLE_TIME))
        if until <= self.read_from:
            return []
        news = []
        for deed in sorted(deeds, key=lambda deed: deed.when):
            method, when = deed.method, deed.when.timestamp()
            if (
                method is None
                or deed.outcome is not SuccessStatus.DONE
                or not self.read_from <= when < until
            ):
                continue
            if known := self._match(method, when):
                self._unmatched.remove(known)
                continue
            self._tell(method, when)
            level = deed.value if method is Method.DIM else None
            news.append(DeviceEvent(self.device_id, method, level, when, deed.origin))
        self.read_from = until
        self._unmatched = [one for one in self._unmatched if one.latest >= until]
        self.is_complete = (
            live_since is not None and live_since <= until - _MATCH_TOLERANCE
        )
        return news

    def advance(self, heard: float) -> None:
        """Note that pushes have told everything up to a moment, if they do.

        The history is read from a quiet moment before it. Where there was none, what was
        told around the beginning could be mistaken for something else.
        """
        if not self.is_complete:
            return
        quiet = heard - _MATCH_TOLERANCE - 1.0
        for known in sorted(self._unmatched, key=lambda one: one.latest, reverse=True):
            if known.latest < quiet:
                break
            quiet = min(quiet, known.earliest)
        self._forget(float(floor(quiet)))

    def stop_push(self, heard: float) -> None:
        """Note that pushes tell nothing any more since a moment."""
        self.advance(heard)
        self.is_complete = False

    def _match(self, method: Method, when: float) -> _ReportedEvent | None:
        """Return what was told and is this row: the one whose time runs out first."""
        return min(
            (
                one
                for one in self._unmatched
                if one.method is method and one.earliest <= when <= one.latest
            ),
            key=lambda one: one.latest,
            default=None,
        )

    def _know(self, known: _ReportedEvent) -> None:
        """Remember something until the history has told it as well."""
        self._unmatched.append(known)
        if len(self._unmatched) > _MOST_KNOWN:
            self._forget(self._unmatched[len(self._unmatched) // 2].earliest)

    def _tell(self, method: Method, when: float) -> None:
        """Remember for a while that something was told."""
        oldest = when - 2 * MAX_EVENT_AGE
        self._told = [one for one in self._told if one[1] >= oldest]
        self._told.append((method, when))

    def _forget(self, before: float) -> None:
        """Read the history from then on only."""
        if before > self.read_from:
            self.read_from = before
            self._unmatched = [one for one in self._unmatched if one.latest >= before]
