"""Rows in every form that Telldus' responses are known to have."""

import random
from typing import Any

import pytest

from custom_components.telldus_pa.pa_api import (
    MAX_LEVEL,
    Device,
    Gateway,
    Profile,
    Room,
    Sensor,
)
from custom_components.telldus_pa.pa_api.models import SUPPORTED_METHODS
from simulator import demo_home
from simulator.serialization import Serializer
from simulator.settings import Settings
from tests.pa_api.rows import is_sound, leaves, odd, spoiled

NOW = 1764000000.0
EXTRAS = frozenset(("devicetype", "transport", "room", "parameters"))


def demo_rows(**settings: object) -> dict[str, list[dict[str, Any]]]:
    """Return the lists of the demo home, as Telldus would write them by these settings."""
    home, switches = demo_home(NOW), Settings()
    switches.change(settings)
    wire = Serializer(home, switches, NOW, guest=False)
    return {
        "device": [
            wire.device(one, SUPPORTED_METHODS, EXTRAS) for one in home.devices.values()
        ],
        "device_info": [
            wire.device_info(one, SUPPORTED_METHODS, EXTRAS)
            for one in home.devices.values()
        ],
        "sensor": [
            wire.sensor(one, values=True, scale=True, unit=True)
            for one in home.sensors.values()
        ],
        "sensor_flat": [
            wire.sensor(one, values=True, scale=False, unit=False)
            for one in home.sensors.values()
        ],
        "sensor_info": [
            wire.sensor(one, values=True, scale=True, unit=True, info=True)
            for one in home.sensors.values()
        ],
        "gateway": [wire.gateway(one, frozenset()) for one in home.gateways.values()],
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"state_values_as_strings": True},
        {"battery_as_strings": True},
        {"online_as_ints": True},
        {"ids_as_ints": True},
        {"sensor_info_strings": False},
    ],
)
def test_shapes(settings: dict[str, object]) -> None:
    """Numbers in texts and texts in numbers make no difference."""
    usual, odd_rows = demo_rows(), demo_rows(**settings)

    assert usual != odd_rows
    for name, parse in (
        ("device", Device.from_dict),
        ("device_info", Device.from_dict),
        ("sensor", Sensor.from_dict),
        ("sensor_flat", Sensor.from_dict),
        ("sensor_info", Sensor.from_dict),
        ("gateway", Gateway.from_dict),
    ):
        assert [parse(row) for row in odd_rows[name]] == [
            parse(row) for row in usual[name]
        ]


@pytest.mark.parametrize("of_2017", [False, True])
def test_info_says_what_the_list_says(of_2017: bool) -> None:
    """One device or sensor alone is the same as in the list."""
    rows = demo_rows(device_info_of_2017=of_2017)

    for listed, told in zip(rows["device"], rows["device_info"], strict=True):
        # Keys that only lists have
        missing = {"clientName", "devices"}
        if of_2017:
            missing |= {"clientDeviceId", "ignored"}
        assert missing.isdisjoint(told)
        told |= {key: listed.get(key) for key in missing}
        assert Device.from_dict(told) == Device.from_dict(listed)
    assert [Sensor.from_dict(row) for row in rows["sensor_info"]] == [
        Sensor.from_dict(row) for row in rows["sensor"]
    ]


def test_flat_values_of_the_demo_home() -> None:
    """Values without scales are some of those with scales."""
    rows = demo_rows()
    found = 0
    for row, flat_row in zip(rows["sensor"], rows["sensor_flat"], strict=True):
        usual, flat = Sensor.from_dict(row), Sensor.from_dict(flat_row)
        for name, scale in flat.values:
            scales = {other for named, other in usual.values if named == name}
            if scale in scales:
                found += 1
                value = usual.values[name, scale].value
                assert flat.values[name, scale].value == value
    assert found > 20


PARSERS = (
    *(Device.from_dict, Gateway.from_dict, Profile.from_dict),
    *(Sensor.from_dict, Room.from_dict),
)
ERRORS = ("no id", "no client", "no uuid", "no name")


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_is_understood_or_refused(seed: int) -> None:
    """Rows spoiled at any depth, and what never was one, are not stumbled over."""
    r = random.Random(seed)
    rows: list[dict[str, Any]] = [row for rows in demo_rows().values() for row in rows]
    understood = refused = 0
    for share in (0.02, 0.1, 0.4):
        for row in rows:
            spoiled_row = spoiled(row, r, share)
            if not isinstance(spoiled_row, dict):
                spoiled_row = {"id": "1", "client": "2", "data": odd(r), "name": odd(r)}
            for parse in PARSERS:
                try:
                    parsed = parse(spoiled_row)
                except ValueError as err:
                    assert str(err) in ERRORS  # noqa: PT017
                    refused += 1
                    continue
                understood += 1
                unsound = [leaf for leaf in leaves(parsed) if not is_sound(leaf)]
                assert not unsound, spoiled_row
                if isinstance(parsed, Device):
                    assert parsed.level is None or 0 <= parsed.level <= MAX_LEVEL
                    assert parsed.rgb is None or 0 <= parsed.rgb <= 0xFFFFFF
                    assert parsed.is_on in (True, False, None)
                if isinstance(parsed, Sensor):
                    assert parsed.battery is None or parsed.battery_low is None
    assert understood > 500
    assert refused > 100
