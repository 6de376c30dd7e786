"""clients, user, scheduler, events and rooms."""

from datetime import datetime, timedelta
from typing import Final
import uuid
import zoneinfo

from .api import (
    DENIED,
    INVALID,
    NOT_FOUND,
    SUCCESS,
    ApiError,
    Call,
    StatusError,
    function,
    no_function,
)
from .home import Gateway, Row

_NAMESPACE = uuid.UUID("5e7d0000-0000-4000-8000-000000000000")
_YEAR = 366 * 86400
_USUAL_ZONE = "Europe/Stockholm"
# A job's fields, by what they are on the wire
_JOB_TEXTS: Final = (
    *("deviceId", "method", "methodValue", "type", "hour", "minute", "weekdays"),
)
_JOB_NUMBERS: Final = (
    *("offset", "randomInterval", "retries", "retryInterval", "reps", "active"),
)
_NEW_JOB: Final[Row] = {
    **dict.fromkeys(_JOB_TEXTS, ""),
    "type": "time",
    **dict.fromkeys(_JOB_NUMBERS, 0),
    "reps": 1,
    "active": 1,
}


@function("clients/list")
def clients_list(call: Call) -> Row:
    """Return {"client": [row, …]}."""
    serializer, extras = call.serializer, call.extras
    return {
        "client": [
            serializer.gateway(gateway, extras)
            for gateway in call.home.gateways.values()
        ]
    }


@function("client/info")
def client_info(call: Call) -> Row:
    """Return one row, found by `id`, `uuid` or `code`."""
    return call.serializer.gateway(_gateway(call), call.extras)


@function("client/setName")
def client_set_name(call: Call) -> Row:
    """Rename a gateway."""
    call.require_owner()
    _gateway(call).name = call.text("name")
    return dict(SUCCESS)


@function("client/setTimezone")
def client_set_timezone(call: Call) -> Row:
    """Set `timezone`; none means the one that is found out."""
    call.require_owner()
    gateway, name = _gateway(call), call.text("timezone")
    try:
        zone = zoneinfo.ZoneInfo(name or _USUAL_ZONE)
    except KeyError, OSError, ValueError:
        raise ApiError("Invalid argument", INVALID) from None
    offset = datetime.fromtimestamp(call.now, zone).utcoffset() or timedelta()
    gateway.timezone, gateway.timezone_autodetected = zone.key, not name
    gateway.tzoffset = int(offset.total_seconds())
    return dict(SUCCESS)


@function("client/setCoordinates")
def client_set_coordinates(call: Call) -> Row:
    """Set `longitude` and `latitude`, in degrees."""
    call.require_owner()
    gateway = _gateway(call)
    try:
        longitude, latitude = (
            float(call.text("longitude")),
            float(call.text("latitude")),
        )
    except ValueError:
        raise ApiError("Invalid argument", INVALID) from None
    if not (abs(longitude) <= 180 and abs(latitude) <= 90):
        raise ApiError("Invalid argument", INVALID)
    gateway.longitude, gateway.latitude = longitude, latitude
    return dict(SUCCESS)


@function("client/setPush")
def client_set_push(call: Call) -> Row:
    """Take note of `enable`: what it is about, the vendor's app alone shows."""
    call.require_owner()
    _gateway(call)
    return dict(SUCCESS)


@function("client/serverAddress")
def client_server_address(call: Call) -> Row:
    """Return where a gateway's socket is, {address, port, instance}: here."""
    _need_push(call)
    settings, url = call.settings, call.url
    if not _gateway(call).online:
        nothing = {"null": None, "empty": ""}
        if settings.push_offline == "missing":
            return {}
        names = ("address", "port", "instance")
        return dict.fromkeys(names, nothing[settings.push_offline])
    address = url.host or ""
    if url.scheme == "https" and not url.is_default_port():
        address = url.authority  # wss://{address}/websocket has no place for a port
    return {
        "address": settings.push_address or address,
        "port": settings.push_port or url.port,
        "instance": settings.push_instance,
    }


@function("user/authenticateSession")
def user_authenticate_session(call: Call) -> Row:
    """Take in a session that the caller made up, as written; `ttl` is when it ends."""
    _need_push(call)
    session = call.text("session")
    try:
        uuid.UUID(session)
    except ValueError:
        raise ApiError("Invalid argument", INVALID) from None
    return SUCCESS | {"ttl": call.push.authenticate(session, call.account, call.now)}


def _need_push(call: Call) -> None:
    """Refuse while push is off: whether third parties may have it is an open question."""
    if call.settings.push:
        return
    match call.settings.push_refusal:
        case "denied":
            raise ApiError("Access denied", DENIED)
        case "unknown":
            no_function(call)
        case status:
            raise StatusError(int(status.removeprefix("http_")))


