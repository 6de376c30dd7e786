"""Imports what Telldus has kept of sensors into Home Assistant's long-term statistics.

Telldus is asked backwards from the first hour that Home Assistant has, a part at a time,
with the hour before which to go on in each answer: what it says of that hour tells how much
a counter grew, and whether anything newer was left out. Home Assistant's first hour is read
anew each time, so that each hour is imported once, however often this is interrupted.
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


# How long to wait where something is not there yet, in seconds.
_WAIT: Final = 600.0
# How long to wait for Home Assistant's first hour. What is known of a sensor that has none
# by then is imported all the same.
_FIRST_HOUR_WITHIN: Final = timedelta(hours=2)
# The same for the first list of sensors, which is asked for again every other minute or so.
_UNTIL_LIST: Final = 60.0
# How often an import is begun anew after what nobody foresaw.
_MOST_FAILURES: Final = 6
# How often the sign-in may be refused for a history alone before that is believed.
_MOST_REFUSALS: Final = 3


class ImportState(StrEnum):
    """State of the import."""

    RUNNING = "running"
    # For Home Assistant's first hour, or until Telldus may be asked again.
    WAITING = "waiting"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class _StatisticTarget:
    """The entity that shows a value, and the value's unit."""

    entity_id: str
    unit: str | None


