"""What devices are told, how it is sent, and what it makes of them."""

from dataclasses import replace
import random
from typing import Final

import pytest

from custom_components.telldus_pa.pa_api import (
    MAX_LEVEL,
    OFF,
    RESUME,
    Command,
    Device,
    Method,
    Thermostat,
    ThermostatSetpoint,
)
from simulator.methods import FUNCTION_METHODS

from .rows import device, state_value

LAMP, OTHER = "2100001", "2100002"
ON_OFF: Final = Method.TURNON | Method.TURNOFF
# Those that set one and the same thing, and those that set each a thing of its own
STATES = (
    *(Method.TURNON, Method.TURNOFF, Method.DIM),
    *(Method.UP, Method.DOWN, Method.STOP),
)
OWN = (Method.BELL, Method.LEARN, Method.RGB, Method.THERMOSTAT)
VALUES: dict[Method, int | ThermostatSetpoint] = {
    Method.DIM: 128,
    Method.RGB: 0xFF8000,
    Method.THERMOSTAT: ThermostatSetpoint("heat", 21.5),
}


def command(method: Method, device_id: str = LAMP) -> Command:
    """Return a command with a value that goes with its method."""
    return Command(device_id, method, VALUES.get(method))


def setting(
    mode: str, temperature: float | None = None, *, change_mode: bool = True
) -> Command:
    """Return what a thermostat is told."""
    return Command(
        LAMP,
        Method.THERMOSTAT,
        ThermostatSetpoint(mode, temperature, change_mode=change_mode),
    )


def heating(mode: str | None = "heat", **setpoints: float) -> Device:
    """Return a thermostat."""
    can = {
        "name": "thermostat",
        "value": {"modes": ["off", "heat", "cool"], "setpoints": {"heat": {}}},
    }
    now = {"mode": mode, "setpoint": setpoints}
    return device(
        methods=2048,
        state=1,
        stateValues=[state_value(now, "2048")],
        parameter=[can],
    )


def thermostat_of(one: Device) -> Thermostat:
    """Return what a device is as a thermostat."""
    assert one.thermostat is not None
    return one.thermostat


# How it is sent


@pytest.mark.parametrize(
    ("name", "method"),
    [(name, Method(method)) for name, method in FUNCTION_METHODS.items()],
)
def test_function(name: str, method: Method) -> None:
    """Each method has its function, in the vendor's spelling."""
    assert command(method).function == f"device/{name}"


@pytest.mark.parametrize("method", [Method.TOGGLE, Method.EXECUTE])
def test_no_function(method: Method) -> None:
    """These exist as bits alone."""
    with pytest.raises(KeyError):
        _ = command(method).function


@pytest.mark.parametrize(
    ("method", "value", "parameters"),
    [
        *(
            (method, value, {})
            for method in Method
            if method not in VALUES
            for value in (None, 7, ThermostatSetpoint("heat", 20))
        ),
        (Method.DIM, 0, {"level": "0"}),
        (Method.DIM, 128, {"level": "128"}),
        (Method.DIM, 255, {"level": "255"}),
        (Method.DIM, 256, {"level": "255"}),
        (Method.DIM, -1, {"level": "0"}),
        (Method.RGB, 0xFF8001, {"r": "255", "g": "128", "b": "1"}),
        (Method.RGB, 0, {"r": "0", "g": "0", "b": "0"}),
        (Method.RGB, 0x1020304, {"r": "2", "g": "3", "b": "4"}),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("heat", 21.5),
            {"mode": "heat", "temperature": "21.5", "scale": "0", "changeMode": "1"},
        ),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("eco-heat", 20.0, change_mode=False),
            {"mode": "eco-heat", "temperature": "20", "scale": "0", "changeMode": "0"},
        ),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("heat", 0),
            {"mode": "heat", "temperature": "0", "scale": "0", "changeMode": "1"},
        ),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("cool", -5.25),
            {"mode": "cool", "temperature": "-5.25", "scale": "0", "changeMode": "1"},
        ),
        # From a temperature in °F
        (
            Method.THERMOSTAT,
            ThermostatSetpoint("heat", 21 + 2 / 3),
            {"mode": "heat", "temperature": "21.6667", "scale": "0", "changeMode": "1"},
        ),
        # Without a temperature there is no scale.
        (
            Method.THERMOSTAT,
            ThermostatSetpoint(OFF),
            {"mode": "off", "changeMode": "1"},
        ),
        (
            Method.THERMOSTAT,
            ThermostatSetpoint(RESUME),
            {"mode": "resume", "changeMode": "1"},
        ),
        # A value that does not go with the method is not sent.
        *(
            (method, value, {})
            for method, value in (
                (Method.DIM, None),
                (Method.DIM, ThermostatSetpoint("heat", 20)),
                (Method.RGB, None),
                (Method.THERMOSTAT, None),
                (Method.THERMOSTAT, 20),
            )
        ),
    ],
)
def test_parameters(
    method: Method, value: int | ThermostatSetpoint | None, parameters: dict[str, str]
) -> None:
    """The query is the id, and what goes with the method."""
    assert Command(LAMP, method, value).parameters == {"id": LAMP, **parameters}


