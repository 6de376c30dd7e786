"""What refers to entities and devices, also where Home Assistant's internals have moved."""

import sys

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.migration.references import ReferenceSearch
from homeassistant.core import HomeAssistant

from .conftest import device_of, edit_dashboard

MOVED = {
    "search": "homeassistant.components.search",
    "automation": "homeassistant.components.automation",
    "lovelace": "homeassistant.components.lovelace.const",
}


async def found(
    hass: HomeAssistant, search: ReferenceSearch
) -> tuple[set[str], set[str], list[str]]:
    """Search for an entity, a device, and an entity in dashboards."""
    await search.async_read_dashboards()
    return (
        search.users_of_entity("light.blind"),
        search.users_of_device(device_of(hass, "light.bedroom")),
        search.dashboards_using("switch.outlet"),
    )


@pytest.mark.usefixtures("client")
async def test_everything_is_searched(
    hass: HomeAssistant, automated: MockConfigEntry
) -> None:
    """Automations are found by entity and by device, and dashboards by what they show."""
    await edit_dashboard(hass)
    search = ReferenceSearch(hass)
    assert await found(hass, search) == (
        {"automation.blind_wind"},
        {"automation.by_device"},
        ["Overview"],
    )
    assert search.unread_dashboards == ["Old *wall*"]
    assert search.is_complete


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("search", (set(), {"automation.by_device"}, ["Overview"])),
        ("automation", ({"automation.blind_wind"}, set(), ["Overview"])),
        ("lovelace", ({"automation.blind_wind"}, {"automation.by_device"}, [])),
    ],
)
@pytest.mark.usefixtures("client")
async def test_moved_internals(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    expected: tuple[set[str], set[str], list[str]],
) -> None:
    """What is not where it was is skipped and logged; the rest is searched."""
    await edit_dashboard(hass)
    search = ReferenceSearch(hass)
    monkeypatch.setitem(sys.modules, MOVED[name], None)
    assert await found(hass, search) == expected
    assert not search.is_complete
    assert "cannot be searched" in caplog.text
