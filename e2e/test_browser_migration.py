"""At a desk, in German: moving over from Home Assistant's own integration, and back.

The tests are the steps of one story, and stand on one another. What each looks like is in
`.e2e/browser/`.
"""

import re
from typing import Any

from playwright.async_api import expect
import pytest

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from .conftest import Home
from .frontend import Dashboard, Dialog
from .polling import poll
from .stack import DOMAIN
from .tellduslive_stack import CORE, HouseBefore

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIZE, LANGUAGE = "desktop", "de"
HOUSE = HouseBefore

_LAMP, _SHUTTER, _PLUG = "light.corner", "light.bedroom_shutter", "switch.coffee_maker"
# Seconds until everything of an integration is there: core reads each device by itself
_ALL_THERE = 120


async def _rows(home: Home) -> dict[str, Any]:
    """Return what the registry has, by entity id."""
    rows = await home.house.home_assistant.ask("config/entity_registry/list")
    return {row["entity_id"]: row for row in rows}


async def _core(home: Home) -> dict[str, Any]:
    """Return the entry of Home Assistant's own integration."""
    (entry,) = await home.house.home_assistant.entries(CORE)
    found: dict[str, Any] = entry
    return found


async def test_before(home: Home) -> None:
    """Home Assistant's own integration is there, with names, an automation, a dashboard."""
    ask = home.house.home_assistant.ask

    async def all_there() -> bool:
        return {"light.ceiling_dimmer", _SHUTTER, _PLUG} <= set(await _rows(home))

    await poll("core's entities are there", all_there, _ALL_THERE)
    await ask(
        "config/entity_registry/update",
        entity_id="light.ceiling_dimmer",
        new_entity_id=_LAMP,
        name="Corner lamp",
    )
    await home.house.home_assistant.save_automation(
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


async def test_offer(home: Home) -> None:
    """Who signs in is offered to take over, and sees what that means."""
    person = home.person
    await person.log_in("demo", "demo")
    dialog = await person.add_integration()
    simulator = home.house.stack.simulator_url
    await dialog.enter_keys(DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, simulator)
    await dialog.submit()
    await dialog.shows("config.step.method.title")
    await dialog.choose("config.step.method.menu_options.authorize")
    await dialog.is_elsewhere()
    telldus = await person.window()
    await telldus.log_in()
    await telldus.agree()
    await telldus.closes()
    await dialog.shows("options.progress.read_lists")
    await person.shoot("reading")
    await dialog.shows("options.step.review.title")
    await person.shoot_for_documents("moving-offer")
    # Our own groups name other members by themselves.
    await expect(person.page.get_by_text("Everything off")).to_have_count(0)
    await person.shoot_scrolled("offer")


async def test_take_over(home: Home) -> None:
    """What is taken over keeps its id, its name, and all that uses it."""
    before = await _rows(home)
    dialog = Dialog(home.person)
    await dialog.submit()
    await dialog.is_done("options_flow")
    await home.person.shoot("moved")
    await dialog.close()
    home.house.entry = await home.house.loaded_entry()
    assert (await _core(home))["disabled_by"] == "user"
    after = await _rows(home)
    for one in (_LAMP, _PLUG):
        assert before[one]["platform"] == CORE
        assert after[one]["platform"] == DOMAIN
        assert after[one]["id"] == before[one]["id"]
        assert after[one]["name"] == before[one]["name"]
    assert after[_SHUTTER]["platform"] == CORE
    assert after["cover.bedroom_shutter"]["platform"] == DOMAIN


async def test_dashboard(home: Home) -> None:
    """The dashboard goes on, but for what is shown as something else now."""
    person = home.person
    dashboard = Dashboard(person)
    await dashboard.visit("my-home")
    await dashboard.shows_switch("Coffee maker", "off")
    await dashboard.toggle("Coffee maker")
    await dashboard.shows_switch("Coffee maker", "on")
    await person.sees(re.compile("Corner lamp"))
    await person.shoot("dashboard")


async def test_integrations(home: Home) -> None:
    """The page of Home Assistant's own integration says that it is disabled."""
    person = home.person
    await person.visit(f"/config/integrations/integration/{CORE}")
    await person.sees("Cloud API")
    await person.shoot("disabled")


async def test_go_back(home: Home) -> None:
    """The options lead back, and all is as it was."""
    person = home.person
    before = await _rows(home)
    entry = await person.visit_entry()
    dialog = await entry.configure()
    await person.shoot("options")
    await dialog.choose("options.step.menu.menu_options.go_back")
    await person.sees(re.compile(re.escape(home.house.entry["title"])))
    await person.shoot("go-back")
    await dialog.submit()
    await dialog.is_done("options_flow")
    await person.shoot("gone-back")
    await dialog.close()
    (ours,) = await home.house.home_assistant.entries(DOMAIN)
    assert ours["disabled_by"] == "user"
    core = await _core(home)
    assert (core["disabled_by"], core["state"]) == (None, "loaded")
    after = await _rows(home)
    for one in (_LAMP, _PLUG):
        assert after[one]["platform"] == CORE
        assert after[one]["id"] == before[one]["id"]
        assert after[one]["name"] == before[one]["name"]
    assert after[_SHUTTER]["disabled_by"] is None


async def test_dashboard_as_before(home: Home) -> None:
    """The dashboard shows what it showed at first."""
    person = home.person
    dashboard = Dashboard(person)
    await dashboard.visit("my-home")
    await dashboard.shows_switch("Coffee maker", "on")
    await person.sees(re.compile("Corner lamp"))
    await person.shoot("dashboard-as-before")


async def test_complaints(home: Home) -> None:
    """Neither the browser nor Home Assistant has anything to complain of."""
    home.assert_no_complaints()
