"""Some hours of presses over a channel that is cut at random: each is told once."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
import random

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.telldus_pa.const import EVENT_MISSED
from custom_components.telldus_pa.events.matching import MAX_EVENT_AGE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
from simulator import Fault, Simulator
from tests.conftest import Time
from tests.helpers import complaints

REMOTE, REMOTE_ID = "event.wall_remote", "2100034"
BELL, BELL_ID = "event.door_bell", "2100005"
# What fires, and what the late event calls it, for each method.
METHODS = {
    (REMOTE_ID, "turnOn"): (REMOTE, "on", "turnon"),
    (REMOTE_ID, "turnOff"): (REMOTE, "off", "turnoff"),
    (BELL_ID, "bell"): (BELL, "ring", "bell"),
}
HOUR = 3600.0
# Telldus' clock and ours, whole seconds, and a push that is under way for a moment.
TOLERANCE = 3.0


class Told:
    """What Home Assistant was told of each press, in time and late."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen."""
        self.in_time: Counter[tuple[str, str]] = Counter()
        self.ages: list[float] = []
        self._last: dict[str, object] = {}
        self.missed: list[Event] = async_capture_events(hass, EVENT_MISSED)
        async_track_state_change_event(hass, [REMOTE, BELL], self._async_note)

    @callback
    def _async_note(self, event: Event[EventStateChangedData]) -> None:
        """Note what has fired; that an entity is back from a restart is none."""
        new = event.data["new_state"]
        if new is None or new.state in ("unknown", "unavailable"):
            return
        entity_id = event.data["entity_id"]
        this = (new.state, new.attributes["time"])
        if this == self._last.get(entity_id):
            return
        self._last[entity_id] = this
        self.in_time[entity_id, new.attributes["event_type"]] += 1
        when = datetime.fromisoformat(new.attributes["time"])
        self.ages.append((dt_util.utcnow() - when).total_seconds())

    @property
    def late(self) -> Counter[tuple[str, str]]:
        """Return what was told too late to act upon."""
        return Counter(
            (one.data["entity_id"], one.data["method"]) for one in self.missed
        )


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_nothing_lost_or_doubled(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
    seed: int,
) -> None:
    """Cuts, half-open sockets, refused handshakes, outages and restarts lose nothing."""
    hass.loop.set_debug(False)
    simulator.change_settings(
        {"life": False, "drift": False, "push": True, "push_session_seconds": 3600}
    )
    for device_id in list(simulator.home.devices):
        if device_id not in (REMOTE_ID, BELL_ID):
            del simulator.home.devices[device_id]
    chance = random.Random(seed)
    told, pressed, done = Told(hass), Counter[tuple[str, str]](), Counter[str]()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    # What was before is not news, and what is not live yet the history has to tell.
    await move(time, chance.uniform(30, 200))

    now = 0.0
    while now < HOUR:
        pause = chance.choice((0.5, 2, 5, 12, 40, 100))
        await move(time, pause)
        now += pause
        deed = chance.choices(
            ("press", "cut", "silent", "no handshake", "outage", "mend", "restart"),
            (60, 12, 3, 3, 2, 12, 2),
        )[0]
        done[deed] += 1
        match deed:
            case "press":
                for _ in range(chance.choice((1, 1, 1, 2, 3))):
                    which = chance.choice(list(METHODS))
                    assert simulator.press(*which)
                    pressed[which] += 1
                    await move(time, 1.5)
            case "cut":
                simulator.push.cut()
            case "silent":
                simulator.change_settings({"push_silent": True})
            case "no handshake":
                simulator.change_settings({"push_handshake": "502"})
                simulator.push.cut()
            case "outage":
                simulator.push.cut()
                simulator.faults.add(Fault.BAD_GATEWAY, times=None)
            case "mend":
                mend(simulator)
            case "restart":
                await time.until(hass.config_entries.async_reload(entry.entry_id))
    mend(simulator)
    # Long enough for any wait, and to read what was missed.
    await move(time, 1200)

    late = told.late
    for which, number in pressed.items():
        entity_id, event, method = METHODS[which]
        found = told.in_time[entity_id, event], late[entity_id, method]
        assert sum(found) == number, (which, found, number, done)
    # Some of both, or this has tried nothing.
    assert told.in_time.total() > 20
    assert late
    assert max(told.ages) <= MAX_EVENT_AGE + TOLERANCE
    assert not [one for one in complaints(caplog) if "xception" in one]
    figures = {
        "hours": 1,
        "requests": len(simulator.log),
        "presses told in time": told.in_time.total(),
        "presses told late": late.total(),
        "presses lost or doubled": abs(
            pressed.total() - told.in_time.total() - late.total()
        ),
        "cuts of the live channel": done["cut"] + done["outage"] + done["silent"],
        "restarts": done["restart"],
    }
    for what, number in figures.items():
        record_property(what, number)


def mend(simulator: Simulator) -> None:
    """Let everything work again, by new sockets: what was not sent nobody sends later."""
    if simulator.settings.push_silent:
        simulator.push.cut()
    simulator.change_settings({"push_silent": False, "push_handshake": "101"})
    simulator.faults.clear()


async def move(time: Time, seconds: float) -> None:
    """Let time pass, in steps fine enough for what pushes and pings do."""
    while seconds > 0:
        step = min(seconds, 2.0)
        await time.leap(step)
        seconds -= step
