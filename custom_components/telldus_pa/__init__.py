"""Telldus Live! for Home Assistant, by its PA API.

The map of the house. What Telldus says flows one way: ``pa_api`` (the wire, parsed once
into ``pa_api.model``), ``coordinator`` (a snapshot of each list), ``entity`` and the
platforms, Home Assistant. What people want flows the other way: a platform, ``commands``,
``pa_api.client``, ``pa_api.budget``. ``kinds`` decides what a device is, ``shared`` keeps
what outlives a reload, ``config_flow`` and ``oauth_callback`` sign people in.
"""

from typing import Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession

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
    TelldusConfigEntry,
    TelldusData,
)
from .entity import gateway_info
from .pa_api import Credentials, TelldusClient
from .shared import async_get_shared

PLATFORMS: Final = [Platform.LIGHT, Platform.SWITCH]


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
    gateways = GatewaysCoordinator(hass, entry, account)
    entry.runtime_data = TelldusData(
        account, devices, gateways, Commands(hass, entry, devices)
    )

    registry = dr.async_get(hass)

    @callback
    def async_register_gateways() -> None:
        """Register gateways, which their devices point at and therefore must precede.

        Listens first of all, so that a new gateway is there before its first device.
        """
        for gateway in {**devices.gateways, **gateways.data}.values():
            registry.async_get_or_create(
                config_entry_id=entry.entry_id, **gateway_info(entry, gateway)
            )

    async_register_gateways()
    entry.async_on_unload(devices.async_add_listener(async_register_gateways))
    entry.async_on_unload(gateways.async_add_listener(async_register_gateways))
    entry.async_on_unload(gateways.async_on_list(async_register_gateways))
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.async_create_background_task(
        hass, gateways.async_refresh(), "first list of gateways"
    )
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
