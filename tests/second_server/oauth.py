"""OAuth 1.0a as the guide describes it; signatures are checked by oauthlib."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from oauthlib.oauth1.rfc5849 import signature

PUBLIC_KEY = "FEHUVEW84RAFR5SP22RABURUPHAFRUNU"
PRIVATE_KEY = "ZUXEVEGA9USTAZEWRETHAQUBUR69U6EF"
SKEW = 600


class RefusedError(Exception):
    """A request that is not signed as it should be; the text is oauth-php's."""


@dataclass
class _Signed:
    """What oauthlib looks at in a request."""

    uri: str
    http_method: str
    params: list[tuple[str, str]]
    signature: str


@dataclass
class Pending:
    """A request token between the first and the third step."""

    secret: str
    callback: str | None
    verifier: str | None = None


class Token(NamedTuple):
    """A token and its secret."""

    key: str
    secret: str


class Provider:
    """The keys, the tokens, and what has been seen of nonces."""

    def __init__(self) -> None:
        """Begin with one pair of keys and nobody signed in."""
        self.pending: dict[str, Pending] = {}
        self.tokens: dict[str, str] = {}
        self._newest: dict[str, int] = {}
        self._nonces: set[tuple[str, str, str]] = set()

    def verify(
        self, method: str, url: str, header: str, form: str | None
    ) -> dict[str, str]:
        """Return the OAuth parameters of a request that is signed well."""
        given = self._collect(url, header, form)
        oauth = {key: value for key, value in given if key.startswith("oauth_")}
        key, token = oauth.get("oauth_consumer_key"), oauth.get("oauth_token", "")
        if key is None:
            raise RefusedError(
                "Can't verify request, missing oauth_consumer_key or oauth_token"
            )
        secrets = self._secrets()
        if key != PUBLIC_KEY or token not in secrets:
            raise RefusedError(
                f'The consumer_key "{key}" token "{token}" combination does not exist'
                " or is not enabled."
            )
        request: Any = _Signed(
            uri=url,
            http_method=method,
            params=[one for one in given if one[0] != "oauth_signature"],
            signature=oauth.get("oauth_signature", ""),
        )
        if oauth.get(
            "oauth_signature_method"
        ) != "HMAC-SHA1" or not signature.verify_hmac_sha1(
            request, PRIVATE_KEY, secrets[token]
        ):
            raise RefusedError("Verification of signature failed.")
        self._verify_new(token, oauth)
        return oauth

    @staticmethod
    def _collect(url: str, header: str, form: str | None) -> Iterable[tuple[str, str]]:
        headers = {"Authorization": header} if header else {}
        return signature.collect_parameters(
            uri_query=urlsplit(url).query,
            body=form or [],
            headers=headers,
            exclude_oauth_signature=False,
        )

    def _secrets(self) -> Mapping[str, str]:
        pending = {key: one.secret for key, one in self.pending.items()}
        return {"": "", **pending, **self.tokens}

    def _verify_new(self, token: str, oauth: Mapping[str, str]) -> None:
        """Refuse what was sent before, and what is older than the newest by far."""
        stamp, nonce = oauth.get("oauth_timestamp", ""), oauth.get("oauth_nonce", "")
        if not stamp.isdigit() or not nonce:
            raise RefusedError("Can't verify request, missing timestamp or nonce")
        newest = self._newest.get(token, 0)
        if int(stamp) < newest - SKEW:
            raise RefusedError(
                f"Timestamp is out of sequence. Request rejected. Got {stamp} last max"
                f" is {newest} allowed skew is {SKEW}"
            )
        if (token, stamp, nonce) in self._nonces:
            raise RefusedError(
                "Duplicate timestamp/nonce combination, possible replay attack. "
                " Request rejected."
            )
        self._nonces.add((token, stamp, nonce))
        self._newest[token] = max(newest, int(stamp))

    def request(self, callback: str | None) -> Token:
        """Take the first step."""
        token = Token(token_hex(16), token_hex(16))
        callback = None if callback == "oob" else callback
        self.pending[token.key] = Pending(token.secret, callback)
        return token

    def agree(self, key: str) -> str:
        """Take the second step; return the verifier."""
        self.pending[key].verifier = verifier = token_hex(8)
        return verifier

    def exchange(self, oauth: Mapping[str, str], *, check: bool) -> Token:
        """Take the third step. A verifier is not needed, but has to be the right one."""
        key = oauth.get("oauth_token", "")
        pending = self.pending.get(key)
        given = oauth.get("oauth_verifier")
        if (
            pending is None
            or pending.verifier is None
            or (check and given not in {None, pending.verifier})
        ):
            raise RefusedError(
                f'Can\'t exchange request token "{key}" for access token. No such token'
                " or not authorized"
            )
        del self.pending[key]
        token = Token(token_hex(16), token_hex(16))
        self.tokens[token.key] = token.secret
        return token
