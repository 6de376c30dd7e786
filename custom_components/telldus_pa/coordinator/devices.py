"""The list of devices: everything that has methods."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_SCAN_INTERVAL, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..account.account import TelldusAccount
from ..const import DOMAIN, POLL_INTERVAL
from ..devices.topology import Topology, structure_key
from ..devices.unique_ids import device_unique_id
from ..pa_api import Device, InvalidResponseError, ListResponse
from .items import TelldusItemCoordinator

# The platforms on which a device is for its methods alone.
_BY_METHODS: Final = (
    *(Platform.BUTTON, Platform.CLIMATE, Platform.COVER),
    *(Platform.LIGHT, Platform.LOCK, Platform.MEDIA_PLAYER, Platform.SIREN),
    Platform.SWITCH,
)


class DeviceCoordinator(TelldusItemCoordinator[Device]):
    """Polls the devices, and derives their kinds and groups."""

    # Without devices there is no home.
    _is_required = True

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, account: TelldusAccount
    ) -> None:
        """Initialize the coordinator with the interval that the user chose."""
        seconds = entry.options.get(CONF_SCAN_INTERVAL, POLL_INTERVAL.total_seconds())
        interval = timedelta(seconds=seconds)
        super().__init__(
            hass, entry, account, "devices", interval, timedelta(minutes=5)
        )
        self.topology = Topology()

    @override
    async def _async_fetch(self, timeout: float | None) -> ListResponse[Device]:
        """Request all devices."""
        response = await self.account.client.devices(timeout=timeout)
        if self._lacks_methods(response.rows):
            # The mask of supported methods was lost on the way. Every lamp and blind would
            # become something that can only be looked at.
            raise InvalidResponseError("devices/list: no methods")
        return response

    def _lacks_methods(self, rows: Iterable[Device]) -> bool:
        """Return whether no row has methods, though some of these devices had.

        Before the first list, the entity registry shows which had.
        """
        if any(row.methods for row in rows):
            return False
        if self.data:
            return any(
                row.id in self.data and self.data[row.id].methods for row in rows
            )
        entities = er.async_get(self.hass)
        return any(
            entities.async_get_entity_id(
                platform, DOMAIN, device_unique_id(self.config_entry, row.id)
            )
            for row in rows
            for platform in _BY_METHODS
        )

    @override
    def _structure_key(self, row: Device) -> object:
        """Return the fields that decide which entities there are."""
        return structure_key(row)

    @callback
    @override
    def _async_update_structure(self) -> None:
        """Derive groups and kinds."""
        self.topology = Topology.of(self.data)

    @callback
    @override
    def async_notify_rows(self, row_ids: Iterable[str | None]) -> None:
        """Notify the listeners of some rows, and of the groups that contain them."""
        groups = self.topology.groups_by_member
        notified = set(row_ids)
        for row_id in tuple(notified):
            notified.update(groups.get(row_id or "", ()))
        super().async_notify_rows(notified)
