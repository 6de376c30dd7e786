"""A command's life: shown at once, sent, confirmed or taken back.

What Telldus answers to a command means that it was accepted, not that it was done, and its
lists lag behind by seconds. So what was commanded is laid over what the lists say, until
an answer that was asked for late enough tells what became of it.
"""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later

from .const import DOMAIN, LOGGER
from .coordinator import DevicesCoordinator, TelldusConfigEntry
from .pa_api import Command, Device, RateLimited, SignInRefused, TelldusError
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
    """The newest command for a device, from the moment it is given."""

    command: Command
    # What the person calls the device; it may be gone when there is something to say.
    name: str
    # By the budget's clock; None until Telldus has accepted it.
    accepted: float | None = None
    # Those who wait for it, and for what it replaced.
    waiting: list[asyncio.Future[None]] = field(default_factory=list)


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
        # What is shown over the lists, by device.
        self._overlays: dict[str, _Pending] = {}
        # What has not been sent yet, by device; the newest command only.
        self._unsent: dict[str, _Pending] = {}
        self._senders: set[str] = set()
        self._look: CALLBACK_TYPE | None = None
        self._look_by: float | None = None
        entry.async_on_unload(coordinator.async_on_list(self._async_settle))
        entry.async_on_unload(self._async_stop)

    def shown(self, device: Device) -> Device:
        """Return a device as it is to be shown: as told by Telldus, or as commanded."""
        pending = self._overlays.get(device.id)
        if pending is None or self._is_settled(pending):
            return device
        command = pending.command
        level = device.level if command.level is None else command.level
        return replace(device, state=command.method, level=level)

    async def async_send(self, command: Command) -> None:
        """Show a command, send it, and wait a little for Telldus' word on it.

        Raises HomeAssistantError with Telldus' reason where it refuses in time. What
        takes longer goes on by itself, and is taken back if it fails.
        """
        device_id = command.device_id
        pending = _Pending(command, self._name(device_id))
        if replaced := self._unsent.get(device_id):
            # Only the last of several presses matters, and its outcome is that of all.
            pending.waiting = replaced.waiting
        self._unsent[device_id] = self._overlays[device_id] = pending
        self._coordinator.async_wake([device_id])
        outcome: asyncio.Future[None] = self._hass.loop.create_future()
        pending.waiting.append(outcome)
        if device_id not in self._senders:
            self._senders.add(device_id)
            self._entry.async_create_background_task(
                self._hass, self._async_send_for(device_id), f"send to {device_id}"
            )
        try:
            await asyncio.wait([outcome], timeout=_ACTION_WAITS)
            if outcome.done():
                outcome.result()
        finally:
            outcome.cancel()

    async def _async_send_for(self, device_id: str) -> None:
        """Send what is to be sent to one device, until nothing is left."""
        try:
            while device_id in self._unsent:
                await self._async_send_newest(device_id)
        finally:
            self._senders.discard(device_id)

    async def _async_send_newest(self, device_id: str) -> None:
        """Send the newest command for a device, waiting for as long as it may take."""
        sent: list[_Pending] = []

        def choose() -> Command:
            """Take the newest command, now that there is leave to send one."""
            sent.append(self._unsent.pop(device_id))
            return sent[-1].command

        give_up = self._budget.now() + _GIVEN_UP_AFTER
        while True:
            try:
                await self._client.command(choose)
            except RateLimited as err:
                for pending in sent:
                    # Not even looked at by Telldus: to be sent again, unless there is
                    # something newer by now.
                    self._async_put_back(pending)
                sent.clear()
                if self._budget.now() + err.retry_after < give_up:
                    await asyncio.sleep(err.retry_after)
                    continue
                self._async_fail(self._unsent.pop(device_id), err)
            except TelldusError as err:
                if isinstance(err, SignInRefused):
                    self._coordinator.async_note_refusal()
                self._async_fail(sent[0], err)
            else:
                self._coordinator.async_note_success()
                self._async_accept(sent[0])
            return

    @callback
    def _async_put_back(self, pending: _Pending) -> None:
        """Have a command sent again, or have the newer one speak for it."""
        newer = self._unsent.setdefault(pending.command.device_id, pending)
        if newer is not pending:
            newer.waiting = pending.waiting + newer.waiting

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
        device_id = pending.command.device_id
        if self._overlays.get(device_id) is pending:
            del self._overlays[device_id]
            self._coordinator.async_wake([device_id])
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
        settled = [
            device_id
            for device_id, pending in self._overlays.items()
            if self._is_settled(pending)
        ]
        for device_id in settled:
            del self._overlays[device_id]
        # The list may say what it said before the command, and then wakes nobody.
        self._coordinator.async_wake(settled)

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
            pending.accepted is not None for pending in self._overlays.values()
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
        for pending in self._overlays.values():
            for outcome in pending.waiting:
                if not outcome.done():
                    outcome.set_exception(
                        HomeAssistantError(
                            translation_domain=DOMAIN,
                            translation_key="command_interrupted",
                            translation_placeholders={"device": pending.name},
                        )
                    )
