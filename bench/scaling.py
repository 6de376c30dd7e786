"""How the cost of each device grows with their number, and the memory of each entity.

The cost of a home of one device is subtracted: any poll costs that.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from simulator import generated_home

from .changes import change
from .integrations import CoreIntegration, ThisIntegration
from .results import Goal, Spread, goals, print_report
from .table import table
from .worker_client import workers

SIZES: Final = [100, 300, 1000, 3000, 5000]
MS: Final = 1000.0
HEAD: Final = (
    *("devices", "integration", "set-up: CPU ms a device"),
    *("poll, all changed: CPU ms a device", "entities", "memory, KB an entity"),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a home costs, in CPU seconds and in bytes."""

    set_up: float
    poll: float
    entities: int
    memory: int


async def measure(
    size: int, rounds: int, say: Callable[[str], None]
) -> dict[str, Cost]:
    """Measure both with a home of `size` devices."""
    costs: dict[str, Cost] = {}
    async with workers(f"scaling/{size}", lambda: generated_home(size), say) as pair:
        polls: dict[str, list[float]] = {one.integration.domain: [] for one in pair}
        found = {one.integration.domain: await one.request("set_up") for one in pair}
        for _ in range(rounds):
            for worker in pair:
                telldus = worker.telldus
                change(telldus.home, 1.0, telldus.clock())
                reading = await worker.request("poll")
                polls[worker.integration.domain].append(reading["cpu"])
    # In a second run: tracemalloc slows allocations down.
    async with workers(f"scaling/{size}", lambda: generated_home(size), say) as pair:
        for worker in pair:
            domain = worker.integration.domain
            memory = (await worker.request("set_up", memory=True))["bytes"]
            costs[domain] = Cost(
                found[domain]["cpu"],
                Spread.of(polls[domain]).middle,
                len(found[domain]["entities"]),
                memory,
            )
    return costs


def of_each(
    costs: Mapping[int, Cost], figure: Callable[[Cost], float]
) -> dict[int, float]:
    """Return the cost of each further device at each size."""
    single_instance = figure(costs[1])
    return {
        size: (figure(cost) - single_instance) / (size - 1)
        for size, cost in costs.items()
        if size > 1
    }


def lines(costs: Mapping[str, Mapping[int, Cost]]) -> list[list[str]]:
    """Return the lines of the table."""
    rows = []
    for domain, found in costs.items():
        set_up = of_each(found, lambda cost: cost.set_up)
        poll = of_each(found, lambda cost: cost.poll)
        one = found[1]
        rows += [
            [
                f"{size}",
                domain,
                f"{set_up[size] * MS:.2f}",
                f"{poll[size] * MS:.3f}",
                f"{cost.entities}",
                f"{(cost.memory - one.memory) / 1024 / max(cost.entities - one.entities, 1):.1f}",
            ]
            for size, cost in found.items()
            if size > 1
        ]
    return sorted(rows, key=lambda row: int(row[0]))


def goals_of(costs: Mapping[str, Mapping[int, Cost]]) -> list[Goal]:
    """Return the goals."""
    found = []
    figures: tuple[tuple[str, Callable[[Cost], float]], ...] = (
        ("set-up", lambda cost: cost.set_up),
        ("poll", lambda cost: cost.poll),
    )
    for what, figure in figures:
        each = list(of_each(costs[ThisIntegration.domain], figure).values())
        grown = max(each) / min(each) if min(each) > 0 else float("inf")
        found.append(
            Goal(
                f"{what}: the cost of a device flat within 25 %",
                f"{grown:.2f} between the least and the most",
                grown <= 1.25,
            )
        )
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="devices"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="polls of each (default: 5)"
    )


async def run(chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Run the benchmark and print its table."""
    costs: dict[str, dict[int, Cost]] = {
        ThisIntegration.domain: {},
        CoreIntegration.domain: {},
    }
    for size in (1, *chosen.sizes):
        say(f"A home of {size} devices")
        for domain, cost in (await measure(size, chosen.rounds, say)).items():
            costs[domain][size] = cost
    print_report(
        "The cost of one device more",
        table(HEAD, lines(costs)),
        goals(goals_of(costs)),
    )
