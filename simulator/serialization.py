"""Rows of the responses, key for key and type for type.

Source: docs/dev/telldus-api.md, "Functions". Lists and info differ on purpose: `state` is an int
and `stateValues` has a capital in lists, a str and `statevalues` in device/info.
"""

import hashlib
import json
from typing import Any

from .home import Device, Gateway, Home, Row, Sensor, SensorValue
from .methods import Method, mask_methods
from .settings import Settings

_DAY = 86400
# What a row that is sparse has, of a device and of a sensor.
_SPARSE = frozenset(("id", "name", "methods", "state"))
_SPARSE_SENSOR = frozenset(("id", "name", "data"))

# name, scale -> unit; docs/dev/telldus-api.md, "Sensor values".
UNITS: dict[tuple[str, str], str] = {
    ("temp", "0"): "°C",
    ("temp", "1"): "°F",
    ("humidity", "0"): "%",
    ("rrate", "0"): "mm/h",
    ("rtot", "0"): "mm",
    ("wdir", "0"): "",
    ("wavg", "0"): "m/s",
    ("wgust", "0"): "m/s",
    ("uv", "0"): "",
    ("watt", "0"): "kWh",
    ("watt", "1"): "kVAh",
    ("watt", "2"): "W",
    ("watt", "3"): "",
    ("watt", "4"): "V",
    ("watt", "5"): "A",
    ("watt", "6"): "",
    ("lum", "0"): "%",
    ("lum", "1"): "lx",
    ("dewp", "0"): "°C",
    ("dewp", "1"): "°F",
    ("barpress", "0"): "kPa",
    ("barpress", "1"): "inHg",
    ("genmeter", "0"): "",
    ("genmeter", "3"): "",
    ("co2", "1"): "PPM",
    ("volume", "0"): "l",
    ("volume", "1"): "m³",
    ("loudness", "0"): "dB",
    ("loudness", "1"): "dBA",
    ("particulatematter2.5", "1"): "µg/m³",
    ("co", "1"): "PPM",
    ("weight", "0"): "kg",
    ("moisture", "0"): "%",
}


