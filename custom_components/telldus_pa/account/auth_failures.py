"""Rejected sign-ins (401): when a user has to sign in again, and how rarely to poll then."""

from dataclasses import dataclass
from typing import Final

# A single rejection may be a hiccup; two this many seconds apart are not.
_REAUTH_AFTER: Final = 60.0
# How often to poll, in seconds, while Telldus rejects the sign-in: such storms have passed
# by themselves after days.
_POLL_INTERVAL: Final = 1800.0


@dataclass(slots=True)
class AuthFailureTracker:
    """The first and the last rejection in a row of one account, in monotonic seconds."""

    first_at: float | None = None
    last_at: float | None = None

    @property
    def needs_reauth(self) -> bool:
        """Whether the user has to sign in again."""
        if self.first_at is None or self.last_at is None:
            return False
        return self.last_at - self.first_at >= _REAUTH_AFTER

    def record_failure(self, now: float) -> bool:
        """Record a rejection; return whether the user has to sign in again."""
        self.last_at = now
        if self.first_at is None:
            self.first_at = now
        return self.needs_reauth

    def record_success(self) -> bool:
        """Record an accepted request; return whether the user had to sign in again."""
        ended = self.needs_reauth
        self.first_at = self.last_at = None
        return ended

    def wait(self, now: float) -> float:
        """Return for how many seconds not to poll."""
        if not self.needs_reauth or self.last_at is None:
            return 0.0
        return max(0.0, self.last_at + _POLL_INTERVAL - now)
