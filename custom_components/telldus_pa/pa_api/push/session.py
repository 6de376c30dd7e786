"""What the sockets of all of an account's gateways are let in with."""

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
# However soon Telldus, or a clock that is wrong, says that a session ends.
_SHORTEST: Final = timedelta(minutes=30)
_LONGEST: Final = timedelta(days=1)
_TRY_AGAIN: Final = 60.0
# Who is refused gives up for so long.
REJECTED_RETRY_DELAY: Final = timedelta(days=1)
# A day that ends within a second is over.
_OVER: Final = 1.0


@dataclass(slots=True, eq=False)
class PushSession:
    """One session. ``accepted`` is whether a socket was let in with it."""

    id: str
    ends: datetime
    accepted: bool = False


class SessionManager:
    """The session of an account: one for all sockets, renewed in time."""

    def __init__(
        self,
        client: TelldusClient,
        utcnow: Callable[[], datetime],
        in_use: Callable[[], bool],
    ) -> None:
        """Begin without one."""
        self._client = client
        self._utcnow = utcnow
        self._in_use = in_use
        self._session: PushSession | None = None
        # When Telldus last wanted no session, by the rate limiter's clock.
        self._refused: float | None = None
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()

    @property
    def refused_for(self) -> float:
        """Return for how many seconds more no session is asked for; 0 if one may be."""
        if self._refused is None:
            return 0.0
        left = self._refused + REJECTED_RETRY_DELAY.total_seconds() - self._client.now()
        return left if left > _OVER else 0.0

    async def get(self) -> PushSession:
        """Return a session that is good. Raises TelldusError.

        A refusal is one for all gateways: for whoever comes after it, nobody is asked.
        """
        async with self._lock:
            if self.refused_for:
                raise ApiError("no session today")
            session = self._session
            if session is None or session.ends <= self._utcnow():
                session_id = str(uuid4())
                try:
                    ends = await self._authenticate(session_id)
                except TelldusError as err:
                    if is_client_error(err):
                        self._refused = self._client.now()
                    raise
                self._refused = None
                session = PushSession(session_id, ends)
                self._session = session
                self._changed.set()
            return session

    def drop(self, session: PushSession) -> None:
        """Forget a session that a socket did not accept."""
        if session is self._session:
            self._session = None
            self._changed.set()

    async def keep(self) -> None:
        """Renew the session before it ends, until cancelled."""
        wait = 0.0
        while True:
            self._changed.clear()
            due = None
            if self._session:
                left = self._session.ends - _RENEW_BEFORE - self._utcnow()
                due = max(wait, left.total_seconds())
            with suppress(TimeoutError):
                async with asyncio.timeout(due):
                    await self._changed.wait()
                wait = 0.0
                continue
            wait = await self._renew()

    async def _renew(self) -> float:
        """Make the session last longer; return when to try again, 0 if there is no need."""
        async with self._lock:
            session = self._session
            if session is None or not self._in_use() or session.ends <= self._utcnow():
                self._session = None
                return 0.0
            try:
                # The same id: the sockets that are open were let in with it.
                session.ends = await self._authenticate(session.id)
            except RateLimitError as err:
                return err.retry_after
            except TelldusError:
                # What it means is found out by who needs a session next.
                return _TRY_AGAIN
        return 0.0

    async def _authenticate(self, session_id: str) -> datetime:
        """Make a session, or one last longer; return until when. Raises TelldusError."""
        ends = await self._client.authenticate_session(session_id)
        now = self._utcnow()
        shortest = now + _SHORTEST
        return min(max(ends or shortest, shortest), now + _LONGEST)
