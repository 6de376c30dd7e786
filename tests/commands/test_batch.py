"""What one action commands is judged by the state before it."""

import asyncio
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from custom_components.telldus_pa.commands.batch import in_order
from custom_components.telldus_pa.commands.pending import PendingCommand
from custom_components.telldus_pa.devices.kinds import DeviceKind
from custom_components.telldus_pa.pa_api import Command, Method
from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Simulator
from simulator.home import Device, SceneAction
from simulator.methods import Method as Told
from tests.commands.conftest import SetUp
from tests.conftest import Time
from tests.factories import GATEWAY, group, lamp
from tests.helpers import rate_limiter_of, sent, state_of

from .conftest import undecided

pytestmark = pytest.mark.only("All lamps", "Hidden", "Hidden plug", "Window lamp")


GROUP = "light.all_lamps"


def scene(number: int, *actions: SceneAction) -> Device:
    """Return a scene."""
    return Device(
        *(str(number), GATEWAY, str(number), f"Scene {number}", int(Told.TURNON)),
        type="scene",
        transport="scene",
        protocol="scene",
        actions=list(actions),
    )


def home() -> list[Device]:
    """Return two dimmers, their group, two with members that are not known, and a scene."""
    return [
        *(lamp(number, dims=True) for number in (1, 2)),
        group(90, ["1", "2"]),
        group(91, ["1", "unknown"], "Half known"),
        replace(lamp(3), ignored=True),
        group(92, ["3"], "Hidden"),
        scene(95, SceneAction("1", Told.TURNON)),
    ]


@pytest.mark.parametrize(
    "order", [[GROUP, "1", "2"], ["1", GROUP, "2"], ["1", "2", GROUP]]
)
@pytest.mark.parametrize("domain", ["light", "homeassistant"])
async def test_toggle(
    hass: HomeAssistant,
    set_up_home: SetUp,
    simulator: Simulator,
    time: Time,
    order: list[str],
    domain: str,
) -> None:
    """A group that is toggled with its members is toggled once."""
    await async_setup_component(hass, "homeassistant", {})
    await set_up_home(*home())
    entity_ids = [one if one == GROUP else f"light.lamp_{one}" for one in order]
    await time.until(
        hass.services.async_call(
            domain, "toggle", {"entity_id": entity_ids}, blocking=True
        )
    )
    assert {state_of(hass, one).state for one in entity_ids} == {"off"}
    assert sent(simulator) == ["turnOff 90"]


@pytest.mark.parametrize("order", permutations([("blind", 20), ("all_blinds", 70)]))
async def test_positions(
    hass: HomeAssistant,
    set_up_home: SetUp,
    simulator: Simulator,
    time: Time,
    order: list[tuple[str, int]],
) -> None:
    """In a scene of Home Assistant a blind has its own position, whichever comes first."""
    methods = int(Told.UP | Told.DOWN | Told.STOP | Told.DIM)
    await set_up_home(
        replace(lamp(1), name="Blind", methods=methods),
        replace(lamp(2), name="Other", methods=methods),
        replace(group(90, ["1", "2"], "All blinds"), methods=methods),
    )
    action = Context()
    for name, position in order:
        hass.async_create_task(
            hass.services.async_call(
                "cover",
                "set_cover_position",
                {"entity_id": f"cover.{name}", "position": position},
                blocking=True,
                context=action,
            )
        )
    await time.move(5)
    assert [one.split()[:2] for one in sent(simulator)] == [["dim", "90"], ["dim", "1"]]


async def test_step(
    hass: HomeAssistant, set_up_home: SetUp, simulator: Simulator, time: Time
) -> None:
    """A step of brightness is one step, from what was before."""
    lamps = home()
    for one in lamps[:2]:
        one.state, one.state_value, one.values = Told.DIM, "100", {16: 100}
    await set_up_home(*lamps)
    await time.until(
        hass.services.async_call(
            "light",
            "turn_on",
            {
                "entity_id": [GROUP, "light.lamp_1", "light.lamp_2"],
                "brightness_step": 20,
            },
            blocking=True,
        )
    )
    assert sent(simulator) == ["dim 90 120"]


