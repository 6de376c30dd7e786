"""Answers of Telldus that others have shown in public, fed to our client.

What each is, and where it was seen, is in tests/recorded/README.md.
"""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
import re
from typing import Final
from xml.etree import ElementTree as ET

import aiohttp
import pytest

from custom_components.telldus_pa.devices.kinds import (
    DeviceKind,
    entities_of_sensor,
    kind_of,
)
from custom_components.telldus_pa.pa_api import (
    ApiError,
    AuthenticationError,
    Command,
    Credentials,
    Device,
    DeviceProtocol,
    DeviceType,
    Gateway,
    GatewayOfflineError,
    HistoryEntry,
    InvalidResponseError,
    Method,
    OAuth1Flow,
    RateLimiter,
    Sensor,
    SuccessStatus,
    TelldusClient,
    TelldusConnectionError,
    TelldusError,
)
from custom_components.telldus_pa.pa_api.parsing import (
    Json,
    read_json,
    to_object,
    to_objects,
)
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from .conftest import Misbehave, http, utc

RECORDED: Final = Path(__file__).parents[1] / "fixtures" / "recorded"
ON: Final = Command("3100051", Method.TURNON)

ON_OFF: Final = Method.TURNON | Method.TURNOFF
NOTHING: Final = Method(0)

# Of each device: its name, kind, methods and last state, and the ids of members.
type SeenDevice = tuple[str, DeviceKind, Method, Method | None, tuple[str, ...]]
DEVICES: Final[dict[str, list[SeenDevice]]] = {
    "devices_list_2013_two_gateways.json": [
        ("Cabin heater", DeviceKind.SENSOR, NOTHING, None, ()),
        ("Living room", DeviceKind.SENSOR, NOTHING, None, ("310002", "310003")),
        ("Lamp", DeviceKind.SENSOR, NOTHING, None, ()),
        ("Lampe kjøkken", DeviceKind.SENSOR, NOTHING, None, ()),
    ],
    "devices_list_2014_bare.json": [
        ("First", DeviceKind.SENSOR, NOTHING, None, ()),
        ("Second", DeviceKind.SENSOR, NOTHING, None, ()),
    ],
    "devices_list_2014_no_mask.json": [
        ("Floor lamp", DeviceKind.SENSOR, NOTHING, None, ()),
    ],
    "devices_list_2015_group.json": [
        ("##All", DeviceKind.SENSOR, NOTHING, None, ("310021", "310021")),
        ("Sofa-light", DeviceKind.SENSOR, NOTHING, None, ()),
        ("Sofa-light", DeviceKind.SENSOR, NOTHING, None, ()),
    ],
    "devices_list_2016_empty.json": [],
    "devices_list_2016_groups.json": [
        (
            "All lights",
            DeviceKind.SWITCH,
            ON_OFF,
            Method.TURNOFF,
            ("3100032", "3100033"),
        ),
        ("Upstairs", DeviceKind.SWITCH, ON_OFF, Method.TURNON, ("3100034", "3100035")),
    ],
    "devices_list_2017_bell.json": [
        ("door bell", DeviceKind.SENSOR, NOTHING, None, ()),
    ],
    "devices_list_2017_copied.json": [
        ("Garage söder", DeviceKind.SWITCH, ON_OFF, Method.TURNON, ()),
        ("Porch", DeviceKind.SWITCH, ON_OFF, Method.TURNON, ()),
    ],
    "devices_list_2017_house.json": [
        ("Frånvaro", DeviceKind.SWITCH, ON_OFF, Method.TURNON, ()),
        ("Gate", DeviceKind.SENSOR, NOTHING, Method.TURNOFF, ()),
        ("Terrace open", DeviceKind.SWITCH, ON_OFF, Method.TURNOFF, ()),
        ("Window lamp", DeviceKind.LIGHT, ON_OFF | Method.DIM, Method.TURNOFF, ()),
        ("Post lamp", DeviceKind.SWITCH, ON_OFF, Method.TURNON, ()),
        ("Remote", DeviceKind.SWITCH, ON_OFF, Method.TURNON, ()),
    ],
    "devices_list_2020_remote.json": [
        # That it is a remote control, only a parameter says.
        ("r4", DeviceKind.REMOTE, ON_OFF | Method.LEARN, Method.TURNOFF, ()),
    ],
    "devices_list_2022.xml": [
        ("Twilight", DeviceKind.SWITCH, ON_OFF, Method.TURNOFF, ()),
        ("Ringklocka på dörr", DeviceKind.SWITCH, ON_OFF, Method.TURNOFF, ()),
        ("Heater", DeviceKind.SWITCH, ON_OFF, Method.TURNOFF, ()),
    ],
}

