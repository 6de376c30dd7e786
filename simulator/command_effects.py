"""What commands, wall remotes and time do to a home.

Nothing here uses timers: a command waits in `home.pending` until the clock says that it is
due, and is executed at the next `advance`, in order with what devices do by themselves
(routines.py). So frozen and moved clocks work.
Source: docs/dev/telldus-api.md, "State" and "Thermostat, RGB, dim".
"""

from copy import deepcopy
import math

from .home import (
    Command,
    Device,
    HistoryRow,
    Home,
    Pending,
    PushEvent,
    Row,
    Sensor,
    SensorValue,
)
from .methods import Method, resolve_method
from .routines import next_routine_event, run_routines
from .settings import Settings

HISTORY_ROWS = 5000
_STATES = (
    Method.TURNON | Method.TURNOFF | Method.BELL | Method.UP | Method.DOWN | Method.STOP
)
NO_REPLY, QUEUED, INVALID_PARAMETER = 2, 6, 7


def send(
    home: Home,
    settings: Settings,
    device: Device,
    command: Command,
    now: float,
    *,
    lost: bool = False,
) -> None:
    """Queue a command; its effect comes `settings.effect_delay` seconds later.

    A group forwards it to its members, a scene runs its actions. Its method must be one
    that the device has. `lost` commands fail without a reply.
    """
    due = now + settings.effect_delay
    if device.wake_interval:
        _record(home, device, now, command, QUEUED)
        due = (math.floor(now / device.wake_interval) + 1) * device.wake_interval
    status = NO_REPLY if lost else _status(device, command)
    home.pending.append(Pending(due, device.id, command, status))
    for target, its_command in _forwarded(home, device, command):
        if home.is_online(target.gateway_id):
            send(home, settings, target, its_command, now, lost=lost)


def press(
    home: Home, settings: Settings, device: Device, command: Command, now: float
) -> bool:
    """Change a device at once, as a wall remote, a door or a hand does.

    Returns False, and changes nothing, if its gateway is offline.
    """
    advance(home, settings, now)
    if not home.is_online(device.gateway_id):
        return False
    _execute(home, settings, Pending(now, device.id, command))
    return True


def advance(home: Home, settings: Settings, now: float) -> None:
    """Execute all commands and routines that are due by `now`, in order; drift sensors."""
    due = [p for p in home.pending if p.due <= now]
    if due:
        home.pending = [p for p in home.pending if p.due > now]
    due += run_routines(home, now, enabled=settings.life)
    for pending in sorted(due, key=lambda p: p.due):
        _execute(home, settings, pending)
    if settings.drift:
        nodes = {device.node: device for device in home.devices.values()}
        for sensor in home.sensors.values():
            _update_sensor(home, sensor, nodes.get(sensor.node), now)


def next_due(home: Home, settings: Settings, now: float) -> float | None:
    """Return when `advance` will next have something to do, None if never."""
    times = [pending.due for pending in home.pending]
    if settings.life and (when := next_routine_event(home, now)) is not None:
        times.append(when)
    if settings.drift:
        times += (
            value.base_time
            + (_ticks(value, value.drift.interval, now) + 1) * value.drift.interval
            for sensor in home.sensors.values()
            if home.is_online(sensor.gateway_id)
            for value in sensor.values
            if value.drift
        )
    return min(times, default=None)


def report(
    home: Home, sensor: Sensor, name: str, scale: str, value: str, now: float
) -> None:
    """Let a sensor report a value; one that it did not have is added."""
    found = sensor.value(name, scale)
    if found is None:
        found = SensorValue(name, scale, value, int(now))
        sensor.values.append(found)
    found.anchor(value, now)
    found.drift = None  # a value that was set on purpose stays
    update_extremes(found)
    if home.is_online(sensor.gateway_id):
        _add_sensor_event(home, sensor, [found])


def apply(device: Device, settings: Settings, command: Command) -> None:
    """Set the state that a device has after a command.

    RGB leaves `state` alone, THERMOSTAT makes it TURNON or TURNOFF, LEARN changes nothing.
    """
    method, value = command.method, command.value
    match method:
        case Method.DIM:
            level = value if isinstance(value, int) else 0
            device.state_value = str(level)
            device.values[Method.DIM] = level
            device.state = Method.DIM
            if settings.dim_edges and level in (0, 255):
                device.state = Method.TURNON if level else Method.TURNOFF
        case Method.RGB:
            device.values[Method.RGB] = value if isinstance(value, int) else 0
        case Method.THERMOSTAT:
            _set_thermostat(device, value if isinstance(value, dict) else {})
        case _ if method & _STATES:
            device.state = method
            if method in (Method.UP, Method.DOWN) and device.methods & Method.DIM:
                closed = settings.shutter_closed
                if device.runs_reversed:
                    closed = 255 - closed
                level = closed if method is Method.DOWN else 255 - closed
                device.state_value = str(level)
                device.values[Method.DIM] = level
            if device.methods & Method.THERMOSTAT:
                _switch_thermostat(device, on=method is not Method.TURNOFF)


