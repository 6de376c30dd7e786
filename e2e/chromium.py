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
    """Start Chromium without a screen; raise `StartError` if there is none."""
    found = find_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=_FLAGS)
        try:
            yield browser
        finally:
            # One that hangs is to fail a test.
            async with asyncio.timeout(60):
                await browser.close()
