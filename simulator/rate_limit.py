"""The request limit: ten calls in any minute, and its variants.

Source: docs/dev/telldus-api.md, "Limits and outages". Scope, body and headers of the 429 are
not known; each plausible form is a switch.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from .settings import Settings

WINDOW = 60.0
PAUSE = 10.0


@dataclass(slots=True)
class _Record:
    """The calls of one scope: times of accepted calls, and of the last rejected one."""

    accepted: deque[float] = field(default_factory=deque)
    refused: float | None = None


class RateLimit:
    """Counts calls, and rejects those above the limit."""

    def __init__(self, settings: Settings) -> None:
        """Initialize the limit."""
        self._settings = settings
        self._records: defaultdict[str, _Record] = defaultdict(_Record)

    def clear(self) -> None:
        """Forget every call."""
        self._records.clear()

    def check(self, now: float, account: str, function: str) -> float | None:
        """Count one call at `now` (unix seconds).

        Returns None if it may pass, else the seconds after which one would.
        """
        settings = self._settings
        if not settings.limit:
            return None
        scope = {"account": account, "function": function}.get(settings.limit_scope, "")
        record = self._records[scope]
        while record.accepted and record.accepted[0] <= now - WINDOW:
            record.accepted.popleft()
        wait = self._wait(record, now)
        if wait <= 0:
            record.accepted.append(now)
            return None
        record.refused = now
        return wait

    def _wait(self, record: _Record, now: float) -> float:
        settings = self._settings
        waits = [0.0]
        if len(record.accepted) >= settings.limit_per_minute:
            if not record.accepted:
                return WINDOW
            oldest_to_go = record.accepted[-max(settings.limit_per_minute, 1)]
            waits.append(oldest_to_go + WINDOW - now)
        if settings.strict_burst and record.accepted:
            waits.append(record.accepted[-1] + PAUSE - now)
        if settings.refused_calls_count and record.refused is not None:
            again = record.refused + PAUSE - now
            if again > 0:
                # This call restarts the pause.
                waits.append(PAUSE)
        return max(waits)
