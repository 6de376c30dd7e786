"""Home Assistant's own integration: its entries, and what it leaves loaded."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import DOMAIN
from custom_components.telldus_pa.migration.move import async_revert
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util import dt as dt_util
from tests.conftest import Time
from tests.helpers import issues, state_of

from .conftest import take_over


def core_entry(hass: HomeAssistant, **more: Any) -> MockConfigEntry:
    """Return an entry of Home Assistant's own integration, which is not set up."""
    data = {"host": "Cloud API", "session": {"token": "t", "token_secret": "s"}}
    entry = MockConfigEntry(domain="tellduslive", **{"data": data, **more})
    entry.add_to_hass(hass)
    return entry


async def test_core_beside_ours(
    hass: HomeAssistant, loaded: MockConfigEntry, time: Time
) -> None:
    """While Home Assistant's own integration is there as well, the person is told."""
    assert issues(hass) == set()
    other = core_entry(hass)
    hass.config_entries.async_update_entry(other, title="Something happens to it")
    await time.settle()
    assert issues(hass) == {"tellduslive_active"}
    hass.config_entries.async_update_entry(loaded, title="Nothing to do with it")
    await time.settle()
    assert issues(hass) == {"tellduslive_active"}
    await time.until(hass.config_entries.async_remove(other.entry_id))
    assert issues(hass) == set()


async def test_core_beside_ours_after_a_restart(
    hass: HomeAssistant, entry: MockConfigEntry, time: Time
) -> None:
    """What was shown before a restart is shown again: only its id is remembered."""
    core_entry(hass)
    issue_id = f"tellduslive_active_{entry.entry_id}"
    registry = ir.async_get(hass)
    registry.issues[DOMAIN, issue_id] = ir.IssueEntry(
        active=False,
        breaks_in_ha_version=None,
        created=dt_util.utcnow(),
        data=None,
        dismissed_version="2026.9.1",
        domain=DOMAIN,
        is_fixable=None,
        is_persistent=False,
        issue_domain=None,
        issue_id=issue_id,
        learn_more_url=None,
        severity=None,
        translation_key=None,
        translation_placeholders=None,
    )
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    issue = registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert (issue.active, issue.translation_key) == (True, "tellduslive_active")
    assert issue.dismissed_version == "2026.9.1"


@pytest.mark.parametrize(
    "more",
    [
        {"disabled_by": ConfigEntryDisabler.USER},
        {"source": "ignore", "data": {}},
        # It talks to a gateway in the same house.
        {"data": {"host": "10.0.0.5", "session": {"host": "10.0.0.5", "token": "t"}}},
    ],
)
async def test_core_that_is_not_in_the_way(
    hass: HomeAssistant, entry: MockConfigEntry, time: Time, more: dict[str, Any]
) -> None:
    """What does not use the limit is no reason to trouble anybody."""
    core_entry(hass, **more)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert entry.state is ConfigEntryState.LOADED
    assert issues(hass) == set()


async def test_platforms_left_loaded(
    hass: HomeAssistant,
    customized: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
) -> None:
    """What tellduslive leaves loaded is unloaded for it, and loads again on going back."""
    # With nothing here, it unloads none of its platforms, as Home Assistant 2026.8's does.
    hass.data["telldus_config_entry_is_setup"].clear()
    await take_over(hass, customized, loaded, time)
    row = er.async_get(hass).async_get("light.bedroom")
    assert row is not None
    assert row.platform == "telldus_pa"
    assert state_of(hass, "light.bedroom").state == "on"
    await time.until(async_revert(hass, loaded))
    await time.move(45)
    assert customized.state is ConfigEntryState.LOADED
    assert state_of(hass, "light.bedroom").state == "on"
