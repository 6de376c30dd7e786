"""What outlives a reload: rate limiters, failed authentications, lists and commands.

A rate limiter belongs to a server and not to a config entry. Neither a reload nor a restart
may forget what was sent, or the limit would be used up twice in the same minute.
"""

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Final

import voluptuous as vol

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.singleton import singleton
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..pa_api import RateLimiter
from ..pa_api.rate_limiter import RateLimiterState
from .auth_failures import AuthFailureTracker
from .storage import UTC_DATETIME, TelldusStore

# Seconds. Each request puts it off further, so that the state is written in a pause or when
# Home Assistant stops: an SD card is worth more than a minute's window after a crash.
_SAVE_DELAY: Final = 600

_FILE: Final = "rate_limiter"
_SECONDS: Final = vol.Coerce(float)
_STORED: Final = vol.Schema(
    {
        str: {
            vol.Required("saved_at"): UTC_DATETIME,
            vol.Required("sent"): vol.All([_SECONDS], vol.Coerce(tuple)),
            vol.Required("pause"): _SECONDS,
            vol.Required("backoff_count"): int,
            vol.Required("list_spacing"): _SECONDS,
        }
    }
)


@dataclass(slots=True)
class DomainData:
    """The rate limiters by server, and by config entry what outlives a reload."""

    store: TelldusStore
    stored: dict[str, Any]
    rate_limiters: dict[str, RateLimiter] = field(default_factory=dict)
    auth_failures: dict[str, AuthFailureTracker] = field(
        default_factory=lambda: defaultdict(AuthFailureTracker)
    )
    _listeners: dict[str, list[CALLBACK_TYPE]] = field(default_factory=dict)
    # By config entry; what they are is up to the layers above. The lists of an unloaded
    # entry, and the commands that are unsent or undecided.
    kept_lists: dict[str, Any] = field(default_factory=dict)
    commands: dict[str, Any] = field(default_factory=dict)

    @callback
    def rate_limiter(self, server: str) -> RateLimiter:
        """Get the rate limiter of a server; it goes on where an earlier run ended."""
        if (rate_limiter := self.rate_limiters.get(server)) is None:
            rate_limiter = self.rate_limiters[server] = RateLimiter(
                changed=partial(self._async_changed, server)
            )
            if state := dict(self.stored.get(server, ())):
                elapsed = dt_util.utcnow() - state.pop("saved_at")
                rate_limiter.restore(RateLimiterState(**state), elapsed.total_seconds())
        return rate_limiter

    @callback
    def async_listen(self, server: str, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call a listener after each request to a server; returns how to remove it."""
        listeners = self._listeners.setdefault(server, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    async def async_remove_entry(self, entry_id: str) -> None:
        """Drop what belongs to a removed entry, and the file with the last entry."""
        self.auth_failures.pop(entry_id, None)
        self.kept_lists.pop(entry_id, None)
        if commands := self.commands.pop(entry_id, None):
            commands.async_interrupt_all()
        if not self._has_entries():
            # Accounts may be added again: the removed store writes nothing any more.
            removed, self.store = self.store, TelldusStore(self.store.hass, _FILE)
            await removed.async_remove_all()

    @callback
    def async_stop(self, _event: Event) -> None:
        """Stop with Home Assistant: what was not sent will not be."""
        for commands in self.commands.values():
            commands.async_interrupt_all()

    def _has_entries(self) -> bool:
        """Return whether an account is set up: a sign-in alone leaves no file behind."""
        entries = self.store.hass.config_entries
        return bool(entries.async_entries(DOMAIN, include_ignore=False))

    @callback
    def _async_changed(self, server: str) -> None:
        """Save the rate limiters and notify the listeners of a server after a request."""
        if self._has_entries():
            self._async_save()
        for listener in tuple(self._listeners.get(server, ())):
            listener()

    @callback
    def _async_save(self) -> None:
        """Save the rate limiters, at once where one is in a pause."""
        if any(rate_limiter.paused_for for rate_limiter in self.rate_limiters.values()):
            self.store.hass.async_create_task(
                self.store.async_save(self._to_store()), f"{DOMAIN} rate limiter"
            )
        else:
            self.store.async_delay_save(self._to_store, _SAVE_DELAY)

    @callback
    def _to_store(self) -> dict[str, Any]:
        """Build what is stored; servers without a request since the start are kept."""
        now = dt_util.utcnow()
        return self.stored | {
            server: {"saved_at": now, **asdict(rate_limiter.state())}
            for server, rate_limiter in self.rate_limiters.items()
        }


_DOMAIN_DATA: HassKey[DomainData] = HassKey(f"{DOMAIN}_shared")


@singleton(_DOMAIN_DATA, async_=True)
async def async_get_domain_data(hass: HomeAssistant) -> DomainData:
    """Get what all entries share."""
    store = TelldusStore(hass, _FILE)
    shared = DomainData(store, await store.async_load_dict(_STORED))
    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, shared.async_stop)
    return shared
