"""Repair issues, for what only the user can fix."""

from enum import StrEnum
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN


class Issue(StrEnum):
    """What can be shown, each for an entry of its own, or for a cover of an entry."""

    COVER_DIRECTION = "cover_direction"
    TELLDUSLIVE_ACTIVE = "tellduslive_active"
    RATE_LIMIT_EXHAUSTED = "rate_limit_exhausted"
    PREMIUM_LAPSED = "premium_lapsed"


# Those for which ``repairs`` has a flow.
FIXABLE: Final = frozenset(
    (Issue.COVER_DIRECTION, Issue.TELLDUSLIVE_ACTIVE, Issue.RATE_LIMIT_EXHAUSTED)
)


@callback
def async_set_issue(
    hass: HomeAssistant, entry: ConfigEntry[Any], issue: Issue, *, show: bool
) -> None:
    """Create an issue or delete it, so that it matches ``show``."""
    issue_id = f"{issue}_{entry.entry_id}"
    if show:
        _async_show(hass, issue_id, issue, entry, {"name": entry.title})
    else:
        ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_suggest_reversing(
    hass: HomeAssistant, entry: ConfigEntry[Any], device_id: str, name: str
) -> None:
    """Offer to reverse a cover, which seems to run the other way."""
    issue_id = f"{Issue.COVER_DIRECTION}_{entry.entry_id}_{device_id}"
    placeholders = {"name": entry.title, "cover": name}
    _async_show(
        hass, issue_id, Issue.COVER_DIRECTION, entry, placeholders, device_id=device_id
    )


@callback
def _async_show(
    hass: HomeAssistant,
    issue_id: str,
    issue: Issue,
    entry: ConfigEntry[Any],
    placeholders: dict[str, str],
    **more: str,
) -> None:
    """Show an issue, unless it is shown already."""
    if not (known := ir.async_get(hass).async_get_issue(DOMAIN, issue_id)) or (
        # Of one that was shown before a restart only the id is left.
        not known.active
    ):
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue_id,
            is_fixable=issue in FIXABLE,
            data={"issue": issue, "entry_id": entry.entry_id, **placeholders, **more},
            severity=ir.IssueSeverity.WARNING,
            translation_key=issue,
            translation_placeholders=placeholders,
        )


@callback
def async_delete_issues(
    hass: HomeAssistant, entry: ConfigEntry[Any], *, for_good: bool = False
) -> None:
    """Delete the issues of an entry that is unloaded, or removed (``for_good``).

    Those that the user ignores stay until the entry is removed, so that they are not
    displayed again after a reload.
    """
    registry = ir.async_get(hass)
    prefixes = tuple(f"{issue}_{entry.entry_id}" for issue in Issue)
    for (domain, issue_id), known in tuple(registry.issues.items()):
        if (
            domain == DOMAIN
            and issue_id.startswith(prefixes)
            and (for_good or not known.dismissed_version)
        ):
            ir.async_delete_issue(hass, DOMAIN, issue_id)
