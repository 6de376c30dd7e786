"""What Google Assistant and Alexa are told of a home at Telldus, and what they can do.

Both by Home Assistant's own integrations, set up without any choice of one's own.
"""

from collections.abc import Iterable
import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from homeassistant.components.alexa import SMART_HOME_SCHEMA
from homeassistant.components.alexa.smart_home import (
    AlexaConfig,
    async_handle_message as async_tell_alexa,
)
from homeassistant.components.google_assistant import GOOGLE_ASSISTANT_SCHEMA
from homeassistant.components.google_assistant.http import GoogleConfig
from homeassistant.components.google_assistant.smart_home import (
    async_devices_sync_response,
    async_handle_message as async_tell_google,
)
from homeassistant.core import HomeAssistant
from simulator import Simulator
from simulator.home import Device
from simulator.methods import DeviceType, Method

from .conftest import Time
from .helpers import DeviceChanges

LOCK_ID = "2100015"
# Has colors and no level of its own.
RGB_ID = "77"

type _Json = dict[str, Any]

# By entity: Google's type and traits, None for what Google is not told of; and Alexa's
# category and interfaces, besides "Alexa" and "EndpointHealth".
TOLD: dict[str, tuple[tuple[str, set[str]] | None, tuple[str, set[str]] | None]] = {
    # Outlet, and a switch that is none
    "switch.hall_switch": (
        ("OUTLET", {"OnOff"}),
        ("SMARTPLUG", {"PowerController", "ContactSensor"}),
    ),
    "switch.tv": (
        ("SWITCH", {"OnOff"}),
        ("SWITCH", {"PowerController", "ContactSensor"}),
    ),
    # Lamps
    "light.garage_light": (
        ("LIGHT", {"OnOff"}),
        ("LIGHT", {"PowerController"}),
    ),
    "light.ceiling_dimmer": (
        ("LIGHT", {"OnOff", "Brightness"}),
        ("LIGHT", {"PowerController", "BrightnessController"}),
    ),
    "light.color_bulb": (
        ("LIGHT", {"OnOff", "Brightness", "ColorSetting"}),
        ("LIGHT", {"PowerController", "BrightnessController", "ColorController"}),
    ),
    "light.party_lamp": (
        ("LIGHT", {"OnOff", "Brightness", "ColorSetting"}),
        ("LIGHT", {"PowerController", "BrightnessController", "ColorController"}),
    ),
    "light.all_lamps": (
        ("LIGHT", {"OnOff", "Brightness"}),
        ("LIGHT", {"PowerController", "BrightnessController"}),
    ),
    # Covers, with and without a position, one that cannot be stopped, and a group
    "cover.bedroom_shutter": (
        ("BLINDS", {"OpenClose", "StartStop"}),
        (
            "INTERIOR_BLIND",
            {"PowerController", "RangeController", "PlaybackController"},
        ),
    ),
    "cover.awning": (
        ("BLINDS", {"OpenClose", "StartStop"}),
        ("INTERIOR_BLIND", {"PowerController", "ModeController", "PlaybackController"}),
    ),
    "cover.projector_screen": (
        ("BLINDS", {"OpenClose"}),
        ("INTERIOR_BLIND", {"PowerController", "ModeController"}),
    ),
    "cover.all_blinds": (
        ("BLINDS", {"OpenClose", "StartStop"}),
        (
            "INTERIOR_BLIND",
            {"PowerController", "RangeController", "PlaybackController"},
        ),
    ),
    # Thermostats, with presets and with one mode only
    "climate.radiator": (
        ("THERMOSTAT", {"OnOff", "TemperatureSetting"}),
        (
            "THERMOSTAT",
            {"PowerController", "ThermostatController", "TemperatureSensor"},
        ),
    ),
    "climate.floor_heating": (
        ("THERMOSTAT", {"TemperatureSetting"}),
        ("THERMOSTAT", {"ThermostatController", "TemperatureSensor"}),
    ),
    "scene.good_night": (
        ("SCENE", {"Scene"}),
        ("SCENE_TRIGGER", {"SceneController"}),
    ),
    "lock.door_lock": (
        ("LOCK", {"LockUnlock"}),
        ("SMARTLOCK", {"LockController"}),
    ),
    # What only tells
    "binary_sensor.front_door": (
        ("DOOR", {"OpenClose"}),
        ("CONTACT_SENSOR", {"ContactSensor"}),
    ),
    "binary_sensor.hall_motion": (None, ("MOTION_SENSOR", {"MotionSensor"})),
    "binary_sensor.smoke_kitchen": (("SMOKE_DETECTOR", {"SensorState"}), None),
    "sensor.outdoor_temperature": (
        ("SENSOR", {"TemperatureControl"}),
        ("TEMPERATURE_SENSOR", {"TemperatureSensor"}),
    ),
    "sensor.outdoor_humidity": (("SENSOR", {"HumiditySetting"}), None),
    "sensor.air_quality_carbon_dioxide": (("SENSOR", {"SensorState"}), None),
    "sensor.energy_plug_energy": (None, None),
    "event.door_bell": (
        ("DOORBELL", {"ObjectDetection"}),
        ("DOORBELL", {"DoorbellEventSource"}),
    ),
    "button.door_bell_ring": (
        None,
        ("ACTIVITY_TRIGGER", {"SceneController", "EventDetectionSensor"}),
    ),
    # Neither is told of what only looks after itself.
    "sensor.radiator_battery": (None, None),
    "binary_sensor.home_connectivity": (None, None),
}

