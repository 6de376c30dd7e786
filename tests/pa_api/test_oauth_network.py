"""Token requests over networks that fail, and what else a blocking library could do."""

import asyncio
import gzip
import logging
import threading
from typing import Any

import pytest

from custom_components.telldus_pa.pa_api import (
    OAuth1Flow,
    RateLimiter,
    TelldusConnectionError,
    oauth as oauth_module,
)
from simulator import Simulator

from .conftest import (
    CALLBACK,
    OAUTH_SECRETS,
    OAUTH_STEPS,
    Misbehave,
    OAuthStep,
    checked_text,
    flow_at,
)

pytestmark = pytest.mark.usefixtures("no_gaps", "secrets")


@OAUTH_STEPS
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
    step: OAuthStep,
    answer: bytes | None,
) -> None:
    """Who stops in the middle is not waited for."""
    url = await misbehave(answer)
    secrets |= OAUTH_SECRETS

    with pytest.raises(TelldusConnectionError) as caught:
        await step(flow_at(url, rate_limiter))
    text = checked_text(caught.value, secrets)
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
        await flow_at(url, rate_limiter).request_token(CALLBACK)
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
        await flow_at(url, rate_limiter).request_token(CALLBACK)
    checked_text(caught.value, secrets)
    assert not rate_limiter.sending


async def test_nobody_there(
    nowhere: str, rate_limiter: RateLimiter, secrets: set[str]
) -> None:
    """A server that is down is unreachable."""
    with pytest.raises(
        TelldusConnectionError, match="^127.0.0.1: ConnectionError$"
    ) as caught:
        await flow_at(nowhere, rate_limiter).request_token(CALLBACK)
    checked_text(caught.value, secrets)


async def test_no_tls_there(server_url: str, rate_limiter: RateLimiter) -> None:
    """A server without encryption is not one that was meant."""
    url = server_url.replace("http:", "https:")

    with pytest.raises(TelldusConnectionError, match="^127.0.0.1: SSLError$"):
        await flow_at(url, rate_limiter).request_token(CALLBACK)


async def test_no_proxy(flow: OAuth1Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the process is not used, as it is not for the data."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)

    await flow.request_token(CALLBACK)


async def test_the_loop_goes_on(
    flow: OAuth1Flow,
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
    token = await flow.request_token(None)
    simulator.authorize(token.token)
    await flow.access_token(token, None)

    assert len(threads) == 2
    assert threading.main_thread().name not in threads


async def test_cancelled(misbehave: Misbehave, rate_limiter: RateLimiter) -> None:
    """A sign-in that is given up leaves the way free."""
    asking = asyncio.create_task(
        flow_at(await misbehave(None), rate_limiter).request_token(CALLBACK)
    )
    while not rate_limiter.used:
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert not rate_limiter.sending
    assert rate_limiter.used == 1


async def test_others_are_logged(
    flow: OAuth1Flow, caplog: pytest.LogCaptureFixture
) -> None:
    """After a sign-in the libraries' other users find their log as it was."""
    caplog.set_level(logging.DEBUG)
    await flow.request_token(CALLBACK)

    for name in ("requests_oauthlib.oauth1_session", "urllib3.connectionpool"):
        caplog.clear()
        logging.getLogger(name).debug("theirs")
        assert [record.message for record in caplog.records] == ["theirs"]
