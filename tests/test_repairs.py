"""Repairs that Home Assistant can carry out, over its own REST API."""

from http import HTTPStatus
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.telldus_pa.const import CONF_REVERSED_COVERS, DOMAIN
from custom_components.telldus_pa.issues import (
    Issue,
    async_set_issue,
    async_suggest_reversing,
)
from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from tests.helpers import diagnostics

from .conftest import Time
from .helpers import issues, state_of

pytestmark = pytest.mark.only("Bedroom shutter", "Window lamp")


FLOWS = "/api/repairs/issues/fix"
SHUTTER_ID = "2100007"

type Step = dict[str, Any]


class Repair:
    """A person who opens an issue."""

    def __init__(self, client: Any, issue_id: str) -> None:
        """Take hold of the issue's dialog."""
        self._client = client
        self._issue = issue_id
        self._flow_id = ""

    async def begin(self) -> Step:
        """Open the dialog."""
        body = {"handler": DOMAIN, "issue_id": self._issue}
        return await self._post(FLOWS, body)

    async def submit(self) -> Step:
        """Submit what it shows."""
        return await self._post(f"{FLOWS}/{self._flow_id}", {})

    async def _post(self, path: str, body: Step) -> Step:
        """Send something."""
        response = await self._client.post(path, json=body)
        assert response.status == HTTPStatus.OK, await response.text()
        step: Step = await response.json()
        self._flow_id = step["flow_id"]
        return step


@pytest.fixture
async def repair(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_client: ClientSessionGenerator
) -> Repair:
    """Return somebody who is told that something else uses up the limit."""
    assert await async_setup_component(hass, "repairs", {})
    async_set_issue(hass, loaded, Issue.RATE_LIMIT_EXHAUSTED, show=True)
    issue_id = f"{Issue.RATE_LIMIT_EXHAUSTED}_{loaded.entry_id}"
    return Repair(await hass_client(), issue_id)


@pytest.fixture
async def turning(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_client: ClientSessionGenerator
) -> Repair:
    """Return somebody who is told that a shutter runs the other way."""
    assert await async_setup_component(hass, "repairs", {})
    async_suggest_reversing(hass, loaded, SHUTTER_ID, "Bedroom shutter")
    issue_id = f"{Issue.COVER_DIRECTION}_{loaded.entry_id}_{SHUTTER_ID}"
    return Repair(await hass_client(), issue_id)


@pytest.mark.parametrize(("before", "after"), [(None, 120), (100, 200), (3000, 3600)])
async def test_slow_down(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    repair: Repair,
    time: Time,
    before: int | None,
    after: int,
) -> None:
    """The states are read less often, at once, and the issue is gone."""
    if before:
        hass.config_entries.async_update_entry(
            loaded, options={CONF_SCAN_INTERVAL: before}
        )
    step = await repair.begin()
    assert (step["type"], step["step_id"]) == ("form", "confirm")
    assert step["description_placeholders"] == {
        "name": loaded.title,
        "interval": str(after),
    }
    assert issues(hass) == {"rate_limit_exhausted"}
    assert (await repair.submit())["type"] == "create_entry"
    await time.move(15)
    assert issues(hass) == set()
    assert loaded.options == {CONF_SCAN_INTERVAL: after}
    assert (await diagnostics(hass, loaded))["lists"]["devices"]["interval"] == after


async def test_as_slow_as_can_be(
    hass: HomeAssistant, loaded: MockConfigEntry, repair: Repair
) -> None:
    """Where nothing can be done here, the issue stays."""
    hass.config_entries.async_update_entry(loaded, options={CONF_SCAN_INTERVAL: 3600})
    step = await repair.begin()
    assert (step["type"], step["reason"]) == ("abort", "nothing_slower")
    assert issues(hass) == {"rate_limit_exhausted"}


async def test_removed_meanwhile(
    hass: HomeAssistant, loaded: MockConfigEntry, repair: Repair, time: Time
) -> None:
    """The account is removed while the dialog is open."""
    await repair.begin()
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    assert (await repair.submit())["reason"] == "entry_gone"


async def test_what_cannot_be_mended(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Nobody is offered a repair that is none."""
    async_set_issue(hass, loaded, Issue.PREMIUM_LAPSED, show=True)
    (issue,) = [one for (d, _), one in ir.async_get(hass).issues.items() if d == DOMAIN]
    assert not issue.is_fixable


@pytest.mark.parametrize(
    ("before", "after"), [([], [SHUTTER_ID]), (["1", SHUTTER_ID], ["1"])]
)
async def test_turn_a_cover(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    turning: Repair,
    time: Time,
    before: list[str],
    after: list[str],
) -> None:
    """The option is changed for this cover alone, whichever it was; the issue is gone."""
    hass.config_entries.async_update_entry(
        loaded, options={CONF_SCAN_INTERVAL: 60, CONF_REVERSED_COVERS: before}
    )
    step = await turning.begin()
    assert (step["type"], step["step_id"]) == ("form", "confirm")
    assert step["description_placeholders"] == {
        "name": loaded.title,
        "cover": "Bedroom shutter",
    }
    assert issues(hass) == {"cover_direction"}
    assert (await turning.submit())["type"] == "create_entry"
    await time.move(15)
    assert issues(hass) == set()
    assert loaded.options == {CONF_SCAN_INTERVAL: 60, CONF_REVERSED_COVERS: after}
    assert state_of(hass, "cover.bedroom_shutter").state == (
        "closed" if after == [SHUTTER_ID] else "open"
    )


async def test_cover_of_a_removed_account(
    hass: HomeAssistant, loaded: MockConfigEntry, turning: Repair, time: Time
) -> None:
    """The account is removed while the dialog is open, and its issue with it."""
    await turning.begin()
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    assert issues(hass) == set()
    assert (await turning.submit())["reason"] == "entry_gone"
