"""What the client makes of faults, limits and responses that are not as they should be."""

from typing import Any

import aiohttp
import pytest

from custom_components.telldus_pa.pa_api import (
    ApiError,
    AuthenticationError,
    Credentials,
    GatewayOfflineError,
    InvalidResponseError,
    Method,
    RateLimiter,
    RateLimitError,
    RequestDeferredError,
    TelldusClient,
    TelldusConnectionError,
    TelldusError,
)
from simulator import Fault, Simulator

from .conftest import ON, ClientOf, Clock, Misbehave, http, kept, warnings

pytestmark = pytest.mark.usefixtures("no_gaps")


@pytest.mark.parametrize(
    ("fault", "args", "kind", "text"),
    [
        (
            Fault.UNAUTHORIZED_XML,
            {},
            AuthenticationError,
            'The consumer_key "…" combination does not exist or is not enabled.',
        ),
        (
            Fault.UNAUTHORIZED_TEXT,
            {},
            AuthenticationError,
            'The consumer_key "…" combination does not exist or is not enabled.',
        ),
        (Fault.NOT_FOUND, {}, TelldusConnectionError, "devices/list: HTTP 404"),
        (Fault.BAD_GATEWAY, {}, TelldusConnectionError, "devices/list: HTTP 502"),
        (Fault.CLOUDFLARE, {}, TelldusConnectionError, "devices/list: HTTP 403"),
        (
            Fault.CLOUDFLARE,
            {"number": 1001},
            TelldusConnectionError,
            "devices/list: HTTP 403",
        ),
        (Fault.REDIRECT, {}, TelldusConnectionError, "devices/list: HTTP 302"),
        (Fault.TRUNCATED, {}, InvalidResponseError, "devices/list: no JSON"),
        (Fault.GARBAGE, {}, InvalidResponseError, "devices/list: no JSON"),
        (Fault.EMPTY, {}, InvalidResponseError, "devices/list: no JSON"),
        (Fault.DATABASE, {}, InvalidResponseError, "devices/list: no JSON"),
        (Fault.MISSING_KEYS, {"keys": ["device"]}, None, ""),
        (Fault.APPLICATION_ERROR, {"text": "Oh"}, ApiError, "Oh"),
        (
            Fault.APPLICATION_ERROR,
            {"text": "invalid_token"},
            AuthenticationError,
            "invalid_token",
        ),
        (Fault.APPLICATION_ERROR, {"text": "Oh", "code": 3}, GatewayOfflineError, "Oh"),
    ],
)
async def test_faults(
    client: TelldusClient,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    secrets: set[str],
    fault: Fault,
    args: dict[str, Any],
    kind: type[TelldusError] | None,
    text: str,
) -> None:
    """Each thing that can go wrong is the error that its caller expects, for a call."""
    await client.devices()
    simulator.faults.add(fault, times=1, **args)

    if kind is None:
        assert len((await client.devices()).rows) == len(simulator.home.devices)
    else:
        with pytest.raises(TelldusError) as caught:
            await client.devices()
        assert type(caught.value) is kind
        assert str(kept(caught.value, secrets)) == text
    assert rate_limiter.paused_for == 0
    assert not rate_limiter.sending
    assert len(simulator.log) == 2
    assert (await client.devices()).rows


@pytest.mark.parametrize("body", ["auto", "xml", "text"])
async def test_revoked(
    client: TelldusClient,
    simulator: Simulator,
    secrets: set[str],
    body: str,
) -> None:
    """A token that was taken away is the sign-in's fault, in whatever form it is told."""
    simulator.settings.change({"unauthorized_body": body})
    simulator.revoke()

    for call in (
        client.devices,
        client.gateways,
        client.sensors,
        client.rooms,
        client.profile,
        lambda: client.command(lambda: ON),
    ):
        with pytest.raises(AuthenticationError) as caught:
            await call()
        assert "does not exist or is not enabled" in str(kept(caught.value, secrets))


