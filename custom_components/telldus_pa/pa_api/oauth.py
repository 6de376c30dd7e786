"""OAuth 1.0a in the three steps of the vendor's guide.

Source: docs/telldus-api.md, "Signing in". requests-oauthlib does the work, which blocks:
each step runs in a thread.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import io
import time
from typing import Any, override
from urllib.parse import parse_qsl, urlsplit

import requests
from requests_oauthlib import OAuth1Session
from requests_oauthlib.oauth1_session import TokenRequestDenied
from urllib3.exceptions import HTTPError

from .auth import Credentials, redact_oauth_error, suppress_library_logging
from .exceptions import (
    NO_REASON,
    AuthenticationError,
    InvalidResponseError,
    TelldusConnectionError,
    TelldusError,
    parse_retry_after,
)
from .rate_limiter import Priority, RateLimiter

# Seconds to connect and to wait for each byte; and for the body as a whole, which requests
# does not bound. A thread cannot be stopped: the last one is for a server that is malicious.
_HTTP_TIMEOUT = (5.0, 10.0)
_BODY_TIMEOUT = 5.0
_TOTAL_TIMEOUT = 40.0
# A token pair has some hundred bytes; a proxy's page may have more.
_LARGEST_ANSWER = 1024 * 1024
# Those seen have 32 characters and 40.
_LONGEST_TOKEN = 512
# A person waits: rather say that it takes long than let the form stand still.
_LIMITER_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class RequestToken:
    """A temporary token, to be shown to the person's browser.

    ``callback_confirmed`` tells whether the server said that it will send the browser
    back; a server that does not say so may not.
    """

    token: str = field(repr=False)
    secret: str = field(repr=False)
    callback_confirmed: bool


class _OAuth1Session(OAuth1Session):
    """A session that goes nowhere but where it was sent."""

    def __init__(
        self, credentials: Credentials, callback_uri: str | None = None
    ) -> None:
        """Set up signing with the credentials."""
        super().__init__(
            credentials.public_key,
            client_secret=credentials.private_key,
            resource_owner_key=credentials.token,
            resource_owner_secret=credentials.token_secret,
            callback_uri=callback_uri,
        )
        # No proxy and no netrc of the process: as the aiohttp session of the data calls.
        self.trust_env = False

    @override
    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request with time-outs, and do not follow redirects with secrets.

        Raises TokenRequestDenied for whatever is not a plain success, a 429 before its
        body is read.
        """
        kwargs |= {"timeout": _HTTP_TIMEOUT, "allow_redirects": False, "stream": True}
        response = super().request(*args, **kwargs)
        if response.status_code != requests.codes.too_many_requests:
            # requests bounds the wait for each byte, and neither the whole nor the size.
            response.raw = io.BytesIO(_read(response))
        # Whatever it claims: some claims make the reading fail, and guessing is costly.
        response.encoding = "utf-8"
        if response.status_code != requests.codes.ok:
            # The library minds only 400 and above; a redirect brings no token.
            raise TokenRequestDenied("", response)
        return response


def _read(response: requests.Response) -> bytes:
    """Return a body. Raises ConnectionError where it is too long or takes too long."""
    until = time.monotonic() + _BODY_TIMEOUT
    body = bytearray()
    for chunk in response.raw.stream(1024, decode_content=True):
        body += chunk
        if len(body) > _LARGEST_ANSWER or time.monotonic() > until:
            raise requests.ConnectionError("a body without end")
    return bytes(body)


