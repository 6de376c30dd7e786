"""Token requests that Telldus rejects or responds to with something else."""

import json
from typing import Any
from urllib.parse import unquote_plus

import pytest

from custom_components.telldus_pa.pa_api import (
    AuthenticationError,
    Credentials,
    InvalidResponseError,
    OAuth1Flow,
    RateLimiter,
    RateLimitError,
    RequestDeferredError,
    RequestToken,
    TelldusConnectionError,
    TelldusError,
)
from simulator import Fault, Simulator

from .conftest import (
    CALLBACK,
    OAUTH_SECRETS,
    OAUTH_STEPS,
    Clock,
    Misbehave,
    OAuthStep,
    checked_text,
    flow_at,
)

pytestmark = pytest.mark.usefixtures("no_gaps", "secrets")


@OAUTH_STEPS
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
    flow: OAuth1Flow,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    secrets: set[str],
    step: OAuthStep,
    fault: Fault,
    kind: type[TelldusError],
    text: str,
) -> None:
    """Each thing that can go wrong is the same error in every step."""
    simulator.faults.add(fault)
    secrets |= OAUTH_SECRETS

    with pytest.raises(TelldusError) as caught:
        await step(flow)
    assert type(caught.value) is kind
    assert checked_text(caught.value, secrets) == text
    if isinstance(caught.value, TelldusConnectionError):
        assert f"HTTP {caught.value.status}" == text
    assert rate_limiter.used == len(simulator.log) == 1
    assert rate_limiter.paused_for == 0


@OAUTH_STEPS
async def test_redirects_are_not_followed(
    flow: OAuth1Flow, simulator: Simulator, server_url: str, step: OAuthStep
) -> None:
    """Nothing signed goes anywhere else, and no redirect brings a token."""
    simulator.faults.add(
        Fault.REDIRECT, times=1, location=f"{server_url}/oauth/requestToken"
    )

    with pytest.raises(TelldusConnectionError, match="^HTTP 302$"):
        await step(flow)
    assert len(simulator.log) == 1


@OAUTH_STEPS
@pytest.mark.parametrize("status", ["302 Found", "199 ?", "300 ?"])
async def test_only_success_brings_a_token(
    misbehave: Misbehave, rate_limiter: RateLimiter, step: OAuthStep, status: str
) -> None:
    """A token in anything but a success is none."""
    body = "oauth_token=a&oauth_token_secret=b"
    url = await misbehave(
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )

    with pytest.raises(TelldusConnectionError, match=f"^HTTP {status[:3]}$"):
        await step(flow_at(url, rate_limiter))


@OAUTH_STEPS
@pytest.mark.parametrize("retry_after", [None, 40])
async def test_rate_limited(
    flow: OAuth1Flow,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    clock: Clock,
    step: OAuthStep,
    retry_after: int | None,
) -> None:
    """A 429 pauses the sign-in like everything else."""
    args: dict[str, Any] = {"retry_after": retry_after} if retry_after else {}
    simulator.faults.add(Fault.RATE_LIMITED, times=1, **args)

    with pytest.raises(RateLimitError) as caught:
        await step(flow)
    assert type(caught.value) is RateLimitError
    wait = caught.value.retry_after
    assert wait == 40 if retry_after else 15 <= wait <= 18
    with pytest.raises(RequestDeferredError):
        await step(flow)
    assert len(simulator.log) == 1
    clock.tick(wait)
    await flow.request_token(CALLBACK)


@OAUTH_STEPS
@pytest.mark.usefixtures("short_timeout")
@pytest.mark.parametrize("end", [b"", b"..."])
async def test_rate_limited_whatever_the_body(
    misbehave: Misbehave, rate_limiter: RateLimiter, step: OAuthStep, end: bytes
) -> None:
    """A 429 counts although its body breaks off or never comes."""
    answer = b"HTTP/1.1 429 No\r\nRetry-After: 30\r\nContent-Length: 9\r\n\r\nWai"

    with pytest.raises(RateLimitError) as caught:
        await step(flow_at(await misbehave(answer + end), rate_limiter))
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
        await flow_at(await misbehave(answer), rate_limiter).request_token(CALLBACK)
    assert caught.value.retry_after == 45


