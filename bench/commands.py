"""How soon an action's request reaches Telldus, and how soon the state changes.

Compared with a bare signed request over the same session, and with a minimal light entity
that writes its state and sends that request.
"""

import argparse
from collections.abc import Callable
from typing import Final

from simulator import generated_home

from .integrations import ThisIntegration
from .results import Goal, Spread, goals, print_report
from .table import table
from .worker_client import WorkerEnvironment, workers

DEVICES: Final = 20
MS: Final = 1000.0
# The network's delay each way, in seconds: this machine alone, and Telldus from a home.
DELAYS: Final = (0.0, 0.04)
HEAD: Final = (
    "network",
    "integration",
    "on the wire ms",
    "over a bare request",
    "shown ms",
    "turns",
)
BARE: Final = "a bare signed request"
MINIMAL: Final = "a minimal light"
_MINIMAL_LIGHT: Final = "light.minimal"
_DEVICE: Final = "3000001"
_SENT: Final = ("json/device/turn", "json/device/dim")

# Readings of each, in seconds (`turns`: of the event loop).
type Timed = dict[str, list[dict[str, float]]]


async def measure(
    pair: list[WorkerEnvironment], rounds: int
) -> dict[str, list[dict[str, float]]]:
    """Have each perform an action in turns, with a bare request between."""
    lamps = {worker: worker.dimmers(await worker.set_up())[0] for worker in pair}
    ours = pair[0]
    await ours.request("add_minimal_light", entity_id=_MINIMAL_LIGHT, device_id=_DEVICE)
    found: Timed = {
        BARE: [],
        MINIMAL: [],
        **{worker.integration.domain: [] for worker in pair},
    }
    for turn in range(rounds + 3):
        readings = {}
        for worker in pair:
            action = f"light.turn_{'off' if turn % 2 else 'on'}"
            reading = await _timed(
                worker, "perform_action", action=action, entity_id=lamps[worker]
            )
            readings[worker.integration.domain] = reading
        readings[BARE] = await _timed(
            ours, "send_bare_request", path=f"json/device/turnOn?id={_DEVICE}"
        )
        readings[MINIMAL] = await _timed(
            ours, "perform_action", action=action, entity_id=_MINIMAL_LIGHT
        )
        for who, reading in readings.items():
            # The first few warm up.
            if turn >= 3:
                found[who].append(reading)
    return found


async def _timed(
    worker: WorkerEnvironment, what: str, **options: str
) -> dict[str, float]:
    """Run a command, and add how many seconds later its request came to Telldus."""
    log = worker.telldus.log
    seen = len(log)
    reading: dict[str, float] = await worker.request(what, **options)
    sent = next(one for one in log[seen:] if one.path.startswith(_SENT))
    return {**reading, "wire": sent.time - reading["began"]}


def lines(delay: float, found: Timed) -> list[list[str]]:
    """Return the lines of the table."""
    bare = [one["wire"] for one in found[BARE]]
    rows = []
    for who, readings in found.items():
        wire = [one["wire"] for one in readings]
        over = Spread.of_ratios(wire, bare).text(2)
        shown = turns = "-"
        if who != BARE:
            shown = Spread.of(one["shown"] for one in readings).text(2, MS)
            turns = f"{Spread.of(one['turns'] for one in readings).middle:.0f}"
        on_wire = Spread.of(wire).text(2, MS)
        rows.append([f"{delay * MS:.0f} ms", who, on_wire, over, shown, turns])
    return rows


def goals_of(delay: float, found: Timed) -> list[Goal]:
    """Return the goals."""
    ours = found[ThisIntegration.domain]
    bare = [one["wire"] for one in found[BARE]]
    over = Spread.of_ratios([one["wire"] for one in ours], bare)
    minimal = [one["wire"] for one in found[MINIMAL]]
    over_minimal = Spread.of_ratios([one["wire"] for one in ours], minimal)
    most = max(one["turns"] for one in ours)
    network = f"network of {delay * MS:.0f} ms"
    return [
        Goal(
            f"{network}: on the wire at most 1.3 × a bare request",
            over.text(2),
            over.middle <= 1.3,
        ),
        Goal(
            f"{network}: on the wire at most 1.3 × a minimal light",
            over_minimal.text(2),
            over_minimal.middle <= 1.3,
        ),
        Goal(
            # What one action commands is collected for two turns.
            f"{network}: shown within two turns of the event loop",
            f"{most:.0f} turns at most",
            0 <= most <= 2,
        ),
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--rounds", type=int, default=100, help="actions of each (default: 100)"
    )


async def run(chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Run the benchmark and print its table."""
    rows: list[list[str]] = []
    reached: list[Goal] = []
    for delay in DELAYS:
        say(
            f"Performing {chosen.rounds} actions each, {delay * MS:.0f} ms from Telldus"
        )
        async with workers(
            "commands", lambda: generated_home(DEVICES), say, delay=delay
        ) as pair:
            found = await measure(pair, chosen.rounds)
        rows += lines(delay, found)
        reached += goals_of(delay, found)
    print_report("An action on one lamp", table(HEAD, rows), goals(reached))
