"""Kill Home Assistant at each stage of a migration, start it again, and compare registries.

The reference is the same migration without a power cut. What had belonged to tellduslive
must be either all moved or all not, and the record must say which.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import json
from pathlib import Path
import shutil
import signal
import sys
from typing import Any, override

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from . import Json
from .home_assistant import HomeAssistant
from .polling import poll
from .process import free_port
from .sign_in import sign_in
from .stack import DOMAIN, ROOT, TELLDUSLIVE
from .tellduslive_stack import TelldusliveStack

_FOLDER = ROOT / ".e2e" / "powercut"
_USER = ("demo", "demo")
# Seconds for what is longest: all entities of tellduslive, which reads each by itself
_TIMEOUT = 240
# Home Assistant writes config entries 1 s after a change, and the registries 10 s after it.
_BETWEEN = 4.0

type Rows = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Stage:
    """When to kill, in the migration there or back."""

    name: str
    goes_back: bool
    # What is waited for before: a stage of the record, or a file of the registries.
    record: str | None = None
    written: str | None = None
    delay: float = 0.0


_STAGES = (
    _Stage("submitted", goes_back=False),
    _Stage("moving", goes_back=False, record="moving"),
    _Stage("core-disabled", goes_back=False, record="moving", delay=_BETWEEN),
    _Stage("one-registry", goes_back=False, written="core.*_registry"),
    _Stage("moved", goes_back=False, record="moved"),
    _Stage("back-submitted", goes_back=True),
    _Stage("returning", goes_back=True, record="returning"),
    _Stage("core-enabled", goes_back=True, record="returning", delay=_BETWEEN),
    _Stage("one-registry-back", goes_back=True, written="core.*_registry"),
    _Stage("returned", goes_back=True, record="none"),
)


class _KillableStack(TelldusliveStack):
    """A stack whose Home Assistant can lose its power."""

    @override
    def write_configuration(self) -> None:
        """Write the configuration once: later starts go on with what is there."""
        if not (self.config / ".storage").exists():
            super().write_configuration()

    async def cut_power(self) -> None:
        """Kill Home Assistant; nothing is written any more."""
        process = self.hass._process  # noqa: SLF001
        if process is not None:
            process.send_signal(signal.SIGKILL)
        await self.hass.stop()

    def record(self) -> str:
        """Return the stage of the record on disk, "none" without one."""
        for path in (self.config / ".storage").glob(f"{DOMAIN}.*"):
            try:
                data = json.loads(path.read_text())["data"]
            except OSError, ValueError:
                continue
            for part in (data, *data.values()) if isinstance(data, dict) else ():
                if isinstance(part, dict) and {"stage", "reverse"} <= part.keys():
                    return str(part["stage"])
        return "none"

    def written_at(self, pattern: str) -> float:
        """Return when the newest of some files was written."""
        files = (self.config / ".storage").glob(pattern)
        return max(float(path.stat().st_mtime_ns) for path in files)


class _Run:
    """A stack with both integrations, and what is done with it."""

    def __init__(self, stack: _KillableStack) -> None:
        """Initialize the run."""
        self._stack = stack
        # Registry ids that belonged to tellduslive before.
        self._ids: set[str] = set()

    async def _with_home_assistant[T](
        self, act: Callable[[HomeAssistant], Awaitable[T]]
    ) -> T:
        """Do something as a logged-in user."""
        async with HomeAssistant(self._stack.url) as home_assistant:
            await home_assistant.onboard("Demo", *_USER)
            return await act(home_assistant)

    async def prepare(self) -> None:
        """Set both up, and keep their files as the beginning of each run."""

        async def set_up(home_assistant: HomeAssistant) -> None:
            await home_assistant.wait_until_running()

            async def core_is_there() -> bool:
                rows = await home_assistant.ask("config/entity_registry/list")
                return len([row for row in rows if row["platform"] == TELLDUSLIVE]) > 15

            await poll("tellduslive's entities", core_is_there, _TIMEOUT)
            await asyncio.sleep(15)
            keys = (DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY)
            await sign_in(home_assistant, self._stack.simulator_url, keys)
            await asyncio.sleep(30)
            self._ids = set(await self._rows(home_assistant, only=TELLDUSLIVE))

        await self._with_home_assistant(set_up)
        await self._stack.hass.stop()

    async def _rows(
        self, home_assistant: HomeAssistant, only: str | None = None
    ) -> Rows:
        """Return both registries: to whom each row belongs, and what refers to it."""
        entries = {
            entry["entry_id"]: entry["domain"]
            for domain in (DOMAIN, TELLDUSLIVE)
            for entry in await home_assistant.entries(domain)
        }
        found: Rows = {}
        for kind in ("entity", "device"):
            for row in await home_assistant.ask(f"config/{kind}_registry/list"):
                owner = entries.get(row.get("config_entry_id"))
                owner = owner or entries.get(
                    next(iter(row.get("config_entries", [])), "")
                )
                if owner and (only or owner) == owner:
                    names = (row.get("entity_id"), row.get("device_id"))
                    found[row["id"]] = (owner, *(str(name) for name in names))
        return found

    async def outcome(self) -> Json:
        """Return what there is once nothing changes any more."""

        async def look(home_assistant: HomeAssistant) -> Json:
            await home_assistant.wait_until_running()

            async def settled() -> bool:
                (ours,) = await home_assistant.entries(DOMAIN)
                is_settled = self._stack.record() in ("none", "moved")
                is_calm = ours["state"] == "loaded" or ours["disabled_by"] is not None
                return bool(is_settled and is_calm)

            # A start writes its registries after three minutes.
            await poll("the migration is settled", settled, 400)
            await asyncio.sleep(20)
            rows = await self._rows(home_assistant)
            entries = {
                domain: (await home_assistant.entries(domain))[0]
                for domain in (DOMAIN, TELLDUSLIVE)
            }
            return {
                "rows": {row_id: rows.get(row_id) for row_id in sorted(self._ids)},
                "count": sum(one[0] == TELLDUSLIVE for one in rows.values()),
                "disabled": {
                    domain: bool(entry["disabled_by"])
                    for domain, entry in entries.items()
                },
                "record": self._stack.record(),
            }

        return await self._with_home_assistant(look)

    async def migrate(self, *, back: bool, wait: bool) -> None:
        """Move over or back by the options, to the end only if that is waited for."""

        async def submit(home_assistant: HomeAssistant) -> None:
            await home_assistant.wait_until_running()
            (entry,) = await home_assistant.entries(DOMAIN)

            async def loaded() -> bool:
                (found,) = await home_assistant.entries(DOMAIN)
                return bool(found["state"] == "loaded")

            await poll("ours is loaded", loaded, _TIMEOUT)
            await asyncio.sleep(30)
            step = await home_assistant.start_options(entry["entry_id"])
            flow_id = step["flow_id"]
            path = f"/api/config/config_entries/options/flow/{flow_id}"
            if step["type"] == "menu":
                chosen = {"next_step_id": "go_back" if back else "take_over"}
                step = await home_assistant.continue_options(flow_id, chosen)
            while step["type"].startswith("progress"):
                await asyncio.sleep(1)
                step = await home_assistant._flow("GET", path)  # noqa: SLF001
            step = await home_assistant.continue_options(flow_id, {})
            while wait and step["type"].startswith("progress"):
                await asyncio.sleep(1)
                step = await home_assistant._flow("GET", path)  # noqa: SLF001
            if step["type"] == "abort":
                raise AssertionError(f"the dialog ended with {step}")

        await self._with_home_assistant(submit)

    async def cut(self, stage: _Stage) -> None:
        """Migrate, and cut the power at a stage."""
        stack = self._stack
        before = stack.written_at(stage.written) if stage.written else 0.0
        await self.migrate(back=stage.goes_back, wait=False)

        async def reached() -> bool:
            if stage.written:
                # What was written since the record is the migration's.
                return stack.written_at(stage.written) > before
            return stage.record is None or stack.record() == stage.record

        if stage.written:
            wanted = "returning" if stage.goes_back else "moving"

            async def begun() -> bool:
                return stack.record() == wanted

            await poll("the record", begun, 60, 0.01)
            before = stack.written_at(stage.written)
        await poll(stage.name, reached, 120, 0.005)
        await asyncio.sleep(stage.delay)
        await stack.cut_power()


async def _main(stages: list[_Stage]) -> int:
    """Run stages one after the other; return how many went wrong."""
    shutil.rmtree(_FOLDER, ignore_errors=True)
    stack = _KillableStack(_FOLDER, free_port(), free_port())
    run, failures = _Run(stack), 0
    kept = {name: _FOLDER / name for name in ("before", "after")}
    outcomes: dict[str, Any] = {}

    def swap(source: Path, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)

    await stack.make_ready()
    try:
        await stack.start()
        await run.prepare()
        swap(stack.config, kept["before"])
        await stack.start_home_assistant()
        outcomes["before"] = await run.outcome()
        await run.migrate(back=False, wait=True)
        outcomes["after"] = await run.outcome()
        await stack.hass.stop()
        swap(stack.config, kept["after"])
        for stage in stages:
            swap(kept["after" if stage.goes_back else "before"], stack.config)
            await stack.start_home_assistant()
            await run.cut(stage)
            at_the_cut = stack.record()
            await stack.start_home_assistant()
            outcome = await run.outcome()
            await stack.hass.stop()
            found = _compare(outcome, outcomes)
            failures += found.startswith("WRONG")
            print(f"| {stage.name} | {at_the_cut} | {found} |", flush=True)
    finally:
        await stack.stop()
    return failures


def _compare(outcome: Json, outcomes: dict[str, Any]) -> str:
    """Say which of the references an outcome is, and where it is none."""
    for name, reference in outcomes.items():
        if outcome["rows"] == reference["rows"]:
            owner = {"before": "none", "after": "moved"}[name]
            if outcome["record"] != owner:
                return f"WRONG: rows as {name}, and the record says {outcome['record']}"
            return (
                f"as {name}; disabled: {outcome['disabled']}; {outcome['count']} rows"
            )
    differences = [
        (outcome["rows"][row_id], outcomes["after"]["rows"][row_id])
        for row_id in outcome["rows"]
        if outcome["rows"][row_id] != outcomes["after"]["rows"][row_id]
    ]
    return f"WRONG: {len(differences)} rows: {differences[:5]}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    names = [stage.name for stage in _STAGES]
    parser.add_argument("stage", nargs="*", metavar="STAGE", help=", ".join(names))
    wanted = parser.parse_args().stage or names
    if unknown := set(wanted) - set(names):
        parser.error(f"no such stage: {', '.join(sorted(unknown))}")
    sys.exit(asyncio.run(_main([one for one in _STAGES if one.name in wanted])))
