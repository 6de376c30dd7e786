"""A household at Telldus Live!: gateways, devices, sensors and their history.

All of it is mutable: tests change a home while the server runs.
"""

from dataclasses import dataclass, field
from typing import Any

from .methods import DeviceType, Method

type Row = dict[str, Any]
"""A JSON object of a response."""

type CommandValue = int | Row | None
"""A level 0-255 (DIM), 0xRRGGBB (RGB), {mode, temperature, changeMode} or nothing."""


@dataclass(slots=True)
class Gateway:
    """A TellStick; "client" in Telldus' API."""

    id: str
    uuid: str
    name: str
    type: str = "TellStick ZNet Lite v2"
    version: str = "1.3.2"
    online: bool = True
    ip: str = "203.0.113.1"
    transports: str = "zwave,433,group,scene"
    longitude: float = 17.64
    latitude: float = 59.86
    timezone: str = "Europe/Stockholm"
    timezone_autodetected: bool = True
    tzoffset: int = 3600
    extensions: int = 3
    features: str = ""
    insured: bool = False
    code: str = ""
    """The code that is printed on the device; no list has it."""


@dataclass(slots=True)
class HistoryRow:
    """A row of device/history; `success_status` 0 is done, 6 queued, else failed."""

    ts: int
    state: int
    state_value: int | str
    origin: str
    success_status: int = 0


@dataclass(slots=True)
class SceneAction:
    """A scene's command to a device."""

    device_id: str
    method: Method
    value: CommandValue = None


type Turn = tuple[tuple[int, Method], ...]
"""A sequence of seconds after the beginning and methods, in order."""


@dataclass(frozen=True, slots=True)
class Routine:
    """What a device does by itself, once in each `every` seconds; see routines.py.

    It begins somewhere in the first `spread` seconds and does one of the `turns`, which
    must be over before the next can begin.
    """

    every: int
    turns: tuple[Turn, ...]
    spread: int = 1

    def __post_init__(self) -> None:
        """Raise ValueError if one turn could reach into the next."""
        longest = max(after for turn in self.turns for after, _ in turn)
        if self.spread + longest > self.every:
            raise ValueError(f"no turn is over in {self.every} seconds")


@dataclass(slots=True)
class Device:
    """A device, group or scene.

    `values` holds stateValues by method bit: 16 a level, 1024 a color, 2048 an object.
    `members` is for groups, `actions` for scenes. `wake_interval` (seconds) makes a
    battery device that receives commands only when it wakes. `routine` is what it does
    without a command. A shutter that `runs_reversed` has the levels of its ends swapped.
    A row that `is_sparse` has nothing but the fields of the vendor's guide.
    """

    id: str
    gateway_id: str
    client_device_id: str
    name: str | None
    methods: int
    state: int = Method.TURNOFF
    state_value: str | None = None
    values: dict[int, Any] = field(default_factory=dict)
    type: str = "device"
    device_type: str = DeviceType.UNKNOWN.uuid
    transport: str = "433"
    protocol: str = "arctech"
    model: str = "selflearning-switch:nexa"
    room: str | None = None
    parameters: Row = field(default_factory=dict)
    metadata: Row = field(default_factory=dict)
    ignored: bool = False
    members: list[str] = field(default_factory=list)
    actions: list[SceneAction] = field(default_factory=list)
    wake_interval: float | None = None
    history: list[HistoryRow] = field(default_factory=list)
    previous_mode: str | None = None
    routine: Routine | None = None
    runs_reversed: bool = False
    is_sparse: bool = False

    @property
    def uuid(self) -> str:
        """The value of extras=uuid; device/info finds the device by it."""
        return f"5e7d0000-0000-4000-8000-{self.id:>012}"

    @property
    def node(self) -> tuple[str, str]:
        """The Z-Wave node; a sensor of the same node has the same."""
        return self.gateway_id, self.client_device_id


