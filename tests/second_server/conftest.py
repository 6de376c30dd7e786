"""Runs the second server, and signs in to it."""

from collections.abc import AsyncGenerator

from aiohttp.test_utils import TestServer
import pytest

from homeassistant.core import HomeAssistant
from tests.flow_user import FlowUser

from .character import CHARACTERS
from .server import SecondServer
from .visitor import Visitor


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
