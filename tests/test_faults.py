"""Every fault of the simulator in every situation; the table is in docs/dev/testing.md."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import DOMAIN
from custom_components.telldus_pa.pa_api import oauth as handshake
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from simulator import Fault, Simulator
from tests.helpers import diagnostics

from .conftest import Time
from .flow_user import FlowUser, keys
from .helpers import (
    ACCOUNT,
    HOME_STATUS,
    LAMP,
    LAMP_ID,
    Dashboard,
    complaints,
    infos,
    polls,
    sent,
    state_is,
    state_of,
)
from .integration_files import english

pytestmark = pytest.mark.only("Window lamp")


DOCUMENT = Path(__file__).parent.parent / "docs" / "dev" / "testing.md"

# The rows of the table, and what to switch on for each.
FAULTS: dict[str, tuple[Fault, dict[str, Any]]] = {
    "401, as XML": (Fault.UNAUTHORIZED_XML, {}),
    "401, as text": (Fault.UNAUTHORIZED_TEXT, {}),
    "429": (Fault.RATE_LIMITED, {}),
    "429 with `Retry-After`": (Fault.RATE_LIMITED, {"retry_after": 15}),
    "404": (Fault.NOT_FOUND, {}),
    "502": (Fault.BAD_GATEWAY, {}),
    "403 of Cloudflare": (Fault.CLOUDFLARE, {}),
    "no answer in time": (Fault.TIMEOUT, {}),
    "a slow answer": (Fault.SLOW, {"seconds": 2}),
    "a redirect": (Fault.REDIRECT, {}),
    "half an answer": (Fault.TRUNCATED, {}),
    "an HTML page": (Fault.GARBAGE, {}),
    "nothing": (Fault.EMPTY, {}),
    "“Could not select database”": (Fault.DATABASE, {}),
    "an `error`": (Fault.APPLICATION_ERROR, {"text": "Unknown error"}),
    "wrong types, broken rows": (Fault.WRONG_TYPES, {}),
    "missing keys": (
        Fault.MISSING_KEYS,
        {"keys": ["deviceType", "stateValues", "status", "transport", "type"]},
    ),
    "a command that gets lost": (Fault.COMMAND_LOST, {}),
}
SITUATIONS = ("Starting", "Polling", "In a command", "Signing in", "Signing in again")
FINE = "fine"


def table() -> dict[str, dict[str, str]]:
    """Return what the document says, by fault and situation."""
    lines = DOCUMENT.read_text().splitlines()
    head = next(n for n, line in enumerate(lines) if line.startswith("| Fault |"))
    rows = {}
    for line in lines[head + 2 :]:
        if not line.startswith("|"):
            break
        fault, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        rows[fault] = dict(zip(SITUATIONS, cells, strict=True))
    return rows


TABLE = table()


def every_fault(situation: str) -> pytest.MarkDecorator:
    """Run a test with each fault, and what the document says of it in a situation."""
    return pytest.mark.parametrize(
        ("fault", "arguments", "expected"),
        [
            pytest.param(*FAULTS[name], cells[situation].strip("`"), id=name)
            for name, cells in TABLE.items()
            if cells[situation] != "–"
        ],
    )


def test_table() -> None:
    """The table has every fault that there is."""
    assert list(TABLE) == list(FAULTS)
    assert {fault for fault, _ in FAULTS.values()} == set(Fault)


@pytest.fixture(autouse=True)
def _short_timeouts(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wait for real time no longer than a busy machine needs, where nothing is to come."""
    if "fault" in request.fixturenames:
        if request.getfixturevalue("fault") is Fault.TIMEOUT:
            monkeypatch.setattr(handshake, "_HTTP_TIMEOUT", (2.0, 1.0))


@contextmanager
def switched_on(
    simulator: Simulator, fault: Fault, match: str, arguments: dict[str, Any]
) -> Generator[None]:
    """Have a fault for a while."""
    simulator.faults.add(fault, match=match, **arguments)
    yield
    simulator.faults.clear()


@every_fault("Starting")
async def test_starting(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    arguments: dict[str, Any],
    expected: str,
) -> None:
    """A start never takes long; it is tried again, says why, and ends well by itself."""
    with switched_on(simulator, fault, "json/*", arguments):
        began = simulator.clock()
        await time.until(hass.config_entries.async_setup(entry.entry_id), limit=16)
        # No longer than our time-out, whatever comes
        assert simulator.clock() - began <= 16
        # Home Assistant 2026.8 keeps what a person reads of it, and no more.
        said = english()["exceptions"].get(expected, {"message": ""})["message"]
        assert (entry.reason or "") == said.replace("{reason}", "Unknown error")
        await time.move(60)
    # Home Assistant says that it is not ready, and why; we have nothing to add.
    waits = [text for text in caplog.messages if "not ready yet: " in text]
    assert bool(waits) == (expected != FINE)
    rows = [text for text in caplog.messages if "cannot be understood" in text]
    assert [line for line in complaints(caplog) if line not in waits + rows] == []
    await time.move(2400)
    assert entry.state is ConfigEntryState.LOADED
    # Called by what was understood of their names when they came
    registry = er.async_get(hass)
    lamp = registry.async_get_entity_id("switch", DOMAIN, f"{ACCOUNT}_device_{LAMP_ID}")
    home = registry.async_get_entity_id(
        "sensor", DOMAIN, f"{ACCOUNT}_gateway_410001_status"
    )
    assert state_of(hass, lamp or "").state == "on"
    assert state_of(hass, home or "").state == "polling"
    assert not hass.config_entries.flow.async_progress()


