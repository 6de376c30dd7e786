"""The push channel of an account: changes are displayed the moment they happen.

It is an extra. Whatever becomes of it, the lists are polled, only less often while all is
pushed; and none of its failures is one of the account. The connections are those of
``pa_api.push``; this module passes on what they receive.
"""

from datetime import datetime
from functools import partial
from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.debounce import Debouncer

from .account.storage import UTC_DATETIME, StorageKey, entry_store
from .commands.manager import CommandManager
from .const import CONF_PUSH, LOGGER
from .coordinator import DeviceCoordinator, SensorCoordinator
from .events.tracker import EventTracker
from .pa_api import (
    CommandFailedMessage,
    DeviceStateMessage,
    ListKind,
    PushClient,
    PushMessage,
    PushState,
    SensorValuesMessage,
    push_session_options,
)

# Changes of a list that come within so many seconds cost one request together.
_REFRESH_COOLDOWN: Final = 10.0


class PushManager:
    """Applies what is pushed, and refreshes lists where that is not enough."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        devices: DeviceCoordinator,
        sensors: SensorCoordinator,
        commands: CommandManager,
        events: EventTracker,
    ) -> None:
        """Initialize the manager."""
        self._hass = hass
        self._entry = entry
        self._devices = devices
        self._sensors = sensors
        self._commands = commands
        self._events = events
        self._listeners: list[CALLBACK_TYPE] = []
        self._store = entry_store(
            hass,
            StorageKey.PUSH,
            entry.entry_id,
            {"refused_until": vol.Any(None, UTC_DATETIME)},
        )
        self._client: PushClient | None = None
        # By gateway id; empty where push is not used.
        self._states: dict[str, PushState] = {}
        self._lists: dict[ListKind, DeviceCoordinator | SensorCoordinator] = {
            ListKind.DEVICES: devices,
            ListKind.SENSORS: sensors,
        }
        self._debouncers = {
            kind: Debouncer(
                hass,
                LOGGER,
                cooldown=_REFRESH_COOLDOWN,
                immediate=True,
                function=partial(self._async_refresh, coordinator),
            )
            for kind, coordinator in self._lists.items()
        }

    async def async_start(self) -> None:
        """Connect to the gateways, unless the options say no."""
        if not self._entry.options.get(CONF_PUSH, True):
            return
        stored = await self._store.async_load()
        self._client = PushClient(
            async_create_clientsession(self._hass, **push_session_options()),
            self._devices.account.client,
            self,
            refused_until=stored.get("refused_until"),
        )
        self._follow_gateways()
        for coordinator in self._lists.values():
            self._entry.async_on_unload(
                coordinator.async_add_listener(self._follow_gateways)
            )
        for debouncer in self._debouncers.values():
            self._entry.async_on_unload(debouncer.async_shutdown)
        self._entry.async_create_background_task(
            self._hass, self._async_run(self._client), "push"
        )

    async def _async_run(self, client: PushClient) -> None:
        """Keep the connections open; after a bug in them, poll as if there were none."""
        try:
            await client.run()
        except Exception:  # noqa: BLE001
            LOGGER.exception("Changes are not pushed any more, until a reload")
            for gateway_id, state in self._states.items():
                if state is PushState.LIVE:
                    self._async_stopped(gateway_id)
            self._client = None
            self._states.clear()
            self._async_set_intervals()
            self._async_notify()

    @property
    def refused_until(self) -> datetime | None:
        """The end of a refusal of all gateways, None if any of them is tried."""
        return self._client.refused_until if self._client else None

    def state_of(self, gateway_id: str) -> PushState | None:
        """Return the state of a gateway's connection, None where none is tried."""
        return self._states.get(gateway_id)

    def last_message_at(self, gateway_id: str) -> float | None:
        """Return when a gateway's connection last received anything, in monotonic seconds."""
        return self._client.last_message_at(gateway_id) if self._client else None

    @callback
    def on_message(self, gateway_id: str, event: PushMessage) -> None:
        """Apply a message of a gateway."""
        match event:
            case DeviceStateMessage():
                self._async_handle_device_state(event)
            case CommandFailedMessage():
                self._commands.async_fail_from_push(event)
            case SensorValuesMessage():
                self._async_handle_sensor_values(event)
            case _:
                self._async_request_refresh(event.what)

    @callback
    def on_state_change(self, gateway_id: str, state: PushState) -> None:
        """Follow the state of a gateway's connection."""
        if (before := self._states.get(gateway_id)) is None:
            # The gateway was removed, and its connection is about to be.
            return
        self._states[gateway_id] = state
        if before is PushState.LIVE:
            self._async_stopped(gateway_id)
        if state is PushState.LIVE:
            self._events.async_push_started(gateway_id)
            # What happened until now was not pushed.
            for kind in ListKind:
                self._async_request_refresh(kind)
        elif PushState.OFFLINE in (before, state):
            # Whether a gateway is online, only the list says.
            self._async_request_refresh(ListKind.DEVICES)
        if PushState.REFUSED in (before, state):
            self._store.async_delay_save(self._to_store)
        self._async_set_intervals()
        self._async_notify()

    @property
    def gateway_ids(self) -> set[str]:
        """The gateways that have devices or sensors."""
        return self._devices.gateways.keys() | self._sensors.gateways.keys()

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``listener`` when the state of a gateway's connection has changed."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def _async_notify(self) -> None:
        """Call the listeners."""
        for listener in tuple(self._listeners):
            listener()

    @callback
    def _async_handle_device_state(self, event: DeviceStateMessage) -> None:
        """Apply the new state of a device; the list has one that is not known yet."""
        if (before := self._devices.data.get(event.device_id)) is None:
            if event.device_id not in self._devices.ignored:
                self._async_request_refresh(ListKind.DEVICES)
            return
        self._events.async_handle_push(before, event)
        device = event.command.apply_to(before)
        self._devices.async_set_pushed_item(device)
        self._events.async_push_applied()
        self._commands.async_confirm_from_push(device, event.method)

    @callback
    def _async_handle_sensor_values(self, event: SensorValuesMessage) -> None:
        """Apply new values of a sensor."""
        if sensor := self._sensors.data.get(event.sensor_id):
            self._sensors.async_set_pushed_item(event.apply_to(sensor))
        elif event.sensor_id not in self._sensors.ignored:
            self._async_request_refresh(ListKind.SENSORS)

    @callback
    def _async_request_refresh(self, kind: ListKind) -> None:
        """Refresh a list soon, unless its next poll is as near or the user wants none."""
        coordinator = self._lists[kind]
        next_poll_at = coordinator.next_poll_at
        if next_poll_at is None:
            return
        wait = next_poll_at - coordinator.account.rate_limiter.now()
        # A poll that is under way may have been too early.
        if not 0 < wait <= _REFRESH_COOLDOWN:
            self._debouncers[kind].async_schedule_call()

    @callback
    def _async_refresh(
        self, coordinator: DeviceCoordinator | SensorCoordinator
    ) -> None:
        """Refresh a list, for as long as the entry is loaded."""
        self._entry.async_create_background_task(
            self._hass, coordinator.async_refresh(), "refresh list"
        )

    @callback
    def _async_stopped(self, gateway_id: str) -> None:
        """Tell the events when the last message came."""
        received_at = self.last_message_at(gateway_id)
        rate_limiter = self._devices.account.rate_limiter
        self._events.async_push_stopped(
            gateway_id, rate_limiter.now() if received_at is None else received_at
        )

    @callback
    def _follow_gateways(self) -> None:
        """Have a connection for each gateway that has devices or sensors."""
        if not self._client:
            return
        gateway_ids = self.gateway_ids
        self._client.set_gateways(gateway_ids)
        for gateway_id in self._states.keys() - gateway_ids:
            if self._states.pop(gateway_id) is PushState.LIVE:
                self._async_stopped(gateway_id)
        for gateway_id in gateway_ids - self._states.keys():
            self._states[gateway_id] = self._client.state_of(gateway_id)
        self._async_set_intervals()

    @callback
    def _async_set_intervals(self) -> None:
        """Poll rarely while all is pushed that can be."""
        states = set(self._states.values())
        all_live = PushState.LIVE in states and (
            states <= {PushState.LIVE, PushState.OFFLINE}
        )
        for coordinator in self._lists.values():
            coordinator.async_set_push_active(all_live=all_live)

    @callback
    def _to_store(self) -> dict[str, Any]:
        """Build what is stored."""
        return {"refused_until": self.refused_until}
