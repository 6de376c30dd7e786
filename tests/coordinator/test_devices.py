"""The list of devices, and what of it is not believed."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.conftest import Time
from tests.helpers import LAMP, Registries, restart, state_of

pytestmark = pytest.mark.only("Hall switch", "Remote button", "Window lamp")


async def test_list_without_methods(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    time: Time,
) -> None:
    """A list in which nothing can do anything any more is not believed."""
    methods = {one.id: one.methods for one in simulator.home.devices.values()}
    for device in simulator.home.devices.values():
        device.methods = 0
        device.members.clear()
    await time.move(31)
    assert registries.entity_ids("device_2100002") == {"switch.hall_switch"}
    for device in simulator.home.devices.values():
        device.methods = methods[device.id]
    await time.move(61)
    assert state_of(hass, "switch.hall_switch").state == "off"


async def test_first_list_without_methods(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    time: Time,
) -> None:
    """Nor is the first one after a restart, if Home Assistant knows better."""
    devices = simulator.home.devices
    methods = {one.id: one.methods for one in devices.values()}
    for device in devices.values():
        device.methods = 0
        device.members.clear()
    await restart(hass, loaded, time)
    assert loaded.state is ConfigEntryState.SETUP_RETRY
    assert registries.entity_ids("device_2100002") == {"switch.hall_switch"}
    devices["2100002"].methods = methods["2100002"]
    await time.move(20)
    assert state_of(hass, "switch.hall_switch").state == "off"


async def test_all_with_methods_are_gone(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A home of which nothing but remotes is left is believed."""
    devices = simulator.home.devices
    for device in [one for one in devices.values() if one.methods]:
        del devices[device.id]
    assert devices
    await time.move(31)
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE
