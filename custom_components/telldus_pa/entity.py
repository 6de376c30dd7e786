"""What all entities share: identity, device info, availability."""

from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final, override

from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.group import IntegrationSpecificGroup
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import HideableItem, TelldusItemCoordinator, TelldusUpdateCoordinator
from .data import TelldusConfigEntry
from .devices.kinds import MAIN_ENTITY, entities_of_sensor, entity_parts
from .devices.topology import is_assumed, is_group
from .devices.unique_ids import device_unique_id, entity_unique_id, sensor_unique_id
from .pa_api import Command, Device, Method, Sensor, ThermostatSetpoint
from .registry.device_info import device_info, may_register, sensor_info

_DISABLED_BY_INTEGRATION: Final = er.RegistryEntryDisabler.INTEGRATION


class TelldusEntity[ItemT: HideableItem](
    CoordinatorEntity[TelldusItemCoordinator[ItemT]]
):
    """An entity that shows something of one row of a list."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: TelldusItemCoordinator[ItemT], row_id: str) -> None:
        """Stand for a row that is in the list now."""
        super().__init__(coordinator, context=row_id)
        self._row_id = row_id
        # Kept for when it is gone: the entity stays, and must be able to say so.
        self._last = coordinator.data[row_id]

    @property
    def row(self) -> ItemT:
        """Return the newest that Telldus said of it."""
        self._last = self.coordinator.data.get(self._row_id, self._last)
        return self._last

    @property
    @override
    def available(self) -> bool:
        """Return whether Telldus reaches its gateway."""
        row = self.coordinator.data.get(self._row_id)
        return super().available and row is not None and row.online


class TelldusDeviceEntity(TelldusEntity[Device]):
    """An entity that shows and commands a device, or a part of it."""

    def __init__(self, entry: TelldusConfigEntry, device_id: str, part: str) -> None:
        """Stand for a device of the list."""
        data = entry.runtime_data
        super().__init__(data.devices, device_id)
        self._data = data
        self._attr_unique_id = entity_unique_id(
            device_unique_id(entry, device_id), part
        )
        self._attr_device_info = info = device_info(entry, self._last)
        if part == MAIN_ENTITY:
            self._attr_name = None
        # Nobody has taken the trouble to name it, or somebody hid it: not ours, it seems.
        self._attr_entity_registry_enabled_default = (
            "name" in info and not self._last.ignored
        )
        self._entry = entry
        if part == MAIN_ENTITY and is_group(self._last):
            self.group = IntegrationSpecificGroup(self, self._members())

    def _members(self) -> list[str]:
        """Return the unique ids of a group's members."""
        members = self._data.devices.topology.members.get(self._row_id, ())
        return [device_unique_id(self._entry, member) for member in members]

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Show what is new, a group's new members among it."""
        if isinstance(self.group, IntegrationSpecificGroup):
            members = self._members()
            if members != self.group.member_unique_ids:
                self.group.member_unique_ids = members
        super()._handle_coordinator_update()

    @property
    def device(self) -> Device:
        """Return the device as it is to be shown."""
        return self._data.commands.optimistic_state(self.row)

    @property
    @override
    def assumed_state(self) -> bool:
        """Return whether the device, or one that it consists of, gives no feedback."""
        devices = self._data.devices
        leaves = devices.topology.resolved_members.get(self._row_id) or (self._row_id,)
        return any(
            is_assumed(device) for one in leaves if (device := devices.data.get(one))
        )

    async def async_command(
        self, method: Method, value: int | ThermostatSetpoint | None = None
    ) -> None:
        """Have the device do something. Raises HomeAssistantError."""
        await self.async_commands((method, value))

    async def async_commands(
        self, *commands: tuple[Method, int | ThermostatSetpoint | None]
    ) -> None:
        """Have the device do several things at once. Raises HomeAssistantError."""
        await self._data.commands.async_send(
            *(Command(self._row_id, method, value) for method, value in commands),
            entity_id=self.entity_id,
        )


