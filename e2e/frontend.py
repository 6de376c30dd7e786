"""Home Assistant's frontend as a user sees it: page objects for Playwright.

Elements are found by their texts, in the user's language. Timeouts are minutes: a machine
may be slow.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
import re
import shutil

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Response,
    WebError,
    expect,
)

from .chromium import SIZES
from .polling import poll
from .stack import DOMAIN
from .texts import Texts

_TIMEOUT = 90_000
expect.set_options(timeout=_TIMEOUT)
# Pixels around a dialog in its picture
_MARGIN = 16

_FLOW = "ui.panel.config.integrations.config_flow"
_ENTRY = "ui.panel.config.integrations.config_entry"
_LOGIN = "ui.panel.page-authorize.form"
# Home Assistant cannot fetch the icons of other integrations: there is no network.
_ICONS = re.compile(rf"/api/brands/(?!.*/{DOMAIN}/)")
# The frontend fetches the progress of a flow that has just ended, too.
_ENDED = re.compile(r"\b404\b.* \(.*/api/config/config_entries/(options/)?flow/\w+\)$")


class User:
    """A user: a browser window with a size and a language, and pictures of it."""

    def __init__(
        self,
        context: BrowserContext,
        page: Page,
        url: str,
        texts: Texts,
        pictures: Path,
        documents: Path | None,
    ) -> None:
        """Initialize the user; `url` is Home Assistant's.

        ``documents`` is the folder of the documents' pictures, if they are to be renewed.
        """
        self.context = context
        self.page = page
        self.url = url
        self.texts = texts
        # Warnings and errors of the browser's console
        self.complaints: list[str] = []
        # Windows that Home Assistant has opened, not yet used by a test
        self._windows: asyncio.Queue[Page] = asyncio.Queue()
        self._pictures = pictures
        self._documents = documents
        self._taken = 0
        page.on("popup", self._windows.put_nowait)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)

    def _on_console(self, message: ConsoleMessage) -> None:
        """Keep a warning or an error."""
        where = message.location.get("url", "")
        text = f"{message.type}: {message.text} ({where})"
        if message.type in ("error", "warning") and not (
            _ICONS.search(where) or _ENDED.search(text)
        ):
            self.complaints.append(text)

    def _on_error(self, error: WebError) -> None:
        """Keep an uncaught error."""
        self.complaints.append(f"not caught: {error.error}")

    # Looking and pressing

    async def visit(self, path: str) -> None:
        """Go to a page of Home Assistant."""
        await self.page.goto(f"{self.url}{path}")

    def text(self, text: str | re.Pattern[str]) -> Locator:
        """Return the element with just this text."""
        exact = isinstance(text, str)
        found = self.page.get_by_text(text, exact=exact)
        return found.filter(visible=True).first

    def button(self, text: str | re.Pattern[str]) -> Locator:
        """Return a button by its whole name."""
        exact = isinstance(text, str)
        found = self.page.get_by_role("button", name=text, exact=exact)
        return found.filter(visible=True).first

    async def fill(self, label: str, value: str) -> None:
        """Fill a field."""
        # The label of a required field ends with an asterisk.
        name = re.compile(rf"{re.escape(label)}\*?")
        field = self.page.get_by_role("textbox", name=name)
        await field.or_(self.page.get_by_role("spinbutton", name=name)).fill(value)

    async def sees(self, text: str | re.Pattern[str]) -> None:
        """Wait until a text is visible."""
        await expect(self.text(text)).to_be_visible()

    async def take_picture(self, name: str, page: Page | None = None) -> None:
        """Take a picture of the page, or of another one."""
        page = page or self.page
        self._taken += 1
        picture = await page.screenshot(animations="disabled")
        (self._pictures / f"{self._taken:02}-{name}.png").write_bytes(picture)

    async def take_picture_for_documents(self, name: str) -> None:
        """Take a picture, and one of the dialog alone for the documents."""
        await self.take_picture(name)
        if self._documents:
            dialog = self.page.locator("dialog").filter(visible=True).last
            if box := await dialog.bounding_box():
                await self.page.screenshot(
                    path=self._documents / f"{name}.png",
                    animations="disabled",
                    clip={
                        "x": max(box["x"] - _MARGIN, 0),
                        "y": max(box["y"] - _MARGIN, 0),
                        "width": box["width"] + 2 * _MARGIN,
                        "height": box["height"] + 2 * _MARGIN,
                    },
                )

    async def take_narrow_picture(self, name: str) -> None:
        """Take a picture in a window as narrow as a phone."""
        wide = self.page.viewport_size
        assert wide
        await self.page.set_viewport_size(SIZES["phone"]["viewport"])
        await self.take_picture(f"{name}-narrow")
        await self.page.set_viewport_size(wide)

    async def take_scrolled_pictures(self, name: str) -> None:
        """Take pictures of a dialog that is longer than the screen, scrolling to its end."""
        body = self.page.locator(".content-wrapper .body").filter(visible=True).first
        for _ in range(20):
            moved = await body.evaluate(
                "one => { const y = one.scrollTop; one.scrollBy(0, one.clientHeight - 60);"
                " return one.scrollTop > y; }"
            )
            if not moved:
                break
            await self.take_picture(name)

    async def take_all_pictures(self, name: str) -> None:
        """Take a picture of every open page."""
        for page in self.context.pages:
            await self.take_picture(name, page)

    # Home Assistant

    async def log_in(self, username: str, password: str) -> None:
        """Log in by Home Assistant's form."""
        await self.visit("/")
        data = f"{_LOGIN}.providers.homeassistant.step.init.data"
        await self.fill(self.texts.frontend(f"{data}.username"), username)
        await self.fill(self.texts.frontend(f"{data}.password"), password)
        await self.take_picture("log-in")
        await self.button(self.texts.frontend(f"{_LOGIN}.next")).click()
        await expect(self.page.locator("home-assistant-main")).to_be_attached()

    async def add_integration(self) -> Dialog:
        """Start to add the integration, found by the first letters of its name."""
        await self.visit("/config/integrations/dashboard")
        add = self.texts.frontend("ui.panel.config.integrations.add_integration")
        await self.button(add).click()
        search = self.texts.frontend("ui.panel.config.integrations.search_brand")
        await self.page.get_by_placeholder(search).fill("telld")
        found = self.button(self.texts.ours("title"))
        await expect(found).to_be_visible()
        await self.take_picture("search")
        await found.click()
        dialog = Dialog(self)
        await dialog.shows("config.step.user.title")
        return dialog

    async def visit_entry(self) -> Entry:
        """Go to the integration's page."""
        await self.visit(f"/config/integrations/integration/{DOMAIN}")
        return Entry(self)

    async def window(self) -> TelldusWindow:
        """Wait for a window that Home Assistant opens, or has opened."""
        async with asyncio.timeout(_TIMEOUT / 1000):
            return TelldusWindow(await self._windows.get())

    @property
    def has_window(self) -> bool:
        """Return whether Home Assistant has opened a window that is not used yet."""
        return not self._windows.empty()

    async def block_windows(self) -> None:
        """Block pop-ups: only links open windows."""
        await self.context.add_init_script("window.open = () => null")

    async def visit_simulator(self, url: str) -> SimulatorPage:
        """Open the simulator's page in another tab."""
        page = await self.context.new_page()
        await page.goto(url)
        return SimulatorPage(page)


