"""Rooms at Telldus, suggested as areas.

Devices name their room by its id. The names come from a function that nobody is known to
have called yet, so a rejection is expected.
Source: docs/dev/telldus-api.md, "Scheduler, events, user, rooms".
"""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntry

from ..pa_api import Device, RequestDeferredError, Room, TelldusError
from .account import TelldusAccount
from .daily import DailyFetch
from .storage import StorageKey

_SAVE_DELAY: Final = 60
# All other lists have a plural for a name.
_FORMER_FUNCTION: Final = "room/list"


class Rooms(DailyFetch[tuple[Room, ...]]):
    """The names of an account's rooms."""

    section = StorageKey.ROOMS
    schema = {"names": {str: str}, "suggested": [str], "is_former": bool}

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize the rooms as never fetched."""
        super().__init__(hass, entry_id)
        self._names: dict[str, str] = {}
        # Whether to call the function by its former name.
        self._is_former = False
        # Ids of the devices whose room was suggested, and is not suggested again.
        self._suggested: set[str] = set()

    def name_of(self, device: Device) -> str | None:
        """Return the name of a device's room, None if it is not known."""
        return self._names.get(device.room or "")

    @callback
    def async_suggest(self, device: Device, entry: DeviceEntry | None) -> None:
        """Put a device into its room's area, once, unless it is in one.

        Home Assistant does so itself when a device is created with ``suggested_area``, but
        a room's name may come later than its devices.
        """
        if device.id in self._suggested or not (name := self.name_of(device)):
            return
        self._suggested.add(device.id)
        self._store.async_delay_save(self._to_store, _SAVE_DELAY)
        if entry and entry.area_id is None:
            area = ar.async_get(self._hass).async_get_or_create(name)
            dr.async_get(self._hass).async_update_device(entry.id, area_id=area.id)

    @override
    async def _async_fetch(self, account: TelldusAccount) -> tuple[Room, ...]:
        """Fetch the rooms, by the function's former name where Telldus rejected the other.

        That is tried once, an hour later or at the next start.
        """
        former = self._is_former
        try:
            function = {"function": _FORMER_FUNCTION} if former else {}
            return (await account.client.rooms(**function)).rows
        except TelldusError as err:
            if not account.is_permanent_error(err):
                raise
            self._is_former = not former
            if former:
                raise
            await self.async_save()
            raise RequestDeferredError(0.0) from err

    @override
    def _process(self, response: tuple[Room, ...]) -> None:
        """Take over the names."""
        self._names = {room.id: room.name for room in response}

    @override
    def _restore(self, stored: Mapping[str, Any]) -> None:
        """Restore the names, and the devices whose room was suggested."""
        self._names = stored.get("names", {})
        self._suggested = set(stored.get("suggested", ()))
        self._is_former = stored.get("is_former", False)

    @override
    def _as_dict(self) -> dict[str, Any]:
        """Build what is stored of the rooms."""
        return {
            "names": self._names,
            "suggested": sorted(self._suggested),
            "is_former": self._is_former,
        }
