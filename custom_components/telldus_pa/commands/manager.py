"""Sends one account's commands: collects those of an action, queues, sends, tells.

What one action commands is one batch, judged by the state before it: commands are collected
for two turns of the event loop, since Home Assistant calls several entities one turn later
than one. Only then are they queued and shown.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Context, HomeAssistant, callback

from ..account.errors import error_placeholders, translation_key_for
from ..const import CONF_REVERSED_COVERS
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
from .confirmation import Confirmation, async_warn
from .optimistic import OptimisticState
from .pending import CommandCaller, CommandOutcome, PendingCommand

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
            hass, entry, coordinator, sensors, self._state, self._async_show
        )
        # What was given in these turns of the loop, each with the action that it belongs to.
        self._batch: list[tuple[str, PendingCommand]] = []
        self._sent_listeners: list[SentListener] = []
        self._is_sending = False
        self._sent_at = self._flood_began_at = float("-inf")
        self._queued = asyncio.Event()
        entry.async_on_unload(
            coordinator.async_add_refresh_listener(self._confirmation.async_settle)
        )
        entry.async_on_unload(self._async_unload)
        self.async_confirm_from_push = self._confirmation.async_confirm_from_push
        self.async_fail_from_push = self._confirmation.async_fail_from_push

    def optimistic_state(self, device: Device) -> Device:
        """Return the device with its pending commands applied."""
        coordinator = self._coordinator
        return self._state.show(
            device,
            coordinator.data,
            coordinator.topology,
            self._entry.options.get(CONF_REVERSED_COVERS, ()),
        )

    @callback
    def _async_show(self, device_ids: Iterable[str]) -> None:
        """Write the states of devices whose commands have changed."""
        self._state.forget_shown()
        self._coordinator.async_notify_rows(device_ids)

    @property
    def queue_length(self) -> int:
        """Return how many commands wait to be sent."""
        return len(self._state.queue)

    @property
    def pending_count(self) -> int:
        """Return of how many commands it is not known what became of them."""
        return (
            len(self._state.queue)
            + len(list(self._state.accepted()))
            + (self._state.in_flight is not None)
        )

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

        It is called again, with False, if the command fails or is to be sent once more.
        """
        self._sent_listeners.append(listener)

    @callback
    def async_start(self) -> None:
        """Send and confirm what an earlier run has left."""
        self._async_start_sending()
        self._confirmation.async_plan()

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
        if not self._batch:
            loop = self._hass.loop
            loop.call_soon(loop.call_soon, self.async_resolve)
        results: list[asyncio.Future[None]] = []
        action = (context or Context()).id
        for command in commands:
            results.append(self._hass.loop.create_future())
            device = self._coordinator.data.get(command.device_id)
            name = (device and device.name) or command.device_id
            caller = CommandCaller(results[-1], name, entity_id)
            self._batch.append((action, self._pending(command, caller)))
        try:
            _, waiting = await asyncio.wait(results, timeout=_ACTION_WAITS)
            if waiting:
                # What may not come late does not come at all. By some clock, it is a
                # moment too early.
                self._async_expire(self._rate_limiter.now() + 1.0)
            # Each is looked at, lest asyncio complains of an error that nobody saw.
            errors = [one.exception() for one in results if one.done()]
        finally:
            for result in results:
                result.cancel()
        for error in errors:
            if error:
                raise error

    def _pending(self, command: Command, *callers: CommandCaller) -> PendingCommand:
        """Return a command with what it makes of each device that it reaches."""
        devices, home = self._coordinator.data, self._coordinator.topology
        device_id = command.device_id
        members = home.resolved_members.get(device_id, ())
        effects = {
            member.id: effect
            for one in members
            # A member may have left since the groups were last looked at.
            if (member := devices.get(one))
            and (effect := command.for_group_member(member))
        }
        commanded = devices.get(device_id)
        # Nor is it known what a member does that has not got the method.
        is_opaque = len(effects) < len(members) or (
            commanded is not None
            and is_group(commanded)
            and device_id not in home.complete_groups
        )
        effects = effects or {device_id: command}
        reached = [
            (one, devices[one]) for one in {device_id, *effects} & devices.keys()
        ]
        return PendingCommand(
            command,
            effects,
            self._rate_limiter.now(),
            list(callers),
            is_opaque=is_opaque or home.kinds.get(device_id) is DeviceKind.SCENE,
            is_urgent=any(
                expires_soon(effects.get(one, command), device, home.kinds[one])
                for one, device in reached
            ),
        )

    @callback
    def async_resolve(self) -> None:
        """Queue what was collected, show it, and have it sent."""
        batch, self._batch = self._batch, []
        if not batch:
            return
        queue = self._state.queue
        replaced = sum([queue.add(pending) for pending in _in_order(batch)])
        self._state.count(CommandOutcome.REPLACED, replaced)
        self._async_show(
            dict.fromkeys(one for _, pending in batch for one in pending.effects)
        )
        self._async_start_sending()

    @callback
    def _async_start_sending(self) -> None:
        """Have what waits sent."""
        self._queued.set()
        if self._state.queue and not self._is_sending:
            self._is_sending = True
            self._entry.async_create_background_task(
                self._hass, self._async_send_all(), "send commands", eager_start=False
            )

    async def _async_send_all(self) -> None:
        """Send what is to be sent, until nothing is left."""
        queue = self._state.queue
        now = self._rate_limiter.now()
        if now - self._sent_at > _FLOOD_BREAK:
            self._flood_began_at = now
        try:
            while queue:
                now = self._rate_limiter.now()
                self._async_expire(now)
                ready_at = queue.ready_at() if queue else now
                if now - self._flood_began_at > _FLOOD_AFTER:
                    ready_at = max(ready_at, self._sent_at + _FLOOD_INTERVAL)
                if ready_at > now:
                    self._queued.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(ready_at - now):
                            await self._queued.wait()
                elif queue:
                    await self._async_send_next()
                    self._sent_at = self._rate_limiter.now()
        finally:
            self._is_sending = False
            self._confirmation.async_plan()

    async def _async_send_next(self) -> None:
        """Send the next command, or wait until one may be sent again."""
        state = self._state

        def choose() -> Command:
            """Take the next command, now that there is leave to send one."""
            now = self._rate_limiter.now()
            self._async_expire(now)
            before = len(state.queue)
            if (sent := state.queue.take(now, self._groups)) is None:
                raise RequestDeferredError(0.0)
            # What a group does for its members counts as one.
            state.count(CommandOutcome.REPLACED, before - len(state.queue) - 1)
            state.in_flight = sent
            self._notify_sent(sent, True)
            return sent.command

        try:
            await self._account.client.command(choose)
        except RateLimitError as err:
            # Not even looked at by Telldus
            if state.in_flight:
                self._notify_sent(state.in_flight, False)
            self._async_put_back()
            self._async_expire(self._rate_limiter.now() + err.retry_after, err)
            if state.queue:
                await asyncio.sleep(err.retry_after)
        except TelldusError as err:
            self._account.async_record_result(err)
            for sent in self._take_in_flight():
                self._notify_sent(sent, False)
                self._async_fail(sent, err)
            if isinstance(err, (TelldusConnectionError, InvalidResponseError)):
                self._confirmation.async_lost()
        except asyncio.CancelledError:
            # By a reload. It may have been carried out, and some do harm the second time.
            if state.in_flight and state.in_flight.is_urgent:
                state.async_interrupt(self._take_in_flight())
            self._async_put_back()
            raise
        else:
            self._account.async_record_result(None)
            for sent in self._take_in_flight():
                self._async_accept(sent)

    def _notify_sent(self, sent: PendingCommand, is_sent: bool) -> None:
        """Call the listeners of what is sent."""
        for listener in self._sent_listeners:
            listener(sent.effects, is_sent)

    @callback
    def _take_in_flight(self) -> list[PendingCommand]:
        """Return the command that was on the wire, if it was not interrupted meanwhile."""
        sent, self._state.in_flight = self._state.in_flight, None
        if sent is None:
            return []
        self._state.queue.note_sent(sent, self._rate_limiter.now())
        return [sent]

    @callback
    def _async_put_back(self) -> None:
        """Have a command sent again, or have a newer one speak for it."""
        sent, self._state.in_flight = self._state.in_flight, None
        if sent:
            self._state.count(CommandOutcome.REPLACED, self._state.queue.rebuild(sent))
            self._async_show(sent.effects)

    def _groups(self, found: PendingCommand) -> Iterator[PendingCommand]:
        """Yield commands that would have groups of a device do the same, largest first."""
        home, devices = self._coordinator.topology, self._coordinator.data
        command = found.command
        if (
            found.is_group
            or found.command.is_step
            or command.attribute_group is Method.THERMOSTAT
        ):
            # Temperatures of several modes follow each other.
            return
        groups = [
            group_id
            for group_id in home.groups_by_member.get(command.device_id, ())
            if group_id in home.complete_groups
            and (group := devices.get(group_id))
            and command.method in group.methods
        ]
        for group_id in sorted(
            groups, key=lambda one: -len(home.resolved_members[one])
        ):
            pending = self._pending(Command(group_id, command.method, command.value))
            if pending.effects.keys() == set(home.resolved_members[group_id]):
                yield pending

    @callback
    def _async_expire(self, by: float, err: TelldusError | None = None) -> None:
        """Give up what will be too late then."""
        for pending in self._state.queue.expired(by):
            self._async_fail(
                pending, err or RequestDeferredError(self._rate_limiter.paused_for)
            )

    @callback
    def _async_accept(self, sent: PendingCommand) -> None:
        """Note that Telldus accepted a command, and see later what became of it."""
        self._confirmation.async_accepted(sent)
        sent.set_result()

    @callback
    def _async_fail(self, pending: PendingCommand, err: TelldusError) -> None:
        """Take a command back, and tell those who gave it."""
        key = translation_key_for(err)
        if pending.set_error(key, err, **error_placeholders(err)):
            self._state.count(CommandOutcome.REFUSED)
        else:
            self._state.count(CommandOutcome.REFUSED_LATE)
            async_warn(pending, str(err))
        self._async_show(pending.effects)

    @callback
    def _async_unload(self) -> None:
        """Stop with the entry: after a reload the rest is sent, and else never."""
        self._confirmation.async_cancel()
        self.async_resolve()
        if self._entry.disabled_by:
            self._state.async_interrupt_all()


def _in_order(batch: list[tuple[str, PendingCommand]]) -> list[PendingCommand]:
    """Return commands in the order given, but within an action the narrower ones last."""
    actions: defaultdict[str, list[PendingCommand]] = defaultdict(list)
    for action, pending in batch:
        actions[action].append(pending)

    def breadth(one: PendingCommand) -> tuple[bool, int]:
        """Sort scenes before groups, larger ones first, and groups before their members."""
        return not one.is_opaque, -len(one.effects) if one.is_group else 0

    ordered = {
        action: iter(sorted(commands, key=breadth))
        for action, commands in actions.items()
    }
    return [next(ordered[action]) for action, _ in batch]
