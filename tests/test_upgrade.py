"""What an earlier version has written to disk is what a user sees with this one."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC
import json
from pathlib import Path
import shutil

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.telldus_pa.account.storage import StorageKey
from custom_components.telldus_pa.const import DOMAIN
from custom_components.telldus_pa.history.importer import HistoryImport
from custom_components.telldus_pa.migration.move import async_take_over
from custom_components.telldus_pa.registry.protocols import async_fetch_some_protocols
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
from simulator import (
    DEMO_PRIVATE_KEY,
    DEMO_PUBLIC_KEY,
    Simulator,
    demo_home,
    uncommon_home,
)

from .conftest import Time
from .frozen_storage import (
    SEEN,
    Seen,
    Stored,
    differences,
    freeze,
    see,
    set_up,
    start,
    thaw,
)
from .helpers import ACCOUNT
from .integration_files import ROOT

FROZEN = ROOT / "tests" / "fixtures" / "storage"
TELLDUSLIVE = "tellduslive"

type Begin = Callable[[], Awaitable[tuple[HomeAssistant, Time]]]


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Accept the timer of a poll: Home Assistant 2026.8 leaves it when it stops."""
    return True


@pytest.fixture
async def new_core(
    freezer: FrozenDateTimeFactory, simulator: Simulator, tmp_path: Path
) -> AsyncGenerator[Begin]:
    """Return a function that starts a core at a home that has everything."""
    home, lodge = demo_home(simulator.clock()), uncommon_home(simulator.clock())
    home.gateways |= lodge.gateways
    home.devices |= lodge.devices
    home.sensors |= lodge.sensors
    simulator.homes["demo"] = home
    simulator.change_settings({"life": False, "drift": False, "rooms": True})
    started: list[HomeAssistant] = []

    async def new_core() -> tuple[HomeAssistant, Time]:
        hass = await start(tmp_path)
        hass.loop.slow_callback_duration = 1e9
        started.append(hass)
        return hass, Time(hass, freezer, simulator)

    yield new_core
    for hass in started:
        await hass.async_stop(force=True)
    dt_util.set_default_time_zone(UTC)


async def make(
    hass: HomeAssistant,
    time: Time,
    server_url: str,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> Seen:
    """Live in the home until every file of ours has all that it can have."""
    token, secret = simulator.issue_token("demo")
    data = {
        "server_url": server_url,
        "public_key": DEMO_PUBLIC_KEY,
        "private_key": DEMO_PRIVATE_KEY,
        "token": token,
        "token_secret": secret,
        "account_uuid": ACCOUNT,
        "gateways": ["410001"],
    }
    entry = MockConfigEntry(
        domain=DOMAIN, data=data, unique_id=ACCOUNT, title="Telldus Live!"
    )
    core = MockConfigEntry(
        domain=TELLDUSLIVE,
        title="Cloud API",
        data={"session": {}},
        disabled_by=ConfigEntryDisabler.USER,
    )
    for one in (entry, core):
        one.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=core.entry_id, identifiers={(TELLDUSLIVE, "2100003")}
    )
    entities = er.async_get(hass)
    entities.async_get_or_create(
        "light", TELLDUSLIVE, "2100003", config_entry=core, device_id=device.id
    )
    await time.until(set_up(hass))
    await time.move(90)
    entities.async_update_entity(
        "switch.workbench", name="My workbench", icon="mdi:star"
    )
    hass.config_entries.async_update_entry(
        entry,
        options={"scan_interval": 45, "live": True, "reversed_covers": ["2200006"]},
    )
    await time.until(async_take_over(hass, entry, core.entry_id))
    await time.move(90)
    await time.until(async_fetch_some_protocols(hass, entry), limit=900)
    hass.config.components.add("recorder")
    monkeypatch.setattr(HistoryImport, "async_resume", lambda _: None)
    await time.until(entry.runtime_data.history_import.async_start())
    hass.config.components.remove("recorder")
    await time.move(60)
    return await see(hass)


@pytest.fixture
async def made(
    new_core: Begin,
    server_url: str,
    simulator: Simulator,
    hass_storage: Stored,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Freeze what this version writes."""
    hass, time = await new_core()
    seen = await make(hass, time, server_url, simulator, monkeypatch)
    await time.until(hass.async_stop(force=True))
    frozen = tmp_path / "frozen"
    freeze(hass_storage, frozen, seen, server_url)
    return frozen


async def changes(
    frozen: Path, new_core: Begin, server_url: str, simulator: Simulator, stored: Stored
) -> list[str]:
    """Start on frozen files; return what a user then sees differently."""
    kept = json.loads((frozen / SEEN).read_text())
    thaw(frozen, stored, simulator, server_url)
    hass, time = await new_core()
    await time.until(set_up(hass))
    await time.move(90)
    return differences(kept["seen"], await see(hass))


async def test_freezing(
    made: Path,
    new_core: Begin,
    server_url: str,
    simulator: Simulator,
    hass_storage: Stored,
    request: pytest.FixtureRequest,
) -> None:
    """What is frozen has everything, and loads; ``--freeze`` keeps it."""
    kept = json.loads((made / SEEN).read_text())["seen"]
    assert kept["entry"][0] == "loaded"
    assert "go_back" in kept["menu"]
    assert len(kept["entities"]) > 150
    assert kept["repairs"] == []
    assert kept["sections"] == sorted(one.value for one in StorageKey)
    assert server_url not in "".join(path.read_text() for path in made.iterdir())
    found = await changes(made, new_core, server_url, simulator, hass_storage)
    assert found == []
    if target := request.config.getoption("--freeze"):
        shutil.copytree(made, target)


# Ids and keys of the files, and what a version might read instead.
SCHEMES = (
    ("core.entity_registry", f"{ACCOUNT}_device_", f"{ACCOUNT}_appliance_"),
    ("core.device_registry", f"{ACCOUNT}_sensor_", f"{ACCOUNT}_probe_"),
    ("core.config_entries", "reversed_covers", "turned_covers"),
    (f"{DOMAIN}.*", '"migration"', '"moving"'),
    (f"{DOMAIN}.*", '"rooms"', '"areas"'),
)


async def test_another_scheme(
    made: Path,
    new_core: Begin,
    server_url: str,
    simulator: Simulator,
    hass_storage: Stored,
    tmp_path: Path,
) -> None:
    """A version that reads other ids or keys than were written is found out."""
    for number, (file, before, after) in enumerate(SCHEMES):
        frozen = tmp_path / str(number)
        shutil.copytree(made, frozen)
        texts = {path: path.read_text() for path in frozen.glob(file)}
        assert before in "".join(texts.values())
        for path, text in texts.items():
            path.write_text(text.replace(before, after))
        found = await changes(frozen, new_core, server_url, simulator, hass_storage)
        assert found, before


@pytest.mark.parametrize(
    "frozen", [pytest.param(one, id=one.name) for one in sorted(FROZEN.glob("*"))]
)
async def test_frozen(
    frozen: Path,
    new_core: Begin,
    server_url: str,
    simulator: Simulator,
    hass_storage: Stored,
) -> None:
    """Who comes from an earlier version sees what was there before."""
    written_by = json.loads((frozen / SEEN).read_text())["homeassistant"]
    if _numbers(written_by) > _numbers(__version__):
        pytest.skip("written by a newer Home Assistant")
    found = await changes(frozen, new_core, server_url, simulator, hass_storage)
    assert found == []


def _numbers(version: str) -> list[int]:
    """Return the year and the month of a version of Home Assistant."""
    return [int(one) for one in version.split(".")[:2]]
