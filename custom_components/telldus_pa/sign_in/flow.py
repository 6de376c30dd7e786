"""The steps of an authorization, shared by the flows that need one.

Request token, Telldus in the browser and back, access token, whose account it is. The flow
itself decides who may sign in and what to do with the access token.
"""

from abc import abstractmethod
import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, override

from aiohttp import DummyCookieJar

from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult
from homeassistant.core import callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.aiohttp_client import async_create_clientsession

from ..account.errors import error_placeholders, translation_key_for
from ..const import CONF_ACCOUNT_UUID
from ..pa_api import (
    AuthenticationError,
    Credentials,
    InvalidResponseError,
    RequestToken,
    TelldusClient,
    TelldusError,
)
from .callback_view import EXTERNAL_STEP, Outcome, PendingAuthorization
from .identity import AuthorizedAccount
from .request_tokens import (
    ConsumerKeys,
    ManualAuthorization,
    RequestTokens,
    frontend_base,
)
from .schemas import BOTH_WAYS, CONF_NEXT_STEP, FAILED_SCHEMA, MANUAL, RETRY

# Seconds for which a second tab waits for the first to finish the same authorization.
_OTHER_TAB: Final = 60.0
# How often the profile is requested, once for each Submit, before the gateways decide.
_MOST_PROFILE_ATTEMPTS: Final = 3

type _Retry = Callable[[], Awaitable[ConfigFlowResult]]


