"""Devices: their methods, types and states.

Source: docs/dev/telldus-api.md, "Devices" and "Thermostat, RGB, dim".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, IntFlag
from functools import lru_cache
import re
from typing import Final, Self

from ..parsing import (
    Json,
    to_flag,
    to_id,
    to_integer,
    to_names,
    to_number,
    to_object,
    to_objects,
    to_optional_id,
    to_text,
)

MAX_LEVEL: Final = 255
MAX_RGB: Final = 0xFFFFFF


class Method(IntFlag):
    """Methods that a device supports, and the last one it executed. One bit each."""

    TURNON = 1
    TURNOFF = 2
    BELL = 4
    TOGGLE = 8
    DIM = 16
    LEARN = 32
    EXECUTE = 64
    UP = 128
    DOWN = 256
    STOP = 512
    RGB = 1024
    THERMOSTAT = 2048


_METHODS: Final[Mapping[int | None, Method]] = {int(one): one for one in Method}
# As the vendor's own app requests: all but TOGGLE and EXECUTE. Telldus hides methods that
# are not requested, and UP and DOWN then appear as TURNOFF and TURNON.
SUPPORTED_METHODS: Final = 4023


class DeviceType(IntEnum):
    """Type of a device, by the first block of its ``deviceType``."""

    UNKNOWN = 0x00
    ALARM = 0x01
    CONTAINER = 0x02
    CONTROLLER = 0x03
    DOOR_WINDOW = 0x04
    LIGHT = 0x05
    LOCK = 0x06
    MEDIA = 0x07
    METER = 0x08
    MOTION = 0x09
    ON_OFF_SENSOR = 0x0A
    PERSON = 0x0B
    REMOTE_CONTROL = 0x0C
    SENSOR = 0x0D
    SMOKE = 0x0E
    SPEAKER = 0x0F
    SWITCH_OUTLET = 0x10
    THERMOSTAT = 0x11
    VIRTUAL = 0x12
    WINDOW_COVERING = 0x13
    PROJECTOR_SCREEN = 0x14


_DEVICE_TYPE_REST: Final = "-0001-1000-2005-acca54000000"
_DEVICE_TYPE_BLOCK: Final = re.compile(r"[0-9a-f]{1,8}")
_DEVICE_TYPES: Final[Mapping[int | None, DeviceType]] = {
    int(one): one for one in DeviceType
}
# In °C: this and anything below it means "unknown".
_NO_SETPOINT: Final = -100.0


@dataclass(frozen=True, slots=True)
class TemperatureRange:
    """Limits of a setpoint in °C; None where Telldus reports none."""

    min: float | None = None
    max: float | None = None

    @classmethod
    def from_dict(cls, limits: Json) -> Self:
        """Parse the limits of one mode in the parameter "thermostat"."""
        return cls(to_number(limits.get("min")), to_number(limits.get("max")))


@dataclass(frozen=True, slots=True)
class Thermostat:
    """State and abilities of a thermostat, by Telldus' names of modes.

    ``setpoints`` are in °C, without unknown ones. ``ranges`` has the modes whose
    temperature can be set. ``modes`` may contain "resume", which is a command.
    """

    mode: str | None
    setpoints: Mapping[str, float]
    modes: tuple[str, ...]
    ranges: Mapping[str, TemperatureRange]

    @classmethod
    def from_dict(
        cls, state: Json, parameter: Json, *, is_switched: bool = False
    ) -> Self:
        """Parse the state's value and the parameter "thermostat", empty if missing.

        Where neither tells a mode there is "off" alone, which is a guess, and nothing where
        ``is_switched``: a device that can be turned off needs no mode for it.
        """
        current = _by_mode(state.get("setpoint"))
        limits = _by_mode(parameter.get("setpoints"))
        mode = mode_from(state.get("mode"))
        if mode is None and len(current) == 1:
            # A thermostat with only one mode may leave it out.
            mode = next(iter(current))
        ranges = dict.fromkeys(current, TemperatureRange())
        if limits:
            ranges = {
                name: TemperatureRange.from_dict(to_object(limit))
                for name, limit in limits.items()
                # PHP writes an empty object as an empty list; null means: no range.
                if isinstance(limit, (Mapping, list))
            }
        modes = [name.lower() for name in to_names(parameter.get("modes"))]
        guess = () if is_switched and not current else (*current, "off")
        return cls(
            mode=mode,
            setpoints={
                name: number
                for name, value in current.items()
                if (number := setpoint_from(value)) is not None
            },
            modes=tuple(dict.fromkeys(modes or limits or guess)),
            ranges=ranges,
        )


@dataclass(frozen=True, slots=True)
class Device:
    """A device: methods and a state.

    ``state`` is the last method that Telldus reports, None for none; ``level`` the last
    level of a dimmer, 0 to 255, and ``rgb`` the last color, 0xRRGGBB, whether it is on or
    not. ``members`` are a group's devices, by ``id`` or by ``client_device_id``. ``room``
    is the id of a room. ``gateway_id`` and ``client_device_id`` are empty where a server
    sends no more than the vendor's guide shows.
    """

    id: str
    client_device_id: str
    gateway_id: str
    gateway_name: str | None
    name: str | None
    methods: Method
    state: Method | None
    level: int | None
    rgb: int | None
    thermostat: Thermostat | None
    online: bool | None
    is_owner: bool
    ignored: bool
    type: str
    device_type: DeviceType
    transport: str
    room: str | None
    members: tuple[str, ...]

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse a row of ``devices/list``. Raises ValueError."""
        methods = Method((to_integer(row.get("methods")) or 0) & 0xFFF)
        values = _state_values(row)
        parameters = _parameters(row)
        thermostat = None
        if Method.THERMOSTAT in methods:
            thermostat = Thermostat.from_dict(
                to_object(values.get(Method.THERMOSTAT)),
                to_object(parameters.get("thermostat")),
                is_switched=Method.TURNOFF in methods,
            )
        return cls(
            id=to_id(row, "id"),
            client_device_id=to_text(row.get("clientDeviceId")) or "",
            gateway_id=to_optional_id(row, "client"),
            gateway_name=to_text(row.get("clientName")),
            name=to_text(row.get("name")),
            methods=methods,
            state=method_from(row.get("state")),
            level=level_from(values.get(Method.DIM)),
            rgb=rgb_from(values.get(Method.RGB)),
            thermostat=thermostat,
            online=to_flag(row.get("online"), default=None),
            is_owner=to_flag(row.get("editable"), default=True),
            ignored=to_flag(row.get("ignored"), default=False),
            type=(to_text(row.get("type")) or "device").lower(),
            device_type=_device_type(
                row.get("deviceType") or parameters.get("devicetype")
            ),
            transport=(to_text(row.get("transport")) or "").lower(),
            room=to_text(row.get("room")),
            members=to_names(row.get("devices")) or to_names(parameters.get("devices")),
        )

    @property
    def is_on(self) -> bool | None:
        """Return whether the device is on, None if its state does not say."""
        match self.state:
            case Method.TURNON | Method.RGB:
                return True
            case Method.TURNOFF:
                return False
            case Method.DIM:
                # Without a level it was dimmed to some light.
                return self.level != 0
        return None

    def with_pushed(self, pushed: Self) -> Self:
        """Return this row with a state that was pushed after the row had been requested."""
        thermostat = self.thermostat
        if thermostat and pushed.thermostat:
            thermostat = replace(
                thermostat,
                mode=pushed.thermostat.mode,
                setpoints=pushed.thermostat.setpoints,
            )
        return replace(
            self,
            state=pushed.state,
            level=pushed.level,
            rgb=pushed.rgb,
            thermostat=thermostat,
        )


