"""Sends one account's commands: collects those of an action, queues, sends, tells.

What one action commands is one batch, judged by the state before it: commands are collected
for two turns of the event loop, since Home Assistant calls several entities one turn later
than one. Only then are they queued and shown.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from math import inf
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ..account.errors import error_placeholders, translation_key_for
from ..const import CONF_REVERSED_COVERS, DOMAIN
from ..coordinator import DeviceCoordinator, SensorCoordinator
from ..devices.kinds import DeviceKind, expires_soon
from ..devices.topology import is_group
from ..pa_api import (
    Command,
    Device,
    InvalidResponseError,
    Method,
    RateLimitError,
    RequestDeferredError,
    TelldusConnectionError,
    TelldusError,
)
from .batch import in_order
from .confirmation import Confirmation
from .optimistic import OptimisticState
from .pending import (
    CommandCaller,
    CommandInterruptedError,
    CommandOutcome,
    PendingCommand,
)

# Seconds that an action waits for its own request.
_ACTION_WAITS: Final = 20.0
# Once commands have waited for a minute, without a break of so many seconds, they are sent so
# many seconds apart: as many get through, and a click does not wait for the next burst of ten.
_FLOOD_AFTER: Final = 60.0
_FLOOD_BREAK: Final = 15.0
_FLOOD_INTERVAL: Final = 6.0

type SentListener = Callable[[Iterable[str], bool], None]


class CommandManager:
    """Sends one account's commands and knows what was commanded."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: DeviceCoordinator,
        sensors: SensorCoordinator,
        states: dict[str, OptimisticState],
    ) -> None:
        """Initialize the manager; ``states`` are kept by entry, and outlive a reload."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._account = coordinator.account
        self._rate_limiter = coordinator.account.rate_limiter
        self._state = states.setdefault(entry.entry_id, OptimisticState())
        self._confirmation = Confirmation(
            hass, entry, coordinator, sensors, self._state, self._show
        )
        # What was given in these turns of the loop, each with the action that it belongs to.
        self._batch: list[tuple[str, PendingCommand]] = []
        self._sent_listeners: list[SentListener] = []
        self._is_sending = False
        self._sent_at = self._flood_began_at = -inf
        self._queued = asyncio.Event()
        entry.async_on_unload(
            coordinator.async_add_refresh_listener(self._confirmation.async_settle)
        )
        entry.async_on_unload(self._async_unload)
        self.async_confirm_from_push = self._confirmation.async_confirm_from_push
        self.async_fail_from_push = self._confirmation.async_fail_from_push

    def optimistic_state(self, device: Device) -> Device:
        """Return the device with its pending commands applied."""
        return self._state.show(
            device,
            self._coordinator.data,
            self._coordinator.topology,
            self._entry.options.get(CONF_REVERSED_COVERS, ()),
        )

    @property
    def queue_length(self) -> int:
        """Return how many commands wait to be sent."""
        return len(self._state.queue)

    @property
    def pending_count(self) -> int:
        """Return of how many commands it is not known what became of them."""
        state = self._state
        return len(state.queue) + bool(state.in_flight) + len(state.accepted())

    @property
    def outcome_counts(self) -> Mapping[CommandOutcome, int]:
        """Return what became of the other commands."""
        return self._state.outcome_counts

    def is_commanded(self, device_id: str) -> bool:
        """Return whether a command to a device is on its way, or not seen in a list yet."""
        return bool(self._state.commands_to(device_id))

    @callback
    def async_add_sent_listener(self, listener: SentListener) -> None:
        """Call ``listener`` when a command is sent, with True and the devices it reaches.

        It is called again, with False, if the command is to be sent once more or fails,
        unless it may have been carried out all the same.
        """
        self._sent_listeners.append(listener)

    @callback
    def async_start(self) -> None:
        """Send and confirm what an earlier run has left."""
        self._start_sending()
        # The first list after a long stop may tell already.
        self._confirmation.async_settle()

    async def async_send(
        self,
        *commands: Command,
        entity_id: str | None = None,
        context: Context | None = None,
    ) -> None:
        """Queue commands, and wait a little for Telldus' word on them.

        Raises HomeAssistantError with Telldus' reason where it refuses one in time. What
        takes longer goes on by itself, and is taken back if it fails.
        """
        if not commands:
            # An action on what cannot do it, as to toggle what is always on
            return
        if not self._batch:
            loop = self._hass.loop
            loop.call_soon(loop.call_soon, self.async_resolve)
        callers = []
        action = (context or Context()).id
        for command in commands:
            device = self._coordinator.data.get(command.device_id)
            name = (device and device.name) or command.device_id
            caller = CommandCaller(self._hass.loop.create_future(), name, entity_id)
            callers.append(caller)
            self._batch.append((action, self._pending(command, caller)))
        try:
            await asyncio.wait([one.result for one in callers], timeout=_ACTION_WAITS)
            # What may not come late does not come at all. asyncio's timer may end just
            # before the rate limiter's clock says so: hence the second.
            self._expire(self._rate_limiter.now() + 1.0)
            errors = [
                (one.name, err)
                for one in callers
                if one.result.done() and (err := one.result.result())
            ]
        finally:
            for one in callers:
                one.result.cancel()
        for name, err in errors:
            key = translation_key_for(err)
            if isinstance(err, CommandInterruptedError):
                key = "interrupted"
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key=f"command_{key}",
                translation_placeholders={"device": name, **error_placeholders(err)},
            ) from err

    def _pending(self, command: Command, *callers: CommandCaller) -> PendingCommand:
        """Return a command with what it makes of each device that it reaches."""
        devices, home = self._coordinator.data, self._coordinator.topology
        device_id = command.device_id
        commanded = devices.get(device_id)
        members = home.resolved_members.get(device_id, ())
        effects = {
            one: effect
            for one in members
            if (effect := command.for_group_member(devices[one]))
        }
        is_opaque = (
            home.kinds.get(device_id) is DeviceKind.SCENE
            # A member without the method may do anything.
            or len(effects) < len(members)
            or (
                commanded is not None
                and is_group(commanded)
                and device_id not in home.complete_groups
            )
        )
        effects = effects or {device_id: command}
        is_urgent = any(
            expires_soon(effect, devices[one], home.kinds[one])
            for one, effect in {device_id: command, **effects}.items()
            if one in devices
        )
        now = self._rate_limiter.now()
        return PendingCommand(command, effects, now, [*callers], is_opaque, is_urgent)

    @callback
    def async_resolve(self) -> None:
        """Queue what was collected, show it, and have it sent."""
        batch, self._batch = self._batch, []
        for pending in in_order(batch, self._coordinator.topology.kinds):
            self._state.queue.add(pending)
        self._show(one for _, pending in batch for one in pending.effects)
        self._start_sending()

    def _show(self, device_ids: Iterable[str]) -> None:
        """Write the states of devices whose commands have changed."""
        self._state.forget_shown()
        self._coordinator.async_notify_rows(device_ids)

    def _start_sending(self) -> None:
        """Have what waits sent."""
        self._queued.set()
        if self._state.queue and not self._is_sending:
            self._is_sending = True
            self._entry.async_create_background_task(
                self._hass, self._async_send_all(), "send commands", eager_start=False
            )

    async def _async_send_all(self) -> None:
        """Send what is to be sent, until nothing is left."""
        now, queue = self._rate_limiter.now, self._state.queue
        if now() - self._sent_at > _FLOOD_BREAK:
            self._flood_began_at = now()
        try:
            while queue:
                ready_at = queue.ready_at()
                if now() - self._flood_began_at > _FLOOD_AFTER:
                    ready_at = max(ready_at, self._sent_at + _FLOOD_INTERVAL)
                if (seconds := ready_at - now()) > 0:
                    self._queued.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._queued.wait(), seconds)
                else:
                    await self._async_send_next()
        finally:
            self._is_sending = False
            self._confirmation.async_plan()

    async def _async_send_next(self) -> None:
        """Send the next command, or wait until one may be sent again."""
        state = self._state

        def choose() -> Command:
            """Take the next command, now that there is leave to send one."""
            now = self._rate_limiter.now()
            self._expire(now)
            if not state.queue:
                raise RequestDeferredError(0.0)
            state.in_flight = state.queue.take(now, self._groups)
            self._notify_sent(state.in_flight, True)
            return state.in_flight.command

        err: TelldusError | None = None
        try:
            await self._account.client.command(choose)
        except RateLimitError as limited:
            # Not even looked at by Telldus
            self._put_back()
            self._expire(self._rate_limiter.now() + limited.retry_after, limited)
            if state.queue:
                await asyncio.sleep(limited.retry_after)
            return
        except TelldusError as failed:
            err = failed
        except asyncio.CancelledError:
            # By a reload. It may have been carried out, and some do harm the second time.
            if state.in_flight and state.in_flight.is_urgent:
                state.interrupt([state.in_flight])
                state.in_flight = None
            self._put_back()
            raise
        self._sent_at = self._rate_limiter.now()
        self._account.async_record_result(err)
        is_uncertain = isinstance(err, (TelldusConnectionError, InvalidResponseError))
        if is_uncertain:
            self._confirmation.look_for_lost()
        sent, state.in_flight = state.in_flight, None
        if sent is None:
            # Interrupted meanwhile
            return
        state.queue.note_sent(sent, self._sent_at)
        if err:
            if not is_uncertain:
                self._notify_sent(sent, False)
            self._fail(sent, err)
        else:
            self._confirmation.accept(sent)
            sent.tell(None)

    def _notify_sent(self, sent: PendingCommand, is_sent: bool) -> None:
        """Call the listeners of what is sent."""
        for listener in self._sent_listeners:
            listener(sent.effects, is_sent)

    def _put_back(self) -> None:
        """Queue a command again, unless a newer one sets the same."""
        sent, self._state.in_flight = self._state.in_flight, None
        if sent:
            self._notify_sent(sent, False)
            self._state.queue.rebuild(sent)
            self._show(sent.effects)

    def _groups(self, found: PendingCommand) -> Iterator[PendingCommand]:
        """Yield commands that would have groups of a device do the same, largest first."""
        home, devices = self._coordinator.topology, self._coordinator.data
        command = found.command
        if command.is_step or command.method is Method.THERMOSTAT:
            # Each step counts, and temperatures of several modes follow each other.
            return
        for group_id in sorted(
            home.groups_by_member.get(command.device_id, ()),
            key=lambda one: -len(home.resolved_members[one]),
        ):
            group = devices.get(group_id)
            if group and command.method in group.methods:
                pending = self._pending(replace(command, device_id=group_id))
                if not pending.is_opaque:
                    yield pending

    def _expire(self, by: float, err: TelldusError | None = None) -> None:
        """Give up what will be too late then."""
        err = err or RequestDeferredError(self._rate_limiter.paused_for)
        for pending in self._state.queue.expired(by):
            self._fail(pending, err)

    def _fail(self, pending: PendingCommand, err: TelldusError) -> None:
        """Take a command back, and tell those who gave it."""
        if not self._state.fail(pending, err):
            pending.log_failure(str(err))
        self._show(pending.effects)

    @callback
    def _async_unload(self) -> None:
        """Stop with the entry: after a reload the rest is sent, and else never."""
        self._confirmation.async_cancel()
        self.async_resolve()
        if self._entry.disabled_by:
            self._state.async_interrupt_all()
