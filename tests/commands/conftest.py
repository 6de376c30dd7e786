"""Homes that the tests of commands make up."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant
from simulator import Simulator
from simulator.home import Device
from tests.conftest import AddEntry, Time
from tests.factories import home_of
from tests.helpers import diagnostics

type SetUp = Callable[..., Coroutine[Any, Any, MockConfigEntry]]


@pytest.fixture
def set_up_home(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> SetUp:
    """Return a function that sets up an entry with a home of some devices."""

    async def set_up(*devices: Device) -> MockConfigEntry:
        """Set it up, and let all lists come and the window become empty."""
        simulator.homes["demo"] = home_of(*devices)
        simulator.change_settings({"life": False, "drift": False})
        entry = add_entry()
        await time.until(hass.config_entries.async_setup(entry.entry_id))
        await time.move(75)
        assert entry.state is ConfigEntryState.LOADED
        return entry

    return set_up


@pytest.fixture
async def seldom_polled(
    hass: HomeAssistant, add_entry: AddEntry, time: Time
) -> MockConfigEntry:
    """Return an entry that is set up, whose devices are read every ten minutes."""
    entry = add_entry(options={CONF_SCAN_INTERVAL: 600})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    return entry


async def undecided(hass: HomeAssistant, entry: ConfigEntry) -> int:
    """Return how many commands are not decided yet, as the diagnostics have it."""
    count: int = (await diagnostics(hass, entry))["commands"]["pending"]
    return count


async def outcomes(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, int]:
    """Return what became of the other commands, as the diagnostics have it."""
    counts: dict[str, int] = (await diagnostics(hass, entry))["commands"]["outcomes"]
    return counts
