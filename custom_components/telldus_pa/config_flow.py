"""What a person signs in for: a new account, the same one again, or other keys for it."""

from collections.abc import Mapping
from typing import Any, Final, override
from uuid import uuid4

import voluptuous as vol

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowContext,
    ConfigFlowResult,
    FlowType,
)
from homeassistant.const import CONF_TOKEN
from homeassistant.core import callback
from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.helpers.selector import (
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .account.domain_data import async_get_domain_data
from .account.errors import error_placeholders, translation_key_for
from .const import (
    CONF_ACCOUNT_UUID,
    CONF_GATEWAYS,
    CONF_PRIVATE_KEY,
    CONF_PUBLIC_KEY,
    CONF_SERVER_URL,
    CONF_TOKEN_SECRET,
    DOMAIN,
)
from .migration.tellduslive import core_entries
from .options_flow import SOURCE_MIGRATION_OFFER, TelldusOptionsFlow
from .pa_api import DEFAULT_SERVER, TelldusError
from .pa_api.server_url import server_origin
from .registry.sync import registered_gateway_ids
from .sign_in.flow import ConsumerKeys, SignInFlow
from .sign_in.identity import AuthorizedAccount

_ADVANCED: Final = "advanced"
_KEY_PAGE: Final = f"{DEFAULT_SERVER}/keys/showToken"

_PASSWORD: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)
_TEXT: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.TEXT, autocomplete="off")
)
_SERVER: Final = {
    vol.Required(_ADVANCED): section(
        vol.Schema(
            {
                vol.Required(CONF_SERVER_URL, default=DEFAULT_SERVER): TextSelector(
                    TextSelectorConfig(type=TextSelectorType.URL)
                )
            }
        ),
        {"collapsed": True},
    )
}
_KEYS_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_PUBLIC_KEY): _TEXT,
        vol.Required(CONF_PRIVATE_KEY): _PASSWORD,
        **_SERVER,
    }
)
# Whoever changes nothing but the address need not look for the private key again.
_OTHER_KEYS_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_PUBLIC_KEY): _TEXT,
        vol.Optional(CONF_PRIVATE_KEY): _PASSWORD,
        **_SERVER,
    }
)


