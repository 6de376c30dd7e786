"""An account at a server: what its requests go through, and whether Telldus accepts them."""

from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from ..pa_api import AuthenticationError, RateLimiter, TelldusClient, TelldusError
from ..pa_api.exceptions import is_client_error
from .auth_failures import AuthFailureTracker


class TelldusAccount:
    """One account.

    The results of lists, commands, and histories for actions and the import are recorded.
    What is asked beside these does not count: profile, rooms, protocols, and other histories.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        client: TelldusClient,
        rate_limiter: RateLimiter,
        auth_failures: AuthFailureTracker,
    ) -> None:
        """Initialize the account; the last two outlive a reload."""
        self._hass = hass
        self._entry = entry
        self.client = client
        self.rate_limiter = rate_limiter
        self.auth_failures = auth_failures

    @property
    def is_refused(self) -> bool:
        """Whether Telldus rejects the sign-in, so that a request would be in vain."""
        return bool(self.auth_failures.wait(self.rate_limiter.now()))

    def is_permanent_error(self, err: TelldusError) -> bool:
        """Return whether the same request would fail however often it is repeated.

        A rejected sign-in counts only while Telldus accepts other requests.
        """
        return is_client_error(err) and not (
            isinstance(err, AuthenticationError)
            and self.auth_failures.first_at is not None
        )

    @callback
    def async_record_result(self, err: TelldusError | None) -> None:
        """Record the error of a request, None if Telldus accepted it.

        A repeated 401 asks the user to sign in again; the first that is accepted ends that.
        """
        if isinstance(err, AuthenticationError):
            if self.auth_failures.record_failure(self.rate_limiter.now()):
                self._entry.async_start_reauth(self._hass)
        elif err is None and self.auth_failures.record_success():
            flows = self._hass.config_entries.flow
            for flow in flows.async_progress_by_handler(
                DOMAIN,
                match_context={
                    "entry_id": self._entry.entry_id,
                    "source": SOURCE_REAUTH,
                },
            ):
                flows.async_abort(flow["flow_id"])
