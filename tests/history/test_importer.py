"""The history at Telldus in Home Assistant's statistics: seamless, once, and as it was."""

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
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from simulator import Fault, Simulator
from simulator.command_effects import value_at
from simulator.home import Drift, Sensor, SensorValue
from tests.conftest import Time
from tests.factories import GATEWAY, home_of, lamp
from tests.helpers import complaints, state_of

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


@pytest.fixture(autouse=True)
def quiet_database() -> Generator[None]:
    """Keep still about each of very many rows."""
    logger = logging.getLogger("sqlalchemy.engine")
    level = logger.level
    logger.setLevel(logging.WARNING)
    yield
    logger.setLevel(level)


@pytest.fixture(autouse=True)
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
    now = dt_util.utcnow().timestamp()
    begin = now // HOUR * HOUR
    await time.move(begin + 2 * HOUR + 30 - now)
    await async_recorder_block_till_done(hass)
    for period in range(24):
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


async def reach(
    phase: str, hass: HomeAssistant, entry: MockConfigEntry, time: Time, seconds: float
) -> None:
    """Let time pass until an import has come so far."""
    while entry.runtime_data.history_import.state != phase and seconds > 0:
        await pass_by(hass, time, 20)
        seconds -= 20
    assert entry.runtime_data.history_import.state == phase


async def finish(hass: HomeAssistant, entry: MockConfigEntry, time: Time) -> None:
    """Let time pass until all is imported."""
    await reach("finished", hass, entry, time, 8000)
    await time.move(31)
    assert state_of(hass, PROGRESS).state == "finished"
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


