"""What a maintainer needs to find a fault, and nothing that is private.

Nothing is removed here: only what is named gets in, and of Telldus' own texts only what
``redaction`` keeps. Numbers show what belongs together without names and ids: "row" is a
row's place in the list as received, "gateway", "device", "sensor" and "members" are places
in the parsed lists of these diagnostics.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from math import isfinite
from types import MappingProxyType
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
_OPTIONS: Final = (CONF_SCAN_INTERVAL, CONF_PUSH, CONF_INCLUDE_IGNORED)
_LISTS: Final = (
    *("devices/list", "sensors/list", "clients/list"),
    # The rooms, by the function's name and the other one that it may have.
    *("rooms/list", "room/list"),
)

type Tree = dict[str, Any]

# Seconds that a download may wait for the protocols.
_PROTOCOL_TIMEOUT: Final = 10.0


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: TelldusConfigEntry
) -> Tree:
    """Build the diagnostics of an account."""
    builder = _DiagnosticsBuilder(hass, entry)
    data = entry.runtime_data
    return {
        **_overview(entry),
        "gateways": [builder.gateway(one) for one in data.gateways.data.values()],
        "devices": [builder.device(one) for one in data.devices.data.values()],
        "sensors": [builder.sensor(one) for one in data.sensors.data.values()],
        "received": {
            function: redaction.redact_rows(rows)
            for function in _LISTS
            if (rows := data.account.client.last_raw.get(function)) is not None
        },
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: TelldusConfigEntry, device: DeviceEntry
) -> Tree:
    """Build the diagnostics of a gateway, a device, a sensor, or of two rows in one."""
    builder = _DiagnosticsBuilder(hass, entry)
    data = entry.runtime_data
    identifiers = {one for domain, one in device.identifiers if domain == DOMAIN}
    missing = [
        one
        for one in data.devices.data
        if device_unique_id(entry, one) in identifiers and one not in data.protocols
    ]
    await async_fetch_protocols(hass, entry, missing, timeout=_PROTOCOL_TIMEOUT)
    return {
        **_overview(entry),
        "gateways": [
            builder.gateway(one) | builder.received("clients/list", one.id)
            for one in data.gateways.data.values()
            if gateway_unique_id(entry, one.id) in identifiers
        ],
        "devices": [
            builder.device(one) | builder.received("devices/list", one.id)
            for one in data.devices.data.values()
            if device_unique_id(entry, one.id) in identifiers
        ],
        "sensors": [
            builder.sensor(one) | builder.received("sensors/list", one.id)
            for one in data.sensors.data.values()
            if sensor_unique_id(entry, one.id) in identifiers
        ],
    }


def _overview(entry: TelldusConfigEntry) -> Tree:
    """Build what concerns the account as a whole: options, connection, requests, commands."""
    data = entry.runtime_data
    premium = data.premium
    return {
        "server": (
            "default" if entry.data[CONF_SERVER_URL] == DEFAULT_SERVER else "other"
        ),
        "options": {
            **{key: entry.options.get(key) for key in _OPTIONS},
            CONF_REVERSED_COVERS: len(entry.options.get(CONF_REVERSED_COVERS, ())),
        },
        "account": {
            "is_known": entry.data.get(CONF_ACCOUNT_UUID) is not None,
            "needs_reauth": data.account.auth_failures.needs_reauth,
            "premium": {
                "is_known": premium.is_known,
                "is_missing": premium.is_missing,
                "had_premium": premium.had_premium,
            },
        },
        "connection": {
            "state": data.connection_status.state,
            "failed_polls": [asdict(poll) for poll in data.connection_status.failures],
        },
        "push": _push(data),
        "rate_limiter": _rate_limiter(data.account.rate_limiter),
        "commands": {
            "queued": data.commands.queue_length,
            "pending": data.commands.pending_count,
            "outcomes": dict(data.commands.outcome_counts),
        },
        "history_import": {
            "state": data.history_import.state,
            "hours": data.history_import.hours,
            "cursor": data.history_import.cursor,
        },
        "lists": {
            one.name: _list(one) for one in (data.devices, data.sensors, data.gateways)
        },
    }


def _rate_limiter(rate_limiter: RateLimiter) -> Tree:
    """Build the diagnostics of a server's rate limiter."""
    quiet_for = rate_limiter.quiet_for
    return {
        "used": rate_limiter.used,
        "queued": rate_limiter.waiting,
        "paused_for": round(rate_limiter.paused_for, _DIGITS),
        "quiet_for": round(quiet_for, _DIGITS) if isfinite(quiet_for) else None,
    }


