"""Conversions of Telldus' JSON, each oddity handled once.

Numbers in strings and strings in numbers, ``"0"`` for false, nulls, missing keys, JSON in
a string, lists and objects as PHP writes them. Source: docs/dev/telldus-api.md, "General
rules" and "Quirks checklist".
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
import json

import orjson

type Json = Mapping[str, object]

_MAX_TEXT = 200
# No value of a device or sensor is as large.
_MAX_NUMBER = 10**15
# In unix seconds: the year 2106. Milliseconds are beyond it.
_MAX_TIMESTAMP = 2**32
# Its keys match true and false as well, which equal 1 and 0.
_FLAGS: Mapping[int | str, bool] = {0: False, 1: True, "0": False, "1": True}


def read_json(text: str | bytes) -> object:
    """Parse JSON; None for each number in it that is NaN or infinite.

    Raises ValueError. The parser's own error carries the whole text: do not chain it.
    """
    try:
        # Twice as fast, and part of Home Assistant
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # It is strict about NaN, large numbers and half surrogate pairs.
        return _loads_lenient(text)


def _loads_lenient(text: str | bytes) -> object:
    """Parse JSON by the more lenient parser. Raises ValueError."""
    if isinstance(text, bytes):
        # One byte that is none of a character costs one name, not the whole answer.
        text = text.decode(json.detect_encoding(text), errors="replace")
    try:
        return json.loads(text, parse_int=_to_int, parse_constant=_to_nothing)
    except RecursionError as err:
        raise ValueError("too deep") from err


def _to_nothing(_: str) -> None:
    """Return None for NaN and the infinities."""


def _to_int(digits: str) -> int | None:
    """Return an integer, None for more digits than Python parses."""
    try:
        return int(digits)
    except ValueError:
        return None


def parse_rows[T](
    rows: object, parse: Callable[[Json], T]
) -> tuple[tuple[T, ...], tuple[str, ...]]:
    """Parse a list; return the parsed rows, and a complaint for each other row.

    Raises ValueError if it is no list, or if no row of it can be parsed.
    """
    if not isinstance(rows, (list, dict)):
        raise ValueError("no list")  # noqa: TRY004
    parsed: list[T] = []
    complaints: list[str] = []
    for number, row in enumerate(to_list(rows)):
        if not isinstance(row, dict):
            complaints.append(f"row {number}: not an object")
            continue
        try:
            parsed.append(parse(row))
        except ValueError as err:
            complaints.append(f"row {number}: {err}")
    if complaints and not parsed:
        raise ValueError(f"nothing but rows like {complaints[0]}")
    return tuple(parsed), tuple(complaints)


class RowParser[T]:
    """Parses the successive lists of one function.

    A row that equals its row in the list before is not parsed again but the same object:
    hardly anything of a large home changes from one list to the next.
    """

    def __init__(self, parse: Callable[[Json], T]) -> None:
        """Initialize the parser. ``parse`` raises ValueError."""
        self._parse = parse
        self._cache: dict[object, tuple[Json, T]] = {}
        # The list before, and its result
        self._rows: object = None
        self._parsed: tuple[tuple[T, ...], tuple[str, ...]] = ((), ())

    def parse(self, rows: object) -> tuple[tuple[T, ...], tuple[str, ...]]:
        """Parse a list as ``parse_rows`` does. Raises ValueError."""
        if rows is self._rows and rows is not None:
            return self._parsed
        cache, self._cache = self._cache, {}

        def parse(row: Json) -> T:
            """Parse one row, if it has changed."""
            row_id = row.get("id")
            if not isinstance(row_id, (str, int)):
                return self._parse(row)
            cached = cache.get(row_id)
            parsed = cached[1] if cached and cached[0] == row else self._parse(row)
            # The newer of two equal rows, so that the older list is freed.
            self._cache[row_id] = row, parsed
            return parsed

        self._parsed = parse_rows(rows, parse)
        self._rows = rows
        return self._parsed


def to_list(value: object) -> list[object]:
    """Return a list, which may come as JSON in a text; empty for anything else.

    One object alone counts as a list of one, and one with numbers for keys as a list with
    gaps, as PHP writes it.
    """
    value = _from_text(value)
    if isinstance(value, dict):
        # True of an empty object as well
        numbered = all(key.isdecimal() for key in value)
        return list(value.values()) if numbered else [value]
    return value if isinstance(value, list) else []


def _from_text(value: object) -> object:
    """Return the object or array that a text contains; anything else as it is."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return read_json(value)
        except ValueError:
            pass
    return value


