"""Other people's clients, unmodified but for the host.

`tellduslive` is what Home Assistant's own integration uses; the second is the vendor's
guide in plain requests-oauthlib, walking the consent page as a browser does.
"""

import asyncio
from collections.abc import Callable
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from requests_oauthlib import OAuth1Session
import tellduslive  # type: ignore[import-untyped]  # brings no types

from homeassistant.components.tellduslive import TelldusLiveClient
from homeassistant.components.tellduslive.sensor import SENSOR_TYPES
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Simulator

from .conftest import Clock

CALLBACK = "http://homeassistant.invalid/callback?flow=1"


async def in_thread[T](job: Callable[[], T]) -> T:
    """Run a client that blocks beside the server."""
    return await asyncio.get_running_loop().run_in_executor(None, job)


def consent(url: str, answer: str) -> requests.Response:
    """Walk the consent page without JavaScript."""
    with requests.Session() as browser:
        page = browser.get(url, timeout=5)
        page.raise_for_status()
        action = re.search(r'action="(/oauth/[^"]+)"', page.text)
        assert action
        parts = urlsplit(url)
        target = f"{parts.scheme}://{parts.netloc}{action[1]}"
        form: dict[str, Any] = {"username": "demo", "password": "x"}
        for fields in (form, {"answer": answer}):
            hidden = re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', page.text)
            page = browser.post(
                target, {**dict(hidden), **fields}, timeout=5, allow_redirects=False
            )
        return page


