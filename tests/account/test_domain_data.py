"""What all accounts share: the rate limiter of a server, through reload and restart."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.account.domain_data import async_get_domain_data
from custom_components.telldus_pa.const import CONF_SERVER_URL, DOMAIN
from homeassistant.core import HomeAssistant
from simulator import Fault, Simulator
from tests.conftest import AddEntry, Time
from tests.helpers import rate_limiter_of

pytestmark = pytest.mark.only("Window lamp")


async def test_pause_is_kept(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """While Telldus wants to be left alone, nothing is sent."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/devices/list", times=1, retry_after=100
    )
    # A history that is read just then puts the list off for some seconds.
    while not rate_limiter_of(hass, loaded).paused_for:
        await time.move(1)
    asked = len(simulator.log)
    await time.move(95)
    assert len(simulator.log) == asked
    await time.move(60)
    assert len(simulator.log) > asked


async def test_budget_survives_a_restart(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_storage: dict[str, Any],
    simulator: Simulator,
    time: Time,
) -> None:
    """A pause is written down at once, and taken up by the next start."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/devices/list", times=1, retry_after=200
    )
    await time.move(31)
    server = loaded.data[CONF_SERVER_URL]
    (kept,) = hass_storage[f"{DOMAIN}.rate_limiter"]["data"].values()
    assert 190 < kept["pause"] <= 200
    assert len(kept["sent"]) >= 5

    await time.move(20)
    hass.data.pop(f"{DOMAIN}_shared")
    rate_limiter = (await async_get_domain_data(hass)).rate_limiter(server)
    assert 150 < rate_limiter.paused_for < 180
    assert 0 < rate_limiter.used < len(kept["sent"])


async def test_saved_after_the_last_account_was_replaced(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    add_entry: AddEntry,
    hass_storage: dict[str, Any],
    simulator: Simulator,
    time: Time,
) -> None:
    """The file that goes with the last account comes back with the next one."""
    name = f"{DOMAIN}.rate_limiter"
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    await time.move(700)
    assert name not in hass_storage

    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/devices/list", times=1, retry_after=200
    )
    await time.move(61)
    (kept,) = hass_storage[name]["data"].values()
    assert kept["pause"] > 100
