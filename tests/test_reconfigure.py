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

from .test_config_flow import FLOWS, Person, Step, keys, only_entry, person, suggested  # noqa: F401


@pytest.fixture
async def signed_in(person: Person, server_url: str) -> ConfigEntry:  # noqa: F811
    """Return the entry of somebody who is signed in, and whose lists have come."""
    await person.begin()
    await person.submit(keys(server_url))
    await person.sign_in(await person.choose("authorize"))
    await person.time.move(60)
    return only_entry(person.hass)


async def reconfigure(person: Person, entry: ConfigEntry) -> Step:  # noqa: F811
    """Choose "Reconfigure"."""
    step = await person._call(  # noqa: SLF001
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
    person: Person,  # noqa: F811
    signed_in: ConfigEntry,
    server_url: str,
) -> None:
    """Signing in anew: what is there is suggested, but for the secret, and stays."""
    before = {state.entity_id for state in hass.states.async_all()}
    data, unique_id = signed_in.data, signed_in.unique_id
    step = await reconfigure(person, signed_in)
    assert suggested(step)[CONF_PUBLIC_KEY] == DEMO_PUBLIC_KEY
    assert DEMO_PRIVATE_KEY not in str(step)
    assert (await person.look())["step_id"] == "reconfigure"
    step = await person.submit(answer(server_url))
    assert step["step_id"] == "method"
    step = await person.sign_in(await person.choose("authorize"))
    assert (step["type"], step["reason"]) == ("abort", "reconfigure_successful")
    await person.time.move(15)
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
    person: Person,  # noqa: F811
    signed_in: ConfigEntry,
    server_url: str,
    simulator: Simulator,
) -> None:
    """Other keys, by the link; a private key cannot be that of another public one."""
    simulator.tokens.consumers["new"] = "pair"
    await reconfigure(person, signed_in)
    step = await person.submit(answer(server_url, public_key="new"))
    assert step["errors"] == {CONF_PRIVATE_KEY: "no_private_key"}
    assert suggested(step)[CONF_PUBLIC_KEY] == "new"
    step = await person.submit(
        answer(server_url, public_key="new", private_key="wrong")
    )
    assert (step["step_id"], step["errors"]) == (
        "reconfigure",
        {"base": "invalid_auth"},
    )
    await person.time.move(60)
    await person.submit(answer(server_url, public_key="new", private_key="pair"))
    step = await person.choose("manual")
    token = URL(step["description_placeholders"]["link"]).query["oauth_token"]
    simulator.authorize(token)
    step = await person.submit()
    assert (step["type"], step["reason"]) == ("abort", "reconfigure_successful")
    assert signed_in.data[CONF_PUBLIC_KEY] == "new"
    assert signed_in.data[CONF_PRIVATE_KEY] == "pair"


async def test_another_server(
    person: Person,  # noqa: F811
    signed_in: ConfigEntry,
    server_url: str,
) -> None:
    """Another address, once it is one."""
    await reconfigure(person, signed_in)
    step = await person.submit(answer("http://example.org"))
    assert step["errors"] == {"base": "invalid_server_url"}
    person.simulator = Simulator()
    async with TestServer(person.simulator.app) as moved:
        other = str(moved.make_url("")).rstrip("/")
        assert other != server_url
        step = await person.submit(answer(other))
        assert step["step_id"] == "method"
        step = await person.sign_in(await person.choose("authorize"))
        assert (step["type"], step["reason"]) == ("abort", "reconfigure_successful")
        assert signed_in.data[CONF_SERVER_URL] == other
        await person.time.move(15)
        assert signed_in.state is ConfigEntryState.LOADED
        assert person.simulator.log[-1].path.startswith("json/")
        await person.time.until(
            person.hass.config_entries.async_unload(signed_in.entry_id)
        )


