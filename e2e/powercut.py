"""Kill Home Assistant at each stage of a migration, start it again, and compare registries.

The references are what was before, and the same migration without a power cut. In the end
all must be as one of the two: both registries, which entries are disabled, the record, and
which way the options offer. Where ours is disabled in the end, it must load when enabled.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import json
from pathlib import Path
import shutil
import signal
import sys
from typing import override

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

# An entity or a device by its registry id: to whom it belongs, and what it has been given.
type Rows = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Stage:
    """When to kill, in the migration there or back."""

    name: str
    goes_back: bool
    # What is waited for before: a stage of the record, a file of the registries, and which
    # entry is disabled on disk.
    record: str | None = None
    written: str | None = None
    off: str | None = None
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
    _Stage("disabled", goes_back=True, record="returning", off=DOMAIN),
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

    def _stored(self, name: str, rows: str) -> list[Json]:
        """Return the rows of one of Home Assistant's files."""
        text = (self.config / ".storage" / f"core.{name}").read_text()
        found: list[Json] = json.loads(text)["data"][rows]
        return found

    def off(self) -> list[str]:
        """Return which entries are disabled on disk, by their domains."""
        entries = self._stored("config_entries", "entries")
        return [one["domain"] for one in entries if one["disabled_by"]]

    def on_disk(self) -> str:
        """Say what the files have: how many rows of both, and which entries are disabled."""
        entries = {
            entry["entry_id"]: entry
            for entry in self._stored("config_entries", "entries")
            if entry["domain"] in (DOMAIN, TELLDUSLIVE)
        }
        counts = []
        for kind, rows in (("entity", "entities"), ("device", "devices")):
            owners = Counter(
                entries[row["config_entry_id"]]["domain"]
                for row in self._stored(f"{kind}_registry", rows)
                if row["config_entry_id"] in entries
            )
            counts.append(f"{owners[TELLDUSLIVE]}+{owners[DOMAIN]} {rows}")
        off = " ".join(self.off()) or "none"
        return f"{self.record()}; {', '.join(counts)}; {off} off"

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
            rows = await self._rows(home_assistant)
            self._ids = {one for one, row in rows.items() if row[0] == TELLDUSLIVE}

        await self._with_home_assistant(set_up)
        await self._stack.hass.stop()

    async def _rows(self, home_assistant: HomeAssistant) -> Rows:
        """Return what both integrations have in the registries."""
        entries = {
            entry["entry_id"]: entry["domain"]
            for domain in (DOMAIN, TELLDUSLIVE)
            for entry in await home_assistant.entries(domain)
        }
        names = (
            *("entity_id", "name", "name_by_user", "area_id", "labels"),
            *("hidden_by", "disabled_by", "device_id"),
        )
        return {
            row["id"]: (entries[owner], *(str(row.get(name)) for name in names))
            for kind in ("entity", "device")
            for row in await home_assistant.ask(f"config/{kind}_registry/list")
            for owner in (row.get("config_entry_id"), *row.get("config_entries", ()))
            if owner in entries
        }

    async def outcome(self) -> Json:
        """Return what there is once nothing changes any more."""

        async def look(home_assistant: HomeAssistant) -> Json:
            await home_assistant.wait_until_running()

            async def settled() -> bool:
                (ours,) = await home_assistant.entries(DOMAIN)
                if ours["disabled_by"]:
                    return True
                is_settled = self._stack.record() in ("none", "moved")
                return is_settled and bool(ours["state"] == "loaded")

            # A start writes its registries after three minutes.
            await poll("the migration is settled", settled, 400)
            await asyncio.sleep(20)
            is_off = {
                domain: bool((await home_assistant.entries(domain))[0]["disabled_by"])
                for domain in (DOMAIN, TELLDUSLIVE)
            }
            (ours,) = await home_assistant.entries(DOMAIN)
            entry_id = ours["entry_id"]
            if is_off[DOMAIN]:
                # Whoever wants it back can have it.
                await home_assistant.ask(
                    "config_entries/disable", entry_id=entry_id, disabled_by=None
                )
                await poll("ours is enabled again", settled, 60)
                await asyncio.sleep(60)
            rows = await self._rows(home_assistant)
            step = await home_assistant.start_options(entry_id)
            return {
                **{one: rows.get(one) for one in self._ids},
                # What was made anew has other ids, its own and its device's.
                "others": sorted(
                    row[:-1] for one, row in rows.items() if one not in self._ids
                ),
                "disabled": is_off,
                "record": self._stack.record(),
                "options": step.get("menu_options"),
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
            return (stage.record is None or stack.record() == stage.record) and (
                stage.off is None or stage.off in stack.off()
            )

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
    references: dict[str, Json] = {}

    def swap(source: Path, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)

    await stack.make_ready()
    try:
        await stack.start()
        await run.prepare()
        swap(stack.config, kept["before"])
        await stack.start_home_assistant()
        references["before"] = await run.outcome()
        await run.migrate(back=False, wait=True)
        references["after"] = await run.outcome()
        await stack.hass.stop()
        swap(stack.config, kept["after"])
        if any(stage.goes_back for stage in stages):
            await stack.start_home_assistant()
            await run.migrate(back=True, wait=True)
            references["back"] = await run.outcome()
            await stack.hass.stop()
        for stage in stages:
            swap(kept["after" if stage.goes_back else "before"], stack.config)
            await stack.start_home_assistant()
            await run.cut(stage)
            at_the_cut = stack.on_disk()
            await stack.start_home_assistant()
            outcome = await run.outcome()
            await stack.hass.stop()
            names = ("after", "back") if stage.goes_back else ("before", "after")
            found = _compare(outcome, {name: references[name] for name in names})
            failures += found.startswith("WRONG")
            print(f"| {stage.name} | {at_the_cut} | {found} |", flush=True)
    finally:
        await stack.stop()
    return failures


def _compare(outcome: Json, references: dict[str, Json]) -> str:
    """Say which of the references an outcome is, and how it differs where it is none."""
    differences = {
        name: [
            f"{part}: {reference.get(part)} -> {outcome.get(part)}"
            for part in sorted(outcome.keys() | reference.keys())
            if outcome.get(part) != reference.get(part)
        ]
        for name, reference in references.items()
    }
    name, fewest = min(differences.items(), key=lambda item: len(item[1]))
    if fewest:
        return f"WRONG: {len(fewest)} differences to {name}: {'; '.join(fewest[:5])}"
    return f"as {name}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    names = [stage.name for stage in _STAGES]
    parser.add_argument("stage", nargs="*", metavar="STAGE", help=", ".join(names))
    wanted = parser.parse_args().stage or names
    if unknown := set(wanted) - set(names):
        parser.error(f"no such stage: {', '.join(sorted(unknown))}")
    sys.exit(asyncio.run(_main([one for one in _STAGES if one.name in wanted])))
