"""What is stored for the way back."""

import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.account.storage import StorageKey
from custom_components.telldus_pa.migration.move import async_revert, async_take_over
from custom_components.telldus_pa.migration.plan import make_plan
from custom_components.telldus_pa.migration.records import (
    MigrationStore,
    reverse_transfer,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
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
        if StorageKey.TAKEOVER in store.key:
            raise OSError("the disk is full")
        await really(store, data)

    monkeypatch.setattr(Store, "async_save", save)
    with pytest.raises(OSError, match="full"):
        await time.until(async_take_over(hass, loaded, customized.entry_id))
    await assert_unchanged(hass, before, customized, loaded, time)


async def test_what_was_chosen_since(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """What a device was given by another goes, unless somebody has changed it."""
    washer = device_of(hass, "sensor.plug_power_2")
    before = snapshot(hass).devices[washer]
    await take_over(hass, automated, loaded, time)
    dr.async_get(hass).async_update_device(washer, name_by_user="Dryer")
    await time.until(async_revert(hass, loaded))
    after = snapshot(hass).devices[washer]
    assert after["name_by_user"] == "Dryer"
    assert after["labels"] == before["labels"]


async def test_round_trip(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    hass_storage: dict[str, Any],
    time: Time,
) -> None:
    """What is loaded is what was stored, through JSON."""
    await time.move(45)
    washer = device_of(hass, "sensor.plug_power_2")
    dr.async_get(hass).async_update_device(
        washer, entry_type=dr.DeviceEntryType.SERVICE
    )
    plan = make_plan(hass, loaded, automated.entry_id)
    transfer = reverse_transfer(hass, loaded, plan)
    await MigrationStore(hass, loaded).async_save(automated.entry_id, transfer)
    key = f"telldus_pa.{StorageKey.TAKEOVER}.{loaded.entry_id}"
    hass_storage[key] = json.loads(json.dumps(hass_storage[key]))
    core_entry, restored = await MigrationStore(hass, loaded).async_load()
    assert core_entry is automated
    assert [one.registry_id for one in restored.entities] == [
        one.registry_id for one in transfer.entities
    ]
    assert restored.device_links == transfer.device_links
    assert transfer.device_links
    for before, after in zip(transfer.devices, restored.devices, strict=True):
        assert after.integration_fields == before.integration_fields
        assert {name: tuple(pair) for name, pair in after.user_fields.items()} == (
            before.user_fields
        )
    types = {one.device_id: one.integration_fields for one in restored.devices}
    assert types[washer]["entry_type"] is dr.DeviceEntryType.SERVICE
