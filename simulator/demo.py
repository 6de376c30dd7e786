"""The demo home: three gateways and every kind of device and trap that is known.

The first 23 devices and 19 sensors have the ids, names and oddities of the samples that
docs/dev/telldus-api.md describes; the rest are what a household has besides.
"""

import time

from .demo_devices import add_devices
from .demo_sensors import add_sensors
from .home import Gateway, HistoryRow, Home, Row

_GATEWAYS = (
    (
        "410001",
        "Home",
        "TellStick ZNet Lite v2",
        "1.3.2",
        "zwave,433,group,scene",
        True,
    ),
    ("410002", "Cabin", "TellStick Net", "17", "433,group", False),
    ("410003", "Garage", "TellStick Net v2", "1.3.2", "433,group", True),
)

# Seconds before anything changes by itself
_QUIET = 300

# What happened before, and how many seconds ago: too old for anybody to act upon.
_HISTORY: tuple[tuple[str, int, int, int | str, str, int], ...] = (
    ("Ceiling dimmer", 7500, 1, 0, "Incoming signal", 0),
    ("Ceiling dimmer", 7440, 1, 0, "Group All lamps", 0),
    ("Ceiling dimmer", 7380, 16, 128, "Home Assistant", 0),
    ("Ceiling dimmer", 7320, 2, 0, "Scheduler", 2),
    (
        *("Radiator", 7260, 2048),
        "{'mode': 'heat', 'changeMode': 1, 'temperature': 21.5}",
        *("Unknown", 6),
    ),
)

ROOMS = {
    "5e7d0000-0000-4000-8000-000000009001": "Living room",
    "5e7d0000-0000-4000-8000-000000009002": "Bedroom",
    "5e7d0000-0000-4000-8000-000000009003": "Hall",
    "5e7d0000-0000-4000-8000-000000009004": "Kitchen",
    "5e7d0000-0000-4000-8000-000000009005": "Outdoors",
}


def demo_home(now: float | None = None) -> Home:
    """Make the demo home; its sensors reported just before `now` (unix seconds).

    For five minutes from then on nothing happens by itself.
    """
    now = time.time() if now is None else now
    home = Home(rooms=dict(ROOMS), jobs=_jobs(int(now)), routines_until=now + _QUIET)
    for number, (gateway_id, name, kind, version, transports, online) in enumerate(
        _GATEWAYS, 1
    ):
        home.gateways[gateway_id] = Gateway(
            id=gateway_id,
            uuid=f"5e7d0000-0000-4000-8000-000000{gateway_id}",
            name=name,
            type=kind,
            version=version,
            online=online,
            ip=f"203.0.113.{number}",
            transports=transports,
            code=f"DEMO{gateway_id}",
        )
    home.events = [_event()]
    home.event_groups = [{"id": "700001", "name": "Evening"}]
    add_devices(home)
    add_sensors(home, int(now))
    for device in home.devices.values():
        device.history = [
            HistoryRow(int(now) - ago, state, value, origin, status)
            for name, ago, state, value, origin, status in _HISTORY
            if name == device.name
        ]
    return home


# What is in the demo home for tests alone: names of devices and of sensors
_FOR_TESTS = (
    *(None, "", "Hidden", "Hidden plug", "Same number as a device", "Silent"),
    *("Freezer alarm", "Loft fan", "Old dimmer", "Old group", "Old meter"),
    *("Diesel heater", "Remote button", "Vacation mode"),
)


def household(now: float | None = None) -> Home:
    """Make the demo home to be looked at: without what is there for tests alone."""
    home = demo_home(now)
    home.devices = {
        key: one for key, one in home.devices.items() if one.name not in _FOR_TESTS
    }
    home.sensors = {
        key: one for key, one in home.sensors.items() if one.name not in _FOR_TESTS
    }
    for device in home.devices.values():
        device.members = [one for one in device.members if one in home.devices]
    return home


def _event() -> Row:
    """Return a row of the events; how a trigger or an action looks is not known."""
    return {
        "id": "600001",
        "group": "Evening",
        "description": "Lamp when dark",
        "minRepeatInterval": 30,
        "active": 1,
        "trigger": [],
        "condition": [],
        "action": [],
    }


def _jobs(now: int) -> list[dict[str, int | str]]:
    """Return two rows of the scheduler, texts and numbers mixed as on the wire."""
    common: dict[str, int | str] = {"reps": 1}
    lamp: dict[str, int | str] = {
        "id": "500001",
        "deviceId": "2100001",
        "method": "1",
        "methodValue": "",
        "nextRunTime": now + 3600,
        "type": "time",
        "hour": "17",
        "minute": "30",
        "offset": 0,
        "randomInterval": 0,
        "retries": 3,
        "retryInterval": 5,
        "active": 1,
        "weekdays": "1,2,3,4,5",
    }
    dimmer: dict[str, int | str] = {
        "id": "500002",
        "deviceId": "2100003",
        "method": "16",
        "methodValue": "128",
        "nextRunTime": now + 7200,
        "type": "sunset",
        "hour": "0",
        "minute": "0",
        "offset": -15,
        "randomInterval": 10,
        "retries": 0,
        "retryInterval": 0,
        "active": 0,
        "weekdays": "6,7",
    }
    return [lamp | common, dimmer | common]
