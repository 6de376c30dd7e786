"""Phone, Swedish: the less common ways through the dialogs, in a browser.

The tests are steps that depend on one another. Their pictures are in `.e2e/browser/`.
"""

from playwright.async_api import expect
import pytest

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from .conftest import BrowserSession
from .dashboards import HOME, make_dashboards
from .frontend import Dashboard
from .stack import DOMAIN

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIZE, LANGUAGE = "phone", "sv"


async def test_log_in(session: BrowserSession) -> None:
    """The user logs in to Home Assistant."""
    await session.user.log_in("demo", "demo")


async def test_popup_blocked(session: BrowserSession) -> None:
    """With pop-ups blocked, a link opens the window."""
    user = session.user
    await user.block_windows()
    dialog = await user.add_integration()
    await user.take_picture("keys")
    simulator = session.scenario.stack.simulator_url
    await dialog.enter_keys(DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, simulator)
    await dialog.submit()
    await dialog.shows("config.step.method.title")
    await user.take_picture("method")
    await dialog.choose("config.step.method.menu_options.authorize")
    await dialog.waits_for_window()
    await user.take_picture("elsewhere")
    assert not user.has_window
    await dialog.open_website()
    telldus = await user.window()
    await telldus.log_in()
    await user.take_picture("telldus-consent", telldus.page)
    # The user closes the window and the dialog.
    await telldus.page.close()
    await dialog.close()
    assert await session.scenario.home_assistant.flows_in_progress(DOMAIN) == []


async def test_link(session: BrowserSession) -> None:
    """The manual authorization is submitted by the user, and only after they agreed."""
    user = session.user
    dialog = await user.add_integration()
    simulator = session.scenario.stack.simulator_url
    await dialog.enter_keys(DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, simulator)
    await dialog.submit()
    await dialog.shows("config.step.method.title")
    await dialog.choose("config.step.method.menu_options.manual")
    await dialog.shows("config.step.manual.title")
    await user.take_picture("link")
    await dialog.submit()
    await dialog.shows("config.error.not_authorized")
    await user.take_picture("link-not-agreed")
    await user.page.get_by_role("link", name="Telldus", exact=True).click()
    telldus = await user.window()
    await telldus.log_in()
    await telldus.agree()
    await expect(telldus.page.get_by_role("heading", name="Done")).to_be_visible()
    await user.take_picture("telldus-done", telldus.page)
    await telldus.page.close()
    await dialog.submit()
    await dialog.has_succeeded()
    await user.take_picture("success")
    await dialog.skip_naming()
    session.scenario.entry = await session.scenario.loaded_entry()


async def test_reconfigure(session: BrowserSession) -> None:
    """A reconfiguration with the same keys keeps the entry."""
    entry = await session.user.visit_entry()
    await session.user.take_picture("integration")
    dialog = await entry.reconfigure()
    await session.user.take_picture("reconfigure")
    await dialog.submit()
    await dialog.shows("config.step.method.title")
    await dialog.choose("config.step.method.menu_options.authorize")
    await dialog.waits_for_window()
    await dialog.open_website()
    telldus = await session.user.window()
    await telldus.log_in()
    await telldus.agree_and_stay()
    await session.user.take_picture("back", telldus.page)
    await telldus.page.close()
    await dialog.ends_with("reconfigure_successful")
    await session.user.take_picture("reconfigured")
    await dialog.close()
    loaded = await session.scenario.loaded_entry()
    assert loaded["entry_id"] == session.scenario.entry["entry_id"]


async def test_options(session: BrowserSession) -> None:
    """The options can be opened and closed."""
    entry = await session.user.visit_entry()
    dialog = await entry.configure()
    await session.user.take_picture("options")
    await dialog.choose("options.step.init.menu_options.settings")
    await dialog.shows("options.step.settings.title")
    await session.user.take_picture("settings")
    await dialog.close()


async def test_dashboard(session: BrowserSession) -> None:
    """A switch on a dashboard switches the device at Telldus."""
    await session.scenario.wait_until_known("sensor.outdoor_temperature")
    await make_dashboards(session.scenario.home_assistant)
    user = session.user
    dashboard = Dashboard(user)
    await dashboard.visit(HOME)
    await dashboard.shows_switch("Coffee maker", "off")
    await dashboard.toggle("Coffee maker")
    await dashboard.shows_switch("Coffee maker", "on")
    await user.take_picture("dashboard")
    simulator = await user.visit_simulator(session.scenario.stack.simulator_url)
    await simulator.shows("Coffee maker", "on")
    await user.take_picture("simulator", simulator.page)
    await simulator.page.close()


async def test_removal(session: BrowserSession) -> None:
    """The user removes the entry."""
    entry = await session.user.visit_entry()
    await entry.delete()
    assert await session.scenario.home_assistant.entries(DOMAIN) == []


async def test_complaints(session: BrowserSession) -> None:
    """Neither the browser nor Home Assistant logged a warning."""
    session.assert_no_complaints()
