"""Rooms at Telldus, suggested as areas.

Devices tell their room by an id. What it is called only a function tells that nobody is
known to have called: it is asked once a day at most, and silence is an answer.
Source: docs/telldus-api.md, "Scheduler, events, user, rooms".
"""

from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntry

from ..pa_api import Device, Room, TelldusError
from .account import TelldusAccount
from .daily import DailyFetch
from .storage import StorageKey

_SAVE_DELAY: Final = 60
# All other lists have a plural for a name.
_FORMER_FUNCTION: Final = "room/list"


class Rooms(DailyFetch[tuple[Room, ...]]):
    """The names of one account's rooms."""

    what = StorageKey.ROOMS

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Know no room yet."""
        super().__init__(hass, entry_id)
        self._names: dict[str, str] = {}
        # Which devices were put into their area, or could have been when they came.
        self._suggested: set[str] = set()

    def name_of(self, device: Device) -> str | None:
        """Return what the device's room is called, None if that is not known."""
        return self._names.get(device.room or "")

    @callback
    def async_suggest(self, device: Device, entry: DeviceEntry | None) -> None:
        """Put a device into its room's area, the first time that the room is known.

        Home Assistant does so itself for a device that is new to it; but a room's name
        may come later than its devices.
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
        """Ask for the rooms, by the name before where Telldus does not know this one."""
        try:
            response = await account.client.rooms()
        except TelldusError as err:
            if not account.is_permanent_error(err):
                raise
            response = await account.client.rooms(_FORMER_FUNCTION)
        return response.rows

    @override
    def _process(self, answer: tuple[Room, ...]) -> None:
        """Remember their names."""
        self._names = {room.id: room.name for room in answer}

    @override
    def _restore(self, stored: dict[str, Any]) -> None:
        """Remember their names, and what was done with them."""
        self._names = stored.get("names", {})
        self._suggested = set(stored.get("suggested", ()))

    @override
    def _as_dict(self) -> dict[str, Any]:
        """Return what is to be written down."""
        return {"names": self._names, "suggested": sorted(self._suggested)}
