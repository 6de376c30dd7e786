"""Repair issues, for what only the user can fix."""

from enum import StrEnum
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN


class Issue(StrEnum):
    """The issues; each entry can have one of each."""

    TELLDUSLIVE_ACTIVE = "tellduslive_active"
    RATE_LIMIT_EXHAUSTED = "rate_limit_exhausted"
    PREMIUM_LAPSED = "premium_lapsed"


# The issues that ``repairs`` has a flow for.
FIXABLE: Final = frozenset((Issue.TELLDUSLIVE_ACTIVE, Issue.RATE_LIMIT_EXHAUSTED))


@callback
def async_set_issue(
    hass: HomeAssistant, entry: ConfigEntry[Any], issue: Issue, *, show: bool
) -> None:
    """Create an issue or delete it, unless it is as it should be."""
    issue_id = f"{issue}_{entry.entry_id}"
    if not show:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
    elif not (existing := ir.async_get(hass).async_get_issue(DOMAIN, issue_id)) or (
        # After a restart, Home Assistant remembers only the id.
        not existing.active
    ):
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue_id,
            is_fixable=issue in FIXABLE,
            data={"issue": issue, "entry_id": entry.entry_id},
            severity=ir.IssueSeverity.WARNING,
            translation_key=issue,
            translation_placeholders={"name": entry.title},
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
    for issue in Issue:
        existing = registry.async_get_issue(DOMAIN, f"{issue}_{entry.entry_id}")
        if for_good or not (existing and existing.dismissed_version):
            async_set_issue(hass, entry, issue, show=False)
