"""Events: presses of remotes and rings of doorbells, as ``heard`` tells of them.

Source: docs/dev/telldus-api.md, "State" and "Quirks checklist".
"""

from collections.abc import Mapping
from typing import ClassVar, override

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
from .devices.kinds import MAIN_ENTITY, RING
from .entity import TelldusDeviceEntity, async_add_device_entities
from .events.matching import DeviceEvent
from .pa_api import Method

# The rate limiter paces what is sent; a limit here would only delay what is shown.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the remotes and the bells of an account."""
    async_add_device_entities(
        entry,
        async_add_entities,
        Platform.EVENT,
        {MAIN_ENTITY: TelldusRemoteEvent, RING: TelldusDoorbell},
    )


class TelldusEvent(TelldusDeviceEntity, EventEntity):
    """Fires when its device is heard, and not when it is commanded from here."""

    # What is fired for each method that the device may be heard to send.
    types: ClassVar[Mapping[Method, str]]

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what the device is heard to do."""
        await super().async_added_to_hass()
        heard = self._data.events
        self.async_on_remove(heard.async_listen(self._row_id, self._async_fire))

    @property
    @override
    def event_types(self) -> list[str]:
        """Return what can be fired: anything, where Telldus does not know its methods."""
        methods = self.row.methods
        known = [name for method, name in self.types.items() if method in methods]
        return known or list(self.types.values())

    @property
    @override
    def assumed_state(self) -> bool:
        """Return False: what was heard was heard."""
        return False

    @callback
    def _async_fire(self, occurrence: DeviceEvent, _shown: bool) -> None:
        """Note that the device was heard to send a method."""
        name = self.types.get(occurrence.method)
        if name in self.event_types:
            when = dt_util.utc_from_timestamp(occurrence.when)
            attributes = {"time": when.isoformat()}
            if occurrence.origin:
                attributes["origin"] = occurrence.origin
            self._trigger_event(name, attributes)
            self.async_write_ha_state()


class TelldusRemoteEvent(TelldusEvent):
    """A remote, by the methods that it sends."""

    _attr_device_class = EventDeviceClass.BUTTON
    _attr_translation_key = "remote"
    types = {
        Method.TURNON: "on",
        Method.TURNOFF: "off",
        Method.DIM: "dim",
        Method.UP: "up",
        Method.DOWN: "down",
        Method.STOP: "stop",
        Method.BELL: "bell",
    }


class TelldusDoorbell(TelldusEvent):
    """The button of a bell."""

    _attr_device_class = EventDeviceClass.DOORBELL
    types = {Method.BELL: DoorbellEventType.RING}
