"""The lists of Telldus, each polled by its own coordinator.

A list becomes a snapshot: rows by id. Entities listen with the id that they show and are
woken only when that row changed.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol, Self, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_SCAN_INTERVAL, Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from .account.account import TelldusAccount
from .account.errors import error_placeholders, translation_key_for
from .const import CONF_GATEWAYS, CONF_INCLUDE_IGNORED, DOMAIN, LOGGER, POLL_INTERVAL
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

# Data younger than this are shown although the last poll failed.
_STALE_AFTER: Final = timedelta(minutes=5)
_STALE_AFTER_POLLS: Final = 3
# The widest pace after many 429s, unless the person chose a wider one.
_WIDEST: Final = timedelta(minutes=4)
# A list may not know yet what was pushed so many seconds before it was asked for.
_LISTS_LAG: Final = 5.0
# A list that was never received is asked for again this soon, later twice as late.
_UNTIL_FIRST: Final = timedelta(minutes=1)
# A value that was not heard for this long, in seconds, is not what is now.
_VALUE_EXPIRES: Final = timedelta(hours=24)
# What shows a device only for its methods.
_BY_METHODS: Final = (
    *(Platform.BUTTON, Platform.CLIMATE, Platform.COVER),
    *(Platform.LIGHT, Platform.LOCK, Platform.SWITCH),
)
# Set-up must not hold up Home Assistant's start; it is tried again soon.
_SETUP_TIMEOUT: Final = 5.0


class ListItem(Protocol):
    """A row of a list."""

    @property
    def id(self) -> str:
        """Return the id that no other row of the list has."""
        ...

    @property
    def online(self) -> bool:
        """Return whether Telldus reaches its gateway, or it is one and is reached."""
        ...


def gateway_context(gateway_id: str) -> str:
    """Return what to listen to for what a list's rows tell of a gateway."""
    return f"gateway {gateway_id}"


