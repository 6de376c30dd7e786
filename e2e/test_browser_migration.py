"""At a desk, in German: moving over from Home Assistant's own integration, and back.

The tests are the steps of one story, and stand on one another. What each looks like is in
`.e2e/browser/`.
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
# Seconds until everything of an integration is there: core reads each device by itself
_ALL_THERE = 120


async def _rows(session: BrowserSession) -> dict[str, Any]:
    """Return what the registry has, by entity id."""
    rows = await session.scenario.home_assistant.ask("config/entity_registry/list")
    return {row["entity_id"]: row for row in rows}


async def _core(session: BrowserSession) -> dict[str, Any]:
    """Return the entry of Home Assistant's own integration."""
    (entry,) = await session.scenario.home_assistant.entries(TELLDUSLIVE)
    found: dict[str, Any] = entry
    return found


async def test_before(session: BrowserSession) -> None:
    """Home Assistant's own integration is there, with names, an automation, a dashboard."""
    ask = session.scenario.home_assistant.ask

    async def all_there() -> bool:
        return {"light.ceiling_dimmer", _SHUTTER, _PLUG} <= set(await _rows(session))

    await poll("core's entities are there", all_there, _ALL_THERE)
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
    """Who signs in is offered to take over, and sees what that means."""
    user = session.user
    await user.log_in("demo", "demo")
    dialog = await user.add_integration()
    simulator = session.scenario.stack.simulator_url
    await dialog.enter_keys(DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, simulator)
    await dialog.submit()
    await dialog.shows("config.step.road.title")
    await dialog.choose("config.step.road.menu_options.authorize")
    await dialog.waits_for_window()
    telldus = await user.window()
    await telldus.log_in()
    await telldus.agree()
    await telldus.closes()
    await dialog.shows("options.progress.read_lists")
    await user.take_picture("reading")
    await dialog.shows("options.step.review.title")
    await user.take_picture_for_documents("moving-offer")
    # Our own groups name other members by themselves.
    await expect(user.page.get_by_text("Everything off")).to_have_count(0)
    await user.take_scrolled_pictures("offer")


async def test_take_over(session: BrowserSession) -> None:
    """What is taken over keeps its id, its name, and all that uses it."""
    before = await _rows(session)
    dialog = Dialog(session.user)
    await dialog.submit()
    await dialog.is_done("options_flow")
    await session.user.take_picture("moved")
    await dialog.close()
    session.scenario.entry = await session.scenario.loaded_entry()
    assert (await _core(session))["disabled_by"] == "user"
    after = await _rows(session)
    for one in (_LAMP, _PLUG):
        assert before[one]["platform"] == TELLDUSLIVE
        assert after[one]["platform"] == DOMAIN
        assert after[one]["id"] == before[one]["id"]
        assert after[one]["name"] == before[one]["name"]
    assert after[_SHUTTER]["platform"] == TELLDUSLIVE
    assert after["cover.bedroom_shutter"]["platform"] == DOMAIN


async def test_dashboard(session: BrowserSession) -> None:
    """The dashboard goes on, but for what is shown as something else now."""
    user = session.user
    dashboard = Dashboard(user)
    await dashboard.visit("my-home")
    await dashboard.shows_switch("Coffee maker", "off")
    await dashboard.toggle("Coffee maker")
    await dashboard.shows_switch("Coffee maker", "on")
    await user.sees(re.compile("Corner lamp"))
    await user.take_picture("dashboard")


async def test_integrations(session: BrowserSession) -> None:
    """The page of Home Assistant's own integration says that it is disabled."""
    user = session.user
    await user.visit(f"/config/integrations/integration/{TELLDUSLIVE}")
    await user.sees("Cloud API")
    await user.take_picture("disabled")


async def test_go_back(session: BrowserSession) -> None:
    """The options lead back, and all is as it was."""
    user = session.user
    before = await _rows(session)
    entry = await user.visit_entry()
    dialog = await entry.configure()
    await user.take_picture("options")
    await dialog.choose("options.step.menu.menu_options.go_back")
    await user.sees(re.compile(re.escape(session.scenario.entry["title"])))
    await user.take_picture("go-back")
    await dialog.submit()
    await dialog.is_done("options_flow")
    await user.take_picture("gone-back")
    await dialog.close()
    (ours,) = await session.scenario.home_assistant.entries(DOMAIN)
    assert ours["disabled_by"] == "user"
    core = await _core(session)
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


async def test_complaints(session: BrowserSession) -> None:
    """Neither the browser nor Home Assistant has anything to complain of."""
    session.assert_no_complaints()
