"""A scenario: the stack, its clients, and the state that the steps of a test share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import shutil
from typing import Any

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from . import Json
from .home_assistant import HomeAssistant
from .log import complaints, parse
from .polling import poll
from .process import free_port
from .sign_in import sign_in
from .simulator_client import SimulatorClient
from .stack import DOMAIN, ROOT, Stack

DEVICES_LIST = "json/devices/list"
# Seconds until a commanded state is shown, even if the command has to wait.
_OPTIMISTIC_TIMEOUT = 5.0
# Seconds until a command has its effect: it may wait for a window of the rate limit.
_COMMAND_TIMEOUT = 75.0
_LIMIT, _WINDOW = 10, 60.0
# Whose commands may be of the kind that is given up after 20 s
_IN_A_HURRY = ("button", "cover", "lock", "media_player", "siren")
# What an entry's data hold
_SECRETS = ("public_key", "private_key", "token", "token_secret")


@dataclass
class Scenario:
    """The state that the steps of a test share.

    ``expected`` has each entity's state, as "state", and attributes from now on; ``seen``
    the secrets that must not be logged.
    """

    stack: Stack
    home_assistant: HomeAssistant
    telldus: SimulatorClient
    entry: Json = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    expected: dict[str, Json] = field(default_factory=dict)

    # The beginning

    async def onboard(self) -> None:
        """Create the user's account in Home Assistant, once that runs."""
        await self.home_assistant.onboard("Demo", "demo", "demo")
        await self.home_assistant.wait_until_running()

    async def sign_in(self) -> Json:
        """Add the integration over REST; return the created entry."""
        created = await sign_in(
            self.home_assistant,
            self.stack.simulator_url,
            (DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY),
            seen=self.seen,
        )
        self.entry = await self.loaded_entry()
        return created

    # In Home Assistant

    def assert_log_is_clean(self) -> None:
        """Assert that no warning is logged by or about the integration, and no secret."""
        log = self.stack.log
        found = complaints(parse(log), DOMAIN)
        assert not found, "\n".join(map(str, found))
        # At any level: keys, tokens and their secrets, verifiers, the callback's one-time ids
        for entry in self.stack.stored_entries():
            if entry["domain"] == DOMAIN:
                self.seen |= {entry["data"][key] for key in _SECRETS}
        assert [secret for secret in self.seen if secret in log] == []

    async def ours(self, domain: str) -> dict[str, Json]:
        """Return the integration's states of a domain by friendly name."""
        registry = await self.home_assistant.ask("config/entity_registry/list")
        ours = {entry["entity_id"] for entry in registry if entry["platform"] == DOMAIN}
        return {
            state["attributes"]["friendly_name"]: state
            for entity_id, state in (await self.home_assistant.states()).items()
            if entity_id in ours and entity_id.startswith(f"{domain}.")
        }

    async def entity_id(self, domain: str, name: str) -> str:
        """Return the id of the entity with a friendly name."""
        found: str = (await self.ours(domain))[name]["entity_id"]
        return found

    async def devices(self) -> dict[str, Json]:
        """Return the integration's registry devices by name."""
        entry_id = self.entry["entry_id"]
        devices = await self.home_assistant.ask("config/device_registry/list")
        return {
            device["name"]: device
            for device in devices
            if entry_id
            in (device.get("config_entries") or [device.get("config_entry_id")])
        }

    async def loaded_entry(self) -> Json:
        """Wait until the integration's one entry is loaded, and return it."""

        async def loaded() -> Json | None:
            entries = await self.home_assistant.entries(DOMAIN)
            assert len(entries) == 1
            return entries[0] if entries[0]["state"] == "loaded" else None

        return await poll("the entry is loaded", loaded, 120)

    async def reauth_flow(self) -> Json:
        """Wait until the user is asked to sign in again, and return the flow."""

        async def asked() -> list[Json]:
            return await self.home_assistant.flows_in_progress(DOMAIN)

        return (await poll("the user is asked to sign in again", asked, 240, 0.5))[0]

    async def wait_for(self, entity_id: str, timeout: float, **wanted: Any) -> Json:
        """Wait until an entity has this state and these attributes."""

        def is_wanted(state: Json) -> bool:
            has = {**state["attributes"], "state": state["state"]}
            return all(has.get(key) == value for key, value in wanted.items())

        websocket = await self.home_assistant.websocket()
        return await websocket.wait_for_state(entity_id, is_wanted, timeout)

    async def wait_until_known(self, *entity_ids: str, timeout: float = 180) -> None:
        """Wait until entities have a value: sensors come last, and again after a reload."""
        websocket = await self.home_assistant.websocket()
        for entity_id in entity_ids:
            await websocket.wait_for_state(
                entity_id,
                lambda state: state["state"] not in ("unavailable", "unknown"),
                timeout,
            )

    async def wait_for_expected(self, timeout: float) -> None:
        """Wait until every entity is as expected."""
        for entity_id, wanted in self.expected.items():
            await self.wait_for(entity_id, timeout, **wanted)

    async def act(
        self, action: str, name: str, data: Json | None = None, /, **shown: Any
    ) -> str:
        """Perform an action, and wait for its optimistic state; return the entity's id.

        The action itself may take longer: its request waits for the rate limiter.
        """
        domain = action.partition(".")[0]
        entity_id = await self.entity_id(domain, name)
        if domain in _IN_A_HURRY:
            await poll("the window has room", self._has_room, 75)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                self.home_assistant.call(action, entity_id, **(data or {}))
            )
            if shown:
                await self.expect_optimistic(entity_id, **shown)
        return entity_id

    async def _has_room(self) -> bool:
        """Return whether a command can be sent at once, and a poll before it."""
        asked: list[float] = [row["time"] for row in await self.telldus.requests()]
        since = await self.now() - _WINDOW
        return sum(time > since for time in asked) <= _LIMIT - 2

    async def expect_optimistic(self, entity_id: str, **shown: Any) -> None:
        """Wait for a just commanded state, and expect it from now on."""
        await self.wait_for(entity_id, _OPTIMISTIC_TIMEOUT, **shown)
        self.expected[entity_id] = shown

    # At Telldus

    async def device(self, name: str) -> Json:
        """Return a device's state at the simulator."""
        for device in (await self.telldus.state())["devices"].values():
            if device["name"] == name:
                found: Json = device
                return found
        raise KeyError(name)

    async def wait_for_telldus(
        self, name: str, state: int | None = None, values: Json | None = None
    ) -> None:
        """Wait until a command has had its effect at the simulator."""

        async def has_it() -> bool:
            device = await self.device(name)
            return (state is None or device["state"] == state) and all(
                device["values"].get(method) == value
                for method, value in (values or {}).items()
            )

        await poll(f"{name} at Telldus is {state} {values}", has_it, _COMMAND_TIMEOUT)

    async def now(self) -> float:
        """Return the simulator's time."""
        time: float = (await self.telldus.state())["time"]
        return time

    async def requests(self, begin: str, since: float = 0) -> list[Json]:
        """Return the requests whose paths begin like this, oldest first."""
        return [
            row
            for row in await self.telldus.requests()
            if row["path"].startswith(begin) and row["time"] > since
        ]

    async def wait_for_requests(
        self, begin: str, count: int, since: float, timeout: float
    ) -> list[float]:
        """Wait for a number of successful requests; return their times."""

        async def enough() -> list[float] | None:
            rows = await self.requests(begin, since)
            times = [row["time"] for row in rows if row["status"] == 200]
            return times if len(times) >= count else None

        return await poll(f"{count} requests of {begin}", enough, timeout, 0.5)

    async def wait_for_polls(
        self, count: int, since: float, timeout: float
    ) -> list[float]:
        """Wait for a number of polls of the devices; return their times."""
        return await self.wait_for_requests(DEVICES_LIST, count, since, timeout)


def assert_within_limit(requests: list[Json]) -> None:
    """Assert that no request exceeded the rate limit."""
    assert [row for row in requests if row["status"] == 429] == []
    times = sorted(row["time"] for row in requests)
    for first, last in zip(times, times[_LIMIT:], strict=False):
        assert last - first > _WINDOW, [row["path"] for row in requests]


@asynccontextmanager
async def start_scenario(name: str, home: str) -> AsyncIterator[Scenario]:
    """Start the simulator with a home, and a new Home Assistant that logs everything.

    ``name`` is of the folder in .e2e, ``home`` one that the simulator has.
    """
    folder = ROOT / ".e2e" / name
    shutil.rmtree(folder, ignore_errors=True)
    stack = Stack(folder, free_port(), free_port(), home=home, level="debug")
    await stack.make_ready()
    try:
        await stack.start()
        async with (
            HomeAssistant(stack.url) as home_assistant,
            SimulatorClient(stack.simulator_url) as telldus,
        ):
            # Nothing changes but by the steps of the test.
            await telldus.settings(life=False, rooms=True)
            yield Scenario(stack, home_assistant, telldus)
    finally:
        await stack.stop()
