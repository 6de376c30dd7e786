"""A home of what few homes have, and of rows that say little. For tests.

Whatever owners may have and the demo home has not: a speaker of a gateway's plug-in, a
siren, a blind that runs the other way, a deviceType in its short form, rows with nothing but
the fields of the vendor's guide.
"""

import time

from .demo_rows import BLIND, DIMMER, ON_OFF, DeviceRow, device_of
from .demo_sensors import sensor_value
from .home import Gateway, Home, Sensor
from .methods import DeviceType as K, Method

GATEWAY = "430001"

# Their ids are 2200001, 2200002 ...
_DEVICES: tuple[DeviceRow, ...] = (
    DeviceRow("Kitchen speaker", BLIND | ON_OFF, K.SPEAKER, "sonos", 2),
    DeviceRow("Yard siren", ON_OFF, K.ALARM, "zwave"),
    DeviceRow("Attic smoke", ON_OFF, K.SMOKE, "zigbee"),
    DeviceRow("Cellar lock", ON_OFF, "6", "zwave", 1),
    DeviceRow("Terrace awning", BLIND | Method.DIM, "13", "zwave", 16, "255"),
    DeviceRow("Skylight", BLIND | Method.DIM, K.WINDOW_COVERING, "zwave", 16, "0"),
    DeviceRow("Reading lamp", DIMMER, K.LIGHT, "zwave", 16, "40"),
    DeviceRow("Porch blind", BLIND, K.WINDOW_COVERING, "zwave", 256),
    DeviceRow("Reading corner", BLIND | ON_OFF, K.CONTAINER, "group"),
    DeviceRow("Windows", BLIND | Method.DIM, K.CONTAINER, "group"),
    DeviceRow("Gate lock", 0, K.LOCK, "zwave", 1),
    DeviceRow("Wall thermometer", 0, K.THERMOSTAT, "zwave", 0),
    DeviceRow("Doorbell lamp", DIMMER | Method.RGB | Method.BELL, K.LIGHT, "zwave"),
    DeviceRow("Bare lamp", ON_OFF),
    DeviceRow("Bare blind", Method.UP | Method.DOWN, state=256),
)
_GROUPS = {
    "Reading corner": ("Reading lamp", "Porch blind"),
    "Windows": ("Terrace awning", "Skylight"),
}
# name, protocol, model, values: name, value, scale
_SENSORS: tuple[tuple[str, str, str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        *("Weather mast", "netatmo", "NAModule2"),
        (
            ("temp", "4.5", "0"),
            ("humidity", "7.1", "1"),
            ("wavg", "0", "1"),
            ("wgust", "11", "1"),
            ("wdir", "-1", "0"),
            ("rrate", "0.2", "1"),
        ),
    ),
    (
        *("Cistern", "zwave", "0113-0001-0002"),
        (("volume", "120", "2"), ("weight", "990", "1"), ("co2", "412", "0")),
    ),
    ("Bare thermometer", "", "", (("temp", "19", "0"),)),
)


def uncommon_home(now: float | None = None) -> Home:
    """Make the home; its sensors reported just before `now` (unix seconds)."""
    now = time.time() if now is None else now
    home = Home()
    home.gateways[GATEWAY] = Gateway(
        GATEWAY, f"5e7d0000-0000-4000-8000-000000{GATEWAY}", "Lodge"
    )
    ids: dict[str, str] = {}
    for number, row in enumerate(_DEVICES, 1):
        device = device_of(f"22{number:05}", row, str(number))
        device.gateway_id = GATEWAY
        if row.value:
            device.values[Method.DIM] = int(row.value)
        device.runs_reversed = row.name == "Skylight"
        device.is_sparse = bool(row.name and row.name.startswith("Bare"))
        home.devices[device.id] = device
        ids[row.name or ""] = device.id
    for name, members in _GROUPS.items():
        home.devices[ids[name]].members = [ids[member] for member in members]
    for number, (name, protocol, model, values) in enumerate(_SENSORS, 1):
        sensor = Sensor(
            id=f"23{number:05}",
            gateway_id=GATEWAY,
            sensor_id=str(100 + number),
            name=name,
            protocol=protocol,
            model=model,
            values=[sensor_value(*value, int(now) - 10) for value in values],
            is_sparse=name.startswith("Bare"),
        )
        home.sensors[sensor.id] = sensor
    return home
