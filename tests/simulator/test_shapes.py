"""The answers for the demo home: key for key, type for type.

Each letter of a shape is a type: s text, i int, f float, b bool, n null, l list, o object.
Source: docs/dev/telldus-api.md, "Functions".
"""

from itertools import pairwise
import re
from typing import Any

import pytest

from simulator import Simulator

from .conftest import NOW, Api, Clock

EVERYTHING = {
    "supportedMethods": 4023,
    "includeIgnored": 1,
    "extras": "devicetype,transport,room,parameters",
}
CLIENT = {
    "id": "s",
    "uuid": "s",
    "name": "s",
    "online": "s",
    "editable": "i",
    "extensions": "i",
    "version": "s",
    "type": "s",
    "ip": "s",
}
CLIENT_EXTRAS = {
    "longitude": "f",
    "latitude": "f",
    "sunrise": "i",
    "sunset": "i",
    "timezone": "s",
    "timezoneAutodetected": "b",
    "tzoffset": "i",
    "transports": "s",
}
DEVICE = {
    "id": "s",
    "clientDeviceId": "s",
    "name": "sn",
    "state": "i",
    "statevalue": "sn",
    "stateValues": "l",
    "methods": "i",
    "metadataHash": "s",
    "parametersHash": "s",
    "type": "s",
    "client": "s",
    "clientName": "s",
    "online": "s",
    "editable": "i",
    "ignored": "i",
}
INFO = {
    "id": "s",
    "clientDeviceId": "s",
    "name": "s",
    "state": "s",
    "statevalue": "sn",
    "methods": "i",
    "metadataHash": "s",
    "parametersHash": "s",
    "type": "s",
    "client": "s",
    "online": "s",
    "editable": "i",
    "ignored": "i",
    "statevalues": "l",
    "protocol": "s",
    "model": "s",
}
SENSOR = {
    "id": "s",
    "name": "sn",
    "lastUpdated": "i",
    "ignored": "i",
    "client": "s",
    "clientName": "s",
    "online": "s",
    "editable": "i",
    "battery": "i",
    "keepHistory": "i",
    "protocol": "s",
    "model": "s",
    "sensorId": "s",
    "miscValues": "sn",
}
VALUE = {"name": "s", "value": "s", "scale": "s", "lastUpdated": "i"}
MAX = {"max": "s", "maxTime": "i"}
MIN = {"min": "s", "minTime": "i"}
PROFILE = {
    "uuid": "s",
    "firstname": "s",
    "lastname": "s",
    "email": "s",
    "credits": "i",
    "pro": "i",
    "subscription": "s",
    "locale": "s",
    "admin": "i",
    "eula": "i",
    "permission": "i",
}
JOB = {
    **dict.fromkeys(("id", "deviceId", "method", "methodValue"), "s"),
    "nextRunTime": "i",
    **dict.fromkeys(("type", "hour", "minute", "weekdays"), "s"),
    **dict.fromkeys(("offset", "randomInterval", "retries", "retryInterval"), "i"),
    **dict.fromkeys(("reps", "active"), "i"),
}
EVENT = {
    **dict.fromkeys(("id", "group", "description"), "s"),
    **dict.fromkeys(("minRepeatInterval", "active"), "i"),
    **dict.fromkeys(("trigger", "condition", "action"), "l"),
}
EMPTY_HASH = "bf21a9e8fbc5a3846fb05b4fa0859e0917b2202f"

# id -> methods and state with mask 4023, and with HA core's 915.
MASKED = {
    "2100001": ((35, 1), (3, 1)),  # LEARN
    "2100004": ((51, 2), (19, 2)),
    "2100005": ((4, 4), (0, 0)),  # a bell that the caller cannot ring
    "2100006": ((896, 128), (896, 128)),
    "2100007": ((912, 16), (912, 16)),
    "2100009": ((1043, 16), (19, 16)),
    "2100010": ((2051, 1), (3, 1)),
    "2100011": ((2048, 1), (0, 1)),
    "2100012": ((0, 2), (0, 2)),
    "2100017": ((19, 1), (19, 1)),  # a group: what its members can do, but LEARN
    "2100018": ((1, 1), (1, 1)),
}


def shape_of(value: Any) -> str:
    """Return a value's letter."""
    letters = {str: "s", bool: "b", int: "i", float: "f", list: "l", dict: "o"}
    return letters.get(type(value), "n")


