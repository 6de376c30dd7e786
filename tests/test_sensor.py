"""Sensors: every kind of value, batteries, pairs with devices, and what comes and goes."""

from collections.abc import Mapping
import json
from pathlib import Path
import re
from typing import Any, NamedTuple

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import DOMAIN
from custom_components.telldus_pa.sensor import _VALUES
from homeassistant.components.sensor import (
    DEVICE_CLASS_STATE_CLASSES,
    DEVICE_CLASS_UNITS,
    STATE_CLASS_UNITS,
)
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
from simulator import Fault, Simulator
from simulator.home import Sensor, SensorValue
from simulator.serialization import UNITS

from .conftest import ACCOUNT, AddEntry, Time
from .test_init import complaints, state_of

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "custom_components" / "telldus_pa"
DAY = 86400
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


# The table of values


def test_every_documented_value_is_known() -> None:
    """The table of values is that of the document, no row more or less."""
    text = (ROOT / "docs" / "telldus-api.md").read_text()
    section = text.partition("\n## Sensor values\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| \d+ \| ([\w.]+) \| ([^|]+) \|", section, re.MULTILINE)
    documented = {
        f"{name}_{scale}"
        for name, scales in rows
        for scale in re.findall(r"(?:^|, | or )(\d) ", scales)
    }
    assert len(documented) > 30
    assert set(_VALUES) == documented


@pytest.mark.parametrize("part", sorted(_VALUES))
def test_units_and_classes_fit(part: str) -> None:
    """Home Assistant allows the unit and the state class with the device class."""
    description = _VALUES[part]
    state_class = description.state_class
    assert state_class
    unit = description.native_unit_of_measurement
    if device_class := description.device_class:
        assert unit in DEVICE_CLASS_UNITS[device_class]
        assert state_class in DEVICE_CLASS_STATE_CLASSES[device_class]
    assert unit in STATE_CLASS_UNITS.get(state_class, {unit})
    assert (
        description.same_quantity_as is None or description.same_quantity_as in _VALUES
    )


def test_names_and_icons() -> None:
    """What no device class names has a name and an icon, and none is left over."""
    names = json.loads((HOUSE / "translations" / "en.json").read_text())["entity"]
    icons = json.loads((HOUSE / "icons.json").read_text())["entity"]
    keys = {one.translation_key for one in _VALUES.values() if one.translation_key}
    of_others = {"other_scale", "other_value"}
    assert keys | of_others | {"last_seen"} <= set(names["sensor"])
    bare = {one.translation_key for one in _VALUES.values() if not one.device_class}
    assert None not in bare
    assert bare | of_others <= set(icons["sensor"])
    assert not (keys - bare) & set(icons["sensor"])
    for one in _VALUES.values():
        named = names["sensor"].get(one.translation_key, {})
        # A share of one has no unit; all else is something of something.
        assert one.device_class == "power_factor" or bool(
            one.native_unit_of_measurement
        ) != bool(named.get("unit_of_measurement"))


# Of the demo home

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


def percents(
    sensor_id: str, what: str, name: str, state: str | float, number: str = ""
) -> Row:
    """Return the row of a humidity or of a battery."""
    device_class = what.partition("_")[0]
    object_id = f"{name.lower().replace(' ', '_')}_{device_class}{number}"
    name = f"{name} {device_class.capitalize()}"
    part = f"{sensor_id}_{what}"
    return Row(part, object_id, name, state, "%", device_class, M, None)


