"""Telldus Live! for Home Assistant, by its PA API.

The map of the house. What Telldus says flows one way: ``pa_api`` (the wire, parsed once
into ``pa_api.model``), ``coordinator`` (a snapshot of each list), ``entity`` and the
platforms, Home Assistant. What people want flows the other way: a platform, ``commands``,
``pa_api.client``, ``pa_api.budget``. ``kinds`` decides what a device is and which entities
show it, ``home`` what devices are to one another, ``groups`` what a group is like;
``registry`` and ``rooms`` keep Home Assistant's registries in step, ``shared`` keeps what
outlives a reload, ``config_flow`` and ``oauth_callback`` sign people in.
"""

from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.device_registry import DeviceEntry

from .commands import Commands
from .const import (
    CONF_PRIVATE_KEY,
    CONF_PUBLIC_KEY,
    CONF_SERVER_URL,
    CONF_TOKEN,
    CONF_TOKEN_SECRET,
    DOMAIN,
)
from .coordinator import (
    Account,
    DevicesCoordinator,
    GatewaysCoordinator,
    SensorsCoordinator,
    TelldusConfigEntry,
    TelldusData,
)
from .pa_api import Credentials, TelldusClient
from .registry import Registrar
from .rooms import Rooms, rooms_store
from .shared import async_get_shared

PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CLIMATE,
    Platform.COVER,
    Platform.EVENT,
    Platform.LIGHT,
    Platform.LOCK,
    Platform.SCENE,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup_entry(hass: HomeAssistant, entry: TelldusConfigEntry) -> bool:
    """Set up an account. One list is waited for; the others come when the budget allows."""
    shared = await async_get_shared(hass)
    server = entry.data[CONF_SERVER_URL]
    budget = shared.budget(server)
    client = TelldusClient(
        async_get_clientsession(hass),
        server,
        Credentials(
            entry.data[CONF_PUBLIC_KEY],
            entry.data[CONF_PRIVATE_KEY],
            entry.data[CONF_TOKEN],
            entry.data[CONF_TOKEN_SECRET],
        ),
        budget,
    )
    account = Account(client, budget, shared.watch(entry.entry_id))
    devices = DevicesCoordinator(hass, entry, account)
    await devices.async_config_entry_first_refresh()
    rooms = Rooms(hass, entry.entry_id)
    await rooms.async_load()
    entry.async_on_unload(rooms.async_save)
    data = entry.runtime_data = TelldusData(
        account,
        devices,
        SensorsCoordinator(hass, entry, account),
        GatewaysCoordinator(hass, entry, account),
        rooms,
        Commands(hass, entry, devices),
    )
    registrar = Registrar(hass, entry)
    # Before the platforms, and so the first to hear of each list.
    registrar.async_start()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)

    async def async_first_lists() -> None:
        """Ask for the other lists, in the order in which a person misses them."""
        await data.sensors.async_refresh()
        await data.gateways.async_refresh()
        await rooms.async_ask(client, account.watch)
        registrar.async_suggest_areas()

    entry.async_create_background_task(hass, async_first_lists(), "first lists")
    return True


async def async_unload_entry(hass: HomeAssistant, entry: TelldusConfigEntry) -> bool:
    """Unload an account."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: TelldusConfigEntry) -> None:
    """Forget an account that was removed."""
    shared = await async_get_shared(hass)
    await shared.async_forget(
        entry.entry_id, last=not hass.config_entries.async_entries(DOMAIN)
    )
    await rooms_store(hass, entry.entry_id).async_remove()


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: TelldusConfigEntry, device: DeviceEntry
) -> bool:
    """Let a person delete what Telldus no longer has."""
    if entry.state is not ConfigEntryState.LOADED:
        # Who knows what Telldus has?
        return False
    registrar = Registrar(hass, entry)
    return not any(registrar.is_present(thing) for _, thing in device.identifiers)
