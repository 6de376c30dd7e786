"""What Telldus is asked once a day at most, restarts included."""

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..pa_api import InvalidResponseError, TelldusError
from .account import TelldusAccount
from .storage import StorageKey, entry_store

_ASK_EVERY: Final = timedelta(days=1).total_seconds()


class DailyFetch[AnswerT](ABC):
    """Something that hardly ever changes, and that Telldus may refuse to tell."""

    # What it is called in the storage.
    what: StorageKey

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Know nothing yet."""
        self._hass = hass
        self._store = entry_store(hass, self.what, entry_id)
        self._asked = 0.0

    async def async_load(self) -> None:
        """Recall what an earlier run was told."""
        stored = await self._store.async_load() or {}
        self._asked = stored.get("asked", 0.0)
        self._restore(stored)

    async def async_fetch_if_due(self, account: TelldusAccount) -> None:
        """Ask Telldus, unless that was done within a day.

        Also a refusal is an answer: of a function that few accounts may use. What Telldus
        cannot tell just now is none, and while it refuses the sign-in it is not asked.
        """
        now = dt_util.utcnow().timestamp()
        if account.watch.first is not None or 0 <= now - self._asked < _ASK_EVERY:
            return
        try:
            answer = await self._async_fetch(account)
        except TelldusError as err:
            if not (
                isinstance(err, InvalidResponseError) or account.is_permanent_error(err)
            ):
                return
            LOGGER.debug("Telldus does not tell: %s: %s", self.what, err)
        else:
            self._process(answer)
        self._asked = now
        await self.async_save()

    async def async_save(self) -> None:
        """Write down what is known."""
        await self._store.async_save(self._to_store())

    @callback
    def _to_store(self) -> dict[str, Any]:
        """Return what is written down."""
        return {"asked": self._asked, **self._as_dict()}

    @abstractmethod
    async def _async_fetch(self, account: TelldusAccount) -> AnswerT:
        """Ask Telldus. Raises TelldusError."""

    @abstractmethod
    def _process(self, answer: AnswerT) -> None:
        """Remember an answer."""

    @abstractmethod
    def _restore(self, stored: dict[str, Any]) -> None:
        """Remember what was written down, nothing of which need be there."""

    @abstractmethod
    def _as_dict(self) -> dict[str, Any]:
        """Return what is to be written down."""
