"""The way back through the history of a sensor, a part at a time.

An answer may lack its oldest or its newest rows, and how many rows a day has is not known.
All times are unix seconds, as in Home Assistant's statistics.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ..pa_api import SensorHistoryEntry
from .statistics import HOUR, Sample, by_hour

if TYPE_CHECKING:
    from .recorder import StatisticSeries

_DAY: Final = 24 * HOUR
# How many rows an answer is meant to have, and what is asked for to begin with.
_ROWS: Final = 1000
_SPAN: Final = _DAY
_LONGEST_SPAN: Final = 30 * _DAY
_GROWS: Final = 4
# Where nothing has come for so long, there is nothing further back.
_NOTHING_FOR: Final = 365 * _DAY

# The name and the scale of a value.
type ValueKey = tuple[str, int | None]


class BackfillCursor:
    """How far the history of a sensor was read, and what to ask for next."""

    def __init__(self, series: Mapping[ValueKey, StatisticSeries]) -> None:
        """Begin before the newest of the first hours that some values have."""
        self.keys = frozenset(series)
        # The hour before which to go on; what is asked for reaches to its end.
        self.cursor = top = max(one.first.start for one in series.values())
        self._complete_from = top
        self._span = _SPAN
        self._last_data_at = top
        self._samples: dict[ValueKey, dict[int, list[Sample]]] = {}
        self._boundaries: dict[ValueKey, tuple[int, list[Sample]]] = {}
        # Whether the hour at the top is known to have something.
        self._has_top = False

    @property
    def since(self) -> int:
        """From when to ask."""
        return max(self.cursor - self._span, 0)

    @property
    def until(self) -> int:
        """Until when to ask."""
        return self.cursor + HOUR - 1

    @property
    def is_over(self) -> bool:
        """Tell whether there is nothing further back, as far as one can tell."""
        return self.since == 0 or self._last_data_at - self.cursor >= _NOTHING_FOR

    def take(self, readings: Sequence[SensorHistoryEntry]) -> bool:
        """Process a response.

        Return False if its newest rows were left out: the span was halved, ask again.
        """
        since, top = self.since, self.cursor
        # Whatever else an answer may hold
        readings = [
            one for one in readings if since <= one.when.timestamp() < top + HOUR
        ]
        hours = {int(one.when.timestamp() // HOUR) * HOUR for one in readings}
        if hours and self._has_top and top not in hours and self._span > HOUR:
            self._span = max(self._span // 2 // HOUR * HOUR, HOUR)
            return False
        oldest = min(hours, default=top)
        is_cut = since < oldest < top - HOUR
        # Of the oldest hour of all that there is, or was samples, there may be more.
        self._complete_from = oldest + HOUR if is_cut else since
        self.cursor = self._complete_from
        self._has_top = self._complete_from in hours
        if oldest < top:
            self._last_data_at = self.cursor
        self._samples = _numbers(readings)
        wanted = self._span * _ROWS // max(len(readings), _ROWS // _GROWS)
        self._span = min(max(wanted // HOUR * HOUR, HOUR), _LONGEST_SPAN)
        return True

    def complete(self, key: ValueKey) -> Mapping[int, Sequence[Sample]]:
        """Collect the samples of a value in the hours that the last response has completely."""
        samples = self._samples.get(key, {})
        return {
            start: samples[start] for start in samples if start >= self._complete_from
        }

    def boundary_samples(self, key: ValueKey, start: int) -> Sequence[Sample]:
        """Collect the samples of a value in an hour, of this response or of an earlier one."""
        if samples_of_hour := self._samples.get(key, {}).get(start):
            return samples_of_hour
        kept, samples_of_hour = self._boundaries.get(key, (0, []))
        return samples_of_hour if kept == start else []

    def keep(self, key: ValueKey, start: int) -> None:
        """Keep the samples of a value in the first hour that there is now."""
        self._boundaries[key] = (start, list(self.boundary_samples(key, start)))


def _numbers(
    readings: Sequence[SensorHistoryEntry],
) -> dict[ValueKey, dict[int, list[Sample]]]:
    """Group the numbers of each value by their hours."""
    samples: dict[ValueKey, list[Sample]] = {}
    for reading in readings:
        for key, value in reading.values.items():
            if value.value is not None and not isinstance(value.value, str):
                sample = Sample(reading.when.timestamp(), value.value)
                samples.setdefault(key, []).append(sample)
    return {key: by_hour(samples_of_key) for key, samples_of_key in samples.items()}
