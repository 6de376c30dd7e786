"""What happens in a home without a command: doors, motion sensors, buttons, people.

When a device does something follows from its `routine`, its id and the clock alone. A home
only keeps the time up to which that is done, so that nothing happens twice.
"""

from collections.abc import Iterator
import hashlib
from typing import Final

from .home import Command, Device, Home, Pending, Routine
from .methods import Method

# Seconds of the past that are caught up after a jump of the clock: long enough for each
# routine's last turn, so that states are right.
MAX_CATCH_UP: Final = 7 * 86400.0


def run_routines(home: Home, now: float, *, enabled: bool) -> list[Pending]:
    """Return what has happened since the last call, up to `now`, unordered.

    Nothing if routines are not `enabled`; what happens at an offline gateway is lost.
    """
    since = max(home.routines_until, now - MAX_CATCH_UP)
    home.routines_until = max(home.routines_until, now)
    if not enabled or since >= now:
        return []
    return [
        event
        for device in home.devices.values()
        if device.routine and home.is_online(device.gateway_id)
        for event in _events_between(device, device.routine, since, now)
    ]


def next_routine_event(home: Home, now: float) -> float | None:
    """Return when a device next does something by itself, None if none ever does."""
    since = max(home.routines_until, now)
    return min(
        (
            min(p.due for p in _events_between(device, device.routine, since, until))
            for device in home.devices.values()
            if device.routine and home.is_online(device.gateway_id)
            # A turn begins in each period, so that the next one but one has some.
            for until in (since + 2 * device.routine.every,)
        ),
        default=None,
    )


def _events_between(
    device: Device, routine: Routine, since: float, until: float
) -> Iterator[Pending]:
    """Yield what one device does after `since`, up to `until`."""
    every = routine.every
    for number in range(int(since // every), int(until // every) + 1):
        for when, method in _events_of_period(device, routine, number):
            if since < when <= until:
                yield Pending(when, device.id, Command(method))


def _events_of_period(
    device: Device, routine: Routine, number: int
) -> Iterator[tuple[int, Method]]:
    """Yield what a device does in a period of its routine, counted from 1970 on."""
    dice = hashlib.sha256(f"{device.id}/{number}".encode()).digest()
    begin = number * routine.every + int.from_bytes(dice[:4]) % routine.spread
    for after, method in routine.turns[dice[4] % len(routine.turns)]:
        yield begin + after, method
