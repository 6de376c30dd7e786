"""Groups: what their members are and do."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.commands.pending import CommandOutcome
from custom_components.telldus_pa.const import DOMAIN
from custom_components.telldus_pa.devices.group_state import group_state
from custom_components.telldus_pa.devices.kinds import DeviceKind
from custom_components.telldus_pa.devices.topology import Topology
from custom_components.telldus_pa.pa_api import (
    CommandFailedMessage,
    Device,
    DeviceType,
    Method,
    SuccessStatus,
    Thermostat,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulator import Fault, Simulator
from tests.conftest import AddEntry, Time
from tests.helpers import Dashboard, complaints, diagnostics, sent, state_of

ALL = "light.all_lamps"
ALL_ID = "2100017"
# Its members: an outlet at 433 MHz, a Z-Wave dimmer and a 433 MHz dimmer
OUTLET, OUTLET_ID = "switch.window_lamp", "2100001"
DIMMER, DIMMER_ID = "light.ceiling_dimmer", "2100003"
OLD, OLD_ID = "light.old_dimmer", "2100004"
BLINDS = "cover.all_blinds"


def device(device_id: str = "1", **row: Any) -> Device:
    """Return a device that Telldus tells of."""
    return Device.from_dict({"id": device_id, "client": "410001", **row})


def type_id(number: int) -> str:
    """Return a type as Telldus writes it."""
    return f"{number:08X}-0001-1000-2005-ACCA54000000"


def lamp(state: int, level: int | None = None, **row: Any) -> Device:
    """Return a dimmer."""
    values = [] if level is None else [{"state": "16", "value": level}]
    return device(methods=19, state=state, stateValues=values, **row)


def blind(state: int, level: int | None = None) -> Device:
    """Return a blind that can be positioned."""
    values = [] if level is None else [{"state": "16", "value": level}]
    return device(methods=912, state=state, stateValues=values)


@pytest.mark.parametrize(
    ("members", "state", "level"),
    [
        ([lamp(1), lamp(2)], Method.DIM, 255),
        ([lamp(16, 100), lamp(16, 50)], Method.DIM, 75),
        ([lamp(16, 100), lamp(2, 30)], Method.DIM, 100),
        ([lamp(2), lamp(2)], Method.TURNOFF, None),
        ([lamp(2), lamp(0)], Method.TURNOFF, None),
        ([lamp(0), lamp(0)], None, None),
        ([lamp(16), device(methods=3, state=2)], Method.TURNON, None),
        ([device(methods=3, state=1), lamp(2, 30)], Method.TURNON, None),
    ],
)
def test_lamps(members: list[Device], state: Method | None, level: int | None) -> None:
    """Lamps are on when one is, and as bright as those that are on, on average."""
    group = group_state(lamp(2), members)
    assert (group.state, group.level) == (state, level)


def test_color() -> None:
    """A group shows the color of a lamp that is on."""
    red = device(
        methods=1043, state=1, stateValues=[{"state": "1024", "value": 0xFF0000}]
    )
    assert group_state(lamp(2), [lamp(1), red]).rgb == 0xFF0000
    only_on_off = device(
        methods=1027, state=1, stateValues=[{"state": "1024", "value": 0x00FF00}]
    )
    assert group_state(device(methods=1027), [only_on_off]).rgb == 0x00FF00


@pytest.mark.parametrize(
    ("members", "state", "level"),
    [
        ([blind(256), blind(256)], Method.DOWN, None),
        ([blind(128), blind(128)], Method.UP, None),
        ([blind(256), blind(128)], Method.DIM, 128),
        ([blind(256), blind(16, 0)], Method.DOWN, None),
        ([blind(128), blind(16, 255)], Method.UP, None),
        ([blind(512), blind(512)], None, None),
        ([blind(512), blind(256)], None, None),
        ([blind(512), blind(128)], Method.UP, None),
        ([blind(16, 100), blind(16, 200)], Method.DIM, 150),
        ([blind(16, 100), blind(16)], Method.DIM, 100),
        ([blind(16, 100), blind(256)], Method.DIM, 50),
        # What is no cover has no position, however bright it is.
        ([blind(16, 100), lamp(16, 200)], Method.DIM, 100),
        ([blind(256), lamp(1)], Method.DOWN, None),
        ([lamp(1)], None, None),
    ],
)
def test_covers(members: list[Device], state: Method | None, level: int | None) -> None:
    """Covers are closed when all are, and else where they are on average."""
    group = group_state(replace(blind(0), methods=Method(931)), members)
    assert (group.state, group.level) == (state, level)


@pytest.mark.parametrize(
    ("reversed_covers", "level"),
    [
        # 80 % and 20 %
        ((), 128),
        # 80 % and 80 %
        (["2"], 204),
        # 20 % and 80 %
        (["1", "2"], 128),
        # A group's level is by its own direction.
        (["9", "2"], 51),
    ],
)
def test_reversed_covers(reversed_covers: Sequence[str], level: int) -> None:
    """Each cover counts by its own direction."""
    members = [replace(blind(16, 204), id="1"), replace(blind(16, 51), id="2")]
    group = group_state(replace(blind(0), id="9"), members, reversed_covers)
    assert (group.state, group.level) == (Method.DIM, level)


@pytest.mark.parametrize(
    ("states", "locked"),
    [((1, 1), True), ((1, 2), False), ((2, 2), False), ((1, 0), None), ((0, 2), False)],
)
def test_locks(states: tuple[int, int], locked: bool | None) -> None:
    """A door is locked only when every lock is."""
    members = [device(methods=3, state=one, deviceType=type_id(6)) for one in states]
    assert group_state(device(methods=3), members).is_on is locked


def thermostat(mode: str, modes: list[str], **setpoints: int) -> Device:
    """Return a thermostat."""
    value = {"mode": mode, "setpoint": setpoints}
    limits = {one: {"min": 5, "max": 30} for one in modes if one != "off"}
    parameters = {"modes": modes, "setpoints": limits}
    return device(
        methods=2048,
        stateValues=[{"state": "2048", "value": value}],
        parameter=[{"name": "thermostat", "value": parameters}],
    )


def test_thermostats() -> None:
    """Thermostats show what they have in common."""
    one = thermostat("heat", ["off", "heat", "cool"], heat=21, cool=25)
    two = thermostat("heat", ["off", "heat"], heat=21)
    other = thermostat("off", ["off", "heat"], heat=19)
    both = group_state(device(methods=2048), [one, two]).thermostat
    assert both == Thermostat(
        "heat",
        {"heat": 21},
        ("off", "heat"),
        {"heat": two.thermostat.ranges["heat"]},  # type: ignore[union-attr]
    )
    differing = group_state(device(methods=2048), [one, other]).thermostat
    assert differing is not None
    assert differing.mode is None
    assert differing.setpoints == {}


@pytest.mark.parametrize(
    ("told", "types", "shown"),
    [
        (DeviceType.CONTAINER, (0x13, 0x13), DeviceType.WINDOW_COVERING),
        (DeviceType.UNKNOWN, (0x10, 0x10), DeviceType.SWITCH_OUTLET),
        # Members of several types
        (DeviceType.CONTAINER, (0x13, 0x14), DeviceType.CONTAINER),
        # The person knows better.
        (DeviceType.PROJECTOR_SCREEN, (0x13, 0x13), DeviceType.PROJECTOR_SCREEN),
    ],
)
def test_type(told: DeviceType, types: tuple[int, int], shown: DeviceType) -> None:
    """A group is of its members' type, unless it has one of its own."""
    group = device(methods=3, deviceType=type_id(told))
    members = [device(methods=3, deviceType=type_id(one)) for one in types]
    assert group_state(group, members).device_type is shown


