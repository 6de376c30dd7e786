"""The list of gateways. Their names and versions hardly ever change."""

from datetime import timedelta
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..account.account import TelldusAccount
from ..const import CONF_GATEWAYS
from ..pa_api import Gateway, ListResponse
from .polling import TelldusUpdateCoordinator


class GatewayCoordinator(TelldusUpdateCoordinator[Gateway]):
    """Polls the gateways, and stores in the entry which of them the account owns."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, account: TelldusAccount
    ) -> None:
        """Initialize the coordinator."""
        super().__init__(hass, entry, account, "gateways", timedelta(minutes=10))

    @override
    async def _async_fetch(self, timeout: float | None) -> ListResponse[Gateway]:
        """Request all gateways."""
        response = await self.account.client.gateways()
        owned = sorted(gateway.id for gateway in response.rows if gateway.is_owner)
        entry = self.config_entry
        if owned and owned != entry.data.get(CONF_GATEWAYS):
            self.hass.config_entries.async_update_entry(
                entry, data={**entry.data, CONF_GATEWAYS: owned}
            )
        return response

    @override
    def _structure_key(self, row: Gateway) -> object:
        """Return the fields that the device registry stores."""
        return (row.name, row.model, row.version)
