"""The stored record of a migration, and whether the registries on disk agree with it.

Home Assistant writes its registries some seconds after a change, and offers no way to
hurry that. Until they are found on disk as they are in memory, a record says which way the
migration goes; a start after a power cut finishes it.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from homeassistant.config_entries import (
    STORAGE_KEY,
    STORAGE_VERSION,
    STORAGE_VERSION_MINOR,
    ConfigEntry,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.storage import Store

from ..account.storage import StorageKey, entry_store
from ..data import TelldusConfigEntry
from .plan import EntityMigration, MigrationAction
from .transfer import RegistryTransfer, existing_devices

# The registries' files: key, version, minor version, and the key of the rows.
_FILES: Final = (
    (er.STORAGE_KEY, er.STORAGE_VERSION_MAJOR, er.STORAGE_VERSION_MINOR, "entities"),
    (dr.STORAGE_KEY, dr.STORAGE_VERSION_MAJOR, dr.STORAGE_VERSION_MINOR, "devices"),
)


class MigrationStage(StrEnum):
    """How far a migration has come."""

    # Moving over; the registries on disk may be older.
    MOVING = "moving"
    # Moved over, on disk as well.
    MOVED = "moved"
    # Going back; once that is on disk, this integration's entry is disabled.
    RETURNING = "returning"
    # Rolled back after a failure; the registries on disk may be of the time before that.
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class MigrationRecord:
    """A migration from an entry of tellduslive, in both directions."""

    core_entry_id: str
    stage: MigrationStage
    forward: RegistryTransfer
    reverse: RegistryTransfer
    replaced: tuple[EntityMigration, ...] = ()

    @property
    def is_taken_over(self) -> bool:
        """Return whether this integration has what it describes."""
        return self.stage in (MigrationStage.MOVING, MigrationStage.MOVED)

    def core_entry(self, hass: HomeAssistant) -> ConfigEntry[Any] | None:
        """Look up the entry of tellduslive, None if it was removed."""
        return hass.config_entries.async_get_entry(self.core_entry_id)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> MigrationRecord:
        """Build a record from the storage."""
        return cls(
            stored["core_entry_id"],
            MigrationStage(stored["stage"]),
            RegistryTransfer.from_dict(stored["forward"]),
            RegistryTransfer.from_dict(stored["reverse"]),
            tuple(
                EntityMigration(
                    one["entity_id"],
                    one["unique_id"],
                    Platform(one["platform"]),
                    MigrationAction(one["action"]),
                    one["helper_id"],
                )
                for one in stored["replaced"]
            ),
        )


def _usable(stored: dict[str, Any]) -> dict[str, Any]:
    """Return a stored record. Raises ValueError where none can be built from it."""
    try:
        MigrationRecord.from_dict(stored)
    except (LookupError, TypeError) as err:
        raise ValueError(f"no record: {err!r}") from err
    return stored


class MigrationStore:
    """The stored record of an entry of this integration."""

    def __init__(self, hass: HomeAssistant, entry: TelldusConfigEntry) -> None:
        """Initialize the store."""
        self._store = entry_store(hass, StorageKey.MIGRATION, entry.entry_id, _usable)

    async def async_load(self) -> MigrationRecord | None:
        """Load the record, None if there is none."""
        stored = await self._store.async_load()
        return MigrationRecord.from_dict(stored) if stored else None

    async def async_begin(self, record: MigrationRecord) -> None:
        """Store a record before anything is changed. Raises OSError where it is not on disk."""
        await self._store.async_save(asdict(record), read_back=True)

    async def async_save(self, record: MigrationRecord) -> None:
        """Store how far a migration has come."""
        await self._store.async_save(asdict(record))

    async def async_remove(self) -> None:
        """Remove the record."""
        await self._store.async_remove()


async def async_is_stored(hass: HomeAssistant, record: MigrationRecord) -> bool:
    """Return whether the registries on disk have what those in memory have.

    Only the rows that the record is about are compared. False if a file cannot be read.
    """
    stored: dict[str, tuple[str | None, str | None]] = {}
    for file in _FILES:
        rows = await _async_read(hass, *file)
        try:
            stored |= {
                row["id"]: (row["config_entry_id"], row.get("entity_id"))
                for row in rows
            }
        except KeyError:
            return False
    return all(stored.get(row_id) == row for row_id, row in _rows(hass, record))


async def async_is_stored_as_disabled(
    hass: HomeAssistant, entry: TelldusConfigEntry
) -> bool:
    """Tell whether an entry is disabled on disk."""
    rows = await _async_read(
        hass, STORAGE_KEY, STORAGE_VERSION, STORAGE_VERSION_MINOR, "entries"
    )
    return any(
        row.get("entry_id") == entry.entry_id and row.get("disabled_by") for row in rows
    )


async def _async_read(
    hass: HomeAssistant, file: str, version: int, minor_version: int, rows: str
) -> list[dict[str, Any]]:
    """Read the rows of one of Home Assistant's files, none if it has another format."""
    store: Store[dict[str, list[dict[str, Any]]]] = Store(
        hass, version, file, minor_version=minor_version, read_only=True
    )
    try:
        return (await store.async_load() or {}).get(rows, [])
    except NotImplementedError:
        # Of another version, which only Home Assistant knows how to migrate
        return []


def _rows(
    hass: HomeAssistant, record: MigrationRecord
) -> Iterator[tuple[str, tuple[str | None, str | None] | None]]:
    """Iterate over the registry ids of a record, with the entry and the entity id of each."""
    registry = er.async_get(hass)
    ids = [one.registry_id for one in record.reverse.entities]
    ids += [registry_id for registry_id, _ in record.reverse.helper_entity_ids]
    for registry_id in ids:
        entity = registry.async_get(registry_id)
        yield (
            registry_id,
            (entity.config_entry_id, entity.entity_id) if entity else None,
        )
    for one in record.reverse.devices:
        found = existing_devices(hass, (one.device_id,))
        yield one.device_id, (found[0].config_entry_id, None) if found else None
