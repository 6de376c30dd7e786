"""Signing in, over Home Assistant's own REST API and the simulator's real pages."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
import time as clock
from typing import Any

from aiohttp.test_utils import TestClient
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.telldus_pa.const import (
    CONF_ACCOUNT_UUID,
    CONF_GATEWAYS,
    CONF_IMPORT_HISTORY,
    CONF_INCLUDE_IGNORED,
    CONF_PRIVATE_KEY,
    CONF_PUBLIC_KEY,
    CONF_PUSH,
    CONF_REVERSED_COVERS,
    CONF_SERVER_URL,
    DOMAIN,
)
from custom_components.telldus_pa.sign_in.callback_view import async_get_view
from homeassistant.auth.models import RefreshToken
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_SCAN_INTERVAL, CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Fault, Simulator, demo_home

from .conftest import ACCOUNT, AddEntry, Time
from .test_init import state_of

FLOWS = "/api/config/config_entries/flow"
OPTIONS = "/api/config/config_entries/options/flow"

type Step = dict[str, Any]


@dataclass
class Person:
    """Somebody with a browser, in which Home Assistant and Telldus are open."""

    hass: HomeAssistant
    client: TestClient[Any, Any]
    time: Time
    simulator: Simulator
    base: str | None
    login: RefreshToken
    flow_id: str = ""

    async def begin(self) -> Step:
        """Add the integration."""
        return await self._call("post", FLOWS, {"handler": DOMAIN})

    async def submit(self, answer: Step | None = None, tab: str = FLOWS) -> Step:
        """Submit what the dialog shows."""
        return await self._call("post", f"{tab}/{self.flow_id}", answer or {})

    async def choose(self, option: str) -> Step:
        """Choose from a menu."""
        return await self.submit({"next_step_id": option})

    async def look(self) -> Step:
        """Look at the dialog again, as a reopened or a second one does."""
        return await self._call("get", f"{FLOWS}/{self.flow_id}", None)

    async def _call(self, method: str, path: str, json: Step | None) -> Step:
        headers = self.headers | ({"HA-Frontend-Base": self.base} if self.base else {})

        async def call() -> Step:
            response = await self.client.request(
                method, path, json=json, headers=headers
            )
            assert response.status == HTTPStatus.OK, await response.text()
            step: Step = await response.json()
            return step

        step = await self.time.until(call())
        self.flow_id = step.get("flow_id", self.flow_id)
        return step

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of a frontend, which renews its login in time."""
        token = self.hass.auth.async_create_access_token(self.login)
        return {"Authorization": f"Bearer {token}"}

    def agree(self, step: Step, user: str = "demo") -> URL:
        """Agree at Telldus; return where the browser is sent."""
        return URL(
            self.simulator.authorize(URL(step["url"]).query["oauth_token"], user)
        )

    async def come_back(self, address: URL) -> tuple[int, str]:
        """Follow Telldus' redirect to Home Assistant, without being logged in there."""
        response = await self.client.get(
            address.path_qs, headers={"Authorization": ""}, allow_redirects=False
        )
        await self.time.settle()
        return response.status, await response.text()

    async def sign_in(self, step: Step, user: str = "demo") -> Step:
        """Go through Telldus and back, from the external step on."""
        assert step["type"] == "external"
        assert (await self.come_back(self.agree(step, user)))[0] == HTTPStatus.OK
        step = await self.look()
        if step["type"] == "external_done":
            step = await self.submit()
        return step


@pytest.fixture
async def person(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_access_token: str,
    simulator: Simulator,
    time: Time,
    secrets: set[str],
) -> Person:
    """Return somebody who is logged in to Home Assistant."""
    assert await async_setup_component(hass, "config", {})
    # Home Assistant keeps its router open for views to come; the test server does not.
    async_get_view(hass)
    client = await hass_client()
    base = str(client.make_url("")).rstrip("/")
    login = hass.auth.async_validate_access_token(hass_access_token)
    assert login is not None
    return Person(hass, client, time, simulator, base, login)


def keys(server_url: str, **other: str) -> Step:
    """Return the filled-in form."""
    return {
        "public_key": f" {DEMO_PUBLIC_KEY} ",
        "private_key": f"{DEMO_PRIVATE_KEY}\n",
        "advanced": {"server_url": server_url},
        **other,
    }


