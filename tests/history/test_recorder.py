"""Units of statistics. What is read and written: test_importer.py, with a real recorder."""

import pytest

from custom_components.telldus_pa.history.recorder import StatisticSeries
from custom_components.telldus_pa.history.statistics import (
    Aggregation,
    HourlyStatistics,
)
from homeassistant.components.recorder.models import (
    StatisticMeanType,
    StatisticMetaData,
)


def series(unit: str | None, unit_class: str | None) -> StatisticSeries:
    """Return statistics in a unit."""
    metadata = StatisticMetaData(
        mean_type=StatisticMeanType.ARITHMETIC,
        has_sum=False,
        name=None,
        source="recorder",
        statistic_id="sensor.any",
        unit_class=unit_class,
        unit_of_measurement=unit,
    )
    return StatisticSeries(metadata, Aggregation.MEAN, HourlyStatistics(0))


def test_same_unit() -> None:
    """Nothing is converted where the unit is the same, or a word of the translations."""
    assert series("°C", "temperature").converter("°C") is None
    assert series("pulses", None).converter(None) is None


def test_converted() -> None:
    """What Home Assistant can convert is converted."""
    converter = series("°C", "temperature").converter("°F")
    assert converter
    assert converter(50) == pytest.approx(10)


@pytest.mark.parametrize("unit_class", ["temperature", None])
def test_units_that_do_not_fit(unit_class: str | None) -> None:
    """Units that have nothing to do with one another are an error."""
    with pytest.raises(ValueError, match="kWh cannot become °C"):
        series("°C", unit_class).converter("kWh")
