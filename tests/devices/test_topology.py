"""Nodes that are a device and a sensor."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.devices.topology import (
    Topology,
    gateways_from_rows,
    merge_gateways,
)
from custom_components.telldus_pa.pa_api import Device, Gateway
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.conftest import Time
from tests.helpers import LAMP_ID, Registries

PLUG_ID, PLUG_SENSOR_ID = "2100023", "1540000006"


async def test_pairs(loaded: MockConfigEntry, registries: Registries) -> None:
    """A node that is a device and a sensor is one device; equal ids are two."""
    plug = registries.device(f"device_{PLUG_ID}")
    assert plug is not None
    assert plug == registries.device(f"sensor_{PLUG_SENSOR_ID}")
    assert plug.model == "Z-Wave switch"
    assert plug.model_id == "0176-0003-0003"
    # Equal ids
    lamp, sensor = (
        registries.device(f"{kind}_{LAMP_ID}") for kind in ("device", "sensor")
    )
    assert lamp is not None
    assert sensor is not None
    assert lamp.id != sensor.id
    # Equal numbers at two gateways
    outdoor, cabin = (
        registries.device(f"sensor_{one}") for one in ("1540000001", "1540000018")
    )
    assert outdoor is not None
    assert cabin is not None
    assert outdoor.id != cabin.id
    assert outdoor.model == "433 MHz sensor"


async def test_accident_of_numbers(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    time: Time,
) -> None:
    """At 433 MHz a receiver and a sensor of one number have nothing in common."""
    simulator.home.sensors["1540000001"].sensor_id = "1"
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(15)
    lamp, sensor = (
        registries.device("device_2100001"),
        registries.device("sensor_1540000001"),
    )
    assert lamp is not None
    assert sensor is not None
    assert lamp.id != sensor.id


async def test_nodes_without_numbers(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    time: Time,
) -> None:
    """What comes without a number of its gateway's is a device of its own."""
    for device in simulator.home.devices.values():
        device.client_device_id = ""
    for sensor in simulator.home.sensors.values():
        sensor.sensor_id = ""
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(15)
    found = [
        registries.device(f"sensor_{sensor.id}")
        for sensor in simulator.home.sensors.values()
        if sensor.protocol == "zwave" and sensor.values
    ]
    assert len(found) > 5
    assert None not in found
    assert len({one.id for one in found if one}) == len(found)


async def test_pair_that_shows_later(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    time: Time,
) -> None:
    """A device that comes after its sensor joins it."""
    plug = simulator.home.devices.pop(PLUG_ID)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    sensor = registries.device(f"sensor_{PLUG_SENSOR_ID}")
    assert sensor is not None
    assert registries.device(f"device_{PLUG_ID}") is None
    simulator.home.devices[PLUG_ID] = plug
    await time.move(31)
    found = registries.device(f"device_{PLUG_ID}")
    assert found is not None
    assert found.id == sensor.id
    assert found == registries.device(f"sensor_{PLUG_SENSOR_ID}")


def _device(id_: str, **more: object) -> Device:
    """Return a device of the gateway "2", as Telldus tells of it."""
    return Device.from_dict({"id": id_, "client": "2", "methods": 3, **more})


def test_groups_in_groups() -> None:
    """A group reaches the members of a group in it, never itself; one may be unknown."""
    devices = {
        device.id: device
        for device in (
            _device("1"),
            _device("2"),
            _device("10", type="group", devices="1,20"),
            _device("20", type="group", devices="2,10"),
            _device("30", type="group", devices="1,99"),
        )
    }
    topology = Topology.of(devices)
    assert topology.resolved_members == {
        "10": ("1", "2"),
        "20": ("2", "1"),
        "30": ("1",),
    }
    assert topology.groups_by_member == {"1": ("10", "20", "30"), "2": ("10", "20")}
    assert topology.complete_groups == {"10", "20"}


def test_gateways_from_rows() -> None:
    """The devices tell of their gateways."""
    row = _device("1", clientName="House", online=1)
    assert gateways_from_rows({"1": row}) == {"2": Gateway("2", "House", online=True)}


@pytest.mark.parametrize(
    ("told", "online"), [({"online": "1"}, True), ({"online": 0}, False), ({}, False)]
)
def test_merge_gateways(told: dict[str, object], online: bool) -> None:
    """Rows know better than the gateways' own list, if they tell."""
    listed = {"2": Gateway("2", "House", online=False, model="TellStick Net")}
    rows = gateways_from_rows({"1": _device("1", **told)})
    (merged,) = merge_gateways(listed, rows).values()
    assert (merged.online, merged.model) == (online, "TellStick Net")
