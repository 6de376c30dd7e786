"""What comes over the socket, and anything whatever."""

import json
from typing import Any

from hypothesis import example, given, settings, strategies as st
import pytest

from custom_components.telldus_pa.pa_api import (
    CommandFailedMessage,
    DeviceStateMessage,
    ListChangedMessage,
    ListKind,
    Method,
    SensorValue,
    SensorValuesMessage,
    SuccessStatus,
    ThermostatSetpoint,
)
from custom_components.telldus_pa.pa_api.push.messages import parse_frame
from simulator.push_frames import TYPES
from tests.pa_api.conftest import utc
from tests.pa_api.rows import device, is_sound, leaves, sensor
from tests.pa_api.strategies import ANY_JSON, REPEATABLE, nearly_row

HEAT = {"mode": "HEAT", "temperature": "20.5", "changeMode": 0}
STATE = {"deviceId": "7", "method": "2048", "value": json.dumps(HEAT), "origin": "app"}
FAILED = {"deviceId": "7", "method": "1", "reason": 2, "origin": "app"}
VALUES = {
    "sensorId": "9",
    "time": "1764000000",
    "battery": 253,
    "data": [{"type": 256, "value": "51.7", "scale": 2}],
}


def frame(module: object, action: object, data: object) -> str:
    """Return a frame as it comes."""
    return json.dumps({"module": module, "action": action, "data": data})


@pytest.mark.parametrize(
    ("method", "value", "expected"),
    [
        *((1, "", None), ("2", None, None), ("16", "64", 64), (16, 999, 255)),
        *((16, "unde", None), ("1024", "16744448", 0xFF8000), (1024, "", None)),
        (2048, HEAT, ThermostatSetpoint("heat", 20.5, change_mode=False)),
        ("2048", '{"mode": "off"}', ThermostatSetpoint("off")),
        (2048, '{"mode": "heat", "temperature": -100}', ThermostatSetpoint("heat")),
        *((2048, "{}", None), ("4", "", None)),
    ],
)
@pytest.mark.parametrize("spelling", [str, int])
def test_state(method: Any, value: Any, expected: Any, spelling: Any) -> None:
    """A method comes with its value, in either spelling."""
    data = {"deviceId": spelling(7), "method": method, "value": value}
    assert parse_frame(frame("device", "setState", data)) == DeviceStateMessage(
        "7", Method(int(method)), expected, None
    )


def test_other_name_of_the_value() -> None:
    """Where a frame has the list's name for it, that is the value."""
    data = {"deviceId": "7", "method": "16", "stateValue": "64"}
    event = parse_frame(frame("device", "setState", data))
    assert event == DeviceStateMessage("7", Method.DIM, 64, None)


def test_number_beyond_all_size() -> None:
    """A number that nobody can read costs itself, not the frame that it is in."""
    told = frame("device", "setState", {"deviceId": "1", "method": 1, "more": 0})
    event = parse_frame(told.replace('"more": 0', '"more": ' + "9" * 5000))
    assert event == DeviceStateMessage("1", Method.TURNON, None, None)


def test_effect() -> None:
    """What was heard is what the device is; what sets no state leaves it alone."""
    lamp = device()
    heard = DeviceStateMessage(lamp.id, Method.DIM, 7, None)
    assert (heard.command.apply_to(lamp).state, heard.command.apply_to(lamp).level) == (
        *(Method.DIM, 7),
    )
    for method in (4, 8, 32, 64, 1024, 2048):
        event = DeviceStateMessage(lamp.id, Method(method), None, None)
        assert event.command.apply_to(lamp) is lamp


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            FAILED,
            CommandFailedMessage("7", Method.TURNON, SuccessStatus.NO_REPLY, "app"),
        ),
        (
            {"id": 7, "state": 2},
            CommandFailedMessage("7", Method.TURNOFF, SuccessStatus.UNKNOWN, None),
        ),
        (
            {"id": 7, "reason": 0},
            CommandFailedMessage("7", None, SuccessStatus.UNKNOWN, None),
        ),
        (
            {"id": 7, "reason": "9"},
            CommandFailedMessage("7", None, SuccessStatus.UNKNOWN, None),
        ),
        ({"method": 1}, None),
    ],
)
def test_failed(data: Any, expected: Any) -> None:
    """A failure is understood whatever is missing but the device."""
    assert parse_frame(frame("device", "failSetState", data)) == expected


@pytest.mark.parametrize(("name", "number"), TYPES.items())
def test_names_of_values(name: str, number: int) -> None:
    """Each number stands for the name that lists have."""
    data = VALUES | {"data": [{"type": str(number), "value": "1", "scale": "0"}]}
    event = parse_frame(frame("sensor", "value", data))
    assert isinstance(event, SensorValuesMessage)
    assert [value.name for value in event.values] == [name]


def test_values() -> None:
    """Types are names; what has none that we know is left out."""
    more = [{"type": "1", "value": "-5"}, {"type": 3, "value": 1}, {"value": 1}]
    data = VALUES | {"data": [*VALUES["data"], *more]}  # type: ignore[misc]  # of any
    assert parse_frame(frame("sensor", "value", data)) == SensorValuesMessage(
        *("9", utc(1764000000), 253),
        (
            SensorValue("watt", 2, 51.7, utc(1764000000), None),
            SensorValue("temp", 0, -5, utc(1764000000), None),
        ),
    )


