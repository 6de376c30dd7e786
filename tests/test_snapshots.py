"""Every entity as Home Assistant shows it: of the demo home, and of each sample answer.

After a change that is meant: ``pytest tests/test_snapshots.py --snapshot-update``, and
read the difference.
"""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from aiohttp.test_utils import TestServer
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.telldus_pa.const import CONF_SERVER_URL, DOMAIN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.util.json import json_loads_object
from simulator import Simulator

from .conftest import AddEntry, Time

SAMPLES = Path(__file__).parent / "fixtures" / "documented"
# When the samples were heard of, and a little later.
SAMPLES_TIME: Final = 1764000000


def shown(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, Mapping[str, Any]]:
    """Return what there is to see of every entity, the disabled ones included."""
    found: dict[str, Mapping[str, Any]] = {}
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


def devices(
    hass: HomeAssistant, entry: MockConfigEntry
) -> dict[str, Mapping[str, Any]]:
    """Return every device."""
    registry, areas = dr.async_get(hass), ar.async_get(hass)
    found: dict[str, Mapping[str, Any]] = {}
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


@pytest.fixture
def noon(freezer: FrozenDateTimeFactory) -> None:
    """Make it noon on a winter's day, before anything else."""
    freezer.move_to("2026-01-15 12:00:00+00:00")


async def test_demo_home(
    noon: None,
    simulator: Simulator,
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    snapshot: SnapshotAssertion,
) -> None:
    """The whole demo home."""
    assert shown(hass, loaded) == snapshot(name="entities")
    assert devices(hass, loaded) == snapshot(name="devices")


@pytest.fixture
def answers() -> dict[str, str]:
    """Return which sample answers which function."""
    return {
        "devices/list": "devices_list",
        "sensors/list": "sensors_list_units",
        "clients/list": "clients_list",
        "room/list": "room_list",
    }


@pytest.fixture
async def sample_server(
    answers: dict[str, str], socket_enabled: None, freezer: FrozenDateTimeFactory
) -> AsyncGenerator[str]:
    """Run a server that knows nothing but the samples."""
    freezer.move_to("2025-11-24 16:00:00+00:00")

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


@pytest.mark.parametrize(
    "sample",
    [
        # As we ask for them
        "devices_list",
        # A server that hides what it was asked for, or that was not asked for it
        "devices_list_ha_core_mask",
        "devices_list_no_supported_methods",
        "devices_list_empty",
        "sensors_list",
        "sensors_list_units",
        "sensors_list_flat",
        "sensors_list_no_values",
    ],
)
async def test_sample(
    hass: HomeAssistant,
    sample_server: str,
    answers: dict[str, str],
    add_entry: AddEntry,
    time: Time,
    snapshot: SnapshotAssertion,
    sample: str,
) -> None:
    """Each sample answer, and what becomes of it."""
    answers[f"{sample.partition('_')[0]}/list"] = sample
    entry = add_entry(more_data={CONF_SERVER_URL: sample_server})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(60)
    prefix = "_device_" if sample.startswith("devices") else "_sensor_"
    entities = {
        entity_id: entity
        for entity_id, entity in shown(hass, entry).items()
        if prefix in entity["unique_id"]
    }
    assert entities == snapshot(name="entities")
    assert {
        thing: device
        for thing, device in devices(hass, entry).items()
        if prefix in thing
    } == snapshot(name="devices")
    assert DOMAIN in hass.config.components
