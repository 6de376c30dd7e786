"""Which text says what went wrong."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.account.errors import (
    check_loaded,
    error_placeholders,
    service_error,
    translation_key_for,
)
from custom_components.telldus_pa.pa_api import (
    ApiError,
    AuthenticationError,
    GatewayOfflineError,
    InvalidResponseError,
    RateLimitError,
    TelldusConnectionError,
    TelldusError,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError


@pytest.mark.parametrize(
    ("err", "key", "key_of_an_action"),
    [
        (AuthenticationError(), "invalid_auth", "invalid_auth"),
        (RateLimitError(30), "rate_limited", "rate_limited_retry"),
        (GatewayOfflineError("Offline"), "gateway_offline", "gateway_offline"),
        (ApiError("No"), "rejected", "rejected"),
        (InvalidResponseError("?"), "invalid_response", "invalid_response"),
        (TelldusConnectionError("?"), "cannot_connect", "cannot_connect"),
    ],
)
def test_texts(err: TelldusError, key: str, key_of_an_action: str) -> None:
    """Each kind of error has a text; who called an action is told to try again."""
    assert translation_key_for(err) == key
    assert service_error(err).translation_key == key_of_an_action
    assert service_error(err).__cause__ is err


def test_placeholders() -> None:
    """The texts say Telldus' reason, and how many seconds to wait."""
    assert error_placeholders(ApiError("No")) == {"reason": "No", "wait": "0"}
    assert error_placeholders(RateLimitError(30)) == {"reason": "", "wait": "30"}
    assert error_placeholders(None) == {"reason": "", "wait": "0"}


def test_not_loaded(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """An account that is not set up cannot be asked, and the text names it."""
    with pytest.raises(ServiceValidationError) as err:
        check_loaded(entry)
    assert err.value.translation_key == "entry_not_loaded"
    assert err.value.translation_placeholders == {"name": entry.title}