class TelldusUpdateCoordinator[RowT: ListItem](
    DataUpdateCoordinator[Mapping[str, RowT]]
):
    """Polls one list and wakes those whose row changed."""

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        account: TelldusAccount,
        what: str,
        interval: timedelta,
        live_interval: timedelta | None = None,
    ) -> None:
        """Set up polling of one list, more rarely while what is in it is pushed."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=what, update_interval=interval
        )
        self.data = {}
        self.account = account
        self.last_error: TelldusError | None = None
        self._interval = self._current_interval = interval
        self._live_interval = max(interval, live_interval or interval)
        self._is_live = False
        self._backoff_factor = 1
        self._initial_attempts = 0
        # How many lists have come, and when the newest was asked for: what happened later
        # may not be in it.
        self.success_count = 0
        self.requested_at = float("-inf")
        # The same of the list before that.
        self.previous_requested_at = float("-inf")
        self._created_at = account.rate_limiter.now()
        self._last_success_at: float | None = None
        # What the listeners were last woken for.
        self._notified: Mapping[str, RowT] = {}
        self._shown_success = True
        self._by_id: dict[str | None, list[CALLBACK_TYPE]] = {}
        self._on_list: list[CALLBACK_TYPE] = []

    @abstractmethod
    async def _async_fetch(self, timeout: float | None) -> ListResponse[RowT]:
        """Ask Telldus for the list. Raises TelldusError."""

    @override
    async def _async_update_data(self) -> Mapping[str, RowT]:
        """Ask for the list; keep the last one through a failure that may be short."""
        first = self._last_success_at is None
        try:
            answer = await self._async_fetch_list(_SETUP_TIMEOUT if first else None)
        except TelldusError as err:
            self.last_error = err
            self._adjust_interval(err)
            # What is lost is not found by waiting longer for it.
            if self._is_stale or not self.last_update_success:
                raise self._update_failed(err) from err
            return self.data
        self.last_error = None
        self.success_count += 1
        self.previous_requested_at, self.requested_at = (
            self.requested_at,
            answer.requested_at,
        )
        self._last_success_at = self.account.rate_limiter.now()
        self._adjust_interval(None)
        return self._merge(answer)

    async def _async_fetch_list(self, timeout: float | None) -> ListResponse[RowT]:
        """Ask for the list, unless it is known that Telldus would refuse."""
        if self.account.is_refused:
            raise AuthenticationError("not asked again so soon")
        try:
            answer = await self._async_fetch(timeout)
        except TelldusError as err:
            self.account.async_record_result(err)
            raise
        self.account.async_record_result(None)
        return answer

    def _merge(self, answer: ListResponse[RowT]) -> Mapping[str, RowT]:
        """Return the snapshot; rows that did not change stay the same objects."""
        known = self.data
        return {
            row.id: old if (old := known.get(row.id)) is not row and old == row else row
            for row in answer.rows
        }

    @abstractmethod
    def _structure_key(self, row: RowT) -> object:
        """Return what of a row is for those who listen to the list as a whole."""

    @property
    def _is_stale(self) -> bool:
        """Return whether the last list is too old to be shown as what is."""
        since = (
            self._created_at if self._last_success_at is None else self._last_success_at
        )
        limit = max(_STALE_AFTER, self._current_interval * _STALE_AFTER_POLLS)
        return self.account.rate_limiter.now() - since >= limit.total_seconds()

    @property
    def next_poll_at(self) -> float:
        """Return when the next poll is due, by the rate limiter's clock."""
        return self.requested_at + self._current_interval.total_seconds()

    def _update_failed(self, err: TelldusError) -> UpdateFailed:
        """Return the error that says why there are no data."""
        return UpdateFailed(
            translation_domain=DOMAIN,
            translation_key=translation_key_for(err),
            translation_placeholders=error_placeholders(err),
        )

    def _adjust_interval(self, err: TelldusError | None) -> None:
        """Ask less often after each 429, and more often again after each success."""
        if err is None:
            self._backoff_factor = max(self._backoff_factor // 2, 1)
        elif type(err) is RateLimitError:
            self._backoff_factor = min(self._backoff_factor * 2, 64)
        self._apply_interval()
        if self._last_success_at is None:
            self._initial_attempts = min(self._initial_attempts + 1, 10)

    def _apply_interval(self) -> None:
        """Poll as often as is right now, from the next time on."""
        interval = self._live_interval if self._is_live else self._interval
        pace = max(interval, min(self._interval * self._backoff_factor, _WIDEST))
        if self._last_success_at is None:
            pace = min(pace, _UNTIL_FIRST * 2**self._initial_attempts)
        self.update_interval = self._current_interval = pace

    @callback
    def async_set_push_active(self, *, live: bool) -> None:
        """Poll as a safety net only, or as before again: from now on, not after the next."""
        if live is not self._is_live:
            self._is_live = live
            self._apply_interval()
            self._schedule_refresh()

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: Any = None
    ) -> Callable[[], None]:
        """Listen to one row, named by ``context``, or without it to what there is."""
        remove = super().async_add_listener(update_callback, context)
        listeners = self._by_id.setdefault(context, [])
        listeners.append(update_callback)

        @callback
        def async_remove() -> None:
            """Stop listening."""
            listeners.remove(update_callback)
            if not listeners:
                self._by_id.pop(context, None)
            remove()

        return async_remove

    @callback
    def async_add_refresh_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call somebody after each poll, also one that changed nothing."""
        self._on_list.append(listener)
        return lambda: self._on_list.remove(listener)

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        """Tell of a finished poll, before the rows that it changed are shown."""
        for listener in self._on_list:
            listener()

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Wake those whose row changed, and all when data are lost or found again."""
        shown, self._notified = self._notified, self.data
        changed = [row_id for row_id in shown if row_id not in self.data]
        changed += [
            row_id for row_id, row in self.data.items() if shown.get(row_id) is not row
        ]
        reshaped = any(
            (old := shown.get(row_id)) is None
            or (new := self.data.get(row_id)) is None
            or self._structure_key(old) != self._structure_key(new)
            for row_id in changed
        )
        if reshaped:
            self._async_update_topology()
        if self._shown_success != self.last_update_success:
            self._shown_success = self.last_update_success
            self.async_notify_rows(list(self._by_id))
            return
        # Those of the whole list first: gateways must be known before their devices.
        if reshaped:
            self.async_notify_rows([None])
        self.async_notify_rows(changed)

    @callback
    def _async_update_topology(self) -> None:
        """Look anew at the list as a whole, before those are woken who listen to it."""

    @callback
    def async_notify_rows(self, row_ids: Iterable[str | None]) -> None:
        """Wake the listeners of some rows, None meaning those of the list as a whole."""
        for row_id in row_ids:
            for listener in tuple(self._by_id.get(row_id, ())):
                try:
                    listener()
                except Exception:
                    # As Home Assistant's own coordinator: one must not stop the others.
                    self.logger.exception("Unexpected error showing %s", self.name)


