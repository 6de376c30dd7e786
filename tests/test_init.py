"""Setting up, polling, losing Telldus and finding it again, unloading."""

from http import HTTPStatus
from itertools import pairwise

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.account.domain_data import async_get_domain_data
from custom_components.telldus_pa.const import CONF_SERVER_URL
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from simulator import Fault, Simulator, generated_home
from simulator.home import Home
from tests.helpers import unique_id

from .conftest import AddEntry, Time
from .helpers import LAMP, polls, state_is, state_of


async def test_start(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator
) -> None:
    """A first start costs one request for each list, whatever the number of devices."""
    paths = [request.path for request in simulator.log]
    lists = [f"json/{one}/list" for one in ("devices", "sensors", "clients")]
    assert paths[:4] == [lists[0], "json/rooms/list", *lists[1:]]
    assert [paths.count(one) for one in paths[1:4]] == [1, 1, 1]
    # Lists follow soon; what is not urgent keeps its distance: bursts have been refused.
    for one, next_one in pairwise([simulator.log[0], *simulator.log[2:]]):
        is_list = next_one.path in lists
        assert next_one.time - one.time >= (2 if is_list else 9)
    assert state_of(hass, LAMP).state == "on"


async def test_unload_and_reload(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """After unloading nothing is sent; after reloading all is there."""
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    assert state_is(loaded, ConfigEntryState.NOT_LOADED)
    asked = len(simulator.log)
    await time.move(119)
    assert len(simulator.log) == asked
    await time.until(hass.config_entries.async_setup(loaded.entry_id))
    assert state_of(hass, LAMP).state == "on"


async def test_not_ready(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A start without Telldus is tried again by Home Assistant."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/devices/list", times=1)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert state_is(entry, ConfigEntryState.SETUP_RETRY)
    assert "Telldus cannot be reached" in (entry.reason or "")
    await time.move(10)
    assert state_is(entry, ConfigEntryState.LOADED)


async def test_start_inside_a_pause(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A start while Telldus wants to be left alone is short, and ends well."""
    shared = await async_get_domain_data(hass)
    shared.rate_limiter(entry.data[CONF_SERVER_URL]).on_rate_limited(40)
    await time.until(hass.config_entries.async_setup(entry.entry_id), limit=1)
    assert state_is(entry, ConfigEntryState.SETUP_RETRY)
    assert simulator.log == []
    await time.move(119)
    assert state_is(entry, ConfigEntryState.LOADED)
    await time.move(119)
    assert polls(simulator, "json/clients/list") == 1


@pytest.mark.parametrize(
    ("count", "strict_burst"),
    [(1, False), (8, True), (20, True), (100, False), (1000, False)],
)
async def test_homes_of_any_size(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
    count: int,
    strict_burst: bool,
) -> None:
    """The limit of requests loses no device, nor does a server that dislikes bursts."""
    simulator.settings.strict_burst = strict_burst
    home: Home = generated_home(count, simulator.clock())
    simulator.homes["demo"] = home
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(60)
    rows = [f"device_{one}" for one in home.devices]
    rows += [f"sensor_{one}" for one in home.sensors]
    registered = {
        identifier
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
        for _, identifier in device.identifiers
    }
    assert registered >= {unique_id(one) for one in rows}
    if not strict_burst:
        assert all(request.status == HTTPStatus.OK for request in simulator.log)
