"""Signing in, with and without a way back, and all that can come in between."""

import asyncio
from collections.abc import Callable
import gzip
import json
import logging
import threading
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import aiohttp
import pytest
from yarl import URL

from custom_components.telldus_pa.pa_api import (
    AuthenticationError,
    Credentials,
    InvalidResponseError,
    OAuth1Flow,
    Priority,
    RateLimiter,
    RateLimitError,
    RequestDeferredError,
    RequestToken,
    TelldusClient,
    TelldusConnectionError,
    TelldusError,
    oauth as oauth_module,
    rate_limiter as rate_limiter_module,
)
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Fault, Simulator

from .conftest import Clock, Misbehave, told

CALLBACK = "http://homeassistant.local:8123/api/telldus_pa/callback/a-secret-state"


@pytest.fixture(autouse=True)
def _no_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not space the calls of a test: the clock stands still."""
    monkeypatch.setattr(
        rate_limiter_module, "MIN_INTERVAL", dict.fromkeys(Priority, 0.0)
    )


@pytest.fixture
def handshake(server_url: str, rate_limiter: RateLimiter) -> OAuth1Flow:
    """Return a handshake with the demo keys."""
    return handshake_at(server_url, rate_limiter)


def handshake_at(server: str, rate_limiter: RateLimiter) -> OAuth1Flow:
    """Return a handshake with the demo keys at another server."""
    return OAuth1Flow(server, DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, rate_limiter)


def kept(err: TelldusError, secrets: set[str]) -> str:
    """Return an error's text, having made sure that it tells no secrets."""
    text = told(err)
    assert not [secret for secret in secrets if secret in text]
    assert "oauth_signature=" not in text
    # What it came of carries the request or the answer.
    assert err.__cause__ is None
    assert err.__suppress_context__ or err.__context__ is None
    return str(err)


async def consent(session: aiohttp.ClientSession, url: str, answer: str) -> str | None:
    """Sign in on the page as a person would; return where the browser is sent."""
    page = URL(url)
    form = {"oauth_token": page.query["oauth_token"]}
    async with session.get(page) as response:
        assert response.status == 200
    target = page.with_query(None)
    login = {**form, "username": "demo", "password": "any"}
    async with session.post(target, data=login) as response:
        html = await response.text()
    form["session"] = html.split('name="session" value="')[1].split('"')[0]
    form["answer"] = answer
    async with session.post(target, data=form, allow_redirects=False) as response:
        return response.headers.get("Location")


@pytest.fixture(autouse=True)
def _no_secrets_logged(secrets: set[str]) -> None:
    """Fail where a secret gets into a log."""


# As it should be


async def test_with_callback(
    handshake: OAuth1Flow,
    session: aiohttp.ClientSession,
    simulator: Simulator,
    server_url: str,
    rate_limiter: RateLimiter,
) -> None:
    """There, agreed, back with a verifier: signed in, and the token is good."""
    token = await handshake.request_token(CALLBACK)
    assert token.callback_confirmed
    url = handshake.authorization_url(token)
    assert url == f"{server_url}/oauth/authorize?oauth_token={token.token}"

    back = await consent(session, url, "agree")
    assert back
    assert back.startswith(f"{CALLBACK}?")
    query = parse_qs(urlsplit(back).query)
    assert query["oauth_token"] == [token.token]
    credentials = await handshake.access_token(token, query["oauth_verifier"][0])

    assert [request.path for request in simulator.log] == [
        "oauth/requestToken",
        "oauth/accessToken",
    ]
    assert credentials.token in simulator.tokens.access_tokens
    client = TelldusClient(session, server_url, credentials, rate_limiter)
    assert (await client.profile()).first_name == "Demo"
    assert rate_limiter.used == 3


async def test_without_callback(
    handshake: OAuth1Flow,
    session: aiohttp.ClientSession,
    simulator: Simulator,
    server_url: str,
    rate_limiter: RateLimiter,
) -> None:
    """There, agreed, back by hand without a verifier."""
    token = await handshake.request_token(None)
    assert simulator.tokens.request_tokens[token.token].callback is None
    assert await consent(session, handshake.authorization_url(token), "agree") is None

    credentials = await handshake.access_token(token, None)

    assert credentials == Credentials(
        DEMO_PUBLIC_KEY,
        DEMO_PRIVATE_KEY,
        credentials.token,
        simulator.tokens.access_tokens[credentials.token or ""].secret,
    )
    client = TelldusClient(session, server_url, credentials, rate_limiter)
    assert (await client.profile()).first_name == "Demo"


