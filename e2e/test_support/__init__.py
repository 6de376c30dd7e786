"""A component for tests: makes the rate-limit issue of a new stack look hours old.

A test asks Home Assistant to load it beside the integration; it listens for an event.
"""

from custom_components.telldus_pa.connection_status import ConnectionStatus
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.typing import ConfigType

DOMAIN = "test_support"
# The event: rate-limited since hours
RATE_LIMIT_EXHAUSTED = f"{DOMAIN}_rate_limit_exhausted"
_LONG: float = 3 * 3600


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Listen for the event."""

    @callback
    def async_use_up(event: Event) -> None:
        """Pretend that each account has been rate-limited for hours."""
        for entry in hass.config_entries.async_loaded_entries("telldus_pa"):
            rate_limiter = entry.runtime_data.account.rate_limiter
            connection: ConnectionStatus = entry.runtime_data.connection
            rate_limiter.last_rate_limited_at = rate_limiter.now()
            connection._limited_since = rate_limiter.now() - _LONG  # noqa: SLF001
            connection.async_update()

    hass.bus.async_listen(RATE_LIMIT_EXHAUSTED, async_use_up)
    return True
