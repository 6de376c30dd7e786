"""Signed calls to the PA API, one method for each function used.

Source: docs/telldus-api.md, "Functions".
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
import logging
import math
import time
from typing import Final

import aiohttp
from yarl import URL

from .auth import Credentials, scrubbed
from .command import Command
from .exceptions import (
    NO_REASON,
    AuthenticationError,
    Unintelligible,
    Unreachable,
    error_from_response,
    parse_retry_after,
)
from .models import (
    SUPPORTED_METHODS,
    Deed,
    Device,
    Gateway,
    Inventoried,
    Profile,
    Radio,
    Reading,
    Room,
    Sensor,
    ServerAddress,
)
from .parsing import Json, Rows, read_json, to_time
from .rate_limiter import Budget, Priority

_LOGGER = logging.getLogger(__name__)

_TIMEOUT: Final = aiohttp.ClientTimeout(total=15, sock_connect=10)
# Several thousand devices; anything larger is not an answer to anything we ask.
_LARGEST_ANSWER: Final = 32 * 1024 * 1024
# Clocks that differ by less, in seconds, are as good as the same: answers are on their way
# for a while, and tell whole seconds.
_SAME_CLOCK: Final = 3.0
# More than that, in seconds, is no clock of anybody who answers our questions.
_NO_CLOCK: Final = 86400.0
# An answer that took longer, in seconds, does not tell when it was written.
_PROMPT: Final = 2.0


@dataclass(frozen=True, slots=True)
class Answer[T]:
    """A list, and when it was asked for, by the budget's clock.

    What happened to a row after ``requested`` may not be in it.
    """

    rows: tuple[T, ...]
    requested: float


class TelldusClient:
    """The calls of one account at one server.

    Each method raises TelldusError: AuthenticationError, RateLimitError, GatewayOfflineError, Refused,
    Unreachable or Unintelligible.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        server: str,
        credentials: Credentials,
        budget: Budget,
        unix_time: Callable[[], float] | None = None,
    ) -> None:
        """Use a session that the caller owns. ``unix_time`` is our clock, in seconds."""
        self._session = session
        self._server = server
        self._credentials = credentials
        self._budget = budget
        # A lambda, so that a clock frozen later is seen.
        self._unix_time = unix_time or (lambda: time.time())
        self._reported: set[str] = set()
        # The lists that are asked for again and again
        self._device_rows = Rows(Device.from_wire)
        self._sensor_rows = Rows(Sensor.from_wire)
        # The last answer to each list function, as it came: private, house codes included.
        self.received: dict[str, object] = {}
        # The same as text, and as what it was understood to be: in a quiet home the next
        # is the same to the letter.
        self._bodies: dict[str, tuple[bytes, Json]] = {}
        # How many seconds Telldus' clock is ahead of ours.
        self._ahead = 0.0

    @property
    def server(self) -> str:
        """Return the origin of the server."""
        return self._server

    def now(self) -> float:
        """Return the time in seconds by the budget's clock, which never goes back."""
        return self._budget.now()

    async def devices(self, *, patience: float | None = None) -> Answer[Device]:
        """Return all devices of all gateways, the ignored ones included."""
        return await self._devices(self._device_rows, Priority.POLL, patience)

    async def inventory(
        self, *, patience: float | None = None
    ) -> tuple[Inventoried, ...]:
        """Return all devices with their parameters, house codes included: keep it private."""
        answer = await self._devices(
            Rows(Inventoried.from_wire), Priority.BACKGROUND, patience
        )
        return answer.rows

    async def radio(self, device_id: str, *, patience: float | None = None) -> Radio:
        """Return how a device is spoken to, which only a request of its own tells."""
        answer, _ = await self._call(
            "device/info",
            {"id": device_id, "supportedMethods": str(SUPPORTED_METHODS)},
            Priority.BACKGROUND,
            patience,
        )
        return Radio.from_wire(answer)

    async def gateways(
        self, *, priority: Priority = Priority.BACKGROUND, patience: float | None = None
    ) -> Answer[Gateway]:
        """Return all gateways, those shared with this account included."""
        return await self._list(
            "clients/list",
            {},
            "client",
            Rows(Gateway.from_wire),
            priority,
            patience,
        )

    async def sensors(self, *, patience: float | None = None) -> Answer[Sensor]:
        """Return all sensors of all gateways with their values, the ignored ones included."""
        return await self._list(
            "sensors/list",
            {
                "includeIgnored": "1",
                "includeValues": "1",
                "includeScale": "1",
                "includeUnit": "1",
            },
            "sensor",
            self._sensor_rows,
            # A second list right after the first has been refused by Telldus.
            Priority.BACKGROUND,
            patience,
        )

    async def rooms(self) -> Answer[Room]:
        """Return all rooms. Nobody is known to have called this function: expect errors."""
        return await self._list(
            "room/list", {}, "room", Rows(Room.from_wire), Priority.BACKGROUND, None
        )

    async def history(
        self,
        device_id: str,
        since: float,
        until: float | None = None,
        *,
        priority: Priority = Priority.BACKGROUND,
        patience: float | None = None,
    ) -> tuple[Deed, ...]:
        """Return what a device did between two times in unix seconds, oldest first.

        All times are by our clock, whatever Telldus' own says. It tells 5000 rows at most.
        """
        ahead = self._ahead
        span = {"from": str(int(since + ahead))}
        if until is not None:
            span["to"] = str(math.ceil(until + ahead))
        answer = await self._list(
            "device/history",
            {"id": device_id, **span},
            "history",
            Rows(Deed.from_wire),
            priority,
            patience,
        )
        deeds = [replace(deed, when=deed.when - ahead) for deed in answer.rows]
        return tuple(sorted(deeds, key=lambda deed: deed.when))

    async def sensor_history(
        self,
        sensor_id: str,
        since: float,
        until: float,
        *,
        priority: Priority = Priority.BACKGROUND,
        patience: float | None = None,
    ) -> tuple[Reading, ...]:
        """Return what a sensor told between two times in unix seconds, oldest first.

        All times are by our clock, whatever Telldus' own says. Nothing for a sensor that
        keeps no history. How many rows Telldus tells at most, and which it leaves out then,
        is not known.
        """
        ahead = self._ahead
        answer = await self._list(
            "sensor/history",
            {
                "id": sensor_id,
                "from": str(int(since + ahead)),
                "to": str(math.ceil(until + ahead)),
                "includeUnit": "1",
            },
            "history",
            Rows(Reading.from_wire),
            priority,
            patience,
        )
        readings = [replace(one, when=one.when - ahead) for one in answer.rows]
        return tuple(sorted(readings, key=lambda reading: reading.when))

    async def profile(
        self, *, priority: Priority = Priority.SIGN_IN, patience: float | None = None
    ) -> Profile:
        """Return whose account this is."""
        answer, _ = await self._call("user/profile", {}, priority, patience)
        try:
            return Profile.from_wire(answer)
        except ValueError as err:
            raise Unintelligible(f"user/profile: {err}") from None

    async def command(self, choose: Callable[[], Command]) -> None:
        """Send a command. It was accepted when this returns, not necessarily done.

        ``choose`` is asked at the last moment, when there is leave to send.
        """
        async with self._budget.slot(Priority.COMMAND):
            command = choose()
            answer = await self._exchange(command.function, command.parameters)
        _require_success(answer)

    async def authenticate_session(self, session_id: str) -> float:
        """Make a session for sockets, or one last longer; return until when, in unix seconds.

        0 where Telldus does not say.
        """
        answer, _ = await self._call(
            "user/authenticateSession", {"session": session_id}, Priority.LIVE, None
        )
        _require_success(answer)
        return to_time(answer.get("ttl")) or 0.0

    async def server_address(self, gateway_id: str) -> ServerAddress | None:
        """Return where a gateway's socket is, None while the gateway is offline."""
        function = "client/serverAddress"
        answer, _ = await self._call(function, {"id": gateway_id}, Priority.LIVE, None)
        try:
            return ServerAddress.from_wire(answer)
        except ValueError as err:
            raise Unintelligible(f"{function}: {err}") from None

    async def _devices[T](
        self, parser: Rows[T], priority: Priority, patience: float | None
    ) -> Answer[T]:
        """Ask for all devices, with all that can be made use of."""
        return await self._list(
            "devices/list",
            {
                "supportedMethods": str(SUPPORTED_METHODS),
                "includeIgnored": "1",
                "extras": "devicetype,transport,room,parameters",
            },
            "device",
            parser,
            priority,
            patience,
        )

    async def _list[T](
        self,
        function: str,
        parameters: dict[str, str],
        key: str,
        parser: Rows[T],
        priority: Priority,
        patience: float | None,
    ) -> Answer[T]:
        """Call a function that answers with a list.

        Lists are wrapped in the singular; the vendor's guide shows the plural.
        """
        answer, requested = await self._call(function, parameters, priority, patience)
        # Nothing at all is what an empty list may look like.
        listed = answer.get(key, answer.get(f"{key}s")) if answer else []
        if function.endswith("/list"):
            self.received[function] = listed
        # A large home's list takes a while at each stage: others have their turn between.
        await asyncio.sleep(0)
        try:
            rows, complaints = parser.parse(listed)
        except ValueError as err:
            raise Unintelligible(f"{function}: {err}") from None
        for complaint in complaints:
            # Once: a bad row stays bad, and would fill the log at each poll.
            if (line := f"{function}, {complaint}") not in self._reported:
                self._reported.add(line)
                _LOGGER.warning("Left out what cannot be understood: %s", line)
        await asyncio.sleep(0)
        return Answer(rows, requested)

    async def _call(
        self,
        function: str,
        parameters: dict[str, str],
        priority: Priority,
        patience: float | None,
    ) -> tuple[Json, float]:
        """Call a function when the budget allows; return its answer and when we asked."""
        async with self._budget.slot(priority, patience=patience):
            requested = self._budget.now()
            return await self._exchange(function, parameters), requested

    async def _exchange(self, function: str, parameters: dict[str, str]) -> Json:
        """Send one request, within a slot of the budget, and understand the answer."""
        # Signed and sent must be the same to the letter.
        url = str(URL(f"{self._server}/json/{function}").with_query(parameters))
        asked = self._unix_time()
        try:
            async with self._session.get(
                URL(url, encoded=True),
                headers={"Authorization": self._credentials.authorization(url)},
                allow_redirects=False,
                timeout=_TIMEOUT,
            ) as response:
                if response.status == HTTPStatus.TOO_MANY_REQUESTS:
                    # Whatever becomes of the body
                    raise self._budget.refused(
                        parse_retry_after(
                            response.headers.get("Retry-After"),
                            response.headers.get("Date"),
                        )
                    )
                if response.status == HTTPStatus.OK:
                    self._update_clock_offset(response.headers.get("Date"), asked)
                body = await _read(response)
        except (TimeoutError, aiohttp.ClientError) as err:
            # Not chained: aiohttp's errors can carry the request's headers.
            raise Unreachable(f"{function}: {type(err).__name__}") from None
        return self._understand(function, response, body)

    def _update_clock_offset(self, date: str | None, asked: float) -> None:
        """Learn from an answer what Telldus' clock says, if it came at once."""
        now = self._unix_time()
        if not date or not 0 <= now - asked <= _PROMPT:
            return
        try:
            ahead = parsedate_to_datetime(date).timestamp() - now
        except ValueError, OverflowError:
            return
        if abs(ahead) < _SAME_CLOCK:
            self._ahead = 0.0
        elif abs(ahead - self._ahead) >= _SAME_CLOCK and abs(ahead) <= _NO_CLOCK:
            self._ahead = ahead

    def _understand(
        self, function: str, response: aiohttp.ClientResponse, body: bytes
    ) -> Json:
        """Return the JSON object of an answer, or raise what it means instead."""
        status = response.status
        self._budget.accepted()
        before = self._bodies.get(function)
        if before and before[0] == body and status == HTTPStatus.OK:
            return before[1]
        if status == HTTPStatus.UNAUTHORIZED:
            raise AuthenticationError(
                scrubbed(body.decode(errors="replace")) or NO_REASON
            )
        try:
            answer = read_json(body)
        except ValueError:
            if status == HTTPStatus.OK:
                # Not chained: the error carries the whole answer, names included.
                raise Unintelligible(f"{function}: no JSON") from None
            answer = None
        if (
            isinstance(answer, Mapping)
            and "error" in answer
            and status < HTTPStatus.INTERNAL_SERVER_ERROR
        ):
            raise error_from_response(answer["error"], answer.get("code"))
        if status != HTTPStatus.OK:
            raise Unreachable(f"{function}: HTTP {status}", status)
        if not isinstance(answer, Mapping):
            raise Unintelligible(f"{function}: no JSON object")
        if function.endswith("/list"):
            self._bodies[function] = body, answer
        return answer


def _require_success(answer: Json) -> None:
    """Raise what an answer means that is neither an error nor a success."""
    if (status := answer.get("status")) != "success":
        # Unlike an error, which was raised, no reason came with it.
        raise error_from_response(status, None)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return a body, or raise Unintelligible where it is too large to be an answer."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise Unintelligible("an answer beyond all size")
    return bytes(body)
