"""What commands, wall remotes and time do; the clock is moved by hand.

Source: docs/dev/telldus-api.md, "State" and "Thermostat, RGB, dim".
"""

from typing import Any

import pytest

from simulator import Fault, Method, Simulator

from .conftest import NOW, Api, Clock

SUCCESS = {"status": "success"}


async def seen(api: Api, device: str) -> tuple[int, str | None]:
    """Return a device's state and statevalue in the list."""
    rows = (await api.get("devices/list", supportedMethods=4095))["device"]
    row = next(row for row in rows if row["id"] == device)
    return row["state"], row["statevalue"]


async def history(api: Api, device: str) -> list[dict[str, Any]]:
    """Return a device's history."""
    rows: list[dict[str, Any]] = (await api.get("device/history", id=device))["history"]
    return rows


async def test_effect_comes_later(api: Api, clock: Clock) -> None:
    """Success means accepted: lists keep the old state for a while."""
    assert await api.get("device/turnOn", id="2100002") == SUCCESS
    clock.now += 2.4
    assert (await seen(api, "2100002"))[0] == 2
    assert await history(api, "2100002") == []
    clock.now += 0.1
    assert (await seen(api, "2100002"))[0] == 1
    assert await history(api, "2100002") == [
        {
            "ts": int(NOW + 2.5),
            "state": 1,
            "stateValue": 0,
            "origin": "Demo application",
            "successStatus": 0,
        }
    ]


async def test_home_is_up_to_date(api: Api, sim: Simulator, clock: Clock) -> None:
    """Whoever looks at the home sees what the clock says, without asking the server."""
    await api.get("device/turnOn", id="2100002")
    assert sim.home.devices["2100002"].state == Method.TURNOFF
    clock.now += 2.5
    assert sim.home.devices["2100002"].state == Method.TURNON


async def test_no_delay(api: Api, sim: Simulator) -> None:
    """With a delay of 0 the next read sees it."""
    sim.settings.effect_delay = 0
    await api.get("device/turnOn", id="2100002")
    assert (await seen(api, "2100002"))[0] == 1


async def test_order(api: Api, clock: Clock) -> None:
    """Commands take effect in the order they came in."""
    await api.get("device/dim", id="2100003", level=10)
    clock.now += 1
    await api.get("device/dim", id="2100003", level=20)
    clock.now += 1.5
    assert await seen(api, "2100003") == (16, "10")
    clock.now += 1
    assert await seen(api, "2100003") == (16, "20")


@pytest.mark.parametrize(
    ("level", "value"), [(0, "0"), (128, "128"), (300, "255"), (-5, "0"), ("9.0", "9")]
)
async def test_dim(api: Api, clock: Clock, level: Any, value: str) -> None:
    """Levels are clamped; the state is DIM."""
    await api.get("device/dim", id="2100003", level=level)
    clock.now += 3
    assert await seen(api, "2100003") == (16, value)
    assert (await history(api, "2100003"))[-1]["stateValue"] == int(value)


async def test_dim_edges(api: Api, sim: Simulator, clock: Clock) -> None:
    """Some back ends make on and off of the ends."""
    sim.settings.dim_edges = True
    for level, state in ((0, 2), (255, 1), (7, 16)):
        await api.get("device/dim", id="2100003", level=level)
        clock.now += 3
        assert await seen(api, "2100003") == (state, str(level))


@pytest.mark.parametrize(
    ("device", "function", "state"),
    [
        ("2100005", "bell", 4),
        ("2100006", "up", 128),
        ("2100006", "down", 256),
        ("2100006", "stop", 512),
        ("2100006", "turnOn", 256),
        ("2100006", "turnOff", 128),
        ("2100001", "turnOff", 2),
        ("2100001", "learn", 1),
        ("2100018", "turnOn", 1),
    ],
)
async def test_plain_methods(
    api: Api, clock: Clock, device: str, function: str, state: int
) -> None:
    """Each method leaves its bit; LEARN leaves things as they are."""
    assert await api.get(f"device/{function}", id=device) == SUCCESS
    clock.now += 3
    assert (await seen(api, device))[0] == state


async def test_shutter_level(api: Api, sim: Simulator, clock: Clock) -> None:
    """Which end is closed is not known, so it is a switch."""
    for closed in (255, 0):
        sim.settings.change({"shutter_closed": closed})
        await api.get("device/down", id="2100007")
        clock.now += 3
        assert await seen(api, "2100007") == (256, str(closed))
        await api.get("device/up", id="2100007")
        clock.now += 3
        assert await seen(api, "2100007") == (128, str(255 - closed))


