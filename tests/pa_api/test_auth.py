"""Signatures that are believed, and secrets that stay out of every log."""

import asyncio
import logging

import aiohttp
from oauthlib.oauth1 import Client
import pytest
from yarl import URL

from custom_components.telldus_pa.pa_api import Credentials
from custom_components.telldus_pa.pa_api.auth import (
    redact_oauth_error,
    suppress_library_logging,
)
from simulator import Simulator

TALKATIVE = (
    "oauthlib.oauth1.rfc5849",
    "requests_oauthlib.oauth1_auth",
    "requests_oauthlib.oauth1_session",
    "urllib3.connectionpool",
)
SECRETS = ("a-public-key", "a-private-key", "a-token", "a-token-secret")


@pytest.fixture
def mine() -> Credentials:
    """Return credentials that nobody else has."""
    return Credentials(*SECRETS)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"id": "2100001"},
        {"supportedMethods": "4023", "extras": "devicetype,transport"},
        {"id": "1", "level": "0"},
        # Whatever an id may be
        {"id": "a b+c"},
        {"id": "a&b=c;d?e#f/g%20h"},
        {"id": "ö\U0001f4a1'\"<>[]{}|\\^`~!*()@:$,"},
        {"id": ""},
    ],
)
async def test_header_is_believed(
    server_url: str,
    session: aiohttp.ClientSession,
    credentials: Credentials,
    simulator: Simulator,
    query: dict[str, str],
) -> None:
    """A strict server finds the signature right, and the query as it was meant."""
    url = str(URL(f"{server_url}/json/devices/list").with_query(query))
    headers = {"Authorization": credentials.authorization(url)}
    async with session.get(URL(url, encoded=True), headers=headers) as response:
        assert response.status == 200
        assert "device" in await response.json()

    assert simulator.log[-1].params == query


async def test_header_is_good_once(
    server_url: str,
    session: aiohttp.ClientSession,
    credentials: Credentials,
) -> None:
    """Each header is another one, and good for its own request alone."""
    url = f"{server_url}/json/devices/list"
    first, second = (credentials.authorization(url) for _ in range(2))
    assert first != second

    async def status(url: str, header: str) -> int:
        headers = {"Authorization": header}
        async with session.get(URL(url, encoded=True), headers=headers) as response:
            return response.status

    assert await status(url, first) == 200
    assert await status(url, first) == 401
    assert await status(f"{server_url}/json/clients/list", second) == 401


def test_header_without_token(mine: Credentials) -> None:
    """Before somebody has signed in there is no token to name."""
    header = Credentials(mine.public_key, mine.private_key).authorization("http://a/b")

    assert 'oauth_consumer_key="a-public-key"' in header
    assert "oauth_token" not in header
    assert "a-private-key" not in header


def test_no_secrets_shown(mine: Credentials) -> None:
    """Credentials that get into a log or a traceback tell nothing."""
    assert repr(mine) == str(mine) == "Credentials()"


def test_nothing_logged(mine: Credentials, caplog: pytest.LogCaptureFixture) -> None:
    """Signing logs nothing, at whatever level; that of others is logged as before."""
    caplog.set_level(1)
    mine.authorization("http://a/b?c=d")
    assert caplog.records == []

    Client("somebody", "else").sign("http://a/b")
    assert "somebody" in caplog.text


@pytest.mark.parametrize("name", [*TALKATIVE, "oauthlib.oauth1.rfc5849.signature"])
async def test_others_are_logged_meanwhile(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """While one task signs, another one's use of the libraries is logged."""
    logger = logging.getLogger(name)
    logger.setLevel(logging.DEBUG)
    signing, logged = asyncio.Event(), asyncio.Event()

    async def ours() -> None:
        with suppress_library_logging():
            signing.set()
            logger.debug("ours")
            await logged.wait()
            logger.warning("ours, too")
            await asyncio.to_thread(logger.debug, "ours, in a thread")
        logger.debug("after")

    async def theirs() -> None:
        await signing.wait()
        logger.debug("theirs")
        logged.set()

    try:
        await asyncio.gather(ours(), theirs())
    finally:
        logger.setLevel(logging.NOTSET)

    messages = [record.message for record in caplog.records if record.name == name]
    assert messages == ["theirs", "after"]


def test_logged_again_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    """An exception does not leave anybody muted, nor does signing within signing."""
    logger = logging.getLogger(TALKATIVE[0])

    def fail() -> None:
        with suppress_library_logging():
            with suppress_library_logging():
                logger.error("inner")
            logger.error("outer")
            raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        fail()
    logger.error("after")

    assert [record.message for record in caplog.records] == ["after"]


PREFIX = "OAuth Verification Failed: "


@pytest.mark.parametrize(
    ("reason", "left"),
    [
        (
            'The consumer_key "KEY" token "TOKEN" combination does not exist or is not enabled.',
            'The consumer_key "…" combination does not exist or is not enabled.',
        ),
        (
            'Verification of signature failed (signature base string was "GET&http%3A%2F%2Fa%2Fb'
            '&oauth_callback%3DSTATE%26oauth_consumer_key%3DKEY%26oauth_token%3DTOKEN").',
            'Verification of signature failed (signature base string was "…").',
        ),
        *(
            (text, text)
            for text in (
                "Can't verify request, missing oauth_consumer_key or oauth_token",
                "Timestamp is out of sequence. Request rejected. Got 1763999300 last max is "
                "1764000000 allowed skew is 600",
                "Verification of signature failed (no oauth_signature).",
            )
        ),
        (
            "Duplicate timestamp/nonce combination, possible replay attack.  Request rejected.",
            "Duplicate timestamp/nonce combination, possible replay attack. Request rejected.",
        ),
        (
            'Can\'t exchange request token "TOKEN" for access token. No such token or not '
            "authorized",
            'Can\'t exchange request token "…" for access token. No such token or not '
            "authorized",
        ),
        # What a person pasted is quoted as it is
        (
            'The consumer_key "KEY\nTOKEN" token "" combination does not exist',
            'The consumer_key "…" combination does not exist',
        ),
        ('The consumer_key "KE"Y" token "TOKEN" combination', 'The consumer_key "…"'),
        # Cut off
        ('The consumer_key "KEY', 'The consumer_key "…"'),
        ('The consumer_key "KEY" token "TOKEN', 'The consumer_key "…"'),
        # Repeated without quotation marks
        ("Got OAuth oauth_token=TOKEN, which is wrong", "Got OAuth … which is wrong"),
        ("No signature AbC%2FdEf and nonce 1a2B", "No signature … and nonce …"),
        ("No token " + "abcdefgh" * 5, "No token …"),
        ("", ""),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "<error> {} </error>",
        '<?xml version="1.0" encoding="UTF-8"?>\n<error>{}</error>',
    ],
)
@pytest.mark.parametrize("mark", ['"', "&quot;", "&#34;", "&#x22;"])
def test_scrubbed(reason: str, left: str, body: str, mark: str) -> None:
    """Of Telldus' reasons the words are kept, and nothing that they quote."""
    text = body.format(PREFIX + reason.replace('"', mark))

    assert redact_oauth_error(text) == left


@pytest.mark.parametrize(
    "text",
    ["", "KEY", "<html>TOKEN</html>", '{"error": "TOKEN"}', "error code: 1020", "\x00"],
)
def test_scrubbed_of_the_unknown(text: str) -> None:
    """Of a text that is not known nothing is kept."""
    assert redact_oauth_error(text) == ""


def test_scrubbed_is_short() -> None:
    """No reason fills the log."""
    assert len(redact_oauth_error(PREFIX + "no " * 10_000)) == 200