@pytest.fixture
def pointed(base: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Point tellduslive at the simulator."""
    for name in ("REQUEST_TOKEN", "AUTHORIZE", "ACCESS_TOKEN"):
        constant = f"TELLDUS_LIVE_{name}_URL"
        path = urlsplit(getattr(tellduslive, constant)).path
        monkeypatch.setattr(tellduslive, constant, f"{base}{path}")
    monkeypatch.setattr(tellduslive, "TELLDUS_LIVE_API_URL", f"{base}/json/")
    return base


def core_session(**tokens: str) -> Any:
    """Return a session as Home Assistant's core makes it."""
    return tellduslive.Session(
        DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, application="Home Assistant", **tokens
    )


async def test_tellduslive(pointed: str, sim: Simulator, clock: Clock) -> None:
    """Sign in without callback, list, read, switch, dim."""
    session = core_session()
    url = await in_thread(lambda: session.authorize_url)
    assert url.startswith(f"{pointed}/oauth/authorize?oauth_token=")
    assert not await in_thread(session.authorize)
    session = core_session()
    url = await in_thread(lambda: session.authorize_url)
    page = await in_thread(lambda: consent(url, "agree"))
    assert "go back to the application" in page.text
    assert await in_thread(session.authorize)
    session = core_session(
        token=session.access_token, token_secret=session.access_token_secret
    )
    assert session.is_authorized
    clients = await in_thread(session.get_clients)
    assert [client["name"] for client in clients] == ["Home", "Cabin", "Garage"]
    assert await in_thread(session.update)
    dimmer = session.device("2100003")
    assert (dimmer.name, dimmer.state, dimmer.dim_level) == ("Ceiling dimmer", 16, 128)
    assert dimmer.is_online
    assert not session.device("2100021").is_online
    assert (await in_thread(dimmer.info))["protocol"] == "zwave"
    assert session.device("_1540000002").value("temp", 0) == "-19.8"
    # All but the hidden one, two without a name and two without values
    assert len(list(session.sensors)) == len(sim.home.sensors) - 5
    switch = session.device("2100002")
    assert not switch.is_on
    assert await in_thread(switch.turn_on)
    assert await in_thread(lambda: dimmer.dim(50))
    assert await in_thread(session.device("2100006").down)
    assert not await in_thread(session.device("2100021").turn_off)
    clock.now += 3
    assert await in_thread(session.update)
    assert session.device("2100002").is_on
    assert session.device("2100003").dim_level == 50
    assert session.device("2100006").is_down
    assert await in_thread(session.device("2100002").turn_off)
    clock.now += 3
    assert sim.home.devices["2100002"].state == 2
    sim.revoke()
    assert not await in_thread(session.update)


async def test_tellduslive_hits_the_limit(pointed: str, sim: Simulator) -> None:
    """A start as core makes it is one burst: it loses devices."""
    token, secret = sim.issue_token()
    session = core_session(token=token, token_secret=secret)
    sim.settings.limit = True
    await in_thread(session.get_clients)
    await in_thread(session.update)
    infos = [await in_thread(device.info) for device in list(session.devices)[:20]]
    assert infos.count(None) == 13


async def test_built_in_integration(pointed: str, sim: Simulator) -> None:
    """What the README says that it makes of things."""
    token, secret = sim.issue_token()
    session = core_session(token=token, token_secret=secret)
    assert await in_thread(session.update)
    made = {
        device.name: TelldusLiveClient.identify_device(device)  # type: ignore[no-untyped-call]
        for device in session.devices
        if not device.is_sensor
    }
    assert made["Bedroom shutter"] == "light"
    assert (made["Radiator"], made["Heat pump"]) == ("switch", "binary_sensor")
    assert (made["Wall remote"], made["Door bell"]) == ("switch", "binary_sensor")
    plug = session.device("_1540000006")
    kinds = {
        (item.name, SENSOR_TYPES[item.name].native_unit_of_measurement)
        for item in plug.items
    }
    assert kinds == {("watt", "W")}


async def test_vendor_guide(base: str, sim: Simulator, clock: Clock) -> None:
    """The guide's six steps, with callback and verifier, and its list of devices."""

    def steps() -> list[str]:
        first = OAuth1Session(
            DEMO_PUBLIC_KEY, client_secret=DEMO_PRIVATE_KEY, callback_uri=CALLBACK
        )
        fetched = first.fetch_request_token(f"{base}/oauth/requestToken")
        assert fetched["oauth_callback_confirmed"] == "true"
        url = first.authorization_url(f"{base}/oauth/authorize")
        back = consent(url, "agree")
        assert back.status_code == 302
        location = back.headers["Location"]
        assert location.startswith(f"{CALLBACK}&oauth_token=")
        parsed = first.parse_authorization_response(location)
        second = OAuth1Session(
            DEMO_PUBLIC_KEY,
            client_secret=DEMO_PRIVATE_KEY,
            resource_owner_key=fetched["oauth_token"],
            resource_owner_secret=fetched["oauth_token_secret"],
            verifier=parsed["oauth_verifier"],
        )
        lasting = second.fetch_access_token(f"{base}/oauth/accessToken")
        third = OAuth1Session(
            DEMO_PUBLIC_KEY,
            client_secret=DEMO_PRIVATE_KEY,
            resource_owner_key=lasting["oauth_token"],
            resource_owner_secret=lasting["oauth_token_secret"],
        )
        params = {"supportedMethods": "TURNON|TURNOFF", "format": "json"}
        answer = third.get(f"{base}/json/devices/list", params=params)
        assert answer.json()["device"][0]["methods"] == 0
        answer = third.get(f"{base}/devices/list?supportedMethods=3&format=json")
        assert answer.json()["device"][0]["methods"] == 3
        answer = third.post(f"{base}/json/device/turnOn", data={"id": "2100002"})
        assert answer.json() == {"status": "success"}
        answer = third.get(f"{base}/json/clients/list")
        return [client["name"] for client in answer.json()["client"]]

    assert await in_thread(steps) == ["Home", "Cabin", "Garage"]
    clock.now += 3
    assert sim.home.devices["2100002"].state == 1


async def test_vendor_guide_refused(base: str) -> None:
    """Refusal is told by a callback without verifier."""

    def steps() -> dict[str, list[str]]:
        session = OAuth1Session(
            DEMO_PUBLIC_KEY, client_secret=DEMO_PRIVATE_KEY, callback_uri=CALLBACK
        )
        session.fetch_request_token(f"{base}/oauth/requestToken")
        url = session.authorization_url(f"{base}/oauth/authorize")
        location = consent(url, "refuse").headers["Location"]
        return parse_qs(urlsplit(location).query)

    assert set(await in_thread(steps)) == {"flow", "oauth_token"}
