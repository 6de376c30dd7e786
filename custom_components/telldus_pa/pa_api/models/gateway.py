"""Gateways, and the addresses of their servers. Source: docs/dev/telldus-api.md, "Gateways"."""

from dataclasses import dataclass
from ipaddress import ip_address
import re
from typing import Final, Self

from ..parsing import Json, to_flag, to_id, to_integer, to_text

# A host with a port or without; IPv6 with a port is in brackets.
_ADDRESS: Final = re.compile(
    r"(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:]+))(?::(?P<port>\d{1,5}))?", re.ASCII
)
# Names in ASCII. The last part has a letter, so that it is no odd form of an IP.
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(
    rf"(?:{_LABEL}\.)*(?=[a-z0-9-]*[a-z]){_LABEL}", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A TellStick, or whatever else connects devices to Telldus ("client" on the wire).

    ``model``, ``version`` and ``is_owner`` are None where only a device's row mentions the
    gateway. ``is_owner`` is False for one that another account shares with this one.
    """

    id: str
    name: str | None
    online: bool | None
    model: str | None = None
    version: str | None = None
    is_owner: bool | None = None

    @classmethod
    def from_dict(cls, row: Json) -> Self:
        """Parse a row of ``clients/list``. Raises ValueError."""
        return cls(
            id=to_id(row, "id"),
            name=to_text(row.get("name")),
            online=to_flag(row.get("online"), default=None),
            model=to_text(row.get("type")),
            version=to_text(row.get("version")),
            is_owner=to_flag(row.get("editable"), default=True),
        )


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The server of a gateway's websocket: a bare host name or IP, and two places for a port.

    ``host_port`` came with the host; ``port`` is the one beside it. None: not a valid port.
    """

    host: str
    port: int | None
    host_port: int | None = None

    @classmethod
    def from_dict(cls, row: Json) -> Self | None:
        """Parse the response of ``client/serverAddress``; None for an offline gateway.

        Raises ValueError for anything but a host: it decides which server is trusted.
        """
        address, port = to_text(row.get("address")), to_text(row.get("port"))
        if not address or not port:
            return None
        match = _ADDRESS.fullmatch(address)
        host = (match["v6"] or match["host"]) if match else address
        host_port = _port(match["port"]) if match else None
        if not _is_host(host) or (match and match["port"] and host_port is None):
            raise ValueError("no address")
        return cls(host, _port(port), host_port)


def _port(text: str | None) -> int | None:
    """Return a port, None for anything else."""
    port = to_integer(text)
    return port if port is not None and 0 < port < 65536 else None


def _is_host(text: str) -> bool:
    """Return whether a text is a host name or IP, and nothing more."""
    try:
        ip_address(text)
    except ValueError:
        return _HOST.fullmatch(text) is not None
    # An IPv6 address may carry the name of an interface.
    return "%" not in text
