"""Servers with any combination of choices: signed in to, listed, switched."""

from itertools import count
import random

from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
import pytest

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.core import HomeAssistant
from tests.conftest import Time
from tests.flow_user import FlowUser
from tests.helpers import Dashboard, complaints

from .character import Character
from .home import DIM, OFF, ON
from .server import SecondServer
from .strategies import characters
from .visitor import Visitor, tells_level

EXAMPLES = count()


@given(character=characters())
@settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_any_character(
    hass: HomeAssistant,
    flow_user: FlowUser,
    time: Time,
    dashboard: Dashboard,
    socket_enabled: None,
    caplog: pytest.LogCaptureFixture,
    character: Character,
) -> None:
    """Whatever a server chooses, its house is shown and can be switched."""
    caplog.clear()
    # Hypothesis seeds it anew for each example: ids in the registries would come again.
    random.seed(next(EXAMPLES))
    second = SecondServer(character)
    async with TestServer(second.app) as server:
        url = str(server.make_url("")).rstrip("/")
        visitor = Visitor(hass, flow_user, second, url)
        try:
            await use(visitor, time, dashboard)
        finally:
            for entry in hass.config_entries.async_entries(DOMAIN):
                await time.until(hass.config_entries.async_remove(entry.entry_id))
        assert not visitor.entity_ids()
        assert not [call for call in second.calls if call.status == 429]
        assert not complaints(caplog)


async def use(visitor: Visitor, time: Time, dashboard: Dashboard) -> None:
    """Sign in, look, switch, and see what is switched at the house."""
    home = visitor.server.home
    has_level = tells_level(visitor.server.character)
    await visitor.sign_in()
    visitor.assert_listed()
    await dashboard.do("turn_on", "switch.plug")
    await dashboard.do("turn_on", visitor.ceiling, brightness=77)
    home.set("Door", ON)
    await time.move(40)
    home = visitor.server.home
    assert home.named("Plug").state == ON
    assert home.named("Ceiling").level == 77
    assert visitor.state("switch.plug") == "on"
    assert visitor.state("binary_sensor.door") == "on"
    if has_level:
        assert visitor.attribute(visitor.ceiling, "brightness") == 77
    home.set("Plug", OFF)
    home.set("Ceiling", DIM, 5)
    await time.move(40)
    assert visitor.state("switch.plug") == "off"
    if has_level:
        assert visitor.attribute(visitor.ceiling, "brightness") == 5
