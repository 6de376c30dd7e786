"""The functions of the PA API, a method for each that is used.

Source: docs/dev/telldus-api.md, "Functions".
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
import logging
import math

import aiohttp

from .auth import Credentials
from .command import Command
from .exceptions import InvalidResponseError, error_from_response
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
from .parsing import Json, RowParser, to_time
from .rate_limiter import Priority, RateLimiter
from .transport import Transport

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ListResponse[T]:
    """A list, and when it was requested, in monotonic seconds: later changes may be missing."""

    rows: tuple[T, ...]
    requested_at: float


class TelldusClient:
    """The requests of one account to one server.

    Each method raises TelldusError: AuthenticationError, RateLimitError (among them
    RequestDeferredError), ApiError (among them GatewayOfflineError),
    TelldusConnectionError or InvalidResponseError. Wall-clock times are UTC.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        server: str,
        credentials: Credentials,
        rate_limiter: RateLimiter,
        utcnow: Callable[[], datetime] | None = None,
    ) -> None:
        """Initialize the client; the caller owns ``session``, ``utcnow`` is the wall clock."""
        self._transport = Transport(session, server, credentials, rate_limiter, utcnow)
        self._rate_limiter = rate_limiter
        self._logged_rows: set[str] = set()
        # The lists that are polled
        self._device_rows = RowParser(Device.from_dict)
        self._sensor_rows = RowParser(Sensor.from_dict)
        # The last rows of each list function, unparsed: private, house codes included.
        self.last_raw: dict[str, object] = {}

    @property
    def server(self) -> str:
        """Return the origin of the server."""
        return self._transport.server

    def now(self) -> float:
        """Return the time in monotonic seconds, by the rate limiter's clock."""
        return self._rate_limiter.now()

    async def devices(
        self, *, priority: Priority = Priority.POLL, timeout: float | None = None
    ) -> ListResponse[Device]:
        """Return all devices of all gateways, the ignored ones included."""
        return await self._devices(self._device_rows, priority, timeout)

    async def devices_with_parameters(
        self, *, timeout: float | None = None
    ) -> tuple[DeviceWithParameters, ...]:
        """Return all devices with their parameters, house codes included: keep it private."""
        parser = RowParser(DeviceWithParameters.from_dict)
        return (await self._devices(parser, Priority.BACKGROUND, timeout)).rows

    async def device_info(
        self, device_id: str, *, timeout: float | None = None
    ) -> DeviceProtocol:
        """Return the protocol of a device, which no list has."""
        query = {"id": device_id, "supportedMethods": str(SUPPORTED_METHODS)}
        response, _ = await self._call(
            "device/info", query, Priority.BACKGROUND, timeout
        )
        return DeviceProtocol.from_dict(response)

    async def gateways(
        self, *, priority: Priority = Priority.POLL, timeout: float | None = None
    ) -> ListResponse[Gateway]:
        """Return all gateways, those shared with this account included."""
        parser = RowParser(Gateway.from_dict)
        return await self._list("clients/list", {}, "client", parser, priority, timeout)

    async def sensors(self, *, timeout: float | None = None) -> ListResponse[Sensor]:
        """Return all sensors of all gateways with their values, the ignored ones included."""
        names = ("includeIgnored", "includeValues", "includeScale", "includeUnit")
        query = dict.fromkeys(names, "1")
        return await self._list(
            "sensors/list", query, "sensor", self._sensor_rows, Priority.POLL, timeout
        )

    async def rooms(
        self,
        function: str = "rooms/list",
        *,
        priority: Priority = Priority.BACKGROUND,
    ) -> ListResponse[Room]:
        """Return all rooms. The function's name is known from one client: expect errors."""
        parser = RowParser(Room.from_dict)
        return await self._list(function, {}, "room", parser, priority, None)

    async def device_history(
        self,
        device_id: str,
        since: datetime,
        until: datetime | None = None,
        *,
        priority: Priority = Priority.BACKGROUND,
        timeout: float | None = None,
    ) -> tuple[HistoryEntry, ...]:
        """Return the history of a device between two times, oldest first.

        All times are by this clock, whatever Telldus' own says. 5000 rows at most.
        """
        parser = RowParser(HistoryEntry.from_dict)
        query = {"id": device_id}
        return await self._history(
            "device/history", query, parser, since, until, priority, timeout
        )

    async def sensor_history(
        self,
        sensor_id: str,
        since: datetime,
        until: datetime,
        *,
        priority: Priority = Priority.BACKGROUND,
        timeout: float | None = None,
    ) -> tuple[SensorHistoryEntry, ...]:
        """Return the history of a sensor between two times, oldest first.

        All times are by this clock, whatever Telldus' own says. Empty for a sensor without
        `keep_history`. The maximum of rows, and which are cut off, is not known.
        """
        parser = RowParser(SensorHistoryEntry.from_dict)
        query = {"id": sensor_id, "includeUnit": "1"}
        return await self._history(
            "sensor/history", query, parser, since, until, priority, timeout
        )

    async def profile(
        self, *, priority: Priority = Priority.SIGN_IN, timeout: float | None = None
    ) -> Profile:
        """Return the profile of the account."""
        response, _ = await self._call("user/profile", {}, priority, timeout)
        try:
            return Profile.from_dict(response)
        except ValueError as err:
            raise InvalidResponseError(f"user/profile: {err}") from None

    async def command(self, get_command: Callable[[], Command]) -> None:
        """Send a command. Telldus has accepted it when this returns, not executed it.

        ``get_command`` is called at the last moment, when the rate limiter lets it pass.
        """
        async with self._rate_limiter.acquire(Priority.COMMAND):
            command = get_command()
            response = await self._transport.get(command.function, command.parameters)
        _require_success(response)

    async def authenticate_session(self, session_id: str) -> datetime | None:
        """Create or renew a session for websockets; return its end, if Telldus reports it."""
        response, _ = await self._call(
            "user/authenticateSession", {"session": session_id}, Priority.PUSH, None
        )
        _require_success(response)
        return to_time(response.get("ttl"))

    async def server_address(self, gateway_id: str) -> ServerAddress | None:
        """Return the address of a gateway's websocket, None while the gateway is offline."""
        function = "client/serverAddress"
        query = {"id": gateway_id}
        response, _ = await self._call(function, query, Priority.PUSH, None)
        try:
            return ServerAddress.from_dict(response)
        except ValueError as err:
            raise InvalidResponseError(f"{function}: {err}") from None

    async def _devices[T](
        self, parser: RowParser[T], priority: Priority, timeout: float | None
    ) -> ListResponse[T]:
        """Request all devices, with every extra that is used."""
        query = {
            "supportedMethods": str(SUPPORTED_METHODS),
            "includeIgnored": "1",
            "extras": "devicetype,transport,room,parameters",
        }
        return await self._list(
            "devices/list", query, "device", parser, priority, timeout
        )

    async def _history[T: (HistoryEntry, SensorHistoryEntry)](
        self,
        function: str,
        query: dict[str, str],
        parser: RowParser[T],
        since: datetime,
        until: datetime | None,
        priority: Priority,
        timeout: float | None,
    ) -> tuple[T, ...]:
        """Request a history, whose times are by Telldus' clock."""
        offset = self._transport.clock_offset
        query["from"] = str(int((since + offset).timestamp()))
        if until is not None:
            query["to"] = str(math.ceil((until + offset).timestamp()))
        response = await self._list(
            function, query, "history", parser, priority, timeout
        )
        entries = [replace(entry, when=entry.when - offset) for entry in response.rows]
        return tuple(sorted(entries, key=lambda entry: entry.when))

    async def _list[T](
        self,
        function: str,
        parameters: dict[str, str],
        key: str,
        parser: RowParser[T],
        priority: Priority,
        timeout: float | None,
    ) -> ListResponse[T]:
        """Call a function that responds with a list.

        Lists are wrapped in the singular; the vendor's guide shows the plural.
        """
        response, requested_at = await self._call(
            function, parameters, priority, timeout
        )
        key = key if key in response else f"{key}s"
        raw = response.get(key)
        if raw is None and (key in response or not response):
            # So may an empty list come, and as an empty object.
            raw = []
        if function.endswith("/list"):
            self.last_raw[function] = raw
        # A large home's list takes long at each stage: let other tasks run in between.
        await asyncio.sleep(0)
        try:
            rows, complaints = parser.parse(raw)
        except ValueError as err:
            raise InvalidResponseError(f"{function}: {err}") from None
        for complaint in complaints:
            # Once: a bad row stays bad, and would be logged at each poll.
            if (line := f"{function}, {complaint}") not in self._logged_rows:
                self._logged_rows.add(line)
                _LOGGER.warning("Left out what cannot be understood: %s", line)
        await asyncio.sleep(0)
        return ListResponse(rows, requested_at)

    async def _call(
        self,
        function: str,
        parameters: dict[str, str],
        priority: Priority,
        timeout: float | None,
    ) -> tuple[Json, float]:
        """Call a function when the limit allows; return its response and when it was requested."""
        async with self._rate_limiter.acquire(priority, timeout=timeout):
            requested_at = self._rate_limiter.now()
            return await self._transport.get(function, parameters), requested_at


def _require_success(response: Json) -> None:
    """Check the ``status`` of a response. Raises ApiError or AuthenticationError."""
    if (status := response.get("status")) != "success":
        # It comes without the code that an ``error`` has.
        raise error_from_response(status, None)