# What it sets


def test_facets() -> None:
    """Whatever sets the state sets one thing, the rest each a thing of its own."""
    assert {command(method).attribute_group for method in STATES} == {Method.TURNON}
    assert [command(method).attribute_group for method in OWN] == list(OWN)


@pytest.mark.parametrize("newer", STATES)
@pytest.mark.parametrize("older", STATES)
def test_the_last_state_is_the_one(newer: Method, older: Method) -> None:
    """Of several things that set the state only the last matters."""
    assert command(newer).merge_with(command(older)) == command(newer)


@pytest.mark.parametrize("method", [*OWN, Method.TURNON])
@pytest.mark.parametrize("other", [*OWN, Method.TURNON])
def test_other_things_are_left_alone(method: Method, other: Method) -> None:
    """A color does not replace a level, nor learning a ring."""
    merged = command(method).merge_with(command(other))

    is_newer_enough = method is other and method is not Method.BELL
    assert merged == (command(method) if is_newer_enough else None)


def test_steps() -> None:
    """Two rings are two, and so are two steps of a volume; no state tells of them."""
    up = Command(LAMP, Method.UP, is_volume_step=True)
    down = Command(LAMP, Method.DOWN, is_volume_step=True)
    play, ring = command(Method.TURNON), command(Method.BELL)
    assert up.is_step
    assert ring.is_step
    assert not command(Method.UP).is_step
    for step, other in ((up, up), (up, down), (up, play), (play, up), (ring, ring)):
        assert step.merge_with(other) is None
    assert up.attribute_group is not play.attribute_group
    playing = replace(device(), state=Method.TURNON)
    assert up.apply_to(playing) is playing
    assert up.is_applied_to(playing)
    assert command(Method.UP).apply_to(playing).state is Method.UP


@pytest.mark.parametrize("method", [*STATES, *OWN])
def test_other_devices_are_left_alone(method: Method) -> None:
    """What one device is told is not told to another."""
    assert command(method).merge_with(command(method, OTHER)) is None


def test_the_last_value_is_the_one() -> None:
    """The newer value counts."""
    newer, older = (Command(LAMP, Method.RGB, value) for value in (1, 2))

    assert newer.merge_with(older) is newer


