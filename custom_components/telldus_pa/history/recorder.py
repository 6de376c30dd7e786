"""What the import of a history needs of the recorder. Imported only where there is one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from homeassistant.components.recorder.db_schema import Statistics
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    UNIT_CLASS_TO_UNIT_CONVERTER,
    async_import_statistics,
    get_metadata,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance, session_scope
from homeassistant.util import dt as dt_util

from .statistics import Aggregation, HourlyStatistics

_WAYS = {
    StatisticMeanType.ARITHMETIC: Aggregation.MEAN,
    StatisticMeanType.CIRCULAR: Aggregation.ANGLE,
}


@dataclass(frozen=True, slots=True)
class StatisticSeries:
    """The statistics that Home Assistant has of an entity, and their first hour."""

    metadata: StatisticMetaData
    aggregation: Aggregation
    first: HourlyStatistics

    def converter(self, unit: str | None) -> Callable[[float], float] | None:
        """Return what turns a unit into that of the statistics, None for nothing to do.

        Raises ValueError for units that have nothing to do with one another.
        """
        wanted = self.metadata["unit_of_measurement"]
        if unit == wanted:
            return None
        if unit_class := self.metadata["unit_class"]:
            converter = UNIT_CLASS_TO_UNIT_CONVERTER[unit_class]
            if unit in converter.VALID_UNITS:
                return converter.converter_factory(unit, wanted)
        if unit is None:
            # The unit is a word of the translations, as pulses are.
            return None
        raise ValueError(f"{unit} cannot become {wanted}")


async def async_series(
    hass: HomeAssistant, statistic_ids: Iterable[str]
) -> dict[str, StatisticSeries]:
    """Return what Home Assistant has, once it has written down all that it was given."""
    instance = get_instance(hass)
    await instance.async_block_till_done()
    return await instance.async_add_executor_job(_series, hass, set(statistic_ids))


@callback
def async_add_hours(
    hass: HomeAssistant, metadata: StatisticMetaData, hours: Sequence[HourlyStatistics]
) -> None:
    """Have the recorder write hours down, oldest first."""
    async_import_statistics(hass, metadata, [_row(hour) for hour in reversed(hours)])


def _row(hour: HourlyStatistics) -> StatisticData:
    """Return an hour as the recorder wants it."""
    row = StatisticData(start=dt_util.utc_from_timestamp(hour.start))
    for key in ("state", "sum", "mean", "mean_weight", "min", "max"):
        if (value := getattr(hour, key)) is not None:
            cast("dict[str, Any]", row)[key] = value
    return row


def _series(hass: HomeAssistant, statistic_ids: set[str]) -> dict[str, StatisticSeries]:
    """Read the first hour of each; without one there are no statistics yet."""
    found: dict[str, StatisticSeries] = {}
    known = get_metadata(hass, statistic_ids=statistic_ids)
    with session_scope(hass=hass, read_only=True) as session:
        for statistic_id, (metadata_id, metadata) in known.items():
            row = (
                session.query(Statistics.start_ts, Statistics.state, Statistics.sum)
                .filter(Statistics.metadata_id == metadata_id)
                .order_by(Statistics.start_ts)
                .first()
            )
            if row is not None:
                way = (
                    Aggregation.TOTAL
                    if metadata["has_sum"]
                    else _WAYS[StatisticMeanType(metadata["mean_type"])]
                )
                first = HourlyStatistics(
                    int(row.start_ts), state=row.state, sum=row.sum
                )
                found[statistic_id] = StatisticSeries(metadata, way, first)
    return found
