"""The lists and other responses of the client."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from custom_components.telldus_pa.pa_api import (
    ApiError,
    Credentials,
    DeviceType,
    Gateway,
    InvalidResponseError,
    Method,
    Priority,
    RateLimiter,
    TelldusClient,
    TemperatureRange,
    Thermostat,
)
from simulator import Fault, Simulator, demo_home, generated_home
from simulator.serialization import unit_of

from .conftest import (
    CABIN_LAMP,
    DIMMER,
    LAMP,
    ON,
    ClientOf,
    Clock,
    Misbehave,
    http,
    utc,
    warnings,
)

pytestmark = pytest.mark.usefixtures("no_gaps")


async def test_what_was_received(client: TelldusClient) -> None:
    """The lists are there as they came, and nothing else."""
    await client.devices()
    await client.gateways()
    await client.device_history(LAMP, utc(0))
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

    bulb = rows["Color bulb"]
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
            *(utc(sensor.last_updated), sensor.protocol),
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
            utc(value.last_updated),
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

    assert simulator.log[-1].path == "json/rooms/list"
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


async def test_session(
    client: TelldusClient, simulator: Simulator, clock: Clock
) -> None:
    """A session for sockets says until when it is good."""
    simulator.change_settings({"push": True})
    ends = await client.authenticate_session("5e7d0000-0000-4000-8000-00000000abcd")
    assert ends
    assert ends > utc(simulator.clock() + 3600)
    address = await client.server_address("410001")
    assert address is not None


async def test_session_without_an_end(
    client_of: ClientOf, misbehave: Misbehave
) -> None:
    """Nor need it."""
    client = client_of(await misbehave(http('{"status": "success"}')))
    assert await client.authenticate_session("x") is None


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


@pytest.mark.parametrize("body", ["{}", '{"device": null}', '{"devices": null}'])
async def test_nothing_listed(
    client_of: ClientOf, misbehave: Misbehave, body: str
) -> None:
    """A list without rows may be left out, or be null."""
    client = client_of(await misbehave(http(body)))

    assert (await client.devices()).rows == ()


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
    await client.device_history(LAMP, utc(0), timeout=7)
    await client.sensor_history("1540000001", utc(0), utc(1), timeout=8)
    await client.command(lambda: ON)

    assert asked == [
        (Priority.POLL, 1),
        (Priority.POLL, 2),
        (Priority.SIGN_IN, None),
        (Priority.POLL, None),
        (Priority.POLL, 4),
        (Priority.BACKGROUND, None),
        (Priority.SIGN_IN, 3),
        *((Priority.BACKGROUND, timeout) for timeout in (5, 6, 7, 8)),
        (Priority.COMMAND, None),
    ]


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
