"""What few homes have, in a real Home Assistant: a speaker, a siren, rows that say little.

The tests are steps that depend on one another, in this order.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from .scenario import Scenario, start_scenario

pytestmark = pytest.mark.asyncio(loop_scope="module")

TURNON, TURNOFF, DIM, DOWN = 1, 2, 16, 256
LEVEL = "16"
# The devices' entities and their states before anything is commanded
STATES = {
    "binary_sensor": {
        "Attic smoke": "off",
        "Gate lock": "off",
        "Yard siren": "off",
    },
    "button": {"Doorbell lamp Ring": "unknown"},
    "cover": {
        "Bare blind": "closed",
        "Porch blind": "closed",
        "Reading corner": "closed",
        "Skylight": "closed",
        "Terrace awning": "open",
        "Windows": "open",
    },
    "light": {"Doorbell lamp": "off", "Reading lamp": "on"},
    "lock": {"Cellar lock": "locked"},
    "media_player": {"Kitchen speaker": "paused"},
    "siren": {"Attic smoke Siren": "off", "Yard siren Siren": "off"},
    "switch": {"Bare lamp": "off"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scenario() -> AsyncIterator[Scenario]:
    """Start with what few homes have."""
    async with start_scenario("uncommon", "uncommon") as started:
        yield started


async def test_sign_in(scenario: Scenario) -> None:
    """The account is set up."""
    await scenario.onboard()
    await scenario.sign_in()


async def test_devices(scenario: Scenario) -> None:
    """Every device has its entities, of the right domain and state."""
    names = {
        one["name"] for one in (await scenario.telldus.state())["devices"].values()
    }
    for domain, expected in STATES.items():
        shown = await scenario.ours(domain)
        assert {
            name: state["state"]
            for name, state in shown.items()
            if name in names or name in expected
        } == expected, domain


async def test_speaker(scenario: Scenario) -> None:
    """What plays is played, paused and made softer."""
    await scenario.act("media_player.media_play", "Kitchen speaker", state="playing")
    await scenario.wait_for_telldus("Kitchen speaker", TURNON)
    await scenario.act("media_player.volume_down", "Kitchen speaker")
    await scenario.wait_for_telldus("Kitchen speaker", DOWN)
    shown = (await scenario.ours("media_player"))["Kitchen speaker"]
    assert shown["state"] == "playing"


async def test_siren(scenario: Scenario) -> None:
    """A siren sounds, and is told to stop."""
    await scenario.act("siren.turn_on", "Yard siren Siren", state="on")
    await scenario.wait_for_telldus("Yard siren", TURNON)
    await scenario.act("siren.turn_off", "Yard siren Siren", state="off")
    await scenario.wait_for_telldus("Yard siren", TURNOFF)


async def test_covers(scenario: Scenario) -> None:
    """255 is open; a group takes its members to the same place."""
    await scenario.act(
        *("cover.set_cover_position", "Windows", {"position": 80}),
        current_position=80,
    )
    await scenario.wait_for_telldus("Skylight", DIM, {LEVEL: 204})
    await scenario.wait_for_telldus("Terrace awning", DIM, {LEVEL: 204})


async def test_short_type(scenario: Scenario) -> None:
    """A deviceType in its short form is as good as the long one."""
    await scenario.act("lock.unlock", "Cellar lock", state="unlocked")
    await scenario.wait_for_telldus("Cellar lock", TURNOFF)


async def test_little_is_enough(scenario: Scenario) -> None:
    """A row with nothing but the fields of the vendor's guide is a device."""
    await scenario.act("switch.turn_on", "Bare lamp", state="on")
    await scenario.wait_for_telldus("Bare lamp", TURNON)


async def test_log(scenario: Scenario) -> None:
    """No warning is logged by or about the integration, and no secret."""
    scenario.assert_log_is_clean()
