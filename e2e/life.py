"""One life of a small Home Assistant: it starts, does a job, and says what it has.

It is Home Assistant's own core, configuration entries, registries, storage, HTTP server and
recorder, with both integrations, and without the frontend and what needs it. The process is
forked from one that has imported everything, and its timers run faster than the clock, by
ten times or more. That leaves the work, which is what a power cut may hit.

`live` is the process; `look` is what it has. The jobs are in life_jobs.
"""

import asyncio
from collections.abc import Awaitable, Callable
import logging
from multiprocessing.connection import Connection
import os
from pathlib import Path
import selectors
import signal
import sys
import time
from typing import Any, override

# Imported here, once, for all processes that are forked from this one
from custom_components import telldus_pa as _ours  # noqa: F401
from custom_components.telldus_pa import config_flow as _flow, repairs as _repairs  # noqa: F401
from custom_components.telldus_pa.history import recorder as _history  # noqa: F401
from custom_components.telldus_pa.migration.records import MigrationStore
from homeassistant import bootstrap, loader
from homeassistant.components import (  # noqa: F401
    http as _http,
    recorder as _recorder,
    repairs as _core_repairs,
    tellduslive as _tellduslive,
)
from homeassistant.config_entries import ConfigEntries, ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.core_config import async_process_ha_core_config
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
    recorder as recorder_helper,
)
from homeassistant.setup import async_setup_component

from . import Json
from .run_with_tellduslive import point_at

DOMAIN = "telldus_pa"
TELLDUSLIVE = "tellduslive"

# How long something may take, in seconds of the timers.
_PATIENCE = 1500.0
# What is said of a recorder that was killed, of ours being custom, and of a slow machine.
_EXPECTED = (
    "We found a custom integration",
    "Ended unfinished session",
    "The system could not validate that the sqlite3 database",
    "Waiting for integrations to complete setup",
    "is taking over 10 seconds",
    "Something is blocking Home Assistant from wrapping up the start up phase",
)

type Job = Callable[[Life], Awaitable[None]]


def _hasten(speed: float) -> asyncio.AbstractEventLoop:
    """Have timers run faster, and return a loop that waits so."""
    real, began = time.monotonic, time.monotonic()
    time.monotonic = lambda: began + (real() - began) * speed

    class Selector(selectors.DefaultSelector):
        """Waits for a part of the time."""

        @override
        def select(self, timeout: float | None = None) -> Any:
            """Wait for what is ready."""
            return super().select(timeout and timeout / speed)

    return asyncio.SelectorEventLoop(Selector())


def _die_at(operation: int, config: Path) -> Callable[[], int]:
    """Have the process killed just before one of its changes to files; 0: never.

    Returns what counts them.
    """
    folder, count = str(config), 0

    def watch(event: str, args: tuple[Any, ...]) -> None:
        nonlocal count
        if event == "open":
            path, _, flags = args
            if not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                return
        elif event in ("os.rename", "os.remove"):
            path = args[0]
        else:
            return
        if isinstance(path, str) and path.startswith(folder):
            count += 1
            if count == operation:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    return lambda: count


class _Complaints(logging.Handler):
    """Keeps what is logged as a warning or worse."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record, with the last line of its traceback."""
        text = record.getMessage()
        if not any(one in text for one in _EXPECTED):
            if record.exc_info and record.exc_info[1]:
                text += f" {record.exc_info[1]!r}"
            self.texts.append(f"{record.levelname} {record.name}: {text[:400]}")


