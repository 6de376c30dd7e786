"""The push channel over real websockets: each message, each way to fail.

Source: docs/dev/telldus-api.md, "Push over websocket".
"""

import asyncio
from collections.abc import AsyncGenerator
import json
from typing import Any
import uuid

from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
import pytest
from yarl import URL

from simulator import Fault, Method, Simulator, demo_home
from simulator.api import Call, run
from simulator.command_effects import advance, next_due
from simulator.home import Sensor, SensorValue

from .conftest import NOW, Api, Clock

HOME, CABIN, GARAGE = "410001", "410002", "410003"
LAMP, DIMMER, BULB = "2100001", "2100003", "2100011"
WANTED = (
    *(("device", a) for a in ("added", "removed", "setState", "failSetState")),
    *(("sensor", a) for a in ("added", "removed", "setName", "value")),
)


class Socket:
    """A client's end."""

    def __init__(self, stream: ClientWebSocketResponse) -> None:
        """Wrap a stream."""
        self.stream = stream

    async def say(self, module: str, action: str, /, **data: Any) -> None:
        """Send a frame."""
        row = {"module": module, "action": action, "data": data}
        await self.stream.send_str(json.dumps(row))

    async def text(self) -> str:
        """Return the next text frame."""
        async with asyncio.timeout(30):
            return await self.stream.receive_str()

    async def frame(self) -> tuple[str, Any]:
        """Return the next frame as module/action and data."""
        row = json.loads(await self.text())
        return f"{row['module']}/{row['action']}", row["data"]

    async def ping(self) -> None:
        """Wait until the server has read all that was sent."""
        await self.stream.ping(b"here")
        async with asyncio.timeout(30):
            message = await self.stream.receive()
        assert message.type is WSMsgType.PONG, message

    async def want(self, *pairs: tuple[str, str]) -> None:
        """Ask for events."""
        for module, action in pairs:
            await self.say("filter", "accept", module=module, action=action)
        await self.ping()

    async def end(self) -> WSMsgType:
        """Return how the connection ended."""
        async with asyncio.timeout(30):
            return (await self.stream.receive()).type


class Sockets:
    """Opens sockets, and closes them in the end."""

    def __init__(self, api: Api) -> None:
        """Open for an account."""
        self.api = api
        self.opened: list[Socket] = []

    async def session(self, api: Api | None = None) -> str:
        """Return a session of an account."""
        session = str(uuid.uuid4())
        await (api or self.api).get("user/authenticateSession", session=session)
        return session

    async def connect(self) -> Socket:
        """Open a socket where the address says."""
        address = await self.api.get("client/serverAddress", id=HOME)
        url = f"ws://{address['address']}:{address['port']}/websocket"
        stream = await self.api.session.ws_connect(url, autoping=False)
        socket = Socket(stream)
        self.opened.append(socket)
        return socket

    async def welcome(
        self, gateway: str = HOME, wanted: tuple[tuple[str, str], ...] = WANTED
    ) -> Socket:
        """Return a socket that is welcome and wants events."""
        session = await self.session()
        socket = await self.connect()
        await socket.say("auth", "auth", sessionid=session, clientId=gateway)
        assert await socket.text() == "validconnection"
        await socket.want(*wanted)
        return socket


@pytest.fixture
def sim(clock: Clock) -> Simulator:
    """Return a simulator with push, in which nothing moves by itself."""
    sim = Simulator(clock=clock, limit=False)
    sim.change_settings({"push": True, "life": False, "drift": False})
    return sim


@pytest.fixture
async def sockets(api: Api, sim: Simulator) -> AsyncGenerator[Sockets]:
    """Return what opens sockets; nothing is left when all are closed."""
    sockets = Sockets(api)
    yield sockets
    sim.settings.push_silent = False
    for socket in sockets.opened:
        await socket.stream.close()
    async with asyncio.timeout(30):
        while sim.push.as_dict()["connections"]:
            await asyncio.sleep(0)
    assert not sim.push.as_dict()["waiting"]
    assert sim.home.push_events is None