async def test_rgb(api: Api, clock: Clock) -> None:
    """A color leaves the state alone."""
    assert await api.get("device/rgb", id="2100009", r=1, g=300, b="3") == SUCCESS
    clock.now += 3
    assert await seen(api, "2100009") == (16, "200")
    info = await api.get("device/info", id="2100009", supportedMethods=4095)
    assert info["statevalues"][1] == {"state": "1024", "value": 0x01FF03}
    assert (await history(api, "2100009"))[-1]["state"] == 1024
    assert "error" in await api.get("device/rgb", id="2100009", r=1, g=2)
    assert "error" in await api.get("device/rgb", id="2100009", r=1, green=2, blue=3)
    long = {"red": 1, "green": 2, "blue": 3}
    assert await api.get("device/rgb", id="2100009", **long) == SUCCESS


async def thermostat(api: Api, device: str = "2100010") -> tuple[str, Any]:
    """Return state and value of a thermostat."""
    info = await api.get("device/info", id=device, supportedMethods=4095)
    return info["state"], info["statevalues"][-1]["value"]


@pytest.mark.parametrize(
    ("params", "state", "heat", "eco", "mode"),
    [
        ({"mode": "off", "changeMode": 1}, "2", "21.5", "17", "off"),
        ({"mode": "eco-heat"}, "1", "21.5", "17", "eco-heat"),
        (
            {"mode": "eco-heat", "temperature": 18.5, "scale": 0, "changeMode": 0},
            *("1", "21.5", "18.5", "heat"),
        ),
        ({"mode": "heat", "temperature": 68, "scale": 1}, "1", "20", "17", "heat"),
        ({"temperature": "19.50"}, "1", "19.5", "17", "heat"),
        ({"mode": "resume", "changeMode": 1}, "1", "21.5", "17", "heat"),
    ],
)
async def test_thermostat(
    api: Api,
    clock: Clock,
    params: dict[str, Any],
    state: str,
    heat: str,
    eco: str,
    mode: str,
) -> None:
    """The state is off or on; everything else is in the value."""
    assert await api.get("device/thermostat", id="2100010", **params) == SUCCESS
    clock.now += 3
    value = {"setpoint": {"heat": heat, "eco-heat": eco}, "mode": mode}
    assert await thermostat(api) == (state, value)


async def test_thermostat_resume(api: Api, clock: Clock) -> None:
    """Resume goes back to what was before off."""
    for mode, state in (("eco-heat", "1"), ("off", "2"), ("resume", "1")):
        await api.get("device/thermostat", id="2100010", mode=mode, changeMode=1)
        clock.now += 3
        assert (await thermostat(api))[0] == state
    assert (await thermostat(api))[1]["mode"] == "eco-heat"
    await api.get("device/turnOff", id="2100010")
    clock.now += 3
    assert (await thermostat(api))[1]["mode"] == "off"


async def test_thermostat_off_and_warmer(api: Api, clock: Clock) -> None:
    """A temperature alone does not switch it on; off itself has no temperature."""
    for params in ({"mode": "off", "temperature": 12}, {"temperature": 23}):
        await api.get("device/thermostat", id="2100010", **params)
        clock.now += 3
    state, value = await thermostat(api)
    assert state == "2"
    assert value == {"setpoint": {"heat": "23", "eco-heat": "17"}, "mode": "off"}


async def test_thermostat_without_mode(api: Api, clock: Clock) -> None:
    """One setpoint: a temperature needs no mode, and there is none afterwards."""
    await api.get("device/thermostat", id="2100011", temperature=25, mode="heat")
    clock.now += 3
    assert await thermostat(api, "2100011") == ("1", {"setpoint": {"heat": "25"}})


async def test_thermostat_unknown_mode(api: Api, clock: Clock) -> None:
    """A mode that the device does not know fails later, in the history."""
    assert await api.get("device/thermostat", id="2100010", mode="dry") == SUCCESS
    clock.now += 3
    assert (await thermostat(api))[1]["mode"] == "heat"
    row = (await history(api, "2100010"))[-1]
    assert row["successStatus"] == 7
    assert row["stateValue"] == "{'mode': 'dry', 'changeMode': 1}"
    bad = await api.get("device/thermostat", id="2100010", temperature="warm")
    assert bad == {"error": "Invalid argument"}