@every_fault("Polling")
async def test_polling(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    arguments: dict[str, Any],
    expected: str,
) -> None:
    """One failed poll is shown and changes nothing; long ones cost one line each way."""
    with switched_on(simulator, fault, "json/*", arguments):
        # A poll, and as long as an answer may take
        await time.move(50)
        cause = state_of(hass, HOME_STATUS).state
        assert (FINE if cause == "polling" else cause) == expected
        assert state_of(hass, LAMP).state == "on"
        # In steps that are shorter than our time-out, where answers do come
        await time.move(110 if expected == FINE else 1500)
    lost = [line for line in complaints(caplog) if "cannot be understood" not in line]
    if expected == FINE:
        assert state_of(hass, LAMP).state == "on"
        assert lost == []
        return
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE
    assert state_of(hass, HOME_STATUS).state == expected
    assert len(lost) == 1
    assert lost[0].endswith(": the last data are too old to be displayed")
    await time.move(2100)
    assert state_of(hass, LAMP).state == "on"
    assert state_of(hass, HOME_STATUS).state == "polling"
    assert infos(caplog) == ["Data of Telldus are received again"]
    assert not hass.config_entries.flow.async_progress()


@every_fault("In a command")
async def test_in_a_command(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    arguments: dict[str, Any],
    expected: str,
) -> None:
    """A command is carried out, or its failure told; what is shown is true in the end."""
    with switched_on(simulator, fault, "json/device/*", {"times": 1, **arguments}):
        action = dashboard.begin("turn_off", LAMP)
        assert state_of(hass, LAMP).state == "off"
        await time.move(19)
    assert action.done()
    error = action.exception()
    if isinstance(error, HomeAssistantError):
        outcome = (error.translation_key or "").removeprefix("command_")
        # Told in words, with what it was about
        assert "Window lamp" in str(error)
    else:
        assert error is None
        outcome = "sent again" if len(sent(simulator)) > 1 else FINE
        assert len(set(sent(simulator))) == 1
    assert outcome == expected
    await time.move(60)
    is_on = simulator.home.devices["2100001"].state == 1
    assert state_of(hass, LAMP).state == ("on" if is_on else "off")
    assert (await diagnostics(hass, loaded))["commands"]["pending"] == 0
    assert complaints(caplog) == []


@pytest.fixture
def outcome_of() -> Callable[[dict[str, Any]], str]:
    """Return a function that tells what a dialog says is wrong."""

    def outcome(step: dict[str, Any]) -> str:
        errors: dict[str, str] = step.get("errors") or {}
        return errors.get("base", FINE)

    return outcome


@every_fault("Signing in")
async def test_signing_in(
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    outcome_of: Callable[[dict[str, Any]], str],
    fault: Fault,
    arguments: dict[str, Any],
    expected: str,
) -> None:
    """What is wrong is said in the form, which can be sent again until it works."""
    await flow_user.begin()
    simulator.faults.add(fault, times=None, **arguments)
    step = await flow_user.submit(keys(server_url))
    assert outcome_of(step) == expected
    if expected != FINE:
        simulator.faults.clear()
        await flow_user.time.move(35)
        step = await flow_user.submit(keys(server_url))
    simulator.faults.clear()
    assert step["step_id"] == "method"
    step = await flow_user.sign_in(await flow_user.choose("authorize"))
    assert step["type"] == "create_entry"


@every_fault("Signing in again")
async def test_signing_in_again(
    flow_user: FlowUser,
    reauth_entry: ConfigEntry,
    server_url: str,
    simulator: Simulator,
    outcome_of: Callable[[dict[str, Any]], str],
    fault: Fault,
    arguments: dict[str, Any],
    expected: str,
) -> None:
    """The same where it is done again; nothing that was there is lost."""
    token = reauth_entry.data["token"]
    simulator.faults.add(fault, match="oauth/*", times=None, **arguments)
    step = await flow_user.choose("authorize")
    assert outcome_of(step) == expected
    assert reauth_entry.data["token"] == token
    simulator.faults.clear()
    if expected != FINE:
        await flow_user.time.move(35)
        again = keys(server_url) if step["step_id"] == "user" else {}
        step = await flow_user.submit(again)
        if step["type"] == "menu":
            step = await flow_user.choose("authorize")
    step = await flow_user.sign_in(step)
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")


# The storm


async def test_two_days_of_refusals(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Two days of 401 and a restart in them: all comes back, and nobody clicks."""
    before = {one.entity_id for one in hass.states.async_all()}
    simulator.faults.add(Fault.UNAUTHORIZED_XML, match="json/*", times=None)
    await time.move(86400)
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE
    assert state_of(hass, HOME_STATUS).state == "auth_failed"
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"

    # A restart forgets what was in memory, the open dialog included.
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    hass.config_entries.flow.async_abort(flow["flow_id"])
    hass.data.pop("telldus_pa_shared")
    asked = polls(simulator)
    await time.until(hass.config_entries.async_setup(loaded.entry_id))
    await time.move(86400)
    assert state_is(loaded, ConfigEntryState.SETUP_RETRY)
    assert len(hass.config_entries.flow.async_progress()) == 1
    # A few at first, then one each half an hour
    assert polls(simulator) - asked < 48 + 10

    simulator.faults.clear()
    await time.move(2400)
    assert state_is(loaded, ConfigEntryState.LOADED)
    await time.move(119)
    assert {one.entity_id for one in hass.states.async_all()} == before
    assert state_of(hass, LAMP).state == "on"
    assert state_of(hass, HOME_STATUS).state == "polling"
    assert not hass.config_entries.flow.async_progress()
    stale = [one for one in complaints(caplog) if "too old to be displayed" in one]
    assert len(stale) == 1
