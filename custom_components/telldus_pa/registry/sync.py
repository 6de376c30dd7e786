"""Keeps Home Assistant's registries up to date with what Telldus has.

New devices are added by the platforms. Gateways, new names and other kinds are handled
here, before the platforms are notified, and so is the removal of what Telldus no longer has
(``StaleTracker``).
"""

from collections.abc import Callable, Iterable, Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntry, DeviceInfo

from ..const import DOMAIN, LOGGER
from ..coordinator import TelldusItemCoordinator, TelldusUpdateCoordinator
from ..data import TelldusConfigEntry
from ..devices.kinds import BATTERY, BATTERY_LOW, entities_of_sensor, entity_parts
from ..devices.unique_ids import (
    account_unique_id,
    device_unique_id,
    entity_unique_id,
    gateway_unique_id,
    sensor_unique_id,
)
from .device_info import account_info, device_info, gateway_info, sensor_info

# What is missing for so many seconds and in so many lists is removed.
_STALE_AFTER: Final = 24 * 3600.0
_STALE_AFTER_LISTS: Final = 20

type UniqueIdFunction = Callable[[TelldusConfigEntry, str], str]


@dataclass(slots=True)
class _Absence:
    """Something that the last lists did not have. ``since_at`` is monotonic, in seconds."""

    since_at: float
    lists: int = 0


@dataclass(slots=True)
class StaleTracker:
    """Decides what is stale, and not merely missing for a while."""

    _missing: dict[str, _Absence] = field(default_factory=dict)

    def note(
        self, known: AbstractSet[str], present: AbstractSet[str], now: float
    ) -> set[str]:
        """Count a list; return the ids of ``known`` that are stale.

        ``now`` is monotonic, in seconds. Nothing is stale while more than half of the rest
        is missing as well: then something is wrong with the list.
        """
        self._missing = {
            one: self._missing.get(one) or _Absence(now) for one in known - present
        }
        for one in self._missing.values():
            one.lists += 1
        if 2 * len(known & present) < len(known) - 1:
            return set()
        return {
            key
            for key, one in self._missing.items()
            if one.lists >= _STALE_AFTER_LISTS and now - one.since_at >= _STALE_AFTER
        }


@dataclass(frozen=True, slots=True)
class Presence:
    """What a list and the registries have: identifiers of devices, or ids of entities.

    ``hidden`` are those that the user hid at Telldus: they are removed at once.
    """

    present: set[str]
    registered: set[str]
    hidden: frozenset[str] = frozenset()


