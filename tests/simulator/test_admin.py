"""Functions that change what there is: devices, groups, extremes, events.

Source: docs/dev/telldus-api.md, "Device administration and history" and "Other sensor functions".
"""

import json
from typing import Any

import pytest

from simulator import Simulator
from simulator.home import Device

from .conftest import Api, Clock

OK = {"status": "success"}
INVALID = {"error": "Invalid argument"}
DENIED = {"error": "Access denied"}
LAMP, DIMMER, RADIATOR, GROUP = "2100001", "2100003", "2100010", "2100017"
EVERYTHING = {
    "supportedMethods": 4023,
    "extras": "devicetype,transport,parameters,metadata",
}


async def row_of(api: Api, device: str) -> dict[str, Any]:
    """Return a device's row of the list."""
    rows = (await api.get("devices/list", **EVERYTHING))["device"]
    (found,) = (row for row in rows if row["id"] == device)
    assert isinstance(found, dict)
    return found


async def add(api: Api, sim: Simulator, path: str, **params: Any) -> Device:
    """Add something; returns it."""
    before = set(sim.home.devices)
    assert await api.get(path, **params) == OK
    (new,) = set(sim.home.devices) - before
    return sim.home.devices[new]


async def test_model_and_protocol(api: Api) -> None:
    """Both are seen in device/info."""
    assert await api.get("device/setModel", id=LAMP, model="codeswitch:nexa") == OK
    assert await api.get("device/setProtocol", id=LAMP, protocol="waveman") == OK
    info = await api.get("device/info", id=LAMP)
    assert (info["model"], info["protocol"]) == ("codeswitch:nexa", "waveman")


async def test_parameters(api: Api) -> None:
    """A parameter is set, its hash is another one, and a type is the device's type."""
    before = await row_of(api, LAMP)
    light = "00000005-0001-1000-2005-ACCA54000000"
    for name, value in (("house", "77"), ("devicetype", light)):
        params = {"parameter": name, "value": value}
        assert await api.get("device/setParameter", id=LAMP, **params) == OK
    after = await row_of(api, LAMP)
    assert {"name": "house", "value": "77"} in after["parameter"]
    assert {"name": "devicetype", "value": light} in after["parameter"]
    assert before["deviceType"] != after["deviceType"] == light
    assert before["parametersHash"] != after["parametersHash"]
    assert await api.get("device/setParameter", id=LAMP, value="1") == INVALID


async def test_thermostat_parameter(api: Api) -> None:
    """What a thermostat can do is an object; anything else would be nonsense."""
    path = "device/setParameter"
    wish: dict[str, Any] = {"id": RADIATOR, "parameter": "thermostat"}
    for bad in ("5", "heat", "[]", "", '{"modes":5}', '{"setpoints":[]}'):
        assert await api.get(path, **wish, value=bad) == INVALID
    told = {"modes": ["heat", "off"]}
    assert await api.get(path, **wish, value=json.dumps(told)) == OK
    row = await row_of(api, RADIATOR)
    assert {"name": "thermostat", "value": told} in row["parameter"]
    assert await api.get("device/thermostat", id=RADIATOR, mode="heat") == OK


async def test_metadata(api: Api) -> None:
    """Metadata is set, and an empty value removes it."""
    empty = await row_of(api, LAMP)
    wish = {"id": LAMP, "parameter": "devicetype"}
    assert await api.get("device/setMetadata", **wish, value="x") == OK
    row = await row_of(api, LAMP)
    assert row["metadata"] == [{"name": "devicetype", "value": "x"}]
    assert row["metadataHash"] != empty["metadataHash"]
    for _ in range(2):
        assert await api.get("device/setMetadata", **wish, value="") == OK
    assert await row_of(api, LAMP) == empty
    assert await api.get("device/setMetadata", id=LAMP, value="x") == INVALID


async def test_members(api: Api, sim: Simulator) -> None:
    """A group's members are Telldus' ids or the gateway's numbers, never itself."""
    path = "device/setParameter"
    wish = {"id": GROUP, "parameter": "devices"}
    assert await api.get(path, **wish, value=f"{DIMMER}, 2") == OK
    row = await row_of(api, GROUP)
    assert row["devices"] == f"{DIMMER}, 2100002"
    assert row["parameter"] == [{"name": "devices", "value": "3,2"}]
    outer = await add(
        api, sim, "group/add", clientId="410001", name="Outer", devices=GROUP
    )
    for bad in ("99", "9999999", GROUP, f"{LAMP},{outer.id}"):
        assert await api.get(path, **wish, value=bad) == INVALID
    assert (await row_of(api, GROUP))["devices"] == f"{DIMMER}, 2100002"
    # Something else's parameter is only a parameter.
    assert await api.get(path, id=LAMP, parameter="devices", value="99") == OK


