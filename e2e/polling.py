"""Wait for a condition, never for a length of time."""

import asyncio
from collections.abc import Awaitable, Callable


class WaitedTooLongError(AssertionError):
    """Something that should have happened did not, in the time that it had."""


async def poll[T](
    what: str,
    ask: Callable[[], Awaitable[T | None]],
    timeout: float,
    interval: float = 0.25,
) -> T:
    """Ask until there is a true answer, and return it; `what` names it in the error."""
    answer: T | None = None
    try:
        async with asyncio.timeout(timeout):
            while not (answer := await ask()):
                await asyncio.sleep(interval)
    except TimeoutError as err:
        raise WaitedTooLongError(f"not within {timeout:g} s: {what}") from err
    return answer
