"""Waiting for a condition instead of a fixed time."""

import asyncio
from collections.abc import Awaitable, Callable


class WaitedTooLongError(AssertionError):
    """A condition was not met in time."""


async def poll[T](
    what: str,
    check: Callable[[], Awaitable[T | None]],
    timeout: float,
    interval: float = 0.25,
) -> T:
    """Call `check` until its result is true, and return that; `what` is for the error."""
    result: T | None = None
    try:
        async with asyncio.timeout(timeout):
            while not (result := await check()):
                await asyncio.sleep(interval)
    except TimeoutError as err:
        raise WaitedTooLongError(f"not within {timeout:g} s: {what}") from err
    return result