@pytest.mark.parametrize(
    ("variant", "confirmed"), [("true", True), ("1", True), ("missing", False)]
)
async def test_callback_confirmed(
    handshake: OAuth1Flow, simulator: Simulator, variant: str, confirmed: bool
) -> None:
    """Whether the server said that it will send the browser back."""
    simulator.settings.change({"callback_confirmed": variant})

    assert (await handshake.request_token(CALLBACK)).callback_confirmed is confirmed


async def test_a_request_token_keeps_its_secrets(handshake: OAuth1Flow) -> None:
    """A token that gets into a log tells nothing."""
    token = await handshake.request_token(CALLBACK)

    assert repr(token) == str(token) == "RequestToken(callback_confirmed=True)"


def test_authorization_url(rate_limiter: RateLimiter) -> None:
    """Whatever a token is made of, it is the page's one parameter."""
    handshake = handshake_at("http://a.example/b", rate_limiter)
    url = handshake.authorization_url(RequestToken("a&b=c d", "x", False))

    assert url.startswith("http://a.example/b/oauth/authorize?")
    assert parse_qs(urlsplit(url).query) == {"oauth_token": ["a&b=c d"]}


# Refused


@pytest.mark.parametrize("callback", [CALLBACK, None])
async def test_not_agreed(
    handshake: OAuth1Flow,
    session: aiohttp.ClientSession,
    secrets: set[str],
    callback: str | None,
) -> None:
    """Who refused, or has not answered yet, is not signed in."""
    token = await handshake.request_token(callback)
    with pytest.raises(AuthenticationError) as caught:
        await handshake.access_token(token, None)
    assert kept(caught.value, secrets) == (
        'Can\'t exchange request token "…" for access token. '
        "No such token or not authorized"
    )

    back = await consent(session, handshake.authorization_url(token), "refuse")
    assert "oauth_verifier" not in (back or "")
    with pytest.raises(AuthenticationError):
        await handshake.access_token(token, None)


async def test_wrong_verifier(
    handshake: OAuth1Flow, simulator: Simulator, secrets: set[str]
) -> None:
    """A verifier that somebody made up does not help."""
    token = await handshake.request_token(CALLBACK)
    simulator.authorize(token.token)
    verifier = "made" + "up"
    secrets.add(verifier)

    with pytest.raises(AuthenticationError) as caught:
        await handshake.access_token(token, verifier)
    kept(caught.value, secrets)


async def test_a_token_is_good_once(
    handshake: OAuth1Flow, simulator: Simulator, secrets: set[str]
) -> None:
    """The temporary token is gone when it has been exchanged, or an hour has passed."""
    token = await handshake.request_token(None)
    simulator.authorize(token.token)
    await handshake.access_token(token, None)

    with pytest.raises(AuthenticationError, match="does not exist") as caught:
        await handshake.access_token(token, None)
    kept(caught.value, secrets)


async def test_a_token_runs_out(
    handshake: OAuth1Flow, simulator: Simulator, clock: Clock
) -> None:
    """Who agreed an hour ago has to do so again."""
    token = await handshake.request_token(None)
    simulator.authorize(token.token)
    clock.tick(3601)

    with pytest.raises(AuthenticationError, match="does not exist"):
        await handshake.access_token(token, None)


@pytest.mark.parametrize(
    ("public", "private", "reason"),
    [
        ("wrong", DEMO_PRIVATE_KEY, 'The consumer_key "…" combination does not exist'),
        (DEMO_PUBLIC_KEY, "wrong", "Verification of signature failed"),
        ('"><script>', "ö\U0001f4a1 \n", 'The consumer_key "…"'),
    ],
)
@pytest.mark.parametrize("callback", [CALLBACK, None])
async def test_wrong_keys(
    server_url: str,
    rate_limiter: RateLimiter,
    secrets: set[str],
    public: str,
    private: str,
    reason: str,
    callback: str | None,
) -> None:
    """Wrong keys are refused, and what the server quotes of the request is not shown."""
    handshake = OAuth1Flow(server_url, public, private, rate_limiter)
    secrets |= {CALLBACK, "a-secret-state", "http%3A"}

    with pytest.raises(AuthenticationError) as caught:
        await handshake.request_token(callback)
    assert kept(caught.value, secrets).startswith(reason)


