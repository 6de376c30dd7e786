"""A home in which a day passes quickly."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.conftest import AddEntry, Time
from tests.factories import home_of, lamp


@pytest.fixture
async def one_lamp(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> MockConfigEntry:
    """Set up a home of one lamp that is seldom polled."""
    simulator.homes["demo"] = home_of(lamp(1))
    entry = add_entry(options={CONF_SCAN_INTERVAL: 1800})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    return entry
