"""What the tests stand on: a real server, a real Home Assistant core, moved time."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable
from concurrent.futures import Executor
from datetime import timedelta
import logging
from math import inf
from pathlib import Path
import re
from time import sleep
from typing import Any

from aiohttp.test_utils import TestServer
import freezegun
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

# Ours must be known before the test package brings its own custom_components.
import custom_components.telldus_pa  # noqa: F401
from custom_components.telldus_pa.account.domain_data import DomainData
from custom_components.telldus_pa.const import (
    CONF_ACCOUNT_UUID,
    CONF_GATEWAYS,
    CONF_PRIVATE_KEY,
    CONF_PUBLIC_KEY,
    CONF_SERVER_URL,
    CONF_TOKEN_SECRET,
    DOMAIN,
)
from custom_components.telldus_pa.pa_api import RateLimiter
from custom_components.telldus_pa.sign_in.callback_view import async_get_view
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import DATA_INSTANCE
from homeassistant.setup import async_setup_component
from homeassistant.util import executor as threads
from homeassistant.util.async_ import get_scheduled_timer_handles
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Simulator
from simulator.tokens import AccessToken, RequestToken

from .flow_user import FlowUser, keys, only_entry
from .helpers import ACCOUNT, Actions, Dashboard, Registries

# A thread that is interrupted while it ends does not tell the next one to end. On a machine
# with other work they may need more than Home Assistant's ten seconds for all of them.
threads.EXECUTOR_SHUTDOWN_TIMEOUT = 600

# In a frozen test no clock goes on but pytest's own; so nobody need look each time who asks.
freezegun.configure(extend_ignore_list=["_pytest.timing"])
freezegun.api.call_stack_inspection_limit = 0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let scripts/robustness ask for more than a short life, and anybody for another day."""
    parser.addoption("--soak-hours", type=int, default=1)
    parser.addoption("--first-home", type=int, default=0)
    parser.addoption("--homes", type=int, default=3)
    parser.addoption(
        "--load-report",
        help="live whole hours of all loads, and append the figures to this file",
    )
    parser.addoption(
        "--begin",
        default="2026-09-15T06:40:07Z",
        help="when the tests take place that move time",
    )
    parser.addoption(
        "--freeze", type=Path, help="keep what is written to disk in this folder"
    )
    parser.addoption(
        "--loop-debug",
        action="store_true",
        help="have asyncio check what is called from where; tests take twice as long",
    )
    parser.addoption(
        "--first-cases",
        action="store_true",
        help="run each test with the first of its parameters only",
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out all cases of a test but the first, where somebody asks for it."""
    if config.getoption("--first-cases"):
        firsts: dict[str, pytest.Item] = {}
        for item in items:
            firsts.setdefault(item.nodeid.partition("[")[0], item)
        chosen = set(firsts.values())
        config.hook.pytest_deselected(items=[one for one in items if one not in chosen])
        items[:] = firsts.values()


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Record how many examples Hypothesis has made for a test."""
    statistics = getattr(item, "hypothesis_statistics", "")
    for number in re.findall(r"(\d+) passing", statistics):
        item.user_properties.append(("examples", int(number)))


@pytest.fixture
def soak_hours(request: pytest.FixtureRequest) -> int:
    """Return how many hours a home lives in the soak."""
    return int(request.config.getoption("--soak-hours"))


class Time:
    """Moves time, and lets happen what then happens."""

    def __init__(
        self,
        hass: HomeAssistant,
        freezer: FrozenDateTimeFactory,
        simulator: Simulator,
    ) -> None:
        """Take hold of the clock."""
        self._hass = hass
        self._freezer = freezer
        self._simulator = simulator
        self._jobs: set[asyncio.Future[Any]] = set()
        self._run_in_executor = hass.loop.run_in_executor
        hass.loop.run_in_executor = self._run_job  # type: ignore[method-assign, assignment]

    def _run_job(
        self, executor: Executor | None, job: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Have a thread do something, and know of it until the event loop has the result."""
        future = self._run_in_executor(executor, job, *args)
        self._jobs.add(future)
        future.add_done_callback(self._jobs.discard)
        return future

    async def move(self, seconds: float) -> None:
        """Let some seconds pass, from one timer to the next.

        The longer the time, the more timers have their turn at once, though requests that
        wait for the limit have theirs in order.
        """
        sizes = {120: 0.05, 1800: 15.0, 7200: 60.0, inf: 240.0}
        size = next(size for below, size in sizes.items() if seconds < below)
        # What was begun before is not to be overtaken by time.
        await self.settle()
        while seconds > 0:
            least = min(size, 3.0) if self._is_waiting() else size
            step = min(seconds, max(self._next_timer_in(), least))
            seconds -= step
            await self.leap(step)

    def _next_timer_in(self) -> float:
        """Return in how many seconds the event loop's next timer is due."""
        loop = self._hass.loop
        due_at = (
            one.when()
            for one in get_scheduled_timer_handles(loop)
            if not one.cancelled()
        )
        return min(due_at, default=inf) - loop.time()

    def _is_waiting(self) -> bool:
        """Return whether a request waits for the rate limiter, and not for a pause."""
        return any(
            limiter.waiting and not limiter.paused_for for limiter in self._limiters()
        )

    def _limiters(self) -> Iterable[RateLimiter]:
        """Return the rate limiters of all servers."""
        shared = self._hass.data.get(f"{DOMAIN}_shared")
        return shared.rate_limiters.values() if isinstance(shared, DomainData) else ()

    async def leap(self, seconds: float) -> None:
        """Let some seconds pass in one step, for those who do not look closely."""
        self._freezer.tick(timedelta(seconds=seconds))
        await self.settle()

    async def listed(self, what: str, step: float = 1) -> None:
        """Let time pass until a list was asked for again: "sensors", "clients" ...

        When that is, only roughly, depends on what else is asked meanwhile.
        """
        began, limit = self._simulator.clock(), 900 / step
        while not any(
            request.path == f"json/{what}/list" and request.time > began
            for request in self._simulator.log
        ):
            assert limit > 0, f"{what} are not asked for"
            limit -= 1
            await self.move(step)

    async def until[T](
        self, coroutine: Coroutine[Any, Any, T], limit: float = 100
    ) -> T:
        """Let time pass until something is done, and return what came of it."""
        task = asyncio.ensure_future(coroutine)
        await self.settle()
        while not task.done():
            assert limit > 0, "this takes too long"
            limit -= 0.5
            await self.move(0.5)
        return await task

    async def settle(self) -> None:
        """Let everything happen that can happen without time passing.

        Home Assistant's own ``async_block_till_done`` would wait for tasks that wait for
        time to pass. What else can go on: requests, threads, and callbacks in a row.
        """
        quiet = 0
        while quiet < 5:
            await asyncio.sleep(0)
            quiet += 1
            # Others have their turn next.
            if self._hass.loop._ready:  # type: ignore[attr-defined]  # noqa: SLF001
                quiet = 0
            if self._is_thread_at_work():
                quiet = 0
                # Asking on and on would only keep it from its work.
                sleep(0.0003)  # noqa: ASYNC251
            elif self._is_request_on_its_way():
                quiet = 0

    def _is_thread_at_work(self) -> bool:
        """Return whether a thread does something for Home Assistant, or the recorder does.

        A thread may wait for a request that the simulator holds back.
        """
        recorder = self._hass.data.get(DATA_INSTANCE)
        if recorder and (
            recorder.backlog or recorder._event_session_has_pending_writes  # noqa: SLF001
        ):
            return True
        return bool(self._jobs) and not self._simulator.held

    def _is_request_on_its_way(self) -> bool:
        """Return whether a request will be answered without time passing."""
        return not self._simulator.held and any(
            rate_limiter.sending for rate_limiter in self._limiters()
        )


@pytest.fixture(scope="session", autouse=True)
def replaced_clock() -> Generator[None]:
    """Have all modules use a clock that can be frozen, and goes on where it is not.

    Else freezegun looks through all modules anew for each test. It is early, so that no timer
    that a frozen test has left is due after it.
    """
    with freezegun.freeze_time("2026-01-01", tick=True):
        yield


@pytest.fixture(autouse=True)
def begin(request: pytest.FixtureRequest) -> None:
    """Have each test that moves time begin at the same moment, Home Assistant included.

    The simulated home has its days, and everything its turn in a minute: what depends on
    that is to come out the same each time. ``--begin`` is for looking at another moment.
    """
    if "freezer" in request.fixturenames:
        freezer: FrozenDateTimeFactory = request.getfixturevalue("freezer")
        freezer.move_to(request.config.getoption("--begin"))


@pytest.fixture(autouse=True)
async def enable_event_loop_debug(request: pytest.FixtureRequest) -> None:
    """Have asyncio watch itself only where somebody asks for it, unlike the test package.

    It writes down a traceback for each callback and each future, which is more than half of
    what the tests do.
    """
    if request.config.getoption("--loop-debug"):
        asyncio.get_running_loop().set_debug(True)


@pytest.fixture(autouse=True)
def custom_integrations(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant load ours, where a test has one."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(autouse=True)
def quiet_libraries() -> Generator[None]:
    """Keep still who cannot tell a frozen time, or tells of each statement, module or entity."""
    loggers = [
        logging.getLogger(name)
        for name in (
            *("aiohttp.access", "sqlalchemy.engine", "homeassistant.loader"),
            "homeassistant.helpers.entity_registry",
        )
    ]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Simulator:
    """Return a Telldus of one's own, limit and delay on, with all that homes may have.

    ``only(*names)`` leaves of the devices and sensors those with a name, which takes less
    time to set up.
    """
    simulator = Simulator()
    if only := request.node.get_closest_marker("only"):
        home, names = simulator.home, only.args
        home.devices = {
            id_: one for id_, one in home.devices.items() if one.name in names
        }
        home.sensors = {
            id_: one for id_, one in home.sensors.items() if one.name in names
        }
    return simulator


@pytest.fixture
def pushing(simulator: Simulator) -> None:
    """Let nothing happen by itself, and push what does."""
    simulator.change_settings({"life": False, "drift": False, "push": True})


@pytest.fixture
def secrets(
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Generator[set[str]]:
    """Fail a test in which a secret got into the log, whichever library wrote it.

    Every key, token, verifier and callback that the simulator ever saw or gave counts.
    """
    caplog.set_level(logging.DEBUG)
    found = {DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY}
    store = simulator.tokens
    new_request, new_access = store.new_request_token, store.new_access_token

    def note_request(consumer_key: str, callback: str | None) -> RequestToken:
        """Note a temporary token and what goes with it."""
        token = new_request(consumer_key, callback)
        found.update((token.token, token.secret, token.verifier))
        if callback:
            found.add(callback.rsplit("/", 1)[-1])
        return token

    def note_access(consumer_key: str, user: str) -> AccessToken:
        """Note a lasting token."""
        token = new_access(consumer_key, user)
        found.update((token.token, token.secret))
        return token

    monkeypatch.setattr(store, "new_request_token", note_request)
    monkeypatch.setattr(store, "new_access_token", note_access)
    yield found
    for record in [*caplog.get_records("setup"), *caplog.get_records("call")]:
        if record.funcName.startswith("_verify"):
            continue  # the simulator checking a signature, in the same process
        text = f"{record.getMessage()} {record.exc_text or ''}"
        leaked = [secret for secret in found if secret in text]
        assert not leaked, f"{record.name} logged {leaked}: {text}"


@pytest.fixture
async def server(
    simulator: Simulator, socket_enabled: None
) -> AsyncGenerator[TestServer]:
    """Run the simulator on a port of this machine."""
    server = TestServer(simulator.app)
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
def server_url(server: TestServer) -> str:
    """Return the simulator's address."""
    return str(server.make_url("/")).rstrip("/")


@pytest.fixture
def time(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    simulator: Simulator,
) -> Time:
    """Return the time, which stands still until it is moved."""
    # Moving the clock looks to asyncio like a callback that blocked.
    hass.loop.slow_callback_duration = 1e9
    return Time(hass, freezer, simulator)


type AddEntry = Callable[..., MockConfigEntry]


@pytest.fixture
def add_entry(
    hass: HomeAssistant, simulator: Simulator, server_url: str, secrets: set[str]
) -> AddEntry:
    """Return a function that adds an entry which is signed in and not yet set up."""

    def add(
        user: str = "demo", *, more_data: dict[str, Any] | None = None, **more: Any
    ) -> MockConfigEntry:
        token, secret = simulator.issue_token(user)
        data = {
            CONF_SERVER_URL: server_url,
            CONF_PUBLIC_KEY: DEMO_PUBLIC_KEY,
            CONF_PRIVATE_KEY: DEMO_PRIVATE_KEY,
            CONF_TOKEN: token,
            CONF_TOKEN_SECRET: secret,
            CONF_ACCOUNT_UUID: ACCOUNT,
            CONF_GATEWAYS: [],
            **(more_data or {}),
        }
        arguments = {"unique_id": ACCOUNT, "title": "Telldus Live!", **more}
        entry = MockConfigEntry(domain=DOMAIN, data=data, **arguments)
        entry.add_to_hass(hass)
        return entry

    return add


@pytest.fixture
def entry(add_entry: AddEntry) -> MockConfigEntry:
    """Return an entry that is signed in and not yet set up."""
    return add_entry()


@pytest.fixture
async def loaded(
    hass: HomeAssistant, entry: MockConfigEntry, time: Time
) -> MockConfigEntry:
    """Return an entry that is set up, all its lists received."""
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    # The other lists follow, ten seconds apart.
    await time.move(45)
    assert entry.state is ConfigEntryState.LOADED
    return entry


@pytest.fixture
def dashboard(hass: HomeAssistant, time: Time) -> Dashboard:
    """Return a dashboard."""
    return Dashboard(hass, time)


@pytest.fixture
async def flow_user(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_access_token: str,
    simulator: Simulator,
    time: Time,
    secrets: set[str],
) -> FlowUser:
    """Return somebody who is logged in to Home Assistant."""
    assert await async_setup_component(hass, "config", {})
    # Home Assistant keeps its router open for views to come; the test server does not.
    async_get_view(hass)
    client = await hass_client()
    base = str(client.make_url("")).rstrip("/")
    login = hass.auth.async_validate_access_token(hass_access_token)
    assert login is not None
    return FlowUser(hass, client, time, simulator, base, login)


@pytest.fixture
async def reauth_entry(
    hass: HomeAssistant, flow_user: FlowUser, server_url: str, simulator: Simulator
) -> ConfigEntry:
    """Return the entry of a person who is asked to sign in again."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    await flow_user.sign_in(await flow_user.choose("authorize"))
    entry = only_entry(hass)
    await flow_user.time.move(40)
    simulator.revoke()
    await flow_user.time.move(60)
    # One refusal may be a hiccup, and so may two in a row.
    assert not hass.config_entries.flow.async_progress()
    await flow_user.time.move(61)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    flow_user.flow_id = flow["flow_id"]
    return entry


@pytest.fixture
def actions(hass: HomeAssistant, loaded: MockConfigEntry, time: Time) -> Actions:
    """Return what calls the actions."""
    return Actions(hass, loaded, time)


@pytest.fixture
def registries(hass: HomeAssistant, entry: MockConfigEntry) -> Registries:
    """Return the registries."""
    return Registries(hass, entry)


@pytest.fixture
async def callback_view(hass: HomeAssistant) -> None:
    """Register the view: a test's server takes none once it runs, unlike a real one."""
    assert await async_setup_component(hass, "http", {})
    async_get_view(hass)


@pytest.fixture
def hass_client(
    callback_view: None, hass_client: ClientSessionGenerator
) -> ClientSessionGenerator:
    """Return a function that creates a client, logged in."""
    return hass_client


@pytest.fixture
def hass_ws_client(
    callback_view: None, hass_ws_client: WebSocketGenerator
) -> WebSocketGenerator:
    """Return a function that creates a websocket client, logged in."""
    return hass_ws_client
