"""Which entities and devices of tellduslive become which of this integration.

Nothing is changed here: a plan is data, computed from the lists and the registries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback, split_entity_id
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN
from ..data import TelldusConfigEntry
from ..devices.kinds import MAIN_ENTITY, entity_parts, value_key
from ..devices.unique_ids import (
    device_unique_id,
    entity_unique_id,
    gateway_unique_id,
    sensor_unique_id,
)
from .helpers import helper_showing
from .references import ReferenceSearch
from .tellduslive import (
    TELLDUSLIVE_DOMAIN,
    has_correct_unit,
    sensor_identifier,
    value_unique_id,
)


class MigrationAction(StrEnum):
    """What is done with an entity of tellduslive."""

    # It is given to this integration, with its entity id and history.
    MOVES = "moves"
    # Its platform is another one here: what refers to its entity id must be changed.
    REPLACED = "replaced"
    # Its unit is wrong. This integration's entity starts new statistics, since those that
    # exist cannot go on in another unit.
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class EntityMigration:
    """An entity of tellduslive, and the unique id and the platform that it has here.

    ``helper_id`` is the entity of a helper, by registry id, that shows it on that platform
    already: the one here takes its place.
    """

    entity_id: str
    unique_id: str
    platform: Platform
    action: MigrationAction
    helper_id: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceMigration:
    """Registry devices of tellduslive that become one device here.

    ``identifiers`` are those that it has here. The primary device keeps its registry id;
    the others stay with tellduslive, without their entities.
    """

    device_ids: tuple[str, ...]
    identifiers: frozenset[str]
    primary_device_id: str

    @property
    def merged_device_ids(self) -> tuple[str, ...]:
        """List the devices that become one with the primary device."""
        return tuple(
            device_id
            for device_id in self.device_ids
            if device_id != self.primary_device_id
        )


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """Everything of an entry of tellduslive that has a counterpart here.

    Both are in the order of this integration's lists.
    """

    core_entry_id: str
    entities: tuple[EntityMigration, ...]
    devices: tuple[DeviceMigration, ...]

    def entities_with(self, action: MigrationAction) -> tuple[EntityMigration, ...]:
        """List the entities with which one thing is done."""
        return tuple(entity for entity in self.entities if entity.action is action)


@callback
def new_entity_id(hass: HomeAssistant, migration: EntityMigration) -> str:
    """Choose the entity id here of an entity that stays with tellduslive.

    It is that of the helper whose place it takes, else the same but for the platform, unless
    another entity has that.
    """
    if helper := helper_entity(hass, migration):
        return helper.entity_id
    registry = er.async_get(hass)
    current = registry.async_get_entity_id(
        migration.platform, DOMAIN, migration.unique_id
    )
    wanted = f"{migration.platform}.{split_entity_id(migration.entity_id)[1]}"
    if current and (
        migration.action is MigrationAction.KEPT
        or registry.async_is_registered(wanted)
        or not hass.states.async_available(wanted)
    ):
        return current
    return wanted


@callback
def helper_entity(
    hass: HomeAssistant, migration: EntityMigration
) -> er.RegistryEntry | None:
    """Look up the entity of the helper whose place is taken, None if there is none."""
    helper_id = migration.helper_id
    return er.async_get(hass).async_get(helper_id) if helper_id else None


def make_plan(
    hass: HomeAssistant, entry: TelldusConfigEntry, core_entry_id: str
) -> MigrationPlan:
    """Plan what an entry takes over; the plan is empty for another account's entities.

    What is newer than its counterpart here is left out: taking it over would remove years
    of history here.
    """
    registry = er.async_get(hass)
    core_entities = {
        entity.unique_id: entity
        for entity in er.async_entries_for_config_entry(registry, core_entry_id)
    }
    return MigrationPlan(
        core_entry_id,
        entities=tuple(
            EntityMigration(
                core_entity.entity_id,
                unique_id,
                platform,
                action := _action(core_entity, platform, correct_unit=correct_unit),
                helper_showing(hass, core_entity, platform)
                if action is MigrationAction.REPLACED
                else None,
            )
            for core_unique_id, unique_id, platform, correct_unit in _entities(entry)
            if (core_entity := core_entities.get(core_unique_id))
            and _is_older(core_entity, _registered(registry, platform, unique_id))
        ),
        devices=tuple(_device_migrations(hass, entry, core_entry_id)),
    )


def _is_older(
    core_row: er.RegistryEntry | dr.DeviceEntry,
    row: er.RegistryEntry | dr.DeviceEntry | None,
) -> bool:
    """Return whether tellduslive's was registered before its counterpart here, if any."""
    return row is None or core_row.created_at <= row.created_at