# fmt: off
DEMO: tuple[Row, ...] = (
    temperature("1540000001", "Outdoor", -5.4),
    percents("1540000001", "humidity_0", "Outdoor", 87),
    temperature("1540000002", "Freezer", -19.8),
    Row("1540000003_rrate_0", "rain_gauge_precipitation_intensity", "Rain gauge Precipitation intensity",
     0.5, "mm/h", "precipitation_intensity", M, 1),
    Row("1540000003_rtot_0", "rain_gauge_precipitation", "Rain gauge Precipitation",
     312.7, "mm", "precipitation", T, 1),
    Row("1540000004_wdir_0", "wind_wind_direction", "Wind Wind direction",
     225, "°", "wind_direction", A, None),
    # Home Assistant's metric units have kilometres per hour for the wind.
    Row("1540000004_wavg_0", "wind_wind_speed", "Wind Wind speed",
     12.24, "km/h", "wind_speed", M, 1),
    Row("1540000004_wgust_0", "wind_wind_gust", "Wind Wind gust",
     25.56, "km/h", "wind_speed", M, 1),
    Row("1540000005_uv_0", "uv_uv_index", "UV UV index", 2, "UV index", None, M, None),
    Row("1540000006_watt_0", "energy_plug_energy", "Energy plug Energy",
     1234.567, "kWh", "energy", T, 2),
    Row("1540000006_watt_1", "energy_plug_apparent_energy", "Energy plug Apparent energy",
     1300.1, "kVAh", None, T, 2),
    Row("1540000006_watt_2", "energy_plug_power", "Energy plug Power",
     43.2, "W", "power", M, 1),
    Row("1540000006_watt_3", "energy_plug_pulses", "Energy plug Pulses",
     9912, "pulses", None, T, None),
    Row("1540000006_watt_4", "energy_plug_voltage", "Energy plug Voltage",
     229.8, "V", "voltage", M, 1),
    Row("1540000006_watt_5", "energy_plug_current", "Energy plug Current",
     0.19, "A", "current", M, 2),
    Row("1540000006_watt_6", "energy_plug_power_factor", "Energy plug Power factor",
     0.996, None, "power_factor", M, 2),
    # The node is called what its device is called.
    temperature("1540000007", "Hall motion", 21.3),
    percents("1540000007", "humidity_0", "Hall motion", 41),
    Row("1540000007_lum_1", "hall_motion_illuminance", "Hall motion Illuminance",
     117, "lx", "illuminance", M, None),
    Row("1540000007_uv_0", "hall_motion_uv_index", "Hall motion UV index",
     0, "UV index", None, M, None),
    percents("1540000007", "battery", "Hall motion", 88),
    Row("1540000008_lum_0", "front_door_light_level", "Front door Light level",
     35, "%", None, M, None),
    # 70.2 °F, and nothing in °C besides.
    temperature("1540000008", "Front door", 21.2222, scale=1),
    percents("1540000008", "battery", "Front door", 100),
    temperature("1540000009", "Radiator", 20.7),
    percents("1540000009", "battery", "Radiator", 61),
    Row("1540000010_dewp_0", "weather_mast_dew_point", "Weather mast Dew point",
     3.1, "°C", "temperature", M, 1),
    Row("1540000010_barpress_0", "weather_mast_atmospheric_pressure", "Weather mast Atmospheric pressure",
     1013, "hPa", "atmospheric_pressure", M, 1),
    Row("1540000011_genmeter_3", "meters_meter", "Meters Meter", 5521, "pulses", None, T, None),
    Row("1540000011_volume_0", "meters_stored_volume", "Meters Stored volume",
     15, "L", "volume_storage", M, 1),
    Row("1540000011_volume_1", "meters_stored_volume_2", "Meters Stored volume",
     2.25, "m³", "volume_storage", M, 3),
    Row("1540000012_co2_1", "air_quality_carbon_dioxide", "Air quality Carbon dioxide",
     640, "ppm", "carbon_dioxide", M, None),
    Row("1540000012_co_1", "air_quality_carbon_monoxide", "Air quality Carbon monoxide",
     12, "ppm", "carbon_monoxide", M, None),
    Row("1540000012_particulatematter2.5_1", "air_quality_pm2_5", "Air quality PM2.5",
     7.5, "μg/m³", "pm25", M, None),
    Row("1540000012_loudness_0", "air_quality_sound_pressure", "Air quality Sound pressure",
     38, "dB", "sound_pressure", M, 0),
    Row("1540000012_loudness_1", "air_quality_a_weighted_sound_pressure",
     "Air quality A-weighted sound pressure", 41, "dBA", "sound_pressure", M, 0),
    Row("1540000013_weight_0", "scale_and_soil_weight", "Scale and soil Weight",
     72.4, "kg", "weight", M, 1),
    Row("1540000013_moisture_0", "scale_and_soil_moisture", "Scale and soil Moisture",
     31, "%", "moisture", M, None),
    # Its gateway is offline.
    temperature("1540000018", "Cabin", STATE_UNAVAILABLE),
    temperature("1540000019", "Floor heating", 23.4),
    temperature("1540000020", "Bathroom valve", 18.9),
    percents("1540000020", "battery", "Bathroom valve", 34),
    temperature("1540000021", "Heat pump", 21.1),
    Row("1540000021_watt_0", "heat_pump_energy", "Heat pump Energy",
     4521.8, "kWh", "energy", T, 2),
    Row("1540000021_watt_2", "heat_pump_power", "Heat pump Power", 812, "W", "power", M, 1),
    percents("1540000022", "battery", "Door lock", 42),
    # Not heard for weeks; it has a new number since the change of its battery.
    temperature("1540000023", "Greenhouse", STATE_UNKNOWN),
    percents("1540000023", "humidity_0", "Greenhouse", STATE_UNKNOWN),
    temperature("1540000024", "Greenhouse", 8.8, number="_2"),
    percents("1540000024", "humidity_0", "Greenhouse", 74, "_2"),
    Row("1540000025_genmeter_0", "old_meter_meter", "Old meter Meter", 118, "pulses", None, T, None),
    Row("1540000025_unknown_0", "old_meter_unknown", "Old meter Unknown", 7, None, None, None, None),
    Row("1540000025_temp_9", "old_meter_temp_scale_9", "Old meter Temp (scale 9)",
     3, None, None, None, None),
    temperature("1540000026", "Garage", 6.1),
    percents("1540000026", "humidity_0", "Garage", 66),
    temperature("2100001", "Same number as a device", 12.5),
)
# fmt: on
# What is there and nobody has asked for yet, besides when things were last heard.
DEMO_DISABLED = {
    "1540000010_barpress_1",
    "1540000010_dewp_1",
    "1540000014_humidity_0",
    "1540000014_temp_0",
    "1540000015_temp_0",
}


