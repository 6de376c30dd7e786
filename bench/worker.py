"""Run a bare Home Assistant with one integration, and measure in it on request.

python -m bench.worker -c CONFIG --domain DOMAIN --url URL --port PORT [--speed N]

Bare means the core, its registries and the entity platforms: recorder, frontend and others
would be measured too. It connects to a port of the benchmark's process, where the simulator
is as well, and answers each line of JSON with another.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
import gc
import json
from pathlib import Path
import time
import tracemalloc
from typing import Any, override

from psutil import Process

from e2e.run_with_tellduslive import point_at
from homeassistant.auth import auth_manager_from_config
from homeassistant.bootstrap import async_load_base_functionality
from homeassistant.components.light import ColorMode, LightEntity
from homeassistant.components.recorder import DEFAULT_DB_FILE, get_instance
from homeassistant.config_entries import ConfigEntries, ConfigEntry
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import (
    CoreState,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_component import EntityComponent
from homeassistant.helpers.recorder import async_initialize_recorder
from homeassistant.loader import async_get_custom_components, async_setup
from homeassistant.setup import async_setup_component

from .instrumentation import Instrumentation, instrumentation_for
from .loop import Loop, time_blocks

_PLATFORMS = (
    *("binary_sensor", "button", "climate", "cover", "event", "light", "lock"),
    *("scene", "sensor", "switch"),
)
# In bytes: a line may hold all entities of a large home.
LONGEST_LINE = 2**24


class MinimalLight(LightEntity):
    """A light that does the least possible: it writes its state, and sends a request."""

    _attr_color_mode = ColorMode.BRIGHTNESS
    _attr_supported_color_modes = {ColorMode.BRIGHTNESS}
    _attr_should_poll = False
    _attr_brightness = 255

    def __init__(
        self, entity_id: str, send: Callable[[str], Awaitable[object]], device_id: str
    ) -> None:
        """Initialize the light."""
        self.entity_id = entity_id
        self._send = send
        self._device_id = device_id

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn the light on."""
        self._attr_is_on = True
        self.async_write_ha_state()
        await self._send(f"json/device/turnOn?id={self._device_id}")

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn the light off."""
        self._attr_is_on = False
        self.async_write_ha_state()
        await self._send(f"json/device/turnOff?id={self._device_id}")


class Counts:
    """Counts of the states that entities compute and write."""

    def __init__(self) -> None:
        """Count for all entities from now on."""
        self.computed = self.written = 0
        self.last_written = 0.0
        compute = Entity._async_write_ha_state  # noqa: SLF001

        def counted(entity: Entity) -> None:
            """Count, and compute the state."""
            self.computed += 1
            compute(entity)

        Entity._async_write_ha_state = counted  # type: ignore[method-assign, assignment]  # noqa: SLF001

    @callback
    def note(self, _: Event[EventStateChangedData]) -> None:
        """Count a state that was written."""
        self.written += 1
        self.last_written = time.time()


class Worker:
    """A Home Assistant; the public methods are the commands of `worker_client`."""

    def __init__(
        self, hass: HomeAssistant, instrumentation: Instrumentation, loop: Loop
    ) -> None:
        """Initialize the worker; its integration's entry is not set up yet."""
        self._hass = hass
        self._instrumentation = instrumentation
        self._loop = loop
        self._counts = Counts()
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._counts.note)

    @property
    def _entry(self) -> ConfigEntry[Any]:
        """Return the integration's entry."""
        (entry,) = self._hass.config_entries.async_entries(self._instrumentation.domain)
        return entry

    async def set_up(self, memory: bool = False) -> dict[str, Any]:
        """Set up the entry, and wait for all the responses of its start."""
        gc.collect()
        if memory:
            tracemalloc.start()
        self._instrumentation.disable_polling(self._hass, self._entry)
        before = tracemalloc.get_traced_memory()[0]
        began, cpu = time.time(), time.process_time()
        await self._hass.config_entries.async_setup(self._entry.entry_id)
        await self._instrumentation.wait_until_started(self._entry)
        await self._hass.async_block_till_done()
        cpu = time.process_time() - cpu
        gc.collect()
        bytes_used = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        return {
            "began": began,
            "cpu": cpu,
            "bytes": bytes_used,
            "entities": self._entities(),
        }

    def _entities(self) -> dict[str, dict[str, Any]]:
        """Return the entities with a state, and since when (unix seconds) they have it."""
        registry = er.async_get(self._hass)
        return {
            one.entity_id: {
                "unique_id": one.unique_id,
                "state": state.state,
                "since": state.last_changed.timestamp(),
            }
            for one in er.async_entries_for_config_entry(registry, self._entry.entry_id)
            if (state := self._hass.states.get(one.entity_id))
        }

    async def record(self) -> None:
        """Start Home Assistant's recorder."""
        async_initialize_recorder(self._hass)
        await async_setup_component(self._hass, "recorder", {})
        await get_instance(self._hass).async_db_ready

    async def usage(self) -> dict[str, float]:
        """Return what was used so far, in seconds and bytes, with the states written."""
        gc.collect()
        files = Path(self._hass.config.config_dir).glob(f"{DEFAULT_DB_FILE}*")
        return {
            "cpu": time.process_time(),
            "memory": Process().memory_info().rss,
            "written": self._counts.written,
            "database": sum(one.stat().st_size for one in files),
        }

    async def poll(self) -> dict[str, Any]:
        """Poll both lists once."""
        gc.collect()
        # A turn of the event loop of its own: garbage collection is not part of a poll.
        await asyncio.sleep(0)
        counts = self._counts
        counts.computed = counts.written = self._instrumentation.listener_calls = 0
        self._loop.longest = 0.0
        cpu = time.process_time()
        await self._instrumentation.poll(self._entry)
        cpu = time.process_time() - cpu
        # The last turn is counted when it ends.
        await asyncio.sleep(0)
        return {
            "cpu": cpu,
            "longest": self._loop.longest,
            "listener_calls": self._instrumentation.listener_calls,
            "computed": counts.computed,
            "written": counts.written,
        }

    async def perform_action(self, action: str, entity_id: str) -> dict[str, Any]:
        """Perform an action, and measure the time to the entity's first new state."""
        shown: list[tuple[float, int]] = []

        @callback
        def note(event: Event[EventStateChangedData]) -> None:
            """Note a change of the state."""
            if event.data["entity_id"] == entity_id:
                shown.append((time.time(), self._loop.turns))

        stop = self._hass.bus.async_listen(EVENT_STATE_CHANGED, note)
        domain, _, name = action.partition(".")
        began, turns = time.time(), self._loop.turns
        await self._hass.services.async_call(
            domain, name, {"entity_id": entity_id}, blocking=True
        )
        await self._hass.async_block_till_done()
        stop()
        when, turn = shown[0] if shown else (float("nan"), -1)
        return {"began": began, "shown": when - began, "turns": turn - turns}

    async def add_minimal_light(self, entity_id: str, device_id: str) -> None:
        """Add a `MinimalLight`."""
        lights: EntityComponent[LightEntity] = self._hass.data["light"]
        await lights.async_add_entities(
            [MinimalLight(entity_id, self.send_bare_request, device_id)]
        )

    async def start_action(self, action: str, entity_ids: list[str]) -> None:
        """Perform an action without waiting for its end."""
        domain, _, name = action.partition(".")
        await self._hass.services.async_call(domain, name, {"entity_id": entity_ids})

    async def send_bare_request(self, path: str) -> dict[str, Any]:
        """Send one signed request without an entity."""
        began = time.time()
        await self._instrumentation.send_bare_request(self._hass, self._entry, path)
        return {"began": began}


