"""Many commands at once, and a hand at a slider, under the limit."""

from dataclasses import replace
from http import HTTPStatus
from itertools import pairwise
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.pa_api import Command, Method
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from simulator import Fault, Simulator
from simulator.home import Home
from tests.conftest import AddEntry, Time
from tests.factories import group, home_of, lamp
from tests.helpers import Dashboard, complaints, rate_limiter_of, sent, state_of

from .conftest import outcomes, undecided

LAMPS = 50


async def set_up(
    hass: HomeAssistant, add_entry: AddEntry, time: Time
) -> MockConfigEntry:
    """Set up an entry with the home that the simulator has by now."""
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(75)
    assert entry.state is ConfigEntryState.LOADED
    return entry


@pytest.fixture
def own_home(simulator: Simulator) -> Home:
    """Return a home with nothing in it yet."""
    simulator._home = home_of()  # noqa: SLF001
    return simulator.home


def put(home: Home, *devices: Any) -> None:
    """Put devices into a home."""
    home.devices.update({device.id: device for device in devices})


async def test_all_off(
    hass: HomeAssistant,
    add_entry: AddEntry,
    own_home: Home,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Fifty lamps: all shown off at once, all sent, and the script goes on meanwhile."""
    put(own_home, *(lamp(number) for number in range(1, LAMPS + 1)))
    await set_up(hass, add_entry, time)
    lamps = [f"light.lamp_{number}" for number in range(1, LAMPS + 1)]
    assert await async_setup_component(
        hass,
        "script",
        {
            "script": {
                "night": {
                    "sequence": [
                        {"action": "light.turn_off", "target": {"entity_id": lamps}},
                        {"event": "next_step"},
                    ]
                }
            }
        },
    )
    next_steps: list[Any] = []
    hass.bus.async_listen("next_step", next_steps.append)
    began = len(simulator.log)
    script = hass.async_create_task(
        hass.services.async_call("script", "night", blocking=True)
    )
    await time.settle()
    assert {state_of(hass, one).state for one in lamps} == {"off"}
    await time.move(25)
    assert next_steps
    assert script.done()
    assert not script.exception()
    # Ten in the first minute, and so on; whatever is read meanwhile undoes nothing.
    for _ in range(7):
        await time.move(60)
        assert {state_of(hass, one).state for one in lamps} == {"off"}
    assert sorted(sent(simulator)) == sorted(
        f"turnOff {number}" for number in range(1, LAMPS + 1)
    )
    assert {device.state for device in simulator.home.devices.values()} == {2}
    assert all(one.status == HTTPStatus.OK for one in simulator.log[began:])
    # A flood is spread, lest all ten of a minute go out at once.
    sent_at = [one.time for one in simulator.log[began:] if "/device/" in one.path]
    later = [when for when in sent_at if when > sent_at[0] + 70]
    assert min(after - before for before, after in pairwise(later)) > 5.5
    assert complaints(caplog) == []


async def test_all_off_where_bursts_are_refused(
    hass: HomeAssistant,
    add_entry: AddEntry,
    own_home: Home,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Also a server that refuses the second request within 10 s gets them all."""
    simulator.settings.strict_burst = True
    put(own_home, *(lamp(number) for number in range(1, 13)))
    await set_up(hass, add_entry, time)
    lamps = [f"light.lamp_{number}" for number in range(1, 13)]
    began = len(simulator.log)
    action = hass.async_create_task(
        hass.services.async_call(
            "light", "turn_off", {"entity_id": lamps}, blocking=True
        )
    )
    await time.move(119)
    assert action.done()
    assert not action.exception()
    await time.move(119)
    assert {device.state for device in simulator.home.devices.values()} == {2}
    assert {state_of(hass, one).state for one in lamps} == {"off"}
    refused = [one for one in simulator.log[began:] if one.status != HTTPStatus.OK]
    # It has to be learned once.
    assert len(refused) <= 2
    assert complaints(caplog) == []


async def test_too_many_to_be_sent_in_time(
    hass: HomeAssistant,
    add_entry: AddEntry,
    own_home: Home,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What could not be sent in a quarter of an hour is given up, and told."""
    count = 170
    put(own_home, *(lamp(number) for number in range(1, count + 1)))
    entry = await set_up(hass, add_entry, time)
    lamps = [f"light.lamp_{number}" for number in range(1, count + 1)]
    hass.async_create_task(
        hass.services.async_call("light", "turn_off", {"entity_id": lamps})
    )
    for _ in range(15):
        await time.move(60)
    assert len(sent(simulator)) >= 120
    await time.move(119)
    done = len(sent(simulator))
    assert done < count
    lines = [line for line in complaints(caplog) if "command" in line]
    assert len(lines) == count - done
    late = next(one for one in simulator.home.devices.values() if one.state == 1)
    assert any(f"{late.name} (light." in line for line in lines)
    assert (await outcomes(hass, entry))["refused_late"] == count - done
    await time.move(40)
    for device in simulator.home.devices.values():
        shown = state_of(hass, f"light.lamp_{device.id}").state
        assert shown == ("on" if device.state == 1 else "off")


# Groups take the place of their members


@pytest.mark.parametrize(
    ("told", "requests"),
    [
        # All members: the group
        ([1, 2, 3], ["turnOff 90"]),
        # All members and another
        ([4, 1, 2, 3], ["turnOff 90", "turnOff 4"]),
        # One is missing
        ([1, 2], ["turnOff 1", "turnOff 2"]),
        # The largest group, whichever lamp is the first
        ([1, 2, 3, 4, 5], ["turnOff 92"]),
    ],
)
async def test_members_become_their_group(
    hass: HomeAssistant,
    add_entry: AddEntry,
    own_home: Home,
    simulator: Simulator,
    time: Time,
    told: list[int],
    requests: list[str],
) -> None:
    """Commands that wait for all members of a group are one to the group."""
    put(
        own_home,
        *(lamp(number) for number in range(1, 6)),
        group(90, ["1", "2", "3"], "Three lamps"),
        group(91, ["4", "5"], "Two lamps"),
        group(92, ["90", "4", "5"], "Five lamps"),
    )
    entry = await set_up(hass, add_entry, time)
    lamps = [f"light.lamp_{number}" for number in told]
    action = hass.async_create_task(
        hass.services.async_call(
            "light", "turn_off", {"entity_id": lamps}, blocking=True
        )
    )
    await time.settle()
    assert {state_of(hass, one).state for one in lamps} == {"off"}
    await time.move(5)
    assert action.done()
    assert not action.exception()
    assert sorted(sent(simulator)) == sorted(requests)
    await time.move(40)
    assert {state_of(hass, one).state for one in lamps} == {"off"}
    assert await undecided(hass, entry) == 0
    others = {"1", "2", "3", "4", "5"} - {str(number) for number in told}
    assert all(simulator.home.devices[one].state == 1 for one in others)


async def test_levels_become_their_group(
    hass: HomeAssistant,
    add_entry: AddEntry,
    own_home: Home,
    simulator: Simulator,
    time: Time,
    dashboard: Dashboard,
) -> None:
    """The same level for all is one for the group; a different one is not."""
    put(own_home, lamp(1, dims=True), lamp(2, dims=True), group(90, ["1", "2"]))
    await set_up(hass, add_entry, time)
    for number in (1, 2):
        dashboard.begin("turn_on", f"light.lamp_{number}", brightness=100)
    await time.move(2)
    assert sent(simulator) == ["dim 90 100"]
    await time.move(60)
    for number in (1, 2):
        dashboard.begin("turn_on", f"light.lamp_{number}", brightness=100 + number)
    await time.move(5)
    assert sent(simulator)[1:] == ["dim 1 101", "dim 2 102"]


@pytest.mark.parametrize(
    "members",
    [
        # One is not known to us
        ["1", "2", "77"],
        # One is at another gateway
        ["1", "2", "elsewhere"],
    ],
)
async def test_group_with_unknown_members(
    hass: HomeAssistant,
    add_entry: AddEntry,
    own_home: Home,
    simulator: Simulator,
    time: Time,
    dashboard: Dashboard,
    members: list[str],
) -> None:
    """A group of which not every member is known would do more than was asked."""
    put(own_home, lamp(1), lamp(2), group(90, members), group(91, ["90", "1"]))
    await set_up(hass, add_entry, time)
    for number in (1, 2):
        dashboard.begin("turn_off", f"light.lamp_{number}")
    await time.move(5)
    assert sent(simulator) == ["turnOff 1", "turnOff 2"]


async def test_group_that_cannot(
    hass: HomeAssistant,
    add_entry: AddEntry,
    own_home: Home,
    simulator: Simulator,
    time: Time,
    dashboard: Dashboard,
) -> None:
    """A group is not told what it has no method for."""
    put(own_home, lamp(1), lamp(2), group(90, ["1", "2"]))
    devices = (await set_up(hass, add_entry, time)).runtime_data.devices
    can_only = replace(devices.data["90"], methods=Method.TURNON)
    devices.data = {**devices.data, "90": can_only}
    for number in (1, 2):
        dashboard.begin("turn_off", f"light.lamp_{number}")
    await time.move(5)
    assert sent(simulator) == ["turnOff 1", "turnOff 2"]


async def test_steps_are_not_their_group(
    hass: HomeAssistant,
    add_entry: AddEntry,
    own_home: Home,
    simulator: Simulator,
    time: Time,
) -> None:
    """Two doorbells ring one by one: each ring counts."""
    bells = [lamp(1), lamp(2), group(90, ["1", "2"])]
    for one in bells:
        one.methods = int(Method.BELL)
    put(own_home, *bells)
    commands = (await set_up(hass, add_entry, time)).runtime_data.commands
    rings = (Command("1", Method.BELL), Command("2", Method.BELL))
    await time.until(commands.async_send(*rings))
    assert sent(simulator) == ["bell 1", "bell 2"]


async def test_group_refused_for_its_members(
    hass: HomeAssistant,
    add_entry: AddEntry,
    own_home: Home,
    simulator: Simulator,
    time: Time,
    dashboard: Dashboard,
) -> None:
    """Where a group is refused, each of those who commanded a member is told of theirs."""
    put(own_home, lamp(1), lamp(2), group(90, ["1", "2"]))
    await set_up(hass, add_entry, time)
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/device/*", times=1, text="No"
    )
    actions = [dashboard.begin("turn_off", f"light.lamp_{number}") for number in (1, 2)]
    await time.move(2)
    for number, action in enumerate(actions, 1):
        error = action.exception()
        assert isinstance(error, HomeAssistantError)
        assert str(error) == f"Telldus refused the command to Lamp {number}: No"
        assert state_of(hass, f"light.lamp_{number}").state == "on"


async def test_group_in_a_pause(
    hass: HomeAssistant,
    add_entry: AddEntry,
    own_home: Home,
    simulator: Simulator,
    time: Time,
    dashboard: Dashboard,
) -> None:
    """What was told one by one while nothing could be sent becomes a group as well."""
    put(own_home, lamp(1), lamp(2), lamp(3), group(90, ["1", "2", "3"]))
    entry = await set_up(hass, add_entry, time)
    rate_limiter_of(hass, entry).on_rate_limited(12)
    for number in (1, 2, 3):
        dashboard.begin("turn_off", f"light.lamp_{number}")
        await time.move(2)
    # Told otherwise since: so it is not what the group would be told.
    dashboard.begin("turn_on", "light.lamp_2")
    await time.move(1)
    dashboard.begin("turn_off", "light.lamp_2")
    assert sent(simulator) == []
    await time.move(10)
    assert sent(simulator) == ["turnOff 90"]


# A slider


async def slide(
    dashboard: Dashboard, time: Time, seconds: float, entity_id: str
) -> list[Any]:
    """Drag a slider up for some seconds, ten levels a second."""
    actions = []
    for number in range(int(seconds * 10)):
        actions.append(dashboard.begin("turn_on", entity_id, brightness=20 + number))
        await time.move(0.1)
    return actions


async def test_slider(
    hass: HomeAssistant,
    add_entry: AddEntry,
    own_home: Home,
    simulator: Simulator,
    time: Time,
    dashboard: Dashboard,
) -> None:
    """Three seconds at a slider are two levels, the last of them the one that counts."""
    put(own_home, lamp(1, dims=True), lamp(2))
    await set_up(hass, add_entry, time)
    actions = await slide(dashboard, time, 3, "light.lamp_1")
    assert state_of(hass, "light.lamp_1").attributes["brightness"] == 49
    # Another lamp does not wait for the hand.
    await dashboard.do("turn_off", "light.lamp_2")
    assert sent(simulator) == ["dim 1 20", "turnOff 2"]
    await time.move(1)
    assert sent(simulator) == ["dim 1 20", "turnOff 2", "dim 1 49"]
    assert all(one.done() and not one.exception() for one in actions)
    await time.move(30)
    assert len(sent(simulator)) == 3
    assert state_of(hass, "light.lamp_1").attributes["brightness"] == 49


async def test_long_slide(
    hass: HomeAssistant,
    add_entry: AddEntry,
    own_home: Home,
    simulator: Simulator,
    time: Time,
    dashboard: Dashboard,
) -> None:
    """Who goes on for long sees the lamp follow now and then."""
    put(own_home, lamp(1, dims=True))
    await set_up(hass, add_entry, time)
    await slide(dashboard, time, 10, "light.lamp_1")
    await time.move(1)
    assert 3 <= len(sent(simulator)) <= 4
    assert sent(simulator)[-1] == "dim 1 119"


async def test_off_does_not_wait_for_a_slider(
    hass: HomeAssistant,
    add_entry: AddEntry,
    own_home: Home,
    simulator: Simulator,
    time: Time,
    dashboard: Dashboard,
) -> None:
    """Off is off, at once; and a level well after the last one is no slider."""
    put(own_home, lamp(1, dims=True))
    await set_up(hass, add_entry, time)
    await slide(dashboard, time, 1, "light.lamp_1")
    dashboard.begin("turn_off", "light.lamp_1")
    await time.settle()
    assert sent(simulator) == ["dim 1 20", "turnOff 1"]
    await time.move(5)
    dashboard.begin("turn_on", "light.lamp_1", brightness=200)
    await time.settle()
    assert sent(simulator)[2:] == ["dim 1 200"]
