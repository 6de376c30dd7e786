"""The devices of the demo home from 2100024 on: what a household has besides."""

from .demo_rows import (
    BEDROOM,
    BLIND,
    CABIN,
    DIMMER,
    GARAGE,
    HALL,
    KITCHEN,
    LEARN,
    LIVING,
    ON_OFF,
    OUTDOORS,
    DeviceRow,
    code,
    heat,
    level,
    modes,
    pulses,
)
from .home import Routine
from .methods import DeviceType as K, Method

_HEAT_PUMP = modes(
    *("off", "auto", "heat", "cool", "dry", "fan", "away", "hg", "resume"),
    span={
        "auto": (16, 30),
        "heat": (16, 30),
        "cool": (18, 30),
        "away": (8, 16),
        "hg": (5, 10),
    },
)
_VALVE = modes(
    "off", "heat", "manual", "max", span={"heat": (4, 28), "manual": (4, 28)}
)

_ON, _OFF = Method.TURNON, Method.TURNOFF
# Pressed on and, much later, off; now and then somebody presses twice.
_PRESSED = Routine(
    5400, (((0, _ON), (1200, _OFF)), ((0, _ON), (90, _ON), (1800, _OFF))), spread=3000
)
_HOUR = 3600
# Out by day, in most at noon; the clock is UTC, and Anna's an hour or two ahead.
_OUT_AND_HOME = Routine(
    24 * _HOUR,
    (
        ((6 * _HOUR, _OFF), (15 * _HOUR, _ON)),
        ((7 * _HOUR, _OFF), (10 * _HOUR, _ON), (11 * _HOUR, _OFF), (16 * _HOUR, _ON)),
    ),
    spread=1800,
)

