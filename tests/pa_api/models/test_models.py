"""What is made of each row, and of each oddity in it."""

import json
import random
from typing import Any

import pytest

from custom_components.telldus_pa.pa_api import (
    MAX_LEVEL,
    Device,
    DeviceType,
    Gateway,
    HistoryEntry,
    Method,
    Profile,
    Room,
    Sensor,
    SensorHistoryEntry,
    SensorValue,
    SuccessStatus,
    TemperatureRange,
    Thermostat,
)
from custom_components.telldus_pa.pa_api.models import SUPPORTED_METHODS
from custom_components.telldus_pa.pa_api.parsing import Json
from simulator import demo_home
from simulator.serialization import Serializer
from simulator.settings import Settings
from tests.pa_api.rows import (
    LIGHT,
    MISSING,
    device,
    is_sound,
    leaves,
    odd,
    sensor,
    spoiled,
    state_value,
)

ALL_METHODS = Method(0xFFF)
NOW = 1764000000.0


def test_device() -> None:
    """A row as it should be."""
    assert device() == Device(
        id="2100003",
        client_device_id="3",
        gateway_id="410001",
        gateway_name="Home",
        name="Lamp",
        methods=Method.TURNON | Method.TURNOFF | Method.DIM,
        state=Method.DIM,
        level=128,
        rgb=None,
        thermostat=None,
        online=True,
        is_owner=True,
        ignored=False,
        type="device",
        device_type=DeviceType.LIGHT,
        transport="zwave",
        room="5e7d0000-0000-4000-8000-000000009001",
        members=(),
    )


def test_device_at_its_barest() -> None:
    """Nothing but the two ids is needed."""
    assert Device.from_dict({"id": 1, "client": 2}) == Device(
        id="1",
        client_device_id="",
        gateway_id="2",
        gateway_name=None,
        name=None,
        methods=Method(0),
        state=None,
        level=None,
        rgb=None,
        thermostat=None,
        online=True,
        is_owner=True,
        ignored=False,
        type="device",
        device_type=DeviceType.UNKNOWN,
        transport="",
        room=None,
        members=(),
    )


@pytest.mark.parametrize("key", ["id", "client"])
@pytest.mark.parametrize(
    ("raw", "parsed"),
    [("2100001", "2100001"), (2100001, "2100001"), (" 7 ", "7"), (0, "0"), ("0", "0")],
)
def test_ids(key: str, raw: object, parsed: str) -> None:
    """Ids are texts, however they come."""
    parsed_device = device(**{key: raw})

    assert {"id": parsed_device.id, "client": parsed_device.gateway_id}[key] == parsed


@pytest.mark.parametrize("key", ["id", "client"])
@pytest.mark.parametrize(
    "raw",
    [
        MISSING,
        None,
        "",
        "  ",
        "\n",
        True,
        False,
        1.5,
        [],
        {},
        ["1"],
        "9" * 201,
        "\ud800",
        "1\x002",
    ],
)
def test_no_id(key: str, raw: object) -> None:
    """A row without an id cannot be understood, and says which one it lacks."""
    with pytest.raises(ValueError, match=f"^no {key}$"):
        device(**{key: raw})


@pytest.mark.parametrize(
    ("raw", "parsed"),
    [
        ("Lamp", "Lamp"),
        ("  Lamp\r\n in\tthe  hall ", "Lamp in the hall"),
        ("Kök \U0001f4a1", "Kök \U0001f4a1"),
        # Half a surrogate pair, and one that belongs together with a joiner
        ("a\ud800b", "a?b"),
        ("\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680"),
        ("0", "0"),
        (17, "17"),
        (0, "0"),
        (1.5, "1.5"),
        ("", None),
        (" \n ", None),
        (None, None),
        (MISSING, None),
        (True, None),
        (False, None),
        ([], None),
        (["Lamp"], None),
        ({"a": 1}, None),
        pytest.param("x" * 1000, "x" * 200, id="long"),
    ],
)
@pytest.mark.parametrize("key", ["name", "clientName"])
def test_names(key: str, raw: object, parsed: str | None) -> None:
    """Names are one line of bounded length, or none."""
    parsed_device = device(**{key: raw})

    names = {"name": parsed_device.name, "clientName": parsed_device.gateway_name}
    assert names[key] == parsed


@pytest.mark.parametrize(
    ("raw", "parsed"),
    [
        ("1", True),
        ("0", False),
        (1, True),
        (0, False),
        (True, True),
        (False, False),
        ("true", True),
        ("False", False),
        (" true ", True),
        (" 0 ", False),
        ("0.0", False),
        (2, True),
        (-1, True),
    ],
)
@pytest.mark.parametrize("key", ["online", "editable", "ignored"])
def test_flags(key: str, raw: object, parsed: bool) -> None:
    """A flag is what it says, in whichever form; "0" is no."""
    parsed_device = device(**{key: raw})

    flags = {
        "online": parsed_device.online,
        "editable": parsed_device.is_owner,
        "ignored": parsed_device.ignored,
    }
    assert flags[key] is parsed


@pytest.mark.parametrize("raw", [MISSING, None, "", "unde", "nan", [], {}, "1e400"])
def test_flags_not_told(raw: object) -> None:
    """What is not told is taken for what it mostly is."""
    parsed = device(online=raw, editable=raw, ignored=raw)

    assert (parsed.online, parsed.is_owner, parsed.ignored) == (True, True, False)


