"""A client for Telldus Live!'s PA API. It knows nothing of Home Assistant.

``handshake`` signs a person in, ``client`` makes the calls, ``rate limiter`` decides when a
request may be sent, ``model`` is what the answers say, ``wire`` takes out their oddities,
``command`` is what devices are told, ``live`` (over a ``link`` for each gateway) and
``frames`` are what is pushed, ``errors`` is what can go wrong.
What is known of the API, and how surely, is in ``docs/telldus-api.md``.
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
    ServerAddress,
    SuccessStatus,
    TemperatureRange,
    Thermostat,
)
from .oauth import OAuth1Flow, RequestToken
from .push.client import (
    PushClient,
    PushListener,
    PushState,
    session_options as push_session_options,
)
from .push.messages import (
    CommandFailedMessage,
    DeviceStateMessage,
    ListChangedMessage,
    ListKind,
    PushMessage,
    SensorValuesMessage,
    parse_frame,
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
    "PushListener",
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
    "ServerAddress",
    "SuccessStatus",
    "TelldusClient",
    "TelldusConnectionError",
    "TelldusError",
    "TemperatureRange",
    "Thermostat",
    "ThermostatSetpoint",
    "attribute_group_of",
    "parse_frame",
    "push_session_options",
]
