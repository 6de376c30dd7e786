"""What is pushed that changes more than a state, and what else is seldom told."""

from dataclasses import replace

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.pa_api import GatewayOffline, Method
from custom_components.telldus_pa.pa_api.errors import is_refusal
from custom_components.telldus_pa.sensor import _ACCOUNT
from homeassistant.util import dt as dt_util


async def test_another_shape(loaded: MockConfigEntry) -> None:
    """A row that is another device all of a sudden is looked at by all."""
    devices = loaded.runtime_data.devices
    woken: list[bool] = []
    devices.async_add_listener(lambda: woken.append(True))
    device = next(one for one in devices.data.values() if Method.TURNON in one.methods)
    devices.async_push(replace(device, methods=Method.BELL))
    assert woken


def test_gateway_offline_is_no_refusal() -> None:
    """A gateway that is away may be back: it is asked again soon."""
    assert not is_refusal(GatewayOffline("currently offline", 1))


async def test_history_reached(
    loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How far back an import is, is told as a time, and not before there is one."""
    (reached,) = (one for one in _ACCOUNT if one.key == "history_reached")
    data = loaded.runtime_data
    assert reached.value(data) is None
    monkeypatch.setattr(data.history, "reached", 1_700_000_000.0)
    assert reached.value(data) == dt_util.utc_from_timestamp(1_700_000_000)
