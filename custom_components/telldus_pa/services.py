"""Actions: what people can have done that no entity offers.

Each finds its account by itself, and checks that it is loaded: actions are there as long as
Home Assistant runs.
"""

from datetime import datetime, timedelta
from enum import StrEnum
import math
from typing import Any, Final

import voluptuous as vol

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
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType

from .account.errors import check_loaded, service_error
from .const import DOMAIN
from .data import TelldusConfigEntry
from .devices.kinds import value_key
from .devices.unique_ids import device_unique_id, entity_unique_id, sensor_unique_id
from .export import async_export_home
from .pa_api import (
    MAX_LEVEL,
    Command,
    Device,
    HistoryEntry,
    Method,
    Priority,
    SensorHistoryEntry,
    TelldusError,
    ThermostatSetpoint,
)

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

# The methods that there is a function for, by the words that people use for them.
METHODS: Final = {
    "bell": Method.BELL,
    "dim": Method.DIM,
    "down": Method.DOWN,
    "learn": Method.LEARN,
    "rgb": Method.RGB,
    "stop": Method.STOP,
    "thermostat": Method.THERMOSTAT,
    "turn_off": Method.TURNOFF,
    "turn_on": Method.TURNON,
    "up": Method.UP,
}
_WORDS: Final = {method: word for word, method in METHODS.items()}

# What each method needs; it takes nothing else but what is in the second table.
_NEEDS: Final = {
    Method.DIM: ATTR_LEVEL,
    Method.RGB: ATTR_COLOR,
    Method.THERMOSTAT: ATTR_MODE,
}
_TAKES: Final = {Method.THERMOSTAT: {ATTR_TEMPERATURE, ATTR_CHANGE_MODE}}
_PARAMETERS: Final = {
    *(ATTR_CHANGE_MODE, ATTR_COLOR, ATTR_LEVEL, ATTR_MODE, ATTR_TEMPERATURE),
}

# What is asked for without a start, the longest that may be, and how much is answered.
_USUAL_SPAN: Final = timedelta(days=1)
_LONGEST_SPAN: Final = timedelta(days=31)
_MOST_ROWS: Final = 1000
# Seconds that somebody who asks is kept waiting for leave to ask Telldus.
_TIMEOUT: Final = 20.0


class Action(StrEnum):
    """What there is."""

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
    """Offer the actions."""
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
    """Send a raw command to a device, as entities do."""
    entry, device = _device(call.hass, call.data[ATTR_DEVICE_ID])
    command = _command(device, call.data)
    await entry.runtime_data.commands.async_send(command, context=call.context)


async def _async_get_history(call: ServiceCall) -> ServiceResponse:
    """Answer with what Telldus has kept of what an entity shows."""
    registered = er.async_get(call.hass).async_get(call.data[ATTR_ENTITY_ID])
    if registered is None or registered.platform != DOMAIN:
        raise _invalid("not_an_entity", entity=call.data[ATTR_ENTITY_ID])
    entry = _entry(call.hass, registered.config_entry_id or "")
    start, end = _time_range(call.data)
    data = entry.runtime_data
    client = data.account.client
    more: dict[str, Any] = {"priority": Priority.POLL, "timeout": _TIMEOUT}
    rows: list[JsonValueType]
    try:
        if device := _row_id_of_entity(registered.unique_id, data.devices.data, entry):
            deeds = await client.device_history(device, start, end, **more)
            rows = [history_row(deed) for deed in deeds if start <= deed.when <= end]
        elif sensor := _row_id_of_entity(
            registered.unique_id, data.sensors.data, entry
        ):
            readings = await client.sensor_history(sensor, start, end, **more)
            thing = sensor_unique_id(entry, sensor)
            rows = [
                row
                for reading in readings
                if start <= reading.when <= end
                for row in reading_rows(reading, thing, registered.unique_id)
            ]
        else:
            raise _invalid("no_history", entity=registered.entity_id)
    except TelldusError as err:
        data.account.async_record_result(err)
        raise service_error(err) from err
    data.account.async_record_result(None)
    return {"history": rows[-_MOST_ROWS:], "is_complete": len(rows) <= _MOST_ROWS}


async def _async_import_history(call: ServiceCall) -> ServiceResponse:
    """Begin to import the history of an account's sensors."""
    entry = _entry(call.hass, call.data[ATTR_CONFIG_ENTRY_ID])
    return {"sensors": len(await entry.runtime_data.history_import.async_start())}


async def _async_export_home(call: ServiceCall) -> ServiceResponse:
    """Write the home down."""
    entry = _entry(call.hass, call.data[ATTR_CONFIG_ENTRY_ID])
    return await async_export_home(
        call.hass,
        entry,
        call.data.get(ATTR_PATH),
        include_protocol=call.data[ATTR_INCLUDE_PROTOCOL],
    )


def _invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return the error for what cannot be meant."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


