"""A component for tests: has them wait for seconds where users wait for minutes or hours.

A test asks Home Assistant to load it beside the integration; it listens for events.
"""

from custom_components.telldus_pa.data import TelldusData
from custom_components.telldus_pa.sign_in import callback_view
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.typing import ConfigType

DOMAIN = "test_support"
# The event: rate-limited since hours
RATE_LIMIT_EXHAUSTED = f"{DOMAIN}_rate_limit_exhausted"
_LONG: float = 3 * 3600
# The event: the browser must come back from Telldus within ``seconds``
AUTHORIZATION_LIFETIME = f"{DOMAIN}_authorization_lifetime"


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Listen for the event."""

    @callback
    def async_use_up(event: Event) -> None:
        """Pretend that each account has been rate-limited for hours."""
        for entry in hass.config_entries.async_loaded_entries("telldus_pa"):
            data: TelldusData = entry.runtime_data
            rate_limiter, connection = data.account.rate_limiter, data.connection_status
            now = rate_limiter.now()
            rate_limiter._pause_ends_at = now  # noqa: SLF001
            connection._limited_since = now - _LONG  # noqa: SLF001
            connection.async_update()

    @callback
    def async_set_lifetime(event: Event) -> None:
        """Set the lifetime of the authorizations to come."""
        callback_view.LIFETIME = event.data["seconds"]  # type: ignore[misc]

    hass.bus.async_listen(RATE_LIMIT_EXHAUSTED, async_use_up)
    hass.bus.async_listen(AUTHORIZATION_LIFETIME, async_set_lifetime)
    return True
