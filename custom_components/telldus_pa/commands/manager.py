"""A command's life: shown at once, sent, confirmed or taken back.

What Telldus answers to a command means that it was accepted, not that it was done, and its
lists lag behind by seconds. So what was commanded is laid over what the lists say, until
an answer that was asked for late enough tells what became of it. Where that contradicts, the
device's history is asked why: a battery device may only not be awake yet.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, override

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import (
    CALLBACK_TYPE,
    HassJob,
    HassJobType,
    HomeAssistant,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..account.errors import error_placeholders, translation_key_for
from ..account.storage import StorageKey, entry_store
from ..const import CONF_REVERSED_COVERS, DOMAIN, LOGGER
from ..coordinator import DeviceCoordinator, SensorCoordinator
from ..devices.group_state import group_state
from ..devices.kinds import EVENT_KINDS
from ..devices.topology import gives_feedback
from ..pa_api import (
    Command,
    CommandFailedMessage,
    Device,
    InvalidResponseError,
    Method,
    RateLimitError,
    RequestDeferredError,
    SuccessStatus,
    TelldusConnectionError,
    TelldusError,
    ThermostatSetpoint,
    attribute_group_of,
)

# Seconds that an action waits for its own request.
_ACTION_WAITS: Final = 20.0
# Seconds after which a command that could not be sent is given up.
_GIVEN_UP_AFTER: Final = 900.0
# Seconds between a command that Telldus accepted and a list that can be trusted to know.
_SETTLES_AFTER: Final = 10.0
# A little more, lest the look comes a moment too early by some clock.
_LOOK_AFTER: Final = _SETTLES_AFTER + 0.5
# Seconds after the first command at which to look, however many have followed.
_LOOK_AFTER_AT_MOST: Final = 30.0
# Someone is at a slider when levels follow each other this closely; then the next is sent
# once none has followed it for a moment, but not later than this after the last one.
_SLIDING: Final = 4.0
_SLIDE_ENDS_AFTER: Final = 0.7
# How long a battery device may sleep before what it was told is taken for lost.
_SLEEPS_AT_MOST: Final = 2 * 3600.0
# When to ask the history again what became of a command; the next time twice as late.
_ASK_AGAIN_AFTER: Final = 300.0
# A command explains an event so many seconds before Telldus accepted it, or after; and so
# many of the last commands to each device are remembered, and saved this soon, in seconds.
_MATCH_BEFORE: Final = 15.0
_MATCH_AFTER: Final = 60.0
_MAX_REMEMBERED: Final = 20
_SAVE_DELAY: Final = 10.0
# How many devices' histories are asked for at a time; each is a request.
_MOST_QUESTIONS: Final = 3
# What Telldus writes down may have happened a little earlier by its clock.
_CLOCKS_DIFFER: Final = 60.0


# What the history says of commands that were not carried out.
_OUTCOMES: Final = {
    SuccessStatus.FAILED: "all tries failed",
    SuccessStatus.NO_REPLY: "it did not answer",
    SuccessStatus.TIMED_OUT: "it did not answer in time",
    SuccessStatus.NOT_CONFIRMED: "it did not confirm",
    SuccessStatus.UNKNOWN: "for a reason that Telldus does not tell",
    SuccessStatus.INVALID: "it does not know what it was told",
}


class CommandOutcome(StrEnum):
    """What became of a command."""

    # Telldus' list says that it is so.
    CONFIRMED = "confirmed"
    # The list says something else, and Telldus' word counts.
    OVERRULED = "overruled"
    # Telldus or its history told why not; whoever gave it was told ...
    REFUSED = "refused"
    # ... or had stopped waiting, and a line was logged.
    REFUSED_LATE = "refused_late"
    # A newer one has taken its place before it was sent.
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, eq=False)
class _Caller:
    """Somebody who gave a command, and what they call what they gave it to."""

    outcome: asyncio.Future[None]
    name: str
    entity_id: str | None

    @override
    def __str__(self) -> str:
        """Return what a log calls it."""
        return f"{self.name} ({self.entity_id})" if self.entity_id else self.name


@dataclass(slots=True, eq=False)
class _Pending:
    """A command, from the moment it is given until it is known what became of it."""

    command: Command
    # What it makes of each device that it reaches: with a group, of what is in it.
    effects: Mapping[str, Command]
    # When it was given and when Telldus accepted it, by the rate limiter's clock.
    given: float
    accepted: float | None = None
    # Those who gave it, and what it replaced.
    callers: list[_Caller] = field(default_factory=list)
    # When the history of those that may be asleep is to be asked again, and how much
    # later the time after that.
    ask_at: float | None = None
    ask_after: float = _ASK_AGAIN_AFTER
    # Devices for which it is known to wait at the gateway.
    queued: set[str] = field(default_factory=set)
    # Devices that were heard to have done it before Telldus had accepted it.
    seen: set[str] = field(default_factory=set)

    @property
    def keeps_mode(self) -> bool:
        """Return whether this only sets what a thermostat's mode is to have."""
        value = self.command.value
        return isinstance(value, ThermostatSetpoint) and not value.change_mode

    def concerns(self, other: _Pending) -> bool:
        """Return whether it matters which of the two is sent first."""
        return self.command.attribute_group is other.command.attribute_group and not (
            self.effects.keys().isdisjoint(other.effects)
        )

    def implies(self, other: _Pending) -> bool:
        """Return whether this does all that another would do, and to the same effect."""
        return (
            not self.command.is_step
            and self.command.attribute_group is other.command.attribute_group
            and all(
                self.effects.get(device_id) == effect
                for device_id, effect in other.effects.items()
            )
        )

    def covers(self, other: _Pending) -> bool:
        """Return whether nothing is left of what another does, once this is done."""
        facet = self.command.attribute_group
        return (
            facet is other.command.attribute_group
            and not other.command.is_step
            # What a thermostat was told before may be for another mode.
            and facet is not Method.THERMOSTAT
            and other.effects.keys() <= self.effects.keys()
        )


