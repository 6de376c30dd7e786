"""What is kept on disk, and removed with the entry."""

from collections.abc import Mapping
from datetime import UTC, datetime
import errno
import json
import os
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.account.domain_data import async_get_domain_data
from custom_components.telldus_pa.account.storage import (
    UTC_DATETIME,
    EntryStore,
    StorageKey,
    async_remove_entry_store,
    entry_store,
)
from custom_components.telldus_pa.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.helpers.storage import Store
from simulator import Fault, Simulator
from tests.conftest import AddEntry, Time
from tests.flow_user import FlowUser, keys
from tests.helpers import diagnostics

ROOMS = {"names": {"1": "Hall"}, "suggested": ["2"]}


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Return a folder whose files no other test has written."""
    return hass_tmp_config_dir


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Replace the test package's fixture, so that stores write real files."""
    return {}


@pytest.fixture
def folder(hass_config_dir: str) -> Path:
    """Return the folder of all stores."""
    path = Path(hass_config_dir, ".storage")
    path.mkdir(exist_ok=True)
    return path


def content(path: Path) -> dict[str, Any]:
    """Return the data of a file."""
    data: dict[str, Any] = json.loads(path.read_text())["data"]
    return data


def files(folder: Path) -> list[str]:
    """Return the names of this integration's files."""
    return sorted(path.name for path in folder.glob(f"{DOMAIN}*"))


async def write(hass: HomeAssistant, file: Path, text: str) -> None:
    """Write a file as an earlier run would have."""
    # Home Assistant remembers which files there were when it started.
    store: Store[dict[str, Any]] = Store(hass, 1, file.name)
    await store.async_save({})
    file.write_text(text)


async def test_sections(hass: HomeAssistant, folder: Path, time: Time) -> None:
    """Users of one file do not overwrite each other, whoever loads it first."""
    file = folder / f"{DOMAIN}.1"
    data = {"rooms": ROOMS, "later": {}}
    await write(hass, file, json.dumps({"version": 1, "data": data}))
    await entry_store(hass, StorageKey.PREMIUM, "1").async_save({"is_known": True})
    rooms = entry_store(hass, StorageKey.ROOMS, "1", {"names": {str: str}})
    assert await rooms.async_load() == ROOMS
    await entry_store(hass, StorageKey.PUSH, "1").async_save({})
    assert content(file) == {
        "rooms": ROOMS,
        "later": {},
        "premium": {"is_known": True},
    }
    await rooms.async_remove()
    assert content(file) == {"later": {}, "premium": {"is_known": True}}
    assert await rooms.async_load() == {}


async def test_reloaded_before_it_is_written(hass: HomeAssistant, time: Time) -> None:
    """What is loaded is what a restart would load, also while it waits to be written."""
    when = datetime(2026, 9, 1, tzinfo=UTC)
    saved = entry_store(hass, StorageKey.PUSH, "1")
    assert await saved.async_load() == {}
    saved.async_delay_save(lambda: {"at": when, "ids": ("1", "2")}, 60)
    loaded = await entry_store(hass, StorageKey.PUSH, "1").async_load()
    assert loaded == {"at": when.isoformat(), "ids": ["1", "2"]}
    typed = entry_store(hass, StorageKey.PUSH, "1", {"at": UTC_DATETIME})
    assert (await typed.async_load())["at"] == when


async def test_delayed_saves(hass: HomeAssistant, folder: Path, time: Time) -> None:
    """No user puts off the write that another waits for."""
    file = folder / f"{DOMAIN}.1"
    urgent = entry_store(hass, StorageKey.PUSH, "1")
    slow = entry_store(hass, StorageKey.ROOMS, "1")
    await urgent.async_load()
    for seconds in range(6):
        slow.async_delay_save(lambda: {"names": {}}, 5)
        if seconds == 2:
            urgent.async_delay_save(lambda: {"refused_until": None}, 0.9)
        await time.move(1)
        assert file.exists() is (seconds >= 2)
    assert content(file) == {"push": {"refused_until": None}, "rooms": {"names": {}}}


