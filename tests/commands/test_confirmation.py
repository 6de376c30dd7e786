"""What became of a command that Telldus had accepted: confirmed, asleep, failed, overruled."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.commands.pending import CommandOutcome
from custom_components.telldus_pa.pa_api import (
    Command,
    Device,
    Method,
    ThermostatSetpoint,
)
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Fault, Simulator
from simulator.command_effects import QUEUED
from simulator.home import HistoryRow
from tests.conftest import Time
from tests.helpers import (
    LAMP,
    LAMP_ID,
    Dashboard,
    complaints,
    polls,
    refresh,
    sent,
    state_of,
)

from .conftest import outcomes, undecided

pytestmark = pytest.mark.only("Bathroom valve", "Coffee maker", "Window lamp")


VALVE = "climate.bathroom_valve"
PLUG = "switch.coffee_maker"
HISTORY = "json/device/history"


def id_of(simulator: Simulator, name: str) -> str:
    """Return the id of a device."""
    return next(one.id for one in simulator.home.devices.values() if one.name == name)


def target_of(hass: HomeAssistant) -> float:
    """Return the temperature that the valve is shown to aim at."""
    return float(state_of(hass, VALVE).attributes["temperature"])


@pytest.fixture
async def awake(simulator: Simulator, time: Time, loaded: MockConfigEntry) -> None:
    """Let the valve have woken a moment ago; it does so every five minutes."""
    await time.move(310 - simulator.clock() % 300)


async def test_asleep(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    awake: None,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What waits for a battery device to wake stays shown, and costs few requests."""
    simulator.home.devices[id_of(simulator, "Bathroom valve")].wake_interval = 3600
    await time.move(3650 - simulator.clock() % 3600)
    before = len(simulator.log)
    await dashboard.do("set_temperature", VALVE, temperature=23)
    for _ in range(30):
        await time.move(100)
        assert target_of(hass) == 23
    # After 10 s, 5, 15 and 35 min
    asked = [r for r in simulator.log[before:] if r.path == HISTORY]
    valve = id_of(simulator, "Bathroom valve")
    assert sum(r.params["id"] == valve for r in asked) <= 5
    # And the list is read no more often than else.
    assert (
        len(simulator.log) - before - len(asked)
        # Faster polls after what moves by itself among them
        < 3000 / 30 + 3000 / 120 + 3000 / 600 + 30
    )
    await time.move(700)
    assert target_of(hass) == 23
    commands = loaded.runtime_data.commands
    assert (commands.pending_count, commands.outcome_counts) == (
        0,
        {CommandOutcome.CONFIRMED: 1},
    )
    # From here on Telldus is believed again.
    simulator.press(id_of(simulator, "Bathroom valve"), "thermostat", 18)
    await time.move(31)
    assert target_of(hass) == 18
    assert complaints(caplog) == []


