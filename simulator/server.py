"""The server: what reaches it is logged, counted, perhaps spoiled, verified and answered."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
import time
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web
from yarl import URL

from . import api_account, api_admin, api_devices, api_sensors
from .api import FUNCTIONS, Call, Refused, run
from .command_effects import press, report, settle
from .control import ControlApi
from .dashboard import HomePage
from .demo import demo_home
from .faults import Fault, Faults
from .home import Command, Home
from .methods import Method, parse_method
from .oauth import MISSING, SignedRequest, Unauthorized, Verifier, read_request
from .oauth_pages import ConsentPages, access_token, answer_callback, request_token
from .push import Push
from .rate_limit import Limit
from .responses import answer, hold, instead, mangle, too_many, unauthorized
from .settings import Settings
from .tokens import TokenStore

DEMO_PUBLIC_KEY: Final = "FEDCBA9876DEMOPUBLICKEYFEDCBA987"
DEMO_PRIVATE_KEY: Final = "0123456789DEMOPRIVATEKEY01234567"
GUEST: Final = "guest"
LOG_LENGTH: Final = 100_000
# Made up, like a proxy's own codes: the client has gone, and nobody reads it.
NO_ANSWER: Final = 499

# Importing these fills the table of functions.
_TABLES: Final = (api_account, api_admin, api_devices, api_sensors)
_TOKEN_CALLS: Final = {"requestToken": request_token, "accessToken": access_token}
_MODULES: Final = sorted({name.partition("/")[0] for name in FUNCTIONS})
_SIGNED: Final = (
    *(f"/{form}/" for form in ("json", "xml", *_MODULES)),
    *(f"/oauth/{name}" for name in _TOKEN_CALLS),
)

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class LoggedRequest:
    """One call as it was asked and answered; `status` 0 means that no answer was sent."""

    time: float
    method: str
    path: str
    params: dict[str, str]
    account: str
    status: int = 0
    note: str = ""


@dataclass(slots=True)
class _Running:
    """What one run of the server needs to be ended: faults may hold calls back."""

    closing: asyncio.Event = field(default_factory=asyncio.Event)


class Simulator:
    """A Telldus Live! of one's own.

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
        """Make a server; `state` is a file in which access tokens outlive it.

        `public_url` is scheme and host that clients use, and sign, where a proxy stands
        before the server. Raises ValueError if it is something else.
        """
        # A lambda, so that a clock frozen later is seen.
        self.clock = clock or (lambda: time.time())
        self.settings = Settings(limit=limit)
        self.public_url = _origin_of(public_url) if public_url else ""
        self.faults = Faults()
        self.limit = Limit(self.settings)
        self.log: list[LoggedRequest] = []
        self.homes: dict[str, Home] = {}
        self.tokens = TokenStore(self.clock, state)
        self.tokens.consumers[public_key] = private_key
        self.verifier = Verifier(self.tokens)
        self.sensor_infos: dict[str, float] = {}
        # Calls that a fault holds back at this moment.
        self.held = 0
        self._home = demo_home(self.clock()) if home is None else home
        self.push = Push(self.settings, self.clock, self.home_of)

    @property
    def home(self) -> Home:
        """The first home, as it is at this very moment."""
        settle(self._home, self.settings, self.clock())
        return self._home

    @property
    def app(self) -> web.Application:
        """A new application around this simulator: for TestServer or run_app, once each."""
        running = _Running()

        async def close(_: web.Application) -> None:
            running.closing.set()
            self.push.cut()

        async def functions(request: web.Request) -> web.StreamResponse:
            return await self._functions(request, running)

        async def socket(request: web.Request) -> web.StreamResponse:
            return await self.push.serve(request, running.closing)

        async def date(_: web.Request, response: web.StreamResponse) -> None:
            response.headers["Date"] = formatdate(self.clock(), usegmt=True)

        app = web.Application(middlewares=[self._same_origin, self._tell])
        app.on_response_prepare.append(date)
        app.on_shutdown.append(close)
        ConsentPages(self).add_routes(app.router)
        ControlApi(self).add_routes(app.router)
        HomePage(self).add_routes(app.router)
        app.router.add_get("/websocket", socket, allow_head=False)
        for path in (
            "/{form:oauth}/{name:requestToken|accessToken}",
            "/{form:json|xml}/{name:.+}",
            # The guide's legacy form, without /json/ but with format=json
            f"/{{name:(?:{'|'.join(_MODULES)})/[^/]+}}",
        ):
            app.router.add_get(path, functions, allow_head=False)
            app.router.add_post(path, functions)
        return app

    def home_of(self, account: str) -> Home:
        """Return the home that a user sees, as it is now."""
        home = self.homes.get(account)
        if home is None:
            return self.home
        settle(home, self.settings, self.clock())
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
        heard = press(home, self.settings, device, command, self.clock())
        self.push.look()
        return heard

    def set_sensor(
        self, sensor_id: str, name: str, scale: str | int, value: str | float
    ) -> None:
        """Let a sensor report a value now; one that it did not have is added.

        Raises KeyError if there is no such sensor.
        """
        home = self.home
        sensor = home.sensors[sensor_id]
        report(home, sensor, name, str(scale), str(value), self.clock())
        self.push.look()

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Set switches; what is due by now is still done as they were.

        Raises ValueError and changes nothing if one is wrong.
        """
        now = self.clock()
        for home in (self._home, *self.homes.values()):
            settle(home, self.settings, now)
        self.settings.change(changes)
        self.push.look()

    def set_gateway_online(self, gateway_id: str, online: bool) -> None:
        """Take a gateway offline or bring it back. Raises KeyError if there is none."""
        self.home.gateways[gateway_id].online = online
        self.push.look()

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
        return answer_callback(token, user.lower()) or token.verifier

    def issue_token(self, user: str = "demo") -> tuple[str, str]:
        """Return a ready access token and its secret, for the first key pair."""
        key = next(iter(self.tokens.consumers))
        token = self.tokens.new_access_token(key, user.lower())
        return token.token, token.secret

    @web.middleware
    async def _same_origin(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Refuse what other web sites make a browser send to the control API and the pages.

        What is signed needs no such guard: no browser can be made to sign it.
        """
        origin = request.headers.get("Origin")
        is_safe = request.method in ("GET", "HEAD") or request.path.startswith(_SIGNED)
        if origin is not None and not is_safe:
            ours = {request.host, urlsplit(self.public_url).netloc} - {""}
            if urlsplit(origin).netloc not in ours:
                return web.json_response({"error": "foreign origin"}, status=403)
        return await handler(request)

    @web.middleware
    async def _tell(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Tell the open sockets what a request has brought about."""
        try:
            return await handler(request)
        finally:
            self.push.look()

    async def _functions(
        self, request: web.Request, running: _Running
    ) -> web.StreamResponse:
        """Answer a program's call: token endpoints and data."""
        form = request.match_info.get("form", "")
        name = request.match_info["name"]
        path = f"{form}/{name}" if form else name
        signed: SignedRequest | None = None
        malformed: Unauthorized | None = None
        try:
            signed = await read_request(request, self.public_url)
        except Unauthorized as error:
            malformed = error
        account = self.tokens.account_of(
            signed.get("oauth_token") if signed else "",
            signed.get("oauth_consumer_key") if signed else "",
        )
        arguments = signed.arguments if signed else {}
        logged = LoggedRequest(self.clock(), request.method, path, arguments, account)
        self.log.append(logged)
        del self.log[:-LOG_LENGTH]
        response = await self._answer(request, running, logged, signed or malformed)
        if response.status != NO_ANSWER:
            logged.status = response.status
        return response

    async def _answer(
        self,
        request: web.Request,
        running: _Running,
        logged: LoggedRequest,
        signed: SignedRequest | Unauthorized | None,
    ) -> web.StreamResponse:
        settings = self.settings
        wait = self.limit.refuse(logged.time, logged.account, logged.path)
        if wait is not None:
            logged.note = "limit"
            return too_many(wait, settings.retry_after)
        rule = self.faults.take(logged.path)
        if rule is not None:
            logged.note = f"fault {rule.fault.value}"
            if rule.fault in (Fault.TIMEOUT, Fault.SLOW):
                seconds = (
                    rule.args.get("seconds", 5) if rule.fault is Fault.SLOW else None
                )
                self.held += 1
                try:
                    await hold(request, running.closing, seconds)
                finally:
                    self.held -= 1
            if rule.fault is Fault.TIMEOUT:
                return web.Response(status=NO_ANSWER)
            if spoilt := instead(rule):
                return spoilt
        form = request.match_info.get("form")
        is_token_call = form == "oauth"
        as_xml = form == "xml" or (
            form is None and logged.params.get("format") != "json"
        )
        try:
            if not isinstance(signed, SignedRequest):
                raise signed or Unauthorized("")
            if is_token_call:
                text = _TOKEN_CALLS[logged.path.removeprefix("oauth/")](self, signed)
                response = web.Response(text=text, content_type="text/plain")
            else:
                response = self._data(request, logged, signed, as_xml=as_xml)
        except Unauthorized as error:
            logged.note = logged.note or error.text.partition(" (")[0]
            body = settings.unauthorized_body
            if body == "auto":
                body = "xml" if as_xml or error.text == MISSING else "text"
            return unauthorized(error.text, xml=body == "xml" and not is_token_call)
        except Refused as error:
            return web.Response(status=error.status, text="", content_type="text/html")
        return response if rule is None else mangle(rule, response)

    def _data(
        self,
        request: web.Request,
        logged: LoggedRequest,
        signed: SignedRequest,
        *,
        as_xml: bool,
    ) -> web.Response:
        """Run a function for a verified caller."""
        token = self.verifier.access(signed)
        name = request.match_info["name"]
        home = self.home_of(token.user)
        call = Call(
            function=name,
            params=signed.arguments,
            account=token.user,
            origin=self.settings.application,
            home=home,
            settings=self.settings,
            faults=self.faults,
            sensor_infos=self.sensor_infos,
            now=self.clock(),
            guest=token.user == GUEST and GUEST not in self.homes,
            push=self.push,
            url=URL(self.public_url) if self.public_url else request.url,
        )
        row = run(call)
        if "error" in row:
            logged.note = logged.note or str(row["error"])
        return answer(row, xml=name.partition("/")[0] if as_xml else None)


def _origin_of(text: str) -> str:
    """Return scheme and host of an address that has nothing else. Raises ValueError."""
    url = URL(text)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"{text!r} is no address like https://telldus.example")
    origin = url.origin()
    if url != origin.with_path("/"):
        raise ValueError(f"{text!r} has more than a scheme, a host and a port")
    return str(origin)
