"""The steps of signing in: keys, the external step, the link, and what goes wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import pytest
from yarl import URL

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from simulator import Fault, Simulator
from tests.flow_user import FLOWS, FlowUser, Step, keys, only_entry

pytestmark = pytest.mark.only("Window lamp")


@pytest.mark.parametrize(
    ("fault", "arguments", "error"),
    [
        (Fault.UNAUTHORIZED_TEXT, {}, "invalid_auth"),
        (Fault.RATE_LIMITED, {"retry_after": 12}, "rate_limited"),
        (Fault.NOT_FOUND, {}, "cannot_connect"),
        (Fault.BAD_GATEWAY, {}, "cannot_connect"),
        (Fault.CLOUDFLARE, {}, "cannot_connect"),
        (Fault.REDIRECT, {}, "cannot_connect"),
        (Fault.GARBAGE, {}, "invalid_response"),
        (Fault.EMPTY, {}, "invalid_response"),
    ],
)
async def test_trouble_with_the_keys(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    fault: Fault,
    arguments: dict[str, Any],
    error: str,
) -> None:
    """Whatever Telldus answers to the keys is told, and the form can be sent again."""
    await flow_user.begin()
    simulator.faults.add(fault, match="oauth/*", times=None, **arguments)
    step = await flow_user.submit(keys(server_url))
    assert (step["step_id"], step["errors"]) == ("user", {"base": error})
    assert step["description_placeholders"]["wait"] == (
        "12" if error == "rate_limited" else "0"
    )
    suggested = {
        field["name"]: field.get("description", {}).get("suggested_value")
        for field in step["data_schema"]
    }
    assert suggested["public_key"] is not None
    assert suggested["private_key"] is None

    simulator.faults.clear()
    await flow_user.time.move(13)
    step = await flow_user.submit(keys(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["type"] == "create_entry"


async def test_no_network(flow_user: FlowUser, unused_tcp_port: int) -> None:
    """A server that is not there is told."""
    await flow_user.begin()
    step = await flow_user.submit(keys(f"http://127.0.0.1:{unused_tcp_port}"))
    assert step["errors"] == {"base": "cannot_connect"}


async def test_wrong_keys(flow_user: FlowUser, server_url: str) -> None:
    """Keys that Telldus does not know are told, and can be corrected."""
    await flow_user.begin()
    step = await flow_user.submit(keys(server_url, private_key="mistyped"))
    assert step["errors"] == {"base": "invalid_auth"}
    step = await flow_user.submit(keys(server_url))
    assert step["step_id"] == "method"


async def test_wrong_keys_where_bursts_are_refused(
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """Wrong keys are called so, even if there was no second call to make sure."""
    simulator.settings.strict_burst = True
    await flow_user.begin()
    step = await flow_user.submit(keys(server_url, private_key="mistyped"))
    assert len(simulator.log) == 2
    assert step["errors"] == {"base": "invalid_auth"}


async def test_wrong_server(flow_user: FlowUser, server_url: str) -> None:
    """An address that must not be used is told, and can be corrected."""
    await flow_user.begin()
    step = await flow_user.submit(keys("http://telldus.example"))
    assert step["errors"] == {"base": "invalid_server_url"}
    step = await flow_user.submit(keys(server_url))
    assert step["step_id"] == "method"


async def test_refused_and_again(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str
) -> None:
    """Who refuses at Telldus comes back too, is told, and may change their mind."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.choose("authorize")
    agreed = flow_user.agree(step)
    status, _ = await flow_user.come_back(agreed.without_query_params("oauth_verifier"))
    assert status == HTTPStatus.OK
    step = await flow_user.look()
    assert (step["type"], step["step_id"]) == ("menu", "refused")
    step = await flow_user.look()
    assert step["step_id"] == "refused"
    step = await flow_user.choose("authorize")
    assert step["url"] not in str(agreed)
    step = await flow_user.sign_in(step)
    assert step["type"] == "create_entry"


async def test_refused_without_a_token(flow_user: FlowUser, server_url: str) -> None:
    """Whether a refusal names the token is not known; it counts either way."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    agreed = flow_user.agree(await flow_user.choose("authorize"))
    status, _ = await flow_user.come_back(agreed.with_query({}))
    assert status == HTTPStatus.OK
    assert (await flow_user.look())["step_id"] == "refused"


async def test_external_step_stands_still(
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """Looking at the external step, or posting to it, changes and fetches nothing."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.choose("authorize")
    for answer in ({}, {"oauth_verifier": "mine"}, {"next_step_id": "exchange"}):
        assert (await flow_user.submit(answer))["url"] == step["url"]
        assert (await flow_user.look())["url"] == step["url"]
    assert len(simulator.log) == 1


