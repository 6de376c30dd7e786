"""An event loop that counts its turns, knows its longest block, and may run fast."""

import asyncio
import selectors
import time
from typing import Any, Final, override

_CPU: Final = time.thread_time


class _Selector(selectors.DefaultSelector):
    """Waits only as long as the time of a fast clock takes."""

    def __init__(self, speed: float) -> None:
        """Divide each wait."""
        super().__init__()
        self._speed = speed

    @override
    def select(self, timeout: float | None = None) -> list[Any]:
        """Wait for something to read or write, or for a timer."""
        return super().select(timeout if timeout is None else timeout / self._speed)


class Loop(asyncio.SelectorEventLoop):
    """The loop that everybody uses, but looked at.

    ``speed`` is how many seconds pass in one: what takes an hour is over in a minute, while
    requests take as long as they do.
    """

    def __init__(self, speed: float = 1.0) -> None:
        """Start the clock where the machine's stands."""
        self._speed = speed
        self._real_time = time.monotonic
        self._began = time.monotonic()
        self.turns = 0
        # The longest time (seconds of the processor) for which one callback had the loop.
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
    """Measure from now on each callback that a loop runs, a task's steps among them.

    By the processor's time of the loop's own thread: what else the machine does is not
    ours. So is what another thread of Python's does meanwhile, which is to the good of
    who uses such.
    """
    run = asyncio.Handle._run  # noqa: SLF001

    def timed(handle: asyncio.Handle) -> None:
        """Run a callback."""
        began = _CPU()
        run(handle)
        loop.longest = max(loop.longest, _CPU() - began)

    asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]  # noqa: SLF001  # that is the aim
