"""Pushed states, values, failures and removals."""

import asyncio
import json

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.pa_api import PushState
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulator import Fault, Simulator
from simulator.home import Gateway
from tests.conftest import Time
from tests.helpers import LAMP, complaints, diagnostics, refresh, state_of

from .conftest import (
    MOTION,
    MOTION_ID,
    PUMP,
    PUMP_ID,
    STATUS,
    States,
    connect,
    functions,
    wait_for,
)

pytestmark = pytest.mark.only(
    "Garage light",
    "Cabin heater",
    "Garden pump",
    "Hidden plug",
    "Hidden",
    "Outdoor",
    "Outdoor lights",
    "Stairs motion",
    "Wall remote",
    "Window lamp",
)


OUTDOOR, OUTDOOR_ID = "switch.outdoor_lights", "2100044"


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


async def test_pulse(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A second motion in a row is written again, so that automations run."""
    await connect(hass, entry, simulator, time)
    states = States(hass, MOTION)
    for expected in ([STATE_ON], [STATE_ON, STATE_ON]):
        simulator.press(MOTION_ID, "turnOn")
        await wait_for(lambda expected=expected: states.seen == expected)  # type: ignore[misc]
        await time.move(1)
    simulator.press(MOTION_ID, "turnOff")
    await wait_for(lambda: len(states.seen) == 3)
    simulator.press(MOTION_ID, "turnOff")
    await time.move(5)
    assert states.seen == [STATE_ON, STATE_ON, STATE_OFF]


async def test_what_is_no_motion(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Something else than on and off is no motion."""
    await connect(hass, entry, simulator, time)
    states = States(hass, MOTION)
    frame = {
        "module": "device",
        "action": "setState",
        "data": {"deviceId": MOTION_ID, "method": "4"},
    }
    simulator.push.send(json.dumps(frame), "410001")
    await time.move(5)
    assert states.seen == []


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
    found = await diagnostics(hass, entry)
    assert found["commands"]["outcomes"] == {"confirmed": 1}
    assert state_of(hass, OUTDOOR).state == STATE_OFF
    await time.until(
        hass.services.async_call(
            "switch", "turn_on", {"entity_id": OUTDOOR}, blocking=True
        )
    )
    await time.move(20)
    found = await diagnostics(hass, entry)
    assert found["commands"]["outcomes"] == {"confirmed": 2}


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
    # Another that nobody knows the end of yet
    simulator.settings.effect_delay = 60
    await time.until(
        hass.services.async_call(
            "switch", "turn_off", {"entity_id": LAMP}, blocking=True
        )
    )
    simulator.settings.effect_delay = 2.5
    simulator.faults.add(Fault.COMMAND_LOST, match="json/device/*", times=1)
    before = len(simulator.log)
    await time.until(
        hass.services.async_call("switch", action, {"entity_id": PUMP}, blocking=True)
    )
    assert state_of(hass, PUMP).state != was
    for _ in range(8):
        await time.move(1)
    assert state_of(hass, PUMP).state == was
    # One list at most: the one of a gateway that has just become live
    assert functions(simulator, before).count("devices/list") <= 1
    (complaint,) = complaints(caplog)
    assert complaint.startswith("A command to Garden pump (switch.garden_pump) was not")
    await time.move(60)
    assert len(complaints(caplog)) == 1


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
    await wait_for(
        lambda: any(state.state == "-12.5" for state in hass.states.async_all("sensor"))
    )
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
    simulator.push.flush()
    await time.move(3)
    assert functions(simulator, before).count("devices/list") == 1
    assert state_of(hass, PUMP).state == STATE_UNAVAILABLE
    simulator.home.devices[PUMP_ID] = removed
    simulator.push.flush()
    await time.move(4)
    assert functions(simulator, before).count("devices/list") == 1
    await time.move(10)
    assert functions(simulator, before).count("devices/list") == 2
    assert state_of(hass, PUMP).state != STATE_UNAVAILABLE


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


async def test_unknown_ones_while_polling_is_disabled(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Who wants no polls gets none, for what is not known either."""
    hass.config_entries.async_update_entry(entry, pref_disable_polling=True)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(119)
    await wait_for(lambda: state_of(hass, STATUS).state == "live")
    before = len(simulator.log)
    frame = {
        "module": "device",
        "action": "setState",
        "data": {"deviceId": "99", "method": "1"},
    }
    simulator.push.send(json.dumps(frame), "410001")
    await time.move(60)
    assert functions(simulator, before).count("devices/list") == 0


async def test_unloaded_before_it_is_read(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A list that was to be read is not, once the entry is unloaded."""
    await connect(hass, entry, simulator, time)
    await time.move(20)
    del simulator.home.devices[PUMP_ID]
    simulator.push.flush()
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
    simulator.push.flush()
    await time.move(45)
    assert simulator.push.sockets("410003") == []
    assert simulator.push.sockets("410001")
    assert state_of(hass, STATUS).state == "live"
    # What its connection says while it ends is nobody's any more.
    entry.runtime_data.push.on_state_change("410003", PushState.REFUSED)
    assert state_of(hass, STATUS).state == "live"
    assert "refused" not in (await diagnostics(hass, entry))["push"]["gateways"]


async def test_gateway_of_sensors_alone(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A gateway that has nothing but sensors is live as well, and is waited for."""
    home, connection = simulator.home, "sensor.weather_status"
    connectivity, weather = (
        "binary_sensor.weather_connectivity",
        "sensor.outdoor_temperature",
    )
    home.gateways["99"] = Gateway("99", "5e7d", "Weather")
    home.sensors["1540000001"].gateway_id = "99"
    simulator.settings.push_refusal = "denied"
    await connect(hass, entry, simulator, time)
    assert simulator.push.sockets("99")
    assert state_of(hass, connection).state == "live"
    assert state_of(hass, connectivity).state == STATE_ON
    assert (await diagnostics(hass, entry))["lists"]["sensors"]["interval"] == 600
    simulator.set_gateway_online("99", online=False)
    await refresh(hass, time, weather)
    assert state_of(hass, connection).state == "gateway_offline"
    assert state_of(hass, connectivity).state == STATE_OFF
    simulator.set_gateway_online("99", online=True)
    await time.move(11)
    await refresh(hass, time, weather)
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
    found = await diagnostics(hass, entry)
    assert found["commands"]["outcomes"] == {"confirmed": 1}
