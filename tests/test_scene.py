"""Scenes of Telldus, run from Home Assistant."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulator import Simulator

from .conftest import Time
from .helpers import Dashboard, sent, state_of

SCENE = "scene.good_night"
SCENE_ID = "2100018"


async def test_scene(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A scene is run by one request, and its effects show with the next lists."""
    assert state_of(hass, SCENE).state == STATE_UNKNOWN
    assert "assumed_state" not in state_of(hass, SCENE).attributes
    assert state_of(hass, "lock.door_lock").state == "locked"
    simulator.press("2100015", "turnOff")
    await time.move(31)
    assert state_of(hass, "lock.door_lock").state == "unlocked"
    await Dashboard(hass, time).do("turn_on", SCENE)
    activated = dt_util.parse_datetime(state_of(hass, SCENE).state)
    assert activated is not None
    assert (dt_util.utcnow() - activated).total_seconds() < 5
    assert sent(simulator) == [f"turnOn {SCENE_ID}"]
    await time.listed("devices")
    assert state_of(hass, "lock.door_lock").state == "locked"
    assert state_of(hass, "switch.window_lamp").state == "off"
    assert len(hass.states.async_all("scene")) == 3


async def test_offline(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A scene is at a gateway as everything else, and goes with it."""
    simulator.set_gateway_online("410001", False)
    await time.move(31)
    assert state_of(hass, SCENE).state == STATE_UNAVAILABLE
