"""The stories of a user, walked against each character of the second server."""

import pytest

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from tests.conftest import Time
from tests.flow_user import only_entry
from tests.helpers import Dashboard, complaints, restart

from .home import DIM, DOWN, OFF, ON, RGB, THERMOSTAT
from .visitor import Visitor, tells_level

# Those that differ in it
LOGGING_IN = ["vendor", "plural", "bare", "html", "shared", "patient"]
IN_TROUBLE = ["vendor", "texts", "bare", "html", "valueless", "patient", "strict"]


@pytest.mark.parametrize("visitor", LOGGING_IN, indirect=True)
async def test_refuse_then_agree(hass: HomeAssistant, visitor: Visitor) -> None:
    """Who refuses is told so, and may agree then."""
    step = await visitor.enter_keys()
    if visitor.server.character.confirmed == "absent":
        # It may not send the browser back at all.
        assert step["step_id"] == "manual"
        return
    step = await visitor.come_back(await visitor.flow_user.choose("authorize"), "no")
    assert (step["type"], step["step_id"]) == ("menu", "refused")
    await visitor.flow_user.time.move(30)
    assert (await visitor.log_in(step))["type"] == "create_entry"
    assert not [call for call in visitor.server.calls if call.status == 429]


@pytest.mark.parametrize("visitor", LOGGING_IN, indirect=True)
async def test_link(visitor: Visitor) -> None:
    """The link does without a way back; submitting it too soon is told."""
    step = await visitor.enter_keys()
    if step["step_id"] == "method":
        step = await visitor.flow_user.choose("manual")
    step = await visitor.flow_user.submit()
    assert (step["step_id"], step["errors"]) == ("manual", {"base": "not_authorized"})
    step = await visitor.persist(await visitor.take_link(step))
    assert step["type"] == "create_entry"


async def command(visitor: Visitor, time: Time, dashboard: Dashboard) -> None:
    """Have everything do something: it is shown at once and arrives, and lists agree."""
    server = visitor.server
    character = server.character
    has_values = "stateValues" not in character.left_out and not character.bare
    await dashboard.do("turn_on", "switch.plug")
    await dashboard.do("turn_on", visitor.ceiling, brightness=77)
    await dashboard.do("set_cover_position", "cover.blind", position=40)
    for _ in range(2):
        assert visitor.state("switch.plug") == "on"
        assert visitor.state(visitor.ceiling) == "on"
        if tells_level(character):
            assert visitor.attribute(visitor.ceiling, "brightness") == 77
            assert visitor.attribute("cover.blind", "current_position") == 40
        await time.move(60)
    assert server.home.named("Plug").state == ON
    assert server.home.named("Ceiling").level == 77
    assert server.home.named("Blind").level == 102

    if not character.bare:
        # Which temperatures there are is in the values, or in the parameters.
        await dashboard.do(
            "set_temperature", "climate.radiator", temperature=19.5, hvac_mode="heat"
        )
    await dashboard.do("turn_on", "light.bulb", rgb_color=[0, 200, 40])
    await dashboard.do("turn_off", "light.everything")
    await dashboard.do("press", "button.bell_ring")
    for _ in range(2):
        if has_values:
            assert visitor.attribute("climate.radiator", "temperature") == 19.5
            assert visitor.attribute("light.bulb", "rgb_color") == (0, 200, 40)
        assert visitor.state("light.everything") == "off"
        await time.move(60)
    assert visitor.state("switch.plug") == "off"
    assert visitor.state(visitor.ceiling) == "off"
    assert server.home.named("Plug").state == OFF
    assert server.home.named("Ceiling").state == OFF
    heat = server.home.named("Radiator").values[THERMOSTAT]
    assert float(heat["setpoint"]["heat"]) == (21.5 if character.bare else 19.5)
    assert server.home.named("Bulb").values[RGB] == 0x00C828
    assert len(server.called("device/bell")) == 1


async def test_use(
    hass: HomeAssistant,
    visitor: Visitor,
    time: Time,
    dashboard: Dashboard,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Sign in, see, switch, see what changed at the house, restart, and remove."""
    server = visitor.server
    await visitor.sign_in()
    visitor.assert_listed()
    shown = visitor.entity_ids()

    await command(visitor, time, dashboard)

    # At the house
    server.home.set("Plug", ON)
    server.home.set("Ceiling", DIM, 200)
    server.home.set("Door", ON)
    server.home.set("Blind", DOWN)
    await time.move(31)
    assert visitor.state("switch.plug") == "on"
    assert visitor.state(visitor.ceiling) == "on"
    assert visitor.state("binary_sensor.door") == "on"
    assert visitor.state("cover.blind") == "closed"

    await time.until(hass.config_entries.async_reload(only_entry(hass).entry_id))
    await time.move(60)
    await restart(hass, only_entry(hass), time)  # type: ignore[arg-type]
    await time.move(60)
    assert visitor.state("switch.plug") == "on"
    assert visitor.state("binary_sensor.door") == "on"
    assert visitor.entity_ids() == shown
    assert not [call for call in server.calls if call.status == 429]
    assert not complaints(caplog)

    await time.until(hass.config_entries.async_remove(only_entry(hass).entry_id))
    assert not visitor.entity_ids()
    assert not [
        device
        for device in dr.async_get(hass).devices
        if any(domain == DOMAIN for domain, *_ in device.identifiers)
    ]


@pytest.mark.parametrize("visitor", IN_TROUBLE, indirect=True)
async def test_trouble(
    hass: HomeAssistant, visitor: Visitor, time: Time, dashboard: Dashboard
) -> None:
    """A failed command is an error; a 429 passes; a 401 is over when signed in again."""
    server = visitor.server
    await visitor.sign_in()
    shown = visitor.entity_ids()

    server.home.gateways[410002].online = False
    with pytest.raises(HomeAssistantError):
        await dashboard.do("turn_on", "switch.heater")
    assert visitor.state("switch.heater") != "on"
    server.home.gateways[410002].online = True
    await time.move(150)
    assert visitor.state("switch.heater") == "off"
    assert visitor.state("switch.plug") == "off"

    # Another application with the same keys uses up the minute.
    server.spend_limit()
    server.home.set("Door", ON)
    await dashboard.do("turn_on", "switch.plug")
    # After 15, 30 and 60 seconds, each with some jitter
    await time.move(150)
    assert server.home.named("Plug").state == ON
    # Each 429 has doubled the interval.
    await time.move(240)
    assert visitor.state("switch.plug") == "on"
    assert visitor.state("binary_sensor.door") == "on"

    server.provider.tokens.clear()
    await time.move(180)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    visitor.flow_user.flow_id = flow["flow_id"]
    step = await visitor.flow_user.submit()
    step = await visitor.log_in(step)
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")
    server.home.set("Plug", OFF)
    await time.move(75)
    assert only_entry(hass).state is ConfigEntryState.LOADED
    assert visitor.state("switch.plug") == "off"
    assert visitor.entity_ids() == shown
