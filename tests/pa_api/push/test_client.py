"""The push channel over real sockets, at a server that does as it is told."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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
    Command,
    Credentials,
    DeviceStateMessage,
    InvalidResponseError,
    ListChangedMessage,
    ListKind,
    Method,
    PushClient,
    PushMessage,
    PushState,
    RateLimiter,
    SensorValuesMessage,
    TelldusClient,
)
from custom_components.telldus_pa.pa_api.models import ServerAddress
from custom_components.telldus_pa.pa_api.push.connection import socket_url
from simulator import Simulator
from tests.pa_api.conftest import UNIX_TIME, Clock, utc

GATEWAY: Final = "410001"
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

    def on_state_change(self, gateway_id: str) -> None:
        """Note a state."""
        assert self.live
        self.states.append(self.live.state_of(gateway_id))


async def happens(condition: Callable[[], object]) -> None:
    """Wait until something is true, without time passing for the client."""
    ends = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends, "this does not happen"
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
async def _time_stands_still(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
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
async def live(
    telldus: Telldus,
    session: aiohttp.ClientSession,
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
        session, client, listener, utcnow=lambda: utc(UNIX_TIME + clock())
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
    # Connections are the session's own, which others use as well.
    assert session.connector
    assert not session.connector.closed


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


async def go_live(live: PushClient, clock: Clock) -> None:
    """Wait until the gateway is live; the second request waits for ten seconds."""
    await until(clock, lambda: live.state_of(GATEWAY) is PushState.LIVE, 60)


async def test_live(
    live: PushClient, telldus: Telldus, listener: Listener, clock: Clock
) -> None:
    """A session, an address, a socket with what is wanted; then events come."""
    await go_live(live, clock)

    assert telldus.names() == ["authenticateSession", "serverAddress"]
    [one] = telldus.sockets
    await happens(lambda: len(one.frames) == 10)
    assert one.frames[0] == {
        "module": "auth",
        "action": "auth",
        "data": {"sessionid": telldus.asked[0][1], "clientId": GATEWAY},
    }
    assert {(f["data"]["module"], f["data"]["action"]) for f in one.frames[1:]} == {
        *(("device", a) for a in ("added", "removed", "failSetState", "setState")),
        *(("sensor", a) for a in ("added", "removed", "setName", "setPower", "value")),
    }
    assert "Authorization" not in one.headers
    assert "Cookie" not in one.headers
    assert listener.states == [PushState.LIVE]
    assert live.last_message_at(GATEWAY) == clock()

    clock.tick(5)
    await one.socket.send_bytes(b"binary")
    for odd in ("", "nonsense", "[]", "validconnection", '{"module": 1}'):
        await one.socket.send_str(odd)
    await one.socket.send_str(json.dumps(ON))
    await one.socket.send_str(
        '{"module":"sensor","action":"value","data":{"sensorId":7,"battery":80}}'
    )
    await one.socket.send_str('{"module":"device","action":"added","data":{"id":1}}')
    await happens(lambda: len(listener.events) == 3)
    assert listener.events == [
        DeviceStateMessage("2100001", Method.TURNON, None, None),
        SensorValuesMessage("7", utc(UNIX_TIME + clock()), 80, ()),
        ListChangedMessage(ListKind.DEVICES),
    ]
    assert listener.gateways == {GATEWAY}
    assert live.last_message_at(GATEWAY) == clock()
    await one.socket.ping(b"x")
    await happens(lambda: one.pongs == 1)


async def test_lost(
    live: PushClient, telldus: Telldus, listener: Listener, clock: Clock
) -> None:
    """A lost connection is opened again after a while, with no request."""
    for number, wait in enumerate((10, 20, 40)):
        await go_live(live, clock)
        if number == 1:
            # Oversized
            await telldus.sockets[-1].socket.send_str("x" * (1024 * 1024 + 1))
        else:
            await telldus.sockets[-1].socket.close()
        await happens(lambda: live.state_of(GATEWAY) is PushState.CONNECTING)
        await pass_by(clock, wait - 1)
        assert len(telldus.sockets) == number + 1
    await go_live(live, clock)
    assert len(telldus.asked) == 2


async def test_heartbeat(live: PushClient, telldus: Telldus, clock: Clock) -> None:
    """Silence is asked after; a dead connection is found and left."""
    await go_live(live, clock)
    one = telldus.sockets[0]
    await happens(lambda: len(one.frames) == 10)
    await pass_by(clock, 29)
    assert one.pings == 0
    clock.tick(1)
    await happens(lambda: one.pings == 1)
    await happens(lambda: live.last_message_at(GATEWAY) == clock())
    clock.tick(20)
    telldus.answers_pings = False
    clock.tick(10)
    await happens(lambda: one.pings == 2)
    # Any frame is a sign of life.
    clock.tick(10)
    await one.socket.send_str("odd")
    await happens(lambda: live.last_message_at(GATEWAY) == clock())
    heard = clock()
    clock.tick(30)
    await happens(lambda: one.pings == 3)
    assert live.state_of(GATEWAY) is PushState.LIVE
    clock.tick(15)
    await happens(lambda: live.state_of(GATEWAY) is PushState.CONNECTING)
    assert live.last_message_at(GATEWAY) == heard


async def test_not_here(live: PushClient, telldus: Telldus, clock: Clock) -> None:
    """A gateway that moved is asked for again."""
    await go_live(live, clock)
    await telldus.sockets[0].socket.send_str("nothere")
    await happens(lambda: live.state_of(GATEWAY) is PushState.CONNECTING)
    await go_live(live, clock)
    assert telldus.names()[2:] == ["serverAddress"]


async def test_bad_session(live: PushClient, telldus: Telldus, clock: Clock) -> None:
    """A session that has ended is replaced; new ones not accepted are a refusal."""
    await go_live(live, clock)
    await telldus.sockets[0].socket.send_str("error")
    telldus.words.append("error")
    await happens(lambda: live.state_of(GATEWAY) is PushState.CONNECTING)
    await go_live(live, clock)
    used = [value for name, value in telldus.asked if name == "authenticateSession"]
    assert len(set(used)) == len(used) == 3
    for _ in range(2):
        telldus.words.extend(["error", "error"])
        await telldus.sockets[-1].socket.send_str("error")
        await until(clock, lambda: live.state_of(GATEWAY) is PushState.REFUSED, 200)
        # The next day it is forgotten.
        telldus.words.append("error")
        await pass_by(clock, DAY, DAY)
        await go_live(live, clock)


async def test_one_bad_session(
    live: PushClient, telldus: Telldus, clock: Clock
) -> None:
    """One new session alone that is not accepted is no refusal, not even the first."""
    telldus.words.append("error")
    await go_live(live, clock)
    assert telldus.names().count("authenticateSession") == 2


@pytest.mark.parametrize(
    "answer",
    [{"error": "Unknown function"}, {"status": "no"}, 401, 403, 404, 410],
    ids=str,
)
@pytest.mark.parametrize("function", ["session", "address"])
async def test_refused(
    live: PushClient,
    telldus: Telldus,
    listener: Listener,
    clock: Clock,
    answer: Any,
    function: str,
) -> None:
    """Whoever is not wanted asks again after a day."""
    if function == "address" and answer == {"status": "no"}:
        answer = {"error": None}
    (telldus.sessions if function == "session" else telldus.addresses).append(answer)
    await until(clock, lambda: live.state_of(GATEWAY) is PushState.REFUSED, 60)
    refused_until = live.refused_until
    assert refused_until == utc(UNIX_TIME + clock() + DAY)
    asked = len(telldus.asked)
    await pass_by(clock, DAY - 60, DAY)
    assert len(telldus.asked) == asked
    await pass_by(clock, 61)
    assert live.refused_until is None
    await go_live(live, clock)


@pytest.mark.parametrize(
    "answer",
    [
        *({}, {"address": None, "port": 1}, {"address": "", "port": 1}),
        *({"address": "x"}, {"error": "gone", "code": 3}),
    ],
    ids=str,
)
async def test_offline(
    live: PushClient, telldus: Telldus, listener: Listener, clock: Clock, answer: Any
) -> None:
    """A gateway without an address is asked for every five minutes."""
    telldus.addresses.extend([answer, answer])
    await until(clock, lambda: live.state_of(GATEWAY) is PushState.OFFLINE, 60)
    await pass_by(clock, 290, 5)
    assert len(telldus.asked) == 2
    await pass_by(clock, 15)
    await happens(lambda: len(telldus.asked) == 3)
    await pass_by(clock, 320, 5)
    await go_live(live, clock)
    assert listener.states[:1] == [PushState.OFFLINE]
    assert listener.states[-1] is PushState.LIVE


@pytest.mark.parametrize(
    "answer",
    [500, 302, 429, [1], *({"address": a, "port": 1} for a in ("10.0.0.1", "a/b"))],
    ids=str,
)
async def test_trouble(
    live: PushClient, telldus: Telldus, clock: Clock, answer: Any
) -> None:
    """Trouble passes."""
    telldus.addresses.append(answer)
    await until(clock, lambda: len(telldus.asked) == 2, 60)
    assert live.state_of(GATEWAY) is PushState.CONNECTING
    await go_live(live, clock)


@pytest.mark.parametrize(
    ("status", "refused"),
    [(400, True), (403, True), (429, False), (300, False), (302, False), (500, False)],
)
async def test_handshake(
    live: PushClient, telldus: Telldus, clock: Clock, status: int, refused: bool
) -> None:
    """A socket that is refused at a new address is a refusal, elsewhere it is not."""
    telldus.words.append(status)
    await until(clock, lambda: telldus.refused, 60)
    if refused:
        await happens(lambda: live.state_of(GATEWAY) is PushState.REFUSED)
    else:
        await go_live(live, clock)


async def test_not_all_at_once(
    live: PushClient, telldus: Telldus, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Homes that were cut off together come back one after the other."""
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    await go_live(live, clock)
    await telldus.sockets[0].socket.close()
    await happens(lambda: live.state_of(GATEWAY) is PushState.CONNECTING)
    await pass_by(clock, 14)
    assert len(telldus.sockets) == 1
    await pass_by(clock, 2)
    await happens(lambda: len(telldus.sockets) == 2)


