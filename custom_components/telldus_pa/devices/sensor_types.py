"""What each value of a sensor is to Home Assistant: its device class, unit and state class.

Source: docs/dev/telldus-api.md, "Sensor values".
"""

from dataclasses import dataclass
from typing import Final

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    DEGREE,
    LIGHT_LUX,
    UV_INDEX,
    UnitOfDensity,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfMass,
    UnitOfPower,
    UnitOfPrecipitationDepth,
    UnitOfPressure,
    UnitOfRatio,
    UnitOfSoundPressure,
    UnitOfSpeed,
    UnitOfTemperature,
    UnitOfVolume,
    UnitOfVolumetricFlux,
)

from ..pa_api import SensorValue
from .kinds import value_key

_DIRECTION: Final = "wdir"


@dataclass(frozen=True, kw_only=True)
class TelldusSensorEntityDescription(SensorEntityDescription):
    """What a value is; its ``key`` is a part of a sensor: a name and a scale.

    ``same_quantity_as`` is the part that says the same in another unit. Where a sensor has
    both, one is enough: Home Assistant converts by itself.
    """

    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    same_quantity_as: str | None = None


SENSOR_TYPES: Final = {
    description.key: description
    for description in (
        TelldusSensorEntityDescription(
            key="temp_0",
            device_class=SensorDeviceClass.TEMPERATURE,
            native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        ),
        TelldusSensorEntityDescription(
            key="temp_1",
            device_class=SensorDeviceClass.TEMPERATURE,
            native_unit_of_measurement=UnitOfTemperature.FAHRENHEIT,
            same_quantity_as="temp_0",
        ),
        TelldusSensorEntityDescription(
            key="humidity_0",
            device_class=SensorDeviceClass.HUMIDITY,
            native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        ),
        TelldusSensorEntityDescription(
            key="humidity_1",
            device_class=SensorDeviceClass.ABSOLUTE_HUMIDITY,
            native_unit_of_measurement=UnitOfDensity.GRAMS_PER_CUBIC_METER,
            suggested_display_precision=1,
        ),
        TelldusSensorEntityDescription(
            key="rrate_0",
            device_class=SensorDeviceClass.PRECIPITATION_INTENSITY,
            native_unit_of_measurement=UnitOfVolumetricFlux.MILLIMETERS_PER_HOUR,
            suggested_display_precision=1,
        ),
        TelldusSensorEntityDescription(
            key="rrate_1",
            device_class=SensorDeviceClass.PRECIPITATION_INTENSITY,
            native_unit_of_measurement=UnitOfVolumetricFlux.INCHES_PER_HOUR,
            suggested_display_precision=2,
            same_quantity_as="rrate_0",
        ),
        TelldusSensorEntityDescription(
            # Restarts with each battery, as a total that increases may.
            key="rtot_0",
            device_class=SensorDeviceClass.PRECIPITATION,
            native_unit_of_measurement=UnitOfPrecipitationDepth.MILLIMETERS,
            state_class=SensorStateClass.TOTAL_INCREASING,
            suggested_display_precision=1,
        ),
        TelldusSensorEntityDescription(
            key="wdir_0",
            device_class=SensorDeviceClass.WIND_DIRECTION,
            native_unit_of_measurement=DEGREE,
            state_class=SensorStateClass.MEASUREMENT_ANGLE,
        ),
        TelldusSensorEntityDescription(
            key="wavg_0",
            device_class=SensorDeviceClass.WIND_SPEED,
            native_unit_of_measurement=UnitOfSpeed.METERS_PER_SECOND,
            suggested_display_precision=1,
        ),
        TelldusSensorEntityDescription(
            key="wavg_1",
            device_class=SensorDeviceClass.WIND_SPEED,
            native_unit_of_measurement=UnitOfSpeed.MILES_PER_HOUR,
            suggested_display_precision=1,
            same_quantity_as="wavg_0",
        ),
        TelldusSensorEntityDescription(
            key="wgust_0",
            translation_key="wind_gust",
            device_class=SensorDeviceClass.WIND_SPEED,
            native_unit_of_measurement=UnitOfSpeed.METERS_PER_SECOND,
            suggested_display_precision=1,
        ),
        TelldusSensorEntityDescription(
            key="wgust_1",
            translation_key="wind_gust",
            device_class=SensorDeviceClass.WIND_SPEED,
            native_unit_of_measurement=UnitOfSpeed.MILES_PER_HOUR,
            suggested_display_precision=1,
            same_quantity_as="wgust_0",
        ),
        TelldusSensorEntityDescription(
            key="uv_0",
            translation_key="uv_index",
            native_unit_of_measurement=UV_INDEX,
        ),
        TelldusSensorEntityDescription(
            key="watt_0",
            device_class=SensorDeviceClass.ENERGY,
            native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
            state_class=SensorStateClass.TOTAL_INCREASING,
        ),
        TelldusSensorEntityDescription(
            # Home Assistant has neither a device class nor a unit for it.
            key="watt_1",
            translation_key="apparent_energy",
            native_unit_of_measurement="kVAh",
            state_class=SensorStateClass.TOTAL_INCREASING,
            suggested_display_precision=2,
            entity_registry_enabled_default=False,
        ),
        TelldusSensorEntityDescription(
            key="watt_2",
            device_class=SensorDeviceClass.POWER,
            native_unit_of_measurement=UnitOfPower.WATT,
            suggested_display_precision=1,
        ),
        TelldusSensorEntityDescription(
            # The unit of pulses is a word, and so in the translations.
            key="watt_3",
            translation_key="pulses",
            state_class=SensorStateClass.TOTAL_INCREASING,
            same_quantity_as="watt_0",
        ),
        TelldusSensorEntityDescription(
            key="watt_4",
            device_class=SensorDeviceClass.VOLTAGE,
            native_unit_of_measurement=UnitOfElectricPotential.VOLT,
            suggested_display_precision=1,
        ),
        TelldusSensorEntityDescription(
            key="watt_5",
            device_class=SensorDeviceClass.CURRENT,
            native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        ),
        TelldusSensorEntityDescription(
            key="watt_6",
            device_class=SensorDeviceClass.POWER_FACTOR,
            suggested_display_precision=2,
            entity_registry_enabled_default=False,
        ),
        TelldusSensorEntityDescription(
            key="lum_0",
            translation_key="light_level",
            native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        ),
        TelldusSensorEntityDescription(
            key="lum_1",
            device_class=SensorDeviceClass.ILLUMINANCE,
            native_unit_of_measurement=LIGHT_LUX,
        ),
        TelldusSensorEntityDescription(
            key="dewp_0",
            translation_key="dew_point",
            device_class=SensorDeviceClass.TEMPERATURE,
            native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        ),
        TelldusSensorEntityDescription(
            key="dewp_1",
            translation_key="dew_point",
            device_class=SensorDeviceClass.TEMPERATURE,
            native_unit_of_measurement=UnitOfTemperature.FAHRENHEIT,
            same_quantity_as="dewp_0",
        ),
        TelldusSensorEntityDescription(
            key="barpress_0",
            device_class=SensorDeviceClass.ATMOSPHERIC_PRESSURE,
            native_unit_of_measurement=UnitOfPressure.KPA,
            suggested_display_precision=1,
        ),
        TelldusSensorEntityDescription(
            key="barpress_1",
            device_class=SensorDeviceClass.ATMOSPHERIC_PRESSURE,
            native_unit_of_measurement=UnitOfPressure.INHG,
            suggested_display_precision=2,
            same_quantity_as="barpress_0",
        ),
        # The sources disagree about the scale.
        TelldusSensorEntityDescription(
            key="genmeter_0",
            translation_key="meter",
            state_class=SensorStateClass.TOTAL_INCREASING,
        ),
        TelldusSensorEntityDescription(
            key="genmeter_3",
            translation_key="meter",
            state_class=SensorStateClass.TOTAL_INCREASING,
        ),
        TelldusSensorEntityDescription(
            key="co2_0",
            device_class=SensorDeviceClass.CO2,
            native_unit_of_measurement=UnitOfRatio.PARTS_PER_MILLION,
            same_quantity_as="co2_1",
        ),
        TelldusSensorEntityDescription(
            key="co2_1",
            device_class=SensorDeviceClass.CO2,
            native_unit_of_measurement=UnitOfRatio.PARTS_PER_MILLION,
        ),
        TelldusSensorEntityDescription(
            key="volume_0",
            device_class=SensorDeviceClass.VOLUME_STORAGE,
            native_unit_of_measurement=UnitOfVolume.LITERS,
            suggested_display_precision=1,
        ),
        TelldusSensorEntityDescription(
            key="volume_1",
            device_class=SensorDeviceClass.VOLUME_STORAGE,
            native_unit_of_measurement=UnitOfVolume.CUBIC_METERS,
            suggested_display_precision=3,
        ),
        TelldusSensorEntityDescription(
            key="volume_2",
            device_class=SensorDeviceClass.VOLUME_STORAGE,
            native_unit_of_measurement=UnitOfVolume.GALLONS,
            suggested_display_precision=1,
            same_quantity_as="volume_0",
        ),
        TelldusSensorEntityDescription(
            key="loudness_0",
            device_class=SensorDeviceClass.SOUND_PRESSURE,
            native_unit_of_measurement=UnitOfSoundPressure.DECIBEL,
        ),
        TelldusSensorEntityDescription(
            key="loudness_1",
            translation_key="weighted_sound_pressure",
            device_class=SensorDeviceClass.SOUND_PRESSURE,
            native_unit_of_measurement=UnitOfSoundPressure.WEIGHTED_DECIBEL_A,
            suggested_display_precision=0,
        ),
        TelldusSensorEntityDescription(
            key="particulatematter2.5_1",
            device_class=SensorDeviceClass.PM25,
            native_unit_of_measurement=UnitOfDensity.MICROGRAMS_PER_CUBIC_METER,
        ),
        TelldusSensorEntityDescription(
            key="co_1",
            device_class=SensorDeviceClass.CO,
            native_unit_of_measurement=UnitOfRatio.PARTS_PER_MILLION,
        ),
        TelldusSensorEntityDescription(
            key="weight_0",
            device_class=SensorDeviceClass.WEIGHT,
            native_unit_of_measurement=UnitOfMass.KILOGRAMS,
            suggested_display_precision=1,
        ),
        TelldusSensorEntityDescription(
            key="weight_1",
            device_class=SensorDeviceClass.WEIGHT,
            native_unit_of_measurement=UnitOfMass.POUNDS,
            suggested_display_precision=1,
            same_quantity_as="weight_0",
        ),
        TelldusSensorEntityDescription(
            key="moisture_0",
            device_class=SensorDeviceClass.MOISTURE,
            native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        ),
    )
}


def number_of(value: SensorValue) -> float | None:
    """Return the number that a value is, None if it is none.

    A direction of -1 is that of no wind; all others are within 0 to 360.
    """
    number = value.value
    if number is None or isinstance(number, str):
        return None
    if value.name != _DIRECTION:
        return number
    return None if number == -1 else number % 360


def unit_of(value: SensorValue) -> str | None:
    """Return the unit in which a value is shown by itself."""
    description = SENSOR_TYPES.get(value_key(value))
    return description.native_unit_of_measurement if description else value.unit


def is_total(value: SensorValue) -> bool:
    """Return whether a value is a total, as a meter's: it is true until the next one comes."""
    description = SENSOR_TYPES.get(value_key(value))
    return (
        description is not None
        and description.state_class is SensorStateClass.TOTAL_INCREASING
    )


def described_as(value: SensorValue) -> str | None:
    """Return the device class or the key of a value's description, None without one."""
    if (description := SENSOR_TYPES.get(value_key(value))) is None:
        return None
    return description.device_class or description.translation_key or description.key