async def test_wrong_secret(
    server_url: str,
    session: aiohttp.ClientSession,
    credentials: Credentials,
    rate_limiter: RateLimiter,
    secrets: set[str],
) -> None:
    """The signature base string, which a refusal quotes, is not passed on."""
    wrong = Credentials(
        credentials.public_key,
        credentials.private_key,
        credentials.token,
        "not-the-secret",
    )
    secrets.add("not-the-secret")

    with pytest.raises(AuthenticationError) as caught:
        await TelldusClient(session, server_url, wrong, rate_limiter).devices()
    assert str(kept(caught.value, secrets)) == (
        'Verification of signature failed (signature base string was "…").'
    )


async def test_redirects_are_not_followed(
    client: TelldusClient, simulator: Simulator, server_url: str
) -> None:
    """Nothing signed goes anywhere else."""
    simulator.faults.add(
        Fault.REDIRECT, times=1, location=f"{server_url}/json/devices/list"
    )

    with pytest.raises(TelldusConnectionError):
        await client.devices()
    assert len(simulator.log) == 1


@pytest.mark.usefixtures("short_timeout")
async def test_timeout(
    client: TelldusClient,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    secrets: set[str],
) -> None:
    """Who says nothing is not waited for."""
    simulator.faults.add(Fault.TIMEOUT, times=1)

    with pytest.raises(TelldusConnectionError) as caught:
        await client.devices()
    assert "devices/list: " in str(kept(caught.value, secrets))
    assert "Timeout" in str(caught.value)
    assert rate_limiter.used == 1
    assert not rate_limiter.sending


async def test_slow(client: TelldusClient, simulator: Simulator) -> None:
    """Who says something late is."""
    simulator.faults.add(Fault.SLOW, seconds=0.05)

    assert (await client.devices()).rows


@pytest.mark.parametrize("retry_after", [None, 40])
async def test_rate_limited(
    client: TelldusClient,
    simulator: Simulator,
    rate_limiter: RateLimiter,
    clock: Clock,
    retry_after: int | None,
) -> None:
    """After a 429 nothing is sent until the pause is over."""
    args: dict[str, Any] = {"retry_after": retry_after} if retry_after else {}
    simulator.faults.add(Fault.RATE_LIMITED, times=1, **args)

    with pytest.raises(RateLimitError) as caught:
        await client.devices()
    assert type(caught.value) is RateLimitError
    wait = caught.value.retry_after
    assert wait == 40 if retry_after else 15 <= wait <= 18
    assert rate_limiter.paused_for == wait
    assert len(simulator.log) == 1

    clock.tick(wait - 0.01)
    for call in (
        client.devices,
        client.gateways,
        client.sensors,
        client.rooms,
        client.profile,
        lambda: client.command(lambda: ON),
    ):
        with pytest.raises(RequestDeferredError):
            await call()
    assert len(simulator.log) == 1
    clock.tick(0.01)
    assert (await client.devices()).rows
    assert len(simulator.log) == 2


async def test_an_answer_ends_the_doubling(
    client: TelldusClient, simulator: Simulator, rate_limiter: RateLimiter, clock: Clock
) -> None:
    """Any answer but a 429 shows that the server listens to us again."""
    simulator.faults.add(Fault.RATE_LIMITED, times=3)
    for _ in range(3):
        with pytest.raises(RateLimitError):
            await client.devices()
        clock.tick(rate_limiter.paused_for)
    assert rate_limiter.state().backoff_count == 3

    simulator.faults.add(Fault.UNAUTHORIZED_XML, times=1)
    with pytest.raises(AuthenticationError):
        await client.devices()
    assert rate_limiter.state().backoff_count == 0


async def test_the_real_limit(
    client: TelldusClient, simulator: Simulator, rate_limiter: RateLimiter
) -> None:
    """A server that allows less than we think is obeyed."""
    simulator.settings.change({"limit_per_minute": 2, "retry_after": True})
    await client.devices()
    await client.devices()

    with pytest.raises(RateLimitError) as caught:
        await client.devices()
    assert caught.value.retry_after == rate_limiter.paused_for == 60


