"""Decides when each request to a server may be sent.

Telldus allows about ten requests a minute, a limit known only by hearsay (source:
docs/dev/telldus-api.md, "Limits"). Whether it counts by account, key or address is not known;
so there is one rate limiter for each server, and every request passes through it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum, auto
import math
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
_MAX_DOUBLINGS = 5  # The backoff is at its longest then.
# Some servers answer 429 to a request this soon after another, though few were sent. Lists
# then keep this distance for a week. Commands do so for an hour only, and only after two
# such answers in a row: a scene must not be slow for one 429 that another client caused.
BURST_WINDOW = 10.0
_LIST_SPACING = 7 * 24 * 3600.0
_COMMAND_SPACING, _COMMAND_SPACING_AFTER = 3600.0, 2


class Priority(Enum):
    """What a request is for.

    POLL is a list that is polled, or a history that is waited for; PUSH the set-up of sockets.
    """

    COMMAND = auto()
    SIGN_IN = auto()
    POLL = auto()
    BACKGROUND = auto()
    PUSH = auto()


COMMAND, SIGN_IN, POLL, BACKGROUND, PUSH = Priority

# A request is planned for when fewer than this many are in the window: commands find room
# even when the others have used theirs.
MAX_REQUESTS = {COMMAND: 10, SIGN_IN: 8, POLL: 8, BACKGROUND: 6, PUSH: 5}
# Seconds from the end of the last request to the start of one of this kind.
MIN_INTERVAL = {COMMAND: 0.25, SIGN_IN: 0.5, POLL: 2.0, BACKGROUND: 10.0, PUSH: 10.0}
# Seconds in the queue after which a request is overdue. It then goes before all that came
# later, and may use the whole window ...
TOLERANCE = {COMMAND: 0.0, SIGN_IN: 5.0, POLL: 30.0, BACKGROUND: 120.0, PUSH: 60.0}
# ... while fewer than this many in the window are no commands: the rest is for commands.
MAX_OVERDUE = 4


@dataclass(frozen=True, slots=True)
class RateLimiterState:
    """What must outlive a restart, in seconds before (``sent``) and after now."""

    sent: tuple[float, ...] = ()
    pause: float = 0.0
    backoff_count: int = 0
    list_spacing: float = 0.0


@dataclass(eq=False, slots=True)
class _QueuedRequest:
    """A request that waits; ``granted`` becomes False if a pause begins instead."""

    priority: Priority
    deadline_at: float
    granted: asyncio.Future[bool]


class RateLimiter:
    """One server's requests: one at a time, spaced, within the limit.

    ``clock`` counts seconds and never goes back; all times here are by it. ``changed`` is
    called after each request and each 429, for whoever keeps the ``state``.
    """

    def __init__(
        self,
        clock: Callable[[], float] | None = None,
        changed: Callable[[], None] | None = None,
    ) -> None:
        """Start with an empty window."""
        self._changed = changed or (lambda: None)
        # Looked up at each call, so that a test that moves time moves it here as well.
        self.now = clock or (lambda: time.monotonic())
        # When the last requests ended, and when those of them that were no commands.
        # Telldus counted a request no later than that, and counts the next no sooner than
        # we send it: latency cannot break the limit.
        self._ended_at = deque([-math.inf], maxlen=MAX_REQUESTS[COMMAND])
        self._others_ended_at: deque[float] = deque(maxlen=MAX_OVERDUE)
        self._in_flight: _QueuedRequest | None = None
        self._queue: list[_QueuedRequest] = []  # By arrival
        self._timer: asyncio.TimerHandle | None = None
        self._pause_ends_at = -math.inf
        # How many 429s came since a request was accepted.
        self._backoff_count = 0
        # Whether the last request followed another closely, and how many such ones were
        # answered by 429 since one was accepted; until when we keep requests apart for it.
        self._is_burst = False
        self._rejected_bursts = 0
        self._spacing_ends_at = {COMMAND: -math.inf, POLL: -math.inf}

    @property
    def used(self) -> int:
        """How many requests were sent in the last minute, the one in flight included."""
        after = self.now() - WINDOW_SECONDS
        return sum(ended_at > after for ended_at in self._ended_at) + self.sending

    @property
    def sending(self) -> bool:
        """Whether a request is in flight."""
        return self._in_flight is not None

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return len(self._queue)

    @property
    def paused_for(self) -> float:
        """For how many seconds nothing may be sent, 0 if something may."""
        return max(0.0, self._pause_ends_at - self.now())

    @property
    def quiet_for(self) -> float:
        """How many seconds ago the last pause ended, 0 during one, infinite before the first."""
        return max(0.0, self.now() - self._pause_ends_at)

    @property
    def spaces_lists(self) -> bool:
        """Whether lists are kept ``BURST_WINDOW`` apart, since a burst was answered by 429."""
        return self.now() < self._spacing_ends_at[POLL]

    @asynccontextmanager
    async def acquire(
        self, priority: Priority, *, timeout: float | None = None
    ) -> AsyncIterator[None]:
        """Wait until one request may be sent, which the body then does.

        The body calls ``on_success`` or ``on_rate_limited`` with what the server answered.
        Raises RequestDeferredError during a pause, when one begins while waiting, and when
        the wait is, or would be, longer than ``timeout`` seconds.
        """
        await self._wait_in_queue(priority, timeout)
        try:
            yield
        finally:
            self._in_flight = None
            now = self.now()
            self._ended_at.append(now)
            if priority is not COMMAND:
                self._others_ended_at.append(now)
            self._dispatch()
            self._changed()

    def on_success(self) -> None:
        """Note that the server accepted the last request, as far as the limit goes."""
        self._backoff_count = 0
        if self._is_burst:
            self._rejected_bursts = 0

    def on_rate_limited(self, retry_after: float | None) -> RateLimitError:
        """Note that the server answered 429, begin a pause, and return the error.

        ``retry_after`` is what the server asked for in seconds, if it did.
        """
        now = self.now()
        if self._is_burst and self.used <= MAX_REQUESTS[POLL]:
            self._rejected_bursts += 1
            self._spacing_ends_at[POLL] = now + _LIST_SPACING
            if self._rejected_bursts >= _COMMAND_SPACING_AFTER:
                self._spacing_ends_at[COMMAND] = now + _COMMAND_SPACING
        if retry_after is None:
            # Some jitter, lest every Home Assistant comes back in the same second.
            backoff = INITIAL_BACKOFF * 2 ** min(self._backoff_count, _MAX_DOUBLINGS)
            retry_after = min(backoff * random.uniform(1.0, 1.2), MAX_BACKOFF)
        self._backoff_count += 1
        pause = min(max(retry_after, MIN_RETRY_AFTER), MAX_RETRY_AFTER)
        self._pause_ends_at = max(self._pause_ends_at, now + pause)
        for queued in self._queue:
            if not queued.granted.done():
                queued.granted.set_result(False)
        self._queue.clear()
        return RateLimitError(self.paused_for)

    def state(self) -> RateLimiterState:
        """Return what must outlive a restart."""
        now = self.now()
        ago = (now - ended_at for ended_at in self._ended_at)
        return RateLimiterState(
            tuple(seconds for seconds in ago if seconds < WINDOW_SECONDS),
            self.paused_for,
            self._backoff_count,
            max(0.0, self._spacing_ends_at[POLL] - now),
        )

    def restore(self, state: RateLimiterState, elapsed: float) -> None:
        """Take over what an earlier run left ``elapsed`` seconds ago.

        A clock that was set back in between makes ``elapsed`` negative: it counts as 0.
        The requests count as commands, lest a restart under load holds up all the others.
        """
        then = self.now() - max(0.0, elapsed)
        sent = (then - ago for ago in state.sent if ago >= 0)
        self._ended_at = deque(sorted([*self._ended_at, *sent]), self._ended_at.maxlen)
        if state.pause > 0:
            pause = min(state.pause, MAX_RETRY_AFTER)
            self._pause_ends_at = max(self._pause_ends_at, then + pause)
        self._backoff_count = max(self._backoff_count, state.backoff_count)
        spacing = min(max(state.list_spacing, 0.0), _LIST_SPACING)
        self._spacing_ends_at[POLL] = max(self._spacing_ends_at[POLL], then + spacing)

    async def _wait_in_queue(self, priority: Priority, timeout: float | None) -> None:
        """Wait until a request may be sent; it is in flight when this returns."""
        if pause := self.paused_for:
            raise RequestDeferredError(pause)
        now = self.now()
        granted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        queued = _QueuedRequest(priority, now + TOLERANCE[priority], granted)
        wait = self._earliest_at(queued) - now
        if timeout is not None and wait > timeout:
            raise RequestDeferredError(wait)
        self._queue.append(queued)
        self._dispatch()
        try:
            async with asyncio.timeout(timeout):
                if not await granted:
                    raise RequestDeferredError(self.paused_for)
        except (TimeoutError, asyncio.CancelledError) as err:
            if self._in_flight is queued:
                # Granted in the same moment: the next one may be sent instead.
                self._in_flight = None
            elif queued in self._queue:
                self._queue.remove(queued)
            self._dispatch()
            if isinstance(err, TimeoutError):
                # A request takes long, or too many were before this one.
                raise RequestDeferredError(MIN_RETRY_AFTER) from None
            raise

    def _overdue_at(self, queued: _QueuedRequest) -> float:
        """Return when a request may use the whole window, and goes before all later ones."""
        if queued.priority is COMMAND:
            return queued.deadline_at
        return max(queued.deadline_at, _room_at(self._others_ended_at, MAX_OVERDUE))

    def _earliest_at(self, queued: _QueuedRequest) -> float:
        """Return when a request may be sent if nothing else is sent before it."""
        gap = MIN_INTERVAL[queued.priority]
        if self.now() < self._spacing_ends_at.get(queued.priority, -math.inf):
            gap = BURST_WINDOW
        planned_at = _room_at(self._ended_at, MAX_REQUESTS[queued.priority])
        overdue_at = max(
            self._overdue_at(queued),
            _room_at(self._ended_at, MAX_REQUESTS[COMMAND]),
        )
        return max(self._ended_at[-1] + gap, min(planned_at, overdue_at))

    def _dispatch(self) -> None:
        """Send the request whose turn it is, or set a timer for when it will be."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._in_flight:
            return
        now = self.now()

        def turn(queued: _QueuedRequest) -> float:
            """Sort what is overdue by arrival, as the queue is, then the rest by deadline."""
            return -math.inf if self._overdue_at(queued) <= now else queued.deadline_at

        next_at = math.inf
        for queued in sorted(self._queue, key=turn):
            if queued.granted.done():
                # Cancelled in this very moment, and not awake yet to leave the queue.
                continue
            earliest_at = self._earliest_at(queued)
            if earliest_at <= now:
                self._queue.remove(queued)
                self._in_flight = queued
                self._is_burst = now - self._ended_at[-1] < BURST_WINDOW
                queued.granted.set_result(True)
                return
            next_at = min(next_at, earliest_at)
            if queued.deadline_at <= now:
                # Nothing with a shorter gap may slip in before it. Commands are not held
                # up by what may not use the whole window: it comes after them.
                break
        if next_at < math.inf:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(next_at - now, self._dispatch)


def _room_at(ended_at: Sequence[float], limit: int) -> float:
    """Return when fewer than ``limit`` requests will be left in the window."""
    return ended_at[-limit] + WINDOW_SECONDS if len(ended_at) >= limit else -math.inf