async def test_unload_writes_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is written after each change is not written again by an unload."""
    written: list[str] = []
    save = EntryStore.async_save

    async def noted(
        self: EntryStore, key: str, data: Mapping[str, Any], **options: bool
    ) -> None:
        written.append(key)
        await save(self, key, data, **options)

    monkeypatch.setattr(EntryStore, "async_save", noted)
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    assert written == [StorageKey.EVENTS]


async def test_saved_before_loaded(hass: HomeAssistant) -> None:
    """A save that would overwrite what nobody has loaded is an error."""
    with pytest.raises(RuntimeError, match="before it was loaded"):
        entry_store(hass, StorageKey.PUSH, "1").async_delay_save(dict)


async def test_full_disk(
    hass: HomeAssistant, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has to know is told; what is in memory is what is on disk then."""
    store = entry_store(hass, StorageKey.ROOMS, "1")
    await store.async_save(ROOMS, read_back=True)
    full = Mock(side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with monkeypatch.context() as patch:
        patch.setattr("homeassistant.util.file.AtomicWriter.open", full)
        with pytest.raises(OSError, match=r"telldus_pa\.1 was not written"):
            await store.async_save({"names": {}}, read_back=True)
        assert await store.async_load() == ROOMS
        # Others go on: Home Assistant logs that.
        await store.async_save({"names": {}})
    assert content(folder / f"{DOMAIN}.1") == {"rooms": ROOMS}
    assert await store.async_load() == {"names": {}}


@pytest.mark.parametrize(
    "text",
    [
        '{"version": 2, "minor_version": 1, "data": {"migration": {}}}',
        '{"version": 0, "minor_version": 1, "data": {}}',
        '{"version": 1, "minor_version": 1}',
        '{"version": 1, "minor_version": 1, "data": ["migration"]}',
        '["migration"]',
        '{"version": 1, "minor_version": 1, "da',
        "",
    ],
)
async def test_unusable_file(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    folder: Path,
    text: str,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A file that cannot be used is kept under another name, until the entry is removed."""
    names = [f"{DOMAIN}.{entry.entry_id}", f"{DOMAIN}.rate_limiter"]
    for name in names:
        await write(hass, folder / name, text)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    assert entry.state is ConfigEntryState.LOADED
    assert hass.states.async_all("light")
    for name in names:
        assert (
            caplog.text.count(f"torage {name} at")
            + caplog.text.count(f"The file {name} cannot be used")
            == 1
        )
        (kept,) = folder.glob(f"{name}.*")
        assert kept.read_text() == text
    assert "rooms" in content(folder / names[0])
    await time.until(hass.config_entries.async_remove(entry.entry_id))
    assert files(folder) == []


@pytest.mark.parametrize("section", [[1], {"names": [], "suggested": 1}, "text", 1])
async def test_unusable_section(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    folder: Path,
    section: Any,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A section that cannot be used stops no account, and costs no other section."""
    file = folder / f"{DOMAIN}.{entry.entry_id}"
    premium = {"is_known": True, "expires_at": None, "had_premium": True}
    data = dict.fromkeys(StorageKey, section) | {
        "premium": {"fetched_at": "2026-09-15T06:00:00+00:00", **premium}
    }
    # Of those that are not plain dicts of known keys
    data["history_import"] = {"remaining": 1}
    await write(hass, file, json.dumps({"version": 1, "data": data}))
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    assert entry.state is ConfigEntryState.LOADED
    assert (await diagnostics(hass, entry))["account"]["premium"]["had_premium"]
    assert caplog.text.count("The stored rooms cannot be used") == 1
    written = content(file)
    assert written["rooms_unusable"] == section
    assert written["history_import_unusable"] == {"remaining": 1}
    assert written["premium"] == data["premium"]


async def test_remove(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    add_entry: AddEntry,
    simulator: Simulator,
    folder: Path,
    device_registry: dr.DeviceRegistry,
    time: Time,
) -> None:
    """Removal leaves nothing behind, once the last account is gone."""
    other = add_entry("guest", unique_id="another-account")
    await entry_store(hass, StorageKey.ROOMS, other.entry_id).async_save({})
    MockConfigEntry(domain="tellduslive").add_to_hass(hass)
    # What Home Assistant stores for an integration that was ignored is no account.
    add_entry(source="ignore", unique_id="ignored")
    simulator.faults.add(Fault.RATE_LIMITED, match="json/devices/list", times=1)
    await time.move(31)
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    shared = await async_get_domain_data(hass)
    assert loaded.entry_id not in shared.auth_failures
    assert files(folder) == [f"{DOMAIN}.{other.entry_id}", f"{DOMAIN}.rate_limiter"]
    await time.until(hass.config_entries.async_remove(other.entry_id))
    assert files(folder) == []
    assert not hass.states.async_all(["light", "switch"])
    assert not list(device_registry.devices)
    assert not [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]
    assert not er.async_get(hass).entities
    # The view cannot be taken back, and what was sent in this minute is not forgotten.
    ours = {str(key) for key in hass.data if str(key).startswith(DOMAIN)}
    assert ours <= {
        f"{DOMAIN}_{name}" for name in ("shared", "stores", "callback_view")
    }
    assert not shared.auth_failures


async def test_saved_after_removal(
    hass: HomeAssistant, folder: Path, time: Time
) -> None:
    """A task that ends late does not bring back the file of a removed entry."""
    section = entry_store(hass, StorageKey.PUSH, "1")
    await section.async_save({"refused_until": None})
    await async_remove_entry_store(hass, "1")
    await section.async_save({"refused_until": None})
    assert files(folder) == []


async def test_migration_cannot_be_undone(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    folder: Path,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The files go, even if what was taken over cannot be given back."""

    async def restore(*_arguments: Any) -> None:
        raise ValueError("the registry rejects it")

    monkeypatch.setattr(
        "custom_components.telldus_pa.async_restore_on_removal", restore
    )
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    assert files(folder) == []


async def test_sign_in_leaves_no_file(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    folder: Path,
    simulator: Simulator,
    time: Time,
) -> None:
    """A sign-in that is begun and left leaves nothing on disk, rate-limited or not."""
    simulator.faults.add(Fault.RATE_LIMITED, match="*", times=1)
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    await time.move(700)
    assert simulator.log
    assert files(folder) == []
