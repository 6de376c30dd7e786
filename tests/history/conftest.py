"""A meter whose history is imported, and what is seen of that."""

from collections import Counter
from collections.abc import Generator, Iterable
import logging
from typing import Any, cast

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_recorder_block_till_done,
    do_adhoc_statistics,
    statistics_during_period,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.telldus_pa.const import DOMAIN
from custom_components.telldus_pa.history import recorder as history_recorder
from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_component import async_update_entity
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
from simulator import Simulator
from simulator.command_effects import value_at
from simulator.home import Drift, Sensor, SensorValue
from tests.conftest import Time
from tests.factories import GATEWAY, home_of, lamp
from tests.helpers import state_of

HOUR, DAY = 3600, 86400
METER = "1600000001"
ENERGY, TEMPERATURE = "sensor.meter_energy", "sensor.meter_temperature"
WIND, POWER = "sensor.meter_wind_direction", "sensor.meter_power"
PROGRESS = "sensor.telldus_live_history_import"

type Rows = list[dict[str, Any]]


@pytest.fixture
def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the recorder before there is a Home Assistant, as it must be."""


@pytest.fixture
def quiet_database() -> Generator[None]:
    """Keep still about each of very many rows."""
    logger = logging.getLogger("sqlalchemy.engine")
    level = logger.level
    logger.setLevel(logging.WARNING)
    yield
    logger.setLevel(level)


@pytest.fixture
def meter(freezer: FrozenDateTimeFactory, simulator: Simulator) -> Sensor:
    """Return the only sensor of a home: it grows, wavers, and began anew now and then."""
    freezer.move_to("2026-11-24 12:40:00+00:00")
    now = int(simulator.clock())
    sensor = Sensor(
        id=METER,
        gateway_id=GATEWAY,
        sensor_id="77",
        name="Meter",
        keep_history=True,
        values=[
            SensorValue("watt", "0", "500.00", now, drift=Drift(per_hour=0.6)),
            SensorValue("temp", "0", "10.00", now, drift=Drift(swing=9, period=30_011)),
        ],
    )
    home = home_of(lamp(1))
    home.sensors[METER] = sensor
    simulator._home = home  # noqa: SLF001
    # Some rows in each hour, the least that tells them apart.
    simulator.settings.history_interval = 1200
    return sensor


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, float]]:
    """Return how often each hour of each entity was given to the recorder."""
    given: Counter[tuple[str, float]] = Counter()
    really = async_import_statistics

    def note(hass: HomeAssistant, metadata: Any, rows: Iterable[Any]) -> None:
        rows = list(rows)
        given.update(
            (metadata["statistic_id"], one["start"].timestamp()) for one in rows
        )
        really(hass, metadata, rows)

    monkeypatch.setattr(history_recorder, "async_import_statistics", note)
    return given


@pytest.fixture
async def recorded(
    recorder_mock: Recorder, hass: HomeAssistant, loaded: MockConfigEntry, time: Time
) -> MockConfigEntry:
    """Return an entry of which Home Assistant has recorded some of two hours."""
    await record(hass, time)
    return loaded


async def record(hass: HomeAssistant, time: Time) -> None:
    """Let this hour and the next come to an end."""
    begin = dt_util.utcnow().timestamp() // HOUR * HOUR
    # Statistics are of five minutes: no more polls are needed than two in each.
    while (seconds := begin + 2 * HOUR + 30 - dt_util.utcnow().timestamp()) > 0:
        await time.leap(min(seconds, 150))
    await async_recorder_block_till_done(hass)
    # Those that end a half hour say enough of it.
    for period in range(5, 24, 6):
        start = dt_util.utc_from_timestamp(begin + period * 300)
        do_adhoc_statistics(hass, start=start)
    await async_recorder_block_till_done(hass)


async def hours(hass: HomeAssistant, entity_id: str) -> Rows:
    """Return all hours that Home Assistant has of an entity."""
    await async_recorder_block_till_done(hass)
    found = statistics_during_period(
        hass,
        dt_util.utc_from_timestamp(0),
        statistic_ids={entity_id},
        period="hour",
        # The helper's own type does without "change", which the recorder does know.
        types=cast("Any", {"state", "sum", "mean", "min", "max", "change"}),
    )
    rows: Rows = found.get(entity_id, [])
    return rows


async def pass_by(hass: HomeAssistant, time: Time, seconds: float) -> None:
    """Let time pass, the recorder's thread keeping up with it."""
    while seconds > 0:
        await time.move(10)
        await async_recorder_block_till_done(hass)
        await time.settle()
        seconds -= 10


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> JsonValueType:
    """Start the import by the action; return how many sensors remain."""
    response = await hass.services.async_call(
        DOMAIN,
        "import_history",
        {"config_entry_id": entry.entry_id},
        blocking=True,
        return_response=True,
    )
    assert response
    return response["sensors"]


async def progress(hass: HomeAssistant) -> str:
    """Return the state of the import now, not at the sensor's last poll."""
    await async_update_entity(hass, PROGRESS)
    return state_of(hass, PROGRESS).state


async def reach(state: str, hass: HomeAssistant, time: Time, seconds: float) -> None:
    """Let time pass until the import is in a state."""
    while await progress(hass) != state and seconds > 0:
        await pass_by(hass, time, 20)
        seconds -= 20
    assert await progress(hass) == state


async def finish(hass: HomeAssistant, time: Time) -> None:
    """Let time pass until all is imported."""
    await reach("finished", hass, time, 8000)
    await async_recorder_block_till_done(hass)


def told(simulator: Simulator, scale: str = "watt") -> dict[int, list[float]]:
    """Return what Telldus has of a value, by hour."""
    value = simulator.home.sensors[METER].value(scale, "0")
    assert value
    step = int(simulator.settings.history_interval)
    now = int(simulator.clock())
    since = int(now - simulator.settings.history_days * DAY)
    found: dict[int, list[float]] = {}
    for when in range(-(-since // step) * step, now + 1, step):
        text = value_at(value, when)
        found.setdefault(when // HOUR * HOUR, []).append(float(text))
    return found


def changes(told: dict[int, list[float]]) -> dict[int, float]:
    """Return by how much a meter has grown in each hour, from none it began anew."""
    found: dict[int, float] = {}
    before: float | None = None
    for start, numbers in sorted(told.items()):
        for number in numbers:
            if before is not None:
                step = number - before if number > 0.9 * before else number
                found[start] = found.get(start, 0) + step
            before = number
    return found


def starts(rows: Rows) -> list[int]:
    """Return when hours begin."""
    return [int(row["start"]) for row in rows]


def asked(simulator: Simulator) -> int:
    """Return how often a history was asked for."""
    return sum(one.path == "json/sensor/history" for one in simulator.log)


def check_temperatures(simulator: Simulator, rows: Rows, first: int) -> None:
    """Check that what was imported of the hours before one is what Telldus has of them."""
    temperatures = told(simulator, "temp")
    for row in rows:
        if row["start"] < first:
            numbers = temperatures[int(row["start"])]
            assert (row["min"], row["max"]) == (min(numbers), max(numbers))
            assert row["mean"] == pytest.approx(sum(numbers) / len(numbers))
