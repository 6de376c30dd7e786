"""A random home, a random server, and what may happen in the home by itself."""

from dataclasses import dataclass
import random
from typing import Any

from simulator import DeviceType as T, Method as M, Simulator
from simulator.demo_sensors import sensor_value
from simulator.home import Device, Gateway, Home, SceneAction, Sensor

ON_OFF = int(M.TURNON | M.TURNOFF)
BLIND = int(M.UP | M.DOWN | M.STOP)
DIM = int(M.DIM)


@dataclass(frozen=True)
class Kind:
    """What a user calls a device, and the platform that is to show it."""

    methods: int
    type: T
    transport: str
    platform: str
    # What it can report by itself, besides what it can be told.
    reports: int = 0
    # The parts besides the device itself, each with its platform.
    parts: tuple[tuple[str, str], ...] = ()


KINDS: dict[str, Kind] = {
    "Lamp": Kind(ON_OFF, T.LIGHT, "433", "light"),
    "Bulb": Kind(ON_OFF, T.LIGHT, "zwave", "light"),
    "Dimmer": Kind(ON_OFF | DIM, T.LIGHT, "zwave", "light"),
    "Wall dimmer": Kind(ON_OFF | DIM, T.SWITCH, "433", "light"),
    "Color bulb": Kind(ON_OFF | DIM | int(M.RGB), T.LIGHT, "zwave", "light"),
    "Plug": Kind(ON_OFF, T.SWITCH, "zwave", "switch"),
    "Receiver": Kind(ON_OFF, T.UNKNOWN, "433", "switch"),
    "Blind": Kind(BLIND, T.WINDOW_COVERING, "433", "cover"),
    "Shutter": Kind(BLIND | DIM, T.WINDOW_COVERING, "zwave", "cover"),
    "Radiator": Kind(ON_OFF | int(M.THERMOSTAT), T.THERMOSTAT, "zwave", "climate"),
    "Lock": Kind(ON_OFF, T.LOCK, "zwave", "lock"),
    "Door": Kind(0, T.DOOR_WINDOW, "zwave", "binary_sensor", ON_OFF),
    "Window": Kind(ON_OFF, T.DOOR_WINDOW, "433", "binary_sensor"),
    "Motion": Kind(0, T.MOTION, "zwave", "binary_sensor", ON_OFF),
    "Smoke": Kind(
        ON_OFF, T.SMOKE, "zwave", "binary_sensor", parts=(("siren", "siren"),)
    ),
    "Remote": Kind(0, T.REMOTE, "433", "event", ON_OFF),
    "Bell": Kind(int(M.BELL), T.UNKNOWN, "433", "event", parts=(("bell", "button"),)),
    "Speaker": Kind(BLIND | ON_OFF, T.SPEAKER, "sonos", "media_player"),
}
GROUPED = ("Lamp", "Bulb", "Dimmer", "Color bulb", "Plug", "Blind", "Shutter", "Lock")
VALUES: tuple[tuple[tuple[str, str, str], ...], ...] = (
    (("temp", "21.4", "0"),),
    (("temp", "-3.2", "0"), ("humidity", "81", "0")),
    (("watt", "52.3", "0"), ("watt", "18.5", "2")),
    (("temp", "20.2", "0"), ("lum", "140", "1")),
)
# What is not known of Telldus' server, and may as well be so.
SETTINGS: dict[str, tuple[Any, ...]] = {
    "retry_after": (False, True),
    "refused_calls_count": (False, True),
    "effect_delay": (0.5, 2.5, 6.0),
    "dim_edges": (False, True),
    "state_values_as_strings": (False, True),
    "ids_as_ints": (False, True),
    "online_as_ints": (False, True),
    "members_in": ("devices", "parameter", "both"),
    "scene_type": ("device", "scene"),
    "error_code": (False, True),
    "refuse_profile": (False, True),
    "rooms": (False, True),
    "unauthorized_body": ("auto", "xml", "text"),
    "push": (False, True, True),
    "push_session_seconds": (900, 86400),
    "push_numbers": ("texts", "ints"),
    "push_extras": (False, True),
    "push_thermostat": ("text", "object"),
    "push_failures": ("method", "state", "id", "none"),
    "push_noise": ("none", "none", "text", "malformed", "foreign", "binary"),
    "push_offline": ("null", "empty", "missing"),
}


def kind_of(device: Device) -> str:
    """Return what a device was made as: its name begins with it, whatever follows."""
    return device.model


