"""Fetches a history in parts, since Telldus may leave rows out of a long response.

How many rows a response has at most, and whether the oldest or the newest are left out, is
not known for sensors. Source: docs/dev/telldus-api.md, "Other sensor functions".
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

from ..pa_api import HistoryEntry, SensorHistoryEntry

# A response with so many rows may have left some out.
_MAYBE_CUT: Final = 1000


async def async_fetch_in_parts[RowT: (HistoryEntry, SensorHistoryEntry)](
    fetch: Callable[[datetime, datetime], Awaitable[Sequence[RowT]]],
    start: datetime,
    end: datetime,
    max_rows: int,
) -> tuple[list[RowT], bool]:
    """Fetch the rows between two times, oldest first, and tell whether they are all.

    ``fetch`` returns rows oldest first. Not much more than ``max_rows`` are fetched. Raises
    what ``fetch`` raises.
    """
    # What a later part has of a moment replaces what an earlier one has: a part may end
    # within a second, and the next one has all of that.
    rows: dict[datetime, list[RowT]] = {}
    parts, is_complete = [(start, end)], True
    while parts and len(rows) < max_rows:
        since, until = parts.pop()
        fetched = await fetch(since, until)
        found: dict[datetime, list[RowT]] = {}
        for row in fetched:
            if since <= row.when <= until:
                found.setdefault(row.when, []).append(row)
        rows |= found
        if len(fetched) < _MAYBE_CUT:
            continue
        gaps = [(since, min(found)), (max(found), until)] if found else [(since, until)]
        if (since, until) in gaps:
            # The same request would have the same response.
            is_complete = False
        else:
            parts += gaps
    ordered = [row for when in sorted(rows) for row in rows[when]]
    return ordered, is_complete and not parts
