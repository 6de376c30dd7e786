"""Hands what a plan names from one integration's entry to another's, and back.

Both entries are stopped meanwhile. Whatever goes wrong, all is as it was: each change to
the registries is made along with what takes it back. Entities go before their devices, in
both directions, since Home Assistant removes those of an entry that a device has left.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.entity_component import DATA_INSTANCES
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.helpers.singleton import singleton
from homeassistant.helpers.typing import UNDEFINED
from homeassistant.util.hass_dict import HassKey

from ..account.storage import StorageKey, entry_store
from ..const import DOMAIN
from .plan import (
    DeviceMigration,
    EntityMigration,
    MigrationAction,
    MigrationPlan,
    entity_id_of,
)
from .tellduslive import TELLDUSLIVE_DOMAIN

_LOCK: Final[HassKey[asyncio.Lock]] = HassKey(f"{DOMAIN}_takeover")

# What an integration told of an entity: Home Assistant does not remember it of what was
# removed, other than what a person has chosen.
_ENTITY_FIELDS: Final = (
    "capabilities",
    "device_id",
    "entity_category",
    "has_entity_name",
    "object_id_base",
    "original_device_class",
    "original_icon",
    "original_name",
    "suggested_object_id",
    "supported_features",
    "translation_key",
    "unit_of_measurement",
)
# The same of a device, none of which a person has chosen.
_DEVICE_FIELDS: Final = (
    "configuration_url",
    "entry_type",
    "hw_version",
    "manufacturer",
    "model",
    "model_id",
    "name",
    "serial_number",
    "sw_version",
    "via_device_id",
)
# What a person has chosen for it.
_USER_FIELDS: Final = ("name_by_user", "area_id", "labels")

type Devices = tuple[dr.DeviceEntry, ...]


class MigrationError(HomeAssistantError):
    """An entry could not be stopped or started; nothing has changed."""


@dataclass(frozen=True, slots=True)
class EntityTransfer:
    """An entity by its id in the registry, and what it has with its new owner."""

    row_id: str
    unique_id: str
    device_id: str | None


@dataclass(frozen=True, slots=True)
class DeviceTransfer:
    """A device, what it is with its new owner, and what is one with it there.

    On the way back it is known what that owner had told of it, and what a person had
    chosen before it was given what was chosen for another: both, by name.
    """

    device_id: str
    identifiers: tuple[str, ...]
    merged_device_ids: tuple[str, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    chosen: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RegistryTransfer:
    """All that goes from one entry to another; kept in the storage for the way back."""

    entities: tuple[EntityTransfer, ...] = ()
    devices: tuple[DeviceTransfer, ...] = ()
    # Of what stays with its entry: the device that it is to have.
    device_links: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def from_store(cls, stored: dict[str, Any]) -> RegistryTransfer:
        """Return one that was written down."""
        return cls(
            tuple(EntityTransfer(**one) for one in stored["entities"]),
            tuple(
                DeviceTransfer(
                    one["device_id"],
                    tuple(one["identifiers"]),
                    told=_told_again(one["told"]),
                    chosen=one["chosen"],
                )
                for one in stored["devices"]
            ),
            tuple((row_id, device_id) for row_id, device_id in stored["attached"]),
        )


class RegistryTransaction:
    """Changes both registries, and remembers how to take each change back."""

    def __init__(self, hass: HomeAssistant, undo: AsyncExitStack) -> None:
        """Have what was changed taken back when ``undo`` is closed."""
        self._hass = hass
        self._entities = er.async_get(hass)
        self._devices = dr.async_get(hass)
        # Closed in the opposite order: entities before devices.
        self._undo_devices = undo.enter_context(ExitStack())
        self._undo_entities = undo.enter_context(ExitStack())
        self._to_remove: list[str] = []

    @callback
    def async_apply(
        self, transfer: RegistryTransfer, giver: ConfigEntry, taker: ConfigEntry
    ) -> None:
        """Hand over everything that is still the giver's."""
        for entity in transfer.entities:
            row = self._entities.async_get(entity.row_id)
            if row and row.config_entry_id == giver.entry_id:
                self._move_entity(row, taker, entity)
        for row_id, device_id in transfer.device_links:
            if row := self._entities.async_get(row_id):
                self._attach(row, self._existing(device_id))
        for one in transfer.devices:
            device = self._devices.async_get(one.device_id)
            if isinstance(device, dr.DeviceEntry) and (
                device.config_entry_id == giver.entry_id
            ):
                self._move_device(device, taker, one)

    @callback
    def copy_customizations(self, move: EntityMigration, taker: ConfigEntry) -> None:
        """Give our entity what theirs is called and all else that a person has chosen.

        Theirs stays what it is: a row of the registry cannot become another platform's.
        """
        theirs = self._entities.entities[move.entity_id]
        ours = self._entities.async_get_or_create(
            move.platform, DOMAIN, move.unique_id, config_entry=taker
        )
        before: dict[str, Any] = {
            "new_entity_id": ours.entity_id,
            "name": ours.name,
            "icon": ours.icon,
            "aliases": ours.aliases,
            "labels": ours.labels,
            "categories": ours.categories,
            "hidden_by": ours.hidden_by,
            "disabled_by": ours.disabled_by,
        }
        changes: dict[str, Any] = {
            "name": theirs.name or ours.name,
            "icon": theirs.icon or ours.icon,
            "aliases": theirs.aliases,
            "labels": theirs.labels | ours.labels,
            "categories": {**ours.categories, **theirs.categories},
            "hidden_by": theirs.hidden_by,
            "new_entity_id": entity_id_of(self._hass, move),
        }
        if theirs.disabled_by is er.RegistryEntryDisabler.USER:
            changes["disabled_by"] = theirs.disabled_by
        row = self._entities.async_update_entity(ours.entity_id, **changes)
        self._undo_entities.callback(
            self._entities.async_update_entity, row.entity_id, **before
        )
        for domain, options in theirs.options.items():
            # What a lamp can be set to means nothing to a blind.
            if domain != theirs.domain:
                self._set_options(row, domain, options)
        if theirs.area_id:
            self._set_area(row, theirs.area_id)

    @callback
    def async_finish(self) -> None:
        """Remove what had to make room; there is no way back now."""
        for device_id in self._to_remove:
            self._devices.async_remove_device(device_id)

    def _existing(self, device_id: str | None) -> str | None:
        """Return the id of a device if there is one."""
        return device_id if device_id and self._devices.async_get(device_id) else None

    def _move_entity(
        self, row: er.RegistryEntry, taker: ConfigEntry, to: EntityTransfer
    ) -> None:
        """Give an entity to another entry, in place of one that is the same there."""
        if rival := self._entities.async_get_entity_id(
            row.domain, taker.domain, to.unique_id
        ):
            self._remove(self._entities.entities[rival])
        update = self._entities.async_update_entity_platform
        update(
            row.entity_id,
            taker.domain,
            new_config_entry_id=taker.entry_id,
            new_unique_id=to.unique_id,
            new_device_id=self._existing(to.device_id),
        )
        self._undo_entities.callback(
            update,
            row.entity_id,
            row.platform,
            new_config_entry_id=row.config_entry_id or UNDEFINED,
            new_unique_id=row.unique_id,
            new_device_id=row.device_id,
        )

    def _remove(self, row: er.RegistryEntry) -> None:
        """Remove an entity. Home Assistant remembers what a person chose for it."""
        self._entities.async_remove(row.entity_id)
        self._undo_entities.callback(
            self._entities.async_get_or_create,
            row.domain,
            row.platform,
            row.unique_id,
            config_entry=self._hass.config_entries.async_get_entry(
                row.config_entry_id or ""
            ),
            **{name: getattr(row, name) for name in _ENTITY_FIELDS},
        )

    def _attach(self, row: er.RegistryEntry, device_id: str | None) -> None:
        """Say to which device an entity belongs."""
        update = self._entities.async_update_entity
        update(row.entity_id, device_id=device_id)
        self._undo_entities.callback(update, row.entity_id, device_id=row.device_id)

    def _set_options(self, row: er.RegistryEntry, domain: str, options: Any) -> None:
        """Set one domain's options of an entity."""
        update = self._entities.async_update_entity_options
        update(row.entity_id, domain, options)
        self._undo_entities.callback(
            update, row.entity_id, domain, row.options.get(domain)
        )

    def _set_area(self, row: er.RegistryEntry, area_id: str) -> None:
        """Put an entity into an area, or its device if only that may have one.

        Newer versions want it so where an entity has no name of its own.
        """
        update = self._entities.async_update_entity
        try:
            update(row.entity_id, area_id=area_id)
        except ValueError:
            device = self._devices.async_get(row.device_id or "")
            if device and not device.area_id:
                update_device = self._devices.async_update_device
                update_device(device.id, area_id=area_id)
                self._undo_devices.callback(update_device, device.id, area_id=None)
        else:
            self._undo_entities.callback(update, row.entity_id, area_id=row.area_id)

    def _move_device(
        self, device: dr.DeviceEntry, taker: ConfigEntry, to: DeviceTransfer
    ) -> None:
        """Give a device to another entry, in place of those that are the same there."""
        for row in er.async_entries_for_device(
            self._entities, device.id, include_disabled_entities=True
        ):
            if row.config_entry_id == device.config_entry_id:
                # Home Assistant would remove it.
                self._attach(row, None)
        rivals = _rivals(self._devices, taker, to.identifiers)
        for rival in rivals:
            self._set_placeholder_identifier(rival)
        update = self._devices.async_update_device
        update(
            device.id,
            new_config_entry_id=taker.entry_id,
            new_identifiers={(taker.domain, one) for one in to.identifiers},
            **self._user_settings(device, to, rivals),
            **self._integration_fields(to),
        )
        self._undo_devices.callback(
            update,
            device.id,
            new_config_entry_id=device.config_entry_id,
            new_identifiers=device.identifiers,
            **{
                name: getattr(device, name) for name in (*_USER_FIELDS, *_DEVICE_FIELDS)
            },
        )
        for rival in rivals:
            for row in er.async_entries_for_device(
                self._entities, rival.id, include_disabled_entities=True
            ):
                self._attach(row, device.id)

    def _user_settings(
        self, device: dr.DeviceEntry, to: DeviceTransfer, rivals: Devices
    ) -> dict[str, Any]:
        """Return what a person has chosen for a device, or before it was two."""
        chosen = _filled(
            device, (*_devices(self._devices, to.merged_device_ids), *rivals)
        )
        for name, (before, given) in to.chosen.items():
            if _plain(getattr(device, name)) == given:
                chosen[name] = set(before) if isinstance(before, list) else before
        return chosen

    def _integration_fields(self, to: DeviceTransfer) -> dict[str, Any]:
        """Return what its new owner told of a device, as far as that still makes sense."""
        told = {**to.told}
        if "via_device_id" in told:
            told["via_device_id"] = self._existing(told["via_device_id"])
        return told

    def _set_placeholder_identifier(self, device: dr.DeviceEntry) -> None:
        """Have a device make room, so that it can have its identity back."""
        update = self._devices.async_update_device
        update(device.id, new_identifiers={(DOMAIN, device.id)})
        self._undo_devices.callback(
            update, device.id, new_identifiers=device.identifiers
        )
        self._to_remove.append(device.id)


