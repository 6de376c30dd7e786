"""All tests of robustness in one run, with figures: faults, random input, soak tests.

The figures are those that the tests record with ``record_property``, added up, and the
number of examples that Hypothesis has made.
"""

import argparse
from collections import Counter
import sys
from typing import Final

import pytest

from .table import table

# The test files of each subject, or their folders.
TESTS: Final = {
    "faults, each in a situation": ("tests/test_faults.py",),
    "random responses": (
        "tests/pa_api/test_parsing_properties.py",
        "tests/pa_api/push/test_messages.py",
    ),
    "random arrivals at the rate limiter": (
        "tests/pa_api/test_rate_limiter_properties.py",
    ),
    "random days of commands": ("tests/commands/test_properties.py",),
    "random homes and commands": ("tests/commands/test_differential.py",),
    "hours under load": ("tests/commands/test_load.py",),
    "attacks": ("tests/security",),
    "random homes, whole": ("tests/soak/test_whole.py",),
    "soak tests of a home": ("tests/soak/test_home.py", "tests/soak/test_push.py"),
}


class FigureCollector:
    """A pytest plugin that adds up the figures of the tests."""

    def __init__(self) -> None:
        """Initialize the counters."""
        self.tried: Counter[str] = Counter()
        self.failed: list[str] = []
        self.figures: Counter[str] = Counter()

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test's outcome and its figures."""
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
            if file.startswith(files):
                self.tried[what] += examples

    def text(self) -> str:
        """Return the figures as a table."""
        rows = [
            (what, f"{number:,}")
            for what, number in (*self.tried.items(), *self.figures.items())
        ]
        return table(("what", "figure"), [*rows, ("failed", str(len(self.failed)))])


def main() -> int:
    """Run the tests, and print their figures."""
    parser = argparse.ArgumentParser(prog="scripts/robustness", description=__doc__)
    parser.add_argument(
        "--hours",
        type=int,
        default=24,
        help="simulated hours of the soak tests (default: 24)",
    )
    parser.add_argument(
        "--homes", type=int, default=100, help="random homes to live in (default: 100)"
    )
    parser.add_argument("tests", nargs="*", help="only these test files")
    chosen = parser.parse_args()
    collector = FigureCollector()
    code = pytest.main(
        [
            *(chosen.tests or [file for files in TESTS.values() for file in files]),
            f"--soak-hours={chosen.hours}",
            f"--homes={chosen.homes}",
            *("-q", "-nauto", "--no-cov", "-p", "no:cacheprovider"),
        ],
        plugins=[collector],
    )
    print(f"\n{collector.text()}")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
