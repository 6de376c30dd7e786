"""The one place that decides which server URLs may be used."""

from ipaddress import ip_address
import re
from typing import Final

from yarl import URL

# URL parsers treat these differently; none is needed.
_FORBIDDEN_CHARACTERS: Final = frozenset("@?#%\\")
_LONGEST_NAME: Final = 253
_LABEL: Final = "(?!-)[a-z0-9_-]{1,63}(?<!-)"
# The last label begins with a letter: 127.1 and 0x7f000001 are addresses to some.
_NAME: Final = re.compile(rf"({_LABEL}\.)*(?=[a-z]){_LABEL}")


def is_loopback(host: str) -> bool:
    """Return whether a host name or IP is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def server_origin(address: str) -> str | None:
    """Return the origin of a URL, None if it may not be used.

    https only; plain http to this machine alone, and nothing but scheme, host and port.
    What parsers could read in two ways is rejected: the browser and two libraries use it.
    """
    text = address.strip()
    if not text.isprintable() or _FORBIDDEN_CHARACTERS.intersection(text):
        return None
    try:
        url = URL(text)
        origin = url.origin()
        # For its ValueError: not everything that looks like punycode is.
        _ = url.host
    except ValueError:
        return None
    host = url.raw_host or ""
    if url != origin / "" or url.port == 0 or not _is_host(host, "[" in text):
        return None
    if url.scheme == "https" or (url.scheme == "http" and is_loopback(host)):
        return str(origin)
    return None


def _is_host(host: str, bracketed: bool) -> bool:
    """Return whether a host is an IP or a name, read alike by every parser."""
    try:
        return (ip_address(host).version == 6) is bracketed
    except ValueError:
        return (
            not bracketed
            and len(host) <= _LONGEST_NAME
            and _NAME.fullmatch(host) is not None
        )