class Dialog:
    """The dialog of a flow."""

    def __init__(self, user: User) -> None:
        """Initialize the page object."""
        self._user = user
        self._texts = user.texts
        text = re.escape(self._texts.ours("config.error.rate_limited"))
        self._rate_limited = re.compile(text.replace(re.escape("{wait}"), r"(\d+)"))

    def _button(self, key: str) -> Locator:
        """Return one of the frontend's buttons."""
        return self._user.button(self._texts.frontend(f"{_FLOW}.{key}"))

    @property
    def _website(self) -> Locator:
        """Return the link to the external step's website."""
        name = self._text("external_step.open_site")
        found = self._user.page.get_by_role("link", name=name)
        return found.filter(visible=True).first

    async def shows(self, key: str) -> None:
        """Wait for one of the integration's texts."""
        await self._wait_for(self._user.text(self._texts.ours(key)))

    async def waits_for_window(self) -> None:
        """Wait until it refers the user to another window."""
        await self._wait_for(self._website)

    async def has_succeeded(self) -> None:
        """Wait until the integration was added, with its devices."""
        await self._wait_for(self._user.text(self._text("device_created")))

    async def ends_with(self, reason: str) -> None:
        """Wait for one of Home Assistant's own texts of a flow's end."""
        text = self._texts.of("homeassistant", f"config.abort.{reason}")
        await self._wait_for(self._user.text(text))

    async def is_done(self, flow: str) -> None:
        """Wait for the end of an ``options_flow`` or a ``repair_flow``."""
        key = f"ui.dialogs.{flow}.success.description"
        await self._wait_for(self._user.text(self._texts.frontend(key)))

    async def _wait_for(self, wanted: Locator) -> None:
        """Wait for an element; where the dialog is rate-limited, wait and submit again."""
        rate_limited = self._user.text(self._rate_limited)
        while True:
            await expect(wanted.or_(rate_limited).first).to_be_visible()
            if not await rate_limited.is_visible():
                return
            found = self._rate_limited.search(await rate_limited.inner_text())
            assert found
            await asyncio.sleep(int(found[1]))
            page = self._user.page
            async with page.expect_response(_is_step, timeout=_TIMEOUT) as answer:
                await self.submit()
            step = await (await answer.value).json()
            if (step.get("errors") or {}).get("base") != "rate_limited":
                await expect(rate_limited).to_be_hidden()

    def _text(self, key: str) -> str:
        """Return one of the frontend's texts."""
        return self._texts.frontend(f"{_FLOW}.{key}")

    async def enter_keys(
        self, public_key: str, private_key: str, server: str | None = None
    ) -> None:
        """Enter keys, and a server URL if it is not the form's default."""
        step = "config.step.user"
        if server:
            section = f"{step}.sections.advanced"
            await self._user.button(self._texts.ours(f"{section}.name")).click()
            label = self._texts.ours(f"{section}.data.server_url")
            await self._user.fill(label, server)
        for key, value in (("public_key", public_key), ("private_key", private_key)):
            await self._user.fill(self._texts.ours(f"{step}.data.{key}"), value)

    async def choose(self, key: str) -> None:
        """Choose from a menu."""
        await self._user.text(self._texts.ours(key)).click()

    async def open_website(self) -> None:
        """Open the website by its link."""
        await self._website.click()

    async def submit(self) -> None:
        """Send the form."""
        await self._button("submit").click()

    async def skip_naming(self) -> None:
        """Leave the devices' names."""
        # The second one's name where areas are suggested
        button = self._button("finish_skip").or_(self._button("finish"))
        await button.click()
        await expect(button).to_be_hidden()

    async def close(self) -> None:
        """Close the dialog at any step."""
        close = self._user.button(self._texts.frontend("ui.common.close"))
        await close.click()
        await expect(close).to_be_hidden()

    @property
    def _names(self) -> Locator:
        """Return the fields with the names of new devices."""
        return self._user.page.get_by_role("textbox", name=self._text("device_name"))

    async def lists_devices(self, *names: str) -> list[str]:
        """Wait until new devices are listed; return the suggested names of all.

        The frontend learns of devices a little later.
        """

        async def listed() -> list[str] | None:
            found: list[str] = await self._names.evaluate_all(
                "fields => fields.map(field => field.value)"
            )
            return found if {*names} <= {*found} else None

        return await poll(f"{', '.join(names)} are listed", listed, 30)

    async def scroll_to_device(self, name: str) -> None:
        """Scroll to a new device."""
        index = (await self.lists_devices(name)).index(name)
        await self._names.nth(index).evaluate(
            "field => field.scrollIntoView({block: 'center'})"
        )


