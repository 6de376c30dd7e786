"""The lists: how often they are asked for, lost and found again."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_SCAN_INTERVAL, STATE_UNAVAILABLE
from homeassistant.core import Event, HomeAssistant
from simulator import Fault, Simulator

from .conftest import AddEntry, Time
from .helpers import LAMP, LAMP_ID, complaints, polls, state_is, state_of


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
        (Fault.GARBAGE, "Telldus answered with something that makes no sense"),
        (Fault.RATE_LIMITED, "Telldus allows only a few requests a minute"),
        (Fault.UNAUTHORIZED_TEXT, "Telldus does not accept the login"),
        (Fault.DATABASE, "Telldus"),
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
    found = [r for r in caplog.records if r.getMessage().endswith("data recovered")]
    assert [r.getMessage() for r in found] == ["Fetching devices data recovered"]


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
    assert 2 <= len(simulator.log) - asked <= 3
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
