"""Signing in under attack: by strangers at the callback, by servers, by odd input."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
import datetime as dt
from http import HTTPStatus
from ipaddress import ip_address
import json
from pathlib import Path
import re
import ssl
from typing import Any, override
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.telldus_pa.const import CONF_SERVER_URL, DOMAIN
from custom_components.telldus_pa.sign_in.callback_view import (
    TelldusAuthCallbackView,
    async_get_view,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN, MATCH_ALL
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.json import json_dumps
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Fault, Simulator

from . import test_config_flow as signing_in
from .conftest import AddEntry, Time
from .test_config_flow import FLOWS, OPTIONS, Person, Step, keys, only_entry

CALLBACK = "/api/telldus_pa/callback/"

person = signing_in.person
refused = signing_in.refused


# Helpers


async def at_telldus(person: Person, server_url: str) -> Step:
    """Go as far as the external step."""
    await person.begin()
    await person.submit(keys(server_url))
    step = await person.choose("authorize")
    assert step["type"] == "external"
    return step


async def go_on(person: Person) -> Step:
    """Look at the dialog until it is no longer between two steps."""
    step = await person.look()
    return await person.submit() if step["type"] == "external_done" else step


def view_of(hass: HomeAssistant) -> TelldusAuthCallbackView:
    """Return the view that Telldus sends browsers to."""
    return async_get_view(hass)


def awaited(hass: HomeAssistant) -> list[str]:
    """Return the states of the browsers that are awaited."""
    return list(view_of(hass)._pending)  # noqa: SLF001


def asked(simulator: Simulator) -> list[str]:
    """Return what Telldus was asked."""
    return [request.path for request in simulator.log]


async def raw(person: Person, method: str, target: str) -> tuple[int, str]:
    """Ask Home Assistant for something that no client would write like that."""
    server = person.client.server
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
    await person.time.settle()
    return int(answer.split()[1]), answer


@pytest.fixture
def woken(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of the flows that somebody went on with, kept up to date."""
    flows = hass.config_entries.flow
    configure = flows.async_configure
    woken: list[str] = []

    async def note(flow_id: str, user_input: Any = None) -> Any:
        woken.append(flow_id)
        return await configure(flow_id, user_input)

    monkeypatch.setattr(flows, "async_configure", note)
    return woken


type Answer = Callable[[bytes], bytes]


