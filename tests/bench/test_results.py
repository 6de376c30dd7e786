"""What the benchmarks of costs count with."""

import asyncio
from http import HTTPStatus
import json

import pytest

from bench import load
from bench.changes import change
from bench.integrations import Row
from bench.loop import Loop
from bench.poll import list_responses, read
from bench.requests_per_hour import line
from bench.results import Goal, Spread, goals
from bench.scaling import Cost, goals_of, of_each
from simulator import LoggedRequest, generated_home


@pytest.mark.parametrize(
    ("values", "spread"),
    [
        ([3.0], Spread(3, 3, 3)),
        ([1.0, 9.0], Spread(5, 1, 9)),
        # A single figure that is far from the others is not what is typical.
        ([5.0, 1.0, 2.0, 3.0, 100.0], Spread(3, 2, 5)),
    ],
)
def test_spread(values: list[float], spread: Spread) -> None:
    """The middle is told, and where half of the figures lie."""
    assert Spread.of(values) == spread


def test_ratios() -> None:
    """What was measured in turns is compared in turns."""
    ratios = Spread.of_ratios([1.0, 2.0, 9.0], [2.0, 4.0, 18.0])
    assert ratios.text(2) == "0.50 (0.50–0.50)"
    assert Spread(0.0015, 0.001, 0.002).text(1, 1000) == "1.5 (1.0–2.0)"


def test_goals() -> None:
    """A goal that was missed cannot be overlooked."""
    text = goals([Goal("a", "1", met=True), Goal("b", "2", met=False)])
    assert "| a    | met    |" in text
    assert "| b    | MISSED |" in text


def test_change() -> None:
    """A share of the rows changes, spread over the home; nothing else does."""
    home, before = generated_home(100, 0), generated_home(100, 0)
    assert change(home, 0, 60) == set()
    assert home == before
    changed = change(home, 0.1, 60)
    differs = {
        Row("device", one)
        for one, device in home.devices.items()
        if device != before.devices[one]
    } | {
        Row("sensor", one)
        for one, sensor in home.sensors.items()
        if sensor != before.sensors[one]
    }
    assert changed == differs
    assert sum(row.kind == "device" for row in changed) == 10
    assert sum(row.kind == "sensor" for row in changed) == 9


def test_change_all() -> None:
    """All that can change does, each time anew."""
    home, before = generated_home(20, 0), generated_home(20, 0)
    for moment in (60, 120):
        assert len(change(home, 1, moment)) == 29
        for one, device in home.devices.items():
            is_bell = (device.name or "").startswith("Bell")
            assert (device == before.devices[one]) is is_bell
        before = generated_home(20, 0)
        change(before, 1, 60)


def test_generated_sensors() -> None:
    """A home may have more sensors than devices, of all its gateways."""
    home = generated_home(400, 0, sensors=1000)
    assert len(home.sensors) == 1000
    assert {one.gateway_id for one in home.sensors.values()} == set(home.gateways)


def test_growth() -> None:
    """What any home costs is not put to the account of its devices."""
    costs = {
        size: Cost(10 + 2 * size, 5 + 3 * size, size, 0) for size in (1, 100, 5000)
    }
    assert of_each(costs, lambda cost: cost.poll) == {100: 3, 5000: 3}
    assert all(goal.met for goal in goals_of({"telldus_pa": costs}))
    costs[5000] = Cost(10 + 2 * 5000, 5 + 4 * 5000, 5000, 0)
    set_up, poll = goals_of({"telldus_pa": costs})
    assert set_up.met
    assert not poll.met


def test_hour() -> None:
    """Refused requests are none that did something."""

    def request(path: str, status: int) -> LoggedRequest:
        """Return a request as the simulator keeps it."""
        return LoggedRequest(0, "GET", path, {}, "demo", status)

    log = [
        request("json/devices/list", HTTPStatus.OK),
        request("json/devices/list", HTTPStatus.TOO_MANY_REQUESTS),
        request("json/device/history", HTTPStatus.OK),
        request("json/device/turnOn", HTTPStatus.OK),
        request("json/device/turnOff", HTTPStatus.TOO_MANY_REQUESTS),
    ]
    assert line("busy", "x", log, 2) == ["busy", "x", "5", "2", "1", "1", "1", "2"]


def test_fast_loop() -> None:
    """An hour of a fast loop's clock is over at once, and its turns are counted."""
    loop = Loop(speed=1e6)
    try:
        loop.run_until_complete(asyncio.sleep(3600))
        assert loop.turns >= 2
    finally:
        loop.close()


def test_answers_that_are_parsed() -> None:
    """What parsing is measured with is a whole home, as the simulator tells it."""
    answers = list_responses(generated_home(8, 0), 60)
    assert answers.keys() == {"devices/list", "sensors/list"}
    assert len(json.loads(answers["devices/list"])["device"]) == 8
    assert len(json.loads(answers["sensors/list"])["sensor"]) == 4
    reading = read(answers, 3)
    assert len(reading.decoding) == len(reading.ours) == len(reading.parsing) == 3


def test_load() -> None:
    """The goals hold the longest gap of polled lists, and wishes and clicks of all loads."""
    found = {
        "load": "12 lamps every 10 s",
        **dict.fromkeys(("requests", "commands", "refused", "waiting"), 3),
        **dict.fromkeys(("age_median", "age_max", "click_max"), 1.6),
        "gap_devices": 90.0,
        "gap_sensors": 201.0,
        "gap_clients": 600.0,
    }
    pushed = {
        **found,
        "load": "12 lamps every 10 s, pushed",
        "gap_devices": 300.0,
        "age_max": 151.0,
        "click_max": 16.0,
    }
    assert load.line(found)[3:6] == ["2 / 2", "2", "90"]
    assert [goal.met for goal in load.goals_of([found, pushed])] == [
        *(True, False, True),  # Gaps of devices, sensors and gateways
        *(False, True, False),  # The oldest wish, and a click in each flood
        False,  # Refused
    ]