class Entry:
    """The integration's entry, on its page."""

    def __init__(self, user: User) -> None:
        """Initialize the page object."""
        self._user = user
        self._texts = user.texts
        self._row = user.page.locator("ha-config-entry-row")

    def _text(self, key: str) -> str:
        """Return one of the frontend's texts about entries."""
        return self._texts.frontend(f"{_ENTRY}.{key}")

    async def configure(self) -> Dialog:
        """Open the options' menu."""
        name = self._text("configure")
        await self._row.get_by_role("button", name=name, exact=True).click()
        dialog = Dialog(self._user)
        await dialog.shows("options.step.init.title")
        return dialog

    async def reconfigure(self) -> Dialog:
        """Start a reconfiguration."""
        await self._choose("reconfigure")
        dialog = Dialog(self._user)
        await dialog.shows("config.step.reconfigure.title")
        return dialog

    async def delete(self) -> None:
        """Delete the entry, and confirm that."""
        await self._choose("delete")
        sure = self._user.button(self._texts.frontend("ui.common.delete"))
        await expect(sure).to_be_visible()
        await self._user.take_picture("delete")
        await sure.click()
        await expect(self._row).to_have_count(0)

    async def _choose(self, key: str) -> None:
        """Choose from its menu."""
        menu = self._texts.frontend("ui.common.menu")
        await self._row.get_by_role("button", name=menu, exact=True).first.click()
        name = self._text(key)
        await self._user.page.get_by_role("menuitem", name=name, exact=True).click()

    async def lists(self, device: str) -> None:
        """Wait until a device is listed."""
        name = re.compile(rf"^{re.escape(device)} ")
        found = self._row.get_by_role("button", name=name)
        await expect(found.first).to_be_visible()

    @property
    def attention(self) -> Locator:
        """Return the button for a reauthentication."""
        key = "ui.panel.config.integrations.reconfigure"
        return self._user.button(self._texts.frontend(key))


