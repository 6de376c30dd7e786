"""OAuth 1.0a: what is believed, and what is refused with which words.

Source: docs/dev/telldus-api.md, "OAuth 1.0a flow" and "Authentication errors".
"""

import base64
from collections.abc import AsyncGenerator
import hmac
import re
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from oauthlib.oauth1 import (
    SIGNATURE_HMAC_SHA1,
    SIGNATURE_HMAC_SHA256,
    SIGNATURE_PLAINTEXT,
    SIGNATURE_TYPE_AUTH_HEADER,
    SIGNATURE_TYPE_BODY,
    SIGNATURE_TYPE_QUERY,
)
import pytest

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Simulator

from .conftest import Answer, Api, Clock, Method

FAILED = "OAuth Verification Failed: "
MISSING = "Can't verify request, missing oauth_consumer_key or oauth_token"
REPLAY = (
    "Duplicate timestamp/nonce combination, possible replay attack.  Request rejected."
)


def unknown(key: str, token: str) -> str:
    """Return the text for a key and a token that do not belong together."""
    return (
        f'The consumer_key "{key}" token "{token}" combination does not exist '
        "or is not enabled."
    )


def not_exchanged(token: str) -> str:
    """Return the text for a request token that nobody agreed to."""
    return (
        f'Can\'t exchange request token "{token}" for access token. '
        "No such token or not authorized"
    )


def refused(answer: Answer, text: str) -> None:
    """Check that a token endpoint says no, in plain text."""
    assert answer.status == 401
    assert answer.text == FAILED + text
    assert answer.headers["Content-Type"].startswith("text/plain")


async def request_token(api: Api, **options: Any) -> Api:
    """Fetch a request token; returns a client that signs with it."""
    fresh = Api(api.base, api.session, options=options)
    answer = await fresh.call("oauth/requestToken", "POST")
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"].startswith("text/plain")
    pairs = dict(parse_qsl(answer.text))
    assert list(pairs) == [
        "oauth_token",
        "oauth_token_secret",
        "oauth_callback_confirmed",
    ]
    assert pairs["oauth_callback_confirmed"] == "true"
    return Api(api.base, api.session, pairs["oauth_token"], pairs["oauth_token_secret"])


@pytest.mark.parametrize("signature", [SIGNATURE_HMAC_SHA1, SIGNATURE_PLAINTEXT])
@pytest.mark.parametrize(
    ("method", "place"),
    [
        ("GET", SIGNATURE_TYPE_AUTH_HEADER),
        ("GET", SIGNATURE_TYPE_QUERY),
        ("POST", SIGNATURE_TYPE_AUTH_HEADER),
        ("POST", SIGNATURE_TYPE_QUERY),
        ("POST", SIGNATURE_TYPE_BODY),
    ],
)
async def test_forms_of_signing(
    api: Api, sim: Simulator, signature: str, method: Method, place: str
) -> None:
    """Every way to send credentials works for all three steps, and no other key does."""
    options = {"signature_method": signature, "signature_type": place}
    # No %20 in it: oauthlib itself decodes that twice when it signs into a query.
    callback = "http://x.invalid/a b?c=d e&f=å+g"
    start = Api(api.base, api.session, options={**options, "callback_uri": callback})
    answer = await start.call("oauth/requestToken", method)
    assert answer.status == 200, answer.text
    pairs = dict(parse_qsl(answer.text))
    assert sim.tokens.request_tokens[pairs["oauth_token"]].callback == callback
    url = sim.authorize(pairs["oauth_token"])
    verifier = parse_qs(url.partition("?")[2])["oauth_verifier"][0]
    start.token, start.secret = pairs["oauth_token"], pairs["oauth_token_secret"]
    start.options = {**options, "verifier": verifier}
    answer = await start.call("oauth/accessToken", method)
    assert answer.status == 200, answer.text
    pairs = dict(parse_qsl(answer.text))
    assert list(pairs) == ["oauth_token", "oauth_token_secret"]
    start.token, start.secret = pairs["oauth_token"], pairs["oauth_token_secret"]
    start.options = options
    params = {"id": "2100003", "extras": "devicetype,room", "supportedMethods": "å ~+"}
    answer = await start.call("json/device/info", method, **params)
    assert answer.status == 200, answer.text
    assert answer.json["id"] == "2100003"
    start.secret = "wrong"
    answer = await start.call("json/device/info", method, **params)
    assert answer.status == 401


