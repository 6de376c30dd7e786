"""Lets one migration run at a time, and settles its record when the registries are on disk."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.singleton import singleton
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER
from ..data import TelldusConfigEntry
from .records import (
    MigrationRecord,
    MigrationStage,
    MigrationStore,
    async_is_stored,
    async_is_stored_as_disabled,
)

_RUNNING: Final[HassKey[_Running]] = HassKey(f"{DOMAIN}_migration")
# How often to look at the files, in seconds. Home Assistant writes them 10 s after the last
# change, and 180 s after it while it starts.
_LOOK_INTERVAL: Final = 5.0
# How long to wait for a file where something else waits for that, in seconds.
_MAX_WAIT: Final = 60.0


@dataclass(slots=True)
class _Running:
    """The lock that lets one migration run at a time, and the entry that holds it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    entry_id: str | None = None


@singleton(_RUNNING)
@callback
def _running(hass: HomeAssistant) -> _Running:
    """Get the lock."""
    return _Running()


@asynccontextmanager
async def async_running(
    hass: HomeAssistant, entry: TelldusConfigEntry
) -> AsyncIterator[None]:
    """Wait until no other migration runs, and be the one that does."""
    running = _running(hass)
    async with running.lock:
        running.entry_id = entry.entry_id
        try:
            yield
        finally:
            running.entry_id = None


@callback
def async_running_entry_id(hass: HomeAssistant) -> str | None:
    """Return the id of the entry whose migration runs, None if none does."""
    return _running(hass).entry_id


async def async_wait_until_stored(hass: HomeAssistant, record: MigrationRecord) -> None:
    """Wait for the registries' files, but not for ever."""
    await _async_wait(partial(async_is_stored, hass, record))


async def _async_keep_statistics(hass: HomeAssistant, record: MigrationRecord) -> None:
    """Let the statistics of what was moved over go on."""
    if "recorder" in hass.config.components:
        from ..history.recorder import async_set_units  # noqa: PLC0415

        registry = er.async_get(hass)
        rows = [registry.async_get(one.registry_id) for one in record.forward.entities]
        await async_set_units(hass, {row.entity_id for row in rows if row})


async def _async_wait(is_written: Callable[[], Awaitable[bool]]) -> None:
    """Wait until Home Assistant has written something, but not for ever."""
    try:
        async with asyncio.timeout(_MAX_WAIT):
            while not await is_written():
                await asyncio.sleep(_LOOK_INTERVAL)
    except TimeoutError:
        LOGGER.warning("Home Assistant has written nothing for a minute")


@callback
def async_watch_record(
    hass: HomeAssistant, entry: TelldusConfigEntry, record: MigrationRecord
) -> None:
    """Settle the stored record of an entry once the registries' files have what it says."""
    hass.async_create_background_task(
        _async_settle(hass, entry, record), f"{DOMAIN} migration record"
    )


async def _async_settle(
    hass: HomeAssistant, entry: TelldusConfigEntry, record: MigrationRecord
) -> None:
    """Wait for the registries' files, and store or remove the record.

    After going back, the entry is disabled only then: a start before that has to finish
    what was begun, and Home Assistant does not load what is disabled. The record goes last,
    since a start without it would load the entry.
    """
    while not await async_is_stored(hass, record):
        await asyncio.sleep(_LOOK_INTERVAL)
    store = MigrationStore(hass, entry)
    async with async_running(hass, entry):
        current = await store.async_load()
        if current is None or current.stage is not record.stage:
            # Another migration has begun since.
            return
        if record.is_taken_over:
            await _async_keep_statistics(hass, record)
            await store.async_save(replace(record, stage=MigrationStage.MOVED))
            return
        if record.stage is MigrationStage.RETURNING:
            await hass.config_entries.async_set_disabled_by(
                entry.entry_id, ConfigEntryDisabler.USER
            )
            await _async_wait(partial(async_is_stored_as_disabled, hass, entry))
        await store.async_remove()
