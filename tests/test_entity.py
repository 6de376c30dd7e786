"""What entities write, and when they are unavailable."""

from collections.abc import Callable

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulator import Simulator

from .conftest import Time
from .helpers import CABIN_HEATER, LAMP, LAMP_ID, state_of


async def test_only_what_changed_is_written(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A poll wakes those whose row changed, groups that it is in, and nobody else."""
    coordinator = loaded.runtime_data.devices
    woken: list[str] = []

    def note(device_id: str) -> Callable[[], None]:
        return lambda: woken.append(device_id)

    for device_id in [*coordinator.data, None]:
        coordinator.async_add_listener(note(device_id), device_id)
    await time.move(31)
    assert woken == []
    simulator.press(LAMP_ID, "turnOff")
    await time.move(31)
    named = [coordinator.data[device_id].name for device_id in woken]
    assert named == ["Window lamp", "All lamps", "Everything off"]


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