def _entry(hass: HomeAssistant, entry_id: str) -> TelldusConfigEntry:
    """Return an account that is loaded."""
    entry: TelldusConfigEntry | None = hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.domain != DOMAIN:
        raise _invalid("no_such_entry")
    check_loaded(entry)
    return entry


def _device(hass: HomeAssistant, device_id: str) -> tuple[TelldusConfigEntry, Device]:
    """Return what can be commanded of a device of the registry."""
    registry = dr.async_get(hass)
    owned = (
        (entry, registered)
        for entry in hass.config_entries.async_entries(DOMAIN)
        for registered in dr.async_entries_for_config_entry(registry, entry.entry_id)
    )
    found, registered = next(
        (one for one in owned if one[1].id == device_id), (None, None)
    )
    if found is None or registered is None:
        raise _invalid("not_a_device")
    entry = _entry(hass, found.entry_id)
    things = {thing for domain, thing in registered.identifiers if domain == DOMAIN}
    for device in entry.runtime_data.devices.data.values():
        if device_unique_id(entry, device.id) in things:
            return entry, device
    raise _invalid("not_a_device")


def _command(device: Device, given: dict[str, Any]) -> Command:
    """Return the command that is meant, refusing what makes no sense."""
    word = given[ATTR_METHOD]
    method = METHODS[word]
    name = device.name or device.id
    if method not in device.methods:
        raise _invalid("method_not_supported", device=name, method=word)
    needed = _NEEDS.get(method)
    if needed and needed not in given:
        raise _invalid("parameter_missing", parameter=needed, method=word)
    allowed = _TAKES.get(method, set()) | {needed}
    if unwanted := sorted(_PARAMETERS.intersection(given) - allowed):
        raise _invalid("unexpected_parameter", parameter=unwanted[0], method=word)
    value: int | ThermostatSetpoint | None = None
    match method:
        case Method.DIM:
            value = given[ATTR_LEVEL]
        case Method.RGB:
            red, green, blue = given[ATTR_COLOR]
            value = red << 16 | green << 8 | blue
        case Method.THERMOSTAT:
            mode = given[ATTR_MODE]
            known = device.thermostat.modes if device.thermostat else ()
            if known and mode not in known:
                raise _invalid(
                    "mode_not_supported", device=name, mode=mode, modes=", ".join(known)
                )
            value = ThermostatSetpoint(
                mode, given.get(ATTR_TEMPERATURE), given.get(ATTR_CHANGE_MODE, True)
            )
    return Command(device.id, method, value)


def _time_range(given: dict[str, Any]) -> tuple[datetime, datetime]:
    """Return from when to when to ask."""
    now = dt_util.utcnow()
    end = min(_local(given[ATTR_END]) if ATTR_END in given else now, now)
    start = _local(given[ATTR_START]) if ATTR_START in given else end - _USUAL_SPAN
    if start >= end:
        raise _invalid("start_after_end")
    if end - start > _LONGEST_SPAN:
        raise _invalid("span_too_long", days=str(_LONGEST_SPAN.days))
    return start, dt_util.utc_from_timestamp(math.ceil(end.timestamp()))


def _local(time: datetime) -> datetime:
    """Return a time, which is the person's own where nothing else is said."""
    return dt_util.as_local(time)


def _row_id_of_entity(
    unique_id: str, rows: Any, entry: TelldusConfigEntry
) -> str | None:
    """Return the id of the row that an entity shows something of."""
    id_of = (
        device_unique_id
        if rows is entry.runtime_data.devices.data
        else sensor_unique_id
    )
    for row_id in rows:
        thing = id_of(entry, row_id)
        if unique_id == thing or unique_id.startswith(f"{thing}_"):
            return str(row_id)
    return None


def history_row(deed: HistoryEntry) -> dict[str, JsonValueType]:
    """Return what a device did, in words."""
    value: JsonValueType = deed.value
    if deed.method is Method.RGB and deed.value is not None:
        value = list((deed.value & 0xFFFFFF).to_bytes(3))
    elif deed.method is Method.THERMOSTAT:
        value = {"mode": deed.mode, "temperature": deed.temperature}
    return {
        "time": deed.when.isoformat(),
        "method": _WORDS.get(deed.method) if deed.method else None,
        "value": value,
        "origin": deed.origin,
        "outcome": deed.outcome.name.lower(),
    }


def reading_rows(
    reading: SensorHistoryEntry, thing: str, unique_id: str
) -> list[dict[str, JsonValueType]]:
    """Return what a sensor told: what the entity shows, or all where it shows no value."""
    values = list(reading.values.values())
    own = [
        one for one in values if entity_unique_id(thing, value_key(one)) == unique_id
    ]
    return [
        {
            "time": reading.when.isoformat(),
            "name": one.name,
            "value": one.value,
            "unit": one.unit,
        }
        for one in own or values
    ]
