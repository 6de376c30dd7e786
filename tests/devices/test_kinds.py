"""What a device is taken for: the whole table, as Home Assistant shows it."""

import pytest

from custom_components.telldus_pa.devices.kinds import (
    DeviceKind,
    entity_parts,
    expires_soon,
    kind_of,
)
from custom_components.telldus_pa.pa_api import Command, DeviceType, Method
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import Simulator
from simulator.home import Device as SimulatedDevice, Home
from tests.conftest import AddEntry, Time
from tests.helpers import ACCOUNT

from .rows import ROWS, Row, device_type, parsed


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_kind_of(row: Row) -> None:
    """Each device is one thing."""
    assert kind_of(parsed(row)) is row.kind


def test_table_is_complete() -> None:
    """Every type and every kind that there is has its row."""
    types = {device_type.value for device_type in DeviceType}
    assert types <= {row.type_number for row in ROWS}
    assert {row.kind for row in ROWS} == set(DeviceKind)
    for kind in DeviceKind:
        assert list(entity_parts(parsed(ROWS[0]), kind)) or kind is DeviceKind.METER


@pytest.mark.parametrize(
    ("row", "command", "soon"),
    [
        (Row(3, 0x06, DeviceKind.LOCK, ""), Command("1", Method.TURNOFF), True),
        (Row(3, 0x01, DeviceKind.ALARM, ""), Command("1", Method.TURNON), True),
        (Row(3, 0x01, DeviceKind.ALARM, "", "433"), Command("1", Method.TURNON), False),
        (Row(4, 0x00, DeviceKind.BELL, ""), Command("1", Method.BELL), True),
        (Row(896, 0x13, DeviceKind.COVER, ""), Command("1", Method.UP), True),
        (Row(912, 0x13, DeviceKind.COVER, ""), Command("1", Method.UP), False),
        (
            Row(899, 0x0F, DeviceKind.MEDIA_PLAYER, "", "sonos"),
            Command("1", Method.UP, is_volume_step=True),
            True,
        ),
        (
            Row(899, 0x0F, DeviceKind.MEDIA_PLAYER, "", "sonos"),
            Command("1", Method.TURNON),
            False,
        ),
        (Row(3, 0x05, DeviceKind.LIGHT, ""), Command("1", Method.TURNON), False),
    ],
)
def test_expires_soon(row: Row, command: Command, soon: bool) -> None:
    """What would startle somebody, or open a door, is not sent much later."""
    device = parsed(row)
    assert kind_of(device) is row.kind
    assert expires_soon(command, device, row.kind) is soon


async def test_what_is_shown(
    hass: HomeAssistant,
    add_entry: AddEntry,
    simulator: Simulator,
    entity_registry: er.EntityRegistry,
    time: Time,
) -> None:
    """Home Assistant gets exactly the entities of the table, with their classes."""
    demo = simulator.home
    simulator.homes["demo"] = Home(
        gateways=demo.gateways,
        devices={
            str(number): SimulatedDevice(
                id=str(number),
                gateway_id="410001",
                client_device_id=str(number),
                name=f"Row {number}",
                # The mask takes out what nobody can use; so do we.
                methods=row.methods,
                state=0,
                device_type=device_type(row.type_number),
                transport=row.transport,
                type="device" if row.type == "group" else row.type,
            )
            for number, row in enumerate(ROWS)
        },
    )
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    found: dict[int, set[str]] = {number: set() for number in range(len(ROWS))}
    for entity in er.async_entries_for_config_entry(entity_registry, entry.entry_id):
        prefix, _, rest = entity.unique_id.partition("_device_")
        if prefix != ACCOUNT:
            continue
        device_class = entity.original_device_class
        found[int(rest.split("_")[0])].add(
            f"{entity.domain}:{device_class}" if device_class else entity.domain
        )
    expected = {number: set(row.shown.split()) for number, row in enumerate(ROWS)}
    assert found == expected


# Groups


@pytest.mark.parametrize(
    ("methods", "members", "kind"),
    [
        # What all members are, the group is, whatever its methods seem to say.
        (19, [DeviceKind.LIGHT, DeviceKind.LIGHT], DeviceKind.LIGHT),
        (3, [DeviceKind.LIGHT], DeviceKind.LIGHT),
        (3, [DeviceKind.SWITCH, DeviceKind.SWITCH], DeviceKind.SWITCH),
        (3, [DeviceKind.LOCK, DeviceKind.LOCK], DeviceKind.LOCK),
        (912, [DeviceKind.COVER, DeviceKind.COVER], DeviceKind.COVER),
        (2048, [DeviceKind.THERMOSTAT], DeviceKind.THERMOSTAT),
        (4, [DeviceKind.BELL], DeviceKind.BELL),
        # A mixture is what it can do.
        (19, [DeviceKind.LIGHT, DeviceKind.SWITCH], DeviceKind.LIGHT),
        (3, [DeviceKind.LIGHT, DeviceKind.SWITCH], DeviceKind.SWITCH),
        (899, [DeviceKind.COVER, DeviceKind.SWITCH], DeviceKind.COVER),
        (7, [DeviceKind.SENSOR, DeviceKind.SWITCH], DeviceKind.SWITCH),
        # What only tells something cannot be told anything.
        (3, [DeviceKind.MOTION, DeviceKind.MOTION], DeviceKind.SWITCH),
        (3, [DeviceKind.SCENE], DeviceKind.SWITCH),
        (3, [], DeviceKind.SWITCH),
    ],
)
def test_kind_of_group(
    methods: int, members: list[DeviceKind], kind: DeviceKind
) -> None:
    """A group is what its members are."""
    group = parsed(Row(methods, 0x02, kind, "", "group", "group"))
    assert kind_of(group, members) is kind
