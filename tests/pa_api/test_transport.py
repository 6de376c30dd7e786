"""Servers and networks that misbehave, and clocks that differ."""

import asyncio
import gzip

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.telldus_pa.pa_api import (
    ApiError,
    AuthenticationError,
    Credentials,
    GatewayOfflineError,
    InvalidResponseError,
    Method,
    RateLimiter,
    RateLimitError,
    TelldusClient,
    TelldusConnectionError,
    TelldusError,
    transport as transport_module,
)
from custom_components.telldus_pa.pa_api.parsing import read_json
from simulator import Fault, Simulator

from .conftest import DIMMER, LAMP, ON, ClientOf, Clock, Misbehave, http, kept, utc

pytestmark = pytest.mark.usefixtures("no_gaps")


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (b"", TelldusConnectionError, "ServerDisconnectedError"),
        (b"garbage\r\n\r\n", TelldusConnectionError, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Le", TelldusConnectionError, ""),
        (
            b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"de',
            TelldusConnectionError,
            "",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            TelldusConnectionError,
            "",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
            TelldusConnectionError,
            "",
            id="long header",
        ),
        (
            b"HTTP/1.1 999 ?\r\nContent-Length: 0\r\n\r\n",
            TelldusConnectionError,
            "HTTP 999",
        ),
        (http("gone", "200 OK", "Content-Encoding: gzip"), TelldusConnectionError, ""),
        (
            http("gone", "200 OK", "Content-Encoding: deflate"),
            TelldusConnectionError,
            "",
        ),
        (http('{"device": []}', "500 Oh"), TelldusConnectionError, "HTTP 500"),
        (http("", "204 None"), TelldusConnectionError, "HTTP 204"),
        (
            http('{"error": "Oh", "code": 8}', "500 Oh"),
            TelldusConnectionError,
            "HTTP 500",
        ),
        (http('{"error": "Oh", "code": 8}', "400 Oh"), ApiError, "Oh"),
        (http('{"error": "expired_token"}', "400 Oh"), AuthenticationError, "expired"),
        (http('{"error": null}'), ApiError, "no reason given"),
        (http('{"error": {"message": "Oh", "code": 3}}'), GatewayOfflineError, "Oh"),
        (http("[1", "500 Oh"), TelldusConnectionError, "HTTP 500"),
        (http(b"\xff\xfe<error>", "401 No"), AuthenticationError, ""),
        (http(b"", "401 No"), AuthenticationError, ""),
    ],
)
async def test_misbehaving(
    client_of: ClientOf,
    misbehave: Misbehave,
    rate_limiter: RateLimiter,
    secrets: set[str],
    answer: bytes,
    kind: type[TelldusError],
    text: str,
) -> None:
    """Whatever comes out of the wire is one of the errors."""
    client = client_of(await misbehave(answer))

    with pytest.raises(TelldusError) as caught:
        await client.devices()
    assert type(caught.value) is kind
    assert text in str(kept(caught.value, secrets))
    assert not rate_limiter.sending


