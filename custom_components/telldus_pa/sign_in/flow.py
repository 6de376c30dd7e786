"""Signing in at Telldus: the steps that every flow takes, whatever it signs in for.

A token, Telldus in the browser and back, the exchange, whose account it is. What is done
with it, and who may sign in, the flow itself decides.
"""

from abc import abstractmethod
import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
import time
from typing import Any, Final, override

from yarl import URL

from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult
from homeassistant.core import callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import http
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.config_entry_oauth2_flow import HEADER_FRONTEND_BASE

from ..account.domain_data import async_get_domain_data
from ..account.errors import error_placeholders, translation_key_for
from ..const import CONF_ACCOUNT_UUID
from ..pa_api import (
    AuthenticationError,
    Credentials,
    OAuth1Flow,
    RateLimiter,
    RateLimitError,
    RequestToken,
    TelldusClient,
    TelldusError,
)
from ..pa_api.exceptions import is_client_error
from .callback_view import PendingAuthorization, async_get_view, callback_uri, new_state
from .identity import AuthorizedAccount

# Telldus most likely keeps a request token for an hour.
_LINK_LIFETIME: Final = 3000.0
# Seconds for which a second tab waits for the first to finish what both began.
_OTHER_TAB: Final = 60.0


@dataclass(frozen=True, slots=True)
class ConsumerKeys:
    """The keys that we sign with, and where."""

    server: str
    public_key: str = field(repr=False)
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ManualAuthorization:
    """A link to Telldus from which the browser does not come back."""

    token: RequestToken
    url: str = field(repr=False)
    began: float

    @classmethod
    async def fetched(cls, handshake: OAuth1Flow) -> ManualAuthorization:
        """Return a link with a new token. Raises TelldusError."""
        token = await handshake.request_token(None)
        return cls(token, handshake.authorization_url(token), time.monotonic())

    @property
    def expired(self) -> bool:
        """Return whether Telldus has most likely forgotten the token."""
        return time.monotonic() - self.began > _LINK_LIFETIME


type _Retry = Callable[[], Awaitable[ConfigFlowResult]]


