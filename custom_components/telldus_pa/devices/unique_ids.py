"""The ids by which Home Assistant's registries know what there is at Telldus.

They have the account in them, for two accounts may share a gateway.
"""

from typing import Any

from homeassistant.config_entries import ConfigEntry

from .kinds import MAIN_ENTITY


def gateway_unique_id(entry: ConfigEntry[Any], gateway_id: str) -> str:
    """Return the id of a gateway in Home Assistant's registries."""
    return f"{entry.unique_id}_gateway_{gateway_id}"


def device_unique_id(entry: ConfigEntry[Any], device_id: str) -> str:
    """Return the id of a device in Home Assistant's registries."""
    return f"{entry.unique_id}_device_{device_id}"


def sensor_unique_id(entry: ConfigEntry[Any], sensor_id: str) -> str:
    """Return the id of a sensor in Home Assistant's registries."""
    return f"{entry.unique_id}_sensor_{sensor_id}"


def account_unique_id(entry: ConfigEntry[Any]) -> str:
    """Return the id of the account itself in Home Assistant's registries."""
    return f"{entry.unique_id}_account"


def entity_unique_id(thing: str, part: str) -> str:
    """Return the unique id of the entity that shows a part of a device or a sensor."""
    return thing if part == MAIN_ENTITY else f"{thing}_{part}"
