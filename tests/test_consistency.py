"""What belongs together says the same: code, translations, manifest, documents."""

import ast
import json
from pathlib import Path
import re
import tomllib
from typing import Any
from unittest.mock import ANY

import pytest
import voluptuous as vol

import custom_components.telldus_pa
from custom_components.telldus_pa import (
    action_rows,
    actions,
    const,
    issues,
    kinds,
    repairs,
    sensor,
)
from homeassistant.util.yaml import load_yaml_dict

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "custom_components" / "telldus_pa"
TRANSLATIONS = sorted((HOUSE / "translations").glob("*.json"))

# Where the steps of the flows are.
FLOWS = ("config_flow.py", "options_flow.py", "sign_in.py", "takeover_flow.py")

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
    tree: Tree = json.loads((HOUSE / "translations" / "en.json").read_text())
    return tree


def sources() -> dict[str, ast.Module]:
    """Return the modules of the integration."""
    return {
        str(path.relative_to(HOUSE)): ast.parse(path.read_text())
        for path in HOUSE.rglob("*.py")
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


@pytest.mark.parametrize("path", TRANSLATIONS, ids=lambda path: path.stem)
def test_translations_agree(path: Path) -> None:
    """Each language has the texts of the English one, with the same placeholders."""
    theirs = leaves(json.loads(path.read_text()))
    ours = leaves(english())
    assert theirs.keys() == ours.keys()
    for key, text in theirs.items():
        placeholders = set(re.findall(r"{(\w+)}", text))
        assert placeholders == set(re.findall(r"{(\w+)}", ours[key])), key


@pytest.mark.parametrize("path", TRANSLATIONS, ids=lambda path: path.stem)
def test_translations_obey_the_rules(path: Path) -> None:
    """No HTML, no address, no stray blank, keys as Home Assistant wants them."""
    for key, text in leaves(json.loads(path.read_text())).items():
        assert text == text.strip(), key
        assert not re.search(r"<[a-z/]", text), key
        assert "://" not in text, key
        assert "[%key:" not in text, key
        assert not re.search(r"'{\w+}'", text), key
        for part in key.split("."):
            assert re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", part), key


def test_every_step_has_its_texts() -> None:
    """Each step of the flows is in the translations, and none besides."""
    steps: dict[str, set[str]] = {}
    for node in (node for name in FLOWS for node in sources()[name].body):
        if isinstance(node, ast.ClassDef) and "Flow" in node.name:
            steps[node.name] = {
                part.name.removeprefix("async_step_")
                for part in node.body
                if isinstance(part, ast.AsyncFunctionDef)
                and part.name.startswith("async_step_")
            }
    texts = english()
    # These show nothing of their own.
    shown = steps["TelldusConfigFlow"] | steps["SignInFlow"]
    shown -= {"exchange", "known_keys", "reauth"}
    assert set(texts["config"]["step"]) == shown
    shown = steps["TelldusOptionsFlow"] | steps["TakeOverFlow"]
    shown -= {"move", "moved", "settings", "take_over"}
    assert set(texts["options"]["step"]) == shown
    actions = constants("async_show_progress", "progress_action")
    assert set(texts["options"]["progress"]) == actions


@pytest.mark.parametrize("path", TRANSLATIONS, ids=lambda path: path.stem)
def test_options_and_repair_say_the_same(path: Path) -> None:
    """The dialog for taking over has its texts twice, and they are the same."""
    texts = json.loads(path.read_text())
    options, repair = texts["options"], texts["issues"]["core_integration"]["fix_flow"]
    assert repair["step"] == {name: options["step"][name] for name in repair["step"]}
    assert set(repair["step"]) == {"review", "stop_other"}
    assert repair["progress"] == options["progress"]
    # The way back is offered in the options alone.
    assert {**repair["abort"], "no_way_back": ANY} == options["abort"]


def test_every_menu_option_is_a_step() -> None:
    """What can be chosen has a text, and leads somewhere."""
    options = constants("async_show_menu", "menu_options")
    texts = english()
    named = {
        option
        for flow in ("config", "options")
        for step in texts[flow]["step"].values()
        for option in step.get("menu_options", ())
    }
    assert named == options
    names = {
        node.name
        for name in FLOWS
        for node in ast.walk(sources()[name])
        if isinstance(node, ast.AsyncFunctionDef)
    }
    assert {f"async_step_{option}" for option in options} <= names


def test_every_abort_has_its_text() -> None:
    """Each reason to end is in the translations, and none besides."""
    reasons = constants("async_abort", "reason")
    # Given by Home Assistant itself, on our behalf.
    reasons |= {"already_configured", "already_in_progress"}
    reasons |= {"reauth_successful", "reconfigure_successful"}
    texts = english()
    of_repairs = {
        reason
        for issue in texts["issues"].values()
        for reason in issue.get("fix_flow", {}).get("abort", ())
    }
    told = set(texts["config"]["abort"]) | set(texts["options"]["abort"]) | of_repairs
    assert told == reasons


def test_every_issue_has_its_texts() -> None:
    """Each issue is told, as one that can be mended where there is a flow for it."""
    texts = english()["issues"]
    assert set(texts) == set(issues.Issue)
    assert {name for name, text in texts.items() if "fix_flow" in text} == set(
        issues.FIXABLE
    )
    assert set(repairs.FLOWS) == set(issues.FIXABLE)


def test_every_error_has_its_text() -> None:
    """Each way to fail is told in forms, polls and commands, and nothing else is."""
    (function,) = [
        node
        for node in ast.walk(sources()["texts.py"])
        if isinstance(node, ast.FunctionDef) and node.name == "error_key"
    ]
    keys = {
        node.value.value
        for node in ast.walk(function)
        if isinstance(node, ast.Return)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
    assert len(keys) == 6
    texts = english()
    of_forms = {"invalid_server_url", "link_expired", "no_private_key", "not_agreed"}
    assert set(texts["config"]["error"]) == keys | of_forms
    of_commands = {f"command_{key}" for key in keys} | {"command_interrupted"}
    of_actions = {"no_temperature", "try_again"} | of_our_actions()
    assert set(texts["exceptions"]) == keys | of_commands | of_actions


def of_our_actions() -> set[str]:
    """Return the keys of what our own actions refuse."""
    modules = {
        name: module
        for name, module in sources().items()
        if name in ("actions.py", "export.py", "history_import.py")
    }
    assert len(modules) == 3
    (shared,) = (
        node
        for node in ast.walk(sources()["texts.py"])
        if isinstance(node, ast.FunctionDef) and node.name == "check_loaded"
    )
    found: set[str] = set()
    for module in (*modules.values(), shared):
        for node in ast.walk(module):
            match node:
                case ast.Call(func=ast.Name("_invalid"), args=[ast.Constant(str(key))]):
                    found.add(key)
                case ast.keyword("translation_key", ast.Constant(str(key))):
                    found.add(key)
    return found


def test_every_action_has_its_texts_and_icons() -> None:
    """Actions, their fields and choices are the same in code, forms, texts and icons."""
    told: Tree = load_yaml_dict(str(HOUSE / "services.yaml"))
    texts = english()["services"]
    icons = json.loads((HOUSE / "icons.json").read_text())["services"]
    assert set(told) == set(texts) == set(icons) == {str(one) for one in actions.Action}
    schemas = {
        "export_home": actions._EXPORT_HOME,  # noqa: SLF001
        "get_history": actions._GET_HISTORY,  # noqa: SLF001
        "import_history": actions._IMPORT_HISTORY,  # noqa: SLF001
        "send_command": actions._SEND_COMMAND,  # noqa: SLF001
    }
    document = (ROOT / "docs" / "actions.md").read_text()
    for name, action in told.items():
        fields = action["fields"]
        assert set(fields) == set(texts[name]["fields"])
        keys = {str(key): key for key in schemas[name].schema}
        assert set(fields) == set(keys)
        assert texts[name]["name"]
        assert texts[name]["description"]
        assert re.fullmatch(r"mdi:[a-z0-9-]+", icons[name]["service"])
        assert f"telldus_pa.{name}" in document
        for field, form in fields.items():
            required = isinstance(keys[field], vol.Required)
            assert form.get("required", False) is required, field
            assert set(texts[name]["fields"][field]) == {"name", "description"}
            assert f"| `{field}` |" in document, field
    select = told["send_command"]["fields"]["method"]["selector"]["select"]
    assert select["options"] == list(action_rows.METHODS)
    options = english()["selector"][select["translation_key"]]["options"]
    assert set(options) == set(action_rows.METHODS)


def entity_keys() -> dict[str, set[str]]:
    """Return the translation keys of the entities of each platform."""
    names = {
        f"{platform.value}.py": platform.value
        for platform in custom_components.telldus_pa.PLATFORMS
    }
    found: dict[str, set[str]] = {platform: set() for platform in names.values()}
    for name, module in sources().items():
        if (platform := names.get(name)) is None:
            continue
        for node in ast.walk(module):
            match node:
                case ast.Assign(targets=[target], value=value) if (
                    ast.unparse(target).split(".")[-1] == "_attr_translation_key"
                ):
                    pass
                case ast.keyword(arg="translation_key", value=value):
                    pass
                case _:
                    continue
            found[platform] |= {
                constant_of(part)
                for part in ast.walk(value)
                if isinstance(part, (ast.Constant, ast.Name))
            } - {""}
    return found


def constant_of(node: ast.AST) -> str:
    """Return the text that a literal or one of our constants stands for, or nothing."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    text = getattr(kinds, getattr(node, "id", ""), "")
    return text if isinstance(text, str) else ""


def test_every_entity_has_its_texts_and_icons() -> None:
    """Each key of an entity has a name, states or an icon, and no other key is there."""
    texts = english()["entity"]
    icons = json.loads((HOUSE / "icons.json").read_text())["entity"]
    keys = {platform: of for platform, of in entity_keys().items() if of}
    # What is said when a thermostat cannot be set is no entity's name.
    keys["climate"].discard("no_temperature")
    keys["climate"].discard("temp_out_of_range")
    for platform in {*texts, *icons, *keys}:
        told = set(texts.get(platform, {})) | set(icons.get(platform, {}))
        assert told == keys[platform], platform
    for name, icon in leaves(icons).items():
        assert re.fullmatch(r"mdi:[a-z0-9-]+", icon), name
    devices = set(english()["device"])
    assert devices == {"unnamed_device", "unnamed_sensor"}
    entity = (HOUSE / "entity.py").read_text()
    assert all(f'"{key}"' in entity for key in devices)


def test_every_option_has_its_texts() -> None:
    """Each option has a name and a description, and is told of in the README."""
    step = english()["options"]["step"]["init"]
    assert set(step["data"]) == set(step["data_description"])
    assert set(step["data"]) == {
        const.CONF_POLL_INTERVAL,
        const.CONF_INCLUDE_IGNORED,
        const.CONF_REVERSED_COVERS,
    }
    readme = (ROOT / "README.md").read_text()
    assert all(name in readme for name in step["data"].values())


def test_documented_sensors() -> None:
    """The table of sensors in the documents is the table in the code."""
    rows = re.findall(
        r"^\| ([a-z0-9.]+ \d[^|]*) \|[^|]+\|[^|]+\|[^|]+\|$",
        (ROOT / "docs" / "devices.md").read_text(),
        re.MULTILINE,
    )
    documented: set[str] = set()
    for row in rows:
        name = ""
        for part in re.split(r"[ ,]+", row):
            if part.isdecimal():
                documented.add(f"{name}_{part}")
            else:
                name = part
    assert documented == set(sensor._VALUES)  # noqa: SLF001


def test_documents_show_pictures_that_exist() -> None:
    """Each picture is there, and each that is there is shown."""
    shown: set[Path] = set()
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"!\[[^]]+\]\(([^)]+)\)", path.read_text()):
            shown.add((path.parent / link).resolve())
    assert shown == set((ROOT / "docs" / "pictures").glob("*.png"))


def test_manifest() -> None:
    """The manifest is as hassfest and HACS want it."""
    manifest = json.loads((HOUSE / "manifest.json").read_text())
    keys = list(manifest)
    assert keys[:2] == ["domain", "name"]
    assert keys[2:] == sorted(keys[2:])
    assert manifest["domain"] == HOUSE.name
    assert all("==" in requirement for requirement in manifest["requirements"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert manifest["version"] == project["version"]
    assert manifest["documentation"].startswith("https://")
    assert manifest["issue_tracker"].startswith("https://")


def test_environments_have_what_the_manifest_asks_for() -> None:
    """Both environments run with the requirements that users get."""
    manifest = json.loads((HOUSE / "manifest.json").read_text())
    for name in ("requirements_test.txt", "requirements_hass.txt"):
        lines = (ROOT / name).read_text().splitlines()
        assert set(manifest["requirements"]) <= set(lines), name


def test_pa_api_stands_alone() -> None:
    """The client knows nothing of Home Assistant, nor of the house around it."""
    for name, module in sources().items():
        if not name.startswith("pa_api/"):
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom):
                assert node.level <= 1, name
                assert not (node.module or "").startswith("homeassistant"), name
            if isinstance(node, ast.Import):
                assert not any(a.name.startswith("homeassistant") for a in node.names)


def test_documents_named_in_the_code_exist() -> None:
    """A docstring's source can be looked up."""
    headings = {
        line.lstrip("# ").strip()
        for line in (ROOT / "docs" / "telldus-api.md").read_text().splitlines()
        if line.startswith("#")
    }
    for path in [*HOUSE.rglob("*.py"), *(ROOT / "simulator").glob("*.py")]:
        for text in re.findall(
            r'telldus-api\.md(?:``)?,\s+((?:"[^"]+"(?:\s*(?:,|and)\s*)?)+)',
            path.read_text(),
        ):
            for heading in re.findall(r'"([^"]+)"', text):
                assert " ".join(heading.split()) in headings, f"{path.name}: {heading}"