async def test_never_wakes(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    awake: None,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After two hours a device that does not wake is taken for dead, and that is said."""
    simulator.home.devices[id_of(simulator, "Bathroom valve")].wake_interval = 1e9
    await dashboard.do("set_temperature", VALVE, temperature=23)
    await time.move(7000)
    assert target_of(hass) == 23
    await time.move(500)
    assert target_of(hass) == 19
    assert complaints(caplog) == [
        "A command to Bathroom valve (climate.bathroom_valve) was not carried out: "
        "it did not wake up"
    ]
    assert await undecided(hass, loaded) == 0


async def test_told_again_while_asleep(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    awake: None,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of two wishes to a sleeping device the newer is shown and awaited."""
    await dashboard.do("set_temperature", VALVE, temperature=23)
    await time.move(40)
    await dashboard.do("set_temperature", VALVE, temperature=21)
    await time.move(60)
    assert target_of(hass) == 21
    await time.move(330)
    assert target_of(hass) == 21
    assert await undecided(hass, loaded) == 0
    assert complaints(caplog) == []


async def test_refused_when_it_woke(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    awake: None,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A mode that the device does not know shows in its history alone."""
    valve = id_of(simulator, "Bathroom valve")
    await time.until(
        loaded.runtime_data.commands.async_send(
            Command(valve, Method.THERMOSTAT, ThermostatSetpoint("dry", 20)),
            entity_id=VALVE,
        )
    )
    await time.move(800)
    assert complaints(caplog) == [
        "A command to Bathroom valve (climate.bathroom_valve) was not carried out: "
        "it does not know what it was told"
    ]
    assert await undecided(hass, loaded) == 0


async def test_queued_without_a_known_battery(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    awake: None,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Where only the history tells that it is asleep, that is believed."""
    for sensor in list(simulator.home.sensors.values()):
        if sensor.name == "Bathroom valve":
            sensor.battery = 254
    await time.move(119)
    await time.move(310 - simulator.clock() % 300)
    await dashboard.do("set_temperature", VALVE, temperature=23)
    await time.move(45)
    assert target_of(hass) == 23
    await time.move(60)
    assert target_of(hass) == 23
    assert await undecided(hass, loaded) == 1
    await time.move(250)
    assert target_of(hass) == 23
    assert await undecided(hass, loaded) == 0


@pytest.mark.parametrize("battery", [80, 255], ids=["percent", "low"])
async def test_no_history(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    awake: None,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    battery: int,
) -> None:
    """Where Telldus has no history to tell, a battery is reason enough to wait."""
    for sensor in simulator.home.sensors.values():
        if sensor.name == "Bathroom valve":
            sensor.battery = battery
    await time.move(119)
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match=HISTORY, times=None, text="No such function"
    )
    await dashboard.do("set_temperature", VALVE, temperature=23)
    await time.move(100)
    assert target_of(hass) == 23
    await time.move(270)
    assert target_of(hass) == 23
    assert await undecided(hass, loaded) == 0
    assert complaints(caplog) == []


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (1, "all tries failed"),
        (2, "it did not answer"),
        (3, "it did not answer in time"),
        (4, "it did not confirm"),
        (5, "for a reason that Telldus does not tell"),
        (7, "it does not know what it was told"),
        (99, "for a reason that Telldus does not tell"),
    ],
)
async def test_failed(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    outcome: int,
    text: str,
) -> None:
    """A command that failed after all is taken back, and its history says why."""
    plug = simulator.home.devices[id_of(simulator, "Coffee maker")]
    assert plug.transport == "zwave"
    was = state_of(hass, PLUG).state
    simulator.faults.add(Fault.COMMAND_LOST, match="json/device/*", times=1)
    await dashboard.do("toggle", PLUG)
    await time.move(5)
    # A look at the home lets happen what is due.
    simulator.home.devices[plug.id].history[-1].success_status = outcome
    await time.move(30)
    assert state_of(hass, PLUG).state == was
    assert complaints(caplog) == [
        f"A command to Coffee maker ({PLUG}) was not carried out: {text}"
    ]
    (asked,) = [one for one in simulator.log if one.path == HISTORY]
    (told,) = [one for one in simulator.log if one.path == "json/device/turnOn"]
    # From when it was accepted, a few seconds for clocks that differ
    assert 0 <= told.time - float(asked.params["from"]) <= 6
    # Soon after the list, as a poll: what can wait would come later.
    listed = max(one.time for one in simulator.log if one.time < asked.time)
    assert asked.time - listed < 4
    assert await outcomes(hass, loaded) == {CommandOutcome.REFUSED_LATE: 1}


