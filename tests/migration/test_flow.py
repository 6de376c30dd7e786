"""The dialogs for taking over and going back, over Home Assistant's own REST API."""

from http import HTTPStatus
import logging
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.telldus_pa.const import DOMAIN
from custom_components.telldus_pa.issues import Issue
from custom_components.telldus_pa.migration.summary import _rows
from homeassistant.components.lovelace.const import LOVELACE_DATA
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from simulator import Fault, Simulator
from tests.conftest import Time
from tests.test_config_flow import OPTIONS, Person, keys
from tests.test_connection_status import issues
from tests.test_init import state_of

from .conftest import all_devices, look
from .test_move import take_over

FLOWS = {
    "options": "/api/config/config_entries/options/flow",
    "repair": "/api/repairs/issues/fix",
}

type Step = dict[str, Any]


class Dialog:
    """A person before a dialog, that of the options or that of the repair."""

    def __init__(self, client: Any, time: Time, path: str) -> None:
        """Take hold of a browser."""
        self._client = client
        self._time = time
        self._path = path
        self._flow_id = ""

    async def begin(self, body: Step) -> Step:
        """Open the dialog."""
        return await self._answer(self._client.post(self._path, json=body))

    async def submit(self, **body: Any) -> Step:
        """Submit what it shows."""
        path = f"{self._path}/{self._flow_id}"
        return await self._answer(self._client.post(path, json=body))

    async def look(self) -> Step:
        """Look what it shows now."""
        return await self._answer(self._client.get(f"{self._path}/{self._flow_id}"))

    async def watch(self, step: Step) -> Step:
        """Watch the progress to its end, if it is one."""
        for _ in range(60):
            if step["type"] != "progress":
                return step
            await self._time.move(1)
            step = await self.look()
        raise AssertionError("this takes too long")

    async def _answer(self, request: Any) -> Step:
        """Return the step that Home Assistant answers."""
        response = await self._time.until(request)
        assert response.status == HTTPStatus.OK, await response.text()
        step: Step = await response.json()
        self._flow_id = step["flow_id"]
        return step


@pytest.fixture
async def client(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Any:
    """Return a browser. What brings views is set up first: its router takes none later."""
    wall = {"mode": "yaml", "title": "Old *wall*", "filename": "wall.yaml"}
    config = {"lovelace": {"dashboards": {"in-a-file": wall}}}
    for component in ("repairs", "config", "lovelace"):
        assert await async_setup_component(hass, component, config)
    return await hass_client()


@pytest.fixture
def repair(hass: HomeAssistant, time: Time, client: Any) -> Dialog:
    """Return somebody who opens a repair."""
    return Dialog(client, time, FLOWS["repair"])


@pytest.fixture
def options(hass: HomeAssistant, time: Time, client: Any) -> Dialog:
    """Return somebody who opens the options."""
    return Dialog(client, time, FLOWS["options"])


def the_issue(entry: MockConfigEntry) -> Step:
    """Return what opens the repair."""
    issue_id = f"{Issue.TELLDUSLIVE_ACTIVE}_{entry.entry_id}"
    return {"handler": DOMAIN, "issue_id": issue_id}


async def test_from_the_repair(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    repair: Dialog,
    time: Time,
) -> None:
    """Whoever runs both is told, sees what changes, and takes over with one click."""
    assert issues(hass) == {"tellduslive_active"}
    step = await repair.watch(await repair.begin(the_issue(loaded)))
    assert (step["type"], step["step_id"]) == ("form", "review")
    done = await repair.watch(await repair.submit())
    assert done["type"] == "create_entry"
    assert automated.disabled_by is ConfigEntryDisabler.USER
    assert issues(hass) == set()
    await time.move(45)
    assert state_of(hass, "light.bedroom").state == "on"


async def test_from_the_options_and_back(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    options: Dialog,
    time: Time,
) -> None:
    """The options lead over, and back, and still to the settings."""
    before = look(hass).of(automated)
    handler = {"handler": loaded.entry_id}
    menu = await options.begin(handler)
    assert menu["menu_options"] == ["settings", "take_over"]
    form = await options.submit(next_step_id="settings")
    assert form["step_id"] == "init"
    await options.begin(handler)
    step = await options.watch(await options.submit(next_step_id="take_over"))
    assert step["step_id"] == "review"
    settings = {**loaded.options}
    done = await options.watch(await options.submit())
    assert done["type"] == "create_entry"
    assert {**loaded.options} == settings
    await time.move(45)
    menu = await options.begin(handler)
    assert menu["menu_options"] == ["settings", "go_back"]
    confirm = await options.submit(next_step_id="go_back")
    assert (confirm["type"], confirm["step_id"]) == ("form", "go_back")
    done = await options.watch(await options.submit())
    assert done["type"] == "create_entry"
    await time.move(45)
    assert look(hass).of(automated).entities == before.entities
    assert loaded.disabled_by is ConfigEntryDisabler.USER


# The tables


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table's rows."""
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.splitlines()
    ]