class HistoryImport:
    """The import for one account, and how far it has come."""

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
        # The sensors of which the history is still to be imported, and until when to wait
        # for Home Assistant's first hour of each, None before it was looked for.
        self._remaining: dict[str, datetime | None] = {}
        self._task: asyncio.Task[None] | None = None
        # None before there is an import.
        self.state: ImportState | None = None
        self._on_first_start: CALLBACK_TYPE | None = None
        # How many hours were imported, and how far back the running import is.
        self.hours = 0
        self.cursor: datetime | None = None

    async def async_load(self) -> None:
        """Load what an earlier run has left to do."""
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
        """Go on with what an earlier run has left to do, if there is anything."""
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
        """Start the import, or go on with it; return the ids of the sensors that remain.

        Raises HomeAssistantError where nothing can be imported.
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
        """Store what is left to do."""
        await self._store.async_save(
            {"remaining": self._remaining, "hours": self.hours}
        )

    async def _async_run(self) -> None:
        """Import one sensor after the other, as long as any remains."""
        failures: Counter[str] = Counter()
        while self._remaining:
            if not self._sensors.success_count:
                # Nobody knows yet what there is.
                await self._async_wait(_UNTIL_LIST)
                continue
            count = len(self._remaining)
            for sensor_id in list(self._remaining):
                if await self._async_try(sensor_id, failures):
                    del self._remaining[sensor_id]
                await self._async_save()
            if len(self._remaining) == count:
                await self._async_wait(_WAIT)
        self.state, self.cursor = ImportState.FINISHED, None
        LOGGER.info("Imported %d hours of history", self.hours)

    async def _async_try(self, sensor_id: str, failures: Counter[str]) -> bool:
        """Import all that Telldus has of a sensor; return False to try again after the others."""
        try:
            return await self._async_import(sensor_id)
        except Exception:  # noqa: BLE001
            # Such as a database that is away for a while
            failures[sensor_id] += 1
            if failures[sensor_id] < _MOST_FAILURES:
                LOGGER.debug("An import failed, and is tried again", exc_info=True)
                return False
            LOGGER.exception("The history of a sensor could not be imported")
        return True

    async def _async_import(self, sensor_id: str) -> bool:
        """Import all that Telldus has of a sensor; return False while nothing leads up to it."""
        walk: BackfillCursor | None = None
        made_up: dict[ValueKey, StatisticSeries] | None = None
        refusals = 0
        until = dt_util.utcnow().timestamp() // HOUR * HOUR
        while targets := self._targets(sensor_id):
            self.state = ImportState.RUNNING
            series = await self._async_series(targets)
            if made_up is None:
                missing = {key: targets[key] for key in targets.keys() - series.keys()}
                made_up = self._made_up_series(missing, int(until))
                if self._has_to_wait(sensor_id, [missing[key] for key in made_up]):
                    return False
            series = made_up | series
            if walk is None and series:
                walk = BackfillCursor(series)
            if walk is None or walk.is_over:
                return True
            try:
                entries = await self._async_fetch_part(sensor_id, walk)
            except TelldusError as err:
                if isinstance(err, AuthenticationError) and refusals < _MOST_REFUSALS:
                    # Maybe only this was asked before anything else was refused.
                    refusals += 1
                    await self._async_wait(_WAIT)
                    continue
                LOGGER.debug("No history: %s", err)
                return True
            if entries is None or not walk.take(entries):
                continue
            self.cursor = dt_util.utc_from_timestamp(walk.cursor)
            # What has got its first hour since was not asked for; the next import does.
            for key in walk.keys & series.keys():
                self._async_add(key, series[key], targets[key], walk)
            await self._async_save()
        return True

    async def _async_series(
        self, targets: dict[ValueKey, _StatisticTarget]
    ) -> dict[ValueKey, StatisticSeries]:
        """Read the statistics of values; those without an hour are left out."""
        from .recorder import async_series  # noqa: PLC0415 (needs a recorder)

        found = await async_series(
            self._hass, {target.entity_id for target in targets.values()}
        )
        return {
            key: found[target.entity_id]
            for key, target in targets.items()
            if target.entity_id in found
        }

    def _made_up_series(
        self, targets: dict[ValueKey, _StatisticTarget], until: int
    ) -> dict[ValueKey, StatisticSeries]:
        """Make up statistics that lead up to the hour at ``until``, in unix seconds."""
        from .recorder import async_series_without_hours  # noqa: PLC0415

        series = {
            key: async_series_without_hours(self._hass, target.entity_id, until)
            for key, target in targets.items()
        }
        return {key: one for key, one in series.items() if one}

    def _has_to_wait(self, sensor_id: str, missing: Iterable[_StatisticTarget]) -> bool:
        """Tell whether a value without an hour may still get one.

        One that is unknown, since nothing has come for a day, will not.
        """
        states = (self._hass.states.get(target.entity_id) for target in missing)
        if all(state is None or state.state == STATE_UNKNOWN for state in states):
            return False
        now = dt_util.utcnow()
        if (deadline := self._remaining[sensor_id]) is None:
            deadline = self._remaining[sensor_id] = now + _FIRST_HOUR_WITHIN
        return now < deadline

    async def _async_fetch_part(
        self, sensor_id: str, walk: BackfillCursor
    ) -> tuple[SensorHistoryEntry, ...] | None:
        """Fetch the next part; return None where that has to wait, after the wait."""
        account = self._sensors.account
        if account.is_refused:
            await self._async_wait(_WAIT)
            return None
        try:
            entries = await account.client.sensor_history(
                sensor_id,
                dt_util.utc_from_timestamp(walk.since),
                dt_util.utc_from_timestamp(walk.until),
            )
        except TelldusError as err:
            hopeless = account.is_permanent_error(err)
            account.async_record_result(err)
            if hopeless or isinstance(err, (ApiError, InvalidResponseError)):
                raise
            await self._async_wait(
                err.retry_after if isinstance(err, RateLimitError) else _WAIT
            )
            return None
        account.async_record_result(None)
        return entries

    async def _async_wait(self, seconds: float) -> None:
        """Wait for some seconds."""
        self.state = ImportState.WAITING
        await asyncio.sleep(seconds)

    @callback
    def _async_add(
        self,
        key: ValueKey,
        series: StatisticSeries,
        target: _StatisticTarget,
        walk: BackfillCursor,
    ) -> None:
        """Add the hours of a value that the last response has completely."""
        from .recorder import async_add_hours  # noqa: PLC0415

        try:
            convert = series.converter(target.unit)
        except ValueError:
            # The person's statistics are in a unit of their own; nothing fits them.
            return
        first = series.first
        samples = walk.complete(key)
        boundary = walk.boundary_samples(key, first.start)
        hours = backfill_statistics(
            first,
            series.aggregation,
            converted(samples, convert),
            converted({first.start: boundary}, convert)[first.start],
        )
        if hours:
            async_add_hours(self._hass, series.metadata, hours)
            walk.keep(key, hours[-1].start)
            self.hours += len(hours)
        else:
            walk.keep(key, first.start)

    def _targets(self, sensor_id: str) -> dict[ValueKey, _StatisticTarget]:
        """Find the entities of a sensor that have a state, by the value that they show."""
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
