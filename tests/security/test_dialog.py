"""The dialog under attack: odd input, and users who are no administrators."""

from dataclasses import replace
from http import HTTPStatus
import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.flow_user import FLOWS, FlowUser, Step, keys

from .conftest import asked, at_telldus, awaited, go_on

pytestmark = pytest.mark.only("Window lamp")


async def post(flow_user: FlowUser, content: bytes | str) -> tuple[int, Any]:
    """Post anything to the dialog; return how that was taken."""

    async def call() -> tuple[int, Any]:
        response = await flow_user.client.post(
            f"{FLOWS}/{flow_user.flow_id}",
            data=content,
            headers={
                "Content-Type": "application/json",
                "HA-Frontend-Base": flow_user.base or "",
                **flow_user.headers,
            },
        )
        text = await response.text()
        return response.status, json.loads(text) if text[:1] == "{" else text

    return await flow_user.time.until(call())


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
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """The step that waits for the browser takes nothing from whoever posts to it."""
    step = await at_telldus(flow_user, server_url)
    before = awaited(hass)
    for junk in JUNK:
        status, answer = await post(flow_user, junk)
        assert status in (HTTPStatus.OK, HTTPStatus.BAD_REQUEST)
        if status == HTTPStatus.OK:
            assert (answer["type"], answer["url"]) == ("external", step["url"])
        assert (await flow_user.look())["url"] == step["url"]
    assert awaited(hass) == before
    assert asked(simulator) == ["oauth/requestToken"]
    assert (await flow_user.sign_in(step))["type"] == "create_entry"


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
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """A menu leads only to what it shows."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    for choice in STEPS:
        status, _ = await post(flow_user, json.dumps({"next_step_id": choice}))
        assert status == HTTPStatus.BAD_REQUEST, choice
        assert (await flow_user.look())["step_id"] == "method"
    assert asked(simulator) == ["oauth/requestToken"]


async def test_choices_that_are_not_offered_again(
    flow_user: FlowUser, reauth_entry: MockConfigEntry, simulator: Simulator
) -> None:
    """The same where somebody is to sign in again."""
    before = len(simulator.log)
    for choice in STEPS:
        status, _ = await post(flow_user, json.dumps({"next_step_id": choice}))
        assert status == HTTPStatus.BAD_REQUEST, choice
        assert (await flow_user.look())["step_id"] == "reauth_confirm"
    assert len(simulator.log) == before


async def test_keys_of_another_form(
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """The form for the keys takes nothing but what it asks for."""
    await flow_user.begin()
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
        status, _ = await post(flow_user, json.dumps(keys(server_url) | changes))
        assert status == HTTPStatus.BAD_REQUEST, changes
        assert (await flow_user.look())["step_id"] == "user"
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
async def test_odd_keys(
    flow_user: FlowUser, server_url: str, name: str, key: str
) -> None:
    """Whatever is pasted for a key is a wrong key, and the next ones may be right."""
    await flow_user.begin()
    status, step = await post(flow_user, json.dumps(keys(server_url, **{name: key})))
    assert status == HTTPStatus.OK
    assert step["step_id"] == "user"
    assert step["errors"]["base"] in (
        "invalid_auth",
        "cannot_connect",
        "invalid_response",
    )
    assert (await flow_user.submit(keys(server_url)))["step_id"] == "method"


@pytest.mark.parametrize("junk", [b"", b"[]", b'{"next_step_id": "exchange"}'])
async def test_junk_at_menus(flow_user: FlowUser, server_url: str, junk: bytes) -> None:
    """A menu after a failure takes nothing but one of its choices."""
    address = flow_user.agree(await at_telldus(flow_user, server_url))
    refusal = address.without_query_params("oauth_verifier")
    assert (await flow_user.come_back(refusal))[0] == HTTPStatus.OK
    assert (await go_on(flow_user))["step_id"] == "refused"
    await post(flow_user, junk)
    assert (await flow_user.look())["step_id"] == "refused"


async def test_known_keys_that_are_gone(
    hass: HomeAssistant, flow_user: FlowUser, entry: MockConfigEntry
) -> None:
    """An account that is removed while its keys are on offer takes them with it."""
    await flow_user.begin()
    await flow_user.time.until(hass.config_entries.async_remove(entry.entry_id))
    step = await flow_user.choose("reuse_keys")
    assert (step["type"], step["step_id"]) == ("form", "user")


@pytest.fixture(params=["read only", "nobody"])
async def stranger(
    request: pytest.FixtureRequest,
    flow_user: FlowUser,
    hass_client: ClientSessionGenerator,
    hass_read_only_access_token: str,
) -> FlowUser:
    """Return somebody who may not change the configuration, at the dialog of a person."""
    token = hass_read_only_access_token if request.param == "read only" else "nonsense"
    return replace(flow_user, client=await hass_client(token))


async def test_others_cannot_drive_the_dialog(
    hass: HomeAssistant,
    flow_user: FlowUser,
    stranger: FlowUser,
    server_url: str,
    simulator: Simulator,
    woken: list[str],
) -> None:
    """Beginning, looking and submitting are for administrators, whoever knows the flow."""
    step = await at_telldus(flow_user, server_url)
    woken.clear()
    path = f"{FLOWS}/{flow_user.flow_id}"
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
    assert (await flow_user.sign_in(step))["type"] == "create_entry"
