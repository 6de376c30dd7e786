"""A client for Telldus Live!'s PA API, independent of Home Assistant.

``oauth`` authorizes an account, ``client`` has a method for each function of the API,
``rate_limiter`` decides when a request may be sent, ``auth`` signs it and ``transport``
sends it. ``models`` are the rows of responses, ``parsing`` converts their JSON, ``command``
has what is sent to devices and its effect. ``push`` receives changes over websockets.
``server_url`` decides which servers may be used. ``exceptions`` has an error for each thing
that a caller can do. Facts and their sources: ``docs/dev/telldus-api.md``.
"""

from .auth import Credentials
from .client import ListResponse, TelldusClient
from .command import OFF, RESUME, Command, ThermostatSetpoint, attribute_group_of
from .exceptions import (
    ApiError,
    AuthenticationError,
    GatewayOfflineError,
    InvalidResponseError,
    RateLimitError,
    RequestDeferredError,
    TelldusConnectionError,
    TelldusError,
)
from .models import (
    MAX_LEVEL,
    Device,
    DeviceProtocol,
    DeviceType,
    DeviceWithParameters,
    Gateway,
    HistoryEntry,
    Method,
    Profile,
    Room,
    Sensor,
    SensorHistoryEntry,
    SensorValue,
    SuccessStatus,
    TemperatureRange,
    Thermostat,
)
from .oauth import OAuth1Flow, RequestToken
from .push.client import PushClient, PushState, session_options as push_session_options
from .push.messages import (
    CommandFailedMessage,
    DeviceStateMessage,
    ListChangedMessage,
    ListKind,
    PushMessage,
    SensorValuesMessage,
)
from .rate_limiter import Priority, RateLimiter

DEFAULT_SERVER = "https://pa-api.telldus.com"

__all__ = [
    "DEFAULT_SERVER",
    "MAX_LEVEL",
    "OFF",
    "RESUME",
    "ApiError",
    "AuthenticationError",
    "Command",
    "CommandFailedMessage",
    "Credentials",
    "Device",
    "DeviceProtocol",
    "DeviceStateMessage",
    "DeviceType",
    "DeviceWithParameters",
    "Gateway",
    "GatewayOfflineError",
    "HistoryEntry",
    "InvalidResponseError",
    "ListChangedMessage",
    "ListKind",
    "ListResponse",
    "Method",
    "OAuth1Flow",
    "Priority",
    "Profile",
    "PushClient",
    "PushMessage",
    "PushState",
    "RateLimitError",
    "RateLimiter",
    "RequestDeferredError",
    "RequestToken",
    "Room",
    "Sensor",
    "SensorHistoryEntry",
    "SensorValue",
    "SensorValuesMessage",
    "SuccessStatus",
    "TelldusClient",
    "TelldusConnectionError",
    "TelldusError",
    "TemperatureRange",
    "Thermostat",
    "ThermostatSetpoint",
    "attribute_group_of",
    "push_session_options",
]
