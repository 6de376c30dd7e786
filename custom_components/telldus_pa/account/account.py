"""An account at a server: what all its requests go through, and whether it is accepted."""

from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from ..pa_api import AuthenticationError, RateLimiter, TelldusClient, TelldusError
from ..pa_api.exceptions import is_client_error
from .domain_data import AuthFailureTracker


class TelldusAccount:
    """One account. Whoever asks Telldus something on its behalf notes what came of it."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        client: TelldusClient,
        rate_limiter: RateLimiter,
        auth_failures: AuthFailureTracker,
    ) -> None:
        """Put together what outlives a reload and what does not."""
        self._hass = hass
        self._entry = entry
        self.client = client
        self.rate_limiter = rate_limiter
        self.watch = auth_failures

    @property
    def is_refused(self) -> bool:
        """Return whether it is known that Telldus would refuse, so that asking is vain."""
        return bool(self.watch.wait(self.rate_limiter.now()))

    def is_permanent_error(self, err: TelldusError) -> bool:
        """Return whether Telldus will not do what it refused, however often it is asked.

        A refused sign-in says so only while it accepts other requests.
        """
        return is_client_error(err) and not (
            isinstance(err, AuthenticationError) and self.watch.first is not None
        )

    @callback
    def async_record_result(self, err: TelldusError | None) -> None:
        """Take note of what came of a request: None is that it was accepted.

        A person is asked to sign in again where a refusal (401) is not the first, and
        need not any more with the first accepted request.
        """
        if isinstance(err, AuthenticationError):
            if self.watch.record_failure(self.rate_limiter.now()):
                self._entry.async_start_reauth(self._hass)
        elif err is None and self.watch.record_success():
            flows = self._hass.config_entries.flow
            for flow in flows.async_progress_by_handler(
                DOMAIN,
                match_context={
                    "entry_id": self._entry.entry_id,
                    "source": SOURCE_REAUTH,
                },
            ):
                flows.async_abort(flow["flow_id"])