async def no_return(flow_user: FlowUser, simulator: Simulator) -> Step:
    """Let ten minutes pass at Telldus' page."""
    await flow_user.choose("authorize")
    await flow_user.time.move(601)
    return await flow_user.look()


async def refusal(flow_user: FlowUser, simulator: Simulator) -> Step:
    """Refuse at Telldus' page."""
    agreed = flow_user.agree(await flow_user.choose("authorize"))
    await flow_user.come_back(agreed.without_query_params("oauth_verifier"))
    return await flow_user.look()


async def failure(flow_user: FlowUser, simulator: Simulator) -> Step:
    """Come back while Telldus does not work."""
    step = await flow_user.choose("authorize")
    simulator.faults.add(Fault.BAD_GATEWAY, match="oauth/accessToken", times=1)
    return await flow_user.sign_in(step)


async def failure_after_exchange(flow_user: FlowUser, simulator: Simulator) -> Step:
    """Come back, and Telldus stops working in the middle."""
    step = await flow_user.choose("authorize")
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/user/profile", times=1)
    return await flow_user.sign_in(step)


async def somebody_else(flow_user: FlowUser, simulator: Simulator) -> Step:
    """Sign in as somebody else."""
    step = await flow_user.choose("authorize")
    return await flow_user.sign_in(step, user="neighbor")


async def somebody_else_by_link(flow_user: FlowUser, simulator: Simulator) -> Step:
    """Sign in as somebody else, by the link."""
    step = await flow_user.choose("manual")
    token = URL(step["description_placeholders"]["link"]).query["oauth_token"]
    simulator.authorize(token, "neighbor")
    return await flow_user.submit()


@pytest.mark.parametrize("way", ["authorize", "manual"])
@pytest.mark.parametrize(
    ("go_wrong", "step_id"),
    [
        (no_return, "expired"),
        (refusal, "refused"),
        (failure, "failed"),
        (failure_after_exchange, "failed"),
        (somebody_else, "wrong_account"),
        (somebody_else_by_link, "wrong_account"),
    ],
)
async def test_both_ways_after_a_failure(
    flow_user: FlowUser,
    reauth_entry: ConfigEntry,
    simulator: Simulator,
    go_wrong: Callable[[FlowUser, Simulator], Awaitable[Step]],
    step_id: str,
    way: str,
) -> None:
    """Whatever went wrong, the user can log in again, also without returning."""
    step = await go_wrong(flow_user, simulator)
    assert step["step_id"] == step_id
    await flow_user.time.move(60)
    if step["type"] == "form":
        step = await flow_user.submit({"next_step": way})
    else:
        assert step["menu_options"] == ["authorize", "manual"]
        step = await flow_user.choose(way)
    if way == "authorize":
        step = await flow_user.sign_in(step)
    else:
        token = URL(step["description_placeholders"]["link"]).query["oauth_token"]
        simulator.authorize(token)
        step = await flow_user.submit()
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")


