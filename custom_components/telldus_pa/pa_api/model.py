"""What Telldus' answers say, parsed once.

Every oddity of the wire ends here: numbers in strings and strings in numbers, ``"0"`` that
means no, ``"unde"``, nulls and missing keys. A row that cannot be understood costs that
row. Source: docs/telldus-api.md, "Devices" and "Gateways".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
import math
from typing import Final, Self

type Json = Mapping[str, object]

MAX_LEVEL: Final = 255
_MAX_TEXT = 200


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


_METHODS: Final = frozenset(Method)

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


_DEVICE_TYPE_REST = "-0001-1000-2005-acca54000000"


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
    owned: bool | None = None

    @classmethod
    def from_wire(cls, row: Json) -> Self:
        """Parse a row of ``clients/list``. Raises ValueError."""
        return cls(
            id=_id(row, "id"),
            name=_text(row.get("name")),
            online=_flag(row.get("online"), default=True),
            model=_text(row.get("type")),
            version=_text(row.get("version")),
            owned=_flag(row.get("editable"), default=True),
        )


@dataclass(frozen=True, slots=True)
class Device:
    """Something with methods and a state.

    ``state`` is the last method known to Telldus, None if it knows none; ``level`` is the
    last known level of a dimmer, 0 to 255, whether or not it is on now.
    """

    id: str
    local_id: str
    gateway_id: str
    gateway_name: str | None
    name: str | None
    methods: Method
    state: Method | None
    level: int | None
    online: bool
    owned: bool
    ignored: bool
    type: str
    device_type: DeviceType
    transport: str

    @classmethod
    def from_wire(cls, row: Json) -> Self:
        """Parse a row of ``devices/list``. Raises ValueError."""
        return cls(
            id=_id(row, "id"),
            local_id=_text(row.get("clientDeviceId")) or "",
            gateway_id=_id(row, "client"),
            gateway_name=_text(row.get("clientName")),
            name=_text(row.get("name")),
            methods=Method((_integer(row.get("methods")) or 0) & 0xFFF),
            state=_state(row.get("state")),
            level=_level(row),
            online=_flag(row.get("online"), default=True),
            owned=_flag(row.get("editable"), default=True),
            ignored=_flag(row.get("ignored"), default=False),
            type=_text(row.get("type")) or "device",
            device_type=_device_type(row.get("deviceType")),
            transport=(_text(row.get("transport")) or "").lower(),
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


@dataclass(frozen=True, slots=True)
class Profile:
    """Whose account it is."""

    uuid: str
    first_name: str | None

    @classmethod
    def from_wire(cls, row: Json) -> Self:
        """Parse the answer of ``user/profile``. Raises ValueError."""
        return cls(uuid=_id(row, "uuid"), first_name=_text(row.get("firstname")))


def parse_rows[T](
    rows: object, parse: Callable[[Json], T]
) -> tuple[tuple[T, ...], tuple[str, ...]]:
    """Parse a list; return what was understood, and a line for each row that was not.

    One object alone counts as a list of one, and one with numbers for keys as a list with
    gaps, as PHP writes it. Raises ValueError if there is no list, or none of it makes sense.
    """
    if isinstance(rows, Mapping):
        numbered = bool(rows) and all(str(key).isdecimal() for key in rows)
        rows = list(rows.values()) if numbered else [rows]
    if not isinstance(rows, list):
        raise ValueError("no list")  # noqa: TRY004
    parsed: list[T] = []
    complaints: list[str] = []
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            complaints.append(f"row {number}: not an object")
            continue
        try:
            parsed.append(parse(row))
        except ValueError as err:
            complaints.append(f"row {number}: {err}")
    if complaints and not parsed:
        raise ValueError(f"nothing but rows like {complaints[0]}")
    return tuple(parsed), tuple(complaints)


def _id(row: Json, key: str) -> str:
    """Return an id, which may come as a string or as a number."""
    value = row.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        text = value.strip()
        if 0 < len(text) <= _MAX_TEXT and text.isprintable():
            return text
    raise ValueError(f"no {key}")


def _text(value: object) -> str | None:
    """Return a text, None for what is none and for the empty one."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    # Half a surrogate pair, which JSON can say, cannot be stored or sent anywhere.
    text = str(value).encode(errors="replace").decode()
    return " ".join(text.split())[:_MAX_TEXT] or None


def _integer(value: object) -> int | None:
    """Return a whole number, which may come in a string, None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    return value if isinstance(value, int) else None


def _flag(value: object, *, default: bool) -> bool:
    """Return a truth, which comes as 0, 1, "0", "1" and sometimes as true or false."""
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    number = _integer(value)
    return default if number is None else number != 0


def _state(value: object) -> Method | None:
    """Return the last method, None if unknown or not one single method."""
    number = _integer(value)
    return Method(number) if number in _METHODS else None


def _level(row: Json) -> int | None:
    """Return a dimmer's last level, 0 to 255, from wherever the row tells it.

    ``stateValues`` is the list's spelling and ``statevalues`` that of device/info.
    """
    candidates: list[object] = []
    # ``statevalue`` belongs to the last method, whichever that was.
    if _state(row.get("state")) is Method.DIM:
        candidates.append(row.get("statevalue"))
    values = row.get("stateValues", row.get("statevalues"))
    candidates.extend(
        entry.get("value")
        for entry in (values if isinstance(values, Sequence) else ())
        if isinstance(entry, Mapping) and _integer(entry.get("state")) == Method.DIM
    )
    for candidate in candidates:
        if (level := _integer(candidate)) is not None:
            return min(max(level, 0), MAX_LEVEL)
    return None


def _device_type(value: object) -> DeviceType:
    """Return what a device is; both cases and a lost leading zero occur."""
    text = (_text(value) or "").lower()
    first, rest = text[:-28], text[-28:]
    if rest == _DEVICE_TYPE_REST:
        try:
            return DeviceType(int(first, 16))
        except ValueError:
            pass
    return DeviceType.UNKNOWN
