"""device, group: adding, removing and changing what a device is.

Source: docs/dev/telldus-api.md, "Device administration and history".
"""

import json

from .api import INVALID, NOT_FOUND, SUCCESS, ApiError, Call, function
from .api_account import find_gateway
from .api_devices import device_of
from .home import Device, Gateway, Row
from .methods import DeviceType, Method

_FIRST_ID = 2100001
_SWITCH = Method.TURNON | Method.TURNOFF | Method.LEARN


@function("device/setName")
def device_set_name(call: Call) -> Row:
    """Rename a device."""
    call.require_owner()
    device_of(call).name = call.text("name")
    return dict(SUCCESS)


@function("device/setIgnore")
def device_set_ignore(call: Call) -> Row:
    """Hide or show a device."""
    call.require_owner()
    device_of(call).ignored = call.flag("ignore")
    return dict(SUCCESS)


@function("device/setModel")
def device_set_model(call: Call) -> Row:
    """Say what model a device is; what it can do stays as it is."""
    call.require_owner()
    device_of(call).model = call.text("model")
    return dict(SUCCESS)


@function("device/setProtocol")
def device_set_protocol(call: Call) -> Row:
    """Say what protocol a device speaks."""
    call.require_owner()
    device_of(call).protocol = call.text("protocol")
    return dict(SUCCESS)


@function("device/setParameter")
def device_set_parameter(call: Call) -> Row:
    """Set a parameter; `devices` are a group's members, `devicetype` is what it is."""
    call.require_owner()
    device = device_of(call)
    name, value = _parameter(call), call.text("value")
    if name == "devices" and device.type == "group":
        members = _members(call, call.home.gateways[device.gateway_id], value)
        if device.id in _within(call, members):
            raise ApiError("Invalid argument", INVALID)
        device.members = members
        return dict(SUCCESS)
    parsed = _object(value)
    if name == "thermostat" and not _has_modes(parsed):
        raise ApiError("Invalid argument", INVALID)
    if name == "devicetype":
        device.device_type = value
    device.parameters[name] = value if parsed is None else parsed
    return dict(SUCCESS)


@function("device/setMetadata")
def device_set_metadata(call: Call) -> Row:
    """Set metadata, or remove it with an empty value."""
    call.require_owner()
    device = device_of(call)
    name, value = _parameter(call), call.text("value")
    if value:
        device.metadata[name] = value
    else:
        device.metadata.pop(name, None)
    return dict(SUCCESS)


@function("device/add")
def device_add(call: Call) -> Row:
    """Add a device at `clientId`, or a group with the transport `group`."""
    call.require_owner()
    gateway = find_gateway(call, "id", call.text("clientId"))
    parameters = _object(call.text("parameters") or "{}")
    if parameters is None:
        raise ApiError("Invalid argument", INVALID)
    if call.text("transport") == "group":
        return _add_group(call, gateway, str(parameters.get("devices", "")))
    model = call.text("model")
    device = _new(call, gateway)
    device.methods = int(_methods_of(model))
    device.transport = call.text("transport") or "433"
    device.protocol, device.model = call.text("protocol"), model
    device.device_type = str(parameters.get("devicetype") or DeviceType.UNKNOWN.uuid)
    device.parameters = parameters
    call.home.devices[device.id] = device
    return dict(SUCCESS)


@function("device/remove")
def device_remove(call: Call) -> Row:
    """Remove a device or a group."""
    call.require_owner()
    _remove(call, device_of(call))
    return dict(SUCCESS)


@function("group/add")
def group_add(call: Call) -> Row:
    """Add a group at `clientId` of `devices`, comma-separated."""
    call.require_owner()
    gateway = find_gateway(call, "id", call.text("clientId"))
    return _add_group(call, gateway, call.text("devices"))


@function("group/remove")
def group_remove(call: Call) -> Row:
    """Remove a group; what is in it stays."""
    call.require_owner()
    device = device_of(call)
    if device.type != "group":
        raise ApiError(f'The group with id "{device.id}" does not exist', NOT_FOUND)
    _remove(call, device)
    return dict(SUCCESS)


def _add_group(call: Call, gateway: Gateway, members: str) -> Row:
    group = _new(call, gateway)
    group.members = _members(call, gateway, members)
    group.type = group.transport = group.protocol = "group"
    group.model, group.device_type = "n/a", DeviceType.CONTAINER.uuid
    call.home.devices[group.id] = group
    return dict(SUCCESS)


def _new(call: Call, gateway: Gateway) -> Device:
    """Return a device with numbers of its own, which is not in the home yet."""
    devices = call.home.devices.values()
    sensors = call.home.sensors.values()
    ids = [int(d.id) for d in devices if d.id.isdigit()]
    numbers = [
        *(d.client_device_id for d in devices if d.gateway_id == gateway.id),
        *(s.sensor_id for s in sensors if s.gateway_id == gateway.id),
    ]
    used = [int(number) for number in numbers if number.isdigit()]
    return Device(
        id=str(max(ids, default=_FIRST_ID - 1) + 1),
        gateway_id=gateway.id,
        client_device_id=str(max(used, default=0) + 1),
        name=call.text("name"),
        methods=0,
    )


def _members(call: Call, gateway: Gateway, text: str) -> list[str]:
    """Read what is to be in a group: Telldus' ids, or the gateway's own numbers."""
    devices = call.home.devices
    numbers = {
        device.client_device_id: device.id
        for device in devices.values()
        if device.gateway_id == gateway.id
    }
    asked = [part.strip() for part in text.split(",") if part.strip()]
    members = [part if part in devices else numbers.get(part, "") for part in asked]
    if not all(members):
        raise ApiError("Invalid argument", INVALID)
    return members


def _within(call: Call, members: list[str]) -> set[str]:
    """Return all that is in a group, and in the groups that are in it."""
    found: set[str] = set()
    rest = list(members)
    while rest:
        member = rest.pop()
        if member not in found:
            found.add(member)
            rest += call.home.devices[member].members
    return found


def _object(text: str) -> Row | None:
    """Read a JSON object, None if it is something else."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _has_modes(parameter: Row | None) -> bool:
    """Tell whether this can be what a thermostat says of itself."""
    if parameter is None:
        return False
    modes, setpoints = parameter.get("modes", []), parameter.get("setpoints", {})
    return isinstance(modes, list) and isinstance(setpoints, dict)


def _methods_of(model: str) -> Method:
    """Return what a 433 MHz receiver can do, going by its model's first word."""
    match model.partition(":")[0]:
        case "bell":
            return Method.BELL
        case "selflearning-dimmer":
            return _SWITCH | Method.DIM
    return _SWITCH


def _parameter(call: Call) -> str:
    name = call.text("parameter")
    if not name:
        raise ApiError("Invalid argument", INVALID)
    return name


def _remove(call: Call, device: Device) -> None:
    del call.home.devices[device.id]
    for group in call.home.devices.values():
        if device.id in group.members:
            group.members.remove(device.id)
