"""How a server answers where nobody knows how Telldus does."""

from dataclasses import dataclass
from typing import Literal

# Sent to whoever asks for a function that the server does not have
type Unknown = Literal[
    "404", "404 html", "error", "code", "html", "empty", "403", "500"
]
type Optional = Literal["known", "refused", "unknown"]

# All that a sparse server leaves out
SPARSE = frozenset(
    {"client", "clientName", "online", "type", "transport", "clientDeviceId"}
    | {"stateValues", "sensorId", "protocol", "model", "editable", "ignored"}
)
# Keys that a row may be without, each on its own
LEAVABLE = (
    *("client", "online", "type", "transport", "clientDeviceId", "sensorId"),
    *("stateValues", "statevalue", "lastUpdated", "scale", "battery", "room"),
)


@dataclass(frozen=True, kw_only=True)
class Character:
    """One choice for each unsure fact; the defaults are the vendor's own fixtures."""

    plural: bool = False  # {"devices": [...]} for {"device": [...]}
    empty: Literal["list", "no key", "null"] = "list"  # A list of nothing
    # Everything that looks like a number: mixed, all as texts, or all as numbers
    numbers: Literal["mixed", "texts", "numbers"] = "mixed"
    ids: Literal["texts", "numbers"] = "texts"
    online: Literal["text", "number", "bool"] = "text"
    bare: bool = False  # Nothing but id, name, methods and state
    left_out: frozenset[str] = frozenset()  # Keys that no row has
    whole_clients: bool = False  # But those of clients/list have them
    device_type: Literal["long", "lower", "seven", "short", "number", "absent"] = "long"
    level: Literal["number", "text", "statevalue only"] = "number"
    no_level: str | None = None  # The `statevalue` of what has none
    structures: Literal["object", "text"] = "object"  # Of thermostats
    # The members of a group: ids, or the gateway's own numbers
    members: Literal["ids", "numbers", "numbers as text", "absent"] = "ids"
    lag: Literal[0, 3, 8] = 0  # Seconds until the lists show a command
    mask: Literal["honoured", "ignored"] = "honoured"  # supportedMethods
    values: Literal["data", "flat", "both", "never"] = "data"
    shared: bool = False  # Both gateways list the same device
    profile: Optional = "known"
    rooms: Optional | Literal["old name"] = "known"
    info: Optional = "known"  # device/info and sensor/info
    unknown: Unknown = "code"
    too_many: Literal["empty", "seconds", "date", "json", "html"] = "empty"  # 429
    errors: Literal["text", "code", "code text", "status", "html", "empty", "400"] = (
        "code"
    )
    unauthorized: Literal["text", "xml", "empty", "html", "json"] = "text"  # 401
    json_type: str = "application/json"
    # The steps of signing in
    form_type: str = "text/html"
    confirmed: Literal["true", "1", "absent"] = "true"  # oauth_callback_confirmed
    verifier: Literal["checked", "ignored"] = "checked"
    refused_token: bool = True  # oauth_token in the callback on refusal


CHARACTERS = {
    "vendor": Character(),
    "plural": Character(
        plural=True, empty="no key", confirmed="1", form_type="text/plain"
    ),
    "texts": Character(
        numbers="texts",
        level="text",
        no_level="",
        errors="code text",
        rooms="old name",
        structures="text",
        members="numbers as text",
    ),
    "numbers": Character(
        numbers="numbers",
        ids="numbers",
        online="number",
        device_type="number",
        members="numbers",
        lag=3,
    ),
    "sparse": Character(
        left_out=SPARSE - {"client"},
        whole_clients=True,
        level="statevalue only",
        device_type="short",
        profile="unknown",
        rooms="unknown",
        info="unknown",
    ),
    "bare": Character(
        bare=True,
        profile="refused",
        rooms="refused",
        info="refused",
        unknown="404",
        errors="text",
    ),
    "html": Character(
        errors="html",
        unknown="html",
        profile="unknown",
        rooms="unknown",
        info="unknown",
        unauthorized="html",
        too_many="html",
        json_type="text/html",
    ),
    "flat": Character(
        values="flat",
        device_type="absent",
        left_out=frozenset({"lastUpdated"}),
        unknown="error",
        profile="unknown",
        empty="null",
    ),
    "valueless": Character(
        values="never",
        members="absent",
        lag=8,
        no_level="unde",
        unauthorized="xml",
        errors="status",
    ),
    "shared": Character(
        shared=True, online="bool", device_type="seven", refused_token=False
    ),
    "patient": Character(
        too_many="seconds",
        unauthorized="empty",
        verifier="ignored",
        confirmed="absent",
        unknown="empty",
        rooms="unknown",
    ),
    "strict": Character(
        too_many="json",
        unauthorized="json",
        errors="400",
        mask="ignored",
        unknown="403",
        rooms="unknown",
        info="unknown",
    ),
}
