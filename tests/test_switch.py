"""Switches: an outlet or not, turned on and off."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from simulator import Simulator
from simulator.methods import DeviceType

from .conftest import AddEntry, Time
from .factories import home_of, lamp
from .helpers import LAMP, LAMP_ID, Dashboard, sent, state_of

pytestmark = pytest.mark.only("Window lamp")


@pytest.mark.parametrize(
    ("device_type", "device_class"),
    [
        (DeviceType.SWITCH, "outlet"),
        (DeviceType.UNKNOWN, "switch"),
    ],
)
async def test_device_class(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    time: Time,
    device_type: DeviceType,
    device_class: str,
) -> None:
    """Telldus says which switches are outlets."""
    device = lamp(1)
    device.device_type = device_type.uuid
    simulator._home = home_of(device)  # noqa: SLF001
    await time.until(hass.config_entries.async_setup(add_entry().entry_id))
    state = state_of(hass, "switch.lamp_1")
    assert state.attributes["device_class"] == device_class


async def test_on_and_off(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
) -> None:
    """Each action is one command, and is shown."""
    await dashboard.do("turn_off", LAMP)
    assert state_of(hass, LAMP).state == "off"
    await dashboard.do("turn_on", LAMP)
    assert state_of(hass, LAMP).state == "on"
    commands = [one for one in sent(simulator) if one.startswith("turn")]
    assert commands == [f"turnOff {LAMP_ID}", f"turnOn {LAMP_ID}"]
