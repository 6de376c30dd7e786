"""When sensors are unavailable, and which of them belong to one device."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulator import Fault, Simulator
from simulator.home import Sensor, SensorValue
from tests.conftest import AddEntry, Time
from tests.helpers import ACCOUNT, state_of

from .conftest import (
    MULTISENSOR,
    NAMELESS,
    OLD_METER,
    OUTDOOR,
    PLUG,
    POLL,
    SILENT,
    TEMPERATURE,
    UNNAMED,
    entity_of,
    set_up,
    tell,
)


async def test_gateway_offline(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What hangs on a gateway without connection is unavailable, and nothing else."""
    simulator.set_gateway_online("410002", online=True)
    simulator.set_gateway_online("410003", online=False)
    await time.move(POLL)
    assert state_of(hass, "sensor.garage_temperature").state == STATE_UNAVAILABLE
    assert state_of(hass, TEMPERATURE).state == "-5.4"
    # It is there again, and has told nothing for days.
    assert state_of(hass, "sensor.cabin_temperature").state == STATE_UNKNOWN
    tell(simulator, "1540000018", "temp", "0", "7.5")
    simulator.set_gateway_online("410003", online=True)
    await time.move(POLL)
    assert state_of(hass, "sensor.cabin_temperature").state == "7.5"
    assert state_of(hass, "sensor.garage_temperature").state == "6.1"


async def test_list_lost(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """One list that is not told for long makes its own entities unavailable only."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/sensors/list", times=None)
    await time.move(300)
    assert state_of(hass, TEMPERATURE).state == "-5.4"
    await time.move(600)
    assert state_of(hass, TEMPERATURE).state == STATE_UNAVAILABLE
    assert state_of(hass, "sensor.hall_motion_battery").state == STATE_UNAVAILABLE
    assert state_of(hass, "switch.energy_plug").state == "on"
    simulator.faults.clear()
    await time.move(600)
    assert state_of(hass, TEMPERATURE).state == "-5.4"


async def test_sensor_gone(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A sensor that Telldus no longer has, or a value of it, is not invented."""
    kept = simulator.home.sensors.pop(OUTDOOR)
    plug = simulator.home.sensors[PLUG]
    plug.values = [value for value in plug.values if value.scale != "2"]
    simulator.home.sensors[OLD_METER].values = []
    await time.move(POLL)
    assert state_of(hass, TEMPERATURE).state == STATE_UNAVAILABLE
    assert state_of(hass, "sensor.energy_plug_power").state == STATE_UNKNOWN
    assert state_of(hass, "sensor.energy_plug_energy").state == "1234.567"
    assert state_of(hass, "sensor.old_meter_unknown").state == STATE_UNKNOWN
    simulator.home.sensors[OUTDOOR] = kept
    await time.move(POLL)
    assert state_of(hass, TEMPERATURE).state == "-5.4"


async def test_node(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """A Z-Wave node that is a device and a sensor is one device."""
    for device_id, sensor_id, entities in (
        ("2100023", PLUG, {"switch": 1, "sensor": 8}),
        ("2100010", "1540000009", {"climate": 1, "sensor": 3}),
        ("2100013", MULTISENSOR, {"binary_sensor": 1, "sensor": 6}),
    ):
        identifiers = {
            (DOMAIN, f"{ACCOUNT}_device_{device_id}"),
            (DOMAIN, f"{ACCOUNT}_sensor_{sensor_id}"),
        }
        device, same = (
            device_registry.async_get_device_by_identifier(one, loaded.entry_id)
            for one in identifiers
        )
        assert device is not None
        assert device is same
        assert device.identifiers == identifiers
        domains = [
            entity.domain
            for entity in er.async_entries_for_device(
                entity_registry, device.id, include_disabled_entities=True
            )
        ]
        for domain, count in entities.items():
            assert domains.count(domain) == count, (device_id, domain)


async def test_equal_numbers(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """A device and a sensor may have the same id, two gateways the same number."""

    def device_of(thing: str) -> dr.DeviceEntry:
        """Return a device that is there."""
        device = device_registry.async_get_device_by_identifier(
            (DOMAIN, f"{ACCOUNT}_{thing}"), loaded.entry_id
        )
        assert device is not None
        return device

    lamp, sensor = device_of("device_2100001"), device_of("sensor_2100001")
    assert lamp.id != sensor.id
    assert (lamp.name, sensor.name) == ("Window lamp", "Same number as a device")
    assert sensor.via_device_id == device_of("gateway_410003").id
    # 151 at both
    outdoor, cabin = device_of(f"sensor_{OUTDOOR}"), device_of("sensor_1540000018")
    assert outdoor.id != cabin.id
    assert outdoor.via_device_id == device_of("gateway_410001").id
    assert cabin.via_device_id == device_of("gateway_410002").id
    # 12 at both: a Z-Wave door at home, a 433 MHz sensor in the garage
    assert device_of("sensor_1540000026").name == "Garage"
    assert device_of("sensor_1540000026").id != device_of("device_2100012").id


async def test_unnamed(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    time: Time,
) -> None:
    """A sensor without a name is most likely a neighbor's, until it gets one."""
    for sensor_id in (UNNAMED, NAMELESS):
        assert not device_registry.async_get_device_by_identifier(
            (DOMAIN, f"{ACCOUNT}_sensor_{sensor_id}"), loaded.entry_id
        )
        assert entity_of(entity_registry, sensor_id, "temp_0") is None

    simulator.home.sensors[UNNAMED].name = "Sauna"
    await time.move(POLL)
    heard = entity_of(entity_registry, UNNAMED, "last_seen")
    assert heard is not None
    assert heard.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    state = state_of(hass, "sensor.sauna_temperature")
    assert state.state == "18.2"
    assert state.name == "Sauna Temperature"
    assert entity_of(entity_registry, NAMELESS, "temp_0") is None


async def test_hidden(
    hass: HomeAssistant, loaded: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """What the person hid at Telldus stays hidden."""
    assert entity_of(entity_registry, "1540000017", "temp_0") is None
    assert entity_of(entity_registry, "1540000017", "last_seen") is None


async def test_values_come_by_themselves(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    entity_registry: er.EntityRegistry,
    time: Time,
) -> None:
    """A sensor without values shows none; one that comes later appears, as do sensors."""
    assert not [
        state for state in hass.states.async_all() if state.name.startswith("Silent")
    ]
    tell(simulator, SILENT, "temp", "0", "3")
    simulator.home.sensors[SILENT].battery = 50
    now = int(simulator.clock())
    new = Sensor("1549999999", "410001", "199", "Cellar", heard=now)
    new.values.append(SensorValue("humidity", "0", "90", now))
    simulator.home.sensors[new.id] = new
    await time.move(POLL)
    assert state_of(hass, "sensor.silent_temperature").state == "3"
    assert state_of(hass, "sensor.silent_battery").state == "50"
    assert state_of(hass, "sensor.cellar_humidity").state == "90"


async def test_two_accounts(
    hass: HomeAssistant, loaded: MockConfigEntry, add_entry: AddEntry, time: Time
) -> None:
    """Two accounts that see the same sensors have them each for itself."""
    await time.move(60)
    await set_up(hass, add_entry("guest", unique_id="another-account"), time)
    await time.move(30)
    assert state_of(hass, TEMPERATURE).state == "-5.4"
    assert state_of(hass, f"{TEMPERATURE}_2").state == "-5.4"
