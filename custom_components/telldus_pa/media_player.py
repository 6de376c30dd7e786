"""Media players: speakers, as a gateway's plug-in offers them.

Source: docs/dev/telldus-api.md, "Which kind?".
"""

from collections.abc import Mapping
from typing import Final, override

from homeassistant.components.media_player import (
    MediaPlayerDeviceClass,
    MediaPlayerEntity,
    MediaPlayerEntityFeature,
    MediaPlayerState,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity

from .data import TelldusConfigEntry
from .devices.kinds import MAIN_ENTITY
from .entity import TelldusDeviceEntity, async_add_device_entities
from .pa_api import Command, Method

# The rate limiter paces the requests; a limit here would only delay the optimistic state.
PARALLEL_UPDATES = 0

_STATES: Final[Mapping[Method | None, MediaPlayerState]] = {
    Method.TURNON: MediaPlayerState.PLAYING,
    Method.TURNOFF: MediaPlayerState.PAUSED,
    Method.STOP: MediaPlayerState.IDLE,
}
_STEPS: Final = (Method.UP, Method.DOWN)
_FEATURES: Final = {
    Method.TURNON: MediaPlayerEntityFeature.PLAY,
    Method.TURNOFF: MediaPlayerEntityFeature.PAUSE,
    Method.STOP: MediaPlayerEntityFeature.STOP,
    Method.UP | Method.DOWN: MediaPlayerEntityFeature.VOLUME_STEP,
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the media players of an account."""
    async_add_device_entities(
        entry,
        async_add_entities,
        Platform.MEDIA_PLAYER,
        {MAIN_ENTITY: TelldusMediaPlayer},
    )


class TelldusMediaPlayer(TelldusDeviceEntity, MediaPlayerEntity, RestoreEntity):
    """A speaker: ON plays, OFF pauses, UP and DOWN change the volume by a step."""

    _attr_device_class = MediaPlayerDeviceClass.SPEAKER

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the last state."""
        await super().async_added_to_hass()
        stored = await self.async_get_last_state()
        if stored and stored.state in _STATES.values():
            self._attr_state = MediaPlayerState(stored.state)
        self._update_state()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Update the state before it is written."""
        self._update_state()
        super()._handle_coordinator_update()

    @callback
    def _update_state(self) -> None:
        """Take over the state: whether it plays, None if unknown.

        A volume step leaves it as it was, since the row then has only the step.
        """
        if (method := self.device.state) not in _STEPS:
            self._attr_state = _STATES.get(method)

    @property
    @override
    def supported_features(self) -> MediaPlayerEntityFeature:
        """The features, by the methods of the device."""
        features = MediaPlayerEntityFeature(0)
        for methods, feature in _FEATURES.items():
            if methods in self.device.methods:
                features |= feature
        return features

    @override
    async def async_media_play(self) -> None:
        """Play."""
        await self.async_command(Method.TURNON)

    @override
    async def async_media_pause(self) -> None:
        """Pause."""
        await self.async_command(Method.TURNOFF)

    @override
    async def async_media_stop(self) -> None:
        """Stop."""
        await self.async_command(Method.STOP)

    @override
    async def async_volume_up(self) -> None:
        """Turn the volume up by a step."""
        await self._async_step(Method.UP)

    @override
    async def async_volume_down(self) -> None:
        """Turn the volume down by a step."""
        await self._async_step(Method.DOWN)

    async def _async_step(self, method: Method) -> None:
        """Change the volume. Raises HomeAssistantError."""
        await self.async_send(Command(self._row_id, method, is_volume_step=True))
