"""Mutation tests: change the code a little each time, and see whether a test fails.

Mutmut runs in copies of the checkout below ``.mutation/``, where it also keeps its results:
a second run tries only what has changed. Mutants of the client are tested by the client's
own tests, without Home Assistant, which is quicker as well.
"""

import argparse
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
import json
from pathlib import Path
import re
import shutil
import subprocess
import sys
from typing import Final

from mutmut.stats import status_by_exit_code

from .table import table

ROOT: Final = Path(__file__).resolve().parent.parent
WORK: Final = ROOT / ".mutation"
PACKAGE: Final = Path("custom_components/telldus_pa")
# Files that tests read, besides those that mutmut copies by itself
_BESIDE: Final = ("simulator", "docs", "blueprints", "hacs.json", "README.md")
COPIED: Final = ("custom_components", "tests", "pyproject.toml", *_BESIDE)
_ARGUMENTS: Final = ("-p", "no:cacheprovider", "--show-capture=no")
# Mutmut skips decorated functions; these two decorators have no effect on a mutant, except
# that what a timer calls (with the time) would be called in a thread.
_DECORATORS: Final = re.compile(
    r"^ *@(callback|override)\n(?! *def \w+\(self, _now\b)", re.MULTILINE
)
# A mutant that makes a test hang or crash is noticed too.
NOTICED: Final = frozenset(("killed", "timeout", "segfault"))


@dataclass(frozen=True, slots=True)
class Part:
    """Code to be mutated, as a pattern below the package, and the tests that should fail.

    A test that takes longer than ``timeout`` seconds has failed.
    """

    name: str
    mutated: str
    timeout: int
    tests: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Return the folder of its copy."""
        return WORK / self.name

    def owns(self, module: str) -> bool:
        """Return whether a module, such as ``pa_api.rate_limiter``, is in this part."""
        return Path(f"{module.replace('.', '/')}.py").full_match(self.mutated)

    def copy(self) -> None:
        """Copy the checkout's files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in COPIED:
            source, target = ROOT / name, self.folder / name
            if source.is_dir():
                shutil.rmtree(target, ignore_errors=True)
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, target, ignore=ignored)
            else:
                shutil.copy(source, target)
        for path in (self.folder / PACKAGE).glob(self.mutated):
            path.write_text(_DECORATORS.sub("", path.read_text()))
        settings = {
            "source_paths": [str(PACKAGE)],
            # Mutmut's asterisk spans folders; two and a slash ask for at least one folder.
            "only_mutate": [f"{PACKAGE}/{self.mutated.replace('**/', '')}"],
            "also_copy": list(_BESIDE),
            "pytest_add_cli_args": [*_ARGUMENTS, f"--timeout={self.timeout}"],
            "pytest_add_cli_args_test_selection": list(self.tests),
        }
        # Strings and lists of them are written alike in JSON and TOML.
        lines = (f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
        with (self.folder / "pyproject.toml").open("a") as project:
            project.writelines(("\n[tool.mutmut]\n", *lines))

    def run(self, mutants: Iterable[str]) -> int:
        """Try the given mutants, or all untried ones; return mutmut's exit code."""
        line = [sys.executable, "-m", "mutmut", "run", *mutants]
        return subprocess.run(line, cwd=self.folder, check=False).returncode


# Property tests and soak tests take too long.
PARTS: Final = (
    Part(
        "client",
        "pa_api/**/*.py",
        25,
        (
            "tests/pa_api",
            *(
                f"--ignore=tests/pa_api/test_{name}.py"
                for name in (
                    "rate_limiter_properties",
                    "parsing_properties",
                    "recorded",
                )
            ),
        ),
    ),
    Part(
        "commands",
        "commands/*.py",
        25,
        (
            *(
                f"tests/commands/test_{name}.py"
                for name in (
                    *("queue", "queue_order", "batch", "pending", "optimistic"),
                    *("manager", "confirmation"),
                )
            ),
            "tests/devices/test_group_state.py",
            "tests/test_cover.py::test_group_that_runs_both_ways",
            # Of what is pushed and heard, that which concerns them
            *(
                f"tests/push/test_states.py::test_{name}"
                for name in ("command", "failed")
            ),
            *(
                f"tests/events/test_tracker.py::test_{name}"
                for name in ("own_ring_without_an_answer", "ring_after_a_lost_command")
            ),
        ),
    ),
)


def statuses(folder: Path) -> dict[str, dict[str, str]]:
    """Return each mutant's status by module and name."""
    found = {}
    for path in sorted((folder / PACKAGE).rglob("*.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"]
        if codes:
            module = path.relative_to(folder / PACKAGE).as_posix()
            found[module.removesuffix(".meta")] = {
                name: status_by_exit_code[code] for name, code in codes.items()
            }
    return found


def outcomes(folder: Path) -> dict[str, Counter[str]]:
    """Return the number of mutants of each status, by module."""
    return {
        module: Counter(became.values()) for module, became in statuses(folder).items()
    }


def survivors(folder: Path) -> list[str]:
    """Return the names of the mutants that no test has noticed."""
    return [
        name
        for became in statuses(folder).values()
        for name, status in became.items()
        if status == "survived"
    ]


def summary(found: dict[str, Counter[str]]) -> str:
    """Return a table of the mutants that were tried."""
    rows = []
    for module, counts in (*found.items(), ("together", _sum(found))):
        tried = counts.total() - counts["not checked"]
        noticed = sum(counts[status] for status in NOTICED)
        share = f"{noticed / tried:.0%}" if tried else "-"
        rows.append(
            [module, share, *map(str, (counts.total(), tried, tried - noticed))]
        )
    return table(("module", "noticed", "mutants", "tried", "survived"), rows)


def _sum(found: dict[str, Counter[str]]) -> Counter[str]:
    """Return the counts of all modules together."""
    together = Counter[str]()
    for counts in found.values():
        together.update(counts)
    return together


def main() -> int:
    """Try the named mutants, or all, and print the results."""
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__)
    parser.add_argument(
        "what",
        nargs="*",
        help="client, commands, or a module such as pa_api.rate_limiter, which is tried again; "
        "all, if nothing is named",
    )
    parser.add_argument(
        "--again", action="store_true", help="try those that have survived once more"
    )
    parser.add_argument(
        "--ending",
        metavar="DIGIT",
        help="try a tenth of client or commands: what has a number that ends so",
    )
    chosen = parser.parse_args()
    wanted: list[str] = chosen.what
    code = 0
    found: dict[str, Counter[str]] = {}
    for part in PARTS:
        modules = [module for module in wanted if part.owns(module)]
        mutants = [f"{'.'.join(PACKAGE.parts)}.{module}.*" for module in modules]
        if part.name in wanted or not wanted:
            mutants = [f"*__mutmut_*{chosen.ending}"] if chosen.ending else []
            if chosen.again:
                mutants = survivors(part.folder / "mutants")
        elif not mutants:
            continue
        if mutants or not chosen.again:
            part.copy()
            code = part.run(mutants) or code
    for part in PARTS:
        found |= outcomes(part.folder / "mutants")
    print(f"\n{summary(found)}")
    print("\nWhich have survived: mutmut browse, in .mutation/client and commands")
    return code


if __name__ == "__main__":
    sys.exit(main())
