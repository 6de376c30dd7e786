"""Listeners of single rows: a poll notifies those whose row changed, and no others."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Protocol, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..const import LOGGER


class ListItem(Protocol):
    """A row of a list."""

    @property
    def id(self) -> str:
        """The id, unique in its list."""
        ...

    @property
    def online(self) -> bool | None:
        """Whether Telldus reaches the row's gateway (a gateway: itself); None: not told."""
        ...


class RowCoordinator[RowT: ListItem](DataUpdateCoordinator[Mapping[str, RowT]]):
    """Notifies the listeners of the rows that changed since they were last notified.

    The context of a listener is the id of its row. Without one it listens to the structure:
    which rows there are, and what decides which entities they have.
    """

    config_entry: ConfigEntry

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, name: str, interval: timedelta
    ) -> None:
        """Initialize the coordinator, without rows."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=name, update_interval=interval
        )
        self.data = {}
        # What the listeners were last notified of.
        self._notified: Mapping[str, RowT] = self.data
        self._notified_available = True
        # Whom the update of listeners that goes on is for.
        self._contexts: frozenset[str | None] = frozenset()

    @property
    @abstractmethod
    def is_available(self) -> bool:
        """Whether the data are recent enough to be displayed."""

    @abstractmethod
    def _structure_key(self, row: RowT) -> object:
        """Return the part of a row that concerns those who listen to the structure."""

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: Any = None
    ) -> Callable[[], None]:
        """Listen to the row whose id is ``context``, or without it to the structure."""

        @callback
        def async_notify() -> None:
            """Return at once where the update is not for this listener."""
            if context in self._contexts:
                update_callback()

        return super().async_add_listener(async_notify, context)

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Notify the listeners of changed rows, and all when data become stale or recover."""
        changed, is_restructured = self._async_find_changes()
        self._notified = self.data
        if self._notified_available is not self.is_available:
            self._notified_available = self.is_available
            self.async_notify_rows([None, *self.async_contexts()])
            return
        if is_restructured:
            # First: gateways must be registered before their devices.
            self.async_notify_rows([None])
        self.async_notify_rows(changed)

    @callback
    def _async_find_changes(self) -> tuple[list[str], bool]:
        """Find what has changed since listeners were last notified.

        Returns the ids of the rows, and whether the structure has changed. What depends on
        that is derived anew.
        """
        before = self._notified
        changed = [row_id for row_id in before if row_id not in self.data]
        changed += [
            row_id for row_id, row in self.data.items() if before.get(row_id) is not row
        ]
        is_restructured = any(
            (old := before.get(row_id)) is None
            or (new := self.data.get(row_id)) is None
            or self._structure_key(old) != self._structure_key(new)
            for row_id in changed
        )
        if is_restructured:
            self._async_update_structure()
        return changed, is_restructured

    @callback
    def _async_update_structure(self) -> None:
        """Derive what depends on the structure."""

    @callback
    def async_notify_rows(self, row_ids: Iterable[str | None]) -> None:
        """Notify the listeners of some rows, None being those of the structure."""
        outer, self._contexts = self._contexts, frozenset(row_ids)
        if self._contexts:
            super().async_update_listeners()
        # An update may be part of another.
        self._contexts = outer
