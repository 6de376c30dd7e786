"""What a thermostat is shown as."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.components.climate import ClimateEntityFeature as Feature
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_translations
from simulator import Method, Simulator
from tests.conftest import Time
from tests.helpers import complaints, state_of

from .conftest import (
    BOTH,
    FLOOR,
    MINE,
    ON_OFF,
    PRESET,
    PUMP,
    RADIATOR,
    TARGET,
    VALVE,
    Do,
    Start,
    sent,
    shown,
    thermostat,
    told_by,
)

pytestmark = pytest.mark.only(
    "Bathroom valve",
    "Floor heating",
    "Guest room heating",
    "Heat pump",
    "Radiator",
    "Window lamp",
)


GUEST_ROOM = "climate.guest_room_heating"


@pytest.mark.parametrize(
    ("entity_id", "state", "attributes"),
    [
        (
            RADIATOR,
            "heat",
            {
                "hvac_modes": ["off", "heat"],
                "preset_modes": ["none", "eco"],
                "preset_mode": "none",
                "temperature": 21.5,
                "current_temperature": 20.7,
                "min_temp": 5,
                "max_temp": 28,
                "target_temp_step": 0.5,
                "supported_features": TARGET | PRESET | BOTH,
                "friendly_name": "Radiator",
            },
        ),
        (
            # One setpoint, no mode, no limits
            FLOOR,
            "heat",
            {
                "hvac_modes": ["heat"],
                "preset_modes": None,
                "preset_mode": None,
                "temperature": 24,
                "current_temperature": 23.4,
                "min_temp": 5,
                "max_temp": 35,
                "supported_features": TARGET,
            },
        ),
        (
            PUMP,
            "auto",
            {
                "hvac_modes": ["off", "auto", "heat", "cool", "dry", "fan_only"],
                "preset_modes": ["none", "away", "frost_guard"],
                "preset_mode": "none",
                "temperature": 21,
                "current_temperature": 21.1,
                "min_temp": 16,
                "max_temp": 30,
                "supported_features": TARGET | PRESET | BOTH,
            },
        ),
        (
            VALVE,
            "heat",
            {
                "hvac_modes": ["off", "heat"],
                "preset_modes": ["none", "manual", "boost"],
                "preset_mode": "none",
                "temperature": 19,
                "current_temperature": 18.9,
                "min_temp": 4,
                "max_temp": 28,
                "supported_features": TARGET | PRESET | BOTH,
            },
        ),
        (
            # Without a parameter and without a sensor
            GUEST_ROOM,
            "heat",
            {
                "hvac_modes": ["heat", "off"],
                "preset_modes": None,
                "temperature": 16,
                "current_temperature": None,
                "current_humidity": None,
                "min_temp": 5,
                "max_temp": 35,
                "supported_features": TARGET | BOTH,
            },
        ),
    ],
)
async def test_demo_home(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_id: str,
    state: str,
    attributes: dict[str, Any],
) -> None:
    """Every thermostat of the demo home is shown as what it is."""
    assert state_of(hass, entity_id).state == state
    found = state_of(hass, entity_id).attributes
    assert {key: found.get(key) for key in attributes} == attributes


async def test_presets_are_called_by_our_names(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Texts and icons of presets are found by this key."""
    entry = er.async_get(hass).async_get(PUMP)
    assert entry is not None
    assert entry.translation_key == "thermostat"
    texts = await async_get_translations(hass, "en", "entity", [DOMAIN])
    start = f"component.{DOMAIN}.entity.climate.{entry.translation_key}"
    path = f"{start}.state_attributes.preset_mode.state."
    named = {key.removeprefix(path) for key in texts if key.startswith(path)}
    assert named == {"eco_cool", "frost_guard", "manual", "program"}


