"""The ids in the registries have the account in them."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.conftest import AddEntry, Time
from tests.helpers import LAMP, rate_limiter_of, state_is, state_of


async def test_two_accounts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """Two accounts that see the same gateways do not get into each other's way."""
    other = add_entry("guest", unique_id="another-account")
    await time.move(60)
    await time.until(hass.config_entries.async_setup(other.entry_id))
    await time.move(15)
    assert state_is(other, ConfigEntryState.LOADED)
    assert state_of(hass, f"{LAMP}_2").state == "on"
    # The limit of a server is one for both.
    since = simulator.clock() - 60
    both = [one for one in simulator.log if one.time > since]
    assert rate_limiter_of(hass, loaded).used == len(both)
