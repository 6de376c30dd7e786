"""What a device is, and which entities show it. The one place that decides it.

Source: docs/dev/telldus-api.md, "Which kind?" and "deviceType".
"""

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Final

from homeassistant.const import Platform

from ..pa_api import Device, DeviceType, Method, Sensor, SensorValue


class DeviceKind(StrEnum):
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


class KindReason(StrEnum):
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
    DeviceType.ALARM: DeviceKind.ALARM,
    DeviceType.CONTROLLER: DeviceKind.REMOTE,
    DeviceType.DOOR_WINDOW: DeviceKind.CONTACT,
    DeviceType.MOTION: DeviceKind.MOTION,
    DeviceType.ON_OFF_SENSOR: DeviceKind.SENSOR,
    DeviceType.PERSON: DeviceKind.PERSON,
    DeviceType.REMOTE_CONTROL: DeviceKind.REMOTE,
    DeviceType.SENSOR: DeviceKind.SENSOR,
    DeviceType.SMOKE: DeviceKind.SMOKE,
}
_ON_OFF: Final = Method.TURNON | Method.TURNOFF

# What can be told to do something: a group with nothing else of the sort is one as well.
_GROUP_KINDS: Final = frozenset(
    (
        DeviceKind.BELL,
        DeviceKind.COVER,
        DeviceKind.LIGHT,
        DeviceKind.LOCK,
        DeviceKind.SWITCH,
        DeviceKind.THERMOSTAT,
    )
)

# What is heard now and then, and what each time matters of.
EVENT_KINDS: Final = frozenset(
    (
        *(DeviceKind.ALARM, DeviceKind.BELL, DeviceKind.CONTACT, DeviceKind.MOTION),
        *(DeviceKind.PERSON, DeviceKind.REMOTE, DeviceKind.SENSOR, DeviceKind.SMOKE),
    )
)

# The parts of a device that have an entity of their own; "" is the device itself.
MAIN_ENTITY: Final = ""
LEARN: Final = "learn"
RING: Final = "ring"
# Those of a sensor, besides its values.
BATTERY: Final = "battery"
BATTERY_LOW: Final = "battery_low"
LAST_SEEN: Final = "last_seen"

# Which entities show a device of a kind.
_ENTITIES: Final[dict[DeviceKind, dict[str, Platform]]] = {
    DeviceKind.ALARM: {MAIN_ENTITY: Platform.BINARY_SENSOR},
    DeviceKind.BELL: {MAIN_ENTITY: Platform.BUTTON, RING: Platform.EVENT},
    DeviceKind.CONTACT: {MAIN_ENTITY: Platform.BINARY_SENSOR},
    DeviceKind.COVER: {MAIN_ENTITY: Platform.COVER},
    DeviceKind.LIGHT: {MAIN_ENTITY: Platform.LIGHT},
    DeviceKind.LOCK: {MAIN_ENTITY: Platform.LOCK},
    # What it measures comes as a sensor's values.
    DeviceKind.METER: {},
    DeviceKind.MOTION: {MAIN_ENTITY: Platform.BINARY_SENSOR},
    DeviceKind.PERSON: {MAIN_ENTITY: Platform.BINARY_SENSOR},
    DeviceKind.REMOTE: {MAIN_ENTITY: Platform.EVENT},
    DeviceKind.SCENE: {MAIN_ENTITY: Platform.SCENE},
    DeviceKind.SENSOR: {MAIN_ENTITY: Platform.BINARY_SENSOR},
    DeviceKind.SMOKE: {MAIN_ENTITY: Platform.BINARY_SENSOR},
    DeviceKind.SWITCH: {MAIN_ENTITY: Platform.SWITCH},
    DeviceKind.THERMOSTAT: {MAIN_ENTITY: Platform.CLIMATE},
}


def kind_of(device: Device, members: Collection[DeviceKind] = ()) -> DeviceKind:
    """Return what a device is. ``members`` are a group's, as far as they are known."""
    return classify(device, members)[0]


def classify(
    device: Device, members: Collection[DeviceKind] = ()
) -> tuple[DeviceKind, KindReason]:
    """Return what a device is and what decided it, in the order of the vendor's own app."""
    if kind := _BY_TYPE.get(device.device_type):
        return kind, KindReason.DEVICE_TYPE
    methods = device.methods
    if "scene" in (device.transport, device.type):
        return DeviceKind.SCENE, KindReason.SCENE
    if len(kinds := _GROUP_KINDS.intersection(members)) == 1:
        return next(iter(kinds)), KindReason.MEMBERS
    if methods & Method.RGB:
        return DeviceKind.LIGHT, KindReason.RGB
    if methods & Method.THERMOSTAT:
        return DeviceKind.THERMOSTAT, KindReason.THERMOSTAT
    if methods & Method.BELL:
        return DeviceKind.BELL, KindReason.BELL
    if methods & (Method.UP | Method.DOWN | Method.STOP):
        return DeviceKind.COVER, KindReason.UP_DOWN_STOP
    if device.device_type is DeviceType.LOCK and methods & _ON_OFF:
        return DeviceKind.LOCK, KindReason.DEVICE_TYPE
    if methods & Method.DIM:
        return DeviceKind.LIGHT, KindReason.DIM
    if methods & _ON_OFF:
        if device.device_type is DeviceType.LIGHT:
            return DeviceKind.LIGHT, KindReason.DEVICE_TYPE
        return DeviceKind.SWITCH, KindReason.ON_OFF
    if device.device_type is DeviceType.METER:
        return DeviceKind.METER, KindReason.DEVICE_TYPE
    return DeviceKind.SENSOR, KindReason.NOTHING


def entity_parts(device: Device, kind: DeviceKind) -> Iterator[tuple[str, Platform]]:
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
    if sensor.last_updated is not None:
        yield LAST_SEEN, Platform.SENSOR


def value_key(value: SensorValue) -> str:
    """Return the part of a sensor that a value is."""
    return f"{value.name}_{value.scale}"
