"""What all entities share: identity, device info, availability."""

from collections.abc import Callable, Iterable
from typing import Final, override

from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import DevicesCoordinator, TelldusConfigEntry
from .kinds import Kind, kind_of
from .pa_api import Command, Device, Gateway, Method

_TRANSPORTS: Final = {
    "433": "433 MHz",
    "e433": "433 MHz",
    "egroup": "Group",
    "group": "Group",
    "scene": "Scene",
    "zigbee": "Zigbee",
    "zwave": "Z-Wave",
}


def gateway_identifier(entry: TelldusConfigEntry, gateway_id: str) -> tuple[str, str]:
    """Return the registry's identifier of a gateway."""
    return (DOMAIN, f"{entry.unique_id}_gateway_{gateway_id}")


def gateway_info(entry: TelldusConfigEntry, gateway: Gateway) -> DeviceInfo:
    """Return what the device registry is told of a gateway."""
    info = DeviceInfo(
        identifiers={gateway_identifier(entry, gateway.id)},
        name=gateway.name or "TellStick",
        manufacturer="Telldus Technologies",
        configuration_url="https://live.telldus.com",
    )
    # A device tells its gateway's name only; the registry keeps what it knew besides.
    if gateway.model:
        info["model"] = gateway.model
    if gateway.version:
        info["sw_version"] = gateway.version
    return info


def device_info(entry: TelldusConfigEntry, device: Device) -> DeviceInfo:
    """Return what the device registry is told of a device."""
    info = DeviceInfo(
        identifiers={(DOMAIN, f"{entry.unique_id}_device_{device.id}")},
        model=_TRANSPORTS.get(device.transport, device.transport or None),
        via_device_id=dr.async_get_device_id_by_identifier(
            entry.runtime_data.devices.hass,
            gateway_identifier(entry, device.gateway_id),
            config_entry_id=entry.entry_id,
        ),
    )
    if device.name:
        info["name"] = device.name
    else:
        info["translation_key"] = "unnamed_device"
        info["translation_placeholders"] = {"number": device.local_id or device.id}
    return info


class TelldusDeviceEntity(CoordinatorEntity[DevicesCoordinator]):
    """An entity that shows and commands one device."""

    _attr_has_entity_name = True
    _attr_name = None

    def __init__(self, entry: TelldusConfigEntry, device_id: str) -> None:
        """Stand for a device of the list."""
        super().__init__(entry.runtime_data.devices, context=device_id)
        self._device_id = device_id
        self._commands = entry.runtime_data.commands
        # Kept for when it is gone: the entity stays, and must be able to say so.
        self._last = device = self.coordinator.data[device_id]
        self._attr_unique_id = f"{entry.unique_id}_device_{device_id}"
        self._attr_device_info = device_info(entry, device)
        # Nobody has taken the trouble to name it: most likely a neighbour's.
        self._attr_entity_registry_enabled_default = device.name is not None

    @property
    def device(self) -> Device:
        """Return the device as it is to be shown."""
        self._last = self.coordinator.data.get(self._device_id, self._last)
        return self._commands.shown(self._last)

    @property
    @override
    def available(self) -> bool:
        """Return whether Telldus reaches the device's gateway."""
        device = self.coordinator.data.get(self._device_id)
        return super().available and device is not None and device.online

    @property
    @override
    def assumed_state(self) -> bool:
        """Return whether the device gives no feedback: 433 MHz is one-way."""
        return self.device.transport in ("433", "e433")

    async def async_command(self, method: Method, level: int | None = None) -> None:
        """Have the device do something. Raises HomeAssistantError."""
        await self._commands.async_send(Command(self._device_id, method, level))


def async_add_devices(
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    kinds: Iterable[Kind],
    create: Callable[[TelldusConfigEntry, str], Entity],
) -> None:
    """Add an entity for each device of some kinds, now and when more appear."""
    coordinator = entry.runtime_data.devices
    known: set[str] = set()

    @callback
    def async_add_new() -> None:
        """Add those that are new."""
        known.intersection_update(coordinator.data)
        new = [
            device.id
            for device in coordinator.data.values()
            if device.id not in known and kind_of(device) in kinds
        ]
        known.update(new)
        async_add_entities(create(entry, device_id) for device_id in new)

    entry.async_on_unload(coordinator.async_add_listener(async_add_new))
    async_add_new()
