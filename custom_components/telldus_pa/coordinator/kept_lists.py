"""The lists of an entry that was unloaded, for a set-up that follows soon, as a reload does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_TOKEN
from homeassistant.core import callback

from ..account.domain_data import DomainData
from ..const import (
    CONF_INCLUDE_IGNORED,
    CONF_PRIVATE_KEY,
    CONF_PUBLIC_KEY,
    CONF_SERVER_URL,
    CONF_TOKEN_SECRET,
)
from .polling import KeptList, TelldusUpdateCoordinator

# A set-up later than this, in seconds, requests the lists first.
_KEEP_FOR: Final = 120.0

# Those of an account, with that of the devices first.
type _Coordinators = Sequence[TelldusUpdateCoordinator[Any]]


@dataclass(frozen=True, slots=True)
class _KeptLists:
    """The lists, to whom they belong, and when they were kept (by the rate limiter's clock)."""

    owner: object = field(repr=False)
    kept_at: float
    lists: tuple[KeptList[Any] | None, ...] = field(repr=False)


@callback
def async_keep_lists(
    shared: DomainData, entry: ConfigEntry, coordinators: _Coordinators
) -> None:
    """Keep the lists, unless that of the devices is missing or stale."""
    lists = tuple(coordinator.keep() for coordinator in coordinators)
    if lists[0]:
        shared.kept_lists[entry.entry_id] = _KeptLists(
            _owner(entry), coordinators[0].account.rate_limiter.now(), lists
        )


@callback
def async_restore_lists(
    shared: DomainData, entry: ConfigEntry, coordinators: _Coordinators
) -> None:
    """Continue with the kept lists, if they are recent and of the same account."""
    kept: _KeptLists | None = shared.kept_lists.pop(entry.entry_id, None)
    now = coordinators[0].account.rate_limiter.now()
    if kept and kept.owner == _owner(entry) and now - kept.kept_at <= _KEEP_FOR:
        for coordinator, rows in zip(coordinators, kept.lists, strict=True):
            if rows:
                coordinator.async_restore(rows)


def _owner(entry: ConfigEntry) -> object:
    """Return the settings that lists depend on: account, login, and whether hidden rows count."""
    keys = (
        *(CONF_SERVER_URL, CONF_PUBLIC_KEY, CONF_PRIVATE_KEY),
        *(CONF_TOKEN, CONF_TOKEN_SECRET),
    )
    return (
        entry.unique_id,
        entry.options.get(CONF_INCLUDE_IGNORED),
        *(entry.data[key] for key in keys),
    )
