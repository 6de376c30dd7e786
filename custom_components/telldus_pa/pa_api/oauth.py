"""OAuth 1.0a in the three steps of the vendor's guide.

Source: docs/dev/telldus-api.md, "Signing in". requests-oauthlib blocks: each step
runs in a thread.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import io
import time
from typing import Any, override
from urllib.parse import parse_qsl, urlencode, urlsplit

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

# In seconds: to connect and to wait for each byte; for the whole body, which requests does
# not limit; and until the thread, which cannot be stopped, is left to a malicious server.
_HTTP_TIMEOUT = (5.0, 10.0)
_BODY_TIMEOUT = 5.0
_TOTAL_TIMEOUT = 40.0
# In bytes. A token pair has some hundred; a proxy's page may have more.
_MAX_BODY = 1024 * 1024
# In characters. Those seen have 32 and 40.
_MAX_TOKEN_LENGTH = 512
# In seconds. A user waits: rather report a delay than let the form hang.
_LIMITER_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class RequestToken:
    """A temporary token, for the user's browser.

    ``callback_confirmed`` is whether the server promised to redirect the browser back.
    """

    token: str = field(repr=False)
    secret: str = field(repr=False)
    callback_confirmed: bool


class _OAuth1Session(OAuth1Session):
    """A session without redirects and proxies, whose responses are limited."""

    def __init__(
        self, credentials: Credentials, callback_uri: str | None = None
    ) -> None:
        """Initialize the session, to sign with the credentials."""
        super().__init__(
            credentials.public_key,
            client_secret=credentials.private_key,
            resource_owner_key=credentials.token,
            resource_owner_secret=credentials.token_secret,
            callback_uri=callback_uri,
        )
        # No proxy and no netrc of the process, like the aiohttp session of the client.
        self.trust_env = False

    @override
    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request with time-outs, and without following redirects with secrets.

        Raises TokenRequestDenied for anything but success; for a 429 before its body is
        read.
        """
        kwargs |= {"timeout": _HTTP_TIMEOUT, "allow_redirects": False, "stream": True}
        response = super().request(*args, **kwargs)
        # The library raises from 400 on only; a redirect brings no token.
        is_success = response.status_code // 100 == 2
        if response.status_code != requests.codes.too_many_requests:
            # requests limits the wait for each byte, but neither the whole nor the size.
            body = _read(response)
            response.raw = io.BytesIO(_oauth_parameters(body) if is_success else body)
        # Whatever it claims: some claims make decoding fail, and guessing is costly.
        response.encoding = "utf-8"
        if not is_success:
            raise TokenRequestDenied("", response)
        return response


def _read(response: requests.Response) -> bytes:
    """Return the body. Raises ConnectionError where it is too long or takes too long."""
    deadline = time.monotonic() + _BODY_TIMEOUT
    body = bytearray()
    for chunk in response.raw.stream(1024, decode_content=True):
        body += chunk
        if len(body) > _MAX_BODY or time.monotonic() > deadline:
            raise requests.ConnectionError("a body without end")
    return bytes(body)


def _oauth_parameters(body: bytes) -> bytes:
    """Return the ``oauth_`` parameters of a form-encoded body, encoded anew.

    The library rejects all of it for one character elsewhere that is not escaped.
    """
    pairs = parse_qsl(body.decode(errors="replace").strip())
    return urlencode([pair for pair in pairs if pair[0].startswith("oauth_")]).encode()


class OAuth1Flow:
    """Authorizes an account at one server."""

    def __init__(
        self, server: str, public_key: str, private_key: str, rate_limiter: RateLimiter
    ) -> None:
        """Initialize the flow with the consumer key and secret."""
        self._server = server
        self._credentials = Credentials(public_key, private_key)
        self._rate_limiter = rate_limiter

    async def request_token(self, callback_uri: str | None) -> RequestToken:
        """Step 1: return a temporary token.

        Without ``callback_uri`` the browser is not redirected back. Raises TelldusError.
        """

        def fetch() -> Mapping[str, str]:
            with _OAuth1Session(self._credentials, callback_uri) as session:
                return session.fetch_request_token(self._url("requestToken"))

        response = await self._run(fetch)
        return RequestToken(
            response["oauth_token"],
            response["oauth_token_secret"],
            response.get("oauth_callback_confirmed", "").lower() in ("1", "true"),
        )

    def authorization_url(self, token: RequestToken) -> str:
        """Step 2: return the URL for the user's browser."""
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

        Without a callback there is no ``verifier``, and Telldus needs none. Raises
        TelldusError, AuthenticationError where the user has not agreed.
        """
        temporary = Credentials(
            self._credentials.public_key,
            self._credentials.private_key,
            token.token,
            token.secret,
        )

        def fetch() -> Mapping[str, str]:
            with _OAuth1Session(temporary) as session:
                url = self._url("accessToken")
                if verifier is not None:
                    return session.fetch_access_token(url, verifier)
                # The library requires a verifier; Telldus does not.
                return dict(parse_qsl(session.post(url).text))

        response = await self._run(fetch)
        return Credentials(
            self._credentials.public_key,
            self._credentials.private_key,
            response["oauth_token"],
            response["oauth_token_secret"],
        )

    def _url(self, endpoint: str) -> str:
        """Return the URL of an endpoint."""
        return f"{self._server}/oauth/{endpoint}"

    async def _run(self, fetch: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
        """Run one step in a thread, within the rate limiter; return its token and secret."""

        def unlogged_fetch() -> Mapping[str, str]:
            with suppress_library_logging():
                return fetch()

        async with self._rate_limiter.acquire(
            Priority.SIGN_IN, timeout=_LIMITER_TIMEOUT
        ):
            try:
                async with asyncio.timeout(_TOTAL_TIMEOUT):
                    response = await asyncio.to_thread(unlogged_fetch)
            except TokenRequestDenied as err:
                # Not chained: it carries the whole response, secrets included.
                raise self._denied(err.response) from None
            except (TimeoutError, requests.RequestException, HTTPError) as err:
                raise TelldusConnectionError(
                    _host_and_kind(self._server, err)
                ) from None
            except ValueError:
                raise InvalidResponseError("no token in the answer") from None
            self._rate_limiter.on_success()
        if not all(
            _is_token(response.get(half, ""))
            for half in ("oauth_token", "oauth_token_secret")
        ):
            raise InvalidResponseError("no token in the answer")
        return response

    def _denied(self, response: requests.Response) -> TelldusError:
        """Return the error for the response to a token request."""
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
    """Return whether a text can be a token or its secret: it is stored, and part of URLs."""
    return text.isprintable() and 0 < len(text) <= _MAX_TOKEN_LENGTH


def _host_and_kind(server: str, err: Exception) -> str:
    """Describe a network error without its request, which carries secrets."""
    return f"{urlsplit(server).hostname}: {type(err).__name__}"
