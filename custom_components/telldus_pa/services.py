"""Actions for what no entity offers: raw commands, history, import and export.

They are registered for as long as Home Assistant runs, so each gets its config entry itself
and raises ServiceValidationError where that is not loaded. Commands and history require the
permissions that Home Assistant's own entity actions do, import and export an administrator.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
import math
from typing import Any, Final

import voluptuous as vol

from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.service import (
    async_get_config_entry,
    async_register_admin_service,
)
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType

from .account.errors import service_error
from .const import DOMAIN
from .data import TelldusConfigEntry
from .devices.kinds import DeviceKind, commanded_part
from .devices.unique_ids import device_unique_id, entity_unique_id, sensor_unique_id
from .export import async_export_home
from .history.parts import async_fetch_in_parts
from .history.response import (
    METHODS,
    device_row,
    row_id_of,
    sensor_rows,
    value_unique_ids,
)
from .pa_api import (
    MAX_LEVEL,
    Command,
    Device,
    Method,
    Priority,
    TelldusError,
    ThermostatSetpoint,
)
from .permissions import async_check_permission

ATTR_CHANGE_MODE: Final = "change_mode"
ATTR_COLOR: Final = "color"
ATTR_END: Final = "end"
ATTR_INCLUDE_PROTOCOL: Final = "include_protocol"
ATTR_LEVEL: Final = "level"
ATTR_METHOD: Final = "method"
ATTR_MODE: Final = "mode"
ATTR_PATH: Final = "path"
ATTR_START: Final = "start"
ATTR_TEMPERATURE: Final = "temperature"

# The field that a method requires, and those that it accepts besides.
_REQUIRED: Final = {
    Method.DIM: ATTR_LEVEL,
    Method.RGB: ATTR_COLOR,
    Method.THERMOSTAT: ATTR_MODE,
}
_OPTIONAL: Final = {Method.THERMOSTAT: {ATTR_TEMPERATURE, ATTR_CHANGE_MODE}}

# The span without a start, the longest span, and the most rows in a response: a month of
# ten-minute rows fits, in nine requests at most.
_DEFAULT_SPAN: Final = timedelta(days=1)
_MAX_SPAN: Final = timedelta(days=31)
_MAX_ROWS: Final = 5000
# Seconds that each request waits for the rate limiter: the one-minute window is empty by then.
_TIMEOUT: Final = 60.0


class Action(StrEnum):
    """The actions."""

    EXPORT_HOME = "export_home"
    GET_HISTORY = "get_history"
    IMPORT_HISTORY = "import_history"
    SEND_COMMAND = "send_command"


_SEND_COMMAND: Final = vol.Schema(
    {
        vol.Required(ATTR_DEVICE_ID): cv.string,
        vol.Required(ATTR_METHOD): vol.In(METHODS),
        vol.Optional(ATTR_LEVEL): vol.All(
            vol.Coerce(int), vol.Range(min=0, max=MAX_LEVEL)
        ),
        vol.Optional(ATTR_COLOR): vol.All(
            vol.Coerce(tuple), vol.ExactSequence((cv.byte, cv.byte, cv.byte))
        ),
        vol.Optional(ATTR_MODE): vol.All(cv.string, vol.Lower),
        vol.Optional(ATTR_TEMPERATURE): vol.All(
            vol.Coerce(float), vol.Range(min=-50, max=100)
        ),
        vol.Optional(ATTR_CHANGE_MODE): cv.boolean,
    }
)
_GET_HISTORY: Final = vol.Schema(
    {
        vol.Required(ATTR_ENTITY_ID): cv.entity_id,
        vol.Optional(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
    }
)
_IMPORT_HISTORY: Final = vol.Schema({vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string})
_EXPORT_HOME: Final = vol.Schema(
    {
        vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Optional(ATTR_INCLUDE_PROTOCOL, default=False): cv.boolean,
        vol.Optional(ATTR_PATH): cv.string,
    }
)


@callback
def async_register_actions(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN, Action.SEND_COMMAND, _async_send_command, _SEND_COMMAND
    )
    hass.services.async_register(
        DOMAIN,
        Action.GET_HISTORY,
        _async_get_history,
        _GET_HISTORY,
        supports_response=SupportsResponse.ONLY,
    )
    async_register_admin_service(
        hass,
        DOMAIN,
        Action.IMPORT_HISTORY,
        _async_import_history,
        _IMPORT_HISTORY,
        supports_response=SupportsResponse.OPTIONAL,
    )
    async_register_admin_service(
        hass,
        DOMAIN,
        Action.EXPORT_HOME,
        _async_export_home,
        _EXPORT_HOME,
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _async_send_command(call: ServiceCall) -> None:
    """Send a raw command to a device, as its entities do."""
    registered = dr.async_get(call.hass).async_get(call.data[ATTR_DEVICE_ID])
    if registered is None:
        raise _invalid("not_a_device")
    entry: TelldusConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, registered.config_entry_id
    )
    devices = {
        device_unique_id(entry, device.id): device
        for device in entry.runtime_data.devices.data.values()
    }
    things = [one for _, one in registered.identifiers if one in devices]
    if not things:
        raise _invalid("not_a_device")
    device = devices[things[0]]
    kind = entry.runtime_data.devices.topology.kinds[device.id]
    part = commanded_part(device, kind, METHODS[call.data[ATTR_METHOD]])
    unique_ids = {entity_unique_id(things[0], part)}
    await async_check_permission(call, registered.id, unique_ids, POLICY_CONTROL)
    if registered.disabled_by:
        raise _invalid("device_disabled", device=device.name or device.id)
    command = _command(device, call.data)
    if kind is DeviceKind.MEDIA_PLAYER and command.method & (Method.UP | Method.DOWN):
        command = replace(command, is_volume_step=True)
    await entry.runtime_data.commands.async_send(command, context=call.context)


async def _async_get_history(call: ServiceCall) -> ServiceResponse:
    """Return the history of an entity's device or sensor value: its rows, oldest first."""
    entity = er.async_get(call.hass).async_get(call.data[ATTR_ENTITY_ID])
    if entity is None or entity.platform != DOMAIN or entity.config_entry_id is None:
        raise _invalid("not_an_entity", entity=call.data[ATTR_ENTITY_ID])
    entry: TelldusConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, entity.config_entry_id
    )
    data = entry.runtime_data
    unique_id = entity.unique_id
    device_id = row_id_of(unique_id, data.devices.data, device_unique_id, entry)
    sensor_id = row_id_of(unique_id, data.sensors.data, sensor_unique_id, entry)
    # The entities whose values the response has
    if device_id:
        shown = {device_unique_id(entry, device_id)}
    elif sensor_id:
        thing = sensor_unique_id(entry, sensor_id)
        shown = value_unique_ids(thing, data.sensors.data[sensor_id], unique_id)
    else:
        shown = {unique_id}
    await async_check_permission(call, entity.device_id, shown, POLICY_READ)
    start, end = _time_range(call.data)
    client = data.account.client
    options: dict[str, Any] = {"priority": Priority.POLL, "timeout": _TIMEOUT}
    rows: list[JsonValueType]
    try:
        if device_id:
            events, is_complete = await async_fetch_in_parts(
                partial(client.device_history, device_id, **options),
                start,
                end,
                _MAX_ROWS,
            )
            rows = [device_row(one) for one in events]
        elif sensor_id:
            readings, is_complete = await async_fetch_in_parts(
                partial(client.sensor_history, sensor_id, **options),
                start,
                end,
                _MAX_ROWS,
            )
            rows = [
                row
                for reading in readings
                for row in sensor_rows(reading, thing, shown)
            ]
        else:
            raise _invalid("no_history", entity=entity.entity_id)
    except TelldusError as err:
        data.account.async_record_result(err)
        raise service_error(err) from err
    data.account.async_record_result(None)
    return {
        "history": rows[-_MAX_ROWS:],
        "is_complete": is_complete and len(rows) <= _MAX_ROWS,
    }


