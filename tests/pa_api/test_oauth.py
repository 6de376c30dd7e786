"""The three steps of OAuth 1.0a, as they should be and as a person may disturb them."""

from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from yarl import URL

from custom_components.telldus_pa.pa_api import (
    AuthenticationError,
    Credentials,
    OAuth1Flow,
    RateLimiter,
    RequestToken,
    TelldusClient,
)
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Simulator

from .conftest import CALLBACK, Clock, checked_text, flow_at

pytestmark = pytest.mark.usefixtures("no_gaps", "secrets")


async def consent(session: aiohttp.ClientSession, url: str, answer: str) -> str | None:
    """Sign in on the page as a person would; return where the browser is sent."""
    page = URL(url)
    form = {"oauth_token": page.query["oauth_token"]}
    async with session.get(page) as response:
        assert response.status == 200
    target = page.with_query(None)
    login = {**form, "username": "demo", "password": "any"}
    async with session.post(target, data=login) as response:
        html = await response.text()
    form["session"] = html.split('name="session" value="')[1].split('"')[0]
    form["answer"] = answer
    async with session.post(target, data=form, allow_redirects=False) as response:
        return response.headers.get("Location")


async def test_with_callback(
    flow: OAuth1Flow,
    session: aiohttp.ClientSession,
    simulator: Simulator,
    server_url: str,
    rate_limiter: RateLimiter,
) -> None:
    """There, agreed, back with a verifier: signed in, and the token is good."""
    token = await flow.request_token(CALLBACK)
    assert token.callback_confirmed
    url = flow.authorization_url(token)
    assert url == f"{server_url}/oauth/authorize?oauth_token={token.token}"

    back = await consent(session, url, "agree")
    assert back
    assert back.startswith(f"{CALLBACK}?")
    query = parse_qs(urlsplit(back).query)
    assert query["oauth_token"] == [token.token]
    credentials = await flow.access_token(token, query["oauth_verifier"][0])

    assert [request.path for request in simulator.log] == [
        "oauth/requestToken",
        "oauth/accessToken",
    ]
    assert credentials.token in simulator.tokens.access_tokens
    client = TelldusClient(session, server_url, credentials, rate_limiter)
    assert (await client.profile()).first_name == "Demo"
    assert rate_limiter.used == 3


async def test_without_callback(
    flow: OAuth1Flow,
    session: aiohttp.ClientSession,
    simulator: Simulator,
    server_url: str,
    rate_limiter: RateLimiter,
) -> None:
    """There, agreed, back by hand without a verifier."""
    token = await flow.request_token(None)
    assert simulator.tokens.request_tokens[token.token].callback is None
    assert await consent(session, flow.authorization_url(token), "agree") is None

    credentials = await flow.access_token(token, None)

    assert credentials == Credentials(
        DEMO_PUBLIC_KEY,
        DEMO_PRIVATE_KEY,
        credentials.token,
        simulator.tokens.access_tokens[credentials.token or ""].secret,
    )
    client = TelldusClient(session, server_url, credentials, rate_limiter)
    assert (await client.profile()).first_name == "Demo"


@pytest.mark.parametrize(
    ("variant", "confirmed"), [("true", True), ("1", True), ("missing", False)]
)
async def test_callback_confirmed(
    flow: OAuth1Flow, simulator: Simulator, variant: str, confirmed: bool
) -> None:
    """Whether the server said that it will send the browser back."""
    simulator.settings.change({"callback_confirmed": variant})

    assert (await flow.request_token(CALLBACK)).callback_confirmed is confirmed


async def test_a_request_token_keeps_its_secrets(flow: OAuth1Flow) -> None:
    """A token that gets into a log tells nothing."""
    token = await flow.request_token(CALLBACK)

    assert repr(token) == str(token) == "RequestToken(callback_confirmed=True)"


