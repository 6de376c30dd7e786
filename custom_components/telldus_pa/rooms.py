"""Rooms at Telldus, suggested as areas.

Devices tell their room by an id. What it is called only a function tells that nobody is
known to have called: it is asked once a day at most, and silence is an answer.
Source: docs/telldus-api.md, "Scheduler, events, user, rooms".
"""

from datetime import timedelta
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .const import DOMAIN, LOGGER
from .pa_api import Device, Postponed, SignInRefused, TelldusClient, TelldusError
from .shared import SignInWatch

_STORAGE_VERSION = 1
_SAVE_DELAY = 60
_ASK_EVERY: Final = timedelta(days=1).total_seconds()


class Rooms:
    """The names of one account's rooms."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Know no room yet."""
        self._store: Store[dict[str, Any]] = rooms_store(hass, entry_id)
        self._hass = hass
        self._names: dict[str, str] = {}
        self._asked = 0.0
        # Which devices were put into their area, or could have been when they came.
        self._suggested: set[str] = set()

    async def async_load(self) -> None:
        """Recall what an earlier run was told."""
        stored = await self._store.async_load() or {}
        self._names = stored.get("names", {})
        self._asked = stored.get("asked", 0.0)
        self._suggested = set(stored.get("suggested", ()))

    def name_of(self, device: Device) -> str | None:
        """Return what the device's room is called, None if that is not known."""
        return self._names.get(device.room or "")

    async def async_ask(self, client: TelldusClient, watch: SignInWatch) -> None:
        """Ask for the rooms, unless that was done within a day.

        A refused sign-in is an answer only where nothing else was refused as well.
        """
        now = dt_util.utcnow().timestamp()
        if 0 <= now - self._asked < _ASK_EVERY:
            return
        try:
            answer = await client.rooms()
        except Postponed:
            return
        except TelldusError as err:
            if isinstance(err, SignInRefused) and watch.first is not None:
                return
            LOGGER.debug("No rooms: %s", err)
        else:
            self._names = {room.id: room.name for room in answer.rows}
        self._asked = now
        await self.async_save()

    async def async_save(self) -> None:
        """Write down what is known."""
        await self._store.async_save(self._stored())

    @callback
    def async_suggest(self, device: Device, entry: DeviceEntry | None) -> None:
        """Put a device into its room's area, the first time that the room is known.

        Home Assistant does so itself for a device that is new to it; but a room's name
        may come later than its devices.
        """
        if device.id in self._suggested or not (name := self.name_of(device)):
            return
        self._suggested.add(device.id)
        self._store.async_delay_save(self._stored, _SAVE_DELAY)
        if entry and entry.area_id is None:
            area = ar.async_get(self._hass).async_get_or_create(name)
            dr.async_get(self._hass).async_update_device(entry.id, area_id=area.id)

    def _stored(self) -> dict[str, Any]:
        """Return what is written down."""
        return {
            "names": self._names,
            "asked": self._asked,
            "suggested": sorted(self._suggested),
        }


def rooms_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return where the rooms of an entry are written down."""
    return Store(hass, _STORAGE_VERSION, f"{DOMAIN}.rooms.{entry_id}")