async def _async_import_history(call: ServiceCall) -> ServiceResponse:
    """Start the import of the history of an account's sensors."""
    entry: TelldusConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    return {"sensors": len(await entry.runtime_data.history_import.async_start())}


async def _async_export_home(call: ServiceCall) -> ServiceResponse:
    """Write an account's home to a file."""
    entry: TelldusConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    return await async_export_home(
        call.hass,
        entry,
        call.data.get(ATTR_PATH),
        include_protocol=call.data[ATTR_INCLUDE_PROTOCOL],
    )


def _invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error for a call that makes no sense."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


def _command(device: Device, given: dict[str, Any]) -> Command:
    """Return the command of a call. Raises ServiceValidationError where it makes no sense."""
    word = given[ATTR_METHOD]
    method = METHODS[word]
    name = device.name or device.id
    if method not in device.methods:
        raise _invalid("method_not_supported", device=name, method=word)
    required = _REQUIRED.get(method)
    if required and required not in given:
        raise _invalid("parameter_missing", parameter=required, method=word)
    allowed = {ATTR_DEVICE_ID, ATTR_METHOD, required} | _OPTIONAL.get(method, set())
    if unexpected := sorted(given.keys() - allowed):
        raise _invalid("unexpected_parameter", parameter=unexpected[0], method=word)
    value: int | ThermostatSetpoint | None = None
    match method:
        case Method.DIM:
            value = given[ATTR_LEVEL]
        case Method.RGB:
            red, green, blue = given[ATTR_COLOR]
            value = red << 16 | green << 8 | blue
        case Method.THERMOSTAT:
            mode = given[ATTR_MODE]
            modes = device.thermostat.modes if device.thermostat else ()
            if modes and mode not in modes:
                raise _invalid(
                    "mode_not_supported", device=name, mode=mode, modes=", ".join(modes)
                )
            value = ThermostatSetpoint(
                mode, given.get(ATTR_TEMPERATURE), given.get(ATTR_CHANGE_MODE, True)
            )
    return Command(device.id, method, value)


def _time_range(given: dict[str, Any]) -> tuple[datetime, datetime]:
    """Return the start and the end of a history, in UTC.

    Times without an offset are in Home Assistant's time zone. Two local times would be
    compared by what the clock shows, which is wrong in the hour that comes twice.
    """
    now = dt_util.utcnow()
    end = min(dt_util.as_utc(given.get(ATTR_END, now)), now)
    start = dt_util.as_utc(given.get(ATTR_START, end - _DEFAULT_SPAN))
    if start >= end:
        raise _invalid("start_after_end")
    if end - start > _MAX_SPAN:
        raise _invalid("span_too_long", days=str(_MAX_SPAN.days))
    return start, dt_util.utc_from_timestamp(math.ceil(end.timestamp()))
