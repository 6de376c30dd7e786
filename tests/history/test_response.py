"""Rows of a history as actions return them; the rest is in the tests of the actions."""

from datetime import UTC, datetime

from custom_components.telldus_pa.history.response import METHODS, device_row
from custom_components.telldus_pa.pa_api import HistoryEntry, Method, SuccessStatus

WHEN = datetime(2026, 9, 15, 6, 40, tzinfo=UTC)


def test_methods_have_one_name_each() -> None:
    """A row names a method as the action takes it."""
    for name, method in METHODS.items():
        row = device_row(HistoryEntry(WHEN, method, SuccessStatus.DONE))
        assert row["method"] == name
        assert row["time"] == "2026-09-15T06:40:00+00:00"


def test_color_without_a_color() -> None:
    """A row of a color whose value Telldus has not kept has none."""
    row = device_row(HistoryEntry(WHEN, Method.RGB, SuccessStatus.DONE))
    assert row["value"] is None
