"""A home that is live."""

import asyncio
from collections.abc import Callable

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from simulator import Simulator
from tests.conftest import Time
from tests.helpers import diagnostics, state_of

REMOTE, REMOTE_ID = "event.wall_remote", "2100034"

MOTION, MOTION_ID = "binary_sensor.stairs_motion", "2100033"

# A group cannot be pressed: what it shows is what its members show.
PUMP, PUMP_ID = "switch.garden_pump", "2100030"

STATUS = "sensor.home_status"


async def wait_for(condition: Callable[[], bool]) -> None:
    """Wait for what comes over a socket, while time stands still."""
    for _ in range(50_000):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("it does not come")


@pytest.fixture(autouse=True)
def quiet(pushing: None) -> None:
    """Have each test begin with push, and without anything that happens by itself."""


async def connect(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Set an entry up and let the gateways that are online become live."""
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await become_live(hass, simulator, time)


async def become_live(
    hass: HomeAssistant, simulator: Simulator, time: Time, limit: int = 300
) -> None:
    """Let time pass until all gateways that are online are live, and what follows is read.

    Of those that are not, it must be known as well.
    """
    online = [one for one in simulator.home.gateways.values() if one.online]
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    while (
        len(simulator.push.sockets()) < len(online)
        or (await diagnostics(hass, entry))["lists"]["devices"]["interval"] < 300
    ):
        assert limit, "this takes too long"
        limit -= 1
        await time.move(1)
    await wait_for(lambda: state_of(hass, STATUS).state == "live")
    await time.move(25)


def functions(simulator: Simulator, since: int = 0) -> list[str]:
    """Return what was asked."""
    return [row.path.removeprefix("json/") for row in list(simulator.log)[since:]]


class States:
    """The states that an entity went through."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        """Watch from now on."""
        self.seen: list[str] = []
        async_track_state_change_event(hass, entity_id, self._async_note)

    @callback
    def _async_note(self, event: Event[EventStateChangedData]) -> None:
        """Note a state."""
        if new := event.data["new_state"]:
            self.seen.append(new.state)
