"""What a sensor shows: numbers, texts, batteries, and when it was last heard."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.devices.sensor_types import SENSOR_TYPES
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import Simulator
from simulator.serialization import UNITS
from tests.conftest import Time
from tests.helpers import complaints, state_of

from .conftest import (
    MULTISENSOR,
    OLD_METER,
    OUTDOOR,
    POLL,
    SILENT,
    TEMPERATURE,
    entity_of,
    set_up,
    tell,
)

pytestmark = pytest.mark.only(
    "Hall motion", "Multisensor", "Old meter", "Outdoor", "Scale and soil", "Silent"
)

DAY = 86400


async def test_values_follow(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What a sensor measures anew shows with the next poll."""
    tell(simulator, OUTDOOR, "temp", "0", "-6.25")
    await time.settle()
    assert state_of(hass, TEMPERATURE).state == "-5.4"
    await time.move(POLL)
    assert state_of(hass, TEMPERATURE).state == "-6.25"
    assert state_of(hass, "sensor.outdoor_humidity").state == "87"


@pytest.mark.parametrize("text", ["n/a", "", "nan", "inf", "1e400"])
async def test_no_number(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    text: str,
) -> None:
    """Where a number is due and something else comes, the value is not known."""
    tell(simulator, OUTDOOR, "temp", "0", text)
    await time.move(POLL)
    assert state_of(hass, TEMPERATURE).state == STATE_UNKNOWN
    assert state_of(hass, "sensor.outdoor_humidity").state == "87"
    tell(simulator, OUTDOOR, "temp", "0", "0")
    await time.move(POLL)
    assert state_of(hass, TEMPERATURE).state == "0"
    assert complaints(caplog) == []


