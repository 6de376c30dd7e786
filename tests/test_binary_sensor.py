"""Binary sensors: doors, motion and the like, low batteries, gateways' connections."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulator import Fault, Simulator
from simulator.home import Gateway
from simulator.methods import DeviceType, Method
from tests.helpers import polls

from .conftest import AddEntry, Time
from .helpers import ACCOUNT, complaints, state_of

DOOR, DOOR_ID = "binary_sensor.front_door", "2100012"
# Devices are asked for every half a minute, or a little later.
POLL = 45

type Names = dict[str, tuple[str, str | None, str]]

# What the demo home has: unique id, name, device class, state.
DEVICES: Names = {
    "device_2100012": ("Front door", "door", STATE_OFF),
    "device_2100013": ("Hall motion", "motion", STATE_ON),
    "device_2100014": ("Smoke kitchen", "smoke", STATE_OFF),
    "device_2100032": ("Patio door", "door", STATE_OFF),
    "device_2100033": ("Stairs motion", "motion", STATE_OFF),
    "device_2100035": ("Anna", "presence", STATE_ON),
    "device_2100036": ("Burglar alarm", "safety", STATE_OFF),
    "device_2100050": ("Freezer alarm", None, STATE_OFF),
    "device_2100052": ("Water leak", None, STATE_OFF),
}
BATTERIES: Names = {
    "sensor_1540000001_battery_low": ("Outdoor Battery", "battery", STATE_OFF),
    "sensor_1540000002_battery_low": ("Freezer Battery", "battery", STATE_ON),
    "sensor_1540000023_battery_low": ("Greenhouse Battery", "battery", STATE_ON),
    "sensor_1540000024_battery_low": ("Greenhouse Battery", "battery", STATE_OFF),
    "sensor_1540000026_battery_low": ("Garage Battery", "battery", STATE_OFF),
}
GATEWAYS: Names = {
    "gateway_410001_connectivity": ("Home Connectivity", "connectivity", STATE_ON),
    "gateway_410002_connectivity": ("Cabin Connectivity", "connectivity", STATE_OFF),
    "gateway_410003_connectivity": ("Garage Connectivity", "connectivity", STATE_ON),
}


@pytest.fixture(autouse=True)
def still(simulator: Simulator) -> None:
    """Let nothing change but what a test changes."""
    simulator.settings.drift = False
    simulator.settings.life = False


async def test_demo_home(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each binary sensor of the demo home is exactly so, and there is no other."""
    shown = {}
    for entity in er.async_entries_for_config_entry(entity_registry, loaded.entry_id):
        if entity.domain != "binary_sensor":
            continue
        state = state_of(hass, entity.entity_id)
        attributes = dict(state.attributes)
        shown[entity.unique_id.removeprefix(f"{ACCOUNT}_")] = (
            attributes.pop("friendly_name"),
            attributes.pop("device_class", None),
            state.state,
        )
        # Nothing is assumed, also on 433 MHz: what only tells needs no way back.
        assert not attributes
        is_diagnostic = not entity.unique_id.startswith(f"{ACCOUNT}_device_")
        assert entity.entity_category == ("diagnostic" if is_diagnostic else None)
        assert entity.disabled_by is None
    assert shown == {**DEVICES, **BATTERIES, **GATEWAYS}
    assert complaints(caplog) == []


# Devices


