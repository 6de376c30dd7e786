"""The homes whose Home Assistant is cut short: their servers, and what lives begin with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
from multiprocessing import get_context
from pathlib import Path
import shutil
import time

from yarl import URL

from simulator import Simulator, generated_home

from . import Json, life_jobs
from .cut_checks import Hours, hours_of
from .in_process_stack import InProcessStack
from .life import Job, live
from .process import free_port
from .tellduslive_stack import TelldusliveStack

# How fast the timers run. An import waits ten seconds before each request.
_SPEED, _SPEED_OF_IMPORT = 10.0, 40.0
# Seconds of the clock after which a life is stuck.
_TIMEOUT = 150


@dataclass
class Ended:
    """How a life ended."""

    started: Json | None = None
    done: Json | None = None
    seconds: float = 0.0
    error: str | None = None


class Homes:
    """Both servers, the folders that chains begin with, and what is known of them."""

    def __init__(self, folder: Path) -> None:
        """Initialize; nothing is written or started yet."""
        self.folder = folder
        self._with_core = TelldusliveStack(folder / "core", free_port(), free_port())
        small = Simulator(generated_home(4, sensors=2), limit=False)
        small.settings.history_days = 20
        for sensor in small.home.sensors.values():
            sensor.keep_history = True
        self._small = InProcessStack(small, folder / "small", free_port(), free_port())
        self.looks: dict[str, Json] = {}
        self.hours: Hours = {}
        self.seconds: dict[str, float] = {}
        self.operations: dict[str, int] = {}
        # The forks' common parent imports everything once.
        self._processes = get_context("forkserver")
        self._processes.set_forkserver_preload(["e2e.life_jobs"])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run both servers."""
        stacks = (self._with_core, self._small)
        for stack in stacks:
            await stack.start_simulator()
        try:
            yield
        finally:
            for stack in stacks:
                await stack.stop()

    def _stack(self, begins: str) -> InProcessStack:
        """Return the stack whose home a folder is about."""
        is_small = begins in ("small", "first hours", "imported")
        return self._small if is_small else self._with_core

    def copy(self, begins: str, config: Path, port: int) -> None:
        """Begin with the files of a folder, at another port."""
        shutil.rmtree(config, ignore_errors=True)
        shutil.copytree(self.folder / begins, config)
        path = config / ".storage" / "http"
        stored = json.loads(path.read_text())
        stored["data"]["stable"]["server_port"] = port
        path.write_text(json.dumps(stored))

    async def live(
        self,
        config: Path,
        begins: str,
        job: Job,
        *,
        after: float | None = None,
        at: int = 0,
    ) -> Ended:
        """Have a process live, to its end or until it is killed."""
        stack = self._stack(begins)
        speed = _SPEED if stack is self._with_core else _SPEED_OF_IMPORT
        ours, theirs = self._processes.Pipe()
        process = self._processes.Process(
            target=live, args=(config, stack.simulator_url, job, theirs, at, speed)
        )
        ended, began = Ended(), time.monotonic()
        process.start()
        theirs.close()
        limit = _TIMEOUT if after is None else after
        try:
            while (left := began + limit - time.monotonic()) > 0:
                if not await asyncio.to_thread(ours.poll, left):
                    continue
                kind, told = ours.recv()
                match kind:
                    case "agree":
                        token = URL(told["link"]).query["oauth_token"]
                        stack.telldus.authorize(token)
                        ours.send(True)
                    case "started":
                        ended.started = told
                    case "done":
                        ended.done = told
                        ended.seconds = time.monotonic() - began
                        if at:
                            # It was to die at a change that it has not made.
                            break
                    case "failed":
                        ended.error = told["error"]
                    case "stopped":
                        break
            else:
                if after is None:
                    ended.error = f"stuck for {_TIMEOUT} s"
        except EOFError, BrokenPipeError, ConnectionResetError:
            pass
        process.kill()
        await asyncio.to_thread(process.join)
        return ended

    async def measure(self, name: str, begins: str, job: Job) -> None:
        """Find out how long a job takes, and how often it changes files."""
        config = self.folder / "measured"
        shutil.rmtree(config, ignore_errors=True)
        shutil.copytree(self.folder / begins, config)
        ended = await self.live(config, begins, job)
        if ended.done is None or ended.error:
            raise RuntimeError(f"{name}: {ended.error}")
        self.seconds[name] = ended.seconds
        self.operations[name] = ended.done["operations"]
        print(
            f"  {name}: {ended.seconds:.1f} s, {ended.done['operations']} changes",
            flush=True,
        )

    async def prepare(self, name: str, begins: str, job: Job) -> None:
        """Make the folder of a name, by a job that is not disturbed."""
        config = self.folder / name
        if begins != name:
            shutil.rmtree(config, ignore_errors=True)
            shutil.copytree(self.folder / begins, config)
        ended = await self.live(config, begins, job)
        if ended.done is None or ended.error:
            raise RuntimeError(f"{name}: {ended.error}")
        # What a start makes of it
        again = self.folder / "again"
        shutil.rmtree(again, ignore_errors=True)
        shutil.copytree(config, again)
        ended = await self.live(again, begins, life_jobs.look_on)
        if ended.done is None or ended.error:
            raise RuntimeError(f"{name}, started again: {ended.error}")
        self.looks[name] = ended.done

    async def prepare_all(self) -> None:
        """Make all folders."""
        for stack, name in ((self._with_core, "before"), (self._small, "small")):
            stack.config = self.folder / name
            stack.write_configuration()
            shutil.rmtree(stack.config / "custom_components")
        self.copy("before", self.folder / "empty", free_port())
        (self.folder / "empty" / ".storage" / "core.config_entries").unlink()
        await self.prepare("empty", "empty", life_jobs.look_on)
        await self.prepare("signed in", "empty", life_jobs.sign_in)
        await self.prepare("before", "before", life_jobs.sign_in)
        await self.prepare("after", "before", life_jobs.move)
        await self.prepare("back", "after", life_jobs.go_back)
        await self.prepare("small", "small", life_jobs.sign_in)
        await self.prepare("first hours", "small", life_jobs.first_hours)
        await self.prepare("imported", "first hours", life_jobs.import_history)
        self.hours = hours_of(self.folder / "imported")
