"""Telldus Live! for Home Assistant, by its PA API.

This is the map; docs/dev/how-it-works.md has more. Data flow up: ``pa_api`` (responses and
pushed messages, parsed once), ``coordinator`` (a snapshot of each list), ``commands`` (the
optimistic state), ``entity`` and the platforms. Commands flow down: a platform,
``commands`` (the queue), ``pa_api``.

``account``            an account, and what outlives a reload or is shared by a server's accounts
``commands``           sends commands, and follows what becomes of them
``connection_status``  what is wrong with the connection to Telldus
``coordinator``        the three lists, polled and kept for a reload
``data``               the runtime data of an entry
``devices``            what a device is, and how devices belong together; pure functions
``events``             each press, opening and motion once
``export``             writes what Telldus has into a file
``history``            imports statistics
``migration``          moves over from Home Assistant's own integration
``pa_api``             the client; knows nothing of Home Assistant
``push``               passes pushed messages on
``registry``           keeps Home Assistant's registries up to date
``sign_in``            the login, shared by the flows
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from aiohttp import DummyCookieJar

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.typing import ConfigType

from .account.account import TelldusAccount
from .account.domain_data import async_get_domain_data
from .account.premium import Premium
from .account.rooms import Rooms
from .account.storage import async_remove_entry_store
from .commands.manager import CommandManager
from .connection_status import ConnectionStatus
from .const import (
    CONF_PRIVATE_KEY,
    CONF_PUBLIC_KEY,
    CONF_SERVER_URL,
    CONF_TOKEN_SECRET,
    DOMAIN,
)
from .coordinator import DeviceCoordinator, GatewayCoordinator, SensorCoordinator
from .coordinator.kept_lists import async_keep_lists, async_restore_lists
from .data import TelldusConfigEntry, TelldusData
from .events.tracker import EventTracker
from .history.importer import HistoryImport
from .issues import async_delete_issues
from .migration.move import async_restore_on_removal
from .migration.resume import async_resume
from .migration.tellduslive import async_watch_tellduslive
from .pa_api import Credentials, TelldusClient
from .push import PushManager
from .registry.protocols import async_fetch_some_protocols, async_load_protocols
from .registry.sync import RegistrySync
from .services import async_register_actions
from .sign_in.callback_view import async_get_view

# How often to check whether a day has passed.
_DAILY_CHECK: Final = timedelta(hours=1)
# Lists are requested again one second after a pause. In seconds.
_AFTER_LISTS: Final = 2.0

PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CLIMATE,
    Platform.COVER,
    Platform.EVENT,
    Platform.LIGHT,
    Platform.LOCK,
    Platform.MEDIA_PLAYER,
    Platform.SCENE,
    Platform.SENSOR,
    Platform.SIREN,
    Platform.SWITCH,
]


CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register what does not depend on a loaded account: the actions and the callback view."""
    async_register_actions(hass)
    async_get_view(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: TelldusConfigEntry) -> bool:
    """Set up an account.

    Only the list of devices is waited for, and not after a reload; the first time of all,
    the rooms as well.
    """
    await async_resume(hass, entry)
    shared = await async_get_domain_data(hass)
    server = entry.data[CONF_SERVER_URL]
    rate_limiter = shared.rate_limiter(server)
    client = TelldusClient(
        # Without cookies: those of one account would be sent with another's requests.
        async_create_clientsession(hass, cookie_jar=DummyCookieJar()),
        server,
        Credentials(
            entry.data[CONF_PUBLIC_KEY],
            entry.data[CONF_PRIVATE_KEY],
            entry.data[CONF_TOKEN],
            entry.data[CONF_TOKEN_SECRET],
        ),
        rate_limiter,
    )
    account = TelldusAccount(
        hass, entry, client, rate_limiter, shared.auth_failures[entry.entry_id]
    )
    devices = DeviceCoordinator(hass, entry, account)
    sensors = SensorCoordinator(hass, entry, account, devices)
    gateways = GatewayCoordinator(hass, entry, account)
    async_restore_lists(shared, entry, (devices, sensors, gateways))
    is_restored = bool(devices.success_count)
    if not is_restored:
        await devices.async_config_entry_first_refresh()
    rooms, premium = Rooms(hass, entry.entry_id), Premium(hass, entry)
    for daily in (rooms, premium):
        await daily.async_load()
    if not dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id):
        # Home Assistant asks for areas as soon as this is done.
        await rooms.async_fetch_first(account)
        rooms.async_create_areas(devices.data.values())
    history = HistoryImport(hass, entry, sensors)
    await history.async_load()
    commands = CommandManager(hass, entry, devices, sensors, shared.commands)
    events = EventTracker(hass, entry, devices, commands)
    await events.async_load()
    entry.async_on_unload(events.async_save)
    commands.async_start()
    push = PushManager(hass, entry, devices, sensors, commands, events)
    connection = ConnectionStatus(
        hass, entry, account, devices, sensors, gateways, premium, push
    )
    entry.runtime_data = TelldusData(
        account,
        devices,
        sensors,
        gateways,
        rooms,
        premium,
        connection,
        commands,
        history,
        events,
        push,
    )
    await async_load_protocols(hass, entry)
    connection.async_start()
    registry = RegistrySync(hass, entry)
    # Before the platforms: devices must be registered before their entities.
    registry.async_start()
    async_watch_tellduslive(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)

    async def async_daily() -> None:
        """Request what is requested once a day, if that was not done today."""
        await rooms.async_fetch_if_due(account)
        registry.async_suggest_areas()
        await premium.async_fetch_if_due(account)
        connection.async_update()

    async def async_less_urgent() -> None:
        """Start what a user misses last. Lists that were refused come first."""
        if pause := rate_limiter.paused_for:
            await asyncio.sleep(pause + _AFTER_LISTS)
        events.async_start(push.last_message_at)
        await push.async_start()
        await async_daily()

    async def async_first_requests() -> None:
        """Request all that a start needs; the rate limiter decides when.

        What comes after the sensors waits together: under load the wait for one request is
        not added to that for the next.
        """
        if is_restored:
            await devices.async_refresh()
        await sensors.async_refresh()
        history.async_resume()
        await asyncio.gather(gateways.async_refresh(), async_less_urgent())

    @callback
    def async_request_daily(_now: datetime) -> None:
        """Request what is due once a day, and makers of devices that are not known yet."""
        entry.async_create_background_task(hass, async_daily(), "daily")
        entry.async_create_background_task(
            hass, async_fetch_some_protocols(hass, entry), "protocols"
        )

    entry.async_create_background_task(hass, async_first_requests(), "first requests")
    entry.async_on_unload(
        async_track_time_interval(
            hass, async_request_daily, _DAILY_CHECK, cancel_on_shutdown=True
        )
    )
    return True


