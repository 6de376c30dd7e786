"""The oddities of the wire, each taken out once.

Numbers in strings and strings in numbers, ``"0"`` that means no, nulls, missing keys, JSON
in a string. Source: docs/telldus-api.md, "General rules" and "Quirks checklist".
"""

from collections.abc import Callable, Mapping
import json
import math

type Json = Mapping[str, object]

_MAX_TEXT = 200
_BEYOND = 10**15


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


def to_id(row: Json, key: str) -> str:
    """Return an id, which may come as a string or as a number."""
    value = row.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        text = value.strip()
        if 0 < len(text) <= _MAX_TEXT and text.isprintable():
            return text
    raise ValueError(f"no {key}")


def to_text(value: object) -> str | None:
    """Return a text, None for what is none and for the empty one."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    # Half a surrogate pair, which JSON can say, cannot be stored or sent anywhere.
    text = str(value).encode(errors="replace").decode()
    return " ".join(text.split())[:_MAX_TEXT] or None


def to_integer(value: object) -> int | None:
    """Return a whole number, which may come in a string, None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    return value if isinstance(value, int) else None


def to_flag(value: object, *, default: bool) -> bool:
    """Return a truth, which comes as 0, 1, "0", "1" and sometimes as true or false."""
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    number = to_integer(value)
    return default if number is None else number != 0


def to_number(value: object) -> float | None:
    """Return a finite number, whole where it was written so; None for anything else."""
    if isinstance(value, str):
        text = value.strip()
        try:
            value = int(text) if text.lstrip("+-").isdecimal() else float(text)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # No reading has more digits than this; what has cannot be counted with.
    return value if -_BEYOND < value < _BEYOND else None


def to_object(value: object) -> Json:
    """Return an object, which may come as JSON in a string; an empty one for no object."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError, RecursionError:
            return {}
    return value if isinstance(value, Mapping) else {}


def to_names(value: object) -> tuple[str, ...]:
    """Return texts that come as a list, or in one text with commas between them."""
    if isinstance(value, str):
        value = value.split(",")
    parts = value if isinstance(value, list) else [value]
    return tuple(text for part in parts if (text := to_text(part)))
