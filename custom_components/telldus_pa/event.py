"""Events: presses of remotes and rings of doorbells, as far as the lists show them.

A list tells what a device did last, and neither when nor how often. What can be seen is that
this is something else than in the list before: of a remote with "on" and "off" each press
of the other button, and not a second press of the same one, nor the first of two between
two lists. Of a bell that was ever rung, nothing more can be seen at all.
Source: docs/telldus-api.md, "State" and "Quirks checklist".
"""

from collections.abc import Mapping
from typing import ClassVar, Final, override

from homeassistant.components.event import (
    DoorbellEventType,
    EventDeviceClass,
    EventEntity,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import TelldusConfigEntry
from .entity import TelldusDeviceEntity, async_add_devices
from .kinds import MAIN, RING
from .pa_api import Device, Method

# The request budget paces what is sent; a limit here would only delay what is shown.
PARALLEL_UPDATES = 0

# Seconds between two lists beyond which what is new in the later one may be long ago.
_JUST_NOW: Final = 60.0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the remotes and the bells of an account."""
    async_add_devices(
        entry,
        async_add_entities,
        Platform.EVENT,
        {MAIN: TelldusRemote, RING: TelldusDoorbell},
    )


class TelldusEvent(TelldusDeviceEntity, EventEntity):
    """Fires when its device is heard, and not when it is commanded from here."""

    # What is fired for each method that the device may be heard to send.
    types: ClassVar[Mapping[Method, str]]

    def __init__(self, entry: TelldusConfigEntry, device_id: str, part: str) -> None:
        """Stand for a device of the list."""
        super().__init__(entry, device_id, part)
        self._seen: Device | None = self._last
        self._was_commanded = False

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
    def async_fire(self, method: Method) -> None:
        """Note that the device was heard to send a method just now."""
        name = self.types.get(method)
        if name in self.event_types:
            self._trigger_event(name)
        self.async_write_ha_state()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Fire what a list shows for the first time."""
        if (method := self._heard()) is not None:
            self.async_fire(method)
        else:
            super()._handle_coordinator_update()

    def _heard(self) -> Method | None:
        """Return what was sent just now, between the last list and the one before."""
        lists, commands = self.coordinator, self._data.commands
        before, self._seen = self._seen, lists.data.get(self._row_id)
        # The list that settles a command, and ends it, may be the first to show its effect.
        was_commanded = self._was_commanded
        self._was_commanded = commands.is_commanded(self._row_id)
        if was_commanded or lists.requested - lists.requested_before > _JUST_NOW:
            return None
        return _difference(before, self._seen)


class TelldusRemote(TelldusEvent):
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


def _difference(before: Device | None, after: Device | None) -> Method | None:
    """Return what a device has done from one list to the next, None for nothing.

    What happened while its gateway was away, or while it was in no list, nobody heard.
    """
    if not before or not after or not before.online or not after.online:
        return None
    dimmed = after.state is Method.DIM and after.level != before.level
    return after.state if dimmed or after.state is not before.state else None
