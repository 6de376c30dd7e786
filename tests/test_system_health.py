"""System health, over Home Assistant's own websocket."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.telldus_pa.const import CONF_SERVER_URL, DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.helpers import rate_limiter_of

from .conftest import AddEntry, Time
from .integration_files import english


@pytest.fixture
async def health(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, loaded: MockConfigEntry
) -> Any:
    """Return a function that asks for what ours has to tell."""
    assert await async_setup_component(hass, "system_health", {})

    async def ask() -> dict[str, Any]:
        """Open the page, in a browser that has not slept since."""
        client = await hass_ws_client()
        await client.send_json_auto_id({"type": "system_health/info"})
        assert (await client.receive_json())["success"]
        found: dict[str, Any] = {}
        while (event := (await client.receive_json())["event"])["type"] != "finish":
            if event["type"] == "initial":
                found = event["data"][DOMAIN]["info"]
            elif event["domain"] == DOMAIN:
                found[event["key"]] = event["data"]
        return found

    return ask


async def test_all_is_well(
    hass: HomeAssistant, loaded: MockConfigEntry, health: Any, simulator: Simulator
) -> None:
    """Telldus is reached, and nothing of the limit is spent on finding out."""
    asked = len([one for one in simulator.log if "json" in one.path])
    assert await health() == {
        "accounts": 1,
        "can_reach_server": "ok",
        "signed_in": 1,
        "status": "gateway_offline, polling",
        "requests": rate_limiter_of(hass, loaded).used,
    }
    assert len([one for one in simulator.log if "json" in one.path]) == asked


async def test_trouble(
    health: Any,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
    unused_tcp_port: int,
) -> None:
    """A login that is refused, and a server that is not there."""
    simulator.revoke()
    await time.move(125)
    nowhere = f"http://127.0.0.1:{unused_tcp_port}"
    add_entry(unique_id="other", more_data={CONF_SERVER_URL: nowhere})
    found = await health()
    assert found["accounts"] == 2
    assert found["signed_in"] == 0
    assert found["status"] == "auth_failed"
    assert found["can_reach_server"] == {"type": "failed", "error": "unreachable"}


async def test_texts(health: Any) -> None:
    """Each line has its text, and no other has."""
    assert set(english()["system_health"]["info"]) == set(await health())
