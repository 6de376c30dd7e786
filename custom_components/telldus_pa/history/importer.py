"""Imports what Telldus has kept of sensors into Home Assistant's long-term statistics.

The history is requested backwards, part by part, from the first hour for which the recorder
has statistics of a value (its "first hour"). Each response includes that hour again: its
samples give the growth of a counter in it, and show whether newer rows were left out. The
first hour is read before each part, so that each hour is imported once, however often the
import is interrupted.
Source: docs/dev/telldus-api.md, "Other sensor functions".
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..account.storage import UTC_DATETIME, StorageKey, entry_store
from ..const import DOMAIN, LOGGER
from ..coordinator import SensorCoordinator
from ..devices.kinds import value_key
from ..devices.sensor_types import unit_of
from ..devices.unique_ids import entity_unique_id, sensor_unique_id
from ..pa_api import (
    ApiError,
    AuthenticationError,
    InvalidResponseError,
    RateLimitError,
    Sensor,
    SensorHistoryEntry,
    TelldusError,
)
from .cursor import BackfillCursor, ValueKey
from .statistics import HOUR, backfill_statistics, converted

if TYPE_CHECKING:
    from .recorder import StatisticSeries


# Seconds until the sensors that remain are tried again.
_RETRY_DELAY: Final = 600.0
# What waits for the end of a pause as well has its turn first. In seconds.
_AFTER_PAUSE: Final = 2.0
# How long to wait for the first hour of a value. After that, the history is imported all
# the same.
_FIRST_HOUR_WITHIN: Final = timedelta(hours=2)
# Seconds between looks for the first list of sensors.
_UNTIL_LIST: Final = 60.0
# How often the import of a sensor may fail unexpectedly.
_MAX_FAILURES: Final = 6
# How many 401s in a row for the history alone mean that it is not available.
_MAX_REJECTIONS: Final = 3


class ImportState(StrEnum):
    """State of the import."""

    RUNNING = "running"
    # For the first hour, or for the next try.
    WAITING = "waiting"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class _StatisticTarget:
    """The entity of a value, and the value's unit."""

    entity_id: str
    unit: str | None