class HideableItem(ListItem, HasGateway, Protocol):
    """A row that a person can hide at Telldus."""

    @property
    def ignored(self) -> bool:
        """Return whether it is hidden."""
        ...

    def with_pushed(self, pushed: Self) -> Self:
        """Return it with what was pushed after it had been asked for."""
        ...


class TelldusItemCoordinator[ItemT: HideableItem](TelldusUpdateCoordinator[ItemT]):
    """Polls a list of which a person may have hidden something at Telldus."""

    # What was left out of the last list because it is hidden there.
    ignored: frozenset[str] = frozenset()

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        account: TelldusAccount,
        what: str,
        interval: timedelta,
        live_interval: timedelta,
    ) -> None:
        """Begin with nothing pushed."""
        super().__init__(hass, entry, account, what, interval, live_interval)
        # What was pushed that the newest list may not know, and when.
        self._pushed: dict[str, tuple[ItemT, float]] = {}
        # As far as the rows tell of them
        self.gateways: Mapping[str, Gateway] = {}

    @callback
    def async_set_pushed_item(self, row: ItemT) -> None:
        """Show what a row has become, to those who listen to it.

        Not by ``async_set_updated_data``: that would put the next poll off each time.
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

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Wake those of the gateways as well."""
        before, self.gateways = self.gateways, gateways_from_rows(self.data)
        super().async_update_listeners()
        self.async_notify_rows(
            gateway_context(gateway_id)
            for gateway_id in {**before, **self.gateways}
            if before.get(gateway_id) != self.gateways.get(gateway_id)
        )

    @override
    def _merge(self, answer: ListResponse[ItemT]) -> Mapping[str, ItemT]:
        """Leave out what is hidden, unless the person wants to see that as well.

        A list does not undo what was pushed after it had been asked for, or just before.
        """
        self._pushed = {
            row_id: (row, when)
            for row_id, (row, when) in self._pushed.items()
            if when + _LISTS_LAG >= answer.requested_at
        }
        rows = answer.rows
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
        return super()._merge(ListResponse(rows, answer.requested_at))


class DeviceCoordinator(TelldusItemCoordinator[Device]):
    """Everything that has methods."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, account: TelldusAccount
    ) -> None:
        """Poll as often as the person chose."""
        seconds = entry.options.get(CONF_SCAN_INTERVAL, POLL_INTERVAL.total_seconds())
        interval = timedelta(seconds=seconds)
        super().__init__(
            hass, entry, account, "devices", interval, timedelta(minutes=5)
        )
        self.topology = Topology()

    @override
    async def _async_fetch(self, timeout: float | None) -> ListResponse[Device]:
        """Ask for all devices."""
        answer = await self.account.client.devices(timeout=timeout)
        if self._lacks_methods(answer.rows):
            # So it looks where the mask of methods got lost on the way. Believing it
            # would turn every lamp and blind into something that can only be looked at.
            raise InvalidResponseError("devices/list: no methods")
        return answer

    def _lacks_methods(self, rows: Iterable[Device]) -> bool:
        """Return whether nothing has methods any more, nor what had some before.

        Before the first list, that is known by what Home Assistant remembers.
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

    @property
    @override
    def _is_stale(self) -> bool:
        """Return True also where there was no list yet: without one there is no home."""
        return self._last_success_at is None or super()._is_stale

    @override
    def _structure_key(self, row: Device) -> object:
        """Return what decides which entities there are."""
        return structure_key(row)

    @callback
    @override
    def _async_update_topology(self) -> None:
        """Look anew at what the devices are to one another."""
        self.topology = Topology.of(self.data)

    @callback
    @override
    def async_notify_rows(self, row_ids: Iterable[str | None]) -> None:
        """Wake the listeners of some rows, and of the groups that these are in."""
        groups = self.topology.groups_by_member
        woken: dict[str | None, None] = {}
        for row_id in row_ids:
            woken[row_id] = None
            woken |= dict.fromkeys(groups.get(row_id or "", ()))
        super().async_notify_rows(woken)


