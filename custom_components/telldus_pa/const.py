"""Names and numbers that more than one module uses."""

from datetime import timedelta
import logging
from typing import Final

DOMAIN: Final = "telldus_pa"
LOGGER: Final = logging.getLogger(__package__)

CONF_PUBLIC_KEY: Final = "public_key"
CONF_PRIVATE_KEY: Final = "private_key"
CONF_SERVER_URL: Final = "server_url"
CONF_TOKEN_SECRET: Final = "token_secret"
# The account's UUID at Telldus, None if it could not be fetched yet.
CONF_ACCOUNT_UUID: Final = "account_uuid"
# Ids of the gateways that the account owns; they identify it while it has no UUID.
CONF_GATEWAYS: Final = "gateways"
# Whether devices and sensors that are hidden at Telldus get entities.
CONF_INCLUDE_IGNORED: Final = "include_ignored"
# Whether to use push, where Telldus allows it.
CONF_PUSH: Final = "live"
# Ids of the covers whose level is inverted.
CONF_REVERSED_COVERS: Final = "reversed_covers"

POLL_INTERVAL: Final = timedelta(seconds=30)
SHORTEST_POLL_INTERVAL: Final = timedelta(seconds=20)
LONGEST_POLL_INTERVAL: Final = timedelta(hours=1)

# Fired on Home Assistant's bus for an event that was received too late for its entity.
EVENT_MISSED: Final = f"{DOMAIN}_missed_event"