@function("user/profile")
def user_profile(call: Call) -> Row:
    """Return who the account is. `pro` is the unix time until which Premium lasts, or -1."""
    if call.settings.refuse_profile:
        raise ApiError("Access denied", DENIED)
    premium = call.settings.premium
    return {
        "uuid": str(uuid.uuid5(_NAMESPACE, call.account)),
        "firstname": call.account.capitalize(),
        "lastname": "Sample",
        "email": f"{'.'.join(call.account.split())}@example.invalid",
        "credits": 0,
        "pro": int(call.now) // 86400 * 86400 + _YEAR if premium else -1,
        "subscription": "premium" if premium else "basic",
        "locale": "auto",
        "admin": 0,
        "eula": 3,
        "permission": 0,
    }


@function("scheduler/jobInfo")
def scheduler_job_info(call: Call) -> Row:
    """Return one row of scheduler/jobList, found by `id`."""
    return dict(_job(call))


@function("scheduler/setJob")
def scheduler_set_job(call: Call) -> Row:
    """Change what is given of a job, or add one: without `id`, or with 0, for `deviceId`.

    Nothing carries it out, and when it would run next is a guess.
    """
    call.require_owner()
    device_id = call.text("deviceId")
    if device_id and device_id not in call.home.devices:
        raise ApiError(f'The device with id "{device_id}" does not exist', NOT_FOUND)
    is_new = call.text("id") in ("", "0")
    if is_new and not device_id:
        raise ApiError("Invalid argument", INVALID)
    # Read to the end before anything is changed.
    given: Row = {name: call.text(name) for name in _JOB_TEXTS if name in call.params}
    given |= {name: call.number(name) for name in _JOB_NUMBERS if call.text(name)}
    jobs = call.home.jobs
    if is_new:
        newest = max((int(job["id"]) for job in jobs), default=500000)
        jobs.append(_NEW_JOB | {"id": str(newest + 1)} | given)
        jobs[-1]["nextRunTime"] = int(call.now) + 3600
    else:
        _job(call).update(given)
    return dict(SUCCESS)


@function("scheduler/removeJob")
def scheduler_remove_job(call: Call) -> Row:
    """Remove a job, found by `id`."""
    call.require_owner()
    call.home.jobs.remove(_job(call))
    return dict(SUCCESS)


@function("scheduler/jobList")
def scheduler_job_list(call: Call) -> Row:
    """Return {"job": [row, …]}."""
    return {"job": list(call.home.jobs)}


@function("events/list")
def events_list(call: Call) -> Row:
    """Return {"event": [row, …]}; `listOnly` is ignored."""
    return {"event": list(call.home.events)}


@function("event/groupList")
def event_group_list(call: Call) -> Row:
    """Return {"eventGroup": [row, …]}."""
    return {"eventGroup": list(call.home.event_groups)}


@function("event/removeAction")
def event_remove_action(call: Call) -> Row:
    """Remove an action, found by `id`, from the event that it belongs to."""
    call.require_owner()
    asked = call.text("id")
    for event in call.home.events:
        for action in event["action"]:
            if action.get("id") == asked:
                event["action"].remove(action)
                return dict(SUCCESS)
    # Seen without a code only
    raise ApiError(f'Action "{asked}" not found!')


@function("room/list")
@function("rooms/list")
def rooms_list(call: Call) -> Row:
    """Return {"room": [row, …]} if the settings say that there is such a function."""
    name = "room/list" if call.settings.rooms_singular else "rooms/list"
    if not call.settings.rooms or call.function != name:
        raise ApiError(f'The function "{call.function}" does not exist', NOT_FOUND)
    responsible = next((gateway.uuid for gateway in call.home.gateways.values()), "")
    return {
        "room": [
            {
                "id": room,
                "name": name,
                "parent": "",
                "color": "#336699",
                "icon": "room",
                "content": "",
                "responsible": responsible,
                "mode": "",
            }
            for room, name in call.home.rooms.items()
        ]
    }


def _job(call: Call) -> Row:
    asked = call.text("id")
    for job in call.home.jobs:
        if job["id"] == asked:
            return job
    raise ApiError(f'The job with id "{asked}" does not exist', NOT_FOUND)


def _gateway(call: Call) -> Gateway:
    for name in ("id", "uuid", "code"):
        if asked := call.text(name):
            return find_gateway(call, name, asked)
    return find_gateway(call, "id", "")


def find_gateway(call: Call, name: str, asked: str) -> Gateway:
    """Return the gateway whose `name` (id, uuid or code) is what was asked for."""
    for gateway in call.home.gateways.values():
        if asked and getattr(gateway, name) == asked:
            return gateway
    raise ApiError(f'The client with id "{asked}" does not exist', NOT_FOUND)
