"""Covers as Home Assistant shows and commands them."""

from dataclasses import replace
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import CONF_REVERSED_COVERS
from homeassistant.components.cover import CoverEntityFeature as Feature
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceNotSupported
from simulator import Simulator
from simulator.methods import DeviceType, Method

from .conftest import AddEntry, Time
from .factories import group, home_of, lamp
from .helpers import Dashboard, complaints, sent, state_of

pytestmark = pytest.mark.only(
    "All blinds",
    "Awning",
    "Bedroom shutter",
    "Ceiling dimmer",
    "Kitchen blind",
    "Projector screen",
    "Roof window",
    "Window lamp",
)


AWNING = "cover.awning"
AWNING_ID = "2100006"
SHUTTER = "cover.bedroom_shutter"
SHUTTER_ID = "2100007"
BLIND_ID = "2100054"
GROUP = "cover.all_blinds"
GROUP_ID = "2100045"
ROOF = "cover.roof_window"
ROOF_ID = "2100055"
DIMMER_ID = "2100003"


def shown(hass: HomeAssistant, entity_id: str) -> tuple[str, int | None]:
    """Return whether a cover is open, and how far."""
    state = state_of(hass, entity_id)
    return state.state, state.attributes.get("current_position")


@pytest.mark.parametrize(
    ("entity_id", "state", "device_class", "features"),
    [
        (AWNING, "open", "blind", Feature.OPEN | Feature.CLOSE | Feature.STOP),
        (
            SHUTTER,
            "open",
            "blind",
            Feature.OPEN | Feature.CLOSE | Feature.STOP | Feature.SET_POSITION,
        ),
        ("cover.projector_screen", "closed", "shade", Feature.OPEN | Feature.CLOSE),
        # Stopped: who knows where.
        (
            "cover.kitchen_blind",
            "unknown",
            "blind",
            Feature.OPEN | Feature.CLOSE | Feature.STOP,
        ),
        (ROOF, "open", "blind", Feature.OPEN | Feature.CLOSE | Feature.SET_POSITION),
        (
            GROUP,
            "open",
            "blind",
            Feature.OPEN | Feature.CLOSE | Feature.STOP | Feature.SET_POSITION,
        ),
    ],
)
async def test_what_it_is(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_id: str,
    state: str,
    device_class: str | None,
    features: Feature,
) -> None:
    """A cover can be told what Telldus says that it can, and nothing else."""
    cover = state_of(hass, entity_id)
    assert cover.state == state
    assert cover.attributes.get("device_class") == device_class
    assert cover.attributes["supported_features"] == features


@pytest.mark.parametrize(
    ("entity_id", "assumed"),
    [
        # 433 MHz
        (AWNING, True),
        # One that tells its position
        (SHUTTER, False),
        (ROOF, False),
        # With one that does not among its members
        (GROUP, True),
    ],
)
async def test_assumed(
    hass: HomeAssistant, loaded: MockConfigEntry, entity_id: str, assumed: bool
) -> None:
    """Only a position is feedback; without it both buttons stay in reach."""
    assert state_of(hass, entity_id).attributes.get("assumed_state", False) is assumed


@pytest.mark.parametrize("transport", ["zwave", "zigbee", "433"])
async def test_assumed_without_position(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    time: Time,
    transport: str,
) -> None:
    """The last command says little of where a cover is, however it is connected."""
    simulator.home.devices[AWNING_ID].transport = transport
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert state_of(hass, AWNING).attributes["assumed_state"] is True


async def test_433_with_position(
    hass: HomeAssistant, simulator: Simulator, add_entry: AddEntry, time: Time
) -> None:
    """433 MHz gives no feedback, whatever it can be told."""
    simulator.home.devices[SHUTTER_ID].transport = "433"
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert state_of(hass, SHUTTER).attributes["assumed_state"] is True


@pytest.mark.parametrize(
    ("method", "level", "state", "position", "reversed_position"),
    [
        ("up", None, "open", 100, 100),
        ("down", None, "closed", 0, 0),
        ("stop", None, "unknown", None, None),
        ("dim", 255, "open", 100, 0),
        ("dim", 0, "closed", 0, 100),
        ("dim", 64, "open", 25, 75),
        # Not quite closed, and yet 0: Home Assistant knows no tenths.
        ("dim", 1, "closed", 0, 100),
        # As on and off as some back ends write both ends
        ("turnOn", None, "unknown", None, None),
    ],
)
@pytest.mark.parametrize("is_reversed", [False, True])
async def test_position(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    time: Time,
    method: str,
    level: int | None,
    state: str,
    position: int | None,
    reversed_position: int | None,
    is_reversed: bool,
) -> None:
    """The position is where the last thing it did leads to."""
    simulator.press(SHUTTER_ID, method, level)
    simulator.press(ROOF_ID, "dim", 204)
    options = {CONF_REVERSED_COVERS: [SHUTTER_ID]} if is_reversed else {}
    entry = add_entry(options=options)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    if is_reversed:
        position = reversed_position
        state = {0: "closed", None: "unknown"}.get(position, "open")
    assert shown(hass, SHUTTER) == (state, position)
    # Only what was named runs the other way.
    assert shown(hass, ROOF) == ("open", 80)


