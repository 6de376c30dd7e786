"""Servers that redirect, or whose certificate nobody vouches for."""

from contextlib import suppress
import datetime as dt
from ipaddress import ip_address
from pathlib import Path
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import CONF_SERVER_URL
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from simulator import Fault, Simulator
from tests.conftest import AddEntry, Time
from tests.flow_user import FlowUser, keys

from .conftest import NewImpostor, asked, at_telldus, http

pytestmark = pytest.mark.only("Window lamp")


def token_answer(token: str) -> bytes:
    """Return the answer with a token pair, confirming the callback."""
    return http(
        f"oauth_token={token}&oauth_token_secret=b"
        "&oauth_callback_confirmed=true".encode()
    )


async def test_address_refused_by_the_form(
    flow_user: FlowUser, new_impostor: NewImpostor
) -> None:
    """What may not be used is not tried either; what is told is why."""
    impostor = await new_impostor()
    await flow_user.begin()
    for address in (
        *("http://127.1:{}", "http://0.0.0.0:{}", "http://localhost.:{}"),
        *("http://user:word@127.0.0.1:{}", "http://127.0.0.1:{}/oauth"),
        *("http://127.0.0.1:{}/\t/", "http://xn--a.example:{}", "https://a b:{}"),
    ):
        step = await flow_user.submit(keys(address.format(impostor.port)))
        assert step["errors"] == {"base": "invalid_server_url"}, address
    assert impostor.heads == []


@pytest.mark.parametrize("status", ["307 Temporary", "201 Made", "200 OK"])
async def test_redirected_keys(
    flow_user: FlowUser, new_impostor: NewImpostor, status: str
) -> None:
    """Keys go to the server that was named and to no other."""
    elsewhere = await new_impostor(lambda _: token_answer("stolen"))
    target = f"{elsewhere.url}/oauth/requestToken".encode()
    impostor = await new_impostor(
        lambda _: http(
            b'<meta http-equiv="refresh" content="0;url=' + target + b'">',
            status,
            b"Location: " + target,
            b"Refresh: 0;url=" + target,
            b"Content-Location: " + target,
            b'Alt-Svc: h2="' + target[7:] + b'"',
        )
    )
    await flow_user.begin()
    step = await flow_user.submit(keys(impostor.url))
    expected = "cannot_connect" if status[0] == "3" else "invalid_response"
    assert (step["step_id"], step["errors"]) == ("user", {"base": expected})
    assert len(impostor.heads) == 1
    assert elsewhere.heads == []


@pytest.mark.parametrize("match", ["oauth/accessToken", "json/user/profile"])
async def test_redirected_while_signing_in(
    flow_user: FlowUser,
    server_url: str,
    simulator: Simulator,
    new_impostor: NewImpostor,
    match: str,
) -> None:
    """Nor do verifiers and tokens go anywhere else."""
    elsewhere = await new_impostor(
        lambda _: http(b'{"uuid": "evil", "firstname": "Evil"}')
    )
    simulator.faults.add(
        Fault.REDIRECT, match=match, times=None, location=f"{elsewhere.url}/x"
    )
    step = await flow_user.sign_in(await at_telldus(flow_user, server_url))
    assert elsewhere.heads == []
    if match == "oauth/accessToken":
        assert (step["step_id"], step["errors"]) == (
            "failed",
            {"base": "cannot_connect"},
        )
        return
    # It might be there at the next attempt; then the gateways tell whose account it is.
    for _ in range(2):
        assert step["step_id"] == "failed"
        step = await flow_user.submit()
    assert elsewhere.heads == []
    assert step["title"] == "Telldus Live!"


@pytest.mark.parametrize("status", ["302 Found", "308 Permanent"])
async def test_redirected_data(
    hass: HomeAssistant,
    add_entry: AddEntry,
    time: Time,
    new_impostor: NewImpostor,
    status: str,
) -> None:
    """Signed calls are not taken elsewhere by any kind of redirect."""
    elsewhere = await new_impostor(lambda _: http(b'{"device": []}'))
    impostor = await new_impostor(
        lambda _: http(b"", status, f"Location: {elsewhere.url}/json".encode())
    )
    entry = add_entry(more_data={CONF_SERVER_URL: impostor.url})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert len(impostor.heads) == 1
    assert elsewhere.heads == []


async def test_redirected_command(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    new_impostor: NewImpostor,
) -> None:
    """What would open a door is not sent to somebody else, and polls are not either."""
    elsewhere = await new_impostor(lambda _: http(b'{"status": "success"}'))
    simulator.faults.add(Fault.REDIRECT, times=None, location=f"{elsewhere.url}/json")
    call = hass.services.async_call(
        "switch", "turn_off", {"entity_id": "switch.window_lamp"}, blocking=True
    )
    with suppress(Exception):
        await time.until(call)
    await time.move(120)
    assert "json/device/turnOff" in asked(simulator)
    assert elsewhere.heads == []


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """Return what a server needs to pretend to be this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


async def test_nobody_vouches_for_the_server(
    hass: HomeAssistant,
    flow_user: FlowUser,
    add_entry: AddEntry,
    time: Time,
    new_impostor: NewImpostor,
    self_signed: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A certificate that anybody can make opens nothing, neither for keys nor for data."""
    # What the environment says of certificates is no word of the person's.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "server.pem"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "server.pem"))
    # Else the impostor's side of a failed handshake counts as an error of this test.
    hass.loop.set_debug(False)
    impostor = await new_impostor(lambda _: token_answer("a"), tls=self_signed)
    await flow_user.begin()
    step = await flow_user.submit(keys(impostor.url))
    assert step["errors"] == {"base": "cannot_connect"}
    entry = add_entry(more_data={CONF_SERVER_URL: impostor.url})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert impostor.heads == []
