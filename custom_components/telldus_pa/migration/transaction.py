"""Changes to the entity and device registries that can be rolled back.

The stored reverse transfer cannot serve for that: it is about tellduslive's rows alone,
while a migration also removes and changes rows of this integration. So each row is kept as
it was before its first change.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback, split_entity_id
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.typing import UNDEFINED

from ..const import DOMAIN, LOGGER
from ..data import TelldusConfigEntry
from .customization import async_customizations
from .plan import EntityMigration, new_entity_id
from .transfer import (
    DEVICE_FIELDS,
    DEVICE_USER_FIELDS,
    Devices,
    DeviceTransfer,
    EntityTransfer,
    RegistryTransfer,
    devices_with_identifiers,
    existing_devices,
    merged_user_fields,
    to_json,
)

# The fields of an entity that its integration sets. Of a removed entity, Home Assistant
# keeps only those that the user sets.
_ENTITY_FIELDS: Final = (
    "capabilities",
    "device_id",
    "entity_category",
    "has_entity_name",
    "object_id_base",
    "original_device_class",
    "original_icon",
    "original_name",
    "suggested_object_id",
    "supported_features",
    "translation_key",
    "unit_of_measurement",
)
# Those that a transaction changes, besides the entity id and the options.
_CHANGED_FIELDS: Final = (
    "aliases",
    "area_id",
    "categories",
    "device_id",
    "disabled_by",
    "hidden_by",
    "icon",
    "labels",
    "name",
)


class RegistryTransaction:
    """Gives entities and devices to another entry; commit it, or roll it back.

    Neither entry may be loaded. Entities go before their devices, in both directions: Home
    Assistant removes the entities of an entry whose device has left it.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize the transaction."""
        self._hass = hass
        self._entities = er.async_get(hass)
        self._devices = dr.async_get(hass)
        # The rows before their first change, by registry id, in the order of the changes.
        self._entities_before: dict[str, er.RegistryEntry] = {}
        self._devices_before: dict[str, dr.DeviceEntry] = {}

    @callback
    def async_apply(
        self,
        transfer: RegistryTransfer,
        giver: ConfigEntry[Any],
        receiver: ConfigEntry[Any],
        *,
        skip_failures: bool = False,
    ) -> None:
        """Give everything that still belongs to the giver to the receiver.

        Raises what a registry raises, unless failures are skipped: then the rest is given.
        """
        for step in self._steps(transfer, giver, receiver):
            try:
                step()
            except Exception:
                if not skip_failures:
                    raise
                LOGGER.exception("Part of a migration failed")

    def _steps(
        self,
        transfer: RegistryTransfer,
        giver: ConfigEntry[Any],
        receiver: ConfigEntry[Any],
    ) -> Iterator[Callable[[], None]]:
        """Iterate over the changes, each computed when those before it are made."""
        for entity_transfer in transfer.entities:
            entity = self._entities.async_get(entity_transfer.registry_id)
            if entity and entity.config_entry_id == giver.entry_id:
                yield partial(self._move_entity, entity, receiver, entity_transfer)
        for registry_id, device_id in transfer.device_links:
            if entity := self._entities.async_get(registry_id):
                yield partial(self._set_device, entity, self._existing(device_id))
        for device_transfer in transfer.devices:
            for device in existing_devices(self._hass, (device_transfer.device_id,)):
                # After a power cut, it may be the receiver's already.
                yield partial(self._unlink, device, giver)
                if device.config_entry_id == giver.entry_id:
                    yield partial(self._move_device, device, receiver, device_transfer)
        for registry_id, entity_id in transfer.helper_entity_ids:
            yield partial(self._give_back_entity_id, registry_id, entity_id)

    @callback
    def async_copy_customizations(
        self, migration: EntityMigration, entry: TelldusConfigEntry
    ) -> None:
        """Copy the entity id and all that the user has set to the entity here.

        The platform of a registry entry cannot change, so tellduslive keeps its own.
        """
        target = self._entities.async_get_or_create(
            migration.platform, DOMAIN, migration.unique_id, config_entry=entry
        )
        self._entities_before.setdefault(target.id, target)
        customizations = async_customizations(self._hass, migration, target)
        entity_id = new_entity_id(self._hass, migration)
        if migration.helper_id:
            self._free_entity_id(entity_id)
        target = self._entities.async_update_entity(
            target.entity_id, new_entity_id=entity_id, **customizations.fields
        )
        for domain, options in customizations.options.items():
            self._entities.async_update_entity_options(
                target.entity_id, domain, options
            )
        if customizations.area_id:
            self._set_area(target, customizations.area_id)

    @callback
    def async_commit(self, receiver: ConfigEntry[Any]) -> None:
        """Remove the devices that were replaced; there is no roll-back after this."""
        for device in dr.async_entries_for_config_entry(
            self._devices, receiver.entry_id
        ):
            if device.identifiers == {(DOMAIN, device.id)}:
                self._devices.async_remove_device(device.id)

    @callback
    def async_roll_back(self) -> None:
        """Restore the rows that were changed, the last one first, entities first.

        A row that cannot be restored does not stop the others; its error is raised then.
        """
        with ExitStack() as restore:
            for device in self._devices_before.values():
                restore.callback(self._restore_device, device)
            for entity in self._entities_before.values():
                restore.callback(self._restore_entity, entity)

    def _restore_entity(self, before: er.RegistryEntry) -> None:
        """Restore an entity, and have it back if it was removed."""
        entity = self._entities.async_get(before.id)
        if entity is None:
            entity = self._entities.async_get_or_create(
                before.domain,
                before.platform,
                before.unique_id,
                config_entry=self._hass.config_entries.async_get_entry(
                    before.config_entry_id or ""
                ),
                **{name: getattr(before, name) for name in _ENTITY_FIELDS},
            )
        elif entity.platform != before.platform:
            self._entities.async_update_entity_platform(
                entity.entity_id,
                before.platform,
                new_config_entry_id=before.config_entry_id or UNDEFINED,
                new_unique_id=before.unique_id,
                new_device_id=before.device_id,
            )
        if entity.entity_id != before.entity_id and self._entities.async_is_registered(
            before.entity_id
        ):
            # An entity that is restored later has it for now.
            self._free_entity_id(before.entity_id)
        entity = self._entities.async_update_entity(
            entity.entity_id,
            new_entity_id=before.entity_id,
            **{name: getattr(before, name) for name in _CHANGED_FIELDS},
        )
        for domain in entity.options.keys() | before.options.keys():
            self._entities.async_update_entity_options(
                entity.entity_id, domain, before.options.get(domain)
            )

    def _restore_device(self, before: dr.DeviceEntry) -> None:
        """Restore a device."""
        self._devices.async_update_device(
            before.id,
            new_config_entry_id=before.config_entry_id,
            new_identifiers=before.identifiers,
            **{
                name: getattr(before, name)
                for name in (*DEVICE_USER_FIELDS, *DEVICE_FIELDS)
            },
        )

    def _existing(self, device_id: str | None) -> str | None:
        """Return a device id if there is such a device, else None."""
        return device_id if device_id and self._devices.async_get(device_id) else None

    def _move_entity(
        self,
        entity: er.RegistryEntry,
        receiver: ConfigEntry[Any],
        transfer: EntityTransfer,
    ) -> None:
        """Give an entity to another entry, in place of the one with its unique id there."""
        if replaced_id := self._entities.async_get_entity_id(
            entity.domain, receiver.domain, transfer.unique_id
        ):
            replaced = self._entities.entities[replaced_id]
            self._entities_before.setdefault(replaced.id, replaced)
            self._entities.async_remove(replaced_id)
        self._entities_before.setdefault(entity.id, entity)
        self._entities.async_update_entity_platform(
            entity.entity_id,
            receiver.domain,
            new_config_entry_id=receiver.entry_id,
            new_unique_id=transfer.unique_id,
            new_device_id=self._existing(transfer.device_id),
        )

    def _give_back_entity_id(self, registry_id: str, entity_id: str) -> None:
        """Give an entity of a helper the entity id that one of this integration has taken."""
        helper = self._entities.async_get(registry_id)
        holder = self._entities.async_get(entity_id)
        if helper is None or (holder and holder.platform != DOMAIN):
            return
        if holder:
            self._free_entity_id(entity_id)
        self._entities_before.setdefault(helper.id, helper)
        self._entities.async_update_entity(helper.entity_id, new_entity_id=entity_id)

    def _free_entity_id(self, entity_id: str) -> None:
        """Rename the entity that has an entity id."""
        entity = self._entities.entities[entity_id]
        self._entities_before.setdefault(entity.id, entity)
        domain, object_id = split_entity_id(entity_id)
        self._entities.async_update_entity(
            entity_id,
            new_entity_id=self._entities.async_get_available_entity_id(
                domain, object_id
            ),
        )

    def _set_device(self, entity: er.RegistryEntry, device_id: str | None) -> None:
        """Set the device that an entity belongs to."""
        self._entities_before.setdefault(entity.id, entity)
        self._entities.async_update_entity(entity.entity_id, device_id=device_id)

    def _set_area(self, entity: er.RegistryEntry, area_id: str) -> None:
        """Set the area of an entity, or of its device if only that may have one.

        Since Home Assistant 2026.10, an entity without a name of its own has its device's.
        """
        try:
            self._entities.async_update_entity(entity.entity_id, area_id=area_id)
        except ValueError:
            for device in existing_devices(self._hass, (entity.device_id or "",)):
                if not device.area_id:
                    self._devices_before.setdefault(device.id, device)
                    self._devices.async_update_device(device.id, area_id=area_id)

    def _unlink(self, device: dr.DeviceEntry, giver: ConfigEntry[Any]) -> None:
        """Keep the entities that stay: Home Assistant would remove them with the device."""
        for entity in self._entities_of(device):
            if entity.config_entry_id == giver.entry_id:
                self._set_device(entity, None)

    def _move_device(
        self,
        device: dr.DeviceEntry,
        receiver: ConfigEntry[Any],
        transfer: DeviceTransfer,
    ) -> None:
        """Give a device to another entry, in place of those with its identifiers there."""
        replaced = devices_with_identifiers(self._hass, receiver, transfer.identifiers)
        for other in replaced:
            self._set_placeholder_identifier(other)
        self._devices_before.setdefault(device.id, device)
        self._devices.async_update_device(
            device.id,
            new_config_entry_id=receiver.entry_id,
            new_identifiers={
                (receiver.domain, identifier) for identifier in transfer.identifiers
            },
            **self._user_fields(device, transfer, replaced),
            **self._integration_fields(transfer),
        )
        for other in replaced:
            for entity in self._entities_of(other):
                self._set_device(entity, device.id)

    def _entities_of(self, device: dr.DeviceEntry) -> list[er.RegistryEntry]:
        """List the entities of a device, disabled ones included."""
        return er.async_entries_for_device(
            self._entities, device.id, include_disabled_entities=True
        )

    def _user_fields(
        self, device: dr.DeviceEntry, transfer: DeviceTransfer, replaced: Devices
    ) -> dict[str, Any]:
        """Combine what the user has set for the devices that become one.

        On the way back, what a device got by becoming one is undone, unless the user has
        changed it since.
        """
        merged = existing_devices(self._hass, transfer.merged_device_ids)
        fields = merged_user_fields(device, (*merged, *replaced))
        for name, (before, after) in transfer.user_fields.items():
            if to_json(getattr(device, name)) == after:
                fields[name] = set(before) if isinstance(before, list) else before
        return fields

    def _integration_fields(self, transfer: DeviceTransfer) -> dict[str, Any]:
        """Return the receiver's own fields, without a ``via_device_id`` that was removed since."""
        fields = {**transfer.integration_fields}
        if "via_device_id" in fields:
            fields["via_device_id"] = self._existing(fields["via_device_id"])
        return fields

    def _set_placeholder_identifier(self, device: dr.DeviceEntry) -> None:
        """Free the identifiers of a device that is removed on commit."""
        self._devices_before.setdefault(device.id, device)
        self._devices.async_update_device(
            device.id, new_identifiers={(DOMAIN, device.id)}
        )
