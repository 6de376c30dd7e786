"""What the user is shown before a migration: what changes, and what uses it."""

from collections.abc import Iterable
import re
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN
from ..data import TelldusConfigEntry
from .helpers import entries_using
from .plan import (
    DeviceMigration,
    EntityMigration,
    MigrationAction,
    MigrationPlan,
    helper_entity,
    new_entity_id,
)
from .references import ReferenceSearch

_NOTHING: Final = "–"
# The characters that Markdown gives a meaning.
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$])")


async def async_summarize(
    hass: HomeAssistant, entry: TelldusConfigEntry, plan: MigrationPlan
) -> tuple[dict[str, str], bool]:
    """Build the placeholders of the dialog's text, and tell whether all was searched.

    A table's placeholder is its rows in Markdown; the headings are in the text. What uses
    an entity comes first: the dialog is too narrow for two entity ids and that.
    """
    search = ReferenceSearch(hass)
    await search.async_read_dashboards()
    table = _SummaryTable(hass, search)
    placeholders = {
        "name": entry.title,
        "entities": str(len(plan.entities_with(MigrationAction.MOVES))),
        "devices": str(len(plan.devices)),
        "replaced": _markdown(
            table.changed(entity)
            for entity in plan.entities_with(MigrationAction.REPLACED)
        ),
        "kept": _markdown(
            table.changed(entity) for entity in plan.entities_with(MigrationAction.KEPT)
        ),
        "taken": _markdown(
            row for entity in plan.entities for row in table.helper_rows(entity)
        ),
        "orphaned": _markdown(
            row for entity in plan.entities for row in table.orphaned_rows(entity)
        ),
        "merged": _markdown(
            table.merged(device) for device in plan.devices if device.merged_device_ids
        ),
        "leaving": _markdown(
            row
            for entity in plan.entities_with(MigrationAction.MOVES)
            for row in table.displaced_rows(entity)
        ),
        "unknown": ", ".join(_escape(title) for title in search.unread_dashboards)
        or _NOTHING,
    }
    return placeholders, search.is_complete


class _SummaryTable:
    """Builds the rows of the tables, each a tuple of cells."""

    def __init__(self, hass: HomeAssistant, search: ReferenceSearch) -> None:
        """Initialize the table."""
        self._hass = hass
        self._search = search

    def changed(self, migration: EntityMigration) -> tuple[str, ...]:
        """Build the row of an entity that has another entity id here.

        Its device becomes this integration's, without it: what means it by that breaks too.
        """
        entity = er.async_get(self._hass).entities[migration.entity_id]
        users = self._search.users_of_entity(migration.entity_id)
        users |= self._search.users_of_its_device(entity)
        return (
            self._names(migration.entity_id, users),
            f"`{migration.entity_id}`",
            f"`{new_entity_id(self._hass, migration)}`",
        )

    def helper_rows(self, migration: EntityMigration) -> Iterable[tuple[str, ...]]:
        """Build the row of the helper whose place is taken."""
        if helper := helper_entity(self._hass, migration):
            yield (
                self._entry_title(helper.config_entry_id or ""),
                f"`{migration.entity_id}`",
                f"`{helper.entity_id}`",
            )

    def orphaned_rows(self, migration: EntityMigration) -> Iterable[tuple[str, ...]]:
        """Build the rows of what is set up with an entity that stays with tellduslive."""
        if migration.action is MigrationAction.MOVES:
            return
        helper = helper_entity(self._hass, migration)
        entity = er.async_get(self._hass).entities[migration.entity_id]
        for entry in entries_using(self._hass, entity):
            if helper is None or entry.entry_id != helper.config_entry_id:
                yield (
                    self._entry_title(entry.entry_id),
                    f"`{migration.entity_id}`",
                    f"`{new_entity_id(self._hass, migration)}`",
                )

    def _entry_title(self, entry_id: str) -> str:
        """Look up the title of a config entry."""
        return _escape(self._hass.config_entries.async_get_known_entry(entry_id).title)

    def displaced_rows(self, migration: EntityMigration) -> Iterable[tuple[str, ...]]:
        """Build the row of the entity here that is removed, if anything uses it."""
        displaced = er.async_get(self._hass).async_get_entity_id(
            migration.platform, DOMAIN, migration.unique_id
        )
        if not displaced:
            return
        users = self._users_of_entity(displaced)
        if users != _NOTHING:
            yield users, f"`{displaced}`", f"`{migration.entity_id}`"

    def merged(self, migration: DeviceMigration) -> tuple[str, ...]:
        """Build the row of the devices that become one with the primary device."""
        merged = migration.merged_device_ids
        users = [
            self._names(device_id, self._search.users_of_device(device_id))
            for device_id in merged
        ]
        return (
            ", ".join(sorted({self._device_name(device_id) for device_id in merged})),
            self._device_name(migration.primary_device_id),
            ", ".join(users),
        )

    def _device_name(self, device_id: str) -> str:
        """Look up the name of a device."""
        device = dr.async_get(self._hass).async_get(device_id)
        return _escape((device and (device.name_by_user or device.name)) or "")

    def _users_of_entity(self, entity_id: str) -> str:
        """List by name what refers to an entity."""
        return self._names(entity_id, self._search.users_of_entity(entity_id))

    def _names(self, reference: str, entity_ids: Iterable[str]) -> str:
        """List the names of entities, and of the dashboards that name a reference.

        This integration's own groups are left out: they follow their members by themselves.
        """
        states, registry = self._hass.states, er.async_get(self._hass)
        names = [
            state.name if (state := states.get(entity_id)) else entity_id
            for entity_id in entity_ids
            if not (
                (entity := registry.async_get(entity_id)) and entity.platform == DOMAIN
            )
        ]
        names += self._search.dashboards_using(reference)
        return ", ".join(_escape(name) for name in sorted(names)) or _NOTHING


def _markdown(rows: Iterable[tuple[str, ...]]) -> str:
    """Format the rows of a table, first those of what something uses."""
    used_first = sorted(rows, key=lambda row: _NOTHING in row)
    lines = [f"| {' | '.join(row)} |" for row in used_first]
    return "\n".join(lines) or f"| {_NOTHING} | {_NOTHING} | {_NOTHING} |"


def _escape(text: str) -> str:
    """Escape a text for Markdown, and put it on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
