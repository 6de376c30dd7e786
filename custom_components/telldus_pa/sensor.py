"""Sensors: measured and counted values, batteries, last seen, and the account's own state.

Source: docs/dev/telldus-api.md, "Sensor values" and "Battery".
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, Platform, UnitOfRatio
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .account.domain_data import DomainData, async_get_domain_data
from .connection_status import ConnectionState
from .const import CONF_SERVER_URL
from .data import TelldusConfigEntry, TelldusData
from .devices.kinds import BATTERY, LAST_SEEN, value_key
from .devices.sensor_types import (
    SENSOR_TYPES,
    TelldusSensorEntityDescription,
    number_of,
)
from .devices.unique_ids import account_unique_id, entity_unique_id, gateway_unique_id
from .entity import (
    TelldusSensorEntity,
    async_add_dynamic_entities,
    async_add_sensor_entities,
)
from .history.importer import ImportState
from .pa_api import SensorValue
from .registry.device_info import account_info, gateway_info

# These entities send nothing, so there is nothing to limit.
PARALLEL_UPDATES = 0

# How often the account's sensors are updated; nothing is requested for it.
SCAN_INTERVAL = timedelta(seconds=30)

_STATUS: Final = "status"


@dataclass(frozen=True, kw_only=True)
class TelldusAccountSensorEntityDescription(SensorEntityDescription):
    """A state of an account, or of the rate limiter that it shares with others."""

    entity_category: EntityCategory | None = EntityCategory.DIAGNOSTIC
    value: Callable[[TelldusData], date | int | str | None]


_HISTORY_IMPORT: Final = TelldusAccountSensorEntityDescription(
    key="history_import",
    translation_key="history_import",
    device_class=SensorDeviceClass.ENUM,
    options=list(ImportState),
    value=lambda data: data.history_import.state,
)
_ACCOUNT: Final = (
    TelldusAccountSensorEntityDescription(
        key="premium_expires",
        translation_key="premium_expires",
        device_class=SensorDeviceClass.DATE,
        value=lambda data: (
            (expires_at := data.premium.expires_at)
            and dt_util.as_local(expires_at).date()
        ),
    ),
    TelldusAccountSensorEntityDescription(
        key="requests",
        translation_key="requests",
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
        value=lambda data: data.account.rate_limiter.used,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of an account, its gateways' status, and its own state."""
    async_add_sensor_entities(entry, async_add_entities, Platform.SENSOR, _create)
    data = entry.runtime_data
    async_add_dynamic_entities(
        entry,
        async_add_entities,
        Platform.SENSOR,
        [data.devices, data.sensors, data.gateways],
        lambda: data.connection_status.named_gateways,
        lambda gateway_id: TelldusStatusSensor(entry, gateway_id),
    )
    shared = await async_get_domain_data(hass)

    @callback
    def async_add(*descriptions: TelldusAccountSensorEntityDescription) -> None:
        """Add sensors of the account."""
        async_add_entities(
            TelldusAccountSensor(entry, shared, description)
            for description in descriptions
        )

    async_add(*_ACCOUNT)
    data.history_import.async_when_started(partial(async_add, _HISTORY_IMPORT))


def _create(entry: TelldusConfigEntry, sensor_id: str, part: str) -> SensorEntity:
    """Create the entity of a key of a sensor."""
    if part == BATTERY:
        return TelldusBatterySensor(entry, sensor_id, part)
    if part == LAST_SEEN:
        return TelldusLastSeenSensor(entry, sensor_id, part)
    if part in SENSOR_TYPES:
        return TelldusValueSensor(entry, sensor_id, part)
    return TelldusUnknownValueSensor(entry, sensor_id, part)


class TelldusValueEntity(TelldusSensorEntity, SensorEntity):
    """A value of a sensor."""

    def __init__(self, entry: TelldusConfigEntry, sensor_id: str, part: str) -> None:
        """Initialize the entity of a value that the sensor has now."""
        super().__init__(entry, sensor_id, part)
        self._sensors = entry.runtime_data.sensors
        self._key = next(
            key for key, value in self._last.values.items() if value_key(value) == part
        )

    @property
    def value(self) -> SensorValue | None:
        """The newest value, None if it is too old."""
        return self._sensors.current_value(self._row_id, self._key)

    @override
    def _state_key(self) -> object:
        """Return the reading, its unit and its time.

        An equal reading is a new one: what integrates or averages must hear of it.
        """
        value = self.value
        return value and (value.value, value.unit, value.last_updated)


