"""Sessions of the push channel: renewed, rejected, and refused for a day."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from custom_components.telldus_pa.pa_api import PushClient, PushState, TelldusClient
from tests.pa_api.conftest import UNIX_TIME, Clock, utc

from .conftest import (
    DAY,
    GATEWAY,
    OTHER,
    Listener,
    Telldus,
    all_live,
    go_live,
    happens,
    pass_by,
    until,
)

pytestmark = pytest.mark.usefixtures("time_stands_still")


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
    websocket_session: aiohttp.ClientSession,
    client: TelldusClient,
    listener: Listener,
    clock: Clock,
    ago: float,
    expected: float | None,
) -> None:
    """A refusal outlives a restart, and no clock makes it longer than a day."""
    now = UNIX_TIME + clock()
    live = PushClient(
        *(websocket_session, client, listener),
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


def test_clock(websocket_session: aiohttp.ClientSession, client: TelldusClient) -> None:
    """Without a clock of its own it goes by the time of day."""
    until = datetime.now(UTC) + timedelta(seconds=100)
    assert (
        PushClient(
            websocket_session, client, Listener(), refused_until=until
        ).refused_until
        == until
    )