@pytest.mark.parametrize("action", ["added", "removed", "setName", "setPower"])
def test_lists(action: str) -> None:
    """Each list has news of its own."""
    for what, kind in (("device", ListKind.DEVICES), ("sensor", ListKind.SENSORS)):
        assert parse_frame(frame(what, action, {})) == ListChangedMessage(kind)


@pytest.mark.parametrize(
    "text",
    [
        *("", "error", "[]", "1", "{}", "9" * 5000, "[" * 100_000, '{"module": []}'),
        frame("zwave", "addNodeToNetworkStartTimeout", 60),
        frame("device", "setState", {"deviceId": 1, "method": 3}),
        frame("device", "setState", {"method": 1}),
    ],
)
def test_nothing(text: str) -> None:
    """What is not understood is nothing."""
    assert parse_frame(text) is None


@settings(REPEATABLE, max_examples=500)
@given(
    st.one_of(
        st.tuples(st.just("device"), st.just("setState"), nearly_row(STATE)),
        st.tuples(st.just("device"), st.just("failSetState"), nearly_row(FAILED)),
        st.tuples(st.just("sensor"), st.just("value"), nearly_row(VALUES)),
        st.tuples(ANY_JSON, ANY_JSON, ANY_JSON),
    )
)
@example(("device", "setState", {"deviceId": "1", "method": 10**4299}))
def test_any_frame(parts: tuple[Any, Any, Any]) -> None:
    """Whatever comes is understood or nothing, and can be kept."""
    event = parse_frame(frame(*parts))
    assert not [leaf for leaf in leaves(event) if not is_sound(leaf)]
    if isinstance(event, DeviceStateMessage):
        event.command.apply_to(device())
    if isinstance(event, SensorValuesMessage):
        sensor().with_pushed(event.apply_to(sensor()))


@settings(REPEATABLE, max_examples=200)
@given(st.text())
def test_any_text(text: str) -> None:
    """No text is too odd."""
    parse_frame(text)


def test_own_names_of_values() -> None:
    """A value of a type that we do not know keeps the name that it came with."""
    value = {"type": 2**20, "name": "odd", "value": "1", "scale": 0}
    event = parse_frame(frame("sensor", "value", {**VALUES, "data": [value]}))
    assert isinstance(event, SensorValuesMessage)
    assert [(one.name, one.value) for one in event.values] == [("odd", 1)]


def test_keeping_device() -> None:
    """A row keeps what was pushed, and nothing else of the older one."""
    pushed = device(state=1, name="Old")
    kept = device(state=2, name="New").with_pushed(pushed)
    assert (kept.state, kept.name) == (Method.TURNON, "New")
    heat = [{"state": "2048", "value": {"mode": "heat", "setpoint": {"heat": 20}}}]
    new = device(
        methods=2048, parameter=[{"name": "thermostat", "value": {"modes": ["x"]}}]
    )
    kept = new.with_pushed(device(methods=2048, stateValues=heat))
    assert kept.thermostat
    assert kept.thermostat.mode == "heat"
    assert kept.thermostat.setpoints == {"heat": 20}
    assert kept.thermostat.modes == ("x",)
    # Neither has to be a thermostat.
    assert new.with_pushed(device(state=1)).thermostat == new.thermostat
    assert device(state=1).with_pushed(new).thermostat is None
    level = device(methods=19, state=16, statevalue="64")
    color = device(methods=1024, state=1024, statevalue="255")
    assert device(state=1).with_pushed(level).level == 64
    assert device(state=1).with_pushed(color).rgb == 255


def test_keeping_sensor() -> None:
    """Of each value the newer one is kept, with Telldus' unit."""
    row = sensor()
    new = SensorValue("watt", 2, 1.0, utc(1764000100), None)
    old = SensorValue("watt", 0, 1.0, utc(1), None)
    more = SensorValue("temp", 0, 1.0, utc(1764000100), None)
    heard = SensorValuesMessage(
        row.id, utc(1764000100), 255, (new, old, more)
    ).apply_to(row)
    assert (heard.battery, heard.battery_low, heard.last_updated) == (
        None,
        True,
        utc(1764000100),
    )
    assert heard.values["watt", 2].value == 1
    assert heard.values["watt", 2].unit == "W"
    assert heard.values["watt", 0] == row.values["watt", 0]
    kept = row.with_pushed(heard)
    assert kept.values == heard.values
    assert kept.last_updated == utc(1764000100)
    later = sensor(lastUpdated=1764000200).with_pushed(heard)
    assert ("temp", 0) not in later.values
    assert later.last_updated == utc(1764000200)
    percent = SensorValuesMessage(row.id, None, 55, ()).apply_to(row)
    assert (percent.battery, percent.battery_low) == (55, None)
    assert SensorValuesMessage(row.id, None, None, ()).apply_to(row) == row