@dataclass
class Impostor:
    """A server that answers as a test likes, and keeps what it is sent."""

    url: str = ""
    heads: list[bytes] = field(default_factory=list)
    answer: Answer = lambda _: http(b"")

    async def handle(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            writer.write(self.answer(head))
            await writer.drain()
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    @property
    def port(self) -> int:
        """Return where it listens."""
        port = URL(self.url).port
        assert port is not None
        return port


type NewImpostor = Callable[..., Awaitable[Impostor]]


@pytest.fixture
async def new_impostor(socket_enabled: None) -> AsyncGenerator[NewImpostor]:
    """Return a function that starts a server of somebody else."""
    servers = []

    async def start(
        answer: Answer | None = None, tls: ssl.SSLContext | None = None
    ) -> Impostor:
        impostor = Impostor()
        if answer:
            impostor.answer = answer
        server = await asyncio.start_server(
            impostor.handle, "127.0.0.1", 0, ssl=tls, limit=1 << 20
        )
        servers.append(server)
        scheme = "https" if tls else "http"
        impostor.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return impostor

    yield start
    for server in servers:
        server.close()
        # Whoever was not listened to the end
        server.abort_clients()
        await server.wait_closed()


def http(body: bytes, status: str = "200 OK", *headers: bytes) -> bytes:
    """Return an answer."""
    lines = [
        f"HTTP/1.1 {status}".encode(),
        b"Content-Length: %d" % len(body),
        b"Connection: close",
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def token_answer(token: str) -> bytes:
    """Return the answer with a token pair, confirming the callback."""
    return http(
        f"oauth_token={token}&oauth_token_secret=b"
        "&oauth_callback_confirmed=true".encode()
    )


# At the callback: who does not know the state


async def test_wrong_states(
    hass: HomeAssistant, person: Person, server_url: str, woken: list[str]
) -> None:
    """Nothing but the state itself is the state, and guessing it spoils nothing."""
    address = person.agree(await at_telldus(person, server_url))
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
            status, answer = await raw(person, "GET", f"{CALLBACK}{target}")
            assert status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND), guess
            assert state not in answer
            assert address.query["oauth_verifier"] not in answer
    assert woken == []
    assert awaited(hass) == [state]

    assert (await person.come_back(address))[0] == HTTPStatus.OK
    assert (await go_on(person))["type"] == "create_entry"


async def test_other_methods(person: Person, server_url: str, woken: list[str]) -> None:
    """A link is looked at, shared and scanned by all sorts of things, which changes nothing."""
    address = person.agree(await at_telldus(person, server_url))
    woken.clear()
    for method in ("HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
        status, _ = await raw(person, method, address.raw_path_qs)
        assert status in (HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED), method
    assert woken == []
    assert (await person.come_back(address))[0] == HTTPStatus.OK
    assert (await go_on(person))["type"] == "create_entry"


async def test_no_other_site_may_read_it(person: Person, server_url: str) -> None:
    """A script of another site is not told whether a state is good, nor lets itself be shown."""
    address = person.agree(await at_telldus(person, server_url))
    for target in (address.with_name("guess"), address):
        response = await person.client.get(
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
    person: Person,
    server_url: str,
    simulator: Simulator,
    woken: list[str],
) -> None:
    """A thousand guesses leave nothing behind, wake nobody, and keep nobody from signing in."""
    address = person.agree(await at_telldus(person, server_url))

    async def guess(number: int) -> None:
        query = {"oauth_token": f"token{number}", "oauth_verifier": f"verifier{number}"}
        target = URL(f"{CALLBACK}{number:043}").with_query(query)
        async with person.client.get(target, headers={"Authorization": ""}) as response:
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

    assert (await person.come_back(address))[0] == HTTPStatus.OK
    assert woken == [person.flow_id]
    assert (await go_on(person))["type"] == "create_entry"


# At the callback: who knows a state, or knew one


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
    person: Person,
    server_url: str,
    simulator: Simulator,
    woken: list[str],
    query: str,
) -> None:
    """A verifier for any token but that of the sign-in is not taken, and ends its state."""
    address = person.agree(await at_telldus(person, server_url))
    woken.clear()
    query = query.replace("GOOD", address.query["oauth_token"])
    status, _ = await raw(person, "GET", f"{address.raw_path}?{query}")
    assert status == HTTPStatus.BAD_REQUEST
    assert (await person.come_back(address))[0] == HTTPStatus.BAD_REQUEST
    assert woken == []
    assert awaited(hass) == []
    assert (await person.look())["type"] == "external"
    assert asked(simulator) == ["oauth/requestToken"]


async def test_login_csrf(
    hass: HomeAssistant, person: Person, server_url: str, simulator: Simulator
) -> None:
    """Somebody else's agreed token does not get into my sign-in by my own browser."""
    token = simulator.tokens.new_request_token(DEMO_PUBLIC_KEY, None)
    simulator.authorize(token.token, "neighbour")
    step = await at_telldus(person, server_url)
    pushed = {"oauth_token": token.token, "oauth_verifier": token.verifier}
    # An attacker has a sign-in of their own, and its state, at their own home.
    other_state = "b" * 43
    for target in (other_state, "", person.flow_id, f"?flow_id={person.flow_id}"):
        address = URL(f"{CALLBACK}{target}").update_query(pushed)
        status, _ = await person.come_back(address)
        assert status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
        # Nor by way of the dialog.
        assert (await person.submit(pushed))["url"] == step["url"]
    assert asked(simulator) == ["oauth/requestToken"]
    assert token.token in simulator.tokens.request_tokens
    step = await person.sign_in(step)
    assert step["title"] == "Telldus Live! (Demo)"


@pytest.mark.parametrize("swapped", ["path", "query"])
async def test_two_sign_ins_crossed(
    hass: HomeAssistant, person: Person, server_url: str, swapped: str
) -> None:
    """Of two sign-ins at once, each takes what belongs to it, in whichever order."""
    first = person.agree(await at_telldus(person, server_url))
    first_flow = person.flow_id
    second = person.agree(await at_telldus(person, server_url))
    crossed = (
        second.with_query(first.query)
        if swapped == "query"
        else first.with_path(second.path, keep_query=True)
    )
    assert (await person.come_back(crossed))[0] == HTTPStatus.BAD_REQUEST
    # The one whose state was misused has to begin again, the other is untouched.
    assert awaited(hass) == [first.name]
    assert (await person.come_back(second))[0] == HTTPStatus.BAD_REQUEST
    assert (await person.come_back(first))[0] == HTTPStatus.OK
    assert (await person.look())["type"] == "external"
    person.flow_id = first_flow
    assert (await go_on(person))["type"] == "create_entry"


async def end_by_refusal(person: Person, address: URL) -> None:
    """Refuse, and begin again."""
    refusal = address.without_query_params("oauth_verifier")
    assert (await person.come_back(refusal))[0] == HTTPStatus.OK
    assert (await go_on(person))["step_id"] == "refused"
    assert (await person.submit())["type"] == "external"


async def end_by_time(person: Person, address: URL) -> None:
    """Come too late, and begin again."""
    await person.time.move(601)
    assert (await person.submit())["type"] == "external_done"
    assert (await person.look())["step_id"] == "expired"
    assert (await person.submit())["type"] == "external"


async def end_by_success(person: Person, address: URL) -> None:
    """Sign in."""
    assert (await person.come_back(address))[0] == HTTPStatus.OK
    assert (await go_on(person))["type"] == "create_entry"


async def end_by_failure(person: Person, address: URL) -> None:
    """Come back to a Telldus that refuses the exchange, and begin again."""
    person.simulator.faults.add(
        Fault.UNAUTHORIZED_TEXT, match="oauth/accessToken", times=1
    )
    assert (await person.come_back(address))[0] == HTTPStatus.OK
    assert (await go_on(person))["step_id"] == "failed"
    assert (await person.submit())["type"] == "external"


async def end_by_closing(person: Person, address: URL) -> None:
    """Close the dialog."""
    person.hass.config_entries.flow.async_abort(person.flow_id)


@pytest.mark.parametrize(
    "end",
    [end_by_refusal, end_by_time, end_by_success, end_by_failure, end_by_closing],
)
async def test_stale_state(
    hass: HomeAssistant,
    person: Person,
    server_url: str,
    simulator: Simulator,
    woken: list[str],
    end: Callable[[Person, URL], Awaitable[None]],
) -> None:
    """The state of what has ended is good for nothing, whatever comes with it."""
    address = person.agree(await at_telldus(person, server_url))
    await end(person, address)
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
        assert (await person.come_back(replay))[0] == HTTPStatus.BAD_REQUEST
    assert woken == []
    assert awaited(hass) == fresh
    assert asked(simulator) == before
    if newest and fresh:
        # The one that followed is still good.
        address = URL(simulator.authorize(newest.token))
        assert (await person.come_back(address))[0] == HTTPStatus.OK
        assert (await go_on(person))["type"] == "create_entry"


async def test_stale_state_of_the_first_road(
    hass: HomeAssistant, person: Person, server_url: str, woken: list[str]
) -> None:
    """Who chose the link is no longer to be disturbed by a browser."""
    await person.begin()
    await person.submit(keys(server_url))
    (state,) = awaited(hass)
    await person.choose("manual")
    woken.clear()
    token = next(iter(person.simulator.tokens.request_tokens))
    address = URL(person.simulator.authorize(token))
    assert address.name == state
    assert (await person.come_back(address))[0] == HTTPStatus.BAD_REQUEST
    assert woken == []
    assert awaited(hass) == []


@pytest.mark.parametrize("agreed", [True, False])
async def test_a_browser_that_was_not_sent(
    hass: HomeAssistant, person: Person, server_url: str, agreed: bool
) -> None:
    """Who learns the state on its way, and is too fast, only makes us ask for another."""
    await person.begin()
    await person.submit(keys(server_url))
    token = next(iter(person.simulator.tokens.request_tokens))
    address = URL(person.simulator.authorize(token, "neighbour"))
    if not agreed:
        address = address.without_query_params("oauth_verifier")
    assert (await person.come_back(address))[0] == HTTPStatus.OK
    assert (await person.look())["step_id"] == "method"
    step = await person.choose("authorize")
    assert step["type"] == "external"
    assert token not in step["url"]
    step = await person.sign_in(step)
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
    person: Person, server_url: str, query: dict[str, str]
) -> None:
    """What other providers say is no agreement."""
    address = person.agree(await at_telldus(person, server_url))
    token = address.query["oauth_token"]
    query = {key: value.format(token=token) for key, value in query.items()}
    assert (await person.come_back(address.with_query(query)))[0] == HTTPStatus.OK
    assert (await go_on(person))["step_id"] == "refused"


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
    person: Person, server_url: str, simulator: Simulator, verifier: str
) -> None:
    """A verifier that Telldus did not give is refused there, and does no harm on its way."""
    address = person.agree(await at_telldus(person, server_url))
    address = address.update_query(oauth_verifier=verifier)
    assert (await person.come_back(address))[0] == HTTPStatus.OK
    step = await go_on(person)
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "invalid_auth"})
    assert asked(simulator) == ["oauth/requestToken", "oauth/accessToken"]
    assert (await person.submit())["type"] == "external"


