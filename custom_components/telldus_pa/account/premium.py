"""Telldus Premium, without which the API may refuse us.

A notice of the vendor says that one needs it; what becomes of an account without it is
not known. Source: docs/telldus-api.md, "Limits" and "Scheduler, events, user, rooms".
"""

from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import CONF_PROFILE
from ..pa_api import Priority, Profile
from .account import Account
from .daily import Daily
from .storage import Kept


class Premium(Daily[Profile]):
    """Until when an account has Premium. All times are unix seconds."""

    what = Kept.PREMIUM

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Know nothing yet."""
        super().__init__(hass, entry.entry_id)
        self._entry = entry
        # None while Telldus has not said, 0 where there is none.
        self.until: float | None = None
        # Whether there ever was any.
        self.was_paid = False

    @property
    def is_missing(self) -> bool:
        """Return whether Telldus says that the account has no Premium now."""
        return self.until is not None and self.until <= dt_util.utcnow().timestamp()

    @property
    def has_lapsed(self) -> bool:
        """Return whether the account has no Premium now and had some before."""
        return self.was_paid and self.is_missing

    @override
    async def _async_fetch(self, account: Account) -> Profile:
        """Ask for the profile."""
        return await account.client.profile(priority=Priority.BACKGROUND)

    @override
    def _take(self, answer: Profile) -> None:
        """Remember the time, and note whose account it is if that was not known."""
        if answer.premium_until is not None:
            self.until = answer.premium_until
            self.was_paid = self.was_paid or self.until > 0
        if self._entry.data.get(CONF_PROFILE) is None:
            self._hass.config_entries.async_update_entry(
                self._entry, data={**self._entry.data, CONF_PROFILE: answer.uuid}
            )

    @override
    def _recall(self, stored: dict[str, Any]) -> None:
        """Remember the time."""
        self.until = stored.get("until")
        self.was_paid = stored.get("was_paid", False)

    @override
    def _told(self) -> dict[str, Any]:
        """Return what is to be written down."""
        return {"until": self.until, "was_paid": self.was_paid}
