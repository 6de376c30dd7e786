"""A flood of commands in a real Home Assistant: a dozen lamps, all told something every 5 s.

The tests are steps that depend on one another, in this order.
"""

import asyncio
from collections.abc import AsyncIterator
from itertools import count, pairwise
import time

import pytest
import pytest_asyncio

from .polling import poll
from .scenario import DEVICES_LIST, Scenario, assert_within_limit, start_scenario

pytestmark = pytest.mark.asyncio(loop_scope="module")

# A home of so many devices has these dimmers and thermometers.
DEVICES, LAMPS, THERMOMETERS = 60, 12, 24
# The longest that a list is to be away under any load, in seconds (the goals of `scripts/bench load`)
GAPS = {DEVICES_LIST: 95, "json/sensors/list": 200}
# For how long the lamps are told something, and how often. What waits then fills the window
# on, so that all of it lasts longer than a list is to be away.
FLOOD, INTERVAL = 130, 5
# No wish waits longer than 150 s; then it takes its effect.
LAST_WISHES = 160
LEVEL = "16"  # The key of a device's values: a method
BEGAN = time.monotonic()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scenario() -> AsyncIterator[Scenario]:
    """Start with a home with enough lamps."""
    async with start_scenario("flood", str(DEVICES)) as started:
        yield started


async def tell_time(scenario: Scenario) -> None:
    """Have each thermometer measure what time it is: then what is shown has an age."""
    for id_, sensor in (await scenario.telldus.state())["sensors"].items():
        if any(value["name"] == "temp" for value in sensor["values"]):
            now = round(time.monotonic() - BEGAN, 1)
            await scenario.telldus.measure(id_, "temp", "0", now)


async def ages(scenario: Scenario) -> list[float]:
    """Return how old each temperature is, in seconds, and see that no sensor is away."""
    shown = (await scenario.ours("sensor")).values()
    assert [one for one in shown if one["state"] == "unavailable"] == []
    return [
        time.monotonic() - BEGAN - float(state["state"])
        for state in shown
        if state["attributes"].get("device_class") == "temperature"
    ]


async def test_sign_in(scenario: Scenario) -> None:
    """The account is set up, and all sensors come."""
    await tell_time(scenario)
    await scenario.onboard()
    await scenario.sign_in()

    async def come() -> bool:
        return len(await ages(scenario)) == THERMOMETERS

    await poll("the sensors are there", come, 60, 0.5)


async def test_flood(scenario: Scenario) -> None:
    """What sensors show is as young as ever while commands fill the window."""
    lamps = {
        name: state["entity_id"]
        for name, state in (await scenario.ours("light")).items()
        if state["attributes"]["supported_color_modes"] != ["onoff"]
    }
    assert len(lamps) == LAMPS
    began, oldest = await scenario.now(), 0.0
    until = time.monotonic() + FLOOD
    async with asyncio.TaskGroup() as tasks:
        for brightness in count(50):
            await tell_time(scenario)
            action = scenario.home_assistant.call(
                "light.turn_on", [*lamps.values()], brightness=brightness
            )
            tasks.create_task(action)
            await asyncio.sleep(INTERVAL)
            oldest = max(oldest, *await ages(scenario))
            if time.monotonic() > until:
                break

    async def have_it() -> bool:
        nonlocal oldest
        await tell_time(scenario)
        oldest = max(oldest, *await ages(scenario))
        devices = (await scenario.telldus.state())["devices"].values()
        found = {one["name"]: one["values"].get(LEVEL) for one in devices}
        return all(found[name] == brightness for name in lamps)

    await poll("the lamps are as was wished last", have_it, LAST_WISHES, INTERVAL)
    ended = await scenario.now()
    for path, longest in GAPS.items():
        asked = [row["time"] for row in await scenario.requests(path, began)]
        gaps = [later - sooner for sooner, later in pairwise((began, *asked, ended))]
        assert max(gaps) <= longest, path
    # Until the last list, and a round more
    assert oldest <= GAPS["json/sensors/list"] + 2 * INTERVAL
    for entity_id in lamps.values():
        await scenario.wait_for(entity_id, 1, state="on", brightness=brightness)


async def test_requests(scenario: Scenario) -> None:
    """Six commands a minute came through at least, and no request was refused."""
    assert_within_limit(await scenario.telldus.requests())
    sent = [row["time"] for row in await scenario.requests("json/device/dim")]
    in_time = [one for one in sent if one < sent[0] + FLOOD]
    assert len(in_time) >= FLOOD / 60 * 6


async def test_log(scenario: Scenario) -> None:
    """No warning is logged by or about the integration, and no secret."""
    scenario.assert_log_is_clean()