async def test_callback_refused(handshake: OAuth1Flow, simulator: Simulator) -> None:
    """A server may not want to send anybody back; without a callback it goes on."""
    simulator.settings.refuse_callback = True

    with pytest.raises(AuthenticationError, match="callback is not allowed"):
        await handshake.request_token(CALLBACK)
    token = await handshake.request_token(None)
    simulator.authorize(token.token)
    assert (await handshake.access_token(token, None)).token


# What goes wrong at Telldus

type Step = Callable[[OAuth1Flow], Any]

STEPS = pytest.mark.parametrize(
    "step",
    [
        lambda handshake: handshake.request_token(CALLBACK),
        lambda handshake: handshake.request_token(None),
        lambda handshake: handshake.access_token(
            RequestToken("a-token", "a-token-secret", True), "a-verifier"
        ),
        lambda handshake: handshake.access_token(
            RequestToken("a-token", "a-token-secret", True), None
        ),
    ],
    ids=["request", "request oob", "access", "access oob"],
)
OURS = {"a-token", "a-token-secret", "a-verifier", "a-secret-state"}


@STEPS
@pytest.mark.parametrize(
    ("fault", "kind", "text"),
    [
        (
            Fault.UNAUTHORIZED_TEXT,
            AuthenticationError,
            'The consumer_key "…" combination does not exist or is not enabled.',
        ),
        (
            Fault.UNAUTHORIZED_XML,
            AuthenticationError,
            'The consumer_key "…" combination does not exist or is not enabled.',
        ),
        (Fault.NOT_FOUND, TelldusConnectionError, "HTTP 404"),
        (Fault.BAD_GATEWAY, TelldusConnectionError, "HTTP 502"),
        (Fault.CLOUDFLARE, TelldusConnectionError, "HTTP 403"),
        (Fault.GARBAGE, InvalidResponseError, "no token in the answer"),
        (Fault.EMPTY, InvalidResponseError, "no token in the answer"),
        (Fault.DATABASE, InvalidResponseError, "no token in the answer"),
        (Fault.APPLICATION_ERROR, InvalidResponseError, "no token in the answer"),
    ],
)
async def test_faults(
    handshake: OAuth1Flow,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    secrets: set[str],
    step: Step,
    fault: Fault,
    kind: type[TelldusError],
    text: str,
) -> None:
    """Each thing that can go wrong is the same error in every step."""
    simulator.faults.add(fault)
    secrets |= OURS

    with pytest.raises(TelldusError) as caught:
        await step(handshake)
    assert type(caught.value) is kind
    assert kept(caught.value, secrets) == text
    if isinstance(caught.value, TelldusConnectionError):
        assert f"HTTP {caught.value.status}" == text
    assert rate_limiter.used == len(simulator.log) == 1
    assert rate_limiter.paused_for == 0


@STEPS
async def test_redirects_are_not_followed(
    handshake: OAuth1Flow, simulator: Simulator, server_url: str, step: Step
) -> None:
    """Nothing signed goes anywhere else, and no redirect brings a token."""
    simulator.faults.add(
        Fault.REDIRECT, times=1, location=f"{server_url}/oauth/requestToken"
    )

    with pytest.raises(TelldusConnectionError, match="^HTTP 302$"):
        await step(handshake)
    assert len(simulator.log) == 1


@STEPS
@pytest.mark.parametrize("status", ["302 Found", "202 Later", "300 ?"])
async def test_only_success_brings_a_token(
    misbehave: Misbehave, rate_limiter: RateLimiter, step: Step, status: str
) -> None:
    """A token in anything but a plain success is none."""
    body = "oauth_token=a&oauth_token_secret=b"
    url = await misbehave(
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )

    with pytest.raises(TelldusConnectionError, match=f"^HTTP {status[:3]}$"):
        await step(handshake_at(url, rate_limiter))


