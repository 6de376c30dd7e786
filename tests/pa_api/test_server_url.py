"""Which server may be used: what could be read in two ways is none."""

from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest
import requests
from yarl import URL

from custom_components.telldus_pa.pa_api.server_url import server_origin


@pytest.fixture(autouse=True)
def custom_integrations() -> None:
    """Do without Home Assistant."""


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://pa-api.telldus.com", "https://pa-api.telldus.com"),
        (" https://PA-API.telldus.com/ ", "https://pa-api.telldus.com"),
        ("https://pa-api.telldus.com:8443", "https://pa-api.telldus.com:8443"),
        ("http://127.0.0.1:8124", "http://127.0.0.1:8124"),
        ("http://[::1]:8124/", "http://[::1]:8124"),
        ("http://localhost", "http://localhost"),
        ("http://pa-api.telldus.com", None),
        ("http://localhost.telldus.com", None),
        ("https://user:word@pa-api.telldus.com", None),
        ("https://user@pa-api.telldus.com", None),
        ("https://pa-api.telldus.com/json", None),
        ("https://pa-api.telldus.com/?a=b", None),
        ("https://pa-api.telldus.com/#a", None),
        ("ftp://127.0.0.1", None),
        ("javascript:alert(1)", None),
        ("pa-api.telldus.com", None),
        ("https://", None),
        ("https://[", None),
        ("", None),
    ],
)
def test_server_origin(address: str, origin: str | None) -> None:
    """https, or http to this machine, and nothing besides."""
    assert server_origin(address) == origin


@pytest.mark.parametrize(
    "address",
    [
        # This machine, by names that not everybody understands in the same way
        "http://2130706433",
        "http://0x7f000001",
        "http://0177.0.0.1",
        "http://127.1",
        "http://0",
        "http://0.0.0.0",
        "http://[::]",
        "http://localhost.",
        "http://127.0.0.1.",
        "http://[::1%25eth0]",
        "http://[::1%eth0]",
        # Not this machine
        "http://[::ffff:8.8.8.8]",
        "http://[fe80::1]",
        "http://[::1]evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://localhost%2eevil.example",
        "http://localhost%00.evil.example",
        "http://localhost\0.evil.example",
        "http://localhost\n.evil.example",
        "http://localhost%23.evil.example",
        "http://localhost\\.evil.example",
        "http://localhost\uff0f.evil.example",
        # Who is who
        "http://evil.example#@localhost",
        "http://evil.example\\@localhost",
        "http://localhost\\@evil.example",
        "http://localhost \n@evil.example",
        "https://pa-api.telldus.com@evil.example",
        "https://pa-api.telldus.com:443@evil.example",
        "https://pa-api.telldus.com\\@evil.example",
        "https://pa-api.telldus.com%40evil.example",
        "https://pa-api.telldus.com%2f@evil.example",
        "https://pa-api.telldus.com\uff20evil.example",
        "https://pa-api.telldus.com\uff0fevil",
        "https://[::1]@evil.example",
        "https://@evil.example",
        "https://:@evil.example",
        # Not a name
        "https://pa-api..telldus.com",
        "https://pa-api.telldus.com.",
        "https://pa-api.telldus.com..",
        "https://.telldus.com",
        "https://pa-api.telldus.com;x",
        "https://%65vil.example",
        "https://evil.example%",
        "https://a)b(c",
        "https://a](javascript:alert)",
        "https://a<b>",
        'https://a"b',
        "https://a'b",
        "https://a b",
        "https://a|b",
        "https://*.telldus.com",
        "https://a,b",
        "https://[v1.x]",
        "https://[127.0.0.1]",
        "https://10.1",
        "https://-a.example",
        "https://xn--.example",
        "https://xn--a.example",
        "https://\ud800",
        "https://\u200bpa-api.telldus.com",
        "https://\u202epa-api.telldus.com",
        f"https://{'a' * 64}.example",
        f"https://{'a.' * 130}example",
        f"https://{'a' * 100_000}",
        "https://pa-api.telldus.com\r\nX-Evil: 1",
        "https://pa-api.tell\ndus.com",
        "https://pa-api.telldus\t.com",
        "ht\ntps://pa-api.telldus.com",
        # Not an origin
        "https://pa-api.telldus.com:99999",
        "https://pa-api.telldus.com:-1",
        "https://pa-api.telldus.com:0",
        "https://pa-api.telldus.com//evil.example",
        "https:///pa-api.telldus.com",
        "https:pa-api.telldus.com",
        "//pa-api.telldus.com",
        "https://pa-api.telldus.com/?",
        "file:///etc/passwd",
        "data:text/html,x",
        "unix:///run/docker.sock",
        "ws://localhost",
        "blob:https://pa-api.telldus.com",
        "https+unix://x",
    ],
)
def test_address_refused(address: str) -> None:
    """What could be read in two ways, or is no origin, is no server of ours."""
    assert server_origin(address) is None


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://pа-api.telldus.com", "https://xn--p-api-4ve.telldus.com"),
        ("https://ß.example", "https://xn--zca.example"),
        ("https://pa-api.telldus.com:443", "https://pa-api.telldus.com"),
        ("http://１２７.０.０.１:80", "http://127.0.0.1"),
        ("http://127.255.0.1:8124", "http://127.255.0.1:8124"),
        ("http://[::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]"),
        ("HTTPS://[2001:DB8::1]", "https://[2001:db8::1]"),
        ("https://sim_1.local", "https://sim_1.local"),
    ],
)
def test_address_normalised(address: str, origin: str) -> None:
    """A look-alike shows what it is, and both libraries go to the same host."""
    assert server_origin(address) == origin
    assert server_origin(origin) == origin
    ours = URL(f"{origin}/json/devices/list", encoded=True)
    theirs = urlsplit(requests.Request("POST", f"{origin}/oauth/x").prepare().url or "")
    assert ours.raw_host == theirs.hostname == urlsplit(origin).hostname
    assert theirs.scheme == ours.scheme
    if ours.scheme == "http":
        assert ip_address(ours.raw_host or "").is_loopback
