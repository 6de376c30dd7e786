"""The queue alone, against thousands of random arrivals, refusals and moments of sending.

Whatever is replaced, joined, merged and overtaken: the devices end as if each command had
been carried out in the order given.
"""

from collections import Counter
from collections.abc import Callable
import random
from typing import Any

import pytest

from custom_components.telldus_pa.commands.pending import CommandOutcome, PendingCommand
from custom_components.telldus_pa.commands.queue import CommandQueue
from custom_components.telldus_pa.pa_api import Command, Method, ThermostatSetpoint

DEVICES = [str(number) for number in range(1, 6)]
THERMOSTATS = {"5"}
GROUPS = {
    "90": ("1", "2"),
    "91": ("2", "3", "4"),
    "92": ("1", "2", "3", "4"),
    "93": ("4", "5"),
}
# Of these, only the first member is known beforehand.
SECRETS = {"95": ("1", "3"), "96": ("2", "5")}
SEEDS = 300


def random_command(chance: random.Random) -> PendingCommand:
    """Return a command to a device, a group or something with unknown effects."""
    target = chance.choice((*DEVICES, *GROUPS, *SECRETS, *THERMOSTATS, *THERMOSTATS))
    method = chance.choice((Method.TURNON, Method.TURNOFF, Method.DIM, Method.RGB))
    value: Any = chance.randint(1, 9) if method & (Method.DIM | Method.RGB) else None
    if target in THERMOSTATS and chance.randrange(2):
        method = Method.THERMOSTAT
        value = ThermostatSetpoint(
            mode := chance.choice(("heat", "cool", "off")),
            None if mode == "off" or chance.randrange(2) else chance.randint(15, 25),
            change_mode=bool(chance.randrange(2)),
        )
    command = Command(target, method, value)
    reached = GROUPS.get(target) or SECRETS.get(target, (target,))[:1]
    effects = {one: Command(one, method, value) for one in reached}
    return PendingCommand(command, effects, 0.0, is_opaque=target in SECRETS)


def carry_out(state: dict[str, dict[str, Any]], command: Command) -> None:
    """Do what a command does to each device that it reaches in truth."""
    target, value = command.device_id, command.value
    for one in GROUPS.get(target) or SECRETS.get(target) or (target,):
        device = state[one]
        if isinstance(value, ThermostatSetpoint):
            if value.temperature is not None:
                device[value.mode] = value.temperature
            if value.change_mode:
                device["mode"] = value.mode
        elif command.method is Method.RGB:
            device["rgb"] = value
        else:
            device["state"] = command.method, value
            if one in THERMOSTATS:
                device["mode"] = "off" if command.method is Method.TURNOFF else "on"


def groups(found: PendingCommand) -> list[PendingCommand]:
    """Return what would do the same to groups of a device."""
    command = found.command
    if command.method is Method.THERMOSTAT:
        return []
    return [
        PendingCommand(
            Command(group, command.method, command.value),
            {one: Command(one, command.method, command.value) for one in members},
            0.0,
        )
        for group, members in GROUPS.items()
        if command.device_id in members
    ]


@pytest.mark.parametrize("part", range(4))
def test_as_if_in_order(
    part: int, soak_hours: int, record_property: Callable[[str, object], None]
) -> None:
    """Whatever arrives and is refused when, the end is that of the order given."""
    given = 0
    for seed in range(part * 10**6, part * 10**6 + SEEDS * soak_hours):
        outcomes: Counter[CommandOutcome] = Counter()
        chance, queue, now = random.Random(seed), CommandQueue(outcomes), 0.0
        wanted: dict[str, dict[str, Any]] = {one: {} for one in DEVICES}
        actual: dict[str, dict[str, Any]] = {one: {} for one in DEVICES}
        commands, sent = chance.randint(2, 25), 0
        for _ in range(commands):
            new = random_command(chance)
            new.given_at = now
            carry_out(wanted, new.command)
            queue.add(new)
            while queue and chance.randrange(3) == 0:
                now += chance.choice((0.3, 5.0, 40.0))
                taken = queue.take(now, groups)
                if chance.randrange(4) == 0:
                    # Refused for now, while newer ones may have come
                    for _ in range(chance.randrange(3)):
                        newer = random_command(chance)
                        commands += 1
                        carry_out(wanted, newer.command)
                        queue.add(newer)
                    queue.rebuild(taken)
                else:
                    sent += 1
                    carry_out(actual, taken.command)
                    queue.note_sent(taken, now)
            # Of each target, method and mode at most one between two opaque ones
            assert len(queue) <= 40
        while queue:
            now += 1.0
            taken = queue.take(now, groups)
            sent += 1
            carry_out(actual, taken.command)
            queue.note_sent(taken, now)
        assert actual == wanted, f"seed {seed}"
        assert sent + outcomes[CommandOutcome.REPLACED] == commands
        given += commands
    record_property("commands through the queue", given)
