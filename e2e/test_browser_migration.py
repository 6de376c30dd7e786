"""Desktop, German: the migration from Home Assistant's own integration, and back.

The tests are steps that depend on one another. Their pictures are in `.e2e/browser/`.
"""

import re
from typing import Any

from playwright.async_api import expect
import pytest

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from .conftest import BrowserSession
from .frontend import Dashboard, Dialog
from .polling import poll
from .stack import DOMAIN, TELLDUSLIVE
from .tellduslive_stack import TelldusliveStack

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIZE, LANGUAGE = "desktop", "de"
STACK = TelldusliveStack

_LAMP, _SHUTTER, _PLUG = "light.corner", "light.bedroom_shutter", "switch.coffee_maker"
# Seconds until all entities exist: tellduslive reads each device by itself
_SET_UP_TIMEOUT = 120


async def _rows(session: BrowserSession) -> dict[str, Any]:
    """Return the entity registry by entity id."""
    rows = await session.scenario.home_assistant.ask("config/entity_registry/list")
    return {row["entity_id"]: row for row in rows}


async def _tellduslive_entry(session: BrowserSession) -> dict[str, Any]:
    """Return tellduslive's entry."""
    (entry,) = await session.scenario.home_assistant.entries(TELLDUSLIVE)
    found: dict[str, Any] = entry
    return found


async def test_before(session: BrowserSession) -> None:
    """Tellduslive is set up, with a renamed entity, an automation and a dashboard."""
    ask = session.scenario.home_assistant.ask

    async def all_there() -> bool:
        return {"light.ceiling_dimmer", _SHUTTER, _PLUG} <= set(await _rows(session))

    await poll("tellduslive's entities exist", all_there, _SET_UP_TIMEOUT)
    await ask(
        "config/entity_registry/update",
        entity_id="light.ceiling_dimmer",
        new_entity_id=_LAMP,
        name="Corner lamp",
    )
    await session.scenario.home_assistant.save_automation(
        "evening",
        {
            "alias": "Evening",
            "triggers": {"trigger": "event", "event_type": "evening"},
            "actions": [
                {"action": "light.turn_off", "target": {"entity_id": one}}
                for one in (_SHUTTER, _LAMP)
            ],
        },
    )
    await ask(
        "lovelace/dashboards/create",
        url_path="my-home",
        title="My home",
        mode="storage",
        show_in_sidebar=True,
        require_admin=False,
    )
    cards = [{"type": "tile", "entity": one} for one in (_LAMP, _PLUG, _SHUTTER)]
    view = {"path": "view", "title": "My home", "cards": cards}
    await ask("lovelace/config/save", url_path="my-home", config={"views": [view]})


async def test_offer(session: BrowserSession) -> None:
    """A sign-in offers the migration, with a summary."""
    user = session.user
    await user.log_in("demo", "demo")
    dialog = await user.add_integration()
    simulator = session.scenario.stack.simulator_url
    await dialog.enter_keys(DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, simulator)
    await dialog.submit()
    await dialog.shows("config.step.method.title")
    await dialog.choose("config.step.method.menu_options.authorize")
    await dialog.waits_for_window()
    telldus = await user.window()
    await telldus.log_in()
    await telldus.agree()
    await telldus.closes()
    # That lists are read meanwhile is shown too briefly to wait for.
    await dialog.shows("options.step.review.title")
    await user.take_picture_for_documents("moving-offer")
    # Our own groups name other members by themselves.
    await expect(user.page.get_by_text("Everything off")).to_have_count(0)
    await user.take_narrow_picture("offer")
    await user.take_scrolled_pictures("offer")