def check(row: dict[str, Any], shape: dict[str, str]) -> None:
    """Compare the keys, all of them, and the types."""
    assert set(row) == set(shape)
    for key, letters in shape.items():
        assert shape_of(row[key]) in letters, (key, row[key])


async def test_clients(api: Api, sim: Simulator) -> None:
    """Extras add only the keys that were asked for."""
    answer = await api.get("clients/list")
    assert list(answer) == ["client"]
    assert len(answer["client"]) == 3
    for row in answer["client"]:
        check(row, CLIENT)
    assert [row["online"] for row in answer["client"]] == ["1", "0", "1"]
    extras = "coordinate,suntime,timezone,transports,tzoffset"
    for row in (await api.get("clients/list", extras=extras))["client"]:
        check(row, CLIENT | CLIENT_EXTRAS)
    info = await api.get("client/info", id="410001", extras=extras)
    check(info, CLIENT | CLIENT_EXTRAS)
    check(await api.get("client/info", uuid=info["uuid"]), CLIENT)
    code = sim.home.gateways["410002"].code
    assert (await api.get("client/info", code=code))["id"] == "410002"
    sim.home.gateways["410002"].code = ""
    for wrong in ({"code": code}, {"code": ""}, {"uuid": "410001"}):
        assert "error" in await api.get("client/info", **wrong)
    check(
        await api.get("client/info", id="410001", extras="latestversion,insurance"),
        CLIENT | {"latestVersion": "s", "downloadUrl": "s", "insured": "b"},
    )


async def test_devices(api: Api) -> None:
    """The list with everything: extras, hidden ones, groups' members."""
    answer = await api.get("devices/list", **EVERYTHING)
    assert list(answer) == ["device"]
    rows = {row["id"]: row for row in answer["device"]}
    assert len(rows) > 55
    extras = {"deviceType": "s", "transport": "s", "parameter": "l"}
    for row in rows.values():
        shape = DEVICE | extras
        if "room" in row:
            shape = shape | {"room": "s"}
        if row["type"] == "group":
            shape = shape | {"devices": "s"}
        check(row, shape)
    assert rows["2100017"]["devices"] == "2100001, 2100003, 2100004"
    assert rows["2100017"]["parameter"] == [{"name": "devices", "value": "1,3,4"}]
    assert rows["2100009"]["stateValues"] == [
        {"state": "16", "value": 200},
        {"state": "1024", "value": 16744448},
    ]
    assert rows["2100010"]["stateValues"] == [
        {
            "state": "2048",
            "value": {"setpoint": {"heat": "21.5", "eco-heat": "17"}, "mode": "heat"},
        }
    ]
    assert rows["2100001"]["parameter"][1] == {"name": "house", "value": 1234567}
    assert rows["2100018"]["type"] == "device"
    assert rows["2100018"]["transport"] == "scene"


async def test_traps(api: Api) -> None:
    """What has made other clients stumble is there."""
    rows = {
        row["id"]: row
        for row in (await api.get("devices/list", **EVERYTHING))["device"]
    }
    assert rows["2100020"]["name"] is None
    assert [rows[f"210000{n}"]["statevalue"] for n in (1, 2, 3, 4)] == [
        None,
        "",
        "128",
        "unde",
    ]
    assert (
        rows["2100009"]["deviceType"].lower()
        == rows["2100009"]["deviceType"]
        != rows["2100003"]["deviceType"]
    )
    assert len(rows["2100022"]["deviceType"].partition("-")[0]) == 7
    assert (rows["2100021"]["clientDeviceId"], rows["2100021"]["online"]) == ("1", "0")
    assert rows["2100019"]["ignored"] == 1
    assert "2100019" not in {
        row["id"] for row in (await api.get("devices/list"))["device"]
    }


async def test_hashes(api: Api) -> None:
    """The change markers are SHA-1 of compact JSON, as seen at Telldus."""
    rows = (await api.get("devices/list", supportedMethods=3))["device"]
    hashes = {row["id"]: row["parametersHash"] for row in rows}
    assert hashes["2100002"] == rows[0]["metadataHash"] == EMPTY_HASH
    assert hashes["2100001"] == "8d564a79abdc635551c2f56e07797dce706e2d29"
    assert hashes["2100010"] == "85bab482ece87a46f58e35baeb713fa5ec929381"


