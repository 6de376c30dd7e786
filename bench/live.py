"""How soon a press on the wall is shown, and how many requests that takes: pushed and polled.

Two Home Assistants run side by side for some minutes, each with the same home at a simulator
of its own. One has push updates on, the other off. The same lamp is pressed in both, by the
simulator's control API, some time after the press before was shown.
"""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
import random
import time
from typing import Final, override

from e2e import Json
from e2e.home_assistant import HomeAssistant
from e2e.polling import poll
from e2e.simulator_client import SimulatorClient
from e2e.websocket import Websocket
from simulator import LoggedRequest, generated_home
from simulator.methods import Method

from .environment import Environment, fresh_folder
from .integrations import Row, ThisIntegration
from .request_log import rate_limited, request_lines
from .results import Spread, print_report
from .start import states_of
from .table import table

HEAD: Final = (
    "changes are",
    "presses shown",
    "press to state, s",
    "slowest, s",
    "requests",
    "refused (429)",
)
# Seconds: until push is connected; for the lists that follow; until a press counts as lost.
_READY_WITHIN: Final = 120
_SETTLE: Final = 60
_TIMEOUT: Final = 90


class _WithOrWithoutPush(ThisIntegration):
    """The integration of this checkout, with push updates on or off."""

    def __init__(self, push: bool) -> None:
        """Initialize the integration; `push` is its option."""
        self.push = push

    @property
    def name(self) -> str:
        """Return the name in the table."""
        return "pushed" if self.push else "polled"

    @override
    def entry(self, url: str, token: str, secret: str) -> Json:
        """Return its config entry, the option included."""
        return {**super().entry(url, token, secret), "options": {"live": self.push}}


@dataclass(frozen=True, slots=True)
class PushResult:
    """The seconds from each press to its state, where it was shown, and all requests."""

    name: str
    presses: int
    times: Sequence[float]
    requests: Sequence[LoggedRequest]


def pauses(presses: int, seconds: float, seed: int) -> list[float]:
    """Return the seconds to wait before each press, after the one before was shown.

    Random, up to `seconds / presses`, which is at least the poll interval: a press is so
    independent of the polls, though the one before was shown by one.
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
        str(rate_limited(result.requests)),
    ]


def details(result: PushResult) -> str:
    """Return the requests by function."""
    return "\n  ".join((result.name, *request_lines(result.requests)))


async def _press(
    telldus: SimulatorClient,
    socket: Websocket,
    device_id: str,
    entity_id: str,
    method: str,
) -> float | None:
    """Press; return after how many seconds the state changed, None if it did not."""
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


async def measure(
    environment: Environment,
    integration: _WithOrWithoutPush,
    all_ready: asyncio.Barrier,
    waits: Sequence[float],
    seconds: float,
) -> PushResult:
    """Start one, press once both are ready, and count its requests in `seconds`.

    Where presses are shown late, the last of them may come after that.
    """
    simulator = environment.telldus
    gateways = sum(one.online for one in simulator.home.gateways.values())
    sockets = gateways if integration.push else 0
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
            await poll("push is connected as chosen", ready, _READY_WITHIN)
            await asyncio.sleep(_SETTLE)
            registry = await home_assistant.ask("config/entity_registry/list")
            shown = states_of(integration, registry, await home_assistant.states())
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
                integration.name,
                len(waits),
                [one for one in times if one is not None],
                [row for row in simulator.log if since <= row.time < since + seconds],
            )
    finally:
        await environment.stop()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--devices", type=int, default=20, help="the size of the home (default: 20)"
    )
    parser.add_argument(
        "--presses", type=int, default=20, help="number of presses (default: 20)"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=600,
        help="how long both are measured (default: 600)",
    )


async def run(chosen: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Run the benchmark and print its table."""
    folder = await fresh_folder("live")
    seconds: float = chosen.seconds
    say(f"Pressing {chosen.presses} times in {seconds:.0f} s, after some minutes")
    waits = pauses(chosen.presses, seconds, seed=2026)
    integrations = [_WithOrWithoutPush(push) for push in (True, False)]
    ready = asyncio.Barrier(len(integrations))
    async with asyncio.TaskGroup() as tasks:
        running = []
        for integration in integrations:
            home = generated_home(chosen.devices)
            environment = Environment(folder / integration.name, integration, home, say)
            environment.telldus.change_settings({"push": True})
            running.append(
                tasks.create_task(
                    measure(environment, integration, ready, waits, seconds)
                )
            )
    results = [task.result() for task in running]
    print_report(
        f"Presses on the wall, {chosen.devices} devices, in {seconds / 60:.0f} min",
        table(HEAD, [line(result) for result in results]),
        *map(details, results),
    )
