"""The functions under /json and /xml: one table, filled by the modules beside this one.

Source: docs/dev/telldus-api.md, "Functions" and "Application errors".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from .home import Home, Row
from .serialization import Serializer
from .settings import Settings

if TYPE_CHECKING:
    from yarl import URL

    from .faults import Faults
    from .push import Push

NOT_FOUND, DENIED, OFFLINE, INVALID, UNSUPPORTED = 1, 2, 3, 4, 7
SUBCODES: Final = {INVALID: "5e7d0000-0000-4000-8000-000000000004"}
SUCCESS: Final[Row] = {"status": "success"}

_LONGEST_MASK: Final = 20  # digits, as of 64 bits; int() itself refuses thousands


class ApiError(Exception):
    """A response {"error": text} with HTTP 200, and `code` if the setting says so."""

    def __init__(self, text: str, code: int | None = None) -> None:
        """Initialize the error with Telldus' text and number; some have none."""
        super().__init__(text)
        self.text = text
        self.code = code


class StatusError(Exception):
    """A response with an HTTP status and no body, as from a proxy before the functions."""

    def __init__(self, status: int) -> None:
        """Initialize the error."""
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Call:
    """A signed call: its function, parameters, account and home."""

    function: str
    params: Mapping[str, str]
    account: str
    origin: str
    home: Home
    settings: Settings
    faults: Faults
    sensor_infos: dict[str, float]
    """Unix time of the last sensor/info, by account and sensor; for its own limit."""
    now: float
    guest: bool
    push: Push
    url: URL
    """Scheme, host and port of the request; the push address is derived from it."""

    @property
    def serializer(self) -> Serializer:
        """Return the serializer for this account."""
        return Serializer(self.home, self.settings, self.now, guest=self.guest)

    @property
    def extras(self) -> frozenset[str]:
        """Return the requested extras."""
        return frozenset(part.strip() for part in self.text("extras").split(","))

    def text(self, name: str) -> str:
        """Return a parameter, "" if it was not given."""
        return self.params.get(name, "")

    def flag(self, name: str) -> bool:
        """Return a 0/1 parameter."""
        return self.text(name) not in ("", "0", "false")

    def number(self, name: str, default: int | None = None) -> int:
        """Return a number. Raises ApiError if it is none, or missing without default."""
        text = self.text(name)
        if not text and default is not None:
            return default
        try:
            return int(float(text))
        except ValueError, OverflowError:
            raise ApiError("Invalid argument", INVALID) from None

    @property
    def mask(self) -> int:
        """Return supportedMethods; missing, written as text or far too long it is 0."""
        text = self.text("supportedMethods")
        is_number = text.isascii() and text.isdigit() and len(text) <= _LONGEST_MASK
        return int(text) if is_number else 0

    def require_owner(self) -> None:
        """Raise ApiError for guests: they may not change a shared home."""
        if self.guest:
            raise ApiError("Access denied", DENIED)


type Function = Callable[[Call], Row]

FUNCTIONS: Final[dict[str, Function]] = {}


def function(name: str) -> Callable[[Function], Function]:
    """Register a function in the table under its Telldus name."""

    def enter(handler: Function) -> Function:
        FUNCTIONS[name] = handler
        return handler

    return enter


def no_function(call: Call) -> NoReturn:
    """Raise ApiError for a function that is not in the table."""
    raise ApiError(f'The function "{call.function}" does not exist', NOT_FOUND)


def run(call: Call) -> Row:
    """Run a call and return its JSON; an ApiError becomes {"error": …}."""
    try:
        return FUNCTIONS.get(call.function, no_function)(call)
    except ApiError as error:
        row: Row = {"error": error.text}
        if call.settings.error_code and error.code is not None:
            row["code"] = error.code
            if error.code in SUBCODES:
                row["subcode"] = SUBCODES[error.code]
        return row