def thermostat_modes(device: Device) -> list[str]:
    """Return a thermostat's modes: its parameters', else those that have a setpoint."""
    declared: Row = device.parameters.get("thermostat") or {}
    current: Row = device.values.get(Method.THERMOSTAT) or {}
    modes = declared.get("modes") or list(
        declared.get("setpoints") or current.get("setpoint") or {}
    )
    return [*modes, *(["off"] if "off" not in modes else [])]


def decimal(number: float, places: int | None = None) -> str:
    """Write a number as Telldus does: point, no needless digits unless asked for."""
    if places is not None:
        return f"{number:.{places}f}"
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _execute(home: Home, settings: Settings, pending: Pending) -> None:
    """Execute a due command, if its device still exists, and record it."""
    device = home.devices.get(pending.device_id)
    if device is None:
        return
    if pending.status == 0:
        apply(device, settings, pending.command)
    _record(home, device, pending.due, pending.command, pending.status)
    if settings.drift:
        for sensor in home.sensors.values():
            if sensor.node == device.node:
                _update_sensor(home, sensor, device, pending.due)


def _forwarded(
    home: Home, device: Device, command: Command
) -> list[tuple[Device, Command]]:
    """Return the commands that a group or a scene makes of a command."""
    found: list[tuple[Device, Command]] = []
    for member_id in device.members:
        member = home.devices.get(member_id)
        # A group may be in a group, but not the one that it is in itself.
        if member is None or device.id in member.members:
            continue
        method = _for_member(home.methods_of(member), command)
        if method is not None:
            value = command.value if method is command.method else None
            found.append((member, Command(method, value, f"Group {device.name or ''}")))
    for action in device.actions:
        if target := home.devices.get(action.device_id):
            origin = f"Scene {device.name or ''}"
            found.append((target, Command(action.method, action.value, origin)))
    return found


def _for_member(methods: int, command: Command) -> Method | None:
    """Return a group member's method; one that cannot dim is switched."""
    method = resolve_method(methods, command.method)
    if method is None and command.method is Method.DIM:
        switch = Method.TURNON if command.value else Method.TURNOFF
        return resolve_method(methods, switch)
    return method


def _status(device: Device, command: Command) -> int:
    """Return the command's later status: the gateway rejects after the "success"."""
    if command.method is Method.THERMOSTAT and isinstance(command.value, dict):
        mode = command.value.get("mode")
        if mode and mode != "resume" and mode not in thermostat_modes(device):
            return INVALID_PARAMETER
    return 0


def _set_thermostat(device: Device, value: Row) -> None:
    """Execute {mode, temperature (°C), changeMode}; each may be missing."""
    current: Row = device.values.setdefault(Method.THERMOSTAT, {})
    before = current.get("mode")
    # A knob that is turned while the mode is off sets what comes after it.
    mode = value.get("mode") or (_mode_to_resume(device) if before == "off" else before)
    setpoints: Row = current.setdefault("setpoint", {})
    if not mode and len(setpoints) == 1:
        mode = next(iter(setpoints))
    if mode == "resume":
        mode = _mode_to_resume(device)
    if mode not in (None, "off", "fan") and value.get("temperature") is not None:
        setpoints[mode] = decimal(float(value["temperature"]))
    # Without a mode the gateway takes the current one, and does not switch.
    is_switched = bool(value.get("mode")) and value.get("changeMode", 1)
    if is_switched and mode and (before or mode not in setpoints):
        if before and before != "off":
            device.previous_mode = before
        current["mode"] = mode
    device.state = Method.TURNOFF if current.get("mode") == "off" else Method.TURNON


def _switch_thermostat(device: Device, *, on: bool) -> None:
    """Keep the mode in step with a plain turnOn or turnOff."""
    current: Row = device.values.get(Method.THERMOSTAT) or {}
    if "mode" in current and (current["mode"] != "off") is not on:
        if not on:
            device.previous_mode = current["mode"]
        current["mode"] = _mode_to_resume(device) if on else "off"