async def test_decoded_once(api: Api, sim: Simulator) -> None:
    """A callback with %20 of its own, signed into the query by hand, is taken as it is."""
    callback = "http://x.invalid/?a=b%20c"
    pairs = {
        "oauth_callback": callback,
        "oauth_consumer_key": DEMO_PUBLIC_KEY,
        "oauth_nonce": "n",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1764000000",
    }
    query = "&".join(f"{key}={quote(text, safe='')}" for key, text in pairs.items())
    url = f"{api.base}/oauth/requestToken"
    text = "&".join(quote(part, safe="") for part in ("GET", url, query))
    digest = hmac.new(f"{DEMO_PRIVATE_KEY}&".encode(), text.encode(), "sha1").digest()
    query += f"&oauth_signature={quote(base64.b64encode(digest), safe='')}"
    answer = await api.open(f"oauth/requestToken?{query}", raw=True)
    assert answer.status == 200
    (token,) = sim.tokens.request_tokens.values()
    assert token.callback == callback


async def test_without_callback(api: Api, sim: Simulator) -> None:
    """As Home Assistant's core does it: no callback, no verifier."""
    temporary = await request_token(api)
    assert temporary.token
    refused(await temporary.call("oauth/accessToken"), not_exchanged(temporary.token))
    sim.authorize(temporary.token)
    answer = await temporary.call("oauth/accessToken")
    assert answer.status == 200
    # Used twice
    answer = await temporary.call("oauth/accessToken")
    refused(answer, unknown(DEMO_PUBLIC_KEY, temporary.token))


async def test_oob(api: Api, sim: Simulator) -> None:
    """Out of band is the same as no callback."""
    temporary = await request_token(api, callback_uri="oob")
    assert temporary.token
    assert sim.tokens.request_tokens[temporary.token].callback is None
    verifier = sim.authorize(temporary.token)
    temporary.options = {"verifier": f"{verifier}x"}
    refused(await temporary.call("oauth/accessToken"), not_exchanged(temporary.token))
    temporary.options = {"verifier": verifier}
    assert (await temporary.call("oauth/accessToken")).status == 200


async def test_verifier_may_be_missing(api: Api, sim: Simulator) -> None:
    """The server does not insist, not even where there was a callback."""
    temporary = await request_token(api, callback_uri="http://x.invalid/")
    sim.authorize(temporary.token or "")
    assert (await temporary.call("oauth/accessToken")).status == 200


async def test_request_token_runs_out(api: Api, sim: Simulator, clock: Clock) -> None:
    """After an hour a request token is as unknown as any."""
    temporary = await request_token(api)
    assert temporary.token
    sim.authorize(temporary.token)
    clock.now += 3601
    answer = await temporary.call("oauth/accessToken")
    refused(answer, unknown(DEMO_PUBLIC_KEY, temporary.token))
    with pytest.raises(KeyError):
        sim.authorize(temporary.token)


async def test_access_token_stays(api: Api, clock: Clock) -> None:
    """Access tokens do not run out."""
    clock.now += 10 * 365 * 86400
    assert (await api.call("json/clients/list")).status == 200


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        ("auto", "json/clients/list", "text"),
        ("auto", "xml/clients/list", "xml"),
        ("auto", "clients/list", "xml"),
        ("auto", "clients/list?format=json", "text"),
        ("xml", "json/clients/list", "xml"),
        ("text", "xml/clients/list", "text"),
    ],
)
async def test_revoked(
    api: Api, sim: Simulator, body: str, path: str, expected: str
) -> None:
    """A data call is refused in the form it asked for, or in the one that is set."""
    assert sim.settings.unauthorized_body == "auto"
    sim.settings.change({"unauthorized_body": body})
    path, _, query = path.partition("?")
    params = dict(parse_qsl(query))
    assert (await api.call(path, **params)).status == 200
    assert sim.revoke("nonsense") == 0
    assert sim.revoke() == 1
    answer = await api.call(path, **params)
    assert answer.status == 401
    text = FAILED + unknown(DEMO_PUBLIC_KEY, api.token or "")
    if expected == "xml":
        assert answer.headers["Content-Type"].startswith("text/xml")
        assert answer.text == f"<error> {text} </error>"
    else:
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.text == text


async def test_wrong_keys(stranger: Api, api: Api, sim: Simulator) -> None:
    """Unknown key, wrong secret, and a token that belongs to another key."""
    stranger.private = "wrong"
    answer = await stranger.call("oauth/requestToken")
    assert answer.status == 401
    start = f'{FAILED}Verification of signature failed (signature base string was "GET&'
    assert answer.text.startswith(start)
    assert answer.text.endswith('").')
    assert "oauth%2FrequestToken&oauth_consumer_key%3D" in answer.text
    stranger.key = "nobody"
    refused(await stranger.call("oauth/requestToken"), unknown("nobody", ""))
    sim.tokens.consumers["other"] = "secret"
    api.key, api.private = "other", "secret"
    answer = await api.call("json/clients/list")
    assert answer.status == 401
    assert unknown("other", api.token or "") in answer.text