def only_entry(hass: HomeAssistant) -> ConfigEntry:
    """Return the one entry."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    return entry


async def test_sign_in(
    hass: HomeAssistant, person: Person, server_url: str, simulator: Simulator
) -> None:
    """Keys, Telldus, back by itself, an entry."""
    step = await person.begin()
    assert (step["type"], step["step_id"]) == ("form", "user")
    assert step["description_placeholders"]["key_page"].startswith("https://")
    step = await person.submit(keys(server_url))
    assert (step["type"], step["step_id"]) == ("menu", "method")
    assert step["menu_options"] == ["authorize", "manual"]
    step = await person.choose("authorize")
    assert (step["type"], step["step_id"]) == ("external", "authorize")
    assert step["url"].startswith(f"{server_url}/oauth/authorize?oauth_token=")
    step = await person.sign_in(step)
    assert step["type"] == "create_entry"
    assert step["title"] == "Telldus Live! (Demo)"

    entry = only_entry(hass)
    await person.time.settle()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.unique_id == entry.data[CONF_ACCOUNT_UUID]
    assert entry.data[CONF_SERVER_URL] == server_url
    assert entry.data[CONF_PUBLIC_KEY] == DEMO_PUBLIC_KEY
    assert entry.data[CONF_PRIVATE_KEY] == DEMO_PRIVATE_KEY
    assert entry.data[CONF_TOKEN] in simulator.tokens.access_tokens
    await person.time.move(30)
    asked = [request.path for request in simulator.log]
    assert asked[:5] == [
        "oauth/requestToken",
        "oauth/accessToken",
        "json/user/profile",
        "json/devices/list",
        "json/sensors/list",
    ]
    assert all(request.status == HTTPStatus.OK for request in simulator.log)


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
    person: Person,
    server_url: str,
    simulator: Simulator,
    fault: Fault,
    arguments: dict[str, Any],
    error: str,
) -> None:
    """Whatever Telldus answers to the keys is told, and the form can be sent again."""
    await person.begin()
    simulator.faults.add(fault, match="oauth/*", times=None, **arguments)
    step = await person.submit(keys(server_url))
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
    await person.time.move(13)
    step = await person.submit(keys(server_url))
    step = await person.sign_in(await person.choose("authorize"))
    assert step["type"] == "create_entry"


async def test_no_network(person: Person, unused_tcp_port: int) -> None:
    """A server that is not there is told."""
    await person.begin()
    step = await person.submit(keys(f"http://127.0.0.1:{unused_tcp_port}"))
    assert step["errors"] == {"base": "cannot_connect"}


async def test_wrong_keys(person: Person, server_url: str) -> None:
    """Keys that Telldus does not know are told, and can be corrected."""
    await person.begin()
    step = await person.submit(keys(server_url, private_key="mistyped"))
    assert step["errors"] == {"base": "invalid_auth"}
    step = await person.submit(keys(server_url))
    assert step["step_id"] == "method"


async def test_wrong_keys_where_bursts_are_refused(
    person: Person, server_url: str, simulator: Simulator
) -> None:
    """Wrong keys are called so, even if there was no second call to make sure."""
    simulator.settings.strict_burst = True
    await person.begin()
    step = await person.submit(keys(server_url, private_key="mistyped"))
    assert len(simulator.log) == 2
    assert step["errors"] == {"base": "invalid_auth"}


async def test_wrong_server(person: Person, server_url: str) -> None:
    """An address that must not be used is told, and can be corrected."""
    await person.begin()
    step = await person.submit(keys("http://telldus.example"))
    assert step["errors"] == {"base": "invalid_server_url"}
    step = await person.submit(keys(server_url))
    assert step["step_id"] == "method"


async def test_refused_and_again(
    hass: HomeAssistant, person: Person, server_url: str
) -> None:
    """Who refuses at Telldus comes back too, is told, and may change their mind."""
    await person.begin()
    await person.submit(keys(server_url))
    step = await person.choose("authorize")
    agreed = person.agree(step)
    status, _ = await person.come_back(agreed.without_query_params("oauth_verifier"))
    assert status == HTTPStatus.OK
    step = await person.look()
    assert (step["type"], step["step_id"]) == ("form", "refused")
    step = await person.look()
    assert step["step_id"] == "refused"
    step = await person.submit()
    assert step["url"] not in str(agreed)
    step = await person.sign_in(step)
    assert step["type"] == "create_entry"


async def test_refused_without_a_token(person: Person, server_url: str) -> None:
    """Whether a refusal names the token is not known; it counts either way."""
    await person.begin()
    await person.submit(keys(server_url))
    agreed = person.agree(await person.choose("authorize"))
    status, _ = await person.come_back(agreed.with_query({}))
    assert status == HTTPStatus.OK
    assert (await person.look())["step_id"] == "refused"


async def test_external_step_stands_still(
    person: Person, server_url: str, simulator: Simulator
) -> None:
    """Looking at the external step, or posting to it, changes and fetches nothing."""
    await person.begin()
    await person.submit(keys(server_url))
    step = await person.choose("authorize")
    for answer in ({}, {"oauth_verifier": "mine"}, {"next_step_id": "exchange"}):
        assert (await person.submit(answer))["url"] == step["url"]
        assert (await person.look())["url"] == step["url"]
    assert len(simulator.log) == 1


async def test_expired(person: Person, server_url: str, simulator: Simulator) -> None:
    """Ten minutes without the browser: told, and anew with a new token."""
    await person.begin()
    await person.submit(keys(server_url))
    first = await person.choose("authorize")
    address = person.agree(first)
    await person.time.move(601)
    status, page = await person.come_back(address)
    assert status == HTTPStatus.BAD_REQUEST
    assert "start again in Home Assistant" in page
    step = await person.look()
    assert (step["type"], step["step_id"]) == ("external_done", "expired")
    step = await person.look()
    assert (step["type"], step["step_id"]) == ("form", "expired")
    second = await person.submit()
    assert second["url"] != first["url"]
    assert (await person.sign_in(second))["type"] == "create_entry"


async def test_menu_left_open(person: Person, server_url: str) -> None:
    """A token that ran out behind the menu is replaced before the browser sees it."""
    await person.begin()
    await person.submit(keys(server_url))
    await person.time.move(4000)
    assert (await person.look())["step_id"] == "method"
    step = await person.sign_in(await person.choose("authorize"))
    assert step["type"] == "create_entry"


async def test_trouble_after_the_menu(
    person: Person, server_url: str, simulator: Simulator
) -> None:
    """What goes wrong after the keys is told in a form that tries again."""
    await person.begin()
    await person.submit(keys(server_url))
    await person.time.move(700)
    simulator.faults.add(Fault.BAD_GATEWAY, match="oauth/*", times=1)
    step = await person.choose("authorize")
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "cannot_connect"})
    step = await person.look()
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "cannot_connect"})
    step = await person.sign_in(await person.submit())
    assert step["type"] == "create_entry"


async def test_callback_is_strict(
    hass: HomeAssistant, person: Person, server_url: str
) -> None:
    """States are secret, used once, and belong to one token; pages show nothing."""
    await person.begin()
    await person.submit(keys(server_url))
    address = person.agree(await person.choose("authorize"))

    guessed = address.with_path("/api/telldus_pa/callback/" + "a" * 43)
    status, nobody = await person.come_back(guessed)
    assert status == HTTPStatus.BAD_REQUEST

    crossed = address.update_query(oauth_token="another")
    status, page = await person.come_back(crossed)
    assert (status, page) == (HTTPStatus.BAD_REQUEST, nobody)
    # The state is spent now, even for the right token.
    status, page = await person.come_back(address)
    assert (status, page) == (HTTPStatus.BAD_REQUEST, nobody)
    assert (await person.look())["type"] == "external"


async def test_callback_page(person: Person, server_url: str) -> None:
    """The page closes itself, is the same for all, and is not to be kept or framed."""
    await person.begin()
    await person.submit(keys(server_url))
    address = person.agree(await person.choose("authorize"))
    address = address.update_query(more="<b>markup</b>")
    response = await person.client.get(address.path_qs, headers={"Authorization": ""})
    page = await response.text()
    assert response.status == HTTPStatus.OK
    assert "window.close()" in page
    assert "can be closed" in page
    assert "markup" not in page
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    # Only once, and only by GET.
    browser = {"Authorization": ""}
    again = await person.client.get(address.path_qs, headers=browser)
    assert again.status == HTTPStatus.BAD_REQUEST
    posted = await person.client.post(address.path_qs, headers=browser)
    assert posted.status == HTTPStatus.METHOD_NOT_ALLOWED


async def test_callback_of_another_flow(person: Person, server_url: str) -> None:
    """One flow's token is no use in the other's callback."""
    addresses = []
    flows = []
    for _ in range(2):
        await person.begin()
        await person.submit(keys(server_url))
        addresses.append(person.agree(await person.choose("authorize")))
        flows.append(person.flow_id)
    status, _ = await person.come_back(addresses[0].with_query(addresses[1].query))
    assert status == HTTPStatus.BAD_REQUEST
    status, _ = await person.come_back(addresses[1])
    assert status == HTTPStatus.OK
    person.flow_id = flows[0]
    assert (await person.look())["type"] == "external"


async def test_closed_dialog(
    hass: HomeAssistant, person: Person, server_url: str
) -> None:
    """A browser that comes back to a closed dialog is told so."""
    await person.begin()
    await person.submit(keys(server_url))
    address = person.agree(await person.choose("authorize"))
    hass.config_entries.flow.async_abort(person.flow_id)
    status, _ = await person.come_back(address)
    assert status == HTTPStatus.BAD_REQUEST


async def test_dialog_closed_while_the_browser_arrives(
    hass: HomeAssistant,
    person: Person,
    server_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same, where the flow ends between the check and the waking."""
    await person.begin()
    await person.submit(keys(server_url))
    address = person.agree(await person.choose("authorize"))
    # Only so can the two be put in this order.
    flows = hass.config_entries.flow
    monkeypatch.delitem(flows._progress, person.flow_id)  # noqa: SLF001
    status, _ = await person.come_back(address)
    assert status == HTTPStatus.BAD_REQUEST


