"""Position of an import that goes backwards through the history of a sensor, part by part.

A response may lack its oldest or its newest rows, and how many rows a day has is not known.
All times are unix seconds, as in Home Assistant's statistics.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ..devices.sensor_types import number_of
from ..pa_api import SensorHistoryEntry
from .statistics import HOUR, Sample, by_hour

if TYPE_CHECKING:
    from .recorder import StatisticSeries

_DAY: Final = 24 * HOUR
# How many rows a response should have; the span of the first request, the longest one, and
# how much it may grow from one request to the next.
_TARGET_ROWS: Final = 1000
_INITIAL_SPAN: Final = _DAY
_MAX_SPAN: Final = 30 * _DAY
_MAX_GROWTH: Final = 4
# A gap as long as this is the beginning of the history.
_MAX_GAP: Final = 365 * _DAY

# The name and the scale of a value.
type ValueKey = tuple[str, int | None]


class BackfillCursor:
    """The hour up to which a sensor's history was read, and the next request.

    ``cursor`` is the start of the hour before which to continue; a request includes that
    hour, so that a missing newest part can be noticed.
    """

    def __init__(self, series: Mapping[ValueKey, StatisticSeries]) -> None:
        """Start before the newest of the first hours that the values have in Home Assistant."""
        self.keys = frozenset(series)
        self.cursor = top = max(one.first.start for one in series.values())
        self._complete_from = top
        self._span = _INITIAL_SPAN
        self._last_data_at = top
        self._samples: dict[ValueKey, dict[int, list[Sample]]] = {}
        self._boundaries: dict[ValueKey, tuple[int, list[Sample]]] = {}
        # Whether the hour at the cursor is known to have samples.
        self._has_samples_at_cursor = False

    @property
    def since(self) -> int:
        """The start of the next request."""
        return max(self.cursor - self._span, 0)

    @property
    def until(self) -> int:
        """The end of the next request, inclusive."""
        return self.cursor + HOUR - 1

    @property
    def is_over(self) -> bool:
        """Whether there is most likely nothing further back."""
        return self.since == 0 or self._last_data_at - self.cursor >= _MAX_GAP

    def take(self, entries: Sequence[SensorHistoryEntry]) -> bool:
        """Process a response.

        Returns False if its newest rows were left out: the span was halved, request again.
        """
        since, top = self.since, self.cursor
        # A response may have rows outside the request.
        entries = [one for one in entries if since <= one.when.timestamp() < top + HOUR]
        hours = {int(one.when.timestamp() // HOUR) * HOUR for one in entries}
        if (
            hours
            and self._has_samples_at_cursor
            and top not in hours
            and self._span > HOUR
        ):
            self._span = max(self._span // 2 // HOUR * HOUR, HOUR)
            return False
        oldest = min(hours, default=top)
        is_cut = since < oldest < top - HOUR
        # The oldest hour of a response that was cut may be incomplete.
        self._complete_from = oldest + HOUR if is_cut else since
        self.cursor = self._complete_from
        self._has_samples_at_cursor = self._complete_from in hours
        if oldest < top:
            self._last_data_at = self.cursor
        self._samples = _numbers(entries)
        span = (
            self._span * _TARGET_ROWS // max(len(entries), _TARGET_ROWS // _MAX_GROWTH)
        )
        self._span = min(max(span // HOUR * HOUR, HOUR), _MAX_SPAN)
        return True

    def complete(self, key: ValueKey) -> Mapping[int, Sequence[Sample]]:
        """Return the samples of a value by hour, of hours that the last response has completely."""
        samples = self._samples.get(key, {})
        return {
            start: samples[start] for start in samples if start >= self._complete_from
        }

    def boundary_samples(self, key: ValueKey, start: int) -> Sequence[Sample]:
        """Return the samples of a value in an hour, from this response or an earlier one."""
        if samples_of_hour := self._samples.get(key, {}).get(start):
            return samples_of_hour
        kept, samples_of_hour = self._boundaries.get(key, (0, []))
        return samples_of_hour if kept == start else []

    def keep(self, key: ValueKey, start: int) -> None:
        """Keep the samples of a value in its first hour for the next response."""
        self._boundaries[key] = (start, list(self.boundary_samples(key, start)))


def _numbers(
    entries: Sequence[SensorHistoryEntry],
) -> dict[ValueKey, dict[int, list[Sample]]]:
    """Group the numbers of each value, as its entity shows them, by their hours."""
    samples: dict[ValueKey, list[Sample]] = {}
    for entry in entries:
        for key, value in entry.values.items():
            if (number := number_of(value)) is not None:
                sample = Sample(entry.when.timestamp(), number)
                samples.setdefault(key, []).append(sample)
    return {key: by_hour(samples_of_key) for key, samples_of_key in samples.items()}
