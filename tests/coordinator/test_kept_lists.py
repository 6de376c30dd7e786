"""Lists that are kept for a reload."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import CONF_INCLUDE_IGNORED
from custom_components.telldus_pa.pa_api import Priority, RateLimiter
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulator import Fault, Simulator
from tests.conftest import Time
from tests.helpers import LAMP, LAMP_ID, rate_limiter_of, state_is, state_of

pytestmark = pytest.mark.only("Outdoor", "Window lamp")


async def use_up(rate_limiter: RateLimiter, time: Time, count: int) -> None:
    """Use up so many requests of the window."""

    async def request() -> None:
        async with rate_limiter.acquire(Priority.COMMAND):
            pass

    for _ in range(count):
        await time.until(request())


async def test_reload_in_a_full_window(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A reload continues with the last lists, and asks for new ones when there is room."""
    await use_up(rate_limiter_of(hass, loaded), time, 10)
    asked = len(simulator.log)
    await time.until(hass.config_entries.async_reload(loaded.entry_id), limit=5)
    assert len(simulator.log) == asked
    assert state_is(loaded, ConfigEntryState.LOADED)
    for entity_id in (LAMP, "sensor.outdoor_temperature"):
        assert state_of(hass, entity_id).state not in (STATE_UNAVAILABLE, "unknown")
    simulator.press(LAMP_ID, "turnOff")
    await time.listed("devices")
    await time.listed("sensors")
    assert state_of(hass, LAMP).state == "off"


async def test_kept_lists_age(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A reload makes old data no younger."""
    await time.listed("devices")
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/*", times=None)
    await time.move(119)
    await time.move(119)
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    assert state_of(hass, LAMP).state == "on"
    await time.move(70)
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE


@pytest.mark.parametrize(
    "changes",
    [
        {"wait": 121},
        {"data": {CONF_TOKEN: "another"}},
        {"options": {CONF_INCLUDE_IGNORED: True}},
    ],
)
async def test_lists_not_kept(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    changes: dict[str, Any],
) -> None:
    """Lists are of no use after two minutes, for another login, or with other rows."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/*", times=None)
    await time.move(changes.get("wait", 0))
    hass.config_entries.async_update_entry(
        loaded,
        data={**loaded.data, **changes.get("data", {})},
        options=changes.get("options", {}),
    )
    await time.until(hass.config_entries.async_setup(loaded.entry_id))
    assert state_is(loaded, ConfigEntryState.SETUP_RETRY)


async def test_list_that_had_not_come(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A reload before the sensors have come continues with the devices alone."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/sensors/list", times=1)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(5)
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/devices/list", times=None)
    await time.until(hass.config_entries.async_reload(entry.entry_id))
    assert state_of(hass, LAMP).state == "on"
    assert hass.states.get("sensor.outdoor_temperature") is None
    await time.listed("sensors")
    assert state_of(hass, "sensor.outdoor_temperature").state != STATE_UNAVAILABLE
