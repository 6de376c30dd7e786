"""Let something have begun hours ago, in a house that stands for minutes.

Home Assistant loads this beside the integration, where a test asks for it. It listens for
events of Home Assistant, and is nothing that is ever installed.
"""

from custom_components.telldus_pa.connection_status import Connection
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.typing import ConfigType

DOMAIN = "test_support"
# The first refusal for too many requests, with others ever since
LIMIT_USED_UP = f"{DOMAIN}_limit_used_up"
_LONG: float = 3 * 3600


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Wait to be told."""

    @callback
    def async_use_up(event: Event) -> None:
        """Have the limit used up by something else, for each account."""
        for entry in hass.config_entries.async_loaded_entries("telldus_pa"):
            budget = entry.runtime_data.account.budget
            connection: Connection = entry.runtime_data.connection
            budget.last_refused = budget.now()
            connection._limited_since = budget.now() - _LONG  # noqa: SLF001
            connection.async_look()

    hass.bus.async_listen(LIMIT_USED_UP, async_use_up)
    return True
