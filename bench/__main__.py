"""Run the benchmarks. Compare only figures of one run: a machine's speed varies."""

import argparse
import asyncio
from collections.abc import Callable
import signal
import sys
from typing import Protocol

from e2e.develop import single_instance
from e2e.home_assistant import RequestFailedError
from e2e.polling import WaitedTooLongError
from e2e.process import StartError

from . import (
    commands,
    live,
    load,
    poll,
    recorded_hour,
    requests_per_hour,
    scaling,
    start,
    startup_latency,
)
from .environment import FOLDER

INTERRUPTED = 130


class Benchmark(Protocol):
    """A module of this package that is a benchmark."""

    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the options; each has a default."""

    async def run(self, chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
        """Measure, and print the results."""


BENCHMARKS: dict[str, Benchmark] = {
    "start": start,
    "startup_latency": startup_latency,
    "commands": commands,
    "poll": poll,
    "scaling": scaling,
    "requests_per_hour": requests_per_hour,
    "recorded_hour": recorded_hour,
    "live": live,
    "load": load,
}


def say(text: str) -> None:
    """Print progress to standard error: the results are on standard output."""
    print(f"==> {text}", file=sys.stderr, flush=True)


def choose(arguments: list[str] | None = None) -> list[argparse.Namespace]:
    """Return the arguments of the named benchmark, or of all with their defaults."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    commands = parser.add_subparsers(
        dest="benchmark", title="benchmarks", description="all, if none is named"
    )
    for name, benchmark in BENCHMARKS.items():
        about = (benchmark.__doc__ or "").partition("\n")[0]
        benchmark.add_arguments(
            commands.add_parser(
                name, help=about.replace("%", "%%"), description=benchmark.__doc__
            )
        )
    chosen = parser.parse_args(arguments)
    if chosen.benchmark:
        return [chosen]
    return [parser.parse_args([name]) for name in BENCHMARKS]


async def measure(chosen: list[argparse.Namespace]) -> None:
    """Run benchmarks one after the other; SIGTERM stops them as Ctrl-C does."""
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    for one in chosen:
        await BENCHMARKS[one.benchmark].run(one, say)


def main() -> int:
    """Run the program."""
    chosen = choose()
    code = 0
    try:
        with single_instance(FOLDER):
            asyncio.run(measure(chosen))
    except* (RequestFailedError, StartError, WaitedTooLongError) as errors:
        for err in errors.exceptions:
            print(f"\n{err}", file=sys.stderr)
        code = 1
    except* KeyboardInterrupt, asyncio.CancelledError:
        code = INTERRUPTED
    return code


if __name__ == "__main__":
    sys.exit(main())
