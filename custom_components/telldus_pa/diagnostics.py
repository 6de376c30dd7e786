"""What a maintainer needs to find a fault, and nothing that is private.

Nothing is taken out here: only what is named gets in. Devices are numbered in the order
of the list, so that what belongs together can be seen without names and ids.
"""

from dataclasses import asdict
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .const import (
    CONF_INCLUDE_IGNORED,
    CONF_LIVE,
    CONF_POLL_INTERVAL,
    CONF_PROFILE,
    CONF_REVERSED_COVERS,
    CONF_SERVER_URL,
)
from .coordinator import ListCoordinator, TelldusConfigEntry, TelldusData
from .kinds import entities_of, entities_of_sensor
from .pa_api import DEFAULT_SERVER, Budget, Device, Sensor

_DIGITS: Final = 1


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: TelldusConfigEntry
) -> dict[str, Any]:
    """Return what is known of an account and of how its requests fare."""
    data = entry.runtime_data
    premium = data.premium
    return {
        "server": (
            "default" if entry.data[CONF_SERVER_URL] == DEFAULT_SERVER else "other"
        ),
        "options": {
            CONF_POLL_INTERVAL: entry.options.get(CONF_POLL_INTERVAL),
            CONF_LIVE: entry.options.get(CONF_LIVE),
            CONF_INCLUDE_IGNORED: entry.options.get(CONF_INCLUDE_IGNORED),
            CONF_REVERSED_COVERS: len(entry.options.get(CONF_REVERSED_COVERS, ())),
        },
        "account": {
            "is_known": entry.data.get(CONF_PROFILE) is not None,
            "is_refused": data.account.watch.refused,
            "premium": {
                "is_known": premium.until is not None,
                "is_missing": premium.is_missing,
                "was_paid": premium.was_paid,
            },
        },
        "connection": {
            "cause": data.connection.cause,
            "failures": [asdict(failure) for failure in data.connection.failures],
        },
        "live": _live(data),
        "heard": _heard(data),
        "budget": _budget(data.account.budget),
        "commands": {
            "unsent": data.commands.unsent,
            "undecided": data.commands.undecided,
            "fates": dict(data.commands.fates),
        },
        "lists": {
            "devices": _list(data.devices),
            "sensors": _list(data.sensors),
            "gateways": _list(data.gateways),
        },
        "gateways": [
            {
                "model": gateway.model,
                "version": gateway.version,
                "online": gateway.online,
                "owned": gateway.owned,
            }
            for gateway in data.gateways.data.values()
        ],
        "devices": [_device(data, device) for device in data.devices.data.values()],
        "sensors": [_sensor(data, sensor) for sensor in data.sensors.data.values()],
    }


def _budget(budget: Budget) -> dict[str, Any]:
    """Return what the budget is like; times in seconds from now."""
    refused = budget.last_refused
    return {
        "used": budget.used,
        "waiting": budget.waiting,
        "paused_for": round(budget.pause, _DIGITS),
        "last_refused": (
            None if refused is None else round(refused - budget.now(), _DIGITS)
        ),
    }


def _live(data: TelldusData) -> dict[str, Any]:
    """Return how the gateways' sockets are; times in seconds from now."""
    until, now = data.live.refused_until, dt_util.utcnow().timestamp()
    return {
        "gateways": [data.live.state_of(one) for one in data.devices.gateways],
        "refused_for": round(until - now, _DIGITS) if until else None,
    }


def _heard(data: TelldusData) -> list[dict[str, Any]]:
    """Return how much of what devices did is known; ages in seconds."""
    now = dt_util.utcnow().timestamp()
    numbers = {row_id: number for number, row_id in enumerate(data.devices.data)}
    return [
        {
            "device": numbers[track.device_id],
            "is_complete": track.complete,
            "known_until": round(track.read_from - now, _DIGITS),
        }
        for track in data.heard.tracks.values()
        if track.device_id in numbers
    ]


def _list(coordinator: ListCoordinator[Any]) -> dict[str, Any]:
    """Return how the polls of a list fare; times in seconds."""
    interval = coordinator.update_interval
    age = coordinator.account.budget.now() - coordinator.requested
    return {
        "rows": len(coordinator.data),
        "lists": coordinator.lists,
        "age": round(age, _DIGITS) if coordinator.lists else None,
        "interval": interval.total_seconds() if interval else None,
        "is_shown": coordinator.last_update_success,
        "problem": type(problem).__name__ if (problem := coordinator.problem) else None,
    }


def _device(data: TelldusData, device: Device) -> dict[str, Any]:
    """Return what a device was taken for, and why."""
    home = data.devices.home
    numbers = {row_id: number for number, row_id in enumerate(data.devices.data)}
    sensor = data.sensors.sensor_of(device)
    sensors = list(data.sensors.data)
    return {
        "kind": home.kinds[device.id],
        "entities": [
            platform for _, platform in entities_of(device, home.kinds[device.id])
        ],
        "methods": int(device.methods),
        "device_type": device.device_type.name,
        "transport": device.transport,
        "type": device.type,
        "state": device.state and device.state.name,
        "level": device.level,
        "thermostat": device.thermostat and asdict(device.thermostat),
        "online": device.online,
        "owned": device.owned,
        "ignored": device.ignored,
        "has_name": device.name is not None,
        "has_room": device.room is not None,
        "members": [numbers[one] for one in home.members.get(device.id, ())],
        "sensor": sensors.index(sensor.id) if sensor else None,
        "is_commanded": data.commands.is_commanded(device.id),
    }


def _sensor(data: TelldusData, sensor: Sensor) -> dict[str, Any]:
    """Return what a sensor tells of; what it measures is nobody's business."""
    return {
        "entities": [part for part, _ in entities_of_sensor(sensor)],
        "model": sensor.model,
        "protocol": sensor.protocol,
        "online": sensor.online,
        "ignored": sensor.ignored,
        "has_name": sensor.name is not None,
        "is_silent": [
            f"{name}_{scale}"
            for name, scale in sensor.values
            if data.sensors.value_of(sensor.id, (name, scale)) is None
        ],
    }
