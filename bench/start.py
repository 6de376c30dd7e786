"""What is shown after a start under the limit, by ours and by core's `tellduslive`.

Both start at the same moment in a new Home Assistant of their own, already signed in, each
with the same home at a Telldus Live! of its own, which allows ten requests a minute. What
they show is counted when the same time has passed for both.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
import shutil
from typing import Final

from e2e.home_assistant import HomeAssistant, Json
from e2e.log import Record, complaints, parse
from e2e.polling import poll
from simulator import Home, LoggedRequest, generated_home

from .environment import FOLDER, Environment, stop_orphans
from .integrations import CoreIntegration, IntegrationUnderTest, Row, ThisIntegration
from .log import reasons
from .table import table
from .versions import versions

HEAD: Final = (
    "home",
    "integration",
    "devices shown",
    "sensors shown",
    "requests",
    "refused (429)",
    "warnings and errors",
)
NO_ENTITY: Final = "no entity"
# Their state is when they were last used, so that unknown is a state like any other.
_STATELESS: Final = ("button", "event", "scene")


@dataclass(frozen=True, slots=True)
class StartResult:
    """What came of one start.

    `shown` has the seconds from the first request until each row was shown, `hidden` what
    there is in place of the others.
    """

    integration: IntegrationUnderTest
    shown: Mapping[Row, float]
    hidden: Mapping[Row, str]
    requests: Sequence[LoggedRequest]
    complaints: list[Record]

    @property
    def home(self) -> str:
        """Return how large the home is."""
        kinds = Counter(row.kind for row in (*self.shown, *self.hidden))
        return ", ".join(
            f"{number} {kind}{'s' if number > 1 else ''}"
            for kind, number in sorted(kinds.items())
        )

    def count(self, kind: str) -> str:
        """Return how many devices, or sensors, are shown, and when the last of them was."""
        times = [time for row, time in self.shown.items() if row.kind == kind]
        hidden = sum(row.kind == kind for row in self.hidden)
        when = f" in {max(times):.1f} s" if times else ""
        return f"{len(times)} of {len(times) + hidden}{when}"


def rows_of(home: Home) -> list[Row]:
    """Return all that Telldus has in a home."""
    kinds = (("device", home.devices), ("sensor", home.sensors))
    return [Row(kind, row_id) for kind, rows in kinds for row_id in rows]


def states_of(
    integration: IntegrationUnderTest,
    registry: Iterable[Json],
    states: Mapping[str, Json],
) -> dict[Row, list[Json]]:
    """Return the states that each row is shown by."""
    found: dict[Row, list[Json]] = {}
    for entry in registry:
        if entry["platform"] != integration.domain:
            continue
        row = integration.row_of(entry["unique_id"])
        if row and (state := states.get(entry["entity_id"])):
            found.setdefault(row, []).append(state)
    return found


def shows(state: Json) -> bool:
    """Tell whether an entity shows something."""
    domain = state["entity_id"].partition(".")[0]
    return state["state"] != "unavailable" and (
        state["state"] != "unknown" or domain in _STATELESS
    )


def shown_since(states: Iterable[Json]) -> float | None:
    """Return since when (unix seconds) one of a row's entities has shown something."""
    return min(
        (
            datetime.fromisoformat(state["last_changed"]).timestamp()
            for state in states
            if shows(state)
        ),
        default=None,
    )


def replacement_states(states: Iterable[Json]) -> str:
    """Return what there is in place of a state."""
    return ", ".join(sorted({state["state"] for state in states})) or NO_ENTITY


