"""The callback under attack: guessed, stale and crossed states, and script."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import quote

import pytest
from yarl import URL

from homeassistant.core import HomeAssistant
from simulator import DEMO_PUBLIC_KEY, Fault, Simulator
from tests.flow_user import FlowUser, keys

from .conftest import asked, at_telldus, awaited, go_on, view_of

pytestmark = pytest.mark.only("Window lamp")


CALLBACK = "/api/telldus_pa/callback/"


async def raw(flow_user: FlowUser, method: str, target: str) -> tuple[int, str]:
    """Ask Home Assistant for something that no client would write like that."""
    server = flow_user.client.server
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(
        method.encode() + b" " + target.encode() + b" HTTP/1.1\r\n"
        b"Host: home.example\r\nConnection: close\r\n\r\n"
    )
    with suppress(ConnectionError):
        await writer.drain()
    answer = (await reader.read()).decode()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    await flow_user.time.settle()
    return int(answer.split()[1]), answer


async def test_wrong_states(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, woken: list[str]
) -> None:
    """Nothing but the state itself is the state, and guessing it spoils nothing."""
    address = flow_user.agree(await at_telldus(flow_user, server_url))
    state = address.name
    woken.clear()
    for guess in (
        *("", ".", "..", "*", "None", "%FF%FE", "%ED%A0%80", "%", "%00" * 2000),
        *(state[:-1], f"{state}A", f"{state}%20", f"{state}%00"),
        *(f"{state}/", f"{state}%2f", f"{state};", f"{state}/more", f"/{state}"),
        *(f"{state},{state}", f"?state={state}", f"%20{state}", state.swapcase()),
        *("a" * 8000, "'%20OR%201=1%20--", "{state}"),
    ):
        for target in (guess, f"{guess}?{address.raw_query_string}"):
            status, answer = await raw(flow_user, "GET", f"{CALLBACK}{target}")
            assert status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND), guess
            assert state not in answer
            assert address.query["oauth_verifier"] not in answer
    assert woken == []
    assert awaited(hass) == [state]

    assert (await flow_user.come_back(address))[0] == HTTPStatus.OK
    assert (await go_on(flow_user))["type"] == "create_entry"


async def test_other_methods(
    flow_user: FlowUser, server_url: str, woken: list[str]
) -> None:
    """A link is looked at, shared and scanned by all sorts of things, which changes nothing."""
    address = flow_user.agree(await at_telldus(flow_user, server_url))
    woken.clear()
    for method in ("HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
        status, _ = await raw(flow_user, method, address.raw_path_qs)
        assert status in (HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED), method
    assert woken == []
    assert (await flow_user.come_back(address))[0] == HTTPStatus.OK
    assert (await go_on(flow_user))["type"] == "create_entry"


async def test_no_other_site_may_read_it(flow_user: FlowUser, server_url: str) -> None:
    """A script of another site is not told whether a state is good, nor lets itself be shown."""
    address = flow_user.agree(await at_telldus(flow_user, server_url))
    for target in (address.with_name("guess"), address):
        response = await flow_user.client.get(
            target.raw_path_qs,
            headers={"Authorization": "", "Origin": "https://evil.example"},
        )
        named = {name.lower() for name in response.headers}
        assert not [name for name in named if name.startswith("access-control-")]
        assert not named & {"set-cookie", "location", "refresh", "link", "etag"}
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Frame-Options"] in ("DENY", "SAMEORIGIN")
        page = await response.text()
        assert "http" not in page
        assert "href" not in page
        assert "src" not in page
        assert address.name not in page
    assert response.status == HTTPStatus.OK


async def test_flood(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    woken: list[str],
) -> None:
    """A thousand guesses leave nothing behind, wake nobody, and keep nobody from signing in."""
    address = flow_user.agree(await at_telldus(flow_user, server_url))

    async def guess(number: int) -> None:
        query = {"oauth_token": f"token{number}", "oauth_verifier": f"verifier{number}"}
        target = URL(f"{CALLBACK}{number:043}").with_query(query)
        async with flow_user.client.get(
            target, headers={"Authorization": ""}
        ) as response:
            await response.read()
            assert response.status == HTTPStatus.BAD_REQUEST

    # Who is connected costs a task, however many calls come.
    await guess(-1)
    woken.clear()
    tasks = len(asyncio.all_tasks())
    timers = len(hass.loop._scheduled)  # type: ignore[attr-defined]  # noqa: SLF001
    for number in range(1000):
        await guess(number)
    assert woken == []
    assert vars(view_of(hass)).keys() == {"_pending"}
    assert awaited(hass) == [address.name]
    assert asked(simulator) == ["oauth/requestToken"]
    assert len(asyncio.all_tasks()) < tasks + 10
    # Those that are cancelled are swept when there are a hundred of them.
    assert len(hass.loop._scheduled) < timers + 200  # type: ignore[attr-defined]  # noqa: SLF001

    assert (await flow_user.come_back(address))[0] == HTTPStatus.OK
    assert woken == [flow_user.flow_id]
    assert (await go_on(flow_user))["type"] == "create_entry"


@pytest.mark.parametrize(
    "query",
    [
        *("oauth_token=&oauth_verifier=x", "oauth_token=another&oauth_verifier=x"),
        *("oauth_token=GOOD%00&oauth_verifier=x", "oauth_token=", "oauth_verifier=x"),
        *("oauth_token=%FF&oauth_verifier=x", "oauth_token=%ED%A0%80"),
        "oauth_token=%F0%9F%92%A1&oauth_verifier=x",
        "oauth_token=evil&oauth_verifier=x&oauth_token=GOOD",
    ],
)
async def test_crossed_token(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    woken: list[str],
    query: str,
) -> None:
    """A verifier for any token but that of the sign-in is not taken, and ends its state."""
    address = flow_user.agree(await at_telldus(flow_user, server_url))
    woken.clear()
    query = query.replace("GOOD", address.query["oauth_token"])
    status, _ = await raw(flow_user, "GET", f"{address.raw_path}?{query}")
    assert status == HTTPStatus.BAD_REQUEST
    assert (await flow_user.come_back(address))[0] == HTTPStatus.BAD_REQUEST
    assert woken == [flow_user.flow_id]
    assert awaited(hass) == []
    # The dialog does not wait for what cannot come any more.
    assert (await flow_user.look())["step_id"] == "failed"
    assert asked(simulator) == ["oauth/requestToken"]


async def test_login_csrf(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """Somebody else's agreed token does not get into my sign-in by my own browser."""
    token = simulator.tokens.new_request_token(DEMO_PUBLIC_KEY, None)
    simulator.authorize(token.token, "neighbor")
    step = await at_telldus(flow_user, server_url)
    pushed = {"oauth_token": token.token, "oauth_verifier": token.verifier}
    # An attacker has a sign-in of their own, and its state, at their own home.
    other_state = "b" * 43
    for target in (other_state, "", flow_user.flow_id, f"?flow_id={flow_user.flow_id}"):
        address = URL(f"{CALLBACK}{target}").update_query(pushed)
        status, _ = await flow_user.come_back(address)
        assert status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
        # Nor by way of the dialog.
        assert (await flow_user.submit(pushed))["url"] == step["url"]
    assert asked(simulator) == ["oauth/requestToken"]
    assert token.token in simulator.tokens.request_tokens
    step = await flow_user.sign_in(step)
    assert step["title"] == "Telldus Live! (Demo)"


