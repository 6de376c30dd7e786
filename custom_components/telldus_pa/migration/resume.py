"""Finishes a migration at the start of an entry, where a power cut came before the end."""

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady

from ..const import DOMAIN, LOGGER
from ..data import TelldusConfigEntry
from .move import (
    MigrationError,
    async_give_back,
    async_move,
    async_stop,
    helper_entries,
)
from .records import (
    MigrationRecord,
    MigrationStage,
    MigrationStore,
    async_is_stored_as_disabled,
)
from .settle import async_running, async_running_entry_id, async_watch_record


async def async_resume(hass: HomeAssistant, entry: TelldusConfigEntry) -> None:
    """Finish the migration of an entry that is about to be set up.

    Raises ConfigEntryNotReady where that has to be tried again, and where the entry has gone
    back: it is disabled then.
    """
    store = MigrationStore(hass, entry)
    record = await store.async_load()
    if record is None or record.stage is MigrationStage.MOVED:
        return
    core_entry = record.core_entry(hass)
    running_entry_id = async_running_entry_id(hass)
    if core_entry is None or running_entry_id == entry.entry_id:
        return
    if running_entry_id:
        # It may wait for this entry to be set up.
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN, translation_key="migration_running"
        )
    if (
        record.stage is MigrationStage.RETURNING
        and not record.reverse.async_is_pending(hass, entry)
        and await async_is_stored_as_disabled(hass, entry)
    ):
        # The end of going back. A person has just enabled the entry again.
        await store.async_remove()
        return
    async with async_running(hass, entry):
        try:
            await _async_finish(hass, entry, core_entry, record)
        except MigrationError as err:
            raise ConfigEntryNotReady(
                translation_domain=DOMAIN, translation_key="migration_running"
            ) from err
        except Exception:  # noqa: BLE001
            LOGGER.exception("A migration that was interrupted cannot be finished")
            if not record.reverse.async_is_pending(hass, entry):
                # All is still theirs, and can be moved by another try.
                record = replace(record, stage=MigrationStage.CANCELLED)
                await store.async_save(record)
    async_watch_record(hass, entry, record)
    if record.stage is MigrationStage.RETURNING:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="gone_back",
            translation_placeholders={"name": entry.title},
        )


async def _async_finish(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    core_entry: ConfigEntry[Any],
    record: MigrationRecord,
) -> None:
    """Move over or back what the registries on disk did not have."""
    is_forward = record.stage is MigrationStage.MOVING
    transfer = record.forward if is_forward else record.reverse
    if not transfer.async_is_pending(hass, core_entry if is_forward else entry):
        return
    LOGGER.warning("A migration was interrupted, and is finished now")
    async with AsyncExitStack() as rollback:
        for one in (core_entry, *helper_entries(hass, record)):
            await async_stop(hass, one, rollback)
        if is_forward:
            transaction = await async_move(hass, entry, core_entry, record, rollback)
            transaction.async_commit(entry)
            rollback.pop_all()
        else:
            await async_give_back(hass, entry, core_entry, record, rollback)
