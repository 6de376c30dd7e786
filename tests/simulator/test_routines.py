"""What goes on without anybody's command; the clock is moved by hand.

Source: docs/dev/telldus-api.md, "State" and "Device administration and history".
"""

from itertools import pairwise
from time import perf_counter

import pytest

from simulator import Home, Method, Simulator, demo_home
from simulator.home import Device, Routine

from .conftest import NOW, Api, Clock

ON, OFF, BELL = Method.TURNON.value, Method.TURNOFF.value, Method.BELL.value
HOUR, DAY = 3600.0, 86400.0
ALIVE = {
    *("Front door", "Patio door", "Hall motion", "Stairs motion"),
    *("Wall remote", "Door bell", "Anna"),
}


def named(home: Home, name: str) -> Device:
    """Return a device by its name."""
    return next(d for d in home.devices.values() if d.name == name)


def pulses(device: Device) -> list[tuple[int, int]]:
    """Return when a device went on by itself and for how long, from its history."""
    rows = device.history
    starts = [number for number, row in enumerate(rows) if row.state == ON]
    return [
        (rows[number].ts, rows[number + 1].ts - rows[number].ts)
        for number in starts
        if number + 1 < len(rows)
    ]


@pytest.mark.parametrize(
    ("name", "shortest", "longest", "most", "count"),
    [
        ("Front door", 30, 50, 1800, 72),
        ("Patio door", 180, 540, 5400, 24),
        ("Hall motion", 30, 60, 660, 206),
        ("Stairs motion", 30, 60, 1060, 131),
    ],
)
def test_pulses(
    sim: Simulator,
    clock: Clock,
    name: str,
    shortest: int,
    longest: int,
    most: int,
    count: int,
) -> None:
    """Doors open and people pass by, for a while, again and again, not by the minute."""
    clock.now += DAY
    device = named(sim.home, name)
    found = pulses(device)
    assert len(found) == pytest.approx(count, abs=1)
    lengths = {length for _, length in found}
    assert (min(lengths), max(lengths)) == (shortest, longest)
    starts = [start for start, _ in found]
    gaps = {after - before for before, after in pairwise(starts)}
    assert max(gaps) <= most
    assert len(gaps) > 10
    assert {row.state for row in device.history} == {ON, OFF}


def test_buttons(sim: Simulator, clock: Clock) -> None:
    """A remote is pressed, now and then twice; the bell rings every couple of hours."""
    clock.now += 3 * DAY
    states = [row.state for row in named(sim.home, "Wall remote").history]
    assert {ON, OFF} == set(states)
    pairs = list(pairwise(states))
    assert (ON, ON) in pairs
    assert (ON, OFF) in pairs
    assert (OFF, OFF) not in pairs
    bell = named(sim.home, "Door bell")
    assert {row.state for row in bell.history} == {BELL}
    assert len(bell.history) == pytest.approx(36, abs=1)


