"""Run a stack for a developer: start it, sign in, print its URLs, and follow the log."""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
import fcntl
import json
import os
from pathlib import Path
import shutil
import signal
import sys
import time
from typing import Any

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from . import Json
from .dashboards import HOME, make_dashboard
from .home_assistant import HomeAssistant, RequestFailedError
from .process import StartError
from .sign_in import SignInError, sign_in
from .simulator_client import SimulatorClient
from .stack import DOMAIN, RESTART, ROOT, Stack

FOLDER = ROOT / ".develop"
CHOICES = "choices.json"
USERNAME = "demo"
PASSWORD = "demo"
# The name of the home that has all that the dashboard and the automations speak of
DEMO = "demo"
# What is made in the automation editor, by the key in its address
AUTOMATIONS: dict[str, Json] = {
    f"remote-{pressed}": {
        "alias": f"Wall remote turns the sofa lamp {pressed}",
        "triggers": [
            {
                "trigger": "event.received",
                "target": {"entity_id": "event.wall_remote"},
                "options": {"event_type": [pressed]},
            }
        ],
        "actions": [
            {
                "action": f"light.turn_{pressed}",
                "target": {"entity_id": "light.sofa_lamp"},
            }
        ],
        "mode": "queued",
    }
    for pressed in ("on", "off")
}
_BOLD = "\033[1m{}\033[0m" if sys.stdout.isatty() else "{}"


def say(text: str) -> None:
    """Print progress, if the terminal is still open."""
    with suppress(OSError):
        print(f"{_BOLD.format('==>')} {text}", flush=True)


@contextmanager
def single_instance(folder: Path) -> Iterator[None]:
    """Keep a second process out of the same folder."""
    folder.mkdir(parents=True, exist_ok=True)
    # Beside the folder: --fresh removes what is in it.
    with folder.with_suffix(".lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            lock.seek(0)
            raise StartError(
                f"It already runs in this checkout (process {lock.read().strip()})."
            ) from err
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


async def set_up_home_assistant(stack: Stack, fresh: bool) -> str:
    """Onboard and sign in, unless that is done; return a text about it."""
    async with SimulatorClient(stack.simulator_url) as telldus:
        await telldus.tell_rooms()
    async with HomeAssistant(stack.url) as home_assistant:
        try:
            await home_assistant.onboard("Demo", USERNAME, PASSWORD)
        except RequestFailedError as err:
            if err.status not in (400, 401, 403):
                raise
            return (
                f"{USERNAME}/{PASSWORD} no longer logs in here, so nothing was set up; "
                "--fresh starts again."
            )
        await home_assistant.wait_until_running()
        try:
            if stack.home == DEMO:
                await _furnish(home_assistant)
            return await _add_integration(home_assistant, stack, fresh)
        finally:
            await home_assistant.log_out()


async def make_automations(home_assistant: HomeAssistant) -> None:
    """Save the automations as the editor does."""
    for key, automation in AUTOMATIONS.items():
        await home_assistant.save_automation(key, automation)


async def _furnish(home_assistant: HomeAssistant) -> None:
    """Add a dashboard, which opens first, and automations, unless that is done."""
    dashboards = await home_assistant.ask("lovelace/dashboards/list")
    if any(one["url_path"] == HOME for one in dashboards):
        return
    await make_dashboard(home_assistant, HOME, show_in_sidebar=True)
    await home_assistant.ask(
        "frontend/set_user_data", key="core", value={"default_panel": HOME}
    )
    await make_automations(home_assistant)


async def _add_integration(
    home_assistant: HomeAssistant, stack: Stack, fresh: bool
) -> str:
    """Sign in to the simulator, unless that is done or left to the user."""
    if entries := await home_assistant.entries(DOMAIN):
        return f"Logged in since an earlier run ({entries[0]['title']})."
    if fresh:
        return (
            "Not logged in. To do it yourself: Settings, Devices & services, Add "
            "integration, Telldus Live (PA API), or\n"
            f"      {stack.url}/config/integrations/dashboard/add?domain={DOMAIN}\n"
            f"    Public key   {DEMO_PUBLIC_KEY}\n"
            f"    Private key  {DEMO_PRIVATE_KEY}\n"
            f"    Server address (Advanced)  {stack.simulator_url}\n"
            "    On the simulator's page, any name and password will do."
        )
    entry = await sign_in(
        home_assistant, stack.simulator_url, (DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY), say
    )
    return f"Logged in to the simulator ({entry['title']})."


def print_urls(stack: Stack, summary: str, seconds: float) -> None:
    """Print the URLs."""
    what_to_try = (
        """
    To try: open both pages side by side, and press "Off" at "Wall remote" on the simulator's
    page. It arrives at the next poll, within half a minute, and an automation turns off the
    sofa lamp.
"""
        if stack.home == DEMO
        else ""
    )
    print(
        f"""
{_BOLD.format("Ready")} after {seconds:.0f} s. {summary}

    Home Assistant   {stack.url}   log in with {USERNAME} / {PASSWORD}
    The integration  {stack.url}/config/integrations/integration/{DOMAIN}
    The simulator    {stack.simulator_url}
{what_to_try}
    Files in {stack.folder.relative_to(ROOT)}/. Ctrl-C ends it. Home Assistant's log follows.
""",
        flush=True,
    )


async def follow(path: Path) -> None:
    """Print what is appended to a file, until cancelled."""
    with path.open(errors="replace") as log:
        while True:
            if text := log.read():
                print(text, end="", flush=True)
            await asyncio.sleep(0.3)


async def watch(stack: Stack) -> None:
    """Restart Home Assistant when it asks for that; raise `StartError` when either ends."""
    while True:
        ends = {
            asyncio.create_task(process.wait()): process
            for process in (stack.hass, stack.simulator)
        }
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in ends:
                waiting.cancel()
        process = ends[done.pop()]
        if process is stack.hass and process.exit_code == RESTART:
            say("Home Assistant restarts")
            await stack.start_home_assistant()
            continue
        raise StartError(
            f"{process.name} ended by itself with exit code {process.exit_code}:\n"
            f"{process.tail()}"
        )


async def run(stack: Stack, choices: dict[str, Any], fresh: bool) -> None:
    """Run the stack until cancelled."""
    began = time.monotonic()
    await stack.make_ready()
    try:
        say("Starting the simulator and Home Assistant")
        await stack.start()
        # Only options that have worked become the defaults of the next run.
        (stack.folder / CHOICES).write_text(json.dumps(choices))
        summary = await set_up_home_assistant(stack, fresh)
        print_urls(stack, summary, time.monotonic() - began)
        follower = asyncio.create_task(follow(stack.hass.output))
        try:
            await watch(stack)
        finally:
            follower.cancel()
    finally:
        say("Ending Home Assistant and the simulator")
        await stack.stop()


async def run_until_signal(stack: Stack, choices: dict[str, Any], fresh: bool) -> None:
    """Run the stack; SIGINT, SIGTERM and SIGHUP stop it in order."""
    task = asyncio.create_task(run(stack, choices, fresh))
    loop = asyncio.get_running_loop()
    stopping = False

    def end() -> None:
        """Stop once: more signals must not interrupt the closing of the database."""
        nonlocal stopping
        if not stopping:
            stopping = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)
    with suppress(asyncio.CancelledError):
        await task


