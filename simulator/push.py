"""The push channel: sessions, addresses, open sockets, and their events.

A timer runs only while a socket is open, until something is next due. command_effects.py
adds events; items that are added, removed or renamed are found by comparing inventories,
so that any change of a home is found.
Source: docs/dev/telldus-api.md, "Push over websocket".
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from .command_effects import advance, next_due
from .home import Home, PushEvent, Row
from .push_socket import Frame, Socket
from .responses import hold_response
from .settings import Settings

_VALID, _ERROR, _ELSEWHERE = "validconnection", "error", "nothere"
# A clock that stands still must not make the timer spin.
_SHORTEST: Final = 0.05


@dataclass(frozen=True, slots=True)
class Session:
    """A session's account, and until when it opens sockets (unix seconds)."""

    account: str
    ttl: int


@dataclass(frozen=True, slots=True)
class _Inventory:
    """A home's devices and sensors: gateway and number, gateway and name."""

    devices: dict[str, tuple[str, str]]
    sensors: dict[str, tuple[str, str | None]]


class Push:
    """All sessions and sockets of one simulator."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float],
        home_of: Callable[[str], Home],
    ) -> None:
        """Initialize the channel; `home_of` returns the home that an account sees."""
        self._settings = settings
        self._clock = clock
        self._home_of = home_of
        self._sessions: dict[str, Session] = {}
        self._sockets: list[Socket] = []
        self._inventories: dict[int, _Inventory] = {}
        self._timer: asyncio.TimerHandle | None = None

    def authenticate(self, session: str, account: str, now: float) -> int:
        """Add a session; returns its end in unix seconds."""
        ttl = int(now) + self._settings.push_session_seconds
        self._sessions[session] = Session(account, ttl)
        return ttl

    def forget_sessions(self) -> None:
        """End all sessions; open sockets stay open."""
        self._sessions.clear()

    def sockets(self, gateway_id: str | None = None) -> list[Socket]:
        """Return the authenticated sockets of one gateway or all."""
        return [
            socket
            for socket in self._sockets
            if socket.home is not None and gateway_id in (None, socket.gateway_id)
        ]

    def as_dict(self) -> Row:
        """Return the control API's view."""
        return {
            "push": self._settings.push,
            "sessions": len(self._sessions),
            "connections": len(self._sockets),
            "waiting": self._timer is not None,
            "sockets": [socket.as_dict() for socket in self.sockets()],
        }

    async def serve(
        self, request: web.Request, closing: asyncio.Event
    ) -> web.StreamResponse:
        """Answer GET /websocket."""
        settings = self._settings
        status = int(settings.push_handshake) if settings.push else 404
        if settings.push_accept_delay:
            await hold_response(request, closing, settings.push_accept_delay)
        if status != 101:
            return web.Response(status=status, text="", content_type="text/html")
        socket = Socket(request, settings, self._clock(), self._admit)
        self._sockets.append(socket)
        try:
            return await socket.run(closing)
        finally:
            self._sockets.remove(socket)
            self._release(socket.home)

    def cut(self, gateway_id: str | None = None) -> int:
        """Cut the connections of one gateway or all; returns how many there were."""
        cut = self._sockets if gateway_id is None else self.sockets(gateway_id)
        for socket in cut:
            socket.cut()
        return len(cut)

    def send(self, frame: Frame, gateway_id: str | None = None) -> int:
        """Send any frame to the sockets of one gateway or all; returns to how many."""
        sockets = self.sockets(gateway_id)
        for socket in sockets:
            socket.send(frame)
        return len(sockets)

    def flush(self) -> None:
        """Send all events up to now, and set the timer."""
        if not self._settings.push:
            self.cut()
        listening = self.sockets()
        now = self._clock()
        for home in {id(s.home): s.home for s in listening if s.home}.values():
            advance(home, self._settings, now)
            for event in self._take_events(home):
                for socket in listening:
                    if socket.home is home:
                        socket.send_event(event)
        self._schedule(now)

    def _admit(self, socket: Socket, session_id: str, gateway_id: str) -> str:
        """Answer an auth frame, and subscribe the socket if it is valid."""
        session = self._sessions.get(session_id)
        if session is None or session.ttl <= self._clock():
            return _ERROR
        home = self._home_of(session.account)
        if gateway_id not in home.gateways:
            return _ERROR
        if self._settings.push_welcome != "valid":
            return self._settings.push_welcome
        if not home.is_online(gateway_id):
            return _ELSEWHERE
        self.flush()  # earlier events are for the earlier sockets
        if home.push_events is None:
            home.push_events = []
            self._inventories[id(home)] = _inventory(home)
        socket.account, socket.gateway_id = session.account, gateway_id
        socket.home = home
        self._schedule(self._clock())
        return _VALID

    def _take_events(self, home: Home) -> list[PushEvent]:
        """Return the unsent events, and clear them."""
        events = [*(home.push_events or ()), *self._changes(home)]
        home.push_events = []
        return events

    def _changes(self, home: Home) -> list[PushEvent]:
        """Return events for items added, removed or renamed since the last call."""
        before, after = self._inventories[id(home)], _inventory(home)
        self._inventories[id(home)] = after
        events: list[PushEvent] = []
        for device, (gateway, number) in after.devices.items() - before.devices.items():
            data: Row = {"id": device, "clientDeviceId": number}
            events.append(PushEvent(gateway, "device", "added", data))
        for device, (gateway, _) in before.devices.items() - after.devices.items():
            events.append(PushEvent(gateway, "device", "removed", {"id": device}))
        for sensor, (gateway, name) in after.sensors.items():
            if sensor not in before.sensors:
                events.append(PushEvent(gateway, "sensor", "added", {"id": sensor}))
            elif before.sensors[sensor][1] != name:
                data = {"id": sensor, "name": name}
                events.append(PushEvent(gateway, "sensor", "setName", data))
        for sensor in before.sensors.keys() - after.sensors.keys():
            gateway = before.sensors[sensor][0]
            events.append(PushEvent(gateway, "sensor", "removed", {"id": sensor}))
        # Sets have no order, tests want one.
        return sorted(events, key=lambda n: (n.module, n.action, n.data["id"]))

    def _schedule(self, now: float) -> None:
        """Set the timer to the next time at which something is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        homes = {id(s.home): s.home for s in self.sockets() if s.home}.values()
        times = (next_due(home, self._settings, now) for home in homes)
        due = min((time for time in times if time is not None), default=None)
        if due is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(due - now, _SHORTEST), self.flush)

    def _release(self, home: Home | None) -> None:
        """Stop collecting a home's events after its last socket."""
        if home is not None and all(s.home is not home for s in self._sockets):
            home.push_events = None
            del self._inventories[id(home)]
        self._schedule(self._clock())


def _inventory(home: Home) -> _Inventory:
    return _Inventory(
        {d.id: (d.gateway_id, d.client_device_id) for d in home.devices.values()},
        {s.id: (s.gateway_id, s.name) for s in home.sensors.values()},
    )