@STEPS
@pytest.mark.parametrize("retry_after", [None, 40])
async def test_rate_limited(
    handshake: OAuth1Flow,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    clock: Clock,
    step: Step,
    retry_after: int | None,
) -> None:
    """A 429 pauses the sign-in like everything else."""
    args: dict[str, Any] = {"retry_after": retry_after} if retry_after else {}
    simulator.faults.add(Fault.RATE_LIMITED, times=1, **args)

    with pytest.raises(RateLimitError) as caught:
        await step(handshake)
    assert type(caught.value) is RateLimitError
    wait = caught.value.retry_after
    assert wait == 40 if retry_after else 15 <= wait <= 18
    with pytest.raises(RequestDeferredError):
        await step(handshake)
    assert len(simulator.log) == 1
    clock.tick(wait)
    await handshake.request_token(CALLBACK)


@STEPS
@pytest.mark.usefixtures("short_timeout")
@pytest.mark.parametrize("end", [b"", b"..."])
async def test_rate_limited_whatever_the_body(
    misbehave: Misbehave, rate_limiter: RateLimiter, step: Step, end: bytes
) -> None:
    """A 429 counts although its body breaks off or never comes."""
    answer = b"HTTP/1.1 429 No\r\nRetry-After: 30\r\nContent-Length: 9\r\n\r\nWai"

    with pytest.raises(RateLimitError) as caught:
        await step(handshake_at(await misbehave(answer + end), rate_limiter))
    assert caught.value.retry_after == rate_limiter.paused_for == 30


async def test_rate_limited_until_a_date(
    misbehave: Misbehave, rate_limiter: RateLimiter
) -> None:
    """How long to wait may come as a date, which is one by Telldus' own clock."""
    answer = (
        b"HTTP/1.1 429 No\r\nContent-Length: 0\r\n"
        b"Date: Thu, 01 Jan 2015 10:00:00 GMT\r\n"
        b"Retry-After: Thu, 01 Jan 2015 10:00:45 GMT\r\n\r\n"
    )
    with pytest.raises(RateLimitError) as caught:
        await handshake_at(await misbehave(answer), rate_limiter).request_token(
            CALLBACK
        )
    assert caught.value.retry_after == 45


@pytest.mark.parametrize("answer", [Fault.UNAUTHORIZED_TEXT, Fault.NOT_FOUND, None])
async def test_an_answer_ends_the_doubling(
    handshake: OAuth1Flow,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    answer: Fault | None,
) -> None:
    """Any answer but a 429 shows that the server listens to us again."""
    rate_limiter.restore(type(rate_limiter.state())((), 0, 3), 0)
    if answer:
        simulator.faults.add(answer)
        with pytest.raises(TelldusError):
            await handshake.request_token(CALLBACK)
    else:
        await handshake.request_token(CALLBACK)

    assert rate_limiter.state().refusals == 0


async def test_a_person_does_not_wait_for_long(
    handshake: OAuth1Flow, simulator: Simulator, rate_limiter: RateLimiter, clock: Clock
) -> None:
    """When the window is full that is said, and nothing is sent."""
    for _ in range(8):
        await handshake.request_token(CALLBACK)
    clock.tick(49)

    with pytest.raises(RequestDeferredError) as caught:
        await handshake.request_token(CALLBACK)
    assert caught.value.retry_after == 11
    assert len(simulator.log) == 8


