"""What of Telldus' responses others may see: the shape of everything, the text of little.

A text is reduced to ``a`` for letters and ``9`` for digits, so that an address, a decimal
comma or a serial can be recognized and not read. Numbers that count or say yes or no stay,
and single words stay in those fields that only Telldus or a maker fills.
Source: docs/dev/telldus-api.md, "Functions", "transport, protocol, model" and "Sensor values".
"""

from collections.abc import Callable, Mapping
import re
from typing import Any, Final

from .pa_api.parsing import to_list, to_object

# No name with a blank, e-mail address, host name, IP address or serial number.
_WORD: Final = re.compile(
    r"[a-z°%µ][\w°%µ³/-]{0,23}(\.\d)?"  # zwave, kWh, m/s, eco-heat, pm2.5
    r"|tellstick( (net|znet|duo|lite|pro|v\d))*"
    r"|\d{1,4}(\.\d{1,4}){0,2}"  # 433, a version
    r"|[\da-f]{4}(-[\da-f]{4}){1,2}"  # A Z-Wave sensor's maker and type
    r"|[\da-f]{7,8}-0001-1000-2005-acca54000000",  # A deviceType
    re.ASCII | re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"-?\d{1,4}(\.\d{1,4})?", re.ASCII)
_FIELD: Final = re.compile(r"[a-z][A-Za-z]{1,24}", re.ASCII)
# Unix seconds are smaller.
_MAX_NUMBER: Final = 1e12
# Temperatures and levels are smaller, codes are not.
_MAX_STATE: Final = 1000
_MAX_LENGTH: Final = 40
_MAX_ITEMS: Final = 20
_MAX_DEPTH: Final = 4

type Redacted = bool | int | float | str | list[Redacted] | dict[str, Redacted] | None
type Redact = Callable[[Any], Redacted]


def describe_type(value: object) -> Redacted:
    """Describe the shape of a value."""
    match value:
        case None | bool():
            return value
        case int() | float():
            return "number"
        case str():
            text = re.sub(r"[^\W\d_]+", "a", value)
            text = re.sub(r"\d+", "9", text)
            text = re.sub(r"[^a9\s.,:;/%°+-]+", "?", text)
            return f"text {text[:_MAX_LENGTH]}".rstrip()
        case list():
            return f"list of {len(value)}"
    return f"object of {len(value)}" if isinstance(value, Mapping) else "?"


def redact_word(value: object) -> Redacted:
    """Keep a single word of a field that no user fills."""
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    return describe_type(value)


def redact_number(value: object) -> Redacted:
    """Keep a number, or a text with a short one."""
    match value:
        case int() | float() if abs(value) < _MAX_NUMBER:
            return value
        case str() if _NUMBER.fullmatch(value):
            return value
    return describe_type(value)


def redact_state(value: object, key: str = "", depth: int = 0) -> Redacted:
    """Keep small numbers, names of fields and of thermostat modes, also in a JSON text."""
    if isinstance(value, str):
        value = to_object(value) or value
    match value:
        case int() | float() if abs(value) < _MAX_STATE:
            return value
        case str() if _NUMBER.fullmatch(value) and abs(float(value)) < _MAX_STATE:
            return value
        case str() if key in ("mode", "modes"):
            return redact_word(value)
        case list() | tuple() if depth < _MAX_DEPTH:
            return [redact_state(one, key, depth + 1) for one in value[:_MAX_ITEMS]]
        case Mapping() if depth < _MAX_DEPTH:
            return {
                str(redact_word(name)): redact_state(one, name, depth + 1)
                for name, one in tuple(value.items())[:_MAX_ITEMS]
            }
    return describe_type(value)


def redact_rows(rows: object) -> list[Redacted]:
    """Redact the rows of a list."""
    return [_redact_row(row) for row in to_list(rows)]


def _redact_row(row: object, more: Mapping[str, Redact] | None = None) -> Redacted:
    """Redact a row; a field with a function in ``more`` or ``_FIELDS`` keeps more."""
    if not isinstance(row, Mapping):
        return describe_type(row)
    fields = {**_FIELDS, **(more or {})}
    return {
        str(key if _FIELD.fullmatch(key) else describe_type(key)): fields.get(
            key, describe_type
        )(value)
        for key, value in row.items()
    }


def _redact_parameter(row: object) -> Redacted:
    """Redact a parameter of a device; two of them have values that are not private."""
    name = row.get("name") if isinstance(row, Mapping) else None
    redact = {"devicetype": redact_word, "thermostat": redact_state}.get(str(name))
    return _redact_row(row, {"name": redact_word, "value": redact or describe_type})


def _inner_rows(redact_row: Redact) -> Redact:
    """Make a function that redacts a list within a row."""
    return lambda rows: [redact_row(row) for row in to_list(rows)[:_MAX_ITEMS]]


_STATE_VALUES: Final = _inner_rows(
    lambda row: _redact_row(row, {"value": redact_state})
)
_FIELDS: Final[Mapping[str, Redact]] = {
    **dict.fromkeys(
        (
            *("battery", "editable", "extensions", "ignored", "keepHistory"),
            *(
                "lastUpdated",
                "maxTime",
                "methods",
                "minTime",
                "online",
                "scale",
                "state",
            ),
        ),
        redact_number,
    ),
    **dict.fromkeys(
        ("deviceType", "model", "protocol", "transport", "type", "unit", "version"),
        redact_word,
    ),
    "data": _inner_rows(lambda row: _redact_row(row, {"name": redact_word})),
    "parameter": _inner_rows(_redact_parameter),
    "stateValues": _STATE_VALUES,
    "statevalue": redact_state,
    "statevalues": _STATE_VALUES,
}
