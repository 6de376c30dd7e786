"""Which failure it is: what the Connection sensor, the log and the repairs say of it."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import CONF_ACCOUNT_UUID, DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import Fault, Simulator
from tests.helpers import diagnostics

from .conftest import AddEntry, Time
from .helpers import ACCOUNT, HOME_STATUS, complaints, infos, issues, polls, state_of

pytestmark = pytest.mark.only("Window lamp")


CABIN = "sensor.cabin_status"
PREMIUM = "sensor.telldus_live_premium_expires"
HOUR = 3600
DAY = 24 * HOUR
PROFILE = "json/user/profile"


async def test_polling(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Each gateway says how it is reached, whether or not it is."""
    home = state_of(hass, HOME_STATUS)
    assert home.state == "polling"
    assert home.attributes["device_class"] == "enum"
    assert state_of(hass, CABIN).state == "gateway_offline"


@pytest.mark.parametrize(
    ("fault", "arguments", "cause", "text"),
    [
        (Fault.UNAUTHORIZED_XML, {}, "auth_failed", "Telldus refuses the login"),
        (Fault.UNAUTHORIZED_TEXT, {}, "auth_failed", "Telldus refuses the login"),
        (
            Fault.RATE_LIMITED,
            {"retry_after": 60},
            "rate_limited",
            "Telldus refuses requests, although they are within its limit",
        ),
        (Fault.NOT_FOUND, {}, "cannot_connect", "Telldus cannot be reached"),
        (Fault.BAD_GATEWAY, {}, "cannot_connect", "Telldus cannot be reached"),
        (Fault.CLOUDFLARE, {}, "cannot_connect", "Telldus cannot be reached"),
        (Fault.REDIRECT, {}, "cannot_connect", "Telldus cannot be reached"),
        (Fault.GARBAGE, {}, "invalid_response", "Telldus' responses are invalid"),
        (Fault.EMPTY, {}, "invalid_response", "Telldus' responses are invalid"),
        (Fault.TRUNCATED, {}, "invalid_response", "Telldus' responses are invalid"),
        (Fault.DATABASE, {}, "invalid_response", "Telldus' responses are invalid"),
        (
            Fault.APPLICATION_ERROR,
            {"text": "Unknown error"},
            "rejected",
            "Telldus refuses requests",
        ),
    ],
)
async def test_told_apart(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    arguments: dict[str, Any],
    cause: str,
    text: str,
) -> None:
    """Each failure has a name of its own, logged once when data are lost, and once after."""
    simulator.faults.add(fault, match="json/*/list", times=None, **arguments)
    await time.move(31)
    assert state_of(hass, HOME_STATUS).state == cause
    # Of a gateway nothing is known while nothing is known at all.
    assert state_of(hass, CABIN).state == cause
    assert complaints(caplog) == []
    await time.move(119)
    await time.move(900)
    assert state_of(hass, HOME_STATUS).state == cause
    simulator.faults.clear()
    await time.move(2100)
    assert state_of(hass, HOME_STATUS).state == "polling"
    assert state_of(hass, CABIN).state == "gateway_offline"
    (lost,) = complaints(caplog)
    assert lost.startswith(f"{text} (")
    assert infos(caplog) == ["Data of Telldus are received again"]


async def test_sensors_alone(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Also what keeps only the sensors from coming is told."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/sensors/list", times=None)
    await time.listed("sensors")
    assert state_of(hass, HOME_STATUS).state == "cannot_connect"
    simulator.faults.clear()
    await time.listed("sensors")
    assert state_of(hass, HOME_STATUS).state == "polling"


async def test_one_after_the_other(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failure that becomes another is two."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/devices/list", times=2)
    simulator.faults.add(Fault.GARBAGE, match="json/devices/list", times=2)
    await time.move(31)
    assert state_of(hass, HOME_STATUS).state == "cannot_connect"
    await time.move(119)
    await time.move(35)
    # Nothing was lost, so nothing is logged.
    assert infos(caplog) == complaints(caplog) == []
    failed = (await diagnostics(hass, loaded))["connection"]["failed_polls"]
    assert [(one["what"], one["error"], one["code"]) for one in failed] == [
        ("devices", "TelldusConnectionError", 502),
        ("devices", "TelldusConnectionError", 502),
        ("devices", "InvalidResponseError", None),
        ("devices", "InvalidResponseError", None),
    ]


