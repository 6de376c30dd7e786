"""The dialog for moving over from Home Assistant's own integration, and back.

The same steps serve the options and the repair.
"""

from abc import abstractmethod
import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.data_entry_flow import FlowHandler, FlowResult

from ..const import LOGGER
from ..data import TelldusConfigEntry, TelldusData
from .move import async_revert, async_take_over, async_taken_over_from
from .plan import MigrationPlan, make_plan
from .summary import async_table
from .tellduslive import core_entries

_CONFIRM: Final = vol.Schema({})


class MigrationFlow[ResultT: FlowResult[Any, Any]](FlowHandler[Any, ResultT, Any]):
    """The steps of moving over and back."""

    _waiting: asyncio.Task[None] | None = None
    _moving: asyncio.Task[None] | None = None
    _job: Callable[[], Coroutine[Any, Any, None]] | None = None

    @property
    @abstractmethod
    def _entry(self) -> TelldusConfigEntry | None:
        """Return the entry that takes over, None if it was removed meanwhile."""

    @abstractmethod
    def _done(self) -> ResultT:
        """End with success, nothing being stored."""

    def _nothing_to_take_over(self) -> ResultT:
        """End, since there is nothing to take over."""
        return self.async_abort(reason="nothing_to_take_over")

    async def async_step_take_over(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Wait until it is known what there is."""
        if self._waiting is None:
            if not (entry := self._loaded()):
                return self.async_abort(reason="not_running")
            if await self._async_taken_over():
                return await self.async_step_stop_other()
            data = entry.runtime_data
            if data.sensors.success_count and data.gateways.success_count:
                return await self.async_step_review()
            self._waiting = entry.async_create_background_task(
                self.hass, _async_all_lists(data), "all lists"
            )
        if not self._waiting.done():
            return self.async_show_progress(
                step_id="take_over",
                progress_action="read_lists",
                progress_task=self._waiting,
            )
        return self.async_show_progress_done(next_step_id="review")

    async def async_step_review(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Show what changes, and do it if the person says so."""
        if not (entry := self._loaded()):
            return self.async_abort(reason="not_running")
        if not (plan := self._plan(entry)):
            return self._nothing_to_take_over()
        if user_input is None:
            return self.async_show_form(
                step_id="review",
                data_schema=_CONFIRM,
                description_placeholders=await async_table(self.hass, entry, plan),
            )
        self._job = partial(async_take_over, self.hass, entry, plan)
        return await self.async_step_move()

    async def async_step_stop_other(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Disable Home Assistant's own integration, from which all was taken over."""
        if user_input is None:
            return self.async_show_form(step_id="stop_other", data_schema=_CONFIRM)
        for core in core_entries(self.hass):
            await self.hass.config_entries.async_set_disabled_by(
                core.entry_id, ConfigEntryDisabler.USER
            )
        return self._done()

    async def async_step_go_back(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask whether to go back, and do so."""
        if not (entry := self._entry) or not await self._async_taken_over():
            return self.async_abort(reason="no_way_back")
        if user_input is None:
            return self.async_show_form(
                step_id="go_back",
                data_schema=_CONFIRM,
                description_placeholders={"name": entry.title},
            )
        self._job = partial(async_revert, self.hass, entry)
        return await self.async_step_move()

    async def async_step_move(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Move over or back."""
        if self._moving is None:
            assert self._job is not None
            self._moving = self.hass.async_create_task(self._job(), "take over")
        if not self._moving.done():
            return self.async_show_progress(
                step_id="move", progress_action="move", progress_task=self._moving
            )
        return self.async_show_progress_done(next_step_id="moved")

    async def async_step_moved(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Tell what came of it."""
        assert self._moving is not None
        if error := self._moving.exception():
            LOGGER.error("All is as it was before moving", exc_info=error)
            return self.async_abort(reason="move_failed")
        return self._done()

    async def _async_taken_over(self) -> bool:
        """Return whether our entry has taken over from one that is still there."""
        entry = self._entry
        return bool(entry and await async_taken_over_from(self.hass, entry))

    def _loaded(self) -> TelldusConfigEntry | None:
        """Return our entry if it runs."""
        entry = self._entry
        return entry if entry and entry.state is ConfigEntryState.LOADED else None

    def _plan(self, entry: TelldusConfigEntry) -> MigrationPlan | None:
        """Return what there is to take over, None if there is nothing."""
        for core in core_entries(self.hass):
            plan = make_plan(self.hass, entry, core.entry_id)
            if plan.entities or plan.devices:
                return plan
        return None


async def _async_all_lists(data: TelldusData) -> None:
    """Wait until each list has come once."""
    for coordinator in (data.sensors, data.gateways):
        heard = asyncio.Event()
        forget = coordinator.async_add_refresh_listener(heard.set)
        try:
            while not coordinator.success_count:
                heard.clear()
                await heard.wait()
        finally:
            forget()
