"""Models that no list has: asked for once for each device, and few at a time."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Fault, Simulator, uncommon_home
from tests.conftest import AddEntry, Time
from tests.helpers import LAMP, Registries, polls, refresh

INFO = "json/device/info"


async def test_a_few_an_hour(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    hass_storage: dict[str, Any],
    time: Time,
) -> None:
    """Three an hour at most, each once, over a restart as well."""
    home = simulator.homes["demo"] = uncommon_home(simulator.clock())
    home.devices = {one: home.devices[one] for one in list(home.devices)[:5]}
    home.devices["2200002"].model = "0258-0003-1088"
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(60)
    assert polls(simulator, INFO) == 0
    siren = Registries(hass, entry).device("device_2200002")
    assert siren is not None
    assert siren.manufacturer is None
    # A device that Telldus tells nothing of is not asked for again either.
    simulator.faults.add(Fault.APPLICATION_ERROR, match=INFO, times=1)
    for asked in (3, 5, 5):
        await time.leap(3600)
        await time.move(150)
        assert polls(simulator, INFO) == asked
    siren = Registries(hass, entry).device("device_2200002")
    assert siren is not None
    assert siren.manufacturer == "Shenzhen Neo Electronics"
    assert siren.model == "Z-Wave alarm"
    assert siren.model_id == "0258-0003-1088"
    await time.until(hass.config_entries.async_reload(entry.entry_id))
    await time.leap(3600)
    await time.move(150)
    assert polls(simulator, INFO) == 5


@pytest.mark.only("Window lamp", "Hall switch")
async def test_gone_before_it_is_asked_for(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A device that has left meanwhile is asked for in vain, once."""
    await time.leap(3600)
    while not polls(simulator, INFO):
        await time.move(1)
    del simulator.home.devices["2100002"]
    await refresh(hass, time, LAMP)
    assert polls(simulator, INFO) == 1
    await time.move(60)
    assert polls(simulator, INFO) == 2
    assert Registries(hass, loaded).device("device_2100002")


async def test_diagnostics(
    hass: HomeAssistant,
    simulator: Simulator,
    loaded: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    time: Time,
) -> None:
    """The device whose diagnostics are downloaded is asked for at once."""
    assert await async_setup_component(hass, "diagnostics", {})
    device = Registries(hass, loaded).device("device_2100001")
    assert device is not None
    await time.move(60)
    for _ in range(2):
        await time.until(get_diagnostics_for_device(hass, hass_client, loaded, device))
        assert polls(simulator, INFO) == 1
    device = Registries(hass, loaded).device("device_2100001")
    assert device is not None
    assert device.manufacturer == "Nexa"
