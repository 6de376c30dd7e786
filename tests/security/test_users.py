"""What users may do who are no administrators: every action, flow, repair and view."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.telldus_pa import PLATFORMS
from custom_components.telldus_pa.const import DOMAIN
from custom_components.telldus_pa.issues import (
    FIXABLE,
    Issue,
    async_set_issue,
    async_suggest_reversing,
)
from homeassistant.auth.permissions import PermissionLookup
from homeassistant.auth.permissions.system_policies import READ_ONLY_POLICY
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from simulator import Simulator, demo_home, uncommon_home
from tests.conftest import AddEntry, Time
from tests.flow_user import FLOWS, OPTIONS, FlowUser, Step, keys
from tests.helpers import Actions, DeviceChanges, sent
from tests.integration_files import INTEGRATION

pytestmark = pytest.mark.only(
    "Awning",
    "Bedroom shutter",
    "Ceiling dimmer",
    "Color bulb",
    "Door bell",
    "Door lock",
    "Freezer",
    "Front door",
    "Good night",
    "Hall switch",
    "Kitchen speaker",
    "Outdoor",
    "Radiator",
    "Remote button",
    "Window lamp",
)


LAMP_ID, DIMMER_ID, BELL_ID = "2100001", "2100003", "2100005"
SIREN_ID, SIREN_PART = "2200002", "siren.yard_siren_siren"
OUTDOOR, OUTDOOR_ID = "sensor.outdoor_temperature", "1540000001"
CONFIG_ENTRY: Final = {"config_entry_id": "the entry"}

# What each may do: the user that may only read, the one of the hall, the one of switches.
type Allowed = tuple[bool, bool, bool]
NOBODY: Final = (False, False, False)
READERS: Final = (True, True, False)
IN_HALL: Final = (False, True, False)
SWITCHES: Final = (False, False, True)

# Each action of services.yaml, with what is asked of it; devices are named by their ids at
# Telldus. In the hall are the dimmer, the bell, the bulb, the awning, the radiator, the
# siren and the outdoor sensor.
ACTIONS: Final[Mapping[str, list[tuple[dict[str, Any], Allowed]]]] = {
    "send_command": [
        ({"device_id": DIMMER_ID, "method": "turn_on"}, IN_HALL),
        ({"device_id": LAMP_ID, "method": "turn_off"}, SWITCHES),
        ({"device_id": DIMMER_ID, "method": "dim", "level": 9}, IN_HALL),
        ({"device_id": BELL_ID, "method": "bell"}, IN_HALL),
        # Its button is in no domain of theirs.
        ({"device_id": LAMP_ID, "method": "learn"}, NOBODY),
        ({"device_id": "2100009", "method": "rgb", "color": [1, 2, 3]}, IN_HALL),
        ({"device_id": "2100006", "method": "up"}, IN_HALL),
        ({"device_id": "2100006", "method": "down"}, IN_HALL),
        ({"device_id": "2100006", "method": "stop"}, IN_HALL),
        ({"device_id": "2100010", "method": "thermostat", "mode": "heat"}, IN_HALL),
        ({"device_id": SIREN_ID, "method": "turn_on"}, IN_HALL),
    ],
    "get_history": [
        ({"entity_id": OUTDOOR}, READERS),
        ({"entity_id": "light.ceiling_dimmer"}, READERS),
        ({"entity_id": "switch.window_lamp"}, (True, False, True)),
        ({"entity_id": "sensor.freezer_temperature"}, (True, False, False)),
    ],
    "import_history": [(CONFIG_ENTRY, NOBODY)],
    "export_home": [
        (CONFIG_ENTRY, NOBODY),
        (CONFIG_ENTRY | {"include_protocol": True, "path": "home.json"}, NOBODY),
    ],
}

# What Home Assistant's own actions of a platform need besides an entity.
DATA: Final[Mapping[str, Mapping[str, Any]]] = {
    "climate.set_fan_mode": {"fan_mode": "auto"},
    "climate.set_humidity": {"humidity": 40},
    "climate.set_hvac_mode": {"hvac_mode": "heat"},
    "climate.set_preset_mode": {"preset_mode": "eco"},
    "climate.set_swing_horizontal_mode": {"swing_horizontal_mode": "on"},
    "climate.set_swing_mode": {"swing_mode": "on"},
    "climate.set_temperature": {"temperature": 20},
    "cover.set_cover_position": {"position": 50},
    "cover.set_cover_tilt_position": {"tilt_position": 50},
    "media_player.browse_media": {},
    "media_player.join": {"group_members": ["media_player.other"]},
    "media_player.media_seek": {"seek_position": 1},
    "media_player.play_media": {
        "media": {"media_content_id": "x", "media_content_type": "music"}
    },
    "media_player.repeat_set": {"repeat": "all"},
    "media_player.search_media": {"search_query": "x"},
    "media_player.select_sound_mode": {"sound_mode": "x"},
    "media_player.select_source": {"source": "x"},
    "media_player.shuffle_set": {"shuffle": True},
    "media_player.volume_mute": {"is_volume_muted": True},
    "media_player.volume_set": {"volume_level": 0.5},
}
# These are about no entity of ours.
WITHOUT_ENTITY: Final = {"scene.apply", "scene.create", "scene.delete", "scene.reload"}


def user_with(hass: HomeAssistant, entities: Mapping[str, Any]) -> Context:
    """Return the context of a user with a policy for entities."""
    user = MockUser().add_to_hass(hass)
    user.perm_lookup = PermissionLookup(er.async_get(hass), dr.async_get(hass))
    user.mock_policy({"entities": entities})
    return Context(user_id=user.id)


async def is_allowed(
    actions: Actions, action: str, context: Context, **data: Any
) -> bool:
    """Return whether a user may call an action."""
    try:
        await actions.call(
            action, answers=action == "get_history", context=context, **data
        )
    except Unauthorized:
        return False
    return True


async def test_users_may_command_what_they_may_control(
    hass: HomeAssistant,
    actions: Actions,
    simulator: Simulator,
    hass_read_only_user: MockUser,
    hass_admin_user: MockUser,
) -> None:
    """As for Home Assistant's own actions, the main entity decides, also a disabled one."""
    area = ar.async_get(hass).async_create("Hall")
    devices = dr.async_get(hass)
    lamp, dimmer = (actions.device(f"device_{one}") for one in (LAMP_ID, DIMMER_ID))
    devices.async_update_device(dimmer, area_id=area.id)
    read_only = Context(user_id=hass_read_only_user.id)
    hall = user_with(hass, {"area_ids": {area.id: True}})
    readers = user_with(hass, {"area_ids": {area.id: {"read": True}}})
    switches = user_with(hass, {"domains": {"switch": True}})

    async def who_may(device_id: str, method: str = "turn_off") -> list[bool]:
        await actions.pause()
        return [
            await is_allowed(
                actions, "send_command", one, device_id=device_id, method=method
            )
            for one in (read_only, readers, hall, switches)
        ]

    assert await who_may(dimmer) == [False, False, True, False]
    assert await who_may(lamp) == [False, False, False, True]
    assert len(sent(simulator)) == 2
    # Hidden and disabled entities count.
    registry = er.async_get(hass)
    registry.async_update_entity(
        "switch.window_lamp", hidden_by=er.RegistryEntryHider.USER
    )
    registry.async_update_entity(
        "light.ceiling_dimmer", disabled_by=er.RegistryEntryDisabler.USER
    )
    await actions.pause()
    assert await who_may(dimmer) == [False, False, True, False]
    assert await who_may(lamp) == [False, False, False, True]
    # Learning is its button's, which is in no domain of theirs.
    assert await who_may(lamp, "learn") == [False] * 4
    buttons = user_with(hass, {"domains": {"button": True}})
    more = {"device_id": lamp, "method": "learn"}
    assert await is_allowed(actions, "send_command", buttons, **more)
    # So is ringing.
    more |= {"device_id": actions.device("device_2100005"), "method": "bell"}
    assert await is_allowed(actions, "send_command", buttons, **more)
    more["device_id"] = lamp
    # A device without entities is for administrators, and so is a user that is unknown.
    registry.async_remove("switch.window_lamp")
    assert await who_may(lamp) == [False] * 4
    before = len(sent(simulator))
    more["method"] = "turn_off"
    stranger = Context(user_id="nobody")
    assert not await is_allowed(actions, "send_command", stranger, **more)
    admin = Context(user_id=hass_admin_user.id)
    assert await is_allowed(actions, "send_command", admin, **more)
    assert len(sent(simulator)) == before + 1


