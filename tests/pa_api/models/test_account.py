"""The profile and the rooms of an account."""

import pytest

from custom_components.telldus_pa.pa_api import Profile, Room
from tests.pa_api.conftest import utc
from tests.pa_api.rows import MISSING


def test_profile() -> None:
    """An account is known by its uuid."""
    uuid = "5e7d0000-0000-4000-8000-000000000001"

    assert Profile.from_dict({"uuid": uuid, "firstname": "Demo"}) == Profile(
        uuid, "Demo"
    )
    assert Profile.from_dict({"uuid": uuid}).first_name is None
    reported: dict[object, object] = {
        1900000000: (utc(1900000000), True),
        **dict.fromkeys(("0", -1), (None, True)),
        **dict.fromkeys((1, "x", None), (None, False)),
    }
    for pro, expected in reported.items():
        profile = Profile.from_dict({"uuid": uuid, "pro": pro})
        assert (profile.premium_until, profile.is_premium_known) == expected
    with pytest.raises(ValueError, match="^no uuid$"):
        Profile.from_dict({"uuid": None, "email": "a@example.invalid"})


def test_room() -> None:
    """A room has an id and a name."""
    row = {"id": "5e7d", "name": " Living\n room ", "parent": "", "icon": "room"}

    assert Room.from_dict(row) == Room("5e7d", "Living room")
    # Names of rooms are for people, and may have what an id may not.
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert Room.from_dict({"id": 5, "name": family}) == Room("5", family)
    with pytest.raises(ValueError, match="^no id$"):
        Room.from_dict({"name": "Hall"})
    for name in (None, "", " ", [], MISSING):
        with pytest.raises(ValueError, match="^no name$"):
            Room.from_dict({"id": "5e7d", "name": name})