@pytest.mark.parametrize(
    ("raw", "parsed"),
    [
        (3, Method.TURNON | Method.TURNOFF),
        ("3", Method.TURNON | Method.TURNOFF),
        ("3.0", Method.TURNON | Method.TURNOFF),
        (0, Method(0)),
        (912, Method.DIM | Method.UP | Method.DOWN | Method.STOP),
        (4095, ALL_METHODS),
        # Bits that are not known yet
        (4096 + 1, Method.TURNON),
        (2**40 + 2, Method.TURNOFF),
        (2**70 + 2, Method(0)),
        ("TURNON|TURNOFF", Method(0)),
        ("unde", Method(0)),
        ("", Method(0)),
        ("nan", Method(0)),
        (float("nan"), Method(0)),
        (float("inf"), Method(0)),
        ("-inf", Method(0)),
        pytest.param("9" * 5000, Method(0), id="digits"),
        (None, Method(0)),
        (MISSING, Method(0)),
        ([3], Method(0)),
        ({"3": 3}, Method(0)),
    ],
)
def test_methods(raw: object, parsed: Method) -> None:
    """Methods are a mask in any form."""
    assert device(methods=raw).methods == parsed


@pytest.mark.parametrize(
    ("raw", "parsed"),
    [
        *((method.value, method) for method in Method),
        # device/info gives a text
        ("1", Method.TURNON),
        ("16", Method.DIM),
        (0, None),
        ("0", None),
        (3, None),
        (4096, None),
        (-1, None),
        ("", None),
        ("unde", None),
        ("nan", None),
        pytest.param(10**400, None, id="huge"),
        (None, None),
        (MISSING, None),
        ([], None),
    ],
)
def test_state(raw: object, parsed: Method | None) -> None:
    """The state is exactly one method, or not known."""
    assert device(state=raw).state is parsed


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({}, 128),
        # statevalue, which belongs to the last method
        ({"statevalue": "64", "stateValues": MISSING}, 64),
        ({"statevalue": 64, "stateValues": []}, 64),
        ({"statevalue": "64.6", "stateValues": None}, 64),
        ({"statevalue": "0", "stateValues": MISSING}, 0),
        ({"statevalue": "300", "stateValues": MISSING}, MAX_LEVEL),
        ({"statevalue": "-3", "stateValues": MISSING}, 0),
        ({"statevalue": 10**14, "stateValues": MISSING}, MAX_LEVEL),
        ({"statevalue": 10**400, "stateValues": MISSING}, None),
        ({"statevalue": "unde", "stateValues": MISSING}, None),
        ({"statevalue": "", "stateValues": MISSING}, None),
        ({"statevalue": None, "stateValues": MISSING}, None),
        ({"statevalue": "nan", "stateValues": MISSING}, None),
        ({"statevalue": "1e400", "stateValues": MISSING}, None),
        ({"statevalue": [7], "stateValues": MISSING}, None),
        ({"state": 1, "statevalue": "64", "stateValues": []}, None),
        ({"state": 2, "statevalue": "0", "stateValues": [state_value(200)]}, 200),
        # stateValues, where statevalue does not tell
        ({"statevalue": "unde", "stateValues": [state_value(99)]}, 99),
        ({"statevalue": None, "stateValues": [state_value("99")]}, 99),
        ({"statevalue": None, "stateValues": [state_value(99, 16)]}, 99),
        ({"statevalue": None, "stateValues": [state_value(""), state_value(98)]}, 98),
        ({"statevalue": None, "stateValues": [state_value(5, "1024")]}, None),
        ({"statevalue": None, "stateValues": [state_value({"setpoint": {}})]}, None),
        ({"statevalue": None, "stateValues": ["row", None, 5, state_value(4)]}, 4),
        ({"statevalue": None, "stateValues": [{"state": "16"}]}, None),
        ({"statevalue": None, "stateValues": "unde"}, None),
        ({"statevalue": None, "stateValues": 16}, None),
        ({"statevalue": None, "stateValues": {"16": 128}}, None),
        # device/info's spelling
        (
            {
                "statevalue": None,
                "stateValues": MISSING,
                "statevalues": [state_value(97)],
            },
            97,
        ),
        # A shutter's position, whatever it was told last
        ({"state": 128, "statevalue": "255", "stateValues": [state_value(255)]}, 255),
    ],
)
def test_level(changes: dict[str, Any], level: int | None) -> None:
    """The level is found wherever it is told, and lies between 0 and 255."""
    assert device(**changes).level == level


@pytest.mark.parametrize(
    ("state", "value", "is_on"),
    [
        (1, None, True),
        (2, None, False),
        (16, "128", True),
        (16, "0", False),
        (16, "unde", True),
        (1024, None, True),
        (4, None, None),
        (128, None, None),
        (512, None, None),
        (2048, None, None),
        (0, None, None),
    ],
)
def test_is_on(state: int, value: str | None, is_on: bool | None) -> None:
    """A device is on by its last method, a dimmer unless its level is 0."""
    assert device(state=state, statevalue=value, stateValues=[]).is_on is is_on


