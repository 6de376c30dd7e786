"""Setting up, polling, losing Telldus and finding it again, unloading."""

from collections.abc import Callable
from http import HTTPStatus
from itertools import pairwise
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.account.domain_data import async_get_domain_data
from custom_components.telldus_pa.account.storage import StorageKey, entry_store
from custom_components.telldus_pa.const import CONF_GATEWAYS, CONF_SERVER_URL, DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_SCAN_INTERVAL, STATE_UNAVAILABLE
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from simulator import Fault, Simulator, generated_home
from simulator.home import Home

from .conftest import AddEntry, Time
from .helpers import ACCOUNT, LAMP, LAMP_ID, complaints, polls, state_is, state_of

CABIN = "switch.cabin_heater"


async def test_start(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator
) -> None:
    """A start costs one request for each list, whatever the number of devices."""
    paths = [request.path for request in simulator.log]
    assert paths[:3] == ["json/devices/list", "json/sensors/list", "json/clients/list"]
    # What is asked once a day, and the second poll somewhere between.
    assert sorted(paths[3:5]) == ["json/devices/list", "json/room/list"]
    assert paths[5:] in ([], ["json/user/profile"])
    # What is not urgent keeps its distance: bursts have been refused.
    for one, next_one in pairwise(simulator.log):
        is_poll = next_one.path == "json/devices/list"
        assert next_one.time - one.time >= (1 if is_poll else 9)
    assert state_of(hass, LAMP).state == "on"


