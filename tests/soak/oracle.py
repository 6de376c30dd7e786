"""What Home Assistant has to show of a home, said a second time and as simply as can be.

It reads the simulator's own rows; nothing of the integration has a part in it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from homeassistant.core import State
from simulator import Method as M
from simulator.home import Device, Home

from .random_home import KINDS

# Nobody can tell what it is to be, but that it is there.
ANYTHING = "anything"
_BLIND = M.UP | M.DOWN | M.STOP


@dataclass
class Expected:
    """A state, and those of its attributes that matter."""

    domain: str
    state: str
    attributes: dict[str, Any] = field(default_factory=dict)

    def differs(self, state: State | None) -> bool:
        """Return whether this is not what is shown."""
        if state is None:
            return True
        if self.state not in {state.state, ANYTHING}:
            return not _is_same_number(state.state, self.state)
        if self.state == ANYTHING:
            return state.state == "unavailable"
        return any(
            not _is_near(state.attributes.get(name), value)
            for name, value in self.attributes.items()
        )


def _is_same_number(one: str, other: str) -> bool:
    """Return whether two texts are the same number."""
    try:
        return abs(float(one) - float(other)) < 0.005
    except ValueError:
        return False


def _is_near(one: Any, other: Any) -> bool:
    """Return whether two values are the same, or numbers next to each other."""
    numbers = (int, float)
    if isinstance(one, numbers) and isinstance(other, numbers):
        # A group's is rounded twice.
        return abs(one - other) < 0.75
    if isinstance(one, (list, tuple)) and isinstance(other, tuple):
        return tuple(one) == other
    return bool(one == other)


class Oracle:
    """What is to be shown of a home, by unique id without the account."""

    def __init__(self, home: Home, options: Mapping[str, Any]) -> None:
        """Look at a home, with the options of the entry."""
        self._home = home
        # Those that are open at level 0
        self._reversed: Collection[str] = options.get("reversed_covers", ())
        self._visible = {
            one.id: one
            for one in home.devices.values()
            if not one.ignored or options.get("include_ignored")
        }

    def all(self) -> dict[str, Expected]:
        """Return what is to be shown of everything that has a name."""
        home = self._home
        found: dict[str, Expected] = {}
        nodes = {sensor.node for sensor in home.sensors.values()}
        for device in self._visible.values():
            # What has no name is a neighbour's, unless its sensor has one.
            if (device.name or device.node in nodes) and not device.ignored:
                online = home.gateways[device.gateway_id].online
                for part, expected in self._parts(device):
                    found[f"device_{device.id}{part}"] = (
                        expected if online else Expected(expected.domain, "unavailable")
                    )
        for sensor in home.sensors.values():
            online = home.gateways[sensor.gateway_id].online
            for value in sensor.values:
                found[f"sensor_{sensor.id}_{value.name}_{value.scale}"] = Expected(
                    "sensor", value.value if online else "unavailable"
                )
        for gateway in home.gateways.values():
            used = {one.gateway_id for one in self._visible.values()}
            used |= {sensor.gateway_id for sensor in home.sensors.values()}
            if gateway.id in used:
                found[f"gateway_{gateway.id}_connectivity"] = Expected(
                    "binary_sensor", "on" if gateway.online else "off"
                )
        return found

    def leaf(self, device: Device) -> Expected:
        """Return what is to be shown of a single device."""
        kind = KINDS[device.model]
        return Expected(kind.platform, *self._state(device, kind.platform))

    def _parts(self, device: Device) -> Iterator[tuple[str, Expected]]:
        """Return the entities of a device, by what follows its id."""
        if device.type == "scene":
            yield "", Expected("scene", ANYTHING)
        elif device.type == "group":
            yield "", self._group(device)
        else:
            yield "", self.leaf(device)
            for part, platform in KINDS[device.model].parts:
                yield f"_{part}", Expected(platform, *self._state(device, platform))

    def _state(self, device: Device, platform: str) -> tuple[str, dict[str, Any]]:
        """Return the state of a device, as a platform shows it."""
        on, state = _is_on(device), M(device.state)
        switched = {True: "on", False: "off", None: "unknown"}[on]
        match platform:
            case "light":
                return switched, self._light(device) if on else {}
            case "switch" | "binary_sensor" | "siren":
                return switched, {}
            case "lock":
                return {"on": "locked", "off": "unlocked"}.get(switched, switched), {}
            case "cover":
                return _cover(self._position(device), dims=bool(device.methods & M.DIM))
            case "climate":
                values = device.values[M.THERMOSTAT]
                mode = values["mode"]
                setpoint = values["setpoint"].get(mode)
                return mode, {"temperature": setpoint and float(setpoint)}
            case "media_player":
                shown = {M.TURNON: "playing", M.TURNOFF: "paused", M.STOP: "idle"}
                # A step of the volume leaves it as it was.
                return shown.get(state, ANYTHING), {}
        return ANYTHING, {}

    @staticmethod
    def _light(device: Device) -> dict[str, Any]:
        """Return the brightness and the color of a lamp that is on."""
        shown: dict[str, Any] = {}
        if device.methods & M.DIM:
            full = device.state == M.TURNON
            shown["brightness"] = 255 if full else int(device.state_value or 0)
        if device.methods & M.RGB and (rgb := device.values.get(M.RGB)):
            shown["rgb_color"] = (rgb >> 16, rgb >> 8 & 255, rgb & 255)
        return shown

    def _position(self, device: Device) -> float | None:
        """Return how far a cover is open, 0 to 1."""
        match M(device.state):
            case M.UP:
                return 1.0
            case M.DOWN:
                return 0.0
            case M.DIM:
                share = int(device.state_value or 0) / 255
                return 1 - share if device.id in self._reversed else share
        return None

    # Groups: what their members make together

    def members(self, group: Device) -> Mapping[str, Device]:
        """Return the devices that a group reaches, as far as anybody sees them."""
        found: dict[str, Device] = {}
        seen, waiting = {group.id}, list(group.members)
        while waiting:
            one = waiting.pop(0)
            member = self._visible.get(one)
            if one in seen or member is None:
                continue
            seen.add(one)
            if member.type == "group" and any(
                m in self._visible for m in member.members
            ):
                waiting += member.members
            else:
                found[one] = member
        return found

    def platform(self, device: Device) -> str:
        """Return the platform of a device or group."""
        if device.type != "group":
            return KINDS[device.model].platform
        platforms = {
            KINDS[one.model].platform
            for one in self.members(device).values()
            if one.type != "group"
        }
        methods = self._home.methods_of(device)
        if len(platforms) == 1:
            return platforms.pop()
        if methods & M.RGB:
            return "light"
        if methods & _BLIND:
            return "cover"
        if methods & M.DIM:
            return "light"
        return "switch" if methods & M.TURNON else "binary_sensor"

    def _group(self, group: Device) -> Expected:
        """Return the state of a group."""
        platform = self.platform(group)
        methods = self._home.methods_of(group)
        members = [
            one
            for one in self.members(group).values()
            if self._home.methods_of(one) & methods
        ]
        if not members or any(one.type == "group" for one in members):
            # It is what it was told last.
            return Expected(platform, ANYTHING)
        states = [_is_on(one) for one in members]
        if methods & _BLIND:
            covers = [one for one in members if one.methods & _BLIND]
            if not covers or platform != "cover":
                return Expected(platform, ANYTHING)
            known = [p for one in covers if (p := self._position(one)) is not None]
            mean: float | None = sum(known) / len(known) if known else None
            if not mean and len(known) < len(covers):
                mean = None
            dims = any(one.methods & M.DIM for one in covers)
            return Expected(platform, *_cover(mean, dims=dims))
        if platform == "lock":
            locked = "unlocked" if False in states else "locked"
            return Expected(platform, locked)
        lit = [one for one in members if _is_on(one)]
        shown: dict[str, Any] = {}
        levels = [
            255 if one.state == M.TURNON else int(one.state_value or 0)
            for one in lit
            if one.methods & M.DIM
        ]
        if levels and platform == "light":
            shown["brightness"] = sum(levels) / len(levels)
        return Expected(platform, "on" if lit else "off", shown)


def _is_on(device: Device) -> bool | None:
    """Return whether a device is on, None if its state does not say."""
    match M(device.state):
        case M.TURNON:
            return True
        case M.TURNOFF:
            return False
        case M.DIM:
            return device.state_value != "0"
    return None


def _cover(position: float | None, *, dims: bool) -> tuple[str, dict[str, Any]]:
    """Return the state of a cover at a position from 0 (closed) to 1 (open)."""
    if position is None:
        return "unknown", {}
    shown = {"current_position": 100 * position} if dims else {}
    return "open" if round(100 * position) else "closed", shown
