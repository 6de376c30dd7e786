"""Rows as Telldus sends them, and whatever else JSON can say."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import IntEnum, IntFlag
import random
from typing import Any

from custom_components.telldus_pa.pa_api import Device, Sensor

MISSING = object()
LIGHT = "00000005-0001-1000-2005-ACCA54000000"

DEVICE: dict[str, Any] = {
    "id": "2100003",
    "clientDeviceId": "3",
    "name": "Lamp",
    "state": 16,
    "statevalue": "128",
    "stateValues": [{"state": "16", "value": 128}],
    "methods": 19,
    "type": "device",
    "client": "410001",
    "clientName": "Home",
    "online": "1",
    "editable": 1,
    "ignored": 0,
    "deviceType": LIGHT,
    "transport": "zwave",
    "room": "5e7d0000-0000-4000-8000-000000009001",
    "parameter": [],
}

SENSOR: dict[str, Any] = {
    "id": "1540000006",
    "name": "Energy plug",
    "lastUpdated": 1764000000,
    "ignored": 0,
    "client": "410001",
    "clientName": "Home",
    "online": "1",
    "editable": 1,
    "battery": 254,
    "keepHistory": 0,
    "protocol": "zwave",
    "model": "n/a",
    "sensorId": "21",
    "miscValues": None,
    "data": [
        {
            "name": "watt",
            "value": "51.7",
            "scale": "2",
            "lastUpdated": 1763999000,
            "unit": "W",
        },
        {
            "name": "watt",
            "value": "233.583",
            "scale": "0",
            "lastUpdated": 1764000000,
            "unit": "kWh",
        },
    ],
}


def changed(row: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a row with some keys changed, or left out where MISSING."""
    row = {**row, **changes}
    return {key: row[key] for key in row if row[key] is not MISSING}


def device(**changes: object) -> Device:
    """Parse the row of a device with some keys changed."""
    return Device.from_dict(changed(DEVICE, changes))


def sensor(**changes: object) -> Sensor:
    """Parse the row of a sensor with some keys changed."""
    return Sensor.from_dict(changed(SENSOR, changes))


def state_value(value: object, state: object = "16") -> dict[str, object]:
    """Return one of the stateValues."""
    return {"state": state, "value": value}


_TEXTS = (
    *("", "0", "1", "16", "unde", "nan", "-inf", "1e999", "9" * 999, "[", "{}"),
    *("\ud800", "\x00", "\u2028", "١٦", "1_6", "+16", " 16\n", "--1", "1,2", "a, b,,"),
    *("temp", "watt", "PM25", "heat", "OFF", "2048", "1024", "thermostat", "devices"),
    *(LIGHT, LIGHT.lower(), LIGHT[1:], LIGHT[8:], "0x" + LIGHT),
    *('{"setpoint": {"heat": NaN}}', '{"a":' * 9999, '[{"name": "temp"}]'),
)
_NUMBERS = (
    *(0, 1, 2, 16, 253, 255, 1024, 2048, 4023, -1, 10**4000, -(2**70), 0xFF00FF00),
    *(0.0, 1.5, -100.0, -1e308, float("inf"), float("-inf"), float("nan")),
)
_KEYS = (
    *(
        "state",
        "value",
        "name",
        "scale",
        "lastUpdated",
        "unit",
        "setpoint",
        "setpoints",
    ),
    *("mode", "modes", "heat", "min", "max", "0", "1", "id", "client", "uuid"),
)

_ODD: tuple[Callable[[random.Random], object], ...] = (
    lambda _: None,
    lambda r: r.choice([True, False]),
    lambda r: r.choice(_NUMBERS),
    lambda r: r.choice(_TEXTS),
    lambda r: "".join(chr(r.randrange(0x500)) for _ in range(r.randrange(300))),
    lambda r: [odd(r) for _ in range(r.randrange(3))],
    lambda r: {str(odd(r)): odd(r) for _ in range(r.randrange(3))},
    lambda r: {r.choice(_KEYS): odd(r) for _ in range(r.randrange(4))},
)


def odd(r: random.Random) -> object:
    """Return something that JSON can say."""
    return r.choice(_ODD)(r)


def spoiled(value: object, r: random.Random, share: float) -> object:
    """Return an answer of which a share is lost, or is something else, at any depth."""
    if r.random() < share:
        return odd(r)
    if isinstance(value, dict):
        return {
            key: spoiled(entry, r, share)
            for key, entry in value.items()
            if r.random() >= share
        }
    if isinstance(value, list):
        return [spoiled(entry, r, share) for entry in value if r.random() >= share]
    return value


def leaves(value: object) -> Iterator[object]:
    """Return all that something parsed consists of."""
    if is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from leaves(key)
            yield from leaves(entry)
    elif isinstance(value, tuple):
        for entry in value:
            yield from leaves(entry)
    else:
        yield value


def is_sound(value: object) -> bool:
    """Return whether a leaf can be kept, shown and counted with."""
    match value:
        case None | bool() | IntEnum() | IntFlag() | datetime():
            return True
        case str():
            # Small letters can be more than the large one.
            return value == value.encode().decode().strip() and len(value) <= 400
        case int() | float():
            return -(10**15) < value < 10**15
    return False
