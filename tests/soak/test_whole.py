"""Random homes, whole: after any hours in them Home Assistant says nothing but what is true.

A home, a server, users, faults and restarts at random; a seed brings a life back. A few short
lives are tests like the others; ``scripts/robustness`` lives many. ``--first-home 17
--homes 1`` lives one of them again.
"""

from collections.abc import Callable
import logging
import random
from typing import Any

import pytest

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Simulator
from tests.conftest import AddEntry, Time
from tests.helpers import state_is

from .random_home import RandomHome
from .random_life import RandomLife
from .witness import Witness

FIGURES = (
    *("looks", "states compared", "actions done", "actions refused", "presses"),
    *("fault", "push_fault", "change", "gateway", "restart", "reload", "disable"),
    *(
        "options",
        "refuse_login",
        "refuse_late",
        "outages named",
        "recoveries named",
        "failures named late",
    ),
    *("wishes checked", "refusals checked"),
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have a test for each home."""
    first = metafunc.config.getoption("--first-home")
    count = metafunc.config.getoption("--homes")
    metafunc.parametrize("seed", range(first, first + count))


async def test_whole(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    secrets: set[str],
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
    seed: int,
) -> None:
    """Nobody is told anything false, and in the end everything is as it is at home."""
    hass.loop.set_debug(False)
    chance = random.Random(seed)
    random.seed(seed)
    assert await async_setup_component(hass, "homeassistant", {})
    random_home = RandomHome(simulator, chance)
    entry = add_entry()
    witness = Witness(hass, entry, simulator, random_home.home, secrets)
    monkeypatch.setattr(logging.getLogger(), "handlers", [witness.log])
    monkeypatch.setattr(logging.getLogger(), "level", logging.INFO)
    listeners: list[dict[Any, int]] = []
    life = RandomLife(hass, entry, simulator, time, random_home, witness, seed)
    await life.start()
    await life.wait(60)

    await life.live(chance.choice((900, 1800, 3600)))
    await life.quiet_down()

    assert state_is(entry, ConfigEntryState.LOADED)
    witness.compare()
    witness.count_presses()
    life.check_wishes()
    # Not even once more
    for _ in range(2):
        await time.until(hass.config_entries.async_unload(entry.entry_id))
        await life.is_nothing_left()
        listeners.append(dict(hass.bus.async_listeners()))
        # Of whoever has something to write in a while
        listeners[-1].pop(EVENT_HOMEASSISTANT_FINAL_WRITE, None)
        await life.start()
        await life.wait(60)
    await time.until(hass.config_entries.async_unload(entry.entry_id))
    if witness.false:
        pytest.fail(f"Home {seed}. {witness.story}", pytrace=False)
    assert listeners[0] == listeners[1]
    for what, number in witness.done.items():
        if what in FIGURES:
            record_property(f"random homes: {what}", number)