class SignInFlow(ConfigFlow):
    """A flow in which somebody signs in."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._application: ConsumerKeys | None = None
        # One token at a time, whichever tab asks.
        self._lock = asyncio.Lock()
        # The way on which the browser comes back by itself ...
        self._pending: PendingAuthorization | None = None
        # ... and the one on which the person does.
        self._link: ManualAuthorization | None = None
        self._to_exchange: tuple[RequestToken, str | None] | None = None
        self._sign_in: asyncio.Task[AuthorizedAccount] | None = None
        # Kept when the exchange worked and what follows did not: it works only once.
        self._credentials: Credentials | None = None
        self._error: TelldusError | None = None
        self._retry: _Retry = self._async_restart_authorization
        self._claimed = False
        self._ended = asyncio.Event()

    @callback
    @override
    def async_remove(self) -> None:
        """Leave nothing behind: the flow has ended, or its dialog was closed."""
        self._forget_pending()
        if self._sign_in:
            self._sign_in.cancel()
        self._ended.set()

    # What the flow decides

    @abstractmethod
    def _keys_form(self, errors: dict[str, str]) -> ConfigFlowResult:
        """Return the form for the keys: those known are no longer good."""

    @abstractmethod
    def _candidate_entries(self) -> list[ConfigEntry]:
        """Return the entries that the account has to be told apart from or matched to."""

    @abstractmethod
    def _is_wrong_account(self, signed_in: AuthorizedAccount) -> bool:
        """Return whether somebody else signed in than who must."""

    @abstractmethod
    async def _async_finish(self, signed_in: AuthorizedAccount) -> ConfigFlowResult:
        """Do what the person signed in for. Called once."""

    # The two ways to log in

    async def async_step_method(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the person choose how to come back, if there is a choice."""
        if self._pending is None:
            return await self.async_step_manual()
        return self.async_show_menu(
            step_id="method", menu_options=["authorize", "manual"]
        )

    async def async_step_authorize(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Send the browser to Telldus and wait for it to come back.

        Run again at any time, by any tab and with any input: it takes nothing from that,
        and says the same until something has happened.
        """
        step = self.cur_step
        if step is None or step["type"] is not FlowResultType.EXTERNAL_STEP:
            return await self._async_restart_authorization()
        pending = self._pending
        if pending is None or (pending.expired and not pending.returned):
            return self.async_external_step_done(next_step_id="expired")
        if not pending.returned:
            return self._external_step(pending)
        if pending.verifier is None:
            return self.async_external_step_done(next_step_id="refused")
        self._to_exchange = (pending.request_token, pending.verifier)
        return self.async_external_step_done(next_step_id="exchange")

    async def async_step_expired(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that it took too long, and begin anew if the person wants to."""
        return await self._async_confirm_restart("expired", user_input)

    async def async_step_refused(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that the person refused, and begin anew if they did not mean it."""
        return await self._async_confirm_restart("refused", user_input)

    async def async_step_manual(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show a link to Telldus, and go on when the person has come back by hand."""
        self._forget_pending()
        shown = self._link
        try:
            link = await self._async_fetch_link()
        except AuthenticationError:
            return self._keys_form({"base": "invalid_auth"})
        except TelldusError as err:
            return self._failed(err, self.async_step_manual)
        if user_input is None:
            return self._link_form(link)
        if link is not shown:
            # Nobody can have agreed to what nobody has seen.
            return self._link_form(link, "link_expired")
        self._to_exchange = (link.token, None)
        return await self.async_step_exchange()

    async def _async_confirm_restart(
        self, step_id: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Show a form without fields, whose Submit begins anew."""
        if user_input is None:
            return self.async_show_form(step_id=step_id)
        self._forget_token()
        return await self._async_restart_authorization()

    async def _async_restart_authorization(self) -> ConfigFlowResult:
        """Send the browser to Telldus, with a new token unless there is a good one."""
        if failure := await self._async_ensure_request_token(
            self._async_restart_authorization
        ):
            return failure
        if self._pending is None:
            return await self.async_step_manual()
        return self._external_step(self._pending)

    async def _async_ensure_request_token(
        self, retry: _Retry
    ) -> ConfigFlowResult | None:
        """See to it that there is a token, or return what to show instead."""
        try:
            await self._async_fetch_token()
        except AuthenticationError:
            return self._keys_form({"base": "invalid_auth"})
        except TelldusError as err:
            return self._failed(err, retry)
        return None

    def _external_step(self, pending: PendingAuthorization) -> ConfigFlowResult:
        """Return the step during which the browser is at Telldus."""
        return self.async_external_step(step_id="authorize", url=pending.url)

    def _link_form(
        self, link: ManualAuthorization, error: str | None = None
    ) -> ConfigFlowResult:
        """Return the form with the link to Telldus."""
        return self.async_show_form(
            step_id="manual",
            errors={"base": error} if error else {},
            description_placeholders={"link": link.url},
        )

    # What Telldus is asked for

    async def _async_handshake(self) -> OAuth1Flow:
        """Return the handshake with the keys given."""
        application = self._application
        assert application is not None
        return OAuth1Flow(
            application.server,
            application.public_key,
            application.private_key,
            await self._async_budget(),
        )

    async def _async_budget(self) -> RateLimiter:
        """Return the rate limiter of the server given."""
        assert self._application is not None
        shared = await async_get_domain_data(self.hass)
        return shared.rate_limiter(self._application.server)

    async def _async_fetch_token(self) -> None:
        """See to it that there is a token: with a way back, or else for the link.

        Raises TelldusError, AuthenticationError where the keys are wrong.
        """
        async with self._lock:
            pending = self._pending
            if pending and not pending.expired and not pending.returned:
                return
            self._forget_pending()
            handshake = await self._async_handshake()
            base = _frontend_base()
            if base is None:
                self._link = await ManualAuthorization.fetched(handshake)
                return
            state = new_state()
            try:
                token = await handshake.request_token(callback_uri(base, state))
            except TelldusError as err:
                if not is_client_error(err):
                    raise
                # The keys, or the callback: asking without one tells. Should that be too
                # much for Telldus just now, the keys are the likelier.
                try:
                    self._link = await ManualAuthorization.fetched(handshake)
                except RateLimitError:
                    raise err from None
                return
            if not token.callback_confirmed:
                self._link = await ManualAuthorization.fetched(handshake)
                return
            url = handshake.authorization_url(token)
            self._pending = PendingAuthorization(self.flow_id, state, token, url)
            async_get_view(self.hass).async_register_pending(self._pending)

    async def _async_fetch_link(self) -> ManualAuthorization:
        """Return a link that is still good. Raises TelldusError."""
        async with self._lock:
            if self._link is None or self._link.expired:
                self._link = await ManualAuthorization.fetched(
                    await self._async_handshake()
                )
            return self._link

    def _forget_token(self) -> None:
        """Start again with another token, whichever way is chosen."""
        self._forget_pending()
        self._link = None

    def _forget_pending(self) -> None:
        """Expect no browser any more."""
        if self._pending is not None:
            async_get_view(self.hass).async_cancel(self._pending)
            self._pending = None

    # Back from Telldus

    async def async_step_exchange(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Exchange the token, once, and find out whose account it is."""
        if self._sign_in is None:
            self._sign_in = self.hass.async_create_background_task(
                self._async_sign_in(), "telldus_pa sign-in"
            )
        # Shared: a second tab that runs this step must not exchange again.
        task = self._sign_in
        await asyncio.wait([task])
        if task.cancelled():
            return self.async_abort(reason="ended_elsewhere")
        try:
            signed_in = task.result()
        except TelldusError as err:
            self._sign_in = None
            if not isinstance(err, AuthenticationError):
                return self._failed(err, self.async_step_exchange)
            exchanged, self._credentials = self._credentials is not None, None
            if self._pending is None and self._link and not exchanged:
                return self._link_form(self._link, "not_authorized")
            self._forget_token()
            return self._failed(err, self._async_restart_authorization)
        if self._is_wrong_account(signed_in):
            return await self.async_step_wrong_account()
        return await self._async_claim(signed_in)

    async def _async_sign_in(self) -> AuthorizedAccount:
        """Return the lasting credentials and whose they are. Raises TelldusError."""
        application = self._application
        assert application is not None
        assert self._to_exchange is not None
        if self._credentials is None:
            handshake = await self._async_handshake()
            self._credentials = await handshake.access_token(*self._to_exchange)
        client = TelldusClient(
            async_get_clientsession(self.hass),
            application.server,
            self._credentials,
            await self._async_budget(),
        )
        return await AuthorizedAccount.async_fetch(
            client,
            application.server,
            self._credentials,
            by_gateways=not all(
                entry.data[CONF_ACCOUNT_UUID] for entry in self._candidate_entries()
            ),
        )

    async def async_step_wrong_account(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that somebody else signed in, and begin anew if the person wants to.

        Not the end: who was asked to sign in again is still to be asked.
        """
        if user_input is not None:
            self._sign_in = self._credentials = None
        return await self._async_confirm_restart("wrong_account", user_input)

    async def _async_claim(self, signed_in: AuthorizedAccount) -> ConfigFlowResult:
        """Finish, unless another tab does so already."""
        if self._claimed:
            # A second tab came by here with the same sign-in.
            with suppress(TimeoutError):
                async with asyncio.timeout(_OTHER_TAB):
                    await self._ended.wait()
            return self.async_abort(reason="ended_elsewhere")
        self._claimed = True
        return await self._async_finish(signed_in)

    # What can go wrong

    async def async_step_failed(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what went wrong; Submit tries the same again."""
        if user_input is not None:
            return await self._retry()
        assert self._error is not None
        return self._failed(self._error, self._retry)

    def _failed(self, err: TelldusError, retry: _Retry) -> ConfigFlowResult:
        """Say what went wrong."""
        self._error, self._retry = err, retry
        return self.async_show_form(
            step_id="failed",
            errors={"base": translation_key_for(err)},
            description_placeholders=error_placeholders(self._error),
        )


def _frontend_base() -> str | None:
    """Return the address at which the person's browser has Home Assistant, if known."""
    if (request := http.current_request.get()) is None:
        return None
    try:
        base = URL(request.headers[HEADER_FRONTEND_BASE]).origin()
    except KeyError, ValueError:
        return None
    return str(base) if base.scheme in ("http", "https") else None