class Serializer:
    """Builds the rows of a home as an account sees them at a time."""

    def __init__(
        self, home: Home, settings: Settings, now: float, *, guest: bool
    ) -> None:
        """Initialize the serializer; `now` is in unix seconds, a guest may edit nothing."""
        self._home = home
        self._settings = settings
        self._now = now
        self._editable = 0 if guest else 1

    def gateway(self, gateway: Gateway, extras: frozenset[str]) -> Row:
        """Return a row of clients/list; client/info has the same."""
        midnight = int(self._now) // _DAY * _DAY
        row: Row = {
            "id": self._id(gateway.id),
            "uuid": gateway.uuid,
            "name": gateway.name,
            "online": self._online(gateway.online),
            "editable": self._editable,
            "extensions": gateway.extensions,
            "version": gateway.version,
            "type": gateway.type,
            "ip": gateway.ip,
        }
        if "coordinate" in extras:
            row |= {"longitude": gateway.longitude, "latitude": gateway.latitude}
        if "suntime" in extras:
            row |= {"sunrise": midnight + 25400, "sunset": midnight + 50600}
        if "timezone" in extras:
            row["timezone"] = gateway.timezone
            row["timezoneAutodetected"] = gateway.timezone_autodetected
        if "tzoffset" in extras:
            row["tzoffset"] = gateway.tzoffset
        if "transports" in extras:
            row["transports"] = gateway.transports
        if "features" in extras:
            row["features"] = gateway.features
        if "latestversion" in extras:
            row |= {"latestVersion": gateway.version, "downloadUrl": ""}
        if "insurance" in extras:
            row["insured"] = gateway.insured
        return row

    def device(self, device: Device, mask: int, extras: frozenset[str]) -> Row:
        """Return a row of devices/list."""
        row = self._device(device, mask) | self._device_extras(device, extras)
        if device.type == "group" and self._settings.members_in != "parameter":
            row["devices"] = ", ".join(device.members)
        return _only(row, _SPARSE) if device.is_sparse else row

    def device_info(self, device: Device, mask: int, extras: frozenset[str]) -> Row:
        """Return device/info's response."""
        row = self._device(device, mask)
        del row["clientName"]
        row["state"] = str(row["state"])
        if self._settings.device_info_of_2017:
            row["methods"] = str(row["methods"])
            del row["clientDeviceId"], row["ignored"]
        row["statevalues"] = row.pop("stateValues")
        row |= {"protocol": device.protocol, "model": device.model}
        return row | self._device_extras(device, extras)

    def sensor(
        self,
        sensor: Sensor,
        *,
        values: bool,
        scale: bool,
        unit: bool,
        info: bool = False,
    ) -> Row:
        """Return a row of sensors/list, or sensor/info's response."""
        settings = self._settings
        texts = settings.battery_as_strings or (info and settings.sensor_info_strings)
        keep: int | str = int(sensor.keep_history)
        gateway = self._home.gateways[sensor.gateway_id]
        row: Row = {
            "id": self._id(sensor.id),
            "name": sensor.name,
            "lastUpdated": sensor.last_updated,
            "ignored": int(sensor.ignored),
            "client": self._id(sensor.gateway_id),
            "clientName": gateway.name,
            "online": self._online(gateway.online),
            "editable": self._editable,
            "battery": str(sensor.battery) if texts else sensor.battery,
            "keepHistory": str(keep) if info and settings.sensor_info_strings else keep,
            "protocol": sensor.protocol,
            "model": sensor.model,
            "sensorId": sensor.sensor_id,
            "miscValues": sensor.misc_values,
        }
        if values and scale and sensor.values:
            row["data"] = [_value(value, unit=unit) for value in sensor.values]
        elif values and not scale:
            row |= _flat(sensor)
        return _only(row, _SPARSE_SENSOR) if sensor.is_sparse else row

    def _device(self, device: Device, mask: int) -> Row:
        """Return the keys that lists and device/info share."""
        gateway = self._home.gateways[device.gateway_id]
        parameters = self.parameters(device)
        is_scene = device.transport == "scene"
        return {
            "id": self._id(device.id),
            "clientDeviceId": device.client_device_id,
            "name": device.name,
            "state": int(mask_methods(device.state, mask)),
            "statevalue": device.state_value,
            "stateValues": self._state_values(device),
            "methods": int(mask_methods(self._home.methods_of(device), mask)),
            "metadataHash": _hash(device.metadata),
            "parametersHash": _hash(parameters),
            "type": self._settings.scene_type if is_scene else device.type,
            "client": self._id(device.gateway_id),
            "clientName": gateway.name,
            "online": self._online(gateway.online),
            "editable": self._editable,
            "ignored": int(device.ignored),
        }

    def _device_extras(self, device: Device, extras: frozenset[str]) -> Row:
        gateway = self._home.gateways[device.gateway_id]
        row: Row = {}
        if "devicetype" in extras:
            row["deviceType"] = device.device_type
        if "transport" in extras:
            row["transport"] = device.transport
        if "room" in extras and device.room is not None:
            row["room"] = device.room
        if "parameters" in extras:
            row["parameter"] = _named(self.parameters(device))
        if "metadata" in extras:
            row["metadata"] = _named(device.metadata)
        if "timezone" in extras:
            row["timezone"] = gateway.timezone
        if "tzoffset" in extras:
            row["tzoffset"] = gateway.tzoffset
        if "coordinate" in extras:
            row |= {"longitude": gateway.longitude, "latitude": gateway.latitude}
        if "uuid" in extras:
            row["uuid"] = device.uuid
        return row

    def parameters(self, device: Device) -> Row:
        """Return a device's parameters; a group's members are one of them."""
        if device.type != "group" or self._settings.members_in == "devices":
            return device.parameters
        members = (self._home.devices.get(member) for member in device.members)
        numbers = ",".join(member.client_device_id for member in members if member)
        return {**device.parameters, "devices": numbers}

    def _state_values(self, device: Device) -> list[Row]:
        as_text = self._settings.state_values_as_strings
        return [
            {
                "state": str(int(method)),
                "value": str(value) if as_text and isinstance(value, int) else value,
            }
            for method, value in sorted(device.values.items())
        ]

    def _id(self, text: str) -> str | int:
        return int(text) if self._settings.ids_as_ints and text.isdigit() else text

    def _online(self, online: bool) -> str | int:
        return int(online) if self._settings.online_as_ints else str(int(online))


def unit_of(name: str, scale: str) -> str:
    """Return the unit's text, "" for values without one and for unknown scales."""
    return UNITS.get((name, scale), "")


def method_names(methods: int) -> str:
    """Return the names of the methods in a mask, for the dashboard."""
    return " ".join(
        method.name.lower() for method in Method if methods & method and method.name
    )


def _only(row: Row, keys: frozenset[str]) -> Row:
    """Return a row with nothing but some of its keys."""
    return {key: value for key, value in row.items() if key in keys}


def _named(values: Row) -> list[Row]:
    return [{"name": name, "value": value} for name, value in values.items()]


def _hash(values: Row) -> str:
    """Return the change marker: SHA-1 of the compact, key-sorted JSON."""
    text = json.dumps(values, separators=(",", ":"), sort_keys=True)
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _value(value: SensorValue, *, unit: bool) -> Row:
    row: Row = {
        "name": value.name,
        "value": value.value,
        "scale": value.scale,
        "lastUpdated": value.last_updated,
    }
    extremes: dict[str, Any] = {
        "max": value.max,
        "maxTime": value.max_time,
        "min": value.min,
        "minTime": value.min_time,
    }
    row |= {key: extreme for key, extreme in extremes.items() if extreme is not None}
    if unit:
        row["unit"] = unit_of(value.name, value.scale)
    return row


def _flat(sensor: Sensor) -> Row:
    """Return values as keys: one for each name, and of the watts the one in W."""
    flat: Row = {}
    for value in sensor.values:
        if value.name not in flat or (value.name, value.scale) == ("watt", "2"):
            flat[value.name] = value.value
    return flat
