"""Which text says what went wrong. The one place that decides it."""

from .pa_api import (
    GatewayOffline,
    RateLimited,
    Refused,
    SignInRefused,
    TelldusError,
    Unintelligible,
)


def error_key(err: TelldusError) -> str:
    """Return the translation key, the same among exceptions and errors of forms."""
    match err:
        case SignInRefused():
            return "sign_in_refused"
        case RateLimited():
            return "rate_limited"
        case GatewayOffline():
            return "gateway_offline"
        case Refused():
            return "refused"
        case Unintelligible():
            return "unintelligible"
    return "unreachable"


def error_placeholders(err: TelldusError | None) -> dict[str, str]:
    """Return what the texts say besides: Telldus' reason, and the seconds to wait."""
    return {
        "reason": err.reason if isinstance(err, Refused) else "",
        "wait": f"{err.retry_after:.0f}" if isinstance(err, RateLimited) else "0",
    }