# What both are told to do: what becomes of it at Telldus.
DONE = {
    "Awning": "down",
    "Bedroom shutter": "dim 102",
    "Coffee maker": "turnon",
    "Door lock": "turnon",
    "Garage door": "stop",
    "Heat pump": "auto 24",
    "Kitchen spots": "dim 76",
    "Party lamp": "turnon #7f0000",
    "Radiator": "eco-heat 17",
    # A scene, and what it does
    "Movie night": "turnon",
    "Ceiling dimmer": "dim 30",
    "Color bulb": "dim 200 #2000ff",
}


@pytest.fixture(autouse=True)
def home(simulator: Simulator) -> None:
    """Have a lamp without a dimmer, and nothing that happens by itself."""
    simulator.settings.change({"drift": False, "life": False})
    simulator.home.devices[RGB_ID] = Device(
        *(RGB_ID, "410001", "770", "Party lamp"),
        Method.TURNON | Method.TURNOFF | Method.RGB,
        device_type=DeviceType.LIGHT.uuid,
        transport="zwave",
    )
    simulator.press(LOCK_ID, "turnOff")


# Google Assistant


class Google:
    """Google, as it talks to a Home Assistant."""

    def __init__(self, hass: HomeAssistant, user_id: str) -> None:
        """Be told of everything that Home Assistant tells of by itself."""
        self._hass = hass
        self._user_id = user_id
        options = GOOGLE_ASSISTANT_SCHEMA({"project_id": "demo"})
        self._config = GoogleConfig(hass, options)  # type: ignore[no-untyped-call]

    async def devices(self) -> dict[str, _Json]:
        """Return all devices by their ids."""
        told = await async_devices_sync_response(  # type: ignore[no-untyped-call]
            self._hass, self._config, self._user_id
        )
        return {device["id"]: device for device in told}

    async def query(self, entity_ids: Iterable[str]) -> dict[str, _Json]:
        """Return the states of devices."""
        payload = {"devices": [{"id": entity_id} for entity_id in entity_ids]}
        states: dict[str, _Json] = (await self._send("QUERY", payload))["devices"]
        return states

    async def execute(self, commands: dict[str, tuple[str, _Json]]) -> list[_Json]:
        """Have several devices do something at once, and return what came of it."""
        payload = {
            "commands": [
                {
                    "devices": [{"id": entity_id}],
                    "execution": [
                        {"command": f"action.devices.commands.{name}", "params": params}
                    ],
                }
                for entity_id, (name, params) in commands.items()
            ]
        }
        results: list[_Json] = (await self._send("EXECUTE", payload))["commands"]
        return results

    async def _send(self, name: str, payload: _Json) -> _Json:
        """Send a message, and return what is answered."""
        inputs = [{"intent": f"action.devices.{name}", "payload": payload}]
        answer = await async_tell_google(  # type: ignore[no-untyped-call]
            self._hass,
            self._config,
            self._user_id,
            self._user_id,
            {"requestId": "1", "inputs": inputs},
            "cloud",
        )
        answered: _Json = answer["payload"]
        return answered


