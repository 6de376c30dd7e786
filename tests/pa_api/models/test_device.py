"""Rows of devices: methods, types, states and groups."""

from typing import Any

import pytest

from custom_components.telldus_pa.pa_api import MAX_LEVEL, Device, DeviceType, Method
from custom_components.telldus_pa.pa_api.models import SUPPORTED_METHODS
from tests.pa_api.rows import LIGHT, MISSING, device, state_value

ALL_METHODS = Method(0xFFF)


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
    """Nothing but the id is needed."""
    assert Device.from_dict({"id": 1}) == Device(
        id="1",
        client_device_id="",
        gateway_id="",
        gateway_name=None,
        name=None,
        methods=Method(0),
        state=None,
        level=None,
        rgb=None,
        thermostat=None,
        online=None,
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
def test_no_id(raw: object) -> None:
    """A row without an id cannot be understood; one without a gateway can."""
    with pytest.raises(ValueError, match="^no id$"):
        device(id=raw)
    assert device(client=raw).gateway_id == ""


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

    assert (parsed.online, parsed.is_owner, parsed.ignored) == (None, True, False)


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
        # The first block alone
        ("00000005", DeviceType.LIGHT),
        ("6", DeviceType.LOCK),
        ("13", DeviceType.WINDOW_COVERING),
        ("e", DeviceType.SMOKE),
        ("0F", DeviceType.SPEAKER),
        (5, DeviceType.LIGHT),
        ("000000005", DeviceType.UNKNOWN),
        ("ff", DeviceType.UNKNOWN),
        ("0x5", DeviceType.UNKNOWN),
        ("-5", DeviceType.UNKNOWN),
        ("1_3", DeviceType.UNKNOWN),
        ("5.0", DeviceType.UNKNOWN),
        ("garbage", DeviceType.UNKNOWN),
        ("", DeviceType.UNKNOWN),
        (None, DeviceType.UNKNOWN),
        (MISSING, DeviceType.UNKNOWN),
        ([LIGHT], DeviceType.UNKNOWN),
    ],
)
def test_device_type(raw: object, parsed: DeviceType) -> None:
    """A type is recognised in both cases, without its zeros, and by its first block."""
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
    """A color has 24 bits, an old one 32."""
    assert device(stateValues=[state_value(value, "1024")]).rgb == rgb
    # What belongs to the last method is the newest word.
    assert device(state=1024, statevalue=value, stateValues=[]).rgb == rgb


def test_rgb_is_told_by_what_belongs_to_it() -> None:
    """The level of a color lamp is not its color, nor the reverse."""
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


def test_arrays_in_a_text() -> None:
    """Arrays may come as JSON in a text."""
    parsed = device(
        devices='[101, "102"]',
        stateValues='[{"state": "16", "value": "7"}]',
        statevalue="",
        parameter='[{"name": "devicetype", "value": "6"}]',
        deviceType=MISSING,
    )
    assert parsed.members == ("101", "102")
    assert parsed.level == 7
    assert parsed.device_type is DeviceType.LOCK
