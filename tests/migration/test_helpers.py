"""Helpers beside core's integration, "Change device type of a switch" above all."""

from collections.abc import Awaitable, Callable

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.telldus_pa
from custom_components.telldus_pa.migration.move import (
    MigrationError,
    async_revert,
    async_take_over,
)
from custom_components.telldus_pa.migration.plan import make_plan
from custom_components.telldus_pa.migration.summary import async_summarize
from homeassistant.components.homeassistant import exposed_entities
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, entity_registry as er
from homeassistant.setup import async_setup_component
from tests.conftest import Time
from tests.helpers import state_of

from .conftest import break_nth, snapshot, take_over

type Wrap = Callable[[str, str], Awaitable[MockConfigEntry]]


@pytest.fixture
async def wrap(hass: HomeAssistant, time: Time) -> Wrap:
    """Return what changes the device type of a switch, as the dialog of a switch does."""
    assert await async_setup_component(hass, "homeassistant", {})

    async def change(entity_id: str, domain: str) -> MockConfigEntry:
        registry = er.async_get(hass)
        hider = er.RegistryEntryHider.INTEGRATION
        source = registry.async_update_entity(entity_id, hidden_by=hider)
        helper = MockConfigEntry(
            domain="switch_as_x",
            title=f"{entity_id} as {domain}",
            version=1,
            minor_version=3,
            options={"entity_id": source.id, "invert": False, "target_domain": domain},
        )
        helper.add_to_hass(hass)
        assert await hass.config_entries.async_setup(helper.entry_id)
        await time.settle()
        return helper

    return change


@pytest.fixture
async def porch(hass: HomeAssistant, core: MockConfigEntry, time: Time) -> str:
    """Return core's switch of a lamp, which assistants may use."""
    assert await async_setup_component(hass, "homeassistant", {})
    exposed_entities.async_expose_entity(hass, "conversation", "switch.porch", True)
    await time.settle()
    return "switch.porch"


def only_entity(hass: HomeAssistant, entry: MockConfigEntry) -> er.RegistryEntry:
    """Return the only entity of an entry."""
    (entity,) = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return entity


async def test_switch_as_light(
    hass: HomeAssistant,
    porch: str,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    wrap: Wrap,
    time: Time,
) -> None:
    """Where ours is a light, it takes the helper's place; the way back gives it back."""
    registry = er.async_get(hass)
    helper = await wrap(porch, "light")
    area = ar.async_get(hass).async_create("Porch").id
    old_id = only_entity(hass, helper).entity_id
    registry.async_update_entity(
        old_id, new_entity_id="light.evening", name="Evening", area_id=area
    )
    await time.settle()
    # Renamed, it has asked the switch again, from which it has taken that before.
    exposed_entities.async_expose_entity(hass, "conversation", "light.evening", True)
    before = snapshot(hass)
    summary, _ = await async_summarize(
        hass, loaded, make_plan(hass, loaded, core.entry_id)
    )
    title = r"switch\.porch as light"
    assert summary["helpers"] == f", {title}"
    assert title not in summary["used"]

    await take_over(hass, core, loaded, time)
    ours = registry.async_get("light.evening")
    assert ours
    assert (ours.platform, ours.name, ours.area_id) == ("telldus_pa", "Evening", area)
    assert ours.hidden_by is None
    assert ours.options["conversation"] == {"should_expose": True}
    assert "switch_as_x" not in ours.options
    assert state_of(hass, "light.evening").state in ("on", "off")
    assert helper.disabled_by is ConfigEntryDisabler.USER
    assert only_entity(hass, helper).entity_id == "light.evening_2"

    await time.until(async_revert(hass, loaded))
    await time.move(45)
    assert snapshot(hass).of(helper).entities == before.of(helper).entities
    assert snapshot(hass).of(core).entities == before.of(core).entities
    assert helper.state is ConfigEntryState.LOADED
    assert state_of(hass, "light.evening").state in ("on", "off")

    # And there again.
    await time.until(hass.config_entries.async_set_disabled_by(loaded.entry_id, None))
    await time.move(45)
    await take_over(hass, core, loaded, time)
    ours = registry.async_get("light.evening")
    assert ours
    assert ours.platform == "telldus_pa"


@pytest.mark.parametrize("is_given", [True, False])
async def test_entity_id_given_to_another_since(
    hass: HomeAssistant,
    porch: str,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    wrap: Wrap,
    time: Time,
    *,
    is_given: bool,
) -> None:
    """On the way back a helper has its entity id, unless that is somebody else's by now."""
    registry = er.async_get(hass)
    helper = await wrap(porch, "light")
    shown = only_entity(hass, helper).entity_id
    await take_over(hass, core, loaded, time)
    registry.async_update_entity(shown, new_entity_id="light.ours")
    await time.settle()
    if is_given:
        registry.async_get_or_create(
            "light", "other", "1", suggested_object_id=shown.partition(".")[2]
        )
    await time.until(async_revert(hass, loaded))
    holder = registry.async_get(shown)
    assert holder
    assert holder.platform == ("other" if is_given else "switch_as_x")
    assert helper.state is ConfigEntryState.LOADED


