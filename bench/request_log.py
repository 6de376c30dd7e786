"""Counts of a simulator's request log."""

from collections import Counter
from collections.abc import Iterable, Sequence
from http import HTTPStatus

from simulator import LoggedRequest


def rate_limited(requests: Iterable[LoggedRequest]) -> int:
    """Return the number of requests that were answered with 429."""
    return sum(row.status == HTTPStatus.TOO_MANY_REQUESTS for row in requests)


def request_lines(requests: Sequence[LoggedRequest]) -> list[str]:
    """Return a line for each function that was called: how often, how often refused."""
    lines = []
    for path, number in Counter(row.path for row in requests).most_common():
        too_many = rate_limited(row for row in requests if row.path == path)
        suffix = f", {too_many} refused" if too_many else ""
        lines.append(f"asked:     {number} × {path.removeprefix('json/')}{suffix}")
    return lines
