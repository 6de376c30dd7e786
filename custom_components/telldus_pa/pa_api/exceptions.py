"""What can go wrong between us and Telldus: one class for each thing a caller does.

Source: docs/telldus-api.md, "Errors".
"""

from email.utils import parsedate_to_datetime
import math

# Telldus asks for at least ten seconds between a refusal and the next try.
MIN_RETRY_AFTER = 10.0
MAX_RETRY_AFTER = 3600.0

NO_REASON = "no reason given"
_LONGEST_REASON = 300
_CODE_OFFLINE = 3


class TelldusError(Exception):
    """Anything that went wrong. The text never holds a key, a token or a verifier."""


class AuthenticationError(TelldusError):
    """Telldus does not accept our keys or our token (HTTP 401).

    Seen to be temporary for days: a reason to ask the person, not to forget anything.
    """


class RateLimitError(TelldusError):
    """Too many requests (HTTP 429).

    ``retry_after`` is how many seconds to wait at least before the next try.
    """

    def __init__(self, retry_after: float) -> None:
        """Remember how long to wait."""
        super().__init__(f"too many requests; next try in {retry_after:.0f} s")
        self.retry_after = retry_after


class RequestDeferredError(RateLimitError):
    """Our own rate limiter did not let a request pass; nothing was sent."""


class ApiError(TelldusError):
    """Telldus understood the call and refused it (an ``error``, most often with HTTP 200).

    ``reason`` is Telldus' own text, ``code`` its number where it gave one.
    """

    def __init__(self, reason: str, code: int | None = None) -> None:
        """Remember Telldus' reason."""
        super().__init__(reason)
        self.reason = reason
        self.code = code


class GatewayOfflineError(ApiError):
    """The device's gateway has no connection to Telldus."""


class TelldusConnectionError(TelldusError):
    """Telldus cannot be reached, or something in front of it answered for it.

    Network errors, time-outs, 404, 5xx, a proxy's refusal, a redirect. ``status`` is the
    HTTP status, None where there was no answer.
    """

    def __init__(self, text: str, status: int | None = None) -> None:
        """Remember the status."""
        super().__init__(text)
        self.status = status


class InvalidResponseError(TelldusError):
    """Telldus answered with success, and the answer is not what it should be."""


def parse_retry_after(value: str | None, date: str | None = None) -> float | None:
    """Return the seconds a ``Retry-After`` header asks for, made sane, or None.

    It may be a number or a date; that is measured by ``date``, the answer's own, since
    clocks differ. Neither is known from Telldus itself.
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
    """Return the error that the ``error`` and ``code`` of a JSON answer stand for."""
    text = reason.strip() if isinstance(reason, str) else ""
    # What cannot be printed cannot be stored or shown either.
    text = text.encode(errors="replace").decode()[:_LONGEST_REASON]
    if text in ("invalid_token", "expired_token"):
        # Words of the vendor's OAuth 2 host; not seen here, cheap to understand.
        return AuthenticationError(text)
    if "OAuth Verification Failed" in text:
        # Comes with 401 as far as is known, and quotes what must not be repeated.
        return AuthenticationError("OAuth verification failed")
    number = int(digits) if (digits := str(code)[:9]).isdecimal() else None
    # The text is known from logs; the number's meaning from one other client.
    offline = number == _CODE_OFFLINE or "currently offline" in text
    return (GatewayOfflineError if offline else ApiError)(text or NO_REASON, number)


def is_client_error(err: TelldusError) -> bool:
    """Return whether the server does not want this, rather than cannot do it just now."""
    if isinstance(err, TelldusConnectionError):
        return err.status is not None and 400 <= err.status < 500
    if isinstance(err, GatewayOfflineError):
        return False
    return isinstance(err, (ApiError, AuthenticationError))
