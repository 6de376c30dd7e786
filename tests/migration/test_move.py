"""Taking over from the real integration of Home Assistant, and going back."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

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
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulator import Simulator
from simulator.methods import Method
from tests.conftest import Time
from tests.helpers import state_of

from .conftest import assert_unchanged, break_nth, device_of, snapshot, take_over

# What must stay the same: what the user has set, and what refers to an entity.
KEPT_FIELDS = (
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
KEPT_DEVICE_FIELDS = ("name_by_user", "area_id", "labels", "disabled_by", "created_at")
MOVED = (
    "light.bedroom",
    "sensor.garden_humidity",
    "sensor.garden_temperature",
    "sensor.plug_power_2",
    "switch.outlet",
    "switch.plug",
)


def assert_same_fields(
    before: dict[str, Any], after: dict[str, Any], names: Iterable[str]
) -> None:
    """Compare what is named of two rows."""
    assert fields_of(before, names) == fields_of(after, names)


def fields_of(row: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
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
    before = snapshot(hass)
    washer = device_of(hass, "sensor.plug_power_2")
    await take_over(hass, automated, loaded, time)
    after = snapshot(hass)
    assert automated.disabled_by is ConfigEntryDisabler.USER
    assert loaded.state is ConfigEntryState.LOADED
    for entity_id in MOVED:
        was, now = before.entities[entity_id], after.entities[entity_id]
        assert_same_fields(was, now, KEPT_FIELDS)
        assert now["config_entry_id"] == loaded.entry_id
        # The plug's two devices are one.
        plug = entity_id in ("switch.plug", "sensor.plug_power_2")
        assert now["device_id"] == (washer if plug else was["device_id"])
    for device_id, was in before.of(automated).devices.items():
        now = after.devices[device_id]
        if was["name"] != "Plug":
            assert now["config_entry_id"] == loaded.entry_id
            assert_same_fields(was, now, KEPT_DEVICE_FIELDS)
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
    before = snapshot(hass).of(automated)
    plug = device_of(hass, "switch.plug")
    washer = device_of(hass, "sensor.plug_power_2")
    await take_over(hass, automated, loaded, time)
    after = snapshot(hass)
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
    before = snapshot(hass)
    await take_over(hass, automated, loaded, time)
    after = snapshot(hass)
    for theirs, ours in (
        ("light.blind", "cover.blind"),
        ("switch.veranda", "light.veranda"),
    ):
        was, now = before.entities[theirs], after.entities[ours]
        assert_same_fields(
            was, now, set(KEPT_FIELDS) - {"id", "options", "device_class", "created_at"}
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
    after = snapshot(hass).entities
    assert after["light.porch"]["name"] == "My porch"
    assert after["light.veranda"]["platform"] == "other"


async def test_wrong_unit(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """What was shown in a wrong unit begins anew, and its statistics stay as they are."""
    await take_over(hass, automated, loaded, time)
    after = snapshot(hass).entities
    assert after["sensor.plug_power"]["config_entry_id"] == automated.entry_id
    energy = state_of(hass, "sensor.plug_energy")
    assert (energy.state, energy.attributes["unit_of_measurement"]) == ("12.5", "kWh")


async def test_core_cannot_be_stopped(
    hass: HomeAssistant,
    customized: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is begun while the other one cannot be stopped."""
    before = snapshot(hass)

    async def refuse(*args: Any, **kwargs: Any) -> bool:
        return False

    monkeypatch.setattr(ConfigEntries, "async_unload", refuse)
    with pytest.raises(MigrationError):
        await time.until(async_take_over(hass, loaded, customized.entry_id))
    monkeypatch.undo()
    await assert_unchanged(hass, before, customized, loaded, time)


# Going back