@pytest.mark.parametrize(
    ("raw", "parsed"),
    [
        *(
            (f"{kind.value:08x}-0001-1000-2005-acca54000000", kind)
            for kind in DeviceType
        ),
        (LIGHT, DeviceType.LIGHT),
        (LIGHT.lower(), DeviceType.LIGHT),
        ("0000000e-0001-1000-2005-ACCA54000000", DeviceType.SMOKE),
        # The leading zero lost
        ("0000005-0001-1000-2005-ACCA54000000", DeviceType.LIGHT),
        (f" {LIGHT} ", DeviceType.LIGHT),
        ("000000FF-0001-1000-2005-ACCA54000000", DeviceType.UNKNOWN),
        ("-0001-1000-2005-ACCA54000000", DeviceType.UNKNOWN),
        ("zz-0001-1000-2005-ACCA54000000", DeviceType.UNKNOWN),
        ("00000005-0001-1000-2005-ACCA54000001", DeviceType.UNKNOWN),
        ("00000005", DeviceType.UNKNOWN),
        ("garbage", DeviceType.UNKNOWN),
        ("", DeviceType.UNKNOWN),
        (None, DeviceType.UNKNOWN),
        (MISSING, DeviceType.UNKNOWN),
        (5, DeviceType.UNKNOWN),
        ([LIGHT], DeviceType.UNKNOWN),
    ],
)
def test_device_type(raw: object, parsed: DeviceType) -> None:
    """What a device is gets recognised in both cases and by seven digits."""
    assert device(deviceType=raw).device_type is parsed


@pytest.mark.parametrize(
    ("own", "told", "parsed"),
    [
        (MISSING, LIGHT, DeviceType.LIGHT),
        (None, LIGHT, DeviceType.LIGHT),
        ("", LIGHT.lower(), DeviceType.LIGHT),
        ("00000004-0001-1000-2005-ACCA54000000", LIGHT, DeviceType.DOOR_WINDOW),
        ("00000000-0001-1000-2005-ACCA54000000", LIGHT, DeviceType.UNKNOWN),
        (MISSING, None, DeviceType.UNKNOWN),
        (MISSING, [LIGHT], DeviceType.UNKNOWN),
    ],
)
def test_device_type_in_a_parameter(
    own: object, told: object, parsed: DeviceType
) -> None:
    """What the row itself does not say, a parameter may."""
    parameter = [{"name": "devicetype", "value": told}]
    assert device(deviceType=own, parameter=parameter).device_type is parsed


@pytest.mark.parametrize(
    ("changes", "local_id", "kind", "transport"),
    [
        ({"clientDeviceId": 3, "transport": "ZWave"}, "3", "device", "zwave"),
        ({"clientDeviceId": MISSING, "transport": MISSING}, "", "device", ""),
        ({"clientDeviceId": None, "transport": None}, "", "device", ""),
        ({"type": "group", "transport": "group"}, "3", "group", "group"),
        ({"type": "", "transport": "433"}, "3", "device", "433"),
        ({"type": None, "transport": 433}, "3", "device", "433"),
    ],
)
def test_the_rest(
    changes: dict[str, Any], local_id: str, kind: str, transport: str
) -> None:
    """The gateway's own id, the type and the transport."""
    parsed = device(**changes)

    assert (parsed.client_device_id, parsed.type, parsed.transport) == (
        local_id,
        kind,
        transport,
    )


def test_gateway() -> None:
    """A gateway as it should be, and at its barest."""
    row = {
        "id": "410001",
        "name": "Home",
        "online": "0",
        "editable": 0,
        "version": "17",
        "type": "TellStick Net",
        "ip": "203.0.113.1",
    }

    assert Gateway.from_dict(row) == Gateway(
        id="410001",
        name="Home",
        online=False,
        model="TellStick Net",
        version="17",
        is_owner=False,
    )
    assert Gateway.from_dict({"id": 7, "online": 1, "version": 1.3}) == Gateway(
        id="7", name=None, online=True, model=None, version="1.3", is_owner=True
    )
    assert Gateway.from_dict({"id": 7}).online
    with pytest.raises(ValueError, match="^no id$"):
        Gateway.from_dict({"name": "Home"})


def test_profile() -> None:
    """An account is known by its uuid."""
    uuid = "5e7d0000-0000-4000-8000-000000000001"

    assert Profile.from_dict({"uuid": uuid, "firstname": "Demo"}) == Profile(
        uuid, "Demo"
    )
    assert Profile.from_dict({"uuid": uuid}).first_name is None
    told = {1900000000: 1900000000, "0": 0, -1: 0, 1: None, "x": None}
    for pro, until in told.items():
        row = {"uuid": uuid, "pro": pro}
        assert Profile.from_dict(row).premium_until == until
    with pytest.raises(ValueError, match="^no uuid$"):
        Profile.from_dict({"uuid": None, "email": "a@example.invalid"})


def test_supported_methods() -> None:
    """We ask for what the vendor's app asks for."""
    assert Method(SUPPORTED_METHODS) == ALL_METHODS & ~(Method.TOGGLE | Method.EXECUTE)


@pytest.mark.parametrize(
    ("value", "rgb"),
    [
        (0xFF8000, 0xFF8000),
        ("16744448", 0xFF8000),
        (16744448.0, 0xFF8000),
        (0, 0),
        (0xFFFFFF, 0xFFFFFF),
        # With a byte for white at the end
        (0xFF800000, 0xFF8000),
        (str(0xFF8000FF), 0xFF8000),
        (0x1000000, 0x010000),
        (0xFFFFFFFF, 0xFFFFFF),
        (0x100000000, None),
        (-1, None),
        ("", None),
        ("unde", None),
        ("#FF8000", None),
        (None, None),
        ([255], None),
    ],
)
def test_rgb(value: object, rgb: int | None) -> None:
    """A colour has 24 bits, an old one 32."""
    assert device(stateValues=[state_value(value, "1024")]).rgb == rgb
    # What belongs to the last method is the newest word.
    assert device(state=1024, statevalue=value, stateValues=[]).rgb == rgb


