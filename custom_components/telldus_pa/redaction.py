"""What of Telldus' answers others may see: what Telldus says itself, never what people say.

Deny by default. Of a text only those words get through that are Telldus' own vocabulary;
of any other text its shape does: ``a`` for letters, ``9`` for digits. So it can be seen
that something is an address, a decimal comma or a serial, and nothing of it.
Source: docs/telldus-api.md, "Functions", "transport, protocol, model" and "Sensor values".
"""

from collections.abc import Callable, Mapping
import re
from typing import Final

from .pa_api.parsing import to_list, to_object

_VOCABULARY: Final = {
    "type, transport": "device group scene zwave zigbee 433 e433 egroup virtual",
    "protocol": (
        "arctech brateck comen everflourish fineoffset fuhaote hasta ikea kangtai "
        "mandolyn oregon risingsun sartano silvanchip upm waveman x10 yidong"
    ),
    "model of a sensor": "temperature temperaturehumidity humidity rain wind n/a",
    "names of parameters": (
        "house unit code system units fade devicetype thermostat devices"
    ),
    "thermostat": (
        "mode modes setpoint setpoints ranges min max changemode auto away cool dry "
        "eco-cool eco-heat fan heat heat-cool hg manual off program resume"
    ),
    "names of values": (
        "temp rrate rtot wdir wavg wgust uv watt lum dewp barpress genmeter co2 volume "
        "loudness particulatematter2.5 particulatematter25 pm25 co weight moisture"
    ),
    "units": (
        "°c °f % mm/h mm m/s kwh kvah w v a lx kpa inhg ppm l m³ db dba µg/m³ kg"
    ),
}
_WORDS: Final = frozenset(
    word for words in _VOCABULARY.values() for word in words.split()
)
_NUMBER: Final = re.compile(r"-?\d{1,4}(\.\d{1,4})?", re.ASCII)
# Of a thermostat or a lamp nothing is larger.
_LARGEST: Final = 1000
_DEVICE_TYPE: Final = re.compile(
    r"[0-9a-f]{7,8}-0001-1000-2005-acca54000000", re.ASCII | re.IGNORECASE
)
_MODEL: Final = re.compile(r"[0-9a-f]{4}(-[0-9a-f]{4}){0,2}", re.ASCII | re.IGNORECASE)
_GATEWAY: Final = re.compile(
    r"tellstick( (net|znet|duo|lite|pro|v\d))*", re.ASCII | re.IGNORECASE
)
# Not an IP address
_VERSION: Final = re.compile(r"\d{1,4}(\.\d{1,4}){0,2}", re.ASCII)
_FIELD: Final = re.compile(r"[a-z][A-Za-z]{1,24}", re.ASCII)
_LONGEST: Final = 40
_MOST: Final = 20
_DEEPEST: Final = 4

# Unix seconds, and anything else that is counted.
_MAX_NUMBER: Final = 1e12

type Shown = bool | int | float | str | list[Shown] | dict[str, Shown] | None


def describe_type(value: object) -> Shown:
    """Return what something looks like, without anything of what it says."""
    match value:
        case None | bool():
            return value
        case int() | float():
            return "number"
        case str():
            return f"text {_pattern(value)}".rstrip()
        case list():
            return f"list of {len(value)}"
    return f"object of {len(value)}" if isinstance(value, Mapping) else "?"


def redact_word(value: object) -> Shown:
    """Return a word of Telldus' own, the shape of anything else."""
    return _either(value, lambda text: text.lower() in _WORDS)


def number(value: object) -> Shown:
    """Return a number, which may come as a text, and the shape of anything else."""
    if isinstance(value, (int, float)) and -_MAX_NUMBER < value < _MAX_NUMBER:
        return value
    return _either(value, _NUMBER.fullmatch)


def model(value: object) -> Shown:
    """Return what maker and type a sensor is of."""
    return _either(value, lambda text: text.lower() in _WORDS or _MODEL.fullmatch(text))


def gateway_model(value: object) -> Shown:
    """Return which TellStick a gateway is."""
    return _either(value, _GATEWAY.fullmatch)


