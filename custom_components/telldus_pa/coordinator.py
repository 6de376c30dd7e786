"""The three lists of Telldus, each polled by its own coordinator.

``TelldusUpdateCoordinator`` polls, judges the age of the data and notifies listeners;
``TelldusItemCoordinator`` adds pushed changes and hidden rows; ``DeviceCoordinator``,
``SensorCoordinator`` and ``GatewayCoordinator`` are the lists. A list becomes a snapshot:
rows by id, and a row that did not change stays the same object.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, Final, Protocol, Self, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_SCAN_INTERVAL, Platform
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from .account.account import TelldusAccount
from .account.errors import error_placeholders, translation_key_for
from .const import CONF_GATEWAYS, CONF_INCLUDE_IGNORED, DOMAIN, LOGGER, POLL_INTERVAL
from .devices.sensor_types import is_total
from .devices.topology import HasGateway, Topology, gateways_from_rows, structure_key
from .devices.unique_ids import device_unique_id
from .pa_api import (
    AuthenticationError,
    Device,
    Gateway,
    InvalidResponseError,
    ListResponse,
    RateLimitError,
    Sensor,
    SensorValue,
    TelldusError,
)

# Data are stale when they are older than both of these.
_STALE_AFTER: Final = timedelta(minutes=5)
_STALE_AFTER_POLLS: Final = 3
# The longest interval after many 429s, unless the user chose a longer one.
_MAX_BACKOFF_INTERVAL: Final = timedelta(minutes=4)
# Telldus' lists lag behind push by up to this many seconds.
_LISTS_LAG: Final = 5.0
# A list that was never received is requested again this soon, later twice as late.
_FIRST_RETRY: Final = timedelta(minutes=1)
_MAX_FIRST_RETRIES: Final = 10
# Home Assistant counts an interval from a full second: it may begin up to one second early.
_AFTER_PAUSE: Final = timedelta(seconds=1)
# Values older than this are unknown.
_VALUE_EXPIRES: Final = timedelta(hours=24)
# The platforms on which a device is for its methods alone.
_BY_METHODS: Final = (
    *(Platform.BUTTON, Platform.CLIMATE, Platform.COVER),
    *(Platform.LIGHT, Platform.LOCK, Platform.MEDIA_PLAYER, Platform.SIREN),
    Platform.SWITCH,
)
# Set-up must not hold up Home Assistant's start; it is tried again soon. In seconds.
_SETUP_TIMEOUT: Final = 5.0


class ListItem(Protocol):
    """A row of a list."""

    @property
    def id(self) -> str:
        """The id, unique in its list."""
        ...

    @property
    def online(self) -> bool:
        """Whether Telldus reaches the row's gateway (a gateway: itself)."""
        ...


@dataclass(frozen=True, slots=True)
class KeptList[RowT: ListItem]:
    """The rows of a list for a reload; when they were current and requested, monotonic."""

    rows: Mapping[str, RowT]
    fresh_at: float
    requested_at: float


