"""Moves entities and devices between an entry of tellduslive and one of this integration.

Both are stopped meanwhile. If anything goes wrong, both are left as they were.
"""

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
    OperationNotAllowed,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN
from ..data import TelldusConfigEntry
from .plan import MigrationAction, make_plan
from .records import MigrationRecord, MigrationStage, MigrationStore
from .settle import async_running, async_wait_until_stored, async_watch_record
from .tellduslive import async_unload_remaining
from .transaction import RegistryTransaction
from .transfer import forward_transfer, reverse_transfer


class MigrationError(HomeAssistantError):
    """An entry cannot be stopped, started or found; nothing has changed."""


async def async_take_over(
    hass: HomeAssistant, entry: TelldusConfigEntry, core_entry_id: str
) -> None:
    """Move what has a counterpart here from tellduslive, and disable its entry.

    The plan is made when no other migration runs any more. Raises MigrationError, or what a
    registry or the storage raised; then nothing has changed.
    """
    store = MigrationStore(hass, entry)
    async with async_running(hass, entry), AsyncExitStack() as rollback:
        core_entry = hass.config_entries.async_get_entry(core_entry_id)
        if core_entry is None or await async_owner(hass, core_entry):
            raise MigrationError(
                translation_domain=DOMAIN, translation_key="nothing_to_take_over"
            )
        if entry.state is not ConfigEntryState.LOADED:
            raise MigrationError(
                translation_domain=DOMAIN, translation_key="not_running"
            )
        plan = make_plan(hass, entry, core_entry_id)
        record = MigrationRecord(
            core_entry_id,
            MigrationStage.MOVING,
            forward_transfer(hass, plan),
            reverse_transfer(hass, entry, plan),
            plan.entities_with(MigrationAction.REPLACED),
        )
        helpers = helper_entries(hass, record)
        for one in (core_entry, entry, *helpers):
            await async_stop(hass, one, rollback)
        await store.async_begin(record)
        cancelled = replace(record, stage=MigrationStage.CANCELLED)
        rollback.push_async_callback(_async_store, hass, entry, cancelled)
        transaction = await async_move(hass, entry, core_entry, record, rollback)
        await _async_start(hass, entry, rollback)
        transaction.async_commit(entry)
    async_watch_record(hass, entry, record)


async def async_move(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    core_entry: ConfigEntry[Any],
    record: MigrationRecord,
    rollback: AsyncExitStack,
) -> RegistryTransaction:
    """Move what a record names from tellduslive; nothing may be loaded."""
    transaction = RegistryTransaction(hass)
    rollback.callback(transaction.async_roll_back)
    transaction.async_apply(record.forward, core_entry, entry)
    for migration in record.replaced:
        transaction.async_copy_customizations(migration, entry)
    for one in (core_entry, *helper_entries(hass, record)):
        await _async_set_disabled_by(hass, one, ConfigEntryDisabler.USER)
    return transaction


async def async_revert(hass: HomeAssistant, entry: TelldusConfigEntry) -> None:
    """Give everything back to tellduslive, enable its entry, and stop this one.

    It is disabled when the registries on disk have that. Raises MigrationError, or what a
    registry or the storage raised; then nothing has changed.
    """
    store = MigrationStore(hass, entry)
    async with async_running(hass, entry), AsyncExitStack() as rollback:
        record = await store.async_load()
        if (
            record is None
            or not record.is_taken_over
            or (core_entry := record.core_entry(hass)) is None
        ):
            raise MigrationError(
                translation_domain=DOMAIN, translation_key="no_way_back"
            )
        for one in (entry, core_entry, *helper_entries(hass, record)):
            await async_stop(hass, one, rollback)
        returning = replace(record, stage=MigrationStage.RETURNING)
        await store.async_begin(returning)
        # The registries on disk may have been given back by then.
        moving = replace(record, stage=MigrationStage.MOVING)
        rollback.push_async_callback(_async_store, hass, entry, moving)
        await async_give_back(hass, entry, core_entry, record, rollback)
    async_watch_record(hass, entry, returning)


async def async_give_back(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    core_entry: ConfigEntry[Any],
    record: MigrationRecord,
    rollback: AsyncExitStack,
) -> None:
    """Give back what a record names, and start tellduslive; nothing may be loaded."""
    transaction = RegistryTransaction(hass)
    rollback.callback(transaction.async_roll_back)
    transaction.async_apply(record.reverse, entry, core_entry)
    await _async_start(hass, core_entry, rollback)
    transaction.async_commit(core_entry)
    for helper in helper_entries(hass, record):
        await _async_set_disabled_by(hass, helper, None)