async def start(environment: Environment, seconds: float) -> StartResult:
    """Start one contestant and count what it shows some seconds after its first request."""
    telldus = environment.telldus
    await environment.make_ready()
    try:
        await environment.start()
        async with HomeAssistant(environment.url) as home_assistant:
            await home_assistant.onboard("Bench", "bench", "bench")

            async def first() -> float | None:
                return telldus.log[0].time if telldus.log else None

            began = await poll("something is asked of Telldus", first, 60)
            await asyncio.sleep(began + seconds - telldus.clock())
            registry = await home_assistant.ask("config/entity_registry/list")
            states = await home_assistant.states()
            requests = tuple(telldus.log)
    finally:
        await environment.stop()
    by_row = states_of(environment.integration, registry, states)
    shown: dict[Row, float] = {}
    hidden: dict[Row, str] = {}
    for row in rows_of(telldus.home):
        since = shown_since(by_row.get(row, ()))
        if since is None:
            hidden[row] = replacement_states(by_row.get(row, ()))
        else:
            shown[row] = since - began
    complained = complaints(parse(environment.log), environment.integration.domain)
    return StartResult(environment.integration, shown, hidden, requests, complained)


async def compare(
    count: int, strict_burst: bool, seconds: float, say: Callable[[str], None]
) -> list[StartResult]:
    """Start both with a home of so many devices, at the same moment."""
    starts = []
    for integration in (ThisIntegration(), CoreIntegration()):
        folder = FOLDER / "start" / f"{count}-{integration.domain}"
        environment = Environment(folder, integration, generated_home(count), say)
        environment.telldus.change_settings({"strict_burst": strict_burst})
        starts.append(environment)
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(start(environment, seconds)) for environment in starts
        ]
    return [task.result() for task in running]


def refused(requests: Iterable[LoggedRequest]) -> int:
    """Return how many requests were one too many."""
    return sum(row.status == HTTPStatus.TOO_MANY_REQUESTS for row in requests)


def line(result: StartResult) -> list[str]:
    """Return a contestant's line of the table."""
    return [
        result.home,
        result.integration.domain,
        result.count("device"),
        result.count("sensor"),
        str(len(result.requests)),
        str(refused(result.requests)),
        str(len(result.complaints)),
    ]


def request_lines(requests: Sequence[LoggedRequest]) -> list[str]:
    """Return each function that was called, and how often that was refused."""
    lines = []
    for path, number in Counter(row.path for row in requests).most_common():
        too_many = refused(row for row in requests if row.path == path)
        suffix = f", {too_many} refused" if too_many else ""
        lines.append(f"asked:     {number} × {path.removeprefix('json/')}{suffix}")
    return lines


def details(result: StartResult) -> str:
    """Return what a line of the table consists of."""
    hidden = Counter(
        f"{row.kind} with {text}" if text == NO_ENTITY else f"{row.kind} that is {text}"
        for row, text in result.hidden.items()
    )
    return "\n  ".join(
        (
            f"{result.integration.domain}, {result.home}",
            *request_lines(result.requests),
            *(f"not shown: {number} × {text}" for text, number in hidden.most_common()),
            *(
                f"logged:    {number} × {text}"
                for text, number in reasons(result.complaints)
            ),
        )
    )


def report(results: list[StartResult], seconds: float, strict_burst: bool) -> str:
    """Return the table, and what it consists of."""
    limit = "ten requests a minute"
    if strict_burst:
        limit += ", and none within 10 s of the one before"
    return "\n\n".join(
        (
            f"{seconds:.0f} s of a start under the limit ({limit})",
            versions(),
            table(HEAD, [line(result) for result in results]),
            *map(details, results),
        )
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument(
        "--devices",
        type=int,
        nargs="+",
        default=[1, 8, 20, 100, 1000],
        metavar="N",
        help="the sizes of the homes (default: 1 8 20 100 1000)",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=75,
        help="how long after its first request each is looked at (default: 75)",
    )
    parser.add_argument(
        "--strict-burst",
        action="store_true",
        help="a Telldus that also refuses a request within 10 s of the one before",
    )


async def run(chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Run the benchmark and print its table."""
    folder = FOLDER / "start"
    await stop_orphans(folder)
    shutil.rmtree(folder, ignore_errors=True)
    seconds: float = chosen.seconds
    results: list[StartResult] = []
    for count in chosen.devices:
        say(f"Starting both with {count} devices, for {seconds:.0f} s")
        results += await compare(count, chosen.strict_burst, seconds, say)
    print(report(results, seconds, chosen.strict_burst))
