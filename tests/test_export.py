"""The home in a file that the person keeps, and that nobody else can read."""

import json
from pathlib import Path
import stat
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Fault, Simulator

from .conftest import Time
from .factories import home_of, lamp
from .helpers import Actions

CODE = "13579111"


@pytest.fixture(autouse=True)
def folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return Home Assistant's own folder, which is this test's."""
    hass.config.config_dir = str(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def home(simulator: Simulator) -> None:
    """Let a lamp have codes."""
    device = next(iter(simulator.home.devices.values()))
    device.parameters = {"house": CODE, "unit": "3"}


async def export(actions: Actions, entry: MockConfigEntry, **more: Any) -> Any:
    """Export the home."""
    return await actions.call("export_home", config_entry_id=entry.entry_id, **more)


async def test_export(
    loaded: MockConfigEntry,
    actions: Actions,
    simulator: Simulator,
    folder: Path,
    secrets: set[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Everything is in it, codes included, and the codes are nowhere else."""
    answer = await export(actions, loaded)
    file = Path(answer["path"])
    assert file.parent == folder / "telldus_pa"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    text = file.read_text()
    found = json.loads(text)
    home = simulator.home
    assert [one["id"] for one in found["devices"]] == list(home.devices)
    assert [one["id"] for one in found["sensors"]] == list(home.sensors)
    assert {one["id"] for one in found["gateways"]} == set(home.gateways)
    assert (answer["devices"], answer["sensors"]) == (
        len(home.devices),
        len(home.sensors),
    )
    first = found["devices"][0]
    assert first["parameters"] == {"house": CODE, "unit": "3"}
    assert first["protocol"] is None
    assert "turnon" in first["methods"]
    assert answer["protocols_missing"] > 0
    assert any(one["members"] for one in found["devices"])
    assert any(one["keep_history"] for one in found["sensors"])
    assert not [secret for secret in secrets if secret in text]
    assert not [r for r in caplog.records if CODE in r.getMessage()]


async def test_protocols(
    loaded: MockConfigEntry,
    actions: Actions,
    simulator: Simulator,
    time: Time,
) -> None:
    """Each 433 MHz device is asked for once, however long that takes."""
    lamps = [lamp(number, transport="433") for number in range(1, 5)]
    simulator._home = home_of(*lamps, lamp(9))  # noqa: SLF001
    await time.move(35)
    path = "json/device/info"
    simulator.faults.add(Fault.RATE_LIMITED, match=path, times=1)
    simulator.faults.add(
        Fault.APPLICATION_ERROR, match=path, times=1, text="No such device"
    )
    call = export(actions, loaded, include_protocol=True, path="home.json")
    answer = await call
    # One that Telldus refuses will not be told next time either.
    assert answer["protocols_missing"] == 0
    found = json.loads(Path(answer["path"]).read_text())
    protocols = [one["protocol"] for one in found["devices"]]
    assert sorted(protocols, key=str) == ["433", "433", "433", None, None]
    answer = await export(actions, loaded, include_protocol=True, path="home.json")
    assert answer["protocols_missing"] == 0
    asked = [one.params["id"] for one in simulator.log if one.path == path]
    assert "9" not in asked
    assert len(asked) == 5


@pytest.mark.parametrize(
    "fault", [(Fault.BAD_GATEWAY, {}), (Fault.RATE_LIMITED, {"retry_after": 1200})]
)
async def test_protocols_not_told(
    loaded: MockConfigEntry,
    actions: Actions,
    simulator: Simulator,
    fault: tuple[Fault, dict[str, Any]],
) -> None:
    """What cannot be learned in time is left out, and that is said."""
    simulator.faults.add(fault[0], match="json/device/info", times=1, **fault[1])
    answer = await export(actions, loaded, include_protocol=True)
    assert answer["protocols_missing"] > 3
    assert Path(answer["path"]).exists()


async def test_telldus_in_trouble(
    loaded: MockConfigEntry,
    actions: Actions,
    simulator: Simulator,
    folder: Path,
) -> None:
    """Nothing is written where Telldus does not tell."""
    # Polls ask the same, and may come first.
    simulator.faults.add(Fault.BAD_GATEWAY, match="json/devices/list")
    with pytest.raises(HomeAssistantError) as err:
        await export(actions, loaded)
    assert err.value.translation_key == "cannot_connect"
    assert not (folder / "telldus_pa").exists()


async def test_where_it_may_be(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    actions: Actions,
    folder: Path,
) -> None:
    """A place must be allowed, and must not be one that everybody can read."""
    (folder / "www").mkdir()
    allowed = folder / "elsewhere"
    allowed.mkdir()
    hass.config.allowlist_external_dirs = {str(folder / "www"), str(allowed)}
    for path in (
        *("/etc/home.json", "../home.json", "home.txt", "configuration.yaml"),
        *(str(folder / "www" / "home.json"), "../www/home.json", ""),
    ):
        found = await actions.refusal(
            "export_home", config_entry_id=loaded.entry_id, path=path
        )
        assert found == "path_not_allowed"
    answer = await export(actions, loaded, path=str(allowed / "home.json"))
    assert Path(answer["path"]) == allowed / "home.json"
    (folder / "telldus_pa").write_text("in the way")
    with pytest.raises(HomeAssistantError) as err:
        await export(actions, loaded)
    assert err.value.translation_key == "write_failed"