HOUSEHOLD: tuple[DeviceRow, ...] = (
    DeviceRow(
        "Bedside lamp",
        ON_OFF | LEARN,
        K.LIGHT,
        state=2,
        room=BEDROOM,
        parameters=code(K.LIGHT, 3456781, 1),
    ),
    DeviceRow(
        "Sofa lamp",
        DIMMER | LEARN,
        K.LIGHT,
        "433",
        16,
        "90",
        level(90),
        LIVING,
        parameters=code(K.LIGHT, 3456781, 2),
    ),
    DeviceRow(
        "Kitchen spots",
        DIMMER,
        K.LIGHT,
        "zwave",
        2,
        "180",
        level(180),
        KITCHEN,
        model="010F-0102-1000",
    ),
    DeviceRow("Coffee maker", ON_OFF, transport="zwave", room=KITCHEN),
    DeviceRow(
        "Christmas star",
        ON_OFF | LEARN,
        state=1,
        room=LIVING,
        parameters=code(K.SWITCH, 1234567, 3),
    ),
    DeviceRow("Porch light", ON_OFF, K.LIGHT, "zwave", 1, room=OUTDOORS),
    DeviceRow("Garden pump", ON_OFF, transport="zwave", room=OUTDOORS),
    DeviceRow("Towel rail", ON_OFF, K.UNKNOWN, "zwave", 1),
    # 433 receivers cannot tell: doors and motion sensors come with on and off.
    DeviceRow(
        "Patio door",
        ON_OFF,
        K.DOOR_WINDOW,
        state=2,
        room=LIVING,
        parameters=code(K.DOOR_WINDOW, 8812345, 10),
        routine=pulses(3600, 1800, 180, 300, 540),
    ),
    DeviceRow(
        "Stairs motion",
        ON_OFF,
        K.MOTION,
        state=2,
        parameters=code(K.MOTION, 8812345, 11),
        routine=pulses(660, 400, 30, 45, 60),
    ),
    DeviceRow(
        "Wall remote",
        ON_OFF,
        K.REMOTE,
        state=1,
        parameters=code(K.REMOTE, 8812345, 12),
        routine=_PRESSED,
    ),
    DeviceRow("Anna", 0, K.PERSON, "virtual", 1, routine=_OUT_AND_HOME),
    DeviceRow("Burglar alarm", 0, K.ALARM, "zwave", 2, room=HALL),
    DeviceRow("Kitchen speaker", ON_OFF, K.SPEAKER, "virtual", 2, room=KITCHEN),
    DeviceRow("TV", ON_OFF, K.MEDIA, "virtual", 1, room=LIVING),
    DeviceRow("Vacation mode", ON_OFF, K.VIRTUAL, "virtual"),
    DeviceRow("Reading light", DIMMER, K.LIGHT, "zigbee", 1, "255", level(255), LIVING),
    DeviceRow(
        "Heat pump",
        Method.THERMOSTAT,
        K.THERMOSTAT,
        "zwave",
        1,
        None,
        heat("auto", auto="21", heat="22", cool="24.5", away="12", hg="7"),
        LIVING,
        parameters=_HEAT_PUMP,
    ),
    # Sleeps, and hears a command minutes later. -100 stands for a setpoint not known.
    DeviceRow(
        "Bathroom valve",
        Method.THERMOSTAT,
        K.THERMOSTAT,
        "zwave",
        1,
        None,
        heat("heat", heat="19", manual="-100"),
        parameters=_VALVE,
        wake=300.0,
    ),
    # 0xRRGGBBWW: from the time of the "rgbw" method.
    DeviceRow(
        "Shelf strip",
        DIMMER | Method.RGB,
        K.LIGHT,
        "zwave",
        1,
        "120",
        {"16": 120, "1024": 0x2040FF00},
        LIVING,
    ),
    DeviceRow("Outdoor lights", ON_OFF, K.CONTAINER, "group", 1, room=OUTDOORS),
    DeviceRow("All blinds", BLIND, K.CONTAINER, "group", 128),
    DeviceRow("Old group", ON_OFF, K.CONTAINER, "egroup", 2),
    DeviceRow("Everything off", ON_OFF, K.CONTAINER, "group", 1),
    DeviceRow("Movie night", Method.TURNON, K.UNKNOWN, "scene", 2),
    DeviceRow("Good morning", Method.TURNON, K.UNKNOWN, "scene", 2),
    DeviceRow("Freezer alarm", ON_OFF | Method.BELL, K.ON_OFF_SENSOR, "e433", 2),
    DeviceRow("Power meter", 0, K.METER, "zwave", 0),
    DeviceRow("Water leak", 0, K.SENSOR, "zwave", 2, room=KITCHEN),
    DeviceRow("Panel", 0, K.CONTROLLER, "zwave", 0, room=HALL),
    DeviceRow(
        "Kitchen blind",
        BLIND | LEARN,
        K.WINDOW_COVERING,
        state=512,
        room=KITCHEN,
        parameters=code(K.WINDOW_COVERING, 23),
    ),
    DeviceRow(
        "Roof window",
        Method.UP | Method.DOWN | Method.DIM,
        K.WINDOW_COVERING,
        "zwave",
        128,
        "255",
        level(255),
        BEDROOM,
        model="010F-0303-1000",
    ),
    DeviceRow("Cabin lamp", ON_OFF, K.LIGHT, gateway=CABIN, client_id="2"),
    DeviceRow(
        "Cabin dimmer",
        DIMMER,
        K.LIGHT,
        "433",
        16,
        "60",
        level(60),
        gateway=CABIN,
        client_id="3",
    ),
    DeviceRow(
        "Garage door",
        BLIND,
        K.WINDOW_COVERING,
        state=256,
        gateway=GARAGE,
        client_id="2",
    ),
    DeviceRow("Workbench", ON_OFF, gateway=GARAGE, client_id="3", state=1),
    DeviceRow(
        "Garage dimmer",
        DIMMER,
        K.LIGHT,
        "433",
        2,
        None,
        {},
        gateway=GARAGE,
        client_id="4",
    ),
    DeviceRow("Loft fan", ON_OFF, K.SWITCH, "433", 2, "0", {"2": ""}),
    DeviceRow(
        "Diesel heater",
        ON_OFF | Method.TOGGLE | Method.EXECUTE,
        gateway=GARAGE,
        client_id="5",
    ),
    # Says neither how warm it is nor what it can do.
    DeviceRow(
        "Guest room heating",
        Method.THERMOSTAT,
        K.THERMOSTAT,
        "zwave",
        1,
        None,
        heat("heat", heat="16"),
    ),
)
