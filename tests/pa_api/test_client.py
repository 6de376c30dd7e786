"""Calls to a simulated Telldus, and to servers that are worse than any Telldus."""

import asyncio
from collections.abc import Callable
import gzip
import json
import logging
import math
from typing import Any

import aiohttp
import pytest

from custom_components.telldus_pa.pa_api import (
    ApiError,
    AuthenticationError,
    Command,
    Credentials,
    Device,
    DeviceType,
    Gateway,
    GatewayOfflineError,
    InvalidResponseError,
    Method,
    Priority,
    RateLimiter,
    RateLimitError,
    RequestDeferredError,
    TelldusClient,
    TelldusConnectionError,
    TelldusError,
    TemperatureRange,
    Thermostat,
    ThermostatSetpoint,
    client as client_module,
    rate_limiter as rate_limiter_module,
)
from custom_components.telldus_pa.pa_api.parsing import read_json
from simulator import Fault, Simulator, demo_home, generated_home
from simulator.serialization import unit_of

from .conftest import Clock, Misbehave, http, told

LAMP, DIMMER, BELL, BLIND = "2100001", "2100003", "2100005", "2100006"
BULB, RADIATOR, CABIN_LAMP = "2100009", "2100010", "2100056"
ON = Command(LAMP, Method.TURNON)


@pytest.fixture(autouse=True)
def _no_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not space the calls of a test: the clock stands still."""
    monkeypatch.setattr(
        rate_limiter_module, "MIN_INTERVAL", dict.fromkeys(Priority, 0.0)
    )


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for an answer for a moment only."""
    monkeypatch.setattr(
        client_module, "_TIMEOUT", aiohttp.ClientTimeout(total=0.1, sock_connect=0.1)
    )


@pytest.fixture
def client_of(
    session: aiohttp.ClientSession, credentials: Credentials, rate_limiter: RateLimiter
) -> Callable[[str], TelldusClient]:
    """Return a function that makes a client of another server."""

    def make(server: str) -> TelldusClient:
        return TelldusClient(session, server, credentials, rate_limiter)

    return make


type ClientOf = Callable[[str], TelldusClient]


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


# What is asked, and what comes back


async def test_what_was_received(client: TelldusClient) -> None:
    """The lists are there as they came, and nothing else."""
    await client.devices()
    await client.gateways()
    await client.device_history(LAMP, 0)
    assert client.last_raw.keys() == {"devices/list", "clients/list"}
    listed = client.last_raw["clients/list"]
    assert isinstance(listed, list)
    assert all("uuid" in row for row in listed)


async def test_devices(
    client: TelldusClient, simulator: Simulator, clock: Clock
) -> None:
    """All devices come, the ignored ones too, with all that is asked for."""
    answer = await client.devices()

    assert simulator.log[-1].path == "json/devices/list"
    assert simulator.log[-1].params == {
        "supportedMethods": "4023",
        "includeIgnored": "1",
        "extras": "devicetype,transport,room,parameters",
    }
    assert answer.requested_at == clock()
    rows = {row.id: row for row in answer.rows}
    home = simulator.home
    assert list(rows) == list(home.devices)
    assert [row.ignored for row in answer.rows] == [
        device.ignored for device in home.devices.values()
    ]
    dimmer = rows[DIMMER]
    assert dimmer.methods == Method.TURNON | Method.TURNOFF | Method.DIM
    assert dimmer.device_type is DeviceType.LIGHT
    assert dimmer.transport == home.devices[DIMMER].transport
    assert dimmer.gateway_name == home.gateways[dimmer.gateway_id].name
    assert not rows[CABIN_LAMP].online
    assert {row.id: row.room for row in answer.rows} == {
        device.id: device.room for device in home.devices.values()
    }


async def test_devices_of_all_kinds(client: TelldusClient) -> None:
    """What a list tells of lamps and thermostats is there."""
    rows = {row.name: row for row in (await client.devices()).rows}

    bulb = rows["Colour bulb"]
    assert (bulb.level, bulb.rgb, bulb.thermostat) == (200, 0xFF8000, None)
    # With all that it can do, and with next to nothing
    assert rows["Radiator"].thermostat == Thermostat(
        mode="heat",
        setpoints={"heat": 21.5, "eco-heat": 17},
        modes=("off", "heat", "eco-heat"),
        ranges={"heat": TemperatureRange(5, 28), "eco-heat": TemperatureRange(5, 28)},
    )
    assert rows["Floor heating"].thermostat == Thermostat(
        mode="heat",
        setpoints={"heat": 24},
        modes=("heat",),
        ranges={"heat": TemperatureRange()},
    )


@pytest.mark.parametrize("place", ["devices", "parameter", "both"])
async def test_members(client: TelldusClient, simulator: Simulator, place: str) -> None:
    """A group's members come by their ids, or by the numbers that the gateway has."""
    simulator.settings.change({"members_in": place})
    home = simulator.home
    rows = (await client.devices()).rows

    groups = [row for row in rows if row.members]
    assert {row.id for row in groups} == {
        device.id for device in home.devices.values() if device.members
    }
    for row in groups:
        members = home.devices[row.id].members
        if place == "parameter":
            members = [home.devices[member].client_device_id for member in members]
        assert row.members == tuple(members)


