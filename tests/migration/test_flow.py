"""The dialogs for taking over and going back, over Home Assistant's own REST API."""

from collections.abc import Callable
import logging
import sys
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import DOMAIN
from custom_components.telldus_pa.migration.move import (
    MigrationError,
    async_revert,
    async_take_over,
    async_taken_over_from,
)
from homeassistant.config_entries import (
    ConfigEntries,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import Fault, Simulator
from tests.conftest import Time
from tests.flow_user import OPTIONS, FlowUser as Person, keys
from tests.helpers import issues, state_of

from .conftest import Dialog, snapshot, take_over, the_issue

type Step = dict[str, Any]


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
    before = snapshot(hass).of(automated)
    handler = {"handler": loaded.entry_id}
    menu = await options.begin(handler)
    assert menu["menu_options"] == ["settings", "import_history", "take_over"]
    form = await options.submit(next_step_id="settings")
    assert form["step_id"] == "settings"
    await options.begin(handler)
    step = await options.watch(await options.submit(next_step_id="take_over"))
    assert step["step_id"] == "review"
    settings = {**loaded.options}
    done = await options.watch(await options.submit())
    assert done["type"] == "create_entry"
    assert {**loaded.options} == settings
    await time.move(45)
    menu = await options.begin(handler)
    assert menu["menu_options"] == ["settings", "import_history", "go_back"]
    confirm = await options.submit(next_step_id="go_back")
    assert (confirm["type"], confirm["step_id"]) == ("form", "go_back")
    done = await options.watch(await options.submit())
    assert done["type"] == "create_entry"
    await time.move(45)
    assert snapshot(hass).of(automated).entities == before.entities
    assert loaded.disabled_by is ConfigEntryDisabler.USER


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
    customized: MockConfigEntry,
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
    assert customized.state is ConfigEntryState.LOADED
    assert issues(hass) == {"tellduslive_active"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [("async_unload", "cannot_stop"), ("async_setup", "cannot_start")],
)
async def test_failure_that_has_a_name(
    hass: HomeAssistant,
    customized: MockConfigEntry,
    loaded: MockConfigEntry,
    repair: Dialog,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    reason: str,
) -> None:
    """The dialog ends with what is to be done, and names the entry that it is about."""
    await repair.watch(await repair.begin(the_issue(loaded)))

    async def fail(*args: Any, **kwargs: Any) -> bool:
        return False

    with monkeypatch.context() as patch:
        patch.setattr(ConfigEntries, name, fail)
        step = await repair.watch(await repair.submit())
    title = customized.title if reason == "cannot_stop" else loaded.title
    assert (step["type"], step["reason"]) == ("abort", reason)
    assert step["description_placeholders"] == {"name": title}


async def test_not_searched(
    hass: HomeAssistant,
    customized: MockConfigEntry,
    loaded: MockConfigEntry,
    repair: Dialog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where Home Assistant's internals have moved, the summary says so, and goes on."""
    monkeypatch.setitem(sys.modules, "homeassistant.components.search", None)
    step = await repair.watch(await repair.begin(the_issue(loaded)))
    assert (step["step_id"], step["errors"]) == ("review", {"base": "not_searched"})
    done = await repair.watch(await repair.submit())
    assert done["type"] == "create_entry"


async def test_running_both_again(
    hass: HomeAssistant,
    customized: MockConfigEntry,
    loaded: MockConfigEntry,
    repair: Dialog,
    time: Time,
) -> None:
    """Whoever enables core's entry after all is not led to lose what was taken over."""
    await take_over(hass, customized, loaded, time)
    after = snapshot(hass).of(loaded)
    enable = hass.config_entries.async_set_disabled_by(customized.entry_id, None)
    await time.until(enable)
    await time.move(15)
    step = await repair.begin(the_issue(loaded))
    assert (step["type"], step["step_id"]) == ("form", "stop_other")
    assert (await repair.submit())["type"] == "create_entry"
    assert customized.disabled_by is ConfigEntryDisabler.USER
    assert snapshot(hass).of(loaded) == after


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
    customized: MockConfigEntry,
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
    customized: MockConfigEntry,
    loaded: MockConfigEntry,
    options: Dialog,
    time: Time,
) -> None:
    """Core's entry is deleted while the way back is on offer."""
    await take_over(hass, customized, loaded, time)
    await options.begin({"handler": loaded.entry_id})
    await time.until(hass.config_entries.async_remove(customized.entry_id))
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
    return await person.request("get", f"{OPTIONS}/{person.flow_id}", None)


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
    step = await person.request("post", OPTIONS, {"handler": entry_id})
    assert (step["type"], step["progress_action"]) == ("progress", "read_lists")
    # What was waiting goes with it.
    assert len(hass.config_entries.options.async_progress()) == 2
    hass.config_entries.options.async_abort(step["flow_id"])
    assert not hass.config_entries.options.async_progress()


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


async def test_two_accounts_with_the_same_gateways(
    hass: HomeAssistant,
    customized: MockConfigEntry,
    loaded: MockConfigEntry,
    add_entry: Callable[..., MockConfigEntry],
    repair: Dialog,
    options: Dialog,
    time: Time,
) -> None:
    """One of them takes over, and that one goes back; the other one has no part in it."""
    other = add_entry(unique_id="another", title="Shared")
    await time.until(hass.config_entries.async_setup(other.entry_id))
    await time.move(60)
    before = snapshot(hass)
    await take_over(hass, customized, loaded, time)
    # To the other one nothing is left to take over, nor is there a way back for it.
    menu = await options.begin({"handler": other.entry_id})
    assert menu["menu_options"] == ["settings", "import_history", "take_over"]
    step = await options.watch(await options.submit(next_step_id="take_over"))
    assert (step["type"], step["reason"]) == ("abort", "nothing_to_take_over")
    with pytest.raises(MigrationError) as err:
        await time.until(async_take_over(hass, other, customized.entry_id))
    assert err.value.translation_key == "nothing_to_take_over"
    # While core's runs all the same, both are told, and both can stop it.
    enable = hass.config_entries.async_set_disabled_by(customized.entry_id, None)
    await time.until(enable)
    await time.move(15)
    step = await repair.begin(the_issue(other))
    assert (step["type"], step["step_id"]) == ("form", "stop_other")
    assert (await repair.submit())["type"] == "create_entry"
    assert customized.disabled_by is ConfigEntryDisabler.USER
    # The one goes back; then the other may take over.
    await time.until(async_revert(hass, loaded))
    await time.move(45)
    assert snapshot(hass).of(customized).entities == before.of(customized).entities
    assert snapshot(hass).of(other).entities == before.of(other).entities
    await take_over(hass, customized, other, time)
    assert (await async_taken_over_from(hass, other)) is customized
    assert (await async_taken_over_from(hass, loaded)) is None
