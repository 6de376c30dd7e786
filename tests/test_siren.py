"""Sirens: what an alarm can be told, beside what it tells."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.siren import SirenEntityFeature as Feature
from homeassistant.core import HomeAssistant
from simulator import Simulator, uncommon_home

from .conftest import AddEntry, Time
from .helpers import Dashboard, sent, state_of

ALARM, SIREN, SIREN_ID = "binary_sensor.yard_siren", "siren.yard_siren_siren", "2200002"
SMOKE = "siren.attic_smoke_siren"


@pytest.fixture
async def lodge(
    hass: HomeAssistant, simulator: Simulator, add_entry: AddEntry, time: Time
) -> MockConfigEntry:
    """Set up a home with sirens."""
    simulator.homes["demo"] = uncommon_home(simulator.clock())
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    return entry


async def test_siren(
    hass: HomeAssistant,
    lodge: MockConfigEntry,
    simulator: Simulator,
    dashboard: Dashboard,
    time: Time,
) -> None:
    """It sounds and falls silent, and the alarm tells so as before."""
    for entity_id in (SIREN, SMOKE):
        state = state_of(hass, entity_id)
        assert state.state == "off"
        assert state.attributes["supported_features"] == (
            Feature.TURN_ON | Feature.TURN_OFF
        )
    assert state_of(hass, ALARM).state == "off"
    for action, method, shown in (
        ("turn_on", "turnOn", "on"),
        ("turn_off", "turnOff", "off"),
    ):
        since = len(sent(simulator))
        await dashboard.do(action, SIREN)
        assert sent(simulator)[since:] == [f"{method} {SIREN_ID}"]
        for _ in range(2):
            assert state_of(hass, SIREN).state == state_of(hass, ALARM).state == shown
            await time.move(45)
