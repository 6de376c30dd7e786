"""What a maintainer needs to find a fault, and nothing that is private.

Nothing is taken out here: only what is named gets in, and of what Telldus says only what
``disclosure`` lets through. Rows are numbered in the order of their lists, so that what
belongs together can be seen without names and ids: ``devices``, ``sensors`` and
``gateways`` are what was understood, ``received`` the rows as they came.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from homeassistant.const import (
    CONF_SCAN_INTERVAL,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.util import dt as dt_util

from . import redaction
from .const import (
    CONF_ACCOUNT_UUID,
    CONF_INCLUDE_IGNORED,
    CONF_PUSH,
    CONF_REVERSED_COVERS,
    CONF_SERVER_URL,
    DOMAIN,
)
from .coordinator import TelldusUpdateCoordinator
from .data import TelldusConfigEntry, TelldusData
from .devices.kinds import classify, entities_of_sensor, entity_parts, value_key
from .devices.sensor_types import described_as
from .devices.unique_ids import (
    device_unique_id,
    entity_unique_id,
    gateway_unique_id,
    sensor_unique_id,
)
from .events.matching import DeviceTimeline
from .pa_api import DEFAULT_SERVER, Device, Gateway, RateLimiter, Sensor
from .pa_api.parsing import to_list
from .registry.protocols import async_fetch_protocols

_DIGITS: Final = 1

type Tree = dict[str, Any]

# How long a person waits for what is asked for their download, in seconds.
_PROTOCOL_TIMEOUT: Final = 10.0


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: TelldusConfigEntry
) -> Tree:
    """Return what is known of an account and of how its requests fare."""
    look = _DiagnosticsBuilder(hass, entry)
    data = entry.runtime_data
    return {
        **_account(entry),
        "gateways": [look.gateway(one) for one in data.gateways.data.values()],
        "devices": [look.device(one) for one in data.devices.data.values()],
        "sensors": [look.sensor(one) for one in data.sensors.data.values()],
        "received": {
            function: redaction.redact_rows(
                function, data.account.client.last_raw[function]
            )
            for function in redaction.LISTS
            if function in data.account.client.last_raw
        },
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: TelldusConfigEntry, device: DeviceEntry
) -> Tree:
    """Return what is known of one thing: a gateway, a device, a sensor, or two in one."""
    look = _DiagnosticsBuilder(hass, entry)
    data = entry.runtime_data
    things = {thing for domain, thing in device.identifiers if domain == DOMAIN}
    missing = [
        one
        for one in data.devices.data
        if device_unique_id(entry, one) in things and one not in data.protocols
    ]
    await async_fetch_protocols(hass, entry, missing, timeout=_PROTOCOL_TIMEOUT)
    return {
        **_account(entry),
        "gateways": [
            look.gateway(one) | {"received": look.received("clients/list", one.id)}
            for one in data.gateways.data.values()
            if gateway_unique_id(entry, one.id) in things
        ],
        "devices": [
            look.device(one) | {"received": look.received("devices/list", one.id)}
            for one in data.devices.data.values()
            if device_unique_id(entry, one.id) in things
        ],
        "sensors": [
            look.sensor(one) | {"received": look.received("sensors/list", one.id)}
            for one in data.sensors.data.values()
            if sensor_unique_id(entry, one.id) in things
        ],
    }


def _account(entry: TelldusConfigEntry) -> Tree:
    """Return how an account and its requests fare."""
    data = entry.runtime_data
    premium = data.premium
    return {
        "server": (
            "default" if entry.data[CONF_SERVER_URL] == DEFAULT_SERVER else "other"
        ),
        "options": {
            CONF_SCAN_INTERVAL: entry.options.get(CONF_SCAN_INTERVAL),
            CONF_PUSH: entry.options.get(CONF_PUSH),
            CONF_INCLUDE_IGNORED: entry.options.get(CONF_INCLUDE_IGNORED),
            CONF_REVERSED_COVERS: len(entry.options.get(CONF_REVERSED_COVERS, ())),
        },
        "account": {
            "is_known": entry.data.get(CONF_ACCOUNT_UUID) is not None,
            "is_refused": data.account.watch.refused,
            "premium": {
                "is_known": premium.is_known,
                "is_missing": premium.is_missing,
                "was_paid": premium.had_premium,
            },
        },
        "connection": {
            "cause": data.connection_status.state,
            "failures": [
                asdict(failure) for failure in data.connection_status.failures
            ],
        },
        "live": _live(data),
        "rate_limiter": _rate_limiter(data.account.rate_limiter),
        "commands": {
            "unsent": data.commands.queue_length,
            "undecided": data.commands.pending_count,
            "fates": dict(data.commands.outcome_counts),
        },
        "history": {
            "phase": data.history_import.state,
            "hours": data.history_import.hours,
            "reached": data.history_import.cursor,
        },
        "lists": {
            "devices": _list(data.devices),
            "sensors": _list(data.sensors),
            "gateways": _list(data.gateways),
        },
    }


def _rate_limiter(rate_limiter: RateLimiter) -> Tree:
    """Return what the rate limiter is like; times in seconds from now."""
    refused = rate_limiter.last_rate_limited_at
    return {
        "used": rate_limiter.used,
        "waiting": rate_limiter.waiting,
        "paused_for": round(rate_limiter.paused_for, _DIGITS),
        "last_refused": (
            None if refused is None else round(refused - rate_limiter.now(), _DIGITS)
        ),
    }


def _live(data: TelldusData) -> Tree:
    """Return how the gateways' sockets are; times in seconds from now."""
    until = data.push.refused_until
    return {
        "gateways": [data.push.state_of(one) for one in sorted(data.push.gateway_ids)],
        "refused_for": (
            round((until - dt_util.utcnow()).total_seconds(), _DIGITS)
            if until
            else None
        ),
    }