def test_rgb_is_told_by_what_belongs_to_it() -> None:
    """The level of a colour lamp is not its colour, nor the reverse."""
    values = [state_value(7, "16"), state_value(8, "1024")]

    for state, statevalue, level, rgb in (
        (16, "128", 128, 8),
        (1024, "255", 7, 255),
        (1024, "unde", 7, 8),
        (1, "255", 7, 8),
        (2, "0", 7, 8),
        (128, "255", 7, 8),
    ):
        told = device(state=state, statevalue=statevalue, stateValues=values)
        assert (told.level, told.rgb) == (level, rgb)
    assert (device().level, device().rgb) == (128, None)


@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({"devices": "210001, 210002"}, ("210001", "210002")),
        ({"devices": "210001"}, ("210001",)),
        ({"devices": ["210001", 210002]}, ("210001", "210002")),
        ({"devices": 210001}, ("210001",)),
        ({"devices": {"1": "3", "4": "5"}}, ("3", "5")),
        ({"parameter": [{"name": "devices", "value": "1,2"}]}, ("1", "2")),
        ({"parameter": [{"name": "devices", "value": [1, 2]}]}, ("1", "2")),
        ({"parameter": [{"name": "devices", "value": 1}]}, ("1",)),
        ({"parameter": {"0": {"name": "devices", "value": "1"}}}, ("1",)),
        # The key of its own first: cloud ids are surer.
        ({"devices": "5", "parameter": [{"name": "devices", "value": "6"}]}, ("5",)),
        ({"devices": "", "parameter": [{"name": "devices", "value": "6"}]}, ("6",)),
        ({"devices": None, "parameter": [{"name": "devices"}]}, ()),
        ({"parameter": [{"name": "units", "value": "6"}, None, "devices", {}]}, ()),
        ({"parameter": [{"value": "6"}]}, ()),
        ({"parameter": "devices"}, ()),
        ({"parameter": None}, ()),
        ({"devices": [None, {}]}, ()),
    ],
)
def test_members(changes: dict[str, Any], members: tuple[str, ...]) -> None:
    """A group's members are named in either of two places, in one text or in a list."""
    assert device(type="group", **changes).members == members


@pytest.mark.parametrize(
    ("raw", "room"),
    [
        ("5e7d", "5e7d"),
        (7, "7"),
        ("", None),
        (None, None),
        (MISSING, None),
        ({"id": "7"}, None),
    ],
)
def test_room_of_a_device(raw: object, room: str | None) -> None:
    """A device is in a room or in none."""
    assert device(room=raw).room == room


# Thermostats


HEATING = {"setpoint": {"heat": "21.5", "eco-heat": "17"}, "mode": "heat"}
CAN = {
    "modes": ["off", "heat", "eco-heat", "fan"],
    "setpoints": {
        "heat": {"min": 5, "max": 28},
        "eco-heat": {"min": 5.5, "max": None},
        "fan": None,
    },
}
ANY = TemperatureRange()


def thermostat(value: object, told: object = MISSING) -> Thermostat:
    """Parse a device with this state and this parameter."""
    parameter = [] if told is MISSING else [{"name": "thermostat", "value": told}]
    parsed = device(
        methods=2048,
        state=1,
        statevalue=None,
        stateValues=[state_value(value, "2048")],
        parameter=parameter,
    )
    assert parsed.thermostat is not None
    return parsed.thermostat


def test_thermostat() -> None:
    """A thermostat as it should be."""
    assert thermostat(HEATING, CAN) == Thermostat(
        mode="heat",
        setpoints={"heat": 21.5, "eco-heat": 17},
        modes=("off", "heat", "eco-heat", "fan"),
        ranges={
            "heat": TemperatureRange(5, 28),
            "eco-heat": TemperatureRange(5.5, None),
        },
    )
    assert thermostat(json.dumps(HEATING), json.dumps(CAN)) == thermostat(HEATING, CAN)
    assert device().thermostat is None
    assert device(stateValues=[state_value(HEATING, "2048")]).thermostat is None


@pytest.mark.parametrize(
    "value", [None, "", "unde", "{", [], {}, 0, {"setpoint": []}, {"setpoint": None}]
)
def test_thermostat_without_a_state(value: object) -> None:
    """Of a thermostat that has not told anything its abilities may be known."""
    assert thermostat(value) == Thermostat(None, {}, ("off",), {})
    assert thermostat(value, CAN) == Thermostat(
        None, {}, ("off", "heat", "eco-heat", "fan"), thermostat(HEATING, CAN).ranges
    )
    for method in ("2047", None):
        parsed = device(methods=2048, stateValues=[state_value(HEATING, method)])
        assert parsed.thermostat == Thermostat(None, {}, ("off",), {})