async def test_mask(api: Api) -> None:
    """Methods and state are cut down to what the caller can handle."""
    full = (await api.get("devices/list", supportedMethods=4023))["device"]
    core = (await api.get("devices/list", supportedMethods=915))["device"]
    seen = {
        all_of["id"]: (
            (all_of["methods"], all_of["state"]),
            (some["methods"], some["state"]),
        )
        for all_of, some in zip(full, core, strict=True)
    }
    assert {key: seen[key] for key in MASKED} == MASKED


async def test_mask_substitutes(api: Api) -> None:
    """Who knows no UP and DOWN is offered off and on, and may send them."""
    rows = {
        row["id"]: row
        for row in (await api.get("devices/list", supportedMethods=3))["device"]
    }
    assert (rows["2100006"]["methods"], rows["2100006"]["state"]) == (3, 2)
    assert (rows["2100008"]["methods"], rows["2100008"]["state"]) == (3, 1)
    assert rows["2100003"]["state"] == 0  # dimmed, and the caller knows no DIM
    assert await api.get("device/turnOn", id="2100006") == {"status": "success"}


async def test_no_mask(api: Api) -> None:
    """Without a mask, with one in words or with no end, methods and state are 0."""
    for mask in (None, "TURNON|TURNOFF", 0, "9" * 5000, "²"):
        params = {} if mask is None else {"supportedMethods": mask}
        rows = (await api.get("devices/list", **params))["device"]
        assert {(row["methods"], row["state"]) for row in rows} == {(0, 0)}


async def test_device_info(api: Api) -> None:
    """The state is a text here, and statevalues has no capital."""
    for device in ("2100001", "2100003", "2100009", "2100010"):
        check(await api.get("device/info", id=device, supportedMethods=4023), INFO)
    info = await api.get("device/info", id=2100003, supportedMethods=4023)
    assert (info["state"], info["statevalue"]) == ("16", "128")
    assert info["statevalues"] == [{"state": "16", "value": 128}]
    assert (await api.get("device/info", id="2100003"))["state"] == "0"
    transport = await api.get("device/info", id="2100003", extras="transport,timezone")
    check(transport, INFO | {"transport": "s", "timezone": "s"})


async def test_found_by_uuid(api: Api, sim: Simulator) -> None:
    """The uuid that the extra hands out finds the device again, for commands too."""
    uuid = (await api.get("device/info", id="2100002", extras="uuid"))["uuid"]
    assert (await api.get("device/info", uuid=uuid))["id"] == "2100002"
    assert (await api.get("device/info", uuid=uuid.upper()))["id"] == "2100002"
    sim.settings.effect_delay = 0
    assert await api.get("device/turnOn", uuid=uuid) == {"status": "success"}
    assert sim.home.devices["2100002"].state == 1
    text = f'The device with id "{uuid[:-1]}" does not exist'
    assert await api.get("device/info", uuid=uuid[:-1]) == {"error": text}
    # The id, where both are given
    assert (await api.get("device/info", id="2100003", uuid=uuid))["id"] == "2100003"
    assert "error" in await api.get("device/info", id="99", uuid=uuid)


async def test_device_info_of_2017(api: Api, sim: Simulator) -> None:
    """As logged then, methods are a text as well, and keys are missing."""
    sim.settings.device_info_of_2017 = True
    then = INFO | {"methods": "s"}
    for missing in ("clientDeviceId", "ignored"):
        del then[missing]
    check(await api.get("device/info", id=2100003, supportedMethods=4023), then)


async def test_sensors(api: Api) -> None:
    """Values in `data`, with units only if asked; absent where there are none."""
    params = {"includeValues": 1, "includeScale": 1, "includeIgnored": 1}
    answer = await api.get("sensors/list", **params)
    assert list(answer) == ["sensor"]
    rows = {row["id"]: row for row in answer["sensor"]}
    for row in rows.values():
        check(row, SENSOR | ({"data": "l"} if "data" in row else {}))
    assert "data" not in rows["1540000016"]
    assert (rows["1540000014"]["name"], rows["1540000015"]["name"]) == (None, "")
    assert [rows[f"154000000{n}"]["battery"] for n in (1, 2, 3, 7)] == [
        253,
        255,
        254,
        88,
    ]
    assert "2100001" in rows  # a device has this id too
    outdoor, rain, wind = (rows[f"154000000{n}"]["data"] for n in (1, 3, 4))
    check(outdoor[0], VALUE | MAX | MIN)
    check(rain[0], VALUE | MAX)
    check(rain[1], VALUE)
    check(wind[0], VALUE)
    plug = rows["1540000006"]["data"]
    assert [value["scale"] for value in plug] == list("0123456")
    units = await api.get("sensors/list", **params, includeUnit=1)
    check(units["sensor"][0]["data"][0], VALUE | MAX | MIN | {"unit": "s"})
    assert units["sensor"][0]["data"][0]["unit"] == "°C"
    assert len(units["sensor"]) == len(rows)
    del params["includeIgnored"]
    assert len((await api.get("sensors/list", **params))["sensor"]) == len(rows) - 1


