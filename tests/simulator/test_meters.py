"""Meters that follow what their own node switches, and sensors that are heard again.

Source: docs/dev/telldus-api.md, "Sensor values".
"""

from typing import Any

import pytest

from simulator import Method, Simulator, demo_home

from .conftest import NOW, Api, Clock

HOUR, DAY = 3600.0, 86400.0
PLUG, PLUG_SENSOR = "2100023", "1540000006"


def plug(sim: Simulator) -> dict[str, float]:
    """Return the plug's values by their scale."""
    return {v.scale: float(v.value) for v in sim.home.sensors[PLUG_SENSOR].values}


async def test_load(api: Api, sim: Simulator, clock: Clock) -> None:
    """A plug that is off lets no power through, and its meter stands still."""
    clock.now += 600
    assert plug(sim)["2"] > 20
    await api.get("device/turnOff", id=PLUG)
    clock.now += 2
    assert plug(sim)["2"] > 20
    clock.now += 0.5
    sensor = sim.home.sensors[PLUG_SENSOR]
    assert sensor.last_updated == int(clock.now)
    off = plug(sim)
    assert (off["2"], off["5"]) == (0, 0)
    assert off["4"] > 200
    watts = sensor.value("watt", "2")
    assert watts
    assert (watts.value, watts.min) == ("0.0", "0.0")
    clock.now += 20
    assert plug(sim) == off
    clock.now += 5 * HOUR
    later = plug(sim)
    assert [later[scale] for scale in "01235"] == [off[scale] for scale in "01235"]
    assert sensor.last_updated > clock.now - 120
    assert sim.press(PLUG, Method.TURNON)
    back = plug(sim)
    assert back["2"] > 20
    assert back["0"] == off["0"]
    clock.now += HOUR
    assert plug(sim)["0"] == pytest.approx(off["0"] + 0.0432, abs=0.002)


async def test_load_in_one_look(api: Api, sim: Simulator, clock: Clock) -> None:
    """The meter counts to the second of the command, whenever it is looked at."""
    before = plug(sim)["0"]
    sim.settings.effect_delay = 10 * HOUR
    await api.get("device/turnOff", id=PLUG)
    sim.settings.effect_delay = 30 * HOUR
    await api.get("device/turnOn", id=PLUG)
    clock.now += 31 * HOUR
    assert plug(sim)["0"] == pytest.approx(before + 11 * 0.0432, abs=0.002)
    assert plug(sim)["2"] > 20


async def test_load_in_history(api: Api, sim: Simulator, clock: Clock) -> None:
    """Before it was switched off there was power, after that none."""
    sim.home.sensors[PLUG_SENSOR].keep_history = True
    clock.now += HOUR
    sim.press(PLUG, Method.TURNOFF)
    clock.now += HOUR
    rows: list[dict[str, Any]] = (
        await api.get("sensor/history", id=PLUG_SENSOR, from_=int(NOW))
    )["history"]
    values = [
        (row["ts"], {one["scale"]: float(one["value"]) for one in row["data"]})
        for row in rows
    ]
    assert len(values) == 13
    for when, value in values:
        assert (value["2"] == 0) is (when >= NOW + HOUR)
    counted = [value["0"] for _, value in values]
    assert counted == sorted(counted)
    assert counted[0] < counted[4] < counted[6] == counted[-1]


def test_load_without_drift(sim: Simulator, clock: Clock) -> None:
    """Values that stand still stand still; when they move again they know of the plug."""
    sim.settings.drift = False
    before = plug(sim)
    sim.press(PLUG, Method.TURNOFF)
    assert plug(sim) == before
    sim.settings.drift = True
    assert plug(sim)["2"] == 0


def test_load_of_others(sim: Simulator, clock: Clock) -> None:
    """Only what the same node switches: the heat pump's, but not another's."""
    clock.now += 60
    pump = next(d for d in sim.home.devices.values() if d.name == "Heat pump")
    sensor = next(s for s in sim.home.sensors.values() if s.name == "Heat pump")
    before = plug(sim)
    sim.press(pump.id, Method.TURNOFF)
    assert {v.scale: v.value for v in sensor.values if v.name == "watt"}["2"] == "0"
    assert float(sensor.values[0].value) > 15
    assert plug(sim) == before


@pytest.mark.parametrize(
    ("scale", "an_hour", "error"),
    [("0", 0.0432, 0.002), ("1", 0.05, 0.11), ("3", 43.2, 2)],
)
def test_energy_only_grows(
    sim: Simulator, clock: Clock, scale: str, an_hour: float, error: float
) -> None:
    """However often somebody looks and switches, nothing is lost, nothing goes down."""
    counted = [plug(sim)[scale]]
    for number in range(1400):
        clock.now += 37.7
        if number % 7 == 0:
            on = number % 14 == 0
            sim.press(PLUG, Method.TURNON if on else Method.TURNOFF)
        counted.append(plug(sim)[scale])
    assert counted == sorted(counted)
    hours_on = (clock.now - NOW) / HOUR / 2
    grown = counted[-1] - counted[0]
    assert grown == pytest.approx(hours_on * an_hour, abs=error)


def test_counters_only_grow(sim: Simulator, clock: Clock) -> None:
    """Energy, rain, water and pulses are counted upwards, wherever they are counted."""
    kinds = {("watt", "0"), ("watt", "1"), ("watt", "3"), ("rtot", "0")}
    kinds |= {("genmeter", "3"), ("volume", "1")}
    counters = [
        value
        for sensor in sim.home.sensors.values()
        for value in sensor.values
        if (value.name, value.scale) in kinds
    ]
    assert {(value.name, value.scale) for value in counters} == kinds
    first = [float(value.value) for value in counters]
    before = first
    for _ in range(200):
        clock.now += 431
        assert sim.home
        after = [float(value.value) for value in counters]
        assert all(a <= b for a, b in zip(before, after, strict=True))
        before = after
    assert all(a < b for a, b in zip(first, before, strict=True))


def test_offline(sim: Simulator, clock: Clock) -> None:
    """Nothing is heard of sensors behind an offline gateway, nor of a switched load."""
    home = sim.home
    clock.now += HOUR
    sim.set_gateway_online("410001", False)
    before, heard = plug(sim), home.sensors[PLUG_SENSOR].last_updated
    clock.now += HOUR
    home.devices[PLUG].state = Method.TURNOFF
    assert plug(sim) == before
    assert home.sensors[PLUG_SENSOR].last_updated == heard
    sim.set_gateway_online("410001", True)
    assert plug(sim)["2"] == 0
    assert home.sensors[PLUG_SENSOR].last_updated == int(clock.now)


def test_heard_again(sim: Simulator, clock: Clock) -> None:
    """What is alive is heard of within half an hour, though nothing may have changed."""
    clock.now += DAY
    old = demo_home(NOW).sensors
    for sensor in sim.home.sensors.values():
        is_alive = (
            sim.home.is_online(sensor.gateway_id)
            and NOW - old[sensor.id].last_updated < DAY
            and bool(sensor.values)
        )
        age = clock.now - sensor.last_updated
        assert age < HOUR / 2 if is_alive else age > DAY, sensor.name
    steady = next(s for s in sim.home.sensors.values() if s.name == "UV")
    assert steady.values[0].value == "2"