class TelldusConfigFlow(SignInFlow, domain=DOMAIN):
    """Signs an account in: the first time, again, and with other keys."""

    VERSION = 1

    def __init__(self) -> None:
        """Start with nothing known."""
        super().__init__()
        self._asked_for_keys = False

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> TelldusOptionsFlow:
        """Return the options flow."""
        return TelldusOptionsFlow()

    # The keys

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the keys, or first whether they are those already known."""
        if user_input is not None:
            return await self._async_take_keys(user_input)
        first_time = self._own_entry is None and not self._asked_for_keys
        if first_time and self._async_current_entries(include_ignore=False):
            return await self.async_step_another_account()
        return self._keys_form()

    async def async_step_another_account(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer the keys that are already there."""
        self._asked_for_keys = True
        return self.async_show_menu(
            step_id="another_account", menu_options=["reuse_keys", "user"]
        )

    async def async_step_reuse_keys(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Use the keys of an account that is already there."""
        entries = self._async_current_entries(include_ignore=False)
        if not entries:
            # Removed while its keys were on offer
            return self._keys_form()
        self._application = _application_of(entries[0].data)
        if failure := await self._async_ensure_request_token(
            self.async_step_reuse_keys
        ):
            return failure
        return await self.async_step_method()

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for other keys or another server."""
        if user_input is not None:
            return await self._async_take_keys(user_input)
        if self._application is None:
            self._application = _application_of(self._get_reconfigure_entry().data)
        return self._keys_form()

    async def _async_take_keys(self, user_input: dict[str, Any]) -> ConfigFlowResult:
        """Try the keys that the person gave."""
        server = server_origin(user_input[_ADVANCED][CONF_SERVER_URL])
        if server is None:
            return self._keys_form({"base": "invalid_server_url"}, user_input)
        public_key = user_input[CONF_PUBLIC_KEY].strip()
        private_key = user_input.get(CONF_PRIVATE_KEY, "").strip()
        entry = self._own_entry
        if not private_key and entry and entry.data[CONF_PUBLIC_KEY] == public_key:
            private_key = entry.data[CONF_PRIVATE_KEY]
        if self.source == SOURCE_RECONFIGURE and not private_key:
            return self._keys_form({CONF_PRIVATE_KEY: "no_private_key"}, user_input)
        self._application = ConsumerKeys(server, public_key, private_key)
        self._forget_token()
        try:
            await self._async_fetch_token()
        except TelldusError as err:
            self._error = err
            return self._keys_form({"base": translation_key_for(err)}, user_input)
        return await self.async_step_method()

    @override
    def _keys_form(
        self,
        errors: dict[str, str] | None = None,
        suggested: Mapping[str, Any] | None = None,
    ) -> ConfigFlowResult:
        """Return the form for the keys. A private key is never sent back."""
        if suggested is None and self._application:
            suggested = {
                CONF_PUBLIC_KEY: self._application.public_key,
                _ADVANCED: {CONF_SERVER_URL: self._application.server},
            }
        kept = {**(suggested or {})}
        kept.pop(CONF_PRIVATE_KEY, None)
        others = self.source == SOURCE_RECONFIGURE
        return self.async_show_form(
            step_id="reconfigure" if others else "user",
            data_schema=self.add_suggested_values_to_schema(
                _OTHER_KEYS_SCHEMA if others else _KEYS_SCHEMA, kept
            ),
            errors=errors or {},
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
        self._application = _application_of(entry_data)
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Tell the person, who signs in again with one click."""
        return self.async_show_menu(
            step_id="reauth_confirm",
            menu_options=["authorize", "manual"],
            description_placeholders={"name": self._get_reauth_entry().title},
        )

    # Whose account

    @property
    def _own_entry(self) -> ConfigEntry | None:
        """Return the entry whose account must sign in, None where any may."""
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        if self.source == SOURCE_RECONFIGURE:
            return self._get_reconfigure_entry()
        return None

    @override
    def _candidate_entries(self) -> list[ConfigEntry]:
        """Return the entries that the account has to be told apart from or matched to."""
        if entry := self._own_entry:
            return [entry]
        return self._async_current_entries(include_ignore=False)

    @override
    def _is_wrong_account(self, signed_in: AuthorizedAccount) -> bool:
        """Return whether somebody else signed in than who must."""
        return (entry := self._own_entry) is not None and not (
            signed_in.is_same_as(entry)
            or signed_in.may_be_same_account(
                entry, registered_gateway_ids(self.hass, entry)
            )
        )

    @override
    async def _async_finish(self, signed_in: AuthorizedAccount) -> ConfigFlowResult:
        """Make the entry, or give it its new token."""
        profile, credentials = signed_in.profile, signed_in.credentials
        data: dict[str, Any] = {
            CONF_SERVER_URL: signed_in.server,
            CONF_PUBLIC_KEY: credentials.public_key,
            CONF_PRIVATE_KEY: credentials.private_key,
            CONF_TOKEN: credentials.token,
            CONF_TOKEN_SECRET: credentials.token_secret,
        }
        if entry := self._own_entry:
            shared = await async_get_domain_data(self.hass)
            shared.auth_failures[entry.entry_id].record_success()
            if profile is not None:
                data[CONF_ACCOUNT_UUID] = profile.uuid
            return self.async_update_reload_and_abort(entry, data_updates=data)
        if any(signed_in.is_same_as(entry) for entry in self._candidate_entries()):
            return self.async_abort(reason="already_configured")
        await self.async_set_unique_id(
            profile.uuid if profile else uuid4().hex, raise_on_progress=False
        )
        self._abort_if_unique_id_configured()
        data[CONF_ACCOUNT_UUID] = profile.uuid if profile else None
        data[CONF_GATEWAYS] = sorted(signed_in.gateways)
        name = profile.first_name if profile else None
        return self.async_create_entry(
            title=f"Telldus Live! ({name})" if name else "Telldus Live!", data=data
        )

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Offer to take over from Home Assistant's own integration, if it is there."""
        if core_entries(self.hass):
            offer = await self.hass.config_entries.options.async_init(
                result["result"].entry_id,
                context=ConfigFlowContext(source=SOURCE_MIGRATION_OFFER),
            )
            if offer["type"] is FlowResultType.SHOW_PROGRESS:
                result["next_flow"] = (FlowType.OPTIONS_FLOW, offer["flow_id"])
        return result


def _application_of(data: Mapping[str, Any]) -> ConsumerKeys:
    """Return the keys of an entry."""
    return ConsumerKeys(
        data[CONF_SERVER_URL], data[CONF_PUBLIC_KEY], data[CONF_PRIVATE_KEY]
    )
