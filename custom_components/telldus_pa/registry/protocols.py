"""Protocols and models of devices, which no list has, for the device registry.

Each device is one request, once: a few an hour, when nothing else is to be asked.
"""

from collections.abc import Iterable
from typing import Any, Final

import voluptuous as vol

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from ..account.storage import StorageKey, StoreSection, entry_store
from ..const import DOMAIN
from ..data import TelldusConfigEntry
from ..devices.kinds import DeviceKind
from ..devices.topology import is_group
from ..devices.unique_ids import device_unique_id
from ..pa_api import ApiError, DeviceProtocol, TelldusError
from .device_info import device_info

_MAX_PER_HOUR: Final = 3


async def async_load_protocols(hass: HomeAssistant, entry: TelldusConfigEntry) -> None:
    """Restore the protocols that earlier runs have fetched."""
    stored = await _store(hass, entry).async_load()
    entry.runtime_data.protocols.update(
        {
            device_id: DeviceProtocol(*known)
            for device_id, known in stored.get("protocols", {}).items()
        }
    )


async def async_fetch_some_protocols(
    hass: HomeAssistant, entry: TelldusConfigEntry
) -> None:
    """Ask for a few of the devices that were not asked for. To be called once an hour."""
    data = entry.runtime_data
    missing = [
        device.id
        for device in data.devices.data.values()
        if device.id not in data.protocols
        and device.name
        and not is_group(device)
        and data.devices.topology.kinds[device.id] is not DeviceKind.SCENE
    ]
    await async_fetch_protocols(hass, entry, missing[:_MAX_PER_HOUR])


async def async_fetch_protocols(
    hass: HomeAssistant,
    entry: TelldusConfigEntry,
    device_ids: Iterable[str],
    timeout: float | None = None,
) -> None:
    """Fetch the protocols and models of devices, and update the registry. Errors are ignored.

    ``timeout`` is how long each may wait for its turn, in seconds.
    """
    data = entry.runtime_data
    for device_id in device_ids:
        if data.account.is_refused:
            return
        try:
            known = await data.account.client.device_info(device_id, timeout=timeout)
        except ApiError:
            # Telldus rejects this one: do not ask again.
            known = DeviceProtocol(None, None)
        except TelldusError:
            return
        data.protocols[device_id] = known
        await _store(hass, entry).async_save(_to_store(entry))
        device = data.devices.data.get(device_id)
        identifier = (DOMAIN, device_unique_id(entry, device_id))
        registry = dr.async_get(hass)
        if device and registry.async_get_device_by_identifier(
            identifier, entry.entry_id
        ):
            registry.async_get_or_create(
                config_entry_id=entry.entry_id, **device_info(entry, device)
            )


def _store(hass: HomeAssistant, entry: TelldusConfigEntry) -> StoreSection:
    """Get the store."""
    return entry_store(
        hass,
        StorageKey.PROTOCOLS,
        entry.entry_id,
        {
            "protocols": {
                str: vol.ExactSequence([vol.Any(None, str), vol.Any(None, str)])
            }
        },
    )


def _to_store(entry: TelldusConfigEntry) -> dict[str, Any]:
    """Build what is stored, of the devices that Telldus still has."""
    data = entry.runtime_data
    return {
        "protocols": {
            device_id: [known.protocol, known.model]
            for device_id, known in data.protocols.items()
            if device_id in data.devices.data
        }
    }
