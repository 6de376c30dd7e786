"""The options, over Home Assistant's own REST API."""

from http import HTTPStatus

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import (
    CONF_INCLUDE_IGNORED,
    CONF_PUSH,
    CONF_REVERSED_COVERS,
    DOMAIN,
)
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulator import Fault, Simulator

from .conftest import AddEntry
from .flow_user import OPTIONS, FlowUser, Step, suggested
from .helpers import ACCOUNT, state_of

pytestmark = pytest.mark.only(
    "All blinds",
    "Awning",
    "Bedroom shutter",
    "Hidden",
    "Hidden plug",
    "Roof window",
    "Window lamp",
)


SHUTTER = "cover.bedroom_shutter"

SHUTTER_ID = "2100007"

BLINDS_ID = "2100045"

ROOF_ID = "2100055"


def choices(step: Step) -> dict[str, str]:
    """Return which covers can be chosen."""
    (field,) = [one for one in step["data_schema"] if one["name"] == "reversed_covers"]
    assert field["selector"]["select"]["multiple"]
    return {
        one["value"]: one["label"] for one in field["selector"]["select"]["options"]
    }


async def options(
    flow_user: FlowUser, entry: ConfigEntry, chosen: str = "settings"
) -> Step:
    """Open the options, and choose from the menu."""
    step = await flow_user.request("post", OPTIONS, {"handler": entry.entry_id})
    assert (step["type"], step["step_id"]) == ("menu", "init")
    assert step["menu_options"] == ["settings", "import_history"]
    return await flow_user.submit({"next_step_id": chosen}, OPTIONS)


async def test_options(
    hass: HomeAssistant,
    flow_user: FlowUser,
    loaded: MockConfigEntry,
    simulator: Simulator,
) -> None:
    """The poll interval takes effect at once."""
    step = await options(flow_user, loaded)
    assert suggested(step) == {
        CONF_SCAN_INTERVAL: 30,
        CONF_PUSH: None,
        CONF_INCLUDE_IGNORED: None,
        CONF_REVERSED_COVERS: [],
    }
    step = await flow_user.submit({CONF_SCAN_INTERVAL: 600}, OPTIONS)
    assert step["type"] == "create_entry"
    assert loaded.options == {
        CONF_SCAN_INTERVAL: 600,
        CONF_PUSH: True,
        CONF_INCLUDE_IGNORED: False,
        CONF_REVERSED_COVERS: [],
    }
    await flow_user.time.move(20)
    polls = [r for r in simulator.log if r.path == "json/devices/list"]
    await flow_user.time.move(500)
    assert [r for r in simulator.log if r.path == "json/devices/list"] == polls
    await flow_user.time.move(100)
    assert len([r for r in simulator.log if r.path == "json/devices/list"]) == (
        len(polls) + 1
    )


async def test_import_without_recorder(
    flow_user: FlowUser, loaded: MockConfigEntry
) -> None:
    """What cannot be imported is said in the form."""
    step = await options(flow_user, loaded, "import_history")
    assert (step["type"], step["step_id"]) == ("form", "import_history")
    assert step["errors"] == {}
    step = await flow_user.submit({}, OPTIONS)
    assert (step["type"], step["step_id"]) == ("form", "import_history")
    assert step["errors"] == {"base": "no_recorder"}


@pytest.mark.parametrize("interval", [0, 19, 3601])
async def test_options_out_of_range(
    flow_user: FlowUser, loaded: MockConfigEntry, interval: int
) -> None:
    """Telldus' limit bounds the choice."""
    await options(flow_user, loaded)
    response = await flow_user.client.post(
        f"{OPTIONS}/{flow_user.flow_id}", json={CONF_SCAN_INTERVAL: interval}
    )
    assert response.status == HTTPStatus.BAD_REQUEST


