"""How soon a press on the wall is shown, and what that costs: pushed, and polled.

Two Home Assistants run side by side for some minutes, each with the same home at a Telldus
Live! of its own. One lets changes be pushed to it, the other has that option turned off. The
same lamp is pressed in both, by the door that the simulator's page uses, some time after the
press before was shown.
"""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
import random
import shutil
import time
from typing import Final, override

from e2e.home_assistant import HomeAssistant, Json
from e2e.polling import poll
from e2e.simulator_client import SimulatorClient
from e2e.websocket import Websocket
from simulator import LoggedRequest, generated_home
from simulator.methods import Method

from .environment import FOLDER, Environment, stop_orphans
from .integrations import Row, ThisIntegration
from .results import Spread
from .start import refused, request_lines, states_of
from .table import table
from .versions import versions

HEAD: Final = (
    "changes are",
    "presses shown",
    "press to state, s",
    "slowest, s",
    "requests",
    "refused (429)",
)
# Seconds: to become live and read what follows from it; until a press is taken for lost.
_READY_WITHIN: Final = 120
_SETTLE: Final = 60
_TIMEOUT: Final = 90


class _WithOrWithoutPush(ThisIntegration):
    """The integration of this checkout, with changes pushed to it or not."""

    def __init__(self, live: bool) -> None:
        """Choose."""
        self.live = live

    @property
    def name(self) -> str:
        """Return what the table calls it."""
        return "pushed" if self.live else "polled"

    @override
    def entry(self, url: str, token: str, secret: str) -> Json:
        """Return what its config entry holds, the option among it."""
        return {**super().entry(url, token, secret), "options": {"live": self.live}}


@dataclass(frozen=True, slots=True)
class PushResult:
    """What came of one: seconds from each press that was shown, and all requests meanwhile."""

    name: str
    presses: int
    times: Sequence[float]
    requests: Sequence[LoggedRequest]


def pauses(presses: int, seconds: float, seed: int) -> list[float]:
    """Return how long to wait before each press, from when the one before was shown.

    Any length up to a share of the time, which is as long as the interval of polls or
    longer: so a press has nothing to do with when lists are read, though the one before
    was shown by one.
    """
    chance, share = random.Random(seed), seconds / presses
    return [chance.uniform(0.0, share) for _ in range(presses)]


def line(result: PushResult) -> list[str]:
    """Return a line of the table."""
    times = result.times
    return [
        result.name,
        f"{len(times)} of {result.presses}",
        Spread.of(times).text(2) if times else "–",
        f"{max(times):.2f}" if times else "–",
        str(len(result.requests)),
        str(refused(result.requests)),
    ]


def details(result: PushResult) -> str:
    """Return which requests there were."""
    return "\n  ".join((result.name, *request_lines(result.requests)))


async def _press(
    telldus: SimulatorClient,
    socket: Websocket,
    device_id: str,
    entity_id: str,
    method: str,
) -> float | None:
    """Press, and return how many seconds later the state is another; None if it is not."""
    async with socket.events("state_changed") as changes:
        began = time.monotonic()
        await telldus.press(device_id, method)
        try:
            async with asyncio.timeout(_TIMEOUT):
                while True:
                    change = (await changes.get())["data"]
                    if change["entity_id"] == entity_id:
                        return time.monotonic() - began
        except TimeoutError:
            return None


async def watch(
    environment: Environment,
    worker: _WithOrWithoutPush,
    all_ready: asyncio.Barrier,
    waits: Sequence[float],
    seconds: float,
) -> PushResult:
    """Start one, press once both are ready, and count what it asks in so many seconds.

    Where presses are shown late, the last of them may come after that.
    """
    simulator = environment.telldus
    gateways = sum(one.online for one in simulator.home.gateways.values())
    sockets = gateways if worker.live else 0
    device = next(
        one
        for one in simulator.home.devices.values()
        if one.methods & Method.TURNON and not one.methods & (Method.DIM | Method.UP)
    )

    async def ready() -> bool:
        return bool(simulator.log) and len(simulator.push.sockets()) == sockets

    await environment.make_ready()
    try:
        await environment.start()
        async with (
            HomeAssistant(environment.url) as home_assistant,
            SimulatorClient(environment.simulator_url) as telldus,
        ):
            await home_assistant.onboard("Bench", "bench", "bench")
            await poll("it is as it is to be", ready, _READY_WITHIN)
            await asyncio.sleep(_SETTLE)
            registry = await home_assistant.ask("config/entity_registry/list")
            shown = states_of(worker, registry, await home_assistant.states())
            (state, *_) = shown[Row("device", device.id)]
            socket = await home_assistant.websocket()
            await all_ready.wait()
            began, since = time.monotonic(), simulator.clock()
            times = []
            method = "turnOff" if state["state"] == "on" else "turnOn"
            for pause in waits:
                await asyncio.sleep(pause)
                times.append(
                    await _press(telldus, socket, device.id, state["entity_id"], method)
                )
                method = "turnOff" if method == "turnOn" else "turnOn"
            await asyncio.sleep(max(began + seconds - time.monotonic(), 0))
            return PushResult(
                worker.name,
                len(waits),
                [one for one in times if one is not None],
                [row for row in simulator.log if since <= row.time < since + seconds],
            )
    finally:
        await environment.stop()


def report(results: Sequence[PushResult], devices: int, seconds: float) -> str:
    """Return the table, and what it consists of."""
    return "\n\n".join(
        (
            f"Presses on the wall, {devices} devices, in {seconds / 60:.0f} min",
            versions(),
            table(HEAD, [line(result) for result in results]),
            *map(details, results),
        )
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument(
        "--devices", type=int, default=20, help="the size of the home (default: 20)"
    )
    parser.add_argument(
        "--presses", type=int, default=20, help="how often to press (default: 20)"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=600,
        help="how long both are watched (default: 600)",
    )


async def run(chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Run the benchmark and print its table."""
    folder = FOLDER / "live"
    await stop_orphans(folder)
    shutil.rmtree(folder, ignore_errors=True)
    seconds: float = chosen.seconds
    say(f"Pressing {chosen.presses} times in {seconds:.0f} s, after some minutes")
    waits = pauses(chosen.presses, seconds, seed=2026)
    subjects = [_WithOrWithoutPush(live) for live in (True, False)]
    ready = asyncio.Barrier(len(subjects))
    async with asyncio.TaskGroup() as tasks:
        running = []
        for worker in subjects:
            home = generated_home(chosen.devices)
            environment = Environment(folder / worker.name, worker, home, say)
            environment.telldus.change_settings({"push": True})
            running.append(
                tasks.create_task(watch(environment, worker, ready, waits, seconds))
            )
    results = [task.result() for task in running]
    print(report(results, chosen.devices, seconds))
