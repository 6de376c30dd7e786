"""The history at Telldus in Home Assistant's statistics: seamless, once, and as it was."""

from collections import Counter
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_recorder_block_till_done,
    statistics_during_period,
)

from custom_components.telldus_pa.const import DOMAIN
from custom_components.telldus_pa.history import recorder as history_recorder
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from simulator import Fault, Simulator
from simulator.home import Drift, Sensor, SensorValue
from tests.conftest import Time
from tests.helpers import complaints, diagnostics, restart, state_of

from .conftest import (
    DAY,
    ENERGY,
    HOUR,
    METER,
    PROGRESS,
    TEMPERATURE,
    WIND,
    asked,
    changes,
    check_temperatures,
    finish,
    hours,
    pass_by,
    progress,
    reach,
    record,
    start,
    starts,
    told,
)

pytestmark = pytest.mark.usefixtures("quiet_database", "meter")


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
    # The recorder takes a while for each hour, so Telldus heard something in every sixth.
    simulator.settings.history_interval = 6 * HOUR
    own = {one: await hours(hass, one) for one in (ENERGY, TEMPERATURE)}
    assert [len(rows) for rows in own.values()] == [2, 2]
    first = starts(own[ENERGY])[0]
    assert hass.states.get(PROGRESS) is None
    began, since = simulator.clock(), len(simulator.log)
    assert await start(hass, recorded) == 1
    await pass_by(hass, time, 90)
    assert state_of(hass, PROGRESS).state == "running"
    asked_before = asked(simulator)
    assert asked_before
    found_diagnostics = await diagnostics(hass, recorded)
    assert found_diagnostics["history_import"]["cursor"].timestamp() < first

    assert await time.until(hass.config_entries.async_reload(recorded.entry_id))
    await pass_by(hass, time, 120)
    assert asked(simulator) > asked_before
    assert await hass.config_entries.async_unload(recorded.entry_id)
    asked_before = asked(simulator)
    hass.data.pop(f"{DOMAIN}_shared")
    await time.move(300)
    assert asked(simulator) == asked_before
    assert await time.until(hass.config_entries.async_setup(recorded.entry_id))
    await finish(hass, time)

    found = {one: await hours(hass, one) for one in (ENERGY, TEMPERATURE)}
    for entity_id, rows in found.items():
        imported = [row for row in rows if row["start"] < first]
        assert len(imported) >= 729 * 4
        assert starts(imported) == list(range(starts(rows)[0], first, 6 * HOUR))
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
    await start(hass, recorded)
    await finish(hass, time)
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
    await start(hass, recorded)
    await finish(hass, time)
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
        SensorValue("genmeter", "0", "7", now, drift=Drift(per_hour=2)),
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
    await start(hass, entry)
    await finish(hass, time)
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
    assert (await hours(hass, "sensor.meter_meter"))[0]["state"] is not None


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
        await start(hass, recorded)
    assert err.value.translation_key == "no_history_kept"
    assert asked(simulator) == 0


async def test_by_the_options(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    simulator: Simulator,
    meter: Sensor,
    time: Time,
) -> None:
    """It begins by the options as well, and changes none."""
    simulator.settings.history_days = 2
    flows = hass.config_entries.options
    step = await flows.async_init(recorded.entry_id)
    flow_id, options = step["flow_id"], recorded.options
    step = await flows.async_configure(flow_id, {"next_step_id": "import_history"})
    assert (step["type"], step["step_id"]) == ("form", "import_history")
    meter.keep_history = False
    await time.listed("sensors")
    step = await flows.async_configure(flow_id, {})
    assert step["errors"] == {"base": "no_history_kept"}
    meter.keep_history = True
    await time.listed("sensors")
    step = await flows.async_configure(flow_id, {})
    assert (step["type"], step["reason"]) == ("abort", "import_started")
    assert recorded.options == options
    await time.move(60)
    await finish(hass, time)
    assert len(await hours(hass, ENERGY)) > 40


async def test_no_recorder(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Everything else works without a recorder."""
    with pytest.raises(HomeAssistantError) as err:
        await start(hass, loaded)
    assert err.value.translation_key == "no_recorder"
    assert state_of(hass, ENERGY).state == "500.0"


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
    await start(hass, recorded)
    if text is None:
        # Its threads are not those of the loop, and take their time on a busy machine.
        await reach("waiting", hass, time, 600)
        await time.move(1900)
    else:
        await pass_by(hass, time, 30)
    await finish(hass, time)
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
    assert await start(hass, recorded) == 1
    for _ in range(times):
        await pass_by(hass, time, 40)
        await time.move(600)
    assert await progress(hass) == "finished"
    assert asked(simulator) == times


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
    await start(hass, recorded)
    await finish(hass, time)
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
    await start(hass, recorded)
    await start(hass, recorded)
    await finish(hass, time)
    assert asked(simulator) == 0


async def test_while_refused(
    hass: HomeAssistant, recorded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """While Telldus accepts no login it is not asked for history either."""
    simulator.settings.history_days = 2
    simulator.faults.add(Fault.UNAUTHORIZED_XML, match="json/*")
    await time.move(125)
    # The sign-in is refused.
    assert hass.config_entries.flow.async_progress()
    await start(hass, recorded)
    await pass_by(hass, time, 30)
    assert await progress(hass) == "waiting"
    assert asked(simulator) == 0
    simulator.faults.clear()
    await time.move(2500)
    await finish(hass, time)
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
    await start(hass, recorded)
    simulator.faults.add(fault, match="json/sensors/list", times=2)
    await restart(hass, recorded, time)
    await pass_by(hass, time, 60)
    assert await progress(hass) == "waiting"
    assert asked(simulator) == 0
    await reach("finished", hass, time, 8000)
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
    await start(hass, recorded)
    await reach("waiting", hass, time, 100)
    await reach("finished", hass, time, 8000)
    assert (len(await hours(hass, ENERGY)) > 45) is imported
    assert ("could not be imported" in caplog.text) is not imported


async def test_removed(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    hass_storage: dict[str, Any],
    time: Time,
) -> None:
    """What is left to do goes with the entry."""
    await start(hass, recorded)
    key = f"{DOMAIN}.{recorded.entry_id}"
    assert hass_storage[key]["data"]["history_import"]["remaining"] == {METER: None}
    await time.until(hass.config_entries.async_remove(recorded.entry_id))
    assert key not in hass_storage
