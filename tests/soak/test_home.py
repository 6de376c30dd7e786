"""A home over many hours of faults, commands, presses and restarts.

The hours are moved, not lived. A short life is a test like the others; ``scripts/robustness``
lives a whole day.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
import gc
import logging
import random
from typing import Any, override

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.pa_api import DeviceProtocol
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import EntityPlatform
from homeassistant.helpers.storage import Store
from simulator import Fault, Home, Method, Simulator, generated_home
from simulator.home import Device
from tests.conftest import AddEntry, Time
from tests.helpers import Dashboard, diagnostics, state_is, unique_id

DEVICES = 100
HOUR = 3600
# The bus outlives what is a restart here, and with it who listened to its stop.
OBJECTS_A_RESTART = 6
# What may be on for a while, each as likely as the others
FAULTS: tuple[tuple[Fault, str, dict[str, Any]], ...] = (
    (Fault.UNAUTHORIZED_XML, "json/*", {}),
    (Fault.RATE_LIMITED, "json/*", {}),
    (Fault.RATE_LIMITED, "json/*", {"retry_after": 20}),
    (Fault.NOT_FOUND, "json/*", {}),
    (Fault.BAD_GATEWAY, "json/*", {}),
    (Fault.CLOUDFLARE, "json/*", {}),
    (Fault.TIMEOUT, "json/*", {}),
    (Fault.SLOW, "json/*", {"seconds": 4}),
    (Fault.TRUNCATED, "json/*", {}),
    (Fault.GARBAGE, "json/*", {}),
    (Fault.EMPTY, "json/*", {}),
    (Fault.DATABASE, "json/*", {}),
    (Fault.APPLICATION_ERROR, "json/*", {"text": "Unknown error"}),
    (Fault.COMMAND_LOST, "json/device/*", {}),
)


class Life:
    """Somebody who lives in a home, and all that goes wrong there."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        dashboard: Dashboard,
        simulator: Simulator,
        home: Home,
        time: Time,
        seed: int,
    ) -> None:
        """Move in."""
        self._hass = hass
        self._entry = entry
        self._house = dashboard
        self._simulator = simulator
        self._home = home
        self._time = time
        self._random = random.Random(seed)
        self._actions: set[asyncio.Task[Any]] = set()
        self.done: Counter[str] = Counter()

    async def live(self, hours: float) -> None:
        """Live for some hours."""
        now, end = 0.0, hours * HOUR
        weighted: tuple[tuple[Callable[[], Any], int], ...] = (
            (self._command, 40),
            (self._press, 30),
            (self._fault, 8),
            (self._mend, 14),
            (self._gateway, 3),
            (self._restart, 2),
            (self._scene, 3),
        )
        deeds, weights = zip(*weighted, strict=True)
        while now < end:
            seconds = min(self._random.expovariate(1 / 75), end - now)
            await self.wait(seconds)
            now += seconds
            (deed,) = self._random.choices(deeds, weights)
            if outcome := deed():
                await outcome
        self._simulator.faults.clear()
        self._home.gateways[next(iter(self._home.gateways))].online = True

    async def wait(self, seconds: float) -> None:
        """Let time pass, in steps fine enough for what polls and commands do."""
        while seconds > 0:
            step = min(seconds, 5.0)
            await self._time.move(step) if step < 1 else await self._time.leap(step)
            seconds -= step

    def _command(self, method: str | None = None) -> None:
        """Tell something in the home to do something."""
        entity_id = self._random.choice(
            sorted(self._hass.states.async_entity_ids(("light", "switch", "lock")))
            or [""]
        )
        domain = entity_id.partition(".")[0]
        data: dict[str, Any] = {}
        match domain:
            case "":
                return
            case "lock":
                action = self._random.choice(("lock", "unlock"))
            case _:
                action = method or self._random.choice(("turn_on", "turn_off"))
                state = self._hass.states.get(entity_id)
                modes = state and state.attributes.get("supported_color_modes", ())
                if action == "turn_on" and modes and "onoff" not in modes:
                    data["brightness"] = self._random.randint(1, 255)
        task = self._house.begin(action, entity_id, **data)
        self._actions.add(task)
        task.add_done_callback(self._ended)
        self.done["commands"] += 1

    def _ended(self, task: asyncio.Task[Any]) -> None:
        """Note how an action ended; that some fail is part of life."""
        self._actions.discard(task)
        self.done["refused" if task.exception() else "carried out"] += 1

    def _scene(self) -> None:
        """Tell many things at once."""
        for _ in range(12):
            self._command("turn_off")

    def _press(self) -> None:
        """Press a remote, open a door."""
        device = self._random.choice(list(self._home.devices.values()))
        method = self._random.choice((Method.TURNON, Method.TURNOFF))
        if device.methods & Method.THERMOSTAT or device.methods & Method.UP:
            return
        self._simulator.press(device.id, method, home=self._home)
        self.done["presses"] += 1

    def _fault(self) -> None:
        """Break something."""
        fault, match, arguments = self._random.choice(FAULTS)
        self._simulator.faults.add(fault, match=match, **arguments)
        self.done["faults"] += 1

    def _mend(self) -> None:
        """Mend everything."""
        self._simulator.faults.clear()

    def _gateway(self) -> None:
        """Lose the gateway, or find it again."""
        gateway = next(iter(self._home.gateways.values()))
        gateway.online = not gateway.online
        self.done["gateway lost or found"] += 1

    async def _restart(self) -> None:
        """Stop and start the entry, as a restart of Home Assistant does."""
        entries = self._hass.config_entries
        if self._entry.state is ConfigEntryState.LOADED:
            await self._time.until(entries.async_unload(self._entry.entry_id))
            # What a restart forgets: what was in memory, and the dialogs that were open
            shared = self._hass.data.pop("telldus_pa_shared")
            shared.async_stop(None)
            await shared.store.async_save(shared._to_store())  # noqa: SLF001  # as at a stop
            shared.kept_lists.clear()
            shared.commands.clear()
            for flow in entries.flow.async_progress():
                entries.flow.async_abort(flow["flow_id"])
            await self._time.until(entries.async_setup(self._entry.entry_id))
            self.done["restarts"] += 1