@pytest.mark.parametrize(
    ("refusal", "status", "text"),
    [
        ("denied", 200, '{"error":"Access denied"}'),
        ("unknown", 200, "does not exist"),
        ("http_403", 403, ""),
        ("http_404", 404, ""),
    ],
)
async def test_refused(
    api: Api, sim: Simulator, refusal: str, status: int, text: str
) -> None:
    """Off, as at first: both functions refuse, and there is no socket."""
    sim.change_settings({"push": False, "push_refusal": refusal})
    for path, params in (
        ("user/authenticateSession", {"session": str(uuid.uuid4())}),
        ("client/serverAddress", {"id": HOME}),
    ):
        answer = await api.call(f"json/{path}", **params)
        assert answer.status == status
        assert text in answer.text
    assert (await api.open("websocket")).status == 404
    assert not Simulator().settings.push


async def test_session_and_address(api: Api, sim: Simulator) -> None:
    """A session ends some time; the address leads here."""
    answer = await api.get("user/authenticateSession", session=str(uuid.uuid4()))
    assert answer == {"status": "success", "ttl": int(NOW) + 86400}
    assert "error" in await api.get("user/authenticateSession", session="mine")
    host, _, port = api.base.removeprefix("http://").partition(":")
    answer = await api.get("client/serverAddress", id=HOME)
    assert answer == {"address": host, "port": int(port), "instance": "simulator-1"}
    assert "error" in await api.get("client/serverAddress", id="9")
    sim.change_settings({"push_address": "elsewhere.invalid", "push_port": 80})
    answer = await api.get("client/serverAddress", id=HOME)
    assert (answer["address"], answer["port"]) == ("elsewhere.invalid", 80)
    for shape, row in (("null", {None}), ("empty", {""}), ("missing", set())):
        sim.change_settings({"push_offline": shape})
        answer = await api.get("client/serverAddress", id=CABIN)
        assert set(answer.values()) == row


@pytest.mark.parametrize("written", ["{}", "{{{}}}"])
async def test_session_as_written(api: Api, sockets: Sockets, written: str) -> None:
    """A session is the text that it was made with; Qt's has capitals or braces."""
    session = written.format(str(uuid.uuid4()).upper())
    await api.get("user/authenticateSession", session=session)
    socket = await sockets.connect()
    for other in (session.lower().strip("{}"), session):
        await socket.say("auth", "auth", sessionid=other, clientId=HOME)
        expected = "validconnection" if other == session else "error"
        assert await socket.text() == expected


async def test_auth(api: Api, sim: Simulator, sockets: Sockets, clock: Clock) -> None:
    """Nobody hears anything without a good session, nor of other people's gateways."""
    sim.homes["ann"] = demo_home(NOW)
    del sim.homes["ann"].gateways[GARAGE]
    theirs = await sockets.session(api.to("ann", sim))
    socket = await sockets.connect()
    await socket.want(*WANTED)
    sim.press(LAMP, "turnOn")
    await socket.ping()  # nothing came before
    for session, gateway in (("x", HOME), (theirs, GARAGE), (theirs, "9")):
        await socket.say("auth", "auth", sessionid=session, clientId=gateway)
        assert await socket.text() == "error"
    old = await sockets.session()
    clock.now += 86400
    await socket.say("auth", "auth", sessionid=old, clientId=HOME)
    assert await socket.text() == "error"
    good = await sockets.session()
    await socket.say("auth", "auth", sessionid=good, clientId=CABIN)
    assert await socket.text() == "nothere"
    for welcome in ("error", "nothere"):
        sim.change_settings({"push_welcome": welcome})
        await socket.say("auth", "auth", sessionid=good, clientId=HOME)
        assert await socket.text() == welcome
    sim.change_settings({"push_welcome": "silence"})
    await socket.say("auth", "auth", sessionid=good, clientId=HOME)
    await socket.ping()
    sim.push.forget_sessions()
    sim.change_settings({"push_welcome": "valid"})
    await socket.say("auth", "auth", sessionid=good, clientId=HOME)
    assert await socket.text() == "error"