async def edit_dashboard(hass: HomeAssistant) -> None:
    """Edit the first dashboard."""
    default = hass.data[LOVELACE_DATA].dashboards[None]
    card = {
        "type": "entities",
        "entities": ["light.blind", {"entity": "switch.outlet"}],
    }
    template = {"type": "markdown", "content": "{{ states('sensor.plug_power') }} W"}
    config = {"views": [{"cards": [card, template], "max_columns": 3}]}
    await default.async_save(config)


async def test_tables(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    repair: Dialog,
    time: Time,
) -> None:
    """What changes is told, with what uses it and what was not searched."""
    await edit_dashboard(hass)
    config = {
        "group": {"some": {"name": "Some", "entities": ["light.lamp_1_2"]}},
    }
    assert await async_setup_component(hass, "group", config)
    await time.settle()
    step = await repair.watch(await repair.begin(the_issue(loaded)))
    told = step["description_placeholders"]
    assert (told["name"], told["entities"], told["devices"]) == (
        "Telldus Live!",
        "6",
        "7",
    )
    assert sorted(rows(told["replaced"])) == [
        [r"Blind \| wind, Overview", "`light.blind`", "`cover.blind`"],
        ["–", "`switch.veranda`", "`light.veranda`"],
    ]
    assert rows(told["kept"]) == [
        ["Meter, Overview", "`sensor.plug_power`", "`sensor.plug_energy`"]
    ]
    # The sensor's device stays, since an automation names it.
    assert rows(told["merged"]) == [["Washer", "Plug", "–"]]
    assert rows(told["leaving"]) == [["Some", "`light.lamp_1_2`", "`light.bedroom`"]]
    assert told["unknown"] == r"Old \*wall\*"


async def test_nothing_in_the_tables(
    hass: HomeAssistant,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    repair: Dialog,
    simulator: Simulator,
) -> None:
    """Where nothing changes, nothing is listed."""
    registry = er.async_get(hass)
    for entity_id in ("light.blind", "switch.porch", "sensor.plug_power"):
        registry.async_remove(entity_id)
    for device in all_devices(hass):
        if ("tellduslive", "_50") in device.identifiers:
            dr.async_get(hass).async_remove_device(device.id)
    # So that the list of ours lacks one of them.
    registry.async_remove("switch.outlet_2")
    step = await repair.watch(await repair.begin(the_issue(loaded)))
    told = step["description_placeholders"]
    for name in ("replaced", "kept", "merged", "leaving"):
        assert rows(told[name]) == [["–", "–", "–"]], name


# When it cannot be


