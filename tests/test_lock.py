"""Locks as Home Assistant shows and commands them."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from simulator import Simulator

from .conftest import AddEntry, Time
from .helpers import Dashboard, sent, state_of

LOCK = "lock.door_lock"
LOCK_ID = "2100015"


@pytest.mark.parametrize(
    ("state", "shown"),
    [(1, "locked"), (2, "unlocked"), (0, "unknown"), (4, "unknown")],
)
async def test_state(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    time: Time,
    state: int,
    shown: str,
) -> None:
    """On is locked."""
    simulator.home.devices[LOCK_ID].state = state
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    lock = state_of(hass, LOCK)
    assert lock.state == shown
    assert lock.attributes["supported_features"] == 0
    assert len(hass.states.async_all("lock")) == 1


async def test_commands(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Locking turns it on, unlocking off, and both are confirmed."""
    dashboard = Dashboard(hass, time)
    await dashboard.do("unlock", LOCK)
    assert state_of(hass, LOCK).state == "unlocked"
    await time.move(15)
    assert state_of(hass, LOCK).state == "unlocked"
    assert simulator.home.devices[LOCK_ID].state == 2
    await dashboard.do("lock", LOCK)
    assert state_of(hass, LOCK).state == "locked"
    await time.move(15)
    assert state_of(hass, LOCK).state == "locked"
    assert simulator.home.devices[LOCK_ID].state == 1
    assert sent(simulator) == [f"turnOff {LOCK_ID}", f"turnOn {LOCK_ID}"]
