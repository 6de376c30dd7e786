"""Which of Home Assistant's modes and presets Telldus' modes are."""

from dataclasses import replace

import pytest

from custom_components.telldus_pa.devices.thermostat_modes import (
    ThermostatCommand,
    ThermostatModes,
)
from custom_components.telldus_pa.pa_api import (
    Device,
    Method,
    TemperatureRange,
    Thermostat,
    ThermostatSetpoint,
)
from homeassistant.components.climate import HVACMode


def modes_of(
    *modes: str, mode: str | None = None, last: str | None = None, methods: int = 0
) -> ThermostatModes:
    """Return the modes of a thermostat whose setpoints are those of "heat" and "eco-heat"."""
    ranges = dict.fromkeys(("heat", "eco-heat"), TemperatureRange(8, None))
    thermostat = Thermostat(mode=mode, setpoints={}, modes=modes, ranges=ranges)
    row = Device.from_dict({"id": "1", "client": "2", "methods": methods})
    return ThermostatModes(replace(row, thermostat=thermostat), last)


def setting(mode: str) -> ThermostatCommand:
    """Return the command that sets a mode."""
    return Method.THERMOSTAT, ThermostatSetpoint(mode)


@pytest.mark.parametrize(
    ("modes", "hvac_modes", "presets"),
    [
        (("heat", "off"), ["heat", "off"], None),
        (("heat", "eco-heat", "off"), ["heat", "off"], ["none", "eco"]),
        # None without a preset
        (("manual", "program"), ["heat", "auto"], ["manual", "program"]),
        # Nothing that Home Assistant knows, and a command
        (("Party time", "resume"), ["heat"], ["party_time"]),
    ],
)
def test_modes(
    modes: tuple[str, ...], hvac_modes: list[str], presets: list[str] | None
) -> None:
    """Modes that Home Assistant lacks are presets of the one that is like them."""
    found = modes_of(*modes)
    assert found.hvac_modes == hvac_modes
    assert found.preset_modes == presets


@pytest.mark.parametrize(
    ("modes", "off", "on"),
    [
        (modes_of("heat", "off"), [setting("off")], [setting("heat")]),
        (modes_of("heat", "cool", "off", last="cool"), [setting("off")], [setting("cool")]),
        (modes_of("heat", "off", "resume"), [setting("off")], [setting("resume")]),
        (
            modes_of("heat", methods=Method.TURNOFF | Method.TURNON),
            [(Method.TURNOFF, None)],
            [(Method.TURNON, None)],
        ),
        (modes_of("heat"), [], [setting("heat")]),
    ],
    ids=["a mode", "the last mode", "resume", "switched", "always on"],
)  # fmt: skip
def test_turning_off_and_on(
    modes: ThermostatModes, off: list[ThermostatCommand], on: list[ThermostatCommand]
) -> None:
    """Off is a mode or a switch; on is what it was before."""
    assert list(modes.turn_off) == off
    assert list(modes.turn_on) == on


@pytest.mark.parametrize(
    ("mode", "last", "expected"),
    [
        ("eco-heat", "heat", "eco-heat"),
        ("off", "eco-heat", "eco-heat"),
        ("off", None, "heat"),
    ],
)
def test_setpoint(mode: str, last: str | None, expected: str) -> None:
    """While off, the setpoint is that of the last mode, or of the first."""
    modes = modes_of("off", "heat", "eco-heat", mode=mode, last=last)
    assert modes.with_setpoint == expected
    assert modes.limits(modes.with_setpoint) == (8, 35)
    assert modes.limits(None) == (5, 35)


@pytest.mark.parametrize(
    ("methods", "hvac_modes", "on"),
    [
        (2051, ["heat", "off"], [(Method.TURNON, None)]),
        (2050, ["off"], []),
        (2049, [], []),
        # A group that can do no more than that
        (3, ["off"], [(Method.TURNON, None)]),
    ],
)
def test_no_modes(
    methods: int, hvac_modes: list[str], on: list[ThermostatCommand]
) -> None:
    """One of which no mode is known heats once it is turned on, if it can be."""
    modes = modes_of(methods=methods)
    assert modes.hvac_modes == hvac_modes
    assert list(modes.turn_on) == on


def test_choice() -> None:
    """A mode is set without a preset if possible, and "none" keeps the mode if possible."""
    modes = modes_of("eco-heat", "heat", "cool", "manual")
    assert modes.for_hvac_mode(HVACMode.HEAT) == "heat"
    assert modes.for_preset("eco", None) == "eco-heat"
    assert modes.for_preset("none", HVACMode.COOL) == "cool"
    assert modes.for_preset("none", HVACMode.OFF) == "heat"