async def test_sensors_flat(api: Api) -> None:
    """Without scales the values are keys: one for each name, of the watts the W."""
    rows = {
        row["id"]: row
        for row in (await api.get("sensors/list", includeValues=1))["sensor"]
    }
    check(rows["1540000001"], SENSOR | {"temp": "s", "humidity": "s"})
    check(rows["1540000006"], SENSOR | {"watt": "s"})
    assert rows["1540000006"]["watt"] == "43.2"
    check(rows["1540000016"], SENSOR)
    for row in (await api.get("sensors/list", includeScale=1))["sensor"]:
        check(row, SENSOR)


async def test_sensor_info(api: Api) -> None:
    """Battery and keepHistory are texts in the one capture that there is."""
    info = await api.get("sensor/info", id="1540000001")
    shape = SENSOR | {"battery": "s", "keepHistory": "s"}
    check(info, shape | {"data": "l", "timezoneoffset": "i"})
    check(info["data"][0], VALUE | MAX | MIN)


async def test_sensor_history(api: Api) -> None:
    """Only sensors that keep their history have one."""
    answer = await api.get("sensor/history", id="1540000001", from_=1763990000)
    assert list(answer) == ["history"]
    assert len(answer["history"]) == 17
    check(answer["history"][0], {"ts": "i", "data": "l"})
    check(answer["history"][0]["data"][0], {"name": "s", "value": "s", "scale": "s"})
    more = await api.get(
        "sensor/history",
        id="1540000001",
        includeKey=1,
        includeUnit=1,
        includeHumanReadableDate=1,
    )
    check(more["history"][0], {"ts": "i", "uuid": "s", "date": "s", "data": "l"})
    assert more["history"][0]["data"][0]["unit"] == "°C"
    assert await api.get("sensor/history", id="1540000002") == {"history": []}


@pytest.mark.parametrize(
    ("tzoffset", "date"),
    [(3600, "2025-11-24 17:00:00"), (-7200, "2025-11-24 14:00:00")],
)
async def test_sensor_history_dates(
    api: Api, sim: Simulator, tzoffset: int, date: str
) -> None:
    """A date for people is by the gateway's clock."""
    sim.home.gateways["410001"].tzoffset = tzoffset
    answer = await api.get(
        "sensor/history", id="1540000001", includeHumanReadableDate=1
    )
    assert (answer["history"][-1]["ts"], answer["history"][-1]["date"]) == (NOW, date)


async def test_sensor_history_is_long(api: Api, sim: Simulator) -> None:
    """Two years are there, told a part at a time, and say the same whenever asked."""
    day = 86400
    begins = int(NOW) - 730 * day

    async def ask(since: int, until: int) -> list[dict[str, Any]]:
        found = await api.get("sensor/history", id="1540000001", from_=since, to=until)
        rows: list[dict[str, Any]] = found["history"]
        return rows

    assert await ask(begins - 9 * day, begins - 1) == []
    first = await ask(begins - 9 * day, begins + day)
    assert len(first) == 145
    assert 0 <= first[0]["ts"] - begins < 600
    assert await ask(begins, begins + day) == first
    times = [row["ts"] for row in await ask(begins, begins + 30 * day)]
    assert len(times) == 1000
    assert times[-1] == begins // 600 * 600 + 30 * day
    sim.settings.history_cut = "newest"
    times = [row["ts"] for row in await ask(begins, begins + 30 * day)]
    assert (len(times), times[0]) == (1000, first[0]["ts"])
    sim.settings.history_interval, sim.settings.history_rows = 3600, 5
    times = [row["ts"] for row in await ask(begins, begins + day)]
    assert [b - a for a, b in pairwise(times)] == [3600] * 4


