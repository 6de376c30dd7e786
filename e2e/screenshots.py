"""Take pictures of a home in use, at the size of a desktop and of a phone.

Pictures of dialogs are taken by the browser tests.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
import shutil
import sys
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    Page,
    TimeoutError as PlaywrightTimeout,
)

from .chromium import SIZES, chromium
from .dashboards import BLINDS, CLIMATE, HOME, make_dashboards, use_energy
from .develop import make_automations, say
from .home_assistant import HomeAssistant
from .polling import poll
from .process import StartError, free_port
from .scenario import Scenario
from .simulator_client import SimulatorClient
from .stack import DOMAIN, IN_DOCUMENTS, ROOT, Stack

FOLDER = ROOT / ".e2e" / "screenshots-stack"
PICTURES = ROOT / ".e2e" / "screenshots"
# The size of pictures in documents
DOCUMENTS = "documents"
SIZES_OF_ALL: dict[str, dict[str, Any]] = {
    **SIZES,
    DOCUMENTS: {"viewport": {"width": 1100, "height": 800}},
}
# Pixels of Home Assistant's own bar at the top
_BAR = 56
_FLOATING = 120
# The first devices in the table
_SHOWN = (
    "Awning",
    "Bathroom valve",
    "Bedroom shutter",
    "Bedside lamp",
    "Burglar alarm",
)


@dataclass(frozen=True, slots=True)
class View:
    """A page of Home Assistant to take a picture of, and a text on it.

    ``cut`` is the part for documents, in pixels: width and height.
    """

    name: str
    path: str
    shows: str
    cut: tuple[int, int] | None = None


class ScreenshotBrowser:
    """A browser that is logged in to Home Assistant, at one size."""

    def __init__(self, context: BrowserContext, size: str, stack: Stack) -> None:
        """Initialize the browser."""
        self.context = context
        self._size = size
        self._stack = stack

    async def take_picture(self, page: Page, name: str, *, whole: bool = False) -> None:
        """Take a picture once nothing moves."""
        await self.rest(page)
        path = PICTURES / f"{name}-{self._size}.png"
        await page.screenshot(path=path, full_page=whole)
        say(str(path.relative_to(ROOT)))

    @staticmethod
    async def rest(page: Page) -> None:
        """Wait until icons are loaded and animations have ended."""
        await page.wait_for_timeout(2500)

    async def visit(self, path: str, shows: str) -> Page:
        """Open a page of Home Assistant and wait for a text."""
        page = await self.context.new_page()
        await page.goto(self._stack.url + path)
        try:
            await page.get_by_text(shows).first.wait_for(timeout=60_000)
        except PlaywrightTimeout:
            await self.take_picture(page, "not-as-expected")
            raise
        return page

    async def screenshot_views(self, views: Iterable[View]) -> None:
        """Take pictures of the views and of the simulator."""
        for view in views:
            page = await self.visit(view.path, view.shows)
            await self.take_picture(page, view.name)
            await page.close()
        page = await self.context.new_page()
        await page.goto(self._stack.simulator_url)
        await self.take_picture(page, "simulator")
        await self.take_picture(page, "simulator-whole", whole=True)
        await page.close()

    async def screenshot_document_views(self, views: Iterable[View]) -> None:
        """Take the pictures for documents, cut to size."""
        for view in views:
            if view.cut is None:
                continue
            page = await self.visit(view.path, view.shows)
            width, height = view.cut
            # Some pages have a floating button above their lower end.
            size = {"width": width, "height": _BAR + height + _FLOATING}
            await page.set_viewport_size(size)
            await self.rest(page)
            path = PICTURES / f"{view.name}-{self._size}.png"
            await page.screenshot(
                path=path,
                clip={"x": 0, "y": _BAR, "width": width, "height": height},
            )
            say(str(path.relative_to(ROOT)))
            await page.close()


@asynccontextmanager
async def screenshot_browser(
    browser: Browser, size: str, stack: Stack, home_assistant: HomeAssistant
) -> AsyncIterator[ScreenshotBrowser]:
    """Open a browser of a size, logged in by stored tokens."""
    context = await browser.new_context(**SIZES_OF_ALL[size], locale="en-GB")
    kept = {"hassTokens": json.dumps(await home_assistant.browser_tokens())}
    if size == DOCUMENTS:
        kept["dockedSidebar"] = json.dumps("always_hidden")
    await context.add_init_script(
        f"if (location.origin === {json.dumps(stack.url)}) "
        f"Object.assign(localStorage, {json.dumps(kept)})"
    )
    try:
        yield ScreenshotBrowser(context, size, stack)
    finally:
        await context.close()


async def views_of(home_assistant: HomeAssistant) -> list[View]:
    """Return the views."""
    devices = await home_assistant.ask("config/device_registry/list")
    plug = next(one["id"] for one in devices if one["name"] == "Energy plug")
    integration = f"/config/integrations/integration/{DOMAIN}"
    all_devices = f"/config/devices/dashboard?domain={DOMAIN}"
    return [
        View("integration", integration, "Telldus Live! ("),
        View("devices", all_devices, "Bedside lamp", (1200, 654)),
        View("dashboard", f"/{HOME}/view", "Bedroom shutter", (1240, 450)),
        View("thermostat", f"/{CLIMATE}/view", "Radiator", (1000, 520)),
        View("blind", f"/{BLINDS}/view", "All blinds", (1000, 330)),
        View("energy-plug", f"/config/devices/device/{plug}", "Power", (1000, 654)),
        View("automation", "/config/automation/edit/remote-on", "When", (1000, 560)),
        View("energy-dashboard", "/energy", "Individual devices", (520, 768)),
    ]


async def use_home(home_assistant: HomeAssistant, telldus: SimulatorClient) -> None:
    """Use the home a little, so that states differ."""
    devices = (await telldus.state())["devices"].values()
    ids = {device["name"]: device["id"] for device in devices}
    for name, method in (
        ("Wall remote", "turnOff"),
        ("Front door", "turnOn"),
        ("Kitchen blind", "up"),
    ):
        await telldus.press(ids[name], method)
    for action, entity_id, data in (
        ("climate.set_preset_mode", "climate.radiator", {"preset_mode": "eco"}),
        ("cover.set_cover_position", "cover.bedroom_shutter", {"position": 40}),
        ("scene.turn_on", "scene.movie_night", {}),
        ("button.press", "button.door_bell_ring", {}),
    ):
        await home_assistant.call(action, entity_id, **data)

    async def seen() -> bool:
        """Return whether Home Assistant shows the changes, and the rooms."""
        devices = await home_assistant.ask("config/device_registry/list")
        states = await home_assistant.states()
        return (
            any(one["name"] == "Coffee maker" and one["area_id"] for one in devices)
            and states["binary_sensor.front_door"]["state"] == "on"
            and states["light.ceiling_dimmer"]["attributes"].get("brightness") == 30
        )

    await poll("Home Assistant shows the home as it is", seen, 180, 1)


async def ask_for_makers(home_assistant: HomeAssistant) -> None:
    """Have the makers of the devices that pictures show asked for, which takes a day else."""
    (entry,) = await home_assistant.entries(DOMAIN)

    async def known() -> bool:
        """Ask for those that are missing: each may have to wait for the rate limit."""
        devices = await home_assistant.ask("config/device_registry/list")
        missing = [
            one["id"]
            for one in devices
            if one["name"] in _SHOWN and not one["manufacturer"]
        ]
        for device_id in missing:
            await home_assistant.diagnostics(entry["entry_id"], device_id)
        return not missing

    await poll("the makers are known", known, 240, 10)


async def take_pictures(stack: Stack) -> None:
    """Start a stack and take all pictures."""
    await stack.make_ready()
    try:
        say("Starting the simulator and Home Assistant")
        await stack.start()
        async with (
            HomeAssistant(stack.url) as home_assistant,
            SimulatorClient(stack.simulator_url) as telldus,
            chromium() as browser,
        ):
            # Nothing changes but by the code below, and devices are put into areas.
            await telldus.settings(life=False)
            await telldus.tell_rooms()
            scenario = Scenario(stack, home_assistant, telldus)
            await scenario.onboard()
            await scenario.sign_in()
            say("Using the home")
            await make_dashboards(home_assistant)
            await make_automations(home_assistant)
            await use_home(home_assistant, telldus)
            await use_energy(home_assistant)
            await ask_for_makers(home_assistant)
            views = await views_of(home_assistant)
            for size in SIZES:
                async with screenshot_browser(
                    browser, size, stack, home_assistant
                ) as one:
                    await one.screenshot_views(views)
            async with screenshot_browser(
                browser, DOCUMENTS, stack, home_assistant
            ) as one:
                await one.screenshot_document_views(views)
    finally:
        await stack.stop()


def refresh_documents() -> None:
    """Copy the documents' pictures into their folder."""
    for picture in sorted(PICTURES.glob(f"*-{DOCUMENTS}.png")):
        name = picture.name.replace(f"-{DOCUMENTS}", "")
        shutil.copyfile(picture, IN_DOCUMENTS / name)
        say(str((IN_DOCUMENTS / name).relative_to(ROOT)))


def main() -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument(
        "--documents",
        action="store_true",
        help="copy the documents' pictures into docs/pictures/",
    )
    chosen = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    stack = Stack(FOLDER, free_port(), free_port(), say=say)
    try:
        asyncio.run(take_pictures(stack))
    except StartError as err:
        print(f"\n{err}", file=sys.stderr)
        return 1
    if chosen.documents:
        refresh_documents()
    return 0


if __name__ == "__main__":
    sys.exit(main())