# At the callback: script


@pytest.mark.parametrize(
    "place", ["state", "oauth_token", "oauth_verifier", "denied", "more", "name"]
)
async def test_script(person: Person, server_url: str, place: str) -> None:
    """Nothing that comes in with a browser is in what it is shown."""
    script = "\"'><svg onload=alert(1)>"
    address = person.agree(await at_telldus(person, server_url))
    if place == "state":
        address = URL(CALLBACK + quote(script, safe=""), encoded=True).with_query(
            address.query
        )
    else:
        named = {script: "x"} if place == "name" else {place: script}
        address = address.update_query(named)
    response = await person.client.get(
        address.raw_path_qs, headers={"Authorization": ""}
    )
    await person.time.settle()
    page = await response.text()
    assert "alert" not in page
    assert response.content_type == "text/html"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


# At the dialog: input


async def post(person: Person, content: bytes | str) -> tuple[int, Any]:
    """Post anything to the dialog; return how that was taken."""

    async def call() -> tuple[int, Any]:
        response = await person.client.post(
            f"{FLOWS}/{person.flow_id}",
            data=content,
            headers={
                "Content-Type": "application/json",
                "HA-Frontend-Base": person.base or "",
                **person.headers,
            },
        )
        text = await response.text()
        return response.status, json.loads(text) if text[:1] == "{" else text

    return await person.time.until(call())


