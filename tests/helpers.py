"""Act as a user does, and read what there is to see: states, registries, logs."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.account.domain_data import (
    DomainData,
    async_get_domain_data,
)
from custom_components.telldus_pa.const import CONF_SERVER_URL, DOMAIN
from custom_components.telldus_pa.diagnostics import async_get_config_entry_diagnostics
from custom_components.telldus_pa.pa_api import RateLimiter
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import Context, HomeAssistant, State
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.helpers.entity_component import async_update_entity
from simulator import Simulator
from simulator.home import Device
from simulator.methods import Method

if TYPE_CHECKING:
    from .conftest import Time

ACCOUNT = "an-account"

# In the demo home
LAMP = "switch.window_lamp"
LAMP_ID = "2100001"
BUTTON = "event.remote_button"
CABIN_HEATER = "switch.cabin_heater"
HOME_STATUS = "sensor.home_status"


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """Return a state that is there."""
    state = hass.states.get(entity_id)
    assert state is not None
    return state


def state_is(entry: MockConfigEntry, state: ConfigEntryState) -> bool:
    """Return whether an entry is in a state; types must not remember the answer."""
    return bool(entry.state is state)


def unique_id(thing: str) -> str:
    """Return the id of something in the registries."""
    return f"{ACCOUNT}_{thing}"


def issues(hass: HomeAssistant) -> set[str]:
    """Return what our repairs are about."""
    return {
        issue.translation_key or ""
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN
    }


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what Home Assistant's log says of us at WARNING and above."""
    return [
        record.getMessage()
        for record in caplog.get_records("call")
        if record.levelname in ("WARNING", "ERROR", "CRITICAL")
        and ("telldus" in record.name or "telldus" in record.getMessage().lower())
        and "has not been tested" not in record.getMessage()
    ]


