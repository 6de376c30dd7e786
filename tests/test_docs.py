"""The documents: nothing a person meets is left out, and nothing in them is out of date."""

from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime
from pathlib import Path
import re
from typing import Any
from unicodedata import normalize

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa import const, services as actions
from custom_components.telldus_pa.account.storage import StorageKey
from custom_components.telldus_pa.connection_status import ConnectionState
from custom_components.telldus_pa.devices import kinds, sensor_types
from custom_components.telldus_pa.history.importer import ImportState
from custom_components.telldus_pa.pa_api import DEFAULT_SERVER, DeviceType, Method
from homeassistant.components import automation, persistent_notification, script
from homeassistant.components.persistent_notification import Notification, UpdateType
from homeassistant.components.sensor import SensorStateClass
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util, slugify
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
from simulator import Simulator

from .conftest import Time
from .devices.rows import ROWS, Row, parsed
from .helpers import complaints, state_of
from .integration_files import INTEGRATION, ROOT, english, leaves

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = ROOT / "docs" / "automations.md"


def text_of(name: str) -> str:
    """Return a document, its lines joined as a reader joins them."""
    return " ".join((ROOT / "docs" / name).read_text().split())


def as_told(text: str) -> str:
    """Return a text of the translations as documents quote it."""
    return re.sub(r"{(\w+)}", r"*\1*", text)


def cells_of(name: str, head: str) -> list[list[str]]:
    """Return the rows of the table of a document that begins with a head."""
    lines = iter((ROOT / "docs" / name).read_text().splitlines())
    assert any(line.startswith(f"| {head} |") for line in lines), head
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def anchors_of(path: Path) -> set[str]:
    """Return what a link may name behind the hash: the headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", without_code(path), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def without_code(path: Path) -> str:
    """Return a document without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_links(path: Path) -> None:
    """What a document points to within the project is there, to the heading."""
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(path)):
        if "://" in link:
            assert link.startswith("https://"), link
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if anchor:
            assert anchor in anchors_of(target), link


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.stem
)
def test_links_of_issue_templates(path: Path) -> None:
    """What GitHub's forms link to within the project is there."""
    for name in re.findall(r"telldus_pa/blob/main/([^\s#)]+)", path.read_text()):
        assert (ROOT / name).exists(), name
    assert "telldus_pa#" not in path.read_text()


