"""Issues of an account: ignored ones stay so, and all go with the entry."""

from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .conftest import Time
from .helpers import issues


def core_entry(hass: HomeAssistant, **more: Any) -> MockConfigEntry:
    """Return an entry of Home Assistant's own integration, which is not set up."""
    data = {"host": "Cloud API", "session": {"token": "t", "token_secret": "s"}}
    entry = MockConfigEntry(domain="tellduslive", **{"data": data, **more})
    entry.add_to_hass(hass)
    return entry


async def test_ignored_stays_ignored(
    hass: HomeAssistant, loaded: MockConfigEntry, time: Time
) -> None:
    """What a person ignores is not shown again after a reload; removal forgets it."""
    other = core_entry(hass)
    hass.config_entries.async_update_entry(other, title="Somebody looks at it")
    await time.settle()
    key = DOMAIN, f"tellduslive_active_{loaded.entry_id}"
    ir.async_ignore_issue(hass, *key, ignore=True)
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    issue = ir.async_get(hass).async_get_issue(*key)
    assert issue is not None
    assert issue.dismissed_version
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    assert key not in ir.async_get(hass).issues


async def test_issues_go_with_the_entry(
    hass: HomeAssistant, entry: MockConfigEntry, time: Time
) -> None:
    """Nothing is left of a repair when what it is about is gone."""
    other = core_entry(hass)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    (issue,) = [one for (d, _), one in ir.async_get(hass).issues.items() if d == DOMAIN]
    assert issue.translation_placeholders == {"name": "Telldus Live!"}
    assert issue.is_fixable
    await time.until(hass.config_entries.async_remove(entry.entry_id))
    assert issues(hass) == set()
    assert other.entry_id