async def test_two_years(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    written: Counter[tuple[str, float]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Two years come within the limit, once, through a reload and a restart."""
    # Debugging a loop costs more than all else here.
    hass.loop.set_debug(False)
    # The recorder takes a while for each hour, so Telldus heard something in every third.
    simulator.settings.history_interval = 3 * HOUR
    own = {one: await hours(hass, one) for one in (ENERGY, TEMPERATURE)}
    assert [len(rows) for rows in own.values()] == [2, 2]
    first = starts(own[ENERGY])[0]
    assert state_of(hass, PROGRESS).state == "idle"
    began, since = simulator.clock(), len(simulator.log)
    answer = await hass.services.async_call(
        DOMAIN,
        "import_history",
        {"config_entry_id": recorded.entry_id},
        blocking=True,
        return_response=True,
    )
    assert answer == {"sensors": 1}
    await pass_by(hass, time, 90)
    assert state_of(hass, PROGRESS).state == "running"
    asked_before = asked(simulator)
    assert asked_before
    cursor = recorded.runtime_data.history_import.cursor
    assert cursor
    assert cursor.timestamp() < first

    assert await time.until(hass.config_entries.async_reload(recorded.entry_id))
    await pass_by(hass, time, 120)
    assert asked(simulator) > asked_before
    assert await hass.config_entries.async_unload(recorded.entry_id)
    asked_before = asked(simulator)
    hass.data.pop(f"{DOMAIN}_shared")
    await time.move(300)
    assert asked(simulator) == asked_before
    assert await time.until(hass.config_entries.async_setup(recorded.entry_id))
    await finish(hass, recorded, time)

    found = {one: await hours(hass, one) for one in (ENERGY, TEMPERATURE)}
    for entity_id, rows in found.items():
        imported = [row for row in rows if row["start"] < first]
        assert len(imported) >= 729 * 8
        assert starts(imported) == list(range(starts(rows)[0], first, 3 * HOUR))
        assert starts(imported)[0] < began - 729 * DAY
        # What Home Assistant has itself is as it was, but for what is before it.
        kept = [row for row in rows if row["start"] >= first][:2]
        for row, was in zip(kept, own[entity_id], strict=True):
            assert {**row, "change": 0} == {**was, "change": 0}
    assert max(written.values()) == 1
    assert min(start for _, start in written) < began - 729 * DAY
    assert max(start for _, start in written) < first
    grew = changes(told(simulator))
    assert sum(1 for number in grew.values() if number > 5) == 0
    for row in found[ENERGY][1:]:
        if row["start"] <= first:
            assert row["change"] == pytest.approx(grew[int(row["start"])], abs=1e-6)
    check_temperatures(simulator, found[TEMPERATURE], first)
    assert not [one for one in simulator.log[since:] if one.status == 429]
    assert complaints(caplog) == []
    # A further import has nothing to add.
    before = sum(written.values())
    await recorded.runtime_data.history_import.async_start()
    await finish(hass, recorded, time)
    assert sum(written.values()) == before


@pytest.mark.parametrize("cut", ["oldest", "newest"])
async def test_answers_cut_short(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    written: Counter[tuple[str, float]],
    cut: str,
) -> None:
    """Whichever rows are left out of a long answer, none is missed in the end."""
    simulator.settings.change(
        {"history_days": 12, "history_rows": 100, "history_cut": cut}
    )
    first = starts(await hours(hass, ENERGY))[0]
    await recorded.runtime_data.history_import.async_start()
    await finish(hass, recorded, time)
    rows = await hours(hass, ENERGY)
    found = [start for start in starts(rows) if start < first]
    assert found == list(range(found[0], first, HOUR))
    assert len(found) >= 11 * 24
    check_temperatures(simulator, await hours(hass, TEMPERATURE), first)
    assert max(written.values()) == 1
    grew = changes(told(simulator))
    for row in rows[1:]:
        if row["start"] <= first:
            assert row["change"] == pytest.approx(grew[int(row["start"])], abs=1e-6)


async def test_other_units_and_angles(
    hass: HomeAssistant,
    recorder_mock: Recorder,
    entry: MockConfigEntry,
    meter: Sensor,
    simulator: Simulator,
    time: Time,
) -> None:
    """Numbers come in the unit of the statistics, and the mean of angles is an angle."""
    now = int(simulator.clock())
    meter.values += [
        SensorValue("wdir", "0", "0", now, drift=Drift(swing=20, period=3600)),
        SensorValue("watt", "3", "7", now, drift=Drift(per_hour=2)),
        SensorValue("lum", "1", "dark", now),
    ]
    simulator.settings.history_days = 2
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    await record(hass, time)
    get_instance(hass).async_change_statistics_unit(
        TEMPERATURE, new_unit_of_measurement="°F", old_unit_of_measurement="°C"
    )
    await async_recorder_block_till_done(hass)
    await entry.runtime_data.history_import.async_start()
    await finish(hass, entry, time)
    temperatures, directions = told(simulator, "temp"), told(simulator, "wdir")
    rows = await hours(hass, TEMPERATURE)
    assert len(rows) > 45
    found = statistics_during_period(
        hass,
        dt_util.utc_from_timestamp(0),
        statistic_ids={TEMPERATURE},
        period="hour",
        units={"temperature": "°C"},
        types={"max"},
    )[TEMPERATURE]
    for row in found[:40]:
        expected = max(temperatures[int(row["start"])])
        assert row["max"] == pytest.approx(expected)
    for row in (await hours(hass, WIND))[:40]:
        assert row["mean"] is not None
        assert abs((row["mean"] + 180) % 360 - 180) < 25
        assert directions[int(row["start"])]
    assert (await hours(hass, "sensor.meter_pulses"))[0]["state"] is not None


async def test_nothing_to_import(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    meter: Sensor,
    time: Time,
    simulator: Simulator,
) -> None:
    """Where no sensor keeps a history, that is said."""
    meter.keep_history = False
    await time.move(150)
    with pytest.raises(ServiceValidationError) as err:
        await recorded.runtime_data.history_import.async_start()
    assert err.value.translation_key == "no_history_kept"
    assert asked(simulator) == 0


async def test_by_the_options(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    simulator: Simulator,
    meter: Sensor,
    time: Time,
) -> None:
    """It begins by the options as well, outlives the reload, and is kept as no option."""
    simulator.settings.history_days = 2
    flows = hass.config_entries.options
    step = await flows.async_init(recorded.entry_id)
    answer = {"scan_interval": 60, "include_ignored": False, "import_history": True}
    meter.keep_history = False
    await time.listed("sensors")
    step = await flows.async_configure(step["flow_id"], answer)
    assert step["errors"] == {"import_history": "no_history_kept"}
    meter.keep_history = True
    await time.listed("sensors")
    step = await flows.async_configure(step["flow_id"], answer)
    assert step["type"] == "create_entry"
    assert recorded.options == {
        "scan_interval": 60,
        "live": True,
        "include_ignored": False,
        "reversed_covers": [],
    }
    await time.move(60)
    await finish(hass, recorded, time)
    assert len(await hours(hass, ENERGY)) > 40


async def test_no_recorder(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Everything else works without a recorder."""
    with pytest.raises(HomeAssistantError) as err:
        await loaded.runtime_data.history_import.async_start()
    assert err.value.translation_key == "no_recorder"
    assert state_of(hass, ENERGY).state == "500.0"


async def test_waits_for_the_first_hour(
    hass: HomeAssistant,
    recorder_mock: Recorder,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """Nothing is asked before Home Assistant has an hour of its own to lead up to."""
    simulator.settings.history_days = 2
    await time.move(330)
    await async_recorder_block_till_done(hass)
    # There are statistics of five minutes, but no hour.
    began = dt_util.utcnow().timestamp() // 300 * 300 - 300
    do_adhoc_statistics(hass, start=dt_util.utc_from_timestamp(began))
    assert await loaded.runtime_data.history_import.async_start() == [METER]
    await pass_by(hass, time, 60)
    assert await loaded.runtime_data.history_import.async_start() == [METER]
    assert loaded.runtime_data.history_import.state == "waiting"
    assert asked(simulator) == 0
    await record(hass, time)
    await time.move(601)
    await finish(hass, loaded, time)
    assert len(await hours(hass, ENERGY)) > 45


async def test_never_recorded(
    hass: HomeAssistant,
    recorder_mock: Recorder,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What Home Assistant is told not to record gets nothing."""
    monkeypatch.setattr(get_instance(hass), "entity_filter", lambda _: False)
    await loaded.runtime_data.history_import.async_start()
    await pass_by(hass, time, 30)
    assert asked(simulator) == 0
    assert loaded.runtime_data.history_import.state == "finished"


async def test_no_hour_in_time(
    hass: HomeAssistant,
    recorder_mock: Recorder,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two hours are waited for the first hour, through reloads; then the rest comes."""
    monkeypatch.setattr(
        "homeassistant.components.sensor.recorder._get_sensor_states", lambda _: []
    )
    simulator.settings.history_days = 2
    await loaded.runtime_data.history_import.async_start()
    for _ in range(2):
        await time.move(3000)
        assert asked(simulator) == 0
        assert await time.until(hass.config_entries.async_reload(loaded.entry_id))
        await time.move(45)
    await time.move(1500)
    await finish(hass, loaded, time)
    assert len(await hours(hass, ENERGY)) > 40


def add_dead_sensors(simulator: Simulator) -> None:
    """Put three sensors before all others that have sent nothing for a month."""
    then = int(simulator.clock()) - 30 * DAY
    others = {**simulator.home.sensors}
    simulator.home.sensors.clear()
    for number in "123":
        simulator.home.sensors[number] = Sensor(
            id=number,
            gateway_id=GATEWAY,
            sensor_id=f"10{number}",
            name=f"Dead {number}",
            keep_history=True,
            values=[
                SensorValue("temp", "0", "10.5", then),
                SensorValue("watt", "0", "90.0", then),
            ],
        )
    simulator.home.sensors |= others


async def test_dead_sensors(
    hass: HomeAssistant,
    recorder_mock: Recorder,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    written: Counter[tuple[str, float]],
) -> None:
    """They hold up nobody, and their past comes as well: they have no future."""
    simulator.settings.history_days = 3
    add_dead_sensors(simulator)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    await record(hass, time)
    history = entry.runtime_data.history_import
    assert state_of(hass, "sensor.dead_1_temperature").state == "unknown"
    # A meter's reading does not age.
    assert state_of(hass, "sensor.dead_1_energy").state == "90.0"
    assert await history.async_start() == ["1", "2", "3", METER]
    now = int(simulator.clock())
    await finish(hass, entry, time)
    assert len(await hours(hass, ENERGY)) > 60
    for number in "123":
        temperatures = await hours(hass, f"sensor.dead_{number}_temperature")
        assert len(temperatures) > 60
        assert {row["mean"] for row in temperatures} == {10.5}
        assert max(starts(temperatures)) < now
        meter = await hours(hass, f"sensor.dead_{number}_energy")
        assert len(meter) > 60
        assert {row["change"] for row in meter[1:]} == {0}
    assert max(written.values()) == 1


@pytest.mark.parametrize(
    ("fault", "text", "times"),
    [
        (Fault.RATE_LIMITED, None, 2),
        (Fault.UNAUTHORIZED_XML, None, 2),
        (Fault.APPLICATION_ERROR, "The client for this device is currently offline", 1),
    ],
)
async def test_telldus_in_trouble(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    fault: Fault,
    text: str | None,
    times: int,
) -> None:
    """What passes is waited for; where Telldus will not tell, that is the end of it."""
    simulator.settings.history_days = 2
    more = {"text": text} if text else {}
    simulator.faults.add(fault, match="json/sensor/history", times=times, **more)
    await recorded.runtime_data.history_import.async_start()
    if text is None:
        # Its threads are not those of the loop, and take their time on a busy machine.
        await reach("waiting", hass, recorded, time, 600)
        await time.move(1900)
    else:
        await pass_by(hass, time, 30)
    await finish(hass, recorded, time)
    assert (len(await hours(hass, ENERGY)) > 45) is (text is None)


@pytest.mark.parametrize(
    ("fault", "times"), [(Fault.NOT_FOUND, 1), (Fault.UNAUTHORIZED_XML, 4)]
)
async def test_history_alone_is_refused(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    fault: Fault,
    times: int,
) -> None:
    """A server that does not know the function, or keeps it from us, is not asked for ever."""
    simulator.faults.add(fault, match="json/sensor/history", times=None)
    sensors = len(await recorded.runtime_data.history_import.async_start())
    for _ in range(sensors * times):
        await pass_by(hass, time, 40)
        await time.move(600)
    assert recorded.runtime_data.history_import.state == "finished"
    assert asked(simulator) == sensors * times


@pytest.mark.parametrize(("unit", "unit_class"), [("lx", None), ("W", "power")])
async def test_units_that_do_not_fit(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    unit: str,
    unit_class: str | None,
) -> None:
    """Statistics in a unit that means something else get nothing; others do."""
    simulator.settings.history_days = 2
    get_instance(hass).async_update_statistics_metadata(
        TEMPERATURE, new_unit_of_measurement=unit, new_unit_class=unit_class
    )
    await async_recorder_block_till_done(hass)
    await recorded.runtime_data.history_import.async_start()
    await finish(hass, recorded, time)
    assert len(await hours(hass, TEMPERATURE)) < 5
    assert len(await hours(hass, ENERGY)) > 45


async def test_deleted_meanwhile(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    meter: Sensor,
    simulator: Simulator,
    time: Time,
) -> None:
    """A sensor without entities needs no history, and one begins but once."""
    registry = er.async_get(hass)
    for entity_id in (ENERGY, TEMPERATURE):
        registry.async_update_entity(
            entity_id, disabled_by=er.RegistryEntryDisabler.USER
        )
    await recorded.runtime_data.history_import.async_start()
    await recorded.runtime_data.history_import.async_start()
    await finish(hass, recorded, time)
    assert asked(simulator) == 0


async def test_while_refused(
    hass: HomeAssistant, recorded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """While Telldus accepts no login it is not asked for history either."""
    simulator.settings.history_days = 2
    simulator.faults.add(Fault.UNAUTHORIZED_XML, match="json/*")
    await time.move(120)
    assert recorded.runtime_data.account.is_refused
    await recorded.runtime_data.history_import.async_start()
    await pass_by(hass, time, 30)
    assert recorded.runtime_data.history_import.state == "waiting"
    assert asked(simulator) == 0
    simulator.faults.clear()
    await time.move(2500)
    await finish(hass, recorded, time)
    assert len(await hours(hass, ENERGY)) > 45


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.BAD_GATEWAY])
async def test_resumed_before_the_first_list(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    fault: Fault,
) -> None:
    """A start whose list of sensors is late leaves nothing out."""
    simulator.settings.history_days = 2
    await recorded.runtime_data.history_import.async_start()
    simulator.faults.add(fault, match="json/sensors/list", times=2)
    await time.until(hass.config_entries.async_reload(recorded.entry_id))
    await pass_by(hass, time, 60)
    history = recorded.runtime_data.history_import
    assert (history.state, history.hours) == ("waiting", 0)
    assert asked(simulator) == 0
    await reach("finished", hass, recorded, time, 8000)
    assert len(await hours(hass, ENERGY)) > 45


@pytest.mark.parametrize(("times", "imported"), [(2, True), (6, False)])
async def test_database_away(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    times: int,
    imported: bool,
) -> None:
    """A database that is away for a while is waited for, and one that stays so is not."""
    simulator.settings.history_days = 2
    really, failures = history_recorder.async_series, iter(range(times))

    async def series(*arguments: Any) -> Any:
        if next(failures, None) is not None:
            raise OSError("database is locked")
        return await really(*arguments)

    monkeypatch.setattr(history_recorder, "async_series", series)
    await recorded.runtime_data.history_import.async_start()
    await reach("waiting", hass, recorded, time, 100)
    await reach("finished", hass, recorded, time, 8000)
    assert (len(await hours(hass, ENERGY)) > 45) is imported
    assert ("could not be imported" in caplog.text) is not imported


async def test_removed(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    hass_storage: dict[str, Any],
    time: Time,
) -> None:
    """What is left to do goes with the entry."""
    await recorded.runtime_data.history_import.async_start()
    key = f"{DOMAIN}.{recorded.entry_id}"
    assert hass_storage[key]["data"]["history_import"]["remaining"] == {METER: None}
    await time.until(hass.config_entries.async_remove(recorded.entry_id))
    assert key not in hass_storage
