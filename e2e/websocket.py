"""Home Assistant's websocket: commands with answers, and events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
import itertools
from typing import Any, Self

import aiohttp

from . import Json
from .polling import WaitedTooLongError


class CommandError(Exception):
    """Home Assistant rejected a command; the attributes are the fields of its error."""

    def __init__(self, command: str, error: Json) -> None:
        """Initialize the error."""
        super().__init__(f"{command}: {error}")
        self.code: str = error.get("code", "")
        self.message: str = error.get("message", "")
        self.translation_domain: str | None = error.get("translation_domain")
        self.translation_key: str | None = error.get("translation_key")
        self.placeholders: Json = error.get("translation_placeholders") or {}


class Websocket:
    """An open connection: any number of commands and subscriptions at once."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Initialize the client with an authenticated connection."""
        self._socket = socket
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._events: dict[int, asyncio.Queue[Json]] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(
        cls, session: aiohttp.ClientSession, url: str, token: str
    ) -> Self:
        """Open a connection and authenticate."""
        socket = await session.ws_connect(url, max_msg_size=0)
        await socket.receive_json(timeout=10)
        await socket.send_json({"type": "auth", "access_token": token})
        answer = await socket.receive_json(timeout=10)
        if answer["type"] != "auth_ok":
            await socket.close()
            raise CommandError("auth", answer)
        return cls(socket)

    @property
    def closed(self) -> bool:
        """Return whether either side has closed the connection."""
        return self._socket.closed or self._reader.done()

    async def close(self) -> None:
        """Close the connection; pending commands fail."""
        await self._socket.close()
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader

    async def _read(self) -> None:
        """Dispatch messages until the connection ends."""
        try:
            async for message in self._socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                content = message.json()
                # Home Assistant may put several messages into one frame.
                for one in content if isinstance(content, list) else [content]:
                    self._dispatch(one)
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("the websocket was closed"))

    def _dispatch(self, message: Json) -> None:
        """Pass a message to the command or subscription that waits for it."""
        number = message["id"]
        if message["type"] == "event":
            if queue := self._events.get(number):
                queue.put_nowait(message["event"])
        elif (answer := self._answers.pop(number, None)) and not answer.done():
            answer.set_result(message)

    async def ask(self, command: str, **fields: Any) -> Any:
        """Send a command and return its result; raise `CommandError` if it fails."""
        return await self._ask(next(self._ids), command, **fields)

    async def _ask(self, number: int, command: str, **fields: Any) -> Any:
        """Send a command with a given id."""
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        await self._socket.send_json({"id": number, "type": command, **fields})
        async with asyncio.timeout(60):
            message = await answer
        if not message.get("success", True):
            raise CommandError(command, message["error"])
        return message.get("result")

    @asynccontextmanager
    async def events(self, event_type: str) -> AsyncIterator[asyncio.Queue[Json]]:
        """Collect the events of a type in a queue while the context is open."""
        number = next(self._ids)
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._events[number] = queue
        await self._ask(number, "subscribe_events", event_type=event_type)
        try:
            yield queue
        finally:
            del self._events[number]
            if not self.closed:
                await self.ask("unsubscribe_events", subscription=number)

    async def wait_for_state(
        self, entity_id: str, wanted: Callable[[Json], bool], timeout: float
    ) -> Json:
        """Wait until an entity's state, now or after an event, is `wanted`; return it."""
        last: Json | None = None
        async with self.events("state_changed") as queue:
            for state in await self.ask("get_states"):
                if state["entity_id"] == entity_id:
                    last = state
            try:
                async with asyncio.timeout(timeout):
                    while last is None or not wanted(last):
                        change = (await queue.get())["data"]
                        if change["entity_id"] == entity_id and change["new_state"]:
                            last = change["new_state"]
            except TimeoutError as err:
                raise WaitedTooLongError(
                    f"not within {timeout:g} s: {entity_id}; it is {last}"
                ) from err
        return last