async def test_still_waiting(
    hass: HomeAssistant,
    core: MockConfigEntry,
    entry: MockConfigEntry,
    repair: Dialog,
    simulator: Simulator,
    time: Time,
) -> None:
    """While it is not known what there is, the person waits, also for a failed list."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/sensors/list", times=1)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    step = await repair.begin(the_issue(entry))
    assert (step["type"], step["progress_action"]) == ("progress", "read_lists")
    await time.move(60)
    assert (await repair.look())["type"] == "progress"
    await time.move(100)
    step = await repair.look()
    assert step["step_id"] == "review"


async def test_failure(
    hass: HomeAssistant,
    lived_in: MockConfigEntry,
    loaded: MockConfigEntry,
    repair: Dialog,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The person is told, and the log tells why."""
    await repair.watch(await repair.begin(the_issue(loaded)))

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(er.EntityRegistry, "async_update_entity_platform", fail)
    step = await repair.watch(await repair.submit())
    assert (step["type"], step["reason"]) == ("abort", "move_failed")
    (record,) = [
        one
        for one in caplog.records
        if one.levelno >= logging.ERROR and DOMAIN in one.name
    ]
    assert record.exc_info
    assert "broken" in str(record.exc_info[1])
    await time.move(15)
    assert lived_in.state is ConfigEntryState.LOADED
    assert issues(hass) == {"tellduslive_active"}


async def test_running_both_again(
    hass: HomeAssistant,
    lived_in: MockConfigEntry,
    loaded: MockConfigEntry,
    repair: Dialog,
    time: Time,
) -> None:
    """Whoever enables core's entry after all is not led to lose what was taken over."""
    await take_over(hass, lived_in, loaded, time)
    after = look(hass).of(loaded)
    enable = hass.config_entries.async_set_disabled_by(lived_in.entry_id, None)
    await time.until(enable)
    await time.move(15)
    step = await repair.begin(the_issue(loaded))
    assert (step["type"], step["step_id"]) == ("form", "stop_other")
    assert (await repair.submit())["type"] == "create_entry"
    assert lived_in.disabled_by is ConfigEntryDisabler.USER
    assert look(hass).of(loaded) == after


async def test_other_account(
    hass: HomeAssistant, loaded: MockConfigEntry, repair: Dialog, options: Dialog
) -> None:
    """What belongs to another account is left alone."""
    other = MockConfigEntry(domain="tellduslive", data={"session": {"token": "t"}})
    other.add_to_hass(hass)
    hass.config_entries.async_update_entry(other, title="Another")
    step = await repair.watch(await repair.begin(the_issue(loaded)))
    assert (step["type"], step["reason"]) == ("abort", "nothing_to_take_over")
    await options.begin({"handler": loaded.entry_id})
    step = await options.watch(await options.submit(next_step_id="take_over"))
    assert (step["type"], step["reason"]) == ("abort", "nothing_to_take_over")


async def test_not_running(
    hass: HomeAssistant,
    lived_in: MockConfigEntry,
    loaded: MockConfigEntry,
    repair: Dialog,
    options: Dialog,
    time: Time,
) -> None:
    """An account that is not loaded, or gone, takes nothing over."""
    await repair.watch(await repair.begin(the_issue(loaded)))
    await options.begin({"handler": loaded.entry_id})
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    assert (await repair.submit())["reason"] == "not_running"
    step = await options.submit(next_step_id="take_over")
    assert (step["type"], step["reason"]) == ("abort", "not_running")


async def test_no_way_back(
    hass: HomeAssistant,
    lived_in: MockConfigEntry,
    loaded: MockConfigEntry,
    options: Dialog,
    time: Time,
) -> None:
    """Core's entry is deleted while the way back is on offer."""
    await take_over(hass, lived_in, loaded, time)
    await options.begin({"handler": loaded.entry_id})
    await time.until(hass.config_entries.async_remove(lived_in.entry_id))
    step = await options.submit(next_step_id="go_back")
    assert (step["type"], step["reason"]) == ("abort", "no_way_back")


# After signing in


