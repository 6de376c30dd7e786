"""Which way a cover's level runs, and what tells that it runs the other way."""

from dataclasses import replace

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import CONF_REVERSED_COVERS
from custom_components.telldus_pa.devices.cover_position import (
    SentDirection,
    cover_level,
    cover_position,
    position_commands,
)
from custom_components.telldus_pa.pa_api import Command, Device, Method
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.conftest import AddEntry, Time
from tests.helpers import Dashboard, issues

SHUTTER, SHUTTER_ID = "cover.bedroom_shutter", "2100007"
GROUP, GROUP_ID = "cover.all_blinds", "2100045"


def cover(device_id: str, state: int = 0, level: int | None = None) -> Device:
    """Return a cover with a position."""
    values = [] if level is None else [{"state": 16, "value": level}]
    row = {"id": device_id, "client": "1", "methods": 912, "state": state}
    return Device.from_dict({**row, "stateValues": values})


@pytest.mark.parametrize(
    ("state", "level", "position", "reversed_position"),
    [
        (128, None, 1, 1),
        (256, None, 0, 0),
        (512, 255, None, None),
        (16, 255, 1, 0),
        (16, 51, 0.2, 0.8),
        (16, None, None, None),
        (0, None, None, None),
    ],
)
def test_position(
    state: int,
    level: int | None,
    position: float | None,
    reversed_position: float | None,
) -> None:
    """Up is open and so is 255, unless the scale runs the other way."""
    row = cover("1", state, level)
    assert cover_position(row, is_reversed=False) == position
    assert cover_position(row, is_reversed=True) == reversed_position
    if state == 16 and position is not None and reversed_position is not None:
        assert cover_level(position, is_reversed=False) == level
        assert cover_level(reversed_position, is_reversed=True) == level


def test_commands_to_a_group_of_unknown_members() -> None:
    """Where nobody knows who is in it, the group's own direction counts."""
    expected = Command("9", Method.DIM, 51)
    assert position_commands(cover("9"), (), 0.2, ()) == [expected]
    assert position_commands(cover("9"), (), 0.8, ["9"]) == [expected]
    # Of known ones theirs does.
    members = [cover("1"), cover("2")]
    assert position_commands(cover("9"), members, 0.8, ["1", "2"]) == [expected]


@pytest.mark.parametrize(
    ("before", "state", "level", "agrees"),
    [
        (128, 16, 255, True),
        (128, 16, 243, True),
        (128, 16, 242, None),
        (128, 16, 13, None),
        (128, 16, 12, False),
        (128, 16, 0, False),
        # Still the level from before the command
        (0, 16, 0, None),
        # Not the level of where it is now
        (128, 128, 0, None),
        (128, 512, 0, None),
        (128, 16, None, None),
    ],
)
def test_what_a_level_tells(
    before: int, state: int, level: int | None, agrees: bool | None
) -> None:
    """Only a new level near an end tells which way the scale runs."""
    row = cover("1", state, level)
    up = SentDirection(Method.UP, before, 0.0)
    down = SentDirection(Method.DOWN, before, 0.0)
    opposite = None if agrees is None else not agrees
    assert up.agrees_with(row, is_reversed=False) is agrees
    assert up.agrees_with(row, is_reversed=True) is opposite
    assert down.agrees_with(row, is_reversed=False) is opposite


class Shutter:
    """A shutter at Telldus whose level is a report of its motor."""

    def __init__(self, simulator: Simulator, time: Time, dashboard: Dashboard) -> None:
        """Take hold of it."""
        self._device = simulator.home.devices[SHUTTER_ID]
        self._time = time
        self._dashboard = dashboard

    async def runs(self, action: str, level: int, *, entity_id: str = SHUTTER) -> None:
        """Have it sent somewhere, and report a level a while later."""
        await self._dashboard.do(action, entity_id)
        await self._time.move(40)
        await self.reports(level)

    async def reports(self, level: int, state: int = 16) -> None:
        """Have the next list show a level."""
        self._device.state = state
        self._device.state_value = str(level)
        self._device.values[16] = level
        await self._time.move(31)


