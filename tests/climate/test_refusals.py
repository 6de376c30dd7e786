"""What a thermostat refuses, and what becomes of settings that fail."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.climate import TelldusThermostat
from homeassistant.components.climate import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from simulator import Fault, Simulator
from tests.conftest import Time
from tests.helpers import Dashboard, refresh, state_of

from .conftest import (
    MINE,
    MINE_ID,
    PUMP,
    RADIATOR,
    TARGET,
    VALVE,
    Do,
    Start,
    id_of,
    sent,
    shown,
    thermostat,
    told_by,
    value_of,
)

pytestmark = pytest.mark.only(
    "Bathroom valve", "Floor heating", "Heat pump", "Radiator", "Window lamp"
)


async def test_no_temperature(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do, time: Time
) -> None:
    """Where no mode has a temperature, none can be set; who tries is told."""
    thermostat(simulator, mode="heat", setpoint={"heat": "20"}, told=told_by("heat"))
    # A parameter that names no setpoints says nothing of them; this one says "none".
    simulator.home.devices[MINE_ID].parameters["thermostat"]["setpoints"] = {
        "heat": None
    }
    await start()
    state = state_of(hass, MINE)
    assert not state.attributes["supported_features"] & TARGET
    assert (state.attributes["min_temp"], state.attributes["max_temp"]) == (5, 35)
    assert "temperature" not in state.attributes
    with pytest.raises(HomeAssistantError):
        await do("set_temperature", MINE, temperature=20)
    # Home Assistant asks for the feature; whoever does not, is told as well.
    entity = hass.data[DATA_COMPONENT].get_entity(MINE)
    assert isinstance(entity, TelldusThermostat)
    with pytest.raises(ServiceValidationError) as raised:
        await entity.async_set_temperature(temperature=20)
    assert str(raised.value) == "Mine has no temperature that can be set"
    assert sent(simulator) == []


@pytest.mark.parametrize(
    ("data", "key"),
    [
        # The limits of the current mode are looked at by Home Assistant.
        ({"temperature": 15}, "temp_out_of_range"),
        ({"temperature": 31}, "temp_out_of_range"),
        ({"temperature": 17.5, "hvac_mode": "cool"}, "temp_out_of_range"),
        ({"temperature": 20, "hvac_mode": "heat_cool"}, "not_valid_hvac_mode"),
        (
            {"target_temp_low": 18, "target_temp_high": 20},
            "missing_target_temperature_range_entity_feature",
        ),
    ],
)
async def test_wrong_temperature(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    do: Do,
    data: dict[str, Any],
    key: str,
) -> None:
    """What a mode does not allow is refused before Telldus is asked."""
    with pytest.raises(ServiceValidationError) as raised:
        await do("set_temperature", PUMP, **data)
    assert raised.value.translation_key == key
    assert sent(simulator) == []
    assert shown(hass, PUMP) == ("auto", "none", 21)


async def test_wrong_temperature_is_named(
    hass: HomeAssistant, loaded: MockConfigEntry, do: Do
) -> None:
    """The person is told what would be right."""
    with pytest.raises(ServiceValidationError) as raised:
        await do("set_temperature", PUMP, temperature=17.5, hvac_mode="cool")
    assert str(raised.value) == (
        "Provided temperature 17.5 is not valid. Accepted range is 18 to 30"
    )


async def test_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, do: Do
) -> None:
    """What Telldus refuses is taken back."""
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/device/*", times=1, text="Too warm"
    )
    with pytest.raises(HomeAssistantError, match="to Radiator: Too warm"):
        await do("set_temperature", RADIATOR, temperature=25, hvac_mode="heat")
    assert shown(hass, RADIATOR) == ("heat", "none", 21.5)


async def test_shown_at_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """What is commanded is shown before anything is sent, and stays while lists lag."""
    # The list comes before the effect.
    simulator.settings.effect_delay = 20
    dashboard.begin("set_temperature", PUMP, temperature=18, hvac_mode="cool")
    assert sent(simulator) == []
    assert shown(hass, PUMP) == ("cool", "none", 18)
    assert state_of(hass, PUMP).attributes["min_temp"] == 18
    await refresh(hass, time, PUMP)
    assert value_of(simulator, "Heat pump")["mode"] == "auto"
    assert shown(hass, PUMP) == ("cool", "none", 18)


async def test_several_settings(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """A knob that is turned further before the first request is out makes one of all."""
    for temperature in (22, 22.5, 23):
        dashboard.begin("set_temperature", RADIATOR, temperature=temperature)
    assert shown(hass, RADIATOR) == ("heat", "none", 23)
    await time.move(35)
    assert sent(simulator) == [
        "thermostat mode=heat changeMode=0 temperature=23 scale=0"
    ]
    assert shown(hass, RADIATOR) == ("heat", "none", 23)


async def test_turned_by_hand(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A knob that is turned at the radiator shows with the next list."""
    simulator.press(id_of(simulator, "Radiator"), "thermostat", 19)
    await time.move(35)
    assert shown(hass, RADIATOR) == ("heat", "none", 19)


async def test_sleeper(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    do: Do,
    time: Time,
) -> None:
    """A thermostat on batteries hears of a command when it wakes, and is shown as told."""
    # It wakes every five minutes, and just did so.
    await time.move(310 - simulator.clock() % 300)
    await do("set_temperature", VALVE, temperature=23)
    assert shown(hass, VALVE) == ("heat", "none", 23)
    for _ in range(3):
        await time.move(45)
        assert shown(hass, VALVE) == ("heat", "none", 23)
        assert value_of(simulator, "Bathroom valve")["setpoint"]["heat"] == "19"
    # And a poll later
    await time.move(215)
    assert value_of(simulator, "Bathroom valve")["setpoint"]["heat"] == "23"
    assert shown(hass, VALVE) == ("heat", "none", 23)


async def test_unavailable(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A thermostat whose gateway is offline is not available."""
    simulator.set_gateway_online("410001", online=False)
    await time.move(35)
    assert state_of(hass, RADIATOR).state == "unavailable"
