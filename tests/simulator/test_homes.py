"""The demo home, made-up homes, homes of one's own."""

import time

from freezegun.api import FrozenDateTimeFactory
import pytest

from simulator import DeviceType, Method, Simulator, demo_home, generated_home
from simulator.demo import household
from simulator.methods import kind_of

from .conftest import NOW, Api


def test_demo_has_every_kind() -> None:
    """Every deviceType, transport and method of the fact sheet is there."""
    home = demo_home(NOW)
    devices = home.devices.values()
    assert {kind_of(device.device_type) for device in devices} == set(DeviceType)
    transports = {device.transport for device in devices}
    assert {"zwave", "433", "zigbee", "group", "scene", "e433", "egroup"} <= transports
    methods = 0
    for device in devices:
        methods |= device.methods
    assert methods == sum(Method)
    assert [gateway.online for gateway in home.gateways.values()] == [True, False, True]
    for device in devices:
        assert device.gateway_id in home.gateways
        assert all(member in home.devices for member in device.members)
        assert all(action.device_id in home.devices for action in device.actions)
        assert (device.type == "group") is bool(device.members)
    plain = [d for d in devices if d.methods & 19 and d.type == "device"]
    assert len([d for d in plain if d.transport == "zwave"]) > 10
    assert len([d for d in plain if d.transport == "433"]) > 10
    names = {value.name for s in home.sensors.values() for value in s.values}
    assert len(names) == 21


def test_household() -> None:
    """The home to be looked at is the demo home, but for what only tests need."""
    home, whole = household(NOW), demo_home(NOW)
    assert all(row.name and not row.ignored for row in home.devices.values())
    assert all(row.name and not row.ignored for row in home.sensors.values())
    assert set(home.devices) < set(whole.devices)
    assert set(home.sensors) < set(whole.sensors)
    for device in home.devices.values():
        assert (device.type == "group") is bool(device.members)
        assert all(member in home.devices for member in device.members)
        assert all(action.device_id in home.devices for action in device.actions)


def test_pairs() -> None:
    """Equal numbers at one gateway mean the same Z-Wave node, never an accident."""
    home = demo_home(NOW)
    pairs = {
        (device.name, sensor.name)
        for device in home.devices.values()
        for sensor in home.sensors.values()
        if device.gateway_id == sensor.gateway_id
        and device.client_device_id == sensor.sensor_id
    }
    assert pairs == {
        ("Radiator", "Radiator"),
        ("Floor heating", "Floor heating"),
        ("Front door", "Window light"),
        ("Hall motion", "Multisensor"),
        ("Door lock", "Front door lock"),
        ("Energy plug", "Energy plug"),
        ("Heat pump", "Heat pump"),
        ("Bathroom valve", "Bathroom valve"),
    }


def test_thermostats() -> None:
    """Each has the temperature of its own node, but for one that tells none."""
    home = demo_home(NOW)
    nodes = {s.node: s for s in home.sensors.values() if s.value("temp", "0")}
    found = {
        device.name: getattr(nodes.get(device.node), "name", None)
        for device in home.devices.values()
        if device.methods & Method.THERMOSTAT
    }
    assert found == {
        "Radiator": "Radiator",
        "Floor heating": "Floor heating",
        "Heat pump": "Heat pump",
        "Bathroom valve": "Bathroom valve",
        "Guest room heating": None,
    }


def test_homes_are_independent() -> None:
    """What happens in one home does not happen in another."""
    one, other = demo_home(NOW), demo_home(NOW)
    one.devices["2100010"].values[2048]["setpoint"]["heat"] = "5"
    one.devices["2100010"].parameters["thermostat"]["modes"].clear()
    assert other == demo_home(NOW)


def test_clock(freezer: FrozenDateTimeFactory) -> None:
    """Sensors were heard just now, by the clock that is frozen after import too."""
    freezer.move_to("2030-01-01")
    sim = Simulator()
    assert sim.clock() == time.time() == 1893456000
    assert sim.home.sensors["1540000001"].last_updated == 1893456000 - 30
    before = sim.home.sensors["1540000001"].values[0].value
    freezer.tick(1500)
    assert sim.home.sensors["1540000001"].values[0].value != before


@pytest.mark.parametrize("count", [0, 1, 20, 200, 201, 1000])
def test_generated(count: int) -> None:
    """As many devices as asked, half as many sensors, a gateway for each 200."""
    home = generated_home(count, NOW)
    assert len(home.devices) == count
    assert len(home.sensors) == count // 2
    assert len(home.gateways) == max(1, -(-count // 200))
    assert home == generated_home(count, NOW)
    assert {d.gateway_id for d in home.devices.values()} <= set(home.gateways)
    assert {s.gateway_id for s in home.sensors.values()} <= set(home.gateways)
    numbers = {(d.gateway_id, d.client_device_id) for d in home.devices.values()}
    assert len(numbers) == count


def test_generated_refuses() -> None:
    """There are no negative homes."""
    with pytest.raises(ValueError, match="0 or more"):
        generated_home(-1)


async def test_own_home(api: Api, sim: Simulator) -> None:
    """Somebody may have a home of their own; all others see the first one."""
    sim.homes["ann"] = generated_home(3, NOW)
    ann, bob = api.to("Ann", sim), api.to("bob", sim)
    assert len((await ann.get("devices/list"))["device"]) == 3
    assert len((await bob.get("devices/list"))["device"]) > 50
    sim.settings.effect_delay = 0
    await ann.get("device/turnOn", id="3000002")
    rows = (await ann.get("devices/list", supportedMethods=1))["device"]
    assert rows[1]["state"] == 1
    sim.press("3000003", 1, home=sim.homes["ann"])
    assert sim.homes["ann"].devices["3000003"].state == 1
