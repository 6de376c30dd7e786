"""What a device is, and which entities show it. The one place that decides it.

Source: docs/telldus-api.md, "Which kind?" and "deviceType".
"""

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Final

from homeassistant.const import Platform

from ..pa_api import Device, DeviceType, Method, Sensor, SensorValue


class Kind(StrEnum):
    """What a device is to a person."""

    ALARM = "alarm"
    BELL = "bell"
    CONTACT = "contact"
    COVER = "cover"
    LIGHT = "light"
    LOCK = "lock"
    METER = "meter"
    MOTION = "motion"
    PERSON = "person"
    REMOTE = "remote"
    SCENE = "scene"
    SENSOR = "sensor"
    SMOKE = "smoke"
    SWITCH = "switch"
    THERMOSTAT = "thermostat"


class Why(StrEnum):
    """What decided what a device is."""

    BELL = "can ring"
    DEVICE_TYPE = "its deviceType"
    DIM = "can dim"
    MEMBERS = "its members"
    NOTHING = "can do nothing"
    ON_OFF = "can turn on or off"
    RGB = "can have a colour"
    SCENE = "its transport or type"
    THERMOSTAT = "can set a temperature"
    UP_DOWN_STOP = "can go up, down or stop"


# A 433 MHz receiver cannot tell a door contact from a lamp: both come as on and off. Where
# the person said at Telldus what it is, that wins over what it seems to be able to do.
_BY_TYPE: Final = {
    DeviceType.ALARM: Kind.ALARM,
    DeviceType.CONTROLLER: Kind.REMOTE,
    DeviceType.DOOR_WINDOW: Kind.CONTACT,
    DeviceType.MOTION: Kind.MOTION,
    DeviceType.ON_OFF_SENSOR: Kind.SENSOR,
    DeviceType.PERSON: Kind.PERSON,
    DeviceType.REMOTE_CONTROL: Kind.REMOTE,
    DeviceType.SENSOR: Kind.SENSOR,
    DeviceType.SMOKE: Kind.SMOKE,
}
_ON_OFF: Final = Method.TURNON | Method.TURNOFF

# What can be told to do something: a group with nothing else of the sort is one as well.
_GROUPED: Final = frozenset(
    (Kind.BELL, Kind.COVER, Kind.LIGHT, Kind.LOCK, Kind.SWITCH, Kind.THERMOSTAT)
)

# What is heard now and then, and what each time matters of.
HEARD: Final = frozenset(
    (
        *(Kind.ALARM, Kind.BELL, Kind.CONTACT, Kind.MOTION),
        *(Kind.PERSON, Kind.REMOTE, Kind.SENSOR, Kind.SMOKE),
    )
)

# The parts of a device that have an entity of their own; "" is the device itself.
MAIN: Final = ""
LEARN: Final = "learn"
RING: Final = "ring"
# Those of a sensor, besides its values.
BATTERY: Final = "battery"
BATTERY_LOW: Final = "battery_low"
LAST_SEEN: Final = "last_heard"

# Which entities show a device of a kind.
_ENTITIES: Final[dict[Kind, dict[str, Platform]]] = {
    Kind.ALARM: {MAIN: Platform.BINARY_SENSOR},
    Kind.BELL: {MAIN: Platform.BUTTON, RING: Platform.EVENT},
    Kind.CONTACT: {MAIN: Platform.BINARY_SENSOR},
    Kind.COVER: {MAIN: Platform.COVER},
    Kind.LIGHT: {MAIN: Platform.LIGHT},
    Kind.LOCK: {MAIN: Platform.LOCK},
    # What it measures comes as a sensor's values.
    Kind.METER: {},
    Kind.MOTION: {MAIN: Platform.BINARY_SENSOR},
    Kind.PERSON: {MAIN: Platform.BINARY_SENSOR},
    Kind.REMOTE: {MAIN: Platform.EVENT},
    Kind.SCENE: {MAIN: Platform.SCENE},
    Kind.SENSOR: {MAIN: Platform.BINARY_SENSOR},
    Kind.SMOKE: {MAIN: Platform.BINARY_SENSOR},
    Kind.SWITCH: {MAIN: Platform.SWITCH},
    Kind.THERMOSTAT: {MAIN: Platform.CLIMATE},
}


def kind_of(device: Device, members: Collection[Kind] = ()) -> Kind:
    """Return what a device is. ``members`` are a group's, as far as they are known."""
    return decided(device, members)[0]


def decided(device: Device, members: Collection[Kind] = ()) -> tuple[Kind, Why]:
    """Return what a device is and what decided it, in the order of the vendor's own app."""
    if kind := _BY_TYPE.get(device.device_type):
        return kind, Why.DEVICE_TYPE
    methods = device.methods
    if "scene" in (device.transport, device.type):
        return Kind.SCENE, Why.SCENE
    if len(kinds := _GROUPED.intersection(members)) == 1:
        return next(iter(kinds)), Why.MEMBERS
    if methods & Method.RGB:
        return Kind.LIGHT, Why.RGB
    if methods & Method.THERMOSTAT:
        return Kind.THERMOSTAT, Why.THERMOSTAT
    if methods & Method.BELL:
        return Kind.BELL, Why.BELL
    if methods & (Method.UP | Method.DOWN | Method.STOP):
        return Kind.COVER, Why.UP_DOWN_STOP
    if device.device_type is DeviceType.LOCK and methods & _ON_OFF:
        return Kind.LOCK, Why.DEVICE_TYPE
    if methods & Method.DIM:
        return Kind.LIGHT, Why.DIM
    if methods & _ON_OFF:
        if device.device_type is DeviceType.LIGHT:
            return Kind.LIGHT, Why.DEVICE_TYPE
        return Kind.SWITCH, Why.ON_OFF
    if device.device_type is DeviceType.METER:
        return Kind.METER, Why.DEVICE_TYPE
    return Kind.SENSOR, Why.NOTHING


def entity_parts(device: Device, kind: Kind) -> Iterator[tuple[str, Platform]]:
    """Return the parts of a device that have an entity, each with its platform."""
    yield from _ENTITIES[kind].items()
    if Method.LEARN in device.methods:
        yield LEARN, Platform.BUTTON


def entities_of_sensor(sensor: Sensor) -> Iterator[tuple[str, Platform]]:
    """Return the parts of a sensor that have an entity, each with its platform."""
    for value in sensor.values.values():
        yield value_key(value), Platform.SENSOR
    if sensor.battery is not None:
        yield BATTERY, Platform.SENSOR
    if sensor.battery_low is not None:
        yield BATTERY_LOW, Platform.BINARY_SENSOR
    if sensor.heard is not None:
        yield LAST_SEEN, Platform.SENSOR


def value_key(value: SensorValue) -> str:
    """Return the part of a sensor that a value is."""
    return f"{value.name}_{value.scale}"
