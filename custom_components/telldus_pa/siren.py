"""Sirens: alarms and smoke detectors that can be made to sound.

Source: docs/dev/telldus-api.md, "deviceType".
"""

from typing import Any, override

from homeassistant.components.siren import SirenEntity, SirenEntityFeature
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import TelldusConfigEntry
from .devices.kinds import SIREN
from .entity import TelldusDeviceEntity, async_add_device_entities
from .pa_api import Method

# The rate limiter paces the requests; a limit here would only delay the optimistic state.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sirens of an account."""
    async_add_device_entities(
        entry, async_add_entities, Platform.SIREN, {SIREN: TelldusSiren}
    )


class TelldusSiren(TelldusDeviceEntity, SirenEntity):
    """The siren of an alarm or a smoke detector, beside what it detects."""

    _attr_supported_features = SirenEntityFeature.TURN_ON | SirenEntityFeature.TURN_OFF
    _attr_translation_key = "siren"

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it sounds, None if unknown."""
        return self.device.is_on

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Sound the siren."""
        await self.async_command(Method.TURNON)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Silence the siren."""
        await self.async_command(Method.TURNOFF)
