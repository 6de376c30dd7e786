"""Lights: dimmers, color lamps, and lamps that can be turned on and off."""

from typing import Any, override

from homeassistant.components.light import (
    ATTR_BRIGHTNESS,
    ATTR_RGB_COLOR,
    ColorMode,
    LightEntity,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import TelldusConfigEntry
from .devices.group_state import brightness_of
from .devices.kinds import MAIN_ENTITY
from .entity import TelldusDeviceEntity, async_add_device_entities
from .pa_api import MAX_LEVEL, Device, Method

# The rate limiter paces the requests; a limit here would only delay the optimistic state.
PARALLEL_UPDATES = 0

type _Rgb = tuple[int, int, int]
_WHITE: _Rgb = (MAX_LEVEL, MAX_LEVEL, MAX_LEVEL)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the lights of an account."""
    async_add_device_entities(
        entry, async_add_entities, Platform.LIGHT, {MAIN_ENTITY: TelldusLight}
    )


class TelldusLight(TelldusDeviceEntity, LightEntity):
    """A lamp, with or without a dimmer and colors."""

    # The color at full brightness of a lamp that has its brightness in its color: of
    # one that is dimmed to almost nothing, too little of it is left.
    _color: _Rgb | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Initialize the color from the row."""
        await super().async_added_to_hass()
        self._update_color()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Show what is new, and remember the color."""
        self._update_color()
        super()._handle_coordinator_update()

    @callback
    def _update_color(self) -> None:
        """Take over a color, unless it is the known one, dimmed."""
        rgb = _rgb_of(self.device)
        if rgb is None or not any(rgb):
            return
        level = max(rgb)
        if self._color is None or _scaled(self._color, level, MAX_LEVEL) != rgb:
            self._color = _scaled(rgb, MAX_LEVEL, level)

    @property
    @override
    def color_mode(self) -> ColorMode:
        """The mode: a color, the brightness, or only on and off."""
        methods = self.device.methods
        if Method.RGB in methods:
            return ColorMode.RGB
        return ColorMode.BRIGHTNESS if Method.DIM in methods else ColorMode.ONOFF

    @property
    @override
    def supported_color_modes(self) -> set[ColorMode]:
        """The one mode of the lamp."""
        return {self.color_mode}

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether the lamp is on, None if unknown."""
        return self.device.is_on

    @property
    @override
    def brightness(self) -> int | None:
        """The brightness, 1 to 255; None if unknown.

        A color lamp that cannot be dimmed has its brightness in its color.
        """
        device = self.device
        if Method.RGB in device.methods and Method.DIM not in device.methods:
            rgb = _rgb_of(device)
            return max(rgb) or None if rgb else None
        return brightness_of(device)

    @property
    @override
    def rgb_color(self) -> _Rgb | None:
        """The color at full brightness, None if unknown.

        A lamp that shines shines in no black: then its color is not known.
        """
        device = self.device
        rgb = _rgb_of(device)
        if rgb is None or not any(rgb):
            return None
        return rgb if Method.DIM in device.methods else self._color

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn the lamp on; a level and a color are sent only if the caller passed them.

        Setting a color does not turn a lamp on by itself.
        """
        brightness: int | None = kwargs.get(ATTR_BRIGHTNESS)
        rgb: _Rgb | None = kwargs.get(ATTR_RGB_COLOR)
        device = self.device
        if Method.DIM not in device.methods and (rgb or brightness is not None):
            level = self.brightness or MAX_LEVEL if brightness is None else brightness
            rgb = _scaled(rgb or self._color or _WHITE, level, MAX_LEVEL)
            brightness = None
        commands: list[tuple[Method, int | None]] = []
        if brightness is not None:
            commands.append((Method.DIM, brightness))
        elif rgb is None or not device.is_on:
            commands.append((Method.TURNON, None))
        if rgb is not None:
            red, green, blue = rgb
            commands.append((Method.RGB, red << 16 | green << 8 | blue))
        await self.async_commands(*commands)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn the lamp off."""
        await self.async_command(Method.TURNOFF)


def _rgb_of(device: Device) -> _Rgb | None:
    """Split a lamp's color into its parts, None if it is unknown."""
    if device.rgb is None:
        return None
    return (device.rgb >> 16 & 0xFF, device.rgb >> 8 & 0xFF, device.rgb & 0xFF)


def _scaled(rgb: _Rgb, level: int, full: int) -> _Rgb:
    """Scale a color so that ``full`` becomes ``level``."""
    red, green, blue = (round(part * level / full) for part in rgb)
    return (red, green, blue)