@pytest.mark.parametrize("answer", [Fault.UNAUTHORIZED_TEXT, Fault.NOT_FOUND, None])
async def test_an_answer_ends_the_doubling(
    flow: OAuth1Flow,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    answer: Fault | None,
) -> None:
    """Any answer but a 429 shows that the server listens to us again."""
    rate_limiter.restore(type(rate_limiter.state())((), 0, 3), 0)
    if answer:
        simulator.faults.add(answer)
        with pytest.raises(TelldusError):
            await flow.request_token(CALLBACK)
    else:
        await flow.request_token(CALLBACK)

    assert rate_limiter.state().backoff_count == 0


async def test_a_person_does_not_wait_for_long(
    flow: OAuth1Flow, simulator: Simulator, rate_limiter: RateLimiter, clock: Clock
) -> None:
    """When the window is full that is said, and nothing is sent."""
    for _ in range(8):
        await flow.request_token(CALLBACK)
    clock.tick(49)

    with pytest.raises(RequestDeferredError) as caught:
        await flow.request_token(CALLBACK)
    assert caught.value.retry_after == 11
    assert len(simulator.log) == 8


@OAUTH_STEPS
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
        '{"oauth_token": "a", "oauth_token_secret": "b"}',
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
    step: OAuthStep,
    answer: str,
) -> None:
    """An answer without both halves of a token is none."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer.encode())}\r\n"
    url = await misbehave(f"{head}Connection: close\r\n\r\n{answer}".encode())
    secrets |= OAUTH_SECRETS

    with pytest.raises(
        InvalidResponseError, match="^no token in the answer$"
    ) as caught:
        await step(flow_at(url, rate_limiter))
    checked_text(caught.value, secrets)


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
    """What cannot be checked_text, or put into a link, is no token."""
    halves = {"oauth_token": "a", "oauth_token_secret": "b"} | {half: token}
    as_json = json.dumps({key: unquote_plus(text) for key, text in halves.items()})
    for body in ("&".join(f"{key}={text}" for key, text in halves.items()), as_json):
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
        url = await misbehave((head + body).encode())

        with pytest.raises(InvalidResponseError, match="^no token in the answer$"):
            await flow_at(url, rate_limiter).request_token(CALLBACK)


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
        await flow_at(url, rate_limiter).request_token(CALLBACK)


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
        await flow_at(url, rate_limiter).request_token(CALLBACK)


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
    secrets |= {"token-given", "secret+given", "secret%2Bgiven", *OAUTH_SECRETS}

    flow = flow_at(url, rate_limiter)
    token = await flow.request_token(CALLBACK)

    assert (token.token, token.secret) == ("token-given", "secret+given")
    assert not token.callback_confirmed
    for verifier in ("a-verifier", None):
        credentials = await flow.access_token(token, verifier)
        assert (credentials.token, credentials.token_secret) == (
            "token-given",
            "secret+given",
        )


@OAUTH_STEPS
@pytest.mark.parametrize(
    ("status", "more"),
    [
        ("200 OK", "&name=Kim Example"),
        ("200 OK", "&user=Å"),
        ("200 OK", "&user=\udcc5"),  # Latin-1
        ("200 OK", "&data={1}&a[b]=c&a=|"),
        ("200 OK", "&oauth_more=a b&x&%zz=%"),
        ("201 Created", ""),
        ("202 Later", ""),
        ("299 ?", ""),
    ],
)
async def test_whatever_else_is_in_the_answer(
    misbehave: Misbehave,
    rate_limiter: RateLimiter,
    step: OAuthStep,
    status: str,
    more: str,
) -> None:
    """What nobody needs of a success may be written in any way, in every step."""
    body = f"oauth_token=a%2B&oauth_token_secret=b%26{more}"
    content = body.encode(errors="surrogateescape")
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n"
    url = await misbehave(head.encode() + content)

    given = await step(flow_at(url, rate_limiter))

    if isinstance(given, Credentials):
        assert (given.token, given.token_secret) == ("a+", "b&")
    else:
        assert isinstance(given, RequestToken)
        assert (given.token, given.secret) == ("a+", "b&")