class SensorCoordinator(TelldusItemCoordinator[Sensor]):
    """Everything that has values."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        account: TelldusAccount,
        devices: DeviceCoordinator,
    ) -> None:
        """Poll less often than devices: most values come every few minutes at best."""
        super().__init__(
            *(hass, entry, account, "sensors"),
            timedelta(minutes=2),
            timedelta(minutes=10),
        )
        self._devices = devices
        # One outage is one line in the log.
        self._lost_silently = False
        # When the next value of a sensor will be too old to be shown, in unix seconds, and
        # the row of which that is true.
        self._expires: dict[str, tuple[Sensor, datetime]] = {}
        self._sensor_by_node: Mapping[tuple[str, str], str] = {}

    @override
    async def _async_fetch(self, timeout: float | None) -> ListResponse[Sensor]:
        """Ask for all sensors."""
        return await self.account.client.sensors()

    @override
    async def _async_update_data(self) -> Mapping[str, Sensor]:
        """Ask for the list, and say nothing of what the list of devices tells already."""
        silent = not self.last_update_success and self._lost_silently
        try:
            data = await super()._async_update_data()
        except UpdateFailed:
            devices = self._devices
            if self.last_update_success and not devices.last_update_success:
                self.last_update_success, self._lost_silently = False, True
            raise
        if silent:
            self.last_update_success, self._lost_silently = True, False
        return data

    @property
    @override
    def _is_stale(self) -> bool:
        """Wait for the list of devices to be lost first, where it is in trouble as well."""
        devices = self._devices
        return super()._is_stale and (
            devices.last_error is None or not devices.last_update_success
        )

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
    def _async_update_topology(self) -> None:
        """Look anew at which sensor is at which node."""
        self._sensor_by_node = {
            (sensor.gateway_id, sensor.sensor_id): sensor.id
            for sensor in self.data.values()
            if sensor.sensor_id
        }

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Wake also those whose value has grown too old since."""
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
        """Return a value, None where there is none or it is older than a day."""
        sensor = self.data.get(sensor_id)
        value = sensor and sensor.values.get(key)
        if not value or (
            value.last_updated
            and value.last_updated + _VALUE_EXPIRES <= dt_util.utcnow()
        ):
            return None
        return value

    def _expired(self) -> list[str]:
        """Return the sensors of which a value has grown too old since the last look."""
        now = dt_util.utcnow()
        expired = [one for one, (_, when) in self._expires.items() if when <= now]
        known = self._expires
        self._expires = {
            sensor_id: looked
            if (looked := known.get(sensor_id))
            and looked[0] is sensor
            and looked[1] > now
            else (sensor, _value_expiry(sensor, now))
            for sensor_id, sensor in self.data.items()
        }
        return expired


def _value_expiry(sensor: Sensor, now: datetime) -> datetime:
    """Return when the next of a sensor's values will be too old."""
    times = (
        value.last_updated + _VALUE_EXPIRES
        for value in sensor.values.values()
        if value.last_updated
    )
    return min(
        (when for when in times if when > now), default=datetime.max.replace(tzinfo=UTC)
    )


class GatewayCoordinator(TelldusUpdateCoordinator[Gateway]):
    """The gateways themselves."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, account: TelldusAccount
    ) -> None:
        """Poll rarely: a gateway's name and version hardly ever change."""
        super().__init__(hass, entry, account, "gateways", timedelta(minutes=10))

    @override
    async def _async_fetch(self, timeout: float | None) -> ListResponse[Gateway]:
        """Ask for all gateways, and write down which of them the account owns."""
        answer = await self.account.client.gateways()
        owned = sorted(gateway.id for gateway in answer.rows if gateway.is_owner)
        entry = self.config_entry
        if owned and owned != entry.data.get(CONF_GATEWAYS):
            self.hass.config_entries.async_update_entry(
                entry, data={**entry.data, CONF_GATEWAYS: owned}
            )
        return answer

    @override
    def _structure_key(self, row: Gateway) -> object:
        """Return what the registry is told."""
        return (row.name, row.model, row.version)

    @property
    @override
    def _is_stale(self) -> bool:
        """Return False: little hangs on this list, and one line of a loss is enough.

        Whether a gateway is there, its devices tell, and more often.
        """
        return False
