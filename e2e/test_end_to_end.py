"""The integration in a real Home Assistant, with the simulator's rate limit and delays.

The tests are steps that depend on one another, in this order: a new Home Assistant, sign-in,
use, a restart, the removal.
"""

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
import pytest_asyncio

from . import Json
from .home_assistant import HomeAssistant, RequestFailedError
from .log import is_loader_notice, parse
from .polling import poll
from .scenario import DEVICES_LIST, Scenario, assert_within_limit, start_scenario
from .sign_in import expect_step
from .stack import DOMAIN

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Entities that are on or off, by their names in the demo home
ON_OFF = {
    "binary_sensor": (
        "Anna",
        "Burglar alarm",
        "Freezer alarm",
        "Front door",
        "Hall motion",
        "Patio door",
        "Smoke kitchen",
        "Stairs motion",
        "Water leak",
    ),
    "light": (
        "All lamps",
        "Bedside lamp",
        "Cabin dimmer",
        "Cabin lamp",
        "Ceiling dimmer",
        "Color bulb",
        "Everything off",
        "Garage dimmer",
        "Garage light",
        "Kitchen spots",
        "Old dimmer",
        "Porch light",
        "Reading light",
        "Shelf strip",
        "Sofa lamp",
    ),
    "switch": (
        "Cabin heater",
        "Christmas star",
        "Coffee maker",
        "Diesel heater",
        "Energy plug",
        "Garden pump",
        "Hall switch",
        "Kitchen speaker",
        "Loft fan",
        "Old group",
        "Outdoor lights",
        "TV",
        "Towel rail",
        "Vacation mode",
        "Window lamp",
        "Workbench",
    ),
}
# The other entities, and their states
OTHERS = {
    "button": {"Door bell Ring": "unknown", "Old group Ring": "unknown"},
    "climate": {
        "Bathroom valve": "heat",
        "Floor heating": "heat",
        "Guest room heating": "heat",
        "Heat pump": "auto",
        "Radiator": "heat",
    },
    "cover": {
        "All blinds": "open",
        "Awning": "open",
        "Bedroom shutter": "open",
        "Garage door": "closed",
        "Kitchen blind": "unknown",
        "Projector screen": "closed",
        "Roof window": "open",
    },
    "event": dict.fromkeys(
        ("Door bell", "Panel", "Remote button", "Wall remote"), "unknown"
    ),
    "lock": {"Door lock": "locked"},
    "scene": dict.fromkeys(("Good morning", "Good night", "Movie night"), "unknown"),
}
CONNECTIVITY = {"Home": "on", "Cabin": "off", "Garage": "on"}
# Sensors: device class, unit and state class
MEASURED = {
    "Outdoor Temperature": ("temperature", "°C", "measurement"),
    "Outdoor Humidity": ("humidity", "%", "measurement"),
    "Energy plug Energy": ("energy", "kWh", "total_increasing"),
    "Energy plug Power": ("power", "W", "measurement"),
    "Rain gauge Precipitation": ("precipitation", "mm", "total_increasing"),
    "Wind Wind direction": ("wind_direction", "°", "measurement_angle"),
    "Door lock Battery": ("battery", "%", "measurement"),
}

