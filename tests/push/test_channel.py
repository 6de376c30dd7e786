"""The live channel: when it is there, what it saves, and how it comes back."""

from dataclasses import replace
from unittest.mock import AsyncMock

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import CONF_PUSH
from custom_components.telldus_pa.pa_api.push.connection import WebsocketConnection
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from simulator import Method, Simulator
from simulator.home import Gateway
from tests.conftest import AddEntry, Time
from tests.factories import lamp
from tests.helpers import complaints, refresh, state_of

from .conftest import (
    PUMP,
    PUMP_ID,
    REMOTE,
    REMOTE_ID,
    STATUS,
    become_live,
    connect,
    functions,
    wait_for,
)

pytestmark = pytest.mark.only(
    "Garage light",
    "Cabin heater",
    "Garden pump",
    "Stairs motion",
    "Wall remote",
    "Window lamp",
)


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
    await wait_for(lambda: state_of(hass, STATUS).state == "polling")
    before = len(simulator.log)
    for _ in range(6):
        await time.move(100)
    # Every 30 s, and not put off by the histories that are read meanwhile.
    assert functions(simulator, before).count("devices/list") >= 18


async def test_what_is_told_of_it(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Each gateway's sensor says live where it is; the cabin's gateway is away."""
    await connect(hass, entry, simulator, time)
    assert state_of(hass, STATUS).state == "live"
    assert state_of(hass, "sensor.cabin_status").state == "gateway_offline"


async def test_off(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """Who does not want it is polled, and nothing else is asked."""
    entry = add_entry(options={CONF_PUSH: False})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(300)
    assert "user/authenticateSession" not in functions(simulator)
    assert state_of(hass, STATUS).state == "polling"


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
    assert state_of(hass, STATUS).state == "polling"
    assert complaints(caplog) == []
    simulator.change_settings({"push": True})
    await time.move(86400)
    await become_live(hass, simulator, time)


async def test_paired_while_live(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What becomes a remote while all is live is heard from its first press on."""
    devices = simulator.home.devices
    remote = devices.pop(REMOTE_ID)
    await connect(hass, entry, simulator, time)
    devices[REMOTE_ID] = remote
    await refresh(hass, time, PUMP)
    assert state_of(hass, REMOTE).state == "unknown"
    simulator.press(REMOTE_ID, "turnOff")
    await wait_for(lambda: state_of(hass, REMOTE).state != "unknown")
    assert state_of(hass, REMOTE).attributes["event_type"] == "off"


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
    assert state_of(hass, STATUS).state == "gateway_offline"
    simulator.set_gateway_online("410001", True)
    for _ in range(6):
        await time.move(110)
    assert state_of(hass, STATUS).state == "live"
    assert state_of(hass, PUMP).state in (STATE_ON, STATE_OFF)


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
    assert state_of(hass, STATUS).state == "live"
    monkeypatch.setattr(
        WebsocketConnection,
        "run",
        AsyncMock(side_effect=RuntimeError("nobody foresaw it")),
    )
    simulator.home.gateways["9"] = Gateway("9", "5e7d", "Shed")
    simulator.home.devices["9"] = replace(lamp(9), gateway_id="9")
    await time.move(301)
    assert state_of(hass, STATUS).state == "polling"
    simulator.home.devices[PUMP_ID].state = Method.TURNON
    await time.move(31)
    assert state_of(hass, PUMP).state == "on"
    assert "until a reload" in caplog.text
    del simulator.home.devices["9"]
    await time.move(31)
    assert await hass.config_entries.async_unload(entry.entry_id)
