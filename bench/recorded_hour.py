"""CPU and memory of an hour with 1,000 devices, beside Home Assistant's own recorder.

An hour takes two minutes, as in ``requests_per_hour``. Every minute 1 % of the devices and
values change. Telldus' limit is off, so that both show everything; this integration keeps
to its own.
"""

import argparse
import asyncio
from collections.abc import Callable
from typing import Final

from e2e import Json
from simulator import generated_home

from .changes import change
from .requests_per_hour import HOUR, SETTLED, SPEED, fast_clock, wait_until
from .results import print_report
from .table import table
from .worker_client import WorkerEnvironment, workers

DEVICES: Final = 1000
CHANGED: Final = 0.01
MB: Final = 2**20
HEAD: Final = (
    *("integration", "requests", "states written", "CPU s"),
    *("memory at first, MB", "after the hour, MB", "database, MB"),
)


async def spend(worker: WorkerEnvironment, clock: Callable[[], float]) -> list[str]:
    """Let an hour pass; return the line of the table."""
    await worker.request("record")
    await worker.set_up()
    await wait_until(clock, began := clock() + SETTLED)
    first: Json = await worker.request("usage")
    for minute in range(60):
        await wait_until(clock, began + 60 * minute)
        change(worker.telldus.home, CHANGED, clock())
    await wait_until(clock, began + HOUR)
    last: Json = await worker.request("usage")
    return [
        worker.integration.domain,
        f"{sum(began <= one.time < began + HOUR for one in worker.telldus.log)}",
        f"{last['written'] - first['written']}",
        f"{last['cpu'] - first['cpu']:.1f}",
        f"{first['memory'] / MB:.0f}",
        f"{last['memory'] / MB:.0f}",
        f"{last['database'] / MB:.1f}",
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--devices", type=int, default=DEVICES)


async def run(chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Run the benchmark and print its table."""
    clock = fast_clock()
    say("Letting an hour pass in two minutes")
    async with workers(
        "recorded_hour",
        lambda: generated_home(chosen.devices),
        say,
        speed=SPEED,
        unlimited=False,
    ) as pair:
        for worker in pair:
            worker.telldus.clock = clock
        async with asyncio.TaskGroup() as tasks:
            spent = [tasks.create_task(spend(worker, clock)) for worker in pair]
    print_report(
        f"An hour of a home of {chosen.devices} devices with the recorder",
        table(HEAD, [one.result() for one in spent]),
    )
