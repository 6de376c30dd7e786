"""What all entities share: identity, device info, availability; and how they are added.

``TelldusEntity`` stands for a row of a list, ``TelldusDeviceEntity`` also commands it. The
functions at the end add entities as rows come.
"""

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
    """An entity of one row of a list.

    It stays when its row leaves the list, and displays the last one as unavailable.
    """

    _attr_has_entity_name = True

    def __init__(self, coordinator: TelldusItemCoordinator[ItemT], row_id: str) -> None:
        """Initialize the entity of a row that is in the list now."""
        super().__init__(coordinator, context=row_id)
        self._row_id = row_id
        self._last = coordinator.data[row_id]

    @property
    def row(self) -> ItemT:
        """The row of the newest list that has it."""
        return self.coordinator.data.get(self._row_id, self._last)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Keep the row for when it is gone, and write the state."""
        self._last = self.row
        super()._handle_coordinator_update()

    @property
    @override
    def available(self) -> bool:
        """Return whether the data are recent, and Telldus reaches the gateway."""
        row = self.coordinator.data.get(self._row_id)
        return (
            self.coordinator.is_available
            and row is not None
            and row.online is not False
        )


class TelldusDeviceEntity(TelldusEntity[Device]):
    """An entity that displays and commands a device, or a part of it."""

    def __init__(self, entry: TelldusConfigEntry, device_id: str, part: str) -> None:
        """Initialize the entity."""
        data = entry.runtime_data
        super().__init__(data.devices, device_id)
        self._data = data
        self._attr_unique_id = entity_unique_id(
            device_unique_id(entry, device_id), part
        )
        self._attr_device_info = info = device_info(entry, self._last)
        if part == MAIN_ENTITY:
            self._attr_name = None
        # Unnamed or hidden devices are most likely a neighbor's.
        self._attr_entity_registry_enabled_default = (
            "name" in info and not self._last.ignored
        )
        self._entry = entry
        if part == MAIN_ENTITY and is_group(self._last):
            self.group = IntegrationSpecificGroup(self, self._members())

    def _members(self) -> list[str]:
        """Return the unique ids of the members of a group."""
        members = self._data.devices.topology.members.get(self._row_id, ())
        return [device_unique_id(self._entry, member) for member in members]

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Update the members of a group, and write the state."""
        if isinstance(self.group, IntegrationSpecificGroup):
            members = self._members()
            if members != self.group.member_unique_ids:
                self.group.member_unique_ids = members
        super()._handle_coordinator_update()

    @property
    def device(self) -> Device:
        """The device with its pending commands applied (optimistic state)."""
        return self._data.commands.optimistic_state(self.row)

    @property
    @override
    def assumed_state(self) -> bool:
        """Return whether the device, or a member of the group, gives no feedback."""
        devices = self._data.devices
        members = devices.topology.resolved_members.get(self._row_id) or (self._row_id,)
        return any(
            is_assumed(device) for one in members if (device := devices.data.get(one))
        )

    async def async_command(
        self, method: Method, value: int | ThermostatSetpoint | None = None
    ) -> None:
        """Send a command to the device. Raises HomeAssistantError."""
        await self.async_commands((method, value))

    async def async_commands(
        self, *commands: tuple[Method, int | ThermostatSetpoint | None]
    ) -> None:
        """Send commands to the device at once. Raises HomeAssistantError."""
        await self.async_send(
            *(Command(self._row_id, method, value) for method, value in commands)
        )

    async def async_send(self, *commands: Command) -> None:
        """Send commands, also to members of a group. Raises HomeAssistantError."""
        await self._data.commands.async_send(
            *commands, entity_id=self.entity_id, context=self._context
        )


class TelldusSensorEntity(TelldusEntity[Sensor]):
    """An entity of a value of a sensor, or of its battery.

    A sensor with several values often changes one of them only.
    """

    def __init__(self, entry: TelldusConfigEntry, sensor_id: str, part: str) -> None:
        """Initialize the entity."""
        super().__init__(entry.runtime_data.sensors, sensor_id)
        self._attr_unique_id = entity_unique_id(
            sensor_unique_id(entry, sensor_id), part
        )
        self._attr_device_info = info = sensor_info(entry, self._last)
        # Unnamed sensors are most likely a neighbor's.
        self._attr_entity_registry_enabled_default = (
            "name" in info and not self._last.ignored
        )
        self._last_state_key: object = None

    @abstractmethod
    def _state_key(self) -> object:
        """Return the part of the sensor's data that the state depends on."""

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state if it has changed."""
        # An older row would stay in memory beside the list.
        self._last = self.row
        before = self._last_state_key
        self._last_state_key = self.available, self._state_key()
        if before != self._last_state_key:
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
    """Add an entity for each key that ``wanted`` returns, now and when more come.

    The entity of a removed row stays until ``registry`` removes it. An entity that this
    integration disabled is enabled once it no longer would be: its device has a name now.
    """
    registry = er.async_get(entry.runtime_data.devices.hass)
    # The unique ids of the entities that were added, by key.
    known: dict[KeyT, str | None] = {}

    def registered(unique_id: str | None) -> er.RegistryEntry | None:
        """Return the registry entry of an entity, None where there is none."""
        entity_id = registry.async_get_entity_id(platform, DOMAIN, unique_id or "")
        return registry.async_get(entity_id) if entity_id else None

    @callback
    def async_add_new() -> None:
        """Add new entities."""
        for key, unique_id in tuple(known.items()):
            entity_entry = registered(unique_id)
            if not entity_entry or entity_entry.disabled_by is _DISABLED_BY_INTEGRATION:
                del known[key]
        new = {key: create(key) for key in wanted() if key not in known}
        for key, entity in new.items():
            known[key] = entity.unique_id
            entity_entry = registered(entity.unique_id)
            if (
                entity_entry
                and entity_entry.disabled_by is _DISABLED_BY_INTEGRATION
                and entity.entity_registry_enabled_default
            ):
                registry.async_update_entity(entity_entry.entity_id, disabled_by=None)
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
    """Add a platform's entities of devices; ``create`` has a class for each part.

    A device may have its name from the sensor that is the same node, which comes later.
    """
    data = entry.runtime_data
    coordinator = data.devices

    def wanted() -> Iterable[tuple[str, str]]:
        """Return each device and part of this platform."""
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
        [coordinator, data.sensors],
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
    """Add a platform's entities of sensors, which may have their device's name."""
    data = entry.runtime_data
    coordinator = data.sensors

    def wanted() -> Iterable[tuple[str, str]]:
        """Return each sensor and part of this platform."""
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
        [coordinator, data.devices],
        wanted,
        lambda key: create(entry, *key),
    )