@pytest.mark.parametrize("swapped", ["path", "query"])
async def test_two_sign_ins_crossed(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, swapped: str
) -> None:
    """Of two sign-ins at once, each takes what belongs to it, in whichever order."""
    first = flow_user.agree(await at_telldus(flow_user, server_url))
    first_flow = flow_user.flow_id
    second = flow_user.agree(await at_telldus(flow_user, server_url))
    crossed = (
        second.with_query(first.query)
        if swapped == "query"
        else first.with_path(second.path, keep_query=True)
    )
    assert (await flow_user.come_back(crossed))[0] == HTTPStatus.BAD_REQUEST
    # The one whose state was misused has to begin again, the other is untouched.
    assert awaited(hass) == [first.name]
    assert (await flow_user.come_back(second))[0] == HTTPStatus.BAD_REQUEST
    assert (await flow_user.come_back(first))[0] == HTTPStatus.OK
    assert (await flow_user.look())["step_id"] == "failed"
    flow_user.flow_id = first_flow
    assert (await go_on(flow_user))["type"] == "create_entry"


async def end_by_refusal(flow_user: FlowUser, address: URL) -> None:
    """Refuse, and begin again."""
    refusal = address.without_query_params("oauth_verifier")
    assert (await flow_user.come_back(refusal))[0] == HTTPStatus.OK
    assert (await go_on(flow_user))["step_id"] == "refused"
    assert (await flow_user.choose("authorize"))["type"] == "external"


async def end_by_time(flow_user: FlowUser, address: URL) -> None:
    """Come too late, and begin again."""
    await flow_user.time.move(601)
    assert (await flow_user.look())["step_id"] == "expired"
    assert (await flow_user.choose("authorize"))["type"] == "external"


async def end_by_success(flow_user: FlowUser, address: URL) -> None:
    """Sign in."""
    assert (await flow_user.come_back(address))[0] == HTTPStatus.OK
    assert (await go_on(flow_user))["type"] == "create_entry"


async def end_by_failure(flow_user: FlowUser, address: URL) -> None:
    """Come back to a Telldus that refuses the exchange, and begin again."""
    flow_user.simulator.faults.add(
        Fault.UNAUTHORIZED_TEXT, match="oauth/accessToken", times=1
    )
    assert (await flow_user.come_back(address))[0] == HTTPStatus.OK
    assert (await go_on(flow_user))["step_id"] == "failed"
    assert (await flow_user.submit())["type"] == "external"


async def end_by_closing(flow_user: FlowUser, address: URL) -> None:
    """Close the dialog."""
    flow_user.hass.config_entries.flow.async_abort(flow_user.flow_id)


