"""Watches a home's Home Assistant all the time, and says where anything in it is false.

What is true is read at the simulator: its rows, its log of requests, its sockets.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from http import HTTPStatus
import logging
from math import inf
import re
from typing import Any, Final, override

from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from simulator import LoggedRequest, Method as M, Simulator
from simulator.home import Device, Home
from tests.helpers import ACCOUNT, issues, unique_id

from .oracle import ANYTHING, Oracle
from .wishes import Wish, shown_as

DOMAIN: Final = "telldus_pa"
# What a step of time, a request and a list that lags behind take, in seconds.
SLACK: Final = 40.0
# For how long a command may wait, and on a battery for how long it may sleep.
WAITS: Final = 960.0
SLEEPS: Final = 7300.0
# What the status sensor says of a list that failed so.
CAUSES: Final = {
    "limit": "rate_limited",
    "fault rate_limited": "rate_limited",
    "fault unauthorized_xml": "auth_failed",
    "fault unauthorized_text": "auth_failed",
    "fault not_found": "cannot_connect",
    "fault bad_gateway": "cannot_connect",
    "fault cloudflare": "cannot_connect",
    "fault timeout": "cannot_connect",
    "fault redirect": "cannot_connect",
    "fault truncated": "invalid_response",
    "fault garbage": "invalid_response",
    "fault empty": "invalid_response",
    "fault database": "invalid_response",
    "fault application_error": "rejected",
}
FINE: Final = ("", "fault slow", "fault wrong_types", "fault missing_keys")
CONNECTED: Final = ("live", "polling", "gateway_offline")
# Lines of the log that are part of life.
EXPECTED: Final = re.compile(
    r"zlib|not ready yet|not been tested by Home Assistant|Left out what cannot be understood"
)
FAILED: Final = re.compile(
    r"A command to (.+) was not carried out: "
    r"|stopped before it could send the commands to (.+)"
)
BEGAN, ENDED = "too old to be displayed", "Data of Telldus are received again"
GATEWAY: Final = re.compile(r"The gateway (.+) is (back|offline)$")


class Log(logging.Handler):
    """Keeps lines as text, and passes each on: a record holds on to all that it tells of."""

    def __init__(self, secrets: set[str], note: Callable[[str, int], None]) -> None:
        """Begin."""
        super().__init__(logging.INFO)
        self._secrets = secrets
        self._note = note

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Note a warning of anybody, and what the integration itself says."""
        text = f"{record.getMessage()} {record.exc_text or ''}{record.exc_info or ''}"
        assert not [one for one in self._secrets if one in text]
        if record.levelno >= logging.WARNING or record.name.endswith(DOMAIN):
            self._note(f"{record.name}: {text.strip()}", record.levelno)


