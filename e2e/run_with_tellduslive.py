"""Run Home Assistant with the library `tellduslive` pointed at a simulator.

python -P e2e/run_with_tellduslive.py URL [Home Assistant's own arguments]

Only the library's addresses are patched.
"""

import sys

import tellduslive  # type: ignore[import-untyped]  # brings no types

from homeassistant.__main__ import main

VENDOR = "https://pa-api.telldus.com"


def point_at(url: str) -> None:
    """Replace the vendor's host in the library's addresses by `url`."""
    for name, value in vars(tellduslive).items():
        if name.startswith("TELLDUS_LIVE_") and name.endswith("_URL"):
            setattr(tellduslive, name, value.replace(VENDOR, url))


if __name__ == "__main__":
    point_at(sys.argv.pop(1))
    sys.exit(main())