MERGED: list[tuple[Command, Command, Command | None]] = [
    # The same mode: temperatures and the wish to change are kept.
    (setting("heat"), setting("heat"), setting("heat")),
    (setting("heat", 20), setting("heat", 21), setting("heat", 21)),
    (setting("heat", 20), setting("heat"), setting("heat", 20)),
    (setting("heat"), setting("heat", 0), setting("heat", 0)),
    (setting("heat", 0), setting("heat"), setting("heat", 0)),
    (
        setting("heat"),
        setting("heat", 21, change_mode=False),
        setting("heat", 21),
    ),
    (
        setting("heat", 20, change_mode=False),
        setting("heat"),
        setting("heat", 20),
    ),
    (
        setting("heat", 20, change_mode=False),
        setting("heat", 21, change_mode=False),
        setting("heat", 21, change_mode=False),
    ),
    (
        setting("heat", 20),
        setting("heat", change_mode=False),
        setting("heat", 20),
    ),
    (setting(OFF), setting(OFF), setting(OFF)),
    (setting(RESUME), setting(RESUME), setting(RESUME)),
    # Another mode: it replaces what was nothing but a mode.
    (setting("heat"), setting("cool"), setting("cool")),
    (setting("heat"), setting("cool", 25), setting("cool", 25)),
    (setting("heat"), setting(OFF), setting(OFF)),
    (setting(OFF), setting("heat", 20), setting("heat", 20)),
    (setting(RESUME), setting("heat"), setting("heat")),
    (setting("heat", change_mode=False), setting("cool"), setting("cool")),
    # A temperature is kept for when its mode is chosen again.
    (setting("heat", 20), setting("cool"), None),
    (setting("heat", 0), setting(OFF), None),
    (setting("heat", 20, change_mode=False), setting("cool", 25), None),
    (setting("heat", 20), setting(RESUME), None),
    # What leaves the mode alone does not replace one.
    (setting("heat"), setting("cool", 25, change_mode=False), None),
    (setting(OFF), setting("heat", 20, change_mode=False), None),
    (setting("heat", 20), setting("cool", 25, change_mode=False), None),
    # Resuming takes back being off, but no mode that was chosen.
    (setting(OFF), setting(RESUME), setting(RESUME)),
    (setting("heat"), setting(RESUME), None),
]


@pytest.mark.parametrize(("older", "newer", "merged"), MERGED)
def test_merged_settings(
    older: Command, newer: Command, merged: Command | None
) -> None:
    """Two wishes of a thermostat are one where nothing gets lost."""
    assert newer.merge_with(older) == merged


def test_a_thermostat_that_is_told_nothing() -> None:
    """Without a setting there is nothing to keep."""
    nothing = Command(LAMP, Method.THERMOSTAT)

    assert nothing.merge_with(setting("heat", 20)) is nothing
    assert setting("heat", 20).merge_with(nothing) == setting("heat", 20)


@pytest.mark.parametrize("seed", range(5))
def test_merging_makes_no_difference(seed: int) -> None:
    """Whatever is merged has the effect of all that went into it, whatever was before."""
    r = random.Random(seed)

    def some() -> Command:
        method = r.choice([*STATES, *OWN])
        value: int | ThermostatSetpoint | None = None
        if method in (Method.DIM, Method.RGB):
            value = r.randrange(256)
        elif method is Method.THERMOSTAT:
            mode = r.choice(["heat", "cool", "fan"])
            temperature = r.choice([None, 20.0, 21.5])
            value = ThermostatSetpoint(mode, temperature, change_mode=r.random() < 0.7)
            if r.random() < 0.3:
                value = ThermostatSetpoint(r.choice([OFF, RESUME]))
        return Command(LAMP, method, value)

    merged_count = 0
    before = replace(heating("heat", heat=19, cool=26), level=7, rgb=9)
    for _ in range(3000):
        older, newer = some(), some()
        if (merged := newer.merge_with(older)) is None:
            continue
        merged_count += 1
        one_by_one = newer.apply_to(older.apply_to(before))
        at_once = merged.apply_to(before)
        # The level at which a lamp was before it was told something else is not kept:
        # nobody knows whether it got there.
        if newer.attribute_group is Method.TURNON:
            one_by_one = replace(one_by_one, level=at_once.level)
        assert at_once == one_by_one, (older, newer)
    assert merged_count > 300


# What it makes of a device


@pytest.mark.parametrize("method", STATES)
def test_effect_on_the_state(method: Method) -> None:
    """The last method is the state, and nothing else changes but a level that was set."""
    before = replace(device(), state=Method.BELL, level=7, rgb=9)

    assert command(method).apply_to(before) == replace(
        before, state=method, level=128 if method is Method.DIM else 7
    )


@pytest.mark.parametrize("method", [Method.BELL, Method.LEARN])
@pytest.mark.parametrize("value", [None, 7])
def test_without_effect(method: Method, value: int | None) -> None:
    """A ring is over at once, and learning is not seen."""
    before = device()

    assert Command(LAMP, method, value).apply_to(before) is before


