"""Desktop, English: from the log-in to the removal, in a browser.

The tests are steps that depend on one another. Their pictures are in `.e2e/browser/`.
"""

import re

from playwright.async_api import expect
import pytest

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from .conftest import BrowserSession
from .dashboards import HOME, make_dashboards, use_energy
from .develop import make_automations
from .frontend import Dashboard, Dialog
from .stack import DOMAIN
from .test_support import RATE_LIMIT_EXHAUSTED

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIZE, LANGUAGE = "desktop", "en"


async def test_log_in(session: BrowserSession) -> None:
    """The user logs in to Home Assistant."""
    await session.user.log_in("demo", "demo")


async def test_wrong_keys(session: BrowserSession) -> None:
    """The integration is found by its name, and reports wrong keys."""
    dialog = await session.user.add_integration()
    await session.user.take_picture_for_documents("sign-in-keys")
    await dialog.enter_keys("wrong", "keys", session.scenario.stack.simulator_url)
    await dialog.submit()
    await dialog.shows("config.error.invalid_auth")
    await session.user.take_picture("keys-wrong")


async def test_refuse(session: BrowserSession) -> None:
    """A refused authorization is reported, and can be repeated."""
    dialog = Dialog(session.user)
    await dialog.enter_keys(DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY)
    await dialog.submit()
    await dialog.shows("config.step.method.title")
    await session.user.take_picture("method")
    await dialog.choose("config.step.method.menu_options.authorize")
    await dialog.waits_for_window()
    telldus = await session.user.window()
    await session.user.take_picture("elsewhere")
    await session.user.take_picture("telldus", telldus.page)
    await telldus.log_in()
    await session.user.take_picture("telldus-consent", telldus.page)
    await telldus.refuse()
    await telldus.closes()
    await dialog.shows("config.step.refused.title")
    await session.user.take_picture("refused")


async def test_agree(session: BrowserSession) -> None:
    """After the authorization the window closes, and the dialog lists the devices."""
    dialog = Dialog(session.user)
    await dialog.choose("config.step.refused.menu_options.authorize")
    await dialog.waits_for_window()
    telldus = await session.user.window()
    await telldus.log_in()
    await telldus.agree()
    await telldus.closes()
    await dialog.has_succeeded()
    await session.user.take_picture("sign-in-success")
    await dialog.lists_devices("Home", "Coffee maker", "Wall remote", "Movie night")
    await dialog.skip_naming()
    session.scenario.entry = await session.scenario.loaded_entry()


async def test_devices(session: BrowserSession) -> None:
    """The integration's page lists the devices."""
    entry = await session.user.visit_entry()
    await entry.lists("Coffee maker")
    await session.user.take_picture("integration")


async def test_revoked(session: BrowserSession) -> None:
    """A revoked token leads to a reauthentication that can be put off."""
    user = session.user
    simulator = await user.visit_simulator(session.scenario.stack.simulator_url)
    await simulator.revoke()
    await user.take_picture("telldus-revoked", simulator.page)
    await simulator.page.close()
    entry = await user.visit_entry()
    # That takes a minute of failures. A browser in which the button is looked for meanwhile
    # keeps a third of a processor busy.
    await session.scenario.reauth_flow()
    await expect(entry.attention).to_be_visible()
    await user.take_picture("attention")
    dialog = Dialog(user)
    for _ in range(2):
        await entry.attention.click()
        await dialog.shows("config.step.reauth_confirm.title")
        await user.take_picture("log-in-again")
        await dialog.close()
    await entry.attention.click()
    await dialog.choose("config.step.reauth_confirm.menu_options.authorize")
    await dialog.waits_for_window()
    telldus = await user.window()
    await telldus.log_in()
    await telldus.agree()
    await telldus.closes()
    await dialog.ends_with("reauth_successful")
    await user.take_picture("logged-in-again")
    await dialog.close()
    await expect(entry.attention).to_be_hidden()
    await session.scenario.loaded_entry()


