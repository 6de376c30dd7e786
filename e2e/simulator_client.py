"""The simulator's control API: what goes on at Telldus, and the hands of its people."""

from typing import Any, Self

import aiohttp

type Json = dict[str, Any]


class SimulatorClient:
    """A simulated Telldus Live!, seen from above."""

    def __init__(self, url: str) -> None:
        """Prepare a session; nothing is sent before it is entered."""
        self.url = url
        self._session = aiohttp.ClientSession(
            url, timeout=aiohttp.ClientTimeout(total=30)
        )

    async def __aenter__(self) -> Self:
        """Enter the session."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave nothing open."""
        await self._session.close()

    async def answers(self) -> bool:
        """Tell whether the simulator is there."""
        try:
            async with self._session.get("/") as response:
                return response.ok
        except aiohttp.ClientError, TimeoutError:
            return False

    async def _get(self, path: str) -> Any:
        """Read from the control API."""
        async with self._session.get(path, raise_for_status=True) as response:
            return await response.json()

    async def _post(self, path: str, body: Json) -> None:
        """Do something by the control API."""
        async with self._session.post(path, json=body, raise_for_status=True):
            pass

    async def state(self) -> Json:
        """Return the whole home, and the tokens that it has given out."""
        answer: Json = await self._get("/control/state")
        return answer

    async def requests(self) -> list[Json]:
        """Return what was asked of the server, oldest first."""
        answer = await self._get("/control/log")
        requests: list[Json] = answer["log"]
        return requests

    async def press(self, device: str, method: str, level: int | None = None) -> None:
        """Press a button on the wall, which Telldus only hears of."""
        body: Json = {"device": device, "method": method}
        if level is not None:
            body["level"] = level
        await self._post("/control/press", body)

    async def measure(
        self, sensor: str, name: str, scale: str, value: float | str
    ) -> None:
        """Let a sensor tell a value, and no other from now on."""
        body = {"sensor": sensor, "name": name, "scale": scale, "value": value}
        await self._post("/control/sensor", body)

    async def set_online(self, gateway: str, online: bool) -> None:
        """Take a gateway offline, or bring it back."""
        await self._post("/control/gateway", {"gateway": gateway, "online": online})

    async def settings(self, **changes: Any) -> None:
        """Change how Telldus behaves."""
        await self._post("/control/settings", changes)

    async def revoke(self) -> None:
        """Take back all tokens, as a person does at Telldus' site."""
        await self._post("/control/revoke", {})
