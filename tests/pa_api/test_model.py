"""Every oddity of the wire, and what becomes of it."""

from collections.abc import Callable
import random
from typing import Any

import orjson
import pytest

from custom_components.telldus_pa.pa_api import (
    MAX_LEVEL,
    Device,
    DeviceType,
    Gateway,
    Method,
    Profile,
)
from custom_components.telldus_pa.pa_api.model import (
    SUPPORTED_METHODS,
    Json,
    parse_rows,
)

ALL_METHODS = Method(0xFFF)
LIGHT = "00000005-0001-1000-2005-ACCA54000000"
MISSING = object()

ROW: dict[str, Any] = {
    "id": "2100003",
    "clientDeviceId": "3",
    "name": "Lamp",
    "state": 16,
    "statevalue": "128",
    "stateValues": [{"state": "16", "value": 128}],
    "methods": 19,
    "type": "device",
    "client": "410001",
    "clientName": "Home",
    "online": "1",
    "editable": 1,
    "ignored": 0,
    "deviceType": LIGHT,
    "transport": "zwave",
}


def device(**changes: object) -> Device:
    """Parse the row with some keys changed, or left out where MISSING."""
    row = {**ROW, **changes}
    return Device.from_wire({key: row[key] for key in row if row[key] is not MISSING})


def test_device() -> None:
    """A row as it should be."""
    assert device() == Device(
        id="2100003",
        local_id="3",
        gateway_id="410001",
        gateway_name="Home",
        name="Lamp",
        methods=Method.TURNON | Method.TURNOFF | Method.DIM,
        state=Method.DIM,
        level=128,
        online=True,
        owned=True,
        ignored=False,
        type="device",
        device_type=DeviceType.LIGHT,
        transport="zwave",
    )


def test_device_at_its_barest() -> None:
    """Nothing but the two ids is needed."""
    assert Device.from_wire({"id": 1, "client": 2}) == Device(
        id="1",
        local_id="",
        gateway_id="2",
        gateway_name=None,
        name=None,
        methods=Method(0),
        state=None,
        level=None,
        online=True,
        owned=True,
        ignored=False,
        type="device",
        device_type=DeviceType.UNKNOWN,
        transport="",
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
        "editable": parsed_device.owned,
        "ignored": parsed_device.ignored,
    }
    assert flags[key] is parsed


@pytest.mark.parametrize("raw", [MISSING, None, "", "unde", "nan", [], {}, "1e400"])
def test_flags_not_told(raw: object) -> None:
    """What is not told is taken for what it mostly is."""
    parsed = device(online=raw, editable=raw, ignored=raw)

    assert (parsed.online, parsed.owned, parsed.ignored) == (True, True, False)


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
        (2**70 + 2, Method.TURNOFF),
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