async def test_users_get_the_history_that_they_may_read(
    hass: HomeAssistant,
    actions: Actions,
    simulator: Simulator,
    hass_read_only_user: MockUser,
) -> None:
    """An entity that tells of others needs the permission for those as well."""
    area = ar.async_get(hass).async_create("Hall")
    dr.async_get(hass).async_update_device(
        actions.device(f"sensor_{OUTDOOR_ID}"), area_id=area.id
    )
    dimmer = "light.ceiling_dimmer"
    registry = er.async_get(hass)
    battery = registry.async_get_entity_id(
        "binary_sensor", DOMAIN, f"an-account_sensor_{OUTDOOR_ID}_battery_low"
    )
    learn = registry.async_get_entity_id(
        "button", DOMAIN, f"an-account_device_{LAMP_ID}_learn"
    )
    users = (
        Context(user_id=hass_read_only_user.id),
        user_with(hass, {"area_ids": {area.id: {"read": True}}}),
        user_with(hass, {"domains": {"binary_sensor": True, "button": True}}),
        user_with(hass, {"entity_ids": {OUTDOOR: {"control": True}}}),
    )
    for entity_id, allowed in (
        (dimmer, [True, False, False, False]),
        (learn, [True, False, False, False]),
        (OUTDOOR, [True, True, False, False]),
        (battery, [True, True, False, False]),
    ):
        await actions.pause()
        found = [
            await is_allowed(actions, "get_history", one, entity_id=entity_id)
            for one in users
        ]
        assert found == allowed, entity_id