class CommandManager:
    """Sends one account's commands and knows what was commanded."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: DeviceCoordinator,
        sensors: SensorCoordinator,
    ) -> None:
        """Initialize the manager."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._sensors = sensors
        self._store = entry_store(
            hass,
            StorageKey.COMMANDS,
            entry.entry_id,
            {"accepted": {str: [vol.Coerce(float)]}},
        )
        # When Telldus accepted commands (unix seconds) that no event was matched with yet,
        # by device, for those devices whose events are reported.
        self._accepted: dict[str, list[float]] = {}
        self._account = coordinator.account
        self._rate_limiter = coordinator.account.rate_limiter
        self._client = coordinator.account.client
        # What is shown over the lists, by device, in the order in which it takes effect.
        self._overlays: dict[str, list[_Pending]] = {}
        # What that comes to, by row, for as long as none of it changes: an entity asks
        # again for each of its attributes.
        self._shown: dict[str, tuple[Device, Device]] = {}
        self._shown_of: tuple[object, object] = (None, None)
        # What has not been sent yet, in the order in which it will be.
        self._unsent: list[_Pending] = []
        self._is_sending = False
        # Set when a command is given.
        self._given = asyncio.Event()
        # When a level or a colour was last sent, by device and facet.
        self._levels_sent: dict[tuple[str, Method], float] = {}
        # Devices whose history is being asked for.
        self._asking: set[str] = set()
        self.outcome_counts: Counter[CommandOutcome] = Counter()
        self._look: CALLBACK_TYPE | None = None
        self._look_by: float | None = None
        # Whether a list has to tell what became of what is not shown any more.
        self._has_lost = False
        entry.async_on_unload(
            coordinator.async_add_refresh_listener(self._async_settle)
        )
        entry.async_on_unload(self._async_stop)

    def optimistic_state(self, device: Device) -> Device:
        """Return a device as it is to be shown: as told by Telldus, or as commanded."""
        devices, home = self._coordinator.data, self._coordinator.topology
        if self._shown_of[0] is not devices or self._shown_of[1] is not home:
            self._shown, self._shown_of = {}, (devices, home)
        row, shown = self._shown.get(device.id, (None, device))
        if row is device:
            return shown
        shown = device
        for pending in self._overlays.get(device.id, ()):
            shown = pending.effects[device.id].apply_to(shown)
        leaves = home.resolved_members.get(device.id, ())
        if members := [
            self.optimistic_state(devices[one]) for one in leaves if one in devices
        ]:
            reversed_covers = self._entry.options.get(CONF_REVERSED_COVERS, ())
            shown = group_state(shown, members, reversed_covers)
        if shown is not device:
            self._shown[device.id] = device, shown
        return shown

    @callback
    def _async_wake(self, device_ids: Iterable[str]) -> None:
        """Show what has become of devices now that something else lies over them."""
        self._shown = {}
        self._coordinator.async_notify_rows(device_ids)

    @property
    def queue_length(self) -> int:
        """Return how many commands wait to be sent."""
        return len(self._unsent)

    @property
    def pending_count(self) -> int:
        """Return of how many commands it is not known what became of them."""
        return len(self._pending())

    def is_commanded(self, device_id: str) -> bool:
        """Return whether a command to a device is on its way, or not seen in a list yet."""
        return device_id in self._overlays

    async def async_load(self) -> None:
        """Restore the accepted commands of an earlier run."""
        stored = await self._store.async_load()
        self._accepted = stored.get("accepted", {})

    async def async_save(self) -> None:
        """Save the accepted commands."""
        await self._store.async_save(self._to_store())

    @callback
    def _to_store(self) -> dict[str, Any]:
        """Return the accepted commands of the devices that Telldus still has."""
        return {
            "accepted": {
                device_id: times
                for device_id, times in self._accepted.items()
                if times and device_id in self._coordinator.data
            }
        }

    def has_own_command_at(self, device_id: str, when: float) -> bool:
        """Return whether a command of this integration explains an event of a device.

        ``when`` is the time of the event in unix seconds.
        """
        return self._accepted_at(device_id, when) is not None or (
            self._explaining(device_id, when) is not None
        )

    @callback
    def async_match_own_command(self, device_id: str, when: float) -> bool:
        """Like ``has_own_command_at``, but one command explains one event of a device."""
        if (accepted := self._accepted_at(device_id, when)) is not None:
            self._accepted[device_id].remove(accepted)
            self._store.async_delay_save(self._to_store, _SAVE_DELAY)
            return True
        if (pending := self._explaining(device_id, when)) is None:
            return False
        pending.seen.add(device_id)
        return True

    def _accepted_at(self, device_id: str, when: float) -> float | None:
        """Return when the oldest matching command was accepted, in unix seconds."""
        return next(
            (
                accepted
                for accepted in self._accepted.get(device_id, ())
                if -_MATCH_BEFORE <= when - accepted <= _MATCH_AFTER
            ),
            None,
        )

    @callback
    def _remember(self, device_ids: Iterable[str]) -> None:
        """Remember that Telldus has accepted a command to devices just now."""
        kinds, now = self._coordinator.topology.kinds, dt_util.utcnow().timestamp()
        for device_id in device_ids:
            if kinds.get(device_id) in EVENT_KINDS:
                times = self._accepted.get(device_id, [])
                self._accepted[device_id] = [*times, now][-_MAX_REMEMBERED:]
                self._store.async_delay_save(self._to_store, _SAVE_DELAY)

    def _explaining(self, device_id: str, when: float) -> _Pending | None:
        """Return the oldest command that explains what a device did then."""
        given = dt_util.utcnow().timestamp() - self._rate_limiter.now()
        return next(
            (
                pending
                for pending in self._overlays.get(device_id, ())
                if pending.accepted is None
                and device_id not in pending.seen
                and when >= given + pending.given - _MATCH_BEFORE
            ),
            None,
        )

    @callback
    def async_confirm_from_push(self, device: Device, method: Method) -> None:
        """Let go of what a device was told that it was heard to have done."""
        concerned = [
            pending
            for pending in self._overlays.get(device.id, ())
            if pending.accepted is not None
            and pending.command.attribute_group is attribute_group_of(method)
        ]
        for number, pending in enumerate(concerned):
            if pending.effects[device.id].is_applied_to(device):
                # What it was told before that has had its time.
                for done in concerned[: number + 1]:
                    self._async_uncover(done, [device.id])
                    if done not in self._pending():
                        self.outcome_counts[CommandOutcome.CONFIRMED] += 1
                return

    @callback
    def async_fail_from_push(self, event: CommandFailedMessage) -> None:
        """Take back the oldest of what a device was told and was heard not to have done."""
        for pending in self._overlays.get(event.device_id, ()):
            if pending.accepted is not None and (
                event.method is None
                or pending.command.attribute_group is attribute_group_of(event.method)
            ):
                self._async_conclude(pending, event.device_id, event.outcome)
                return

    async def async_send(
        self, *commands: Command, entity_id: str | None = None
    ) -> None:
        """Show commands, send them, and wait a little for Telldus' word on them.

        Raises HomeAssistantError with Telldus' reason where it refuses one in time. What
        takes longer goes on by itself, and is taken back if it fails.
        """
        outcomes: list[asyncio.Future[None]] = []
        for command in commands:
            outcomes.append(self._hass.loop.create_future())
            name = self._name(command.device_id)
            self._async_give(command, _Caller(outcomes[-1], name, entity_id))
        if not self._is_sending:
            self._is_sending = True
            # Not in this very moment: what else the same action wants may change it.
            self._entry.async_create_background_task(
                self._hass, self._async_send_all(), "send commands", eager_start=False
            )
        try:
            await asyncio.wait(outcomes, timeout=_ACTION_WAITS)
            # Each is looked at, lest asyncio complains of an error that nobody saw.
            errors = [one.exception() for one in outcomes if one.done()]
        finally:
            for outcome in outcomes:
                outcome.cancel()
        for error in errors:
            if error:
                raise error

    @callback
    def _async_give(self, command: Command, caller: _Caller) -> None:
        """Put a command into the queue, and show what it does.

        Only the last of several presses matters, and its outcome is that of all. What a
        group is told, its members need not be told.
        """
        pending = _Pending(command, self._effects(command), self._rate_limiter.now())
        pending.callers.append(caller)
        # A mode that was chosen since an older command is to stay chosen.
        in_place = pending.keeps_mode
        absorbed: list[_Pending] = []
        stands = pending
        for older in reversed(self._unsent):
            if older.implies(pending):
                stands = older
                stands.callers += pending.callers
                self.outcome_counts[CommandOutcome.REPLACED] += 1
                break
            if self._absorb(pending, older):
                absorbed.append(older)
            elif older.concerns(pending) and not in_place:
                break
        if stands is pending:
            place = absorbed[0] if absorbed and in_place else None
            _put(self._unsent, pending, place)
            for device_id in pending.effects:
                _put(self._overlays.setdefault(device_id, []), pending, place)
        for older in absorbed:
            self._unsent.remove(older)
            self._async_uncover(older)
        self._async_wake(pending.effects)
        self._given.set()

    def _absorb(self, newer: _Pending, older: _Pending) -> bool:
        """Have a newer command do what is left of an older one, if it can."""
        if (merged := newer.command.merge_with(older.command)) is not None:
            newer.command = merged
            newer.effects = self._effects(merged)
        elif not newer.covers(older):
            return False
        newer.callers = older.callers + newer.callers
        self.outcome_counts[CommandOutcome.REPLACED] += 1
        return True

    def _effects(self, command: Command) -> Mapping[str, Command]:
        """Return what a command makes of each device that it reaches."""
        devices = self._coordinator.data
        leaves = self._coordinator.topology.resolved_members.get(command.device_id, ())
        effects = {
            device_id: effect
            for device_id in leaves
            if (effect := command.for_group_member(devices[device_id]))
        }
        return effects or {command.device_id: command}

    @callback
    def _async_uncover(
        self, pending: _Pending, device_ids: Iterable[str] | None = None
    ) -> None:
        """Show no longer what a command would have done, to some or to all."""
        uncovered = list(pending.effects if device_ids is None else device_ids)
        for device_id in uncovered:
            overlays = self._overlays.pop(device_id, [])
            if rest := [one for one in overlays if one is not pending]:
                self._overlays[device_id] = rest
        self._async_wake(uncovered)

    async def _async_send_all(self) -> None:
        """Send what is to be sent, until nothing is left."""
        try:
            while self._unsent:
                now = self._rate_limiter.now()
                self._async_give_up(
                    now, RequestDeferredError(self._rate_limiter.paused_for)
                )
                self._async_group()
                wait = min((self._ready_at(one) for one in self._unsent), default=now)
                if wait > now:
                    self._given.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(wait - now):
                            await self._given.wait()
                elif self._unsent:
                    await self._async_send_next()
        finally:
            self._is_sending = False

    def _ready_at(self, pending: _Pending) -> float:
        """Return when a command is to be sent: a level of a slider not at once."""
        command = pending.command
        sent = self._levels_sent.get((command.device_id, command.attribute_group))
        if sent is None or not isinstance(command.value, int):
            return pending.given
        latest = sent + _SLIDING
        if pending.given >= latest:
            return pending.given
        return min(pending.given + _SLIDE_ENDS_AFTER, latest)

    @callback
    def _async_group(self) -> None:
        """Have a group told what all of its members wait to be told."""
        if len(self._unsent) < 2:
            return
        for group_id in self._coordinator.topology.complete_groups:
            for command in {
                Command(group_id, member.method, member.value)
                for pending in self._unsent
                for one, member in pending.effects.items()
                if group_id in self._coordinator.topology.groups_by_member.get(one, ())
            }:
                self._async_tell_group(command)

    @callback
    def _async_tell_group(self, command: Command) -> None:
        """Have a group told something, if it says exactly what waits for its members."""
        home, devices = self._coordinator.topology, self._coordinator.data
        effects = self._effects(command)
        if (
            # Temperatures of several modes follow each other.
            command.attribute_group is Method.THERMOSTAT
            or command.method not in devices[command.device_id].methods
            or effects.keys() != set(home.resolved_members[command.device_id])
        ):
            return
        group = _Pending(command, effects, self._rate_limiter.now())
        spoken_for = [one for one in self._unsent if group.concerns(one)]
        reached = {one for pending in spoken_for for one in pending.effects}
        if (
            len(spoken_for) < 2
            or reached != effects.keys()
            or not all(group.implies(one) for one in spoken_for)
        ):
            return
        group.given = min(one.given for one in spoken_for)
        group.callers = [one for pending in spoken_for for one in pending.callers]
        self.outcome_counts[CommandOutcome.REPLACED] += len(spoken_for) - 1
        _put(self._unsent, group, spoken_for[0])
        for pending in spoken_for:
            self._unsent.remove(pending)
            for device_id in pending.effects:
                overlays = self._overlays[device_id]
                overlays[overlays.index(pending)] = group

    async def _async_send_next(self) -> None:
        """Send the next command, or wait until one may be sent again."""
        sent: list[_Pending] = []

        def choose() -> Command:
            """Take the next command, now that there is leave to send one."""
            now = self._rate_limiter.now()
            ready = (one for one in self._unsent if self._ready_at(one) <= now)
            sent.append(next(ready, self._unsent[0]))
            self._unsent.remove(sent[0])
            return sent[0].command

        try:
            await self._client.command(choose)
        except RateLimitError as err:
            for pending in sent:
                # Not even looked at by Telldus
                self._async_put_back(pending)
            await self._async_wait(err)
        except TelldusError as err:
            self._account.async_record_result(err)
            self._async_fail(sent[0], err)
            if isinstance(err, (TelldusConnectionError, InvalidResponseError)):
                # It may have been carried out all the same.
                self._has_lost = True
                self._async_look_later()
        else:
            self._account.async_record_result(None)
            self._async_accept(sent[0])

    @callback
    def _async_put_back(self, pending: _Pending) -> None:
        """Have a command sent again, or have a newer one speak for it."""
        for newer in self._unsent:
            if self._absorb(newer, pending):
                self._async_uncover(pending)
                return
        self._unsent.insert(0, pending)

    async def _async_wait(self, err: RateLimitError) -> None:
        """Wait until something may be sent, and give up what would be too late then."""
        self._async_give_up(self._rate_limiter.now() + err.retry_after, err)
        if self._unsent:
            await asyncio.sleep(err.retry_after)

    @callback
    def _async_give_up(self, by: float, err: TelldusError) -> None:
        """Give up what will be too late then."""
        for pending in self._unsent.copy():
            if pending.given + _GIVEN_UP_AFTER <= by:
                self._unsent.remove(pending)
                self._async_fail(pending, err)

    @callback
    def _async_accept(self, pending: _Pending) -> None:
        """Note that Telldus accepted a command, and see later what became of it."""
        pending.accepted = now = self._rate_limiter.now()
        self._remember(pending.effects.keys() - pending.seen)
        if isinstance(pending.command.value, int):
            self._levels_sent = {
                key: sent
                for key, sent in self._levels_sent.items()
                if now - sent < _SLIDING
            }
            key = (pending.command.device_id, pending.command.attribute_group)
            self._levels_sent[key] = now
        for caller in pending.callers:
            if not caller.outcome.done():
                caller.outcome.set_result(None)
        self._async_look_later()

    @callback
    def _async_fail(self, pending: _Pending, err: TelldusError) -> None:
        """Take a command back, and tell those who gave it."""
        self._async_uncover(pending)
        told = False
        for caller in pending.callers:
            if not caller.outcome.done():
                caller.outcome.set_exception(_error(caller, err))
                told = True
        if told:
            self.outcome_counts[CommandOutcome.REFUSED] += 1
        else:
            self._async_tell_late(pending, str(err))

    @callback
    def _async_tell_late(self, pending: _Pending, reason: str) -> None:
        """Say why a command failed to nobody in particular: who gave it has gone."""
        self.outcome_counts[CommandOutcome.REFUSED_LATE] += 1
        to = ", ".join(dict.fromkeys(str(caller) for caller in pending.callers))
        LOGGER.warning("A command to %s was not carried out: %s", to, reason)

    def _name(self, device_id: str) -> str:
        """Return what the person calls a device."""
        device = self._coordinator.data.get(device_id)
        return (device and device.name) or device_id

    def _is_settled(self, pending: _Pending) -> bool:
        """Return whether the last list was asked for late enough to be believed."""
        if pending.accepted is None:
            return False
        return self._coordinator.requested_at >= pending.accepted + _SETTLES_AFTER

    @callback
    def _async_settle(self) -> None:
        """Let go of what the newest list knows about. Called with each new list."""
        now = self._rate_limiter.now()
        # All are looked at before the first is let go of: what a device was told since
        # speaks for what it was told before.
        settled = [
            (pending, self._undone(pending))
            for pending in self._pending()
            if self._is_settled(pending)
        ]
        for pending, undone in settled:
            asleep = [one for one in undone if self._may_sleep(pending, one)]
            if pending.ask_at is None and not asleep:
                self.outcome_counts[
                    CommandOutcome.OVERRULED if undone else CommandOutcome.CONFIRMED
                ] += 1
                # The list may say what it said before the command, and then wakes nobody.
                self._async_uncover(pending)
                self._async_ask(pending, undone)
                continue
            self._async_uncover(pending, pending.effects.keys() - set(asleep))
            if not asleep:
                self.outcome_counts[CommandOutcome.CONFIRMED] += 1
            elif self._age(pending) >= _SLEEPS_AT_MOST:
                self._async_uncover(pending)
                self._async_tell_late(pending, "it did not wake up")
            elif pending.ask_at is None or now >= pending.ask_at:
                pending.ask_at = now + pending.ask_after
                pending.ask_after *= 2
                self._async_ask(pending, undone)

    def _undone(self, pending: _Pending) -> list[str]:
        """Return the devices that give feedback, and are not as they were told to be.

        What they were told since counts instead, and what is shown is what is looked at.
        """
        devices = self._coordinator.data
        return [
            device_id
            for device_id, effect in pending.effects.items()
            if (device := devices.get(device_id))
            and gives_feedback(device)
            and (overlays := self._overlays.get(device_id))
            and pending in overlays
            and not any(
                newer.command.attribute_group is pending.command.attribute_group
                for newer in overlays[overlays.index(pending) + 1 :]
            )
            and not effect.is_applied_to(device)
        ]

    def _may_sleep(self, pending: _Pending, device_id: str) -> bool:
        """Return whether a device runs on a battery: then it hears us when it wakes."""
        if device_id in pending.queued:
            return True
        device = self._coordinator.data[device_id]
        sensor = self._sensors.sensor_for_device(device)
        return sensor is not None and (
            sensor.battery is not None or sensor.battery_low is not None
        )

    def _age(self, pending: _Pending) -> float:
        """Return how many seconds ago Telldus accepted a command."""
        now = self._rate_limiter.now()
        return now - (now if pending.accepted is None else pending.accepted)

    @callback
    def _async_ask(self, pending: _Pending, device_ids: Iterable[str]) -> None:
        """Have the histories of devices tell why they are not as they were told to be."""
        for device_id in device_ids:
            if len(self._asking) < _MOST_QUESTIONS and device_id not in self._asking:
                self._asking.add(device_id)
                self._entry.async_create_background_task(
                    self._hass, self._async_look_up(pending, device_id), "look up"
                )

    async def _async_look_up(self, pending: _Pending, device_id: str) -> None:
        """Ask a device's history what became of a command."""
        try:
            age = timedelta(seconds=self._age(pending) + _CLOCKS_DIFFER)
            deeds = await self._client.device_history(device_id, dt_util.utcnow() - age)
        except TelldusError as err:
            # Nobody promised that there is one; what the lists say has to do.
            LOGGER.debug("No history: %s", err)
            return
        finally:
            self._asking.discard(device_id)
        outcomes = [
            deed.outcome
            for deed in deeds
            if deed.method
            and attribute_group_of(deed.method) is pending.command.attribute_group
        ]
        if not outcomes:
            return
        self._async_conclude(pending, device_id, outcomes[-1])

    @callback
    def _async_conclude(
        self, pending: _Pending, device_id: str, outcome: SuccessStatus
    ) -> None:
        """Take note of what became of a command at a device."""
        if outcome is SuccessStatus.QUEUED:
            self._async_hold(pending, device_id)
            return
        if pending in self._overlays.get(device_id, ()):
            self._async_uncover(pending, [device_id])
        if outcome is not SuccessStatus.DONE:
            self._async_tell_late(pending, _OUTCOMES[outcome])

    def _pending(self) -> set[_Pending]:
        """Return the commands of which it is not known what became of them."""
        return {one for overlays in self._overlays.values() for one in overlays}

    @callback
    def _async_look_later(self) -> None:
        """Have the list read once it can be trusted, soon after the last command."""
        now = self._rate_limiter.now()
        if self._look_by is None:
            self._look_by = now + _LOOK_AFTER_AT_MOST
        self._async_look_in(min(_LOOK_AFTER, max(self._look_by - now, 0.0)))

    @callback
    def _async_look_in(self, seconds: float) -> None:
        """Have the list read in some seconds."""
        if self._look:
            self._look()
        self._look = async_call_later(
            self._hass,
            seconds,
            HassJob(
                self._async_begin_look,
                "confirm commands",
                cancel_on_shutdown=True,
                job_type=HassJobType.Callback,
            ),
        )

    @callback
    def _async_begin_look(self, _now: object) -> None:
        """Look, for as long as the entry is loaded."""
        self._look = self._look_by = None
        self._entry.async_create_background_task(
            self._hass, self._async_look(), "confirm commands"
        )

    async def _async_look(self) -> None:
        """Read the list, and again if it came too early for some command."""
        if not self._is_unclear and not self._has_lost:
            # What was pushed has told it all.
            return
        self._has_lost = False
        before = self._coordinator.requested_at
        await self._coordinator.async_refresh()
        if self._look or not self._is_unclear:
            return
        failed = self._coordinator.requested_at == before
        self._async_look_in(_LOOK_AFTER_AT_MOST if failed else _LOOK_AFTER)

    @property
    def _is_unclear(self) -> bool:
        """Return whether a list is to tell soon of a command: what is asleep can wait."""
        return any(
            pending.accepted is not None and pending.ask_at is None
            for pending in self._pending()
        )

    @callback
    def _async_hold(self, pending: _Pending, device_id: str) -> None:
        """Show, again if need be, what a device will do once it wakes."""
        pending.queued.add(device_id)
        if pending.ask_at is None:
            pending.ask_at = self._rate_limiter.now() + pending.ask_after
        overlays = self._overlays.setdefault(device_id, [])
        if pending not in overlays:
            # Whatever came since is the newer.
            overlays.insert(0, pending)
            self._async_wake([device_id])

    @callback
    def _async_stop(self) -> None:
        """Stop with the entry; what was not sent by now never will be."""
        if self._look:
            self._look()
            self._look = None
        for pending in self._pending():
            for caller in pending.callers:
                if not caller.outcome.done():
                    caller.outcome.set_exception(
                        HomeAssistantError(
                            translation_domain=DOMAIN,
                            translation_key="command_interrupted",
                            translation_placeholders={"device": caller.name},
                        )
                    )


def _error(caller: _Caller, err: TelldusError) -> HomeAssistantError:
    """Return the error that a person is shown."""
    error = HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=f"command_{translation_key_for(err)}",
        translation_placeholders={"device": caller.name, **error_placeholders(err)},
    )
    error.__cause__ = err
    return error


def _put(
    queue: list[_Pending], pending: _Pending, in_place_of: _Pending | None
) -> None:
    """Put a command into a queue: before the one that it replaces, or at the end."""
    if in_place_of in queue:
        queue.insert(queue.index(in_place_of), pending)
    else:
        queue.append(pending)
