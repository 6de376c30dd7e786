"""Lamps with colors, with and without a dimmer, alone and in groups."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.light import ColorMode
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Fault, Simulator
from simulator.methods import Method

from .conftest import AddEntry, Time
from .helpers import Dashboard, state_of

pytestmark = pytest.mark.only(
    "All lamps", "Ceiling dimmer", "Color bulb", "Shelf strip", "Window lamp"
)


BULB = "light.color_bulb"
BULB_ID = "2100009"
STRIP = "light.shelf_strip"
GROUP = "light.all_lamps"
GROUP_ID = "2100017"
CEILING = "light.ceiling_dimmer"
CEILING_ID = "2100003"
LAMP = "switch.window_lamp"
LAMP_ID = "2100001"

type Rgb = tuple[int, int, int]


def shown(hass: HomeAssistant, entity_id: str) -> tuple[str, int | None, Rgb | None]:
    """Return whether a lamp is on, how bright, and in which color."""
    state = state_of(hass, entity_id)
    attributes = state.attributes
    return state.state, attributes.get("brightness"), attributes.get("rgb_color")


def sent(simulator: Simulator, device_id: str = BULB_ID) -> list[str]:
    """Return the commands that reached Telldus, all of which were for one device."""
    requests = [r for r in simulator.log if r.path.startswith("json/device/")]
    assert all(request.params["id"] == device_id for request in requests)
    return [
        " ".join(
            (
                request.path.removeprefix("json/device/"),
                *(v for k, v in request.params.items() if k in ("level", *"rgb")),
            )
        )
        for request in requests
    ]


async def set_up(
    hass: HomeAssistant, add_entry: AddEntry, time: Time
) -> MockConfigEntry:
    """Set an account up, and wait until its lists are there."""
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    return entry


@pytest.mark.parametrize(
    ("entity_id", "expected"),
    [
        (BULB, ("on", 200, (255, 128, 0))),
        # A color of the time when there was a byte for white, and a plain "on".
        (STRIP, ("on", 255, (32, 64, 255))),
    ],
)
async def test_shown(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_id: str,
    expected: tuple[str, int, Rgb],
) -> None:
    """A color lamp has a color and, beside it, a level."""
    assert shown(hass, entity_id) == expected
    attributes = state_of(hass, entity_id).attributes
    assert attributes["supported_color_modes"] == [ColorMode.RGB]
    assert attributes["color_mode"] is ColorMode.RGB


RED: Rgb = (255, 0, 0)
ORANGE: Rgb = (255, 128, 0)


@pytest.mark.parametrize(
    ("state", "wish", "requests", "expected"),
    [
        # On already: only what was asked for
        (16, {"rgb_color": RED}, ["rgb 255 0 0"], (200, RED)),
        (16, {"color_name": "blue"}, ["rgb 0 0 255"], (200, (0, 0, 255))),
        (16, {"brightness": 99}, ["dim 99"], (99, ORANGE)),
        (
            16,
            {"brightness": 99, "rgb_color": RED},
            ["dim 99", "rgb 255 0 0"],
            (99, RED),
        ),
        (16, {}, ["turnOn"], (255, ORANGE)),
        (1, {"rgb_color": RED}, ["rgb 255 0 0"], (255, RED)),
        # Off: a color alone lights nothing. A plain "on" is the full level.
        (2, {}, ["turnOn"], (255, ORANGE)),
        (2, {"rgb_color": RED}, ["turnOn", "rgb 255 0 0"], (255, RED)),
        (2, {"brightness": 99}, ["dim 99"], (99, ORANGE)),
        (
            2,
            {"brightness": 99, "rgb_color": RED},
            ["dim 99", "rgb 255 0 0"],
            (99, RED),
        ),
        # Who knows?
        (0, {"rgb_color": RED}, ["turnOn", "rgb 255 0 0"], (255, RED)),
        # Telldus' app takes this for a color and on.
        (1024, {"rgb_color": RED}, ["rgb 255 0 0"], (200, RED)),
    ],
)
async def test_dimmer_with_colors(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    dashboard: Dashboard,
    time: Time,
    state: int,
    wish: dict[str, Any],
    requests: list[str],
    expected: tuple[int, Rgb],
) -> None:
    """Color and level are two commands, each sent only when it is wanted."""
    bulb = simulator.home.devices[BULB_ID]
    bulb.state, bulb.state_value = state, None
    await set_up(hass, add_entry, time)
    await dashboard.do("turn_on", BULB, **wish)
    assert sent(simulator) == requests
    assert shown(hass, BULB) == ("on", *expected)
    await time.move(15)
    assert shown(hass, BULB) == ("on", *expected)


async def test_off(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Off is one command, and the color is still there afterwards."""
    await dashboard.do("turn_off", BULB)
    assert shown(hass, BULB) == ("off", None, None)
    await time.move(15)
    assert shown(hass, BULB) == ("off", None, None)
    await dashboard.do("turn_on", BULB)
    assert shown(hass, BULB) == ("on", 255, ORANGE)
    assert sent(simulator) == ["turnOff", "turnOn"]


