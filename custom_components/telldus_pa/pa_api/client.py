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

from .auth import Credentials, redact_oauth_error
from .command import Command
from .exceptions import (
    NO_REASON,
    AuthenticationError,
    InvalidResponseError,
    TelldusConnectionError,
    error_from_response,
    parse_retry_after,
)
from .models import (
    SUPPORTED_METHODS,
    Device,
    DeviceProtocol,
    DeviceWithParameters,
    Gateway,
    HistoryEntry,
    Profile,
    Room,
    Sensor,
    SensorHistoryEntry,
    ServerAddress,
)
from .parsing import Json, RowParser, read_json, to_time
from .rate_limiter import Priority, RateLimiter

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
class ListResponse[T]:
    """A list, and when it was asked for, by the rate limiter's clock.

    What happened to a row after ``requested`` may not be in it.
    """

    rows: tuple[T, ...]
    requested_at: float


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
        rate_limiter: RateLimiter,
        unix_time: Callable[[], float] | None = None,
    ) -> None:
        """Use a session that the caller owns. ``unix_time`` is our clock, in seconds."""
        self._session = session
        self._server = server
        self._credentials = credentials
        self._rate_limiter = rate_limiter
        # A lambda, so that a clock frozen later is seen.
        self._unix_time = unix_time or (lambda: time.time())
        self._reported: set[str] = set()
        # The lists that are asked for again and again
        self._device_rows = RowParser(Device.from_dict)
        self._sensor_rows = RowParser(Sensor.from_dict)
        # The last answer to each list function, as it came: private, house codes included.
        self.last_raw: dict[str, object] = {}
        # The same as text, and as what it was understood to be: in a quiet home the next
        # is the same to the letter.
        self._response_cache: dict[str, tuple[bytes, Json]] = {}
        # How many seconds Telldus' clock is ahead of ours.
        self._clock_offset = 0.0

    @property
    def server(self) -> str:
        """Return the origin of the server."""
        return self._server

    def now(self) -> float:
        """Return the time in seconds by the rate limiter's clock, which never goes back."""
        return self._rate_limiter.now()

    async def devices(self, *, timeout: float | None = None) -> ListResponse[Device]:
        """Return all devices of all gateways, the ignored ones included."""
        return await self._devices(self._device_rows, Priority.POLL, timeout)

    async def devices_with_parameters(
        self, *, timeout: float | None = None
    ) -> tuple[DeviceWithParameters, ...]:
        """Return all devices with their parameters, house codes included: keep it private."""
        answer = await self._devices(
            RowParser(DeviceWithParameters.from_dict), Priority.BACKGROUND, timeout
        )
        return answer.rows

    async def device_info(
        self, device_id: str, *, timeout: float | None = None
    ) -> DeviceProtocol:
        """Return how a device is spoken to, which only a request of its own tells."""
        answer, _ = await self._call(
            "device/info",
            {"id": device_id, "supportedMethods": str(SUPPORTED_METHODS)},
            Priority.BACKGROUND,
            timeout,
        )
        return DeviceProtocol.from_dict(answer)

    async def gateways(
        self, *, priority: Priority = Priority.POLL, timeout: float | None = None
    ) -> ListResponse[Gateway]:
        """Return all gateways, those shared with this account included."""
        return await self._list(
            "clients/list",
            {},
            "client",
            RowParser(Gateway.from_dict),
            priority,
            timeout,
        )

    async def sensors(self, *, timeout: float | None = None) -> ListResponse[Sensor]:
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
            Priority.POLL,
            timeout,
        )

    async def rooms(self) -> ListResponse[Room]:
        """Return all rooms. Nobody is known to have called this function: expect errors."""
        return await self._list(
            "room/list",
            {},
            "room",
            RowParser(Room.from_dict),
            Priority.BACKGROUND,
            None,
        )

    async def device_history(
        self,
        device_id: str,
        since: float,
        until: float | None = None,
        *,
        priority: Priority = Priority.BACKGROUND,
        timeout: float | None = None,
    ) -> tuple[HistoryEntry, ...]:
        """Return what a device did between two times in unix seconds, oldest first.

        All times are by our clock, whatever Telldus' own says. It tells 5000 rows at most.
        """
        ahead = self._clock_offset
        span = {"from": str(int(since + ahead))}
        if until is not None:
            span["to"] = str(math.ceil(until + ahead))
        answer = await self._list(
            "device/history",
            {"id": device_id, **span},
            "history",
            RowParser(HistoryEntry.from_dict),
            priority,
            timeout,
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
        timeout: float | None = None,
    ) -> tuple[SensorHistoryEntry, ...]:
        """Return what a sensor told between two times in unix seconds, oldest first.

        All times are by our clock, whatever Telldus' own says. Nothing for a sensor that
        keeps no history. How many rows Telldus tells at most, and which it leaves out then,
        is not known.
        """
        ahead = self._clock_offset
        answer = await self._list(
            "sensor/history",
            {
                "id": sensor_id,
                "from": str(int(since + ahead)),
                "to": str(math.ceil(until + ahead)),
                "includeUnit": "1",
            },
            "history",
            RowParser(SensorHistoryEntry.from_dict),
            priority,
            timeout,
        )
        readings = [replace(one, when=one.when - ahead) for one in answer.rows]
        return tuple(sorted(readings, key=lambda reading: reading.when))

    async def profile(
        self, *, priority: Priority = Priority.SIGN_IN, timeout: float | None = None
    ) -> Profile:
        """Return whose account this is."""
        answer, _ = await self._call("user/profile", {}, priority, timeout)
        try:
            return Profile.from_dict(answer)
        except ValueError as err:
            raise InvalidResponseError(f"user/profile: {err}") from None

    async def command(self, get_command: Callable[[], Command]) -> None:
        """Send a command. It was accepted when this returns, not necessarily done.

        ``choose`` is asked at the last moment, when there is leave to send.
        """
        async with self._rate_limiter.acquire(Priority.COMMAND):
            command = get_command()
            answer = await self._request(command.function, command.parameters)
        _require_success(answer)

    async def authenticate_session(self, session_id: str) -> float:
        """Make a session for sockets, or one last longer; return until when, in unix seconds.

        0 where Telldus does not say.
        """
        answer, _ = await self._call(
            "user/authenticateSession", {"session": session_id}, Priority.PUSH, None
        )
        _require_success(answer)
        return to_time(answer.get("ttl")) or 0.0

    async def server_address(self, gateway_id: str) -> ServerAddress | None:
        """Return where a gateway's socket is, None while the gateway is offline."""
        function = "client/serverAddress"
        answer, _ = await self._call(function, {"id": gateway_id}, Priority.PUSH, None)
        try:
            return ServerAddress.from_dict(answer)
        except ValueError as err:
            raise InvalidResponseError(f"{function}: {err}") from None

    async def _devices[T](
        self, parser: RowParser[T], priority: Priority, timeout: float | None
    ) -> ListResponse[T]:
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
            timeout,
        )

    async def _list[T](
        self,
        function: str,
        parameters: dict[str, str],
        key: str,
        parser: RowParser[T],
        priority: Priority,
        timeout: float | None,
    ) -> ListResponse[T]:
        """Call a function that answers with a list.

        Lists are wrapped in the singular; the vendor's guide shows the plural.
        """
        answer, requested = await self._call(function, parameters, priority, timeout)
        # Nothing at all is what an empty list may look like.
        listed = answer.get(key, answer.get(f"{key}s")) if answer else []
        if function.endswith("/list"):
            self.last_raw[function] = listed
        # A large home's list takes a while at each stage: others have their turn between.
        await asyncio.sleep(0)
        try:
            rows, complaints = parser.parse(listed)
        except ValueError as err:
            raise InvalidResponseError(f"{function}: {err}") from None
        for complaint in complaints:
            # Once: a bad row stays bad, and would fill the log at each poll.
            if (line := f"{function}, {complaint}") not in self._reported:
                self._reported.add(line)
                _LOGGER.warning("Left out what cannot be understood: %s", line)
        await asyncio.sleep(0)
        return ListResponse(rows, requested)

    async def _call(
        self,
        function: str,
        parameters: dict[str, str],
        priority: Priority,
        timeout: float | None,
    ) -> tuple[Json, float]:
        """Call a function when the rate limiter allows; return its answer and when we asked."""
        async with self._rate_limiter.acquire(priority, timeout=timeout):
            requested = self._rate_limiter.now()
            return await self._request(function, parameters), requested

    async def _request(self, function: str, parameters: dict[str, str]) -> Json:
        """Send one request, within a slot of the rate limiter, and understand the answer."""
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
                    raise self._rate_limiter.on_rate_limited(
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
            raise TelldusConnectionError(f"{function}: {type(err).__name__}") from None
        return self._parse_response(function, response, body)

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
            self._clock_offset = 0.0
        elif abs(ahead - self._clock_offset) >= _SAME_CLOCK and abs(ahead) <= _NO_CLOCK:
            self._clock_offset = ahead

    def _parse_response(
        self, function: str, response: aiohttp.ClientResponse, body: bytes
    ) -> Json:
        """Return the JSON object of an answer, or raise what it means instead."""
        status = response.status
        self._rate_limiter.on_success()
        before = self._response_cache.get(function)
        if before and before[0] == body and status == HTTPStatus.OK:
            return before[1]
        if status == HTTPStatus.UNAUTHORIZED:
            raise AuthenticationError(
                redact_oauth_error(body.decode(errors="replace")) or NO_REASON
            )
        try:
            answer = read_json(body)
        except ValueError:
            if status == HTTPStatus.OK:
                # Not chained: the error carries the whole answer, names included.
                raise InvalidResponseError(f"{function}: no JSON") from None
            answer = None
        if (
            isinstance(answer, Mapping)
            and "error" in answer
            and status < HTTPStatus.INTERNAL_SERVER_ERROR
        ):
            raise error_from_response(answer["error"], answer.get("code"))
        if status != HTTPStatus.OK:
            raise TelldusConnectionError(f"{function}: HTTP {status}", status)
        if not isinstance(answer, Mapping):
            raise InvalidResponseError(f"{function}: no JSON object")
        if function.endswith("/list"):
            self._response_cache[function] = body, answer
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
            raise InvalidResponseError("an answer beyond all size")
    return bytes(body)