def _told_again(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was written down of what an integration told."""
    kind = stored["entry_type"]
    return {**stored, "entry_type": kind and dr.DeviceEntryType(kind)}


def _devices(registry: dr.DeviceRegistry, device_ids: Iterable[str]) -> Devices:
    """Return devices by their ids, those that there are."""
    found = (registry.async_get(device_id) for device_id in device_ids)
    return tuple(device for device in found if isinstance(device, dr.DeviceEntry))


def _rivals(
    registry: dr.DeviceRegistry, taker: ConfigEntry, identifiers: Iterable[str]
) -> Devices:
    """Return the devices of an entry that have one of these identifiers, each once."""
    found = (
        registry.async_get_device_by_identifier((taker.domain, one), taker.entry_id)
        for one in identifiers
    )
    return tuple({device.id: device for device in found if device}.values())


def _filled(device: dr.DeviceEntry, others: Devices) -> dict[str, Any]:
    """Return what a person chose for a device, or else for what becomes one with it."""
    devices = (device, *others)
    return {
        "name_by_user": next(filter(None, (one.name_by_user for one in devices)), None),
        "area_id": next(filter(None, (one.area_id for one in devices)), None),
        "labels": set().union(*(one.labels for one in devices)),
    }


def _plain(value: set[str] | str | None) -> list[str] | str | None:
    """Return what a person has chosen in the way it is written down."""
    return sorted(value) if isinstance(value, set) else value


async def async_take_over(
    hass: HomeAssistant, entry: ConfigEntry[Any], plan: MigrationPlan
) -> None:
    """Have an entry take over from Home Assistant's own integration, which is disabled.

    Raises whatever went wrong. Then all is as it was.
    """
    core = hass.config_entries.async_get_known_entry(plan.core_id)
    record = MigrationStore(hass, entry)
    async with _lock(hass), AsyncExitStack() as undo:
        await _async_stop(hass, core, undo)
        await _async_stop(hass, entry, undo)
        undo.push_async_callback(record.async_remove)
        await record.async_save(core.entry_id, _reverse_transfer(hass, entry, plan))
        registries = RegistryTransaction(hass, undo)
        registries.async_apply(_forward_transfer(hass, plan), core, entry)
        for move in plan.entities:
            if move.fate is MigrationAction.REPLACED:
                registries.copy_customizations(move, entry)
        await _async_switch_entries(hass, core, entry, undo)
        registries.async_finish()


async def async_revert(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Give Home Assistant's own integration everything back, and disable ours.

    Raises whatever went wrong. Then all is as it was.
    """
    record = MigrationStore(hass, entry)
    async with _lock(hass), AsyncExitStack() as undo:
        core, transfer = await record.async_load()
        if core is None:
            raise MigrationError
        await _async_stop(hass, entry, undo)
        await _async_stop(hass, core, undo)
        registries = RegistryTransaction(hass, undo)
        registries.async_apply(transfer, entry, core)
        await _async_switch_entries(hass, entry, core, undo)
        registries.async_finish()
    await record.async_remove()


async def async_restore_on_removal(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> None:
    """Give back what was taken over: the entry is about to be removed."""
    core, transfer = await MigrationStore(hass, entry).async_load()
    if core is None:
        return
    async with AsyncExitStack() as undo:
        registries = RegistryTransaction(hass, undo)
        registries.async_apply(transfer, entry, core)
        undo.pop_all()
        registries.async_finish()
    if core.state is ConfigEntryState.LOADED:
        # It shows something else for what it has got back.
        hass.config_entries.async_schedule_reload(core.entry_id)


async def async_taken_over_from(
    hass: HomeAssistant, entry: ConfigEntry[Any]
) -> ConfigEntry | None:
    """Return the entry from which an entry has taken over, if that is still there."""
    return (await MigrationStore(hass, entry).async_load())[0]


class MigrationStore:
    """What was taken over, as it is written down."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Take hold of the storage."""
        self._hass = hass
        self._store = entry_store(hass, StorageKey.TAKEOVER, entry.entry_id)

    async def async_load(self) -> tuple[ConfigEntry | None, RegistryTransfer]:
        """Return the other entry, None if there is none, and what it gets back."""
        stored = await self._store.async_load()
        if not stored:
            return None, RegistryTransfer()
        core = self._hass.config_entries.async_get_entry(stored["core"])
        return core, RegistryTransfer.from_store(stored)

    async def async_save(self, core_id: str, transfer: RegistryTransfer) -> None:
        """Write down what it gets back."""
        await self._store.async_save({"core": core_id, **asdict(transfer)})

    async def async_remove(self) -> None:
        """Forget it."""
        await self._store.async_remove()


@singleton(_LOCK)
@callback
def _lock(hass: HomeAssistant) -> asyncio.Lock:
    """Return what lets one move after the other."""
    return asyncio.Lock()


def _forward_transfer(hass: HomeAssistant, plan: MigrationPlan) -> RegistryTransfer:
    """Return what goes to our entry."""
    registry = er.async_get(hass)
    survivors = {
        device_id: move.primary_device_id
        for move in plan.devices
        for device_id in move.device_ids
    }
    return RegistryTransfer(
        entities=tuple(
            EntityTransfer(row.id, move.unique_id, survivors.get(row.device_id or ""))
            for move in plan.entities
            if move.fate is MigrationAction.MOVES
            and (row := registry.async_get(move.entity_id))
        ),
        devices=tuple(
            DeviceTransfer(
                move.primary_device_id,
                tuple(sorted(move.identifiers)),
                tuple(one for one in move.device_ids if one != move.primary_device_id),
            )
            for move in plan.devices
        ),
    )


def _reverse_transfer(
    hass: HomeAssistant, entry: ConfigEntry, plan: MigrationPlan
) -> RegistryTransfer:
    """Return what goes back to theirs one day, as it is now."""
    registry = er.async_get(hass)
    moving = {
        row.id: row
        for move in plan.entities
        if move.fate is MigrationAction.MOVES
        and (row := registry.async_get(move.entity_id))
    }
    return RegistryTransfer(
        entities=tuple(
            EntityTransfer(row.id, row.unique_id, row.device_id)
            for row in moving.values()
        ),
        devices=tuple(
            _device_back(hass, entry, move, device)
            for move in plan.devices
            for device in _devices(dr.async_get(hass), (move.primary_device_id,))
        ),
        device_links=tuple(
            (row.id, row.device_id)
            for row in er.async_entries_for_config_entry(registry, plan.core_id)
            if row.id not in moving
        ),
    )


def _device_back(
    hass: HomeAssistant,
    entry: ConfigEntry,
    move: DeviceMigration,
    device: dr.DeviceEntry,
) -> DeviceTransfer:
    """Return how a device goes back one day."""
    registry = dr.async_get(hass)
    others = _devices(registry, (one for one in move.device_ids if one != device.id))
    filled = _filled(device, (*others, *_rivals(registry, entry, move.identifiers)))
    return DeviceTransfer(
        device.id,
        tuple(
            one for domain, one in device.identifiers if domain == TELLDUSLIVE_DOMAIN
        ),
        told={name: getattr(device, name) for name in _DEVICE_FIELDS},
        chosen={
            name: (before, given)
            for name in _USER_FIELDS
            if (before := _plain(getattr(device, name)))
            != (given := _plain(filled[name]))
        },
    )


async def _async_stop(
    hass: HomeAssistant, entry: ConfigEntry[Any], undo: AsyncExitStack
) -> None:
    """Unload an entry, and have it as it was when that is taken back."""
    disabled_by = entry.disabled_by
    if not await hass.config_entries.async_unload(entry.entry_id):
        raise MigrationError(f"{entry.title} cannot be stopped")
    await _async_unload_rest(hass, entry)

    async def async_start_again() -> None:
        """Let it run again, if it did."""
        if entry.disabled_by is disabled_by:
            await hass.config_entries.async_reload(entry.entry_id)
        else:
            await hass.config_entries.async_set_disabled_by(entry.entry_id, disabled_by)

    undo.push_async_callback(async_start_again)


async def _async_unload_rest(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Unload entities that are left: Home Assistant 2026.8's own unloads none."""
    components = hass.data[DATA_INSTANCES]
    left = [
        platform
        for platform in async_get_platforms(hass, entry.domain)
        if platform.config_entry is entry and platform.entities
    ]
    for platform in left:
        with suppress(ValueError):
            # After a reload it may be another than the one that is known.
            await components[platform.domain].async_unload_entry(entry)
        await platform.async_reset()


async def _async_switch_entries(
    hass: HomeAssistant,
    giver: ConfigEntry[Any],
    taker: ConfigEntry[Any],
    undo: AsyncExitStack,
) -> None:
    """Disable the one entry and start the other: then nothing is taken back any more."""
    entries = hass.config_entries
    undo.push_async_callback(entries.async_unload, taker.entry_id)
    await entries.async_set_disabled_by(giver.entry_id, ConfigEntryDisabler.USER)
    if taker.disabled_by:
        await entries.async_set_disabled_by(taker.entry_id, None)
    else:
        await entries.async_setup(taker.entry_id)
    # If it cannot be reached now, Home Assistant tries again.
    if taker.state not in (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY):
        raise MigrationError(f"{taker.title} cannot be started")
    undo.pop_all()
