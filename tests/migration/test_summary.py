"""What the user is shown before a migration."""

import re
from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.migration.plan import make_plan
from custom_components.telldus_pa.migration.summary import async_summarize
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from tests.conftest import Time

from .conftest import all_devices, device_of, edit_dashboard


async def summarize(
    hass: HomeAssistant, core: MockConfigEntry, entry: MockConfigEntry, time: Time
) -> dict[str, str]:
    """Build the placeholders of the dialog, when all lists have been fetched."""
    await time.move(45)
    plan = make_plan(hass, entry, core.entry_id)
    placeholders, is_complete = await async_summarize(hass, entry, plan)
    assert is_complete
    return placeholders


async def test_what_is_used(
    hass: HomeAssistant,
    automated: MockConfigEntry,
    loaded: MockConfigEntry,
    client: None,
    time: Time,
) -> None:
    """What changes is told, with what uses it; the rest is counted."""
    await edit_dashboard(hass)
    config = {
        "group": {"some": {"name": "Some", "entities": ["light.lamp_1_2"]}},
    }
    assert await async_setup_component(hass, "group", config)
    await time.settle()
    summary = await summarize(hass, automated, loaded, time)
    assert (summary["name"], summary["entities"], summary["devices"]) == (
        "Telldus Live!",
        "6",
        "7",
    )
    assert summary["helpers"] == ""
    assert summary["used"].split("\n") == [
        "",
        r"- Blind \| wind, Overview: `light.blind` → `cover.blind`",
        "- Meter, Overview: `sensor.plug_power` → `sensor.plug_energy`",
        "- Some: `light.lamp_1_2` → `light.bedroom`",
    ]
    # That is switch.veranda.
    assert summary["unused"] == "1"
    assert summary["unknown"] == r" (Old \*wall\*)"


async def test_two_devices(
    hass: HomeAssistant,
    customized: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
) -> None:
    """Of two devices that become one, what uses the one that goes is told."""
    plug, sensor = "switch.plug", "sensor.plug_power_2"
    used = {"wash": plug, "dry": sensor, "dry_all": sensor}
    config = {
        name: {
            "alias": name.capitalize(),
            "sequence": {
                "action": "homeassistant.update_entity",
                "target": {"device_id": device_of(hass, entity_id)},
            },
        }
        for name, entity_id in used.items()
    }
    assert await async_setup_component(hass, "script", {"script": config})
    await time.settle()
    summary = await summarize(hass, customized, loaded, time)
    assert "- Wash: Washer → Plug" in summary["used"].splitlines()
    assert "Dry" not in summary["used"]
    # No dashboard is in a file.
    assert summary["unknown"] == ""


async def test_nothing_in_the_list(
    hass: HomeAssistant,
    core: MockConfigEntry,
    loaded: MockConfigEntry,
    client: None,
    time: Time,
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
    summary = await summarize(hass, core, loaded, time)
    assert (summary["used"], summary["unused"]) == ("–", "0")


async def test_users_by_device(
    hass: HomeAssistant,
    customized: MockConfigEntry,
    loaded: MockConfigEntry,
    time: Time,
) -> None:
    """What means an entity by its device is listed; what means another of it is not."""
    registry = er.async_get(hass)
    blind = registry.entities["light.blind"]
    device_id = blind.device_id
    target = {"target": {"device_id": [device_id]}}
    device_trigger = {
        "trigger": "device",
        "device_id": device_id,
        "domain": "light",
        "entity_id": blind.id,
        "type": "turned_on",
    }
    of_another = {**device_trigger, "domain": "sensor", "entity_id": "0" * 32}
    condition = {**device_trigger, "condition": "device", "type": "is_on"}
    del condition["trigger"]
    nobody = {"trigger": "event", "event_type": "nobody"}
    automations: dict[str, dict[str, Any]] = {
        "Trigger": {"triggers": of_another | device_trigger, "actions": []},
        "Condition": {"triggers": nobody, "conditions": condition, "actions": []},
        "Target": {
            "triggers": nobody,
            "actions": [{"if": [], "then": {"action": "light.turn_on", **target}}],
        },
        "Old target": {
            "triggers": nobody,
            "actions": {"action": "light.turn_off", "data": {"device_id": device_id}},
        },
        "Template": {
            "triggers": nobody,
            "actions": {"action": "{{ 'light' }}.toggle", **target},
        },
        "Event": {
            "triggers": nobody,
            "actions": {"event": "x", "event_data": {"device_id": device_id}},
        },
        "Another entity": {"triggers": {**of_another, "type": "power"}, "actions": []},
        "Whatever is there": {
            "triggers": nobody,
            "actions": {"action": "homeassistant.turn_off", **target},
        },
    }
    config = {
        "automation": [
            {"id": alias, "alias": alias, **automation}
            for alias, automation in automations.items()
        ],
        "script": {
            "scripted": {
                "alias": "Script",
                "sequence": {"action": "light.toggle", **target},
            }
        },
    }
    assert await async_setup_component(hass, "homeassistant", {})
    for domain in ("automation", "script"):
        assert await async_setup_component(hass, domain, config)
    await time.settle()
    summary = await summarize(hass, customized, loaded, time)
    (users,) = re.findall("^- (.*): `light.blind` → ", summary["used"], re.MULTILINE)
    assert users.split(", ") == [
        "Condition",
        "Event",
        "Old target",
        "Script",
        "Target",
        "Template",
        "Trigger",
    ]
