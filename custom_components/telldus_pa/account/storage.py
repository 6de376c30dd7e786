"""What is written to disk. The one place that lists it: removal must forget nothing."""

from enum import StrEnum
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..const import DOMAIN

_VERSION: Final = 1


class StorageKey(StrEnum):
    """What is kept for each entry, by its name in the storage."""

    COMMANDS = "commands"
    EVENTS = "events"
    HISTORY_IMPORT = "history_import"
    LIVE = "live"
    PREMIUM = "premium"
    PROTOCOLS = "protocols"
    ROOMS = "rooms"
    TAKEOVER = "takeover"


def entry_store(
    hass: HomeAssistant, what: StorageKey, entry_id: str
) -> Store[dict[str, Any]]:
    """Return where something is written down for an entry."""
    return Store(hass, _VERSION, f"{DOMAIN}.{what}.{entry_id}")


def rate_limiter_store(hass: HomeAssistant) -> Store[dict[str, Any]]:
    """Return where the rate limiters are written down, which all entries share."""
    return Store(hass, _VERSION, f"{DOMAIN}.rate_limiter")


async def async_remove_stores(hass: HomeAssistant, entry_id: str) -> None:
    """Remove everything that was written down for an entry."""
    for what in StorageKey:
        await entry_store(hass, what, entry_id).async_remove()
