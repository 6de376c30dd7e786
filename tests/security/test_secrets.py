"""Secrets stay secret: in logs, dialogs, states, events and issues."""

import json
import re
from typing import Any, override

import pytest
from yarl import URL

from custom_components.telldus_pa.const import CONF_SERVER_URL, DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN, MATCH_ALL
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.json import json_dumps
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Simulator
from tests.conftest import AddEntry, Time
from tests.flow_user import FlowUser, Step, keys, only_entry

from .conftest import Answer, NewImpostor, http


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
    flow_user: FlowUser, new_impostor: NewImpostor, secrets: set[str], echo: str
) -> None:
    """A server that says our header back to us does not get it into a log or a dialog."""
    signed: list[bytes] = []

    def answer(head: bytes) -> bytes:
        signed.append(echoed(head))
        return ECHOES[echo](head)

    impostor = await new_impostor(answer)
    await flow_user.begin()
    step = await flow_user.submit(keys(impostor.url))
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


class Eavesdropper(FlowUser):
    """A person whose dialog somebody reads."""

    read: str = ""

    @override
    async def request(self, method: str, path: str, json: Step | None) -> Step:
        step = await super().request(method, path, json)
        self.read += json_dumps(step)
        return step


@pytest.mark.parametrize("method", ["authorize", "manual"])
async def test_secrets_through_a_life(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    secrets: set[str],
    method: str,
) -> None:
    """From the keys to a refused token and back: what is secret is in nothing but the entry."""
    fired: list[Event[Any]] = []
    hass.bus.async_listen(MATCH_ALL, fired.append)
    reader = Eavesdropper(**vars(flow_user))

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
    await flow_user.time.move(60)
    entry = only_entry(hass)
    token = entry.data[CONF_TOKEN]
    simulator.revoke()
    await flow_user.time.move(130)
    (flow,) = hass.config_entries.flow.async_progress()
    assert ir.async_get(hass).issues
    before = public(hass)
    reader.flow_id = flow["flow_id"]
    await reader.look()
    assert (await sign_in())["reason"] == "reauth_successful"
    await flow_user.time.move(60)
    assert entry.data[CONF_TOKEN] != token
    assert entry.state is ConfigEntryState.LOADED

    assert {token, entry.data[CONF_TOKEN], DEMO_PRIVATE_KEY} < secrets
    told = public(hass) + before + json_dumps([event.as_dict() for event in fired])
    assert not [secret for secret in secrets if secret in told]
    # The person has typed the one, and goes to Telldus with the others.
    theirs = {DEMO_PUBLIC_KEY, *re.findall(r"oauth_token=(\w+)", reader.read)}
    assert not [secret for secret in secrets - theirs if secret in reader.read]


async def test_secrets_of_a_flow(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, secrets: set[str]
) -> None:
    """A dialog's insides can get into a log or a traceback without telling anything."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    await flow_user.choose("authorize")
    flow = hass.config_entries.flow._progress[flow_user.flow_id]  # noqa: SLF001
    shown = [repr(value) for name, value in vars(flow).items() if name != "cur_step"]
    await flow_user.begin()
    flow_user.base = None
    await flow_user.submit(keys(server_url))
    flow = hass.config_entries.flow._progress[flow_user.flow_id]  # noqa: SLF001
    shown += [repr(value) for name, value in vars(flow).items() if name != "cur_step"]
    assert any("RequestToken" in text for text in shown)
    assert not [secret for secret in secrets if secret in "".join(shown)]
