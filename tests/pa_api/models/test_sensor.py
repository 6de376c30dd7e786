"""Rows of sensors and their values."""

from typing import Any

import pytest

from custom_components.telldus_pa.pa_api import Sensor, SensorValue
from tests.pa_api.conftest import utc
from tests.pa_api.rows import MISSING, sensor


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
        last_updated=utc(1764000000),
        values={
            ("watt", 2): SensorValue("watt", 2, 51.7, utc(1763999000), "W"),
            ("watt", 0): SensorValue("watt", 0, 233.583, utc(1764000000), "kWh"),
        },
    )


def test_sensor_at_its_barest() -> None:
    """Nothing but the id is needed."""
    assert Sensor.from_dict({"id": 1}) == Sensor(
        id="1",
        sensor_id="",
        gateway_id="",
        gateway_name=None,
        name=None,
        online=None,
        is_owner=True,
        ignored=False,
        battery=None,
        battery_low=None,
        protocol="",
        model=None,
        last_updated=None,
        values={},
    )


def test_sensor_without_id() -> None:
    """A row without an id cannot be understood; one without a gateway can."""
    with pytest.raises(ValueError, match="^no id$"):
        sensor(id=None)
    assert sensor(client=None).gateway_id == ""


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

    expected = None if heard is None else utc(heard)
    assert parsed.last_updated == expected
    assert parsed.values["temp", 0].last_updated == expected
    assert value.last_updated == (expected or utc(100))


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
        assert {value.last_updated for value in parsed.values.values()} == {
            utc(1764000000)
        }
        # In one order, lest entities are made in another one each time.
        assert [name for name, _ in parsed.values] == [
            *("temp", "humidity", "rrate", "rtot", "uv", "watt", "lum"),
            *("wavg", "wgust", "wdir"),
        ]
    # Where there are scales these keys mean nothing.
    assert sensor(**flat).values == sensor().values


@pytest.mark.parametrize(("raw", "kept"), [(1, True), ("1", True), (0, False)])
def test_keeps_history(raw: object, kept: bool) -> None:
    """Whether Telldus keeps what a sensor tells it says itself; else it does not."""
    assert sensor(keepHistory=raw).keep_history is kept
    assert sensor(keepHistory=None).keep_history is False
