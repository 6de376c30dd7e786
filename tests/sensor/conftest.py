"""A demo home whose sensors change only by what a test does."""

from typing import NamedTuple

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import Simulator
from simulator.home import SensorValue
from tests.conftest import Time
from tests.helpers import ACCOUNT

# Sensors are asked for every two minutes, or a little later.
POLL = 150

OUTDOOR, PLUG, MULTISENSOR = "1540000001", "1540000006", "1540000007"

UNNAMED, NAMELESS, SILENT = "1540000014", "1540000015", "1540000016"

OLD_METER = "1540000025"

TEMPERATURE = "sensor.outdoor_temperature"


@pytest.fixture(autouse=True)
def still(simulator: Simulator) -> None:
    """Let nothing change but what a test changes."""
    simulator.settings.drift = False
    simulator.settings.life = False


def value_of(
    simulator: Simulator, sensor_id: str, name: str, scale: str
) -> SensorValue:
    """Return a value in the simulator."""
    value = simulator.home.sensors[sensor_id].value(name, scale)
    assert value is not None
    return value


def tell(
    simulator: Simulator, sensor_id: str, name: str, scale: str, text: str
) -> None:
    """Let a sensor tell a value, one that it has or a new one."""
    sensor = simulator.home.sensors[sensor_id]
    now = simulator.clock()
    if (value := sensor.value(name, scale)) is None:
        sensor.values.append(SensorValue(name, scale, text, int(now)))
    else:
        value.anchor(text, now)


def unique_id(sensor_id: str, part: str) -> str:
    """Return the unique id of an entity of a sensor."""
    return f"{ACCOUNT}_sensor_{sensor_id}_{part}"


def entity_of(
    registry: er.EntityRegistry, sensor_id: str, part: str, domain: str = "sensor"
) -> er.RegistryEntry | None:
    """Return the entity that shows a part of a sensor, if there is one."""
    entity_id = registry.async_get_entity_id(domain, DOMAIN, unique_id(sensor_id, part))
    return registry.async_get(entity_id) if entity_id else None


async def set_up(hass: HomeAssistant, entry: MockConfigEntry, time: Time) -> None:
    """Set an entry up and wait for its lists."""
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)


M, A, T = "measurement", "measurement_angle", "total_increasing"


class Row(NamedTuple):
    """How one sensor is shown; ``decimals`` is how many of them are suggested."""

    part: str
    object_id: str
    name: str
    state: str | float
    unit: str | None
    device_class: str | None
    state_class: str | None
    decimals: int | None


def temperature(
    sensor_id: str, name: str, state: str | float, scale: int = 0, number: str = ""
) -> Row:
    """Return the row of a temperature, as there are so many."""
    object_id = f"{name.lower().replace(' ', '_')}_temperature{number}"
    part = f"{sensor_id}_temp_{scale}"
    return Row(part, object_id, f"{name} Temperature", state, "°C", "temperature", M, 1)
