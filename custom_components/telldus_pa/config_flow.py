"""The config flow: add an account, sign in to it again, and change its keys or server."""

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
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo

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
from .sign_in.flow import SignInFlow
from .sign_in.identity import AuthorizedAccount
from .sign_in.request_tokens import ConsumerKeys
from .sign_in.schemas import ADVANCED, BOTH_WAYS, KEYS_SCHEMA, OTHER_KEYS_SCHEMA

_ACCOUNT: Final = "account"
_KEY_PAGE: Final = f"{DEFAULT_SERVER}/keys/showToken"


class TelldusConfigFlow(SignInFlow, domain=DOMAIN):
    """The config flow."""

    VERSION = 1

    def __init__(self) -> None:
        """Initialize the flow."""
        super().__init__()
        self._keys_were_offered = False

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> TelldusOptionsFlow:
        """Return the options flow."""
        return TelldusOptionsFlow()

    # Discovery

    @override
    async def async_step_dhcp(
        self, discovery_info: DhcpServiceInfo
    ) -> ConfigFlowResult:
        """Offer the set-up where there is a TellStick on the network.

        Nothing of it is used: the entry's unique id is the account's.
        """
        await self._async_handle_discovery_without_unique_id()
        return await self.async_step_dhcp_confirm()

    async def async_step_dhcp_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Explain why the set-up is offered."""
        if user_input is None:
            return self.async_show_form(step_id="dhcp_confirm")
        return await self.async_step_user()

    # The keys

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the keys, or first whether to use those of another account."""
        if user_input is not None:
            return await self._async_take_keys(user_input)
        if (
            self._own_entry is None
            and not self._keys_were_offered
            and self._reusable_keys()
        ):
            return await self.async_step_another_account()
        return self._keys_form()

    async def async_step_another_account(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer the keys of the accounts that are set up."""
        self._keys_were_offered = True
        return self.async_show_menu(
            step_id="another_account",
            menu_options=["reuse_keys", "user"],
            description_placeholders={
                "accounts": ", ".join(self._reusable_keys().values())
            },
        )

    async def async_step_reuse_keys(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Use the keys of another account, which the user chooses where there are several."""
        accounts = self._reusable_keys()
        if user_input is None and len(accounts) > 1:
            options = [
                SelectOptionDict(value=entry_id, label=titles)
                for entry_id, titles in accounts.items()
            ]
            selector = SelectSelector(
                SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST)
            )
            return self.async_show_form(
                step_id="reuse_keys",
                data_schema=vol.Schema({vol.Required(_ACCOUNT): selector}),
            )
        entry_id = user_input[_ACCOUNT] if user_input else next(iter(accounts), None)
        if entry_id not in accounts:
            # The entry was removed or disabled while its keys were on offer.
            return self._keys_form()
        self._use_keys(
            _keys_of(self.hass.config_entries.async_get_known_entry(entry_id).data)
        )
        return await self._async_offer_method()

    def _reusable_keys(self) -> dict[str, str]:
        """Return an entry id for each pair of keys, and the titles of its accounts.

        Disabled entries do not count, nor do those on other servers beside Telldus' own.
        """
        entries = [
            entry
            for entry in self._async_current_entries(include_ignore=False)
            if entry.disabled_by is None
        ]
        at_telldus = [
            entry for entry in entries if entry.data[CONF_SERVER_URL] == DEFAULT_SERVER
        ]
        by_keys: dict[ConsumerKeys, list[ConfigEntry]] = {}
        for entry in at_telldus or entries:
            by_keys.setdefault(_keys_of(entry.data), []).append(entry)
        return {
            same[0].entry_id: ", ".join(entry.title for entry in same)
            for same in by_keys.values()
        }

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for other keys or another server."""
        if user_input is not None:
            return await self._async_take_keys(user_input)
        if self._request_tokens is None:
            self._use_keys(_keys_of(self._get_reconfigure_entry().data))
        return self._keys_form()

    async def _async_take_keys(self, user_input: dict[str, Any]) -> ConfigFlowResult:
        """Fetch a request token with the keys that the user has entered."""
        server = server_origin(user_input[ADVANCED][CONF_SERVER_URL])
        if server is None:
            return self._keys_form({"base": "invalid_server_url"}, user_input)
        public_key = user_input[CONF_PUBLIC_KEY].strip()
        private_key = user_input.get(CONF_PRIVATE_KEY, "").strip()
        entry = self._own_entry
        if not private_key and entry and entry.data[CONF_PUBLIC_KEY] == public_key:
            private_key = entry.data[CONF_PRIVATE_KEY]
        if self.source == SOURCE_RECONFIGURE and not private_key:
            return self._keys_form({CONF_PRIVATE_KEY: "no_private_key"}, user_input)
        self._use_keys(ConsumerKeys(server, public_key, private_key))
        try:
            await self._tokens.async_fetch()
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
        if suggested is None and self._request_tokens:
            keys = self._request_tokens.keys
            suggested = {
                CONF_PUBLIC_KEY: keys.public_key,
                ADVANCED: {CONF_SERVER_URL: keys.server},
            }
        kept = {**(suggested or {})}
        kept.pop(CONF_PRIVATE_KEY, None)
        is_change = self.source == SOURCE_RECONFIGURE
        return self.async_show_form(
            step_id="reconfigure" if is_change else "user",
            data_schema=self.add_suggested_values_to_schema(
                OTHER_KEYS_SCHEMA if is_change else KEYS_SCHEMA, kept
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
        """Start to sign in again, before anybody has opened the dialog."""
        self._use_keys(_keys_of(entry_data))
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask the user to sign in again."""
        return self.async_show_menu(
            step_id="reauth_confirm",
            menu_options=BOTH_WAYS,
            description_placeholders={"name": self._get_reauth_entry().title},
        )

    # Whose account

    @property
    def _own_entry(self) -> ConfigEntry | None:
        """Return the entry whose account must sign in, None where any account may."""
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        if self.source == SOURCE_RECONFIGURE:
            return self._get_reconfigure_entry()
        return None

    @override
    def _candidate_entries(self) -> list[ConfigEntry]:
        """Return the entries that the account is compared with.

        A new account is never the same as one on another server. That of an entry may be: by
        its id at Telldus, after Telldus has moved.
        """
        if entry := self._own_entry:
            return [entry]
        return [
            entry
            for entry in self._async_current_entries(include_ignore=False)
            if entry.data[CONF_SERVER_URL] == self._tokens.keys.server
        ]

    @override
    def _is_wrong_account(self, signed_in: AuthorizedAccount) -> bool:
        """Return whether the account is another than the one that must sign in."""
        return (entry := self._own_entry) is not None and not (
            signed_in.is_same_as(entry)
            or signed_in.may_be_same_account(
                entry, registered_gateway_ids(self.hass, entry)
            )
        )

    @override
    async def _async_finish(self, signed_in: AuthorizedAccount) -> ConfigFlowResult:
        """Create the entry, or store the new token in it."""
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
        unique_id = profile.uuid if profile else uuid4().hex
        if any(
            entry.unique_id == unique_id
            for entry in self._async_current_entries(include_ignore=False)
            if entry.data[CONF_SERVER_URL] != signed_in.server
        ):
            # Another server has an account of this id.
            unique_id = uuid4().hex
        await self.async_set_unique_id(unique_id, raise_on_progress=False)
        self._abort_if_unique_id_configured()
        data[CONF_ACCOUNT_UUID] = profile.uuid if profile else None
        data[CONF_GATEWAYS] = sorted(signed_in.gateways)
        name = profile.first_name if profile else None
        return self.async_create_entry(
            title=f"Telldus Live! ({name})" if name else "Telldus Live!", data=data
        )

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Offer to move over from Home Assistant's own integration, if it is set up."""
        if core_entries(self.hass):
            offer = await self.hass.config_entries.options.async_init(
                result["result"].entry_id,
                context=ConfigFlowContext(source=SOURCE_MIGRATION_OFFER),
            )
            if offer["type"] is FlowResultType.SHOW_PROGRESS:
                result["next_flow"] = (FlowType.OPTIONS_FLOW, offer["flow_id"])
        return result


def _keys_of(data: Mapping[str, Any]) -> ConsumerKeys:
    """Return the keys in the data of an entry."""
    return ConsumerKeys(
        data[CONF_SERVER_URL], data[CONF_PUBLIC_KEY], data[CONF_PRIVATE_KEY]
    )