JUNK = [
    b"",
    b"null",
    b"[]",
    b"1",
    b'"text"',
    b"{",
    b"\xff\xfe",
    b"NaN",
    b"[" * 5000,
    b'{"a":' * 5000,
    b'{"oauth_verifier": "x", "oauth_token": "y", "code": "z", "state": "s"}',
    b'{"next_step_id": "exchange"}',
    b'{"next_step_id": null}',
    b'{"next_step_id": ["authorize"]}',
    b'{"user_input": {"next_step_id": "manual"}}',
    b'{"step_id": "exchange", "flow_id": "x", "handler": "y"}',
    b'{"": {"": [[]]}}',
    b'{"\\ud800": "\\udfff"}',
    b'{"a": 1e999}',
    b'{"__class__": "x", "self": 1}',
    b'{"x": "' + b"y" * 1_000_000 + b'"}',
]


async def test_junk_at_the_external_step(
    hass: HomeAssistant, person: Person, server_url: str, simulator: Simulator
) -> None:
    """The step that waits for the browser takes nothing from whoever posts to it."""
    step = await at_telldus(person, server_url)
    before = awaited(hass)
    for junk in JUNK:
        status, answer = await post(person, junk)
        assert status in (HTTPStatus.OK, HTTPStatus.BAD_REQUEST)
        if status == HTTPStatus.OK:
            assert (answer["type"], answer["url"]) == ("external", step["url"])
        assert (await person.look())["url"] == step["url"]
    assert awaited(hass) == before
    assert asked(simulator) == ["oauth/requestToken"]
    assert (await person.sign_in(step))["type"] == "create_entry"


STEPS = [
    "exchange",
    "expired",
    "refused",
    "failed",
    "reauth",
    "reauth_confirm",
    "reuse_keys",
    "another_account",
    "method",
    "user",
    "import",
    "remove",
    "",
    "authorize/../exchange",
    "AUTHORIZE",
    "__init__",
]


async def test_choices_that_are_not_offered(
    person: Person, server_url: str, simulator: Simulator
) -> None:
    """A menu leads only to what it shows."""
    await person.begin()
    await person.submit(keys(server_url))
    for choice in STEPS:
        status, _ = await post(person, json.dumps({"next_step_id": choice}))
        assert status == HTTPStatus.BAD_REQUEST, choice
        assert (await person.look())["step_id"] == "method"
    assert asked(simulator) == ["oauth/requestToken"]