async def test_two_tabs(
    hass: HomeAssistant, person: Person, server_url: str, simulator: Simulator
) -> None:
    """Two tabs that ask for the same step at once: one exchange, one entry."""
    await person.begin()
    await person.submit(keys(server_url))
    step = await person.choose("authorize")
    assert (await person.come_back(person.agree(step)))[0] == HTTPStatus.OK
    steps = await person.time.until(two_tabs(person))
    assert sorted(step["type"] for step in steps) == ["abort", "create_entry"]
    (aborted,) = [step for step in steps if step["type"] == "abort"]
    assert aborted["reason"] == "ended_elsewhere"
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1
    asked = [request.path for request in simulator.log]
    assert asked.count("oauth/accessToken") == 1
    assert asked.count("json/user/profile") == 1


async def two_tabs(person: Person) -> tuple[Step, Step]:
    """Go on with the flow in two tabs at once."""
    return await asyncio.gather(person_tab(person), person_tab(person))


async def person_tab(person: Person) -> Step:
    """Go on with the flow in a tab of its own."""
    response = await person.client.post(
        f"{FLOWS}/{person.flow_id}", json={}, headers=person.headers
    )
    step: Step = await response.json()
    return step


async def test_no_way_back_chosen(
    hass: HomeAssistant, person: Person, server_url: str, simulator: Simulator
) -> None:
    """The manual way: a link, and Submit when one has come back by hand."""
    await person.begin()
    await person.submit(keys(server_url))
    step = await person.choose("manual")
    assert (step["type"], step["step_id"]) == ("form", "manual")
    link = step["description_placeholders"]["link"]
    token = URL(link).query["oauth_token"]

    step = await person.submit()
    assert (step["step_id"], step["errors"]) == ("manual", {"base": "not_authorized"})
    assert step["description_placeholders"]["link"] == link
    assert not simulator.authorize(token).startswith("http")
    step = await person.submit()
    assert step["type"] == "create_entry"
    assert [
        "oauth_callback" in request.params
        for request in simulator.log
        if request.path == "oauth/requestToken"
    ] == [False, False]


