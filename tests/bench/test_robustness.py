"""What tells how much was tried on purpose, and what came of it."""

from collections import Counter
import json
from pathlib import Path

import pytest

from bench.robustness import TESTS, FigureCollector

ROOT = Path(__file__).resolve().parents[2]


def report(
    node: str, outcome: str = "passed", when: str = "teardown", **recorded: int
) -> pytest.TestReport:
    """Return a report of a test."""
    return pytest.TestReport(
        *(node, ("", 0, ""), {}, outcome, None, when),  # type: ignore[arg-type]
        user_properties=list(recorded.items()),
    )


def test_ledger() -> None:
    """Tests and examples are counted by what they try, and what they record is added up."""
    collector = FigureCollector()
    collector.pytest_runtest_logreport(report("tests/test_faults.py::a", when="call"))
    collector.pytest_runtest_logreport(report("tests/test_faults.py::a"))
    collector.pytest_runtest_logreport(report("tests/test_faults.py::b"))
    junk = "tests/pa_api/test_parsing_properties.py::c"
    collector.pytest_runtest_logreport(report(junk, examples=300))
    attack = "tests/security/test_users.py::e"
    collector.pytest_runtest_logreport(report(attack))
    for seed in "12":
        life = f"tests/soak/test_push.py::d[{seed}]"
        collector.pytest_runtest_logreport(report(life, hours=1, requests=20))
    assert collector.tried == {
        "faults, each in a situation": 2,
        "random responses": 300,
        "attacks": 1,
        "soak tests of a home": 2,
    }
    assert collector.figures == Counter(hours=2, requests=40)
    assert collector.failed == []
    assert "| random responses            | 300    |" in collector.text()


def test_failure() -> None:
    """What has failed is told."""
    collector = FigureCollector()
    collector.pytest_runtest_logreport(
        report("tests/soak/test_home.py::a", "failed", "call")
    )
    collector.pytest_runtest_logreport(report("tests/soak/test_home.py::a"))
    assert collector.failed == ["tests/soak/test_home.py::a"]
    assert collector.text().splitlines()[-1].split() == ["|", "failed", "|", "1", "|"]


def test_files() -> None:
    """The tests that are named exist."""
    assert all((ROOT / file).exists() for files in TESTS.values() for file in files)


def test_mutants(tmp_path: Path) -> None:
    """What no test notices has survived, be it that there is none."""
    pytest.importorskip("mutmut", reason="not in the oldest environment")
    from bench.mutate import PACKAGE, PARTS, outcomes, summary, survivors  # noqa: PLC0415

    codes: dict[str, int | None] = {"a": 1, "b": 0, "c": 33, "d": None, "e": 36}
    for name, tried in {"pa_api/rate_limiter": codes, "errors": {}}.items():
        path = tmp_path / PACKAGE / f"{name}.py.meta"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"exit_code_by_key": tried}))
    found = outcomes(tmp_path)
    assert found == {
        "pa_api/rate_limiter.py": {
            "killed": 1,
            "survived": 1,
            "no tests": 1,
            "not checked": 1,
            "timeout": 1,
        }
    }
    assert survivors(tmp_path) == ["b"]
    owners = {
        module: [part.name for part in PARTS if part.owns(module)]
        for module in ("commands.queue", "pa_api.rate_limiter", "sensor")
    }
    assert owners == {
        "commands.queue": ["commands"],
        "pa_api.rate_limiter": ["client"],
        "sensor": [],
    }
    last = summary(found).splitlines()[-1]
    assert [cell.strip() for cell in last.split("|")[1:-1]] == [
        *("together", "50%", "5", "4", "2")
    ]
