"""The options flow. Options take effect at once, by reloading the entry.

It also starts what is done once: importing history, and moving over from Home Assistant's own
integration, or back.
"""

from typing import Any, Final, override

import voluptuous as vol

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
)

from .account.errors import check_loaded
from .const import (
    CONF_INCLUDE_IGNORED,
    CONF_PUSH,
    CONF_REVERSED_COVERS,
    DOMAIN,
    LONGEST_POLL_INTERVAL,
    POLL_INTERVAL,
    SHORTEST_POLL_INTERVAL,
)
from .data import TelldusConfigEntry
from .devices.kinds import DeviceKind
from .devices.unique_ids import device_unique_id
from .migration.flow import MigrationFlow
from .migration.tellduslive import core_entries
from .pa_api import Method

_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_SCAN_INTERVAL): vol.All(
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
        vol.Required(CONF_PUSH, default=True): BooleanSelector(),
        vol.Required(CONF_INCLUDE_IGNORED, default=False): BooleanSelector(),
    }
)


# The source of the flow that follows on signing in, with the offer to take over.
SOURCE_MIGRATION_OFFER: Final = "offer"


class TelldusOptionsFlow(MigrationFlow[ConfigFlowResult], OptionsFlowWithReload):
    """The options of an account."""

    def __init__(self) -> None:
        """Initialize the flow."""
        # Names of the covers to choose from, by device id.
        self._covers: dict[str, str] = {}
        self._is_offer = False

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Start with the offer to take over, or show the menu."""
        self._is_offer = self.source == SOURCE_MIGRATION_OFFER or bool(
            self._waiting_offers()
        )
        if self._is_offer:
            return await self.async_step_take_over()
        is_offered, is_back = core_entries(self.hass), await self._async_taken_over()
        return self.async_show_menu(
            step_id="init",
            menu_options=[
                *("settings", "import_history"),
                *(["go_back" if is_back else "take_over"] if is_offered else []),
            ],
        )

    async def async_step_settings(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show and store the settings."""
        if user_input is None:
            self._covers = self._positioned_covers()
            return self._settings_form()
        stored: list[str] = self.config_entry.options.get(CONF_REVERSED_COVERS, [])
        chosen = user_input.get(CONF_REVERSED_COVERS, [])
        # Covers that were not in the form may come back.
        kept = [one for one in stored if one not in self._covers]
        return self.async_create_entry(
            data={**user_input, CONF_REVERSED_COVERS: [*chosen, *kept]}
        )

    def _settings_form(self) -> ConfigFlowResult:
        """Show the form, filled in with the options as they are."""
        options = self.config_entry.options
        suggested = {CONF_SCAN_INTERVAL: POLL_INTERVAL.total_seconds(), **options}
        schema = _SCHEMA
        if self._covers:
            reversed_covers = options.get(CONF_REVERSED_COVERS, [])
            suggested[CONF_REVERSED_COVERS] = [
                one for one in reversed_covers if one in self._covers
            ]
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
            step_id="settings",
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
        )

    async def async_step_import_history(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Confirm the import, and start it."""
        errors = {}
        if user_input is not None:
            try:
                check_loaded(self.config_entry)
                await self.config_entry.runtime_data.history_import.async_start()
            except HomeAssistantError as err:
                # The form's errors have the same keys as the exceptions.
                errors["base"] = str(err.translation_key)
            else:
                return self.async_abort(reason="import_started")
        return self.async_show_form(
            step_id="import_history", data_schema=vol.Schema({}), errors=errors
        )

    @property
    @override
    def _entry(self) -> TelldusConfigEntry | None:
        """The entry that takes over."""
        return self.hass.config_entries.async_get_entry(self.handler)

    @override
    def _done(self) -> ConfigFlowResult:
        """End the flow without changing the options."""
        return self.async_create_entry(data={**self.config_entry.options})

    @override
    def _nothing_to_take_over(self) -> ConfigFlowResult:
        """End silently after a sign-in."""
        if self._is_offer:
            return self._done()
        return super()._nothing_to_take_over()

    @callback
    @override
    def async_remove(self) -> None:
        """Abort the flows that this one replaces."""
        if self._is_offer:
            for flow_id in self._waiting_offers():
                self.hass.config_entries.options.async_abort(flow_id)

    @callback
    def _waiting_offers(self) -> list[str]:
        """List the other flows that wait to offer the migration.

        The frontend is given such a flow as the next one, and starts one of its own as
        well, as seen in 2026.11, which replaces it.
        """
        flows = self.hass.config_entries.options
        return [
            flow["flow_id"]
            for flow in flows.async_progress_by_handler(self.handler)
            if flow["context"].get("source") == SOURCE_MIGRATION_OFFER
            and flow["flow_id"] != self.flow_id
        ]

    @callback
    def _positioned_covers(self) -> dict[str, str]:
        """Return the names of the covers with a position, none while the entry is not loaded."""
        entry: TelldusConfigEntry = self.config_entry
        if entry.state is not ConfigEntryState.LOADED:
            return {}
        devices = entry.runtime_data.devices
        registry = dr.async_get(self.hass)
        return {
            device.id: registered.name_by_user or registered.name or device.id
            for device in devices.data.values()
            if devices.topology.kinds[device.id] is DeviceKind.COVER
            and Method.DIM in device.methods
            and (
                registered := registry.async_get_device_by_identifier(
                    (DOMAIN, device_unique_id(entry, device.id)), entry.entry_id
                )
            )
        }
