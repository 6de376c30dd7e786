"""Commands, and their effects on a device.

Source: docs/dev/telldus-api.md, "Commands", "State", "Thermostat commands" and "RGB and dim".
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
# Each of these sets an attribute of its own; all other methods set the state.
_OWN_ATTRIBUTES: Final = Method.BELL | Method.LEARN | Method.RGB | Method.THERMOSTAT
# The methods that become a device's state.
_STATES: Final = (
    *(Method.TURNON, Method.TURNOFF, Method.DIM, Method.UP, Method.DOWN, Method.STOP),
)

# A thermostat's modes that are not simply "on".
OFF: Final = "off"
RESUME: Final = "resume"


@dataclass(frozen=True, slots=True)
class ThermostatSetpoint:
    """A mode of a thermostat, and perhaps its temperature in °C.

    Without ``change_mode`` the temperature is stored for when the mode is chosen.
    """

    mode: str
    temperature: float | None = None
    change_mode: bool = True


@dataclass(frozen=True, slots=True)
class Command:
    """A method for a device to execute.

    ``value`` is a level, 0 to 255, for DIM, a color, 0xRRGGBB, for RGB, a
    ThermostatSetpoint for THERMOSTAT, and None for the rest. ``is_volume_step`` is for UP
    and DOWN of a speaker, whose volume they change by a step.
    """

    device_id: str
    method: Method
    value: int | ThermostatSetpoint | None = None
    is_volume_step: bool = False

    @property
    def function(self) -> str:
        """Return the API's function for the method."""
        return _FUNCTIONS[self.method]

    @property
    def parameters(self) -> dict[str, str]:
        """Return the query parameters of the request."""
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
        """Return the attribute that this sets, by the method that stands for it."""
        return self.method if self.is_volume_step else attribute_group_of(self.method)

    @property
    def is_step(self) -> bool:
        """Return whether each one counts: two are not one, and no state tells of it."""
        return self.is_volume_step or self.method is Method.BELL

    def merge_with(self, older: Command) -> Command | None:
        """Return the command to send instead of an older one followed by this one.

        None if both have to be sent: steps, temperatures of different modes, and a mode
        before RESUME.
        """
        if (
            self.is_step
            or self.attribute_group is not older.attribute_group
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
        """Return the device as it will be once it has executed this."""
        match self.method, self.value:
            case Method.DIM, int(level):
                return replace(device, state=Method.DIM, level=_clamped(level))
            case Method.RGB, int(rgb):
                return replace(device, rgb=rgb)
            case Method.THERMOSTAT, ThermostatSetpoint() as setpoint:
                return _thermostat_effect(device, setpoint)
        if self.is_step or self.method not in _STATES:
            return device
        return replace(device, state=self.method)

    def is_applied_to(self, device: Device) -> bool:
        """Return whether the device's state is the one that this command leads to."""
        match self.method, self.value:
            case Method.DIM, int(level):
                # Z-Wave has a hundred levels, and Telldus may call the ends off and on.
                actual = MAX_LEVEL if device.state is Method.TURNON else device.level
                if device.is_on is False:
                    actual = 0
                return actual is not None and abs(actual - _clamped(level)) <= 3
            case Method.THERMOSTAT, ThermostatSetpoint() as setpoint:
                return _is_set(device, setpoint)
            case Method.TURNON, _:
                return bool(device.is_on)
            case Method.TURNOFF, _:
                return device.is_on is False
        # Steps and LEARN change no state, and so always match.
        return self.apply_to(device) == device

    def for_group_member(self, member: Device) -> Command | None:
        """Return the command for a member of the group that this is for, None for none."""
        method, value = self.method, self.value
        if method is Method.DIM and Method.DIM not in member.methods:
            # A member that is no dimmer is switched.
            method, value = (Method.TURNON if value else Method.TURNOFF), None
        if method not in member.methods:
            return None
        return Command(member.id, method, value)


def attribute_group_of(method: Method) -> Method:
    """Return the attribute that a method sets, by the method that stands for it."""
    return method if method & _OWN_ATTRIBUTES else Method.TURNON


def _clamped(level: int) -> int:
    """Return a level within 0 to 255."""
    return min(max(level, 0), MAX_LEVEL)


def _thermostat_effect(device: Device, command: ThermostatSetpoint) -> Device:
    """Return a thermostat as it will be."""
    before = device.thermostat
    if before is None:
        return device
    after = before
    if command.temperature is not None:
        setpoints = {**before.setpoints, command.mode: command.temperature}
        after = replace(before, setpoints=setpoints)
    if not command.change_mode:
        return replace(device, thermostat=after)
    # Telldus does not report which mode RESUME leads to.
    mode = None if command.mode == RESUME else command.mode
    state = Method.TURNOFF if mode == OFF else Method.TURNON
    return replace(device, state=state, thermostat=replace(after, mode=mode))


def _is_set(device: Device, command: ThermostatSetpoint) -> bool:
    """Return whether a thermostat has this mode and temperature."""
    if (now := device.thermostat) is None:
        return True
    if command.temperature is not None:
        setpoint = now.setpoints.get(command.mode)
        if setpoint is None or abs(setpoint - command.temperature) > 0.3:
            return False
    if not command.change_mode or now.mode is None:
        return True
    return now.mode != OFF if command.mode == RESUME else now.mode == command.mode
