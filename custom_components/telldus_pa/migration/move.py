"""Moves entities and devices between an entry of tellduslive and one of this integration.

Both are stopped meanwhile. If anything goes wrong, both are left as they were.
"""

import asyncio
from contextlib import AsyncExitStack, ExitStack
from typing import Any, Final

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.singleton import singleton
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..data import TelldusConfigEntry
from .plan import MigrationAction, MigrationPlan
from .records import MigrationStore, forward_transfer, reverse_transfer
from .tellduslive import async_unload_remaining
from .transaction import RegistryTransaction

_LOCK: Final[HassKey[asyncio.Lock]] = HassKey(f"{DOMAIN}_migration")


class MigrationError(HomeAssistantError):
    """An entry cannot be stopped, started or found; nothing has changed."""


async def async_take_over(
    hass: HomeAssistant, entry: TelldusConfigEntry, plan: MigrationPlan
) -> None:
    """Move what a plan names from tellduslive, and disable its entry.

    Raises MigrationError, or what a registry or the storage raised; then nothing has changed.
    """
    core_entry = hass.config_entries.async_get_known_entry(plan.core_entry_id)
    store = MigrationStore(hass, entry)
    transaction = RegistryTransaction(hass)
    async with _lock(hass), AsyncExitStack() as rollback:
        await _async_stop(hass, core_entry, rollback)
        await _async_stop(hass, entry, rollback)
        rollback.push_async_callback(store.async_remove)
        await store.async_save(core_entry.entry_id, reverse_transfer(hass, entry, plan))
        rollback.callback(transaction.async_roll_back)
        transaction.async_apply(forward_transfer(hass, plan), core_entry, entry)
        for migration in plan.entities_with(MigrationAction.REPLACED):
            transaction.async_copy_customizations(migration, entry)
        await _async_switch_entries(hass, core_entry, entry, rollback)
        transaction.async_commit()


async def async_revert(hass: HomeAssistant, entry: TelldusConfigEntry) -> None:
    """Give everything back to tellduslive, enable its entry, and disable this one.

    Raises MigrationError, or what a registry or the storage raised; then nothing has changed.
    """
    store = MigrationStore(hass, entry)
    transaction = RegistryTransaction(hass)
    async with _lock(hass), AsyncExitStack() as rollback:
        core_entry, transfer = await store.async_load()
        if core_entry is None:
            raise MigrationError(
                translation_domain=DOMAIN, translation_key="no_way_back"
            )
        await _async_stop(hass, entry, rollback)
        await _async_stop(hass, core_entry, rollback)
        rollback.callback(transaction.async_roll_back)
        transaction.async_apply(transfer, entry, core_entry)
        await _async_switch_entries(hass, entry, core_entry, rollback)
        transaction.async_commit()
    await store.async_remove()


async def async_restore_on_removal(
    hass: HomeAssistant, entry: TelldusConfigEntry
) -> None:
    """Give back what an entry has taken over; the entry is about to be removed."""
    core_entry, transfer = await MigrationStore(hass, entry).async_load()
    if core_entry is None:
        return
    transaction = RegistryTransaction(hass)
    with ExitStack() as rollback:
        rollback.callback(transaction.async_roll_back)
        transaction.async_apply(transfer, entry, core_entry)
        rollback.pop_all()
    transaction.async_commit()
    if core_entry.state is ConfigEntryState.LOADED:
        # It has created other entities in place of those that it has got back.
        hass.config_entries.async_schedule_reload(core_entry.entry_id)


async def async_taken_over_from(
    hass: HomeAssistant, entry: TelldusConfigEntry
) -> ConfigEntry[Any] | None:
    """Look up the entry from which an entry has taken over, None if there is none."""
    return (await MigrationStore(hass, entry).async_load())[0]


@singleton(_LOCK)
@callback
def _lock(hass: HomeAssistant) -> asyncio.Lock:
    """Get the lock that lets one migration run at a time."""
    return asyncio.Lock()


async def _async_stop(
    hass: HomeAssistant, entry: ConfigEntry[Any], rollback: AsyncExitStack
) -> None:
    """Unload an entry; the roll-back enables and loads it if it was."""
    disabled_by = entry.disabled_by
    if not await hass.config_entries.async_unload(entry.entry_id):
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


async def _async_switch_entries(
    hass: HomeAssistant,
    giver: ConfigEntry[Any],
    receiver: ConfigEntry[Any],
    rollback: AsyncExitStack,
) -> None:
    """Disable the giver and start the receiver; nothing is rolled back afterwards."""
    entries = hass.config_entries
    rollback.push_async_callback(entries.async_unload, receiver.entry_id)
    await entries.async_set_disabled_by(giver.entry_id, ConfigEntryDisabler.USER)
    if receiver.disabled_by:
        await entries.async_set_disabled_by(receiver.entry_id, None)
    else:
        await entries.async_setup(receiver.entry_id)
    # While Telldus cannot be reached, Home Assistant tries again.
    if receiver.state not in (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY):
        raise MigrationError(
            translation_domain=DOMAIN,
            translation_key="cannot_start",
            translation_placeholders={"name": receiver.title},
        )
    rollback.pop_all()
