"""Whose history is read, and what becomes of a refusal."""

import pytest

from custom_components.telldus_pa.const import CONF_PUSH
from homeassistant.core import HomeAssistant
from simulator import Fault, Simulator
from tests.conftest import AddEntry, Time

pytestmark = pytest.mark.usefixtures("pushing")


async def test_one_odd_history(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """A refused history is one device's; two in a row are everybody's, for a day."""
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/device/history", times=1, text="No"
    )
    entry = add_entry(options={CONF_PUSH: False})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(600)
    first, *others = requested(simulator)
    assert first not in others
    assert len(set(others)) > 5
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match="json/device/history", times=2, text="No"
    )
    before = len(simulator.log)
    await time.move(7000)
    assert len(set(requested(simulator, before))) == 2
    assert len(requested(simulator, before)) == 2


def requested(simulator: Simulator, since: int = 0) -> list[str]:
    """Return of which devices the history was asked."""
    log = list(simulator.log)[since:]
    return [row.params["id"] for row in log if row.path == "json/device/history"]
