"""The versions and the machine of a run."""

from datetime import datetime
import json
import os
from pathlib import Path
import platform

from e2e.stack import ROOT

from .integrations import ThisIntegration


def versions() -> str:
    """Return the day, the versions and the machine."""
    # Here, since the pure parts of this package are tested where the second is not.
    import tellduslive  # type: ignore[import-untyped]  # noqa: PLC0415  # brings no types

    from homeassistant.const import __version__ as home_assistant  # noqa: PLC0415

    manifest = ROOT / "custom_components" / ThisIntegration.domain / "manifest.json"
    version = json.loads(manifest.read_text())["version"]
    return (
        f"{datetime.now():%Y-%m-%d}, Home Assistant {home_assistant}, {ThisIntegration.domain} {version}, "
        f"tellduslive {tellduslive.__version__}, Python {platform.python_version()}, "
        f"{os.cpu_count()} processors ({_processor()}), {_memory():.0f} GB of memory"
    )


def _processor() -> str:
    """Return the processor's name."""
    text = Path("/proc/cpuinfo").read_text()
    names = [line for line in text.splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


def _memory() -> float:
    """Return the machine's memory, in GB."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return pages * size / 1e9