async def test_counters_began_anew(api: Api, sim: Simulator, clock: Clock) -> None:
    """A counter was never below nothing: before that it had counted, and began anew."""
    sim.home.sensors["1540000003"].keep_history = True
    sim.settings.history_interval = 3600
    until = int(clock.now)
    rows = (
        await api.get(
            "sensor/history", id="1540000003", from_=until - 40 * 86400, to=until
        )
    )["history"]
    rain = [float(row["data"][1]["value"]) for row in rows]
    assert all(0 <= value <= 312.7 for value in rain)
    resets = [(a, b) for a, b in pairwise(rain) if b < a]
    assert len(resets) == 1
    assert resets[0][0] > 312
    assert resets[0][1] < 0.5


async def test_account(api: Api, sim: Simulator) -> None:
    """user, scheduler and events."""
    profile = await api.get("user/profile")
    check(profile, PROFILE)
    other = await api.to("Ann", sim).get("user/profile")
    again = await api.to("ANN", sim).get("user/profile")
    assert profile["uuid"] != other["uuid"] == again["uuid"]
    jobs = await api.get("scheduler/jobList")
    for row in jobs["job"]:
        check(row, JOB)
    for row in jobs["job"]:
        assert await api.get("scheduler/jobInfo", id=row["id"]) == row
    assert "error" in await api.get("scheduler/jobInfo", id="9")
    (event,) = (await api.get("events/list"))["event"]
    check(event, EVENT)
    (group,) = (await api.get("event/groupList"))["eventGroup"]
    check(group, {"id": "s", "name": "s"})
    assert group["name"] == event["group"]
    for function in ("client/serverAddress", "user/authenticateSession"):
        assert list(await api.get(function)) == ["error"]


async def test_device_history(api: Api, clock: Clock) -> None:
    """Extras say where the gateway is."""
    await api.get("device/turnOn", id="2100002")
    clock.now += 5
    answer = await api.get("device/history", id="2100002", extras="timezone,tzoffset")
    check(answer, {"history": "l", "timezone": "s", "tzoffset": "i"})
    check(
        answer["history"][0],
        {
            "ts": "i",
            "state": "i",
            "stateValue": "i",
            "origin": "s",
            "successStatus": "i",
        },
    )


async def test_device_history_of_yore(api: Api) -> None:
    """The demo home has the rows of the samples, too old to be news, and true still."""
    rows = (await api.get("device/history", id="2100003"))["history"]
    assert [
        (row["state"], row["stateValue"], row["origin"], row["successStatus"])
        for row in rows
    ] == [
        (1, 0, "Incoming signal", 0),
        (1, 0, "Group All lamps", 0),
        (16, 128, "Home Assistant", 0),
        (2, 0, "Scheduler", 2),
    ]
    radiator = (await api.get("device/history", id="2100010"))["history"]
    assert radiator == [
        {
            "ts": radiator[0]["ts"],
            "state": 2048,
            "stateValue": "{'mode': 'heat', 'changeMode': 1, 'temperature': 21.5}",
            "origin": "Unknown",
            "successStatus": 6,
        }
    ]
    times = [row["ts"] for row in (*rows, *radiator)]
    assert times == sorted(times)
    assert times[-1] <= NOW - 7200


async def test_errors(api: Api, sim: Simulator) -> None:
    """Application errors have HTTP 200; a code only if the setting says so."""
    offline = {"error": "The client for this device is currently offline"}
    assert await api.get("device/turnOn", id="2100021") == offline
    assert await api.get("sensor/info", id="99") == {
        "error": 'The sensor with id "99" does not exist'
    }
    assert await api.get("device/info", id="99") == {
        "error": 'The device with id "99" does not exist'
    }
    assert await api.get("device/turnOff", id="2100005") == {
        "error": 'Device "2100005" does not support method "2"'
    }
    for bad in ({}, {"level": "much"}, {"level": "inf"}):
        answer = await api.get("device/dim", id="2100003", **bad)
        assert answer == {"error": "Invalid argument"}
    assert "error" in await api.get("no/such")
    assert "error" in await api.get("client/info", id="1")
    sim.settings.error_code = True
    assert await api.get("device/turnOn", id="2100021") == {**offline, "code": 3}
    assert await api.get("device/info", id="99") == {
        "error": 'The device with id "99" does not exist',
        "code": 1,
    }
    assert await api.get("device/dim", id="2100003") == {
        "error": "Invalid argument",
        "code": 4,
        "subcode": "5e7d0000-0000-4000-8000-000000000004",
    }
    assert await api.get("sensor/info", id="99") == {
        "error": 'The sensor with id "99" does not exist'
    }


