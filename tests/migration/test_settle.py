"""A record says "done" only when the registries on disk have it."""

import asyncio
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.account.storage import StorageKey
from custom_components.telldus_pa.migration.move import async_revert, async_take_over
from homeassistant.config_entries import (
    STORAGE_KEY,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from tests.conftest import Time

from .conftest import break_nth, take_over


def stage(entry: MockConfigEntry, stored: dict[str, Any]) -> str | None:
    """Return the stage of an entry's migration on disk, None without one."""
    data: dict[str, Any] = stored.get(f"telldus_pa.{entry.entry_id}", {}).get(
        "data", {}
    )
    record = data.get(StorageKey.MIGRATION)
    return str(record["stage"]) if record else None


def owner_on_disk(stored: dict[str, Any], entity_id: str) -> str | None:
    """Return the entry to which an entity belongs on disk."""
    rows = stored.get(er.STORAGE_KEY, {"data": {"entities": []}})["data"]["entities"]
    return next(
        (row["config_entry_id"] for row in rows if row["entity_id"] == entity_id), None
    )


def is_disabled(entry: MockConfigEntry, stored: dict[str, Any]) -> bool:
    """Tell whether an entry is disabled on disk."""
    (row,) = (
        row
        for row in stored[STORAGE_KEY]["data"]["entries"]
        if row["entry_id"] == entry.entry_id
    )
    return row["disabled_by"] is not None


async def test_done_when_it_is_on_disk(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    registries_on_disk: dict[str, Any],
    time: Time,
) -> None:
    """Moving over ends when the registries are written, and so does going back."""
    disk = registries_on_disk
    await time.until(async_take_over(hass, loaded, automated.entry_id))
    assert owner_on_disk(disk, "light.bedroom") != loaded.entry_id
    assert stage(loaded, disk) == "moving"
    await time.move(45)
    assert owner_on_disk(disk, "light.bedroom") == loaded.entry_id
    assert stage(loaded, disk) == "moved"

    await time.until(async_revert(hass, loaded))
    assert owner_on_disk(disk, "light.bedroom") == loaded.entry_id
    assert stage(loaded, disk) == "returning"
    # What is disabled would not be loaded after a power cut, and could finish nothing.
    assert (loaded.disabled_by, loaded.state) == (None, ConfigEntryState.NOT_LOADED)
    await time.move(45)
    assert owner_on_disk(disk, "light.bedroom") == automated.entry_id
    assert stage(loaded, disk) is None
    assert loaded.disabled_by is ConfigEntryDisabler.USER


async def test_enabled_again(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    registries_on_disk: dict[str, Any],
    time: Time,
) -> None:
    """The record goes once the disk has ours disabled; whoever enables it at once may."""
    await take_over(hass, automated, loaded, time)
    await time.until(async_revert(hass, loaded))
    while loaded.disabled_by is None:
        await time.move(0.25)
    assert not is_disabled(loaded, registries_on_disk)
    assert stage(loaded, registries_on_disk) == "returning"
    await time.move(2)
    assert is_disabled(loaded, registries_on_disk)
    assert stage(loaded, registries_on_disk) == "returning"
    await time.until(hass.config_entries.async_set_disabled_by(loaded.entry_id, None))
    assert loaded.state is ConfigEntryState.LOADED
    await time.move(120)
    assert stage(loaded, registries_on_disk) is None
    assert str(loaded.state) == "ConfigEntryState.LOADED"


async def test_back_before_it_is_on_disk(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    registries_on_disk: dict[str, Any],
    time: Time,
) -> None:
    """Whoever goes back at once is not told that it is done while it is not."""
    await time.until(async_take_over(hass, loaded, automated.entry_id))
    await time.until(async_revert(hass, loaded))
    assert stage(loaded, registries_on_disk) == "returning"
    await time.move(45)
    assert stage(loaded, registries_on_disk) is None
    assert loaded.disabled_by is ConfigEntryDisabler.USER


async def test_never_on_disk(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    registries_on_disk: dict[str, Any],
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A disk that takes nothing keeps a record open; deleting the entry waits a while."""
    er.async_get(hass)._store.make_read_only()  # noqa: SLF001
    await time.until(async_take_over(hass, loaded, automated.entry_id))
    await time.move(300)
    assert stage(loaded, registries_on_disk) == "moving"
    removal = asyncio.ensure_future(hass.config_entries.async_remove(loaded.entry_id))
    await time.move(50)
    assert not removal.done()
    await time.move(20)
    await removal
    assert "has written nothing" in caplog.text


async def test_rolled_back(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    registries_on_disk: dict[str, Any],
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a failure the record stays until what was rolled back is on disk."""
    break_nth(monkeypatch, er.EntityRegistry, "async_update_entity_platform", 3)
    with pytest.raises(RuntimeError):
        await time.until(async_take_over(hass, loaded, automated.entry_id))
    assert stage(loaded, registries_on_disk) == "cancelled"
    await time.move(45)
    assert stage(loaded, registries_on_disk) is None
    assert loaded.disabled_by is None
