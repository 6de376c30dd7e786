"""What comes, is renamed, becomes something else and goes."""

from dataclasses import replace
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.telldus_pa.const import CONF_INCLUDE_IGNORED, DOMAIN
from custom_components.telldus_pa.registry.sync import StaleTracker
from homeassistant.const import CONF_SCAN_INTERVAL, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from simulator import Fault, Simulator
from simulator.home import Device, Gateway, Sensor, SensorValue
from tests.conftest import AddEntry, Time
from tests.factories import home_of, lamp
from tests.helpers import Registries, complaints, restart, state_of, unique_id

pytestmark = pytest.mark.only(
    "Cabin heater",
    "Energy plug",
    "Freezer",
    "Hall motion",
    "Hall switch",
    "Hidden",
    "Hidden plug",
    "Multisensor",
    "Outdoor",
    "Radiator",
    "Window lamp",
)


DAY = 24 * 3600
LAMP_ID, LAMP = "2100001", "switch.window_lamp"
PLUG_ID, PLUG_SENSOR_ID = "2100023", "1540000006"


# Coming


async def test_new_value(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    time: Time,
) -> None:
    """A value that a sensor did not have before appears, with the battery."""
    before = registries.entity_ids("sensor_1540000002")
    simulator.set_sensor("1540000002", "humidity", "0", "66")
    simulator.home.sensors["1540000002"].battery = 80
    await time.listed("sensors")
    new = registries.entity_ids("sensor_1540000002") - before
    assert {"sensor.freezer_humidity", "sensor.freezer_battery"} == new
    assert state_of(hass, "sensor.freezer_humidity").state == "66"


# Names


async def test_renamed(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    time: Time,
) -> None:
    """Who is renamed at Telldus is renamed here, unless the person chose a name here."""
    mine = registries.device("device_2100002")
    assert mine is not None
    registries.devices.async_update_device(mine.id, name_by_user="My switch")
    home = simulator.home
    home.devices[LAMP_ID].name = "Star"
    home.devices["2100002"].name = "Stairs"
    home.sensors["1540000001"].name = "Garden"
    home.gateways["410001"].name = "House"
    await time.listed("sensors")
    assert state_of(hass, LAMP).name == "Star"
    assert state_of(hass, "switch.hall_switch").name == "My switch"
    assert state_of(hass, "sensor.outdoor_temperature").name == "Garden Temperature"
    gateway = registries.device("gateway_410001")
    assert gateway is not None
    assert gateway.name == "House"


