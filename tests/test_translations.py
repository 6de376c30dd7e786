"""Texts: each that is used is there, none besides, and the same in every language."""

import ast
from collections import Counter
import json
import logging
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa import (
    connection_status as connection,
    event,
    issues,
    repairs,
)
from custom_components.telldus_pa.const import DOMAIN
from custom_components.telldus_pa.devices import thermostat_modes
from custom_components.telldus_pa.devices.sensor_types import SENSOR_TYPES
from custom_components.telldus_pa.history.importer import ImportState
from custom_components.telldus_pa.sign_in.schemas import BOTH_WAYS
from homeassistant.components.climate import const as climate_const
from homeassistant.components.event import EventDeviceClass
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_translations
from simulator import DEMO_PRIVATE_KEY, Simulator
from simulator.home import Device, Sensor, SensorValue
from simulator.methods import DeviceType, Method

from .conftest import AddEntry, Time
from .flow_user import FlowUser, Step, keys
from .integration_files import (
    INTEGRATION,
    ROOT,
    Tree,
    constants,
    english,
    leaves,
    sources,
)

TRANSLATIONS = sorted((INTEGRATION / "translations").glob("*.json"))
LANGUAGES = ["da", "de", "en", "fi", "fr", "nb", "nl", "sv"]
OTHERS = [language for language in LANGUAGES if language != "en"]

# Where the steps of the flows are.
FLOWS = (
    "config_flow.py",
    "migration/flow.py",
    "options_flow.py",
    "sign_in/flow.py",
)

# What Home Assistant puts texts into, by its own keys of a translation.
CATEGORIES = set(english()) - {"title"}

# Said alike in English and in the language.
ALIKE = {
    "da": {"Program", "Ring", "Start", "Status", "Stop"},
    "de": {"Status", "Thermostat"},
    "fi": set[str](),
    "fr": {"Mode", "Stop", "Thermostat"},
    "nb": {"Program", "Ring", "Start", "Status"},
    "nl": {"Account", "Accounts", "Meter", "Status"},
    "sv": {"Program", "Ring", "Siren", "Start", "Status"},
}
# In every language; what Telldus or Home Assistant is to say itself is no words of ours.
NAMES = {"Telldus Live (PA API)", "{name}"}

# What opens and closes a name that is shown elsewhere.
QUOTES = {
    "da": ("”", "”"),
    "de": ("„", "“"),
    "en": ('"', '"'),
    "fi": ("”", "”"),
    "fr": ("«\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}»"),
    "nb": ("«", "»"),
    "nl": ("‘", "’"),
    "sv": ("”", "”"),
}

# Texts of which a person sees several at once and must tell them apart.
CHOICES = re.compile(r"(.*\.(?:state|options|menu_options|data|fields))\.")


def texts(language: str) -> dict[str, str]:
    """Return the texts of a language by their path."""
    return leaves(
        json.loads((INTEGRATION / "translations" / f"{language}.json").read_text())
    )


def glossary(heading: str) -> list[dict[str, str]]:
    """Return the rows of a table of the glossary, as terms by language."""
    document = (ROOT / "docs" / "dev" / "translating.md").read_text()
    _, _, part = document.partition(f"## {heading}\n")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in part.partition("\n## ")[0].splitlines()
        if line.startswith("|")
    ]
    assert len(rows) > 2
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


# The languages


def test_languages() -> None:
    """Each language that is meant to be there is, and no file besides."""
    assert [path.stem for path in TRANSLATIONS] == LANGUAGES