class TelldusSensorEntity(TelldusEntity[Sensor]):
    """An entity that shows something that a sensor tells."""

    def __init__(self, entry: TelldusConfigEntry, sensor_id: str, part: str) -> None:
        """Stand for a sensor of the list."""
        super().__init__(entry.runtime_data.sensors, sensor_id)
        self._attr_unique_id = entity_unique_id(
            sensor_unique_id(entry, sensor_id), part
        )
        self._attr_device_info = info = sensor_info(entry, self._last)
        # Nobody has taken the trouble to name it: most likely a neighbour's.
        self._attr_entity_registry_enabled_default = (
            "name" in info and not self._last.ignored
        )
        # What was shown last.
        self._last_state_key: object = None

    @abstractmethod
    def _state_key(self) -> object:
        """Return what of the sensor this shows."""

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Show what is new: of a sensor with several values often only one is."""
        # Not an older row, which would stay in memory beside the list.
        self._last = self.row
        shown, self._last_state_key = (
            self._last_state_key,
            (self.available, self._state_key()),
        )
        if shown != self._last_state_key:
            super()._handle_coordinator_update()


@callback
def async_add_dynamic_entities[KeyT: Hashable](
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    coordinators: Iterable[TelldusUpdateCoordinator[Any]],
    wanted: Callable[[], Iterable[KeyT]],
    create: Callable[[KeyT], Entity],
) -> None:
    """Add an entity for each key that is wanted, now and when more come.

    What has vanished from a list keeps its entity until the registry forgets it. What we
    disabled is enabled once we no longer would: somebody has given it a name.
    """
    registry = er.async_get(entry.runtime_data.devices.hass)
    # The unique ids of what was added, by key.
    known: dict[KeyT, str | None] = {}

    def registered(unique_id: str | None) -> er.RegistryEntry | None:
        """Return what the registry knows of an entity."""
        entity_id = registry.async_get_entity_id(platform, DOMAIN, unique_id or "")
        return registry.async_get(entity_id) if entity_id else None

    @callback
    def async_add_new() -> None:
        """Add those that are new."""
        for key, unique_id in tuple(known.items()):
            its_entry = registered(unique_id)
            if not its_entry or its_entry.disabled_by is _DISABLED_BY_INTEGRATION:
                del known[key]
        new = {key: create(key) for key in wanted() if key not in known}
        for key, entity in new.items():
            known[key] = entity.unique_id
            its_entry = registered(entity.unique_id)
            if (
                its_entry
                and its_entry.disabled_by is _DISABLED_BY_INTEGRATION
                and entity.entity_registry_enabled_default
            ):
                registry.async_update_entity(its_entry.entity_id, disabled_by=None)
        if new:
            async_add_entities(new.values())

    for coordinator in coordinators:
        entry.async_on_unload(coordinator.async_add_listener(async_add_new))
    async_add_new()


@callback
def async_add_device_entities(
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    create: Mapping[str, Callable[[TelldusConfigEntry, str, str], Entity]],
) -> None:
    """Add a platform's entities of devices, by the part of a device that they show."""
    coordinator = entry.runtime_data.devices

    def wanted() -> Iterable[tuple[str, str]]:
        """Return each device and part that this platform shows."""
        kinds = coordinator.topology.kinds
        return (
            (device.id, part)
            for device in coordinator.data.values()
            if device.name or may_register(entry, device_info(entry, device))
            for part, its_platform in entity_parts(device, kinds[device.id])
            if its_platform is platform
        )

    async_add_dynamic_entities(
        entry,
        async_add_entities,
        platform,
        [coordinator],
        wanted,
        lambda key: create[key[1]](entry, *key),
    )


@callback
def async_add_sensor_entities(
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    create: Callable[[TelldusConfigEntry, str, str], Entity],
) -> None:
    """Add a platform's entities of sensors."""
    coordinator = entry.runtime_data.sensors

    def wanted() -> Iterable[tuple[str, str]]:
        """Return each sensor and part that this platform shows."""
        return (
            (sensor.id, part)
            for sensor in coordinator.data.values()
            if sensor.name or may_register(entry, sensor_info(entry, sensor))
            for part, its_platform in entities_of_sensor(sensor)
            if its_platform is platform
        )

    async_add_dynamic_entities(
        entry,
        async_add_entities,
        platform,
        [coordinator],
        wanted,
        lambda key: create(entry, *key),
    )