async def test_sensors(
    client: TelldusClient, simulator: Simulator, clock: Clock
) -> None:
    """All sensors come, the ignored ones too, with all their values."""
    answer = await client.sensors()

    assert simulator.log[-1].path == "json/sensors/list"
    assert simulator.log[-1].params == {
        "includeIgnored": "1",
        "includeValues": "1",
        "includeScale": "1",
        "includeUnit": "1",
    }
    assert answer.requested_at == clock()
    home = simulator.home
    assert [
        (
            row.id,
            row.sensor_id,
            row.gateway_id,
            row.ignored,
            row.last_updated,
            row.protocol,
        )
        for row in answer.rows
    ] == [
        (
            *(sensor.id, sensor.sensor_id, sensor.gateway_id, sensor.ignored),
            *(sensor.last_updated, sensor.protocol),
        )
        for sensor in home.sensors.values()
    ]
    assert {
        (row.id, *key): (value.value, value.last_updated, value.unit)
        for row in answer.rows
        for key, value in row.values.items()
    } == {
        (sensor.id, value.name, int(value.scale)): (
            float(value.value),
            value.last_updated,
            unit_of(value.name, value.scale) or None,
        )
        for sensor in home.sensors.values()
        for value in sensor.values
    }
    assert {(row.battery, row.battery_low) for row in answer.rows} == {
        (sensor.battery, None)
        if sensor.battery <= 100
        else (None, {253: False, 254: None, 255: True}[sensor.battery])
        for sensor in home.sensors.values()
    }
    assert [row.online for row in answer.rows] == [
        home.gateways[row.gateway_id].online for row in answer.rows
    ]


async def test_rooms(client: TelldusClient, simulator: Simulator) -> None:
    """Rooms come by the ids that devices have, from a Telldus that tells them."""
    simulator.settings.change({"rooms": True})

    rooms = (await client.rooms()).rows

    assert simulator.log[-1].path == "json/room/list"
    assert simulator.log[-1].params == {}
    assert {room.id: room.name for room in rooms} == simulator.home.rooms
    devices = (await client.devices()).rows
    assert {row.room for row in devices} == {None, *simulator.home.rooms}


async def test_no_rooms(client: TelldusClient, simulator: Simulator) -> None:
    """A Telldus that knows no such function says so."""
    with pytest.raises(ApiError, match="does not exist"):
        await client.rooms()


async def test_requested_is_when_it_was_asked(
    client: TelldusClient, simulator: Simulator, clock: Clock
) -> None:
    """An answer is as old as its question, however long it took."""
    simulator.faults.add(Fault.SLOW, seconds=0.02)
    asked = clock()
    asking = asyncio.create_task(client.devices())
    while not simulator.log:
        await asyncio.sleep(0)
    clock.tick(7)

    assert (await asking).requested_at == asked


