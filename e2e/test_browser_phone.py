"""On a phone, in Swedish: the roads that are not the broad one, in a browser.

The tests are the steps of one story, and stand on one another. What each looks like is in
`.e2e/browser/`.
"""

from playwright.async_api import expect
import pytest

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from .conftest import Home
from .dashboards import HOME, make_dashboards
from .frontend import Dashboard
from .stack import DOMAIN

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIZE, LANGUAGE = "phone", "sv"


async def test_log_in(home: Home) -> None:
    """A person logs in to Home Assistant."""
    await home.person.log_in("demo", "demo")


async def test_popup_blocked(home: Home) -> None:
    """Where the browser lets no window open by itself, a link does."""
    person = home.person
    await person.block_windows()
    dialog = await person.add_integration()
    await person.shoot("keys")
    simulator = home.house.stack.simulator_url
    await dialog.enter_keys(DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, simulator)
    await dialog.submit()
    await dialog.shows("config.step.method.title")
    await person.shoot("method")
    await dialog.choose("config.step.method.menu_options.authorize")
    await dialog.is_elsewhere()
    await person.shoot("elsewhere")
    assert not person.has_window
    await dialog.open_website()
    telldus = await person.window()
    await telldus.log_in()
    await person.shoot("telldus-consent", telldus.page)
    # Something keeps the person: the window is closed, and so is the dialog.
    await telldus.page.close()
    await dialog.close()
    assert await home.house.home_assistant.flows_in_progress(DOMAIN) == []


async def test_link(home: Home) -> None:
    """Who logs in manually comes back by themselves, and not before they agreed."""
    person = home.person
    dialog = await person.add_integration()
    simulator = home.house.stack.simulator_url
    await dialog.enter_keys(DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, simulator)
    await dialog.submit()
    await dialog.shows("config.step.method.title")
    await dialog.choose("config.step.method.menu_options.manual")
    await dialog.shows("config.step.link.title")
    await person.shoot("manual")
    await dialog.submit()
    await dialog.shows("config.error.not_authorized")
    await person.shoot("link-not-agreed")
    await person.page.get_by_role("link", name="Telldus", exact=True).click()
    telldus = await person.window()
    await telldus.log_in()
    await telldus.agree()
    await expect(telldus.page.get_by_role("heading", name="Done")).to_be_visible()
    await person.shoot("telldus-done", telldus.page)
    await telldus.page.close()
    await dialog.submit()
    await dialog.has_succeeded()
    await person.shoot("success")
    await dialog.skip_naming()
    home.house.entry = await home.house.loaded_entry()


async def test_reconfigure(home: Home) -> None:
    """Who changes nothing but the login keeps all that they have."""
    entry = await home.person.visit_entry()
    await home.person.shoot("integration")
    dialog = await entry.reconfigure()
    await home.person.shoot("reconfigure")
    await dialog.submit()
    await dialog.shows("config.step.method.title")
    await dialog.choose("config.step.method.menu_options.authorize")
    await dialog.is_elsewhere()
    await dialog.open_website()
    telldus = await home.person.window()
    await telldus.log_in()
    await telldus.agree_and_stay()
    await home.person.shoot("back", telldus.page)
    await telldus.page.close()
    await dialog.ends_with("reconfigure_successful")
    await home.person.shoot("reconfigured")
    await dialog.close()
    loaded = await home.house.loaded_entry()
    assert loaded["entry_id"] == home.house.entry["entry_id"]


async def test_options(home: Home) -> None:
    """The options can be seen, and closed."""
    entry = await home.person.visit_entry()
    dialog = await entry.configure()
    await home.person.shoot("options")
    await dialog.close()


async def test_dashboard(home: Home) -> None:
    """What is switched on a dashboard is switched at Telldus."""
    await home.house.wait_until_known("sensor.outdoor_temperature")
    await make_dashboards(home.house.home_assistant)
    person = home.person
    dashboard = Dashboard(person)
    await dashboard.visit(HOME)
    await dashboard.shows_switch("Coffee maker", "off")
    await dashboard.toggle("Coffee maker")
    await dashboard.shows_switch("Coffee maker", "on")
    await person.shoot("dashboard")
    simulator = await person.visit_simulator(home.house.stack.simulator_url)
    await simulator.shows("Coffee maker", "on")
    await person.shoot("simulator", simulator.page)
    await simulator.page.close()


async def test_removal(home: Home) -> None:
    """A person removes the entry."""
    entry = await home.person.visit_entry()
    await entry.delete()
    assert await home.house.home_assistant.entries(DOMAIN) == []


async def test_complaints(home: Home) -> None:
    """Neither the browser nor Home Assistant has anything to complain of."""
    home.assert_no_complaints()
