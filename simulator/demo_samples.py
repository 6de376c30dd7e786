"""The devices 2100001 to 2100023 of the demo home, with every trap that is known."""

from .demo_rows import (
    BEDROOM,
    BLIND,
    CABIN,
    DIMMER,
    GARAGE,
    HALL,
    LEARN,
    LIVING,
    ON_OFF,
    DeviceRow,
    code,
    heat,
    level,
    modes,
    pulses,
)
from .home import Routine
from .methods import DeviceType as K, Method

_FLOOR = {"thermostat": {"modes": ["heat"], "setpoints": {"heat": {}}}}
_RADIATOR = modes(
    "off", "heat", "eco-heat", span={"heat": (5, 28), "eco-heat": (5, 28)}
)
_RUNG = Routine(7200, (((0, Method.BELL),),), spread=5400)

# In the order of their ids, from 2100001 on. They have the ids and oddities of the samples.
SAMPLES: tuple[DeviceRow, ...] = (
    DeviceRow(
        "Window lamp",
        ON_OFF | LEARN,
        state=1,
        room=LIVING,
        parameters=code(K.SWITCH, 1234567, 1),
    ),
    DeviceRow("Hall switch", ON_OFF, transport="zwave", value="", room=HALL),
    DeviceRow(
        "Ceiling dimmer",
        DIMMER,
        K.LIGHT,
        "zwave",
        16,
        "128",
        level(128),
        LIVING,
        model="010F-0102-1000",
    ),
    DeviceRow(
        "Old dimmer",
        DIMMER | LEARN,
        K.LIGHT,
        "433",
        2,
        "unde",
        level(""),
        BEDROOM,
        parameters=code(K.LIGHT, 7654321, 2),
    ),
    DeviceRow(
        "Door bell",
        Method.BELL,
        K.UNKNOWN,
        state=4,
        parameters=code(K.UNKNOWN, 11),
        routine=_RUNG,
    ),
    DeviceRow(
        "Awning",
        BLIND,
        K.WINDOW_COVERING,
        state=128,
        parameters=code(K.WINDOW_COVERING, 22),
    ),
    DeviceRow(
        "Bedroom shutter",
        BLIND | Method.DIM,
        K.WINDOW_COVERING,
        "zwave",
        16,
        "255",
        level(255),
        BEDROOM,
        model="010F-0303-1000",
    ),
    DeviceRow(
        "Projector screen", Method.UP | Method.DOWN, K.PROJECTOR_SCREEN, state=256
    ),
    # Lower case: both occur.
    DeviceRow(
        "Color bulb",
        DIMMER | Method.RGB,
        K.LIGHT.uuid.lower(),
        "zwave",
        16,
        "200",
        {"16": 200, "1024": 0xFF8000},
        BEDROOM,
        model="0371-0103-0002",
    ),
    DeviceRow(
        "Radiator",
        ON_OFF | Method.THERMOSTAT,
        K.THERMOSTAT,
        "zwave",
        1,
        None,
        heat("heat", heat="21.5", eco_heat="17"),
        BEDROOM,
        model="0002-0005-0004",
        parameters=_RADIATOR,
    ),
    # One setpoint, so no mode.
    DeviceRow(
        "Floor heating",
        Method.THERMOSTAT,
        K.THERMOSTAT,
        "zwave",
        1,
        None,
        heat(None, heat="24"),
        HALL,
        parameters=_FLOOR,
    ),
    DeviceRow(
        "Front door",
        0,
        K.DOOR_WINDOW,
        "zwave",
        room=HALL,
        routine=pulses(1200, 600, 30, 40, 50),
    ),
    DeviceRow(
        "Hall motion",
        0,
        K.MOTION,
        "zwave",
        1,
        room=HALL,
        routine=pulses(420, 240, 30, 45, 60),
    ),
    DeviceRow("Smoke kitchen", 0, K.SMOKE),
    DeviceRow("Door lock", ON_OFF, K.LOCK, "zwave", 1, room=HALL),
    DeviceRow("Remote button", 0, K.REMOTE),
    DeviceRow("All lamps", DIMMER, K.CONTAINER, "group", 1, room=LIVING),
    DeviceRow("Good night", Method.TURNON, K.UNKNOWN, "scene", 1),
    DeviceRow("Hidden plug", ON_OFF, ignored=True),
    DeviceRow(None, ON_OFF, K.UNKNOWN),
    DeviceRow(
        "Cabin heater",
        ON_OFF,
        state=1,
        gateway=CABIN,
        client_id="1",
        parameters=code(K.SWITCH, 99, 1),
    ),
    # Seven digits: a leading zero lost.
    DeviceRow(
        "Garage light",
        ON_OFF,
        K.LIGHT.uuid[1:],
        value="0",
        gateway=GARAGE,
        client_id="1",
    ),
    DeviceRow(
        "Energy plug", ON_OFF, transport="zwave", state=1, room=LIVING, client_id="21"
    ),
)