# Of each sensor: its name and battery, when it was heard, its values, and its entities.
type SeenSensor = tuple[
    str,
    int | bool | None,
    float,
    dict[tuple[str, int | None], float],
    list[str],
]
SENSORS: Final[dict[str, list[SeenSensor]]] = {
    "sensors_list_2014_bare.json": [
        ("T1", None, 1419100001, {}, ["last_seen"]),
    ],
    "sensors_list_2014_flat.json": [
        (
            *("Hall", None, 1416700001),
            {("temp", 0): 21.4, ("humidity", 0): 44},
            ["temp_0", "humidity_0", "last_seen"],
        ),
        (
            *("Bedroom", None, 1416700004),
            {("temp", 0): 17.9, ("humidity", 0): 53},
            ["temp_0", "humidity_0", "last_seen"],
        ),
    ],
    "sensors_list_2015_no_values.json": [
        ("upstairs", None, 1423500001, {}, ["last_seen"]),
        ("freezer", None, 1423500261, {}, ["last_seen"]),
    ],
    "sensors_list_2016_batteries.json": [
        ("Shed inside", None, 1478100001, {}, ["last_seen"]),
        ("North wall", False, 1478100054, {}, ["battery_low", "last_seen"]),
    ],
    "sensors_list_2017_fractions.json": [
        (
            *("Backåsen", None, 1484000001),
            {("temp", 0): 19.6, ("humidity", 0): 43},
            ["temp_0", "humidity_0", "last_seen"],
        ),
    ],
    "sensors_list_2017_house.json": [
        (
            *("Förråd", None, 1512400001),
            {("temp", 0): 9.1, ("humidity", 0): 61},
            ["temp_0", "humidity_0", "last_seen"],
        ),
        (
            *("Terrace power", None, 1512390006),
            {("watt", 0): 12.34, ("watt", 2): 0},
            ["watt_0", "watt_2", "last_seen"],
        ),
        ("Window lamp", None, 1503800007, {}, ["last_seen"]),
        (
            *("Outside", None, 1512400008),
            {("temp", 0): -6.3},
            ["temp_0", "last_seen"],
        ),
    ],
    "sensors_list_2018_meter.json": [
        (
            *("Plug 1", None, 1545000003),
            {("watt", 0): 244.694, ("watt", 2): 0.885, ("watt", 4): 230.312},
            ["watt_0", "watt_2", "watt_4", "last_seen"],
        ),
    ],
    "sensors_list_2020_multisensor.json": [
        (
            *("Multisensor", 100, 1605700002),
            {
                ("uv", 0): 0,
                ("temp", 0): 23.6,
                ("humidity", 0): 36,
                ("lum", 1): 11,
            },
            ["uv_0", "temp_0", "humidity_0", "lum_1", "battery", "last_seen"],
        ),
    ],
    "sensors_list_2022.xml": [
        (
            *("Garden", None, 1666300001),
            {("temp", 0): 8.7, ("humidity", 0): 96},
            ["temp_0", "humidity_0", "last_seen"],
        ),
    ],
    # What sensor/info says, which we never ask: no gateway, and so no row of a list.
    "sensor_info_2014.json": [
        (
            *("T1", None, 1419100009),
            {("temp", 0): 23.5, ("humidity", 0): 27},
            ["temp_0", "humidity_0", "last_seen"],
        ),
    ],
    "sensor_info_2015_temperature.json": [
        (
            *("temperature.upstairs", None, 1423400001),
            {("temp", 0): 19.9},
            ["temp_0", "last_seen"],
        ),
    ],
    "sensor_info_2015_wind.json": [
        (
            *("wind", False, 1427200001),
            {("wavg", 0): 3.9, ("wgust", 0): 4.2, ("wdir", 0): 202.5},
            ["wavg_0", "wgust_0", "wdir_0", "battery_low", "last_seen"],
        ),
    ],
}

GATEWAYS: Final = {
    "clients_list_2015.json": Gateway(
        *("51004", "house", True, "TellStick Net", "17", True)
    ),
    "clients_list_2020.json": Gateway(
        *("510009", "Third", True, "TellStick ZNet Lite v2", "1.2.0", True)
    ),
    "client_info_2017.json": Gateway(
        *("510007", "Home", True, "TellStick Net", "17", True)
    ),
}

