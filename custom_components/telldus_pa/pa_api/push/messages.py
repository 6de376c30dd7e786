"""Messages of the push channel.

Source: docs/dev/telldus-api.md, "Push over websocket", "Sensor values" and "Thermostat, RGB,
dim". Much of it is inferred: what cannot be parsed is ignored.
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
    """List that has changed."""

    DEVICES = "devices"
    SENSORS = "sensors"


@dataclass(frozen=True, slots=True)
class DeviceStateMessage:
    """A method that a device executed, RGB and THERMOSTAT among them.

    ``value`` is as in a Command, None where it is missing.
    """

    device_id: str
    method: Method
    value: int | ThermostatSetpoint | None
    origin: str | None

    @property
    def command(self) -> Command:
        """Return the command of the same effect: apply it to get the device's new state."""
        return Command(self.device_id, self.method, self.value)


@dataclass(frozen=True, slots=True)
class CommandFailedMessage:
    """A command that a device did not execute. ``method`` is None where it is missing."""

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
    """Rows were added, removed or changed: the list has to be polled."""

    what: ListKind


type PushMessage = (
    DeviceStateMessage | CommandFailedMessage | SensorValuesMessage | ListChangedMessage
)

_LISTS: Final = {"device": ListKind.DEVICES, "sensor": ListKind.SENSORS}
_CHANGES: Final = frozenset({"added", "removed", "setName", "setPower"})

# Push has numbers where lists have names.
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
    """Parse a frame; None for what cannot be parsed. Never raises."""
    try:
        return _message(to_object(read_json(text)))
    except ValueError:
        return None


def _message(frame: Json) -> PushMessage | None:
    """Parse a frame. Raises ValueError where the id is missing."""
    module, action = to_text(frame.get("module")), to_text(frame.get("action"))
    data = to_object(frame.get("data"))
    match module, action:
        case "device", "setState":
            return _device_state(data)
        case "device", "failSetState":
            return _command_failed(data)
        case "sensor", "value":
            return _sensor_values(data)
        case (("device" | "sensor") as what, changed) if changed in _CHANGES:
            return ListChangedMessage(_LISTS[what])
    return None


def _device_state(data: Json) -> DeviceStateMessage | None:
    """Parse the data of ``setState``. Raises ValueError."""
    if (method := _method(data)) is None:
        return None
    raw = data.get("value", data.get("stateValue"))
    value: int | ThermostatSetpoint | None = None
    match method:
        case Method.DIM:
            value = level_from(raw)
        case Method.RGB:
            value = rgb_from(raw)
        case Method.THERMOSTAT:
            value = _setpoint(to_object(raw))
    return DeviceStateMessage(_id(data, "deviceId"), method, value, _origin(data))


def _command_failed(data: Json) -> CommandFailedMessage:
    """Parse the data of ``failSetState``, whose format is a guess. Raises ValueError."""
    reason = to_integer(data.get("reason"))
    # A failure cannot be DONE.
    is_valid = reason in OUTCOMES and reason != SuccessStatus.DONE
    return CommandFailedMessage(
        device_id=_id(data, "deviceId"),
        method=_method(data),
        outcome=SuccessStatus(reason) if reason and is_valid else SuccessStatus.UNKNOWN,
        origin=_origin(data),
    )


def _sensor_values(data: Json) -> SensorValuesMessage:
    """Parse the data of ``value``. Raises ValueError."""
    time = to_time(data.get("time"))
    values = (
        SensorValue.from_dict({**entry, **_named(entry)}, time)
        for entry in to_objects(data.get("data"))
    )
    return SensorValuesMessage(
        sensor_id=_id(data, "sensorId"),
        last_updated=time,
        battery=to_integer(data.get("battery")),
        values=tuple(value for value in values if value),
    )


def _named(entry: Json) -> Json:
    """Return the name of a value's type, if there is one."""
    name = _VALUE_NAMES.get(to_integer(entry.get("type")))
    return {"name": name} if name else {}


def _setpoint(value: Json) -> ThermostatSetpoint | None:
    """Parse a thermostat's value, None where the mode is missing."""
    if (mode := mode_from(value.get("mode"))) is None:
        return None
    return ThermostatSetpoint(
        mode=mode,
        temperature=setpoint_from(value.get("temperature")),
        change_mode=to_flag(value.get("changeMode"), default=True),
    )


def _id(data: Json, key: str) -> str:
    """Return the id of the device or sensor. Raises ValueError."""
    return to_id(data, key if key in data else "id")


def _method(data: Json) -> Method | None:
    """Return the method."""
    return method_from(data.get("method", data.get("state")))


def _origin(data: Json) -> str | None:
    """Return the cause, where Telldus reports it."""
    return to_text(data.get("origin"))
