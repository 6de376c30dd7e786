"""Positions of covers, and which end of Telldus' scale is open.

On Telldus' scale 255 is up, which is open, and 0 is down. It is probable, not certain: the
option for covers that run the other way turns the scale of one. UP and DOWN are right
whichever way the scale runs. Source: docs/dev/telldus-api.md, "State".
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from ..pa_api import MAX_LEVEL, Command, Device, Method

COVER_METHODS: Final = Method.UP | Method.DOWN | Method.STOP

# How long after UP or DOWN, in seconds, a level may show which way the scale runs, and how
# close to an end, as a share, it has to be.
_JUDGED_WITHIN: Final = 180.0
_NEAR_END: Final = 0.05


def cover_position(device: Device, *, is_reversed: bool) -> float | None:
    """Return the position that the last method led to: 0 is closed, 1 is open.

    None after a stop, and where Telldus has lost the level.
    """
    match device.state:
        case Method.UP:
            return 1.0
        case Method.DOWN:
            return 0.0
        case Method.DIM if device.level is not None:
            share = device.level / MAX_LEVEL
            return 1 - share if is_reversed else share
    return None


def cover_level(position: float, *, is_reversed: bool) -> int:
    """Return the level, 0 to 255, of a position from 0 (closed) to 1 (open)."""
    return round(MAX_LEVEL * (1 - position if is_reversed else position))


def has_position(cover: Device, members: Iterable[Device]) -> bool:
    """Return whether a cover, or a cover in a group, can be moved to a position.

    A group has the methods of all that is in it: with a dimmer and a blind, DIM is the
    dimmer's. ``members`` are as in ``position_commands``.
    """
    movable = [one for one in members if one.methods & COVER_METHODS] or [cover]
    return any(Method.DIM in one.methods for one in movable)


def position_commands(
    cover: Device,
    members: Iterable[Device],
    position: float,
    reversed_covers: Collection[str],
) -> list[Command]:
    """Return the commands that move a cover, or each cover in a group, to a position.

    ``members`` are the devices that a group reaches, empty for a single cover and for a
    group of unknown members. One command to the group is enough where it reaches nothing
    but covers that run the same way.
    """
    if position in (0, 1):
        method = Method.UP if position else Method.DOWN
        if method in cover.methods:
            return [Command(cover.id, method)]
    members = list(members)
    covers = [one for one in members if one.methods & COVER_METHODS]
    others = len(members) - len(covers)
    covers = [one for one in covers if Method.DIM in one.methods]
    directions = {one.id in reversed_covers for one in covers}
    if covers and (others or len(directions) > 1):
        return [
            command
            for one in covers
            for command in position_commands(one, (), position, reversed_covers)
        ]
    is_reversed = directions.pop() if covers else cover.id in reversed_covers
    level = cover_level(position, is_reversed=is_reversed)
    return [Command(cover.id, Method.DIM, level)]


@dataclass(frozen=True, slots=True)
class SentDirection:
    """UP or DOWN, sent to a single cover that has a position.

    ``level`` is the level before; ``sent_at`` is in monotonic seconds.
    """

    method: Method
    level: int | None
    sent_at: float

    def is_over(self, now: float) -> bool:
        """Return whether the cover's level no longer shows which way its scale runs."""
        return now - self.sent_at > _JUDGED_WITHIN

    def agrees_with(self, row: Device, *, is_reversed: bool) -> bool | None:
        """Return whether a later row shows the end that was asked for, None if neither.

        Only a level that differs from the one before the command and lies near an end
        counts: others are old, or of a cover on its way.
        """
        level = row.level
        if row.state is not Method.DIM or level is None or level == self.level:
            return None
        position = level / MAX_LEVEL
        if _NEAR_END < position < 1 - _NEAR_END:
            return None
        return ((position > 0.5) is not is_reversed) is (self.method is Method.UP)
