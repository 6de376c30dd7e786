"""The address that Telldus sends browsers back to."""

from http import HTTPStatus
from unittest.mock import Mock

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.telldus_pa.sign_in import callback_view
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESSED
from tests.flow_user import FlowUser, keys


async def test_callback_is_strict(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str
) -> None:
    """States are secret, used once, and belong to one token; pages show nothing."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    address = flow_user.agree(await flow_user.choose("authorize"))

    guessed = address.with_path("/api/telldus_pa/callback/" + "a" * 43)
    status, nobody = await flow_user.come_back(guessed)
    assert status == HTTPStatus.BAD_REQUEST

    assert (await flow_user.look())["type"] == "external"

    crossed = address.update_query(oauth_token="another")
    status, page = await flow_user.come_back(crossed)
    assert (status, page) == (HTTPStatus.BAD_REQUEST, nobody)
    # The state is spent now, even for the right token, and the dialog says so.
    step = await flow_user.look()
    status, page = await flow_user.come_back(address)
    assert (status, page) == (HTTPStatus.BAD_REQUEST, nobody)
    assert (step["step_id"], step["errors"]) == ("failed", {"base": "invalid_response"})
    step = await flow_user.sign_in(await flow_user.submit())
    assert step["type"] == "create_entry"


async def test_callback_page(flow_user: FlowUser, server_url: str) -> None:
    """The page closes itself, is the same for all, and is not to be kept or framed."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    address = flow_user.agree(await flow_user.choose("authorize"))
    address = address.update_query(more="<b>markup</b>")
    response = await flow_user.client.get(
        address.path_qs, headers={"Authorization": ""}
    )
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
    again = await flow_user.client.get(address.path_qs, headers=browser)
    assert again.status == HTTPStatus.BAD_REQUEST
    posted = await flow_user.client.post(address.path_qs, headers=browser)
    assert posted.status == HTTPStatus.METHOD_NOT_ALLOWED


async def test_callback_of_another_flow(flow_user: FlowUser, server_url: str) -> None:
    """One flow's token is no use in the other's callback."""
    addresses = []
    flows = []
    for _ in range(2):
        await flow_user.begin()
        await flow_user.submit(keys(server_url))
        addresses.append(flow_user.agree(await flow_user.choose("authorize")))
        flows.append(flow_user.flow_id)
    status, _ = await flow_user.come_back(addresses[0].with_query(addresses[1].query))
    assert status == HTTPStatus.BAD_REQUEST
    status, _ = await flow_user.come_back(addresses[1])
    assert status == HTTPStatus.OK
    flow_user.flow_id = flows[0]
    assert (await flow_user.look())["step_id"] == "failed"


async def test_closed_dialog(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str
) -> None:
    """A browser that comes back to a closed dialog is told so."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    address = flow_user.agree(await flow_user.choose("authorize"))
    hass.config_entries.flow.async_abort(flow_user.flow_id)
    status, _ = await flow_user.come_back(address)
    assert status == HTTPStatus.BAD_REQUEST


async def test_dialog_closed_while_the_browser_arrives(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same, where the flow ends between the check and the waking."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    address = flow_user.agree(await flow_user.choose("authorize"))
    # Only so can the two be put in this order.
    flows = hass.config_entries.flow
    monkeypatch.delitem(flows._progress, flow_user.flow_id)  # noqa: SLF001
    status, _ = await flow_user.come_back(address)
    assert status == HTTPStatus.BAD_REQUEST


async def test_late_return(flow_user: FlowUser, server_url: str) -> None:
    """The end of an authorization moves the dialog by itself; the browser is told."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    address = flow_user.agree(await flow_user.choose("authorize"))
    changed = async_capture_events(flow_user.hass, EVENT_DATA_ENTRY_FLOW_PROGRESSED)
    await flow_user.time.move(599)
    assert not changed
    await flow_user.time.move(2)
    assert [event.data["flow_id"] for event in changed] == [flow_user.flow_id]
    status, page = await flow_user.come_back(address)
    assert status == HTTPStatus.BAD_REQUEST
    assert "log in again from Home Assistant" in page
    step = await flow_user.look()
    assert (step["type"], step["step_id"]) == ("menu", "expired")


async def test_late_return_after_sleep(
    flow_user: FlowUser,
    server_url: str,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the machine has slept, and the timer with it, the return moves the dialog."""
    monkeypatch.setattr(callback_view, "async_call_later", Mock())
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    address = flow_user.agree(await flow_user.choose("authorize"))
    freezer.tick(601)
    status, page = await flow_user.come_back(address)
    assert status == HTTPStatus.BAD_REQUEST
    assert "log in again from Home Assistant" in page
    assert (await flow_user.look())["step_id"] == "expired"


async def test_dialog_gone_when_it_ends(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The timer does not mind a flow that is gone."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    await flow_user.choose("authorize")
    flows = hass.config_entries.flow
    monkeypatch.delitem(flows._progress, flow_user.flow_id)  # noqa: SLF001
    await flow_user.time.move(601)
    assert "UnknownFlow" not in caplog.text


async def test_return_after_a_restart(
    loaded: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """Whoever comes back after a restart is told to log in again."""
    client = await hass_client_no_auth()
    response = await client.get("/api/telldus_pa/callback/" + "a" * 43)
    assert response.status == HTTPStatus.BAD_REQUEST
    assert "log in again from Home Assistant" in await response.text()
