"""Presses of remotes and rings of doorbells, as far as the lists alone show them."""

from copy import deepcopy
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import CONF_SCAN_INTERVAL, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
from simulator import Fault, Simulator
from simulator.methods import DeviceType

from .conftest import AddEntry, Time
from .helpers import BUTTON, Dashboard, complaints, sent, state_of

pytestmark = pytest.mark.only(
    "Door bell",
    "Outdoor lights",
    "Panel",
    "Remote button",
    "Wall remote",
    "Window lamp",
)


BUTTON_ID = "2100016"
REMOTE = "event.wall_remote"
REMOTE_ID = "2100034"
BELL = "event.door_bell"
BELL_BUTTON = "button.door_bell_ring"
BELL_ID = "2100005"
OUTDOOR = "switch.outdoor_lights"
OUTDOOR_ID = "2100044"
HOME_GATEWAY = "410001"
EVERYTHING = ["on", "off", "dim", "up", "down", "stop", "bell"]


@pytest.fixture(autouse=True)
def nobody_home(simulator: Simulator) -> None:
    """Let nothing be pressed but what a test presses, and no history tell of it.

    With the history: test_live.py.
    """
    simulator.change_settings({"life": False})
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/device/history", times=None, text="No"
    )


class Heard:
    """What events were fired, by all entities."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen to all events there are or will be."""
        self._fired: list[tuple[str, str]] = []
        entity_ids = [BUTTON, REMOTE, BELL]
        async_track_state_change_event(hass, entity_ids, self._async_note)

    @callback
    def _async_note(self, event: Event[EventStateChangedData]) -> None:
        """Note a state that says when, unless it has only come back."""
        new = event.data["new_state"]
        if new is None or new.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
            return
        when = dt_util.parse_datetime(new.state)
        assert when is not None
        if (dt_util.utcnow() - when).total_seconds() < 1:
            self._fired.append((new.entity_id, new.attributes["event_type"]))

    def news(self) -> list[tuple[str, str]]:
        """Return what was fired since the last look."""
        fired, self._fired = self._fired, []
        return fired


@pytest.fixture
def heard(hass: HomeAssistant, loaded: MockConfigEntry) -> Heard:
    """Return what is fired from now on."""
    return Heard(hass)


async def set_up(hass: HomeAssistant, entry: MockConfigEntry, time: Time) -> Heard:
    """Set an entry up, and listen."""
    heard = Heard(hass)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    return heard


@pytest.mark.parametrize(
    ("entity_id", "device_class", "types"),
    [
        (BUTTON, "button", EVERYTHING),
        (REMOTE, "button", ["on", "off"]),
        ("event.panel", "button", EVERYTHING),
        (BELL, "doorbell", ["ring"]),
    ],
)
async def test_what_it_is(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_id: str,
    device_class: str,
    types: list[str],
) -> None:
    """A remote fires what it can send; nothing was heard of it before it is."""
    state = state_of(hass, entity_id)
    assert state.state == STATE_UNKNOWN
    assert state.attributes["device_class"] == device_class
    assert state.attributes["event_types"] == types
    assert state.attributes["event_type"] is None
    # It is one-way, but the way that counts here.
    assert "assumed_state" not in state.attributes


