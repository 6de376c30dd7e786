"""Thermostats, with Telldus' modes as modes and presets."""

from typing import Any, override

from homeassistant.components.climate import (
    ATTR_HVAC_MODE,
    DOMAIN as CLIMATE_DOMAIN,
    PRESET_NONE,
    ClimateEntity,
    ClimateEntityFeature,
    HVACMode,
)
from homeassistant.const import (
    ATTR_TEMPERATURE,
    PRECISION_HALVES,
    PRECISION_TENTHS,
    Platform,
    UnitOfTemperature,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import (
    ExtraStoredData,
    RestoredExtraData,
    RestoreEntity,
)
from homeassistant.util.unit_conversion import TemperatureConverter

from .const import DOMAIN
from .data import TelldusConfigEntry
from .devices.kinds import MAIN_ENTITY
from .devices.thermostat_modes import ThermostatModes, mode_command, to_hvac
from .entity import TelldusDeviceEntity, async_add_device_entities
from .pa_api import OFF, Method, ThermostatSetpoint

# The rate limiter paces the requests; a limit here would only delay the optimistic state.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the thermostats of an account."""
    async_add_device_entities(
        entry, async_add_entities, Platform.CLIMATE, {MAIN_ENTITY: TelldusThermostat}
    )


class TelldusThermostat(TelldusDeviceEntity, ClimateEntity, RestoreEntity):
    """A thermostat, and the sensor that is the same node."""

    _attr_translation_key = "thermostat"
    _attr_precision = PRECISION_TENTHS
    _attr_target_temperature_step = PRECISION_HALVES
    # From Home Assistant 2026.11 on temperatures are called native; the old names are
    # deprecated there, and the new ones mean nothing before.
    _attr_temperature_unit = UnitOfTemperature.CELSIUS
    _attr_native_temperature_unit = UnitOfTemperature.CELSIUS

    # The last mode that was not off.
    _last_mode: str | None = None
    # The sensor of the same node, and how to stop listening to it.
    _sensor_id: str | None = None
    _unsub_sensor: CALLBACK_TYPE | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the sensor as well, which may come later or be replaced."""
        await super().async_added_to_hass()
        if (stored := await self.async_get_last_extra_data()) is not None:
            self._last_mode = stored.as_dict().get("last_mode")
        self._async_update()
        self.async_on_remove(self._async_unfollow_sensor)
        self.async_on_remove(
            self._data.sensors.async_add_listener(self._async_handle_sensors_update)
        )

    @property
    @override
    def extra_restore_state_data(self) -> ExtraStoredData:
        """Return the mode to go back to, which Telldus does not keep."""
        return RestoredExtraData({"last_mode": self._last_mode})

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Update the last mode and the sensor before the state."""
        self._async_update()
        super()._handle_coordinator_update()

    @callback
    def _async_update(self) -> None:
        """Update the last mode and the sensor."""
        if (mode := self._modes.thermostat.mode) not in (None, OFF):
            self._last_mode = mode
        self._async_follow_sensor()

    @callback
    def _async_handle_sensors_update(self) -> None:
        """Write the state if the sensor has changed."""
        if self._async_follow_sensor():
            self.async_write_ha_state()

    @callback
    def _async_follow_sensor(self) -> bool:
        """Listen to the sensor of the same node; return whether it has changed."""
        sensors = self._data.sensors
        sensor = sensors.sensor_for_device(self.row)
        if self._sensor_id == (sensor_id := sensor.id if sensor else None):
            return False
        self._async_unfollow_sensor()
        if sensor_id is not None:
            self._sensor_id = sensor_id
            self._unsub_sensor = sensors.async_add_listener(
                self.async_write_ha_state, sensor_id
            )
        return True

    @callback
    def _async_unfollow_sensor(self) -> None:
        """Stop listening to the sensor."""
        if self._unsub_sensor:
            self._unsub_sensor()
        self._sensor_id = self._unsub_sensor = None

    @property
    def _modes(self) -> ThermostatModes:
        """The modes of the device, with its pending commands applied."""
        return ThermostatModes(self.device, self._last_mode)

    @property
    @override
    def supported_features(self) -> ClimateEntityFeature:
        """The features, by the modes and methods of the device."""
        modes, features = self._modes, ClimateEntityFeature(0)
        if modes.with_setpoint:
            features |= ClimateEntityFeature.TARGET_TEMPERATURE
        if modes.preset_modes:
            features |= ClimateEntityFeature.PRESET_MODE
        if modes.turn_off:
            features |= ClimateEntityFeature.TURN_OFF
            if modes.turn_on:
                features |= ClimateEntityFeature.TURN_ON
        return features

    @property
    @override
    def hvac_modes(self) -> list[HVACMode]:
        """Home Assistant's modes for those of Telldus."""
        return self._modes.hvac_modes

    @property
    @override
    def preset_modes(self) -> list[str] | None:
        """The presets, with "none" if there is a mode without a preset."""
        return self._modes.preset_modes

    @property
    @override
    def min_temp(self) -> float:
        """The lowest temperature that can be set."""
        modes = self._modes
        return modes.limits(modes.with_setpoint)[0]

    @property
    @override
    def max_temp(self) -> float:
        """The highest temperature that can be set."""
        modes = self._modes
        return modes.limits(modes.with_setpoint)[1]

    # State

    @property
    @override
    def hvac_mode(self) -> HVACMode | None:
        """The mode, None if unknown."""
        modes = self._modes
        mode = modes.thermostat.mode
        if self.device.is_on is False and (mode is None or modes.is_switched):
            return HVACMode.OFF
        if mode:
            return to_hvac(mode)[0]
        return HVACMode.HEAT if modes.is_heater and self.device.is_on else None

    @property
    @override
    def preset_mode(self) -> str | None:
        """The preset, None if unknown."""
        modes = self._modes
        mode = modes.thermostat.mode
        preset = to_hvac(mode)[1] if mode else None
        return None if preset == PRESET_NONE and not modes.plain else preset

    @property
    @override
    def target_temperature(self) -> float | None:
        """The setpoint of the mode, None if it has none."""
        thermostat = self._modes.thermostat
        if (mode := thermostat.mode) is None or mode not in thermostat.ranges:
            return None
        return thermostat.setpoints.get(mode)

    @property
    def native_target_temperature(self) -> float | None:
        """The setpoint, by its new name."""
        return self.target_temperature

    @property
    @override
    def current_temperature(self) -> float | None:
        """The temperature of the sensor in °C, None if unknown."""
        if (celsius := self._measured("temp", 0)) is not None:
            return celsius
        if (fahrenheit := self._measured("temp", 1)) is None:
            return None
        return TemperatureConverter.convert(
            fahrenheit, UnitOfTemperature.FAHRENHEIT, UnitOfTemperature.CELSIUS
        )

    @property
    def native_current_temperature(self) -> float | None:
        """The temperature of the sensor, by its new name."""
        return self.current_temperature

    @property
    @override
    def current_humidity(self) -> float | None:
        """The humidity of the sensor, None if unknown."""
        return self._measured("humidity", 0)

    def _measured(self, name: str, scale: int) -> float | None:
        """Return a value of the sensor, None while the sensor is unavailable."""
        sensors = self._data.sensors
        if self._sensor_id is None or not sensors.is_available:
            return None
        found = sensors.current_value(self._sensor_id, (name, scale))
        value = found and found.value
        return value if isinstance(value, (int, float)) else None

    # Actions

    @override
    async def async_turn_on(self) -> None:
        """Turn the thermostat on, in its previous mode."""
        await self.async_commands(*self._modes.turn_on)

    @override
    async def async_turn_off(self) -> None:
        """Turn the thermostat off."""
        await self.async_commands(*self._modes.turn_off)

    @override
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        """Set a mode, without a preset if possible."""
        await self._async_set_mode(hvac_mode)

    @override
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        """Set a preset with its mode, or return to a mode without a preset."""
        mode = self._modes.for_preset(preset_mode, self.hvac_mode)
        await self.async_commands(mode_command(mode))

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        """Set the temperature of the mode that comes with it, or of the current one.

        A mode that comes with it is set even if it has no temperature.
        """
        # Converted from Fahrenheit, it has many digits.
        temperature = round(kwargs[ATTR_TEMPERATURE], 2)
        if hvac_mode := kwargs.get(ATTR_HVAC_MODE):
            # Home Assistant validates the mode only when it comes alone.
            self._valid_mode_or_raise("hvac", hvac_mode, self.hvac_modes)
            await self._async_set_mode(hvac_mode, temperature)
            return
        if (mode := self._modes.with_setpoint) is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="no_temperature",
                translation_placeholders={"device": self.row.name or self._row_id},
            )
        setting = ThermostatSetpoint(mode, temperature, change_mode=False)
        await self.async_command(Method.THERMOSTAT, setting)

    async def _async_set_mode(
        self, hvac_mode: HVACMode, temperature: float | None = None
    ) -> None:
        """Set a mode, without a preset if possible, and its temperature."""
        if hvac_mode is HVACMode.OFF:
            await self.async_turn_off()
            return
        if self._modes.is_heater:
            await self.async_turn_on()
            return
        mode = self._modes.for_hvac_mode(hvac_mode)
        if mode not in self._modes.thermostat.ranges:
            temperature = None
        if temperature is not None:
            self._check(mode, temperature)
        await self.async_commands(mode_command(mode, temperature))

    def _check(self, mode: str, temperature: float) -> None:
        """Raise if a mode does not allow a temperature; Home Assistant checks the current mode."""
        lowest, highest = self._modes.limits(mode)
        if not lowest <= temperature <= highest:
            raise ServiceValidationError(
                translation_domain=CLIMATE_DOMAIN,
                translation_key="temp_out_of_range",
                translation_placeholders={
                    "check_temp": str(temperature),
                    "min_temp": str(lowest),
                    "max_temp": str(highest),
                },
            )
