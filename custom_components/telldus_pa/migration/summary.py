"""What the user is shown before a migration: what changes, and what uses it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
import re
from typing import Final, override

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN
from ..data import TelldusConfigEntry
from .helpers import entries_using
from .plan import (
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

    What has to be changed is a list in Markdown: a table of entity ids is wider than a
    phone.
    """
    search = ReferenceSearch(hass)
    await search.async_read_dashboards()
    summary = _Summary(hass, search)
    changes = [
        summary.changed(entity)
        for entity in plan.entities
        if entity.action is not MigrationAction.MOVES
    ]
    used = [
        *(change for change in changes if change.users),
        *summary.merged(plan),
        *summary.displaced(plan),
    ]
    placeholders = {
        "name": entry.title,
        "entities": str(len(plan.entities_with(MigrationAction.MOVES))),
        "devices": str(len(plan.devices)),
        "helpers": "".join(f", {_escape(title)}" for title in summary.helpers(plan)),
        "used": "".join(f"\n{change}" for change in used) or _NOTHING,
        "unused": str(sum(not change.users for change in changes)),
        "unknown": f" ({_names(unread)})"
        if (unread := search.unread_dashboards)
        else "",
    }
    return placeholders, search.is_complete


@dataclass(frozen=True, slots=True)
class _Change:
    """What becomes what, in Markdown, and the names of what uses it."""

    users: Collection[str]
    old: str
    new: str

    @override
    def __str__(self) -> str:
        """Format an item of the list."""
        return f"- {_names(self.users)}: {self.old} → {self.new}"


class _Summary:
    """Finds what changes, and what uses it."""

    def __init__(self, hass: HomeAssistant, search: ReferenceSearch) -> None:
        """Initialize the summary."""
        self._hass = hass
        self._search = search

    def changed(self, migration: EntityMigration) -> _Change:
        """Return the change of an entity that has another entity id here.

        Its device moves to this integration and the entity does not, so what targets it by
        its device breaks as well. So do helpers that are made from it, except for the one
        whose place is taken.
        """
        entity = er.async_get(self._hass).entities[migration.entity_id]
        users = self._search.users_of_entity(migration.entity_id)
        users |= self._search.users_of_its_device(entity)
        helper = helper_entity(self._hass, migration)
        return _Change(
            [
                *self._users(migration.entity_id, users),
                *(
                    config_entry.title
                    for config_entry in entries_using(self._hass, entity)
                    if not helper or config_entry.entry_id != helper.config_entry_id
                ),
            ],
            f"`{migration.entity_id}`",
            f"`{new_entity_id(self._hass, migration)}`",
        )

    def displaced(self, plan: MigrationPlan) -> Iterable[_Change]:
        """Iterate over the entities here that are removed and that something uses."""
        registry = er.async_get(self._hass)
        for migration in plan.entities_with(MigrationAction.MOVES):
            displaced = registry.async_get_entity_id(
                migration.platform, DOMAIN, migration.unique_id
            )
            if displaced and (
                users := self._users(displaced, self._search.users_of_entity(displaced))
            ):
                yield _Change(users, f"`{displaced}`", f"`{migration.entity_id}`")

    def merged(self, plan: MigrationPlan) -> Iterable[_Change]:
        """Iterate over the devices that go where two become one, and that something uses."""
        for migration in plan.devices:
            for device_id in migration.merged_device_ids:
                users = self._users(device_id, self._search.users_of_device(device_id))
                if users:
                    yield _Change(
                        users,
                        self._device_name(device_id),
                        self._device_name(migration.primary_device_id),
                    )

    def helpers(self, plan: MigrationPlan) -> Iterable[str]:
        """Iterate over the titles of the helpers whose place is taken."""
        for migration in plan.entities:
            if helper := helper_entity(self._hass, migration):
                yield self._hass.config_entries.async_get_known_entry(
                    helper.config_entry_id or ""
                ).title

    def _device_name(self, device_id: str) -> str:
        """Look up the name of a device."""
        device = dr.async_get(self._hass).async_get(device_id)
        return _escape((device and (device.name_by_user or device.name)) or "")

    def _users(self, reference: str, entity_ids: Iterable[str]) -> list[str]:
        """List the names of entities, and of the dashboards that name a reference.

        This integration's own groups are left out: they follow their members by themselves.
        """
        states, registry = self._hass.states, er.async_get(self._hass)
        return [
            *(
                state.name if (state := states.get(entity_id)) else entity_id
                for entity_id in entity_ids
                if not (entity := registry.async_get(entity_id))
                or entity.platform != DOMAIN
            ),
            *self._search.dashboards_using(reference),
        ]


def _names(names: Iterable[str]) -> str:
    """List names for Markdown, in alphabetical order."""
    return ", ".join(_escape(name) for name in sorted(set(names))) or _NOTHING


def _escape(text: str) -> str:
    """Escape a text for Markdown, and put it on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
