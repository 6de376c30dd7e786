"""The commands that the second server takes."""

from collections.abc import Callable, Mapping

from .home import BELL, DIM, DOWN, OFF, ON, RGB, STOP, THERMOSTAT, UP, Device, Home

NOT_FOUND, ACCESS_DENIED, OFFLINE, INVALID, UNSUPPORTED = 1, 2, 3, 4, 7
METHODS = {
    "turnOn": ON,
    "turnOff": OFF,
    "bell": BELL,
    "dim": DIM,
    "rgb": RGB,
    "up": UP,
    "down": DOWN,
    "stop": STOP,
    "thermostat": THERMOSTAT,
}


class CallError(Exception):
    """A call that the server refuses, with its code and text."""

    def __init__(self, code: int, text: str) -> None:
        """Keep the code."""
        super().__init__(text)
        self.code = code


def find(home: Home, query: Mapping[str, str]) -> Device:
    """Return the device that is asked for. Raises CallError."""
    id_ = query.get("id", "")
    if not id_.isdigit() or int(id_) not in home.devices:
        raise CallError(NOT_FOUND, f'The device with id "{id_}" does not exist')
    return home.devices[int(id_)]


def take(home: Home, name: str, query: Mapping[str, str]) -> Callable[[], None]:
    """Return what a command will do. Raises CallError where it cannot be done."""
    device, method = find(home, query), METHODS[name]
    if not home.gateways[device.gateway].online:
        raise CallError(OFFLINE, "The client for this device is currently offline")
    if not device.methods & method:
        raise CallError(UNSUPPORTED, "The method is not supported")
    try:
        if method == THERMOSTAT:
            return _set_thermostat(device, query)
        value: int | None = None
        if method == DIM:
            value = min(int(query["level"]), 255)
        elif method == RGB:
            red, green, blue = (int(query[key]) for key in "rgb")
            value = red << 16 | green << 8 | blue
    except (KeyError, ValueError) as err:
        raise CallError(INVALID, "Invalid argument") from err

    def do() -> None:
        """Have the device do it, and the members of a group."""
        for one in (device, *(home.devices[id_] for id_ in device.members)):
            if value is not None:
                one.values[method] = value
            if method != RGB:
                one.state = method

    return do


def _set_thermostat(device: Device, query: Mapping[str, str]) -> Callable[[], None]:
    """Return what a command of a thermostat will do; its value is an object."""
    mode = query["mode"]
    if "temperature" in query:
        float(query["temperature"])

    def do() -> None:
        """Set the temperature of a mode, and the mode if it is to be changed."""
        value = device.values[THERMOSTAT]
        if "temperature" in query:
            value["setpoint"][mode] = query["temperature"]
        if query.get("changeMode", "1") == "1":
            value["mode"] = mode
            device.state = OFF if mode == "off" else ON

    return do
