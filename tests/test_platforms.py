"""Switches and lights as Home Assistant shows them."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.pa_api import Device
from homeassistant.components.light import ColorMode
from homeassistant.core import HomeAssistant
from simulator import Simulator

from .conftest import AddEntry, Time
from .helpers import state_of

pytestmark = pytest.mark.only(
    "Ceiling dimmer",
    "Color bulb",
    "Garage light",
    "Hall switch",
    "Old dimmer",
    "TV",
    "Window lamp",
)


@pytest.mark.parametrize(
    ("entity_id", "state", "attributes"),
    [
        ("switch.window_lamp", "on", {"device_class": "outlet", "assumed_state": True}),
        ("switch.hall_switch", "off", {"device_class": "outlet"}),
        ("switch.tv", None, {"device_class": "switch"}),
        ("light.ceiling_dimmer", "on", {"brightness": 128, "color_mode": "brightness"}),
        ("light.old_dimmer", "off", {"brightness": None, "color_mode": None}),
        ("light.garage_light", "off", {"supported_color_modes": [ColorMode.ONOFF]}),
        ("light.color_bulb", "on", {"brightness": 200}),
    ],
)
async def test_states(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_id: str,
    state: str | None,
    attributes: dict[str, Any],
) -> None:
    """States are Telldus' states; what gives no feedback is marked as assumed."""
    shown = state_of(hass, entity_id)
    if state is not None:
        assert shown.state == state
    assert {key: shown.attributes.get(key) for key in attributes} == attributes


async def test_zwave_is_not_assumed(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Z-Wave tells what was done."""
    assert "assumed_state" not in state_of(hass, "switch.hall_switch").attributes


@pytest.mark.parametrize(
    ("row", "state", "brightness"),
    [
        ({"state": 1}, "on", 255),
        ({"state": 2}, "off", None),
        ({"state": 16, "statevalue": "7"}, "on", 7),
        ({"state": 16, "statevalue": "0"}, "off", None),
        ({"state": 16, "statevalue": "unde"}, "on", None),
        ({"state": 0}, "unknown", None),
        ({"state": 512}, "unknown", None),
    ],
)
async def test_light(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    time: Time,
    row: dict[str, Any],
    state: str,
    brightness: int | None,
) -> None:
    """A dimmer in each state that Telldus may tell."""
    coordinator = loaded.runtime_data.devices
    old = coordinator.data["2100003"]
    new = Device.from_dict(
        {"id": old.id, "client": old.gateway_id, "methods": 19, **row}
    )
    coordinator.data = {**coordinator.data, old.id: new}
    coordinator.async_update_listeners()
    shown = state_of(hass, "light.ceiling_dimmer")
    assert shown.state == state
    assert shown.attributes.get("brightness") == brightness


async def test_unnamed_gateway(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """A gateway without a name is called what it is."""
    for gateway in simulator.home.gateways.values():
        gateway.name = ""
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(15)
    assert state_of(hass, "switch.window_lamp").state == "on"
