"""What the people who review HACS' catalogue have found in others, each as a test here.

``SHOWN`` are those findings that other tests show; the rest is looked at below.
"""

import ast
from importlib import metadata
import json
import re
import sys
from typing import Any, Final

from packaging.requirements import Requirement
import pytest

from custom_components.telldus_pa import const, options_flow
from custom_components.telldus_pa.pa_api import DEFAULT_SERVER
from custom_components.telldus_pa.sign_in import schemas
from homeassistant.util.yaml import load_yaml_dict, parse_yaml

from .integration_files import INTEGRATION, ROOT, imports, manifest, sources

WORKFLOWS: Final = ROOT / ".github" / "workflows"

# Finding: the tests that show that it is none here.
SHOWN: Final = {
    "secrets logged, or in an exception's text": (
        "security/test_secrets.py::test_secrets_through_a_life",
        "security/test_secrets.py::test_secrets_of_a_flow",
        "security/test_secrets.py::test_keys_echoed",
        "security/test_secrets.py::test_token_echoed",
    ),
    "diagnostics with secrets or serials": (
        "test_diagnostics.py::test_nothing_private",
        "test_diagnostics.py::test_nothing_private_in_any_field",
    ),
    "a view without login that gives or does something": (
        "security/test_callback.py::test_wrong_states",
        "security/test_callback.py::test_other_methods",
        "security/test_callback.py::test_script",
        "sign_in/test_callback_view.py::test_callback_is_strict",
        "sign_in/test_callback_view.py::test_callback_page",
        "sign_in/test_callback_view.py::test_callback_of_another_flow",
    ),
    "TLS that is not verified": (
        "security/test_server.py::test_nobody_vouches_for_the_server",
    ),
    "no reauth, or one that takes another account": (
        "test_config_flow.py::test_reauth",
        "sign_in/test_identity.py::test_reauth_with_another_account",
        "sign_in/test_identity.py::test_reauth_that_nothing_proves",
        "test_reconfigure.py::test_another_account",
    ),
    "old data for ever": (
        "coordinator/test_polling.py::test_long_trouble",
        "test_entity.py::test_gateway_offline",
    ),
    "values that nobody has measured": (
        "coordinator/test_sensors.py::test_old_value",
        "sensor/test_values.py::test_no_number",
    ),
    "effects for all that are for administrators": (
        "test_export.py::test_where_it_may_be",
        "security/test_dialog.py::test_others_cannot_drive_the_dialog",
        "security/test_users.py::test_flows_of_others",
    ),
    "promises that are not kept, texts that are not used": (
        "test_consistency.py::test_every_entity_has_its_texts_and_icons",
        "test_translations.py::test_every_error_of_a_form_has_its_text",
        "test_translations.py::test_every_exception_has_its_text",
        "test_docs.py::test_documented_sensors",
    ),
    "polls faster than the vendor allows": (
        "test_init.py::test_start",
        "test_init.py::test_homes_of_any_size",
        "test_options_flow.py::test_options_out_of_range",
    ),
    "a development host of the vendor": (
        "pa_api/test_server_url.py::test_server_origin",
    ),
    "the same domain as others": (
        "test_hassfest.py::test_no_other_integration_has_the_domain",
    ),
    "no brand images": ("test_hassfest.py::test_brand_images",),
    "a version that is not the tag's": (
        "test_release.py::test_this_version_can_be_released",
        "test_release.py::test_another_tag",
    ),
}


@pytest.mark.parametrize("finding", SHOWN)
def test_shown_elsewhere(finding: str) -> None:
    """The tests that show it are there."""
    for place in SHOWN[finding]:
        name, _, test = place.partition("::")
        text = (ROOT / "tests" / name).read_text()
        assert re.search(rf"^(async )?def {test}\(", text, re.MULTILINE), place


def calls() -> list[tuple[str, ast.Call]]:
    """Return all calls in the integration, with the modules that they are in."""
    return [
        (name, node)
        for name, module in sources().items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
    ]


# The oldest Home Assistant


def hacs() -> dict[str, Any]:
    """Return what HACS and the Marketplace are told."""
    found: dict[str, Any] = json.loads((ROOT / "hacs.json").read_text())
    return found


def test_what_hacs_is_told() -> None:
    """Only what it knows; a short name; and the file that a release has."""
    told = hacs()
    assert set(told) <= {
        *("name", "homeassistant", "hacs", "country", "persistent_directory"),
        *("zip_release", "filename", "content_in_root", "hide_default_branch"),
        *("render_readme",),
    }
    assert 0 < len(told["name"]) <= 30
    assert told["name"] == manifest()["name"]
    workflow = (WORKFLOWS / "release.yaml").read_text()
    assert told["zip_release"] is True
    assert f"dist/{told['filename']}" in workflow
    for key in ("documentation", "issue_tracker", "codeowners", "version"):
        assert manifest()[key]