@pytest.mark.parametrize(
    ("given", "requests", "lamp_is_on"),
    [
        # Of one action the narrower wins, however it is ordered ...
        (["a 1 on", "a 90 off"], ["turnOff 90", "turnOn 1"], True),
        (["a 1 off", "a 95 on"], ["turnOn 95", "turnOff 1"], False),
        (["a 1 off", "a 91 on"], ["turnOn 91", "turnOff 1"], False),
        (["a 91 off", "a 95 on"], ["turnOn 95", "turnOff 91"], False),
        (["a 92 off", "a 95 on"], ["turnOn 95", "turnOff 92"], True),
        # ... and of several the order counts.
        (["a 1 on", "b 90 off"], ["turnOff 90"], False),
        (["a 90 off", "b 1 on"], ["turnOff 90", "turnOn 1"], True),
        (
            ["a 1 off", "b 95 on", "c 1 off"],
            ["turnOff 1", "turnOn 95", "turnOff 1"],
            False,
        ),
        (["a 95 on", "b 1 off", "c 95 on"], ["turnOff 1", "turnOn 95"], True),
        (["a 91 on", "b 1 off", "c 91 on"], ["turnOff 1", "turnOn 91"], True),
        # What was on both sides of a scene that moved is one again.
        (
            ["a 1 off", "b 95 on", "c 1 off", "d 95 on"],
            ["turnOff 1", "turnOn 95"],
            True,
        ),
        # A group that says the same speaks for its member.
        (["a 90 off", "b 1 on", "c 1 off"], ["turnOff 90"], False),
        (["a 90 off", "b 1 on", "c 2 on"], ["turnOn 90"], True),
        # And goes on to do so when another member is told otherwise.
        (
            ["a 90 off", "b 1 on", "c 1 off", "d 2 on"],
            ["turnOff 90", "turnOn 2"],
            False,
        ),
    ],
)
async def test_order(
    hass: HomeAssistant,
    set_up_home: SetUp,
    simulator: Simulator,
    time: Time,
    given: list[str],
    requests: list[str],
    lamp_is_on: bool,
) -> None:
    """Within an action the narrower command wins, between actions the newer one."""
    entry = await set_up_home(*home())
    commands = entry.runtime_data.commands
    rate_limiter_of(hass, entry).on_rate_limited(12)
    contexts = {name: Context() for name in "abcd"}
    tasks: list[asyncio.Task[Any]] = []
    for one in given:
        action, device_id, state = one.split()
        method = Method.TURNON if state == "on" else Method.TURNOFF
        command = Command(device_id, method)
        tasks.append(
            hass.async_create_task(
                commands.async_send(command, context=contexts[action])
            )
        )
    await time.move(20)
    assert all(one.done() and not one.exception() for one in tasks)
    assert sent(simulator) == requests
    # The simulator computes what has become of its home when somebody asks.
    await time.move(31)
    assert (simulator.homes["demo"].devices["1"].state == Told.TURNON) is lamp_is_on


def given(
    device_id: str, *members: str, is_opaque: bool = False, level: int | None = None
) -> PendingCommand:
    """Return a command as the batch has it: to a device, or to a group of members."""
    command = Command(device_id, Method.DIM if level else Method.TURNON, level)
    effects = {one: replace(command, device_id=one) for one in members or (device_id,)}
    return PendingCommand(command, effects, 0.0, is_opaque=is_opaque)


def test_widest_first() -> None:
    """However an action's commands come, each is sent after what is wider."""
    all_off, half_known = given("95", is_opaque=True), given("91", "1", is_opaque=True)
    large, small, single = (
        given("90", "1", "2", "3"),
        given("93", "1", "2"),
        given("94", "1"),
    )
    wanted = [all_off, half_known, large, small, single, given("1")]
    for mixed in permutations(wanted):
        assert (
            in_order([("a", one) for one in mixed], {"95": DeviceKind.SCENE}) == wanted
        )


def test_turns_of_actions() -> None:
    """Each action has the turns that it was given, and a device hears all in its order."""
    lamps_on, lamp_on, later = given("90", "1", "2"), given("1"), given("92", "1", "2")
    dim, dim_more = given("91", "1", level=5), given("91", "1", is_opaque=True)
    batch = [("a", lamp_on), ("b", later), ("a", lamps_on), ("b", dim), ("b", dim_more)]
    assert in_order(batch, {}) == [lamps_on, dim, lamp_on, dim_more, later]


async def test_member_that_leaves(
    hass: HomeAssistant, set_up_home: SetUp, simulator: Simulator, time: Time
) -> None:
    """A group is told in the moment in which a list arrives that lacks a member."""
    entry = await set_up_home(*home())
    data = entry.runtime_data
    del simulator.homes["demo"].devices["2"]

    def switch_off() -> None:
        """Command the group, before anybody is told that its member has left."""
        stop_listening()
        hass.async_create_task(data.commands.async_send(Command("90", Method.TURNOFF)))

    stop_listening = data.devices.async_add_refresh_listener(switch_off)
    await time.move(35)
    assert sent(simulator) == ["turnOff 90"]
    await time.move(40)
    assert await undecided(hass, entry) == 0


async def test_slider_of_a_group(
    hass: HomeAssistant, set_up_home: SetUp, simulator: Simulator, time: Time
) -> None:
    """A level that is held for the hand at a slider does not overtake a newer command."""
    entry = await set_up_home(*home())
    commands = entry.runtime_data.commands
    for command in (
        Command("90", Method.DIM, 50),
        Command("90", Method.DIM, 60),
        Command("1", Method.TURNOFF),
    ):
        hass.async_create_task(commands.async_send(command))
        await time.leap(0.3)
    await time.leap(0.3)
    assert sent(simulator) == ["dim 90 50", "dim 90 60", "turnOff 1"]
    await time.move(35)
    assert simulator.homes["demo"].devices["1"].state == Told.TURNOFF
