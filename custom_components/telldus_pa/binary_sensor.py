"""Binary sensors: doors, motion and the like, low batteries, and gateways' connections.

Source: docs/dev/telldus-api.md, "deviceType" and "Battery".
"""

from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import TelldusConfigEntry
from .devices.kinds import MAIN_ENTITY, DeviceKind, kind_of
from .devices.unique_ids import entity_unique_id, gateway_unique_id
from .entity import (
    TelldusDeviceEntity,
    TelldusSensorEntity,
    async_add_device_entities,
    async_add_dynamic_entities,
    async_add_sensor_entities,
)
from .events.matching import DeviceEvent
from .pa_api import Gateway, Method
from .registry.device_info import gateway_info

# These entities send nothing, so there is nothing to limit.
PARALLEL_UPDATES = 0

# Other kinds are on or off, without a device class.
_DEVICE_CLASSES: Final = {
    DeviceKind.ALARM: BinarySensorDeviceClass.SAFETY,
    DeviceKind.CONTACT: BinarySensorDeviceClass.DOOR,
    DeviceKind.LOCK_SENSOR: BinarySensorDeviceClass.LOCK,
    DeviceKind.MOTION: BinarySensorDeviceClass.MOTION,
    DeviceKind.PERSON: BinarySensorDeviceClass.PRESENCE,
    DeviceKind.SMOKE: BinarySensorDeviceClass.SMOKE,
}
_CONNECTIVITY: Final = "connectivity"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of an account."""
    platform, data = Platform.BINARY_SENSOR, entry.runtime_data
    async_add_device_entities(
        entry, async_add_entities, platform, {MAIN_ENTITY: TelldusBinarySensor}
    )
    async_add_sensor_entities(entry, async_add_entities, platform, TelldusBatteryLow)
    async_add_dynamic_entities(
        entry,
        async_add_entities,
        platform,
        [data.devices, data.sensors, data.gateways],
        lambda: data.connection_status.named_gateways,
        lambda gateway_id: TelldusConnectivitySensor(entry, gateway_id),
    )


class TelldusBinarySensor(TelldusDeviceEntity, BinarySensorEntity):
    """A device that reports something and accepts no commands."""

    # The state during a pulse, None otherwise.
    _pulse: bool | None = None
    # Whether the last event was an "off" that was not seen in a row.
    _went_off = False

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the events of the device."""
        await super().async_added_to_hass()
        events = self._data.events
        self.async_on_remove(events.async_listen(self._row_id, self._async_show_event))

    @callback
    def _async_show_event(self, event: DeviceEvent, in_state: bool) -> None:
        """Show an event that the state that follows does not show.

        What went on and off again, or off and on, is shown so for a moment. A repeat is no
        change: of a motion sensor alone it is written again, since somebody still moves.
        """
        was_off, self._went_off = self._went_off, False
        if in_state:
            return
        if event.method is Method.TURNOFF:
            # The row will tell, unless it goes on again before that.
            self._went_off = True
        elif event.method is not Method.TURNON:
            return
        elif was_off or not self.device.is_on:
            self._pulse = not self.device.is_on
            self.async_write_ha_state()
            self._pulse = None
            self.async_write_ha_state()
        elif self.device_class is BinarySensorDeviceClass.MOTION:
            self._attr_force_update = True
            self.async_write_ha_state()
            self._attr_force_update = False

    @property
    @override
    def device_class(self) -> BinarySensorDeviceClass | None:
        """The device class, None if Telldus' type of the device does not say."""
        return _DEVICE_CLASSES.get(kind_of(self.device))

    @property
    @override
    def assumed_state(self) -> bool:
        """Always False: reports need one way only."""
        return False

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is open, moved, there ...; None if Telldus does not know.

        To Telldus a lock is on when it is locked, to Home Assistant when it is not.
        """
        is_on = self.device.is_on if self._pulse is None else self._pulse
        if is_on is not None and self.device_class is BinarySensorDeviceClass.LOCK:
            return not is_on
        return is_on


class TelldusBatteryLow(TelldusSensorEntity, BinarySensorEntity):
    """A battery that reports only whether it is low."""

    _attr_device_class = BinarySensorDeviceClass.BATTERY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether the battery is low; it may report a percentage after it was replaced."""
        sensor = self.row
        return sensor.battery_low if sensor.battery is None else False

    @override
    def _state_key(self) -> object:
        """Return whether the battery is low."""
        return self.is_on


class TelldusConnectivitySensor(BinarySensorEntity):
    """Whether Telldus reaches a gateway. It is there also while the gateway is not."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: TelldusConfigEntry, gateway_id: str) -> None:
        """Initialize the sensor of a gateway that is in a list now."""
        data = entry.runtime_data
        self._devices = data.devices
        self._connection = data.connection_status
        self._gateway_id = gateway_id
        thing = gateway_unique_id(entry, gateway_id)
        self._attr_unique_id = entity_unique_id(thing, _CONNECTIVITY)
        self._attr_device_info = gateway_info(
            entry, self._connection.gateways[gateway_id]
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the status of the connection and of the gateways."""
        self.async_on_remove(self._connection.async_listen(self.async_write_ha_state))

    @property
    def _gateway(self) -> Gateway | None:
        """Return the newest that is known."""
        return self._connection.gateways.get(self._gateway_id)

    @property
    @override
    def available(self) -> bool:
        """Return whether a list that is recent enough has the gateway."""
        return self._devices.is_available and self._gateway is not None

    @property
    @override
    def is_on(self) -> bool:
        """Whether Telldus reaches the gateway."""
        gateway = self._gateway
        return gateway is not None and gateway.online is not False
