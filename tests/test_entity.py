"""What entities write, and when they are unavailable."""

from datetime import datetime

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulator import Simulator

from .conftest import Time
from .helpers import CABIN_HEATER, LAMP, LAMP_ID, state_of

DOMAINS = ["binary_sensor", "climate", "cover", "light", "lock", "scene", "switch"]


async def test_only_what_changed_is_written(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A poll writes the states of a row that changed and of its groups, and no other."""
    simulator.change_settings({"life": False, "drift": False})
    await time.listed("sensors")

    def written() -> dict[str, datetime]:
        return {
            one.entity_id: one.last_reported for one in hass.states.async_all(DOMAINS)
        }

    before = written()
    await time.listed("devices")
    assert written() == before
    simulator.press(LAMP_ID, "turnOff")
    await time.listed("devices")
    after = written()
    changed = {one for one in after if after[one] != before[one]}
    assert changed == {LAMP, "light.all_lamps", "light.everything_off"}


async def test_gateway_offline(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What hangs on a gateway without connection is unavailable, and nothing else."""
    assert state_of(hass, CABIN_HEATER).state == STATE_UNAVAILABLE
    simulator.set_gateway_online("410002", online=True)
    simulator.set_gateway_online("410001", online=False)
    await time.move(31)
    assert state_of(hass, CABIN_HEATER).state != STATE_UNAVAILABLE
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE
