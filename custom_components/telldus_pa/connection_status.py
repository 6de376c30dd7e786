"""How the connection to Telldus is, told apart by what a person can do about it."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .account.account import TelldusAccount
from .account.errors import translation_key_for
from .account.premium import Premium
from .const import LOGGER
from .coordinator import (
    DeviceCoordinator,
    GatewayCoordinator,
    SensorCoordinator,
    TelldusUpdateCoordinator,
)
from .devices.topology import gateways_from_rows
from .issues import Issue, async_set_issue
from .pa_api import (
    ApiError,
    AuthenticationError,
    Gateway,
    PushState,
    TelldusConnectionError,
    TelldusError,
)
from .push import PushManager

# The limit is used up by something else where 429s have come for this long ...
_USED_UP_AFTER: Final = 2 * 3600.0
# ... with none of these pauses between them.
_RECOVERED_AFTER: Final = 1800.0
_MOST_FAILURES: Final = 20


class ConnectionState(StrEnum):
    """The state of a connection.

    Those of a failed poll are named as the texts of errors are, apart from AUTH_FAILED.
    """

    LIVE = "live"
    POLLING = "polling"
    GATEWAY_OFFLINE = "gateway_offline"
    PREMIUM_LAPSED = "premium_lapsed"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    AUTH_FAILED = "auth_failed"
    INVALID_RESPONSE = "invalid_response"
    CANNOT_CONNECT = "cannot_connect"


_TROUBLES: Final[Mapping[ConnectionState, str]] = {
    ConnectionState.PREMIUM_LAPSED: "Telldus refuses requests, and there is no Premium any more",
    ConnectionState.RATE_LIMITED: "Telldus refuses requests for being too many",
    ConnectionState.REJECTED: "Telldus refuses requests",
    ConnectionState.AUTH_FAILED: "Telldus refuses the login",
    ConnectionState.INVALID_RESPONSE: "Telldus' answers make no sense",
    ConnectionState.CANNOT_CONNECT: "Telldus cannot be reached",
}


@dataclass(frozen=True, slots=True)
class FailedPoll:
    """A poll that failed, without anything of the answer that could be private."""

    when: float
    what: str
    error: str
    code: int | None


class ConnectionStatus:
    """Follows how the polls of one account fare."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        account: TelldusAccount,
        devices: DeviceCoordinator,
        sensors: SensorCoordinator,
        gateways: GatewayCoordinator,
        premium: Premium,
        live: PushManager,
    ) -> None:
        """Begin with all being well."""
        self._hass = hass
        self._entry = entry
        self._account = account
        self._devices = devices
        self._sensors = sensors
        self._gateways = gateways
        self._premium = premium
        self._live = live
        self.state = ConnectionState.POLLING
        self.failures: deque[FailedPoll] = deque(maxlen=_MOST_FAILURES)
        self._offline: frozenset[str] = frozenset()
        self._limited_since: float | None = None
        self._listeners: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Follow the polls and the push connections."""
        self._entry.async_on_unload(self._live.async_add_listener(self._async_notify))
        for coordinator in (self._devices, self._sensors):
            self._follow(coordinator)
        self.async_update()

    def gateway(self, gateway_id: str) -> Gateway | None:
        """Return the newest that is known of a gateway: the devices tell it most often."""
        return (
            self._devices.gateways.get(gateway_id)
            or self._sensors.gateways.get(gateway_id)
            or self._gateways.data.get(gateway_id)
        )

    def of_gateway(self, gateway_id: str) -> ConnectionState:
        """Return what the connection to a gateway is like."""
        if self.state is not ConnectionState.POLLING:
            return self.state
        gateway = self.gateway(gateway_id)
        if gateway and not gateway.online:
            return ConnectionState.GATEWAY_OFFLINE
        is_live = self._live.state_of(gateway_id) is PushState.LIVE
        return ConnectionState.LIVE if is_live else ConnectionState.POLLING

    @property
    def states(self) -> set[ConnectionState]:
        """Return what the connections to all gateways are like, each kind once."""
        gateway_ids = self._devices.gateways.keys() | self._sensors.gateways.keys()
        return {self.of_gateway(one) for one in gateway_ids} or {self.state}

    @callback
    def async_listen(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call somebody when the cause has changed, until what is returned is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def async_update(self) -> None:
        """Look at how things are, tell who listens, and show what a person can mend."""
        before, self.state = self.state, self._cause()
        if before is not self.state:
            # Each once, when it begins and when it ends. That data are lost, which may
            # come of it later, the coordinators say louder.
            if text := _TROUBLES.get(before):
                LOGGER.info("Over: %s", text)
            if text := _TROUBLES.get(self.state):
                LOGGER.info("%s: %s", text, self._problem)
            self._async_notify()
        self._look_at_gateways()
        refused = self.state is ConnectionState.PREMIUM_LAPSED
        async_set_issue(
            self._hass,
            self._entry,
            Issue.PREMIUM_LAPSED,
            show=self._premium.has_lapsed or refused,
        )
        async_set_issue(
            self._hass, self._entry, Issue.RATE_LIMIT_EXHAUSTED, show=self._is_used_up()
        )

    @callback
    def _async_notify(self) -> None:
        """Call the listeners."""
        for listener in tuple(self._listeners):
            listener()

    @property
    def _problem(self) -> TelldusError | None:
        """Return what is wrong: with the devices, or else with the sensors."""
        return self._devices.last_error or self._sensors.last_error

    def _cause(self) -> ConnectionState:
        """Return what the connection is like now."""
        if (err := self._problem) is None:
            return ConnectionState.POLLING
        # How Telldus would say so is not known: by any kind of refusal.
        refused = isinstance(err, (ApiError, AuthenticationError)) or (
            isinstance(err, TelldusConnectionError) and err.status in (402, 403)
        )
        if refused and self._premium.is_missing:
            return ConnectionState.PREMIUM_LAPSED
        if isinstance(err, AuthenticationError):
            return ConnectionState.AUTH_FAILED
        return ConnectionState(translation_key_for(err))

    def _follow(self, coordinator: TelldusUpdateCoordinator[Any]) -> None:
        """Look whenever a list has come or failed."""

        @callback
        def async_polled() -> None:
            """Write down a failure, and look."""
            if err := coordinator.last_error:
                status = err.status if isinstance(err, TelldusConnectionError) else None
                self.failures.append(
                    FailedPoll(
                        dt_util.utcnow().timestamp(),
                        coordinator.name,
                        type(err).__name__,
                        err.code if isinstance(err, ApiError) else status,
                    )
                )
            self.async_update()

        self._entry.async_on_unload(
            coordinator.async_add_refresh_listener(async_polled)
        )

    def _look_at_gateways(self) -> None:
        """Tell once when a gateway goes offline, and once when it is back."""
        gateways = {
            **gateways_from_rows(self._sensors.data),
            # The newer word
            **gateways_from_rows(self._devices.data),
        }
        before = self._offline
        self._offline = frozenset(
            gateway_id for gateway_id, one in gateways.items() if not one.online
        )
        for gateway_id in sorted(self._offline ^ before):
            if gateway := gateways.get(gateway_id):
                LOGGER.info(
                    "The gateway %s is %s",
                    gateway.name or gateway_id,
                    "back" if gateway.online else "offline",
                )

    def _is_used_up(self) -> bool:
        """Return whether we are refused for hours though we keep to the limit."""
        now, last = (
            self._account.rate_limiter.now(),
            self._account.rate_limiter.last_rate_limited_at,
        )
        if last is None or (
            # In a pause that Telldus asked for nobody can tell.
            not self._account.rate_limiter.paused_for and now - last >= _RECOVERED_AFTER
        ):
            self._limited_since = None
        elif self._limited_since is None:
            self._limited_since = last
        since = self._limited_since
        return since is not None and now - since >= _USED_UP_AFTER
