"""Gateways, and the addresses of their servers. Source: docs/telldus-api.md, "Gateways"."""

from dataclasses import dataclass
from ipaddress import ip_address
import re
from typing import Final, Self

from ..parsing import Json, to_flag, to_id, to_integer, to_text

# A host with a port or without; IPv6 with a port is in brackets.
_ADDRESS: Final = re.compile(
    r"(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:]+))(?::(?P<port>\d{1,5}))?", re.ASCII
)
# Names in ASCII. The last part has a letter, lest it be read as an IP in an odd form.
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(
    rf"(?:{_LABEL}\.)*(?=[a-z0-9-]*[a-z]){_LABEL}", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A TellStick, or whatever else connects devices to Telldus ("client" on the wire).

    ``model``, ``version`` and ``owned`` are None where only a device told of the gateway.
    ``owned`` is False for a gateway that somebody else shares with this account.
    """

    id: str
    name: str | None
    online: bool
    model: str | None = None
    version: str | None = None
    is_owner: bool | None = None

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse a row of ``clients/list``. Raises ValueError."""
        return cls(
            id=to_id(row, "id"),
            name=to_text(row.get("name")),
            online=to_flag(row.get("online"), default=True),
            model=to_text(row.get("type")),
            version=to_text(row.get("version")),
            is_owner=to_flag(row.get("editable"), default=True),
        )


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a gateway's socket is: a bare host name or IP, and two places for a port.

    ``own_port`` came with the host; ``port`` is the one beside it, None if it is no port.
    """

    host: str
    port: int | None
    host_port: int | None = None

    @classmethod
    def from_dict(cls, row: Json) -> Self | None:
        """Parse the answer of ``client/serverAddress``; None for a gateway that is offline.

        Raises ValueError for anything but a host: it decides whom we connect to.
        """
        address, port = to_text(row.get("address")), to_text(row.get("port"))
        if not address or not port:
            return None
        found = _ADDRESS.fullmatch(address)
        host = (found["v6"] or found["host"]) if found else address
        own_port = _port(found["port"]) if found else None
        if not _is_host(host) or (found and found["port"] and own_port is None):
            raise ValueError("no address")
        return cls(host, _port(port), own_port)


def _port(text: str | None) -> int | None:
    """Return a port, None for what is none."""
    port = to_integer(text)
    return port if port is not None and 0 < port < 65536 else None


def _is_host(text: str) -> bool:
    """Return whether a text is a host's name or IP, and nothing more."""
    try:
        ip_address(text)
    except ValueError:
        return _HOST.fullmatch(text) is not None
    # An IPv6 address may carry the name of an interface.
    return "%" not in text
