"""A history in parts, from servers that leave out what one does not know beforehand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.telldus_pa.history import parts
from custom_components.telldus_pa.history.parts import async_fetch_in_parts
from custom_components.telldus_pa.pa_api import HistoryEntry, SuccessStatus

START = datetime(2026, 9, 1, tzinfo=UTC)
END = START + timedelta(seconds=60)
MAX_ROWS = 1000


def entries(*seconds: float) -> list[HistoryEntry]:
    """Return a history by the seconds after its start, each entry another one."""
    return [
        HistoryEntry(
            START + timedelta(seconds=one), None, SuccessStatus.DONE, value=number
        )
        for number, one in enumerate(seconds)
    ]


class Server:
    """A server that has a history, and returns ``most`` entries of it, the newest or not."""

    def __init__(
        self, history: list[HistoryEntry], most: int, *, newest: bool = True
    ) -> None:
        """Initialize the server."""
        self._history, self._most, self._newest = history, most, newest
        self.requests = 0

    async def fetch(self, since: datetime, until: datetime) -> Sequence[HistoryEntry]:
        """Return what there is between two times."""
        self.requests += 1
        found = [one for one in self._history if since <= one.when <= until]
        return found[-self._most :] if self._newest else found[: self._most]


@pytest.fixture(autouse=True)
def maybe_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have four rows be as many as a response may have."""
    monkeypatch.setattr(parts, "_MAYBE_CUT", 4)


@given(
    seconds=st.lists(st.integers(min_value=0, max_value=60), unique=True),
    twice=st.booleans(),
    most=st.integers(min_value=4, max_value=9),
    newest=st.booleans(),
)
async def test_all_of_it(
    seconds: list[int],
    twice: bool,
    most: int,
    newest: bool,
) -> None:
    """Whatever a server leaves out is fetched, once, in order; that is known."""
    history = entries(*sorted(seconds * 2 if twice else seconds))
    server = Server(history, most, newest=newest)
    assert await async_fetch_in_parts(server.fetch, START, END, MAX_ROWS) == (
        history,
        True,
    )


@pytest.mark.parametrize("newest", [True, False])
async def test_more_in_a_moment_than_a_response_has(newest: bool) -> None:
    """That cannot be asked for, and is not asked for again and again."""
    server = Server(entries(10, *[20] * 9, 30), 4, newest=newest)
    found, is_complete = await async_fetch_in_parts(server.fetch, START, END, MAX_ROWS)
    assert not is_complete
    assert sum(one.when == START + timedelta(seconds=20) for one in found) == 4
    assert server.requests < 5


async def test_enough() -> None:
    """No more is fetched than is wanted, the newest first."""
    history = entries(*range(60))
    server = Server(history, 10)
    found, is_complete = await async_fetch_in_parts(server.fetch, START, END, 25)
    assert not is_complete
    assert found == history[-len(found) :]
    assert 25 <= len(found) < 35


async def test_server_that_ignores_the_times() -> None:
    """What was not asked for is left out; nobody can tell whether there is more."""

    async def fetch(_since: datetime, _until: datetime) -> Sequence[HistoryEntry]:
        return entries(-2, -1, 61, 62)

    assert await async_fetch_in_parts(fetch, START, END, MAX_ROWS) == ([], False)
