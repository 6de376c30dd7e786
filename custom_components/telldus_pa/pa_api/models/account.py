"""The account's profile and rooms.

Source: docs/dev/telldus-api.md, "Scheduler, events, user, rooms".
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from ..parsing import Json, to_id, to_number, to_text, to_time

# In unix seconds: before Telldus Premium existed.
_OLDEST_PREMIUM: Final = 10**9


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile of an account.

    ``premium_until`` is the end of Telldus Premium, also of one that has ended.
    ``is_premium_known`` is whether Telldus reports it; if so, None means there was never any.
    """

    uuid: str
    first_name: str | None
    premium_until: datetime | None = None
    is_premium_known: bool = False

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse the response of ``user/profile``. Raises ValueError."""
        until = to_number(row.get("pro"))
        # A small number says that Premium is paid for, but not until when.
        is_known = until is not None and not 0 < until < _OLDEST_PREMIUM
        return cls(
            uuid=to_id(row, "uuid"),
            first_name=to_text(row.get("firstname")),
            premium_until=to_time(until) if is_known else None,
            is_premium_known=is_known,
        )


@dataclass(frozen=True, slots=True)
class Room:
    """A room, by the id that devices have."""

    id: str
    name: str

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse a row of ``rooms/list``, whose format is a guess. Raises ValueError."""
        if not (name := to_text(row.get("name"))):
            raise ValueError("no name")
        return cls(id=to_id(row, "id"), name=name)
