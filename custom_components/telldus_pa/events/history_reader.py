"""Reads the histories of devices, one at a time, while nothing more urgent waits."""

from collections.abc import Iterable
from typing import Final

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..commands.manager import CommandManager
from ..const import LOGGER
from ..coordinator import DeviceCoordinator
from ..pa_api import HistoryEntry, Priority, TelldusError
from ..pa_api.rate_limiter import MAX_REQUESTS
from .matching import DeviceTimeline

# A history is read while the rate limiter would let it and another request go at once, which
# leaves room for commands and the next list, and for so many seconds has had no pause.
_MAX_USED: Final = MAX_REQUESTS[Priority.BACKGROUND] - 2
_QUIET_PERIOD: Final = 300.0
# Seconds until the next try: after an error that passes, and after a permanent one.
_RETRY_AFTER: Final = 300.0
REJECTED_FOR: Final = 86400.0
# After permanent errors for so many devices in a row no history is requested at all.
_MAX_REJECTED: Final = 2


class HistoryReader:
    """Chooses the next history and requests it. All times are unix seconds.

    ``retry_at`` is until when no history is requested.
    """

    def __init__(self, devices: DeviceCoordinator, commands: CommandManager) -> None:
        """Initialize the reader."""
        self._devices = devices
        self._account = devices.account
        self._commands = commands
        self.retry_at = 0.0
        # Devices with a change in a list, which come first; every other time at most.
        self._changed: set[str] = set()
        self._was_changed = False
        # Until when not to request the history of a device, and the devices with a permanent
        # error since the last success.
        self._rejected_until: dict[str, float] = {}
        self._rejected_in_a_row: set[str] = set()
        self._is_reading = False

    def can_read(self, device_id: str) -> bool:
        """Return whether the history of a device may be requested, by the errors so far."""
        rejected_until = self._rejected_until.get(device_id, 0.0)
        return unix_now() >= max(self.retry_at, rejected_until)

    def prefer(self, device_id: str) -> None:
        """Read the history of a device before those without changes."""
        self._changed.add(device_id)

    def choose(self, timelines: Iterable[DeviceTimeline]) -> DeviceTimeline | None:
        """Return the timeline whose history is to be read now, None for none.

        It is the oldest of those with changes, or of all, in turns: a device that never
        pauses must not keep the others waiting.
        """
        if self._is_reading or not self._is_idle():
            return None
        waiting = [one for one in timelines if self.can_read(one.device_id)]
        changed = [one for one in waiting if one.device_id in self._changed]
        self._was_changed = bool(changed) and not self._was_changed
        return min(
            changed if self._was_changed else waiting,
            key=lambda one: one.read_from,
            default=None,
        )

    def _is_idle(self) -> bool:
        """Return whether the rate limiter has room for a background request."""
        limiter = self._account.rate_limiter
        return (
            self._devices.last_error is None
            and limiter.quiet_for >= _QUIET_PERIOD
            and not limiter.waiting
            and limiter.used <= _MAX_USED
            and not self._commands.queue_length
        )

    async def async_read(
        self, timeline: DeviceTimeline
    ) -> tuple[HistoryEntry, ...] | None:
        """Request the history of a timeline's device, None after an error."""
        self._is_reading = True
        try:
            since = dt_util.utc_from_timestamp(timeline.read_from)
            entries = await self._account.client.device_history(
                timeline.device_id, since
            )
        except TelldusError as err:
            LOGGER.debug("No history: %s", type(err).__name__)
            if self._account.is_permanent_error(err):
                self._async_reject(timeline.device_id)
            else:
                self.retry_at = unix_now() + _RETRY_AFTER
            return None
        finally:
            self._is_reading = False
        self._changed.discard(timeline.device_id)
        self._rejected_in_a_row.clear()
        return entries

    @callback
    def _async_reject(self, device_id: str) -> None:
        """Skip a device for a day, and all devices if it is not this one's fault."""
        self._rejected_until[device_id] = until = unix_now() + REJECTED_FOR
        self._rejected_in_a_row.add(device_id)
        if len(self._rejected_in_a_row) >= _MAX_REJECTED:
            self._rejected_in_a_row.clear()
            self.retry_at = until


def unix_now() -> float:
    """Return the time in unix seconds."""
    return dt_util.utcnow().timestamp()
