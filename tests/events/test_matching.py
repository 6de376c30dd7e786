"""Each occurrence is told once, whatever sources tell of it and however clocks differ."""

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
    """A device, and all that tells of it. Times in seconds since the beginning."""

    # How much Telldus' clock is ahead, and how late pushes come.
    ahead: float
    lag: float
    track: DeviceTimeline = field(
        default_factory=lambda: DeviceTimeline("1", BEGIN - 100.0)
    )
    now: float = 0.0
    live_since: float | None = None
    happened: list[tuple[Method, float]] = field(default_factory=list)
    told: list[DeviceEvent] = field(default_factory=list)
    waiting: list[tuple[float, Method]] = field(default_factory=list)
    state: Method = OFF
    listed: Method = OFF
    listed_at: float = 0.0

    def pass_time(self, seconds: float) -> None:
        """Let pushes that are under way arrive."""
        until = self.now + seconds
        while self.waiting and self.waiting[0][0] <= until:
            self.now, method = self.waiting.pop(0)
            self._note(self.track.add_push(method, None, None, BEGIN + self.now))
            # A snapshot has what was pushed.
            self.listed = method
        self.now = until

    def press(self, method: Method) -> None:
        """Have something happen; the live channel tells of it."""
        self.happened.append((method, self.now))
        self.state = method
        if self.live_since is not None:
            self.waiting.append((self.now + self.lag, method))

    def read_list(self) -> None:
        """Read the list."""
        if self.state is not self.listed:
            since, now = BEGIN + self.listed_at, BEGIN + self.now
            self._note(self.track.add_poll_change(self.state, None, since, now))
        self.listed, self.listed_at = self.state, self.now

    def read_history(self) -> None:
        """Read the history."""
        deeds = [
            HistoryEntry(dt_util.utc_from_timestamp(when), method, SuccessStatus.DONE)
            for method, at in self.happened
            if (when := float(int(BEGIN + at + self.ahead))) >= self.track.read_from
        ]
        live_since = None if self.live_since is None else BEGIN + self.live_since
        for one in self.track.add_history(deeds, BEGIN + self.now, live_since):
            self._note(one)

    def connect(self) -> None:
        """Go live."""
        self.live_since = self.now

    def cut(self) -> None:
        """Lose the channel, with what was under way; it was last heard just before."""
        if self.live_since is not None:
            heard = self.now if not self.waiting else self.waiting[0][0] - self.lag
            self.track.stop_push(BEGIN + heard)
            self.live_since = None
            self.waiting = []

    def restart(self) -> None:
        """Stop and start again."""
        self.cut()
        stored = json.loads(json.dumps(self.track.to_store()))
        self.track = DeviceTimeline.from_dict("1", stored)
        self.listed, self.listed_at = self.state, self.now

    def follow(self) -> None:
        """Hear that the channel is alive."""
        if self.live_since is not None and not self.waiting:
            self.track.advance(BEGIN + self.now)

    def _note(self, occurrence: DeviceEvent | None) -> None:
        if occurrence:
            self.told.append(occurrence)


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
    told = Counter(one.method for one in world.told)
    assert told == Counter(method for method, _ in world.happened)


def test_levels_in_a_row() -> None:
    """What one list told is not what the next one has that is new."""
    track = DeviceTimeline("1", BEGIN)
    told = [
        track.add_poll_change(Method.DIM, level, BEGIN + since, BEGIN + since + 30)
        for level, since in ((100, 0), (50, 30), (20, 60))
    ]
    assert [one and one.level for one in told] == [100, 50, 20]


def test_push_after_a_list() -> None:
    """A push that a list was faster than is no news; the next one is."""
    track = DeviceTimeline("1", BEGIN)
    assert track.add_poll_change(ON, None, BEGIN, BEGIN + 30)
    assert track.add_push(ON, None, None, BEGIN + 31) is None
    assert track.add_push(ON, None, None, BEGIN + 31.5)
    deeds = [
        HistoryEntry(dt_util.utc_from_timestamp(BEGIN + 29), ON, SuccessStatus.DONE),
        HistoryEntry(dt_util.utc_from_timestamp(BEGIN + 31), ON, SuccessStatus.DONE),
    ]
    assert track.add_history(deeds, BEGIN + 60, None) == []


def test_chatter() -> None:
    """Of what never pauses, and whose history nobody reads, only the newest is remembered."""
    track = DeviceTimeline("1", BEGIN)
    for number in range(2000):
        track.add_push(ON, None, None, BEGIN + number)
    stored = track.to_store()
    assert len(stored["known"]) <= 500
    assert BEGIN + 1400 < stored["from"] < BEGIN + 2000
    # What is still remembered is no news, nor is what came before.
    deeds = [
        HistoryEntry(dt_util.utc_from_timestamp(BEGIN + number), ON, SuccessStatus.DONE)
        for number in range(2000)
    ]
    assert track.add_history(deeds, BEGIN + 2100, None) == []


def test_own_commands() -> None:
    """A command from here explains one event, about when it was sent, also after a restart."""
    track = DeviceTimeline("1", BEGIN)
    assert not track.match_command(BEGIN)
    track.add_command(BEGIN)
    for seconds, is_own in ((-16, False), (-15, True), (60, True), (61, False)):
        assert track.is_own(BEGIN + seconds) is is_own
    assert not track.match_command(BEGIN - 16)
    track.add_command(BEGIN + 50)
    track.add_command(BEGIN + 55)
    # That one came to nothing.
    track.remove_command()
    stored = json.loads(json.dumps(track.to_store()))
    for own in (track, DeviceTimeline.from_dict("1", stored)):
        # The oldest goes first: the newer one may still have its event to come.
        assert own.match_command(BEGIN + 55)
        assert not own.is_own(BEGIN + 34)
        assert own.match_command(BEGIN + 55)
        assert not own.match_command(BEGIN + 55)
    stored.pop("commands")
    assert not DeviceTimeline.from_dict("1", stored).is_own(BEGIN)


def test_few_own_commands_are_remembered() -> None:
    """Who is commanded all day and never heard of does not fill the memory."""
    track = DeviceTimeline("1", BEGIN)
    for second in range(100):
        track.add_command(BEGIN + second)
    assert len(track.to_store()["commands"]) == 20
    assert track.is_own(BEGIN + 99 + 60)