@pytest.mark.parametrize(
    ("state", "mode"),
    [
        (HEATING, "heat"),
        ({"mode": "off"}, "off"),
        ({"mode": "Eco-Heat", "setpoint": {"heat": "20"}}, "eco-heat"),
        # One setpoint saves the mode
        ({"setpoint": {"heat": "20"}}, "heat"),
        ({"setpoint": {"Heat": "20"}, "mode": None}, "heat"),
        ({"setpoint": {"heat": "-100"}, "mode": ""}, "heat"),
        ({"setpoint": {"heat": "20", "": "5"}}, "heat"),
        ({"setpoint": {"heat": "20", "cool": "25"}}, None),
        ({"setpoint": {"heat": "20", "cool": "25"}, "mode": {}}, None),
        ({"setpoint": {}}, None),
    ],
)
def test_thermostat_mode(state: Json, mode: str | None) -> None:
    """A mode is told, or there is but one that it can be."""
    assert thermostat(state).mode == mode


@pytest.mark.parametrize(
    ("raw", "setpoint"),
    [
        ("21.5", 21.5),
        (21.5, 21.5),
        (21, 21),
        ("0", 0),
        ("-5", -5),
        ("-99.9", -99.9),
        # Not known
        ("-100", None),
        ("-100.0", None),
        (-100, None),
        (-273, None),
        ("", None),
        ("nan", None),
        (float("inf"), None),
        (None, None),
        (True, None),
        ({}, None),
    ],
)
def test_setpoints(raw: object, setpoint: float | None) -> None:
    """A temperature that is not known is left out, and its mode is there all the same."""
    parsed = thermostat({"setpoint": {"Heat": raw, "cool": "25"}, "mode": "cool"})

    assert parsed.setpoints.get("heat") == setpoint
    assert len(parsed.setpoints) == (1 if setpoint is None else 2)
    assert parsed.modes == ("heat", "cool", "off")
    assert parsed.ranges == {"heat": ANY, "cool": ANY}


@pytest.mark.parametrize(
    ("told", "modes", "ranges"),
    [
        # Nothing, in all the ways in which nothing comes: what has a setpoint, and off
        *(
            (nothing, ("heat", "eco-heat", "off"), {"heat": ANY, "eco-heat": ANY})
            for nothing in (
                *(MISSING, None, "", "unde", [], {}, 5),
                {"modes": None, "setpoints": None},
                {"modes": [], "setpoints": []},
                {"setpoints": {}},
                {"setpoints": {"": {"min": 5}}},
            )
        ),
        # Modes alone
        (
            {"modes": ["off", "heat"]},
            ("off", "heat"),
            {"heat": ANY, "eco-heat": ANY},
        ),
        (
            {"modes": ["off", "heat"], "setpoints": []},
            ("off", "heat"),
            {"heat": ANY, "eco-heat": ANY},
        ),
        # Setpoints alone: a mode without a temperature is one as well.
        (
            {"setpoints": {"heat": {"min": "5", "max": "28.5"}, "fan": None}},
            ("heat", "fan"),
            {"heat": TemperatureRange(5, 28.5)},
        ),
        ({"setpoints": {"fan": None}}, ("fan",), {}),
        # Without limits; PHP's way to write that
        ({"setpoints": {"heat": {}}}, ("heat",), {"heat": ANY}),
        ({"setpoints": {"heat": []}}, ("heat",), {"heat": ANY}),
        ({"setpoints": {"heat": 5, "cool": "x"}}, ("heat", "cool"), {}),
        (
            {"setpoints": {"heat": {"min": "low", "max": True, "step": 1}}},
            ("heat",),
            {"heat": ANY},
        ),
        # Case, order, repetition, gaps, and what is no name
        (
            {"modes": ["OFF", "Heat", "heat", None, 5, "", {}, "resume"]},
            ("off", "heat", "5", "resume"),
            {"heat": ANY, "eco-heat": ANY},
        ),
        (
            {"modes": {"0": "off", "2": "cool"}, "setpoints": {"COOL": {"max": 30}}},
            ("off", "cool"),
            {"cool": TemperatureRange(None, 30)},
        ),
    ],
)
def test_thermostat_abilities(
    told: object, modes: tuple[str, ...], ranges: dict[str, TemperatureRange]
) -> None:
    """What a thermostat can do is told, or seen from what it has been set to."""
    parsed = thermostat(HEATING, told)

    assert parsed.modes == modes
    assert parsed.ranges == ranges
    assert parsed.setpoints == {"heat": 21.5, "eco-heat": 17}


def test_off_is_there_once() -> None:
    """A thermostat that has a setpoint for off is not given another off."""
    assert thermostat({"setpoint": {"off": "5", "heat": "20"}}).modes == ("off", "heat")


# Sensors


def value_of(**entry: object) -> SensorValue | None:
    """Parse the only value of a sensor."""
    values = sensor(lastUpdated=100, data=[entry]).values
    assert all(key == value.key for key, value in values.items())
    return next(iter(values.values()), None)


def known(**entry: object) -> SensorValue:
    """Parse the only value of a sensor, which has one."""
    value = value_of(**entry)
    assert value is not None
    return value


def test_sensor() -> None:
    """A row as it should be."""
    assert sensor() == Sensor(
        id="1540000006",
        sensor_id="21",
        gateway_id="410001",
        gateway_name="Home",
        name="Energy plug",
        online=True,
        is_owner=True,
        ignored=False,
        battery=None,
        battery_low=None,
        protocol="zwave",
        model="n/a",
        last_updated=1764000000,
        values={
            ("watt", 2): SensorValue("watt", 2, 51.7, 1763999000, "W"),
            ("watt", 0): SensorValue("watt", 0, 233.583, 1764000000, "kWh"),
        },
    )


