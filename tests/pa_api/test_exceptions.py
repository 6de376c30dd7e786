"""What answers and headers stand for."""

import pytest

from custom_components.telldus_pa.pa_api import (
    ApiError,
    AuthenticationError,
    GatewayOfflineError,
    RateLimitError,
    RequestDeferredError,
    TelldusConnectionError,
    TelldusError,
)
from custom_components.telldus_pa.pa_api.exceptions import (
    MAX_RETRY_AFTER,
    MIN_RETRY_AFTER,
    error_from_response,
    is_client_error,
    parse_retry_after,
)

OFFLINE = "The client for this device is currently offline"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("30", 30.0),
        (" 30 ", 30.0),
        ("12.5", 12.5),
        ("0", MIN_RETRY_AFTER),
        ("9.9", MIN_RETRY_AFTER),
        ("-5", MIN_RETRY_AFTER),
        ("3600", MAX_RETRY_AFTER),
        ("999999999", MAX_RETRY_AFTER),
        # Beyond what a float holds: no number of seconds at all.
        ("9" * 400, None),
        ("1e400", None),
        ("inf", None),
        ("-inf", None),
        ("nan", None),
        ("soon", None),
        ("30 s", None),
        # A date, without one of the answer to measure it by
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("\x00", None),
    ],
)
def test_wait_from_header(header: str | None, seconds: float | None) -> None:
    """Retry-After is taken for what it can sanely mean."""
    assert parse_retry_after(header) == seconds


@pytest.mark.parametrize(
    ("header", "date", "seconds"),
    [
        ("Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:18:00 GMT", 600.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 08:00:00 GMT", 10.0),
        # In whatever zone; without one it may be any
        ("Wed, 21 Oct 2026 09:28:00 +0200", "Wed, 21 Oct 2026 07:18:00 GMT", 600.0),
        ("Wed, 21 Oct 2026 07:28:00 -0000", "Wed, 21 Oct 2026 07:18:00 GMT", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", "today", None),
        ("tomorrow", "Wed, 21 Oct 2026 07:18:00 GMT", None),
        ("30", "Wed, 21 Oct 2026 07:18:00 GMT", 30.0),
    ],
)
def test_wait_until_a_date(header: str, date: str, seconds: float | None) -> None:
    """A date is measured by the answer's own, not by our clock."""
    assert parse_retry_after(header, date) == seconds


@pytest.mark.parametrize(
    ("reason", "code", "kind", "text", "number"),
    [
        (OFFLINE, None, GatewayOfflineError, OFFLINE, None),
        (OFFLINE, 3, GatewayOfflineError, OFFLINE, 3),
        (
            "Offline, in other words",
            3,
            GatewayOfflineError,
            "Offline, in other words",
            3,
        ),
        ("Invalid argument", 4, ApiError, "Invalid argument", 4),
        ("Invalid argument", "4", ApiError, "Invalid argument", 4),
        ("Invalid argument", True, ApiError, "Invalid argument", None),
        ("", None, ApiError, "no reason given", None),
        (" \ud800 ", None, ApiError, "?", None),
        ("Access denied", None, ApiError, "Access denied", None),
        ("Access denied", {"a": 1}, ApiError, "Access denied", None),
        (None, None, ApiError, "no reason given", None),
        (17, 1, ApiError, "no reason given", 1),
        ({"text": "x"}, None, ApiError, "no reason given", None),
        ("x" * 1000, None, ApiError, "x" * 300, None),
    ],
)
def test_error_from_answer(
    reason: object, code: object, kind: type[ApiError], text: str, number: int | None
) -> None:
    """An answer's error is told apart by what a caller does about it."""
    err = error_from_response(reason, code)

    assert type(err) is kind
    assert isinstance(err, ApiError)
    assert str(err) == err.reason == text
    assert err.code == number


def test_sign_in_refused_in_json() -> None:
    """A text that quotes keys is not repeated, wherever it comes."""
    err = error_from_response('OAuth Verification Failed: consumer_key "KEY"', None)

    assert isinstance(err, AuthenticationError)
    assert "KEY" not in str(err)


@pytest.mark.parametrize("word", ["invalid_token", "expired_token"])
def test_sign_in_words(word: str) -> None:
    """The words of the vendor's other host mean the sign-in."""
    err = error_from_response(word, None)

    assert type(err) is AuthenticationError
    assert str(err) == word


@pytest.mark.parametrize("kind", [RateLimitError, RequestDeferredError])
def test_rate_limited(kind: type[RateLimitError]) -> None:
    """Whoever has to wait is told for how long."""
    err = kind(17.4)

    assert err.retry_after == 17.4
    assert str(err) == "too many requests; next try in 17 s"


def test_kinds() -> None:
    """What a caller catches catches what it should."""
    assert issubclass(RequestDeferredError, RateLimitError)
    assert issubclass(GatewayOfflineError, ApiError)
    assert not issubclass(RateLimitError, ApiError)
    assert all(
        issubclass(kind, TelldusError)
        for kind in (RateLimitError, ApiError, AuthenticationError)
    )


@pytest.mark.parametrize(
    ("err", "expected"),
    [
        (ApiError("no", None), True),
        (AuthenticationError("no"), True),
        # The gateway may be back soon, and so may Telldus.
        (GatewayOfflineError(OFFLINE, 1), False),
        (TelldusConnectionError("HTTP 404", 404), True),
        (TelldusConnectionError("HTTP 502", 502), False),
        (TelldusConnectionError("time-out"), False),
        (RateLimitError(17.4), False),
    ],
)
def test_refusals(err: TelldusError, expected: bool) -> None:
    """What the server does not want is told from what it cannot do just now."""
    assert is_client_error(err) is expected
