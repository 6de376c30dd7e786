"""Draws the images by which Home Assistant knows the integration.

The drawings are docs/brand/*.svg. Home Assistant looks for the images in the folder
``brand`` of the integration; their sizes are those of its collection of brands: an icon is
a square of 256 or 512, a logo's shorter side 128 to 256 or twice that, with no margins.
"""

from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import sync_playwright

from .chromium import find_chromium

ROOT: Final = Path(__file__).parent.parent
DRAWINGS: Final = ROOT / "docs" / "brand"
IMAGES: Final = ROOT / "custom_components" / "telldus_pa" / "brand"

# The height of each drawing, and how many times finer than the largest image it is drawn.
HEIGHTS: Final = {"icon": 256, "logo": 160}
FINER: Final = 4
# The colors for light themes, and those for dark ones
DARK: Final = {"#1c4e80": "#6eaae1", "#ffc846": "#fff4d6", "#e0a020": "#ffc846"}


def main() -> None:
    """Draw all of them."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 9000, "height": 2400})
        for name, height in HEIGHTS.items():
            drawing = (DRAWINGS / f"{name}.svg").read_text()
            for theme in ("", "dark_"):
                svg = drawing
                for light, dark in DARK.items() if theme else ():
                    svg = svg.replace(light, dark)
                page.set_content(
                    f"<style>body{{margin:0}}svg{{height:{height * 2 * FINER}px}}</style>"
                    + svg
                )
                shot = page.locator("svg").screenshot(omit_background=True)
                image = _trimmed(Image.open(BytesIO(shot)), square=name == "icon")
                for suffix, times in (("", 1), ("@2x", 2)):
                    _write(image, height * times, IMAGES / f"{theme}{name}{suffix}.png")
        browser.close()


def _trimmed(image: Image.Image, *, square: bool) -> Image.Image:
    """Return an image without margins, but for those that make it a square."""
    image = image.crop(image.getbbox())
    if not square:
        return image
    side = max(image.size)
    canvas = Image.new("RGBA", (side, side))
    canvas.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return canvas


def _write(image: Image.Image, height: int, path: Path) -> None:
    """Write an image at a height, with a palette of 128 colors."""
    width = round(image.width * height / image.height)
    small = image.resize((width, height), Image.Resampling.LANCZOS)
    few = small.quantize(128, method=Image.Quantize.FASTOCTREE)
    few.save(path, optimize=True)
    print(f"{path.name}: {width} x {height}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
