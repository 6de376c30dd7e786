"""What devices and sensors have in common: they are pushed as well, and can be hidden."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Protocol, Self, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..account.account import TelldusAccount
from ..const import CONF_INCLUDE_IGNORED
from ..devices.topology import HasGateway, gateways_from_rows
from ..pa_api import Gateway, ListResponse
from .polling import TelldusUpdateCoordinator
from .rows import ListItem

# Telldus' lists lag behind push by up to this many seconds.
_LISTS_LAG: Final = 5.0


class HideableItem(ListItem, HasGateway, Protocol):
    """A row that a user can hide at Telldus."""

    @property
    def ignored(self) -> bool:
        """Whether it is hidden."""
        ...

    def with_pushed(self, pushed: Self) -> Self:
        """Return the row with what was pushed after the list had been requested."""
        ...


class TelldusItemCoordinator[ItemT: HideableItem](TelldusUpdateCoordinator[ItemT]):
    """Polls a list whose rows change by push as well, and can be hidden at Telldus."""

    # The ids of the rows of the newest list that are left out, being hidden.
    ignored: frozenset[str] = frozenset()

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        account: TelldusAccount,
        name: str,
        interval: timedelta,
        live_interval: timedelta,
    ) -> None:
        """Initialize the coordinator; ``live_interval`` is for when all is pushed."""
        super().__init__(hass, entry, account, name, interval)
        self._live_interval = max(interval, live_interval)
        self._all_live = False
        # Pushed rows that the newest list may not have yet, and when they were pushed.
        self._pushed: dict[str, tuple[ItemT, float]] = {}
        # What the rows say of their gateways, by gateway id.
        self.gateways: Mapping[str, Gateway] = {}

    @callback
    def async_set_push_active(self, *, all_live: bool) -> None:
        """Set whether changes are pushed by all gateways."""
        if all_live is self._all_live:
            return
        self._all_live = all_live
        if not all_live:
            # Up to now the data were kept current by what was pushed.
            self._staleness.fresh_at = self.account.rate_limiter.now()
        self._apply_interval()
        # From now on, not from the next poll on. Home Assistant has no public way but
        # together with new data.
        self._schedule_refresh()
        self._set_next_poll()

    @override
    def _usual_interval(self) -> timedelta:
        """Return a longer interval while all is pushed."""
        return self._live_interval if self._all_live else self._interval

    @callback
    def async_set_pushed_item(self, row: ItemT) -> None:
        """Replace a row and notify its listeners.

        ``async_set_updated_data`` would postpone the next poll each time.
        """
        before = self.data[row.id]
        self._pushed[row.id] = row, self.account.rate_limiter.now()
        if row == before:
            return
        self.data = {**self.data, row.id: row}
        if self._structure_key(row) != self._structure_key(before):
            self.async_update_listeners()
            return
        self._notified = self.data
        self.async_notify_rows([row.id])

    @override
    def _merge(self, response: ListResponse[ItemT]) -> Mapping[str, ItemT]:
        """Leave out hidden rows, unless the options include them.

        A list does not undo what was pushed after it had been requested, or just before.
        """
        self._pushed = {
            row_id: (row, pushed_at)
            for row_id, (row, pushed_at) in self._pushed.items()
            if pushed_at + _LISTS_LAG >= response.requested_at
        }
        rows = response.rows
        if self._pushed:
            rows = tuple(
                row.with_pushed(self._pushed[row.id][0])
                if row.id in self._pushed
                else row
                for row in rows
            )
        if not self.config_entry.options.get(CONF_INCLUDE_IGNORED):
            self.ignored = frozenset([row.id for row in rows if row.ignored])
            if self.ignored:
                rows = tuple(row for row in rows if not row.ignored)
        merged = super()._merge(ListResponse(rows, response.requested_at))
        self.gateways = gateways_from_rows(merged)
        return merged