async def test_going_back(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """Everything of theirs is as it was, but for what was chosen since."""
    before = snapshot(hass).of(automated)
    await take_over(hass, automated, loaded, time)
    assert await async_taken_over_from(hass, loaded) is automated
    er.async_get(hass).async_update_entity("switch.outlet", icon="mdi:power")
    blind = device_of(hass, "cover.blind")
    dr.async_get(hass).async_update_device(blind, name_by_user="Sun")
    await time.until(async_revert(hass, loaded))
    await time.move(45)
    before.entities["switch.outlet"]["icon"] = "mdi:power"
    before.devices[blind]["name_by_user"] = "Sun"
    assert snapshot(hass).of(automated) == before
    assert automated.state is ConfigEntryState.LOADED
    assert loaded.disabled_by is ConfigEntryDisabler.USER
    assert state_of(hass, "light.bedroom").state == "on"
    assert await async_taken_over_from(hass, loaded) is None
    await assert_automations_work(hass, simulator, time)


async def test_there_and_back_and_there_again(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """Whoever goes back may come again, and finds all as it was the first time."""
    await take_over(hass, automated, loaded, time)
    first = snapshot(hass)
    await time.until(async_revert(hass, loaded))
    await time.move(45)
    await time.until(hass.config_entries.async_set_disabled_by(loaded.entry_id, None))
    await time.move(45)
    await take_over(hass, automated, loaded, time)
    assert snapshot(hass) == first


async def test_going_back_after_both_ran(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
) -> None:
    """What core has made anew meanwhile makes room for what it had."""
    before = snapshot(hass).of(automated)
    await take_over(hass, automated, loaded, time)
    enable = hass.config_entries.async_set_disabled_by(automated.entry_id, None)
    await time.until(enable)
    await time.move(45)
    assert "switch.outlet_2" in snapshot(hass).of(automated).entities
    await time.until(async_revert(hass, loaded))
    await time.move(45)
    after = snapshot(hass).of(automated)
    assert after.entities == before.entities
    assert after.devices.keys() == before.devices.keys()


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
    before = snapshot(hass).of(loaded)
    await time.until(hass.config_entries.async_remove(automated.entry_id))
    assert await async_taken_over_from(hass, loaded) is None
    with pytest.raises(MigrationError):
        await time.until(async_revert(hass, loaded))
    assert snapshot(hass).of(loaded) == before
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    assert not snapshot(hass).entities.keys() & set(MOVED)


async def test_ours_is_removed(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """Whoever deletes ours gives everything back, to an entry that waits to be enabled."""
    before = snapshot(hass).of(automated)
    await take_over(hass, automated, loaded, time)
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    assert snapshot(hass).of(automated).entities.keys() == before.entities.keys()
    enable = hass.config_entries.async_set_disabled_by(automated.entry_id, None)
    await time.until(enable)
    await time.move(15)
    assert snapshot(hass).of(automated).entities == before.entities
    assert state_of(hass, "light.bedroom").state == "on"


async def test_ours_is_removed_while_both_run(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """Then core's starts anew with what it has got back."""
    before = snapshot(hass).of(automated)
    await take_over(hass, automated, loaded, time)
    enable = hass.config_entries.async_set_disabled_by(automated.entry_id, None)
    await time.until(enable)
    await time.move(15)
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    await time.move(15)
    after = snapshot(hass).of(automated)
    assert after.entities == before.entities
    assert after.devices.keys() == before.devices.keys()
    assert state_of(hass, "light.bedroom").state == "on"


async def test_core_is_disabled_already(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """What a person had disabled before is taken over all the same."""
    before = snapshot(hass)
    disable = hass.config_entries.async_set_disabled_by(
        automated.entry_id, ConfigEntryDisabler.USER
    )
    await time.until(disable)
    await take_over(hass, automated, loaded, time)
    after = snapshot(hass)
    for entity_id in MOVED:
        assert_same_fields(
            before.entities[entity_id], after.entities[entity_id], KEPT_FIELDS
        )
    assert state_of(hass, "light.bedroom").state == "on"


# What must not happen


# Home Assistant leaves the polls of an entry that says that it cannot be unloaded.
@pytest.mark.parametrize("expected_lingering_timers", [True])
@pytest.mark.parametrize("fails", ["async_unload_platforms", "async_unload_entry"])
async def test_ours_is_removed_and_cannot_be_unloaded(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    fails: str,
) -> None:
    """What was taken over is given back all the same, and not deleted with ours."""
    before = snapshot(hass).of(automated)
    await take_over(hass, automated, loaded, time)

    async def refuse(*args: Any, **kwargs: Any) -> bool:
        return False

    async def fail(*args: Any, **kwargs: Any) -> bool:
        raise RuntimeError("broken")

    monkeypatch.setattr(ConfigEntries, "async_unload_platforms", refuse)
    if fails == "async_unload_entry":
        for domain in ("light", "switch", "sensor"):
            monkeypatch.setattr(f"homeassistant.components.{domain}.{fails}", fail)
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    after = snapshot(hass).of(automated)
    assert after.entities.keys() == before.entities.keys()
    assert after.devices.keys() == before.devices.keys()
    for entity_id, row in before.entities.items():
        assert_same_fields(row, after.entities[entity_id], ("id", "name", "device_id"))


async def test_one_failure_does_not_keep_the_rest(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever deletes ours has back all that can be given back."""
    before = snapshot(hass).of(automated)
    await take_over(hass, automated, loaded, time)
    break_nth(monkeypatch, er.EntityRegistry, "async_update_entity_platform", 1)
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    after = snapshot(hass).of(automated)
    assert len(before.entities.keys() - after.entities.keys()) == 1


async def test_removal_waits_for_the_disk(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    registries_on_disk: dict[str, Any],
    time: Time,
) -> None:
    """Ours is not gone on disk before the registries have what was given back."""
    await take_over(hass, automated, loaded, time)
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    rows = registries_on_disk[er.STORAGE_KEY]["data"]["entities"]
    (lamp,) = (row for row in rows if row["entity_id"] == "light.bedroom")
    assert lamp["config_entry_id"] == automated.entry_id


async def test_two_moves_at_once(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """The second finds nothing left, and spoils nothing of the first."""
    before = snapshot(hass).of(automated)

    async def at_once(
        migrate: Callable[[], Coroutine[Any, Any, None]],
    ) -> list[Any]:
        """Migrate twice; return what came of it."""
        both = (migrate(), migrate())
        return [*await asyncio.gather(*both, return_exceptions=True)]

    take = partial(async_take_over, hass, loaded, automated.entry_id)
    for migrate, reason in (
        (take, "nothing_to_take_over"),
        (partial(async_revert, hass, loaded), "no_way_back"),
    ):
        first, second = await time.until(at_once(migrate))
        assert first is None
        assert isinstance(second, MigrationError)
        assert second.translation_key == reason
        await time.move(45)
    assert snapshot(hass).of(automated) == before


async def test_not_running_any_more(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """A move whose account was unloaded while it waited changes nothing."""
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    before = snapshot(hass)
    with pytest.raises(MigrationError) as err:
        await async_take_over(hass, loaded, automated.entry_id)
    assert err.value.translation_key == "not_running"
    with pytest.raises(MigrationError) as err:
        await async_take_over(hass, loaded, "no such entry")
    assert err.value.translation_key == "nothing_to_take_over"
    assert snapshot(hass) == before


async def test_core_could_not_be_unloaded_before(
    hass: HomeAssistant, automated: MockConfigEntry, loaded: MockConfigEntry, time: Time
) -> None:
    """What needs a restart first is said, and nothing has changed."""
    before = snapshot(hass)
    automated.mock_state(hass, ConfigEntryState.FAILED_UNLOAD)
    with pytest.raises(MigrationError) as err:
        await time.until(async_take_over(hass, loaded, automated.entry_id))
    assert err.value.translation_key == "cannot_stop"
    automated.mock_state(hass, ConfigEntryState.LOADED)
    await assert_unchanged(hass, before, automated, loaded, time)