async def test_poll(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A press of a wall remote shows with the next poll."""
    await time.move(60)
    before = polls(simulator)
    simulator.press(LAMP_ID, "turnOff")
    await time.settle()
    assert state_of(hass, LAMP).state == "on"
    await time.move(31)
    assert polls(simulator) == before + 1
    assert state_of(hass, LAMP).state == "off"


async def test_poll_interval(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """The person chooses how often."""
    entry = add_entry(options={CONF_SCAN_INTERVAL: 300})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(290)
    assert polls(simulator) == 1
    await time.move(20)
    assert polls(simulator) == 2


async def test_polling_disabled(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """Who disables polling in Home Assistant is not polled for, and keeps the states."""
    entry = add_entry(pref_disable_polling=True)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(1200)
    assert polls(simulator) == 1
    assert state_of(hass, LAMP).state == "on"


async def test_only_what_changed_is_written(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A poll wakes those whose row changed, groups that it is in, and nobody else."""
    coordinator = loaded.runtime_data.devices
    woken: list[str] = []

    def note(device_id: str) -> Callable[[], None]:
        return lambda: woken.append(device_id)

    for device_id in [*coordinator.data, None]:
        coordinator.async_add_listener(note(device_id), device_id)
    await time.move(31)
    assert woken == []
    simulator.press(LAMP_ID, "turnOff")
    await time.move(31)
    named = [coordinator.data[device_id].name for device_id in woken]
    assert named == ["Window lamp", "All lamps", "Everything off"]


async def test_one_bad_listener(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Somebody's mistake in showing a row keeps nobody else from showing theirs."""
    coordinator = loaded.runtime_data.devices

    def fail() -> None:
        raise ValueError("a mistake")

    listeners = coordinator._by_id[LAMP_ID]  # noqa: SLF001
    listeners.insert(0, fail)
    simulator.press(LAMP_ID, "turnOff")
    await time.move(31)
    listeners.remove(fail)
    assert state_of(hass, LAMP).state == "off"
    assert complaints(caplog) == ["Unexpected error showing devices"]


# Registries


async def test_gateways(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    simulator: Simulator,
    time: Time,
) -> None:
    """Gateways are devices, completed by their own list, and kept up to date."""
    gateway = device_registry.async_get_device_by_identifier(
        (DOMAIN, f"{ACCOUNT}_gateway_410001"), loaded.entry_id
    )
    assert gateway is not None
    assert gateway.name == "Home"
    assert gateway.manufacturer == "Telldus Technologies"
    assert gateway.model == "TellStick ZNet Lite v2"
    assert gateway.sw_version == "1.3.2"
    assert loaded.data[CONF_GATEWAYS] == ["410001", "410002", "410003"]

    simulator.home.gateways["410001"].version = "1.4.0"
    await time.listed("clients", 5)
    gateway = device_registry.async_get_device_by_identifier(
        (DOMAIN, f"{ACCOUNT}_gateway_410001"), loaded.entry_id
    )
    assert gateway is not None
    assert gateway.sw_version == "1.4.0"


async def test_devices(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """Each device hangs on its gateway and says how it is connected."""
    entity = entity_registry.async_get(LAMP)
    assert entity is not None
    assert entity.unique_id == f"{ACCOUNT}_device_{LAMP_ID}"
    device = device_registry.async_get_device_by_identifier(
        (DOMAIN, f"{ACCOUNT}_device_{LAMP_ID}"), loaded.entry_id
    )
    assert device is not None
    assert device.id == entity.device_id
    assert device.name == "Window lamp"
    assert device.model == "433 MHz"
    gateway = device_registry.async_get_device_by_identifier(
        (DOMAIN, f"{ACCOUNT}_gateway_410001"), loaded.entry_id
    )
    assert gateway is not None
    assert device.via_device_id == gateway.id


async def test_unnamed_device(
    hass: HomeAssistant, loaded: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """A device that nobody named has a useful name and is disabled."""
    entity = entity_registry.async_get("switch.unnamed_device_20")
    assert entity is not None
    assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION


async def test_ignored_device(
    hass: HomeAssistant, loaded: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """What the person hid at Telldus stays hidden."""
    assert not entity_registry.async_get_entity_id(
        "switch", DOMAIN, f"{ACCOUNT}_device_2100019"
    )


async def test_devices_come_and_go(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    device_registry: dr.DeviceRegistry,
    time: Time,
) -> None:
    """New devices, also of new gateways, appear without reload; gone ones say so."""
    other = generated_home(40, simulator.clock())
    (gateway,) = other.gateways.values()
    gateway.name = "Barn"
    home = simulator.home
    home.gateways[gateway.id] = gateway
    lamp = next(d for d in other.devices.values() if d.methods == 3 and d.name)
    lamp.name = "Barn lamp"
    home.devices[lamp.id] = lamp
    await time.move(31)
    new = [s for s in hass.states.async_all() if s.name == "Barn lamp"]
    assert len(new) == 1
    devices = dr.async_entries_for_config_entry(device_registry, loaded.entry_id)
    assert "Barn" in [device.name for device in devices]

    del home.devices[lamp.id]
    await time.move(31)
    assert state_of(hass, new[0].entity_id).state == STATE_UNAVAILABLE
    home.devices[lamp.id] = lamp
    await time.move(31)
    assert state_of(hass, new[0].entity_id).state != STATE_UNAVAILABLE


async def test_two_accounts(
    hass: HomeAssistant, loaded: MockConfigEntry, add_entry: AddEntry, time: Time
) -> None:
    """Two accounts that see the same gateways do not get into each other's way."""
    other = add_entry("guest", unique_id="another-account")
    await time.move(60)
    await time.until(hass.config_entries.async_setup(other.entry_id))
    await time.move(15)
    assert state_is(other, ConfigEntryState.LOADED)
    assert state_of(hass, f"{LAMP}_2").state == "on"
    assert (
        loaded.runtime_data.account.rate_limiter
        is other.runtime_data.account.rate_limiter
    )


# Availability


async def test_gateway_offline(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What hangs on a gateway without connection is unavailable, and nothing else."""
    assert state_of(hass, CABIN).state == STATE_UNAVAILABLE
    simulator.set_gateway_online("410002", online=True)
    simulator.set_gateway_online("410001", online=False)
    await time.move(31)
    assert state_of(hass, CABIN).state != STATE_UNAVAILABLE
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE


@pytest.mark.parametrize(
    ("fault", "arguments"),
    [
        (Fault.UNAUTHORIZED_XML, {}),
        (Fault.RATE_LIMITED, {}),
        (Fault.BAD_GATEWAY, {}),
        (Fault.TRUNCATED, {}),
    ],
)
async def test_short_trouble(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    fault: Fault,
    arguments: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One failed poll makes nothing unavailable, and is not worth a line in the log."""
    states: list[Event[Any]] = []
    hass.bus.async_listen("state_changed", states.append)
    simulator.faults.add(fault, match="json/devices/list", times=1, **arguments)
    await time.move(110)
    assert polls(simulator) >= 3
    # But for what is measured meanwhile, all is as it was.
    domains = {event.data["entity_id"].partition(".")[0] for event in states}
    assert domains <= {"climate", "sensor"}
    assert all(event.data["new_state"].state != STATE_UNAVAILABLE for event in states)
    assert complaints(caplog) == []


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault.BAD_GATEWAY, "Telldus cannot be reached"),
        (Fault.NOT_FOUND, "Telldus cannot be reached"),
        (Fault.GARBAGE, "Telldus answered with something that makes no sense"),
        (Fault.RATE_LIMITED, "Telldus allows only a few requests a minute"),
        (Fault.UNAUTHORIZED_TEXT, "Telldus does not accept the login"),
        (Fault.DATABASE, "Telldus"),
    ],
)
async def test_long_trouble(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    fault: Fault,
    text: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Losing Telldus is logged once, and so is finding it again."""
    simulator.faults.add(fault, match="json/*", times=None)
    await time.move(200)
    assert state_of(hass, LAMP).state == "on"
    await time.move(1400)
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE
    lost = complaints(caplog)
    assert len(lost) == 1
    assert text in lost[0]

    simulator.faults.clear()
    await time.move(2000)
    assert state_of(hass, LAMP).state == "on"
    assert complaints(caplog) == lost
    found = [r for r in caplog.records if r.getMessage().endswith("data recovered")]
    assert [r.getMessage() for r in found] == ["Fetching devices data recovered"]


async def test_rate_limited(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Each 429 makes us ask less often, and success more often again."""
    await time.move(60)
    simulator.faults.add(Fault.RATE_LIMITED, match="json/devices/list", times=2)
    coordinator = loaded.runtime_data.devices
    await time.move(31)
    assert coordinator.update_interval.total_seconds() == 60
    await time.move(61)
    assert coordinator.update_interval.total_seconds() == 120
    await time.move(119)
    await time.move(5)
    assert coordinator.update_interval.total_seconds() == 60
    await time.move(65)
    assert coordinator.update_interval.total_seconds() == 30


async def test_pause_is_kept(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """While Telldus wants to be left alone, nothing is sent."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/devices/list", times=1, retry_after=100
    )
    # A history that is read just then puts the list off for some seconds.
    while not loaded.runtime_data.account.rate_limiter.paused_for:
        await time.move(1)
    asked = len(simulator.log)
    await time.move(95)
    assert len(simulator.log) == asked
    await time.move(60)
    assert len(simulator.log) > asked


async def test_not_ready(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A start without Telldus is tried again by Home Assistant."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/devices/list", times=1)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert state_is(entry, ConfigEntryState.SETUP_RETRY)
    assert "Telldus cannot be reached" in (entry.reason or "")
    await time.move(10)
    assert state_is(entry, ConfigEntryState.LOADED)


async def test_start_inside_a_pause(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A start while Telldus wants to be left alone is short, and ends well."""
    shared = await async_get_domain_data(hass)
    shared.rate_limiter(entry.data[CONF_SERVER_URL]).on_rate_limited(40)
    await time.until(hass.config_entries.async_setup(entry.entry_id), limit=1)
    assert state_is(entry, ConfigEntryState.SETUP_RETRY)
    assert simulator.log == []
    await time.move(119)
    assert state_is(entry, ConfigEntryState.LOADED)
    await time.move(119)
    assert polls(simulator, "json/clients/list") == 1


async def test_gateways_refused_at_the_start(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A list that did not come at the start is asked for again soon."""
    simulator.faults.add(Fault.NOT_FOUND, match="json/clients/list", times=1)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(90)
    assert polls(simulator, "json/clients/list") == 2
    assert entry.runtime_data.gateways.update_interval.total_seconds() == 600


async def test_gateways_never_told(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A list that never comes is asked for less and less often, and not missed."""
    simulator.faults.add(Fault.NOT_FOUND, match="json/clients/list", times=None)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(3600)
    assert polls(simulator, "json/clients/list") < 12
    assert state_of(hass, LAMP).state == "on"


@pytest.mark.parametrize("strict_burst", [False, True])
@pytest.mark.parametrize("count", [1, 8, 20, 100, 1000])
async def test_homes_of_any_size(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
    count: int,
    strict_burst: bool,
) -> None:
    """The limit of requests loses no device, nor does a server that dislikes bursts."""
    simulator.settings.strict_burst = strict_burst
    home: Home = generated_home(count, simulator.clock())
    simulator.homes["demo"] = home
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(60)
    assert set(entry.runtime_data.devices.data) == {
        device.id for device in home.devices.values() if not device.ignored
    }
    assert set(entry.runtime_data.sensors.data) == set(home.sensors)
    if not strict_burst:
        assert all(request.status == HTTPStatus.OK for request in simulator.log)


# Refused sign-in


async def test_storm_of_refusals(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """While refused we ask every half an hour, and are back without a click."""
    simulator.faults.add(Fault.UNAUTHORIZED_TEXT, match="json/*", times=None)
    await time.move(119)
    await time.move(60)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    asked = len(simulator.log)
    await time.move(3600)
    assert 2 <= len(simulator.log) - asked <= 3
    assert state_of(hass, LAMP).state == STATE_UNAVAILABLE

    # Home Assistant is restarted in the middle of it.
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    await time.until(hass.config_entries.async_setup(loaded.entry_id))
    assert state_is(loaded, ConfigEntryState.SETUP_RETRY)

    simulator.faults.clear()
    await time.move(3600)
    assert state_is(loaded, ConfigEntryState.LOADED)
    await time.move(60)
    assert state_of(hass, LAMP).state == "on"
    assert not hass.config_entries.flow.async_progress()


# Leaving


async def test_unload_and_reload(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """After unloading nothing is sent; after reloading all is there."""
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    assert state_is(loaded, ConfigEntryState.NOT_LOADED)
    asked = len(simulator.log)
    await time.move(119)
    assert len(simulator.log) == asked
    await time.until(hass.config_entries.async_setup(loaded.entry_id))
    assert state_of(hass, LAMP).state == "on"


async def test_budget_survives_a_restart(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_storage: dict[str, Any],
    simulator: Simulator,
    time: Time,
) -> None:
    """A pause is written down at once, and taken up by the next start."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/devices/list", times=1, retry_after=200
    )
    await time.move(31)
    server = loaded.data[CONF_SERVER_URL]
    (kept,) = hass_storage[f"{DOMAIN}.rate_limiter"]["data"].values()
    assert 190 < kept["pause"] <= 200
    assert len(kept["sent"]) >= 5

    await time.move(20)
    hass.data.pop(f"{DOMAIN}_shared")
    rate_limiter = (await async_get_domain_data(hass)).rate_limiter(server)
    assert 150 < rate_limiter.paused_for < 180
    assert 0 < rate_limiter.used < len(kept["sent"])


async def test_remove(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    add_entry: AddEntry,
    simulator: Simulator,
    hass_storage: dict[str, Any],
    device_registry: dr.DeviceRegistry,
    time: Time,
) -> None:
    """Removal leaves nothing behind, once the last account is gone."""
    other = add_entry("guest", unique_id="another-account")
    for entry in (loaded, other):
        for what in StorageKey:
            await entry_store(hass, what, entry.entry_id).async_save({})
    MockConfigEntry(domain="tellduslive").add_to_hass(hass)
    simulator.faults.add(Fault.RATE_LIMITED, match="json/devices/list", times=1)
    await time.move(31)
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    shared = await async_get_domain_data(hass)
    assert loaded.entry_id not in shared.watches
    assert f"{DOMAIN}.rate_limiter" in hass_storage
    await time.until(hass.config_entries.async_remove(other.entry_id))
    assert f"{DOMAIN}.rate_limiter" not in hass_storage
    assert not hass.states.async_all(["light", "switch"])
    assert not list(device_registry.devices)
    assert not [key for key in hass_storage if key.startswith(DOMAIN)]
    assert not [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]
    assert not er.async_get(hass).entities
    # The view cannot be taken back, and what was sent in this minute is not forgotten.
    ours = {str(key) for key in hass.data if str(key).startswith(DOMAIN)}
    assert ours <= {f"{DOMAIN}_shared", f"{DOMAIN}_callback_view"}
    assert not shared.watches
