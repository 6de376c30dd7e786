"""Desktop, Danish: a sign-in that goes wrong leads on, in a browser.

The tests are steps that depend on one another. Their pictures are in `.e2e/browser/`.
"""

import asyncio

from playwright.async_api import expect
import pytest

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from .conftest import BrowserSession
from .frontend import Dialog, TelldusWindow
from .test_support import AUTHORIZATION_LIFETIME

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIZE, LANGUAGE = "desktop", "da"
# Seconds: enough to log in at the simulator's page, and little to wait for
LIFETIME = 20


async def set_lifetime(session: BrowserSession, seconds: float) -> None:
    """Set within how many seconds the browser must come back."""
    await session.scenario.home_assistant.ask(
        "fire_event",
        event_type=AUTHORIZATION_LIFETIME,
        event_data={"seconds": seconds},
    )


async def log_in(session: BrowserSession, name: str = "demo") -> TelldusWindow:
    """Log in at Telldus in the window that the dialog has opened."""
    await Dialog(session.user).waits_for_window()
    telldus = await session.user.window()
    await telldus.log_in(name)
    return telldus


async def agree_to_link(session: BrowserSession, name: str = "demo") -> None:
    """Agree at Telldus by the dialog's link, and submit."""
    dialog = Dialog(session.user)
    await dialog.shows("config.step.manual.title")
    await session.user.page.get_by_role("link", name="Telldus", exact=True).click()
    telldus = await session.user.window()
    await telldus.log_in(name)
    await telldus.agree()
    await expect(telldus.page.get_by_role("heading", name="Done")).to_be_visible()
    await telldus.page.close()
    await dialog.submit()


async def start_reauth(session: BrowserSession) -> Dialog:
    """Open the reauthentication that a revoked token has led to."""
    entry = await session.user.visit_entry()
    await expect(entry.attention).to_be_visible(timeout=240_000)
    await entry.attention.click()
    return Dialog(session.user)


async def test_late_return(session: BrowserSession) -> None:
    """The dialog moves on by itself; the late browser is told to log in again."""
    await session.user.log_in("demo", "demo")
    await set_lifetime(session, LIFETIME)
    await session.scenario.telldus.settings(rooms=True)
    dialog = await session.user.add_integration()
    simulator = session.scenario.stack.simulator_url
    await dialog.enter_keys(DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY, simulator)
    await dialog.submit()
    await dialog.shows("config.step.method.title")
    await dialog.choose("config.step.method.menu_options.authorize")
    telldus = await log_in(session)
    await dialog.shows("config.step.expired.title")
    await session.user.take_picture("expired")
    await telldus.agree()
    heading = telldus.page.get_by_role("heading", name="no longer valid")
    await expect(heading).to_be_visible()
    await session.user.take_picture("expired-window", telldus.page)
    await telldus.page.close()
    await set_lifetime(session, 600)
    await dialog.choose("config.step.expired.menu_options.authorize")
    telldus = await log_in_again(session)
    await telldus.refuse()
    await telldus.closes()


async def log_in_again(session: BrowserSession) -> TelldusWindow:
    """Wait for the next window; Telldus still knows who is logged in."""
    await Dialog(session.user).waits_for_window()
    telldus = await session.user.window()
    agree = telldus.page.get_by_role("button", name="agree")
    if not await agree.is_visible():
        await telldus.log_in()
    return telldus


async def test_link_after_refusal(session: BrowserSession) -> None:
    """After a refusal the link leads on."""
    dialog = Dialog(session.user)
    await dialog.shows("config.step.refused.title")
    await session.user.take_picture("refused")
    await dialog.choose("config.step.refused.menu_options.manual")
    await agree_to_link(session)
    await dialog.has_succeeded()
    await dialog.scroll_to_device("Window lamp")
    await session.user.take_picture_for_documents("sign-in-success")
    await dialog.skip_naming()
    session.scenario.entry = await session.scenario.loaded_entry()


async def test_return_after_restart(session: BrowserSession) -> None:
    """A browser that comes back after a restart is told to log in again."""
    user = session.user
    simulator = await user.visit_simulator(session.scenario.stack.simulator_url)
    await simulator.revoke()
    await simulator.page.close()
    dialog = await start_reauth(session)
    await dialog.choose("config.step.reauth_confirm.menu_options.authorize")
    telldus = await log_in_again(session)
    await session.scenario.stack.restart_home_assistant()
    await session.scenario.home_assistant.wait_until_running()
    await telldus.agree()
    heading = telldus.page.get_by_role("heading", name="no longer valid")
    await expect(heading).to_be_visible()
    await user.take_picture("after-restart", telldus.page)
    await telldus.page.close()


@pytest.mark.parametrize("way", ["authorize", "manual"])
async def test_wrong_account(session: BrowserSession, way: str) -> None:
    """After somebody else's login both ways lead on."""
    dialog = await start_reauth(session)
    await dialog.choose("config.step.reauth_confirm.menu_options.manual")
    await agree_to_link(session, "neighbor")
    await dialog.shows("config.step.wrong_account.title")
    await session.user.take_picture(f"wrong-account-{way}")
    # The limit of Telldus
    await asyncio.sleep(60)
    await dialog.choose(f"config.step.wrong_account.menu_options.{way}")
    if way == "authorize":
        telldus = await log_in_again(session)
        await telldus.agree()
        await telldus.closes()
    else:
        await agree_to_link(session)
    await dialog.ends_with("reauth_successful")
    await dialog.close()
    if way == "authorize":
        await session.scenario.loaded_entry()
        await session.scenario.telldus.revoke()
