"""Runs the second server, and signs in to it."""

from collections.abc import AsyncGenerator

from aiohttp.test_utils import TestServer
import pytest

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from tests.flow_user import FlowUser

from .character import CHARACTERS
from .server import SecondServer
from .visitor import Visitor


@pytest.fixture
async def callback_view(hass: HomeAssistant, callback_view: None) -> None:
    """Let media players register theirs as well, before the test's server runs."""
    assert await async_setup_component(hass, "media_player", {})


@pytest.fixture(params=CHARACTERS)
async def visitor(
    request: pytest.FixtureRequest,
    hass: HomeAssistant,
    flow_user: FlowUser,
    socket_enabled: None,
) -> AsyncGenerator[Visitor]:
    """Return who has a house at a server of each character."""
    second = SecondServer(CHARACTERS[request.param])
    server = TestServer(second.app)
    await server.start_server()
    yield Visitor(hass, flow_user, second, str(server.make_url("")).rstrip("/"))
    await server.close()
