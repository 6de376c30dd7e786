"""Data for property tests: any JSON whatever, and rows that are nearly right."""

import json
from typing import Any, Final

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.strategies import SearchStrategy

from .rows import DEVICE, LIGHT, SENSOR

# The same examples each time, and no files beside the tests.
REPEATABLE: Final = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[
        # Fixtures that an example cannot spoil for the next
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)

THERMOSTAT: Final[dict[str, Any]] = {
    "modes": ["off", "heat", "eco-heat"],
    "setpoints": {"heat": {"min": 5, "max": 28}, "eco-heat": None},
}
# With all that a row can have
THERMOSTAT_DEVICE: Final[dict[str, Any]] = DEVICE | {
    "methods": 2051,
    "stateValues": [
        {"state": "2048", "value": '{"mode": "heat", "setpoint": {"heat": "21.5"}}'}
    ],
    "parameter": [
        {"name": "thermostat", "value": json.dumps(THERMOSTAT)},
        {"name": "devices", "value": "1,2,3"},
    ],
}
GROUP: Final[dict[str, Any]] = DEVICE | {"type": "group", "devices": "2100003,4"}
GATEWAY: Final[dict[str, Any]] = {
    "id": "410001",
    "name": "Home",
    "online": "1",
    "editable": 1,
    "version": "1.3.2",
    "type": "TellStick ZNet Lite v2",
}
ROOM: Final[dict[str, Any]] = {"id": "5e7d0000-0000-4000-8000-1", "name": "Hall"}
PROFILE: Final[dict[str, Any]] = {
    "uuid": "5e7d0000-0000-4000-8000-2",
    "firstname": "Ada",
    "pro": 1900000000,
}
DEED: Final[dict[str, Any]] = {
    "ts": 1764000000,
    "state": 1,
    "successStatus": 0,
    "stateValue": "",
    "origin": "Scheduler",
}
READING: Final[dict[str, Any]] = {
    "ts": 1764000000,
    "data": [{"name": "temp", "value": "21.5", "scale": "0", "unit": "°C"}],
}

WORDS: Final = (
    *("", " ", "0", "1", "16", "unde", "n/a", "NaN", "nan", "-inf", "Infinity"),
    *("1e999", "1_6", "+16", "--1", "1,2", "a, b,,", "\u0661\u0666", "9" * 400),
    *("[", "{}", "[]", "null", '{"setpoint": {"heat": NaN}}', '{"mode": [1]}'),
    *("\ud800", "\x00", "\u2028", "\u202eright to left", "\u0130" * 300, "a" * 10_000),
    *(
        "<script>alert(1)</script>",
        "{{ 1 }}",
        "{name}",
        "%s",
        "\U0001f469\u200d\U0001f680",
    ),
    *("temp", "watt", "PM25", "heat", "OFF", "resume", "2048", "thermostat", "devices"),
    *("zwave", "433", "group", "scene", "zigbee", LIGHT, LIGHT.lower(), LIGHT[1:]),
)
NUMBERS: Final = (
    *(0, 1, 2, 16, 100, 253, 254, 255, 512, 1024, 2048, 4023, 4095, -1),
    *(10**15, 10**4000, -(2**70), 0xFF00FF00, 1764000000, 1764000000000, 2**32),
    *(0.0, -0.0, 1.5, -100.0, 1e15, -1e308, 5e-324, float("inf"), float("-inf")),
)
KEYS: Final = (
    *("id", "client", "name", "uuid", "state", "value", "scale", "unit", "data"),
    *("lastUpdated", "mode", "modes", "setpoint", "setpoints", "heat", "min", "max"),
    *("", "0", "1", "7", "\u0661", "error", "status", "device", "sensor"),
)

TEXTS: Final[SearchStrategy[str]] = st.sampled_from(WORDS) | st.text(
    # JSON can say half of a surrogate pair.
    st.characters(exclude_categories=()),
    max_size=30,
)
SCALARS: Final[SearchStrategy[object]] = st.one_of(
    st.none(),
    st.booleans(),
    TEXTS,
    st.sampled_from(NUMBERS),
    st.integers(),
    # Python's reader makes infinity of 1e999; of NaN the client has it make nothing.
    st.floats(allow_nan=False),
)
ANY_JSON: Final[SearchStrategy[Any]] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | TEXTS, inner, max_size=4)
    ),
    max_leaves=8,
)
ANY_OBJECT: Final[SearchStrategy[dict[str, Any]]] = st.dictionaries(
    st.sampled_from(KEYS) | TEXTS, ANY_JSON, max_size=6
)
_MISSING: Final = object()


def nearly(value: Any) -> SearchStrategy[Any]:
    """Return what is right, or is not in some places, at any depth."""
    inner: SearchStrategy[Any] = st.just(value)
    if isinstance(value, dict):
        inner = nearly_row(value)
    elif isinstance(value, list) and value:
        inner = st.lists(st.one_of(*map(nearly, value)), max_size=4)
    # The first is what a counterexample is shrunk to.
    return st.one_of(st.just(value), inner, ANY_JSON)


def nearly_row(row: dict[str, Any]) -> SearchStrategy[dict[str, Any]]:
    """Return an object of which each key is right, missing, or anything."""
    parts = {key: st.just(_MISSING) | nearly(value) for key, value in row.items()}
    return st.fixed_dictionaries(parts).map(
        lambda made: {
            key: value for key, value in made.items() if value is not _MISSING
        }
    )


DEVICES: Final = st.one_of(*map(nearly_row, (DEVICE, THERMOSTAT_DEVICE, GROUP)))
SENSORS: Final = nearly_row(SENSOR)
GATEWAYS: Final = nearly_row(GATEWAY)
ROOMS: Final = nearly_row(ROOM)
PROFILES: Final = nearly_row(PROFILE)
DEEDS: Final = nearly_row(DEED)
READINGS: Final = nearly_row(READING)
ROWS: Final = st.one_of(
    *(DEVICES, SENSORS, GATEWAYS, ROOMS, PROFILES, DEEDS, READINGS, ANY_OBJECT)
)
