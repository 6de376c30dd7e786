"""Desktop, Dutch: a log-in that a restart cuts short, and one again, in a browser.

The tests are steps that depend on one another. Their pictures are in `.e2e/browser/`.
"""

import pytest

from .authorization import agree_late, agree_to_link, log_in, log_in_as_neighbor
from .conftest import BrowserSession

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIZE, LANGUAGE = "desktop", "nl"


async def test_return_after_restart(session: BrowserSession) -> None:
    """A browser that comes back after a restart is told to log in again."""
    scenario, user = session.scenario, session.user
    await scenario.sign_in()
    await user.log_in("demo", "demo")
    dialog = await (await user.visit_entry()).reconfigure()
    await dialog.submit()
    await dialog.shows("config.step.method.title")
    await dialog.choose("config.step.method.menu_options.authorize")
    telldus = await log_in(user)
    await scenario.stack.restart_home_assistant()
    await scenario.home_assistant.wait_until_running()
    await agree_late(user, telldus, "after-restart")


async def test_wrong_account(session: BrowserSession) -> None:
    """After somebody else's login, the link leads on."""
    simulator = await session.user.visit_simulator(session.scenario.stack.simulator_url)
    await simulator.revoke()
    await simulator.page.close()
    dialog = await log_in_as_neighbor(session)
    await dialog.choose("config.step.wrong_account.menu_options.manual")
    await agree_to_link(session.user)
    await dialog.ends_with("reauth_successful")
    await dialog.close()
    await session.scenario.loaded_entry()
