"""Errors: one class for each thing that a caller can do about them.

Source: docs/dev/telldus-api.md, "Errors".
"""

from email.utils import parsedate_to_datetime
import math

# In seconds. Telldus requires at least ten between a 429 and the next try.
MIN_RETRY_AFTER = 10.0
MAX_RETRY_AFTER = 3600.0

NO_REASON = "no reason given"
_LONGEST_REASON = 300
_CODE_OFFLINE = 3


class TelldusError(Exception):
    """Anything that went wrong. The text never holds a key, a token or a verifier."""


class AuthenticationError(TelldusError):
    """Telldus does not accept the keys or the token (HTTP 401).

    It has been temporary, for days: a reason to ask the user, not to delete anything.
    """


class RateLimitError(TelldusError):
    """Too many requests (HTTP 429).

    ``retry_after`` is in seconds.
    """

    def __init__(self, retry_after: float) -> None:
        """Initialize the error."""
        super().__init__(f"too many requests; next try in {retry_after:.0f} s")
        self.retry_after = retry_after


class RequestDeferredError(RateLimitError):
    """The client's own rate limiter deferred the request; nothing was sent."""


class ApiError(TelldusError):
    """Telldus rejected the call (an ``error``, most often with HTTP 200).

    ``reason`` is Telldus' own text, ``code`` its number where it gave one.
    """

    def __init__(self, reason: str, code: int | None = None) -> None:
        """Initialize the error."""
        super().__init__(reason)
        self.reason = reason
        self.code = code


class GatewayOfflineError(ApiError):
    """The device's gateway has no connection to Telldus."""


class TelldusConnectionError(TelldusError):
    """Telldus cannot be reached, or something in front of it responded.

    Network errors, time-outs, 404, 5xx, a proxy's 403, a redirect. ``status`` is the HTTP
    status, None where there was no response.
    """

    def __init__(self, text: str, status: int | None = None) -> None:
        """Initialize the error."""
        super().__init__(text)
        self.status = status


class InvalidResponseError(TelldusError):
    """Telldus responded with success, and the response cannot be parsed."""


def parse_retry_after(value: str | None, date: str | None = None) -> float | None:
    """Return the seconds of a ``Retry-After`` header, within limits; None for none.

    It may be a number, or a date, from which the response's own ``date`` is subtracted,
    since clocks differ. Telldus has not been seen to send either.
    """
    try:
        seconds = float(value or "")
    except ValueError:
        try:
            until, now = map(parsedate_to_datetime, (value or "", date or ""))
            seconds = (until - now).total_seconds()
        except ValueError, TypeError:
            return None
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, MIN_RETRY_AFTER), MAX_RETRY_AFTER)


def error_from_response(reason: object, code: object) -> TelldusError:
    """Return the error for the ``error`` and ``code`` of a JSON response."""
    if isinstance(reason, dict):
        code = reason.get("code", code)
        reason = reason.get("message")
    text = reason.strip() if isinstance(reason, str) else ""
    # Half a surrogate pair cannot be stored or displayed.
    text = text.encode(errors="replace").decode()[:_LONGEST_REASON]
    if text in ("invalid_token", "expired_token"):
        # From the vendor's OAuth 2 host; not seen here, but cheap to handle.
        return AuthenticationError(text)
    if "OAuth Verification Failed" in text:
        # It comes with 401 as far as is known, and quotes secrets.
        return AuthenticationError("OAuth verification failed")
    number = int(digits) if (digits := str(code)[:9]).isdecimal() else None
    # The text is known from logs, the code from one other client.
    offline = number == _CODE_OFFLINE or "currently offline" in text
    return (GatewayOfflineError if offline else ApiError)(text or NO_REASON, number)


def is_client_error(err: TelldusError) -> bool:
    """Return whether the request was rejected for good, rather than failed for now."""
    if isinstance(err, TelldusConnectionError):
        return err.status is not None and 400 <= err.status < 500
    if isinstance(err, GatewayOfflineError):
        return False
    return isinstance(err, (ApiError, AuthenticationError))
