"""Whose account it is: by its profile, or by its gateways."""

from typing import Any

from aiohttp.test_utils import TestServer
import pytest

from custom_components.telldus_pa.const import (
    CONF_ACCOUNT_UUID,
    CONF_GATEWAYS,
    CONF_SERVER_URL,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from simulator import Fault, Simulator
from tests.flow_user import FlowUser, Step, keys, only_entry

pytestmark = pytest.mark.only("Window lamp")


async def test_profile_refused(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """Where Telldus will not say whose account it is, its gateways tell."""
    simulator.settings.refuse_profile = True
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["type"] == "create_entry"
    assert step["title"] == "Telldus Live!"
    entry = only_entry(hass)
    assert entry.data[CONF_ACCOUNT_UUID] is None
    assert entry.data[CONF_GATEWAYS] == sorted(simulator.home.gateways)
    assert entry.unique_id

    # The same account again, this time with a word from Telldus.
    simulator.settings.refuse_profile = False
    await flow_user.time.move(60)
    await flow_user.begin()
    await flow_user.choose("reuse_keys")
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert (step["type"], step["reason"]) == ("abort", "already_configured")

    # Another account, to which the same gateways are merely shared.
    await flow_user.time.move(180)
    await flow_user.begin()
    await flow_user.choose("reuse_keys")
    step = await flow_user.sign_in(await flow_user.choose("authorize"), user="guest")
    assert step["type"] == "create_entry"


@pytest.mark.parametrize(
    "fault",
    [
        Fault.BAD_GATEWAY,
        Fault.CLOUDFLARE,
        Fault.GARBAGE,
        Fault.EMPTY,
        Fault.TIMEOUT,
        Fault.UNAUTHORIZED_XML,
    ],
)
async def test_profile_not_there_for_the_moment(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    fault: Fault,
) -> None:
    """A fault that passes does not give the account an id that nobody else knows."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.choose("authorize")
    simulator.faults.add(fault, match="json/user/profile", times=1)
    step = await flow_user.sign_in(step)
    if step["type"] != "create_entry":
        assert step["step_id"] == "failed"
        step = await flow_user.submit()
    assert step["type"] == "create_entry"
    entry = only_entry(hass)
    assert entry.unique_id == entry.data[CONF_ACCOUNT_UUID] is not None


@pytest.mark.parametrize("fault", [Fault.BAD_GATEWAY, Fault.GARBAGE])
async def test_profile_that_never_comes(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    fault: Fault,
) -> None:
    """After three attempts the gateways decide: nobody is stuck."""
    simulator.faults.add(fault, match="json/user/profile", times=None)
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    for _ in range(2):
        assert step["step_id"] == "failed"
        step = await flow_user.submit()
    assert step["type"] == "create_entry"
    assert only_entry(hass).data[CONF_GATEWAYS]


async def test_accounts_on_two_servers(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """Neither the same id nor the same gateways make accounts on two servers one."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["type"] == "create_entry"
    first = only_entry(hass)
    other = flow_user.simulator = Simulator()
    async with TestServer(other.app) as server:
        url = str(server.make_url("")).rstrip("/")
        for refuse_profile in (True, False):
            other.settings.refuse_profile = refuse_profile
            await flow_user.time.move(60)
            await flow_user.begin()
            await flow_user.choose("user")
            await flow_user.submit(keys(url))
            step = await flow_user.sign_in(await flow_user.choose("authorize"))
            assert step["type"] == "create_entry", step
            added = hass.config_entries.async_get_known_entry(
                step["result"]["entry_id"]
            )
            assert added.unique_id != first.unique_id
            if refuse_profile:
                assert added.data[CONF_GATEWAYS] == sorted(simulator.home.gateways)
            await flow_user.time.until(hass.config_entries.async_remove(added.entry_id))
        assert added.data[CONF_ACCOUNT_UUID] == first.data[CONF_ACCOUNT_UUID]


@pytest.mark.parametrize(("owned", "user"), [(["410001"], "demo"), ([], "guest")])
async def test_gateways_of_another_server_prove_nothing(
    hass: HomeAssistant,
    flow_user: FlowUser,
    reauth_entry: ConfigEntry,
    simulator: Simulator,
    owned: list[str],
    user: str,
) -> None:
    """Where only gateways could tell, an account on another server is another one."""
    simulator.settings.refuse_profile = True
    step = await flow_user.choose("authorize")
    # As after a change to this server
    hass.config_entries.async_update_entry(
        reauth_entry,
        data={
            **reauth_entry.data,
            CONF_GATEWAYS: owned,
            CONF_SERVER_URL: "https://telldus.example",
        },
    )
    step = await flow_user.sign_in(step, user=user)
    assert step["step_id"] == "wrong_account"


@pytest.mark.parametrize(
    "fault", [Fault.NOT_FOUND, Fault.UNAUTHORIZED_XML, Fault.APPLICATION_ERROR]
)
async def test_profile_not_there(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    fault: Fault,
) -> None:
    """A server that will not say does not keep anybody from signing in."""
    simulator.faults.add(fault, match="json/user/profile", times=None)
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["type"] == "create_entry"
    assert only_entry(hass).data[CONF_ACCOUNT_UUID] is None


async def test_reauth_with_another_account(
    hass: HomeAssistant, flow_user: FlowUser, reauth_entry: ConfigEntry
) -> None:
    """Somebody else's token does not get in, and the right person is still asked."""
    token = reauth_entry.data[CONF_TOKEN]
    first = await flow_user.choose("authorize")
    step = await flow_user.sign_in(first, user="neighbor")
    assert (step["type"], step["step_id"]) == ("menu", "wrong_account")
    assert (await flow_user.look())["step_id"] == "wrong_account"
    assert reauth_entry.data[CONF_TOKEN] == token
    assert len(hass.config_entries.flow.async_progress()) == 1
    second = await flow_user.choose("authorize")
    assert second["url"] != first["url"]
    step = await flow_user.sign_in(second)
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")
    assert reauth_entry.data[CONF_TOKEN] != token


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
    flow_user: FlowUser,
    reauth_entry: ConfigEntry,
    simulator: Simulator,
    device_registry: dr.DeviceRegistry,
    owned: list[str],
    shown: bool,
    user: str,
    is_let_in: bool,
) -> None:
    """Who owns no gateway is believed where the entry has none of its own either."""
    hass.config_entries.async_update_entry(
        reauth_entry, data={**reauth_entry.data, CONF_GATEWAYS: owned}
    )
    if not shown:
        await flow_user.time.until(
            hass.config_entries.async_unload(reauth_entry.entry_id)
        )
        for device in dr.async_entries_for_config_entry(
            device_registry, reauth_entry.entry_id
        ):
            device_registry.async_remove_device(device.id)
    simulator.settings.refuse_profile = True
    step = await flow_user.sign_in(await flow_user.choose("authorize"), user=user)
    assert (step.get("reason") == "reauth_successful") is is_let_in
    assert (step.get("step_id") == "wrong_account") is not is_let_in


async def test_reauth_without_profile(
    flow_user: FlowUser, reauth_entry: ConfigEntry, simulator: Simulator
) -> None:
    """An account whose profile is refused now proves itself by its gateways."""
    profile = reauth_entry.data[CONF_ACCOUNT_UUID]
    simulator.settings.refuse_profile = True
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")
    assert reauth_entry.data[CONF_ACCOUNT_UUID] == profile


async def persist(flow_user: FlowUser, step: Step) -> Step:
    """Try again, twice at most, a minute apart."""
    for _ in range(2):
        if step.get("step_id") == "failed":
            await flow_user.time.move(60)
            step = await flow_user.submit()
    return step


def refuse(simulator: Simulator, fault: Fault, **arguments: Any) -> None:
    """Have the server neither say whose account it is, nor list its gateways."""
    for function in ("user/profile", "clients/list"):
        simulator.faults.add(fault, match=f"json/{function}", times=None, **arguments)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.APPLICATION_ERROR,
        Fault.CLOUDFLARE,
        Fault.NOT_FOUND,
        Fault.GARBAGE,
        Fault.UNAUTHORIZED_XML,
        Fault.BAD_GATEWAY,
    ],
)
@pytest.mark.parametrize("shows_gateways", [True, False])
async def test_nothing_identifies(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    fault: Fault,
    shows_gateways: bool,
) -> None:
    """Where only the devices are listed, one can sign in, and do so again."""
    refuse(simulator, fault)
    if not shows_gateways:
        simulator.faults.add(
            Fault.MISSING_KEYS, match="json/devices/list", times=None, keys=["client"]
        )
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    step = await persist(flow_user, step)
    assert step["type"] == "create_entry"
    entry = only_entry(hass)
    assert entry.unique_id
    assert entry.data[CONF_ACCOUNT_UUID] is None
    assert entry.data[CONF_GATEWAYS] == []
    await flow_user.time.move(120)

    token = entry.data[CONF_TOKEN]
    entry.async_start_reauth(hass)
    await flow_user.time.settle()
    (flow,) = hass.config_entries.flow.async_progress()
    flow_user.flow_id = flow["flow_id"]
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    step = await persist(flow_user, step)
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")
    assert entry.data[CONF_TOKEN] != token


