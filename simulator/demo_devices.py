"""Puts the devices of the demo home together: the tables, the groups and the scenes."""

from .demo_household import HOUSEHOLD
from .demo_rows import device_of
from .demo_samples import SAMPLES
from .home import CommandValue, Home, SceneAction
from .methods import Method

_GROUPS: dict[str, tuple[str, ...]] = {
    "All lamps": ("Window lamp", "Ceiling dimmer", "Old dimmer"),
    "Outdoor lights": ("Porch light", "Garden pump"),
    "All blinds": ("Awning", "Bedroom shutter", "Kitchen blind"),
    "Old group": ("Freezer alarm", "Loft fan"),
    "Everything off": ("All lamps", "Kitchen spots", "TV", "Sofa lamp"),
}

_SCENES: dict[str, tuple[tuple[str, Method, CommandValue], ...]] = {
    "Good night": (
        ("All lamps", Method.TURNOFF, None),
        ("Door lock", Method.TURNON, None),
    ),
    "Movie night": (
        ("Ceiling dimmer", Method.DIM, 30),
        ("Projector screen", Method.DOWN, None),
        ("Color bulb", Method.RGB, 0x2000FF),
    ),
    "Good morning": (
        ("Bedroom shutter", Method.UP, None),
        ("Coffee maker", Method.TURNON, None),
        (
            "Radiator",
            Method.THERMOSTAT,
            {"mode": "heat", "changeMode": 1, "temperature": 21.0},
        ),
    ),
}


def add_devices(home: Home) -> None:
    """Put the table into a home."""
    ids: dict[str, str] = {}
    for number, row in enumerate((*SAMPLES, *HOUSEHOLD), 1):
        # Numbers that no sensor has by accident: equal ones mean the same Z-Wave node.
        client_id = str(number if number <= len(SAMPLES) else number + 40)
        device = device_of(f"21{number:05}", row, row.client_id or client_id)
        home.devices[device.id] = device
        ids[row.name or ""] = device.id
    for name, members in _GROUPS.items():
        home.devices[ids[name]].members = [ids[member] for member in members]
    for name, actions in _SCENES.items():
        home.devices[ids[name]].actions = [
            SceneAction(ids[target], method, value) for target, method, value in actions
        ]
