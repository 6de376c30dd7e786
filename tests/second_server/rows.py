"""How the things of a house are written into lists."""

from collections.abc import Mapping
from dataclasses import replace
import json
import re
from typing import Any

from .character import Character
from .home import DIM, THERMOSTAT, Device, Home

type Row = dict[str, Any]

BARE = ("id", "name", "methods", "state")
IDS = ("id", "client", "clientDeviceId", "sensorId")
TEXTS = ("name", "clientName", "version", "deviceType", "room", "uuid", "ip", "devices")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
ROOM = "5b1f0c52-0000-4000-8000-000000000001"
RANGE = {"min": 5, "max": 28}
MODES = {
    "modes": ["off", "heat", "eco-heat"],
    "setpoints": {"heat": RANGE, "eco-heat": RANGE},
}


def _device_type(kind: int, form: str) -> str | int:
    block = f"{kind:08X}"
    if form == "seven":
        block = block[1:]
    text = f"{block}-0001-1000-2005-ACCA54000000"
    short = f"{kind:X}"
    if form == "lower":
        return text.lower()
    if form == "number" and short.isdigit():
        return int(short)
    return short if form in {"short", "number"} else text


def _as_number(text: str) -> str | float:
    if not NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _reshape(value: Any, character: Character, key: str = "") -> Any:
    """Give numbers and texts the form that the character has for them."""
    if isinstance(value, dict):
        return {
            name: _reshape(one, character, name)
            for name, one in value.items()
            if name not in character.left_out
        }
    if isinstance(value, list):
        return [_reshape(one, character) for one in value]
    if key in IDS:
        return value if character.ids == "texts" else int(value)
    if key in TEXTS or key == "online" or isinstance(value, bool):
        return value
    if character.numbers == "texts" and isinstance(value, int | float):
        return str(value)
    if character.numbers == "numbers" and isinstance(value, str):
        return _as_number(value)
    return value


def _online(online: bool, character: Character) -> str | int | bool:
    if character.online == "bool":
        return online
    return int(online) if character.online == "number" else str(int(online))


def _of_gateway(home: Home, id_: int, character: Character) -> Row:
    gateway = home.gateways[id_]
    return {
        "client": str(id_),
        "clientName": gateway.name,
        "online": _online(gateway.online, character),
        "editable": 1,
        "ignored": 0,
    }


def client_rows(home: Home, character: Character) -> list[Row]:
    """Return the rows of clients/list."""
    rows: list[Row] = [
        {
            "id": str(id_),
            "uuid": f"5e7d0000-0000-4000-8000-000000{id_}",
            "name": gateway.name,
            "online": _online(gateway.online, character),
            "editable": 1,
            "extensions": 3,
            "version": "1.3.2",
            "type": gateway.type,
            "ip": "203.0.113.1",
        }
        for id_, gateway in home.gateways.items()
    ]
    if character.bare:
        rows = [{key: row[key] for key in ("id", "name")} for row in rows]
    if character.whole_clients:
        character = replace(character, left_out=frozenset())
    return [_reshape(row, character) for row in rows]


def _state_values(device: Device, character: Character) -> list[Row]:
    """Return what is kept for each method, whichever was the last."""
    kept = dict(device.values)
    if character.level == "statevalue only" or device.level is None:
        kept.pop(DIM, None)
    elif character.level == "text":
        kept[DIM] = str(kept[DIM])
    if THERMOSTAT in kept and character.structures == "text":
        kept[THERMOSTAT] = json.dumps(kept[THERMOSTAT])
    return [{"state": str(method), "value": value} for method, value in kept.items()]


def _members(home: Home, device: Device, form: str) -> object:
    """Return the members of a group, by their ids or by the gateway's numbers."""
    numbers = [home.devices[id_].number for id_ in device.members]
    match form:
        case "numbers":
            return numbers
        case "numbers as text":
            return json.dumps(numbers)
        case _:
            return ", ".join(map(str, device.members))


