"""What an entity here gets of what the user has set for the one that it replaces."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .helpers import is_wrapped
from .plan import EntityMigration, helper_entity

# The option with which voice assistants are allowed an entity.
_SHOULD_EXPOSE: Final = "should_expose"


@dataclass(frozen=True, slots=True)
class Customizations:
    """Fields and options, by domain, for an entity of the registry, and its area."""

    fields: dict[str, Any]
    options: dict[str, Mapping[str, Any]]
    area_id: str | None


@callback
def async_customizations(
    hass: HomeAssistant, migration: EntityMigration, target: er.RegistryEntry
) -> Customizations:
    """Collect what the user has set for the entity of tellduslive, and for its helper.

    Where a helper shows the entity, the user has hidden and exposed that one.
    """
    source = er.async_get(hass).entities[migration.entity_id]
    helper = helper_entity(hass, migration)
    shown = helper or source
    rows = (helper, source) if helper else (source,)
    fields: dict[str, Any] = {
        "name": next(filter(None, (one.name for one in rows)), target.name),
        "icon": next(filter(None, (one.icon for one in rows)), target.icon),
        "aliases": shown.aliases,
        "labels": target.labels.union(*(one.labels for one in rows)),
        "categories": dict(target.categories),
        # Helpers hide what they show themselves. That one is to be seen here.
        "hidden_by": er.RegistryEntryHider.USER
        if shown.hidden_by is er.RegistryEntryHider.USER
        else None,
    }
    for one in reversed(rows):
        fields["categories"] |= one.categories
    if shown.disabled_by is er.RegistryEntryDisabler.USER:
        fields["disabled_by"] = shown.disabled_by
    is_exposed_by_helper = helper is None and is_wrapped(hass, source)
    return Customizations(
        fields,
        {
            domain: options
            for domain, options in shown.options.items()
            if _is_for(domain, shown, helper)
            and not (is_exposed_by_helper and _SHOULD_EXPOSE in options)
        },
        next(filter(None, (one.area_id for one in rows)), None),
    )


def _is_for(
    domain: str, shown: er.RegistryEntry, helper: er.RegistryEntry | None
) -> bool:
    """Return whether options mean something to the entity here.

    A light's options mean nothing to a cover, and a helper's own to nobody else.
    """
    return domain != (helper.platform if helper else shown.domain)
