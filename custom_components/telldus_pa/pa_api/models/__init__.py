"""What Telldus' answers say, parsed once.

A row that cannot be understood costs that row. Source: docs/telldus-api.md, "Devices",
"Gateways", "Sensors" and "Thermostat, RGB, dim".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum, IntFlag
from functools import lru_cache
from ipaddress import ip_address
import re
from typing import Final, Self

from ..parsing import (
    Json,
    to_flag,
    to_id,
    to_integer,
    to_names,
    to_number,
    to_number_or_text,
    to_object,
    to_objects,
    to_text,
    to_time,
)

MAX_LEVEL: Final = 255
MAX_RGB: Final = 0xFFFFFF


class Method(IntFlag):
    """What a device can do, and what it did last. One bit each."""

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

# What we can make use of, as the vendor's own app asks: all but TOGGLE and EXECUTE.
# Methods not asked for are hidden, and UP and DOWN then appear as TURNOFF and TURNON.
SUPPORTED_METHODS: Final = 4023


class DeviceType(IntEnum):
    """What a device is, by the first block of its ``deviceType``."""

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


class SuccessStatus(IntEnum):
    """What became of a command, by the ``successStatus`` of the history."""

    DONE = 0
    FAILED = 1
    NO_REPLY = 2
    TIMED_OUT = 3
    NOT_CONFIRMED = 4
    UNKNOWN = 5
    # A battery device gets it when it wakes.
    QUEUED = 6
    INVALID = 7


OUTCOMES: Final = frozenset(SuccessStatus)

_DEVICE_TYPE_REST = "-0001-1000-2005-acca54000000"

# What the app shows as dashes, and anything below it.
_NO_SETPOINT: Final = -100.0
# When nobody had Premium yet, in unix seconds.
_OLDEST_PREMIUM: Final = 10**9

# A battery that does not know its percentage: ok, or low. 254 is "unknown".
_BATTERY_WORDS: Final[Mapping[int | None, bool]] = {253: False, 255: True}

# A host with a port or without; IPv6 with a port is in brackets.
_ADDRESS: Final = re.compile(
    r"(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:]+))(?::(?P<port>\d{1,5}))?", re.ASCII
)
# Names in ASCII. The last part has a letter, lest it be read as an IP in an odd form.
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(
    rf"(?:{_LABEL}\.)*(?=[a-z0-9-]*[a-z]){_LABEL}", re.ASCII | re.IGNORECASE
)

_NAME_ALIASES: Final = {
    "particulatematter25": "particulatematter2.5",
    "pm25": "particulatematter2.5",
}
# The scale of a value that comes without one, where it is not 0.
_DEFAULT_SCALES: Final = {"watt": 2, "co2": 1, "co": 1, "particulatematter2.5": 1}
_VALUE_COLUMNS: Final = (
    *("temp", "humidity", "rrate", "rtot", "uv", "watt", "lum"),
    *("wavg", "wgust", "wdir"),
)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A TellStick, or whatever else connects devices to Telldus ("client" on the wire).

    ``model``, ``version`` and ``owned`` are None where only a device told of the gateway.
    ``owned`` is False for a gateway that somebody else shares with this account.
    """

    id: str
    name: str | None
    online: bool
    model: str | None = None
    version: str | None = None
    is_owner: bool | None = None

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse a row of ``clients/list``. Raises ValueError."""
        return cls(
            id=to_id(row, "id"),
            name=to_text(row.get("name")),
            online=to_flag(row.get("online"), default=True),
            model=to_text(row.get("type")),
            version=to_text(row.get("version")),
            is_owner=to_flag(row.get("editable"), default=True),
        )


@dataclass(frozen=True, slots=True)
class TemperatureRange:
    """What a temperature may be set to, in °C; None where Telldus tells no limit."""

    min: float | None = None
    max: float | None = None

    @classmethod
    def from_dict(cls, limits: Json) -> Self:
        """Parse what the parameter "thermostat" says of one mode."""
        return cls(to_number(limits.get("min")), to_number(limits.get("max")))


@dataclass(frozen=True, slots=True)
class Thermostat:
    """What a thermostat does and what it can do, by Telldus' names of modes.

    ``setpoints`` are in °C; one that is not known is left out. ``ranges`` has the modes
    whose temperature can be set. ``modes`` may contain "resume", which is a command.
    """

    mode: str | None
    setpoints: Mapping[str, float]
    modes: tuple[str, ...]
    ranges: Mapping[str, TemperatureRange]

    @classmethod
    def from_dict(cls, state: Json, told: Json) -> Self:
        """Parse the state's value and the parameter "thermostat", empty if missing."""
        current = _by_mode(state.get("setpoint"))
        limits = _by_mode(told.get("setpoints"))
        mode = mode_from(state.get("mode"))
        if mode is None and len(current) == 1:
            # It has only one, and saves itself the trouble.
            mode = next(iter(current))
        ranges = dict.fromkeys(current, TemperatureRange())
        if limits:
            ranges = {
                name: TemperatureRange.from_dict(to_object(limit))
                for name, limit in limits.items()
                # PHP writes an empty object as an empty list; null is no range at all.
                if isinstance(limit, (Mapping, list))
            }
        modes = [name.lower() for name in to_names(told.get("modes"))]
        return cls(
            mode=mode,
            setpoints={
                name: number
                for name, value in current.items()
                if (number := setpoint_from(value)) is not None
            },
            modes=tuple(dict.fromkeys(modes or limits or (*current, "off"))),
            ranges=ranges,
        )