async def test_the_window(client: TelldusClient, simulator: Simulator) -> None:
    """What will not be let through soon is not sent."""
    for _ in range(8):
        await client.devices()

    with pytest.raises(RequestDeferredError):
        await client.devices(timeout=5)
    assert len(simulator.log) == 8
    await client.command(lambda: ON)


async def test_bad_rows(
    client: TelldusClient, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Bad rows cost themselves, and one line each, once."""
    simulator.faults.add(Fault.WRONG_TYPES)

    rows = (await client.devices()).rows

    count = len(simulator.home.devices)
    assert len(rows) == count - count // 3
    assert warnings(caplog) == [
        f"Left out what cannot be understood: devices/list, row {number}: not an object"
        for number in range(2, count, 3)
    ]
    caplog.clear()
    assert (await client.devices()).rows == rows
    assert warnings(caplog) == []
    # Another list's rows are others.
    await client.gateways()
    assert warnings(caplog) == [
        "Left out what cannot be understood: clients/list, row 2: not an object"
    ]


async def test_every_row_bad(client: TelldusClient, simulator: Simulator) -> None:
    """Where nothing can be understood, that is no empty home."""
    simulator.faults.add(Fault.MISSING_KEYS, keys=["id"])

    with pytest.raises(InvalidResponseError, match="no id"):
        await client.devices()


async def test_rows_that_lack_something(
    client: TelldusClient, simulator: Simulator
) -> None:
    """A row without what is not needed is a row."""
    simulator.faults.add(
        Fault.MISSING_KEYS,
        keys=["name", "state", "stateValues", "methods", "online", "client"],
    )

    rows = (await client.devices()).rows
    assert len(rows) == len(simulator.home.devices)
    assert {(row.name, row.state, row.methods) for row in rows} == {
        (None, None, Method(0))
    }


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("null", "no JSON object"),
        ("[]", "no JSON object"),
        ("5", "no JSON object"),
        ('"device"', "no JSON object"),
        ("NaN", "no JSON object"),
        ('{"device": "none"}', "no list"),
        ("", "no JSON"),
        ("{", "no JSON"),
        ("{'device': []}", "no JSON"),
        # More than is parsed in depth
        pytest.param('{"device":' + "[" * 200_000, "no JSON", id="deep list"),
        pytest.param('{"device":' + '{"a":' * 200_000, "no JSON", id="deep object"),
        (b"\x00", "no JSON"),
    ],
)
async def test_unintelligible(
    client_of: ClientOf, misbehave: Misbehave, body: str | bytes, text: str
) -> None:
    """What is not an answer is said not to be one."""
    client = client_of(await misbehave(http(body)))

    with pytest.raises(InvalidResponseError, match=f"^devices/list: {text}$"):
        await client.devices()


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ('{"device": []}', 0),
        ('{"device": {"id": 1, "client": 2}}', 1),
        ('\ufeff{"device": [{"id": 1, "client": 2, "state": NaN}]}', 1),
        ('{"device": [{"id": 1, "client": 2, "methods": 1e999}]}', 1),
        pytest.param(
            '{"device": [{"id": 1, "client": 2, "methods": ' + "9" * 4000 + "}]}",
            1,
            id="digits",
        ),
        ('{"device": [{"id": 1, "client": 2, "statevalue": -Infinity}]}', 1),
        ('{"device": [], "error_count": 0}', 0),
        # An empty home, and PHP's way to write a list with gaps
        ("{}", 0),
        ('{"device": {"0": {"id": 1, "client": 2}, "2": {"id": 3, "client": 2}}}', 2),
    ],
)
async def test_odd_but_intelligible(
    client_of: ClientOf, misbehave: Misbehave, body: str, count: int
) -> None:
    """What can be understood is."""
    client = client_of(await misbehave(http(body, "200 OK", "Content-Type: text/html")))

    assert len((await client.devices()).rows) == count
