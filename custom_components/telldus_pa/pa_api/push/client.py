"""The push channel: one websocket for each gateway, over which changes come as they happen.

No client is known to have used it with keys like these for years (docs/dev/telldus-api.md,
"Push over websocket"): it is tried, cheaply, and never needed. Every failure is a state.
"""

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

import aiohttp

from ..client import TelldusClient
from .connection import PushListener, PushState, WebsocketConnection
from .session import REJECTED_RETRY_DELAY, SessionManager

__all__ = ["PushClient", "PushListener", "PushState", "session_options"]


class PushClient:
    """The websockets of one account's gateways.

    ``session`` belongs to the caller and is made with ``session_options()``: it must
    neither send cookies nor follow redirects. ``utcnow`` is the wall clock.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        client: TelldusClient,
        listener: PushListener,
        *,
        refused_until: datetime | None = None,
        utcnow: Callable[[], datetime] | None = None,
    ) -> None:
        """Initialize the push client, for no gateway yet."""
        self._session = session
        self._client = client
        self._listener = listener
        self._utcnow = utcnow or (lambda: datetime.now(UTC))
        # A clock that was set back must not make the day a long one.
        latest = self._utcnow() + REJECTED_RETRY_DELAY
        self._refused_until = refused_until and min(refused_until, latest)
        self._sessions = SessionManager(client, self._utcnow, self._has_live_connection)
        self._connections: dict[str, WebsocketConnection] = {}
        self._changed = asyncio.Event()

    @property
    def refused_until(self) -> datetime | None:
        """Return the end of a refusal of all gateways, None if any of them is tried."""
        ends = [one.refused_until for one in self._connections.values()]
        until = min(filter(None, ends), default=self._refused_until)
        return until if None not in ends and until and until > self._utcnow() else None

    def set_gateways(self, gateway_ids: Collection[str]) -> None:
        """Connect to each of these gateways, and to no other."""
        self._refused_until = self.refused_until
        self._connections = {
            gateway_id: self._connections.get(gateway_id)
            or WebsocketConnection(
                gateway_id,
                self._session,
                self._client,
                self._sessions,
                self._listener,
                self._utcnow,
                self._refused_until,
            )
            for gateway_id in gateway_ids
        }
        self._changed.set()

    def state_of(self, gateway_id: str) -> PushState:
        """Return the state of a gateway's connection."""
        connection = self._connections.get(gateway_id)
        return connection.state if connection else PushState.CONNECTING

    def last_message_at(self, gateway_id: str) -> float | None:
        """Return the time of a gateway's last sign of life, in monotonic seconds.

        Since its connection became live, no change before that time can have been missed.
        """
        connection = self._connections.get(gateway_id)
        return connection.last_message_at if connection else None

    async def run(self) -> None:
        """Keep the websockets open, until cancelled."""
        tasks: dict[WebsocketConnection, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sessions.run())
            while True:
                connections = set(self._connections.values())
                for connection in tasks.keys() - connections:
                    tasks.pop(connection).cancel()
                for connection in connections - tasks.keys():
                    tasks[connection] = group.create_task(connection.run())
                await self._changed.wait()
                self._changed.clear()

    def _has_live_connection(self) -> bool:
        """Return whether any gateway is live: then its session is worth renewing."""
        states = (one.state for one in self._connections.values())
        return PushState.LIVE in states


def session_options() -> dict[str, Any]:
    """Return the arguments of the ``aiohttp.ClientSession`` that a push client needs."""
    return {
        "cookie_jar": aiohttp.DummyCookieJar(),
        "middlewares": (_reject_redirects,),
        "timeout": aiohttp.ClientTimeout(total=None),
    }


async def _reject_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send a request, and treat a redirect as a failure: the session id must not follow."""
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise aiohttp.ClientError("a redirect")
    return response
