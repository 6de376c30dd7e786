"""A client for Telldus Live!'s PA API. It knows nothing of Home Assistant.

``handshake`` signs a person in, ``client`` makes the calls, ``budget`` decides when a
request may be sent, ``model`` is what the answers say, ``errors`` is what can go wrong.
What is known of the API, and how surely, is in ``docs/telldus-api.md``.
"""

from .budget import Budget, Priority
from .client import Answer, Command, TelldusClient
from .errors import (
    GatewayOffline,
    Postponed,
    RateLimited,
    Refused,
    SignInRefused,
    TelldusError,
    Unintelligible,
    Unreachable,
)
from .handshake import Handshake, RequestToken
from .model import MAX_LEVEL, Device, DeviceType, Gateway, Method, Profile
from .signing import Credentials

DEFAULT_SERVER = "https://pa-api.telldus.com"

__all__ = [
    "DEFAULT_SERVER",
    "MAX_LEVEL",
    "Answer",
    "Budget",
    "Command",
    "Credentials",
    "Device",
    "DeviceType",
    "Gateway",
    "GatewayOffline",
    "Handshake",
    "Method",
    "Postponed",
    "Priority",
    "Profile",
    "RateLimited",
    "Refused",
    "RequestToken",
    "SignInRefused",
    "TelldusClient",
    "TelldusError",
    "Unintelligible",
    "Unreachable",
]
