"""The recorder's part of the import. Imported only where there is a recorder.

``async_set_units`` has no part in it: it serves the migration, and is here since no other
file knows the recorder.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN
from homeassistant.components.recorder.db_schema import Statistics
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    STATISTIC_UNIT_TO_UNIT_CONVERTER,
    UNIT_CLASS_TO_UNIT_CONVERTER,
    async_import_statistics,
    async_update_statistics_metadata,
    get_metadata,
)
from homeassistant.components.sensor import ATTR_STATE_CLASS, SensorStateClass
from homeassistant.components.sensor.const import UNIT_CONVERTERS
from homeassistant.const import ATTR_DEVICE_CLASS, ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance, session_scope
from homeassistant.util import dt as dt_util

from .statistics import Aggregation, HourlyStatistics

_AGGREGATIONS: Final = {
    StatisticMeanType.ARITHMETIC: Aggregation.MEAN,
    StatisticMeanType.CIRCULAR: Aggregation.ANGLE,
}
# The kind of mean of each state class, as in Home Assistant; totals have none.
_MEAN_TYPES: Final = {
    SensorStateClass.MEASUREMENT: StatisticMeanType.ARITHMETIC,
    SensorStateClass.MEASUREMENT_ANGLE: StatisticMeanType.CIRCULAR,
    SensorStateClass.TOTAL_INCREASING: StatisticMeanType.NONE,
}


@dataclass(frozen=True, slots=True)
class StatisticSeries:
    """The statistics that Home Assistant has of an entity, and their first hour."""

    metadata: StatisticMetaData
    aggregation: Aggregation
    first: HourlyStatistics

    def converter(self, unit: str | None) -> Callable[[float], float] | None:
        """Build the function that converts from ``unit``, None where the unit is the same.

        Raises ValueError for units that cannot be converted.
        """
        target = self.metadata["unit_of_measurement"]
        if unit == target:
            return None
        if unit_class := self.metadata["unit_class"]:
            converter = UNIT_CLASS_TO_UNIT_CONVERTER[unit_class]
            if unit in converter.VALID_UNITS:
                return converter.converter_factory(unit, target)
        if unit is None:
            # The unit is translated, as that of pulses is.
            return None
        raise ValueError(f"{unit} cannot become {target}")


async def async_series(
    hass: HomeAssistant, statistic_ids: Iterable[str]
) -> dict[str, StatisticSeries]:
    """Read the statistics of entities, once the recorder has written all that it was given."""
    instance = get_instance(hass)
    await instance.async_block_till_done()
    return await instance.async_add_executor_job(_series, hass, set(statistic_ids))


@callback
def async_series_without_hours(
    hass: HomeAssistant, statistic_id: str, until: int
) -> StatisticSeries | None:
    """Build the statistics of an entity that has none yet.

    They end with the hour that starts at ``until`` (unix seconds), with a sum of 0, as Home
    Assistant's own start. None if Home Assistant would not record the entity.
    """
    state = hass.states.get(statistic_id)
    entity_filter = get_instance(hass).entity_filter
    if state is None or (entity_filter and not entity_filter(statistic_id)):
        return None
    state_class = state.attributes.get(ATTR_STATE_CLASS)
    if state_class not in _MEAN_TYPES:
        return None
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    device_class = state.attributes.get(ATTR_DEVICE_CLASS)
    converter = UNIT_CONVERTERS.get(device_class)
    if converter is None or unit not in converter.VALID_UNITS:
        converter = STATISTIC_UNIT_TO_UNIT_CONVERTER.get(unit)
    mean_type = _MEAN_TYPES[state_class]
    is_total = mean_type is StatisticMeanType.NONE
    return StatisticSeries(
        StatisticMetaData(
            mean_type=mean_type,
            has_sum=is_total,
            name=None,
            source=RECORDER_DOMAIN,
            statistic_id=statistic_id,
            unit_class=converter.UNIT_CLASS if converter else None,
            unit_of_measurement=unit,
        ),
        Aggregation.TOTAL if is_total else _AGGREGATIONS[mean_type],
        HourlyStatistics(until, sum=0.0 if is_total else None),
    )


@callback
def async_add_hours(
    hass: HomeAssistant, metadata: StatisticMetaData, hours: Sequence[HourlyStatistics]
) -> None:
    """Have the recorder import hours, oldest first."""
    async_import_statistics(hass, metadata, [_row(hour) for hour in reversed(hours)])


async def async_set_units(hass: HomeAssistant, statistic_ids: set[str]) -> None:
    """Give the statistics of entities their units, where they have none.

    Home Assistant takes the unit from the first state of a period. In the one in which an
    entity was moved that is tellduslive's, without a unit, and no statistics would follow.
    """
    instance = get_instance(hass)
    known = await instance.async_add_executor_job(
        partial(get_metadata, hass, statistic_ids=statistic_ids)
    )
    for statistic_id in statistic_ids:
        series = async_series_without_hours(hass, statistic_id, 0)
        if series is None or series.metadata["unit_of_measurement"] is None:
            continue
        if statistic_id not in known:
            async_import_statistics(hass, series.metadata, [])
        elif known[statistic_id][1]["unit_of_measurement"] is None:
            async_update_statistics_metadata(
                hass,
                statistic_id,
                new_unit_class=series.metadata["unit_class"],
                new_unit_of_measurement=series.metadata["unit_of_measurement"],
            )


def _row(hour: HourlyStatistics) -> StatisticData:
    """Build the recorder's row of an hour."""
    row = StatisticData(start=dt_util.utc_from_timestamp(hour.start))
    for key in ("state", "sum", "mean", "mean_weight", "min", "max"):
        if (value := getattr(hour, key)) is not None:
            cast("dict[str, Any]", row)[key] = value
    return row


def _series(hass: HomeAssistant, statistic_ids: set[str]) -> dict[str, StatisticSeries]:
    """Read the first hour of each entity; those without one are left out."""
    found: dict[str, StatisticSeries] = {}
    all_metadata = get_metadata(hass, statistic_ids=statistic_ids)
    with session_scope(hass=hass, read_only=True) as session:
        for statistic_id, (metadata_id, metadata) in all_metadata.items():
            row = (
                session.query(Statistics.start_ts, Statistics.state, Statistics.sum)
                .filter(Statistics.metadata_id == metadata_id)
                .order_by(Statistics.start_ts)
                .first()
            )
            if row is not None:
                aggregation = (
                    Aggregation.TOTAL
                    if metadata["has_sum"]
                    else _AGGREGATIONS[StatisticMeanType(metadata["mean_type"])]
                )
                first = HourlyStatistics(
                    int(row.start_ts), state=row.state, sum=row.sum
                )
                found[statistic_id] = StatisticSeries(metadata, aggregation, first)
    return found
