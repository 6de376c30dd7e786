"""What Home Assistant's own checker wants of a custom integration, as far as it is known.

The checker itself runs in .github/workflows/validate.yaml. These are its rules, so that one
hears of them before that.
"""

import ast
from collections import Counter
import importlib.util
import json
from pathlib import Path
from typing import Any, Final

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from PIL import Image
import pytest
import voluptuous as vol

import custom_components.telldus_pa
from homeassistant.components.brands.const import ALLOWED_IMAGES
from homeassistant.const import Platform
from homeassistant.helpers.selector import validate_selector
from homeassistant.util.yaml import load_yaml_dict

from .integration_files import (
    INTEGRATION,
    ROOT,
    Tree,
    imports,
    leaves,
    manifest,
    sources,
)

MANIFEST: Final = vol.Schema(
    {
        vol.Required("domain"): "telldus_pa",
        vol.Required("name"): vol.All(str, vol.Length(min=1)),
        vol.Required("codeowners"): [vol.Match(r"^@[\w-]+$")],
        vol.Required("config_flow"): True,
        vol.Required("dependencies"): [str],
        vol.Required("documentation"): vol.Match(
            r"^https://(?!www\.home-assistant\.io/integrations)"
        ),
        vol.Required("integration_type"): vol.Any("hub", "service"),
        vol.Required("iot_class"): vol.Any("cloud_polling", "cloud_push"),
        vol.Required("issue_tracker"): vol.Match(r"^https://"),
        vol.Required("loggers"): [str],
        vol.Required("requirements"): [vol.Match(r"^[a-z0-9-]+>=\d+(\.\d+)+,<\d+$")],
        vol.Required("version"): str,
        vol.Optional("after_dependencies"): [str],
        vol.Optional("dhcp"): [{"macaddress": vol.Match(r"^[0-9A-F]{6}\*$")}],
    }
)
# Their modules may be imported by anyone.
ALWAYS_THERE: Final = {
    *("diagnostics", "repairs", "system_health"),
    *(platform.value for platform in Platform),
}

PLATFORM: Final = vol.In([platform.value for platform in Platform])
TEXT: Final = vol.All(str, vol.Length(min=1))
NAMED: Final = {str: TEXT}
FORM: Final = vol.Schema(
    {
        "title": TEXT,
        "description": TEXT,
        "data": NAMED,
        "data_description": NAMED,
        "menu_options": NAMED,
        "menu_option_descriptions": NAMED,
        "sections": {
            str: {
                vol.Required("name"): TEXT,
                "description": TEXT,
                "data": NAMED,
                "data_description": NAMED,
            }
        },
    }
)
FLOW: Final = {
    "step": {str: FORM},
    "error": NAMED,
    "abort": NAMED,
    "progress": NAMED,
    "create_entry": NAMED,
}
TRANSLATION: Final = vol.Schema(
    {
        "title": TEXT,
        "config": {
            **FLOW,
            "flow_title": TEXT,
            "initiate_flow": NAMED,
        },
        "options": FLOW,
        "device": {str: {vol.Required("name"): TEXT}},
        "entity": {
            PLATFORM: {
                str: {
                    "name": TEXT,
                    "state": NAMED,
                    "state_attributes": {str: {"name": TEXT, "state": NAMED}},
                    "unit_of_measurement": TEXT,
                }
            }
        },
        "exceptions": {str: {vol.Required("message"): TEXT}},
        "issues": {
            str: vol.Any(
                {vol.Required("title"): TEXT, vol.Required("description"): TEXT},
                {vol.Required("title"): TEXT, vol.Required("fix_flow"): FLOW},
            )
        },
        "selector": {str: {vol.Required("options"): NAMED}},
        "services": {
            str: {
                vol.Required("name"): TEXT,
                vol.Required("description"): TEXT,
                "fields": {
                    str: {
                        vol.Required("name"): TEXT,
                        vol.Required("description"): TEXT,
                    }
                },
            }
        },
        "system_health": {"info": NAMED},
    }
)

ICON: Final = vol.Match(r"^mdi:[a-z0-9]+(-[a-z0-9]+)*$")
STATES: Final = {"default": ICON, "state": {str: ICON}}
ICONS: Final = vol.Schema(
    {
        "entity": {
            PLATFORM: {
                str: {
                    **STATES,
                    "range": {vol.Match(r"^-?\d+(\.\d+)?$"): ICON},
                    "state_attributes": {str: STATES},
                }
            }
        },
        "services": {str: {vol.Required("service"): ICON}},
    }
)