def entry(value: object, state: object = "16") -> dict[str, object]:
    """Return one of the stateValues."""
    return {"state": state, "value": value}


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
        ({"statevalue": 10**400, "stateValues": MISSING}, MAX_LEVEL),
        ({"statevalue": "unde", "stateValues": MISSING}, None),
        ({"statevalue": "", "stateValues": MISSING}, None),
        ({"statevalue": None, "stateValues": MISSING}, None),
        ({"statevalue": "nan", "stateValues": MISSING}, None),
        ({"statevalue": "1e400", "stateValues": MISSING}, None),
        ({"statevalue": [7], "stateValues": MISSING}, None),
        ({"state": 1, "statevalue": "64", "stateValues": []}, None),
        ({"state": 2, "statevalue": "0", "stateValues": [entry(200)]}, 200),
        # stateValues, where statevalue does not tell
        ({"statevalue": "unde", "stateValues": [entry(99)]}, 99),
        ({"statevalue": None, "stateValues": [entry("99")]}, 99),
        ({"statevalue": None, "stateValues": [entry(99, 16)]}, 99),
        ({"statevalue": None, "stateValues": [entry(""), entry(98)]}, 98),
        ({"statevalue": None, "stateValues": [entry(5, "1024")]}, None),
        ({"statevalue": None, "stateValues": [entry({"setpoint": {}})]}, None),
        ({"statevalue": None, "stateValues": ["row", None, 5, entry(4)]}, 4),
        ({"statevalue": None, "stateValues": [{"state": "16"}]}, None),
        ({"statevalue": None, "stateValues": "unde"}, None),
        ({"statevalue": None, "stateValues": 16}, None),
        ({"statevalue": None, "stateValues": {"16": 128}}, None),
        # device/info's spelling
        (
            {"statevalue": None, "stateValues": MISSING, "statevalues": [entry(97)]},
            97,
        ),
        # A shutter's position, whatever it was told last
        ({"state": 128, "statevalue": "255", "stateValues": [entry(255)]}, 255),
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

    assert (parsed.local_id, parsed.type, parsed.transport) == (
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

    assert Gateway.from_wire(row) == Gateway(
        id="410001",
        name="Home",
        online=False,
        model="TellStick Net",
        version="17",
        owned=False,
    )
    assert Gateway.from_wire({"id": 7, "online": 1, "version": 1.3}) == Gateway(
        id="7", name=None, online=True, model=None, version="1.3", owned=True
    )
    with pytest.raises(ValueError, match="^no id$"):
        Gateway.from_wire({"name": "Home"})


def test_profile() -> None:
    """An account is known by its uuid."""
    uuid = "5e7d0000-0000-4000-8000-000000000001"

    assert Profile.from_wire({"uuid": uuid, "firstname": "Demo"}) == Profile(
        uuid, "Demo"
    )
    assert Profile.from_wire({"uuid": uuid}).first_name is None
    with pytest.raises(ValueError, match="^no uuid$"):
        Profile.from_wire({"uuid": None, "email": "a@example.invalid"})


def parse_id(row: Json) -> str:
    """Parse a row of nothing but an id."""
    if not isinstance(number := row.get("id"), str):
        raise ValueError("no id")  # noqa: TRY004
    return number


def test_a_bad_row_costs_that_row() -> None:
    """Each row that cannot be understood is named, the others are there in order."""
    rows: list[object] = [{"id": "1"}, {}, "row", None, {"id": "2"}, [], 5, {"id": 3}]

    parsed, complaints = parse_rows(rows, parse_id)

    assert parsed == ("1", "2")
    assert complaints == (
        "row 1: no id",
        "row 2: not an object",
        "row 3: not an object",
        "row 5: not an object",
        "row 6: not an object",
        "row 7: no id",
    )


def test_lists() -> None:
    """An empty list is one, and so is an object alone."""
    assert parse_rows([], parse_id) == ((), ())
    assert parse_rows({"id": "1"}, parse_id) == (("1",), ())
    # A list with gaps, as PHP writes it
    assert parse_rows({"0": {"id": "1"}, "7": {"id": "2"}}, parse_id) == (
        ("1", "2"),
        (),
    )


@pytest.mark.parametrize("rows", [{}, [{}, {}], [None], {"0": 5}])
def test_nothing_but_bad_rows(rows: object) -> None:
    """Where no row can be understood, it is not an empty list."""
    with pytest.raises(ValueError, match="^nothing but rows like row 0"):
        parse_rows(rows, parse_id)


@pytest.mark.parametrize("rows", [None, "", "row", 5, 1.5, True, ("1",)])
def test_no_list(rows: object) -> None:
    """Anything else is no list."""
    with pytest.raises(ValueError, match="^no list$"):
        parse_rows(rows, parse_id)


def test_supported_methods() -> None:
    """We ask for what the vendor's app asks for."""
    assert Method(SUPPORTED_METHODS) == ALL_METHODS & ~(Method.TOGGLE | Method.EXECUTE)


_ODD: tuple[Callable[[random.Random], object], ...] = (
    lambda _: None,
    lambda r: r.choice([True, False]),
    lambda r: r.choice([0, 1, 2, 16, 255, 1024, 4023, -1, 10**4000, -(2**70)]),
    lambda r: r.choice([0.0, 1.5, -1e308, float("inf"), float("-inf"), float("nan")]),
    lambda r: r.choice(["", "0", "1", "16", "unde", "nan", "-inf", "1e999", "9" * 999]),
    lambda r: r.choice([LIGHT, LIGHT.lower(), LIGHT[1:], LIGHT[8:], "0x" + LIGHT]),
    lambda r: "".join(chr(r.randrange(0x500)) for _ in range(r.randrange(300))),
    lambda r: r.choice(["\ud800", "\x00", "\u2028", "١٦", "1_6", "+16", " 16\n"]),
    lambda r: [entry(_odd(r), _odd(r)) for _ in range(r.randrange(3))],
    lambda r: [_odd(r) for _ in range(r.randrange(3))],
    lambda r: {str(_odd(r)): _odd(r) for _ in range(r.randrange(3))},
)


def _odd(r: random.Random) -> object:
    return r.choice(_ODD)(r)


@pytest.mark.parametrize("seed", range(5))
def test_any_row_is_a_device_or_a_value_error(seed: int) -> None:
    """Whatever JSON can say in a row is understood or refused, never stumbled over."""
    r = random.Random(seed)
    understood = 0
    for _ in range(2000):
        row = {
            key: value if r.random() < 0.3 else _odd(r)
            for key, value in [*ROW.items(), ("statevalues", []), ("uuid", "1")]
            if r.random() < 0.95
        }
        for parse in (Device.from_wire, Gateway.from_wire, Profile.from_wire):
            try:
                parsed = parse(row)
            except ValueError as err:
                assert str(err) in ("no id", "no client", "no uuid")  # noqa: PT017
                continue
            understood += 1
            hash(parsed)
            repr(parsed).encode()
            orjson.dumps(parsed)
            if isinstance(parsed, Device):
                assert parsed.level is None or 0 <= parsed.level <= MAX_LEVEL
                assert parsed.is_on in (True, False, None)
    assert 1000 < understood < 5900