async def test_renewed(live: PushClient, telldus: Telldus, clock: Clock) -> None:
    """A session is renewed in time, however soon it is said to end."""
    telldus.sessions.append({"status": "success", "ttl": 1})
    await go_live(live, clock)
    await pass_by(clock, 870, 29)
    assert len(telldus.asked) == 2
    await pass_by(clock, 60, 5)
    await happens(lambda: len(telldus.asked) == 3)
    assert telldus.asked[2] == telldus.asked[0]
    assert len(telldus.sockets) == 1


async def test_gone(live: PushClient, telldus: Telldus, clock: Clock) -> None:
    """A gateway that is gone has no socket any more."""
    await go_live(live, clock)
    live.set_gateways([])
    await happens(lambda: telldus.sockets[0].socket.closed)
    assert live.last_message_at(GATEWAY) is None
    live.set_gateways([GATEWAY])
    await go_live(live, clock)


OTHER: Final = "410002"


def all_live(live: PushClient) -> bool:
    """Return whether both gateways are live."""
    return all(live.state_of(one) is PushState.LIVE for one in (GATEWAY, OTHER))


async def test_two_gateways(live: PushClient, telldus: Telldus, clock: Clock) -> None:
    """They share a session, and a new one when both find that it has ended."""
    live.set_gateways([GATEWAY, OTHER])
    await until(clock, lambda: all_live(live), 90)
    assert sorted(telldus.names()) == ["authenticateSession"] + 2 * ["serverAddress"]
    for one in telldus.sockets:
        await one.socket.send_str("error")
    connecting = 2 * [PushState.CONNECTING]
    await happens(
        lambda: [live.state_of(one) for one in (GATEWAY, OTHER)] == connecting
    )
    await until(clock, lambda: all_live(live), 90)
    assert telldus.names()[3:] == ["authenticateSession"]


