"""Commands against any arrival: none lost, none sent twice, never an older over a newer."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from simulator import Fault, Simulator
from simulator.home import Device
from tests.conftest import AddEntry, Time
from tests.factories import home_of, lamp
from tests.helpers import Dashboard, state_of

LAMPS = 4


def homes_lamp(number: int) -> Device:
    """Return a lamp that can be dimmed: of each other one Telldus hears what it did."""
    return lamp(number, transport="433" if number % 2 else "zwave", dims=True)


@dataclass
class Told:
    """What the lamps were told from here, and what somebody turned at the wall."""

    # Levels by lamp, each of which is used once
    levels: dict[int, list[int]] = field(default_factory=dict)
    # When a lamp was last touched, from here or at the wall, by the simulator's clock
    touched: dict[int, float] = field(default_factory=dict)
    at_the_wall: dict[int, int] = field(default_factory=dict)

    def tell(self, number: int, now: float) -> int:
        """Return a level that this lamp was never told before."""
        told = self.levels.setdefault(number, [])
        told.append(1 + (told[-1] + 7 if told else number) % 254)
        self.touched[number] = now
        self.at_the_wall.pop(number, None)
        return told[-1]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.integers(1, LAMPS)),
        st.tuples(st.just("tell"), st.just(1)),
        st.tuples(st.just("wait"), st.sampled_from((0.1, 0.5, 1, 3, 9.5, 11, 31, 70))),
        st.tuples(st.just("limit"), st.integers(1, 3)),
        st.tuples(st.just("poll"), st.just(0)),
        st.tuples(st.just("wall"), st.integers(1, LAMPS)),
    ),
    min_size=1,
    max_size=25,
)


@pytest.fixture
async def lamps(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> MockConfigEntry:
    """Return an entry with a few lamps, all lists received."""
    simulator.homes["demo"] = home_of(*(homes_lamp(n + 1) for n in range(LAMPS)))
    # The limit is the rate limiter's matter, and has tests of its own; here 429s come at will.
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(60)
    return entry


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    # The same home lives through all examples; each ends with everything settled.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(what=steps)
async def test_any_arrival(
    hass: HomeAssistant,
    lamps: MockConfigEntry,
    dashboard: Dashboard,
    simulator: Simulator,
    time: Time,
    what: list[tuple[str, Any]],
) -> None:
    """Whatever is told, refused, polled and turned: the newest is sent, once, and shown."""
    told = Told()
    before = len(simulator.log)
    home = simulator.homes["demo"]
    for kind, value in what:
        match kind:
            case "tell":
                level = told.tell(value, simulator.clock())
                dashboard.begin("turn_on", f"light.lamp_{value}", brightness=level)
                await time.settle()
            case "wait":
                await time.move(value)
            case "limit":
                simulator.faults.add(Fault.RATE_LIMITED, times=value)
            case "poll":
                await time.until(lamps.runtime_data.devices.async_refresh())
            case "wall":
                told.touched[value] = simulator.clock()
                told.at_the_wall[value] = level = 255
                simulator.press(str(value), "dim", level, home=home)
        for number, levels in told.levels.items():
            # Who was told something last from here shows it, whatever a list may say that
            # was asked for before it can have been done.
            if number not in told.at_the_wall and (
                simulator.clock() - told.touched[number] < 10
            ):
                shown = state_of(hass, f"light.lamp_{number}").attributes["brightness"]
                assert shown == levels[-1]
    simulator.faults.clear()
    # Longer than a pause, a look and a poll
    await time.move(400)

    reached = [
        request
        for request in simulator.log[before:]
        if request.path.startswith("json/device/dim") and request.status == 200
    ]
    for number, levels in told.levels.items():
        wire = [
            int(one.params["level"])
            for one in reached
            if one.params["id"] == str(number)
        ]
        # In the order in which they were told, each once at most, and the last for sure
        places = [levels.index(level) for level in wire]
        assert places == sorted(set(places))
        assert wire[-1] == levels[-1]
    assert {one.params["id"] for one in reached} == {str(n) for n in told.levels}
    for device in home.devices.values():
        state = state_of(hass, f"light.lamp_{device.id}")
        assert state.state == "on"
        if device.state_value:
            assert state.attributes["brightness"] == int(device.state_value)
    commands = lamps.runtime_data.commands
    assert (commands.queue_length, commands.pending_count) == (0, 0)
    assert sum(commands.outcome_counts.values()) >= len(reached)