async def test_broken_connection(client_of: ClientOf, socket_enabled: None) -> None:
    """What is sent on a connection that breaks is not sent again by itself."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        if len(asked) > 1:
            assert request.transport
            request.transport.close()
        return web.json_response({"device": []})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        client = client_of(str(server.make_url("")).rstrip("/"))
        await client.devices()
        with pytest.raises(TelldusConnectionError):
            await client.command(lambda: ON)
    assert asked == ["/json/devices/list", "/json/device/turnOn"]


@pytest.mark.parametrize("nothing", ["null", '""', "0", "false"])
async def test_no_error(
    client_of: ClientOf, misbehave: Misbehave, nothing: str
) -> None:
    """An empty error beside what was asked for is none."""
    body = f'{{"device": [{{"id": 1, "client": 2}}], "error": {nothing}}}'
    client = client_of(await misbehave(http(body)))

    assert len((await client.devices()).rows) == 1


async def test_gzip(client_of: ClientOf, misbehave: Misbehave) -> None:
    """A packed answer is unpacked."""
    body = gzip.compress(b'{"device": [{"id": 1, "client": 2}]}')
    client = client_of(await misbehave(http(body, "200 OK", "Content-Encoding: gzip")))

    assert len((await client.devices()).rows) == 1


@pytest.mark.parametrize("packed", [False, True])
async def test_too_large(
    client_of: ClientOf,
    misbehave: Misbehave,
    monkeypatch: pytest.MonkeyPatch,
    rate_limiter: RateLimiter,
    packed: bool,
) -> None:
    """An answer that does not end is not read to its end, not even packed."""
    monkeypatch.setattr(transport_module, "_MAX_BODY", 1000)
    body = gzip.compress(b" " * 1001) if packed else b" " * 1001
    headers = ["Content-Encoding: gzip"] if packed else []
    # Nothing but the first kilobyte ever comes.
    client = client_of(await misbehave(http(body, "200 OK", *headers) + b"..."))

    with pytest.raises(InvalidResponseError, match="beyond all size"):
        await client.devices()
    assert not rate_limiter.sending
    body = b'{"device": []}'.ljust(1000)
    client = client_of(await misbehave(http(body)))
    assert (await client.devices()).rows == ()


@pytest.mark.usefixtures("short_timeout")
@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"HTTP/1.1 200 OK\r\n...",
        b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"de...',
    ],
)
async def test_stalling(
    client_of: ClientOf, misbehave: Misbehave, answer: bytes | None
) -> None:
    """Who stops in the middle is not waited for."""
    client = client_of(await misbehave(answer))

    with pytest.raises(TelldusConnectionError, match="Timeout"):
        await client.devices()


@pytest.mark.usefixtures("short_timeout")
@pytest.mark.parametrize("end", [b"", b"..."])
async def test_rate_limited_whatever_the_body(
    client_of: ClientOf, misbehave: Misbehave, rate_limiter: RateLimiter, end: bytes
) -> None:
    """A 429 counts although its body breaks off or never comes."""
    answer = b"HTTP/1.1 429 No\r\nRetry-After: 30\r\nContent-Length: 9\r\n\r\nWai"
    client = client_of(await misbehave(answer + end))

    with pytest.raises(RateLimitError) as caught:
        await client.devices()
    assert caught.value.retry_after == rate_limiter.paused_for == 30


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("Retry-After: 1", 10, 10),
        ("Retry-After: 86400", 3600, 3600),
        ("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT", 15, 18),
        (
            "Date: Wed, 21 Oct 2026 07:27:20 GMT\r\n"
            "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT",
            *(40, 40),
        ),
        ("retry-after: 1e999", 15, 18),
        ("X-Nothing: 5", 15, 18),
    ],
)
async def test_retry_after(
    client_of: ClientOf,
    misbehave: Misbehave,
    rate_limiter: RateLimiter,
    header: str,
    low: float,
    high: float,
) -> None:
    """How long the pause is, is what a sane server means."""
    client = client_of(await misbehave(http("", "429 No", header)))

    with pytest.raises(RateLimitError):
        await client.devices()
    assert low <= rate_limiter.paused_for <= high


async def test_nobody_there(
    client_of: ClientOf, nowhere: str, rate_limiter: RateLimiter, secrets: set[str]
) -> None:
    """A server that is down is unreachable, and is asked again only as often as allowed."""
    with pytest.raises(
        TelldusConnectionError, match="^devices/list: ClientConnector"
    ) as caught:
        await client_of(nowhere).devices()
    kept(caught.value, secrets)
    assert rate_limiter.used == 1
    assert rate_limiter.paused_for == 0


async def test_no_tls_there(client_of: ClientOf, server_url: str) -> None:
    """A server without encryption is not one that was meant."""
    url = server_url.replace("http:", "https:")

    with pytest.raises(TelldusConnectionError, match="^devices/list: ClientConnector"):
        await client_of(url).devices()


async def test_cancelled(
    client_of: ClientOf, misbehave: Misbehave, rate_limiter: RateLimiter
) -> None:
    """A call that is given up leaves the way free."""
    client = client_of(await misbehave(None))
    asking = asyncio.create_task(client.devices())
    while not rate_limiter.used:
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert not rate_limiter.sending
    assert rate_limiter.used == 1


# The same list again


async def test_the_same_again(
    client: TelldusClient, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that is the same to the letter is not read again; any other is."""
    read: list[bytes] = []

    def counted(body: bytes) -> object:
        """Read some JSON."""
        read.append(body)
        return read_json(body)

    monkeypatch.setattr(transport_module, "read_json", counted)
    first, second = await client.devices(), await client.devices()
    assert len(read) == 1
    assert second.rows is first.rows
    simulator.press(LAMP, "turnOff")
    third = await client.devices()
    assert len(read) == 2
    changed = [a.id for a, b in zip(first.rows, third.rows, strict=True) if a is not b]
    assert changed == [LAMP]
    # What is not a list, and what went wrong, is read each time.
    await client.profile()
    await client.profile()
    assert len(read) == 4
    simulator.faults.add(Fault.APPLICATION_ERROR, times=2, text="No")
    for _ in range(2):
        with pytest.raises(ApiError):
            await client.devices()
    assert len(read) == 6