async def test_battery_thermostat(api: Api, sim: Simulator, clock: Clock) -> None:
    """What sleeps hears a command minutes later; the history says so."""
    device = next(d for d in sim.home.devices.values() if d.wake_interval).id
    await api.get("device/thermostat", id=device, mode="heat", temperature=23)
    assert [row["successStatus"] for row in await history(api, device)] == [6]
    clock.now += 100
    assert (await thermostat(api, device))[1]["setpoint"]["heat"] == "19"
    clock.now += 200
    assert (await thermostat(api, device))[1]["setpoint"]["heat"] == "23"
    assert [row["successStatus"] for row in await history(api, device)] == [6, 0]


@pytest.mark.parametrize(
    ("params", "state", "value"),
    [
        ({"method": 1, "value": "null"}, 1, "128"),
        ({"method": 2}, 2, "128"),
        ({"method": 16, "value": "77"}, 16, "77"),
    ],
)
async def test_command(
    api: Api, clock: Clock, params: dict[str, Any], state: int, value: str
) -> None:
    """device/command takes the bit."""
    assert await api.get("device/command", id="2100003", **params) == SUCCESS
    clock.now += 3
    assert await seen(api, "2100003") == (state, value)


async def test_command_objects(api: Api, sim: Simulator, clock: Clock) -> None:
    """A color as a number or as in CSS, a thermostat as JSON; the rest is refused."""
    for value in ("255", "#0000ff"):
        await api.get("device/command", id="2100009", method=1024, value=value)
        clock.now += 3
        assert sim.home.devices["2100009"].values[1024] == 255
    wish = '{"mode": "off", "changeMode": true}'
    await api.get("device/command", id="2100010", method=2048, value=wish)
    clock.now += 3
    assert (await thermostat(api))[0] == "2"
    invalid = {"error": "Invalid argument"}
    for method, value in ((3, ""), ("x", ""), (1024, "red"), (2048, "1"), (2048, "{")):
        device = "2100009" if method == 1024 else "2100010"
        answer = await api.get("device/command", id=device, method=method, value=value)
        assert answer == invalid


async def test_group(api: Api, clock: Clock) -> None:
    """A group's command reaches its members, each as it can."""
    await api.get("device/dim", id="2100017", level=40)
    clock.now += 3
    assert await seen(api, "2100017") == (16, "40")
    assert await seen(api, "2100003") == (16, "40")
    assert await seen(api, "2100004") == (16, "40")
    assert (await seen(api, "2100001"))[0] == 1
    row = (await history(api, "2100001"))[-1]
    assert (row["origin"], row["state"]) == ("Group All lamps", 1)
    assert (await history(api, "2100017"))[-1]["origin"] == "Demo application"


async def test_group_of_groups(api: Api, sim: Simulator, clock: Clock) -> None:
    """A group in a group passes on; two that hold each other do not go on for ever."""
    outer = next(d for d in sim.home.devices.values() if d.name == "Everything off")
    await api.get("device/turnOff", id=outer.id)
    clock.now += 3
    assert (await seen(api, "2100003"))[0] == 2
    sim.home.devices["2100017"].members.append(outer.id)
    assert await api.get("device/turnOn", id=outer.id) == SUCCESS
    assert (await seen(api, outer.id))[0] == 2


async def test_group_offline_member(api: Api, sim: Simulator, clock: Clock) -> None:
    """Members behind a gateway that is offline hear nothing."""
    sim.home.devices["2100017"].members.append("2100021")
    await api.get("device/turnOff", id="2100017")
    clock.now += 3
    assert (await seen(api, "2100021"))[0] == 1


async def test_scene(api: Api, clock: Clock) -> None:
    """A scene runs its actions."""
    await api.get("device/turnOn", id="2100018")
    clock.now += 3
    assert (await seen(api, "2100003"))[0] == 2
    assert (await history(api, "2100015"))[-1]["origin"] == "Scene Good night"


