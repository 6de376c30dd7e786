"""At a desk, in English: from the log-in to the removal, in a browser.

The tests are the steps of one story, and stand on one another. What each looks like is in
`.e2e/browser/`.
"""

import re

from playwright.async_api import expect
import pytest

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from .conftest import Home
from .dashboards import HOME, make_dashboards, use_energy
from .frontend import Dashboard, Dialog
from .stack import DOMAIN
from .test_support import RATE_LIMIT_EXHAUSTED

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIZE, LANGUAGE = "desktop", "en"


async def test_log_in(home: Home) -> None:
    """A person logs in to Home Assistant."""
    await home.person.log_in("demo", "demo")


async def test_wrong_keys(home: Home) -> None:
    """The integration is found by its name, and says so where keys are wrong."""
    dialog = await home.person.add_integration()
    await home.person.shoot_for_documents("sign-in-keys")
    await dialog.enter_keys("wrong", "keys", home.house.stack.simulator_url)
    await dialog.submit()
    await dialog.shows("config.error.invalid_auth")
    await home.person.shoot("keys-wrong")


async def test_refuse(home: Home) -> None:
    """Who refuses at Telldus is told so, and may think again."""
    dialog = Dialog(home.person)
    await dialog.enter_keys(DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY)
    await dialog.submit()
    await dialog.shows("config.step.method.title")
    await home.person.shoot("method")
    await dialog.choose("config.step.method.menu_options.authorize")
    await dialog.is_elsewhere()
    telldus = await home.person.window()
    await home.person.shoot("elsewhere")
    await home.person.shoot("telldus", telldus.page)
    await telldus.log_in()
    await home.person.shoot("telldus-consent", telldus.page)
    await telldus.refuse()
    await telldus.closes()
    await dialog.shows("config.step.refused.title")
    await home.person.shoot("refused")


async def test_agree(home: Home) -> None:
    """Who agrees comes back by themselves, and sees what they have."""
    dialog = Dialog(home.person)
    await dialog.submit()
    await dialog.is_elsewhere()
    telldus = await home.person.window()
    await telldus.log_in()
    await telldus.agree()
    await telldus.closes()
    await dialog.has_succeeded()
    await home.person.shoot_for_documents("sign-in-success")
    names = await dialog.device_names()
    assert {"Home", "Coffee maker", "Wall remote", "Movie night"} <= set(names)
    await dialog.skip_naming()
    home.house.entry = await home.house.loaded_entry()


async def test_devices(home: Home) -> None:
    """The integration's page lists the devices."""
    entry = await home.person.visit_entry()
    await entry.lists("Coffee maker")
    await home.person.shoot("integration")


async def test_revoked(home: Home) -> None:
    """Whose token is taken back is asked to log in, as often as they look, until they do."""
    person = home.person
    simulator = await person.visit_simulator(home.house.stack.simulator_url)
    await simulator.revoke()
    await person.shoot("telldus-revoked", simulator.page)
    await simulator.page.close()
    entry = await person.visit_entry()
    # It takes more than a minute until that is believed.
    await expect(entry.attention).to_be_visible(timeout=240_000)
    await person.shoot("attention")
    dialog = Dialog(person)
    for _ in range(2):
        await entry.attention.click()
        await dialog.shows("config.step.reauth_confirm.title")
        await person.shoot("log-in-again")
        await dialog.close()
    await entry.attention.click()
    await dialog.choose("config.step.reauth_confirm.menu_options.authorize")
    await dialog.is_elsewhere()
    telldus = await person.window()
    await telldus.log_in()
    await telldus.agree()
    await telldus.closes()
    await dialog.ends_with("reauth_successful")
    await person.shoot("logged-in-again")
    await dialog.close()
    await expect(entry.attention).to_be_hidden()
    await home.house.loaded_entry()


async def test_repair(home: Home) -> None:
    """Who cannot stop what uses up the limit lets the repair read less often."""
    await home.house.home_assistant.ask("fire_event", event_type=RATE_LIMIT_EXHAUSTED)
    await home.person.visit("/config/repairs")
    title = home.person.texts.ours("issues.rate_limit_exhausted.title")
    # The button is called by all that the row says.
    shown = home.person.button(re.compile(re.escape(title)))
    await expect(shown).to_be_visible()
    await home.person.shoot("repairs")
    await shown.click()
    dialog = Dialog(home.person)
    await home.person.sees(re.compile("120"))
    await home.person.shoot("repair")
    await dialog.submit()
    await dialog.is_done("repair_flow")
    await dialog.close()
    await expect(shown).to_be_hidden()
    await home.house.loaded_entry()


async def test_options(home: Home) -> None:
    """The options show what the repair has set, and take something else."""
    entry = await home.person.visit_entry()
    dialog = await entry.configure()
    await home.person.shoot_for_documents("options")
    label = home.person.texts.ours("options.step.init.data.scan_interval")
    field = home.person.page.get_by_role("spinbutton", name=label)
    await expect(field).to_have_value("120")
    await home.person.fill(label, "20")
    await dialog.submit()
    await dialog.is_done("options_flow")
    await dialog.close()
    await home.house.loaded_entry()


async def test_dashboard(home: Home) -> None:
    """What is switched on a dashboard is switched at Telldus."""
    await make_dashboards(home.house.home_assistant)
    person = home.person
    dashboard = Dashboard(person)
    await dashboard.visit(HOME)
    await dashboard.shows_switch("Coffee maker", "off")
    simulator = await person.visit_simulator(home.house.stack.simulator_url)
    await simulator.shows("Coffee maker", "off")
    await dashboard.toggle("Coffee maker")
    await dashboard.shows_switch("Coffee maker", "on")
    await simulator.shows("Coffee maker", "on")
    await person.shoot("simulator", simulator.page)
    await simulator.page.close()


async def test_wall_remote(home: Home) -> None:
    """What is pressed on the wall is seen on the dashboard."""
    person = home.person
    dashboard = Dashboard(person)
    await dashboard.shows_switch("Christmas star", "on")
    never_pressed = dashboard.tile(
        "Wall remote", person.texts.frontend("state.default.unknown")
    )
    await expect(never_pressed).to_be_visible()
    simulator = await person.visit_simulator(home.house.stack.simulator_url)
    await simulator.press("Wall remote", "Off")
    await simulator.press("Christmas star", "Off")
    await simulator.page.close()
    await dashboard.shows_switch("Christmas star", "off")
    await expect(never_pressed).to_be_hidden()


async def test_energy(home: Home) -> None:
    """Sensors have come, and what meters count is something for the Energy dashboard."""
    person = home.person
    await home.house.wait_until_known(
        "sensor.heat_pump_energy", "sensor.energy_plug_energy"
    )
    await person.shoot("dashboard")
    await use_energy(home.house.home_assistant)
    await person.visit("/energy")
    title = "ui.panel.energy.cards.energy_devices_graph_title"
    await person.sees(person.texts.frontend(title))
    await person.sees("Heat pump")
    await person.shoot("energy")


async def test_removal(home: Home) -> None:
    """A person removes the entry."""
    entry = await home.person.visit_entry()
    await entry.delete()
    await home.person.shoot("deleted")
    assert await home.house.home_assistant.entries(DOMAIN) == []


async def test_complaints(home: Home) -> None:
    """Neither the browser nor Home Assistant has anything to complain of."""
    home.assert_no_complaints()
