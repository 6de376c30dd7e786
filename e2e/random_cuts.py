"""Kill a small Home Assistant at random moments, again and again, and see what is left.

A moment is one of the clock, or just before one of the changes to files that the job makes.
Each chain of lives begins with the same files, is killed some times, and may then live: what
there is in the end must be what there is without a power cut.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
import json
from multiprocessing import get_context
from pathlib import Path
import random
import shutil
import sqlite3
import sys
import time
from typing import Any

from yarl import URL

from simulator import Simulator, generated_home

from . import Json, life_jobs
from .in_process_stack import InProcessStack
from .life import DOMAIN, TELLDUSLIVE, Job, live
from .process import free_port
from .stack import ROOT
from .tellduslive_stack import TelldusliveStack

_FOLDER = ROOT / ".e2e" / "random"
# How fast the timers run. An import waits ten seconds before each request.
_SPEED, _SPEED_OF_IMPORT = 10.0, 40.0
# Seconds of the clock after which a life is stuck.
_TIMEOUT = 150

# What is said of a migration that goes on, and once of the unit that a state had before it.
_QUIET = (
    "A migration was interrupted, and is finished now",
    "aiohttp_fast_zlib",
    "cannot be converted to the unit of previously compiled statistics",
    "generation of long term statistics will be suppressed unless the unit is stable",
)

type Hours = dict[tuple[str, float], tuple[float | None, ...]]


@dataclass(frozen=True)
class _Kind:
    """What is cut short."""

    name: str
    job: Job
    # The folder that it begins with, and those of which it may have the outcome.
    begins: str
    ends: tuple[str, ...]
    # How often a chain is killed.
    kills: int


_KINDS = (
    _Kind("signing in", life_jobs.sign_in, "empty", ("signed in",), 2),
    _Kind("polling", life_jobs.poll, "signed in", ("signed in",), 4),
    _Kind("saving", life_jobs.save, "signed in", ("signed in",), 4),
    _Kind("moving over", life_jobs.move, "before", ("before", "after"), 2),
    _Kind("going back", life_jobs.go_back, "after", ("after", "back"), 2),
    _Kind("importing", life_jobs.import_history, "first hours", ("imported",), 4),
)


@dataclass
class _Ended:
    """How a life ended."""

    started: Json | None = None
    done: Json | None = None
    seconds: float = 0.0
    error: str | None = None


@dataclass
class _Figures:
    """What is printed of a kind."""

    chains: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    starts: int = 0
    faults: list[str] = field(default_factory=list)


class _Homes:
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
    ) -> _Ended:
        """Have a process live, to its end or until it is killed."""
        stack = self._stack(begins)
        speed = _SPEED if stack is self._with_core else _SPEED_OF_IMPORT
        ours, theirs = self._processes.Pipe()
        process = self._processes.Process(
            target=live, args=(config, stack.simulator_url, job, theirs, at, speed)
        )
        ended, began = _Ended(), time.monotonic()
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

    async def measure(self, kind: _Kind) -> None:
        """Find out how long a job takes, and how often it changes files."""
        config = self.folder / "measured"
        shutil.rmtree(config, ignore_errors=True)
        shutil.copytree(self.folder / kind.begins, config)
        ended = await self.live(config, kind.begins, kind.job)
        if ended.done is None or ended.error:
            raise RuntimeError(f"{kind.name}: {ended.error}")
        self.seconds[kind.name] = ended.seconds
        self.operations[kind.name] = ended.done["operations"]
        print(
            f"  {kind.name}: {ended.seconds:.1f} s, {ended.done['operations']} changes",
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
        for kind in _KINDS:
            await self.measure(kind)


def hours_of(config: Path) -> Hours:
    """Return all hours of long-term statistics."""
    query = (
        "select statistic_id, start_ts, mean, min, max, state, sum from statistics"
        " join statistics_meta on statistics_meta.id = metadata_id"
    )
    with closing(sqlite3.connect(config / "home-assistant_v2.db")) as database:
        rows = database.execute(query).fetchall()
    found = {(row[0], row[1]): tuple(row[2:]) for row in rows}
    assert len(found) == len(rows), "an hour is there twice"
    return found


def stored_in(config: Path) -> Json:
    """Return what the files have of both integrations. Raises ValueError for broken ones."""
    storage = config / ".storage"
    found: Json = {}
    for path in storage.iterdir():
        if path.name.startswith("tmp"):
            continue
        found[path.name] = json.loads(path.read_text())["data"]
    entries = {
        entry["domain"]: entry
        for entry in found.get("core.config_entries", {}).get("entries", ())
    }
    return {
        "entries": entries,
        "rows": {
            row["id"]: [
                row["platform"],
                row["entity_id"],
                row["unique_id"],
                row["name"],
            ]
            for row in found.get("core.entity_registry", {}).get("entities", ())
            if row["platform"] in (DOMAIN, TELLDUSLIVE)
        },
        "sections": {
            name: data
            for key, data in found.items()
            if key.startswith(f"{DOMAIN}.") and not key.endswith(".rate_limiter")
            for name, data in data.items()
        },
    }


def lost_at_start(stored: Json, look: Json, *, moves: bool) -> list[str]:
    """Say what the files had at a cut and Home Assistant has not at the next start."""
    faults = []
    entries, stage = (
        look["entries"],
        stored["sections"].get("migration", {}).get("stage"),
    )
    for domain, entry in stored["entries"].items():
        now = entries.get(domain)
        if now is None:
            faults.append(f"the entry of {domain} is gone")
            continue
        if now["options"] != entry["options"] or now["id"] != entry["entry_id"]:
            faults.append(f"the entry of {domain} has {now}")
        if now["state"] != "loaded" and not now["off"] and stage in (None, "moved"):
            faults.append(f"the entry of {domain} is {now['state']}")
    if not moves:
        faults += [
            f"{row} is {look['rows'].get(one, ['gone'])[:4]}"
            for one, row in stored["rows"].items()
            if look["rows"].get(one, ())[:4] != row
        ]
    return faults


def outcome(look: Json, known: set[str], kind: _Kind) -> Json:
    """Return what is compared: rows that were there before by their ids, others without."""
    rows = {one: list(row) for one, row in look["rows"].items()}
    if kind.name == "saving":
        # Names are what is saved.
        for row in rows.values():
            row[3] = ""
    return {
        **{one: rows.get(one) for one in known},
        "others": sorted(
            [text for place, text in enumerate(row) if place != 6]
            for one, row in rows.items()
            if one not in known
        ),
        "entries": {
            domain: (entry["off"], entry["off"] or entry["state"] == "loaded")
            for domain, entry in look["entries"].items()
        },
        # What is disabled has nothing to finish.
        "stage": "none" if look["entries"][DOMAIN]["off"] else look["stage"],
        "issues": look["issues"],
    }


class _Run:
    """Many chains of lives, several at a time."""

    def __init__(
        self, homes: _Homes, seed: int, kills: int, kinds: list[_Kind]
    ) -> None:
        """Initialize the run."""
        self._homes = homes
        self._random = random.Random(seed)
        self.left = kills
        self._kinds = kinds
        self._begun = 0
        self.figures = {kind.name: _Figures() for kind in kinds}

    async def lane(self, number: int) -> None:
        """Live chains in a folder of its own until there were enough kills."""
        config, port = self._homes.folder / f"lane-{number}", free_port()
        while self.left > 0:
            kind = self._kinds[self._begun % len(self._kinds)]
            self._begun += 1
            self.left -= kind.kills
            figures = self.figures[kind.name]
            faults = await self._chain(kind, config, port)
            figures.chains += 1
            figures.faults += faults
            if faults:
                kept = self._homes.folder / f"fault-{kind.name}-{self._begun}"
                shutil.copytree(config, kept, dirs_exist_ok=True)
                for fault in faults[:8]:
                    print(f"  {kind.name}, {kept.name}: {fault[:500]}", flush=True)

    async def _chain(self, kind: _Kind, config: Path, port: int) -> list[str]:
        """Kill a chain of lives, let the last one live, and return what is wrong."""
        homes, figures = self._homes, self.figures[kind.name]
        homes.copy(kind.begins, config, port)
        config.with_name(f"{config.name}.log").unlink(missing_ok=True)
        stored = stored_in(config)
        faults: list[str] = []
        moves = kind.job in (life_jobs.move, life_jobs.go_back)
        last = life_jobs.look_on
        if kind.job in (life_jobs.sign_in, life_jobs.import_history):
            last = kind.job
        for number in range(kind.kills + 1):
            cut: dict[str, Any] = {}
            if number < kind.kills:
                if self._random.random() < 0.5:
                    longest = homes.seconds[kind.name] * 1.1
                    cut = {"after": self._random.uniform(0.1, longest)}
                else:
                    most = homes.operations[kind.name]
                    cut = {"at": self._random.randint(1, most)}
            job = kind.job if cut else last
            ended = await homes.live(config, kind.begins, job, **cut)
            figures.starts += 1
            for what in ("after", "at"):
                if what in cut:
                    when = "starting" if not ended.started else "at work"
                    figures.kills[what] += 1
                    figures.kills["done" if ended.done else when] += 1
            if ended.error:
                faults.append(f"life {number} {cut}: {ended.error}")
            for look in (ended.started, ended.done):
                if look:
                    faults += [f"life {number}: {one}" for one in complaints(look)]
            if ended.started:
                gone = lost_at_start(stored, ended.started, moves=moves)
                faults += [f"life {number}: {one}" for one in gone]
            try:
                before, stored = stored, stored_in(config)
            except ValueError as err:
                return [*faults, f"life {number} {cut}: a file is broken: {err}"]
            missing = (
                before["sections"].keys() - stored["sections"].keys() - {"migration"}
            )
            faults += [f"life {number}: the section {one} is gone" for one in missing]
        if not ended.done:
            return faults or ["the last life was not done"]
        faults += self._compare(kind, ended.done)
        faults += without_unit(config, ended.done["units"])
        if kind.job is life_jobs.import_history:
            faults += compare_hours(homes.hours, hours_of(config))
        return faults

    def _compare(self, kind: _Kind, look: Json) -> list[str]:
        """Return how the end differs from each that it may be, nothing if it is one."""
        looks = self._homes.looks
        known = set(looks[kind.begins]["rows"])
        found = outcome(look, known, kind)
        differences = []
        for name in kind.ends:
            wanted = outcome(looks[name], known, kind)
            one = [
                f"as {name}, {part}: {wanted.get(part)} -> {found.get(part)}"
                for part in found
                if found[part] != wanted.get(part)
            ]
            differences.append(one)
        return min(differences, key=len)


def complaints(look: Json) -> list[str]:
    """Return what was logged that should not be, and files that were given up."""
    return [
        *(
            text
            for text in look["complaints"]
            if not any(one in text for one in _QUIET)
        ),
        *(f"{name} was renamed" for name in look["unusable"]),
    ]


def compare_hours(wanted: Hours, found: Hours) -> list[str]:
    """Return which hours of an import are missing, too many, or other ones.

    The oldest ones leave the server's history meanwhile, and the newest are recorded.
    """
    last = max(start for _, start in wanted)
    first = min(start for _, start in wanted) + 3 * 3600
    return [
        f"hour {key}: {wanted.get(key)} -> {found.get(key)}"
        for key in sorted(wanted.keys() | found.keys())
        if first <= key[1] <= last - 3600 and wanted.get(key) != found.get(key)
    ]


def without_unit(config: Path, units: dict[str, str | None]) -> list[str]:
    """Return whose statistics have no unit though the entity has, and so would end."""
    query = "select statistic_id, unit_of_measurement from statistics_meta"
    with closing(sqlite3.connect(config / "home-assistant_v2.db")) as database:
        rows = database.execute(query).fetchall()
    return [
        f"the statistics of {one} have no unit"
        for one, unit in rows
        if unit is None and units.get(one) is not None
    ]


async def _main(kills: int, lanes: int, seed: int, kinds: list[_Kind]) -> int:
    """Prepare, run, print the figures, and return how many faults there were."""
    shutil.rmtree(_FOLDER, ignore_errors=True)
    _FOLDER.mkdir(parents=True)
    homes, began = _Homes(_FOLDER), time.monotonic()
    print(f"seed {seed}; undisturbed:", flush=True)
    async with homes.running():
        await homes.prepare_all()
        run = _Run(homes, seed, kills, kinds)
        await asyncio.gather(*(run.lane(number) for number in range(lanes)))
    print(
        "| what | kills | by the clock | at a change to a file | while starting |"
        " at work | when done | starts | faults |"
    )
    print("| --- |" + " ---: |" * 8)
    all_faults, all_kills = 0, 0
    for name, one in run.figures.items():
        many = one.kills["after"] + one.kills["at"]
        all_kills += many
        all_faults += len(one.faults)
        print(
            f"| {name} | {many} | {one.kills['after']} | {one.kills['at']} |"
            f" {one.kills['starting']} | {one.kills['at work']} | {one.kills['done']} |"
            f" {one.starts} | {len(one.faults)} |"
        )
    minutes = (time.monotonic() - began) / 60
    print(f"{all_kills} kills, {all_faults} faults, {minutes:.0f} minutes")
    return min(all_faults, 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=240)
    parser.add_argument("--lanes", type=int, default=2, help="how many at a time")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", choices=[kind.name for kind in _KINDS])
    given = parser.parse_args()
    chosen = [kind for kind in _KINDS if given.only in (None, kind.name)]
    sys.exit(asyncio.run(_main(given.kills, given.lanes, given.seed, chosen)))