@pytest.fixture
async def house(
    hass: HomeAssistant, simulator: Simulator, add_entry: AddEntry, time: Time
) -> MockConfigEntry:
    """Set up a home with entities of every platform."""
    home, lodge = demo_home(simulator.clock()), uncommon_home(simulator.clock())
    home.gateways |= lodge.gateways
    home.devices |= lodge.devices
    simulator.homes["demo"] = home
    simulator.change_settings({"life": False, "drift": False, "limit": False})
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    return entry


@pytest.fixture
def hall(hass: HomeAssistant, house: MockConfigEntry) -> str:
    """Move some devices to the hall, and one of each platform."""
    area = ar.async_get(hass).async_create("Hall of tests").id
    devices, entities = dr.async_get(hass), er.async_get(hass)
    there = [OUTDOOR, "light.ceiling_dimmer", "button.door_bell_ring", SIREN_PART]
    there += ["light.color_bulb", "cover.awning", "climate.radiator"]
    there += ["lock.door_lock", "scene.good_night", "media_player.kitchen_speaker"]
    there += ["event.remote_button", "binary_sensor.front_door", "switch.hall_switch"]
    for entity_id in there:
        row = entities.async_get(entity_id)
        assert row, entity_id
        assert row.device_id
        devices.async_update_device(row.device_id, area_id=area)
    return area


@pytest.fixture
def users(hass: HomeAssistant, hall: str) -> dict[str, Context]:
    """Return the three users."""
    policies: dict[str, Mapping[str, Any]] = {
        "read only": READ_ONLY_POLICY["entities"],
        "the hall": {"area_ids": {hall: True}},
        "switches": {"domains": {"switch": True}},
    }
    return {name: user_with(hass, policy) for name, policy in policies.items()}


def test_all_actions_are_tried() -> None:
    """A new action, or method of one, needs a row."""
    text: Any = load_yaml_dict(str(INTEGRATION / "services.yaml"))
    assert ACTIONS.keys() == text.keys()
    options = text["send_command"]["fields"]["method"]["selector"]["select"]["options"]
    methods = {data["method"] for data, _ in ACTIONS["send_command"]}
    assert methods == set(options)