@STEPS
@pytest.mark.parametrize(
    "answer",
    [
        "oauth_token=a",
        "oauth_token_secret=b",
        "oauth_token=&oauth_token_secret=b",
        "oauth_token=a&oauth_token_secret=",
        "",
        "oauth_token",
        '{"oauth_token": "a"}',
        '{"oauth_token": 1, "oauth_token_secret": ["b"], "oauth_callback_confirmed": true}',
        '{"oauth_token": {"a": "b"}}',
        "[1]",
        '[["oauth_token"]]',
        "{",
        pytest.param("[" * 100_000, id="deep"),
        "<html><body>oauth_token=a&oauth_token_secret=b</body></html>",
        "%zz=a&oauth_token=%",
        "\ufffd\ufffd",
    ],
)
async def test_no_token_in_the_answer(
    misbehave: Misbehave,
    rate_limiter: RateLimiter,
    secrets: set[str],
    step: Step,
    answer: str,
) -> None:
    """An answer without both halves of a token is none."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer.encode())}\r\n"
    url = await misbehave(f"{head}Connection: close\r\n\r\n{answer}".encode())
    secrets |= OURS

    with pytest.raises(
        InvalidResponseError, match="^no token in the answer$"
    ) as caught:
        await step(handshake_at(url, rate_limiter))
    kept(caught.value, secrets)


@pytest.mark.parametrize(
    "token",
    [
        *("a%0Ab", "a%0D%0AX-Evil:+1", "a%00b", "a%E2%80%AEb"),
        "a" * 513,
    ],
)
@pytest.mark.parametrize("half", ["oauth_token", "oauth_token_secret"])
async def test_no_such_token(
    misbehave: Misbehave, rate_limiter: RateLimiter, token: str, half: str
) -> None:
    """What cannot be kept, or put into a link, is no token."""
    halves = {"oauth_token": "a", "oauth_token_secret": "b"} | {half: token}
    as_json = json.dumps({key: unquote_plus(text) for key, text in halves.items()})
    for body in ("&".join(f"{key}={text}" for key, text in halves.items()), as_json):
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
        url = await misbehave((head + body).encode())

        with pytest.raises(InvalidResponseError, match="^no token in the answer$"):
            await handshake_at(url, rate_limiter).request_token(CALLBACK)


@pytest.mark.parametrize(
    "body",
    [
        b'{"oauth_token": "\\ud800", "oauth_token_secret": "b"}',
        b'{"oauth_token": "a", "oauth_token_secret": "\\udfff"}',
    ],
)
async def test_half_a_character(
    misbehave: Misbehave, rate_limiter: RateLimiter, body: bytes
) -> None:
    """What JSON can say and nothing can store is no token either."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    url = await misbehave(head + body)

    with pytest.raises(InvalidResponseError, match="^no token in the answer$"):
        await handshake_at(url, rate_limiter).request_token(CALLBACK)


@pytest.mark.parametrize(
    "content_type",
    ["charset=idna", "charset=undefined", "charset=utf-8\0", "charset=utf-16", "\xff"],
)
async def test_refused_in_any_alphabet(
    misbehave: Misbehave, rate_limiter: RateLimiter, content_type: str
) -> None:
    """How a refusal claims to be written does not matter."""
    body = b"OAuth Verification Failed: \xff no"
    head = (
        f"HTTP/1.1 401 No\r\nContent-Type: text/plain; {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    url = await misbehave(head.encode("latin-1") + body)

    with pytest.raises(AuthenticationError, match="^\ufffd no$"):
        await handshake_at(url, rate_limiter).request_token(CALLBACK)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        # Whatever an answer claims to be written in
        "text/html; charset=utf-16",
        "text/plain; charset=idna",
        "text/plain; charset=utf-8\0",
        "application/octet-stream",
        "",
    ],
)
async def test_content_types(
    misbehave: Misbehave,
    rate_limiter: RateLimiter,
    secrets: set[str],
    caplog: pytest.LogCaptureFixture,
    content_type: str,
) -> None:
    """An answer is read for what it is, and its secrets are not logged by whoever reads."""
    caplog.set_level(1)
    body = "\n oauth_token=token-given&oauth_token_secret=secret%2Bgiven&more=1 \n"
    content = body.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n"
    if content_type:
        head += f"Content-Type: {content_type}\r\n"
    url = await misbehave(f"{head}Connection: close\r\n\r\n".encode() + content)
    secrets |= {"token-given", "secret+given", "secret%2Bgiven", *OURS}

    handshake = handshake_at(url, rate_limiter)
    token = await handshake.request_token(CALLBACK)

    assert (token.token, token.secret) == ("token-given", "secret+given")
    assert not token.callback_confirmed
    for verifier in ("a-verifier", None):
        credentials = await handshake.access_token(token, verifier)
        assert (credentials.token, credentials.token_secret) == (
            "token-given",
            "secret+given",
        )


