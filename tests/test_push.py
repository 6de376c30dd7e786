"""Changes that are pushed: over real sockets to the simulator, in a real core."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
import json
from unittest.mock import AsyncMock

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.telldus_pa.connection_status import ConnectionState
from custom_components.telldus_pa.const import CONF_PUSH, DOMAIN, EVENT_MISSED
from custom_components.telldus_pa.pa_api import Method as PaMethod
from custom_components.telldus_pa.pa_api.push.connection import WebsocketConnection
from homeassistant.const import CONF_SCAN_INTERVAL, STATE_OFF, STATE_ON
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
from simulator import Fault, Method, Simulator
from simulator.home import Gateway

from .conftest import AddEntry, Time
from .factories import lamp
from .helpers import complaints, state_of

REMOTE, REMOTE_ID = "event.wall_remote", "2100034"
MOTION, MOTION_ID = "binary_sensor.stairs_motion", "2100033"
# A group cannot be pressed: what it shows is what its members show.
PUMP, PUMP_ID = "switch.garden_pump", "2100030"
OUTDOOR, OUTDOOR_ID = "switch.outdoor_lights", "2100044"
BELL, BELL_BUTTON = "event.door_bell_doorbell", "button.door_bell"
BELL_ID = "2100005"
CONNECTION = "sensor.home_connection"
EVERY_FIVE_MINUTES = timedelta(minutes=5)


async def wait_for(condition: Callable[[], bool]) -> None:
    """Wait for what comes over a socket, while time stands still."""
    for _ in range(50_000):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("it does not come")


@pytest.fixture(autouse=True)
def quiet(simulator: Simulator) -> None:
    """Let nothing happen by itself, and push what does."""
    simulator.change_settings({"life": False, "drift": False, "push": True})


async def connect(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Set an entry up and let the gateways that are online become live."""
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await become_live(hass, simulator, time)


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


async def become_live(
    hass: HomeAssistant, simulator: Simulator, time: Time, limit: int = 300
) -> None:
    """Let time pass until all gateways that are online are live, and what follows is read.

    Of those that are not, it must be known as well.
    """
    online = [one for one in simulator.home.gateways.values() if one.online]
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    while (
        len(simulator.push.sockets()) < len(online)
        or entry.runtime_data.devices.update_interval < EVERY_FIVE_MINUTES
    ):
        assert limit, "this takes too long"
        limit -= 1
        await time.move(1)
    await wait_for(lambda: state_of(hass, CONNECTION).state == "live")
    await time.move(25)


def functions(simulator: Simulator, since: int = 0) -> list[str]:
    """Return what was asked."""
    return [row.path.removeprefix("json/") for row in list(simulator.log)[since:]]


class States:
    """The states that an entity went through."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        """Watch from now on."""
        self.seen: list[str] = []
        async_track_state_change_event(hass, entity_id, self._async_note)

    @callback
    def _async_note(self, event: Event[EventStateChangedData]) -> None:
        """Note a state."""
        if new := event.data["new_state"]:
            self.seen.append(new.state)


# What is pushed is shown


async def test_state(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A pump that is switched elsewhere is shown at once, and the sensor says live."""
    await connect(hass, entry, simulator, time)
    before = len(simulator.log)
    off, on = (STATE_OFF, "turnOn"), (STATE_ON, "turnOff")
    was, method = off if state_of(hass, PUMP).state == STATE_OFF else on
    is_now = STATE_ON if was == STATE_OFF else STATE_OFF
    simulator.press(PUMP_ID, method)
    await wait_for(lambda: state_of(hass, PUMP).state == is_now)
    assert functions(simulator, before) == []
    # The list that comes later says the same.
    await time.move(310)
    assert "devices/list" in functions(simulator, before)
    assert state_of(hass, PUMP).state == is_now
    assert complaints(caplog) == []


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