async def test_missing(api: Api, sim: Simulator) -> None:
    """Without key or token there is nothing to verify; for data that is told in XML."""
    answer = await api.open("json/devices/list")
    assert answer.status == 401
    assert answer.text == f"<error> {FAILED}{MISSING} </error>"
    refused(await api.open("oauth/requestToken"), MISSING)
    refused(await api.open("oauth/accessToken"), MISSING)
    api.token = None
    assert MISSING in (await api.call("json/devices/list")).text
    broken = await api.open("json/devices/list", Authorization="OAuth nonsense")
    assert broken.text == f"<error> {FAILED}{MISSING} </error>"
    basic = await api.open("json/devices/list", Authorization="Basic YTpi")
    assert MISSING in basic.text
    sim.settings.unauthorized_body = "text"
    refused(await api.open("json/devices/list"), MISSING)


async def test_replay(api: Api) -> None:
    """The same call twice is refused."""
    call = api.signed("json/clients/list")
    assert (await api.send(*call)).status == 200
    answer = await api.send(*call)
    assert answer.status == 401
    assert REPLAY in answer.text


async def test_timestamps(api: Api) -> None:
    """Only how far one is behind the newest of this token counts, not the clock."""

    async def at(timestamp: int) -> Answer:
        api.options = {"timestamp": str(timestamp)}
        return await api.call("json/clients/list")

    assert (await at(5_000_000)).status == 200
    assert (await at(4_999_400)).status == 200
    answer = await at(4_999_399)
    assert answer.status == 401
    assert (
        "Timestamp is out of sequence. Request rejected. "
        "Got 4999399 last max is 5000000 allowed skew is 600"
    ) in answer.text


async def test_signature_is_needed(api: Api) -> None:
    """No signature, an unknown method, changed parameters, another host."""
    url, headers, body = api.signed("json/device/turnOn", {"id": "2100002"})
    answer = await api.send(url.replace("2100002", "2100003"), headers, body)
    assert answer.status == 401
    api.options = {"signature_method": SIGNATURE_HMAC_SHA256}
    assert (await api.call("json/clients/list")).status == 401
    api.options = {}
    url, headers, body = api.signed("json/clients/list")
    header = headers["Authorization"]
    headers["Authorization"] = header[: header.index(", oauth_signature=")]
    answer = await api.send(url, headers, body)
    assert answer.status == 401
    reason = "Verification of signature failed (no oauth_signature in request)."
    assert answer.text == FAILED + reason
    url, headers, body = api.signed("json/clients/list")
    headers["Host"] = "elsewhere.invalid"
    assert (await api.send(url, headers, body)).status == 401
    url, headers, body = api.signed("json/clients/list")
    headers |= {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "elsewhere.invalid"}
    assert (await api.send(url, headers, body)).status == 200


@pytest.mark.parametrize("between", ["%26", "%2526", "&"])
async def test_user_scripts(api: Api, between: str) -> None:
    """PLAINTEXT as scripts write it by hand: no encoder, a timestamp with decimals."""
    oauth = {
        "oauth_consumer_key": DEMO_PUBLIC_KEY,
        "oauth_nonce": "n",
        "oauth_signature": f"{DEMO_PRIVATE_KEY}{between}{api.secret}",
        "oauth_signature_method": "PLAINTEXT",
        "oauth_timestamp": "1764000000.0",
        "oauth_token": api.token or "",
    }
    header = "OAuth " + ", ".join(f'{key}="{value}"' for key, value in oauth.items())
    answer = await api.open("json/clients/list", Authorization=header)
    assert answer.status == 200
    if between == "&":
        return  # would part the query
    oauth["oauth_nonce"] = "q"
    query = "&".join(f"{key}={value}" for key, value in oauth.items())
    assert (await api.open(f"json/clients/list?{query}", raw=True)).status == 200
    oauth |= {"oauth_signature": "x", "oauth_nonce": "r"}
    query = "&".join(f"{key}={value}" for key, value in oauth.items())
    assert (await api.open(f"json/clients/list?{query}", raw=True)).status == 401


async def test_plaintext_needs_no_nonce(api: Api) -> None:
    """RFC 5849 lets PLAINTEXT go without nonce and timestamp."""
    query = urlencode(
        {
            "oauth_consumer_key": DEMO_PUBLIC_KEY,
            "oauth_token": api.token,
            "oauth_signature_method": "PLAINTEXT",
            "oauth_signature": f"{DEMO_PRIVATE_KEY}&{api.secret}",
        }
    )
    for _ in range(2):
        assert (await api.open(f"json/clients/list?{query}")).status == 200


