"""What one poll of a large home costs: nothing changed, 1 % changed, all changed.

Both have the same home of 1,000 devices and 2,000 values, each in a bare Home Assistant and
at a simulator of its own, without a rate limit. They poll in turns.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
import json
import time
from typing import Any, Final

from yarl import URL

from custom_components.telldus_pa.pa_api import Device, Sensor
from custom_components.telldus_pa.pa_api.models import SUPPORTED_METHODS
from custom_components.telldus_pa.pa_api.parsing import parse_rows, read_json
from e2e import Json
from simulator import Home, Simulator, generated_home
from simulator.api import Call, run as run_function

from .changes import change
from .integrations import CoreIntegration, ThisIntegration
from .results import Goal, Spread, goals, print_report
from .table import table
from .worker_client import WorkerEnvironment, workers

DEVICES: Final = 1000
SHARES: Final = {"nothing": 0.0, "1 %": 0.01, "all": 1.0}
MS: Final = 1000.0
HEAD: Final = (
    *("changed", "integration", "CPU ms", "longest block ms"),
    *("listener calls", "states computed", "states written"),
)


@dataclass(frozen=True, slots=True)
class Polls:
    """The readings of one integration where a share of the home changed, poll by poll."""

    readings: Sequence[Mapping[str, Any]]
    # The number of entities whose rows had changed.
    concerned: int

    def of(self, figure: str) -> list[float]:
        """Return a figure of each poll."""
        return [reading[figure] for reading in self.readings]


type Measured = dict[tuple[str, str], Polls]


async def measure(pair: list[WorkerEnvironment], rounds: int) -> Measured:
    """Have both poll in turns."""
    rows = {worker: await worker.set_up() for worker in pair}
    readings: defaultdict[tuple[str, str], list[Json]] = defaultdict(list)
    concerned: dict[tuple[str, str], int] = {}
    for turn in range(rounds + 1):
        for name, share in SHARES.items():
            for worker in pair if turn % 2 else pair[::-1]:
                telldus = worker.telldus
                changed = change(telldus.home, share, telldus.clock())
                key = (name, worker.integration.domain)
                concerned[key] = sum(len(rows[worker].get(row, ())) for row in changed)
                reading = await worker.request("poll")
                # The first one warms up.
                if turn:
                    readings[key].append(reading)
    return {key: Polls(found, concerned[key]) for key, found in readings.items()}


def list_responses(home: Home, now: float) -> dict[str, bytes]:
    """Return the bodies of Telldus' responses to a poll of both lists."""
    parameters = {
        "devices/list": {
            "supportedMethods": str(SUPPORTED_METHODS),
            "extras": "devicetype,transport,room,parameters",
        },
        "sensors/list": dict.fromkeys(
            ("includeValues", "includeScale", "includeUnit"), "1"
        ),
    }
    telldus = Simulator(home)
    found: dict[str, bytes] = {}
    for function, params in parameters.items():
        row = run_function(
            Call(
                function=function,
                params={"includeIgnored": "1", **params},
                account="demo",
                origin="",
                home=home,
                settings=telldus.settings,
                faults=telldus.faults,
                sensor_infos={},
                now=now,
                guest=False,
                push=telldus.push,
                url=URL(),
            )
        )
        found[function] = json.dumps(row, separators=(",", ":")).encode()
    return found


@dataclass(frozen=True, slots=True)
class ReadCost:
    """CPU seconds of both lists: Python's JSON reader, Home Assistant's, and parsing the rows."""

    decoding: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    parsing: list[float] = field(default_factory=list)


def read(answers: Mapping[str, bytes], repeats: int) -> ReadCost:
    """Measure the reading of both lists."""
    reading = ReadCost()
    for _ in range(repeats):
        began = time.thread_time()
        decoded = {name: json.loads(body) for name, body in answers.items()}
        between = time.thread_time()
        parse_rows(decoded["devices/list"]["device"], Device.from_dict)
        parse_rows(decoded["sensors/list"]["sensor"], Sensor.from_dict)
        parsed = time.thread_time()
        for body in answers.values():
            read_json(body)
        reading.decoding.append(between - began)
        reading.parsing.append(parsed - between)
        reading.ours.append(time.thread_time() - parsed)
    return reading


def lines(measured: Measured) -> list[list[str]]:
    """Return the lines of the table."""
    return [
        [
            changed,
            domain,
            Spread.of(polls.of("cpu")).text(factor=MS),
            Spread.of(polls.of("longest")).text(factor=MS),
            *(
                f"{Spread.of(polls.of(what)).middle:.0f}"
                for what in ("listener_calls", "computed", "written")
            ),
        ]
        for (changed, domain), polls in measured.items()
    ]


def ratio(measured: Measured, changed: str, figure: str) -> Spread:
    """Return the ratio of this integration's figures to core's."""
    ours, core = (
        measured[changed, one.domain] for one in (ThisIntegration, CoreIntegration)
    )
    return Spread.of_ratios(ours.of(figure), core.of(figure))


def goals_of(measured: Measured, reading: ReadCost) -> list[Goal]:
    """Return the goals."""
    listener_calls = max(
        measured["nothing", ThisIntegration.domain].of("listener_calls")
    )
    few = measured["1 %", ThisIntegration.domain]
    computed = max(few.of("computed"))
    found = [
        Goal(
            "nothing changed: no listener called",
            f"{listener_calls:.0f}",
            listener_calls == 0,
        ),
        Goal(
            "1 % changed: only those compute a state",
            f"{computed:.0f} of the {few.concerned} that show what changed",
            computed <= few.concerned,
        ),
    ]
    over_json = Spread.of_ratios(reading.parsing, reading.decoding)
    found.append(
        Goal(
            "parsing: at most 3 × the decoding of the JSON by Python",
            over_json.text(2),
            over_json.middle <= 3,
        )
    )
    for changed in ("nothing", "1 %"):
        cpu = ratio(measured, changed, "cpu")
        found.append(
            Goal(
                f"{changed} changed: at most 1/5 of core's CPU",
                cpu.text(2),
                cpu.middle <= 0.2,
            )
        )
    block = ratio(measured, "all", "longest")
    found.append(
        Goal(
            "all changed: no longer a block than core's",
            block.text(2),
            block.middle <= 1,
        )
    )
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--rounds", type=int, default=15, help="polls of each (default: 15)"
    )
    parser.add_argument(
        "--devices", type=int, default=DEVICES, help=f"(default: {DEVICES})"
    )


async def run(chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Run the benchmark and print its table."""
    devices: int = chosen.devices

    def home() -> Home:
        """Return a new home."""
        return generated_home(devices, sensors=devices * 10 // 9 + 1)

    say(
        f"Polling {devices} devices and {devices * 2} values, {chosen.rounds} times each"
    )
    async with workers("poll", home, say) as pair:
        measured = await measure(pair, chosen.rounds)
    answers = list_responses(home(), time.time())
    reading = read(answers, 2 * chosen.rounds)
    size = sum(map(len, answers.values())) / 1e6
    decoding, ours, parsing = (
        Spread.of(seconds).text(factor=MS)
        for seconds in (reading.decoding, reading.ours, reading.parsing)
    )
    print_report(
        f"A poll of {devices} devices and {devices * 2} values ({size:.1f} MB)",
        table(HEAD, lines(measured)),
        f"Decoding the JSON: {decoding} ms by Python's own reader, {ours} ms by "
        f"Home Assistant's, which is used; parsing it then: {parsing} ms.",
        goals(goals_of(measured, reading)),
    )
