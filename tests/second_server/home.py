"""The house behind the second server."""

from dataclasses import dataclass, field
from typing import Any

ON, OFF, BELL, DIM, UP, DOWN, STOP = 1, 2, 4, 16, 128, 256, 512
RGB, THERMOSTAT = 1024, 2048


@dataclass(kw_only=True)
class Gateway:
    """A gateway, which the API calls a client."""

    name: str
    type: str
    online: bool = True


@dataclass(kw_only=True)
class Device:
    """A device.

    ``kind`` is the number in the first block of its deviceType, ``number`` its id at the
    gateway; ``values`` are by method: a level, a color, a thermostat's settings.
    """

    name: str | None
    methods: int
    kind: int
    state: int
    number: int
    values: dict[int, Any] = field(default_factory=dict)
    gateway: int = 410001
    transport: str = "zwave"
    members: tuple[int, ...] = ()

    @property
    def level(self) -> int | None:
        """Return the level of what is dimmed or positioned."""
        return self.values.get(DIM) if self.state == DIM else None


@dataclass(kw_only=True)
class Sensor:
    """A sensor; its values by name and scale."""

    name: str | None
    values: dict[tuple[str, int], str]
    number: int
    gateway: int = 410001
    battery: int = 254


def _gateways() -> dict[int, Gateway]:
    return {
        410001: Gateway(name="Home", type="TellStick ZNet Lite v2"),
        410002: Gateway(name="Cabin", type="TellStick Net"),
    }


def _devices() -> dict[int, Device]:
    radiator = {"mode": "heat", "setpoint": {"heat": "21.5", "eco-heat": "17"}}
    devices = [
        Device(name="Plug", methods=3, kind=0x10, state=OFF, number=11),
        Device(
            *(),
            name="Ceiling",
            methods=19,
            kind=5,
            state=DIM,
            number=12,
            values={DIM: 128},
        ),
        Device(
            *(),
            name="Blind",
            methods=912,
            kind=0x13,
            state=DIM,
            number=13,
            values={DIM: 255},
        ),
        Device(name="Door", methods=0, kind=0x04, state=OFF, number=14),
        Device(name="Lock", methods=3, kind=0x06, state=ON, number=15),
        Device(
            name="Everything",
            methods=19,
            kind=0x02,
            state=ON,
            number=16,
            transport="group",
            members=(2100001, 2100002),
        ),
        Device(name=None, methods=3, kind=0, state=OFF, number=17, transport="433"),
        # The same number at the other gateway
        Device(
            name="Heater",
            methods=3,
            kind=0x10,
            state=OFF,
            number=11,
            gateway=410002,
            transport="433",
        ),
        Device(
            name="Radiator",
            methods=2051,
            kind=0x11,
            state=ON,
            number=18,
            values={THERMOSTAT: radiator},
        ),
        Device(
            name="Bulb",
            methods=1043,
            kind=0x05,
            state=DIM,
            number=19,
            values={DIM: 200, RGB: 0xFF8000},
        ),
        Device(name="Bell", methods=4, kind=0, state=BELL, number=20, transport="433"),
        Device(name="Night", methods=1, kind=0, state=ON, number=21, transport="scene"),
        Device(
            name="Speaker",
            methods=899,
            kind=0x0F,
            state=ON,
            number=22,
            transport="sonos",
        ),
    ]
    return dict(enumerate(devices, 2100001))


def _sensors() -> dict[int, Sensor]:
    return {
        1540001: Sensor(
            name="Outdoor",
            values={("temp", 0): "-5.4", ("humidity", 0): "87"},
            number=151,
            battery=253,
        ),
        # One node with the plug, and an id that a device has as well
        2100001: Sensor(name="Plug", values={("watt", 2): "40.5"}, number=11),
        1540003: Sensor(name="", values={("temp", 0): "20"}, number=152),
    }


@dataclass
class Home:
    """What the account has."""

    gateways: dict[int, Gateway] = field(default_factory=_gateways)
    devices: dict[int, Device] = field(default_factory=_devices)
    sensors: dict[int, Sensor] = field(default_factory=_sensors)

    def named(self, name: str) -> Device:
        """Return a device by its name."""
        return next(one for one in self.devices.values() if one.name == name)

    def set(self, name: str, state: int, level: int | None = None) -> None:
        """Have a device do something; a group has its members do it."""
        device = self.named(name)
        for one in (device, *(self.devices[id_] for id_ in device.members)):
            one.state = state
            if level is not None:
                one.values[DIM] = level