@pytest.fixture
def google(hass: HomeAssistant, hass_admin_user: MockUser) -> Google:
    """Return Google."""
    return Google(hass, hass_admin_user.id)


def last(name: str) -> str:
    """Return the last part of a name, as the others are the same for all."""
    return name.rpartition(".")[2]


async def test_google_devices(
    hass: HomeAssistant, loaded: MockConfigEntry, google: Google, time: Time
) -> None:
    """Google is told what each thing is and what can be done with it."""
    await time.move(75)
    assert [one for one in TOLD if not hass.states.get(one)] == []
    devices = await google.devices()
    told = {
        entity_id: (last(device["type"]), {last(name) for name in device["traits"]})
        for entity_id, device in devices.items()
    }
    assert {entity_id: told.get(entity_id) for entity_id in TOLD} == {
        entity_id: expected for entity_id, (expected, _) in TOLD.items()
    }
    assert devices["light.ceiling_dimmer"]["name"] == {"name": "Ceiling dimmer"}
    thermostat = devices["climate.radiator"]["attributes"]
    assert thermostat["availableThermostatModes"] == ["off", "heat", "eco", "on"]
    assert thermostat["thermostatTemperatureRange"] == {
        "minThresholdCelsius": 5,
        "maxThresholdCelsius": 28,
    }


async def test_google_feedback(loaded: MockConfigEntry, google: Google) -> None:
    """Google does not ask how that is which gives no feedback."""
    expected = {
        "binary_sensor.patio_door": {
            "discreteOnlyOpenClose": True,
            "queryOnlyOpenClose": True,
        },
        "cover.all_blinds": {"commandOnlyOpenClose": True},
        "cover.awning": {"commandOnlyOpenClose": True, "discreteOnlyOpenClose": True},
        "cover.bedroom_shutter": {},
        "light.old_dimmer": {"commandOnlyOnOff": True},
        "switch.hall_switch": {},
        "switch.window_lamp": {"commandOnlyOnOff": True},
    }
    devices = await google.devices()
    assert {one: devices[one]["attributes"] for one in expected} == expected


async def test_google_states(
    loaded: MockConfigEntry, google: Google, caplog: pytest.LogCaptureFixture
) -> None:
    """Google can ask how everything is, whatever is known of it."""
    states = await google.query(await google.devices())
    offline = {one for one, state in states.items() if not state["online"]}
    assert offline == {
        "light.cabin_dimmer",
        "light.cabin_lamp",
        "sensor.cabin_temperature",
        "switch.cabin_heater",
    }
    assert {
        entity_id: states[entity_id]
        for entity_id in (
            "binary_sensor.front_door",
            "climate.radiator",
            "cover.bedroom_shutter",
            "light.ceiling_dimmer",
            "lock.door_lock",
            "sensor.outdoor_temperature",
        )
    } == {
        "binary_sensor.front_door": {"online": True, "openPercent": 0},
        "climate.radiator": {
            "online": True,
            "on": True,
            "thermostatMode": "heat",
            "thermostatTemperatureAmbient": 20.7,
            "thermostatTemperatureSetpoint": 21.5,
        },
        "cover.bedroom_shutter": {
            "online": True,
            "openPercent": 100,
            "isRunning": True,
        },
        "light.ceiling_dimmer": {"online": True, "on": True, "brightness": 50},
        "lock.door_lock": {"online": True, "isLocked": False},
        "sensor.outdoor_temperature": {
            "online": True,
            "temperatureAmbientCelsius": -5.4,
            "temperatureSetpointCelsius": -5.4,
        },
    }
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


