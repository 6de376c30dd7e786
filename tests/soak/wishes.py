"""What users wish for, and whether the home did it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
import random
from typing import Any

from homeassistant.core import State
from simulator import Method as M
from simulator.home import Device, Home
from simulator.settings import Settings

type Effect = tuple[M, Any]
# What sets the same thing as what: a later wish for it stands for an earlier one.
_OWN = (M.RGB, M.BELL)
# Nobody can say what a device does of a command that it does not know.
_UNKNOWN = M(0)


@dataclass
class Wish:
    """An action: what it is for, and what it has the devices in the home do."""

    when: float
    entity_ids: tuple[str, ...]
    effects: dict[tuple[str, M], Effect]
    task: asyncio.Task[Any] = field(repr=False)
    ended: float | None = None
    # The key of what it was refused with.
    refusal: str | None = None
    # Whether a line of the log said, perhaps of it, that a command came to nothing.
    told_late: bool = False

    def at(self, device_id: str) -> Iterator[Effect]:
        """Return what it has one device do."""
        return (effect for (one, _), effect in self.effects.items() if one == device_id)

    @property
    def refused_at(self) -> float | None:
        """When it came to nothing for all that it was for, None where that is not known."""
        return self.ended if self.refusal and len(self.entity_ids) == 1 else None


def random_action(
    chance: random.Random, state: State, reversed_covers: list[str]
) -> tuple[str, dict[str, Any], list[Effect]]:
    """Return an action for an entity, its data, and what it tells the device.

    A position is told as a share, for each cover has a level of its own for it.
    """
    match state.domain:
        case "lock":
            return chance.choice(
                [("lock", {}, [(M.TURNON, None)]), ("unlock", {}, [(M.TURNOFF, None)])]
            )
        case "cover":
            if "current_position" in state.attributes and chance.randrange(2):
                position = chance.choice((0, 100, chance.randint(1, 99)))
                effect: Effect = (M.DIM, position / 100)
                if position in (0, 100):
                    effect = (M.UP if position else M.DOWN, None)
                return "set_cover_position", {"position": position}, [effect]
            method = chance.choice((M.UP, M.DOWN, M.STOP))
            name = {M.UP: "open", M.DOWN: "close", M.STOP: "stop"}[method]
            return f"{name}_cover", {}, [(method, None)]
        case "climate":
            mode = chance.choice(("heat", "cool", "off"))
            if mode == "off":
                return "set_hvac_mode", {"hvac_mode": mode}, [(M.THERMOSTAT, (mode,))]
            degrees = chance.randint(15, 28)
            data = {"hvac_mode": mode, "temperature": degrees}
            return "set_temperature", data, [(M.THERMOSTAT, (mode, degrees))]
        case "media_player":
            return chance.choice(
                [
                    ("media_play", {}, [(M.TURNON, None)]),
                    ("media_pause", {}, [(M.TURNOFF, None)]),
                    ("media_stop", {}, [(M.STOP, None)]),
                    ("volume_up", {}, [(M.UP, None)]),
                ]
            )
        case "button":
            return "press", {}, [(M.BELL, None)]
        case "scene":
            return "turn_on", {}, [(M.TURNON, None)]
    return _switching(chance, state)


def _switching(
    chance: random.Random, state: State
) -> tuple[str, dict[str, Any], list[Effect]]:
    """Return an action for a lamp or a switch."""
    action = chance.choice(("turn_on", "turn_on", "turn_off", "toggle"))
    modes = state.attributes.get("supported_color_modes", ())
    is_on = action == "turn_on" or (action == "toggle" and state.state != "on")
    effect: Effect = (M.TURNON if is_on else M.TURNOFF, None)
    if action != "turn_on" or not {"rgb", "brightness"} & set(modes):
        return action, {}, [effect]
    if "rgb" in modes and chance.randrange(2):
        rgb = [chance.randrange(1, 256) for _ in range(3)]
        number = rgb[0] << 16 | rgb[1] << 8 | rgb[2]
        effects: list[Effect] = [(M.RGB, number)]
        if state.state != "on":
            effects.append(effect)
        return action, {"rgb_color": rgb}, effects
    if chance.randrange(3):
        level = chance.randint(1, 255)
        return action, {"brightness": level}, [(M.DIM, level)]
    return action, {}, [effect]


def effects_at(
    home: Home, device: Device, told: Effect, seen: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Effect]]:
    """Return what a command has each device in the home do."""
    method, value = told
    if device.type == "scene":
        for action in device.actions:
            if target := home.devices.get(action.device_id):
                yield from effects_at(home, target, (action.method, action.value))
    elif device.type == "group":
        for one in device.members:
            if one not in seen and (member := home.devices.get(one)):
                yield from effects_at(home, member, told, seen | {device.id})
    elif isinstance(value, float) and not device.methods & M.UP:
        # A position is for what has one.
        return
    elif method is M.THERMOSTAT or device.methods & method:
        yield device.id, told
    elif method is M.DIM and device.methods & M.TURNON:
        yield device.id, (M.TURNON, None)
    elif not method & (M.RGB | M.BELL):
        yield device.id, (_UNKNOWN, None)


def attribute(method: M) -> M:
    """Return what a method sets, by one of those that set it."""
    return method if method in _OWN else M.TURNON


def is_done(
    device: Device, effect: Effect, settings: Settings, *, is_reversed: bool
) -> bool:
    """Return whether a device is as it was told to be, or nobody can tell."""
    method, value = effect
    match method:
        case M.RGB:
            return bool(device.values.get(int(M.RGB)) == value)
        case M.THERMOSTAT:
            now = device.values[int(M.THERMOSTAT)]
            mode, *degrees = value
            setpoint = float(now["setpoint"].get(mode) or 0)
            return now["mode"] == mode and degrees in ([], [setpoint])
        case M.DIM:
            level = value
            if isinstance(value, float):
                level = round(255 * (1 - value if is_reversed else value))
            edge = M.TURNON if level else M.TURNOFF
            if settings.dim_edges and level in (0, 255):
                return device.state == edge
            return device.state == M.DIM and int(device.state_value or 0) == level
        case M.TURNON | M.TURNOFF | M.UP | M.DOWN | M.STOP:
            return device.state == method
    # A bell, or what it does not know
    return True


def shown_as(effect: Effect, platform: str) -> set[str]:
    """Return the states in which a device may be shown that was told something."""
    method, value = effect
    match method:
        case M.THERMOSTAT:
            return {value[0]}
        case M.TURNON | M.TURNOFF:
            on = method is M.TURNON
            return {
                "lock": {"locked" if on else "unlocked"},
                "media_player": {"playing" if on else "paused"},
            }.get(platform, {"on" if on else "off"})
        case M.DIM:
            return {"open", "closed"} if platform == "cover" else {"on"}
        case M.UP | M.DOWN if platform == "cover":
            return {"open" if method is M.UP else "closed"}
        case M.STOP:
            return {"idle"} if platform == "media_player" else {"unknown"}
        case M.RGB | M.BELL:
            return set()
    return {"on", "off", "open", "closed", "unknown", "playing", "paused", "idle"}