async def test_gateway(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A gateway that goes offline is told of once, and once when it is back."""
    simulator.set_gateway_online("410001", online=False)
    await time.move(119)
    assert state_of(hass, HOME_STATUS).state == "gateway_offline"
    simulator.set_gateway_online("410001", online=True)
    await time.move(119)
    assert state_of(hass, HOME_STATUS).state == "polling"
    assert infos(caplog) == [
        "The gateway Home is offline",
        "The gateway Home is back",
    ]


async def test_gateway_that_went(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A gateway that is sold while it is offline is offline, and no news."""
    home = simulator.home
    for device in list(home.devices.values()):
        if device.gateway_id == "410002":
            del home.devices[device.id]
    await time.move(31)
    assert state_of(hass, CABIN).state == "gateway_offline"
    assert infos(caplog) == []


async def test_profile_is_not_told(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where Telldus does not tell of Premium, nobody hears of it."""
    simulator.settings.refuse_profile = True
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(75)
    assert polls(simulator, PROFILE) == 1
    assert state_of(hass, PREMIUM).state == "unknown"
    assert complaints(caplog) == []
    assert issues(hass) == set()
    await time.move(7000)
    assert polls(simulator, PROFILE) == 1


async def test_profile_learned_later(
    hass: HomeAssistant, add_entry: AddEntry, simulator: Simulator, time: Time
) -> None:
    """Whose account it is is noted when Telldus says so at last; no id changes."""
    entry = add_entry(more_data={CONF_ACCOUNT_UUID: None})
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(75)
    assert entry.data[CONF_ACCOUNT_UUID]
    assert entry.unique_id == ACCOUNT
    assert polls(simulator, "json/devices/list") == 3


# The limit used up by something else


async def test_rate_limit_exhausted(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """After hours of refusals the person is told that something else is the reason."""
    simulator.faults.add(Fault.RATE_LIMITED, match="json/devices/list", times=None)
    await time.move(7000)
    assert issues(hass) == set()
    await time.move(1000)
    assert issues(hass) == {"rate_limit_exhausted"}
    simulator.faults.clear()
    await time.move(1000)
    assert issues(hass) == {"rate_limit_exhausted"}
    await time.move(1000)
    assert issues(hass) == set()


async def test_limit_reached_now_and_then(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A refusal every hour is no reason to trouble anybody."""
    for _ in range(4):
        simulator.faults.add(Fault.RATE_LIMITED, match="json/devices/list", times=1)
        await time.move(HOUR)
    assert issues(hass) == set()


async def test_long_pauses(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Who has to wait for an hour after each try has not recovered in between."""
    simulator.faults.add(
        Fault.RATE_LIMITED, match="json/*", times=None, retry_after=3600
    )
    await time.move(3 * HOUR)
    assert issues(hass) == {"rate_limit_exhausted"}
    await time.move(1800)
    assert issues(hass) == {"rate_limit_exhausted"}


# The rate limiter's numbers


async def test_requests_in_the_last_minute(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    simulator: Simulator,
    time: Time,
) -> None:
    """How many requests were sent in the last minute can be looked at."""
    entity_id = entity_registry.async_get_entity_id(
        "sensor", DOMAIN, f"{ACCOUNT}_account_requests"
    )
    assert entity_id
    entity = entity_registry.async_get(entity_id)
    assert entity
    assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    assert entity.entity_category == "diagnostic"
    entity_registry.async_update_entity(entity_id, disabled_by=None)
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    await time.move(135)
    asked = len([one for one in simulator.log if one.time > simulator.clock() - 60])
    # As it was at the last look, half a minute ago at most
    assert asked <= int(state_of(hass, entity_id).state) <= asked + 2
