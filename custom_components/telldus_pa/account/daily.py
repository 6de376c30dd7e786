"""What is fetched once a day at most, restarts included."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import voluptuous as vol

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..pa_api import InvalidResponseError, TelldusError
from .account import TelldusAccount
from .storage import UTC_DATETIME, StorageKey, entry_store

_INTERVAL: Final = timedelta(days=1)


class DailyFetch[ResponseT](ABC):
    """Data that hardly ever change, from a function that Telldus may reject."""

    section: ClassVar[StorageKey]
    # The shape of what ``_as_dict`` returns.
    schema: ClassVar[Mapping[str, Any]]

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Initialize the data as never fetched."""
        self._hass = hass
        self._store = entry_store(
            hass,
            self.section,
            entry_id,
            {"fetched_at": vol.Any(None, UTC_DATETIME), **self.schema},
        )
        self._fetched_at: datetime | None = None

    async def async_load(self) -> None:
        """Restore what an earlier run has fetched."""
        stored = await self._store.async_load()
        self._fetched_at = stored.get("fetched_at")
        self._restore(stored)

    async def async_fetch_if_due(self, account: TelldusAccount) -> None:
        """Fetch the data, unless that was done within a day.

        A permanent rejection counts as done, since few accounts may use the function.
        What may pass, such as an outage, does not, and while Telldus rejects the sign-in
        nothing is sent.
        """
        now = dt_util.utcnow()
        if account.auth_failures.first_at is not None or (
            self._fetched_at and timedelta(0) <= now - self._fetched_at < _INTERVAL
        ):
            return
        try:
            response = await self._async_fetch(account)
        except TelldusError as err:
            if not (
                isinstance(err, InvalidResponseError) or account.is_permanent_error(err)
            ):
                return
            LOGGER.debug("Telldus does not provide %s: %s", self.section, err)
        else:
            self._process(response)
        self._fetched_at = now
        await self.async_save()

    async def async_save(self) -> None:
        """Save the data."""
        await self._store.async_save(self._to_store())

    @callback
    def _to_store(self) -> dict[str, Any]:
        """Build what is stored."""
        return {"fetched_at": self._fetched_at, **self._as_dict()}

    @abstractmethod
    async def _async_fetch(self, account: TelldusAccount) -> ResponseT:
        """Fetch the data. Raises TelldusError."""

    @abstractmethod
    def _process(self, response: ResponseT) -> None:
        """Take over a response."""

    @abstractmethod
    def _restore(self, stored: Mapping[str, Any]) -> None:
        """Take over what was stored; any key may be missing."""

    @abstractmethod
    def _as_dict(self) -> dict[str, Any]:
        """Build what is stored, besides the time."""
