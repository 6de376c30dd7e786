"""Blueprints: each can be imported by its address, and does what it says."""

from pathlib import Path
import shutil
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker

from custom_components.telldus_pa.events.matching import DeviceEvent
from custom_components.telldus_pa.pa_api import Method
from homeassistant.components.blueprint.importer import fetch_blueprint_from_url
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulator import Simulator

from .conftest import Time
from .helpers import BUTTON
from .integration_files import ROOT

pytestmark = pytest.mark.only(
    "Freezer", "Greenhouse", "Multisensor", "Radiator", "Remote button", "Window lamp"
)


FOLDER = ROOT / "blueprints" / "automation" / "telldus_pa"
ADDRESS = "https://github.com/telldus-pa/telldus_pa/blob/main/"
RAW = "https://raw.githubusercontent.com/telldus-pa/telldus_pa/main/"


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*.yaml")), ids=lambda one: one.stem
)
async def test_import(
    hass: HomeAssistant, aioclient_mock: AiohttpClientMocker, path: Path
) -> None:
    """Home Assistant imports it from where it says that it is, and the documents say so."""
    where = path.relative_to(ROOT)
    aioclient_mock.get(  # type: ignore[no-untyped-call]  # the test package's own
        f"{RAW}{where}", text=path.read_text()
    )
    imported = await fetch_blueprint_from_url(hass, f"{ADDRESS}{where}")
    blueprint = imported.blueprint
    assert blueprint.metadata["source_url"] == f"{ADDRESS}{where}"
    assert blueprint.domain == "automation"
    assert not blueprint.validate()
    assert imported.suggested_filename == f"telldus-pa/{path.stem}"
    document = (ROOT / "docs" / "automations.md").read_text()
    assert f"blueprint_import/?blueprint_url={ADDRESS}{where}" in document
    for name, told in blueprint.inputs.items():
        assert told["name"], name
        assert told["description"], name
        assert told["name"] in document, name


async def use(
    hass: HomeAssistant, tmp_path: Path, name: str, inputs: dict[str, Any]
) -> None:
    """Make an automation of a blueprint, in a configuration of its own."""
    hass.config.config_dir = str(tmp_path)
    shutil.copytree(FOLDER, tmp_path / "blueprints" / "automation" / "telldus_pa")
    told = {"path": f"telldus_pa/{name}.yaml", "input": inputs}
    assert await async_setup_component(
        hass,
        "automation",
        {"automation": {"alias": "Try", "use_blueprint": told}},
    )
    assert hass.states.get("automation.try") is not None


def note(what: str) -> list[dict[str, Any]]:
    """Return actions that can be seen in tests."""
    return [
        {"event": "noted", "event_data": {"what": what, "pressed": "{{ pressed }}"}}
    ]


def told(events: list[Event[dict[str, Any]]]) -> list[str]:
    """Return what was noted since the last look."""
    found = [event.data["what"] for event in events]
    events.clear()
    return found


async def test_remote(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    time: Time,
    tmp_path: Path,
    entity_registry: er.EntityRegistry,
) -> None:
    """Each press does what it is to do, and the same one right after something besides."""
    names = ("upper", "upper_again", "lower", "lower_again", "other")
    await use(
        hass,
        tmp_path,
        "remote",
        {"remote": BUTTON, "within": 5, **{name: note(name) for name in names}},
    )
    events = async_capture_events(hass, "noted")
    remote = hass.data["entity_components"]["event"].get_entity(BUTTON)
    assert remote is not None

    async def press(
        method: Method, later: float = 1, told_late: float = 0
    ) -> list[str]:
        """Press a button, and return what came of it, be it told so many seconds later."""
        await time.move(later)
        when = dt_util.utcnow().timestamp() - told_late
        pressed = DeviceEvent("8", method, None, when)
        remote._async_fire(pressed, True)  # noqa: SLF001
        await time.settle()
        return told(events)

    assert await press(Method.TURNON, 10) == ["upper"]
    assert await press(Method.TURNON) == ["upper", "upper_again"]
    assert await press(Method.TURNON, 8) == ["upper"]
    assert await press(Method.TURNOFF) == ["lower"]
    assert await press(Method.TURNOFF, 4) == ["lower", "lower_again"]
    # Told together, pressed apart, and the other way round
    assert await press(Method.TURNON, 30, told_late=25) == ["upper"]
    assert await press(Method.TURNON, 1, told_late=5) == ["upper"]
    assert await press(Method.TURNON, 12, told_late=14) == ["upper", "upper_again"]
    # What is no press: another name, being away and coming back
    entity_registry.async_update_entity(BUTTON, name="Knob")
    await time.settle()
    before = hass.states.get(BUTTON)
    assert before is not None
    hass.states.async_set(BUTTON, "unavailable")
    hass.states.async_set(BUTTON, before.state, before.attributes)
    hass.states.async_remove(BUTTON)
    hass.states.async_set(BUTTON, before.state, before.attributes)
    await time.settle()
    assert told(events) == []
    hass.states.async_set(BUTTON, dt_util.utcnow().isoformat(), {"event_type": "stop"})
    await time.settle()
    assert [event.data["pressed"] for event in events] == ["stop"]
    assert told(events) == ["other"]


async def test_battery(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    time: Time,
    tmp_path: Path,
    simulator: Simulator,
    device_registry: dr.DeviceRegistry,
) -> None:
    """Once a day, which batteries are low: by percentage, and by their own word."""
    batteries = {one.name: one for one in simulator.home.sensors.values() if one.name}
    batteries["Radiator"].battery = 14
    batteries["Multisensor"].battery = 15
    await time.listed("sensors")
    devices = dr.async_entries_for_config_entry(device_registry, loaded.entry_id)
    (freezer,) = (one for one in devices if one.name == "Freezer")
    device_registry.async_update_device(freezer.id, name_by_user="The cold one")
    now = dt_util.now()
    await use(
        hass,
        tmp_path,
        "battery",
        {
            "time": f"{(now.hour + 1) % 24:02}:00:00",
            "ignored": ["binary_sensor.greenhouse_battery"],
            "actions": note("{{ low }} {{ text }}"),
        },
    )
    events = async_capture_events(hass, "noted")
    await time.move(3600)
    assert told(events) == ["['Radiator', 'The cold one'] Radiator, The cold one"]
    for one in batteries.values():
        one.battery = 100
    for _ in range(23):
        await time.leap(3600)
    await time.move(3600)
    assert told(events) == []
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.try"}, blocking=True
    )