@pytest.mark.parametrize("answer", [{"error": "Unknown function"}, 401, 404], ids=str)
async def test_refused_together(
    live: PushClient, telldus: Telldus, clock: Clock, answer: Any
) -> None:
    """Who refuses a session is asked once for all gateways, and once a day."""
    gateways = (GATEWAY, OTHER)
    live.set_gateways(gateways)
    telldus.sessions.extend([answer, answer])
    for day in (1, 2):
        asked = day * ["authenticateSession"]
        await until(clock, lambda asked=asked: telldus.names() == asked, 120)  # type: ignore[misc]  # a lambda's default
        # Nor is it asked for one that is new.
        live.set_gateways((*gateways, "another"))
        await pass_by(clock, 30)
        assert {live.state_of(one) for one in (*gateways, "another")} == {
            PushState.REFUSED
        }
        live.set_gateways(gateways)
        await pass_by(clock, DAY - 120, DAY)
        assert telldus.names() == asked
    await until(clock, lambda: all_live(live), 240)
    assert telldus.names().count("authenticateSession") == 3


async def test_one_refused(live: PushClient, telldus: Telldus, clock: Clock) -> None:
    """A gateway that is refused alone leaves the other one live."""
    await go_live(live, clock)
    telldus.addresses.append({"error": "Access denied", "code": 2})
    live.set_gateways([GATEWAY, OTHER])
    await until(clock, lambda: live.state_of(OTHER) is PushState.REFUSED, 60)
    assert live.state_of(GATEWAY) is PushState.LIVE
    assert live.refused_until is None


