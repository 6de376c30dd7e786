"""Which failure it is: what the Connection sensor, the log and the repairs say of it."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.const import CONF_ACCOUNT_UUID, DOMAIN
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util import dt as dt_util
from simulator import Fault, Simulator

from .commands.test_manager import House, house  # noqa: F401
from .conftest import ACCOUNT, AddEntry, Time
from .test_init import complaints, polls, state_of

HOME = "sensor.home_connection"
CABIN = "sensor.cabin_connection"
PREMIUM = "sensor.telldus_live_premium_until"
HOUR = 3600
DAY = 24 * HOUR
PROFILE = "json/user/profile"


def infos(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what our connection said at INFO."""
    return [
        record.getMessage()
        for record in caplog.get_records("call")
        if record.levelname == "INFO"
        and record.name == "custom_components.telldus_pa"
        and "recovered" not in record.getMessage()
    ]


def issues(hass: HomeAssistant) -> set[str]:
    """Return what our repairs are about."""
    return {
        issue.translation_key or ""
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN
    }


async def test_polling(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Each gateway says how it is reached, whether or not it is."""
    home = state_of(hass, HOME)
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
            "Telldus refuses requests for being too many",
        ),
        (Fault.NOT_FOUND, {}, "cannot_connect", "Telldus cannot be reached"),
        (Fault.BAD_GATEWAY, {}, "cannot_connect", "Telldus cannot be reached"),
        (Fault.CLOUDFLARE, {}, "cannot_connect", "Telldus cannot be reached"),
        (Fault.REDIRECT, {}, "cannot_connect", "Telldus cannot be reached"),
        (Fault.GARBAGE, {}, "invalid_response", "Telldus' answers make no sense"),
        (Fault.EMPTY, {}, "invalid_response", "Telldus' answers make no sense"),
        (Fault.TRUNCATED, {}, "invalid_response", "Telldus' answers make no sense"),
        (Fault.DATABASE, {}, "invalid_response", "Telldus' answers make no sense"),
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
    """Each failure has a name of its own, said once at its beginning and at its end."""
    simulator.faults.add(fault, match="json/devices/list", times=None, **arguments)
    await time.move(31)
    assert state_of(hass, HOME).state == cause
    # Of a gateway nothing is known while nothing is known at all.
    assert state_of(hass, CABIN).state == cause
    await time.move(119)
    await time.move(900)
    assert state_of(hass, HOME).state == cause
    simulator.faults.clear()
    await time.move(2100)
    assert state_of(hass, HOME).state == "polling"
    assert state_of(hass, CABIN).state == "gateway_offline"
    began, ended = infos(caplog)
    assert began.startswith(f"{text}: ")
    assert ended == f"Over: {text}"


async def test_sensors_alone(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Also what keeps only the sensors from coming is told."""
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/sensors/list", times=None)
    await time.listed("sensors")
    assert state_of(hass, HOME).state == "cannot_connect"
    simulator.faults.clear()
    await time.listed("sensors")
    assert state_of(hass, HOME).state == "polling"


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
    assert state_of(hass, HOME).state == "cannot_connect"
    await time.move(119)
    await time.move(35)
    assert infos(caplog) == [
        "Telldus cannot be reached: devices/list: HTTP 502",
        "Over: Telldus cannot be reached",
        "Telldus' answers make no sense: devices/list: no JSON",
        "Over: Telldus' answers make no sense",
    ]
    failures = loaded.runtime_data.connection_status.failures
    assert [(one.what, one.error, one.code) for one in failures] == [
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
    assert state_of(hass, HOME).state == "gateway_offline"
    simulator.set_gateway_online("410001", online=True)
    await time.move(119)
    assert state_of(hass, HOME).state == "polling"
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


# Premium


async def test_premium(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """Until when Premium is paid for is asked once a day, after everything else."""
    await time.move(30)
    assert [one.path for one in simulator.log][-2:].count(PROFILE) == 1
    assert state_of(hass, PREMIUM).attributes["device_class"] == "timestamp"
    assert state_of(hass, PREMIUM).state.startswith("2027-")
    assert issues(hass) == set()
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    await time.move(100)
    assert polls(simulator, PROFILE) == 1
    assert state_of(hass, PREMIUM).state.startswith("2027-")
    await time.move(DAY + HOUR)
    assert polls(simulator, PROFILE) == 2


async def test_premium_lapsed(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """When Premium ends the person is told, and when it is renewed no longer."""
    await time.move(30)
    simulator.settings.premium = False
    await time.move(DAY + HOUR)
    assert issues(hass) == {"premium_lapsed"}
    assert state_of(hass, PREMIUM).state == "unknown"
    # Nothing is refused, so nothing is in the way.
    assert state_of(hass, HOME).state == "polling"
    # Also after a restart
    await time.until(hass.config_entries.async_unload(loaded.entry_id))
    assert issues(hass) == set()
    await time.until(hass.config_entries.async_setup(loaded.entry_id))
    await time.move(60)
    assert issues(hass) == {"premium_lapsed"}
    simulator.settings.premium = True
    await time.move(DAY + HOUR)
    assert issues(hass) == set()


@pytest.mark.parametrize(
    ("fault", "arguments", "cause"),
    [
        (Fault.APPLICATION_ERROR, {"text": "Premium is needed"}, "premium_lapsed"),
        (Fault.UNAUTHORIZED_XML, {}, "premium_lapsed"),
        (Fault.CLOUDFLARE, {}, "premium_lapsed"),
        (Fault.BAD_GATEWAY, {}, "cannot_connect"),
        (Fault.RATE_LIMITED, {}, "rate_limited"),
    ],
)
async def test_refused_without_premium(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator: Simulator,
    time: Time,
    fault: Fault,
    arguments: dict[str, Any],
    cause: str,
) -> None:
    """An account that never had Premium is left in peace, unless Telldus refuses it."""
    simulator.settings.premium = False
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(75)
    assert polls(simulator, PROFILE) == 1
    assert issues(hass) == set()
    assert state_of(hass, PREMIUM).state == "unknown"
    simulator.faults.add(fault, match="json/devices/list", times=None, **arguments)
    await time.move(31)
    assert state_of(hass, HOME).state == cause
    lapsed = cause == "premium_lapsed"
    assert issues(hass) == ({"premium_lapsed"} if lapsed else set())
    simulator.faults.clear()
    await time.move(2100)
    assert state_of(hass, HOME).state == "polling"
    assert issues(hass) == set()


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


async def test_profile_without_premium(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """A profile that says nothing of Premium says nothing."""
    simulator.faults.add(Fault.MISSING_KEYS, match=PROFILE, times=1, keys=["pro"])
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(75)
    assert entry.runtime_data.premium.expires_at is None
    assert not entry.runtime_data.premium.is_missing


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


async def test_daily_while_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, simulator: Simulator, time: Time
) -> None:
    """What is asked once a day is not asked while nothing is accepted."""
    await time.move(30)
    await time.move(DAY - 2 * HOUR)
    simulator.faults.add(Fault.UNAUTHORIZED_XML, match="json/*", times=None)
    await time.move(3 * HOUR)
    assert polls(simulator, PROFILE) == 1
    simulator.faults.clear()
    await time.move(2 * HOUR)
    assert polls(simulator, PROFILE) == 2


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


# Core's integration


def core_entry(hass: HomeAssistant, **more: Any) -> MockConfigEntry:
    """Return an entry of Home Assistant's own integration, which is not set up."""
    data = {"host": "Cloud API", "session": {"token": "t", "token_secret": "s"}}
    entry = MockConfigEntry(domain="tellduslive", **{"data": data, **more})
    entry.add_to_hass(hass)
    return entry


async def test_core_beside_ours(
    hass: HomeAssistant, loaded: MockConfigEntry, time: Time
) -> None:
    """While Home Assistant's own integration is there as well, the person is told."""
    assert issues(hass) == set()
    other = core_entry(hass)
    hass.config_entries.async_update_entry(other, title="Something happens to it")
    await time.settle()
    assert issues(hass) == {"tellduslive_active"}
    hass.config_entries.async_update_entry(loaded, title="Nothing to do with it")
    await time.settle()
    assert issues(hass) == {"tellduslive_active"}
    await time.until(hass.config_entries.async_remove(other.entry_id))
    assert issues(hass) == set()


async def test_core_beside_ours_after_a_restart(
    hass: HomeAssistant, entry: MockConfigEntry, time: Time
) -> None:
    """What was shown before a restart is shown again: only its id is remembered."""
    core_entry(hass)
    issue_id = f"tellduslive_active_{entry.entry_id}"
    registry = ir.async_get(hass)
    registry.issues[DOMAIN, issue_id] = ir.IssueEntry(
        active=False,
        breaks_in_ha_version=None,
        created=dt_util.utcnow(),
        data=None,
        dismissed_version="2026.9.1",
        domain=DOMAIN,
        is_fixable=None,
        is_persistent=False,
        issue_domain=None,
        issue_id=issue_id,
        learn_more_url=None,
        severity=None,
        translation_key=None,
        translation_placeholders=None,
    )
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    issue = registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert (issue.active, issue.translation_key) == (True, "tellduslive_active")
    assert issue.dismissed_version == "2026.9.1"


async def test_ignored_stays_ignored(
    hass: HomeAssistant, loaded: MockConfigEntry, time: Time
) -> None:
    """What a person ignores is not shown again after a reload; removal forgets it."""
    other = core_entry(hass)
    hass.config_entries.async_update_entry(other, title="Somebody looks at it")
    await time.settle()
    key = DOMAIN, f"tellduslive_active_{loaded.entry_id}"
    ir.async_ignore_issue(hass, *key, ignore=True)
    await time.until(hass.config_entries.async_reload(loaded.entry_id))
    issue = ir.async_get(hass).async_get_issue(*key)
    assert issue is not None
    assert issue.dismissed_version
    await time.until(hass.config_entries.async_remove(loaded.entry_id))
    assert key not in ir.async_get(hass).issues


@pytest.mark.parametrize(
    "more",
    [
        {"disabled_by": ConfigEntryDisabler.USER},
        {"source": "ignore", "data": {}},
        # It talks to a gateway in the same house.
        {"data": {"host": "10.0.0.5", "session": {"host": "10.0.0.5", "token": "t"}}},
    ],
)
async def test_core_that_is_not_in_the_way(
    hass: HomeAssistant, entry: MockConfigEntry, time: Time, more: dict[str, Any]
) -> None:
    """What does not use the limit is no reason to trouble anybody."""
    core_entry(hass, **more)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    assert entry.state is ConfigEntryState.LOADED
    assert issues(hass) == set()


async def test_issues_go_with_the_entry(
    hass: HomeAssistant, entry: MockConfigEntry, time: Time
) -> None:
    """Nothing is left of a repair when what it is about is gone."""
    other = core_entry(hass)
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    (issue,) = [one for (d, _), one in ir.async_get(hass).issues.items() if d == DOMAIN]
    assert issue.translation_placeholders == {"name": "Telldus Live!"}
    assert issue.is_fixable
    await time.until(hass.config_entries.async_remove(entry.entry_id))
    assert issues(hass) == set()
    assert other.entry_id


# The rate limiter's number


async def test_requests_in_the_last_minute(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    simulator: Simulator,
    time: Time,
) -> None:
    """A sensor that is disabled at first says how many requests were sent."""
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
    assert 0 < asked <= int(state_of(hass, entity_id).state) <= asked + 2
