"""Lights: dimmers, and what can be turned on and off and is a lamp."""

from typing import Any, override

from homeassistant.components.light import ATTR_BRIGHTNESS, ColorMode, LightEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import TelldusConfigEntry
from .entity import TelldusDeviceEntity, async_add_devices
from .kinds import Kind
from .pa_api import MAX_LEVEL, Method

# The request budget paces what is sent; a limit here would only delay what is shown.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the lights of an account."""
    async_add_devices(entry, async_add_entities, {Kind.LIGHT}, TelldusLight)


class TelldusLight(TelldusDeviceEntity, LightEntity):
    """A lamp, with or without a dimmer."""

    @property
    @override
    def color_mode(self) -> ColorMode:
        """Return what can be set: the level, or nothing but on and off."""
        dimmable = Method.DIM in self.device.methods
        return ColorMode.BRIGHTNESS if dimmable else ColorMode.ONOFF

    @property
    @override
    def supported_color_modes(self) -> set[ColorMode]:
        """Return the one mode that there is."""
        return {self.color_mode}

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the lamp is on, None if Telldus does not know."""
        return self.device.is_on

    @property
    @override
    def brightness(self) -> int | None:
        """Return the level, 1 to 255; None if it is not known.

        A plain "on" counts as the full level, as in the vendor's own app.
        """
        device = self.device
        return MAX_LEVEL if device.state is Method.TURNON else device.level

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn the lamp on; a level is sent only where one was asked for."""
        brightness: int | None = kwargs.get(ATTR_BRIGHTNESS)
        if brightness is None:
            await self.async_command(Method.TURNON)
        else:
            await self.async_command(Method.DIM, brightness)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn the lamp off."""
        await self.async_command(Method.TURNOFF)
