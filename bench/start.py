"""What is shown after a start under the rate limit, beside core's `tellduslive`.

Both start at the same time in a new Home Assistant, already signed in, each with the same
home at a simulator of its own that allows ten requests a minute. Entities with a state
are counted the same time after the first request of each.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from e2e import Json
from e2e.home_assistant import HomeAssistant
from e2e.log import Record, complaints, parse
from e2e.polling import poll
from simulator import Home, LoggedRequest, generated_home

from .environment import Environment, fresh_folder
from .integrations import CoreIntegration, IntegrationUnderTest, Row, ThisIntegration
from .log import reasons
from .request_log import rate_limited, request_lines
from .results import print_report
from .table import table

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
# Their state is when they were last used: unknown is a state like any other.
_STATELESS: Final = ("button", "event", "scene")


@dataclass(frozen=True, slots=True)
class StartResult:
    """The result of one start.

    `shown` has the seconds from the first request to each row's first state, `hidden` what
    the others have instead.
    """

    integration: IntegrationUnderTest
    shown: Mapping[Row, float]
    hidden: Mapping[Row, str]
    requests: Sequence[LoggedRequest]
    complaints: list[Record]

    @property
    def home(self) -> str:
        """Return the size of the home."""
        kinds = Counter(row.kind for row in (*self.shown, *self.hidden))
        return ", ".join(
            f"{number} {kind}{'s' if number > 1 else ''}"
            for kind, number in sorted(kinds.items())
        )

    def count(self, kind: str) -> str:
        """Return how many devices, or sensors, are shown, and when the last one was."""
        times = [time for row, time in self.shown.items() if row.kind == kind]
        hidden = sum(row.kind == kind for row in self.hidden)
        when = f" in {max(times):.1f} s" if times else ""
        return f"{len(times)} of {len(times) + hidden}{when}"


def rows_of(home: Home) -> list[Row]:
    """Return the rows of a home."""
    kinds = (("device", home.devices), ("sensor", home.sensors))
    return [Row(kind, row_id) for kind, rows in kinds for row_id in rows]


def states_of(
    integration: IntegrationUnderTest,
    registry: Iterable[Json],
    states: Mapping[str, Json],
) -> dict[Row, list[Json]]:
    """Return the states of each row's entities."""
    found: dict[Row, list[Json]] = {}
    for entry in registry:
        if entry["platform"] != integration.domain:
            continue
        row = integration.row_of(entry["unique_id"])
        if row and (state := states.get(entry["entity_id"])):
            found.setdefault(row, []).append(state)
    return found


def shows(state: Json) -> bool:
    """Return whether an entity has a value."""
    domain = state["entity_id"].partition(".")[0]
    return state["state"] != "unavailable" and (
        state["state"] != "unknown" or domain in _STATELESS
    )


def shown_since(states: Iterable[Json]) -> float | None:
    """Return the unix time since which one of a row's entities has had a value."""
    return min(
        (
            datetime.fromisoformat(state["last_changed"]).timestamp()
            for state in states
            if shows(state)
        ),
        default=None,
    )


def replacement_states(states: Iterable[Json]) -> str:
    """Return the states of a row without a value, or that there is no entity."""
    return ", ".join(sorted({state["state"] for state in states})) or NO_ENTITY


async def start(environment: Environment, seconds: float) -> StartResult:
    """Start one integration; count what it shows `seconds` after its first request."""
    telldus = environment.telldus
    await environment.make_ready()
    try:
        await environment.start()
        async with HomeAssistant(environment.url) as home_assistant:
            await home_assistant.onboard("Bench", "bench", "bench")

            async def first() -> float | None:
                return telldus.log[0].time if telldus.log else None

            began = await poll("the first request comes", first, 60)
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
    root: Path,
    count: int,
    strict_burst: bool,
    seconds: float,
    say: Callable[[str], None],
) -> list[StartResult]:
    """Start both with a home of `count` devices, at the same time."""
    starts = []
    for integration in (ThisIntegration(), CoreIntegration()):
        folder = root / f"{count}-{integration.domain}"
        environment = Environment(folder, integration, generated_home(count), say)
        environment.telldus.change_settings({"strict_burst": strict_burst})
        starts.append(environment)
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(start(environment, seconds)) for environment in starts
        ]
    return [task.result() for task in running]


def line(result: StartResult) -> list[str]:
    """Return an integration's line of the table."""
    return [
        result.home,
        result.integration.domain,
        result.count("device"),
        result.count("sensor"),
        str(len(result.requests)),
        str(rate_limited(result.requests)),
        str(len(result.complaints)),
    ]


def details(result: StartResult) -> str:
    """Return the details behind a line of the table."""
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
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
        help="when to count, after the first request of each (default: 75)",
    )
    parser.add_argument(
        "--strict-burst",
        action="store_true",
        help="a Telldus that also refuses a request within 10 s of the one before",
    )


async def run(chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Run the benchmark and print its table."""
    folder = await fresh_folder("start")
    seconds: float = chosen.seconds
    results: list[StartResult] = []
    for count in chosen.devices:
        say(f"Starting both with {count} devices, for {seconds:.0f} s")
        results += await compare(folder, count, chosen.strict_burst, seconds, say)
    limit = "ten requests a minute"
    if chosen.strict_burst:
        limit += ", and none within 10 s of the one before"
    print_report(
        f"{seconds:.0f} s of a start under the limit ({limit})",
        table(HEAD, [line(result) for result in results]),
        *map(details, results),
    )