DEEDS: Final = {
    "device_history_2016_signals.json": [
        HistoryEntry(
            utc(1477400001), Method.TURNON, SuccessStatus.DONE, origin="Incoming signal"
        )
    ]
    * 2,
    "device_history_2016_dim.json": [
        HistoryEntry(
            utc(1483100002),
            Method.DIM,
            SuccessStatus.DONE,
            value=0,
            origin="Our Remote",
        )
    ],
}

RADIOS: Final = {"device_info_2017.json": DeviceProtocol("433", "n/a")}
SUCCESSES: Final = ("command_success.json",)

# What a command or a list comes to: the status it came with, and what is said of it.
type Failure = tuple[str, type[TelldusError], str]
COMMANDS: Final[dict[str, Failure]] = {
    "error_client_offline.json": (
        "200 OK",
        GatewayOfflineError,
        "The client for this device is currently offline",
    ),
    "error_method_2017.json": (
        "200 OK",
        ApiError,
        'Device "3100051" does not support method "2"',
    ),
    "error_sensor_2021.json": (
        "200 OK",
        ApiError,
        'The sensor with id "2600099" does not exist',
    ),
}
LISTS: Final[dict[str, Failure]] = {
    "database_2022.txt": ("200 OK", InvalidResponseError, "devices/list: no JSON"),
    "devices_list_2022.html": ("200 OK", InvalidResponseError, "devices/list: no JSON"),
    "unauthorized_2024.xml": (
        "401 Unauthorized",
        AuthenticationError,
        "Can't verify request, missing oauth_consumer_key or oauth_token",
    ),
}
PROFILES: Final[dict[str, Failure]] = {
    "user_profile_2013.json": ("200 OK", InvalidResponseError, "user/profile: no uuid"),
}
HANDSHAKES: Final[dict[str, Failure]] = {
    "request_token_unauthorized_2023.txt": (
        "401 Unauthorized",
        AuthenticationError,
        "Verification of signature failed (signature base string was",
    ),
}


type ClientOf = Callable[[str, str], Awaitable[TelldusClient]]


@pytest.fixture
def answered(
    session: aiohttp.ClientSession,
    credentials: Credentials,
    rate_limiter: RateLimiter,
    misbehave: Misbehave,
) -> ClientOf:
    """Return a function that makes the client of a server with one recorded answer."""

    async def make(file: str, status: str) -> TelldusClient:
        server = await misbehave(http((RECORDED / file).read_bytes(), status))
        return TelldusClient(session, server, credentials, rate_limiter)

    return make


def answer_in(file: str) -> Json:
    """Return a recorded answer, which is one object."""
    return to_object(read_json((RECORDED / file).read_bytes()))


def rows_in(file: str) -> list[Json]:
    """Return the rows of a list in XML, where all that they say is text."""
    rows = ET.fromstring((RECORDED / file).read_text())  # noqa: S314 - our own file
    return [
        {**row.attrib, **({"data": data} if (data := [c.attrib for c in row]) else {})}
        for row in rows
    ]


def seen_device(row: Device) -> SeenDevice:
    """Return what is expected of a device."""
    return (row.name or "", kind_of(row), row.methods, row.state, row.members)


def seen_sensor(row: Sensor) -> SeenSensor:
    """Return what is expected of a sensor; each of its values must be a number."""
    values: dict[tuple[str, int | None], float] = {}
    for key, value in row.values.items():
        assert isinstance(value.value, (int, float))
        values[key] = value.value
    battery = row.battery if row.battery is not None else row.battery_low
    parts = [part for part, _ in entities_of_sensor(row)]
    return (
        row.name or "",
        battery,
        (row.last_updated and row.last_updated.timestamp()) or 0.0,
        values,
        parts,
    )


def files(expected: Iterable[str], start: str, end: str) -> list[str]:
    """Return those of some files whose names begin and end so."""
    return [name for name in expected if name.startswith(start) and name.endswith(end)]


# Lists


