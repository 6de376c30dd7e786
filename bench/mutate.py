"""Break the code on purpose, a little each time, and see whether the tests notice.

Mutmut does it, in a copy of the checkout below ``.mutation/``, where it also remembers what
it has tried: a second run tries only what has changed. What it mutates and which tests are
to notice, ``pyproject.toml`` says.
"""

import argparse
from collections import Counter
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
COPIED: Final = (
    *("custom_components", "simulator", "tests", "docs", "blueprints"),
    *("pyproject.toml", "hacs.json", "README.md"),
)
# Mutmut leaves alone what is decorated; in what it mutates these two change nothing.
_DECORATORS: Final = re.compile(r"^ *@(callback|override)\n", re.MULTILINE)
# A test that does not come to an end has noticed.
NOTICED: Final = frozenset(("killed", "timeout", "segfault"))


def copy() -> None:
    """Copy what is needed, as it is now."""
    WORK.mkdir(exist_ok=True)
    for name in COPIED:
        source, target = ROOT / name, WORK / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)
    for path in (WORK / PACKAGE / "commands.py", *(WORK / PACKAGE).glob("pa_api/*.py")):
        path.write_text(_DECORATORS.sub("", path.read_text()))


def outcomes(folder: Path) -> dict[str, Counter[str]]:
    """Return what became of the mutants, by module."""
    found = {}
    for path in sorted((folder / PACKAGE).rglob("*.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"]
        if codes:
            module = path.relative_to(folder / PACKAGE).as_posix()
            found[module.removesuffix(".meta")] = Counter(
                status_by_exit_code[code] for code in codes.values()
            )
    return found


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
        "module", nargs="*", help="such as commands or pa_api.budget; all, if none is"
    )
    chosen = parser.parse_args()
    copy()
    dotted = ".".join(PACKAGE.parts)
    line = [sys.executable, "-m", "mutmut", "run"]
    line += [f"{dotted}.{module}.*" for module in chosen.module]
    code = subprocess.run(line, cwd=WORK, check=False).returncode
    print(f"\n{summary(outcomes(WORK / 'mutants'))}")
    print("\nWhich have survived: mutmut browse, in .mutation/")
    return code


if __name__ == "__main__":
    sys.exit(main())