def test_sensor_at_its_barest() -> None:
    """Nothing but the two ids is needed."""
    assert Sensor.from_dict({"id": 1, "client": 2}) == Sensor(
        id="1",
        sensor_id="",
        gateway_id="2",
        gateway_name=None,
        name=None,
        online=True,
        is_owner=True,
        ignored=False,
        battery=None,
        battery_low=None,
        protocol="",
        model=None,
        last_updated=None,
        values={},
    )


@pytest.mark.parametrize("key", ["id", "client"])
def test_sensor_without_id(key: str) -> None:
    """A row without an id cannot be understood."""
    with pytest.raises(ValueError, match=f"^no {key}$"):
        sensor(**{key: None})


def test_the_rest_of_a_sensor() -> None:
    """Names, flags and what it is."""
    odd_one = sensor(
        name="",
        clientName=" The\tcabin ",
        online="0",
        editable="0",
        ignored=True,
        protocol="FineOffset",
        model=None,
        sensorId=151,
    )

    assert (odd_one.name, odd_one.gateway_name) == (None, "The cabin")
    assert (odd_one.online, odd_one.is_owner, odd_one.ignored) == (False, False, True)
    assert (odd_one.protocol, odd_one.model) == ("fineoffset", None)
    assert odd_one.sensor_id == "151"


@pytest.mark.parametrize(
    ("raw", "battery", "low"),
    [
        *((percent, percent, None) for percent in (0, 1, 88, 100)),
        *((str(percent), percent, None) for percent in (0, 88, 100)),
        ("88.6", 88, None),
        (253, None, False),
        ("253", None, False),
        (254, None, None),
        (255, None, True),
        ("255", None, True),
        *((none, None, None) for none in (101, 252, 256, -1, "-1", "", "ok", True)),
        *((none, None, None) for none in (None, MISSING, [], {}, 10**30)),
    ],
)
def test_battery(raw: object, battery: int | None, low: bool | None) -> None:
    """A battery has a percentage, or is ok or low, or unknown."""
    parsed = sensor(battery=raw)

    assert (parsed.battery, parsed.battery_low) == (battery, low)


@pytest.mark.parametrize(
    ("raw", "heard"),
    [
        (1764000000, 1764000000),
        ("1764000000", 1764000000),
        ("1764000000.25", 1764000000.25),
        (0, None),
        ("0", None),
        (-5, None),
        (1764000000000, None),
        ("", None),
        ("2025-11-24", None),
        (None, None),
        (MISSING, None),
        ([], None),
    ],
)
def test_heard(raw: object, heard: float | None) -> None:
    """A sensor was heard when it says, and so were its values that do not say."""
    parsed = sensor(lastUpdated=raw, data=[{"name": "temp", "value": "5"}])
    own = {} if raw is MISSING else {"lastUpdated": raw}
    value = known(name="temp", **own)

    assert parsed.last_updated == heard
    assert parsed.values["temp", 0].last_updated == heard
    assert value.last_updated == (100 if heard is None else heard)


@pytest.mark.parametrize(
    ("name", "raw", "scale"),
    [
        ("temp", "0", 0),
        ("temp", 1, 1),
        ("temp", " 1 ", 1),
        ("temp", 1.0, 1),
        ("watt", "6", 6),
        ("lum", "9", 9),
        # What mostly comes, where none comes
        *(("temp", none, 0) for none in (MISSING, None, "")),
        *((name, MISSING, 1) for name in ("co2", "CO", "pm25", "particulatematter25")),
        ("particulatematter2.5", None, 1),
        ("watt", "", 2),
        ("lum", MISSING, 0),
        ("genmeter", None, 0),
        # None that can be understood
        ("temp", "celsius", None),
        ("temp", True, None),
        ("temp", [], None),
        ("temp", {}, None),
        ("temp", float("nan"), None),
    ],
)
def test_scale(name: str, raw: object, scale: int | None) -> None:
    """A scale is a number in any form, or what mostly comes with the name."""
    entry = {} if raw is MISSING else {"scale": raw}
    value = known(name=name, **entry)

    assert value.scale == scale
    assert type(value.scale) is type(scale)
    assert value.key == (value.name, scale)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("temp", "temp"),
        (" Temp ", "temp"),
        ("WATT", "watt"),
        ("particulatematter2.5", "particulatematter2.5"),
        ("particulatematter25", "particulatematter2.5"),
        ("PM25", "particulatematter2.5"),
        ("something new", "something new"),
        (64, "64"),
    ],
)
def test_value_names(raw: object, name: str) -> None:
    """A value has one name, however it is spelled."""
    assert known(name=raw).name == name


@pytest.mark.parametrize("raw", [None, "", "  ", True, [], {}])
def test_value_without_a_name(raw: object) -> None:
    """Nobody can tell what it is."""
    assert value_of(name=raw, value="5") is None
    assert value_of(value="5") is None


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("-5.4", -5.4),
        ("87", 87),
        (21.25, 21.25),
        ("0", 0),
        ("open", "open"),
        (" wide \n open", "wide open"),
        ("", None),
        (None, None),
        (False, None),
        ("nan", None),
        (float("-inf"), None),
        (10**400, None),
        ([5], None),
        ({"value": 5}, None),
    ],
)
def test_values(raw: object, value: float | str | None) -> None:
    """A value is a number or a text; what cannot be shown is nothing."""
    assert known(name="temp", value=raw).value == value
    assert known(name="temp").value is None


