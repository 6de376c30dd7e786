"""An event loop that counts its turns, knows its longest block, and may run fast."""

import asyncio
import selectors
import time
from typing import Any, Final, override

_CPU: Final = time.thread_time


class _Selector(selectors.DefaultSelector):
    """Waits as long as a fast clock needs."""

    def __init__(self, speed: float) -> None:
        """Initialize the selector; each wait is divided by `speed`."""
        super().__init__()
        self._speed = speed

    @override
    def select(self, timeout: float | None = None) -> list[Any]:
        """Wait for a file object, or for a timer."""
        return super().select(timeout if timeout is None else timeout / self._speed)


class Loop(asyncio.SelectorEventLoop):
    """asyncio's usual loop, measured.

    ``speed`` is the number of seconds per second: with 60 an hour takes a minute, while
    requests take as long as ever.
    """

    def __init__(self, speed: float = 1.0) -> None:
        """Start the clock at the machine's monotonic time."""
        self._speed = speed
        self._real_time = time.monotonic
        self._began = time.monotonic()
        self.turns = 0
        # The longest callback, in CPU seconds.
        self.longest = 0.0
        super().__init__(_Selector(speed))

    @override
    def time(self) -> float:
        """Return the time by this loop's clock."""
        return self._began + (self._real_time() - self._began) * self._speed

    def _run_once(self) -> None:
        """Count a turn, which asyncio runs."""
        self.turns += 1
        super()._run_once()  # type: ignore[misc]  # asyncio's own, without a type


def time_blocks(loop: Loop) -> None:
    """Measure each callback that a loop runs from now on, steps of tasks included.

    In CPU time of the loop's thread: other processes do not count, nor do other threads,
    which favors an integration that uses them.
    """
    run = asyncio.Handle._run  # noqa: SLF001

    def timed(handle: asyncio.Handle) -> None:
        """Run and measure a callback."""
        began = _CPU()
        run(handle)
        loop.longest = max(loop.longest, _CPU() - began)

    asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]  # noqa: SLF001  # that is the aim