@dataclass(frozen=True, slots=True)
class Drift:
    """How a value moves by itself: a wave, or a counter that grows, or both.

    `swing` is the wave's amplitude and `period` its length in seconds; `per_hour` what is
    added in an hour; `interval` the seconds between two receptions. A `load` is what the
    device of the same node switches: off, a wave is 0 and a counter stands still.
    """

    swing: float = 0.0
    period: float = 3600.0
    per_hour: float = 0.0
    interval: float = 120.0
    load: bool = False


@dataclass(slots=True)
class SensorValue:
    """One value of a sensor; value, max and min are decimal texts as on the wire."""

    name: str
    scale: str
    value: str
    last_updated: int
    max: str | None = None
    max_time: int | None = None
    min: str | None = None
    min_time: int | None = None
    drift: Drift | None = None
    base: str = ""
    base_time: float = 0.0
    off_since: float | None = None

    def __post_init__(self) -> None:
        """Start the drift where the value stands."""
        self.anchor(self.value, float(self.last_updated))

    def anchor(self, value: str, when: float) -> None:
        """Set the value; from here any drift goes on."""
        self.value = self.base = value
        self.base_time = when
        self.last_updated = int(when)


@dataclass(slots=True)
class Sensor:
    """A sensor with its values. Its id may equal a device's: the number spaces overlap."""

    id: str
    gateway_id: str
    sensor_id: str
    name: str | None
    protocol: str = "fineoffset"
    model: str = "temperature"
    battery: int = 254
    ignored: bool = False
    keep_history: bool = False
    misc_values: str | None = "{}"
    values: list[SensorValue] = field(default_factory=list)
    heard: int = 0
    is_sparse: bool = False

    @property
    def node(self) -> tuple[str, str]:
        """The Z-Wave node; a device of the same node has the same."""
        return self.gateway_id, self.sensor_id

    @property
    def last_updated(self) -> int:
        """Unix seconds of the newest value, of the last message if it has none."""
        return max((value.last_updated for value in self.values), default=self.heard)

    def value(self, name: str, scale: str) -> SensorValue | None:
        """Find a value by its name and scale."""
        for value in self.values:
            if (value.name, value.scale) == (name, scale):
                return value
        return None


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and its origin as the history shows it."""

    method: Method
    value: CommandValue = None
    origin: str = "Incoming signal"


@dataclass(slots=True)
class Pending:
    """A command that is not executed yet; `status` is the successStatus that its history row gets."""

    due: float
    device_id: str
    command: Command
    status: int = 0


@dataclass(frozen=True, slots=True)
class PushEvent:
    """An event for the push channel.

    `data` has all that a frame could have, numbers as numbers; push_frames.py chooses.
    """

    gateway_id: str
    module: str
    action: str
    data: Row


@dataclass(slots=True)
class Home:
    """All that an account sees. `rooms` are id -> name, `jobs` rows of the scheduler.

    `events` and `event_groups` are rows too; nothing executes them.

    `routines_until` is the unix time up to which the devices' routines are executed.
    `push_events` are the events not sent yet, None while no socket is open.
    """

    gateways: dict[str, Gateway] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    sensors: dict[str, Sensor] = field(default_factory=dict)
    rooms: dict[str, str] = field(default_factory=dict)
    jobs: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    event_groups: list[Row] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    routines_until: float = 0.0
    push_events: list[PushEvent] | None = None

    def methods_of(self, device: Device, seen: frozenset[str] = frozenset()) -> int:
        """Return what a device can do; a group can do what any of its members can.

        LEARN is left out for groups: a receiver is taught alone.
        """
        if device.type != "group":
            return device.methods
        seen |= {device.id}
        methods = 0
        for member in device.members:
            if member in self.devices and member not in seen:
                methods |= self.methods_of(self.devices[member], seen)
        return methods & ~Method.LEARN

    def is_online(self, gateway_id: str) -> bool:
        """Return whether a gateway is there and connected."""
        gateway = self.gateways.get(gateway_id)
        return gateway is not None and gateway.online