async def async_unload_entry(hass: HomeAssistant, entry: TelldusConfigEntry) -> bool:
    """Unload an account, keeping its lists for a set-up that follows soon."""
    data = entry.runtime_data
    data.events.async_stop()
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    async_delete_issues(hass, entry)
    shared = await async_get_domain_data(hass)
    async_keep_lists(shared, entry, (data.devices, data.sensors, data.gateways))
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: TelldusConfigEntry) -> None:
    """Remove all that was stored of an account."""
    async_delete_issues(hass, entry, for_good=True)
    try:
        await async_restore_on_removal(hass, entry)
    finally:
        shared = await async_get_domain_data(hass)
        await shared.async_remove_entry(entry.entry_id)
        await async_remove_entry_store(hass, entry.entry_id)
    # Home Assistant ends those that sign in again, and leaves those that reconfigure.
    flows = hass.config_entries.flow
    for flow in flows.async_progress_by_handler(
        DOMAIN, match_context={"entry_id": entry.entry_id}
    ):
        flows.async_abort(flow["flow_id"])


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: TelldusConfigEntry, device: DeviceEntry
) -> bool:
    """Return whether a user may delete a device: Telldus must not have it any more."""
    if entry.state is not ConfigEntryState.LOADED:
        # What Telldus has is unknown.
        return False
    registry = RegistrySync(hass, entry)
    return not any(registry.is_present(thing) for _, thing in device.identifiers)
