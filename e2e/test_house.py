"""The whole road, in a real Home Assistant, with the simulator's limit and delays on.

The tests are the steps of one story and stand on one another, in the order in which they
are written: a new Home Assistant, signed in, used, refused, signed in again, restarted.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
import json
from pathlib import Path
import shutil
from typing import Any

import pytest
import pytest_asyncio

from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY

from .control import Telldus
from .home_assistant import HomeAssistant, Json, RefusedError
from .log import complaints, is_loader_notice, parse
from .process import free_port
from .sign_in import demand, sign_in, sign_in_again
from .stack import DOMAIN, ROOT, Stack
from .waiting import poll

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOLDER = ROOT / ".e2e" / "house"

# Every on/off device and dimmer of the demo home, by its name there: a switch, or a light
# where Telldus says that it is one or it can be dimmed.
SWITCHES = (
    "Cabin heater",
    "Christmas star",
    "Coffee maker",
    "Diesel heater",
    "Energy plug",
    "Garden pump",
    "Hall switch",
    "Kitchen speaker",
    "Loft fan",
    "TV",
    "Towel rail",
    "Vacation mode",
    "Window lamp",
    "Workbench",
)
LIGHTS = (
    "Bedside lamp",
    "Cabin dimmer",
    "Cabin lamp",
    "Ceiling dimmer",
    "Garage dimmer",
    "Garage light",
    "Kitchen spots",
    "Old dimmer",
    "Porch light",
    "Reading light",
    "Sofa lamp",
)
# What only seems to be a switch, since its receiver says "on" and "off".
NEITHER = ("Door lock", "Hall motion", "Patio door", "Stairs motion", "Wall remote")

TURNON, TURNOFF, DIM = 1, 2, 16
LIMIT, WINDOW = 10, 60.0
DEVICES_LIST = "json/devices/list"


@dataclass
class House:
    """What the steps hand on to one another."""

    stack: Stack
    home_assistant: HomeAssistant
    telldus: Telldus
    entry: Json = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    async def ours(self, domain: str) -> dict[str, Json]:
        """Return the integration's states of a domain by the name that they show."""
        registry = await self.home_assistant.ask("config/entity_registry/list")
        ours = {entry["entity_id"] for entry in registry if entry["platform"] == DOMAIN}
        return {
            state["attributes"]["friendly_name"]: state
            for entity_id, state in (await self.home_assistant.states()).items()
            if entity_id in ours and entity_id.startswith(f"{domain}.")
        }

    async def device(self, name: str) -> Json:
        """Return a device as Telldus has it."""
        for device in (await self.telldus.state())["devices"].values():
            if device["name"] == name:
                found: Json = device
                return found
        raise KeyError(name)

    async def wait_for_telldus(
        self, name: str, state: int, level: int | None = None
    ) -> None:
        """Wait until a command has had its effect on a device."""

        async def has_it() -> bool:
            device = await self.device(name)
            has_level = level is None or int(device["values"][str(DIM)] or 0) == level
            return bool(device["state"] == state and has_level)

        await poll(f"{name} at Telldus is {state} ({level})", has_it, 40)

    async def wait_for(self, entity_id: str, timeout: float, **wanted: Any) -> Json:
        """Wait until an entity has this state, or these attributes."""

        def is_wanted(state: Json) -> bool:
            has = {**state["attributes"], "state": state["state"]}
            return all(has.get(key) == value for key, value in wanted.items())

        websocket = await self.home_assistant.websocket()
        return await websocket.wait_for_state(entity_id, is_wanted, timeout)

    async def polls(self, since: float) -> list[float]:
        """Return when the devices were asked for with success, after some time."""
        return [
            row["time"]
            for row in await self.telldus.requests()
            if row["path"] == DEVICES_LIST
            and row["status"] == 200
            and row["time"] > since
        ]

    async def wait_for_polls(
        self, count: int, since: float, timeout: float
    ) -> list[float]:
        """Wait until the devices have been asked for a number of times."""

        async def enough() -> list[float] | None:
            times = await self.polls(since)
            return times if len(times) >= count else None

        return await poll(f"{count} polls of the devices", enough, timeout, 0.5)

    async def now(self) -> float:
        """Return the time as the simulator counts it."""
        time: float = (await self.telldus.state())["time"]
        return time

    async def loaded_entry(self) -> Json:
        """Wait until the integration's one entry is loaded, and return it."""

        async def loaded() -> Json | None:
            entries = await self.home_assistant.entries(DOMAIN)
            assert len(entries) == 1
            return entries[0] if entries[0]["state"] == "loaded" else None

        return await poll("the entry is loaded", loaded, 60)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[House]:
    """Start the simulator and a new Home Assistant that writes down everything."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    stack = Stack(FOLDER, free_port(), free_port(), level="debug")
    await stack.make_ready()
    try:
        await stack.start()
        async with (
            HomeAssistant(stack.url) as home_assistant,
            Telldus(stack.simulator_url) as telldus,
        ):
            yield House(stack, home_assistant, telldus)
    finally:
        await stack.stop()


def credentials_of(stack: Stack) -> set[str]:
    """Return the secrets that Home Assistant and the simulator keep in their files."""
    path: Path = stack.config / ".storage" / "core.config_entries"
    entries = json.loads(path.read_text())["data"]["entries"]
    data = next(entry["data"] for entry in entries if entry["domain"] == DOMAIN)
    return {data[key] for key in ("public_key", "private_key", "token", "token_secret")}


async def test_onboarding(house: House) -> None:
    """A person makes the first account, and can log in with it later."""
    await house.home_assistant.onboard("Demo", "demo", "demo")
    await house.home_assistant.wait_until_running()
    async with HomeAssistant(house.stack.url) as later:
        await later.log_in("demo", "demo")
        assert (await later.ask("auth/current_user"))["is_owner"]
        await later.log_out()


async def test_sign_in(house: House) -> None:
    """The config flow leads over Telldus' page to an entry that loads."""
    created = await sign_in(
        house.home_assistant,
        house.stack.simulator_url,
        (DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY),
        seen=house.seen,
    )
    house.entry = await house.loaded_entry()
    assert house.entry["entry_id"] == created["entry_id"]
    assert (await house.telldus.state())["tokens"] == 1


