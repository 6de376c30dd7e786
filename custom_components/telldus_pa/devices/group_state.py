"""The state of a group, computed from its members.

Telldus reports the last command to a group as its state, whatever its members did since. Who is a
member is found by ``topology``. Source: docs/dev/telldus-api.md, "type, groups, scenes".
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from ..pa_api import MAX_LEVEL, Device, DeviceType, Method, Thermostat
from .cover_position import COVER_METHODS, cover_level, cover_position

# The device type of a group whose type the user has not chosen.
_NO_TYPES: Final = frozenset((DeviceType.CONTAINER, DeviceType.UNKNOWN))


def group_state(
    group: Device, members: Iterable[Device], reversed_covers: Collection[str] = ()
) -> Device:
    """Return a group with the type and the state that its members make together.

    ``reversed_covers`` are the ids of the covers, groups among them, whose level is 0 when
    they are open.
    """
    members = [one for one in members if one.methods & group.methods]
    if not members:
        return group
    types = {one.device_type for one in members}
    if len(types) == 1 and group.device_type in _NO_TYPES:
        group = replace(group, device_type=types.pop())
    if thermostats := [one.thermostat for one in members if one.thermostat]:
        group = replace(group, thermostat=_combined_thermostats(thermostats))
    if group.methods & COVER_METHODS:
        return _combined_covers(group, members, reversed_covers)
    if all(one.device_type is DeviceType.LOCK for one in members):
        return _combined_locks(group, members)
    return _combined_lights(group, members)


def brightness_of(device: Device) -> int | None:
    """Return how far a dimmer is up, 0 to 255.

    A plain "on" counts as the full level, as in the vendor's own app.
    """
    return MAX_LEVEL if device.state is Method.TURNON else device.level


def _combined_lights(group: Device, members: Sequence[Device]) -> Device:
    """Return a group that is on when any member is."""
    lit = [one for one in members if one.is_on]
    if not lit:
        known = any(one.is_on is False for one in members)
        return replace(group, state=Method.TURNOFF if known else None)
    levels = [
        level
        for one in lit
        if Method.DIM in one.methods and (level := brightness_of(one)) is not None
    ]
    rgb = next((one.rgb for one in lit if one.rgb is not None), None)
    if not levels:
        return replace(group, state=Method.TURNON, rgb=rgb)
    mean = round(sum(levels) / len(levels))
    return replace(group, state=Method.DIM, level=mean, rgb=rgb)


def _combined_locks(group: Device, members: Sequence[Device]) -> Device:
    """Return a group that is locked only when every member is."""
    states = {one.is_on for one in members}
    if False in states:
        return replace(group, state=Method.TURNOFF)
    return replace(group, state=None if None in states else Method.TURNON)


def _combined_covers(
    group: Device, members: Sequence[Device], reversed_covers: Collection[str]
) -> Device:
    """Return a group at the mean of its covers' positions, each by its own direction.

    It is closed only when all are, and open when one is known to be. Lamps in it, which are
    neither, do not count.
    """
    covers = [one for one in members if one.methods & COVER_METHODS]
    if not covers:
        return group
    known = [
        position
        for one in covers
        if (position := cover_position(one, is_reversed=one.id in reversed_covers))
        is not None
    ]
    position = sum(known) / len(known) if known else 0.0
    if not position:
        all_known = len(known) == len(covers)
        return replace(group, state=Method.DOWN if all_known else None)
    if position == 1:
        return replace(group, state=Method.UP)
    level = cover_level(position, is_reversed=group.id in reversed_covers)
    return replace(group, state=Method.DIM, level=level)


def _combined_thermostats(thermostats: Sequence[Thermostat]) -> Thermostat:
    """Return a thermostat with the modes, ranges and values that all of them have in common."""
    first, *others = thermostats
    return replace(
        first,
        mode=first.mode if all(one.mode == first.mode for one in others) else None,
        setpoints={
            mode: value
            for mode, value in first.setpoints.items()
            if all(one.setpoints.get(mode) == value for one in others)
        },
        modes=tuple(
            mode for mode in first.modes if all(mode in one.modes for one in others)
        ),
        ranges={
            mode: limit
            for mode, limit in first.ranges.items()
            if all(mode in one.ranges for one in others)
        },
    )