def test_oldest_home_assistant() -> None:
    """What is promised to be the oldest is what the tests run on, in CI as well."""
    oldest = hacs()["homeassistant"]
    pins = (ROOT / "requirements_minimum.txt").read_text()
    run = re.search(r"^homeassistant==(\d+\.\d+)\.\d+$", pins, re.MULTILINE)
    assert run
    assert oldest.startswith(f"{run[1]}.")
    assert f"Home Assistant {run[1]}" in (ROOT / "README.md").read_text()
    steps = load_yaml_dict(str(WORKFLOWS / "ci.yaml"))["jobs"]["minimum"]["steps"]
    assert any("scripts/test --minimum" in step.get("run", "") for step in steps)
    for path in (ROOT / "blueprints").rglob("*.yaml"):
        assert f"min_version: {oldest}" in path.read_text()


# Secrets


def test_secrets_are_typed_into_hidden_fields() -> None:
    """Each field for something secret hides it, in every form."""
    by_name = {
        "keys": schemas.KEYS_SCHEMA,
        "other keys": schemas.OTHER_KEYS_SCHEMA,
        "another attempt": schemas.FAILED_SCHEMA,
        "options": options_flow._SCHEMA,  # noqa: SLF001
    }
    hidden = 0
    for name, schema in by_name.items():
        for field, selector in schema.schema.items():
            if re.search("private|secret|token|password", str(field)):
                assert selector.config["type"] == "password", name
                hidden += 1
    assert hidden == 2
    # Every form with fields is made of one of these: the others ask nothing, or only
    # whether to go on.
    forms = [node for _, node in calls() if "async_show_form" in ast.unparse(node.func)]
    schemas_shown = {
        ast.unparse(keyword.value)
        for form in forms
        for keyword in form.keywords
        if keyword.arg == "data_schema"
    }
    filled = "self.add_suggested_values_to_schema"
    assert schemas_shown == {
        f"{filled}(OTHER_KEYS_SCHEMA if is_change else KEYS_SCHEMA, kept)",
        f"{filled}(schema, suggested)",
        "FAILED_SCHEMA",
        "_CONFIRM",
        "vol.Schema({vol.Required(_ACCOUNT): selector})",
        "vol.Schema({})",
    }


def test_nothing_private_is_logged() -> None:
    """No line of the log is given data, headers, bodies or addresses."""
    seen = 0
    for name, node in calls():
        if not re.fullmatch(r"_?LOGGER\.\w+|self\.logger\.\w+", ast.unparse(node.func)):
            continue
        seen += 1
        for argument in node.args[1:]:
            text = ast.unparse(argument).replace("dict.fromkeys", "")
            assert not re.search(
                "data|header|body|url|credential|token|secret|key|response|answer", text
            ), f"{name}: {text}"
    assert seen > 10


def test_who_an_account_is() -> None:
    """What tells accounts apart is no key, nor part of one."""
    text = (INTEGRATION / "config_flow.py").read_text()
    assert set(re.findall(r"^ +unique_id = (.*)$", text, re.MULTILINE)) == {
        "profile.uuid if profile else uuid4().hex",
        "uuid4().hex",
    }


def test_one_view() -> None:
    """One view needs no login, and it answers nothing but one page."""
    found = [
        (name, ast.unparse(node))
        for name, module in sources().items()
        for node in ast.walk(module)
        if isinstance(node, ast.Assign) and "requires_auth" in ast.unparse(node)
    ]
    assert found == [("sign_in/callback_view.py", "requires_auth = False")]


def test_tls_is_verified() -> None:
    """Nowhere can it be turned off."""
    for name, node in calls():
        for keyword in node.keywords:
            assert keyword.arg not in ("verify", "verify_ssl", "ssl_context"), name
            assert (keyword.arg, ast.unparse(keyword.value)) != ("ssl", "False"), name


# The event loop


def test_every_request_ends() -> None:
    """Each request has a limit of time; those of the handshake by their session."""
    found = 0
    for name, node in calls():
        if re.search(
            r"(_session|sockets)\.(get|post|request|ws_connect)$",
            ast.unparse(node.func),
        ):
            assert "timeout" in {keyword.arg for keyword in node.keywords}, name
            found += 1
    assert found == 2
    handshake = (INTEGRATION / "pa_api" / "oauth.py").read_text()
    assert 'kwargs |= {"timeout": _HTTP_TIMEOUT, ' in handshake


