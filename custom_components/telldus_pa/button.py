"""Buttons: bells to ring, and receivers to teach."""

from typing import ClassVar, override

from homeassistant.components.button import ButtonEntity
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import TelldusConfigEntry
from .devices.kinds import BELL, LEARN, MAIN_ENTITY
from .entity import TelldusDeviceEntity, async_add_device_entities
from .pa_api import Method

# The rate limiter paces what is sent; a limit here would only delay what is shown.
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
            MAIN_ENTITY: TelldusBellButton,
        },
    )


class TelldusButton(TelldusDeviceEntity, ButtonEntity):
    """Has a device do something that leaves no state behind."""

    method: ClassVar[Method]

    @property
    @override
    def assumed_state(self) -> bool:
        """Return False: what is shown is when this was pressed, and that is known."""
        return False

    @override
    async def async_press(self) -> None:
        """Have the device do it."""
        await self.async_command(self.method)


class TelldusBellButton(TelldusButton):
    """Rings a bell, or the one in something that is more than a bell."""

    _attr_translation_key = "bell"
    method = Method.BELL


class TelldusLearnButton(TelldusButton):
    """Sends the signal by which a receiver learns to listen to this device."""

    _attr_entity_category = EntityCategory.CONFIG
    _attr_translation_key = "learn"
    method = Method.LEARN

    def __init__(self, entry: TelldusConfigEntry, device_id: str, part: str) -> None:
        """Stand for a device of the list."""
        super().__init__(entry, device_id, part)
        # Wanted once in the life of a receiver, and a nuisance when pressed by mistake.
        self._attr_entity_registry_enabled_default = False
