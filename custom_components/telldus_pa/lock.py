"""Locks."""

from typing import Any, override

from homeassistant.components.lock import LockEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import TelldusConfigEntry
from .devices.kinds import MAIN_ENTITY
from .entity import TelldusDeviceEntity, async_add_device_entities
from .pa_api import Method

# The rate limiter paces the requests; a limit here would only delay the optimistic state.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the locks of an account."""
    async_add_device_entities(
        entry, async_add_entities, Platform.LOCK, {MAIN_ENTITY: TelldusLock}
    )


class TelldusLock(TelldusDeviceEntity, LockEntity):
    """A lock; Telldus' "on" is locked."""

    @property
    @override
    def is_locked(self) -> bool | None:
        """Whether it is locked, None if unknown."""
        return self.device.is_on

    @override
    async def async_lock(self, **kwargs: Any) -> None:
        """Lock the lock."""
        await self.async_command(Method.TURNON)

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        """Unlock the lock."""
        await self.async_command(Method.TURNOFF)
