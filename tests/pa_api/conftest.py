"""The client without Home Assistant: a clock moved by hand, and servers that misbehave."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
import logging
import traceback
from typing import Any

import aiohttp
from aiohttp.test_utils import TestServer
import pytest

from custom_components.telldus_pa.pa_api import (
    Command,
    Credentials,
    Method,
    OAuth1Flow,
    Priority,
    RateLimiter,
    RequestToken,
    TelldusClient,
    TelldusConnectionError,
    TelldusError,
    oauth as oauth_module,
    rate_limiter as rate_limiter_module,
    transport as transport_module,
)
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Simulator

UNIX_TIME = 1764000000.0


def utc(seconds: float) -> datetime:
    """Return a time by its unix seconds."""
    return datetime.fromtimestamp(seconds, UTC)


LAMP, DIMMER, BELL, BLIND = "2100001", "2100003", "2100005", "2100006"
BULB, RADIATOR, CABIN_LAMP = "2100009", "2100010", "2100056"
ON = Command(LAMP, Method.TURNON)

CALLBACK = "http://homeassistant.local:8123/api/telldus_pa/callback/a-secret-state"

type OAuthStep = Callable[[OAuth1Flow], Any]

OAUTH_STEPS = pytest.mark.parametrize(
    "step",
    [
        lambda flow: flow.request_token(CALLBACK),
        lambda flow: flow.request_token(None),
        lambda flow: flow.access_token(
            RequestToken("a-token", "a-token-secret", True), "a-verifier"
        ),
        lambda flow: flow.access_token(
            RequestToken("a-token", "a-token-secret", True), None
        ),
    ],
    ids=["request", "request oob", "access", "access oob"],
)

OAUTH_SECRETS = {"a-token", "a-token-secret", "a-verifier", "a-secret-state"}

type ClientOf = Callable[[str], TelldusClient]
type Misbehave = Callable[[bytes | None], Awaitable[str]]


@dataclass
class Clock:
    """Seconds that pass only when told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the client and of the simulator."""
    return Clock()


@pytest.fixture
def rate_limiter(clock: Clock) -> RateLimiter:
    """Return an empty rate limiter."""
    return RateLimiter(clock)


@pytest.fixture
def simulator(clock: Clock) -> Simulator:
    """Return a Telldus of one's own, limit and delay on."""
    return Simulator(clock=lambda: UNIX_TIME + clock())


@pytest.fixture
async def session(secrets: set[str]) -> AsyncGenerator[aiohttp.ClientSession]:
    """Return a session as Home Assistant shares one."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def credentials(simulator: Simulator) -> Credentials:
    """Return what a person has who is signed in."""
    return Credentials(DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, *simulator.issue_token())


@pytest.fixture
def client(
    server_url: str,
    session: aiohttp.ClientSession,
    credentials: Credentials,
    rate_limiter: RateLimiter,
    clock: Clock,
) -> TelldusClient:
    """Return a client that is signed in at the simulator, and whose clock is the same."""
    return TelldusClient(
        *(session, server_url, credentials, rate_limiter),
        lambda: utc(UNIX_TIME + clock()),
    )


@pytest.fixture
async def misbehave(socket_enabled: None) -> AsyncGenerator[Misbehave]:
    """Return a function that starts a server which answers everything with some bytes.

    With None it reads the request and says nothing until the test is over; bytes that end
    in an ellipsis are sent, and then nothing more.
    """
    over = asyncio.Event()
    servers: list[asyncio.Server] = []
    asked: set[asyncio.Task[None] | None] = set()

    async def start(answer: bytes | None) -> str:
        async def handle(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            asked.add(asyncio.current_task())
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                writer.write((answer or b"").removesuffix(b"..."))
                await writer.drain()
                if answer is None or answer.endswith(b"..."):
                    await over.wait()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    over.set()
    for server in servers:
        server.close()
    await asyncio.gather(*(task for task in asked if task))


@pytest.fixture
async def nowhere(simulator: Simulator, socket_enabled: None) -> str:
    """Return an address at which nobody listens any more."""
    server = TestServer(simulator.app)
    await server.start_server()
    url = str(server.make_url("/")).rstrip("/")
    await server.close()
    return url


def told(err: BaseException) -> str:
    """Return everything that a log with a traceback would tell of an error."""
    return "".join([*traceback.format_exception(err), repr(err), str(err)])


@pytest.fixture
def no_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not space the calls of a test: the clock stands still."""
    monkeypatch.setattr(
        rate_limiter_module, "MIN_INTERVAL", dict.fromkeys(Priority, 0.0)
    )


@pytest.fixture
def client_of(
    session: aiohttp.ClientSession, credentials: Credentials, rate_limiter: RateLimiter
) -> Callable[[str], TelldusClient]:
    """Return a function that makes a client of another server."""

    def make(server: str) -> TelldusClient:
        return TelldusClient(session, server, credentials, rate_limiter)

    return make


def http(body: bytes | str, status: str = "200 OK", *headers: str) -> bytes:
    """Return an answer as it stands on the wire."""
    content = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join([*head, "Connection: close", "", ""]).encode() + content


def kept(err: TelldusError, secrets: set[str]) -> TelldusError:
    """Return an error, having made sure that it tells no secrets."""
    text = told(err)
    assert not [secret for secret in secrets if secret in text]
    assert "OAuth oauth_" not in text
    if isinstance(err, TelldusConnectionError):
        # What it came of carries the request.
        assert err.__cause__ is None
        assert err.__suppress_context__ or err.__context__ is None
    return err


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged that somebody is to see."""
    return [
        record.message
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name != "asyncio"
    ]


@pytest.fixture
def flow(server_url: str, rate_limiter: RateLimiter) -> OAuth1Flow:
    """Return an OAuth flow with the demo keys."""
    return flow_at(server_url, rate_limiter)


def flow_at(server: str, rate_limiter: RateLimiter) -> OAuth1Flow:
    """Return an OAuth flow with the demo keys at another server."""
    return OAuth1Flow(server, DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, rate_limiter)


def checked_text(err: TelldusError, secrets: set[str]) -> str:
    """Return an error's text, having made sure that it tells no secrets."""
    text = told(err)
    assert not [secret for secret in secrets if secret in text]
    assert "oauth_signature=" not in text
    # What it came of carries the request or the answer.
    assert err.__cause__ is None
    assert err.__suppress_context__ or err.__context__ is None
    return str(err)


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a response, or for each byte of it, for a moment only."""
    timeout = aiohttp.ClientTimeout(total=0.1, sock_connect=0.1)
    monkeypatch.setattr(transport_module, "_TIMEOUT", timeout)
    monkeypatch.setattr(oauth_module, "_HTTP_TIMEOUT", (0.1, 0.1))