class Life:
    """A Home Assistant, and whoever started it at the other end of a pipe."""

    def __init__(self, config: Path, url: str, pipe: Connection) -> None:
        """Initialize the life; nothing is started yet."""
        self.config = config
        self.url = url
        self.pipe = pipe
        self.hass: HomeAssistant
        self._complaints = _Complaints()

    async def start(self) -> None:
        """Start Home Assistant as its bootstrap does, with fewer components."""
        logging.getLogger().addHandler(self._complaints)
        self.hass = hass = HomeAssistant(str(self.config))
        loader.async_setup(hass)
        hass.config.skip_pip = True
        hass.config_entries = ConfigEntries(hass, {})
        await loader.async_get_custom_components(hass)
        assert await bootstrap.async_load_base_functionality(hass)
        for component in sorted(bootstrap.CORE_INTEGRATIONS):
            assert await async_setup_component(hass, component, {})
        await async_process_ha_core_config(
            hass, {"name": "Home", "time_zone": "Europe/Stockholm"}
        )
        recorder_helper.async_initialize_recorder(hass)
        for component in ("http", "recorder", "repairs"):
            configuration = {"recorder": {"commit_interval": 1}}
            assert await async_setup_component(hass, component, configuration)
        domains = {entry.domain for entry in hass.config_entries.async_entries()}
        await asyncio.gather(
            *(async_setup_component(hass, domain, {}) for domain in domains)
        )
        await hass.async_start()

    def entry(self, domain: str = DOMAIN) -> ConfigEntry[Any] | None:
        """Return the one entry of a domain, None if there is none."""
        entries = self.hass.config_entries.async_entries(domain)
        assert len(entries) <= 1, f"{len(entries)} entries of {domain}"
        return entries[0] if entries else None

    async def stage(self) -> str:
        """Return how far a migration has come."""
        if entry := self.entry():
            record = await MigrationStore(self.hass, entry).async_load()
            return record.stage.value if record else "none"
        return "none"

    async def until(self, what: str, done: Callable[[], Awaitable[bool]]) -> None:
        """Wait until something is done."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not await done():
                    await asyncio.sleep(1)
        except TimeoutError:
            seen = await self.look()
            raise TimeoutError(
                f"{what}: {seen | {'rows': len(seen['rows'])}}"
            ) from None

    async def settle(self) -> None:
        """Wait until everything that is enabled has all its entities, and nothing moves."""
        # Home Assistant's own integration adds one device after the other.
        count, since = 0, self.hass.loop.time()

        async def settled() -> bool:
            nonlocal count, since
            if count != len(er.async_get(self.hass).entities):
                count = len(er.async_get(self.hass).entities)
                since = self.hass.loop.time()
            ours, core = self.entry(), self.entry(TELLDUSLIVE)
            # What has gone back and is disabled keeps its record after a cut.
            if not (ours and ours.disabled_by) and (
                await self.stage() not in ("none", "moved")
            ):
                return False
            if (
                core
                and not core.disabled_by
                and not (
                    self._has_all(TELLDUSLIVE) and self.hass.loop.time() > since + 40
                )
            ):
                return False
            if ours is None or ours.disabled_by:
                return True
            return (
                ours.state is ConfigEntryState.LOADED
                and ours.runtime_data.sensors.success_count > 0
                and ours.runtime_data.gateways.success_count > 0
            )

        await self.until("nothing settles", settled)
        # What is removed or added a little later
        await asyncio.sleep(15)

    def _has_all(self, domain: str) -> bool:
        """Return whether every entity of a domain has a state that is not restored."""
        rows = [
            row
            for row in er.async_get(self.hass).entities.values()
            if not row.disabled_by
        ]
        states = [
            self.hass.states.get(row.entity_id)
            for row in rows
            if row.platform == domain
        ]
        return bool(states) and all(
            state and not state.attributes.get("restored") for state in states
        )

    async def look(self) -> Json:
        """Return what a user and the files have."""
        hass, domains = self.hass, (DOMAIN, TELLDUSLIVE)
        entries = {
            entry.entry_id: entry
            for domain in domains
            for entry in hass.config_entries.async_entries(domain)
        }
        devices = dr.async_get(hass)
        names = ("entity_id", "unique_id", "name", "icon", "area_id", "device_id")
        more = ("disabled_by", "hidden_by", "labels", "aliases")
        return {
            "entries": {
                entry.domain: {
                    "id": entry.entry_id,
                    "state": entry.state.value,
                    "off": bool(entry.disabled_by),
                    "unique_id": entry.unique_id,
                    "options": dict(entry.options),
                }
                for entry in entries.values()
            },
            "rows": {
                row.id: [
                    row.platform,
                    *(_text(getattr(row, name)) for name in (*names, *more)),
                ]
                for row in er.async_get(hass).entities.values()
                if row.platform in domains
            }
            | {
                row.id: [
                    entries[entry_id].domain,
                    *(
                        _text(getattr(row, name))
                        for name in ("name", "name_by_user", "area_id", "labels")
                    ),
                ]
                for entry_id in entries
                for row in dr.async_entries_for_config_entry(devices, entry_id)
            },
            "units": {
                state.entity_id: state.attributes.get("unit_of_measurement")
                for state in hass.states.async_all("sensor")
                if "state_class" in state.attributes
            },
            "stage": await self.stage(),
            "issues": sorted(
                str(issue.translation_key)
                for (domain, _), issue in ir.async_get(hass).issues.items()
                if domain == DOMAIN and issue.active
            ),
            "complaints": list(self._complaints.texts),
            "unusable": sorted(
                path.name
                for path in (self.config / ".storage").iterdir()
                if ".corrupt" in path.name or ".unusable" in path.name
            )
            + sorted(path.name for path in self.config.glob("*.corrupt*")),
        }


def _text(value: object) -> str | None:
    """Return a value of a row as it is in the files, or as a text that compares."""
    if value is None or isinstance(value, str):
        return value
    return str(sorted(map(str, value)) if isinstance(value, (set, list)) else value)


async def _live(life: Life, job: Job, operations: Callable[[], int]) -> None:
    """Start, do the job, say what there is, and stop in order."""
    await life.start()
    life.pipe.send(("started", await life.look()))
    await job(life)
    life.pipe.send(("done", await life.look() | {"operations": operations()}))
    await life.hass.async_stop()
    life.pipe.send(("stopped", {}))


def live(
    config: Path, url: str, job: Job, pipe: Connection, die_at: int, speed: float
) -> None:
    """Be a process that lives in a folder of configuration, and may be killed."""
    loop = _hasten(speed)
    point_at(url)
    log = (config.parent / f"{config.name}.log").open("a")
    os.dup2(log.fileno(), 1)
    os.dup2(log.fileno(), 2)
    logging.basicConfig(level=logging.WARNING)
    operations = _die_at(die_at, config)
    try:
        loop.run_until_complete(_live(Life(config, url, pipe), job, operations))
    except BaseException as err:
        logging.getLogger(__name__).exception("This life failed")
        pipe.send(("failed", {"error": f"{type(err).__name__}: {err}"[:1500]}))
    # What is left are threads of the recorder and of libraries.
    os._exit(0)
