"""The list of sensors: everything that has values. Values expire, each by itself."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..account.account import TelldusAccount
from ..devices.sensor_types import is_total
from ..pa_api import Device, ListResponse, Sensor, SensorValue
from .devices import DeviceCoordinator
from .items import TelldusItemCoordinator

# Values older than this are unknown.
_VALUE_EXPIRES: Final = timedelta(hours=24)


class SensorCoordinator(TelldusItemCoordinator[Sensor]):
    """Polls the sensors. Most values change every few minutes at best."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        account: TelldusAccount,
        devices: DeviceCoordinator,
    ) -> None:
        """Initialize the coordinator."""
        super().__init__(
            *(hass, entry, account, "sensors"),
            timedelta(minutes=2),
            timedelta(minutes=10),
        )
        self._devices = devices
        # Values that had expired then have been notified of.
        self._expired_until = dt_util.utcnow() - _VALUE_EXPIRES
        self._sensor_by_node: Mapping[tuple[str, str], str] = {}

    @override
    async def _async_fetch(self, timeout: float | None) -> ListResponse[Sensor]:
        """Request all sensors."""
        return await self.account.client.sensors()

    @override
    def _structure_key(self, row: Sensor) -> object:
        """Return the fields that decide which entities there are."""
        return (
            row.name,
            row.values.keys(),
            row.battery is None,
            row.battery_low is None,
            row.last_updated is None,
            row.gateway_id,
            row.gateway_name,
            row.sensor_id,
            row.model,
            row.protocol,
        )

    @callback
    @override
    def _async_update_structure(self) -> None:
        """Derive which sensor is at which node."""
        self._sensor_by_node = {
            (sensor.gateway_id, sensor.sensor_id): sensor.id
            for sensor in self.data.values()
            if sensor.sensor_id
        }

    def sensor_for_device(self, device: Device) -> Sensor | None:
        """Return the sensor that is the same node as a device."""
        sensor_id = self._sensor_by_node.get(
            (device.gateway_id, device.client_device_id), ""
        )
        if (sensor := self.data.get(sensor_id)) is None:
            return None
        devices = self._devices
        node = devices.topology.device_for_sensor(sensor, devices.data)
        return sensor if node and node.id == device.id else None

    def current_value(
        self, sensor_id: str, key: tuple[str, int | None]
    ) -> SensorValue | None:
        """Return a value, None where there is none or it has expired."""
        sensor = self.data.get(sensor_id)
        value = sensor and sensor.values.get(key)
        if not value or (
            value.last_updated
            and value.last_updated <= dt_util.utcnow() - _VALUE_EXPIRES
            and not is_total(value)
        ):
            return None
        return value

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Notify also the listeners of sensors of which a value has expired meanwhile."""
        super().async_update_listeners()
        since = self._expired_until
        self._expired_until = until = dt_util.utcnow() - _VALUE_EXPIRES
        self.async_notify_rows(
            sensor.id
            for sensor in self.data.values()
            if any(
                value.last_updated
                and since < value.last_updated <= until
                and not is_total(value)
                for value in sensor.values.values()
            )
        )
