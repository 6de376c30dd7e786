"""Figures that are told with their spread."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

from .table import table


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of several figures, and between which two half of them lie."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Look at one or more figures."""
        ordered = sorted(values)
        quarter = (len(ordered) - 1) // 4
        return cls(median(ordered), ordered[quarter], ordered[-1 - quarter])

    @classmethod
    def of_ratios(cls, ours: Sequence[float], others: Sequence[float]) -> Self:
        """Look at what was measured in turns: each figure over the one beside it."""
        return cls.of(
            one / other for one, other in zip(ours, others, strict=True) if other
        )

    def text(self, digits: int = 1, factor: float = 1.0) -> str:
        """Return the figures for a table."""
        middle, low, high = (
            f"{value * factor:.{digits}f}"
            for value in (self.middle, self.low, self.high)
        )
        return f"{middle} ({low}–{high})"


@dataclass(frozen=True, slots=True)
class Goal:
    """What was to be reached, and what was."""

    text: str
    figure: str
    met: bool


def goals(found: Iterable[Goal]) -> str:
    """Return a table of goals."""
    return table(
        ("goal", "", "figure"),
        [(one.text, "met" if one.met else "MISSED", one.figure) for one in found],
    )
