"""The integrations under test: this one, and Home Assistant's own `tellduslive`."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
import re
from typing import NamedTuple, override

from e2e import Json
from e2e.stack import DOMAIN, TELLDUSLIVE, WITH_TELLDUSLIVE, tellduslive_entry
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY


class Row(NamedTuple):
    """A row of one of Telldus' lists: "device" or "sensor", and its id."""

    kind: str
    id: str


class IntegrationUnderTest(ABC):
    """An integration for a Telldus account."""

    domain: str

    @abstractmethod
    def keys(self) -> tuple[str, str]:
        """Return the key pair that it signs with."""

    @abstractmethod
    def entry(self, url: str, token: str, secret: str) -> Json:
        """Return its config entry after a sign-in."""

    @abstractmethod
    def row_of(self, unique_id: str) -> Row | None:
        """Return the row behind an entity, None if there is none (a gateway, say)."""

    def program(self, url: str) -> Sequence[str | Path]:
        """Return Python's arguments that run Home Assistant with it."""
        return ("-m", "homeassistant")


class ThisIntegration(IntegrationUnderTest):
    """The integration of this checkout."""

    domain = DOMAIN
    _account = "bench"
    _unique_id = re.compile(rf"{_account}_(device|sensor)_(\d+)(?:_.+)?")

    @override
    def keys(self) -> tuple[str, str]:
        """Return the simulator's key pair: each user has their own."""
        return DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY

    @override
    def entry(self, url: str, token: str, secret: str) -> Json:
        """Return its config entry after a sign-in."""
        public_key, private_key = self.keys()
        return {
            "domain": self.domain,
            "entry_id": "bench",
            "title": "Telldus Live!",
            "unique_id": self._account,
            "data": {
                "server_url": url,
                "public_key": public_key,
                "private_key": private_key,
                "token": token,
                "token_secret": secret,
                "profile": self._account,
                "gateways": [],
            },
        }

    @override
    def row_of(self, unique_id: str) -> Row | None:
        """Return the row behind an entity, None if there is none."""
        found = self._unique_id.fullmatch(unique_id)
        return Row(found[1], found[2]) if found else None


class CoreIntegration(IntegrationUnderTest):
    """Home Assistant's own integration, unchanged; its library uses other addresses."""

    domain = TELLDUSLIVE
    _unique_id = re.compile(r"(_?)(\d+)(?:-.+)?")

    @override
    def keys(self) -> tuple[str, str]:
        """Return the key pair in its source, the same for all users."""
        # Here, since this imports the component and its library.
        from homeassistant.components.tellduslive.const import (  # noqa: PLC0415
            NOT_SO_PRIVATE_KEY,
            PUBLIC_KEY,
        )

        return PUBLIC_KEY, NOT_SO_PRIVATE_KEY

    @override
    def entry(self, url: str, token: str, secret: str) -> Json:
        """Return its config entry after a sign-in."""
        return tellduslive_entry(token, secret)

    @override
    def row_of(self, unique_id: str) -> Row | None:
        """Return the row behind an entity, None if there is none."""
        found = self._unique_id.fullmatch(unique_id)
        return Row("sensor" if found[1] else "device", found[2]) if found else None

    @override
    def program(self, url: str) -> Sequence[str | Path]:
        """Return Python's arguments that run Home Assistant with it."""
        return (*WITH_TELLDUSLIVE, url)
