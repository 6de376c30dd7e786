"""One signed request over HTTP, and the JSON object or the error that comes back."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import aiohttp
from yarl import URL

from .auth import Credentials, redact_oauth_error
from .exceptions import (
    NO_REASON,
    AuthenticationError,
    InvalidResponseError,
    TelldusConnectionError,
    error_from_response,
    parse_retry_after,
)
from .parsing import Json, read_json
from .rate_limiter import RateLimiter

_TIMEOUT: Final = aiohttp.ClientTimeout(total=15, sock_connect=10)
# In bytes: room for several thousand devices, and no more.
_MAX_BODY: Final = 32 * 1024 * 1024
# Clocks that differ by less count as equal: responses travel, and have whole seconds.
_SAME_CLOCK: Final = timedelta(seconds=3)
# A larger difference is ignored as nonsense.
_MAX_CLOCK_OFFSET: Final = timedelta(days=1)
# The date of a slower response may be that much too old.
_MAX_ROUND_TRIP: Final = timedelta(seconds=2)


class Transport:
    """Sends the requests of one account, and compares Telldus' clock with this one."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        server: str,
        credentials: Credentials,
        rate_limiter: RateLimiter,
        utcnow: Callable[[], datetime] | None = None,
    ) -> None:
        """Initialize the transport.

        ``session`` is the caller's, for this account alone, ``utcnow`` the wall clock.
        """
        self._session = session
        # aiohttp repeats a GET whose reused connection breaks, and has no option for it: a
        # bell would ring twice, and Telldus refuses the second nonce like a wrong login.
        session._retry_connection = False  # noqa: SLF001
        self.server = server
        self._credentials = credentials
        self._rate_limiter = rate_limiter
        # A lambda, so that a clock that a test freezes later is used.
        self._utcnow = utcnow or (lambda: datetime.now(UTC))
        # The last body of each list function, and its JSON: in a quiet home the next body
        # is the same.
        self._cache: dict[str, tuple[bytes, Json]] = {}
        # How far Telldus' clock is ahead of this one.
        self.clock_offset = timedelta()

    async def get(self, function: str, parameters: dict[str, str]) -> Json:
        """Send one request, within a slot of the rate limiter. Raises TelldusError."""
        # The URL that is signed must be sent to the letter.
        url = str(URL(f"{self.server}/json/{function}").with_query(parameters))
        sent = self._utcnow()
        try:
            async with self._session.get(
                URL(url, encoded=True),
                headers={"Authorization": self._credentials.authorization(url)},
                allow_redirects=False,
                timeout=_TIMEOUT,
            ) as response:
                if response.status == HTTPStatus.TOO_MANY_REQUESTS:
                    # Its body may break off or never come.
                    raise self._rate_limiter.on_rate_limited(
                        parse_retry_after(
                            response.headers.get("Retry-After"),
                            response.headers.get("Date"),
                        )
                    )
                if response.status == HTTPStatus.OK:
                    self._update_clock_offset(response.headers.get("Date"), sent)
                body = await _read(response)
        except (TimeoutError, aiohttp.ClientError) as err:
            # Not chained: aiohttp's errors can carry the request's headers.
            raise TelldusConnectionError(f"{function}: {type(err).__name__}") from None
        self._rate_limiter.on_success()
        return self._parse(function, response.status, body)

    def _update_clock_offset(self, date: str | None, sent: datetime) -> None:
        """Compare the clocks by a response's ``Date``, if the response came at once."""
        now = self._utcnow()
        if not date or not timedelta() <= now - sent <= _MAX_ROUND_TRIP:
            return
        try:
            # HTTP has no other time zone (RFC 9110, 5.6.7).
            offset = parsedate_to_datetime(date).replace(tzinfo=UTC) - now
        except ValueError:
            return
        if abs(offset) < _SAME_CLOCK:
            self.clock_offset = timedelta()
        elif (
            abs(offset - self.clock_offset) >= _SAME_CLOCK
            and abs(offset) <= _MAX_CLOCK_OFFSET
        ):
            self.clock_offset = offset

    def _parse(self, function: str, status: int, body: bytes) -> Json:
        """Return the JSON object of a response. Raises TelldusError."""
        cached = self._cache.get(function)
        if cached and cached[0] == body and status == HTTPStatus.OK:
            return cached[1]
        if status == HTTPStatus.UNAUTHORIZED:
            raise AuthenticationError(
                redact_oauth_error(body.decode(errors="replace")) or NO_REASON
            )
        try:
            parsed = read_json(body)
        except ValueError:
            if status == HTTPStatus.OK:
                # Not chained: the error carries the whole body, names included.
                raise InvalidResponseError(f"{function}: no JSON") from None
            parsed = None
        if (
            isinstance(parsed, Mapping)
            and "error" in parsed
            # An empty one beside something else is none.
            and (parsed["error"] or len(parsed) == 1)
            and status < HTTPStatus.INTERNAL_SERVER_ERROR
        ):
            raise error_from_response(parsed["error"], parsed.get("code"))
        if status != HTTPStatus.OK:
            raise TelldusConnectionError(f"{function}: HTTP {status}", status)
        if not isinstance(parsed, Mapping):
            raise InvalidResponseError(f"{function}: no JSON object")
        if function.endswith("/list"):
            self._cache[function] = body, parsed
        return parsed


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body. Raises InvalidResponseError where it is too large."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _MAX_BODY:
            raise InvalidResponseError("an answer beyond all size")
    return bytes(body)