def test_person(sim: Simulator, clock: Clock) -> None:
    """Anna is away by day and sleeps at home."""
    seen: dict[int, set[int]] = {}
    clock.now = NOW - NOW % DAY + DAY
    for _ in range(5 * 24):
        clock.now += HOUR
        hour = int(clock.now % DAY // HOUR)
        seen.setdefault(hour, set()).add(named(sim.home, "Anna").state)
    assert all(seen[hour] == {ON} for hour in (0, 1, 2, 3, 4, 5, 18, 22, 23))
    assert all(seen[hour] == {OFF} for hour in (8, 9, 13, 14))


def test_rows_and_state(sim: Simulator, clock: Clock) -> None:
    """What happens is heard when it happens: a row of the history, and the state."""
    clock.now += HOUR
    door = named(sim.home, "Front door")
    start, length = pulses(door)[-1]
    row = next(row for row in door.history if row.ts == start)
    assert (row.origin, row.state_value, row.success_status) == (
        "Incoming signal",
        0,
        0,
    )
    again = Clock(start - 0.5)
    sim = Simulator(demo_home(NOW), clock=again)
    for now, state in ((start - 0.5, OFF), (start, ON), (start + length - 1, ON)):
        again.now = now
        assert named(sim.home, "Front door").state == state
    again.now = start + length
    assert named(sim.home, "Front door").state == OFF


async def test_lists_show_it(api: Api, sim: Simulator, clock: Clock) -> None:
    """A client reads it as it reads what somebody did on purpose."""
    clock.now += HOUR
    device = named(sim.home, "Hall motion")
    start, length = pulses(device)[-1]
    clock.now = start + DAY
    start, length = pulses(named(sim.home, "Hall motion"))[-1]
    rows = (await api.get("device/history", id=device.id, from_=start))["history"]
    assert [(row["ts"] - start, row["state"]) for row in rows[:2]] == [
        (0, ON),
        (length, OFF),
    ]
    assert rows[0]["origin"] == "Incoming signal"
    rows = (await api.get("devices/list", supportedMethods=4095))["device"]
    state = next(row["state"] for row in rows if row["id"] == device.id)
    assert state == device.state


def test_quiet_at_first(sim: Simulator, clock: Clock) -> None:
    """For five minutes a new home is as its table says; then life begins."""
    clock.now += 300
    assert sim.home.devices == demo_home(NOW).devices
    clock.now += 600
    assert named(sim.home, "Hall motion").history
    for start in range(0, 86400, 997):
        clock.now = NOW + start
        sim = Simulator(clock=clock)
        clock.now += 300
        now = clock.now - 300
        assert not any(
            row.ts > now for d in sim.home.devices.values() for row in d.history
        )


def test_nothing_else_moves(sim: Simulator, clock: Clock) -> None:
    """What people command stays as they left it."""
    clock.now += 10 * DAY
    before = demo_home(NOW).devices
    after = sim.home.devices
    moved = {
        device.name
        for device in after.values()
        if any(row.ts >= NOW for row in device.history)
    }
    assert moved == ALIVE
    for key, device in before.items():
        if device.name not in ALIVE:
            assert after[key] == device


def test_same_however_looked_at(sim: Simulator, clock: Clock) -> None:
    """One look after hours finds what many looks have found, commands in between too."""
    other_clock = Clock()
    other = Simulator(clock=other_clock)
    for one in (sim, other):
        one.settings.effect_delay = 7000.0
        call = one.home.devices["2100013"]
        one.press(call.id, Method.TURNOFF)
    for _ in range(2000):
        clock.now += 7.3
        assert sim.home
    other_clock.now = clock.now
    assert named(other.home, "Hall motion").history
    assert other.home.devices == sim.home.devices


async def test_in_order_with_commands(api: Api, sim: Simulator, clock: Clock) -> None:
    """What was commanded and what happens by itself come in the order of their times."""
    ours = named(sim.home, "Patio door")
    sim.settings.effect_delay = 2 * HOUR + 600
    await api.get("device/turnOn", id=ours.id)
    clock.now += 5 * HOUR
    rows = named(sim.home, "Patio door").history
    times = [row.ts for row in rows]
    assert times == sorted(times)
    origins = [row.origin for row in rows]
    assert 0 < origins.index("Demo application") < len(rows) - 1
    assert origins.count("Demo application") == 1


def test_press_in_between(sim: Simulator, clock: Clock) -> None:
    """A hand is felt at once; the door goes on opening and closing at its times."""
    clock.now += HOUR
    times = [row.ts for row in named(sim.home, "Front door").history]
    clock.now = NOW
    sim = Simulator(clock=clock)
    door = named(sim.home, "Front door")
    for when in (times[1] + 10, times[3] + 10):
        clock.now = when
        assert sim.press(door.id, Method.TURNON)
        assert door.state == ON
        clock.now = when + 1
        assert named(sim.home, "Front door").state == ON
    clock.now = NOW + HOUR
    pressed = {int(times[1] + 10), int(times[3] + 10)}
    after = [row.ts for row in named(sim.home, "Front door").history]
    assert sorted({*times, *pressed}) == after


def test_offline(sim: Simulator, clock: Clock) -> None:
    """What an offline gateway does not hear is never told; later it hears again."""
    clock.now += HOUR
    before = len(named(sim.home, "Hall motion").history)
    assert before
    sim.set_gateway_online("410001", False)
    clock.now += HOUR
    assert len(named(sim.home, "Hall motion").history) == before
    sim.set_gateway_online("410001", True)
    assert len(named(sim.home, "Hall motion").history) == before
    clock.now += HOUR
    rows = named(sim.home, "Hall motion").history[before:]
    assert rows
    assert min(row.ts for row in rows) > NOW + 2 * HOUR


@pytest.mark.parametrize("by", ["control/settings", "do/setting"])
async def test_setting(api: Api, sim: Simulator, clock: Clock, by: str) -> None:
    """Life is switched off and on; what passed in between is not made up for."""

    async def switch(*, on: bool) -> None:
        if by.startswith("control"):
            await api.control("settings", {"life": on})
        else:
            fields = {"name": "life", "value": str(on).lower()}
            assert (await api.open(by, fields)).status == 303

    def counts() -> list[int]:
        homes = (sim.home, sim.home_of("ann"))
        return [len(named(home, "Hall motion").history) for home in homes]

    sim.homes["ann"] = demo_home(NOW)
    assert sim.settings.life
    clock.now += HOUR
    await switch(on=False)
    before = counts()
    assert min(before) > 5  # of the hour in which it was on
    clock.now += HOUR
    await switch(on=True)
    assert counts() == before
    clock.now += HOUR
    assert min(counts()) > max(before)
    assert "life" in (await api.open("")).text


async def test_independent_of_drift(api: Api, sim: Simulator, clock: Clock) -> None:
    """Either can be off alone."""
    sim.settings.drift = False
    clock.now += HOUR
    assert named(sim.home, "Hall motion").history
    sensor = sim.home.sensors["1540000001"]
    assert sensor.last_updated == NOW - 30
    sim.settings.drift, sim.settings.life = True, False
    before = len(named(sim.home, "Hall motion").history)
    clock.now += HOUR
    assert len(named(sim.home, "Hall motion").history) == before
    assert sensor.last_updated > NOW + HOUR


def test_long_jump(sim: Simulator, clock: Clock) -> None:
    """After years the state is right, the history is of the last week, and it is quick."""
    clock.now += 10 * 365 * DAY
    near = Clock(clock.now)
    home = demo_home(clock.now - 4 * DAY)
    began = perf_counter()
    devices = sim.home.devices
    assert perf_counter() - began < 5
    recent = Simulator(home, clock=near).home.devices
    for name in ALIVE:
        device = named(sim.home, name)
        twin = recent[device.id]
        assert device.state == twin.state
        first = twin.history[0].ts
        assert [row for row in device.history if row.ts >= first] == twin.history
        assert device.history[0].ts > clock.now - 8 * DAY
    assert sum(len(device.history) for device in devices.values()) < 10_000


def test_clock_set_back(sim: Simulator, clock: Clock) -> None:
    """Nothing happens a second time."""
    clock.now += 2 * HOUR
    before = list(named(sim.home, "Front door").history)
    clock.now -= HOUR
    assert named(sim.home, "Front door").history == before
    clock.now += HOUR
    assert named(sim.home, "Front door").history == before


def test_routine_too_long() -> None:
    """One turn must be over before the next can begin, wherever in its time it begins."""
    turn = ((0, Method.TURNON), (60, Method.TURNOFF))
    assert Routine(90, (turn,), spread=30)
    with pytest.raises(ValueError, match="in 90 seconds"):
        Routine(90, (((0, Method.TURNON),), turn), spread=31)


def test_own_routine(sim: Simulator, clock: Clock) -> None:
    """Anything can have a routine; without a spread it keeps to its times."""
    lamp = sim.home.devices["2100001"]
    lamp.routine = Routine(600, (((0, Method.TURNOFF), (60, Method.TURNON)),))
    clock.now = NOW - NOW % 600 + 1200
    assert sim.home.devices["2100001"].state == OFF
    clock.now += 60
    assert sim.home.devices["2100001"].state == ON
    assert [row.ts % 600 for row in lamp.history][-2:] == [0, 60]


def test_not_in_step(sim: Simulator, clock: Clock) -> None:
    """Two that have one routine go each their own way."""
    one, other = sim.home.devices["2100001"], sim.home.devices["2100002"]
    one.routine = other.routine = named(sim.home, "Front door").routine
    clock.now += DAY
    assert sim.home
    assert one.history
    assert one.history != other.history