# Clocks


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Mon, 99 Foo 2026", "Sun, 01 Jan 0001 00:00:00 +2300"]
)
async def test_clock_that_cannot_be_read(
    client_of: ClientOf, misbehave: Misbehave, date: str
) -> None:
    """A date that is none says nothing of the clock."""
    body = '{"history": [{"ts": 1764000000, "state": 1, "successStatus": 0}]}'
    client = client_of(await misbehave(http(body, "200 OK", f"Date: {date}")))
    for _ in range(2):
        (deed,) = await client.device_history(LAMP, utc(1763999999))
        assert deed.when == utc(1764000000)


async def test_clocks_that_are_set(
    client: TelldusClient, simulator: Simulator, clock: Clock
) -> None:
    """A clock that is set, ours or Telldus', is noticed; a second or two is nothing."""
    our_time = simulator.clock
    begin = our_time()
    simulator.press(DIMMER, Method.TURNOFF)
    simulator.settings.change({"limit": False})
    telldus = {"ahead": 0.0}
    simulator.clock = lambda: our_time() + telldus["ahead"]
    for ahead, known in ((100, 100), (102, 100), (-100, -100), (1, 0), (50, 50)):
        telldus["ahead"] = ahead
        await client.gateways()
        (deed,) = await client.device_history(
            DIMMER, utc(begin - 500), utc(begin + 500)
        )
        assert deed.when.timestamp() == pytest.approx(begin - known, abs=0.01)
        clock.tick(61)


async def test_clock_of_a_late_answer(
    session: aiohttp.ClientSession,
    credentials: Credentials,
    rate_limiter: RateLimiter,
    server_url: str,
    simulator: Simulator,
) -> None:
    """What was on its way for long does not tell what time it is."""
    our_time = simulator.clock
    simulator.clock = lambda: our_time() + 7200
    late = iter([0.0, 2.5])
    client = TelldusClient(
        *(session, server_url, credentials, rate_limiter),
        lambda: utc(our_time() + next(late, 0.0)),
    )
    await client.gateways()
    assert next(late, None) is None
    simulator.press(DIMMER, Method.TURNOFF)
    begin = our_time()
    assert await client.device_history(DIMMER, utc(begin - 5), utc(begin + 5)) == ()
    assert len(await client.device_history(DIMMER, utc(begin - 5), utc(begin + 5))) == 1