def infos(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what our connection said at INFO."""
    return [
        record.getMessage()
        for record in caplog.get_records("call")
        if record.levelname == "INFO"
        and record.name == "custom_components.telldus_pa"
        and "recovered" not in record.getMessage()
    ]


def rate_limiter_of(hass: HomeAssistant, entry: MockConfigEntry) -> RateLimiter:
    """Return the rate limiter of an entry's server."""
    shared: DomainData = hass.data[f"{DOMAIN}_shared"]
    return shared.rate_limiters[entry.data[CONF_SERVER_URL]]


async def refresh(hass: HomeAssistant, time: Time, entity_id: str) -> None:
    """Update an entity as a user can: its list is requested, once in ten seconds at most."""
    await time.until(async_update_entity(hass, entity_id))


async def diagnostics(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, Any]:
    """Return the diagnostics that a user can download."""
    return await async_get_config_entry_diagnostics(hass, entry)


def polls(simulator: Simulator, path: str = "json/devices/list") -> int:
    """Return how often a list was asked for."""
    return sum(request.path == path for request in simulator.log)


def sent(simulator: Simulator) -> list[str]:
    """Return the commands that reached Telldus, and what was asked of their outcome.

    The history of a device that nobody has commanded is read for what it heard.
    """
    told: list[str] = []
    commanded: set[str] = set()
    for request in simulator.log:
        if not request.path.startswith("json/device/"):
            continue
        function, id_ = request.path.removeprefix("json/device/"), request.params["id"]
        if function != "history":
            commanded.add(id_)
        elif id_ not in commanded:
            continue
        level = request.params.get("level")
        told.append(f"{function} {id_}" + (f" {level}" if level else ""))
    return told


def settings_sent(simulator: Simulator) -> list[dict[str, str]]:
    """Return what thermostats were told."""
    return [
        {key: value for key, value in request.params.items() if key != "id"}
        for request in simulator.log
        if request.path == "json/device/thermostat"
    ]


def doing(device: Device) -> str:
    """Return what a device of the simulator does, in words and numbers."""
    method = Method(device.state)
    words: list[Any] = [(method.name or "nothing").lower()]
    if method is Method.DIM:
        words.append(device.values[Method.DIM])
    if (rgb := device.values.get(Method.RGB)) is not None:
        words.append(f"#{rgb:06x}")
    if thermostat := device.values.get(Method.THERMOSTAT):
        mode = thermostat.get("mode")
        words = [mode, thermostat["setpoint"].get(mode)]
    return " ".join(str(word) for word in words if word is not None)


class DeviceChanges:
    """What is different at Telldus since this was made."""

    def __init__(self, simulator: Simulator) -> None:
        """Look at everything."""
        self._simulator = simulator
        self._before = self._now()

    def seen(self) -> dict[str, str]:
        """Return what devices do now that they did not do before, by name.

        In the simulator things happen when somebody asks for the next list.
        """
        now = self._now().items()
        return {name: does for name, does in now if does != self._before[name]}

    def _now(self) -> dict[str, str]:
        """Return what each device does."""
        devices = self._simulator.home.devices.values()
        return {device.name or device.id: doing(device) for device in devices}


class Dashboard:
    """Calls actions of Home Assistant on entities, as a dashboard does."""

    def __init__(self, hass: HomeAssistant, time: Time) -> None:
        """Initialize the dashboard."""
        self._hass = hass
        self._time = time

    def begin(self, action: str, entity_id: str, **data: Any) -> asyncio.Task[Any]:
        """Begin an action; what it shows, it shows before this returns."""
        domain = entity_id.partition(".")[0]
        task = self._hass.async_create_task(
            self._hass.services.async_call(
                domain,
                action,
                {"entity_id": entity_id, **data},
                blocking=True,
                context=Context(),
            ),
            eager_start=True,
        )
        # The integration itself waits for two turns of the loop for what else is commanded.
        for entry in self._hass.config_entries.async_loaded_entries(DOMAIN):
            entry.runtime_data.commands.async_resolve()
        return task

    async def do(self, action: str, entity_id: str, **data: Any) -> None:
        """Do something, and wait until Home Assistant says that it is done."""
        await self._time.until(self._wait(self.begin(action, entity_id, **data)))

    @staticmethod
    async def _wait(task: asyncio.Task[Any]) -> None:
        await task


class Actions:
    """Calls the actions of the integration, for one account."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, time: Time) -> None:
        """Initialize the caller."""
        self._hass = hass
        self._entry = entry
        self._time = time

    def device(self, thing: str) -> str:
        """Return a device's id in the registry."""
        identifier = (DOMAIN, f"{self._entry.unique_id}_{thing}")
        device = dr.async_get(self._hass).async_get_device_by_identifier(
            identifier, self._entry.entry_id
        )
        assert device
        return device.id

    async def pause(self) -> None:
        """Let enough time pass for the rate limiter to let everything through."""
        await self._time.move(60)

    async def call(
        self,
        action: str,
        *,
        answers: bool = True,
        context: Context | None = None,
        **data: Any,
    ) -> Any:
        """Call an action, letting time pass until it is done."""
        return await self._time.until(
            self._hass.services.async_call(
                DOMAIN,
                action,
                data,
                blocking=True,
                context=context,
                return_response=answers,
            ),
            # One request in ten seconds at most, and others have theirs.
            limit=300,
        )

    async def command(self, device_id: str, method: str, **more: Any) -> None:
        """Send a command."""
        await self.call(
            "send_command",
            answers=False,
            device_id=self.device(f"device_{device_id}"),
            method=method,
            **more,
        )

    async def refusal(self, action: str, *, answers: bool = True, **data: Any) -> str:
        """Return why an action is refused as not meant."""
        with pytest.raises(ServiceValidationError) as err:
            await self.call(action, answers=answers, **data)
        assert err.value.translation_domain in (DOMAIN, "homeassistant")
        # There is a text, with everything that it needs.
        assert "{" not in str(err.value)
        return str(err.value.translation_key)


class Registries:
    """The registries, seen with Telldus' ids."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        """Look at an entry's part of them."""
        self.devices = dr.async_get(hass)
        self.entities = er.async_get(hass)
        self.entry = entry

    def device(self, thing: str) -> dr.DeviceEntry | None:
        """Return the registry device of something."""
        return self.devices.async_get_device_by_identifier(
            (DOMAIN, unique_id(thing)), self.entry.entry_id
        )

    def entity_ids(self, thing: str) -> set[str]:
        """Return the entities of something."""
        whole = unique_id(thing)
        return {
            entity.entity_id
            for entity in er.async_entries_for_config_entry(
                self.entities, self.entry.entry_id
            )
            if entity.unique_id == whole or entity.unique_id.startswith(f"{whole}_")
        }


async def restart(hass: HomeAssistant, entry: MockConfigEntry, time: Time) -> None:
    """Set an entry up anew as a start does: without the lists of before."""
    await time.until(hass.config_entries.async_unload(entry.entry_id))
    shared = await async_get_domain_data(hass)
    shared.kept_lists.clear()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
