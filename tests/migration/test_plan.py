"""What of Home Assistant's own integration is found to be which of ours."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.migration.plan import MigrationAction, make_plan
from custom_components.telldus_pa.migration.tellduslive import TELLDUSLIVE_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .conftest import core_row


@pytest.fixture
def core(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> MockConfigEntry:
    """Return an entry of core's, the time being long before ours was set up."""
    entry = MockConfigEntry(domain=TELLDUSLIVE_DOMAIN)
    entry.add_to_hass(hass)
    freezer.tick(timedelta(days=-1))
    return entry


async def test_plan(
    hass: HomeAssistant, loaded: MockConfigEntry, core: MockConfigEntry
) -> None:
    """Each entity has its action, and a plug that is a sensor as well is one device."""
    dimmer, _ = core_row(hass, core, "2100003", "2100003", "light")
    blind, _ = core_row(hass, core, "2100006", "2100006", "light")
    energy, _ = core_row(hass, core, "_1540000006", "_1540000006-watt-0", "sensor")
    power, _ = core_row(hass, core, "_1540000006", "_1540000006-watt-2", "sensor")
    core_row(hass, core, "999", "999", "switch")
    registry = dr.async_get(hass)
    pair = tuple(
        registry.async_get_or_create(
            config_entry_id=core.entry_id, identifiers={(TELLDUSLIVE_DOMAIN, one)}
        ).id
        for one in ("2100023", "_1540000006")
    )
    plan = make_plan(hass, loaded, core.entry_id)
    assert {move.entity_id: move.action for move in plan.entities} == {
        dimmer: MigrationAction.MOVES,
        blind: MigrationAction.REPLACED,
        energy: MigrationAction.KEPT,
        power: MigrationAction.MOVES,
    }
    assert pair in [move.device_ids for move in plan.devices]


async def test_what_is_newer(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    core: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Whoever has had ours for years and tries core's does not lose them for it."""
    freezer.tick(timedelta(days=2))
    core_row(hass, core, "2100003", "2100003", "light")
    core_row(hass, core, "2100006", "2100006", "light")
    plan = make_plan(hass, loaded, core.entry_id)
    assert (plan.entities, plan.devices) == ((), ())
    # What ours has not got can be had all the same.
    registry = er.async_get(hass)
    ours = registry.async_get_entity_id(
        "light", "telldus_pa", f"{loaded.unique_id}_device_2100003"
    )
    assert ours
    registry.async_remove(ours)
    plan = make_plan(hass, loaded, core.entry_id)
    assert [move.action for move in plan.entities] == [MigrationAction.MOVES]
