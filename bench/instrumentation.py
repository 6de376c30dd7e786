"""What is different about the two who are measured, seen from inside Home Assistant."""

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
    """An integration in this process. ``woken`` counts calls of listeners."""

    domain: str

    def __init__(self, *, unlimited: bool) -> None:
        """Count from now on; without a limit, nothing is held back for one."""
        self.listener_calls = 0
        self._unlimited = unlimited
        self._prepare()

    @abstractmethod
    def _prepare(self) -> None:
        """Have listeners counted."""

    def counted(self, listener: Callable[..., Any]) -> Callable[..., Any]:
        """Return a listener that is counted when it is called."""

        def call(*arguments: Any) -> Any:
            """Count, and call it."""
            self.listener_calls += 1
            return listener(*arguments)

        return call

    def disable_polling(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Have it poll only when it is told to, where that is what is measured."""
        if self._unlimited:
            hass.config_entries.async_update_entry(entry, pref_disable_polling=True)

    @abstractmethod
    async def started(self, entry: ConfigEntry[Any]) -> None:
        """Wait until all has come that is asked for at the start."""

    @abstractmethod
    async def poll(self, entry: ConfigEntry[Any]) -> None:
        """Ask for both lists, devices and sensors, and show what they say."""

    async def bare(
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
        """Have listeners counted, and requests sent as soon as they are wanted."""
        add = TelldusUpdateCoordinator.async_add_listener

        def add_counted(
            coordinator: TelldusUpdateCoordinator[Any],
            update_callback: Callable[[], None],
            context: Any = None,
        ) -> Callable[[], None]:
            """Add a listener that is counted."""
            return add(coordinator, self.counted(update_callback), context)

        TelldusUpdateCoordinator.async_add_listener = add_counted  # type: ignore[method-assign, assignment]
        if self._unlimited:
            for priority in MIN_INTERVAL:
                MIN_INTERVAL[priority], MAX_REQUESTS[priority] = 0.0, 1_000_000

    @override
    async def started(self, entry: ConfigEntry[Any]) -> None:
        """Wait for the lists that follow, of which gateways come last."""
        data = entry.runtime_data
        while not (data.sensors.success_count and data.gateways.success_count):
            await asyncio.sleep(0.01)

    @override
    async def poll(self, entry: ConfigEntry[Any]) -> None:
        """Ask for both lists, and show what they say."""
        data = entry.runtime_data
        await data.devices.async_refresh()
        await data.sensors.async_refresh()


class CoreInstrumentation(Instrumentation):
    """Home Assistant's own."""

    domain = "tellduslive"

    @override
    def _prepare(self) -> None:
        """Have listeners counted."""
        connect = core_entity.async_dispatcher_connect

        def connect_counted(
            hass: HomeAssistant, signal: str, target: Callable[..., Any]
        ) -> Callable[[], None]:
            """Connect a listener that is counted; it is a callback, as the other is."""
            counted = self.counted(target)
            counted._hass_callback = True  # type: ignore[attr-defined]  # noqa: SLF001
            return connect(hass, signal, counted)

        core_entity.async_dispatcher_connect = connect_counted  # type: ignore[assignment]

    @override
    async def started(self, entry: ConfigEntry[Any]) -> None:
        """Wait for the task that asks for everything."""
        await entry.runtime_data.setup_task
        if self._unlimited:
            # Its next poll is ours to begin.
            entry.runtime_data.client.async_cancel_update()

    @override
    async def poll(self, entry: ConfigEntry[Any]) -> None:
        """Ask for both lists, and show what they say."""
        await entry.runtime_data.client.update()


def instrumentation_for(domain: str, *, unlimited: bool) -> Instrumentation:
    """Return who is measured in this process."""
    (found,) = (
        one
        for one in (ThisInstrumentation, CoreInstrumentation)
        if one.domain == domain
    )
    return found(unlimited=unlimited)