async def test_helper_deleted_since(
    hass: HomeAssistant,
    porch: str,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    wrap: Wrap,
    time: Time,
) -> None:
    """A helper that nobody needs any more may go, and so may ours afterwards."""
    helper = await wrap(porch, "light")
    await take_over(hass, core, loaded, time)
    assert await time.until(hass.config_entries.async_remove(helper.entry_id))
    await time.until(async_revert(hass, loaded))
    assert core.state is ConfigEntryState.LOADED


async def test_failure_with_a_helper(
    hass: HomeAssistant,
    porch: str,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    wrap: Wrap,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever goes wrong, the helper is as it was as well."""
    helper = await wrap(porch, "light")
    before = snapshot(hass)
    with monkeypatch.context() as patch:
        break_nth(patch, custom_components.telldus_pa, "async_setup_entry", 1)
        with pytest.raises(MigrationError):
            await time.until(async_take_over(hass, loaded, core.entry_id))
    await time.move(45)
    assert snapshot(hass) == before
    assert (helper.disabled_by, helper.state) == (None, ConfigEntryState.LOADED)


async def test_ours_is_removed(
    hass: HomeAssistant,
    porch: str,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    wrap: Wrap,
    time: Time,
) -> None:
    """Whoever deletes ours has the helper back, under its entity id."""
    helper = await wrap(porch, "light")
    shown = only_entity(hass, helper).entity_id
    await take_over(hass, core, loaded, time)
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    assert only_entity(hass, helper).entity_id == shown
    assert helper.disabled_by is None


async def test_helper_without_an_entity(
    hass: HomeAssistant, porch: str, core: MockConfigEntry, loaded: MockConfigEntry
) -> None:
    """A helper that was never set up shows nothing whose place could be taken."""
    options = {"entity_id": porch, "invert": False, "target_domain": "light"}
    MockConfigEntry(domain="switch_as_x", options=options).add_to_hass(hass)
    plan = make_plan(hass, loaded, core.entry_id)
    assert {migration.helper_id for migration in plan.entities} == {None}


@pytest.mark.parametrize("domain", ["fan", "lock"])
async def test_switch_as_something_else(
    hass: HomeAssistant,
    porch: str,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    wrap: Wrap,
    time: Time,
    domain: str,
) -> None:
    """A helper that ours cannot replace is named; ours is neither hidden nor silenced."""
    helper = await wrap(porch, domain)
    source = er.async_get(hass).async_get(porch)
    assert source
    # The helper's doing, both of it.
    assert source.hidden_by is er.RegistryEntryHider.INTEGRATION
    assert source.options["conversation"]["should_expose"] is False
    summary, _ = await async_summarize(
        hass, loaded, make_plan(hass, loaded, core.entry_id)
    )
    title = rf"switch\.porch as {domain}"
    assert summary["used"] == f"\n- {title}: `{porch}` → `light.porch`"
    assert summary["helpers"] == ""
    await take_over(hass, core, loaded, time)
    ours = er.async_get(hass).async_get("light.porch")
    assert ours
    assert ours.hidden_by is None
    assert "conversation" not in ours.options
    assert helper.disabled_by is None
    # With core's entity it goes by itself.
    await time.until(hass.config_entries.async_remove(core.entry_id))
    await time.settle()
    assert not hass.config_entries.async_entries("switch_as_x")


async def test_switch_that_stays_one(
    hass: HomeAssistant,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    wrap: Wrap,
    time: Time,
) -> None:
    """What stays a switch keeps its helper, which is not named: nothing changes for it."""
    helper = await wrap("switch.outlet", "light")
    shown = only_entity(hass, helper).entity_id
    summary, _ = await async_summarize(
        hass, loaded, make_plan(hass, loaded, core.entry_id)
    )
    assert "outlet" not in summary["helpers"] + summary["used"]
    await take_over(hass, core, loaded, time)
    assert helper.state is ConfigEntryState.LOADED
    assert state_of(hass, shown).state == state_of(hass, "switch.outlet").state
    source = er.async_get(hass).async_get("switch.outlet")
    assert source
    assert source.hidden_by is er.RegistryEntryHider.INTEGRATION


@pytest.mark.parametrize(
    ("hider", "stays"),
    [(er.RegistryEntryHider.USER, True), (er.RegistryEntryHider.INTEGRATION, False)],
)
async def test_hidden(
    hass: HomeAssistant,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    hider: er.RegistryEntryHider,
    stays: bool,
) -> None:
    """What a person has hidden stays hidden; what a group hides is not ours."""
    registry = er.async_get(hass)
    registry.async_update_entity("light.blind", hidden_by=hider)
    group = MockConfigEntry(
        domain="group",
        title="All blinds",
        options={"entities": ["light.blind"], "group_type": "light"},
    )
    group.add_to_hass(hass)
    bridge = MockConfigEntry(
        domain="homekit", title="Bridge", data={"of": "{{ states.light.blind.state }}"}
    )
    bridge.add_to_hass(hass)
    summary, _ = await async_summarize(
        hass, loaded, make_plan(hass, loaded, core.entry_id)
    )
    assert summary["used"] == "\n- All blinds: `light.blind` → `cover.blind`"
    await take_over(hass, core, loaded, time)
    ours = registry.async_get("cover.blind")
    assert ours
    assert ours.hidden_by is (hider if stays else None)
