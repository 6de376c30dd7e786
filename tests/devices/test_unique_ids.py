"""The ids in the registries have the account in them."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from tests.conftest import AddEntry, Time
from tests.helpers import LAMP, state_is, state_of


async def test_two_accounts(
    hass: HomeAssistant, loaded: MockConfigEntry, add_entry: AddEntry, time: Time
) -> None:
    """Two accounts that see the same gateways do not get into each other's way."""
    other = add_entry("guest", unique_id="another-account")
    await time.move(60)
    await time.until(hass.config_entries.async_setup(other.entry_id))
    await time.move(15)
    assert state_is(other, ConfigEntryState.LOADED)
    assert state_of(hass, f"{LAMP}_2").state == "on"
    assert (
        loaded.runtime_data.account.rate_limiter
        is other.runtime_data.account.rate_limiter
    )
