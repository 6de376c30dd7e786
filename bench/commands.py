"""How soon an action is on the wire, and how soon a person sees what it does.

Beside it goes a bare signed request, with nothing around it, over the same session; and a
lamp that does the least there is: it shows what it was told, and sends that request.
"""

import argparse
from collections.abc import Callable
from typing import Final

from simulator import Method, generated_home

from .integrations import Row, ThisIntegration
from .results import Goal, Spread, goals
from .table import table
from .versions import versions
from .worker_client import WorkerEnvironment, subjects

DEVICES: Final = 20
MS: Final = 1000.0
# Seconds that the network takes, each way: this machine alone, and Telldus from a home.
DELAYS: Final = (0.0, 0.04)
HEAD: Final = (
    "network",
    "who",
    "on the wire ms",
    "over a bare request",
    "shown ms",
    "turns",
)
BARE: Final = "a bare signed request"
LEAST: Final = "the least there is"
_LEAST_LAMP: Final = "light.least"
_DEVICE: Final = "3000001"
_SENT: Final = ("json/device/turn", "json/device/dim")

# What was measured of each, time after time.
type Timed = dict[str, list[dict[str, float]]]


def dimmer(worker: WorkerEnvironment, rows: dict[Row, list[str]]) -> str:
    """Return a lamp that both know for one."""
    for device in worker.telldus.home.devices.values():
        if device.methods & Method.DIM and not device.methods & Method.UP:
            ids = rows[Row("device", device.id)]
            return next(one for one in ids if one.startswith("light."))
    raise ValueError("no dimmer")


async def measure(
    pair: list[WorkerEnvironment], rounds: int
) -> dict[str, list[dict[str, float]]]:
    """Have each act in turns, and a bare request sent between."""
    lamps = {}
    for worker in pair:
        rows = worker.rows((await worker.ask("set_up"))["entities"])
        lamps[worker] = dimmer(worker, rows)
    ours = pair[0]
    await ours.ask("least", entity_id=_LEAST_LAMP, device_id=_DEVICE)
    found: Timed = {
        BARE: [],
        LEAST: [],
        **{worker.integration.domain: [] for worker in pair},
    }
    for turn in range(rounds + 3):
        readings = {}
        for worker in pair:
            action = f"light.turn_{'off' if turn % 2 else 'on'}"
            reading = await _timed(
                worker, "act", action=action, entity_id=lamps[worker]
            )
            readings[worker.integration.domain] = reading
        readings[BARE] = await _timed(
            ours, "bare", path=f"json/device/turnOn?id={_DEVICE}"
        )
        readings[LEAST] = await _timed(
            ours, "act", action=action, entity_id=_LEAST_LAMP
        )
        for who, reading in readings.items():
            # The first few are to warm up.
            if turn >= 3:
                found[who].append(reading)
    return found


async def _timed(
    worker: WorkerEnvironment, what: str, **options: str
) -> dict[str, float]:
    """Have something sent, and return when it came to Telldus after it was begun."""
    log = worker.telldus.log
    seen = len(log)
    reading: dict[str, float] = await worker.ask(what, **options)
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
    """Return what was to be reached."""
    ours = found[ThisIntegration.domain]
    bare = [one["wire"] for one in found[BARE]]
    over = Spread.of_ratios([one["wire"] for one in ours], bare)
    least = [one["wire"] for one in found[LEAST]]
    over_least = Spread.of_ratios([one["wire"] for one in ours], least)
    most = max(one["turns"] for one in ours)
    network = f"network of {delay * MS:.0f} ms"
    return [
        Goal(
            f"{network}: on the wire at most 1.3 × a bare request",
            over.text(2),
            over.middle <= 1.3,
        ),
        Goal(
            f"{network}: on the wire at most 1.3 × the least there is",
            over_least.text(2),
            over_least.middle <= 1.3,
        ),
        Goal(
            f"{network}: shown within one turn of the event loop",
            f"{most:.0f} turns at most",
            0 <= most <= 1,
        ),
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument(
        "--rounds", type=int, default=100, help="how often each acts (default: 100)"
    )


async def run(chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Run the benchmark and print its table."""
    rows: list[list[str]] = []
    reached: list[Goal] = []
    for delay in DELAYS:
        say(f"Acting {chosen.rounds} times each, {delay * MS:.0f} ms from Telldus")
        async with subjects(
            "commands", lambda: generated_home(DEVICES), say, delay=delay
        ) as pair:
            found = await measure(pair, chosen.rounds)
        rows += lines(delay, found)
        reached += goals_of(delay, found)
    print(
        "\n\n".join(
            ("An action on one lamp", versions(), table(HEAD, rows), goals(reached))
        )
    )
