"""Polls: how often, lost and found again."""

import asyncio
from itertools import pairwise
from typing import Any

from aiohttp import DummyCookieJar
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import CONF_SCAN_INTERVAL, STATE_UNAVAILABLE
from homeassistant.core import Event, HomeAssistant
from simulator import Fault, Simulator
from tests.conftest import AddEntry, Time
from tests.helpers import (
    LAMP,
    LAMP_ID,
    Dashboard,
    complaints,
    infos,
    polls,
    state_is,
    state_of,
)

pytestmark = pytest.mark.only(
    "Ceiling dimmer", "Coffee maker", "Stairs motion", "Window lamp"
)


HOME_MOTION_ID = "2100033"


async def test_poll(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A press of a wall remote shows with the next poll."""
    await time.move(60)
    before = polls(simulator)
    simulator.press(LAMP_ID, "turnOff")
    await time.settle()
    assert state_of(hass, LAMP).state == "on"
    await time.move(31)
    assert polls(simulator) == before + 1
    assert state_of(hass, LAMP).state == "off"


async def test_poll_interval(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """The person chooses how often."""
    entry = add_entry(options={CONF_SCAN_INTERVAL: 300})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(290)
    assert polls(simulator) == 1
    await time.move(20)
    assert polls(simulator) == 2


async def test_polling_disabled(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """Who disables polling in Home Assistant is not polled for, and keeps the states."""
    entry = add_entry(pref_disable_polling=True)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(1200)
    assert polls(simulator) == 1
    assert state_of(hass, LAMP).state == "on"


@pytest.mark.parametrize(
    ("fault", "arguments"),
    [
        (Fault.UNAUTHORIZED_XML, {}),
        (Fault.RATE_LIMITED, {}),
        (Fault.BAD_GATEWAY, {}),
        (Fault.TRUNCATED, {}),
    ],
)
async def test_short_trouble(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    fault: Fault,
    arguments: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One failed poll makes nothing unavailable, and is not worth a line in the log."""
    states: list[Event[Any]] = []
    hass.bus.async_listen("state_changed", states.append)
    simulator.faults.add(fault, match="json/devices/list", times=1, **arguments)
    await time.move(110)
    assert polls(simulator) >= 3
    # But for what is measured meanwhile, all is as it was.
    domains = {event.data["entity_id"].partition(".")[0] for event in states}
    assert domains <= {"climate", "sensor"}
    assert all(event.data["new_state"].state != STATE_UNAVAILABLE for event in states)
    assert complaints(caplog) == []


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault.BAD_GATEWAY, "Telldus cannot be reached"),
        (Fault.NOT_FOUND, "Telldus cannot be reached"),
        (Fault.GARBAGE, "Telldus' responses are invalid"),
        (Fault.RATE_LIMITED, "although they are within its limit"),
        (Fault.UNAUTHORIZED_TEXT, "Telldus refuses the login"),
        (Fault.DATABASE, "Telldus' responses are invalid"),
    ],
)
async def test_long_trouble(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    fault: Fault,
    text: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Losing Telldus is logged once, and so is finding it again."""
    simulator.faults.add(fault, match="json/*", times=None)
    await time.move(200)
    assert state_of(hass, LAMP).state == "on"
    await time.move(1400)
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE
    lost = complaints(caplog)
    assert len(lost) == 1
    assert text in lost[0]

    simulator.faults.clear()
    await time.move(2000)
    assert state_of(hass, LAMP).state == "on"
    assert complaints(caplog) == lost
    assert infos(caplog) == ["Data of Telldus are received again"]


async def test_rate_limited(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Each 429 makes us ask less often, and success more often again."""
    await time.move(60)
    before = polls(simulator)
    simulator.faults.add(Fault.RATE_LIMITED, match="json/devices/list", times=2)
    for _ in range(4):
        await time.move(90)
    asked = [one.time for one in simulator.log if one.path == "json/devices/list"]
    gaps = [later - earlier for earlier, later in pairwise(asked[before:])]
    assert gaps[:5] == pytest.approx([60, 120, 60, 30, 30], abs=15)


async def test_storm_of_refusals(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """While refused we ask every half an hour, and are back without a click."""
    simulator.faults.add(Fault.UNAUTHORIZED_TEXT, match="json/*", times=None)
    await time.move(119)
    await time.move(60)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    asked = len(simulator.log)
    await time.move(3600)
    assert 2 <= len(simulator.log) - asked <= 4
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE

    # Home Assistant is restarted in the middle of it.
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    await time.until(hass.config_entries.async_setup(loaded.entry_id))
    assert state_is(loaded, ConfigEntryState.SETUP_RETRY)

    simulator.faults.clear()
    await time.move(3600)
    assert state_is(loaded, ConfigEntryState.LOADED)
    await time.move(60)
    assert state_of(hass, LAMP).state == "on"
    assert not hass.config_entries.flow.async_progress()


async def test_next_poll(
    loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """When the next poll is due is known, also to those who could do with it."""
    devices = loaded.runtime_data.devices
    await time.listed("devices")
    asked = polls(simulator)
    wait = devices.next_poll_at - devices.account.rate_limiter.now()
    assert 28 <= wait <= 30
    await time.move(wait - 3)
    assert polls(simulator) == asked
    await time.move(5)
    assert polls(simulator) == asked + 1


# A start


async def test_first_list_after_a_pause(
    entry: MockConfigEntry, hass: HomeAssistant, simulator: Simulator, time: Time
) -> None:
    """A list that was refused at the start is asked for again when the pause ends."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/sensors/list", times=1, retry_after=20
    )
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(20)
    assert polls(simulator, "json/clients/list") == 0
    # One follows another two seconds apart, or ten: a burst was refused.
    await time.move(16)
    assert polls(simulator, "json/sensors/list") == 2
    assert polls(simulator, "json/clients/list") == 1
    await time.move(60)
    assert polls(simulator, "json/rooms/list") == 1


async def test_start_under_load(
    entry: MockConfigEntry,
    hass: HomeAssistant,
    simulator: Simulator,
    dashboard: Dashboard,
    time: Time,
) -> None:
    """All that a start needs comes within five minutes while commands never stop."""
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    lamps = (LAMP, "switch.coffee_maker", "light.ceiling_dimmer")
    tasks = []
    for turn in range(60):
        for lamp in lamps:
            action = "turn_off" if turn % 2 else "turn_on"
            tasks.append(dashboard.begin(action, lamp))
        await time.move(5)
    for path in ("sensors/list", "clients/list", "rooms/list", "user/profile"):
        assert polls(simulator, f"json/{path}"), path
    commands = [one for one in simulator.log if "/device/turn" in one.path]
    assert len(commands) >= 25
    await time.move(60)
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_reload_while_the_login_is_rejected(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A reload, which ends the dialog, does not leave the user without one."""
    simulator.revoke()
    await time.move(150)
    assert hass.config_entries.flow.async_progress()
    sent = len(simulator.log)
    for _ in range(2):
        await time.until(hass.config_entries.async_reload(loaded.entry_id))
        await time.move(40)
        (flow,) = hass.config_entries.flow.async_progress()
        assert flow["context"]["source"] == SOURCE_REAUTH
    assert len(simulator.log) == sent


async def test_no_cookies(loaded: MockConfigEntry) -> None:
    """What one account is given to remember is not sent with another's requests."""
    transport = loaded.runtime_data.account.client._transport  # noqa: SLF001
    assert isinstance(transport._session.cookie_jar, DummyCookieJar)  # noqa: SLF001
