"""Gateways and devices in the registry."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import CONF_GATEWAYS, DOMAIN
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulator import Simulator, generated_home
from tests.conftest import Time
from tests.helpers import ACCOUNT, LAMP, LAMP_ID, state_of


async def test_gateways(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    simulator: Simulator,
    time: Time,
) -> None:
    """Gateways are devices, completed by their own list, and kept up to date."""
    gateway = device_registry.async_get_device_by_identifier(
        (DOMAIN, f"{ACCOUNT}_gateway_410001"), loaded.entry_id
    )
    assert gateway is not None
    assert gateway.name == "Home"
    assert gateway.manufacturer == "Telldus Technologies"
    assert gateway.model == "TellStick ZNet Lite v2"
    assert gateway.sw_version == "1.3.2"
    assert loaded.data[CONF_GATEWAYS] == ["410001", "410002", "410003"]

    simulator.home.gateways["410001"].version = "1.4.0"
    await time.listed("clients", 5)
    gateway = device_registry.async_get_device_by_identifier(
        (DOMAIN, f"{ACCOUNT}_gateway_410001"), loaded.entry_id
    )
    assert gateway is not None
    assert gateway.sw_version == "1.4.0"


async def test_devices(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """Each device hangs on its gateway and says how it is connected."""
    entity = entity_registry.async_get(LAMP)
    assert entity is not None
    assert entity.unique_id == f"{ACCOUNT}_device_{LAMP_ID}"
    device = device_registry.async_get_device_by_identifier(
        (DOMAIN, f"{ACCOUNT}_device_{LAMP_ID}"), loaded.entry_id
    )
    assert device is not None
    assert device.id == entity.device_id
    assert device.name == "Window lamp"
    assert device.model == "433 MHz switch"
    gateway = device_registry.async_get_device_by_identifier(
        (DOMAIN, f"{ACCOUNT}_gateway_410001"), loaded.entry_id
    )
    assert gateway is not None
    assert device.via_device_id == gateway.id


async def test_unnamed_device(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    time: Time,
) -> None:
    """A device that nobody named is not registered, until somebody names it."""
    identifier = (DOMAIN, f"{ACCOUNT}_device_2100020")

    def known() -> dr.DeviceEntry | None:
        return device_registry.async_get_device_by_identifier(
            identifier, loaded.entry_id
        )

    assert known() is None
    simulator.home.devices["2100020"].name = "Sauna stove"
    await time.move(31)
    device = known()
    assert device is not None
    (entity,) = er.async_entries_for_device(entity_registry, device.id)
    assert entity.entity_id == "switch.sauna_stove"
    assert not entity.disabled_by
    # What exists stays, also without a name.
    simulator.home.devices["2100020"].name = None
    await time.move(31)
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    assert known() is not None
    assert hass.states.get("switch.sauna_stove")


async def test_name_of_the_same_node(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A device without a name is shown by its sensor's, which comes later; and reversed."""
    home = simulator.home
    device, sensor = home.devices["2100023"], home.sensors["1540000006"]
    device.name = None
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert hass.states.get("switch.energy_plug") is None
    await time.move(60)
    assert hass.states.get("switch.energy_plug")
    await time.until(hass.config_entries.async_remove(entry.entry_id))
    sensor.name = None
    entry = MockConfigEntry(domain=DOMAIN, data=entry.data, unique_id=entry.unique_id)
    entry.add_to_hass(hass)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(60)
    # Home Assistant gives them their former entity IDs.
    assert hass.states.get("sensor.energy_plug_power") is None
    device.name = "Energy plug"
    await time.move(31)
    assert hass.states.get("switch.energy_plug")
    assert hass.states.get("sensor.energy_plug_power")


async def test_unnamed_device_of_before(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    time: Time,
) -> None:
    """One that the registry has already is not taken out of it, and not shown unasked."""
    device = device_registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, f"{ACCOUNT}_device_2100020")},
    )
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    (entity,) = er.async_entries_for_device(
        entity_registry, device.id, include_disabled_entities=True
    )
    assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION


async def test_ignored_device(
    hass: HomeAssistant, loaded: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """What the person hid at Telldus stays hidden."""
    assert not entity_registry.async_get_entity_id(
        "switch", DOMAIN, f"{ACCOUNT}_device_2100019"
    )


async def test_devices_come_and_go(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    device_registry: dr.DeviceRegistry,
    time: Time,
) -> None:
    """New devices, also of new gateways, appear without reload; gone ones say so."""
    other = generated_home(40, simulator.clock())
    (gateway,) = other.gateways.values()
    gateway.name = "Barn"
    home = simulator.home
    home.gateways[gateway.id] = gateway
    lamp = next(d for d in other.devices.values() if d.methods == 3 and d.name)
    lamp.name = "Barn lamp"
    home.devices[lamp.id] = lamp
    await time.move(31)
    new = [s for s in hass.states.async_all() if s.name == "Barn lamp"]
    assert len(new) == 1
    devices = dr.async_entries_for_config_entry(device_registry, loaded.entry_id)
    assert "Barn" in [device.name for device in devices]

    del home.devices[lamp.id]
    await time.move(31)
    assert state_of(hass, new[0].entity_id).state == STATE_UNAVAILABLE
    home.devices[lamp.id] = lamp
    await time.move(31)
    assert state_of(hass, new[0].entity_id).state != STATE_UNAVAILABLE
