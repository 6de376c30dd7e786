"""Bells to ring, and receivers to teach."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNKNOWN, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from simulator import Simulator

from .conftest import AddEntry, Time
from .helpers import ACCOUNT, Dashboard, sent, state_of

BELL = "button.door_bell_ring"
BELL_ID = "2100005"
LAMP_ID = "2100001"


async def test_bell(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A bell is rung by one request; its state is when that was."""
    assert state_of(hass, BELL).state == STATE_UNKNOWN
    assert state_of(hass, BELL).name == "Door bell Ring"
    # 433 MHz; but what is shown is certain.
    assert "assumed_state" not in state_of(hass, BELL).attributes
    await Dashboard(hass, time).do("press", BELL)
    pressed = dt_util.parse_datetime(state_of(hass, BELL).state)
    assert pressed is not None
    assert (dt_util.utcnow() - pressed).total_seconds() < 5
    assert sent(simulator) == [f"bell {BELL_ID}"]


async def test_learn(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    simulator: Simulator,
    time: Time,
) -> None:
    """What has LEARN can be taught, by whoever looks for it."""
    found = {
        entity.unique_id: entity
        for entity in er.async_entries_for_config_entry(
            entity_registry, loaded.entry_id
        )
        if entity.translation_key == "learn"
    }
    assert found.keys() == {
        f"{ACCOUNT}_device_{device.id}_learn"
        for device in simulator.home.devices.values()
        if device.methods & 32
    }
    assert len(found) > 5
    for entity in found.values():
        assert entity.domain == "button"
        assert entity.entity_category is EntityCategory.CONFIG
        assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
        assert entity.original_name == "Send learn signal"

    entity_id = found[f"{ACCOUNT}_device_{LAMP_ID}_learn"].entity_id
    entity_registry.async_update_entity(entity_id, disabled_by=None)
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    assert state_of(hass, entity_id).name == "Window lamp Send learn signal"
    await Dashboard(hass, time).do("press", entity_id)
    assert sent(simulator) == [f"learn {LAMP_ID}"]
    # It leaves the lamp as it was.
    await time.move(15)
    assert state_of(hass, "switch.window_lamp").state == "on"


@pytest.mark.parametrize("methods", [4, 4 | 32])
async def test_bell_that_learns(
    hass: HomeAssistant,
    add_entry: AddEntry,
    entity_registry: er.EntityRegistry,
    simulator: Simulator,
    time: Time,
    methods: int,
) -> None:
    """A bell may have both buttons."""
    simulator.home.devices[BELL_ID].methods = methods
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    learn = entity_registry.async_get("button.door_bell_send_learn_signal")
    assert (learn is not None) is bool(methods & 32)
    assert state_of(hass, BELL).state == STATE_UNKNOWN