def to_objects(value: object) -> list[Json]:
    """Return the objects of a list."""
    return [entry for entry in to_list(value) if isinstance(entry, dict)]


def to_id(row: Json, key: str) -> str:
    """Return an id, which may come as a string or as a number. Raises ValueError."""
    if not (text := to_optional_id(row, key)):
        raise ValueError(f"no {key}")
    return text


def to_optional_id(row: Json, key: str) -> str:
    """Return an id, empty where there is none."""
    value = row.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str):
        if _is_word(value):
            return value
        text = value.strip()
        if len(text) <= _MAX_TEXT and text.isprintable():
            return text
    return ""


def _is_word(text: str) -> bool:
    """Return whether a text is one plain word, as most are, with nothing to clean."""
    return text.isalnum() and text.isascii() and len(text) <= _MAX_TEXT


def to_text(value: object) -> str | None:
    """Return a text, None for an empty one and for anything but a text or number."""
    if isinstance(value, str):
        if _is_word(value):
            return value
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return _cleaned(str(value))


@lru_cache(maxsize=1024)
def _cleaned(text: str) -> str | None:
    """Return a text without what cannot be displayed or stored. Many recur: hence the cache."""
    if not text.isascii():
        # Half a surrogate pair, which JSON can say, cannot be stored or sent anywhere.
        text = text.encode(errors="replace").decode()
    return " ".join(text.split())[:_MAX_TEXT].rstrip() or None


def to_flag[DefaultT: bool | None](
    value: object, *, default: DefaultT
) -> bool | DefaultT:
    """Return a boolean, which comes as 0, 1, "0", "1" and sometimes as true or false."""
    if isinstance(value, (int, str)) and (flag := _FLAGS.get(value)) is not None:
        # As it nearly always comes
        return flag
    if isinstance(value, str) and (word := value.strip().lower()) in ("true", "false"):
        return word == "true"
    number = to_number(value)
    return default if number is None else number != 0


def to_number(value: object) -> float | None:
    """Return a finite number, an int where it was written so; None for anything else."""
    if isinstance(value, str):
        text = value.strip()
        try:
            whole = text.isdecimal() or text.lstrip("+-").isdecimal()
            value = int(text) if whole else float(text)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if -_MAX_NUMBER < value < _MAX_NUMBER else None


def to_integer(value: object) -> int | None:
    """Return a number without its decimals, None for anything else."""
    number = to_number(value)
    return None if number is None else int(number)


def to_number_or_text(value: object) -> float | str | None:
    """Return a number or another text; None for an empty text and an infinite number."""
    number = to_number(value)
    if number is not None or not isinstance(value, str):
        return number
    try:
        float(value)
    except ValueError:
        return to_text(value)
    return None


def to_time(value: object) -> datetime | None:
    """Convert unix seconds to UTC; None for 0 and for what is not from 1970 to 2106."""
    # As it nearly always comes: there are several in each row.
    number = value if type(value) is int else to_number(value)
    if number is None or not 0 < number < _MAX_TIMESTAMP:
        return None
    return datetime.fromtimestamp(number, UTC)


def to_object(value: object) -> Json:
    """Return an object, which may come as JSON in a text; empty for anything else."""
    value = _from_text(value)
    return value if isinstance(value, dict) else {}


def to_names(value: object) -> tuple[str, ...]:
    """Return texts that come as a list, alone, or separated by commas."""
    value = _from_text(value)
    if value is None:
        return ()
    parts = value.split(",") if isinstance(value, str) else to_list(value) or [value]
    return tuple(text for part in parts if (text := to_text(part)))
