"""The push channel of an account: changes are shown the moment they happen.

It is an extra. Whatever becomes of it, the lists are polled, only less often while all is
pushed; and none of its failures is one of the account.
"""

from datetime import datetime
from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.event import async_call_later

from .account.storage import UTC_DATETIME, StorageKey, entry_store
from .commands.manager import CommandManager
from .const import CONF_PUSH, LOGGER
from .coordinator import DeviceCoordinator, SensorCoordinator, TelldusUpdateCoordinator
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

# Several changes that come together are one; and so are many, in some seconds.
_READ_AFTER: Final = 0.5
_READ_APART: Final = 10.0


class _Reader:
    """Has a list read soon, and not too often."""

    def __init__(
        self, hass: HomeAssistant, coordinator: TelldusUpdateCoordinator[Any]
    ) -> None:
        """Begin with nothing to read."""
        self._hass = hass
        self._coordinator = coordinator
        self._planned: CALLBACK_TYPE | None = None

    @callback
    def async_read_soon(self) -> None:
        """Have the list read, unless it will be soon or somebody wants no polls."""
        coordinator = self._coordinator
        if self._planned or coordinator.config_entry.pref_disable_polling:
            return
        since = coordinator.account.rate_limiter.now() - coordinator.requested_at
        self._planned = async_call_later(
            self._hass,
            max(_READ_AFTER, _READ_APART - since),
            HassJob(self._async_read, "read list", cancel_on_shutdown=True),
        )

    @callback
    def _async_read(self, _now: object) -> None:
        """Read the list, for as long as the entry is loaded."""
        self._planned = None
        coordinator = self._coordinator
        coordinator.config_entry.async_create_background_task(
            self._hass, coordinator.async_refresh(), "read list"
        )

    @callback
    def async_stop(self) -> None:
        """Read nothing more."""
        if self._planned:
            self._planned()
            self._planned = None


class PushManager:
    """Shows what is pushed, and has the lists read where that is not enough."""

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
        self._live: PushClient | None = None
        self._states: dict[str, PushState] = {}
        self._readers = {
            ListKind.DEVICES: _Reader(hass, devices),
            ListKind.SENSORS: _Reader(hass, sensors),
        }

    async def async_start(self) -> None:
        """Try to be live, if the person has nothing against it."""
        if not self._entry.options.get(CONF_PUSH, True):
            return
        stored = await self._store.async_load()
        account = self._devices.account
        self._live = PushClient(
            async_create_clientsession(self._hass, **push_session_options()),
            account.client,
            self,
            refused_until=stored.get("refused_until"),
        )
        self._follow_gateways()
        for coordinator in (self._devices, self._sensors):
            self._entry.async_on_unload(
                coordinator.async_add_listener(self._follow_gateways)
            )
        for reader in self._readers.values():
            self._entry.async_on_unload(reader.async_stop)
        self._entry.async_create_background_task(
            self._hass, self._async_run(self._live), "live"
        )

    async def _async_run(self, live: PushClient) -> None:
        """Keep the sockets open; should that break, poll as if there were none."""
        try:
            await live.run()
        except Exception:  # noqa: BLE001
            # Nobody knows how; but nothing is to stand still for it.
            LOGGER.exception("Changes are not pushed any more, until a reload")
            for gateway_id, state in self._states.items():
                if state is PushState.LIVE:
                    self._async_lost(gateway_id)
            self._live = None
            self._states.clear()
            self._async_set_pace()
            self._async_notify()

    @property
    def refused_until(self) -> datetime | None:
        """Return until when Telldus is not asked, None if it is."""
        return self._live.refused_until if self._live else None

    def state_of(self, gateway_id: str) -> PushState | None:
        """Return how things stand with a gateway, None where nothing is tried."""
        return self._live.state_of(gateway_id) if self._live else None

    def last_message_at(self, gateway_id: str) -> float | None:
        """Return when a gateway's socket last gave a sign of life, by the rate limiter's clock."""
        return self._live.last_message_at(gateway_id) if self._live else None

    @callback
    def on_message(self, gateway_id: str, event: PushMessage) -> None:
        """Show what happened at a gateway."""
        match event:
            case DeviceStateMessage():
                self._async_state_heard(event)
            case CommandFailedMessage():
                self._commands.async_fail_from_push(event)
            case SensorValuesMessage():
                self._async_values_heard(event)
            case _:
                self._readers[event.what].async_read_soon()

    @callback
    def on_state_change(self, gateway_id: str) -> None:
        """Follow the state of a gateway's socket."""
        assert self._live
        state = self._live.state_of(gateway_id)
        before = self._states.get(gateway_id, PushState.CONNECTING)
        self._states[gateway_id] = state
        if before is PushState.LIVE:
            self._async_lost(gateway_id)
        if state is PushState.LIVE:
            self._events.async_push_started(gateway_id)
            # What happened until now nobody has pushed.
            for reader in self._readers.values():
                reader.async_read_soon()
        elif PushState.OFFLINE in (before, state):
            # Whether a gateway is there, the list alone tells.
            self._readers[ListKind.DEVICES].async_read_soon()
        if PushState.REFUSED in (before, state):
            self._store.async_delay_save(self._to_store)
        self._async_set_pace()
        self._async_notify()

    @property
    def gateway_ids(self) -> set[str]:
        """Return the gateways of all that is shown."""
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
    def _async_state_heard(self, event: DeviceStateMessage) -> None:
        """Show what a device did; a list has to be read for one that we do not know."""
        if (before := self._devices.data.get(event.device_id)) is None:
            if event.device_id not in self._devices.ignored:
                self._readers[ListKind.DEVICES].async_read_soon()
            return
        self._events.async_handle_push(before, event)
        device = event.command.apply_to(before)
        self._devices.async_set_pushed_item(device)
        self._events.async_push_applied()
        self._commands.async_confirm_from_push(device, event.method)

    @callback
    def _async_values_heard(self, event: SensorValuesMessage) -> None:
        """Show what a sensor told."""
        if sensor := self._sensors.data.get(event.sensor_id):
            self._sensors.async_set_pushed_item(event.apply_to(sensor))
        elif event.sensor_id not in self._sensors.ignored:
            self._readers[ListKind.SENSORS].async_read_soon()

    @callback
    def _async_lost(self, gateway_id: str) -> None:
        """Note from when on nothing is pushed any more."""
        heard = self.last_message_at(gateway_id)
        rate_limiter = self._devices.account.rate_limiter
        self._events.async_push_stopped(
            gateway_id, rate_limiter.now() if heard is None else heard
        )

    @callback
    def _follow_gateways(self) -> None:
        """Have a socket for each gateway that has devices, or sensors."""
        if not self._live:
            return
        gateway_ids = self.gateway_ids
        self._live.set_gateways(gateway_ids)
        for gateway_id in self._states.keys() - gateway_ids:
            if self._states.pop(gateway_id) is PushState.LIVE:
                self._async_lost(gateway_id)
        self._async_set_pace()

    @callback
    def _async_set_pace(self) -> None:
        """Poll rarely where all is pushed that can be."""
        states = [self.state_of(one) for one in self.gateway_ids]
        live = PushState.LIVE in states and all(
            state in (PushState.LIVE, PushState.OFFLINE) for state in states
        )
        for coordinator in (self._devices, self._sensors):
            coordinator.async_set_push_active(live=live)

    @callback
    def _to_store(self) -> dict[str, Any]:
        """Build what is stored."""
        return {"refused_until": self.refused_until}
