"""All media players of each home."""

from syrupy.assertion import SnapshotAssertion

from .conftest import Rows


def test_entities(entities: Rows, snapshot: SnapshotAssertion) -> None:
    """The media players are what the snapshot says."""
    assert entities == snapshot
