"""The order of the commands that were collected before any was queued."""

from collections import defaultdict, deque
from collections.abc import Mapping
from math import inf

from ..devices.kinds import DeviceKind
from .pending import PendingCommand


def in_order(
    batch: list[tuple[str, PendingCommand]], kinds: Mapping[str, DeviceKind]
) -> list[PendingCommand]:
    """Return commands in the order given, but within an action the narrower ones last.

    That is scenes before groups, larger ones first, and groups before their members: a
    lamp at 20 % and all lamps off, in one action, is all lamps off and then the lamp. What
    an action tells one device stays in its order.
    """
    breadths: dict[tuple[str, str], tuple[bool, float]] = {}
    for action, one in batch:
        device_id = one.command.device_id
        size = float(len(one.effects))
        if kinds.get(device_id) is DeviceKind.SCENE:
            size = inf
        elif device_id in one.effects:
            size = 0.0
        breadth = not one.is_opaque, -size
        key = action, device_id
        breadths[key] = min(breadth, breadths.get(key, breadth))

    actions: defaultdict[str, deque[PendingCommand]] = defaultdict(deque)
    for action, one in sorted(
        batch, key=lambda item: breadths[item[0], item[1].command.device_id]
    ):
        actions[action].append(one)
    return [actions[action].popleft() for action, _ in batch]
