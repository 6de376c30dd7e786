"""Rooms at Telldus, suggested as areas.

Devices name their room by its id. The names come from a function that nobody is known to
have called yet, so a rejection is expected.
Source: docs/dev/telldus-api.md, "Scheduler, events, user, rooms".
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntry

from ..pa_api import Device, Priority, Room, TelldusError
from .account import TelldusAccount
from .daily import DailyFetch
from .storage import StorageKey

_SAVE_DELAY: Final = 60
# Seconds that the first set-up waits.
_FIRST_TIMEOUT: Final = 3.0
# What a sign-in and the list of devices send within a minute, where nothing is refused, and
# the seconds that a sign-in takes at most.
_SIGN_IN_REQUESTS: Final = 5
_SIGN_IN_SECONDS: Final = 600.0
# Requested where the server does not know rooms/list: some describe it under this name.
_SINGULAR_FUNCTION: Final = "room/list"


class Rooms(DailyFetch[tuple[Room, ...]]):
    """The names of an account's rooms."""

    section = StorageKey.ROOMS
    schema = {"names": {str: str}, "suggested": [str], "is_singular": bool}

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize the rooms as never fetched."""
        super().__init__(hass, entry_id)
        self._names: dict[str, str] = {}
        self._priority = Priority.BACKGROUND
        # Whether the server knows the function by its singular name.
        self._is_singular = False
        # Ids of the devices whose room was suggested, and is not suggested again.
        self._suggested: set[str] = set()

    def name_of(self, device: Device) -> str | None:
        """Return the name of a device's room, None if it is not known."""
        return self._names.get(device.room or "")

    @callback
    def async_create_areas(self, devices: Iterable[Device]) -> None:
        """Create the areas of devices that are registered soon.

        The frontend calls an area unknown that it learns of after the device, and so it does
        where Home Assistant creates the area together with the device.
        """
        for device in devices:
            if device.name and (name := self.name_of(device)):
                ar.async_get(self._hass).async_get_or_create(name)

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

    async def async_fetch_first(self, account: TelldusAccount) -> None:
        """Fetch the names before the devices are registered: areas are asked for soon after.

        Not where the server has refused anything during the sign-in. Everything else would
        have to wait for it.
        """
        limiter = account.rate_limiter
        if (
            limiter.used > _SIGN_IN_REQUESTS
            or limiter.spaces_lists
            or limiter.quiet_for < _SIGN_IN_SECONDS
        ):
            return
        self._priority = Priority.SIGN_IN
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_TIMEOUT):
                await self.async_fetch_if_due(account)
        self._priority = Priority.BACKGROUND

    @override
    async def _async_fetch(self, account: TelldusAccount) -> tuple[Room, ...]:
        """Fetch the rooms, by the function's other name where Telldus rejected one."""
        function = {"function": _SINGULAR_FUNCTION} if self._is_singular else {}
        rooms = account.client.rooms
        try:
            return (await rooms(**function, priority=self._priority)).rows
        except TelldusError as err:
            if account.is_permanent_error(err):
                self._is_singular = not self._is_singular
            raise

    @override
    def _process(self, response: tuple[Room, ...]) -> None:
        """Take over the names."""
        self._names = {room.id: room.name for room in response}

    @override
    def _restore(self, stored: Mapping[str, Any]) -> None:
        """Restore the names, and the devices whose room was suggested."""
        self._names = stored.get("names", {})
        self._suggested = set(stored.get("suggested", ()))
        self._is_singular = stored.get("is_singular", False)

    @override
    def _as_dict(self) -> dict[str, Any]:
        """Build what is stored of the rooms."""
        return {
            "names": self._names,
            "suggested": sorted(self._suggested),
            "is_singular": self._is_singular,
        }
