"""Diagnostics: what a maintainer needs, and nothing that is private."""

from collections.abc import Callable
import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.telldus_pa.devices.kinds import KindReason
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from simulator import Fault, Simulator
from simulator.serialization import Serializer

from .conftest import AddEntry, Time
from .helpers import Dashboard, refresh

PRIVATE = "kalle.anka@example.org"
HOUSE_CODE = 7654321
# What one must know of a row to know what it is; everything else may be made up by people.
TECHNICAL = {
    *("deviceType", "methods", "protocol", "scale", "state", "transport", "type"),
    *("lastUpdated", "online", "battery", "value"),
}


async def diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
) -> dict[str, Any]:
    """Return what a person would download."""
    assert await async_setup_component(hass, "diagnostics", {})
    found = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert isinstance(found, dict)
    return found


async def of_device(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    name: str,
) -> dict[str, Any]:
    """Return what a person would download for one device, by its name."""
    assert await async_setup_component(hass, "diagnostics", {})
    (device,) = (
        one
        for one in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        if one.name == name
    )
    found = await get_diagnostics_for_device(hass, hass_client, entry, device)
    assert isinstance(found, dict)
    return found


def filled(value: Any, key: str, keep: set[str]) -> Any:
    """Return part of an answer with something private in every text of it.

    The same text becomes the same, so that rows still belong together.
    """
    match value:
        case dict():
            if value.get("name") == "thermostat" and keep:
                return value
            named = {"name"} if "value" in value else set()
            return {
                name: filled(one, name, keep | named if keep else keep)
                for name, one in value.items()
            }
        case list():
            return [filled(one, key, keep) for one in value]
        case str() if key not in keep:
            return f"{PRIVATE} {value}"
        case int() if key == "value":
            return HOUSE_CODE
    return value