async def test_the_same_again(
    client: TelldusClient, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that is the same to the letter is not read again; any other is."""
    read: list[bytes] = []

    def counted(body: bytes) -> object:
        """Read some JSON."""
        read.append(body)
        return read_json(body)

    monkeypatch.setattr(client_module, "read_json", counted)
    first, second = await client.devices(), await client.devices()
    assert len(read) == 1
    assert second.rows is first.rows
    simulator.press(LAMP, "turnOff")
    third = await client.devices()
    assert len(read) == 2
    changed = [a.id for a, b in zip(first.rows, third.rows, strict=True) if a is not b]
    assert changed == [LAMP]
    # What is not a list, and what went wrong, is read each time.
    await client.profile()
    await client.profile()
    assert len(read) == 4
    simulator.faults.add(Fault.APPLICATION_ERROR, times=2, text="No")
    for _ in range(2):
        with pytest.raises(ApiError):
            await client.devices()
    assert len(read) == 6


async def test_sensor_history(client: TelldusClient, simulator: Simulator) -> None:
    """What a sensor told comes oldest first, as its values do in the list."""
    now = simulator.clock()

    readings = await client.sensor_history("1540000001", now - 3600.5, now - 0.5)

    assert simulator.log[-1].path == "json/sensor/history"
    assert simulator.log[-1].params == {
        "id": "1540000001",
        "from": str(int(now - 3600.5)),
        "to": str(math.ceil(now - 0.5)),
        "includeUnit": "1",
    }
    assert [one.when for one in readings] == sorted(one.when for one in readings)
    assert len(readings) == 6
    value = readings[0].values["temp", 0]
    assert isinstance(value.value, float)
    assert (value.last_updated, value.unit) == (readings[0].when, "°C")
    assert await client.sensor_history("1540000002", now - 3600, now) == ()


async def test_history(
    client: TelldusClient, simulator: Simulator, clock: Clock
) -> None:
    """What a device did comes with who wanted it, and what it was told."""
    begin = simulator.clock()
    simulator.press(DIMMER, Method.DIM, 77)
    warmer = Command(RADIATOR, Method.THERMOSTAT, ThermostatSetpoint("heat", 19.5))
    await client.command(lambda: warmer)
    clock.tick(5)
    simulator.press(DIMMER, Method.TURNOFF)

    deeds = await client.device_history(DIMMER, begin, begin + 9)
    assert [(one.method, one.value, one.origin) for one in deeds] == [
        (Method.DIM, 77, "Incoming signal"),
        (Method.TURNOFF, None, "Incoming signal"),
    ]
    assert [
        one.when for one in await client.device_history(DIMMER, begin, begin + 1)
    ] == [int(begin)]
    (deed,) = await client.device_history(RADIATOR, begin)
    assert (deed.mode, deed.temperature, deed.value) == ("heat", 19.5, None)


@pytest.mark.parametrize("ahead", [0.0, 2.0, 7200.0, -7200.0])
async def test_clock_of_telldus(
    client: TelldusClient, simulator: Simulator, clock: Clock, ahead: float
) -> None:
    """What Telldus tells of the past is by our clock, also where its own is another."""
    clock.tick(0.25)
    our_time = simulator.clock
    simulator.clock = lambda: our_time() + ahead
    await client.gateways()
    begin = our_time()
    simulator.press(DIMMER, Method.TURNOFF)
    clock.tick(1300)
    (deed,) = await client.device_history(DIMMER, begin - 5, begin + 5)
    assert abs(deed.when - begin) <= 3
    readings = await client.sensor_history("1540000001", begin - 5, our_time())
    assert readings
    assert all(begin - 8 <= one.when <= our_time() + 3 for one in readings)


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Mon, 99 Foo 2026", "Sun, 01 Jan 0001 00:00:00 +2300"]
)
async def test_clock_that_cannot_be_read(
    client_of: ClientOf, misbehave: Misbehave, date: str
) -> None:
    """A date that is none says nothing of the clock."""
    body = '{"history": [{"ts": 1764000000, "state": 1, "successStatus": 0}]}'
    client = client_of(await misbehave(http(body, "200 OK", f"Date: {date}")))
    for _ in range(2):
        (deed,) = await client.device_history(LAMP, 1763999999)
        assert deed.when == 1764000000


async def test_clocks_that_are_set(
    client: TelldusClient, simulator: Simulator, clock: Clock
) -> None:
    """A clock that is set, ours or Telldus', is noticed; a second or two is nothing."""
    our_time = simulator.clock
    begin = our_time()
    simulator.press(DIMMER, Method.TURNOFF)
    simulator.settings.change({"limit": False})
    telldus = {"ahead": 0.0}
    simulator.clock = lambda: our_time() + telldus["ahead"]
    for ahead, known in ((100, 100), (102, 100), (-100, -100), (1, 0), (50, 50)):
        telldus["ahead"] = ahead
        await client.gateways()
        (deed,) = await client.device_history(DIMMER, begin - 500, begin + 500)
        assert deed.when == pytest.approx(begin - known, abs=0.01)
        clock.tick(61)


async def test_clock_of_a_late_answer(
    session: aiohttp.ClientSession,
    credentials: Credentials,
    rate_limiter: RateLimiter,
    server_url: str,
    simulator: Simulator,
) -> None:
    """What was on its way for long does not tell what time it is."""
    our_time = simulator.clock
    simulator.clock = lambda: our_time() + 7200
    late = iter([0.0, 2.5])
    client = TelldusClient(
        *(session, server_url, credentials, rate_limiter),
        lambda: our_time() + next(late, 0.0),
    )
    await client.gateways()
    assert next(late, None) is None
    simulator.press(DIMMER, Method.TURNOFF)
    begin = our_time()
    assert await client.device_history(DIMMER, begin - 5, begin + 5) == ()
    assert len(await client.device_history(DIMMER, begin - 5, begin + 5)) == 1


async def test_session(
    client: TelldusClient, simulator: Simulator, clock: Clock
) -> None:
    """A session for sockets says until when it is good."""
    simulator.change_settings({"push": True})
    ends = await client.authenticate_session("5e7d0000-0000-4000-8000-00000000abcd")
    assert ends > simulator.clock() + 3600
    address = await client.server_address("410001")
    assert address is not None


async def test_session_without_an_end(
    client_of: ClientOf, misbehave: Misbehave
) -> None:
    """Nor need it."""
    client = client_of(await misbehave(http('{"status": "success"}')))
    assert await client.authenticate_session("x") == 0


async def test_in_pieces(
    client: TelldusClient, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of a large home comes in many pieces."""
    home = generated_home(700, 3)
    monkeypatch.setattr(simulator, "_home", home)
    answer = await client.devices()
    assert {row.id for row in answer.rows} == home.devices.keys()


async def test_inventory(client: TelldusClient, simulator: Simulator) -> None:
    """All devices come with their parameters, which nothing shows by itself."""
    device = simulator.home.devices[LAMP]
    device.parameters = {"house": "A", "unit": "7777777"}

    rows = {row.device.id: row for row in await client.devices_with_parameters()}

    assert list(rows) == list(simulator.home.devices)
    assert rows[LAMP].parameters == {"house": "A", "unit": "7777777"}
    assert "7777777" not in repr(rows[LAMP])
    radio = await client.device_info(LAMP)
    assert simulator.log[-1].path == "json/device/info"
    assert simulator.log[-1].params == {"id": LAMP, "supportedMethods": "4023"}
    assert (radio.protocol, radio.model) == (device.protocol, device.model)


async def test_gateways(client: TelldusClient, simulator: Simulator) -> None:
    """All gateways come."""
    answer = await client.gateways()

    assert simulator.log[-1].path == "json/clients/list"
    assert answer.rows[0] == Gateway(
        id="410001",
        name="Home",
        online=True,
        model="TellStick ZNet Lite v2",
        version="1.3.2",
        is_owner=True,
    )
    assert [row.online for row in answer.rows] == [True, False, True]


async def test_shared(
    server_url: str,
    session: aiohttp.ClientSession,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    credentials: Credentials,
) -> None:
    """What somebody else shares is not owned."""
    guest = Credentials(
        credentials.public_key, credentials.private_key, *simulator.issue_token("guest")
    )
    client = TelldusClient(session, server_url, guest, rate_limiter)

    assert not any(row.is_owner for row in (await client.gateways()).rows)
    assert not any(row.is_owner for row in (await client.devices()).rows)
    assert not any(row.is_owner for row in (await client.sensors()).rows)


async def test_profile(client: TelldusClient, simulator: Simulator) -> None:
    """The account is known by a uuid."""
    profile = await client.profile()

    assert simulator.log[-1].path == "json/user/profile"
    assert len(profile.uuid) == 36
    assert profile.first_name == "Demo"


async def test_profile_refused(client: TelldusClient, simulator: Simulator) -> None:
    """Some may not ask for it."""
    simulator.settings.refuse_profile = True

    with pytest.raises(ApiError, match="^Access denied$"):
        await client.profile()


async def test_profile_without_uuid(
    client: TelldusClient, simulator: Simulator
) -> None:
    """A profile of nobody is none."""
    simulator.faults.add(Fault.MISSING_KEYS, keys=["uuid"])

    with pytest.raises(InvalidResponseError, match="^user/profile: no uuid$"):
        await client.profile()


@pytest.mark.parametrize("key", ["device", "devices"])
async def test_singular_and_plural(
    client_of: ClientOf, misbehave: Misbehave, key: str
) -> None:
    """The vendor's guide reads the plural, everybody else the singular."""
    body = json.dumps({key: [{"id": "1", "client": "2"}]})
    client = client_of(await misbehave(http(body)))

    assert [row.id for row in (await client.devices()).rows] == ["1"]


async def test_priorities(
    client: TelldusClient,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each call has its importance and its caller's timeout."""
    asked: list[tuple[Priority, float | None]] = []
    slot = rate_limiter.acquire

    def noted(priority: Priority, *, timeout: float | None = None) -> Any:
        asked.append((priority, timeout))
        return slot(priority, timeout=timeout)

    monkeypatch.setattr(rate_limiter, "acquire", noted)
    simulator.settings.change({"rooms": True})
    await client.devices(timeout=1)
    await client.gateways(timeout=2)
    await client.gateways(priority=Priority.SIGN_IN)
    await client.sensors()
    await client.sensors(timeout=4)
    await client.rooms()
    await client.profile(timeout=3)
    clock.tick(61)
    await client.devices_with_parameters(timeout=5)
    await client.device_info(LAMP, timeout=6)
    await client.device_history(LAMP, 0, timeout=7)
    await client.sensor_history("1540000001", 0, 1, timeout=8)
    await client.command(lambda: ON)

    assert asked == [
        (Priority.POLL, 1),
        (Priority.BACKGROUND, 2),
        (Priority.SIGN_IN, None),
        (Priority.BACKGROUND, None),
        (Priority.BACKGROUND, 4),
        (Priority.BACKGROUND, None),
        (Priority.SIGN_IN, 3),
        *((Priority.BACKGROUND, timeout) for timeout in (5, 6, 7, 8)),
        (Priority.COMMAND, None),
    ]


# Commands


@pytest.mark.parametrize(
    ("command", "path", "params"),
    [
        (ON, "turnOn", {}),
        (Command(LAMP, Method.TURNOFF, 7), "turnOff", {}),
        (Command(DIMMER, Method.DIM, 128), "dim", {"level": "128"}),
        (Command(DIMMER, Method.DIM, 0), "dim", {"level": "0"}),
        (Command(DIMMER, Method.DIM, 1000), "dim", {"level": "255"}),
        (Command(BLIND, Method.DOWN), "down", {}),
        (Command(BELL, Method.BELL), "bell", {}),
        (
            Command(BULB, Method.RGB, 0x102030),
            "rgb",
            {"r": "16", "g": "32", "b": "48"},
        ),
        (
            Command(RADIATOR, Method.THERMOSTAT, ThermostatSetpoint("eco-heat", 18.5)),
            "thermostat",
            {
                "mode": "eco-heat",
                "changeMode": "1",
                "temperature": "18.5",
                "scale": "0",
            },
        ),
        (
            Command(
                RADIATOR,
                Method.THERMOSTAT,
                ThermostatSetpoint("heat", 19, change_mode=False),
            ),
            "thermostat",
            {"mode": "heat", "changeMode": "0", "temperature": "19", "scale": "0"},
        ),
        (
            Command(RADIATOR, Method.THERMOSTAT, ThermostatSetpoint("off")),
            "thermostat",
            {"mode": "off", "changeMode": "1"},
        ),
    ],
)
async def test_command(
    client: TelldusClient,
    simulator: Simulator,
    clock: Clock,
    command: Command,
    path: str,
    params: dict[str, str],
) -> None:
    """A command is accepted at once, and has the effect that we foresee a little later."""
    before = await shown(client, command.device_id)

    await client.command(lambda: command)

    assert simulator.log[-1].path == f"json/device/{path}"
    assert simulator.log[-1].params == {"id": command.device_id, **params}
    assert await shown(client, command.device_id) == before
    clock.tick(3)
    assert await shown(client, command.device_id) == command.apply_to(before)


async def shown(client: TelldusClient, device_id: str) -> Device:
    """Return what a list says of a device."""
    rows = (await client.devices()).rows
    return next(row for row in rows if row.id == device_id)


async def test_command_is_chosen_at_the_last_moment(
    client: TelldusClient, rate_limiter: RateLimiter, simulator: Simulator
) -> None:
    """What to send is asked when there is leave to send, not before."""
    chosen: list[bool] = []

    def choose() -> Command:
        chosen.append(rate_limiter.sending)
        return ON

    async with rate_limiter.acquire(Priority.POLL):
        sending = asyncio.create_task(client.command(choose))
        while not rate_limiter.waiting:
            await asyncio.sleep(0)
        assert chosen == []
    await sending

    assert chosen == [True]
    assert len(simulator.log) == 1


async def test_no_command_is_chosen_in_a_pause(
    client: TelldusClient, rate_limiter: RateLimiter
) -> None:
    """Who cannot send is not asked what."""
    rate_limiter.on_rate_limited(30.0)

    with pytest.raises(RequestDeferredError):
        await client.command(lambda: pytest.fail("asked"))


@pytest.mark.parametrize("with_code", [False, True])
async def test_gateway_offline(
    client: TelldusClient, simulator: Simulator, with_code: bool
) -> None:
    """A gateway that is away is told apart."""
    simulator.settings.error_code = with_code

    with pytest.raises(GatewayOfflineError) as caught:
        await client.command(lambda: Command(CABIN_LAMP, Method.TURNON))
    assert caught.value.reason == "The client for this device is currently offline"
    assert caught.value.code == (3 if with_code else None)


async def test_command_refused(client: TelldusClient, simulator: Simulator) -> None:
    """Telldus' reason is passed on."""
    simulator.settings.error_code = True
    nobody = Command("99", Method.TURNON)

    with pytest.raises(
        ApiError, match='^The device with id "99" does not exist$'
    ) as caught:
        await client.command(lambda: nobody)
    assert type(caught.value) is ApiError
    assert caught.value.code == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"status": "failed"}, "failed"),
        ({"status": "FAILED_STATUS_NOT_CONFIRMED"}, "FAILED_STATUS_NOT_CONFIRMED"),
        ({"status": "Success"}, "Success"),
        ({"status": None}, "no reason given"),
        ({"status": True}, "no reason given"),
        ({"status": 1}, "no reason given"),
        ({}, "no reason given"),
    ],
)
async def test_anything_but_success_is_a_failure(
    client_of: ClientOf, misbehave: Misbehave, body: dict[str, object], reason: str
) -> None:
    """There is one word that means success."""
    client = client_of(await misbehave(http(json.dumps(body))))

    with pytest.raises(ApiError) as caught:
        await client.command(lambda: ON)
    assert caught.value.reason == reason