async def test_google_commands(
    loaded: MockConfigEntry, google: Google, simulator: Simulator, time: Time
) -> None:
    """What Google wants is done at Telldus."""
    changes = DeviceChanges(simulator)
    red = {"color": {"spectrumHSV": {"hue": 0, "saturation": 1, "value": 0.5}}}
    results = await time.until(
        google.execute(
            {
                "climate.heat_pump": (
                    "ThermostatTemperatureSetpoint",
                    {"thermostatTemperatureSetpoint": 24},
                ),
                "climate.radiator": ("ThermostatSetMode", {"thermostatMode": "eco"}),
                "cover.awning": ("OpenClose", {"openPercent": 0}),
                "cover.bedroom_shutter": ("OpenClose", {"openPercent": 40}),
                "cover.garage_door": ("StartStop", {"start": False}),
                "light.kitchen_spots": ("BrightnessAbsolute", {"brightness": 30}),
                "light.party_lamp": ("ColorAbsolute", red),
                "lock.door_lock": ("LockUnlock", {"lock": True}),
                "scene.movie_night": ("ActivateScene", {"deactivate": False}),
                "switch.coffee_maker": ("OnOff", {"on": True}),
            }
        )
    )
    assert {result["status"] for result in results} <= {"SUCCESS", "PENDING"}
    await time.move(119)
    assert changes.seen() == DONE


# Alexa


class Alexa:
    """Alexa, as it talks to a Home Assistant."""

    def __init__(self, hass: HomeAssistant, config: AlexaConfig) -> None:
        """Be told of everything that Home Assistant tells of by itself."""
        self._hass = hass
        self._config = config

    async def endpoints(self) -> dict[str, _Json]:
        """Return what is discovered, by its entity."""
        scope = {"scope": {"type": "BearerToken", "token": "demo"}}
        answer = await self._send("Discovery", "Discover", scope)
        endpoints = answer["event"]["payload"]["endpoints"]
        return {one["endpointId"].replace("#", "."): one for one in endpoints}

    async def report(self, entity_id: str) -> _Json:
        """Return the state of an entity, by interface and property."""
        answer = await self._send("", "ReportState", {}, entity_id)
        assert answer["event"]["header"]["name"] == "StateReport"
        return {
            f"{last(one['namespace'])}.{one['name']}": one["value"]
            for one in answer["context"]["properties"]
        }

    async def direct(
        self, entity_id: str, interface: str, name: str, payload: _Json
    ) -> str:
        """Have something done, and return the name of the answer."""
        answer = await self._send(interface, name, payload, entity_id)
        kind: str = answer["event"]["header"]["name"]
        return kind

    async def _send(
        self, interface: str, name: str, payload: _Json, entity_id: str | None = None
    ) -> _Json:
        """Send a directive, and return what is answered."""
        header = {
            "namespace": f"Alexa.{interface}".strip("."),
            "name": name,
            "messageId": "1",
            "correlationToken": "1",
            "payloadVersion": "3",
        }
        if interface in ("ModeController", "RangeController"):
            header["instance"] = "cover.position"
        directive: _Json = {"header": header, "payload": payload}
        if entity_id:
            directive["endpoint"] = {"endpointId": entity_id.replace(".", "#")}
        return await async_tell_alexa(
            self._hass, self._config, {"directive": directive}
        )


@pytest.fixture
async def alexa(hass: HomeAssistant, hass_storage: dict[str, Any]) -> Alexa:
    """Return Alexa."""
    config = AlexaConfig(hass, SMART_HOME_SCHEMA({}))
    await config.async_initialize()
    return Alexa(hass, config)


async def test_alexa_endpoints(loaded: MockConfigEntry, alexa: Alexa) -> None:
    """Alexa is told what each thing is and what can be done with it."""
    endpoints = await alexa.endpoints()
    told: dict[str, tuple[str, set[str]]] = {}
    for entity_id, endpoint in endpoints.items():
        interfaces = {last(one["interface"]) for one in endpoint["capabilities"]}
        if special := interfaces - {"Alexa", "EndpointHealth"}:
            (category,) = endpoint["displayCategories"]
            told[entity_id] = category, special
    assert {entity_id: told.get(entity_id) for entity_id in TOLD} == {
        entity_id: expected for entity_id, (_, expected) in TOLD.items()
    }
    assert endpoints["light.ceiling_dimmer"]["friendlyName"] == "Ceiling dimmer"
    (modes,) = (
        one["configuration"]["supportedModes"]
        for one in endpoints["climate.radiator"]["capabilities"]
        if one["interface"] == "Alexa.ThermostatController"
    )
    assert modes == ["OFF", "HEAT", "ECO"]


