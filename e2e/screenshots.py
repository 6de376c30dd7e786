"""Photograph what a person sees, at a desk and on a phone.

The integration is added in the browser this time: dialog, window at Telldus, and back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
from pathlib import Path
import shutil
import sys
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    Page,
    TimeoutError as PlaywrightTimeout,
    async_playwright,
)

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from .home_assistant import HomeAssistant
from .process import StartError, free_port
from .stack import DOMAIN, ROOT, Stack

FOLDER = ROOT / ".e2e" / "studio"
PICTURES = ROOT / ".e2e" / "screenshots"
DASHBOARD = "tell-dus"
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 860}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}
# What keeps a browser from speaking to anybody but those whom it is shown.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def say(text: str) -> None:
    """Tell the person what happens now."""
    print(f"==> {text}", flush=True)


class Studio:
    """A browser that is logged in to Home Assistant, at one size."""

    def __init__(self, context: BrowserContext, size: str, stack: Stack) -> None:
        """Take over a context."""
        self.context = context
        self._size = size
        self._stack = stack

    async def shoot(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Take a picture, when what moves has come to rest."""
        await page.wait_for_timeout(1200)
        path = PICTURES / f"{name}-{self._size}.png"
        await page.screenshot(path=path, full_page=whole)
        say(str(path.relative_to(ROOT)))

    async def visit(self, path: str, shows: str) -> Page:
        """Open a page of Home Assistant and wait until it shows a text."""
        page = await self.context.new_page()
        await page.goto(self._stack.url + path)
        try:
            await page.get_by_text(shows).first.wait_for(timeout=60_000)
        except PlaywrightTimeout:
            await self.shoot(page, "not-as-expected")
            raise
        return page

    async def begin_flow(self) -> Page:
        """Begin to add the integration, up to the form with the keys."""
        path = f"/config/integrations/dashboard/add?domain={DOMAIN}"
        page = await self.visit(path, "Telldus Live (PA API)")
        await page.get_by_role("button", name="OK").click()
        await page.get_by_text("Keys from Telldus").first.wait_for(timeout=60_000)
        return page

    async def add_integration(self) -> None:
        """Walk the whole flow, with a picture of each step."""
        page = await self.begin_flow()
        await self.shoot(page, "flow-1-keys")
        # Their labels are not tied to the fields in a way that a program could use.
        fields = page.locator("ha-form ha-selector input")
        await fields.nth(0).fill(DEMO_PUBLIC_KEY)
        await fields.nth(1).fill(DEMO_PRIVATE_KEY)
        await page.get_by_text("Advanced", exact=True).click()
        await fields.nth(2).fill(self._stack.simulator_url)
        await self.shoot(page, "flow-2-advanced")
        await page.get_by_role("button", name="Submit").click()
        await page.get_by_text("Log in", exact=True).first.wait_for()
        await self.shoot(page, "flow-3-road")
        async with self.context.expect_page() as opened:
            await page.get_by_text("Log in", exact=True).first.click()
        window = await opened.value
        await window.get_by_label("Name").wait_for()
        await self.shoot(page, "flow-4-elsewhere")
        await self.shoot(window, "telldus-1-sign-in")
        await window.get_by_label("Name").fill("demo")
        await window.get_by_label("Password").fill("demo")
        await window.get_by_role("button", name="Sign in").click()
        await window.get_by_role("button", name="agree").wait_for()
        await self.shoot(window, "telldus-2-consent")
        # The window closes itself, if it can: keep what it says before that.
        await window.add_init_script("window.close = () => {}")
        await window.get_by_role("button", name="agree").click()
        await window.wait_for_url("**/api/telldus_pa/callback/**")
        await self.shoot(window, "telldus-3-back")
        await window.close()
        # The dialog goes on when it hears from Home Assistant that the browser is back.
        await page.get_by_role("button", name="Open website").wait_for(state="hidden")
        await self.shoot(page, "flow-5-success")
        await page.close()

    async def look_around(self) -> None:
        """Photograph the integration, its devices, a dashboard, and the simulator."""
        path = f"/config/integrations/integration/{DOMAIN}"
        page = await self.visit(path, "Telldus Live! (")
        await self.shoot(page, "integration")
        await page.close()
        page = await self.visit(
            f"/config/devices/dashboard?domain={DOMAIN}", "Bedside lamp"
        )
        await self.shoot(page, "devices")
        await page.close()
        page = await self.visit(f"/{DASHBOARD}/home", "Bedside lamp")
        await self.shoot(page, "dashboard")
        await page.close()
        page = await self.context.new_page()
        await page.goto(self._stack.simulator_url)
        await self.shoot(page, "simulator")
        await self.shoot(page, "simulator-whole", whole=True)
        await page.close()


