"""Values that expire."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.conftest import Time
from tests.helpers import state_of
from tests.sensor.conftest import (
    OUTDOOR,
    POLL,
    SILENT,
    TEMPERATURE,
    set_up,
    tell,
    value_of,
)

pytestmark = pytest.mark.only("Outdoor", "Silent", "Window lamp")


DAY = 86400


@pytest.fixture(autouse=True)
def still(simulator: Simulator) -> None:
    """Let nothing change but what a test changes."""
    simulator.change_settings({"life": False, "drift": False})


async def test_old_value(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A value that was not heard for a day is not known, though nothing else changed."""
    now = int(simulator.clock())
    value_of(simulator, OUTDOOR, "temp", "0").last_updated = now - DAY + 200
    value_of(simulator, OUTDOOR, "humidity", "0").last_updated = now - 60
    await set_up(hass, entry, time)
    assert state_of(hass, TEMPERATURE).state == "-5.4"
    await time.move(200 - 60)
    assert state_of(hass, TEMPERATURE).state == "-5.4"
    await time.move(POLL)
    assert state_of(hass, TEMPERATURE).state == STATE_UNKNOWN
    assert state_of(hass, "sensor.outdoor_humidity").state == "87"

    tell(simulator, OUTDOOR, "temp", "0", "-5.4")
    await time.move(POLL)
    assert state_of(hass, TEMPERATURE).state == "-5.4"


async def test_a_meter_does_not_age(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What a meter has counted is right until it is read again; a power is not."""
    tell(simulator, SILENT, "watt", "0", "12.5")
    tell(simulator, SILENT, "watt", "2", "40")
    await time.move(POLL)
    await time.leap(DAY)
    await time.move(2 * POLL)
    assert state_of(hass, "sensor.silent_energy").state == "12.5"
    assert state_of(hass, "sensor.silent_power").state == STATE_UNKNOWN
