"""Taking over from the real integration of Home Assistant, and going back."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import attr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.telldus_pa
from custom_components.telldus_pa.account.storage import StorageKey
from custom_components.telldus_pa.migration.move import (
    MigrationError,
    async_revert,
    async_take_over,
    async_taken_over_from,
)
from custom_components.telldus_pa.migration.plan import make_plan
from homeassistant.config_entries import (
    ConfigEntries,
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.const import MAJOR_VERSION, MINOR_VERSION, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.storage import Store
from simulator import Simulator
from simulator.methods import Method
from tests.conftest import Time
from tests.helpers import state_of

from .conftest import Seen, device_of, look, take_over

# What a person has chosen, or what refers to an entity.
CHOSEN = (
    "id",
    "name",
    "icon",
    "area_id",
    "labels",
    "aliases",
    "categories",
    "hidden_by",
    "disabled_by",
    "options",
    "device_class",
    "created_at",
)
CHOSEN_OF_DEVICE = ("name_by_user", "area_id", "labels", "disabled_by", "created_at")
MOVED = (
    "light.bedroom",
    "sensor.garden_humidity",
    "sensor.garden_temperature",
    "sensor.plug_power_2",
    "switch.outlet",
    "switch.plug",
)


def the_same(
    before: dict[str, Any], after: dict[str, Any], names: Iterable[str]
) -> None:
    """Compare what is named of two rows."""
    assert chosen(before, names) == chosen(after, names)


def chosen(row: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return what is named of a row, without what an integration suggests."""
    found = {name: row[name] for name in names}
    if "options" in found:
        sensor = {**found["options"].get("sensor", {})}
        sensor.pop("suggested_display_precision", None)
        found["options"] = {**found["options"], "sensor": sensor}
    return found


async def assert_automations_work(
    hass: HomeAssistant, simulator: Simulator, time: Time
) -> None:
    """Assert that both automations turn off the lamp, by its entity and by its device."""
    for event in ("by_entity", "by_device"):
        simulator.home.devices["1"].state = Method.TURNON
        await time.move(61)
        assert state_of(hass, "light.bedroom").state == "on"
        hass.bus.async_fire(event)
        await time.move(15)
        assert simulator.home.devices["1"].state == Method.TURNOFF


