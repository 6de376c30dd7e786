"""What differs between the integrations under test inside Home Assistant."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable
from typing import Any, override

from yarl import URL

from custom_components.telldus_pa.coordinator import TelldusUpdateCoordinator
from custom_components.telldus_pa.pa_api import Credentials
from custom_components.telldus_pa.pa_api.rate_limiter import MAX_REQUESTS, MIN_INTERVAL
from homeassistant.components.tellduslive import entity as core_entity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession


class Instrumentation(ABC):
    """An integration in this process. ``listener_calls`` counts calls of listeners."""

    domain: str

    def __init__(self, *, unlimited: bool) -> None:
        """Count from now on; ``unlimited`` switches the integration's rate limiter off."""
        self.listener_calls = 0
        self._unlimited = unlimited
        self._prepare()

    @abstractmethod
    def _prepare(self) -> None:
        """Patch the integration so that listeners are counted."""

    def counted(self, listener: Callable[..., Any]) -> Callable[..., Any]:
        """Return a listener whose calls are counted."""

        def call(*arguments: Any) -> Any:
            """Count, and call the listener."""
            self.listener_calls += 1
            return listener(*arguments)

        return call

    def disable_polling(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Have it poll only on request, where there is no rate limit."""
        if self._unlimited:
            hass.config_entries.async_update_entry(entry, pref_disable_polling=True)

    @abstractmethod
    async def wait_until_started(self, entry: ConfigEntry[Any]) -> None:
        """Wait for all responses of the start."""

    @abstractmethod
    async def poll(self, entry: ConfigEntry[Any]) -> None:
        """Poll both lists, devices and sensors."""

    async def send_bare_request(
        self, hass: HomeAssistant, entry: ConfigEntry[Any], path: str
    ) -> None:
        """Send one signed request over Home Assistant's own session."""
        data = entry.data
        credentials = Credentials(
            data["public_key"],
            data["private_key"],
            data["token"],
            data["token_secret"],
        )
        url = f"{data['server_url']}/{path}"
        headers = {"Authorization": credentials.authorization(url)}
        session = async_get_clientsession(hass)
        async with session.get(URL(url, encoded=True), headers=headers) as response:
            await response.read()


class ThisInstrumentation(Instrumentation):
    """The integration of this checkout."""

    domain = "telldus_pa"

    @override
    def _prepare(self) -> None:
        """Patch the integration so that listeners are counted and no request waits."""
        add = TelldusUpdateCoordinator.async_add_listener

        def add_counted(
            coordinator: TelldusUpdateCoordinator[Any],
            update_callback: Callable[[], None],
            context: Any = None,
        ) -> Callable[[], None]:
            """Add a counted listener."""
            return add(coordinator, self.counted(update_callback), context)

        TelldusUpdateCoordinator.async_add_listener = add_counted  # type: ignore[method-assign, assignment]
        if self._unlimited:
            for priority in MIN_INTERVAL:
                MIN_INTERVAL[priority], MAX_REQUESTS[priority] = 0.0, 1_000_000

    @override
    async def wait_until_started(self, entry: ConfigEntry[Any]) -> None:
        """Wait for the lists after the devices; gateways come last."""
        data = entry.runtime_data
        while not (data.sensors.success_count and data.gateways.success_count):
            await asyncio.sleep(0.01)

    @override
    async def poll(self, entry: ConfigEntry[Any]) -> None:
        """Poll both lists."""
        data = entry.runtime_data
        await data.devices.async_refresh()
        await data.sensors.async_refresh()


class CoreInstrumentation(Instrumentation):
    """Home Assistant's own integration."""

    domain = "tellduslive"

    @override
    def _prepare(self) -> None:
        """Patch the integration so that listeners are counted."""
        connect = core_entity.async_dispatcher_connect

        def connect_counted(
            hass: HomeAssistant, signal: str, target: Callable[..., Any]
        ) -> Callable[[], None]:
            """Connect a counted listener; it is a callback, as the original is."""
            counted = self.counted(target)
            counted._hass_callback = True  # type: ignore[attr-defined]  # noqa: SLF001
            return connect(hass, signal, counted)

        core_entity.async_dispatcher_connect = connect_counted  # type: ignore[assignment]

    @override
    async def wait_until_started(self, entry: ConfigEntry[Any]) -> None:
        """Wait for the task that fetches everything."""
        await entry.runtime_data.setup_task
        if self._unlimited:
            # The benchmark starts its polls.
            entry.runtime_data.client.async_cancel_update()

    @override
    async def poll(self, entry: ConfigEntry[Any]) -> None:
        """Poll both lists."""
        await entry.runtime_data.client.update()


def instrumentation_for(domain: str, *, unlimited: bool) -> Instrumentation:
    """Return the instrumentation of the integration with this domain."""
    (found,) = (
        one
        for one in (ThisInstrumentation, CoreInstrumentation)
        if one.domain == domain
    )
    return found(unlimited=unlimited)