class OAuth1Flow:
    """Signs a person in at one server."""

    def __init__(
        self, server: str, public_key: str, private_key: str, rate_limiter: RateLimiter
    ) -> None:
        """Remember the keys of the application."""
        self._server = server
        self._credentials = Credentials(public_key, private_key)
        self._rate_limiter = rate_limiter

    async def request_token(self, callback_uri: str | None) -> RequestToken:
        """Step 1: return a temporary token.

        Without ``callback_uri`` the person comes back by hand. Raises TelldusError.
        """

        def fetch() -> Mapping[str, str]:
            with _OAuth1Session(self._credentials, callback_uri) as session:
                return session.fetch_request_token(self._url("requestToken"))

        answer = await self._run(fetch)
        return RequestToken(
            answer["oauth_token"],
            answer["oauth_token_secret"],
            answer.get("oauth_callback_confirmed", "").lower() in ("1", "true"),
        )

    def authorization_url(self, token: RequestToken) -> str:
        """Step 2: return where to send the person's browser."""
        with suppress_library_logging():
            return str(
                _OAuth1Session(self._credentials).authorization_url(
                    self._url("authorize"), token.token
                )
            )

    async def access_token(
        self, token: RequestToken, verifier: str | None
    ) -> Credentials:
        """Step 3: return the lasting credentials.

        Without a callback there is no ``verifier``; Telldus then asks for none. Raises
        TelldusError, AuthenticationError where the person has not agreed.
        """
        temporary = Credentials(
            self._credentials.public_key,
            self._credentials.private_key,
            token.token,
            token.secret,
        )

        def fetch() -> Mapping[str, str]:
            with _OAuth1Session(temporary) as session:
                address = self._url("accessToken")
                if verifier is not None:
                    return session.fetch_access_token(address, verifier)
                # The library insists on a verifier here; Telldus does not.
                return dict(parse_qsl(session.post(address).text.strip()))

        answer = await self._run(fetch)
        return Credentials(
            self._credentials.public_key,
            self._credentials.private_key,
            answer["oauth_token"],
            answer["oauth_token_secret"],
        )

    def _url(self, endpoint: str) -> str:
        """Return the address of an endpoint."""
        return f"{self._server}/oauth/{endpoint}"

    async def _run(self, fetch: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
        """Run one step in a thread, within the rate limiter, and return its token pair."""

        def unlogged_fetch() -> Mapping[str, str]:
            with suppress_library_logging():
                answer = fetch()
            # The library also takes JSON for an answer, and so numbers and the like.
            return {
                key: value for key, value in answer.items() if isinstance(value, str)
            }

        async with self._rate_limiter.acquire(
            Priority.SIGN_IN, timeout=_LIMITER_TIMEOUT
        ):
            try:
                async with asyncio.timeout(_TOTAL_TIMEOUT):
                    answer = await asyncio.to_thread(unlogged_fetch)
            except TokenRequestDenied as err:
                # Not chained: it carries the whole answer, secrets included.
                raise self._denied(err.response) from None
            except (TimeoutError, requests.RequestException, HTTPError) as err:
                raise TelldusConnectionError(
                    _host_and_kind(self._server, err)
                ) from None
            except ValueError, TypeError, RecursionError:
                raise InvalidResponseError("no token in the answer") from None
            self._rate_limiter.on_success()
        if not all(
            _is_token(answer.get(half, ""))
            for half in ("oauth_token", "oauth_token_secret")
        ):
            raise InvalidResponseError("no token in the answer")
        return answer

    def _denied(self, response: requests.Response) -> TelldusError:
        """Return the error that an answer to a token request stands for."""
        if response.status_code == requests.codes.too_many_requests:
            return self._rate_limiter.on_rate_limited(
                parse_retry_after(
                    response.headers.get("Retry-After"), response.headers.get("Date")
                )
            )
        self._rate_limiter.on_success()
        if response.status_code == requests.codes.unauthorized:
            return AuthenticationError(redact_oauth_error(response.text) or NO_REASON)
        return TelldusConnectionError(
            f"HTTP {response.status_code}", response.status_code
        )


def _is_token(text: str) -> bool:
    """Return whether a text can be half of a token: it is kept, and goes into links."""
    return text.isprintable() and 0 < len(text) <= _LONGEST_TOKEN


def _host_and_kind(server: str, err: Exception) -> str:
    """Describe a network error without the request that it happened to."""
    return f"{urlsplit(server).hostname}: {type(err).__name__}"
