"""Everything that can go wrong, in one go: faults, junk, and a day in a home, in figures.

The figures are those that the tests record with ``record_property``, added up, and how many
examples Hypothesis has made.
"""

import argparse
from collections import Counter
import sys
from typing import Final

import pytest

from .table import table

# What is tried, by the tests that try it.
TESTS: Final = {
    "faults, each in a situation": ("tests/test_faults.py",),
    "answers made at random": (
        "tests/pa_api/test_parsing_properties.py",
        "tests/pa_api/push/test_messages.py",
    ),
    "arrivals at the rate limiter made at random": (
        "tests/pa_api/test_rate_limiter_properties.py",
    ),
    "days of commands made at random": ("tests/commands/test_properties.py",),
    "attacks": ("tests/test_security.py",),
    "lives in a home": ("tests/soak/test_home.py", "tests/soak/test_push.py"),
}


class FigureCollector:
    """A plugin of pytest that adds up what the tests tell."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.tried: Counter[str] = Counter()
        self.failed: list[str] = []
        self.figures: Counter[str] = Counter()

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note of how a test went, and of what it told."""
        if report.failed:
            self.failed.append(report.nodeid)
        if report.when != "teardown":
            return
        recorded = Counter[str]()
        for name, number in report.user_properties:
            recorded[name] += int(str(number))
        examples = recorded.pop("examples", 1)
        self.figures.update(recorded)
        file = report.nodeid.partition("::")[0]
        for what, files in TESTS.items():
            if file in files:
                self.tried[what] += examples

    def text(self) -> str:
        """Return the figures as a table."""
        rows = [
            (what, f"{number:,}")
            for what, number in (*self.tried.items(), *self.figures.items())
        ]
        return table(("what", "figure"), [*rows, ("failed", str(len(self.failed)))])


def main() -> int:
    """Run the tests that are meant, and print what they told."""
    parser = argparse.ArgumentParser(prog="scripts/robustness", description=__doc__)
    parser.add_argument(
        "--hours", type=int, default=24, help="that the home lives (default: 24)"
    )
    parser.add_argument("tests", nargs="*", help="some files of tests only")
    chosen = parser.parse_args()
    collector = FigureCollector()
    code = pytest.main(
        [
            *(chosen.tests or [file for files in TESTS.values() for file in files]),
            f"--soak-hours={chosen.hours}",
            *("-q", "-nauto", "--no-cov", "-p", "no:cacheprovider"),
        ],
        plugins=[collector],
    )
    print(f"\n{collector.text()}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
