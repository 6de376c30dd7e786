"""Home Assistant's event for what happened too long ago to act upon."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, EVENT_MISSED
from ..coordinator import DeviceCoordinator
from ..devices.kinds import MAIN_ENTITY, entity_parts
from ..devices.unique_ids import device_unique_id
from .matching import DeviceEvent


@callback
def async_fire_missed_event(
    hass: HomeAssistant,
    entry: ConfigEntry,
    devices: DeviceCoordinator,
    event: DeviceEvent,
) -> None:
    """Fire the event on Home Assistant's bus; no entity changes."""
    device = devices.data.get(event.device_id)
    if device is None:
        # It left Telldus between two events of its history.
        return
    parts = dict(entity_parts(device, devices.topology.kinds[device.id]))
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id(
        parts.get(MAIN_ENTITY, Platform.EVENT),
        DOMAIN,
        device_unique_id(entry, device.id),
    )
    entity = registry.async_get(entity_id) if entity_id else None
    hass.bus.async_fire(
        EVENT_MISSED,
        {
            "device_id": entity and entity.device_id,
            "entity_id": entity_id,
            "name": device.name,
            "method": (event.method.name or "").lower(),
            "level": event.level,
            "origin": event.origin,
            "time": dt_util.utc_from_timestamp(event.when).isoformat(),
        },
    )