def _push(data: TelldusData) -> Tree:
    """Build the diagnostics of the push connections; times in seconds from now."""
    until = data.push.refused_until
    return {
        "gateways": [data.push.state_of(one) for one in sorted(data.push.gateway_ids)],
        "rejected_for": (
            round((until - dt_util.utcnow()).total_seconds(), _DIGITS)
            if until
            else None
        ),
    }


def _events(timeline: DeviceTimeline | None) -> Tree | None:
    """Build how far the events of a device are known."""
    if timeline is None:
        return None
    age = dt_util.utcnow().timestamp() - timeline.read_from
    return {
        "is_complete": timeline.is_complete,
        "complete_until_seconds_ago": round(age, _DIGITS),
    }


def _list(coordinator: TelldusUpdateCoordinator[Any]) -> Tree:
    """Build the diagnostics of a list's polls; times in seconds."""
    interval = coordinator.update_interval
    age = coordinator.account.rate_limiter.now() - coordinator.requested_at
    return {
        "rows": len(coordinator.data),
        "polls": coordinator.success_count,
        "age": round(age, _DIGITS) if coordinator.success_count else None,
        "interval": interval.total_seconds() if interval else None,
        "is_available": coordinator.is_available,
        "last_error": type(error).__name__
        if (error := coordinator.last_error)
        else None,
    }