async def test_new_keys_after_the_exchange(
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """An access token of other keys is not kept when the user enters new ones."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    await failure_after_exchange(flow_user, simulator)
    simulator.tokens.consumers.clear()
    simulator.tokens.consumers["new"] = "pair"
    step = await flow_user.submit({"next_step": "authorize"})
    assert (step["step_id"], step["errors"]) == ("user", {"base": "invalid_auth"})
    step = await flow_user.submit(
        keys(server_url, public_key="new", private_key="pair")
    )
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["type"] == "create_entry"
    assert only_entry(flow_user.hass).data["public_key"] == "new"


async def test_menu_left_open(flow_user: FlowUser, server_url: str) -> None:
    """A token that ran out behind the menu is replaced before the browser sees it."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    await flow_user.time.move(4000)
    assert (await flow_user.look())["step_id"] == "method"
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["type"] == "create_entry"


async def test_trouble_after_the_menu(
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """What goes wrong after the keys is told in a form that tries again."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    await flow_user.time.move(700)
    simulator.faults.add(Fault.BAD_GATEWAY, match="oauth/*", times=1)
    step = await flow_user.choose("authorize")
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "cannot_connect"})
    step = await flow_user.look()
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "cannot_connect"})
    step = await flow_user.sign_in(await flow_user.submit())
    assert step["type"] == "create_entry"


async def test_two_tabs(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """Two tabs that ask for the same step at once: one exchange, one entry."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.choose("authorize")
    assert (await flow_user.come_back(flow_user.agree(step)))[0] == HTTPStatus.OK
    steps = await flow_user.time.until(two_tabs(flow_user))
    assert sorted(step["type"] for step in steps) == ["abort", "create_entry"]
    (aborted,) = [step for step in steps if step["type"] == "abort"]
    assert aborted["reason"] == "ended_elsewhere"
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1
    asked = [request.path for request in simulator.log]
    assert asked.count("oauth/accessToken") == 1
    assert asked.count("json/user/profile") == 1


async def two_tabs(flow_user: FlowUser) -> tuple[Step, Step]:
    """Go on with the flow in two tabs at once."""
    return await asyncio.gather(person_tab(flow_user), person_tab(flow_user))


async def person_tab(flow_user: FlowUser) -> Step:
    """Go on with the flow in a tab of its own."""
    response = await flow_user.client.post(
        f"{FLOWS}/{flow_user.flow_id}", json={}, headers=flow_user.headers
    )
    step: Step = await response.json()
    return step


async def test_no_way_back_chosen(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """The second road: a link, and Submit when one has come back by hand."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.choose("manual")
    assert (step["type"], step["step_id"]) == ("form", "manual")
    link = step["description_placeholders"]["link"]
    token = URL(link).query["oauth_token"]

    step = await flow_user.submit()
    assert (step["step_id"], step["errors"]) == ("manual", {"base": "not_authorized"})
    assert step["description_placeholders"]["link"] == link
    assert not simulator.authorize(token).startswith("http")
    step = await flow_user.submit()
    assert step["type"] == "create_entry"


async def test_token_refused_after_the_link(
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """A link whose token was used up is not offered again."""
    flow_user.base = None
    await flow_user.begin()
    step = await flow_user.submit(keys(server_url))
    simulator.authorize(
        URL(step["description_placeholders"]["link"]).query["oauth_token"]
    )
    simulator.faults.add(Fault.UNAUTHORIZED_XML, match="json/*", times=3)
    step = await flow_user.submit()
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "invalid_auth"})
    again = await flow_user.submit()
    assert again["step_id"] == "manual"
    link = URL(again["description_placeholders"]["link"])
    simulator.authorize(link.query["oauth_token"])
    assert (await flow_user.submit())["type"] == "create_entry"


@pytest.mark.parametrize("base", [None, "", "nonsense", "ftp://home", "https://[", "/"])
async def test_no_way_back_for_lack_of_an_address(
    flow_user: FlowUser, server_url: str, base: str | None, simulator: Simulator
) -> None:
    """Where the browser's address of Home Assistant is not known, the link is left."""
    flow_user.base = base
    await flow_user.begin()
    step = await flow_user.submit(keys(server_url))
    assert step["step_id"] == "manual"
    token = URL(step["description_placeholders"]["link"]).query["oauth_token"]
    simulator.authorize(token)
    assert (await flow_user.submit())["type"] == "create_entry"


@pytest.mark.parametrize(
    "settings", [{"refuse_callback": True}, {"callback_confirmed": "missing"}]
)
async def test_no_way_back_for_lack_of_a_callback(
    flow_user: FlowUser, server_url: str, simulator: Simulator, settings: dict[str, Any]
) -> None:
    """Where Telldus will not send the browser back, the link is left."""
    simulator.settings.change(settings)
    await flow_user.begin()
    step = await flow_user.submit(keys(server_url))
    assert step["step_id"] == "manual"
    assert len(simulator.log) == 2
    token = URL(step["description_placeholders"]["link"]).query["oauth_token"]
    simulator.authorize(token)
    assert (await flow_user.submit())["type"] == "create_entry"


@pytest.mark.parametrize("fault", [Fault.CLOUDFLARE, Fault.NOT_FOUND])
async def test_callback_refused_by_somebody_before_telldus(
    flow_user: FlowUser, server_url: str, simulator: Simulator, fault: Fault
) -> None:
    """Who dislikes an address at home in a request may refuse it in other ways."""
    simulator.faults.add(fault, match="oauth/requestToken", times=1)
    await flow_user.begin()
    step = await flow_user.submit(keys(server_url))
    assert step["step_id"] == "manual"
    assert len(simulator.log) == 2
    # Where all of it is refused, that is what is said.
    await flow_user.time.move(60)
    simulator.faults.add(fault, match="oauth/requestToken", times=2)
    await flow_user.begin()
    step = await flow_user.submit(keys(server_url))
    assert (step["step_id"], step["errors"]) == ("user", {"base": "cannot_connect"})


async def test_callback_confirmed_in_the_old_way(
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """Telldus has said "1" where it now says "true"."""
    simulator.settings.callback_confirmed = "1"
    await flow_user.begin()
    assert (await flow_user.submit(keys(server_url)))["step_id"] == "method"


async def test_link_left_open(
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """A link that Telldus has most likely forgotten is replaced."""
    flow_user.base = None
    await flow_user.begin()
    step = await flow_user.submit(keys(server_url))
    old = step["description_placeholders"]["link"]
    await flow_user.time.move(3700)
    step = await flow_user.look()
    new = step["description_placeholders"]["link"]
    assert new != old
    simulator.authorize(URL(new).query["oauth_token"])
    assert (await flow_user.submit())["type"] == "create_entry"


async def test_trouble_with_the_link(
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """What goes wrong on the second road is told in a form that tries again."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    simulator.faults.add(Fault.NOT_FOUND, match="oauth/*", times=1)
    step = await flow_user.choose("manual")
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "cannot_connect"})
    step = await flow_user.submit()
    assert step["step_id"] == "manual"


async def test_keys_revoked_before_the_link(
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """Keys that stop working are asked for again."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    simulator.tokens.consumers.clear()
    step = await flow_user.choose("manual")
    assert (step["step_id"], step["errors"]) == ("user", {"base": "invalid_auth"})


@pytest.mark.parametrize(
    ("path", "fault", "error"),
    [
        ("oauth/accessToken", Fault.BAD_GATEWAY, "cannot_connect"),
        ("oauth/accessToken", Fault.RATE_LIMITED, "rate_limited"),
        ("json/user/profile", Fault.BAD_GATEWAY, "cannot_connect"),
        ("json/user/profile", Fault.RATE_LIMITED, "rate_limited"),
    ],
)
async def test_trouble_after_coming_back(
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    path: str,
    fault: Fault,
    error: str,
) -> None:
    """What worked once is not asked again; Submit goes on where it stopped."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.choose("authorize")
    simulator.faults.add(fault, match=path, times=1)
    step = await flow_user.sign_in(step)
    assert (step["step_id"], step["errors"]) == ("failed", {"base": error})
    await flow_user.time.move(25)
    step = await flow_user.submit()
    assert step["type"] == "create_entry"
    asked = [r.path for r in simulator.log if r.status == HTTPStatus.OK]
    assert asked.count("oauth/requestToken") == 1
    assert asked.count("oauth/accessToken") == 1


async def test_where_bursts_are_refused(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """A server that refuses each second call within ten seconds is got along with."""
    simulator.settings.strict_burst = True
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    tries = 0
    while step["type"] != "create_entry":
        assert (step["step_id"], step["errors"]) == ("failed", {"base": "rate_limited"})
        assert int(step["description_placeholders"]["wait"]) >= 10
        tries += 1
        await flow_user.time.move(int(step["description_placeholders"]["wait"]) + 1)
        step = await flow_user.submit()
    assert tries <= 2
    await flow_user.time.move(119)
    entry = only_entry(hass)
    assert entry.state is ConfigEntryState.LOADED
    assert hass.states.async_all("switch")
    asked = [r.path for r in simulator.log if r.status == HTTPStatus.OK]
    assert asked.count("oauth/requestToken") == asked.count("oauth/accessToken") == 1


async def test_exchange_refused(
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """Where Telldus will not exchange the token, Submit begins with a new one."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    first = await flow_user.choose("authorize")
    simulator.faults.add(Fault.UNAUTHORIZED_TEXT, match="oauth/accessToken", times=1)
    step = await flow_user.sign_in(first)
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "invalid_auth"})
    second = await flow_user.submit()
    assert second["url"] != first["url"]
    assert (await flow_user.sign_in(second))["type"] == "create_entry"


async def test_dialog_closed_during_the_exchange(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """Nothing is left behind when the dialog is closed in the middle."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.choose("authorize")
    assert (await flow_user.come_back(flow_user.agree(step)))[0] == HTTPStatus.OK
    tab = asyncio.ensure_future(person_tab(flow_user))
    await flow_user.time.move(0.6)
    assert simulator.log[-1].path == "oauth/accessToken"
    hass.config_entries.flow.async_abort(flow_user.flow_id)
    await flow_user.time.settle()
    assert (await tab)["reason"] == "ended_elsewhere"
    await flow_user.time.move(5)
    assert simulator.log[-1].path == "oauth/accessToken"
    assert not hass.config_entries.async_entries(DOMAIN)