class RandomHome:
    """A home that is made, and changed, at random."""

    def __init__(self, simulator: Simulator, chance: random.Random) -> None:
        """Make a home, and put it into a server made at random as well."""
        self.chance = chance
        self.home = home = Home()
        self._gone: list[Device] = []
        self._numbers = 0
        self._now = int(simulator.clock())
        settings = {name: chance.choice(of) for name, of in SETTINGS.items()}
        simulator.change_settings({"life": False, "drift": True, **settings})
        simulator.homes["demo"] = home
        for number in range(chance.choice((1, 1, 2))):
            gateway = f"41000{number + 1}"
            uuid = f"5e7d0000-0000-4000-8000-000000{gateway}"
            home.gateways[gateway] = Gateway(gateway, uuid, f"House {number + 1}")
        for name in chance.choices(list(KINDS), k=chance.randint(6, 22)):
            self.add(name)
        for _ in range(chance.randint(0, 3)):
            self._add_group()
        for _ in range(chance.randint(0, 2)):
            self._add_scene()
        for _ in range(chance.randint(0, 5)):
            self._add_sensor()

    def add(self, kind: str) -> Device:
        """Add a device."""
        chance, row = self.chance, KINDS[kind]
        device = self._new(kind, row.methods, row.type, row.transport)
        device.state = M.TURNON if chance.randrange(2) else M.TURNOFF
        if row.methods & M.BELL:
            device.state = M.BELL
        if row.methods & M.UP:
            device.state = chance.choice((M.UP, M.DOWN))
        if row.methods & M.DIM:
            level = chance.randrange(256)
            device.state, device.state_value = M.DIM, str(level)
            device.values[int(M.DIM)] = level
        if row.methods & M.RGB:
            device.values[int(M.RGB)] = chance.randrange(0x1000000)
        if row.methods & M.THERMOSTAT:
            setpoint = {"heat": "20", "cool": "25"}
            device.values[int(M.THERMOSTAT)] = {"mode": "heat", "setpoint": setpoint}
            device.state = M.TURNON
            if chance.randrange(3):
                # On a battery, and hears what it is told when it wakes
                device.wake_interval = chance.choice((None, 120.0, 300.0))
                self._add_sensor(device)
        if not chance.randrange(12):
            device.name = None
        device.ignored = not chance.randrange(12)
        return device

    def _new(self, kind: str, methods: int, type_: T, transport: str) -> Device:
        """Add a row of devices/list."""
        self._numbers += 1
        number = str(self._numbers)
        device = Device(
            number,
            self.chance.choice(list(self.home.gateways)),
            str(1000 + self._numbers),
            f"{kind} {number}",
            methods,
            device_type=type_.uuid,
            transport=transport,
            protocol=transport,
            # What it was made as, which Telldus reads nothing from
            model=kind,
        )
        self.home.devices[number] = device
        return device

    def _add_group(self) -> None:
        """Add a group of what is at one gateway, perhaps with groups in it."""
        group = self._new("Group", 0, T.CONTAINER, "group")
        group.type, group.state = "group", M.TURNOFF
        among = self._groupable(group)
        group.members = self.chance.sample(among, min(len(among), 3))
        if not group.members:
            del self.home.devices[group.id]

    def _groupable(self, group: Device) -> list[str]:
        """Return what a group may get as a member; never what it is in itself."""
        return [
            one.id
            for one in self.home.devices.values()
            if one.gateway_id == group.gateway_id
            and one.id not in group.members
            and (
                kind_of(one) in GROUPED
                or (one.type == "group" and int(one.id) < int(group.id))
            )
        ]

    def _add_scene(self) -> None:
        """Add a scene, whose actions nobody is told."""
        scene = self._new("Scene", int(M.TURNON), T.UNKNOWN, "scene")
        scene.type = "scene"
        things = [
            one
            for one in self.home.devices.values()
            if kind_of(one) in ("Bulb", "Lamp") and one.gateway_id == scene.gateway_id
        ]
        for one in self.chance.sample(things, min(2, len(things))):
            method = self.chance.choice((M.TURNON, M.TURNOFF))
            scene.actions.append(SceneAction(one.id, method))

    def _add_sensor(self, node: Device | None = None) -> None:
        """Add a sensor, perhaps one that is the same node as a device."""
        chance, now = self.chance, self._now
        number = str(len(self.home.sensors) + 1)
        self.home.sensors[number] = Sensor(
            number,
            node.gateway_id if node else chance.choice(list(self.home.gateways)),
            node.client_device_id if node else f"5{number}",
            f"Sensor {number}",
            protocol=node.transport if node else "fineoffset",
            battery=chance.choice((253, 254, 80)) if node is None else 80,
            values=[
                sensor_value(name, value, scale, now - 10)
                for name, value, scale in chance.choice(VALUES)
            ],
            heard=now - 10,
        )

    def change(self) -> tuple[str, set[str]]:
        """Change which devices there are; return how, and which are not what they were."""
        chance, home = self.chance, self.home
        what = chance.choice(
            ("add", "remove", "return", "rename", "hide", "member", "kind", "value")
        )
        devices = [one for one in home.devices.values() if one.type == "device"]
        one = chance.choice(devices)
        groups = [one for one in home.devices.values() if one.type == "group"]
        match what:
            case "add":
                one = self.add(chance.choice(list(KINDS)))
            case "remove" if len(devices) > 3:
                self._gone.append(home.devices.pop(one.id))
            case "return" if self._gone:
                one = self._gone.pop()
                home.devices[one.id] = one
            case "rename" if one.name:
                one.name = f"{one.model} {one.id} {chance.randrange(100)}"
            case "hide":
                one.ignored = not one.ignored
            case "member" if groups:
                group = chance.choice(groups)
                among = self._groupable(group)
                if len(group.members) > 1 and chance.randrange(2):
                    group.members.remove(chance.choice(group.members))
                elif among:
                    group.members.append(chance.choice(among))
                return what, set(home.devices)
            case "kind":
                pairs = (("Lamp", "Receiver"), ("Door", "Motion"), ("Bulb", "Plug"))
                for before, after in (*pairs, *(pair[::-1] for pair in pairs)):
                    if one.model == before:
                        kind = KINDS[after]
                        one.model, one.device_type = after, kind.type.uuid
                        break
            case "value" if home.sensors:
                sensor = chance.choice(list(home.sensors.values()))
                sensor.battery = chance.choice((253, 254, 40))
        return what, {one.id}