def test_every_document_can_be_found() -> None:
    """The README leads to each document, perhaps by way of another."""
    found: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        found.add(path)
        for link in re.findall(r"\]\(([^)#\s]+\.md)", path.read_text()):
            target = (path.parent / link).resolve()
            if target not in found:
                waiting.append(target)
    assert found >= set(DOCUMENTS) - {ROOT / "CHANGELOG.md"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_files_that_are_named(path: Path) -> None:
    """A document names no test, script or module of the end-to-end tests that is gone."""
    named = r"`(?:[^`]*[ =])?((?:tests|scripts|e2e|simulator|blueprints)/[\w/.-]*\w)"
    for name in re.findall(named, path.read_text()):
        assert (ROOT / name).exists(), name


OWNERS = [
    path
    for path in DOCUMENTS
    if path.parent.name == "docs" or path.name in ("README.md", "CONTRIBUTING.md")
]


@pytest.mark.parametrize("path", OWNERS, ids=lambda path: path.stem)
def test_american_english(path: Path) -> None:
    """One spelling, as in Home Assistant."""
    british = r"\b\w*(?:colour|neighbour|behaviour|licence|centre|isation|ise[ds])\b"
    allowed = {"advised", "raised", "promised", "revised"}
    assert set(re.findall(british, path.read_text().lower())) <= allowed


def test_readme() -> None:
    """What the README says of versions and figures is so; and it is short."""
    readme = (ROOT / "README.md").read_text()
    assert len(readme.split()) < 800
    oldest = load_yaml_dict(str(ROOT / "hacs.json"))["homeassistant"]
    for text in (readme, text_of("install.md")):
        assert f"Home Assistant {str(oldest).removesuffix('.0')} or later" in text
    shortest = const.SHORTEST_POLL_INTERVAL.total_seconds()
    longest = const.LONGEST_POLL_INTERVAL.total_seconds() / 3600
    assert f"| {shortest:.0f} seconds to {longest:.0f} hour |" in readme
    languages = (INTEGRATION / "translations").glob("*.json")
    (said,) = re.findall(r"speaks your language:\*\* ([^.]+)", readme)
    assert len(said.split(",")) == len(list(languages))


def test_install() -> None:
    """The page for the keys and the server are those of the code."""
    document = text_of("install.md")
    assert f"`{DEFAULT_SERVER}`" in document
    assert f"({DEFAULT_SERVER}/keys/showToken)" in document


# Options


def test_options() -> None:
    """Each option has a heading of its own, with its limits where it has some."""
    document = (ROOT / "docs" / "options.md").read_text()
    headings = re.findall(r"^### (.+)$", document, re.MULTILINE)
    names = english()["options"]["step"]["settings"]["data"]
    assert set(names.values()) <= set(headings)
    for limit in (const.SHORTEST_POLL_INTERVAL, const.LONGEST_POLL_INTERVAL):
        assert f"{limit.total_seconds():.0f} seconds" in document
    assert (
        f"| If you change nothing | {const.POLL_INTERVAL.total_seconds():.0f} seconds |"
        in document
    )


def test_fields_of_the_forms() -> None:
    """What is asked for when signing in, and anew, is told of."""
    steps = english()["config"]["step"]
    for step, document in (
        ("user", ROOT / "docs" / "install.md"),
        ("reconfigure", ROOT / "docs" / "options.md"),
    ):
        cells = re.findall(r"^\| ([^|]+) \|", document.read_text(), re.MULTILINE)
        told = "\n".join(cells).lower()
        fields = dict(steps[step]["data"])
        for name, section in steps[step]["sections"].items():
            assert f"(*{name.lower()}*)" in told
            fields |= section["data"]
        assert len(fields) == 3
        for field in fields.values():
            assert field.lower() in told, field


# Messages


def messages() -> dict[str, str]:
    """Return each text that says that something went wrong, or how something ended."""
    tree = english()
    of_forms = {"error": tree["config"]["error"], "abort": tree["config"]["abort"]}
    titles = {
        step: tree["config"]["step"][step]["title"]
        for step in ("expired", "refused", "failed", "wrong_account")
    }
    of_issues = {
        name: {"title": issue["title"], **issue.get("fix_flow", {}).get("abort", {})}
        for name, issue in tree["issues"].items()
    }
    return leaves({**of_forms, "title": titles, "issue": of_issues}) | leaves(
        {"exception": tree["exceptions"]}
    )


@pytest.mark.parametrize("key", sorted(messages()))
def test_every_message_is_explained(key: str) -> None:
    """Whoever searches the document for what they read finds it."""
    text = as_told(messages()[key])
    document = text_of("troubleshooting.md")
    if re.fullmatch(r"issue\.\w+\.title", key):
        assert f"### {text} " in document
    else:
        assert f"| {text} |" in document


def test_every_status_is_explained() -> None:
    """Each state has a row, and the examples name each as automations have it."""
    names = english()["entity"]["sensor"]["status"]["state"]
    told = {row[0] for row in cells_of("troubleshooting.md", "State")}
    assert set(names) == set(ConnectionState)
    assert set(names.values()) <= told
    assert all(f"`{cause}`" in text_of("automations.md") for cause in ConnectionState)


def test_every_state_of_the_import_is_explained() -> None:
    """Each state of the import has a row."""
    names = english()["entity"]["sensor"]["history_import"]["state"]
    assert set(names) == set(ImportState)
    document = text_of("troubleshooting.md")
    assert all(f"| {name} |" in document for name in names.values())


def test_system_health() -> None:
    """Each line of it is explained."""
    told = {row[0] for row in cells_of("troubleshooting.md", "Line")}
    assert told == set(english()["system_health"]["info"].values())


# What is stored


def test_everything_that_is_stored_is_told_of() -> None:
    """Each store is named, and when it goes."""
    document = text_of("privacy.md")
    row = next(
        row for row in document.splitlines() if f"`{const.DOMAIN}.`*entry*" in row
    )
    assert all(f"`{key}`" in row for key in StorageKey)
    assert f"`{const.DOMAIN}.rate_limiter`" in document


# What is supported

_TYPES = {
    "alarm sensor": DeviceType.ALARM,
    "controller": DeviceType.CONTROLLER,
    "door": DeviceType.DOOR_WINDOW,
    "light": DeviceType.LIGHT,
    "lock": DeviceType.LOCK,
    "media": DeviceType.MEDIA,
    "meter": DeviceType.METER,
    "motion": DeviceType.MOTION,
    "on/off sensor": DeviceType.ON_OFF_SENSOR,
    "outlet": DeviceType.SWITCH_OUTLET,
    "person": DeviceType.PERSON,
    "projector screen": DeviceType.PROJECTOR_SCREEN,
    "remote control": DeviceType.REMOTE_CONTROL,
    "sensor": DeviceType.SENSOR,
    "smoke sensor": DeviceType.SMOKE,
    "speaker": DeviceType.SPEAKER,
    "switch": DeviceType.SWITCH_OUTLET,
    "thermostat": DeviceType.THERMOSTAT,
    "window": DeviceType.DOOR_WINDOW,
    "window covering": DeviceType.WINDOW_COVERING,
}
# What stands behind the types in parentheses
_TRANSPORTS = {
    "Sonos": ("sonos",),
    "Zigbee": ("zigbee",),
    "Z-Wave": ("zwave",),
    "plug-in": ("sonos", "virtual", ""),
}
_ABLE = {
    "color": Method.RGB,
    "dim": Method.DIM,
    "down": Method.DOWN,
    "heat or cool": Method.THERMOSTAT,
    "off": Method.TURNOFF,
    "on": Method.TURNON,
    "ring": Method.BELL,
    "stop": Method.STOP,
    "up": Method.UP,
}


def fits(row: Row, types: str, able: str) -> bool:
    """Return whether a row of the document is about a device."""
    device = parsed(row)
    if types == "scene":
        return "scene" in (device.transport, device.type)
    types, _, transports = types.removesuffix(")").partition(" (")
    if transports and not any(
        device.transport in _TRANSPORTS[one] for one in transports.split(", ")
    ):
        return False
    named = {_TYPES[one] for one in types.split(", ") if not one.startswith("any")}
    needs_all = " and " in able
    words = able.split(" and " if needs_all else ", ")
    found = [_ABLE[one] in device.methods for one in words if one in _ABLE]
    return (not named or device.device_type in named) and (
        not found or (all(found) if needs_all else any(found))
    )


def test_documented_devices() -> None:
    """The table of devices is what the code does, row by row, and no row is idle.

    What Home Assistant really shows for each device here, ``test_kinds`` sees to.
    """
    table = cells_of("devices.md", "Type in Telldus Live!")
    used: set[int] = set()
    for row in ROWS:
        number, (_, _, shown, device_class) = next(
            (number, cells)
            for number, cells in enumerate(table)
            if fits(row, *cells[:2])
        )
        used.add(number)
        main = dict.fromkeys(row.shown.split())
        # What it has besides, the text tells.
        if "button" not in shown:
            main.pop("button", None)
        if "siren" not in shown:
            main.pop("siren", None)
        platforms = [one.partition(":") for one in main]
        told = [] if shown.startswith("none") else shown.split(", ")
        assert told == [one[0].replace("_", " ") for one in platforms], row
        assert device_class == "".join(one[2] for one in platforms), row
    assert used == set(range(len(table)))


_STATISTICS = {
    SensorStateClass.MEASUREMENT: "mean",
    SensorStateClass.MEASUREMENT_ANGLE: "circular mean",
    SensorStateClass.TOTAL_INCREASING: "sum",
}


def values_of(cell: str) -> Iterator[str]:
    """Return the keys of the values that a cell names: "temp 0, 1" are two."""
    name = ""
    for part in re.split(r"[ ,]+", cell):
        if part.isdecimal():
            yield f"{name}_{part}"
        else:
            name = part


def test_documented_sensors() -> None:
    """The table of sensors is the one in the code: values, units, statistics."""
    *table, anything_else = cells_of("devices.md", "Telldus' name, scale")
    assert anything_else[0] == "anything else"
    told: dict[str, tuple[str, str]] = {}
    for cell, _, unit, statistics in table:
        keys, units = list(values_of(cell)), unit.split(", ")
        if len(units) == 1:
            units *= len(keys)
        for key, its_unit in zip(keys, units, strict=True):
            told[key] = (its_unit, statistics)
    texts = english()["entity"]["sensor"]
    known = {
        key: (
            description.native_unit_of_measurement
            or texts.get(description.translation_key, {}).get(
                "unit_of_measurement", ""
            ),
            _STATISTICS[description.state_class],
        )
        for key, description in sensor_types.SENSOR_TYPES.items()
        if description.state_class
    }
    # There are two signs for a millionth.
    assert {
        key: (normalize("NFKC", unit), how) for key, (unit, how) in told.items()
    } == {key: (normalize("NFKC", unit), how) for key, (unit, how) in known.items()}


def test_documented_parts() -> None:
    """What there is besides what a device does and a sensor measures is told of."""
    document = text_of("devices.md")
    names = english()["entity"]
    assert names["button"][kinds.BELL]["name"] in document
    assert names["button"][kinds.LEARN]["name"] in document
    assert names["sensor"][kinds.LAST_SEEN]["name"] in document
    for preset in names["climate"]["thermostat"]["state_attributes"]["preset_mode"][
        "state"
    ].values():
        assert preset in document


def test_documented_events() -> None:
    """What a remote may send is told where it is used."""
    states = english()["entity"]["event"]["remote"]["state_attributes"]["event_type"]
    told = re.search(
        r"`event_type` says what was pressed: ([^.]+)", text_of("automations.md")
    )
    assert told
    assert set(re.findall(r"`(\w+)`", told[1])) == set(states["state"])


# Actions


def test_every_action_has_an_example() -> None:
    """Each is described under its name, and shown."""
    document = (ROOT / "docs" / "actions.md").read_text()
    names = english()["services"]
    for name in load_yaml_dict(str(INTEGRATION / "services.yaml")):
        assert f"\n## {names[name]['name']}\n" in document
        assert f"action: telldus_pa.{name}\n" in document


def blocks_of(path: Path) -> list[dict[str, Any]]:
    """Return the YAML that a document shows."""
    texts = re.findall(
        r"^```yaml\n(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE
    )
    blocks = [block for text in texts if isinstance(block := parse_yaml(text), dict)]
    assert texts
    assert len(blocks) == len(texts)
    return blocks


def steps_of(found: Any) -> Iterator[dict[str, Any]]:
    """Return each step of an automation that calls an action, however deep it is."""
    if isinstance(found, dict):
        if "action" in found:
            yield found
        for inner in found.values():
            yield from steps_of(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from steps_of(inner)


_SCHEMAS = {
    f"{const.DOMAIN}.{actions.Action.EXPORT_HOME}": actions._EXPORT_HOME,  # noqa: SLF001
    f"{const.DOMAIN}.{actions.Action.GET_HISTORY}": actions._GET_HISTORY,  # noqa: SLF001
    f"{const.DOMAIN}.{actions.Action.IMPORT_HISTORY}": actions._IMPORT_HISTORY,  # noqa: SLF001
    f"{const.DOMAIN}.{actions.Action.SEND_COMMAND}": actions._SEND_COMMAND,  # noqa: SLF001
}


@pytest.mark.parametrize(
    "step",
    [
        step
        for path in DOCUMENTS
        if "```yaml" in path.read_text()
        for step in steps_of(blocks_of(path))
        if step["action"] in _SCHEMAS
    ],
    ids=lambda step: step["action"],
)
async def test_actions_that_are_shown(
    hass: HomeAssistant, step: dict[str, Any]
) -> None:
    """Whatever calls one of our actions has the fields that it takes."""
    cv.SERVICE_SCHEMA(step)
    _SCHEMAS[step["action"]](step["data"])


# Examples


class Examples:
    """All examples, loaded in the demo home, and what they tell the person."""

    def __init__(self, hass: HomeAssistant, entity_ids: list[str]) -> None:
        """Listen to what the person is told."""
        self.entity_ids = entity_ids
        self._told: list[str] = []
        persistent_notification.async_register_callback(hass, self._async_note)

    @callback
    def _async_note(
        self, update: UpdateType, notifications: dict[str, Notification]
    ) -> None:
        """Note what is new."""
        if update is UpdateType.ADDED:
            self._told += [one["message"].strip() for one in notifications.values()]

    def news(self) -> list[str]:
        """Return what was told since the last look."""
        told, self._told = self._told, []
        return told


@pytest.fixture
def still(simulator: Simulator) -> None:
    """Let nothing happen but what a test does."""
    simulator.change_settings({"life": False, "drift": False})


@pytest.fixture
async def examples(
    hass: HomeAssistant, still: None, loaded: MockConfigEntry
) -> AsyncGenerator[Examples]:
    """Load all examples."""
    blocks = blocks_of(EXAMPLES)
    automations = [block for block in blocks if "triggers" in block]
    scripts = {slugify(one["alias"]): one for one in blocks if "sequence" in one}
    assert len(automations) + len(scripts) == len(blocks)
    assert await async_setup_component(hass, "persistent_notification", {})
    for domain, config in (("automation", automations), ("script", scripts)):
        assert await async_setup_component(hass, domain, {domain: config})
    ids = hass.states.async_entity_ids(("automation", "script"))
    assert len(ids) == len(blocks)
    yield Examples(hass, ids)
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": "all"}, blocking=True
    )


async def test_examples_are_valid(
    hass: HomeAssistant, examples: Examples, caplog: pytest.LogCaptureFixture
) -> None:
    """Home Assistant takes each, and everything that it speaks of is in the demo home."""
    for entity_id in examples.entity_ids:
        assert state_of(hass, entity_id).state != STATE_UNAVAILABLE
        used = automation.entities_in_automation(hass, entity_id)
        used += script.entities_in_script(hass, entity_id)
        for one in used:
            if one not in ("sun.sun", "sensor.electricity_price"):
                assert er.async_get(hass).async_get(one), one
                assert hass.states.get(one), one
    for step in steps_of(blocks_of(EXAMPLES)):
        assert hass.services.has_service(*step["action"].split(".")), step
    assert complaints(caplog) == []
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


def id_of(simulator: Simulator, name: str) -> str:
    """Return the id of a device of the demo home."""
    devices = simulator.home.devices.values()
    return next(device.id for device in devices if device.name == name)


async def run(hass: HomeAssistant, time: Time, name: str) -> None:
    """Run an automation as if its time had come and its conditions held."""
    await hass.services.async_call(
        "automation", "trigger", {"entity_id": f"automation.{name}"}
    )
    await time.move(2)


async def test_examples_of_what_is_heard(
    hass: HomeAssistant, examples: Examples, simulator: Simulator, time: Time
) -> None:
    """A remote turns a lamp on and off, the bell is told of, and motion turns on a lamp."""
    remote, bell = id_of(simulator, "Wall remote"), id_of(simulator, "Door bell")
    simulator.home.devices[remote].state = Method.TURNON
    simulator.home.devices[bell].state = 0
    await time.move(31)
    assert examples.news() == []
    for press, state in (("turnOff", "off"), ("turnOn", "on"), ("turnOff", "off")):
        simulator.press(remote, press)
        await time.move(40)
        assert state_of(hass, "light.sofa_lamp").state == state, press
    simulator.press(bell, "bell")
    await time.move(40)
    assert examples.news() == ["Somebody rang the bell."]
    await run(hass, time, "light_in_the_hall")
    assert state_of(hass, "light.ceiling_dimmer").state == "on"
    await time.move(301)
    assert state_of(hass, "light.ceiling_dimmer").state == "off"


async def test_example_of_cheap_electricity(
    hass: HomeAssistant, examples: Examples, time: Time
) -> None:
    """A plug is on while electricity is cheap."""
    for price, state in ((0.5, "on"), (0.9, "off"), (0.7, "on")):
        hass.states.async_set("sensor.electricity_price", str(price))
        await time.move(2)
        assert state_of(hass, "switch.christmas_star").state == state, price


async def test_examples_of_batteries_and_silence(
    hass: HomeAssistant, examples: Examples, simulator: Simulator, time: Time
) -> None:
    """Low batteries are told by name, and so is who was not heard for a day."""
    await run(hass, time, "low_batteries_in_telldus_live")
    (told,) = examples.news()
    low = {
        state.name
        for state in hass.states.async_all(("binary_sensor", "sensor"))
        if state.attributes.get("device_class") == "battery"
        and (state.state == "on" or (state.state.isdecimal() and int(state.state) < 20))
    }
    assert len(low) > 1
    assert set(told.split(", ")) == low
    sensors = simulator.home.sensors.values()
    freezer = next(one for one in sensors if one.name == "Freezer")
    for value in freezer.values:
        value.last_updated -= 90_000
    await time.move(130)
    assert state_of(hass, "sensor.freezer_temperature").state == "unknown"
    await time.move(3610)
    assert examples.news() == ["Freezer Temperature: look at its battery."]


async def test_examples_of_the_connection(
    hass: HomeAssistant, examples: Examples, time: Time
) -> None:
    """Trouble that lasts is told in words; so is each press that was missed."""
    hass.states.async_set("sensor.home_status", "cannot_connect")
    await time.leap(601)
    (told,) = examples.news()
    assert told.startswith("The status of the gateway is")
    for method in ("turnon", "turnoff"):
        hass.bus.async_fire(
            "telldus_pa_missed_event",
            {"name": "Remote", "method": method, "time": "2026-11-24T12:34:56+00:00"},
        )
    await time.settle()
    local = dt_util.as_local(datetime(2026, 11, 24, 12, 34, 56, tzinfo=UTC))
    assert examples.news() == [f"Remote at {local:%H:%M}"]


async def test_examples_of_heating(
    hass: HomeAssistant, examples: Examples, simulator: Simulator, time: Time
) -> None:
    """An open door turns the heating off, a closed one on; tonight's is only stored."""
    door = id_of(simulator, "Front door")
    simulator.press(door, "turnOff")
    await time.move(31)
    assert state_of(hass, "climate.radiator").state == "heat"
    simulator.press(door, "turnOn")
    await time.move(60)
    assert state_of(hass, "climate.radiator").state == "heat"
    await time.move(180)
    assert state_of(hass, "climate.radiator").state == "off"
    simulator.press(door, "turnOff")
    await time.move(60)
    assert state_of(hass, "climate.radiator").state == "heat"
    await run(hass, time, "tonight_s_temperature")
    (last,) = [one for one in simulator.log if one.path == "json/device/thermostat"][
        -1:
    ]
    assert last.params["id"] == id_of(simulator, "Radiator")
    assert last.params["mode"] == "eco-heat"
    assert float(last.params["temperature"]) == 17
    assert last.params["changeMode"] == "0"
    assert state_of(hass, "climate.radiator").state == "heat"


async def test_example_of_history(
    hass: HomeAssistant, examples: Examples, time: Time
) -> None:
    """The script tells what was done with the lamp."""
    lamp = {"entity_id": "light.sofa_lamp"}
    await time.until(hass.services.async_call("light", "turn_off", lamp, blocking=True))
    await time.move(15)
    await time.until(
        hass.services.async_call(
            "script", "what_was_done_with_the_sofa_lamp", blocking=True
        )
    )
    (told,) = examples.news()
    assert ": turn_off, Demo application, done" in told
