"""Whose account a sign-in is. The one place that decides it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Self

from homeassistant.config_entries import ConfigEntry

from ..const import CONF_ACCOUNT_UUID, CONF_GATEWAYS
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

# A person waits: rather say that it takes long than let the form stand still.
_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True)
class AuthorizedAccount:
    """What a sign-in gave: whose account, as far as Telldus says, and its gateways.

    ``gateways`` are those that it owns, ``lent`` those that others share with it: none
    while they were not needed to tell accounts apart.
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
    ) -> Self:
        """Ask whose account it is, and for its gateways where that may not do.

        Raises TelldusError for what may be over in a moment.
        """
        profile = await _profile(client)
        owned: dict[str, bool] = {}
        if profile is None or by_gateways:
            answer = await client.gateways(priority=Priority.SIGN_IN, timeout=_TIMEOUT)
            owned = {row.id: bool(row.is_owner) for row in answer.rows}
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

        By Telldus' word where it was given both times, else by a gateway owned by both.
        """
        known = entry.data[CONF_ACCOUNT_UUID]
        if self.profile and known:
            return bool(self.profile.uuid == known)
        return not self.gateways.isdisjoint(entry.data[CONF_GATEWAYS])

    def may_be_same_account(self, entry: ConfigEntry, shown: frozenset[str]) -> bool:
        """Return whether nothing tells this account from that of an entry.

        An account that owns no gateway, and of which Telldus does not say whose it is,
        can prove nothing. It is believed where the entry has no gateway of its own
        either, and one of those that the entry has shown is lent to it, or there is none
        on either side.
        """
        if self.profile and entry.data[CONF_ACCOUNT_UUID]:
            return False
        if self.gateways or entry.data[CONF_GATEWAYS]:
            return False
        return not self.shared_gateways.isdisjoint(shown) or not (
            self.shared_gateways or shown
        )


async def _profile(client: TelldusClient) -> Profile | None:
    """Return whose account it is, None if this account or server will not say.

    Its gateways tell as well. Raises TelldusError for what may be over in a moment.
    """
    try:
        return await client.profile(timeout=_TIMEOUT)
    except ApiError, AuthenticationError, InvalidResponseError:
        # Were it the token, the gateways would be refused as well.
        return None
    except TelldusConnectionError as err:
        if err.status is not None and err.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        raise
