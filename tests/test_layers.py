"""The layers of the integration: a file imports from its own layer or from one below.

Type-only imports and imports within functions count as all others do.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "custom_components" / "telldus_pa"

# From the ground up. A name is a file or a folder of the integration.
LAYERS = (
    ("const", "pa_api"),
    ("account", "devices", "issues", "permissions", "redaction"),
    ("coordinator", "sign_in"),
    ("commands", "history"),
    ("events",),
    ("push",),
    ("connection_status",),
    ("data",),
    ("diagnostics", "registry", "system_health"),
    ("entity", "export", "migration"),
    (
        *("binary_sensor", "button", "climate", "cover", "event", "light", "lock"),
        *("media_player", "siren"),
        *("scene", "sensor", "switch", "options_flow", "repairs", "services"),
    ),
    ("__init__", "config_flow"),
)
LEVELS = {name: level for level, names in enumerate(LAYERS) for name in names}
FILES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


def module_of(path: Path) -> str:
    """Return the dotted name of a file, seen from the integration's folder."""
    parts = path.with_suffix("").parts
    if len(parts) > 1 and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)


MODULES = {module_of(path): path for path in FILES}


def name_of(module: str) -> str:
    """Return the file or folder at the top that a module is in."""
    return module.partition(".")[0]


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Return the modules of the integration that a file imports."""
    return tuple(dict.fromkeys(_imports(path)))


def _imports(path: Path) -> Iterator[str]:
    """Yield the modules of the integration that a file imports."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        # The folder that the dots stand for
        folder = path.parts[: len(path.parts) - node.level]
        base = [*folder, *(node.module or "").split(".")]
        module = ".".join(part for part in base if part)
        for alias in node.names:
            inner = f"{module}.{alias.name}" if module else alias.name
            yield inner if inner in MODULES else module


def test_every_file_has_a_layer() -> None:
    """Each file and folder stands in one layer, and each layer's are there."""
    assert {name_of(module) for module in MODULES} == set(LEVELS)
    assert sum(map(len, LAYERS)) == len(LEVELS)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_downwards(path: Path) -> None:
    """A file imports from its own layer or from below."""
    level = LEVELS[name_of(module_of(path))]
    assert [one for one in imports(path) if LEVELS[name_of(one)] > level] == []


def test_no_circle() -> None:
    """No files import each other in a circle, nor do the files and folders at the top."""
    files = {
        module: {
            one
            for one in imports(path)
            # A folder's own map is imported with each file in it.
            if one != module and not module.startswith(f"{one}.")
        }
        for module, path in MODULES.items()
    }
    top: dict[str, set[str]] = {}
    for module, found in files.items():
        name = name_of(module)
        top.setdefault(name, set()).update({*map(name_of, found)} - {name})
    assert circle(files) is None
    assert circle(top) is None


def circle(graph: dict[str, set[str]]) -> list[str] | None:
    """Return names that lead back to the first of them, None if there are none such."""
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> list[str] | None:
        """Follow the imports of a name."""
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return None
        for other in sorted(graph.get(name, ())):
            if found := visit(other, [*trail, name]):
                return found
        done.add(name)
        return None

    return next((found for name in sorted(graph) if (found := visit(name, []))), None)


def test_circle_is_found() -> None:
    """The search for circles finds one."""
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


@pytest.mark.parametrize("path", FILES, ids=str)
def test_runtime_data(path: Path) -> None:
    """What is below ``data`` is handed what it needs, and never reads the entry's data."""
    if LEVELS[name_of(module_of(path))] < LEVELS["data"]:
        assert "runtime_data" not in (ROOT / path).read_text()


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.parts[0] == "pa_api"], ids=str
)
def test_client_stands_alone(path: Path) -> None:
    """The client knows nothing of Home Assistant, nor of what is built on it."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
        assert not [one for one in names if one.partition(".")[0] == "homeassistant"]
    assert all(name_of(one) == "pa_api" for one in imports(path))
