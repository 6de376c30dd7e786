"""What a person is shown before anything is taken over: what changes, and for whom."""

from collections.abc import Iterable
import re
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN
from ..data import TelldusConfigEntry
from .plan import (
    DeviceMigration,
    EntityMigration,
    MigrationAction,
    MigrationPlan,
    entity_id_of,
)
from .references import (
    DashboardReferences,
    async_dashboards,
    users_of_device,
    users_of_entity,
)

_NOTHING: Final = "–"
# What would be read as something else than text.
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$])")


async def async_table(
    hass: HomeAssistant, entry: TelldusConfigEntry, plan: MigrationPlan
) -> dict[str, str]:
    """Return the placeholders of the text that tells what a plan means.

    Each table is its rows in Markdown, of as many columns as its heading has there. Who
    uses an entity comes first: the dialog is narrower than two entity ids and that.
    """
    writer = _SummaryTable(hass, await async_dashboards(hass))
    return {
        "name": entry.title,
        "entities": str(len(plan.of(MigrationAction.MOVES))),
        "devices": str(len(plan.devices)),
        "replaced": _rows(
            writer.changed(move) for move in plan.of(MigrationAction.REPLACED)
        ),
        "kept": _rows(writer.changed(move) for move in plan.of(MigrationAction.KEPT)),
        "merged": _rows(
            writer.merged(move) for move in plan.devices if len(move.device_ids) > 1
        ),
        "leaving": _rows(
            row
            for move in plan.of(MigrationAction.MOVES)
            for row in writer.displaced_rows(move)
        ),
        "unknown": ", ".join(_text(title) for title in writer.dashboards.unknown)
        or _NOTHING,
    }


class _SummaryTable:
    """Writes the rows of the tables."""

    def __init__(self, hass: HomeAssistant, dashboards: DashboardReferences) -> None:
        """Note where to look."""
        self._hass = hass
        self.dashboards = dashboards

    def changed(self, move: EntityMigration) -> tuple[str, ...]:
        """Tell of an entity that has another entity id from now on."""
        return (
            self._users(move.entity_id, users_of_entity(self._hass, move.entity_id)),
            f"`{move.entity_id}`",
            f"`{entity_id_of(self._hass, move)}`",
        )

    def displaced_rows(self, move: EntityMigration) -> Iterable[tuple[str, ...]]:
        """Tell of an entity of ours that makes room, if anything uses it."""
        ours = er.async_get(self._hass).async_get_entity_id(
            move.platform, DOMAIN, move.unique_id
        )
        if not ours:
            return
        users = self._users(ours, users_of_entity(self._hass, ours))
        if users != _NOTHING:
            yield users, f"`{ours}`", f"`{move.entity_id}`"

    def merged(self, move: DeviceMigration) -> tuple[str, ...]:
        """Tell of a device that is left over, since it is one with another now."""
        others = [one for one in move.device_ids if one != move.primary_device_id]
        devices = dr.async_get(self._hass)
        names = {
            device.name_by_user or device.name or ""
            for one in others
            if (device := devices.async_get(one))
        }
        survivor = devices.async_get(move.primary_device_id)
        kept = (survivor and (survivor.name_by_user or survivor.name)) or ""
        users = [self._users(one, users_of_device(self._hass, one)) for one in others]
        return (
            ", ".join(_text(name) for name in sorted(names)),
            _text(kept),
            ", ".join(users),
        )

    def _users(self, name: str, entity_ids: Iterable[str]) -> str:
        """Return what is called by name that refers to an entity or a device.

        Not our own groups: those name their members anew by themselves.
        """
        states, registry = self._hass.states, er.async_get(self._hass)
        users = [
            state.name if (state := states.get(one)) else one
            for one in entity_ids
            if not ((row := registry.async_get(one)) and row.platform == DOMAIN)
        ]
        users += self.dashboards.using(name)
        return ", ".join(_text(user) for user in sorted(users)) or _NOTHING


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    """Return rows of a table, first those of what somebody uses."""
    used_first = sorted(rows, key=lambda row: _NOTHING in row)
    lines = [f"| {' | '.join(row)} |" for row in used_first]
    return "\n".join(lines) or f"| {_NOTHING} | {_NOTHING} | {_NOTHING} |"


def _text(text: str) -> str:
    """Return a text that is read as nothing else, in one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
