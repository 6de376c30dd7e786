"""What outlives a reload: the rate limiters, and how often a sign-in was refused.

A rate limiter belongs to a server and not to a config entry. Reloading an entry must not forget
what was sent, nor must a restart, or it would spend a second rate limiter in the same minute.
"""

from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.singleton import singleton
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..pa_api import RateLimiter
from ..pa_api.rate_limiter import RateLimiterState
from .storage import rate_limiter_store

# Written when Home Assistant stops, or in a pause. Each request puts it off further: an
# SD card is worth more than a minute's window after a crash.
_SAVE_DELAY = 600

# A single refusal may be a hiccup; two this far apart are not.
_REAUTH_AFTER = 60.0
# How often to ask while refused: such storms have passed by themselves after days.
REAUTH_POLL_INTERVAL = 1800.0


@dataclass(slots=True)
class AuthFailureTracker:
    """Counts the refusals (401) of one account. Times are by the rate limiter's clock."""

    first: float | None = None
    last: float | None = None
    refused: bool = False

    def record_failure(self, now: float) -> bool:
        """Take note of a refusal; return whether the person has to be asked."""
        self.last = now
        if self.first is None:
            self.first = now
        self.refused = self.refused or now - self.first >= _REAUTH_AFTER
        return self.refused

    def record_success(self) -> bool:
        """Take note of an accepted answer; return whether it ended a refusal."""
        ended = self.refused
        self.first, self.last, self.refused = None, None, False
        return ended

    def wait(self, now: float) -> float:
        """Return for how many seconds a poll would be in vain."""
        if not self.refused or self.last is None:
            return 0.0
        return max(0.0, self.last + REAUTH_POLL_INTERVAL - now)


@dataclass(slots=True)
class DomainData:
    """The rate limiters by server and the watches by config entry."""

    store: Store[dict[str, Any]]
    stored: dict[str, Any]
    rate_limiters: dict[str, RateLimiter] = field(default_factory=dict)
    watches: dict[str, AuthFailureTracker] = field(default_factory=dict)
    _listeners: dict[str, list[CALLBACK_TYPE]] = field(default_factory=dict)
    # The unsent and the undecided commands by config entry; theirs is the layer above.
    commands: dict[str, Any] = field(default_factory=dict)

    @callback
    def rate_limiter(self, server: str) -> RateLimiter:
        """Return the rate limiter of a server, with what an earlier run left of it."""
        if (rate_limiter := self.rate_limiters.get(server)) is None:
            rate_limiter = self.rate_limiters[server] = RateLimiter(
                changed=partial(self._async_changed, server)
            )
            if kept := self.stored.get(server):
                elapsed = dt_util.utcnow().timestamp() - kept["saved"]
                rate_limiter.restore(
                    RateLimiterState(
                        tuple(kept["sent"]),
                        kept["pause"],
                        kept["backoff_count"],
                        kept["list_spacing"],
                    ),
                    elapsed,
                )
        return rate_limiter

    @callback
    def async_listen(self, server: str, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call somebody after each request to a server, until what is returned is called."""
        listeners = self._listeners.setdefault(server, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    @callback
    def auth_failures(self, entry_id: str) -> AuthFailureTracker:
        """Return the watch over an entry's sign-in."""
        return self.watches.setdefault(entry_id, AuthFailureTracker())

    async def async_remove_entry(self, entry_id: str, *, last: bool) -> None:
        """Forget an entry that was removed, and everything on disk with the last one."""
        self.watches.pop(entry_id, None)
        if commands := self.commands.pop(entry_id, None):
            commands.async_interrupt_all()
        if last:
            await self.store.async_remove()

    @callback
    def _async_changed(self, server: str) -> None:
        """Take note of a request."""
        self._async_save()
        for listener in tuple(self._listeners.get(server, ())):
            listener()

    @callback
    def _async_save(self) -> None:
        """Write the rate limiters down, at once where one is in a pause."""
        if any(rate_limiter.paused_for for rate_limiter in self.rate_limiters.values()):
            self.store.hass.async_create_task(
                self.store.async_save(self._to_store()), f"{DOMAIN} rate limiter"
            )
        else:
            self.store.async_delay_save(self._to_store, _SAVE_DELAY)

    @callback
    def _to_store(self) -> dict[str, Any]:
        """Return what is written down."""
        now = dt_util.utcnow().timestamp()
        return {
            server: {"saved": now, **asdict(rate_limiter.state())}
            for server, rate_limiter in self.rate_limiters.items()
        }


_SHARED: HassKey[DomainData] = HassKey(f"{DOMAIN}_shared")


@singleton(_SHARED, async_=True)
async def async_get_domain_data(hass: HomeAssistant) -> DomainData:
    """Return what all entries share."""
    store = rate_limiter_store(hass)
    return DomainData(store, await store.async_load() or {})
