"""What the list of devices amounts to: kinds, groups, and nodes that are sensors as well."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, Self

from ..pa_api import Device, Gateway, Sensor
from .kinds import DeviceKind, kind_of

_GROUPS: Final = frozenset(("egroup", "group"))
_ONE_WAY_TRANSPORTS: Final = frozenset(("433", "e433"))
_TWO_WAY: Final = frozenset(("zigbee", "zwave"))


@dataclass(frozen=True, slots=True)
class Topology:
    """How the devices of a list belong together: groups, kinds and nodes.

    ``members`` has the direct members of each group, ``resolved_members`` the devices that
    a command to it reaches, ``groups_by_member`` the groups that reach a device: all by
    device id. ``complete_groups`` are those of which every member is known.
    """

    kinds: Mapping[str, DeviceKind] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    resolved_members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups_by_member: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    complete_groups: frozenset[str] = frozenset()
    _nodes: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, devices: Mapping[str, Device]) -> Self:
        """Derive the topology of devices by id."""
        local = {
            (device.gateway_id, device.client_device_id): device.id
            for device in devices.values()
            # Without a gateway, or an id of its own there, it is no node.
            if device.gateway_id and device.client_device_id
        }
        members = {
            device.id: tuple(dict.fromkeys(_members(device, devices, local)))
            for device in devices.values()
            if device.members
        }
        resolved = {group: tuple(_resolve_members(group, members)) for group in members}
        groups: dict[str, list[str]] = {}
        for group, reached in resolved.items():
            for device_id in reached:
                groups.setdefault(device_id, []).append(group)
        kinds = {device.id: kind_of(device) for device in devices.values()}
        for group, reached in resolved.items():
            kinds[group] = kind_of(devices[group], [kinds[one] for one in reached])
        return cls(
            kinds=kinds,
            members=members,
            resolved_members=resolved,
            groups_by_member={
                device_id: tuple(found) for device_id, found in groups.items()
            },
            complete_groups=frozenset(_complete(devices, members)),
            # 433 MHz has no nodes: equal numbers of a receiver and a sensor mean nothing.
            _nodes={
                key: device_id
                for key, device_id in local.items()
                if devices[device_id].transport not in _ONE_WAY_TRANSPORTS
            },
        )

    def device_for_sensor(
        self, sensor: Sensor, devices: Mapping[str, Device]
    ) -> Device | None:
        """Return the device that is the same Z-Wave or Zigbee node as a sensor."""
        device_id = self._nodes.get((sensor.gateway_id, sensor.sensor_id))
        device = devices.get(device_id or "")
        return device if device and device.transport == sensor.protocol else None


def structure_key(device: Device) -> object:
    """Return the fields of a device that decide which entities there are, and their names."""
    return (
        device.name,
        device.methods,
        device.type,
        device.device_type,
        device.transport,
        device.members,
        device.gateway_id,
        device.gateway_name,
        device.client_device_id,
        device.room,
    )


class HasGateway(Protocol):
    """A row that has its gateway's name and whether it is online."""

    @property
    def gateway_id(self) -> str:
        """The gateway's id, empty where there is none."""

    @property
    def gateway_name(self) -> str | None:
        """The gateway's name."""

    @property
    def online(self) -> bool | None:
        """Whether Telldus reaches the gateway, None where the row does not tell."""


def gateways_from_rows(rows: Mapping[str, HasGateway]) -> dict[str, Gateway]:
    """Return the gateways by id, with what the rows of their devices or sensors have of them."""
    newest = {row.gateway_id: row for row in rows.values() if row.gateway_id}
    return {
        gateway_id: Gateway(gateway_id, row.gateway_name, row.online)
        for gateway_id, row in newest.items()
    }


def merge_gateways(
    listed: Mapping[str, Gateway], *from_rows: Mapping[str, Gateway]
) -> dict[str, Gateway]:
    """Return all gateways, by id, each with as much as is known of it.

    ``listed`` is their own list, which is requested less often than the lists that
    ``from_rows`` come from: the last of these that has a gateway is right about its name
    and, if its rows tell, whether it is online.
    """
    merged = dict(listed)
    for gateways in from_rows:
        for gateway_id, gateway in gateways.items():
            known = merged.get(gateway_id, gateway)
            merged[gateway_id] = replace(
                known,
                name=gateway.name or known.name,
                online=known.online if gateway.online is None else gateway.online,
            )
    return merged


def is_group(device: Device) -> bool:
    """Return whether a device consists of others, known or not."""
    return device.type == "group" or device.transport in _GROUPS


def is_assumed(device: Device) -> bool:
    """Return whether a device gives no feedback: 433 MHz is one-way."""
    return device.transport in _ONE_WAY_TRANSPORTS


def gives_feedback(device: Device) -> bool:
    """Return whether a device reports what it did: its transport is two-way."""
    return device.transport in _TWO_WAY


def _members(
    group: Device,
    devices: Mapping[str, Device],
    local: Mapping[tuple[str, str], str],
) -> Iterable[str]:
    """Return the ids of a group's members.

    Older answers name them by their ids, newer ones by the gateway's own; which it is
    can be seen only by looking for them.
    """
    for name in group.members:
        member = devices.get(name)
        if member and member.gateway_id == group.gateway_id:
            yield member.id
        elif device_id := local.get((group.gateway_id, name)):
            yield device_id


def _resolve_members(
    group: str, members: Mapping[str, tuple[str, ...]]
) -> Iterable[str]:
    """Return the ids of a group's devices, those of the groups in it included."""
    seen, reached = {group}, []
    waiting = list(members[group])
    while waiting:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.add(one)
        if one in members:
            waiting.extend(members[one])
        else:
            reached.append(one)
    return reached


def _complete(
    devices: Mapping[str, Device], members: Mapping[str, tuple[str, ...]]
) -> Iterable[str]:
    """Return the groups of which every member is known, also in the groups in them."""
    short = {
        group
        for group, known in members.items()
        if len(known) < len(set(devices[group].members))
    }
    for group, known in members.items():
        waiting, seen = list(known), {group}
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting.extend(members.get(one, ()))
        if seen.isdisjoint(short):
            yield group
