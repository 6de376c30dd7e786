"""Covers: blinds, shutters, awnings and screens, with or without a position.

Source: docs/dev/telldus-api.md, "State".
"""

from typing import Any, override

from homeassistant.components.cover import (
    ATTR_POSITION,
    CoverDeviceClass,
    CoverEntity,
    CoverEntityFeature,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_REVERSED_COVERS
from .data import TelldusConfigEntry
from .devices.kinds import MAIN_ENTITY
from .entity import TelldusDeviceEntity, async_add_device_entities
from .pa_api import MAX_LEVEL, DeviceType, Method

# The rate limiter paces what is sent; a limit here would only delay what is shown.
PARALLEL_UPDATES = 0

_CLOSED = 0
_OPEN = 100

_DEVICE_CLASSES = {
    DeviceType.PROJECTOR_SCREEN: CoverDeviceClass.SHADE,
    DeviceType.WINDOW_COVERING: CoverDeviceClass.BLIND,
}
_FEATURES = {
    Method.UP: CoverEntityFeature.OPEN,
    Method.DOWN: CoverEntityFeature.CLOSE,
    Method.STOP: CoverEntityFeature.STOP,
    Method.DIM: CoverEntityFeature.SET_POSITION,
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the covers of an account."""
    async_add_device_entities(
        entry, async_add_entities, Platform.COVER, {MAIN_ENTITY: TelldusCover}
    )


class TelldusCover(TelldusDeviceEntity, CoverEntity):
    """Something that goes up and down. Nothing tells whether it is moving just now."""

    @property
    @override
    def device_class(self) -> CoverDeviceClass | None:
        """Return what it is, as far as Telldus' types tell."""
        return _DEVICE_CLASSES.get(self.device.device_type)

    @property
    @override
    def supported_features(self) -> CoverEntityFeature:
        """Return what it can be told."""
        features = CoverEntityFeature(0)
        for method, feature in _FEATURES.items():
            if method in self.device.methods:
                features |= feature
        return features

    @property
    @override
    def assumed_state(self) -> bool:
        """Return True for what tells no position: a hand may have moved it since."""
        return super().assumed_state or Method.DIM not in self.device.methods

    @property
    @override
    def current_cover_position(self) -> int | None:
        """Return the position, 0 (closed) to 100; None where it has none or it is lost."""
        return self._position if Method.DIM in self.device.methods else None

    @property
    @override
    def is_closed(self) -> bool | None:
        """Return whether it is closed, None once it was stopped on its way."""
        position = self._position
        return None if position is None else position == _CLOSED

    @property
    def _position(self) -> int | None:
        """Return the position that the last thing it did led to."""
        device = self.device
        match device.state:
            case Method.UP:
                return _OPEN
            case Method.DOWN:
                return _CLOSED
            case Method.DIM if device.level is not None:
                return round(_OPEN * self._to_position(device.level / MAX_LEVEL))
        return None

    def _to_position(self, share: float) -> float:
        """Return a share of the highest level as one of being open, and the reverse.

        255 is taken for closed. Which it is nobody knows for all covers, and so the
        person can say that for some it is open.
        """
        reversed_covers = self._entry.options.get(CONF_REVERSED_COVERS, ())
        return share if self._row_id in reversed_covers else 1 - share

    @override
    async def async_open_cover(self, **kwargs: Any) -> None:
        """Open the cover."""
        await self.async_command(Method.UP)

    @override
    async def async_close_cover(self, **kwargs: Any) -> None:
        """Close the cover."""
        await self.async_command(Method.DOWN)

    @override
    async def async_stop_cover(self, **kwargs: Any) -> None:
        """Stop the cover."""
        await self.async_command(Method.STOP)

    @override
    async def async_set_cover_position(self, **kwargs: Any) -> None:
        """Move the cover to a position. Both ends are right whichever way levels run."""
        position: int = kwargs[ATTR_POSITION]
        methods = self.device.methods
        if position == _OPEN and Method.UP in methods:
            await self.async_command(Method.UP)
        elif position == _CLOSED and Method.DOWN in methods:
            await self.async_command(Method.DOWN)
        else:
            level = round(MAX_LEVEL * self._to_position(position / _OPEN))
            await self.async_command(Method.DIM, level)
