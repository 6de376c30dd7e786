"""What an import leads up to: Home Assistant's first hour, or one made up for a dead sensor."""

from collections import Counter

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_recorder_block_till_done,
    do_adhoc_statistics,
)

from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from simulator import Simulator
from simulator.home import Sensor, SensorValue
from tests.conftest import Time
from tests.factories import GATEWAY
from tests.helpers import state_of

from .conftest import (
    DAY,
    ENERGY,
    asked,
    finish,
    hours,
    pass_by,
    progress,
    reach,
    record,
    start,
    starts,
)

pytestmark = pytest.mark.usefixtures("quiet_database", "meter")


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
    assert await start(hass, loaded) == 1
    await pass_by(hass, time, 60)
    assert await start(hass, loaded) == 1
    assert await progress(hass) == "waiting"
    assert asked(simulator) == 0
    await record(hass, time)
    await time.move(601)
    await finish(hass, time)
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
    await start(hass, loaded)
    await pass_by(hass, time, 30)
    assert asked(simulator) == 0
    assert await progress(hass) == "finished"


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
    await start(hass, loaded)
    for _ in range(2):
        await time.move(3000)
        assert asked(simulator) == 0
        assert await time.until(hass.config_entries.async_reload(loaded.entry_id))
        await time.move(45)
    await time.move(1500)
    await reach("finished", hass, time, 2500)
    await async_recorder_block_till_done(hass)
    assert len(await hours(hass, ENERGY)) > 40


async def test_one_waits_and_holds_up_nobody(
    hass: HomeAssistant,
    recorded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """While the first in the list waits for its first hour, the others have their turn."""
    simulator.settings.history_days = 2
    sensors = simulator.home.sensors
    others = {**sensors}
    sensors.clear()
    value = SensorValue("temp", "0", "10.5", int(simulator.clock()))
    sensors["1"] = Sensor("1", GATEWAY, "101", "New", keep_history=True, values=[value])
    sensors.update(others)
    await time.listed("sensors")
    await time.settle()
    assert state_of(hass, "sensor.new_temperature").state == "10.5"
    assert await start(hass, recorded) == 2
    await pass_by(hass, time, 300)
    assert await start(hass, recorded) == 1
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
                # No class of state, and so no statistics
                SensorValue("temp", "7", "5", then),
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
    assert state_of(hass, "sensor.dead_1_temperature").state == "unknown"
    # A meter's reading does not age.
    assert state_of(hass, "sensor.dead_1_energy").state == "90.0"
    assert await start(hass, entry) == 4
    now = int(simulator.clock())
    await finish(hass, time)
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
