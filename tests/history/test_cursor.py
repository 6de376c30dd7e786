"""What is taken of a history's rows."""

from typing import Any
from unittest.mock import Mock

from custom_components.telldus_pa.history.cursor import BackfillCursor, ValueKey
from custom_components.telldus_pa.history.statistics import (
    HOUR,
    HourlyStatistics,
    Sample,
)
from custom_components.telldus_pa.pa_api import SensorHistoryEntry


def row(when: int, *values: dict[str, Any]) -> SensorHistoryEntry:
    """Return a row of a history."""
    return SensorHistoryEntry.from_dict({"ts": when, "data": list(values)})


def test_numbers() -> None:
    """They are what the entity shows: no direction is told of no wind, and a text is none."""
    wind: ValueKey = ("wdir", 0)
    series = {wind: Mock(first=HourlyStatistics(2 * HOUR))}
    cursor = BackfillCursor(series)
    assert cursor.take(
        [
            row(HOUR + when, {"name": "wdir", "scale": 0, "value": value})
            for when, value in enumerate(("350", "-1", "360", "north", None, "90.5"))
        ]
    )
    assert cursor.complete(wind) == {
        HOUR: [Sample(HOUR, 350), Sample(HOUR + 2, 0), Sample(HOUR + 5, 90.5)]
    }