async def test_no_other_thermostats(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """What the test above lists is all there is."""
    states = hass.states.async_entity_ids("climate")
    assert set(states) == {RADIATOR, FLOOR, PUMP, VALVE, GUEST_ROOM}


@pytest.mark.parametrize(
    ("mode", "hvac_mode", "preset"),
    [
        ("auto", "auto", "none"),
        ("away", "heat", "away"),
        ("cool", "cool", "none"),
        ("dry", "dry", "none"),
        ("eco-cool", "cool", "eco_cool"),
        ("eco-heat", "heat", "eco"),
        ("fan", "fan_only", "none"),
        ("heat", "heat", "none"),
        ("heat-cool", "heat_cool", "none"),
        ("hg", "heat", "frost_guard"),
        ("manual", "heat", "manual"),
        ("max", "heat", "boost"),
        ("off", "off", "none"),
        ("program", "auto", "program"),
        # Not in any table
        ("Full Power!", "heat", "full_power"),
    ],
)
async def test_modes(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    mode: str,
    hvac_mode: str,
    preset: str,
) -> None:
    """Each mode of Telldus is a mode of Home Assistant, some with a preset."""
    modes = [mode, *({"heat", "eco-heat"} - {mode})]
    thermostat(simulator, mode=mode, told=told_by(*modes, "resume"))
    await start()
    assert shown(hass)[:2] == (hvac_mode, preset)
    attributes = state_of(hass, MINE).attributes
    assert hvac_mode in attributes["hvac_modes"]
    assert preset in attributes["preset_modes"]
    # A command, never a mode
    assert "resume" not in attributes["preset_modes"]


@pytest.mark.parametrize(
    ("state", "more", "hvac_mode"),
    [
        (1, {}, "unknown"),
        (2, {}, "off"),
        (0, {}, "unknown"),
        # Its state says nothing of one that has a mode for it, or cannot be off.
        (2, {"mode": "heat"}, "heat"),
        (2, {"mode": "heat", "told": told_by("heat", "cool")}, "heat"),
        # Off is none of its modes.
        (2, {"mode": "heat", "told": told_by("heat"), "methods": 2050}, "off"),
        (1, {"mode": "heat", "told": told_by("heat"), "methods": 2050}, "heat"),
    ],
)
async def test_off(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    state: int,
    more: dict[str, Any],
    hvac_mode: str,
) -> None:
    """Where the mode does not say whether it is off, the state does."""
    usual: dict[str, Any] = {
        "told": told_by("off", "heat", "cool", "eco-heat", heat=None, cool=None),
        "setpoint": {"heat": "20", "cool": "25"},
        "state": state,
    }
    thermostat(simulator, **(usual | more))
    await start()
    assert state_of(hass, MINE).state == hvac_mode
    if "mode" not in more:
        assert shown(hass) == (hvac_mode, None, None)


async def test_tells_nothing(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do
) -> None:
    """Of one that tells nothing at all no more is offered than to turn it off."""
    thermostat(simulator, values={})
    await start()
    state = state_of(hass, MINE)
    assert state.state == "unknown"
    assert state.attributes["hvac_modes"] == ["off"]
    assert state.attributes["supported_features"] == Feature.TURN_OFF
    assert "temperature" not in state.attributes
    await do("turn_off", MINE)
    assert sent(simulator) == ["thermostat mode=off changeMode=1"]


async def test_tells_nothing_and_is_switched(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do, time: Time
) -> None:
    """One that tells nothing and can be turned on and off heats or does not."""
    thermostat(simulator, values={}, methods=int(ON_OFF | Method.THERMOSTAT))
    await start()
    state = state_of(hass, MINE)
    assert state.state == "heat"
    assert state.attributes["hvac_modes"] == ["heat", "off"]
    assert state.attributes["supported_features"] == BOTH
    for action, data, expected in (
        ("toggle", {}, "off"),
        ("toggle", {}, "heat"),
        ("set_hvac_mode", {"hvac_mode": "off"}, "off"),
        ("set_hvac_mode", {"hvac_mode": "heat"}, "heat"),
        ("turn_off", {}, "off"),
        ("turn_on", {}, "heat"),
    ):
        await do(action, MINE, **data)
        assert state_of(hass, MINE).state == expected
    await time.move(60)
    assert state_of(hass, MINE).state == "heat"
    assert sent(simulator) == ["turnOff", "turnOn"] * 3


async def test_no_thermostat_any_more(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A device that is told to be something else is shown as that."""
    device = thermostat(simulator, told=told_by("heat", heat=None), mode="heat")
    await start()
    device.methods = ON_OFF
    await time.move(35)
    assert hass.states.get(MINE) is None
    assert complaints(caplog) == []


async def test_presets_without_a_plain_mode(
    hass: HomeAssistant, simulator: Simulator, start: Start, time: Time
) -> None:
    """There is no "none" where there is nothing to go back to."""
    device = thermostat(simulator, mode="manual", told=told_by("off", "manual", "max"))
    await start()
    assert state_of(hass, MINE).attributes["preset_modes"] == ["manual", "boost"]
    assert shown(hass) == ("heat", "manual", None)
    device.values[2048] = {"mode": "off"}
    await time.move(35)
    assert shown(hass) == ("off", None, None)


async def test_unlisted_mode(
    hass: HomeAssistant, simulator: Simulator, start: Start
) -> None:
    """What it does is shown, also if it does not say that it can."""
    told = told_by("off", "heat", heat=(5, 30), away=(4, 12))
    thermostat(simulator, mode="away", setpoint={"away": "10"}, told=told)
    await start()
    state = state_of(hass, MINE)
    assert (state.state, state.attributes["temperature"]) == ("heat", 10)
    assert (state.attributes["min_temp"], state.attributes["max_temp"]) == (4, 12)


@pytest.mark.parametrize(
    ("setpoint", "temperature"),
    [("-100", None), ("-100.0", None), (-100, None), ("17.5", 17.5), (17.5, 17.5)],
)
async def test_setpoint(
    hass: HomeAssistant,
    simulator: Simulator,
    start: Start,
    setpoint: object,
    temperature: float | None,
) -> None:
    """Setpoints come as texts or numbers; -100 stands for one that is not known."""
    thermostat(simulator, mode="heat", setpoint={"heat": setpoint})
    await start()
    assert shown(hass) == ("heat", None, temperature)
    assert state_of(hass, MINE).attributes["supported_features"] & TARGET


async def test_setpoint_that_cannot_be_set(
    hass: HomeAssistant, simulator: Simulator, start: Start
) -> None:
    """A mode whose temperature cannot be set has none, whatever is stored for it."""
    told = told_by("off", "heat", "max", heat=(5, 30))
    thermostat(simulator, mode="max", setpoint={"heat": "20", "max": "28"}, told=told)
    await start()
    assert shown(hass) == ("heat", "boost", None)


async def test_limits(
    hass: HomeAssistant, simulator: Simulator, start: Start, time: Time
) -> None:
    """Each mode has its own limits; what is not told is 5 and 35."""
    told = told_by("heat", "cool", "away", heat=(10, 25), cool=None)
    told["setpoints"] |= {"away": {"max": 12}, "auto": {"min": 7.5, "max": None}}
    device = thermostat(simulator, mode="heat", told=told)
    await start()
    for mode, limits in (
        ("heat", (10, 25)),
        ("cool", (5, 35)),
        ("away", (5, 12)),
        ("auto", (7.5, 35)),
    ):
        device.values[2048] = {"mode": mode}
        await time.move(35)
        found = state_of(hass, MINE).attributes
        assert (found["min_temp"], found["max_temp"]) == limits
