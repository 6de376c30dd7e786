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


# Whose turn it is


def command(
    device_id: str,
    given_at: float,
    value: int | None = None,
    *,
    is_urgent: bool = False,
) -> PendingCommand:
    """Return a command to a device, with a level if there is a value."""
    method = Method.TURNON if value is None else Method.DIM
    told = Command(device_id, method, value)
    return PendingCommand(told, {device_id: told}, given_at, is_urgent=is_urgent)


def turns(now: float, *waiting: PendingCommand) -> list[str]:
    """Return the devices in the order in which they have their turns.

    Device 1 was commanded at 1 s, 2 at 2 s, and 5 was given a level at 2 s; the others never
    were commanded.
    """
    queue = CommandQueue(Counter())
    for served_at in (1.0, 2.0):
        queue.note_sent(command(str(int(served_at)), 0.0), served_at)
    queue.note_sent(command("5", 0.0, 3), 2.0)
    for one in waiting:
        queue.add(one)
    return [queue.take(now, lambda _: ()).command.device_id for _ in waiting]


@pytest.mark.parametrize(
    ("now", "waiting", "order"),
    [
        # Who was served least recently
        (65.0, [("2", 6.0), ("1", 7.0)], ["1", "2"]),
        (65.0, [("1", 6.0), ("3", 7.0)], ["3", "1"]),
        # Of two that were never served, the one that stands first
        (65.0, [("4", 7.0), ("3", 7.0)], ["4", "3"]),
        # Nothing overtakes what has waited for a minute, but not before
        (66.0, [("2", 6.0), ("1", 7.0)], ["1", "2"]),
        (66.1, [("2", 6.0), ("1", 7.0)], ["2", "1"]),
        # The longer one of two that wait too long, whatever was served before
        (90.0, [("1", 7.0), ("2", 6.0)], ["2", "1"]),
        # What was given in this moment is ready
        (10.0, [("1", 7.0), ("3", 10.0)], ["3", "1"]),
    ],
)
def test_turns(now: float, waiting: list[tuple[str, float]], order: list[str]) -> None:
    """Each has its turn, whoever is commanded more often."""
    assert turns(now, *(command(*one) for one in waiting)) == order


def test_turn_of_what_expires_soon() -> None:
    """A lock goes before lamps, but for those that have waited too long."""
    lock = command("1", 50.0, is_urgent=True)
    assert turns(60.0, command("2", 10.0), command("3", 50.0), lock) == ["1", "3", "2"]
    assert turns(71.0, command("2", 10.0), command("3", 50.0), lock) == ["2", "1", "3"]


def test_turn_of_a_slider() -> None:
    """The next level of a slider goes last while another may follow."""
    assert turns(5.1, command("5", 5.0, 4), command("2", 5.0)) == ["2", "5"]
    assert turns(5.7, command("5", 5.0, 4), command("2", 5.0)) == ["5", "2"]


def test_group_of_one() -> None:
    """What one lamp is told is not told to a group with nothing else in it."""
    queue = CommandQueue(Counter())
    queue.add(command("1", 0.0))
    group = PendingCommand(
        Command("90", Method.TURNON), {"1": Command("1", Method.TURNON)}, 0.0
    )
    assert queue.take(0.0, lambda _: (group,)).command.device_id == "1"


def test_expires_in_time() -> None:
    """What is too late at a moment is taken out for that moment, and nothing before."""
    queue = CommandQueue(Counter())
    lamp, lock = command("1", 5.0), command("2", 5.0, is_urgent=True)
    queue.add(lamp)
    queue.add(lock)
    assert queue.expired(24.9) == []
    assert queue.expired(25.0) == [lock]
    assert queue.expired(904.9) == []
    assert queue.expired(905.0) == [lamp]
