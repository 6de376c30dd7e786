"""Who may send, and who waits: in a loop whose time moves by itself when nothing is to do."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Coroutine, Generator
from math import inf
import random
import selectors
import time
from typing import Any, cast

import pytest

from custom_components.telldus_pa.pa_api import (
    Priority,
    RateLimiter,
    RateLimitError,
    RequestDeferredError,
)
from custom_components.telldus_pa.pa_api.exceptions import (
    MAX_RETRY_AFTER,
    MIN_RETRY_AFTER,
)
from custom_components.telldus_pa.pa_api.rate_limiter import (
    BURST_WINDOW,
    INITIAL_BACKOFF,
    MAX_BACKOFF,
    MAX_OVERDUE,
    MAX_REQUESTS,
    MIN_INTERVAL,
    TOLERANCE,
    WINDOW_SECONDS,
    RateLimiterState,
)

from .conftest import Clock

COMMAND, SIGN_IN, POLL, BACKGROUND, PUSH = Priority
OTHERS = [SIGN_IN, POLL, BACKGROUND, PUSH]
WEEK = 7 * 24 * 3600
EVERY_PRIORITY = pytest.mark.parametrize("priority", Priority)
EMPTY = RateLimiterState((), 0.0, 0)

type Send = Callable[..., Coroutine[Any, Any, float]]


@pytest.fixture(autouse=True)
async def _time_flies(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the loop live by the clock, which jumps to the next timer instead of waiting."""
    loop = asyncio.get_running_loop()
    selector = cast("Any", loop)._selector  # noqa: SLF001
    select = selector.select

    def select_at_once(
        timeout: float | None = None,
    ) -> list[tuple[selectors.SelectorKey, int]]:
        found: list[tuple[selectors.SelectorKey, int]] = select(
            0 if timeout else timeout
        )
        if timeout and not found:
            clock.tick(timeout)
        return found

    monkeypatch.setattr(loop, "time", clock)
    monkeypatch.setattr(selector, "select", select_at_once)


@pytest.fixture
def send(rate_limiter: RateLimiter, clock: Clock) -> Send:
    """Return a function that sends one request, and returns when it was let through."""

    async def send_one(
        priority: Priority = POLL,
        *,
        takes: float = 0.0,
        timeout: float | None = None,
        refused: float | bool = False,
    ) -> float:
        async with rate_limiter.acquire(priority, timeout=timeout):
            started = clock()
            await asyncio.sleep(takes)
            if refused:
                raise rate_limiter.on_rate_limited(None if refused is True else refused)
            rate_limiter.on_success()
        return started

    return send_one


async def fill(send: Send, clock: Clock, count: int) -> list[float]:
    """Send as commands, the first now."""
    first = clock()
    times = [await send(COMMAND) - first for _ in range(count)]
    assert times == pytest.approx([MIN_INTERVAL[COMMAND] * n for n in range(count)])
    return times


async def fill_with_others(send: Send, clock: Clock) -> float:
    """Send as many lists as may be overdue in a minute, and return when the first ended."""
    first = clock()
    for _ in range(MAX_OVERDUE):
        await send(POLL)
    return first


def finished(order: list[str], name: str, task: asyncio.Task[float]) -> None:
    """Note when a request has been sent."""
    task.add_done_callback(lambda _: order.append(name))


async def turns(count: int = 3) -> None:
    """Let the loop go round without time passing."""
    for _ in range(count):
        await asyncio.sleep(0)


def timers() -> list[asyncio.TimerHandle]:
    """Return what the loop still has to do later."""
    loop = cast("Any", asyncio.get_running_loop())
    scheduled = loop._scheduled  # noqa: SLF001
    return [handle for handle in scheduled if not handle.cancelled()]


def test_numbers() -> None:
    """What was decided: 8 in a minute, 2 more for commands, 6 of ten are theirs."""
    assert MAX_REQUESTS == {COMMAND: 10, SIGN_IN: 8, POLL: 8, BACKGROUND: 6, PUSH: 5}
    assert MIN_INTERVAL == {
        COMMAND: 0.25,
        SIGN_IN: 0.5,
        POLL: 2.0,
        BACKGROUND: 10.0,
        PUSH: 10.0,
    }
    assert TOLERANCE == {COMMAND: 0, SIGN_IN: 5, POLL: 30, PUSH: 60, BACKGROUND: 120}
    assert (MAX_OVERDUE, WINDOW_SECONDS, BURST_WINDOW) == (4, 60, 10)
    assert (INITIAL_BACKOFF, MAX_BACKOFF) == (15, 300)
    assert (MIN_RETRY_AFTER, MAX_RETRY_AFTER) == (10, 3600)