async def test_a_lost_command_was_accepted(
    client: TelldusClient, simulator: Simulator, clock: Clock
) -> None:
    """Success means no more than that."""
    simulator.home.devices[LAMP].state = Method.TURNOFF
    simulator.faults.add(Fault.COMMAND_LOST)
    await client.command(lambda: ON)
    clock.tick(60)

    assert simulator.home.devices[LAMP].state == Method.TURNOFF


# What goes wrong at Telldus


@pytest.mark.parametrize(
    ("fault", "args", "kind", "text"),
    [
        (
            Fault.UNAUTHORIZED_XML,
            {},
            AuthenticationError,
            'The consumer_key "…" combination does not exist or is not enabled.',
        ),
        (
            Fault.UNAUTHORIZED_TEXT,
            {},
            AuthenticationError,
            'The consumer_key "…" combination does not exist or is not enabled.',
        ),
        (Fault.NOT_FOUND, {}, TelldusConnectionError, "devices/list: HTTP 404"),
        (Fault.BAD_GATEWAY, {}, TelldusConnectionError, "devices/list: HTTP 502"),
        (Fault.CLOUDFLARE, {}, TelldusConnectionError, "devices/list: HTTP 403"),
        (
            Fault.CLOUDFLARE,
            {"number": 1001},
            TelldusConnectionError,
            "devices/list: HTTP 403",
        ),
        (Fault.REDIRECT, {}, TelldusConnectionError, "devices/list: HTTP 302"),
        (Fault.TRUNCATED, {}, InvalidResponseError, "devices/list: no JSON"),
        (Fault.GARBAGE, {}, InvalidResponseError, "devices/list: no JSON"),
        (Fault.EMPTY, {}, InvalidResponseError, "devices/list: no JSON"),
        (Fault.DATABASE, {}, InvalidResponseError, "devices/list: no JSON"),
        (Fault.MISSING_KEYS, {"keys": ["device"]}, None, ""),
        (Fault.APPLICATION_ERROR, {"text": "Oh"}, ApiError, "Oh"),
        (
            Fault.APPLICATION_ERROR,
            {"text": "invalid_token"},
            AuthenticationError,
            "invalid_token",
        ),
        (Fault.APPLICATION_ERROR, {"text": "Oh", "code": 3}, GatewayOfflineError, "Oh"),
    ],
)
async def test_faults(
    client: TelldusClient,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    secrets: set[str],
    fault: Fault,
    args: dict[str, Any],
    kind: type[TelldusError] | None,
    text: str,
) -> None:
    """Each thing that can go wrong is the error that its caller expects, for a call."""
    await client.devices()
    simulator.faults.add(fault, times=1, **args)

    if kind is None:
        assert len((await client.devices()).rows) == len(simulator.home.devices)
    else:
        with pytest.raises(TelldusError) as caught:
            await client.devices()
        assert type(caught.value) is kind
        assert str(kept(caught.value, secrets)) == text
    assert rate_limiter.paused_for == 0
    assert not rate_limiter.sending
    assert len(simulator.log) == 2
    assert (await client.devices()).rows


