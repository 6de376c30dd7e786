"""What a migration gives to another entry, and what goes back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..data import TelldusConfigEntry
from .plan import DeviceMigration, MigrationAction, MigrationPlan, helper_entity
from .tellduslive import TELLDUSLIVE_DOMAIN

# The fields of a registry device that its integration sets.
DEVICE_FIELDS: Final = (
    "configuration_url",
    "entry_type",
    "hw_version",
    "manufacturer",
    "model",
    "model_id",
    "name",
    "serial_number",
    "sw_version",
    "via_device_id",
)
# Those that the user sets.
DEVICE_USER_FIELDS: Final = ("name_by_user", "area_id", "labels")

type Devices = tuple[dr.DeviceEntry, ...]


@dataclass(frozen=True, slots=True)
class EntityTransfer:
    """An entity by its registry id, and its unique id and device with its new entry."""

    registry_id: str
    unique_id: str
    device_id: str | None


@dataclass(frozen=True, slots=True)
class DeviceTransfer:
    """A device, and its identifiers with its new entry.

    On the way here, ``merged_device_ids`` are the devices that become one with it. On the
    way back, ``integration_fields`` are the fields that tellduslive had set, by name, and
    ``user_fields`` the user's that changed by becoming one: (value before, value after).
    """

    device_id: str
    identifiers: tuple[str, ...]
    merged_device_ids: tuple[str, ...] = ()
    integration_fields: Mapping[str, Any] = field(default_factory=dict)
    user_fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> DeviceTransfer:
        """Build the transfer of a device from the storage."""
        fields = {**stored["integration_fields"]}
        if entry_type := fields.get("entry_type"):
            fields["entry_type"] = dr.DeviceEntryType(entry_type)
        return cls(
            stored["device_id"],
            tuple(stored["identifiers"]),
            tuple(stored["merged_device_ids"]),
            fields,
            stored["user_fields"],
        )


@dataclass(frozen=True, slots=True)
class RegistryTransfer:
    """Everything that one entry gives to another.

    ``device_links`` are the entities that stay with their entry, by registry id, and the
    device that each is to belong to. ``helper_entity_ids`` are the entities of helpers, by
    registry id, and the entity id that each gets back.
    """

    entities: tuple[EntityTransfer, ...] = ()
    devices: tuple[DeviceTransfer, ...] = ()
    device_links: tuple[tuple[str, str | None], ...] = ()
    helper_entity_ids: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> RegistryTransfer:
        """Build a transfer from the storage."""
        return cls(
            tuple(EntityTransfer(**entity) for entity in stored["entities"]),
            tuple(DeviceTransfer.from_dict(device) for device in stored["devices"]),
            tuple((link[0], link[1]) for link in stored["device_links"]),
            tuple((one[0], one[1]) for one in stored["helper_entity_ids"]),
        )

    @callback
    def async_is_pending(self, hass: HomeAssistant, giver: ConfigEntry[Any]) -> bool:
        """Return whether anything of this still belongs to the giver."""
        registry = er.async_get(hass)
        devices = existing_devices(hass, (one.device_id for one in self.devices))
        rows = (registry.async_get(one.registry_id) for one in self.entities)
        return any(
            row is not None and row.config_entry_id == giver.entry_id
            for row in (*rows, *devices)
        )


def forward_transfer(hass: HomeAssistant, plan: MigrationPlan) -> RegistryTransfer:
    """Build what tellduslive gives to this integration."""
    primary_device_ids = {
        device_id: migration.primary_device_id
        for migration in plan.devices
        for device_id in migration.device_ids
    }
    return RegistryTransfer(
        entities=tuple(
            EntityTransfer(
                entity.id, unique_id, primary_device_ids.get(entity.device_id or "")
            )
            for entity, unique_id in _moving_entities(hass, plan)
        ),
        devices=tuple(
            DeviceTransfer(
                migration.primary_device_id,
                tuple(sorted(migration.identifiers)),
                migration.merged_device_ids,
            )
            for migration in plan.devices
        ),
    )


def reverse_transfer(
    hass: HomeAssistant, entry: TelldusConfigEntry, plan: MigrationPlan
) -> RegistryTransfer:
    """Build what tellduslive gets back, from the registries before the migration."""
    moving = [entity for entity, _ in _moving_entities(hass, plan)]
    return RegistryTransfer(
        entities=tuple(
            EntityTransfer(entity.id, entity.unique_id, entity.device_id)
            for entity in moving
        ),
        devices=tuple(
            _reverse_device_transfer(hass, entry, migration, device)
            for migration in plan.devices
            for device in existing_devices(hass, (migration.primary_device_id,))
        ),
        device_links=tuple(
            (entity.id, entity.device_id)
            for entity in er.async_entries_for_config_entry(
                er.async_get(hass), plan.core_entry_id
            )
            if entity not in moving
        ),
        helper_entity_ids=tuple(
            (helper.id, helper.entity_id)
            for migration in plan.entities
            if (helper := helper_entity(hass, migration))
        ),
    )


def _moving_entities(
    hass: HomeAssistant, plan: MigrationPlan
) -> list[tuple[er.RegistryEntry, str]]:
    """List the entities that are moved, and the unique id that each has here."""
    registry = er.async_get(hass)
    return [
        (entity, migration.unique_id)
        for migration in plan.entities_with(MigrationAction.MOVES)
        if (entity := registry.async_get(migration.entity_id))
    ]


def _reverse_device_transfer(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    migration: DeviceMigration,
    device: dr.DeviceEntry,
) -> DeviceTransfer:
    """Build how a device goes back."""
    merged = merged_user_fields(
        device,
        (
            *existing_devices(hass, migration.merged_device_ids),
            *devices_with_identifiers(hass, entry, migration.identifiers),
        ),
    )
    return DeviceTransfer(
        device.id,
        tuple(
            identifier
            for domain, identifier in device.identifiers
            if domain == TELLDUSLIVE_DOMAIN
        ),
        integration_fields={name: getattr(device, name) for name in DEVICE_FIELDS},
        user_fields={
            name: (before, after)
            for name in DEVICE_USER_FIELDS
            if (before := to_json(getattr(device, name)))
            != (after := to_json(merged[name]))
        },
    )


def existing_devices(hass: HomeAssistant, device_ids: Iterable[str]) -> Devices:
    """Look up devices by their registry ids; those that are not there are left out."""
    registry = dr.async_get(hass)
    found = (registry.async_get(device_id) for device_id in device_ids)
    return tuple(device for device in found if isinstance(device, dr.DeviceEntry))


def devices_with_identifiers(
    hass: HomeAssistant, entry: ConfigEntry[Any], identifiers: Iterable[str]
) -> Devices:
    """Look up the devices of an entry that have one of these identifiers, each once."""
    registry = dr.async_get(hass)
    found = (
        registry.async_get_device_by_identifier(
            (entry.domain, identifier), entry.entry_id
        )
        for identifier in identifiers
    )
    return tuple({device.id: device for device in found if device}.values())


def merged_user_fields(device: dr.DeviceEntry, merged: Devices) -> dict[str, Any]:
    """Combine the user's fields of a device and of those that become one with it."""
    devices = (device, *merged)
    return {
        "name_by_user": next(filter(None, (one.name_by_user for one in devices)), None),
        "area_id": next(filter(None, (one.area_id for one in devices)), None),
        "labels": set().union(*(one.labels for one in devices)),
    }


def to_json(value: set[str] | str | None) -> list[str] | str | None:
    """Convert a user's field to what JSON can hold."""
    return sorted(value) if isinstance(value, set) else value
