"""The list of gateways."""

from dataclasses import replace

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from simulator import Fault, Simulator
from tests.conftest import Time
from tests.factories import home_of, lamp
from tests.helpers import LAMP, Registries, polls, state_of

pytestmark = pytest.mark.only("Outdoor", "Window lamp")


async def test_gateways_refused_at_the_start(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A list that did not come at the start is asked for again soon."""
    simulator.faults.add(Fault.NOT_FOUND, match="json/clients/list", times=1)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(90)
    assert polls(simulator, "json/clients/list") == 2
    # Then at the usual pace
    await time.move(570)
    assert polls(simulator, "json/clients/list") == 2
    await time.move(60)
    assert polls(simulator, "json/clients/list") == 3


async def test_gateways_never_told(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A list that never comes is asked for less and less often, and not missed."""
    simulator.faults.add(Fault.NOT_FOUND, match="json/clients/list", times=None)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(3600)
    assert polls(simulator, "json/clients/list") < 12
    assert state_of(hass, LAMP).state == "on"


async def test_new_version(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    time: Time,
) -> None:
    """A gateway that got an update has its new version in the registry."""
    simulator.home.gateways["410001"].version = "9.9.9"
    await time.listed("clients", step=15)
    gateway = registries.device("gateway_410001")
    assert gateway is not None
    assert gateway.sw_version == "9.9.9"


async def test_gateway_of_a_sensor(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A gateway that only a sensor tells of has its entities, whoever else does not."""
    demo = simulator.home
    home = simulator.homes["demo"] = home_of(lamp(1))
    home.gateways["410002"] = demo.gateways["410002"]
    sensor = demo.sensors["1540000001"]
    home.sensors[sensor.id] = replace(sensor, gateway_id="410002")
    simulator.faults.add(Fault.NOT_FOUND, match="json/clients/list", times=None)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(60)
    assert hass.states.get("sensor.cabin_status")
    assert hass.states.get("binary_sensor.cabin_connectivity")
    home.gateways["410002"].name = "Boathouse"
    await time.move(130)
    gateway = Registries(hass, entry).device("gateway_410002")
    assert gateway is not None
    assert gateway.name == "Boathouse"
