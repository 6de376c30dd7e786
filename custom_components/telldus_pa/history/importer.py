"""Imports what Telldus has kept of sensors into Home Assistant's long-term statistics.

Telldus is asked backwards from the first hour that Home Assistant has, a part at a time,
with the hour before which to go on in each answer: what it says of that hour tells how much
a counter grew, and whether anything newer was left out. Home Assistant's first hour is read
anew each time, so that each hour is imported once, however often this is interrupted.
Source: docs/telldus-api.md, "Other sensor functions".
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..account.storage import StorageKey, entry_store
from ..const import DOMAIN, LOGGER
from ..coordinator import SensorCoordinator
from ..devices.kinds import value_key
from ..devices.sensor_types import number_of, unit_of
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
from .statistics import HOUR, Sample, backfill_statistics, by_hour, converted

if TYPE_CHECKING:
    from .recorder import StatisticSeries


_DAY: Final = 24 * HOUR
# How many rows an answer is meant to have, and what is asked for to begin with.
_ROWS: Final = 1000
_SPAN: Final = _DAY
_LONGEST_SPAN: Final = 30 * _DAY
_GROWS: Final = 4
# Where nothing has come for so long, there is nothing further back.
_NOTHING_FOR: Final = 365 * _DAY
# How long to wait where something is not there yet, in seconds, and how often at most for
# Home Assistant's first hour: of what it does not record there will never be one.
_WAIT: Final = 600.0
_MOST_WAITS: Final = 12
# The same for the first list of sensors, which is asked for again every other minute or so.
_UNTIL_LIST: Final = 60.0
# How often an import is begun anew after what nobody foresaw.
_MOST_FAILURES: Final = 6
# How often the sign-in may be refused for a history alone before that is believed.
_MOST_REFUSALS: Final = 3

type _Key = tuple[str, int | None]


class ImportState(StrEnum):
    """How the import is."""

    IDLE = "idle"
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
        self._store = entry_store(hass, StorageKey.HISTORY_IMPORT, entry.entry_id)
        # The sensors of which the history is still to be imported.
        self._remaining: list[str] = []
        self._task: asyncio.Task[None] | None = None
        self.state = ImportState.IDLE
        # How many hours were imported, and to where we are back, in unix seconds.
        self.hours = 0
        self.cursor: float | None = None

    async def async_load(self) -> None:
        """Recall what an earlier run has left to do."""
        stored = await self._store.async_load() or {}
        self._remaining = list(stored.get("todo", ()))
        self.hours = stored.get("hours", 0)
        if stored:
            self.state = (
                ImportState.WAITING if self._remaining else ImportState.FINISHED
            )

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
        """Begin, or go on; return the ids of the sensors.

        Raises HomeAssistantError where nothing can be imported.
        """
        if "recorder" not in self._hass.config.components:
            raise HomeAssistantError(
                translation_domain=DOMAIN, translation_key="no_recorder"
            )
        if not self._remaining:
            sensors = self._sensors.data.values()
            self._remaining = [sensor.id for sensor in sensors if sensor.keep_history]
            self.hours = 0
        if not self._remaining:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="no_history_kept"
            )
        await self._async_save()
        self.async_resume()
        return list(self._remaining)

    async def _async_save(self) -> None:
        """Write down what is left to do."""
        await self._store.async_save({"todo": self._remaining, "hours": self.hours})

    async def _async_run(self) -> None:
        """Import one sensor after the other."""
        failures = 0
        while self._remaining:
            if not self._sensors.success_count:
                # Nobody knows yet what there is.
                await self._async_wait(_UNTIL_LIST)
                continue
            try:
                await self._async_import(self._remaining[0])
            except Exception:  # noqa: BLE001
                # Such as a database that is away for a while
                failures += 1
                if failures < _MOST_FAILURES:
                    LOGGER.debug("An import failed, and is tried again", exc_info=True)
                    await self._async_wait(_WAIT)
                    continue
                LOGGER.exception("The history of a sensor could not be imported")
            failures = 0
            del self._remaining[0]
            await self._async_save()
        self.state, self.cursor = ImportState.FINISHED, None
        LOGGER.info("Imported %d hours of history", self.hours)

    async def _async_import(self, sensor_id: str) -> None:
        """Import all that Telldus has of a sensor."""
        from .recorder import async_series  # noqa: PLC0415 (needs a recorder)

        walk: _BackfillCursor | None = None
        waits = refusals = 0
        while targets := self._targets(sensor_id):
            self.state = ImportState.RUNNING
            found = await async_series(
                self._hass, {target.entity_id for target in targets.values()}
            )
            series = {
                key: found[target.entity_id]
                for key, target in targets.items()
                if target.entity_id in found
            }
            if not series:
                if waits == _MOST_WAITS:
                    return
                waits += 1
                await self._async_wait(_WAIT)
                continue
            if walk is None:
                walk = _BackfillCursor(series)
            if walk.is_over:
                return
            try:
                readings = await self._async_fetch_part(sensor_id, walk)
            except TelldusError as err:
                if isinstance(err, AuthenticationError) and refusals < _MOST_REFUSALS:
                    # Maybe only this was asked before anything else was refused.
                    refusals += 1
                    await self._async_wait(_WAIT)
                    continue
                LOGGER.debug("No history: %s", err)
                return
            if readings is None or not walk.take(readings):
                continue
            self.cursor = walk.cursor
            # What has got its first hour since was not asked for; the next import does.
            for key in walk.keys & series.keys():
                self._async_add(key, series[key], targets[key], walk)
            await self._async_save()

    async def _async_fetch_part(
        self, sensor_id: str, walk: _BackfillCursor
    ) -> tuple[SensorHistoryEntry, ...] | None:
        """Ask for the next part; return None where that has to wait, after the wait."""
        account = self._sensors.account
        if account.is_refused:
            await self._async_wait(_WAIT)
            return None
        try:
            readings = await account.client.sensor_history(
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
        return readings

    async def _async_wait(self, seconds: float) -> None:
        """Let some seconds pass."""
        self.state = ImportState.WAITING
        await asyncio.sleep(seconds)

    @callback
    def _async_add(
        self,
        key: _Key,
        series: StatisticSeries,
        target: _StatisticTarget,
        walk: _BackfillCursor,
    ) -> None:
        """Have written down what has come of a value."""
        from .recorder import async_add_hours  # noqa: PLC0415

        try:
            convert = series.converter(target.unit)
        except ValueError:
            # The person's statistics are in a unit of their own; nothing fits them.
            return
        first = series.first
        told = walk.complete(key)
        seam = walk.boundary_samples(key, first.start)
        hours = backfill_statistics(
            first,
            series.aggregation,
            converted(told, convert),
            converted({first.start: seam}, convert)[first.start],
        )
        if hours:
            async_add_hours(self._hass, series.metadata, hours)
            walk.keep(key, hours[-1].start)
            self.hours += len(hours)
        else:
            walk.keep(key, first.start)

    def _targets(self, sensor_id: str) -> dict[_Key, _StatisticTarget]:
        """Return the entities that are shown of a sensor, by what they show."""
        entry = self._entry
        sensor: Sensor | None = self._sensors.data.get(sensor_id)
        registry = er.async_get(self._hass)
        targets: dict[_Key, _StatisticTarget] = {}
        for value in sensor.values.values() if sensor else ():
            unique_id = entity_unique_id(
                sensor_unique_id(entry, sensor_id), value_key(value)
            )
            entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
            if entity_id and self._hass.states.get(entity_id):
                targets[value.key] = _StatisticTarget(entity_id, unit_of(value))
        return targets


class _BackfillCursor:
    """The way back through the history of a sensor. All times are unix seconds."""

    def __init__(self, series: Mapping[_Key, StatisticSeries]) -> None:
        """Begin with what is before the newest first hour of some values."""
        self.keys = frozenset(series)
        # The hour before which to go on; what is asked for reaches to its end.
        self.cursor = top = max(one.first.start for one in series.values())
        self._complete_from = top
        self._span = _SPAN
        self._last_data_at = top
        self._told: dict[_Key, dict[int, list[Sample]]] = {}
        self._seams: dict[_Key, tuple[int, list[Sample]]] = {}
        # Whether the hour at the top is known to have something.
        self._has_top = False

    @property
    def since(self) -> int:
        """Return from when to ask."""
        return max(self.cursor - self._span, 0)

    @property
    def until(self) -> int:
        """Return until when to ask."""
        return self.cursor + HOUR - 1

    @property
    def is_over(self) -> bool:
        """Return whether there is nothing further back, as far as one can tell."""
        return self.since == 0 or self._last_data_at - self.cursor >= _NOTHING_FOR

    def take(self, readings: Sequence[SensorHistoryEntry]) -> bool:
        """Take an answer; return False if the newest of it was left out: ask for less."""
        since, top = self.since, self.cursor
        # Whatever else an answer may hold
        readings = [
            one for one in readings if since <= one.when.timestamp() < top + HOUR
        ]
        hours = {int(one.when.timestamp() // HOUR) * HOUR for one in readings}
        if hours and self._has_top and top not in hours and self._span > HOUR:
            self._span = max(self._span // 2 // HOUR * HOUR, HOUR)
            return False
        oldest = min(hours, default=top)
        is_cut = since < oldest < top - HOUR
        # Of the oldest hour of all that there is, or was told, there may be more.
        self._complete_from = oldest + HOUR if is_cut else since
        self.cursor = self._complete_from
        self._has_top = self._complete_from in hours
        if oldest < top:
            self._last_data_at = self.cursor
        self._told = _numbers(readings)
        wanted = self._span * _ROWS // max(len(readings), _ROWS // _GROWS)
        self._span = min(max(wanted // HOUR * HOUR, HOUR), _LONGEST_SPAN)
        return True

    def complete(self, key: _Key) -> Mapping[int, Sequence[Sample]]:
        """Return the hours of a value that the last answer has completely."""
        told = self._told.get(key, {})
        return {start: told[start] for start in told if start >= self._complete_from}

    def boundary_samples(self, key: _Key, start: int) -> Sequence[Sample]:
        """Return what was told of a value in an hour, now or in an answer before."""
        if of_hour := self._told.get(key, {}).get(start):
            return of_hour
        kept, of_hour = self._seams.get(key, (0, []))
        return of_hour if kept == start else []

    def keep(self, key: _Key, start: int) -> None:
        """Remember what was told of a value in the first hour that there is now."""
        self._seams[key] = (start, list(self.boundary_samples(key, start)))


def _numbers(
    readings: Sequence[SensorHistoryEntry],
) -> dict[_Key, dict[int, list[Sample]]]:
    """Return what was told of each value in each hour."""
    told: dict[_Key, list[Sample]] = {}
    for reading in readings:
        for key, value in reading.values.items():
            if (number := number_of(value)) is not None:
                sample = Sample(reading.when.timestamp(), number)
                told.setdefault(key, []).append(sample)
    return {key: by_hour(of_key) for key, of_key in told.items()}
