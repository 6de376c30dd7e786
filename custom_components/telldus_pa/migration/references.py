"""Who refers to an entity or a device, as far as Home Assistant can tell."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import re
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import entity_sources

# How an entity is named in a text, a template among them.
_ENTITY_ID: Final = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class DashboardReferences:
    """What dashboards refer to, and which of them could not be looked into.

    ``names`` are all words by which an entity or a device may be meant, by the title of
    the dashboard.
    """

    names: Mapping[str, frozenset[str]]
    unknown: tuple[str, ...]

    def using(self, name: str) -> Iterator[str]:
        """Return the titles of those that refer to an entity or a device by its id."""
        return (title for title, names in self.names.items() if name in names)


@callback
def users_of_device(hass: HomeAssistant, device_id: str) -> set[str]:
    """Return the entity ids of the automations and scripts that name a device."""
    # Here, since these bring much with them that few will need.
    from homeassistant.components.automation import automations_with_device  # noqa: PLC0415
    from homeassistant.components.script import scripts_with_device  # noqa: PLC0415

    return {
        *automations_with_device(hass, device_id),
        *scripts_with_device(hass, device_id),
    }


@callback
def users_of_entity(hass: HomeAssistant, entity_id: str) -> set[str]:
    """Return the entity ids of whatever names an entity: automations, scenes, groups."""
    from homeassistant.components.search import ItemType, Searcher  # noqa: PLC0415

    found = Searcher(hass, entity_sources(hass)).async_search(
        ItemType.ENTITY, entity_id
    )
    return {
        user
        for kind in (
            ItemType.AUTOMATION,
            ItemType.GROUP,
            ItemType.PERSON,
            ItemType.SCENE,
            ItemType.SCRIPT,
        )
        for user in found.get(kind, ())
    }


async def async_dashboards(hass: HomeAssistant) -> DashboardReferences:
    """Look into the dashboards that Home Assistant keeps itself.

    Those that a person writes in files are not read: whoever writes them knows.
    """
    from homeassistant.components.lovelace.const import (  # noqa: PLC0415
        LOVELACE_DATA,
        MODE_STORAGE,
        ConfigNotFound,
    )

    names: dict[str, frozenset[str]] = {}
    unknown: list[str] = []
    data = hass.data.get(LOVELACE_DATA)
    for path, dashboard in (data.dashboards if data else {}).items():
        title = str((dashboard.config or {}).get("title") or path or "Overview")
        if dashboard.mode != MODE_STORAGE:
            unknown.append(title)
            continue
        try:
            config = await dashboard.async_load(False)
        except ConfigNotFound:
            # Home Assistant makes it up anew each time that it is shown.
            continue
        names[title] = frozenset(_names(config))
    return DashboardReferences(names, tuple(unknown))


def _names(part: Any) -> Iterator[str]:
    """Return whatever may be the id of an entity or a device in a dashboard."""
    if isinstance(part, str):
        yield part
        yield from _ENTITY_ID.findall(part)
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from _names(value)
    elif isinstance(part, list):
        for value in part:
            yield from _names(value)