@pytest.mark.parametrize("action", ACTIONS)
async def test_actions(
    hass: HomeAssistant,
    house: MockConfigEntry,
    users: dict[str, Context],
    simulator: Simulator,
    time: Time,
    action: str,
) -> None:
    """Each user may do what the entities allow, and what is refused reaches nobody."""
    actions = Actions(hass, house, time)
    for row, allowed in ACTIONS[action]:
        data = dict(row)
        if "device_id" in data:
            data["device_id"] = actions.device(f"device_{data['device_id']}")
        if "config_entry_id" in data:
            data["config_entry_id"] = house.entry_id
        before = len(sent(simulator))
        found = [
            await is_allowed(actions, action, context, **data)
            for context in users.values()
        ]
        assert tuple(found) == allowed, row
        if action == "send_command":
            assert len(sent(simulator)) - before == sum(allowed), row
            await actions.pause()


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_entity_actions(
    hass: HomeAssistant,
    house: MockConfigEntry,
    hall: str,
    users: dict[str, Context],
    simulator: Simulator,
    time: Time,
    platform: Platform,
) -> None:
    """Of what a platform can do, only those may have it done whom its entities allow.

    The same is refused by way of Home Assistant's actions for all platforms.
    """
    rows = [
        row
        for row in er.async_entries_for_config_entry(er.async_get(hass), house.entry_id)
        if row.domain == platform and hass.states.get(row.entity_id)
    ]
    devices = dr.async_get(hass)
    in_hall = {
        row.entity_id
        for row in rows
        if (device := devices.async_get(row.device_id or "")) and device.area_id == hall
    }
    assert in_hall, platform
    targets = sorted(in_hall)[:1]
    targets += sorted({row.entity_id for row in rows} - in_hall)[:1]
    assert await async_setup_component(hass, "homeassistant", {})
    calls = {
        f"{platform}.{name}"
        for name in hass.services.async_services_for_domain(platform)
    } - WITHOUT_ENTITY
    calls |= {"homeassistant.update_entity"}
    changes, before = DeviceChanges(simulator), len(simulator.log)
    for call in sorted(calls):
        domain, name = call.split(".")
        for entity_id in targets:
            for user, context in users.items():
                may = {
                    "read only": False,
                    "the hall": entity_id in in_hall,
                    "switches": platform is Platform.SWITCH,
                }[user]
                if may:
                    continue
                with pytest.raises(Unauthorized):
                    await hass.services.async_call(
                        domain,
                        name,
                        {"entity_id": entity_id, **DATA.get(call, {})},
                        blocking=True,
                        context=context,
                        return_response=name in ("browse_media", "search_media"),
                    )
    assert len(simulator.log) == before
    assert changes.seen() == {}


async def test_entity_actions_that_are_allowed(
    hass: HomeAssistant,
    house: MockConfigEntry,
    users: dict[str, Context],
    simulator: Simulator,
    time: Time,
) -> None:
    """Who may control an entity does."""
    for user, action, entity_id in (
        ("the hall", "light.turn_off", "light.ceiling_dimmer"),
        ("the hall", "button.press", "button.door_bell_ring"),
        ("the hall", "siren.turn_on", SIREN_PART),
        ("switches", "switch.turn_off", "switch.window_lamp"),
    ):
        before = len(sent(simulator))
        domain, name = action.split(".")
        await time.until(
            hass.services.async_call(
                domain,
                name,
                {"entity_id": entity_id},
                blocking=True,
                context=users[user],
            )
        )
        assert len(sent(simulator)) == before + 1, action


