"""A command's life: shown at once, sent, confirmed or taken back.

What Telldus answers to a command means that it was accepted, not that it was done, and its
lists lag behind by seconds. So what was commanded is laid over what the lists say, until
an answer that was asked for late enough tells what became of it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later

from .const import DOMAIN, LOGGER
from .coordinator import DevicesCoordinator, TelldusConfigEntry
from .groups import combined
from .pa_api import (
    Command,
    Device,
    Method,
    RateLimited,
    Setting,
    SignInRefused,
    TelldusError,
)
from .texts import error_key, error_placeholders

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


@dataclass(slots=True, eq=False)
class _Pending:
    """A command, from the moment it is given until it is known what became of it."""

    command: Command
    # What the person calls the device; it may be gone when there is something to say.
    name: str
    # What it makes of each device that it reaches: with a group, of what is in it.
    effects: Mapping[str, Command]
    # When it was given and when Telldus accepted it, by the budget's clock.
    given: float
    accepted: float | None = None
    # Those who wait for it, and for what it replaced.
    waiting: list[asyncio.Future[None]] = field(default_factory=list)

    @property
    def keeps_mode(self) -> bool:
        """Return whether this only sets what a thermostat's mode is to have."""
        value = self.command.value
        return isinstance(value, Setting) and not value.change_mode

    def concerns(self, other: _Pending) -> bool:
        """Return whether it matters which of the two is sent first."""
        return self.command.facet is other.command.facet and not (
            self.effects.keys().isdisjoint(other.effects)
        )

    def implies(self, other: _Pending) -> bool:
        """Return whether this does all that another would do, and to the same effect."""
        return self.command.facet is other.command.facet and all(
            self.effects.get(device_id) == effect
            for device_id, effect in other.effects.items()
        )

    def covers(self, other: _Pending) -> bool:
        """Return whether nothing is left of what another does, once this is done."""
        facet = self.command.facet
        return (
            facet is other.command.facet
            # What a thermostat was told before may be for another mode.
            and facet is not Method.THERMOSTAT
            and other.effects.keys() <= self.effects.keys()
        )