@pytest.mark.only("Front door")
async def test_states(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A door that opens shows with the next poll."""
    device = simulator.home.devices[DOOR_ID]
    for state, shown in (
        (Method.TURNON, STATE_ON),
        (Method.TURNOFF, STATE_OFF),
        (Method(0), STATE_UNKNOWN),
        (Method.BELL, STATE_UNKNOWN),
        (Method.DIM, STATE_ON),
    ):
        device.state = state
        await time.move(POLL)
        assert state_of(hass, DOOR).state == shown


@pytest.mark.only("Front door")
@pytest.mark.parametrize(
    ("kind", "device_class"),
    [
        (DeviceType.ALARM, "safety"),
        (DeviceType.DOOR_WINDOW, "door"),
        (DeviceType.MOTION, "motion"),
        (DeviceType.ON_OFF_SENSOR, None),
        (DeviceType.PERSON, "presence"),
        (DeviceType.SENSOR, None),
        (DeviceType.SMOKE, "smoke"),
        (DeviceType.UNKNOWN, None),
    ],
)
async def test_kinds(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    kind: DeviceType,
    device_class: str | None,
) -> None:
    """Who says at Telldus what a device is, sees that here without doing anything."""
    device = simulator.home.devices[DOOR_ID]
    device.device_type, device.state = kind.uuid, Method.TURNON
    await time.move(POLL)
    state = state_of(hass, DOOR)
    assert state.state == STATE_ON
    assert state.attributes.get("device_class") == device_class


async def test_gateway_offline(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What a gateway would have to tell is unavailable while it cannot."""
    simulator.set_gateway_online("410001", online=False)
    await time.listed("sensors")
    assert state_of(hass, DOOR).state == STATE_UNAVAILABLE
    assert state_of(hass, "binary_sensor.freezer_battery").state == STATE_UNAVAILABLE
    assert state_of(hass, "binary_sensor.garage_battery").state == STATE_OFF


# Batteries


async def test_battery(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A battery that knows no percentage tells whether it is low."""
    entity_id = "binary_sensor.outdoor_battery"
    sensor = simulator.home.sensors["1540000001"]
    for told, shown in (
        (255, STATE_ON),
        (253, STATE_OFF),
        (254, STATE_UNKNOWN),
        (255, STATE_ON),
        # The next one knows its percentage.
        (99, STATE_OFF),
    ):
        sensor.battery = told
        await time.listed("sensors")
        assert state_of(hass, entity_id).state == shown, told
    assert state_of(hass, "sensor.outdoor_battery").state == "99"


async def test_battery_comes_by_itself(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A battery of which nothing was known appears when something is."""
    entity_id = "binary_sensor.uv_battery"
    assert hass.states.get(entity_id) is None
    simulator.home.sensors["1540000005"].battery = 255
    await time.listed("sensors")
    assert state_of(hass, entity_id).state == STATE_ON


# Gateways

HOME = "binary_sensor.home_connectivity"
CABIN = "binary_sensor.cabin_connectivity"
BARN, BARN_ID = "binary_sensor.barn_connectivity", "410009"


def barn(*, online: bool = True) -> Gateway:
    """Return another gateway."""
    return Gateway(BARN_ID, "a-uuid", "Barn", online=online)


async def test_gateway_lost_and_found(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """The devices tell of it soon, long before the list of gateways is asked for."""
    simulator.set_gateway_online("410001", online=False)
    simulator.set_gateway_online("410002", online=True)
    lists = polls(simulator, "json/clients/list")
    await time.move(POLL)
    assert polls(simulator, "json/clients/list") == lists
    assert state_of(hass, HOME).state == STATE_OFF
    assert state_of(hass, CABIN).state == STATE_ON
    simulator.set_gateway_online("410001", online=True)
    await time.move(POLL)
    assert state_of(hass, HOME).state == STATE_ON


async def test_gateway_device(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """It belongs to the gateway, of which no less is known for that."""
    gateway = device_registry.async_get_device_by_identifier(
        (DOMAIN, f"{ACCOUNT}_gateway_410001"), loaded.entry_id
    )
    entity = entity_registry.async_get(HOME)
    assert gateway is not None
    assert entity is not None
    assert entity.device_id == gateway.id
    assert gateway.model == "TellStick ZNet Lite v2"
    assert gateway.sw_version == "1.3.2"


async def test_gateway_without_devices(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Of a gateway without devices its own list tells, and it appears by itself."""
    simulator.home.gateways[BARN_ID] = barn()
    await time.move(POLL)
    assert hass.states.get(BARN) is None
    await time.listed("clients", 5)
    assert state_of(hass, BARN).state == STATE_ON
    simulator.set_gateway_online(BARN_ID, online=False)
    await time.listed("clients", 5)
    assert state_of(hass, BARN).state == STATE_OFF
    del simulator.home.gateways[BARN_ID]
    await time.listed("clients", 5)
    assert state_of(hass, BARN).state == STATE_UNAVAILABLE


async def test_gateway_of_which_only_devices_tell(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """A gateway is there as soon as a device tells of it, and no longer."""
    simulator.faults.add(Fault.NOT_FOUND, match="json/clients/list", times=None)
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert state_of(hass, HOME).state == STATE_ON
    home = simulator.home
    home.gateways[BARN_ID] = barn(online=False)
    home.devices[DOOR_ID].gateway_id = BARN_ID
    await time.move(60)
    assert state_of(hass, BARN).state == STATE_OFF
    assert state_of(hass, DOOR).state == STATE_UNAVAILABLE
    home.devices[DOOR_ID].gateway_id = "410001"
    await time.move(60)
    assert state_of(hass, BARN).state == STATE_UNAVAILABLE
    assert state_of(hass, DOOR).state == STATE_OFF


@pytest.mark.only("Front door", "Outdoor")
@pytest.mark.parametrize(
    "lists",
    [("sensors", "devices", "devices"), ("devices", "sensors")],
    ids=["devices last", "sensors last"],
)
async def test_telldus_lost(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    lists: tuple[str, ...],
) -> None:
    """Without Telldus nobody knows whether a gateway is there, whichever list ages first."""
    simulator.home.gateways[BARN_ID] = barn()
    for one in ("clients", *lists):
        await time.listed(one, 5)
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/*", times=None)
    await time.move(200)
    assert [state_of(hass, one).state for one in (HOME, CABIN, BARN)] == [
        *(STATE_ON, STATE_OFF, STATE_ON)
    ]
    await time.move(1400)
    assert {state_of(hass, one).state for one in (HOME, CABIN, BARN)} == {
        STATE_UNAVAILABLE
    }
    simulator.faults.clear()
    await time.move(1400)
    assert [state_of(hass, one).state for one in (HOME, CABIN, BARN)] == [
        *(STATE_ON, STATE_OFF, STATE_ON)
    ]


async def test_two_accounts(
    hass: HomeAssistant, loaded: MockConfigEntry, add_entry: AddEntry, time: Time
) -> None:
    """Two accounts that see the same gateway have it each for itself."""
    other = add_entry("guest", unique_id="another-account")
    await time.move(60)
    await time.until(hass.config_entries.async_setup(other.entry_id))
    await time.move(45)
    assert state_of(hass, HOME).state == STATE_ON
    assert state_of(hass, f"{HOME}_2").state == STATE_ON
    assert state_of(hass, f"{DOOR}_2").state == STATE_OFF