async def home_assistant(config: Path, speed: float) -> HomeAssistant:
    """Start the core with its registries and the entity platforms."""
    hass = HomeAssistant(str(config))
    hass.config.skip_pip = True
    if speed != 1:
        # With a fast clock each wait would look like a callback that blocks.
        hass.loop.slow_callback_duration = 1e9
    async_setup(hass)
    hass.config_entries = ConfigEntries(hass, {})
    await async_get_custom_components(hass)
    await async_load_base_functionality(hass)
    hass.auth = await auth_manager_from_config(hass, [], [])
    for domain in ("homeassistant", "http", *_PLATFORMS):
        await async_setup_component(hass, domain, {})
    hass.set_state(CoreState.running)
    return hass


async def serve(chosen: argparse.Namespace, loop: Loop) -> None:
    """Run commands until the connection is closed."""
    instrumentation = instrumentation_for(chosen.domain, unlimited=chosen.unlimited)
    hass = await home_assistant(chosen.config, chosen.speed)
    worker = Worker(hass, instrumentation, loop)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", chosen.port, limit=LONGEST_LINE
    )
    while line := await reader.readline():
        request = json.loads(line)
        response = await getattr(worker, request.pop("command"))(**request)
        writer.write(json.dumps(response).encode() + b"\n")
        await writer.drain()


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(prog="bench.worker")
    parser.add_argument("-c", dest="config", type=Path, required=True)
    parser.add_argument("--domain", required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--unlimited", action="store_true")
    chosen = parser.parse_args()
    loop = Loop(chosen.speed)
    if chosen.speed == 1:
        time_blocks(loop)
    else:
        # Code that reads the clock itself, as the rate limiter does, must agree.
        time.monotonic = loop.time
    point_at(chosen.url)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(serve(chosen, loop))


if __name__ == "__main__":
    main()
