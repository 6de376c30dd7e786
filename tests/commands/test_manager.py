"""A command's life: shown at once, sent, confirmed or taken back."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.commands.pending import CommandOutcome
from custom_components.telldus_pa.const import DOMAIN
from custom_components.telldus_pa.pa_api import (
    Command,
    CommandFailedMessage,
    Method,
    SuccessStatus,
    TelldusError,
    ThermostatSetpoint,
)
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Fault, Simulator
from tests.conftest import AddEntry, Time
from tests.helpers import (
    LAMP,
    LAMP_ID,
    Dashboard,
    complaints,
    polls,
    rate_limiter_of,
    sent,
    settings_sent,
    state_of,
)

from .conftest import outcomes, undecided

pytestmark = pytest.mark.only(
    "Ceiling dimmer",
    "Color bulb",
    "Energy plug",
    "Hall switch",
    "Heat pump",
    "Window lamp",
)


DIMMER = "light.ceiling_dimmer"
DIMMER_ID = "2100003"


async def test_nothing_to_send(
    loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """An action that comes to no command does nothing."""
    await time.until(loaded.runtime_data.commands.async_send())
    assert sent(simulator) == []


async def test_shown_at_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What is commanded is shown before anything is sent, and stays shown."""
    # The window has room, so that the list comes before the effect.
    await time.move(60)
    action = dashboard.begin("turn_off", LAMP)
    assert state_of(hass, LAMP).state == "off"
    assert sent(simulator) == []
    await time.settle()
    assert action.done()
    assert sent(simulator) == [f"turnOff {LAMP_ID}"]
    # Telldus itself shows it only some seconds later; a poll in between undoes nothing.
    await time.until(loaded.runtime_data.devices.async_refresh())
    assert loaded.runtime_data.devices.data[LAMP_ID].is_on
    assert state_of(hass, LAMP).state == "off"
    await time.move(60)
    assert state_of(hass, LAMP).state == "off"
    assert simulator.home.devices[LAMP_ID].state == 2


@pytest.mark.parametrize("waited", [2, 17, 28])
async def test_confirmed_by_a_poll(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    waited: float,
) -> None:
    """Where a poll tells soon enough what became of a command, no list is asked for."""
    await time.listed("devices")
    await time.move(waited)
    before = polls(simulator)
    await dashboard.do("turn_off", LAMP)
    await time.move(91)
    assert before + 2 <= polls(simulator) <= before + 3
    assert await undecided(hass, loaded) == 0