def device_row(
    home: Home, id_: int, query: Mapping[str, str], character: Character
) -> Row:
    """Return a row of devices/list, as its query wants it."""
    device = home.devices[id_]
    mask = int(query.get("supportedMethods") or 0)
    if character.mask == "ignored":
        mask = 4095
    row: Row = {
        "id": str(id_),
        "clientDeviceId": str(device.number),
        "name": device.name,
        "state": device.state & mask,
        "statevalue": character.no_level if device.level is None else str(device.level),
        "stateValues": _state_values(device, character),
        "methods": device.methods & mask,
        "type": "group" if device.members else "device",
        **_of_gateway(home, device.gateway, character),
    }
    if device.members and character.members != "absent":
        row["devices"] = _members(home, device, character.members)
    extras = query.get("extras", "").split(",")
    if "devicetype" in extras and character.device_type != "absent":
        row["deviceType"] = _device_type(device.kind, character.device_type)
    if "transport" in extras:
        row["transport"] = device.transport
    if "room" in extras and device.name == "Ceiling":
        row["room"] = ROOM
    if "parameters" in extras and THERMOSTAT in device.values:
        value: object = MODES if character.structures == "object" else json.dumps(MODES)
        row["parameter"] = [{"name": "thermostat", "value": value}]
    if character.bare:
        row = {key: row[key] for key in BARE}
    return dict(_reshape(row, character))


def device_rows(
    home: Home, query: Mapping[str, str], character: Character
) -> list[Row]:
    """Return the rows of devices/list; a shared device stands under both gateways."""
    rows = [device_row(home, id_, query, character) for id_ in home.devices]
    if character.shared and rows:
        twin = _reshape(_of_gateway(home, 410002, character), character)
        rows.append(rows[0] | {key: twin[key] for key in twin if key in rows[0]})
    return rows


def sensor_row(
    home: Home, id_: int, query: Mapping[str, str], character: Character, now: int
) -> Row:
    """Return a row of sensors/list, as its query wants it."""
    sensor = home.sensors[id_]
    row: Row = {
        "id": str(id_),
        "name": sensor.name,
        "lastUpdated": now,
        **_of_gateway(home, sensor.gateway, character),
        "battery": sensor.battery,
        "keepHistory": 1,
        "protocol": "zwave" if sensor.number == 11 else "fineoffset",
        "model": "0176-0003-0003" if sensor.number == 11 else "temperaturehumidity",
        "sensorId": str(sensor.number),
        "miscValues": "{}",
    }
    if character.bare:
        row = {key: row[key] for key in BARE if key in row}
    if character.values == "never" or query.get("includeValues") != "1":
        return dict(_reshape(row, character))
    flat = character.values == "flat" or query.get("includeScale") != "1"
    if flat or character.values == "both":
        row |= {name: value for (name, _), value in sensor.values.items()}
    if not flat:
        row["data"] = [
            {"name": name, "value": value, "scale": str(scale)}
            | ({} if character.bare else {"lastUpdated": now})
            for (name, scale), value in sensor.values.items()
        ]
    return dict(_reshape(row, character))


def room_rows() -> list[Row]:
    """Return the rows of rooms/list."""
    return [
        {
            "id": ROOM,
            "name": "Kitchen",
            "parent": "",
            "color": "#336699",
            "icon": "room",
            "content": "",
            "responsible": "5e7d0000-0000-4000-8000-000000410001",
            "mode": "",
        }
    ]


def profile() -> Row:
    """Return the answer of user/profile."""
    return {
        "uuid": "7c9e0000-0000-4000-8000-000000000002",
        "firstname": "Kim",
        "lastname": "Example",
        "email": "kim@example.invalid",
        "credits": 0,
        "pro": -1,
        "subscription": "",
        "locale": "auto",
        "admin": 0,
        "eula": 3,
        "permission": 0,
    }
