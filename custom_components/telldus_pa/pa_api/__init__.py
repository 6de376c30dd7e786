"""A client for Telldus Live!'s PA API. It knows nothing of Home Assistant.

``handshake`` signs a person in, ``client`` makes the calls, ``budget`` decides when a
request may be sent, ``model`` is what the answers say, ``wire`` takes out their oddities,
``command`` is what devices are told, ``live`` (over a ``link`` for each gateway) and
``frames`` are what is pushed, ``errors`` is what can go wrong.
What is known of the API, and how surely, is in ``docs/telldus-api.md``.
"""

from .auth import Credentials
from .client import Answer, TelldusClient
from .command import OFF, RESUME, Command, Setting, facet_of
from .exceptions import (
    GatewayOffline,
    Postponed,
    RateLimited,
    Refused,
    SignInRefused,
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
    ServerAddress,
    Thermostat,
    ValuesHeard,
)
from .oauth import Handshake, RequestToken
from .push.client import Live, LiveListener, LiveState
from .push.messages import (
    CommandFailed,
    ListChanged,
    ListKind,
    LiveEvent,
    StateHeard,
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
    "Budget",
    "Command",
    "CommandFailed",
    "Credentials",
    "Deed",
    "Device",
    "DeviceType",
    "Gateway",
    "GatewayOffline",
    "Handshake",
    "Inventoried",
    "ListChanged",
    "ListKind",
    "Live",
    "LiveEvent",
    "LiveListener",
    "LiveState",
    "Method",
    "Outcome",
    "Postponed",
    "Priority",
    "Profile",
    "Radio",
    "Range",
    "RateLimited",
    "Reading",
    "Refused",
    "RequestToken",
    "Room",
    "Sensor",
    "SensorValue",
    "ServerAddress",
    "Setting",
    "SignInRefused",
    "StateHeard",
    "TelldusClient",
    "TelldusError",
    "Thermostat",
    "Unintelligible",
    "Unreachable",
    "ValuesHeard",
    "facet_of",
    "parse_frame",
]