@pytest.mark.parametrize("body", ["auto", "xml", "text"])
async def test_revoked(
    client: TelldusClient,
    simulator: Simulator,
    secrets: set[str],
    body: str,
) -> None:
    """A token that was taken away is the sign-in's fault, in whatever form it is told."""
    simulator.settings.change({"unauthorized_body": body})
    simulator.revoke()

    for call in (
        client.devices,
        client.gateways,
        client.sensors,
        client.rooms,
        client.profile,
        lambda: client.command(lambda: ON),
    ):
        with pytest.raises(AuthenticationError) as caught:
            await call()
        assert "does not exist or is not enabled" in str(kept(caught.value, secrets))


async def test_wrong_secret(
    server_url: str,
    session: aiohttp.ClientSession,
    credentials: Credentials,
    rate_limiter: RateLimiter,
    secrets: set[str],
) -> None:
    """The signature base string, which a refusal quotes, is not passed on."""
    wrong = Credentials(
        credentials.public_key,
        credentials.private_key,
        credentials.token,
        "not-the-secret",
    )
    secrets.add("not-the-secret")

    with pytest.raises(AuthenticationError) as caught:
        await TelldusClient(session, server_url, wrong, rate_limiter).devices()
    assert str(kept(caught.value, secrets)) == (
        'Verification of signature failed (signature base string was "…").'
    )


