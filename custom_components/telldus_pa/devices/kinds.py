"""What a device is, and which entities show it. The one place that decides it.

Source: docs/dev/telldus-api.md, "Which kind?" and "deviceType".
"""

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Final

from homeassistant.const import Platform

from ..pa_api import Command, Device, DeviceType, Method, Sensor, SensorValue


class DeviceKind(StrEnum):
    """What a device is to a user."""

    ALARM = "alarm"
    BELL = "bell"
    CONTACT = "contact"
    COVER = "cover"
    LIGHT = "light"
    LOCK = "lock"
    LOCK_SENSOR = "lock_sensor"
    MEDIA_PLAYER = "media_player"
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
    MEDIA = "its deviceType or transport, and can go up or down"
    MEMBERS = "its members"
    NOTHING = "can do nothing"
    ON_OFF = "can turn on or off"
    RGB = "can have a color"
    SCENE = "its transport or type"
    THERMOSTAT = "can set a temperature"
    UP_DOWN_STOP = "can go up, down or stop"


# A 433 MHz receiver cannot tell a door contact from a lamp: both come as on and off. Where
# the user said at Telldus what it is, that wins over what it seems to be able to do.
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
_MEDIA: Final = frozenset((DeviceType.MEDIA, DeviceType.SPEAKER))
_SONOS: Final = "sonos"
# What is connected so is no speaker, whatever its type or its methods say: a receiver at one
# of these radios, or several things at once.
_NO_MEDIA: Final = frozenset(("433", "e433", "egroup", "group", "zigbee", "zwave"))
_TWO_WAY: Final = frozenset(("zigbee", "zwave"))
# Types of devices that have only values, unless they have methods.
_MEASURING: Final = frozenset((DeviceType.METER, DeviceType.THERMOSTAT))

# Kinds that accept commands: a group whose members with commands are all of one kind is of
# that kind.
_GROUP_KINDS: Final = frozenset(
    (
        DeviceKind.BELL,
        DeviceKind.COVER,
        DeviceKind.LIGHT,
        DeviceKind.LOCK,
        DeviceKind.MEDIA_PLAYER,
        DeviceKind.SWITCH,
        DeviceKind.THERMOSTAT,
    )
)

# Kinds whose events are reported one by one.
EVENT_KINDS: Final = frozenset(
    (
        *(DeviceKind.ALARM, DeviceKind.BELL, DeviceKind.CONTACT, DeviceKind.MOTION),
        *(DeviceKind.PERSON, DeviceKind.REMOTE, DeviceKind.SENSOR, DeviceKind.SMOKE),
    )
)

# The parts of a device that have an entity of their own; "" is the device itself.
MAIN_ENTITY: Final = ""
BELL: Final = "bell"
LEARN: Final = "learn"
SIREN: Final = "siren"
# Those of a sensor, besides its values.
BATTERY: Final = "battery"
BATTERY_LOW: Final = "battery_low"
LAST_SEEN: Final = "last_seen"

# Which entities show a device of a kind.
_ENTITIES: Final[dict[DeviceKind, dict[str, Platform]]] = {
    DeviceKind.ALARM: {MAIN_ENTITY: Platform.BINARY_SENSOR},
    DeviceKind.BELL: {MAIN_ENTITY: Platform.EVENT, BELL: Platform.BUTTON},
    DeviceKind.CONTACT: {MAIN_ENTITY: Platform.BINARY_SENSOR},
    DeviceKind.COVER: {MAIN_ENTITY: Platform.COVER},
    DeviceKind.LIGHT: {MAIN_ENTITY: Platform.LIGHT},
    DeviceKind.LOCK: {MAIN_ENTITY: Platform.LOCK},
    DeviceKind.LOCK_SENSOR: {MAIN_ENTITY: Platform.BINARY_SENSOR},
    DeviceKind.MEDIA_PLAYER: {MAIN_ENTITY: Platform.MEDIA_PLAYER},
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
    """Return the kind of a device. ``members`` are those of a group, as far as they are known."""
    return classify(device, members)[0]


def classify(
    device: Device, members: Collection[DeviceKind] = ()
) -> tuple[DeviceKind, KindReason]:
    """Return the kind of a device and the reason for it, in the order of the vendor's own app."""
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
    if _is_media_player(device):
        return DeviceKind.MEDIA_PLAYER, KindReason.MEDIA
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
    if device.device_type in _MEASURING:
        return DeviceKind.METER, KindReason.DEVICE_TYPE
    if device.device_type is DeviceType.LOCK:
        return DeviceKind.LOCK_SENSOR, KindReason.DEVICE_TYPE
    return DeviceKind.SENSOR, KindReason.NOTHING


def _is_media_player(device: Device) -> bool:
    """Return whether UP and DOWN change a volume, and do not move a blind.

    A gateway's plug-in gives a speaker the methods of a switch and a blind together, and so
    has a group of both.
    """
    return (
        bool(device.methods & (Method.UP | Method.DOWN))
        and (device.device_type in _MEDIA or device.transport == _SONOS)
        and device.type != "group"
        and device.transport not in _NO_MEDIA
    )


def has_siren(device: Device, kind: DeviceKind) -> bool:
    """Return whether an alarm or a smoke detector can be made to sound.

    At 433 MHz it cannot: methods are those of a receiver.
    """
    return (
        kind in (DeviceKind.ALARM, DeviceKind.SMOKE)
        and device.transport in _TWO_WAY
        and _ON_OFF in device.methods
    )


def commanded_part(device: Device, kind: DeviceKind, method: Method) -> str:
    """Return the part of a device whose entity is the one to send a command."""
    if method is Method.BELL:
        return BELL
    if method is Method.LEARN:
        return LEARN
    return SIREN if has_siren(device, kind) else MAIN_ENTITY


def expires_soon(command: Command, device: Device, kind: DeviceKind) -> bool:
    """Return whether a command does harm when it is sent much later than it was given.

    A door that opens, a bell or a siren that sounds, a volume that goes up, a blind that
    moves when nobody expects it any more.
    """
    return (
        command.is_step
        or kind is DeviceKind.LOCK
        or (kind is DeviceKind.COVER and Method.DIM not in device.methods)
        or has_siren(device, kind)
    )


def entity_parts(device: Device, kind: DeviceKind) -> Iterator[tuple[str, Platform]]:
    """Return the parts of a device that have an entity, each with its platform."""
    yield from _ENTITIES[kind].items()
    if Method.BELL in device.methods and kind in _GROUP_KINDS - {DeviceKind.BELL}:
        yield BELL, Platform.BUTTON
    if has_siren(device, kind):
        yield SIREN, Platform.SIREN
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