def version(value: object) -> Shown:
    """Return the version of a gateway's software."""
    return _either(value, _VERSION.fullmatch)


def redact_state(value: object, depth: int = 0) -> Shown:
    """Return a state: words and small numbers of Telldus' own, nested, or in a JSON text."""
    if isinstance(value, str):
        value = to_object(value) or value
    if depth == _DEEPEST:
        return describe_type(value)
    match value:
        case int() | float():
            return value if abs(value) < _LARGEST else describe_type(value)
        case str():
            small = _NUMBER.fullmatch(value) and abs(float(value)) < _LARGEST
            return value if small else redact_word(value)
        case list() | tuple():
            return [redact_state(one, depth + 1) for one in value[:_MOST]]
        case Mapping():
            return {
                str(redact_word(key)): redact_state(one, depth + 1)
                for key, one in tuple(value.items())[:_MOST]
            }
    return describe_type(value)


def row(value: object, fields: Mapping[str, Callable[[object], Shown]]) -> Shown:
    """Return a row as it came; what is not among the fields by its shape alone."""
    if not isinstance(value, Mapping):
        return describe_type(value)
    return {
        str(
            key
            if key in fields or _FIELD.fullmatch(str(key))
            else describe_type(str(key))
        ): (fields.get(key, describe_type)(one))
        for key, one in value.items()
    }


def _either(value: object, allowed: Callable[[str], object]) -> Shown:
    """Return a text that is allowed, the shape of anything else."""
    return value if isinstance(value, str) and allowed(value) else describe_type(value)


def _pattern(text: str) -> str:
    """Return what a text looks like: each run of letters, digits and others as one."""
    text = re.sub(r"[^\W\d_]+", "a", text)
    text = re.sub(r"\d+", "9", text)
    return re.sub(r"[^a9\s.,:;/%°+-]+", "?", text)[:_LONGEST]


def _device_type(value: object) -> Shown:
    """Return a deviceType as it came."""
    return _either(value, _DEVICE_TYPE.fullmatch)


def _rows(
    fields: Mapping[str, Callable[[object], Shown]],
) -> Callable[[object], Shown]:
    """Return what shows a list within a row."""
    return lambda value: [row(one, fields) for one in to_list(value)[:_MOST]]


def _parameters(value: object) -> Shown:
    """Return a device's parameters: their names, and two values that are not private."""
    found: list[Shown] = []
    for one in to_list(value)[:_MOST]:
        name = one.get("name") if isinstance(one, Mapping) else None
        show = (
            _PARAMETERS.get(name, describe_type)
            if isinstance(name, str)
            else describe_type
        )
        found.append(row(one, {"name": redact_word, "value": show}))
    return found


_PARAMETERS: Final = {"devicetype": _device_type, "thermostat": redact_state}
_STATE_VALUES: Final = _rows({"state": number, "value": redact_state})

# The lists, by function, and which fields of their rows say more than their shape.
LISTS: Final[Mapping[str, Mapping[str, Callable[[object], Shown]]]] = {
    "devices/list": {
        "deviceType": _device_type,
        "editable": number,
        "ignored": number,
        "methods": number,
        "online": number,
        "parameter": _parameters,
        "state": number,
        "stateValues": _STATE_VALUES,
        "statevalue": redact_state,
        "statevalues": _STATE_VALUES,
        "transport": redact_word,
        "type": redact_word,
    },
    "sensors/list": {
        "battery": number,
        "data": _rows(
            {
                "lastUpdated": number,
                "maxTime": number,
                "minTime": number,
                "name": redact_word,
                "scale": number,
                "unit": redact_word,
            }
        ),
        "editable": number,
        "ignored": number,
        "keepHistory": number,
        "lastUpdated": number,
        "model": model,
        "online": number,
        "protocol": redact_word,
    },
    "clients/list": {
        "editable": number,
        "extensions": number,
        "online": number,
        "type": gateway_model,
        "version": version,
    },
    "room/list": {},
    "rooms/list": {},
}


def redact_rows(function: str, listed: object) -> list[Shown]:
    """Return the rows of a list as they came."""
    return [row(one, LISTS[function]) for one in to_list(listed)]