def _mode_to_resume(device: Device) -> str:
    current: Row = device.values.get(Method.THERMOSTAT) or {}
    mode = current.get("mode")
    if mode and mode != "off":
        return str(mode)
    others = (m for m in thermostat_modes(device) if m not in ("off", "resume"))
    return device.previous_mode or next(others, "heat")


def _record(
    home: Home, device: Device, when: float, command: Command, status: int
) -> None:
    """Add a row to the history and a push event, with the executed method."""
    value = command.value
    text: int | str = repr(value) if isinstance(value, dict) else value or 0
    row = HistoryRow(int(when), command.method.value, text, command.origin, status)
    device.history.append(row)
    del device.history[:-HISTORY_ROWS]
    if home.push_events is not None:
        data: Row = {
            "deviceId": device.id,
            "method": command.method.value,
            "value": value,
            "deviceState": int(device.state),
            "stateValues": deepcopy(device.values),
            "origin": command.origin,
            "reason": status,
        }
        action = "failSetState" if status else "setState"
        home.push_events.append(PushEvent(device.gateway_id, "device", action, data))


def _add_sensor_event(home: Home, sensor: Sensor, values: list[SensorValue]) -> None:
    """Add a push event of values that a sensor has just reported."""
    if home.push_events is None or not values:
        return
    data: Row = {
        "sensorId": sensor.id,
        "time": max(value.last_updated for value in values),
        "battery": sensor.battery,
        "data": [(value.name, value.scale, value.value) for value in values],
    }
    home.push_events.append(PushEvent(sensor.gateway_id, "sensor", "value", data))


def _update_sensor(
    home: Home, sensor: Sensor, device: Device | None, now: float
) -> None:
    """Move a sensor's values to `now`; `device` is the one of the same node, if any."""
    if not home.is_online(sensor.gateway_id):
        return
    is_off = device is not None and device.state == Method.TURNOFF
    received: list[SensorValue] = []
    for value in sensor.values:
        if value.drift is None:
            continue
        is_switched = value.drift.load and is_off is (value.off_since is None)
        if is_switched:
            _switch_load(value, now, is_off=is_off)
        if _drift(value, value.drift.interval, now) or is_switched:
            received.append(value)
    _add_sensor_event(home, sensor, received)


def _switch_load(value: SensorValue, now: float, *, is_off: bool) -> None:
    """Switch a measured load off or on; the value is reported at once."""
    if value.off_since is not None:
        # As if the time in between had not been; without rounding errors.
        value.base_time += now - value.off_since
    value.off_since = now if is_off else None
    _receive(value, now)


def _drift(value: SensorValue, interval: float, now: float) -> bool:
    """Move a value to its last report before `now`; return whether that is new."""
    when = value.base_time + _ticks(value, interval, now) * interval
    # A report in between is newer.
    is_new = int(when) > value.last_updated
    if is_new:
        _receive(value, when)
    return is_new


def _ticks(value: SensorValue, interval: float, now: float) -> int:
    """Return the number of reports by `now` since the value began to drift."""
    return math.floor((now - value.base_time) / interval)


def _receive(value: SensorValue, when: float) -> None:
    value.value = value_at(value, when)
    value.last_updated = int(when)
    update_extremes(value)


def value_at(value: SensorValue, when: float) -> str:
    """Return what a value was, or will be, at a time (unix seconds)."""
    how = value.drift
    if how is None:
        return value.base
    if value.off_since is not None and when >= value.off_since:
        if not how.per_hour:
            return decimal(0, len(value.base.partition(".")[2]))
        when = value.off_since
    turn = 2 * math.pi / how.period
    moved = how.swing * (math.sin(when * turn) - math.sin(value.base_time * turn))
    number = float(value.base) + moved + how.per_hour * (when - value.base_time) / 3600
    if how.per_hour and number < 0 < float(value.base):
        # A meter that starts again, as with a new battery, had counted as far before.
        number %= float(value.base)
    return decimal(number, len(value.base.partition(".")[2]))


def update_extremes(value: SensorValue) -> None:
    """Let a value that is a new extreme become its max or min."""
    try:
        number = float(value.value)
    except ValueError:
        return
    if value.max is not None and number > float(value.max):
        value.max, value.max_time = value.value, value.last_updated
    if value.min is not None and number < float(value.min):
        value.min, value.min_time = value.value, value.last_updated
