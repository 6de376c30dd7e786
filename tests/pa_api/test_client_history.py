"""Histories, and Telldus' clock."""

import math

import pytest

from custom_components.telldus_pa.pa_api import (
    Command,
    Method,
    TelldusClient,
    ThermostatSetpoint,
)
from simulator import Simulator

from .conftest import DIMMER, RADIATOR, Clock, utc

pytestmark = pytest.mark.usefixtures("no_gaps")


async def test_sensor_history(client: TelldusClient, simulator: Simulator) -> None:
    """What a sensor told comes oldest first, as its values do in the list."""
    now = simulator.clock()

    readings = await client.sensor_history(
        "1540000001", utc(now - 3600.5), utc(now - 0.5)
    )

    assert simulator.log[-1].path == "json/sensor/history"
    assert simulator.log[-1].params == {
        "id": "1540000001",
        "from": str(int(now - 3600.5)),
        "to": str(math.ceil(now - 0.5)),
        "includeUnit": "1",
    }
    assert [one.when for one in readings] == sorted(one.when for one in readings)
    assert len(readings) == 6
    value = readings[0].values["temp", 0]
    assert isinstance(value.value, float)
    assert (value.last_updated, value.unit) == (readings[0].when, "°C")
    assert await client.sensor_history("1540000002", utc(now - 3600), utc(now)) == ()


async def test_history(
    client: TelldusClient, simulator: Simulator, clock: Clock
) -> None:
    """What a device did comes with who wanted it, and what it was told."""
    begin = simulator.clock()
    simulator.press(DIMMER, Method.DIM, 77)
    warmer = Command(RADIATOR, Method.THERMOSTAT, ThermostatSetpoint("heat", 19.5))
    await client.command(lambda: warmer)
    clock.tick(5)
    simulator.press(DIMMER, Method.TURNOFF)

    deeds = await client.device_history(DIMMER, utc(begin), utc(begin + 9))
    assert [(one.method, one.value, one.origin) for one in deeds] == [
        (Method.DIM, 77, "Incoming signal"),
        (Method.TURNOFF, None, "Incoming signal"),
    ]
    assert [
        one.when
        for one in await client.device_history(DIMMER, utc(begin), utc(begin + 1))
    ] == [utc(int(begin))]
    (deed,) = await client.device_history(RADIATOR, utc(begin))
    assert (deed.mode, deed.temperature, deed.value) == ("heat", 19.5, None)


@pytest.mark.parametrize("ahead", [0.0, 2.0, 7200.0, -7200.0])
async def test_clock_of_telldus(
    client: TelldusClient, simulator: Simulator, clock: Clock, ahead: float
) -> None:
    """What Telldus tells of the past is by our clock, also where its own is another."""
    clock.tick(0.25)
    our_time = simulator.clock
    simulator.clock = lambda: our_time() + ahead
    await client.gateways()
    begin = our_time()
    simulator.press(DIMMER, Method.TURNOFF)
    clock.tick(1300)
    (deed,) = await client.device_history(DIMMER, utc(begin - 5), utc(begin + 5))
    assert abs(deed.when.timestamp() - begin) <= 3
    readings = await client.sensor_history(
        "1540000001", utc(begin - 5), utc(our_time())
    )
    assert readings
    assert all(utc(begin - 8) <= one.when <= utc(our_time() + 3) for one in readings)
