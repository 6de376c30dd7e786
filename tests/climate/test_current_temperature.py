"""The sensor whose temperature a thermostat shows."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import Fault, Simulator
from simulator.home import Sensor, SensorValue
from tests.conftest import Time
from tests.helpers import complaints, state_of

from .conftest import MINE, MINE_ID, RADIATOR, Start, shown, thermostat

pytestmark = pytest.mark.only(
    "Bathroom valve", "Floor heating", "Heat pump", "Radiator", "Window lamp"
)


def sensor(simulator: Simulator, *values: tuple[str, str, str]) -> Sensor:
    """Add the sensor that is the same node as our thermostat."""
    now = int(simulator.clock())
    added = simulator.home.sensors["1540000900"] = Sensor(
        "1540000900",
        "410001",
        MINE_ID,
        "Mine",
        "zwave",
        values=[SensorValue(name, scale, value, now) for name, scale, value in values],
    )
    return added


async def test_sensor_changes(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A new value of the sensor is shown, though the device itself stays the same."""
    (radiator,) = [s for s in simulator.home.sensors.values() if s.name == "Radiator"]
    simulator.set_sensor(radiator.id, "temp", "0", 22.2)
    await time.listed("sensors")
    assert state_of(hass, RADIATOR).attributes["current_temperature"] == 22.2
    simulator.set_sensor(radiator.id, "humidity", "0", 44)
    await time.listed("sensors")
    assert state_of(hass, RADIATOR).attributes["current_humidity"] == 44


async def test_sensor_was_there_before(
    hass: HomeAssistant, simulator: Simulator, start: Start, time: Time
) -> None:
    """A thermostat that comes when its sensor is known finds it."""
    sensor(simulator, ("temp", "0", "19.5"))
    await start()
    thermostat(simulator, mode="heat", setpoint={"heat": "20"})
    await time.move(35)
    assert state_of(hass, MINE).attributes["current_temperature"] == 19.5


async def test_sensor_comes_and_goes(
    hass: HomeAssistant, simulator: Simulator, start: Start, time: Time
) -> None:
    """The pair is found when it is complete, and another when there is another."""
    device = thermostat(simulator, mode="heat", setpoint={"heat": "20"})
    await start()

    def current() -> object:
        return state_of(hass, MINE).attributes["current_temperature"]

    assert current() is None
    added = sensor(simulator, ("temp", "0", "19.5"))
    await time.listed("sensors")
    assert current() == 19.5
    # Excluded and included again: another number
    device.client_device_id = "77"
    await time.move(35)
    assert current() is None
    added.sensor_id = "77"
    await time.listed("sensors")
    assert current() == 19.5
    simulator.set_sensor(added.id, "temp", "0", 20)
    await time.listed("sensors")
    assert current() == 20
    del simulator.home.sensors[added.id]
    await time.listed("sensors")
    assert current() is None


@pytest.mark.parametrize(
    ("values", "current"),
    [
        ([("temp", "1", "70.2")], 21.2),
        ([("temp", "1", "70.2"), ("temp", "0", "18")], 18),
        ([("temp", "0", "")], None),
        ([("temp", "0", "warm")], None),
        ([("temp", "2", "294")], None),
        ([("temp", "0", "0")], 0),
    ],
)
async def test_current_temperature(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    values: list[tuple[str, str, str]],
    current: float | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A temperature may be in degrees Fahrenheit; what is no number is not known."""
    thermostat(simulator, mode="heat")
    sensor(simulator, *values)
    await start()
    assert state_of(hass, MINE).attributes["current_temperature"] == current
    assert complaints(caplog) == []


async def test_stale_temperature(
    hass: HomeAssistant, simulator: Simulator, start: Start, time: Time
) -> None:
    """What was not heard for a day is not what is now."""
    thermostat(simulator, mode="heat")
    added = sensor(simulator, ("temp", "0", "19"), ("humidity", "0", "40"))
    added.values[0].last_updated -= 24 * 3600 - 300
    await start()
    attributes = state_of(hass, MINE).attributes
    assert (attributes["current_temperature"], attributes["current_humidity"]) == (
        19,
        40,
    )
    await time.move(600)
    attributes = state_of(hass, MINE).attributes
    assert attributes["current_temperature"] is None
    assert attributes["current_humidity"] == 40


async def test_sensors_are_lost(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """While the sensor itself is unavailable, nothing is said of what it measures."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/sensors/list")
    await time.move(300)
    assert state_of(hass, RADIATOR).attributes["current_temperature"] == 20.7
    await time.move(400)
    assert shown(hass, RADIATOR) == ("heat", "none", 21.5)
    assert state_of(hass, RADIATOR).attributes["current_temperature"] is None
    simulator.faults.clear()
    await time.move(300)
    assert state_of(hass, RADIATOR).attributes["current_temperature"] == 20.7


async def test_frees_its_sensor(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is no longer shown listens to nothing."""
    thermostat(simulator, mode="heat")
    added = sensor(simulator, ("temp", "0", "19"))
    entry = await start()
    sensors = entry.runtime_data.sensors
    before = list(sensors.async_contexts()).count(added.id)
    er.async_get(hass).async_update_entity(
        MINE, disabled_by=er.RegistryEntryDisabler.USER
    )
    await time.move(15)
    assert hass.states.get(MINE) is None
    assert list(sensors.async_contexts()).count(added.id) == before - 1
    # Neither is it woken by the list as a whole.
    added.name = "Renamed"
    await time.move(240)
    assert list(sensors.async_contexts()).count(added.id) == before - 1
    assert complaints(caplog) == []
