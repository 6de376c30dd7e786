"""Exports a home to a file, 433 MHz codes included, for a move to another system.

The file is private: whoever has the codes of a receiver and is near it can switch it.
"""

import asyncio
from collections.abc import Iterable
import json
from pathlib import Path
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util
from homeassistant.util.file import WriteError, write_utf8_file_atomic

from .account.errors import service_error
from .const import DOMAIN
from .data import TelldusConfigEntry
from .devices.topology import is_assumed
from .pa_api import Device, DeviceWithParameters, Method, Sensor, TelldusError
from .registry.protocols import async_fetch_protocols

_FORMAT: Final = 1
# The default folder, within the configuration.
_FOLDER: Final = "telldus_pa"
# Home Assistant serves this folder's files without authentication.
_PUBLIC: Final = "www"
# Seconds for each list, and for all requests of protocols together.
_TIMEOUT: Final = 60.0
_PROTOCOLS_TIMEOUT: Final = 600.0


async def async_export_home(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    path: str | None,
    *,
    include_protocol: bool,
) -> ServiceResponse:
    """Write an account's home to a file; the response has its path.

    The protocol of a 433 MHz device takes a request of its own, so that a large home may
    need several calls: protocols are cached. Raises HomeAssistantError.
    """
    file = await hass.async_add_executor_job(_file, hass, path)
    data = entry.runtime_data
    client = data.account.client
    try:
        devices = await client.devices_with_parameters(timeout=_TIMEOUT)
        sensors = (await client.sensors(timeout=_TIMEOUT)).rows
    except TelldusError as err:
        data.account.async_record_result(err)
        raise service_error(err) from err
    data.account.async_record_result(None)
    missing = [one.device.id for one in devices if is_assumed(one.device)]
    if include_protocol:
        await _async_fetch_protocols(hass, entry, missing)
    home = {
        "format": _FORMAT,
        "exported": dt_util.utcnow().isoformat(),
        "gateways": [
            {
                "id": gateway.id,
                "name": gateway.name,
                "model": gateway.model,
                "version": gateway.version,
            }
            for gateway in data.connection_status.gateways.values()
        ],
        "devices": [_device(entry, one) for one in devices],
        "sensors": [_sensor(one) for one in sensors],
    }
    text = json.dumps(home, indent=2, ensure_ascii=False)
    await hass.async_add_executor_job(_write, file, text)
    return {
        "path": str(file),
        "devices": len(devices),
        "sensors": len(sensors),
        "protocols_missing": len(set(missing) - data.protocols.keys()),
    }


async def _async_fetch_protocols(
    hass: HomeAssistant, entry: TelldusConfigEntry, device_ids: Iterable[str]
) -> None:
    """Fetch the protocols of devices, for as long as an action may take."""
    data, rate_limiter = entry.runtime_data, entry.runtime_data.account.rate_limiter
    deadline = rate_limiter.now() + _PROTOCOLS_TIMEOUT
    for device_id in device_ids:
        while device_id not in data.protocols:
            left = max(deadline - rate_limiter.now(), 0.0)
            await async_fetch_protocols(hass, entry, [device_id], timeout=left)
            if device_id not in data.protocols:
                if not 0 < rate_limiter.paused_for < left:
                    return
                await asyncio.sleep(rate_limiter.paused_for)


def _device(entry: TelldusConfigEntry, one: DeviceWithParameters) -> dict[str, Any]:
    """Build the export of a device."""
    data = entry.runtime_data
    device: Device = one.device
    protocol = data.protocols.get(device.id)
    return {
        "id": device.id,
        "local_id": device.client_device_id,
        "gateway": device.gateway_id,
        "name": device.name,
        "type": device.type,
        "device_type": device.device_type.name.lower(),
        "transport": device.transport,
        "protocol": protocol and protocol.protocol,
        "model": protocol and protocol.model,
        "methods": [
            str(method.name).lower() for method in Method if method in device.methods
        ],
        "parameters": dict(one.parameters),
        "room": data.rooms.name_of(device) or device.room,
        "members": list(data.devices.topology.members.get(device.id, device.members)),
        "hidden": device.ignored,
    }


def _sensor(sensor: Sensor) -> dict[str, Any]:
    """Build the export of a sensor, without what it measures."""
    return {
        "id": sensor.id,
        "local_id": sensor.sensor_id,
        "gateway": sensor.gateway_id,
        "name": sensor.name,
        "protocol": sensor.protocol,
        "model": sensor.model,
        "values": [
            {"name": value.name, "scale": value.scale, "unit": value.unit}
            for value in sensor.values.values()
        ],
        "keep_history": sensor.keep_history,
        "hidden": sensor.ignored,
    }


def _file(hass: HomeAssistant, path: str | None) -> Path:
    """Resolve the path of the file. Raises ServiceValidationError if it is not allowed."""
    folder = Path(hass.config.path(_FOLDER)).resolve()
    if path is None:
        now = dt_util.now().strftime("%Y-%m-%d_%H%M%S")
        return folder / f"home_{now}.json"
    # A name without a folder is in the default folder.
    file = folder / path
    parent = file.parent.resolve()
    public = Path(hass.config.path(_PUBLIC)).resolve()
    if (
        file.suffix != ".json"
        or parent.is_relative_to(public)
        or not (parent == folder or hass.config.is_allowed_path(str(file)))
    ):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="path_not_allowed",
            translation_placeholders={"path": path},
        )
    return parent / file.name


def _write(file: Path, text: str) -> None:
    """Write a file that only Home Assistant's user may read. Raises HomeAssistantError."""
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        write_utf8_file_atomic(str(file), text, private=True)
    except (OSError, ValueError, WriteError) as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="write_failed",
            translation_placeholders={"path": str(file)},
        ) from err
