"""Each event is reported once, whichever sources have it and however clocks differ."""

from collections import Counter
from dataclasses import dataclass, field
import json

from hypothesis import given, settings, strategies as st

from custom_components.telldus_pa.events.matching import DeviceEvent, DeviceTimeline
from custom_components.telldus_pa.pa_api import HistoryEntry, Method, SuccessStatus
from homeassistant.util import dt as dt_util

BEGIN = 1_800_000_000.0
ON, OFF = Method.TURNON, Method.TURNOFF


@dataclass
class World:
    """A device, and all that reports of it. Times in seconds since the beginning."""

    # How much Telldus' clock is ahead, and how late pushes come.
    ahead: float
    lag: float
    timeline: DeviceTimeline = field(
        default_factory=lambda: DeviceTimeline("1", BEGIN - 100.0)
    )
    now: float = 0.0
    live_since: float | None = None
    happened: list[tuple[Method, float]] = field(default_factory=list)
    reported: list[DeviceEvent] = field(default_factory=list)
    waiting: list[tuple[float, Method]] = field(default_factory=list)
    state: Method = OFF
    listed: Method = OFF
    listed_at: float = 0.0

    def pass_time(self, seconds: float) -> None:
        """Let pushes that are under way arrive."""
        until = self.now + seconds
        while self.waiting and self.waiting[0][0] <= until:
            self.now, method = self.waiting.pop(0)
            self._note(self.timeline.add_push(method, None, None, BEGIN + self.now))
            # A snapshot has what was pushed.
            self.listed = method
        self.now = until

    def press(self, method: Method) -> None:
        """Have something happen; while live it is pushed."""
        self.happened.append((method, self.now))
        self.state = method
        if self.live_since is not None:
            self.waiting.append((self.now + self.lag, method))

    def read_list(self) -> None:
        """Read the list."""
        if self.state is not self.listed:
            since, now = BEGIN + self.listed_at, BEGIN + self.now
            self._note(self.timeline.add_poll_change(self.state, None, since, now))
        self.listed, self.listed_at = self.state, self.now

    def read_history(self) -> None:
        """Read the history."""
        entries = [
            HistoryEntry(dt_util.utc_from_timestamp(when), method, SuccessStatus.DONE)
            for method, at in self.happened
            if (when := float(int(BEGIN + at + self.ahead))) >= self.timeline.read_from
        ]
        live_since = None if self.live_since is None else BEGIN + self.live_since
        for one in self.timeline.add_history(entries, BEGIN + self.now, live_since):
            self._note(one)

    def connect(self) -> None:
        """Go live."""
        self.live_since = self.now

    def cut(self) -> None:
        """Lose the channel, with what was under way; the last message came just before."""
        if self.live_since is not None:
            received_at = (
                self.now if not self.waiting else self.waiting[0][0] - self.lag
            )
            self.timeline.stop_push(BEGIN + received_at)
            self.live_since = None
            self.waiting = []

    def restart(self) -> None:
        """Stop and start again."""
        self.cut()
        stored = json.loads(json.dumps(self.timeline.as_dict()))
        self.timeline = DeviceTimeline.from_dict("1", stored)
        self.listed, self.listed_at = self.state, self.now

    def follow(self) -> None:
        """Hear that the channel is alive."""
        if self.live_since is not None and not self.waiting:
            self.timeline.advance(BEGIN + self.now)

    def _note(self, event: DeviceEvent | None) -> None:
        if event:
            self.reported.append(event)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *["on", "off"] * 3,
                *["list", "history", "connect", "cut", "restart", "follow"],
            ]
        ),
        st.sampled_from([0.0, 0.3, 1.5, 3.0, 5.0, 8.0, 20.0, 40.0, 90.0]),
    ),
    max_size=60,
)


