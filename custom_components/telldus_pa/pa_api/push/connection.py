"""The socket of one gateway: opened, listened to, opened again.

Source: docs/telldus-api.md, "Push over websocket".
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
import logging
import random
from typing import Final, Protocol

import aiohttp
from yarl import URL

from ..client import TelldusClient
from ..exceptions import (
    GatewayOfflineError,
    InvalidResponseError,
    RateLimitError,
    TelldusError,
    is_client_error,
)
from ..models import ServerAddress
from ..server_url import is_loopback
from .messages import PushMessage, SensorValuesMessage, parse_frame
from .session import REJECTED_RETRY_DELAY, PushSession, SessionManager

_LOGGER = logging.getLogger(__name__)

# In seconds. To open a connection and be welcomed ...
CONNECT_TIMEOUT: Final = 20.0
# ... of silence before we ask whether anybody is there, and to wait for a sign of life.
HEARTBEAT_INTERVAL: Final = 30.0
HEARTBEAT_TIMEOUT: Final = 15.0
INITIAL_RECONNECT_DELAY: Final = 10.0
MAX_RECONNECT_DELAY: Final = 300.0
# Who was connected for this long begins with the shortest wait again.
RESET_BACKOFF_AFTER: Final = 180.0
OFFLINE_RETRY_DELAY: Final = 300.0
# This many new sessions in a row that the socket does not accept are a refusal.
_MOST_BAD_SESSIONS: Final = 2

_MSG_VALID_CONNECTION: Final = "validconnection"
_NOT_HERE: Final = "nothere"
_BAD_SESSION: Final = "error"
_WORDS: Final = (_MSG_VALID_CONNECTION, _NOT_HERE, _BAD_SESSION)

_FILTERS: Final = (
    *(
        ("device", action)
        for action in ("added", "removed", "failSetState", "setState")
    ),
    *(("sensor", action) for action in ("added", "removed", "setName", "setPower")),
    ("sensor", "value"),
)

_CLOSE_TYPES: Final = (
    aiohttp.WSMsgType.CLOSE,
    aiohttp.WSMsgType.CLOSING,
    aiohttp.WSMsgType.CLOSED,
    aiohttp.WSMsgType.ERROR,
)


class PushState(StrEnum):
    """How things stand with a gateway's socket."""

    CONNECTING = "connecting"
    LIVE = "live"
    # Telldus has no address for it: the gateway itself is offline.
    OFFLINE = "offline"
    # Given up for a day.
    REFUSED = "refused"


class PushListener(Protocol):
    """Who is told. What it raises is a bug of its own, and ends everything."""

    def on_message(self, gateway_id: str, event: PushMessage) -> None:
        """Take note of what happened at a gateway."""

    def on_state_change(self, gateway_id: str) -> None:
        """Take note that the state of a gateway's socket is another now."""


