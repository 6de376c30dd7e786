"""What a Telldus device can do: method bits, kinds and the mask.

Source: docs/dev/telldus-api.md, "Devices: methods, state, types".
"""

from enum import IntEnum, IntFlag
from typing import Final


class Method(IntFlag):
    """The bits of `methods`, `state` and `supportedMethods`."""

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


# The name of a method in device/<name>; toggle and execute have bits, but no function.
FUNCTION_METHODS: Final[dict[str, Method]] = {
    "turnOn": Method.TURNON,
    "turnOff": Method.TURNOFF,
    "bell": Method.BELL,
    "dim": Method.DIM,
    "learn": Method.LEARN,
    "up": Method.UP,
    "down": Method.DOWN,
    "stop": Method.STOP,
    "rgb": Method.RGB,
    "thermostat": Method.THERMOSTAT,
}


class DeviceType(IntEnum):
    """The number in the first block of a deviceType."""

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
    REMOTE = 0x0C
    SENSOR = 0x0D
    SMOKE = 0x0E
    SPEAKER = 0x0F
    SWITCH = 0x10
    THERMOSTAT = 0x11
    VIRTUAL = 0x12
    WINDOW_COVERING = 0x13
    PROJECTOR_SCREEN = 0x14

    @property
    def uuid(self) -> str:
        """The deviceType as the server writes it, upper case."""
        return f"{self.value:08X}-0001-1000-2005-ACCA54000000"


def kind_of(device_type: str) -> DeviceType:
    """Read a deviceType back, tolerant of its case and of a lost leading zero."""
    try:
        return DeviceType(int(device_type.partition("-")[0], 16))
    except ValueError:
        return DeviceType.UNKNOWN


def mask_methods(methods: int, mask: int) -> int:
    """Cut `methods` (or a `state`) down to what the caller says it can handle.

    A caller that knows no UP is offered TURNOFF instead, one that knows no DOWN, TURNON.
    """
    if methods & Method.UP and not mask & Method.UP:
        methods |= Method.TURNOFF
    if methods & Method.DOWN and not mask & Method.DOWN:
        methods |= Method.TURNON
    return methods & mask


def resolve_method(methods: int, wanted: Method) -> Method | None:
    """Return the method to execute for `wanted`, None if the device has none.

    The counterpart of the mask's substitution: who was offered TURNOFF for UP sends it.
    """
    if methods & wanted:
        return wanted
    if wanted is Method.TURNOFF and methods & Method.UP:
        return Method.UP
    if wanted is Method.TURNON and methods & Method.DOWN:
        return Method.DOWN
    return None


def parse_method(method: int | str) -> Method:
    """Read one method from its bit (7, "16") or from its name ("turnOn").

    Raises ValueError for anything that is not exactly one method.
    """
    if isinstance(method, str):
        if method in FUNCTION_METHODS:
            return FUNCTION_METHODS[method]
        method = int(method) if method.strip().isdigit() else 0
    for known in Method:
        if known.value == method:
            return known
    raise ValueError(f"{method!r} is not a method")
