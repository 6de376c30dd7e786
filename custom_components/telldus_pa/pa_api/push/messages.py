"""What comes over the socket, parsed once.

Source: docs/telldus-api.md, "Push over websocket", "Sensor values" and "Thermostat, RGB,
dim". Much of it is inferred: whatever cannot be understood is nothing at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from ..command import Command, ThermostatSetpoint
from ..models.device import (
    Method,
    level_from,
    method_from,
    mode_from,
    rgb_from,
    setpoint_from,
)
from ..models.history import OUTCOMES, SuccessStatus
from ..models.sensor import Sensor, SensorValue
from ..parsing import (
    Json,
    read_json,
    to_flag,
    to_id,
    to_integer,
    to_object,
    to_objects,
    to_text,
    to_time,
)


class ListKind(StrEnum):
    """Which list is another now."""

    DEVICES = "devices"
    SENSORS = "sensors"


@dataclass(frozen=True, slots=True)
class DeviceStateMessage:
    """What a device did, whoever made it.

    ``method`` is what was executed, RGB and THERMOSTAT among it; ``value`` goes with it as
    in a Command, and is None where it is missing.
    """

    device_id: str
    method: Method
    value: int | ThermostatSetpoint | None
    origin: str | None

    @property
    def command(self) -> Command:
        """Return what would have told the device so; its effect is what the device is now."""
        return Command(self.device_id, self.method, self.value)


@dataclass(frozen=True, slots=True)
class CommandFailedMessage:
    """What a device was told and did not do. ``method`` is None where nobody says."""

    device_id: str
    method: Method | None
    outcome: SuccessStatus
    origin: str | None


@dataclass(frozen=True, slots=True)
class SensorValuesMessage:
    """New values of a sensor. ``battery`` is as on the wire, 253 and the like."""

    sensor_id: str
    last_updated: datetime | None
    battery: int | None
    values: tuple[SensorValue, ...]

    def apply_to(self, sensor: Sensor) -> Sensor:
        """Return the sensor with these values. Only lists have Telldus' units."""
        values = {
            value.key: replace(value, unit=before.unit)
            if (before := sensor.values.get(value.key))
            else value
            for value in self.values
        }
        return sensor.with_values(values, self.last_updated, self.battery)


@dataclass(frozen=True, slots=True)
class ListChangedMessage:
    """Something came, went or was changed: the list has to be read to know what."""

    what: ListKind


type PushMessage = (
    DeviceStateMessage | CommandFailedMessage | SensorValuesMessage | ListChangedMessage
)

_LISTS: Final = {"device": ListKind.DEVICES, "sensor": ListKind.SENSORS}
_CHANGES: Final = frozenset({"added", "removed", "setName", "setPower"})

# The socket has numbers for what lists have names.
_VALUE_NAMES: Final[Mapping[int | None, str]] = {
    0: "unknown",
    1: "temp",
    2: "humidity",
    4: "rrate",
    8: "rtot",
    16: "wdir",
    32: "wavg",
    64: "wgust",
    128: "uv",
    256: "watt",
    512: "lum",
    1024: "dewp",
    2048: "barpress",
    4096: "genmeter",
    8192: "co2",
    16384: "volume",
    32768: "loudness",
    65536: "particulatematter2.5",
    131072: "co",
    262144: "weight",
    524288: "moisture",
}


def parse_frame(text: str) -> PushMessage | None:
    """Return what a frame tells, None for what is not understood. Never raises."""
    try:
        return _event(to_object(read_json(text)))
    except ValueError:
        return None


def _event(frame: Json) -> PushMessage | None:
    """Return what a frame tells. Raises ValueError where the id is missing."""
    module, action = to_text(frame.get("module")), to_text(frame.get("action"))
    data = to_object(frame.get("data"))
    match module, action:
        case "device", "setState":
            return _state_heard(data)
        case "device", "failSetState":
            return _command_failed(data)
        case "sensor", "value":
            return _values_heard(data)
        case (("device" | "sensor") as what, changed) if changed in _CHANGES:
            return ListChangedMessage(_LISTS[what])
    return None


def _state_heard(data: Json) -> DeviceStateMessage | None:
    """Return what a device did."""
    if (method := _method(data)) is None:
        return None
    told = data.get("value", data.get("stateValue"))
    value: int | ThermostatSetpoint | None = None
    match method:
        case Method.DIM:
            value = level_from(told)
        case Method.RGB:
            value = rgb_from(told)
        case Method.THERMOSTAT:
            value = _setting(to_object(told))
    return DeviceStateMessage(_id(data, "deviceId"), method, value, _origin(data))


def _command_failed(data: Json) -> CommandFailedMessage:
    """Return what was not done. How the cloud tells it is not known."""
    reason = to_integer(data.get("reason"))
    # None of the reasons is that it worked.
    known = reason in OUTCOMES and reason != SuccessStatus.DONE
    return CommandFailedMessage(
        device_id=_id(data, "deviceId"),
        method=_method(data),
        outcome=SuccessStatus(reason) if reason and known else SuccessStatus.UNKNOWN,
        origin=_origin(data),
    )


def _values_heard(data: Json) -> SensorValuesMessage:
    """Return what a sensor told."""
    heard = to_time(data.get("time"))
    values = (
        SensorValue.from_dict({**entry, **_named(entry)}, heard)
        for entry in to_objects(data.get("data"))
    )
    return SensorValuesMessage(
        sensor_id=_id(data, "sensorId"),
        last_updated=heard,
        battery=to_integer(data.get("battery")),
        values=tuple(value for value in values if value),
    )


def _named(entry: Json) -> Json:
    """Return the name of a value's type, where it is one that we know."""
    name = _VALUE_NAMES.get(to_integer(entry.get("type")))
    return {"name": name} if name else {}


def _setting(told: Json) -> ThermostatSetpoint | None:
    """Return what a thermostat was set to, None where the mode is missing."""
    if (mode := mode_from(told.get("mode"))) is None:
        return None
    return ThermostatSetpoint(
        mode=mode,
        temperature=setpoint_from(told.get("temperature")),
        change_mode=to_flag(told.get("changeMode"), default=True),
    )


def _id(data: Json, key: str) -> str:
    """Return whose news it is. Raises ValueError."""
    return to_id(data, key if key in data else "id")


def _method(data: Json) -> Method | None:
    """Return which method it is about."""
    return method_from(data.get("method", data.get("state")))


def _origin(data: Json) -> str | None:
    """Return who or what made a device do it, where Telldus passes that on."""
    return to_text(data.get("origin"))
