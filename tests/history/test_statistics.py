"""What hours of a history come to."""

import pytest

from custom_components.telldus_pa.history.statistics import (
    HOUR,
    Aggregation,
    HourlyStatistics,
    Sample,
    backfill_statistics,
    by_hour,
    converted,
    counter_growth,
)


def told(*numbers: tuple[float, float]) -> dict[int, list[Sample]]:
    """Return what was told at some hours after the beginning."""
    return by_hour(Sample(when * HOUR, number) for when, number in numbers)


def test_sums_lead_up_to_the_first() -> None:
    """Each change is what was told, also where the meter began anew, or dipped."""
    history = told((0.5, 95), (1.2, 100), (1.9, 99), (3.1, 2), (3.5, 4), (4.5, 5))
    first = HourlyStatistics(4 * HOUR, state=5, sum=0.25)
    hours = backfill_statistics(first, Aggregation.TOTAL, history, history[4 * HOUR])
    assert [(hour.start // HOUR, hour.state, hour.sum) for hour in hours] == [
        (3, 4, -0.75),
        (1, 99, -4.75),
        (0, 95, -8.75),
    ]


def test_nothing_told_of_the_first_hour() -> None:
    """Then it has grown to what Home Assistant says, and not at all if it says nothing."""
    history = told((0, 90), (1, -5))
    (hour,) = backfill_statistics(
        HourlyStatistics(2 * HOUR, state=95, sum=10), Aggregation.TOTAL, history, []
    )
    assert (hour.state, hour.sum) == (90, 5)
    (hour,) = backfill_statistics(
        HourlyStatistics(2 * HOUR), Aggregation.TOTAL, history, []
    )
    assert (hour.state, hour.sum) == (90, 0)


def test_grown() -> None:
    """Falling below nine tenths is beginning anew; less is a dip, which is taken off."""
    assert counter_growth(100, [110, 105, 110]) == 10
    assert counter_growth(100, [89, 90]) == 90


def test_mean_by_time() -> None:
    """A number counts for as long as it stood; hours that are there are left alone."""
    history = told((0, 10), (0.75, 30), (1, 7))
    (hour,) = backfill_statistics(HourlyStatistics(HOUR), Aggregation.MEAN, history, [])
    assert (hour.mean, hour.min, hour.max) == (15, 10, 30)
    assert hour.sum is None


def test_mean_of_angles() -> None:
    """Between north-west and north-east lies north."""
    (hour,) = backfill_statistics(
        HourlyStatistics(HOUR), Aggregation.ANGLE, told((0, 315), (0.5, 45)), []
    )
    assert hour.mean is not None
    assert (hour.mean + 180) % 360 - 180 == pytest.approx(0, abs=1e-9)
    assert hour.mean_weight == pytest.approx(HOUR / 2**0.5)
    assert hour.min is None


def test_converted() -> None:
    """What needs no conversion stays as it is."""
    history = told((0, 1))
    assert converted(history, None) is history
    assert converted(history, lambda number: number * 2) == told((0, 2))
