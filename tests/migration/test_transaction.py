"""A migration that fails: both registries and both entries are as they were."""

import asyncio
from typing import Any

import attr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.telldus_pa
from custom_components.telldus_pa.coordinator import TelldusUpdateCoordinator
from custom_components.telldus_pa.migration.move import (
    MigrationError,
    async_revert,
    async_take_over,
    async_taken_over_from,
)
from custom_components.telldus_pa.migration.records import MigrationStore
from custom_components.telldus_pa.migration.tellduslive import TELLDUSLIVE_DOMAIN
from custom_components.telldus_pa.migration.transaction import RegistryTransaction
from homeassistant.config_entries import (
    ConfigEntries,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.const import MAJOR_VERSION, MINOR_VERSION
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from tests.conftest import Time

from .conftest import (
    assert_unchanged,
    break_nth,
    core_row,
    device_of,
    snapshot,
    take_over,
)


async def test_order_of_moving(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Entities first, then devices: so both keep their ids."""
    core = MockConfigEntry(domain=TELLDUSLIVE_DOMAIN)
    core.add_to_hass(hass)
    entity_id, device_id = core_row(hass, core, "1", "1", "light")
    entities, devices = er.async_get(hass), dr.async_get(hass)
    row = entities.async_get(entity_id)
    assert row
    entities.async_update_entity_platform(
        entity_id,
        "telldus_pa",
        new_config_entry_id=loaded.entry_id,
        new_unique_id="moved",
    )
    devices.async_update_device(
        device_id,
        new_config_entry_id=loaded.entry_id,
        new_identifiers={("telldus_pa", "moved")},
    )
    await hass.async_block_till_done()
    moved = entities.async_get(entity_id)
    device = devices.async_get(device_id)
    assert moved
    assert device
    assert (moved.id, moved.device_id) == (row.id, device_id)
    assert device.config_entry_id == loaded.entry_id


@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [
        *((er.EntityRegistry, "async_update_entity_platform", n) for n in (1, 4, 6)),
        *((er.EntityRegistry, "async_remove", n) for n in (1, 6)),
        *((er.EntityRegistry, "async_update_entity", n) for n in (1, 5, 9)),
        *((er.EntityRegistry, "async_update_entity_options", n) for n in (1, 2)),
        *((dr.DeviceRegistry, "async_update_device", n) for n in (1, 2, 7, 14)),
        (ConfigEntries, "async_set_disabled_by", 1),
        (custom_components.telldus_pa, "async_setup_entry", 1),
    ],
)
async def test_failure(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    call: int,
) -> None:
    """Whatever goes wrong, all is as it was, and it works the next time."""
    before = snapshot(hass)
    calls = break_nth(monkeypatch, owner, name, call)
    with pytest.raises((RuntimeError, MigrationError)):
        await time.until(async_take_over(hass, loaded, automated.entry_id))
    assert calls[0] >= call
    await assert_unchanged(hass, before, automated, loaded, time)
    await take_over(hass, automated, loaded, time)
    assert automated.disabled_by


async def test_devices_that_are_back_already(
    hass: HomeAssistant, core: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """After a power cut, what stays here may be linked to a device that is core's again."""
    await take_over(hass, core, loaded, time)
    record = await MigrationStore(hass, loaded).async_load()
    assert record
    await time.until(async_revert(hass, loaded))
    entities, entity_id = er.async_get(hass), "sensor.plug_energy"
    (row,) = [one for one in entities.entities.values() if one.entity_id == entity_id]
    assert row.device_id is None
    device = device_of(hass, "switch.plug")
    entities.async_update_entity(entity_id, device_id=device)
    RegistryTransaction(hass).async_apply(record.reverse, loaded, core)
    assert entities.entities[entity_id].device_id is None
    assert device_of(hass, "switch.plug") == device


async def test_failure_when_ours_runs(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ours is stopped once more: what is loaded cannot go back."""
    before = snapshot(hass)
    really = ConfigEntries.async_setup

    async def fail(entries: ConfigEntries, entry_id: str, **reload: bool) -> bool:
        done = await really(entries, entry_id, **reload)
        if not reload:
            raise RuntimeError("broken")
        return done

    with monkeypatch.context() as patch:
        patch.setattr(ConfigEntries, "async_setup", fail)
        with pytest.raises(RuntimeError):
            await time.until(async_take_over(hass, loaded, automated.entry_id))
    await assert_unchanged(hass, before, automated, loaded, time)


async def test_cancelled(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever closes the dialog on the way is left with what they had."""
    before = snapshot(hass)
    # A set-up that has to wait for its list
    monkeypatch.setattr(TelldusUpdateCoordinator, "keep", lambda _: None)
    task = hass.async_create_task(async_take_over(hass, loaded, automated.entry_id))
    for _ in range(1000):
        if loaded.state is ConfigEntryState.SETUP_IN_PROGRESS:
            break
        await asyncio.sleep(0)
    assert automated.disabled_by
    task.cancel()
    await time.move(45)
    assert task.cancelled()
    await assert_unchanged(hass, before, automated, loaded, time)


@pytest.mark.skipif(
    (MAJOR_VERSION, MINOR_VERSION) < (2026, 10),
    reason="an entity without a name may have an area there",
)
@pytest.mark.parametrize("own", [False, True])
async def test_area_without_a_name(
    hass: HomeAssistant,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    *,
    own: bool,
) -> None:
    """An area that an entity may not have any more is its device's, if that has none."""
    registry, devices = er.async_get(hass), dr.async_get(hass)
    areas = ar.async_get(hass)
    kitchen, hall = (areas.async_create(name).id for name in ("Kitchen", "Hall"))
    blind = registry.entities["light.blind"]
    registry.entities["light.blind"] = attr.evolve(blind, area_id=kitchen)
    device_id = device_of(hass, "light.blind")
    if own:
        devices.async_update_device(device_id, area_id=hall)
    before = snapshot(hass)
    with monkeypatch.context() as patch:
        break_nth(patch, custom_components.telldus_pa, "async_setup_entry", 1)
        with pytest.raises(MigrationError):
            await time.until(async_take_over(hass, loaded, core.entry_id))
    await time.move(45)
    assert snapshot(hass) == before
    await take_over(hass, core, loaded, time)
    assert snapshot(hass).entities["cover.blind"]["area_id"] is None
    assert snapshot(hass).devices[device_id]["area_id"] == (hall if own else kitchen)


@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [
        (er.EntityRegistry, "async_update_entity_platform", 3),
        (dr.DeviceRegistry, "async_update_device", 3),
        (ConfigEntries, "async_set_disabled_by", 1),
    ],
)
async def test_going_back_fails(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    call: int,
) -> None:
    """Then ours goes on, and the way back stays open."""
    await take_over(hass, automated, loaded, time)
    before = snapshot(hass)
    break_nth(monkeypatch, owner, name, call)
    with pytest.raises(RuntimeError):
        await time.until(async_revert(hass, loaded))
    await time.move(45)
    assert snapshot(hass) == before
    assert automated.disabled_by is ConfigEntryDisabler.USER
    assert loaded.disabled_by is None
    assert loaded.state is ConfigEntryState.LOADED
    assert await async_taken_over_from(hass, loaded) is automated
