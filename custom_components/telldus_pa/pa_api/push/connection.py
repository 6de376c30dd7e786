"""The websocket of one gateway: opened, read, opened again.

Source: docs/dev/telldus-api.md, "Push over websocket".
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
from aiohttp import WSMsgType
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

# All in seconds. To open a connection and be authenticated ...
CONNECT_TIMEOUT: Final = 20.0
# ... of silence before a ping is sent, and to wait for anything after it.
HEARTBEAT_INTERVAL: Final = 30.0
HEARTBEAT_TIMEOUT: Final = 15.0
INITIAL_RECONNECT_DELAY: Final = 10.0
MAX_RECONNECT_DELAY: Final = 300.0
# A connection that lasted this long starts the back-off again.
RESET_BACKOFF_AFTER: Final = 180.0
OFFLINE_RETRY_DELAY: Final = 300.0
# This many new sessions in a row that the websocket does not accept are a rejection.
_MAX_BAD_SESSIONS: Final = 2

_MSG_VALID_CONNECTION: Final = "validconnection"
_MSG_NOT_HERE: Final = "nothere"
_MSG_BAD_SESSION: Final = "error"
_MESSAGES: Final = (_MSG_VALID_CONNECTION, _MSG_NOT_HERE, _MSG_BAD_SESSION)

_FILTERS: Final = {
    "device": ("added", "removed", "failSetState", "setState"),
    "sensor": ("added", "removed", "setName", "setPower", "value"),
}
_CLOSE_TYPES: Final = (
    *(WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR),
)


class PushState(StrEnum):
    """State of a gateway's connection."""

    CONNECTING = "connecting"
    LIVE = "live"
    # Telldus has no address for it: the gateway itself is offline.
    OFFLINE = "offline"
    # Not tried again for a day.
    REFUSED = "refused"


class PushListener(Protocol):
    """Receiver of messages and states. An error it raises is a bug, and ends `run`."""

    def on_message(self, gateway_id: str, event: PushMessage) -> None:
        """Handle a message of a gateway."""

    def on_state_change(self, gateway_id: str, state: PushState) -> None:
        """Handle a new state of a gateway's connection."""


