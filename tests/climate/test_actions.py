"""What the actions of a thermostat send to Telldus."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.climate import ClimateEntityFeature as Feature
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from simulator import Method, Simulator
from tests.conftest import Time
from tests.helpers import state_of

from .conftest import (
    BOTH,
    FLOOR,
    MINE,
    ON_OFF,
    PUMP,
    RADIATOR,
    TARGET,
    VALVE,
    Do,
    Start,
    commands,
    sent,
    shown,
    thermostat,
    told_by,
    value_of,
)

pytestmark = pytest.mark.only(
    "Bathroom valve", "Floor heating", "Heat pump", "Radiator", "Window lamp"
)


@pytest.mark.parametrize(
    ("mode", "action", "data", "command", "effect"),
    [
        (
            "heat",
            "set_temperature",
            {"temperature": 22.5},
            "mode=heat changeMode=0 temperature=22.5 scale=0",
            ("heat", "none", 22.5),
        ),
        (
            # A preset is kept.
            "away",
            "set_temperature",
            {"temperature": 11},
            "mode=away changeMode=0 temperature=11 scale=0",
            ("heat", "away", 11),
        ),
        (
            # Mode and temperature in one request
            "heat",
            "set_temperature",
            {"temperature": 25, "hvac_mode": "cool"},
            "mode=cool changeMode=1 temperature=25 scale=0",
            ("cool", "none", 25),
        ),
        (
            # The plain mode, also where the current one is a preset of the same
            "hg",
            "set_temperature",
            {"temperature": 8, "hvac_mode": "heat"},
            "mode=heat changeMode=1 temperature=8 scale=0",
            ("heat", "none", 8),
        ),
        # No temperature for what has none
        (
            "heat",
            "set_temperature",
            {"temperature": 21, "hvac_mode": "off"},
            "mode=off changeMode=1",
            ("off", "none", None),
        ),
        (
            "heat",
            "set_temperature",
            {"temperature": 21, "hvac_mode": "fan_only"},
            "mode=fan changeMode=1",
            ("fan_only", "none", None),
        ),
        (
            "heat",
            "set_hvac_mode",
            {"hvac_mode": "cool"},
            "mode=cool changeMode=1",
            ("cool", "none", 24),
        ),
        (
            "heat",
            "set_hvac_mode",
            {"hvac_mode": "fan_only"},
            "mode=fan changeMode=1",
            ("fan_only", "none", None),
        ),
        (
            "heat",
            "set_hvac_mode",
            {"hvac_mode": "off"},
            "mode=off changeMode=1",
            ("off", "none", None),
        ),
        (
            # No plain mode leads there.
            "heat",
            "set_hvac_mode",
            {"hvac_mode": "auto"},
            "mode=program changeMode=1",
            ("auto", "program", None),
        ),
        (
            "heat",
            "set_preset_mode",
            {"preset_mode": "away"},
            "mode=away changeMode=1",
            ("heat", "away", 10),
        ),
        (
            "heat",
            "set_preset_mode",
            {"preset_mode": "frost_guard"},
            "mode=hg changeMode=1",
            ("heat", "frost_guard", None),
        ),
        (
            "off",
            "set_preset_mode",
            {"preset_mode": "full_power"},
            "mode=full power changeMode=1",
            ("heat", "full_power", None),
        ),
        (
            "away",
            "set_preset_mode",
            {"preset_mode": "none"},
            "mode=heat changeMode=1",
            ("heat", "none", 20),
        ),
        (
            "eco-cool",
            "set_preset_mode",
            {"preset_mode": "none"},
            "mode=cool changeMode=1",
            ("cool", "none", 24),
        ),
        (
            # No plain mode with the same mode: the first one
            "program",
            "set_preset_mode",
            {"preset_mode": "none"},
            "mode=cool changeMode=1",
            ("cool", "none", 24),
        ),
        ("heat", "turn_off", {}, "mode=off changeMode=1", ("off", "none", None)),
        ("heat", "toggle", {}, "mode=off changeMode=1", ("off", "none", None)),
        ("off", "turn_on", {}, "mode=eco-cool changeMode=1", ("cool", "eco_cool", 27)),
        ("off", "toggle", {}, "mode=eco-cool changeMode=1", ("cool", "eco_cool", 27)),
        ("fan", "turn_on", {}, "mode=fan changeMode=1", ("fan_only", "none", None)),
    ],
)
async def test_actions(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    do: Do,
    time: Time,
    mode: str,
    action: str,
    data: dict[str, Any],
    command: str,
    effect: tuple[str, Any, Any],
) -> None:
    """Each action is one request; what it does is shown at once, and confirmed."""
    thermostat(
        simulator,
        mode=mode,
        state=2 if mode == "off" else 1,
        setpoint={"heat": "20", "cool": "24", "away": "10", "eco-cool": "27"},
        told=told_by(
            *("off", "eco-cool", "cool", "away", "hg", "program", "heat", "fan"),
            "full power",
            heat=(5, 30),
            cool=(18, 30),
            away=(8, 16),
            hg=(5, 10),
            eco_cool=(18, 30),
        ),
    )
    await start()
    if mode in ("off", "fan"):
        # The first that is not off is what would be gone back to.
        assert state_of(hass, MINE).attributes["min_temp"] == 18
    await do(action, MINE, **data)
    assert sent(simulator) == [f"thermostat {command}"]
    assert shown(hass) == effect
    await time.move(35)
    assert shown(hass) == effect
    told = commands(simulator)[0].params
    found = value_of(simulator)
    if told["changeMode"] == "1":
        assert found["mode"] == told["mode"]
    if "temperature" in told:
        assert found["setpoint"][told["mode"]] == told["temperature"]


async def test_temperature_while_off(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    do: Do,
    time: Time,
) -> None:
    """What is set while it is off is for the mode that comes after, and turns nothing on."""
    await do("set_hvac_mode", PUMP, hvac_mode="cool")
    await time.move(35)
    await do("turn_off", PUMP)
    await time.move(35)
    assert shown(hass, PUMP) == ("off", "none", None)
    # The limits are those of the mode that it is for.
    assert state_of(hass, PUMP).attributes["min_temp"] == 18
    await do("set_temperature", PUMP, temperature=19)
    await time.move(35)
    assert sent(simulator)[2:] == [
        "thermostat mode=cool changeMode=0 temperature=19 scale=0"
    ]
    assert value_of(simulator, "Heat pump")["setpoint"]["cool"] == "19"
    assert shown(hass, PUMP) == ("off", "none", None)
    await do("turn_on", PUMP)
    await time.move(35)
    assert sent(simulator)[3:] == ["thermostat mode=resume changeMode=1"]
    assert shown(hass, PUMP) == ("cool", "none", 19)


async def test_temperature_without_a_mode_before(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do
) -> None:
    """Where nobody knows what it did before, it is the first mode that has one."""
    told = told_by("off", "max", "eco-heat", "heat", heat=None, eco_heat=(5, 20))
    thermostat(simulator, mode="off", state=2, told=told)
    await start()
    await do("set_temperature", MINE, temperature=17)
    assert sent(simulator) == [
        "thermostat mode=eco-heat changeMode=0 temperature=17 scale=0"
    ]


async def test_temperature_of_a_mode_without(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    do: Do,
    time: Time,
) -> None:
    """In a mode without a temperature it is for the one before, as while it is off."""
    await do("set_preset_mode", VALVE, preset_mode="manual")
    assert shown(hass, VALVE) == ("heat", "manual", None)
    await do("set_preset_mode", VALVE, preset_mode="boost")
    assert shown(hass, VALVE) == ("heat", "boost", None)
    await do("set_temperature", VALVE, temperature=20)
    assert sent(simulator)[-1] == (
        # Of "boost" too it remembers that it was there before.
        "thermostat mode=heat changeMode=0 temperature=20 scale=0"
    )


@pytest.mark.parametrize("action", ["turn_on", "toggle"])
async def test_back_to_the_last_mode(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    do: Do,
    time: Time,
    action: str,
) -> None:
    """Without a "resume" it goes back to what it was, however short that was."""
    await do("set_preset_mode", RADIATOR, preset_mode="eco")
    await do("turn_off", RADIATOR)
    assert shown(hass, RADIATOR) == ("off", "none", None)
    await do(action, RADIATOR)
    assert sent(simulator)[-1] == "thermostat mode=eco-heat changeMode=1"
    assert shown(hass, RADIATOR) == ("heat", "eco", 17)
    await time.move(35)
    assert shown(hass, RADIATOR) == ("heat", "eco", 17)


async def test_back_after_a_reload(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    do: Do,
    time: Time,
) -> None:
    """The mode that it was turned off in is known after a reload."""
    await do("set_preset_mode", RADIATOR, preset_mode="eco")
    await do("turn_off", RADIATOR)
    await time.move(45)
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    await time.move(15)
    assert shown(hass, RADIATOR) == ("off", "none", None)
    await do("turn_on", RADIATOR)
    assert sent(simulator)[-1] == "thermostat mode=eco-heat changeMode=1"


async def test_back_to_the_first_mode_that_was_seen(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do
) -> None:
    """What it did when Home Assistant started counts as well."""
    thermostat(simulator, mode="away", told=told_by("off", "heat", "away"))
    await start()
    await do("turn_off", MINE)
    await do("turn_on", MINE)
    assert sent(simulator)[-1] == "thermostat mode=away changeMode=1"


async def test_last_mode_is_no_mode_any_more(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do, time: Time
) -> None:
    """It cannot go back to what it no longer has."""
    device = thermostat(simulator, mode="away", told=told_by("off", "heat", "away"))
    await start()
    device.values[2048] = {"mode": "off"}
    device.parameters["thermostat"] = told_by("off", "heat")
    await time.move(35)
    await do("turn_on", MINE)
    assert sent(simulator) == ["thermostat mode=heat changeMode=1"]


@pytest.mark.parametrize(
    ("methods", "features", "on", "off"),
    [
        (ON_OFF, TARGET | BOTH, "turnOn", "turnOff"),
        (
            Method.TURNOFF,
            TARGET | BOTH,
            "thermostat mode=heat changeMode=1",
            "turnOff",
        ),
    ],
)
async def test_off_is_no_mode(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    do: Do,
    time: Time,
    methods: Method,
    features: Feature,
    on: str,
    off: str,
) -> None:
    """What has no such mode is turned off and on like a lamp, where it can be."""
    thermostat(
        simulator,
        mode="heat",
        setpoint={"heat": "20"},
        told=told_by("heat", "cool", heat=None),
        methods=int(methods | Method.THERMOSTAT),
    )
    await start()
    state = state_of(hass, MINE)
    assert state.attributes["hvac_modes"] == ["heat", "cool", "off"]
    assert state.attributes["supported_features"] == features
    await do("turn_off", MINE)
    assert state_of(hass, MINE).state == "off"
    await time.move(35)
    assert state_of(hass, MINE).state == "off"
    await do("turn_on", MINE)
    await time.move(35)
    assert shown(hass) == ("heat", None, 20)
    await do("set_hvac_mode", MINE, hvac_mode="off")
    await time.move(35)
    assert state_of(hass, MINE).state == "off"
    await do("set_hvac_mode", MINE, hvac_mode="heat")
    await time.move(35)
    assert shown(hass) == ("heat", None, 20)
    assert sent(simulator) == [off, on, off, "thermostat mode=heat changeMode=1"]


async def test_cannot_be_off(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, do: Do
) -> None:
    """What cannot be turned off is not offered to be."""
    for action in ("turn_off", "turn_on", "toggle"):
        with pytest.raises(HomeAssistantError):
            await do(action, FLOOR)
    with pytest.raises(ServiceValidationError) as raised:
        await do("set_hvac_mode", FLOOR, hvac_mode="off")
    assert raised.value.translation_key == "not_valid_hvac_mode"
    assert sent(simulator) == []
    await do("set_temperature", FLOOR, temperature=25.5)
    assert sent(simulator) == [
        "thermostat mode=heat changeMode=0 temperature=25.5 scale=0"
    ]
    assert shown(hass, FLOOR) == ("heat", None, 25.5)


async def test_cannot_be_on(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do
) -> None:
    """Without anything to be turned on by, it can only be turned off."""
    thermostat(simulator, told=told_by("off"), state=2, mode="off")
    await start()
    assert state_of(hass, MINE).attributes["supported_features"] == Feature.TURN_OFF
    with pytest.raises(HomeAssistantError):
        await do("turn_on", MINE)