async def test_variants(api: Api, sim: Simulator) -> None:
    """Each open question about shapes is a switch."""
    sim.settings.change(
        {
            "state_values_as_strings": True,
            "online_as_ints": True,
            "ids_as_ints": True,
            "battery_as_strings": True,
            "scene_type": "scene",
            "members_in": "devices",
        }
    )
    rows = {
        row["id"]: row
        for row in (await api.get("devices/list", **EVERYTHING))["device"]
    }
    assert rows[2100003]["stateValues"] == [{"state": "16", "value": "128"}]
    assert rows[2100003]["online"] == 1
    assert rows[2100018]["type"] == "scene"
    assert "devices" in rows[2100017]
    assert rows[2100017]["parameter"] == []
    sensors = (await api.get("sensors/list"))["sensor"]
    assert sensors[0]["battery"] == "253"
    sim.settings.change({"members_in": "parameter", "premium": False, "rooms": True})
    group = (await api.get("devices/list", **EVERYTHING))["device"][16]
    assert "devices" not in group
    assert group["parameter"] == [{"name": "devices", "value": "1,3,4"}]
    assert (await api.get("user/profile"))["pro"] == -1
    assert (await api.get("rooms/list"))["room"][0]["name"] == "Living room"
    sim.settings.change({"refuse_profile": True, "rooms": False})
    assert "error" in await api.get("user/profile")
    assert "error" in await api.get("rooms/list")
    sim.settings.change({"rooms": True, "rooms_singular": True})
    assert "error" in await api.get("rooms/list")
    assert (await api.get("room/list"))["room"]
    sim.settings.sensor_info_limit = True
    assert "data" in await api.get("sensor/info", id="1540000001")
    assert "error" in await api.get("sensor/info", id="1540000001")
    assert "data" in await api.get("sensor/info", id="1540000002")


async def test_guest(api: Api, sim: Simulator) -> None:
    """A shared home is seen, switched, but not changed."""
    guest = api.to("guest", sim)
    rows = (await guest.get("devices/list", supportedMethods=4023))["device"]
    assert {row["editable"] for row in rows} == {0}
    assert await guest.get("device/turnOn", id="2100002") == {"status": "success"}
    assert "error" in await guest.get("device/setName", id="2100002", name="Mine")
    assert await api.get("device/setName", id="2100002", name="Ours") == {
        "status": "success"
    }
    assert sim.home.devices["2100002"].name == "Ours"


async def test_forms(api: Api, sim: Simulator) -> None:
    """GET and POST, query and body, the legacy form, and XML."""
    answer = await api.call("json/device/info", "POST", id="2100003")
    assert answer.json["name"] == "Ceiling dimmer"
    legacy = await api.call("devices/list", supportedMethods=3, format="json")
    assert legacy.json["device"][0]["methods"] == 3
    xml = await api.call("xml/clients/list")
    assert xml.headers["Content-Type"].startswith("text/xml")
    assert '<clients><client id="410001" uuid="' in xml.text
    lamps = await api.call("xml/devices/list", supportedMethods=19)
    assert ' methods="19" ' in lamps.text
    assert ' statevalue="" ' in lamps.text
    sensors = await api.call(
        "xml/sensors/list", includeValues=1, includeScale=1, includeUnit=1
    )
    assert re.search(
        r'<sensor id="1540000001" [^<>]*><data name="temp" [^<>]* unit="&#176;C" />',
        sensors.text,
    )
    info = await api.call("xml/device/info", id="2100003", extras="parameters")
    assert "<device><id>2100003</id>" in info.text
    sim.home.gateways["410002"].timezone_autodetected = False
    zones = await api.call("xml/clients/list", extras="timezone,insurance")
    found = re.findall(r'timezoneAutodetected="(.+?)" insured="(.+?)"', zones.text)
    assert found == [("1", "0"), ("0", "0"), ("1", "0")]
    zone = await api.call("xml/client/info", id="410001", extras="timezone")
    assert "<timezoneAutodetected>1</timezoneAutodetected>" in zone.text
    error = await api.call("xml/device/info", id="<9>")
    text = 'The device with id "&lt;9&gt;" does not exist'
    assert error.text.endswith(f"<device><error>{text}</error></device>")
    on = await api.call("xml/device/turnOn", id="2100002")
    assert on.text.endswith("<device><status>success</status></device>")
