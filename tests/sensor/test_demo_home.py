"""Every sensor of the demo home."""

from collections.abc import Mapping
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
from simulator import Simulator
from tests.conftest import Time
from tests.helpers import ACCOUNT, complaints, state_of

from .conftest import TEMPERATURE, A, M, Row, T, set_up, temperature


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
    Row("1540000006_watt_2", "energy_plug_power", "Energy plug Power",
     43.2, "W", "power", M, 1),
    Row("1540000006_watt_4", "energy_plug_voltage", "Energy plug Voltage",
     229.8, "V", "voltage", M, 1),
    Row("1540000006_watt_5", "energy_plug_current", "Energy plug Current",
     0.19, "A", "current", M, 2),
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

# fmt: on
# What is there and nobody has asked for yet, besides when things were last heard.
DEMO_DISABLED = {
    "1540000006_watt_1",
    "1540000006_watt_3",
    "1540000006_watt_6",
    "1540000010_barpress_1",
    "1540000010_dewp_1",
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
        if not sensor.ignored and sensor.name
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
