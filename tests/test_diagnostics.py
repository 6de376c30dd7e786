"""Diagnostics: what a maintainer needs, and nothing that is private."""

import json
from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Fault, Simulator

from .conftest import Time
from .test_commands import House, house  # noqa: F401


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


async def test_nothing_private(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    simulator: Simulator,
    secrets: set[str],
    house: House,  # noqa: F811
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
    house: House,  # noqa: F811
    time: Time,
) -> None:
    """How requests and commands fared, and what each device was taken for."""
    await time.move(30)
    await house.do("turn_off", "switch.window_lamp")
    simulator.faults.add(Fault.RATE_LIMITED, match="json/devices/list", times=1)
    await time.move(12)
    found = await diagnostics(hass, hass_client, loaded)
    assert found["server"] == "other"
    assert found["account"] == {
        "is_known": True,
        "is_refused": False,
        "premium": {"is_known": True, "is_missing": False, "was_paid": True},
    }
    assert found["connection"]["cause"] == "rate_limited"
    assert found["connection"]["failures"][-1]["error"] == "RateLimited"
    assert found["budget"]["used"] >= 2
    assert 0 < found["budget"]["paused_for"] <= 18
    assert -5 < found["budget"]["last_refused"] <= 0
    assert found["commands"] == {"unsent": 0, "undecided": 1, "fates": {}}
    assert found["lists"]["devices"]["problem"] == "RateLimited"
    assert found["lists"]["devices"]["interval"] == 60
    assert found["lists"]["sensors"]["problem"] is None
    assert len(found["gateways"]) == 3
    lamp = next(one for one in found["devices"] if one["is_commanded"])
    assert (lamp["kind"], lamp["methods"], lamp["transport"]) == ("switch", 35, "433")
    assert lamp["state"] == "TURNON"
    group = next(one for one in found["devices"] if one["type"] == "group")
    assert all(0 <= one < len(found["devices"]) for one in group["members"])
    assert any(one["is_silent"] for one in found["sensors"])
    paired = [one["sensor"] for one in found["devices"] if one["sensor"] is not None]
    assert paired


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
    assert found["budget"]["last_refused"] is None
    assert found["account"]["premium"]["is_known"] is False
