"""Keeps Home Assistant's registries in step with what Telldus has.

Things come, are renamed, become something else and go. What comes is added by the
platforms; the rest is done here, before the platforms hear of it.
"""

from collections.abc import Callable, Iterable, Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntry, DeviceInfo

from ..const import DOMAIN
from ..coordinator import TelldusUpdateCoordinator
from ..data import TelldusConfigEntry
from ..devices.kinds import BATTERY, BATTERY_LOW, entities_of_sensor, entity_parts
from ..devices.unique_ids import (
    account_unique_id,
    device_unique_id,
    entity_unique_id,
    gateway_unique_id,
    sensor_unique_id,
)
from ..registry.device_info import (
    account_info,
    all_gateways,
    device_info,
    gateway_info,
    sensor_info,
)

# How long, in seconds and in lists, something must have been missing to be gone.
_GONE_AFTER: Final = 24 * 3600.0
_GONE_AFTER_LISTS: Final = 20


@dataclass(slots=True)
class _Absence:
    """Something that the last lists did not have."""

    since: float
    lists: int = 0


@dataclass(slots=True)
class StaleTracker:
    """Judges what is gone, and not merely missing for a while."""

    _missing: dict[str, _Absence] = field(default_factory=dict)

    def note(
        self, known: AbstractSet[str], present: AbstractSet[str], now: float
    ) -> set[str]:
        """Take note of a complete list; return what of the known is gone.

        ``now`` is in seconds. Nothing is gone while more than half of the rest is
        missing as well: then something is wrong with the list.
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
            if one.lists >= _GONE_AFTER_LISTS and now - one.since >= _GONE_AFTER
        }


class RegistrySync:
    """Keeps the registries of one account's entry.

    A "thing" is a gateway, a device or a sensor, by the id that it has in both
    registries: the identifier of a registry device, and what the unique ids of its
    entities begin with.
    """

    def __init__(self, hass: HomeAssistant, entry: TelldusConfigEntry) -> None:
        """Take hold of the registries."""
        self._entry = entry
        self._data = entry.runtime_data
        self._registry = dr.async_get(hass)
        self._entities = er.async_get(hass)
        # What the registry was told last, by thing.
        self._infos: dict[str, dict[str, Any]] = {}

    @callback
    def async_start(self) -> None:
        """Begin with what there is, and follow the lists from now on.

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
        devices, sensors, gateways = data.devices, data.sensors, data.gateways
        self._watch(
            devices, lambda: (tuple(devices.data), devices.ignored), self._device_things
        )
        self._watch(
            sensors, lambda: (tuple(sensors.data), sensors.ignored), self._sensor_things
        )
        self._watch(
            sensors,
            lambda: [
                (one.id, *one.values, one.last_updated is None)
                for one in sensors.data.values()
            ],
            self._values,
        )
        self._watch(
            gateways,
            lambda: (tuple(gateways.data), tuple(devices.gateways)),
            self._gateway_things,
        )

    @callback
    def async_suggest_areas(self) -> None:
        """Put devices into their rooms' areas, as far as these are known."""
        for device in self._data.devices.data.values():
            self._data.rooms.async_suggest(
                device, self._device_entry(device_unique_id(self._entry, device.id))
            )

    def is_present(self, thing: str) -> bool:
        """Return whether Telldus has a thing, as far as is known."""
        data = self._data
        if thing == account_unique_id(self._entry):
            return True
        return thing in self._present_gateways() or (
            thing in self._present(data.devices, device_unique_id)
            or thing in self._present(data.sensors, sensor_unique_id)
            # Whether it is a sensor's is not known before their first list.
            or (
                not data.sensors.success_count
                and thing.startswith(sensor_unique_id(self._entry, ""))
            )
        )

    def _follow(
        self, coordinator: TelldusUpdateCoordinator[Any], update: Callable[[], None]
    ) -> None:
        """Do something now, and whenever there is something else in a list."""
        self._entry.async_on_unload(coordinator.async_add_listener(update))
        update()

    @callback
    def _async_register_gateways(self) -> None:
        """Register gateways, as soon as anything tells of them."""
        told = self._data.devices.gateways
        for gateway in all_gateways(self._data).values():
            if (newer := told.get(gateway.id)) and newer.name:
                # Their own list is asked for less often.
                gateway = replace(gateway, name=newer.name)
            self._registry.async_get_or_create(
                config_entry_id=self._entry.entry_id,
                **gateway_info(self._entry, gateway),
            )

    @callback
    def _async_update_devices(self) -> None:
        """Follow names, and take away what shows a device as what it no longer is."""
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
        """Follow names, and tell which sensors are devices as well."""
        for sensor in self._data.sensors.data.values():
            thing = sensor_unique_id(self._entry, sensor.id)
            self._async_update_device(thing, sensor_info(self._entry, sensor))

    @callback
    def _async_update_device(self, thing: str, info: DeviceInfo) -> None:
        """Tell the registry what is new about something that it knows."""
        new: dict[str, Any] = {**info}
        before, self._infos[thing] = self._infos.get(thing, new), new
        if before == new or not self._device_entry(thing):
            return
        self._registry.async_get_or_create(config_entry_id=self._entry.entry_id, **info)

    def _watch(
        self,
        coordinator: TelldusUpdateCoordinator[Any],
        listed: Callable[[], object],
        look: Callable[[], tuple[set[str], set[str], set[str]]],
    ) -> None:
        """Have forgotten what is missing from a list for long.

        ``look`` returns what the registries know, what the list has, and what is to go
        at once, since the person hid it at Telldus. It is costly in a large home, and
        done only where ``listed``, what is in the list, is not as it was when all of what
        is known was there.
        """
        absences = StaleTracker()
        seen = 0
        complete: object = None

        @callback
        def async_listed() -> None:
            """Look at a list, if this is a new one."""
            nonlocal seen, complete
            if seen == coordinator.success_count:
                return
            seen = coordinator.success_count
            in_list = listed()
            if in_list == complete:
                return
            known, present, hidden = look()
            complete = in_list if known <= present else None
            now = coordinator.account.rate_limiter.now()
            for one in absences.note(known, present, now) | (known & hidden):
                self._async_forget(one)

        self._entry.async_on_unload(
            coordinator.async_add_refresh_listener(async_listed)
        )
        async_listed()

    def _gateway_things(self) -> tuple[set[str], set[str], set[str]]:
        """Return the gateways; what has a device or a sensor is there."""
        return self._known(gateway_unique_id), self._present_gateways(), set()

    def _device_things(self) -> tuple[set[str], set[str], set[str]]:
        """Return the devices."""
        devices = self._data.devices
        hidden = {device_unique_id(self._entry, one) for one in devices.ignored}
        present = self._present(devices, device_unique_id)
        return self._known(device_unique_id), present, hidden

    def _sensor_things(self) -> tuple[set[str], set[str], set[str]]:
        """Return the sensors."""
        sensors = self._data.sensors
        hidden = {sensor_unique_id(self._entry, one) for one in sensors.ignored}
        present = self._present(sensors, sensor_unique_id)
        return self._known(sensor_unique_id), present, hidden

    def _values(self) -> tuple[set[str], set[str], set[str]]:
        """Return what the sensors show: a sensor may stay and lose a value."""
        present = {
            entity_unique_id(sensor_unique_id(self._entry, sensor.id), part)
            for sensor in self._data.sensors.data.values()
            # A battery may tell now a percentage and now that it is low.
            for part in (*dict(entities_of_sensor(sensor)), BATTERY, BATTERY_LOW)
        }
        known = self._entities_of(sensor_unique_id(self._entry, ""))
        return {entity.unique_id for entity in known}, present, set()

    def _present_gateways(self) -> set[str]:
        """Return the gateways that any list tells of."""
        return {
            gateway_unique_id(self._entry, gateway_id)
            for gateway_id in all_gateways(self._data)
        }

    def _present(
        self,
        coordinator: TelldusUpdateCoordinator[Any],
        id_of: Callable[[TelldusConfigEntry, str], str],
    ) -> set[str]:
        """Return the things that a list has."""
        return {id_of(self._entry, row_id) for row_id in coordinator.data}

    def _known(self, id_of: Callable[[TelldusConfigEntry, str], str]) -> set[str]:
        """Return the things of a list that the device registry has."""
        return _things_of(self._registry, self._entry, id_of(self._entry, ""))

    def _entities_of(self, prefix: str) -> Iterable[er.RegistryEntry]:
        """Return the entities whose unique ids begin with something."""
        return [
            entity
            for entity in er.async_entries_for_config_entry(
                self._entities, self._entry.entry_id
            )
            if entity.unique_id.startswith(prefix)
        ]

    def _device_entry(self, thing: str) -> DeviceEntry | None:
        """Return the registry's device for a thing."""
        return self._registry.async_get_device_by_identifier(
            (DOMAIN, thing), self._entry.entry_id
        )

    @callback
    def _async_forget(self, gone: str) -> None:
        """Remove a thing, or a single entity, from the registries.

        Should it come back, Home Assistant remembers its ids.
        """
        ours = [
            entity
            for entity in self._entities_of(gone)
            if entity.unique_id == gone or entity.unique_id.startswith(f"{gone}_")
        ]
        for entity in ours:
            self._entities.async_remove(entity.entity_id)
        if (device := self._device_entry(gone)) is None:
            return
        if rest := device.identifiers - {(DOMAIN, gone)}:
            # Still a sensor, though no longer a device, or the other way round.
            self._registry.async_update_device(device.id, new_identifiers=rest)
        else:
            self._registry.async_remove_device(device.id)
        self._infos.pop(gone, None)


@callback
def registered_gateway_ids(
    hass: HomeAssistant, entry: TelldusConfigEntry
) -> frozenset[str]:
    """Return the ids of the gateways that an entry has shown, whether or not it runs."""
    prefix = gateway_unique_id(entry, "")
    things = _things_of(dr.async_get(hass), entry, prefix)
    return frozenset(thing.removeprefix(prefix) for thing in things)


def _things_of(
    registry: dr.DeviceRegistry, entry: TelldusConfigEntry, prefix: str
) -> set[str]:
    """Return the things that the device registry has of an entry, by how they begin."""
    return {
        identifier
        for device in dr.async_entries_for_config_entry(registry, entry.entry_id)
        for domain, identifier in device.identifiers
        if domain == DOMAIN and identifier.startswith(prefix)
    }
