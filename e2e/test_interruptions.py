"""What interrupts a home, in a real Home Assistant: a revoked token, a restart of Telldus.

The tests are steps that depend on one another, in this order.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from .scenario import Scenario, assert_within_limit, start_scenario
from .sign_in import sign_in_again
from .stack import DOMAIN

pytestmark = pytest.mark.asyncio(loop_scope="module")

TURNON = 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scenario() -> AsyncIterator[Scenario]:
    """Start with everything that the demo home has for tests."""
    async with start_scenario("interruptions", "tests") as started:
        yield started


async def test_sign_in(scenario: Scenario) -> None:
    """The account is set up, and a lamp is on."""
    await scenario.onboard()
    await scenario.sign_in()
    await scenario.act("switch.turn_on", "Coffee maker", state="on")
    await scenario.wait_for_telldus("Coffee maker", TURNON)
    # While the first token is stored
    scenario.assert_log_is_clean()


async def test_revoked(scenario: Scenario) -> None:
    """A revoked token leads to a reauthentication; no entity is lost."""
    registry = await scenario.home_assistant.ask("config/entity_registry/list")
    revoked = await scenario.now()
    await scenario.telldus.revoke()

    flow = await scenario.reauth_flow()
    assert flow["context"]["source"] == "reauth"
    refused = [
        row["time"]
        for row in await scenario.telldus.requests()
        if row["status"] == 401 and row["time"] > revoked
    ]
    # One 401 is not enough: Telldus has had outages with many.
    assert refused[-1] - refused[0] >= 60

    await sign_in_again(scenario.home_assistant, flow["flow_id"], scenario.seen)
    signed_in = await scenario.now()
    entry = await scenario.loaded_entry()
    assert entry["entry_id"] == scenario.entry["entry_id"]
    assert await scenario.home_assistant.flows_in_progress(DOMAIN) == []
    await scenario.wait_for_polls(1, signed_in - 5, 60)
    after = await scenario.home_assistant.ask("config/entity_registry/list")
    assert {one["entity_id"] for one in after} == {one["entity_id"] for one in registry}
    await scenario.wait_for_expected(30)


async def test_log(scenario: Scenario) -> None:
    """No warning is logged by or about the integration, and no secret; no request is refused."""
    assert_within_limit(await scenario.telldus.requests())
    scenario.assert_log_is_clean()
    assert len(scenario.seen) >= 8


async def test_restart_of_telldus(scenario: Scenario) -> None:
    """The simulator keeps its tokens through a restart."""
    tokens = (await scenario.telldus.state())["tokens"]
    await scenario.stack.simulator.stop()
    await scenario.stack.start_simulator()
    assert (await scenario.telldus.state())["tokens"] == tokens
    await scenario.wait_for_polls(1, 0, 120)