async def test_filters(sim: Simulator, sockets: Sockets) -> None:
    """Only what was asked for is told, and only of this gateway; nonsense is ignored."""
    socket = await sockets.welcome(wanted=())
    other = await sockets.welcome(GARAGE)
    sim.press(LAMP, "turnOn")
    await socket.stream.send_str("{")
    await socket.stream.send_str("[1]")
    await socket.stream.send_bytes(b"x")
    await socket.say("client", "forward", module="zwave", action="nodeList")
    await socket.want(("device", "setState"))
    sim.press(LAMP, "turnOff")
    data = {"deviceId": LAMP, "method": "2", "value": ""}
    assert await socket.frame() == ("device/setState", data)
    await other.ping()


async def test_commands(
    api: Api, sim: Simulator, sockets: Sockets, clock: Clock
) -> None:
    """What was executed is told when it is done, as the history has it."""
    socket = await sockets.welcome()
    await api.get("device/dim", id=DIMMER, level=64)
    await socket.ping()
    clock.now += 3
    sim.push.flush()
    data = {"deviceId": DIMMER, "method": "16", "value": "64"}
    assert await socket.frame() == ("device/setState", data)
    row = sim.home.devices[DIMMER].history[-1]
    assert (row.state, row.state_value, row.success_status) == (16, 64, 0)
    bulb = next(d for d in sim.home.devices.values() if d.methods & Method.RGB)
    sim.press(bulb.id, "rgb", 0xFF8000)
    data = {"deviceId": bulb.id, "method": "1024", "value": str(0xFF8000)}
    assert await socket.frame() == ("device/setState", data)


async def test_thermostat_and_extras(sim: Simulator, sockets: Sockets) -> None:
    """A thermostat's value is an object in a text, or an object; extras are a choice."""
    socket = await sockets.welcome()
    device = next(d for d in sim.home.devices.values() if d.methods & Method.THERMOSTAT)
    wish = {"changeMode": 0, "temperature": 20.5}
    sim.press(device.id, "thermostat", 20.5)
    _, data = await socket.frame()
    assert (data["method"], json.loads(data["value"])) == ("2048", wish)
    sim.change_settings(
        {"push_thermostat": "object", "push_numbers": "ints", "push_extras": True}
    )
    sim.press(device.id, "thermostat", 20.5)
    _, data = await socket.frame()
    assert (data["deviceId"], data["method"]) == (int(device.id), 2048)
    assert data["value"] == wish
    assert data["origin"] == "Incoming signal"
    assert data["deviceState"] == int(device.state)
    assert "setpoint" in data["stateValues"]["2048"]


@pytest.mark.parametrize(
    ("shape", "keys"),
    [
        ("method", {"deviceId", "method", "value", "reason"}),
        ("state", {"deviceId", "state", "stateValue", "reason", "origin"}),
        ("id", {"deviceId"}),
        ("none", None),
    ],
)
async def test_failures(
    api: Api,
    sim: Simulator,
    sockets: Sockets,
    clock: Clock,
    shape: str,
    keys: set[str] | None,
) -> None:
    """A command that gets lost is told in one of four ways."""
    sim.change_settings({"push_failures": shape})
    sim.faults.add(Fault.COMMAND_LOST)
    socket = await sockets.welcome()
    await api.get("device/turnOn", id=LAMP)
    clock.now += 3
    sim.push.flush()
    if keys is not None:
        name, data = await socket.frame()
        assert (name, set(data)) == ("device/failSetState", keys)
        assert data.get("reason", 2) == 2
    await socket.ping()


