"""Histories, and Telldus' clock."""

import math

import aiohttp
import pytest

from custom_components.telldus_pa.pa_api import (
    Command,
    Credentials,
    Method,
    RateLimiter,
    TelldusClient,
    ThermostatSetpoint,
)
from simulator import Simulator

from .conftest import DIMMER, LAMP, RADIATOR, ClientOf, Clock, Misbehave, http, utc

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


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Mon, 99 Foo 2026", "Sun, 01 Jan 0001 00:00:00 +2300"]
)
async def test_clock_that_cannot_be_read(
    client_of: ClientOf, misbehave: Misbehave, date: str
) -> None:
    """A date that is none says nothing of the clock."""
    body = '{"history": [{"ts": 1764000000, "state": 1, "successStatus": 0}]}'
    client = client_of(await misbehave(http(body, "200 OK", f"Date: {date}")))
    for _ in range(2):
        (deed,) = await client.device_history(LAMP, utc(1763999999))
        assert deed.when == utc(1764000000)


async def test_clocks_that_are_set(
    client: TelldusClient, simulator: Simulator, clock: Clock
) -> None:
    """A clock that is set, ours or Telldus', is noticed; a second or two is nothing."""
    our_time = simulator.clock
    begin = our_time()
    simulator.press(DIMMER, Method.TURNOFF)
    simulator.settings.change({"limit": False})
    telldus = {"ahead": 0.0}
    simulator.clock = lambda: our_time() + telldus["ahead"]
    for ahead, known in ((100, 100), (102, 100), (-100, -100), (1, 0), (50, 50)):
        telldus["ahead"] = ahead
        await client.gateways()
        (deed,) = await client.device_history(
            DIMMER, utc(begin - 500), utc(begin + 500)
        )
        assert deed.when.timestamp() == pytest.approx(begin - known, abs=0.01)
        clock.tick(61)


async def test_clock_of_a_late_answer(
    session: aiohttp.ClientSession,
    credentials: Credentials,
    rate_limiter: RateLimiter,
    server_url: str,
    simulator: Simulator,
) -> None:
    """What was on its way for long does not tell what time it is."""
    our_time = simulator.clock
    simulator.clock = lambda: our_time() + 7200
    late = iter([0.0, 2.5])
    client = TelldusClient(
        *(session, server_url, credentials, rate_limiter),
        lambda: utc(our_time() + next(late, 0.0)),
    )
    await client.gateways()
    assert next(late, None) is None
    simulator.press(DIMMER, Method.TURNOFF)
    begin = our_time()
    assert await client.device_history(DIMMER, utc(begin - 5), utc(begin + 5)) == ()
    assert len(await client.device_history(DIMMER, utc(begin - 5), utc(begin + 5))) == 1
