"""A start after a power cut: whatever the registries on disk had, a migration is finished."""

from dataclasses import replace
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.migration.move import (
    async_restore_on_removal,
    async_revert,
    async_take_over,
    async_taken_over_from,
)
from custom_components.telldus_pa.migration.plan import MigrationAction, make_plan
from custom_components.telldus_pa.migration.records import (
    MigrationRecord,
    MigrationStage,
    MigrationStore,
)
from custom_components.telldus_pa.migration.settle import async_running
from custom_components.telldus_pa.migration.tellduslive import async_unload_remaining
from custom_components.telldus_pa.migration.transaction import RegistryTransaction
from custom_components.telldus_pa.migration.transfer import (
    RegistryTransfer,
    forward_transfer,
    reverse_transfer,
)
from homeassistant.config_entries import (
    STORAGE_KEY,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from tests.conftest import Time
from tests.helpers import state_of

from .conftest import break_nth, snapshot, take_over


async def interrupt(
    hass: HomeAssistant,
    core: MockConfigEntry,
    entry: MockConfigEntry,
    stage: MigrationStage,
    time: Time,
) -> MigrationRecord:
    """Stop both, and store a record as if the power had gone before the registries were written."""
    plan = make_plan(hass, entry, core.entry_id)
    record = MigrationRecord(
        core.entry_id,
        stage,
        forward_transfer(hass, plan),
        reverse_transfer(hass, entry, plan),
        plan.entities_with(MigrationAction.REPLACED),
    )
    for one in (core, entry):
        await time.until(hass.config_entries.async_unload(one.entry_id))
        # In a process that has just started, nothing is loaded.
        await async_unload_remaining(hass, one)
    await MigrationStore(hass, entry).async_save(record)
    return record


async def start(hass: HomeAssistant, entry: MockConfigEntry, time: Time) -> None:
    """Start an entry, and let everything come."""
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(60)


async def stage(hass: HomeAssistant, entry: MockConfigEntry) -> MigrationStage | None:
    """Return the stage of an entry's migration."""
    record = await MigrationStore(hass, entry).async_load()
    return record.stage if record else None


def halves(transfer: RegistryTransfer) -> dict[str, RegistryTransfer]:
    """Return what the registries on disk may have of a transfer: either may be older."""
    return {
        "nothing": RegistryTransfer(),
        "entities": replace(transfer, devices=()),
        "devices": RegistryTransfer(devices=transfer.devices),
        "all": transfer,
    }


@pytest.mark.parametrize("on_disk", ["nothing", "entities", "devices", "all"])
async def test_moving_is_finished(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    on_disk: str,
) -> None:
    """Whichever file was written before the power went, all is moved in the end."""
    before = snapshot(hass)
    record = await interrupt(hass, automated, loaded, MigrationStage.MOVING, time)
    transaction = RegistryTransaction(hass)
    transaction.async_apply(halves(record.forward)[on_disk], automated, loaded)
    await start(hass, loaded, time)
    after = snapshot(hass)
    assert await stage(hass, loaded) is MigrationStage.MOVED
    for entity_id in ("light.bedroom", "switch.plug", "sensor.garden_temperature"):
        assert after.entities[entity_id]["config_entry_id"] == loaded.entry_id
        assert after.entities[entity_id]["id"] == before.entities[entity_id]["id"]
        device_id = before.entities[entity_id]["device_id"]
        if entity_id != "switch.plug":
            assert after.entities[entity_id]["device_id"] == device_id
            assert after.devices[device_id]["config_entry_id"] == loaded.entry_id
    assert state_of(hass, "light.bedroom").state == "on"
    if on_disk == "nothing":
        assert after.entities["cover.blind"]["name"] == "My blind"
        assert automated.disabled_by is ConfigEntryDisabler.USER
    # And there is a way back.
    await time.until(async_revert(hass, loaded))
    await time.move(45)
    assert snapshot(hass).of(automated).entities == before.of(automated).entities


@pytest.mark.parametrize("stage_", [MigrationStage.RETURNING, MigrationStage.CANCELLED])
@pytest.mark.parametrize("on_disk", ["nothing", "entities", "devices", "all"])
async def test_going_back_is_finished(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    on_disk: str,
    stage_: MigrationStage,
) -> None:
    """The same for the way back, and after a failure: all is where it was."""
    before = snapshot(hass).of(automated)
    await take_over(hass, automated, loaded, time)
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    store = MigrationStore(hass, loaded)
    record = await store.async_load()
    assert record
    transaction = RegistryTransaction(hass)
    transaction.async_apply(halves(record.reverse)[on_disk], loaded, automated)
    await store.async_save(replace(record, stage=stage_))
    await start(hass, loaded, time)
    after = snapshot(hass).of(automated)
    if on_disk == "all":
        # Whether it is enabled was written before.
        await time.until(
            hass.config_entries.async_set_disabled_by(automated.entry_id, None)
        )
        await time.move(30)
        after = snapshot(hass).of(automated)
    assert after.entities == before.entities
    assert after.devices.keys() == before.devices.keys()
    assert automated.state is ConfigEntryState.LOADED
    assert await stage(hass, loaded) is None
    is_back = stage_ is MigrationStage.RETURNING
    assert loaded.disabled_by is (ConfigEntryDisabler.USER if is_back else None)
    assert (loaded.state is ConfigEntryState.LOADED) is not is_back


@pytest.mark.parametrize("is_stored", [True, False])
async def test_enabled_after_a_power_cut(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    registries_on_disk: dict[str, Any],
    time: Time,
    is_stored: bool,
) -> None:
    """If the disk has all but the end of the record, a person may enable ours again."""
    await take_over(hass, automated, loaded, time)
    record = await MigrationStore(hass, loaded).async_load()
    assert record
    await time.until(async_revert(hass, loaded))
    await time.move(45)
    returning = replace(record, stage=MigrationStage.RETURNING)
    await MigrationStore(hass, loaded).async_save(returning)
    if not is_stored:
        registries_on_disk[STORAGE_KEY]["version"] -= 1
    await time.until(hass.config_entries.async_set_disabled_by(loaded.entry_id, None))
    await time.move(60)
    assert await stage(hass, loaded) is None
    assert (loaded.state is ConfigEntryState.LOADED) is is_stored
    assert loaded.disabled_by is (None if is_stored else ConfigEntryDisabler.USER)


def set_disabled(
    hass: HomeAssistant, entry: MockConfigEntry, *, is_disabled: bool
) -> None:
    """Have an entry's rows be as registries have them that are older than the entry."""
    entities, devices = er.async_get(hass), dr.async_get(hass)
    of_entity = er.RegistryEntryDisabler.CONFIG_ENTRY
    of_device = dr.DeviceEntryDisabler.CONFIG_ENTRY
    for row in er.async_entries_for_config_entry(entities, entry.entry_id):
        if row.disabled_by in (None, of_entity):
            entities.async_update_entity(
                row.entity_id, disabled_by=of_entity if is_disabled else None
            )
    for device in dr.async_entries_for_config_entry(devices, entry.entry_id):
        devices.async_update_device(
            device.id, disabled_by=of_device if is_disabled else None
        )


async def test_entry_is_newer_than_the_registries(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """Core's rows are disabled with its entry, and enabled again, also where only those lack."""
    before = snapshot(hass).of(automated)
    record = await interrupt(hass, automated, loaded, MigrationStage.MOVING, time)
    disable = hass.config_entries.async_set_disabled_by
    await time.until(disable(automated.entry_id, ConfigEntryDisabler.USER))
    set_disabled(hass, automated, is_disabled=False)
    await start(hass, loaded, time)
    left = snapshot(hass).of(automated)
    assert {row["disabled_by"] for row in left.devices.values()} == {"config_entry"}
    assert {row["disabled_by"] for row in left.entities.values()} == {
        er.RegistryEntryDisabler.CONFIG_ENTRY,
        er.RegistryEntryDisabler.USER,
    }

    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    returning = replace(record, stage=MigrationStage.RETURNING)
    await MigrationStore(hass, loaded).async_save(returning)
    await time.until(disable(automated.entry_id, None))
    await time.until(hass.config_entries.async_unload(automated.entry_id))
    set_disabled(hass, automated, is_disabled=True)
    await start(hass, loaded, time)
    assert snapshot(hass).of(automated).entities == before.entities
    devices = snapshot(hass).of(automated).devices.values()
    assert {row["disabled_by"] for row in devices} == {None}


async def test_removal_is_interrupted(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
) -> None:
    """Where all was given back and ours is still there, nothing claims to have moved."""
    before = snapshot(hass).of(automated)
    await take_over(hass, automated, loaded, time)
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    await time.until(async_restore_on_removal(hass, loaded))
    assert await async_taken_over_from(hass, loaded) is None
    await start(hass, loaded, time)
    assert snapshot(hass).of(automated).entities.keys() == before.entities.keys()
    assert await stage(hass, loaded) is None
    assert loaded.disabled_by is ConfigEntryDisabler.USER


async def test_disabled_by_a_person_before_all_is_back(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
) -> None:
    """What the disk does not have yet is finished, though ours is disabled there."""
    before = snapshot(hass).of(automated)
    await take_over(hass, automated, loaded, time)
    record = await MigrationStore(hass, loaded).async_load()
    assert record
    for disabler in (ConfigEntryDisabler.USER, None):
        await MigrationStore(hass, loaded).async_save(
            replace(record, stage=MigrationStage.RETURNING)
        )
        await time.until(
            hass.config_entries.async_set_disabled_by(loaded.entry_id, disabler)
        )
        await time.move(45)
    assert snapshot(hass).of(automated).entities == before.entities
    assert loaded.disabled_by is ConfigEntryDisabler.USER


async def test_core_starts_at_the_same_time(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
) -> None:
    """What cannot be stopped yet is waited for."""
    await interrupt(hass, automated, loaded, MigrationStage.MOVING, time)
    automated.mock_state(hass, ConfigEntryState.SETUP_IN_PROGRESS)
    await time.until(hass.config_entries.async_setup(loaded.entry_id))
    assert str(loaded.state) == "ConfigEntryState.SETUP_RETRY"
    automated.mock_state(hass, ConfigEntryState.NOT_LOADED)
    await time.move(60)
    assert loaded.state is ConfigEntryState.LOADED
    assert await async_taken_over_from(hass, loaded) is automated
    assert state_of(hass, "light.bedroom").state == "on"


async def test_another_migration_runs(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """One at a time: an entry that has something to finish is set up later."""
    await interrupt(hass, automated, loaded, MigrationStage.MOVING, time)
    async with async_running(hass, automated):
        await time.until(hass.config_entries.async_setup(loaded.entry_id))
        assert loaded.state is ConfigEntryState.SETUP_RETRY
    await time.move(60)
    assert await stage(hass, loaded) is MigrationStage.MOVED


@pytest.mark.parametrize("owner", [er.EntityRegistry, dr.DeviceRegistry])
async def test_cannot_be_finished(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    owner: Any,
) -> None:
    """Then all is as it was on disk, ours runs, and nothing claims to have moved."""
    before = snapshot(hass)
    await interrupt(hass, automated, loaded, MigrationStage.MOVING, time)
    name = {
        er.EntityRegistry: "async_update_entity_platform",
        dr.DeviceRegistry: "async_update_device",
    }[owner]
    break_nth(monkeypatch, owner, name, 2)
    await start(hass, loaded, time)
    assert loaded.state is ConfigEntryState.LOADED
    assert snapshot(hass) == before
    assert "cannot be finished" in caplog.text
    assert await async_taken_over_from(hass, loaded) is None
    # Another try moves.
    await take_over(hass, automated, loaded, time)
    assert await async_taken_over_from(hass, loaded) is automated


async def test_half_of_it_cannot_be_finished(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where only some was moved on disk, the next start tries again."""
    record = await interrupt(hass, automated, loaded, MigrationStage.MOVING, time)
    transaction = RegistryTransaction(hass)
    transaction.async_apply(halves(record.forward)["entities"], automated, loaded)
    with monkeypatch.context() as patch:
        break_nth(patch, dr.DeviceRegistry, "async_update_device", 2)
        await time.until(hass.config_entries.async_setup(loaded.entry_id))
    assert await stage(hass, loaded) is MigrationStage.MOVING
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    await time.move(60)
    assert not record.forward.async_is_pending(hass, automated)
    assert await stage(hass, loaded) is MigrationStage.MOVED


async def test_core_is_gone(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """Without core's entry there is nothing to finish."""
    await interrupt(hass, automated, loaded, MigrationStage.MOVING, time)
    await time.until(hass.config_entries.async_remove(automated.entry_id))
    await start(hass, loaded, time)
    assert loaded.state is ConfigEntryState.LOADED


async def test_reload_while_moving(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """A reload before the registries are written finds nothing to finish."""
    await time.until(async_take_over(hass, loaded, automated.entry_id))
    first = snapshot(hass)
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    assert loaded.state is ConfigEntryState.LOADED
    assert snapshot(hass) == first
    await time.move(45)
    assert await stage(hass, loaded) is MigrationStage.MOVED
