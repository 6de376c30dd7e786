"""Desktop, Danish: a sign-in that goes wrong, or is cut short, leads on, in a browser.

The tests are steps that depend on one another. Their pictures are in `.e2e/browser/`.
"""

import pytest

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from .authorization import agree_late, agree_to_link, log_in, log_in_as_neighbor
from .conftest import BrowserSession
from .frontend import Dialog
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


async def end_login(session: BrowserSession, dialog: Dialog) -> None:
    """Wait until Home Assistant is logged in again, and the account is there."""
    await dialog.ends_with("reauth_successful")
    await dialog.close()
    await session.scenario.loaded_entry()


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
    telldus = await log_in(session.user)
    await dialog.shows("config.step.expired.title")
    await session.user.take_picture("expired")
    await agree_late(session.user, telldus, "expired-window")
    await set_lifetime(session, 600)
    await dialog.choose("config.step.expired.menu_options.authorize")
    telldus = await log_in(session.user)
    await telldus.refuse()
    await telldus.closes()


async def test_link_after_refusal(session: BrowserSession) -> None:
    """After a refusal the link leads on."""
    dialog = Dialog(session.user)
    await dialog.shows("config.step.refused.title")
    await session.user.take_picture("refused")
    await dialog.choose("config.step.refused.menu_options.manual")
    await agree_to_link(session.user)
    await dialog.has_succeeded()
    await dialog.scroll_to_device("Window lamp")
    await session.user.take_picture_for_documents("sign-in-success")
    await dialog.skip_naming()
    await session.scenario.loaded_entry()


async def test_wrong_account(session: BrowserSession) -> None:
    """After somebody else's login, the window leads on."""
    dialog = await log_in_as_neighbor(session)
    await dialog.choose("config.step.wrong_account.menu_options.authorize")
    telldus = await log_in(session.user)
    await telldus.agree()
    await telldus.closes()
    await end_login(session, dialog)


async def test_return_after_restart(session: BrowserSession) -> None:
    """A browser that comes back after a restart is told to log in again."""
    scenario, user = session.scenario, session.user
    dialog = await (await user.visit_entry()).reconfigure()
    await dialog.submit()
    await dialog.shows("config.step.method.title")
    await dialog.choose("config.step.method.menu_options.authorize")
    telldus = await log_in(user)
    await scenario.stack.restart_home_assistant()
    await scenario.home_assistant.wait_until_running()
    await agree_late(user, telldus, "after-restart")


async def test_wrong_account_by_link(session: BrowserSession) -> None:
    """After somebody else's login, the link leads on."""
    dialog = await log_in_as_neighbor(session)
    await dialog.choose("config.step.wrong_account.menu_options.manual")
    await agree_to_link(session.user)
    await end_login(session, dialog)