@asynccontextmanager
async def studio(
    browser: Browser, size: str, stack: Stack, home_assistant: HomeAssistant
) -> AsyncIterator[Studio]:
    """Open a browser at one size, logged in without the form."""
    context = await browser.new_context(**SIZES[size], locale="en-GB")
    tokens = json.dumps(await home_assistant.browser_tokens())
    await context.add_init_script(
        f"if (location.origin === {json.dumps(stack.url)}) "
        f"localStorage.setItem('hassTokens', {json.dumps(tokens)})"
    )
    try:
        yield Studio(context, size, stack)
    finally:
        await context.close()


async def make_dashboard(home_assistant: HomeAssistant) -> None:
    """Put the switches and lights on a dashboard of their own."""
    registry = await home_assistant.ask("config/entity_registry/list")
    ours = sorted(
        one["entity_id"]
        for one in registry
        if one["platform"] == DOMAIN and one["disabled_by"] is None
    )
    cards = [
        {
            "type": "entities",
            "title": title,
            "entities": [one for one in ours if one.startswith(f"{domain}.")],
        }
        for domain, title in (("light", "Lights"), ("switch", "Switches"))
    ]
    tiles = {
        "type": "grid",
        "columns": 2,
        "square": False,
        "cards": [
            {
                "type": "tile",
                "entity": one,
                "features": [{"type": "light-brightness"}],
            }
            for one in ours
            if one.startswith("light.")
        ][:6],
    }
    await home_assistant.ask(
        "lovelace/dashboards/create",
        url_path=DASHBOARD,
        title="Telldus",
        mode="storage",
        show_in_sidebar=True,
        require_admin=False,
        icon="mdi:lightbulb-group",
    )
    view = {"path": "home", "title": "Home", "cards": [*cards, tiles]}
    await home_assistant.ask(
        "lovelace/config/save", url_path=DASHBOARD, config={"views": [view]}
    )


async def take_pictures(stack: Stack, chromium: Path) -> None:
    """Start the house and walk through it with a camera."""
    await stack.make_ready()
    try:
        say("Starting the simulator and Home Assistant")
        await stack.start()
        async with (
            HomeAssistant(stack.url) as home_assistant,
            async_playwright() as playwright,
        ):
            await home_assistant.onboard("Demo", "demo", "demo")
            await home_assistant.wait_until_running()
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=FLAGS
            )
            async with studio(browser, "phone", stack, home_assistant) as phone:
                await phone.shoot(await phone.begin_flow(), "flow-1-keys")
            for flow in await home_assistant.flows_in_progress(DOMAIN):
                await home_assistant.end_flow(flow["flow_id"])
            async with studio(browser, "desktop", stack, home_assistant) as desk:
                await desk.add_integration()
            await make_dashboard(home_assistant)
            for size in SIZES:
                async with studio(browser, size, stack, home_assistant) as one:
                    await one.look_around()
            await browser.close()
    finally:
        await stack.stop()


def main() -> int:
    """Run the program."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium is needed for this.", file=sys.stderr)
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    stack = Stack(FOLDER, free_port(), free_port(), say=say)
    try:
        asyncio.run(take_pictures(stack, Path(chromium)))
    except StartError as err:
        print(f"\n{err}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