async def test_before_the_welcome(
    live: PushClient, telldus: Telldus, clock: Clock
) -> None:
    """What comes before the welcome is passed over; no welcome is a failure."""
    telldus.words.extend([None, None, None])
    await until(clock, lambda: telldus.sockets and telldus.sockets[0].frames, 60)
    one = telldus.sockets[0]
    await one.socket.ping(b"x")
    await one.socket.send_bytes(b"x")
    await one.socket.send_str(json.dumps(ON))
    await happens(lambda: one.pongs == 1)
    await one.socket.send_str("validconnection")
    await happens(lambda: live.state_of(GATEWAY) is PushState.LIVE)
    await one.socket.close()
    await until(clock, lambda: len(telldus.sockets) == 2, 60)
    await happens(lambda: telldus.sockets[1].frames)
    await telldus.sockets[1].socket.close()
    await until(clock, lambda: len(telldus.sockets) == 3, 60)
    # Asked for again, since the second came to nothing
    assert telldus.names()[2:] == ["serverAddress"]
    await happens(lambda: telldus.sockets[2].frames)
    assert live.state_of(GATEWAY) is PushState.CONNECTING
    clock.tick(21)
    await happens(lambda: telldus.sockets[2].socket.closed)
    await go_live(live, clock)


async def test_backoff_forgets(
    live: PushClient, telldus: Telldus, clock: Clock
) -> None:
    """A connection that was good for minutes is followed by the shortest wait again."""
    for _ in range(3):
        await go_live(live, clock)
        await telldus.sockets[-1].socket.close()
        await happens(lambda: live.state_of(GATEWAY) is PushState.CONNECTING)
    await go_live(live, clock)
    for _ in range(8):
        await pass_by(clock, 29, 29)
        await telldus.sockets[-1].socket.send_str("odd")
        await happens(lambda: live.last_message_at(GATEWAY) == clock())
    await telldus.sockets[-1].socket.close()
    await happens(lambda: live.state_of(GATEWAY) is PushState.CONNECTING)
    before = clock()
    await go_live(live, clock)
    assert clock() - before <= 12


@pytest.mark.parametrize("answer", [429, 500, {"error": "No"}, {"status": "success"}])
async def test_renewal_fails(
    live: PushClient, telldus: Telldus, clock: Clock, answer: Any
) -> None:
    """A session that cannot be renewed costs no socket; it is tried again."""
    telldus.sessions.extend([{"status": "success", "ttl": 1}, answer])
    await go_live(live, clock)
    asked = len(telldus.asked)
    for _ in range(36):
        await pass_by(clock, 29, 29)
        await telldus.sockets[0].socket.send_str("odd")
        await happens(lambda: live.last_message_at(GATEWAY) == clock())
    await happens(lambda: len(telldus.asked) > asked)
    await happens(
        lambda: len(telldus.asked) > asked + (answer != {"status": "success"})
    )
    assert len({session for name, session in telldus.asked if "Session" in name}) == 1
    assert live.state_of(GATEWAY) is PushState.LIVE
    assert len(telldus.sockets) == 1


async def test_session_of_nobody(
    live: PushClient, telldus: Telldus, clock: Clock
) -> None:
    """A session that no socket uses is not renewed."""
    telldus.sessions.append({"status": "success", "ttl": 1})
    telldus.addresses.extend([{}] * 5)
    await until(clock, lambda: live.state_of(GATEWAY) is PushState.OFFLINE, 60)
    live.set_gateways([])
    await pass_by(clock, 3000, 50)
    assert telldus.names().count("authenticateSession") == 1


@pytest.mark.parametrize(
    ("ago", "expected"), [(-3 * DAY, DAY), (-60, 60), (60, None), (UNIX_TIME, None)]
)
async def test_refused_before(
    session: aiohttp.ClientSession,
    client: TelldusClient,
    listener: Listener,
    clock: Clock,
    ago: float,
    expected: float | None,
) -> None:
    """A refusal outlives a restart, and no clock makes it longer than a day."""
    now = UNIX_TIME + clock()
    live = PushClient(
        *(session, client, listener),
        refused_until=utc(now - ago),
        utcnow=lambda: utc(UNIX_TIME + clock()),
    )
    listener.live = live
    assert live.refused_until == (utc(now + expected) if expected else None)
    assert live.state_of(GATEWAY) is PushState.CONNECTING
    live.set_gateways([GATEWAY])
    assert live.state_of(GATEWAY) is (
        PushState.REFUSED if expected else PushState.CONNECTING
    )
    if expected == 60:
        clock.tick(61)
        live.set_gateways([GATEWAY, OTHER])
        assert live.state_of(OTHER) is PushState.CONNECTING
        task = asyncio.create_task(live.run())
        await happens(lambda: live.state_of(GATEWAY) is PushState.CONNECTING)
        task.cancel()


