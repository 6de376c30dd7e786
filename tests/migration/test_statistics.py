"""History and statistics go on under the same entity ids, with a recorder."""

from collections.abc import Generator
import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_recorder_block_till_done,
    do_adhoc_statistics,
    statistics_during_period,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.telldus_pa.migration.move import async_revert, async_take_over
from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.history import get_significant_states
from homeassistant.components.recorder.statistics import (
    async_list_statistic_ids,
    validate_statistics,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from simulator import Home, Simulator
from simulator.home import SensorValue
from tests.conftest import Time

from .conftest import mixed_home

PERIOD = 300
MOVED = ("sensor.garden_temperature", "sensor.garden_humidity", "sensor.plug_power_2")
KEPT = "sensor.plug_power"

type Rows = dict[str, list[Any]]


@pytest.fixture
def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the recorder before there is a Home Assistant, as it must be."""


@pytest.fixture(autouse=True)
def recorded(recorder_mock: Recorder) -> Generator[None]:
    """Record from the beginning, and keep still about each of very many rows."""
    logger = logging.getLogger("sqlalchemy.engine")
    level = logger.level
    logger.setLevel(logging.WARNING)
    yield
    logger.setLevel(level)


async def let_pass(hass: HomeAssistant, time: Time) -> None:
    """Let a whole period pass, and have its statistics made."""
    for _ in range(2):
        now = dt_util.utcnow().timestamp()
        await time.move(PERIOD - now % PERIOD)
    start = dt_util.utc_from_timestamp(dt_util.utcnow().timestamp() - PERIOD)
    await async_recorder_block_till_done(hass)
    do_adhoc_statistics(hass, start=start)
    await async_recorder_block_till_done(hass)


async def statistics(hass: HomeAssistant) -> Rows:
    """Return all statistics, by entity id."""
    await async_recorder_block_till_done(hass)
    return statistics_during_period(
        hass,
        dt_util.utc_from_timestamp(0),
        statistic_ids={*MOVED, KEPT},
        period="5minute",
        types={"mean", "min", "max"},
    )


async def history(hass: HomeAssistant) -> Rows:
    """Return all recorded states, by entity id."""
    await async_recorder_block_till_done(hass)
    begin = dt_util.utc_from_timestamp(1)
    found = await get_instance(hass).async_add_executor_job(
        lambda: get_significant_states(
            hass, begin, None, ["light.lamp_1", "switch.outlet"]
        )
    )
    return {
        entity_id: [
            (row.state, row.last_updated) for row in rows if isinstance(row, State)
        ]
        for entity_id, rows in found.items()
    }


async def complaints_of(hass: HomeAssistant) -> set[str]:
    """Return of which entities the statistics have a problem."""
    return set(
        await get_instance(hass).async_add_executor_job(validate_statistics, hass)
    )


@pytest.fixture
def weather(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the garden measure what core's integration shows without a unit."""

    def home(now: int) -> Home:
        home = mixed_home(now)
        home.sensors["60"].values += [
            SensorValue("wdir", "0", "90", now),
            SensorValue("volume", "2", "15", now),
        ]
        return home

    monkeypatch.setattr("tests.migration.conftest.mixed_home", home)


@pytest.mark.parametrize("while_moving", [False, True])
async def test_units_that_core_does_not_show(
    hass: HomeAssistant,
    weather: None,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    *,
    while_moving: bool,
) -> None:
    """Statistics begin with the unit here, though a state of the period has none.

    Home Assistant may make the first of them before the registries are on disk.
    """
    rows = er.async_entries_for_config_entry(er.async_get(hass), core.entry_id)
    moved = {
        row.entity_id
        for row in rows
        if row.unique_id.startswith(("_60-wdir", "_60-volume"))
    }
    assert len(moved) == 2
    now = dt_util.utcnow().timestamp()
    period = now + PERIOD - now % PERIOD
    await time.move(period - now + PERIOD - (8 if while_moving else 60))
    await time.until(async_take_over(hass, loaded, core.entry_id))
    await time.move(period + PERIOD - dt_util.utcnow().timestamp())
    await async_recorder_block_till_done(hass)
    do_adhoc_statistics(hass, start=dt_util.utc_from_timestamp(period))
    for _ in range(2):
        await let_pass(hass, time)
    assert not await complaints_of(hass) & moved
    found = {
        one["statistic_id"]: one["statistics_unit_of_measurement"]
        for one in await async_list_statistic_ids(hass, moved)
    }
    assert set(found.values()) == {"°", "gal"}
    later = statistics_during_period(
        hass,
        dt_util.utc_from_timestamp(period + 2 * PERIOD),
        statistic_ids=moved,
        period="5minute",
        types={"mean"},
    )
    assert later.keys() == moved


async def test_statistics(
    hass: HomeAssistant,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """What was recorded stays, what comes is added, and no unit changes."""
    await let_pass(hass, time)
    before, states = await statistics(hass), await history(hass)
    assert before.keys() == {*MOVED, KEPT}
    await time.until(async_take_over(hass, loaded, core.entry_id))
    assert await statistics(hass) == before
    await time.move(45)
    await let_pass(hass, time)
    after, later = await statistics(hass), await history(hass)
    for entity_id in MOVED:
        assert after[entity_id][: len(before[entity_id])] == before[entity_id]
        assert len(after[entity_id]) > len(before[entity_id])
    assert after[KEPT] == before[KEPT]
    for entity_id, rows in states.items():
        assert later[entity_id][: len(rows)] == rows
        assert later[entity_id][-1][0] == "on"
        assert len(later[entity_id]) > len(rows)
    ids = {one["statistic_id"] for one in await async_list_statistic_ids(hass)}
    assert {*MOVED, KEPT, "sensor.plug_energy"} <= ids
    # Of what is disabled Home Assistant says that it is recorded no more, no worse.
    assert not await complaints_of(hass) & {*MOVED, "sensor.plug_energy"}
    await time.until(async_revert(hass, loaded))
    await time.move(45)
    await let_pass(hass, time)
    back = await statistics(hass)
    for entity_id in (*MOVED, KEPT):
        assert back[entity_id][: len(after[entity_id])] == after[entity_id]
        assert len(back[entity_id]) > len(after[entity_id])
    assert not await complaints_of(hass) & {*MOVED, KEPT}
