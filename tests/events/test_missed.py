"""What happened too long ago is an event on the bus, and changes no entity."""

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.telldus_pa.const import EVENT_MISSED
from custom_components.telldus_pa.events.matching import DeviceEvent
from custom_components.telldus_pa.events.missed import async_fire_missed_event
from custom_components.telldus_pa.pa_api import Method
from homeassistant.core import HomeAssistant
from simulator import Fault, Simulator
from tests.conftest import Time
from tests.push.conftest import REMOTE, REMOTE_ID, States, connect

pytestmark = pytest.mark.usefixtures("pushing")


async def test_missed(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """After two hours without Telldus nothing fires; each press is told once, late."""
    await connect(hass, entry, simulator, time)
    await time.move(60)
    fired = States(hass, REMOTE)
    missed = async_capture_events(hass, EVENT_MISSED)
    simulator.change_settings({"push": False})
    simulator.faults.add(Fault.BAD_GATEWAY, times=None)
    await time.move(1200)
    simulator.press(REMOTE_ID, "turnOn")
    await time.move(60)
    simulator.press(REMOTE_ID, "turnOn")
    await time.move(6000)
    simulator.faults.clear()
    await time.move(1800)
    of_remote = [one.data for one in missed if one.data["entity_id"] == REMOTE]
    assert [one["method"] for one in of_remote] == ["turnon", "turnon"]
    assert all(one["device_id"] and one["time"] for one in of_remote)
    events = [one for one in fired.seen if one not in ("unavailable", "unknown")]
    assert events == []


async def test_device_left(
    hass: HomeAssistant, loaded: MockConfigEntry, time: Time
) -> None:
    """Nothing is told of a device that has left Telldus meanwhile."""
    missed = async_capture_events(hass, EVENT_MISSED)
    event = DeviceEvent("gone", Method.TURNON, None, 0.0)
    async_fire_missed_event(hass, loaded, loaded.runtime_data.devices, event)
    assert missed == []
