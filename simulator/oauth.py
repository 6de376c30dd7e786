"""OAuth 1.0a as Telldus' library (oauth-php) checks it.

Source: docs/dev/telldus-api.md, "OAuth 1.0a flow" and "Authentication errors". The order of the
checks is that library's: key and token, then timestamp and nonce, then the signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import parse_qsl, unquote

from aiohttp import web
from oauthlib.oauth1.rfc5849 import signature as rfc5849
from oauthlib.oauth1.rfc5849.utils import escape

from .tokens import AccessToken, RequestToken, TokenStore

ALLOWED_SKEW: Final = 600
PREFIX: Final = "OAuth Verification Failed: "
MISSING: Final = "Can't verify request, missing oauth_consumer_key or oauth_token"
_FORM: Final = "application/x-www-form-urlencoded"


class Unauthorized(Exception):
    """HTTP 401; `text` is the reason without the prefix."""

    def __init__(self, text: str) -> None:
        """Initialize the error with oauth-php's text."""
        super().__init__(text)
        self.text = text


@dataclass(slots=True)
class SignedRequest:
    """The parameters of a request, from the header, the query and the form body.

    The names `uri`, `http_method`, `params` and `signature` are those that oauthlib's
    verify functions read.
    """

    uri: str
    http_method: str
    params: list[tuple[str, str]]
    signature: str

    def get(self, name: str) -> str:
        """Return an oauth_ parameter, "" if it is missing."""
        return next((value for key, value in self.params if key == name), "")

    @property
    def arguments(self) -> dict[str, str]:
        """Return the parameters that are not OAuth's."""
        return {
            key: value for key, value in self.params if not key.startswith("oauth_")
        }

    @property
    def base_string(self) -> str:
        """Return the signature base string."""
        normalized = rfc5849.normalize_parameters(cast("Any", self.params))
        uri = rfc5849.base_string_uri(self.uri)
        return rfc5849.signature_base_string(
            cast("Any", self.http_method), uri, normalized
        )


async def read_request(request: web.Request, public_url: str = "") -> SignedRequest:
    """Read a request's parameters. Raises Unauthorized for a malformed OAuth header.

    `public_url` is scheme and host as clients see them, "" if they are what arrives here.
    """
    pairs = parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)
    if request.content_type == _FORM:
        body = (await request.read()).decode("utf-8", "replace")
        pairs += parse_qsl(body, keep_blank_values=True)
    # collect_parameters unescapes every oauth_ value, which is right only for the header.
    pairs = [
        (key, escape(value) if key.startswith("oauth_") else value)
        for key, value in pairs
    ]
    authorization = request.headers.get("Authorization", "")
    is_oauth = authorization[:6].lower() == "oauth "
    try:
        params = rfc5849.collect_parameters(
            body=pairs,
            headers={"Authorization": authorization} if is_oauth else {},
            exclude_oauth_signature=False,
        )
    except ValueError:
        raise Unauthorized(MISSING) from None
    # Scheme and host as the client saw them: forwarded headers could be anybody's.
    origin = public_url or f"{request.scheme}://{request.host}"
    uri = f"{origin}{request.rel_url.raw_path}"
    signature = next((value for key, value in params if key == "oauth_signature"), "")
    params = [(key, value) for key, value in params if key != "oauth_signature"]
    return SignedRequest(uri, request.method, params, signature)


@dataclass(slots=True)
class _Seen:
    """Timestamps and nonces that one consumer has used with one token."""

    newest: int = 0
    nonces: dict[tuple[int, str], None] = field(default_factory=dict)