async def test_devices(house: House) -> None:
    """Every on/off device and dimmer is there, as what it is, in its right state."""
    telldus = await house.telldus.state()
    online = {id_ for id_, gateway in telldus["gateways"].items() if gateway["online"]}
    devices = {device["name"]: device for device in telldus["devices"].values()}
    for domain, names in (("switch", SWITCHES), ("light", LIGHTS)):
        states = await house.ours(domain)
        assert set(names) <= set(states)
        assert not set(NEITHER) & set(states)
        for name in names:
            device = devices[name]
            if device["gateway_id"] not in online:
                assert states[name]["state"] == "unavailable", name
                continue
            expected = "off" if device["state"] == TURNOFF else "on"
            assert states[name]["state"] == expected, name
            if device["state"] == DIM:
                brightness = states[name]["attributes"]["brightness"]
                assert brightness == int(device["values"][str(DIM)]), name


async def test_registry(house: House) -> None:
    """Each device is a registry device, behind the gateway that it hangs on."""
    devices = await house.home_assistant.ask("config/device_registry/list")
    entry_id = house.entry["entry_id"]
    ours = [
        device
        for device in devices
        if entry_id in (device.get("config_entries") or [device.get("config_entry_id")])
    ]
    named = {device["name"]: device for device in ours}
    assert {*SWITCHES, *LIGHTS, "Home", "Cabin", "Garage"} <= set(named)
    assert named["Coffee maker"]["via_device_id"] == named["Home"]["id"]
    assert named["Workbench"]["via_device_id"] == named["Garage"]["id"]


async def test_switch(house: House) -> None:
    """A switch turned on is on at once here, and a moment later at Telldus."""
    coffee = (await house.ours("switch"))["Coffee maker"]["entity_id"]
    await house.home_assistant.call("switch.turn_on", coffee)
    assert (await house.home_assistant.states())[coffee]["state"] == "on"
    await house.wait_for_telldus("Coffee maker", TURNON)


async def test_light(house: House) -> None:
    """A light takes a brightness, and goes off."""
    sofa = (await house.ours("light"))["Sofa lamp"]["entity_id"]
    await house.home_assistant.call("light.turn_on", sofa, brightness=200)
    state = (await house.home_assistant.states())[sofa]
    assert state["state"] == "on"
    assert state["attributes"]["brightness"] == 200
    await house.wait_for_telldus("Sofa lamp", DIM, level=200)

    await house.home_assistant.call("light.turn_off", sofa)
    assert (await house.home_assistant.states())[sofa]["state"] == "off"
    await house.wait_for_telldus("Sofa lamp", TURNOFF)


async def test_states_stay(house: House) -> None:
    """What was commanded is still so when Telldus has been asked again."""
    await house.wait_for_polls(1, await house.now(), 60)
    await house.wait_for(
        (await house.ours("switch"))["Coffee maker"]["entity_id"], 15, state="on"
    )
    await house.wait_for(
        (await house.ours("light"))["Sofa lamp"]["entity_id"], 15, state="off"
    )


async def test_wall_remote(house: House) -> None:
    """Who presses a button on the wall sees it in Home Assistant at the next poll."""
    star = (await house.ours("switch"))["Christmas star"]["entity_id"]
    device = await house.device("Christmas star")
    before = await house.now()
    await house.telldus.press(device["id"], "turnOff")
    await house.wait_for(star, 60, state="off")
    # The very next one, and not some later one
    assert len(await house.polls(before)) == 1


