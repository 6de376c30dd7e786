"""What is stored of a migration, and what is compared with the registries on disk."""

import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.account.storage import StorageKey
from custom_components.telldus_pa.migration.move import async_take_over
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
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.storage import Store
from tests.conftest import Time

from .conftest import assert_unchanged, device_of, snapshot, take_over


async def test_record_cannot_be_written(
    hass: HomeAssistant,
    customized: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a record there would be no way back."""
    before = snapshot(hass)
    really = Store.async_save

    async def save(store: Store[Any], data: Any) -> None:
        if StorageKey.MIGRATION in data:
            raise OSError("the disk is full")
        await really(store, data)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "async_save", save)
        with pytest.raises(OSError, match="full"):
            await time.until(async_take_over(hass, loaded, customized.entry_id))
    await assert_unchanged(hass, before, customized, loaded, time)


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