async def test_reversed_covers(
    hass: HomeAssistant,
    flow_user: FlowUser,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """A person says which covers are inverted, by the names that they know."""
    assert state_of(hass, SHUTTER).attributes["current_position"] == 100
    device = device_registry.async_get_device_by_identifier(
        (DOMAIN, f"{ACCOUNT}_device_{ROOF_ID}"), loaded.entry_id
    )
    assert device is not None
    device_registry.async_update_device(device.id, name_by_user="Skylight")

    step = await options(flow_user, loaded)
    assert choices(step) == {
        SHUTTER_ID: "Bedroom shutter",
        BLINDS_ID: "All blinds",
        ROOF_ID: "Skylight",
    }
    answer = {
        CONF_SCAN_INTERVAL: 30,
        CONF_PUSH: True,
        CONF_INCLUDE_IGNORED: False,
        CONF_REVERSED_COVERS: [SHUTTER_ID],
    }
    await flow_user.submit(answer, OPTIONS)
    assert loaded.options == answer
    await flow_user.time.move(20)
    assert state_of(hass, SHUTTER).attributes["current_position"] == 0

    step = await options(flow_user, loaded)
    assert suggested(step) == answer
    await flow_user.submit({**answer, CONF_REVERSED_COVERS: []}, OPTIONS)
    assert loaded.options[CONF_REVERSED_COVERS] == []
    await flow_user.time.move(20)
    assert state_of(hass, SHUTTER).attributes["current_position"] == 100


async def test_reversed_cover_that_went(
    hass: HomeAssistant,
    flow_user: FlowUser,
    add_entry: AddEntry,
    simulator: Simulator,
) -> None:
    """A cover that is gone is in nobody's way, and is remembered should it come back."""
    entry = add_entry(options={CONF_REVERSED_COVERS: [SHUTTER_ID, "1", ROOF_ID]})
    del simulator.home.devices[ROOF_ID]
    await flow_user.time.until(hass.config_entries.async_setup(entry.entry_id))
    step = await options(flow_user, entry)
    assert choices(step).keys() == {SHUTTER_ID, BLINDS_ID}
    assert suggested(step)[CONF_REVERSED_COVERS] == [SHUTTER_ID]
    step = await flow_user.submit(
        {CONF_SCAN_INTERVAL: 30, CONF_REVERSED_COVERS: [BLINDS_ID]}, OPTIONS
    )
    assert step["type"] == "create_entry"
    assert entry.options[CONF_REVERSED_COVERS] == [BLINDS_ID, "1", ROOF_ID]


async def test_no_such_cover(flow_user: FlowUser, loaded: MockConfigEntry) -> None:
    """Only what is offered can be chosen."""
    await options(flow_user, loaded)
    response = await flow_user.client.post(
        f"{OPTIONS}/{flow_user.flow_id}",
        json={CONF_SCAN_INTERVAL: 30, CONF_REVERSED_COVERS: ["2100006"]},
    )
    assert response.status == HTTPStatus.BAD_REQUEST


async def test_no_cover_with_a_position(
    hass: HomeAssistant, flow_user: FlowUser, add_entry: AddEntry, simulator: Simulator
) -> None:
    """Who has no such cover is not asked; dimmers are none."""
    for device_id in (SHUTTER_ID, BLINDS_ID, ROOF_ID):
        del simulator.home.devices[device_id]
    entry = add_entry()
    await flow_user.time.until(hass.config_entries.async_setup(entry.entry_id))
    step = await options(flow_user, entry)
    assert list(suggested(step)) == [
        CONF_SCAN_INTERVAL,
        CONF_PUSH,
        CONF_INCLUDE_IGNORED,
    ]
    await flow_user.submit({CONF_SCAN_INTERVAL: 30}, OPTIONS)
    assert entry.options[CONF_REVERSED_COVERS] == []


async def test_options_while_telldus_is_lost(
    hass: HomeAssistant, flow_user: FlowUser, add_entry: AddEntry, simulator: Simulator
) -> None:
    """Where nothing is known of covers, the rest can be set, and the choice is kept."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/devices/list", times=None)
    entry = add_entry(options={CONF_REVERSED_COVERS: [SHUTTER_ID]})
    await flow_user.time.until(hass.config_entries.async_setup(entry.entry_id))
    assert entry.state is ConfigEntryState.SETUP_RETRY
    step = await options(flow_user, entry)
    assert list(suggested(step)) == [
        CONF_SCAN_INTERVAL,
        CONF_PUSH,
        CONF_INCLUDE_IGNORED,
    ]
    # That cannot be asked for what it has kept, either.
    await options(flow_user, entry, "import_history")
    step = await flow_user.submit({}, OPTIONS)
    assert step["errors"] == {"base": "entry_not_loaded"}
    await options(flow_user, entry)
    # Telldus is there again before the form is sent.
    simulator.faults.clear()
    await flow_user.time.until(hass.config_entries.async_reload(entry.entry_id))
    await flow_user.submit({CONF_SCAN_INTERVAL: 60}, OPTIONS)
    assert entry.options[CONF_REVERSED_COVERS] == [SHUTTER_ID]
    await flow_user.time.move(20)
    assert state_of(hass, SHUTTER).attributes["current_position"] == 0


async def test_include_ignored(
    hass: HomeAssistant,
    flow_user: FlowUser,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """What is hidden at Telldus is left out, or there and disabled, as the person likes."""
    hidden = "switch.hidden_plug"
    assert entity_registry.async_get(hidden) is None
    for include in (True, False):
        step = await options(flow_user, loaded)
        assert bool(suggested(step)[CONF_INCLUDE_IGNORED]) is not include
        await flow_user.submit(
            {CONF_SCAN_INTERVAL: 30, CONF_INCLUDE_IGNORED: include}, OPTIONS
        )
        await flow_user.time.move(45)
        entity = entity_registry.async_get(hidden)
        assert (entity is not None) is include
        if entity:
            assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
