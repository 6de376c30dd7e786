"""Telldus' one list of modes of a thermostat, as Home Assistant's modes and presets."""

from dataclasses import dataclass
from typing import Final

from homeassistant.components.climate import (
    PRESET_AWAY,
    PRESET_BOOST,
    PRESET_ECO,
    PRESET_NONE,
    HVACMode,
)
from homeassistant.util import slugify

from ..pa_api import (
    OFF,
    RESUME,
    Device,
    Method,
    TemperatureRange,
    Thermostat,
    ThermostatSetpoint,
)

MODES: Final = {
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

type ThermostatCommand = tuple[Method, ThermostatSetpoint | None]


@dataclass(frozen=True, slots=True)
class ThermostatModes:
    """The modes of a thermostat. ``last`` is the last one that was not off."""

    device: Device
    last: str | None

    @property
    def thermostat(self) -> Thermostat:
        """State and abilities as Telldus reports them."""
        return self.device.thermostat or _SWITCHED_ONLY

    @property
    def settable(self) -> list[str]:
        """Telldus' modes that can be set."""
        return [mode for mode in self.thermostat.modes if mode != RESUME]

    @property
    def plain(self) -> list[str]:
        """The modes that are neither a preset nor off."""
        return [
            mode
            for mode in self.settable
            if mode != OFF and to_hvac(mode)[1] == PRESET_NONE
        ]

    @property
    def with_setpoint(self) -> str | None:
        """The mode whose setpoint is set, None if no mode has one.

        That is the current mode; if it has no setpoint, as "off" has none, the previous
        one; else the first.
        """
        thermostat = self.thermostat
        modes = (thermostat.mode, self.last, *thermostat.modes)
        return next((mode for mode in modes if mode in thermostat.ranges), None)

    @property
    def is_switched(self) -> bool:
        """Whether it is turned off as a lamp is: "off" is not one of its modes."""
        return OFF not in self.settable and Method.TURNOFF in self.device.methods

    @property
    def is_heater(self) -> bool:
        """Whether no mode of it is known: it can be turned on, which is to heat, and off."""
        on_and_off = Method.TURNON | Method.TURNOFF | Method.THERMOSTAT
        return not self.thermostat.modes and on_and_off in self.device.methods

    @property
    def turn_off(self) -> tuple[ThermostatCommand, ...]:
        """The commands that turn it off, none if it cannot be turned off."""
        if self.is_switched:
            return ((Method.TURNOFF, None),)
        return (mode_command(OFF),) if OFF in self.settable else ()

    @property
    def turn_on(self) -> tuple[ThermostatCommand, ...]:
        """The commands that turn it on again, none if it cannot be turned on."""
        if self.is_switched and Method.TURNON in self.device.methods:
            return ((Method.TURNON, None),)
        if RESUME in self.thermostat.modes:
            return (mode_command(RESUME),)
        modes = [mode for mode in self.settable if mode != OFF]
        if self.last in modes:
            modes.insert(0, self.last)
        return tuple(mode_command(mode) for mode in modes[:1])

    @property
    def hvac_modes(self) -> list[HVACMode]:
        """Home Assistant's modes for those of Telldus."""
        modes = [to_hvac(mode)[0] for mode in self.settable]
        if self.is_heater:
            modes.append(HVACMode.HEAT)
        if self.is_switched:
            modes.append(HVACMode.OFF)
        return list(dict.fromkeys(modes))

    @property
    def preset_modes(self) -> list[str] | None:
        """The presets, with "none" if there is a mode without a preset."""
        presets = dict.fromkeys(to_hvac(mode)[1] for mode in self.settable)
        presets.pop(PRESET_NONE, None)
        if not presets:
            return None
        return [PRESET_NONE, *presets] if self.plain else list(presets)

    def limits(self, mode: str | None) -> tuple[float, float]:
        """Return the lowest and the highest temperature of a mode, in °C."""
        limits = self.thermostat.ranges.get(mode or "", TemperatureRange())
        return (
            _MIN_TEMP if limits.min is None else limits.min,
            _MAX_TEMP if limits.max is None else limits.max,
        )

    def for_hvac_mode(self, hvac_mode: HVACMode) -> str:
        """Return Telldus' mode for one of ``hvac_modes``, without a preset if possible."""
        modes = [mode for mode in self.settable if to_hvac(mode)[0] is hvac_mode]
        return min(modes, key=lambda mode: to_hvac(mode)[1] != PRESET_NONE)

    def for_preset(self, preset: str, hvac_mode: HVACMode | None) -> str:
        """Return Telldus' mode for one of ``preset_modes``.

        "none" is a mode without a preset, ``hvac_mode`` if possible.
        """
        if preset == PRESET_NONE:
            return min(self.plain, key=lambda mode: to_hvac(mode)[0] is not hvac_mode)
        return next(mode for mode in self.settable if to_hvac(mode)[1] == preset)


def to_hvac(mode: str) -> tuple[HVACMode, str]:
    """Convert a mode of Telldus to Home Assistant's mode and preset."""
    return MODES.get(mode) or (HVACMode.HEAT, slugify(mode))


def mode_command(mode: str, temperature: float | None = None) -> ThermostatCommand:
    """Build the command that sets a mode."""
    return Method.THERMOSTAT, ThermostatSetpoint(mode, temperature)