class WebsocketConnection:
    """Keeps one gateway's socket open. ``last_heard`` is by the rate limiter's clock."""

    def __init__(
        self,
        gateway_id: str,
        client: TelldusClient,
        sessions: SessionManager,
        listener: PushListener,
        utcnow: Callable[[], datetime],
        refused_until: datetime | None,
    ) -> None:
        """Begin with nothing known."""
        self._gateway_id = gateway_id
        self._client = client
        self._sessions = sessions
        self._listener = listener
        self._utcnow = utcnow
        self._address: ServerAddress | None = None
        # Attempts in a row that came to nothing, and new sessions that were not accepted.
        self._failures = 0
        self._bad_sessions = 0
        self._live_since: float | None = None
        self.last_message_at: float | None = None
        self.refused_until = refused_until
        self.state = PushState.REFUSED if refused_until else PushState.CONNECTING

    async def run(self, sockets: aiohttp.ClientSession) -> None:
        """Keep the socket open until cancelled."""
        try:
            if self.refused_until:
                left = self.refused_until - self._utcnow()
                await asyncio.sleep(left.total_seconds())
                self._end_refusal()
            while True:
                await asyncio.sleep(await self._attempt(sockets))
                if self.refused_until:
                    self._end_refusal()
        finally:
            if not self.refused_until:
                self.state = PushState.CONNECTING

    async def _attempt(self, sockets: aiohttp.ClientSession) -> float:
        """Be connected for as long as that lasts; return when to try again, in seconds."""
        try:
            session = await self._sessions.get()
            is_new = self._address is None
            if self._address is None:
                self._address = await self._client.server_address(self._gateway_id)
            if self._address is None:
                return self._offline()
            url = socket_url(self._client.server, self._address)
        except GatewayOfflineError:
            return self._offline()
        except RateLimitError as err:
            self._show(PushState.CONNECTING)
            return _jittered(err.retry_after)
        except TelldusError as err:
            # Not its text, which is the server's own.
            _LOGGER.debug("Not live: %s", type(err).__name__)
            self._address = None
            return self._refused() if is_client_error(err) else self._wait()
        self._show(PushState.CONNECTING)
        status = await self._connect(sockets, url, session)
        # Too many requests is no refusal.
        if (
            is_new and 400 <= status < 500 and status != HTTPStatus.TOO_MANY_REQUESTS
        ) or self._bad_sessions >= _MOST_BAD_SESSIONS:
            return self._refused()
        return self._wait()

    async def _connect(
        self, sockets: aiohttp.ClientSession, url: URL, session: PushSession
    ) -> int:
        """Be connected until the connection ends; return the status of one refused."""
        word: str | None = None
        status = 0
        try:
            async with (
                asyncio.timeout(CONNECT_TIMEOUT) as opening,
                sockets.ws_connect(
                    url,
                    autoping=False,
                    max_msg_size=1024 * 1024,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                ) as socket,
            ):
                await _send(
                    *(socket, "auth", "auth"),
                    {"sessionid": session.id, "clientId": self._gateway_id},
                )
                word = await _word(socket)
                if word == _MSG_VALID_CONNECTION:
                    for module, action in _FILTERS:
                        wanted = {"module": module, "action": action}
                        await _send(socket, "filter", "accept", wanted)
                    opening.reschedule(None)
                    session.accepted = True
                    self._live()
                    word = await self._listen(socket)
        except aiohttp.WSServerHandshakeError as err:
            status = err.status
        except aiohttp.ClientError, TimeoutError, OSError:
            # Lost, which is what the silence says as well.
            pass
        was_live, self._live_since = self._live_since, None
        if (
            was_live is not None
            and self._client.now() - was_live >= RESET_BACKOFF_AFTER
        ):
            self._failures = 0
        self._show(PushState.CONNECTING)
        if word == _BAD_SESSION:
            self._bad_sessions += not session.accepted
            self._sessions.drop(session)
        elif word == _NOT_HERE or was_live is None:
            self._address = None
        return status

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> str | None:
        """Tell what comes; return the word that ended it, None if the connection is lost."""
        asked = False
        while True:
            try:
                message = await socket.receive(
                    HEARTBEAT_TIMEOUT if asked else HEARTBEAT_INTERVAL
                )
            except TimeoutError:
                if asked:
                    return None
                await socket.ping()
                asked = True
                continue
            if message.type in _CLOSE_TYPES:
                return None
            asked = False
            self.last_message_at = self._client.now()
            if message.type is aiohttp.WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type is aiohttp.WSMsgType.TEXT:
                text: str = message.data
                if (word := text.strip()) in (_NOT_HERE, _BAD_SESSION):
                    return word
                self._tell(text)

    def _tell(self, text: str) -> None:
        """Tell the listener what a frame says."""
        event = parse_frame(text)
        if isinstance(event, SensorValuesMessage) and event.last_updated is None:
            event = replace(event, last_updated=self._utcnow())
        if event is not None:
            self._listener.on_message(self._gateway_id, event)

    def _live(self) -> None:
        """Note that from now on nothing is missed."""
        self._bad_sessions = 0
        self.last_message_at = self._live_since = self._client.now()
        self._show(PushState.LIVE)

    def _offline(self) -> float:
        """Note that the gateway is offline; return when to ask again."""
        self._show(PushState.OFFLINE)
        return OFFLINE_RETRY_DELAY

    def _refused(self) -> float:
        """Give up; return when to try again."""
        self._failures = self._bad_sessions = 0
        # What all gateways were refused together ends for all together.
        wait = self._sessions.refused_for or REJECTED_RETRY_DELAY.total_seconds()
        self.refused_until = self._utcnow() + timedelta(seconds=wait)
        self._show(PushState.REFUSED)
        return wait

    def _end_refusal(self) -> None:
        """Begin anew."""
        self.refused_until = None
        self._show(PushState.CONNECTING)

    def _wait(self) -> float:
        """Return when to try again after a failure."""
        self._show(PushState.CONNECTING)
        wait = min(INITIAL_RECONNECT_DELAY * 2**self._failures, MAX_RECONNECT_DELAY)
        self._failures = min(self._failures + 1, 10)
        return _jittered(wait)

    def _show(self, state: PushState) -> None:
        """Tell the listener if the state is another now."""
        if state is not self.state:
            self.state = state
            _LOGGER.debug("A gateway's socket is %s", state)
            self._listener.on_state_change(self._gateway_id)


def _jittered(wait: float) -> float:
    """Return a wait or a longer one, lest every home comes back in the same second."""
    return wait * random.uniform(1.0, 1.5)


def socket_url(server: str, address: ServerAddress) -> URL:
    """Return where to connect to. Raises Unintelligible."""
    host, port = address.host, address.host_port
    if URL(server).scheme == "https":
        return URL.build(scheme="wss", host=host, port=port, path="/websocket")
    port = port or address.port
    if port is None or not is_loopback(host):
        # A server on this machine has nothing to send us elsewhere, unencrypted.
        raise InvalidResponseError("client/serverAddress: not this machine")
    return URL.build(scheme="ws", host=host, port=port, path="/websocket")


async def _send(
    socket: aiohttp.ClientWebSocketResponse,
    module: str,
    action: str,
    data: dict[str, str],
) -> None:
    """Send a frame."""
    await socket.send_json({"module": module, "action": action, "data": data})


async def _word(socket: aiohttp.ClientWebSocketResponse) -> str | None:
    """Return the first of Telldus' own words, None if the connection ends before."""
    while (message := await socket.receive()).type not in _CLOSE_TYPES:
        if message.type is aiohttp.WSMsgType.PING:
            await socket.pong(message.data)
        elif message.type is aiohttp.WSMsgType.TEXT:
            text: str = message.data
            if (word := text.strip()) in _WORDS:
                return word
    return None
