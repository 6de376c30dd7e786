"""Parsed rows of Telldus' responses. A row that cannot be parsed costs that row alone."""

from .account import Profile, Room
from .device import (
    MAX_LEVEL,
    SUPPORTED_METHODS,
    Device,
    DeviceProtocol,
    DeviceType,
    DeviceWithParameters,
    Method,
    TemperatureRange,
    Thermostat,
)
from .gateway import Gateway, ServerAddress
from .history import HistoryEntry, SensorHistoryEntry, SuccessStatus
from .sensor import Sensor, SensorValue

__all__ = [
    "MAX_LEVEL",
    "SUPPORTED_METHODS",
    "Device",
    "DeviceProtocol",
    "DeviceType",
    "DeviceWithParameters",
    "Gateway",
    "HistoryEntry",
    "Method",
    "Profile",
    "Room",
    "Sensor",
    "SensorHistoryEntry",
    "SensorValue",
    "ServerAddress",
    "SuccessStatus",
    "TemperatureRange",
    "Thermostat",
]
