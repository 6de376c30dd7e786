"""Repair flows: what Home Assistant does about an issue once the user confirms it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, override

import voluptuous as vol

from homeassistant.components.repairs import RepairsFlow
from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant

from .const import CONF_REVERSED_COVERS, LONGEST_POLL_INTERVAL, POLL_INTERVAL
from .data import TelldusConfigEntry
from .issues import Issue
from .migration.flow import MigrationFlow

if TYPE_CHECKING:
    from homeassistant.components.repairs import RepairsFlowResult

# Seconds. It leaves most of the limit to others; where it is that long already, it is doubled.
_SLOW: Final = 120


class ReducePollingRepairFlow(RepairsFlow):
    """Polls less often, where something else uses up the request limit."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Start the flow."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Confirm, and change the interval."""
        entries = self.hass.config_entries
        entry = entries.async_get_entry(_entry_id(self))
        if entry is None:
            return self.async_abort(reason="entry_gone")
        current = entry.options.get(CONF_SCAN_INTERVAL, POLL_INTERVAL.total_seconds())
        longest = int(LONGEST_POLL_INTERVAL.total_seconds())
        if current >= longest:
            return self.async_abort(reason="nothing_slower")
        interval = min(max(_SLOW, int(current * 2)), longest)
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema({}),
                description_placeholders={
                    "name": entry.title,
                    "interval": str(interval),
                },
            )
        entries.async_update_entry(
            entry, options={**entry.options, CONF_SCAN_INTERVAL: interval}
        )
        entries.async_schedule_reload(entry.entry_id)
        return self.async_create_entry(data={})


class ReverseCoverRepairFlow(RepairsFlow):
    """Turn the scale of a cover that was seen to run the other way."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask for confirmation."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask whether to, and do so."""
        if TYPE_CHECKING:
            assert self.data is not None
        entries = self.hass.config_entries
        entry = entries.async_get_entry(_entry_id(self))
        if entry is None:
            return self.async_abort(reason="entry_gone")
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema({}),
                description_placeholders={
                    "name": entry.title,
                    "cover": str(self.data["cover"]),
                },
            )
        # Those that run the other way, with this one changed over.
        turned = {*entry.options.get(CONF_REVERSED_COVERS, ())} ^ {
            str(self.data["device_id"])
        }
        entries.async_update_entry(
            entry, options={**entry.options, CONF_REVERSED_COVERS: sorted(turned)}
        )
        entries.async_schedule_reload(entry.entry_id)
        return self.async_create_entry(data={})


class MigrationRepairFlow(MigrationFlow["RepairsFlowResult"], RepairsFlow):
    """Takes over from Home Assistant's own integration, which runs beside this one."""

    @property
    @override
    def _entry(self) -> TelldusConfigEntry | None:
        """The entry that takes over."""
        return self.hass.config_entries.async_get_entry(_entry_id(self))

    @override
    def _done(self) -> RepairsFlowResult:
        """End the flow; the issue is fixed."""
        return self.async_create_entry(data={})

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Start the flow."""
        return await self.async_step_take_over()


# Which flow mends which issue; ``issues.FIXABLE`` has the same.
FLOWS: Final[Mapping[str, Callable[[], RepairsFlow]]] = {
    Issue.COVER_DIRECTION: ReverseCoverRepairFlow,
    Issue.TELLDUSLIVE_ACTIVE: MigrationRepairFlow,
    Issue.RATE_LIMIT_EXHAUSTED: ReducePollingRepairFlow,
}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Create the flow that fixes an issue."""
    return FLOWS[Issue(str((data or {}).get("issue")))]()


def _entry_id(flow: RepairsFlow) -> str:
    """Get the id of the entry that an issue is about."""
    return str((flow.data or {}).get("entry_id"))
