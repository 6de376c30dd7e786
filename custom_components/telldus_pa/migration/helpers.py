"""The helpers that are set up with an entity, those above all that show a switch as something else.

"Change device type of a switch" (``switch_as_x``) hides the switch and takes its exposure.
"""

from collections.abc import Iterator, Mapping
import re
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ENTITY_ID, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN

_SWITCH_AS_X: Final = "switch_as_x"
_TARGET_DOMAIN: Final = "target_domain"
# How an entity is named in a text, a template among them.
_ENTITY_ID: Final = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")


@callback
def entries_using(
    hass: HomeAssistant, entity: er.RegistryEntry
) -> list[ConfigEntry[Any]]:
    """List the entries that are set up with an entity: helpers, HomeKit bridges and others."""
    names = {entity.entity_id, entity.id}
    return [
        entry
        for entry in hass.config_entries.async_entries(include_ignore=False)
        if entry.domain not in (entity.platform, DOMAIN)
        and not names.isdisjoint(texts([entry.options, entry.data]))
    ]


@callback
def is_wrapped(hass: HomeAssistant, entity: er.RegistryEntry) -> bool:
    """Return whether a helper shows a switch as something else."""
    return any(entry.domain == _SWITCH_AS_X for entry in entries_using(hass, entity))


@callback
def helper_showing(
    hass: HomeAssistant, entity: er.RegistryEntry, platform: Platform
) -> str | None:
    """Find the entity with which a helper shows a switch on a platform, by registry id."""
    registry = er.async_get(hass)
    for entry in entries_using(hass, entity):
        if (
            entry.domain == _SWITCH_AS_X
            and entry.disabled_by is None
            and entry.options.get(_TARGET_DOMAIN) == platform
            and entry.options.get(CONF_ENTITY_ID) in (entity.entity_id, entity.id)
        ):
            for shown in er.async_entries_for_config_entry(registry, entry.entry_id):
                return shown.id
    return None


def texts(part: Any) -> Iterator[str]:
    """Iterate over the texts of a configuration that may be the id of an entity or a device."""
    if isinstance(part, str):
        yield part
        yield from _ENTITY_ID.findall(part)
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts(value)