async def test_owner_whom_nothing_identifies(
    flow_user: FlowUser, reauth_entry: ConfigEntry, simulator: Simulator
) -> None:
    """An owner whose gateways are not listed may be a guest, and is not let in."""
    refuse(simulator, Fault.APPLICATION_ERROR)
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["step_id"] == "wrong_account"


async def test_gateways_refused(
    flow_user: FlowUser, server_url: str, simulator: Simulator
) -> None:
    """Who has an id needs no gateways, even beside an account that has none."""
    simulator.settings.refuse_profile = True
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["type"] == "create_entry"

    await flow_user.time.move(180)
    simulator.settings.refuse_profile = False
    simulator.faults.add(Fault.APPLICATION_ERROR, match="json/clients/list", times=None)
    await flow_user.begin()
    await flow_user.choose("reuse_keys")
    step = await flow_user.sign_in(await flow_user.choose("authorize"), user="guest")
    assert step["type"] == "create_entry"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.UNAUTHORIZED_XML, "invalid_auth"),
        (Fault.RATE_LIMITED, "rate_limited"),
        (Fault.TIMEOUT, "cannot_connect"),
        (Fault.APPLICATION_ERROR, "rejected"),
    ],
)
async def test_devices_refused_as_well(
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    fault: Fault,
    error: str,
) -> None:
    """An account that cannot be used is not set up: what the devices say is told."""
    refuse(simulator, Fault.NOT_FOUND)
    simulator.faults.add(fault, match="json/devices/list", times=None)
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert (step["step_id"], step["errors"]) == ("failed", {"base": error})
    assert simulator.log[-1].path == "json/devices/list"


@pytest.mark.parametrize("refuse_profile", [True, False])
async def test_no_more_requests_than_needed(
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    refuse_profile: bool,
) -> None:
    """The devices are not asked for where the profile or the gateways tell."""
    simulator.settings.refuse_profile = refuse_profile
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.choose("authorize")
    asked = len(simulator.log)
    await flow_user.sign_in(step)
    paths = [request.path for request in simulator.log[asked:]]
    functions = ["json/user/profile", *["json/clients/list"] * refuse_profile]
    assert paths[: len(functions) + 1] == ["oauth/accessToken", *functions]
    assert paths.count("json/clients/list") == refuse_profile
