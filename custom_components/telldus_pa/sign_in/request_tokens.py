"""Request tokens, with which an authorization starts.

One with a callback brings the browser back by itself. One without is for a link from which
the user comes back by hand.
"""

import asyncio
from dataclasses import dataclass, field
import time
from typing import Final

from yarl import URL

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import http
from homeassistant.helpers.config_entry_oauth2_flow import HEADER_FRONTEND_BASE

from ..account.domain_data import async_get_domain_data
from ..pa_api import OAuth1Flow, RateLimiter, RateLimitError, RequestToken, TelldusError
from ..pa_api.exceptions import is_client_error
from .callback_view import PendingAuthorization, async_get_view, callback_uri, new_state

# Seconds. Telldus most likely keeps a request token for an hour.
_LINK_LIFETIME: Final = 3000.0


@dataclass(frozen=True, slots=True)
class ConsumerKeys:
    """The consumer key and secret, and the server that knows them."""

    server: str
    public_key: str = field(repr=False)
    private_key: str = field(repr=False)


@dataclass(slots=True)
class ManualAuthorization:
    """A link to Telldus from which the browser does not come back."""

    token: RequestToken
    url: str = field(repr=False)
    # By the monotonic clock
    expires_at: float
    # Telldus has rejected the token once: most likely the user has not agreed yet.
    is_rejected: bool = False

    @property
    def is_usable(self) -> bool:
        """Return whether Telldus most likely still accepts the token."""
        return time.monotonic() < self.expires_at


class RequestTokens:
    """The request tokens of one flow. One is fetched at a time, whichever tab asks for it."""

    def __init__(self, hass: HomeAssistant, flow_id: str, keys: ConsumerKeys) -> None:
        """Initialize the tokens."""
        self._hass = hass
        self._flow_id = flow_id
        self._lock = asyncio.Lock()
        self.keys = keys
        self.pending: PendingAuthorization | None = None
        self.manual: ManualAuthorization | None = None

    async def async_rate_limiter(self) -> RateLimiter:
        """Return the rate limiter of the server."""
        shared = await async_get_domain_data(self._hass)
        return shared.rate_limiter(self.keys.server)

    async def async_handshake(self) -> OAuth1Flow:
        """Return the handshake that signs with the keys."""
        return OAuth1Flow(
            self.keys.server,
            self.keys.public_key,
            self.keys.private_key,
            await self.async_rate_limiter(),
        )

    async def async_fetch(self) -> None:
        """Fetch a token with a callback to the browser's address, unless there is one.

        Where there can be no callback, ``pending`` is None and ``manual`` is set. Raises
        TelldusError, AuthenticationError where the keys are wrong.
        """
        async with self._lock:
            base = frontend_base()
            pending = self.pending
            if pending and pending.outcome is None and pending.base == base:
                return
            self.cancel_pending()
            handshake = await self.async_handshake()
            if base is None:
                await self._async_fetch_manual(handshake)
                return
            state = new_state()
            try:
                token = await handshake.request_token(callback_uri(base, state))
            except TelldusError as err:
                if not is_client_error(err):
                    raise
                # Either the keys or the callback is rejected: a request without a callback
                # shows which. If that exceeds the rate limit, the keys are the likelier.
                try:
                    await self._async_fetch_manual(handshake)
                except RateLimitError:
                    raise err from None
                return
            if not token.callback_confirmed:
                await self._async_fetch_manual(handshake)
                return
            self.manual = None
            self.pending = PendingAuthorization(
                self._flow_id, state, token, handshake.authorization_url(token), base
            )
            async_get_view(self._hass).async_register_pending(self._hass, self.pending)

    async def async_fetch_manual(self) -> ManualAuthorization:
        """Return a usable link, new if need be. Raises TelldusError."""
        async with self._lock:
            if self.manual is None or not self.manual.is_usable:
                return await self._async_fetch_manual(await self.async_handshake())
            return self.manual

    async def _async_fetch_manual(self, handshake: OAuth1Flow) -> ManualAuthorization:
        """Return a new link. Raises TelldusError."""
        token = await handshake.request_token(None)
        self.manual = ManualAuthorization(
            token,
            handshake.authorization_url(token),
            time.monotonic() + _LINK_LIFETIME,
        )
        return self.manual

    @callback
    def cancel_pending(self) -> None:
        """Stop waiting for the browser."""
        if self.pending is not None:
            async_get_view(self._hass).async_cancel(self.pending)
            self.pending = None

    @callback
    def discard(self) -> None:
        """Discard both tokens."""
        self.cancel_pending()
        self.manual = None


def frontend_base() -> str | None:
    """Return the address at which the user's browser has Home Assistant, if it is known."""
    if (request := http.current_request.get()) is None:
        return None
    try:
        base = URL(request.headers[HEADER_FRONTEND_BASE]).origin()
    except KeyError, ValueError:
        return None
    return str(base) if base.scheme in ("http", "https") else None