async def test_token_refused_after_the_link(
    person: Person, server_url: str, simulator: Simulator
) -> None:
    """A link whose token was used up is not offered again."""
    person.base = None
    await person.begin()
    step = await person.submit(keys(server_url))
    simulator.authorize(
        URL(step["description_placeholders"]["link"]).query["oauth_token"]
    )
    simulator.faults.add(Fault.UNAUTHORIZED_XML, match="json/*", times=2)
    step = await person.submit()
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "invalid_auth"})
    again = await person.submit()
    assert again["step_id"] == "manual"
    link = URL(again["description_placeholders"]["link"])
    simulator.authorize(link.query["oauth_token"])
    assert (await person.submit())["type"] == "create_entry"


@pytest.mark.parametrize("base", [None, "", "nonsense", "ftp://home", "https://[", "/"])
async def test_no_way_back_for_lack_of_an_address(
    person: Person, server_url: str, base: str | None, simulator: Simulator
) -> None:
    """Where the browser's address of Home Assistant is not known, the link is left."""
    person.base = base
    await person.begin()
    step = await person.submit(keys(server_url))
    assert step["step_id"] == "manual"
    token = URL(step["description_placeholders"]["link"]).query["oauth_token"]
    simulator.authorize(token)
    assert (await person.submit())["type"] == "create_entry"


@pytest.mark.parametrize(
    "settings", [{"refuse_callback": True}, {"callback_confirmed": "missing"}]
)
async def test_no_way_back_for_lack_of_a_callback(
    person: Person, server_url: str, simulator: Simulator, settings: dict[str, Any]
) -> None:
    """Where Telldus will not send the browser back, the link is left."""
    simulator.settings.change(settings)
    await person.begin()
    step = await person.submit(keys(server_url))
    assert step["step_id"] == "manual"
    assert len(simulator.log) == 2
    token = URL(step["description_placeholders"]["link"]).query["oauth_token"]
    simulator.authorize(token)
    assert (await person.submit())["type"] == "create_entry"


@pytest.mark.parametrize("fault", [Fault.CLOUDFLARE, Fault.NOT_FOUND])
async def test_callback_refused_by_somebody_before_telldus(
    person: Person, server_url: str, simulator: Simulator, fault: Fault
) -> None:
    """Who dislikes an address at home in a request may refuse it in other ways."""
    simulator.faults.add(fault, match="oauth/requestToken", times=1)
    await person.begin()
    step = await person.submit(keys(server_url))
    assert step["step_id"] == "manual"
    assert len(simulator.log) == 2
    # Where all of it is refused, that is what is said.
    await person.time.move(60)
    simulator.faults.add(fault, match="oauth/requestToken", times=2)
    await person.begin()
    step = await person.submit(keys(server_url))
    assert (step["step_id"], step["errors"]) == ("user", {"base": "cannot_connect"})


async def test_callback_confirmed_in_the_old_way(
    person: Person, server_url: str, simulator: Simulator
) -> None:
    """Telldus has said "1" where it now says "true"."""
    simulator.settings.callback_confirmed = "1"
    await person.begin()
    assert (await person.submit(keys(server_url)))["step_id"] == "method"


async def test_link_left_open(
    person: Person, server_url: str, simulator: Simulator
) -> None:
    """A link that Telldus has most likely forgotten is replaced."""
    person.base = None
    await person.begin()
    step = await person.submit(keys(server_url))
    old = step["description_placeholders"]["link"]
    await person.time.move(3700)
    step = await person.look()
    new = step["description_placeholders"]["link"]
    assert new != old
    simulator.authorize(URL(new).query["oauth_token"])
    assert (await person.submit())["type"] == "create_entry"


async def test_trouble_with_the_link(
    person: Person, server_url: str, simulator: Simulator
) -> None:
    """What goes wrong on the manual way is told in a form that tries again."""
    await person.begin()
    await person.submit(keys(server_url))
    simulator.faults.add(Fault.NOT_FOUND, match="oauth/*", times=1)
    step = await person.choose("manual")
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "cannot_connect"})
    step = await person.submit()
    assert step["step_id"] == "manual"


async def test_keys_revoked_before_the_link(
    person: Person, server_url: str, simulator: Simulator
) -> None:
    """Keys that stop working are asked for again."""
    await person.begin()
    await person.submit(keys(server_url))
    simulator.tokens.consumers.clear()
    step = await person.choose("manual")
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
    person: Person,
    server_url: str,
    simulator: Simulator,
    path: str,
    fault: Fault,
    error: str,
) -> None:
    """What worked once is not asked again; Submit goes on where it stopped."""
    await person.begin()
    await person.submit(keys(server_url))
    step = await person.choose("authorize")
    simulator.faults.add(fault, match=path, times=1)
    step = await person.sign_in(step)
    assert (step["step_id"], step["errors"]) == ("failed", {"base": error})
    await person.time.move(25)
    step = await person.submit()
    assert step["type"] == "create_entry"
    asked = [r.path for r in simulator.log if r.status == HTTPStatus.OK]
    assert asked.count("oauth/requestToken") == 1
    assert asked.count("oauth/accessToken") == 1


async def test_where_bursts_are_refused(
    hass: HomeAssistant, person: Person, server_url: str, simulator: Simulator
) -> None:
    """A server that refuses each second call within ten seconds is got along with."""
    simulator.settings.strict_burst = True
    await person.begin()
    await person.submit(keys(server_url))
    step = await person.sign_in(await person.choose("authorize"))
    tries = 0
    while step["type"] != "create_entry":
        assert (step["step_id"], step["errors"]) == ("failed", {"base": "rate_limited"})
        assert int(step["description_placeholders"]["wait"]) >= 10
        tries += 1
        await person.time.move(int(step["description_placeholders"]["wait"]) + 1)
        step = await person.submit()
    assert tries <= 2
    await person.time.move(119)
    entry = only_entry(hass)
    assert entry.state is ConfigEntryState.LOADED
    assert hass.states.async_all("light")
    asked = [r.path for r in simulator.log if r.status == HTTPStatus.OK]
    assert asked.count("oauth/requestToken") == asked.count("oauth/accessToken") == 1