def test_what_blocks_is_kept_from_the_loop() -> None:
    """What blocks is in one module, and runs in a thread."""
    blocking = ("requests", "requests_oauthlib", "urllib3", "http.client", "socket")
    using = {
        name
        for name, module in sources().items()
        if any(one.partition(".")[0] in blocking for one in imports(module))
    }
    assert using == {"pa_api/oauth.py"}
    text = (INTEGRATION / "pa_api" / "oauth.py").read_text()
    assert "to_thread" in text or "run_in_executor" in text
    assert not [name for name, node in calls() if ast.unparse(node.func) == "open"]


def test_no_listener_for_updates() -> None:
    """An entry that writes its data is not reloaded by it."""
    assert not [
        name
        for name, node in calls()
        if "add_update_listener" in ast.unparse(node.func)
    ]


# Requirements


def test_requirements() -> None:
    """What Home Assistant brings is not asked for, and nothing else is missing."""
    brought = {
        re.split(r"[^A-Za-z0-9_.-]", line)[0].lower().replace("_", "-")
        for line in metadata.requires("homeassistant") or ()
    }
    asked = {Requirement(one).name for one in manifest()["requirements"]}
    assert asked == {"oauthlib", "requests-oauthlib"}
    assert asked.isdisjoint(brought)
    packages = metadata.packages_distributions()
    for name, module in sources().items():
        for one in imports(module):
            top = one.partition(".")[0]
            if top in sys.stdlib_module_names or top in ("homeassistant", "voluptuous"):
                continue
            of = {dist.lower().replace("_", "-") for dist in packages[top]}
            assert of & (asked | brought), f"{name}: {one}"


# The repository


def test_only_one_of_each() -> None:
    """One integration in a folder of its name, one set of images, one license."""
    assert manifest()["domain"] == INTEGRATION.name
    folders = [
        path for path in INTEGRATION.parent.iterdir() if (path / "__init__.py").exists()
    ]
    assert folders == [INTEGRATION]
    assert [path.parent for path in ROOT.glob("custom_components/**/icon.png")] == [
        INTEGRATION / "brand"
    ]
    assert (ROOT / "LICENSE").read_text().startswith("MIT License\n")
    assert (INTEGRATION / "translations" / "en.json").exists()
    assert not list(INTEGRATION.rglob("strings*.json"))


def test_only_the_public_host() -> None:
    """No other host of Telldus is asked, unless a person enters one."""
    assert DEFAULT_SERVER == "https://pa-api.telldus.com"
    for name, module in sources().items():
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                hosts = set(re.findall(r"https?://([\w.-]+)", node.value))
                # The second is a link for people.
                assert hosts <= {"pa-api.telldus.com", "live.telldus.com"}, name


def test_no_polling_beyond_the_limit() -> None:
    """The shortest interval leaves most of ten requests a minute to others."""
    assert const.SHORTEST_POLL_INTERVAL.total_seconds() >= 20


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*")), ids=lambda one: one.stem)
def test_workflows(path: Any) -> None:
    """What runs is pinned to a commit, may read only, and keeps no credentials."""
    workflow = load_yaml_dict(str(path))
    assert workflow["permissions"] == {"contents": "read"}
    lines = re.findall(r"uses: (.+)", path.read_text())
    assert lines
    for line in lines:
        local = line.startswith("$/.github/workflows/")
        assert local or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # \S.*", line), line
    for name, job in workflow["jobs"].items():
        given = job.get("permissions", {"contents": "read"})
        assert given == {"contents": "read"} or (path.stem, name) == (
            "release",
            "release",
        )
        if "steps" not in job:
            continue
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            # What others may have named does not get into a shell.
            assert "${{" not in step.get("run", ""), name
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_judges_run_in_ci() -> None:
    """Home Assistant's own checker and HACS' judge each change, and nothing is ignored."""
    jobs = load_yaml_dict(str(WORKFLOWS / "validate.yaml"))["jobs"]
    used = [
        step["uses"].partition("@")[0]
        for job in jobs.values()
        for step in job["steps"]
        if "uses" in step
    ]
    assert {"home-assistant/actions/hassfest", "hacs/action"} <= set(used)
    assert "ignore" not in (WORKFLOWS / "validate.yaml").read_text()
    release = load_yaml_dict(str(WORKFLOWS / "release.yaml"))["jobs"]
    assert set(release["release"]["needs"]) == {"test", "validate"}
    assert any(
        "scripts/release.py" in one.get("run", "")
        for one in release["release"]["steps"]
    )


@pytest.mark.parametrize("name", ["problem", "device"])
def test_issues_ask_for_diagnostics(name: str) -> None:
    """Who tells of something wrong is asked for what it takes to find it."""
    form = parse_yaml((ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml").read_text())
    assert isinstance(form, dict)
    (asked,) = (one for one in form["body"] if one.get("id") == "diagnostics")
    assert asked["validations"]["required"] is True
