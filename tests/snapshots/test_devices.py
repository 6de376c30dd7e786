"""All devices of each home."""

from pathlib import Path

from syrupy.assertion import SnapshotAssertion

import custom_components.telldus_pa

from .conftest import Rows


def test_devices(rows: tuple[Rows, Rows], snapshot: SnapshotAssertion) -> None:
    """The devices are what the snapshot says."""
    assert rows[1] == snapshot


def test_each_platform_has_a_snapshot() -> None:
    """There is a test file for each platform."""
    for platform in custom_components.telldus_pa.PLATFORMS:
        assert Path(__file__).with_name(f"test_{platform.value}.py").is_file()
