"""The control API, and the page for people with its forms."""

from typing import Any

import pytest

from simulator import Fault, Simulator

from .conftest import NOW, Api, Clock


async def refuse(api: Api, path: str, body: Any) -> str:
    """Send bad input; returns the reason."""
    async with api.session.post(f"{api.base}/control/{path}", json=body) as response:
        assert response.status == 400
        reason: str = (await response.json())["error"]
        return reason


async def test_state(api: Api, clock: Clock) -> None:
    """The home as it is now."""
    state = await api.control("state", method="GET")
    assert state["time"] == NOW
    assert state["gateways"]["410002"]["online"] is False
    assert state["devices"]["2100003"]["state"] == 16
    assert state["devices"]["2100017"]["methods"] == 19
    assert state["sensors"]["1540000002"]["values"][0]["value"] == "-19.8"
    await api.get("device/turnOff", id="2100003")
    assert (await api.control("state", method="GET"))["pending"] == 1
    clock.now += 3
    state = await api.control("state", method="GET")
    assert (state["pending"], state["devices"]["2100003"]["state"]) == (0, 2)
    assert state["devices"]["2100003"]["history"][-1]["origin"] == "Demo application"
    assert str(api.secret) not in str(state)


async def test_log(api: Api, clock: Clock) -> None:
    """What was asked, since a time."""
    await api.get("clients/list")
    clock.now += 10
    await api.get("device/info", id="2100003")
    rows = (await api.control("log", method="GET"))["log"]
    assert [row["path"] for row in rows] == ["json/clients/list", "json/device/info"]
    rows = (await api.control(f"log?since={NOW + 5}", method="GET"))["log"]
    assert rows == [
        {
            "time": NOW + 10,
            "method": "GET",
            "path": "json/device/info",
            "params": {"id": "2100003"},
            "account": "demo",
            "status": 200,
            "note": "",
        }
    ]
    assert (await api.open("control/log?since=x")).status == 400


async def test_press(api: Api, sim: Simulator) -> None:
    """A wall remote, by bit or name."""
    body: dict[str, Any] = {"device": "2100002", "method": "turnOn"}
    assert await api.control("press", body) == {"heard": True}
    assert sim.home.devices["2100002"].state == 1
    body = {"device": 2100003, "method": 16, "level": 7}
    assert await api.control("press", body) == {"heard": True}
    assert sim.home.devices["2100003"].state_value == "7"
    body = {"device": "2100021", "method": 1}
    assert await api.control("press", body) == {"heard": False}
    assert "'1'" in await refuse(api, "press", {"device": "1", "method": 1})
    assert "method" in await refuse(api, "press", {"device": "2100002"})
    assert "device" in await refuse(api, "press", {"method": 1})
    assert "object" in await refuse(api, "press", [])
    answer = await api.session.post(f"{api.base}/control/press", data="{")
    assert answer.status == 400


async def test_sensor_and_gateway(api: Api, sim: Simulator) -> None:
    """Values, and gateways that come and go."""
    body = {"sensor": "1540000002", "name": "temp", "scale": 0, "value": -1.5}
    await api.control("sensor", body)
    assert sim.home.sensors["1540000002"].values[0].value == "-1.5"
    assert "value" in await refuse(api, "sensor", {**body, "value": None})
    assert "'9'" in await refuse(api, "sensor", {**body, "sensor": "9"})
    await api.control("gateway", {"gateway": "410001", "online": False})
    assert not sim.home.gateways["410001"].online
    assert "online" in await refuse(api, "gateway", {"gateway": "410001"})
    assert "'x'" in await refuse(api, "gateway", {"gateway": "x", "online": True})


async def test_faults(api: Api, sim: Simulator) -> None:
    """Faults on, listed and off."""
    body = {"fault": "SLOW", "match": "oauth/*", "times": 2, "seconds": 3}
    await api.control("faults", body)
    listed = await api.control("faults", method="GET")
    assert listed == {"faults": [{**body, "fault": "slow"}]}
    assert "nothing" in await refuse(api, "faults", {"fault": "nothing"})
    assert "seconds" in await refuse(api, "faults", {"fault": "empty", "seconds": 1})
    await api.control("faults", method="DELETE")
    assert len(sim.faults) == 0


async def test_settings(api: Api, sim: Simulator) -> None:
    """Switches; one that is wrong changes none."""
    answer = await api.control("settings", {"limit_per_minute": 5, "retry_after": 2.5})
    assert (answer["limit_per_minute"], answer["retry_after"]) == (5, 2.5)
    assert (await api.control("settings", method="GET")) == sim.settings.as_dict()
    wrong: list[dict[str, Any]] = [
        {"no_such": 1},
        {"limit": 1},
        {"limit_per_minute": "5"},
        {"limit_per_minute": 5.5},
        {"limit_per_minute": -1},
        {"limit_scope": "world"},
        {"application": 5},
        {"effect_delay": None},
    ]
    for body in wrong:
        reason = await refuse(api, "settings", {"strict_burst": True, **body})
        assert next(iter(body)) in reason
    assert sim.settings.strict_burst is False


