"""The commands that wait to be sent, in an order that ends as if each had been sent.

Two commands conflict if it matters which is sent first. One is never sent before an older
one that it conflicts with; apart from that, whoever was served least recently goes first.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from itertools import count
from math import inf
from operator import attrgetter
from typing import Final

from ..pa_api import Method
from .pending import CommandOutcome, PendingCommand, conflicts, covers

# Seconds of waiting beyond which nothing overtakes a command.
_OVERDUE_AFTER: Final = 60.0
# Someone is at a slider when levels follow each other this closely, in seconds; then the
# next is sent once none has followed it for a moment, but not later than this after the last.
_SLIDING: Final = 4.0
_SLIDE_ENDS_AFTER: Final = 0.7

_PLACE: Final = attrgetter("place")


class CommandQueue:
    """The unsent commands. Adding one takes time only for the devices that it reaches."""

    def __init__(self, outcome_counts: Counter[CommandOutcome]) -> None:
        """Initialize the queue, which counts there what has been replaced."""
        self._outcome_counts = outcome_counts
        # All of them, those to each device, and the opaque ones, which conflict with everything:
        # each by place, in the order in which they would be sent if all conflicted.
        self._entries: list[PendingCommand] = []
        self._by_device: dict[str, list[PendingCommand]] = {}
        self._opaque: list[PendingCommand] = []
        self._places = count(1)
        # Nothing expires earlier.
        self._expires_at = inf
        # When a device was last commanded, and when a level or a color was last sent.
        self._served_at: dict[str, float] = {}
        self._level_sent_at: dict[tuple[str, Method], float] = {}

    def __len__(self) -> int:
        """Return how many commands wait."""
        return len(self._entries)

    def for_device(self, device_id: str) -> list[PendingCommand]:
        """Return what waits for a device, oldest first."""
        return self._by_device.get(device_id, [])

    def add(self, new: PendingCommand) -> None:
        """Queue a command.

        The newest for the same thing takes the place of the older one, unless something
        that it conflicts with stands between them. Nothing is replaced across an opaque one.
        """
        if new.is_opaque:
            self._add_opaque(new)
            return
        place, is_last = None, True
        for old in self._rivals(new):
            if is_last and old.implies(new) and not new.command.is_step:
                old.given_at = max(old.given_at, new.given_at)
                old.wanted |= new.effects.keys()
                self._speak_for(new, old)
                return
            given = new.command
            if self._cover(new, old, merges=is_last):
                self._remove(old)
                self._speak_for(old, new)
                place = old.place if is_last else place
                # A merged command may conflict with more than this one did.
                is_last = is_last and new.command == given
            else:
                # What is older stands before it, and so has to be sent before it.
                is_last = False
        self._insert(new, place)

    def _add_opaque(self, new: PendingCommand) -> None:
        """Queue an opaque command at the end, in place of an equal one to the same device."""
        same = [
            one
            for one in self._opaque
            # Of a group, another method may be for other members.
            if one.command.method is new.command.method
            and covers(new.command, one.command)
        ]
        for one in same:
            self._remove(one)
            self._speak_for(one, new)
        self._insert(new)
        if same:
            # What stood on both sides of the older one may be one now.
            self.rebuild()

    def _speak_for(self, one: PendingCommand, other: PendingCommand) -> None:
        """Note that a command is not sent since another does what it would."""
        other.callers += one.callers
        self._outcome_counts[CommandOutcome.REPLACED] += 1

    def _rivals(self, new: PendingCommand) -> list[PendingCommand]:
        """Return what conflicts with a new command, back to the last opaque one, newest first."""
        since = self._opaque[-1].place if self._opaque else 0
        found = {
            old: None
            for device_id, effect in new.effects.items()
            for old in self._by_device.get(device_id, ())
            if old.place > since and conflicts(effect, old.effects[device_id])
        }
        return sorted(found, key=_PLACE, reverse=True)

    @staticmethod
    def _cover(new: PendingCommand, old: PendingCommand, *, merges: bool) -> bool:
        """Have a new command do what is left of an older one; return whether it does all."""
        if new.command.is_step or old.command.is_step:
            return False
        merged = new.command.merge_with(old.command) if merges else None
        if merged is not None and merged != new.command:
            # A thermostat's: what one of the two left open is as in the other.
            new.command = merged
            new.effects = {
                device_id: replace(effect, value=merged.value)
                for device_id, effect in new.effects.items()
            }
        old.wanted -= {
            device_id
            for device_id in old.wanted & new.effects.keys()
            if covers(new.effects[device_id], old.effects[device_id])
        }
        return not old.wanted

    def _insert(self, new: PendingCommand, place: int | None = None) -> None:
        """Put a command into a place, or at the end."""
        new.place = place or next(self._places)
        self._expires_at = min(self._expires_at, new.expires_at)
        insort(self._entries, new, key=_PLACE)
        for device_id in new.effects:
            insort(self._by_device.setdefault(device_id, []), new, key=_PLACE)
        if new.is_opaque:
            self._opaque.append(new)

    def _remove(self, old: PendingCommand) -> None:
        """Take a command out."""
        del self._entries[bisect_left(self._entries, old.place, key=_PLACE)]
        for device_id in old.effects:
            self._by_device[device_id].remove(old)
        if old.is_opaque:
            self._opaque.remove(old)

    def clear(self) -> list[PendingCommand]:
        """Take everything out."""
        entries = self._entries
        self._entries, self._by_device, self._opaque = [], {}, []
        return entries

    def rebuild(self, *first: PendingCommand) -> None:
        """Queue everything anew, after some that go first."""
        for one in [*first, *self.clear()]:
            self.add(one)

    def expired(self, by: float) -> list[PendingCommand]:
        """Take out what will be too late then."""
        if by < self._expires_at:
            return []
        expired = [one for one in self._entries if one.expires_at <= by]
        for one in expired:
            self._remove(one)
        self._expires_at = min((one.expires_at for one in self._entries), default=inf)
        return expired

    def ready_at(self) -> float:
        """Return when the first command may be sent. There must be one."""
        return min(map(self._ready_at, self._sendable()))

    def take(
        self, now: float, groups: Callable[[PendingCommand], Iterable[PendingCommand]]
    ) -> PendingCommand:
        """Take out the command whose turn it is. There must be one; one that is ready goes first.

        One of the ``groups`` goes instead if it does what waits for all of its members.
        """

        def turn(one: PendingCommand) -> tuple[bool, bool, bool, float, int]:
            """Sort by what waits too long, what expires soon, who was served least recently."""
            is_overdue = now - one.given_at > _OVERDUE_AFTER
            served_at = min(self._served_at.get(each, -inf) for each in one.effects)
            return (
                self._ready_at(one) > now,
                not is_overdue,
                not one.is_urgent,
                one.given_at if is_overdue else served_at,
                one.place,
            )

        found = min(self._sendable(), key=turn)
        for group in groups(found):
            if len(members := self._spoken_for(group)) > 1:
                for one in members:
                    self._remove(one)
                    self._speak_for(one, group)
                    group.given_at = min(group.given_at, one.given_at)
                # Together they count as the one that is sent.
                self._outcome_counts[CommandOutcome.REPLACED] -= 1
                return group
        self._remove(found)
        return found

    def _spoken_for(self, group: PendingCommand) -> Collection[PendingCommand]:
        """Return what a command to a group would do as well, if it would do nothing else."""
        found: dict[PendingCommand, None] = {}
        for device_id, effect in group.effects.items():
            rivals = self.for_device(device_id)
            waiting = [
                one for one in rivals if conflicts(effect, one.effects[device_id])
            ]
            if not waiting or waiting[0].place >= self._first_opaque:
                return {}
            found[waiting[0]] = None
        return found if all(map(group.implies, found)) else {}

    def note_sent(self, sent: PendingCommand, now: float) -> None:
        """Note that a command was sent."""
        self._served_at.update(dict.fromkeys(sent.effects, now))
        if isinstance(sent.command.value, int):
            self._level_sent_at[_level_key(sent)] = now

    @property
    def _first_opaque(self) -> float:
        """Return the place of the first opaque command, infinity where there is none."""
        return self._opaque[0].place if self._opaque else inf

    def _sendable(self) -> Iterable[PendingCommand]:
        """Return the commands that no older one stands before."""
        return (
            one
            for one in self._entries
            if one is self._entries[0]
            or (
                one.place < self._first_opaque
                and all(other.place > one.place for other in self._conflicting(one))
            )
        )

    def _conflicting(self, one: PendingCommand) -> Iterable[PendingCommand]:
        """Return what conflicts with a command, opaque ones aside."""
        return (
            other
            for device_id, effect in one.effects.items()
            for other in self._by_device[device_id]
            if other is not one and conflicts(effect, other.effects[device_id])
        )

    def _ready_at(self, one: PendingCommand) -> float:
        """Return when a command is to be sent: a level of a slider not at once."""
        latest = self._level_sent_at.get(_level_key(one), -inf) + _SLIDING
        if (
            not isinstance(one.command.value, int)
            or one.given_at >= latest
            # Others wait for it to be sent.
            or (self._opaque and self._opaque[-1].place > one.place)
            or any(other.place > one.place for other in self._conflicting(one))
        ):
            return one.given_at
        return min(one.given_at + _SLIDE_ENDS_AFTER, latest)


def _level_key(one: PendingCommand) -> tuple[str, Method]:
    """Return the device and the attribute whose level a command sets."""
    return one.command.device_id, one.command.attribute_group