async def test_redirects_are_not_followed(
    client: TelldusClient, simulator: Simulator, server_url: str
) -> None:
    """Nothing signed goes anywhere else."""
    simulator.faults.add(
        Fault.REDIRECT, times=1, location=f"{server_url}/json/devices/list"
    )

    with pytest.raises(TelldusConnectionError):
        await client.devices()
    assert len(simulator.log) == 1


@pytest.mark.usefixtures("short_timeout")
async def test_timeout(
    client: TelldusClient,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    secrets: set[str],
) -> None:
    """Who says nothing is not waited for."""
    simulator.faults.add(Fault.TIMEOUT, times=1)

    with pytest.raises(TelldusConnectionError) as caught:
        await client.devices()
    assert "devices/list: " in str(kept(caught.value, secrets))
    assert "Timeout" in str(caught.value)
    assert rate_limiter.used == 1
    assert not rate_limiter.sending


async def test_slow(client: TelldusClient, simulator: Simulator) -> None:
    """Who says something late is."""
    simulator.faults.add(Fault.SLOW, seconds=0.05)

    assert (await client.devices()).rows


@pytest.mark.parametrize("retry_after", [None, 40])
async def test_rate_limited(
    client: TelldusClient,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    clock: Clock,
    retry_after: int | None,
) -> None:
    """After a 429 nothing is sent until the pause is over."""
    args: dict[str, Any] = {"retry_after": retry_after} if retry_after else {}
    simulator.faults.add(Fault.RATE_LIMITED, times=1, **args)

    with pytest.raises(RateLimitError) as caught:
        await client.devices()
    assert type(caught.value) is RateLimitError
    wait = caught.value.retry_after
    assert wait == 40 if retry_after else 15 <= wait <= 18
    assert rate_limiter.paused_for == wait
    assert len(simulator.log) == 1

    clock.tick(wait - 0.01)
    for call in (
        client.devices,
        client.gateways,
        client.sensors,
        client.rooms,
        client.profile,
        lambda: client.command(lambda: ON),
    ):
        with pytest.raises(RequestDeferredError):
            await call()
    assert len(simulator.log) == 1
    clock.tick(0.01)
    assert (await client.devices()).rows
    assert len(simulator.log) == 2


async def test_an_answer_ends_the_doubling(
    client: TelldusClient, simulator: Simulator, rate_limiter: RateLimiter, clock: Clock
) -> None:
    """Any answer but a 429 shows that the server listens to us again."""
    simulator.faults.add(Fault.RATE_LIMITED, times=3)
    for _ in range(3):
        with pytest.raises(RateLimitError):
            await client.devices()
        clock.tick(rate_limiter.paused_for)
    assert rate_limiter.state().refusals == 3

    simulator.faults.add(Fault.UNAUTHORIZED_XML, times=1)
    with pytest.raises(AuthenticationError):
        await client.devices()
    assert rate_limiter.state().refusals == 0


async def test_the_real_limit(
    client: TelldusClient, simulator: Simulator, rate_limiter: RateLimiter
) -> None:
    """A server that allows less than we think is obeyed."""
    simulator.settings.change({"limit_per_minute": 2, "retry_after": True})
    await client.devices()
    await client.devices()

    with pytest.raises(RateLimitError) as caught:
        await client.devices()
    assert caught.value.retry_after == rate_limiter.paused_for == 60


async def test_the_window(client: TelldusClient, simulator: Simulator) -> None:
    """What will not be let through soon is not sent."""
    for _ in range(8):
        await client.devices()

    with pytest.raises(RequestDeferredError):
        await client.devices(timeout=5)
    assert len(simulator.log) == 8
    await client.command(lambda: ON)


