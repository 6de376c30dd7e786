"""Kill a small Home Assistant at random moments, again and again, and see what is left.

A moment is one of the clock, or just before one of the changes to files that the job makes.
Each chain of lives begins with the same files, is killed some times, and may then live: what
there is in the end must be what there is without a power cut.
"""

import argparse
import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
import random
import shutil
import sys
import time
from typing import Any

from . import Json, life_jobs
from .cut_checks import (
    compare_hours,
    complaints,
    hours_of,
    lost_at_start,
    outcome,
    stored_in,
    without_unit,
)
from .cut_homes import Homes
from .life import Job
from .process import free_port
from .stack import ROOT

_FOLDER = ROOT / ".e2e" / "random"


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
class _Figures:
    """What is printed of a kind."""

    chains: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    starts: int = 0
    faults: list[str] = field(default_factory=list)


class _Run:
    """Many chains of lives, several at a time."""

    def __init__(self, homes: Homes, seed: int, kills: int, kinds: list[_Kind]) -> None:
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
                shutil.copy(f"{config}.log", kept)
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
        # Names are what is saved.
        with_names = kind.job is not life_jobs.save
        found = outcome(look, known, with_names=with_names)
        differences = []
        for name in kind.ends:
            wanted = outcome(looks[name], known, with_names=with_names)
            one = [
                f"as {name}, {part}: {wanted.get(part)} -> {found.get(part)}"
                for part in found
                if found[part] != wanted.get(part)
            ]
            differences.append(one)
        return min(differences, key=len)


async def _main(kills: int, lanes: int, seed: int, kinds: list[_Kind]) -> int:
    """Prepare, run, print the figures, and return how many faults there were."""
    shutil.rmtree(_FOLDER, ignore_errors=True)
    _FOLDER.mkdir(parents=True)
    homes, began = Homes(_FOLDER), time.monotonic()
    print(f"seed {seed}; undisturbed:", flush=True)
    async with homes.running():
        await homes.prepare_all()
        for kind in kinds:
            await homes.measure(kind.name, kind.begins, kind.job)
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