async def test_demo_home(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    entity_registry: er.EntityRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each sensor of the demo home is exactly so, and there is no other."""
    entities = {
        entity.unique_id.removeprefix(f"{ACCOUNT}_sensor_"): entity
        for entity in er.async_entries_for_config_entry(
            entity_registry, loaded.entry_id
        )
        if entity.domain == "sensor"
        and entity.unique_id.startswith(f"{ACCOUNT}_sensor_")
    }
    heard = {
        f"{sensor.id}_last_seen"
        for sensor in simulator.home.sensors.values()
        if not sensor.ignored
    }
    disabled = {part for part, entity in entities.items() if entity.disabled_by}
    assert disabled == DEMO_DISABLED | heard
    assert set(entities) - disabled == {row.part for row in DEMO}
    for row in DEMO:
        entity = entities[row.part]
        assert entity.entity_id == f"sensor.{row.object_id}"
        state = state_of(hass, entity.entity_id)
        attributes = {
            "friendly_name": row.name,
            "unit_of_measurement": row.unit,
            "device_class": row.device_class,
            "state_class": row.state_class,
        }
        assert state.attributes == {k: v for k, v in attributes.items() if v}
        if isinstance(row.state, str):
            assert state.state == row.state
        else:
            assert float(state.state) == pytest.approx(row.state, abs=0.0001)
        options: Mapping[str, Any] = entity.options.get("sensor", {})
        assert options.get("suggested_display_precision") == row.decimals, row.part
        is_battery = row.device_class == "battery"
        assert entity.entity_category == ("diagnostic" if is_battery else None)
    assert complaints(caplog) == []


async def test_other_units(
    hass: HomeAssistant, entry: MockConfigEntry, time: Time
) -> None:
    """Who lives with other units sees those."""
    hass.config.units = US_CUSTOMARY_SYSTEM
    await set_up(hass, entry, time)
    state = state_of(hass, TEMPERATURE)
    assert float(state.state) == pytest.approx(22.28)
    assert state.attributes["unit_of_measurement"] == "°F"
    state = state_of(hass, "sensor.rain_gauge_precipitation")
    assert float(state.state) == pytest.approx(12.311, abs=0.001)
    assert state.attributes["unit_of_measurement"] == "in"


# Values


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


async def test_old_value(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A value that was not heard for a day is not known, though nothing else changed."""
    now = int(simulator.clock())
    value_of(simulator, OUTDOOR, "temp", "0").last_updated = now - DAY + 200
    value_of(simulator, OUTDOOR, "humidity", "0").last_updated = now - 60
    await set_up(hass, entry, time)
    assert state_of(hass, TEMPERATURE).state == "-5.4"
    before = entry.runtime_data.sensors.data[OUTDOOR]
    await time.move(200 - 60)
    assert state_of(hass, TEMPERATURE).state == "-5.4"
    await time.move(POLL)
    assert state_of(hass, TEMPERATURE).state == STATE_UNKNOWN
    assert state_of(hass, "sensor.outdoor_humidity").state == "87"
    assert entry.runtime_data.sensors.data[OUTDOOR] is before

    tell(simulator, OUTDOOR, "temp", "0", "-5.4")
    await time.move(POLL)
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


async def test_last_seen(
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
    state = state_of(hass, "sensor.silent_last_heard")
    assert state.state == "2025-11-24T16:00:00+00:00"
    assert state.attributes == {
        "device_class": "timestamp",
        "friendly_name": "Silent Last heard",
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
    """The second unit is not needed: Home Assistant converts. Alone it is."""
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


# Availability


async def test_gateway_offline(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What hangs on a gateway without connection is unavailable, and nothing else."""
    simulator.set_gateway_online("410002", online=True)
    simulator.set_gateway_online("410003", online=False)
    await time.move(POLL)
    assert state_of(hass, "sensor.garage_temperature").state == STATE_UNAVAILABLE
    assert state_of(hass, TEMPERATURE).state == "-5.4"
    # It is there again, and has told nothing for days.
    assert state_of(hass, "sensor.cabin_temperature").state == STATE_UNKNOWN
    tell(simulator, "1540000018", "temp", "0", "7.5")
    simulator.set_gateway_online("410003", online=True)
    await time.move(POLL)
    assert state_of(hass, "sensor.cabin_temperature").state == "7.5"
    assert state_of(hass, "sensor.garage_temperature").state == "6.1"


async def test_list_lost(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """One list that is not told for long makes its own entities unavailable only."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/sensors/list", times=None)
    await time.move(300)
    assert state_of(hass, TEMPERATURE).state == "-5.4"
    await time.move(600)
    assert state_of(hass, TEMPERATURE).state == STATE_UNAVAILABLE
    assert state_of(hass, "sensor.hall_motion_battery").state == STATE_UNAVAILABLE
    assert state_of(hass, "switch.energy_plug").state == "on"
    simulator.faults.clear()
    await time.move(600)
    assert state_of(hass, TEMPERATURE).state == "-5.4"


async def test_sensor_gone(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A sensor that Telldus no longer has, or a value of it, is not invented."""
    kept = simulator.home.sensors.pop(OUTDOOR)
    plug = simulator.home.sensors[PLUG]
    plug.values = [value for value in plug.values if value.scale != "2"]
    simulator.home.sensors[OLD_METER].values = []
    await time.move(POLL)
    assert state_of(hass, TEMPERATURE).state == STATE_UNAVAILABLE
    assert state_of(hass, "sensor.energy_plug_power").state == STATE_UNKNOWN
    assert state_of(hass, "sensor.energy_plug_energy").state == "1234.567"
    assert state_of(hass, "sensor.old_meter_unknown").state == STATE_UNKNOWN
    simulator.home.sensors[OUTDOOR] = kept
    await time.move(POLL)
    assert state_of(hass, TEMPERATURE).state == "-5.4"


# What belongs together, and what does not


async def test_node(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """A Z-Wave node that is a device and a sensor is one device."""
    for device_id, sensor_id, entities in (
        ("2100023", PLUG, {"switch": 1, "sensor": 8}),
        ("2100010", "1540000009", {"climate": 1, "sensor": 3}),
        ("2100013", MULTISENSOR, {"binary_sensor": 1, "sensor": 6}),
    ):
        identifiers = {
            (DOMAIN, f"{ACCOUNT}_device_{device_id}"),
            (DOMAIN, f"{ACCOUNT}_sensor_{sensor_id}"),
        }
        device, same = (
            device_registry.async_get_device_by_identifier(one, loaded.entry_id)
            for one in identifiers
        )
        assert device is not None
        assert device is same
        assert device.identifiers == identifiers
        domains = [
            entity.domain
            for entity in er.async_entries_for_device(
                entity_registry, device.id, include_disabled_entities=True
            )
        ]
        for domain, count in entities.items():
            assert domains.count(domain) == count, (device_id, domain)


async def test_equal_numbers(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """A device and a sensor may have the same id, two gateways the same number."""

    def device_of(thing: str) -> dr.DeviceEntry:
        """Return a device that is there."""
        device = device_registry.async_get_device_by_identifier(
            (DOMAIN, f"{ACCOUNT}_{thing}"), loaded.entry_id
        )
        assert device is not None
        return device

    lamp, sensor = device_of("device_2100001"), device_of("sensor_2100001")
    assert lamp.id != sensor.id
    assert (lamp.name, sensor.name) == ("Window lamp", "Same number as a device")
    assert sensor.via_device_id == device_of("gateway_410003").id
    # 151 at both
    outdoor, cabin = device_of(f"sensor_{OUTDOOR}"), device_of("sensor_1540000018")
    assert outdoor.id != cabin.id
    assert outdoor.via_device_id == device_of("gateway_410001").id
    assert cabin.via_device_id == device_of("gateway_410002").id
    # 12 at both: a Z-Wave door at home, a 433 MHz sensor in the garage
    assert device_of("sensor_1540000026").name == "Garage"
    assert device_of("sensor_1540000026").id != device_of("device_2100012").id


async def test_unnamed(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    time: Time,
) -> None:
    """A sensor without a name is most likely a neighbour's, until it gets one."""
    for sensor_id, number in ((UNNAMED, "160"), (NAMELESS, "161")):
        device = device_registry.async_get_device_by_identifier(
            (DOMAIN, f"{ACCOUNT}_sensor_{sensor_id}"), loaded.entry_id
        )
        assert device is not None
        assert device.name == f"Unnamed sensor {number}"
        entities = er.async_entries_for_device(
            entity_registry, device.id, include_disabled_entities=True
        )
        assert entities
        assert all(entity.disabled_by == "integration" for entity in entities)

    simulator.home.sensors[UNNAMED].name = "Sauna"
    await time.move(POLL)
    temperature = entity_of(entity_registry, UNNAMED, "temp_0")
    heard = entity_of(entity_registry, UNNAMED, "last_seen")
    assert temperature is not None
    assert heard is not None
    assert temperature.disabled_by is None
    assert heard.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    # Home Assistant reloads the entry after half a minute.
    await time.move(90)
    state = state_of(hass, temperature.entity_id)
    assert state.state == "18.2"
    assert state.name == "Sauna Temperature"
    other = entity_of(entity_registry, NAMELESS, "temp_0")
    assert other is not None
    assert other.disabled_by is er.RegistryEntryDisabler.INTEGRATION


async def test_hidden(
    hass: HomeAssistant, loaded: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """What the person hid at Telldus stays hidden."""
    assert entity_of(entity_registry, "1540000017", "temp_0") is None
    assert entity_of(entity_registry, "1540000017", "last_seen") is None


async def test_values_come_by_themselves(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    entity_registry: er.EntityRegistry,
    time: Time,
) -> None:
    """A sensor without values shows none; one that comes later appears, as do sensors."""
    assert not [
        state for state in hass.states.async_all() if state.name.startswith("Silent")
    ]
    tell(simulator, SILENT, "temp", "0", "3")
    simulator.home.sensors[SILENT].battery = 50
    now = int(simulator.clock())
    new = Sensor("1549999999", "410001", "199", "Cellar", heard=now)
    new.values.append(SensorValue("humidity", "0", "90", now))
    simulator.home.sensors[new.id] = new
    await time.move(POLL)
    assert state_of(hass, "sensor.silent_temperature").state == "3"
    assert state_of(hass, "sensor.silent_battery").state == "50"
    assert state_of(hass, "sensor.cellar_humidity").state == "90"


async def test_two_accounts(
    hass: HomeAssistant, loaded: MockConfigEntry, add_entry: AddEntry, time: Time
) -> None:
    """Two accounts that see the same sensors have them each for itself."""
    await time.move(60)
    await set_up(hass, add_entry("guest", unique_id="another-account"), time)
    await time.move(30)
    assert state_of(hass, TEMPERATURE).state == "-5.4"
    assert state_of(hass, f"{TEMPERATURE}_2").state == "-5.4"
