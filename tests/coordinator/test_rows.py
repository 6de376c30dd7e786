"""Who is notified of which rows."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import override

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.coordinator.rows import RowCoordinator
from custom_components.telldus_pa.pa_api import Gateway
from homeassistant.core import CALLBACK_TYPE, HomeAssistant

ONE = Gateway("1", "One", online=True)
TWO = replace(ONE, id="2", name="Two")


class Gateways(RowCoordinator[Gateway]):
    """Gateways, of which the name is the structure."""

    is_available = True

    @override
    def _structure_key(self, row: Gateway) -> object:
        """Return the name."""
        return row.name

    def show(self, rows: Iterable[Gateway]) -> None:
        """Have the listeners notified of a list."""
        self.data = {row.id: row for row in rows}
        self.async_update_listeners()


@pytest.fixture
def notified() -> list[str | None]:
    """Return what listeners were called with, in order."""
    return []


@pytest.fixture
def gateways(hass: HomeAssistant, notified: list[str | None]) -> Gateways:
    """Return two gateways, with a listener for each and one for the structure."""

    def note(context: str | None) -> CALLBACK_TYPE:
        return lambda: notified.append(context)

    entry = MockConfigEntry(pref_disable_polling=True)
    coordinator = Gateways(hass, entry, "gateways", timedelta(hours=1))
    coordinator.show([ONE, TWO])
    for context in ("1", "2", None):
        coordinator.async_add_listener(note(context), context)
    return coordinator


def test_unchanged(gateways: Gateways, notified: list[str | None]) -> None:
    """A list without news notifies nobody."""
    gateways.show([ONE, TWO])
    assert notified == []


def test_changed_row(gateways: Gateways, notified: list[str | None]) -> None:
    """A row that changed notifies its own listeners."""
    gateways.show([ONE, replace(TWO, online=False)])
    assert notified == ["2"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([ONE, replace(TWO, name="Renamed")], [None, "2"]),
        ([ONE], [None, "2"]),
        ([ONE, TWO, replace(ONE, id="3")], [None]),
    ],
    ids=["renamed", "removed", "added"],
)
def test_structure(
    gateways: Gateways,
    notified: list[str | None],
    rows: list[Gateway],
    expected: list[str | None],
) -> None:
    """What concerns the structure notifies its listeners first."""
    gateways.show(rows)
    assert notified == expected


def test_availability(gateways: Gateways, notified: list[str | None]) -> None:
    """Losing the data, and having them again, concerns everybody once."""
    gateways.is_available = False
    gateways.show([ONE, TWO])
    gateways.show([ONE, TWO])
    assert sorted(map(str, notified)) == ["1", "2", "None"]
    gateways.is_available = True
    gateways.show([ONE, TWO])
    assert len(notified) == 6


def test_update_within_an_update(
    gateways: Gateways, notified: list[str | None]
) -> None:
    """A listener that has others notified keeps nobody from being notified."""

    def notify_another() -> None:
        gateways.async_notify_rows(["2"])

    gateways.async_add_listener(notify_another, "1")
    gateways.async_add_listener(lambda: notified.append("last"), "1")
    gateways.async_notify_rows(["1"])
    assert notified == ["1", "2", "last"]
