"""Push over real websockets: connected, lost, connected again."""

import asyncio
import json
import random
from typing import Any

import aiohttp
import pytest

from custom_components.telldus_pa.pa_api import (
    Command,
    DeviceStateMessage,
    InvalidResponseError,
    ListChangedMessage,
    ListKind,
    Method,
    PushClient,
    PushState,
    SensorValuesMessage,
    TelldusClient,
)
from custom_components.telldus_pa.pa_api.models import ServerAddress
from custom_components.telldus_pa.pa_api.push.connection import socket_url
from simulator import Simulator
from tests.pa_api.conftest import UNIX_TIME, Clock, utc

from .conftest import (
    GATEWAY,
    ON,
    OTHER,
    Listener,
    Telldus,
    all_live,
    go_live,
    happens,
    pass_by,
    until,
    until_done,
)

pytestmark = pytest.mark.usefixtures("time_stands_still")


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
    websocket_session: aiohttp.ClientSession,
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
        websocket_session, client, listener, utcnow=lambda: utc(UNIX_TIME + clock())
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
