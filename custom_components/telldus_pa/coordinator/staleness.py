"""The age of the data of a list, by the clock: it grows whether or not a request returns."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

# Data are stale when they are older than both of these.
_STALE_AFTER: Final = timedelta(minutes=5)
_STALE_AFTER_POLLS: Final = 3


class StalenessTimer:
    """Calls ``on_stale`` when data become too old to be displayed.

    ``now`` is a monotonic clock; ``fresh_at`` is until when the data are known to have been
    current, in its seconds.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        now: Callable[[], float],
        on_stale: CALLBACK_TYPE,
    ) -> None:
        """Initialize the timer, with data that are current now."""
        self._hass = hass
        self._entry = entry
        self._now = now
        self._on_stale = on_stale
        self._cancel: CALLBACK_TYPE | None = None
        self.fresh_at = now()
        self.is_stale = False
        entry.async_on_unload(self._async_stop)

    @callback
    def async_start(self, interval: timedelta | None) -> None:
        """Restart the timer for data that are polled at an interval."""
        self._async_stop()
        # Without polls it is the user who decides when data are too old.
        if self.is_stale or interval is None or self._entry.pref_disable_polling:
            return
        limit = max(_STALE_AFTER, interval * _STALE_AFTER_POLLS)
        self._cancel = async_call_later(
            self._hass,
            max(0.0, self.fresh_at + limit.total_seconds() - self._now()),
            HassJob(self._async_set_stale, "stale data", cancel_on_shutdown=True),
        )

    @callback
    def _async_stop(self) -> None:
        """Cancel the timer."""
        if self._cancel:
            self._cancel()
            self._cancel = None

    @callback
    def _async_set_stale(self, _now: datetime) -> None:
        """Display the data no longer."""
        self._cancel = None
        self.is_stale = True
        self._on_stale()
