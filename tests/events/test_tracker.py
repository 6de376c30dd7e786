"""Presses and rings: each is told once, whether a push, a list or the history has it."""

import asyncio
import json

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.telldus_pa.const import CONF_PUSH, EVENT_MISSED
from homeassistant.const import CONF_SCAN_INTERVAL, STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from simulator import Fault, Simulator
from tests.conftest import AddEntry, Time
from tests.helpers import state_of
from tests.push.conftest import (
    MOTION,
    MOTION_ID,
    REMOTE,
    REMOTE_ID,
    States,
    connect,
    functions,
    wait_for,
)

pytestmark = pytest.mark.usefixtures("pushing")

BELL, BELL_BUTTON = "event.door_bell", "button.door_bell_ring"

BELL_ID = "2100005"

DOOR, DOOR_ID = "binary_sensor.patio_door", "2100032"


async def quiet_home(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    *device_ids: str,
) -> None:
    """Set an entry up in a home of some devices only, so that only theirs is read."""
    devices = simulator.home.devices
    for device_id in devices.keys() - set(device_ids):
        del devices[device_id]
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    # In steps of a second: what comes of it is a matter of seconds.
    for _ in range(2):
        await time.move(60)


async def test_presses(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Each press fires, the second "on" in a row as well, once, with its time."""
    await connect(hass, entry, simulator, time)
    fired = States(hass, REMOTE)
    for number in range(1, 4):
        await time.move(2)
        simulator.press(REMOTE_ID, "turnOn")
        await wait_for(lambda number=number: len(fired.seen) == number)  # type: ignore[misc]
        assert state_of(hass, REMOTE).attributes["event_type"] == "on"
        assert state_of(hass, REMOTE).attributes["time"]
    # Neither the lists nor the history tell them again.
    await time.move(700)
    assert len(fired.seen) == 3


async def test_second_press_between_lists(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """While not live the history tells of what no list shows, and that within a minute."""
    entry = add_entry(options={CONF_PUSH: False})
    await quiet_home(hass, entry, simulator, time, REMOTE_ID, MOTION_ID)
    fired, states = States(hass, REMOTE), States(hass, MOTION)
    simulator.press(REMOTE_ID, "turnOff")
    await time.move(3)
    simulator.press(REMOTE_ID, "turnOff")
    simulator.press(MOTION_ID, "turnOn")
    await time.move(3)
    simulator.press(MOTION_ID, "turnOff")
    for _ in range(6):
        await time.move(30)
    assert len([one for one in fired.seen if one != "unknown"]) == 2
    assert state_of(hass, REMOTE).attributes["event_type"] == "off"
    assert states.seen == [STATE_ON, STATE_OFF]


async def test_clock_that_was_ahead(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """A clock that is put right again does not keep the histories from being read."""
    entry = add_entry(options={CONF_PUSH: False})
    await quiet_home(hass, entry, simulator, time, REMOTE_ID)
    entry.runtime_data.events.timelines[REMOTE_ID].read_from += 30 * 86400
    await time.until(hass.config_entries.async_reload(entry.entry_id))
    await time.move(60)
    before = len(simulator.log)
    simulator.press(REMOTE_ID, "turnOff")
    for _ in range(6):
        await time.move(30)
    assert "device/history" in functions(simulator, before)


@pytest.mark.parametrize(
    ("device_id", "entity_id", "methods", "seen"),
    [
        # A door that repeats itself is open, for as long as it is.
        (DOOR_ID, DOOR, ["turnOn"], []),
        (DOOR_ID, DOOR, ["turnOff", "turnOn"], [STATE_OFF, STATE_ON]),
        # Somebody still moves.
        (MOTION_ID, MOTION, ["turnOn"], [STATE_ON]),
        (MOTION_ID, MOTION, ["turnOff", "turnOn"], [STATE_OFF, STATE_ON]),
    ],
)
async def test_repeats(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
    device_id: str,
    entity_id: str,
    methods: list[str],
    seen: list[str],
) -> None:
    """What is on and is told to be on is never shown off that was not off."""
    entry = add_entry(options={CONF_PUSH: False, CONF_SCAN_INTERVAL: 300})
    simulator.press(device_id, "turnOn")
    await quiet_home(hass, entry, simulator, time, device_id)
    states = States(hass, entity_id)
    changed = state_of(hass, entity_id).last_changed
    for method in methods:
        simulator.press(device_id, method)
        await time.move(3)
    for _ in range(6):
        await time.move(30)
    assert states.seen == seen
    assert (state_of(hass, entity_id).last_changed != changed) is bool(seen)


@pytest.mark.parametrize("ahead", [-3600, -20, 20, 3600])
async def test_clocks_that_differ(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
    ahead: int,
) -> None:
    """What a list has told, the history does not tell again, whatever Telldus' clock says."""
    simulator.clock = lambda: dt_util.utcnow().timestamp() + ahead
    entry = add_entry(options={CONF_PUSH: False})
    await quiet_home(hass, entry, simulator, time, REMOTE_ID)
    fired = States(hass, REMOTE)
    missed = async_capture_events(hass, EVENT_MISSED)
    for method in ("turnOn", "turnOff"):
        simulator.press(REMOTE_ID, method)
        await time.move(31)
        simulator.press(REMOTE_ID, method)
        for _ in range(3):
            await time.move(30)
    assert "device/history" in functions(simulator)
    assert len([one for one in fired.seen if one != "unknown"]) + len(missed) == 4
    for _ in range(4):
        await time.move(60)
    assert len(fired.seen) + len(missed) == 4


async def test_two_at_once(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """What the history tells together is told one after the other, each a change of its own."""
    entry = add_entry(options={CONF_PUSH: False, CONF_SCAN_INTERVAL: 300})
    await quiet_home(hass, entry, simulator, time, REMOTE_ID)
    fired = States(hass, REMOTE)
    for _ in range(2):
        simulator.press(REMOTE_ID, "turnOn")
        await time.move(2)
    await time.move(50)
    assert len(fired.seen) == len(set(fired.seen)) == 2


async def test_stopped_in_between(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """What comes while the entities go is told late, once."""
    entry = add_entry(options={CONF_PUSH: False, CONF_SCAN_INTERVAL: 300})
    await quiet_home(hass, entry, simulator, time, REMOTE_ID)
    fired = States(hass, REMOTE)
    missed = async_capture_events(hass, EVENT_MISSED)
    # In the same second: no history has some of them only.
    for _ in range(3):
        simulator.press(REMOTE_ID, "turnOn")
    while not fired.seen:
        await time.leap(1)
    assert len(fired.seen) == 1
    await time.until(hass.config_entries.async_unload(entry.entry_id))
    assert [one.data["method"] for one in missed] == ["turnon", "turnon"]
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    for _ in range(4):
        await time.move(60)
    assert len(missed) == 2
    # As it was
    assert set(fired.seen) - {"unavailable"} == {fired.seen[0]}


async def test_told_too_late(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """A history that comes when the entities are about to go is read again after that."""
    entry = add_entry(options={CONF_PUSH: False, CONF_SCAN_INTERVAL: 300})
    await quiet_home(hass, entry, simulator, time, REMOTE_ID)
    fired = States(hass, REMOTE)
    simulator.faults.add(Fault.SLOW, match="json/device/history", times=1, seconds=5)
    simulator.press(REMOTE_ID, "turnOn")
    while not simulator.held:
        await time.leap(1)
    entry.runtime_data.events.async_stop()
    await time.move(10)
    assert fired.seen == []
    await time.until(hass.config_entries.async_reload(entry.entry_id))
    missed = async_capture_events(hass, EVENT_MISSED)
    for _ in range(3):
        await time.move(60)
    news = set(fired.seen) - {"unavailable", "unknown"}
    assert len(news) + len(missed) == 1


async def ring(hass: HomeAssistant, time: Time) -> None:
    """Ring the bell from here."""
    await time.until(
        hass.services.async_call(
            "button", "press", {"entity_id": BELL_BUTTON}, blocking=True
        )
    )


async def test_own_ring(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A bell that is rung from here is no ring at the door, whoever tells of it."""
    await connect(hass, entry, simulator, time)
    fired = States(hass, BELL)
    missed = async_capture_events(hass, EVENT_MISSED)
    await ring(hass, time)
    for _ in range(3):
        await time.move(110)
    assert fired.seen == []
    assert [one for one in missed if one.data["entity_id"] == BELL] == []


async def test_own_ring_without_an_answer(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What may have been carried out explains a ring, though its answer was lost."""
    await connect(hass, entry, simulator, time)
    fired = States(hass, BELL)
    missed = async_capture_events(hass, EVENT_MISSED)
    simulator.faults.add(Fault.TRUNCATED, match="json/device/bell", times=1)
    with pytest.raises(HomeAssistantError, match="It is not certain"):
        await ring(hass, time)
    for _ in range(3):
        await time.move(110)
    assert fired.seen == []
    assert [one for one in missed if one.data["entity_id"] == BELL] == []


async def test_ring_after_an_own_one(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A command explains one ring: the next is somebody at the door, told who did it or not."""
    await connect(hass, entry, simulator, time)
    fired = States(hass, BELL)
    await ring(hass, time)
    await time.move(10)
    assert fired.seen == []
    simulator.press(BELL_ID, "bell")
    await wait_for(lambda: len(fired.seen) == 1)
    for _ in range(3):
        await time.move(110)
    assert len(fired.seen) == 1


async def test_heard_before_it_is_accepted(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What is pushed before Telldus has answered the command is the command's as well."""
    await connect(hass, entry, simulator, time)
    fired = States(hass, BELL)
    simulator.change_settings({"push_drop": 1})
    simulator.faults.add(Fault.SLOW, match="json/device/bell", times=1, seconds=3)
    task = asyncio.ensure_future(
        hass.services.async_call(
            "button", "press", {"entity_id": BELL_BUTTON}, blocking=True
        )
    )
    while not simulator.held:
        await time.leap(0.5)
    data = {"deviceId": BELL_ID, "method": "4"}
    frame = {"module": "device", "action": "setState", "data": data}
    simulator.push.send(json.dumps(frame), "410001")
    await time.move(5)
    await task
    assert fired.seen == []
    simulator.push.send(json.dumps(frame), "410001")
    await wait_for(lambda: len(fired.seen) == 1)


async def test_own_ring_before_a_restart(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """After a restart the history tells of our own ring as well, and it is still ours."""
    entry = add_entry(options={CONF_PUSH: False})
    await quiet_home(hass, entry, simulator, time, BELL_ID)
    fired = States(hass, BELL)
    missed = async_capture_events(hass, EVENT_MISSED)
    await ring(hass, time)
    await time.until(hass.config_entries.async_reload(entry.entry_id))
    before = len(simulator.log)
    for _ in range(4):
        await time.move(60)
    assert [one for one in functions(simulator, before) if one == "device/history"]
    assert set(fired.seen) <= {"unavailable", "unknown"}
    assert missed == []


async def test_ring_after_a_lost_command(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """So soon after a command the history tells whose doing a ring was, and once."""
    simulator.home.devices[BELL_ID].state = 0
    entry = add_entry(options={CONF_PUSH: False})
    await quiet_home(hass, entry, simulator, time, BELL_ID)
    fired = States(hass, BELL)
    simulator.faults.add(Fault.COMMAND_LOST, match="json/device/bell", times=1)
    await time.until(
        hass.services.async_call(
            "button", "press", {"entity_id": BELL_BUTTON}, blocking=True
        )
    )
    await time.move(25)
    assert fired.seen == []
    simulator.press(BELL_ID, "bell")
    await time.move(59)
    assert len(fired.seen) == 1
    assert state_of(hass, BELL).attributes["origin"] == "Incoming signal"
    await time.move(600)
    assert len(fired.seen) == 1
