"""Consumer keys, request tokens and access tokens, and where they are kept.

Source: docs/dev/telldus-api.md, "OAuth 1.0a flow". Request tokens live for an hour, access
tokens until they are revoked; both belong to the consumer key that asked for them.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
import json
from pathlib import Path
import secrets

REQUEST_TOKEN_TTL = 3600.0


@dataclass(slots=True)
class RequestToken:
    """A request token. `user` is set when the user has agreed."""

    token: str
    secret: str
    consumer_key: str
    callback: str | None
    created: float
    verifier: str = ""
    user: str | None = None
    refused: bool = False
    sessions: dict[str, str] = field(default_factory=dict)
    """Users signed in on the consent page: session id -> user."""


@dataclass(slots=True)
class AccessToken:
    """A user's access token."""

    token: str
    secret: str
    consumer_key: str
    user: str
    created: float


class TokenStore:
    """All keys and tokens. With a path, access tokens survive a restart."""

    def __init__(self, clock: Callable[[], float], path: Path | None = None) -> None:
        """Start with what the file at `path` holds. Raises ValueError if it is damaged."""
        self._clock = clock
        self._path = path
        self.consumers: dict[str, str] = {}
        self.request_tokens: dict[str, RequestToken] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        if path is not None and path.exists():
            self._load(path)

    def new_request_token(
        self, consumer_key: str, callback: str | None
    ) -> RequestToken:
        """Return a new request token."""
        token = RequestToken(
            token=secrets.token_hex(20),
            secret=secrets.token_hex(16),
            consumer_key=consumer_key,
            callback=callback,
            created=self._clock(),
            verifier=secrets.token_hex(5),
        )
        self.request_tokens[token.token] = token
        return token

    def request_token(self, token: str) -> RequestToken | None:
        """Return a request token that is neither used nor expired."""
        found = self.request_tokens.get(token)
        if found is not None and self._clock() - found.created > REQUEST_TOKEN_TTL:
            del self.request_tokens[token]
            return None
        return found

    def new_access_token(self, consumer_key: str, user: str) -> AccessToken:
        """Return a new access token."""
        token = AccessToken(
            token=secrets.token_hex(20),
            secret=secrets.token_hex(16),
            consumer_key=consumer_key,
            user=user,
            created=self._clock(),
        )
        self.access_tokens[token.token] = token
        self._save()
        return token

    def exchange(self, request: RequestToken) -> AccessToken:
        """Exchange an authorized request token for an access token; only once."""
        del self.request_tokens[request.token]
        return self.new_access_token(request.consumer_key, request.user or "")

    def revoke(self, token: str | None = None) -> int:
        """Revoke an access token, or all; returns how many there were."""
        doomed = list(self.access_tokens) if token is None else [token]
        count = sum(self.access_tokens.pop(name, None) is not None for name in doomed)
        self._save()
        return count

    def account_of(self, token: str, consumer_key: str) -> str:
        """Return a caller's account before it is verified: for the limit and the log."""
        known = self.access_tokens.get(token)
        return known.user if known else f"key {consumer_key or 'none'}"

    def _load(self, path: Path) -> None:
        try:
            rows = json.loads(path.read_text("utf-8"))["access_tokens"]
            self.access_tokens = {row["token"]: AccessToken(**row) for row in rows}
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path} is not a state file of this simulator") from error

    def _save(self) -> None:
        if self._path is None:
            return
        rows = [asdict(token) for token in self.access_tokens.values()]
        new = self._path.with_name(f"{self._path.name}.new")
        new.touch(mode=0o600)
        new.write_text(json.dumps({"access_tokens": rows}, indent=1), "utf-8")
        new.replace(self._path)
