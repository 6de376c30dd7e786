"""The settings: everything about Telldus Live! that is not known for sure, and the limit.

Source: docs/dev/telldus-api.md, "Open questions" and "Suggestions for the simulator".
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_origin


@dataclass(slots=True)
class Settings:
    """All settings; each default is the likeliest server."""

    # The limit
    limit: bool = True
    limit_per_minute: int = 10
    limit_scope: Literal["server", "account", "function"] = "server"
    strict_burst: bool = False
    """A second call within 10 s of the one before is refused."""
    retry_after: bool | float = False
    """True: the true wait in the Retry-After header; a number: that many seconds."""
    refused_calls_count: bool = False
    """Who calls again within 10 s of a 429 is refused for 10 s more."""

    # OAuth
    application: str = "Demo application"
    """The name that the demo key pair was registered for; also the history's origin."""
    callback_confirmed: Literal["true", "1", "missing"] = "true"
    refuse_callback: bool = False
    unauthorized_body: Literal["auto", "xml", "text"] = "auto"
    """On data calls; auto: XML if that was asked for or credentials are missing, else text."""

    # Commands
    effect_delay: float = 2.5
    """Seconds from a command's "success" to its effect."""
    dim_edges: bool = False
    """Level 0 becomes TURNOFF and 255 TURNON."""
    shutter_closed: int = 0
    """The level of a closed shutter: 0 or 255; one that `runs_reversed` has the other."""

    # Shapes
    state_values_as_strings: bool = False
    battery_as_strings: bool = False
    device_info_of_2017: bool = False
    """Methods are a text in device/info, and some keys are missing."""
    sensor_info_strings: bool = True
    """sensor/info gives battery and keepHistory as texts, as in an old capture."""
    online_as_ints: bool = False
    ids_as_ints: bool = False
    members_in: Literal["devices", "parameter", "both"] = "both"
    scene_type: Literal["device", "scene"] = "device"
    error_code: bool = False

    # Functions
    refuse_profile: bool = False
    rooms: bool = False
    """rooms/list answers."""
    rooms_singular: bool = False
    """It is called room/list instead."""
    sensor_info_limit: bool = False
    """sensor/info once in 10 minutes for each sensor, as its documentation asks."""
    premium: bool = True
    history_interval: float = 600.0
    """Seconds between two rows of sensor/history."""
    history_days: float = 730.0
    """For how long sensor/history is kept."""
    history_rows: int = 1000
    """The most rows that sensor/history tells at a time."""
    history_cut: Literal["oldest", "newest"] = "oldest"
    """Which rows are left out where there are more."""

    # Push
    push: bool = False
    """Sessions, addresses and the socket; off, they are refused."""
    push_refusal: Literal["denied", "unknown", "http_403", "http_404"] = "denied"
    """How the two functions refuse while push is off."""
    push_session_seconds: int = 86400
    """How long a session is good for opening sockets."""
    push_address: str = ""
    """What to answer instead of the host that was asked."""
    push_port: int = 0
    """What to answer instead of the port that was asked; 0: that one."""
    push_instance: str = "simulator-1"
    push_offline: Literal["null", "empty", "missing"] = "null"
    """What the address of an offline gateway looks like."""
    push_handshake: Literal["101", "403", "404", "502"] = "101"
    """The HTTP status with which the socket is opened, or not."""
    push_accept_delay: float = 0.0
    """Seconds until the handshake is answered."""
    push_welcome: Literal["valid", "error", "nothere", "silence"] = "valid"
    """What good credentials are answered with."""
    push_silent: bool = False
    """Open sockets are half-open: nothing is sent, no ping is answered."""
    push_numbers: Literal["texts", "ints"] = "texts"
    """How ids, methods and times are written in frames."""
    push_extras: bool = False
    """setState has the gateway's origin, deviceState and stateValues."""
    push_thermostat: Literal["text", "object"] = "text"
    """Whether a thermostat's value is JSON in a text."""
    push_failures: Literal["method", "state", "id", "none"] = "method"
    """failSetState: like setState, in the gateway's words, with the id only, or not sent."""
    push_queued: bool = False
    """A command that waits for its node to wake is reported as failed (6)."""
    push_noise: Literal[
        "none", "text", "malformed", "foreign", "binary", "oversized"
    ] = "none"
    """What precedes each frame."""
    push_duplicates: bool = False
    """Each frame comes twice."""
    push_drop: int = 0
    """Every how many-th frame gets lost; 0: none, 1: all."""

    # The home
    drift: bool = True
    """Temperatures move and energy counts up with the clock."""
    life: bool = True
    """Doors, motion sensors, buttons and people act by themselves, by the clock too."""

    def as_dict(self) -> dict[str, Any]:
        """Return all settings by name."""
        return asdict(self)

    def change(self, changes: dict[str, Any]) -> None:
        """Change settings from JSON. Raises ValueError and changes nothing if one is wrong."""
        known = {field.name: field.type for field in fields(self)}
        checked: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"no setting {name!r}")
            checked[name] = _checked(name, known[name], value)
        for name, value in checked.items():
            setattr(self, name, value)


def choices(name: str) -> tuple[str, ...]:
    """Return the texts that a setting may have, () if it is of another kind."""
    kind = next(field.type for field in fields(Settings) if field.name == name)
    return get_args(kind) if get_origin(kind) is Literal else ()


def _checked(name: str, kind: Any, value: Any) -> Any:
    """Return `value` if it fits the setting's annotation."""
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"{name} is one of {', '.join(get_args(kind))}")
        return value
    allowed: tuple[type, ...] = get_args(kind) or (kind,)
    if isinstance(value, bool):
        if bool in allowed:
            return value
    elif isinstance(value, int | float) and {int, float} & set(allowed):
        if value < 0 or (float not in allowed and value != int(value)):
            raise ValueError(f"{name} is a number of 0 or more")
        return value if float in allowed else int(value)
    elif isinstance(value, str) and str in allowed:
        return value
    raise ValueError(f"{name} is of type {' or '.join(a.__name__ for a in allowed)}")
