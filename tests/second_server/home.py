"""The house behind the second server, and how its things are written into lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import re
from typing import Any

from .character import Character

type Row = dict[str, Any]

ON, OFF, BELL, DIM, UP, DOWN, STOP = 1, 2, 4, 16, 128, 256, 512
BARE = ("id", "name", "methods", "state")
IDS = ("id", "client", "clientDeviceId", "sensorId")
TEXTS = ("name", "clientName", "version", "deviceType", "room", "uuid", "ip")
# The kinds of values that the old, flat form knows
FLAT = {"temp", "humidity", "rrate", "rtot", "uv", "watt", "lum", "wavg", "wgust"}
FLAT |= {"wdir"}
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
ROOM = "5b1f0c52-0000-4000-8000-000000000001"


@dataclass(kw_only=True)
class Gateway:
    """A gateway, which the API calls a client."""

    name: str
    type: str
    online: bool = True


@dataclass(kw_only=True)
class Device:
    """A device; `kind` is the number in the first block of its deviceType."""

    name: str | None
    methods: int
    kind: int
    state: int
    level: int | None = None
    gateway: int = 410001
    number: int = 1
    transport: str = "zwave"
    members: tuple[int, ...] = ()


@dataclass(kw_only=True)
class Sensor:
    """A sensor; its values by name and scale."""

    name: str | None
    values: dict[tuple[str, int], str]
    gateway: int = 410001
    number: int = 1
    battery: int = 254


def _gateways() -> dict[int, Gateway]:
    return {
        410001: Gateway(name="Home", type="TellStick ZNet Lite v2"),
        410002: Gateway(name="Cabin", type="TellStick Net"),
    }


def _devices() -> dict[int, Device]:
    return {
        2100001: Device(name="Plug", methods=3, kind=0x10, state=OFF, number=11),
        2100002: Device(
            name="Ceiling", methods=19, kind=0x05, state=DIM, level=128, number=12
        ),
        2100003: Device(
            name="Blind", methods=912, kind=0x13, state=DIM, level=255, number=13
        ),
        2100004: Device(name="Door", methods=0, kind=0x04, state=OFF, number=14),
        2100005: Device(name="Lock", methods=3, kind=0x06, state=ON, number=15),
        2100006: Device(
            name="Everything",
            methods=19,
            kind=0x02,
            state=ON,
            number=16,
            transport="group",
            members=(2100001, 2100002),
        ),
        2100007: Device(
            name=None, methods=3, kind=0, state=OFF, number=17, transport="433"
        ),
        # The same number at the other gateway
        2100008: Device(
            name="Heater",
            methods=3,
            kind=0x10,
            state=OFF,
            gateway=410002,
            number=11,
            transport="433",
        ),
    }


def _sensors() -> dict[int, Sensor]:
    return {
        1540001: Sensor(
            name="Outdoor",
            values={("temp", 0): "-5.4", ("humidity", 0): "87"},
            number=151,
            battery=253,
        ),
        # One node with the plug, and an id that a device has as well
        2100001: Sensor(name="Plug", values={("watt", 2): "40.5"}, number=11),
        1540003: Sensor(name="", values={("temp", 0): "20"}, number=152),
    }


@dataclass
class Home:
    """What the account has."""

    gateways: dict[int, Gateway] = field(default_factory=_gateways)
    devices: dict[int, Device] = field(default_factory=_devices)
    sensors: dict[int, Sensor] = field(default_factory=_sensors)

    def named(self, name: str) -> Device:
        """Return a device by its name."""
        return next(one for one in self.devices.values() if one.name == name)

    def set(self, name: str, state: int, level: int | None = None) -> None:
        """Change a device, and the members of a group."""
        device = self.named(name)
        device.state, device.level = state, level
        for member in device.members:
            self.devices[member].state = state
            self.devices[member].level = level


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
    return [_reshape(row, character) for row in rows]


def device_row(
    home: Home, id_: int, query: Mapping[str, str], character: Character
) -> Row:
    """Return a row of devices/list, as its query wants it."""
    device = home.devices[id_]
    mask = int(query.get("supportedMethods") or 0)
    if character.mask == "ignored":
        mask = 4095
    dimmed = device.level is not None
    row: Row = {
        "id": str(id_),
        "clientDeviceId": str(device.number),
        "name": device.name,
        "state": device.state & mask,
        "statevalue": str(device.level) if dimmed else character.no_level,
        "stateValues": [],
        "methods": device.methods & mask,
        "type": "group" if device.members else "device",
        **_of_gateway(home, device.gateway, character),
    }
    if dimmed and character.level != "statevalue only":
        level = device.level if character.level == "number" else str(device.level)
        row["stateValues"] = [{"state": str(DIM), "value": level}]
    if device.members:
        row["devices"] = ", ".join(map(str, device.members))
    extras = query.get("extras", "").split(",")
    if "devicetype" in extras and character.device_type != "absent":
        row["deviceType"] = _device_type(device.kind, character.device_type)
    if "transport" in extras:
        row["transport"] = device.transport
    if "room" in extras and device.name == "Ceiling":
        row["room"] = ROOM
    if character.bare:
        row = {key: row[key] for key in BARE}
    reshaped: Row = _reshape(row, character)
    return reshaped


def device_rows(
    home: Home, query: Mapping[str, str], character: Character
) -> list[Row]:
    """Return the rows of devices/list; a shared device stands under both gateways."""
    rows = [device_row(home, id_, query, character) for id_ in home.devices]
    if character.shared:
        twin = dict(rows[0])
        twin |= _reshape(_of_gateway(home, 410002, character), character)
        rows.append(twin)
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
