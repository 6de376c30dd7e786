"""What of Home Assistant's own integration belongs to which of our entities and devices.

Nothing is changed here: a plan is data, computed from the lists and the registries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

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
from ..registry.device_info import all_gateways
from .references import users_of_device
from .tellduslive import TELLDUSLIVE_DOMAIN

# Where its entry says how it is connected.
_CORE_SESSION: Final = "session"

# What Home Assistant's own integration calls a value whatever its scale is, by the only
# scale of which that is true. A value that it does not know has no unit there and no
# statistics that another unit could stop.
_RIGHT_SCALES: Final = {
    "temp": 0,
    "humidity": 0,
    "rrate": 0,
    "rtot": 0,
    "wdir": 0,
    "wavg": 0,
    "wgust": 0,
    "uv": 0,
    "watt": 2,
    "lum": 1,
    "dewp": 0,
    "barpress": 0,
}


class MigrationAction(StrEnum):
    """What becomes of an entity of Home Assistant's own integration."""

    # It becomes ours, entity id, history and all.
    MOVES = "moves"
    # Another platform shows it here: what refers to its entity id must be changed.
    REPLACED = "replaced"
    # Its unit was wrong: ours begins anew, since another unit would stop its statistics.
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class EntityMigration:
    """An entity of theirs, and the unique id and the platform that it has here."""

    entity_id: str
    unique_id: str
    platform: Platform
    fate: MigrationAction


@dataclass(frozen=True, slots=True)
class DeviceMigration:
    """Devices of theirs that are one thing here, by registry id, with its identifiers.

    The survivor is the one that becomes ours.
    """

    device_ids: tuple[str, ...]
    identifiers: frozenset[str]
    primary_device_id: str


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """Everything that belongs together, in the order of our lists."""

    core_id: str
    entities: tuple[EntityMigration, ...]
    devices: tuple[DeviceMigration, ...]

    def of(self, fate: MigrationAction) -> tuple[EntityMigration, ...]:
        """Return the entities that have a fate."""
        return tuple(move for move in self.entities if move.fate is fate)


@callback
def entity_id_of(hass: HomeAssistant, move: EntityMigration) -> str:
    """Return the entity id that ours has from then on, in place of one that stays.

    It has theirs but for the platform, unless something else has that.
    """
    registry = er.async_get(hass)
    ours = registry.async_get_entity_id(move.platform, DOMAIN, move.unique_id)
    wanted = f"{move.platform}.{split_entity_id(move.entity_id)[1]}"
    if ours and (
        move.fate is MigrationAction.KEPT
        or registry.async_is_registered(wanted)
        or not hass.states.async_available(wanted)
    ):
        return ours
    return wanted


def make_plan(
    hass: HomeAssistant, entry: TelldusConfigEntry, core_id: str
) -> MigrationPlan:
    """Return what a core entry has of this account; empty where it is another account's.

    What is newer than ours is left out: it would take the place of years of history.
    """
    registry = er.async_get(hass)
    theirs = {
        row.unique_id: row
        for row in er.async_entries_for_config_entry(registry, core_id)
    }
    return MigrationPlan(
        core_id,
        entities=tuple(
            EntityMigration(
                row.entity_id, unique_id, platform, _fate(row, platform, right=right)
            )
            for core_unique_id, unique_id, platform, right in _entities(entry)
            if (row := theirs.get(core_unique_id))
            and _is_older(row, _entity_of(registry, platform, unique_id))
        ),
        devices=tuple(_device_moves(hass, entry, core_id)),
    )


def _is_older(
    theirs: er.RegistryEntry | dr.DeviceEntry,
    ours: er.RegistryEntry | dr.DeviceEntry | None,
) -> bool:
    """Return whether theirs was there before ours."""
    return ours is None or theirs.created_at <= ours.created_at


def _entity_of(
    registry: er.EntityRegistry, platform: Platform, unique_id: str
) -> er.RegistryEntry | None:
    """Return our entity, if there is one already."""
    entity_id = registry.async_get_entity_id(platform, DOMAIN, unique_id)
    return registry.async_get(entity_id) if entity_id else None


def _fate(row: er.RegistryEntry, platform: Platform, *, right: bool) -> MigrationAction:
    """Return what becomes of an entity."""
    if not right:
        return MigrationAction.KEPT
    return MigrationAction.MOVES if row.domain == platform else MigrationAction.REPLACED


def _entities(entry: TelldusConfigEntry) -> Iterator[tuple[str, str, Platform, bool]]:
    """Return their unique id, ours, our platform, and whether their unit was right."""
    data = entry.runtime_data
    for device in data.devices.data.values():
        kind = data.devices.topology.kinds[device.id]
        if platform := dict(entity_parts(device, kind)).get(MAIN_ENTITY):
            yield device.id, device_unique_id(entry, device.id), platform, True
    for sensor in data.sensors.data.values():
        for value in sensor.values.values():
            yield (
                f"_{sensor.id}-{value.name}-{value.scale}",
                entity_unique_id(sensor_unique_id(entry, sensor.id), value_key(value)),
                Platform.SENSOR,
                _RIGHT_SCALES.get(value.name, value.scale) == value.scale,
            )


def _device_moves(
    hass: HomeAssistant, entry: TelldusConfigEntry, core_id: str
) -> Iterator[DeviceMigration]:
    """Return which devices of theirs are which of ours."""
    registry = dr.async_get(hass)
    for core_ids, identifiers in _things(entry):
        ours = [
            registry.async_get_device_by_identifier((DOMAIN, one), entry.entry_id)
            for one in identifiers
        ]
        found = tuple(
            device.id
            for one in core_ids
            if (
                device := registry.async_get_device_by_identifier(
                    (TELLDUSLIVE_DOMAIN, one), core_id
                )
            )
            and all(_is_older(device, one) for one in ours)
        )
        if found:
            # Automations that people click together name devices, and only one stays.
            survivor = max(found, key=lambda one: len(users_of_device(hass, one)))
            yield DeviceMigration(found, identifiers, survivor)


def _things(
    entry: TelldusConfigEntry,
) -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
    """Return their identifiers and ours: of gateways, devices, and sensors of their own."""
    data = entry.runtime_data
    for gateway_id in all_gateways(data):
        yield (gateway_id,), frozenset((gateway_unique_id(entry, gateway_id),))
    for device in data.devices.data.values():
        ours = frozenset((device_unique_id(entry, device.id),))
        if sensor := data.sensors.sensor_for_device(device):
            ours |= {sensor_unique_id(entry, sensor.id)}
            yield (device.id, f"_{sensor.id}"), ours
        else:
            yield (device.id,), ours
    devices = data.devices
    for sensor in data.sensors.data.values():
        if devices.topology.device_for_sensor(sensor, devices.data) is None:
            yield (f"_{sensor.id}",), frozenset((sensor_unique_id(entry, sensor.id),))
