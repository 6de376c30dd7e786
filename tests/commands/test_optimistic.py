"""What is commanded outlives a reload; where it ends for good, everybody is told."""

import asyncio
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.commands.optimistic import OptimisticState
from custom_components.telldus_pa.devices.topology import Topology
from custom_components.telldus_pa.pa_api import Device
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Fault, Simulator
from tests.commands.conftest import SetUp
from tests.conftest import Time
from tests.factories import lamp
from tests.helpers import Dashboard, complaints, sent, state_of

from .conftest import outcomes, undecided

LAMPS = [f"light.lamp_{number}" for number in range(1, 31)]


@pytest.fixture
async def lamps(set_up_home: SetUp) -> MockConfigEntry:
    """Return an entry with thirty lamps that are on."""
    return await set_up_home(*(lamp(number) for number in range(1, 31)))


def all_off(hass: HomeAssistant) -> asyncio.Task[Any]:
    """Turn all lamps off."""
    return hass.async_create_task(
        hass.services.async_call(
            "light", "turn_off", {"entity_id": LAMPS}, blocking=True
        )
    )


def shown(hass: HomeAssistant) -> set[str]:
    """Return what the lamps are shown as."""
    return {state_of(hass, one).state for one in LAMPS}


def test_group_follows() -> None:
    """A group whose own row stays as it is follows a member, and who its members are."""
    lamp_on, lamp_off, group = (
        Device.from_dict({"id": id_, "client": "2", "methods": 3, "state": number})
        for id_, number in (("1", 1), ("1", 2), ("90", 1))
    )
    state, home = OptimisticState(), Topology(resolved_members={"90": ("1",)})
    for member, is_on in ((lamp_off, False), (lamp_on, True), (lamp_off, False)):
        devices = {"1": member, "90": group}
        assert state.show(group, devices, home).is_on is is_on
    assert state.show(group, devices, Topology()).is_on


async def test_reload(
    hass: HomeAssistant,
    lamps: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Thirty lamps off and a reload: all are turned off, and never shown as on."""
    action = all_off(hass)
    await time.move(5)
    assert shown(hass) == {"off"}
    await time.until(hass.config_entries.async_reload(lamps.entry_id))
    for _ in range(60):
        # The first list has to wait for the window as well.
        assert "on" not in shown(hass)
        await time.move(5)
    assert shown(hass) == {"off"}
    assert action.exception() is None
    assert sorted(sent(simulator)) == sorted(f"turnOff {n}" for n in range(1, 31))
    assert {one.state for one in simulator.homes["demo"].devices.values()} == {2}
    commands = lamps.runtime_data.commands
    assert (commands.queue_length, commands.pending_count) == (0, 0)
    assert complaints(caplog) == []


async def test_accepted_before_a_reload(
    hass: HomeAssistant, lamps: MockConfigEntry, dashboard: Dashboard, time: Time
) -> None:
    """What Telldus has accepted stays shown, and is confirmed, after a reload."""
    await dashboard.do("turn_off", LAMPS[0])
    await time.until(hass.config_entries.async_reload(lamps.entry_id))
    assert state_of(hass, LAMPS[0]).state == "off"
    assert await undecided(hass, lamps) == 1
    await time.move(45)
    assert state_of(hass, LAMPS[0]).state == "off"
    assert (await outcomes(hass, lamps)) == {"confirmed": 1}


@pytest.mark.parametrize("how", ["stop", "disable", "remove"])
@pytest.mark.parametrize("is_late", [False, True])
async def test_the_end(
    hass: HomeAssistant,
    lamps: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    how: str,
    is_late: bool,
) -> None:
    """Who still waits is told by an error, and of the rest one warning has all names."""
    action = all_off(hass)
    await time.move(25 if is_late else 5)
    assert action.done() is is_late
    count = len(sent(simulator))
    entries = hass.config_entries
    match how:
        case "stop":
            hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        case "disable":
            await time.until(
                entries.async_set_disabled_by(lamps.entry_id, ConfigEntryDisabler.USER)
            )
        case "remove":
            await time.until(entries.async_remove(lamps.entry_id))
    await time.settle()
    if is_late:
        (line,) = complaints(caplog)
        assert line.count("(light.lamp_") == len(LAMPS) - count
        assert line.startswith("The integration was stopped before it could send the")
    else:
        assert complaints(caplog) == []
        error = action.exception()
        assert isinstance(error, HomeAssistantError)
        assert error.translation_key == "command_interrupted"
    await time.move(90)
    assert len(sent(simulator)) == count


async def test_the_end_of_one_on_the_wire(
    hass: HomeAssistant,
    lamps: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A command that is answered after Home Assistant has stopped was interrupted."""
    simulator.faults.add(Fault.SLOW, match="json/device/*", times=1, seconds=4)
    action = dashboard.begin("turn_off", LAMPS[0])
    await time.move(1)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await time.move(5)
    error = action.exception()
    assert isinstance(error, HomeAssistantError)
    assert error.translation_key == "command_interrupted"
    assert await undecided(hass, lamps) == 0
    assert complaints(caplog) == []
