"""What became of a command that Telldus has accepted: confirmed, asleep, failed, overruled.

A list tells, if it was asked for late enough. Where it contradicts, the device's history is
asked why: the list may lag behind, and a battery device may only not be awake yet.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from math import inf
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..coordinator import DeviceCoordinator, SensorCoordinator
from ..devices.topology import gives_feedback
from ..pa_api import (
    CommandFailedMessage,
    Device,
    Method,
    Priority,
    SuccessStatus,
    TelldusError,
    attribute_group_of,
)
from .optimistic import OptimisticState
from .pending import ASK_AGAIN_AFTER, CommandOutcome, PendingCommand

# Seconds from when a command was accepted to when a list can tell what became of it, and to
# when a list that contradicts is believed without the history.
_SETTLES_AFTER: Final = 10.0
_BELIEVED_AFTER: Final = 30.0
# A little later, in seconds, lest a list is asked for a moment too early by some clock.
_MARGIN: Final = 0.5
# A poll that comes this many seconds after a list can tell is soon enough (20, and what a
# request takes). A list of its own is asked for this rarely, and not this soon after another.
_SOON: Final = 21.0
_LOOK_INTERVAL: Final = 30.0
_LIST_INTERVAL: Final = 10.0
# Seconds that a battery device may sleep before what it was told is taken for lost.
_SLEEPS_AT_MOST: Final = 2 * 3600.0
# How many devices' histories are asked for at a time; each is a request.
_MOST_QUESTIONS: Final = 3
# The clocks of Telldus and Home Assistant may differ by this many seconds.
_CLOCKS_DIFFER: Final = 5.0

# What the history says of commands that were not carried out.
_REASONS: Final = {
    SuccessStatus.FAILED: "all tries failed",
    SuccessStatus.NO_REPLY: "it did not answer",
    SuccessStatus.TIMED_OUT: "it did not answer in time",
    SuccessStatus.NOT_CONFIRMED: "it did not confirm",
    SuccessStatus.UNKNOWN: "for a reason that Telldus does not tell",
    SuccessStatus.INVALID: "it does not know what it was told",
}


class Confirmation:
    """Finds out what became of accepted commands, with as few requests as possible."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: DeviceCoordinator,
        sensors: SensorCoordinator,
        state: OptimisticState,
        show: Callable[[Iterable[str]], None],
    ) -> None:
        """Initialize the confirmation; ``show`` writes the states of devices."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._sensors = sensors
        self._state = state
        self._show = show
        self._now = coordinator.account.rate_limiter.now
        # When the answer to a command was lost: it may have been carried out.
        self._lost_at = -inf
        self._looked_at = -inf
        self._timer: CALLBACK_TYPE | None = None
        # Devices whose history is being asked for.
        self._asking: set[str] = set()

    def accept(self, pending: PendingCommand) -> None:
        """Find out what becomes of a command that Telldus has just accepted."""
        self._state.accept(pending, self._now())
        pending.look_at = self._now() + _SETTLES_AFTER + _MARGIN

    def look_for_lost(self) -> None:
        """Have a list tell of a command without an answer."""
        self._lost_at = self._now()

    @callback
    def async_settle(self) -> None:
        """Let go of what the newest list decides. Called after each poll."""
        requested_at = self._coordinator.requested_at
        shown: set[str] = set()
        # Older ones first: what was told later counts instead.
        for pending in sorted(self._state.accepted(), key=lambda one: one.accepted_at):
            if requested_at >= pending.accepted_at + _SETTLES_AFTER:
                shown |= pending.wanted
                self._settle(pending, requested_at)
        self._show(shown)
        self.async_plan()

    def _settle(self, pending: PendingCommand, requested_at: float) -> None:
        """Decide on a command, as far as a list that was asked for late enough can tell."""
        now, accepted_at = self._now(), pending.accepted_at
        undone = self._undone(pending)
        asleep = {one for one in undone if self._may_sleep(pending, one)}
        late = undone - asleep
        pending.look_at = None
        self._state.release(pending, pending.wanted - undone, CommandOutcome.CONFIRMED)
        if asleep and now - accepted_at >= _SLEEPS_AT_MOST:
            self._fail(pending, asleep, "it did not wake up")
        elif undone and now >= pending.ask_at:
            pending.ask_at = now + pending.ask_after
            pending.ask_after *= 2
            self._ask(pending, undone)
        if (
            requested_at >= accepted_at + _BELIEVED_AFTER
            # Who knows what that has done since?
            or self._state.opaque_accepted_at > accepted_at
        ):
            # The history, where it is being asked, may know better: that it waits to wake.
            self._state.release(pending, late - self._asking, CommandOutcome.OVERRULED)
            late &= self._asking
        if late:
            pending.look_at = max(now, accepted_at + _BELIEVED_AFTER) + _MARGIN

    def _undone(self, pending: PendingCommand) -> set[str]:
        """Return the two-way devices whose polled state does not match this command.

        What they were told since counts instead.
        """
        devices = self._coordinator.data
        return {
            device_id
            for device_id in pending.wanted
            if (device := devices.get(device_id))
            and gives_feedback(device)
            and not (effect := pending.effects[device_id]).is_applied_to(device)
            and pending
            is [
                one
                for one in self._state.commands_to(device_id)
                if one.effects[device_id].attribute_group is effect.attribute_group
            ][-1]
        }

    def _may_sleep(self, pending: PendingCommand, device_id: str) -> bool:
        """Return whether a device runs on a battery: then it hears us when it wakes."""
        if device_id in pending.queued:
            return True
        device = self._coordinator.data[device_id]
        sensor = self._sensors.sensor_for_device(device)
        return sensor is not None and (
            sensor.battery is not None or sensor.battery_low is not None
        )

    def _fail(
        self, pending: PendingCommand, device_ids: Iterable[str], reason: str
    ) -> None:
        """Take a command back at some devices, and say why to nobody in particular."""
        self._state.release(pending, device_ids, CommandOutcome.REFUSED_LATE)
        self._show(device_ids)
        pending.log_failure(reason)

    def _ask(self, pending: PendingCommand, device_ids: Iterable[str]) -> None:
        """Have the histories of devices tell why they are not as they were told to be."""
        for device_id in device_ids:
            if len(self._asking) < _MOST_QUESTIONS and device_id not in self._asking:
                self._asking.add(device_id)
                self._entry.async_create_background_task(
                    self._hass, self._async_ask(pending, device_id), "look up"
                )

    async def _async_ask(self, pending: PendingCommand, device_id: str) -> None:
        """Ask a device's history what became of a command."""
        age = self._now() - pending.accepted_at + _CLOCKS_DIFFER
        try:
            rows = await self._coordinator.account.client.device_history(
                device_id,
                dt_util.utcnow() - timedelta(seconds=age),
                priority=Priority.POLL,
            )
        except TelldusError as err:
            # Nobody promised that there is one; what the lists say has to do.
            LOGGER.debug("No history: %s", err)
            return
        finally:
            self._asking.discard(device_id)
        attribute_group = pending.effects[device_id].attribute_group
        for row in reversed(rows):
            if row.method and attribute_group_of(row.method) is attribute_group:
                self._conclude(pending, device_id, row.outcome, row.method)
                return

    def _conclude(
        self,
        pending: PendingCommand,
        device_id: str,
        outcome: SuccessStatus,
        method: Method | None,
    ) -> None:
        """Take note of what became of a command at a device."""
        if outcome is SuccessStatus.QUEUED:
            pending.queued.add(device_id)
            pending.look_at = None
            pending.ask_at = max(pending.ask_at, self._now() + ASK_AGAIN_AFTER)
        elif outcome is not SuccessStatus.DONE:
            self._fail(pending, (device_id,), _REASONS[outcome])
        elif method is not pending.effects[device_id].method:
            # Somebody else was faster, or came later. Else only the list is late.
            self._state.release(pending, (device_id,), CommandOutcome.OVERRULED)
            self._show((device_id,))

    @callback
    def async_confirm_from_push(self, device: Device, method: Method) -> None:
        """Let go of what a device was told that it was heard to have done."""
        for pending in self._state.accepted(device.id):
            effect = pending.effects[device.id]
            if effect.attribute_group is attribute_group_of(
                method
            ) and effect.is_applied_to(device):
                self._state.release(pending, (device.id,), CommandOutcome.CONFIRMED)
                self._show((device.id,))

    @callback
    def async_fail_from_push(self, event: CommandFailedMessage) -> None:
        """Take back the oldest of what a device was told and was heard not to have done."""
        for pending in self._state.accepted(event.device_id):
            if event.method is None or (
                pending.effects[event.device_id].attribute_group
                is attribute_group_of(event.method)
            ):
                self._conclude(pending, event.device_id, event.outcome, event.method)
                return

    @callback
    def async_plan(self) -> None:
        """Have a list asked for at the right moment, if no poll will tell soon enough."""
        self.async_cancel()
        if (look_at := self._next_look_at()) is not None:
            self._timer = async_call_later(
                self._hass,
                max(look_at - self._now(), 0.0),
                HassJob(self._async_look, "confirm commands", cancel_on_shutdown=True),
            )

    @callback
    def async_cancel(self) -> None:
        """Ask for no list."""
        if self._timer:
            self._timer()
            self._timer = None

    def _next_look_at(self) -> float | None:
        """Return when a list is to be asked for, None if a poll does or none is needed.

        After each poll this is asked again.
        """
        if self._state.queue:
            return None
        wanted = [one.look_at for one in self._state.accepted() if one.look_at]
        if self._coordinator.requested_at < self._lost_at + _SETTLES_AFTER:
            wanted.append(self._lost_at + _SETTLES_AFTER + _MARGIN)
        if not wanted:
            return None
        look_at = max(
            min(wanted),
            self._looked_at + _LOOK_INTERVAL,
            self._coordinator.requested_at + _LIST_INTERVAL,
        )
        due_at = self._coordinator.next_poll_at
        is_soon = due_at is not None and due_at <= look_at + _SOON
        return None if is_soon else look_at

    @callback
    def _async_look(self, _now: object) -> None:
        """Ask for a list now, unless it is not needed any more."""
        self._timer = None
        if self._next_look_at() is not None:
            self._looked_at = self._now()
            self._entry.async_create_background_task(
                self._hass, self._coordinator.async_refresh(), "confirm commands"
            )