async def test_queued(api: Api, sim: Simulator, sockets: Sockets) -> None:
    """Whether waiting for a node to wake is told is a choice; by default it is not."""
    device = next(d for d in sim.home.devices.values() if d.wake_interval)
    socket = await sockets.welcome()
    for told in (False, True):
        sim.change_settings({"push_queued": told})
        await api.get(
            "device/thermostat", id=device.id, mode="heat", temperature=20, scale=0
        )
        if told:
            assert (await socket.frame())[1]["reason"] == 6
        await socket.ping()


async def test_sensors(sim: Simulator, sockets: Sockets, clock: Clock) -> None:
    """What a sensor reports: set by hand, and as it drifts."""
    socket = await sockets.welcome()
    sim.set_sensor("1540000002", "temp", 0, "-1.5")
    name, data = await socket.frame()
    assert name == "sensor/value"
    assert data == {
        "sensorId": "1540000002",
        "time": str(int(NOW)),
        "battery": sim.home.sensors["1540000002"].battery,
        "data": [{"type": 1, "value": "-1.5", "scale": 0}],
    }
    sim.change_settings({"drift": True})
    clock.now += 600
    sim.push.flush()
    name, data = await socket.frame()
    sensor = sim.home.sensors[data["sensorId"]]
    assert (name, data["time"]) == ("sensor/value", str(sensor.last_updated))
    assert data["data"][0]["value"] == sensor.values[0].value
    sim.change_settings({"drift": False})


async def test_come_and_go(api: Api, sim: Simulator, sockets: Sockets) -> None:
    """Who is added, goes or gets a name, whichever way; devices' names are not told."""
    socket = await sockets.welcome()
    device = (await api.control("device", {"action": "add"}))["device"]
    number = sim.home.devices[device].client_device_id
    data: Any = {"id": device, "clientDeviceId": number}
    assert await socket.frame() == ("device/added", data)
    await api.get("device/setName", id=device, name="New")
    await api.control("device", {"action": "remove", "device": device})
    assert await socket.frame() == ("device/removed", {"id": device})
    values = [SensorValue("temp", "0", "1", int(NOW))]
    sim.home.sensors["77"] = Sensor("77", HOME, "7", "Attic", values=values)
    sim.push.flush()
    assert await socket.frame() == ("sensor/added", {"id": "77"})
    await api.get("sensor/setName", id="77", name="Loft")
    assert await socket.frame() == ("sensor/setName", {"id": "77", "name": "Loft"})
    del sim.home.sensors["77"]
    sim.push.flush()
    assert await socket.frame() == ("sensor/removed", {"id": "77"})


async def test_timer(api: Api, sim: Simulator, sockets: Sockets, clock: Clock) -> None:
    """An open socket is told by itself when something becomes due."""
    socket = await sockets.welcome()
    assert not sim.push.as_dict()["waiting"]
    sim.settings.effect_delay = 0.1
    await api.get("device/turnOn", id=LAMP)
    assert sim.push.as_dict()["waiting"]
    clock.now += 3
    assert (await socket.frame())[0] == "device/setState"


@pytest.mark.parametrize("status", [403, 404, 502])
async def test_handshake(sim: Simulator, sockets: Sockets, status: int) -> None:
    """The socket may be refused by HTTP, and slowly."""
    sim.change_settings({"push_handshake": str(status), "push_accept_delay": 0.01})
    with pytest.raises(WSServerHandshakeError) as refused:
        await sockets.connect()
    assert refused.value.status == status


async def test_cut(api: Api, sim: Simulator, sockets: Sockets) -> None:
    """Connections end without a word, when told to or when push is switched off."""
    first = await sockets.welcome()
    shown = await api.control("push", method="GET")
    assert [s["gateway"] for s in shown["sockets"]] == [HOME]
    assert await api.control("push", {"action": "cut", "gateway": GARAGE}) == {"cut": 0}
    sent = await api.control("push", {"action": "send", "text": "hello"})
    assert (sent, await first.text()) == ({"sent": 1}, "hello")
    assert "1 open sockets" in (await api.open("")).text
    assert (await api.open("do/cut", {})).status == 303
    assert await first.end() is WSMsgType.CLOSED
    second = await sockets.welcome()
    sim.change_settings({"push": False})
    assert await second.end() is WSMsgType.CLOSED