@pytest.mark.parametrize(
    ("raw", "unit"), [("°C", "°C"), (" µg/m³ ", "µg/m³"), ("", None), (None, None)]
)
def test_unit(raw: object, unit: str | None) -> None:
    """A unit is Telldus' own text."""
    assert known(name="temp", unit=raw).unit == unit
    assert known(name="temp").unit is None


def test_duplicates() -> None:
    """Of several values with one name and scale the last is the one."""
    parsed = sensor(
        data=[
            {"name": "pm25", "value": 1},
            {"name": "temp", "value": 2, "scale": 0},
            {"name": "temp", "value": 3, "scale": 1},
            {"name": "Temp", "value": 4, "scale": "0"},
            {"name": "particulatematter2.5", "value": 5, "scale": 1},
        ]
    )

    assert {key: value.value for key, value in parsed.values.items()} == {
        ("particulatematter2.5", 1): 5,
        ("temp", 0): 4,
        ("temp", 1): 3,
    }


@pytest.mark.parametrize(
    ("data", "values"),
    [
        ([{"name": "temp", "value": "5"}], {("temp", 0): 5}),
        ({"name": "temp", "value": "5"}, {("temp", 0): 5}),
        (
            {"0": {"name": "temp", "value": "5"}, "2": {"name": "uv", "value": "1"}},
            {("temp", 0): 5, ("uv", 0): 1},
        ),
        ([None, "temp", 5, [], {}, {"name": "temp", "value": 5}], {("temp", 0): 5}),
        *((nothing, {}) for nothing in (MISSING, None, [], {}, "", "temp", 5)),
        ([None], {}),
    ],
)
def test_data(data: object, values: dict[tuple[str, int], float]) -> None:
    """Values come as a list, in whatever shape."""
    parsed = sensor(data=data)

    assert {key: value.value for key, value in parsed.values.items()} == values


def test_flat_values() -> None:
    """Without scales the values are keys of the sensor, and have the usual scales."""
    flat: dict[str, Any] = {
        "watt": "43.2",
        "humidity": 87,
        "temp": "-5.4",
        "lum": "117",
        "rrate": "0.5",
        "rtot": "312.7",
        "uv": "2",
        "wavg": "3.4",
        "wgust": "7.1",
        "wdir": "225",
    }
    others = {"pressure": "1", "unit": "x", "max": "5"}

    for data in (MISSING, None, []):
        parsed = sensor(data=data, **flat, **others)
        assert {key: value.value for key, value in parsed.values.items()} == {
            (name, 2 if name == "watt" else 0): float(value)
            for name, value in flat.items()
        }
        assert {value.last_updated for value in parsed.values.values()} == {1764000000}
        # In one order, lest entities are made in another one each time.
        assert [name for name, _ in parsed.values] == [
            *("temp", "humidity", "rrate", "rtot", "uv", "watt", "lum"),
            *("wavg", "wgust", "wdir"),
        ]
    # Where there are scales these keys mean nothing.
    assert sensor(**flat).values == sensor().values


def test_room() -> None:
    """A room has an id and a name."""
    row = {"id": "5e7d", "name": " Living\n room ", "parent": "", "icon": "room"}

    assert Room.from_dict(row) == Room("5e7d", "Living room")
    # Names of rooms are for people, and may have what an id may not.
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert Room.from_dict({"id": 5, "name": family}) == Room("5", family)
    with pytest.raises(ValueError, match="^no id$"):
        Room.from_dict({"name": "Hall"})
    for name in (None, "", " ", [], MISSING):
        with pytest.raises(ValueError, match="^no name$"):
            Room.from_dict({"id": "5e7d", "name": name})


# The simulator's home, and what can become of it on the way

EXTRAS = frozenset(("devicetype", "transport", "room", "parameters"))


def demo_rows(**settings: object) -> dict[str, list[dict[str, Any]]]:
    """Return the lists of the demo home, as Telldus would write them by these settings."""
    home, switches = demo_home(NOW), Settings()
    switches.change(settings)
    wire = Serializer(home, switches, NOW, guest=False)
    return {
        "device": [
            wire.device(one, SUPPORTED_METHODS, EXTRAS) for one in home.devices.values()
        ],
        "device_info": [
            wire.device_info(one, SUPPORTED_METHODS, EXTRAS)
            for one in home.devices.values()
        ],
        "sensor": [
            wire.sensor(one, values=True, scale=True, unit=True)
            for one in home.sensors.values()
        ],
        "sensor_flat": [
            wire.sensor(one, values=True, scale=False, unit=False)
            for one in home.sensors.values()
        ],
        "sensor_info": [
            wire.sensor(one, values=True, scale=True, unit=True, info=True)
            for one in home.sensors.values()
        ],
        "gateway": [wire.gateway(one, frozenset()) for one in home.gateways.values()],
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"state_values_as_strings": True},
        {"battery_as_strings": True},
        {"online_as_ints": True},
        {"ids_as_ints": True},
        {"sensor_info_strings": False},
    ],
)
def test_shapes(settings: dict[str, object]) -> None:
    """Numbers in texts and texts in numbers make no difference."""
    usual, odd_rows = demo_rows(), demo_rows(**settings)

    assert usual != odd_rows
    for name, parse in (
        ("device", Device.from_dict),
        ("device_info", Device.from_dict),
        ("sensor", Sensor.from_dict),
        ("sensor_flat", Sensor.from_dict),
        ("sensor_info", Sensor.from_dict),
        ("gateway", Gateway.from_dict),
    ):
        assert [parse(row) for row in odd_rows[name]] == [
            parse(row) for row in usual[name]
        ]