class Witness:
    """Knows what was true when, and collects what was false."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        simulator: Simulator,
        home: Home,
        secrets: set[str],
    ) -> None:
        """Begin to watch."""
        self._hass = hass
        self._entry = entry
        self._simulator = simulator
        self._home = home
        self.log = Log(secrets, self._note_line)
        self.false: list[str] = []
        # What has happened, and what of it came before the first thing that was false.
        self.diary: deque[str] = deque(maxlen=80)
        self.before: list[str] = []
        self.wishes: list[Wish] = []
        self.done: Counter[str] = Counter()
        # What each device, gateway and socket was, and since when.
        self._was: defaultdict[str, deque[tuple[float, Any]]] = defaultdict(deque)
        self._seen_requests = 0
        self._open: list[LoggedRequest] = []
        # When each list last came, and what became of the last request for it.
        self.came: dict[str, float] = {}
        self._became: dict[str, str] = {}
        self._limited: deque[float] = deque()
        # When logins were refused since one was accepted.
        self._refused: list[tuple[float, bool]] = []
        # Lists that may not have been asked for since, as that would have been in vain.
        self._not_asked: set[str] = set()
        self._loaded_at: float | None = None
        self._is_outage = False
        self._gateways_offline: set[str] = set()
        self.presses: Counter[tuple[str, str]] = Counter()
        self.told: Counter[tuple[str, str]] = Counter()
        self._last_events: dict[str, Any] = {}
        self._missed = async_capture_events(hass, f"{DOMAIN}_missed_event")
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._async_note_state)
        entry.async_on_state_change(self._async_note_entry)

    # What is told

    def say(self, text: str) -> None:
        """Note something false."""
        self.before = self.before or list(self.diary)
        if len(self.false) < 20:
            self.false.append(f"{self._simulator.clock():.0f}: {text}")

    def write(self, text: str) -> None:
        """Write something into the diary."""
        self.diary.append(f"{self._simulator.clock():.0f}: {text}")

    @property
    def story(self) -> str:
        """What is false, and what has happened before."""
        return "\n".join(
            ("It is false:", *self.false, "Before that:", *self.before, str(self.done))
        )

    def _note_line(self, line: str, level: int) -> None:
        """Note a line of the log."""
        now = self._simulator.clock()
        self.write(line)
        if BEGAN in line or ENDED in line:
            began = BEGAN in line
            self.done["outages named" if began else "recoveries named"] += 1
            if began is self._is_outage:
                self.say(f"the log says once more: {line}")
            self._is_outage = began
            ages = [now - self.came.get(one, 0) for one in ("devices", "sensors")]
            if began and max(ages) < 290:
                self.say(f"no outage: {line}, {ages}")
        elif match := GATEWAY.search(line):
            name, offline = match[1], match[2] == "offline"
            if offline is (name in self._gateways_offline):
                self.say(f"the log says once more: {line}")
            self._gateways_offline ^= {name}
        elif match := FAILED.search(line):
            self.done["failures named late"] += 1
            names = match[1] or match[2]
            for wish in self.wishes:
                if any(f"({one})" in names for one in wish.entity_ids):
                    wish.told_late = True
        elif level >= logging.WARNING and not EXPECTED.search(line):
            self.say(f"the log has {line}")

    @callback
    def _async_note_entry(self) -> None:
        """Note that the entry was loaded or unloaded: what is told begins anew."""
        is_loaded = self._entry.state is ConfigEntryState.LOADED
        self._loaded_at = self._simulator.clock() if is_loaded else None
        if not is_loaded:
            self._is_outage = False
            self._gateways_offline.clear()
        # Who was refused is not asked again so soon, reloaded or not.
        self._became = {
            what: cause
            for what, cause in self._became.items()
            if cause == "auth_failed"
        }

    @callback
    def _async_note_state(self, event: Event[EventStateChangedData]) -> None:
        """Note a press that is told in time; that an entity is back is none."""
        new = event.data["new_state"]
        if (
            new is None
            or new.domain != "event"
            or new.state in ("unknown", "unavailable")
        ):
            return
        entity = er.async_get(self._hass).async_get(new.entity_id)
        this = (new.state, new.attributes.get("time"))
        if entity is None or self._last_events.get(entity.unique_id) == this:
            return
        self._last_events[entity.unique_id] = this
        kind = new.attributes["event_type"]
        method = {"on": "turnon", "off": "turnoff", "ring": "bell"}.get(kind, kind)
        self.told[entity.unique_id.rpartition("_")[2], method] += 1

    # What is true

    def _note(self, key: str, value: Any) -> None:
        """Note what something is now."""
        was = self._was[key]
        if not was or was[-1][1] != value:
            was.append((self._simulator.clock(), value))
            self.write(f"{key} is {value}")
        while len(was) > 1 and was[1][0] < self._simulator.clock() - SLEEPS:
            was.popleft()

    def _lately(self, key: str, seconds: float) -> set[Any]:
        """Return all that something was in the last seconds."""
        since = self._simulator.clock() - seconds
        found, was = set(), self._was[key]
        for number, (_, value) in enumerate(was):
            if number + 1 == len(was) or was[number + 1][0] >= since:
                found.add(value)
        return found

    def _read_requests(self) -> None:
        """Note what became of requests."""
        log = self._simulator.log
        self._open += log[self._seen_requests :]
        self._seen_requests = len(log)
        now = self._simulator.clock()
        waiting = []
        for request in self._open:
            is_held = request.note == "fault timeout"
            if not request.status and not is_held and now - request.time < 60:
                waiting.append(request)
                continue
            asked = f"{request.path} {request.params.get('id', '')}"
            self.write(f"{request.time:.0f} {asked} {request.status} {request.note}")
            if request.status == HTTPStatus.TOO_MANY_REQUESTS:
                self._limited.append(request.time)
            self._note_login(request)
            what = request.path.removeprefix("json/").removesuffix("/list")
            if what not in ("devices", "sensors", "clients"):
                continue
            fine = request.note in FINE
            if fine and request.status != HTTPStatus.OK:
                # Nobody waited for it any more.
                continue
            self._became[what] = "" if fine else CAUSES.get(request.note, request.note)
            if fine:
                self.came[what] = request.time
                self._not_asked.discard(what)
        self._open = waiting

    def _note_login(self, request: LoggedRequest) -> None:
        """Note whether a login was refused. It counts for sure in a list or a command."""
        counts = request.path.endswith("/list") or (
            request.path.startswith("json/device/")
            and request.path not in ("json/device/history", "json/device/info")
        )
        if request.status == HTTPStatus.UNAUTHORIZED:
            self._refused.append((request.time, counts))
        elif counts and request.note in (*FINE, "fault command_lost"):
            self._refused.clear()

    def _look_at_login(self) -> None:
        """Somebody is asked to sign in while that is refused, and only then."""
        is_asked = bool(
            self._hass.config_entries.flow.async_progress_by_handler(
                DOMAIN, match_context={"source": SOURCE_REAUTH}
            )
        )
        # A restart has forgotten what was before.
        began = self._loaded_at or inf
        counted = [when for when, counts in self._refused if counts and when > began]
        self._note("login refused", _lasts([when for when, _ in self._refused]))
        self._note("login refused since the start", _lasts(counted))
        if _lasts([when for when, _ in self._refused]):
            self._not_asked = {"devices", "sensors"}
        self._note("lists not asked for", bool(self._not_asked))
        if is_asked and not any(self._lately("login refused", SLACK)):
            self.say(f"asked to sign in for nothing: {self._refused}")
        if not is_asked and all(self._lately("login refused since the start", SLACK)):
            self.say(f"nobody is asked to sign in: {counted}")

    def bound(self) -> float:
        """Return how old what is shown may be, in seconds."""
        now = self._simulator.clock()
        interval = self._entry.options.get("scan_interval", 30)
        found: float = max(300.0, 3 * interval)
        if self._simulator.settings.push or any(self._lately("pushed", SLEEPS)):
            found = max(found, 900.0)
        if self._limited and now - self._limited[-1] < 3600:
            found = max(found, 720.0)
        return found + SLACK

    def _leaves(self) -> list[Device]:
        """Return the single devices with a name that are not hidden."""
        return [
            one
            for one in self._home.devices.values()
            if one.type == "device" and one.name and not one.ignored
        ]

    def look(self) -> None:
        """Compare what Home Assistant says with what is true. Called every few seconds."""
        simulator, home = self._simulator, self._home
        simulator.home_of("demo")
        self._read_requests()
        oracle, leaves = Oracle(home, self._entry.options), self._leaves()
        shown = {one.id: oracle.leaf(one) for one in leaves}
        for device_id in {key for key in self._was if key.isdigit()} | shown.keys():
            expected = shown.get(device_id)
            self._note(device_id, expected and expected.state)
        for gateway in home.gateways.values():
            self._note(f"gateway {gateway.id}", gateway.online)
            sockets = simulator.push.sockets(gateway.id)
            self._note(
                f"live {gateway.id}",
                bool(sockets) and not simulator.settings.push_silent,
            )
        self._note("pushed", simulator.settings.push)
        if found := issues(self._hass) - self._expected_issues():
            self.say(f"issues: {found}")
        self._look_at_login()
        if self._loaded_at is None:
            return
        self.done["looks"] += 1
        self._look_at_status()
        if simulator.clock() - self._loaded_at < SLACK:
            # What was wished for before a stop is being looked up.
            return
        registry, bound = er.async_get(self._hass), self.bound()
        age = simulator.clock() - self.came.get("devices", 0)
        if (
            min(age, simulator.clock() - self._loaded_at) > bound
            and not self._is_outage
        ):
            self.say(f"the log does not say that data are of {age:.0f} s ago")
        for device in leaves:
            platform = shown[device.id].domain
            entity_id = registry.async_get_entity_id(
                platform, DOMAIN, unique_id(f"device_{device.id}")
            )
            state = self._hass.states.get(entity_id or "")
            if state is None or state.state == "unavailable":
                continue
            if age > bound:
                self.say(f"{state.entity_id} is of {age:.0f} s ago, not {bound:.0f}")
            allowed = self._lately(device.id, bound) | self._wished(device, platform)
            if platform != "event" and not allowed & {state.state, ANYTHING, None}:
                self.say(f"{state.entity_id} is {state.state}, {device.name} {allowed}")

    def _wished(self, device: Device, platform: str) -> set[str]:
        """Return what a device may be shown as since somebody wished for it."""
        now, waits = self._simulator.clock(), SLEEPS if device.wake_interval else WAITS
        return {
            state
            for wish in self.wishes
            if now - wish.when < waits
            and (wish.refused_at is None or now - wish.refused_at < SLACK)
            for effect in wish.at(device.id)
            for state in shown_as(effect, platform)
        }

    def _look_at_status(self) -> None:
        """Compare what the status sensors say with what became of the last requests."""
        now = self._simulator.clock()
        if self._loaded_at is None or now - self._loaded_at < SLACK:
            return
        causes = {self._became.get(one, "") for one in ("devices", "sensors")} - {""}
        registry = er.async_get(self._hass)
        for gateway in self._home.gateways.values():
            entity_id = registry.async_get_entity_id(
                "sensor", DOMAIN, unique_id(f"gateway_{gateway.id}_status")
            )
            state = self._hass.states.get(entity_id or "")
            if state is None or state.state == "unavailable":
                continue
            self._note(f"status {gateway.id}", state.state)
            self._note("causes", frozenset(causes))
            truth = self._lately("causes", SLACK)
            named = frozenset[str]().union(*truth)
            if any(self._lately("lists not asked for", SLACK)):
                named |= {"auth_failed"}
            status = state.state
            if status in CONNECTED and all(truth):
                self.say(f"{state.entity_id} is {status} after {truth}")
            if status == "live" and not any(self._lately(f"live {gateway.id}", 120)):
                self.say(f"{state.entity_id} is live without a connection")
            if status == "gateway_offline" and all(
                self._lately(f"gateway {gateway.id}", self.bound())
            ):
                self.say(f"{state.entity_id} is offline")
            if status not in (*CONNECTED, "limit_reached", "rate_limited", *named):
                self.say(f"{state.entity_id} is {status} after {truth}")
            if status == "rate_limited" and not (
                self._limited and now - self._limited[-1] < 900
            ):
                self.say(f"{state.entity_id} is rate_limited for nothing")

    def _expected_issues(self) -> set[str]:
        """Return the repairs that there is a reason for."""
        found = set()
        if self._entry.options.get("reversed_covers"):
            found.add("cover_direction")
        if self._limited and self._limited[-1] - self._limited[0] > 7000:
            found.add("rate_limit_exhausted")
        return found

    # In the end

    def press(self, device: Device, method: M) -> None:
        """Note that somebody pressed something."""
        self.presses[device.id, (method.name or "").lower()] += 1

    def count_presses(self) -> None:
        """No press is told twice, and none that was not."""
        told = self.told + Counter(
            (self._device_of(event), event.data["method"]) for event in self._missed
        )
        events = {
            one.id
            for one in self._home.devices.values()
            if one.model in ("Remote", "Bell")
        }
        for key, number in told.items():
            if key[0] in events and number > self.presses[key]:
                self.say(f"{key} was pressed {self.presses[key]} times, told {number}")
        self.done["presses"] = self.presses.total()

    def _device_of(self, event: Event[Any]) -> str:
        """Return the device of an event that was told late."""
        entity = er.async_get(self._hass).async_get(event.data["entity_id"] or "")
        return entity.unique_id.rpartition("_")[2] if entity else ""

    def compare(self) -> None:
        """Compare each state with the home's, and see that there is nothing else."""
        registry = er.async_get(self._hass)
        expected = Oracle(self._home, self._entry.options).all()
        entities = {
            entity.unique_id.removeprefix(f"{ACCOUNT}_"): entity
            for entity in er.async_entries_for_config_entry(
                registry, self._entry.entry_id
            )
        }
        for key, one in expected.items():
            entity = entities.get(key)
            if entity is None or entity.domain != one.domain:
                self.say(f"{key} is not there, or no {one.domain}: {entity}")
            elif entity.disabled_by is None:
                state = self._hass.states.get(entity.entity_id)
                self.done["states compared"] += 1
                if one.differs(state):
                    self.say(f"{key} is to be {one}, and is {state}")
        includes_hidden = self._entry.options.get("include_ignored")
        for key, entity in entities.items():
            state = self._hass.states.get(entity.entity_id)
            device = self._home.devices.get(key.split("_")[1])
            is_hidden = device and device.ignored
            if key in expected or not key.startswith("device_"):
                continue
            if is_hidden:
                if not includes_hidden:
                    self.say(f"{key} is hidden at Telldus, and is there still")
                continue
            if state and state.state != "unavailable":
                self.say(f"{key} is not at home any more, and is {state.state}")
        if self._is_outage:
            self.say("the log does not say that the outage is over")
        offline = {one.name for one in self._home.gateways.values() if not one.online}
        if offline != self._gateways_offline:
            self.say(f"{offline} are offline, in the log {self._gateways_offline}")


def _lasts(refused: list[float]) -> bool:
    """Return whether refusals are of more than a minute."""
    return bool(refused) and refused[-1] - refused[0] >= 60