async def test_silent(sim: Simulator, sockets: Sockets) -> None:
    """A half-open connection says nothing and answers no ping."""
    socket = await sockets.welcome()
    sim.change_settings({"push_silent": True})
    sim.press(LAMP, "turnOn")
    await socket.stream.ping(b"lost")
    await socket.say("filter", "accept", module="zwave", action="read")
    async with asyncio.timeout(30):
        while "zwave/read" not in sim.push.as_dict()["sockets"][0]["accepted"]:
            await asyncio.sleep(0)
    sim.change_settings({"push_silent": False})
    await socket.stream.ping(b"heard")
    async with asyncio.timeout(30):
        assert (await socket.stream.receive()).data == b"heard"


@pytest.mark.parametrize("noise", ["text", "malformed", "foreign", "binary"])
async def test_noise(sim: Simulator, sockets: Sockets, noise: str) -> None:
    """Something that nobody can use comes before each frame."""
    sim.change_settings({"push_noise": noise, "push_duplicates": True})
    socket = await sockets.welcome()
    sim.press(LAMP, "turnOn")
    before = await socket.stream.receive()
    assert (before.type is WSMsgType.BINARY) is (noise == "binary")
    assert "2100001" not in str(before.data)
    assert await socket.frame() == await socket.frame()


async def test_oversized(sim: Simulator, sockets: Sockets) -> None:
    """A frame of more than 4 MiB ends a usual client's connection."""
    sim.change_settings({"push_noise": "oversized"})
    socket = await sockets.welcome()
    sim.press(LAMP, "turnOn")
    assert await socket.end() is WSMsgType.ERROR


async def test_drop(sim: Simulator, sockets: Sockets) -> None:
    """Every how many-th frame gets lost."""
    sim.change_settings({"push_drop": 2})
    socket = await sockets.welcome()
    for method in ("turnOn", "turnOff", "turnOn"):
        sim.press(LAMP, method)
    assert [(await socket.frame())[1]["method"] for _ in range(2)] == ["1", "1"]
    await socket.ping()


@pytest.mark.parametrize("kind", ["life", "drift"])
def test_next_due(sim: Simulator, clock: Clock, kind: str) -> None:
    """The next look is neither too late nor for nothing."""
    sim.change_settings({kind: True})
    home = sim.home
    clock.now += 1000
    advance(home, sim.settings, clock.now)
    for _ in range(50):
        due = next_due(home, sim.settings, clock.now)
        assert due is not None
        assert due > clock.now
        home.push_events = []
        advance(home, sim.settings, due - 0.01)
        assert not home.push_events
        clock.now = due + 0.001
        advance(home, sim.settings, clock.now)
        assert home.push_events


async def test_next_due_of_nothing(sim: Simulator) -> None:
    """Where nothing moves, nothing is due."""
    assert next_due(sim.home, sim.settings, NOW) is None


async def test_address_by_https(sim: Simulator) -> None:
    """Asked by https, the address has the port, for wss://{address}/websocket has none."""
    for url, address in (
        ("https://live.invalid/json/x", "live.invalid"),
        ("https://live.invalid:8443/json/x", "live.invalid:8443"),
    ):
        call = Call(
            function="client/serverAddress",
            params={"id": HOME},
            account="demo",
            origin="",
            home=sim.home,
            settings=sim.settings,
            faults=sim.faults,
            sensor_infos={},
            now=NOW,
            guest=False,
            push=sim.push,
            url=URL(url),
        )
        assert run(call)["address"] == address