@pytest.mark.parametrize("language", OTHERS)
def test_same_as_in_english(language: str) -> None:
    """Each text is there once, with the same places to fill, links and paragraphs."""
    theirs, ours = texts(language), texts("en")
    # In the same order, so that two files can be read side by side.
    assert list(theirs) == list(ours)
    for key, text in theirs.items():
        for pattern in (
            # What is filled in
            r"{\w+}",
            # Where links lead, and marks of Markdown
            r"\]\([^)]*\)|[*`#]|^\d\. ",
            r"\n",
            # Numbers, and names of files, modes and methods
            r"\d+|\.json|telldus_pa|https|eco-heat",
            # How it ends
            r"[.:!?]$",
        ):
            found, expected = (
                Counter(re.findall(pattern, one, re.MULTILINE))
                for one in (text, ours[key])
            )
            assert found == expected, key


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_left_untranslated(language: str) -> None:
    """What reads as in English is known to, and nothing else does."""
    theirs, ours = texts(language), texts("en")
    same = {text for key, text in theirs.items() if text == ours[key]}
    assert same == ALIKE[language] | NAMES


@pytest.mark.parametrize("language", LANGUAGES)
def test_rules(language: str) -> None:
    """No HTML, no address, no stray blank, keys as Home Assistant wants them."""
    for key, text in texts(language).items():
        assert text, key
        assert text == text.strip(), key
        assert not re.search(r"[^\S\n]{2}|[^\S\n]\n|\n[^\S\n]|\t", text), key
        assert not re.search(r"<[a-z/]", text), key
        assert "://" not in text, key
        # Nobody resolves these outside Home Assistant itself.
        assert "[%key:" not in text, key
        assert not re.search(r"'{\w+}'", text), key
        for part in key.split("."):
            assert re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", part), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_quotes(language: str) -> None:
    """Quotes are those of the language, around what is shown elsewhere by that name."""
    theirs = texts(language)
    first, last = QUOTES[language]
    quoted = re.compile(f"{first}(.+?){last}")
    for key, text in theirs.items():
        rest = quoted.sub("", text)
        # The headings of a table stand in the text itself.
        shown = {*theirs.values(), *re.findall(r"(?<=\| ).+?(?= \|)", rest)}
        for name in quoted.findall(text):
            assert name in shown, key
        assert not re.search('["„“”«»‘]', rest), key
        if language == "fr":
            assert not re.search(r"(?<!\N{NO-BREAK SPACE})[:;?](?!//)", text), key
        if language == "en":
            continue
        expected = len(re.findall('".+?"', texts("en")[key]))
        assert len(quoted.findall(text)) == expected, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_fits_on_a_phone(language: str) -> None:
    """A menu's entry fits into one line, a dialog's heading into two: the rest is cut off."""
    longest = {r"\.menu_options\.": 30, r"\.step\.\w+\.title$": 40}
    for pattern, length in longest.items():
        found = {
            key: t for key, t in texts(language).items() if re.search(pattern, key)
        }
        assert len(found) > 10
        assert [key for key, text in found.items() if len(text) > length] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_choices_differ(language: str) -> None:
    """States, options, fields and steps to choose from can be told apart."""
    groups: dict[str, list[str]] = {}
    for key, text in texts(language).items():
        if match := CHOICES.match(key.removesuffix(".name")):
            groups.setdefault(match[1], []).append(text)
    assert len(groups) > 10
    for key, group in groups.items():
        assert len(set(group)) == len(group), key


@pytest.mark.parametrize("language", OTHERS)
def test_glossary(language: str) -> None:
    """What Home Assistant shows on buttons and pages is called what it is there."""
    theirs = texts(language)
    for row in glossary("Said as it is shown"):
        term, said = (
            re.compile(rf"\b{re.escape(row[one])}\b") for one in ("en", language)
        )
        meant = [key for key, text in texts("en").items() if term.search(text)]
        assert meant, row
        for key in meant:
            assert said.search(theirs[key]), key


def test_glossary_has_all_languages() -> None:
    """Each term is there in every language."""
    for heading in ("Said as it is shown", "Words"):
        for row in glossary(heading):
            assert set(LANGUAGES) <= set(row)
            assert all(row[language] for language in LANGUAGES), row


