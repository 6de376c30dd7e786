"""Thermostats that the tests of climate entities make up."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.climate import ClimateEntityFeature as Feature
from homeassistant.core import HomeAssistant
from simulator import DeviceType, LoggedRequest, Method, Simulator
from simulator.home import Device
from tests.conftest import AddEntry, Time
from tests.helpers import state_of

RADIATOR = "climate.radiator"

FLOOR = "climate.floor_heating"

PUMP = "climate.heat_pump"

VALVE = "climate.bathroom_valve"

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