class TelldusValueSensor(TelldusValueEntity):
    """A value that ``SENSOR_TYPES`` describes."""

    entity_description: TelldusSensorEntityDescription

    def __init__(self, entry: TelldusConfigEntry, sensor_id: str, part: str) -> None:
        """Initialize the sensor; it is disabled if the value is there in another unit."""
        super().__init__(entry, sensor_id, part)
        self.entity_description = description = SENSOR_TYPES[part]
        parts = {value_key(value) for value in self._last.values.values()}
        if (
            not description.entity_registry_enabled_default
            or description.same_quantity_as in parts
        ):
            self._attr_entity_registry_enabled_default = False

    @property
    @override
    def native_value(self) -> float | None:
        """The number, None if the value is a text."""
        value = self.value
        return number_of(value) if value else None


class TelldusUnknownValueSensor(TelldusValueEntity):
    """A value that is not described, with Telldus' name."""

    def __init__(self, entry: TelldusConfigEntry, sensor_id: str, part: str) -> None:
        """Initialize the sensor."""
        super().__init__(entry, sensor_id, part)
        name, scale = self._key
        self._attr_translation_key = "other_scale" if scale else "other_value"
        self._attr_translation_placeholders = {
            "name": name.capitalize(),
            "scale": str(scale),
        }

    @property
    @override
    def native_value(self) -> float | str | None:
        """The number or the text."""
        value = self.value
        return value.value if value else None

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        """Telldus' unit; a text has none.

        It comes from the row, as the value does: the registry may have the state written
        before the row's listeners are called.
        """
        value = self.row.values.get(self._key)
        return None if value is None or isinstance(value.value, str) else value.unit


class TelldusBatterySensor(TelldusSensorEntity, SensorEntity):
    """The battery of a sensor."""

    _attr_device_class = SensorDeviceClass.BATTERY
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_native_unit_of_measurement = UnitOfRatio.PERCENTAGE
    _attr_state_class = SensorStateClass.MEASUREMENT

    @property
    @override
    def native_value(self) -> int | None:
        """The level in percent; low counts as 0, as in the vendor's app."""
        sensor = self.row
        return 0 if sensor.battery_low else sensor.battery

    @override
    def _state_key(self) -> object:
        """Return the level."""
        return self.native_value


class TelldusLastSeenSensor(TelldusSensorEntity, SensorEntity):
    """When a sensor was last seen."""

    _attr_device_class = SensorDeviceClass.TIMESTAMP
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_translation_key = LAST_SEEN

    def __init__(self, entry: TelldusConfigEntry, sensor_id: str, part: str) -> None:
        """Initialize the sensor, disabled by default."""
        super().__init__(entry, sensor_id, part)
        self._attr_entity_registry_enabled_default = False

    @property
    @override
    def native_value(self) -> datetime | None:
        """The time of the newest report."""
        return self.row.last_updated

    @override
    def _state_key(self) -> object:
        """Return the time."""
        return self.row.last_updated


class TelldusStatusSensor(SensorEntity):
    """The status of a gateway.

    It is always available, so that it can say why other entities are not.
    """

    _attr_device_class = SensorDeviceClass.ENUM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_has_entity_name = True
    _attr_options = list(ConnectionState)
    _attr_should_poll = False
    _attr_translation_key = "status"

    def __init__(self, entry: TelldusConfigEntry, gateway_id: str) -> None:
        """Initialize the sensor; the gateway must be in a list."""
        self._connection = entry.runtime_data.connection_status
        self._gateway_id = gateway_id
        thing = gateway_unique_id(entry, gateway_id)
        self._attr_unique_id = entity_unique_id(thing, _STATUS)
        self._attr_device_info = gateway_info(
            entry, self._connection.gateways[gateway_id]
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the status of the connection and of the gateways."""
        self.async_on_remove(self._connection.async_listen(self.async_write_ha_state))

    @property
    @override
    def native_value(self) -> ConnectionState:
        """The state of the connection."""
        return self._connection.of_gateway(self._gateway_id)


class TelldusAccountSensor(SensorEntity):
    """A state of the account. It is polled since it changes also without a request."""

    _attr_has_entity_name = True
    _attr_should_poll = True
    entity_description: TelldusAccountSensorEntityDescription

    def __init__(
        self,
        entry: TelldusConfigEntry,
        shared: DomainData,
        description: TelldusAccountSensorEntityDescription,
    ) -> None:
        """Initialize the sensor."""
        self.entity_description = description
        self._data = entry.runtime_data
        self._shared = shared
        self._server = entry.data[CONF_SERVER_URL]
        self._attr_unique_id = entity_unique_id(
            account_unique_id(entry), description.key
        )
        self._attr_device_info = account_info(entry)

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the requests."""
        self.async_on_remove(
            self._shared.async_listen(self._server, self.async_write_ha_state)
        )

    @property
    @override
    def native_value(self) -> date | int | str | None:
        """The current value."""
        return self.entity_description.value(self._data)