@pytest.mark.parametrize(
    ("level", "shown", "is_on"),
    [
        (0, 0, False),
        (1, 1, True),
        (255, 255, True),
        (300, MAX_LEVEL, True),
        (-1, 0, False),
    ],
)
def test_effect_of_a_level(level: int, shown: int, is_on: bool) -> None:
    """A dimmer is at the level that is sent, and off at none."""
    dim = Command(LAMP, Method.DIM, level)
    after = dim.apply_to(device(state=2, level=50))

    assert (after.state, after.level, after.is_on) == (Method.DIM, shown, is_on)
    assert dim.parameters["level"] == str(shown)


@pytest.mark.parametrize("state", [Method.TURNON, Method.TURNOFF, Method.DIM, None])
def test_effect_of_a_color(state: Method | None) -> None:
    """A color leaves the state as it was."""
    before = replace(device(), state=state)

    for rgb in (0, 0xFF8000):
        after = Command(LAMP, Method.RGB, rgb).apply_to(before)
        assert after == replace(before, rgb=rgb)


@pytest.mark.parametrize(
    ("wish", "mode", "setpoints", "state"),
    [
        (setting("heat"), "heat", {"heat": 19}, Method.TURNON),
        (setting("heat", 21.5), "heat", {"heat": 21.5}, Method.TURNON),
        (setting("heat", 0), "heat", {"heat": 0}, Method.TURNON),
        (setting("cool", 25), "cool", {"heat": 19, "cool": 25}, Method.TURNON),
        (setting(OFF), "off", {"heat": 19}, Method.TURNOFF),
        (setting(RESUME), None, {"heat": 19}, Method.TURNON),
        # Without a change of mode
        (
            setting("heat", 21.5, change_mode=False),
            "fan",
            {"heat": 21.5},
            Method.UP,
        ),
        (
            setting(OFF, 5, change_mode=False),
            "fan",
            {"heat": 19, "off": 5},
            Method.UP,
        ),
        (setting(OFF, change_mode=False), "fan", {"heat": 19}, Method.UP),
    ],
)
def test_effect_of_a_setting(
    wish: Command, mode: str | None, setpoints: dict[str, float], state: Method
) -> None:
    """A thermostat is in its new mode, and has its new temperature."""
    before = replace(heating("fan", heat=19), state=Method.UP)
    after = wish.apply_to(before)

    thermostat = replace(thermostat_of(before), mode=mode, setpoints=setpoints)
    assert after == replace(before, state=state, thermostat=thermostat)
    # What is shown to others in the meantime stays what it was.
    assert thermostat_of(before).setpoints == {"heat": 19}


def test_effect_on_what_is_no_thermostat() -> None:
    """What is no thermostat does not become one."""
    before = device()

    assert setting("heat", 20).apply_to(before) is before


# What a group makes its members do


@pytest.mark.parametrize("method", [*STATES, *OWN])
def test_members_do_what_they_can(method: Method) -> None:
    """A member that can do it does it, one that cannot does nothing."""
    able = replace(device(), id=OTHER, methods=method)
    unable = replace(device(), id=OTHER, methods=Method(0xFFF) & ~method & ~ON_OFF)

    assert command(method).for_group_member(able) == command(method, OTHER)
    assert command(method).for_group_member(unable) is None


@pytest.mark.parametrize(
    ("level", "method"),
    [
        (0, Method.TURNOFF),
        (None, Method.TURNOFF),
        (1, Method.TURNON),
        (255, Method.TURNON),
    ],
)
def test_members_that_cannot_be_dimmed(level: int | None, method: Method) -> None:
    """A plain switch is switched."""
    dim = Command(LAMP, Method.DIM, level)
    switch = replace(device(), id=OTHER, methods=ON_OFF)
    one_way = replace(switch, methods=ON_OFF & ~method)

    assert dim.for_group_member(switch) == Command(OTHER, method)
    assert dim.for_group_member(one_way) is None
    dimmer = replace(switch, methods=ON_OFF | Method.DIM)
    assert dim.for_group_member(dimmer) == Command(OTHER, Method.DIM, level)


def test_everything_is_tried() -> None:
    """The tests above have every method that can be sent."""
    assert {*STATES, *OWN} == {Method(method) for method in FUNCTION_METHODS.values()}


