"""A server that sends nothing but the fields of the vendor's guide.

It signs in with OAuth 1.0a and answers lists under plural keys. A device has an id, a name,
methods and a state; a sensor an id, a name and values. All else it does not know.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from http import HTTPStatus
import re
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest
from yarl import URL

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .conftest import Time
from .flow_user import FlowUser, keys, only_entry
from .helpers import Dashboard, complaints, state_of

TOKEN = "oauth_token={0}&oauth_token_secret=secret-of-{0}&oauth_callback_confirmed=true"


@dataclass
class SparseServer:
    """The server and what it was asked."""

    url: str = ""
    callback: str = ""
    states: dict[str, int] = field(default_factory=lambda: {"1": 2, "2": 1, "3": 256})
    commands: list[str] = field(default_factory=list)

    async def give_request_token(self, request: web.Request) -> web.Response:
        """Give a temporary token, and note where the browser is to be sent back."""
        header = request.headers["Authorization"]
        found = re.search(r'oauth_callback="([^"]+)"', header)
        self.callback = unquote(found[1]) if found else ""
        return web.Response(text=TOKEN.format("temporary"))

    async def give_access_token(self, request: web.Request) -> web.Response:
        """Give the lasting token to who brings the verifier."""
        assert 'oauth_verifier="agreed"' in request.headers["Authorization"]
        return web.Response(text=TOKEN.format("lasting"))

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a function."""
        assert 'oauth_token="lasting"' in request.headers["Authorization"]
        function, query = request.match_info["function"], request.query
        if function in ("device/turnOn", "device/turnOff", "device/up"):
            methods = {"device/turnOn": 1, "device/turnOff": 2, "device/up": 128}
            self.states[query["id"]] = methods[function]
            self.commands.append(f"{function} {query['id']}")
            return web.json_response({"status": "success"})
        return web.json_response(self._lists().get(function, {"error": "No such"}))

    def _lists(self) -> dict[str, Any]:
        """Return the lists."""
        names = {"1": ("Lamp", 3), "2": ("Fan", 3), "3": ("Blind", 384)}
        return {
            "clients/list": {"clients": [{"id": "7", "name": "House"}]},
            "devices/list": {
                "devices": [
                    {
                        "id": device_id,
                        "name": names[device_id][0],
                        "methods": names[device_id][1],
                        "state": state,
                    }
                    for device_id, state in self.states.items()
                ]
            },
            "sensors/list": {
                "sensors": [
                    {"id": "1", "name": "Outside", "temp": "-3.5"},
                    {
                        "id": "2",
                        "name": "Inside",
                        "data": [{"name": "temp", "value": "21", "scale": "0"}],
                    },
                ]
            },
        }


@pytest.fixture
async def sparse(socket_enabled: None) -> AsyncGenerator[SparseServer]:
    """Run the server on a port of this machine."""
    sparse = SparseServer()
    app = web.Application()
    app.router.add_post("/oauth/requestToken", sparse.give_request_token)
    app.router.add_post("/oauth/accessToken", sparse.give_access_token)
    app.router.add_get("/json/{function:.+}", sparse.answer)
    server = TestServer(app)
    await server.start_server()
    sparse.url = str(server.make_url("/")).rstrip("/")
    yield sparse
    await server.close()


async def test_sparse_server(
    hass: HomeAssistant,
    sparse: SparseServer,
    flow_user: FlowUser,
    time: Time,
    dashboard: Dashboard,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Little is enough to sign in, to see everything and to switch it."""
    await flow_user.begin()
    await flow_user.submit(keys(sparse.url))
    step = await flow_user.choose("authorize")
    authorize = URL(step["url"])
    assert authorize.query["oauth_token"] == "temporary"
    agreed = URL(sparse.callback).with_query(
        oauth_token="temporary", oauth_verifier="agreed"
    )
    assert (await flow_user.come_back(agreed))[0] == HTTPStatus.OK
    step = await flow_user.look()
    if step["type"] == "external_done":
        step = await flow_user.submit()
    entry = only_entry(hass)
    await time.move(60)
    assert entry.state is ConfigEntryState.LOADED

    assert state_of(hass, "switch.lamp").state == "off"
    assert state_of(hass, "switch.fan").state == "on"
    assert state_of(hass, "cover.blind").state == "closed"
    assert state_of(hass, "sensor.outside_temperature").state == "-3.5"
    assert state_of(hass, "sensor.inside_temperature").state == "21"

    await dashboard.do("turn_on", "switch.lamp")
    await dashboard.do("turn_off", "switch.fan")
    await dashboard.do("open_cover", "cover.blind")
    assert sparse.commands == ["device/turnOn 1", "device/turnOff 2", "device/up 3"]
    for _ in range(2):
        assert state_of(hass, "switch.lamp").state == "on"
        assert state_of(hass, "switch.fan").state == "off"
        assert state_of(hass, "cover.blind").state == "open"
        await time.move(60)

    # What hangs on no gateway hangs on the account.
    registry = dr.async_get(hass)
    devices = dr.async_entries_for_config_entry(registry, entry.entry_id)
    by_name = {device.name: device for device in devices}
    account = by_name[entry.title]
    assert set(by_name) == {
        *(entry.title, "House", "Lamp", "Fan", "Blind", "Outside", "Inside")
    }
    for name in ("Lamp", "Fan", "Blind", "Outside", "Inside"):
        assert by_name[name].via_device_id == account.id
        assert not by_name[name].disabled_by
    assert by_name["Lamp"].id != by_name["Outside"].id
    assert not [one for one in complaints(caplog) if DOMAIN in one]