async def test_color_refused(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Of two commands one may fail: it is taken back, and the other stays."""
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/device/rgb", times=1, text="No"
    )
    with pytest.raises(HomeAssistantError, match="No"):
        await dashboard.do("turn_on", BULB, brightness=99, rgb_color=RED)
    assert sent(simulator) == ["dim 99", "rgb 255 0 0"]
    assert shown(hass, BULB) == ("on", 99, ORANGE)
    await time.move(15)
    assert shown(hass, BULB) == ("on", 99, ORANGE)


async def test_newest_color_wins(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
) -> None:
    """Who turns the color wheel sends few of the colors, and the last of them."""
    for blue in (40, 80, 120, 160):
        dashboard.begin("turn_on", BULB, rgb_color=(255, 0, blue))
    dashboard.begin("turn_on", BULB, brightness=50)
    await time.move(3)
    colors = [request for request in sent(simulator) if request.startswith("rgb")]
    assert colors[-1] == "rgb 255 0 160"
    assert len(colors) <= 2
    assert "dim 50" in sent(simulator)
    await time.move(15)
    assert shown(hass, BULB) == ("on", 50, (255, 0, 160))


# Without a dimmer the brightness is in the color.


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        (0xFF8000, (255, ORANGE)),
        (0x804000, (128, (255, 128, 0))),
        (0x000040, (64, (0, 0, 255))),
        (0xFFFFFF, (255, (255, 255, 255))),
        # Black is no color and no brightness, though Telldus says that it is on.
        (0, (None, None)),
        (None, (None, None)),
    ],
)
async def test_shown_without_dimmer(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    time: Time,
    rgb: int | None,
    expected: tuple[int | None, Rgb | None],
) -> None:
    """The brightest part of a color is its brightness."""
    bulb = simulator.home.devices[BULB_ID]
    bulb.methods, bulb.state = 1027, 1
    bulb.values = {} if rgb is None else {Method.RGB.value: rgb}
    await set_up(hass, add_entry, time)
    assert shown(hass, BULB) == ("on", *expected)
    assert state_of(hass, BULB).attributes["color_mode"] is ColorMode.RGB


@pytest.mark.parametrize(
    ("state", "rgb", "wish", "requests", "expected"),
    [
        # A level of the color that it has, and a color at the level that it has
        (1, 0x804000, {"brightness": 64}, ["rgb 64 32 0"], (64, ORANGE)),
        (1, 0x804000, {"brightness": 255}, ["rgb 255 128 0"], (255, ORANGE)),
        (1, 0x804000, {"rgb_color": (0, 255, 0)}, ["rgb 0 128 0"], (128, (0, 255, 0))),
        (
            1,
            0x804000,
            {"brightness": 200, "rgb_color": (0, 0, 255)},
            ["rgb 0 0 200"],
            (200, (0, 0, 255)),
        ),
        # Without one: the full level, or white
        (1, None, {"rgb_color": RED}, ["rgb 255 0 0"], (255, RED)),
        (1, None, {"brightness": 100}, ["rgb 100 100 100"], (100, (255, 255, 255))),
        (1, 0, {"brightness": 100}, ["rgb 100 100 100"], (100, (255, 255, 255))),
        (1, 0, {"rgb_color": RED}, ["rgb 255 0 0"], (255, RED)),
        # Off: it has to be turned on besides, and then is as it was.
        (2, 0x804000, {}, ["turnOn"], (128, ORANGE)),
        (
            2,
            0x804000,
            {"rgb_color": RED},
            ["turnOn", "rgb 128 0 0"],
            (128, RED),
        ),
        (2, 0x804000, {"brightness": 64}, ["turnOn", "rgb 64 32 0"], (64, ORANGE)),
    ],
)
async def test_without_dimmer(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    dashboard: Dashboard,
    time: Time,
    state: int,
    rgb: int | None,
    wish: dict[str, Any],
    requests: list[str],
    expected: tuple[int, Rgb],
) -> None:
    """A lamp that knows only colors is dimmed by darker ones."""
    bulb = simulator.home.devices[BULB_ID]
    bulb.methods, bulb.state = 1027, state
    bulb.values = {} if rgb is None else {Method.RGB.value: rgb}
    await set_up(hass, add_entry, time)
    await dashboard.do("turn_on", BULB, **wish)
    assert sent(simulator) == requests
    assert shown(hass, BULB) == ("on", *expected)
    await time.move(15)
    assert shown(hass, BULB) == ("on", *expected)


async def test_dimmed_to_almost_nothing(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    dashboard: Dashboard,
    time: Time,
) -> None:
    """The color is kept while too little of it is left to be told from the lamp."""

    def color_sent() -> str:
        """Return the last color that reached Telldus; histories are read meanwhile."""
        *_, last = (r for r in simulator.log if r.path == "json/device/rgb")
        return " ".join(last.params[part] for part in "rgb")

    bulb = simulator.home.devices[BULB_ID]
    bulb.methods, bulb.state = 1027, 1
    bulb.values = {Method.RGB.value: 0xFF8000}
    await set_up(hass, add_entry, time)
    await dashboard.do("turn_on", BULB, brightness=1)
    assert color_sent() == "1 1 0"
    for _ in range(2):
        assert shown(hass, BULB) == ("on", 1, ORANGE)
        await time.move(40)
    await dashboard.do("turn_on", BULB, brightness=255)
    assert color_sent() == "255 128 0"
    # Another one that somebody chose elsewhere is taken over.
    await time.move(40)
    simulator.press(BULB_ID, "rgb", 0x000040)
    await time.move(31)
    assert shown(hass, BULB) == ("on", 64, (0, 0, 255))
    # Of a lamp that went black the last one is known.
    simulator.press(BULB_ID, "rgb", 0)
    await time.move(31)
    assert shown(hass, BULB) == ("on", None, None)
    await dashboard.do("turn_on", BULB, brightness=100)
    assert color_sent() == "0 0 100"


async def test_no_color_with_dimmer(
    hass: HomeAssistant, simulator: Simulator, add_entry: AddEntry, time: Time
) -> None:
    """A lamp that shines shines in no black."""
    simulator.home.devices[BULB_ID].values[Method.RGB.value] = 0
    await set_up(hass, add_entry, time)
    assert shown(hass, BULB) == ("on", 200, None)


# Groups


async def group_with_colors(
    hass: HomeAssistant, simulator: Simulator, add_entry: AddEntry, time: Time
) -> None:
    """Set a group up of a color lamp at 200, a dimmer at 128, and a switch that is on."""
    simulator.home.devices[GROUP_ID].members = [BULB_ID, CEILING_ID, LAMP_ID]
    await set_up(hass, add_entry, time)


async def test_group_shown(
    hass: HomeAssistant, simulator: Simulator, add_entry: AddEntry, time: Time
) -> None:
    """A group with a color lamp has its color, and the mean of the levels."""
    await group_with_colors(hass, simulator, add_entry, time)
    assert shown(hass, GROUP) == ("on", 164, ORANGE)
    assert state_of(hass, GROUP).attributes["color_mode"] is ColorMode.RGB
    simulator.press(BULB_ID, "turnOff")
    await time.move(31)
    # What is off has no color to show.
    assert shown(hass, GROUP) == ("on", 128, None)


@pytest.mark.parametrize(
    ("wish", "requests", "bulb", "ceiling", "group"),
    [
        # Only one has colors, only two have levels.
        (
            {"rgb_color": RED},
            ["rgb 255 0 0"],
            ("on", 200, RED),
            ("on", 128),
            ("on", 164, RED),
        ),
        (
            {"brightness": 50},
            ["dim 50"],
            ("on", 50, ORANGE),
            ("on", 50),
            ("on", 50, ORANGE),
        ),
        (
            {"brightness": 50, "rgb_color": RED},
            ["dim 50", "rgb 255 0 0"],
            ("on", 50, RED),
            ("on", 50),
            ("on", 50, RED),
        ),
        ({}, ["turnOn"], ("on", 255, ORANGE), ("on", 255), ("on", 255, ORANGE)),
    ],
)
async def test_group_commanded(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    dashboard: Dashboard,
    time: Time,
    wish: dict[str, Any],
    requests: list[str],
    bulb: tuple[str, int, Rgb],
    ceiling: tuple[str, int],
    group: tuple[str, int, Rgb],
) -> None:
    """A group is told once, and each of its members does what it can."""
    await group_with_colors(hass, simulator, add_entry, time)
    await dashboard.do("turn_on", GROUP, **wish)
    assert sent(simulator, GROUP_ID) == requests
    for _ in range(2):
        assert shown(hass, BULB) == bulb
        assert shown(hass, CEILING)[:2] == ceiling
        assert shown(hass, GROUP) == group
        assert state_of(hass, LAMP).state == "on"
        # And so Telldus has it afterwards.
        await time.move(15)


async def test_group_that_is_off(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    dashboard: Dashboard,
    time: Time,
) -> None:
    """A color turns a group on that is off, all of it."""
    for device_id in (BULB_ID, CEILING_ID, LAMP_ID):
        simulator.press(device_id, "turnOff")
    await group_with_colors(hass, simulator, add_entry, time)
    assert shown(hass, GROUP) == ("off", None, None)
    await dashboard.do("turn_on", GROUP, rgb_color=RED)
    assert sent(simulator, GROUP_ID) == ["turnOn", "rgb 255 0 0"]
    for _ in range(2):
        assert shown(hass, GROUP) == ("on", 255, RED)
        assert shown(hass, BULB) == ("on", 255, RED)
        assert state_of(hass, LAMP).state == "on"
        await time.move(15)