def test_authorization_url(rate_limiter: RateLimiter) -> None:
    """Whatever a token is made of, it is the page's one parameter."""
    flow = flow_at("http://a.example/b", rate_limiter)
    url = flow.authorization_url(RequestToken("a&b=c d", "x", False))

    assert url.startswith("http://a.example/b/oauth/authorize?")
    assert parse_qs(urlsplit(url).query) == {"oauth_token": ["a&b=c d"]}


@pytest.mark.parametrize("callback", [CALLBACK, None])
async def test_not_agreed(
    flow: OAuth1Flow,
    session: aiohttp.ClientSession,
    secrets: set[str],
    callback: str | None,
) -> None:
    """Who refused, or has not answered yet, is not signed in."""
    token = await flow.request_token(callback)
    with pytest.raises(AuthenticationError) as caught:
        await flow.access_token(token, None)
    assert checked_text(caught.value, secrets) == (
        'Can\'t exchange request token "…" for access token. '
        "No such token or not authorized"
    )

    back = await consent(session, flow.authorization_url(token), "refuse")
    assert "oauth_verifier" not in (back or "")
    with pytest.raises(AuthenticationError):
        await flow.access_token(token, None)


async def test_wrong_verifier(
    flow: OAuth1Flow, simulator: Simulator, secrets: set[str]
) -> None:
    """A verifier that somebody made up does not help."""
    token = await flow.request_token(CALLBACK)
    simulator.authorize(token.token)
    verifier = "made" + "up"
    secrets.add(verifier)

    with pytest.raises(AuthenticationError) as caught:
        await flow.access_token(token, verifier)
    checked_text(caught.value, secrets)


async def test_a_token_is_good_once(
    flow: OAuth1Flow, simulator: Simulator, secrets: set[str]
) -> None:
    """The temporary token is gone when it has been exchanged, or an hour has passed."""
    token = await flow.request_token(None)
    simulator.authorize(token.token)
    await flow.access_token(token, None)

    with pytest.raises(AuthenticationError, match="does not exist") as caught:
        await flow.access_token(token, None)
    checked_text(caught.value, secrets)


async def test_a_token_runs_out(
    flow: OAuth1Flow, simulator: Simulator, clock: Clock
) -> None:
    """Who agreed an hour ago has to do so again."""
    token = await flow.request_token(None)
    simulator.authorize(token.token)
    clock.tick(3601)

    with pytest.raises(AuthenticationError, match="does not exist"):
        await flow.access_token(token, None)


@pytest.mark.parametrize(
    ("public", "private", "reason"),
    [
        ("wrong", DEMO_PRIVATE_KEY, 'The consumer_key "…" combination does not exist'),
        (DEMO_PUBLIC_KEY, "wrong", "Verification of signature failed"),
        ('"><script>', "ö\U0001f4a1 \n", 'The consumer_key "…"'),
    ],
)
@pytest.mark.parametrize("callback", [CALLBACK, None])
async def test_wrong_keys(
    server_url: str,
    rate_limiter: RateLimiter,
    secrets: set[str],
    public: str,
    private: str,
    reason: str,
    callback: str | None,
) -> None:
    """Wrong keys are refused, and what the server quotes of the request is not shown."""
    flow = OAuth1Flow(server_url, public, private, rate_limiter)
    secrets |= {CALLBACK, "a-secret-state", "http%3A"}

    with pytest.raises(AuthenticationError) as caught:
        await flow.request_token(callback)
    assert checked_text(caught.value, secrets).startswith(reason)


async def test_callback_refused(flow: OAuth1Flow, simulator: Simulator) -> None:
    """A server may not want to send anybody back; without a callback it goes on."""
    simulator.settings.refuse_callback = True

    with pytest.raises(AuthenticationError, match="callback is not allowed"):
        await flow.request_token(CALLBACK)
    token = await flow.request_token(None)
    simulator.authorize(token.token)
    assert (await flow.access_token(token, None)).token
