"""A client for Home Assistant, over the APIs that its frontend uses."""

from http import HTTPStatus
import time
from typing import Any, Self

import aiohttp

from . import Json
from .polling import poll
from .websocket import Websocket


class RequestFailedError(Exception):
    """Home Assistant answered a request with an error status."""

    def __init__(self, method: str, path: str, status: int, text: str) -> None:
        """Initialize the error; callers check its `status`."""
        super().__init__(f"{method} {path}: {status} {text[:500]}")
        self.status = status


class HomeAssistant:
    """A user's session with a Home Assistant."""

    def __init__(self, url: str) -> None:
        """Initialize the session; nothing is sent yet."""
        self.url = url
        # The client id that the frontend logs in with
        self._client_id = f"{url}/"
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=60),
            connector=aiohttp.TCPConnector(force_close=True),
        )
        self._tokens: Json | None = None
        self._expires = 0.0
        self._websocket: Websocket | None = None

    async def __aenter__(self) -> Self:
        """Enter the session."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await self.disconnect()
        await self._session.close()

    async def _send(
        self, method: str, path: str, *, signed: bool = True, **options: Any
    ) -> Any:
        """Send a request and return its JSON; raise `RefusedError` if it is refused."""
        headers = dict(options.pop("headers", None) or {})
        if signed:
            headers["Authorization"] = f"Bearer {await self.access_token()}"
        async with self._session.request(
            method, self.url + path, headers=headers, **options
        ) as response:
            if response.status >= HTTPStatus.BAD_REQUEST:
                text = await response.text()
                raise RequestFailedError(method, path, response.status, text)
            if response.content_type == "application/json":
                return await response.json()
            return await response.text()

    # Signing in

    async def answers(self) -> bool:
        """Return whether Home Assistant responds: its frontend, the last to be set up."""
        try:
            await self._send("GET", "/manifest.json", signed=False)
        except aiohttp.ClientError, RequestFailedError, TimeoutError:
            return False
        return True

    async def onboard(self, name: str, username: str, password: str) -> None:
        """Do the remaining steps of the onboarding; a finished one is only a log-in."""
        done = await self._onboarded()
        if done["user"]:
            await self.log_in(username, password)
        else:
            account = {
                "name": name,
                "username": username,
                "password": password,
                "client_id": self._client_id,
                "language": "en",
            }
            answer = await self._send(
                "POST", "/api/onboarding/users", json=account, signed=False
            )
            await self._exchange(answer["auth_code"])
        for step in ("core_config", "analytics"):
            if not done[step]:
                await self._send("POST", f"/api/onboarding/{step}", json={})
        if not done["integration"]:
            redirect = f"{self._client_id}?auth_callback=1"
            body = {"client_id": self._client_id, "redirect_uri": redirect}
            await self._send("POST", "/api/onboarding/integration", json=body)

    async def _onboarded(self) -> dict[str, bool]:
        """Return which steps of the onboarding are done."""
        try:
            steps = await self._send("GET", "/api/onboarding", signed=False)
        except RequestFailedError as err:
            if err.status != HTTPStatus.NOT_FOUND:
                raise
            # The API is removed at the first start after the last step.
            return dict.fromkeys(
                ("user", "core_config", "analytics", "integration"), True
            )
        return {step["step"]: step["done"] for step in steps}

    async def log_in(self, username: str, password: str) -> None:
        """Log in with name and password; raise `RefusedError` if they are wrong."""
        begin = {
            "client_id": self._client_id,
            "handler": ["homeassistant", None],
            "redirect_uri": self._client_id,
        }
        flow = await self._send("POST", "/auth/login_flow", json=begin, signed=False)
        path = f"/auth/login_flow/{flow['flow_id']}"
        answer = {
            "client_id": self._client_id,
            "username": username,
            "password": password,
        }
        result = await self._send("POST", path, json=answer, signed=False)
        if result["type"] != "create_entry":
            refused = HTTPStatus.UNAUTHORIZED
            raise RequestFailedError("POST", path, refused, str(result.get("errors")))
        await self._exchange(result["result"])

    async def log_out(self) -> None:
        """Revoke the tokens, so that no session is left behind."""
        await self.disconnect()
        if self._tokens:
            form = {"token": self._tokens["refresh_token"]}
            await self._send("POST", "/auth/revoke", data=form, signed=False)
            self._tokens = None

    async def _exchange(self, code: str) -> None:
        """Exchange an authorization code for tokens."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self._client_id,
        }
        self._keep(await self._send("POST", "/auth/token", data=form, signed=False))

    def _keep(self, answer: Json) -> None:
        """Keep tokens; a refresh returns no new refresh token."""
        self._tokens = {**(self._tokens or {}), **answer}
        self._expires = time.monotonic() + answer["expires_in"]

    async def access_token(self) -> str:
        """Return an access token that is valid for another minute at least."""
        if self._tokens is None:
            raise RuntimeError("not logged in")
        if self._expires - time.monotonic() < 60:
            form = {
                "grant_type": "refresh_token",
                "refresh_token": self._tokens["refresh_token"],
                "client_id": self._client_id,
            }
            self._keep(await self._send("POST", "/auth/token", data=form, signed=False))
        token: str = self._tokens["access_token"]
        return token

    async def browser_tokens(self) -> Json:
        """Return the session as the frontend stores it in a browser."""
        await self.access_token()
        left = self._expires - time.monotonic()
        return {
            **(self._tokens or {}),
            "hassUrl": self.url,
            "clientId": self._client_id,
            "expires": int((time.time() + left) * 1000),
        }

    async def wait_until_running(self, timeout: float = 120) -> None:
        """Wait until Home Assistant has started."""

        async def running() -> bool:
            config = await self._send("GET", "/api/config")
            return bool(config["state"] == "RUNNING")

        await poll("Home Assistant is running", running, timeout)

    # Config entries and their flows

    async def entries(self, domain: str) -> list[Json]:
        """Return the config entries of an integration."""
        path = f"/api/config/config_entries/entry?domain={domain}"
        answer: list[Json] = await self._send("GET", path)
        return answer

    async def remove_entry(self, entry_id: str) -> None:
        """Remove a config entry."""
        await self._send("DELETE", f"/api/config/config_entries/entry/{entry_id}")

    async def start_flow(self, domain: str) -> Json:
        """Start a config flow."""
        path = "/api/config/config_entries/flow"
        return await self._flow("POST", path, {"handler": domain})

    async def flow(self, flow_id: str) -> Json:
        """Return a flow's current step."""
        return await self._flow("GET", f"/api/config/config_entries/flow/{flow_id}")

    async def continue_flow(self, flow_id: str, user_input: Json) -> Json:
        """Submit a flow's form."""
        path = f"/api/config/config_entries/flow/{flow_id}"
        return await self._flow("POST", path, user_input)

    async def start_options(self, entry_id: str) -> Json:
        """Start an options flow."""
        path = "/api/config/config_entries/options/flow"
        return await self._flow("POST", path, {"handler": entry_id})

    async def continue_options(self, flow_id: str, user_input: Json) -> Json:
        """Submit the form of an options flow."""
        path = f"/api/config/config_entries/options/flow/{flow_id}"
        return await self._flow("POST", path, user_input)

    async def _flow(self, method: str, path: str, body: Json | None = None) -> Json:
        """Take a step in a flow, with the browser's address of Home Assistant."""
        headers = {"HA-Frontend-Base": self.url}
        step: Json = await self._send(method, path, json=body, headers=headers)
        return step

    async def diagnostics(self, entry_id: str, device_id: str | None = None) -> Json:
        """Return the diagnostics of an entry, or of one of its devices."""
        path = f"/api/diagnostics/config_entry/{entry_id}"
        if device_id:
            path += f"/device/{device_id}"
        answer: Json = await self._send("GET", path)
        return answer

    async def save_automation(self, key: str, config: Json) -> None:
        """Save an automation as the editor does."""
        path = f"/api/config/automation/config/{key}"
        await self._send("POST", path, json=config)

    # The websocket

    async def websocket(self) -> Websocket:
        """Return the open websocket, opening it the first time."""
        if self._websocket is None or self._websocket.closed:
            url = f"{self.url}/api/websocket"
            token = await self.access_token()
            self._websocket = await Websocket.connect(self._session, url, token)
        return self._websocket

    async def disconnect(self) -> None:
        """Close the websocket, if it is open."""
        if self._websocket is not None:
            await self._websocket.close()
            self._websocket = None

    async def ask(self, command: str, **fields: Any) -> Any:
        """Send a websocket command and return its result."""
        return await (await self.websocket()).ask(command, **fields)

    async def states(self) -> dict[str, Json]:
        """Return every entity's state by entity id."""
        return {state["entity_id"]: state for state in await self.ask("get_states")}

    async def flows_in_progress(self, domain: str) -> list[Json]:
        """Return the flows that wait for the user, such as a reauthentication."""
        flows = await self.ask("config_entries/flow/progress")
        return [flow for flow in flows if flow["handler"] == domain]

    async def call(
        self, action: str, entity_id: str | list[str], /, **data: Any
    ) -> None:
        """Perform an action, such as `light.turn_on`, on entities."""
        domain, _, service = action.partition(".")
        await self.ask(
            "call_service",
            domain=domain,
            service=service,
            target={"entity_id": entity_id},
            service_data=data,
        )