@pytest.mark.parametrize(
    "end",
    [end_by_refusal, end_by_time, end_by_success, end_by_failure, end_by_closing],
)
async def test_stale_state(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    woken: list[str],
    end: Callable[[FlowUser, URL], Awaitable[None]],
) -> None:
    """The state of what has ended is good for nothing, whatever comes with it."""
    address = flow_user.agree(await at_telldus(flow_user, server_url))
    await end(flow_user, address)
    fresh = awaited(hass)
    assert address.name not in fresh
    newest = next(reversed(simulator.tokens.request_tokens.values()), None)
    before = asked(simulator)
    woken.clear()
    replays = [
        address,
        address.update_query(oauth_verifier="another"),
        address.without_query_params("oauth_verifier"),
        address.with_query(None),
    ]
    if newest:
        replays.append(address.update_query(oauth_token=newest.token))
    for replay in replays:
        assert (await flow_user.come_back(replay))[0] == HTTPStatus.BAD_REQUEST
    assert woken == []
    assert awaited(hass) == fresh
    assert asked(simulator) == before
    if newest and fresh:
        # The one that followed is still good.
        address = URL(simulator.authorize(newest.token))
        assert (await flow_user.come_back(address))[0] == HTTPStatus.OK
        assert (await go_on(flow_user))["type"] == "create_entry"


async def test_stale_state_of_the_first_road(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, woken: list[str]
) -> None:
    """Who chose the link is no longer to be disturbed by a browser."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    (state,) = awaited(hass)
    await flow_user.choose("manual")
    woken.clear()
    token = next(iter(flow_user.simulator.tokens.request_tokens))
    address = URL(flow_user.simulator.authorize(token))
    assert address.name == state
    assert (await flow_user.come_back(address))[0] == HTTPStatus.BAD_REQUEST
    assert woken == []
    assert awaited(hass) == []


@pytest.mark.parametrize("agreed", [True, False])
async def test_a_browser_that_was_not_sent(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, agreed: bool
) -> None:
    """Who learns the state on its way, and is too fast, only makes us ask for another."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    token = next(iter(flow_user.simulator.tokens.request_tokens))
    address = URL(flow_user.simulator.authorize(token, "neighbor"))
    if not agreed:
        address = address.without_query_params("oauth_verifier")
    assert (await flow_user.come_back(address))[0] == HTTPStatus.OK
    assert (await flow_user.look())["step_id"] == "method"
    step = await flow_user.choose("authorize")
    assert step["type"] == "external"
    assert token not in step["url"]
    step = await flow_user.sign_in(step)
    assert step["title"] == "Telldus Live! (Demo)"


@pytest.mark.parametrize(
    "query",
    [
        {"denied": "{token}"},
        {"oauth_problem": "user_refused"},
        {"oauth_token": "{token}", "oauth_verifier": ""},
        {"oauth_token": "{token}", "oauth_verifier[]": "x"},
    ],
)
async def test_words_that_are_not_ours(
    flow_user: FlowUser, server_url: str, query: dict[str, str]
) -> None:
    """What other providers say is no agreement."""
    address = flow_user.agree(await at_telldus(flow_user, server_url))
    token = address.query["oauth_token"]
    query = {key: value.format(token=token) for key, value in query.items()}
    assert (await flow_user.come_back(address.with_query(query)))[0] == HTTPStatus.OK
    assert (await go_on(flow_user))["step_id"] == "refused"


@pytest.mark.parametrize(
    "verifier",
    [
        "\0",
        "a" * 8000,
        "\U0001f4a1",
        'a", oauth_token="b',
    ],
)
async def test_odd_verifier(
    flow_user: FlowUser, server_url: str, simulator: Simulator, verifier: str
) -> None:
    """A verifier that Telldus did not give is refused there, and does no harm on its way."""
    address = flow_user.agree(await at_telldus(flow_user, server_url))
    address = address.update_query(oauth_verifier=verifier)
    assert (await flow_user.come_back(address))[0] == HTTPStatus.OK
    step = await go_on(flow_user)
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "invalid_auth"})
    assert asked(simulator) == ["oauth/requestToken", "oauth/accessToken"]
    assert (await flow_user.submit())["type"] == "external"


@pytest.mark.parametrize(
    "place", ["state", "oauth_token", "oauth_verifier", "denied", "more", "name"]
)
async def test_script(flow_user: FlowUser, server_url: str, place: str) -> None:
    """Nothing that comes in with a browser is in what it is shown."""
    script = "\"'><svg onload=alert(1)>"
    address = flow_user.agree(await at_telldus(flow_user, server_url))
    if place == "state":
        address = URL(CALLBACK + quote(script, safe=""), encoded=True).with_query(
            address.query
        )
    else:
        named = {script: "x"} if place == "name" else {place: script}
        address = address.update_query(named)
    response = await flow_user.client.get(
        address.raw_path_qs, headers={"Authorization": ""}
    )
    await flow_user.time.settle()
    page = await response.text()
    assert "alert" not in page
    assert response.content_type == "text/html"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
