"""Repairs: what only the person can mend."""

from enum import StrEnum
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN


class Issue(StrEnum):
    """What can be shown, each for an entry of its own."""

    TELLDUSLIVE_ACTIVE = "tellduslive_active"
    RATE_LIMIT_EXHAUSTED = "rate_limit_exhausted"
    PREMIUM_LAPSED = "premium_lapsed"


# Those for which ``repairs`` has a flow.
FIXABLE: Final = frozenset((Issue.TELLDUSLIVE_ACTIVE, Issue.RATE_LIMIT_EXHAUSTED))


@callback
def async_set_issue(
    hass: HomeAssistant, entry: ConfigEntry[Any], issue: Issue, *, show: bool
) -> None:
    """Show an issue or take it away, whichever it is that has not been done."""
    issue_id = f"{issue}_{entry.entry_id}"
    if not show:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
    elif not (known := ir.async_get(hass).async_get_issue(DOMAIN, issue_id)) or (
        # Of one that was shown before a restart only the id is left.
        not known.active
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
    """Take all issues of an entry away: it was unloaded, and nobody watches any more.

    Those that the person wants to ignore nobody sees; they stay unless it is for good, lest
    they be shown again after a reload.
    """
    registry = ir.async_get(hass)
    for issue in Issue:
        known = registry.async_get_issue(DOMAIN, f"{issue}_{entry.entry_id}")
        if for_good or not (known and known.dismissed_version):
            async_set_issue(hass, entry, issue, show=False)
