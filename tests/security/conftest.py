"""Strangers: requests that no client would send, and servers of somebody else."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
import ssl
from typing import Any

import pytest
from yarl import URL

from custom_components.telldus_pa.sign_in.callback_view import (
    TelldusAuthCallbackView,
    async_get_view,
)
from homeassistant.core import HomeAssistant
from simulator import Simulator
from tests.flow_user import FlowUser, Step, keys


async def at_telldus(flow_user: FlowUser, server_url: str) -> Step:
    """Go as far as the external step."""
    await flow_user.begin()
    await flow_user.submit(keys(server_url))
    step = await flow_user.choose("authorize")
    assert step["type"] == "external"
    return step


async def go_on(flow_user: FlowUser) -> Step:
    """Look at the dialog until it is no longer between two steps."""
    step = await flow_user.look()
    return await flow_user.submit() if step["type"] == "external_done" else step


def view_of(hass: HomeAssistant) -> TelldusAuthCallbackView:
    """Return the view that Telldus sends browsers to."""
    return async_get_view(hass)


def awaited(hass: HomeAssistant) -> list[str]:
    """Return the states of the browsers that are awaited."""
    return list(view_of(hass)._pending)  # noqa: SLF001


def asked(simulator: Simulator) -> list[str]:
    """Return what Telldus was asked."""
    return [request.path for request in simulator.log]


@pytest.fixture
def woken(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of the flows that somebody went on with, kept up to date."""
    flows = hass.config_entries.flow
    configure = flows.async_configure
    woken: list[str] = []

    async def note(flow_id: str, user_input: Any = None) -> Any:
        woken.append(flow_id)
        return await configure(flow_id, user_input)

    monkeypatch.setattr(flows, "async_configure", note)
    return woken


type Answer = Callable[[bytes], bytes]


@dataclass
class Impostor:
    """A server that answers as a test likes, and keeps what it is sent."""

    url: str = ""
    heads: list[bytes] = field(default_factory=list)
    answer: Answer = lambda _: http(b"")

    async def handle(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            writer.write(self.answer(head))
            await writer.drain()
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    @property
    def port(self) -> int:
        """Return where it listens."""
        port = URL(self.url).port
        assert port is not None
        return port


type NewImpostor = Callable[..., Awaitable[Impostor]]


@pytest.fixture
async def new_impostor(socket_enabled: None) -> AsyncGenerator[NewImpostor]:
    """Return a function that starts a server of somebody else."""
    servers = []

    async def start(
        answer: Answer | None = None, tls: ssl.SSLContext | None = None
    ) -> Impostor:
        impostor = Impostor()
        if answer:
            impostor.answer = answer
        server = await asyncio.start_server(
            impostor.handle, "127.0.0.1", 0, ssl=tls, limit=1 << 20
        )
        servers.append(server)
        scheme = "https" if tls else "http"
        impostor.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return impostor

    yield start
    for server in servers:
        server.close()
        # Whoever was not listened to the end
        server.abort_clients()
        await server.wait_closed()


def http(body: bytes, status: str = "200 OK", *headers: bytes) -> bytes:
    """Return an answer."""
    lines = [
        f"HTTP/1.1 {status}".encode(),
        b"Content-Length: %d" % len(body),
        b"Connection: close",
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
