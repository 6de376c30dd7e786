"""Break the code on purpose, a little each time, and see whether the tests notice.

Mutmut does it, in copies of the checkout below ``.mutation/``, where it also remembers what
it has tried: a second run tries only what has changed. The client's mistakes are to be
noticed by the client's own tests, without a home around it, which is quicker as well.
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
# What tests look at, beside what mutmut copies by itself
_BESIDE: Final = ("simulator", "docs", "blueprints", "hacs.json", "README.md")
COPIED: Final = ("custom_components", "tests", "pyproject.toml", *_BESIDE)
_ARGUMENTS: Final = ("-p", "no:cacheprovider", "--show-capture=no")
# Mutmut leaves alone what is decorated; in what it mutates these two change nothing.
_DECORATORS: Final = re.compile(r"^ *@(callback|override)\n", re.MULTILINE)
# A test that does not come to an end has noticed.
NOTICED: Final = frozenset(("killed", "timeout", "segfault"))


@dataclass(frozen=True, slots=True)
class Part:
    """Code to be mutated, as a pattern below the package, and the tests that are to notice.

    A test that takes longer than ``timeout`` seconds waits for ever, and has noticed.
    """

    name: str
    mutated: str
    timeout: int
    tests: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Return where its copy is."""
        return WORK / self.name

    def owns(self, module: str) -> bool:
        """Return whether a module, such as ``pa_api.rate_limiter``, belongs to it."""
        return Path(f"{module.replace('.', '/')}.py").match(self.mutated)

    def copy(self) -> None:
        """Copy what is needed, as it is now."""
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
            "only_mutate": [f"{PACKAGE}/{self.mutated}"],
            "also_copy": list(_BESIDE),
            "pytest_add_cli_args": [*_ARGUMENTS, f"--timeout={self.timeout}"],
            "pytest_add_cli_args_test_selection": list(self.tests),
        }
        # Texts and lists of them are the same in TOML.
        lines = (f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
        with (self.folder / "pyproject.toml").open("a") as project:
            project.writelines(("\n[tool.mutmut]\n", *lines))

    def run(self, mutants: Iterable[str]) -> int:
        """Try some mutants, or those that were not tried yet; return mutmut's exit code."""
        line = [sys.executable, "-m", "mutmut", "run", *mutants]
        return subprocess.run(line, cwd=self.folder, check=False).returncode


# Tests that try the same at random, and those of whole lives, take too long.
PARTS: Final = (
    Part(
        "client",
        "pa_api/**/*.py",
        6,
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
                for name in ("queue", "manager", "confirmation")
            ),
            "tests/devices/test_group_state.py",
            # Of what is pushed, that which concerns them
            *(
                f"tests/push/test_states.py::test_{name}"
                for name in ("command", "failed")
            ),
        ),
    ),
)


def statuses(folder: Path) -> dict[str, dict[str, str]]:
    """Return what became of the mutants, each by its name, by module."""
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
    """Return how many mutants became what, by module."""
    return {
        module: Counter(became.values()) for module, became in statuses(folder).items()
    }


def survivors(folder: Path) -> list[str]:
    """Return the mutants that no test has noticed."""
    return [
        name
        for became in statuses(folder).values()
        for name, status in became.items()
        if status == "survived"
    ]


def summary(found: dict[str, Counter[str]]) -> str:
    """Return a table of what became of the mutants that were tried."""
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
    """Return the outcomes of all modules together."""
    together = Counter[str]()
    for counts in found.values():
        together.update(counts)
    return together


def main() -> int:
    """Try the mutants that are named, or all of them, and tell what became of them."""
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=__doc__)
    parser.add_argument(
        "what",
        nargs="*",
        help="client, commands, or a module such as pa_api.rate limiter, which is tried anew; "
        "all, if nothing is named",
    )
    parser.add_argument(
        "--again", action="store_true", help="try those that have survived once more"
    )
    chosen = parser.parse_args()
    wanted: list[str] = chosen.what
    code = 0
    found: dict[str, Counter[str]] = {}
    for part in PARTS:
        modules = [module for module in wanted if part.owns(module)]
        mutants = [f"{'.'.join(PACKAGE.parts)}.{module}.*" for module in modules]
        if part.name in wanted or not wanted:
            mutants = survivors(part.folder / "mutants") if chosen.again else []
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
