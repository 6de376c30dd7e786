"""Translation keys and placeholders of Telldus' errors."""

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..const import DOMAIN
from ..pa_api import (
    ApiError,
    AuthenticationError,
    GatewayOfflineError,
    InvalidResponseError,
    RateLimitError,
    TelldusError,
)


def translation_key_for(err: TelldusError) -> str:
    """Return the translation key, the same for exceptions and for errors of forms."""
    match err:
        case AuthenticationError():
            return "invalid_auth"
        case RateLimitError():
            return "rate_limited"
        case GatewayOfflineError():
            return "gateway_offline"
        case ApiError():
            return "rejected"
        case InvalidResponseError():
            return "invalid_response"
    return "cannot_connect"


def error_placeholders(err: TelldusError | None) -> dict[str, str]:
    """Build the placeholders: Telldus' reason, and the seconds to wait."""
    return {
        "reason": err.reason if isinstance(err, ApiError) else "",
        "wait": f"{err.retry_after:.0f}" if isinstance(err, RateLimitError) else "0",
    }


def service_error(err: TelldusError) -> HomeAssistantError:
    """Build the error of an action whose request has failed."""
    key = translation_key_for(err)
    error = HomeAssistantError(
        translation_domain=DOMAIN,
        # Polls go on by themselves; the caller of an action has to repeat it.
        translation_key="rate_limited_retry" if key == "rate_limited" else key,
        translation_placeholders=error_placeholders(err),
    )
    error.__cause__ = err
    return error


def check_loaded(entry: ConfigEntry) -> None:
    """Raise ServiceValidationError if an account is not loaded."""
    if entry.state is not ConfigEntryState.LOADED:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="entry_not_loaded",
            translation_placeholders={"name": entry.title},
        )