async def test_alexa_states(
    loaded: MockConfigEntry, alexa: Alexa, caplog: pytest.LogCaptureFixture
) -> None:
    """Alexa can ask how everything is, whatever is known of it."""
    states = {one: await alexa.report(one) for one in await alexa.endpoints()}
    offline = {
        entity_id
        for entity_id, state in states.items()
        if state.get("EndpointHealth.connectivity") == {"value": "UNREACHABLE"}
    }
    assert offline == {
        "light.cabin_dimmer",
        "light.cabin_lamp",
        "sensor.cabin_temperature",
        "switch.cabin_heater",
    }
    assert {
        entity_id: {
            name: value
            for name, value in states[entity_id].items()
            if name != "EndpointHealth.connectivity"
        }
        for entity_id in (
            "binary_sensor.front_door",
            "binary_sensor.hall_motion",
            "climate.radiator",
            "cover.awning",
            "cover.bedroom_shutter",
            "light.ceiling_dimmer",
            "lock.door_lock",
            "sensor.outdoor_temperature",
        )
    } == {
        "binary_sensor.front_door": {"ContactSensor.detectionState": "NOT_DETECTED"},
        "binary_sensor.hall_motion": {"MotionSensor.detectionState": "DETECTED"},
        "climate.radiator": {
            "PowerController.powerState": "ON",
            "TemperatureSensor.temperature": {"value": 20.7, "scale": "CELSIUS"},
            "ThermostatController.targetSetpoint": {"value": 21.5, "scale": "CELSIUS"},
            "ThermostatController.thermostatMode": "HEAT",
        },
        "cover.awning": {
            "ModeController.mode": "position.open",
            "PowerController.powerState": "ON",
        },
        "cover.bedroom_shutter": {
            "PowerController.powerState": "ON",
            "RangeController.rangeValue": 100,
        },
        "light.ceiling_dimmer": {
            "BrightnessController.brightness": 50,
            "PowerController.powerState": "ON",
        },
        "lock.door_lock": {"LockController.lockState": "UNLOCKED"},
        "sensor.outdoor_temperature": {
            "TemperatureSensor.temperature": {"value": -5.4, "scale": "CELSIUS"}
        },
    }
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


async def test_alexa_commands(
    loaded: MockConfigEntry, alexa: Alexa, simulator: Simulator, time: Time
) -> None:
    """What Alexa wants is done at Telldus."""
    changes = DeviceChanges(simulator)
    for entity_id, interface, name, payload in (
        # First, since a lock is not commanded late
        ("lock.door_lock", "LockController", "Lock", {}),
        (
            "climate.heat_pump",
            "ThermostatController",
            "SetTargetTemperature",
            {"targetSetpoint": {"value": 24, "scale": "CELSIUS"}},
        ),
        (
            "climate.radiator",
            "ThermostatController",
            "SetThermostatMode",
            {"thermostatMode": {"value": "ECO"}},
        ),
        ("cover.awning", "ModeController", "SetMode", {"mode": "position.closed"}),
        (
            "cover.bedroom_shutter",
            "RangeController",
            "SetRangeValue",
            {"rangeValue": 40},
        ),
        ("cover.garage_door", "PlaybackController", "Stop", {}),
        (
            "light.kitchen_spots",
            "BrightnessController",
            "SetBrightness",
            {"brightness": 30},
        ),
        (
            "light.party_lamp",
            "ColorController",
            "SetColor",
            {"color": {"hue": 0, "saturation": 1, "brightness": 0.5}},
        ),
        ("scene.movie_night", "SceneController", "Activate", {}),
        ("switch.coffee_maker", "PowerController", "TurnOn", {}),
    ):
        answer = await time.until(alexa.direct(entity_id, interface, name, payload))
        assert answer in ("Response", "ActivationStarted"), entity_id
    await time.move(119)
    assert changes.seen() == DONE