@dataclass(frozen=True, slots=True)
class DeviceProtocol:
    """Protocol and model of a device, None where Telldus reports none."""

    protocol: str | None
    model: str | None

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse the response of ``device/info``."""
        return cls(to_text(row.get("protocol")), to_text(row.get("model")))


@dataclass(frozen=True, slots=True)
class DeviceWithParameters:
    """A device with all its parameters, which are private: house codes are among them."""

    device: Device
    parameters: Mapping[str, object] = field(repr=False)

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse a row of ``devices/list``. Raises ValueError."""
        return cls(Device.from_dict(row), _parameters(row))


def method_from(value: object) -> Method | None:
    """Return a method, None for anything but a single one."""
    return _METHODS.get(to_integer(value))


def _state_values(row: Json) -> dict[int, object]:
    """Return the value of each method.

    ``stateValues`` is the list's spelling and ``statevalues`` that of device/info;
    ``statevalue`` belongs to the last method, and is newer.
    """
    values: dict[int, object] = {
        number: entry.get("value")
        for entry in to_objects(row.get("stateValues", row.get("statevalues")))
        if (number := to_integer(entry.get("state"))) is not None
    }
    last = method_from(row.get("state"))
    if (
        last in (Method.DIM, Method.RGB)
        and to_integer(row.get("statevalue")) is not None
    ):
        values[last] = row["statevalue"]
    return values


def _parameters(row: Json) -> dict[str, object]:
    """Return a device's parameters by name."""
    return {
        name: entry.get("value")
        for entry in to_objects(row.get("parameter"))
        if (name := to_text(entry.get("name")))
    }


def level_from(value: object) -> int | None:
    """Return a dimmer's level, 0 to 255."""
    level = to_integer(value)
    return None if level is None else min(max(level, 0), MAX_LEVEL)


def rgb_from(value: object) -> int | None:
    """Return a color, 0xRRGGBB; old values have a byte for white at their end."""
    rgb = to_integer(value)
    if rgb is None or not 0 <= rgb <= 0xFFFFFFFF:
        return None
    return rgb >> 8 if rgb > MAX_RGB else rgb


def setpoint_from(value: object) -> float | None:
    """Return a setpoint in °C, None for the vendor's "unknown"."""
    number = to_number(value)
    return number if number is not None and number > _NO_SETPOINT else None


def mode_from(value: object) -> str | None:
    """Return the name of a thermostat's mode."""
    text = to_text(value)
    return text.lower() if text else None


def _by_mode(value: object) -> dict[str, object]:
    """Return an object's values by the names of a thermostat's modes."""
    return {
        name: entry
        for key, entry in to_object(value).items()
        if (name := mode_from(key))
    }


def _device_type(value: object) -> DeviceType:
    """Return the type of a device."""
    return _type_called(to_text(value) or "")


@lru_cache(maxsize=64)
def _type_called(text: str) -> DeviceType:
    """Return a type by its name, or by the first block of it alone.

    Both cases and a block without its leading zeros occur.
    """
    block = text.lower().removesuffix(_DEVICE_TYPE_REST)
    number = int(block, 16) if _DEVICE_TYPE_BLOCK.fullmatch(block) else None
    return _DEVICE_TYPES.get(number, DeviceType.UNKNOWN)
