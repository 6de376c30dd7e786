"""Presses, rings, openings and motion: each is reported once, at once or late.

Pushes, differences between lists and histories are the sources; ``matching`` finds out what
they have in common. An event younger than a minute is reported to its entity, which fires or
changes. An older one never changes an entity, so that no lamp goes on for a press of two hours
ago; it is fired on Home Assistant's bus (``missed``).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from ..account.storage import StorageKey, entry_store
from ..commands.manager import CommandManager
from ..coordinator import DeviceCoordinator
from ..devices.kinds import EVENT_KINDS
from ..pa_api import Device, DeviceStateMessage, Method
from .history_reader import REJECTED_FOR, HistoryReader, unix_now
from .matching import HISTORY_SETTLE_TIME, MAX_EVENT_AGE, DeviceEvent, DeviceTimeline
from .missed import async_fire_missed_event

# The origin, in Telldus' history, of what a device did by itself: no command.
_INCOMING: Final = "Incoming signal"

# How often a history is read.
_READ_INTERVAL: Final = timedelta(seconds=10)
# A shorter gap than this, in seconds, is not worth a request.
_MIN_HISTORY_AGE: Final = 2 * HISTORY_SETTLE_TIME
# The state of an event entity is when it last fired, in milliseconds: two events at once would
# be one change. Seconds between two events.
_EVENT_SPACING: Final = 0.01
# Seconds until timelines are saved: after a crash, later events are reported again.
_SAVE_DELAY: Final = 10.0

_SECONDS: Final = vol.Coerce(float)
# Times are unix seconds.
_STORED: Final = {
    "retry_at": _SECONDS,
    "timelines": {
        str: {
            vol.Required("read_from"): _SECONDS,
            vol.Required("unmatched"): [
                vol.ExactSequence([vol.Coerce(Method), _SECONDS, _SECONDS])
            ],
            "commands": [_SECONDS],
        }
    },
}

type Listener = Callable[[DeviceEvent, bool], None]


class EventTracker:
    """Reports the events of one account's devices."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        devices: DeviceCoordinator,
        commands: CommandManager,
    ) -> None:
        """Initialize the tracker."""
        self._hass = hass
        self._entry = entry
        self._devices = devices
        self._reader = HistoryReader(devices, commands)
        self._store = entry_store(hass, StorageKey.EVENTS, entry.entry_id, _STORED)
        self.timelines: dict[str, DeviceTimeline] = {}
        # The newest list, with what was pushed since, and when it was requested (monotonic).
        self._last_rows = devices.data
        self._last_requested_at = devices.requested_at
        # Since when the events of gateways are pushed, in unix seconds.
        self._live_since: dict[str, float] = {}
        self._is_stopped = False
        self._listeners: dict[str, list[Listener]] = {}
        commands.async_add_sent_listener(self._async_handle_sent)
        entry.async_on_unload(
            devices.async_add_refresh_listener(self._async_handle_poll)
        )
        # Called after the former, so that a device that is new is compared from now on.
        entry.async_on_unload(devices.async_add_listener(self._async_add_timelines))

    async def async_load(self) -> None:
        """Restore the timelines of an earlier run, whose clock may have been ahead."""
        stored, now = await self._store.async_load(), unix_now()
        self._reader.retry_at = min(stored.get("retry_at", 0.0), now + REJECTED_FOR)
        self.timelines = {
            device_id: DeviceTimeline.from_dict(device_id, timeline)
            for device_id, timeline in stored.get("timelines", {}).items()
        }
        for restored in self.timelines.values():
            restored.read_from = min(restored.read_from, now)
        self._async_add_timelines()

    @callback
    def async_start(self, last_message_at: Callable[[str], float | None]) -> None:
        """Start to read the histories of devices whose events are not pushed.

        ``last_message_at`` returns when a gateway's socket last received something, in
        monotonic seconds, None where there is no socket.
        """
        self._last_message_at = last_message_at
        self._entry.async_on_unload(
            async_track_time_interval(
                self._hass,
                self._async_read_next_history,
                _READ_INTERVAL,
                cancel_on_shutdown=True,
            )
        )

    @callback
    def async_stop(self) -> None:
        """Report nothing more: the entities are about to be removed."""
        self._is_stopped = True

    async def async_save(self) -> None:
        """Save the timelines."""
        await self._store.async_save(self._to_store())

    @callback
    def async_listen(self, device_id: str, listener: Listener) -> CALLBACK_TYPE:
        """Call a listener with each event of a device, and whether its row shows it too."""
        listeners = self._listeners.setdefault(device_id, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    @callback
    def async_push_started(self, gateway_id: str) -> None:
        """Note that the events of a gateway are pushed from now on."""
        self._live_since[gateway_id] = unix_now()

    @callback
    def async_push_stopped(self, gateway_id: str, received_at: float) -> None:
        """Note that they are not any more, with the last message's time (monotonic)."""
        del self._live_since[gateway_id]
        for device_id, timeline in self.timelines.items():
            device = self._devices.data.get(device_id)
            if device and device.gateway_id == gateway_id:
                timeline.stop_push(self._to_unix(received_at))

    @callback
    def async_handle_push(self, before: Device, event: DeviceStateMessage) -> None:
        """Report a pushed event, before the device's row has it and a command is confirmed."""
        timeline = self.timelines.get(before.id)
        if self._is_stopped or timeline is None:
            return
        level = event.value if isinstance(event.value, int) else None
        after = event.command.apply_to(before)
        self._async_report(
            timeline.add_push(event.method, level, event.origin, unix_now()),
            in_state=before.is_on is not after.is_on,
        )

    @callback
    def async_push_applied(self) -> None:
        """Note that the rows have what was pushed: the next list is compared with these."""
        self._last_rows = self._devices.data

    @callback
    def _async_handle_poll(self) -> None:
        """Report the differences between a new list and the last one."""
        devices = self._devices
        if self._is_stopped or devices.requested_at == self._last_requested_at:
            return
        before, self._last_rows = self._last_rows, devices.data
        since = self._to_unix(self._last_requested_at)
        self._last_requested_at = devices.requested_at
        now = self._to_unix(self._last_requested_at)
        for device_id, timeline in self.timelines.items():
            old, new = before.get(device_id), self._last_rows.get(device_id)
            if old is new or (method := _difference(old, new)) is None:
                continue
            if not timeline.was_reported(method, since):
                # The history may have more events than the list shows.
                self._reader.prefer(device_id)
            if timeline.is_own(now) and self._reader.can_read(device_id):
                # Only the history has whether it was a command from here.
                continue
            level = new.level if new and method is Method.DIM else None
            self._async_report(
                timeline.add_poll_change(method, level, since, now), in_state=True
            )

    @callback
    def _async_handle_sent(self, device_ids: Iterable[str], is_sent: bool) -> None:
        """Add a command that may explain an event, or remove the one that failed."""
        for timeline in filter(None, map(self.timelines.get, device_ids)):
            if is_sent:
                timeline.add_command(unix_now())
            else:
                timeline.remove_command()
            self._async_save_soon()

    @callback
    def _async_add_timelines(self) -> None:
        """Add a timeline, which begins now, for each new device that has events."""
        kinds, now = self._devices.topology.kinds, unix_now()
        for device in self._devices.data.values():
            if kinds.get(device.id) in EVENT_KINDS and device.id not in self.timelines:
                is_live = device.gateway_id in self._live_since
                self.timelines[device.id] = DeviceTimeline(
                    device.id, now, is_complete=is_live
                )

    @callback
    def _async_report(self, event: DeviceEvent | None, *, in_state: bool) -> bool:
        """Report an event, unless a command from here explains it.

        Return whether it was reported to the listeners.
        """
        if event is None:
            return False
        self._async_save_soon()
        if self._match_command(event):
            return False
        if unix_now() - event.when >= MAX_EVENT_AGE:
            self._async_fire_missed(event)
            return False
        for listener in tuple(self._listeners.get(event.device_id, ())):
            listener(event, in_state)
        return True

    def _match_command(self, event: DeviceEvent) -> bool:
        """Return whether a command from here explains an event; it explains no other."""
        timeline = self.timelines[event.device_id]
        return event.origin != _INCOMING and timeline.match_command(event.when)

    @callback
    def _async_fire_missed(self, event: DeviceEvent) -> None:
        """Fire an event on Home Assistant's bus."""
        async_fire_missed_event(self._hass, self._entry, self._devices, event)

    @callback
    def _async_read_next_history(self, _now: object) -> None:
        """Read a history, if there is one worth it and nothing more urgent waits."""
        if timeline := self._reader.choose(self._incomplete()):
            self._entry.async_create_background_task(
                self._hass, self._async_read_history(timeline), "read history"
            )

    def _incomplete(self) -> Iterator[DeviceTimeline]:
        """Yield the timelines with a gap that the history can fill."""
        now = unix_now()
        for device_id, timeline in self.timelines.items():
            device = self._devices.data.get(device_id)
            if device is None or device.online is False:
                continue
            since = self._live_since.get(device.gateway_id)
            received_at = self._last_message_at(device.gateway_id)
            if since is not None and received_at is not None:
                timeline.advance(self._to_unix(received_at))
            # A gap ends only where pushes have come for a while.
            begin = max(timeline.read_from, since or 0)
            if not timeline.is_complete and now - begin >= _MIN_HISTORY_AGE:
                yield timeline

    async def _async_read_history(self, timeline: DeviceTimeline) -> None:
        """Read a device's history, and report the events that are new in it."""
        entries = await self._reader.async_read(timeline)
        if entries is None:
            self._async_save_soon()
            return
        device = self._devices.data.get(timeline.device_id)
        if device is None or self._is_stopped:
            # The history is read again later, from the same time on.
            return
        live_since = self._live_since.get(device.gateway_id)
        found = timeline.add_history(entries, unix_now(), live_since)
        events = deque(one for one in found if not self._match_command(one))
        try:
            while events and not self._is_stopped:
                if self._async_report(events.popleft(), in_state=False) and events:
                    await asyncio.sleep(_EVENT_SPACING)
        finally:
            # Stopped meanwhile: the timeline has these, so they are reported now or never.
            for event in events:
                self._async_fire_missed(event)

    @callback
    def _async_save_soon(self) -> None:
        """Save the timelines in a while."""
        self._store.async_delay_save(self._to_store, _SAVE_DELAY)

    def _to_unix(self, when: float) -> float:
        """Convert a time of the rate limiter's clock to unix seconds."""
        return unix_now() - (self._devices.account.rate_limiter.now() - when)

    @callback
    def _to_store(self) -> dict[str, Any]:
        """Build what is stored, of the devices that Telldus still has."""
        return {
            "retry_at": self._reader.retry_at,
            "timelines": {
                device_id: timeline.as_dict()
                for device_id, timeline in self.timelines.items()
                if device_id in self._devices.data
            },
        }


def _difference(before: Device | None, after: Device | None) -> Method | None:
    """Return the method that a device has executed from one list to the next, None for none.

    A device whose gateway was offline, or that was in one of the lists only, has none.
    """
    if not before or not after or False in (before.online, after.online):
        return None
    dimmed = after.state is Method.DIM and after.level != before.level
    return after.state if dimmed or after.state is not before.state else None
