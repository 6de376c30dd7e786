"""Let something have begun hours ago, in a house that stands for minutes.

Home Assistant loads this beside the integration, where a test asks for it. It listens for
events of Home Assistant, and is nothing that is ever installed.
"""

from custom_components.telldus_pa.connection_status import ConnectionStatus
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.typing import ConfigType

DOMAIN = "test_support"
# The first refusal for too many requests, with others ever since
RATE_LIMIT_EXHAUSTED = f"{DOMAIN}_rate_limit_exhausted"
_LONG: float = 3 * 3600


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Wait to be told."""

    @callback
    def async_use_up(event: Event) -> None:
        """Have the limit used up by something else, for each account."""
        for entry in hass.config_entries.async_loaded_entries("telldus_pa"):
            rate_limiter = entry.runtime_data.account.rate_limiter
            connection: ConnectionStatus = entry.runtime_data.connection
            rate_limiter.last_refused = rate_limiter.now()
            connection._limited_since = rate_limiter.now() - _LONG  # noqa: SLF001
            connection.async_update()

    hass.bus.async_listen(RATE_LIMIT_EXHAUSTED, async_use_up)
    return True
