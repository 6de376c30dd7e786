"""Histories of devices and sensors.

Source: docs/dev/telldus-api.md, "Devices" and "Sensors".
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final, Self

from ..parsing import Json, to_integer, to_number, to_object, to_text, to_time
from .device import Method, method_from, mode_from
from .sensor import Values, values_from


class SuccessStatus(IntEnum):
    """Outcome of a command: the ``successStatus`` of the history."""

    DONE = 0
    FAILED = 1
    NO_REPLY = 2
    TIMED_OUT = 3
    NOT_CONFIRMED = 4
    UNKNOWN = 5
    # A battery device gets it at its wake-up.
    QUEUED = 6
    INVALID = 7


OUTCOMES: Final = frozenset(SuccessStatus)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A row of a device's history: a command, or what the device reported.

    ``method`` is None where it cannot be parsed. ``value`` is a level or a color, as a
    Command's; ``mode`` and ``temperature`` are a thermostat's.
    ``origin`` is its cause, in Telldus' words or the user's.
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
class SensorHistoryEntry:
    """A row of a sensor's history."""

    when: datetime
    values: Values

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse a row of ``sensor/history``. Raises ValueError."""
        if (when := to_time(row.get("ts"))) is None:
            raise ValueError("no ts")
        return cls(when, values_from(row, when))


def _setting(value: object) -> Json:
    """Parse a thermostat's ``stateValue``: JSON but for its quotes, as the history has it."""
    if isinstance(value, str):
        value = value.replace("'", '"').replace(": None", ": null")
    return to_object(value)
