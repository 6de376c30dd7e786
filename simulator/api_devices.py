"""devices and device: lists, commands, history.

Source: docs/dev/telldus-api.md, "devices/list", "device/info", "Commands".
"""

from collections.abc import Callable
from functools import partial
import json
import math

from .api import (
    INVALID,
    NOT_FOUND,
    OFFLINE,
    SUCCESS,
    UNSUPPORTED,
    ApiError,
    Call,
    function,
)
from .command_effects import HISTORY_ROWS, send
from .home import Command, CommandValue, Device, Row
from .methods import FUNCTION_METHODS, Method, parse_method, resolve_method


@function("devices/list")
def devices_list(call: Call) -> Row:
    """Return {"device": [row, …]}, hidden ones only with includeIgnored=1."""
    serializer, mask, extras = call.serializer, call.mask, call.extras
    hidden = call.flag("includeIgnored")
    return {
        "device": [
            serializer.device(device, mask, extras)
            for device in call.home.devices.values()
            if hidden or not device.ignored
        ]
    }


@function("device/info")
def device_info(call: Call) -> Row:
    """Return one device; without supportedMethods its methods and state mean nothing."""
    return call.serializer.device_info(device_of(call), call.mask, call.extras)


@function("device/history")
def device_history(call: Call) -> Row:
    """Return {"history": […]} from `from` to `to` (unix seconds), oldest first."""
    device = device_of(call)
    since = call.number("from", 0)
    until = call.number("to", int(call.now))
    rows = [
        {
            "ts": row.ts,
            "state": row.state,
            "stateValue": row.state_value,
            "origin": row.origin,
            "successStatus": row.success_status,
        }
        for row in device.history
        if since <= row.ts <= until
    ][-HISTORY_ROWS:]
    if call.flag("lastFirst"):
        rows.reverse()
    answer: Row = {"history": rows}
    gateway = call.home.gateways[device.gateway_id]
    if "timezone" in call.extras:
        answer["timezone"] = gateway.timezone
    if "tzoffset" in call.extras:
        answer["tzoffset"] = gateway.tzoffset
    return answer


@function("device/command")
def device_command(call: Call) -> Row:
    """Carry out `method` (a bit) with `value`: a level, or nothing, or the text null."""
    device = device_of(call)
    try:
        method = parse_method(call.number("method"))
    except ValueError:
        raise ApiError("Invalid argument", INVALID) from None
    value = call.text("value")
    match method:
        case Method.DIM:
            return _command(call, device, method, _level(call.number("value")))
        case Method.RGB:
            color = value.removeprefix("#")
            try:
                number = int(color, 16 if value.startswith("#") else 10)
            except ValueError:
                raise ApiError("Invalid argument", INVALID) from None
            return _command(call, device, method, number & 0xFFFFFF)
        case Method.THERMOSTAT:
            try:
                wish = json.loads(value)
            except ValueError:
                wish = None
            if not isinstance(wish, dict):
                raise ApiError("Invalid argument", INVALID)
            return _command(call, device, method, _thermostat(wish))
    return _command(call, device, method, None)


@function("device/dim")
def device_dim(call: Call) -> Row:
    """Dim to `level`, clamped to 0-255."""
    return _command(call, device_of(call), Method.DIM, _level(call.number("level")))


@function("device/rgb")
def device_rgb(call: Call) -> Row:
    """Set a color from `r`, `g` and `b`, each clamped to 0-255; or by their long names."""
    names = ("r", "g", "b")
    if not any(map(call.text, names)):
        # Which of the two the server takes is not known.
        names = ("red", "green", "blue")
    red, green, blue = (_level(call.number(name)) for name in names)
    return _command(call, device_of(call), Method.RGB, red << 16 | green << 8 | blue)


@function("device/thermostat")
def device_thermostat(call: Call) -> Row:
    """Set `mode`, `temperature` in `scale` 0 (°C, default) or 1 (°F), `changeMode` (1)."""
    wish: Row = {
        name: call.text(name) for name in ("mode", "temperature", "scale", "changeMode")
    }
    return _command(call, device_of(call), Method.THERMOSTAT, _thermostat(wish))


def _plain(method: Method, call: Call) -> Row:
    """Carry out a method that takes no value."""
    return _command(call, device_of(call), method, None)


def _enter_plain() -> None:
    for name, method in FUNCTION_METHODS.items():
        if method not in (Method.DIM, Method.RGB, Method.THERMOSTAT):
            handler: Callable[[Call], Row] = partial(_plain, method)
            function(f"device/{name}")(handler)


_enter_plain()


def _command(call: Call, device: Device, wanted: Method, value: CommandValue) -> Row:
    """Accept a command. "success" says no more than that: the effect comes later."""
    if not call.home.is_online(device.gateway_id):
        raise ApiError("The client for this device is currently offline", OFFLINE)
    method = resolve_method(call.home.methods_of(device), wanted)
    if method is None:
        raise ApiError(
            f'Device "{device.id}" does not support method "{int(wanted)}"', UNSUPPORTED
        )
    path = f"json/{call.function}"
    lost = call.faults.take(path, command_lost=True) is not None
    command = Command(method, value, call.origin)
    send(call.home, call.settings, device, command, call.now, lost=lost)
    return dict(SUCCESS)


def device_of(call: Call) -> Device:
    """Find a device by `id`, else by `uuid`."""
    asked, asked_uuid = call.text("id"), call.text("uuid").lower()
    device = call.home.devices.get(asked)
    if device is None and not asked and asked_uuid:
        every = call.home.devices.values()
        device = next((d for d in every if d.uuid.lower() == asked_uuid), None)
    if device is None:
        raise ApiError(
            f'The device with id "{asked or asked_uuid}" does not exist', NOT_FOUND
        )
    return device


def _level(number: int) -> int:
    return min(max(number, 0), 255)


def _thermostat(wish: Row) -> Row:
    """Return {mode, changeMode, temperature in °C}; a missing key stays missing."""
    value: Row = {}
    if mode := str(wish.get("mode") or ""):
        value["mode"] = mode
    value["changeMode"] = 0 if str(wish.get("changeMode", "")) in ("0", "False") else 1
    text = wish.get("temperature")
    if text not in ("", None):
        try:
            temperature = float(str(text))
        except ValueError:
            raise ApiError("Invalid argument", INVALID) from None
        if not math.isfinite(temperature):
            raise ApiError("Invalid argument", INVALID)
        if str(wish.get("scale", "")) == "1":
            temperature = (temperature - 32) * 5 / 9
        value["temperature"] = round(temperature, 2)
    return value