@dataclass(frozen=True, slots=True)
class Device:
    """Something with methods and a state.

    ``state`` is the last method known to Telldus, None if it knows none; ``level`` is the
    last known level of a dimmer, 0 to 255, and ``rgb`` the last known colour, 0xRRGGBB,
    whether or not it is on now. ``thermostat`` is None for what is none. ``members`` are
    what a group consists of, as Telldus names them: by id, or by the gateway's own id.
    ``room`` is the id of a room.
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
    online: bool
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
            )
        return cls(
            id=to_id(row, "id"),
            client_device_id=to_text(row.get("clientDeviceId")) or "",
            gateway_id=to_id(row, "client"),
            gateway_name=to_text(row.get("clientName")),
            name=to_text(row.get("name")),
            methods=methods,
            state=method_from(row.get("state")),
            level=level_from(values.get(Method.DIM)),
            rgb=rgb_from(values.get(Method.RGB)),
            thermostat=thermostat,
            online=to_flag(row.get("online"), default=True),
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
        """Return whether the device is on, None if its last state does not tell."""
        match self.state:
            case Method.TURNON | Method.RGB:
                return True
            case Method.TURNOFF:
                return False
            case Method.DIM:
                # A dimmer whose level got lost on the way was last told to shine.
                return self.level != 0
        return None

    def with_pushed(self, pushed: Self) -> Self:
        """Return this row with the state that was pushed after it had been asked for."""
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
class SensorValue:
    """One reading, and when it was made. ``unit`` is Telldus' own.

    ``scale`` is None where it is none that can be understood. ``value`` is a text where
    it is no number, and None where there is nothing, or a number that no sensor measures.
    """

    name: str
    scale: int | None
    value: float | str | None
    last_updated: datetime | None
    unit: str | None

    @property
    def key(self) -> tuple[str, int | None]:
        """Return what no other value of the sensor has: a plug has several of "watt"."""
        return (self.name, self.scale)

    @classmethod
    def from_dict(cls, row: Json, heard: datetime | None) -> Self | None:
        """Parse an entry of ``data``; return None for one without a name."""
        if not (name := to_text(row.get("name"))):
            return None
        name = name.lower()
        name = _NAME_ALIASES.get(name, name)
        told = row.get("scale")
        scale = _DEFAULT_SCALES.get(name, 0) if told in (None, "") else to_integer(told)
        own = to_time(row.get("lastUpdated"))
        return cls(
            name=name,
            scale=scale,
            value=to_number_or_text(row.get("value")),
            last_updated=heard if own is None else own,
            unit=to_text(row.get("unit")),
        )


type Values = Mapping[tuple[str, int | None], SensorValue]


@dataclass(frozen=True, slots=True)
class Sensor:
    """Something with values. Its id may be that of a device: the numbers overlap.

    ``battery`` is in percent, ``battery_low`` what is said where no percentage is; both
    None where Telldus does not know. ``last_updated`` is the last sign of life.
    ``keep_history`` is whether Telldus keeps what it measures.
    """

    id: str
    sensor_id: str
    gateway_id: str
    gateway_name: str | None
    name: str | None
    online: bool
    is_owner: bool
    ignored: bool
    battery: int | None
    battery_low: bool | None
    protocol: str
    model: str | None
    last_updated: datetime | None
    values: Values
    keep_history: bool = False

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse a row of ``sensors/list``. Raises ValueError."""
        battery, battery_low = _battery(to_integer(row.get("battery")))
        heard = to_time(row.get("lastUpdated"))
        return cls(
            id=to_id(row, "id"),
            sensor_id=to_text(row.get("sensorId")) or "",
            gateway_id=to_id(row, "client"),
            gateway_name=to_text(row.get("clientName")),
            name=to_text(row.get("name")),
            online=to_flag(row.get("online"), default=True),
            is_owner=to_flag(row.get("editable"), default=True),
            ignored=to_flag(row.get("ignored"), default=False),
            battery=battery,
            battery_low=battery_low,
            protocol=(to_text(row.get("protocol")) or "").lower(),
            model=to_text(row.get("model")),
            last_updated=heard,
            values=_values(row, heard),
            keep_history=to_flag(row.get("keepHistory"), default=False),
        )

    def with_pushed(self, pushed: Self) -> Self:
        """Return this row with those values of the pushed one that are no older.

        A value that the row lacks is kept if it was heard after all that the row knows.
        """
        return replace(
            self,
            last_updated=_latest(self.last_updated, pushed.last_updated),
            values=_newest(self.values, pushed.values, self.last_updated),
        )

    def with_message(self, event: SensorValuesMessage) -> Self:
        """Return this sensor after it told something."""
        # Telldus' own unit comes in lists only.
        told = {
            value.key: replace(value, unit=known.unit)
            if (known := self.values.get(value.key))
            else value
            for value in event.values
        }
        battery, battery_low = self.battery, self.battery_low
        if event.battery is not None:
            battery, battery_low = _battery(event.battery)
        return replace(
            self,
            battery=battery,
            battery_low=battery_low,
            last_updated=_latest(self.last_updated, event.last_updated),
            values=_newest(self.values, told, None),
        )


