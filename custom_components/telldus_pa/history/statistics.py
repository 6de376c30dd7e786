"""Hourly statistics of a sensor's history, as Home Assistant computes them.

Totals are computed backwards from the first hour that Home Assistant has, so that the sums
of the hours before lead up to it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
import itertools
import math
from typing import Final

HOUR: Final = 3600
# A meter was reset where its value falls below this share of the one before, as in Home
# Assistant's own statistics. A smaller decrease is subtracted.
_RESET_BELOW: Final = 0.9


class Aggregation(Enum):
    """How the samples of an hour are combined."""

    MEAN = "mean"
    ANGLE = "angle"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Sample:
    """A number at a time, in unix seconds."""

    when: float
    number: float


@dataclass(frozen=True, slots=True)
class HourlyStatistics:
    """The statistics of the hour that begins at ``start``, in unix seconds."""

    start: int
    state: float | None = None
    sum: float | None = None
    mean: float | None = None
    mean_weight: float | None = None
    min: float | None = None
    max: float | None = None


def by_hour(samples: Iterable[Sample]) -> dict[int, list[Sample]]:
    """Group samples by the start of their hour (unix seconds), oldest first."""
    ordered = sorted(samples, key=lambda one: one.when)
    return {
        int(start) * HOUR: list(of_hour)
        for start, of_hour in itertools.groupby(ordered, lambda one: one.when // HOUR)
    }


def backfill_statistics(
    first: HourlyStatistics,
    aggregation: Aggregation,
    samples: Mapping[int, Sequence[Sample]],
    boundary: Sequence[Sample],
) -> list[HourlyStatistics]:
    """Compute the hours before ``first``, newest first, from their samples by hour.

    ``boundary`` are the samples of the hour ``first`` itself: a total's growth in it is the
    difference between its sum and that of the hour before.
    """
    if aggregation is not Aggregation.TOTAL:
        mean = _mean if aggregation is Aggregation.MEAN else _angle
        return [
            mean(start, samples[start])
            for start in sorted(samples, reverse=True)
            if start < first.start
        ]
    hours: list[HourlyStatistics] = []
    numbers = _counter_values(boundary)
    if not numbers and first.state is not None:
        numbers = [first.state]
    after = first.sum or 0.0
    for start in sorted(samples, reverse=True):
        if start >= first.start or not (counted := _counter_values(samples[start])):
            continue
        after -= counter_growth(counted[-1], numbers)
        hours.append(HourlyStatistics(start, state=counted[-1], sum=after))
        numbers = counted
    return hours


def counter_growth(before: float, numbers: Iterable[float]) -> float:
    """Return the growth of a counter from ``before`` through ``numbers``, resets included."""
    total = 0.0
    for number in numbers:
        total += number if number < _RESET_BELOW * before else number - before
        before = number
    return total


def converted(
    samples: Mapping[int, Sequence[Sample]], convert: Callable[[float], float] | None
) -> Mapping[int, Sequence[Sample]]:
    """Convert samples by hour to another unit."""
    if convert is None:
        return samples
    return {
        start: [Sample(one.when, convert(one.number)) for one in of_hour]
        for start, of_hour in samples.items()
    }


def _counter_values(samples: Iterable[Sample]) -> list[float]:
    """Return the values of a counter. Home Assistant ignores negative ones as well."""
    return [one.number for one in samples if one.number >= 0]


def _time_weighted(start: int, samples: Sequence[Sample]) -> list[tuple[float, float]]:
    """Return each number with its duration in seconds, up to the end of the hour."""
    ends = [one.when for one in samples[1:]] + [float(start + HOUR)]
    return [
        (one.number, end - one.when) for one, end in zip(samples, ends, strict=True)
    ]


def _mean(start: int, samples: Sequence[Sample]) -> HourlyStatistics:
    """Compute the hour of a measurement."""
    weighted = _time_weighted(start, samples)
    numbers = [number for number, _ in weighted]
    whole = sum(weight for _, weight in weighted)
    mean = sum(number * weight for number, weight in weighted) / whole
    return HourlyStatistics(start, mean=mean, min=min(numbers), max=max(numbers))


def _angle(start: int, samples: Sequence[Sample]) -> HourlyStatistics:
    """Compute the hour of an angle, with the circular mean: that of 350° and 10° is north."""
    weighted = _time_weighted(start, samples)
    east = sum(math.sin(math.radians(angle)) * weight for angle, weight in weighted)
    north = sum(math.cos(math.radians(angle)) * weight for angle, weight in weighted)
    mean = math.degrees(math.atan2(east, north)) % 360
    return HourlyStatistics(start, mean=mean, mean_weight=math.hypot(east, north))
