"""Commands as the client sends them."""

import asyncio
import json

import pytest

from custom_components.telldus_pa.pa_api import (
    ApiError,
    Command,
    Device,
    GatewayOfflineError,
    Method,
    Priority,
    RateLimiter,
    RequestDeferredError,
    TelldusClient,
    ThermostatSetpoint,
)
from simulator import Fault, Simulator

from .conftest import (
    BELL,
    BLIND,
    BULB,
    CABIN_LAMP,
    DIMMER,
    LAMP,
    ON,
    RADIATOR,
    ClientOf,
    Clock,
    Misbehave,
    http,
)

pytestmark = pytest.mark.usefixtures("no_gaps")


@pytest.mark.parametrize(
    ("command", "path", "params"),
    [
        (ON, "turnOn", {}),
        (Command(LAMP, Method.TURNOFF, 7), "turnOff", {}),
        (Command(DIMMER, Method.DIM, 128), "dim", {"level": "128"}),
        (Command(DIMMER, Method.DIM, 0), "dim", {"level": "0"}),
        (Command(DIMMER, Method.DIM, 1000), "dim", {"level": "255"}),
        (Command(BLIND, Method.DOWN), "down", {}),
        (Command(BELL, Method.BELL), "bell", {}),
        (
            Command(BULB, Method.RGB, 0x102030),
            "rgb",
            {"r": "16", "g": "32", "b": "48"},
        ),
        (
            Command(RADIATOR, Method.THERMOSTAT, ThermostatSetpoint("eco-heat", 18.5)),
            "thermostat",
            {
                "mode": "eco-heat",
                "changeMode": "1",
                "temperature": "18.5",
                "scale": "0",
            },
        ),
        (
            Command(
                RADIATOR,
                Method.THERMOSTAT,
                ThermostatSetpoint("heat", 19, change_mode=False),
            ),
            "thermostat",
            {"mode": "heat", "changeMode": "0", "temperature": "19", "scale": "0"},
        ),
        (
            Command(RADIATOR, Method.THERMOSTAT, ThermostatSetpoint("off")),
            "thermostat",
            {"mode": "off", "changeMode": "1"},
        ),
    ],
)
async def test_command(
    client: TelldusClient,
    simulator: Simulator,
    clock: Clock,
    command: Command,
    path: str,
    params: dict[str, str],
) -> None:
    """A command is accepted at once, and has the effect that we foresee a little later."""
    before = await shown(client, command.device_id)

    await client.command(lambda: command)

    assert simulator.log[-1].path == f"json/device/{path}"
    assert simulator.log[-1].params == {"id": command.device_id, **params}
    assert await shown(client, command.device_id) == before
    clock.tick(3)
    assert await shown(client, command.device_id) == command.apply_to(before)


async def shown(client: TelldusClient, device_id: str) -> Device:
    """Return what a list says of a device."""
    rows = (await client.devices()).rows
    return next(row for row in rows if row.id == device_id)


async def test_command_is_chosen_at_the_last_moment(
    client: TelldusClient, rate_limiter: RateLimiter, simulator: Simulator
) -> None:
    """What to send is asked when there is leave to send, not before."""
    chosen: list[bool] = []

    def choose() -> Command:
        chosen.append(rate_limiter.sending)
        return ON

    async with rate_limiter.acquire(Priority.POLL):
        sending = asyncio.create_task(client.command(choose))
        while not rate_limiter.waiting:
            await asyncio.sleep(0)
        assert chosen == []
    await sending

    assert chosen == [True]
    assert len(simulator.log) == 1


async def test_no_command_is_chosen_in_a_pause(
    client: TelldusClient, rate_limiter: RateLimiter
) -> None:
    """Who cannot send is not asked what."""
    rate_limiter.on_rate_limited(30.0)

    with pytest.raises(RequestDeferredError):
        await client.command(lambda: pytest.fail("asked"))


@pytest.mark.parametrize("with_code", [False, True])
async def test_gateway_offline(
    client: TelldusClient, simulator: Simulator, with_code: bool
) -> None:
    """A gateway that is away is told apart."""
    simulator.settings.error_code = with_code

    with pytest.raises(GatewayOfflineError) as caught:
        await client.command(lambda: Command(CABIN_LAMP, Method.TURNON))
    assert caught.value.reason == "The client for this device is currently offline"
    assert caught.value.code == (3 if with_code else None)


async def test_command_refused(client: TelldusClient, simulator: Simulator) -> None:
    """Telldus' reason is passed on."""
    simulator.settings.error_code = True
    nobody = Command("99", Method.TURNON)

    with pytest.raises(
        ApiError, match='^The device with id "99" does not exist$'
    ) as caught:
        await client.command(lambda: nobody)
    assert type(caught.value) is ApiError
    assert caught.value.code == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"status": "failed"}, "failed"),
        ({"status": "FAILED_STATUS_NOT_CONFIRMED"}, "FAILED_STATUS_NOT_CONFIRMED"),
        ({"status": "Success"}, "Success"),
        ({"status": None}, "no reason given"),
        ({"status": True}, "no reason given"),
        ({"status": 1}, "no reason given"),
        ({}, "no reason given"),
    ],
)
async def test_anything_but_success_is_a_failure(
    client_of: ClientOf, misbehave: Misbehave, body: dict[str, object], reason: str
) -> None:
    """There is one word that means success."""
    client = client_of(await misbehave(http(json.dumps(body))))

    with pytest.raises(ApiError) as caught:
        await client.command(lambda: ON)
    assert caught.value.reason == reason


async def test_a_lost_command_was_accepted(
    client: TelldusClient, simulator: Simulator, clock: Clock
) -> None:
    """Success means no more than that."""
    simulator.home.devices[LAMP].state = Method.TURNOFF
    simulator.faults.add(Fault.COMMAND_LOST)
    await client.command(lambda: ON)
    clock.tick(60)

    assert simulator.home.devices[LAMP].state == Method.TURNOFF