@dataclass(frozen=True, slots=True)
class SensorValuesMessage:
    """What a sensor told over the socket. ``battery`` is as on the wire, 253 and the like."""

    sensor_id: str
    last_updated: datetime | None
    battery: int | None
    values: tuple[SensorValue, ...]


@dataclass(frozen=True, slots=True)
class SensorHistoryEntry:
    """What a sensor told at a time, by its history."""

    when: datetime
    values: Values

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse a row of ``sensor/history``. Raises ValueError."""
        if (when := to_time(row.get("ts"))) is None:
            raise ValueError("no ts")
        return cls(when, _values(row, when))


@dataclass(frozen=True, slots=True)
class DeviceProtocol:
    """How a device is spoken to, None where Telldus does not say."""

    protocol: str | None
    model: str | None

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse the answer of ``device/info``."""
        return cls(to_text(row.get("protocol")), to_text(row.get("model")))


@dataclass(frozen=True, slots=True)
class DeviceWithParameters:
    """A device with all its parameters, house codes among them: what is private."""

    device: Device
    parameters: Mapping[str, object] = field(repr=False)

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse a row of ``devices/list``. Raises ValueError."""
        return cls(Device.from_dict(row), _parameters(row))


@dataclass(frozen=True, slots=True)
class Room:
    """A room, by the id that devices have."""

    id: str
    name: str

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse a row of ``room/list``, a function that is only guessed. Raises ValueError."""
        if not (name := to_text(row.get("name"))):
            raise ValueError("no name")
        return cls(id=to_id(row, "id"), name=name)


@dataclass(frozen=True, slots=True)
class Profile:
    """Whose account it is.

    ``premium_until`` is the end of Telldus Premium, also of one that has ended.
    ``is_premium_known`` is whether Telldus reports it; if so, None means there was never any.
    """

    uuid: str
    first_name: str | None
    premium_until: datetime | None = None
    is_premium_known: bool = False

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse the answer of ``user/profile``. Raises ValueError."""
        until = to_number(row.get("pro"))
        # A small number says that Premium is paid for, but not until when.
        is_known = until is not None and not 0 < until < _OLDEST_PREMIUM
        return cls(
            uuid=to_id(row, "uuid"),
            first_name=to_text(row.get("firstname")),
            premium_until=to_time(until) if is_known else None,
            is_premium_known=is_known,
        )


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Something that a device did or was to do, by its history.

    ``method`` is None where it cannot be understood. ``value``
    is a level or a colour, as a Command's; ``mode`` and ``temperature`` are a thermostat's.
    ``origin`` is who or what wanted it, in Telldus' words or those of the person.
    """

    when: datetime
    method: Method | None
    outcome: SuccessStatus
    value: int | None = None
    mode: str | None = None
    temperature: float | None = None
    origin: str | None = None

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse a row of ``device/history``. Raises ValueError."""
        if (when := to_time(row.get("ts"))) is None:
            raise ValueError("no ts")
        status = to_integer(row.get("successStatus")) or 0
        method, value = method_from(row.get("state")), None
        if method in (Method.DIM, Method.RGB):
            value = to_integer(row.get("stateValue"))
        setting: Json = {}
        if method is Method.THERMOSTAT:
            setting = _setting(row.get("stateValue"))
        return cls(
            when=when,
            method=method,
            outcome=SuccessStatus(status)
            if status in OUTCOMES
            else SuccessStatus.UNKNOWN,
            value=value,
            mode=mode_from(setting.get("mode")),
            temperature=to_number(setting.get("temperature")),
            origin=to_text(row.get("origin")),
        )


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a gateway's socket is: a bare host name or IP, and two places for a port.

    ``own_port`` came with the host; ``port`` is the one beside it, None if it is no port.
    """

    host: str
    port: int | None
    host_port: int | None = None

    @classmethod
    def from_dict(cls, row: Json) -> Self | None:
        """Parse the answer of ``client/serverAddress``; None for a gateway that is offline.

        Raises ValueError for anything but a host: it decides whom we connect to.
        """
        address, port = to_text(row.get("address")), to_text(row.get("port"))
        if not address or not port:
            return None
        found = _ADDRESS.fullmatch(address)
        host = (found["v6"] or found["host"]) if found else address
        own_port = _port(found["port"]) if found else None
        if not _is_host(host) or (found and found["port"] and own_port is None):
            raise ValueError("no address")
        return cls(host, _port(port), own_port)


