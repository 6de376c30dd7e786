"""Rooms at Telldus, suggested as areas."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.account.domain_data import async_get_domain_data
from custom_components.telldus_pa.const import CONF_SERVER_URL
from custom_components.telldus_pa.pa_api.rate_limiter import RateLimiterState
from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, device_registry as dr
from simulator import Fault, Simulator
from simulator.home import Device
from tests.conftest import AddEntry, Time
from tests.factories import home_of
from tests.flow_user import FlowUser, keys, only_entry
from tests.helpers import LAMP, Registries, complaints, polls, rate_limiter_of, refresh

pytestmark = pytest.mark.only(
    "Awning", "Ceiling dimmer", "Coffee maker", "Energy plug", "Outdoor", "Window lamp"
)


DAY = 24 * 3600
DEVICES = "json/devices/list"
ROOMS = "json/rooms/list"
PROFILE = "json/user/profile"


@pytest.fixture
def has_rooms(simulator: Simulator) -> None:
    """Have the simulator tell the names of rooms, which nobody knows that Telldus does."""
    simulator.settings.change({"rooms": True})


def area_of(hass: HomeAssistant, registries: Registries, thing: str) -> str | None:
    """Return the name of the area that something is in."""
    device = registries.device(thing)
    assert device is not None
    area = ar.async_get(hass).async_get_area(device.area_id or "")
    return area.name if area else None


async def test_areas(
    has_rooms: None, hass: HomeAssistant, loaded: MockConfigEntry, time: Time
) -> None:
    """A device's room becomes its area; so does that of a sensor that is the same node."""
    await time.move(75)
    registries = Registries(hass, loaded)
    assert area_of(hass, registries, "device_2100001") == "Living room"
    assert area_of(hass, registries, "device_2100003") == "Living room"
    assert area_of(hass, registries, "sensor_1540000006") == "Living room"
    assert area_of(hass, registries, "device_2100006") is None
    assert area_of(hass, registries, "sensor_1540000001") is None


async def test_areas_first(
    has_rooms: None,
    simulator: Simulator,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    time: Time,
) -> None:
    """The areas are there before the first device is; none without a device."""
    simulator.home.rooms["empty"] = "Cellar"
    nameless = simulator.home.devices["2100001"]
    nameless.name, nameless.room = "", "empty"
    made: list[str] = []

    @callback
    def note(event: Event[Any]) -> None:
        made.append(str(event.event_type))

    for kind in (dr.EVENT_DEVICE_REGISTRY_UPDATED, ar.EVENT_AREA_REGISTRY_UPDATED):
        hass.bus.async_listen(kind, note)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    areas = {area.name for area in ar.async_get(hass).async_list_areas()}
    assert {"Living room", "Kitchen"} <= areas
    assert "Cellar" not in areas
    assert made[: len(areas)] == [ar.EVENT_AREA_REGISTRY_UPDATED] * len(areas)
    assert set(made[len(areas) :]) == {dr.EVENT_DEVICE_REGISTRY_UPDATED}


def ages(simulator: Simulator, since: str) -> dict[str, float]:
    """Return the seconds from one request to the first of each that follows."""
    (began, *_) = [one.time for one in simulator.log if one.path == since]
    found: dict[str, float] = {}
    for one in simulator.log:
        if one.time > began:
            found.setdefault(one.path, one.time - began)
    return found


