"""Thousands of lamps in one action hold up Home Assistant no longer than they have to."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
import gc
import logging
import time as clock
from typing import Any, override

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from homeassistant.components.light import ColorMode, LightEntity
from homeassistant.components.light.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from tests.commands.conftest import SetUp
from tests.conftest import Time
from tests.factories import lamp
from tests.helpers import state_of

LAMPS = 2000
# So many times as long as for lamps that do nothing.
MOST = 3.0


class IdleLight(LightEntity):
    """A lamp that shows what it was told, and does nothing else."""

    _attr_should_poll = False
    _attr_color_mode = ColorMode.ONOFF
    _attr_supported_color_modes = {ColorMode.ONOFF}  # Home Assistant's way
    _attr_is_on = True

    def __init__(self, number: int) -> None:
        """Initialize a lamp that is on."""
        self.entity_id = f"light.idle_{number}"

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn it off."""
        self._attr_is_on = False
        self.async_write_ha_state()


@contextmanager
def measured(loop: asyncio.AbstractEventLoop) -> Iterator[list[float]]:
    """Collect how long each turn of the event loop takes, in seconds of the processor."""
    turns: list[float] = []
    run_once: Callable[[], None] = loop._run_once  # type: ignore[attr-defined]  # noqa: SLF001

    def timed() -> None:
        """Measure a turn."""
        began = clock.thread_time()
        run_once()
        turns.append(clock.thread_time() - began)

    gc.collect()
    gc.disable()
    loop._run_once = timed  # type: ignore[attr-defined]  # noqa: SLF001
    yield turns
    loop._run_once = run_once  # type: ignore[attr-defined]  # noqa: SLF001
    gc.enable()


async def test_all_off(
    hass: HomeAssistant,
    set_up_home: SetUp,
    time: Time,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    """When all are turned off, and when their actions stop waiting, nothing else waits long."""
    await set_up_home(*(lamp(number) for number in range(1, LAMPS + 1)))
    idle = [IdleLight(number) for number in range(1, LAMPS + 1)]
    await hass.data[DATA_COMPONENT].async_add_entities(idle)
    await time.settle()
    longest = {}
    # Each line would be the largest part of what is measured.
    monkeypatch.setattr(logging.root.manager, "disable", logging.WARNING)
    for name in ("idle", "lamp"):
        lamps = [f"light.{name}_{number}" for number in range(1, LAMPS + 1)]
        with measured(hass.loop) as turns:
            action = hass.async_create_task(
                hass.services.async_call(
                    "light", "turn_off", {"entity_id": lamps}, blocking=True
                )
            )
            await time.settle()
            assert {state_of(hass, one).state for one in lamps} == {"off"}
            longest[name] = max(turns)
            # Moving time costs more than what then happens.
            freezer.tick(timedelta(seconds=21))
            async_fire_time_changed(hass)
            await asyncio.sleep(0)
            turns.clear()
            await time.settle()
            longest[f"{name}, later"] = max(turns)
        assert action.done()
    for what, seconds in longest.items():
        record_property(f"longest turn, {what}, ms", round(seconds * 1000))
    assert longest["lamp"] <= MOST * longest["idle"], longest
    assert longest["lamp, later"] <= 2 * longest["idle"], longest
