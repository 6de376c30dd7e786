"""A server that changes its ways, an account without anything, and gateways that go."""

from typing import Literal

from aiohttp.test_utils import TestServer
import pytest

from homeassistant.core import HomeAssistant
from tests.conftest import Time
from tests.flow_user import FlowUser, only_entry
from tests.helpers import complaints

from .character import CHARACTERS, Character
from .home import OFF, ON
from .server import SecondServer
from .visitor import Visitor


@pytest.mark.parametrize("visitor", ["vendor"], indirect=True)
async def test_changed_ways(
    hass: HomeAssistant,
    visitor: Visitor,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever Telldus changes one day, everything keeps its entity, and is followed."""
    await visitor.sign_in()
    before = visitor.entity_ids()
    for name, character in CHARACTERS.items():
        visitor.server.character = character
        for state, shown in ((ON, "on"), (OFF, "off")):
            visitor.server.home.set("Plug", state)
            await time.move(45)
            assert visitor.state("switch.plug") == shown, name
    assert visitor.entity_ids() == before
    assert not complaints(caplog)


@pytest.mark.parametrize("empty", ["list", "no key", "null"])
async def test_nothing_yet(
    hass: HomeAssistant,
    flow_user: FlowUser,
    time: Time,
    socket_enabled: None,
    caplog: pytest.LogCaptureFixture,
    empty: Literal["list", "no key", "null"],
) -> None:
    """An account without anything loads, and shows what comes."""
    second = SecondServer(Character(empty=empty))
    home = second.home
    gateway, device = home.gateways[410001], home.devices[2100001]
    home.gateways.clear()
    home.devices.clear()
    home.sensors.clear()
    async with TestServer(second.app) as server:
        url = str(server.make_url("")).rstrip("/")
        visitor = Visitor(hass, flow_user, second, url)
        await visitor.sign_in()
        home.gateways[410001] = gateway
        home.devices[2100001] = device
        await time.move(660)
        assert visitor.state("switch.plug") == "off"
        assert visitor.state("binary_sensor.home_connectivity") == "on"
        assert not complaints(caplog)
        await time.until(hass.config_entries.async_unload(only_entry(hass).entry_id))


@pytest.mark.parametrize(
    "visitor", ["vendor", "numbers", "sparse", "bare", "shared"], indirect=True
)
async def test_gateway_lost(visitor: Visitor, time: Time) -> None:
    """What hangs on an offline gateway is unavailable where the server tells that."""
    await visitor.sign_in()
    character = visitor.server.character
    visitor.server.home.gateways[410002].online = False
    await time.move(660)
    told = "online" not in character.left_out and not character.bare
    assert visitor.state("switch.heater") == ("unavailable" if told else "off")
    assert visitor.state("switch.plug") == "off"
    told = told or character.whole_clients
    assert visitor.state("binary_sensor.cabin_connectivity") == (
        "off" if told else "on"
    )
    visitor.server.home.gateways[410002].online = True
    await time.move(45)
    assert visitor.state("switch.heater") == "off"