def _heard(track: DeviceTimeline | None) -> Tree | None:
    """Return how much of what a device did is known; times in seconds from now."""
    if track is None:
        return None
    return {
        "is_complete": track.is_complete,
        "known_until": round(track.read_from - dt_util.utcnow().timestamp(), _DIGITS),
    }


def _list(coordinator: TelldusUpdateCoordinator[Any]) -> Tree:
    """Return how the polls of a list fare; times in seconds."""
    interval = coordinator.update_interval
    age = coordinator.account.rate_limiter.now() - coordinator.requested_at
    return {
        "rows": len(coordinator.data),
        "lists": coordinator.success_count,
        "age": round(age, _DIGITS) if coordinator.success_count else None,
        "interval": interval.total_seconds() if interval else None,
        "is_shown": coordinator.last_update_success,
        "problem": type(problem).__name__
        if (problem := coordinator.last_error)
        else None,
    }


class _DiagnosticsBuilder:
    """Looks at the rows of an account, by their numbers."""

    def __init__(self, hass: HomeAssistant, entry: TelldusConfigEntry) -> None:
        """Start from the rows that there are now."""
        self._hass = hass
        self._entry = entry
        self._data: TelldusData = entry.runtime_data
        self._devices = _numbered(self._data.devices.data)
        self._sensors = _numbered(self._data.sensors.data)
        self._gateways = _numbered(self._data.gateways.data)
        # Where each row is in the list as it came.
        self._rows: Mapping[str, Mapping[str, int]] = {
            function: _places(self._data.account.client.last_raw.get(function))
            for function in redaction.LISTS
        }
        self._registered = {
            known.unique_id: known
            for known in er.async_entries_for_config_entry(
                er.async_get(hass), entry.entry_id
            )
        }

    def received(self, function: str, row_id: str) -> Any:
        """Return a row as it came, None where it is not in the last list."""
        rows = self._data.account.client.last_raw[function]
        place = self._rows[function].get(row_id)
        return None if place is None else redaction.redact_rows(function, rows)[place]

    def gateway(self, gateway: Gateway) -> Tree:
        """Return what a gateway is."""
        return {
            "row": self._rows["clients/list"].get(gateway.id),
            "model": redaction.gateway_model(gateway.model),
            "version": redaction.version(gateway.version),
            "online": gateway.online,
            "owned": gateway.is_owner,
        }

    def device(self, device: Device) -> Tree:
        """Return what a device was taken for, and why."""
        data, home = self._data, self._data.devices.topology
        members = [home.kinds[one] for one in home.resolved_members.get(device.id, ())]
        kind, why = classify(device, members)
        sensor = data.sensors.sensor_for_device(device)
        shown = data.commands.optimistic_state(device)
        return {
            "row": self._rows["devices/list"].get(device.id),
            "gateway": self._gateways.get(device.gateway_id),
            "kind": kind,
            "why": why,
            "entities": self._entities(
                device_unique_id(self._entry, device.id),
                (
                    (part, part, platform)
                    for part, platform in entity_parts(device, kind)
                ),
            ),
            "methods": [method.name for method in device.methods],
            "device_type": device.device_type.name,
            "transport": redaction.redact_word(device.transport),
            "type": redaction.redact_word(device.type),
            "state": device.state and device.state.name,
            "level": device.level,
            "shown": shown.state and shown.state.name,
            "thermostat": redaction.redact_state(
                device.thermostat and asdict(device.thermostat)
            ),
            "online": device.online,
            "owned": device.is_owner,
            "ignored": device.ignored,
            "has_name": device.name is not None,
            "has_room": device.room is not None,
            "knows_room": data.rooms.name_of(device) is not None,
            "members": [self._devices[one] for one in home.members.get(device.id, ())],
            "all_members_known": device.id in home.complete_groups,
            "sensor": sensor and self._sensors[sensor.id],
            "is_commanded": data.commands.is_commanded(device.id),
            "heard": _heard(data.events.timelines.get(device.id)),
        }

    def sensor(self, sensor: Sensor) -> Tree:
        """Return what a sensor tells of; what it measures is nobody's business."""
        data = self._data
        node = data.devices.topology.device_for_sensor(sensor, data.devices.data)
        names = {
            value_key(
                value
            ): f"{redaction.redact_word(value.name)}_{redaction.number(value.scale)}"
            for value in sensor.values.values()
        }
        return {
            "row": self._rows["sensors/list"].get(sensor.id),
            "gateway": self._gateways.get(sensor.gateway_id),
            "device": node and self._devices[node.id],
            "entities": self._entities(
                sensor_unique_id(self._entry, sensor.id),
                (
                    (part, names.get(part, part), platform)
                    for part, platform in entities_of_sensor(sensor)
                ),
            ),
            "values": [
                {
                    "name": redaction.redact_word(value.name),
                    "scale": redaction.number(value.scale),
                    "unit": redaction.redact_word(value.unit),
                    "described_as": described_as(value),
                    "value": redaction.describe_type(value.value),
                    "is_silent": data.sensors.current_value(sensor.id, value.key)
                    is None,
                }
                for value in sensor.values.values()
            ],
            "battery": sensor.battery,
            "battery_low": sensor.battery_low,
            "model": redaction.model(sensor.model),
            "protocol": redaction.redact_word(sensor.protocol),
            "online": sensor.online,
            "owned": sensor.is_owner,
            "ignored": sensor.ignored,
            "has_name": sensor.name is not None,
            "keep_history": sensor.keep_history,
        }

    def _entities(
        self, thing: str, parts: Iterable[tuple[str, str, Platform]]
    ) -> list[Tree]:
        """Return how each part with an entity is there, by the name that it may be told by."""
        found: list[Tree] = []
        for part, name, platform in parts:
            known = self._registered.get(entity_unique_id(thing, part))
            state = self._hass.states.get(known.entity_id) if known else None
            found.append(
                {
                    "platform": platform,
                    "part": name,
                    "is_registered": known is not None,
                    "disabled_by": known and known.disabled_by,
                    "hidden_by": known and known.hidden_by,
                    "is_there": state is not None,
                    "is_available": state and state.state != STATE_UNAVAILABLE,
                    "is_known": state and state.state != STATE_UNKNOWN,
                }
            )
        return found


def _numbered(rows: Mapping[str, object]) -> dict[str, int]:
    """Return the number of each row."""
    return {row_id: number for number, row_id in enumerate(rows)}


def _places(listed: object) -> dict[str, int]:
    """Return where each row is in a list as it came."""
    return {
        str(row.get("id")): place
        for place, row in enumerate(to_list(listed))
        if isinstance(row, Mapping)
    }
