"""Thermostats as Home Assistant shows them, and what Telldus is told."""

from collections.abc import Awaitable, Callable
import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.climate import TelldusThermostat
from custom_components.telldus_pa.const import DOMAIN
from homeassistant.components.climate import (
    DATA_COMPONENT,
    ClimateEntityFeature as Feature,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
from simulator import DeviceType, Fault, LoggedRequest, Method, Simulator
from simulator.home import Device, Sensor, SensorValue

from .conftest import AddEntry, Time
from .helpers import complaints, state_of

RADIATOR = "climate.radiator"
FLOOR = "climate.floor_heating"
PUMP = "climate.heat_pump"
VALVE = "climate.bathroom_valve"
GUEST_ROOM = "climate.guest_room_heating"
MINE = "climate.mine"
MINE_ID = "2100900"
ON_OFF = Method.TURNON | Method.TURNOFF
BOTH = Feature.TURN_ON | Feature.TURN_OFF
TARGET, PRESET = Feature.TARGET_TEMPERATURE, Feature.PRESET_MODE


@pytest.fixture(autouse=True)
def quiet_home(simulator: Simulator) -> None:
    """Let nothing move by itself."""
    simulator.change_settings({"drift": False, "life": False})


type Start = Callable[[], Awaitable[MockConfigEntry]]


@pytest.fixture
def start(hass: HomeAssistant, add_entry: AddEntry, time: Time) -> Start:
    """Return a function that sets up the home as it has been arranged."""

    async def start() -> MockConfigEntry:
        entry = add_entry()
        await time.until(hass.config_entries.async_setup(entry.entry_id))
        # The sensors follow ten seconds after the devices; what comes later is not needed.
        await time.move(15)
        return entry

    return start


type Do = Callable[..., Awaitable[None]]


@pytest.fixture
def do(hass: HomeAssistant, time: Time) -> Do:
    """Return a function that does something, and waits until it is said to be done."""

    async def do(action: str, entity_id: str, **data: Any) -> None:
        data["entity_id"] = entity_id
        await time.until(
            hass.services.async_call("climate", action, data, blocking=True)
        )

    return do


def id_of(simulator: Simulator, name: str) -> str:
    """Return the id of the device with a name."""
    (found,) = [one.id for one in simulator.home.devices.values() if one.name == name]
    return found


def thermostat(
    simulator: Simulator, name: str = "Mine", device_id: str = MINE_ID, **more: Any
) -> Device:
    """Add a thermostat; ``mode``, ``setpoint`` and ``told`` are Telldus' own words."""
    mode = more.pop("mode", None)
    value = {"setpoint": more.pop("setpoint", {})} | ({"mode": mode} if mode else {})
    told = more.pop("told", None)
    device = simulator.home.devices[device_id] = Device(
        **{
            "id": device_id,
            "gateway_id": "410001",
            "client_device_id": device_id,
            "name": name,
            "methods": int(Method.THERMOSTAT),
            "state": 1,
            "values": {2048: value},
            "device_type": DeviceType.THERMOSTAT.uuid,
            "transport": "zwave",
            "parameters": {"thermostat": told} if told is not None else {},
            **more,
        }
    )
    return device


def sensor(simulator: Simulator, *values: tuple[str, str, str]) -> Sensor:
    """Add the sensor that is the same node as our thermostat."""
    now = int(simulator.clock())
    added = simulator.home.sensors["1540000900"] = Sensor(
        "1540000900",
        "410001",
        MINE_ID,
        "Mine",
        "zwave",
        values=[SensorValue(name, scale, value, now) for name, scale, value in values],
    )
    return added


def told_by(*modes: str, **setpoints: tuple[float, float] | None) -> dict[str, Any]:
    """Return what a thermostat can do; eco_heat is written eco-heat, None has no limits."""
    return {
        "modes": list(modes),
        "setpoints": {
            mode.replace("_", "-"): {"min": limits[0], "max": limits[1]}
            if limits
            else {}
            for mode, limits in setpoints.items()
        },
    }


def commands(simulator: Simulator) -> list[LoggedRequest]:
    """Return the commands that reached Telldus: to read a history is none."""
    return [
        one
        for one in simulator.log
        if one.path.startswith("json/device/") and not one.path.endswith("/history")
    ]


def sent(simulator: Simulator) -> list[str]:
    """Return what these commands say: the function, and all that it is told but the id."""
    return [
        " ".join(
            [request.path.removeprefix("json/device/")]
            + [f"{key}={value}" for key, value in request.params.items() if key != "id"]
        )
        for request in commands(simulator)
    ]


def value_of(simulator: Simulator, name: str = "Mine") -> dict[str, Any]:
    """Return a thermostat's mode and setpoints as Telldus has them."""
    value = simulator.home.devices[id_of(simulator, name)].values[2048]
    assert isinstance(value, dict)
    return value


def shown(hass: HomeAssistant, entity_id: str = MINE) -> tuple[str, Any, Any]:
    """Return the mode, the preset and the temperature that are shown."""
    state = state_of(hass, entity_id)
    attributes = state.attributes
    return state.state, attributes.get("preset_mode"), attributes.get("temperature")


# What is shown


@pytest.mark.parametrize(
    ("entity_id", "state", "attributes"),
    [
        (
            RADIATOR,
            "heat",
            {
                "hvac_modes": ["off", "heat"],
                "preset_modes": ["none", "eco"],
                "preset_mode": "none",
                "temperature": 21.5,
                "current_temperature": 20.7,
                "min_temp": 5,
                "max_temp": 28,
                "target_temp_step": 0.5,
                "supported_features": TARGET | PRESET | BOTH,
                "friendly_name": "Radiator",
            },
        ),
        (
            # One setpoint, no mode, no limits
            FLOOR,
            "heat",
            {
                "hvac_modes": ["heat"],
                "preset_modes": None,
                "preset_mode": None,
                "temperature": 24,
                "current_temperature": 23.4,
                "min_temp": 5,
                "max_temp": 35,
                "supported_features": TARGET,
            },
        ),
        (
            PUMP,
            "auto",
            {
                "hvac_modes": ["off", "auto", "heat", "cool", "dry", "fan_only"],
                "preset_modes": ["none", "away", "frost_guard"],
                "preset_mode": "none",
                "temperature": 21,
                "current_temperature": 21.1,
                "min_temp": 16,
                "max_temp": 30,
                "supported_features": TARGET | PRESET | BOTH,
            },
        ),
        (
            VALVE,
            "heat",
            {
                "hvac_modes": ["off", "heat"],
                "preset_modes": ["none", "manual", "boost"],
                "preset_mode": "none",
                "temperature": 19,
                "current_temperature": 18.9,
                "min_temp": 4,
                "max_temp": 28,
                "supported_features": TARGET | PRESET | BOTH,
            },
        ),
        (
            # Without a parameter and without a sensor
            GUEST_ROOM,
            "heat",
            {
                "hvac_modes": ["heat", "off"],
                "preset_modes": None,
                "temperature": 16,
                "current_temperature": None,
                "current_humidity": None,
                "min_temp": 5,
                "max_temp": 35,
                "supported_features": TARGET | BOTH,
            },
        ),
    ],
)
async def test_demo_home(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_id: str,
    state: str,
    attributes: dict[str, Any],
) -> None:
    """Every thermostat of the demo home is shown as what it is."""
    assert state_of(hass, entity_id).state == state
    found = state_of(hass, entity_id).attributes
    assert {key: found.get(key) for key in attributes} == attributes


async def test_presets_are_called_by_our_names(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Texts and icons of presets are found by this key."""
    entry = er.async_get(hass).async_get(PUMP)
    assert entry is not None
    assert entry.translation_key == "thermostat"
    texts = await async_get_translations(hass, "en", "entity", [DOMAIN])
    start = f"component.{DOMAIN}.entity.climate.{entry.translation_key}"
    path = f"{start}.state_attributes.preset_mode.state."
    named = {key.removeprefix(path) for key in texts if key.startswith(path)}
    assert named == {"eco_cool", "frost_guard", "manual", "program"}


async def test_no_other_thermostats(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """What the test above lists is all there is."""
    states = hass.states.async_entity_ids("climate")
    assert set(states) == {RADIATOR, FLOOR, PUMP, VALVE, GUEST_ROOM}


@pytest.mark.parametrize(
    ("mode", "hvac_mode", "preset"),
    [
        ("auto", "auto", "none"),
        ("away", "heat", "away"),
        ("cool", "cool", "none"),
        ("dry", "dry", "none"),
        ("eco-cool", "cool", "eco_cool"),
        ("eco-heat", "heat", "eco"),
        ("fan", "fan_only", "none"),
        ("heat", "heat", "none"),
        ("heat-cool", "heat_cool", "none"),
        ("hg", "heat", "frost_guard"),
        ("manual", "heat", "manual"),
        ("max", "heat", "boost"),
        ("off", "off", "none"),
        ("program", "auto", "program"),
        # Not in any table
        ("Full Power!", "heat", "full_power"),
    ],
)
async def test_modes(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    mode: str,
    hvac_mode: str,
    preset: str,
) -> None:
    """Each mode of Telldus is a mode of Home Assistant, some with a preset."""
    modes = [mode, *({"heat", "eco-heat"} - {mode})]
    thermostat(simulator, mode=mode, told=told_by(*modes, "resume"))
    await start()
    assert shown(hass)[:2] == (hvac_mode, preset)
    attributes = state_of(hass, MINE).attributes
    assert hvac_mode in attributes["hvac_modes"]
    assert preset in attributes["preset_modes"]
    # A command, never a mode
    assert "resume" not in attributes["preset_modes"]


@pytest.mark.parametrize(
    ("state", "more", "hvac_mode"),
    [
        (1, {}, "unknown"),
        (2, {}, "off"),
        (0, {}, "unknown"),
        # Its state says nothing of one that has a mode for it, or cannot be off.
        (2, {"mode": "heat"}, "heat"),
        (2, {"mode": "heat", "told": told_by("heat", "cool")}, "heat"),
        # Off is none of its modes.
        (2, {"mode": "heat", "told": told_by("heat"), "methods": 2050}, "off"),
        (1, {"mode": "heat", "told": told_by("heat"), "methods": 2050}, "heat"),
    ],
)
async def test_off(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    state: int,
    more: dict[str, Any],
    hvac_mode: str,
) -> None:
    """Where the mode does not say whether it is off, the state does."""
    usual: dict[str, Any] = {
        "told": told_by("off", "heat", "cool", "eco-heat", heat=None, cool=None),
        "setpoint": {"heat": "20", "cool": "25"},
        "state": state,
    }
    thermostat(simulator, **(usual | more))
    await start()
    assert state_of(hass, MINE).state == hvac_mode
    if "mode" not in more:
        assert shown(hass) == (hvac_mode, None, None)


async def test_tells_nothing(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do
) -> None:
    """Of one that tells nothing at all no more is offered than to turn it off."""
    thermostat(simulator, values={})
    await start()
    state = state_of(hass, MINE)
    assert state.state == "unknown"
    assert state.attributes["hvac_modes"] == ["off"]
    assert state.attributes["supported_features"] == Feature.TURN_OFF
    assert "temperature" not in state.attributes
    await do("turn_off", MINE)
    assert sent(simulator) == ["thermostat mode=off changeMode=1"]


async def test_no_thermostat_any_more(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A device that is told to be something else is shown as that."""
    device = thermostat(simulator, told=told_by("heat", heat=None), mode="heat")
    await start()
    device.methods = ON_OFF
    await time.move(35)
    assert hass.states.get(MINE) is None
    assert complaints(caplog) == []


async def test_presets_without_a_plain_mode(
    hass: HomeAssistant, simulator: Simulator, start: Start, time: Time
) -> None:
    """There is no "none" where there is nothing to go back to."""
    device = thermostat(simulator, mode="manual", told=told_by("off", "manual", "max"))
    await start()
    assert state_of(hass, MINE).attributes["preset_modes"] == ["manual", "boost"]
    assert shown(hass) == ("heat", "manual", None)
    device.values[2048] = {"mode": "off"}
    await time.move(35)
    assert shown(hass) == ("off", None, None)


async def test_unlisted_mode(
    hass: HomeAssistant, simulator: Simulator, start: Start
) -> None:
    """What it does is shown, also if it does not say that it can."""
    told = told_by("off", "heat", heat=(5, 30), away=(4, 12))
    thermostat(simulator, mode="away", setpoint={"away": "10"}, told=told)
    await start()
    state = state_of(hass, MINE)
    assert (state.state, state.attributes["temperature"]) == ("heat", 10)
    assert (state.attributes["min_temp"], state.attributes["max_temp"]) == (4, 12)


@pytest.mark.parametrize(
    ("setpoint", "temperature"),
    [("-100", None), ("-100.0", None), (-100, None), ("17.5", 17.5), (17.5, 17.5)],
)
async def test_setpoint(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    setpoint: object,
    temperature: float | None,
) -> None:
    """Setpoints come as texts or numbers; -100 stands for one that is not known."""
    thermostat(simulator, mode="heat", setpoint={"heat": setpoint})
    await start()
    assert shown(hass) == ("heat", None, temperature)
    assert state_of(hass, MINE).attributes["supported_features"] & TARGET


async def test_setpoint_that_cannot_be_set(
    hass: HomeAssistant, simulator: Simulator, start: Start
) -> None:
    """A mode whose temperature cannot be set has none, whatever is stored for it."""
    told = told_by("off", "heat", "max", heat=(5, 30))
    thermostat(simulator, mode="max", setpoint={"heat": "20", "max": "28"}, told=told)
    await start()
    assert shown(hass) == ("heat", "boost", None)


async def test_limits(
    hass: HomeAssistant, simulator: Simulator, start: Start, time: Time
) -> None:
    """Each mode has its own limits; what is not told is 5 and 35."""
    told = told_by("heat", "cool", "away", heat=(10, 25), cool=None)
    told["setpoints"] |= {"away": {"max": 12}, "auto": {"min": 7.5, "max": None}}
    device = thermostat(simulator, mode="heat", told=told)
    await start()
    for mode, limits in (
        ("heat", (10, 25)),
        ("cool", (5, 35)),
        ("away", (5, 12)),
        ("auto", (7.5, 35)),
    ):
        device.values[2048] = {"mode": mode}
        await time.move(35)
        found = state_of(hass, MINE).attributes
        assert (found["min_temp"], found["max_temp"]) == limits


# The sensor


async def test_sensor_changes(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A new value of the sensor is shown, though the device itself stays the same."""
    (radiator,) = [s for s in simulator.home.sensors.values() if s.name == "Radiator"]
    simulator.set_sensor(radiator.id, "temp", "0", 22.2)
    await time.listed("sensors")
    assert state_of(hass, RADIATOR).attributes["current_temperature"] == 22.2
    simulator.set_sensor(radiator.id, "humidity", "0", 44)
    await time.listed("sensors")
    assert state_of(hass, RADIATOR).attributes["current_humidity"] == 44


async def test_sensor_was_there_before(
    hass: HomeAssistant, simulator: Simulator, start: Start, time: Time
) -> None:
    """A thermostat that comes when its sensor is known finds it."""
    sensor(simulator, ("temp", "0", "19.5"))
    await start()
    thermostat(simulator, mode="heat", setpoint={"heat": "20"})
    await time.move(35)
    assert state_of(hass, MINE).attributes["current_temperature"] == 19.5


async def test_sensor_comes_and_goes(
    hass: HomeAssistant, simulator: Simulator, start: Start, time: Time
) -> None:
    """The pair is found when it is complete, and another when there is another."""
    device = thermostat(simulator, mode="heat", setpoint={"heat": "20"})
    await start()

    def current() -> object:
        return state_of(hass, MINE).attributes["current_temperature"]

    assert current() is None
    added = sensor(simulator, ("temp", "0", "19.5"))
    await time.listed("sensors")
    assert current() == 19.5
    # Excluded and included again: another number
    device.client_device_id = "77"
    await time.move(35)
    assert current() is None
    added.sensor_id = "77"
    await time.listed("sensors")
    assert current() == 19.5
    simulator.set_sensor(added.id, "temp", "0", 20)
    await time.listed("sensors")
    assert current() == 20
    del simulator.home.sensors[added.id]
    await time.listed("sensors")
    assert current() is None


@pytest.mark.parametrize(
    ("values", "current"),
    [
        ([("temp", "1", "70.2")], 21.2),
        ([("temp", "1", "70.2"), ("temp", "0", "18")], 18),
        ([("temp", "0", "")], None),
        ([("temp", "0", "warm")], None),
        ([("temp", "2", "294")], None),
        ([("temp", "0", "0")], 0),
    ],
)
async def test_current_temperature(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    values: list[tuple[str, str, str]],
    current: float | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A temperature may be in degrees Fahrenheit; what is no number is not known."""
    thermostat(simulator, mode="heat")
    sensor(simulator, *values)
    await start()
    assert state_of(hass, MINE).attributes["current_temperature"] == current
    assert complaints(caplog) == []


async def test_stale_temperature(
    hass: HomeAssistant, simulator: Simulator, start: Start, time: Time
) -> None:
    """What was not heard for a day is not what is now."""
    thermostat(simulator, mode="heat")
    added = sensor(simulator, ("temp", "0", "19"), ("humidity", "0", "40"))
    added.values[0].last_updated -= 24 * 3600 - 300
    await start()
    attributes = state_of(hass, MINE).attributes
    assert (attributes["current_temperature"], attributes["current_humidity"]) == (
        19,
        40,
    )
    await time.move(600)
    attributes = state_of(hass, MINE).attributes
    assert attributes["current_temperature"] is None
    assert attributes["current_humidity"] == 40


async def test_sensors_are_lost(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """While the sensor itself is unavailable, nothing is said of what it measures."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/sensors/list")
    await time.move(300)
    assert state_of(hass, RADIATOR).attributes["current_temperature"] == 20.7
    await time.move(400)
    assert shown(hass, RADIATOR) == ("heat", "none", 21.5)
    assert state_of(hass, RADIATOR).attributes["current_temperature"] is None
    simulator.faults.clear()
    await time.move(300)
    assert state_of(hass, RADIATOR).attributes["current_temperature"] == 20.7


async def test_frees_its_sensor(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is no longer shown listens to nothing."""
    thermostat(simulator, mode="heat")
    added = sensor(simulator, ("temp", "0", "19"))
    entry = await start()
    sensors = entry.runtime_data.sensors
    before = list(sensors.async_contexts()).count(added.id)
    er.async_get(hass).async_update_entity(
        MINE, disabled_by=er.RegistryEntryDisabler.USER
    )
    await time.move(15)
    assert hass.states.get(MINE) is None
    assert list(sensors.async_contexts()).count(added.id) == before - 1
    # Neither is it woken by the list as a whole.
    added.name = "Renamed"
    await time.move(240)
    assert list(sensors.async_contexts()).count(added.id) == before - 1
    assert complaints(caplog) == []


# What is told


@pytest.mark.parametrize(
    ("mode", "action", "data", "command", "effect"),
    [
        (
            "heat",
            "set_temperature",
            {"temperature": 22.5},
            "mode=heat changeMode=0 temperature=22.5 scale=0",
            ("heat", "none", 22.5),
        ),
        (
            # A preset is kept.
            "away",
            "set_temperature",
            {"temperature": 11},
            "mode=away changeMode=0 temperature=11 scale=0",
            ("heat", "away", 11),
        ),
        (
            # Mode and temperature in one request
            "heat",
            "set_temperature",
            {"temperature": 25, "hvac_mode": "cool"},
            "mode=cool changeMode=1 temperature=25 scale=0",
            ("cool", "none", 25),
        ),
        (
            # The plain mode, also where the current one is a preset of the same
            "hg",
            "set_temperature",
            {"temperature": 8, "hvac_mode": "heat"},
            "mode=heat changeMode=1 temperature=8 scale=0",
            ("heat", "none", 8),
        ),
        # No temperature for what has none
        (
            "heat",
            "set_temperature",
            {"temperature": 21, "hvac_mode": "off"},
            "mode=off changeMode=1",
            ("off", "none", None),
        ),
        (
            "heat",
            "set_temperature",
            {"temperature": 21, "hvac_mode": "fan_only"},
            "mode=fan changeMode=1",
            ("fan_only", "none", None),
        ),
        (
            "heat",
            "set_hvac_mode",
            {"hvac_mode": "cool"},
            "mode=cool changeMode=1",
            ("cool", "none", 24),
        ),
        (
            "heat",
            "set_hvac_mode",
            {"hvac_mode": "fan_only"},
            "mode=fan changeMode=1",
            ("fan_only", "none", None),
        ),
        (
            "heat",
            "set_hvac_mode",
            {"hvac_mode": "off"},
            "mode=off changeMode=1",
            ("off", "none", None),
        ),
        (
            # No plain mode leads there.
            "heat",
            "set_hvac_mode",
            {"hvac_mode": "auto"},
            "mode=program changeMode=1",
            ("auto", "program", None),
        ),
        (
            "heat",
            "set_preset_mode",
            {"preset_mode": "away"},
            "mode=away changeMode=1",
            ("heat", "away", 10),
        ),
        (
            "heat",
            "set_preset_mode",
            {"preset_mode": "frost_guard"},
            "mode=hg changeMode=1",
            ("heat", "frost_guard", None),
        ),
        (
            "off",
            "set_preset_mode",
            {"preset_mode": "full_power"},
            "mode=full power changeMode=1",
            ("heat", "full_power", None),
        ),
        (
            "away",
            "set_preset_mode",
            {"preset_mode": "none"},
            "mode=heat changeMode=1",
            ("heat", "none", 20),
        ),
        (
            "eco-cool",
            "set_preset_mode",
            {"preset_mode": "none"},
            "mode=cool changeMode=1",
            ("cool", "none", 24),
        ),
        (
            # No plain mode with the same mode: the first one
            "program",
            "set_preset_mode",
            {"preset_mode": "none"},
            "mode=cool changeMode=1",
            ("cool", "none", 24),
        ),
        ("heat", "turn_off", {}, "mode=off changeMode=1", ("off", "none", None)),
        ("heat", "toggle", {}, "mode=off changeMode=1", ("off", "none", None)),
        ("off", "turn_on", {}, "mode=eco-cool changeMode=1", ("cool", "eco_cool", 27)),
        ("off", "toggle", {}, "mode=eco-cool changeMode=1", ("cool", "eco_cool", 27)),
        ("fan", "turn_on", {}, "mode=fan changeMode=1", ("fan_only", "none", None)),
    ],
)
async def test_actions(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    do: Do,
    time: Time,
    mode: str,
    action: str,
    data: dict[str, Any],
    command: str,
    effect: tuple[str, Any, Any],
) -> None:
    """Each action is one request; what it does is shown at once, and confirmed."""
    thermostat(
        simulator,
        mode=mode,
        state=2 if mode == "off" else 1,
        setpoint={"heat": "20", "cool": "24", "away": "10", "eco-cool": "27"},
        told=told_by(
            *("off", "eco-cool", "cool", "away", "hg", "program", "heat", "fan"),
            "full power",
            heat=(5, 30),
            cool=(18, 30),
            away=(8, 16),
            hg=(5, 10),
            eco_cool=(18, 30),
        ),
    )
    await start()
    if mode in ("off", "fan"):
        # The first that is not off is what would be gone back to.
        assert state_of(hass, MINE).attributes["min_temp"] == 18
    await do(action, MINE, **data)
    assert sent(simulator) == [f"thermostat {command}"]
    assert shown(hass) == effect
    await time.move(35)
    assert shown(hass) == effect
    told = commands(simulator)[0].params
    found = value_of(simulator)
    if told["changeMode"] == "1":
        assert found["mode"] == told["mode"]
    if "temperature" in told:
        assert found["setpoint"][told["mode"]] == told["temperature"]


async def test_temperature_while_off(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    do: Do,
    time: Time,
) -> None:
    """What is set while it is off is for the mode that comes after, and turns nothing on."""
    await do("set_hvac_mode", PUMP, hvac_mode="cool")
    await time.move(35)
    await do("turn_off", PUMP)
    await time.move(35)
    assert shown(hass, PUMP) == ("off", "none", None)
    # The limits are those of the mode that it is for.
    assert state_of(hass, PUMP).attributes["min_temp"] == 18
    await do("set_temperature", PUMP, temperature=19)
    await time.move(35)
    assert sent(simulator)[2:] == [
        "thermostat mode=cool changeMode=0 temperature=19 scale=0"
    ]
    assert value_of(simulator, "Heat pump")["setpoint"]["cool"] == "19"
    assert shown(hass, PUMP) == ("off", "none", None)
    await do("turn_on", PUMP)
    await time.move(35)
    assert sent(simulator)[3:] == ["thermostat mode=resume changeMode=1"]
    assert shown(hass, PUMP) == ("cool", "none", 19)


async def test_temperature_without_a_mode_before(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do
) -> None:
    """Where nobody knows what it did before, it is the first mode that has one."""
    told = told_by("off", "max", "eco-heat", "heat", heat=None, eco_heat=(5, 20))
    thermostat(simulator, mode="off", state=2, told=told)
    await start()
    await do("set_temperature", MINE, temperature=17)
    assert sent(simulator) == [
        "thermostat mode=eco-heat changeMode=0 temperature=17 scale=0"
    ]


async def test_temperature_of_a_mode_without(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    do: Do,
    time: Time,
) -> None:
    """In a mode without a temperature it is for the one before, as while it is off."""
    await do("set_preset_mode", VALVE, preset_mode="manual")
    assert shown(hass, VALVE) == ("heat", "manual", None)
    await do("set_preset_mode", VALVE, preset_mode="boost")
    assert shown(hass, VALVE) == ("heat", "boost", None)
    await do("set_temperature", VALVE, temperature=20)
    assert sent(simulator)[-1] == (
        # Of "boost" too it remembers that it was there before.
        "thermostat mode=heat changeMode=0 temperature=20 scale=0"
    )


@pytest.mark.parametrize("action", ["turn_on", "toggle"])
async def test_back_to_the_last_mode(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    do: Do,
    time: Time,
    action: str,
) -> None:
    """Without a "resume" it goes back to what it was, however short that was."""
    await do("set_preset_mode", RADIATOR, preset_mode="eco")
    await do("turn_off", RADIATOR)
    assert shown(hass, RADIATOR) == ("off", "none", None)
    await do(action, RADIATOR)
    assert sent(simulator)[-1] == "thermostat mode=eco-heat changeMode=1"
    assert shown(hass, RADIATOR) == ("heat", "eco", 17)
    await time.move(35)
    assert shown(hass, RADIATOR) == ("heat", "eco", 17)


async def test_back_to_the_first_mode_that_was_seen(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do
) -> None:
    """What it did when Home Assistant started counts as well."""
    thermostat(simulator, mode="away", told=told_by("off", "heat", "away"))
    await start()
    await do("turn_off", MINE)
    await do("turn_on", MINE)
    assert sent(simulator)[-1] == "thermostat mode=away changeMode=1"


async def test_last_mode_is_no_mode_any_more(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do, time: Time
) -> None:
    """It cannot go back to what it no longer has."""
    device = thermostat(simulator, mode="away", told=told_by("off", "heat", "away"))
    await start()
    device.values[2048] = {"mode": "off"}
    device.parameters["thermostat"] = told_by("off", "heat")
    await time.move(35)
    await do("turn_on", MINE)
    assert sent(simulator) == ["thermostat mode=heat changeMode=1"]


@pytest.mark.parametrize(
    ("methods", "features", "on", "off"),
    [
        (ON_OFF, TARGET | BOTH, "turnOn", "turnOff"),
        (
            Method.TURNOFF,
            TARGET | BOTH,
            "thermostat mode=heat changeMode=1",
            "turnOff",
        ),
    ],
)
async def test_off_is_no_mode(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    do: Do,
    time: Time,
    methods: Method,
    features: Feature,
    on: str,
    off: str,
) -> None:
    """What has no such mode is turned off and on like a lamp, where it can be."""
    thermostat(
        simulator,
        mode="heat",
        setpoint={"heat": "20"},
        told=told_by("heat", "cool", heat=None),
        methods=int(methods | Method.THERMOSTAT),
    )
    await start()
    state = state_of(hass, MINE)
    assert state.attributes["hvac_modes"] == ["heat", "cool", "off"]
    assert state.attributes["supported_features"] == features
    await do("turn_off", MINE)
    assert state_of(hass, MINE).state == "off"
    await time.move(35)
    assert state_of(hass, MINE).state == "off"
    await do("turn_on", MINE)
    await time.move(35)
    assert shown(hass) == ("heat", None, 20)
    await do("set_hvac_mode", MINE, hvac_mode="off")
    await time.move(35)
    assert state_of(hass, MINE).state == "off"
    await do("set_hvac_mode", MINE, hvac_mode="heat")
    await time.move(35)
    assert shown(hass) == ("heat", None, 20)
    assert sent(simulator) == [off, on, off, "thermostat mode=heat changeMode=1"]


async def test_cannot_be_off(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, do: Do
) -> None:
    """What cannot be turned off is not offered to be."""
    for action in ("turn_off", "turn_on", "toggle"):
        with pytest.raises(HomeAssistantError):
            await do(action, FLOOR)
    with pytest.raises(ServiceValidationError) as raised:
        await do("set_hvac_mode", FLOOR, hvac_mode="off")
    assert raised.value.translation_key == "not_valid_hvac_mode"
    assert sent(simulator) == []
    await do("set_temperature", FLOOR, temperature=25.5)
    assert sent(simulator) == [
        "thermostat mode=heat changeMode=0 temperature=25.5 scale=0"
    ]
    assert shown(hass, FLOOR) == ("heat", None, 25.5)


async def test_cannot_be_on(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do
) -> None:
    """Without anything to be turned on by, it can only be turned off."""
    thermostat(simulator, told=told_by("off"), state=2, mode="off")
    await start()
    assert state_of(hass, MINE).attributes["supported_features"] == Feature.TURN_OFF
    with pytest.raises(HomeAssistantError):
        await do("turn_on", MINE)


# What is refused


async def test_no_temperature(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do, time: Time
) -> None:
    """Where no mode has a temperature, none can be set; who tries is told."""
    thermostat(simulator, mode="heat", setpoint={"heat": "20"}, told=told_by("heat"))
    # A parameter that names no setpoints says nothing of them; this one says "none".
    simulator.home.devices[MINE_ID].parameters["thermostat"]["setpoints"] = {
        "heat": None
    }
    await start()
    state = state_of(hass, MINE)
    assert not state.attributes["supported_features"] & TARGET
    assert (state.attributes["min_temp"], state.attributes["max_temp"]) == (5, 35)
    assert "temperature" not in state.attributes
    with pytest.raises(HomeAssistantError):
        await do("set_temperature", MINE, temperature=20)
    # Home Assistant asks for the feature; whoever does not, is told as well.
    entity = hass.data[DATA_COMPONENT].get_entity(MINE)
    assert isinstance(entity, TelldusThermostat)
    with pytest.raises(ServiceValidationError) as raised:
        await entity.async_set_temperature(temperature=20)
    assert str(raised.value) == "Mine has no temperature that can be set"
    assert sent(simulator) == []


@pytest.mark.parametrize(
    ("data", "key"),
    [
        # The limits of the current mode are looked at by Home Assistant.
        ({"temperature": 15}, "temp_out_of_range"),
        ({"temperature": 31}, "temp_out_of_range"),
        ({"temperature": 17.5, "hvac_mode": "cool"}, "temp_out_of_range"),
        ({"temperature": 20, "hvac_mode": "heat_cool"}, "not_valid_hvac_mode"),
        (
            {"target_temp_low": 18, "target_temp_high": 20},
            "missing_target_temperature_range_entity_feature",
        ),
    ],
)
async def test_wrong_temperature(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    do: Do,
    data: dict[str, Any],
    key: str,
) -> None:
    """What a mode does not allow is refused before Telldus is asked."""
    with pytest.raises(ServiceValidationError) as raised:
        await do("set_temperature", PUMP, **data)
    assert raised.value.translation_key == key
    assert sent(simulator) == []
    assert shown(hass, PUMP) == ("auto", "none", 21)


async def test_wrong_temperature_is_named(
    hass: HomeAssistant, loaded: MockConfigEntry, do: Do
) -> None:
    """The person is told what would be right."""
    with pytest.raises(ServiceValidationError) as raised:
        await do("set_temperature", PUMP, temperature=17.5, hvac_mode="cool")
    assert str(raised.value) == (
        "Provided temperature 17.5 is not valid. Accepted range is 18 to 30"
    )


async def test_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, do: Do
) -> None:
    """What Telldus refuses is taken back."""
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/device/*", times=1, text="Too warm"
    )
    with pytest.raises(HomeAssistantError, match="to Radiator: Too warm"):
        await do("set_temperature", RADIATOR, temperature=25, hvac_mode="heat")
    assert shown(hass, RADIATOR) == ("heat", "none", 21.5)


async def test_shown_at_once(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What is commanded is shown before anything is sent, and stays while lists lag."""
    hass.async_create_task(
        hass.services.async_call(
            "climate",
            "set_temperature",
            {"entity_id": PUMP, "temperature": 18, "hvac_mode": "cool"},
        ),
        eager_start=True,
    )
    assert sent(simulator) == []
    assert shown(hass, PUMP) == ("cool", "none", 18)
    assert state_of(hass, PUMP).attributes["min_temp"] == 18
    await time.until(loaded.runtime_data.devices.async_refresh())
    assert value_of(simulator, "Heat pump")["mode"] == "auto"
    assert shown(hass, PUMP) == ("cool", "none", 18)


async def test_several_settings(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A knob that is turned further before the first request is out makes one of all."""
    for temperature in (22, 22.5, 23):
        hass.async_create_task(
            hass.services.async_call(
                "climate",
                "set_temperature",
                {"entity_id": RADIATOR, "temperature": temperature},
            ),
            eager_start=True,
        )
    assert shown(hass, RADIATOR) == ("heat", "none", 23)
    await time.move(35)
    assert sent(simulator) == [
        "thermostat mode=heat changeMode=0 temperature=23 scale=0"
    ]
    assert shown(hass, RADIATOR) == ("heat", "none", 23)


async def test_turned_by_hand(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A knob that is turned at the radiator shows with the next list."""
    simulator.press(id_of(simulator, "Radiator"), "thermostat", 19)
    await time.move(35)
    assert shown(hass, RADIATOR) == ("heat", "none", 19)


async def test_sleeper(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    do: Do,
    time: Time,
) -> None:
    """A thermostat on batteries hears of a command when it wakes, and is shown as told."""
    # It wakes every five minutes, and just did so.
    await time.move(310 - simulator.clock() % 300)
    await do("set_temperature", VALVE, temperature=23)
    assert shown(hass, VALVE) == ("heat", "none", 23)
    for _ in range(3):
        await time.move(45)
        assert shown(hass, VALVE) == ("heat", "none", 23)
        assert value_of(simulator, "Bathroom valve")["setpoint"]["heat"] == "19"
    # And a poll later
    await time.move(215)
    assert value_of(simulator, "Bathroom valve")["setpoint"]["heat"] == "23"
    assert shown(hass, VALVE) == ("heat", "none", 23)


async def test_unavailable(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A thermostat whose gateway is offline is not available."""
    simulator.set_gateway_online("410001", online=False)
    await time.move(35)
    assert state_of(hass, RADIATOR).state == "unavailable"


# Degrees Fahrenheit


async def test_us_customary_units(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do, time: Time
) -> None:
    """Who uses degrees Fahrenheit sees and sets them; Telldus is told degrees Celsius."""
    hass.config.units = US_CUSTOMARY_SYSTEM
    await start()
    attributes = state_of(hass, RADIATOR).attributes
    assert attributes["temperature"] == 70.7
    assert attributes["current_temperature"] == 69.3
    assert (attributes["min_temp"], attributes["max_temp"]) == (41, 82.4)
    await do("set_temperature", RADIATOR, temperature=68)
    await do("set_temperature", RADIATOR, temperature=71)
    assert shown(hass, RADIATOR) == ("heat", "none", 71)
    assert sent(simulator) == [
        "thermostat mode=heat changeMode=0 temperature=20 scale=0",
        "thermostat mode=heat changeMode=0 temperature=21.67 scale=0",
    ]
    await time.move(35)
    assert shown(hass, RADIATOR) == ("heat", "none", 71)
    with pytest.raises(ServiceValidationError):
        await do("set_temperature", RADIATOR, temperature=21)


# Groups


async def test_group(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do, time: Time
) -> None:
    """A group of thermostats is one: what all of them can do, told to all at once."""
    one = thermostat(
        simulator,
        mode="heat",
        setpoint={"heat": "20", "away": "10"},
        told=told_by("off", "heat", "away", heat=(5, 30), away=(5, 15)),
    )
    other = thermostat(
        simulator,
        "Other",
        "2100901",
        mode="heat",
        setpoint={"heat": "21"},
        told=told_by("heat", "off", heat=(5, 30)),
    )
    thermostat(
        simulator,
        "Both",
        "2100902",
        type="group",
        transport="group",
        device_type=DeviceType.CONTAINER.uuid,
        members=[one.id, other.id],
        values={},
    )
    await start()
    both = "climate.both"
    assert shown(hass, both) == ("heat", None, None)
    assert state_of(hass, both).attributes["hvac_modes"] == ["off", "heat"]
    assert state_of(hass, both).attributes["group_entities"] == [MINE, "climate.other"]
    await do("set_temperature", both, temperature=22)
    for entity_id in (both, MINE, "climate.other"):
        assert state_of(hass, entity_id).attributes["temperature"] == 22
    await do("turn_off", both)
    assert {shown(hass, name)[0] for name in (both, MINE, "climate.other")} == {"off"}
    await time.move(35)
    assert {shown(hass, name)[0] for name in (both, MINE, "climate.other")} == {"off"}
    assert len(sent(simulator)) == 2
    await do("turn_on", MINE)
    # One is on and one is not; what they are together, nobody can say.
    assert shown(hass, both)[0] == "unknown"
    await do("turn_on", both)
    assert sent(simulator)[-1] == "thermostat mode=heat changeMode=1"
    assert shown(hass, both) == ("heat", None, 22)


async def test_group_that_is_only_switched(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do, time: Time
) -> None:
    """A group of thermostats that can only be switched is not more than that."""
    thermostat(simulator, mode="heat", setpoint={"heat": "20"})
    thermostat(
        simulator,
        "Switched",
        "2100901",
        methods=int(ON_OFF),
        transport="group",
        parameters={"devices": MINE_ID},
        values={},
    )
    await start()
    state = state_of(hass, "climate.switched")
    assert state.state == "unknown"
    assert state.attributes["hvac_modes"] == ["off"]
    assert state.attributes["supported_features"] == BOTH
    await do("turn_off", "climate.switched")
    await time.move(35)
    assert state_of(hass, "climate.switched").state == "off"
    await do("turn_on", "climate.switched")
    assert sent(simulator) == ["turnOff", "turnOn"]


# Home Assistant's versions


def test_both_names_of_temperatures(caplog: pytest.LogCaptureFixture) -> None:
    """Each temperature has its name of before and that of since 2026.11.

    Whatever the base class looks for it finds there, and then warns of nothing.
    """
    names = vars(TelldusThermostat)
    for old, new in (
        ("_attr_temperature_unit", "_attr_native_temperature_unit"),
        ("current_temperature", "native_current_temperature"),
        ("target_temperature", "native_target_temperature"),
    ):
        assert {old, new} <= names.keys()
    with caplog.at_level(logging.WARNING):
        type("Derived", (TelldusThermostat,), {})
    assert caplog.records == []


async def test_new_names(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """By their new names the temperatures are the same."""
    entity = hass.data[DATA_COMPONENT].get_entity(RADIATOR)
    assert isinstance(entity, TelldusThermostat)
    assert entity.native_target_temperature == 21.5
    assert entity.native_current_temperature == 20.7