class WebsocketConnection:
    """Keeps one gateway's websocket open.

    ``state`` is the one place that knows whether the gateway is live. ``refused_until`` is
    set while it is REFUSED; ``last_message_at`` is in monotonic seconds.
    """

    def __init__(
        self,
        gateway_id: str,
        session: aiohttp.ClientSession,
        client: TelldusClient,
        sessions: SessionManager,
        listener: PushListener,
        utcnow: Callable[[], datetime],
        refused_until: datetime | None,
    ) -> None:
        """Initialize the connection, closed."""
        self._gateway_id = gateway_id
        self._session = session
        self._client = client
        self._sessions = sessions
        self._listener = listener
        self._utcnow = utcnow
        self._address: ServerAddress | None = None
        # Attempts in a row that failed, and new sessions that were not accepted.
        self._failures = 0
        self._bad_sessions = 0
        self.last_message_at: float | None = None
        self.refused_until = refused_until
        self.state = PushState.REFUSED if refused_until else PushState.CONNECTING

    async def run(self) -> None:
        """Keep the websocket open, until cancelled."""
        delay = 0.0
        if self.refused_until:
            delay = (self.refused_until - self._utcnow()).total_seconds()
        try:
            while True:
                await asyncio.sleep(delay)
                if self.state is PushState.REFUSED:
                    self._set_state(PushState.CONNECTING)
                delay = await self._attempt()
        finally:
            if self.state is not PushState.REFUSED:
                self.state = PushState.CONNECTING

    async def _attempt(self) -> float:
        """Connect, for as long as that lasts; return the seconds until the next attempt."""
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
            self._set_state(PushState.CONNECTING)
            return _jittered(err.retry_after)
        except TelldusError as err:
            # Without its text, which is the server's own.
            _LOGGER.debug("Not live: %s", type(err).__name__)
            self._address = None
            return self._refuse() if is_client_error(err) else self._back_off()
        self._set_state(PushState.CONNECTING)
        status = await self._connect(url, session)
        # Too many requests are no rejection.
        if (
            is_new and 400 <= status < 500 and status != HTTPStatus.TOO_MANY_REQUESTS
        ) or self._bad_sessions >= _MAX_BAD_SESSIONS:
            return self._refuse()
        return self._back_off()

    async def _connect(self, url: URL, session: PushSession) -> int:
        """Connect until the connection ends; return the HTTP status if it was rejected."""
        message: str | None = None
        status = 0
        live_since: float | None = None
        try:
            async with (
                asyncio.timeout(CONNECT_TIMEOUT) as opening,
                self._session.ws_connect(
                    url,
                    autoping=False,
                    max_msg_size=1024 * 1024,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                ) as websocket,
            ):
                credentials = {"sessionid": session.id, "clientId": self._gateway_id}
                await _send(websocket, "auth", "auth", credentials)
                message = await _first_message(websocket)
                if message == _MSG_VALID_CONNECTION:
                    for module, actions in _FILTERS.items():
                        for action in actions:
                            accepted = {"module": module, "action": action}
                            await _send(websocket, "filter", "accept", accepted)
                    opening.reschedule(None)
                    session.accepted = True
                    self._bad_sessions = 0
                    self.last_message_at = live_since = self._client.now()
                    self._set_state(PushState.LIVE)
                    message = await self._receive(websocket)
        except aiohttp.WSServerHandshakeError as err:
            status = err.status
        except aiohttp.ClientError, TimeoutError, OSError:
            # Lost, like a connection that has become silent.
            pass
        if (
            live_since is not None
            and self._client.now() - live_since >= RESET_BACKOFF_AFTER
        ):
            self._failures = 0
        self._set_state(PushState.CONNECTING)
        if message == _MSG_BAD_SESSION:
            self._bad_sessions += not session.accepted
            self._sessions.drop(session)
        elif message == _MSG_NOT_HERE or live_since is None:
            self._address = None
        return status

    async def _receive(self, websocket: aiohttp.ClientWebSocketResponse) -> str | None:
        """Handle messages; return the one that ended it, None if the connection is lost."""
        is_pinged = False
        while True:
            try:
                message = await websocket.receive(
                    HEARTBEAT_TIMEOUT if is_pinged else HEARTBEAT_INTERVAL
                )
            except TimeoutError:
                if is_pinged:
                    return None
                await websocket.ping()
                is_pinged = True
                continue
            if message.type in _CLOSE_TYPES:
                return None
            is_pinged = False
            self.last_message_at = self._client.now()
            if message.type is WSMsgType.PING:
                await websocket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                text: str = message.data
                if (status := text.strip()) in (_MSG_NOT_HERE, _MSG_BAD_SESSION):
                    return status
                self._handle_frame(text)

    def _handle_frame(self, text: str) -> None:
        """Pass a frame on to the listener, if it can be parsed."""
        event = parse_frame(text)
        if isinstance(event, SensorValuesMessage) and event.last_updated is None:
            event = replace(event, last_updated=self._utcnow())
        if event is not None:
            self._listener.on_message(self._gateway_id, event)

    def _offline(self) -> float:
        """Become OFFLINE; return the seconds until the next attempt."""
        self._set_state(PushState.OFFLINE)
        return OFFLINE_RETRY_DELAY

    def _refuse(self) -> float:
        """Become REFUSED; return the seconds until the next attempt."""
        self._failures = self._bad_sessions = 0
        # A rejection of the session ends for all gateways at the same time.
        delay = self._sessions.refused_for or REJECTED_RETRY_DELAY.total_seconds()
        self._set_state(PushState.REFUSED, self._utcnow() + timedelta(seconds=delay))
        return delay

    def _back_off(self) -> float:
        """Count a failure; return the seconds until the next attempt."""
        self._set_state(PushState.CONNECTING)
        delay = min(INITIAL_RECONNECT_DELAY * 2**self._failures, MAX_RECONNECT_DELAY)
        self._failures = min(self._failures + 1, 10)
        return _jittered(delay)

    def _set_state(
        self, state: PushState, refused_until: datetime | None = None
    ) -> None:
        """Change the state, and notify the listener if it is another one."""
        self.refused_until = refused_until
        if state is not self.state:
            self.state = state
            _LOGGER.debug("A gateway's websocket is %s", state)
            self._listener.on_state_change(self._gateway_id, state)


def _jittered(delay: float) -> float:
    """Return a delay, up to half longer, so that homes do not reconnect all at once."""
    return delay * random.uniform(1.0, 1.5)


def socket_url(server: str, address: ServerAddress) -> URL:
    """Return the URL of a gateway's websocket. Raises InvalidResponseError."""
    host, port = address.host, address.host_port
    if URL(server).scheme == "https":
        return URL.build(scheme="wss", host=host, port=port, path="/websocket")
    port = port or address.port
    if port is None or not is_loopback(host):
        # A server on this machine must not send the session elsewhere, unencrypted.
        raise InvalidResponseError("client/serverAddress: not this machine")
    return URL.build(scheme="ws", host=host, port=port, path="/websocket")


async def _send(
    websocket: aiohttp.ClientWebSocketResponse,
    module: str,
    action: str,
    data: dict[str, str],
) -> None:
    """Send a frame."""
    await websocket.send_json({"module": module, "action": action, "data": data})


async def _first_message(websocket: aiohttp.ClientWebSocketResponse) -> str | None:
    """Return the first status message, None if the connection ends before."""
    while (message := await websocket.receive()).type not in _CLOSE_TYPES:
        if message.type is WSMsgType.PING:
            await websocket.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            text: str = message.data
            if (status := text.strip()) in _MESSAGES:
                return status
    return None
