"""Buttons that ring bells and teach receivers."""

from typing import ClassVar, override

from homeassistant.components.button import ButtonEntity
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import TelldusConfigEntry
from .devices.kinds import BELL, LEARN
from .entity import TelldusDeviceEntity, async_add_device_entities
from .pa_api import Method

# The rate limiter paces the requests; a limit here would only delay the optimistic state.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the buttons of an account."""
    async_add_device_entities(
        entry,
        async_add_entities,
        Platform.BUTTON,
        {
            BELL: TelldusBellButton,
            LEARN: TelldusLearnButton,
        },
    )


class TelldusButton(TelldusDeviceEntity, ButtonEntity):
    """A method that leaves no state behind."""

    method: ClassVar[Method]

    @property
    @override
    def assumed_state(self) -> bool:
        """Always False: the state is when the button was pressed."""
        return False

    @override
    async def async_press(self) -> None:
        """Send the method."""
        await self.async_command(self.method)


class TelldusBellButton(TelldusButton):
    """Rings a bell, or the one in something that is more than a bell."""

    _attr_translation_key = "bell"
    method = Method.BELL


class TelldusLearnButton(TelldusButton):
    """Sends the signal by which a receiver is paired with this device."""

    _attr_entity_category = EntityCategory.CONFIG
    _attr_translation_key = "learn"
    method = Method.LEARN

    def __init__(self, entry: TelldusConfigEntry, device_id: str, part: str) -> None:
        """Initialize the button."""
        super().__init__(entry, device_id, part)
        # Needed once in the life of a receiver, and harmful when pressed by mistake.
        self._attr_entity_registry_enabled_default = False