async def test_in_time(
    has_rooms: None,
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
) -> None:
    """When the sign-in ends its devices are in their areas, at one request more."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    await flow_user.sign_in(await flow_user.choose("authorize"))
    entry = only_entry(hass)
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    areas = {device.name: device.area_id for device in devices}
    assert areas["Window lamp"] == "living_room"
    await flow_user.time.move(20)
    requests = ages(simulator, PROFILE)
    assert list(requests) == [DEVICES, ROOMS, "json/sensors/list", "json/clients/list"]
    assert requests["json/sensors/list"] <= 5
    # Once only
    await flow_user.time.until(hass.config_entries.async_reload(entry.entry_id))
    await flow_user.time.move(20)
    assert polls(simulator, ROOMS) == 1


@pytest.mark.parametrize("refused", ["mistyped", "limited"])
async def test_not_after_a_refusal(
    has_rooms: None,
    hass: HomeAssistant,
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    refused: str,
) -> None:
    """Where anything was refused during the sign-in, nothing waits for the areas."""
    await flow_user.begin()
    if refused == "mistyped":
        await flow_user.submit(keys(server_url, private_key="mistyped"))
    else:
        simulator.faults.add(Fault.RATE_LIMITED, match="oauth/*", times=1)
        await flow_user.submit(keys(server_url))
        await flow_user.time.move(90)
    await flow_user.submit(keys(server_url))
    await flow_user.sign_in(await flow_user.choose("authorize"))
    await flow_user.time.move(5)
    assert polls(simulator, ROOMS) == 0
    assert polls(simulator, "json/sensors/list") == 1


async def test_not_where_bursts_are_refused(
    has_rooms: None,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """Nor where a request must not follow another soon."""
    shared = await async_get_domain_data(hass)
    limiter = shared.rate_limiter(entry.data[CONF_SERVER_URL])
    limiter.restore(RateLimiterState(list_spacing=1000.0), 0.0)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(11)
    assert polls(simulator, ROOMS) == 0
    assert polls(simulator, "json/sensors/list") == 1


async def test_slow(
    has_rooms: None,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """The set-up does not wait for a slow answer for long."""
    simulator.faults.add(Fault.SLOW, match=ROOMS, times=1, seconds=20)
    began = simulator.clock()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert simulator.clock() - began < 4
    assert area_of(hass, Registries(hass, entry), "device_2100001") is None


async def test_former_name(
    has_rooms: None,
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    time: Time,
) -> None:
    """Where the server does not know the name, the one before is tried the next day."""
    simulator.settings.rooms_singular = True
    demo = simulator.home
    home = simulator.homes["demo"] = home_of(demo.devices["2100001"])
    home.rooms = demo.rooms
    entry = add_entry(options={CONF_SCAN_INTERVAL: 1800})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(3700)
    assert polls(simulator, "json/room/list") == 0
    await time.move(DAY)
    assert polls(simulator, ROOMS) == polls(simulator, "json/room/list") == 1
    assert area_of(hass, Registries(hass, entry), "device_2100001") == "Living room"


async def test_only_a_suggestion(
    has_rooms: None,
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """Where the person puts a device, or takes it away from, there it stays."""
    await time.move(75)
    registries = Registries(hass, loaded)
    lamp = registries.device("device_2100001")
    assert lamp is not None
    registries.devices.async_update_device(lamp.id, area_id=None)
    simulator.home.devices["2100003"].room = next(iter(simulator.home.rooms))[::-1]
    await time.move(31)
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    await time.move(60)
    assert area_of(hass, registries, "device_2100001") is None
    assert area_of(hass, registries, "device_2100003") == "Living room"


async def test_new_device(
    has_rooms: None,
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """A device that comes later goes into its room as well."""
    room = simulator.home.devices["2100001"].room
    simulator.home.devices["77"] = Device("77", "410001", "770", "Fan", 3, room=room)
    await time.move(31)
    assert area_of(hass, Registries(hass, loaded), "device_77") == "Living room"


async def test_asked_once_a_day(
    has_rooms: None,
    hass: HomeAssistant,
    one_lamp: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """The rooms are asked for once a day at most, over a restart as well."""
    assert polls(simulator, ROOMS) == 1
    await time.until(hass.config_entries.async_reload(one_lamp.entry_id))
    await time.move(60)
    assert polls(simulator, ROOMS) == 1
    await time.move(DAY)
    assert 1 <= polls(simulator, ROOMS) <= 2


@pytest.mark.parametrize(
    ("fault", "arguments"),
    [
        (None, {}),
        (Fault.NOT_FOUND, {}),
        (Fault.GARBAGE, {}),
        (Fault.UNAUTHORIZED_TEXT, {}),
    ],
)
async def test_refused(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    fault: Fault | None,
    arguments: dict[str, Any],
) -> None:
    """Who does not tell the rooms is not asked again, and nobody hears of it."""
    if fault:
        simulator.faults.add(fault, match=ROOMS, times=None, **arguments)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(60)
    assert polls(simulator, ROOMS) == 1
    assert area_of(hass, Registries(hass, entry), "device_2100001") is None
    await time.until(hass.config_entries.async_reload(entry.entry_id))
    await time.move(60)
    assert polls(simulator, ROOMS) == 1
    assert complaints(caplog) == []
    assert not hass.config_entries.flow.async_progress()


async def test_cannot_be_told_just_now(
    has_rooms: None,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """What cannot be told just now is asked for again soon, not tomorrow."""
    simulator.faults.add(Fault.BAD_GATEWAY, match=ROOMS, times=1)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert polls(simulator, ROOMS) == 1
    await time.move(2 * 3600)
    assert polls(simulator, ROOMS) == 2
    assert area_of(hass, Registries(hass, entry), "device_2100001") == "Living room"


async def test_postponed(
    has_rooms: None,
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """A pause in which nothing may be asked is no answer."""
    simulator.faults.add(Fault.BAD_GATEWAY, match=ROOMS, times=1)
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(12)
    rate_limiter_of(hass, entry).on_rate_limited(60)
    await time.move(60)
    assert polls(simulator, ROOMS) == 1
    await time.until(hass.config_entries.async_reload(entry.entry_id))
    await time.move(60)
    assert polls(simulator, ROOMS) == 2


async def test_signed_out(
    has_rooms: None,
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """A token that is good for nothing at all just now is no answer either."""
    simulator.faults.add(Fault.BAD_GATEWAY, match=ROOMS, times=1)
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    # The request for the rooms waits for its turn, and a poll is refused before it is.
    await time.move(12)
    simulator.faults.add(Fault.UNAUTHORIZED_TEXT, times=None)
    await refresh(hass, time, LAMP)
    await time.move(35)
    assert polls(simulator, ROOMS) == 2
    assert polls(simulator, PROFILE) == 0
    simulator.faults.clear()
    await time.until(hass.config_entries.async_reload(entry.entry_id))
    await time.move(60)
    assert polls(simulator, ROOMS) == 3
    registries = Registries(hass, entry)
    assert area_of(hass, registries, "device_2100001") == "Living room"


async def test_removed(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_storage: dict[str, Any],
    time: Time,
) -> None:
    """What was written down goes with the entry."""
    key = f"telldus_pa.{loaded.entry_id}"
    assert "rooms" in hass_storage[key]["data"]
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    assert key not in hass_storage
