"""Rows of gateways."""

import pytest

from custom_components.telldus_pa.pa_api import Gateway


def test_gateway() -> None:
    """A gateway as it should be, and at its barest."""
    row = {
        "id": "410001",
        "name": "Home",
        "online": "0",
        "editable": 0,
        "version": "17",
        "type": "TellStick Net",
        "ip": "203.0.113.1",
    }

    assert Gateway.from_dict(row) == Gateway(
        id="410001",
        name="Home",
        online=False,
        model="TellStick Net",
        version="17",
        is_owner=False,
    )
    assert Gateway.from_dict({"id": 7, "online": 1, "version": 1.3}) == Gateway(
        id="7", name=None, online=True, model=None, version="1.3", is_owner=True
    )
    assert Gateway.from_dict({"id": 7}).online is None
    with pytest.raises(ValueError, match="^no id$"):
        Gateway.from_dict({"name": "Home"})
