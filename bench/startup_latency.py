"""How long a start takes without a rate limit, with a network delay of 40 ms each way.

Each start is in a new Home Assistant that runs already, its platforms loaded. Measured is
the time from the beginning of the set-up to the last state of a device, and of a sensor;
the waits of this integration's own rate limiter are included. It is the first set-up, in
which the rooms are asked for before devices are shown.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from e2e import Json
from simulator import generated_home

from .integrations import CoreIntegration, IntegrationUnderTest, ThisIntegration
from .results import Goal, Spread, goals, print_report
from .table import table
from .worker_client import workers

DELAY: Final = 0.04
SIZES: Final = [1, 8, 20, 100, 1000]
# Larger homes are started once: core takes minutes.
REPEATED_TO: Final = 100
# Seconds: two of them are kept between the lists.
SENSORS_WITHIN: Final = 3.0
HEAD: Final = (
    *("devices", "integration", "requests", "entities"),
    *("last device shown, s", "last sensor shown, s"),
)


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds until the last entity of a kind had its first state."""

    requests: int
    entities: int
    devices: float
    sensors: float


def start_of(integration: IntegrationUnderTest, set_up: Json, requests: int) -> Start:
    """Return the measured start."""
    last = {"device": 0.0, "sensor": 0.0}
    for entity in set_up["entities"].values():
        if row := integration.row_of(entity["unique_id"]):
            since = entity["since"] - set_up["began"]
            last[row.kind] = max(last[row.kind], since)
    return Start(requests, len(set_up["entities"]), last["device"], last["sensor"])


type Starts = Mapping[tuple[int, str], list[Start]]


def lines(starts: Starts) -> list[list[str]]:
    """Return the lines of the table."""
    return [
        [
            f"{size}",
            domain,
            f"{found[0].requests}",
            f"{found[0].entities}",
            Spread.of(one.devices for one in found).text(2),
            Spread.of(one.sensors for one in found).text(2),
        ]
        for (size, domain), found in starts.items()
    ]


def goals_of(starts: Starts, size: int) -> list[Goal]:
    """Return the goals, which are for twenty devices."""
    ours, core = (
        starts[size, one.domain] for one in (ThisIntegration, CoreIntegration)
    )
    most = max(one.requests for one in ours)
    devices = Spread.of_ratios(
        [one.devices for one in ours], [max(one.devices, one.sensors) for one in core]
    )
    sensors = Spread.of(one.sensors for one in ours)
    return [
        Goal("3 requests", f"{most}", most <= 3),
        Goal(
            "last of the devices shown in a third of core's whole time",
            devices.text(2),
            devices.middle <= 1 / 3,
        ),
        Goal(
            f"last of the sensors shown within {SENSORS_WITHIN:.0f} s",
            sensors.text(2),
            sensors.middle <= SENSORS_WITHIN,
        ),
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--devices",
        type=int,
        nargs="+",
        default=SIZES,
        metavar="N",
        help="the sizes of the homes (default: 1 8 20 100 1000)",
    )
    parser.add_argument(
        "--repeat", type=int, default=3, help="starts of each (default: 3)"
    )


async def run(chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Run the benchmark and print its table."""
    starts: defaultdict[tuple[int, str], list[Start]] = defaultdict(list)
    for size in chosen.devices:
        for turn in range(chosen.repeat if size <= REPEATED_TO else 1):
            say(f"Starting both with {size} devices, 40 ms from Telldus ({turn + 1})")
            async with workers(
                "startup_latency",
                lambda: generated_home(size),  # noqa: B023  # called at once
                say,
                delay=DELAY,
                unlimited=False,
            ) as pair:
                for worker in pair if turn % 2 else pair[::-1]:
                    domain = worker.integration.domain
                    found = await worker.request("set_up")
                    # Not the rooms, once ever, nor what has low priority.
                    requests = sum(
                        not one.path.endswith(("rooms/list", "user/profile"))
                        for one in worker.telldus.log
                    )
                    starts[size, domain].append(
                        start_of(worker.integration, found, requests)
                    )
    reached = [
        goal for size in chosen.devices if size == 20 for goal in goals_of(starts, size)
    ]
    print_report(
        "A start without a limit, 40 ms from Telldus",
        table(HEAD, lines(dict(sorted(starts.items(), key=_order)))),
        goals(reached),
    )


def _order(item: tuple[tuple[int, str], list[Start]]) -> tuple[int, bool]:
    """Sort by the size of the home, ours first."""
    (size, domain), _ = item
    return size, domain != ThisIntegration.domain