async def async_restore_on_removal(
    hass: HomeAssistant, entry: TelldusConfigEntry
) -> None:
    """Give back what an entry has taken over; the entry is about to be removed.

    Home Assistant deletes what still belongs to it afterwards, so nothing stops this: what
    could not be unloaded is taken away, and one failure does not keep the rest.
    """
    store = MigrationStore(hass, entry)
    record = await store.async_load()
    if record is None or (core_entry := record.core_entry(hass)) is None:
        return
    # The power may go before the entry is removed on disk.
    await store.async_save(replace(record, stage=MigrationStage.RETURNING))
    await async_unload_remaining(hass, entry)
    transaction = RegistryTransaction(hass)
    transaction.async_apply(record.reverse, entry, core_entry, skip_failures=True)
    transaction.async_commit(core_entry)
    for helper in helper_entries(hass, record):
        await _async_set_disabled_by(hass, helper, None)
    if core_entry.state is ConfigEntryState.LOADED:
        # It has created other entities in place of those that it has got back.
        hass.config_entries.async_schedule_reload(core_entry.entry_id)
    # Home Assistant writes that the entry is gone at once, and the registries later.
    await async_wait_until_stored(hass, record)


async def async_taken_over_from(
    hass: HomeAssistant, entry: TelldusConfigEntry
) -> ConfigEntry[Any] | None:
    """Look up the entry from which an entry has taken over, None if there is none."""
    record = await MigrationStore(hass, entry).async_load()
    return record.core_entry(hass) if record and record.is_taken_over else None


async def async_owner(
    hass: HomeAssistant, core_entry: ConfigEntry[Any]
) -> TelldusConfigEntry | None:
    """Look up the entry that has taken over from an entry of tellduslive.

    Only one can, also where accounts share gateways: that one goes back.
    """
    for entry in hass.config_entries.async_entries(DOMAIN):
        if await async_taken_over_from(hass, entry) is core_entry:
            return entry
    return None


def helper_entries(
    hass: HomeAssistant, record: MigrationRecord
) -> list[ConfigEntry[Any]]:
    """List the entries of the helpers whose place is taken, each once."""
    registry = er.async_get(hass)
    rows = (registry.async_get(one) for one, _ in record.reverse.helper_entity_ids)
    entries = {
        row.config_entry_id: hass.config_entries.async_get_entry(row.config_entry_id)
        for row in rows
        if row and row.config_entry_id
    }
    return [entry for entry in entries.values() if entry]


async def async_stop(
    hass: HomeAssistant, entry: ConfigEntry[Any], rollback: AsyncExitStack
) -> None:
    """Unload an entry; the roll-back enables and loads it if it was."""
    disabled_by = entry.disabled_by
    try:
        is_unloaded = await hass.config_entries.async_unload(entry.entry_id)
    except OperationNotAllowed:
        # It is being set up, or could not be unloaded before.
        is_unloaded = False
    if not is_unloaded:
        raise MigrationError(
            translation_domain=DOMAIN,
            translation_key="cannot_stop",
            translation_placeholders={"name": entry.title},
        )

    async def async_start() -> None:
        """Enable and load the entry, or disable it, as it was."""
        if entry.disabled_by is disabled_by:
            await hass.config_entries.async_reload(entry.entry_id)
        else:
            await hass.config_entries.async_set_disabled_by(entry.entry_id, disabled_by)

    rollback.push_async_callback(async_start)
    await async_unload_remaining(hass, entry)


async def _async_start(
    hass: HomeAssistant, receiver: ConfigEntry[Any], rollback: AsyncExitStack
) -> None:
    """Enable and load the receiver; nothing is rolled back afterwards."""
    entries = hass.config_entries
    rollback.push_async_callback(entries.async_unload, receiver.entry_id)
    await _async_set_disabled_by(hass, receiver, None)
    if receiver.state is ConfigEntryState.NOT_LOADED:
        await entries.async_setup(receiver.entry_id)
    # While Telldus cannot be reached, Home Assistant tries again.
    if receiver.state not in (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY):
        raise MigrationError(
            translation_domain=DOMAIN,
            translation_key="cannot_start",
            translation_placeholders={"name": receiver.title},
        )
    rollback.pop_all()


async def _async_set_disabled_by(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    disabled_by: ConfigEntryDisabler | None,
) -> None:
    """Disable or enable an entry, and its rows.

    After a power cut it may be so already, and its rows not: they are written later.
    """
    if entry.disabled_by is disabled_by:
        dr.async_config_entry_disabled_by_changed(dr.async_get(hass), entry)
        er.async_config_entry_disabled_by_changed(er.async_get(hass), entry)
    else:
        await hass.config_entries.async_set_disabled_by(entry.entry_id, disabled_by)


async def _async_store(
    hass: HomeAssistant, entry: TelldusConfigEntry, record: MigrationRecord
) -> None:
    """Store what was rolled back to: the registries on disk may not have it yet."""
    await MigrationStore(hass, entry).async_save(record)
    async_watch_record(hass, entry, record)
