"""The sensors of the demo home (docs/dev/telldus-api.md, "Sensor values")."""

from dataclasses import dataclass

from .home import Drift, Home, Sensor, SensorValue

_HOME, _CABIN, _GARAGE = "410001", "410002", "410003"

# Which kinds have a max and a min (the rest have neither); only a max: the second set.
_BOTH = {
    *("temp", "humidity", "watt", "lum", "dewp", "barpress", "co2", "volume"),
    *("loudness", "particulatematter2.5", "co", "weight", "moisture"),
}
_MAX_ONLY = {"rrate", "wavg", "wgust", "uv"}

# How a value moves, by name and scale. The others are received again as they are.
_DRIFTS = {
    ("temp", "0"): Drift(swing=0.8, period=5400),
    ("temp", "1"): Drift(swing=1.2, period=5400),
    ("humidity", "0"): Drift(swing=2.0, period=7200, interval=300),
    ("wavg", "0"): Drift(swing=1.5, period=1800, interval=48),
    ("wgust", "0"): Drift(swing=3.0, period=1700, interval=48),
    ("rtot", "0"): Drift(per_hour=0.4, interval=48),
    ("watt", "0"): Drift(per_hour=0.0432, interval=60, load=True),
    ("watt", "1"): Drift(per_hour=0.05, interval=60, load=True),
    ("watt", "2"): Drift(swing=6.0, period=900, interval=60, load=True),
    ("watt", "3"): Drift(per_hour=43.2, interval=60, load=True),
    ("watt", "4"): Drift(swing=1.4, period=1100, interval=60),
    ("watt", "5"): Drift(swing=0.03, period=900, interval=60, load=True),
    ("lum", "1"): Drift(swing=40.0, period=10800, interval=240),
    ("barpress", "0"): Drift(swing=0.3, period=43200, interval=600),
    ("genmeter", "3"): Drift(per_hour=12.0, interval=300),
    ("volume", "1"): Drift(per_hour=0.015, interval=300),
    ("co2", "1"): Drift(swing=110.0, period=9000, interval=300),
}

_STEADY = Drift(interval=1200)

type _Values = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class _S:
    """A row of the table below; `age` is how many seconds ago it reported."""

    name: str | None
    sensor_id: str
    values: _Values
    protocol: str = "fineoffset"
    model: str = "temperature"
    battery: int = 254
    gateway: str = _HOME
    age: int = 30
    misc: str | None = "{}"
    ignored: bool = False
    history: bool = False
    id: str | None = None


def _temp(value: str, humidity: str | None = None) -> _Values:
    temp = (("temp", value, "0"),)
    return temp if humidity is None else (*temp, ("humidity", humidity, "0"))


_PLUG = (
    *(("watt", "1234.567", "0"), ("watt", "1300.1", "1"), ("watt", "43.2", "2")),
    *(("watt", "9912", "3"), ("watt", "229.8", "4"), ("watt", "0.19", "5")),
    ("watt", "0.996", "6"),
)
_AIR = (
    *(("co2", "640", "1"), ("co", "12", "1"), ("particulatematter2.5", "7.5", "1")),
    *(("loudness", "38", "0"), ("loudness", "41", "1")),
)