async def test_value_of_no_known_kind(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A value that nobody has heard of has Telldus' name and unit; a text is shown."""
    monkeypatch.setitem(UNITS, ("acidity", "0"), "pH")
    tell(simulator, OLD_METER, "acidity", "0", "6.8")
    await time.move(POLL)
    entity_id = "sensor.old_meter_acidity"
    state = state_of(hass, entity_id)
    named = {"friendly_name": "Old meter Acidity"}
    assert state.state == "6.8"
    assert state.attributes == {**named, "unit_of_measurement": "pH"}

    tell(simulator, OLD_METER, "acidity", "0", "rather sour")
    await time.move(POLL)
    state = state_of(hass, entity_id)
    assert state.state == "rather sour"
    assert state.attributes == named

    tell(simulator, OLD_METER, "acidity", "0", "")
    await time.move(POLL)
    state = state_of(hass, entity_id)
    assert state.state == STATE_UNKNOWN
    assert state.attributes == {**named, "unit_of_measurement": "pH"}
    assert complaints(caplog) == []


async def test_text_and_a_new_name(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A number may become a text in the list in which its sensor is renamed, and go."""
    monkeypatch.setitem(UNITS, ("acidity", "0"), "pH")
    tell(simulator, OLD_METER, "acidity", "0", "6.8")
    await time.move(POLL)
    sensor = simulator.home.sensors[OLD_METER]
    tell(simulator, OLD_METER, "acidity", "0", "rather sour")
    sensor.name = "Cellar"
    await time.move(POLL)
    state = state_of(hass, "sensor.old_meter_acidity")
    assert state.state == "rather sour"
    assert state.attributes == {"friendly_name": "Cellar Acidity"}

    sensor.values = [one for one in sensor.values if one.name != "acidity"]
    await time.move(POLL)
    state = state_of(hass, "sensor.old_meter_acidity")
    assert state.state == STATE_UNKNOWN
    assert state.attributes == {"friendly_name": "Cellar Acidity"}
    assert complaints(caplog) == []


async def test_no_known_scale(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A value at a scale that nobody has heard of is shown by itself, and as it came."""
    tell(simulator, OUTDOOR, "temp", "7", "266")
    tell(simulator, OUTDOOR, "temp", "K", "267")
    await time.move(POLL)
    state = state_of(hass, "sensor.outdoor_temp_scale_7")
    assert state.state == "266"
    assert state.attributes == {"friendly_name": "Outdoor Temp (scale 7)"}
    state = state_of(hass, "sensor.outdoor_temp")
    assert state.state == "267"
    assert state.attributes == {"friendly_name": "Outdoor Temp"}
    assert state_of(hass, TEMPERATURE).state == "-5.4"


async def test_battery(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A battery tells a percentage, or only whether it is low, or nothing."""
    entity_id = "sensor.hall_motion_battery"
    sensor = simulator.home.sensors[MULTISENSOR]
    assert state_of(hass, entity_id).state == "88"
    for told, shown in (
        (7, "7"),
        (0, "0"),
        (255, "0"),
        (253, STATE_UNKNOWN),
        (254, STATE_UNKNOWN),
        (100, "100"),
    ):
        sensor.battery = told
        await time.move(POLL)
        assert state_of(hass, entity_id).state == shown, told


async def test_last_heard(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    entity_registry: er.EntityRegistry,
    time: Time,
) -> None:
    """Who wants to know sees when a sensor was last heard."""
    entity = entity_of(entity_registry, SILENT, "last_seen")
    assert entity is not None
    assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    assert entity.entity_category == "diagnostic"
    entity_registry.async_update_entity(entity.entity_id, disabled_by=None)
    sensor = simulator.home.sensors[SILENT]
    sensor.heard = 1_764_000_000
    # Home Assistant reloads the entry after half a minute.
    await time.move(90)
    state = state_of(hass, "sensor.silent_last_seen")
    assert state.state == "2025-11-24T16:00:00+00:00"
    assert state.attributes == {
        "device_class": "timestamp",
        "friendly_name": "Silent Last seen",
    }
    sensor.heard += 60
    await time.move(POLL)
    assert state_of(hass, state.entity_id).state == "2025-11-24T16:01:00+00:00"
    # What cannot be a time is none.
    sensor.heard = 0
    await time.move(POLL)
    assert state_of(hass, state.entity_id).state == STATE_UNKNOWN


async def test_never_heard(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    entity_registry: er.EntityRegistry,
    time: Time,
) -> None:
    """What was never heard has no time, until it is heard."""
    sensor = simulator.home.sensors[SILENT]
    sensor.heard = 0
    await set_up(hass, entry, time)
    assert entity_of(entity_registry, SILENT, "last_seen") is None
    sensor.heard = int(simulator.clock())
    await time.move(POLL)
    assert entity_of(entity_registry, SILENT, "last_seen")


async def test_two_units_of_one_quantity(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    entity_registry: er.EntityRegistry,
    time: Time,
) -> None:
    """The second unit is not needed: Home Assistant converts. Alone it is, pulses too."""
    tell(simulator, "1540000013", "watt", "3", "7")
    for sensor_id in (OUTDOOR, "1540000013"):
        tell(simulator, sensor_id, "temp", "1", "22.28")
    await time.move(POLL)
    second = entity_of(entity_registry, OUTDOOR, "temp_1")
    assert second is not None
    assert second.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    first = entity_of(entity_registry, OUTDOOR, "temp_0")
    assert first is not None
    assert not first.disabled_by
    shown = state_of(hass, "sensor.scale_and_soil_temperature")
    assert float(shown.state) == pytest.approx(-5.4)
    assert state_of(hass, "sensor.scale_and_soil_pulses").state == "7"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("-1", STATE_UNKNOWN),
        ("-1.0", STATE_UNKNOWN),
        ("-90", "270"),
        ("0", "0"),
        ("337.5", "337.5"),
        ("361", "1"),
        ("n/a", STATE_UNKNOWN),
    ],
)
async def test_wind_direction(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    told: str,
    shown: str,
) -> None:
    """Where there is no wind it has no direction; all others are on the compass."""
    tell(simulator, OUTDOOR, "wdir", "0", told)
    await time.move(POLL)
    assert state_of(hass, "sensor.outdoor_wind_direction").state == shown


@pytest.mark.parametrize(
    ("name", "scale", "told", "entity", "unit"),
    [
        ("humidity", "1", "7.1", "absolute_humidity", "g/m³"),
        ("wavg", "1", "5", "wind_speed", "mph"),
        ("wgust", "1", "9", "wind_gust", "mph"),
        ("weight", "1", "990", "weight", "lb"),
        ("volume", "2", "120", "stored_volume", "gal"),
        ("rrate", "1", "0.2", "precipitation_intensity", "in/h"),
        ("co2", "0", "412", "carbon_dioxide", "ppm"),
    ],
)
async def test_scales_of_newer_gateways(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    entity_registry: er.EntityRegistry,
    time: Time,
    name: str,
    scale: str,
    told: str,
    entity: str,
    unit: str,
) -> None:
    """Each has its quantity and its unit."""
    tell(simulator, SILENT, name, scale, told)
    await time.move(POLL)
    state = state_of(hass, f"sensor.silent_{entity}")
    assert state.attributes["device_class"] != ""
    found = entity_of(entity_registry, SILENT, f"{name}_{scale}")
    assert found is not None
    assert found.entity_id == state.entity_id
    # Home Assistant shows it in the person's own unit.
    assert found.unit_of_measurement
    assert SENSOR_TYPES[f"{name}_{scale}"].native_unit_of_measurement == unit


async def test_equal_readings(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A sensor that is heard again with the same value has reported; a list has not."""
    before = state_of(hass, TEMPERATURE)
    # Home Assistant changes this in place.
    reported, changed = before.last_reported, before.last_changed
    await time.move(2 * POLL)
    assert state_of(hass, TEMPERATURE).last_reported == reported
    tell(simulator, OUTDOOR, "temp", "0", "-5.4")
    await time.move(POLL)
    after = state_of(hass, TEMPERATURE)
    assert after.state == before.state
    assert after.last_reported > reported
    assert after.last_changed == changed


async def test_integral(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A kilowatt for an hour, then nothing, is a kilowatt-hour to Home Assistant."""
    tell(simulator, SILENT, "watt", "2", "0")
    await time.move(POLL)
    integral = MockConfigEntry(
        domain="integration",
        title="Energy",
        options={
            "name": "Energy",
            "method": "left",
            "round": 1.0,
            "source": "sensor.silent_power",
            "unit_time": "h",
        },
    )
    integral.add_to_hass(hass)
    assert await time.until(hass.config_entries.async_setup(integral.entry_id))
    await time.move(5)
    for _ in range(12):
        tell(simulator, SILENT, "watt", "2", "1000")
        await time.move(300)
    tell(simulator, SILENT, "watt", "2", "0")
    await time.move(POLL)
    used = float(state_of(hass, "sensor.silent_energy").state)
    assert used == pytest.approx(1000, abs=150)
