"""Groups of thermostats, degrees Fahrenheit, and versions of Home Assistant."""

import logging

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.climate import TelldusThermostat
from homeassistant.components.climate import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
from simulator import DeviceType, Simulator
from tests.conftest import Time
from tests.helpers import state_of

from .conftest import (
    BOTH,
    MINE,
    MINE_ID,
    ON_OFF,
    RADIATOR,
    Do,
    Start,
    sent,
    shown,
    thermostat,
    told_by,
)

pytestmark = pytest.mark.only(
    "Bathroom valve", "Floor heating", "Heat pump", "Radiator", "Window lamp"
)


async def test_us_customary_units(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do, time: Time
) -> None:
    """Who uses degrees Fahrenheit sees and sets them; Telldus is told degrees Celsius."""
    hass.config.units = US_CUSTOMARY_SYSTEM
    await start()
    attributes = state_of(hass, RADIATOR).attributes
    assert attributes["temperature"] == 70.7
    assert attributes["current_temperature"] == 69.3
    assert (attributes["min_temp"], attributes["max_temp"]) == (41, 82.4)
    await do("set_temperature", RADIATOR, temperature=68)
    await do("set_temperature", RADIATOR, temperature=71)
    assert shown(hass, RADIATOR) == ("heat", "none", 71)
    assert sent(simulator) == [
        "thermostat mode=heat changeMode=0 temperature=20 scale=0",
        "thermostat mode=heat changeMode=0 temperature=21.67 scale=0",
    ]
    await time.move(35)
    assert shown(hass, RADIATOR) == ("heat", "none", 71)
    with pytest.raises(ServiceValidationError):
        await do("set_temperature", RADIATOR, temperature=21)


async def test_group(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do, time: Time
) -> None:
    """A group of thermostats is one: what all of them can do, told to all at once."""
    one = thermostat(
        simulator,
        mode="heat",
        setpoint={"heat": "20", "away": "10"},
        told=told_by("off", "heat", "away", heat=(5, 30), away=(5, 15)),
    )
    other = thermostat(
        simulator,
        "Other",
        "2100901",
        mode="heat",
        setpoint={"heat": "21"},
        told=told_by("heat", "off", heat=(5, 30)),
    )
    thermostat(
        simulator,
        "Both",
        "2100902",
        type="group",
        transport="group",
        device_type=DeviceType.CONTAINER.uuid,
        members=[one.id, other.id],
        values={},
    )
    await start()
    both = "climate.both"
    assert shown(hass, both) == ("heat", None, None)
    assert state_of(hass, both).attributes["hvac_modes"] == ["off", "heat"]
    assert state_of(hass, both).attributes["group_entities"] == [MINE, "climate.other"]
    await do("set_temperature", both, temperature=22)
    for entity_id in (both, MINE, "climate.other"):
        assert state_of(hass, entity_id).attributes["temperature"] == 22
    await do("turn_off", both)
    assert {shown(hass, name)[0] for name in (both, MINE, "climate.other")} == {"off"}
    await time.move(35)
    assert {shown(hass, name)[0] for name in (both, MINE, "climate.other")} == {"off"}
    assert len(sent(simulator)) == 2
    await do("turn_on", MINE)
    # One is on and one is not; what they are together, nobody can say.
    assert shown(hass, both)[0] == "unknown"
    await do("turn_on", both)
    assert sent(simulator)[-1] == "thermostat mode=heat changeMode=1"
    assert shown(hass, both) == ("heat", None, 22)


async def test_group_that_is_only_switched(
    hass: HomeAssistant, simulator: Simulator, start: Start, do: Do, time: Time
) -> None:
    """A group of thermostats that can only be switched is not more than that."""
    thermostat(simulator, mode="heat", setpoint={"heat": "20"})
    thermostat(
        simulator,
        "Switched",
        "2100901",
        methods=int(ON_OFF),
        transport="group",
        parameters={"devices": MINE_ID},
        values={},
    )
    await start()
    state = state_of(hass, "climate.switched")
    assert state.state == "unknown"
    assert state.attributes["hvac_modes"] == ["off"]
    assert state.attributes["supported_features"] == BOTH
    await do("turn_off", "climate.switched")
    await time.move(35)
    assert state_of(hass, "climate.switched").state == "off"
    await do("turn_on", "climate.switched")
    assert sent(simulator) == ["turnOff", "turnOn"]


def test_both_names_of_temperatures(caplog: pytest.LogCaptureFixture) -> None:
    """Each temperature has its name of before and that of since 2026.11.

    Whatever the base class looks for it finds there, and then warns of nothing.
    """
    names = vars(TelldusThermostat)
    for old, new in (
        ("_attr_temperature_unit", "_attr_native_temperature_unit"),
        ("current_temperature", "native_current_temperature"),
        ("target_temperature", "native_target_temperature"),
    ):
        assert {old, new} <= names.keys()
    with caplog.at_level(logging.WARNING):
        type("Derived", (TelldusThermostat,), {})
    assert caplog.records == []


async def test_new_names(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """By their new names the temperatures are the same."""
    entity = hass.data[DATA_COMPONENT].get_entity(RADIATOR)
    assert isinstance(entity, TelldusThermostat)
    assert entity.native_target_temperature == 21.5
    assert entity.native_current_temperature == 20.7