def _registered(
    registry: er.EntityRegistry, platform: Platform, unique_id: str
) -> er.RegistryEntry | None:
    """Look up an entity of this integration."""
    entity_id = registry.async_get_entity_id(platform, DOMAIN, unique_id)
    return registry.async_get(entity_id) if entity_id else None


def _action(
    core_entity: er.RegistryEntry, platform: Platform, *, correct_unit: bool
) -> MigrationAction:
    """Decide what is done with an entity."""
    if not correct_unit:
        return MigrationAction.KEPT
    if core_entity.domain == platform:
        return MigrationAction.MOVES
    return MigrationAction.REPLACED


def _entities(entry: TelldusConfigEntry) -> Iterator[tuple[str, str, Platform, bool]]:
    """Iterate over the entities that tellduslive may have.

    Yields the unique id there, the unique id and the platform here, and whether the unit
    there is correct.
    """
    data = entry.runtime_data
    for device in data.devices.data.values():
        kind = data.devices.topology.kinds[device.id]
        if platform := dict(entity_parts(device, kind)).get(MAIN_ENTITY):
            yield device.id, device_unique_id(entry, device.id), platform, True
    for sensor in data.sensors.data.values():
        for value in sensor.values.values():
            yield (
                value_unique_id(sensor.id, value),
                entity_unique_id(sensor_unique_id(entry, sensor.id), value_key(value)),
                Platform.SENSOR,
                has_correct_unit(value),
            )


def _device_migrations(
    hass: HomeAssistant, entry: TelldusConfigEntry, core_entry_id: str
) -> Iterator[DeviceMigration]:
    """Iterate over the devices that tellduslive has and that are not newer there."""
    registry = dr.async_get(hass)
    search = ReferenceSearch(hass)
    for core_identifiers, identifiers in _devices(entry):
        counterparts = [
            registry.async_get_device_by_identifier(
                (DOMAIN, identifier), entry.entry_id
            )
            for identifier in identifiers
        ]
        device_ids = tuple(
            device.id
            for identifier in core_identifiers
            if (
                device := registry.async_get_device_by_identifier(
                    (TELLDUSLIVE_DOMAIN, identifier), core_entry_id
                )
            )
            and all(_is_older(device, counterpart) for counterpart in counterparts)
        )
        if device_ids:
            # Automations made in the user interface name devices; only the primary
            # device keeps its registry id.
            primary_device_id = max(
                device_ids,
                key=lambda device_id: len(search.users_of_device(device_id)),
            )
            yield DeviceMigration(device_ids, identifiers, primary_device_id)


def _devices(
    entry: TelldusConfigEntry,
) -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
    """Iterate over gateways, devices, and sensors that belong to no device.

    Yields the identifiers that tellduslive has for each, and those that it has here.
    """
    data = entry.runtime_data
    for gateway_id in data.connection_status.gateways:
        yield (gateway_id,), frozenset((gateway_unique_id(entry, gateway_id),))
    for device in data.devices.data.values():
        identifiers = frozenset((device_unique_id(entry, device.id),))
        if sensor := data.sensors.sensor_for_device(device):
            identifiers |= {sensor_unique_id(entry, sensor.id)}
            yield (device.id, sensor_identifier(sensor.id)), identifiers
        else:
            yield (device.id,), identifiers
    for sensor in data.sensors.data.values():
        if data.devices.topology.device_for_sensor(sensor, data.devices.data) is None:
            yield (
                (sensor_identifier(sensor.id),),
                frozenset((sensor_unique_id(entry, sensor.id),)),
            )
