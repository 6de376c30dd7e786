"""The push channel: a socket for each gateway, over which changes come as they happen.

Nobody is known to have used it with keys like ours for years (docs/telldus-api.md, "Push
over websocket"): it is tried, cheaply, and never needed. Whatever goes wrong is a state.
"""

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime

import aiohttp

from ..client import TelldusClient
from .connection import PushListener, PushState, WebsocketConnection
from .session import REJECTED_RETRY_DELAY, SessionManager

__all__ = ["PushClient", "PushListener", "PushState"]


class PushClient:
    """The sockets of one account's gateways."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        client: TelldusClient,
        listener: PushListener,
        *,
        refused_until: datetime | None = None,
        utcnow: Callable[[], datetime] | None = None,
    ) -> None:
        """Use a session that the caller owns."""
        self._session = session
        self._client = client
        self._listener = listener
        self._utcnow = utcnow or (lambda: datetime.now(UTC))
        # A clock that was set back must not make the day a long one.
        now = self._utcnow()
        self._refused_until = None
        if refused_until and refused_until > now:
            self._refused_until = min(refused_until, now + REJECTED_RETRY_DELAY)
        self._sessions = SessionManager(client, self._utcnow, self._is_live)
        self._links: dict[str, WebsocketConnection] = {}
        self._changed = asyncio.Event()

    @property
    def refused_until(self) -> datetime | None:
        """Return until when no gateway is tried at all, None if one is."""
        if not self._links:
            return self._refused_until
        refused = [link.refused_until for link in self._links.values()]
        return None if None in refused else min(filter(None, refused))

    def set_gateways(self, gateway_ids: Collection[str]) -> None:
        """Have a socket for each of these gateways, and for no other."""
        until = self.refused_until
        self._refused_until = until if until and until > self._utcnow() else None
        kept = {id_: link for id_, link in self._links.items() if id_ in gateway_ids}
        for gateway_id in gateway_ids:
            if gateway_id not in kept:
                kept[gateway_id] = WebsocketConnection(
                    gateway_id,
                    self._client,
                    self._sessions,
                    self._listener,
                    self._utcnow,
                    self._refused_until,
                )
        self._links = kept
        self._changed.set()

    def state_of(self, gateway_id: str) -> PushState:
        """Return how things stand with a gateway."""
        link = self._links.get(gateway_id)
        return link.state if link else PushState.CONNECTING

    def last_message_at(self, gateway_id: str) -> float | None:
        """Return when a gateway's socket last gave a sign of life, by the rate limiter's clock.

        Up to then nothing can have been missed since it became live.
        """
        link = self._links.get(gateway_id)
        return link.last_message_at if link else None

    async def run(self) -> None:
        """Keep the sockets open, until cancelled."""
        tasks: dict[WebsocketConnection, asyncio.Task[None]] = {}
        # A session of its own, for it must neither send cookies nor follow redirects.
        async with (
            aiohttp.ClientSession(
                connector=self._session.connector,
                connector_owner=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(_follow_nothing,),
                timeout=aiohttp.ClientTimeout(total=None),
            ) as sockets,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._sessions.keep())
            while True:
                links = set(self._links.values())
                for link in tasks.keys() - links:
                    tasks.pop(link).cancel()
                for link in links - tasks.keys():
                    tasks[link] = group.create_task(link.run(sockets))
                await self._changed.wait()
                self._changed.clear()

    def _is_live(self) -> bool:
        """Return whether any socket is open."""
        return any(link.state is PushState.LIVE for link in self._links.values())


async def _follow_nothing(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send a request, and take a redirect for a failure."""
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise aiohttp.ClientError("a redirect")
    return response
