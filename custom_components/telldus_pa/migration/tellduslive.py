"""What is known of Home Assistant's own integration, tellduslive."""

from typing import Any, Final

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.loader import async_get_loaded_integration

from ..const import LOGGER
from ..data import TelldusConfigEntry
from ..issues import Issue, async_set_issue
from ..pa_api import SensorValue

TELLDUSLIVE_DOMAIN: Final = "tellduslive"
# The key of the connection's settings in its entry's data.
_SESSION: Final = "session"

# It shows each type of value in one unit, whatever its scale is. This is the scale for
# which the unit is correct. Other types have no unit there, so their statistics cannot end
# because of another unit.
_SCALE_OF_UNIT: Final = {
    "temp": 0,
    "humidity": 0,
    "rrate": 0,
    "rtot": 0,
    "wdir": 0,
    "wavg": 0,
    "wgust": 0,
    "uv": 0,
    "watt": 2,
    "lum": 1,
    "dewp": 0,
    "barpress": 0,
}


def sensor_identifier(sensor_id: str) -> str:
    """Build the identifier of the registry device of a sensor."""
    return f"_{sensor_id}"


def value_unique_id(sensor_id: str, value: SensorValue) -> str:
    """Build the unique id of the entity of a sensor's value."""
    return f"{sensor_identifier(sensor_id)}-{value.name}-{value.scale}"


def has_correct_unit(value: SensorValue) -> bool:
    """Return whether tellduslive shows a value in the unit that it has."""
    return _SCALE_OF_UNIT.get(value.name, value.scale) == value.scale


@callback
def core_entries(hass: HomeAssistant) -> list[ConfigEntry]:
    """List the entries of tellduslive that poll Telldus Live.

    An entry with a host in its session talks to a gateway on the local network.
    """
    return [
        entry
        for entry in hass.config_entries.async_entries(
            TELLDUSLIVE_DOMAIN, include_ignore=False
        )
        if CONF_HOST not in entry.data.get(_SESSION, {})
    ]


@callback
def async_watch_tellduslive(hass: HomeAssistant, entry: TelldusConfigEntry) -> None:
    """Keep the repair up to date that says that tellduslive uses up the same limit."""

    @callback
    def async_entry_changed(
        _change: ConfigEntryChange, changed: ConfigEntry[Any]
    ) -> None:
        """Update the repair after a change to an entry of tellduslive."""
        if changed.domain == TELLDUSLIVE_DOMAIN:
            async_update_issue()

    @callback
    def async_update_issue() -> None:
        """Create the repair while an entry is enabled, else delete it."""
        is_enabled = any(core.disabled_by is None for core in core_entries(hass))
        async_set_issue(hass, entry, Issue.TELLDUSLIVE_ACTIVE, show=is_enabled)

    entry.async_on_unload(
        async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, async_entry_changed)
    )
    async_update_issue()


async def async_unload_remaining(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Unload the entities that an entry has left loaded when it was unloaded.

    In Home Assistant 2026.8, tellduslive unloads none of its platforms, and an entity that
    is loaded cannot be given to another entry. The same is left of an entry that could not
    be unloaded. The platforms' own hook is called, since ``async_unload_platforms`` does
    nothing for an entry that is not loaded. What that leaves is removed: it may fail, and
    tellduslive of 2026.8 goes on adding entities to a platform that was unloaded before.
    """
    remaining = [
        platform
        for platform in async_get_platforms(hass, entry.domain)
        if platform.config_entry is entry and platform.entities
    ]
    for platform in remaining:
        integration = async_get_loaded_integration(hass, platform.domain)
        component = await integration.async_get_component()
        try:
            await component.async_unload_entry(hass, entry)
        except Exception:  # noqa: BLE001
            LOGGER.exception("%s could not be unloaded", platform.domain)
        if platform.entities:
            await platform.async_reset()
