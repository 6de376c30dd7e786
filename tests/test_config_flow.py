"""The config flow from end to end: an account added, and signed in to again."""

from fnmatch import fnmatch
from http import HTTPStatus
import json
import time as clock

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.telldus_pa.const import (
    CONF_ACCOUNT_UUID,
    CONF_PRIVATE_KEY,
    CONF_PUBLIC_KEY,
    CONF_SERVER_URL,
    DOMAIN,
)
from custom_components.telldus_pa.pa_api import DEFAULT_SERVER
from homeassistant.config_entries import (
    DEFAULT_DISCOVERY_UNIQUE_ID,
    SOURCE_DHCP,
    SOURCE_IGNORE,
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Fault, Simulator, demo_home

from .conftest import AddEntry
from .flow_user import FlowUser, keys, only_entry
from .integration_files import INTEGRATION

pytestmark = pytest.mark.only("Window lamp")


async def test_sign_in(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """Keys, Telldus, back by itself, an entry."""
    step = await flow_user.begin()
    assert (step["type"], step["step_id"]) == ("form", "user")
    assert step["description_placeholders"]["key_page"].startswith("https://")
    step = await flow_user.submit(keys(server_url))
    assert (step["type"], step["step_id"]) == ("menu", "method")
    assert step["menu_options"] == ["authorize", "manual"]
    step = await flow_user.choose("authorize")
    assert (step["type"], step["step_id"]) == ("external", "authorize")
    assert step["url"].startswith(f"{server_url}/oauth/authorize?oauth_token=")
    step = await flow_user.sign_in(step)
    assert step["type"] == "create_entry"
    assert step["title"] == "Telldus Live! (Demo)"

    entry = only_entry(hass)
    await flow_user.time.settle()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.unique_id == entry.data[CONF_ACCOUNT_UUID]
    assert entry.data[CONF_SERVER_URL] == server_url
    assert entry.data[CONF_PUBLIC_KEY] == DEMO_PUBLIC_KEY
    assert entry.data[CONF_PRIVATE_KEY] == DEMO_PRIVATE_KEY
    assert entry.data[CONF_TOKEN] in simulator.tokens.access_tokens
    await flow_user.time.move(30)
    asked = [request.path for request in simulator.log]
    assert asked[:6] == [
        "oauth/requestToken",
        "oauth/accessToken",
        "json/user/profile",
        "json/devices/list",
        "json/rooms/list",
        "json/sensors/list",
    ]
    assert all(request.status == HTTPStatus.OK for request in simulator.log)


async def test_same_account_twice(
    hass: HomeAssistant,
    flow_user: FlowUser,
    entry: MockConfigEntry,
    server_url: str,
    simulator: Simulator,
) -> None:
    """An account is set up once; another one may use the same keys."""
    await sign_in_account(flow_user, server_url)
    await flow_user.time.move(119)
    await flow_user.time.move(40)
    step = await flow_user.begin()
    assert (step["type"], step["step_id"]) == ("menu", "another_account")
    assert (await flow_user.look())["step_id"] == "another_account"
    step = await flow_user.choose("reuse_keys")
    assert step["step_id"] == "method"
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert (step["type"], step["reason"]) == ("abort", "already_configured")

    # Two accounts poll by now.
    await flow_user.time.move(75)
    await flow_user.begin()
    step = await flow_user.choose("user")
    assert (step["type"], step["step_id"]) == ("form", "user")
    step = await flow_user.submit(keys(server_url))
    assert step["step_id"] == "method"
    simulator.homes["neighbor"] = demo_home(clock.time())
    step = await flow_user.sign_in(await flow_user.choose("authorize"), user="neighbor")
    assert step["type"] == "create_entry"
    assert step["title"] == "Telldus Live! (Neighbor)"


async def sign_in_account(flow_user: FlowUser, server_url: str) -> None:
    """Set up the account of the user "demo" beside whatever is there."""
    await flow_user.begin()
    await flow_user.choose("user")
    await flow_user.submit(keys(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["type"] == "create_entry"
    await flow_user.time.move(60)


async def test_keys_to_choose_from(
    flow_user: FlowUser, add_entry: AddEntry, simulator: Simulator
) -> None:
    """Keys are offered by the accounts that use them, but not those of a disabled one."""
    simulator.tokens.consumers["other"] = "pair"
    other = {CONF_PUBLIC_KEY: "other", CONF_PRIVATE_KEY: "pair"}
    off = ConfigEntryDisabler.USER
    add_entry(unique_id="off", title="Off", disabled_by=off, more_data=other)
    step = await flow_user.begin()
    assert (step["type"], step["step_id"]) == ("form", "user")

    add_entry(unique_id="anna", title="Anna")
    add_entry(unique_id="bo", title="Bo")
    step = await flow_user.begin()
    assert step["description_placeholders"] == {"accounts": "Anna, Bo"}
    step = await flow_user.choose("reuse_keys")
    assert step["step_id"] == "method"
    assert simulator.log[-1].path == "oauth/requestToken"

    mine = add_entry(unique_id="cilla", title="Cilla", more_data=other)
    step = await flow_user.begin()
    assert step["description_placeholders"] == {"accounts": "Anna, Bo, Cilla"}
    step = await flow_user.choose("reuse_keys")
    assert (step["type"], step["step_id"]) == ("form", "reuse_keys")
    (field,) = step["data_schema"]
    options = field["selector"]["select"]["options"]
    assert [one["label"] for one in options] == ["Anna, Bo", "Cilla"]
    step = await flow_user.submit({"account": mine.entry_id})
    assert step["step_id"] == "method"
    step = await flow_user.sign_in(await flow_user.choose("authorize"), "neighbor")
    assert step["type"] == "create_entry"
    added = flow_user.hass.config_entries.async_get_known_entry(
        step["result"]["entry_id"]
    )
    assert added.data[CONF_PUBLIC_KEY] == "other"


async def test_keys_of_another_server(
    flow_user: FlowUser, add_entry: AddEntry, server_url: str
) -> None:
    """Where an account is at Telldus, the keys of other servers are not offered."""
    add_entry(unique_id="anna", title="Anna")
    add_entry(
        unique_id="bo",
        title="Bo",
        more_data={CONF_SERVER_URL: DEFAULT_SERVER},
        state=ConfigEntryState.SETUP_RETRY,
    )
    step = await flow_user.begin()
    assert step["description_placeholders"] == {"accounts": "Bo"}


async def test_keys_gone_while_on_offer(
    hass: HomeAssistant, flow_user: FlowUser, entry: MockConfigEntry
) -> None:
    """Where the account is removed meanwhile, new keys are asked for."""
    await flow_user.begin()
    await flow_user.time.until(hass.config_entries.async_remove(entry.entry_id))
    step = await flow_user.choose("reuse_keys")
    assert (step["type"], step["step_id"]) == ("form", "user")


async def test_trouble_with_known_keys(
    flow_user: FlowUser, entry: MockConfigEntry, simulator: Simulator
) -> None:
    """A failure before the choice of how to log in leads back to it."""
    await flow_user.begin()
    simulator.faults.add(Fault.BAD_GATEWAY, match="oauth/*", times=1)
    step = await flow_user.choose("reuse_keys")
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "cannot_connect"})
    assert (await flow_user.submit())["step_id"] == "method"


TELLSTICK = DhcpServiceInfo(
    ip="192.0.2.7", hostname="tellstick", macaddress="acca54012345"
)


async def discover(hass: HomeAssistant) -> ConfigFlowResult:
    """Find a TellStick on the network."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_DHCP}, data=TELLSTICK
    )


async def test_discovery(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str
) -> None:
    """A TellStick on the network offers the set-up, once; the account is the entry."""
    found = await discover(hass)
    assert found["step_id"] == "dhcp_confirm"
    again = await discover(hass)
    assert (again["type"], again["reason"]) == ("abort", "already_in_progress")
    flow_user.flow_id = found["flow_id"]
    assert (await flow_user.look())["step_id"] == "dhcp_confirm"
    step = await flow_user.submit()
    assert (step["type"], step["step_id"]) == ("form", "user")
    await flow_user.submit(keys(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["type"] == "create_entry"
    entry = only_entry(hass)
    assert entry.unique_id == entry.data[CONF_ACCOUNT_UUID]
    after = await discover(hass)
    assert (after["type"], after["reason"]) == ("abort", "already_configured")


async def test_discovery_ignored(hass: HomeAssistant, flow_user: FlowUser) -> None:
    """Who ignores it is not asked again, and can add the integration all the same."""
    found = await discover(hass)
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": DEFAULT_DISCOVERY_UNIQUE_ID, "title": "TellStick"},
    )
    assert found["flow_id"] not in {
        flow["flow_id"] for flow in hass.config_entries.flow.async_progress()
    }
    assert (await discover(hass))["reason"] == "already_configured"
    step = await flow_user.begin()
    assert (step["type"], step["step_id"]) == ("form", "user")


async def test_manifest_finds_tellsticks() -> None:
    """The matcher is the maker's MAC prefix."""
    manifest = json.loads((INTEGRATION / "manifest.json").read_text())
    (matcher,) = manifest["dhcp"]
    assert fnmatch(TELLSTICK.macaddress.upper(), matcher["macaddress"])


async def test_known_keys_no_longer_good(
    flow_user: FlowUser, entry: MockConfigEntry, simulator: Simulator
) -> None:
    """Keys that Telldus has withdrawn are asked for again."""
    simulator.tokens.consumers.clear()
    await flow_user.begin()
    step = await flow_user.choose("reuse_keys")
    assert (step["step_id"], step["errors"]) == ("user", {"base": "invalid_auth"})


async def test_reauth(
    hass: HomeAssistant,
    flow_user: FlowUser,
    reauth_entry: ConfigEntry,
    simulator: Simulator,
) -> None:
    """One click, Telldus, and all is as it was."""
    entry = reauth_entry
    before = {state.entity_id for state in hass.states.async_all()}
    unique_id, token = entry.unique_id, entry.data[CONF_TOKEN]
    step = await flow_user.look()
    assert (step["type"], step["step_id"]) == ("menu", "reauth_confirm")
    assert step["description_placeholders"]["name"] == entry.title
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")
    await flow_user.time.move(15)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.unique_id == unique_id
    assert entry.data[CONF_TOKEN] != token
    assert {state.entity_id for state in hass.states.async_all()} == before
    assert hass.states.get("switch.window_lamp").state == "on"  # type: ignore[union-attr]  # there
    assert not hass.config_entries.flow.async_progress()


async def test_reauth_link_left_open(
    flow_user: FlowUser, reauth_entry: ConfigEntry, simulator: Simulator
) -> None:
    """A link that is too old is replaced, also where the person goes on at once."""
    step = await flow_user.choose("manual")
    old = step["description_placeholders"]["link"]
    await flow_user.time.move(3700)
    step = await flow_user.submit()
    assert (step["step_id"], step["errors"]) == ("manual", {"base": "link_expired"})
    new = step["description_placeholders"]["link"]
    assert new != old
    simulator.authorize(URL(new).query["oauth_token"])
    step = await flow_user.submit()
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")


async def test_reauth_left_open(flow_user: FlowUser, reauth_entry: ConfigEntry) -> None:
    """The dialog is closed at Telldus' page and opened again hours later."""
    first = await flow_user.choose("authorize")
    await flow_user.time.move(2 * 3600)
    step = await flow_user.look()
    assert (step["type"], step["step_id"]) == ("menu", "expired")
    second = await flow_user.choose("authorize")
    assert second["url"] != first["url"]
    step = await flow_user.sign_in(second)
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")


async def test_reauth_by_link(
    flow_user: FlowUser, reauth_entry: ConfigEntry, simulator: Simulator
) -> None:
    """The second road leads there as well."""
    step = await flow_user.choose("manual")
    token = URL(step["description_placeholders"]["link"]).query["oauth_token"]
    simulator.authorize(token)
    step = await flow_user.submit()
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")


async def test_reauth_without_an_address(
    flow_user: FlowUser, reauth_entry: ConfigEntry, simulator: Simulator
) -> None:
    """Where the browser cannot come back, one click leads to the link."""
    flow_user.base = None
    assert (await flow_user.choose("authorize"))["step_id"] == "manual"


async def test_begun_by_nobody(hass: HomeAssistant, server_url: str) -> None:
    """A flow that no browser drives has no address to come back to."""
    flows = hass.config_entries.flow
    step = await flows.async_init(DOMAIN, context={"source": "user"})
    step = await flows.async_configure(step["flow_id"], keys(server_url))
    assert step["step_id"] == "manual"


async def test_reauth_with_new_keys(
    flow_user: FlowUser,
    reauth_entry: ConfigEntry,
    server_url: str,
    simulator: Simulator,
) -> None:
    """Where the keys are no longer good, new ones are asked for."""
    simulator.tokens.consumers.clear()
    simulator.tokens.consumers["new"] = "pair"
    step = await flow_user.choose("authorize")
    assert (step["step_id"], step["errors"]) == ("user", {"base": "invalid_auth"})
    step = await flow_user.submit(
        keys(server_url, public_key="new", private_key="pair")
    )
    assert step["step_id"] == "method"
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")
    assert reauth_entry.data[CONF_PUBLIC_KEY] == "new"


async def test_reauth_ends_by_itself(
    hass: HomeAssistant,
    flow_user: FlowUser,
    reauth_entry: ConfigEntry,
    simulator: Simulator,
) -> None:
    """When Telldus accepts the token again, nobody needs to sign in any more."""
    token = reauth_entry.data[CONF_TOKEN]
    simulator.tokens.new_access_token(DEMO_PUBLIC_KEY, "demo")
    (kept,) = simulator.tokens.access_tokens.values()
    del simulator.tokens.access_tokens[kept.token]
    kept.token, kept.secret = token, reauth_entry.data["token_secret"]
    simulator.tokens.access_tokens[token] = kept
    asked = len(simulator.log)
    await flow_user.time.move(1600)
    assert len(simulator.log) == asked
    await flow_user.time.move(400)
    assert len(simulator.log) > asked
    assert not hass.config_entries.flow.async_progress()
    assert hass.states.get("switch.window_lamp").state == "on"  # type: ignore[union-attr]  # there
