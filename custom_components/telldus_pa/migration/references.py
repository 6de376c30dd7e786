"""What in Home Assistant refers to an entity or a device, as far as that can be found.

Home Assistant offers no public way for most of this. What is used of its components is
imported where it is used: where it has moved, that part is skipped, and ``is_complete`` says
so. A migration must not fail because of it.
"""

from collections.abc import Iterator, Mapping
import re
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback, split_entity_id
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import entity_sources

from ..const import LOGGER
from .helpers import texts

# What a moved module, a renamed attribute and a changed signature raise.
_MOVED: Final = (ImportError, AttributeError, TypeError)
# The keys that tell the domain of a trigger, a condition or an action: "domain: light" in
# those of a device, "action: light.turn_on" and the like in others.
_DOMAIN_KEYS: Final = ("domain", "action", "service", "trigger", "condition")
# What else stands there is a template.
_DOMAIN: Final = re.compile(r"[a-z0-9_]+")


class ReferenceSearch:
    """Searches automations, scripts, scenes, groups, persons and dashboards.

    ``is_complete`` turns False when something could not be searched.
    ``unread_dashboards`` are the titles of the dashboards that users keep in files.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize the search; dashboards are read by `async_read_dashboards`."""
        self._hass = hass
        # By title, each text in the dashboard that may be an entity id or a device id.
        self._dashboards: dict[str, frozenset[str]] = {}
        self.unread_dashboards: list[str] = []
        self.is_complete = True

    @callback
    def users_of_device(self, device_id: str) -> set[str]:
        """Find the entity ids of the automations and scripts that name a device."""
        try:
            # Imported here, as few installations need them for this.
            from homeassistant.components.automation import automations_with_device  # noqa: PLC0415
            from homeassistant.components.script import scripts_with_device  # noqa: PLC0415

            return {
                *automations_with_device(self._hass, device_id),
                *scripts_with_device(self._hass, device_id),
            }
        except _MOVED as err:
            self._skip("automations and scripts", err)
            return set()

    @callback
    def users_of_entity(self, entity_id: str) -> set[str]:
        """Find the entity ids of what names an entity: automations, scenes, groups."""
        try:
            from homeassistant.components.search import ItemType, Searcher  # noqa: PLC0415

            found = Searcher(self._hass, entity_sources(self._hass)).async_search(
                ItemType.ENTITY, entity_id
            )
            return {
                user
                for item_type in (
                    ItemType.AUTOMATION,
                    ItemType.GROUP,
                    ItemType.PERSON,
                    ItemType.SCENE,
                    ItemType.SCRIPT,
                )
                for user in found.get(item_type, ())
            }
        except _MOVED as err:
            self._skip("automations, scripts, scenes, groups and persons", err)
            return set()

    @callback
    def users_of_its_device(self, entity: er.RegistryEntry) -> set[str]:
        """Find what targets an entity by its device.

        Those are device triggers, conditions and actions, and actions with a device as their
        target. What is not understood, such as the inputs of a blueprint, is included.
        """
        device_id = entity.device_id or ""
        return {
            user
            for user in self.users_of_device(device_id)
            if _may_mean(self._config_of(user), device_id, entity)
        }

    def _config_of(self, entity_id: str) -> Any:
        """Look up how an automation or a script is written, None where it is not known."""
        component = self._hass.data.get(split_entity_id(entity_id)[0])
        found = component.get_entity(entity_id) if component else None
        return getattr(found, "raw_config", None)

    async def async_read_dashboards(self) -> None:
        """Read the dashboards that Home Assistant stores.

        Those that a user keeps in files are not read: their author knows what they name.
        """
        try:
            from homeassistant.components.lovelace.const import (  # noqa: PLC0415
                LOVELACE_DATA,
                MODE_STORAGE,
                ConfigNotFound,
            )

            data = self._hass.data.get(LOVELACE_DATA)
            for path, dashboard in (data.dashboards if data else {}).items():
                title = str((dashboard.config or {}).get("title") or path or "Overview")
                if dashboard.mode != MODE_STORAGE:
                    self.unread_dashboards.append(title)
                    continue
                try:
                    config = await dashboard.async_load(False)
                except ConfigNotFound:
                    # Home Assistant generates it each time that it is displayed.
                    continue
                self._dashboards[title] = frozenset(texts(config))
        except _MOVED as err:
            self._skip("dashboards", err)

    def dashboards_using(self, reference: str) -> list[str]:
        """List the titles of the dashboards that name an entity or a device by its id."""
        return [
            title for title, texts in self._dashboards.items() if reference in texts
        ]

    def _skip(self, what: str, err: Exception) -> None:
        """Note that something could not be searched, and log it once for each search."""
        if self.is_complete:
            LOGGER.warning("Home Assistant's %s cannot be searched: %r", what, err)
        self.is_complete = False


def _may_mean(config: Any, device_id: str, entity: er.RegistryEntry) -> bool:
    """Return whether a configuration that names a device may mean an entity of it."""
    mentions = list(_mentions(config, device_id, entity))
    return any(mentions) or not mentions


def _mentions(part: Any, device_id: str, entity: er.RegistryEntry) -> Iterator[bool]:
    """Tell of each mention of a device whether it may mean an entity of it."""
    if isinstance(part, list):
        for item in part:
            yield from _mentions(item, device_id, entity)
    elif isinstance(part, Mapping):
        nested = [part, *(part.get(key) for key in ("target", "data"))]
        if any(isinstance(one, Mapping) and _names(one, device_id) for one in nested):
            if "domain" in part and "entity_id" in part:
                yield part["entity_id"] in (entity.id, entity.entity_id)
            else:
                kinds = (part.get(key) for key in _DOMAIN_KEYS)
                domain = next(filter(None, kinds), "").partition(".")[0]
                yield domain == entity.domain or not _DOMAIN.fullmatch(domain)
        else:
            for value in part.values():
                yield from _mentions(value, device_id, entity)


def _names(part: Mapping[str, Any], device_id: str) -> bool:
    """Return whether a part of a configuration has a device id."""
    named = part.get("device_id")
    return device_id in named if isinstance(named, list) else device_id == named
