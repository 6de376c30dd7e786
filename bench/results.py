"""Figures with their spread, goals, and the report that is printed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

from .table import table
from .versions import versions


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of figures, and the bounds between which half of them lie."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Return the spread of one or more figures."""
        ordered = sorted(values)
        quarter = (len(ordered) - 1) // 4
        return cls(median(ordered), ordered[quarter], ordered[-1 - quarter])

    @classmethod
    def of_ratios(cls, ours: Sequence[float], others: Sequence[float]) -> Self:
        """Return the spread of the ratios of figures that were measured in turns."""
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
    """A goal, the figure that was reached, and whether that is enough."""

    text: str
    figure: str
    met: bool


def goals(found: Iterable[Goal]) -> str:
    """Return a table of goals."""
    return table(
        ("goal", "", "figure"),
        [(one.text, "met" if one.met else "MISSED", one.figure) for one in found],
    )


def print_report(title: str, *parts: str) -> None:
    """Print the title, the versions, and the parts of a report."""
    print("\n\n".join((title, versions(), *parts)))
