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
# The account's uuid at Telldus, None if Telldus would not tell.
CONF_ACCOUNT_UUID: Final = "account_uuid"
# Ids of the gateways that the account owns: who it is, should Telldus not say so.
CONF_GATEWAYS: Final = "gateways"
# Whether what is hidden at Telldus is shown here.
# What is done once, and not kept
CONF_IMPORT_HISTORY: Final = "import_history"
CONF_INCLUDE_IGNORED: Final = "include_ignored"
# Whether changes are to come as they happen, where Telldus lets us.
CONF_PUSH: Final = "live"
# Ids of the covers whose level runs the other way.
CONF_REVERSED_COVERS: Final = "reversed_covers"

POLL_INTERVAL: Final = timedelta(seconds=30)
SHORTEST_POLL_INTERVAL: Final = timedelta(seconds=20)
LONGEST_POLL_INTERVAL: Final = timedelta(hours=1)

# Fired on Home Assistant's bus for what was heard too late to be shown as what happens now.
EVENT_MISSED: Final = f"{DOMAIN}_missed_event"
