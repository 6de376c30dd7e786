"""What is wrong with the connection to Telldus, by what a user can do about it."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
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
from .devices.topology import merge_gateways
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

# Something else uses up the limit where 429s have come for so many seconds ...
_EXHAUSTED_AFTER: Final = 2 * 3600.0
# ... without so many quiet seconds in between.
_RECOVERED_AFTER: Final = 1800.0
_MAX_FAILURES: Final = 20


class ConnectionState(StrEnum):
    """The state of a connection.

    The states of a failed poll are named as the texts of errors are, except AUTH_FAILED.
    """

    LIVE = "live"
    POLLING = "polling"
    GATEWAY_OFFLINE = "gateway_offline"
    PREMIUM_LAPSED = "premium_lapsed"
    LIMIT_REACHED = "limit_reached"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    AUTH_FAILED = "auth_failed"
    INVALID_RESPONSE = "invalid_response"
    CANNOT_CONNECT = "cannot_connect"


_CAUSES: Final[Mapping[ConnectionState, str]] = {
    ConnectionState.PREMIUM_LAPSED: "Telldus refuses requests, and there is no Premium any more",
    ConnectionState.LIMIT_REACHED: "Requests of this Home Assistant fill Telldus' limit",
    ConnectionState.RATE_LIMITED: "Telldus refuses requests, although they are within its limit",
    ConnectionState.REJECTED: "Telldus refuses requests",
    ConnectionState.AUTH_FAILED: "Telldus refuses the login",
    ConnectionState.INVALID_RESPONSE: "Telldus' responses are invalid",
    ConnectionState.CANNOT_CONNECT: "Telldus cannot be reached",
}


@dataclass(frozen=True, slots=True)
class FailedPoll:
    """A poll that failed, without anything of the response that could be private."""

    when: datetime
    what: str
    error: str
    code: int | None


class ConnectionStatus:
    """Follows the polls of one account: their failures, and the gateways they report."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        account: TelldusAccount,
        devices: DeviceCoordinator,
        sensors: SensorCoordinator,
        gateways: GatewayCoordinator,
        premium: Premium,
        push: PushManager,
    ) -> None:
        """Initialize the status."""
        self._hass = hass
        self._entry = entry
        self._account = account
        self._devices = devices
        self._sensors = sensors
        self._gateway_list = gateways
        self._premium = premium
        self._push = push
        self.state = ConnectionState.POLLING
        self.failures: deque[FailedPoll] = deque(maxlen=_MAX_FAILURES)
        # What all lists report of gateways, by gateway id.
        self.gateways: Mapping[str, Gateway] = {}
        # Of the devices, and of the sensors.
        self._stale = (False, False)
        self._limited_since: float | None = None
        self._listeners: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Follow the polls and the push connections."""
        self._entry.async_on_unload(self._push.async_add_listener(self._async_notify))
        for coordinator in (self._devices, self._sensors):
            for remove in (
                coordinator.async_add_refresh_listener(
                    partial(self._async_record_failure, coordinator)
                ),
                # Data become stale without a poll.
                coordinator.async_add_listener(self.async_update),
            ):
                self._entry.async_on_unload(remove)
        self._entry.async_on_unload(
            self._gateway_list.async_add_refresh_listener(self.async_update)
        )
        self.async_update()

    def of_gateway(self, gateway_id: str) -> ConnectionState:
        """Return the state of the connection to a gateway."""
        if self.state is not ConnectionState.POLLING:
            return self.state
        gateway = self.gateways.get(gateway_id)
        if gateway and gateway.online is False:
            return ConnectionState.GATEWAY_OFFLINE
        is_live = self._push.state_of(gateway_id) is PushState.LIVE
        return ConnectionState.LIVE if is_live else ConnectionState.POLLING

    @property
    def named_gateways(self) -> dict[str, Gateway]:
        """The gateways that have a name, or will not have one: entity ids are for good."""
        is_complete = bool(self._gateway_list.success_count)
        return {
            gateway_id: gateway
            for gateway_id, gateway in self.gateways.items()
            if gateway.name or is_complete
        }

    @property
    def states(self) -> set[ConnectionState]:
        """The states of the connections to all gateways, each once."""
        return {self.of_gateway(one) for one in self._push.gateway_ids} or {self.state}

    @callback
    def async_listen(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call ``listener`` after each change of the state or of a gateway."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def async_update(self) -> None:
        """Derive the state, log an outage, notify listeners and update the repair issues."""
        before = self.state, self.gateways, self._stale
        self.state = self._cause()
        self.gateways = merge_gateways(
            self._gateway_list.data, self._sensors.gateways, self._devices.gateways
        )
        self._log_outage()
        self._log_gateways(before[1])
        if before != (self.state, self.gateways, self._stale):
            LOGGER.debug("Connection: %s, %s", self.state, self._problem)
            self._async_notify()
        is_refused = self.state is ConnectionState.PREMIUM_LAPSED
        async_set_issue(
            self._hass,
            self._entry,
            Issue.PREMIUM_LAPSED,
            show=self._premium.has_lapsed or is_refused,
        )
        async_set_issue(
            self._hass,
            self._entry,
            Issue.RATE_LIMIT_EXHAUSTED,
            show=self._is_limit_exhausted(),
        )

    @callback
    def _async_notify(self) -> None:
        """Call the listeners."""
        for listener in tuple(self._listeners):
            listener()

    @property
    def _problem(self) -> TelldusError | None:
        """What is wrong: with the devices, or else with the sensors."""
        return self._devices.last_error or self._sensors.last_error

    def _cause(self) -> ConnectionState:
        """Return the state of the connection to Telldus."""
        if (err := self._problem) is None:
            # No request failed, and yet none has returned: they wait for their turn.
            is_stale = self._devices.is_stale or self._sensors.is_stale
            return (
                ConnectionState.LIMIT_REACHED if is_stale else ConnectionState.POLLING
            )
        # Telldus' error for missing Premium is unknown: any rejection is taken for it.
        refused = isinstance(err, (ApiError, AuthenticationError)) or (
            isinstance(err, TelldusConnectionError) and err.status in (402, 403)
        )
        if refused and self._premium.is_missing:
            return ConnectionState.PREMIUM_LAPSED
        if isinstance(err, AuthenticationError):
            return ConnectionState.AUTH_FAILED
        return ConnectionState(translation_key_for(err))

    @callback
    def _async_record_failure(self, coordinator: TelldusUpdateCoordinator[Any]) -> None:
        """Record a failed poll, and update."""
        if err := coordinator.last_error:
            status = err.status if isinstance(err, TelldusConnectionError) else None
            self.failures.append(
                FailedPoll(
                    dt_util.utcnow(),
                    coordinator.name,
                    type(err).__name__,
                    err.code if isinstance(err, ApiError) else status,
                )
            )
        self.async_update()

    def _log_outage(self) -> None:
        """Log one line when data become stale, and one when all are current again."""
        was_stale = any(self._stale)
        self._stale = self._devices.is_stale, self._sensors.is_stale
        if any(self._stale) and not was_stale:
            problem = f" ({self._problem})" if self._problem else ""
            LOGGER.warning(
                "%s%s: the last data are too old to be displayed",
                _CAUSES[self.state],
                problem,
            )
        elif was_stale and not any(self._stale):
            LOGGER.info("Data of Telldus are received again")

    def _log_gateways(self, before: Mapping[str, Gateway]) -> None:
        """Log one line when a gateway goes offline, and one when it is back."""
        for gateway_id, gateway in self.gateways.items():
            known = before.get(gateway_id)
            is_online = gateway.online is not False
            if is_online is (known is not None and known.online is False):
                LOGGER.info(
                    "The gateway %s is %s",
                    gateway.name or gateway_id,
                    "back" if is_online else "offline",
                )

    def _is_limit_exhausted(self) -> bool:
        """Return whether Telldus has answered 429 for hours though this keeps to the limit."""
        limiter = self._account.rate_limiter
        now = limiter.now()
        if limiter.quiet_for >= _RECOVERED_AFTER:
            self._limited_since = None
        elif self._limited_since is None:
            self._limited_since = now
        since = self._limited_since
        return since is not None and now - since >= _EXHAUSTED_AFTER
