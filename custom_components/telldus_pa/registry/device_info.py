"""What the device registry stores of an account, its gateways, devices and sensors."""

from collections.abc import Iterable

from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo

from ..const import DOMAIN
from ..data import TelldusConfigEntry
from ..devices.kinds import DeviceKind
from ..devices.makers import (
    manufacturer_of,
    model_id_of,
    model_of,
    sensor_transport_name,
)
from ..devices.topology import is_group
from ..devices.unique_ids import (
    account_unique_id,
    device_unique_id,
    gateway_unique_id,
    sensor_unique_id,
)
from ..pa_api import Device, Gateway, Method, Sensor


def account_info(entry: TelldusConfigEntry) -> DeviceInfo:
    """Build the device info of the account."""
    return DeviceInfo(
        identifiers={(DOMAIN, account_unique_id(entry))},
        entry_type=DeviceEntryType.SERVICE,
        name=entry.title,
        manufacturer="Telldus Technologies",
        model="Telldus Live!",
        configuration_url="https://live.telldus.com",
    )


def gateway_info(entry: TelldusConfigEntry, gateway: Gateway) -> DeviceInfo:
    """Build the device info of a gateway."""
    info = DeviceInfo(
        identifiers={(DOMAIN, gateway_unique_id(entry, gateway.id))},
        name=gateway.name or "TellStick",
        manufacturer="Telldus Technologies",
        configuration_url="https://live.telldus.com",
    )
    # A device's row has only the gateway's name; the registry keeps the other fields.
    if gateway.model:
        info["model"] = gateway.model
    if gateway.version:
        info["sw_version"] = gateway.version
    return info


def device_info(entry: TelldusConfigEntry, device: Device) -> DeviceInfo:
    """Build the device info of a device, and of the sensor that is the same node."""
    data = entry.runtime_data
    sensor = data.sensors.sensor_for_device(device)
    identifiers = {(DOMAIN, device_unique_id(entry, device.id))}
    name = device.name
    if sensor:
        identifiers.add((DOMAIN, sensor_unique_id(entry, sensor.id)))
        name = name or sensor.name
    info = _node_info(entry, device.gateway_id, name)
    info["identifiers"] = identifiers
    kind = data.devices.topology.kinds[device.id]
    is_dimmer = Method.DIM in device.methods
    info["model"] = model_of(device.transport, kind, is_dimmer=is_dimmer)
    known = data.protocols.get(device.id)
    models = [sensor.model if sensor else None, known.model if known else None]
    _add_maker(info, device.transport, models)
    if is_group(device) or kind is DeviceKind.SCENE:
        # Not a piece of hardware
        info["entry_type"] = DeviceEntryType.SERVICE
    if room := data.rooms.name_of(device):
        info["suggested_area"] = room
    if "name" not in info:
        info["translation_key"] = "unnamed_device"
        info["translation_placeholders"] = {
            "number": device.client_device_id or device.id
        }
    return info


def sensor_info(entry: TelldusConfigEntry, sensor: Sensor) -> DeviceInfo:
    """Build the device info of a sensor: that of its device where they are the same node."""
    devices = entry.runtime_data.devices
    if device := devices.topology.device_for_sensor(sensor, devices.data):
        return device_info(entry, device)
    info = _node_info(entry, sensor.gateway_id, sensor.name)
    info["identifiers"] = {(DOMAIN, sensor_unique_id(entry, sensor.id))}
    if name := sensor_transport_name(sensor.protocol):
        info["model"] = f"{name} sensor"
    _add_maker(info, sensor.protocol, [sensor.model])
    if "name" not in info:
        info["translation_key"] = "unnamed_sensor"
        info["translation_placeholders"] = {"number": sensor.sensor_id or sensor.id}
    return info


def _add_maker(info: DeviceInfo, transport: str, models: Iterable[str | None]) -> None:
    """Add the manufacturer and the model id, from the first model that has them."""
    for model in models:
        if "manufacturer" not in info and (maker := manufacturer_of(transport, model)):
            info["manufacturer"] = maker
        if "model_id" not in info and (model_id := model_id_of(model)):
            info["model_id"] = model_id


@callback
def may_register(entry: TelldusConfigEntry, info: DeviceInfo) -> bool:
    """Return whether the device registry is to have a device or sensor.

    One without a name is a neighbor's, most likely. One that is registered already,
    because it was moved over, named or enabled by a user, stays.
    """
    registry = dr.async_get(entry.runtime_data.devices.hass)
    return "name" in info or any(
        registry.async_get_device_by_identifier(identifier, entry.entry_id)
        for identifier in info["identifiers"]
    )


def _node_info(
    entry: TelldusConfigEntry, gateway_id: str, name: str | None
) -> DeviceInfo:
    """Build the part that devices and sensors have in common.

    What has no gateway, as far as Telldus reports, belongs to the account.
    """
    via = gateway_unique_id(entry, gateway_id) if gateway_id else None
    info = DeviceInfo(
        via_device_id=dr.async_get_device_id_by_identifier(
            entry.runtime_data.devices.hass,
            (DOMAIN, via or account_unique_id(entry)),
            config_entry_id=entry.entry_id,
        )
    )
    if name:
        info["name"] = name
    return info
