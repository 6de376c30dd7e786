"""What a version writes to disk: made from a home that has everything, and loaded again.

A frozen folder has Home Assistant's files of its registries and entries, ours, and
``seen.json``: what a user saw. The server's address is a placeholder in all of them. The
secrets are the simulator's.
"""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any, Final
from unittest.mock import MagicMock

from custom_components.telldus_pa.account.storage import _stores
from custom_components.telldus_pa.const import CONF_TOKEN_SECRET, DOMAIN
from homeassistant import bootstrap, loader
from homeassistant.config_entries import ConfigEntries, ConfigEntry
from homeassistant.const import CONF_TOKEN, __version__
from homeassistant.core import HomeAssistant
from homeassistant.core_config import async_process_ha_core_config
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component
from simulator import DEMO_PUBLIC_KEY, Simulator
from simulator.tokens import AccessToken

SEEN: Final = "seen.json"
_FILES: Final = (
    "core.area_registry",
    "core.config_entries",
    "core.device_registry",
    "core.entity_registry",
    "core.restore_state",
    f"{DOMAIN}.",
)
_SERVER: Final = "https://frozen.example"
# Attributes that tell what a user sees; the others are Home Assistant's own.
_CHOSEN: Final = ("friendly_name", "device_class", "unit_of_measurement", "state_class")

type Seen = dict[str, Any]
# What Home Assistant's test package has instead of files, by their names.
type Stored = dict[str, Any]


async def start(config: Path) -> HomeAssistant:
    """Start a core of one's own on what is stored."""
    hass = HomeAssistant(str(config))
    loader.async_setup(hass)
    hass.config.skip_pip = True
    hass.config_entries = ConfigEntries(hass, {})
    assert await bootstrap.async_load_base_functionality(hass)
    await async_process_ha_core_config(hass, {"time_zone": "Europe/Stockholm"})
    # The sign-in's view is all that needs it.
    hass.http = MagicMock()
    hass.config.components.add("http")
    return hass


async def set_up(hass: HomeAssistant) -> None:
    """Set up the accounts."""
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_start()


def entry_of(hass: HomeAssistant) -> ConfigEntry[Any]:
    """Return the account."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    return entry


async def see(hass: HomeAssistant) -> Seen:
    """Return what a user sees of the account, and what our file has."""
    entry = entry_of(hass)
    entities, devices = er.async_get(hass), dr.async_get(hass)
    areas = ar.async_get(hass)
    flow: Any = await hass.config_entries.options.async_init(entry.entry_id)
    hass.config_entries.options.async_abort(flow["flow_id"])
    return {
        "entry": [entry.state.value, entry.title, entry.unique_id],
        "options": dict(entry.options),
        "menu": list(flow["menu_options"]),
        "repairs": sorted(
            issue_id
            for (domain, issue_id), issue in ir.async_get(hass).issues.items()
            if domain == DOMAIN and issue.active
        ),
        "import": str(entry.runtime_data.history_import.state),
        "devices": {
            device.id: [
                sorted(identifier for _, identifier in device.identifiers),
                device.name_by_user or device.name,
                area.name
                if (area := areas.async_get_area(device.area_id or ""))
                else "",
                device.model,
            ]
            for device in dr.async_entries_for_config_entry(devices, entry.entry_id)
        },
        "entities": {
            row.id: [
                row.entity_id,
                row.unique_id,
                row.name,
                row.icon,
                str(row.disabled_by or ""),
                *_state(hass, row.entity_id),
            ]
            for row in er.async_entries_for_config_entry(entities, entry.entry_id)
        },
        "sections": sorted(await _stores(hass)[entry.entry_id].async_load()),
    }


def _state(hass: HomeAssistant, entity_id: str) -> list[Any]:
    """Return the state of an entity and the attributes that tell what it is."""
    if not (state := hass.states.get(entity_id)):
        return []
    return [state.state, {name: state.attributes.get(name) for name in _CHOSEN}]


def freeze(stored: Stored, target: Path, seen: Seen, server_url: str) -> None:
    """Keep what was written, each file by its name, and what was seen."""
    target.mkdir(parents=True)
    kept = {name: data for name, data in stored.items() if name.startswith(_FILES)}
    kept[SEEN] = {"homeassistant": __version__, "seen": seen}
    for name, data in kept.items():
        text = json.dumps(data, sort_keys=name == SEEN).replace(server_url, _SERVER)
        (target / name).write_text(f"{text}\n")


def thaw(frozen: Path, stored: Stored, simulator: Simulator, server_url: str) -> None:
    """Lay frozen files out for a start, and have the simulator know the account."""
    stored.clear()
    for path in frozen.iterdir():
        if path.name != SEEN:
            text = path.read_text().replace(_SERVER, server_url)
            stored[path.name] = json.loads(text)
    for entry in stored["core.config_entries"]["data"]["entries"]:
        if entry["domain"] == DOMAIN:
            token, secret = entry["data"][CONF_TOKEN], entry["data"][CONF_TOKEN_SECRET]
            simulator.tokens.access_tokens[token] = AccessToken(
                token, secret, DEMO_PUBLIC_KEY, "demo", simulator.clock()
            )


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Say what is seen differently."""
    # As it would be read from the file
    after = json.loads(json.dumps(after))
    found = []
    for name in before.keys() | after.keys():
        one, other = before.get(name), after.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            found += [
                f"{name}: {one.get(key)} -> {other.get(key)}"
                for key in one.keys() | other.keys()
                if one.get(key) != other.get(key)
            ]
        elif one != other:
            found.append(f"{name}: {one} -> {other}")
    return sorted(found)
