"""The pages for people: consent, keys, applications."""

import re
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Simulator

from .conftest import Answer, Api


async def start(stranger: Api, callback: str | None) -> Api:
    """Fetch a request token."""
    fresh = Api(stranger.base, stranger.session)
    if callback is not None:
        fresh.options = {"callback_uri": callback}
    pairs = dict(parse_qsl((await fresh.call("oauth/requestToken")).text))
    fresh.token, fresh.secret = pairs["oauth_token"], pairs["oauth_token_secret"]
    fresh.options = {}
    return fresh


async def walk(api: Api, answer: str, user: str = "demo") -> Answer:
    """Do what a person does in the browser."""
    page = await api.open(f"oauth/authorize?oauth_token={api.token}")
    assert page.status == 200
    assert 'type="password"' in page.text
    # One client has it with a slash.
    assert (await api.open(f"oauth/authorize/?oauth_token={api.token}")).status == 200
    form = {"oauth_token": api.token or "", "username": user, "password": "x"}
    page = await api.open("oauth/authorize", form)
    assert page.status == 200
    assert page.text.index("agree") < page.text.index("refuse")
    hidden = re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', page.text)
    return await api.open("oauth/authorize", {**dict(hidden), "answer": answer})


@pytest.mark.parametrize(
    ("callback", "expected"),
    [
        ("http://x.invalid/cb", "http://x.invalid/cb?"),
        ("http://x.invalid/cb?a=%2Fb", "http://x.invalid/cb?a=%2Fb&"),
        ("http://x.invalid/cb?", "http://x.invalid/cb?"),
        ("x-com-example-app://success", "x-com-example-app://success?"),
    ],
)
async def test_agree(stranger: Api, callback: str, expected: str) -> None:
    """The browser goes back with token and verifier, whatever the callback is."""
    api = await start(stranger, callback)
    answer = await walk(api, "agree")
    assert answer.status == 302
    location = answer.headers["Location"]
    assert location.startswith(f"{expected}oauth_token={api.token}&oauth_verifier=")
    api.options = {"verifier": parse_qs(urlsplit(location).query)["oauth_verifier"][0]}
    assert (await api.call("oauth/accessToken")).status == 200


async def test_fragment(stranger: Api) -> None:
    """The query goes before the fragment."""
    api = await start(stranger, "http://x.invalid/cb#part")
    location = (await walk(api, "agree")).headers["Location"]
    assert re.fullmatch(
        rf"http://x.invalid/cb\?oauth_token={api.token}&oauth_verifier=\w+#part",
        location,
    )


async def test_refuse(stranger: Api) -> None:
    """The browser goes back all the same, without verifier; the link is used up."""
    api = await start(stranger, "http://x.invalid/cb")
    answer = await walk(api, "refuse")
    assert answer.status == 302
    assert answer.headers["Location"] == f"http://x.invalid/cb?oauth_token={api.token}"
    assert (await api.call("oauth/accessToken")).status == 401
    assert (await api.open(f"oauth/authorize?oauth_token={api.token}")).status == 400


@pytest.mark.parametrize("agreed", [True, False])
async def test_no_callback(stranger: Api, agreed: bool) -> None:
    """A page says to go back to the application."""
    api = await start(stranger, None)
    answer = await walk(api, "agree" if agreed else "refuse")
    assert answer.status == 200
    assert "go back to the application" in answer.text
    status = (await api.call("oauth/accessToken")).status
    assert status == (200 if agreed else 401)


async def test_account(stranger: Api, sim: Simulator) -> None:
    """Who signs in is who the token belongs to."""
    api = await start(stranger, None)
    await walk(api, "agree", user=" Ann ")
    pairs = dict(parse_qsl((await api.call("oauth/accessToken")).text))
    assert sim.tokens.access_tokens[pairs["oauth_token"]].user == "ann"


async def test_not_signed_in(stranger: Api) -> None:
    """Nobody agrees without having signed in."""
    api = await start(stranger, "http://x.invalid/cb")
    form = {"oauth_token": api.token or "", "answer": "agree"}
    assert (await api.open("oauth/authorize", form)).status == 200
    form |= {"session": "guessed"}
    assert (await api.open("oauth/authorize", form)).status == 200
    form = {"oauth_token": api.token or "", "username": "demo", "password": ""}
    assert 'type="password"' in (await api.open("oauth/authorize", form)).text
    assert (await api.call("oauth/accessToken")).status == 401
    for nobody in ("", "unknown"):
        page = await api.open(f"oauth/authorize?oauth_token={nobody}")
        assert page.status == 400
        page = await api.open("oauth/authorize", {"oauth_token": nobody})
        assert page.status == 400


async def test_header_injection(stranger: Api) -> None:
    """A callback cannot break out of the Location header."""
    api = await start(stranger, "http://x.invalid/\r\nSet-Cookie: a=b")
    answer = await walk(api, "agree")
    assert answer.status == 302
    assert "Set-Cookie" not in answer.headers
    assert "%0D%0ASet-Cookie" in answer.headers["Location"]


async def test_pages_escape(stranger: Api, sim: Simulator) -> None:
    """Names that are markup stay text, on every page."""
    evil = """"<script>alert('x')</script>"""
    sim.settings.application = evil
    home = sim.home
    home.devices["2100002"].name = evil
    home.sensors["1540000001"].name = evil
    home.gateways["410001"].name = evil
    sim.issue_token(evil)
    api = await start(stranger, None)
    form = {"oauth_token": api.token or "", "username": evil, "password": "x"}
    pages = [
        await api.open(""),
        await api.open("keys/tokens"),
        await api.open(f"oauth/authorize?oauth_token={api.token}"),
        await api.open("oauth/authorize", form),
    ]
    for page in pages:
        assert page.status == 200
        assert evil not in page.text
        assert evil.lower() not in page.text
        assert "&quot;&lt;script&gt;" in page.text
        assert '"&lt;script&gt;' not in page.text


async def test_keys(stranger: Api, sim: Simulator) -> None:
    """The demo keys are shown; a private token can be made for pasting."""
    for path in ("keys/index", "keys/showToken"):
        page = await stranger.open(path)
        assert DEMO_PUBLIC_KEY in page.text
        assert DEMO_PRIVATE_KEY in page.text
    page = await stranger.open("keys/showToken", {})
    codes = re.findall("<code>(.*?)</code>", page.text)
    api = Api(stranger.base, stranger.session, codes[2], codes[3])
    assert (await api.call("json/clients/list")).status == 200


async def test_applications(api: Api) -> None:
    """Access can be taken away again."""
    page = await api.open("keys/tokens")
    assert (api.token or "")[:8] in page.text
    answer = await api.open("keys/tokens", {"token": api.token or ""})
    assert (answer.status, answer.headers["Location"]) == (303, "/keys/tokens")
    assert (await api.call("json/clients/list")).status == 401