@pytest.fixture
def shutter(
    loaded: MockConfigEntry, simulator: Simulator, time: Time, dashboard: Dashboard
) -> Shutter:
    """Return the demo home's shutter, which stands in the middle."""
    device = simulator.home.devices[SHUTTER_ID]
    device.values[16], device.state_value = 100, "100"
    return Shutter(simulator, time, dashboard)


async def test_two_contradictions(
    hass: HomeAssistant, loaded: MockConfigEntry, shutter: Shutter, time: Time
) -> None:
    """Twice at the other end: the person is asked, and nothing turns by itself."""
    await shutter.runs("open_cover", 0)
    assert issues(hass) == set()
    await time.move(600)
    # One command counts once, whatever it reports afterwards.
    await shutter.reports(3)
    assert issues(hass) == set()
    await shutter.runs("close_cover", 255)
    assert issues(hass) == {"cover_direction"}
    assert not loaded.options.get(CONF_REVERSED_COVERS)
    # It is still known after a reload, for as long as the setting is what it was.
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    assert issues(hass) == {"cover_direction"}
    hass.config_entries.async_update_entry(
        loaded, options={CONF_REVERSED_COVERS: [SHUTTER_ID]}
    )
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    assert issues(hass) == set()


async def test_reversed_contradictions(
    hass: HomeAssistant, loaded: MockConfigEntry, shutter: Shutter, time: Time
) -> None:
    """One that was set to run the other way, and does not, is found as well."""
    hass.config_entries.async_update_entry(
        loaded, options={CONF_REVERSED_COVERS: [SHUTTER_ID]}
    )
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    for _ in range(2):
        await shutter.runs("open_cover", 255)
        await shutter.reports(100)
    assert issues(hass) == {"cover_direction"}


async def test_agreement_between(hass: HomeAssistant, shutter: Shutter) -> None:
    """Contradictions count only in a row."""
    await shutter.runs("open_cover", 0)
    await shutter.runs("close_cover", 5)
    await shutter.runs("open_cover", 2)
    assert issues(hass) == set()
    await shutter.runs("close_cover", 255)
    assert issues(hass) == {"cover_direction"}


class Meddler:
    """Whoever does something else to the shutter before its level is seen."""

    def __init__(
        self,
        entry: MockConfigEntry,
        simulator: Simulator,
        time: Time,
        dashboard: Dashboard,
    ) -> None:
        """Take hold of the shutter."""
        self._devices = entry.runtime_data.devices
        self._simulator = simulator
        self._time = time
        self._do = dashboard.do

    async def meddle(self, how: str) -> None:
        """Do something else to it."""
        match how:
            case "wait":
                await self._time.move(180)
            case "stop":
                await self._do("stop_cover", SHUTTER)
                await self._time.move(60)
            case "position":
                await self._do("set_cover_position", SHUTTER, position=50)
            case "group":
                await self._do("close_cover", GROUP)
            case "hand":
                self._simulator.press(SHUTTER_ID, "down")
                await self._time.move(35)
            case "push":
                await self._time.move(31)
                row = self._devices.data[SHUTTER_ID]
                pushed = replace(row, state=Method.DIM, level=90)
                self._devices.async_set_pushed_item(pushed)


@pytest.mark.parametrize("how", ["wait", "stop", "position", "group", "hand", "push"])
async def test_other_reasons(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    shutter: Shutter,
    dashboard: Dashboard,
    time: Time,
    how: str,
) -> None:
    """Whatever else happened after the command may be why it is where it is."""
    meddler = Meddler(loaded, simulator, time, dashboard)
    for _ in range(3):
        await dashboard.do("open_cover", SHUTTER)
        await time.move(5)
        await meddler.meddle(how)
        await shutter.reports(0)
        await shutter.reports(100)
    assert issues(hass) == set()


async def test_groups_do_not_count(
    hass: HomeAssistant, simulator: Simulator, add_entry: AddEntry, time: Time
) -> None:
    """What a group of unknown members reports is nobody's position."""
    group = simulator.home.devices[GROUP_ID]
    group.members = []
    group.type = "device"
    group.methods = 912
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    dashboard = Dashboard(hass, time)
    for level in (0, 3):
        await dashboard.do("open_cover", GROUP)
        await time.move(40)
        group.state, group.state_value, group.values[16] = 16, str(level), level
        await time.move(31)
    assert issues(hass) == set()
