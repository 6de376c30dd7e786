"""What users do in a browser to authorize Home Assistant at Telldus, or another account."""

from typing import TYPE_CHECKING

from playwright.async_api import expect

from .frontend import Dialog, TelldusWindow, User

if TYPE_CHECKING:
    from .conftest import BrowserSession


async def log_in(user: User, name: str = "demo") -> TelldusWindow:
    """Log in at Telldus in the window that the dialog has opened."""
    await Dialog(user).waits_for_window()
    telldus = await user.window()
    await telldus.log_in(name)
    return telldus


async def agree_to_link(user: User, name: str = "demo") -> None:
    """Agree at Telldus by the dialog's link, and submit."""
    dialog = Dialog(user)
    await dialog.shows("config.step.manual.title")
    await user.page.get_by_role("link", name="Telldus", exact=True).click()
    telldus = await user.window()
    await telldus.log_in(name)
    await telldus.agree()
    await expect(telldus.page.get_by_role("heading", name="Done")).to_be_visible()
    await telldus.page.close()
    await dialog.submit()


async def agree_late(user: User, telldus: TelldusWindow, picture: str) -> None:
    """Agree when the authorization has ended: the window says to log in again."""
    await telldus.agree()
    heading = telldus.page.get_by_role("heading", name="no longer valid")
    await expect(heading).to_be_visible()
    await user.take_picture(picture, telldus.page)
    await telldus.page.close()


async def log_in_as_neighbor(session: BrowserSession) -> Dialog:
    """Revoke all access, and log in again as that leads to, with the wrong account."""
    user = session.user
    await session.scenario.telldus.revoke()
    await session.scenario.reauth_flow()
    entry = await user.visit_entry()
    await expect(entry.attention).to_be_visible()
    await entry.attention.click()
    dialog = Dialog(user)
    await dialog.choose("config.step.reauth_confirm.menu_options.manual")
    await agree_to_link(user, "neighbor")
    await dialog.shows("config.step.wrong_account.title")
    await user.take_picture("wrong-account")
    return dialog
