"""sensors and sensor: lists, info, history.

Source: docs/dev/telldus-api.md, "sensors/list, sensor/info" and "Sensor values".
"""

from datetime import UTC, datetime
import uuid

from .api import INVALID, SUCCESS, UNSUPPORTED, ApiError, Call, function
from .command_effects import value_at
from .home import Row, Sensor
from .serialization import unit_of

_INFO_PAUSE = 600
_DAY = 86400


@function("sensors/list")
def sensors_list(call: Call) -> Row:
    """Return {"sensor": [row, …]}; scales only with values, units only with scales."""
    serializer = call.serializer
    hidden, values = call.flag("includeIgnored"), call.flag("includeValues")
    scale, unit = call.flag("includeScale"), call.flag("includeUnit")
    return {
        "sensor": [
            serializer.sensor(sensor, values=values, scale=scale, unit=unit)
            for sensor in call.home.sensors.values()
            if hidden or not sensor.ignored
        ]
    }


@function("sensor/info")
def sensor_info(call: Call) -> Row:
    """Return one sensor with its values."""
    sensor = _sensor(call)
    if call.settings.sensor_info_limit:
        key = f"{call.account}/{sensor.id}"
        last = call.sensor_infos.get(key)
        if last is not None and call.now < last + _INFO_PAUSE:
            raise ApiError("Sensor info may be asked once in 10 minutes", UNSUPPORTED)
        call.sensor_infos[key] = call.now
    row = call.serializer.sensor(
        sensor, values=True, scale=True, unit=call.flag("includeUnit"), info=True
    )
    row["timezoneoffset"] = call.home.gateways[sensor.gateway_id].tzoffset
    return row


@function("sensor/history")
def sensor_history(call: Call) -> Row:
    """Return {"history": […]}, oldest first, of a sensor that keeps its history.

    Nothing is stored: each row is what the values were, by the clock. How often Telldus
    writes a row, how long it keeps them and how many it tells at a time is not known.
    """
    settings = call.settings
    step = max(int(settings.history_interval), 1)
    until = min(call.number("to", int(call.now)), int(call.now))
    kept_since = int(call.now - settings.history_days * _DAY)
    since = max(call.number("from", until - _DAY), kept_since)
    sensor = _sensor(call)
    first = -(-since // step) * step
    times = range(first, until + 1, step) if sensor.keep_history else range(0)
    most = max(settings.history_rows, 1)
    kept = times[-most:] if settings.history_cut == "oldest" else times[:most]
    return {"history": [_history_row(call, sensor, when) for when in kept]}


@function("sensor/setName")
def sensor_set_name(call: Call) -> Row:
    """Rename a sensor."""
    call.require_owner()
    _sensor(call).name = call.text("name")
    return dict(SUCCESS)


@function("sensor/setIgnore")
def sensor_set_ignore(call: Call) -> Row:
    """Hide or show a sensor."""
    call.require_owner()
    _sensor(call).ignored = call.flag("ignore")
    return dict(SUCCESS)


@function("sensor/resetMaxMin")
def sensor_reset_max_min(call: Call) -> Row:
    """Let the extremes of `type` (max or min) begin anew with what is measured now."""
    call.require_owner()
    sensor, kind = _sensor(call), call.text("type")
    if kind not in ("max", "min"):
        raise ApiError("Invalid argument", INVALID)
    for value in sensor.values:
        if kind == "max" and value.max is not None:
            value.max, value.max_time = value.value, value.last_updated
        elif kind == "min" and value.min is not None:
            value.min, value.min_time = value.value, value.last_updated
    return dict(SUCCESS)


@function("sensor/setKeepHistory")
def sensor_set_keep_history(call: Call) -> Row:
    """Keep a sensor's history, or do not."""
    call.require_owner()
    _sensor(call).keep_history = call.flag("keepHistory")
    return dict(SUCCESS)


@function("sensor/removeHistory")
def sensor_remove_history(call: Call) -> Row:
    """Accept that a sensor's history is removed; since it is computed, it is there again."""
    call.require_owner()
    _sensor(call)
    return dict(SUCCESS)


@function("sensor/removeValue")
def sensor_remove_value(call: Call) -> Row:
    """Accept the same of one row, named by `timeUuid`."""
    return sensor_remove_history(call)


def _history_row(call: Call, sensor: Sensor, when: int) -> Row:
    row: Row = {"ts": when}
    if call.flag("includeKey"):
        row["uuid"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{sensor.id}/{when}"))
    if call.flag("includeHumanReadableDate"):
        # By the gateway's own clock, unlike `ts`
        local = when + call.home.gateways[sensor.gateway_id].tzoffset
        row["date"] = datetime.fromtimestamp(local, UTC).strftime("%Y-%m-%d %H:%M:%S")
    data: list[Row] = []
    for value in sensor.values:
        text = value_at(value, when) if call.settings.drift else value.value
        data.append({"name": value.name, "value": text, "scale": value.scale})
        if call.flag("includeUnit"):
            data[-1]["unit"] = unit_of(value.name, value.scale)
    return row | {"data": data}


def _sensor(call: Call) -> Sensor:
    sensor = call.home.sensors.get(call.text("id"))
    if sensor is None:
        # Seen without a code only
        raise ApiError(f'The sensor with id "{call.text("id")}" does not exist')
    return sensor