# Rows that cannot be understood


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged that somebody is to see."""
    return [
        record.message
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name != "asyncio"
    ]


async def test_bad_rows(
    client: TelldusClient, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Bad rows cost themselves, and one line each, once."""
    simulator.faults.add(Fault.WRONG_TYPES)

    rows = (await client.devices()).rows

    count = len(simulator.home.devices)
    assert len(rows) == count - count // 3
    assert warnings(caplog) == [
        f"Left out what cannot be understood: devices/list, row {number}: not an object"
        for number in range(2, count, 3)
    ]
    caplog.clear()
    assert (await client.devices()).rows == rows
    assert warnings(caplog) == []
    # Another list's rows are others.
    await client.gateways()
    assert warnings(caplog) == [
        "Left out what cannot be understood: clients/list, row 2: not an object"
    ]


async def test_every_row_bad(client: TelldusClient, simulator: Simulator) -> None:
    """Where nothing can be understood, that is no empty home."""
    simulator.faults.add(Fault.MISSING_KEYS, keys=["client"])

    with pytest.raises(InvalidResponseError, match="no client"):
        await client.devices()


async def test_rows_that_lack_something(
    client: TelldusClient, simulator: Simulator
) -> None:
    """A row without what is not needed is a row."""
    simulator.faults.add(
        Fault.MISSING_KEYS, keys=["name", "state", "stateValues", "methods", "online"]
    )

    rows = (await client.devices()).rows
    assert len(rows) == len(simulator.home.devices)
    assert {(row.name, row.state, row.methods) for row in rows} == {
        (None, None, Method(0))
    }


# Servers that are worse


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("null", "no JSON object"),
        ("[]", "no JSON object"),
        ("5", "no JSON object"),
        ('"device"', "no JSON object"),
        ("NaN", "no JSON object"),
        ('{"device": null}', "no list"),
        ('{"device": "none"}', "no list"),
        ('{"device": NaN}', "no list"),
        ("", "no JSON"),
        ("{", "no JSON"),
        ("{'device': []}", "no JSON"),
        # More than is parsed in depth, and a number where a list belongs
        pytest.param('{"device":' + "[" * 200_000, "no JSON", id="deep list"),
        pytest.param('{"device":' + '{"a":' * 200_000, "no JSON", id="deep object"),
        pytest.param('{"device": ' + "9" * 5000 + "}", "no list", id="digits"),
        # Not in any encoding of JSON
        (b'{"device": [{"id": "\xff\xfe"}]}', "no JSON"),
        (b"\x00", "no JSON"),
    ],
)
async def test_unintelligible(
    client_of: ClientOf, misbehave: Misbehave, body: str | bytes, text: str
) -> None:
    """What is not an answer is said not to be one."""
    client = client_of(await misbehave(http(body)))

    with pytest.raises(InvalidResponseError, match=f"^devices/list: {text}$"):
        await client.devices()


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ('{"device": []}', 0),
        ('{"device": {"id": 1, "client": 2}}', 1),
        ('\ufeff{"device": [{"id": 1, "client": 2, "state": NaN}]}', 1),
        ('{"device": [{"id": 1, "client": 2, "methods": 1e999}]}', 1),
        pytest.param(
            '{"device": [{"id": 1, "client": 2, "methods": ' + "9" * 4000 + "}]}",
            1,
            id="digits",
        ),
        ('{"device": [{"id": 1, "client": 2, "statevalue": -Infinity}]}', 1),
        ('{"device": [], "error_count": 0}', 0),
        # An empty home, and PHP's way to write a list with gaps
        ("{}", 0),
        ('{"device": {"0": {"id": 1, "client": 2}, "2": {"id": 3, "client": 2}}}', 2),
    ],
)
async def test_odd_but_intelligible(
    client_of: ClientOf, misbehave: Misbehave, body: str, count: int
) -> None:
    """What can be understood is."""
    client = client_of(await misbehave(http(body, "200 OK", "Content-Type: text/html")))

    assert len((await client.devices()).rows) == count


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (b"", TelldusConnectionError, "ServerDisconnectedError"),
        (b"garbage\r\n\r\n", TelldusConnectionError, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Le", TelldusConnectionError, ""),
        (
            b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"de',
            TelldusConnectionError,
            "",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            TelldusConnectionError,
            "",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
            TelldusConnectionError,
            "",
            id="long header",
        ),
        (
            b"HTTP/1.1 999 ?\r\nContent-Length: 0\r\n\r\n",
            TelldusConnectionError,
            "HTTP 999",
        ),
        (http("gone", "200 OK", "Content-Encoding: gzip"), TelldusConnectionError, ""),
        (
            http("gone", "200 OK", "Content-Encoding: deflate"),
            TelldusConnectionError,
            "",
        ),
        (http('{"device": []}', "500 Oh"), TelldusConnectionError, "HTTP 500"),
        (http("", "204 None"), TelldusConnectionError, "HTTP 204"),
        (
            http('{"error": "Oh", "code": 8}', "500 Oh"),
            TelldusConnectionError,
            "HTTP 500",
        ),
        (http('{"error": "Oh", "code": 8}', "400 Oh"), ApiError, "Oh"),
        (http('{"error": "expired_token"}', "400 Oh"), AuthenticationError, "expired"),
        (http('{"error": null}'), ApiError, "no reason given"),
        (http("[1", "500 Oh"), TelldusConnectionError, "HTTP 500"),
        (http(b"\xff\xfe<error>", "401 No"), AuthenticationError, ""),
        (http(b"", "401 No"), AuthenticationError, ""),
    ],
)
async def test_misbehaving(
    client_of: ClientOf,
    misbehave: Misbehave,
    rate_limiter: RateLimiter,
    secrets: set[str],
    answer: bytes,
    kind: type[TelldusError],
    text: str,
) -> None:
    """Whatever comes out of the wire is one of the errors."""
    client = client_of(await misbehave(answer))

    with pytest.raises(TelldusError) as caught:
        await client.devices()
    assert type(caught.value) is kind
    assert text in str(kept(caught.value, secrets))
    assert not rate_limiter.sending


