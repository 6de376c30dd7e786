"""The session id that authenticates the websockets of all of an account's gateways.

Source: docs/dev/telldus-api.md, "Push over websocket".
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from ..client import TelldusClient
from ..exceptions import ApiError, RateLimitError, TelldusError, is_client_error

_RENEW_BEFORE: Final = timedelta(minutes=15)
# Limits of a session's life, whatever Telldus, or a clock that is wrong, says.
_MIN_LIFETIME: Final = timedelta(minutes=30)
_MAX_LIFETIME: Final = timedelta(days=1)
# In seconds
_RETRY_DELAY: Final = 60.0
# Nothing is tried for so long after Telldus has rejected it.
REJECTED_RETRY_DELAY: Final = timedelta(days=1)
# A day that ends within a second is over.
_TOLERANCE: Final = 1.0


@dataclass(slots=True, eq=False)
class PushSession:
    """One session. ``accepted`` is whether a websocket was authenticated with it."""

    id: str
    expires_at: datetime
    accepted: bool = False


class SessionManager:
    """The session of an account: one for all websockets, renewed in time.

    ``in_use`` is whether a websocket is open: only then is the session renewed.
    """

    def __init__(
        self,
        client: TelldusClient,
        utcnow: Callable[[], datetime],
        in_use: Callable[[], bool],
    ) -> None:
        """Initialize the manager, without a session."""
        self._client = client
        self._utcnow = utcnow
        self._in_use = in_use
        self._session: PushSession | None = None
        # Monotonic seconds
        self._rejected_at: float | None = None
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()

    @property
    def refused_for(self) -> float:
        """Return the seconds for which no session is requested any more; 0 if one may be."""
        if self._rejected_at is None:
            return 0.0
        elapsed = self._client.now() - self._rejected_at
        left = REJECTED_RETRY_DELAY.total_seconds() - elapsed
        return left if left > _TOLERANCE else 0.0

    async def get(self) -> PushSession:
        """Return a valid session. Raises TelldusError.

        A rejection counts for all gateways: for the next ones, no request is sent.
        """
        async with self._lock:
            if self.refused_for:
                raise ApiError("no session today")
            session = self._session
            if session is None or session.expires_at <= self._utcnow():
                session_id = str(uuid4())
                try:
                    expires_at = await self._authenticate(session_id)
                except TelldusError as err:
                    if is_client_error(err):
                        self._rejected_at = self._client.now()
                    raise
                self._rejected_at = None
                self._session = session = PushSession(session_id, expires_at)
                self._changed.set()
            return session

    def drop(self, session: PushSession) -> None:
        """Drop a session that a websocket did not accept."""
        if session is self._session:
            self._session = None
            self._changed.set()

    async def run(self) -> None:
        """Renew the session before it ends, until cancelled."""
        delay = 0.0
        while True:
            self._changed.clear()
            timeout = None
            if self._session:
                left = self._session.expires_at - _RENEW_BEFORE - self._utcnow()
                timeout = max(delay, left.total_seconds())
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._changed.wait()
                delay = 0.0
                continue
            delay = await self._renew()

    async def _renew(self) -> float:
        """Renew the session; return the seconds until the next try, 0 if none is needed."""
        async with self._lock:
            session = self._session
            if (
                session is None
                or not self._in_use()
                or session.expires_at <= self._utcnow()
            ):
                self._session = None
                return 0.0
            try:
                # The same id: the open websockets were authenticated with it.
                session.expires_at = await self._authenticate(session.id)
            except RateLimitError as err:
                return err.retry_after
            except TelldusError:
                # The next `get` finds out what it means.
                return _RETRY_DELAY
        return 0.0

    async def _authenticate(self, session_id: str) -> datetime:
        """Create or renew a session; return its end. Raises TelldusError."""
        expires_at = await self._client.authenticate_session(session_id)
        now = self._utcnow()
        earliest = now + _MIN_LIFETIME
        return min(max(expires_at or earliest, earliest), now + _MAX_LIFETIME)
