"""What hours of a sensor's history come to, as Home Assistant's statistics count them.

All is reckoned backwards from the first hour that Home Assistant has, which is what the
hours before it have to lead up to.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
import itertools
import math
from typing import Final

HOUR: Final = 3600
# A total that increases began anew where it falls below this share of what it was, as
# Home Assistant has it. Less is a dip, which is taken off.
_BEGAN_ANEW: Final = 0.9


class Aggregation(Enum):
    """What an hour is summed up by."""

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


def by_hour(told: Iterable[Sample]) -> dict[int, list[Sample]]:
    """Return what was told in each hour, by its start, oldest first."""
    ordered = sorted(told, key=lambda one: one.when)
    return {
        int(start) * HOUR: list(of_hour)
        for start, of_hour in itertools.groupby(ordered, lambda one: one.when // HOUR)
    }


def backfill_statistics(
    first: HourlyStatistics,
    way: Aggregation,
    told: Mapping[int, Sequence[Sample]],
    seam: Sequence[Sample],
) -> list[HourlyStatistics]:
    """Return the hours before the first one that there is, newest first.

    ``seam`` is what was told in that first hour. For a total the sums lead up to it: the
    first hour's change is what it was told to have grown, and so is that of each other.
    """
    if way is not Aggregation.TOTAL:
        mean = _mean if way is Aggregation.MEAN else _angle
        return [
            mean(start, told[start])
            for start in sorted(told, reverse=True)
            if start < first.start
        ]
    hours: list[HourlyStatistics] = []
    numbers = _counted(seam)
    if not numbers and first.state is not None:
        numbers = [first.state]
    after = first.sum or 0.0
    for start in sorted(told, reverse=True):
        if start >= first.start or not (counted := _counted(told[start])):
            continue
        after -= counter_growth(counted[-1], numbers)
        hours.append(HourlyStatistics(start, state=counted[-1], sum=after))
        numbers = counted
    return hours


def counter_growth(before: float, numbers: Iterable[float]) -> float:
    """Return how much a counter has grown, also where it began anew in between."""
    total = 0.0
    for number in numbers:
        total += number if number < _BEGAN_ANEW * before else number - before
        before = number
    return total


def converted(
    told: Mapping[int, Sequence[Sample]], convert: Callable[[float], float] | None
) -> Mapping[int, Sequence[Sample]]:
    """Return what was told in another unit."""
    if convert is None:
        return told
    return {
        start: [Sample(one.when, convert(one.number)) for one in of_hour]
        for start, of_hour in told.items()
    }


def _counted(told: Iterable[Sample]) -> list[float]:
    """Return what a counter told; below nothing is none, as Home Assistant has it."""
    return [one.number for one in told if one.number >= 0]


def _time_weighted(start: int, told: Sequence[Sample]) -> list[tuple[float, float]]:
    """Return each number and for how many seconds of the hour it stood."""
    ends = [one.when for one in told[1:]] + [float(start + HOUR)]
    return [(one.number, end - one.when) for one, end in zip(told, ends, strict=True)]


def _mean(start: int, told: Sequence[Sample]) -> HourlyStatistics:
    """Return an hour of a measurement."""
    weighted = _time_weighted(start, told)
    numbers = [number for number, _ in weighted]
    whole = sum(weight for _, weight in weighted)
    mean = sum(number * weight for number, weight in weighted) / whole
    return HourlyStatistics(start, mean=mean, min=min(numbers), max=max(numbers))


def _angle(start: int, told: Sequence[Sample]) -> HourlyStatistics:
    """Return an hour of an angle: between 350° and 10° lies north."""
    weighted = _time_weighted(start, told)
    east = sum(math.sin(math.radians(angle)) * weight for angle, weight in weighted)
    north = sum(math.cos(math.radians(angle)) * weight for angle, weight in weighted)
    mean = math.degrees(math.atan2(east, north)) % 360
    return HourlyStatistics(start, mean=mean, mean_weight=math.hypot(east, north))
