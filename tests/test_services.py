"""What people can have done that no entity offers: raw commands, and history."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
import voluptuous as vol

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
from simulator import Fault, Method, Simulator

from .conftest import Time
from .helpers import Actions, sent, state_of

pytestmark = pytest.mark.only(
    "Ceiling dimmer", "Color bulb", "Outdoor", "Radiator", "Window lamp"
)


LAMP_ID, DIMMER_ID, BULB_ID, RADIATOR_ID = "2100001", "2100003", "2100009", "2100010"
OUTDOOR, OUTDOOR_ID = "sensor.outdoor_temperature", "1540000001"


async def test_commands(
    hass: HomeAssistant, actions: Actions, simulator: Simulator
) -> None:
    """Each is sent as it is meant, and shown at once as those of entities are."""
    await actions.command(LAMP_ID, "turn_off")
    assert state_of(hass, "switch.window_lamp").state == "off"
    await actions.command(LAMP_ID, "learn")
    await actions.command(DIMMER_ID, "dim", level=77)
    assert state_of(hass, "light.ceiling_dimmer").attributes["brightness"] == 77
    await actions.command(BULB_ID, "rgb", color=[255, 128, 1])
    await actions.command(RADIATOR_ID, "thermostat", mode="HEAT", temperature=19.5)
    await actions.command(
        RADIATOR_ID, "thermostat", mode="eco-heat", temperature=15, change_mode=False
    )
    assert sent(simulator) == [
        f"turnOff {LAMP_ID}",
        f"learn {LAMP_ID}",
        f"dim {DIMMER_ID} 77",
        f"rgb {BULB_ID}",
        f"thermostat {RADIATOR_ID}",
        f"thermostat {RADIATOR_ID}",
    ]
    rgb, heat, eco = [
        {key: one.params[key] for key in one.params if key != "id"}
        for one in [r for r in simulator.log if r.path.startswith("json/device/")][-3:]
    ]
    assert rgb == {"r": "255", "g": "128", "b": "1"}
    assert heat == {
        "mode": "heat",
        "temperature": "19.5",
        "scale": "0",
        "changeMode": "1",
    }
    assert eco["changeMode"] == "0"


@pytest.mark.parametrize(
    ("device_id", "method", "more", "key"),
    [
        (LAMP_ID, "dim", {"level": 7}, "method_not_supported"),
        (DIMMER_ID, "dim", {}, "parameter_missing"),
        (BULB_ID, "rgb", {"level": 7}, "parameter_missing"),
        (LAMP_ID, "turn_on", {"level": 7}, "unexpected_parameter"),
        (DIMMER_ID, "dim", {"level": 7, "temperature": 7}, "unexpected_parameter"),
        (RADIATOR_ID, "thermostat", {"mode": "party"}, "mode_not_supported"),
    ],
)
async def test_commands_that_make_no_sense(
    actions: Actions,
    simulator: Simulator,
    device_id: str,
    method: str,
    more: dict[str, Any],
    key: str,
) -> None:
    """What cannot be meant is refused, and nothing is sent."""
    device = actions.device(f"device_{device_id}")
    data = {"device_id": device, "method": method, **more}
    assert await actions.refusal("send_command", answers=False, **data) == key
    assert sent(simulator) == []


async def test_methods_without_a_function(actions: Actions) -> None:
    """What Telldus has a bit for but no function cannot be chosen."""
    for method in ("toggle", "execute"):
        with pytest.raises(vol.Invalid):
            await actions.command(LAMP_ID, method)


async def test_not_to_be_commanded(
    hass: HomeAssistant, actions: Actions, loaded: MockConfigEntry
) -> None:
    """A device must be one of ours, and one that Telldus has something to tell."""
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    stranger = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("other", "1")}
    )
    gateway = actions.device("gateway_410001")
    for device_id, key in (
        (stranger.id, "service_config_entry_wrong_domain"),
        (gateway, "not_a_device"),
        ("nothing", "not_a_device"),
    ):
        data = {"device_id": device_id, "method": "turn_on"}
        found = await actions.refusal("send_command", answers=False, **data)
        assert found == key
    data["device_id"] = actions.device(f"device_{LAMP_ID}")
    assert await hass.config_entries.async_unload(loaded.entry_id)
    found = await actions.refusal("send_command", answers=False, **data)
    assert found == "service_config_entry_not_loaded"


async def test_disabled_device(
    hass: HomeAssistant, actions: Actions, simulator: Simulator
) -> None:
    """A device that is disabled in Home Assistant is not commanded."""
    device_id = actions.device(f"device_{LAMP_ID}")
    dr.async_get(hass).async_update_device(
        device_id, disabled_by=dr.DeviceEntryDisabler.USER
    )
    data = {"device_id": device_id, "method": "turn_on"}
    found = await actions.refusal("send_command", answers=False, **data)
    assert found == "device_disabled"
    assert sent(simulator) == []


async def test_refused_by_telldus(actions: Actions, simulator: Simulator) -> None:
    """Telldus' own reason is told."""
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/device/*", times=1, text="No way"
    )
    with pytest.raises(HomeAssistantError, match="No way") as err:
        await actions.command(LAMP_ID, "turn_off")
    assert err.value.translation_key == "command_rejected"


async def test_history_of_a_device(
    actions: Actions, simulator: Simulator, time: Time
) -> None:
    """What it did, in words, with who wanted it."""
    await time.move(10)
    simulator.press(DIMMER_ID, Method.DIM, 77)
    simulator.press(BULB_ID, Method.RGB, 0xFF8001)
    simulator.press(RADIATOR_ID, Method.THERMOSTAT, 19.5)
    await time.move(60)
    dimmer = await actions.call("get_history", entity_id="light.ceiling_dimmer")
    assert dimmer["is_complete"]
    last = dimmer["history"][-1]
    assert last.pop("time").endswith("+00:00")
    assert last == {
        "method": "dim",
        "value": 77,
        "origin": "Incoming signal",
        "outcome": "done",
    }
    bulb = await actions.call("get_history", entity_id="light.color_bulb")
    assert bulb["history"][-1]["value"] == [255, 128, 1]
    radiator = await actions.call("get_history", entity_id="climate.radiator")
    assert radiator["history"][-1]["value"]["temperature"] == 19.5
    await time.move(60)
    (last_row := simulator.home.devices[BULB_ID].history[-1]).state = 3
    last_row.success_status = 2
    bulb = await actions.call("get_history", entity_id="light.color_bulb")
    assert bulb["history"][-1]["method"] is None
    assert bulb["history"][-1]["outcome"] == "no_reply"


async def test_history_of_a_sensor(
    hass: HomeAssistant, actions: Actions, simulator: Simulator
) -> None:
    """What the entity shows, or everything for one that shows no value; within bounds."""
    found = await actions.call("get_history", entity_id=OUTDOOR)
    assert 140 <= len(found["history"]) <= 145
    assert {row["name"] for row in found["history"]} == {"temp"}
    assert found["history"][0]["unit"] == "°C"
    registry = er.async_get(hass)
    battery = registry.async_get_entity_id(
        "binary_sensor", DOMAIN, f"an-account_sensor_{OUTDOOR_ID}_battery_low"
    )
    everything = await actions.call("get_history", entity_id=battery)
    assert {row["name"] for row in everything["history"]} == {"temp", "humidity"}
    part = await actions.call(
        "get_history",
        entity_id=OUTDOOR,
        start=found["history"][-9]["time"],
        end=found["history"][-2]["time"],
    )
    assert part["history"] == found["history"][-9:-1]
    assert part["is_complete"]


@pytest.mark.parametrize("cut", ["oldest", "newest"])
async def test_history_that_telldus_cuts(
    actions: Actions, simulator: Simulator, time: Time, cut: Literal["oldest", "newest"]
) -> None:
    """What Telldus leaves out of a long response is asked for, in a month nine times at most."""
    simulator.settings.history_cut = cut
    end = dt_util.utcnow()
    before = len(simulator.log)
    found = await actions.call(
        "get_history", entity_id=OUTDOOR, start=end - timedelta(days=31), end=end
    )
    assert found["is_complete"]
    times = [datetime.fromisoformat(row["time"]) for row in found["history"]]
    assert len(times) == 31 * 144
    assert {one - other for other, one in pairwise(times)} == {timedelta(minutes=10)}
    asked = [one for one in simulator.log[before:] if "history" in one.path]
    assert len(asked) <= 9


async def test_history_that_is_too_long(
    actions: Actions, simulator: Simulator, time: Time
) -> None:
    """A response has so many rows at most, and does not claim to be complete then."""
    simulator.settings.history_interval = 300
    end = dt_util.utcnow()
    found = await actions.call(
        "get_history", entity_id=OUTDOOR, start=end - timedelta(days=31), end=end
    )
    assert not found["is_complete"]
    assert len(found["history"]) == 5000
    newest = datetime.fromisoformat(found["history"][-1]["time"])
    assert end - newest < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("start", "end", "key"),
    [
        # 40 minutes, though the clock shows less at the end than at the start
        ("2025-10-26T02:30:00+02:00", "2025-10-26T02:10:00+01:00", None),
        ("2025-10-26T02:10:00+01:00", "2025-10-26T02:30:00+02:00", "start_after_end"),
        # 31 days and an hour, though the clock shows 31 days
        ("2025-10-01T12:00:00+02:00", "2025-11-01T12:00:00+01:00", "span_too_long"),
    ],
)
async def test_history_in_the_hour_that_comes_twice(
    hass: HomeAssistant,
    actions: Actions,
    simulator: Simulator,
    start: str,
    end: str,
    key: str | None,
) -> None:
    """Spans are compared in UTC."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    data: dict[str, Any] = {"entity_id": OUTDOOR, "start": start, "end": end}
    if key:
        assert await actions.refusal("get_history", **data) == key
    else:
        assert (await actions.call("get_history", **data))["is_complete"]


async def test_history_of_nothing(
    hass: HomeAssistant, actions: Actions, simulator: Simulator
) -> None:
    """What cannot be asked for is said, and not asked for."""
    hass.states.async_set("light.other", "on")
    before = len(simulator.log)

    async def refused(**data: Any) -> str:
        return await actions.refusal("get_history", **data)

    assert await refused(entity_id="light.other") == "not_an_entity"
    connection = "sensor.telldus_live_premium_expires"
    assert await refused(entity_id=connection) == "no_history"
    late, early = "2026-01-02 00:00:00", "2025-01-01 00:00:00"
    data = {"entity_id": OUTDOOR, "start": late, "end": early}
    assert await refused(**data) == "start_after_end"
    data = {"entity_id": OUTDOOR, "start": early, "end": late}
    assert await refused(**data) == "span_too_long"
    assert not [one for one in simulator.log[before:] if "history" in one.path]


async def test_history_refused(
    actions: Actions, simulator: Simulator, time: Time
) -> None:
    """Who asks too much is told when to ask again; other reasons are told as well."""
    simulator.faults.add(Fault.RATE_LIMITED, match="json/sensor/history", times=1)
    with pytest.raises(HomeAssistantError, match=r"Try again in \d+ seconds") as err:
        await actions.call("get_history", entity_id=OUTDOOR)
    assert err.value.translation_key == "rate_limited_retry"
    before = len(simulator.log)
    with pytest.raises(HomeAssistantError, match=r"Try again in \d+ seconds"):
        await actions.call("get_history", entity_id=OUTDOOR)
    assert len(simulator.log) == before
    await time.move(60)
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/sensor/history", times=1, text="No way"
    )
    with pytest.raises(HomeAssistantError, match="No way"):
        await actions.call("get_history", entity_id=OUTDOOR)


async def test_accounts_and_people(
    hass: HomeAssistant,
    actions: Actions,
    loaded: MockConfigEntry,
    hass_read_only_user: MockUser,
) -> None:
    """An account must be one of ours; what concerns all of it is for administrators."""
    with pytest.raises(HomeAssistantError) as err:
        await actions.call("import_history", config_entry_id=loaded.entry_id)
    assert err.value.translation_key == "no_recorder"
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    for entry_id in (other.entry_id, "nothing"):
        for action in ("import_history", "export_home"):
            found = await actions.refusal(action, config_entry_id=entry_id)
            assert found in (
                "service_config_entry_not_found",
                "service_config_entry_wrong_domain",
            )
    for action in ("import_history", "export_home"):
        with pytest.raises(Unauthorized):
            await hass.services.async_call(
                DOMAIN,
                action,
                {"config_entry_id": "nothing"},
                blocking=True,
                context=Context(user_id=hass_read_only_user.id),
            )