async def test_exchange_refused(
    person: Person, server_url: str, simulator: Simulator
) -> None:
    """Where Telldus will not exchange the token, Submit begins with a new one."""
    await person.begin()
    await person.submit(keys(server_url))
    first = await person.choose("authorize")
    simulator.faults.add(Fault.UNAUTHORIZED_TEXT, match="oauth/accessToken", times=1)
    step = await person.sign_in(first)
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "invalid_auth"})
    second = await person.submit()
    assert second["url"] != first["url"]
    assert (await person.sign_in(second))["type"] == "create_entry"


async def test_dialog_closed_during_the_exchange(
    hass: HomeAssistant, person: Person, server_url: str, simulator: Simulator
) -> None:
    """Nothing is left behind when the dialog is closed in the middle."""
    await person.begin()
    await person.submit(keys(server_url))
    step = await person.choose("authorize")
    assert (await person.come_back(person.agree(step)))[0] == HTTPStatus.OK
    tab = asyncio.ensure_future(person_tab(person))
    await person.time.move(0.6)
    assert simulator.log[-1].path == "oauth/accessToken"
    hass.config_entries.flow.async_abort(person.flow_id)
    await person.time.settle()
    assert (await tab)["reason"] == "ended_elsewhere"
    await person.time.move(5)
    assert simulator.log[-1].path == "oauth/accessToken"
    assert not hass.config_entries.async_entries(DOMAIN)


# Whose account


async def test_profile_refused(
    hass: HomeAssistant, person: Person, server_url: str, simulator: Simulator
) -> None:
    """Where Telldus will not say whose account it is, its gateways tell."""
    simulator.settings.refuse_profile = True
    await person.begin()
    await person.submit(keys(server_url))
    step = await person.sign_in(await person.choose("authorize"))
    assert step["type"] == "create_entry"
    assert step["title"] == "Telldus Live!"
    entry = only_entry(hass)
    assert entry.data[CONF_ACCOUNT_UUID] is None
    assert entry.data[CONF_GATEWAYS] == sorted(simulator.home.gateways)
    assert entry.unique_id

    # The same account again, this time with a word from Telldus.
    simulator.settings.refuse_profile = False
    await person.time.move(60)
    await person.begin()
    await person.choose("reuse_keys")
    step = await person.sign_in(await person.choose("authorize"))
    assert (step["type"], step["reason"]) == ("abort", "already_configured")

    # Another account, to which the same gateways are merely shared.
    await person.time.move(60)
    await person.begin()
    await person.choose("reuse_keys")
    step = await person.sign_in(await person.choose("authorize"), user="guest")
    assert step["type"] == "create_entry"


@pytest.mark.parametrize(
    "fault", [Fault.NOT_FOUND, Fault.UNAUTHORIZED_XML, Fault.APPLICATION_ERROR]
)
async def test_profile_not_there(
    hass: HomeAssistant,
    person: Person,
    server_url: str,
    simulator: Simulator,
    fault: Fault,
) -> None:
    """A server that will not say does not keep anybody from signing in."""
    simulator.faults.add(fault, match="json/user/profile", times=None)
    await person.begin()
    await person.submit(keys(server_url))
    step = await person.sign_in(await person.choose("authorize"))
    assert step["type"] == "create_entry"
    assert only_entry(hass).data[CONF_ACCOUNT_UUID] is None


async def test_same_account_twice(
    hass: HomeAssistant,
    person: Person,
    entry: MockConfigEntry,
    server_url: str,
    simulator: Simulator,
) -> None:
    """An account is set up once; another one may use the same keys."""
    await sign_in_account(person, server_url)
    step = await person.begin()
    assert (step["type"], step["step_id"]) == ("menu", "another_account")
    assert (await person.look())["step_id"] == "another_account"
    step = await person.choose("reuse_keys")
    assert step["step_id"] == "method"
    step = await person.sign_in(await person.choose("authorize"))
    assert (step["type"], step["reason"]) == ("abort", "already_configured")

    await person.time.move(60)
    await person.begin()
    step = await person.choose("user")
    assert (step["type"], step["step_id"]) == ("form", "user")
    await person.submit(keys(server_url))
    simulator.homes["neighbour"] = demo_home(clock.time())
    step = await person.sign_in(await person.choose("authorize"), user="neighbour")
    assert step["type"] == "create_entry"
    assert step["title"] == "Telldus Live! (Neighbour)"


async def sign_in_account(person: Person, server_url: str) -> None:
    """Set up the account of the user "demo" beside whatever is there."""
    await person.begin()
    await person.choose("user")
    await person.submit(keys(server_url))
    step = await person.sign_in(await person.choose("authorize"))
    assert step["type"] == "create_entry"
    await person.time.move(60)


async def test_known_keys_no_longer_good(
    person: Person, entry: MockConfigEntry, simulator: Simulator
) -> None:
    """Keys that Telldus has withdrawn are asked for again."""
    simulator.tokens.consumers.clear()
    await person.begin()
    step = await person.choose("reuse_keys")
    assert (step["step_id"], step["errors"]) == ("user", {"base": "invalid_auth"})


# Signing in again


@pytest.fixture
async def refused(
    hass: HomeAssistant, person: Person, server_url: str, simulator: Simulator
) -> ConfigEntry:
    """Return the entry of a person who is asked to sign in again."""
    await person.begin()
    await person.submit(keys(server_url))
    await person.sign_in(await person.choose("authorize"))
    entry = only_entry(hass)
    await person.time.move(40)
    simulator.revoke()
    await person.time.move(60)
    # One refusal may be a hiccup, and so may two in a row.
    assert not hass.config_entries.flow.async_progress()
    await person.time.move(61)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    person.flow_id = flow["flow_id"]
    return entry