def test_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a clock of its own a rate limiter goes by the one that is never set back."""
    rate_limiter = RateLimiter()
    monkeypatch.setattr(time, "monotonic", lambda: 7.0)

    assert rate_limiter.now() == 7.0


@EVERY_PRIORITY
async def test_the_first_goes_at_once(
    send: Send, clock: Clock, priority: Priority
) -> None:
    """Nothing has to wait in an empty window."""
    now = clock()

    assert await send(priority) == now
    assert timers() == []


@EVERY_PRIORITY
async def test_gap(send: Send, clock: Clock, priority: Priority) -> None:
    """The next one starts some time after the last one ended."""
    await send(COMMAND, takes=3)
    ended = clock()

    assert await send(priority) == pytest.approx(ended + MIN_INTERVAL[priority])


@EVERY_PRIORITY
async def test_window(
    send: Send, clock: Clock, rate_limiter: RateLimiter, priority: Priority
) -> None:
    """Each priority has a number in a minute; one more waits for the oldest to leave."""
    first = clock()
    if priority is not COMMAND:
        await fill_with_others(send, clock)
    while rate_limiter.used < MAX_REQUESTS[priority] - 1:
        await send(COMMAND)
    assert await send(priority) < first + WINDOW_SECONDS
    assert rate_limiter.used == MAX_REQUESTS[priority]
    clock.tick(MIN_INTERVAL[priority])

    assert await send(priority) == pytest.approx(first + WINDOW_SECONDS)
    assert rate_limiter.used == MAX_REQUESTS[priority]


async def test_window_counts_from_the_end_of_a_request(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """A slow request counts for a minute from when it was over."""
    await send(COMMAND, takes=14)
    ended = clock()
    for _ in range(9):
        await send(COMMAND)
    assert rate_limiter.used == 10

    assert await send(COMMAND) == pytest.approx(ended + WINDOW_SECONDS)


async def test_commands_find_room(send: Send, clock: Clock) -> None:
    """When polls have used theirs, two commands still go through within the second."""
    await asyncio.gather(*(send(POLL) for _ in range(8)))
    poll = asyncio.ensure_future(send(POLL))
    await turns()
    now = clock()

    assert [await send(COMMAND), await send(COMMAND)] == pytest.approx(
        [now + 0.25, now + 0.5]
    )
    assert not poll.done()
    await poll


async def test_the_important_first(send: Send, rate_limiter: RateLimiter) -> None:
    """Who waits is let through by importance, then in the order of coming."""
    order: list[str] = []

    async def queue(name: str, priority: Priority) -> None:
        await send(priority)
        order.append(name)

    await send()
    waiting = [
        asyncio.create_task(queue(*who))
        for who in (
            ("background", BACKGROUND),
            ("poll", POLL),
            ("poll 2", POLL),
            ("sign in", SIGN_IN),
            ("command", COMMAND),
            ("command 2", COMMAND),
        )
    ]
    await turns()
    assert rate_limiter.waiting == 6
    assert len(timers()) == 1
    await asyncio.gather(*waiting)

    assert order == ["command", "command 2", "sign in", "poll", "poll 2", "background"]
    assert rate_limiter.waiting == 0
    assert timers() == []


@pytest.mark.parametrize("priority", [SIGN_IN, POLL])
async def test_overdue(send: Send, clock: Clock, priority: Priority) -> None:
    """Whoever has waited longer than its tolerance may use the whole window."""
    await fill(send, clock, MAX_REQUESTS[priority])
    asked = clock()

    assert await send(priority) == pytest.approx(asked + TOLERANCE[priority])


async def test_overdue_within_the_limit(send: Send, clock: Clock) -> None:
    """Ten in a minute hold, however long anybody has waited."""
    first = clock()
    await fill(send, clock, 10)

    assert await send(SIGN_IN) == pytest.approx(first + WINDOW_SECONDS)


@pytest.mark.parametrize("priority", OTHERS)
async def test_overdue_goes_before_later_ones(
    send: Send, rate_limiter: RateLimiter, priority: Priority
) -> None:
    """Commands that came after what is overdue go after it, earlier ones before it."""
    order: list[str] = []
    await send()
    slow = asyncio.create_task(send(COMMAND, takes=TOLERANCE[priority] + 1))
    await turns()
    waiting = []
    for name, kind in (("early", COMMAND), ("overdue", priority), ("late", COMMAND)):
        waiting.append(asyncio.create_task(send(kind)))
        finished(order, name, waiting[-1])
        await asyncio.sleep(0.01)
    await asyncio.gather(slow, *waiting)

    assert order == ["early", "overdue", "late"]


@pytest.mark.parametrize("priority", OTHERS)
async def test_not_overdue_goes_after_commands(send: Send, priority: Priority) -> None:
    """Whoever has not waited for long lets commands pass."""
    order: list[str] = []
    await send()
    slow = asyncio.create_task(send(COMMAND, takes=TOLERANCE[priority] - 1))
    await turns()
    waiting = []
    for name, kind in (("other", priority), ("command", COMMAND)):
        waiting.append(asyncio.create_task(send(kind)))
        finished(order, name, waiting[-1])
        await asyncio.sleep(0.01)
    await asyncio.gather(slow, *waiting)

    assert order == ["command", "other"]


async def test_the_earliest_deadline_first(send: Send) -> None:
    """What is not overdue goes by the time at which it will be."""
    order: list[str] = []
    slow = asyncio.create_task(send(COMMAND, takes=50))
    await turns()
    waiting = []
    for name, kind, after in (("history", BACKGROUND, 10), ("push", PUSH, 0)):
        waiting.append(asyncio.create_task(send(kind)))
        finished(order, name, waiting[-1])
        await asyncio.sleep(after)
    await asyncio.gather(slow, *waiting)

    # Overdue after 120 s and 10 + 60 s, and sent after 50 s
    assert order == ["push", "history"]


async def test_nothing_slips_in_before_what_is_overdue(
    send: Send, clock: Clock
) -> None:
    """Commands, whose gap is shorter, do not use up each place that becomes free."""
    first = clock()
    await fill(send, clock, 10)
    push = asyncio.create_task(send(PUSH))
    await asyncio.sleep(0.1)
    commands = [asyncio.create_task(send(COMMAND)) for _ in range(30)]

    # It was overdue when the second window began: after all that had come before.
    assert await push < first + 2 * WINDOW_SECONDS
    assert sum(command.done() for command in commands) < 10
    await asyncio.gather(*commands)


async def test_overdue_leaves_room_for_commands(send: Send, clock: Clock) -> None:
    """Six of ten remain for commands, which what is overdue beyond that does not block."""
    first = await fill_with_others(send, clock)
    await asyncio.gather(*(send(COMMAND) for _ in range(4)))
    poll = asyncio.create_task(send(POLL))
    await asyncio.sleep(TOLERANCE[POLL] + 1)
    now = clock()

    assert [await send(COMMAND), await send(COMMAND)] == pytest.approx(
        [now, now + 0.25]
    )
    assert not poll.done()
    assert await poll == pytest.approx(first + WINDOW_SECONDS)


async def test_lists_do_not_starve_what_is_more_patient(
    send: Send, clock: Clock
) -> None:
    """Not even where nothing is commanded, and lists are asked for without end."""

    async def poll() -> None:
        while True:
            await send(POLL)

    polls = [asyncio.create_task(poll()) for _ in range(2)]
    await asyncio.sleep(WINDOW_SECONDS)
    asked = clock()
    try:
        async with asyncio.timeout(TOLERANCE[BACKGROUND] + WINDOW_SECONDS):
            sent = await send(BACKGROUND)
    finally:
        for task in polls:
            task.cancel()
        await asyncio.gather(*polls, return_exceptions=True)

    assert sent - asked >= TOLERANCE[BACKGROUND]


async def test_one_at_a_time(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """Nothing is sent while a request is under way, however long it takes."""
    slow = asyncio.create_task(send(POLL, takes=30))
    await turns()
    assert rate_limiter.sending
    assert rate_limiter.used == 1
    command = asyncio.create_task(send(COMMAND))
    await turns()
    assert rate_limiter.waiting == 1
    # Whoever is on the way in knows when it is over; no timer has to look.
    assert len(timers()) == 1
    started = clock()

    assert await command == pytest.approx(started + 30 + MIN_INTERVAL[COMMAND])
    assert slow.done()
    assert not rate_limiter.sending


async def test_a_failed_request_counts(rate_limiter: RateLimiter) -> None:
    """What went wrong was sent all the same."""
    with pytest.raises(OSError, match="broken"):
        async with rate_limiter.acquire(POLL):
            raise OSError("broken")

    assert rate_limiter.used == 1
    assert not rate_limiter.sending


async def test_patience(send: Send, clock: Clock, rate_limiter: RateLimiter) -> None:
    """Who will not wait for so long is told at once how long it would be."""
    first = await fill_with_others(send, clock)
    await asyncio.gather(*(send(COMMAND) for _ in range(4)))
    rest = first + WINDOW_SECONDS - clock()

    with pytest.raises(RequestDeferredError) as caught:
        await send(SIGN_IN, timeout=rest - 0.1)
    assert caught.value.retry_after == pytest.approx(rest)
    assert rate_limiter.waiting == 0
    assert rate_limiter.used == 8
    assert timers() == []

    assert await send(SIGN_IN, timeout=rest + 0.1) == pytest.approx(
        first + WINDOW_SECONDS
    )


async def test_patience_of_what_will_be_overdue(send: Send, clock: Clock) -> None:
    """Being overdue is counted on."""
    await fill(send, clock, 8)

    with pytest.raises(RequestDeferredError) as caught:
        await send(SIGN_IN, timeout=4.9)
    assert caught.value.retry_after == pytest.approx(TOLERANCE[SIGN_IN])


async def test_patience_with_a_gap(send: Send, clock: Clock) -> None:
    """A gap shorter than the timeout is waited for."""
    await send()
    now = clock()

    assert await send(POLL, timeout=2.1) == pytest.approx(now + 2)


async def test_patience_with_a_long_request(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """A request that takes long is not waited for without end."""
    slow = asyncio.ensure_future(send(takes=30))
    await asyncio.sleep(0)
    began = clock()
    with pytest.raises(RequestDeferredError):
        await send(POLL, timeout=5)
    assert clock() - began == pytest.approx(5)
    assert rate_limiter.waiting == 0
    await slow
    assert await send(POLL, timeout=5) == pytest.approx(began + 32)


async def test_retry_after(send: Send, clock: Clock, rate_limiter: RateLimiter) -> None:
    """A refusal pauses everything for as long as the server asked."""
    with pytest.raises(RateLimitError) as caught:
        await send(refused=42.0)
    assert type(caught.value) is RateLimitError
    assert caught.value.retry_after == 42
    assert rate_limiter.paused_for == 42

    clock.tick(41.5)
    for priority in Priority:
        with pytest.raises(RequestDeferredError) as postponed:
            await send(priority)
        assert postponed.value.retry_after == 0.5
    assert rate_limiter.used == 1
    clock.tick(0.5)
    assert rate_limiter.paused_for == 0
    assert await send() == clock()


@pytest.mark.parametrize(
    ("asked", "wait"),
    [(0.0, 10), (9.9, 10), (-5.0, 10), (10.0, 10), (3600.0, 3600), (1e12, 3600)],
)
async def test_retry_after_made_sane(
    rate_limiter: RateLimiter, asked: float, wait: float
) -> None:
    """Never sooner than in ten seconds, never later than in an hour."""
    assert rate_limiter.on_rate_limited(asked).retry_after == wait
    assert rate_limiter.paused_for == wait


def refuse(rate_limiter: RateLimiter, clock: Clock) -> float:
    """Let the server refuse without saying for how long; sit the pause out."""
    wait = rate_limiter.on_rate_limited(None).retry_after
    assert rate_limiter.paused_for == pytest.approx(wait)
    clock.tick(wait)
    return wait


@pytest.mark.parametrize("jitter", [1.0, 1.2])
def test_doubling(
    rate_limiter: RateLimiter,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    jitter: float,
) -> None:
    """Without Retry-After each pause is twice the last one, up to five minutes."""
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return jitter

    monkeypatch.setattr(random, "uniform", uniform)

    waits = [refuse(rate_limiter, clock) for _ in range(2000)]

    doubled = [min(15 * 2**n * jitter, 300) for n in range(8)]
    assert waits[:8] == pytest.approx(doubled)
    # Nothing overflows, however long it goes on.
    assert waits[8:] == pytest.approx([300] * 1992)
    assert set(asked) == {(1.0, 1.2)}


def test_jitter(rate_limiter: RateLimiter, clock: Clock) -> None:
    """Not everybody comes back in the same second."""
    waits = set()
    for _ in range(50):
        waits.add(refuse(rate_limiter, clock))
        rate_limiter.on_success()

    assert len(waits) > 1
    assert all(15 - 1e-9 <= wait <= 18 + 1e-9 for wait in waits)


async def test_success_ends_the_doubling(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """After an accepted request the first pause is a short one again."""
    for _ in range(4):
        refuse(rate_limiter, clock)
    assert rate_limiter.state().backoff_count == 4
    await send()

    assert rate_limiter.state().backoff_count == 0
    assert refuse(rate_limiter, clock) <= 18


async def test_doubling_goes_on_after_a_retry_after(
    rate_limiter: RateLimiter, clock: Clock
) -> None:
    """A refusal with Retry-After is one of the row as well."""
    rate_limiter.on_rate_limited(20.0)
    clock.tick(20)

    assert 30 <= refuse(rate_limiter, clock) <= 36


@pytest.mark.parametrize(
    ("before", "after", "is_burst"),
    [
        # The second request right after the first was refused: a dislike of bursts
        (1, 0.25, True),
        (1, 9.9, True),
        (7, 0.25, True),
        # The window may have been full, by some count
        (8, 0.25, False),
        # Nothing was sent shortly before, so something else did it
        (1, 10.0, False),
        (0, 0.0, False),
    ],
)
async def test_lists_are_spaced(
    send: Send,
    clock: Clock,
    rate_limiter: RateLimiter,
    before: int,
    after: float,
    is_burst: bool,
) -> None:
    """Where one burst was refused, lists keep their distance for a week."""
    for _ in range(before):
        await send(COMMAND)
    clock.tick(after)
    with pytest.raises(RateLimitError):
        await send(COMMAND, refused=True)
    refused_at = clock()
    assert rate_limiter.spaces_lists is is_burst
    clock.tick(100)
    gap = BURST_WINDOW if is_burst else MIN_INTERVAL[POLL]
    ended = await send(POLL)
    assert await send(POLL) - ended == pytest.approx(gap)
    # It may have been somebody else's: a scene is not made slow for it, nor a sign-in.
    clock.tick(100)
    ended = await send(COMMAND)
    assert await send(COMMAND) - ended == pytest.approx(MIN_INTERVAL[COMMAND])
    ended = clock()
    assert await send(SIGN_IN) - ended == pytest.approx(MIN_INTERVAL[SIGN_IN])

    clock.tick(refused_at + WEEK - clock() - 1)
    assert rate_limiter.spaces_lists is is_burst
    clock.tick(1)
    assert not rate_limiter.spaces_lists
    ended = await send(POLL)
    assert await send(POLL) - ended == pytest.approx(MIN_INTERVAL[POLL])


async def test_sign_in_is_the_first_trial(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """Where a burst was refused while signing in, the first lists are spaced already."""
    await send(SIGN_IN)
    with pytest.raises(RateLimitError):
        await send(SIGN_IN, refused=True)
    clock.tick(20)

    assert rate_limiter.spaces_lists
    ended = await send(SIGN_IN)
    assert await send(POLL) - ended == pytest.approx(BURST_WINDOW)


@pytest.mark.parametrize(
    ("accepted_between", "is_spaced"), [(False, True), (True, False)]
)
async def test_commands_are_spaced(
    send: Send, clock: Clock, accepted_between: bool, is_spaced: bool
) -> None:
    """After two refused bursts in a row commands are kept apart for an hour, too."""
    for _ in range(2):
        await send(COMMAND)
        if accepted_between:
            await send(COMMAND)
        with pytest.raises(RateLimitError):
            await send(COMMAND, refused=True)
        clock.tick(100)
    ended = await send(COMMAND)
    gap = BURST_WINDOW if is_spaced else MIN_INTERVAL[COMMAND]
    assert await send(COMMAND) - ended == pytest.approx(gap)
    # A person who signs in waits for nothing.
    ended = clock()
    assert await send(SIGN_IN) - ended == pytest.approx(MIN_INTERVAL[SIGN_IN])

    clock.tick(3600)
    ended = await send(COMMAND)
    assert await send(COMMAND) - ended == pytest.approx(MIN_INTERVAL[COMMAND])


async def test_bursts_go_on_where_they_are_accepted(
    rate_limiter: RateLimiter,
) -> None:
    """Nothing is spaced before anything was refused."""
    assert not rate_limiter.spaces_lists
    rate_limiter.on_rate_limited(None)
    assert not rate_limiter.spaces_lists


async def test_a_pause_is_not_shortened(
    rate_limiter: RateLimiter, clock: Clock
) -> None:
    """A later refusal that asks for less does not end the pause earlier."""
    rate_limiter.on_rate_limited(100.0)

    assert rate_limiter.on_rate_limited(10.0).retry_after == 100
    assert rate_limiter.paused_for == 100


async def test_a_pause_refuses_who_waits(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """Whoever stands in the queue when a pause begins is told so, and nothing is sent."""
    sending = asyncio.create_task(send(POLL, takes=5, refused=60.0))
    await turns()
    waiting = [asyncio.create_task(send(priority)) for priority in Priority]
    await turns()
    assert rate_limiter.waiting == len(Priority)
    started = clock()

    outcomes = await asyncio.gather(sending, *waiting, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [RateLimitError] + len(
        Priority
    ) * [RequestDeferredError]
    assert clock() == started + 5
    assert [
        outcome.retry_after
        for outcome in outcomes
        if isinstance(outcome, RateLimitError)
    ] == [60] * (1 + len(Priority))
    assert rate_limiter.waiting == 0
    assert rate_limiter.used == 1
    assert timers() == []


async def test_cancelled_while_waiting(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """Who goes away leaves the place in the queue to the next."""
    await fill(send, clock, 8)
    first, second = (asyncio.create_task(send(COMMAND)) for _ in range(2))
    third, last = (asyncio.create_task(send(BACKGROUND)) for _ in range(2))
    await turns()
    now = clock()
    last.cancel()
    await turns()
    assert rate_limiter.waiting == 3
    first.cancel()
    await turns()
    assert rate_limiter.waiting == 2
    assert len(timers()) == 1

    assert await second == pytest.approx(now + MIN_INTERVAL[COMMAND])
    third.cancel()
    await turns()
    assert third.cancelled()
    assert rate_limiter.waiting == 0
    assert timers() == []


async def test_cancelled_while_sending(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """A request that was given up on was sent all the same, and the next is let in."""
    sending = asyncio.create_task(send(POLL, takes=30))
    await turns()
    waiting = asyncio.create_task(send(POLL))
    await turns()
    now = clock()
    sending.cancel()

    assert await waiting == now + MIN_INTERVAL[POLL]
    assert sending.cancelled()
    assert rate_limiter.used == 2


@pytest.mark.parametrize("others", [0, 1, 3])
async def test_cancelled_as_leave_is_given(
    send: Send, clock: Clock, rate_limiter: RateLimiter, others: int
) -> None:
    """Leave that comes too late is passed on, unused and uncounted."""
    sending = asyncio.create_task(send(COMMAND, takes=5))
    await turns()
    late = asyncio.create_task(send(COMMAND))
    rest = [asyncio.create_task(send(COMMAND)) for _ in range(others)]
    # Behind the rate limiter's own timer, and ahead of whom that timer wakes
    await sending
    asyncio.get_running_loop().call_later(MIN_INTERVAL[COMMAND], late.cancel)
    now = clock()
    with pytest.raises(asyncio.CancelledError):
        await late

    assert clock() == now + MIN_INTERVAL[COMMAND]
    times = [await task for task in rest]
    assert times == [now + MIN_INTERVAL[COMMAND] * (n + 1) for n in range(others)]
    assert rate_limiter.used == 1 + others
    assert not rate_limiter.sending


async def test_all_cancelled_as_leave_is_given(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """Leave is not passed on to somebody who goes away in the same moment."""
    await send()
    tasks = [asyncio.create_task(send(COMMAND)) for _ in range(3)]
    await turns()

    def cancel_all() -> None:
        for task in tasks:
            task.cancel()

    asyncio.get_running_loop().call_later(MIN_INTERVAL[COMMAND], cancel_all)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == 3 * [asyncio.CancelledError]
    assert not rate_limiter.sending
    assert rate_limiter.waiting == 0
    assert rate_limiter.used == 1
    assert timers() == []
    now = clock()
    assert await send(POLL) < now + MIN_INTERVAL[POLL]


async def test_cancelled_just_before_leave_is_given(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """Leave is not given to somebody who has just gone away."""
    await send()
    now = clock()
    # Ahead of the rate limiter's own timer, which is set later for the same time
    tasks: list[asyncio.Task[float]] = []
    asyncio.get_running_loop().call_later(
        MIN_INTERVAL[COMMAND], lambda: [task.cancel() for task in tasks[:2]]
    )
    tasks += [asyncio.create_task(send(COMMAND)) for _ in range(3)]
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes[:2]] == 2 * [asyncio.CancelledError]
    assert outcomes[2] == now + MIN_INTERVAL[COMMAND]
    assert not rate_limiter.sending
    assert rate_limiter.waiting == 0


async def test_cancelled_as_a_pause_begins(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """Who goes away in the moment of a refusal does so in peace."""
    await send()
    before, after, patient = (asyncio.create_task(send(POLL)) for _ in range(3))
    await turns()
    before.cancel()
    rate_limiter.on_rate_limited(30.0)
    after.cancel()
    outcomes = await asyncio.gather(before, after, patient, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [
        asyncio.CancelledError,
        asyncio.CancelledError,
        RequestDeferredError,
    ]
    assert rate_limiter.waiting == 0
    assert timers() == []


def test_state_of_nothing(rate_limiter: RateLimiter) -> None:
    """A new rate limiter has nothing to keep."""
    assert rate_limiter.state() == EMPTY


async def test_state(send: Send, clock: Clock, rate_limiter: RateLimiter) -> None:
    """What is kept: how long ago requests were, how long the pause is, how often."""
    await send()
    clock.tick(30)
    await send()
    with pytest.raises(RateLimitError):
        await send(refused=100.0)
    clock.tick(31)

    # The first has left the window.
    assert rate_limiter.state() == RateLimiterState((33, 31), 69, 1, WEEK - 31)


def restored(clock: Clock, state: RateLimiterState, elapsed: float) -> RateLimiter:
    """Return the rate limiter of the next run."""
    rate_limiter = RateLimiter(clock)
    rate_limiter.restore(state, elapsed)
    return rate_limiter


async def test_restart(send: Send, clock: Clock, rate_limiter: RateLimiter) -> None:
    """What was sent before a restart counts after it."""
    first = clock()
    await fill(send, clock, 10)
    # Another process, whose clock counts from elsewhere
    other = Clock(5.0)
    again = restored(other, rate_limiter.state(), 20)
    assert again.used == 10
    wait = first + WINDOW_SECONDS - clock() - 20

    with pytest.raises(RequestDeferredError) as caught:
        async with again.acquire(COMMAND, timeout=0):
            pytest.fail("sent")
    assert caught.value.retry_after == pytest.approx(wait)
    assert restored(other, rate_limiter.state(), 61).used == 0


async def test_restart_under_load(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """What was sent before counts as commands, or nothing could be overdue for a minute."""
    await fill_with_others(send, clock)
    await asyncio.gather(*(send(COMMAND) for _ in range(4)))
    again = restored(clock, rate_limiter.state(), 0)
    assert again.used == 8
    asked = clock()

    async with again.acquire(SIGN_IN):
        assert clock() == pytest.approx(asked + TOLERANCE[SIGN_IN])


async def test_spacing_survives_a_restart(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """Which server refuses bursts has not to be learned anew."""
    await send(POLL)
    with pytest.raises(RateLimitError):
        await send(POLL, refused=True)
    clock.tick(100)
    state = rate_limiter.state()

    other = Clock(5.0)
    assert restored(other, state, WEEK - 101).spaces_lists
    assert not restored(other, state, WEEK - 100).spaces_lists
    # A later run that knows nothing of it does not forget it for the earlier one.
    again = restored(other, state, 0)
    again.restore(EMPTY, 0)
    assert again.spaces_lists


def test_restart_inside_a_pause(clock: Clock, rate_limiter: RateLimiter) -> None:
    """A restart neither ends a pause nor makes it longer, nor forgets the doubling."""
    rate_limiter.on_rate_limited(100.0)

    again = restored(Clock(5.0), rate_limiter.state(), 40)
    assert again.paused_for == 60
    assert (
        30
        <= restored(clock, rate_limiter.state(), 101).on_rate_limited(None).retry_after
        <= 36
    )
    assert restored(clock, rate_limiter.state(), 101).paused_for == 0


def test_quiet_for(clock: Clock, rate_limiter: RateLimiter) -> None:
    """Quiet counts from the end of a pause, over restarts, which are none themselves."""
    assert rate_limiter.quiet_for == inf
    assert restored(clock, rate_limiter.state(), 20).quiet_for == inf

    rate_limiter.on_rate_limited(100.0)

    assert rate_limiter.quiet_for == 0
    assert restored(clock, rate_limiter.state(), 130).quiet_for == 30
    clock.tick(110)
    assert rate_limiter.quiet_for == 10


@pytest.mark.parametrize("elapsed", [0.0, -5.0, -1e9])
def test_restart_with_the_clock_set_back(
    clock: Clock, rate_limiter: RateLimiter, elapsed: float
) -> None:
    """A clock set back in between lets nothing be forgotten, and nothing last longer."""
    rate_limiter.on_rate_limited(100.0)
    state = RateLimiterState((50, 10), rate_limiter.state().pause, 1)

    again = restored(clock, state, elapsed)

    assert again.paused_for == 100
    assert again.state() == state
    clock.tick(11)
    assert again.used == 1


def test_restart_with_the_clock_set_forward(clock: Clock) -> None:
    """After a long time nothing is left to respect."""
    again = restored(clock, RateLimiterState((1, 0), 3600, 3), 1e9)

    assert again.paused_for == 0
    assert again.used == 0


@pytest.mark.parametrize(
    ("state", "used", "pause"),
    [
        (RateLimiterState((-100.0, 59.9, 60.0, 1e9), -7.0, -3), 1, 0),
        (RateLimiterState((), 1e9, 10**6, 1e12), 0, MAX_RETRY_AFTER),
        (RateLimiterState((float("nan"),), float("nan"), 0, float("nan")), 0, 0),
        (RateLimiterState(tuple(range(59)), 0, 0, -1e12), 10, 0),
    ],
)
def test_restore_what_cannot_be(
    clock: Clock, state: RateLimiterState, used: int, pause: float
) -> None:
    """What a damaged file says is believed only as far as it is possible."""
    again = restored(clock, state, 0)

    assert again.used == used
    assert again.paused_for == pause
    assert 0 <= again.state().list_spacing <= WEEK
    assert again.on_rate_limited(None).retry_after <= max(MAX_BACKOFF, pause)


async def test_restore_adds(
    send: Send, clock: Clock, rate_limiter: RateLimiter
) -> None:
    """What this run has sent and suffered already is not forgotten for the last one's."""
    await send()
    rate_limiter.on_rate_limited(50.0)
    rate_limiter.restore(RateLimiterState((20, 30), 10, 0), 5)

    assert rate_limiter.state() == RateLimiterState((35, 25, 0), 50, 1)
    rate_limiter.restore(RateLimiterState((), 70, 3), 5)
    assert rate_limiter.paused_for == 65
    assert rate_limiter.state().backoff_count == 3


