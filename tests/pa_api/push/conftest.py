"""A server for websockets that does as a test says, and a clock that a test moves."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
import json
import random
import selectors
import time
from typing import Any, Final, cast

import aiohttp
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.telldus_pa.pa_api import (
    Credentials,
    PushClient,
    PushMessage,
    PushState,
    RateLimiter,
    TelldusClient,
    push_session_options,
)
from tests.pa_api.conftest import UNIX_TIME, Clock, utc

GATEWAY: Final = "410001"
OTHER: Final = "410002"
DAY: Final = 86400.0
ON: Final = {
    "module": "device",
    "action": "setState",
    "data": {"deviceId": "2100001", "method": "1", "value": ""},
}


@dataclass
class Connection:
    """One socket at the server."""

    socket: web.WebSocketResponse
    headers: Any
    frames: list[dict[str, Any]] = field(default_factory=list)
    pings: int = 0
    pongs: int = 0


@dataclass
class Telldus:
    """A server that answers as it is told, the last answer again and again."""

    address: dict[str, Any] = field(default_factory=dict)
    sessions: deque[Any] = field(default_factory=deque)
    addresses: deque[Any] = field(default_factory=deque)
    # What a socket hears first; None: nothing. An int: the status of a refused handshake.
    words: deque[str | int | None] = field(default_factory=deque)
    asked: list[tuple[str, str]] = field(default_factory=list)
    sockets: list[Connection] = field(default_factory=list)
    refused: int = 0
    answers_pings: bool = True

    def names(self) -> list[str]:
        """Return which functions were called."""
        return [name for name, _ in self.asked]

    async def rest(self, request: web.Request) -> web.Response:
        """Answer a function."""
        name = request.path.rsplit("/", 1)[-1]
        if name == "authenticateSession":
            self.asked.append((name, request.query["session"]))
            answers, usual = self.sessions, {"status": "success", "ttl": 2**31}
        else:
            self.asked.append((name, request.query["id"]))
            answers, usual = self.addresses, self.address
        answer = answers.popleft() if answers else usual
        if isinstance(answer, int):
            return web.Response(status=answer, headers={"Location": "/elsewhere"})
        return web.json_response(answer)

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        """Hold a socket."""
        word = self.words.popleft() if self.words else "validconnection"
        if isinstance(word, int):
            self.refused += 1
            return web.Response(status=word, headers={"Location": "/elsewhere"})
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        connection = Connection(socket, request.headers)
        self.sockets.append(connection)
        async for message in socket:
            if message.type is WSMsgType.PING:
                connection.pings += 1
                if self.answers_pings:
                    await socket.pong(message.data)
            elif message.type is WSMsgType.PONG:
                connection.pongs += 1
            elif message.type is WSMsgType.TEXT:
                connection.frames.append(json.loads(message.data))
                if connection.frames[-1]["module"] == "auth" and word:
                    await socket.send_str(word)
        return socket


@dataclass
class Listener:
    """Notes what it is told."""

    live: PushClient | None = None
    events: list[PushMessage] = field(default_factory=list)
    gateways: set[str] = field(default_factory=set)
    states: list[PushState] = field(default_factory=list)

    def on_message(self, gateway_id: str, event: PushMessage) -> None:
        """Note an event."""
        self.events.append(event)
        self.gateways.add(gateway_id)

    def on_state_change(self, gateway_id: str, state: PushState) -> None:
        """Note a state."""
        assert self.live
        assert state is self.live.state_of(gateway_id)
        self.states.append(state)


async def happens(condition: Callable[[], object]) -> None:
    """Wait until something is true, without time passing for the client."""
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends, "this does not happen"
        await asyncio.sleep(0)


@pytest.fixture
async def time_stands_still(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the loop live by the clock, and wait for the network only."""
    loop = asyncio.get_running_loop()
    selector = cast("Any", loop)._selector  # noqa: SLF001
    select = selector.select

    def select_soon(
        timeout: float | None = None,
    ) -> list[tuple[selectors.SelectorKey, int]]:
        found: list[tuple[selectors.SelectorKey, int]] = select(0)
        return found

    monkeypatch.setattr(random, "uniform", lambda low, high: low)
    monkeypatch.setattr(loop, "time", clock)
    monkeypatch.setattr(selector, "select", select_soon)


@pytest.fixture
async def telldus(socket_enabled: None) -> AsyncGenerator[Telldus]:
    """Run a server of one's own."""
    telldus = Telldus()
    app = web.Application()
    app.router.add_get("/json/{module}/{function}", telldus.rest)
    app.router.add_get("/websocket", telldus.websocket)
    server = TestServer(app)
    await server.start_server()
    telldus.address = {"address": "127.0.0.1", "port": server.port, "instance": 1}
    yield telldus
    await server.close()


@pytest.fixture
def listener() -> Listener:
    """Return somebody who is told."""
    return Listener()


@pytest.fixture
async def websocket_session(
    secrets: set[str],
) -> AsyncGenerator[aiohttp.ClientSession]:
    """Return a session for websockets alone."""
    async with aiohttp.ClientSession(**push_session_options()) as session:
        yield session


@pytest.fixture
async def live(
    telldus: Telldus,
    session: aiohttp.ClientSession,
    websocket_session: aiohttp.ClientSession,
    rate_limiter: RateLimiter,
    clock: Clock,
    listener: Listener,
) -> AsyncGenerator[PushClient]:
    """Run the push channel of one gateway."""
    server = f"http://127.0.0.1:{telldus.address['port']}"
    client = TelldusClient(
        session, server, Credentials("k", "s", "t", "u"), rate_limiter
    )
    live = PushClient(
        websocket_session, client, listener, utcnow=lambda: utc(UNIX_TIME + clock())
    )
    listener.live = live
    live.set_gateways([GATEWAY])
    task = asyncio.create_task(live.run())
    yield live
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert live.state_of(GATEWAY) in (PushState.CONNECTING, PushState.REFUSED)
    await happens(lambda: all(one.socket.closed for one in telldus.sockets))
    # The session is the caller's.
    assert not websocket_session.closed


async def pass_by(clock: Clock, seconds: float, step: float = 1.0) -> None:
    """Let time pass in steps, and what happens in each happen."""
    while seconds > 0:
        clock.tick(min(step, seconds))
        seconds -= step
        for _ in range(10):
            await asyncio.sleep(0)


async def until(clock: Clock, condition: Callable[[], object], limit: float) -> None:
    """Let time pass until something is true."""
    while not condition():
        assert limit > 0, "this does not happen"
        limit -= 1
        await pass_by(clock, 1)


async def until_done(clock: Clock, coroutine: Any) -> None:
    """Let time pass until something is done."""
    task = asyncio.ensure_future(coroutine)
    await until(clock, task.done, 100)
    await task


async def go_live(live: PushClient, clock: Clock) -> None:
    """Wait until the gateway is live; the second request waits for ten seconds."""
    await until(clock, lambda: live.state_of(GATEWAY) is PushState.LIVE, 60)


def all_live(live: PushClient) -> bool:
    """Return whether both gateways are live."""
    return all(live.state_of(one) is PushState.LIVE for one in (GATEWAY, OTHER))
