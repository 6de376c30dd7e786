"""What is done in a life: each goes on with what an earlier life has left undone."""

import asyncio
from typing import Any

from custom_components.telldus_pa.history.importer import ImportState
from custom_components.telldus_pa.history.recorder import (
    async_add_hours,
    async_series_without_hours,
)
from custom_components.telldus_pa.history.statistics import HourlyStatistics
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_ENTITY_ID, SERVICE_TOGGLE
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from .life import DOMAIN, TELLDUSLIVE, Life

_HOUR = 3600


async def look_on(life: Life) -> None:
    """Do nothing but wait until all is there."""
    await life.settle()


async def sign_in(life: Life) -> None:
    """Add the account, unless that was done."""
    if life.entry() is None:
        flows = life.hass.config_entries.flow
        step: Any = await flows.async_init(DOMAIN, context={"source": "user"})
        flow_id = step["flow_id"]
        keys = {
            "public_key": DEMO_PUBLIC_KEY,
            "private_key": DEMO_PRIVATE_KEY,
            "advanced": {"server_url": life.url},
        }
        step = await flows.async_configure(flow_id, keys)
        if step["type"] == "menu":
            step = await flows.async_configure(flow_id, {"next_step_id": "manual"})
        life.pipe.send(("agree", {"link": step["description_placeholders"]["link"]}))
        await asyncio.to_thread(life.pipe.recv)
        step = await flows.async_configure(flow_id, {})
        assert step["type"] == "create_entry", step
    await life.settle()


async def poll(life: Life) -> None:
    """Let lists come, with what has happened at home."""
    await life.settle()
    await asyncio.sleep(120)


async def save(life: Life) -> None:
    """Change what is stored, again and again."""
    await life.settle()
    hass, entry, registry = life.hass, life.entry(), er.async_get(life.hass)
    assert entry
    lamps = [
        row.entity_id
        for row in er.async_entries_for_config_entry(registry, entry.entry_id)
        if (state := hass.states.get(row.entity_id))
        and row.domain == "switch"
        and state.state in ("on", "off")
    ]
    for number in range(8):
        options = hass.config_entries.options
        step: Any = await options.async_init(entry.entry_id)
        flow_id = step["flow_id"]
        await options.async_configure(flow_id, {"next_step_id": "settings"})
        interval = 20 + (int(entry.options.get("scan_interval", 30)) - 19) % 40
        chosen = {"scan_interval": interval, "live": True, "include_ignored": False}
        await options.async_configure(flow_id, chosen)
        await life.settle()
        lamp = lamps[number % len(lamps)]
        registry.async_update_entity(lamp, name=f"Lamp {interval}")
        await hass.services.async_call(
            "switch", SERVICE_TOGGLE, {ATTR_ENTITY_ID: lamp}, blocking=True
        )


async def _migrate(life: Life, *, back: bool) -> None:
    """Move over or back by the options, unless a start has to finish that."""
    await life.settle()
    entry, core = life.entry(), life.entry(TELLDUSLIVE)
    assert entry
    assert core
    if entry.disabled_by or bool(core.disabled_by) is not back:
        return
    options = life.hass.config_entries.options
    step: Any = await options.async_init(entry.entry_id)
    flow_id = step["flow_id"]
    chosen = {"next_step_id": "go_back" if back else "take_over"}
    step = await options.async_configure(flow_id, chosen)
    while step["type"].startswith("show_progress") or step["type"].startswith(
        "progress"
    ):
        await asyncio.sleep(1)
        step = await options.async_configure(flow_id)
    step = await options.async_configure(flow_id, {})
    while step["type"].startswith("progress"):
        await asyncio.sleep(1)
        step = await options.async_configure(flow_id)
    assert step["type"] == "create_entry", step
    await life.settle()


async def move(life: Life) -> None:
    """Move over from Home Assistant's own integration."""
    await _migrate(life, back=False)


async def go_back(life: Life) -> None:
    """Go back to it."""
    await _migrate(life, back=True)


async def first_hours(life: Life) -> None:
    """Give each sensor the first hour that Home Assistant has by itself after an hour."""
    await life.settle()
    entry = life.entry()
    assert entry
    first = int(dt_util.utcnow().timestamp() // _HOUR * _HOUR) - 2 * _HOUR
    for row in er.async_entries_for_config_entry(
        er.async_get(life.hass), entry.entry_id
    ):
        series = async_series_without_hours(life.hass, row.entity_id, first)
        state = life.hass.states.get(row.entity_id)
        if series is None or state is None or state.state in ("unknown", "unavailable"):
            continue
        value = float(state.state)
        hour = (
            HourlyStatistics(first, state=value, sum=0.0)
            if series.metadata["has_sum"]
            else HourlyStatistics(first, mean=value, min=value, max=value)
        )
        async_add_hours(life.hass, series.metadata, [hour])
    await get_instance(life.hass).async_block_till_done()


async def import_history(life: Life) -> None:
    """Import the past of all sensors, or go on with that."""
    await life.settle()
    entry = life.entry()
    assert entry
    assert entry.state is ConfigEntryState.LOADED
    history = entry.runtime_data.history_import
    if history.state is None:
        await history.async_start()

    async def finished() -> bool:
        return history.state is ImportState.FINISHED

    await life.until("the import does not end", finished)
    await get_instance(life.hass).async_block_till_done()
