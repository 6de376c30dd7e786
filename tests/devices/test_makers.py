"""Who made a device, and what it is."""

import pytest

from custom_components.telldus_pa.devices.kinds import DeviceKind
from custom_components.telldus_pa.devices.makers import (
    manufacturer_of,
    model_id_of,
    model_of,
    sensor_transport_name,
    transport_name,
)


@pytest.mark.parametrize(
    ("transport", "model", "maker", "model_id"),
    [
        ("zwave", "0176-0003-0003", "Telldus Technologies", "0176-0003-0003"),
        ("zwave", "010f-0102-1000", "Fibaro", "010f-0102-1000"),
        ("zwave", "FFFF-0001-0001", None, "FFFF-0001-0001"),
        ("zwave", "n/a", None, None),
        ("zwave", None, None, None),
        ("433", "selflearning-switch:nexa", "Nexa", None),
        ("433", "codeswitch:gao", "GAO", None),
        ("433", "selflearning-dimmer:anslut", "Anslut", None),
        ("433", "codeswitch", None, "codeswitch"),
        ("fineoffset", "temperaturehumidity", None, "temperaturehumidity"),
        ("oregon", "F824", None, "F824"),
        ("netatmo", "NAModule2", "Netatmo", "NAModule2"),
        ("xiaomi_aqara", "", "Xiaomi Aqara", None),
        ("sonos", None, "Sonos", None),
        ("some_plug_in", None, "Some plug in", None),
        ("", None, None, None),
    ],
)
def test_manufacturer(
    transport: str, model: str | None, maker: str | None, model_id: str | None
) -> None:
    """A number, a brand or a plug-in tells the maker."""
    assert manufacturer_of(transport, model) == maker
    assert model_id_of(model) == model_id


@pytest.mark.parametrize(
    ("transport", "kind", "is_dimmer", "model"),
    [
        ("433", DeviceKind.LIGHT, True, "433 MHz dimmer"),
        ("e433", DeviceKind.LIGHT, False, "433 MHz lamp"),
        ("zwave", DeviceKind.THERMOSTAT, False, "Z-Wave thermostat"),
        ("zwave", DeviceKind.COVER, True, "Z-Wave cover"),
        ("zigbee", DeviceKind.MOTION, False, "Zigbee motion sensor"),
        ("sonos", DeviceKind.MEDIA_PLAYER, False, "Sonos speaker"),
        ("group", DeviceKind.LIGHT, True, "Group"),
        ("scene", DeviceKind.SCENE, False, "Scene"),
        ("", DeviceKind.SWITCH, False, None),
    ],
)
def test_model(
    transport: str, kind: DeviceKind, is_dimmer: bool, model: str | None
) -> None:
    """A model says what a thing is."""
    assert model_of(transport, kind, is_dimmer=is_dimmer) == model


@pytest.mark.parametrize(
    ("protocol", "name"),
    [
        ("fineoffset", "433 MHz"),
        ("zwave", "Z-Wave"),
        ("netatmo", "Netatmo"),
        ("n/a", None),
        ("", None),
    ],
)
def test_sensor(protocol: str, name: str | None) -> None:
    """A plug-in's sensor is not one at 433 MHz."""
    assert sensor_transport_name(protocol) == name
    assert transport_name("hue") == "Philips Hue"
