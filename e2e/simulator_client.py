"""A client for the simulator's control API."""

from typing import Any, Self

import aiohttp

from . import Json


class SimulatorClient:
    """The client's session."""

    def __init__(self, url: str) -> None:
        """Initialize the session; nothing is sent yet."""
        self.url = url
        self._session = aiohttp.ClientSession(
            url, timeout=aiohttp.ClientTimeout(total=30)
        )

    async def __aenter__(self) -> Self:
        """Enter the session."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await self._session.close()

    async def answers(self) -> bool:
        """Return whether the simulator responds."""
        try:
            async with self._session.get("/") as response:
                return response.ok
        except aiohttp.ClientError, TimeoutError:
            return False

    async def _get(self, path: str) -> Any:
        """GET a path."""
        async with self._session.get(path, raise_for_status=True) as response:
            return await response.json()

    async def _post(self, path: str, body: Json) -> None:
        """POST a JSON body."""
        async with self._session.post(path, json=body, raise_for_status=True):
            pass

    async def state(self) -> Json:
        """Return the home, and the number of access tokens."""
        answer: Json = await self._get("/control/state")
        return answer

    async def requests(self) -> list[Json]:
        """Return the logged requests, oldest first."""
        answer = await self._get("/control/log")
        requests: list[Json] = answer["log"]
        return requests

    async def press(self, device: str, method: str, level: int | None = None) -> None:
        """Press a button on the wall, or open a door."""
        body: Json = {"device": device, "method": method}
        if level is not None:
            body["level"] = level
        await self._post("/control/press", body)

    async def measure(
        self, sensor: str, name: str, scale: str, value: float | str
    ) -> None:
        """Set a sensor's value; it no longer drifts."""
        body = {"sensor": sensor, "name": name, "scale": scale, "value": value}
        await self._post("/control/sensor", body)

    async def set_online(self, gateway: str, online: bool) -> None:
        """Take a gateway offline, or bring it back."""
        await self._post("/control/gateway", {"gateway": gateway, "online": online})

    async def settings(self, **changes: Any) -> None:
        """Change settings of the simulator."""
        await self._post("/control/settings", changes)

    async def tell_rooms(self) -> None:
        """Have rooms from now on, but for the first request.

        Rooms that are known before entities are added become part of the entity ids.
        """
        await self.settings(rooms=True)
        await self._post(
            "/control/faults",
            {"fault": "bad_gateway", "match": "json/rooms/list", "times": 1},
        )

    async def revoke(self) -> None:
        """Revoke all access tokens."""
        await self._post("/control/revoke", {})
