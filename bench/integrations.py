"""Who is measured: this integration, and the one that Home Assistant brings."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
import re
from typing import NamedTuple, override

from e2e.home_assistant import Json
from e2e.stack import WITH_CORE
from simulator import DEMO_PRIVATE_KEY, DEMO_PUBLIC_KEY


class Row(NamedTuple):
    """A row of one of Telldus' lists: a device or a sensor, and its id."""

    kind: str
    id: str


class IntegrationUnderTest(ABC):
    """An integration that shows a Telldus account."""

    domain: str

    @abstractmethod
    def keys(self) -> tuple[str, str]:
        """Return the key pair that it signs with."""

    @abstractmethod
    def entry(self, url: str, token: str, secret: str) -> Json:
        """Return what its config entry holds once somebody has signed in."""

    @abstractmethod
    def row_of(self, unique_id: str) -> Row | None:
        """Return the row that an entity shows, None if it shows none (a gateway, say)."""

    def program(self, url: str) -> Sequence[str | Path]:
        """Return Python's arguments that run Home Assistant with it."""
        return ("-m", "homeassistant")


class ThisIntegration(IntegrationUnderTest):
    """The integration of this checkout."""

    domain = "telldus_pa"
    _account = "bench"
    _unique_id = re.compile(rf"{_account}_(device|sensor)_(\d+)(?:_.+)?")

    @override
    def keys(self) -> tuple[str, str]:
        """Return the key pair that it signs with: everybody has their own."""
        return DEMO_PUBLIC_KEY, DEMO_PRIVATE_KEY

    @override
    def entry(self, url: str, token: str, secret: str) -> Json:
        """Return what its config entry holds once somebody has signed in."""
        public_key, private_key = self.keys()
        return {
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
        """Return the row that an entity shows, None if it shows none."""
        found = self._unique_id.fullmatch(unique_id)
        return Row(found[1], found[2]) if found else None


class CoreIntegration(IntegrationUnderTest):
    """Home Assistant's own integration, unchanged, with its library pointed elsewhere."""

    domain = "tellduslive"
    _unique_id = re.compile(r"(_?)(\d+)(?:-.+)?")

    @override
    def keys(self) -> tuple[str, str]:
        """Return the key pair that it signs with: one for everybody, in its source."""
        # Here, since this imports the component and its library.
        from homeassistant.components.tellduslive.const import (  # noqa: PLC0415
            NOT_SO_PRIVATE_KEY,
            PUBLIC_KEY,
        )

        return PUBLIC_KEY, NOT_SO_PRIVATE_KEY

    @override
    def entry(self, url: str, token: str, secret: str) -> Json:
        """Return what its config entry holds once somebody has signed in."""
        session = {"token": token, "token_secret": secret}
        data = {"host": "Cloud API", "scan_interval": 60, "session": session}
        return {"unique_id": None, "data": data}

    @override
    def row_of(self, unique_id: str) -> Row | None:
        """Return the row that an entity shows, None if it shows none."""
        found = self._unique_id.fullmatch(unique_id)
        return Row("sensor" if found[1] else "device", found[2]) if found else None

    @override
    def program(self, url: str) -> Sequence[str | Path]:
        """Return Python's arguments that run Home Assistant with it."""
        return (*WITH_CORE, url)