# In the order of their ids, from 1540000001 on. The first 19 are the samples'.
_SENSORS: tuple[_S, ...] = (
    _S(
        "Outdoor",
        "151",
        _temp("-5.4", "87"),
        model="temperaturehumidity",
        battery=253,
        history=True,
    ),
    _S("Freezer", "152", _temp("-19.8"), battery=255),
    _S(
        "Rain gauge",
        "153",
        (("rrate", "0.5", "0"), ("rtot", "312.7", "0")),
        "oregon",
        "2914",
    ),
    _S(
        "Wind",
        "154",
        (("wdir", "225", "0"), ("wavg", "3.4", "0"), ("wgust", "7.1", "0")),
        "oregon",
        "1984",
    ),
    _S("UV", "155", (("uv", "2", "0"),), "oregon", "D874"),
    _S("Energy plug", "21", _PLUG, "zwave", "0176-0003-0003"),
    _S(
        "Multisensor",
        "13",
        (*_temp("21.3", "41"), ("lum", "117", "1"), ("uv", "0", "0")),
        "zwave",
        "0086-0002-0064",
        88,
    ),
    _S(
        "Window light",
        "12",
        (("lum", "35", "0"), ("temp", "70.2", "1")),
        "zwave",
        "019A-0003-0003",
        100,
    ),
    _S("Radiator", "10", _temp("20.7"), "zwave", "0002-0005-0004", 61),
    _S(
        "Weather mast",
        "30",
        (
            ("dewp", "3.1", "0"),
            ("dewp", "37.6", "1"),
            ("barpress", "101.3", "0"),
            ("barpress", "29.91", "1"),
        ),
        "zwave",
        "n/a",
    ),
    _S(
        "Meters",
        "31",
        (("genmeter", "5521", "3"), ("volume", "15", "0"), ("volume", "2.25", "1")),
        "zwave",
        "n/a",
    ),
    _S("Air quality", "32", _AIR, "zwave", "015F-0A01-5102"),
    _S(
        "Scale and soil",
        "33",
        (("weight", "72.4", "0"), ("moisture", "31", "0")),
        "zwave",
        "n/a",
    ),
    _S(None, "160", _temp("18.2", "55"), "mandolyn", "temperaturehumidity", misc=None),
    _S("", "161", _temp("4.4")),
    _S("Silent", "162", (), age=900_000, misc=None),
    _S("Hidden", "163", _temp("9.9"), ignored=True),
    _S("Cabin", "151", _temp("7.0"), gateway=_CABIN, age=500_000),
    # The number spaces of devices and sensors overlap.
    _S("Same number as a device", "11", _temp("12.5"), gateway=_GARAGE, id="2100001"),
    # From here on: what a household has besides.
    _S("Floor heating", "11", _temp("23.4"), "zwave", "019B-0003-0203"),
    _S("Bathroom valve", "82", _temp("18.9"), "zwave", "0148-0003-0001", 34),
    _S(
        "Heat pump",
        "81",
        (*_temp("21.1"), ("watt", "812", "2"), ("watt", "4521.8", "0")),
        "zwave",
        "0111-2222-5558",
    ),
    _S("Front door lock", "15", (), "zwave", "0373-0003-0001", 42, age=7200),
    # After a change of battery a 433 sensor often has a new id; the old one stays.
    _S(
        "Greenhouse",
        "171",
        _temp("9.3", "71"),
        model="temperaturehumidity",
        battery=255,
        age=2_000_000,
    ),
    _S(
        "Greenhouse",
        "172",
        _temp("8.8", "74"),
        model="temperaturehumidity",
        battery=253,
    ),
    _S(
        "Old meter",
        "34",
        (("genmeter", "118", "0"), ("unknown", "7", "0"), ("temp", "3", "9")),
        "zwave",
        "n/a",
    ),
    _S("Garage", "12", _temp("6.1", "66"), "oregon", "F824", 253, _GARAGE),
)


def add_sensors(home: Home, now: int) -> None:
    """Put the table into a home, reported shortly before `now` (unix seconds)."""
    number = 0
    for row in _SENSORS:
        number += row.id is None
        sensor_id = row.id or f"154{number:07}"
        heard = now - row.age
        sensor = Sensor(
            id=sensor_id,
            gateway_id=row.gateway,
            sensor_id=row.sensor_id,
            name=row.name,
            protocol=row.protocol,
            model=row.model,
            battery=row.battery,
            ignored=row.ignored,
            keep_history=row.history,
            misc_values=row.misc,
            heard=heard,
        )
        is_alive = row.age < 86400
        sensor.values = [
            sensor_value(name, value, scale, heard, drift=is_alive)
            for name, value, scale in row.values
        ]
        home.sensors[sensor_id] = sensor


def sensor_value(
    name: str, value: str, scale: str, heard: int, *, drift: bool = True
) -> SensorValue:
    """Return a value with the extremes that its kind has, as reported at `heard`."""
    found = SensorValue(name, scale, value, heard)
    number = float(value)
    if name in _BOTH or name in _MAX_ONLY:
        found.max, found.max_time = str(round(number + 3, 2)), heard - 40_000
    if name in _BOTH:
        found.min, found.min_time = str(round(number - 2, 2)), heard - 80_000
    if drift:
        found.drift = _DRIFTS.get((name, scale), _STEADY)
    return found