async def test_other_kind(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A device that becomes another kind moves, and back, and leaves nothing behind."""
    device = simulator.home.devices["2100002"]
    outlet = device.device_type
    for type_number, entity_id in (
        ("05", "light.hall_switch"),
        ("04", "binary_sensor.hall_switch"),
        ("10", "switch.hall_switch"),
        ("05", "light.hall_switch"),
    ):
        device.device_type = outlet.replace("00000010", f"000000{type_number}")
        await time.move(31)
        assert registries.entity_ids("device_2100002") == {entity_id}
        assert state_of(hass, entity_id).state != STATE_UNAVAILABLE
    assert hass.states.get("switch.hall_switch") is None
    assert complaints(caplog) == []


async def test_part_that_is_gone(
    loaded: MockConfigEntry, registries: Registries, simulator: Simulator, time: Time
) -> None:
    """A receiver that cannot be taught any more has no button for it."""
    assert registries.entity_ids(f"device_{LAMP_ID}") == {
        LAMP,
        "button.window_lamp_send_learn_signal",
    }
    simulator.home.devices[LAMP_ID].methods = 3
    await time.move(31)
    assert registries.entity_ids(f"device_{LAMP_ID}") == {LAMP}


# One node


@pytest.mark.parametrize(
    ("is_device", "field", "at_first"),
    [
        (True, "transport", ""),
        (True, "client_device_id", "99"),
        (True, "gateway_id", "410002"),
        (False, "protocol", ""),
        (False, "sensor_id", "99"),
        (False, "gateway_id", "410002"),
    ],
)
@pytest.mark.parametrize("is_restarted", [False, True])
async def test_one_node_after_all(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    is_device: bool,
    field: str,
    at_first: str,
    is_restarted: bool,
) -> None:
    """A device and a sensor that turn out to be one node are one, and lose nothing."""
    home = simulator.home
    device, sensor = home.devices[PLUG_ID], home.sensors[PLUG_SENSOR_ID]
    row: Device | Sensor = device if is_device else sensor
    later = getattr(row, field)
    setattr(row, field, at_first)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    plug = registries.device(f"device_{PLUG_ID}")
    meter = registries.device(f"sensor_{PLUG_SENSOR_ID}")
    assert plug and meter and plug.id != meter.id
    power = registries.entities.async_get("sensor.energy_plug_power")
    assert power is not None
    registries.entities.async_update_entity(power.entity_id, name="Mine")

    setattr(row, field, later)
    device.methods |= 32
    sensor.values.append(SensorValue("temp", "0", "21", int(simulator.clock())))
    home.devices[LAMP_ID].name = "Star"
    home.sensors["1540000001"].name = "Garden"
    if is_restarted:
        await restart(hass, entry, time)
    await time.move(240)
    plug = registries.device(f"device_{PLUG_ID}")
    assert plug == registries.device(f"sensor_{PLUG_SENSOR_ID}")
    assert plug is not None and registries.devices.async_get(meter.id) is None
    entities = er.async_entries_for_device(
        registries.entities, plug.id, include_disabled_entities=True
    )
    assert {one.entity_id for one in entities} == {
        *registries.entity_ids(f"device_{PLUG_ID}"),
        *registries.entity_ids(f"sensor_{PLUG_SENSOR_ID}"),
    }
    again = registries.entities.async_get(power.entity_id)
    assert again is not None and (again.id, again.name) == (power.id, "Mine")
    # It is disabled, as all of its kind are.
    assert registries.entities.async_get("button.energy_plug_send_learn_signal")
    for entity_id in (
        *("switch.energy_plug", "sensor.energy_plug_power"),
        "sensor.energy_plug_temperature",
    ):
        assert state_of(hass, entity_id).state != STATE_UNAVAILABLE
    assert state_of(hass, LAMP).name == "Star"
    assert state_of(hass, "sensor.outdoor_temperature").name == "Garden Temperature"
    assert complaints(caplog) == []


async def test_refused(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What Home Assistant refuses of one device keeps no other from its new name."""
    really = registries.devices.async_get_or_create

    def refuse(**info: Any) -> dr.DeviceEntry:
        """Refuse a name."""
        if info.get("name") == "Bad":
            raise HomeAssistantError
        return really(**info)

    monkeypatch.setattr(registries.devices, "async_get_or_create", refuse)
    for device_id, name in (
        (LAMP_ID, "Star"),
        ("2100002", "Bad"),
        (PLUG_ID, "Kettle"),
    ):
        simulator.home.devices[device_id].name = name
    await time.move(31)
    assert state_of(hass, LAMP).name == "Star"
    assert state_of(hass, "switch.hall_switch").name == "Hall switch"
    assert state_of(hass, "switch.energy_plug").name == "Kettle"
    assert complaints(caplog) == ["A device could not be updated in the registry"]


# Going


def test_absences() -> None:
    """What counts as gone: a day and twenty lists, while the rest is there."""
    known = {"a", "b", "c"}
    absences = StaleTracker()
    for number in range(19):
        assert absences.note(known, {"a", "b"}, number * 2 * DAY / 19) == set()
    assert absences.note(known, {"a", "b"}, 2 * DAY) == {"c"}
    # Twenty lists in less than a day
    absences = StaleTracker()
    for number in range(100):
        assert absences.note(known, {"a", "b"}, number * 60) == set()
    # Seen again in between
    absences = StaleTracker()
    for number in range(24):
        assert absences.note(known, {"a", "b"}, number * 3600) == set()
    absences.note(known, known, DAY)
    for number in range(25, 49):
        assert absences.note(known, {"a", "b"}, number * 3600) == set()
    assert absences.note(known, {"a", "b"}, 50 * 3600) == {"c"}


@pytest.mark.parametrize(
    ("known", "present", "gone"),
    [
        (10, 5, 5),
        (10, 4, 0),
        (2, 1, 1),
        (1, 0, 1),
        (3, 1, 2),
        (3, 0, 0),
        (4, 1, 0),
    ],
)
def test_half_of_the_rest(known: int, present: int, gone: int) -> None:
    """Where more than half of the rest is missing as well, nothing is gone."""
    everything = {str(number) for number in range(known)}
    there = {str(number) for number in range(present)}
    absences = StaleTracker()
    for number in range(25):
        found = absences.note(everything, there, number * 3600)
    assert len(found) == gone


async def test_gone(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What Telldus no longer has goes after a day, and comes back as what it was."""
    entry = add_entry(options={CONF_SCAN_INTERVAL: 1800})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    registries = Registries(hass, entry)
    registries.entities.async_update_entity(LAMP, new_entity_id="switch.star")
    home = simulator.home
    lamp = home.devices.pop(LAMP_ID)
    sensor = home.sensors.pop("1540000001")
    plug = home.devices.pop(PLUG_ID)
    # One that told percents says no more than "low" now.
    home.sensors["1540000009"].battery = 255
    values = home.sensors["1540000007"].values
    reading = next(value for value in values if value.name == "uv")
    values.remove(reading)
    for group in home.devices.values():
        group.members = [one for one in group.members if one in home.devices]
    await time.move(DAY - 4000)
    assert state_of(hass, "switch.star").state == STATE_UNAVAILABLE
    assert registries.device("sensor_1540000001")
    assert state_of(hass, "sensor.hall_motion_uv_index").state == STATE_UNKNOWN
    await time.move(8000)
    assert hass.states.get("switch.star") is None
    assert registries.device(f"device_{LAMP_ID}") is None
    assert registries.device("sensor_1540000001") is None
    assert hass.states.get("sensor.hall_motion_uv_index") is None
    assert registries.device("sensor_1540000007")
    assert state_of(hass, "sensor.radiator_battery").state == "0"
    assert state_of(hass, "binary_sensor.radiator_battery").state == "on"
    # What it measures is still there.
    assert registries.device(f"device_{PLUG_ID}") is None
    assert registries.device(f"sensor_{PLUG_SENSOR_ID}")
    assert hass.states.get("switch.energy_plug") is None
    assert state_of(hass, "sensor.energy_plug_power").state != STATE_UNAVAILABLE

    home.devices |= {LAMP_ID: lamp, PLUG_ID: plug}
    home.sensors["1540000001"] = sensor
    values.append(reading)
    await time.move(1900)
    assert state_of(hass, "switch.star").state == "on"
    assert state_of(hass, "sensor.outdoor_temperature").state != STATE_UNAVAILABLE
    assert state_of(hass, "sensor.hall_motion_uv_index").state != STATE_UNKNOWN
    plug_device = registries.device(f"device_{PLUG_ID}")
    assert plug_device is not None
    assert plug_device == registries.device(f"sensor_{PLUG_SENSOR_ID}")
    assert complaints(caplog) == []


async def test_gone_beside_an_id_that_begins_alike(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """Device 77 is not device 7."""
    home = simulator.home
    for device_id in ("7", "77"):
        home.devices[device_id] = replace(home.devices[LAMP_ID], id=device_id)
    entry = add_entry(options={CONF_SCAN_INTERVAL: 1800})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    registries = Registries(hass, entry)
    before = registries.entity_ids("device_77")
    assert before and registries.entity_ids("device_7")
    del home.devices["7"]
    await time.move(DAY + 8000)
    assert registries.device("device_7") is None
    assert registries.entity_ids("device_7") == set()
    assert registries.entity_ids("device_77") == before


async def test_gone_gateway(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """A gateway that is no longer there goes as well, after what hung on it."""
    entry = add_entry(options={CONF_SCAN_INTERVAL: 1800})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    registries = Registries(hass, entry)
    home = simulator.home
    del home.gateways["410002"]
    home.devices = {
        one.id: one for one in home.devices.values() if one.gateway_id != "410002"
    }
    home.sensors = {
        one.id: one for one in home.sensors.values() if one.gateway_id != "410002"
    }
    await time.move(DAY + 4000)
    assert registries.device("gateway_410002") is None
    assert registries.device("gateway_410001")
    assert registries.device("device_2100021") is None


async def test_empty_lists(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """Lists that are suddenly empty remove nothing."""
    entry = add_entry(options={CONF_SCAN_INTERVAL: 1800})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    registries = Registries(hass, entry)
    simulator.home.devices.clear()
    simulator.home.sensors.clear()
    await time.move(DAY + 8000)
    assert registries.device(f"device_{LAMP_ID}")
    assert registries.device("sensor_1540000001")


async def test_hidden(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    time: Time,
) -> None:
    """What the person hides at Telldus goes at once, and comes back when shown again."""
    simulator.home.devices[LAMP_ID].ignored = True
    simulator.home.sensors["1540000001"].ignored = True
    await time.listed("sensors")
    assert registries.device(f"device_{LAMP_ID}") is None
    assert hass.states.get(LAMP) is None
    assert registries.device("sensor_1540000001") is None
    simulator.home.devices[LAMP_ID].ignored = False
    await time.move(31)
    assert state_of(hass, LAMP).state == "on"


async def test_hidden_and_let_in(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """Who wants to see what is hidden at Telldus finds it here, disabled while it is."""
    entry = add_entry(options={CONF_INCLUDE_IGNORED: True})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    registries = Registries(hass, entry)
    for thing in ("device_2100019", "sensor_1540000017"):
        assert registries.device(thing)
        entities = registries.entity_ids(thing)
        assert entities
        for entity_id in entities:
            entity = registries.entities.async_get(entity_id)
            assert entity is not None
            assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    simulator.home.devices["2100019"].ignored = False
    await time.listed("devices")
    await time.until(hass.config_entries.async_reload(entry.entry_id))
    await time.move(31)
    (main, *_) = (
        entity
        for one in registries.entity_ids("device_2100019")
        if (entity := registries.entities.async_get(one))
        and entity.unique_id.endswith("2100019")
    )
    assert main.disabled_by is None


@pytest.mark.parametrize("list_refused", [False, True])
async def test_gateway_with_sensors_alone(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    list_refused: bool,
) -> None:
    """A gateway need not have anything that can be commanded, nor be in its own list."""
    home, now = home_of(lamp(1)), int(simulator.clock())
    home.gateways["420001"] = Gateway(
        "420001", "5e7d0000-0000-4000-8000-000000420001", "Cellar"
    )
    home.sensors["7"] = Sensor(
        "7",
        "420001",
        "7",
        "Freezer",
        values=[SensorValue("temp", "0", "-18.5", now)],
        heard=now,
    )
    simulator.homes["demo"] = home
    if list_refused:
        simulator.faults.add(Fault.APPLICATION_ERROR, match="clients/list")
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    assert state_of(hass, "sensor.freezer_temperature").state == "-18.5"
    registries = Registries(hass, entry)
    gateway, sensor = registries.device("gateway_420001"), registries.device("sensor_7")
    assert gateway and sensor
    assert (gateway.name, sensor.via_device_id) == ("Cellar", gateway.id)
    assert complaints(caplog) == []


# Deleting by hand


async def remove(
    client: WebSocketGenerator,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device_id: str,
) -> bool:
    """Press "Delete" on a device's page; return whether it worked."""
    websocket = await client(hass)
    await websocket.send_json_auto_id(
        {
            "type": "config/device_registry/remove_config_entry",
            "config_entry_id": entry.entry_id,
            "device_id": device_id,
        }
    )
    answer = await websocket.receive_json()
    return bool(answer["success"])


async def test_delete(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    hass_ws_client: WebSocketGenerator,
    time: Time,
) -> None:
    """A person may delete at once what Telldus no longer has, and only that."""
    assert await async_setup_component(hass, "config", {})
    kept = [f"device_{LAMP_ID}", "sensor_1540000001", "gateway_410001", "account"]
    for thing in kept:
        device = registries.device(thing)
        assert device is not None
        assert not await remove(hass_ws_client, hass, loaded, device.id)
    ids = {thing: device.id for thing in kept if (device := registries.device(thing))}
    del simulator.home.devices[LAMP_ID]
    del simulator.home.sensors["1540000001"]
    await time.listed("sensors")
    for thing in kept[:2]:
        assert await remove(hass_ws_client, hass, loaded, ids[thing])
        assert registries.device(thing) is None


async def test_delete_while_nothing_is_known(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    registries: Registries,
    simulator: Simulator,
    hass_ws_client: WebSocketGenerator,
    time: Time,
) -> None:
    """Before Telldus was asked, nobody knows what it no longer has."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/*", times=None)
    device = registries.devices.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, unique_id("sensor_1"))},
    )
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert await async_setup_component(hass, "config", {})
    assert not await remove(hass_ws_client, hass, entry, device.id)
    simulator.faults.clear()
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/sensors/list", times=None)
    await time.move(45)
    # The devices have come, the sensors have not.
    assert not await remove(hass_ws_client, hass, entry, device.id)
    simulator.faults.clear()
    await time.move(240)
    assert await remove(hass_ws_client, hass, entry, device.id)