def test_nothing_to_combine() -> None:
    """Without members that can do what the group can, it is what Telldus says."""
    group = lamp(16, 7)
    assert group_state(group, []) is group
    assert group_state(group, [blind(128)]) is not group
    assert group_state(group, [device(methods=4)]) is group


# Who is in it


def home(*rows: Device) -> Topology:
    """Look at some devices."""
    return Topology.of({row.id: row for row in rows})


def row(device_id: str, local: str, **more: Any) -> Device:
    """Return a device with a number of its gateway's own."""
    return device(device_id, clientDeviceId=local, methods=3, **more)


@pytest.mark.parametrize(
    "members",
    [
        {"devices": "101, 102"},
        {"devices": ["101", 102]},
        {"parameter": [{"name": "devices", "value": "1,2"}]},
        {"parameter": [{"name": "devices", "value": "101,2,2"}]},
        {"parameter": [{"name": "devices", "value": "1,2,77"}]},
    ],
)
def test_members(members: dict[str, Any]) -> None:
    """Members are named by their ids or by the gateway's own; both occur."""
    group = row("103", "3", type="group", transport="group", **members)
    found = home(row("101", "1"), row("102", "2"), group)
    assert found.members == {"103": ("101", "102")}
    assert found.resolved_members == {"103": ("101", "102")}
    assert found.groups_by_member == {"101": ("103",), "102": ("103",)}