class _DiagnosticsBuilder:
    """Builds the diagnostics of rows, which refer to each other by their numbers."""

    def __init__(self, hass: HomeAssistant, entry: TelldusConfigEntry) -> None:
        """Initialize the builder with the rows that there are now."""
        self._hass = hass
        self._entry = entry
        self._data: TelldusData = entry.runtime_data
        self._devices = _parsed_numbers(self._data.devices.data)
        self._sensors = _parsed_numbers(self._data.sensors.data)
        self._gateways = _parsed_numbers(self._data.gateways.data)
        # The position of each row in the list as received.
        self._raw_positions: Mapping[str, Mapping[str, int]] = {
            function: _positions_of(self._data.account.client.last_raw.get(function))
            for function in _LISTS
        }
        self._registered = {
            entity.unique_id: entity
            for entity in er.async_entries_for_config_entry(
                er.async_get(hass), entry.entry_id
            )
        }

    def received(self, function: str, row_id: str) -> Tree:
        """Redact a row as received, None if no list since the last start had it."""
        place = self._raw_positions[function].get(row_id)
        if place is None:
            return {"received": None}
        rows = self._data.account.client.last_raw[function]
        return {"received": redaction.redact_rows(rows)[place]}

    def gateway(self, gateway: Gateway) -> Tree:
        """Build the diagnostics of a gateway."""
        return {
            "row": self._raw_positions["clients/list"].get(gateway.id),
            "model": redaction.redact_word(gateway.model),
            "version": redaction.redact_word(gateway.version),
            "online": gateway.online,
            "is_owner": gateway.is_owner,
        }

    def device(self, device: Device) -> Tree:
        """Build the diagnostics of a device: its kind, and the reason for it."""
        data, topology = self._data, self._data.devices.topology
        members = [
            topology.kinds[one] for one in topology.resolved_members.get(device.id, ())
        ]
        kind, reason = classify(device, members)
        sensor = data.sensors.sensor_for_device(device)
        optimistic = data.commands.optimistic_state(device)
        return {
            "row": self._raw_positions["devices/list"].get(device.id),
            "gateway": self._gateways.get(device.gateway_id),
            "kind": kind,
            "reason": reason,
            "entities": self._entities(
                device_unique_id(self._entry, device.id), entity_parts(device, kind)
            ),
            "methods": [method.name for method in device.methods],
            "device_type": device.device_type.name,
            "transport": redaction.redact_word(device.transport),
            "type": redaction.redact_word(device.type),
            "state": device.state and device.state.name,
            "level": device.level,
            "optimistic_state": optimistic.state and optimistic.state.name,
            "thermostat": redaction.redact_state(
                device.thermostat and asdict(device.thermostat)
            ),
            "online": device.online,
            "is_owner": device.is_owner,
            "ignored": device.ignored,
            "has_name": device.name is not None,
            "has_room": device.room is not None,
            "has_room_name": data.rooms.name_of(device) is not None,
            "members": [
                self._devices[one] for one in topology.members.get(device.id, ())
            ],
            "is_group_complete": device.id in topology.complete_groups,
            "sensor": sensor and self._sensors[sensor.id],
            "has_pending_command": data.commands.is_commanded(device.id),
            "events": _events(data.events.timelines.get(device.id)),
        }

    def sensor(self, sensor: Sensor) -> Tree:
        """Build the diagnostics of a sensor, without what it measures."""
        data = self._data
        node = data.devices.topology.device_for_sensor(sensor, data.devices.data)
        names: dict[str, str] = {}
        for value in sensor.values.values():
            scale = redaction.redact_number(value.scale)
            names[value_key(value)] = f"{redaction.redact_word(value.name)}_{scale}"
        return {
            "row": self._raw_positions["sensors/list"].get(sensor.id),
            "gateway": self._gateways.get(sensor.gateway_id),
            "device": node and self._devices[node.id],
            "entities": self._entities(
                sensor_unique_id(self._entry, sensor.id),
                entities_of_sensor(sensor),
                names,
            ),
            "values": [
                {
                    "name": redaction.redact_word(value.name),
                    "scale": redaction.redact_number(value.scale),
                    "unit": redaction.redact_word(value.unit),
                    "described_as": described_as(value),
                    "value": redaction.describe_type(value.value),
                    "is_expired": data.sensors.current_value(sensor.id, value.key)
                    is None,
                }
                for value in sensor.values.values()
            ],
            "battery": sensor.battery,
            "battery_low": sensor.battery_low,
            "model": redaction.redact_word(sensor.model),
            "protocol": redaction.redact_word(sensor.protocol),
            "online": sensor.online,
            "is_owner": sensor.is_owner,
            "ignored": sensor.ignored,
            "has_name": sensor.name is not None,
            "keep_history": sensor.keep_history,
        }

    def _entities(
        self,
        unique_id: str,
        parts: Iterable[tuple[str, Platform]],
        redacted_keys: Mapping[str, str] = MappingProxyType({}),
    ) -> list[Tree]:
        """Build the diagnostics of entities, from their keys and platforms."""
        found: list[Tree] = []
        for key, platform in parts:
            entity = self._registered.get(entity_unique_id(unique_id, key))
            state = self._hass.states.get(entity.entity_id) if entity else None
            found.append(
                {
                    "platform": platform,
                    "key": redacted_keys.get(key, key),
                    "is_registered": entity is not None,
                    "disabled_by": entity and entity.disabled_by,
                    "hidden_by": entity and entity.hidden_by,
                    "has_state": state is not None,
                    "is_available": state and state.state != STATE_UNAVAILABLE,
                    "is_known": state and state.state != STATE_UNKNOWN,
                }
            )
        return found


def _parsed_numbers(rows: Mapping[str, object]) -> dict[str, int]:
    """Assign a number to each row."""
    return {row_id: number for number, row_id in enumerate(rows)}


def _positions_of(listed: object) -> dict[str, int]:
    """Find the position of each row in a list as received."""
    return {
        str(row.get("id")): place
        for place, row in enumerate(to_list(listed))
        if isinstance(row, Mapping)
    }