@pytest.mark.parametrize(
    ("mode", "change_mode", "done"),
    [("heat", True, True), ("cool", True, False), ("cool", False, True)],
)
def test_mode_is_set(mode: str, change_mode: bool, done: bool) -> None:
    """A thermostat has done it when it is in the mode, unless that was to stay."""
    row = device(
        methods=2048,
        stateValues=[state_value({"mode": "heat", "setpoint": {"cool": "20"}}, "2048")],
    )
    assert row.thermostat is not None
    assert setting(mode, change_mode=change_mode).is_applied_to(row) is done


# Whether it is done


def lit(method: Method, level: int | None = None) -> Device:
    """Return a lamp that was last told this."""
    return replace(device(methods=19), state=method, level=level)


@pytest.mark.parametrize(
    ("level", "shown", "done"),
    [
        (128, lit(Method.DIM, 128), True),
        (128, lit(Method.DIM, 125), True),
        (128, lit(Method.DIM, 131), True),
        (128, lit(Method.DIM, 124), False),
        (128, lit(Method.DIM, 132), False),
        (128, lit(Method.DIM), False),
        (128, lit(Method.TURNOFF, 128), False),
        (254, lit(Method.TURNON, 40), True),
        (128, lit(Method.TURNON, 128), False),
        (300, lit(Method.DIM, 254), True),
        (0, lit(Method.TURNOFF, 128), True),
        (3, lit(Method.TURNOFF), True),
        (4, lit(Method.TURNOFF), False),
        (0, lit(Method.TURNON, 0), False),
    ],
)
def test_dimmed(level: int, shown: Device, done: bool) -> None:
    """A level is reached where what is shown is near it, by whatever word."""
    assert Command(LAMP, Method.DIM, level).is_applied_to(shown) is done


@pytest.mark.parametrize(
    ("method", "shown", "done"),
    [
        (Method.TURNON, lit(Method.TURNON), True),
        (Method.TURNON, lit(Method.DIM, 7), True),
        (Method.TURNON, lit(Method.TURNOFF), False),
        (Method.TURNON, lit(Method.STOP), False),
        (Method.TURNOFF, lit(Method.TURNOFF), True),
        (Method.TURNOFF, lit(Method.TURNON), False),
        (Method.TURNOFF, lit(Method.DIM, 0), True),
        (Method.TURNOFF, lit(Method.STOP), False),
        (Method.UP, lit(Method.UP), True),
        (Method.UP, lit(Method.DOWN), False),
        (Method.BELL, lit(Method.TURNOFF), True),
        (Method.LEARN, lit(Method.TURNOFF), True),
    ],
)
def test_switched(method: Method, shown: Device, done: bool) -> None:
    """A device shows whether it is on, and what it was told; of a bell nothing shows."""
    assert Command(LAMP, method).is_applied_to(shown) is done


@pytest.mark.parametrize(
    ("told", "shown", "done"),
    [
        (setting("heat", 21.5), heating("heat", heat=21.5), True),
        (setting("heat", 21.5), heating("heat", heat=21.25), True),
        (setting("heat", 21.5), heating("heat", heat=21.0), False),
        (setting("heat", 21.5), heating("heat", heat=22.0), False),
        (setting("heat", 21.5), heating("heat", cool=21.5), False),
        (setting("heat", 21.5), heating("cool", heat=21.5), False),
        (setting("heat", 21.5), heating(None, heat=21.5), True),
        (
            setting("heat", 21.5, change_mode=False),
            heating("cool", heat=21.5),
            True,
        ),
        (setting("cool"), heating("cool", heat=21.5), True),
        (setting("cool"), heating("heat", heat=21.5), False),
        (setting(OFF), heating(OFF), True),
        (setting(OFF), heating("heat"), False),
        (setting(RESUME), heating("heat"), True),
        (setting(RESUME), heating(OFF), False),
        (setting("heat", 21.5), lit(Method.TURNON), True),
    ],
)
def test_heated(told: Command, shown: Device, done: bool) -> None:
    """A thermostat shows its mode and its temperatures, those that it knows."""
    assert told.is_applied_to(shown) is done
