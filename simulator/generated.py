"""Homes of any size, always the same for the same size."""

import time

from .demo_rows import BLIND, DIMMER, ON_OFF
from .demo_sensors import sensor_value
from .home import Device, Gateway, Home, Sensor
from .methods import DeviceType, Method

DEVICES_A_GATEWAY = 200

# name, methods, kind, transport; in twenty devices a house has about these.
_MIX: tuple[tuple[str, int, DeviceType, str], ...] = (
    ("Lamp", ON_OFF, DeviceType.LIGHT, "433"),
    ("Dimmer", DIMMER, DeviceType.LIGHT, "zwave"),
    ("Plug", ON_OFF, DeviceType.SWITCH, "433"),
    ("Plug", ON_OFF, DeviceType.SWITCH, "zwave"),
    ("Door", 0, DeviceType.DOOR_WINDOW, "zwave"),
    ("Dimmer", DIMMER | Method.LEARN, DeviceType.LIGHT, "433"),
    ("Lamp", ON_OFF, DeviceType.LIGHT, "zwave"),
    ("Motion", 0, DeviceType.MOTION, "zwave"),
    ("Plug", ON_OFF | Method.LEARN, DeviceType.SWITCH, "433"),
    ("Blind", BLIND, DeviceType.WINDOW_COVERING, "433"),
    ("Remote", 0, DeviceType.REMOTE, "433"),
    ("Dimmer", DIMMER, DeviceType.LIGHT, "zwave"),
    ("Radiator", Method.THERMOSTAT, DeviceType.THERMOSTAT, "zwave"),
    ("Lamp", ON_OFF, DeviceType.LIGHT, "433"),
    ("Smoke", 0, DeviceType.SMOKE, "433"),
    ("Color bulb", DIMMER | Method.RGB, DeviceType.LIGHT, "zwave"),
    ("Plug", ON_OFF, DeviceType.SWITCH, "zwave"),
    ("Shutter", BLIND | Method.DIM, DeviceType.WINDOW_COVERING, "zwave"),
    ("Lock", ON_OFF, DeviceType.LOCK, "zwave"),
    ("Bell", Method.BELL, DeviceType.UNKNOWN, "433"),
)

_VALUES: tuple[tuple[tuple[str, str, str], ...], ...] = (
    (("temp", "21.4", "0"),),
    (("temp", "19.8", "0"), ("humidity", "44", "0")),
    (("watt", "52.3", "0"), ("watt", "18.5", "2")),
    (("temp", "-3.2", "0"), ("humidity", "81", "0")),
    (("temp", "20.2", "0"), ("lum", "140", "1")),
)


def generated_home(
    count: int, now: float | None = None, *, sensors: int | None = None
) -> Home:
    """Make `count` devices, half as many sensors, and a gateway for each 200 devices.

    Raises ValueError for a negative count.
    """
    sensors = count // 2 if sensors is None else sensors
    if count < 0:
        raise ValueError("a home has 0 or more devices")
    now = time.time() if now is None else now
    home = Home()
    for number in range(max(1, -(-count // DEVICES_A_GATEWAY))):
        gateway = f"{420001 + number}"
        home.gateways[gateway] = Gateway(
            id=gateway,
            uuid=f"5e7d0000-0000-4000-8000-000000{gateway}",
            name=f"House {number + 1}",
        )
    gateways = list(home.gateways)
    for number in range(count):
        device = _device(number, gateways[number // DEVICES_A_GATEWAY])
        home.devices[device.id] = device
    for number in range(sensors):
        gateway = gateways[number * count // sensors // DEVICES_A_GATEWAY]
        sensor = _sensor(number, gateway, int(now) - 10 - number % 50)
        home.sensors[sensor.id] = sensor
    return home


def _device(number: int, gateway: str) -> Device:
    name, methods, kind, transport = _MIX[number % len(_MIX)]
    is_433 = transport == "433"
    device = Device(
        id=str(3000001 + number),
        gateway_id=gateway,
        client_device_id=str(number % DEVICES_A_GATEWAY + 1),
        name=f"{name} {number + 1}",
        methods=int(methods),
        state=Method.TURNON if number % 3 == 0 else Method.TURNOFF,
        device_type=kind.uuid,
        transport=transport,
        protocol="arctech" if is_433 else "zwave",
        model="selflearning-switch:nexa" if is_433 else "0111-2222-0001",
    )
    if methods & Method.DIM:
        level = number * 37 % 256
        device.state_value, device.values = str(level), {Method.DIM.value: level}
    if methods & Method.RGB:
        device.values[Method.RGB.value] = number * 4567 % 0x1000000
    if methods & Method.THERMOSTAT:
        device.state = Method.TURNON
        device.values[Method.THERMOSTAT.value] = {
            "setpoint": {"heat": str(17 + number % 7)},
            "mode": "heat",
        }
    if methods & Method.BELL:
        device.state = Method.BELL
    elif methods & Method.UP and not methods & Method.DIM:
        device.state = Method.UP if number % 2 else Method.DOWN
    return device


def _sensor(number: int, gateway: str, heard: int) -> Sensor:
    values = _VALUES[number % len(_VALUES)]
    return Sensor(
        id=str(1600000001 + number),
        gateway_id=gateway,
        sensor_id=str(1000 + number),
        name=f"Sensor {number + 1}",
        model="temperaturehumidity",
        battery=253,
        values=[
            sensor_value(name, value, scale, heard) for name, value, scale in values
        ],
        heard=heard,
    )
