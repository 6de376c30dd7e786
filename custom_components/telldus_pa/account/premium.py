"""Telldus Premium, without which the API may refuse us.

A notice of the vendor says that one needs it; what becomes of an account without it is
not known. Source: docs/dev/telldus-api.md, "Limits" and "Scheduler, events, user, rooms".
"""

from datetime import datetime
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import CONF_ACCOUNT_UUID
from ..pa_api import Priority, Profile
from .account import TelldusAccount
from .daily import DailyFetch
from .storage import StorageKey


class Premium(DailyFetch[Profile]):
    """Until when an account has Premium."""

    what = StorageKey.PREMIUM

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Know nothing yet."""
        super().__init__(hass, entry.entry_id)
        self._entry = entry
        # Whether Telldus has reported it; if so, None means there was never any.
        self.is_known = False
        self.expires_at: datetime | None = None
        # Whether there ever was any.
        self.had_premium = False

    @property
    def is_missing(self) -> bool:
        """Return whether Telldus says that the account has no Premium now."""
        return self.is_known and (
            self.expires_at is None or self.expires_at <= dt_util.utcnow()
        )

    @property
    def has_lapsed(self) -> bool:
        """Return whether the account has no Premium now and had some before."""
        return self.had_premium and self.is_missing

    @override
    async def _async_fetch(self, account: TelldusAccount) -> Profile:
        """Ask for the profile."""
        return await account.client.profile(priority=Priority.BACKGROUND)

    @override
    def _process(self, answer: Profile) -> None:
        """Remember the time, and note whose account it is if that was not known."""
        if answer.is_premium_known:
            self.is_known, self.expires_at = True, answer.premium_until
            self.had_premium = self.had_premium or self.expires_at is not None
        if self._entry.data.get(CONF_ACCOUNT_UUID) is None:
            self._hass.config_entries.async_update_entry(
                self._entry, data={**self._entry.data, CONF_ACCOUNT_UUID: answer.uuid}
            )

    @override
    def _restore(self, stored: dict[str, Any]) -> None:
        """Remember the time."""
        until = stored.get("until")
        self.is_known = until is not None
        self.expires_at = dt_util.utc_from_timestamp(until) if until else None
        self.had_premium = stored.get("was_paid", False)

    @override
    def _as_dict(self) -> dict[str, Any]:
        """Return what is to be written down."""
        none = 0 if self.is_known else None
        until = self.expires_at.timestamp() if self.expires_at else none
        return {"until": until, "was_paid": self.had_premium}