class Verifier:
    """Verifies signed requests."""

    def __init__(self, tokens: TokenStore) -> None:
        """Initialize the verifier with the keys and tokens."""
        self._tokens = tokens
        self._seen: dict[tuple[str, str], _Seen] = {}

    def consumer(self, signed: SignedRequest) -> str:
        """Check a call for a request token; returns the consumer key."""
        key = signed.get("oauth_consumer_key")
        if not key:
            raise Unauthorized(MISSING)
        if key not in self._tokens.consumers:
            raise Unauthorized(_unknown(key, ""))
        self._check(signed, key, "", "")
        return key

    def exchange(self, signed: SignedRequest) -> RequestToken:
        """Check a call for an access token; returns the agreed-to request token."""
        key, name = self._names(signed)
        token = self._tokens.request_token(name)
        if token is None or token.consumer_key != key:
            raise Unauthorized(_unknown(key, name))
        self._check(signed, key, name, token.secret)
        verifier = signed.get("oauth_verifier")
        if token.user is None or (verifier and verifier != token.verifier):
            raise Unauthorized(
                f'Can\'t exchange request token "{name}" for access token. '
                "No such token or not authorized"
            )
        return token

    def access(self, signed: SignedRequest) -> AccessToken:
        """Check a call for data; returns the token."""
        key, name = self._names(signed)
        token = self._tokens.access_tokens.get(name)
        if token is None or token.consumer_key != key:
            raise Unauthorized(_unknown(key, name))
        self._check(signed, key, name, token.secret)
        return token

    def _names(self, signed: SignedRequest) -> tuple[str, str]:
        key, token = signed.get("oauth_consumer_key"), signed.get("oauth_token")
        if not key or not token:
            raise Unauthorized(MISSING)
        if key not in self._tokens.consumers:
            raise Unauthorized(_unknown(key, token))
        return key, token

    def _check(self, signed: SignedRequest, key: str, token: str, secret: str) -> None:
        self._check_nonce(signed, key, token)
        if not _matches(signed, self._tokens.consumers[key], secret):
            if not signed.signature:
                raise Unauthorized(
                    "Verification of signature failed (no oauth_signature in request)."
                )
            raise _unverified(signed)

    def _check_nonce(self, signed: SignedRequest, key: str, token: str) -> None:
        """Reject replays, and timestamps far behind the newest one of this token.

        They are not compared with the clock: a client's clock may be wrong.
        """
        stamp, nonce = signed.get("oauth_timestamp"), signed.get("oauth_nonce")
        if (
            not stamp
            and not nonce
            and signed.get("oauth_signature_method") == "PLAINTEXT"
        ):
            return  # RFC 5849 lets PLAINTEXT go without
        try:
            # User scripts send "1764000000.0"
            timestamp = int(float(stamp))
        except ValueError, OverflowError:
            raise _unverified(signed) from None
        if not nonce:
            raise _unverified(signed)
        seen = self._seen.setdefault((key, token), _Seen())
        if timestamp < seen.newest - ALLOWED_SKEW:
            raise Unauthorized(
                f"Timestamp is out of sequence. Request rejected. Got {timestamp} "
                f"last max is {seen.newest} allowed skew is {ALLOWED_SKEW}"
            )
        if (timestamp, nonce) in seen.nonces:
            raise Unauthorized(
                "Duplicate timestamp/nonce combination, possible replay attack.  Request rejected."
            )
        seen.nonces[timestamp, nonce] = None
        if timestamp > seen.newest:
            seen.newest = timestamp
            old = [pair for pair in seen.nonces if pair[0] < timestamp - ALLOWED_SKEW]
            for pair in old:
                del seen.nonces[pair]


def _unverified(signed: SignedRequest) -> Unauthorized:
    """Return the error for a signature, timestamp or nonce that is wrong."""
    return Unauthorized(
        "Verification of signature failed "
        f'(signature base string was "{signed.base_string}").'
    )


def _matches(signed: SignedRequest, consumer_secret: str, token_secret: str) -> bool:
    method = signed.get("oauth_signature_method")
    request = cast("Any", signed)
    if not signed.signature:
        return False
    if method == "HMAC-SHA1":
        return rfc5849.verify_hmac_sha1(request, consumer_secret, token_secret)
    if method == "PLAINTEXT":
        if rfc5849.verify_plaintext(request, consumer_secret, token_secret):
            return True
        # Scripts that put a ready-made "secret%26secret" through an encoder once more
        again = SignedRequest(
            signed.uri, signed.http_method, [], unquote(signed.signature)
        )
        return rfc5849.verify_plaintext(
            cast("Any", again), consumer_secret, token_secret
        )
    return False


def _unknown(key: str, token: str) -> str:
    return f'The consumer_key "{key}" token "{token}" combination does not exist or is not enabled.'


def callback_url(callback: str, params: Mapping[str, str]) -> str:
    """Put parameters into a callback's query, before its fragment, keeping what is there.

    Works on the text, since callbacks may have any scheme (x-com-example://success).
    """
    base, hash_sign, fragment = callback.partition("#")
    separator = "?" if "?" not in base else "" if base[-1] in "?&" else "&"
    query = "&".join(f"{escape(key)}={escape(value)}" for key, value in params.items())
    return f"{base}{separator}{query}{hash_sign}{fragment}"


def answer_request_token(token: RequestToken, user: str | None) -> str | None:
    """Agree as `user`, or refuse (None); returns where the browser goes, None for nowhere.

    The browser is sent back either way; only oauth_verifier shows that the user agreed.
    """
    params = {"oauth_token": token.token}
    if user is None:
        token.refused = True
    else:
        token.user = user
        params["oauth_verifier"] = token.verifier
    token.sessions.clear()
    return None if token.callback is None else callback_url(token.callback, params)
