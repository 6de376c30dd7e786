"""The state of a simulated Telldus Live!: homes, keys, settings, faults, push, the log."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
import time
from typing import Any, Final

from yarl import URL

from .command_effects import advance, press, report
from .demo import demo_home
from .faults import Faults
from .home import Command, Home
from .methods import Method, parse_method
from .oauth import Verifier, answer_request_token
from .push import Push
from .rate_limit import RateLimit
from .settings import Settings
from .tokens import TokenStore

DEMO_PUBLIC_KEY: Final = "FEDCBA9876DEMOPUBLICKEYFEDCBA987"
DEMO_PRIVATE_KEY: Final = "0123456789DEMOPRIVATEKEY01234567"


@dataclass(slots=True)
class LoggedRequest:
    """A request and its status, 0 if no response was sent."""

    time: float
    method: str
    path: str
    params: dict[str, str]
    account: str
    status: int = 0
    note: str = ""


class Backend:
    """The state of a simulator, and what tests and users do to it.

    `homes` gives a user name (lower case) a home of its own; all others see the first one,
    "guest" as a shared one. `clock` returns unix seconds; time is read nowhere else.
    """

    def __init__(
        self,
        home: Home | None = None,
        *,
        public_key: str = DEMO_PUBLIC_KEY,
        private_key: str = DEMO_PRIVATE_KEY,
        limit: bool = True,
        clock: Callable[[], float] | None = None,
        state: Path | None = None,
        public_url: str = "",
    ) -> None:
        """Initialize the state; `state` is a file in which access tokens outlive it.

        `public_url` is scheme and host that clients use, and sign, where a proxy stands
        before the server. Raises ValueError if it is something else.
        """
        # A lambda, so that a clock frozen later is seen.
        self.clock = clock or (lambda: time.time())
        self.settings = Settings(limit=limit)
        self.public_url = _origin_of(public_url) if public_url else ""
        self.faults = Faults()
        self.limit = RateLimit(self.settings)
        self.log: list[LoggedRequest] = []
        self.homes: dict[str, Home] = {}
        self.tokens = TokenStore(self.clock, state)
        self.tokens.consumers[public_key] = private_key
        self.verifier = Verifier(self.tokens)
        self.sensor_infos: dict[str, float] = {}
        # The number of calls that a fault delays now.
        self.held = 0
        self._home = demo_home(self.clock()) if home is None else home
        self.push = Push(self.settings, self.clock, self.home_of)

    @property
    def home(self) -> Home:
        """The first home, as it is now."""
        advance(self._home, self.settings, self.clock())
        return self._home

    def home_of(self, account: str) -> Home:
        """Return the home that a user sees, as it is now."""
        home = self.homes.get(account)
        if home is None:
            return self.home
        advance(home, self.settings, self.clock())
        return home

    def press(
        self,
        device_id: str,
        method: int | str,
        level: float | None = None,
        *,
        home: Home | None = None,
    ) -> bool:
        """Press a wall remote, open a door, turn a knob: the effect is there at once.

        `method` is a bit or a name ("turnOn"); `level` goes with dim (0-255), rgb
        (0xRRGGBB) and thermostat (°C). Returns False if the gateway is offline. Raises
        KeyError or ValueError for what does not exist.
        """
        home = self.home if home is None else home
        known = parse_method(method)
        value: int | dict[str, Any] | None = None
        if known is Method.DIM:
            value = min(max(int(level or 0), 0), 255)
        elif known is Method.RGB:
            value = int(level or 0) & 0xFFFFFF
        elif known is Method.THERMOSTAT:
            value = {"changeMode": 0, "temperature": level}
        device = home.devices[device_id]
        command = Command(known, value)
        is_online = press(home, self.settings, device, command, self.clock())
        self.push.flush()
        return is_online

    def set_sensor(
        self, sensor_id: str, name: str, scale: str | int, value: str | float
    ) -> None:
        """Let a sensor report a value now; one that it did not have is added.

        Raises KeyError if there is no such sensor.
        """
        home = self.home
        sensor = home.sensors[sensor_id]
        report(home, sensor, name, str(scale), str(value), self.clock())
        self.push.flush()

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Change settings; what is due by now is still done with the old ones.

        Raises ValueError and changes nothing if one is wrong.
        """
        now = self.clock()
        for home in (self._home, *self.homes.values()):
            advance(home, self.settings, now)
        self.settings.change(changes)
        self.push.flush()

    def set_gateway_online(self, gateway_id: str, online: bool) -> None:
        """Take a gateway offline or bring it back. Raises KeyError if there is none."""
        self.home.gateways[gateway_id].online = online
        self.push.flush()

    def revoke(self, token: str | None = None) -> int:
        """Revoke one access token, or all; returns how many there were."""
        return self.tokens.revoke(token)

    def authorize(self, request_token: str, user: str = "demo") -> str:
        """Agree without a browser.

        Returns the callback's full URL if one was given, else the verifier. Raises
        KeyError for a request token that is not open.
        """
        token = self.tokens.request_token(request_token)
        if token is None:
            raise KeyError(request_token)
        return answer_request_token(token, user.lower()) or token.verifier

    def issue_token(self, user: str = "demo") -> tuple[str, str]:
        """Return a ready access token and its secret, for the first key pair."""
        key = next(iter(self.tokens.consumers))
        token = self.tokens.new_access_token(key, user.lower())
        return token.token, token.secret


def _origin_of(text: str) -> str:
    """Return scheme and host of an address that has nothing else. Raises ValueError."""
    url = URL(text)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"{text!r} is no address like https://telldus.example")
    origin = url.origin()
    if url != origin.with_path("/"):
        raise ValueError(f"{text!r} has more than a scheme, a host and a port")
    return str(origin)
