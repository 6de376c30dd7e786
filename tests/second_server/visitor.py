"""Somebody with a house at the second server, a browser, and Home Assistant."""

from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import ClientSession
from yarl import URL

from custom_components.telldus_pa.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from tests.flow_user import FlowUser, Step, keys, only_entry

from .character import Character
from .oauth import PRIVATE_KEY, PUBLIC_KEY
from .server import SecondServer


@dataclass
class Visitor:
    """Walks the stories of a user."""

    hass: HomeAssistant
    flow_user: FlowUser
    server: SecondServer
    url: str

    @property
    def ceiling(self) -> str:
        """Return the lamp that may be in a room, which is then part of its id."""
        (found,) = [one for one in self.entity_ids() if one.endswith("ceiling")]
        return found

    async def enter_keys(self) -> Step:
        """Begin, and enter the keys; return the menu of ways, or the link's form."""
        await self.flow_user.begin()
        filled = keys(self.url, public_key=PUBLIC_KEY, private_key=PRIVATE_KEY)
        return await self.flow_user.submit(filled)

    async def answer(self, page: str, answer: str) -> URL | None:
        """Look at Telldus' page and answer it; return where the browser is sent."""
        async with ClientSession() as browser:
            async with browser.get(page) as shown:
                assert f"answer={answer}" in await shown.text()
            async with browser.get(
                f"{page}&answer={answer}", allow_redirects=False
            ) as done:
                location = done.headers.get("Location")
                assert done.status == (HTTPStatus.FOUND if location else HTTPStatus.OK)
        return URL(location) if location else None

    async def come_back(self, step: Step, answer: str) -> Step:
        """Answer Telldus' page of the external step, and follow the browser."""
        assert step["type"] == "external", step
        address = await self.answer(step["url"], answer)
        assert address
        assert (await self.flow_user.come_back(address))[0] == HTTPStatus.OK
        step = await self.flow_user.look()
        if step["type"] == "external_done":
            step = await self.flow_user.submit()
        return step

    async def take_link(self, step: Step) -> Step:
        """Agree behind the link of the form, and submit it."""
        assert step["step_id"] == "manual", step
        link = step["description_placeholders"]["link"]
        assert await self.answer(link, "yes") is None
        return await self.flow_user.submit()

    async def log_in(self, step: Step) -> Step:
        """Log in at Telldus, by redirect where there is one."""
        if step["type"] == "menu":
            step = await self.flow_user.choose("authorize")
        if step["type"] == "form":
            return await self.persist(await self.take_link(step))
        return await self.persist(await self.come_back(step, "yes"))

    async def persist(self, step: Step) -> Step:
        """Try again, twice at most: a server may never tell whose account it is."""
        for _ in range(2):
            if step["type"] == "form":
                assert self.server.character.profile != "known", step
                step = await self.flow_user.submit()
        return step

    async def sign_in(self) -> None:
        """Sign in, and wait for all lists."""
        step = await self.log_in(await self.enter_keys())
        assert step["type"] == "create_entry", step
        await self.flow_user.time.move(75)
        assert only_entry(self.hass).state is ConfigEntryState.LOADED

    def state(self, entity_id: str) -> str | None:
        """Return a state, if there is one."""
        state = self.hass.states.get(entity_id)
        return state.state if state else None

    def attribute(self, entity_id: str, name: str) -> object:
        """Return an attribute of a state."""
        state = self.hass.states.get(entity_id)
        assert state, entity_id
        return state.attributes.get(name)

    def entity_ids(self) -> set[str]:
        """Return all entities that we have registered."""
        registry = er.async_get(self.hass)
        return {
            one.entity_id
            for one in registry.entities.values()
            if one.platform == DOMAIN
        }

    def assert_listed(self) -> None:
        """Assert that everything is shown that the server told, as what it is."""
        character = self.server.character
        assert self.state("switch.plug") == "off"
        assert self.state("switch.heater") == "off"
        assert self.state(self.ceiling) == "on"
        assert self.state("light.everything") == "on"
        assert self.state("cover.blind") == (
            "open" if tells_level(character) else "unknown"
        )
        if tells_level(character):
            assert self.attribute(self.ceiling, "brightness") == 128
            assert self.attribute("cover.blind", "current_position") == 100
        assert self.state("binary_sensor.door") == "off"
        typed = character.device_type != "absent" and not character.bare
        assert self.state("lock.lock" if typed else "switch.lock") == (
            "locked" if typed else "on"
        )
        named = (
            character.device_type != "absent" or "transport" not in character.left_out
        )
        has_values = "stateValues" not in character.left_out and not character.bare
        is_speaker = named and not character.bare
        assert self.state("media_player.speaker" if is_speaker else "cover.speaker")
        assert self.state("button.bell_ring") == "unknown"
        is_scene = "transport" not in character.left_out and not character.bare
        assert self.state("scene.night" if is_scene else "switch.night")
        # Without any mode it is a heater that is on.
        assert self.state("climate.radiator") == (
            "heat" if has_values or character.bare else "unknown"
        )
        assert self.state("light.bulb") == "on"
        if has_values:
            assert self.attribute("climate.radiator", "temperature") == 21.5
            assert self.attribute("light.bulb", "rgb_color") == (255, 128, 0)
        values = {
            one.name: one.state
            for one in self.hass.states.async_all("sensor")
            if one.name.partition(" ")[0] in {"Outdoor", "Plug"}
        }
        if character.values == "never":
            assert not values
        else:
            assert values["Outdoor Temperature"] == "-5.4"
            assert values["Outdoor Humidity"] == "87"
            assert "40.5" in values.values(), values
        assert not [one for one in self.hass.states.async_all() if one.name == "None"]


def tells_level(character: Character) -> bool:
    """Return whether the level of a dimmer is anywhere in its row."""
    return not character.bare and (
        "statevalue" not in character.left_out
        or (
            "stateValues" not in character.left_out
            and character.level != "statevalue only"
        )
    )
