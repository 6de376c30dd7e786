"""What in Home Assistant refers to an entity or a device, as far as that can be found.

Home Assistant offers no public way for most of this. What is used of its components is
imported where it is used: where it has moved, that part is skipped, and ``is_complete`` says
so. A migration must not fail because of it.
"""

from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import entity_sources

from ..const import LOGGER
from .helpers import texts

# What a moved module, a renamed attribute and a changed signature raise.
_MOVED: Final = (ImportError, AttributeError, TypeError)


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
