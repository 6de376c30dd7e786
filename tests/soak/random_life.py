"""What users, the home, the server and Home Assistant do to each other, at random."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import Context, HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from simulator import Fault, Method as M, Simulator
from simulator.home import Device
from tests.conftest import Time

from .random_home import KINDS, RandomHome
from .wishes import Wish, attribute, effects_at, is_done, random_action
from .witness import DOMAIN, Witness

COMMANDED: Final = (
    *("button", "climate", "cover", "light", "lock", "media_player", "scene"),
    *("siren", "switch"),
)
FAULTS: Final[tuple[tuple[Fault, dict[str, Any]], ...]] = (
    (Fault.UNAUTHORIZED_XML, {}),
    (Fault.UNAUTHORIZED_TEXT, {}),
    (Fault.RATE_LIMITED, {}),
    (Fault.RATE_LIMITED, {"retry_after": 20}),
    (Fault.NOT_FOUND, {}),
    (Fault.BAD_GATEWAY, {}),
    (Fault.CLOUDFLARE, {}),
    (Fault.TIMEOUT, {}),
    (Fault.SLOW, {"seconds": 4}),
    (Fault.REDIRECT, {}),
    (Fault.TRUNCATED, {}),
    (Fault.GARBAGE, {}),
    (Fault.EMPTY, {}),
    (Fault.DATABASE, {}),
    (Fault.APPLICATION_ERROR, {"text": "Unknown error"}),
    (Fault.COMMAND_LOST, {}),
)
PLACES: Final = (
    *("json/*", "json/*", "json/*", "json/*/list", "json/devices/list"),
    *("json/sensors/list", "json/clients/list", "json/device/*"),
    *("json/device/history", "json/user/*"),
)
# With each of these it is certain that Telldus did nothing.
NOTHING_SENT: Final = (
    *("command_rate_limited", "command_gateway_offline", "command_invalid_auth"),
    "command_rejected",
)


class RandomLife:
    """A life in a random home."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        simulator: Simulator,
        time: Time,
        random_home: RandomHome,
        witness: Witness,
        seed: int,
    ) -> None:
        """Move in."""
        self._hass = hass
        self._entry = entry
        self._simulator = simulator
        self._time = time
        self._random_home = random_home
        self._home = random_home.home
        self._witness = witness
        self._chance = chance = random_home.chance
        self._seed = seed
        self._wishes = witness.wishes
        # What the home does since the last wish for it, by device and attribute.
        self._last_wishes: dict[tuple[str, M], Wish] = {}
        self._weighted: tuple[tuple[Callable[[], Any], int], ...] = (
            (self._command, chance.choice((10, 40, 80))),
            (self._press, chance.choice((10, 30, 60))),
            (self._fault, chance.choice((0, 10, 25))),
            (self._refuse_login, chance.choice((0, 2))),
            (self._refuse_late, chance.choice((0, 4))),
            (self._mend, 10),
            (self._push_fault, chance.choice((0, 5))),
            (self._gateway, chance.choice((0, 3))),
            (self._change, chance.choice((0, 5, 20))),
            (self._scene, 3),
            (self._contradict, 3),
            (self._restart, chance.choice((0, 2, 5))),
            (self._reload, chance.choice((0, 2, 5))),
            (self._disable, chance.choice((0, 1))),
            (self._options, chance.choice((0, 1))),
            (self._customize, 1),
        )

    async def start(self) -> None:
        """Set the entry up."""
        await self._time.until(
            self._hass.config_entries.async_setup(self._entry.entry_id)
        )

    async def live(self, seconds: float) -> None:
        """Live for some time."""
        deeds, weights = zip(*self._weighted, strict=True)
        number = 0
        while seconds > 0:
            # What came before, and how long that took, changes nothing of what comes.
            self._chance.seed(f"{self._seed}/{number}")
            number += 1
            pause = min(self._chance.expovariate(1 / 30), seconds)
            (deed,) = self._chance.choices(deeds, weights)
            await self.wait(pause)
            seconds -= pause
            name = deed.__name__.strip("_")
            self._witness.done[name] += 1
            self._witness.write(name)
            if outcome := deed():
                await outcome
            if name == "fault":
                self._witness.write(f"faults: {[*self._simulator.faults]}")

    async def wait(self, seconds: float, step: float = 5.0) -> None:
        """Let time pass, and look at what Home Assistant says."""
        while seconds > 0:
            size = min(seconds, self._chance.choice((step / 5, step, step)))
            await self._time.leap(size)
            seconds -= size
            self._witness.look()

    async def quiet_down(self) -> None:
        """Let everything work again, and wait until nothing is under way any more."""
        self._mend()
        self._simulator.change_settings({"drift": False})
        if self._entry.disabled_by:
            await self._disable()
        for gateway in self._home.gateways.values():
            gateway.online = bool(self._chance.randrange(5))
        # No user turns these off, and what is turned off does not come back by itself.
        # What sleeps is given up after two hours.
        limit = 8000
        while not self._is_quiet():
            assert limit > 0, "it does not quiet down"
            limit -= 10
            await self.wait(10, 10.0)
        # Longer than the rarest poll
        await self.wait(960, 10.0)

    def _is_quiet(self) -> bool:
        """Return whether nothing waits: no command, no dialog, no pause."""
        entry = self._entry
        if entry.state is not ConfigEntryState.LOADED:
            return False
        data = entry.runtime_data
        return not (
            data.commands.pending_count
            or data.account.rate_limiter.paused_for
            or data.account.auth_failures.needs_reauth
            or self._hass.config_entries.flow.async_progress()
        )

    # Users

    def _states(self) -> list[tuple[str, State]]:
        """Return what can be commanded, each with the device that it is."""
        registry = er.async_get(self._hass)
        return [
            (device_id, state)
            for entity in er.async_entries_for_config_entry(
                registry, self._entry.entry_id
            )
            if entity.domain in COMMANDED
            and (state := self._hass.states.get(entity.entity_id))
            and state.state != "unavailable"
            # an-account_device_7_siren
            and (device_id := entity.unique_id.split("_")[2]) in self._home.devices
        ]

    def _command(self) -> None:
        """Tell something in the home to do something."""
        if states := self._states():
            self._tell(*self._chance.choice(states))

    def _tell(self, device_id: str, state: State) -> None:
        """Tell a device to do something."""
        reversed_covers = self._entry.options.get("reversed_covers", [])
        action, data, told = random_action(self._chance, state, reversed_covers)
        self._call(state.domain, action, data, {state.entity_id: (device_id, told)})

    def _contradict(self) -> None:
        """Tell something in one moment, a scene or group that it is in, and it once more."""
        states = self._states()
        for whole, state in self._chance.sample(states, len(states)):
            device = self._home.devices[whole]
            parts = {*device.members, *(one.device_id for one in device.actions)}
            if members := [one for one in states if one[0] in parts]:
                member = self._chance.choice(members)
                for one in (member, (whole, state), member):
                    self._tell(*one)
                return

    def _scene(self) -> None:
        """Turn many things off in one action, or one by one."""
        found = [one for one in self._states() if one[1].domain in ("light", "switch")]
        found = self._chance.sample(found, min(len(found), 8))
        told = [(M.TURNOFF, None)]
        if self._chance.randrange(2):
            targets = {state.entity_id: (one, told) for one, state in found}
            if targets:
                self._call("homeassistant", "turn_off", {}, targets)
            return
        for device_id, state in found:
            self._call(
                state.domain, "turn_off", {}, {state.entity_id: (device_id, told)}
            )

    def _call(
        self, domain: str, action: str, data: dict[str, Any], targets: dict[str, Any]
    ) -> None:
        """Call an action, and note what was wished for with it."""
        effects = {}
        for device_id, told in targets.values():
            device = self._home.devices[device_id]
            for one in told:
                for leaf, effect in effects_at(self._home, device, one):
                    effects[leaf, attribute(effect[0])] = effect
        task = self._hass.async_create_task(
            self._hass.services.async_call(
                domain,
                action,
                {"entity_id": list(targets), **data},
                blocking=True,
                context=Context(),
            ),
            eager_start=True,
        )
        wish = Wish(self._simulator.clock(), tuple(targets), effects, task)
        self._wishes.append(wish)
        self._witness.write(f"{domain}.{action} {data} {targets}")
        self._last_wishes.update(dict.fromkeys(effects, wish))
        task.add_done_callback(lambda _: self._ended(wish))

    def _ended(self, wish: Wish) -> None:
        """Note how an action ended."""
        wish.ended = self._simulator.clock()
        error = wish.task.exception()
        self._witness.write(f"{wish.entity_ids} of {wish.when:.0f}: {error!r}")
        if error is None:
            self._witness.done["actions done"] += 1
            return
        self._witness.done["actions refused"] += 1
        wish.refusal = getattr(error, "translation_key", None) or repr(error)
        if not isinstance(error, HomeAssistantError):
            self._witness.say(f"{wish} ended with {error!r}")

    # The home

    def _press(self, device: Device | None = None) -> None:
        """Press a remote, open a door, turn a knob."""
        device = device or self._chance.choice(list(self._home.devices.values()))
        if device.type != "device":
            return
        kind = KINDS[device.model]
        methods = kind.reports or kind.methods
        able = M(methods) & ~(M.THERMOSTAT | M.RGB)
        method = self._chance.choice(list(able) or [M.TURNON])
        level = self._chance.randrange(256)
        if self._simulator.press(device.id, method, level, home=self._home):
            self._witness.press(device, method)
            self._is_new({device.id})

    def _is_new(self, device_ids: set[str]) -> None:
        """Note that something else than a wish decides what devices do."""
        for key in [key for key in self._last_wishes if key[0] in device_ids]:
            del self._last_wishes[key]

    def _change(self) -> None:
        """Change which devices there are, and what they are called."""
        what, device_ids = self._random_home.change()
        self._witness.done[f"home: {what}"] += 1
        self._is_new(device_ids)
        self._simulator.push.flush()

    def _gateway(self) -> None:
        """Lose a gateway, or find it again."""
        gateway = self._chance.choice(list(self._home.gateways.values()))
        gateway.online = not gateway.online
        self._simulator.push.flush()

    # The server

    def _fault(self) -> None:
        """Break something, for some requests or until it is mended."""
        fault, arguments = self._chance.choice(FAULTS)
        match, times = self._chance.choice(PLACES), self._chance.choice((None, 1, 3))
        if fault is Fault.COMMAND_LOST:
            match = "json/device/*"
        self._simulator.faults.add(fault, match=match, times=times, **arguments)

    def _refuse_login(self) -> None:
        """Refuse every request, until it is mended."""
        fault = self._chance.choice((Fault.UNAUTHORIZED_XML, Fault.UNAUTHORIZED_TEXT))
        self._simulator.faults.add(fault, match="json/*")

    def _refuse_late(self) -> None:
        """Refuse commands when nobody waits for them any more."""
        faults = self._simulator.faults
        faults.add(Fault.RATE_LIMITED, match="device/*", times=1, retry_after=40)
        faults.add(Fault.APPLICATION_ERROR, match="device/*", times=4, text="No")
        for _ in range(4):
            self._command()

    async def _push_fault(self) -> None:
        """Break the channel on which changes are pushed, and have something change."""
        self._break_push()
        await self.wait(10)
        for device in self._home.devices.values():
            if not self._chance.randrange(3):
                self._press(device)

    def _break_push(self) -> None:
        """Break the channel on which changes are pushed."""
        simulator = self._simulator
        match self._chance.randrange(5):
            case 0 | 1:
                simulator.push.cut()
            case 2:
                simulator.change_settings({"push_silent": True})
            case 3:
                simulator.change_settings({"push_handshake": "502"})
                simulator.push.cut()
            case 4:
                simulator.push.forget_sessions()
                simulator.push.cut()

    def _mend(self) -> None:
        """Mend everything."""
        simulator = self._simulator
        simulator.faults.clear()
        if simulator.settings.push_silent:
            # What a half-open connection did not send nobody sends later.
            simulator.push.cut()
        simulator.change_settings({"push_silent": False, "push_handshake": "101"})

    # Home Assistant

    async def _reload(self) -> None:
        """Reload the entry."""
        if not self._entry.disabled_by:
            entries = self._hass.config_entries
            await self._time.until(entries.async_reload(self._entry.entry_id))

    async def _restart(self) -> None:
        """Stop and start the entry, as a restart of Home Assistant does."""
        entries = self._hass.config_entries
        if self._entry.state is not ConfigEntryState.LOADED:
            return
        await self._time.until(entries.async_unload(self._entry.entry_id))
        await self.is_nothing_left()
        # What a restart forgets: what was in memory, and the dialogs that were open
        shared = self._hass.data.pop("telldus_pa_shared")
        shared.async_stop(None)
        await shared.store.async_save(shared._to_store())  # noqa: SLF001  # as at a stop
        # This bus goes on, and with it who listens to its stop.
        shared.kept_lists.clear()
        shared.commands.clear()
        for flow in entries.flow.async_progress():
            entries.flow.async_abort(flow["flow_id"])
        await self.wait(self._chance.choice((1, 30, 200)))
        await self.start()

    async def _disable(self) -> None:
        """Disable the entry, or enable it again."""
        disabler = None if self._entry.disabled_by else ConfigEntryDisabler.USER
        entries = self._hass.config_entries
        await self._time.until(
            entries.async_set_disabled_by(self._entry.entry_id, disabler)
        )

    async def _options(self) -> None:
        """Choose other settings, in the dialog."""
        if self._entry.state is not ConfigEntryState.LOADED:
            return
        chance, flows = self._chance, self._hass.config_entries.options
        step = await self._time.until(flows.async_init(self._entry.entry_id))
        step = await self._time.until(
            flows.async_configure(step["flow_id"], {"next_step_id": "settings"})
        )
        answer = {
            "scan_interval": chance.choice((20, 30, 60, 240)),
            "live": bool(chance.randrange(4)),
            "include_ignored": bool(chance.randrange(2)),
        }
        await self._time.until(flows.async_configure(step["flow_id"], answer))

    def _customize(self) -> None:
        """Rename an entity, disable it, or enable it again."""
        registry = er.async_get(self._hass)
        entities = er.async_entries_for_config_entry(registry, self._entry.entry_id)
        entity = self._chance.choice(entities or [None])
        if entity is None:
            return
        changes: dict[str, Any] = {"name": f"Mine {len(self._wishes)}"}
        if entity.disabled_by is er.RegistryEntryDisabler.USER:
            changes = {"disabled_by": None}
        elif not entity.disabled_by and not self._chance.randrange(4):
            changes = {"disabled_by": er.RegistryEntryDisabler.USER}
        registry.async_update_entity(entity.entity_id, **changes)

    async def is_nothing_left(self) -> None:
        """Look for tasks, timers and connections of an entry that is not loaded."""
        await self._time.settle()
        if any(not task.done() for task in self._tasks()):
            # An action waits for 20 s, and with it what it has called.
            await self.wait(21)
        loop = self._hass.loop
        own = f"custom_components/{DOMAIN}", f"custom_components.{DOMAIN}"
        left = [
            *asyncio.all_tasks(loop),
            *(timer for timer in loop._scheduled if not timer.cancelled()),  # type: ignore[attr-defined]  # noqa: SLF001
        ]
        for one in left:
            if any(name in repr(one) for name in own):
                self._witness.say(f"left over: {one!r}")
        if sockets := self._simulator.push.as_dict()["connections"]:
            self._witness.say(f"left over: {sockets} connections")

    def _tasks(self) -> set[asyncio.Task[Any]]:
        """Return the actions that go on."""
        return {wish.task for wish in self._wishes}

    # In the end

    def check_wishes(self) -> None:
        """See that what was done without an error was done, and what was refused was not."""
        witness, home = self._witness, self._home
        for wish in self._wishes:
            if not wish.task.done():
                witness.say(f"has no end: {wish}")
        reversed_covers = self._entry.options.get("reversed_covers", ())
        for (device_id, name), wish in self._last_wishes.items():
            device = home.devices.get(device_id)
            if (
                device is None
                or wish.refusal
                or wish.told_late
                or self._was_lost(device_id, wish)
            ):
                continue
            witness.done["wishes checked"] += 1
            effect = wish.effects[device_id, name]
            is_reversed = device_id in reversed_covers
            settings = self._simulator.settings
            if not is_done(device, effect, settings, is_reversed=is_reversed):
                witness.say(f"not done: {effect} of {wish} is {device}")
        for wish in self._wishes:
            if wish.refusal in NOTHING_SENT:
                self._check_refused(wish)

    def _was_lost(self, device_id: str, wish: Wish) -> bool:
        """Return whether a command to a device got lost behind Telldus since a wish."""
        return any(
            row.success_status not in (0, 6) and row.ts >= wish.when - 1
            for row in self._home.devices[device_id].history
        )

    def _check_refused(self, wish: Wish) -> None:
        """See that nothing of what was refused was done, unless others wished for it."""
        ids = {device_id for device_id, _ in wish.effects}
        begin, end = wish.when - 1000, wish.when + 1000
        others = {
            device_id
            for one in self._wishes
            if one is not wish and begin < one.when < end
            for device_id, _ in one.effects
        }
        for device_id in ids - others:
            if device := self._home.devices.get(device_id):
                self._witness.done["refusals checked"] += 1
                rows = [
                    deepcopy(row)
                    for row in device.history
                    if row.origin != "Incoming signal" and wish.when <= row.ts < end
                ]
                if rows:
                    self._witness.say(f"refused, but done: {wish}, {rows}")
