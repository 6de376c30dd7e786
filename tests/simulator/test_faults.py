"""Every fault, and that it goes away again."""

import asyncio
import json
from typing import Any

from aiohttp import web
import pytest

from simulator import Fault, Simulator

from .conftest import Api

PATH = "json/clients/list"


@pytest.mark.parametrize(
    ("fault", "args", "status", "kind", "text"),
    [
        (Fault.UNAUTHORIZED_XML, {}, 401, "text/xml", "<error> OAuth Verification"),
        (Fault.UNAUTHORIZED_TEXT, {}, 401, "text/plain", "OAuth Verification Failed"),
        (Fault.RATE_LIMITED, {}, 429, "text/html", ""),
        (Fault.NOT_FOUND, {}, 404, "text/html", ""),
        (Fault.BAD_GATEWAY, {}, 502, "text/html", "<html><body>Bad Gateway<"),
        (
            *(Fault.BAD_GATEWAY, {"status": 503}, 503, "text/html"),
            "<html><body>Service Unavailable<",
        ),
        (Fault.CLOUDFLARE, {}, 403, "text/plain", "error code: 1020"),
        (Fault.CLOUDFLARE, {"number": 1001}, 403, "text/plain", "error code: 1001"),
        (Fault.APPLICATION_ERROR, {}, 200, "application/json", '{"error":"Unknown'),
        (
            Fault.APPLICATION_ERROR,
            {"text": "No", "code": 2},
            *(200, "application/json", '{"error":"No","code":2}'),
        ),
        (Fault.GARBAGE, {}, 200, "text/html", "<!doctype html>"),
        (Fault.EMPTY, {}, 200, "text/html", ""),
        (Fault.DATABASE, {}, 200, "text/html", "Could not select database"),
        (Fault.REDIRECT, {}, 302, "", ""),
        (Fault.SLOW, {"seconds": 0.01}, 200, "application/json", '{"client":'),
    ],
)
async def test_fault(
    api: Api,
    sim: Simulator,
    fault: Fault,
    args: dict[str, Any],
    status: int,
    kind: str,
    text: str,
) -> None:
    """Each fault has its answer; it hits as often as it was told to."""
    sim.faults.add(fault, match="clients/*", times=1, **args)
    assert (await api.call("json/events/list")).status == 200
    answer = await api.call(PATH)
    assert answer.status == status
    assert answer.headers.get("Content-Type", "").startswith(kind)
    assert answer.text.startswith(text)
    if not text:
        assert answer.text == ""
    assert sim.log[-1].note.startswith(f"fault {fault.value}")
    assert (await api.call(PATH)).json["client"][0]["name"] == "Home"


async def test_headers(api: Api, sim: Simulator) -> None:
    """Arguments that become headers."""
    sim.faults.add(Fault.RATE_LIMITED, times=1, retry_after=30)
    assert (await api.call(PATH)).headers["Retry-After"] == "30"
    sim.faults.add(Fault.REDIRECT, times=1, location="https://x.invalid/")
    assert (await api.call(PATH)).headers["Location"] == "https://x.invalid/"


async def test_token_endpoints(stranger: Api, sim: Simulator) -> None:
    """The handshake has faults as well."""
    sim.faults.add(Fault.NOT_FOUND, match="oauth/requestToken", times=1)
    assert (await stranger.call("oauth/requestToken")).status == 404
    sim.faults.add(Fault.TRUNCATED, match="oauth/*", times=1)
    assert "secret=" not in (await stranger.call("oauth/requestToken")).text
    sim.faults.add(Fault.WRONG_TYPES, match="oauth/*", times=1)
    assert "secret=" in (await stranger.call("oauth/requestToken")).text


async def test_truncated(api: Api, sim: Simulator) -> None:
    """Half of the JSON is no JSON."""
    whole = (await api.call(PATH)).text
    sim.faults.add(Fault.TRUNCATED)
    half = (await api.call(PATH)).text
    assert half == whole[: len(whole) // 2]
    with pytest.raises(json.JSONDecodeError):
        json.loads(half)


async def test_wrong_types(api: Api, sim: Simulator) -> None:
    """Texts and numbers swapped, and rows that are none."""
    sim.faults.add(Fault.WRONG_TYPES)
    rows = (await api.call("json/devices/list", supportedMethods=3)).json["device"]
    assert rows[0]["id"] == 2100001
    assert rows[0]["state"] == "1"
    assert rows[0]["name"] == ["Window lamp"]
    assert rows[0]["statevalue"] == "unde"
    assert rows[2] == "row"


async def test_missing_keys(api: Api, sim: Simulator) -> None:
    """Each row lacks another key, or all lack the one that was named."""
    sim.faults.add(Fault.MISSING_KEYS, times=2)
    rows = (await api.call("json/devices/list")).json["device"]
    assert "id" not in rows[0]
    assert "id" in rows[1]
    assert "clientDeviceId" not in rows[1]
    assert "id" not in (await api.call("json/device/info", id="2100002")).json
    sim.faults.add(Fault.MISSING_KEYS, keys=["client", "online"])
    rows = (await api.call("json/devices/list")).json["device"]
    assert not any({"client", "online"} & set(row) for row in rows)


async def test_timeout(api: Api, sim: Simulator) -> None:
    """No answer comes until the client gives up, and nothing was done."""
    sim.settings.effect_delay = 0
    sim.faults.add(Fault.TIMEOUT, times=1)
    # Not TestServer, which cancels what it does for a client that has left.
    runner = web.AppRunner(sim.app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    api.base = f"http://{host}:{port}"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await api.call("json/device/turnOn", id="2100002")
    assert (await api.call(PATH)).status == 200
    await runner.cleanup()
    # The server has ended, so the call that it held back has too.
    assert (sim.log[0].status, sim.log[0].note) == (0, "fault timeout")
    assert sim.home.devices["2100002"].state == 2


async def test_add_and_clear(api: Api, sim: Simulator) -> None:
    """Faults stay until they are cleared; what makes no sense is refused."""
    sim.faults.add("empty")
    for _ in range(3):
        assert (await api.call(PATH)).text == ""
    assert [rule.fault for rule in sim.faults] == [Fault.EMPTY]
    sim.faults.clear()
    assert len(sim.faults) == 0
    assert (await api.call(PATH)).text
    with pytest.raises(ValueError, match="nothing"):
        sim.faults.add("nothing")
    with pytest.raises(ValueError, match="seconds"):
        sim.faults.add(Fault.EMPTY, seconds=1)
    with pytest.raises(ValueError, match="502 or 503"):
        sim.faults.add(Fault.BAD_GATEWAY, status=200)
    with pytest.raises(ValueError, match="times"):
        sim.faults.add(Fault.EMPTY, times=0)
    with pytest.raises(TypeError, match="seconds"):
        sim.faults.add(Fault.SLOW, seconds="long")


async def test_fault_counts_for_the_limit(api: Api, sim: Simulator) -> None:
    """A call that went wrong is a call."""
    sim.settings.limit = True
    sim.faults.add(Fault.BAD_GATEWAY)
    statuses = [(await api.call(PATH)).status for _ in range(11)]
    assert statuses == [502] * 10 + [429]
