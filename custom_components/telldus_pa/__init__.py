"""Telldus Live! for Home Assistant, by its PA API.

The map of the house; docs/how-it-works.md has more. Data flow up: ``pa_api`` (responses and
pushed messages, parsed once), ``coordinator`` (a snapshot of each list), ``commands`` (the
optimistic state), ``entity`` and the platforms. Commands flow down: a platform, ``commands``
(the queue), ``pa_api``. ``devices`` says what a device is and how devices belong together,
``account`` holds what belongs to an account or a server, ``push`` passes pushed messages on,
``events`` reports each press once, ``connection_status`` says what is wrong, and ``registry``
keeps Home Assistant's registries up to date. ``sign_in`` serves the flows. ``history`` imports
statistics, and ``migration`` moves over from Home Assistant's own integration.
"""

from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.typing import ConfigType

from .account.account import TelldusAccount
from .account.domain_data import async_get_domain_data
from .account.premium import Premium
from .account.rooms import Rooms
from .account.storage import async_remove_stores
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
from .data import TelldusConfigEntry, TelldusData
from .events.tracker import EventTracker
from .history.importer import HistoryImport
from .issues import async_delete_issues
from .migration.move import async_restore_on_removal
from .migration.tellduslive import async_watch_tellduslive
from .pa_api import Credentials, TelldusClient
from .push import PushManager
from .registry.protocols import async_fetch_some_protocols, async_load_protocols
from .registry.sync import RegistrySync
from .services import async_register_actions

# How often to see whether a day has passed.
_DAILY_LOOK: Final = timedelta(hours=1)

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


# All is set up by config entries.
CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Offer the actions, also while no account can be reached."""
    async_register_actions(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: TelldusConfigEntry) -> bool:
    """Set up an account. One list is waited for; the others come when the rate limiter allows."""
    shared = await async_get_domain_data(hass)
    server = entry.data[CONF_SERVER_URL]
    rate_limiter = shared.rate_limiter(server)
    client = TelldusClient(
        async_get_clientsession(hass),
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
        hass, entry, client, rate_limiter, shared.auth_failures(entry.entry_id)
    )
    devices = DeviceCoordinator(hass, entry, account)
    await devices.async_config_entry_first_refresh()
    rooms, premium = Rooms(hass, entry.entry_id), Premium(hass, entry)
    for daily in (rooms, premium):
        await daily.async_load()
        entry.async_on_unload(daily.async_save)
    sensors = SensorCoordinator(hass, entry, account, devices)
    history = HistoryImport(hass, entry, sensors)
    await history.async_load()
    gateways = GatewayCoordinator(hass, entry, account)
    commands = CommandManager(hass, entry, devices, sensors)
    events = EventTracker(hass, entry, devices, commands)
    for stored in (commands, events):
        await stored.async_load()
        entry.async_on_unload(stored.async_save)
    push = PushManager(hass, entry, devices, sensors, commands, events)
    connection = ConnectionStatus(
        hass, entry, account, devices, sensors, gateways, premium, push
    )
    data = entry.runtime_data = TelldusData(
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
    registrar = RegistrySync(hass, entry)
    # Before the platforms, and so the first to hear of each list.
    registrar.async_start()
    connection.async_start()
    async_watch_tellduslive(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)

    async def async_daily() -> None:
        """Ask what is asked once a day, if that was not done today."""
        await rooms.async_fetch_if_due(account)
        registrar.async_suggest_areas()
        await premium.async_fetch_if_due(account)
        connection.async_update()

    async def async_first_lists() -> None:
        """Ask for the other lists, in the order in which a person misses them."""
        await data.sensors.async_refresh()
        history.async_resume()
        await data.gateways.async_refresh()
        # Before what is asked once a day: that has time.
        events.async_start(push.last_message_at)
        await push.async_start()
        await async_daily()

    @callback
    def async_look(_now: datetime) -> None:
        """See whether a day has passed, and what is still to be asked of devices."""
        entry.async_create_background_task(hass, async_daily(), "daily")
        entry.async_create_background_task(
            hass, async_fetch_some_protocols(hass, entry), "protocols"
        )

    entry.async_create_background_task(hass, async_first_lists(), "first lists")
    entry.async_on_unload(
        async_track_time_interval(
            hass, async_look, _DAILY_LOOK, cancel_on_shutdown=True
        )
    )
    return True


async def async_unload_entry(hass: HomeAssistant, entry: TelldusConfigEntry) -> bool:
    """Unload an account."""
    entry.runtime_data.events.async_stop()
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    async_delete_issues(hass, entry)
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: TelldusConfigEntry) -> None:
    """Forget an account that was removed."""
    async_delete_issues(hass, entry, for_good=True)
    await async_restore_on_removal(hass, entry)
    shared = await async_get_domain_data(hass)
    await shared.async_remove_entry(
        entry.entry_id, last=not hass.config_entries.async_entries(DOMAIN)
    )
    await async_remove_stores(hass, entry.entry_id)
    # Home Assistant ends those that sign in again, and leaves those that reconfigure.
    flows = hass.config_entries.flow
    for flow in flows.async_progress_by_handler(
        DOMAIN, match_context={"entry_id": entry.entry_id}
    ):
        flows.async_abort(flow["flow_id"])


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: TelldusConfigEntry, device: DeviceEntry
) -> bool:
    """Let a person delete what Telldus no longer has."""
    if entry.state is not ConfigEntryState.LOADED:
        # Who knows what Telldus has?
        return False
    registrar = RegistrySync(hass, entry)
    return not any(registrar.is_present(thing) for _, thing in device.identifiers)