@pytest.mark.parametrize("of_2017", [False, True])
def test_info_says_what_the_list_says(of_2017: bool) -> None:
    """One device or sensor alone is the same as in the list."""
    rows = demo_rows(device_info_of_2017=of_2017)

    for listed, told in zip(rows["device"], rows["device_info"], strict=True):
        # Keys that only lists have
        missing = {"clientName", "devices"}
        if of_2017:
            missing |= {"clientDeviceId", "ignored"}
        assert missing.isdisjoint(told)
        told |= {key: listed.get(key) for key in missing}
        assert Device.from_dict(told) == Device.from_dict(listed)
    assert [Sensor.from_dict(row) for row in rows["sensor_info"]] == [
        Sensor.from_dict(row) for row in rows["sensor"]
    ]


def test_flat_values_of_the_demo_home() -> None:
    """Values without scales are some of those with scales."""
    rows = demo_rows()
    found = 0
    for row, flat_row in zip(rows["sensor"], rows["sensor_flat"], strict=True):
        usual, flat = Sensor.from_dict(row), Sensor.from_dict(flat_row)
        for name, scale in flat.values:
            scales = {other for named, other in usual.values if named == name}
            if scale in scales:
                found += 1
                value = usual.values[name, scale].value
                assert flat.values[name, scale].value == value
    assert found > 20


PARSERS = (
    *(Device.from_dict, Gateway.from_dict, Profile.from_dict),
    *(Sensor.from_dict, Room.from_dict),
)
ERRORS = ("no id", "no client", "no uuid", "no name")


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_is_understood_or_refused(seed: int) -> None:
    """Rows spoiled at any depth, and what never was one, are not stumbled over."""
    r = random.Random(seed)
    rows: list[dict[str, Any]] = [row for rows in demo_rows().values() for row in rows]
    understood = refused = 0
    for share in (0.02, 0.1, 0.4):
        for row in rows:
            spoiled_row = spoiled(row, r, share)
            if not isinstance(spoiled_row, dict):
                spoiled_row = {"id": "1", "client": "2", "data": odd(r), "name": odd(r)}
            for parse in PARSERS:
                try:
                    parsed = parse(spoiled_row)
                except ValueError as err:
                    assert str(err) in ERRORS  # noqa: PT017
                    refused += 1
                    continue
                understood += 1
                unsound = [leaf for leaf in leaves(parsed) if not is_sound(leaf)]
                assert not unsound, spoiled_row
                if isinstance(parsed, Device):
                    assert parsed.level is None or 0 <= parsed.level <= MAX_LEVEL
                    assert parsed.rgb is None or 0 <= parsed.rgb <= 0xFFFFFF
                    assert parsed.is_on in (True, False, None)
                if isinstance(parsed, Sensor):
                    assert parsed.battery is None or parsed.battery_low is None
    assert understood > 500
    assert refused > 100


@pytest.mark.parametrize(
    "told",
    ["{'mode': 'Heat', 'temperature': 21.5}", {"mode": "heat", "temperature": 21.5}],
)
def test_deed_of_a_thermostat(told: object) -> None:
    """The history has what it was told as JSON with other quotes."""
    deed = HistoryEntry.from_dict({"ts": 1764000000, "state": 2048, "stateValue": told})
    assert (deed.mode, deed.temperature) == ("heat", 21.5)
    if isinstance(told, str):
        told = told.replace("21.5", "None")
        deed = HistoryEntry.from_dict(
            {"ts": 1764000000, "state": 2048, "stateValue": told}
        )
        assert (deed.mode, deed.temperature) == ("heat", None)
    with pytest.raises(ValueError, match="no ts"):
        HistoryEntry.from_dict({"state": 1})


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((one.value, one) for one in SuccessStatus),
        ("0", SuccessStatus.DONE),
        ("2", SuccessStatus.NO_REPLY),
        (None, SuccessStatus.DONE),
        (8, SuccessStatus.UNKNOWN),
        (-1, SuccessStatus.UNKNOWN),
        ("soon", SuccessStatus.DONE),
    ],
)
def test_outcome_of_a_deed(status: object, outcome: SuccessStatus) -> None:
    """What became of it comes as a number; none says nothing against it."""
    row = {"ts": 1764000000, "state": 1, "successStatus": status}
    assert HistoryEntry.from_dict(row).outcome is outcome
    del row["successStatus"]
    assert HistoryEntry.from_dict(row).outcome is SuccessStatus.DONE


@pytest.mark.parametrize(("raw", "kept"), [(1, True), ("1", True), (0, False)])
def test_keeps_history(raw: object, kept: bool) -> None:
    """Whether Telldus keeps what a sensor tells it says itself; else it does not."""
    assert sensor(keepHistory=raw).keep_history is kept
    assert sensor(keepHistory=None).keep_history is False


def test_reading() -> None:
    """A row of the history has the same values as a list, or flat ones."""
    row = {"ts": "1764000000", "data": [{"name": "temp", "value": "1.5", "scale": "0"}]}
    assert SensorHistoryEntry.from_dict(row).values["temp", 0].value == 1.5
    flat = SensorHistoryEntry.from_dict({"ts": 1764000000, "temp": "2.5"})
    assert flat.values["temp", 0].last_updated == 1764000000
    with pytest.raises(ValueError, match="no ts"):
        SensorHistoryEntry.from_dict({"ts": 0})