class RegistrySync:
    """Keeps the registries of one account's entry.

    A "thing" is a gateway, a device or a sensor, by the id that it has in both
    registries: the identifier of a registry device, and what the unique ids of its
    entities begin with.
    """

    def __init__(self, hass: HomeAssistant, entry: TelldusConfigEntry) -> None:
        """Initialize the sync."""
        self._entry = entry
        self._data = entry.runtime_data
        self._registry = dr.async_get(hass)
        self._entities = er.async_get(hass)
        # The newest device info by thing.
        self._infos: dict[str, dict[str, Any]] = {}

    @callback
    def async_start(self) -> None:
        """Register what there is, and follow the lists.

        The account and its gateways come first: what points at them must find them.
        """
        data = self._data
        self._registry.async_get_or_create(
            config_entry_id=self._entry.entry_id, **account_info(self._entry)
        )
        for coordinator in (data.devices, data.sensors, data.gateways):
            self._follow(coordinator, self._async_register_gateways)
        self._follow(data.devices, self._async_update_devices)
        self._follow(data.sensors, self._async_update_sensors)
        for coordinator, presence in (
            (data.devices, self._devices_presence),
            (data.sensors, self._sensors_presence),
            (data.sensors, self._values_presence),
            (data.gateways, self._gateways_presence),
        ):
            self._watch(coordinator, presence)

    @callback
    def async_suggest_areas(self) -> None:
        """Suggest areas for devices whose rooms are known."""
        for device in self._data.devices.data.values():
            self._data.rooms.async_suggest(
                device, self._device_entry(device_unique_id(self._entry, device.id))
            )

    def is_present(self, thing: str) -> bool:
        """Return whether Telldus has a thing; so it is while its list was not received."""
        data = self._data
        if thing == account_unique_id(self._entry):
            return True
        return thing in self._present_gateways() or (
            thing in self._present(data.devices, device_unique_id)
            or thing in self._present(data.sensors, sensor_unique_id)
            or (
                not data.sensors.success_count
                and thing.startswith(sensor_unique_id(self._entry, ""))
            )
        )

    def _follow(
        self, coordinator: TelldusUpdateCoordinator[Any], update: Callable[[], None]
    ) -> None:
        """Call ``update`` now, and whenever the structure of a list changes."""
        self._entry.async_on_unload(coordinator.async_add_listener(update))
        update()

    @callback
    def _async_register_gateways(self) -> None:
        """Register gateways, as soon as any list reports them."""
        for gateway in self._data.connection_status.gateways.values():
            self._registry.async_get_or_create(
                config_entry_id=self._entry.entry_id,
                **gateway_info(self._entry, gateway),
            )

    @callback
    def _async_update_devices(self) -> None:
        """Update names, and remove entities of platforms that a device no longer has."""
        entry, devices = self._entry, self._data.devices
        expected: dict[str, dict[str, str]] = {}
        for device in devices.data.values():
            thing = device_unique_id(entry, device.id)
            self._async_update_device(thing, device_info(entry, device))
            expected[thing] = {
                entity_unique_id(thing, part): platform
                for part, platform in entity_parts(
                    device, devices.topology.kinds[device.id]
                )
            }
        prefix = device_unique_id(entry, "")
        for entity in self._entities_of(prefix):
            number = entity.unique_id.removeprefix(prefix).partition("_")[0]
            wanted = expected.get(f"{prefix}{number}")
            if wanted is not None and wanted.get(entity.unique_id) != entity.domain:
                self._entities.async_remove(entity.entity_id)
        self.async_suggest_areas()

    @callback
    def _async_update_sensors(self) -> None:
        """Update names, and which sensors are the same node as a device."""
        for sensor in self._data.sensors.data.values():
            thing = sensor_unique_id(self._entry, sensor.id)
            self._async_update_device(thing, sensor_info(self._entry, sensor))

    @callback
    def _async_update_device(self, thing: str, info: DeviceInfo) -> None:
        """Update a registered thing if its device info has changed.

        One that Home Assistant refuses does not keep the others from being updated.
        """
        new: dict[str, Any] = {**info}
        before, self._infos[thing] = self._infos.get(thing), new
        if before == new:
            return
        try:
            self._async_join(info)
            if before and self._device_entry(thing):
                self._registry.async_get_or_create(
                    config_entry_id=self._entry.entry_id, **info
                )
        except HomeAssistantError:
            LOGGER.exception("A device could not be updated in the registry")

    @callback
    def _async_join(self, info: DeviceInfo) -> None:
        """Move a sensor to the registry device of the device that is the same node.

        Where that is known only later, each has its own registry device, and Home Assistant
        refuses two that have the same identifiers.
        """
        # "device" comes before "sensor".
        device_id, *sensor_ids = sorted(thing for _, thing in info["identifiers"])
        for sensor_id in sensor_ids:
            kept, other = self._device_entry(device_id), self._device_entry(sensor_id)
            if not kept or not other or kept.id == other.id:
                continue
            for entity in self._entities_with(sensor_id):
                self._entities.async_update_entity(entity.entity_id, device_id=kept.id)
            self._async_release(sensor_id)
            self._registry.async_update_device(
                kept.id, new_identifiers=kept.identifiers | {(DOMAIN, sensor_id)}
            )

    def _watch(
        self,
        coordinator: TelldusUpdateCoordinator[Any],
        presence: Callable[[], Presence],
    ) -> None:
        """Remove from the registries what is missing from a list for long."""
        data, tracker = self._data, StaleTracker()
        seen = 0
        # Whether nothing was missing, and the structure is the same since. The registries
        # are costly to search in a large home.
        is_complete = False

        @callback
        def async_check() -> None:
            """Check a list, if it is a new one."""
            nonlocal seen, is_complete
            if is_complete or seen == coordinator.success_count:
                return
            seen = coordinator.success_count
            now = presence()
            is_complete = now.registered <= now.present
            at = coordinator.account.rate_limiter.now()
            stale = tracker.note(now.registered, now.present, at)
            for identifier in stale | (now.registered & now.hidden):
                self._async_remove(identifier)

        @callback
        def async_restructured() -> None:
            """Check a list that is not what it was."""
            nonlocal is_complete
            is_complete = False
            async_check()

        self._entry.async_on_unload(coordinator.async_add_refresh_listener(async_check))
        for one in (data.devices, data.sensors, data.gateways):
            self._follow(one, async_restructured)

    def _gateways_presence(self) -> Presence:
        """Return the gateways; one that has a device or a sensor is present."""
        return Presence(
            self._present_gateways(),
            self._registered_things(gateway_unique_id),
        )

    def _devices_presence(self) -> Presence:
        """Return the devices."""
        return self._rows_presence(self._data.devices, device_unique_id)

    def _sensors_presence(self) -> Presence:
        """Return the sensors."""
        return self._rows_presence(self._data.sensors, sensor_unique_id)

    def _rows_presence(
        self, coordinator: TelldusItemCoordinator[Any], id_of: UniqueIdFunction
    ) -> Presence:
        """Return the rows of a list."""
        return Presence(
            self._present(coordinator, id_of),
            self._registered_things(id_of),
            frozenset(id_of(self._entry, row_id) for row_id in coordinator.ignored),
        )

    def _values_presence(self) -> Presence:
        """Return the values of the sensors: a sensor may stay and lose a value."""
        entry = self._entry
        return Presence(
            {
                entity_unique_id(sensor_unique_id(entry, sensor.id), part)
                for sensor in self._data.sensors.data.values()
                # A battery may report now a percentage and now that it is low.
                for part in (*dict(entities_of_sensor(sensor)), BATTERY, BATTERY_LOW)
            },
            {
                entity.unique_id
                for entity in self._entities_of(sensor_unique_id(entry, ""))
            },
        )

    def _present_gateways(self) -> set[str]:
        """Return the gateways that any list reports."""
        gateways = self._data.connection_status.gateways
        return {gateway_unique_id(self._entry, gateway_id) for gateway_id in gateways}

    def _present(
        self, coordinator: TelldusUpdateCoordinator[Any], id_of: UniqueIdFunction
    ) -> set[str]:
        """Return the things of a list."""
        return {id_of(self._entry, row_id) for row_id in coordinator.data}

    def _registered_things(self, id_of: UniqueIdFunction) -> set[str]:
        """Return the things of a kind that the device registry has."""
        return _things_of(self._registry, self._entry, id_of(self._entry, ""))

    def _entities_of(self, prefix: str) -> Iterable[er.RegistryEntry]:
        """Return the entities whose unique ids begin with ``prefix``."""
        return [
            entity
            for entity in er.async_entries_for_config_entry(
                self._entities, self._entry.entry_id
            )
            if entity.unique_id.startswith(prefix)
        ]

    def _entities_with(self, thing: str) -> Iterable[er.RegistryEntry]:
        """Return the entities of a thing, or the single entity that it is the id of."""
        return [
            entity
            for entity in self._entities_of(thing)
            if entity.unique_id == thing or entity.unique_id.startswith(f"{thing}_")
        ]

    def _device_entry(self, thing: str) -> DeviceEntry | None:
        """Return the registry entry of a thing."""
        return self._registry.async_get_device_by_identifier(
            (DOMAIN, thing), self._entry.entry_id
        )

    @callback
    def _async_remove(self, stale: str) -> None:
        """Remove a thing, or a single entity, from the registries.

        Should it come back, Home Assistant remembers its ids.
        """
        for entity in self._entities_with(stale):
            self._entities.async_remove(entity.entity_id)
        self._async_release(stale)
        self._infos.pop(stale, None)

    @callback
    def _async_release(self, thing: str) -> None:
        """Take a thing's identifier from its registry device, or remove that if it is all."""
        if (device := self._device_entry(thing)) is None:
            return
        if rest := device.identifiers - {(DOMAIN, thing)}:
            # It is still a sensor, though no longer a device, or the other way round.
            self._registry.async_update_device(device.id, new_identifiers=rest)
        else:
            self._registry.async_remove_device(device.id)


@callback
def registered_gateway_ids(
    hass: HomeAssistant, entry: TelldusConfigEntry
) -> frozenset[str]:
    """Return the ids of an entry's registered gateways, whether or not it is loaded."""
    prefix = gateway_unique_id(entry, "")
    things = _things_of(dr.async_get(hass), entry, prefix)
    return frozenset(thing.removeprefix(prefix) for thing in things)


def _things_of(
    registry: dr.DeviceRegistry, entry: TelldusConfigEntry, prefix: str
) -> set[str]:
    """Return an entry's identifiers in the device registry that begin with ``prefix``."""
    return {
        identifier
        for device in dr.async_entries_for_config_entry(registry, entry.entry_id)
        for domain, identifier in device.identifiers
        if domain == DOMAIN and identifier.startswith(prefix)
    }