async def test_press(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    heard: Heard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A press fires with the next list, once, and of a repeated one nothing is seen."""
    await time.move(31)
    assert heard.news() == []
    simulator.press(REMOTE_ID, "turnOff")
    await time.settle()
    assert heard.news() == []
    await time.move(31)
    assert heard.news() == [(REMOTE, "off")]
    state = state_of(hass, REMOTE)
    assert state.attributes["event_type"] == "off"
    simulator.press(REMOTE_ID, "turnOff")
    await time.move(65)
    assert heard.news() == []
    assert state_of(hass, REMOTE) is state
    simulator.press(REMOTE_ID, "turnOn")
    simulator.press(BUTTON_ID, "turnOn")
    await time.move(31)
    assert sorted(heard.news()) == [(BUTTON, "on"), (REMOTE, "on")]


@pytest.mark.parametrize(
    ("methods", "presses", "types", "events"),
    [
        (0, [("up", None), ("down", None), ("stop", None)], EVERYTHING, None),
        (896, [("up", None), ("down", None)], ["up", "down", "stop"], ["up", "down"]),
        (0, [("bell", None), ("dim", 10)], EVERYTHING, None),
        # Another level is another press, the same one is none.
        (
            19,
            [("dim", 100), ("dim", 50), ("dim", 50), ("turnOff", None)],
            ["on", "off", "dim"],
            ["dim", "dim", "off"],
        ),
        # Colors and temperatures are nothing that a remote sends.
        (1027, [("turnOn", None), ("rgb", 0xFF0000)], ["on", "off"], ["on"]),
        # It says that it cannot, and so it does not.
        (3, [("up", None), ("turnOn", None)], ["on", "off"], ["on"]),
    ],
)
async def test_methods(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    methods: int,
    presses: list[tuple[str, int | None]],
    types: list[str],
    events: list[str] | None,
) -> None:
    """Each method has an event of its own."""
    simulator.home.devices[BUTTON_ID].methods = methods
    heard = await set_up(hass, add_entry(), time)
    assert state_of(hass, BUTTON).attributes["event_types"] == types
    fired = []
    for method, level in presses:
        simulator.press(BUTTON_ID, method, level)
        await time.move(31)
        fired += heard.news()
    expected = [method for method, _ in presses] if events is None else events
    assert fired == [(BUTTON, event) for event in expected]
    assert complaints(caplog) == []


async def test_state_that_is_none(
    heard: Heard, simulator: Simulator, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    """A state that Telldus has forgotten, or one that is none of a remote's, is no press."""
    for state in (0, 1024, 2048, 3):
        simulator.home.devices[REMOTE_ID].state = state
        await time.move(31)
    assert heard.news() == []
    simulator.press(REMOTE_ID, "turnOn")
    await time.move(31)
    assert heard.news() == [(REMOTE, "on")]
    assert complaints(caplog) == []


async def test_level_without_dimming(
    heard: Heard, simulator: Simulator, time: Time
) -> None:
    """A level that is only remembered is no press, whatever becomes of it."""
    simulator.home.devices[REMOTE_ID].values = {16: 80}
    await time.move(31)
    simulator.home.devices[REMOTE_ID].values = {16: 20}
    await time.move(31)
    assert heard.news() == []


# When it is too late


@pytest.mark.parametrize(("interval", "fires"), [(55, True), (65, False), (300, False)])
async def test_rare_polls(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    time: Time,
    interval: int,
    fires: bool,
) -> None:
    """What may have happened more than a minute ago is not told as what happens now."""
    entry = add_entry(options={CONF_SCAN_INTERVAL: interval})
    heard = await set_up(hass, entry, time)
    for method in ("turnOff", "turnOn", "turnOff"):
        simulator.press(REMOTE_ID, method)
        await time.move(interval + 2)
    assert bool(heard.news()) is fires


async def test_failed_polls(heard: Heard, simulator: Simulator, time: Time) -> None:
    """After lists that were missed the next one cannot tell when."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/devices/list", times=2)
    simulator.press(REMOTE_ID, "turnOff")
    await time.move(95)
    assert heard.news() == []
    simulator.press(REMOTE_ID, "turnOn")
    await time.move(31)
    assert heard.news() == [(REMOTE, "on")]


async def test_outage(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    heard: Heard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What happened during an outage is not told when Telldus is there again."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/devices/list", times=None)
    await time.move(400)
    assert state_of(hass, REMOTE).state == STATE_UNAVAILABLE
    simulator.press(REMOTE_ID, "turnOff")
    # What is younger than a minute the history would tell.
    await time.move(65)
    simulator.faults.clear()
    await time.move(100)
    assert state_of(hass, REMOTE).state == STATE_UNKNOWN
    assert heard.news() == []
    simulator.press(REMOTE_ID, "turnOn")
    await time.move(31)
    assert heard.news() == [(REMOTE, "on")]


async def test_gateway_offline(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    heard: Heard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A remote goes and comes with its gateway, and that is no press."""
    simulator.press(REMOTE_ID, "turnOff")
    simulator.set_gateway_online(HOME_GATEWAY, False)
    await time.move(31)
    assert state_of(hass, REMOTE).state == STATE_UNAVAILABLE
    simulator.set_gateway_online(HOME_GATEWAY, True)
    simulator.press(REMOTE_ID, "turnOn")
    await time.move(31)
    # Neither was it fired while it could not be seen.
    assert state_of(hass, REMOTE).state == STATE_UNKNOWN
    assert heard.news() == []
    simulator.press(REMOTE_ID, "turnOff")
    await time.move(31)
    assert heard.news() == [(REMOTE, "off")]


async def test_missing_for_a_while(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    heard: Heard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Who was not in the list before may have been pressed at any time."""
    remote = simulator.home.devices.pop(REMOTE_ID)
    await time.move(31)
    assert state_of(hass, REMOTE).state == STATE_UNAVAILABLE
    simulator.home.devices[REMOTE_ID] = remote
    simulator.press(REMOTE_ID, "turnOff")
    await time.move(31)
    assert state_of(hass, REMOTE).state == STATE_UNKNOWN
    assert heard.news() == []
    simulator.press(REMOTE_ID, "turnOn")
    await time.move(31)
    assert heard.news() == [(REMOTE, "on")]


async def test_new_remote(
    hass: HomeAssistant, simulator: Simulator, add_entry: AddEntry, time: Time
) -> None:
    """The first list that has a remote fires nothing, the second may."""
    remote = simulator.home.devices.pop(REMOTE_ID)
    heard = await set_up(hass, add_entry(), time)
    simulator.home.devices[REMOTE_ID] = remote
    await time.move(31)
    assert state_of(hass, REMOTE).state == STATE_UNKNOWN
    assert heard.news() == []
    simulator.press(REMOTE_ID, "turnOff")
    await time.move(31)
    assert heard.news() == [(REMOTE, "off")]


@pytest.mark.parametrize("is_restart", [False, True])
async def test_started_again(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    heard: Heard,
    simulator: Simulator,
    time: Time,
    is_restart: bool,
) -> None:
    """The last press is known; one in between is new after a reload, past after a restart."""
    simulator.press(REMOTE_ID, "turnOff")
    await time.move(31)
    assert heard.news() == [(REMOTE, "off")]
    before = state_of(hass, REMOTE).state
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    simulator.press(REMOTE_ID, "turnOn")
    if is_restart:
        hass.data.pop("telldus_pa_shared")
    await time.until(hass.config_entries.async_setup(loaded.entry_id))
    await time.move(31)
    state = state_of(hass, REMOTE)
    if is_restart:
        assert (state.state, state.attributes["event_type"]) == (before, "off")
        assert heard.news() == []
    else:
        assert state.state > before
        assert heard.news() == [(REMOTE, "on")]


# Bells, and what we do ourselves


async def test_ring(heard: Heard, simulator: Simulator, time: Time) -> None:
    """A bell that was never rung is heard once; afterwards it always says the same."""
    bell = simulator.home.devices[BELL_ID]
    bell.state = 0
    await time.move(31)
    assert heard.news() == []
    simulator.press(BELL_ID, "bell")
    await time.move(31)
    assert heard.news() == [(BELL, "ring")]
    simulator.press(BELL_ID, "bell")
    await time.move(31)
    assert heard.news() == []


async def test_bell_with_a_state(
    hass: HomeAssistant, simulator: Simulator, add_entry: AddEntry, time: Time
) -> None:
    """A bell that does something else besides is heard again; only rings count."""
    simulator.home.devices[BELL_ID].methods = 7
    heard = await set_up(hass, add_entry(), time)
    for method in ("turnOff", "bell", "turnOn", "bell"):
        simulator.press(BELL_ID, method)
        await time.move(31)
    assert heard.news() == [(BELL, "ring")] * 2


async def test_bell_that_becomes_a_remote(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    heard: Heard,
    simulator: Simulator,
    time: Time,
) -> None:
    """The event of a device is one, whatever its type at Telldus says that it is."""
    assert state_of(hass, BELL).name == "Door bell"
    bell = simulator.home.devices[BELL_ID]
    bell.device_type, bell.state = DeviceType.REMOTE.uuid, 0
    await time.move(31)
    state = state_of(hass, BELL)
    assert state.attributes["device_class"] == "button"
    assert state.attributes["event_types"] == ["bell"]
    simulator.press(BELL_ID, "bell")
    await time.move(31)
    assert heard.news() == [(BELL, "bell")]


# A poll that shows the effect comes before the list that settles the command, or not.
@pytest.mark.parametrize("wait", [0, 5, 20, 25])
async def test_own_ring(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    heard: Heard,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    wait: float,
) -> None:
    """Who rings a bell from here is not told that somebody is at the door."""
    bell = simulator.home.devices[BELL_ID]
    bell.state = 0
    await time.move(31 + wait)
    await dashboard.do("press", BELL_BUTTON)
    assert sent(simulator) == [f"bell {BELL_ID}"]
    await time.move(65)
    assert bell.state == 4
    assert heard.news() == []
    # And the next one that is not ours is told.
    bell.state = 0
    await time.move(31)
    simulator.press(BELL_ID, "bell")
    await time.move(31)
    assert heard.news() == [(BELL, "ring")]


@pytest.mark.parametrize(
    ("fault", "arguments"),
    [
        (Fault.APPLICATION_ERROR, {"text": "No"}),
        # So long a pause that a bell is not rung after it
        (Fault.RATE_LIMITED, {"retry_after": 25}),
    ],
)
async def test_own_ring_that_came_to_nothing(
    heard: Heard,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    fault: Fault,
    arguments: dict[str, Any],
) -> None:
    """A command that was certainly not carried out makes nobody deaf for what comes later."""
    simulator.home.devices[BELL_ID].state = 0
    await time.move(31)
    simulator.faults.add(fault, match="json/device/*", times=1, **arguments)
    with pytest.raises(HomeAssistantError):
        await dashboard.do("press", BELL_BUTTON)
    await time.move(26)
    assert heard.news() == []
    simulator.press(BELL_ID, "bell")
    await time.move(31)
    assert heard.news() == [(BELL, "ring")]


async def test_remote_in_a_group(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    dashboard: Dashboard,
    time: Time,
) -> None:
    """What a group does to a remote in it is our own doing as well."""
    group = simulator.home.devices[OUTDOOR_ID]
    group.members = [*group.members, REMOTE_ID]
    heard = await set_up(hass, add_entry(), time)
    await dashboard.do("turn_off", OUTDOOR)
    await time.move(65)
    assert simulator.home.devices[REMOTE_ID].state == 2
    assert heard.news() == []
    simulator.press(REMOTE_ID, "turnOn")
    await time.move(31)
    assert heard.news() == [(REMOTE, "on")]


async def test_becomes_a_remote(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    heard: Heard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A person says at Telldus that a lamp was a remote all the time."""
    copy = deepcopy(simulator.home.devices["2100001"])
    copy.device_type = DeviceType.REMOTE.uuid
    simulator.home.devices["2100001"] = copy
    await time.move(31)
    assert hass.states.get("switch.window_lamp") is None
    assert state_of(hass, "event.window_lamp").attributes["event_types"] == [
        "on",
        "off",
    ]