def fill(monkeypatch: pytest.MonkeyPatch, method: str, keep: set[str]) -> None:
    """Have the simulator fill the rows of a list."""
    write: Callable[..., dict[str, Any]] = getattr(Serializer, method)

    def written(*args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the row, filled, with fields that nobody has seen yet."""
        row: dict[str, Any] = filled(write(*args, **kwargs), "", keep)
        return row | {
            "serial": f"{PRIVATE} 5",
            "latitude": 59.858562,
            PRIVATE: PRIVATE,
            "people": {PRIVATE: [PRIVATE], "code": HOUSE_CODE},
            "codes": [PRIVATE, HOUSE_CODE],
        }

    monkeypatch.setattr(Serializer, method, written)


@pytest.mark.parametrize("keep", [set(), TECHNICAL], ids=["all", "but technical"])
async def test_nothing_private_in_any_field(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    add_entry: AddEntry,
    monkeypatch: pytest.MonkeyPatch,
    time: Time,
    secrets: set[str],
    keep: set[str],
) -> None:
    """Whatever stands in any field of any list, it is in neither download."""
    for method in ("device", "gateway", "sensor"):
        fill(monkeypatch, method, keep)
    entry = add_entry(title=PRIVATE, unique_id=f"{PRIVATE} account")
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(60)
    found = await diagnostics(hass, hass_client, entry)
    texts = [json.dumps(found)]
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert len(devices) > 40
    for device in devices:
        one = await time.until(
            get_diagnostics_for_device(hass, hass_client, entry, device)
        )
        texts.append(json.dumps(one))
    for text in texts:
        assert PRIVATE not in text.lower()
        assert "kalle" not in text.lower()
        assert str(HOUSE_CODE) not in text
        assert "59.858562" not in text
        assert not [one for one in secrets if one in text]
    # What is asked for is there nevertheless.
    received = found["received"]
    assert received["devices/list"][0]["name"].startswith("text a.a?a.a")
    assert received["devices/list"][0]["serial"] == "text a.a?a.a 9"
    assert received["devices/list"][0]["people"] == "object of 2"
    assert len(found["devices"]) > 30
    kinds = {device["kind"] for device in found["devices"]}
    assert ("thermostat" in kinds) and (not keep or "light" in kinds)


async def test_nothing_private(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    simulator: Simulator,
    secrets: set[str],
    dashboard: Dashboard,
    time: Time,
) -> None:
    """No key, token, id, name or measured value is in it, whatever went wrong."""
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/devices/list", times=1, text="Window lamp"
    )
    await time.move(40)
    text = json.dumps(await diagnostics(hass, hass_client, loaded))
    home = simulator.home
    private = {
        *secrets,
        *home.devices,
        *home.sensors,
        *home.gateways,
        *(one.name for one in home.devices.values() if one.name),
        *(one.name for one in home.sensors.values() if one.name),
        *(f'"{one.name}"' for one in home.gateways.values()),
        *(one.uuid for one in home.gateways.values()),
        *(one.ip for one in home.gateways.values()),
        *(one for one in loaded.data.values() if isinstance(one, str)),
    }
    assert not [one for one in private if one in text]


async def test_what_is_needed(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    simulator: Simulator,
    dashboard: Dashboard,
    time: Time,
) -> None:
    """How requests and commands fared, and what each device was taken for."""
    await time.move(30)
    await dashboard.do("turn_off", "switch.window_lamp")
    simulator.faults.add(Fault.RATE_LIMITED, match="json/devices/list", times=1)
    await refresh(hass, time, "switch.window_lamp")
    found = await diagnostics(hass, hass_client, loaded)
    assert found["server"] == "other"
    assert found["account"] == {
        "is_known": True,
        "needs_reauth": False,
        "premium": {"is_known": True, "is_missing": False, "had_premium": True},
    }
    assert found["connection"]["state"] == "rate_limited"
    assert found["connection"]["failed_polls"][-1]["error"] == "RateLimitError"
    assert found["rate_limiter"]["used"] >= 2
    assert 0 < found["rate_limiter"]["paused_for"] <= 18
    assert found["rate_limiter"]["quiet_for"] == 0
    assert found["commands"] == {"queued": 0, "pending": 1, "outcomes": {}}
    assert found["lists"]["devices"]["last_error"] == "RateLimitError"
    assert found["lists"]["devices"]["interval"] == 60
    assert found["lists"]["sensors"]["last_error"] is None
    assert len(found["gateways"]) == 3
    lamp = next(one for one in found["devices"] if one["has_pending_command"])
    assert (lamp["kind"], lamp["reason"], lamp["transport"]) == (
        "switch",
        KindReason.ON_OFF,
        "433",
    )
    assert lamp["methods"] == ["TURNON", "TURNOFF", "LEARN"]
    assert (lamp["state"], lamp["optimistic_state"]) == ("TURNON", "TURNOFF")
    assert [one["platform"] for one in lamp["entities"]] == ["switch", "button"]
    assert lamp["entities"][0] == {
        "platform": "switch",
        "key": "",
        "is_registered": True,
        "disabled_by": None,
        "hidden_by": None,
        "has_state": True,
        "is_available": True,
        "is_known": True,
    }
    assert found["devices"][lamp["row"]] is lamp
    row = found["received"]["devices/list"][lamp["row"]]
    assert (row["methods"], row["type"], row["transport"]) == (35, "device", "433")
    assert row["deviceType"] == "00000010-0001-1000-2005-ACCA54000000"
    assert (row["id"], row["name"]) == ("text 9", "text a a")
    assert {"name": "house", "value": "number"} in row["parameter"]
    group = next(one for one in found["devices"] if one["type"] == "group")
    assert all(0 <= one < len(found["devices"]) for one in group["members"])
    values = [value for one in found["sensors"] for value in one["values"]]
    assert any(value["is_expired"] for value in values)
    assert {
        "name": "temp",
        "scale": 0,
        "described_as": "temperature",
    }.items() <= values[0].items()
    paired = [one for one in found["devices"] if one["sensor"] is not None]
    assert paired
    for device in paired:
        sensor = found["sensors"][device["sensor"]]
        assert found["devices"][sensor["device"]] is device
        assert sensor["gateway"] == device["gateway"]
    thermostats = [one["thermostat"] for one in found["devices"] if one["thermostat"]]
    assert any(one["mode"] == "heat" for one in thermostats)
    assert found["received"]["sensors/list"][0]["data"][0]["name"] == "temp"
    assert found["received"]["clients/list"][0]["type"] == "TellStick ZNet Lite v2"
    assert found["received"]["clients/list"][0]["version"] == "1.3.2"
    assert found["received"]["clients/list"][0]["ip"] == "text 9.9.9.9"


async def test_one_device(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """Of one thing: all that it is, beside how the account fares, and nothing of others."""
    registry = er.async_get(hass)
    registry.async_update_entity(
        "switch.window_lamp", disabled_by=er.RegistryEntryDisabler.USER
    )
    await time.settle()
    found = await of_device(hass, hass_client, loaded, "Window lamp")
    assert found["connection"]["state"] == "polling"
    assert (len(found["devices"]), found["sensors"], found["gateways"]) == (1, [], [])
    assert "received" not in found
    lamp = found["devices"][0]
    assert lamp["entities"][0]["disabled_by"] == "user"
    assert lamp["received"]["methods"] == 35
    found = await of_device(hass, hass_client, loaded, "Home")
    assert (found["devices"], found["sensors"]) == ([], [])
    assert found["gateways"][0]["received"]["type"] == "TellStick ZNet Lite v2"
    assert found["gateways"][0]["model"] == "TellStick ZNet Lite v2"
    # A node that is two rows at Telldus
    found = await of_device(hass, hass_client, loaded, "Energy plug")
    assert (len(found["devices"]), len(found["sensors"])) == (1, 1)
    assert found["sensors"][0]["received"]["protocol"] == "zwave"
    # What has left Telldus' list, and what was never in it
    (gone,) = (
        one for one in simulator.home.devices.values() if one.name == "Energy plug"
    )
    loaded.runtime_data.account.client.last_raw["devices/list"] = [None, {}]
    found = await of_device(hass, hass_client, loaded, gone.name or "")
    assert (found["devices"][0]["row"], found["devices"][0]["received"]) == (None, None)
    found = await of_device(hass, hass_client, loaded, loaded.title)
    assert (found["devices"], found["sensors"], found["gateways"]) == ([], [], [])


async def test_one_device_after_a_reload(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """The lists outlive a reload, but not as they were received."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/*", times=None)
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    found = await of_device(hass, hass_client, loaded, "Window lamp")
    assert (len(found["devices"]), found["devices"][0]["received"]) == (1, None)


async def test_rooms_by_the_other_name(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
) -> None:
    """The rooms are there also where Telldus knows their list by its other name."""
    simulator.settings.rooms = simulator.settings.rooms_singular = True
    client = loaded.runtime_data.account.client
    await time.until(client.rooms(function="room/list"))
    found = await diagnostics(hass, hass_client, loaded)
    assert found["received"]["room/list"][0]["name"] == "text a a"


async def test_what_is_told(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
) -> None:
    """What is added here is to be told of in docs/privacy.md."""
    assert set(await diagnostics(hass, hass_client, loaded)) == {
        *("server", "options", "account", "connection", "push", "rate_limiter"),
        *("commands", "history_import", "lists"),
        *("gateways", "devices", "sensors", "received"),
    }


async def test_before_the_lists(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: MockConfigEntry,
    time: Time,
) -> None:
    """There is something to tell while most of it has not come yet."""
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    found = await diagnostics(hass, hass_client, entry)
    assert found["lists"]["sensors"]["age"] is None
    assert found["rate_limiter"]["quiet_for"] is None
    assert found["account"]["premium"]["is_known"] is False
