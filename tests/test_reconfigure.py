"""Other keys or another server for an account that is set up."""

from http import HTTPStatus
from typing import Any

from aiohttp.test_utils import TestServer
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.telldus_pa.const import (
    CONF_ACCOUNT_UUID,
    CONF_GATEWAYS,
    CONF_PRIVATE_KEY,
    CONF_PUBLIC_KEY,
    CONF_SERVER_URL,
    DOMAIN,
)
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Fault, Simulator

from .flow_user import FLOWS, FlowUser, Step, keys, only_entry, suggested

pytestmark = pytest.mark.only("Window lamp")


@pytest.fixture
async def signed_in(flow_user: FlowUser, server_url: str) -> ConfigEntry:
    """Return the entry of somebody who is signed in, and whose lists have come."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    await flow_user.sign_in(await flow_user.choose("authorize"))
    await flow_user.time.move(120)
    return only_entry(flow_user.hass)


async def reconfigure(flow_user: FlowUser, entry: ConfigEntry) -> Step:
    """Choose "Reconfigure"."""
    step = await flow_user.request(
        "post", FLOWS, {"handler": DOMAIN, "entry_id": entry.entry_id}
    )
    assert (step["type"], step["step_id"]) == ("form", "reconfigure")
    return step


def answer(server_url: str, **other: str) -> Step:
    """Return the form with nothing changed but what is named."""
    return {
        "public_key": DEMO_PUBLIC_KEY,
        "advanced": {"server_url": server_url},
        **other,
    }


async def test_nothing_changed(
    hass: HomeAssistant,
    flow_user: FlowUser,
    signed_in: ConfigEntry,
    server_url: str,
) -> None:
    """Signing in anew: what is there is suggested, but for the secret, and stays."""
    before = {state.entity_id for state in hass.states.async_all()}
    data, unique_id = signed_in.data, signed_in.unique_id
    step = await reconfigure(flow_user, signed_in)
    assert suggested(step)[CONF_PUBLIC_KEY] == DEMO_PUBLIC_KEY
    assert DEMO_PRIVATE_KEY not in str(step)
    assert (await flow_user.look())["step_id"] == "reconfigure"
    step = await flow_user.submit(answer(server_url))
    assert step["step_id"] == "method"
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert (step["type"], step["reason"]) == ("abort", "reconfigure_successful")
    await flow_user.time.move(15)
    assert signed_in.state is ConfigEntryState.LOADED
    assert signed_in.unique_id == unique_id
    assert {**signed_in.data, CONF_TOKEN: ""} == {
        **data,
        CONF_TOKEN: "",
        "token_secret": signed_in.data["token_secret"],
    }
    assert signed_in.data[CONF_TOKEN] != data[CONF_TOKEN]
    assert {state.entity_id for state in hass.states.async_all()} == before


async def test_new_keys(
    flow_user: FlowUser,
    signed_in: ConfigEntry,
    server_url: str,
    simulator: Simulator,
) -> None:
    """Other keys, by the link; a private key cannot be that of another public one."""
    simulator.tokens.consumers["new"] = "pair"
    await reconfigure(flow_user, signed_in)
    step = await flow_user.submit(answer(server_url, public_key="new"))
    assert step["errors"] == {CONF_PRIVATE_KEY: "no_private_key"}
    assert suggested(step)[CONF_PUBLIC_KEY] == "new"
    step = await flow_user.submit(
        answer(server_url, public_key="new", private_key="wrong")
    )
    assert (step["step_id"], step["errors"]) == (
        "reconfigure",
        {"base": "invalid_auth"},
    )
    await flow_user.time.move(60)
    await flow_user.submit(answer(server_url, public_key="new", private_key="pair"))
    step = await flow_user.choose("manual")
    token = URL(step["description_placeholders"]["link"]).query["oauth_token"]
    simulator.authorize(token)
    step = await flow_user.submit()
    assert (step["type"], step["reason"]) == ("abort", "reconfigure_successful")
    assert signed_in.data[CONF_PUBLIC_KEY] == "new"
    assert signed_in.data[CONF_PRIVATE_KEY] == "pair"


async def test_another_server(
    flow_user: FlowUser,
    signed_in: ConfigEntry,
    server_url: str,
) -> None:
    """Another address, once it is one."""
    await reconfigure(flow_user, signed_in)
    step = await flow_user.submit(answer("http://example.org"))
    assert step["errors"] == {"base": "invalid_server_url"}
    flow_user.simulator = Simulator()
    async with TestServer(flow_user.simulator.app) as moved:
        other = str(moved.make_url("")).rstrip("/")
        assert other != server_url
        step = await flow_user.submit(answer(other))
        assert step["step_id"] == "method"
        step = await flow_user.sign_in(await flow_user.choose("authorize"))
        assert (step["type"], step["reason"]) == ("abort", "reconfigure_successful")
        assert signed_in.data[CONF_SERVER_URL] == other
        await flow_user.time.move(15)
        assert signed_in.state is ConfigEntryState.LOADED
        assert flow_user.simulator.log[-1].path.startswith("json/")
        await flow_user.time.until(
            flow_user.hass.config_entries.async_unload(signed_in.entry_id)
        )


@pytest.mark.parametrize("path", ["oauth/accessToken", "json/user/profile"])
async def test_trouble_on_the_way(
    flow_user: FlowUser,
    signed_in: ConfigEntry,
    server_url: str,
    simulator: Simulator,
    path: str,
) -> None:
    """What goes wrong after coming back is tried again."""
    await reconfigure(flow_user, signed_in)
    await flow_user.submit(answer(server_url))
    step = await flow_user.choose("authorize")
    simulator.faults.add(Fault.BAD_GATEWAY, match=path, times=1)
    step = await flow_user.sign_in(step)
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "cannot_connect"})
    assert (await flow_user.submit())["reason"] == "reconfigure_successful"


async def test_keys_withdrawn_on_the_way(
    flow_user: FlowUser,
    signed_in: ConfigEntry,
    server_url: str,
    simulator: Simulator,
) -> None:
    """Keys that stop working are asked for again, in the form of this flow."""
    await reconfigure(flow_user, signed_in)
    await flow_user.submit(answer(server_url))
    kept = dict(simulator.tokens.consumers)
    simulator.tokens.consumers.clear()
    step = await flow_user.choose("manual")
    assert (step["step_id"], step["errors"]) == (
        "reconfigure",
        {"base": "invalid_auth"},
    )
    simulator.tokens.consumers.update(kept)
    await flow_user.time.move(60)
    await flow_user.submit(answer(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["reason"] == "reconfigure_successful"


async def test_another_account(
    flow_user: FlowUser,
    signed_in: ConfigEntry,
    server_url: str,
) -> None:
    """Somebody else's account does not take the place of this one."""
    token = signed_in.data[CONF_TOKEN]
    await reconfigure(flow_user, signed_in)
    await flow_user.submit(answer(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"), user="neighbor")
    assert (step["type"], step["step_id"]) == ("menu", "wrong_account")
    assert signed_in.data[CONF_TOKEN] == token
    await flow_user.time.move(60)
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["reason"] == "reconfigure_successful"


@pytest.mark.parametrize("data", [{}, {CONF_ACCOUNT_UUID: None}])
async def test_by_gateways(
    hass: HomeAssistant,
    flow_user: FlowUser,
    signed_in: ConfigEntry,
    server_url: str,
    simulator: Simulator,
    data: dict[str, Any],
) -> None:
    """Where Telldus does not say whose account it is, its gateways do."""
    assert signed_in.data[CONF_GATEWAYS]
    hass.config_entries.async_update_entry(signed_in, data={**signed_in.data, **data})
    simulator.settings.refuse_profile = not data
    await reconfigure(flow_user, signed_in)
    await flow_user.submit(answer(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["reason"] == "reconfigure_successful"


async def test_entry_removed_meanwhile(
    hass: HomeAssistant,
    flow_user: FlowUser,
    signed_in: ConfigEntry,
    server_url: str,
) -> None:
    """The dialog of an entry that is removed ends, and nobody is expected back."""
    await reconfigure(flow_user, signed_in)
    await flow_user.submit(answer(server_url))
    step = await flow_user.choose("authorize")
    back = flow_user.agree(step)
    await flow_user.time.until(hass.config_entries.async_remove(signed_in.entry_id))
    assert not hass.config_entries.flow.async_progress()
    assert (await flow_user.come_back(back))[0] == HTTPStatus.BAD_REQUEST


async def test_while_not_set_up(
    hass: HomeAssistant,
    flow_user: FlowUser,
    entry: MockConfigEntry,
    server_url: str,
    simulator: Simulator,
) -> None:
    """An entry that does not start is helped by it."""
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_ACCOUNT_UUID: None, CONF_GATEWAYS: ["410001"]}
    )
    simulator.revoke()
    await flow_user.time.until(hass.config_entries.async_setup(entry.entry_id))
    assert not hass.config_entries.async_loaded_entries(DOMAIN)
    await reconfigure(flow_user, entry)
    await flow_user.submit(answer(server_url))
    simulator.settings.refuse_profile = True
    assert min(simulator.home.gateways) == "410001"
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["reason"] == "reconfigure_successful"
    await flow_user.time.move(15)
    assert entry.state is ConfigEntryState.LOADED
