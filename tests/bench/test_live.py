"""What the benchmark of the live channel reckons with."""

from bench.live import HEAD, PushResult, details, line, pauses
from simulator import LoggedRequest


def test_pauses() -> None:
    """They are of any length up to a share of the time, and the same in each run."""
    found = pauses(20, 600, seed=1)
    assert len(found) == 20
    assert all(0 <= one <= 30 for one in found)
    assert min(found) < 5
    assert max(found) > 25
    assert found == pauses(20, 600, seed=1)
    assert found != pauses(20, 600, seed=2)


def test_line() -> None:
    """The middle, the middle half and the slowest are told, and what was not shown."""
    requests = [
        LoggedRequest(0, "GET", "json/devices/list", {}, "demo", status)
        for status in (200, 429)
    ]
    result = PushResult("polled", 6, [5, 1, 4, 2, 3], requests)
    recorded = ["polled", "5 of 6", "3.00 (2.00–4.00)", "5.00", "2", "1"]
    assert line(result) == recorded
    assert len(recorded) == len(HEAD)
    assert line(PushResult("pushed", 1, [], [])) == [
        *("pushed", "0 of 1", "–", "–", "0", "0")
    ]
    assert details(result).splitlines() == [
        "polled",
        "  asked:     2 × devices/list, 1 refused",
    ]
