"""What belongs together says the same: code, translations, manifest, documents."""

import ast
import json
from pathlib import Path
import re

from packaging.requirements import Requirement
import voluptuous as vol

import custom_components.telldus_pa
from custom_components.telldus_pa import const, services as actions
from custom_components.telldus_pa.devices import kinds
from custom_components.telldus_pa.history.response import METHODS
from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.util.yaml import load_yaml_dict

from .integration_files import INTEGRATION, ROOT, Tree, english, leaves, sources


def test_every_action_has_its_texts_and_icons() -> None:
    """Actions, their fields and choices are the same in code, forms, texts and icons."""
    told: Tree = load_yaml_dict(str(INTEGRATION / "services.yaml"))
    texts = english()["services"]
    icons = json.loads((INTEGRATION / "icons.json").read_text())["services"]
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
    assert select["options"] == list(METHODS)
    options = english()["selector"][select["translation_key"]]["options"]
    assert set(options) == set(METHODS)


def entity_keys() -> dict[str, set[str]]:
    """Return the translation keys of the entities of each platform."""
    names = {
        f"{platform.value}.py": platform.value
        for platform in custom_components.telldus_pa.PLATFORMS
    }
    names["devices/sensor_types.py"] = "sensor"
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
    icons = json.loads((INTEGRATION / "icons.json").read_text())["entity"]
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
    info = (INTEGRATION / "registry" / "device_info.py").read_text()
    assert all(f'"{key}"' in info for key in devices)


def test_every_option_has_its_texts() -> None:
    """Each option has a name and a description, and a heading in the document."""
    step = english()["options"]["step"]["settings"]
    assert set(step["data"]) == set(step["data_description"])
    assert set(step["data"]) == {
        CONF_SCAN_INTERVAL,
        const.CONF_PUSH,
        const.CONF_INCLUDE_IGNORED,
        const.CONF_REVERSED_COVERS,
    }
    # What cannot be done is what the action refuses as well; the rest is the migration's.
    errors = set(english()["options"]["error"])
    assert errors - {"not_searched"} == {
        "entry_not_loaded",
        "no_history_kept",
        "no_recorder",
    }
    assert errors - {"not_searched"} <= set(english()["exceptions"])
    document = (ROOT / "docs" / "options.md").read_text()
    assert all(f"\n### {name}\n" in document for name in step["data"].values())


def test_documents_show_pictures_that_exist() -> None:
    """Each picture is there, and each that is there is shown."""
    shown: set[Path] = set()
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for link in re.findall(r"!\[[^]]+\]\(([^)]+)\)", path.read_text()):
            if "://" not in link:
                shown.add((path.parent / link).resolve())
    assert shown == set((ROOT / "docs" / "pictures").iterdir())


def test_environments_have_what_the_manifest_asks_for() -> None:
    """Requirements are ranges; the oldest is tested with the oldest Home Assistant."""
    manifest = json.loads((INTEGRATION / "manifest.json").read_text())
    for name in ("test", "hass", "minimum"):
        lines = (ROOT / f"requirements_{name}.txt").read_text().splitlines()
        pins = dict(line.split("==") for line in lines if "==" in line)
        for text in manifest["requirements"]:
            requirement = Requirement(text)
            pin = pins[requirement.name]
            assert requirement.specifier.contains(pin), name
            if name == "minimum":
                assert f">={pin}" in str(requirement.specifier), text


def test_pa_api_stands_alone() -> None:
    """The client knows nothing of Home Assistant, nor of the house around it."""
    for name, module in sources().items():
        if not name.startswith("pa_api/"):
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom):
                assert node.level <= name.count("/"), name
                assert not (node.module or "").startswith("homeassistant"), name
            if isinstance(node, ast.Import):
                assert not any(a.name.startswith("homeassistant") for a in node.names)


def test_documents_named_in_the_code_exist() -> None:
    """A docstring's source can be looked up."""
    headings = {
        line.lstrip("# ").strip()
        for line in (ROOT / "docs" / "dev" / "telldus-api.md").read_text().splitlines()
        if line.startswith("#")
    }
    for path in [*INTEGRATION.rglob("*.py"), *(ROOT / "simulator").glob("*.py")]:
        for text in re.findall(
            r'telldus-api\.md(?:``)?,\s+((?:"[^"]+"(?:\s*(?:,|and)\s*)?)+)',
            path.read_text(),
        ):
            for heading in re.findall(r'"([^"]+)"', text):
                assert " ".join(heading.split()) in headings, f"{path.name}: {heading}"