async def test_reauth(
    hass: HomeAssistant,
    person: Person,
    refused: ConfigEntry,
    simulator: Simulator,
) -> None:
    """One click, Telldus, and all is as it was."""
    entry = refused
    before = {state.entity_id for state in hass.states.async_all()}
    unique_id, token = entry.unique_id, entry.data[CONF_TOKEN]
    step = await person.look()
    assert (step["type"], step["step_id"]) == ("menu", "reauth_confirm")
    assert step["description_placeholders"]["name"] == entry.title
    step = await person.sign_in(await person.choose("authorize"))
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")
    await person.time.move(15)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.unique_id == unique_id
    assert entry.data[CONF_TOKEN] != token
    assert {state.entity_id for state in hass.states.async_all()} == before
    assert hass.states.get("switch.window_lamp").state == "on"  # type: ignore[union-attr]  # there
    assert not hass.config_entries.flow.async_progress()


async def test_reauth_with_another_account(
    hass: HomeAssistant, person: Person, refused: ConfigEntry
) -> None:
    """Somebody else's token does not get in, and the right person is still asked."""
    token = refused.data[CONF_TOKEN]
    first = await person.choose("authorize")
    step = await person.sign_in(first, user="neighbour")
    assert (step["type"], step["step_id"]) == ("form", "wrong_account")
    assert (await person.look())["step_id"] == "wrong_account"
    assert refused.data[CONF_TOKEN] == token
    assert len(hass.config_entries.flow.async_progress()) == 1
    second = await person.submit()
    assert second["url"] != first["url"]
    step = await person.sign_in(second)
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")
    assert refused.data[CONF_TOKEN] != token


async def test_reauth_link_left_open(
    person: Person, refused: ConfigEntry, simulator: Simulator
) -> None:
    """A link that is too old is replaced, also where the person goes on at once."""
    step = await person.choose("manual")
    old = step["description_placeholders"]["link"]
    await person.time.move(3700)
    step = await person.submit()
    assert (step["step_id"], step["errors"]) == ("manual", {"base": "link_expired"})
    new = step["description_placeholders"]["link"]
    assert new != old
    simulator.authorize(URL(new).query["oauth_token"])
    step = await person.submit()
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")


@pytest.mark.parametrize(
    ("owned", "shown", "user", "is_let_in"),
    [
        # Both are guests in the same house.
        ([], True, "guest", True),
        # Nothing of the entry's is seen by who signs in.
        ([], False, "guest", False),
        # Guests are no owners, and the other way round.
        (["410001"], True, "guest", False),
        ([], True, "demo", False),
    ],
)
async def test_reauth_that_nothing_proves(
    hass: HomeAssistant,
    person: Person,
    refused: ConfigEntry,
    simulator: Simulator,
    device_registry: dr.DeviceRegistry,
    owned: list[str],
    shown: bool,
    user: str,
    is_let_in: bool,
) -> None:
    """Who owns no gateway is believed where the entry has none of its own either."""
    hass.config_entries.async_update_entry(
        refused, data={**refused.data, CONF_GATEWAYS: owned}
    )
    if not shown:
        await person.time.until(hass.config_entries.async_unload(refused.entry_id))
        for device in dr.async_entries_for_config_entry(
            device_registry, refused.entry_id
        ):
            device_registry.async_remove_device(device.id)
    simulator.settings.refuse_profile = True
    step = await person.sign_in(await person.choose("authorize"), user=user)
    assert (step.get("reason") == "reauth_successful") is is_let_in
    assert (step.get("step_id") == "wrong_account") is not is_let_in


async def test_reauth_left_open(person: Person, refused: ConfigEntry) -> None:
    """The dialog is closed at Telldus' page and opened again hours later."""
    first = await person.choose("authorize")
    await person.time.move(2 * 3600)
    step = await person.look()
    assert (step["type"], step["step_id"]) == ("external_done", "expired")
    assert (await person.look())["step_id"] == "expired"
    second = await person.submit()
    assert second["url"] != first["url"]
    step = await person.sign_in(second)
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")


async def test_reauth_by_link(
    person: Person, refused: ConfigEntry, simulator: Simulator
) -> None:
    """The manual way leads there as well."""
    step = await person.choose("manual")
    token = URL(step["description_placeholders"]["link"]).query["oauth_token"]
    simulator.authorize(token)
    step = await person.submit()
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")


async def test_reauth_without_an_address(
    person: Person, refused: ConfigEntry, simulator: Simulator
) -> None:
    """Where the browser cannot come back, one click leads to the link."""
    person.base = None
    assert (await person.choose("authorize"))["step_id"] == "manual"


async def test_begun_by_nobody(hass: HomeAssistant, server_url: str) -> None:
    """A flow that no browser drives has no address to come back to."""
    flows = hass.config_entries.flow
    step = await flows.async_init(DOMAIN, context={"source": "user"})
    step = await flows.async_configure(step["flow_id"], keys(server_url))
    assert step["step_id"] == "manual"


async def test_reauth_with_new_keys(
    person: Person, refused: ConfigEntry, server_url: str, simulator: Simulator
) -> None:
    """Where the keys are no longer good, new ones are asked for."""
    simulator.tokens.consumers.clear()
    simulator.tokens.consumers["new"] = "pair"
    step = await person.choose("authorize")
    assert (step["step_id"], step["errors"]) == ("user", {"base": "invalid_auth"})
    step = await person.submit(keys(server_url, public_key="new", private_key="pair"))
    assert step["step_id"] == "method"
    step = await person.sign_in(await person.choose("authorize"))
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")
    assert refused.data[CONF_PUBLIC_KEY] == "new"