def test_members_are_of_the_same_gateway() -> None:
    """The numbers of another gateway mean other devices."""
    group = row("103", "3", devices="101,1")
    elsewhere = device("101", clientDeviceId="1", client="410002", methods=3)
    assert home(elsewhere, group).members == {"103": ()}


def test_groups_in_groups() -> None:
    """A group reaches what is in the groups in it; going round in circles ends."""
    found = home(
        row("101", "1"),
        row("102", "2"),
        row("110", "10", devices="101,111"),
        row("111", "11", devices="102,110,111"),
    )
    assert found.members["110"] == ("101", "111")
    assert found.resolved_members == {"110": ("101", "102"), "111": ("102", "101")}
    assert found.kinds["110"] is DeviceKind.SWITCH


# In Home Assistant


async def test_says_so(
    hass: HomeAssistant, loaded: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    """A group names its members of the same domain, and is no thing to be touched."""
    members = state_of(hass, ALL).attributes["group_entities"]
    assert sorted(members) == [DIMMER, OLD]
    assert "group_entities" not in state_of(hass, DIMMER).attributes
    found = device_registry.async_get_device_by_identifier(
        (DOMAIN, f"{loaded.unique_id}_device_{ALL_ID}"), loaded.entry_id
    )
    assert found is not None
    assert found.entry_type is dr.DeviceEntryType.SERVICE
    assert found.model == "Group"


async def test_new_members(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Who joins a group at Telldus is in it here."""
    simulator.home.devices[ALL_ID].members.append("2100009")
    await time.move(31)
    assert "light.color_bulb" in state_of(hass, ALL).attributes["group_entities"]


async def test_is_assumed(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A group is as sure of its state as the least sure of its members."""
    assert state_of(hass, ALL).attributes["assumed_state"] is True
    assert "assumed_state" not in state_of(hass, "switch.outdoor_lights").attributes


async def test_shows_its_members_at_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What a group is told shows on its members in the same moment, and is sent once."""
    dashboard.begin("turn_off", ALL)
    for entity_id in (ALL, OUTLET, DIMMER, OLD):
        assert state_of(hass, entity_id).state == "off"
    await time.move(60)
    assert sent(simulator) == [f"turnOff {ALL_ID}"]
    for entity_id in (ALL, OUTLET, DIMMER, OLD):
        assert state_of(hass, entity_id).state == "off"

    dashboard.begin("turn_on", ALL, brightness=80)
    assert state_of(hass, ALL).attributes["brightness"] == 80
    assert state_of(hass, DIMMER).attributes["brightness"] == 80
    assert state_of(hass, OUTLET).state == "on"
    await time.move(60)
    assert state_of(hass, DIMMER).attributes["brightness"] == 80
    assert state_of(hass, OUTLET).state == "on"
    assert sent(simulator)[1:] == [f"dim {ALL_ID} 80"]


async def test_follows_its_members(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    time: Time,
) -> None:
    """The group changes with its members, in the same moment as they do."""
    await dashboard.do("turn_off", OUTLET)
    assert state_of(hass, ALL).state == "on"
    dashboard.begin("turn_off", DIMMER)
    assert state_of(hass, ALL).state == "off"
    # A group of groups as well, in which something else is on
    assert state_of(hass, "light.everything_off").state == "on"
    await time.move(5)


@pytest.mark.parametrize("order", [[ALL, OUTLET, DIMMER], [OUTLET, DIMMER, ALL]])
async def test_sent_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    order: list[str],
) -> None:
    """A group and its members in one action are one request."""
    actions = [dashboard.begin("turn_off", entity_id) for entity_id in order]
    await time.move(3)
    assert all(action.done() and not action.exception() for action in actions)
    assert sent(simulator) == [f"turnOff {ALL_ID}"]


async def test_group_goes_when_its_first_member_would(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What a group says for its members it says in the place of the first of them."""
    for number, action in enumerate(("turn_off", "turn_on"), 1):
        before = len(sent(simulator))
        for entity_id in (OUTLET, "switch.hall_switch", DIMMER, OLD):
            dashboard.begin(action, entity_id)
        await time.move(20)
        assert [told.partition(" ")[2] for told in sent(simulator)[before:]] == [
            *(ALL_ID, "2100002")
        ]
        outcomes = (await diagnostics(hass, loaded))["commands"]["outcomes"]
        assert outcomes[CommandOutcome.REPLACED] == 2 * number


async def test_one_member_is_heard(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """One member that was heard to do it says nothing of the others."""
    data = loaded.runtime_data
    commands = data.commands
    await dashboard.do("turn_off", ALL)
    assert commands.pending_count
    dimmer = replace(data.devices.data[DIMMER_ID], state=Method.TURNOFF)
    commands.async_confirm_from_push(dimmer, Method.TURNOFF)
    assert not commands.is_commanded(DIMMER_ID)
    assert commands.is_commanded(OUTLET_ID)
    assert commands.is_commanded(OLD_ID)
    assert commands.outcome_counts == {}
    commands.async_fail_from_push(
        CommandFailedMessage(OLD_ID, Method.TURNOFF, SuccessStatus.FAILED, None)
    )
    assert not commands.is_commanded(OLD_ID)
    assert commands.is_commanded(OUTLET_ID)


async def test_one_action_for_an_area(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Also where Home Assistant calls each entity of one action."""
    action = hass.async_create_task(
        hass.services.async_call(
            "light", "turn_off", {"entity_id": [DIMMER, ALL, OLD]}, blocking=True
        )
    )
    await time.move(3)
    assert action.done()
    assert sent(simulator) == [f"turnOff {ALL_ID}"]


async def test_member_that_is_told_otherwise(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Who is to do something else than the group is told so, after the group."""
    dashboard.begin("turn_off", ALL)
    dashboard.begin("turn_on", DIMMER, brightness=10)
    assert state_of(hass, ALL).attributes["brightness"] == 10
    await time.move(40)
    assert sent(simulator) == [f"turnOff {ALL_ID}", f"dim {DIMMER_ID} 10"]
    assert state_of(hass, DIMMER).attributes["brightness"] == 10
    assert state_of(hass, OUTLET).state == "off"


async def test_member_that_was_told_otherwise_before(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What a member waits to be told nobody needs to tell it, once its group is told."""
    actions = [
        dashboard.begin("turn_on", DIMMER, brightness=10),
        dashboard.begin("turn_on", OUTLET),
        dashboard.begin("turn_off", ALL),
    ]
    await time.move(3)
    assert all(action.done() and not action.exception() for action in actions)
    assert sent(simulator) == [f"turnOff {ALL_ID}"]
    found = (await diagnostics(hass, loaded))["commands"]
    assert found["outcomes"] == {CommandOutcome.REPLACED: 2}
    await time.move(30)
    found = (await diagnostics(hass, loaded))["commands"]
    assert found["outcomes"] == {
        CommandOutcome.REPLACED: 2,
        CommandOutcome.CONFIRMED: 1,
    }


async def test_changed_mind(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Who after all is to do what the group does need not be told."""
    dashboard.begin("turn_off", ALL)
    dashboard.begin("turn_on", DIMMER)
    dashboard.begin("turn_off", DIMMER)
    await time.move(3)
    assert sent(simulator) == [f"turnOff {ALL_ID}"]


async def test_refused(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A refused group takes its members back, and whoever joined is told as well."""
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/device/*", times=1, text="No"
    )
    actions = [dashboard.begin("turn_off", one) for one in (ALL, DIMMER)]
    await time.move(2)
    for name, action in zip(("All lamps", "Ceiling dimmer"), actions, strict=True):
        assert f"{name}: No" in str(action.exception())
    for entity_id in (ALL, OUTLET, DIMMER):
        assert state_of(hass, entity_id).state == "on"
    assert complaints(caplog) == []


async def test_covers_together(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Blinds close together."""
    dashboard.begin("close_cover", BLINDS)
    for name in ("all_blinds", "awning", "bedroom_shutter", "kitchen_blind"):
        assert state_of(hass, f"cover.{name}").state == "closed"
    await time.move(40)
    assert sent(simulator) == ["down 2100045"]
    assert state_of(hass, BLINDS).state == "closed"


async def test_group_without_its_members(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    dashboard: Dashboard,
    entity_registry: er.EntityRegistry,
    time: Time,
) -> None:
    """A group whose members nobody tells is a device like any other."""
    group = simulator.home.devices[ALL_ID]
    group.members.clear()
    group.parameters.clear()
    # Or else the simulator takes its methods from its members.
    group.type, group.methods = "device", 3
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    unique_id = f"{entry.unique_id}_device_{ALL_ID}"
    entity_id = entity_registry.async_get_entity_id("switch", DOMAIN, unique_id)
    assert entity_id is not None
    await dashboard.do("turn_on", entity_id)
    assert state_of(hass, entity_id).state == "on"
    assert sent(simulator) == [f"turnOn {ALL_ID}"]