class HistoryImport:
    """The import for one account, and its progress."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, sensors: SensorCoordinator
    ) -> None:
        """Initialize the import."""
        self._hass = hass
        self._entry = entry
        self._sensors = sensors
        self._store = entry_store(
            hass,
            StorageKey.HISTORY_IMPORT,
            entry.entry_id,
            {"remaining": {str: vol.Any(None, UTC_DATETIME)}, "hours": int},
        )
        # The sensors that remain, and until when to wait for the first hour of each, None
        # before the first try.
        self._remaining: dict[str, datetime | None] = {}
        self._task: asyncio.Task[None] | None = None
        # None before there is an import.
        self.state: ImportState | None = None
        self._on_first_start: CALLBACK_TYPE | None = None
        # How many hours were imported, and the hour that the running import has reached.
        self.hours = 0
        self.cursor: datetime | None = None

    async def async_load(self) -> None:
        """Load the sensors that remain from an earlier run."""
        stored = await self._store.async_load()
        self._remaining = stored.get("remaining", {})
        self.hours = stored.get("hours", 0)
        if stored:
            self.state = (
                ImportState.WAITING if self._remaining else ImportState.FINISHED
            )

    @callback
    def async_when_started(self, listener: CALLBACK_TYPE) -> None:
        """Call a listener once there is an import: now, or at the first start."""
        if self.state is None:
            self._on_first_start = listener
        else:
            listener()

    @callback
    def async_resume(self) -> None:
        """Continue, if any sensor remains and nothing runs yet."""
        running = self._task is not None and not self._task.done()
        if (
            self._remaining
            and not running
            and "recorder" in self._hass.config.components
        ):
            self._task = self._entry.async_create_background_task(
                self._hass, self._async_run(), "import history"
            )

    async def async_start(self) -> list[str]:
        """Start or continue the import; return the ids of the sensors that remain.

        Raises HomeAssistantError without a recorder, and where no sensor has a history.
        """
        if "recorder" not in self._hass.config.components:
            raise HomeAssistantError(
                translation_domain=DOMAIN, translation_key="no_recorder"
            )
        if not self._remaining:
            sensors = self._sensors.data.values()
            self._remaining = dict.fromkeys(
                sensor.id for sensor in sensors if sensor.keep_history
            )
            self.hours = 0
        if not self._remaining:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="no_history_kept"
            )
        self.state = self.state or ImportState.WAITING
        if self._on_first_start:
            self._on_first_start()
            self._on_first_start = None
        await self._async_save()
        self.async_resume()
        return list(self._remaining)

    async def _async_save(self) -> None:
        """Store the sensors that remain, and the number of hours."""
        await self._store.async_save(
            {"remaining": self._remaining, "hours": self.hours}
        )

    async def _async_run(self) -> None:
        """Import one sensor after the other, as long as any remains."""
        failures: Counter[str] = Counter()
        while self._remaining:
            if not self._sensors.success_count:
                # There is no list of sensors yet.
                await self._async_wait(_UNTIL_LIST)
                continue
            count = len(self._remaining)
            for sensor_id in list(self._remaining):
                if await self._async_try(sensor_id, failures):
                    del self._remaining[sensor_id]
                await self._async_save()
            if len(self._remaining) == count:
                await self._async_wait(_RETRY_DELAY)
        self.state, self.cursor = ImportState.FINISHED, None
        LOGGER.info("Imported %d hours of history", self.hours)

    async def _async_try(self, sensor_id: str, failures: Counter[str]) -> bool:
        """Import the history of a sensor; return False to try again after the others."""
        try:
            return await self._async_import(sensor_id)
        except Exception:  # noqa: BLE001
            # For example, the database is locked for a while.
            failures[sensor_id] += 1
            if failures[sensor_id] < _MAX_FAILURES:
                LOGGER.debug("An import failed, and is tried again", exc_info=True)
                return False
            LOGGER.exception("The history of a sensor could not be imported")
        return True

    async def _async_import(self, sensor_id: str) -> bool:
        """Import the history of a sensor; return False to wait for a first hour."""
        backfill: BackfillCursor | None = None
        initial: dict[ValueKey, StatisticSeries] | None = None
        rejections = 0
        until = dt_util.utcnow().timestamp() // HOUR * HOUR
        while targets := self._targets(sensor_id):
            self.state = ImportState.RUNNING
            series = await self._async_series(targets)
            if initial is None:
                missing = {key: targets[key] for key in targets.keys() - series.keys()}
                initial = self._initial_series(missing, int(until))
                if self._has_to_wait(sensor_id, [missing[key] for key in initial]):
                    return False
            series = initial | series
            if backfill is None and series:
                backfill = BackfillCursor(series)
            if backfill is None or backfill.is_over:
                return True
            try:
                entries = await self._async_fetch_part(sensor_id, backfill)
            except TelldusError as err:
                if (
                    isinstance(err, AuthenticationError)
                    and rejections < _MAX_REJECTIONS
                ):
                    # Perhaps Telldus rejects the sign-in, and this was the first request.
                    rejections += 1
                    await self._async_wait(_RETRY_DELAY)
                    continue
                LOGGER.debug("The history of a sensor is given up: %s", err)
                return True
            if entries is None or not backfill.take(entries):
                continue
            self.cursor = dt_util.utc_from_timestamp(backfill.cursor)
            # Values that got a first hour only during this import are left to the next.
            for key in backfill.keys & series.keys():
                self._async_add(key, series[key], targets[key], backfill)
            await self._async_save()
        return True

    async def _async_series(
        self, targets: dict[ValueKey, _StatisticTarget]
    ) -> dict[ValueKey, StatisticSeries]:
        """Read the statistics of values by key; those without an hour are left out."""
        from .recorder import async_series  # noqa: PLC0415 (needs a recorder)

        found = await async_series(
            self._hass, {target.entity_id for target in targets.values()}
        )
        return {
            key: found[target.entity_id]
            for key, target in targets.items()
            if target.entity_id in found
        }

    def _initial_series(
        self, targets: dict[ValueKey, _StatisticTarget], until: int
    ) -> dict[ValueKey, StatisticSeries]:
        """Build statistics for values without any, up to the hour at ``until`` (unix seconds)."""
        from .recorder import async_series_without_hours  # noqa: PLC0415

        series = {
            key: async_series_without_hours(self._hass, target.entity_id, until)
            for key, target in targets.items()
        }
        return {key: one for key, one in series.items() if one}

    def _has_to_wait(self, sensor_id: str, missing: Iterable[_StatisticTarget]) -> bool:
        """Return whether a value without an hour may still get one.

        One that is unknown, since it is older than a day, will not get one.
        """
        states = (self._hass.states.get(target.entity_id) for target in missing)
        if all(state is None or state.state == STATE_UNKNOWN for state in states):
            return False
        now = dt_util.utcnow()
        if (deadline := self._remaining[sensor_id]) is None:
            deadline = self._remaining[sensor_id] = now + _FIRST_HOUR_WITHIN
        return now < deadline

    async def _async_fetch_part(
        self, sensor_id: str, backfill: BackfillCursor
    ) -> tuple[SensorHistoryEntry, ...] | None:
        """Fetch the next part; wait and return None after an error that passes.

        Raises TelldusError for one that does not.
        """
        account = self._sensors.account
        if account.is_refused:
            await self._async_wait(_RETRY_DELAY)
            return None
        try:
            entries = await account.client.sensor_history(
                sensor_id,
                dt_util.utc_from_timestamp(backfill.since),
                dt_util.utc_from_timestamp(backfill.until),
            )
        except TelldusError as err:
            is_permanent = account.is_permanent_error(err)
            account.async_record_result(err)
            if is_permanent or isinstance(err, (ApiError, InvalidResponseError)):
                raise
            await self._async_wait(
                err.retry_after + _AFTER_PAUSE
                if isinstance(err, RateLimitError)
                else _RETRY_DELAY
            )
            return None
        account.async_record_result(None)
        return entries

    async def _async_wait(self, seconds: float) -> None:
        """Wait for some seconds, and show it in the state."""
        self.state = ImportState.WAITING
        await asyncio.sleep(seconds)

    @callback
    def _async_add(
        self,
        key: ValueKey,
        series: StatisticSeries,
        target: _StatisticTarget,
        backfill: BackfillCursor,
    ) -> None:
        """Add the hours of a value that the last response has completely."""
        from .recorder import async_add_hours  # noqa: PLC0415

        try:
            convert = series.converter(target.unit)
        except ValueError:
            # The user has changed the unit to one that cannot be converted.
            return
        first = series.first
        samples = backfill.complete(key)
        boundary = backfill.boundary_samples(key, first.start)
        hours = backfill_statistics(
            first,
            series.aggregation,
            converted(samples, convert),
            converted({first.start: boundary}, convert)[first.start],
        )
        if hours:
            async_add_hours(self._hass, series.metadata, hours)
            backfill.keep(key, hours[-1].start)
            self.hours += len(hours)
        else:
            backfill.keep(key, first.start)

    def _targets(self, sensor_id: str) -> dict[ValueKey, _StatisticTarget]:
        """Return the entities of a sensor that have a state, by the key of their value."""
        entry = self._entry
        sensor: Sensor | None = self._sensors.data.get(sensor_id)
        registry = er.async_get(self._hass)
        targets: dict[ValueKey, _StatisticTarget] = {}
        for value in sensor.values.values() if sensor else ():
            unique_id = entity_unique_id(
                sensor_unique_id(entry, sensor_id), value_key(value)
            )
            entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
            if entity_id and self._hass.states.get(entity_id):
                targets[value.key] = _StatisticTarget(entity_id, unit_of(value))
        return targets
