"""The client without Home Assistant: a clock moved by hand, and servers that misbehave."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
import traceback

import aiohttp
from aiohttp.test_utils import TestServer
import pytest

from custom_components.telldus_pa.pa_api import Credentials, RateLimiter, TelldusClient
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Simulator

UNIX_TIME = 1764000000.0

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


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant, of which this package knows nothing."""


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
        session, server_url, credentials, rate_limiter, lambda: UNIX_TIME + clock()
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


def http(body: bytes | str, status: str = "200 OK", *headers: str) -> bytes:
    """Return an answer as it stands on the wire."""
    content = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join([*head, "Connection: close", "", ""]).encode() + content