async def test_taking_over(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """What moves keeps everything, and what refers to it goes on working."""
    before = look(hass)
    washer = device_of(hass, "sensor.plug_power_2")
    await take_over(hass, automated, loaded, time)
    after = look(hass)
    assert automated.disabled_by is ConfigEntryDisabler.USER
    assert loaded.state is ConfigEntryState.LOADED
    for entity_id in MOVED:
        was, now = before.entities[entity_id], after.entities[entity_id]
        the_same(was, now, CHOSEN)
        assert now["config_entry_id"] == loaded.entry_id
        # The plug's two devices are one.
        plug = entity_id in ("switch.plug", "sensor.plug_power_2")
        assert now["device_id"] == (washer if plug else was["device_id"])
    for device_id, was in before.of(automated).devices.items():
        now = after.devices[device_id]
        if was["name"] != "Plug":
            assert now["config_entry_id"] == loaded.entry_id
            the_same(was, now, CHOSEN_OF_DEVICE)
    # Nothing is there twice, and nobody's entities are lost.
    assert not {one for one in after.entities if one.endswith(("_2", "_3"))} - {
        "sensor.plug_power_2"
    }
    assert (
        device_of(hass, "binary_sensor.house_connectivity")
        in before.of(automated).devices
    )
    assert state_of(hass, "sensor.plug_power_2").state == "40.0"
    assert state_of(hass, "sensor.garden_temperature").state == "7.5"
    await assert_automations_work(hass, simulator, time)


async def test_two_devices_become_one(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """The one that an automation names survives, with what was chosen for the other."""
    before = look(hass).of(automated)
    plug = device_of(hass, "switch.plug")
    washer = device_of(hass, "sensor.plug_power_2")
    await take_over(hass, automated, loaded, time)
    after = look(hass)
    assert after.devices[washer]["name_by_user"] == "Washer"
    assert sorted(after.devices[washer]["labels"]) == sorted(
        before.devices[washer]["labels"] + before.devices[plug]["labels"]
    )
    assert after.devices[washer]["area_id"] == before.devices[washer]["area_id"]
    assert after.devices[plug]["config_entry_id"] == automated.entry_id
    assert device_of(hass, "sensor.plug_energy") == washer


async def test_other_platforms(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """What another platform shows gets the same name and the rest; theirs stays theirs."""
    before = look(hass)
    await take_over(hass, automated, loaded, time)
    after = look(hass)
    for theirs, ours in (
        ("light.blind", "cover.blind"),
        ("switch.veranda", "light.veranda"),
    ):
        was, now = before.entities[theirs], after.entities[ours]
        the_same(
            was, now, set(CHOSEN) - {"id", "options", "device_class", "created_at"}
        )
        assert now["options"]["conversation"] == {"should_expose": True}
        assert "light" not in now["options"]
        assert now["device_id"] == was["device_id"]
        assert after.entities[theirs]["config_entry_id"] == automated.entry_id
        assert after.entities[theirs]["disabled_by"]


async def test_entity_id_that_is_taken(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """Ours keeps its own where something else has what it would get."""
    er.async_get(hass).async_get_or_create(
        "light", "other", "1", suggested_object_id="veranda"
    )
    await take_over(hass, automated, loaded, time)
    after = look(hass).entities
    assert after["light.porch"]["name"] == "My porch"
    assert after["light.veranda"]["platform"] == "other"


@pytest.mark.skipif(
    (MAJOR_VERSION, MINOR_VERSION) < (2026, 10),
    reason="an entity without a name may have an area there",
)
@pytest.mark.parametrize("own", [False, True])
async def test_area_without_a_name(
    hass: HomeAssistant,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    *,
    own: bool,
) -> None:
    """An area that an entity may not have any more is its device's, if that has none."""
    registry, devices = er.async_get(hass), dr.async_get(hass)
    areas = ar.async_get(hass)
    kitchen, hall = (areas.async_create(name).id for name in ("Kitchen", "Hall"))
    blind = registry.entities["light.blind"]
    registry.entities["light.blind"] = attr.evolve(blind, area_id=kitchen)
    device_id = device_of(hass, "light.blind")
    if own:
        devices.async_update_device(device_id, area_id=hall)
    before = look(hass)
    with monkeypatch.context() as patch:
        break_nth(patch, custom_components.telldus_pa, "async_setup_entry", 1)
        plan = make_plan(hass, loaded, core.entry_id)
        with pytest.raises(MigrationError):
            await time.until(async_take_over(hass, loaded, plan))
    await time.move(45)
    assert look(hass) == before
    await take_over(hass, core, loaded, time)
    assert look(hass).entities["cover.blind"]["area_id"] is None
    assert look(hass).devices[device_id]["area_id"] == (hall if own else kitchen)


async def test_wrong_unit(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """What was shown in a wrong unit begins anew, and its statistics stay as they are."""
    await take_over(hass, automated, loaded, time)
    after = look(hass).entities
    assert after["sensor.plug_power"]["config_entry_id"] == automated.entry_id
    energy = state_of(hass, "sensor.plug_energy")
    assert (energy.state, energy.attributes["unit_of_measurement"]) == ("12.5", "kWh")


# Failures


def break_nth(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int
) -> list[int]:
    """Have the nth call of something fail; return what counts the calls."""
    really: Callable[..., Any] = getattr(owner, name)
    calls = [0]

    def instead(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            raise RuntimeError("broken")
        return really(*args, **kwargs)

    monkeypatch.setattr(owner, name, instead)
    return calls


async def unchanged(
    hass: HomeAssistant,
    before: Seen,
    core: MockConfigEntry,
    entry: MockConfigEntry,
    time: Time,
) -> None:
    """See that all is as it was, and that both run."""
    await time.move(45)
    assert look(hass) == before
    for one in (core, entry):
        assert one.disabled_by is None
        assert one.state is ConfigEntryState.LOADED
    assert state_of(hass, "light.bedroom").state == "on"
    assert state_of(hass, "light.lamp_1_2").state == "on"
    assert await async_taken_over_from(hass, entry) is None


@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [
        *((er.EntityRegistry, "async_update_entity_platform", n) for n in (1, 4, 6)),
        *((er.EntityRegistry, "async_remove", n) for n in (1, 6)),
        *((er.EntityRegistry, "async_update_entity", n) for n in (1, 5, 9)),
        *((er.EntityRegistry, "async_update_entity_options", n) for n in (1, 2)),
        *((dr.DeviceRegistry, "async_update_device", n) for n in (1, 2, 7, 14)),
        (ConfigEntries, "async_set_disabled_by", 1),
        (custom_components.telldus_pa, "async_setup_entry", 1),
    ],
)
async def test_failure(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    call: int,
) -> None:
    """Whatever goes wrong, all is as it was, and it works the next time."""
    before = look(hass)
    plan = make_plan(hass, loaded, automated.entry_id)
    calls = break_nth(monkeypatch, owner, name, call)
    with pytest.raises((RuntimeError, MigrationError)):
        await time.until(async_take_over(hass, loaded, plan))
    assert calls[0] >= call
    await unchanged(hass, before, automated, loaded, time)
    await take_over(hass, automated, loaded, time)
    assert automated.disabled_by


async def test_record_cannot_be_written(
    hass: HomeAssistant,
    lived_in: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a record there would be no way back."""
    before = look(hass)
    plan = make_plan(hass, loaded, lived_in.entry_id)
    really = Store.async_save

    async def save(store: Store[Any], data: Any) -> None:
        if StorageKey.TAKEOVER in store.key:
            raise OSError("the disk is full")
        await really(store, data)

    monkeypatch.setattr(Store, "async_save", save)
    with pytest.raises(OSError, match="full"):
        await time.until(async_take_over(hass, loaded, plan))
    await unchanged(hass, before, lived_in, loaded, time)


async def test_failure_when_ours_runs(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ours is stopped once more: what is loaded cannot go back."""
    before = look(hass)
    plan = make_plan(hass, loaded, automated.entry_id)
    really = ConfigEntries.async_setup

    async def fail(entries: ConfigEntries, entry_id: str, **reload: bool) -> bool:
        done = await really(entries, entry_id, **reload)
        if not reload:
            raise RuntimeError("broken")
        return done

    with monkeypatch.context() as patch:
        patch.setattr(ConfigEntries, "async_setup", fail)
        with pytest.raises(RuntimeError):
            await time.until(async_take_over(hass, loaded, plan))
    await unchanged(hass, before, automated, loaded, time)


async def test_cancelled(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
) -> None:
    """Whoever closes the dialog on the way is left with what they had."""
    before = look(hass)
    plan = make_plan(hass, loaded, automated.entry_id)
    task = hass.async_create_task(async_take_over(hass, loaded, plan))
    for _ in range(1000):
        if loaded.state is ConfigEntryState.SETUP_IN_PROGRESS:
            break
        await asyncio.sleep(0)
    assert automated.disabled_by
    task.cancel()
    await time.move(45)
    assert task.cancelled()
    await unchanged(hass, before, automated, loaded, time)


async def test_core_forgets_its_platforms(
    hass: HomeAssistant,
    lived_in: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it leaves loaded, as Home Assistant 2026.8's own does, is unloaded for it."""
    unload = hass.config_entries.async_unload_platforms

    async def forget(
        entry: ConfigEntry[Any], platforms: Iterable[Platform | str]
    ) -> bool:
        """Unload the platforms, but for those of Home Assistant's own integration."""
        return entry.domain == "tellduslive" or await unload(entry, platforms)

    monkeypatch.setattr(hass.config_entries, "async_unload_platforms", forget)
    await take_over(hass, lived_in, loaded, time)
    row = er.async_get(hass).async_get("light.bedroom")
    assert row is not None
    assert row.platform == "telldus_pa"
    assert state_of(hass, "light.bedroom").state != "unavailable"


async def test_core_cannot_be_stopped(
    hass: HomeAssistant,
    lived_in: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is begun while the other one cannot be stopped."""
    before = look(hass)
    plan = make_plan(hass, loaded, lived_in.entry_id)

    async def refuse(*args: Any, **kwargs: Any) -> bool:
        return False

    monkeypatch.setattr(ConfigEntries, "async_unload", refuse)
    with pytest.raises(MigrationError):
        await time.until(async_take_over(hass, loaded, plan))
    monkeypatch.undo()
    await unchanged(hass, before, lived_in, loaded, time)


# Going back


async def test_going_back(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """Everything of theirs is as it was, but for what was chosen since."""
    before = look(hass).of(automated)
    await take_over(hass, automated, loaded, time)
    assert await async_taken_over_from(hass, loaded) is automated
    er.async_get(hass).async_update_entity("switch.outlet", icon="mdi:power")
    blind = device_of(hass, "cover.blind")
    dr.async_get(hass).async_update_device(blind, name_by_user="Sun")
    await time.until(async_revert(hass, loaded))
    await time.move(45)
    before.entities["switch.outlet"]["icon"] = "mdi:power"
    before.devices[blind]["name_by_user"] = "Sun"
    assert look(hass).of(automated) == before
    assert automated.state is ConfigEntryState.LOADED
    assert loaded.disabled_by is ConfigEntryDisabler.USER
    assert state_of(hass, "light.bedroom").state == "on"
    assert await async_taken_over_from(hass, loaded) is None
    await assert_automations_work(hass, simulator, time)


async def test_what_was_chosen_since(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """What a device was given by another goes, unless somebody has changed it."""
    washer = device_of(hass, "sensor.plug_power_2")
    before = look(hass).devices[washer]
    await take_over(hass, automated, loaded, time)
    dr.async_get(hass).async_update_device(washer, name_by_user="Dryer")
    await time.until(async_revert(hass, loaded))
    after = look(hass).devices[washer]
    assert after["name_by_user"] == "Dryer"
    assert after["labels"] == before["labels"]


async def test_there_and_back_and_there_again(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """Whoever goes back may come again, and finds all as it was the first time."""
    await take_over(hass, automated, loaded, time)
    first = look(hass)
    await time.until(async_revert(hass, loaded))
    await time.until(hass.config_entries.async_set_disabled_by(loaded.entry_id, None))
    await time.move(45)
    await take_over(hass, automated, loaded, time)
    assert look(hass) == first


async def test_going_back_after_both_ran(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
) -> None:
    """What core has made anew meanwhile makes room for what it had."""
    before = look(hass).of(automated)
    await take_over(hass, automated, loaded, time)
    enable = hass.config_entries.async_set_disabled_by(automated.entry_id, None)
    await time.until(enable)
    await time.move(45)
    assert "switch.outlet_2" in look(hass).of(automated).entities
    await time.until(async_revert(hass, loaded))
    await time.move(45)
    after = look(hass).of(automated)
    assert after.entities == before.entities
    assert after.devices.keys() == before.devices.keys()


@pytest.mark.parametrize(
    ("owner", "name", "call"),
    [
        (er.EntityRegistry, "async_update_entity_platform", 3),
        (dr.DeviceRegistry, "async_update_device", 3),
        (ConfigEntries, "async_set_disabled_by", 1),
        (ConfigEntries, "async_set_disabled_by", 2),
    ],
)
async def test_going_back_fails(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    call: int,
) -> None:
    """Then ours goes on, and the way back stays open."""
    await take_over(hass, automated, loaded, time)
    before = look(hass)
    break_nth(monkeypatch, owner, name, call)
    with pytest.raises(RuntimeError):
        await time.until(async_revert(hass, loaded))
    await time.move(45)
    assert look(hass) == before
    assert automated.disabled_by is ConfigEntryDisabler.USER
    assert loaded.disabled_by is None
    assert loaded.state is ConfigEntryState.LOADED
    assert await async_taken_over_from(hass, loaded) is automated


async def test_what_is_gone_on_the_way_back(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """What was deleted meanwhile comes back as something new."""
    plug = device_of(hass, "switch.plug")
    garden = device_of(hass, "sensor.garden_temperature")
    await take_over(hass, automated, loaded, time)
    for entity_id in ("switch.outlet", "sensor.plug_power"):
        er.async_get(hass).async_remove(entity_id)
    for device_id in (plug, garden):
        dr.async_get(hass).async_remove_device(device_id)
    await time.until(async_revert(hass, loaded))
    await time.move(45)
    assert state_of(hass, "switch.outlet").state == "on"
    assert state_of(hass, "switch.plug").state == "on"
    assert state_of(hass, "sensor.garden_temperature").state == "7.5"


async def test_core_is_gone(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """Whoever deletes core's entry cannot go back, and loses nothing of ours."""
    await take_over(hass, automated, loaded, time)
    before = look(hass).of(loaded)
    await time.until(hass.config_entries.async_remove(automated.entry_id))
    assert await async_taken_over_from(hass, loaded) is None
    with pytest.raises(MigrationError):
        await time.until(async_revert(hass, loaded))
    assert look(hass).of(loaded) == before
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    assert not look(hass).entities.keys() & set(MOVED)


async def test_ours_is_removed(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """Whoever deletes ours gives everything back, to an entry that waits to be enabled."""
    before = look(hass).of(automated)
    await take_over(hass, automated, loaded, time)
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    assert look(hass).of(automated).entities.keys() == before.entities.keys()
    enable = hass.config_entries.async_set_disabled_by(automated.entry_id, None)
    await time.until(enable)
    await time.move(15)
    assert look(hass).of(automated).entities == before.entities
    assert state_of(hass, "light.bedroom").state == "on"


async def test_ours_is_removed_while_both_run(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """Then core's starts anew with what it has got back."""
    before = look(hass).of(automated)
    await take_over(hass, automated, loaded, time)
    enable = hass.config_entries.async_set_disabled_by(automated.entry_id, None)
    await time.until(enable)
    await time.move(15)
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    await time.move(15)
    after = look(hass).of(automated)
    assert after.entities == before.entities
    assert after.devices.keys() == before.devices.keys()
    assert state_of(hass, "light.bedroom").state == "on"


async def test_core_is_disabled_already(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """What a person had disabled before is taken over all the same."""
    before = look(hass)
    disable = hass.config_entries.async_set_disabled_by(
        automated.entry_id, ConfigEntryDisabler.USER
    )
    await time.until(disable)
    await take_over(hass, automated, loaded, time)
    after = look(hass)
    for entity_id in MOVED:
        the_same(before.entities[entity_id], after.entities[entity_id], CHOSEN)
    assert state_of(hass, "light.bedroom").state == "on"
