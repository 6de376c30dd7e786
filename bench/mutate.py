"""Break the code on purpose, a little and at random, and see whether the tests notice.

Each mutant is one change of one module, in a copy of the checkout below ``.mutation/``. It
is killed if the tests that belong to the module fail, and survives if they do not.
"""

import argparse
import ast
from collections import Counter
from pathlib import Path
import random
import shutil
import subprocess
import sys
import time
from typing import override

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".mutation"
PACKAGE = Path("custom_components/telldus_pa")
COPIED = ("custom_components", "simulator", "tests", "pyproject.toml", "hacs.json")
CLIENT = ("test_client", "test_errors", "test_model")
# Which tests are to notice. Slow ones that try the same at random are left out.
TESTS = {
    "pa_api/budget.py": ("pa_api/test_budget",),
    "pa_api/client.py": tuple(f"pa_api/{name}" for name in CLIENT),
    "pa_api/command.py": ("pa_api/test_command",),
    "pa_api/errors.py": ("pa_api/test_errors", "pa_api/test_client"),
    "pa_api/frames.py": ("pa_api/test_frames",),
    "pa_api/handshake.py": ("pa_api/test_handshake", "pa_api/test_errors"),
    "pa_api/model.py": ("pa_api/test_model", "pa_api/test_wire"),
    "pa_api/signing.py": ("pa_api/test_signing",),
    "pa_api/wire.py": ("pa_api/test_wire", "pa_api/test_model"),
    "commands.py": ("test_commands", "test_groups", "test_fate"),
}
SLOW = 120
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


class Mutator(ast.NodeTransformer):
    """Makes the change of a number, and counts those that are possible."""

    def __init__(self, wanted: int = -1) -> None:
        """Take the change that is to be made; none counts only."""
        self._wanted = wanted
        self.count = 0
        self.made = ""

    def _now(self, node: ast.expr | ast.stmt, what: str) -> bool:
        """Tell whether this is the change to make."""
        self.count += 1
        if self.count - 1 != self._wanted:
            return False
        self.made = f"line {node.lineno}: {what} in {ast.unparse(node)[:90]}"
        return True

    @override
    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Turn a comparison round, or move its bound."""
        self.generic_visit(node)
        other = COMPARISONS[type(node.ops[0])]
        if self._now(node, other.__name__):
            node.ops[0] = other()
        return node

    @override
    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """Make an ``and`` of an ``or``, and the other way round."""
        self.generic_visit(node)
        if self._now(node, "and/or"):
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return node

    @override
    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """Leave out a ``not``."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and self._now(node, "no not"):
            return node.operand
        return node

    @override
    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Change a truth or a number; texts are left alone, most are for people."""
        if isinstance(node.value, bool):
            if self._now(node, "the other truth"):
                return ast.copy_location(ast.Constant(not node.value), node)
        elif isinstance(node.value, (int, float)) and self._now(node, "one more"):
            return ast.copy_location(ast.Constant(node.value + 1), node)
        return node

    @override
    def visit_Return(self, node: ast.Return) -> ast.AST:
        """Return nothing."""
        self.generic_visit(node)
        if node.value and self._now(node, "None"):
            node.value = ast.Constant(None)
        return node


def passes(tests: tuple[str, ...]) -> bool:
    """Run tests in the copy. One that takes too long counts as a failure."""
    files = [f"tests/{name}.py" for name in tests]
    options = ("-x", "-q", "-p", "no:cacheprovider", "--tb=no", "--no-cov")
    line = [sys.executable, "-m", "pytest", *options, *files]
    try:
        done = subprocess.run(
            line, cwd=WORK, check=False, capture_output=True, timeout=SLOW
        )
    except subprocess.TimeoutExpired:
        return False
    if done.returncode not in (0, 1, 2):
        raise SystemExit(done.stdout.decode() + done.stderr.decode())
    return done.returncode == 0


def put(target: Path, source: str) -> None:
    """Write a module, and forget what was compiled of it: it may look just as old."""
    target.write_text(source)
    for compiled in (target.parent / "__pycache__").glob(f"{target.stem}.*"):
        compiled.unlink()


def main() -> None:
    """Try a sample of mutants, and tell what became of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("module", nargs="*", help=f"of {', '.join(TESTS)}")
    parser.add_argument("--mutants", type=int, default=150)
    parser.add_argument("--all", action="store_true", help="all, which takes hours")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--minutes", type=float, help="stop after so many")
    chosen = parser.parse_args()
    modules = chosen.module or list(TESTS)
    if unknown := set(modules) - set(TESTS):
        parser.error(f"no such module: {', '.join(sorted(unknown))}")

    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, WORK / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, WORK / name)

    possible = []
    for module in modules:
        counter = Mutator()
        counter.visit(ast.parse((ROOT / PACKAGE / module).read_text()))
        possible += [(module, number) for number in range(counter.count)]
    mutants = list(possible)
    random.Random(chosen.seed).shuffle(mutants)
    if not chosen.all:
        del mutants[chosen.mutants :]
    print(f"{len(mutants)} of {len(possible)} mutants, seed {chosen.seed}", flush=True)

    until = time.monotonic() + (chosen.minutes or float("inf")) * 60
    killed, survived = Counter[str](), Counter[str]()
    for module in dict.fromkeys(module for module, _ in mutants):
        if time.monotonic() < until and not passes(TESTS[module]):
            raise SystemExit(f"the tests of {module} fail without any mutant")
    for module, number in mutants:
        if time.monotonic() > until:
            break
        source = (ROOT / PACKAGE / module).read_text()
        mutator = Mutator(number)
        tree = ast.fix_missing_locations(mutator.visit(ast.parse(source)))
        target = WORK / PACKAGE / module
        put(target, ast.unparse(tree))
        if passes(TESTS[module]):
            survived[module] += 1
            print(f"survived: {module} {mutator.made}", flush=True)
        else:
            killed[module] += 1
        put(target, source)
    for module in modules:
        print(f"{module}: {killed[module]} killed, {survived[module]} survived")
    print(f"together: {killed.total()} killed, {survived.total()} survived")


if __name__ == "__main__":
    main()