def build(chosen: argparse.Namespace) -> tuple[Stack, dict[str, Any]]:
    """Return the stack, by the options of this run or else of the last one."""
    choices = FOLDER / CHOICES
    last: dict[str, Any] = {"port": 8123, "simulator_port": 8124, "home": DEMO}
    if choices.exists():
        last |= json.loads(choices.read_text())
    given = {key: value for key in last if (value := getattr(chosen, key)) is not None}
    now = last | given
    stack = Stack(FOLDER, now["port"], now["simulator_port"], now["home"], say=say)
    if chosen.fresh:
        asyncio.run(stack.stop_orphans())
        shutil.rmtree(FOLDER)
        FOLDER.mkdir()
    elif choices.exists() and now["simulator_port"] != last["simulator_port"]:
        raise StartError(
            "Home Assistant is signed in to the simulator at port "
            f"{last['simulator_port']}. To change that, start again with --fresh."
        )
    return stack, now


def main() -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(prog="scripts/develop", description=__doc__)
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="remove the earlier stack, and leave the sign-in to you",
    )
    parser.add_argument("--port", type=int, help="of Home Assistant (default: 8123)")
    parser.add_argument("--simulator-port", type=int, help="(default: 8124)")
    parser.add_argument("--home", help="demo, or a number of devices (default: demo)")
    chosen = parser.parse_args()
    try:
        with single_instance(FOLDER):
            stack, choices = build(chosen)
            asyncio.run(run_until_signal(stack, choices, chosen.fresh))
    except (StartError, SignInError, RequestFailedError) as err:
        print(f"\n{err}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
