"""Events: presses of remotes and rings of doorbells, as the event tracker reports them.

Source: docs/dev/telldus-api.md, "State" and "Quirks checklist".
"""

from collections.abc import Mapping
from typing import Final, override

from homeassistant.components.event import (
    DoorbellEventType,
    EventDeviceClass,
    EventEntity,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .data import TelldusConfigEntry
from .devices.kinds import MAIN_ENTITY, DeviceKind, kind_of
from .entity import TelldusDeviceEntity, async_add_device_entities
from .events.matching import DeviceEvent
from .pa_api import Method

# These entities send nothing, so there is nothing to limit.
PARALLEL_UPDATES = 0

TYPES: Final[Mapping[EventDeviceClass, Mapping[Method, str]]] = {
    EventDeviceClass.BUTTON: {
        Method.TURNON: "on",
        Method.TURNOFF: "off",
        Method.DIM: "dim",
        Method.UP: "up",
        Method.DOWN: "down",
        Method.STOP: "stop",
        Method.BELL: "bell",
    },
    EventDeviceClass.DOORBELL: {Method.BELL: DoorbellEventType.RING},
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the events of an account."""
    async_add_device_entities(
        entry,
        async_add_entities,
        Platform.EVENT,
        {MAIN_ENTITY: TelldusEvent},
    )


class TelldusEvent(TelldusDeviceEntity, EventEntity):
    """A remote control or a bell.

    Fires when its device sends something, and not when Home Assistant commands it.
    """

    _attr_translation_key = "remote"

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the events of the device."""
        await super().async_added_to_hass()
        events = self._data.events
        self.async_on_remove(events.async_listen(self._row_id, self._async_fire))

    @property
    @override
    def device_class(self) -> EventDeviceClass:
        """The device class: doorbell, or button for each other remote control."""
        is_bell = kind_of(self.row) is DeviceKind.BELL
        return EventDeviceClass.DOORBELL if is_bell else EventDeviceClass.BUTTON

    @property
    def _types(self) -> Mapping[Method, str]:
        """The event type for each method that the device may send."""
        return TYPES[self.device_class]

    @property
    @override
    def event_types(self) -> list[str]:
        """The types of the device's methods, all if Telldus does not know them."""
        methods = self.row.methods
        types = [name for method, name in self._types.items() if method in methods]
        return types or list(self._types.values())

    @property
    @override
    def assumed_state(self) -> bool:
        """Always False: an event was received."""
        return False

    @callback
    def _async_fire(self, event: DeviceEvent, _in_state: bool) -> None:
        """Fire the type of an event's method."""
        name = self._types.get(event.method)
        if name in self.event_types:
            when = dt_util.utc_from_timestamp(event.when)
            attributes = {"time": when.isoformat()}
            if event.origin:
                attributes["origin"] = event.origin
            self._trigger_event(name, attributes)
            self.async_write_ha_state()
