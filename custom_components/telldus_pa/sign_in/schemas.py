"""The schemas of the forms for keys and after a failure."""

from typing import Final

import voluptuous as vol

from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..const import CONF_PRIVATE_KEY, CONF_PUBLIC_KEY, CONF_SERVER_URL
from ..pa_api import DEFAULT_SERVER
from .callback_view import EXTERNAL_STEP

ADVANCED: Final = "advanced"

# The two ways to log in: with a window that comes back, and with a link.
MANUAL: Final = "manual"
BOTH_WAYS: Final = [EXTERNAL_STEP, MANUAL]
CONF_NEXT_STEP: Final = "next_step"
RETRY: Final = "retry"
FAILED_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_NEXT_STEP, default=RETRY): SelectSelector(
            SelectSelectorConfig(
                options=[RETRY, *BOTH_WAYS],
                mode=SelectSelectorMode.LIST,
                translation_key=CONF_NEXT_STEP,
            )
        )
    }
)

_PASSWORD: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)
_TEXT: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.TEXT, autocomplete="off")
)
_SERVER: Final = {
    vol.Required(ADVANCED): section(
        vol.Schema(
            {
                vol.Required(CONF_SERVER_URL, default=DEFAULT_SERVER): TextSelector(
                    TextSelectorConfig(type=TextSelectorType.URL)
                )
            }
        ),
        {"collapsed": True},
    )
}
KEYS_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_PUBLIC_KEY): _TEXT,
        vol.Required(CONF_PRIVATE_KEY): _PASSWORD,
        **_SERVER,
    }
)
# The private key is optional: it is kept where only the server changes.
OTHER_KEYS_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_PUBLIC_KEY): _TEXT,
        vol.Optional(CONF_PRIVATE_KEY): _PASSWORD,
        **_SERVER,
    }
)
