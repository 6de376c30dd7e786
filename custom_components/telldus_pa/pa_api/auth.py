"""Credentials and signatures, and keeping both out of every log.

Source: docs/dev/telldus-api.md, "Signing in": OAuth 1.0a, HMAC-SHA1, credentials in the
``Authorization`` header.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from html import unescape
import logging
import re
from typing import override

from oauthlib.oauth1 import Client

# These log tokens, signature base strings and whole headers at debug.
_LOGGERS = (
    "oauthlib.oauth1.rfc5849",
    "oauthlib.oauth1.rfc5849.signature",
    "requests_oauthlib.oauth1_auth",
    "requests_oauthlib.oauth1_session",
    "urllib3.connection",
    "urllib3.connectionpool",
)
_signing: ContextVar[bool] = ContextVar("telldus_signing", default=False)


class _SigningLogFilter(logging.Filter):
    """Drops what a library logs while this client signs; its other users still log."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record may be logged."""
        return not _signing.get()


_FILTER = _SigningLogFilter()
for _name in _LOGGERS:
    logging.getLogger(_name).addFilter(_FILTER)


@contextmanager
def suppress_library_logging() -> Iterator[None]:
    """Keep the signing libraries from logging, in this thread or task only."""
    token = _signing.set(True)
    try:
        yield
    finally:
        _signing.reset(token)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The consumer key and secret and, once signed in, the token and its secret."""

    public_key: str = field(repr=False)
    private_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    token_secret: str | None = field(default=None, repr=False)

    def authorization(self, url: str) -> str:
        """Return the ``Authorization`` header for a single GET request.

        ``url`` must be written exactly as it is sent, query included.
        """
        with suppress_library_logging():
            _, headers, _ = Client(
                self.public_key, self.private_key, self.token, self.token_secret
            ).sign(url, "GET")
        return str(headers["Authorization"])


_SAFE_LENGTH = 200
_LONGEST_WORD = 24
# Characters of headers and encoded texts that no sentence has.
_NO_PROSE = frozenset("=%&+")


def redact_oauth_error(text: str) -> str:
    """Return a server's reason for a 401 without what it quotes.

    Telldus' texts quote keys, tokens and the whole signature base string, with the secret
    in the callback. Whatever else is no word of a sentence is left out as well.
    """
    match = re.search(r"OAuth Verification Failed:\s*([^<]{0,4000})", text)
    # In XML the quotation marks may be entities.
    reason = unescape(match[1]) if match else ""
    # A quotation whose end is missing goes on to the end of the text.
    quotations = '".*' if reason.count('"') % 2 else '".*"'
    reason = re.sub(quotations, '"…"', reason, flags=re.DOTALL)
    words = (word if _is_prose(word) else "…" for word in reason.split())
    return " ".join(words)[:_SAFE_LENGTH]


def _is_prose(word: str) -> bool:
    """Return whether a text is a word or a number, and no key."""
    return (
        len(word) <= _LONGEST_WORD
        and _NO_PROSE.isdisjoint(word)
        and not (any(map(str.isdigit, word)) and any(map(str.isalpha, word)))
    )