async def test_choices_that_are_not_offered_again(
    person: Person, refused: MockConfigEntry, simulator: Simulator
) -> None:
    """The same where somebody is to sign in again."""
    before = len(simulator.log)
    for choice in STEPS:
        status, _ = await post(person, json.dumps({"next_step_id": choice}))
        assert status == HTTPStatus.BAD_REQUEST, choice
        assert (await person.look())["step_id"] == "reauth_confirm"
    assert len(simulator.log) == before


async def test_keys_of_another_form(
    person: Person, server_url: str, simulator: Simulator
) -> None:
    """The form for the keys takes nothing but what it asks for."""
    await person.begin()
    others: tuple[Step, ...] = (
        {"public_key": None},
        {"public_key": 1},
        {"public_key": ["x"]},
        {"private_key": {"x": "y"}},
        {"advanced": None},
        {"advanced": []},
        {"advanced": {"server_url": None}},
        {"advanced": {"server_url": ["https://evil.example"]}},
        {"advanced": {"server_url": "https://evil.example", "more": 1}},
        {"server_url": "https://evil.example"},
        {"token": "x"},
        {"flow_id": "x"},
    )
    for changes in others:
        status, _ = await post(person, json.dumps(keys(server_url) | changes))
        assert status == HTTPStatus.BAD_REQUEST, changes
        assert (await person.look())["step_id"] == "user"
    assert simulator.log == []


@pytest.mark.parametrize("name", ["public_key", "private_key"])
@pytest.mark.parametrize(
    "key",
    [
        "",
        "\0",
        "a\r\nX-Evil: 1",
        'a", oauth_callback="https://evil.example',
        "\U0001f4a1",
        "a" * 100_000,
    ],
)
async def test_odd_keys(person: Person, server_url: str, name: str, key: str) -> None:
    """Whatever is pasted for a key is a wrong key, and the next ones may be right."""
    await person.begin()
    status, step = await post(person, json.dumps(keys(server_url, **{name: key})))
    assert status == HTTPStatus.OK
    assert step["step_id"] == "user"
    assert step["errors"]["base"] in (
        "invalid_auth",
        "cannot_connect",
        "invalid_response",
    )
    assert (await person.submit(keys(server_url)))["step_id"] == "method"


@pytest.mark.parametrize("junk", [b"", b"[]", b'{"next_step_id": "exchange"}'])
async def test_junk_at_forms_without_fields(
    person: Person, server_url: str, junk: bytes
) -> None:
    """A form that has only Submit shows itself again, or begins anew, for any input."""
    address = person.agree(await at_telldus(person, server_url))
    refusal = address.without_query_params("oauth_verifier")
    assert (await person.come_back(refusal))[0] == HTTPStatus.OK
    assert (await go_on(person))["step_id"] == "refused"
    status, answer = await post(person, junk)
    if status == HTTPStatus.OK:
        assert answer["type"] == "external"
        assert address.query["oauth_token"] not in answer["url"]
    else:
        assert (await person.look())["step_id"] == "refused"


async def test_known_keys_that_are_gone(
    hass: HomeAssistant, person: Person, entry: MockConfigEntry
) -> None:
    """An account that is removed while its keys are on offer takes them with it."""
    await person.begin()
    await person.time.until(hass.config_entries.async_remove(entry.entry_id))
    step = await person.choose("reuse_keys")
    assert (step["type"], step["step_id"]) == ("form", "user")


# At the dialog: who is no administrator