async def test_confirmed_soon(
    hass: HomeAssistant,
    seldom_polled: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Where the next poll is far away, one read ten seconds after a command tells."""
    before = polls(simulator)
    began = simulator.clock()
    await dashboard.do("turn_off", LAMP)
    await time.move(13)
    assert polls(simulator) == before + 1
    (look,) = (
        one.time
        for one in simulator.log
        if one.path == "json/devices/list" and one.time > began
    )
    assert 10 <= look - began <= 12
    # The next ones share one, half a minute after the first.
    for _ in range(4):
        await dashboard.do("toggle", LAMP)
        await time.move(2)
    await time.move(18)
    assert polls(simulator) == before + 1
    await time.move(30)
    assert polls(simulator) == before + 2
    assert await undecided(hass, seldom_polled) == 0


async def test_telldus_wins_in_the_end(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A command that was accepted and never done is shown as what it was."""
    simulator.faults.add(Fault.COMMAND_LOST, match="json/device/*", times=1)
    await dashboard.do("turn_off", LAMP)
    assert state_of(hass, LAMP).state == "off"
    await time.move(31)
    assert state_of(hass, LAMP).state == "on"


async def test_several_commands(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Commands that keep coming put the look off, but not for ever."""
    before = polls(simulator)
    began = simulator.clock()
    for _ in range(5):
        await dashboard.do("turn_off", LAMP)
        await time.move(8)
    assert polls(simulator) > before
    looks = [r.time for r in simulator.log if r.path == "json/devices/list"]
    assert min(t for t in looks if t > began) - began <= 32
    await time.move(30)
    assert state_of(hass, LAMP).state == "off"


async def test_dim(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
) -> None:
    """A level is sent as a level, a plain "on" as on."""
    await dashboard.do("turn_on", DIMMER, brightness=99)
    assert state_of(hass, DIMMER).attributes["brightness"] == 99
    await dashboard.do("turn_off", DIMMER)
    assert state_of(hass, DIMMER).state == "off"
    await dashboard.do("turn_on", DIMMER)
    assert state_of(hass, DIMMER).attributes["brightness"] == 255
    assert sent(simulator) == [
        f"dim {DIMMER_ID} 99",
        f"turnOff {DIMMER_ID}",
        f"turnOn {DIMMER_ID}",
    ]


async def test_level_zero(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
) -> None:
    """Level 0 is off."""
    await dashboard.do("turn_on", DIMMER, brightness=0)
    assert state_of(hass, DIMMER).state == "off"
    assert sent(simulator) == [f"turnOff {DIMMER_ID}"]


async def test_newest_wins(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Of the commands that wait for one device, only the newest is sent."""
    actions = [
        dashboard.begin("turn_on", DIMMER, brightness=level)
        for level in (20, 40, 60, 80)
    ]
    actions.append(dashboard.begin("turn_off", LAMP))
    assert state_of(hass, DIMMER).attributes["brightness"] == 80
    await time.move(2)
    assert all(action.done() for action in actions)
    assert sent(simulator) in (
        [f"dim {DIMMER_ID} 80", f"turnOff {LAMP_ID}"],
        # The first had leave to be sent in the moment that it was given.
        [f"dim {DIMMER_ID} 20", f"turnOff {LAMP_ID}", f"dim {DIMMER_ID} 80"],
        [f"dim {DIMMER_ID} 20", f"dim {DIMMER_ID} 80", f"turnOff {LAMP_ID}"],
    )
    await time.move(20)
    assert simulator.home.devices[DIMMER_ID].values[16] == 80


async def test_shown_while_it_is_sent(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What is on the wire is shown together with what waits behind it."""
    bulb = "light.color_bulb"
    simulator.faults.add(Fault.SLOW, match="json/device/*", times=1, seconds=8)
    dashboard.begin("turn_on", bulb, brightness=51)
    await time.move(3)
    dashboard.begin("turn_on", bulb, rgb_color=(0, 255, 0))
    await time.settle()
    attributes = state_of(hass, bulb).attributes
    assert (attributes["brightness"], attributes["rgb_color"]) == (51, (0, 255, 0))


@pytest.mark.only(
    *("Window lamp", "Hall switch", "Energy plug", "Garage light", "Bedside lamp"),
    *("Coffee maker", "Christmas star", "Porch light", "Garden pump", "Towel rail"),
    *("Outdoor lights", "Workbench", "Loft fan", "Diesel heater"),
)
async def test_many_at_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """All are shown at once, and all are sent, however long the limit makes it take."""
    switches = [
        state.entity_id
        for state in hass.states.async_all("switch")
        if state.state in ("on", "off")
    ]
    assert len(switches) > 10
    actions = [dashboard.begin("turn_on", entity_id) for entity_id in switches]
    assert all(state_of(hass, entity_id).state == "on" for entity_id in switches)
    await time.move(21)
    # The action goes on to the next; the commands go on by themselves.
    assert all(action.done() for action in actions)
    assert len(sent(simulator)) < len(switches)
    await time.move(119)
    # One of them is a group, which speaks for the one that is in it.
    assert len(sent(simulator)) == len(switches) - 1
    await time.move(40)
    assert all(state_of(hass, entity_id).state == "on" for entity_id in switches)
    assert all(request.status == HTTPStatus.OK for request in simulator.log)


# Several things of one device


async def test_color_and_level(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A color and a level are two requests, and a newer wish replaces its like only."""
    bulb, bulb_id = "light.color_bulb", "2100009"
    rate_limiter_of(hass, loaded).on_rate_limited(12)
    actions = [
        dashboard.begin("turn_on", bulb, rgb_color=[255, 0, 0], brightness=100),
        dashboard.begin("turn_on", bulb, brightness=50),
        dashboard.begin("turn_on", bulb, rgb_color=[0, 0, 255]),
    ]
    shown = state_of(hass, bulb).attributes
    assert (shown["brightness"], shown["rgb_color"]) == (50, (0, 0, 255))
    await time.move(15)
    assert all(action.done() for action in actions)
    assert sent(simulator) == [f"dim {bulb_id} 50", f"rgb {bulb_id}"]
    await time.move(20)
    device = simulator.home.devices[bulb_id]
    assert (device.values[16], device.values[1024]) == (50, 0x0000FF)


@pytest.mark.parametrize(
    ("wishes", "told", "mode", "target"),
    [
        (
            [("set_temperature", {"temperature": 22})],
            [{"mode": "auto", "temperature": "22", "scale": "0", "changeMode": "0"}],
            "auto",
            22,
        ),
        (
            [
                ("set_hvac_mode", {"hvac_mode": "cool"}),
                ("set_temperature", {"temperature": 23}),
                ("set_temperature", {"temperature": 25}),
            ],
            [{"mode": "cool", "temperature": "25", "scale": "0", "changeMode": "1"}],
            "cool",
            25,
        ),
        (
            [
                ("set_hvac_mode", {"hvac_mode": "cool"}),
                ("set_hvac_mode", {"hvac_mode": "heat"}),
            ],
            [{"mode": "heat", "changeMode": "1"}],
            "heat",
            22,
        ),
        (
            # Each of two modes has its temperature.
            [
                ("set_temperature", {"temperature": 20}),
                ("set_hvac_mode", {"hvac_mode": "cool"}),
                ("set_temperature", {"temperature": 24}),
            ],
            [
                {"mode": "auto", "temperature": "20", "scale": "0", "changeMode": "0"},
                {"mode": "cool", "temperature": "24", "scale": "0", "changeMode": "1"},
            ],
            "cool",
            24,
        ),
        (
            # A mode that is chosen again is chosen last.
            [
                ("set_temperature", {"temperature": 20, "hvac_mode": "heat"}),
                ("set_temperature", {"temperature": 24, "hvac_mode": "cool"}),
                ("set_hvac_mode", {"hvac_mode": "heat"}),
            ],
            [
                {"mode": "heat", "temperature": "20", "scale": "0", "changeMode": "1"},
                {"mode": "cool", "temperature": "24", "scale": "0", "changeMode": "1"},
                {"mode": "heat", "changeMode": "1"},
            ],
            "heat",
            20,
        ),
    ],
)
async def test_thermostat_in_a_pause(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    wishes: list[tuple[str, dict[str, Any]]],
    told: list[dict[str, str]],
    mode: str,
    target: float,
) -> None:
    """Nothing that a thermostat was told is lost, and as little as can be is sent."""
    pump = "climate.heat_pump"
    rate_limiter_of(hass, loaded).on_rate_limited(12)
    actions = [dashboard.begin(action, pump, **data) for action, data in wishes]
    shown = state_of(hass, pump)
    assert (shown.state, shown.attributes["temperature"]) == (mode, target)
    await time.move(15)
    assert all(action.done() and not action.exception() for action in actions)
    assert settings_sent(simulator) == told
    await time.move(30)
    shown = state_of(hass, pump)
    assert (shown.state, shown.attributes["temperature"]) == (mode, target)


async def test_temperature_for_a_mode_that_waits(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """A temperature that comes late is sent with its mode, which stays unchosen."""
    commands = loaded.runtime_data.commands
    rate_limiter_of(hass, loaded).on_rate_limited(12)
    pump = "2100041"
    assert simulator.home.devices[pump].name == "Heat pump"
    for setting in (
        ThermostatSetpoint("heat", 18),
        ThermostatSetpoint("cool", 24),
        ThermostatSetpoint("heat", 19, change_mode=False),
    ):
        hass.async_create_task(
            commands.async_send(Command(pump, Method.THERMOSTAT, setting))
        )
        await time.settle()
    await time.move(15)
    assert settings_sent(simulator) == [
        {"mode": "heat", "temperature": "19", "scale": "0", "changeMode": "1"},
        {"mode": "cool", "temperature": "24", "scale": "0", "changeMode": "1"},
    ]
    await time.move(30)
    assert state_of(hass, "climate.heat_pump").state == "cool"


async def test_newer_wish_while_one_is_refused(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    dashboard: Dashboard,
    time: Time,
) -> None:
    """What came while a request was on its way takes its place, should it be refused."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/device/*", times=1, retry_after=12
    )
    first = dashboard.begin("turn_on", DIMMER, brightness=50)
    while not rate_limiter_of(hass, loaded).sending:
        await asyncio.sleep(0)
    second = dashboard.begin("turn_off", LAMP)
    third = dashboard.begin("turn_on", DIMMER, brightness=70)
    await time.move(20)
    assert all(one.done() and not one.exception() for one in (first, second, third))
    assert sent(simulator) == [
        f"dim {DIMMER_ID} 50",
        f"dim {DIMMER_ID} 70",
        f"turnOff {LAMP_ID}",
    ]


# Refused


@pytest.mark.parametrize(
    ("fault", "arguments", "key", "text"),
    [
        (
            Fault.APPLICATION_ERROR,
            {"text": "The moon is full"},
            "command_rejected",
            "Telldus refused the command to Window lamp: The moon is full",
        ),
        (
            Fault.APPLICATION_ERROR,
            {"text": "The client for this device is currently offline", "code": 3},
            "command_gateway_offline",
            "Window lamp cannot be reached: its gateway is offline",
        ),
        (
            Fault.UNAUTHORIZED_XML,
            {},
            "command_invalid_auth",
            "Nothing was sent to Window lamp: Telldus no longer accepts the login",
        ),
        (Fault.BAD_GATEWAY, {}, "command_cannot_connect", "Telldus cannot be reached"),
        (Fault.GARBAGE, {}, "command_invalid_response", "invalid response"),
    ],
)
async def test_refused_in_time(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    fault: Fault,
    arguments: dict[str, Any],
    key: str,
    text: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A refusal is raised with its reason, and the state taken back."""
    simulator.faults.add(fault, match="json/device/*", times=1, **arguments)
    with pytest.raises(HomeAssistantError) as raised:
        await dashboard.do("turn_off", LAMP)
    assert raised.value.translation_key == key
    assert text in str(raised.value)
    assert isinstance(raised.value.__cause__, TelldusError)
    assert state_of(hass, LAMP).state == "on"
    assert complaints(caplog) == []
    # The next one finds nothing in its way.
    await dashboard.do("turn_off", LAMP)
    assert state_of(hass, LAMP).state == "off"


async def test_outcomes_are_counted(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What became of the commands adds up."""
    for number in (1, 2):
        simulator.faults.add(Fault.APPLICATION_ERROR, match="json/device/*", times=1)
        with pytest.raises(HomeAssistantError):
            await dashboard.do("turn_off", LAMP)
        assert await outcomes(hass, loaded) == {CommandOutcome.REFUSED: number}
    for number, action in enumerate(("turn_off", "turn_on"), 1):
        await dashboard.do(action, LAMP)
        await time.move(40)
        assert await outcomes(hass, loaded) == {
            CommandOutcome.REFUSED: 2,
            CommandOutcome.CONFIRMED: number,
        }


async def test_pushed_is_not_sent(
    loaded: MockConfigEntry, dashboard: Dashboard, simulator: Simulator, time: Time
) -> None:
    """What a device was heard to do says nothing of a command that was not sent yet."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/device/*", times=1, retry_after=15
    )
    dashboard.begin("turn_off", LAMP)
    await time.move(1)
    commands = loaded.runtime_data.commands
    lamp = replace(loaded.runtime_data.devices.data[LAMP_ID], state=Method.TURNOFF)
    commands.async_confirm_from_push(lamp, Method.TURNOFF)
    assert (commands.queue_length, commands.pending_count, commands.outcome_counts) == (
        1,
        1,
        {},
    )
    assert commands.is_commanded(LAMP_ID)
    await time.move(60)
    assert sent(simulator) == 2 * [f"turnOff {LAMP_ID}"]
    assert commands.outcome_counts == {CommandOutcome.CONFIRMED: 1}
    assert not commands.is_commanded(LAMP_ID)


async def test_pushed_in_order(
    loaded: MockConfigEntry, dashboard: Dashboard, simulator: Simulator, time: Time
) -> None:
    """What a device was told last it may still have to do, and nothing that it was before."""
    commands = loaded.runtime_data.commands
    await dashboard.do("turn_off", LAMP)
    await time.move(3)
    await dashboard.do("turn_on", LAMP)
    assert commands.pending_count == 1
    lamp = replace(loaded.runtime_data.devices.data[LAMP_ID], state=Method.TURNOFF)
    commands.async_confirm_from_push(lamp, Method.TURNOFF)
    assert (commands.pending_count, commands.outcome_counts) == (
        1,
        {CommandOutcome.REPLACED: 1},
    )


async def test_pushed_failure(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failure that is pushed takes back what it is about, and nothing else."""
    commands = loaded.runtime_data.commands
    failed = CommandFailedMessage(LAMP_ID, Method.TURNOFF, SuccessStatus.NO_REPLY, None)
    commands.async_fail_from_push(failed)
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/device/*", times=1, retry_after=15
    )
    dashboard.begin("turn_off", LAMP)
    await time.move(1)
    # Of another time: this one was not even sent.
    commands.async_fail_from_push(failed)
    assert commands.is_commanded(LAMP_ID)
    await time.move(17)
    commands.async_fail_from_push(replace(failed, method=Method.RGB))
    assert commands.is_commanded(LAMP_ID)
    assert state_of(hass, LAMP).state == "off"
    commands.async_fail_from_push(replace(failed, method=None))
    assert not commands.is_commanded(LAMP_ID)
    assert commands.outcome_counts == {CommandOutcome.REFUSED_LATE: 1}
    (line,) = complaints(caplog)
    assert "it did not answer" in line


async def test_waits_at_the_gateway(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What waits for its device to wake stays shown, and is not asked after at once."""
    simulator.faults.add(Fault.COMMAND_LOST, match="json/device/*", times=1)
    await dashboard.do("turn_on", DIMMER, brightness=17)
    loaded.runtime_data.commands.async_fail_from_push(
        CommandFailedMessage(DIMMER_ID, Method.DIM, SuccessStatus.QUEUED, None)
    )
    for passed in (20, 250):
        await time.move(passed)
        assert sent(simulator) == [f"dim {DIMMER_ID} 17"]
        assert state_of(hass, DIMMER).attributes["brightness"] == 17
    await time.move(70)
    assert sent(simulator) == [f"dim {DIMMER_ID} 17", f"history {DIMMER_ID}"]


async def test_order_after_a_pause(
    loaded: MockConfigEntry, dashboard: Dashboard, simulator: Simulator, time: Time
) -> None:
    """What was refused for a while goes first again."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/device/*", times=1, retry_after=15
    )
    for entity_id in (LAMP, DIMMER, "switch.hall_switch"):
        dashboard.begin("turn_off" if entity_id == LAMP else "turn_on", entity_id)
    await time.move(30)
    first, *rest = (told.partition(" ")[2] for told in sent(simulator))
    assert [first, rest[0]] == 2 * [LAMP_ID]
    assert rest[1:] == [DIMMER_ID, "2100002"]


async def test_not_asleep_without_a_battery(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What has a sensor but no battery is awake: it is not waited for."""
    plug, commands = "switch.energy_plug", loaded.runtime_data.commands
    before = state_of(hass, plug).state
    simulator.faults.add(Fault.COMMAND_LOST, match="json/device/*", times=1)
    await dashboard.do("toggle", plug)
    assert state_of(hass, plug).state != before
    await time.move(40)
    assert state_of(hass, plug).state == before
    assert (
        commands.pending_count,
        commands.outcome_counts[CommandOutcome.REFUSED_LATE],
    ) == (0, 1)


async def test_neither_success_nor_error(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
) -> None:
    """An answer without "success" is a refusal, if one without a reason."""
    simulator.faults.add(Fault.MISSING_KEYS, match="json/device/*", times=1)
    with pytest.raises(HomeAssistantError):
        await dashboard.do("turn_off", LAMP)
    assert state_of(hass, LAMP).state == "on"


async def test_refused_too_late(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """When nobody waits any more, the state is taken back and one line logged."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/device/*", times=1, retry_after=30
    )
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/device/*", times=1, text="Too late"
    )
    action = dashboard.begin("turn_off", LAMP)
    await time.move(21)
    assert action.done()
    assert action.exception() is None
    assert state_of(hass, LAMP).state == "off"
    await time.move(15)
    assert state_of(hass, LAMP).state == "on"
    assert complaints(caplog) == [
        "A command to Window lamp (switch.window_lamp) was not carried out: Too late"
    ]


async def test_waits_for_the_end_of_a_pause(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A 429 loses no command, and sends none twice; a newer one takes its place."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/device/*", times=1, retry_after=30
    )
    first = dashboard.begin("turn_on", DIMMER, brightness=50)
    await time.move(2)
    assert sent(simulator) == [f"dim {DIMMER_ID} 50"]
    second = dashboard.begin("turn_on", DIMMER, brightness=70)
    await time.move(22)
    assert first.done()
    assert second.done()
    assert state_of(hass, DIMMER).attributes["brightness"] == 70
    await time.move(10)
    assert sent(simulator) == [f"dim {DIMMER_ID} 50", f"dim {DIMMER_ID} 70"]
    await time.move(10)
    assert simulator.home.devices[DIMMER_ID].values[16] == 70


async def test_newer_command_during_a_refused_one(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A command given while an older one is under way speaks for both if that fails."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/device/*", times=1, retry_after=10
    )
    first = dashboard.begin("turn_on", DIMMER, brightness=50)
    # Its request is under way now.
    while not rate_limiter_of(hass, loaded).sending:
        await asyncio.sleep(0)
    second = dashboard.begin("turn_on", DIMMER, brightness=70)
    await time.move(15)
    assert first.done()
    assert second.done()
    assert sent(simulator)[-1] == f"dim {DIMMER_ID} 70"
    assert sent(simulator).count(f"dim {DIMMER_ID} 50") == 1


async def test_older_failure_leaves_the_newer_shown(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What is taken back is the command that failed, not the one after it."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/device/*", times=1)
    first = dashboard.begin("turn_on", DIMMER, brightness=50)
    while not rate_limiter_of(hass, loaded).sending:
        await asyncio.sleep(0)
    second = dashboard.begin("turn_on", DIMMER, brightness=70)
    await time.move(2)
    assert isinstance(first.exception(), HomeAssistantError)
    assert second.exception() is None
    assert state_of(hass, DIMMER).attributes["brightness"] == 70


async def test_given_up(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After a quarter of an hour a command is no longer what anybody wants."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/device/*", times=None, retry_after=300
    )
    dashboard.begin("turn_off", LAMP)
    await time.move(200)
    assert state_of(hass, LAMP).state == "off"
    await time.move(800)
    (line,) = [line for line in complaints(caplog) if "command" in line]
    assert line.startswith(
        "A command to Window lamp (switch.window_lamp) was not carried out: too many"
    )
    assert len(sent(simulator)) == 3
    await time.move(400)
    assert state_of(hass, LAMP).state == "on"
    assert len(sent(simulator)) == 3


async def test_given_up_in_time(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Where it is clear at once that it will take too long, the person is told."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/device/*", times=1, retry_after=3000
    )
    with pytest.raises(HomeAssistantError) as raised:
        await dashboard.do("turn_off", LAMP)
    assert raised.value.translation_key == "command_rate_limited"
    assert state_of(hass, LAMP).state == "on"
    # And so while the pause lasts, without asking Telldus.
    asked = len(simulator.log)
    with pytest.raises(HomeAssistantError):
        await dashboard.do("turn_off", LAMP)
    assert len(simulator.log) == asked


async def test_refused_sign_in_is_counted(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A refused command counts as a refused poll does, and an accepted one ends it."""
    simulator.faults.add(Fault.UNAUTHORIZED_XML, match="json/*", times=None)
    with pytest.raises(HomeAssistantError):
        await dashboard.do("turn_off", LAMP)
    await time.move(119)
    assert hass.config_entries.flow.async_progress()
    simulator.faults.clear()
    await dashboard.do("turn_off", LAMP)
    assert not hass.config_entries.flow.async_progress()
    await time.move(40)
    assert polls(simulator) > 2
    assert state_of(hass, LAMP).state == "off"


async def test_look_fails(
    hass: HomeAssistant,
    add_entry: AddEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A look that fails is repeated, even if the next poll is far away."""
    entry = add_entry(options={CONF_SCAN_INTERVAL: 3600})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(15)
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/devices/list", times=1)
    simulator.faults.add(Fault.COMMAND_LOST, match="json/device/*", times=1)
    await dashboard.do("turn_off", LAMP)
    await time.move(35)
    assert state_of(hass, LAMP).state == "off"
    await time.move(15)
    assert state_of(hass, LAMP).state == "on"
    before = polls(simulator)
    await time.move(119)
    assert polls(simulator) == before


async def test_command_to_a_device_that_went(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A command whose device is removed meanwhile at Telldus is accounted for."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/device/*", times=1, retry_after=45
    )
    dashboard.begin("turn_off", LAMP)
    del simulator.home.devices[LAMP_ID]
    await time.move(90)
    (line,) = complaints(caplog)
    assert line.startswith(
        "A command to Window lamp (switch.window_lamp) was not carried out"
    )
    assert "does not exist" in line


async def test_disabling_interrupts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Whoever waits for a command when the integration is disabled is told."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/device/*", times=1, retry_after=30
    )
    action = dashboard.begin("turn_off", LAMP)
    await time.move(2)
    assert not action.done()
    await time.until(
        hass.config_entries.async_set_disabled_by(
            loaded.entry_id, ConfigEntryDisabler.USER
        )
    )
    await time.settle()
    error = action.exception()
    assert isinstance(error, HomeAssistantError)
    assert error.translation_key == "command_interrupted"
    assert (error.translation_domain, error.translation_placeholders) == (
        *(DOMAIN, {"device": "Window lamp", "reason": "", "wait": "0"}),
    )
    await time.move(60)
    assert len(sent(simulator)) == 1


async def test_unload_while_looking(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A look that was planned does not happen after unloading."""
    await dashboard.do("turn_off", LAMP)
    asked = len(simulator.log)
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    await time.move(60)
    assert len(simulator.log) == asked


async def test_unload_in_the_middle_of_a_look(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A look that is under way ends with the entry, and plans no other."""
    commands = loaded.runtime_data.commands
    await dashboard.do("turn_off", LAMP)
    simulator.faults.add(Fault.SLOW, match="json/devices/list", times=1, seconds=8)
    before = polls(simulator)
    while polls(simulator) == before:
        await time.move(1)
    assert commands.pending_count == 1
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    await time.move(60)
    assert polls(simulator) == before + 1


async def test_refused_login(
    hass: HomeAssistant,
    seldom_polled: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Commands alone tell that the account's login is refused, and that it is not any more."""
    flows = hass.config_entries.flow.async_progress
    simulator.faults.add(Fault.UNAUTHORIZED_TEXT, match="json/device/*")
    for _ in range(2):
        assert not flows()
        with pytest.raises(HomeAssistantError):
            await dashboard.do("turn_off", LAMP)
        await time.move(61)
    (flow,) = flows()
    assert flow["context"]["source"] == "reauth"
    simulator.faults.clear()
    await dashboard.do("turn_off", LAMP)
    assert not flows()


async def test_listeners(
    loaded: MockConfigEntry, dashboard: Dashboard, simulator: Simulator
) -> None:
    """Who listens hears of each time that a command is sent, and of each refusal."""
    heard = []

    def listen(device_ids: Iterable[str], is_sent: bool) -> None:
        heard.append(([*device_ids], is_sent))

    loaded.runtime_data.commands.async_add_sent_listener(listen)
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/device/*", times=1, retry_after=12
    )
    await dashboard.do("turn_off", LAMP)
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/device/*", times=1, text="No"
    )
    with pytest.raises(HomeAssistantError):
        await dashboard.do("turn_on", LAMP)
    told = (True, False, True, True, False)
    assert heard == [([LAMP_ID], is_sent) for is_sent in told]


async def test_after_a_long_pause(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """However often Telldus was busy, a command is sent as soon as a pause is over."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="device/turnOff", times=4, retry_after=20
    )
    began = simulator.clock()
    dashboard.begin("turn_off", LAMP)
    await time.move(100)
    tries = [one.time - began for one in simulator.log if "turnOff" in one.path]
    assert tries == pytest.approx([0, 20, 40, 60, 80], abs=2)
    assert state_of(hass, LAMP).state == "off"
