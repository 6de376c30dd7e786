"""Rows of devices that are thermostats."""

import json

import pytest

from custom_components.telldus_pa.pa_api import TemperatureRange, Thermostat
from custom_components.telldus_pa.pa_api.parsing import Json
from tests.pa_api.rows import MISSING, device, state_value

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


def test_switched_thermostat() -> None:
    """One that can be turned off is given no mode of which nothing was told."""

    def modes(**setpoint: str) -> tuple[str, ...]:
        value = state_value({"setpoint": setpoint}, "2048")
        parsed = device(methods=2051, stateValues=[value])
        assert parsed.thermostat is not None
        return parsed.thermostat.modes

    assert modes() == ()
    assert modes(heat="20") == ("heat", "off")


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
