"""The files of the integration: its modules, translations and manifest."""

import ast
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
INTEGRATION = ROOT / "custom_components" / "telldus_pa"

type Tree = dict[str, Any]


def leaves(tree: Tree, path: str = "") -> dict[str, str]:
    """Return the texts of a translation by their path."""
    found: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= leaves(value, f"{path}{key}.")
        else:
            found[f"{path}{key}"] = value
    return found


def english() -> Tree:
    """Return the English translation."""
    tree: Tree = json.loads((INTEGRATION / "translations" / "en.json").read_text())
    return tree


def sources() -> dict[str, ast.Module]:
    """Return the modules of the integration."""
    return {
        str(path.relative_to(INTEGRATION)): ast.parse(path.read_text())
        for path in INTEGRATION.rglob("*.py")
    }


def constants(call: str, argument: str) -> set[str]:
    """Return the texts that an argument of calls of a function is given."""
    found: set[str] = set()
    for module in sources().values():
        for node in ast.walk(module):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            for keyword in node.keywords:
                if (name, keyword.arg) == (call, argument):
                    found |= {
                        part.value
                        for part in ast.walk(keyword.value)
                        if isinstance(part, ast.Constant)
                        and isinstance(part.value, str)
                    }
    return found


def manifest() -> Tree:
    """Return the manifest."""
    found: Tree = json.loads((INTEGRATION / "manifest.json").read_text())
    return found


def imports(module: ast.Module) -> set[str]:
    """Return the names of all modules that a module imports, whenever it does."""
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and not node.level:
            found |= {f"{node.module}.{one.name}" for one in node.names}
        elif isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
    return found
