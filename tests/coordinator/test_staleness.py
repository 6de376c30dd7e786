"""The age of data: they become stale by the clock."""

import asyncio

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.pa_api import Priority
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulator import Fault, Simulator
from tests.conftest import Time
from tests.helpers import (
    HOME_STATUS,
    LAMP,
    complaints,
    infos,
    rate_limiter_of,
    state_of,
)

pytestmark = pytest.mark.only("Window lamp")


async def test_no_request_returns(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Data become stale by the clock, though no request fails; the status says why."""
    rate_limiter = rate_limiter_of(hass, loaded)
    released = asyncio.Event()

    async def hold_up_all_others() -> None:
        async with rate_limiter.acquire(Priority.COMMAND):
            simulator.held += 1
            await released.wait()

    task = asyncio.create_task(hold_up_all_others())
    while not simulator.held:
        await asyncio.sleep(0)
    await time.move(240)
    assert state_of(hass, LAMP).state == "on"
    assert state_of(hass, HOME_STATUS).state == "polling"
    await time.move(100)
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE
    assert state_of(hass, HOME_STATUS).state == "limit_reached"
    # That the sensors follow is the same outage.
    await time.move(119)
    lost = complaints(caplog)
    assert lost == [
        "Requests of this Home Assistant fill Telldus' limit: "
        "the last data are too old to be displayed"
    ]

    simulator.held = 0
    released.set()
    await task
    await time.move(30)
    assert state_of(hass, LAMP).state == "on"
    assert state_of(hass, HOME_STATUS).state == "polling"
    assert complaints(caplog) == lost
    assert infos(caplog) == ["Data of Telldus are received again"]


async def test_stale_in_time(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Devices are unavailable five minutes after their last list, however rare the polls."""
    await time.listed("devices")
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/*", times=None, retry_after=3600
    )
    await time.move(119)
    await time.move(119)
    await time.move(50)
    assert state_of(hass, LAMP).state == "on"
    await time.move(20)
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE
    assert state_of(hass, HOME_STATUS).state == "rate_limited"