def _values(row: Json, heard: datetime | None) -> Values:
    """Return a sensor's values by their keys."""
    # Without scales the values are keys of the row itself.
    data = to_objects(row.get("data")) or [
        {"name": name, "value": row[name]} for name in _VALUE_COLUMNS if name in row
    ]
    values = (SensorValue.from_dict(entry, heard) for entry in data)
    return {value.key: value for value in values if value}


def _setting(value: object) -> Json:
    """Return what a thermostat was told: JSON but for its quotes, as the history has it."""
    if isinstance(value, str):
        value = value.replace("'", '"').replace(": None", ": null")
    return to_object(value)


def method_from(value: object) -> Method | None:
    """Return the last method, None if unknown or not one single method."""
    return _METHODS.get(to_integer(value))


def _state_values(row: Json) -> dict[int, object]:
    """Return what the row tells of each method's value.

    ``stateValues`` is the list's spelling and ``statevalues`` that of device/info;
    ``statevalue`` belongs to the last method, whichever that was, and is the newest word.
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
    """Return a colour, 0xRRGGBB; old values have a byte for white at their end."""
    rgb = to_integer(value)
    if rgb is None or not 0 <= rgb <= 0xFFFFFFFF:
        return None
    return rgb >> 8 if rgb > MAX_RGB else rgb


def setpoint_from(value: object) -> float | None:
    """Return a temperature that something is set to, None for the vendor's "unknown"."""
    number = to_number(value)
    return number if number is not None and number > _NO_SETPOINT else None


def mode_from(value: object) -> str | None:
    """Return the name of a thermostat's mode."""
    text = to_text(value)
    return text.lower() if text else None


def _by_mode(value: object) -> dict[str, object]:
    """Return what an object says of a thermostat's modes, by their names."""
    return {
        name: entry
        for key, entry in to_object(value).items()
        if (name := mode_from(key))
    }


def _battery(number: int | None) -> tuple[int | None, bool | None]:
    """Return a battery's percentage, or whether it is low where it says just that."""
    percent = number if number is not None and 0 <= number <= 100 else None
    return percent, _BATTERY_WORDS.get(number)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later of two times that may be unknown."""
    return max((when for when in (one, other) if when is not None), default=None)


def _newest(known: Values, pushed: Values, known_until: datetime | None) -> Values:
    """Return known values with those pushed that are no older than the known ones.

    ``known_until`` is how old what is not known must not be.
    """
    newest = dict(known)
    for key, value in pushed.items():
        before = known[key].last_updated if key in known else known_until
        if before is None or (
            value.last_updated is not None and value.last_updated >= before
        ):
            newest[key] = value
    return newest


def _port(text: str | None) -> int | None:
    """Return a port, None for what is none."""
    port = to_integer(text)
    return port if port is not None and 0 < port < 65536 else None


def _is_host(text: str) -> bool:
    """Return whether a text is a host's name or IP, and nothing more."""
    try:
        ip_address(text)
    except ValueError:
        return _HOST.fullmatch(text) is not None
    # An IPv6 address may carry the name of an interface.
    return "%" not in text


def _device_type(value: object) -> DeviceType:
    """Return what a device is."""
    return _type_called(to_text(value) or "")


@lru_cache(maxsize=64)
def _type_called(text: str) -> DeviceType:
    """Return a type by its name; both cases and a lost leading zero occur."""
    text = text.lower()
    first, rest = text[:-28], text[-28:]
    if rest == _DEVICE_TYPE_REST:
        try:
            return DeviceType(int(first, 16))
        except ValueError:
            pass
    return DeviceType.UNKNOWN
