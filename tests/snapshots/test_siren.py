"""All sirens of each home."""

from syrupy.assertion import SnapshotAssertion

from .conftest import Rows


def test_entities(entities: Rows, snapshot: SnapshotAssertion) -> None:
    """The sirens are what the snapshot says."""
    assert entities == snapshot
