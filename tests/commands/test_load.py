"""An hour of commands in moved time: nothing starves, and every lamp has its turn.

A part of an hour is a test like the others; ``scripts/bench load`` lives whole hours of these
loads and of random arrivals, polled and pushed, and prints the figures.
"""

from collections import defaultdict
from dataclasses import asdict, dataclass
from http import HTTPStatus
from itertools import pairwise
import json
from pathlib import Path
import random
from statistics import median
from typing import override

import pytest

from custom_components.telldus_pa.pa_api import Command, Method
from homeassistant.core import HomeAssistant
from simulator import LoggedRequest, Simulator
from tests.conftest import AddEntry, Time
from tests.factories import home_of, lamp

# Enough for two polls of the gateways
SECONDS = 1400
# The longest that a list may be away under any load, in seconds, and with push.
GAPS = {"devices": 120, "sensors": 210, "clients": 690}
PUSHED_GAPS = {"devices": 390, "sensors": 690, "clients": 690}
LOOK_UPS = ("json/device/history", "json/device/info")
CLICKED = 99
CLICK_INTERVAL = 150


@dataclass(frozen=True)
class Load:
    """Lamps that are all told something every so many seconds, or one of them at random."""

    lamps: int
    interval: float
    is_random: bool = False
    pushed: bool = False

    @override
    def __str__(self) -> str:
        """Return what it is called in a table."""
        how = ", pushed" if self.pushed else ""
        if self.is_random:
            return f"{60 / self.interval:g} a minute at random, {self.lamps} lamps{how}"
        lamps = "1 lamp" if self.lamps == 1 else f"{self.lamps} lamps"
        return f"{lamps} every {self.interval:g} s{how}"


LOADS = [Load(1, 18), Load(5, 60), Load(6, 10), Load(10, 90), Load(12, 10)]
MORE_LOADS = [
    *(Load(*load, pushed=True) for load in ((5, 60), (12, 10))),
    *(
        Load(20, 60 / rate, is_random=True, pushed=pushed)
        for pushed in (False, True)
        for rate in (1, 2, 4, 6, 8, 10, 12)
    ),
]


@dataclass
class Figures:
    """What an hour under load was like; times in seconds."""

    load: str
    requests: int
    refused: int
    wishes: int
    commands: int
    least_commands_in_a_minute: int
    age_median: float
    age_max: float
    click_max: float
    turns_least: int
    turns_most: int
    gap_devices: float
    gap_sensors: float
    gap_clients: float
    waiting: int


def gap(log: list[LoggedRequest], path: str, began: float, ended: float) -> float:
    """Return the longest time without a list."""
    times = [
        began,
        *(one.time for one in log if one.path == f"json/{path}/list"),
        ended,
    ]
    return max(later - earlier for earlier, later in pairwise(times))


def figures(
    load: Load,
    log: list[LoggedRequest],
    wishes: dict[str, list[float]],
    ended: float,
    waiting: int,
) -> Figures:
    """Look at what was sent."""
    commands = [
        one
        for one in log
        if one.path.startswith("json/device/") and one.path not in LOOK_UPS
    ]
    began = log[0].time if log else ended
    ages: defaultdict[str, list[float]] = defaultdict(list)
    for one in commands:
        given = max(when for when in wishes[one.params["id"]] if when <= one.time)
        ages[one.params["id"]].append(one.time - given)
    lamps = [ages[str(number + 1)] for number in range(load.lamps)]
    every = [age for some in lamps for age in some]
    minutes = range(int(began) + 60, int(ended) - 60, 10)
    return Figures(
        str(load),
        len(log),
        sum(one.status != HTTPStatus.OK for one in log),
        sum(map(len, wishes.values())),
        len(commands),
        min(sum(when <= one.time < when + 60 for one in commands) for when in minutes),
        median(every),
        max(every),
        max(ages[str(CLICKED)]),
        min(map(len, lamps)),
        max(map(len, lamps)),
        gap(log, "devices", began, ended),
        gap(log, "sensors", began, ended),
        gap(log, "clients", began, ended),
        waiting,
    )


async def live(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
    load: Load,
    seconds: int,
) -> Figures:
    """Live under a load, and now and then click on another lamp."""
    chance = random.Random(str(load))
    numbers = [*range(1, load.lamps + 1), CLICKED]
    simulator.homes["demo"] = home_of(*(lamp(one, dims=True) for one in numbers))
    simulator.change_settings({"life": False, "drift": False, "push": load.pushed})
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(119)
    commands = entry.runtime_data.commands
    wishes: defaultdict[str, list[float]] = defaultdict(list)
    log = len(simulator.log)

    def wish(number: int) -> None:
        """Want a level that the lamp has not."""
        command = Command(str(number), Method.DIM, chance.randint(1, 254))
        hass.async_create_task(commands.async_send(command))
        wishes[str(number)].append(simulator.clock())

    due, click_due = 0.0, CLICK_INTERVAL / 2
    for second in range(seconds):
        while due <= second:
            chosen = [chance.randint(1, load.lamps)] if load.is_random else numbers[:-1]
            for number in chosen:
                wish(number)
            due += (
                chance.expovariate(1 / load.interval)
                if load.is_random
                else load.interval
            )
        if second >= click_due:
            wish(CLICKED)
            click_due += CLICK_INTERVAL
        await time.leap(1)
    ended, waiting = simulator.clock(), commands.queue_length
    found = figures(load, list(simulator.log)[log:], wishes, ended, waiting)
    # Let the last ones be sent: what nobody asks for any more must not outlive the test.
    await time.move(119)
    return found


@pytest.mark.parametrize("load", [*LOADS, *MORE_LOADS], ids=str)
async def test_load(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
    request: pytest.FixtureRequest,
    load: Load,
) -> None:
    """Lists come, commands are sent, every lamp has its turn, a click does not wait."""
    report = request.config.getoption("--load-report")
    if load in MORE_LOADS and not report:
        pytest.skip("for scripts/bench load")
    seconds = 3600 if report else SECONDS
    found = await live(hass, add_entry, simulator, time, load, seconds)
    if report:
        with Path(report).open("a", encoding="utf-8") as file:  # noqa: ASYNC230  # nobody waits
            file.write(json.dumps(asdict(found)) + "\n")
    limits = PUSHED_GAPS if load.pushed else GAPS
    gaps = (found.gap_devices, found.gap_sensors, found.gap_clients)
    assert [
        one <= limit for one, limit in zip(gaps, limits.values(), strict=True)
    ] == 3 * [True], found
    assert found.refused == 0
    if not load.is_random and load.lamps * 60 / load.interval > 10:
        assert found.least_commands_in_a_minute >= 6, found
        assert found.click_max <= 15, found
    if not load.is_random:
        assert found.turns_most - found.turns_least <= 1 + found.turns_most // 10, found
    assert found.age_max <= 150, found
