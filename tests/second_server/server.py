"""The second server itself."""

from collections import deque
from collections.abc import Callable, Mapping
from email.utils import formatdate
from http import HTTPStatus
import time
from typing import NamedTuple
from urllib.parse import urlencode

from aiohttp import web

from .character import Character, Unknown
from .commands import ACCESS_DENIED, METHODS, NOT_FOUND, CallError, find, take
from .home import Home
from .oauth import Provider, RefusedError, Token
from .rows import (
    Row,
    client_rows,
    device_row,
    device_rows,
    profile,
    room_rows,
    sensor_row,
)

LIMIT, WINDOW = 10, 60.0
HTML = "<html><body><h1>Telldus Live!</h1><p>Something went wrong.</p></body></html>"


class Call(NamedTuple):
    """A request that was answered."""

    function: str
    query: Mapping[str, str]
    status: int


class SecondServer:
    """Telldus Live!, as the public evidence has it, with a character."""

    def __init__(
        self,
        character: Character | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Begin with a home that nobody is signed in to."""
        self.character = character or Character()
        self._home = Home()
        self.provider = Provider()
        self.calls: list[Call] = []
        self._clock = clock or time.time
        self._recent: deque[float] = deque()
        self._coming: deque[tuple[float, Callable[[], None]]] = deque()
        self.app = web.Application()
        self.app.router.add_get("/oauth/authorize", self._authorize)
        self.app.router.add_route("*", "/oauth/requestToken", self._request_token)
        self.app.router.add_route("*", "/oauth/accessToken", self._access_token)
        self.app.router.add_route("*", "/json/{module}/{function}", self._json)

    @property
    def home(self) -> Home:
        """The house, which has done by now what it was told long enough ago."""
        while self._coming and self._coming[0][0] <= self._clock():
            self._coming.popleft()[1]()
        return self._home

    def spend_limit(self) -> None:
        """Let another application with the same keys use up the minute."""
        self._recent.extend([self._clock()] * LIMIT)

    def called(self, function: str) -> list[Call]:
        """Return the calls of a function."""
        return [one for one in self.calls if one.function == function]

    def _limited(self) -> web.Response | None:
        """Count a request, unless there were ten within a minute."""
        now = self._clock()
        while self._recent and self._recent[0] <= now - WINDOW:
            self._recent.popleft()
        if len(self._recent) < LIMIT:
            self._recent.append(now)
            return None
        wait = int(self._recent[0] + WINDOW - now) + 1
        match self.character.too_many:
            case "seconds":
                return web.Response(status=429, headers={"Retry-After": str(wait)})
            case "date":
                until = formatdate(now + wait, usegmt=True)
                return web.Response(status=429, headers={"Retry-After": until})
            case "json":
                return web.json_response({"error": "Too many requests"}, status=429)
            case "html":
                return web.Response(status=429, text=HTML, content_type="text/html")
            case _:
                return web.Response(status=429)

    async def _signed(self, request: web.Request) -> dict[str, str]:
        is_form = request.content_type == "application/x-www-form-urlencoded"
        return self.provider.verify(
            request.method,
            str(request.url),
            request.headers.get("Authorization", ""),
            await request.text() if is_form else None,
        )

    def _unauthorized(self, error: RefusedError) -> web.Response:
        text = f"OAuth Verification Failed: {error}"
        match self.character.unauthorized:
            case "xml":
                return web.Response(
                    status=401,
                    text=f"<error> {text} </error>",
                    content_type="text/xml",
                )
            case "html":
                return web.Response(status=401, text=HTML, content_type="text/html")
            case "json":
                return web.json_response({"error": text}, status=401)
            case "empty":
                return web.Response(status=401)
            case _:
                return web.Response(status=401, text=text)

    def _form(self, token: Token, extra: Mapping[str, str]) -> web.Response:
        body = {"oauth_token": token.key, "oauth_token_secret": token.secret, **extra}
        return web.Response(text=urlencode(body), content_type=self.character.form_type)

    async def _request_token(self, request: web.Request) -> web.Response:
        if (limited := self._limited()) is not None:
            return limited
        try:
            oauth = await self._signed(request)
        except RefusedError as err:
            return self._unauthorized(err)
        token = self.provider.request(oauth.get("oauth_callback"))
        if self.character.confirmed == "absent":
            return self._form(token, {})
        return self._form(token, {"oauth_callback_confirmed": self.character.confirmed})

    async def _access_token(self, request: web.Request) -> web.Response:
        if (limited := self._limited()) is not None:
            return limited
        try:
            oauth = await self._signed(request)
            token = self.provider.exchange(
                oauth, check=self.character.verifier == "checked"
            )
        except RefusedError as err:
            return self._unauthorized(err)
        return self._form(token, {})

    async def _authorize(self, request: web.Request) -> web.Response:
        """Show the page with yes and no, or take the answer (a browser's way)."""
        key = request.query.get("oauth_token", "")
        if (pending := self.provider.pending.get(key)) is None:
            return web.Response(status=400, text=HTML, content_type="text/html")
        back: dict[str, str] = {}
        match request.query.get("answer"):
            case "yes":
                back = {
                    "oauth_token": key,
                    "oauth_verifier": self.provider.agree(key),
                }
            case "no":
                del self.provider.pending[key]
                back = {"oauth_token": key} if self.character.refused_token else {}
            case _:
                links = "".join(
                    f'<a href="?oauth_token={key}&answer={answer}">{answer}</a> '
                    for answer in ("yes", "no")
                )
                return web.Response(text=links, content_type="text/html")
        if pending.callback is None:
            return web.Response(text="Thank you.", content_type="text/html")
        separator = "&" if "?" in pending.callback else "?"
        query = separator + urlencode(back) if back else ""
        return web.Response(status=302, headers={"Location": pending.callback + query})

    async def _json(self, request: web.Request) -> web.Response:
        function = "{module}/{function}".format(**request.match_info)
        query = dict(request.query)
        if request.method == "POST":
            query |= {key: str(value) for key, value in (await request.post()).items()}
        if (response := self._limited()) is None:
            try:
                oauth = await self._signed(request)
                if oauth.get("oauth_token") not in self.provider.tokens:
                    raise RefusedError("Can't verify request, missing oauth_token")  # noqa: TRY301
            except RefusedError as err:
                response = self._unauthorized(err)
            else:
                try:
                    response = self._answer(function, query)
                except CallError as err:
                    response = self._error(err.code, str(err))
        self.calls.append(Call(function, query, response.status))
        return response

    def _answer(self, function: str, query: Mapping[str, str]) -> web.Response:
        character = self.character
        match function:
            case "clients/list":
                return self._list("client", client_rows(self.home, character))
            case "devices/list":
                return self._list("device", device_rows(self.home, query, character))
            case "sensors/list":
                now = int(self._clock())
                rows = [
                    sensor_row(self.home, id_, query, character, now)
                    for id_ in self.home.sensors
                ]
                return self._list("sensor", rows)
            case "rooms/list" if character.rooms in {"known", "refused"}:
                return self._optional(character.rooms, self._rooms())
            case "room/list" if character.rooms == "old name":
                return self._optional("known", self._rooms())
            case "user/profile":
                return self._optional(character.profile, profile())
            case "device/info" if character.info != "unknown":
                return self._info(query)
        module, _, name = function.partition("/")
        if module == "device" and name in METHODS:
            return self._command(name, query)
        return self._unknown(function)

    def _reply(self, body: object) -> web.Response:
        return web.json_response(body, content_type=self.character.json_type)

    def _list(self, key: str, rows: list[Row]) -> web.Response:
        key += "s" if self.character.plural else ""
        if not rows and self.character.empty != "list":
            return self._reply({} if self.character.empty == "no key" else {key: None})
        return self._reply({key: rows})

    def _rooms(self) -> Row:
        return {"rooms" if self.character.plural else "room": room_rows()}

    def _optional(self, known: str, body: Row) -> web.Response:
        if known == "refused":
            raise CallError(ACCESS_DENIED, "Access denied")
        return self._unknown("") if known == "unknown" else self._reply(body)

    def _info(self, query: Mapping[str, str]) -> web.Response:
        if self.character.info == "refused":
            raise CallError(ACCESS_DENIED, "Access denied")
        find(self.home, query)
        row = device_row(self.home, int(query["id"]), query, self.character)
        row["state"] = str(row["state"])
        row["statevalues"] = row.pop("stateValues", [])
        row |= {"protocol": "zwave", "model": "0176-0003-0003"}
        return self._reply(row)

    def _error(self, code: int, text: str) -> web.Response:
        """Tell that a call failed."""
        match self.character.errors:
            case "text":
                return self._reply({"error": text})
            case "code":
                return self._reply({"error": text, "code": code})
            case "code text":
                return self._reply({"error": text, "code": str(code)})
            case "status":
                return self._reply({"status": "failed"})
            case "html":
                return web.Response(text=HTML, content_type="text/html")
            case "empty":
                return web.Response()
            case _:
                return web.json_response({"error": text}, status=400)

    def _unknown(self, function: str) -> web.Response:
        """Tell that there is no such function."""
        text = f'The function "{function}" does not exist'
        answers: dict[Unknown, web.Response] = {
            "404": web.Response(status=HTTPStatus.NOT_FOUND),
            "404 html": web.Response(status=404, text=HTML, content_type="text/html"),
            "error": self._reply({"error": text}),
            "code": self._reply({"error": text, "code": NOT_FOUND}),
            "html": web.Response(text=HTML, content_type="text/html"),
            "empty": web.Response(),
            "403": web.Response(status=HTTPStatus.FORBIDDEN, text="Forbidden"),
            "500": web.Response(status=500, text=HTML, content_type="text/html"),
        }
        return answers[self.character.unknown]

    def _command(self, name: str, query: Mapping[str, str]) -> web.Response:
        """Take a command; the lists may show it a little later."""
        self._coming.append(
            (self._clock() + self.character.lag, take(self.home, name, query))
        )
        return self._reply({"status": "success"})
