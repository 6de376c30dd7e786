"""What was heard of remotes, doorbells, doors, motion: each thing once, late or in time.

Pushes, differences between lists and the history tell of it (``occurrences`` puts them
together). What is younger than a minute happens now: entities fire or pulse. What is older
never changes an entity, for no lamp should go on for a press of two hours ago; it is one
event on Home Assistant's bus.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..account.storage import StorageKey, entry_store
from ..commands.manager import CommandManager
from ..const import DOMAIN, EVENT_MISSED, LOGGER
from ..coordinator import DeviceCoordinator
from ..devices.kinds import EVENT_KINDS, MAIN_ENTITY, entity_parts
from ..devices.unique_ids import device_unique_id
from ..pa_api import Device, DeviceStateMessage, Method, Priority, TelldusError
from ..pa_api.rate_limiter import MAX_REQUESTS
from .matching import HISTORY_SETTLE_TIME, MAX_EVENT_AGE, DeviceEvent, DeviceTimeline

# What heard a device itself, by the history's word for it: no command of ours.
_INCOMING: Final = "Incoming signal"

# One device's history is read at a time, this often at most ...
_READ_EVERY: Final = timedelta(seconds=10)
# ... while the rate limiter would let it go at once and another after it, which leaves room for
# what people do and for the next list, and Telldus has not minded lately.
_MOST_USED: Final = MAX_REQUESTS[Priority.BACKGROUND] - 2
_QUIET_PERIOD: Final = 300.0
# A history younger than this, in seconds, would tell nothing.
_MIN_HISTORY_AGE: Final = 2 * HISTORY_SETTLE_TIME
# Seconds until it is asked again: where it failed, and where Telldus does not tell.
_AGAIN_AFTER: Final = 300.0
_REFUSED_FOR: Final = 86400.0
# So many devices in a row whose history Telldus refuses mean that it refuses any.
_MOST_REFUSED: Final = 2
# An entity's state is when it last fired, to the millisecond: what fires twice at once would
# be one change of it. Seconds between the two.
_EVENT_SPACING: Final = 0.01
# What was heard is written down this soon, in seconds, lest a crash tells it twice.
_SAVE_DELAY: Final = 10.0

_SECONDS: Final = vol.Coerce(float)
# Times are unix seconds.
_STORED: Final = {
    "ask_again": _SECONDS,
    "tracks": {
        str: {
            vol.Required("from"): _SECONDS,
            vol.Required("known"): [
                vol.ExactSequence([vol.Coerce(Method), _SECONDS, _SECONDS])
            ],
        }
    },
}

type Listener = Callable[[DeviceEvent, bool], None]


class EventTracker:
    """What one account's devices were heard to do."""

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
        self._commands = commands
        self._rate_limiter = devices.account.rate_limiter
        self._store = entry_store(hass, StorageKey.EVENTS, entry.entry_id, _STORED)
        self.timelines: dict[str, DeviceTimeline] = {}
        self._seen = devices.data
        self._lists = devices.success_count
        # Whose row was another in a list, and whose history is to be read first for it.
        self._changed: set[str] = set()
        self._was_changed = False
        # Since when gateways are live, in unix seconds.
        self._live_since: dict[str, float] = {}
        self._ask_again = 0.0
        # Until when Telldus is not asked of a device whose history it refused, and which
        # were refused since a history was last told.
        self._refused: dict[str, float] = {}
        self._in_a_row: set[str] = set()
        self._is_reading = False
        self._is_stopped = False
        self._listeners: dict[str, list[Listener]] = {}
        entry.async_on_unload(
            devices.async_add_refresh_listener(self._async_handle_poll)
        )
        # After that, and once it is known what is new: what is paired is heard at once.
        entry.async_on_unload(devices.async_add_listener(self._follow_devices))

    async def async_load(self) -> None:
        """Go on where an earlier run ended."""
        stored = await self._store.async_load()
        self._ask_again = min(stored.get("ask_again", 0.0), _now() + _REFUSED_FOR)
        self.timelines = {
            device_id: DeviceTimeline.from_dict(device_id, track)
            for device_id, track in stored.get("tracks", {}).items()
        }
        self._follow_devices()

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
                _READ_EVERY,
                cancel_on_shutdown=True,
            )
        )

    @callback
    def async_stop(self) -> None:
        """Take nothing more: entities are about to go. What comes now the history tells later."""
        self._is_stopped = True

    async def async_save(self) -> None:
        """Write down what is known."""
        await self._store.async_save(self._to_store())

    @callback
    def async_listen(self, device_id: str, listener: Listener) -> CALLBACK_TYPE:
        """Tell somebody what a device does now, and whether its row shows that."""
        listeners = self._listeners.setdefault(device_id, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    @callback
    def async_push_started(self, gateway_id: str) -> None:
        """Note that from now on all that a gateway hears is pushed."""
        self._live_since[gateway_id] = _now()

    @callback
    def async_push_stopped(self, gateway_id: str, heard: float) -> None:
        """Note that nothing is pushed any more since a moment by the rate limiter's clock."""
        del self._live_since[gateway_id]
        for track in self._tracks_of(gateway_id):
            track.stop_push(self._unix(heard))

    @callback
    def async_handle_push(self, before: Device, event: DeviceStateMessage) -> None:
        """Take a push. Called before the device's row shows it, and before it settles a command."""
        if self._is_stopped or (track := self.timelines.get(before.id)) is None:
            return
        level = event.value if isinstance(event.value, int) else None
        after = event.command.apply_to(before)
        self._async_report(
            track.add_push(event.method, level, event.origin, _now()),
            shown=before.is_on is not after.is_on,
        )

    @callback
    def async_push_applied(self) -> None:
        """Note that what was pushed is in the snapshot: a list that has it has no news."""
        self._seen = self._devices.data

    @callback
    def _async_handle_poll(self) -> None:
        """Compare a new list with what was known before."""
        if self._is_stopped or self._devices.success_count == self._lists:
            return
        self._lists = self._devices.success_count
        before, self._seen = self._seen, self._devices.data
        since = self._unix(self._devices.previous_requested_at)
        now = self._unix(self._devices.requested_at)
        for track in self.timelines.values():
            old, new = before.get(track.device_id), self._seen.get(track.device_id)
            if old is new or (method := _difference(old, new)) is None:
                continue
            if not track.was_reported(method, since):
                # The history may have more. It need not be read at once for what it had.
                self._changed.add(track.device_id)
            if self._commands.has_own_command_at(
                track.device_id, now
            ) and self._can_ask(track):
                # Whose doing it is, ours or somebody else's, the history alone can tell.
                continue
            level = new.level if new and method is Method.DIM else None
            self._async_report(
                track.add_poll_change(method, level, since, now), shown=True
            )

    @callback
    def _follow_devices(self) -> None:
        """Have a track of each device that there is, begun now where it is new."""
        kinds, now = self._devices.topology.kinds, _now()
        for device in self._devices.data.values():
            if kinds.get(device.id) in EVENT_KINDS and device.id not in self.timelines:
                is_live = device.gateway_id in self._live_since
                self.timelines[device.id] = DeviceTimeline(
                    device.id, now, is_complete=is_live
                )

    def _tracks_of(self, gateway_id: str) -> list[DeviceTimeline]:
        """Return the tracks of a gateway's devices."""
        return [
            track
            for device_id, track in self.timelines.items()
            if (device := self._devices.data.get(device_id))
            and device.gateway_id == gateway_id
        ]

    @callback
    def _async_report(self, occurrence: DeviceEvent | None, *, shown: bool) -> bool:
        """Tell what happened, unless it was a command from here.

        Returns whether it was told as what happens now.
        """
        if occurrence is None:
            return False
        self._store.async_delay_save(self._to_store, _SAVE_DELAY)
        if self._is_own(occurrence):
            return False
        if _now() - occurrence.when >= MAX_EVENT_AGE:
            self._async_tell_late(occurrence)
            return False
        for listener in tuple(self._listeners.get(occurrence.device_id, ())):
            listener(occurrence, shown)
        return True

    @callback
    def _is_own(self, event: DeviceEvent) -> bool:
        """Return whether a command of this integration caused an event; consume the command."""
        return event.origin != _INCOMING and self._commands.async_match_own_command(
            event.device_id, event.when
        )

    @callback
    def _async_tell_late(self, occurrence: DeviceEvent) -> None:
        """Tell those who want to know of what happened too long ago to act upon."""
        device = self._devices.data[occurrence.device_id]
        registry = er.async_get(self._hass)
        parts = dict(entity_parts(device, self._devices.topology.kinds[device.id]))
        entity_id = registry.async_get_entity_id(
            parts.get(MAIN_ENTITY, Platform.EVENT),
            DOMAIN,
            device_unique_id(self._entry, device.id),
        )
        entity = registry.async_get(entity_id) if entity_id else None
        method = occurrence.method
        self._hass.bus.async_fire(
            EVENT_MISSED,
            {
                "device_id": entity and entity.device_id,
                "entity_id": entity_id,
                "name": device.name,
                "method": (method.name or "").lower(),
                "level": occurrence.level,
                "origin": occurrence.origin,
                "time": dt_util.utc_from_timestamp(occurrence.when).isoformat(),
            },
        )

    @callback
    def _async_read_next_history(self, _now: object) -> None:
        """Have a history read, if there is one worth it and nothing else matters more."""
        if not self._is_reading and self._may_read() and (track := self._next()):
            self._is_reading = True
            self._entry.async_create_background_task(
                self._hass, self._async_read(track), "read history"
            )

    def _may_read(self) -> bool:
        """Return whether the rate limiter has room for what is less urgent than all else."""
        rate_limiter = self._rate_limiter
        limited_at = rate_limiter.last_rate_limited_at
        return (
            self._devices.last_error is None
            and not rate_limiter.paused_for
            and not rate_limiter.waiting
            and rate_limiter.used <= _MOST_USED
            and (limited_at is None or rate_limiter.now() - limited_at >= _QUIET_PERIOD)
            and not self._commands.queue_length
        )

    def _can_ask(self, track: DeviceTimeline) -> bool:
        """Return whether Telldus has not refused to tell of a device today, or of any."""
        refused_until = self._refused.get(track.device_id, 0.0)
        return _now() >= max(self._ask_again, refused_until)

    def _next(self) -> DeviceTimeline | None:
        """Return whose history is to be read: of those that changed, or else the oldest."""
        now = _now()
        waiting = []
        for track in self.timelines.values():
            device = self._devices.data.get(track.device_id)
            if device is None or not device.online:
                continue
            if not self._can_ask(track):
                continue
            since = self._live_since.get(device.gateway_id)
            heard = self._last_message_at(device.gateway_id)
            if since is not None and heard is not None:
                track.advance(self._unix(heard))
            # What was live for a moment only has not told for sure where the gap ends.
            if (
                not track.is_complete
                and now - max(track.read_from, since or 0) >= _MIN_HISTORY_AGE
            ):
                waiting.append(track)
        # Every other one at most, lest one that chatters keeps the quiet ones waiting.
        changed = [track for track in waiting if track.device_id in self._changed]
        self._was_changed = bool(changed) and not self._was_changed
        return min(
            changed if self._was_changed else waiting,
            key=lambda track: track.read_from,
            default=None,
        )

    async def _async_read(self, track: DeviceTimeline) -> None:
        """Read a device's history, and tell what is new in it."""
        try:
            client = self._devices.account.client
            since = dt_util.utc_from_timestamp(track.read_from)
            deeds = await client.device_history(track.device_id, since)
        except TelldusError as err:
            LOGGER.debug("No history: %s", type(err).__name__)
            if self._devices.account.is_permanent_error(err):
                self._async_refused(track.device_id)
            else:
                self._ask_again = _now() + _AGAIN_AFTER
            self._store.async_delay_save(self._to_store, _SAVE_DELAY)
            return
        finally:
            self._is_reading = False
        device = self._devices.data.get(track.device_id)
        if device is None or self._is_stopped:
            return
        self._changed.discard(device.id)
        self._in_a_row.clear()
        live_since = self._live_since.get(device.gateway_id)
        read = track.add_history(deeds, _now(), live_since)
        news = deque(one for one in read if not self._is_own(one))
        try:
            while news and not self._is_stopped:
                if self._async_report(news.popleft(), shown=False) and news:
                    await asyncio.sleep(_EVENT_SPACING)
        finally:
            # Stopped in between: there is no entity any more, and this comes but once.
            for occurrence in news:
                self._async_tell_late(occurrence)

    @callback
    def _async_refused(self, device_id: str) -> None:
        """Ask of a device tomorrow, and of none before if it is not the device's fault."""
        self._refused[device_id] = again = _now() + _REFUSED_FOR
        self._in_a_row.add(device_id)
        if len(self._in_a_row) >= _MOST_REFUSED:
            self._in_a_row.clear()
            self._ask_again = again

    def _unix(self, when: float) -> float:
        """Return a time by the rate limiter's clock in unix seconds."""
        return _now() - (self._rate_limiter.now() - when)

    @callback
    def _to_store(self) -> dict[str, Any]:
        """Return what is written down; what Telldus has no more is forgotten."""
        return {
            "ask_again": self._ask_again,
            "tracks": {
                device_id: track.to_store()
                for device_id, track in self.timelines.items()
                if device_id in self._devices.data
            },
        }


def _now() -> float:
    """Return the time in unix seconds."""
    return dt_util.utcnow().timestamp()


def _difference(before: Device | None, after: Device | None) -> Method | None:
    """Return what a device has done from one list to the next, None for nothing.

    What happened while its gateway was away, or while it was in no list, nobody heard.
    """
    if not before or not after or not before.online or not after.online:
        return None
    dimmed = after.state is Method.DIM and after.level != before.level
    return after.state if dimmed or after.state is not before.state else None
