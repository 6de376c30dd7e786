"""What a device is told to do, and what it will be like once it has done it.

Source: docs/telldus-api.md, "Commands", "State", "Thermostat commands" and "RGB and dim".
"""

from dataclasses import dataclass, replace
from typing import Final

from .models import MAX_LEVEL, Device, Method

_FUNCTIONS: Final = {
    Method.TURNON: "device/turnOn",
    Method.TURNOFF: "device/turnOff",
    Method.BELL: "device/bell",
    Method.DIM: "device/dim",
    Method.LEARN: "device/learn",
    Method.UP: "device/up",
    Method.DOWN: "device/down",
    Method.STOP: "device/stop",
    Method.RGB: "device/rgb",
    Method.THERMOSTAT: "device/thermostat",
}
# What each of these sets is nobody else's business; all other methods set the state.
_OWN_FACETS: Final = Method.BELL | Method.LEARN | Method.RGB | Method.THERMOSTAT
# What a device's state can be; the gateways never put the others there.
_STATES: Final = (
    *(Method.TURNON, Method.TURNOFF, Method.DIM, Method.UP, Method.DOWN, Method.STOP),
)

# A thermostat's modes that are not simply "on".
OFF: Final = "off"
RESUME: Final = "resume"


@dataclass(frozen=True, slots=True)
class ThermostatSetpoint:
    """What a thermostat is told: a temperature in °C for a mode, and perhaps that mode.

    Without ``change_mode`` the temperature is kept for when the mode is chosen.
    """

    mode: str
    temperature: float | None = None
    change_mode: bool = True


@dataclass(frozen=True, slots=True)
class Command:
    """What a device is to do.

    ``value`` is a level, 0 to 255, for DIM, a colour, 0xRRGGBB, for RGB, a Setting for
    THERMOSTAT, and nothing for the rest.
    """

    device_id: str
    method: Method
    value: int | ThermostatSetpoint | None = None

    @property
    def function(self) -> str:
        """Return the function that is called."""
        return _FUNCTIONS[self.method]

    @property
    def parameters(self) -> dict[str, str]:
        """Return the query of the call."""
        query = {"id": self.device_id}
        match self.method, self.value:
            case Method.DIM, int(level):
                query["level"] = str(_clamped(level))
            case Method.RGB, int(rgb):
                query |= {
                    "r": str(rgb >> 16 & 0xFF),
                    "g": str(rgb >> 8 & 0xFF),
                    "b": str(rgb & 0xFF),
                }
            case Method.THERMOSTAT, ThermostatSetpoint(mode, temperature, change_mode):
                query |= {"mode": mode, "changeMode": str(int(change_mode))}
                if temperature is not None:
                    query |= {"temperature": f"{temperature:g}", "scale": "0"}
        return query

    @property
    def attribute_group(self) -> Method:
        """Return what of the device this sets; commands for another leave it alone."""
        return attribute_group_of(self.method)

    def merge_with(self, older: Command) -> Command | None:
        """Return what may be sent instead of an older command and this one, in this order.

        None if both have to be sent: temperatures of different modes, and a mode before
        the wish to resume one.
        """
        if (
            self.attribute_group is not older.attribute_group
            or self.device_id != older.device_id
        ):
            return None
        new, old = self.value, older.value
        if not isinstance(new, ThermostatSetpoint) or not isinstance(
            old, ThermostatSetpoint
        ):
            return self
        if new.mode == old.mode:
            temperature = (
                old.temperature if new.temperature is None else new.temperature
            )
            change_mode = new.change_mode or old.change_mode
            return replace(
                self, value=ThermostatSetpoint(new.mode, temperature, change_mode)
            )
        if not new.change_mode or old.temperature is not None:
            return None
        return None if new.mode == RESUME and old.mode != OFF else self

    def apply_to(self, device: Device) -> Device:
        """Return what the device will be like."""
        match self.method, self.value:
            case Method.DIM, int(level):
                return replace(device, state=Method.DIM, level=_clamped(level))
            case Method.RGB, int(rgb):
                return replace(device, rgb=rgb)
            case Method.THERMOSTAT, ThermostatSetpoint() as setting:
                return _thermostat_effect(device, setting)
        return replace(device, state=self.method) if self.method in _STATES else device

    def is_applied_to(self, device: Device) -> bool:
        """Return whether a device is like one that has done this, as far as it can tell."""
        match self.method, self.value:
            case Method.DIM, int(level):
                # Z-Wave has a hundred levels, and Telldus may call the ends off and on.
                shown = MAX_LEVEL if device.state is Method.TURNON else device.level
                if device.is_on is False:
                    shown = 0
                return shown is not None and abs(shown - _clamped(level)) <= 3
            case Method.THERMOSTAT, ThermostatSetpoint() as setting:
                return _is_set(device, setting)
            case Method.TURNON, _:
                return bool(device.is_on)
            case Method.TURNOFF, _:
                return device.is_on is False
        # Of a bell nothing shows, nor of learning.
        return self.apply_to(device) == device

    def for_group_member(self, member: Device) -> Command | None:
        """Return what a group that gets this command makes its member do, if anything."""
        method, value = self.method, self.value
        if method is Method.DIM and Method.DIM not in member.methods:
            # One that cannot be dimmed is switched.
            method, value = (Method.TURNON if value else Method.TURNOFF), None
        if method not in member.methods:
            return None
        return Command(member.id, method, value)


def attribute_group_of(method: Method) -> Method:
    """Return what of a device a method sets, by the method that stands for it."""
    return method if method & _OWN_FACETS else Method.TURNON


def _clamped(level: int) -> int:
    """Return a level that there is."""
    return min(max(level, 0), MAX_LEVEL)


def _thermostat_effect(device: Device, setting: ThermostatSetpoint) -> Device:
    """Return what a thermostat will be like."""
    before = device.thermostat
    if before is None:
        return device
    after = before
    if setting.temperature is not None:
        setpoints = {**before.setpoints, setting.mode: setting.temperature}
        after = replace(before, setpoints=setpoints)
    if not setting.change_mode:
        return replace(device, thermostat=after)
    # Which mode is resumed the device alone knows.
    mode = None if setting.mode == RESUME else setting.mode
    state = Method.TURNOFF if mode == OFF else Method.TURNON
    return replace(device, state=state, thermostat=replace(after, mode=mode))


def _is_set(device: Device, setting: ThermostatSetpoint) -> bool:
    """Return whether a thermostat has what it was told."""
    if (now := device.thermostat) is None:
        return True
    if setting.temperature is not None:
        setpoint = now.setpoints.get(setting.mode)
        if setpoint is None or abs(setpoint - setting.temperature) > 0.3:
            return False
    if not setting.change_mode or now.mode is None:
        return True
    return now.mode != OFF if setting.mode == RESUME else now.mode == setting.mode
