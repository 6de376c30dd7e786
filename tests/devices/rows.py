"""Devices as Telldus tells of them, and which entities they become."""

from dataclasses import dataclass
from typing import Final

from custom_components.telldus_pa.devices.kinds import DeviceKind
from custom_components.telldus_pa.pa_api import Device

# Methods
ON, OFF, BELL, TOGGLE, DIM, LEARN, EXECUTE, UP, DOWN, STOP, RGB, HEAT = (
    1 << bit for bit in range(12)
)


@dataclass(frozen=True, slots=True)
class Row:
    """A device as Telldus tells of it, and what comes out.

    ``shown`` has the platform of each entity, with its device class after a colon.
    """

    methods: int
    type_number: int
    kind: DeviceKind
    shown: str
    transport: str = "zwave"
    type: str = "device"


ROWS: Final = [
    # Each method alone (docs/dev/telldus-api.md, "Methods")
    Row(ON, 0x00, DeviceKind.SWITCH, "switch:switch"),
    Row(OFF, 0x00, DeviceKind.SWITCH, "switch:switch"),
    Row(BELL, 0x00, DeviceKind.BELL, "button event:doorbell"),
    Row(TOGGLE, 0x00, DeviceKind.SENSOR, "binary_sensor"),
    Row(DIM, 0x00, DeviceKind.LIGHT, "light"),
    Row(LEARN, 0x00, DeviceKind.SENSOR, "binary_sensor button"),
    Row(EXECUTE, 0x00, DeviceKind.SENSOR, "binary_sensor"),
    Row(UP, 0x00, DeviceKind.COVER, "cover"),
    Row(DOWN, 0x00, DeviceKind.COVER, "cover"),
    Row(STOP, 0x00, DeviceKind.COVER, "cover"),
    Row(RGB, 0x00, DeviceKind.LIGHT, "light"),
    Row(HEAT, 0x00, DeviceKind.THERMOSTAT, "climate"),
    # Combinations that are known ("Which kind?"), and the order among them
    Row(0, 0x00, DeviceKind.SENSOR, "binary_sensor"),
    Row(3, 0x00, DeviceKind.SWITCH, "switch:switch", "433"),
    Row(35, 0x00, DeviceKind.SWITCH, "button switch:switch", "433"),
    Row(19, 0x00, DeviceKind.LIGHT, "light", "433"),
    Row(51, 0x00, DeviceKind.LIGHT, "button light", "433"),
    Row(4, 0x00, DeviceKind.BELL, "button event:doorbell", "433"),
    Row(7, 0x00, DeviceKind.BELL, "button event:doorbell", "433"),
    Row(896, 0x00, DeviceKind.COVER, "cover", "433"),
    Row(384, 0x00, DeviceKind.COVER, "cover", "433"),
    Row(928, 0x00, DeviceKind.COVER, "button cover", "433"),
    Row(912, 0x13, DeviceKind.COVER, "cover:blind"),
    Row(912, 0x00, DeviceKind.COVER, "cover"),
    Row(912, 0x05, DeviceKind.COVER, "cover"),
    Row(1027, 0x05, DeviceKind.LIGHT, "light"),
    Row(1043, 0x05, DeviceKind.LIGHT, "light"),
    Row(RGB | HEAT | BELL | 912 | 3, 0x00, DeviceKind.LIGHT, "button light"),
    Row(HEAT | BELL | 912 | 3, 0x00, DeviceKind.THERMOSTAT, "button climate"),
    # A lamp that can ring
    Row(RGB | BELL | 19, 0x05, DeviceKind.LIGHT, "button light"),
    Row(BELL | 912 | 3, 0x00, DeviceKind.BELL, "button event:doorbell"),
    Row(2051, 0x11, DeviceKind.THERMOSTAT, "climate"),
    # What was left of a thermostat where its method is not there
    Row(3, 0x11, DeviceKind.SWITCH, "switch:switch"),
    Row(0, 0x11, DeviceKind.METER, ""),
    # Each deviceType, with on and off where it may have them ("deviceType")
    Row(3, 0x01, DeviceKind.ALARM, "binary_sensor:safety", "433"),
    Row(0, 0x01, DeviceKind.ALARM, "binary_sensor:safety"),
    # Two-way ones with on and off can be told to sound.
    Row(3, 0x01, DeviceKind.ALARM, "binary_sensor:safety siren"),
    Row(3, 0x01, DeviceKind.ALARM, "binary_sensor:safety siren", "zigbee"),
    Row(ON, 0x01, DeviceKind.ALARM, "binary_sensor:safety"),
    Row(3, 0x01, DeviceKind.ALARM, "binary_sensor:safety", "e433"),
    Row(3, 0x01, DeviceKind.ALARM, "binary_sensor:safety", ""),
    Row(3, 0x03, DeviceKind.REMOTE, "event:button", "433"),
    Row(0, 0x03, DeviceKind.REMOTE, "event:button"),
    # A 433 receiver cannot tell a door from a lamp; the person could.
    Row(3, 0x04, DeviceKind.CONTACT, "binary_sensor:door", "433"),
    Row(0, 0x04, DeviceKind.CONTACT, "binary_sensor:door"),
    Row(3, 0x05, DeviceKind.LIGHT, "light"),
    Row(3, 0x06, DeviceKind.LOCK, "lock"),
    Row(0, 0x06, DeviceKind.LOCK_SENSOR, "binary_sensor:lock"),
    Row(LEARN, 0x06, DeviceKind.LOCK_SENSOR, "binary_sensor:lock button", "433"),
    Row(3, 0x07, DeviceKind.SWITCH, "switch:switch"),
    Row(3, 0x08, DeviceKind.SWITCH, "switch:switch"),
    Row(0, 0x08, DeviceKind.METER, ""),
    Row(3, 0x09, DeviceKind.MOTION, "binary_sensor:motion", "433"),
    Row(0, 0x09, DeviceKind.MOTION, "binary_sensor:motion"),
    Row(3, 0x0A, DeviceKind.SENSOR, "binary_sensor", "433"),
    Row(0, 0x0A, DeviceKind.SENSOR, "binary_sensor"),
    Row(0, 0x0B, DeviceKind.PERSON, "binary_sensor:presence"),
    Row(3, 0x0C, DeviceKind.REMOTE, "event:button", "433"),
    Row(0, 0x0C, DeviceKind.REMOTE, "event:button", "433"),
    Row(19, 0x0C, DeviceKind.REMOTE, "event:button", "433"),
    Row(0, 0x0D, DeviceKind.SENSOR, "binary_sensor"),
    Row(3, 0x0E, DeviceKind.SMOKE, "binary_sensor:smoke", "433"),
    Row(0, 0x0E, DeviceKind.SMOKE, "binary_sensor:smoke"),
    Row(3, 0x0E, DeviceKind.SMOKE, "binary_sensor:smoke siren"),
    Row(3, 0x0F, DeviceKind.SWITCH, "switch:switch"),
    Row(3, 0x10, DeviceKind.SWITCH, "switch:outlet"),
    Row(19, 0x10, DeviceKind.LIGHT, "light"),
    Row(3, 0x12, DeviceKind.SWITCH, "switch:switch"),
    Row(896, 0x13, DeviceKind.COVER, "cover:blind", "433"),
    Row(384, 0x14, DeviceKind.COVER, "cover:shade", "433"),
    Row(3, 0x7F, DeviceKind.SWITCH, "switch:switch"),
    # Speakers: UP and DOWN are steps of the volume ("Which kind?").
    Row(899, 0x0F, DeviceKind.MEDIA_PLAYER, "media_player:speaker", "sonos"),
    Row(899, 0x0F, DeviceKind.MEDIA_PLAYER, "media_player:speaker", "virtual"),
    Row(899, 0x07, DeviceKind.MEDIA_PLAYER, "media_player:speaker", ""),
    Row(899, 0x00, DeviceKind.MEDIA_PLAYER, "media_player:speaker", "sonos"),
    Row(UP | ON, 0x0F, DeviceKind.MEDIA_PLAYER, "media_player:speaker", ""),
    Row(DOWN | OFF, 0x07, DeviceKind.MEDIA_PLAYER, "media_player:speaker", ""),
    # Without them there is nothing to play with.
    Row(3, 0x0F, DeviceKind.SWITCH, "switch:switch", "sonos"),
    Row(3 | STOP, 0x0F, DeviceKind.COVER, "cover", "sonos"),
    # Nobody has put a speaker behind a receiver, whatever its type says.
    Row(899, 0x0F, DeviceKind.COVER, "cover", "433"),
    Row(899, 0x07, DeviceKind.COVER, "cover", "e433"),
    Row(899, 0x0F, DeviceKind.COVER, "cover"),
    Row(899, 0x0F, DeviceKind.COVER, "cover", "zigbee"),
    Row(3, 0x07, DeviceKind.SWITCH, "switch:switch", "433"),
    Row(899, 0x00, DeviceKind.COVER, "cover", "virtual"),
    # A lamp and a blind together are no speaker, however somebody typed their group.
    Row(899, 0x02, DeviceKind.COVER, "cover", "group", "group"),
    Row(899, 0x0F, DeviceKind.COVER, "cover", "group", "group"),
    Row(899, 0x0F, DeviceKind.COVER, "cover", "egroup"),
    Row(899, 0x0F, DeviceKind.SCENE, "scene", "scene"),
    # Groups whose members are not known, by what they can do ("type, groups, scenes")
    Row(3, 0x02, DeviceKind.SWITCH, "switch:switch", "group", "group"),
    Row(19, 0x02, DeviceKind.LIGHT, "light", "group", "group"),
    Row(896, 0x02, DeviceKind.COVER, "cover", "egroup", "group"),
    Row(3, 0x02, DeviceKind.SWITCH, "switch:switch"),
    # Scenes, of which it is not known what their type says
    Row(1, 0x00, DeviceKind.SCENE, "scene", "scene"),
    Row(1, 0x00, DeviceKind.SCENE, "scene", "", "scene"),
    Row(1, 0x00, DeviceKind.SCENE, "scene", "scene", "scene"),
    Row(3, 0x02, DeviceKind.SCENE, "scene", "scene", "group"),
]


def device_type(number: int) -> str:
    """Return a device type as Telldus writes it."""
    return f"000000{number:02X}-0001-1000-2005-ACCA54000000"


def parsed(row: Row) -> Device:
    """Return the device of a row."""
    return Device.from_dict(
        {
            "id": "1",
            "client": "2",
            "methods": row.methods,
            "deviceType": device_type(row.type_number),
            "transport": row.transport,
            "type": row.type,
        }
    )