@pytest.fixture(params=["read only", "nobody"])
async def stranger(
    request: pytest.FixtureRequest,
    person: Person,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> Person:
    """Return somebody who may not change the configuration, at the dialog of a person."""
    token = hass_read_only_access_token if request.param == "read only" else "nonsense"
    return replace(person, client=await hass_client(token))


async def test_others_cannot_drive_the_dialog(
    hass: HomeAssistant,
    person: Person,
    stranger: Person,
    server_url: str,
    simulator: Simulator,
    woken: list[str],
) -> None:
    """Beginning, looking and submitting are for administrators, whoever knows the flow."""
    step = await at_telldus(person, server_url)
    woken.clear()
    path = f"{FLOWS}/{person.flow_id}"
    tries: list[tuple[str, str, Any]] = [
        ("POST", FLOWS, {"handler": DOMAIN}),
        ("GET", path, None),
        ("POST", path, {}),
        ("POST", path, keys("https://evil.example")),
        ("POST", path, {"next_step_id": "manual"}),
    ]
    for method, target, content in tries:
        response = await stranger.client.request(method, target, json=content)
        assert response.status == HTTPStatus.UNAUTHORIZED, (method, target)
        assert "oauth" not in await response.text()
    assert woken == []
    assert len(hass.config_entries.flow.async_progress()) == 1
    assert asked(simulator) == ["oauth/requestToken"]
    assert (await person.sign_in(step))["type"] == "create_entry"


async def test_others_cannot_change_the_options(
    stranger: Person, loaded: MockConfigEntry
) -> None:
    """Nor is the poll interval anybody's."""
    response = await stranger.client.post(OPTIONS, json={"handler": loaded.entry_id})
    assert response.status == HTTPStatus.UNAUTHORIZED


# The server's address


async def test_address_refused_by_the_form(
    person: Person, new_impostor: NewImpostor
) -> None:
    """What may not be used is not tried either; what is told is why."""
    impostor = await new_impostor()
    await person.begin()
    for address in (
        *("http://127.1:{}", "http://0.0.0.0:{}", "http://localhost.:{}"),
        *("http://user:word@127.0.0.1:{}", "http://127.0.0.1:{}/oauth"),
        *("http://127.0.0.1:{}/\t/", "http://xn--a.example:{}", "https://a b:{}"),
    ):
        step = await person.submit(keys(address.format(impostor.port)))
        assert step["errors"] == {"base": "invalid_server_url"}, address
    assert impostor.heads == []


# The server: redirects


@pytest.mark.parametrize("status", ["307 Temporary", "201 Made", "200 OK"])
async def test_redirected_keys(
    person: Person, new_impostor: NewImpostor, status: str
) -> None:
    """Keys go to the server that was named and to no other."""
    elsewhere = await new_impostor(lambda _: token_answer("stolen"))
    target = f"{elsewhere.url}/oauth/requestToken".encode()
    impostor = await new_impostor(
        lambda _: http(
            b'<meta http-equiv="refresh" content="0;url=' + target + b'">',
            status,
            b"Location: " + target,
            b"Refresh: 0;url=" + target,
            b"Content-Location: " + target,
            b'Alt-Svc: h2="' + target[7:] + b'"',
        )
    )
    await person.begin()
    step = await person.submit(keys(impostor.url))
    expected = "invalid_response" if status == "200 OK" else "cannot_connect"
    assert (step["step_id"], step["errors"]) == ("user", {"base": expected})
    assert len(impostor.heads) == 1
    assert elsewhere.heads == []


@pytest.mark.parametrize("match", ["oauth/accessToken", "json/user/profile"])
async def test_redirected_while_signing_in(
    person: Person,
    server_url: str,
    simulator: Simulator,
    new_impostor: NewImpostor,
    match: str,
) -> None:
    """Nor do verifiers and tokens go anywhere else."""
    elsewhere = await new_impostor(
        lambda _: http(b'{"uuid": "evil", "firstname": "Evil"}')
    )
    simulator.faults.add(
        Fault.REDIRECT, match=match, times=None, location=f"{elsewhere.url}/x"
    )
    step = await person.sign_in(await at_telldus(person, server_url))
    assert elsewhere.heads == []
    if match == "oauth/accessToken":
        assert (step["step_id"], step["errors"]) == (
            "failed",
            {"base": "cannot_connect"},
        )
    else:
        assert step["title"] == "Telldus Live!"


@pytest.mark.parametrize("status", ["302 Found", "308 Permanent"])
async def test_redirected_data(
    hass: HomeAssistant,
    add_entry: AddEntry,
    time: Time,
    new_impostor: NewImpostor,
    status: str,
) -> None:
    """Signed calls are not taken elsewhere by any kind of redirect."""
    elsewhere = await new_impostor(lambda _: http(b'{"device": []}'))
    impostor = await new_impostor(
        lambda _: http(b"", status, f"Location: {elsewhere.url}/json".encode())
    )
    entry = add_entry(more_data={CONF_SERVER_URL: impostor.url})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert len(impostor.heads) == 1
    assert elsewhere.heads == []


async def test_redirected_command(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    new_impostor: NewImpostor,
) -> None:
    """What would open a door is not sent to somebody else, and polls are not either."""
    elsewhere = await new_impostor(lambda _: http(b'{"status": "success"}'))
    simulator.faults.add(Fault.REDIRECT, times=None, location=f"{elsewhere.url}/json")
    call = hass.services.async_call(
        "switch", "turn_off", {"entity_id": "switch.window_lamp"}, blocking=True
    )
    with suppress(Exception):
        await time.until(call)
    await time.move(120)
    assert "json/device/turnOff" in asked(simulator)
    assert elsewhere.heads == []


# The server: encryption


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """Return what a server needs to pretend to be this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


async def test_nobody_vouches_for_the_server(
    hass: HomeAssistant,
    person: Person,
    add_entry: AddEntry,
    time: Time,
    new_impostor: NewImpostor,
    self_signed: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A certificate that anybody can make opens nothing, neither for keys nor for data."""
    # What the environment says of certificates is no word of the person's.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "server.pem"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "server.pem"))
    # Else the impostor's side of a failed handshake counts as an error of this test.
    hass.loop.set_debug(False)
    impostor = await new_impostor(lambda _: token_answer("a"), tls=self_signed)
    await person.begin()
    step = await person.submit(keys(impostor.url))
    assert step["errors"] == {"base": "cannot_connect"}
    entry = add_entry(more_data={CONF_SERVER_URL: impostor.url})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert impostor.heads == []


# Secrets


def echoed(head: bytes) -> bytes:
    """Return the Authorization header of a request."""
    lines = head.decode().split("\r\n")
    (line,) = [line for line in lines if line.lower().startswith("authorization:")]
    return line.partition(":")[2].strip().encode()


PREFIX = b"OAuth Verification Failed: "
ECHOES: dict[str, Answer] = {
    "quoted": lambda head: http(PREFIX + b'"' + echoed(head) + b'"', "401 No"),
    "bare": lambda head: http(PREFIX + echoed(head), "401 No"),
    "unquoted": lambda head: http(
        PREFIX + echoed(head).replace(b'"', b"") + b" is wrong", "401 No"
    ),
    "apostrophes": lambda head: http(
        PREFIX + echoed(head).replace(b'"', b"'") + b" is wrong", "401 No"
    ),
    "words": lambda head: http(
        PREFIX + echoed(head).replace(b'"', b" ").replace(b"=", b" "), "401 No"
    ),
    "without prefix": lambda head: http(echoed(head), "401 No"),
    "xml": lambda head: http(
        b"<error> " + PREFIX + echoed(head).replace(b'"', b"&quot;") + b" </error>",
        "401 No",
        b"Content-Type: text/xml",
    ),
    "reason": lambda head: http(b"", f"401 {echoed(head).decode()}"),
    "header": lambda head: http(b"", "401 No", b"WWW-Authenticate: " + echoed(head)),
    "broken header": lambda head: http(
        PREFIX, "401 No", b"Fine: 1", b"not a header " + echoed(head)
    ),
    "cookie": lambda head: http(b"", "401 No", b"Set-Cookie: " + echoed(head)),
    "404": lambda head: http(echoed(head), "404 No"),
    "500": lambda head: http(echoed(head), "500 No"),
    "redirect": lambda head: http(b"", "302 No", b"Location: /?" + echoed(head)),
    "garbage": lambda head: b"garbage " + echoed(head) + b"\r\n\r\n",
    "token": lambda head: http(b"oauth_token=a&" + echoed(head)),
    "json": lambda head: http(json.dumps({"a": echoed(head).decode()}).encode()),
}


@pytest.mark.parametrize("echo", ECHOES)
async def test_keys_echoed(
    person: Person, new_impostor: NewImpostor, secrets: set[str], echo: str
) -> None:
    """A server that says our header back to us does not get it into a log or a dialog."""
    signed: list[bytes] = []

    def answer(head: bytes) -> bytes:
        signed.append(echoed(head))
        return ECHOES[echo](head)

    impostor = await new_impostor(answer)
    await person.begin()
    step = await person.submit(keys(impostor.url))
    assert step["type"] == "form"
    assert signed
    for header in signed:
        secrets |= secrets_in(header)
    shown = json.dumps(step).replace(DEMO_PUBLIC_KEY, "")
    assert not [secret for secret in secrets if secret in shown]


def secrets_in(header: bytes) -> set[str]:
    """Return what of a signed header nobody else is to know."""
    pairs = dict(
        pair.partition("=")[::2]
        for pair in header.decode()[len("OAuth ") :].split(", ")
    )
    found = {
        pairs[name].strip('"')
        for name in ("oauth_consumer_key", "oauth_signature", "oauth_token")
        if name in pairs
    }
    if callback := pairs.get("oauth_callback"):
        found.add(callback.strip('"').rsplit("%2F", 1)[-1])
    return found


@pytest.mark.parametrize("echo", ECHOES)
async def test_token_echoed(
    hass: HomeAssistant,
    add_entry: AddEntry,
    time: Time,
    new_impostor: NewImpostor,
    secrets: set[str],
    echo: str,
) -> None:
    """The same for the data: neither log nor the account's page shows what was signed."""
    signed: list[bytes] = []

    def answer(head: bytes) -> bytes:
        signed.append(echoed(head))
        return ECHOES[echo](head)

    impostor = await new_impostor(answer)
    entry = add_entry(more_data={CONF_SERVER_URL: impostor.url})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(120)
    assert entry.state is not ConfigEntryState.LOADED
    assert signed
    for header in signed:
        secrets |= secrets_in(header)
    shown = public(hass)
    assert not [secret for secret in secrets if secret in shown]


def public(hass: HomeAssistant) -> str:
    """Return what Home Assistant shows of us to whoever may look."""
    issues = [
        {**issue.to_json(), "placeholders": issue.translation_placeholders}
        for issue in ir.async_get(hass).issues.values()
    ]
    entries = [
        [entry.title, entry.reason, entry.error_reason_translation_placeholders]
        for entry in hass.config_entries.async_entries(DOMAIN)
    ]
    states = [state.as_dict() for state in hass.states.async_all()]
    flows = hass.config_entries.flow.async_progress()
    return json_dumps([issues, entries, states, flows])


class Eavesdropper(Person):
    """A person whose dialog somebody reads."""

    read: str = ""

    @override
    async def _call(self, method: str, path: str, json: Step | None) -> Step:
        step = await super()._call(method, path, json)
        self.read += json_dumps(step)
        return step


@pytest.mark.parametrize("method", ["authorize", "manual"])
async def test_secrets_through_a_life(
    hass: HomeAssistant,
    person: Person,
    server_url: str,
    simulator: Simulator,
    secrets: set[str],
    method: str,
) -> None:
    """From the keys to a refused token and back: what is secret is in nothing but the entry."""
    fired: list[Event[Any]] = []
    hass.bus.async_listen(MATCH_ALL, fired.append)
    reader = Eavesdropper(**vars(person))

    async def sign_in() -> Step:
        step = await reader.choose(method)
        if method == "authorize":
            return await reader.sign_in(step)
        link = URL(step["description_placeholders"]["link"])
        simulator.authorize(link.query["oauth_token"])
        return await reader.submit()

    await reader.begin()
    await reader.submit(keys(server_url, private_key="mistyped"))
    await reader.submit(keys(server_url))
    assert (await sign_in())["type"] == "create_entry"
    await person.time.move(60)
    entry = only_entry(hass)
    token = entry.data[CONF_TOKEN]
    simulator.revoke()
    await person.time.move(130)
    (flow,) = hass.config_entries.flow.async_progress()
    assert ir.async_get(hass).issues
    before = public(hass)
    reader.flow_id = flow["flow_id"]
    await reader.look()
    assert (await sign_in())["reason"] == "reauth_successful"
    await person.time.move(60)
    assert entry.data[CONF_TOKEN] != token
    assert entry.state is ConfigEntryState.LOADED

    assert {token, entry.data[CONF_TOKEN], DEMO_PRIVATE_KEY} < secrets
    told = public(hass) + before + json_dumps([event.as_dict() for event in fired])
    assert not [secret for secret in secrets if secret in told]
    # The person has typed the one, and goes to Telldus with the others.
    theirs = {DEMO_PUBLIC_KEY, *re.findall(r"oauth_token=(\w+)", reader.read)}
    assert not [secret for secret in secrets - theirs if secret in reader.read]


async def test_secrets_of_a_flow(
    hass: HomeAssistant, person: Person, server_url: str, secrets: set[str]
) -> None:
    """A dialog's insides can get into a log or a traceback without telling anything."""
    await person.begin()
    await person.submit(keys(server_url))
    await person.choose("authorize")
    flow = hass.config_entries.flow._progress[person.flow_id]  # noqa: SLF001
    shown = [repr(value) for name, value in vars(flow).items() if name != "cur_step"]
    await person.begin()
    person.base = None
    await person.submit(keys(server_url))
    flow = hass.config_entries.flow._progress[person.flow_id]  # noqa: SLF001
    shown += [repr(value) for name, value in vars(flow).items() if name != "cur_step"]
    assert any("Link" in text for text in shown)
    assert not [secret for secret in secrets if secret in "".join(shown)]