def test_clock(session: aiohttp.ClientSession, client: TelldusClient) -> None:
    """Without a clock of its own it goes by the time of day."""
    until = datetime.now(UTC) + timedelta(seconds=100)
    assert (
        PushClient(session, client, Listener(), refused_until=until).refused_until
        == until
    )


@pytest.mark.parametrize(
    ("server", "address", "port", "url"),
    [
        ("https://a.b", "w1.c.com", 80, "wss://w1.c.com/websocket"),
        ("https://a.b", "W1.c.com:8443", "x", "wss://w1.c.com:8443/websocket"),
        ("https://a.b", "10.0.0.1", 80, "wss://10.0.0.1/websocket"),
        ("https://a.b", "::1", 80, "wss://[::1]/websocket"),
        ("https://a.b", "[::1]:81", 80, "wss://[::1]:81/websocket"),
        ("http://127.0.0.1", "localhost", 81, "ws://localhost:81/websocket"),
        ("http://127.0.0.1", "::1", "81", "ws://[::1]:81/websocket"),
        ("http://127.0.0.1", "localhost", "x", None),
        ("http://127.0.0.1", "w1.c.com", 80, None),
        *(
            ("https://a.b", bad, 80, None)
            for bad in (
                *("a/b", "u@a.b", "u:p@a.b", "a.b?x", "a.b#x", "a b", "a.b:0", "a.b:x"),
                *(
                    "http://a.b",
                    "a..b",
                    "-a.b",
                    "1234",
                    "0x7f.1",
                    "a.b\\",
                    "fe80::1%eth0",
                ),
                *("[a.b", "a.b:", "\u00e5.se", "%61.b", "[", "a" * 64 + ".b"),
            )
        ),
    ],
)
def test_address(server: str, address: str, port: Any, url: str | None) -> None:
    """A bare host is connected to, anything else is not."""
    try:
        parsed = ServerAddress.from_dict({"address": address, "port": port})
        assert parsed
        found = str(socket_url(server, parsed))
    except ValueError, InvalidResponseError:
        found = None
    assert found == url


@pytest.mark.parametrize("numbers", ["texts", "ints"])
@pytest.mark.parametrize("extras", [False, True])
async def test_simulator(
    simulator: Simulator,
    client: TelldusClient,
    session: aiohttp.ClientSession,
    listener: Listener,
    clock: Clock,
    secrets: set[str],
    numbers: str,
    extras: bool,
) -> None:
    """The simulator's socket and ours understand each other."""
    simulator.change_settings(
        {"push": True, "life": False, "drift": False}
        | {"push_numbers": numbers, "push_extras": extras}
    )
    live = PushClient(
        session, client, listener, utcnow=lambda: utc(UNIX_TIME + clock())
    )
    listener.live = live
    live.set_gateways([GATEWAY])
    task = asyncio.create_task(live.run())
    await go_live(live, clock)
    await happens(lambda: len(simulator.push.as_dict()["sockets"][0]["accepted"]) == 9)

    for command in (
        Command("2100001", Method.TURNON),
        Command("2100003", Method.DIM, 64),
        Command("2100009", Method.RGB, 0xFF8000),
    ):
        await until_done(clock, client.command(lambda command=command: command))  # type: ignore[misc]  # a lambda's default
        told = len(listener.events)
        await until(clock, lambda told=told: len(listener.events) > told, 60)  # type: ignore[misc]  # likewise
        heard = listener.events[told]
        assert isinstance(heard, DeviceStateMessage)
        assert heard.command == command
        assert (heard.origin is not None) is extras

    for session_id in simulator.push._sessions:  # noqa: SLF001
        secrets.add(session_id)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await happens(lambda: not simulator.push.as_dict()["connections"])


async def until_done(clock: Clock, coroutine: Any) -> None:
    """Let time pass until something is done."""
    task = asyncio.ensure_future(coroutine)
    await until(clock, task.done, 100)
    await task
