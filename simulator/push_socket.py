"""One open socket: its account, its accepted events, its queue.

Source: docs/dev/telldus-api.md, "Push over websocket".
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import json
from typing import Any, Final

from aiohttp import WSMsgType, web

from .home import Home, PushEvent, Row
from .push_frames import frame_of, noise
from .responses import hold_response
from .settings import Settings

_SILENCE: Final = "silence"

type Frame = str | bytes
type Admit = Callable[[Socket, str, str], str]
"""Checks a session id and a gateway id; returns the text to answer."""


class Socket:
    """A websocket; nothing is sent before its session is accepted."""

    def __init__(
        self, request: web.Request, settings: Settings, opened: float, admit: Admit
    ) -> None:
        """Initialize the socket of a request."""
        self._request = request
        self._settings = settings
        self._admit = admit
        # Pings and farewells are answered below, for a silent server answers none.
        self._stream = web.WebSocketResponse(autoping=False, autoclose=False)
        self._queue: asyncio.Queue[Frame] = asyncio.Queue()
        self._numbered = 0
        self.opened = opened
        self.account = ""
        self.gateway_id = ""
        self.home: Home | None = None
        self.accepted: set[tuple[str, str]] = set()
        self.sent = 0

    def as_dict(self) -> Row:
        """Return the socket as the control API shows it."""
        return {
            "gateway": self.gateway_id,
            "account": self.account,
            "opened": self.opened,
            "accepted": sorted("/".join(pair) for pair in self.accepted),
            "told": self.sent,
        }

    async def run(self, closing: asyncio.Event) -> web.StreamResponse:
        """Serve the socket until either side ends it."""
        await self._stream.prepare(self._request)
        writer = asyncio.ensure_future(self._write())
        try:
            while await self._read(closing):
                pass
        finally:
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer
        return self._stream

    def cut(self) -> None:
        """End the connection without a word."""
        if self._request.transport is not None:
            self._request.transport.abort()

    def send(self, frame: Frame) -> None:
        """Send a frame as it is, unless the server is silent."""
        if not self._settings.push_silent:
            self._queue.put_nowait(frame)

    def send_event(self, event: PushEvent) -> None:
        """Send an event if it is of this gateway and accepted by a filter."""
        settings = self._settings
        if event.gateway_id != self.gateway_id:
            return
        frame = frame_of(event, settings)
        if frame is None or (event.module, event.action) not in self.accepted:
            return
        self._numbered += 1
        if settings.push_drop and self._numbered % settings.push_drop == 0:
            return
        before = noise(settings)
        if before is not None:
            self.send(before)
        for _ in range(2 if settings.push_duplicates else 1):
            self.send(frame)
        self.sent += 1

    async def _read(self, closing: asyncio.Event) -> bool:
        """Receive a message; returns False when the socket is closed."""
        message = await self._stream.receive()
        match message.type:
            case WSMsgType.TEXT:
                self._on_text(message.data)
            case WSMsgType.PING:
                if not self._settings.push_silent:
                    await self._stream.pong(message.data)
            case WSMsgType.PONG | WSMsgType.BINARY:
                pass
            case _:
                if self._settings.push_silent:
                    # Nor is a farewell answered: the other side has to leave.
                    await hold_response(self._request, closing, None)
                return False
        return True

    def _on_text(self, text: str) -> None:
        """Handle a frame; unknown ones are ignored."""
        match _json(text):
            case {
                "module": "auth",
                "action": "auth",
                "data": {"sessionid": session, "clientId": gateway},
            } if self.home is None:
                answer = self._admit(self, str(session), str(gateway))
                if answer != _SILENCE:
                    self.send(answer)
            case {
                "module": "filter",
                "action": "accept",
                "data": {"module": str(module), "action": str(action)},
            } if self.home is not None:
                self.accepted.add((module, action))

    async def _write(self) -> None:
        while True:
            frame = await self._queue.get()
            try:
                if isinstance(frame, bytes):
                    await self._stream.send_bytes(frame)
                else:
                    await self._stream.send_str(frame)
            except ConnectionError:
                return


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
