"""Whole hours of commands, from one lamp now and then to a flood, polled and pushed.

Time is moved, as in the tests: tests/commands/test_load.py lives the hours, at some seconds
each, in the environment of the tests. An age is the time from the last wish for a lamp to its
request; "waiting" are the commands that wait when the hour is over.
"""

import argparse
import asyncio
from collections.abc import Callable
import json
from pathlib import Path
from typing import Any, Final

from .environment import FOLDER
from .results import Goal, goals, print_report
from .table import table

ROOT: Final = Path(__file__).parents[1]
TEST: Final = "tests/commands/test_load.py"
HEAD: Final = (
    "load",
    "requests",
    "commands",
    "age median / max, s",
    "click max, s",
    "gap devices",
    "gap sensors",
    "gap gateways",
    "waiting",
    "refused (429)",
)
# Seconds
GOALS: Final = {"gap_devices": 95, "gap_sensors": 200, "gap_clients": 680}
FLOOD: Final = "12 lamps every 10 s"
CLICK_WITHIN: Final = 15
NO_WISH_OLDER: Final = 150


def line(found: dict[str, Any]) -> list[str]:
    """Return a line of the table."""
    return [
        found["load"],
        *(str(found[what]) for what in ("requests", "commands")),
        f"{found['age_median']:.0f} / {found['age_max']:.0f}",
        *(f"{found[what]:.0f}" for what in ("click_max", *GOALS, "waiting", "refused")),
    ]


def goals_of(found: list[dict[str, Any]]) -> list[Goal]:
    """Return the goals: gaps of polled lists, the oldest wish, a click, and no refusal."""
    polled = [one for one in found if "pushed" not in one["load"]]
    longest = {what: max(one[what] for one in polled) for what in GOALS}
    return [
        *(
            Goal(
                f"{what.replace('_', ' of ')} at most {limit} s",
                f"{longest[what]:.0f} s",
                longest[what] <= limit,
            )
            for what, limit in GOALS.items()
        ),
        Goal(
            f"no wish waits longer than {NO_WISH_OLDER} s",
            f"{(oldest := max(one['age_max'] for one in found)):.0f} s",
            oldest <= NO_WISH_OLDER,
        ),
        *(
            Goal(
                f"{one['load']}: a click within {CLICK_WITHIN} s",
                f"{one['click_max']:.0f} s",
                one["click_max"] <= CLICK_WITHIN,
            )
            for one in found
            if one["load"].startswith(FLOOD)
        ),
        Goal(
            "no 429",
            str(sum(one["refused"] for one in found)),
            not any(one["refused"] for one in found),
        ),
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the choice of loads."""
    parser.add_argument(
        "--only", default="", help='words in the names of loads, as "12 pushed"'
    )


async def run(chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Run the tests as a program of their own, and print what they found."""
    report = FOLDER / "load.jsonl"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text("")
    say("Moving through hours of commands, half a minute each")
    process = await asyncio.create_subprocess_exec(
        *(ROOT / ".venv" / "bin" / "python", "-m", "pytest", TEST),
        *("-q", "--no-cov", "-p", "no:cacheprovider", f"--load-report={report}"),
        *("-k", " and ".join(chosen.only.split()) or "test_load"),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
    found = [json.loads(row) for row in report.read_text().splitlines()]
    if not found:
        say("The tests did not run: is there an environment (scripts/setup test)?")
        return
    if process.returncode:
        say("A load is missing, or has missed a goal of its test")
    print_report(
        "An hour under each load (ten requests a minute)",
        table(HEAD, [line(one) for one in found]),
        goals(goals_of(found)),
    )
