"""Polls of one list: how often, and what becomes of a failure."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import UpdateFailed

from ..account.account import TelldusAccount
from ..account.errors import error_placeholders, translation_key_for
from ..const import DOMAIN
from ..pa_api import AuthenticationError, ListResponse, RateLimitError, TelldusError
from .rows import ListItem, RowCoordinator
from .staleness import StalenessTimer

# The longest interval after many 429s, unless the user chose a longer one.
_MAX_BACKOFF_INTERVAL: Final = timedelta(minutes=4)
# A list that was never received is requested again after 1 minute, then 2, 4 and so on.
_FIRST_RETRY: Final = timedelta(minutes=1)
_MAX_FIRST_RETRIES: Final = 10
# DataUpdateCoordinator drops fractions of a second: a poll may begin up to one second early.
_AFTER_PAUSE: Final = timedelta(seconds=1)
# Set-up must not hold up Home Assistant's start; it is tried again soon. In seconds.
_SETUP_TIMEOUT: Final = 5.0


@dataclass(frozen=True, slots=True)
class KeptList[RowT: ListItem]:
    """The rows of a list for a reload; when they were current and requested, monotonic."""

    rows: Mapping[str, RowT]
    fresh_at: float
    requested_at: float


class TelldusUpdateCoordinator[RowT: ListItem](RowCoordinator[RowT]):
    """Polls one list. All times are monotonic seconds by the rate limiter's clock."""

    # Whether an entry cannot be set up before this list has been received.
    _is_required = False

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        account: TelldusAccount,
        name: str,
        interval: timedelta,
    ) -> None:
        """Initialize the coordinator."""
        super().__init__(hass, entry, name, interval)
        self.account = account
        self.last_error: TelldusError | None = None
        self._interval = interval
        self._backoff_factor = 1
        self._first_retries = 0
        # How many lists were received, those of before a reload counting as one.
        self.success_count = 0
        # When the newest list was requested: what happened later may be missing in it.
        # Minus infinity before the first.
        self.requested_at = -inf
        # When the next poll is due, None where there is none.
        self.next_poll_at: float | None = None
        self._staleness = StalenessTimer(
            hass, entry, account.rate_limiter.now, self.async_update_listeners
        )
        self._staleness.async_start(interval)
        self._refresh_listeners: list[CALLBACK_TYPE] = []

    @property
    def is_stale(self) -> bool:
        """Whether the data are too old to be displayed."""
        return self._staleness.is_stale

    @property
    @override
    def is_available(self) -> bool:
        """Whether the data are recent enough to be displayed."""
        return self.last_update_success and not self.is_stale

    def keep(self) -> KeptList[RowT] | None:
        """Return the list for a reload, None where there is none or it is too old."""
        if not self.success_count or not self.is_available:
            return None
        return KeptList(self.data, self._staleness.fresh_at, self.requested_at)

    @callback
    def async_restore(self, kept: KeptList[RowT]) -> None:
        """Continue with the rows of before a reload. They go on ageing."""
        rows = tuple(kept.rows.values())
        self.data = self._merge(ListResponse(rows, kept.requested_at))
        self.success_count = 1
        self.requested_at = kept.requested_at
        self._staleness.fresh_at = kept.fresh_at
        self._staleness.async_start(self.update_interval)
        self.async_update_listeners()

    @abstractmethod
    async def _async_fetch(self, timeout: float | None) -> ListResponse[RowT]:
        """Request the list. Raises TelldusError."""

    @override
    async def _async_update_data(self) -> Mapping[str, RowT]:
        """Request the list. A failure keeps the last one: the clock says when it is stale."""
        is_first = not self.success_count
        try:
            response = await self._async_fetch_list(
                _SETUP_TIMEOUT if is_first else None
            )
        except TelldusError as err:
            self.last_error = err
            self._adjust_interval(err)
            if is_first and self._is_required:
                raise UpdateFailed(
                    translation_domain=DOMAIN,
                    translation_key=translation_key_for(err),
                    translation_placeholders=error_placeholders(err),
                ) from err
            return self.data
        self.last_error = None
        self.success_count += 1
        self.requested_at = response.requested_at
        self._staleness.fresh_at = self.account.rate_limiter.now()
        self._staleness.is_stale = False
        data = self._merge(response)
        self._adjust_interval(None)
        return data

    async def _async_fetch_list(self, timeout: float | None) -> ListResponse[RowT]:
        """Request the list, unless Telldus is known to reject the login."""
        if self.account.is_refused:
            # A reload has ended the dialog that asks for the login.
            self.config_entry.async_start_reauth(self.hass)
            raise AuthenticationError("not requested: the login is rejected")
        try:
            response = await self._async_fetch(timeout)
        except TelldusError as err:
            self.account.async_record_result(err)
            raise
        self.account.async_record_result(None)
        return response

    def _merge(self, response: ListResponse[RowT]) -> Mapping[str, RowT]:
        """Return the snapshot; rows that did not change stay the same objects."""
        before = self.data
        merged: dict[str, RowT] = {}
        for row in response.rows:
            twin = merged.get(row.id)
            if twin is not None and twin.online is not False:
                # Shared by gateways, and listed for each: one that is online will do.
                continue
            if (old := before.get(row.id)) is not row and old == row:
                merged[row.id] = old
            else:
                merged[row.id] = row
        return merged

    def _adjust_interval(self, err: TelldusError | None) -> None:
        """Poll less often after each 429, and more often again after each success."""
        if err is None:
            self._backoff_factor = max(self._backoff_factor // 2, 1)
        elif type(err) is RateLimitError:  # Not RequestDeferredError: nothing was sent
            self._backoff_factor = min(self._backoff_factor * 2, 64)
        self._apply_interval()
        if not self.success_count:
            self._first_retries = min(self._first_retries + 1, _MAX_FIRST_RETRIES)

    def _usual_interval(self) -> timedelta:
        """Return the interval where Telldus did not answer 429 lately."""
        return self._interval

    def _apply_interval(self) -> None:
        """Set the interval from the next poll on."""
        interval = self._usual_interval()
        if self._backoff_factor > 1:
            backoff = self._interval * self._backoff_factor
            interval = max(interval, min(backoff, _MAX_BACKOFF_INTERVAL))
        if not self.success_count:
            # During a pause that Telldus asked for, retry when it ends.
            pause = timedelta(seconds=self.account.rate_limiter.paused_for)
            retry = (
                pause + _AFTER_PAUSE if pause else _FIRST_RETRY * 2**self._first_retries
            )
            interval = min(interval, retry)
        self.update_interval = interval
        self._staleness.async_start(interval)

    def _set_next_poll(self) -> None:
        """Record when the poll that was just scheduled is due."""
        interval = self.update_interval
        self.next_poll_at = (
            None
            if interval is None or self.config_entry.pref_disable_polling
            else self.account.rate_limiter.now() + interval.total_seconds()
        )

    @callback
    def async_add_refresh_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``listener`` after each poll, also a failed one, before rows are notified."""
        self._refresh_listeners.append(listener)
        return lambda: self._refresh_listeners.remove(listener)

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        """Call the refresh listeners, to whom groups are those of the same list."""
        self._set_next_poll()
        self._async_find_changes()
        for listener in self._refresh_listeners:
            listener()