# What the code uses


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
    told = english()
    # These show nothing of their own.
    shown = steps["TelldusConfigFlow"] | steps["SignInFlow"]
    shown -= {"dhcp", "exchange", "reauth"}
    assert set(told["config"]["step"]) == shown
    shown = steps["TelldusOptionsFlow"] | steps["MigrationFlow"]
    shown -= {"move", "moved", "take_over"}
    assert set(told["options"]["step"]) == shown
    actions = constants("async_show_progress", "progress_action")
    assert set(told["options"]["progress"]) == actions
    # Without one, the dialog's heading is a text of the frontend, or none.
    for flow in ("config", "options"):
        assert all("title" in step for step in told[flow]["step"].values())


def test_every_field_has_its_texts() -> None:
    """What can be filled in has a name and is explained, and so is what is chosen."""
    told = english()
    steps: list[Tree] = [
        *told["config"]["step"].values(),
        *told["options"]["step"].values(),
    ]
    steps += [
        section for step in steps for section in step.get("sections", {}).values()
    ]
    for step in steps:
        assert set(step.get("data", {})) == set(step.get("data_description", {}))
        explained = set(step.get("menu_option_descriptions", {}))
        assert explained in (set(), set(step.get("menu_options", {})))


def test_every_menu_option_is_a_step() -> None:
    """What can be chosen has a text, and leads somewhere."""
    options = {*constants("async_show_menu", "menu_options"), *BOTH_WAYS}
    named = {
        option
        for flow in ("config", "options")
        for step in english()[flow]["step"].values()
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
    # The migration ends with what was raised.
    reasons |= constants("MigrationError", "translation_key")
    # Given by Home Assistant itself, on our behalf.
    reasons |= {"already_configured", "already_in_progress"}
    reasons |= {"reauth_successful", "reconfigure_successful"}
    told = english()
    of_repairs = {
        reason
        for issue in told["issues"].values()
        for reason in issue.get("fix_flow", {}).get("abort", ())
    }
    of_flows = set(told["config"]["abort"]) | set(told["options"]["abort"])
    assert of_flows | of_repairs == reasons


@pytest.mark.parametrize("language", LANGUAGES)
def test_options_and_repair_say_the_same(language: str) -> None:
    """The dialog for taking over has its texts twice, and they are the same."""
    of_options: dict[str, str] = {}
    of_repair: dict[str, str] = {}
    repair = "issues.tellduslive_active.fix_flow."
    for key, text in texts(language).items():
        if key.startswith(repair):
            of_repair[key.removeprefix(repair)] = text
        elif key.startswith("options."):
            of_options[key.removeprefix("options.")] = text
    assert any(key.startswith("step.review.") for key in of_repair)
    assert of_repair.items() <= of_options.items()
    # The way back and the import are offered in the options alone.
    aborts = {key for key in of_options if key.startswith("abort.")}
    assert aborts - of_repair.keys() == {"abort.import_started", "abort.no_way_back"}


def test_every_issue_has_its_texts() -> None:
    """Each issue is told, as one that can be mended where there is a flow for it."""
    told = english()["issues"]
    assert set(told) == set(issues.Issue)
    assert {name for name, text in told.items() if "fix_flow" in text} == set(
        issues.FIXABLE
    )
    assert set(repairs.FLOWS) == set(issues.FIXABLE)


def error_keys() -> set[str]:
    """Return the ways to fail, which forms, polls and commands all tell."""
    (function,) = [
        node
        for node in ast.walk(sources()["account/errors.py"])
        if isinstance(node, ast.FunctionDef) and node.name == "translation_key_for"
    ]
    found = {
        node.value.value
        for node in ast.walk(function)
        if isinstance(node, ast.Return)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
    assert found
    return found


def test_every_error_of_a_form_has_its_text() -> None:
    """Each error that a form can show is in the translations, and none besides."""
    found = error_keys()
    for node in (node for name in FLOWS for node in ast.walk(sources()[name])):
        match node:
            case ast.Call(func=ast.Attribute(attr="_keys_form"), args=[errors, *_]):
                assert isinstance(errors, ast.Dict)
                shown = errors.values
            case ast.Call(func=ast.Attribute(attr="_link_form"), args=[_, error]):
                shown = [error]
            case _:
                continue
        found |= {
            one.value
            for one in shown
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        }
    assert len(found) > 6
    assert set(english()["config"]["error"]) == found


def raised() -> dict[str, set[str] | None]:
    """Return what is raised by a key of ours, and what is filled in where that shows."""
    found: dict[str, set[str] | None] = {}
    for node in (node for module in sources().values() for node in ast.walk(module)):
        match node:
            case ast.Call(func=ast.Name("_invalid"), args=[ast.Constant(str(key))]):
                found[key] = {str(keyword.arg) for keyword in node.keywords}
            case ast.Call(func=ast.Name(name)) if name.endswith(
                ("Error", "Failed", "NotReady")
            ):
                given = {keyword.arg: keyword.value for keyword in node.keywords}
                domain, filled = (
                    given.get(f"translation_{one}")
                    for one in ("domain", "placeholders")
                )
                # What Home Assistant has texts for has another domain.
                if not isinstance(domain, ast.Name) or domain.id != "DOMAIN":
                    continue
                match given["translation_key"]:
                    case (
                        ast.Constant(str(key)) | ast.IfExp(body=ast.Constant(str(key)))
                    ):
                        found[key] = dict_keys(filled)
    return found


def exceptions() -> Tree:
    """Return what is said where something raises."""
    said: Tree = english()["exceptions"]
    return said


def dict_keys(node: ast.expr | None) -> set[str] | None:
    """Return the keys of a dict that is written out, None if it is not."""
    if node is None:
        return set()
    if not isinstance(node, ast.Dict):
        return None
    return {ast.literal_eval(key) for key in node.keys if key is not None}


def test_every_exception_has_its_text() -> None:
    """Each that is raised is in the translations, and none besides."""
    of_commands = {f"command_{key}" for key in error_keys()}
    of_commands.add("command_interrupted")
    assert set(exceptions()) == error_keys() | of_commands | set(raised())


def test_exceptions_are_filled_in() -> None:
    """What a text is to have filled in is given, and nothing that it does not show."""
    given = {key: names for key, names in raised().items() if names is not None}
    assert len(given) > 10
    for key, names in given.items():
        shown = set(re.findall(r"{(\w+)}", exceptions()[key]["message"]))
        assert shown == names, key
    of_errors = {"reason", "wait"}
    for key in error_keys():
        for text in (
            english()["config"]["error"][key],
            exceptions()[key]["message"],
            exceptions()[f"command_{key}"]["message"],
        ):
            assert set(re.findall(r"{(\w+)}", text)) <= of_errors | {"device"}, key


def test_every_state_has_its_text() -> None:
    """Each state that is one of a few words has a text, and no other has."""
    told = english()["entity"]
    sensors = told[Platform.SENSOR]
    assert set(sensors["status"]["state"]) == set(connection.ConnectionState)
    assert set(sensors["history_import"]["state"]) == set(ImportState)
    remote = told[Platform.EVENT]["remote"]["state_attributes"]["event_type"]["state"]
    assert set(remote) == set(event.TYPES[EventDeviceClass.BUTTON].values())
    thermostat = told[Platform.CLIMATE]["thermostat"]["state_attributes"]
    presets = {preset for _, preset in thermostat_modes.MODES.values()}
    own = {
        value
        for name, value in vars(climate_const).items()
        if name.startswith("PRESET_")
    }
    assert set(thermostat["preset_mode"]["state"]) == presets - own
    # Home Assistant has no other words of a few for sensors.
    with_states = {key for key, text in sensors.items() if "state" in text}
    assert with_states == {"history_import", "status"}


# How Home Assistant shows it


@pytest.mark.parametrize("language", LANGUAGES)
async def test_home_assistant_takes_all(
    hass: HomeAssistant, language: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Home Assistant finds each text, and puts none of the English ones in its place."""
    theirs = texts(language)
    for category in CATEGORIES:
        found = await async_get_translations(hass, language, category, [DOMAIN])
        start = f"component.{DOMAIN}."
        assert {key.removeprefix(start): text for key, text in found.items()} == {
            key: text for key, text in theirs.items() if key.startswith(f"{category}.")
        }
    assert not [one for one in caplog.records if one.levelno > logging.WARNING]


async def test_entities_are_named_in_swedish(
    hass: HomeAssistant, entry: MockConfigEntry, time: Time
) -> None:
    """A Home Assistant in Swedish calls the integration's entities by Swedish names."""
    hass.config.language = "sv"
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    registry = er.async_get(hass)
    names = {
        state.name
        for one in er.async_entries_for_config_entry(registry, entry.entry_id)
        if one.translation_key in ("status", "premium_expires")
        and (state := hass.states.get(one.entity_id))
    }
    assert {"Cabin Status", "Telldus Live! Premium går ut"} <= names


@pytest.mark.parametrize("language", LANGUAGES)
async def test_names_on_a_device_differ(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
    language: str,
) -> None:
    """A name of ours is no other one's on the same device: of ours, or Home Assistant's."""
    hass.config.language = language
    home, now = simulator.home, int(simulator.clock())
    # A node that can do and measures everything, and one that sounds besides
    for node_id, device_type, battery in (
        ("7001", DeviceType.SWITCH, 87),
        ("7002", DeviceType.ALARM, 255),
    ):
        node: dict[str, Any] = {
            "id": node_id,
            "gateway_id": "410001",
            "name": node_id,
            "protocol": "zwave",
        }
        home.devices[node_id] = Device(
            client_device_id=node_id,
            methods=Method.TURNON | Method.TURNOFF | Method.BELL | Method.LEARN,
            device_type=device_type.uuid,
            transport="zwave",
            **node,
        )
        home.sensors[node_id] = Sensor(
            sensor_id=node_id,
            battery=battery,
            values=[
                SensorValue(key.rpartition("_")[0], key.rpartition("_")[2], "1", now)
                for key in SENSOR_TYPES
            ],
            **node,
        )
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    ours = {key for key in texts("en") if key.endswith(".name")}
    names: dict[tuple[str | None, str], set[str]] = {}
    for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        if one.original_name:
            key = f"entity.{one.domain}.{one.translation_key}.name"
            # Two units of the same quantity have the same name.
            names.setdefault((one.device_id, one.original_name.casefold()), set()).add(
                key if key in ours else f"{one.domain} {one.original_device_class}"
            )
    for (_, name), named in names.items():
        assert len(named) == 1 or not named & ours, (name, named)


async def shown(hass: HomeAssistant, step: Step, key: str) -> str:
    """Return what a browser in Swedish shows of a step."""
    found = await async_get_translations(hass, "sv", "config", [DOMAIN])
    text = found[f"component.{DOMAIN}.config.{key}"]
    return text.format(**step.get("description_placeholders") or {})


async def test_flow_in_swedish(
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
) -> None:
    """The form, its error and the menu, as they are read in Swedish."""
    hass.config.language = "sv"
    step = await flow_user.begin()
    text = await shown(hass, step, f"step.{step['step_id']}.description")
    assert "[Telldus nyckelsida](https://pa-api.telldus.com/keys/showToken)" in text
    step = await flow_user.submit(keys(server_url, private_key="wrong"))
    error = await shown(hass, step, f"error.{step['errors']['base']}")
    assert error.startswith("Telldus godtog inte de här nycklarna")
    await flow_user.time.move(60)
    step = await flow_user.submit(keys(server_url, private_key=DEMO_PRIVATE_KEY))
    options = [
        await shown(hass, step, f"step.{step['step_id']}.menu_options.{option}")
        for option in step["menu_options"]
    ]
    assert options == ["Logga in", "Logga in via en länk"]