@pytest.mark.parametrize("path", ["oauth/accessToken", "json/user/profile"])
async def test_trouble_on_the_way(
    person: Person,  # noqa: F811
    signed_in: ConfigEntry,
    server_url: str,
    simulator: Simulator,
    path: str,
) -> None:
    """What goes wrong after coming back is tried again."""
    await reconfigure(person, signed_in)
    await person.submit(answer(server_url))
    step = await person.choose("authorize")
    simulator.faults.add(Fault.BAD_GATEWAY, match=path, times=1)
    step = await person.sign_in(step)
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "cannot_connect"})
    assert (await person.submit())["reason"] == "reconfigure_successful"


async def test_keys_withdrawn_on_the_way(
    person: Person,  # noqa: F811
    signed_in: ConfigEntry,
    server_url: str,
    simulator: Simulator,
) -> None:
    """Keys that stop working are asked for again, in the form of this flow."""
    await reconfigure(person, signed_in)
    await person.submit(answer(server_url))
    kept = dict(simulator.tokens.consumers)
    simulator.tokens.consumers.clear()
    step = await person.choose("manual")
    assert (step["step_id"], step["errors"]) == (
        "reconfigure",
        {"base": "invalid_auth"},
    )
    simulator.tokens.consumers.update(kept)
    await person.time.move(60)
    await person.submit(answer(server_url))
    step = await person.sign_in(await person.choose("authorize"))
    assert step["reason"] == "reconfigure_successful"


async def test_another_account(
    person: Person,  # noqa: F811
    signed_in: ConfigEntry,
    server_url: str,
) -> None:
    """Somebody else's account does not take the place of this one."""
    token = signed_in.data[CONF_TOKEN]
    await reconfigure(person, signed_in)
    await person.submit(answer(server_url))
    step = await person.sign_in(await person.choose("authorize"), user="neighbour")
    assert (step["type"], step["step_id"]) == ("form", "wrong_account")
    assert signed_in.data[CONF_TOKEN] == token
    await person.time.move(60)
    step = await person.sign_in(await person.submit())
    assert step["reason"] == "reconfigure_successful"


@pytest.mark.parametrize("data", [{}, {CONF_ACCOUNT_UUID: None}])
async def test_by_gateways(
    hass: HomeAssistant,
    person: Person,  # noqa: F811
    signed_in: ConfigEntry,
    server_url: str,
    simulator: Simulator,
    data: dict[str, Any],
) -> None:
    """Where Telldus does not say whose account it is, its gateways do."""
    assert signed_in.data[CONF_GATEWAYS]
    hass.config_entries.async_update_entry(signed_in, data={**signed_in.data, **data})
    simulator.settings.refuse_profile = not data
    await reconfigure(person, signed_in)
    await person.submit(answer(server_url))
    step = await person.sign_in(await person.choose("authorize"))
    assert step["reason"] == "reconfigure_successful"


async def test_entry_removed_meanwhile(
    hass: HomeAssistant,
    person: Person,  # noqa: F811
    signed_in: ConfigEntry,
    server_url: str,
) -> None:
    """The dialog of an entry that is removed ends, and nobody is expected back."""
    await reconfigure(person, signed_in)
    await person.submit(answer(server_url))
    step = await person.choose("authorize")
    back = person.agree(step)
    await person.time.until(hass.config_entries.async_remove(signed_in.entry_id))
    assert not hass.config_entries.flow.async_progress()
    assert (await person.come_back(back))[0] == HTTPStatus.BAD_REQUEST


async def test_while_not_set_up(
    hass: HomeAssistant,
    person: Person,  # noqa: F811
    entry: MockConfigEntry,
    server_url: str,
    simulator: Simulator,
) -> None:
    """An entry that does not start is helped by it."""
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_ACCOUNT_UUID: None, CONF_GATEWAYS: ["410001"]}
    )
    simulator.revoke()
    await person.time.until(hass.config_entries.async_setup(entry.entry_id))
    assert not hass.config_entries.async_loaded_entries(DOMAIN)
    await reconfigure(person, entry)
    await person.submit(answer(server_url))
    simulator.settings.refuse_profile = True
    assert min(simulator.home.gateways) == "410001"
    step = await person.sign_in(await person.choose("authorize"))
    assert step["reason"] == "reconfigure_successful"
    await person.time.move(15)
    assert entry.state is ConfigEntryState.LOADED
