"""The rate limiter against any arrival of requests: within every limit, and nobody forgotten."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
import math
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
    BURST_WINDOW,
    MAX_OVERDUE,
    MAX_REQUESTS,
    MIN_INTERVAL,
    TOLERANCE,
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
    asked: float
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
                self.sent.append(Sent(one.priority, asked, began, now, refused))
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


def assert_within_limits(sent: Sequence[Sent], known_from: int = 0) -> None:
    """Check what was sent when, at its beginning and by when the earlier ones had ended.

    A server counts a request somewhere between the two. Of those before ``known_from`` it
    is not known what they were: they count as commands.
    """
    is_spaced = False
    for number, one in enumerate(sent):
        window = [
            (earlier, before)
            for earlier, before in enumerate(sent[:number])
            if before.ended > one.began - WINDOW_SECONDS + ROUNDING
        ]
        others = [
            before
            for earlier, before in window
            if earlier >= known_from and before.priority is not Priority.COMMAND
        ]
        assert len(window) < MAX_REQUESTS[Priority.COMMAND]
        if number >= known_from and len(window) >= MAX_REQUESTS[one.priority]:
            assert one.began - one.asked >= TOLERANCE[one.priority] - ROUNDING
            assert len(others) < MAX_OVERDUE
        gap = one.began - sent[number - 1].ended if number else BURST_WINDOW
        if number >= known_from:
            if is_spaced and one.priority is Priority.POLL:
                assert gap >= BURST_WINDOW - ROUNDING
            assert gap >= MIN_INTERVAL[one.priority] - ROUNDING
        if one.refused and len(window) < MAX_REQUESTS[Priority.POLL]:
            is_spaced |= gap < BURST_WINDOW - ROUNDING


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(arrivals, min_size=1, max_size=60))
def test_any_arrival(everybody: list[Arrival]) -> None:
    """Within the limit by anybody's count, one at a time, and silent in a pause."""
    house, outcomes = lived(everybody)
    sent = house.sent

    for one, next_one in pairwise(sent):
        assert one.ended <= next_one.began
    assert_within_limits(sent)
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
    # What was not sent is not counted either.
    window = [one for one in sent if one.ended > house.clock() - WINDOW_SECONDS]
    assert house.rate_limiter.used == len(window)


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
    assert_within_limits(sent, len(first.sent))
    for one in second.sent:
        for refused_at, until in first.pauses:
            assert refused_at < one.began
            assert one.began >= until - ROUNDING


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks again some seconds after each request."""

    priority: Priority
    begins: float
    pause: float
    takes: float


def askers(*priorities: Priority) -> st.SearchStrategy[Asker]:
    """Return anybody who asks for the same again and again."""
    return st.builds(
        Asker,
        priority=st.sampled_from(priorities),
        begins=st.floats(0, 120),
        pause=st.one_of(st.just(0.0), st.floats(0, 150)),
        takes=st.one_of(st.just(0.0), st.floats(0, 0.5)),
    )


OTHERS = tuple(priority for priority in Priority if priority is not Priority.COMMAND)
RUN_SECONDS = 1200.0


class Flood(House):
    """Everybody asks again and again; ``waits`` are how long each had to wait."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nobody who waits."""
        super().__init__(clock)
        self.waits: list[tuple[Asker, float]] = []

    async def live_on(self, everybody: Sequence[Asker]) -> None:
        """Let everybody ask until the time is over, and then be served."""
        async with asyncio.TaskGroup() as group:
            for one in everybody:
                group.create_task(self._ask(one, self.clock() + RUN_SECONDS))

    async def _ask(self, one: Asker, ends_at: float) -> None:
        """Ask again and again."""
        request = Arrival(0, one.priority, one.takes, None, None, None)
        await asyncio.sleep(one.begins)
        while (asked := self.clock()) < ends_at:
            await self._send(request)
            self.waits.append((one, self.clock() - one.takes - asked))
            await asyncio.sleep(one.pause)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(
        st.builds(
            Asker,
            priority=st.just(Priority.COMMAND),
            begins=st.just(0.0),
            pause=st.sampled_from((0.0, 1.0, 6.0)),
            takes=st.just(0.0),
        ),
        max_size=3,
    ),
    st.lists(askers(*OTHERS), min_size=1, max_size=8),
)
def test_nobody_starves(commands: list[Asker], others: list[Asker]) -> None:
    """Whoever asks is served within its tolerance and a window for every four who ask.

    However many commands there are, or none; and commands keep six of ten.
    """
    clock = Clock()
    loop = asyncio.SelectorEventLoop(_Selector(clock))
    cast("Any", loop).time = clock
    flood = Flood(clock)
    started = clock()
    try:
        loop.run_until_complete(flood.live_on([*commands, *others]))
    finally:
        loop.close()

    assert_within_limits(flood.sent)
    # What goes before somebody keeps its distance as well.
    slack = sum(MIN_INTERVAL[one.priority] + one.takes for one in others)
    for one, wait in flood.waits:
        turns = 1 if one in commands else math.ceil(len(others) / MAX_OVERDUE)
        assert wait <= TOLERANCE[one.priority] + turns * WINDOW_SECONDS + slack
    assert {one for one, _ in flood.waits} == {*commands, *others}
    if any(one.pause < 1 for one in commands):
        sent = sum(
            one.priority is Priority.COMMAND and one.began < started + RUN_SECONDS
            for one in flood.sent
        )
        assert sent >= 6 * RUN_SECONDS / (
            WINDOW_SECONDS + sum(one.takes for one in others)
        )
