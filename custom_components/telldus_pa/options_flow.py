"""Options: what a person may prefer. Each takes effect at once, by reloading the entry.

Beside them stands what is done once and is no preference: importing history, and moving over
from Home Assistant's own integration, or back.
"""

from collections.abc import Mapping
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

from .const import (
    CONF_IMPORT_HISTORY,
    CONF_INCLUDE_IGNORED,
    CONF_PUSH,
    CONF_REVERSED_COVERS,
    DOMAIN,
    LONGEST_POLL_INTERVAL,
    POLL_INTERVAL,
    SHORTEST_POLL_INTERVAL,
)
from .coordinator import TelldusConfigEntry
from .devices.kinds import DeviceKind
from .devices.unique_ids import device_unique_id
from .history.importer import async_start_import
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


# How the flow begins that follows on signing in: with the offer to take over.
SOURCE_MIGRATION_OFFER: Final = "offer"


class TelldusOptionsFlow(MigrationFlow[ConfigFlowResult], OptionsFlowWithReload):
    """What a person may prefer."""

    def __init__(self) -> None:
        """Start with nothing shown."""
        # The covers to choose from, by device id.
        self._covers: dict[str, str] = {}
        self._offers = False

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what to do, if there is a choice."""
        if user_input is not None:
            return await self.async_step_settings(user_input)
        self._offers = self.source == SOURCE_MIGRATION_OFFER or bool(
            self._waiting_offers()
        )
        if self._offers:
            return await self.async_step_take_over()
        if core_entries(self.hass):
            return await self.async_step_menu()
        return await self.async_step_settings()

    async def async_step_menu(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer to move over beside the settings, or back."""
        back = await self._async_taken_over()
        return self.async_show_menu(
            step_id="menu",
            menu_options=["settings", "go_back" if back else "take_over"],
        )

    async def async_step_settings(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how often to poll, what to show, and which covers run the other way."""
        if user_input is None:
            self._covers = self._positioned_covers()
            return self._form(self.config_entry.options)
        before: list[str] = self.config_entry.options.get(CONF_REVERSED_COVERS, [])
        chosen = user_input.get(CONF_REVERSED_COVERS, [])
        # What was not there to be chosen may come back.
        kept = [one for one in before if one not in self._covers]
        options = {**user_input, CONF_REVERSED_COVERS: [*chosen, *kept]}
        if options.pop(CONF_IMPORT_HISTORY):
            try:
                await async_start_import(self.hass, self.config_entry)
            except HomeAssistantError as err:
                # Those have the same names among the texts of actions.
                return self._form(
                    options, {CONF_IMPORT_HISTORY: str(err.translation_key)}
                )
        return self.async_create_entry(data=options)

    def _form(
        self, options: Mapping[str, Any], errors: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Return the form, filled in with some options."""
        shown = {CONF_SCAN_INTERVAL: POLL_INTERVAL.total_seconds(), **options}
        schema = _SCHEMA
        if self._covers:
            reversed_covers = options.get(CONF_REVERSED_COVERS, [])
            shown[CONF_REVERSED_COVERS] = [
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
        schema = schema.extend(
            {vol.Required(CONF_IMPORT_HISTORY, default=False): BooleanSelector()}
        )
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
        )

    @property
    @override
    def _entry(self) -> TelldusConfigEntry | None:
        """Return the entry that takes over."""
        return self.hass.config_entries.async_get_entry(self.handler)

    @override
    def _done(self) -> ConfigFlowResult:
        """End, the options being what they were."""
        return self.async_create_entry(data={**self.config_entry.options})

    @override
    def _nothing_to_take_over(self) -> ConfigFlowResult:
        """End, without a word to whoever has only signed in."""
        if self._offers:
            return self._done()
        return super()._nothing_to_take_over()

    @callback
    @override
    def async_remove(self) -> None:
        """End what this has taken the place of."""
        if self._offers:
            for flow_id in self._waiting_offers():
                self.hass.config_entries.options.async_abort(flow_id)

    @callback
    def _waiting_offers(self) -> list[str]:
        """Return the flows that wait to offer the take-over, this one apart.

        The frontend is told to go on with such a one, and begins one of its own as well,
        as seen in 2026.11: that takes its place.
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
        """Return what the covers with a position are called; none while nothing is known."""
        entry: TelldusConfigEntry = self.config_entry
        if entry.state is not ConfigEntryState.LOADED:
            return {}
        devices = entry.runtime_data.devices
        registry = dr.async_get(self.hass)
        return {
            device.id: known.name_by_user or known.name or device.id
            for device in devices.data.values()
            if devices.topology.kinds[device.id] is DeviceKind.COVER
            and Method.DIM in device.methods
            and (
                known := registry.async_get_device_by_identifier(
                    (DOMAIN, device_unique_id(entry, device.id)), entry.entry_id
                )
            )
        }
