"""The dialog for moving over from tellduslive, and back.

The same steps serve the options and the repair.
"""

from abc import abstractmethod
import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.data_entry_flow import FlowHandler, FlowResult

from ..const import LOGGER
from ..data import TelldusConfigEntry, TelldusData
from .move import (
    MigrationError,
    async_owner,
    async_revert,
    async_take_over,
    async_taken_over_from,
)
from .plan import MigrationPlan, make_plan
from .summary import async_summarize
from .tellduslive import core_entries

_CONFIRM: Final = vol.Schema({})


class MigrationFlow[ResultT: FlowResult[Any, Any]](FlowHandler[Any, ResultT, Any]):
    """The steps of moving over and back."""

    # Waits until all lists have been fetched.
    _lists_task: asyncio.Task[None] | None = None
    # Moves over or back; set before the step "move".
    _move_task: asyncio.Task[None]

    @property
    @abstractmethod
    def _entry(self) -> TelldusConfigEntry | None:
        """The entry that takes over, None if it was removed meanwhile."""

    @abstractmethod
    def _done(self) -> ResultT:
        """Finish with success, storing nothing."""

    def _nothing_to_take_over(self) -> ResultT:
        """Finish, since there is nothing to take over."""
        return self.async_abort(reason="nothing_to_take_over")

    async def async_step_take_over(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Wait until all lists have been fetched."""
        if self._lists_task is None:
            if not (entry := self._loaded_entry()):
                return self.async_abort(reason="not_running")
            if any(
                core_entry.disabled_by is None
                for core_entry in await self._async_core_entries(are_owned=True)
            ):
                return await self.async_step_stop_other()
            data = entry.runtime_data
            if data.sensors.success_count and data.gateways.success_count:
                return await self.async_step_review()
            self._lists_task = entry.async_create_background_task(
                self.hass, _async_all_lists(data), "all lists"
            )
        if not self._lists_task.done():
            return self.async_show_progress(
                step_id="take_over",
                progress_action="read_lists",
                progress_task=self._lists_task,
            )
        return self.async_show_progress_done(next_step_id="review")

    async def async_step_review(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Show what changes, and take over when the user submits it."""
        if not (entry := self._loaded_entry()):
            return self.async_abort(reason="not_running")
        if not (plan := await self._async_plan(entry)):
            return self._nothing_to_take_over()
        if user_input is None:
            placeholders, is_complete = await async_summarize(self.hass, entry, plan)
            return self.async_show_form(
                step_id="review",
                data_schema=_CONFIRM,
                description_placeholders=placeholders,
                errors=None if is_complete else {"base": "not_searched"},
            )
        return await self._async_move(
            async_take_over(self.hass, entry, plan.core_entry_id)
        )

    async def async_step_stop_other(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Disable tellduslive, from which everything was taken over."""
        if user_input is None:
            return self.async_show_form(step_id="stop_other", data_schema=_CONFIRM)
        for core_entry in await self._async_core_entries(are_owned=True):
            await self.hass.config_entries.async_set_disabled_by(
                core_entry.entry_id, ConfigEntryDisabler.USER
            )
        return self._done()

    async def async_step_go_back(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Confirm going back, and go back."""
        if not (entry := self._entry) or not await self._async_taken_over():
            return self.async_abort(reason="no_way_back")
        if user_input is None:
            return self.async_show_form(
                step_id="go_back",
                data_schema=_CONFIRM,
                description_placeholders={"name": entry.title},
            )
        return await self._async_move(async_revert(self.hass, entry))

    async def _async_move(self, migration: Coroutine[Any, Any, None]) -> ResultT:
        """Start moving over or back, and show that it goes on."""
        self._move_task = self.hass.async_create_task(migration, "migration")
        return await self.async_step_move()

    async def async_step_move(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Wait until everything has been moved."""
        if not self._move_task.done():
            return self.async_show_progress(
                step_id="move", progress_action="move", progress_task=self._move_task
            )
        return self.async_show_progress_done(next_step_id="moved")

    async def async_step_moved(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Finish, with what went wrong if anything did."""
        error = self._move_task.exception()
        if error is None:
            return self._done()
        LOGGER.error("Nothing has changed: the migration failed", exc_info=error)
        if isinstance(error, MigrationError) and error.translation_key:
            return self.async_abort(
                reason=error.translation_key,
                description_placeholders=error.translation_placeholders,
            )
        return self.async_abort(reason="move_failed")

    async def _async_taken_over(self) -> bool:
        """Return whether the entry has taken over from one that is still there."""
        entry = self._entry
        return bool(entry and await async_taken_over_from(self.hass, entry))

    def _loaded_entry(self) -> TelldusConfigEntry | None:
        """Return the entry if it is loaded, else None."""
        entry = self._entry
        return entry if entry and entry.state is ConfigEntryState.LOADED else None

    async def _async_core_entries(self, *, are_owned: bool) -> list[ConfigEntry[Any]]:
        """List the entries of tellduslive from which an entry here has taken over, or none."""
        return [
            core_entry
            for core_entry in core_entries(self.hass)
            if (await async_owner(self.hass, core_entry) is not None) is are_owned
        ]

    async def _async_plan(self, entry: TelldusConfigEntry) -> MigrationPlan | None:
        """Plan what there is to take over, None if there is nothing."""
        for core_entry in await self._async_core_entries(are_owned=False):
            plan = make_plan(self.hass, entry, core_entry.entry_id)
            if plan.entities or plan.devices:
                return plan
        return None


async def _async_all_lists(data: TelldusData) -> None:
    """Wait until the sensors and the gateways have been fetched once."""
    for coordinator in (data.sensors, data.gateways):
        refreshed = asyncio.Event()
        remove_listener = coordinator.async_add_refresh_listener(refreshed.set)
        try:
            while not coordinator.success_count:
                refreshed.clear()
                await refreshed.wait()
        finally:
            remove_listener()
