"""What the tables of the demo home's devices are written with."""

from copy import deepcopy
from dataclasses import dataclass, field

from .home import Device, Routine, Row
from .methods import DeviceType, Method

_ROOM = "5e7d0000-0000-4000-8000-00000000900"
LIVING, BEDROOM, HALL, KITCHEN, OUTDOORS = (f"{_ROOM}{n}" for n in range(1, 6))
HOME, CABIN, GARAGE = "410001", "410002", "410003"

ON_OFF = Method.TURNON | Method.TURNOFF
DIMMER = ON_OFF | Method.DIM
BLIND = Method.UP | Method.DOWN | Method.STOP
LEARN = Method.LEARN


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A row of the two tables of devices; what is not said is usual."""

    name: str | None
    methods: int
    kind: DeviceType | str = DeviceType.SWITCH
    transport: str = "433"
    state: int = 2
    value: str | None = None
    values: Row = field(default_factory=dict)
    room: str | None = None
    gateway: str = HOME
    client_id: str | None = None
    model: str | None = None
    parameters: Row | None = None
    ignored: bool = False
    wake: float | None = None
    routine: Routine | None = None


def code(kind: DeviceType, house: int, unit: int | None = None) -> Row:
    """Return the parameters of a 433 receiver, numbers as numbers."""
    code: Row = {"devicetype": kind.uuid, "house": house}
    return code if unit is None else code | {"unit": unit}


def level(level: int | str) -> Row:
    """Return stateValues with a level."""
    return {"16": level}


def heat(mode: str | None, **setpoints: str) -> Row:
    """Return stateValues of a thermostat; eco_heat is written eco-heat."""
    state: Row = {
        "setpoint": {name.replace("_", "-"): text for name, text in setpoints.items()}
    }
    return {"2048": state if mode is None else state | {"mode": mode}}


def modes(*modes: str, span: dict[str, tuple[int, int]]) -> Row:
    """Return a thermostat's parameters: its modes, and the range of each setpoint."""
    setpoints = {mode: {"min": low, "max": high} for mode, (low, high) in span.items()}
    return {"thermostat": {"modes": list(modes), "setpoints": setpoints}}


def pulses(every: int, spread: int, *lengths: int) -> Routine:
    """Return a routine of going on and, one of `lengths` seconds later, off."""
    on, off = Method.TURNON, Method.TURNOFF
    return Routine(every, tuple(((0, on), (length, off)) for length in lengths), spread)


def device_of(device_id: str, row: DeviceRow, client_id: str) -> Device:
    """Make the device of a row."""
    is_433 = row.transport in ("433", "e433")
    kind = row.kind.uuid if isinstance(row.kind, DeviceType) else row.kind
    model = "010F-0403-1000" if row.transport == "zwave" else "n/a"
    if is_433:
        brand = (
            "selflearning-dimmer" if row.methods & Method.DIM else "selflearning-switch"
        )
        model = "bell:nexa" if row.methods == Method.BELL else f"{brand}:nexa"
    return Device(
        id=device_id,
        gateway_id=row.gateway,
        client_device_id=client_id,
        name=row.name,
        methods=int(row.methods),
        state=row.state,
        state_value=row.value,
        # Homes are changed; the table is for all of them.
        values={int(bit): deepcopy(value) for bit, value in row.values.items()},
        type="group" if row.transport in ("group", "egroup") else "device",
        device_type=kind,
        transport=row.transport,
        protocol="arctech" if is_433 else row.transport,
        model=row.model or model,
        room=row.room,
        parameters=deepcopy(row.parameters or {}),
        ignored=row.ignored,
        wake_interval=row.wake,
        routine=row.routine,
    )
