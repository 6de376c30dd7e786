"""What a device is taken for."""

import pytest

from custom_components.telldus_pa.kinds import Kind, kind_of
from custom_components.telldus_pa.pa_api import Device


def device_type(number: int) -> str:
    """Return a device type as Telldus writes it."""
    return f"000000{number:02X}-0001-1000-2005-ACCA54000000"


@pytest.mark.parametrize(
    ("methods", "type_number", "more", "kind"),
    [
        # By what they can do, in the order of the vendor's app
        (3, 0x10, {}, Kind.SWITCH),
        (35, 0x10, {}, Kind.SWITCH),
        (3, 0x00, {}, Kind.SWITCH),
        (3, 0x07, {}, Kind.SWITCH),
        (3, 0x08, {}, Kind.SWITCH),
        (3, 0x0F, {}, Kind.SWITCH),
        (3, 0x12, {}, Kind.SWITCH),
        (3, 0x05, {}, Kind.LIGHT),
        (19, 0x05, {}, Kind.LIGHT),
        (51, 0x05, {}, Kind.LIGHT),
        (19, 0x10, {}, Kind.LIGHT),
        (16, 0x00, {}, Kind.LIGHT),
        (1043, 0x05, {}, Kind.LIGHT),
        (1027, 0x05, {}, Kind.LIGHT),
        (4, 0x00, {}, Kind.BELL),
        (7, 0x00, {}, Kind.BELL),
        (896, 0x13, {}, Kind.COVER),
        (384, 0x14, {}, Kind.COVER),
        (928, 0x00, {}, Kind.COVER),
        # A shutter with a position is no lamp.
        (912, 0x13, {}, Kind.COVER),
        (2048, 0x11, {}, Kind.THERMOSTAT),
        (2051, 0x11, {}, Kind.THERMOSTAT),
        (3, 0x06, {}, Kind.LOCK),
        (0, 0x00, {}, Kind.SENSOR),
        (32, 0x00, {}, Kind.SENSOR),
        # Where the person said what it is, that wins: a 433 receiver cannot tell.
        (0, 0x04, {}, Kind.CONTACT),
        (3, 0x04, {}, Kind.CONTACT),
        (0, 0x09, {}, Kind.MOTION),
        (3, 0x09, {}, Kind.MOTION),
        (0, 0x0E, {}, Kind.SMOKE),
        (0, 0x01, {}, Kind.ALARM),
        (0, 0x0B, {}, Kind.PERSON),
        (3, 0x0C, {}, Kind.REMOTE),
        (0, 0x03, {}, Kind.REMOTE),
        (3, 0x0A, {}, Kind.SENSOR),
        (0, 0x0D, {}, Kind.SENSOR),
        # Groups are what their members can do; scenes can only be run.
        (19, 0x02, {"type": "group", "transport": "group"}, Kind.LIGHT),
        (3, 0x02, {"type": "group", "transport": "group"}, Kind.SWITCH),
        (896, 0x02, {"type": "group", "transport": "egroup"}, Kind.COVER),
        (1, 0x00, {"transport": "scene"}, Kind.SCENE),
        (1, 0x00, {"type": "scene"}, Kind.SCENE),
        # Half a switch is one all the same.
        (1, 0x00, {}, Kind.SWITCH),
        (2, 0x00, {}, Kind.SWITCH),
    ],
)
def test_kind_of(
    methods: int, type_number: int, more: dict[str, str], kind: Kind
) -> None:
    """Each device is one thing."""
    device = Device.from_wire(
        {
            "id": "1",
            "client": "2",
            "methods": methods,
            "deviceType": device_type(type_number),
            **more,
        }
    )
    assert kind_of(device) is kind
