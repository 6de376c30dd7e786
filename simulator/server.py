"""The HTTP server: requests are logged, counted, perhaps spoiled, verified and answered."""

import asyncio
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from yarl import URL

from . import api_account, api_admin, api_devices, api_sensors
from .api import FUNCTIONS, Call, StatusError, run
from .backend import Backend, LoggedRequest
from .control import ControlApi
from .dashboard import DashboardPage
from .faults import Fault
from .oauth import MISSING, SignedRequest, Unauthorized, read_request
from .oauth_pages import OAuthPages, access_token, request_token
from .responses import (
    corrupt,
    data_response,
    fault_response,
    hold_response,
    too_many,
    unauthorized,
)

GUEST: Final = "guest"
LOG_LENGTH: Final = 100_000
# As proxies log it: the client closed the connection before a response.
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


class Simulator(Backend):
    """A simulated Telldus Live!, served over HTTP by `app`."""

    @property
    def app(self) -> web.Application:
        """A new application for this simulator, to be served once."""
        # Set when the server stops: a fault may hold a response back.
        closing = asyncio.Event()

        async def close(_: web.Application) -> None:
            closing.set()
            self.push.cut()

        async def functions(request: web.Request) -> web.StreamResponse:
            return await self._functions(request, closing)

        async def socket(request: web.Request) -> web.StreamResponse:
            return await self.push.serve(request, closing)

        async def date(_: web.Request, response: web.StreamResponse) -> None:
            response.headers["Date"] = formatdate(self.clock(), usegmt=True)

        app = web.Application(middlewares=[self._same_origin, self._flush_push])
        app.on_response_prepare.append(date)
        app.on_shutdown.append(close)
        OAuthPages(self).add_routes(app.router)
        ControlApi(self).add_routes(app.router)
        DashboardPage(self).add_routes(app.router)
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

    @web.middleware
    async def _same_origin(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Reject cross-site requests to the control API and the pages.

        Signed requests need no such guard: no browser can be made to sign one.
        """
        origin = request.headers.get("Origin")
        is_safe = request.method in ("GET", "HEAD") or request.path.startswith(_SIGNED)
        if origin is not None and not is_safe:
            ours = {request.host, urlsplit(self.public_url).netloc} - {""}
            if urlsplit(origin).netloc not in ours:
                return web.json_response({"error": "foreign origin"}, status=403)
        return await handler(request)

    @web.middleware
    async def _flush_push(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Send the events of a request to the open sockets."""
        try:
            return await handler(request)
        finally:
            self.push.flush()

    async def _functions(
        self, request: web.Request, closing: asyncio.Event
    ) -> web.StreamResponse:
        """Answer a call to a token endpoint or a function."""
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
        response = await self._answer(request, closing, logged, signed or malformed)
        if response.status != NO_ANSWER:
            logged.status = response.status
        return response

    async def _answer(
        self,
        request: web.Request,
        closing: asyncio.Event,
        logged: LoggedRequest,
        signed: SignedRequest | Unauthorized | None,
    ) -> web.StreamResponse:
        settings = self.settings
        wait = self.limit.check(logged.time, logged.account, logged.path)
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
                    await hold_response(request, closing, seconds)
                finally:
                    self.held -= 1
            if rule.fault is Fault.TIMEOUT:
                return web.Response(status=NO_ANSWER)
            if spoilt := fault_response(rule):
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
        except StatusError as error:
            return web.Response(status=error.status, text="", content_type="text/html")
        return response if rule is None else corrupt(rule, response)

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
        return data_response(row, xml=name.partition("/")[0] if as_xml else None)
