"""Frames of the socket, as the settings have them written.

Source: docs/dev/telldus-api.md, "Push over websocket".
"""

import json
from typing import Any, Final

from .command_effects import QUEUED
from .home import PushEvent, Row
from .methods import Method
from .settings import Settings

# docs/dev/telldus-api.md, "Sensor values": names in lists are numbers in frames.
TYPES: Final[dict[str, int]] = {
    "temp": 1,
    "humidity": 2,
    "rrate": 4,
    "rtot": 8,
    "wdir": 16,
    "wavg": 32,
    "wgust": 64,
    "uv": 128,
    "watt": 256,
    "lum": 512,
    "dewp": 1024,
    "barpress": 2048,
    "genmeter": 4096,
    "co2": 8192,
    "volume": 16384,
    "loudness": 32768,
    "particulatematter2.5": 65536,
    "co": 131072,
    "weight": 262144,
    "moisture": 524288,
}
# More than the 4 MiB that clients take by default.
_OVERSIZED: Final = 5 * 1024 * 1024

_NOISE: Final[dict[str, str | bytes]] = {
    "text": "<html>no JSON</html>",
    "malformed": '{"module":"device","action":"setState","data":["unde",null]}',
    "foreign": '{"module":"zwave","action":"addNodeToNetworkStartTimeout","data":60}',
    "binary": b"\x00\xff\xfe",
}


def noise(settings: Settings) -> str | bytes | None:
    """Return what comes before a frame, None for nothing."""
    if settings.push_noise == "oversized":
        padding = "x" * _OVERSIZED
        return _frame("device", "setState", {"deviceId": padding})
    return _NOISE.get(settings.push_noise)


def frame_of(event: PushEvent, settings: Settings) -> str | None:
    """Return an event's frame, None if the settings suppress it."""
    match event.action:
        case "setState":
            data = _state(event.data, settings)
        case "failSetState":
            if settings.push_failures == "none":
                return None
            if event.data["reason"] == QUEUED and not settings.push_queued:
                return None
            data = _failure(event.data, settings)
        case "value":
            data = _values(event.data, settings)
        case _:
            data = event.data | {"id": _number(event.data["id"], settings)}
    return _frame(event.module, event.action, data)


def _frame(module: str, action: str, data: Row) -> str:
    row = {"module": module, "action": action, "data": data}
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def _state(data: Row, settings: Settings) -> Row:
    row: Row = {
        "deviceId": _number(data["deviceId"], settings),
        "method": _number(data["method"], settings),
        "value": _value(data, settings),
    }
    if settings.push_extras:
        row["deviceState"] = _number(data["deviceState"], settings)
        row["stateValues"] = {
            str(int(method)): value for method, value in data["stateValues"].items()
        }
        row["origin"] = data["origin"]
    return row


def _failure(data: Row, settings: Settings) -> Row:
    row: Row = {"deviceId": _number(data["deviceId"], settings)}
    match settings.push_failures:
        case "method":
            row["method"] = _number(data["method"], settings)
            row["value"] = _value(data, settings)
            row["reason"] = data["reason"]
        case "state":
            row["state"] = _number(data["method"], settings)
            row["stateValue"] = _value(data, settings)
            row |= {"reason": data["reason"], "origin": data["origin"]}
    return row


def _values(data: Row, settings: Settings) -> Row:
    return {
        "sensorId": _number(data["sensorId"], settings),
        "time": _number(data["time"], settings),
        "battery": data["battery"],
        "data": [
            {"type": TYPES.get(name, 0), "value": value, "scale": int(scale)}
            for name, scale, value in data["data"]
        ],
    }


def _value(data: Row, settings: Settings) -> Any:
    """Return what was executed: a level, a color, a thermostat's values, or nothing."""
    value = data["value"]
    if data["method"] == Method.THERMOSTAT and isinstance(value, dict):
        return value if settings.push_thermostat == "object" else json.dumps(value)
    return "" if value is None else str(value)


def _number(number: int | str, settings: Settings) -> int | str:
    text = str(number)
    return int(text) if settings.push_numbers == "ints" and text.isdigit() else text
