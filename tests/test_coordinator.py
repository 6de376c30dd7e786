"""The lists: how often they are asked for, lost and found again."""

import asyncio
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import CONF_INCLUDE_IGNORED
from custom_components.telldus_pa.pa_api import Priority, RateLimiter
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_SCAN_INTERVAL, CONF_TOKEN, STATE_UNAVAILABLE
from homeassistant.core import Event, HomeAssistant
from simulator import Fault, Simulator

from .conftest import AddEntry, Time
from .helpers import (
    HOME_STATUS,
    LAMP,
    LAMP_ID,
    Dashboard,
    complaints,
    infos,
    polls,
    state_is,
    state_of,
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
    simulator.faults.add(Fault.RATE_LIMITED, match="json/devices/list", times=2)
    coordinator = loaded.runtime_data.devices
    await time.move(31)
    assert coordinator.update_interval.total_seconds() == 60
    await time.move(61)
    assert coordinator.update_interval.total_seconds() == 120
    await time.move(119)
    await time.move(5)
    assert coordinator.update_interval.total_seconds() == 60
    await time.move(65)
    assert coordinator.update_interval.total_seconds() == 30


async def test_gateways_refused_at_the_start(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A list that did not come at the start is asked for again soon."""
    simulator.faults.add(Fault.NOT_FOUND, match="json/clients/list", times=1)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(90)
    assert polls(simulator, "json/clients/list") == 2
    assert entry.runtime_data.gateways.update_interval.total_seconds() == 600


async def test_gateways_never_told(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A list that never comes is asked for less and less often, and not missed."""
    simulator.faults.add(Fault.NOT_FOUND, match="json/clients/list", times=None)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(3600)
    assert polls(simulator, "json/clients/list") < 12
    assert state_of(hass, LAMP).state == "on"


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


# Staleness


async def test_no_request_returns(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Data become stale by the clock, though no request fails; the status says why."""
    rate_limiter = loaded.runtime_data.account.rate_limiter
    released = asyncio.Event()

    async def hold_up_all_others() -> None:
        async with rate_limiter.acquire(Priority.COMMAND):
            simulator.held += 1
            await released.wait()

    task = asyncio.create_task(hold_up_all_others())
    while not simulator.held:
        await asyncio.sleep(0)
    await time.move(240)
    assert state_of(hass, LAMP).state == "on"
    assert state_of(hass, HOME_STATUS).state == "polling"
    await time.move(100)
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE
    assert state_of(hass, HOME_STATUS).state == "limit_reached"
    # That the sensors follow is the same outage.
    await time.move(119)
    lost = complaints(caplog)
    assert lost == [
        "Requests of this Home Assistant fill Telldus' limit: "
        "the last data are too old to be displayed"
    ]

    simulator.held = 0
    released.set()
    await task
    await time.move(30)
    assert state_of(hass, LAMP).state == "on"
    assert state_of(hass, HOME_STATUS).state == "polling"
    assert complaints(caplog) == lost
    assert infos(caplog) == ["Data of Telldus are received again"]


async def test_stale_in_time(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Devices are unavailable five minutes after their last list, however rare the polls."""
    await time.listed("devices")
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/*", times=None, retry_after=3600
    )
    await time.move(119)
    await time.move(119)
    await time.move(50)
    assert state_of(hass, LAMP).state == "on"
    await time.move(20)
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE
    assert state_of(hass, HOME_STATUS).state == "rate_limited"


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


# Faster for a while


@pytest.fixture
def quiet(simulator: Simulator) -> None:
    """Let nothing happen by itself."""
    simulator.change_settings({"life": False, "drift": False})


async def use_up(rate_limiter: RateLimiter, time: Time, count: int) -> None:
    """Use up so many requests of the window."""

    async def request() -> None:
        async with rate_limiter.acquire(Priority.COMMAND):
            pass

    for _ in range(count):
        await time.until(request())


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


# A reload


async def test_reload_in_a_full_window(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A reload continues with the last lists, and asks for new ones when there is room."""
    await use_up(loaded.runtime_data.account.rate_limiter, time, 10)
    asked = len(simulator.log)
    await time.until(hass.config_entries.async_reload(loaded.entry_id), limit=5)
    assert len(simulator.log) == asked
    assert state_is(loaded, ConfigEntryState.LOADED)
    for entity_id in (LAMP, "sensor.outdoor_temperature"):
        assert state_of(hass, entity_id).state not in (STATE_UNAVAILABLE, "unknown")
    simulator.press(LAMP_ID, "turnOff")
    await time.listed("devices")
    await time.listed("sensors")
    assert state_of(hass, LAMP).state == "off"


async def test_kept_lists_age(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A reload makes old data no younger."""
    await time.listed("devices")
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/*", times=None)
    await time.move(119)
    await time.move(119)
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    assert state_of(hass, LAMP).state == "on"
    await time.move(70)
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE


@pytest.mark.parametrize(
    "changes",
    [
        {"wait": 121},
        {"data": {CONF_TOKEN: "another"}},
        {"options": {CONF_INCLUDE_IGNORED: True}},
    ],
)
async def test_lists_not_kept(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    changes: dict[str, Any],
) -> None:
    """Lists are of no use after two minutes, for another login, or with other rows."""
    assert await hass.config_entries.async_unload(loaded.entry_id)
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/*", times=None)
    await time.move(changes.get("wait", 0))
    hass.config_entries.async_update_entry(
        loaded,
        data={**loaded.data, **changes.get("data", {})},
        options=changes.get("options", {}),
    )
    await time.until(hass.config_entries.async_setup(loaded.entry_id))
    assert state_is(loaded, ConfigEntryState.SETUP_RETRY)