# Networks that fail


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for each byte for a moment only."""
    monkeypatch.setattr(oauth_module, "_HTTP_TIMEOUT", (0.1, 0.1))


@STEPS
@pytest.mark.usefixtures("short_timeout")
@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"HTTP/1.1 200 OK\r\n...",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\noauth_token=a&oa...",
    ],
)
async def test_stalling(
    misbehave: Misbehave,
    rate_limiter: RateLimiter,
    secrets: set[str],
    step: Step,
    answer: bytes | None,
) -> None:
    """Who stops in the middle is not waited for."""
    url = await misbehave(answer)
    secrets |= OURS

    with pytest.raises(TelldusConnectionError) as caught:
        await step(handshake_at(url, rate_limiter))
    text = kept(caught.value, secrets)
    assert text.startswith("127.0.0.1: ")
    assert rate_limiter.used == 1
    assert not rate_limiter.sending


async def test_trickling(
    misbehave: Misbehave, rate_limiter: RateLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who would go on for ever is not waited for, although each byte comes in time."""
    monkeypatch.setattr(oauth_module, "_TOTAL_TIMEOUT", 0.1)
    url = await misbehave(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\no...")

    with pytest.raises(TelldusConnectionError, match="^127.0.0.1: TimeoutError$"):
        await handshake_at(url, rate_limiter).request_token(CALLBACK)
    assert not rate_limiter.sending


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\noauth_token=a&oa",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\no",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\ngone",
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000, id="large"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", id="long"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 10_000 + b"\r\n", id="many"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
            + gzip.compress(b"0" * 50_000_000),
            id="bomb",
        ),
    ],
)
async def test_misbehaving(
    misbehave: Misbehave, rate_limiter: RateLimiter, secrets: set[str], answer: bytes
) -> None:
    """Whatever comes out of the wire is one of the errors."""
    url = await misbehave(answer)

    with pytest.raises(TelldusConnectionError) as caught:
        await handshake_at(url, rate_limiter).request_token(CALLBACK)
    kept(caught.value, secrets)
    assert not rate_limiter.sending


async def test_nobody_there(
    nowhere: str, rate_limiter: RateLimiter, secrets: set[str]
) -> None:
    """A server that is down is unreachable."""
    with pytest.raises(
        TelldusConnectionError, match="^127.0.0.1: ConnectionError$"
    ) as caught:
        await handshake_at(nowhere, rate_limiter).request_token(CALLBACK)
    kept(caught.value, secrets)


async def test_no_tls_there(server_url: str, rate_limiter: RateLimiter) -> None:
    """A server without encryption is not one that was meant."""
    url = server_url.replace("http:", "https:")

    with pytest.raises(TelldusConnectionError, match="^127.0.0.1: SSLError$"):
        await handshake_at(url, rate_limiter).request_token(CALLBACK)


async def test_no_proxy(handshake: OAuth1Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the process is not used, as it is not for the data."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)

    await handshake.request_token(CALLBACK)


async def test_the_loop_goes_on(
    handshake: OAuth1Flow,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What blocks does so in a thread of its own."""
    threads: list[str] = []
    session = oauth_module._OAuth1Session  # noqa: SLF001
    post = session.post

    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        threads.append(threading.current_thread().name)
        return post(self, *args, **kwargs)

    monkeypatch.setattr(session, "post", noted)
    token = await handshake.request_token(None)
    simulator.authorize(token.token)
    await handshake.access_token(token, None)

    assert len(threads) == 2
    assert threading.main_thread().name not in threads


async def test_cancelled(misbehave: Misbehave, rate_limiter: RateLimiter) -> None:
    """A sign-in that is given up leaves the way free."""
    asking = asyncio.create_task(
        handshake_at(await misbehave(None), rate_limiter).request_token(CALLBACK)
    )
    while not rate_limiter.used:
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert not rate_limiter.sending
    assert rate_limiter.used == 1


async def test_others_are_logged(
    handshake: OAuth1Flow, caplog: pytest.LogCaptureFixture
) -> None:
    """After a sign-in the libraries' other users find their log as it was."""
    caplog.set_level(logging.DEBUG)
    await handshake.request_token(CALLBACK)

    for name in ("requests_oauthlib.oauth1_session", "urllib3.connectionpool"):
        caplog.clear()
        logging.getLogger(name).debug("theirs")
        assert [record.message for record in caplog.records] == ["theirs"]