async def signed_in(person: Person, server_url: str) -> Step:
    """Sign in for the first time; return how that ended."""
    await person.begin()
    await person.submit(keys(server_url))
    done = await person.sign_in(await person.choose("authorize"))
    assert done["type"] == "create_entry"
    return done


async def follow(person: Person, done: Step) -> Step:
    """Follow the offer until all is known; return what is shown then."""
    kind, person.flow_id = done["next_flow"]
    assert kind == "options_flow"
    step = await look_at(person)
    assert (step["type"], step["progress_action"]) == ("progress", "read_lists")
    await person.time.move(45)
    return await look_at(person)


async def look_at(person: Person) -> Step:
    """Look at the dialog of the options."""
    return await person._call("get", f"{OPTIONS}/{person.flow_id}", None)  # noqa: SLF001


async def test_offer(
    hass: HomeAssistant, person: Person, core: MockConfigEntry, server_url: str
) -> None:
    """Whoever signs in and has core's integration is offered to take over."""
    step = await follow(person, await signed_in(person, server_url))
    assert (step["type"], step["step_id"]) == ("form", "review")
    assert step["description_placeholders"]["entities"] == "6"
    step = await person.submit(tab=OPTIONS)
    assert (step["type"], step["progress_action"]) == ("progress", "move")
    await person.time.move(45)
    assert (await look_at(person))["type"] == "create_entry"
    assert core.disabled_by is ConfigEntryDisabler.USER
    assert state_of(hass, "light.lamp_1").state == "on"


async def test_offer_begun_anew(
    hass: HomeAssistant, person: Person, core: MockConfigEntry, server_url: str
) -> None:
    """A frontend that begins anew, in place of going on, is at the offer all the same."""
    entry_id = (await signed_in(person, server_url))["result"]["entry_id"]
    step = await person._call("post", OPTIONS, {"handler": entry_id})  # noqa: SLF001
    assert (step["type"], step["progress_action"]) == ("progress", "read_lists")
    # What was waiting goes with it.
    assert len(hass.config_entries.options.async_progress()) == 2
    hass.config_entries.options.async_abort(step["flow_id"])
    assert not hass.config_entries.options.async_progress()


def test_rows() -> None:
    """What somebody uses comes first, in the order in which it was."""
    unused, used, also = ("–", "`a`"), ("Evening", "`b`"), ("Morning", "`c`")
    lines = _rows([unused, used, also]).splitlines()
    assert lines == ["| Evening | `b` |", "| Morning | `c` |", "| – | `a` |"]


async def test_offer_of_nothing(
    hass: HomeAssistant, person: Person, server_url: str
) -> None:
    """Where core's entry is another account's, nobody is troubled."""
    other = MockConfigEntry(domain="tellduslive", data={"session": {"token": "t"}})
    other.add_to_hass(hass)
    step = await follow(person, await signed_in(person, server_url))
    assert step["type"] == "create_entry"
    assert other.disabled_by is None


async def test_no_offer(
    hass: HomeAssistant, person: Person, simulator: Simulator, server_url: str
) -> None:
    """What cannot be reached yet takes nothing over; the repair comes later."""
    MockConfigEntry(domain="tellduslive", data={"session": {}}).add_to_hass(hass)
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/devices/list", times=1)
    assert "next_flow" not in await signed_in(person, server_url)
    assert not hass.config_entries.options.async_progress()


async def test_unloaded_while_waiting(
    hass: HomeAssistant,
    core: MockConfigEntry,
    entry: MockConfigEntry,
    repair: Dialog,
    time: Time,
) -> None:
    """An account that is unloaded while somebody waits for it ends the dialog."""
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    step = await repair.begin(the_issue(entry))
    assert step["type"] == "progress"
    await time.until(hass.config_entries.async_unload(entry.entry_id))
    step = await repair.watch(step)
    assert (step["type"], step["reason"]) == ("abort", "not_running")