@settings(max_examples=1500, deadline=None)
@given(
    ahead=st.floats(-5.0, 5.0),
    lag=st.floats(0.0, 1.0),
    steps=STEPS,
)
def test_once_each(ahead: float, lag: float, steps: list[tuple[str, float]]) -> None:
    """Nothing is lost and nothing doubled by any order of what may happen."""
    world = World(ahead, lag)
    for what, seconds in steps:
        match what:
            case "on":
                world.press(ON)
            case "off":
                world.press(OFF)
            case "list":
                world.read_list()
            case "history":
                world.read_history()
            case "connect":
                if world.live_since is None:
                    world.connect()
            case "cut":
                world.cut()
            case "restart":
                world.restart()
            case "follow":
                world.follow()
        world.pass_time(seconds)
    world.pass_time(100)
    world.read_history()
    reported = Counter(one.method for one in world.reported)
    assert reported == Counter(method for method, _ in world.happened)


def test_levels_in_a_row() -> None:
    """What one list has reported is not what is new in the next one."""
    timeline = DeviceTimeline("1", BEGIN)
    events = [
        timeline.add_poll_change(Method.DIM, level, BEGIN + since, BEGIN + since + 30)
        for level, since in ((100, 0), (50, 30), (20, 60))
    ]
    assert [one and one.level for one in events] == [100, 50, 20]


def test_push_after_a_list() -> None:
    """A push that a list was faster than is no news; the next one is."""
    timeline = DeviceTimeline("1", BEGIN)
    assert timeline.add_poll_change(ON, None, BEGIN, BEGIN + 30)
    assert timeline.add_push(ON, None, None, BEGIN + 31) is None
    assert timeline.add_push(ON, None, None, BEGIN + 31.5)
    entries = [
        HistoryEntry(dt_util.utc_from_timestamp(BEGIN + 29), ON, SuccessStatus.DONE),
        HistoryEntry(dt_util.utc_from_timestamp(BEGIN + 31), ON, SuccessStatus.DONE),
    ]
    assert timeline.add_history(entries, BEGIN + 60, None) == []


def test_chatter() -> None:
    """Of what never pauses, and whose history nobody reads, only the newest is remembered."""
    timeline = DeviceTimeline("1", BEGIN)
    for number in range(2000):
        timeline.add_push(ON, None, None, BEGIN + number)
    stored = timeline.as_dict()
    assert len(stored["unmatched"]) <= 500
    assert BEGIN + 1400 < stored["read_from"] < BEGIN + 2000
    # What is still remembered is no news, nor is what came before.
    entries = [
        HistoryEntry(dt_util.utc_from_timestamp(BEGIN + number), ON, SuccessStatus.DONE)
        for number in range(2000)
    ]
    assert timeline.add_history(entries, BEGIN + 2100, None) == []


def test_own_commands() -> None:
    """A command from here explains one event, about when it was sent, also after a restart."""
    timeline = DeviceTimeline("1", BEGIN)
    assert not timeline.match_command(BEGIN)
    timeline.add_command(BEGIN)
    for seconds, is_own in ((-16, False), (-15, True), (60, True), (61, False)):
        assert timeline.is_own(BEGIN + seconds) is is_own
    assert not timeline.match_command(BEGIN - 16)
    timeline.add_command(BEGIN + 50)
    timeline.add_command(BEGIN + 55)
    # That one came to nothing.
    timeline.remove_command()
    stored = json.loads(json.dumps(timeline.as_dict()))
    for own in (timeline, DeviceTimeline.from_dict("1", stored)):
        assert own.match_command(BEGIN + 55)
        assert own.is_own(BEGIN + 34)
        assert own.match_command(BEGIN + 55)
        assert not own.match_command(BEGIN + 55)
    stored.pop("commands")
    assert not DeviceTimeline.from_dict("1", stored).is_own(BEGIN)


def test_the_second_own_command_is_told_first() -> None:
    """A command explains the event next to it, in whichever order they are told."""
    timeline = DeviceTimeline("1", BEGIN)
    for sent in (BEGIN, BEGIN + 25):
        timeline.add_command(sent)
    assert timeline.match_command(BEGIN + 26)
    assert timeline.match_command(BEGIN + 1)


def test_few_own_commands_are_remembered() -> None:
    """Who is commanded all day and never reported does not fill the memory."""
    timeline = DeviceTimeline("1", BEGIN)
    for second in range(100):
        timeline.add_command(BEGIN + second)
    assert len(timeline.as_dict()["commands"]) == 20
    assert timeline.is_own(BEGIN + 99 + 60)