class Commands:
    """Sends one account's commands and knows what was commanded."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: TelldusConfigEntry,
        coordinator: DevicesCoordinator,
    ) -> None:
        """Start with nothing to send."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._budget = coordinator.account.budget
        self._client = coordinator.account.client
        # What is shown over the lists, by device, in the order in which it takes effect.
        self._overlays: dict[str, list[_Pending]] = {}
        # What has not been sent yet, in the order in which it will be.
        self._unsent: list[_Pending] = []
        self._is_sending = False
        self._look: CALLBACK_TYPE | None = None
        self._look_by: float | None = None
        entry.async_on_unload(coordinator.async_on_list(self._async_settle))
        entry.async_on_unload(self._async_stop)

    def shown(self, device: Device) -> Device:
        """Return a device as it is to be shown: as told by Telldus, or as commanded."""
        for pending in self._overlays.get(device.id, ()):
            if not self._is_settled(pending):
                device = pending.effects[device.id].effect(device)
        devices = self._coordinator.data
        leaves = self._coordinator.home.leaves.get(device.id, ())
        members = [self.shown(devices[one]) for one in leaves if one in devices]
        return combined(device, members) if members else device

    def is_commanded(self, device_id: str) -> bool:
        """Return whether a command to a device is on its way, or not seen in a list yet."""
        return device_id in self._overlays

    async def async_send(self, *commands: Command) -> None:
        """Show commands, send them, and wait a little for Telldus' word on them.

        Raises HomeAssistantError with Telldus' reason where it refuses one in time. What
        takes longer goes on by itself, and is taken back if it fails.
        """
        outcomes: list[asyncio.Future[None]] = []
        for command in commands:
            outcomes.append(self._hass.loop.create_future())
            self._async_give(command).waiting.append(outcomes[-1])
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
    def _async_give(self, command: Command) -> _Pending:
        """Put a command into the queue, show what it does, and return what stands for it.

        Only the last of several presses matters, and its outcome is that of all. What a
        group is told, its members need not be told.
        """
        pending = _Pending(
            command,
            self._name(command.device_id),
            self._effects(command),
            self._budget.now(),
        )
        # A mode that was chosen since an older command is to stay chosen.
        in_place = pending.keeps_mode
        absorbed: list[_Pending] = []
        stands = pending
        for older in reversed(self._unsent):
            if older.implies(pending):
                stands = older
                stands.waiting += pending.waiting
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
        self._coordinator.async_wake(pending.effects)
        return stands

    def _absorb(self, newer: _Pending, older: _Pending) -> bool:
        """Have a newer command do what is left of an older one, if it can."""
        if (merged := newer.command.merged(older.command)) is not None:
            newer.command = merged
            newer.effects = self._effects(merged)
        elif not newer.covers(older):
            return False
        newer.waiting = older.waiting + newer.waiting
        return True

    def _effects(self, command: Command) -> Mapping[str, Command]:
        """Return what a command makes of each device that it reaches."""
        devices = self._coordinator.data
        leaves = self._coordinator.home.leaves.get(command.device_id, ())
        effects = {
            device_id: effect
            for device_id in leaves
            if (effect := command.for_member(devices[device_id]))
        }
        return effects or {command.device_id: command}

    @callback
    def _async_uncover(self, pending: _Pending) -> None:
        """Show no longer what a command would have done."""
        for device_id in pending.effects:
            overlays = self._overlays.pop(device_id, [])
            if rest := [one for one in overlays if one is not pending]:
                self._overlays[device_id] = rest
        self._coordinator.async_wake(pending.effects)

    async def _async_send_all(self) -> None:
        """Send what is to be sent, until nothing is left."""
        try:
            while self._unsent:
                await self._async_send_next()
        finally:
            self._is_sending = False

    async def _async_send_next(self) -> None:
        """Send the next command, or wait until one may be sent again."""
        sent: list[_Pending] = []

        def choose() -> Command:
            """Take the next command, now that there is leave to send one."""
            sent.append(self._unsent.pop(0))
            return sent[0].command

        try:
            await self._client.command(choose)
        except RateLimited as err:
            for pending in sent:
                # Not even looked at by Telldus
                self._async_put_back(pending)
            await self._async_wait(err)
        except TelldusError as err:
            if isinstance(err, SignInRefused):
                self._coordinator.async_note_refusal()
            self._async_fail(sent[0], err)
        else:
            self._coordinator.async_note_success()
            self._async_accept(sent[0])

    @callback
    def _async_put_back(self, pending: _Pending) -> None:
        """Have a command sent again, or have a newer one speak for it."""
        for newer in self._unsent:
            if self._absorb(newer, pending):
                self._async_uncover(pending)
                return
        self._unsent.insert(0, pending)

    async def _async_wait(self, err: RateLimited) -> None:
        """Wait until something may be sent, and give up what would be too late then."""
        until = self._budget.now() + err.retry_after
        for pending in self._unsent.copy():
            if pending.given + _GIVEN_UP_AFTER <= until:
                self._unsent.remove(pending)
                self._async_fail(pending, err)
        if self._unsent:
            await asyncio.sleep(err.retry_after)

    @callback
    def _async_accept(self, pending: _Pending) -> None:
        """Note that Telldus accepted a command, and see later what became of it."""
        pending.accepted = self._budget.now()
        for outcome in pending.waiting:
            if not outcome.done():
                outcome.set_result(None)
        self._async_look_later()

    @callback
    def _async_fail(self, pending: _Pending, err: TelldusError) -> None:
        """Take a command back, and tell those who gave it."""
        self._async_uncover(pending)
        told = False
        for outcome in pending.waiting:
            if not outcome.done():
                outcome.set_exception(self._error(pending, err))
                told = True
        if not told:
            # Whoever gave it has stopped waiting; this is the only place left to say it.
            LOGGER.warning("A command to %s was not carried out: %s", pending.name, err)

    @staticmethod
    def _error(pending: _Pending, err: TelldusError) -> HomeAssistantError:
        """Return the error that a person is shown."""
        error = HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=f"command_{error_key(err)}",
            translation_placeholders={
                "device": pending.name,
                **error_placeholders(err),
            },
        )
        error.__cause__ = err
        return error

    def _name(self, device_id: str) -> str:
        """Return what the person calls a device."""
        device = self._coordinator.data.get(device_id)
        return (device and device.name) or device_id

    def _is_settled(self, pending: _Pending) -> bool:
        """Return whether the last list was asked for late enough to be believed."""
        if pending.accepted is None:
            return False
        return self._coordinator.requested >= pending.accepted + _SETTLES_AFTER

    @callback
    def _async_settle(self) -> None:
        """Let go of what the newest list knows about. Called with each new list."""
        for pending in self._pending():
            if self._is_settled(pending):
                # The list may say what it said before the command, and then wakes nobody.
                self._async_uncover(pending)

    def _pending(self) -> set[_Pending]:
        """Return the commands of which it is not known what became of them."""
        return {one for overlays in self._overlays.values() for one in overlays}

    @callback
    def _async_look_later(self) -> None:
        """Have the list read once it can be trusted, soon after the last command."""
        now = self._budget.now()
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
            HassJob(self._async_look, "confirm commands", cancel_on_shutdown=True),
        )

    async def _async_look(self, _now: object) -> None:
        """Read the list, and again if it came too early for some command."""
        self._look = self._look_by = None
        before = self._coordinator.requested
        await self._coordinator.async_refresh()
        if self._look or not any(
            pending.accepted is not None for pending in self._pending()
        ):
            return
        failed = self._coordinator.requested == before
        self._async_look_in(_LOOK_AFTER_AT_MOST if failed else _LOOK_AFTER)

    @callback
    def _async_stop(self) -> None:
        """Stop with the entry; what was not sent by now never will be."""
        if self._look:
            self._look()
            self._look = None
        for pending in self._pending():
            for outcome in pending.waiting:
                if not outcome.done():
                    outcome.set_exception(
                        HomeAssistantError(
                            translation_domain=DOMAIN,
                            translation_key="command_interrupted",
                            translation_placeholders={"device": pending.name},
                        )
                    )


def _put(
    queue: list[_Pending], pending: _Pending, in_place_of: _Pending | None
) -> None:
    """Put a command into a queue: before the one that it replaces, or at the end."""
    if in_place_of in queue:
        queue.insert(queue.index(in_place_of), pending)
    else:
        queue.append(pending)