async def test_pulse(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A second motion in a row goes off and on, so that automations run."""
    await connect(hass, entry, simulator, time)
    states = States(hass, MOTION)
    for expected in ([STATE_ON], [STATE_ON, STATE_OFF, STATE_ON]):
        simulator.press(MOTION_ID, "turnOn")
        await wait_for(lambda expected=expected: states.seen == expected)  # type: ignore[misc]
        await time.move(1)
    simulator.press(MOTION_ID, "turnOff")
    await wait_for(lambda: len(states.seen) == 4)
    simulator.press(MOTION_ID, "turnOff")
    await time.move(5)
    assert states.seen == [STATE_ON, STATE_OFF, STATE_ON, STATE_OFF]


async def test_command(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A command is confirmed by what is pushed, and no list is read for it."""
    await connect(hass, entry, simulator, time)
    before = len(simulator.log)
    await time.until(
        hass.services.async_call(
            "switch", "turn_off", {"entity_id": OUTDOOR}, blocking=True
        )
    )
    await time.move(20)
    # Of others the history may be read meanwhile, up to when they became live.
    asked = [
        row for row in simulator.log[before:] if row.params.get("id") == OUTDOOR_ID
    ]
    assert [row.path for row in asked] == ["json/device/turnOff"]
    assert "devices/list" not in functions(simulator, before)
    assert entry.runtime_data.commands.outcome_counts == {"confirmed": 1}
    assert state_of(hass, OUTDOOR).state == STATE_OFF
    await time.until(
        hass.services.async_call(
            "switch", "turn_on", {"entity_id": OUTDOOR}, blocking=True
        )
    )
    await time.move(20)
    assert entry.runtime_data.commands.outcome_counts == {"confirmed": 2}


async def test_polls(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """While live, an hour costs a fraction; as soon as it is not, all is as before."""
    await connect(hass, entry, simulator, time)
    await time.move(200)
    before = len(simulator.log)
    await time.move(3600)
    asked = functions(simulator, before)
    assert asked.count("devices/list") in (11, 12, 13)
    assert asked.count("sensors/list") in (5, 6, 7)
    simulator.change_settings({"push": False})
    await wait_for(lambda: state_of(hass, CONNECTION).state == "polling")
    before = len(simulator.log)
    for _ in range(6):
        await time.move(100)
    # Every 30 s, and not put off by the histories that are read meanwhile.
    assert functions(simulator, before).count("devices/list") >= 18


async def test_what_is_told_of_it(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """System health says live where it is, and that the cabin's gateway is away."""
    entry = add_entry()
    await connect(hass, entry, simulator, time)
    causes = entry.runtime_data.connection_status.states
    assert causes == {ConnectionState.LIVE, ConnectionState.GATEWAY_OFFLINE}


async def test_another_shape(loaded: MockConfigEntry) -> None:
    """What is pushed of a device that is another all of a sudden concerns all."""
    devices = loaded.runtime_data.devices
    woken: list[bool] = []
    devices.async_add_listener(lambda: woken.append(True))
    device = next(
        one for one in devices.data.values() if PaMethod.TURNON in one.methods
    )
    devices.async_set_pushed_item(replace(device, methods=PaMethod.BELL))
    assert woken


async def test_off(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """Who does not want it is polled, and nothing else is asked."""
    entry = add_entry(options={CONF_PUSH: False})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(300)
    assert "user/authenticateSession" not in functions(simulator)
    assert state_of(hass, CONNECTION).state == "polling"


async def test_refused(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A server that refuses is asked once a day, restarts included."""
    simulator.change_settings({"push": False})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(300)
    assert len(simulator.home.gateways) > 1
    assert functions(simulator).count("user/authenticateSession") == 1
    await time.until(hass.config_entries.async_reload(entry.entry_id))
    await time.move(300)
    assert functions(simulator).count("user/authenticateSession") == 1
    assert state_of(hass, CONNECTION).state == "polling"
    assert complaints(caplog) == []
    simulator.change_settings({"push": True})
    await time.move(86400)
    await become_live(hass, simulator, time)


async def test_missed(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """After two hours without Telldus nothing fires; each press is told once, late."""
    await connect(hass, entry, simulator, time)
    await time.move(60)
    fired = States(hass, REMOTE)
    missed = async_capture_events(hass, EVENT_MISSED)
    simulator.change_settings({"push": False})
    simulator.faults.add(Fault.BAD_GATEWAY, times=None)
    await time.move(1200)
    simulator.press(REMOTE_ID, "turnOn")
    await time.move(60)
    simulator.press(REMOTE_ID, "turnOn")
    await time.move(6000)
    simulator.faults.clear()
    await time.move(1800)
    of_remote = [one.data for one in missed if one.data["entity_id"] == REMOTE]
    assert [one["method"] for one in of_remote] == ["turnon", "turnon"]
    assert all(one["device_id"] and one["time"] for one in of_remote)
    events = [one for one in fired.seen if one not in ("unavailable", "unknown")]
    assert events == []


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
    for _ in range(3):
        simulator.press(REMOTE_ID, "turnOn")
        await time.move(2)
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
    assert histories(simulator, before)
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


async def test_one_odd_history(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """A refused history is one device's; two in a row are everybody's, for a day."""
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/device/history", times=1, text="No"
    )
    entry = add_entry(options={CONF_PUSH: False})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(600)
    first, *others = histories(simulator)
    assert first not in others
    assert len(set(others)) > 5
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/device/history", times=2, text="No"
    )
    before = len(simulator.log)
    await time.move(7000)
    assert len(set(histories(simulator, before))) == 2
    assert len(histories(simulator, before)) == 2


async def test_paired_while_live(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What becomes a remote while all is live is heard from its first press on."""
    devices = simulator.home.devices
    remote = devices.pop(REMOTE_ID)
    await connect(hass, entry, simulator, time)
    devices[REMOTE_ID] = remote
    await time.until(entry.runtime_data.devices.async_refresh())
    assert state_of(hass, REMOTE).state == "unknown"
    simulator.press(REMOTE_ID, "turnOff")
    await wait_for(lambda: state_of(hass, REMOTE).state != "unknown")
    assert state_of(hass, REMOTE).attributes["event_type"] == "off"


async def test_failed(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is pushed as failed is taken back, and said once."""
    await connect(hass, entry, simulator, time)
    was = state_of(hass, PUMP).state
    action = "turn_off" if was == STATE_ON else "turn_on"
    simulator.faults.add(Fault.COMMAND_LOST, match="json/device/*", times=1)
    before = len(simulator.log)
    await time.until(
        hass.services.async_call("switch", action, {"entity_id": PUMP}, blocking=True)
    )
    assert state_of(hass, PUMP).state != was
    for _ in range(8):
        await time.move(1)
    assert state_of(hass, PUMP).state == was
    assert "devices/list" not in functions(simulator, before)
    (complaint,) = complaints(caplog)
    assert complaint.startswith("A command to Garden pump (switch.garden_pump) was not")
    await time.move(60)
    assert len(complaints(caplog)) == 1


async def test_list_that_lags(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A list does not undo what was pushed just before it was asked for; a later one does."""
    await connect(hass, entry, simulator, time)
    pump = simulator.home.devices[PUMP_ID]
    simulator.press(PUMP_ID, "turnOff")
    await wait_for(lambda: state_of(hass, PUMP).state == STATE_OFF)
    simulator.press(PUMP_ID, "turnOn")
    await wait_for(lambda: state_of(hass, PUMP).state == STATE_ON)
    # A list that is behind says what was before.
    pump.state = Method.TURNOFF
    await time.move(2)
    devices = entry.runtime_data.devices
    await time.until(devices.async_refresh())
    assert state_of(hass, PUMP).state == STATE_ON
    await time.move(4)
    await time.until(devices.async_refresh())
    assert state_of(hass, PUMP).state == STATE_OFF


async def test_values(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What a sensor tells is shown at once, and no list is read for it."""
    await connect(hass, entry, simulator, time)
    before = len(simulator.log)
    sensor = next(
        one
        for one in simulator.home.sensors.values()
        if one.value("temp", "0") and one.gateway_id == "410001" and not one.ignored
    )
    simulator.set_sensor(sensor.id, "temp", "0", "-12.5")
    data = entry.runtime_data.sensors
    await wait_for(
        lambda: any(
            value.name == "temp" and value.value == -12.5
            for value in data.data[sensor.id].values.values()
        )
    )
    assert any(state.state == "-12.5" for state in hass.states.async_all("sensor"))
    assert "sensors/list" not in functions(simulator, before)


async def test_duplicates(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A frame that comes twice changes a lamp once."""
    await connect(hass, entry, simulator, time)
    simulator.change_settings({"push_duplicates": True})
    was = state_of(hass, PUMP).state
    states = States(hass, PUMP)
    simulator.press(PUMP_ID, "turnOff" if was == STATE_ON else "turnOn")
    await time.move(5)
    assert states.seen == [STATE_OFF if was == STATE_ON else STATE_ON]


async def test_removed(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Who comes or goes has the list read soon, and at most once in ten seconds."""
    await connect(hass, entry, simulator, time)
    # Long enough after the last list.
    await time.move(20)
    before = len(simulator.log)
    removed = simulator.home.devices.pop(PUMP_ID)
    simulator.push.look()
    await time.move(3)
    assert functions(simulator, before).count("devices/list") == 1
    assert PUMP_ID not in entry.runtime_data.devices.data
    simulator.home.devices[PUMP_ID] = removed
    simulator.push.look()
    await time.move(4)
    assert functions(simulator, before).count("devices/list") == 1
    await time.move(10)
    assert functions(simulator, before).count("devices/list") == 2
    assert PUMP_ID in entry.runtime_data.devices.data


async def test_unknown_ones(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Who is not known has the list read; who is hidden at Telldus has not."""
    hidden = {
        "device": next(
            one.id for one in simulator.home.devices.values() if one.ignored
        ),
        "sensor": next(
            one.id for one in simulator.home.sensors.values() if one.ignored
        ),
    }
    await connect(hass, entry, simulator, time)
    await time.move(20)
    for unknown in (False, True):
        before = len(simulator.log)
        for module, action, key, more in (
            ("device", "setState", "deviceId", {"method": "1"}),
            ("sensor", "value", "sensorId", {"data": [{"type": 1, "value": "1"}]}),
        ):
            id_ = "99" if unknown else hidden[module]
            frame = {"module": module, "action": action, "data": {key: id_, **more}}
            simulator.push.send(json.dumps(frame), "410001")
        await time.move(12)
        asked = functions(simulator, before)
        assert asked.count("devices/list") == asked.count("sensors/list") == unknown


async def test_unloaded_before_it_is_read(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A list that was to be read is not, once the entry is unloaded."""
    await connect(hass, entry, simulator, time)
    await time.move(20)
    del simulator.home.devices[PUMP_ID]
    simulator.push.look()
    await time.settle()
    before = len(simulator.log)
    await time.until(hass.config_entries.async_unload(entry.entry_id))
    await time.move(30)
    assert functions(simulator, before) == []
    assert simulator.push.sockets() == []


async def test_gateway_removed(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A gateway that has no devices any more needs no socket, live or not."""
    await connect(hass, entry, simulator, time)
    assert simulator.push.sockets("410003")
    for device in list(simulator.home.devices.values()):
        if device.gateway_id != "410001":
            del simulator.home.devices[device.id]
    for sensor in list(simulator.home.sensors.values()):
        if sensor.gateway_id == "410003":
            del simulator.home.sensors[sensor.id]
    simulator.push.look()
    await time.move(45)
    assert simulator.push.sockets("410003") == []
    assert simulator.push.sockets("410001")
    assert state_of(hass, CONNECTION).state == "live"


async def test_gateway_of_sensors_alone(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A gateway that has nothing but sensors is live as well, and is waited for."""
    home, connection = simulator.home, "sensor.weather_connection"
    connectivity = "binary_sensor.weather_connectivity"
    home.gateways["99"] = Gateway("99", "5e7d", "Weather")
    home.sensors["1540000001"].gateway_id = "99"
    simulator.settings.push_refusal = "denied"
    await connect(hass, entry, simulator, time)
    assert simulator.push.sockets("99")
    assert state_of(hass, connection).state == "live"
    assert state_of(hass, connectivity).state == STATE_ON
    sensors = entry.runtime_data.sensors
    assert sensors.update_interval == timedelta(minutes=10)
    simulator.set_gateway_online("99", online=False)
    await time.until(sensors.async_refresh())
    assert state_of(hass, connection).state == "gateway_offline"
    assert state_of(hass, connectivity).state == STATE_OFF
    simulator.set_gateway_online("99", online=True)
    await time.until(sensors.async_refresh())
    assert state_of(hass, connectivity).state == STATE_ON
    assert state_of(hass, connection).state != "gateway_offline"


async def test_failures_of_others(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A failure takes back nothing that it is not about, nor does another state confirm it."""
    await connect(hass, entry, simulator, time)
    was = state_of(hass, PUMP).state
    action, other = ("turn_off", 1) if was == STATE_ON else ("turn_on", 2)
    await time.until(
        hass.services.async_call("switch", action, {"entity_id": PUMP}, blocking=True)
    )
    commanded = state_of(hass, PUMP).state
    assert commanded != was
    for action, method in (("failSetState", 1024), ("setState", other)):
        frame = {
            "module": "device",
            "action": action,
            "data": {"deviceId": PUMP_ID, "method": method},
        }
        simulator.push.send(json.dumps(frame), "410001")
        simulator.push.send(json.dumps({**frame, "data": {"deviceId": 99}}), "410001")
        for _ in range(20):
            await asyncio.sleep(0)
        assert state_of(hass, PUMP).state == commanded
    await time.move(10)
    assert state_of(hass, PUMP).state == commanded
    assert entry.runtime_data.commands.outcome_counts == {"confirmed": 1}


async def test_cut(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """After a cut the channel comes back, and one list tells what was missed."""
    await connect(hass, entry, simulator, time)
    was = state_of(hass, PUMP).state
    before = len(simulator.log)
    assert simulator.push.cut() == 2
    simulator.press(PUMP_ID, "turnOff" if was == STATE_ON else "turnOn")
    await become_live(hass, simulator, time)
    assert state_of(hass, PUMP).state != was
    assert functions(simulator, before).count("user/authenticateSession") == 0
    assert 1 <= functions(simulator, before).count("devices/list") <= 3


async def test_gateway_goes(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A gateway that goes offline is shown so, and is live again some time after."""
    await connect(hass, entry, simulator, time)
    simulator.set_gateway_online("410001", False)
    simulator.push.cut("410001")
    await time.move(110)
    assert state_of(hass, PUMP).state == "unavailable"
    assert state_of(hass, CONNECTION).state == "gateway_offline"
    simulator.set_gateway_online("410001", True)
    for _ in range(6):
        await time.move(110)
    assert state_of(hass, CONNECTION).state == "live"
    assert state_of(hass, PUMP).state in (STATE_ON, STATE_OFF)


def histories(simulator: Simulator, since: int = 0) -> list[str]:
    """Return of which devices the history was asked."""
    log = list(simulator.log)[since:]
    return [row.params["id"] for row in log if row.path == "json/device/history"]


async def test_broken(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Should all of the live channel break in a way that nobody foresaw, polls go on."""
    await connect(hass, entry, simulator, time)
    assert state_of(hass, CONNECTION).state == "live"
    monkeypatch.setattr(
        WebsocketConnection,
        "run",
        AsyncMock(side_effect=RuntimeError("nobody foresaw it")),
    )
    simulator.home.gateways["9"] = Gateway("9", "5e7d", "Shed")
    simulator.home.devices["9"] = replace(lamp(9), gateway_id="9")
    await time.move(301)
    coordinator = entry.runtime_data.devices
    assert coordinator.update_interval == timedelta(seconds=30)
    assert state_of(hass, CONNECTION).state == "polling"
    simulator.home.devices[PUMP_ID].state = Method.TURNON
    await time.move(31)
    assert state_of(hass, PUMP).state == "on"
    assert "until a reload" in caplog.text
    del simulator.home.devices["9"]
    await time.move(31)
    assert await hass.config_entries.async_unload(entry.entry_id)
