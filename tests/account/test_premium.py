"""Until when an account has Premium, and what is said where it has none."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from simulator import Fault, Simulator
from tests.conftest import Time
from tests.helpers import HOME_STATUS, issues, polls, state_of

PREMIUM = "sensor.telldus_live_premium_expires"
HOUR = 3600
DAY = 24 * HOUR
PROFILE = "json/user/profile"


async def test_premium(
    hass: HomeAssistant, one_lamp: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Until when Premium is paid for is asked once a day, after everything else."""
    await time.move(60)
    paths = [one.path for one in simulator.log]
    assert paths.count(PROFILE) == 1
    assert paths.index(PROFILE) > paths.index("json/clients/list")
    assert state_of(hass, PREMIUM).attributes["device_class"] == "date"
    assert state_of(hass, PREMIUM).state.startswith("2027-")
    assert issues(hass) == set()
    await time.until(hass.config_entries.async_reload(one_lamp.entry_id))
    await time.move(100)
    assert polls(simulator, PROFILE) == 1
    assert state_of(hass, PREMIUM).state.startswith("2027-")
    await time.move(DAY + 2 * HOUR)
    assert polls(simulator, PROFILE) == 2


async def test_premium_lapsed(
    hass: HomeAssistant, one_lamp: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """When Premium ends the person is told, and when it is renewed no longer."""
    await time.move(75)
    simulator.settings.premium = False
    await time.move(DAY + 2 * HOUR)
    assert issues(hass) == {"premium_lapsed"}
    assert state_of(hass, PREMIUM).state == "unknown"
    # Nothing is refused, so nothing is in the way.
    assert state_of(hass, "sensor.house_status").state == "polling"
    # Also after a restart
    await time.until(hass.config_entries.async_unload(one_lamp.entry_id))
    assert issues(hass) == set()
    await time.until(hass.config_entries.async_setup(one_lamp.entry_id))
    await time.move(60)
    assert issues(hass) == {"premium_lapsed"}
    simulator.settings.premium = True
    await time.move(DAY + 2 * HOUR)
    assert issues(hass) == set()


@pytest.mark.parametrize(
    ("fault", "arguments", "cause"),
    [
        (Fault.APPLICATION_ERROR, {"text": "Premium is needed"}, "premium_lapsed"),
        (Fault.UNAUTHORIZED_XML, {}, "premium_lapsed"),
        (Fault.CLOUDFLARE, {}, "premium_lapsed"),
        (Fault.BAD_GATEWAY, {}, "cannot_connect"),
        (Fault.RATE_LIMITED, {}, "rate_limited"),
    ],
)
async def test_refused_without_premium(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    fault: Fault,
    arguments: dict[str, Any],
    cause: str,
) -> None:
    """An account that never had Premium is left in peace, unless Telldus refuses it."""
    simulator.settings.premium = False
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(75)
    assert polls(simulator, PROFILE) == 1
    assert issues(hass) == set()
    assert state_of(hass, PREMIUM).state == "unknown"
    simulator.faults.add(fault, match="json/devices/list", times=None, **arguments)
    await time.move(31)
    assert state_of(hass, HOME_STATUS).state == cause
    lapsed = cause == "premium_lapsed"
    assert issues(hass) == ({"premium_lapsed"} if lapsed else set())
    simulator.faults.clear()
    await time.move(2100)
    assert state_of(hass, HOME_STATUS).state == "polling"
    assert issues(hass) == set()


async def test_profile_without_premium(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A profile that says nothing of Premium says nothing."""
    simulator.faults.add(Fault.MISSING_KEYS, match=PROFILE, times=1, keys=["pro"])
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(75)
    assert state_of(hass, PREMIUM).state == "unknown"
    assert issues(hass) == set()