async def test_take_over(session: BrowserSession) -> None:
    """Migrated entities keep their ids and names."""
    before = await _rows(session)
    dialog = Dialog(session.user)
    await dialog.submit()
    await dialog.is_done("options_flow")
    await session.user.take_narrow_picture("moved")
    await dialog.close()
    session.scenario.entry = await session.scenario.loaded_entry()
    assert (await _tellduslive_entry(session))["disabled_by"] == "user"
    after = await _rows(session)
    for one in (_LAMP, _PLUG):
        assert before[one]["platform"] == TELLDUSLIVE
        assert after[one]["platform"] == DOMAIN
        assert after[one]["id"] == before[one]["id"]
        assert after[one]["name"] == before[one]["name"]
    assert after[_SHUTTER]["platform"] == TELLDUSLIVE
    assert after["cover.bedroom_shutter"]["platform"] == DOMAIN


async def test_dashboard(session: BrowserSession) -> None:
    """The dashboard works on, except for entities of another domain now."""
    user = session.user
    dashboard = Dashboard(user)
    await dashboard.visit("my-home")
    await dashboard.shows_switch("Coffee maker", "off")
    await dashboard.toggle("Coffee maker")
    await dashboard.shows_switch("Coffee maker", "on")
    await user.sees(re.compile("Corner lamp"))
    await user.take_picture("dashboard")


async def test_integrations(session: BrowserSession) -> None:
    """The page of tellduslive says that it is disabled."""
    user = session.user
    await user.visit(f"/config/integrations/integration/{TELLDUSLIVE}")
    await user.sees("Cloud API")
    await user.take_picture("disabled")
    await user.take_narrow_picture("disabled")


async def test_go_back(session: BrowserSession) -> None:
    """The options lead back, and everything is as before."""
    user = session.user
    before = await _rows(session)
    entry = await user.visit_entry()
    dialog = await entry.configure()
    await user.take_picture("options")
    await user.take_narrow_picture("options")
    await dialog.choose("options.step.init.menu_options.go_back")
    await user.sees(re.compile(re.escape(session.scenario.entry["title"])))
    await user.take_picture("go-back")
    await user.take_narrow_picture("go-back")
    await dialog.submit()
    await dialog.is_done("options_flow")
    await user.take_narrow_picture("gone-back")
    await dialog.close()

    async def is_disabled() -> bool:
        (ours,) = await session.scenario.home_assistant.entries(DOMAIN)
        return bool(ours["disabled_by"] == "user")

    # Once the registries are on disk
    await poll("ours is disabled", is_disabled, 60)
    core = await _tellduslive_entry(session)
    assert (core["disabled_by"], core["state"]) == (None, "loaded")
    after = await _rows(session)
    for one in (_LAMP, _PLUG):
        assert after[one]["platform"] == TELLDUSLIVE
        assert after[one]["id"] == before[one]["id"]
        assert after[one]["name"] == before[one]["name"]
    assert after[_SHUTTER]["disabled_by"] is None


async def test_dashboard_as_before(session: BrowserSession) -> None:
    """The dashboard shows what it showed at first."""
    user = session.user
    dashboard = Dashboard(user)
    await dashboard.visit("my-home")
    await dashboard.shows_switch("Coffee maker", "on")
    await user.sees(re.compile("Corner lamp"))
    await user.take_picture("dashboard-as-before")


async def test_repair(session: BrowserSession) -> None:
    """Who enables this integration again is told that both run, and offered to move again."""
    home_assistant, user = session.scenario.home_assistant, session.user
    (ours,) = await home_assistant.entries(DOMAIN)
    entry_id = ours["entry_id"]
    await home_assistant.ask(
        "config_entries/disable", entry_id=entry_id, disabled_by=None
    )
    await user.visit("/config/repairs")
    issue = user.texts.ours("issues.tellduslive_active.title")
    shown = user.button(re.compile(re.escape(issue)))
    await expect(shown).to_be_visible()
    await user.take_narrow_picture("repairs")
    await shown.click()
    await Dialog(user).shows("issues.tellduslive_active.fix_flow.step.review.title")
    await user.sees(re.compile("cover.bedroom_shutter"))
    await user.take_picture("repair")
    await user.take_narrow_picture("repair")


async def test_complaints(session: BrowserSession) -> None:
    """Neither the browser nor Home Assistant logged a warning."""
    session.assert_no_complaints()