async def test_level_lost(
    hass: HomeAssistant, simulator: Simulator, add_entry: AddEntry, time: Time
) -> None:
    """A position that Telldus has lost is not known."""
    shutter = simulator.home.devices[SHUTTER_ID]
    shutter.state, shutter.state_value = 16, "unde"
    shutter.values = {}
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert shown(hass, SHUTTER) == ("unknown", None)


@pytest.mark.parametrize(
    ("method", "state"),
    [("up", "open"), ("down", "closed"), ("stop", "unknown"), ("dim", "unknown")],
)
async def test_without_position(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    time: Time,
    method: str,
    state: str,
) -> None:
    """Of one without positions only its ends are known."""
    simulator.press(AWNING_ID, method)
    simulator.home.devices[AWNING_ID].values = {}
    simulator.home.devices[AWNING_ID].state_value = None
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert shown(hass, AWNING) == (state, None)


async def test_commands(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Each action is one request, shown at once and confirmed later."""
    await dashboard.do("close_cover", AWNING)
    assert shown(hass, AWNING) == ("closed", None)
    await time.move(15)
    assert shown(hass, AWNING) == ("closed", None)
    await dashboard.do("open_cover", AWNING)
    assert shown(hass, AWNING) == ("open", None)
    await dashboard.do("stop_cover", AWNING)
    assert shown(hass, AWNING) == ("unknown", None)
    assert sent(simulator) == [
        f"down {AWNING_ID}",
        f"up {AWNING_ID}",
        f"stop {AWNING_ID}",
    ]
    await time.move(40)
    assert shown(hass, AWNING) == ("unknown", None)
    assert simulator.home.devices[AWNING_ID].state == 512


async def test_toggle(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
) -> None:
    """What is open is closed, and the other way round."""
    await dashboard.do("toggle", AWNING)
    assert shown(hass, AWNING) == ("closed", None)
    await dashboard.do("toggle", AWNING)
    assert shown(hass, AWNING) == ("open", None)
    assert sent(simulator) == [f"down {AWNING_ID}", f"up {AWNING_ID}"]


@pytest.mark.parametrize(
    ("position", "request_", "reversed_request"),
    [
        (0, f"down {SHUTTER_ID}", f"down {SHUTTER_ID}"),
        (100, f"up {SHUTTER_ID}", f"up {SHUTTER_ID}"),
        (50, f"dim {SHUTTER_ID} 128", f"dim {SHUTTER_ID} 128"),
        (75, f"dim {SHUTTER_ID} 191", f"dim {SHUTTER_ID} 64"),
        (1, f"dim {SHUTTER_ID} 3", f"dim {SHUTTER_ID} 252"),
    ],
)
@pytest.mark.parametrize("is_reversed", [False, True])
async def test_set_position(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    dashboard: Dashboard,
    time: Time,
    position: int,
    request_: str,
    reversed_request: str,
    is_reversed: bool,
) -> None:
    """A position becomes a level in the right direction, and its ends up and down."""
    simulator.home.devices[SHUTTER_ID].runs_reversed = is_reversed
    entry = add_entry(
        options={CONF_REVERSED_COVERS: [SHUTTER_ID]} if is_reversed else {}
    )
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    await dashboard.do("set_cover_position", SHUTTER, position=position)
    state = "open" if position else "closed"
    assert shown(hass, SHUTTER) == (state, position)
    assert sent(simulator) == [reversed_request if is_reversed else request_]
    # And so it is read back.
    await time.move(15)
    assert shown(hass, SHUTTER) == (state, position)


@pytest.mark.parametrize(("position", "level"), [(0, 0), (100, 255)])
async def test_set_position_without_up_and_down(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    dashboard: Dashboard,
    time: Time,
    position: int,
    level: int,
) -> None:
    """Where there is no up or down, its end is a level as any other."""
    roof = simulator.home.devices[ROOF_ID]
    roof.methods = 16 | 512
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    await dashboard.do("set_cover_position", ROOF, position=position)
    assert shown(hass, ROOF) == ("open" if position else "closed", position)
    await time.move(15)
    assert shown(hass, ROOF) == ("open" if position else "closed", position)
    assert roof.values[16] == level
    with pytest.raises(ServiceNotSupported):
        await dashboard.do("open_cover", ROOF)


async def test_group(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A group is where its members are, and sends one request for all of them."""
    # One is up.
    assert shown(hass, GROUP) == ("open", 100)
    await dashboard.do("close_cover", GROUP)
    assert sent(simulator) == [f"down {GROUP_ID}"]
    for entity_id in (AWNING, SHUTTER, "cover.kitchen_blind", GROUP):
        assert state_of(hass, entity_id).state == "closed"
    await time.move(40)
    for device_id in (AWNING_ID, SHUTTER_ID, BLIND_ID):
        assert simulator.home.devices[device_id].state == 256
    assert shown(hass, GROUP) == ("closed", 0)
    # A hand at one of them
    simulator.press(AWNING_ID, "up")
    await time.move(31)
    assert shown(hass, GROUP) == ("open", 33)
    assert state_of(hass, SHUTTER).state == "closed"


async def test_group_with_positions(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    dashboard: Dashboard,
    time: Time,
) -> None:
    """A group of what has positions is in the middle of them, and can be given one."""
    group = simulator.home.devices[GROUP_ID]
    group.members = [SHUTTER_ID, ROOF_ID]
    simulator.press(SHUTTER_ID, "dim", 51)
    simulator.press(ROOF_ID, "dim", 153)
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    assert entry.state is ConfigEntryState.LOADED
    assert shown(hass, GROUP) == ("open", 40)
    assert "assumed_state" not in state_of(hass, GROUP).attributes
    await dashboard.do("set_cover_position", GROUP, position=80)
    assert sent(simulator) == [f"dim {GROUP_ID} 204"]
    assert shown(hass, SHUTTER) == shown(hass, ROOF) == shown(hass, GROUP)
    assert shown(hass, GROUP) == ("open", 80)
    await time.move(15)
    assert shown(hass, SHUTTER) == shown(hass, ROOF) == shown(hass, GROUP)
    assert shown(hass, GROUP) == ("open", 80)


async def test_group_that_runs_both_ways(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    dashboard: Dashboard,
    time: Time,
) -> None:
    """A position for a group reaches the same place in each cover, and no lamp."""
    group = simulator.home.devices[GROUP_ID]
    group.members = [SHUTTER_ID, ROOF_ID, DIMMER_ID]
    simulator.home.devices[ROOF_ID].runs_reversed = True
    simulator.press(SHUTTER_ID, "dim", 204)
    simulator.press(ROOF_ID, "dim", 51)
    simulator.press(DIMMER_ID, "dim", 7)
    entry = add_entry(options={CONF_REVERSED_COVERS: [ROOF_ID]})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    assert shown(hass, SHUTTER) == shown(hass, ROOF) == ("open", 80)
    assert shown(hass, GROUP) == ("open", 80)
    await dashboard.do("set_cover_position", GROUP, position=40)
    for _ in range(2):
        assert sent(simulator) == [f"dim {SHUTTER_ID} 102", f"dim {ROOF_ID} 153"]
        assert shown(hass, SHUTTER) == shown(hass, ROOF) == ("open", 40)
        assert shown(hass, GROUP) == ("open", 40)
        await time.move(45)
    assert simulator.home.devices[DIMMER_ID].values[16] == 7
    await dashboard.do("close_cover", GROUP)
    await time.move(45)
    assert sent(simulator)[2:] == [f"down {GROUP_ID}"]
    assert simulator.home.devices[ROOF_ID].values[16] == 255
    assert shown(hass, SHUTTER) == shown(hass, ROOF) == ("closed", 0)
    assert shown(hass, GROUP) == ("closed", 0)


@pytest.mark.parametrize(
    ("kind", "device_class"),
    [
        (DeviceType.WINDOW_COVERING, "blind"),
        (DeviceType.PROJECTOR_SCREEN, "shade"),
        (DeviceType.UNKNOWN, None),
        (DeviceType.SWITCH, None),
    ],
)
async def test_device_class(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    time: Time,
    kind: DeviceType,
    device_class: str | None,
) -> None:
    """The type decides what it is called by, and nothing else."""
    simulator.home.devices[AWNING_ID].device_type = kind.uuid
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    attributes: dict[str, Any] = {**state_of(hass, AWNING).attributes}
    assert attributes.get("device_class") == device_class
    assert shown(hass, AWNING) == ("open", None)


async def test_member_leaves_after_a_command(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    dashboard: Dashboard,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The list that settles a command to a group may lack a member of it."""
    cover = replace(lamp(1), methods=int(Method.UP | Method.DOWN), state=Method.UP)
    other = replace(cover, id="2", client_device_id="1002")
    both = replace(group(3, ["1", "2"]), name="Blinds")
    home = simulator.homes["demo"] = home_of(cover, other, both)
    await time.until(hass.config_entries.async_setup(add_entry().entry_id))
    await time.move(30)
    await dashboard.do("close_cover", "cover.blinds")
    await time.move(5)
    del home.devices["2"]
    await time.move(60)
    assert state_of(hass, "cover.blinds").state == "closed"
    assert complaints(caplog) == []
