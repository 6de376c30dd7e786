"""Telldus Premium, without which the API may reject an account.

A notice of the vendor says that one needs it; what happens to an account without it is
not known. Source: docs/dev/telldus-api.md, "Limits" and "Scheduler, events, user, rooms".
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, override

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import CONF_ACCOUNT_UUID
from ..pa_api import Priority, Profile
from .account import TelldusAccount
from .daily import DailyFetch
from .storage import UTC_DATETIME, StorageKey


class Premium(DailyFetch[Profile]):
    """The Premium subscription of an account."""

    section = StorageKey.PREMIUM
    schema = {
        "is_known": bool,
        "expires_at": vol.Any(None, UTC_DATETIME),
        "had_premium": bool,
    }

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Initialize the subscription as unknown."""
        super().__init__(hass, entry.entry_id)
        self._entry = entry
        # Whether Telldus has reported it; if so, ``expires_at`` None means: never had any.
        self.is_known = False
        self.expires_at: datetime | None = None
        self.had_premium = False

    @property
    def is_missing(self) -> bool:
        """Whether Telldus reports that the account has no Premium now."""
        return self.is_known and (
            self.expires_at is None or self.expires_at <= dt_util.utcnow()
        )

    @property
    def has_lapsed(self) -> bool:
        """Whether the account has no Premium now and had some before."""
        return self.had_premium and self.is_missing

    @override
    async def _async_fetch(self, account: TelldusAccount) -> Profile:
        """Fetch the profile."""
        return await account.client.profile(priority=Priority.BACKGROUND)

    @override
    def _process(self, response: Profile) -> None:
        """Take over the expiry, and the account's UUID if sign-in could not fetch it."""
        if response.is_premium_known:
            self.is_known, self.expires_at = True, response.premium_until
            self.had_premium = self.had_premium or self.expires_at is not None
        if self._entry.data.get(CONF_ACCOUNT_UUID) is None:
            self._hass.config_entries.async_update_entry(
                self._entry, data={**self._entry.data, CONF_ACCOUNT_UUID: response.uuid}
            )

    @override
    def _restore(self, stored: Mapping[str, Any]) -> None:
        """Restore the subscription."""
        self.is_known = stored.get("is_known", False)
        self.expires_at = stored.get("expires_at")
        self.had_premium = stored.get("had_premium", False)

    @override
    def _as_dict(self) -> dict[str, Any]:
        """Build what is stored of the subscription."""
        return {
            "is_known": self.is_known,
            "expires_at": self.expires_at,
            "had_premium": self.had_premium,
        }