@pytest.mark.parametrize("file", files(DEVICES, "devices_list", ".json"))
async def test_devices(answered: ClientOf, file: str) -> None:
    """Each device is there, and is taken for what it can be told to do."""
    rows = (await (await answered(file, "200 OK")).devices()).rows

    assert [seen_device(row) for row in rows] == DEVICES[file]
    assert all(row.online and row.is_owner for row in rows)
    # No level was ever told; and what is off or on says so.
    assert {row.level for row in rows} <= {None}
    assert [row.is_on for row in rows] == [
        {Method.TURNON: True, Method.TURNOFF: False, None: None}[row.state]
        for row in rows
    ]


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (
            "devices_list_2013_two_gateways.json",
            [
                ("Cabin", "device", "", False),
                ("Farm", "group", "", False),
                *[("Farm", "device", "", False)] * 2,
            ],
        ),
        (
            "devices_list_2016_groups.json",
            [("Somewhere", "group", "12", False), ("Somewhere", "group", "23", True)],
        ),
    ],
)
async def test_what_devices_are(
    answered: ClientOf, file: str, told: list[tuple[str, str, str, bool]]
) -> None:
    """The gateway and its own number for a device come with it, if Telldus tells them."""
    rows = (await (await answered(file, "200 OK")).devices()).rows

    assert [
        (row.gateway_name, row.type, row.client_device_id, row.ignored) for row in rows
    ] == told


async def test_a_remote(answered: ClientOf) -> None:
    """A device comes with its house code, which stays among what is private."""
    client = await answered("devices_list_2020_remote.json", "200 OK")

    (row,) = await client.devices_with_parameters()
    assert row.parameters == {
        "devicetype": "0000000C-0001-1000-2005-ACCA54000000",
        "house": 99,
        "unit": 7,
    }
    assert row.device.device_type is DeviceType.REMOTE_CONTROL
    assert row.device.transport == "433"


@pytest.mark.parametrize("file", files(SENSORS, "sensors_list", ".json"))
async def test_sensors(answered: ClientOf, file: str) -> None:
    """Each sensor is there with its numbers, or without any."""
    rows = (await (await answered(file, "200 OK")).sensors()).rows

    assert [seen_sensor(row) for row in rows] == SENSORS[file]
    assert all(row.online and row.is_owner and not row.ignored for row in rows)


async def test_what_sensors_keep(answered: ClientOf) -> None:
    """What a node measures and what it can do have one number at one gateway."""
    client = await answered("sensors_list_2017_house.json", "200 OK")
    rows = (await client.sensors()).rows

    assert [(row.protocol, row.model, row.keep_history) for row in rows] == [
        ("fineoffset", "temperaturehumidity", True),
        ("zwave", "n/a", False),
        ("zwave", "n/a", False),
        ("fineoffset", "temperature", True),
    ]
    devices = to_objects(answer_in("devices_list_2017_house.json")["device"])
    nodes = {
        (row.gateway_id, row.client_device_id): row.name
        for row in map(Device.from_dict, devices)
    }
    assert [nodes.get((row.gateway_id, row.sensor_id)) for row in rows] == [
        *(None, None, "Window lamp", None)
    ]


async def test_times_may_be_fractions(answered: ClientOf) -> None:
    """A value may be heard a part of a second after its sensor."""
    client = await answered("sensors_list_2017_fractions.json", "200 OK")

    (row,) = (await client.sensors()).rows
    assert row.last_updated == utc(1484000001)
    assert {value.last_updated for value in row.values.values()} == {
        utc(1484000001.5062)
    }
    # The row that is asked for next does not put the value back to the whole second.
    assert row.with_pushed(row) == row


@pytest.mark.parametrize("file", files(DEVICES | SENSORS, "", ".xml"))
async def test_xml_is_no_answer(answered: ClientOf, file: str) -> None:
    """Nobody asks for XML; what comes all the same is understood by nobody."""
    client = await answered(file, "200 OK")
    call = client.devices if file in DEVICES else client.sensors

    with pytest.raises(InvalidResponseError, match="list: no JSON$"):
        await call()


@pytest.mark.parametrize("file", files(DEVICES | SENSORS, "", ".xml"))
def test_rows_of_nothing_but_texts(file: str) -> None:
    """What is a number in JSON is understood as a text as well, as it is in XML."""
    rows = rows_in(file)

    if file in DEVICES:
        devices = [Device.from_dict(row) for row in rows]
        assert [seen_device(row) for row in devices] == DEVICES[file]
        assert {(row.is_owner, row.ignored, row.online) for row in devices} == {
            (True, False, True)
        }
        return
    sensors = [Sensor.from_dict(row) for row in rows]
    assert [seen_sensor(row) for row in sensors] == SENSORS[file]
    assert {value.unit for row in sensors for value in row.values.values()} == {
        *("°C", "%")
    }


@pytest.mark.parametrize("file", files(SENSORS, "sensor_info", ".json"))
def test_sensor_info(file: str) -> None:
    """The function that is never asked tells the same values, but of no gateway."""
    answer = answer_in(file)

    row = Sensor.from_dict(answer)
    assert row.gateway_id == ""
    assert [seen_sensor(row)] == SENSORS[file]
    assert row.keep_history is False


