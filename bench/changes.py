"""Changes of a home between two polls."""

from simulator import Home, Method
from simulator.home import Device, SensorValue

from .integrations import Row


def change(home: Home, share: float, now: float) -> set[Row]:
    """Change a share (0 to 1) of the devices and of the values; return the changed rows.

    These are spread evenly over the home, and always the same.
    """
    devices = [one for one in home.devices.values() if not one.methods & Method.BELL]
    values = [(one.id, value) for one in home.sensors.values() for value in one.values]
    changed: set[Row] = set()
    for device in _some(devices, share):
        _operate(device)
        changed.add(Row("device", device.id))
    for sensor_id, value in _some(values, share):
        _measure(value, now)
        changed.add(Row("sensor", sensor_id))
    return changed


def _some[T](items: list[T], share: float) -> list[T]:
    """Return a share of a list, evenly spread."""
    number = round(len(items) * share)
    return [items[place * len(items) // number] for place in range(number)]


def _operate(device: Device) -> None:
    """Change a device's state."""
    if device.methods & Method.THERMOSTAT:
        state = device.values[Method.THERMOSTAT.value]
        warmer = float(state["setpoint"]["heat"]) < 20
        state["setpoint"]["heat"] = "21" if warmer else "19"
    elif device.methods & Method.UP:
        device.state = Method.DOWN if device.state == Method.UP else Method.UP
    else:
        is_on = device.state == Method.TURNON
        device.state = Method.TURNOFF if is_on else Method.TURNON


def _measure(value: SensorValue, now: float) -> None:
    """Change a sensor's value."""
    value.anchor(f"{float(value.value) + 0.1:.1f}", now)
