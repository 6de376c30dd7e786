"""A client for Telldus Live!'s PA API. It knows nothing of Home Assistant.

``handshake`` signs a person in, ``client`` makes the calls, ``budget`` decides when a
request may be sent, ``model`` is what the answers say, ``wire`` takes out their oddities,
``command`` is what devices are told, ``live`` (over a ``link`` for each gateway) and
``frames`` are what is pushed, ``errors`` is what can go wrong.
What is known of the API, and how surely, is in ``docs/telldus-api.md``.
"""

from .auth import Credentials
from .client import Answer, TelldusClient
from .command import OFF, RESUME, Command, Setting, attribute_group_of
from .exceptions import (
    AuthenticationError,
    GatewayOfflineError,
    Postponed,
    RateLimitError,
    Refused,
    TelldusError,
    Unintelligible,
    Unreachable,
)
from .models import (
    MAX_LEVEL,
    Deed,
    Device,
    DeviceType,
    Gateway,
    Inventoried,
    Method,
    Outcome,
    Profile,
    Radio,
    Range,
    Reading,
    Room,
    Sensor,
    SensorValue,
    SensorValuesMessage,
    ServerAddress,
    Thermostat,
)
from .oauth import Handshake, RequestToken
from .push.client import Live, PushListener, PushState
from .push.messages import (
    CommandFailedMessage,
    DeviceStateMessage,
    ListChangedMessage,
    ListKind,
    PushMessage,
    parse_frame,
)
from .rate_limiter import Budget, Priority

DEFAULT_SERVER = "https://pa-api.telldus.com"

__all__ = [
    "DEFAULT_SERVER",
    "MAX_LEVEL",
    "OFF",
    "RESUME",
    "Answer",
    "AuthenticationError",
    "Budget",
    "Command",
    "CommandFailedMessage",
    "Credentials",
    "Deed",
    "Device",
    "DeviceStateMessage",
    "DeviceType",
    "Gateway",
    "GatewayOfflineError",
    "Handshake",
    "Inventoried",
    "ListChangedMessage",
    "ListKind",
    "Live",
    "Method",
    "Outcome",
    "Postponed",
    "Priority",
    "Profile",
    "PushListener",
    "PushMessage",
    "PushState",
    "Radio",
    "Range",
    "RateLimitError",
    "Reading",
    "Refused",
    "RequestToken",
    "Room",
    "Sensor",
    "SensorValue",
    "SensorValuesMessage",
    "ServerAddress",
    "Setting",
    "TelldusClient",
    "TelldusError",
    "Thermostat",
    "Unintelligible",
    "Unreachable",
    "attribute_group_of",
    "parse_frame",
]