@pytest.mark.parametrize("file", files(GATEWAYS, "clients_list", ".json"))
async def test_gateways(answered: ClientOf, file: str) -> None:
    """A gateway is known by its type and version."""
    rows = (await (await answered(file, "200 OK")).gateways()).rows

    assert list(rows) == [GATEWAYS[file]]


def test_client_info() -> None:
    """The function that is never asked tells what the list does."""
    file = "client_info_2017.json"
    assert Gateway.from_dict(answer_in(file)) == GATEWAYS[file]


@pytest.mark.parametrize("file", DEEDS)
async def test_history(answered: ClientOf, file: str) -> None:
    """What a device did comes with who wanted it; a level of 0 is a level."""
    client = await answered(file, "200 OK")

    assert list(await client.device_history("1", utc(1))) == DEEDS[file]


@pytest.mark.parametrize("file", RADIOS)
async def test_device_info(answered: ClientOf, file: str) -> None:
    """How a device is spoken to is told by device/info, and the rest as in the list."""
    radio = await (await answered(file, "200 OK")).device_info("1")

    assert radio == RADIOS[file]
    listed, _ = DEVICES["devices_list_2017_copied.json"]
    # The state and the methods are texts here.
    assert seen_device(Device.from_dict(answer_in(file))) == listed


# Short answers


@pytest.mark.parametrize("file", SUCCESSES)
async def test_success(answered: ClientOf, file: str) -> None:
    """A command that was accepted is over."""
    client = await answered(file, "200 OK")

    await client.command(lambda: ON)


@pytest.mark.parametrize("file", [*COMMANDS, *LISTS, *PROFILES])
async def test_failure(answered: ClientOf, file: str) -> None:
    """Each way to fail is the error that its caller expects, with Telldus' own reason."""
    status, kind, text = (COMMANDS | LISTS | PROFILES)[file]
    client = await answered(file, status)
    if file in COMMANDS:
        call: Awaitable[object] = client.command(lambda: ON)
    else:
        call = client.devices() if file in LISTS else client.profile()

    with pytest.raises(TelldusError) as caught:
        await call
    assert type(caught.value) is kind
    assert str(caught.value) == text


@pytest.mark.parametrize("status", ["500 Internal Server Error", "502 Bad Gateway"])
@pytest.mark.parametrize("file", ["database_2022.txt", "devices_list_2022.html"])
async def test_failure_of_the_server(
    answered: ClientOf, file: str, status: str
) -> None:
    """The same with a status that says so is an outage."""
    client = await answered(file, status)

    with pytest.raises(TelldusConnectionError) as caught:
        await client.devices()
    assert caught.value.status == int(status[:3])


@pytest.mark.parametrize("file", HANDSHAKES)
async def test_failure_to_sign_in(
    misbehave: Misbehave, rate_limiter: RateLimiter, file: str
) -> None:
    """A refused key pair is said to be one, whatever became of the text's end."""
    status, kind, text = HANDSHAKES[file]
    server = await misbehave(http((RECORDED / file).read_bytes(), status))
    handshake = OAuth1Flow(server, DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, rate_limiter)

    with pytest.raises(TelldusError) as caught:
        await handshake.request_token(None)
    assert type(caught.value) is kind
    assert str(caught.value) == text


# The files


def test_each_answer_is_expected_and_explained() -> None:
    """Each file has an expectation here and a row in the table, and nothing else has."""
    expected = [
        *(*DEVICES, *SENSORS, *GATEWAYS, *DEEDS, *RADIOS, *SUCCESSES),
        *(*COMMANDS, *LISTS, *PROFILES, *HANDSHAKES),
    ]
    recorded = {path.name for path in RECORDED.iterdir()} - {"README.md"}
    table = (RECORDED / "README.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)

    assert len(expected) == len(set(expected))
    assert set(expected) == recorded
    assert sorted(rows) == sorted(recorded)


@pytest.mark.parametrize("path", RECORDED.iterdir(), ids=lambda path: path.name)
def test_no_answer_points_to_anybody(path: Path) -> None:
    """Addresses are those that documentation may use, and nothing looks like a key."""
    text = path.read_text()
    addresses = re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", text)
    assert all(address.startswith("192.0.2.") for address in addresses)
    mails = re.findall(r"\S+@(\S+\.\w+)", text)
    assert all(host.startswith("example.org") for host in mails)
    assert not re.search(r"oauth_(token|signature)=", text)
