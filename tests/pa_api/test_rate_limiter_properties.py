"""The rate limiter against any arrival of requests: within every limit, and nobody forgotten."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
import selectors
from typing import Any, cast, override

from hypothesis import given, settings, strategies as st

from custom_components.telldus_pa.pa_api import (
    Priority,
    RateLimiter,
    RateLimitError,
    RequestDeferredError,
)
from custom_components.telldus_pa.pa_api.exceptions import MIN_RETRY_AFTER
from custom_components.telldus_pa.pa_api.rate_limiter import (
    MAX_REQUESTS,
    WINDOW_SECONDS,
)

from .conftest import Clock

# A little for the rounding of sums
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who comes some seconds after the one before, and wants to send."""

    after: float
    priority: Priority
    takes: float
    timeout: float | None
    # What the server says: None accepts, a number is a 429 with that many seconds to
    # wait, of which 0 means that it does not say.
    refused: float | None
    # After how many seconds whoever asks goes away.
    leaves: float | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A request on the wire."""

    priority: Priority
    began: float
    ended: float
    refused: bool


seconds = st.one_of(
    st.sampled_from((0.0, 0.25, 1.0, 10.0, 59.9, 60.0, 61.0)),
    st.floats(0, 90, allow_nan=False),
)
arrivals = st.builds(
    Arrival,
    after=st.one_of(st.just(0.0), st.floats(0, 3), seconds),
    priority=st.sampled_from(Priority),
    takes=st.one_of(st.just(0.0), st.floats(0, 20)),
    timeout=st.one_of(st.none(), seconds),
    refused=st.one_of(
        st.none(), st.none(), st.none(), st.sampled_from((0.0, 1.0, 30.0, 1e9))
    ),
    leaves=st.one_of(st.none(), st.none(), seconds),
)


class _Selector(selectors.DefaultSelector):
    """Lets the clock jump to the next timer instead of waiting for it."""

    def __init__(self, clock: Clock) -> None:
        """Take the clock that jumps."""
        super().__init__()
        self._clock = clock

    @override
    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Look what is there at once."""
        found = super().select(0)
        if timeout and not found:
            self._clock.tick(timeout)
        return found


class House:
    """Everybody who sends, and what came of it."""

    def __init__(self, clock: Clock) -> None:
        """Begin with an empty rate limiter."""
        self.clock = clock
        self.rate_limiter = RateLimiter(clock)
        self.sent: list[Sent] = []
        # Until when nothing may be sent, as each refusal left it.
        self.pauses: list[tuple[float, float]] = []

    async def live(self, everybody: Sequence[Arrival]) -> list[BaseException | None]:
        """Let everybody come, and return what became of each once all have gone."""
        tasks = []
        for one in everybody:
            await asyncio.sleep(one.after)
            tasks.append(asyncio.create_task(self._send(one)))
            if one.leaves is not None:
                asyncio.get_running_loop().call_later(one.leaves, tasks[-1].cancel)
        # Longer than any pause, and any queue of so few
        await asyncio.wait(tasks, timeout=40_000)
        assert all(task.done() for task in tasks)
        return [
            asyncio.CancelledError() if task.cancelled() else task.exception()
            for task in tasks
        ]

    async def _send(self, one: Arrival) -> None:
        """Send one request."""
        asked = self.clock()
        async with self.rate_limiter.acquire(one.priority, timeout=one.timeout):
            began = self.clock()
            if one.timeout is not None:
                assert began - asked <= one.timeout + ROUNDING
            refused = False
            try:
                await asyncio.sleep(one.takes)
                if refused := one.refused is not None:
                    raise self.rate_limiter.on_rate_limited(one.refused or None)
                self.rate_limiter.on_success()
            finally:
                now = self.clock()
                self.sent.append(Sent(one.priority, began, now, refused))
                self.pauses.append((now, now + self.rate_limiter.paused_for))


def lived(everybody: Sequence[Arrival]) -> tuple[House, list[BaseException | None]]:
    """Return the house in which everybody came and went."""
    clock = Clock()
    loop = asyncio.SelectorEventLoop(_Selector(clock))
    cast("Any", loop).time = clock
    house = House(clock)
    try:
        return house, loop.run_until_complete(house.live(everybody))
    finally:
        loop.close()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(arrivals, min_size=1, max_size=60))
def test_any_arrival(everybody: list[Arrival]) -> None:
    """Within the limit by anybody's count, one at a time, and silent in a pause."""
    house, outcomes = lived(everybody)
    sent = house.sent

    for one, next_one in pairwise(sent):
        assert one.ended <= next_one.began
    # A server counts a request somewhere between its beginning and its end.
    for priority, most in MAX_REQUESTS.items():
        for number, one in enumerate(sent):
            if one.priority is priority and number >= most:
                before = sent[number - most]
                assert one.began - before.ended >= WINDOW_SECONDS - ROUNDING
    for number, one in enumerate(sent):
        for refused_at, until in house.pauses:
            if refused_at < one.began:
                assert one.began >= until - ROUNDING
        if one.refused and number + 1 < len(sent):
            assert sent[number + 1].began - one.ended >= MIN_RETRY_AFTER - ROUNDING
    # Each was sent, told why not, or went away; and nothing is left of them.
    assert len(outcomes) == len(everybody)
    for who, outcome in zip(everybody, outcomes, strict=True):
        if isinstance(outcome, asyncio.CancelledError):
            assert who.leaves is not None
        else:
            assert outcome is None or type(outcome) in (
                RequestDeferredError,
                RateLimitError,
            )
    assert len(sent) >= sum(
        outcome is None or type(outcome) is RateLimitError for outcome in outcomes
    )
    assert (house.rate_limiter.waiting, house.rate_limiter.sending) == (0, False)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(arrivals, max_size=30), st.lists(arrivals, min_size=1, max_size=30))
def test_restart_in_between(before: list[Arrival], after: list[Arrival]) -> None:
    """What an earlier run sent counts in the next one as if there had been no restart."""
    clock = Clock()
    loop = asyncio.SelectorEventLoop(_Selector(clock))
    cast("Any", loop).time = clock
    first, second = House(clock), House(clock)
    try:
        if before:
            loop.run_until_complete(first.live(before))
        saved = clock()
        state = first.rate_limiter.state()
        clock.tick(7)
        second.rate_limiter.restore(state, clock() - saved)
        loop.run_until_complete(second.live(after))
    finally:
        loop.close()
    sent = [*first.sent, *second.sent]
    for number, one in enumerate(sent[len(first.sent) :], len(first.sent)):
        most = MAX_REQUESTS[one.priority]
        if number >= most:
            assert one.began - sent[number - most].ended >= WINDOW_SECONDS - ROUNDING
        for refused_at, until in first.pauses:
            assert refused_at < one.began
            assert one.began >= until - ROUNDING
