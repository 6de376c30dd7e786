"""What is stored of a migration, and what is compared with the registries on disk."""

from collections.abc import Generator
from contextlib import contextmanager
import json
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.account.storage import StorageKey, entry_store
from custom_components.telldus_pa.migration.move import (
    async_revert,
    async_take_over,
    async_taken_over_from,
)
from custom_components.telldus_pa.migration.plan import MigrationAction, make_plan
from custom_components.telldus_pa.migration.records import (
    MigrationRecord,
    MigrationStage,
    MigrationStore,
    async_is_stored,
)
from custom_components.telldus_pa.migration.transfer import (
    forward_transfer,
    reverse_transfer,
)
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.storage import Store
from homeassistant.util.file import WriteError
from tests.conftest import Time

from .conftest import assert_unchanged, device_of, snapshot, take_over


@contextmanager
def full_disk(error: Exception) -> Generator[None]:
    """Have no migration be written that begins; Home Assistant raises or logs that."""
    really = Store._async_write_data  # noqa: SLF001

    async def write(store: Store[Any], data: dict[str, Any]) -> None:
        record = data["data"].get(StorageKey.MIGRATION) or {}
        if record.get("stage") in (MigrationStage.MOVING, MigrationStage.RETURNING):
            raise error
        await really(store, data)

    with patch.object(Store, "_async_write_data", write):
        yield


@pytest.mark.parametrize(
    "error", [OSError("the disk is full"), WriteError("the disk is full")]
)
async def test_record_cannot_be_written(
    hass: HomeAssistant,
    customized: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    error: Exception,
) -> None:
    """Without a record there would be no way back, and none on."""
    before = snapshot(hass)
    with full_disk(error), pytest.raises(OSError, match="full|not written"):
        await time.until(async_take_over(hass, loaded, customized.entry_id))
    await assert_unchanged(hass, before, customized, loaded, time)

    await take_over(hass, customized, loaded, time)
    moved = snapshot(hass)
    with full_disk(error), pytest.raises(OSError, match="full|not written"):
        await time.until(async_revert(hass, loaded))
    await time.move(45)
    assert snapshot(hass) == moved
    assert await async_taken_over_from(hass, loaded) is customized
    assert loaded.state is ConfigEntryState.LOADED
    assert customized.disabled_by is ConfigEntryDisabler.USER


async def test_round_trip(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    registries_on_disk: dict[str, Any],
    time: Time,
) -> None:
    """What is loaded is what was stored, through JSON."""
    await time.move(45)
    dr.async_get(hass).async_update_device(
        device_of(hass, "sensor.plug_power_2"), entry_type=dr.DeviceEntryType.SERVICE
    )
    plan = make_plan(hass, loaded, automated.entry_id)
    record = MigrationRecord(
        automated.entry_id,
        MigrationStage.MOVING,
        forward_transfer(hass, plan),
        reverse_transfer(hass, loaded, plan),
        plan.entities_with(MigrationAction.REPLACED),
    )
    assert record.reverse.device_links
    assert record.replaced
    await MigrationStore(hass, loaded).async_save(record)
    key = f"telldus_pa.{loaded.entry_id}"
    before = json.loads(json.dumps(registries_on_disk[key]["data"]["migration"]))
    registries_on_disk[key]["data"]["migration"] = before
    restored = await MigrationStore(hass, loaded).async_load()
    assert restored
    assert restored.core_entry(hass) is automated
    assert restored.replaced == record.replaced
    assert restored.forward == record.forward
    types = {one.integration_fields["entry_type"] for one in restored.reverse.devices}
    assert types == {None, dr.DeviceEntryType.SERVICE}
    await MigrationStore(hass, loaded).async_save(restored)
    assert registries_on_disk[key]["data"]["migration"] == before


@pytest.mark.parametrize(
    "other",
    [
        {"stage": "archived"},
        {"forward": {}},
        {"reverse": {"entities": [{"registry_id": "1"}]}},
        {"reverse": []},
        {"replaced": ["light.blind"]},
    ],
)
async def test_record_of_another_shape(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    registries_on_disk: dict[str, Any],
    time: Time,
    other: dict[str, Any],
) -> None:
    """A record that a newer version has written stops no account, and is kept."""
    await take_over(hass, automated, loaded, time)
    section = entry_store(hass, StorageKey.MIGRATION, loaded.entry_id)
    record = {**await section.async_load(), **other}
    await section.async_save(record)
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    assert loaded.state is ConfigEntryState.LOADED
    assert await async_taken_over_from(hass, loaded) is None
    await section.async_save({})
    data = registries_on_disk[f"telldus_pa.{loaded.entry_id}"]["data"]
    assert data["migration_unusable"] == record


async def test_compared_with_the_disk(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    registries_on_disk: dict[str, Any],
    time: Time,
) -> None:
    """Whatever lacks on disk is noticed, and so is a file that nobody can read."""
    await take_over(hass, automated, loaded, time)
    record = await MigrationStore(hass, loaded).async_load()
    assert record
    assert await async_is_stored(hass, record)
    lamp = er.async_get(hass).async_get("light.bedroom")
    assert lamp
    for key, rows, row_id in (
        (er.STORAGE_KEY, "entities", lamp.id),
        (dr.STORAGE_KEY, "devices", lamp.device_id),
    ):
        good = registries_on_disk[key]
        bad = json.loads(json.dumps(good))
        (row,) = (one for one in bad["data"][rows] if one["id"] == row_id)
        row["config_entry_id"] = automated.entry_id
        for broken in (
            bad,
            {**good, "data": {rows: [{}]}},
            {**good, "version": good["version"] - 1},
        ):
            registries_on_disk[key] = broken
            assert not await async_is_stored(hass, record)
        del registries_on_disk[key]
        assert not await async_is_stored(hass, record)
        registries_on_disk[key] = good
    assert await async_is_stored(hass, record)