async def test_only_the_list_is_late(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What the history has as done stays shown, until the list has had time enough."""
    plug = simulator.home.devices[id_of(simulator, "Coffee maker")]
    was = state_of(hass, PLUG).state
    simulator.faults.add(Fault.COMMAND_LOST, match="json/device/*", times=1)
    await dashboard.do("toggle", PLUG)
    shown = state_of(hass, PLUG).state
    assert shown != was
    await time.move(5)
    simulator.home.devices[plug.id].history[-1].success_status = 0
    await time.move(20)
    assert polls(simulator, HISTORY) == 1
    assert state_of(hass, PLUG).state == shown
    await time.move(40)
    assert state_of(hass, PLUG).state == was


async def test_somebody_else_was_faster(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A switch on the wall that is pressed after the command is no failure."""
    was = state_of(hass, PLUG).state
    await dashboard.do("toggle", PLUG)
    await time.move(5)
    simulator.press(
        id_of(simulator, "Coffee maker"), "turnOn" if was == "on" else "turnOff"
    )
    await time.move(30)
    assert state_of(hass, PLUG).state == was
    assert (await outcomes(hass, loaded)) == {CommandOutcome.OVERRULED: 1}
    assert complaints(caplog) == []


async def test_empty_history(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A history that knows nothing of it, or cannot be understood, blames nobody."""
    plug = simulator.home.devices[id_of(simulator, "Coffee maker")]
    simulator.faults.add(Fault.COMMAND_LOST, match="json/device/*", times=1)
    await dashboard.do("toggle", PLUG)
    await time.move(5)
    now = int(simulator.clock())
    simulator.home.devices[plug.id].history = [
        HistoryRow(now, 4096, 0, "Unknown", QUEUED)
    ]
    await time.move(30)
    assert polls(simulator, HISTORY) == 1
    assert complaints(caplog) == []


async def test_settled_by_the_first_list_after_a_stop(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What was accepted long before a stop is not shown over a list that knows better."""
    await dashboard.do("turn_on", PLUG)
    entries, disabled = hass.config_entries, ConfigEntryDisabler.USER
    await time.until(entries.async_set_disabled_by(loaded.entry_id, disabled))
    await time.move(10)
    simulator.press(id_of(simulator, "Coffee maker"), "turnOff")
    await time.move(600)
    await time.until(entries.async_set_disabled_by(loaded.entry_id, None))
    # Its history tells why, well before the next poll.
    lists = polls(simulator)
    await time.move(15)
    assert polls(simulator) == lists
    assert state_of(hass, PLUG).state == "off"
    assert await undecided(hass, loaded) == 0


async def test_one_way_devices_are_not_looked_up(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What gives no feedback cannot have failed; the two are told apart."""
    assert state_of(hass, LAMP).attributes["assumed_state"] is True
    assert "assumed_state" not in state_of(hass, PLUG).attributes
    simulator.faults.add(Fault.COMMAND_LOST, match="json/device/*", times=1)
    await dashboard.do("toggle", LAMP)
    await time.move(40)
    assert sent(simulator) == [f"turnOff {LAMP_ID}"]
    assert await undecided(hass, loaded) == 0


@pytest.mark.only(
    *("Hall switch", "Ceiling dimmer", "Color bulb", "Energy plug", "Kitchen spots"),
    *("Coffee maker", "Porch light", "Garden pump", "Towel rail", "Shelf strip"),
)
async def test_few_questions_at_a_time(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """When everything fails at once, not everything is asked for."""
    simulator.faults.add(Fault.COMMAND_LOST, match="json/device/*", times=None)
    commands = loaded.runtime_data.commands
    devices = [
        device
        for device in loaded.runtime_data.devices.data.values()
        if device.transport == "zwave" and Method.TURNON in device.methods
    ]
    assert len(devices) >= 5
    for device in devices:
        method = Method.TURNOFF if device.is_on else Method.TURNON
        hass.async_create_task(commands.async_send(Command(device.id, method)))
    for _ in range(4):
        await time.move(60)
    assert polls(simulator, HISTORY) < len(devices)
    # Three, and then a list
    asked = [one.path for one in simulator.log]
    assert asked[asked.index(HISTORY) :].index("json/devices/list") == 3


async def test_unreachable_in_a_command(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Whether a command without an answer was carried out, a look at the list tells."""
    await time.move(2)
    simulator.faults.add(Fault.TRUNCATED, match="json/device/*", times=1)
    before = polls(simulator)
    action = dashboard.begin("turn_off", LAMP)
    await time.settle()
    assert action.exception() is not None
    assert state_of(hass, LAMP).state == "on"
    await time.move(30)
    assert polls(simulator) == before + 1
    assert state_of(hass, LAMP).state == "off"


async def test_seldom_polled(
    hass: HomeAssistant,
    seldom_polled: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A command whose answer was lost has a list of its own, however new the last one is."""
    await refresh(hass, time, LAMP)
    lists = polls(simulator)
    simulator.faults.add(Fault.TRUNCATED, match="json/device/*", times=1)
    with pytest.raises(HomeAssistantError, match="It is not certain"):
        await dashboard.do("turn_off", LAMP)
    await time.move(14)
    assert polls(simulator) == lists + 1


async def test_contradicted(
    hass: HomeAssistant,
    seldom_polled: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Lists are believed against a command half a minute after it, and one is asked for then."""
    before = state_of(hass, PLUG).state
    simulator.faults.add(Fault.APPLICATION_ERROR, match=HISTORY, text="No history")
    simulator.faults.add(Fault.COMMAND_LOST, match="json/device/*", times=1)
    await dashboard.do("toggle", PLUG)
    for seconds in (12, 8):
        await time.move(seconds)
        await refresh(hass, time, PLUG)
        assert state_of(hass, PLUG).state != before
    await time.move(27)
    assert state_of(hass, PLUG).state == before
    assert await outcomes(hass, seldom_polled) == {"overruled": 1}


# Whether a device is like one that has done it


def device(**row: object) -> Device:
    """Return a device that Telldus tells of."""
    return Device.from_dict({"id": "1", "client": "2", "methods": 4095, **row})


def dimmed(state: int, level: int) -> Device:
    """Return a dimmer."""
    return device(state=state, stateValues=[{"state": "16", "value": level}])


def thermostat(mode: str | None, **setpoints: float) -> Device:
    """Return a thermostat."""
    values = {"setpoint": setpoints, "mode": mode}
    return device(state=1, stateValues=[{"state": "2048", "value": values}])


@pytest.mark.parametrize(
    ("method", "value", "row", "is_done"),
    [
        (Method.BELL, None, device(state=1), True),
        (Method.LEARN, None, device(state=1), True),
        (Method.TURNON, None, device(state=1), True),
        (Method.TURNON, None, dimmed(16, 30), True),
        (Method.TURNON, None, device(state=2), False),
        (Method.TURNON, None, device(state=0), False),
        (Method.TURNOFF, None, device(state=2), True),
        (Method.TURNOFF, None, dimmed(16, 0), True),
        (Method.TURNOFF, None, device(state=0), False),
        (Method.DIM, 100, dimmed(16, 100), True),
        (Method.DIM, 100, dimmed(16, 98), True),
        (Method.DIM, 100, dimmed(16, 90), False),
        (Method.DIM, 255, dimmed(1, 30), True),
        (Method.DIM, 0, dimmed(2, 30), True),
        (Method.DIM, 100, dimmed(2, 100), False),
        (Method.DIM, 100, device(state=16), False),
        (Method.UP, None, device(state=128), True),
        (Method.UP, None, device(state=256), False),
        (Method.RGB, 5, device(stateValues=[{"state": 1024, "value": 5}]), True),
        (Method.RGB, 5, device(stateValues=[{"state": 1024, "value": 6}]), False),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("heat", 21),
            thermostat("heat", heat=21),
            True,
        ),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("heat", 21),
            thermostat("heat", heat=21.2),
            True,
        ),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("heat", 21),
            thermostat("heat", heat=20),
            False,
        ),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("heat", 21),
            thermostat("off", heat=21),
            False,
        ),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("cool", 21),
            thermostat("cool", heat=21),
            False,
        ),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("heat", 21, change_mode=False),
            thermostat("off", heat=21),
            True,
        ),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("off"),
            thermostat("off", heat=21),
            True,
        ),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("resume"),
            thermostat("heat", heat=21),
            True,
        ),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("resume"),
            thermostat("off", heat=21),
            False,
        ),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("heat", 21),
            thermostat(None, heat=21, cool=24),
            True,
        ),
    ],
)
def test_is_done(
    method: Method, value: int | ThermostatSetpoint | None, row: Device, is_done: bool
) -> None:
    """A list can tell whether a device does what it was told."""
    assert Command("1", method, value).is_applied_to(row) is is_done


def test_what_is_no_thermostat_has_nothing_left_to_do() -> None:
    """A device that lost its thermostat is not waited for."""
    row = Device.from_dict({"id": "1", "client": "2", "methods": 3})
    assert row.thermostat is None
    assert Command(
        "1", Method.THERMOSTAT, ThermostatSetpoint("heat", 21)
    ).is_applied_to(row)
