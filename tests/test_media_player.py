"""Speakers as Home Assistant shows and commands them."""

from dataclasses import replace

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    mock_restore_cache,
)

from custom_components.telldus_pa.pa_api import Method
from homeassistant.components.media_player import (
    DATA_COMPONENT,
    MediaPlayerEntityFeature as Feature,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import ServiceNotSupported
from simulator import Simulator, uncommon_home

from .conftest import AddEntry, Time
from .helpers import Actions, Dashboard, sent, state_of

SPEAKER, SPEAKER_ID = "media_player.kitchen_speaker", "2200001"


@pytest.fixture
async def speaker(
    hass: HomeAssistant, simulator: Simulator, add_entry: AddEntry, time: Time
) -> MockConfigEntry:
    """Set up a home with a speaker."""
    simulator.homes["demo"] = uncommon_home(simulator.clock())
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    await time.move(45)
    return entry


async def test_what_it_is(hass: HomeAssistant, speaker: MockConfigEntry) -> None:
    """It can play, pause, stop, and be louder or softer; it is no blind."""
    state = state_of(hass, SPEAKER)
    assert state.state == "paused"
    assert state.attributes["device_class"] == "speaker"
    assert state.attributes["supported_features"] == (
        Feature.PLAY | Feature.PAUSE | Feature.STOP | Feature.VOLUME_STEP
    )
    assert not [one for one in hass.states.async_entity_ids() if "speaker" in one][1:]


@pytest.mark.parametrize(
    ("method", "state"),
    [
        ("turnOn", "playing"),
        ("turnOff", "paused"),
        ("stop", "idle"),
        ("dim", "unknown"),
    ],
)
async def test_states(
    hass: HomeAssistant,
    simulator: Simulator,
    speaker: MockConfigEntry,
    time: Time,
    method: str,
    state: str,
) -> None:
    """On plays, off pauses; a changed volume leaves it as it was."""
    home = simulator.homes["demo"]
    simulator.press(SPEAKER_ID, method, home=home)
    await time.move(31)
    assert state_of(hass, SPEAKER).state == state
    for step in ("up", "down"):
        simulator.press(SPEAKER_ID, step, home=home)
        await time.move(31)
        assert state_of(hass, SPEAKER).state == state


async def test_no_state(
    hass: HomeAssistant, simulator: Simulator, speaker: MockConfigEntry, time: Time
) -> None:
    """Where Telldus knows nothing, nothing is known."""
    simulator.homes["demo"].devices[SPEAKER_ID].state = 0
    await time.move(31)
    assert state_of(hass, SPEAKER).state == "unknown"


async def test_looking_changes_nothing(
    hass: HomeAssistant, speaker: MockConfigEntry
) -> None:
    """What is read between two lists is not taken for what it did before a volume step."""
    entity = hass.data[DATA_COMPONENT].get_entity(SPEAKER)
    assert entity is not None
    devices = speaker.runtime_data.devices
    row = devices.data[SPEAKER_ID]
    for method in (Method.STOP, Method.UP):
        devices.data = {**devices.data, SPEAKER_ID: replace(row, state=method)}
        assert entity.state == "paused"


@pytest.mark.parametrize("before", ["playing", "paused", "idle", "unavailable"])
async def test_restart(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    time: Time,
    before: str,
) -> None:
    """What it did before its volume was changed is known after a restart."""
    home = simulator.homes["demo"] = uncommon_home(simulator.clock())
    simulator.press(SPEAKER_ID, "up", home=home)
    mock_restore_cache(hass, [State(SPEAKER, before)])
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    expected = "unknown" if before == "unavailable" else before
    assert state_of(hass, SPEAKER).state == expected


async def test_commands(
    hass: HomeAssistant,
    simulator: Simulator,
    speaker: MockConfigEntry,
    dashboard: Dashboard,
    time: Time,
) -> None:
    """Each action is a command, shown at once and confirmed later."""
    for action, method, state in (
        ("media_play", "turnOn", "playing"),
        ("media_pause", "turnOff", "paused"),
        ("media_stop", "stop", "idle"),
    ):
        since = len(sent(simulator))
        await dashboard.do(action, SPEAKER)
        assert sent(simulator)[since:] == [f"{method} {SPEAKER_ID}"]
        assert state_of(hass, SPEAKER).state == state
        await time.move(60)
        assert state_of(hass, SPEAKER).state == state


async def test_volume(
    hass: HomeAssistant,
    simulator: Simulator,
    speaker: MockConfigEntry,
    dashboard: Dashboard,
    time: Time,
) -> None:
    """Each step is sent, in its order, and what plays goes on playing."""
    await dashboard.do("media_play", SPEAKER)
    for _ in range(3):
        dashboard.begin("volume_up", SPEAKER)
    dashboard.begin("volume_down", SPEAKER)
    await time.move(18)
    assert sent(simulator) == [
        f"turnOn {SPEAKER_ID}",
        *[f"up {SPEAKER_ID}"] * 3,
        f"down {SPEAKER_ID}",
    ]
    for _ in range(4):
        assert state_of(hass, SPEAKER).state == "playing"
        await time.move(31)
    assert simulator.homes["demo"].devices[SPEAKER_ID].state == 256


@pytest.mark.parametrize("methods", [1 | 128, 2 | 256])
async def test_one_direction(
    hass: HomeAssistant,
    simulator: Simulator,
    add_entry: AddEntry,
    dashboard: Dashboard,
    time: Time,
    methods: int,
) -> None:
    """What can only be louder is no volume that could be set."""
    home = simulator.homes["demo"] = uncommon_home(simulator.clock())
    home.devices[SPEAKER_ID].methods = methods
    entry = add_entry()
    await time.until(hass.config_entries.async_setup(entry.entry_id))
    with pytest.raises(ServiceNotSupported):
        await dashboard.do("volume_up", SPEAKER)


async def test_steps_by_the_action(
    hass: HomeAssistant, simulator: Simulator, speaker: MockConfigEntry, time: Time
) -> None:
    """A step that is sent by the action is one as well: a second is sent again."""
    actions = Actions(hass, speaker, time)
    device_id = actions.device(f"device_{SPEAKER_ID}")
    for count in (1, 2):
        await actions.call(
            "send_command", answers=False, device_id=device_id, method="up"
        )
        assert sent(simulator) == [f"up {SPEAKER_ID}"] * count
    assert state_of(hass, SPEAKER).state == "paused"