def objects() -> Counter[str]:
    """Return how many objects there are of our and of Home Assistant's classes.

    But for stores: what the test package has in the disk's stead remembers each of them;
    for protocols: one of each device, of which three an hour are asked for; and for
    platforms, of which Home Assistant 2026.8 keeps some.
    """
    gc.collect()
    return Counter(
        f"{type(one).__module__}.{type(one).__qualname__}"
        for one in gc.get_objects()
        if type(one).__module__.startswith(("custom_components.", "homeassistant."))
        and not isinstance(one, (DeviceProtocol, Store))
        and type(one).__module__ != EntityPlatform.__module__
    )


def differences(hass: HomeAssistant, home: Home, entry: MockConfigEntry) -> list[str]:
    """Return where Home Assistant says something else than Telldus has."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    devices = {unique_id(f"device_{one.id}"): one for one in home.devices.values()}
    found = []
    for entity in entities:
        device, state = devices.get(entity.unique_id), hass.states.get(entity.entity_id)
        if device and state and not _agree(device, state):
            found.append(f"{device.name}: {state} where Telldus has {device}")
    return found + [
        f"{state.entity_id} is unavailable"
        for state in hass.states.async_all()
        if state.state == "unavailable"
    ]


def _agree(device: Device, state: State) -> bool:
    """Return whether a device is shown as it is; what has no state agrees."""
    if state.domain not in ("binary_sensor", "cover", "light", "lock", "switch"):
        return True
    match device.state, state.domain:
        case Method.TURNON | Method.TURNOFF, "cover":
            # No position
            return state.state == "unknown"
        case Method.TURNON, _:
            return state.state in ("on", "locked")
        case Method.TURNOFF, _:
            return state.state in ("off", "unlocked")
        case Method.DIM, "light":
            level = state.attributes["brightness"] or 0
            return bool(level == int(device.state_value or 0))
        case Method.DIM, _:
            position = state.attributes["current_position"]
            return bool(position == round(int(device.state_value or 0) / 2.55))
        case Method.UP, _:
            return state.state == "open"
        case Method.DOWN, _:
            return state.state == "closed"
    return True


class _Lines(logging.Handler):
    """Keeps what was logged as text: a record holds on to all that it tells of."""

    def __init__(self) -> None:
        """Begin with an empty log."""
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        self.lines.append(f"{record.name}: {record.getMessage()}")


async def test_life(
    hass: HomeAssistant,
    add_entry: AddEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    soak_hours: int,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    """After all of it Home Assistant agrees with Telldus, and nothing has grown."""
    hass.loop.set_debug(False)
    lines = _Lines()
    monkeypatch.setattr(logging.getLogger(), "handlers", [lines])
    log = lines.lines
    home = generated_home(DEVICES, simulator.clock())
    simulator.homes["demo"] = home
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    life = Life(hass, entry, dashboard, simulator, home, time, seed=2026)

    async def count() -> Counter[str]:
        """Count in the same situation: after a reload that has kept the rows."""
        # Longer than any pause, half an hour of a refused sign-in, and a poll
        await life.wait(4000)
        await time.until(hass.config_entries.async_reload(entry.entry_id))
        await life.wait(900)
        return objects()

    await life.live(soak_hours / 4)
    early, restarts = await count(), life.done["restarts"]
    requests = len(simulator.log)
    simulator.log.clear()
    await life.live(soak_hours * 3 / 4)
    late = await count()
    requests += len(simulator.log)
    simulator.log.clear()
    before_the_end = len(log)

    assert state_is(entry, ConfigEntryState.LOADED)
    assert differences(hass, home, entry) == []
    commands = (await diagnostics(hass, entry))["commands"]
    assert (commands["queued"], commands["pending"]) == (0, 0)
    assert not hass.config_entries.flow.async_progress()
    assert life.done["carried out"] + life.done["refused"] == life.done["commands"]
    before = early.total()
    total = late.total() - OBJECTS_A_RESTART * (life.done["restarts"] - restarts)
    assert abs(total - before) <= before / 100, (late - early, early - late)
    await time.until(hass.config_entries.async_unload(entry.entry_id))
    await time.settle()
    # Tasks and timers that are left over fail any test here: the test package looks.
    assert log[before_the_end:] == []
    # What went wrong was told; that something broke would be told otherwise.
    assert not [line for line in log if "exception" in line.lower()]
    figures = {
        "hours": soak_hours,
        "requests": requests,
        **life.done,
        "states compared": len(home.devices),
        "objects after a quarter": before,
        "objects at the end": total,
    }
    for what, number in figures.items():
        record_property(what, number)
