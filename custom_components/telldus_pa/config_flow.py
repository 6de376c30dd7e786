"""Keys, sign-in at Telldus, account; and the same again when Telldus refuses the token."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
import time
from typing import Any, Final, override
from uuid import uuid4

import voluptuous as vol
from yarl import URL

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.core import callback
from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.helpers import device_registry as dr, http
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.config_entry_oauth2_flow import HEADER_FRONTEND_BASE
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .const import (
    CONF_GATEWAYS,
    CONF_INCLUDE_IGNORED,
    CONF_POLL_INTERVAL,
    CONF_PRIVATE_KEY,
    CONF_PROFILE,
    CONF_PUBLIC_KEY,
    CONF_REVERSED_COVERS,
    CONF_SERVER_URL,
    CONF_TOKEN,
    CONF_TOKEN_SECRET,
    DOMAIN,
    LONGEST_POLL_INTERVAL,
    POLL_INTERVAL,
    SHORTEST_POLL_INTERVAL,
)
from .coordinator import TelldusConfigEntry
from .entity import device_id_of
from .kinds import Kind
from .oauth_callback import PendingSignIn, async_get_view, callback_uri, new_state
from .pa_api import (
    DEFAULT_SERVER,
    Budget,
    Credentials,
    Handshake,
    Method,
    Priority,
    Profile,
    RateLimited,
    Refused,
    RequestToken,
    SignInRefused,
    TelldusClient,
    TelldusError,
    Unintelligible,
    Unreachable,
)
from .server_url import server_origin
from .shared import async_get_shared
from .texts import error_key, error_placeholders

_ADVANCED: Final = "advanced"
_KEY_PAGE: Final = f"{DEFAULT_SERVER}/keys/showToken"
# A person waits: rather say that it takes long than let the form stand still.
_PATIENCE: Final = 10.0
# Telldus most likely keeps a request token for an hour.
_LINK_LIFETIME: Final = 3000.0
# Seconds for which a second tab waits for the first to finish what both began.
_OTHER_TAB: Final = 60.0

_PASSWORD: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)
_TEXT: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.TEXT, autocomplete="off")
)
_KEYS_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_PUBLIC_KEY): _TEXT,
        vol.Required(CONF_PRIVATE_KEY): _PASSWORD,
        vol.Required(_ADVANCED): section(
            vol.Schema(
                {
                    vol.Required(CONF_SERVER_URL, default=DEFAULT_SERVER): TextSelector(
                        TextSelectorConfig(type=TextSelectorType.URL)
                    )
                }
            ),
            {"collapsed": True},
        ),
    }
)


_OPTIONS_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_POLL_INTERVAL): vol.All(
            NumberSelector(
                NumberSelectorConfig(
                    min=SHORTEST_POLL_INTERVAL.total_seconds(),
                    max=LONGEST_POLL_INTERVAL.total_seconds(),
                    step=1,
                    unit_of_measurement="s",
                    mode=NumberSelectorMode.BOX,
                )
            ),
            vol.Coerce(int),
        ),
        vol.Required(CONF_INCLUDE_IGNORED, default=False): BooleanSelector(),
    }
)


@dataclass(frozen=True, slots=True)
class _Application:
    """The keys that we sign with, and where."""

    server: str
    public_key: str = field(repr=False)
    private_key: str = field(repr=False)

    @classmethod
    def of_entry(cls, data: Mapping[str, Any]) -> _Application:
        """Return those of an entry."""
        return cls(data[CONF_SERVER_URL], data[CONF_PUBLIC_KEY], data[CONF_PRIVATE_KEY])


@dataclass(frozen=True, slots=True)
class _SignedIn:
    """What a sign-in gave: whose account, as far as Telldus says, and its gateways."""

    credentials: Credentials
    profile: Profile | None
    # Owned gateways; none while they were not needed to tell accounts apart.
    gateways: frozenset[str]

    def is_same_as(self, entry: ConfigEntry) -> bool:
        """Return whether this is the account of an entry.

        By Telldus' word where it was given both times, else by a gateway owned by both.
        """
        known = entry.data[CONF_PROFILE]
        if self.profile and known:
            return bool(self.profile.uuid == known)
        return not self.gateways.isdisjoint(entry.data[CONF_GATEWAYS])


@dataclass(frozen=True, slots=True)
class _Link:
    """A link to Telldus from which the browser does not come back."""

    token: RequestToken
    url: str = field(repr=False)
    began: float

    @classmethod
    async def fetched(cls, handshake: Handshake) -> _Link:
        """Return a link with a new token. Raises TelldusError."""
        token = await handshake.request_token(None)
        return cls(token, handshake.authorization_url(token), time.monotonic())

    @property
    def expired(self) -> bool:
        """Return whether Telldus has most likely forgotten the token."""
        return time.monotonic() - self.began > _LINK_LIFETIME


type _Retry = Callable[[], Awaitable[ConfigFlowResult]]


class TelldusConfigFlow(ConfigFlow, domain=DOMAIN):
    """Signs an account in, the first time and again."""

    VERSION = 1

    def __init__(self) -> None:
        """Start with nothing known."""
        self._application: _Application | None = None
        self._asked_for_keys = False
        # One token at a time, whichever tab asks.
        self._lock = asyncio.Lock()
        # The road on which the browser comes back by itself ...
        self._pending: PendingSignIn | None = None
        # ... and the one on which the person does.
        self._link: _Link | None = None
        self._to_exchange: tuple[RequestToken, str | None] | None = None
        self._sign_in: asyncio.Task[_SignedIn] | None = None
        # Kept when the exchange worked and what follows did not: it works only once.
        self._credentials: Credentials | None = None
        self._error: TelldusError | None = None
        self._retry: _Retry = self._async_again
        self._claimed = False
        self._ended = asyncio.Event()

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> TelldusOptionsFlow:
        """Return the options flow."""
        return TelldusOptionsFlow()

    @callback
    @override
    def async_remove(self) -> None:
        """Leave nothing behind: the flow has ended, or its dialog was closed."""
        self._forget_pending()
        if self._sign_in:
            self._sign_in.cancel()
        self._ended.set()

    # The keys

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the keys, or first whether they are those already known."""
        if user_input is None:
            first_time = self.source != SOURCE_REAUTH and not self._asked_for_keys
            if first_time and self._async_current_entries(include_ignore=False):
                return await self.async_step_further_account()
            return self._keys_form()
        server = server_origin(user_input[_ADVANCED][CONF_SERVER_URL])
        if server is None:
            return self._keys_form("invalid_server_url", user_input)
        self._application = _Application(
            server,
            user_input[CONF_PUBLIC_KEY].strip(),
            user_input[CONF_PRIVATE_KEY].strip(),
        )
        self._forget_pending()
        self._link = None
        try:
            await self._async_fetch_token()
        except TelldusError as err:
            self._error = err
            return self._keys_form(error_key(err), user_input)
        return await self.async_step_road()

    async def async_step_further_account(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer the keys that are already there."""
        self._asked_for_keys = True
        return self.async_show_menu(
            step_id="further_account", menu_options=["known_keys", "user"]
        )

    async def async_step_known_keys(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Use the keys of an account that is already there."""
        entries = self._async_current_entries(include_ignore=False)
        if not entries:
            # Removed while its keys were on offer
            return self._keys_form()
        self._application = _Application.of_entry(entries[0].data)
        if failure := await self._async_try_token(self.async_step_known_keys):
            return failure
        return await self.async_step_road()

    def _keys_form(
        self, error: str | None = None, suggested: Mapping[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Return the form for the keys. A private key is never sent back."""
        if suggested is None and self._application:
            suggested = {
                CONF_PUBLIC_KEY: self._application.public_key,
                _ADVANCED: {CONF_SERVER_URL: self._application.server},
            }
        kept = {**(suggested or {})}
        kept.pop(CONF_PRIVATE_KEY, None)
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(_KEYS_SCHEMA, kept),
            errors={"base": error} if error else {},
            description_placeholders={
                "key_page": _KEY_PAGE,
                **error_placeholders(self._error),
            },
        )

    # Signing in again

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Begin to sign in again; nobody may be looking yet."""
        self._application = _Application.of_entry(entry_data)
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Tell the person, who signs in again with one click."""
        return self.async_show_menu(
            step_id="reauth_confirm",
            menu_options=["authorize", "link"],
            description_placeholders={"name": self._get_reauth_entry().title},
        )

    # The roads

    async def async_step_road(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the person choose how to come back, if there is a choice."""
        if self._pending is None:
            return await self.async_step_link()
        return self.async_show_menu(step_id="road", menu_options=["authorize", "link"])

    async def async_step_authorize(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Send the browser to Telldus and wait for it to come back.

        Run again at any time, by any tab and with any input: it takes nothing from that,
        and says the same until something has happened.
        """
        step = self.cur_step
        if step is None or step["type"] is not FlowResultType.EXTERNAL_STEP:
            return await self._async_again()
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
        return await self._async_before_again("expired", user_input)

    async def async_step_refused(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that the person refused, and begin anew if they did not mean it."""
        return await self._async_before_again("refused", user_input)

    async def async_step_link(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show a link to Telldus, and go on when the person has come back by hand."""
        self._forget_pending()
        try:
            link = await self._async_fetch_link()
        except SignInRefused:
            return self._keys_form("sign_in_refused")
        except TelldusError as err:
            return self._failed(err, self.async_step_link)
        if user_input is None:
            return self._link_form(link)
        self._to_exchange = (link.token, None)
        return await self.async_step_exchange()

    async def _async_before_again(
        self, step_id: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Show a form without fields, whose Submit begins anew."""
        if user_input is None:
            return self.async_show_form(step_id=step_id)
        self._forget_pending()
        return await self._async_again()

    async def _async_again(self) -> ConfigFlowResult:
        """Send the browser to Telldus, with a new token unless there is a good one."""
        if failure := await self._async_try_token(self._async_again):
            return failure
        if self._pending is None:
            return await self.async_step_link()
        return self._external_step(self._pending)

    async def _async_try_token(self, retry: _Retry) -> ConfigFlowResult | None:
        """See to it that there is a token, or return what to show instead."""
        try:
            await self._async_fetch_token()
        except SignInRefused:
            return self._keys_form("sign_in_refused")
        except TelldusError as err:
            return self._failed(err, retry)
        return None

    def _external_step(self, pending: PendingSignIn) -> ConfigFlowResult:
        """Return the step during which the browser is at Telldus."""
        return self.async_external_step(step_id="authorize", url=pending.url)

    def _link_form(self, link: _Link, error: str | None = None) -> ConfigFlowResult:
        """Return the form with the link to Telldus."""
        return self.async_show_form(
            step_id="link",
            errors={"base": error} if error else {},
            description_placeholders={"link": link.url},
        )

    # What Telldus is asked for

    async def _async_handshake(self) -> Handshake:
        """Return the handshake with the keys given."""
        application = self._application
        assert application is not None
        return Handshake(
            application.server,
            application.public_key,
            application.private_key,
            await self._async_budget(),
        )

    async def _async_budget(self) -> Budget:
        """Return the budget of the server given."""
        assert self._application is not None
        shared = await async_get_shared(self.hass)
        return shared.budget(self._application.server)

    async def _async_fetch_token(self) -> None:
        """See to it that there is a token: with a way back, or else for the link.

        Raises TelldusError, SignInRefused where the keys are wrong.
        """
        async with self._lock:
            pending = self._pending
            if pending and not pending.expired and not pending.returned:
                return
            self._forget_pending()
            handshake = await self._async_handshake()
            base = _frontend_base()
            if base is None:
                self._link = await _Link.fetched(handshake)
                return
            state = new_state()
            try:
                token = await handshake.request_token(callback_uri(base, state))
            except SignInRefused as err:
                # The keys, or the callback: asking without one tells. Should that be too
                # much for Telldus just now, the keys are the likelier.
                try:
                    self._link = await _Link.fetched(handshake)
                except RateLimited:
                    raise err from None
                return
            if not token.callback_confirmed:
                self._link = await _Link.fetched(handshake)
                return
            url = handshake.authorization_url(token)
            self._pending = PendingSignIn(self.flow_id, state, token, url)
            async_get_view(self.hass).async_expect(self._pending)

    async def _async_fetch_link(self) -> _Link:
        """Return a link that is still good. Raises TelldusError."""
        async with self._lock:
            if self._link is None or self._link.expired:
                self._link = await _Link.fetched(await self._async_handshake())
            return self._link

    def _forget_pending(self) -> None:
        """Expect no browser any more."""
        if self._pending is not None:
            async_get_view(self.hass).async_forget(self._pending)
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
            if not isinstance(err, SignInRefused):
                return self._failed(err, self.async_step_exchange)
            exchanged, self._credentials = self._credentials is not None, None
            if self._pending is None and self._link and not exchanged:
                return self._link_form(self._link, "not_agreed")
            self._forget_pending()
            self._link = None
            return self._failed(err, self._async_again)
        return await self._async_finish(signed_in)

    async def _async_sign_in(self) -> _SignedIn:
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
        profile = await _profile(client)
        gateways: frozenset[str] = frozenset()
        if profile is None or not all(
            entry.data[CONF_PROFILE] for entry in self._others()
        ):
            answer = await client.gateways(
                priority=Priority.SIGN_IN, patience=_PATIENCE
            )
            gateways = frozenset(row.id for row in answer.rows if row.owned)
        return _SignedIn(self._credentials, profile, gateways)

    def _others(self) -> list[ConfigEntry]:
        """Return the entries that the account has to be told apart from or matched to."""
        if self.source == SOURCE_REAUTH:
            return [self._get_reauth_entry()]
        return self._async_current_entries(include_ignore=False)

    async def _async_finish(self, signed_in: _SignedIn) -> ConfigFlowResult:
        """Make the entry, or give it its new token."""
        if self._claimed:
            # A second tab came by here with the same sign-in.
            with suppress(TimeoutError):
                async with asyncio.timeout(_OTHER_TAB):
                    await self._ended.wait()
            return self.async_abort(reason="ended_elsewhere")
        self._claimed = True
        application = self._application
        assert application is not None
        profile, credentials = signed_in.profile, signed_in.credentials
        data: dict[str, Any] = {
            CONF_SERVER_URL: application.server,
            CONF_PUBLIC_KEY: credentials.public_key,
            CONF_PRIVATE_KEY: credentials.private_key,
            CONF_TOKEN: credentials.token,
            CONF_TOKEN_SECRET: credentials.token_secret,
        }
        if self.source == SOURCE_REAUTH:
            entry = self._get_reauth_entry()
            if not signed_in.is_same_as(entry):
                return self.async_abort(reason="wrong_account")
            shared = await async_get_shared(self.hass)
            shared.watch(entry.entry_id).note_success()
            if profile is not None:
                data[CONF_PROFILE] = profile.uuid
            return self.async_update_reload_and_abort(entry, data_updates=data)
        if any(signed_in.is_same_as(entry) for entry in self._others()):
            return self.async_abort(reason="already_configured")
        await self.async_set_unique_id(
            profile.uuid if profile else uuid4().hex, raise_on_progress=False
        )
        self._abort_if_unique_id_configured()
        data[CONF_PROFILE] = profile.uuid if profile else None
        data[CONF_GATEWAYS] = sorted(signed_in.gateways)
        name = profile.first_name if profile else None
        return self.async_create_entry(
            title=f"Telldus Live! ({name})" if name else "Telldus Live!", data=data
        )

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
            errors={"base": error_key(err)},
            description_placeholders=error_placeholders(self._error),
        )


class TelldusOptionsFlow(OptionsFlowWithReload):
    """What a person may prefer."""

    def __init__(self) -> None:
        """Start with nothing shown."""
        # The covers to choose from, by device id.
        self._covers: dict[str, str] = {}

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how often to poll, what to show, and which covers run the other way."""
        options = self.config_entry.options
        before: list[str] = options.get(CONF_REVERSED_COVERS, [])
        if user_input is not None:
            chosen = user_input.get(CONF_REVERSED_COVERS, [])
            # What was not there to be chosen may come back.
            kept = [one for one in before if one not in self._covers]
            return self.async_create_entry(
                data={**user_input, CONF_REVERSED_COVERS: [*chosen, *kept]}
            )
        self._covers = self._positioned_covers()
        schema = _OPTIONS_SCHEMA
        if self._covers:
            schema = schema.extend(
                {
                    vol.Required(CONF_REVERSED_COVERS, default=[]): SelectSelector(
                        SelectSelectorConfig(
                            options=[
                                SelectOptionDict(value=device_id, label=name)
                                for device_id, name in self._covers.items()
                            ],
                            multiple=True,
                            sort=True,
                        )
                    )
                }
            )
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                schema,
                {CONF_POLL_INTERVAL: POLL_INTERVAL.total_seconds(), **options}
                | {
                    CONF_REVERSED_COVERS: [one for one in before if one in self._covers]
                },
            ),
        )

    @callback
    def _positioned_covers(self) -> dict[str, str]:
        """Return what the covers with a position are called; none while nothing is known."""
        entry: TelldusConfigEntry = self.config_entry
        if entry.state is not ConfigEntryState.LOADED:
            return {}
        devices = entry.runtime_data.devices
        registry = dr.async_get(self.hass)
        return {
            device.id: known.name_by_user or known.name or device.id
            for device in devices.data.values()
            if devices.home.kinds[device.id] is Kind.COVER
            and Method.DIM in device.methods
            and (
                known := registry.async_get_device_by_identifier(
                    (DOMAIN, device_id_of(entry, device.id)), entry.entry_id
                )
            )
        }


async def _profile(client: TelldusClient) -> Profile | None:
    """Return whose account it is, None if this account or server will not say.

    Its gateways tell as well. Raises TelldusError for what may be over in a moment.
    """
    try:
        return await client.profile(patience=_PATIENCE)
    except Refused, Unintelligible:
        return None
    except Unreachable as err:
        if err.status is not None and err.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        raise


def _frontend_base() -> str | None:
    """Return the address at which the person's browser has Home Assistant, if known."""
    if (request := http.current_request.get()) is None:
        return None
    try:
        base = URL(request.headers[HEADER_FRONTEND_BASE]).origin()
    except KeyError, ValueError:
        return None
    return str(base) if base.scheme in ("http", "https") else None