class TelldusUpdateCoordinator[RowT: ListItem](
    DataUpdateCoordinator[Mapping[str, RowT]]
):
    """Polls one list and notifies the listeners of the rows that changed.

    The context of a listener is the id of its row. Without one it listens to the structure:
    which rows there are, and what decides which entities they have. All times are monotonic
    seconds by the rate limiter's clock.
    """

    config_entry: ConfigEntry
    # Whether an entry cannot be set up before this list has been received.
    _is_required = False

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        account: TelldusAccount,
        name: str,
        interval: timedelta,
        live_interval: timedelta | None = None,
    ) -> None:
        """Initialize the coordinator; ``live_interval`` is for when all is pushed."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=name, update_interval=interval
        )
        self.data = {}
        self.account = account
        self.last_error: TelldusError | None = None
        self._interval = self._current_interval = interval
        self._live_interval = max(interval, live_interval or interval)
        self._all_live = False
        self._backoff_factor = 1
        self._first_retries = 0
        # How many lists were received, those of before a reload counting as one.
        self.success_count = 0
        # When the newest list and the one before it were requested: what happened later may
        # be missing in them. Minus infinity before the first.
        self.requested_at = self.previous_requested_at = -inf
        # When the next poll is due, None where there is none.
        self.next_poll_at: float | None = None
        self.is_stale = False
        # Until when the data are known to have been current.
        self._fresh_at = account.rate_limiter.now()
        self._cancel_staleness: CALLBACK_TYPE | None = None
        # What the listeners were last notified of.
        self._notified: Mapping[str, RowT] = {}
        self._notified_available = True
        # Whom the update of listeners that goes on is for.
        self._contexts: frozenset[str | None] = frozenset()
        self._refresh_listeners: list[CALLBACK_TYPE] = []
        self._async_schedule_staleness()
        entry.async_on_unload(self._async_stop_staleness)

    @property
    def is_available(self) -> bool:
        """Whether the data are recent enough to be displayed."""
        return self.last_update_success and not self.is_stale

    def keep(self) -> KeptList[RowT] | None:
        """Return what a reload needs, None where the data are not worth keeping."""
        if not self.success_count or not self.is_available:
            return None
        return KeptList(self.data, self._fresh_at, self.requested_at)

    @callback
    def async_restore(self, kept: KeptList[RowT]) -> None:
        """Continue with the rows of before a reload. They go on ageing."""
        self.data = kept.rows
        self.success_count = 1
        self._fresh_at = kept.fresh_at
        # What the next list shows is new since then.
        self.requested_at = kept.requested_at
        self._async_schedule_staleness()
        self.async_update_listeners()

    @abstractmethod
    async def _async_fetch(self, timeout: float | None) -> ListResponse[RowT]:
        """Request the list. Raises TelldusError."""

    @override
    async def _async_update_data(self) -> Mapping[str, RowT]:
        """Request the list. A failure keeps the last one: the clock says when it is stale."""
        is_first = not self.success_count
        try:
            response = await self._async_fetch_list(
                _SETUP_TIMEOUT if is_first else None
            )
        except TelldusError as err:
            self.last_error = err
            self._adjust_interval(err)
            if is_first and self._is_required:
                raise UpdateFailed(
                    translation_domain=DOMAIN,
                    translation_key=translation_key_for(err),
                    translation_placeholders=error_placeholders(err),
                ) from err
            return self.data
        self.last_error = None
        self.success_count += 1
        self.previous_requested_at = self.requested_at
        self.requested_at = response.requested_at
        self._fresh_at = self.account.rate_limiter.now()
        self.is_stale = False
        data = self._merge(response)
        self._adjust_interval(None)
        return data

    async def _async_fetch_list(self, timeout: float | None) -> ListResponse[RowT]:
        """Request the list, unless Telldus is known to reject the login."""
        if self.account.is_refused:
            raise AuthenticationError("not asked again so soon")
        try:
            response = await self._async_fetch(timeout)
        except TelldusError as err:
            self.account.async_record_result(err)
            raise
        self.account.async_record_result(None)
        return response

    def _merge(self, response: ListResponse[RowT]) -> Mapping[str, RowT]:
        """Return the snapshot; rows that did not change stay the same objects."""
        known = self.data
        return {
            row.id: old if (old := known.get(row.id)) is not row and old == row else row
            for row in response.rows
        }

    @abstractmethod
    def _structure_key(self, row: RowT) -> object:
        """Return the part of a row that concerns those who listen to the structure."""

    @callback
    def _async_schedule_staleness(self) -> None:
        """Have the data become stale by the clock, whether or not a request returns."""
        self._async_stop_staleness()
        # Without polls it is the user who decides when data are too old.
        if self.is_stale or self.config_entry.pref_disable_polling:
            return
        limit = max(_STALE_AFTER, self._current_interval * _STALE_AFTER_POLLS)
        age = self.account.rate_limiter.now() - self._fresh_at
        self._cancel_staleness = async_call_later(
            self.hass,
            max(0.0, limit.total_seconds() - age),
            HassJob(self._async_set_stale, "stale data", cancel_on_shutdown=True),
        )

    @callback
    def _async_stop_staleness(self) -> None:
        """Cancel the timer."""
        if self._cancel_staleness:
            self._cancel_staleness()
            self._cancel_staleness = None

    @callback
    def _async_set_stale(self, _now: datetime) -> None:
        """Display the data no longer."""
        self._cancel_staleness = None
        self.is_stale = True
        self.async_update_listeners()

    def _adjust_interval(self, err: TelldusError | None) -> None:
        """Poll less often after each 429, and more often again after each success."""
        if err is None:
            self._backoff_factor = max(self._backoff_factor // 2, 1)
        elif type(err) is RateLimitError:
            self._backoff_factor = min(self._backoff_factor * 2, 64)
        self._apply_interval()
        if not self.success_count:
            self._first_retries = min(self._first_retries + 1, _MAX_FIRST_RETRIES)

    def _usual_interval(self) -> timedelta:
        """Return the interval where Telldus did not answer 429 lately."""
        return self._live_interval if self._all_live else self._interval

    def _apply_interval(self) -> None:
        """Set the interval from the next poll on."""
        interval = self._usual_interval()
        if self._backoff_factor > 1:
            backoff = self._interval * self._backoff_factor
            interval = max(interval, min(backoff, _MAX_BACKOFF_INTERVAL))
        if not self.success_count:
            # In a pause that Telldus asked for, nobody can say more than when it ends.
            pause = timedelta(seconds=self.account.rate_limiter.paused_for)
            retry = (
                pause + _AFTER_PAUSE if pause else _FIRST_RETRY * 2**self._first_retries
            )
            interval = min(interval, retry)
        self.update_interval = self._current_interval = interval
        self._async_schedule_staleness()

    def _note_next_poll(self) -> None:
        """Note when the poll that was just scheduled is due."""
        self.next_poll_at = None
        if not self.config_entry.pref_disable_polling:
            now = self.account.rate_limiter.now()
            self.next_poll_at = now + self._current_interval.total_seconds()

    @callback
    def async_set_push_active(self, *, all_live: bool) -> None:
        """Note whether changes are pushed by all gateways."""
        if self._all_live and not all_live:
            # Up to now the data were kept current by what was pushed.
            self._fresh_at = self.account.rate_limiter.now()
        changed, self._all_live = all_live is not self._all_live, all_live
        if changed:
            self._apply_interval()
            # From now on, not from the next poll on. Home Assistant has no public way but
            # together with new data.
            self._schedule_refresh()
            self._note_next_poll()

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: Any = None
    ) -> Callable[[], None]:
        """Listen to the row whose id is ``context``, or without it to the structure."""

        @callback
        def async_notify() -> None:
            """Return at once where the update is not for this listener."""
            if context in self._contexts:
                update_callback()

        return super().async_add_listener(async_notify, context)

    @callback
    def async_add_refresh_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``listener`` after each poll, also a failed one, before rows are notified."""
        self._refresh_listeners.append(listener)
        return lambda: self._refresh_listeners.remove(listener)

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        """Call the refresh listeners."""
        self._note_next_poll()
        for listener in self._refresh_listeners:
            listener()

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Notify the listeners of changed rows, and all when data become stale or recover."""
        known, self._notified = self._notified, self.data
        changed = [row_id for row_id in known if row_id not in self.data]
        changed += [
            row_id for row_id, row in self.data.items() if known.get(row_id) is not row
        ]
        is_restructured = any(
            (old := known.get(row_id)) is None
            or (new := self.data.get(row_id)) is None
            or self._structure_key(old) != self._structure_key(new)
            for row_id in changed
        )
        if is_restructured:
            self._async_update_structure()
        if self._notified_available is not self.is_available:
            self._notified_available = self.is_available
            self.async_notify_rows([None, *self.async_contexts()])
            return
        if is_restructured:
            # First: gateways must be registered before their devices.
            self.async_notify_rows([None])
        self.async_notify_rows(changed)

    @callback
    def _async_update_structure(self) -> None:
        """Derive what depends on the structure, before its listeners are notified."""

    @callback
    def async_notify_rows(self, row_ids: Iterable[str | None]) -> None:
        """Notify the listeners of some rows, None being those of the structure."""
        outer, self._contexts = self._contexts, frozenset(row_ids)
        if self._contexts:
            super().async_update_listeners()
        # An update may be part of another.
        self._contexts = outer


class HideableItem(ListItem, HasGateway, Protocol):
    """A row that a user can hide at Telldus."""

    @property
    def ignored(self) -> bool:
        """Whether it is hidden."""
        ...

    def with_pushed(self, pushed: Self) -> Self:
        """Return the row with what was pushed after the list had been requested."""
        ...


class TelldusItemCoordinator[ItemT: HideableItem](TelldusUpdateCoordinator[ItemT]):
    """Polls a list whose rows change by push as well, and can be hidden at Telldus."""

    # The ids of the rows of the newest list that are left out, being hidden.
    ignored: frozenset[str] = frozenset()

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        account: TelldusAccount,
        name: str,
        interval: timedelta,
        live_interval: timedelta,
    ) -> None:
        """Initialize the coordinator."""
        super().__init__(hass, entry, account, name, interval, live_interval)
        # Pushed rows that the newest list may not have yet, and when they were pushed.
        self._pushed: dict[str, tuple[ItemT, float]] = {}
        # What the rows say of their gateways, by gateway id.
        self.gateways: Mapping[str, Gateway] = {}

    @callback
    @override
    def async_restore(self, kept: KeptList[ItemT]) -> None:
        """Continue with the rows of before a reload, and with their gateways."""
        self.gateways = gateways_from_rows(kept.rows)
        super().async_restore(kept)

    @callback
    def async_set_pushed_item(self, row: ItemT) -> None:
        """Replace a row and notify its listeners.

        ``async_set_updated_data`` would postpone the next poll each time.
        """
        before = self.data[row.id]
        self._pushed[row.id] = row, self.account.rate_limiter.now()
        if row == before:
            return
        self.data = {**self.data, row.id: row}
        if self._structure_key(row) != self._structure_key(before):
            self.async_update_listeners()
            return
        self._notified = self.data
        self.async_notify_rows([row.id])

    @override
    def _merge(self, response: ListResponse[ItemT]) -> Mapping[str, ItemT]:
        """Leave out hidden rows, unless the options include them.

        A list does not undo what was pushed after it had been requested, or just before.
        """
        self._pushed = {
            row_id: (row, pushed_at)
            for row_id, (row, pushed_at) in self._pushed.items()
            if pushed_at + _LISTS_LAG >= response.requested_at
        }
        rows = response.rows
        if self._pushed:
            rows = tuple(
                row.with_pushed(self._pushed[row.id][0])
                if row.id in self._pushed
                else row
                for row in rows
            )
        if not self.config_entry.options.get(CONF_INCLUDE_IGNORED):
            self.ignored = frozenset([row.id for row in rows if row.ignored])
            if self.ignored:
                rows = tuple(row for row in rows if not row.ignored)
        merged = super()._merge(ListResponse(rows, response.requested_at))
        self.gateways = gateways_from_rows(merged)
        return merged


class DeviceCoordinator(TelldusItemCoordinator[Device]):
    """The list of devices: everything that has methods."""

    # Without devices there is no home.
    _is_required = True

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, account: TelldusAccount
    ) -> None:
        """Initialize the coordinator with the interval that the user chose."""
        seconds = entry.options.get(CONF_SCAN_INTERVAL, POLL_INTERVAL.total_seconds())
        interval = timedelta(seconds=seconds)
        super().__init__(
            hass, entry, account, "devices", interval, timedelta(minutes=5)
        )
        self.topology = Topology()

    @override
    async def _async_fetch(self, timeout: float | None) -> ListResponse[Device]:
        """Request all devices."""
        response = await self.account.client.devices(timeout=timeout)
        if self._lacks_methods(response.rows):
            # The mask of supported methods was lost on the way. Every lamp and blind would
            # become something that can only be looked at.
            raise InvalidResponseError("devices/list: no methods")
        return response

    def _lacks_methods(self, rows: Iterable[Device]) -> bool:
        """Return whether no row has methods, though some of these devices had.

        Before the first list the entity registry is what tells that they had.
        """
        if any(row.methods for row in rows):
            return False
        if self.data:
            return any(
                row.id in self.data and self.data[row.id].methods for row in rows
            )
        entities = er.async_get(self.hass)
        return any(
            entities.async_get_entity_id(
                platform, DOMAIN, device_unique_id(self.config_entry, row.id)
            )
            for row in rows
            for platform in _BY_METHODS
        )

    @override
    def _structure_key(self, row: Device) -> object:
        """Return what decides which entities there are."""
        return structure_key(row)

    @callback
    @override
    def _async_update_structure(self) -> None:
        """Derive groups and kinds."""
        self.topology = Topology.of(self.data)

    @callback
    @override
    def async_notify_rows(self, row_ids: Iterable[str | None]) -> None:
        """Notify the listeners of some rows, and of the groups that contain them."""
        groups = self.topology.groups_by_member
        notified = set(row_ids)
        for row_id in tuple(notified):
            notified.update(groups.get(row_id or "", ()))
        super().async_notify_rows(notified)


class SensorCoordinator(TelldusItemCoordinator[Sensor]):
    """The list of sensors: everything that has values."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        account: TelldusAccount,
        devices: DeviceCoordinator,
    ) -> None:
        """Initialize the coordinator. Most values change every few minutes at best."""
        super().__init__(
            *(hass, entry, account, "sensors"),
            timedelta(minutes=2),
            timedelta(minutes=10),
        )
        self._devices = devices
        # By sensor id: the row, and when the next of its values expires.
        self._expires: dict[str, tuple[Sensor, datetime]] = {}
        self._sensor_by_node: Mapping[tuple[str, str], str] = {}

    @override
    async def _async_fetch(self, timeout: float | None) -> ListResponse[Sensor]:
        """Request all sensors."""
        return await self.account.client.sensors()

    @override
    def _structure_key(self, row: Sensor) -> object:
        """Return what decides which entities there are."""
        return (
            row.name,
            row.values.keys(),
            row.battery is None,
            row.battery_low is None,
            row.last_updated is None,
            row.gateway_id,
            row.sensor_id,
            row.model,
            row.protocol,
        )

    @callback
    @override
    def _async_update_structure(self) -> None:
        """Derive which sensor is at which node."""
        self._sensor_by_node = {
            (sensor.gateway_id, sensor.sensor_id): sensor.id
            for sensor in self.data.values()
            if sensor.sensor_id
        }

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Notify also the listeners of sensors of which a value has expired."""
        super().async_update_listeners()
        self.async_notify_rows(self._expired())

    def sensor_for_device(self, device: Device) -> Sensor | None:
        """Return the sensor that is the same node as a device."""
        sensor_id = self._sensor_by_node.get(
            (device.gateway_id, device.client_device_id), ""
        )
        if (sensor := self.data.get(sensor_id)) is None:
            return None
        devices = self._devices
        node = devices.topology.device_for_sensor(sensor, devices.data)
        return sensor if node and node.id == device.id else None

    def current_value(
        self, sensor_id: str, key: tuple[str, int | None]
    ) -> SensorValue | None:
        """Return a value, None where there is none or it has expired."""
        sensor = self.data.get(sensor_id)
        value = sensor and sensor.values.get(key)
        if not value or (
            value.last_updated
            and not is_total(value)
            and value.last_updated + _VALUE_EXPIRES <= dt_util.utcnow()
        ):
            return None
        return value

    def _expired(self) -> list[str]:
        """Return the sensors of which a value has expired since the last call."""
        now = dt_util.utcnow()
        expired = [row_id for row_id, (_, at) in self._expires.items() if at <= now]
        known = self._expires
        self._expires = {
            sensor_id: before
            if (before := known.get(sensor_id))
            and before[0] is sensor
            and before[1] > now
            else (sensor, _value_expiry(sensor, now))
            for sensor_id, sensor in self.data.items()
        }
        return expired


def _value_expiry(sensor: Sensor, now: datetime) -> datetime:
    """Return when the next of a sensor's values expires."""
    times = (
        value.last_updated + _VALUE_EXPIRES
        for value in sensor.values.values()
        if value.last_updated and not is_total(value)
    )
    return min(
        (when for when in times if when > now), default=datetime.max.replace(tzinfo=UTC)
    )


class GatewayCoordinator(TelldusUpdateCoordinator[Gateway]):
    """The list of gateways. Their names and versions hardly ever change."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, account: TelldusAccount
    ) -> None:
        """Initialize the coordinator."""
        super().__init__(hass, entry, account, "gateways", timedelta(minutes=10))

    @override
    async def _async_fetch(self, timeout: float | None) -> ListResponse[Gateway]:
        """Request all gateways, and store in the entry which of them the account owns."""
        response = await self.account.client.gateways()
        owned = sorted(gateway.id for gateway in response.rows if gateway.is_owner)
        entry = self.config_entry
        if owned and owned != entry.data.get(CONF_GATEWAYS):
            self.hass.config_entries.async_update_entry(
                entry, data={**entry.data, CONF_GATEWAYS: owned}
            )
        return response

    @override
    def _structure_key(self, row: Gateway) -> object:
        """Return what the device registry stores."""
        return (row.name, row.model, row.version)
