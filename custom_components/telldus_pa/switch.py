"""Switches: devices that can be turned on and off and are no lamps."""

from typing import Any, override

from homeassistant.components.switch import SwitchDeviceClass, SwitchEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import TelldusConfigEntry
from .devices.kinds import MAIN_ENTITY
from .entity import TelldusDeviceEntity, async_add_device_entities
from .pa_api import DeviceType, Method

# The rate limiter paces the requests; a limit here would only delay the optimistic state.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switches of an account."""
    async_add_device_entities(
        entry, async_add_entities, Platform.SWITCH, {MAIN_ENTITY: TelldusSwitch}
    )


class TelldusSwitch(TelldusDeviceEntity, SwitchEntity):
    """A device that can be turned on and off."""

    @property
    @override
    def device_class(self) -> SwitchDeviceClass:
        """The device class; most devices of the type SWITCH_OUTLET are outlets."""
        if self.device.device_type is DeviceType.SWITCH_OUTLET:
            return SwitchDeviceClass.OUTLET
        return SwitchDeviceClass.SWITCH

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether the device is on, None if unknown."""
        return self.device.is_on

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn the device on."""
        await self.async_command(Method.TURNON)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn the device off."""
        await self.async_command(Method.TURNOFF)