async def test_changed(clock: Clock) -> None:
    """Whoever keeps the state hears of each request and each refusal."""
    states: list[RateLimiterState] = []
    rate_limiter = RateLimiter(clock, lambda: states.append(rate_limiter.state()))
    async with rate_limiter.acquire(POLL):
        assert states == []
    clock.tick(15)
    with pytest.raises(RateLimitError):
        async with rate_limiter.acquire(POLL):
            raise rate_limiter.on_rate_limited(30.0)

    assert states == [RateLimiterState((0,), 0, 0), RateLimiterState((15, 0), 30, 1)]


def most_within(times: list[float], window: float) -> int:
    """Return how many were let through in the fullest window."""
    return max(
        bisect_right(times, end) - bisect_right(times, end - window + 1e-6)
        for end in times
    )


@pytest.mark.parametrize("seed", range(6))
async def test_never_more_than_the_limit(
    clock: Clock, rate_limiter: RateLimiter, seed: int
) -> None:
    """Whatever comes, goes away, fails or hangs: the limit holds, and nobody is lost."""
    r = random.Random(seed)
    sent: list[tuple[float, Priority]] = []
    refused_until = 0.0
    under_way = 0
    outcomes: dict[str, int] = {}

    async def send_one(priority: Priority) -> None:
        nonlocal under_way, refused_until
        async with rate_limiter.acquire(
            priority, timeout=r.choice([None, None, 5, 70])
        ):
            under_way += 1
            assert under_way == 1
            assert clock() >= refused_until
            sent.append((clock(), priority))
            try:
                await asyncio.sleep(r.choice([0, 0.05, 0.3, 2, 15]))
                if r.random() < 0.02:
                    asked = r.choice([None, 0.0, 30.0])
                    err = rate_limiter.on_rate_limited(asked)
                    wait = 15 if asked is None else max(10, asked)
                    refused_until = clock() + wait - 1e-6
                    raise err
                if r.random() < 0.1:
                    raise OSError
                rate_limiter.on_success()
            finally:
                under_way -= 1

    async def come(priority: Priority) -> None:
        try:
            # Some lose timeout by themselves, wherever they are just then.
            async with asyncio.timeout(r.choice([None, None, r.uniform(0, 60)])):
                await send_one(priority)
        except (OSError, RateLimitError) as err:
            kind = type(err).__name__
            outcomes[kind] = outcomes.get(kind, 0) + 1

    tasks = []
    for _ in range(1500):
        # Quiet hours and storms
        await asyncio.sleep(r.choice([0, 0, 0.25, 1, 5, 20]))
        tasks.append(asyncio.create_task(come(r.choice(list(Priority)))))
    await asyncio.gather(*tasks)

    times = [when for when, _ in sent]
    assert len(times) > 300
    assert {"OSError", "TimeoutError", "RateLimitError", "RequestDeferredError"} <= set(
        outcomes
    )
    # Not always ten: refused bursts make it send one by one.
    assert 9 <= most_within(times, WINDOW_SECONDS) <= 10
    others = [when for when, which in sent if which is not COMMAND]
    assert most_within(others, WINDOW_SECONDS) <= MAX_REQUESTS[POLL]
    assert not rate_limiter.sending
    assert rate_limiter.waiting == 0
    assert timers() == []


@pytest.fixture(autouse=True)
def _nothing_left(rate_limiter: RateLimiter) -> Generator[None]:
    """Find out whether anybody was left in the queue, or a request under way."""
    yield
    assert rate_limiter.waiting == 0
    assert not rate_limiter.sending


async def test_everybody_is_let_through(send: Send, clock: Clock) -> None:
    """A crowd of every kind is let through in the end, at the pace of the window."""
    started = clock()
    times = await asyncio.gather(
        *(send(priority) for priority in Priority for _ in range(20))
    )

    assert most_within(sorted(times), WINDOW_SECONDS) <= 10
    assert max(times) - started < 100 / 5 * WINDOW_SECONDS