class SignInFlow(ConfigFlow):
    """A flow in which a user authorizes access to an account."""

    def __init__(self) -> None:
        """Initialize the flow."""
        self._request_tokens: RequestTokens | None = None
        self._to_exchange: tuple[RequestToken, str | None] | None = None
        self._sign_in: asyncio.Task[AuthorizedAccount] | None = None
        # Kept when the exchange worked and what follows failed: it works only once.
        self._credentials: Credentials | None = None
        self._profile_attempts = 0
        self._error = TelldusError()
        self._retry: _Retry = self._async_restart_authorization
        self._claimed = False
        self._ended = asyncio.Event()

    @callback
    @override
    def async_remove(self) -> None:
        """Clean up: the flow has ended, or its dialog was closed."""
        if self._request_tokens:
            self._request_tokens.discard()
        if self._sign_in:
            self._sign_in.cancel()
        self._ended.set()

    # What the flow decides

    @abstractmethod
    def _keys_form(self, errors: dict[str, str]) -> ConfigFlowResult:
        """Return the form for the keys, after Telldus has rejected those given."""

    @abstractmethod
    def _candidate_entries(self) -> list[ConfigEntry]:
        """Return the entries that the account is compared with."""

    @abstractmethod
    def _is_wrong_account(self, signed_in: AuthorizedAccount) -> bool:
        """Return whether the account is another than the one that must sign in."""

    @abstractmethod
    async def _async_finish(self, signed_in: AuthorizedAccount) -> ConfigFlowResult:
        """Store the credentials. Called once."""

    # The keys

    @property
    def _tokens(self) -> RequestTokens:
        """Return the request tokens of the keys in use."""
        if TYPE_CHECKING:
            assert self._request_tokens is not None
        return self._request_tokens

    @callback
    def _use_keys(self, keys: ConsumerKeys) -> None:
        """Sign with other keys from now on."""
        if self._request_tokens:
            self._discard_authorization()
        self._request_tokens = RequestTokens(self.hass, self.flow_id, keys)

    @callback
    def _discard_authorization(self) -> None:
        """Discard everything that an authorization has given so far."""
        self._tokens.discard()
        self._to_exchange = self._sign_in = self._credentials = None
        self._profile_attempts = 0

    # The two ways to log in

    async def _async_offer_method(self) -> ConfigFlowResult:
        """Fetch a request token, and let the user choose how to log in."""
        if failure := await self._async_ensure_request_token(self._async_offer_method):
            return failure
        return await self.async_step_method()

    async def async_step_method(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user choose how to log in, if there is a choice."""
        if self._tokens.pending is None and self._tokens.manual is not None:
            return await self.async_step_manual()
        return self.async_show_menu(step_id="method", menu_options=BOTH_WAYS)

    async def async_step_authorize(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Send the browser to Telldus and wait for it to come back.

        May be called at any time, by any tab and with any input: the result depends only on
        what has happened to the authorization.
        """
        step = self.cur_step
        if step is None or step["type"] is not FlowResultType.EXTERNAL_STEP:
            return await self._async_restart_authorization()
        pending = self._tokens.pending
        outcome = pending.outcome if pending else Outcome.EXPIRED
        if pending is None or outcome is Outcome.EXPIRED:
            return self.async_external_step_done(next_step_id=Outcome.EXPIRED)
        if outcome is None:
            if frontend_base() in (None, pending.base):
                return self._external_step(pending)
            # The dialog was opened again at an address to which this one does not lead.
            self._tokens.discard()
            return self.async_external_step_done(next_step_id="method")
        if outcome is Outcome.AUTHORIZED:
            self._to_exchange = (pending.request_token, pending.verifier)
        elif outcome is Outcome.MISMATCH:
            self._error = InvalidResponseError("another token came back")
            self._retry = self._async_restart_authorization
        return self.async_external_step_done(next_step_id=outcome)

    async def async_step_manual(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show a link to Telldus; the user submits the form after agreeing there."""
        self._tokens.cancel_pending()
        shown = self._tokens.manual
        try:
            link = await self._tokens.async_fetch_manual()
        except AuthenticationError:
            return self._keys_form({"base": "invalid_auth"})
        except TelldusError as err:
            return self._failed(err, self.async_step_manual)
        if user_input is None:
            return self._link_form(link)
        if link is not shown:
            # The user has not seen this link yet.
            return self._link_form(link, "link_expired")
        self._to_exchange = (link.token, None)
        return await self.async_step_exchange()

    async def _async_restart_authorization(self) -> ConfigFlowResult:
        """Send the browser to Telldus, with a new token unless there is a usable one."""
        if failure := await self._async_ensure_request_token(
            self._async_restart_authorization
        ):
            return failure
        if self._tokens.pending is None:
            return await self.async_step_manual()
        return self._external_step(self._tokens.pending)

    async def _async_ensure_request_token(
        self, retry: _Retry
    ) -> ConfigFlowResult | None:
        """Fetch a request token if there is none; return a form if that fails."""
        try:
            await self._tokens.async_fetch()
        except AuthenticationError:
            return self._keys_form({"base": "invalid_auth"})
        except TelldusError as err:
            return self._failed(err, retry)
        return None

    def _external_step(self, pending: PendingAuthorization) -> ConfigFlowResult:
        """Return the step during which the browser is at Telldus."""
        return self.async_external_step(step_id=EXTERNAL_STEP, url=pending.url)

    def _link_form(
        self, link: ManualAuthorization, error: str | None = None
    ) -> ConfigFlowResult:
        """Return the form with the link to Telldus."""
        return self.async_show_form(
            step_id=MANUAL,
            errors={"base": error} if error else {},
            description_placeholders={"link": link.url},
        )

    # Back from Telldus

    async def async_step_exchange(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Exchange the token, once, and find out whose account it is."""
        if self._sign_in is None:
            self._sign_in = self.hass.async_create_background_task(
                self._async_sign_in(), "telldus_pa sign-in"
            )
        # Shared: a second tab that calls this step must not exchange again.
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
            link = self._tokens.manual
            if self._credentials is None and link and not link.is_rejected:
                link.is_rejected = True
                return self._link_form(link, "not_authorized")
            self._discard_authorization()
            return self._failed(err, self._async_restart_authorization)
        if self._is_wrong_account(signed_in):
            return await self.async_step_wrong_account()
        return await self._async_claim(signed_in)

    async def _async_sign_in(self) -> AuthorizedAccount:
        """Return the access token and whose it is. Raises TelldusError."""
        if self._credentials is None:
            if TYPE_CHECKING:
                assert self._to_exchange is not None
            handshake = await self._tokens.async_handshake()
            self._credentials = await handshake.access_token(*self._to_exchange)
        server = self._tokens.keys.server
        rate_limiter = await self._tokens.async_rate_limiter()
        # Without cookies, which would be those of the account that was logged in before.
        session = async_create_clientsession(
            self.hass, auto_cleanup=False, cookie_jar=DummyCookieJar()
        )
        self._profile_attempts += 1
        try:
            return await AuthorizedAccount.async_fetch(
                TelldusClient(session, server, self._credentials, rate_limiter),
                server,
                self._credentials,
                by_gateways=not all(
                    entry.data[CONF_ACCOUNT_UUID] for entry in self._candidate_entries()
                ),
                needs_profile=self._profile_attempts < _MOST_PROFILE_ATTEMPTS,
            )
        finally:
            # The connections are Home Assistant's own, and stay.
            session.detach()

    async def _async_claim(self, signed_in: AuthorizedAccount) -> ConfigFlowResult:
        """Finish, unless another tab does so already."""
        if self._claimed:
            with suppress(TimeoutError):
                async with asyncio.timeout(_OTHER_TAB):
                    await self._ended.wait()
            return self.async_abort(reason="ended_elsewhere")
        self._claimed = True
        return await self._async_finish(signed_in)

    # What can go wrong: each step offers both ways to log in

    async def async_step_expired(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Report that the browser has not come back in time."""
        return self._offer_both_ways(Outcome.EXPIRED)

    async def async_step_refused(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Report that the user has refused at Telldus."""
        return self._offer_both_ways(Outcome.REFUSED)

    async def async_step_wrong_account(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Report that another account has signed in than the one that must."""
        return self._offer_both_ways("wrong_account")

    @callback
    def _offer_both_ways(self, step_id: str) -> ConfigFlowResult:
        """Return a menu from which the user can log in again."""
        self._discard_authorization()
        return self.async_show_menu(step_id=step_id, menu_options=BOTH_WAYS)

    async def async_step_failed(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Report an error; the user tries the same again, or logs in again."""
        if user_input is None:
            return self._failed(self._error, self._retry)
        if (next_step := user_input[CONF_NEXT_STEP]) == RETRY:
            return await self._retry()
        self._discard_authorization()
        if next_step == MANUAL:
            return await self.async_step_manual()
        return await self._async_restart_authorization()

    def _failed(self, err: TelldusError, retry: _Retry) -> ConfigFlowResult:
        """Return the form that reports an error."""
        self._error, self._retry = err, retry
        return self.async_show_form(
            step_id="failed",
            data_schema=FAILED_SCHEMA,
            errors={"base": translation_key_for(err)},
            description_placeholders=error_placeholders(err),
        )
