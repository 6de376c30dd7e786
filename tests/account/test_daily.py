"""What is asked once a day."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from simulator import Fault, Simulator
from tests.conftest import Time
from tests.helpers import polls

HOUR = 3600
DAY = 24 * HOUR
PROFILE = "json/user/profile"


async def test_daily_while_refused(
    hass: HomeAssistant, one_lamp: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What is asked once a day is not asked while nothing is accepted."""
    await time.move(30)
    await time.move(DAY - 2 * HOUR)
    simulator.faults.add(Fault.UNAUTHORIZED_XML, match="json/*", times=None)
    await time.move(3 * HOUR)
    assert polls(simulator, PROFILE) == 1
    simulator.faults.clear()
    await time.move(2 * HOUR)
    assert polls(simulator, PROFILE) == 2