class Dashboard:
    """A dashboard with tiles."""

    def __init__(self, user: User) -> None:
        """Initialize the page object."""
        self._user = user
        self._texts = user.texts

    async def visit(self, path: str) -> None:
        """Go to a dashboard by its path."""
        await self._user.visit(f"/{path}/view")

    def tile(self, name: str, text: str) -> Locator:
        """Return a tile by its name and the text below."""
        return self._user.button(f"{name} {text}")

    async def shows_switch(self, name: str, state: str) -> None:
        """Wait until a switch is on or off."""
        word = self._texts.of("switch", f"entity_component._.state.{state}")
        await expect(self.tile(name, word)).to_be_visible()

    async def toggle(self, name: str) -> None:
        """Press a tile's icon."""
        key = "ui.components.entity.entity-toggle.toggle"
        await self._user.button(self._texts.frontend(key, name=name)).click()


class TelldusWindow:
    """The window with Telldus' (the simulator's) login page."""

    def __init__(self, page: Page) -> None:
        """Initialize the page object."""
        self.page = page

    async def log_in(self, name: str = "demo") -> None:
        """Log in; the next page asks for consent."""
        await self.page.get_by_label("Name").fill(name)
        await self.page.get_by_label("Password").fill(name)
        await self.page.get_by_role("button", name="Sign in").click()
        await expect(self.page.get_by_role("button", name="agree")).to_be_visible()

    async def agree(self) -> None:
        """Authorize Home Assistant."""
        await self.page.get_by_role("button", name="agree").click()

    async def refuse(self) -> None:
        """Refuse to authorize Home Assistant."""
        await self.page.get_by_role("button", name="refuse").click()

    async def agree_and_stay(self) -> None:
        """Authorize Home Assistant in a browser that lets no page close its window."""
        await self.page.add_init_script("window.close = () => {}")
        await self.agree()
        await self.page.wait_for_url(f"**/api/{DOMAIN}/callback/**")

    async def closes(self) -> None:
        """Wait until it has closed itself."""
        if not self.page.is_closed():
            await self.page.wait_for_event("close")


class SimulatorPage:
    """The simulator's page, with the home and its buttons."""

    def __init__(self, page: Page) -> None:
        """Initialize the page object."""
        self.page = page

    def _item(self, name: str) -> Locator:
        """Return a device."""
        title = self.page.get_by_text(name, exact=True)
        return self.page.locator(".item").filter(has=title)

    async def shows(self, name: str, state: str) -> None:
        """Wait until a device is in a state: the page reloads itself."""
        await expect(self._item(name).locator(".state")).to_have_text(state)

    async def press(self, name: str, button: str) -> None:
        """Press a button of a device."""
        buttons = self._item(name).get_by_role("button", name=button, exact=True)
        await buttons.click()

    async def revoke(self) -> None:
        """Revoke an application's access."""
        await self.page.get_by_role("link", name="Applications").click()
        await self.page.get_by_role("button", name="Revoke").click()
        await expect(self.page.get_by_text("None yet.")).to_be_visible()


def _is_step(response: Response) -> bool:
    """Return whether a response is that to a form of a flow."""
    return response.request.method == "POST" and "/config_entries/" in response.url


@asynccontextmanager
async def user(
    browser: Browser,
    url: str,
    size: str,
    language: str,
    pictures: Path,
    documents: Path | None = None,
) -> AsyncIterator[User]:
    """Open a browser window for a user, with an empty folder for pictures."""
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir(parents=True)
    async with asyncio.timeout(_TIMEOUT / 1000):
        context = await browser.new_context(
            **SIZES[size], locale=language, reduced_motion="reduce"
        )
        context.set_default_timeout(_TIMEOUT)
        page = await context.new_page()
    try:
        yield User(context, page, url, Texts(language), pictures, documents)
    finally:
        async with asyncio.timeout(_TIMEOUT / 1000):
            await context.close()