@pytest.mark.parametrize(
    ("timestamp", "nonce"),
    [
        (None, "n"),
        ("1764000000", None),
        (None, None),
        ("", "n"),
        ("1764000000", ""),
        ("soon", "n"),
        ("inf", "n"),
    ],
)
async def test_timestamp_and_nonce_are_needed(
    api: Api, timestamp: str | None, nonce: str | None
) -> None:
    """HMAC-SHA1 without a time, without a nonce or with a time that is none is refused."""
    pairs = {
        "oauth_consumer_key": DEMO_PUBLIC_KEY,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": timestamp,
        "oauth_token": api.token,
    }
    query = urlencode({key: text for key, text in pairs.items() if text is not None})
    url = f"{api.base}/json/clients/list"
    text = "&".join(quote(part, safe="") for part in ("GET", url, query))
    secrets = f"{DEMO_PRIVATE_KEY}&{api.secret}".encode()
    digest = hmac.new(secrets, text.encode(), "sha1").digest()
    query += f"&oauth_signature={quote(base64.b64encode(digest), safe='')}"
    answer = await api.open(f"json/clients/list?{query}", raw=True)
    refused(
        answer,
        f'Verification of signature failed (signature base string was "{text}").',
    )
    assert (await api.call("json/clients/list")).status == 200


async def test_variants(stranger: Api, sim: Simulator) -> None:
    """The callback may be left unconfirmed, or be refused."""
    sim.settings.change({"callback_confirmed": "1"})
    answer = await stranger.call("oauth/requestToken")
    assert answer.text.endswith("&oauth_callback_confirmed=1")
    sim.settings.change({"callback_confirmed": "missing"})
    assert "confirmed" not in (await stranger.call("oauth/requestToken")).text
    sim.settings.change({"refuse_callback": True})
    assert (await stranger.call("oauth/requestToken")).status == 200
    stranger.options = {"callback_uri": "oob"}
    assert (await stranger.call("oauth/requestToken")).status == 200
    stranger.options = {"callback_uri": "http://x.invalid/"}
    assert (await stranger.call("oauth/requestToken")).status == 401


async def test_log_holds_no_secrets(api: Api, sim: Simulator) -> None:
    """The log says what was asked, and by whom, but nothing of OAuth's."""
    api.options = {"signature_type": SIGNATURE_TYPE_QUERY}
    await api.call("json/device/info", id="2100003")
    await api.open("json/device/info")
    first, second = sim.log
    assert (first.method, first.path) == ("GET", "json/device/info")
    assert (first.params, first.account, first.status) == (
        {"id": "2100003"},
        "demo",
        200,
    )
    assert (second.account, second.status) == ("key none", 401)


PUBLIC = "https://telldus.invalid:8443"


@pytest.fixture
async def proxied(socket_enabled: None, clock: Clock) -> AsyncGenerator[Api]:
    """Return a client of a server behind a TLS proxy; `base` is the public address."""
    sim = Simulator(clock=clock, limit=False, public_url=f"{PUBLIC}/")
    sim.settings.push = True
    async with TestServer(sim.app) as server, ClientSession() as session:
        token, secret = sim.issue_token()
        api = Api(str(server.make_url("")).rstrip("/"), session, token, secret)
        yield api


async def through_proxy(api: Api, path: str, params: dict[str, str]) -> Answer:
    """Sign for the public address and send to the server itself, as a proxy does."""
    inside, api.base = api.base, PUBLIC
    url, headers, body = api.signed(path, params)
    api.base = inside
    return await api.send(url.replace(PUBLIC, inside), headers, body)


async def test_public_url(proxied: Api) -> None:
    """Clients sign what they see, and are led back there."""
    answer = await through_proxy(proxied, "json/clients/list", {"extras": "suntime"})
    assert answer.status == 200, answer.text
    answer = await proxied.call("json/clients/list")
    assert answer.status == 401
    base_string = quote(quote(f"{PUBLIC}/json/clients/list", safe=""), safe="%")
    assert f'"GET&{base_string}&' in answer.text
    answer = await through_proxy(proxied, "json/client/serverAddress", {"id": "410001"})
    assert answer.json["address"] == "telldus.invalid:8443"
    assert (await proxied.open("do/cut", {}, Origin=PUBLIC)).status == 303
    elsewhere = "https://elsewhere.invalid:8443"
    assert (await proxied.open("do/cut", {}, Origin=elsewhere)).status == 403


@pytest.mark.parametrize(
    "text",
    ["telldus.invalid", "ftp://telldus.invalid", "https://", "https://x.invalid/a"],
)
def test_public_url_is_checked(text: str) -> None:
    """Anything but scheme and host would make all signatures wrong."""
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        Simulator(public_url=text)