QUALITY: Final = {
    "bronze": (
        "action-setup appropriate-polling brands common-modules config-flow "
        "config-flow-test-coverage dependency-transparency docs-actions docs-conditions "
        "docs-high-level-description docs-installation-instructions "
        "docs-removal-instructions docs-triggers entity-event-setup entity-unique-id "
        "has-entity-name runtime-data test-before-configure test-before-setup "
        "unique-config-entry"
    ),
    "silver": (
        "action-exceptions config-entry-unloading docs-configuration-parameters "
        "docs-installation-parameters entity-unavailable integration-owner "
        "log-when-unavailable parallel-updates reauthentication-flow test-coverage"
    ),
    "gold": (
        "devices diagnostics discovery discovery-update-info docs-data-update "
        "docs-examples docs-known-limitations docs-supported-devices "
        "docs-supported-functions docs-troubleshooting docs-use-cases dynamic-devices "
        "entity-category entity-device-class entity-disabled-by-default "
        "entity-translations exception-translations icon-translations "
        "reconfiguration-flow repair-issues stale-devices"
    ),
    "platinum": "async-dependency inject-websession strict-typing",
}


def once(pairs: list[tuple[str, Any]]) -> Tree:
    """Return an object of some JSON, whose keys must be there once."""
    twice = [
        key for key, count in Counter(key for key, _ in pairs).items() if count > 1
    ]
    assert not twice
    return dict(pairs)


def test_manifest() -> None:
    """Only keys that are known, in their order, with values that are allowed."""
    ours = MANIFEST(manifest())
    keys = list(ours)
    assert keys == ["domain", "name", *sorted(set(keys) - {"domain", "name"})]
    assert ours["domain"] == INTEGRATION.name
    assert AwesomeVersion(ours["version"]).strategy is AwesomeVersionStrategy.SEMVER
    assert ours["requirements"] == sorted(ours["requirements"])
    # None that logs secrets (docs/dev/how-it-works.md, "Signing in")
    assert ours["loggers"] == ["custom_components.telldus_pa"]


def test_dependencies() -> None:
    """What is imported of other components is asked for, and is there."""
    ours = manifest()
    asked = {*ours["dependencies"], *ours["after_dependencies"]}
    used = {
        name.split(".")[2]
        for module in sources().values()
        for name in imports(module)
        if name.startswith("homeassistant.components.")
    }
    assert used <= asked | ALWAYS_THERE
    # The view that Telldus sends people back to
    assert "http" in ours["dependencies"]
    for name in asked:
        assert importlib.util.find_spec(f"homeassistant.components.{name}")


def test_no_other_integration_has_the_domain() -> None:
    """Home Assistant has none of this name, and there is one of it in this repository."""
    assert not importlib.util.find_spec("homeassistant.components.telldus_pa")
    assert [
        path.name
        for path in INTEGRATION.parent.iterdir()
        if (path / "manifest.json").exists()
    ] == [INTEGRATION.name]


def test_no_other_manifest() -> None:
    """Hassfest judges every manifest.json in the repository as an integration's."""
    # What scripts make is not in the repository, and its name begins with a dot.
    assert [
        path
        for path in ROOT.glob("[!.]*/**/manifest.json")
        if path.parent != INTEGRATION
    ] == []


def test_json_has_no_key_twice() -> None:
    """Each JSON file can be read, and means one thing."""
    paths = [*INTEGRATION.rglob("*.json"), ROOT / "hacs.json"]
    assert len(paths) > 3
    for path in paths:
        json.loads(path.read_text(), object_pairs_hook=once)


@pytest.mark.parametrize(
    "path",
    sorted((INTEGRATION / "translations").glob("*.json")),
    ids=lambda path: path.stem,
)
def test_translations(path: Path) -> None:
    """Nothing but what Home Assistant looks for."""
    texts = TRANSLATION(json.loads(path.read_text()))
    for flow in (texts["config"], texts["options"]):
        for form in flow["step"].values():
            for part in (form, *form.get("sections", {}).values()):
                # One for each: also what the quality scale wants
                assert set(part.get("data", ())) == set(
                    part.get("data_description", ())
                )
                assert set(part.get("menu_option_descriptions", ())) <= set(
                    part.get("menu_options", ())
                )
    for key, text in leaves(texts["entity"]).items():
        if not key.endswith(".name") or ".state_attributes." in key:
            assert "{" not in text, key
    assert not (INTEGRATION / "strings.json").exists()