async def test_siren_by_its_alarm(
    hass: HomeAssistant, house: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Who may control what an alarm tells may not make it sound."""
    actions = Actions(hass, house, time)
    data = {"device_id": actions.device(f"device_{SIREN_ID}"), "method": "turn_on"}
    alarms = user_with(hass, {"domains": {"binary_sensor": True}})
    assert not await is_allowed(actions, "send_command", alarms, **data)
    assert sent(simulator) == []
    sirens = user_with(hass, {"domains": {"siren": True}})
    assert await is_allowed(actions, "send_command", sirens, **data)
    assert len(sent(simulator)) == 1


@pytest.fixture
async def views(hass: HomeAssistant, callback_view: None) -> None:
    """Set up what brings views: a test's server takes none once it runs."""
    for component in ("config", "repairs", "diagnostics"):
        assert await async_setup_component(hass, component, {})


@pytest.fixture(params=["read only", "a user", "nobody"])
async def stranger(
    request: pytest.FixtureRequest,
    hass: HomeAssistant,
    flow_user: FlowUser,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> FlowUser:
    """Return somebody who may not change the configuration, at the dialogs of a person."""
    token = "nonsense"
    if request.param == "read only":
        token = hass_read_only_access_token
    elif request.param == "a user":
        # Of Home Assistant's group "Users", who may control everything.
        user = MockUser(groups=[]).add_to_hass(hass)
        user.mock_policy({"entities": True})
        login = await hass.auth.async_create_refresh_token(user, "https://example.com")
        token = hass.auth.async_create_access_token(login)
    return replace(flow_user, client=await hass_client(token))


async def refused(
    stranger: FlowUser, tries: list[tuple[str, str, Step | None]]
) -> None:
    """See that requests are refused, and tell nothing."""
    for method, target, content in tries:
        response = await stranger.client.request(method, target, json=content)
        assert response.status == HTTPStatus.UNAUTHORIZED, (method, target)
        text = await response.text()
        assert "oauth" not in text
        assert "secret" not in text


async def test_flows_of_others(
    hass: HomeAssistant,
    views: None,
    flow_user: FlowUser,
    stranger: FlowUser,
    reauth_entry: MockConfigEntry,
    server_url: str,
    simulator: Simulator,
) -> None:
    """No flow of ours is begun, looked at or gone on with; nothing is changed or asked."""
    entry_id, reauth = reauth_entry.entry_id, flow_user.flow_id
    await flow_user.begin()
    sign_in = flow_user.flow_id
    reconfigure = {"handler": DOMAIN, "entry_id": entry_id}
    await flow_user.request("post", FLOWS, reconfigure)
    begun = [reauth, sign_in, flow_user.flow_id]
    step = await flow_user.request("post", OPTIONS, {"handler": entry_id})
    options = step["flow_id"]
    data, asked = dict(reauth_entry.data), len(simulator.log)
    tries: list[tuple[str, str, Step | None]] = [
        ("POST", FLOWS, {"handler": DOMAIN}),
        ("POST", FLOWS, reconfigure),
        ("POST", OPTIONS, {"handler": entry_id}),
        ("GET", f"{OPTIONS}/{options}", None),
        *(
            ("POST", f"{OPTIONS}/{options}", {"next_step_id": choice})
            for choice in ("settings", "import_history", "take_over", "go_back")
        ),
        *(("GET", f"{FLOWS}/{flow_id}", None) for flow_id in begun),
        *(("POST", f"{FLOWS}/{flow_id}", keys(server_url)) for flow_id in begun),
        *(
            ("POST", f"{FLOWS}/{flow_id}", {"next_step_id": "authorize"})
            for flow_id in begun
        ),
        ("GET", f"/api/diagnostics/config_entry/{entry_id}", None),
        ("DELETE", f"/api/config/config_entries/entry/{entry_id}", None),
        ("POST", f"/api/config/config_entries/entry/{entry_id}/reload", None),
    ]
    for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry_id)[:1]:
        path = f"/api/diagnostics/config_entry/{entry_id}/device/{device.id}"
        tries.append(("GET", path, None))
    await refused(stranger, tries)
    assert reauth_entry.data == data
    assert reauth_entry.options == {}
    assert len(simulator.log) == asked
    flows = hass.config_entries.flow.async_progress()
    assert {flow["flow_id"] for flow in flows} == set(begun)


async def test_repairs_of_others(
    hass: HomeAssistant,
    views: None,
    flow_user: FlowUser,
    stranger: FlowUser,
    loaded: MockConfigEntry,
) -> None:
    """No repair of ours is begun, or gone on with."""
    path = "/api/repairs/issues/fix"
    async_suggest_reversing(hass, loaded, "2100007", "Bedroom shutter")
    for issue in FIXABLE:
        issue_id = f"{issue}_{loaded.entry_id}"
        if issue is Issue.COVER_DIRECTION:
            issue_id += "_2100007"
        else:
            async_set_issue(hass, loaded, issue, show=True)
        fix = {"handler": DOMAIN, "issue_id": issue_id}
        step = await flow_user.request("post", path, fix)
        flow = f"{path}/{step['flow_id']}"
        await refused(
            stranger, [("POST", path, fix), ("GET", flow, None), ("POST", flow, {})]
        )
    assert loaded.options == {}


async def test_commands_of_others(
    hass: HomeAssistant,
    views: None,
    loaded: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
) -> None:
    """What the websocket tells of ours to everybody has no secret; the rest is refused."""
    async_set_issue(hass, loaded, Issue.RATE_LIMIT_EXHAUSTED, show=True)
    issue_id = f"{Issue.RATE_LIMIT_EXHAUSTED}_{loaded.entry_id}"
    client = await hass_ws_client(hass, hass_read_only_access_token)
    entry = {"entry_id": loaded.entry_id}
    commands: list[tuple[bool, Step]] = [
        (False, {"type": "config_entries/disable", "disabled_by": "user", **entry}),
        (False, {"type": "config_entries/update", "title": "x", **entry}),
        (False, {"type": "config_entries/flow/progress"}),
        (False, {"type": "diagnostics/list"}),
        (False, {"type": "diagnostics/get", "domain": DOMAIN}),
        (False, {"type": "subscribe_events", "event_type": f"{DOMAIN}_missed_event"}),
        (True, {"type": "repairs/list_issues"}),
        (
            True,
            {"type": "repairs/get_issue_data", "domain": DOMAIN, "issue_id": issue_id},
        ),
        (True, {"type": "config_entries/get", "domain": DOMAIN}),
    ]
    for may, command in commands:
        await client.send_json_auto_id(command)
        answer = await client.receive_json()
        assert answer["success"] is may, command
        for name in ("public_key", "private_key", "token", "token_secret"):
            assert loaded.data[name] not in str(answer)
    assert loaded.disabled_by is None
    assert loaded.title != "x"
