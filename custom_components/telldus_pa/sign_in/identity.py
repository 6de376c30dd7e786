"""Which account an access token belongs to."""

from collections.abc import Awaitable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Self

from homeassistant.config_entries import ConfigEntry

from ..const import CONF_ACCOUNT_UUID, CONF_GATEWAYS, CONF_SERVER_URL
from ..pa_api import (
    ApiError,
    AuthenticationError,
    Credentials,
    InvalidResponseError,
    Priority,
    Profile,
    TelldusClient,
    TelldusConnectionError,
)

# Seconds that the user waits for the rate limiter before the form reports the delay.
_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True)
class AuthorizedAccount:
    """An account that has authorized access, its profile, and its gateways.

    ``profile`` is None where Telldus does not return it. ``gateways`` are those that the
    account owns, ``shared_gateways`` those of others that it may use; both are empty where
    they were not needed to identify the account. Where Telldus does not list the gateways,
    those of the devices count as shared.
    """

    server: str
    credentials: Credentials
    profile: Profile | None
    gateways: frozenset[str]
    shared_gateways: frozenset[str]

    @classmethod
    async def async_fetch(
        cls,
        client: TelldusClient,
        server: str,
        credentials: Credentials,
        *,
        by_gateways: bool,
        needs_profile: bool,
    ) -> Self:
        """Fetch the profile, and the gateways if they are needed as well.

        With ``needs_profile`` an error that may be temporary is raised; without it the
        gateways decide, or the account remains unknown. Raises TelldusError.
        """
        profile, retry = await _unless_refused(
            client.profile(timeout=_TIMEOUT), raise_temporary=needs_profile
        )
        owned: dict[str, bool] = {}
        if profile is None or by_gateways:
            gateways, _ = await _unless_refused(
                client.gateways(priority=Priority.SIGN_IN, timeout=_TIMEOUT),
                raise_temporary=needs_profile,
            )
            if gateways is None:
                # The one list without which nothing works: it shows whether the token is good.
                devices = await client.devices(
                    priority=Priority.SIGN_IN, timeout=_TIMEOUT
                )
                owned = {
                    row.gateway_id: False for row in devices.rows if row.gateway_id
                }
            else:
                owned = {row.id: bool(row.is_owner) for row in gateways.rows}
        if retry:
            # The token is good, so the refusal may have been a single one.
            profile, _ = await _unless_refused(
                client.profile(timeout=_TIMEOUT), raise_temporary=needs_profile
            )
        return cls(
            server,
            credentials,
            profile,
            gateways=frozenset(one for one, is_owned in owned.items() if is_owned),
            shared_gateways=frozenset(
                one for one, is_owned in owned.items() if not is_owned
            ),
        )

    def is_same_as(self, entry: ConfigEntry) -> bool:
        """Return whether this is the account of an entry.

        Compares the accounts' ids at Telldus. Where one is missing, a gateway that both own
        is the proof, on the same server only.
        """
        uuid = entry.data[CONF_ACCOUNT_UUID]
        if self.profile and uuid:
            return bool(self.profile.uuid == uuid)
        return self._is_on_server_of(entry) and not self.gateways.isdisjoint(
            entry.data[CONF_GATEWAYS]
        )

    def may_be_same_account(self, entry: ConfigEntry, shown: frozenset[str]) -> bool:
        """Return whether nothing distinguishes this account from that of an entry.

        An account that owns no gateway, and whose profile Telldus does not return, can prove
        nothing. It is accepted on the same server where the entry owns no gateway either, and
        one of the gateways ``shown`` by the entry is shared with it, or neither has any.
        """
        if self.profile and entry.data[CONF_ACCOUNT_UUID]:
            return False
        if self.gateways or entry.data[CONF_GATEWAYS]:
            return False
        return self._is_on_server_of(entry) and (
            not self.shared_gateways.isdisjoint(shown)
            or not (self.shared_gateways or shown)
        )

    def _is_on_server_of(self, entry: ConfigEntry) -> bool:
        """Return whether the account of an entry is on the same server."""
        return bool(self.server == entry.data[CONF_SERVER_URL])


async def _unless_refused[T](
    request: Awaitable[T], *, raise_temporary: bool
) -> tuple[T | None, bool]:
    """Return a response, None if Telldus refuses it, and whether to try again.

    Raises TelldusError.
    """
    try:
        return await request, False
    except AuthenticationError:
        # If the token itself is bad, the next request is rejected as well.
        return None, True
    except ApiError:
        return None, False
    except TelldusConnectionError as err:
        if raise_temporary and err.status != HTTPStatus.NOT_FOUND:
            raise
    except InvalidResponseError:
        if raise_temporary:
            raise
    return None, False
