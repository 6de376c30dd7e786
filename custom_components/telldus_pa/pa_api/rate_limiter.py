"""Who may send a request now, and who waits.

Telldus allows about ten requests a minute, a limit known only by hearsay (source:
docs/telldus-api.md, "Limits"). Whether it counts by account, key or address is not known;
so there is one rate limiter for each server, and every request passes through it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
import heapq
from itertools import count
import random
import time

from .exceptions import (
    MAX_RETRY_AFTER,
    MIN_RETRY_AFTER,
    RateLimitError,
    RequestDeferredError,
)

WINDOW_SECONDS = 60.0
INITIAL_BACKOFF = 15.0
MAX_BACKOFF = 300.0
# A server that dislikes bursts refuses a second request this soon after the first, however
# few there were before ...
BURST_WINDOW = 10.0
# ... and is known for it after this often, for this long in seconds.
_BURSTS_REFUSED = 2
_SPACED_FOR = 3600.0
# Beyond this many in a row the pause is at its longest anyway.
_MOST_REFUSALS = 10


class Priority(IntEnum):
    """What a request is for; the lower the sooner."""

    COMMAND = 0
    SIGN_IN = 1
    POLL = 2
    BACKGROUND = 3
    LIVE = 4


# How many requests in a window may have been sent before one of this kind: commands
# find room even when polls and a sign-in have used theirs.
MAX_REQUESTS = {
    Priority.COMMAND: 10,
    Priority.SIGN_IN: 8,
    Priority.POLL: 8,
    Priority.BACKGROUND: 6,
    Priority.LIVE: 5,
}
# Seconds between the end of the last request and the start of one of this kind. Bursts
# have been refused by Telldus even below the limit.
MIN_INTERVAL = {
    Priority.COMMAND: 0.25,
    Priority.SIGN_IN: 0.5,
    Priority.POLL: 1.0,
    Priority.BACKGROUND: BURST_WINDOW,
    Priority.LIVE: BURST_WINDOW,
}


@dataclass(frozen=True, slots=True)
class RateLimiterState:
    """What must outlive a restart, in seconds before (``sent``) and after now."""

    sent: tuple[float, ...]
    pause: float
    refusals: int


@dataclass(order=True, slots=True)
class _Waiter:
    """Somebody who wants to send."""

    priority: Priority
    turn: int
    granted: asyncio.Future[None] = field(compare=False)


class RateLimiter:
    """One server's requests: one at a time, spaced, within the limit.

    ``clock`` counts seconds and never goes back. ``changed`` is called after each request
    and each refusal, for whoever keeps the ``state``.
    """

    def __init__(
        self,
        clock: Callable[[], float] | None = None,
        changed: Callable[[], None] | None = None,
    ) -> None:
        """Start with an empty window."""
        self._changed = changed or (lambda: None)
        # Looked up at each call, so that a test that moves time moves it here as well.
        self._clock = clock or (lambda: time.monotonic())
        # When each request of the window ended. Telldus counted it no later than that,
        # and will count the next no sooner than we send it: latency cannot trip us.
        self._sent: deque[float] = deque()
        self._paused_until = 0.0
        self._refusals = 0
        # When Telldus last said that it was too much, by the clock.
        self.last_refused: float | None = None
        # Whether the last request followed another closely, how often such a one was
        # refused since one was accepted, and until when we keep them apart for it.
        self._is_burst = False
        self._bursts_refused = 0
        self._spaced_until = 0.0
        self._busy = False
        self._waiters: list[_Waiter] = []
        self._turns = count()
        self._timer: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Return the time in seconds by the rate limiter's clock, which never goes back."""
        return self._clock()

    @property
    def used(self) -> int:
        """Return how many requests were sent in the last minute."""
        self._forget()
        return len(self._sent) + self._busy

    @property
    def sending(self) -> bool:
        """Return whether a request is under way."""
        return self._busy

    @property
    def waiting(self) -> int:
        """Return how many requests wait for their turn."""
        return len(self._waiters)

    @property
    def paused_for(self) -> float:
        """Return for how many seconds nothing may be sent, 0 if something may."""
        return max(0.0, self._paused_until - self._clock())

    @asynccontextmanager
    async def acquire(
        self, priority: Priority, *, timeout: float | None = None
    ) -> AsyncIterator[None]:
        """Wait for leave to send one request, which the body then does.

        The body calls ``accepted`` or ``refused`` with what the server said of the limit.
        Raises Postponed during a pause, when one begins while waiting, and when the
        window is so full that leave would take longer than ``timeout`` seconds.
        """
        await self._acquire(priority, timeout)
        try:
            yield
        finally:
            self._busy = False
            self._sent.append(self._clock())
            self._dispatch()
            self._changed()

    def on_success(self) -> None:
        """Note that the server did not mind the last request."""
        self._refusals = 0
        if self._is_burst:
            self._bursts_refused = 0

    def on_rate_limited(self, retry_after: float | None) -> RateLimitError:
        """Note that the server refused a request (429), pause, and return the error.

        ``retry_after`` is what the server asked for in seconds, if it did.
        """
        self.last_refused = now = self._clock()
        self._forget()
        if self._is_burst and len(self._sent) < MAX_REQUESTS[Priority.POLL]:
            self._bursts_refused += 1
            if self._bursts_refused >= _BURSTS_REFUSED:
                self._spaced_until = now + _SPACED_FOR
        if retry_after is None:
            # Some jitter, lest every Home Assistant comes back in the same second.
            wait = INITIAL_BACKOFF * 2**self._refusals * random.uniform(1.0, 1.2)
            retry_after = min(wait, MAX_BACKOFF)
        self._refusals = min(self._refusals + 1, _MOST_REFUSALS)
        wait = min(max(retry_after, MIN_RETRY_AFTER), MAX_RETRY_AFTER)
        self._paused_until = max(self._paused_until, self._clock() + wait)
        error = RateLimitError(self.paused_for)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.granted.done():
                waiter.granted.set_exception(RequestDeferredError(self.paused_for))
        return error

    def state(self) -> RateLimiterState:
        """Return what must outlive a restart."""
        self._forget()
        now = self._clock()
        return RateLimiterState(
            tuple(now - sent for sent in self._sent), self.paused_for, self._refusals
        )

    def restore(self, state: RateLimiterState, elapsed: float) -> None:
        """Take over what an earlier run left ``elapsed`` seconds ago.

        A clock that was set back in between makes ``elapsed`` negative: it counts as 0.
        """
        now = self._clock()
        elapsed = max(0.0, elapsed)
        kept = [
            now - ago - elapsed
            for ago in state.sent
            if 0 <= ago + elapsed < WINDOW_SECONDS
        ]
        self._sent = deque(sorted([*self._sent, *kept]))
        pause = min(max(state.pause, 0.0), MAX_RETRY_AFTER)
        self._paused_until = max(self._paused_until, now + pause - elapsed)
        self._refusals = max(self._refusals, min(state.refusals, _MOST_REFUSALS))

    async def _acquire(self, priority: Priority, timeout: float | None) -> None:
        """Wait for our turn."""
        if pause := self.paused_for:
            raise RequestDeferredError(pause)
        wait = self._earliest(priority) - self._clock()
        if timeout is not None and wait > timeout:
            raise RequestDeferredError(wait)
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(priority, next(self._turns), granted)
        heapq.heappush(self._waiters, waiter)
        self._dispatch()
        try:
            async with asyncio.timeout(timeout):
                await self._granted(waiter)
        except TimeoutError:
            # Somebody's request takes long, or too many stand before us.
            raise RequestDeferredError(MIN_RETRY_AFTER) from None

    async def _granted(self, waiter: _Waiter) -> None:
        """Wait for leave; leave the queue in order when the wait is given up."""
        granted = waiter.granted
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled() and not granted.exception():
                # Leave was given in the same moment: pass it on unused.
                self._busy = False
            elif waiter in self._waiters:
                self._waiters.remove(waiter)
                heapq.heapify(self._waiters)
            self._dispatch()
            raise

    def _forget(self) -> None:
        """Let go of what has left the window."""
        now = self._clock()
        while self._sent and self._sent[0] <= now - WINDOW_SECONDS:
            self._sent.popleft()

    def _earliest(self, priority: Priority) -> float:
        """Return when a request of a kind may be sent, by the clock."""
        self._forget()
        if not self._sent:
            return self._clock()
        gap = MIN_INTERVAL[priority]
        if self._clock() < self._spaced_until and priority is not Priority.SIGN_IN:
            gap = max(gap, BURST_WINDOW)
        earliest = self._sent[-1] + gap
        if (excess := len(self._sent) - MAX_REQUESTS[priority]) >= 0:
            earliest = max(earliest, self._sent[excess] + WINDOW_SECONDS)
        return earliest

    def _dispatch(self) -> None:
        """Give leave to the first in the queue, or see to it that somebody will."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._waiters and self._waiters[0].granted.done():
            # Cancelled in this very moment, and not awake yet to leave the queue.
            heapq.heappop(self._waiters)
        if self._busy or not self._waiters:
            return
        wait = self._earliest(self._waiters[0].priority) - self._clock()
        if wait > 0:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait, self._dispatch)
            return
        self._busy = True
        self._is_burst = (
            bool(self._sent) and self._clock() - self._sent[-1] < BURST_WINDOW
        )
        heapq.heappop(self._waiters).granted.set_result(None)
