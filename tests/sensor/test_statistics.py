"""What Home Assistant makes of what the sensors tell: sums, means, the energy dashboard."""

from datetime import datetime
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_recorder_block_till_done,
    do_adhoc_statistics,
    statistics_during_period,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.energy.validate import async_validate
from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import async_list_statistic_ids
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulator import Simulator
from simulator.home import SensorValue
from tests.conftest import Time
from tests.helpers import complaints

pytestmark = pytest.mark.only(
    "Wind",
    "Energy plug",
    "Multisensor",
    "Old meter",
    "Outdoor",
    "Rain gauge",
    "Silent",
    "Window lamp",
)


PLUG, RAIN_GAUGE, WIND = "1540000006", "1540000003", "1540000004"
PERIOD = 300
POLL = 150


@pytest.fixture
def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the recorder before there is a Home Assistant, as it must be."""


@pytest.fixture(autouse=True)
def still(recorder_mock: Recorder, simulator: Simulator) -> None:
    """Record, and let values stand still until a test changes them."""
    simulator.settings.drift = False


class Statistics:
    """Lets periods pass and returns what they come to."""

    def __init__(self, hass: HomeAssistant, simulator: Simulator, time: Time) -> None:
        """Begin with no period."""
        self._hass = hass
        self._simulator = simulator
        self._time = time
        self._starts: list[datetime] = []

    def value(self, sensor_id: str, name: str) -> SensorValue:
        """Return a value of which statistics are to be made."""
        value = self._simulator.home.sensors[sensor_id].value(name, "0")
        assert value is not None
        return value

    def set(self, value: SensorValue, text: str) -> None:
        """Let the sensor tell something else."""
        value.anchor(text, self._simulator.clock())

    async def begin(self) -> None:
        """Wait until all that was set is known, and for the next period to begin."""
        await self._time.move(POLL)
        await self._boundary()

    async def end(self) -> None:
        """Wait for the end of a period."""
        now = dt_util.utcnow().timestamp()
        self._starts.append(dt_util.utc_from_timestamp(now - now % PERIOD))
        await self._boundary()

    async def _boundary(self) -> None:
        """Let time pass until just after the beginning of the next period."""
        now = dt_util.utcnow().timestamp()
        await self._time.move(PERIOD - now % PERIOD)

    async def of(self, entity_id: str) -> list[dict[str, Any]]:
        """Return an entity's statistics, one row for each period that was ended."""
        await async_recorder_block_till_done(self._hass)
        for start in self._starts:
            do_adhoc_statistics(self._hass, start=start)
        await async_recorder_block_till_done(self._hass)
        found = statistics_during_period(
            self._hass, self._starts[0], statistic_ids={entity_id}, period="5minute"
        )
        rows: list[dict[str, Any]] = found[entity_id]
        return rows


@pytest.fixture
def statistics(hass: HomeAssistant, simulator: Simulator, time: Time) -> Statistics:
    """Return what makes statistics."""
    return Statistics(hass, simulator, time)


@pytest.mark.parametrize(
    ("sensor_id", "name", "entity_id"),
    [
        (PLUG, "watt", "sensor.energy_plug_energy"),
        (RAIN_GAUGE, "rtot", "sensor.rain_gauge_precipitation"),
    ],
)
async def test_counter_begins_anew(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    statistics: Statistics,
    sensor_id: str,
    name: str,
    entity_id: str,
) -> None:
    """What a counter had before it began anew is not taken off, nor counted twice.

    A meter may be reset; a rain gauge begins anew with each battery.
    """
    value = statistics.value(sensor_id, name)
    statistics.set(value, "2000")
    await statistics.begin()
    for text in ("2000", "2001.5", "0.25", "3.25"):
        statistics.set(value, text)
        await statistics.end()
    rows = await statistics.of(entity_id)
    assert [row["state"] for row in rows] == [2000, 2001.5, 0.25, 3.25]
    sums = [row["sum"] - rows[0]["sum"] for row in rows]
    assert sums == [0, 1.5, 1.75, 4.75]


async def test_wind_around_north(
    hass: HomeAssistant, loaded: MockConfigEntry, statistics: Statistics, time: Time
) -> None:
    """The mean of north-north-west and north-north-east is north, and not south."""
    value = statistics.value(WIND, "wdir")
    statistics.set(value, "337.5")
    await statistics.begin()
    await time.move(60)
    statistics.set(value, "22.5")
    await statistics.end()
    (row,) = await statistics.of("sensor.wind_wind_direction")
    north = (row["mean"] + 180) % 360 - 180
    assert -12 < north < 20
    (found,) = await async_list_statistic_ids(
        hass, statistic_ids={"sensor.wind_wind_direction"}
    )
    assert found["mean_type"] is StatisticMeanType.CIRCULAR


async def test_what_has_statistics(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    statistics: Statistics,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever is measured or counted has statistics, without a complaint."""
    await statistics.begin()
    await statistics.end()
    await statistics.of("sensor.outdoor_temperature")
    found = {
        row["statistic_id"]: (row["mean_type"], row["has_sum"])
        for row in await async_list_statistic_ids(hass)
    }
    kinds = {
        "measurement": (StatisticMeanType.ARITHMETIC, False),
        "measurement_angle": (StatisticMeanType.CIRCULAR, False),
        "total_increasing": (StatisticMeanType.NONE, True),
    }
    assert found == {
        state.entity_id: kinds[state.attributes["state_class"]]
        for state in hass.states.async_all("sensor")
        if "state_class" in state.attributes
    }
    assert complaints(caplog) == []


async def test_energy_dashboard(
    hass: HomeAssistant, loaded: MockConfigEntry, statistics: Statistics
) -> None:
    """The energy dashboard takes a plug's meter, and rightly not its power for one."""
    await statistics.begin()
    await statistics.end()
    await statistics.of("sensor.energy_plug_energy")
    manager = await async_get_manager(hass)
    await manager.async_update(
        {
            "energy_sources": [],
            "device_consumption": [
                {
                    "stat_consumption": "sensor.energy_plug_energy",
                    "stat_rate": "sensor.energy_plug_power",
                },
                {"stat_consumption": "sensor.energy_plug_power"},
            ],
        }
    )
    meter, power = (await async_validate(hass)).device_consumption
    assert not list(meter.issues)
    assert list(power.issues)