async def test_press(api: Api, sim: Simulator) -> None:
    """A wall remote is felt at once; behind an offline gateway nobody hears it."""
    assert sim.press("2100002", "turnOn")
    assert (await seen(api, "2100002"))[0] == 1
    assert (await history(api, "2100002"))[-1]["origin"] == "Incoming signal"
    assert sim.press("2100012", 1)
    assert (await seen(api, "2100012"))[0] == 1
    assert sim.press("2100003", 16, 300)
    assert await seen(api, "2100003") == (16, "255")
    assert sim.press("2100010", Method.THERMOSTAT, 25.5)
    assert (await thermostat(api))[1]["setpoint"]["heat"] == "25.5"
    assert sim.press("2100009", "rgb", 5)
    assert not sim.press("2100021", "turnOff")
    assert sim.home.devices["2100021"].state == Method.TURNON
    for wrong in (0, 3, "turnon", "x"):
        with pytest.raises(ValueError, match="is not a method"):
            sim.press("2100002", wrong)
    with pytest.raises(KeyError):
        sim.press("nobody", 1)


async def test_command_lost(api: Api, sim: Simulator, clock: Clock) -> None:
    """A lost command is accepted, and never done."""
    sim.faults.add(Fault.COMMAND_LOST, match="device/turnOn", times=1)
    assert await api.get("device/turnOn", id="2100002") == SUCCESS
    clock.now += 60
    assert (await seen(api, "2100002"))[0] == 2
    assert (await history(api, "2100002"))[-1]["successStatus"] == 2
    await api.get("device/turnOn", id="2100002")
    clock.now += 3
    assert (await seen(api, "2100002"))[0] == 1


async def test_history_window(api: Api, sim: Simulator, clock: Clock) -> None:
    """From, to, and the newest first."""
    for _ in range(3):
        sim.press("2100002", "turnOn")
        clock.now += 10
    now = int(NOW)
    rows = await api.get("device/history", id="2100002", from_=now + 5, to=now + 15)
    assert [row["ts"] for row in rows["history"]] == [now + 10]
    rows = await api.get("device/history", id="2100002", lastFirst=1)
    assert [row["ts"] for row in rows["history"]] == [now + 20, now + 10, now]
    assert list(rows) == ["history"]


async def test_removed_device(api: Api, sim: Simulator, clock: Clock) -> None:
    """A command for a device that is gone by then harms nobody."""
    await api.get("device/turnOn", id="2100002")
    del sim.home.devices["2100002"]
    clock.now += 3
    assert (await seen(api, "2100003"))[0] == 16


async def test_gateway(api: Api, sim: Simulator) -> None:
    """Offline: commands fail, lists keep the last state with online "0"."""
    sim.set_gateway_online("410001", False)
    row = (await api.get("devices/list", supportedMethods=3))["device"][0]
    assert (row["online"], row["state"]) == ("0", 1)
    assert "offline" in (await api.get("device/turnOff", id="2100001"))["error"]
    sim.set_gateway_online("410001", True)
    assert await api.get("device/turnOff", id="2100001") == SUCCESS


async def test_drift(api: Api, sim: Simulator, clock: Clock) -> None:
    """Temperatures move and energy counts up with the clock, and the same way again."""

    async def values(sensor: str) -> dict[str, str]:
        info = await api.get("sensor/info", id=sensor)
        return {
            row["scale"]: row["value"] for row in info["data"] if row["name"] != "x"
        }

    before = await values("1540000006")
    first = await api.get("sensor/info", id="1540000001")
    clock.now += 3600
    after = await values("1540000006")
    assert float(after["0"]) == pytest.approx(float(before["0"]) + 0.0432, abs=0.002)
    then = await api.get("sensor/info", id="1540000001")
    assert then["data"][0]["value"] != first["data"][0]["value"]
    assert then["lastUpdated"] > first["lastUpdated"] + 3000
    assert await values("1540000006") == after
    old = await api.get("sensor/info", id="1540000018")
    assert old["lastUpdated"] == int(NOW) - 500_000  # its gateway is offline
    sim.settings.drift = False
    clock.now += 3600
    assert (await api.get("sensor/info", id="1540000001")) == then


async def test_set_sensor(api: Api, sim: Simulator, clock: Clock) -> None:
    """A value that was set stays, with its time, and becomes the new extreme."""
    clock.now += 100
    sim.set_sensor("1540000002", "temp", 0, "-3.5")
    row = (await api.get("sensor/info", id="1540000002"))["data"][0]
    assert (row["value"], row["lastUpdated"], row["max"]) == (
        "-3.5",
        int(clock.now),
        "-3.5",
    )
    sim.set_sensor("1540000016", "humidity", "0", 40)
    row = (await api.get("sensor/info", id="1540000016"))["data"][0]
    assert (row["name"], row["value"]) == ("humidity", "40")
    with pytest.raises(KeyError):
        sim.set_sensor("1", "temp", "0", 1)
