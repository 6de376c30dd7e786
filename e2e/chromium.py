"""The system's Chromium, and the sizes of screens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import shutil
from typing import Any

from playwright.async_api import Browser, async_playwright

from .process import StartError

SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 860}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}
# Seconds that a browser may take to start and to close
_LONGEST = 90
# No requests of the browser's own
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str:
    """Return the path of the browser; raise `StartError` if there is none."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise StartError("Chromium is needed for this (Debian: the package chromium).")
    return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start Chromium without a screen; raise `StartError` if there is none.

    Playwright itself has no limit for starting and closing: a browser may hang.
    """
    found = find_chromium()
    async with asyncio.timeout(_LONGEST):
        playwright = await async_playwright().start()
        browser = await playwright.chromium.launch(executable_path=found, args=_FLAGS)
    try:
        yield browser
    finally:
        async with asyncio.timeout(_LONGEST):
            await browser.close()
            await playwright.stop()
