"""Request tokens: whose address they lead back to, and how long they are used."""

from typing import Any

import pytest
from yarl import URL

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from simulator import Fault, Simulator
from tests.flow_user import FlowUser, Step, keys

ELSEWHERE = "https://remote.example"


async def test_log_in_from_another_address(
    flow_user: FlowUser, server_url: str
) -> None:
    """A token that was fetched at home is no use to a browser elsewhere."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    flow_user.base = ELSEWHERE
    address = flow_user.agree(await flow_user.choose("authorize"))
    assert str(address.origin()) == ELSEWHERE
    await flow_user.come_back(address)
    assert (await flow_user.look())["type"] == "create_entry"


async def test_dialog_opened_again_at_another_address(
    flow_user: FlowUser, reauth_entry: ConfigEntry
) -> None:
    """A dialog that waits for a browser at home offers both ways to one elsewhere."""
    at_home = await flow_user.choose("authorize")
    flow_user.base = ELSEWHERE
    step = await flow_user.look()
    assert (step["type"], step["step_id"]) == ("external_done", "method")
    step = await flow_user.look()
    assert (step["type"], step["step_id"]) == ("menu", "method")
    step = await flow_user.choose("authorize")
    assert step["url"] != at_home["url"]
    address = flow_user.agree(step)
    assert str(address.origin()) == ELSEWHERE
    await flow_user.come_back(address)
    step = await flow_user.look()
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")


async def test_link_that_stays_rejected(
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """A link that Telldus rejects twice is given up: it may have been used elsewhere."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.choose("manual")
    first = step["description_placeholders"]["link"]
    step = await flow_user.submit()
    assert step["errors"] == {"base": "not_authorized"}
    step = await flow_user.submit()
    assert step["step_id"] == "failed"
    step = await flow_user.submit({"next_step": "manual"})
    link = step["description_placeholders"]["link"]
    assert link != first
    simulator.authorize(URL(link).query["oauth_token"])
    assert (await flow_user.submit())["type"] == "create_entry"


@pytest.mark.parametrize("fault", [None, Fault.RATE_LIMITED])
async def test_sign_in_begun_and_left(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    hass_storage: dict[str, Any],
    fault: Fault | None,
) -> None:
    """A sign-in that does not lead to an entry leaves no file behind."""
    if fault:
        simulator.faults.add(fault, match="oauth/*", times=1)
    step: Step = await flow_user.begin()
    step = await flow_user.submit(keys(server_url))
    assert step["step_id"] == ("user" if fault else "method")
    hass.config_entries.flow.async_abort(flow_user.flow_id)
    await flow_user.time.move(700)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert not [key for key in hass_storage if key.startswith(DOMAIN)]
