"""What a device is. The one place that decides it."""

from enum import StrEnum
from typing import Final

from .pa_api import Device, DeviceType, Method


class Kind(StrEnum):
    """What a device is to a person."""

    ALARM = "alarm"
    BELL = "bell"
    CONTACT = "contact"
    COVER = "cover"
    LIGHT = "light"
    LOCK = "lock"
    MOTION = "motion"
    PERSON = "person"
    REMOTE = "remote"
    SCENE = "scene"
    SENSOR = "sensor"
    SMOKE = "smoke"
    SWITCH = "switch"
    THERMOSTAT = "thermostat"


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


def kind_of(device: Device) -> Kind:
    """Return what a device is, in the order of the vendor's own app."""
    if kind := _BY_TYPE.get(device.device_type):
        return kind
    methods = device.methods
    if "scene" in (device.transport, device.type):
        return Kind.SCENE
    if methods & Method.RGB:
        return Kind.LIGHT
    if methods & Method.THERMOSTAT:
        return Kind.THERMOSTAT
    if methods & Method.BELL:
        return Kind.BELL
    if methods & (Method.UP | Method.DOWN | Method.STOP):
        return Kind.COVER
    if device.device_type is DeviceType.LOCK and methods & _ON_OFF:
        return Kind.LOCK
    if methods & Method.DIM:
        return Kind.LIGHT
    if methods & _ON_OFF:
        is_light = device.device_type is DeviceType.LIGHT
        return Kind.LIGHT if is_light else Kind.SWITCH
    return Kind.SENSOR
