"""What is pushed, beside the lists."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from simulator import Method, Simulator
from tests.conftest import Time
from tests.helpers import polls, refresh, state_of
from tests.push.conftest import PUMP, PUMP_ID, connect, wait_for

pytestmark = pytest.mark.usefixtures("pushing")


async def test_list_that_lags(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A list does not undo what was pushed just before it was asked for; a later one does."""
    await connect(hass, entry, simulator, time)
    pump = simulator.home.devices[PUMP_ID]
    simulator.press(PUMP_ID, "turnOff")
    await wait_for(lambda: state_of(hass, PUMP).state == STATE_OFF)
    simulator.press(PUMP_ID, "turnOn")
    await wait_for(lambda: state_of(hass, PUMP).state == STATE_ON)
    # A list that is behind says what was before.
    pump.state = Method.TURNOFF
    await time.move(2)
    await refresh(hass, time, PUMP)
    assert state_of(hass, PUMP).state == STATE_ON
    await time.move(10)
    simulator.press(PUMP_ID, "turnOn")
    await time.settle()
    pump.state = Method.TURNOFF
    await time.move(6)
    await refresh(hass, time, PUMP)
    assert state_of(hass, PUMP).state == STATE_OFF


async def test_pushed_value_that_is_new(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A value that a sensor did not have before has its entity at once."""
    await connect(hass, entry, simulator, time)
    before = polls(simulator, "json/sensors/list")
    simulator.set_sensor("1540000002", "humidity", "0", "66")
    await wait_for(lambda: hass.states.get("sensor.freezer_humidity") is not None)
    assert state_of(hass, "sensor.freezer_humidity").state == "66"
    assert polls(simulator, "json/sensors/list") == before