async def test_options(house: House) -> None:
    """A shorter poll interval counts from now on."""
    step = await house.home_assistant.start_options(house.entry["entry_id"])
    demand(step, "form", "init")
    step = await house.home_assistant.continue_options(
        step["flow_id"], {"poll_interval": 20}
    )
    demand(step, "create_entry")
    changed = await house.now()
    await house.loaded_entry()
    times = await house.wait_for_polls(3, changed, 90)
    assert 18 <= times[2] - times[1] <= 24


async def test_too_often_is_refused(house: House) -> None:
    """Telldus' limit is not the person's to break."""
    step = await house.home_assistant.start_options(house.entry["entry_id"])
    with pytest.raises(RefusedError, match="poll_interval"):
        await house.home_assistant.continue_options(
            step["flow_id"], {"poll_interval": 5}
        )


async def test_revoked(house: House) -> None:
    """A token that Telldus no longer takes leads to one click, and nothing is lost."""
    registry = await house.home_assistant.ask("config/entity_registry/list")
    revoked = await house.now()
    await house.telldus.revoke()

    async def asked() -> list[Json]:
        return await house.home_assistant.flows_in_progress(DOMAIN)

    flow = (await poll("Home Assistant asks to sign in again", asked, 180, 0.5))[0]
    assert flow["context"]["source"] == "reauth"
    refused = [
        row["time"]
        for row in await house.telldus.requests()
        if row["status"] == 401 and row["time"] > revoked
    ]
    # One refusal is not taken for the end: Telldus has had storms of them.
    assert refused[-1] - refused[0] >= 60

    await sign_in_again(house.home_assistant, flow["flow_id"], house.seen)
    signed_in = await house.now()
    entry = await house.loaded_entry()
    assert entry["entry_id"] == house.entry["entry_id"]
    assert await house.home_assistant.flows_in_progress(DOMAIN) == []
    await house.wait_for_polls(1, signed_in - 5, 60)
    after = await house.home_assistant.ask("config/entity_registry/list")
    assert {one["entity_id"] for one in after} == {one["entity_id"] for one in registry}
    assert (await house.ours("switch"))["Coffee maker"]["state"] == "on"


async def test_restart(house: House) -> None:
    """After a restart everything is there again, still signed in."""
    house.seen |= credentials_of(house.stack)
    await house.home_assistant.disconnect()
    restarted = await house.now()
    await house.stack.restart_home_assistant()
    await house.home_assistant.wait_until_running()
    entry = await house.loaded_entry()
    assert entry["entry_id"] == house.entry["entry_id"]
    coffee = (await house.ours("switch"))["Coffee maker"]["entity_id"]
    await house.wait_for(coffee, 30, state="on")
    await house.wait_for_polls(1, restarted, 60)
    assert await house.home_assistant.flows_in_progress(DOMAIN) == []


def assert_within_limit(requests: list[Json]) -> None:
    """Assert that Telldus never had a reason to complain of too many requests."""
    assert [row for row in requests if row["status"] == 429] == []
    times = sorted(row["time"] for row in requests)
    for first, last in zip(times, times[LIMIT:], strict=False):
        assert last - first > WINDOW, [row["path"] for row in requests]


async def test_requests(house: House) -> None:
    """Never more than ten requests in any minute, the signing in included."""
    assert_within_limit(await house.telldus.requests())


async def test_log(house: House) -> None:
    """The integration gives no reason for a warning, nor anybody one because of it."""
    records = parse(house.stack.log)
    assert len([one for one in records if is_loader_notice(one, DOMAIN)]) == 2
    found = complaints(records, DOMAIN)
    assert not found, "\n".join(map(str, found))


async def test_secrets(house: House) -> None:
    """No key, token, secret, verifier or one-time word is in the log, at any level."""
    house.seen |= credentials_of(house.stack)
    assert len(house.seen) >= 8
    log = house.stack.log
    assert [secret for secret in house.seen if secret in log] == []


async def test_restart_of_telldus(house: House) -> None:
    """The simulator keeps its tokens, so that a person can end and start it at will."""
    tokens = (await house.telldus.state())["tokens"]
    await house.stack.simulator.stop()
    await house.stack.start_simulator()
    assert (await house.telldus.state())["tokens"] == tokens
    await house.wait_for_polls(1, 0, 120)


async def test_removal(house: House) -> None:
    """Removed, it leaves nothing behind, and Telldus in peace."""
    await house.home_assistant.remove_entry(house.entry["entry_id"])
    assert await house.home_assistant.entries(DOMAIN) == []
    registry = await house.home_assistant.ask("config/entity_registry/list")
    assert [one["entity_id"] for one in registry if one["platform"] == DOMAIN] == []