async def test_repair(session: BrowserSession) -> None:
    """The repair for a used-up rate limit polls less often."""
    await session.scenario.home_assistant.ask(
        "fire_event", event_type=RATE_LIMIT_EXHAUSTED
    )
    await session.user.visit("/config/repairs")
    title = session.user.texts.ours("issues.rate_limit_exhausted.title")
    # The button's name is the whole text of the row.
    shown = session.user.button(re.compile(re.escape(title)))
    await expect(shown).to_be_visible()
    await session.user.take_picture("repairs")
    await shown.click()
    dialog = Dialog(session.user)
    await session.user.sees(re.compile("120"))
    await session.user.take_picture("repair")
    await dialog.submit()
    await dialog.is_done("repair_flow")
    await dialog.close()
    await expect(shown).to_be_hidden()
    await session.scenario.loaded_entry()


async def test_options(session: BrowserSession) -> None:
    """The options show the repair's interval, and take another one."""
    entry = await session.user.visit_entry()
    dialog = await entry.configure()
    await session.user.take_picture("options")
    await dialog.choose("options.step.init.menu_options.settings")
    label = session.user.texts.ours("options.step.settings.data.scan_interval")
    field = session.user.page.get_by_role("spinbutton", name=label)
    await expect(field).to_have_value("120")
    # As the documents say what it is at first
    await session.user.fill(label, "30")
    await session.user.take_picture_for_documents("options")
    await session.user.fill(label, "20")
    await dialog.submit()
    await dialog.is_done("options_flow")
    await dialog.close()
    await session.scenario.loaded_entry()


async def test_dashboard(session: BrowserSession) -> None:
    """A switch on a dashboard switches the device at Telldus."""
    await make_dashboards(session.scenario.home_assistant)
    user = session.user
    dashboard = Dashboard(user)
    await dashboard.visit(HOME)
    await dashboard.shows_switch("Coffee maker", "off")
    simulator = await user.visit_simulator(session.scenario.stack.simulator_url)
    await simulator.shows("Coffee maker", "off")
    await dashboard.toggle("Coffee maker")
    await dashboard.shows_switch("Coffee maker", "on")
    await simulator.shows("Coffee maker", "on")
    await user.take_picture("simulator", simulator.page)
    await simulator.page.close()


async def test_wall_remote(session: BrowserSession) -> None:
    """A press on the wall shows on the dashboard, and starts an automation."""
    await make_automations(session.scenario.home_assistant)
    user = session.user
    dashboard = Dashboard(user)
    await dashboard.shows_switch("Christmas star", "on")
    never_pressed = dashboard.tile(
        "Wall remote", user.texts.frontend("state.default.unknown")
    )
    await expect(never_pressed).to_be_visible()
    simulator = await user.visit_simulator(session.scenario.stack.simulator_url)
    await simulator.press("Wall remote", "Off")
    await simulator.press("Christmas star", "Off")
    await simulator.page.close()
    await dashboard.shows_switch("Christmas star", "off")
    await dashboard.shows_switch("Sofa lamp", "off")
    await expect(never_pressed).to_be_hidden()


async def test_energy(session: BrowserSession) -> None:
    """Sensors have values, and meters appear on the Energy dashboard."""
    user = session.user
    await session.scenario.wait_until_known(
        "sensor.heat_pump_energy", "sensor.energy_plug_energy"
    )
    await user.take_picture("dashboard")
    await use_energy(session.scenario.home_assistant)
    await user.visit("/energy")
    title = "ui.panel.energy.cards.energy_devices_graph_title"
    await user.sees(user.texts.frontend(title))
    await user.sees("Heat pump")
    await user.take_picture("energy")


async def test_removal(session: BrowserSession) -> None:
    """The user removes the entry."""
    entry = await session.user.visit_entry()
    await entry.delete()
    await session.user.take_picture("deleted")
    assert await session.scenario.home_assistant.entries(DOMAIN) == []


async def test_complaints(session: BrowserSession) -> None:
    """Neither the browser nor Home Assistant logged a warning."""
    session.assert_no_complaints()
