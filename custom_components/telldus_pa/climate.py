"""Thermostats, with Telldus' modes as modes and presets."""

from typing import Any, Final, override

from homeassistant.components.climate import (
    ATTR_HVAC_MODE,
    DOMAIN as CLIMATE_DOMAIN,
    PRESET_AWAY,
    PRESET_BOOST,
    PRESET_ECO,
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
from homeassistant.util import slugify
from homeassistant.util.unit_conversion import TemperatureConverter

from .const import DOMAIN
from .data import TelldusConfigEntry
from .devices.kinds import MAIN_ENTITY
from .entity import TelldusDeviceEntity, async_add_device_entities
from .pa_api import (
    OFF,
    RESUME,
    Method,
    TemperatureRange,
    Thermostat,
    ThermostatSetpoint,
)

# The rate limiter paces the requests; a limit here would only delay the optimistic state.
PARALLEL_UPDATES = 0

# Telldus has one list of modes, Home Assistant a mode and a preset within it.
_MODES: Final = {
    "auto": (HVACMode.AUTO, PRESET_NONE),
    "away": (HVACMode.HEAT, PRESET_AWAY),
    "cool": (HVACMode.COOL, PRESET_NONE),
    "dry": (HVACMode.DRY, PRESET_NONE),
    "eco-cool": (HVACMode.COOL, "eco_cool"),
    "eco-heat": (HVACMode.HEAT, PRESET_ECO),
    "fan": (HVACMode.FAN_ONLY, PRESET_NONE),
    "heat": (HVACMode.HEAT, PRESET_NONE),
    "heat-cool": (HVACMode.HEAT_COOL, PRESET_NONE),
    "hg": (HVACMode.HEAT, "frost_guard"),
    "manual": (HVACMode.HEAT, "manual"),
    "max": (HVACMode.HEAT, PRESET_BOOST),
    OFF: (HVACMode.OFF, PRESET_NONE),
    "program": (HVACMode.AUTO, "program"),
}
# The limits of a setpoint in °C where Telldus reports none.
_MIN_TEMP: Final = 5.0
_MAX_TEMP: Final = 35.0
# A group of thermostats that can only be switched.
_SWITCHED_ONLY: Final = Thermostat(mode=None, setpoints={}, modes=(), ranges={})

type _Command = tuple[Method, ThermostatSetpoint | None]


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
        if (mode := self._thermostat.mode) not in (None, OFF):
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

    # Abilities

    @property
    def _thermostat(self) -> Thermostat:
        """The thermostat of the device, with its pending commands applied."""
        return self.device.thermostat or _SWITCHED_ONLY

    @property
    def _modes(self) -> list[str]:
        """Telldus' modes that can be set."""
        return [mode for mode in self._thermostat.modes if mode != RESUME]

    @property
    def _plain_modes(self) -> list[str]:
        """The modes that are neither a preset nor off."""
        return [
            mode
            for mode in self._modes
            if mode != OFF and _to_hvac(mode)[1] == PRESET_NONE
        ]

    @property
    def _setpoint_mode(self) -> str | None:
        """The mode whose setpoint is set, None if no mode has one.

        That is the current mode; if it has no setpoint, as "off" has none, the previous
        one; else the first.
        """
        thermostat = self._thermostat
        modes = (thermostat.mode, self._last_mode, *thermostat.modes)
        return next((mode for mode in modes if mode in thermostat.ranges), None)

    @property
    def _is_switched(self) -> bool:
        """Whether it is turned off as a lamp is: "off" is not one of its modes."""
        return OFF not in self._modes and Method.TURNOFF in self.device.methods

    @property
    def _turn_off_commands(self) -> tuple[_Command, ...]:
        """The commands that turn it off, none if it cannot be turned off."""
        if self._is_switched:
            return ((Method.TURNOFF, None),)
        return (_mode_command(OFF),) if OFF in self._modes else ()

    @property
    def _turn_on_commands(self) -> tuple[_Command, ...]:
        """The commands that turn it on again, none if it cannot be turned on."""
        if self._is_switched and Method.TURNON in self.device.methods:
            return ((Method.TURNON, None),)
        if RESUME in self._thermostat.modes:
            return (_mode_command(RESUME),)
        modes = [mode for mode in self._modes if mode != OFF]
        if self._last_mode in modes:
            modes.insert(0, self._last_mode)
        return tuple(_mode_command(mode) for mode in modes[:1])

    @property
    @override
    def supported_features(self) -> ClimateEntityFeature:
        """The features, by the modes and methods of the device."""
        features = ClimateEntityFeature(0)
        if self._setpoint_mode:
            features |= ClimateEntityFeature.TARGET_TEMPERATURE
        if self.preset_modes:
            features |= ClimateEntityFeature.PRESET_MODE
        if self._turn_off_commands:
            features |= ClimateEntityFeature.TURN_OFF
            if self._turn_on_commands:
                features |= ClimateEntityFeature.TURN_ON
        return features

    @property
    @override
    def hvac_modes(self) -> list[HVACMode]:
        """Home Assistant's modes for those of Telldus."""
        modes = [_to_hvac(mode)[0] for mode in self._modes]
        if self._is_switched:
            modes.append(HVACMode.OFF)
        return list(dict.fromkeys(modes))

    @property
    @override
    def preset_modes(self) -> list[str] | None:
        """The presets, with "none" if there is a mode without a preset."""
        presets = dict.fromkeys(_to_hvac(mode)[1] for mode in self._modes)
        presets.pop(PRESET_NONE, None)
        if not presets:
            return None
        return [PRESET_NONE, *presets] if self._plain_modes else list(presets)

    def _limits(self, mode: str | None) -> tuple[float, float]:
        """Return the lowest and the highest temperature of a mode."""
        limits = self._thermostat.ranges.get(mode or "", TemperatureRange())
        return (
            _MIN_TEMP if limits.min is None else limits.min,
            _MAX_TEMP if limits.max is None else limits.max,
        )

    @property
    @override
    def min_temp(self) -> float:
        """The lowest temperature that can be set."""
        return self._limits(self._setpoint_mode)[0]

    @property
    @override
    def max_temp(self) -> float:
        """The highest temperature that can be set."""
        return self._limits(self._setpoint_mode)[1]

    # State

    @property
    @override
    def hvac_mode(self) -> HVACMode | None:
        """The mode, None if unknown."""
        mode = self._thermostat.mode
        if self.device.is_on is False and (mode is None or self._is_switched):
            return HVACMode.OFF
        return _to_hvac(mode)[0] if mode else None

    @property
    @override
    def preset_mode(self) -> str | None:
        """The preset, None if unknown."""
        mode = self._thermostat.mode
        preset = _to_hvac(mode)[1] if mode else None
        return None if preset == PRESET_NONE and not self._plain_modes else preset

    @property
    @override
    def target_temperature(self) -> float | None:
        """The setpoint of the mode, None if it has none."""
        thermostat = self._thermostat
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
        await self.async_commands(*self._turn_on_commands)

    @override
    async def async_turn_off(self) -> None:
        """Turn the thermostat off."""
        await self.async_commands(*self._turn_off_commands)

    @override
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        """Set a mode, without a preset if possible."""
        await self._async_set_mode(hvac_mode)

    @override
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        """Set a preset with its mode, or return to a mode without a preset."""
        if preset_mode == PRESET_NONE:
            modes = self._plain_modes
            modes.sort(key=lambda mode: _to_hvac(mode)[0] is not self.hvac_mode)
        else:
            modes = [mode for mode in self._modes if _to_hvac(mode)[1] == preset_mode]
        await self.async_commands(_mode_command(modes[0]))

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
        if (mode := self._setpoint_mode) is None:
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
        modes = [mode for mode in self._modes if _to_hvac(mode)[0] is hvac_mode]
        modes.sort(key=lambda mode: _to_hvac(mode)[1] != PRESET_NONE)
        mode = modes[0]
        if mode not in self._thermostat.ranges:
            temperature = None
        if temperature is not None:
            self._check(mode, temperature)
        await self.async_commands(_mode_command(mode, temperature))

    def _check(self, mode: str, temperature: float) -> None:
        """Raise if a mode does not allow a temperature; Home Assistant checks the current mode."""
        lowest, highest = self._limits(mode)
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


def _to_hvac(mode: str) -> tuple[HVACMode, str]:
    """Convert a mode of Telldus to Home Assistant's mode and preset."""
    return _MODES.get(mode) or (HVACMode.HEAT, slugify(mode))


def _mode_command(mode: str, temperature: float | None = None) -> _Command:
    """Build the command that sets a mode."""
    return Method.THERMOSTAT, ThermostatSetpoint(mode, temperature)