def test_icons() -> None:
    """Only of Material Design, in places where Home Assistant looks for them."""
    icons = ICONS(json.loads((INTEGRATION / "icons.json").read_text()))
    for of_platform in icons["entity"].values():
        for icon in of_platform.values():
            steps = [float(step) for step in icon.get("range", ())]
            assert steps == sorted(steps)
            assert not ("range" in icon and "state" in icon)


def test_actions_can_be_filled_in() -> None:
    """Each field of an action has a selector that Home Assistant knows."""
    for action in load_yaml_dict(str(INTEGRATION / "services.yaml")).values():
        assert set(action) <= {"fields", "response", "target"}
        for field in action["fields"].values():
            assert set(field) <= {"default", "example", "required", "selector"}
            validate_selector(field["selector"])


def test_code() -> None:
    """A flow with an id that no two entries share; and no settings in YAML."""
    assert custom_components.telldus_pa.CONFIG_SCHEMA({"telldus_pa": {}})
    assert "async_set_unique_id(" in (INTEGRATION / "config_flow.py").read_text()
    for platform in custom_components.telldus_pa.PLATFORMS:
        assert (INTEGRATION / f"{platform}.py").exists()


def test_quality_scale() -> None:
    """Each rule has its place in the ledger, and what is not done has its reason."""
    rules: Tree = load_yaml_dict(str(INTEGRATION / "quality_scale.yaml"))["rules"]
    assert list(rules) == [rule for tier in QUALITY.values() for rule in tier.split()]
    for rule, told in rules.items():
        if told == "done":
            continue
        assert set(told) == {"status", "comment"}, rule
        assert told["status"] in ("done", "exempt", "todo"), rule
        assert told["comment"].endswith("."), rule


def test_quality_scale_against_the_code() -> None:
    """What the ledger says is done can be found, where a look is enough."""
    modules = {name: path.read_text() for name, path in _modules().items()}
    for platform in custom_components.telldus_pa.PLATFORMS:
        assert "\nPARALLEL_UPDATES = 0\n" in modules[platform], platform
    for function in ("config_entry", "device"):
        assert f"def async_get_{function}_diagnostics(" in modules["diagnostics"]
    flow = modules["config_flow"]
    assert "def async_step_reauth(" in flow
    assert "def async_step_reconfigure(" in flow
    assert "async_create_clientsession(hass, " in modules["__init__"]
    assert "entry.runtime_data = " in modules["__init__"]
    for name, text in modules.items():
        assert "hass.data[DOMAIN]" not in text, name


def test_what_people_are_told_is_translated() -> None:
    """Each error of Home Assistant's own kinds that is raised has a translated text."""
    kinds = {
        *("HomeAssistantError", "ServiceValidationError", "UpdateFailed"),
        *("ConfigEntryAuthFailed", "ConfigEntryError", "ConfigEntryNotReady"),
    }
    found = 0
    for name, module in sources().items():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in kinds:
                given = {keyword.arg for keyword in node.keywords}
                assert {"translation_domain", "translation_key"} <= given, name
                assert not node.args, name
                found += 1
    assert found > 5


def _modules() -> dict[str, Path]:
    """Return the modules of the integration itself by their names."""
    return {path.stem: path for path in INTEGRATION.glob("*.py")}


@pytest.mark.parametrize("theme", ["", "dark_"])
@pytest.mark.parametrize(("suffix", "times"), [("", 1), ("@2x", 2)])
def test_brand_images(theme: str, suffix: str, times: int) -> None:
    """Each is there, of the right size, see-through, without margins, and small."""
    folder = INTEGRATION / "brand"
    assert {path.name for path in folder.iterdir()} == set(ALLOWED_IMAGES)
    icon = folder / f"{theme}icon{suffix}.png"
    logo = folder / f"{theme}logo{suffix}.png"
    with Image.open(icon) as image:
        assert image.size == (256 * times, 256 * times)
    with Image.open(logo) as image:
        assert image.width > image.height
        assert 128 * times <= image.height <= 256 * times
    for path in (icon, logo):
        assert path.stat().st_size < 40_000
        with Image.open(path) as opened:
            assert opened.format == "PNG"
            drawn = opened.convert("RGBA")
        assert drawn.getpixel((0, 0))[3] == 0  # type: ignore[index]
        left, top, right, bottom = drawn.getchannel("A").getbbox() or (0, 0, 0, 0)
        # A square has margins in one direction at most.
        assert (left, right) == (0, drawn.width)
        assert path == icon or (top, bottom) == (0, drawn.height)