@pytest.mark.parametrize(
    ("model", "methods"),
    [
        ("selflearning-switch:nexa", 35),
        ("selflearning-dimmer:nexa", 51),
        ("bell:nexa", 4),
        ("", 35),
    ],
)
async def test_add(api: Api, sim: Simulator, model: str, methods: int) -> None:
    """A receiver that was added is one of the gateway's, with numbers of its own."""
    rows = (await api.get("devices/list", **EVERYTHING))["device"]
    parameters = {
        "house": 5,
        "unit": 1,
        "devicetype": "00000005-0001-1000-2005-ACCA54000000",
    }
    new = await add(
        api,
        sim,
        "device/add",
        clientId="410001",
        name="New lamp",
        transport="433",
        protocol="arctech",
        model=model,
        parameters=json.dumps(parameters),
    )
    row = await row_of(api, new.id)
    assert new.id not in {other["id"] for other in rows}
    mine = [other for other in rows if other["client"] == "410001"]
    assert row["clientDeviceId"] not in {other["clientDeviceId"] for other in mine}
    assert set(row) == set(rows[0]) - {"room"}
    assert (row["name"], row["methods"], row["client"]) == (
        *("New lamp", methods),
        "410001",
    )
    assert row["deviceType"] == parameters["devicetype"]
    assert {"name": "house", "value": 5} in row["parameter"]
    info = await api.get("device/info", id=new.id)
    assert (info["protocol"], info["model"]) == ("arctech", model)


async def test_add_wrongly(api: Api, sim: Simulator) -> None:
    """A gateway that is none, and parameters that are none."""
    before = len(sim.home.devices)
    nowhere = {"error": 'The client with id "9" does not exist'}
    for path in ("device/add", "group/add"):
        assert await api.get(path, clientId="9", name="x") == nowhere
    for bad in ("[]", "house=1"):
        params = {"clientId": "410001", "parameters": bad}
        assert await api.get("device/add", **params) == INVALID
    params = {"clientId": "410001", "devices": "99"}
    assert await api.get("group/add", **params) == INVALID
    assert len(sim.home.devices) == before


@pytest.mark.parametrize("path", ["device/add", "group/add"])
async def test_groups(api: Api, sim: Simulator, clock: Clock, path: str) -> None:
    """A group can what its members can, and is gone without them."""
    params: dict[str, str] = {"clientId": "410001", "name": "Both"}
    members = f"{LAMP},{DIMMER}"
    if path == "device/add":
        members = json.dumps({"devices": members})
        params |= {"transport": "group", "parameters": members}
    else:
        params["devices"] = members
    group = await add(api, sim, path, **params)
    row = await row_of(api, group.id)
    assert (row["type"], row["transport"], row["methods"]) == ("group", "group", 19)
    assert row["deviceType"].startswith("00000002-")
    assert await api.get("device/turnOff", id=group.id) == OK
    clock.now += 5
    assert [sim.home.devices[member].state for member in (LAMP, DIMMER)] == [2, 2]
    assert "error" in await api.get("group/remove", id=LAMP)
    assert await api.get("group/remove", id=group.id) == OK
    assert group.id not in sim.home.devices
    assert LAMP in sim.home.devices


async def test_remove(api: Api, sim: Simulator, clock: Clock) -> None:
    """What is removed is in no group any more, and what it was to do is not done."""
    await api.get("device/turnOn", id=DIMMER)
    assert await api.get("device/remove", id=DIMMER) == OK
    clock.now += 5
    assert "error" in await api.get("device/info", id=DIMMER)
    assert "error" in await api.get("device/remove", id=DIMMER)
    assert (await row_of(api, GROUP))["devices"] == "2100001, 2100004"
    assert await api.get("device/turnOn", id=GROUP) == OK


async def test_reset_max_min(api: Api, sim: Simulator) -> None:
    """One of the extremes begins anew; the other, and values without, stay."""
    sensor = sim.home.sensors["1540000001"]
    for value in sensor.values:
        value.max, value.min = "90", "-90"
    path, outdoor = "sensor/resetMaxMin", {"id": "1540000001"}
    assert await api.get(path, **outdoor) == INVALID
    assert await api.get(path, **outdoor, type="max") == OK
    for value in sensor.values:
        assert (value.max, value.max_time) == (value.value, value.last_updated)
        assert (value.min, value.min_time) != (value.value, value.last_updated)
    assert await api.get(path, **outdoor, type="min") == OK
    for value in sensor.values:
        assert (value.min, value.min_time) == (value.value, value.last_updated)
    rain = sim.home.sensors["1540000003"]
    for kind in ("max", "min"):
        assert await api.get(path, id=rain.id, type=kind) == OK
    assert (rain.values[0].min, rain.values[1].max) == (None, None)


