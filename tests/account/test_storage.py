"""What is kept on disk, and removed with the entry."""

from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.account.domain_data import async_get_domain_data
from custom_components.telldus_pa.account.storage import StorageKey, entry_store
from custom_components.telldus_pa.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from simulator import Fault, Simulator
from tests.conftest import AddEntry, Time


async def test_remove(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    add_entry: AddEntry,
    simulator: Simulator,
    hass_storage: dict[str, Any],
    device_registry: dr.DeviceRegistry,
    time: Time,
) -> None:
    """Removal leaves nothing behind, once the last account is gone."""
    other = add_entry("guest", unique_id="another-account")
    for entry in (loaded, other):
        for what in StorageKey:
            await entry_store(hass, what, entry.entry_id).async_save({})
    MockConfigEntry(domain="tellduslive").add_to_hass(hass)
    simulator.faults.add(Fault.RATE_LIMITED, match="json/devices/list", times=1)
    await time.move(31)
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    shared = await async_get_domain_data(hass)
    assert loaded.entry_id not in shared.watches
    assert f"{DOMAIN}.rate_limiter" in hass_storage
    await time.until(hass.config_entries.async_remove(other.entry_id))
    assert f"{DOMAIN}.rate_limiter" not in hass_storage
    assert not hass.states.async_all(["light", "switch"])
    assert not list(device_registry.devices)
    assert not [key for key in hass_storage if key.startswith(DOMAIN)]
    assert not [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]
    assert not er.async_get(hass).entities
    # The view cannot be taken back, and what was sent in this minute is not forgotten.
    ours = {str(key) for key in hass.data if str(key).startswith(DOMAIN)}
    assert ours <= {f"{DOMAIN}_shared", f"{DOMAIN}_callback_view"}
    assert not shared.watches
