"""The tests mirror the integration, module by module, and stay readable."""

import ast
from pathlib import Path
from typing import Final

import pytest

from .integration_files import INTEGRATION

TESTS: Final = Path(__file__).parent
TEST_FILES: Final = sorted(TESTS.rglob("test_*.py"))
LONGEST: Final = 650
# Until they are split
LONGER: Final = {
    "test_docs.py",
    "commands/test_manager.py",
    "pa_api/test_rate_limiter.py",
}
# Modules that are tested by the tests of another: what they do can be seen only there.
TESTED_BY: Final = {
    "account/account.py": "coordinator/test_polling.py",
    "migration/customization.py": "migration/test_helpers.py",
    "pa_api/push/connection.py": "pa_api/push/test_client.py",
    "permissions.py": "security/test_users.py",
}


def modules() -> list[str]:
    """Return the modules that do something: there is a function in them."""
    return sorted(
        str(path.relative_to(INTEGRATION))
        for path in INTEGRATION.rglob("*.py")
        if any(
            isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            for node in ast.walk(ast.parse(path.read_text()))
        )
    )


def places(module: str) -> list[Path]:
    """Return where the tests of a module may be: a file of its name, or a folder."""
    path = Path(module)
    if path.name == "__init__.py":
        # "models" is a package that is one module.
        name = path.parent.name
        return [TESTS / path.parent / f"test_{name or 'init'}.py"]
    folder = TESTS / path.parent
    return [folder / f"test_{path.name}", folder / path.stem / "__init__.py"]


@pytest.mark.parametrize("module", modules())
def test_module_has_tests(module: str) -> None:
    """Who looks for the tests of a module finds them at its place in the mirrored tree."""
    found = any(place.is_file() for place in places(module))
    if other := TESTED_BY.get(module):
        assert not found, "no exception any more"
        assert (TESTS / other).is_file()
    else:
        assert found, [str(place.relative_to(TESTS)) for place in places(module)]


def test_exceptions_are_modules() -> None:
    """Of what is gone there is no exception."""
    assert TESTED_BY.keys() <= set(modules())


@pytest.mark.parametrize(
    "path", TEST_FILES, ids=lambda path: str(path.relative_to(TESTS))
)
def test_no_test_file_imports_another(path: Path) -> None:
    """What is shared is in a conftest.py or a module that is named for it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (
            node.level or (node.module or "").partition(".")[0] == "tests"
        ):
            names = {(node.module or "").rpartition(".")[2]} | {
                one.name for one in node.names if not node.module
            }
            assert not [name for name in names if name.startswith("test_")]


def test_no_test_file_is_long() -> None:
    """A file is about one subject, and can be read at once."""
    long = {
        str(path.relative_to(TESTS))
        for path in TEST_FILES
        if len(path.read_text().splitlines()) > LONGEST
    }
    assert long <= LONGER
