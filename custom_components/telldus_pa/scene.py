"""Scenes that were created at Telldus."""

from typing import Any, override

from homeassistant.components.scene import Scene
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import TelldusConfigEntry
from .devices.kinds import MAIN_ENTITY
from .entity import TelldusDeviceEntity, async_add_device_entities
from .pa_api import Method

# The rate limiter paces the requests; a limit here would only delay the optimistic state.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the scenes of an account."""
    async_add_device_entities(
        entry, async_add_entities, Platform.SCENE, {MAIN_ENTITY: TelldusScene}
    )


class TelldusScene(TelldusDeviceEntity, Scene):
    """A scene. Its effects are unknown here, so no optimistic state follows."""

    @override
    async def async_activate(self, **kwargs: Any) -> None:
        """Activate the scene."""
        await self.async_command(Method.TURNON)