async def test_reauth_without_profile(
    person: Person, refused: ConfigEntry, simulator: Simulator
) -> None:
    """An account whose profile is refused now proves itself by its gateways."""
    profile = refused.data[CONF_ACCOUNT_UUID]
    simulator.settings.refuse_profile = True
    step = await person.sign_in(await person.choose("authorize"))
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")
    assert refused.data[CONF_ACCOUNT_UUID] == profile


async def test_reauth_ends_by_itself(
    hass: HomeAssistant,
    person: Person,
    refused: ConfigEntry,
    simulator: Simulator,
) -> None:
    """When Telldus accepts the token again, nobody needs to sign in any more."""
    token = refused.data[CONF_TOKEN]
    simulator.tokens.new_access_token(DEMO_PUBLIC_KEY, "demo")
    (kept,) = simulator.tokens.access_tokens.values()
    del simulator.tokens.access_tokens[kept.token]
    kept.token, kept.secret = token, refused.data["token_secret"]
    simulator.tokens.access_tokens[token] = kept
    asked = len(simulator.log)
    await person.time.move(1600)
    assert len(simulator.log) == asked
    await person.time.move(400)
    assert len(simulator.log) > asked
    assert not hass.config_entries.flow.async_progress()
    assert hass.states.get("switch.window_lamp").state == "on"  # type: ignore[union-attr]  # there


# Options

SHUTTER = "cover.bedroom_shutter"
SHUTTER_ID = "2100007"
BLINDS_ID = "2100045"
ROOF_ID = "2100055"


def suggested(step: Step) -> dict[str, Any]:
    """Return the fields of a form, in their order, with what is filled in already."""
    return {
        field["name"]: field.get("description", {}).get("suggested_value")
        for field in step["data_schema"]
    }


def choices(step: Step) -> dict[str, str]:
    """Return which covers can be chosen."""
    (field,) = [one for one in step["data_schema"] if one["name"] == "reversed_covers"]
    assert field["selector"]["select"]["multiple"]
    return {
        one["value"]: one["label"] for one in field["selector"]["select"]["options"]
    }


async def options(person: Person, entry: ConfigEntry) -> Step:
    """Open the options."""
    step = await person._call("post", OPTIONS, {"handler": entry.entry_id})  # noqa: SLF001
    assert (step["type"], step["step_id"]) == ("form", "init")
    return step


async def test_options(
    hass: HomeAssistant, person: Person, loaded: MockConfigEntry, simulator: Simulator
) -> None:
    """The poll interval takes effect at once."""
    step = await options(person, loaded)
    assert suggested(step) == {
        CONF_SCAN_INTERVAL: 30,
        CONF_PUSH: None,
        CONF_INCLUDE_IGNORED: None,
        CONF_REVERSED_COVERS: [],
        CONF_IMPORT_HISTORY: None,
    }
    step = await person.submit({CONF_SCAN_INTERVAL: 600}, OPTIONS)
    assert step["type"] == "create_entry"
    assert loaded.options == {
        CONF_SCAN_INTERVAL: 600,
        CONF_PUSH: True,
        CONF_INCLUDE_IGNORED: False,
        CONF_REVERSED_COVERS: [],
    }
    await person.time.move(20)
    polls = [r for r in simulator.log if r.path == "json/devices/list"]
    await person.time.move(500)
    assert [r for r in simulator.log if r.path == "json/devices/list"] == polls
    await person.time.move(100)
    assert len([r for r in simulator.log if r.path == "json/devices/list"]) == (
        len(polls) + 1
    )


async def test_import_without_recorder(person: Person, loaded: MockConfigEntry) -> None:
    """What cannot be imported is said in the form, and what was chosen stays there."""
    before = loaded.options
    await options(person, loaded)
    answer = {
        CONF_SCAN_INTERVAL: 90,
        CONF_REVERSED_COVERS: [SHUTTER_ID],
        CONF_IMPORT_HISTORY: True,
    }
    step = await person.submit(answer, OPTIONS)
    assert (step["type"], step["step_id"]) == ("form", "init")
    assert step["errors"] == {CONF_IMPORT_HISTORY: "no_recorder"}
    assert suggested(step)[CONF_SCAN_INTERVAL] == 90
    assert suggested(step)[CONF_REVERSED_COVERS] == [SHUTTER_ID]
    assert loaded.options == before
    step = await person.submit({**answer, CONF_IMPORT_HISTORY: False}, OPTIONS)
    assert step["type"] == "create_entry"
    assert loaded.options[CONF_SCAN_INTERVAL] == 90
    assert CONF_IMPORT_HISTORY not in loaded.options


@pytest.mark.parametrize("interval", [0, 19, 3601])
async def test_options_out_of_range(
    person: Person, loaded: MockConfigEntry, interval: int
) -> None:
    """Telldus' limit bounds the choice."""
    response = await person.client.post(OPTIONS, json={"handler": loaded.entry_id})
    flow_id = (await response.json())["flow_id"]
    response = await person.client.post(
        f"{OPTIONS}/{flow_id}", json={CONF_SCAN_INTERVAL: interval}
    )
    assert response.status == HTTPStatus.BAD_REQUEST


