"""Homes whose entities and devices are compared with snapshots, one file for each platform.

After a change that is meant: ``pytest tests/snapshots --snapshot-update``, and read the
difference.
"""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from aiohttp.test_utils import TestServer
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import CONF_SERVER_URL
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.util.json import json_loads_object
from simulator import Simulator, uncommon_home
from tests.conftest import AddEntry, Time

type Rows = dict[str, Mapping[str, Any]]

SAMPLES = Path(__file__).parent.parent / "fixtures" / "documented"
DEMO_HOME = "demo_home"
UNCOMMON_HOME = "uncommon_home"
HOMES: Final = (
    DEMO_HOME,
    UNCOMMON_HOME,
    # Sample answers to requests like ours
    "devices_list",
    # From a server that ignores a parameter, or that was not sent it
    "devices_list_ha_core_mask",
    "devices_list_no_supported_methods",
    "devices_list_empty",
    "sensors_list",
    "sensors_list_units",
    "sensors_list_flat",
    "sensors_list_no_values",
)
# Entities and devices of each home. Setting one up takes longer than all comparisons.
_CACHE: Final[dict[str, tuple[Rows, Rows]]] = {}


def _entities(hass: HomeAssistant, entry: MockConfigEntry) -> Rows:
    """Return all entities by entity id, the disabled ones included."""
    found: Rows = {}
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    for entity in sorted(entities, key=lambda entity: entity.entity_id):
        state = hass.states.get(entity.entity_id)
        found[entity.entity_id] = {
            "unique_id": entity.unique_id,
            "category": entity.entity_category and entity.entity_category.value,
            "disabled_by": entity.disabled_by and entity.disabled_by.value,
            # As the frontend gets it
            **({} if state is None else _plain(state)),
        }
    return found


def _plain(state: State) -> dict[str, Any]:
    """Return a state and its attributes in JSON's own types."""
    told = json_loads_object(state.as_dict_json)
    return {"state": told["state"], "attributes": told["attributes"]}


def _devices(hass: HomeAssistant, entry: MockConfigEntry) -> Rows:
    """Return all devices by their first identifier."""
    registry, areas = dr.async_get(hass), ar.async_get(hass)
    found: Rows = {}
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        area = areas.async_get_area(device.area_id or "")
        via = registry.async_get(device.via_device_id or "")
        identifiers = sorted(identifier for _, identifier in device.identifiers)
        found[identifiers[0]] = {
            "identifiers": identifiers,
            "name": device.name,
            "model": device.model,
            "model_id": device.model_id,
            "manufacturer": device.manufacturer,
            "sw_version": device.sw_version,
            "entry_type": device.entry_type and device.entry_type.value,
            "area": area and area.name,
            "via": via and via.name,
        }
    return dict(sorted(found.items()))


@pytest.fixture(
    params=[
        pytest.param(
            home, marks=[pytest.mark.snapshot, pytest.mark.xdist_group(f"home {home}")]
        )
        for home in HOMES
    ]
)
def home(request: pytest.FixtureRequest, freezer: FrozenDateTimeFactory) -> str:
    """Return the name of a home, at the time that belongs to it."""
    name = str(request.param)
    demo = name in (DEMO_HOME, UNCOMMON_HOME)
    freezer.move_to("2026-01-15T12:00:00Z" if demo else "2025-11-24T16:00:00Z")
    return name


@pytest.fixture
async def sample_server(home: str, socket_enabled: None) -> AsyncGenerator[str]:
    """Run a server that knows nothing but the samples."""
    answers = {
        "devices/list": "devices_list",
        "sensors/list": "sensors_list_units",
        "clients/list": "clients_list",
        "rooms/list": "room_list",
        f"{home.partition('_')[0]}/list": home,
    }

    async def answer(request: web.Request) -> web.Response:
        name = answers[request.match_info["function"]]
        text = (SAMPLES / f"{name}.json").read_text()
        return web.Response(text=text, content_type="application/json")

    app = web.Application()
    app.router.add_get("/json/{function:.+}", answer)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("/")).rstrip("/")
    await server.close()


@pytest.fixture
async def rows(
    hass: HomeAssistant,
    home: str,
    sample_server: str,
    simulator: Simulator,
    add_entry: AddEntry,
    time: Time,
) -> tuple[Rows, Rows]:
    """Return the entities and the devices of a home."""
    if home in _CACHE:
        return _CACHE[home]
    demo = home in (DEMO_HOME, UNCOMMON_HOME)
    if home == UNCOMMON_HOME:
        simulator.homes["demo"] = uncommon_home(simulator.clock())
    entry = add_entry(more_data={} if demo else {CONF_SERVER_URL: sample_server})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(120)
    entities, devices = _entities(hass, entry), _devices(hass, entry)
    if not demo:
        part = "_device_" if home.startswith("devices") else "_sensor_"
        entities = {
            id_: entity
            for id_, entity in entities.items()
            if part in entity["unique_id"]
        }
        devices = {id_: device for id_, device in devices.items() if part in id_}
    _CACHE[home] = entities, devices
    return entities, devices


@pytest.fixture
def entities(request: pytest.FixtureRequest, rows: tuple[Rows, Rows]) -> Rows:
    """Return the entities of the platform that a test file is named after."""
    platform = request.path.stem.removeprefix("test_")
    return {
        entity_id: entity
        for entity_id, entity in rows[0].items()
        if entity_id.startswith(f"{platform}.")
    }
