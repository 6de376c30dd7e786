"""Somebody who signs in: Home Assistant's REST API, and the simulator's pages."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp.test_utils import TestClient
from yarl import URL

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.auth.models import RefreshToken
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY, Simulator

if TYPE_CHECKING:
    from .conftest import Time

FLOWS = "/api/config/config_entries/flow"
OPTIONS = "/api/config/config_entries/options/flow"

type Step = dict[str, Any]


@dataclass
class FlowUser:
    """Somebody with a browser, in which Home Assistant and Telldus are open."""

    hass: HomeAssistant
    client: TestClient[Any, Any]
    time: Time
    simulator: Simulator
    base: str | None
    login: RefreshToken
    flow_id: str = ""

    async def begin(self) -> Step:
        """Add the integration."""
        return await self.request("post", FLOWS, {"handler": DOMAIN})

    async def submit(self, answer: Step | None = None, tab: str = FLOWS) -> Step:
        """Submit what the dialog shows."""
        return await self.request("post", f"{tab}/{self.flow_id}", answer or {})

    async def choose(self, option: str) -> Step:
        """Choose from a menu."""
        return await self.submit({"next_step_id": option})

    async def look(self) -> Step:
        """Look at the dialog again, as a reopened or a second one does."""
        return await self.request("get", f"{FLOWS}/{self.flow_id}", None)

    async def request(self, method: str, path: str, json: Step | None) -> Step:
        """Send a request as the frontend does, and return the step in the answer."""
        headers = self.headers | ({"HA-Frontend-Base": self.base} if self.base else {})

        async def call() -> Step:
            response = await self.client.request(
                method, path, json=json, headers=headers
            )
            assert response.status == HTTPStatus.OK, await response.text()
            step: Step = await response.json()
            return step

        step = await self.time.until(call())
        self.flow_id = step.get("flow_id", self.flow_id)
        return step

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of a frontend, which renews its login in time."""
        token = self.hass.auth.async_create_access_token(self.login)
        return {"Authorization": f"Bearer {token}"}

    def agree(self, step: Step, user: str = "demo") -> URL:
        """Agree at Telldus; return where the browser is sent."""
        return URL(
            self.simulator.authorize(URL(step["url"]).query["oauth_token"], user)
        )

    async def come_back(self, address: URL) -> tuple[int, str]:
        """Follow Telldus' redirect to Home Assistant, without being logged in there."""
        response = await self.client.get(
            address.path_qs, headers={"Authorization": ""}, allow_redirects=False
        )
        await self.time.settle()
        return response.status, await response.text()

    async def sign_in(self, step: Step, user: str = "demo") -> Step:
        """Go through Telldus and back, from the external step on."""
        assert step["type"] == "external"
        assert (await self.come_back(self.agree(step, user)))[0] == HTTPStatus.OK
        step = await self.look()
        if step["type"] == "external_done":
            step = await self.submit()
        return step


def keys(server_url: str, **other: str) -> Step:
    """Return the filled-in form."""
    return {
        "public_key": f" {DEMO_PUBLIC_KEY} ",
        "private_key": f"{DEMO_PRIVATE_KEY}\n",
        "advanced": {"server_url": server_url},
        **other,
    }


def only_entry(hass: HomeAssistant) -> ConfigEntry:
    """Return the one entry."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    return entry


def suggested(step: Step) -> dict[str, Any]:
    """Return the fields of a form, in their order, with what is filled in already."""
    return {
        field["name"]: field.get("description", {}).get("suggested_value")
        for field in step["data_schema"]
    }