async def test_reversed_covers(
    hass: HomeAssistant,
    person: Person,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """A person says which covers run the other way, by the names that they know."""
    assert state_of(hass, SHUTTER).attributes["current_position"] == 0
    device = device_registry.async_get_device_by_identifier(
        (DOMAIN, f"{ACCOUNT}_device_{ROOF_ID}"), loaded.entry_id
    )
    assert device is not None
    device_registry.async_update_device(device.id, name_by_user="Skylight")

    step = await options(person, loaded)
    assert choices(step) == {
        SHUTTER_ID: "Bedroom shutter",
        BLINDS_ID: "All blinds",
        ROOF_ID: "Skylight",
    }
    answer = {
        CONF_SCAN_INTERVAL: 30,
        CONF_PUSH: True,
        CONF_INCLUDE_IGNORED: False,
        CONF_REVERSED_COVERS: [SHUTTER_ID],
    }
    await person.submit(answer, OPTIONS)
    assert loaded.options == answer
    await person.time.move(20)
    assert state_of(hass, SHUTTER).attributes["current_position"] == 100

    step = await options(person, loaded)
    assert suggested(step) == {**answer, CONF_IMPORT_HISTORY: None}
    await person.submit({**answer, CONF_REVERSED_COVERS: []}, OPTIONS)
    assert loaded.options[CONF_REVERSED_COVERS] == []
    await person.time.move(20)
    assert state_of(hass, SHUTTER).attributes["current_position"] == 0


async def test_reversed_cover_that_went(
    hass: HomeAssistant,
    person: Person,
    add_entry: AddEntry,
    simulator: Simulator,
) -> None:
    """A cover that is gone is in nobody's way, and is remembered should it come back."""
    entry = add_entry(options={CONF_REVERSED_COVERS: [SHUTTER_ID, "1", ROOF_ID]})
    del simulator.home.devices[ROOF_ID]
    await person.time.until(hass.config_entries.async_setup(entry.entry_id))
    step = await options(person, entry)
    assert choices(step).keys() == {SHUTTER_ID, BLINDS_ID}
    assert suggested(step)[CONF_REVERSED_COVERS] == [SHUTTER_ID]
    step = await person.submit(
        {CONF_SCAN_INTERVAL: 30, CONF_REVERSED_COVERS: [BLINDS_ID]}, OPTIONS
    )
    assert step["type"] == "create_entry"
    assert entry.options[CONF_REVERSED_COVERS] == [BLINDS_ID, "1", ROOF_ID]


async def test_no_such_cover(person: Person, loaded: MockConfigEntry) -> None:
    """Only what is offered can be chosen."""
    await options(person, loaded)
    response = await person.client.post(
        f"{OPTIONS}/{person.flow_id}",
        json={CONF_SCAN_INTERVAL: 30, CONF_REVERSED_COVERS: ["2100006"]},
    )
    assert response.status == HTTPStatus.BAD_REQUEST


async def test_no_cover_with_a_position(
    hass: HomeAssistant, person: Person, add_entry: AddEntry, simulator: Simulator
) -> None:
    """Who has no such cover is not asked; dimmers are none."""
    for device_id in (SHUTTER_ID, BLINDS_ID, ROOF_ID):
        del simulator.home.devices[device_id]
    entry = add_entry()
    await person.time.until(hass.config_entries.async_setup(entry.entry_id))
    step = await options(person, entry)
    assert list(suggested(step)) == [
        CONF_SCAN_INTERVAL,
        CONF_PUSH,
        CONF_INCLUDE_IGNORED,
        CONF_IMPORT_HISTORY,
    ]
    await person.submit({CONF_SCAN_INTERVAL: 30}, OPTIONS)
    assert entry.options[CONF_REVERSED_COVERS] == []


async def test_options_while_telldus_is_lost(
    hass: HomeAssistant, person: Person, add_entry: AddEntry, simulator: Simulator
) -> None:
    """Where nothing is known of covers, the rest can be set, and the choice is kept."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/devices/list", times=None)
    entry = add_entry(options={CONF_REVERSED_COVERS: [SHUTTER_ID]})
    await person.time.until(hass.config_entries.async_setup(entry.entry_id))
    assert entry.state is ConfigEntryState.SETUP_RETRY
    step = await options(person, entry)
    assert list(suggested(step)) == [
        CONF_SCAN_INTERVAL,
        CONF_PUSH,
        CONF_INCLUDE_IGNORED,
        CONF_IMPORT_HISTORY,
    ]
    # That cannot be asked for what it has kept, either.
    answer = {CONF_SCAN_INTERVAL: 45, CONF_IMPORT_HISTORY: True}
    step = await person.submit(answer, OPTIONS)
    assert step["errors"] == {CONF_IMPORT_HISTORY: "entry_not_loaded"}
    assert suggested(step)[CONF_SCAN_INTERVAL] == 45
    # Telldus is there again before the form is sent.
    simulator.faults.clear()
    await person.time.until(hass.config_entries.async_reload(entry.entry_id))
    await person.submit({CONF_SCAN_INTERVAL: 60}, OPTIONS)
    assert entry.options[CONF_REVERSED_COVERS] == [SHUTTER_ID]
    await person.time.move(20)
    assert state_of(hass, SHUTTER).attributes["current_position"] == 100


async def test_include_ignored(
    hass: HomeAssistant,
    person: Person,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """What is hidden at Telldus is left out, or there and disabled, as the person likes."""
    hidden = "switch.hidden_plug"
    assert entity_registry.async_get(hidden) is None
    for include in (True, False):
        step = await options(person, loaded)
        assert bool(suggested(step)[CONF_INCLUDE_IGNORED]) is not include
        await person.submit(
            {CONF_SCAN_INTERVAL: 30, CONF_INCLUDE_IGNORED: include}, OPTIONS
        )
        await person.time.move(45)
        entity = entity_registry.async_get(hidden)
        assert (entity is not None) is include
        if entity:
            assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
