"""System health: whether Telldus is reached, and how much of its limit is used.

The server's root is requested, which is no API call and does not count towards the limit.
"""

import asyncio
from typing import Any

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .account.domain_data import async_get_domain_data
from .const import CONF_SERVER_URL, DOMAIN
from .data import TelldusConfigEntry


@callback
def async_register(
    hass: HomeAssistant, register: system_health.SystemHealthRegistration
) -> None:
    """Register the information."""
    register.async_register_info(_async_info)


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Build the information about all accounts together."""
    entries: list[TelldusConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    loaded: list[TelldusConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    servers = sorted({entry.data[CONF_SERVER_URL] for entry in entries})
    shared = await async_get_domain_data(hass)
    return {
        "accounts": len(entries),
        "can_reach_server": _async_reach(hass, servers),
        "signed_in": sum(
            not entry.runtime_data.account.auth_failures.needs_reauth
            for entry in loaded
        ),
        "status": ", ".join(
            sorted(
                set().union(
                    *(one.runtime_data.connection_status.states for one in loaded)
                )
            )
        ),
        "requests": sum(shared.rate_limiter(server).used for server in servers),
    }


async def _async_reach(hass: HomeAssistant, servers: list[str]) -> Any:
    """Return "ok" if all servers can be reached, else the error of one that cannot."""
    results = await asyncio.gather(
        *(system_health.async_check_can_reach_url(hass, one) for one in servers)
    )
    return next((result for result in results if result != "ok"), "ok")