async def test_devices(api: Api, sim: Simulator) -> None:
    """Devices that come, change their name, hide and go."""
    body = {"action": "add", "name": "New lamp", "methods": 19, "kind": 5}
    device = (await api.control("device", body))["device"]
    row = (await api.get("devices/list", supportedMethods=19))["device"][-1]
    assert (row["id"], row["name"], row["methods"]) == (device, "New lamp", 19)
    body = {"action": "rename", "device": device, "name": "Old lamp"}
    await api.control("device", body)
    assert sim.home.devices[device].name == "Old lamp"
    await api.control("device", {"action": "ignore", "device": device})
    assert sim.home.devices[device].ignored
    await api.control("device", {"action": "show", "device": device})
    assert not sim.home.devices[device].ignored
    await api.control("device", {"action": "remove", "device": device})
    assert device not in sim.home.devices
    assert "action" in await refuse(api, "device", {"action": "x", "device": 2100001})
    body = {"action": "add", "device": "2100001"}
    assert "already" in await refuse(api, "device", body)
    assert "'9'" in await refuse(api, "device", {"action": "add", "gateway": "9"})
    assert "'9'" in await refuse(api, "device", {"action": "remove", "device": "9"})


async def test_tokens(api: Api, sim: Simulator, stranger: Api) -> None:
    """Agree without a browser, and revoke."""
    await stranger.call("oauth/requestToken")
    (token,) = sim.tokens.request_tokens.values()
    answer = await api.control("authorize", {"token": token.token, "user": "Ann"})
    assert answer == {"answer": token.verifier}
    assert token.user == "ann"
    assert token.token in sim.tokens.request_tokens
    assert "'x'" in await refuse(api, "authorize", {"token": "x"})
    assert await api.control("revoke", {"token": api.token}) == {"revoked": 1}
    assert await api.control("revoke") == {"revoked": 0}


@pytest.mark.parametrize(
    "path", ["control/settings", "do/gateway", "keys/tokens", "oauth/authorize"]
)
async def test_foreign_origin(api: Api, path: str) -> None:
    """Other web sites cannot use a browser to press buttons here."""
    for origin in ("https://evil.invalid", "null", f"{api.base}.evil.invalid"):
        assert (await api.open(path, {}, Origin=origin)).status == 403
    answer = await api.open("do/fault", {}, Origin=api.base)
    assert answer.status == 303
    headers = {"Origin": "https://evil.invalid"}
    deleted = await api.session.delete(f"{api.base}/control/faults", headers=headers)
    assert deleted.status == 403


async def test_foreign_origin_signed(api: Api, sim: Simulator) -> None:
    """A program in a browser of another site may send what it can sign."""

    async def post(path: str, **params: str) -> int:
        url, headers, body = api.signed(path, params, "POST")
        headers["Origin"] = "https://elsewhere.invalid"
        return (await api.send(url, headers, body, "POST")).status

    assert await post("json/device/turnOn", id="2100002") == 200
    assert await post("xml/device/turnOn", id="2100002") == 200
    assert await post("device/turnOn", id="2100002", format="json") == 200
    api.token = api.secret = None
    assert await post("oauth/requestToken") == 200
    (token,) = sim.tokens.request_tokens.values()
    sim.authorize(token.token)
    api.token, api.secret = token.token, token.secret
    assert await post("oauth/accessToken") == 200


async def test_page(api: Api, sim: Simulator, clock: Clock) -> None:
    """The home, the requests with the 429s, faults and settings."""
    sim.settings.limit = True
    sim.settings.limit_per_minute = 2
    for _ in range(3):
        await api.call("json/clients/list")
    sim.faults.add(Fault.EMPTY, match="x/*")
    page = await api.open("")
    assert page.status == 200
    for text in ("Window lamp", "Cabin", "offline", "-19.8", "3 in the last 60 s"):
        assert text in page.text
    assert "1 refused (429)" in page.text
    assert "json/clients/list" in page.text
    assert "x/*" in page.text
    assert "no name" in page.text
    clock.now += 61
    assert "0 in the last 60 s" in (await api.open("")).text
    assert "devices/list" in (await api.open("explore/index")).text


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("press", {"device": "2100002", "method": "1", "level": ""}),
        ("press", {"device": "2100003", "method": "16", "level": "9"}),
        (
            "sensor",
            {"sensor": "1540000002", "name": "temp", "scale": "0", "value": "1,5"},
        ),
        ("gateway", {"gateway": "410001", "online": "0"}),
        ("fault", {"fault": "empty", "match": "x/*", "times": "2"}),
        ("setting", {"name": "limit", "value": "true"}),
        ("setting", {"name": "callback_confirmed", "value": "1"}),
        ("setting", {"name": "effect_delay", "value": "0.5"}),
    ],
)
async def test_forms(
    api: Api, sim: Simulator, form: str, fields: dict[str, str]
) -> None:
    """Each form does what it says and goes back to the page."""
    answer = await api.open(f"do/{form}", fields)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    home, settings = sim.home, sim.settings
    done = {
        "2100002": home.devices["2100002"].state == 1,
        "2100003": home.devices["2100003"].state_value == "9",
        "1540000002": home.sensors["1540000002"].values[0].value == "1.5",
        "410001": not home.gateways["410001"].online,
        "empty": len(sim.faults) == 1,
        "limit": settings.limit,
        "callback_confirmed": settings.callback_confirmed == "1",
        "effect_delay": settings.effect_delay == 0.5,
    }
    assert [key for key, is_done in done.items() if is_done] == [
        next(iter(fields.values()))
    ]


async def test_wrong_forms(api: Api) -> None:
    """What does not work is said."""
    assert (await api.open("do/press", {"device": "1", "method": "1"})).status == 400
    wrong = {"name": "effect_delay", "value": "soon"}
    assert (await api.open("do/setting", wrong)).status == 400
    assert (await api.open("do/fault", {"fault": "x"})).status == 400