TURNON, TURNOFF, DIM = 1, 2, 16
UP, DOWN, STOP = 128, 256, 512
# Keys of a device's values: methods
LEVEL, COLOR, HEAT = "16", "1024", "2048"
# Lists of low priority, and their distance from the request before
LOW_PRIORITY_LISTS = ("json/sensors/list", "json/clients/list")
DISTANCE = 2.0
COMMANDS = "json/device/"
# The number of command requests of the steps below
COMMANDED = {
    "bell": 1,
    "dim": 2,
    "down": 1,
    "rgb": 1,
    "stop": 1,
    "thermostat": 5,
    "turnOff": 2,
    "turnOn": 3,
    "up": 1,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scenario() -> AsyncIterator[Scenario]:
    """Start with everything that the demo home has for tests."""
    async with start_scenario("house", "tests") as started:
        yield started


async def test_onboarding(scenario: Scenario) -> None:
    """The user creates the first account, and can log in with it later."""
    await scenario.onboard()
    async with HomeAssistant(scenario.stack.url) as later:
        await later.log_in("demo", "demo")
        assert (await later.ask("auth/current_user"))["is_owner"]
        await later.log_out()


async def test_sign_in(scenario: Scenario) -> None:
    """The config flow leads over Telldus' page to a loaded entry."""
    created = await scenario.sign_in()
    assert scenario.entry["entry_id"] == created["entry_id"]
    assert (await scenario.telldus.state())["tokens"] == 1


async def test_devices(scenario: Scenario) -> None:
    """Every device has its entity, of the right domain and state."""
    telldus = await scenario.telldus.state()
    online = {id_ for id_, gateway in telldus["gateways"].items() if gateway["online"]}
    devices = {device["name"]: device for device in telldus["devices"].values()}
    for domain, names in ON_OFF.items():
        states = await scenario.ours(domain)
        # Without entities that are no device's main entity
        states = {name: one for name, one in states.items() if name in devices}
        assert set(states) == set(names)
        for name in names:
            device = devices[name]
            if device["gateway_id"] not in online:
                assert states[name]["state"] == "unavailable", name
                continue
            expected = "off" if device["state"] == TURNOFF else "on"
            assert states[name]["state"] == expected, name
            if device["state"] == DIM:
                brightness = states[name]["attributes"]["brightness"]
                assert brightness == int(device["values"][LEVEL]), name
    for domain, expected_states in OTHERS.items():
        shown = await scenario.ours(domain)
        assert {
            name: state["state"] for name, state in shown.items()
        } == expected_states


async def test_registry(scenario: Scenario) -> None:
    """Each device is a registry device, connected via its gateway."""
    named = await scenario.devices()
    assert {*ON_OFF["switch"], *ON_OFF["light"], *CONNECTIVITY} <= set(named)
    assert named["Coffee maker"]["via_device_id"] == named["Home"]["id"]
    # A sensor is called like this gateway.
    gateways = {
        one["id"]: one["name"]
        for one in await scenario.home_assistant.ask("config/device_registry/list")
        if one["manufacturer"] == "Telldus Technologies"
    }
    assert gateways[named["Workbench"]["via_device_id"]] == "Garage"


async def test_gateways(scenario: Scenario) -> None:
    """The connectivity of an offline gateway is off, while its devices are unavailable."""
    states = await scenario.ours("binary_sensor")
    for name, state in CONNECTIVITY.items():
        assert states[f"{name} Connectivity"]["state"] == state, name


async def _start_settings(scenario: Scenario) -> Json:
    """Choose the settings in the options' menu; return the form."""
    home_assistant = scenario.home_assistant
    step = await home_assistant.start_options(scenario.entry["entry_id"])
    expect_step(step, "menu", "init")
    step = await home_assistant.continue_options(
        step["flow_id"], {"next_step_id": "settings"}
    )
    return expect_step(step, "form", "settings")


async def test_options(scenario: Scenario) -> None:
    """A shorter poll interval can be chosen."""
    step = await _start_settings(scenario)
    step = await scenario.home_assistant.continue_options(
        step["flow_id"], {"scan_interval": 20}
    )
    expect_step(step, "create_entry")
    await scenario.loaded_entry()


async def test_too_short_interval(scenario: Scenario) -> None:
    """An interval that would exceed the rate limit is rejected."""
    step = await _start_settings(scenario)
    with pytest.raises(RequestFailedError, match="scan_interval"):
        await scenario.home_assistant.continue_options(
            step["flow_id"], {"scan_interval": 5}
        )


async def test_external_changes(scenario: Scenario) -> None:
    """External changes are shown at the next poll."""
    star = await scenario.entity_id("switch", "Christmas star")
    remote = await scenario.entity_id("event", "Wall remote")
    door = await scenario.entity_id("binary_sensor", "Front door")
    cabin = await scenario.entity_id("binary_sensor", "Cabin Connectivity")
    lamp = await scenario.entity_id("light", "Cabin lamp")
    for name, method in (
        ("Christmas star", "turnOff"),
        ("Wall remote", "turnOff"),
        ("Front door", "turnOn"),
    ):
        await scenario.telldus.press((await scenario.device(name))["id"], method)
    telldus = await scenario.telldus.state()
    gateway = next(
        one["id"] for one in telldus["gateways"].values() if one["name"] == "Cabin"
    )
    await scenario.telldus.set_online(gateway, online=True)
    changed = await scenario.now()
    for entity_id, wanted in {
        star: {"state": "off"},
        remote: {"event_type": "off"},
        door: {"state": "on"},
        cabin: {"state": "on"},
        lamp: {"state": "off"},
    }.items():
        await scenario.wait_for(entity_id, 60, **wanted)
        scenario.expected[entity_id] = wanted
    # The next one, not a later one
    assert len(await scenario.requests(DEVICES_LIST, changed)) <= 1


async def test_sensors(scenario: Scenario) -> None:
    """Sensors follow a little later, with the attributes that statistics need."""

    async def come() -> dict[str, Json] | None:
        states = await scenario.ours("sensor")
        return states if MEASURED.keys() <= states.keys() else None

    states = await poll("the sensors are there", come, 40, 0.5)
    for name, (device_class, unit, state_class) in MEASURED.items():
        attributes = states[name]["attributes"]
        assert attributes["device_class"] == device_class, name
        assert attributes["unit_of_measurement"] == unit, name
        assert attributes["state_class"] == state_class, name
        assert float(states[name]["state"]) > -50, name
    # One node, one device: the thermostat's temperature is that of its sensor.
    radiator = (await scenario.ours("climate"))["Radiator"]["attributes"]
    temperature = float(states["Radiator Temperature"]["state"])
    assert radiator["current_temperature"] == pytest.approx(temperature, abs=0.05)
    # Shown at the next poll of the sensors (`test_measured`)
    telldus = await scenario.telldus.state()
    scale = next(
        one["id"]
        for one in telldus["sensors"].values()
        if one["name"] == "Scale and soil"
    )
    await scenario.telldus.measure(scale, "weight", "0", 71.9)


async def test_switch(scenario: Scenario) -> None:
    """A switch is on at once in Home Assistant, and soon at Telldus."""
    await scenario.act("switch.turn_on", "Coffee maker", state="on")
    await scenario.wait_for_telldus("Coffee maker", TURNON)


async def test_light(scenario: Scenario) -> None:
    """A light takes a brightness, and a color lamp a color."""
    await scenario.act(
        *("light.turn_on", "Sofa lamp", {"brightness": 200}), state="on", brightness=200
    )
    await scenario.act(
        *("light.turn_on", "Color bulb", {"rgb_color": [0, 200, 40]}),
        rgb_color=[0, 200, 40],
        brightness=200,
    )
    await scenario.wait_for_telldus("Sofa lamp", DIM, {LEVEL: 200})
    await scenario.wait_for_telldus("Color bulb", DIM, {LEVEL: 200, COLOR: 0x00C828})


async def test_cover(scenario: Scenario) -> None:
    """Covers go up, go down, stop, and go to a position."""
    await scenario.act("cover.open_cover", "Kitchen blind", state="open")
    await scenario.act("cover.close_cover", "Awning", state="closed")
    await scenario.act("cover.stop_cover", "Garage door", state="unknown")
    await scenario.act(
        *("cover.set_cover_position", "Bedroom shutter", {"position": 40}),
        state="open",
        current_position=40,
    )
    await scenario.wait_for_telldus("Kitchen blind", UP)
    await scenario.wait_for_telldus("Awning", DOWN)
    await scenario.wait_for_telldus("Garage door", STOP)
    # 255 is open
    await scenario.wait_for_telldus("Bedroom shutter", DIM, {LEVEL: 102})


async def test_group(scenario: Scenario) -> None:
    """A group turns off with its members, by one request."""
    await scenario.act("light.turn_off", "All lamps", state="off")
    for domain, name in (
        ("light", "Ceiling dimmer"),
        ("light", "Old dimmer"),
        ("switch", "Window lamp"),
    ):
        await scenario.expect_optimistic(
            await scenario.entity_id(domain, name), state="off"
        )
    await scenario.wait_for_telldus("Window lamp", TURNOFF)
    await scenario.wait_for_telldus("Ceiling dimmer", TURNOFF)


async def test_climate(scenario: Scenario) -> None:
    """A thermostat takes a temperature and a preset; a heat pump a mode, off, and on."""
    await scenario.act("climate.set_hvac_mode", "Heat pump", {"hvac_mode": "cool"})
    await scenario.act(
        *("climate.set_temperature", "Radiator", {"temperature": 19.5}),
        temperature=19.5,
        preset_mode="none",
    )
    await scenario.wait_for_telldus(
        "Radiator",
        TURNON,
        {HEAT: {"mode": "heat", "setpoint": {"heat": "19.5", "eco-heat": "17"}}},
    )
    await scenario.act(
        *("climate.set_preset_mode", "Radiator", {"preset_mode": "eco"}),
        state="heat",
        preset_mode="eco",
        temperature=17,
    )
    setpoints = (await scenario.device("Heat pump"))["values"][HEAT]["setpoint"]
    await scenario.wait_for_telldus(
        "Heat pump", TURNON, {HEAT: {"mode": "cool", "setpoint": setpoints}}
    )
    await scenario.act("climate.turn_off", "Heat pump", state="off")
    await scenario.wait_for_telldus(
        "Radiator",
        TURNON,
        {HEAT: {"mode": "eco-heat", "setpoint": {"heat": "19.5", "eco-heat": "17"}}},
    )
    await scenario.wait_for_telldus(
        "Heat pump", TURNOFF, {HEAT: {"mode": "off", "setpoint": setpoints}}
    )
    # It resumes its last mode, which is unknown here until the next list.
    heat_pump = await scenario.act("climate.turn_on", "Heat pump")
    scenario.expected[heat_pump] = {"state": "cool", "temperature": 24.5}
    await scenario.wait_for_telldus(
        "Heat pump", TURNON, {HEAT: {"mode": "cool", "setpoint": setpoints}}
    )


async def test_lock(scenario: Scenario) -> None:
    """A lock is unlocked and locked."""
    await scenario.act("lock.unlock", "Door lock", state="unlocked")
    await scenario.wait_for_telldus("Door lock", TURNOFF)
    await scenario.act("lock.lock", "Door lock", state="locked")
    await scenario.wait_for_telldus("Door lock", TURNON)


async def test_button(scenario: Scenario) -> None:
    """A button rings the bell at Telldus, without an event of the door bell."""
    before = await scenario.now()
    await scenario.act("button.press", "Door bell Ring")
    await scenario.wait_for_requests(f"{COMMANDS}bell", 1, before, 75)
    assert (await scenario.ours("button"))["Door bell Ring"]["state"] != "unknown"
    assert (await scenario.ours("event"))["Door bell"]["state"] == "unknown"


async def test_scene(scenario: Scenario) -> None:
    """A scene runs at Telldus; the next list shows its effects."""
    await scenario.act("scene.turn_on", "Movie night")
    await scenario.wait_for_telldus("Ceiling dimmer", DIM, {LEVEL: 30})
    await scenario.wait_for_telldus("Color bulb", values={COLOR: 0x2000FF})
    assert (await scenario.ours("scene"))["Movie night"]["state"] != "unknown"
    dimmer = await scenario.entity_id("light", "Ceiling dimmer")
    scenario.expected[dimmer] = {"state": "on", "brightness": 30}
    bulb = await scenario.entity_id("light", "Color bulb")
    scenario.expected[bulb] = {"state": "on", "rgb_color": [0x20, 0, 0xFF]}
    lamps = await scenario.entity_id("light", "All lamps")
    scenario.expected[lamps] = {"state": "on", "brightness": 30}


async def test_states_stay(scenario: Scenario) -> None:
    """Commanded states remain after the next poll; no other command was sent."""
    # A history says which change a list has missed.
    sent = [
        row
        for row in await scenario.requests(COMMANDS)
        if row["path"] != f"{COMMANDS}history"
    ]
    assert [row for row in sent if row["status"] != 200] == []
    methods = [row["path"].removeprefix(COMMANDS) for row in sent]
    assert {method: methods.count(method) for method in methods} == COMMANDED
    # An earlier list may have earlier states.
    await scenario.wait_for_polls(1, sent[-1]["time"] + 10, 90)
    await scenario.wait_for_expected(15)


async def test_restart(scenario: Scenario) -> None:
    """After a restart all states are there, still signed in."""
    await scenario.home_assistant.disconnect()
    restarted = await scenario.now()
    await scenario.stack.restart_home_assistant()
    await scenario.home_assistant.wait_until_running()
    entry = await scenario.loaded_entry()
    assert entry["entry_id"] == scenario.entry["entry_id"]
    await scenario.wait_for_expected(40)
    await scenario.wait_for_polls(1, restarted, 60)
    assert await scenario.home_assistant.flows_in_progress(DOMAIN) == []


async def test_measured(scenario: Scenario) -> None:
    """The next poll of the sensors shows new values."""
    weight = await scenario.entity_id("sensor", "Scale and soil Weight")
    await scenario.wait_for(weight, 90, state="71.9", unit_of_measurement="kg")


async def test_pace(scenario: Scenario) -> None:
    """The poll interval is the chosen one."""

    async def shorter() -> bool:
        polls = await scenario.requests(DEVICES_LIST)
        return any(
            18 <= later["time"] - sooner["time"] <= 24
            for sooner, later in pairwise(polls)
        )

    # Commands, and the requests of a start, hold some of them up.
    await poll("polls come every 20 s", shorter, 120, 0.5)


async def test_areas(scenario: Scenario) -> None:
    """Devices are put into areas named like their rooms at Telldus."""

    async def come() -> bool:
        areas = await scenario.home_assistant.ask("config/area_registry/list")
        names = {area["area_id"]: area["name"] for area in areas}
        device = (await scenario.devices())["Coffee maker"]
        return names.get(device["area_id"]) == "Kitchen"

    await poll("the coffee maker is in the kitchen", come, 120, 0.5)


async def test_requests(scenario: Scenario) -> None:
    """At most ten requests in any minute, the sign-in included."""
    requests = await scenario.telldus.requests()
    assert_within_limit(requests)
    # Lists of low priority keep their distance.
    low_priority = [
        (row["path"], row["time"] - before["time"])
        for before, row in pairwise(requests)
        if row["path"] in LOW_PRIORITY_LISTS
    ]
    assert {path for path, _ in low_priority} == set(LOW_PRIORITY_LISTS)
    # As the server sees it, which is some milliseconds off.
    assert min(distance for _, distance in low_priority) >= DISTANCE - 0.1, low_priority
    # Rooms rarely change. They come soon after the sign-in.
    rooms = await scenario.requests("json/rooms/list")
    assert len([row for row in rooms if row["status"] == 200]) == 1


async def test_log(scenario: Scenario) -> None:
    """No warning is logged by or about the integration, and no secret."""
    scenario.assert_log_is_clean()
    records = parse(scenario.stack.log)
    assert len([one for one in records if is_loader_notice(one, DOMAIN)]) == 2


async def test_removal(scenario: Scenario) -> None:
    """The removal of the entry removes all entities."""
    await scenario.home_assistant.remove_entry(scenario.entry["entry_id"])
    assert await scenario.home_assistant.entries(DOMAIN) == []
    registry = await scenario.home_assistant.ask("config/entity_registry/list")
    assert [one["entity_id"] for one in registry if one["platform"] == DOMAIN] == []
