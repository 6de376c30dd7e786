"""The requests of an idle hour and of a busy one, under the limit.

An hour takes two minutes: the clocks of both Home Assistants and of their simulators run
thirty times as fast, while a request takes as long as ever. In the busy hour a light is
turned on or off every minute, and all of them every ten minutes.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from http import HTTPStatus
import time
from typing import Final

from simulator import LoggedRequest, generated_home

from .request_log import rate_limited
from .results import print_report
from .table import table
from .worker_client import WorkerEnvironment, workers

SPEED: Final = 30.0
HOUR: Final = 3600.0
DEVICES: Final = 20
# Seconds after which the start is over.
SETTLED: Final = 180.0
# Of histories, and of who made a device
LOOK_UPS: Final = ("json/device/history", "json/device/info")
HEAD: Final = (
    "hour",
    "integration",
    "requests",
    "refused (429)",
    "polls",
    "look-ups",
    "commands",
    "commands asked for",
)


async def spend(
    worker: WorkerEnvironment, busy: bool, clock: Callable[[], float]
) -> tuple[list[LoggedRequest], int]:
    """Let an hour pass; return its requests, and the number of lights commanded."""
    lamps = worker.dimmers(await worker.set_up())
    await wait_until(clock, began := clock() + SETTLED)
    asked = 0
    for minute in range(60):
        await wait_until(clock, began + 60 * minute)
        if not busy or not lamps:
            continue
        wanted = lamps if minute % 10 == 5 else [lamps[minute % len(lamps)]]
        action = "light.turn_off" if minute % 2 else "light.turn_on"
        await worker.request("start_action", action=action, entity_ids=wanted)
        asked += len(wanted)
    await wait_until(clock, began + HOUR)
    log = worker.telldus.log
    return [one for one in log if began <= one.time < began + HOUR], asked


def fast_clock() -> Callable[[], float]:
    """Return a clock of unix seconds that is as fast as that of the workers."""
    began = time.time()
    return lambda: began + (time.time() - began) * SPEED


async def wait_until(clock: Callable[[], float], when: float) -> None:
    """Wait until a unix time by the fast clock."""
    await asyncio.sleep(max(0.0, when - clock()) / SPEED)


def line(hour: str, domain: str, log: Sequence[LoggedRequest], asked: int) -> list[str]:
    """Return a line of the table."""
    accepted = Counter(
        "look-up" if one.path in LOOK_UPS else one.path.split("/")[1]
        for one in log
        if one.status == HTTPStatus.OK
    )
    look_ups, commands = accepted["look-up"], accepted["device"]
    polls = accepted.total() - look_ups - commands
    counts = (len(log), rate_limited(log), polls, look_ups, commands, asked)
    return [hour, domain, *map(str, counts)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no option."""
    parser.set_defaults(hours=("idle", "busy"))


async def run(chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Run the benchmark and print its table."""
    clock = fast_clock()
    found: list[list[str]] = []
    for hour in chosen.hours:
        say(f"Letting an {hour} hour pass in two minutes")
        async with workers(
            f"hours/{hour}",
            lambda: generated_home(DEVICES),
            say,
            speed=SPEED,
            unlimited=False,
        ) as pair:
            for worker in pair:
                worker.telldus.clock = clock
                worker.telldus.change_settings({"limit": True})
            async with asyncio.TaskGroup() as tasks:
                spent = [
                    tasks.create_task(spend(worker, hour == "busy", clock))
                    for worker in pair
                ]
        for worker, task in zip(pair, spent, strict=True):
            found.append(line(hour, worker.integration.domain, *task.result()))
    print_report(
        f"An hour of a home of {DEVICES} devices (ten requests a minute)",
        table(HEAD, found),
    )