async def test_gzip(client_of: ClientOf, misbehave: Misbehave) -> None:
    """A packed answer is unpacked."""
    body = gzip.compress(b'{"device": [{"id": 1, "client": 2}]}')
    client = client_of(await misbehave(http(body, "200 OK", "Content-Encoding: gzip")))

    assert len((await client.devices()).rows) == 1


@pytest.mark.parametrize("packed", [False, True])
async def test_too_large(
    client_of: ClientOf,
    misbehave: Misbehave,
    monkeypatch: pytest.MonkeyPatch,
    rate_limiter: RateLimiter,
    packed: bool,
) -> None:
    """An answer that does not end is not read to its end, not even packed."""
    monkeypatch.setattr(client_module, "_LARGEST_ANSWER", 1000)
    body = gzip.compress(b" " * 1001) if packed else b" " * 1001
    headers = ["Content-Encoding: gzip"] if packed else []
    # Nothing but the first kilobyte ever comes.
    client = client_of(await misbehave(http(body, "200 OK", *headers) + b"..."))

    with pytest.raises(InvalidResponseError, match="beyond all size"):
        await client.devices()
    assert not rate_limiter.sending
    body = b'{"device": []}'.ljust(1000)
    client = client_of(await misbehave(http(body)))
    assert (await client.devices()).rows == ()


@pytest.mark.usefixtures("short_timeout")
@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"HTTP/1.1 200 OK\r\n...",
        b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"de...',
    ],
)
async def test_stalling(
    client_of: ClientOf, misbehave: Misbehave, answer: bytes | None
) -> None:
    """Who stops in the middle is not waited for."""
    client = client_of(await misbehave(answer))

    with pytest.raises(TelldusConnectionError, match="Timeout"):
        await client.devices()


@pytest.mark.usefixtures("short_timeout")
@pytest.mark.parametrize("end", [b"", b"..."])
async def test_rate_limited_whatever_the_body(
    client_of: ClientOf, misbehave: Misbehave, rate_limiter: RateLimiter, end: bytes
) -> None:
    """A 429 counts although its body breaks off or never comes."""
    answer = b"HTTP/1.1 429 No\r\nRetry-After: 30\r\nContent-Length: 9\r\n\r\nWai"
    client = client_of(await misbehave(answer + end))

    with pytest.raises(RateLimitError) as caught:
        await client.devices()
    assert caught.value.retry_after == rate_limiter.paused_for == 30


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("Retry-After: 1", 10, 10),
        ("Retry-After: 86400", 3600, 3600),
        ("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT", 15, 18),
        (
            "Date: Wed, 21 Oct 2026 07:27:20 GMT\r\n"
            "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT",
            *(40, 40),
        ),
        ("retry-after: 1e999", 15, 18),
        ("X-Nothing: 5", 15, 18),
    ],
)
async def test_retry_after(
    client_of: ClientOf,
    misbehave: Misbehave,
    rate_limiter: RateLimiter,
    header: str,
    low: float,
    high: float,
) -> None:
    """How long the pause is, is what a sane server means."""
    client = client_of(await misbehave(http("", "429 No", header)))

    with pytest.raises(RateLimitError):
        await client.devices()
    assert low <= rate_limiter.paused_for <= high


async def test_nobody_there(
    client_of: ClientOf, nowhere: str, rate_limiter: RateLimiter, secrets: set[str]
) -> None:
    """A server that is down is unreachable, and is asked again only as often as allowed."""
    with pytest.raises(
        TelldusConnectionError, match="^devices/list: ClientConnector"
    ) as caught:
        await client_of(nowhere).devices()
    kept(caught.value, secrets)
    assert rate_limiter.used == 1
    assert rate_limiter.paused_for == 0


async def test_no_tls_there(client_of: ClientOf, server_url: str) -> None:
    """A server without encryption is not one that was meant."""
    url = server_url.replace("http:", "https:")

    with pytest.raises(TelldusConnectionError, match="^devices/list: ClientConnector"):
        await client_of(url).devices()


async def test_cancelled(
    client_of: ClientOf, misbehave: Misbehave, rate_limiter: RateLimiter
) -> None:
    """A call that is given up leaves the way free."""
    client = client_of(await misbehave(None))
    asking = asyncio.create_task(client.devices())
    while not rate_limiter.used:
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert not rate_limiter.sending
    assert rate_limiter.used == 1


async def test_the_demo_home_is_understood(
    client: TelldusClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Every row of the home that has every oddity known is one that can be shown."""
    home = demo_home(0)

    for rows, raw in (
        ((await client.devices()).rows, home.devices),
        ((await client.sensors()).rows, home.sensors),
    ):
        assert {row.id: row.name for row in rows} == {
            key: " ".join((one.name or "").split()) or None for key, one in raw.items()
        }
    assert warnings(caplog) == []