async def test_remove_action(api: Api, sim: Simulator) -> None:
    """An action is removed from its event; one that is not there has its own text."""
    missing = {"error": 'Action "123" not found!'}
    sim.settings.error_code = True
    assert await api.get("event/removeAction", id="123") == missing
    sim.home.events[0]["action"] = [{"id": "122"}, {"id": "123"}]
    assert await api.get("event/removeAction", id="123") == OK
    (event,) = (await api.get("events/list"))["event"]
    assert event["action"] == [{"id": "122"}]
    assert await api.get("event/removeAction", id="123") == missing


async def test_set_job(api: Api) -> None:
    """A job changes in what is given; one without id, or with 0, is new."""
    path, before = "scheduler/setJob", (await api.get("scheduler/jobList"))["job"]
    assert await api.get(path, id="500001", active="0", hour="7") == OK
    job = await api.get("scheduler/jobInfo", id="500001")
    assert job == before[0] | {"active": 0, "hour": "7"}
    for number, new in enumerate(({}, {"id": "0"}, {"id": ""}), 3):
        given = {"deviceId": LAMP, "method": "1", "offset": "-10", "weekdays": "6,7"}
        assert await api.get(path, **new, **given) == OK
        job = await api.get("scheduler/jobInfo", id=f"50000{number}")
        assert job.keys() == before[0].keys()
        assert {name: str(job[name]) for name in given} == given
        assert {type(value) for value in job.values()} == {int, str}
    assert "error" in await api.get(path, id="9", active="1")
    assert await api.get(path, active="1") == INVALID
    assert "error" in await api.get(path, deviceId="9")
    assert await api.get(path, id="500001", minute="5", offset="soon") == INVALID
    job = await api.get("scheduler/jobInfo", id="500001")
    assert job["minute"] == before[0]["minute"]
    assert await api.get("scheduler/removeJob", id="500001") == OK
    assert "error" in await api.get("scheduler/removeJob", id="500001")
    assert len((await api.get("scheduler/jobList"))["job"]) == 4


async def test_where_a_gateway_is(api: Api, sim: Simulator) -> None:
    """Zone and place can be set; an empty zone is the one that is found out."""
    path, gateway = "client/setTimezone", sim.home.gateways["410001"]
    assert await api.get(path, id="410001", timezone="America/New_York") == OK
    assert (gateway.timezone, gateway.timezone_autodetected) == (
        *("America/New_York", False),
    )
    assert gateway.tzoffset in (-5 * 3600, -4 * 3600)
    for odd in ("Nowhere/Land", "../x", "x" * 300):
        assert await api.get(path, id="410001", timezone=odd) == INVALID
    assert await api.get(path, id="410001", timezone="") == OK
    assert (gateway.timezone, gateway.timezone_autodetected) == (
        *("Europe/Stockholm", True),
    )
    path = "client/setCoordinates"
    assert await api.get(path, id="410001", longitude="-3.5", latitude="40") == OK
    assert (gateway.longitude, gateway.latitude) == (-3.5, 40)
    for odd in ("", "x", "nan", "181"):
        assert await api.get(path, id="410001", longitude=odd, latitude="1") == INVALID
    assert await api.get("client/setPush", id="410001", enable="1") == OK
    assert "error" in await api.get("client/setPush", id="9", enable="1")


async def test_remove_history(api: Api) -> None:
    """It is accepted for a sensor that there is."""
    for path in ("sensor/removeHistory", "sensor/removeValue"):
        assert await api.get(path, id="1540000001") == OK
        assert "error" in await api.get(path, id="9")


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("device/setModel", {"id": LAMP, "model": "x"}),
        ("device/setProtocol", {"id": LAMP, "protocol": "x"}),
        ("device/setParameter", {"id": LAMP, "parameter": "x", "value": "x"}),
        ("device/setMetadata", {"id": LAMP, "parameter": "x", "value": "x"}),
        ("device/add", {"clientId": "410001"}),
        ("device/remove", {"id": LAMP}),
        ("group/add", {"clientId": "410001", "devices": LAMP}),
        ("group/remove", {"id": GROUP}),
        ("sensor/resetMaxMin", {"id": "1540000001", "type": "max"}),
        ("event/removeAction", {"id": "1"}),
        ("scheduler/setJob", {"id": "500001", "active": "0"}),
        ("scheduler/removeJob", {"id": "500001"}),
        ("client/setTimezone", {"id": "410001", "timezone": "Europe/Oslo"}),
        (
            "client/setCoordinates",
            {"id": "410001", "longitude": "10", "latitude": "59"},
        ),
        ("client/setPush", {"id": "410001", "enable": "1"}),
        ("sensor/removeHistory", {"id": "1540000001"}),
        ("sensor/removeValue", {"id": "1540000001", "timeUuid": "x"}),
    ],
)
async def test_guests_may_not(
    api: Api, sim: Simulator, path: str, params: dict[str, str]
) -> None:
    """Who has a home shared changes nothing in it."""
    assert await api.to("guest", sim).get(path, **params) == DENIED
    assert await api.get(path, **params) != DENIED
